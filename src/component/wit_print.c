/* component/wit_print.c: types and items as WIT-like text  [WIT.md], for messages, `cwrun inspect` and reflection.
 *
 * Named types are printed by name; a resource's constructor, methods and static functions stand inside it. */
#include "component/reflect.h"

typedef struct printer {
    cwrun_write_fn write;
    void *user;
    bool ok;
} printer;

static void put(printer *p, const char *data, size_t size)
{
    if (p->ok && size)
        p->ok = p->write(p->user, data, size);
}

static void puts_to(printer *p, const char *text)
{
    put(p, text, strlen(text));
}

static void put_str(printer *p, cwrun_str s)
{
    put(p, s.data, s.size);
}

static void put_number(printer *p, uint64_t n)
{
    char digits[24];
    int size = snprintf(digits, sizeof digits, "%llu", (unsigned long long)n);
    put(p, digits, (size_t)size);
}

/* ---- value types ---- */

static void put_type(printer *p, const cwrun_type *t, bool expand);

static void put_angled(printer *p, const char *word, const cwrun_type *a, const cwrun_type *b)
{
    puts_to(p, word);
    if (!a && !b)
        return;
    puts_to(p, "<");
    if (a)
        put_type(p, a, false);
    else
        puts_to(p, "_");
    if (b) {
        puts_to(p, ", ");
        put_type(p, b, false);
    }
    puts_to(p, ">");
}

/* "{ a: u32, b }": fields, cases or labels. */
static void put_braced(printer *p, const cwrun_type *t)
{
    puts_to(p, "{ ");
    for (uint32_t i = 0; i < t->n_fields; i++) {
        const cw_field *f = &t->fields[i];
        puts_to(p, i ? ", " : "");
        put_str(p, f->name);
        if (!f->type)
            continue;
        puts_to(p, t->kind == CWRUN_KIND_RECORD ? ": " : "(");
        put_type(p, f->type, false);
        puts_to(p, t->kind == CWRUN_KIND_RECORD ? "" : ")");
    }
    puts_to(p, " }");
}

static void put_handle(printer *p, const cwrun_type *t)
{
    cwrun_str name = t->resource_name;
    if (name.size == 0)
        name = CW_STR("resource");
    if (t->kind == CWRUN_KIND_OWN && t->resource_name.size) {
        put_str(p, name);
        return;
    }
    puts_to(p, cwrun_kind_name(t->kind));
    puts_to(p, "<");
    put_str(p, name);
    puts_to(p, ">");
}

static void put_type(printer *p, const cwrun_type *t, bool expand)
{
    if (t->name.size && !expand) {
        put_str(p, t->name);
        return;
    }
    switch (t->kind) {
    case CWRUN_KIND_RECORD:
    case CWRUN_KIND_VARIANT:
    case CWRUN_KIND_ENUM:
    case CWRUN_KIND_FLAGS:
        puts_to(p, cwrun_kind_name(t->kind));
        puts_to(p, " ");
        put_braced(p, t);
        break;
    case CWRUN_KIND_TUPLE:
        puts_to(p, "tuple<");
        for (uint32_t i = 0; i < t->n_fields; i++) {
            puts_to(p, i ? ", " : "");
            put_type(p, t->fields[i].type, false);
        }
        puts_to(p, ">");
        break;
    case CWRUN_KIND_OPTION: put_angled(p, "option", t->fields[1].type, NULL); break;
    case CWRUN_KIND_RESULT: put_angled(p, "result", t->fields[0].type, t->fields[1].type); break;
    case CWRUN_KIND_LIST: put_angled(p, "list", t->elem, NULL); break;
    case CWRUN_KIND_STREAM: put_angled(p, "stream", t->elem, NULL); break;
    case CWRUN_KIND_FUTURE: put_angled(p, "future", t->elem, NULL); break;
    case CWRUN_KIND_MAP: put_angled(p, "map", t->elem->fields[0].type, t->elem->fields[1].type); break;
    case CWRUN_KIND_FIXED_LIST:
        puts_to(p, "list<");
        put_type(p, t->elem, false);
        puts_to(p, ", ");
        put_number(p, t->length);
        puts_to(p, ">");
        break;
    case CWRUN_KIND_OWN:
    case CWRUN_KIND_BORROW: put_handle(p, t); break;
    default: puts_to(p, cwrun_kind_name(t->kind));
    }
}

bool cwrun_type_print(const cwrun_type *type, bool expand, cwrun_write_fn write, void *user)
{
    printer p = { write, user, write != NULL };
    if (type)
        put_type(&p, type, expand);
    return p.ok;
}

/* ---- functions ---- */

static void put_func(printer *p, const cw_functype *f, uint32_t first, const char *word, bool result)
{
    puts_to(p, f->is_async ? "async " : "");
    puts_to(p, word);
    puts_to(p, "(");
    for (uint32_t i = first; i < f->n_params; i++) {
        puts_to(p, i > first ? ", " : "");
        put_str(p, f->params[i].name);
        puts_to(p, ": ");
        put_type(p, f->params[i].type, false);
    }
    puts_to(p, ")");
    if (f->result && result) {
        puts_to(p, " -> ");
        put_type(p, f->result, false);
    }
}

bool cwrun_functype_print(const cwrun_functype *type, cwrun_write_fn write, void *user)
{
    printer p = { write, user, write != NULL };
    if (type)
        put_func(&p, type, 0, "func", true);
    return p.ok;
}

/* ---- core items ---- */

static void put_valtypes(printer *p, const cw_types *types, const cw_valtype *list, uint32_t n)
{
    puts_to(p, "[");
    for (uint32_t i = 0; i < n; i++) {
        char name[40];
        cw_valtype_print(types, list[i], name, sizeof name);
        puts_to(p, i ? " " : "");
        puts_to(p, name);
    }
    puts_to(p, "]");
}

static void put_valtype(printer *p, const cw_types *types, cw_valtype t)
{
    char name[40];
    cw_valtype_print(types, t, name, sizeof name);
    puts_to(p, name);
}

static void put_limits(printer *p, const cw_limits *limits)
{
    puts_to(p, limits->is_64 ? "i64 " : "");
    put_number(p, limits->min);
    if (limits->has_max) {
        puts_to(p, " ");
        put_number(p, limits->max);
    }
    puts_to(p, limits->is_shared ? " shared" : "");
}

static void put_core(printer *p, const cw_core_reflect *core)
{
    const cw_externtype *t = &core->type;
    const cw_subtype *f;
    switch (t->kind) {
    case CW_EXTERN_FUNC:
    case CW_EXTERN_TAG:
        f = cw_types_get(core->types, t->func);
        puts_to(p, t->kind == CW_EXTERN_FUNC ? "func " : "tag ");
        put_valtypes(p, core->types, f->params, f->n_params);
        puts_to(p, " -> ");
        put_valtypes(p, core->types, f->results, f->n_results);
        break;
    case CW_EXTERN_TABLE:
        puts_to(p, "table ");
        put_limits(p, &t->table.limits);
        puts_to(p, " ");
        put_valtype(p, core->types, t->table.elem);
        break;
    case CW_EXTERN_MEMORY:
        puts_to(p, "memory ");
        put_limits(p, &t->memory);
        break;
    default: puts_to(p, t->global.is_mutable ? "global mut " : "global "); put_valtype(p, core->types, t->global.type);
    }
}

/* ---- items ---- */

static void put_indent(printer *p, unsigned indent)
{
    for (unsigned i = 0; i < indent; i++)
        puts_to(p, "  ");
}

/* Taken apart: "[method]resource.label" and its like; false for other names. */
static bool member_of(cwrun_str text, cw_extern_name *name)
{
    const char *why;
    if (text.size == 0 || text.data[0] != '[' || !cw_extern_name_parse(text, 0, name, &why))
        return false;
    return name->resource.size != 0;
}

static void put_member(printer *p, const cwrun_item *item, const cw_extern_name *name, unsigned indent)
{
    put_indent(p, indent);
    if (name->kind == CW_NAME_CONSTRUCTOR) {
        bool plain = item->func->result && item->func->result->kind == CWRUN_KIND_OWN;
        put_func(p, item->func, 0, "constructor", !plain);
    } else {
        put_str(p, name->label);
        puts_to(p, name->kind == CW_NAME_STATIC ? ": static " : ": ");
        put_func(p, item->func, name->kind == CW_NAME_METHOD && item->func->n_params ? 1 : 0, "func", true);
    }
    puts_to(p, ";\n");
}

static void put_resource(printer *p, const cwrun_item *item, const cwrun_item *siblings, uint32_t n, unsigned indent)
{
    puts_to(p, "resource ");
    put_str(p, item->name);
    bool any = false;
    for (uint32_t i = 0; i < n; i++) {
        cw_extern_name name;
        if (siblings[i].kind != CWRUN_ITEM_FUNC || !member_of(siblings[i].name, &name) ||
            !cw_str_eq(name.resource, item->name))
            continue;
        puts_to(p, any ? "" : " {\n");
        put_member(p, &siblings[i], &name, indent + 1);
        any = true;
    }
    if (any)
        put_indent(p, indent);
    puts_to(p, any ? "}\n" : ";\n");
}

static void put_named_type(printer *p, const cwrun_item *item)
{
    const cwrun_type *t = item->type;
    uint8_t kind = t ? t->kind : 0;
    bool braced =
        kind == CWRUN_KIND_RECORD || kind == CWRUN_KIND_VARIANT || kind == CWRUN_KIND_ENUM || kind == CWRUN_KIND_FLAGS;
    puts_to(p, braced ? cwrun_kind_name(kind) : "type");
    puts_to(p, " ");
    put_str(p, item->name);
    puts_to(p, braced ? " " : "");
    if (braced) {
        put_braced(p, t);
    } else if (t) {
        puts_to(p, " = ");
        put_type(p, t, true);
    }
    puts_to(p, braced ? "\n" : ";\n");
}

static bool is_printed_inside(const cwrun_item *item, const cwrun_item *siblings, uint32_t n)
{
    cw_extern_name name;
    if (item->kind != CWRUN_ITEM_FUNC || !member_of(item->name, &name))
        return false;
    for (uint32_t i = 0; i < n; i++)
        if (siblings[i].kind == CWRUN_ITEM_RESOURCE && cw_str_eq(siblings[i].name, name.resource))
            return true;
    return false;
}

static void put_item(printer *p, const cwrun_item *item, const cwrun_item *siblings, uint32_t n, unsigned indent)
{
    put_indent(p, indent);
    if (item->kind == CWRUN_ITEM_TYPE) {
        put_named_type(p, item);
        return;
    }
    if (item->kind == CWRUN_ITEM_RESOURCE) {
        put_resource(p, item, siblings, n, indent);
        return;
    }
    if (item->module.data) {
        put_str(p, item->module);
        puts_to(p, ".");
    }
    put_str(p, item->name);
    puts_to(p, ": ");
    switch (item->kind) {
    case CWRUN_ITEM_FUNC:
        put_func(p, item->func, 0, "func", true);
        puts_to(p, ";\n");
        break;
    case CWRUN_ITEM_INSTANCE:
        puts_to(p, "interface {\n");
        for (uint32_t i = 0; i < item->n_items; i++)
            if (!is_printed_inside(&item->items[i], item->items, item->n_items))
                put_item(p, &item->items[i], item->items, item->n_items, indent + 1);
        put_indent(p, indent);
        puts_to(p, "}\n");
        break;
    case CWRUN_ITEM_VALUE:
        puts_to(p, "value ");
        if (item->type)
            put_type(p, item->type, false);
        puts_to(p, ";\n");
        break;
    case CWRUN_ITEM_COMPONENT: puts_to(p, "component;\n"); break;
    case CWRUN_ITEM_MODULE: puts_to(p, "core module;\n"); break;
    default:
        if (item->core)
            put_core(p, item->core);
        puts_to(p, "\n");
    }
}

bool cwrun_item_print(const cwrun_item *item, unsigned indent, cwrun_write_fn write, void *user)
{
    printer p = { write, user, write != NULL };
    if (item)
        put_item(&p, item, NULL, 0, indent);
    return p.ok;
}
