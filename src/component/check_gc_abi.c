/* component/check_gc_abi.c: the core function types that the `gc` canonical option allows for a component function:
 * values go as references to structs and arrays instead of through a memory. Checked here, not executed yet.
 *
 * No specification text describes this option; the rules are those of wasm-tools' validator. */
#include "component/read.h"

/* Storage types of fields are wider where a value is an argument. */
static bool is_number(cw_valtype core, bool is_field, cw_valtype packed, cw_valtype whole)
{
    return core == (is_field && packed ? packed : whole);
}

static const cw_subtype *concrete(cw_loader *l, cw_valtype core, uint8_t kind)
{
    if (!cw_is_ref(core) || !(core & CW_REF_TYPE_BIT))
        return NULL;
    const cw_subtype *t = cw_types_get(l->config->types, core & CW_REF_ID_MASK);
    return t->kind == kind ? t : NULL;
}

static bool is_extern(cw_valtype core)
{
    return (core & ~CW_REF_NULL_BIT) == CW_REF(CW_HEAP_EXTERN);
}

static bool lowers(cw_loader *l, const cw_canon_opts *o, const cwrun_type *t, cw_valtype core, bool is_field);

static bool is_text(cw_loader *l, const cw_canon_opts *o, cw_valtype core)
{
    const cw_subtype *array = concrete(l, core, CW_COMP_ARRAY);
    return array && array->fields[0].type == (cw_valtype)(o->encoding == CW_UTF16 ? CW_I16 : CW_I8);
}

static bool is_product(cw_loader *l, const cw_canon_opts *o, const cwrun_type *t, cw_valtype core)
{
    const cw_subtype *s = concrete(l, core, CW_COMP_STRUCT);
    if (!s || s->n_fields != t->n_fields)
        return false;
    for (uint32_t i = 0; i < t->n_fields; i++)
        if (!lowers(l, o, t->fields[i].type, s->fields[i].type, true))
            return false;
    return true;
}

static bool is_sum(cw_loader *l, cw_valtype core)
{
    const cw_subtype *s = concrete(l, core, CW_COMP_STRUCT);
    return s && s->n_fields == 0;
}

static bool is_array(cw_loader *l, const cw_canon_opts *o, const cwrun_type *elem, cw_valtype core)
{
    const cw_subtype *array = concrete(l, core, CW_COMP_ARRAY);
    return array && lowers(l, o, elem, array->fields[0].type, true);
}

static bool lowers(cw_loader *l, const cw_canon_opts *o, const cwrun_type *t, cw_valtype core, bool is_field)
{
    if (l->walk_budget == 0 || !l->r->ok)
        return false;
    l->walk_budget--;
    switch (t->kind) {
    case CWRUN_KIND_BOOL:
    case CWRUN_KIND_S8:
    case CWRUN_KIND_U8: return is_number(core, is_field, CW_I8, CW_I32);
    case CWRUN_KIND_S16:
    case CWRUN_KIND_U16: return is_number(core, is_field, CW_I16, CW_I32);
    case CWRUN_KIND_S32:
    case CWRUN_KIND_U32:
    case CWRUN_KIND_CHAR:
    case CWRUN_KIND_FLAGS:
    case CWRUN_KIND_ENUM: return core == CW_I32;
    case CWRUN_KIND_S64:
    case CWRUN_KIND_U64: return core == CW_I64;
    case CWRUN_KIND_F32: return core == CW_F32;
    case CWRUN_KIND_F64: return core == CW_F64;
    case CWRUN_KIND_STRING: return is_text(l, o, core);
    case CWRUN_KIND_LIST:
    case CWRUN_KIND_FIXED_LIST: return is_array(l, o, t->elem, core);
    case CWRUN_KIND_RECORD:
    case CWRUN_KIND_TUPLE: return is_product(l, o, t, core);
    case CWRUN_KIND_VARIANT:
    case CWRUN_KIND_OPTION:
    case CWRUN_KIND_RESULT: return is_sum(l, core);
    case CWRUN_KIND_MAP: return false;
    default: return is_extern(core);
    }
}

static void refuse(cw_loader *l, const uint8_t *at, const cwrun_type *t, cw_valtype core)
{
    char name[40];
    cw_valtype_print(l->config->types, core, name, sizeof name);
    cw_reader_fail(l->r, at, "component `%s` type cannot be lowered to core type `%s` with the `gc` option",
                   cwrun_kind_name(t->kind), name);
}

void cw_check_gc_func(cw_loader *l, const uint8_t *at, const cw_canon_opts *o, const cw_functype *f,
                      const cw_subtype *core)
{
    if (!l->r->ok)
        return;
    if (core->n_params != f->n_params) {
        cw_reader_fail(l->r, at, "declared `core-type` has %u parameters, but component function has %u parameters",
                       core->n_params, f->n_params);
        return;
    }
    if (core->n_results != (f->result ? 1u : 0u)) {
        cw_reader_fail(l->r, at, "declared `core-type` has %u results, but component function has %u results",
                       core->n_results, f->result ? 1u : 0u);
        return;
    }
    for (uint32_t i = 0; i < f->n_params && l->r->ok; i++)
        if (!lowers(l, o, f->params[i].type, core->params[i], false))
            refuse(l, at, f->params[i].type, core->params[i]);
    if (f->result && l->r->ok && !lowers(l, o, f->result, core->results[0], false))
        refuse(l, at, f->result, core->results[0]);
}
