/* component/read_extern.c: imports and exports, their names and types  [Binary.md: Import and Export Definitions;
 * Explainer: Name Uniqueness]. */
#include "component/read.h"

/* ---- names ---- */

static cwrun_str read_attribute(cw_loader *l, cwrun_str *slot, unsigned seen, const uint8_t *at, const char *what)
{
    if (seen)
        cw_reader_fail(l->r, at, "duplicate '%s' option in name", what);
    *slot = cw_read_name(l->r);
    return *slot;
}

cw_extern_name cw_read_nameattributes(cw_loader *l, bool is_import)
{
    cw_reader *r = l->r;
    const uint8_t *at = r->at;
    uint8_t code = cw_read_u8(r);
    if (r->ok && code > 2)
        cw_reader_fail(r, at, "invalid leading byte 0x%02x for a component name", code);
    else if (r->ok && code == 2)
        cw_need_feature(r, at, l->config->features, CW_FEATURE_CM_IMPLEMENTS);
    const uint8_t *name_at = r->at;
    cwrun_str text = cw_read_name(r);
    cwrun_str implements = { NULL, 0 }, suffix = { NULL, 0 }, external_id = { NULL, 0 };
    unsigned seen = 0;
    uint32_t n = code == 2 ? cw_read_count(r, 16, "name options") : 0;
    for (uint32_t i = 0; i < n && r->ok; i++) {
        at = r->at;
        uint8_t option = cw_read_u8(r);
        unsigned bit = 1u << (option & 7);
        if (r->ok && option > 2)
            cw_reader_fail(r, at, "invalid leading byte 0x%02x for a name option", option);
        else if (option == 0)
            read_attribute(l, &implements, seen & bit, at, "implements");
        else if (option == 1)
            read_attribute(l, &suffix, seen & bit, at, "versionsuffix");
        else
            read_attribute(l, &external_id, seen & bit, at, "external-id");
        seen |= bit;
    }

    cw_extern_name name = { .text = text };
    const char *why = NULL, *side = is_import ? "import" : "export";
    if (r->ok && !cw_extern_name_parse(text, l->config->features, &name, &why))
        cw_reader_fail(r, name_at, "%s name `%.*s` is not a valid extern name: %s", side, (int)text.size, text.data,
                       why);
    name.suffix = suffix;
    name.implements = implements;
    name.external_id = external_id;
    if (r->ok && !is_import && name.kind > CW_NAME_INTERFACE)
        cw_reader_fail(r, name_at, "name `%.*s` is not a valid export name", (int)text.size, text.data);
    if (r->ok && !cw_extern_name_check_version(&name, &why))
        cw_reader_fail(r, name_at, "%s name `%.*s` is not valid: invalid interface version: %s", side, (int)text.size,
                       text.data, why);
    if (r->ok && (seen & 1)) {
        cw_extern_name other;
        if (!cw_extern_name_parse(implements, l->config->features, &other, &why) ||
            !cw_extern_name_check_version(&other, &why))
            cw_reader_fail(r, name_at, "`%.*s` is not a valid name: %s", (int)implements.size, implements.data, why);
        else if (other.kind != CW_NAME_INTERFACE)
            cw_reader_fail(r, name_at, "name `%.*s` must be an interface", (int)implements.size, implements.data);
        else if (name.kind != CW_NAME_LABEL)
            cw_reader_fail(r, name_at, "name `%.*s` is not valid with `implements`", (int)text.size, text.data);
    }
    if (r->ok && (seen & 2) && name.kind != CW_NAME_INTERFACE)
        cw_reader_fail(r, name_at, "name `%.*s` is not valid with `versionsuffix`", (int)text.size, text.data);
    return name;
}

/* ---- annotated names ---- */

/* Whether a handle's resource is the one of this name, on this side of the scope. */
static void check_resource_name(cw_loader *l, const uint8_t *at, const cw_extern_names *names, const cwrun_type *handle,
                                cwrun_str label)
{
    const uint64_t *place = cw_ptrmap_find(&names->resource_names, cw_ptr_key(handle->resource_type));
    if (!place) {
        cw_reader_fail(l->r, at, "resource used in function does not have a name in this context");
        return;
    }
    cwrun_str expected = names->resources.entries[*place - 1].key;
    if (!cw_str_eq(expected, label))
        cw_reader_fail(l->r, at, "function does not match expected resource name `%.*s`", (int)expected.size,
                       expected.data);
}

static const cwrun_type *constructed(const cwrun_type *result)
{
    if (result->kind == CWRUN_KIND_RESULT && result->fields[0].type)
        result = result->fields[0].type;
    return result->kind == CWRUN_KIND_OWN ? result : NULL;
}

static void check_annotation(cw_loader *l, const uint8_t *at, const cw_extern_names *names, const cw_extern_name *name,
                             const cw_itype *type)
{
    cw_reader *r = l->r;
    if (name->kind != CW_NAME_CONSTRUCTOR && name->kind != CW_NAME_METHOD && name->kind != CW_NAME_STATIC)
        return;
    if (type->sort != CW_SORT_FUNC) {
        cw_reader_fail(r, at, "item is not a func");
        return;
    }
    const cw_functype *f = type->func;
    switch (name->kind) {
    case CW_NAME_CONSTRUCTOR:
        if (f->is_async)
            cw_reader_fail(r, at, "constructor function cannot be async");
        else if (!f->result)
            cw_reader_fail(r, at, "function should return one value");
        else if (!constructed(f->result))
            cw_reader_fail(r, at, "function should return `(own $T)` or `(result (own $T))`");
        else
            check_resource_name(l, at, names, constructed(f->result), name->resource);
        break;
    case CW_NAME_METHOD:
        if (f->n_params == 0)
            cw_reader_fail(r, at, "function should have at least one argument");
        else if (!cw_str_eq_c(f->params[0].name, "self"))
            cw_reader_fail(r, at, "function should have a first argument called `self`");
        else if (f->params[0].type->kind != CWRUN_KIND_BORROW)
            cw_reader_fail(r, at, "function should take a first argument of `(borrow $T)`");
        else
            check_resource_name(l, at, names, f->params[0].type, name->resource);
        break;
    default:
        if (!cw_map_find(&names->resources, name->resource))
            cw_reader_fail(r, at, "static resource name is not known in this context");
    }
}

static void add_resource_name(cw_loader *l, cw_extern_names *names, const cw_extern_name *name,
                              const cw_itype *resource)
{
    uint64_t *place = cw_ptrmap_put(&names->resource_names, l->alloc, cw_ptr_key(resource));
    if (!place || !cw_map_put(&names->resources, l->alloc, name->text, NULL)) {
        cw_reader_oom(l->r);
        return;
    }
    /* a name is new here, or the uniqueness check refuses it in a moment */
    if (*place == 0)
        *place = names->resources.n;
}

void cw_check_extern_name(cw_loader *l, const uint8_t *at, cw_extern_names *names, const cw_extern_name *name,
                          const cw_itype *type, const cw_item *items, uint32_t n, int side)
{
    if (!l->r->ok)
        return;
    if (name->implements.data && type->sort != CW_SORT_INSTANCE) {
        cw_reader_fail(l->r, at, "only instances can have an `implements`");
        return;
    }
    if (name->suffix.data && type->sort != CW_SORT_INSTANCE) {
        cw_reader_fail(l->r, at, "only instances can have a `versionsuffix`");
        return;
    }
    if (side != CW_SIDE_INLINE && type->sort == CW_SORT_TYPE && type->type->sort == CW_SORT_RESOURCE)
        add_resource_name(l, names, name, type->type);
    check_annotation(l, at, names, name, type);

    char *canonical = cw_arena_raw(&l->scratch, name->text.size + 1, 1);
    bool is_new = false;
    uint64_t *previous = canonical
                             ? cw_map_put(&names->canonical, l->alloc,
                                          (cwrun_str){ canonical, cw_extern_name_canon(name, canonical) }, &is_new)
                             : NULL;
    if (!previous) {
        cw_reader_oom(l->r);
    } else if (is_new) {
        *previous = n;
    } else {
        cwrun_str other = items[*previous].name;
        cw_reader_fail(l->r, at, "%s name `%.*s` conflicts with previous name `%.*s`",
                       side == CW_SIDE_IMPORT ? "import" : "export", (int)name->text.size, name->text.data,
                       (int)other.size, other.data);
    }
}

void cw_extern_names_fini(cw_loader *l, cw_extern_names *names)
{
    cw_map_fini(&names->canonical, l->alloc);
    cw_map_fini(&names->resources, l->alloc);
    cw_ptrmap_fini(&names->resource_names, l->alloc);
}

/* ---- externtypes ---- */

/* An externtype as it is written: what it says of the thing, with instance types still closed. */
typedef struct extern_desc {
    uint8_t sort;
    bool is_abstract; /* TYPE (sub resource) */
    const cw_itype
        *type; /* FUNC, INSTANCE, COMPONENT, VALUE, CORE_MODULE: of the thing; TYPE (eq): the described type */
} extern_desc;

static const cw_itype *read_type_of(cw_loader *l, uint8_t sort, const char *what)
{
    const uint8_t *at = l->r->at;
    uint32_t index = cw_read_u32(l->r);
    const cw_itype *t = cw_type_at(l, at, index);
    if (t && t->sort != sort) {
        cw_reader_fail(l->r, at, "type index %u is not %s type", index, what);
        return NULL;
    }
    return t;
}

static const cw_itype *read_module_type_use(cw_loader *l)
{
    const uint8_t *at = l->r->at;
    uint32_t index = cw_read_u32(l->r);
    const cw_scope *s = l->scope;
    if (l->r->ok && index >= s->core.type_ids.n)
        cw_reader_fail(l->r, at, "unknown core type %u: core type index out of bounds", index);
    else if (l->r->ok && !s->core_type_modules.items[index])
        cw_reader_fail(l->r, at, "core type index %u is not a module type", index);
    if (!l->r->ok)
        return NULL;
    cw_itype *t = cw_itype_of_module(l->arena, s->core_type_modules.items[index]);
    if (!t)
        cw_reader_oom(l->r);
    return t;
}

static const cw_itype *read_valuebound(cw_loader *l)
{
    const uint8_t *at = l->r->at;
    uint8_t code = cw_read_u8(l->r);
    const cwrun_type *value = NULL;
    if (code == 0) {
        const cw_value_entry *v = cw_value_at(l, l->r->at, cw_read_u32(l->r));
        value = v ? v->type : NULL;
    } else {
        if (code != 1 && l->r->ok) /* today's tools leave the bound out */
            l->r->at = at;
        value = cw_read_component_valtype(l);
    }
    if (value && value->has_borrow)
        cw_reader_fail(l->r, at, "a value cannot contain a `borrow` type");
    cw_itype *t = value && l->r->ok ? cw_itype_of_value(l->arena, value) : NULL;
    if (l->r->ok && !t)
        cw_reader_oom(l->r);
    return t;
}

static extern_desc read_externtype(cw_loader *l)
{
    const uint8_t *at = l->r->at;
    extern_desc d = { .sort = cw_read_sort(l) };
    if (!l->r->ok)
        return d;
    switch (d.sort) {
    case CW_SORT_CORE_MODULE: d.type = read_module_type_use(l); break;
    case CW_SORT_FUNC: d.type = read_type_of(l, CW_SORT_FUNC, "a function"); break;
    case CW_SORT_VALUE: d.type = read_valuebound(l); break;
    case CW_SORT_TYPE: {
        at = l->r->at;
        uint8_t bound = cw_read_u8(l->r);
        if (bound == 0)
            d.type = cw_type_at(l, at, cw_read_u32(l->r));
        else if (bound == 1)
            d.is_abstract = true;
        else
            cw_reader_fail(l->r, at, "invalid leading byte 0x%02x for a type bound", bound);
        break;
    }
    case CW_SORT_COMPONENT: d.type = read_type_of(l, CW_SORT_COMPONENT, "a component"); break;
    case CW_SORT_INSTANCE: d.type = read_type_of(l, CW_SORT_INSTANCE, "an instance"); break;
    default: cw_reader_fail(l->r, at, "invalid leading byte for an extern type: a %s", cw_sort_name(d.sort));
    }
    return d;
}

/* ---- bringing a thing in under a name ---- */

/* A type index of its own for what is named here: it is what makes the type visible from outside. */
static const cw_itype *named_type(cw_loader *l, const cw_itype *described, cwrun_str name)
{
    cw_itype *made = NULL;
    if (described->sort == CW_SORT_RESOURCE) {
        made = cw_itype_of_resource(l->arena, described->resource, name);
        cw_resource_var *v = &l->scope->owner->vars.items[described->resource];
        if (made && v->name.size == 0)
            v->name = name;
    } else if (described->sort == CW_SORT_VALUE) {
        cwrun_type *value = CW_ARENA_NEW(l->arena, cwrun_type);
        if (value) {
            *value = *described->value;
            value->name = name;
            value->interface = CW_STR("");
            made = cw_itype_of_value(l->arena, value);
        }
    } else {
        return described;
    }
    if (!made)
        cw_reader_oom(l->r);
    return made;
}

/* Types in an instance of an interface are printed with that interface. */
static void name_interface(const cw_itype *instance, cwrun_str interface)
{
    for (uint32_t i = 0; i < instance->exports.n; i++) {
        const cw_itype *t = instance->exports.items[i].type;
        if (t->sort != CW_SORT_TYPE || t->type->sort != CW_SORT_VALUE || t->type->value->interface.size)
            continue;
        /* such a type was made by named_type or a copy of it, in this load: nobody else sees it yet */
        cwrun_type *value = (cwrun_type *)(uintptr_t)t->type->value;
        if (cw_str_eq(value->name, instance->exports.items[i].name))
            value->interface = interface;
    }
}

/* The type of the new thing that an externtype describes: instance types are opened, abstract resources are new. */
static const cw_itype *bring(cw_loader *l, const extern_desc *d, const cw_extern_name *name, bool is_import)
{
    uint8_t kind = is_import ? CW_VAR_IMPORT : CW_VAR_DEFINED;
    if (!l->r->ok)
        return NULL;
    if (d->sort == CW_SORT_INSTANCE) {
        const cw_itype *open = cw_open_instance(l, d->type, kind);
        if (open && name->is_interface && l->scope->kind == CW_SCOPE_COMPONENT)
            name_interface(open, name->text);
        return open;
    }
    if (d->sort != CW_SORT_TYPE)
        return d->type;

    const cw_itype *described = NULL;
    if (!d->is_abstract) {
        described = named_type(l, d->type, name->text);
    } else {
        uint32_t var = cw_new_var(l, kind, name->text);
        if (l->r->ok && !(described = cw_itype_of_resource(l->arena, var, name->text)))
            cw_reader_oom(l->r);
    }
    cw_itype *t = described && l->r->ok ? cw_itype_of_type(l->arena, described) : NULL;
    if (l->r->ok && !t)
        cw_reader_oom(l->r);
    return t;
}

/* The binds of what was brought in: variables from `first` on. */
static void bind(cw_loader *l, cw_def *def, const cw_itype *type, uint32_t first)
{
    if (!l->r->ok || first == l->scope->owner->vars.n || l->scope->kind != CW_SCOPE_COMPONENT)
        return;
    if (type->sort == CW_SORT_INSTANCE) {
        cw_bind_vars(l, def, type, first);
    } else if (type->sort == CW_SORT_TYPE && type->type->sort == CW_SORT_RESOURCE) {
        cw_bind *b = CW_READ_ARRAY(l->r, 1, cw_bind);
        if (b) {
            b->var = type->type->resource;
            def->binds = b;
            def->n_binds = 1;
        }
    }
}

static cw_component_extern component_extern(const cw_extern_name *name, const cw_itype *type)
{
    cw_component_extern e = { .name = *name, .sort = type->sort, .type = type, .resource = CW_NO_INDEX };
    if (type->sort == CW_SORT_FUNC)
        e.func = type->func;
    if (type->sort == CW_SORT_VALUE)
        e.value = type->value;
    if (type->sort == CW_SORT_TYPE && type->type->sort == CW_SORT_RESOURCE)
        e.resource = type->type->resource;
    if (type->sort == CW_SORT_TYPE && type->type->sort == CW_SORT_VALUE)
        e.value = type->type->value;
    return e;
}

/* Checks and registers a named thing on one side of the scope. */
static void add_extern(cw_loader *l, const uint8_t *at, const cw_extern_name *name, const cw_itype *type,
                       bool is_import)
{
    cw_scope *s = l->scope;
    cw_check_named(l, at, type, is_import);
    if (is_import) {
        cw_check_extern_name(l, at, &s->import_names, name, type, s->imports.items, s->imports.n, CW_SIDE_IMPORT);
        CW_SCOPE_ADD(l, &s->imports, ((cw_item){ name->text, type }));
    } else {
        cw_check_extern_name(l, at, &s->export_names, name, type, s->exports.items, s->exports.n, CW_SIDE_EXPORT);
        CW_SCOPE_ADD(l, &s->exports, ((cw_item){ name->text, type }));
    }
}

void cw_read_import(cw_loader *l)
{
    cw_scope *s = l->scope;
    const uint8_t *at = l->r->at;
    cw_extern_name name = cw_read_nameattributes(l, true);
    extern_desc d = read_externtype(l);
    uint32_t first = s->owner->vars.n;
    const cw_itype *type = bring(l, &d, &name, true);
    if (!type)
        return;

    cw_def *def = cw_add_def(l, CW_DEF_IMPORT, type->sort, at);
    def->of.import.name = name.text;
    def->of.import.import = s->import_list.n;
    bind(l, def, type, first);
    cw_add_thing(l, type);
    add_extern(l, at, &name, type, true);
    if (s->kind == CW_SCOPE_COMPONENT)
        CW_SCOPE_ADD(l, &s->import_list, component_extern(&name, type));
}

/* ---- exports ---- */

static bool fits_ascription(cw_loader *l, const uint8_t *at, const cw_itype *actual, const extern_desc *d)
{
    cw_text why;
    cw_text_init(&why, l->alloc);
    cw_matcher m;
    cw_matcher_init(&m, l->alloc, l->config->types, &why);
    m.budget = l->walk_budget;

    bool ok;
    if (actual->sort != d->sort) {
        cw_text_printf(&why, "expected %s, found %s", cw_sort_name(d->sort), cw_sort_name(actual->sort));
        ok = false;
    } else if (d->is_abstract) {
        ok = actual->type->sort == CW_SORT_RESOURCE;
        if (!ok)
            cw_text_puts(&why, "expected a resource type");
    } else if (d->sort == CW_SORT_TYPE) {
        cw_itype want = { .sort = CW_SORT_TYPE, .type = d->type, .has_resource = true };
        ok = cw_match(&m, actual, &want);
    } else {
        ok = cw_match(&m, actual, d->type);
    }
    l->walk_budget = m.budget;
    if (!ok && !cw_report_limits(l, at, m.oom || why.oom, m.too_much))
        cw_reader_fail(l->r, at, "ascribed type of export is not compatible with item's type: %s",
                       why.data ? why.data : "");
    cw_matcher_fini(&m);
    cw_text_fini(&why);
    return ok;
}

void cw_read_export(cw_loader *l)
{
    cw_scope *s = l->scope;
    const uint8_t *at = l->r->at;
    cw_extern_name name = cw_read_nameattributes(l, false);
    const uint8_t *sort_at = l->r->at;
    uint8_t sort = cw_read_sort(l);
    uint32_t index = cw_read_u32(l->r);
    const cw_itype *actual = l->r->ok ? cw_thing_at(l, sort_at, sort, index) : NULL;

    const uint8_t *flag_at = l->r->at;
    uint8_t flag = cw_read_u8(l->r);
    if (l->r->ok && flag > 1)
        cw_reader_fail(l->r, flag_at, "invalid leading byte 0x%02x for an optional component export type", flag);
    if (!actual || !l->r->ok)
        return;

    extern_desc d = { .sort = sort, .type = sort == CW_SORT_TYPE ? actual->type : actual };
    uint32_t first = s->owner->vars.n;
    const cw_itype *type;
    if (flag == 1) {
        d = read_externtype(l);
        if (!l->r->ok || !fits_ascription(l, flag_at, actual, &d))
            return;
        type = bring(l, &d, &name, false);
    } else {
        type = bring(l, &d, &name, false);
    }
    if (!type)
        return;

    cw_def *def = cw_add_def(l, CW_DEF_EXPORT, sort, at);
    def->of.export_.name = name.text;
    def->of.export_.index = index;
    def->of.export_.export_ = s->export_list.n;
    bind(l, def, type, first);
    cw_add_thing(l, type);
    if (sort == CW_SORT_VALUE && l->r->ok)
        s->values.items[s->values.n - 1].used = true;
    add_extern(l, at, &name, type, false);
    CW_SCOPE_ADD(l, &s->export_list, component_extern(&name, type));
}

void cw_read_exportdecl(cw_loader *l)
{
    const uint8_t *at = l->r->at;
    cw_extern_name name = cw_read_nameattributes(l, false);
    extern_desc d = read_externtype(l);
    const cw_itype *type = bring(l, &d, &name, false);
    if (!type)
        return;
    cw_add_thing(l, type);
    if (type->sort == CW_SORT_VALUE && l->r->ok)
        l->scope->values.items[l->scope->values.n - 1].used = true;
    add_extern(l, at, &name, type, false);
}
