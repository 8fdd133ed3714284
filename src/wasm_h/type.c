/* wasm_h/type.c: types as trees of the program's own; an extern type begins with its kind. */
#include "wasm_h/handle.h"

struct wasm_valtype_t {
    wasm_valkind_t kind;
    cwrun_core_type type; /* the whole of a reference type that came from a module */
};

struct wasm_externtype_t {
    wasm_externkind_t kind;
};

struct wasm_functype_t {
    wasm_externtype_t base;
    wasm_valtype_vec_t params, results;
};

struct wasm_globaltype_t {
    wasm_externtype_t base;
    wasm_valtype_t *content;
    wasm_mutability_t mutability;
};

struct wasm_tabletype_t {
    wasm_externtype_t base;
    wasm_valtype_t *element;
    wasm_limits_t limits;
};

struct wasm_memorytype_t {
    wasm_externtype_t base;
    wasm_limits_t limits;
};

struct wasm_importtype_t {
    wasm_name_t module, name;
    wasm_externtype_t *type;
};

struct wasm_exporttype_t {
    wasm_name_t name;
    wasm_externtype_t *type;
};

/* ---- value types ---- */

wasm_valkind_t cw_wasm_kind(uint8_t core_kind)
{
    static const wasm_valkind_t kinds[] = {
        [CWRUN_CORE_I32] = WASM_I32,
        [CWRUN_CORE_I64] = WASM_I64,
        [CWRUN_CORE_F32] = WASM_F32,
        [CWRUN_CORE_F64] = WASM_F64,
        [CWRUN_CORE_V128] = WASM_V128,
        [CWRUN_CORE_FUNCREF] = WASM_FUNCREF,
        [CWRUN_CORE_EXTERNREF] = WASM_EXTERNREF,
        [CWRUN_CORE_ANYREF] = WASM_ANYREF,
        [CWRUN_CORE_EXNREF] = WASM_EXNREF,
    };
    return kinds[core_kind];
}

static wasm_valtype_t *valtype(wasm_valkind_t kind, cwrun_core_type type)
{
    wasm_valtype_t *t = malloc(sizeof *t);
    if (t)
        *t = (wasm_valtype_t){ kind, type };
    return t;
}

wasm_valtype_t *wasm_valtype_new(wasm_valkind_t kind)
{
    switch (kind) {
    case WASM_I32: return valtype(kind, CWRUN_CORE_I32);
    case WASM_I64: return valtype(kind, CWRUN_CORE_I64);
    case WASM_F32: return valtype(kind, CWRUN_CORE_F32);
    case WASM_F64: return valtype(kind, CWRUN_CORE_F64);
    case WASM_V128: return valtype(kind, CWRUN_CORE_V128);
    case WASM_EXTERNREF: return valtype(kind, CWRUN_TYPE_EXTERNREF);
    case WASM_FUNCREF: return valtype(kind, CWRUN_TYPE_FUNCREF);
    case WASM_ANYREF: return valtype(kind, CWRUN_TYPE_ANYREF);
    case WASM_EXNREF: return valtype(kind, CWRUN_TYPE_EXNREF);
    default: return NULL;
    }
}

void wasm_valtype_delete(wasm_valtype_t *t)
{
    free(t);
}

wasm_valtype_t *wasm_valtype_copy(const wasm_valtype_t *t)
{
    return valtype(t->kind, t->type);
}

wasm_valkind_t wasm_valtype_kind(const wasm_valtype_t *t)
{
    return t->kind;
}

cwrun_core_type cw_wasm_valtype(const wasm_valtype_t *t)
{
    return t ? t->type : 0;
}

/* ---- function types ---- */

static bool has_all(const wasm_valtype_vec_t *types)
{
    for (size_t i = 0; i < types->size; i++)
        if (!types->data[i])
            return false;
    return true;
}

wasm_functype_t *wasm_functype_new(wasm_valtype_vec_t *params, wasm_valtype_vec_t *results)
{
    wasm_functype_t *t = has_all(params) && has_all(results) ? malloc(sizeof *t) : NULL;
    if (!t) {
        wasm_valtype_vec_delete(params);
        wasm_valtype_vec_delete(results);
        return NULL;
    }
    *t = (wasm_functype_t){ { WASM_EXTERN_FUNC }, *params, *results };
    wasm_valtype_vec_new_empty(params);
    wasm_valtype_vec_new_empty(results);
    return t;
}

void wasm_functype_delete(wasm_functype_t *t)
{
    if (!t)
        return;
    wasm_valtype_vec_delete(&t->params);
    wasm_valtype_vec_delete(&t->results);
    free(t);
}

/* The type, where memory sufficed for all its parameters and results; takes both. */
static wasm_functype_t *functype_of(wasm_valtype_vec_t *params, wasm_valtype_vec_t *results, size_t n_params,
                                    size_t n_results)
{
    if (params->size == n_params && results->size == n_results)
        return wasm_functype_new(params, results);
    wasm_valtype_vec_delete(params);
    wasm_valtype_vec_delete(results);
    return NULL;
}

wasm_functype_t *wasm_functype_copy(const wasm_functype_t *t)
{
    wasm_valtype_vec_t params, results;
    wasm_valtype_vec_copy(&params, &t->params);
    wasm_valtype_vec_copy(&results, &t->results);
    return functype_of(&params, &results, t->params.size, t->results.size);
}

const wasm_valtype_vec_t *wasm_functype_params(const wasm_functype_t *t)
{
    return &t->params;
}

const wasm_valtype_vec_t *wasm_functype_results(const wasm_functype_t *t)
{
    return &t->results;
}

const cwrun_core_functype *cw_wasm_functype(cwrun_engine *engine, const wasm_functype_t *t)
{
    size_t n = t->params.size, all = n + t->results.size;
    cwrun_core_type *types = malloc((all + 1) * sizeof *types);
    if (!types)
        return NULL;
    for (size_t i = 0; i < all; i++)
        types[i] = cw_wasm_valtype(i < n ? t->params.data[i] : t->results.data[i - n]);
    const cwrun_core_functype *made = cwrun_core_functype_new(engine, types, n, types + n, all - n, NULL);
    free(types);
    return made;
}

/* ---- the other extern types ---- */

static void set_base(void *type, wasm_externkind_t kind)
{
    ((wasm_externtype_t *)type)->kind = kind;
}

wasm_globaltype_t *wasm_globaltype_new(wasm_valtype_t *content, wasm_mutability_t mutability)
{
    wasm_globaltype_t *t = content ? malloc(sizeof *t) : NULL;
    if (t) {
        set_base(t, WASM_EXTERN_GLOBAL);
        t->content = content;
        t->mutability = mutability;
    } else {
        wasm_valtype_delete(content);
    }
    return t;
}

void wasm_globaltype_delete(wasm_globaltype_t *t)
{
    if (t)
        wasm_valtype_delete(t->content);
    free(t);
}

wasm_globaltype_t *wasm_globaltype_copy(const wasm_globaltype_t *t)
{
    return wasm_globaltype_new(wasm_valtype_copy(t->content), t->mutability);
}

const wasm_valtype_t *wasm_globaltype_content(const wasm_globaltype_t *t)
{
    return t->content;
}

wasm_mutability_t wasm_globaltype_mutability(const wasm_globaltype_t *t)
{
    return t->mutability;
}

wasm_tabletype_t *wasm_tabletype_new(wasm_valtype_t *element, const wasm_limits_t *limits)
{
    wasm_tabletype_t *t = element ? malloc(sizeof *t) : NULL;
    if (t) {
        set_base(t, WASM_EXTERN_TABLE);
        t->element = element;
        t->limits = *limits;
    } else {
        wasm_valtype_delete(element);
    }
    return t;
}

void wasm_tabletype_delete(wasm_tabletype_t *t)
{
    if (t)
        wasm_valtype_delete(t->element);
    free(t);
}

wasm_tabletype_t *wasm_tabletype_copy(const wasm_tabletype_t *t)
{
    return wasm_tabletype_new(wasm_valtype_copy(t->element), &t->limits);
}

const wasm_valtype_t *wasm_tabletype_element(const wasm_tabletype_t *t)
{
    return t->element;
}

const wasm_limits_t *wasm_tabletype_limits(const wasm_tabletype_t *t)
{
    return &t->limits;
}

wasm_memorytype_t *wasm_memorytype_new(const wasm_limits_t *limits)
{
    wasm_memorytype_t *t = malloc(sizeof *t);
    if (t) {
        set_base(t, WASM_EXTERN_MEMORY);
        t->limits = *limits;
    }
    return t;
}

void wasm_memorytype_delete(wasm_memorytype_t *t)
{
    free(t);
}

wasm_memorytype_t *wasm_memorytype_copy(const wasm_memorytype_t *t)
{
    return wasm_memorytype_new(&t->limits);
}

const wasm_limits_t *wasm_memorytype_limits(const wasm_memorytype_t *t)
{
    return &t->limits;
}

/* ---- extern types ---- */

wasm_externkind_t wasm_externtype_kind(const wasm_externtype_t *t)
{
    return t->kind;
}

#define CONVERSIONS(name, KIND) \
    wasm_externtype_t *wasm_##name##_as_externtype(wasm_##name##_t *t) \
    { \
        return (wasm_externtype_t *)t; \
    } \
    wasm_##name##_t *wasm_externtype_as_##name(wasm_externtype_t *t) \
    { \
        return t && t->kind == KIND ? (wasm_##name##_t *)t : NULL; \
    } \
    const wasm_externtype_t *wasm_##name##_as_externtype_const(const wasm_##name##_t *t) \
    { \
        return (const wasm_externtype_t *)t; \
    } \
    const wasm_##name##_t *wasm_externtype_as_##name##_const(const wasm_externtype_t *t) \
    { \
        return t && t->kind == KIND ? (const wasm_##name##_t *)t : NULL; \
    }
CONVERSIONS(functype, WASM_EXTERN_FUNC)
CONVERSIONS(globaltype, WASM_EXTERN_GLOBAL)
CONVERSIONS(tabletype, WASM_EXTERN_TABLE)
CONVERSIONS(memorytype, WASM_EXTERN_MEMORY)

static wasm_externtype_t *tag_type(void)
{
    wasm_externtype_t *t = malloc(sizeof *t);
    if (t)
        t->kind = WASM_EXTERN_TAG;
    return t;
}

void wasm_externtype_delete(wasm_externtype_t *t)
{
    if (!t)
        return;
    switch (t->kind) {
    case WASM_EXTERN_FUNC: wasm_functype_delete((wasm_functype_t *)t); break;
    case WASM_EXTERN_GLOBAL: wasm_globaltype_delete((wasm_globaltype_t *)t); break;
    case WASM_EXTERN_TABLE: wasm_tabletype_delete((wasm_tabletype_t *)t); break;
    default: free(t);
    }
}

wasm_externtype_t *wasm_externtype_copy(const wasm_externtype_t *t)
{
    switch (t->kind) {
    case WASM_EXTERN_FUNC: return (wasm_externtype_t *)wasm_functype_copy((const wasm_functype_t *)t);
    case WASM_EXTERN_GLOBAL: return (wasm_externtype_t *)wasm_globaltype_copy((const wasm_globaltype_t *)t);
    case WASM_EXTERN_TABLE: return (wasm_externtype_t *)wasm_tabletype_copy((const wasm_tabletype_t *)t);
    case WASM_EXTERN_MEMORY: return (wasm_externtype_t *)wasm_memorytype_copy((const wasm_memorytype_t *)t);
    default: return tag_type();
    }
}

/* ---- from cwrun's ---- */

static wasm_valtype_t *from_core(cwrun_engine *engine, cwrun_core_type type)
{
    return valtype(cw_wasm_kind(cwrun_core_type_kind(engine, type)), type);
}

static uint32_t clamp(uint64_t n)
{
    return n < wasm_limits_max_default ? (uint32_t)n : wasm_limits_max_default;
}

cwrun_core_limits cw_wasm_limits(const wasm_limits_t *l)
{
    return (cwrun_core_limits){ .min = l->min, .max = l->max, .has_max = l->max != wasm_limits_max_default };
}

static wasm_externtype_t *functype(cwrun_engine *engine, const cwrun_core_functype *f)
{
    wasm_valtype_vec_t params, results;
    const uint32_t n_params = cwrun_core_functype_n_params(f), n_results = cwrun_core_functype_n_results(f);
    wasm_valtype_vec_new_uninitialized(&params, n_params);
    wasm_valtype_vec_new_uninitialized(&results, n_results);
    for (uint32_t i = 0; i < params.size; i++)
        params.data[i] = from_core(engine, cwrun_core_functype_param(f, i));
    for (uint32_t i = 0; i < results.size; i++)
        results.data[i] = from_core(engine, cwrun_core_functype_result(f, i));
    return (wasm_externtype_t *)functype_of(&params, &results, n_params, n_results);
}

wasm_externtype_t *cw_wasm_externtype(cwrun_engine *engine, const cwrun_externtype *t)
{
    wasm_limits_t limits = { clamp(t->limits.min), t->limits.has_max ? clamp(t->limits.max) : wasm_limits_max_default };
    switch (t->kind) {
    case CWRUN_ITEM_CORE_FUNC: return functype(engine, t->func);
    case CWRUN_ITEM_CORE_GLOBAL:
        return (wasm_externtype_t *)wasm_globaltype_new(from_core(engine, t->type),
                                                        t->is_mutable ? WASM_VAR : WASM_CONST);
    case CWRUN_ITEM_CORE_TABLE: return (wasm_externtype_t *)wasm_tabletype_new(from_core(engine, t->type), &limits);
    case CWRUN_ITEM_CORE_MEMORY: return (wasm_externtype_t *)wasm_memorytype_new(&limits);
    default: return tag_type();
    }
}

/* ---- imports and exports ---- */

wasm_importtype_t *wasm_importtype_new(wasm_name_t *module, wasm_name_t *name, wasm_externtype_t *type)
{
    wasm_importtype_t *t = type ? malloc(sizeof *t) : NULL;
    if (!t) {
        wasm_name_delete(module);
        wasm_name_delete(name);
        wasm_externtype_delete(type);
        return NULL;
    }
    *t = (wasm_importtype_t){ *module, *name, type };
    wasm_name_new_empty(module);
    wasm_name_new_empty(name);
    return t;
}

void wasm_importtype_delete(wasm_importtype_t *t)
{
    if (!t)
        return;
    wasm_name_delete(&t->module);
    wasm_name_delete(&t->name);
    wasm_externtype_delete(t->type);
    free(t);
}

wasm_importtype_t *wasm_importtype_copy(const wasm_importtype_t *t)
{
    wasm_name_t module, name;
    wasm_name_copy(&module, &t->module);
    wasm_name_copy(&name, &t->name);
    const bool ok = module.size == t->module.size && name.size == t->name.size;
    return wasm_importtype_new(&module, &name, ok ? wasm_externtype_copy(t->type) : NULL);
}

const wasm_name_t *wasm_importtype_module(const wasm_importtype_t *t)
{
    return &t->module;
}

const wasm_name_t *wasm_importtype_name(const wasm_importtype_t *t)
{
    return &t->name;
}

const wasm_externtype_t *wasm_importtype_type(const wasm_importtype_t *t)
{
    return t->type;
}

wasm_exporttype_t *wasm_exporttype_new(wasm_name_t *name, wasm_externtype_t *type)
{
    wasm_exporttype_t *t = type ? malloc(sizeof *t) : NULL;
    if (!t) {
        wasm_name_delete(name);
        wasm_externtype_delete(type);
        return NULL;
    }
    *t = (wasm_exporttype_t){ *name, type };
    wasm_name_new_empty(name);
    return t;
}

void wasm_exporttype_delete(wasm_exporttype_t *t)
{
    if (!t)
        return;
    wasm_name_delete(&t->name);
    wasm_externtype_delete(t->type);
    free(t);
}

wasm_exporttype_t *wasm_exporttype_copy(const wasm_exporttype_t *t)
{
    wasm_name_t name;
    wasm_name_copy(&name, &t->name);
    return wasm_exporttype_new(&name, name.size == t->name.size ? wasm_externtype_copy(t->type) : NULL);
}

const wasm_name_t *wasm_exporttype_name(const wasm_exporttype_t *t)
{
    return &t->name;
}

const wasm_externtype_t *wasm_exporttype_type(const wasm_exporttype_t *t)
{
    return t->type;
}
