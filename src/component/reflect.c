/* component/reflect.c: the public accessors of types (cwrun/type.h), and items of core modules. */
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

/* ---- items of core modules ---- */

static bool fill_core_item(cw_arena *a, cwrun_item *out, const cw_module *m, cwrun_str module, cwrun_str name,
                           uint8_t kind, uint32_t index)
{
    cw_core_reflect *core = CW_ARENA_NEW(a, cw_core_reflect);
    if (!core)
        return false;
    core->type = cw_module_externtype(m, kind, index);
    core->types = m->types;
    *out = (cwrun_item){ .kind = (uint8_t)(CWRUN_ITEM_CORE_FUNC + kind), .name = name, .module = module, .core = core };
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
        if (!fill_core_item(a, &items[i], m, (cwrun_str){ NULL, 0 }, from->name, from->kind, from->index))
            return NULL;
    }
    return items;
}
