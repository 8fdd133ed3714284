/* component/reflect.c: the public accessors of types (cwrun/type.h), and the trees of items behind
 * cwrun_component_import and _export. */
#include "component/reflect.h"

/* ---- types ---- */

uint8_t cwrun_type_kind(const cwrun_type *type)
{
    return type ? type->kind : 0;
}

const char *cwrun_kind_name(uint8_t kind)
{
    static const char *const names[] = {
        [CWRUN_KIND_BOOL] = "bool",       [CWRUN_KIND_S8] = "s8",
        [CWRUN_KIND_U8] = "u8",           [CWRUN_KIND_S16] = "s16",
        [CWRUN_KIND_U16] = "u16",         [CWRUN_KIND_S32] = "s32",
        [CWRUN_KIND_U32] = "u32",         [CWRUN_KIND_S64] = "s64",
        [CWRUN_KIND_U64] = "u64",         [CWRUN_KIND_F32] = "f32",
        [CWRUN_KIND_F64] = "f64",         [CWRUN_KIND_CHAR] = "char",
        [CWRUN_KIND_STRING] = "string",   [CWRUN_KIND_LIST] = "list",
        [CWRUN_KIND_FIXED_LIST] = "list", [CWRUN_KIND_MAP] = "map",
        [CWRUN_KIND_RECORD] = "record",   [CWRUN_KIND_TUPLE] = "tuple",
        [CWRUN_KIND_VARIANT] = "variant", [CWRUN_KIND_ENUM] = "enum",
        [CWRUN_KIND_OPTION] = "option",   [CWRUN_KIND_RESULT] = "result",
        [CWRUN_KIND_FLAGS] = "flags",     [CWRUN_KIND_OWN] = "own",
        [CWRUN_KIND_BORROW] = "borrow",   [CWRUN_KIND_STREAM] = "stream",
        [CWRUN_KIND_FUTURE] = "future",   [CWRUN_KIND_ERROR_CONTEXT] = "error-context",
    };
    return kind < sizeof names / sizeof *names && names[kind] ? names[kind] : "?";
}

static cwrun_str printable(cwrun_str s)
{
    return s.data ? s : CW_STR("");
}

cwrun_str cwrun_type_name(const cwrun_type *type)
{
    return type ? printable(type->name) : CW_STR("");
}

uint32_t cwrun_type_n_fields(const cwrun_type *type)
{
    return type ? type->n_fields : 0;
}

cwrun_str cwrun_type_field_name(const cwrun_type *type, uint32_t i)
{
    return type && i < type->n_fields ? printable(type->fields[i].name) : CW_STR("");
}

const cwrun_type *cwrun_type_field(const cwrun_type *type, uint32_t i)
{
    return type && i < type->n_fields ? type->fields[i].type : NULL;
}

const cwrun_type *cwrun_type_elem(const cwrun_type *type)
{
    if (!type)
        return NULL;
    return type->kind == CWRUN_KIND_OPTION ? type->fields[1].type : type->elem;
}

uint32_t cwrun_type_length(const cwrun_type *type)
{
    return type ? type->length : 0;
}

size_t cwrun_type_size(const cwrun_type *type)
{
    return type ? type->size[CW_P8] : 0;
}

size_t cwrun_type_align(const cwrun_type *type)
{
    return type ? type->align[CW_P8] : 1;
}

const cwrun_type *cwrun_type_primitive(uint8_t kind)
{
    return kind <= CWRUN_KIND_STRING ? cw_type_primitive(kind) : NULL;
}

uint32_t cwrun_functype_n_params(const cwrun_functype *type)
{
    return type ? type->n_params : 0;
}

cwrun_str cwrun_functype_param_name(const cwrun_functype *type, uint32_t i)
{
    return type && i < type->n_params ? printable(type->params[i].name) : CW_STR("");
}

const cwrun_type *cwrun_functype_param(const cwrun_functype *type, uint32_t i)
{
    return type && i < type->n_params ? type->params[i].type : NULL;
}

const cwrun_type *cwrun_functype_result(const cwrun_functype *type)
{
    return type ? type->result : NULL;
}

bool cwrun_functype_is_async(const cwrun_functype *type)
{
    return type && type->is_async;
}

/* ---- items ---- */

static uint8_t kind_of(const cw_itype *t)
{
    switch (t->sort) {
    case CW_SORT_FUNC:
        return CWRUN_ITEM_FUNC;
    case CW_SORT_INSTANCE:
        return CWRUN_ITEM_INSTANCE;
    case CW_SORT_COMPONENT:
        return CWRUN_ITEM_COMPONENT;
    case CW_SORT_VALUE:
        return CWRUN_ITEM_VALUE;
    case CW_SORT_CORE_MODULE:
        return CWRUN_ITEM_MODULE;
    default:
        return t->type->sort == CW_SORT_RESOURCE ? CWRUN_ITEM_RESOURCE : CWRUN_ITEM_TYPE;
    }
}

static bool fill_item(cw_arena *a, cwrun_item *out, cwrun_str name, const cw_itype *t)
{
    out->kind = kind_of(t);
    out->name = name;
    switch (out->kind) {
    case CWRUN_ITEM_FUNC:
        out->func = t->func;
        break;
    case CWRUN_ITEM_VALUE:
        out->type = t->value;
        break;
    case CWRUN_ITEM_TYPE: /* types of functions and instances have none */
        out->type = t->type->sort == CW_SORT_VALUE ? t->type->value : NULL;
        break;
    case CWRUN_ITEM_INSTANCE: {
        cwrun_item *items = CW_ARENA_ARRAY(a, t->exports.n, cwrun_item);
        if (!items)
            return false;
        out->n_items = t->exports.n;
        out->items = items;
        for (uint32_t i = 0; i < t->exports.n; i++)
            if (!fill_item(a, &items[i], t->exports.items[i].name, t->exports.items[i].type))
                return false;
        break;
    }
    default:
        break;
    }
    return true;
}

static const cwrun_item *items_of(cw_arena *a, const cw_component_extern *externs, uint32_t n)
{
    cwrun_item *items = CW_ARENA_ARRAY(a, n, cwrun_item);
    for (uint32_t i = 0; items && i < n; i++)
        if (!fill_item(a, &items[i], externs[i].name.text, externs[i].type))
            return NULL;
    return items;
}

bool cw_reflect_component(cw_arena *a, cw_component *c)
{
    c->import_items = items_of(a, c->imports, c->n_imports);
    c->export_items = items_of(a, c->exports, c->n_exports);
    return c->import_items && c->export_items;
}

static bool fill_core_item(cw_arena *a, cwrun_item *out, const cw_module *m, cwrun_str module, cwrun_str name,
                           uint8_t kind, uint32_t index)
{
    cw_core_reflect *core = CW_ARENA_NEW(a, cw_core_reflect);
    if (!core)
        return false;
    core->type = cw_module_externtype(m, kind, index);
    core->types = m->types;
    *out = (cwrun_item){.kind = (uint8_t)(CWRUN_ITEM_CORE_FUNC + kind), .name = name, .module = module, .core = core};
    return true;
}

const cwrun_item *cw_reflect_module_imports(cw_arena *a, const cw_module *m)
{
    cwrun_item *items = CW_ARENA_ARRAY(a, m->n_imports, cwrun_item);
    for (uint32_t i = 0; items && i < m->n_imports; i++) {
        const cw_import *from = &m->imports[i];
        if (!fill_core_item(a, &items[i], m, from->module, from->name, from->kind, from->index))
            return NULL;
    }
    return items;
}

const cwrun_item *cw_reflect_module_exports(cw_arena *a, const cw_module *m)
{
    cwrun_item *items = CW_ARENA_ARRAY(a, m->n_exports, cwrun_item);
    for (uint32_t i = 0; items && i < m->n_exports; i++) {
        const cw_export *from = &m->exports[i];
        if (!fill_core_item(a, &items[i], m, (cwrun_str){NULL, 0}, from->name, from->kind, from->index))
            return NULL;
    }
    return items;
}
