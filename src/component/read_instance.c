/* component/read_instance.c: component instances and aliases  [Binary.md: Instance Definitions, Alias Definitions;
 * Explainer: Type Checking].
 *
 * Instantiating matches every argument with the import of its name, in the order of the imports; what that binds the
 * abstract resources of the imports to is put into the types of the exports, and resources the new instance brings
 * become new variables. */
#include "component/read.h"

/* ---- (instantiate c arg*) ---- */

typedef struct args {
    uint32_t n;
    cw_named *items;
    const cw_itype **types;
    cw_name_index index;
} args;

static bool read_args(cw_loader *l, args *a)
{
    a->n = cw_read_count(l->r, CW_MAX_ARGS, "instantiation arguments");
    a->items = CW_READ_ARRAY(l->r, a->n, cw_named);
    a->types = CW_READ_ARRAY(l->r, a->n, const cw_itype *);
    for (uint32_t i = 0; i < a->n && l->r->ok; i++) {
        cw_reader_push(l->r, "argument", i);
        a->items[i].name = cw_read_name(l->r);
        const uint8_t *at = l->r->at;
        a->items[i].sort = cw_read_sort(l);
        a->items[i].index = cw_read_u32(l->r);
        if (l->r->ok)
            a->types[i] = cw_thing_at(l, at, a->items[i].sort, a->items[i].index);
        cw_reader_pop(l->r);
    }
    if (l->r->ok && !cw_name_index_init(l->arena, &a->index, a->items, sizeof *a->items, a->n))
        cw_reader_oom(l->r);
    for (uint32_t i = 0; i < a->n && l->r->ok; i++) {
        cwrun_str name = a->items[i].name;
        if (cw_name_index_find(&a->index, a->items, sizeof *a->items, a->n, name) != i)
            cw_reader_fail(l->r, NULL, "instantiation argument `%.*s` conflicts with previous argument", (int)name.size,
                           name.data);
    }
    return l->r->ok;
}

/* Matches arguments and binds the abstract resources of the imports in `m`. */
static bool match_args(cw_loader *l, const uint8_t *at, const cw_itype *component, const args *a, cw_matcher *m)
{
    for (uint32_t i = 0; i < component->n_import_vars; i++)
        if (!cw_match_open(m, component->import_vars[i]))
            return false;
    for (uint32_t i = 0; i < component->imports.n; i++) {
        const cw_item *import = &component->imports.items[i];
        uint32_t k = cw_name_index_find(&a->index, a->items, sizeof *a->items, a->n, import->name);
        if (k == CW_NO_INDEX) {
            cw_reader_fail(l->r, at, "missing import named `%.*s`", (int)import->name.size, import->name.data);
            return false;
        }
        m->budget = l->walk_budget;
        bool ok = cw_match(m, a->types[k], import->type);
        l->walk_budget = m->budget;
        if (ok)
            continue;
        if (!m->oom && !m->too_much)
            cw_reader_fail(l->r, at, "type mismatch for import `%.*s`: %s", (int)import->name.size, import->name.data,
                           m->why->data ? m->why->data : "");
        return false;
    }
    return true;
}

/* The type of the new instance, in variables of the current scope. */
static const cw_itype *instance_of(cw_loader *l, const cw_itype *component, cw_matcher *m)
{
    cw_renamer rn = { .arena = l->arena, .alloc = l->alloc, .budget = &l->rename_budget };
    if (m->parts->n) { /* types that were given for imports are used by name in the exports */
        rn.memo = *m->parts;
        rn.has_parts = true;
        *m->parts = (cw_ptrmap){ 0 };
    }
    bool ok = true;
    for (uint32_t i = 0; i < component->n_import_vars && ok; i++) {
        uint64_t token = cw_match_token(m, component->import_vars[i]);
        if (token)
            ok = cw_rename_var(&rn, component->import_vars[i], (uint32_t)(token - 1));
    }
    for (uint32_t i = 0; i < component->n_vars && ok && l->r->ok; i++) {
        cwrun_str name = l->scope->owner->vars.items[component->vars[i]].name;
        ok = cw_rename_var(&rn, component->vars[i], cw_new_var(l, CW_VAR_DEFINED, name));
    }

    cw_itype *made = NULL;
    cw_item *exports = ok ? CW_READ_ARRAY(l->r, component->exports.n, cw_item) : NULL;
    for (uint32_t i = 0; exports && i < component->exports.n; i++) {
        exports[i].name = component->exports.items[i].name;
        exports[i].type = cw_rename_itype(&rn, component->exports.items[i].type);
        if (!exports[i].type)
            exports = NULL;
    }
    if (exports && !(made = cw_itype_of_items(l->arena, CW_SORT_INSTANCE, NULL, 0, exports, component->exports.n)))
        rn.oom = true;
    cw_report_limits(l, NULL, rn.oom || !ok, rn.too_much);
    cw_renamer_fini(&rn);
    return l->r->ok ? made : NULL;
}

static void read_instantiate(cw_loader *l, const uint8_t *at)
{
    const uint8_t *index_at = l->r->at;
    uint32_t index = cw_read_u32(l->r);
    const cw_itype *component = cw_component_at(l, index_at, index);
    args a = { 0 };
    if (!component || !read_args(l, &a))
        return;

    cw_text why;
    cw_text_init(&why, l->alloc);
    cw_matcher m;
    cw_ptrmap parts = { 0 };
    cw_matcher_init(&m, l->alloc, l->config->types, &why);
    m.parts = &parts;
    uint32_t first = l->scope->owner->vars.n;
    const cw_itype *instance = NULL;
    if (match_args(l, index_at, component, &a, &m))
        instance = instance_of(l, component, &m);
    else
        cw_report_limits(l, index_at, m.oom || why.oom, m.too_much);
    cw_matcher_fini(&m);
    cw_ptrmap_fini(&parts, l->alloc);
    cw_text_fini(&why);
    if (!instance)
        return;

    cw_def *def = cw_add_def(l, CW_DEF_INSTANTIATE, CW_SORT_INSTANCE, at);
    def->of.instantiate.index = index;
    def->of.instantiate.n_args = a.n;
    def->of.instantiate.args = a.items;
    cw_bind_vars(l, def, instance, first);
    CW_SCOPE_ADD(l, &l->scope->instances, instance);
}

/* ---- inline exports ---- */

static void read_inline_exports(cw_loader *l, const uint8_t *at)
{
    uint32_t n = cw_read_count(l->r, CW_MAX_ARGS, "instantiation exports");
    cw_named *named = CW_READ_ARRAY(l->r, n, cw_named);
    cw_item *items = CW_READ_ARRAY(l->r, n, cw_item);
    cw_extern_names names = { 0 };
    for (uint32_t i = 0; i < n && l->r->ok; i++) {
        cw_reader_push(l->r, "export", i);
        const uint8_t *name_at = l->r->at;
        cw_extern_name name = cw_read_nameattributes(l, false);
        const uint8_t *sort_at = l->r->at;
        uint8_t sort = cw_read_sort(l);
        uint32_t index = cw_read_u32(l->r);
        const cw_itype *type = l->r->ok ? cw_thing_at(l, sort_at, sort, index) : NULL;
        if (type) {
            cw_check_extern_name(l, name_at, &names, &name, type, items, i, CW_SIDE_INLINE);
            named[i] = (cw_named){ name.text, sort, index };
            items[i] = (cw_item){ name.text, type };
        }
        cw_reader_pop(l->r);
    }
    cw_extern_names_fini(l, &names);

    const cw_itype *t = l->r->ok ? cw_itype_of_items(l->arena, CW_SORT_INSTANCE, NULL, 0, items, n) : NULL;
    if (l->r->ok && !t)
        cw_reader_oom(l->r);
    if (!t || !cw_check_type_size(l, at, t->depth, t->tree_size))
        return;
    cw_def *def = cw_add_def(l, CW_DEF_EXPORTS, CW_SORT_INSTANCE, at);
    def->of.exports.n = n;
    def->of.exports.items = named;
    CW_SCOPE_ADD(l, &l->scope->instances, t);
}

void cw_read_instance(cw_loader *l)
{
    const uint8_t *at = l->r->at;
    uint8_t code = cw_read_u8(l->r);
    if (!l->r->ok)
        return;
    if (code == 0)
        read_instantiate(l, at);
    else if (code == 1)
        read_inline_exports(l, at);
    else
        cw_reader_fail(l->r, at, "invalid leading byte 0x%02x for an instance", code);
}

/* ---- aliases of exports ---- */

static void alias_export(cw_loader *l, const uint8_t *at, uint8_t sort)
{
    cw_reader *r = l->r;
    const uint8_t *index_at = r->at;
    uint32_t index = cw_read_u32(r);
    cwrun_str name = cw_read_name(r);
    if (r->ok && l->scope->kind != CW_SCOPE_COMPONENT && sort != CW_SORT_TYPE && sort != CW_SORT_INSTANCE)
        cw_reader_fail(r, at, "aliases in component or instance types may only refer to types or instances");
    const cw_itype *instance = cw_instance_at(l, index_at, index);
    if (!instance)
        return;
    const cw_item *item = cw_item_find(&instance->exports, name);
    if (!item) {
        cw_reader_fail(r, at, "instance %u has no export named `%.*s`", index, (int)name.size, name.data);
        return;
    }
    if (item->type->sort != sort) {
        cw_reader_fail(r, at, "export `%.*s` for instance %u is not a %s", (int)name.size, name.data, index,
                       cw_sort_name(sort));
        return;
    }
    cw_def *def = cw_add_def(l, CW_DEF_ALIAS_EXPORT, sort, at);
    def->of.alias.instance = index;
    def->of.alias.name = name;
    cw_add_thing(l, item->type);
}

static void alias_core_export(cw_loader *l, const uint8_t *at, uint8_t sort)
{
    static const uint8_t kinds[CW_SORT_COUNT] = {
        [CW_SORT_CORE_FUNC] = CW_EXTERN_FUNC + 1,     [CW_SORT_CORE_TABLE] = CW_EXTERN_TABLE + 1,
        [CW_SORT_CORE_MEMORY] = CW_EXTERN_MEMORY + 1, [CW_SORT_CORE_GLOBAL] = CW_EXTERN_GLOBAL + 1,
        [CW_SORT_CORE_TAG] = CW_EXTERN_TAG + 1,
    };
    cw_reader *r = l->r;
    cw_scope *s = l->scope;
    const uint8_t *index_at = r->at;
    uint32_t index = cw_read_u32(r);
    cwrun_str name = cw_read_name(r);
    if (r->ok && s->kind != CW_SCOPE_COMPONENT)
        cw_reader_fail(r, at, "aliases in component or instance types may only refer to types or instances");
    else if (r->ok && !kinds[sort])
        cw_reader_fail(r, at, "a %s cannot be aliased from a core instance", cw_sort_name(sort));
    const cw_module_type *instance = cw_core_instance_at(l, index_at, index);
    if (!instance)
        return;
    const cw_core_item *item = cw_core_item_find(&instance->exports, name);
    if (!item) {
        cw_reader_fail(r, at, "core instance %u has no export named `%.*s`", index, (int)name.size, name.data);
        return;
    }
    if (item->type.kind + 1 != kinds[sort]) {
        cw_reader_fail(r, at, "export `%.*s` for core instance %u is not a %s", (int)name.size, name.data, index,
                       cw_sort_name(sort));
        return;
    }
    cw_def *def = cw_add_def(l, CW_DEF_ALIAS_CORE, sort, at);
    def->of.alias.instance = index;
    def->of.alias.name = name;
    switch (sort) {
    case CW_SORT_CORE_FUNC: CW_SCOPE_ADD(l, &s->core_funcs, item->type.func); break;
    case CW_SORT_CORE_TABLE: CW_SCOPE_ADD(l, &s->core_tables, item->type.table); break;
    case CW_SORT_CORE_MEMORY: CW_SCOPE_ADD(l, &s->core_memories, item->type.memory); break;
    case CW_SORT_CORE_GLOBAL: CW_SCOPE_ADD(l, &s->core_globals, item->type.global); break;
    default: CW_SCOPE_ADD(l, &s->core_tags, item->type.func);
    }
}

/* ---- outer aliases ---- */

static const cw_itype *outer_type(cw_loader *l, const uint8_t *at, const cw_scope *target, uint32_t index, uint8_t sort)
{
    const cw_itype *t = sort == CW_SORT_TYPE ? target->types.items[index] : target->components.items[index];
    if (target->owner == l->scope->owner)
        return t;
    if (sort == CW_SORT_TYPE && cw_has_free_vars(l, target->owner, t) && l->r->ok) {
        cw_reader_fail(
            l->r, at,
            "cannot alias outer type which transitively refers to resources not defined in the current component");
        return NULL;
    }
    return l->r->ok ? cw_adopt_type(l, t) : NULL;
}

static void alias_outer(cw_loader *l, const uint8_t *at, uint8_t sort)
{
    cw_reader *r = l->r;
    cw_scope *s = l->scope;
    uint32_t count = cw_read_u32(r);
    const uint8_t *index_at = r->at;
    uint32_t index = cw_read_u32(r);
    if (!r->ok)
        return;
    bool in_type = sort == CW_SORT_TYPE || sort == CW_SORT_CORE_TYPE;
    if (s->kind != CW_SCOPE_COMPONENT && !in_type) {
        cw_reader_fail(r, at, "outer aliases in component or instance types may only refer to types or instances");
        return;
    }
    if (!in_type && sort != CW_SORT_COMPONENT && sort != CW_SORT_CORE_MODULE) {
        cw_reader_fail(r, at, "a %s cannot be aliased from an outer component", cw_sort_name(sort));
        return;
    }
    if (count > s->depth) {
        cw_reader_fail(r, at, "invalid outer alias count of %u", count);
        return;
    }
    const cw_scope *target = s;
    uint32_t components = 0; /* boundaries of components on the way */
    for (uint32_t i = 0; i < count; i++) {
        components += target->kind == CW_SCOPE_COMPONENT;
        target = target->parent;
    }
    if (index >= cw_scope_count(target, sort)) {
        cw_reader_fail(r, index_at, "unknown %s %u: %s index out of bounds", cw_sort_name(sort), index,
                       cw_sort_name(sort));
        return;
    }

    const cw_itype *t =
        sort == CW_SORT_TYPE || sort == CW_SORT_COMPONENT ? outer_type(l, at, target, index, sort) : NULL;
    cw_def *def = cw_add_def(l, CW_DEF_ALIAS_OUTER, sort, at);
    def->of.outer.count = components;
    def->of.outer.index = index;
    switch (sort) {
    case CW_SORT_TYPE:
        if (t)
            CW_SCOPE_ADD(l, &s->types, t);
        break;
    case CW_SORT_COMPONENT:
        if (t)
            CW_SCOPE_ADD(l, &s->components, t);
        break;
    case CW_SORT_CORE_MODULE: CW_SCOPE_ADD(l, &s->core_modules, target->core_modules.items[index]); break;
    default: {
        const cw_module_type *module = target->core_type_modules.items[index];
        cw_type_id id = target->core.type_ids.items[index];
        CW_SCOPE_ADD(l, &s->core_type_modules, module);
        CW_SCOPE_ADD(l, &s->core.type_ids, id);
        s->core_module.type_ids = s->core.type_ids.items;
        s->core_module.n_types = s->core.type_ids.n;
    }
    }
}

void cw_read_alias(cw_loader *l)
{
    const uint8_t *at = l->r->at;
    uint8_t sort = cw_read_sort(l);
    const uint8_t *target_at = l->r->at;
    uint8_t target = cw_read_u8(l->r);
    if (!l->r->ok)
        return;
    if (target == 0)
        alias_export(l, at, sort);
    else if (target == 1)
        alias_core_export(l, at, sort);
    else if (target == 2)
        alias_outer(l, at, sort);
    else
        cw_reader_fail(l->r, target_at, "invalid leading byte 0x%02x for an alias", target);
}
