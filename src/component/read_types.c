/* component/read_types.c: type definitions: value, function, component, instance and resource types  [Binary.md: Type
 * Definitions].
 *
 * A component or instance type is read like a component: its declarators fill the index spaces of a scope of its own,
 * and what the scope imports and exports in the end is the type. */
#include "component/read.h"

/* ---- value types ---- */

enum { PRIMITIVE_FIRST = 0x73, PRIMITIVE_LAST = 0x7f, CODE_ERROR_CONTEXT = 0x64 };

static bool is_primitive(uint8_t code)
{
    return code == CODE_ERROR_CONTEXT || (code >= PRIMITIVE_FIRST && code <= PRIMITIVE_LAST);
}

/* The type of a code, which is read already; NULL where its feature is off. */
static const cwrun_type *primitive_of(cw_loader *l, const uint8_t *at, uint8_t code)
{
    static const uint8_t kinds[] = {
        CWRUN_KIND_STRING, CWRUN_KIND_CHAR, CWRUN_KIND_F64,  CWRUN_KIND_F32, CWRUN_KIND_U64,
        CWRUN_KIND_S64,    CWRUN_KIND_U32,  CWRUN_KIND_S32,  CWRUN_KIND_U16, CWRUN_KIND_S16,
        CWRUN_KIND_U8,     CWRUN_KIND_S8,   CWRUN_KIND_BOOL,
    };
    if (code != CODE_ERROR_CONTEXT)
        return cw_type_primitive(kinds[code - PRIMITIVE_FIRST]);
    return cw_need_feature(l->r, at, l->config->features, CW_FEATURE_CM_ERROR_CONTEXT)
               ? cw_type_primitive(CWRUN_KIND_ERROR_CONTEXT)
               : NULL;
}

const cwrun_type *cw_read_component_valtype(cw_loader *l)
{
    cw_reader *r = l->r;
    const uint8_t *at = r->at;
    if (cw_reader_left(r) && is_primitive(*at)) {
        r->at++;
        return primitive_of(l, at, *at);
    }
    int64_t index = cw_read_s33(r);
    if (r->ok && index < 0)
        cw_reader_fail(r, at, "invalid leading byte 0x%02x for a value type", *at);
    const cw_itype *t = cw_type_at(l, at, (uint32_t)index);
    if (t && t->sort != CW_SORT_VALUE) {
        cw_reader_fail(r, at, "type index %u is not a defined type", (unsigned)index);
        return NULL;
    }
    return t ? t->value : NULL;
}

/* <T>? */
static const cwrun_type *read_optional(cw_loader *l)
{
    const uint8_t *at = l->r->at;
    uint8_t flag = cw_read_u8(l->r);
    if (flag > 1)
        cw_reader_fail(l->r, at, "invalid leading byte 0x%02x for an optional value type", flag);
    return flag == 1 && l->r->ok ? cw_read_component_valtype(l) : NULL;
}

const cwrun_type *cw_read_resultlist(cw_loader *l)
{
    cw_reader *r = l->r;
    const uint8_t *at = r->at;
    uint8_t code = cw_read_u8(r);
    if (code == 0)
        return cw_read_component_valtype(l);
    if (code != 1)
        cw_reader_fail(r, at, "invalid leading byte 0x%02x for component function results", code);
    at = r->at;
    uint8_t n = cw_read_u8(r);
    if (r->ok && n != 0)
        cw_reader_fail(r, at, "invalid number of named results: %u", n);
    return NULL;
}

/* Labels of one list: in kebab case, unlike each other whatever the case. */
typedef struct label_set {
    cw_map seen;
    const char *what;
} label_set;

static void check_label(cw_loader *l, label_set *set, const uint8_t *at, cwrun_str label)
{
    if (!l->r->ok)
        return;
    if (!cw_is_label(label)) {
        if (label.size == 0)
            cw_reader_fail(l->r, at, "%s name cannot be empty", set->what);
        else
            cw_reader_fail(l->r, at, "%s name `%.*s` is not in kebab case", set->what, (int)label.size, label.data);
        return;
    }
    cw_extern_name as_name = { .text = label, .kind = CW_NAME_LABEL };
    char *lower = cw_arena_raw(&l->scratch, label.size + 1, 1);
    bool is_new = false;
    if (!lower ||
        !cw_map_put(&set->seen, l->alloc, (cwrun_str){ lower, cw_extern_name_canon(&as_name, lower) }, &is_new))
        cw_reader_oom(l->r);
    else if (!is_new)
        cw_reader_fail(l->r, at, "%s name `%.*s` conflicts with previous name", set->what, (int)label.size, label.data);
}

static void end_labels(cw_loader *l, label_set *set)
{
    cw_map_fini(&set->seen, l->alloc);
}

/* Fields, cases or parameters: a label, and a type (in cases: perhaps). */
typedef enum label_form { FORM_FIELD, FORM_CASE, FORM_LABEL } label_form;

static cw_field *read_fields(cw_loader *l, label_form form, const char *what, uint32_t most, uint32_t *n)
{
    *n = cw_read_count(l->r, most, what);
    cw_field *fields = CW_READ_ARRAY(l->r, *n, cw_field);
    label_set labels = { .what = what };
    for (uint32_t i = 0; i < *n && l->r->ok; i++) {
        const uint8_t *at = l->r->at;
        fields[i].name = cw_read_name(l->r);
        check_label(l, &labels, at, fields[i].name);
        if (form == FORM_FIELD)
            fields[i].type = cw_read_component_valtype(l);
        if (form != FORM_CASE)
            continue;
        fields[i].type = read_optional(l);
        at = l->r->at;
        uint8_t refines = cw_read_u8(l->r);
        if (l->r->ok && refines != 0)
            cw_reader_fail(l->r, at, "zero byte expected behind a variant case, found 0x%02x", refines);
    }
    end_labels(l, &labels);
    return l->r->ok ? fields : NULL;
}

static bool not_empty(cw_loader *l, const uint8_t *at, uint32_t n, const char *what)
{
    if (l->r->ok && n == 0)
        cw_reader_fail(l->r, at, "%s", what);
    return l->r->ok;
}

static cwrun_str *read_labels(cw_loader *l, const char *what, uint32_t *n)
{
    cw_field *fields = read_fields(l, FORM_LABEL, what, CW_MAX_CASES, n);
    cwrun_str *labels = fields ? CW_READ_ARRAY(l->r, *n, cwrun_str) : NULL;
    for (uint32_t i = 0; labels && i < *n; i++)
        labels[i] = fields[i].name;
    return labels;
}

static cwrun_type *read_tuple(cw_loader *l, const uint8_t *at, bool *too_big)
{
    uint32_t n = cw_read_count(l->r, CW_MAX_CASES, "tuple types");
    const cwrun_type **elems = CW_READ_ARRAY(l->r, n, const cwrun_type *);
    for (uint32_t i = 0; i < n && l->r->ok; i++)
        elems[i] = cw_read_component_valtype(l);
    return not_empty(l, at, n, "tuple type must have at least one type")
               ? cw_type_new_tuple(l->arena, elems, n, too_big)
               : NULL;
}

static cwrun_type *read_flags(cw_loader *l, const uint8_t *at)
{
    uint32_t n;
    cwrun_str *labels = read_labels(l, "flag", &n);
    if (l->r->ok && n > 32)
        cw_reader_fail(l->r, at, "cannot have more than 32 flags");
    return not_empty(l, at, n, "flags must have at least one entry") ? cw_type_new_flags(l->arena, labels, n) : NULL;
}

static cwrun_type *read_handle(cw_loader *l, const uint8_t *at, uint8_t kind)
{
    uint32_t index = cw_read_u32(l->r);
    uint32_t var = cw_resource_at(l, at, index);
    cwrun_type *t = l->r->ok ? cw_type_new_handle(l->arena, kind, var) : NULL;
    if (t) {
        t->resource_type = l->scope->types.items[index];
        t->resource_name = t->resource_type->name;
    }
    return t;
}

static cwrun_type *read_stream(cw_loader *l, const uint8_t *at, uint8_t kind)
{
    const cwrun_type *elem = read_optional(l);
    const char *word = kind == CWRUN_KIND_STREAM ? "stream" : "future";
    if (elem && elem->has_borrow)
        cw_reader_fail(l->r, at, "%s type cannot contain a `borrow` type", word);
    if (elem && kind == CWRUN_KIND_STREAM && elem->kind == CWRUN_KIND_CHAR)
        cw_reader_fail(l->r, at, "`stream<char>` is not valid at this time");
    return l->r->ok ? cw_type_new_async(l->arena, kind, elem) : NULL;
}

static cwrun_type *read_map(cw_loader *l, const uint8_t *at, bool *too_big)
{
    const cwrun_type *key = cw_read_component_valtype(l);
    const cwrun_type *value = cw_read_component_valtype(l);
    if (!key || !value)
        return NULL;
    bool is_key = (key->kind >= CWRUN_KIND_BOOL && key->kind <= CWRUN_KIND_U64) || key->kind == CWRUN_KIND_CHAR ||
                  key->kind == CWRUN_KIND_STRING;
    if (!is_key)
        cw_reader_fail(l->r, at, "invalid map key type");
    return l->r->ok ? cw_type_new_map(l->arena, key, value, too_big) : NULL;
}

static cwrun_type *read_fixed_list(cw_loader *l, bool *too_big)
{
    const cwrun_type *elem = cw_read_component_valtype(l);
    const uint8_t *at = l->r->at;
    uint32_t length = cw_read_u32(l->r);
    if (!elem || !not_empty(l, at, length, "fixed-length lists must have more than zero elements"))
        return NULL;
    return cw_type_new_fixed_list(l->arena, elem, length, too_big);
}

/* A value type constructor; `code` is read already. */
static const cwrun_type *read_defvaltype(cw_loader *l, const uint8_t *at, uint8_t code)
{
    if (is_primitive(code))
        return primitive_of(l, at, code);

    cwrun_type *t = NULL;
    bool too_big = false;
    uint32_t n;
    cw_field *fields;
    cwrun_str *labels;
    const cwrun_type *part, *error;
    switch (code) {
    case 0x72:
        fields = read_fields(l, FORM_FIELD, "record field", CW_MAX_CASES, &n);
        if (not_empty(l, at, n, "record type must have at least one field"))
            t = cw_type_new_record(l->arena, fields, n, &too_big);
        break;
    case 0x71:
        fields = read_fields(l, FORM_CASE, "variant case", CW_MAX_CASES, &n);
        if (not_empty(l, at, n, "variant type must have at least one case"))
            t = cw_type_new_variant(l->arena, fields, n, &too_big);
        break;
    case 0x70:
        part = cw_read_component_valtype(l);
        t = part ? cw_type_new_list(l->arena, part) : NULL;
        break;
    case 0x6f: t = read_tuple(l, at, &too_big); break;
    case 0x6e: t = read_flags(l, at); break;
    case 0x6d:
        labels = read_labels(l, "enum tag", &n);
        if (not_empty(l, at, n, "enum type must have at least one variant"))
            t = cw_type_new_enum(l->arena, labels, n);
        break;
    case 0x6b:
        part = cw_read_component_valtype(l);
        t = part ? cw_type_new_option(l->arena, part, &too_big) : NULL;
        break;
    case 0x6a:
        part = read_optional(l);
        error = read_optional(l);
        t = l->r->ok ? cw_type_new_result(l->arena, part, error, &too_big) : NULL;
        break;
    case 0x69:
    case 0x68: t = read_handle(l, at, code == 0x69 ? CWRUN_KIND_OWN : CWRUN_KIND_BORROW); break;
    case 0x67: t = read_fixed_list(l, &too_big); break;
    case 0x66:
    case 0x65: t = read_stream(l, at, code == 0x66 ? CWRUN_KIND_STREAM : CWRUN_KIND_FUTURE); break;
    case 0x63: t = read_map(l, at, &too_big); break;
    default: cw_reader_fail(l->r, at, "invalid leading byte 0x%02x for a component defined type", code);
    }
    if (too_big)
        cw_reader_fail(l->r, at, "type exceeds maximum byte size: values of 2^28 bytes and more");
    else if (l->r->ok && !t)
        cw_reader_oom(l->r);
    return l->r->ok && cw_check_type_size(l, at, t->depth, t->tree_size) ? t : NULL;
}

/* ---- function types ---- */

static const cw_functype *read_functype(cw_loader *l, const uint8_t *at, bool is_async)
{
    uint32_t n;
    cw_field *params = read_fields(l, FORM_FIELD, "function parameter", CW_MAX_PARAMS, &n);
    const cwrun_type *result = cw_read_resultlist(l);
    if (result && result->has_borrow)
        cw_reader_fail(l->r, at, "function result cannot contain a `borrow` type");
    if (!l->r->ok)
        return NULL;
    bool too_big = false;
    cw_functype *f = cw_functype_new(l->arena, params, n, result, is_async, &too_big);
    if (too_big)
        cw_reader_limit(l->r, at, "parameters exceed the maximum byte size");
    else if (!f)
        cw_reader_oom(l->r);
    return l->r->ok && cw_check_type_size(l, at, f->param_tuple->depth, f->param_tuple->tree_size) ? f : NULL;
}

/* ---- resource types ---- */

static const cw_itype *read_resource(cw_loader *l, const uint8_t *at, cw_def *def)
{
    cw_reader *r = l->r;
    const uint8_t *rep_at = r->at;
    uint8_t rep = cw_read_u8(r);
    const uint8_t *dtor_at = r->at;
    uint8_t flag = cw_read_u8(r);
    if (r->ok && flag > 1)
        cw_reader_fail(r, dtor_at, "invalid leading byte 0x%02x for a resource destructor", flag);
    uint32_t dtor = flag == 1 ? cw_read_u32(r) : CW_NO_INDEX;

    if (r->ok && l->scope->kind != CW_SCOPE_COMPONENT)
        cw_reader_fail(r, at, "resources can only be defined within a concrete component");
    else if (r->ok && rep != 0x7f && rep != 0x7e)
        cw_reader_fail(r, rep_at, "resources can only be represented by `i32` or `i64`");
    else if (r->ok && rep == 0x7e)
        cw_need_feature(r, rep_at, l->config->features, CW_FEATURE_CM64);
    if (flag == 1) {
        const cw_subtype *f = cw_core_func_at(l, dtor_at, dtor);
        cw_valtype want = rep == 0x7f ? CW_I32 : CW_I64;
        if (f && (f->n_params != 1 || f->params[0] != want || f->n_results != 0))
            cw_reader_fail(r, dtor_at, "core function %u has wrong signature for a destructor", dtor);
    }
    if (!r->ok)
        return NULL;

    uint32_t var = cw_new_var(l, CW_VAR_DEFINED, CW_STR(""));
    const cw_itype *t = cw_itype_of_resource(l->arena, var, CW_STR(""));
    if (!r->ok || !t) {
        cw_reader_oom(r);
        return NULL;
    }
    cw_resource_var *v = &l->scope->vars.items[var];
    v->is_local = true;
    v->rep64 = rep == 0x7e;
    def->of.type.resource = var;
    def->of.type.dtor = dtor;
    def->of.type.rep64 = v->rep64;
    return t;
}

/* ---- component and instance types ---- */

static const cw_itype *read_deftype(cw_loader *l, cw_def *def);

static void read_typedecl(cw_loader *l)
{
    const uint8_t *at = l->r->at;
    const cw_itype *t = read_deftype(l, &l->nowhere);
    if (l->scope->types.n >= CW_MAX_COMPONENT_TYPES)
        cw_reader_limit(l->r, at, "too many types, at most %u", (unsigned)CW_MAX_COMPONENT_TYPES);
    if (t)
        CW_SCOPE_ADD(l, &l->scope->types, t);
}

static void read_decl(cw_loader *l)
{
    const uint8_t *at = l->r->at;
    uint8_t code = cw_read_u8(l->r);
    if (!l->r->ok)
        return;
    switch (code) {
    case 0x00: cw_read_core_type(l); return;
    case 0x01: read_typedecl(l); return;
    case 0x02: cw_read_alias(l); return;
    case 0x04: cw_read_exportdecl(l); return;
    case 0x03:
        if (l->scope->kind == CW_SCOPE_COMPONENT_TYPE) {
            cw_read_import(l);
            return;
        }
        break;
    }
    cw_reader_fail(l->r, at, "invalid leading byte 0x%02x for a component or instance type declaration", code);
}

static const cw_itype *read_declared(cw_loader *l, const uint8_t *at, uint8_t kind)
{
    uint32_t n = cw_read_count(l->r, CW_MAX_COMPONENT_ITEMS, "declaration");
    if (!l->r->ok || !cw_scope_push(l, kind))
        return NULL;
    for (uint32_t i = 0; i < n && l->r->ok; i++) {
        cw_reader_push(l->r, "declaration", i);
        read_decl(l);
        cw_reader_pop(l->r);
    }
    const cw_itype *t = l->r->ok ? cw_finish_scope(l, at) : NULL;
    cw_scope_pop(l);
    return t && cw_check_type_size(l, at, t->depth, t->tree_size) ? t : NULL;
}

/* ---- any type ---- */

static const cw_itype *read_deftype(cw_loader *l, cw_def *def)
{
    const uint8_t *at = l->r->at;
    uint8_t code = cw_read_u8(l->r);
    const cw_functype *func;
    const cwrun_type *value;
    cw_itype *t = NULL;
    if (!l->r->ok)
        return NULL;
    switch (code) {
    case 0x40:
    case 0x43:
        func = read_functype(l, at, code == 0x43);
        t = func ? cw_itype_of_func(l->arena, func) : NULL;
        break;
    case 0x41: return read_declared(l, at, CW_SCOPE_COMPONENT_TYPE);
    case 0x42: return read_declared(l, at, CW_SCOPE_INSTANCE_TYPE);
    case 0x3f: return read_resource(l, at, def);
    default: value = read_defvaltype(l, at, code); t = value ? cw_itype_of_value(l->arena, value) : NULL;
    }
    if (l->r->ok && !t)
        cw_reader_oom(l->r);
    return l->r->ok ? t : NULL;
}

void cw_read_type(cw_loader *l)
{
    const uint8_t *at = l->r->at;
    cw_def def = { .of.type = { .resource = CW_NO_INDEX, .dtor = CW_NO_INDEX, .dtor_callback = CW_NO_INDEX } };
    const cw_itype *t = read_deftype(l, &def);
    cw_def *added = cw_add_def(l, CW_DEF_TYPE, CW_SORT_TYPE, at);
    added->of.type = def.of.type;
    if (t)
        CW_SCOPE_ADD(l, &l->scope->types, t);
}
