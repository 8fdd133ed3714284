/* api/core_type.c: reflection of core types: the public words are those of core/types.h. */
#include "api/core.h"

#include "base/error.h"
#include "component/reflect.h"

_Static_assert(CWRUN_TYPE_FUNCREF == CW_FUNCREF && CWRUN_TYPE_EXTERNREF == CW_EXTERNREF &&
                   CWRUN_TYPE_ANYREF == CW_REF_NULL(CW_HEAP_ANY) && CWRUN_TYPE_EQREF == CW_REF_NULL(CW_HEAP_EQ) &&
                   CWRUN_TYPE_I31REF == CW_REF_NULL(CW_HEAP_I31) &&
                   CWRUN_TYPE_STRUCTREF == CW_REF_NULL(CW_HEAP_STRUCT) &&
                   CWRUN_TYPE_ARRAYREF == CW_REF_NULL(CW_HEAP_ARRAY) && CWRUN_TYPE_EXNREF == CW_REF_NULL(CW_HEAP_EXN),
               "the public words of types are the internal ones");
_Static_assert((int)CWRUN_CORE_I32 == (int)CW_I32 && (int)CWRUN_CORE_V128 == (int)CW_V128,
               "and so are those of numbers");

enum { PAGE_LOG2 = 16 };

/* ---- value types ---- */

uint8_t cw_core_type_kind(const cw_types *types, cw_valtype t)
{
    if (!cw_is_ref(t))
        return (uint8_t)t;
    switch (cw_heaptype_top(types, t)) {
    case CW_HEAP_FUNC: return CWRUN_CORE_FUNCREF;
    case CW_HEAP_EXTERN: return CWRUN_CORE_EXTERNREF;
    case CW_HEAP_EXN: return CWRUN_CORE_EXNREF;
    default: return CWRUN_CORE_ANYREF;
    }
}

bool cw_core_is_type(cw_types *types, cwrun_core_type t)
{
    if (!cw_is_ref(t))
        return t >= CW_I32 && t <= CW_V128;
    uint32_t heap = t & ~(CW_REF_BIT | CW_REF_NULL_BIT);
    if (!(heap & CW_REF_TYPE_BIT))
        return heap < CW_HEAP_COUNT;
    uint32_t id = heap & ~(CW_REF_TYPE_BIT | CW_REF_EXACT_BIT);
    return id <= CW_REF_ID_MASK && id < cw_types_count(types);
}

uint8_t cwrun_core_type_kind(cwrun_engine *engine, cwrun_core_type type)
{
    return engine && cw_core_is_type(engine->types, type) ? cw_core_type_kind(engine->types, type) : 0;
}

bool cwrun_core_type_is_nullable(cwrun_core_type type)
{
    return cw_is_ref(type) && cw_is_nullable(type);
}

void cwrun_core_type_print(cwrun_engine *engine, cwrun_core_type type, char *out, size_t size)
{
    if (!out || size == 0)
        return;
    out[0] = 0;
    if (engine && cw_core_is_type(engine->types, type))
        cw_valtype_print(engine->types, type, out, size);
}

/* ---- function types ---- */

bool cw_core_is_functype(cw_types *types, const cwrun_core_functype *t)
{
    const cw_subtype *type = cw_core_type(t);
    return type && type->id < cw_types_count(types) && cw_types_get(types, type->id) == type &&
           type->kind == CW_COMP_FUNC;
}

static bool are_types(cw_types *types, const cwrun_core_type *t, size_t n)
{
    for (size_t i = 0; i < n; i++)
        if (!cw_core_is_type(types, t[i]))
            return false;
    return true;
}

const cwrun_core_functype *cwrun_core_functype_new(cwrun_engine *engine, const cwrun_core_type *params, size_t n_params,
                                                   const cwrun_core_type *results, size_t n_results, cwrun_error *err)
{
    enum { MOST = 1000 };
    if (!engine || cwrun_failed(err))
        return cw_fail_null(err, __func__), NULL;
    if ((n_params && !params) || (n_results && !results) || n_params > MOST || n_results > MOST ||
        !are_types(engine->types, params, n_params) || !are_types(engine->types, results, n_results)) {
        cw_fail(err, &engine->alloc, CWRUN_ERROR_ARGUMENT, 0,
                "cwrun_core_functype_new: more than %d parameters or results, or one of no type of this engine", MOST);
        return NULL;
    }
    cw_type_id id = cw_types_func(engine->types, params, (uint32_t)n_params, results, (uint32_t)n_results);
    if (id == CW_NO_TYPE) {
        cw_fail_oom(err);
        return NULL;
    }
    return (const cwrun_core_functype *)(const void *)cw_types_get(engine->types, id);
}

uint32_t cwrun_core_functype_n_params(const cwrun_core_functype *type)
{
    return type ? cw_core_type(type)->n_params : 0;
}

uint32_t cwrun_core_functype_n_results(const cwrun_core_functype *type)
{
    return type ? cw_core_type(type)->n_results : 0;
}

cwrun_core_type cwrun_core_functype_param(const cwrun_core_functype *type, uint32_t i)
{
    return i < cwrun_core_functype_n_params(type) ? cw_core_type(type)->params[i] : 0;
}

cwrun_core_type cwrun_core_functype_result(const cwrun_core_functype *type, uint32_t i)
{
    return i < cwrun_core_functype_n_results(type) ? cw_core_type(type)->results[i] : 0;
}

/* ---- types of externs ---- */

static cwrun_core_limits public_limits(const cw_limits *l, bool is_table)
{
    return (cwrun_core_limits){
        .min = l->min,
        .max = l->has_max ? l->max : UINT64_MAX,
        .has_max = l->has_max,
        .is_64 = l->is_64,
        .is_shared = l->is_shared,
        .page_size = is_table ? 0 : 1u << l->page_log2,
    };
}

bool cw_core_limits(const cwrun_core_limits *from, bool is_table, cw_limits *to)
{
    bool bytes = !is_table && from->page_size == 1;
    *to = (cw_limits){
        .min = from->min,
        .max = from->has_max ? from->max : UINT64_MAX,
        .has_max = from->has_max,
        .is_64 = from->is_64,
        .is_shared = from->is_shared,
        .page_log2 = is_table || bytes ? 0 : PAGE_LOG2,
    };
    unsigned bits = is_table || bytes ? (from->is_64 ? 64 : 32) : (from->is_64 ? 64 : 32) - PAGE_LOG2;
    uint64_t most = is_table || bytes ? UINT64_MAX >> (64 - bits) : (uint64_t)1 << bits;
    if (!is_table && from->page_size != 0 && from->page_size != 1u << PAGE_LOG2 && !bytes)
        return false;
    if (from->is_shared && (is_table || !from->has_max))
        return false;
    return from->min <= most && (!from->has_max || (from->max >= from->min && from->max <= most));
}

void cw_core_externtype(const cw_types *types, const cw_externtype *from, cwrun_externtype *to)
{
    *to = (cwrun_externtype){ .kind = (uint8_t)(CWRUN_ITEM_CORE_FUNC + from->kind) };
    switch (from->kind) {
    case CW_EXTERN_FUNC:
    case CW_EXTERN_TAG: to->func = (const cwrun_core_functype *)(const void *)cw_types_get(types, from->func); break;
    case CW_EXTERN_TABLE:
        to->type = from->table.elem;
        to->limits = public_limits(&from->table.limits, true);
        break;
    case CW_EXTERN_MEMORY: to->limits = public_limits(&from->memory, false); break;
    default: to->type = from->global.type; to->is_mutable = from->global.is_mutable;
    }
}

bool cwrun_item_externtype(const cwrun_item *item, cwrun_externtype *type)
{
    cwrun_externtype none = { 0 };
    if (!type)
        return false;
    *type = none;
    if (!item || cw_core_kind(item->kind) == CW_EXTERN_COUNT || !item->core)
        return false;
    const cw_core_reflect *core = item->core;
    cw_core_externtype(core->types, &core->type, type);
    return true;
}

bool cwrun_extern_type(const cwrun_extern *external, cwrun_externtype *type)
{
    cwrun_externtype none = { 0 };
    if (!type)
        return false;
    *type = none;
    if (!external)
        return false;
    cw_extern e = cw_core_extern(external);
    cwrun_store *s = cw_core_extern_store(&e);
    if (!s)
        return false;
    cw_externtype t = cw_extern_type(&e);
    cw_core_externtype(s->exec.types, &t, type);
    return true;
}
