/* component/read_component.c: a whole component: preamble, sections, scopes and their index spaces  [Binary.md:
 * Component Definitions].
 *
 * Nested components recurse; the reader's bound on nesting bounds that. */
#include "component/read.h"

/* ---- helpers ---- */

void *cw_arena_keep(cw_loader *l, const void *items, size_t n, size_t size)
{
    return cw_read_array_grow(l->r, items, n, 0, size);
}

bool cw_check_type_size(cw_loader *l, const uint8_t *at, uint32_t depth, uint32_t tree_size)
{
    if (depth > CW_TYPE_MAX_DEPTH)
        cw_reader_limit(l->r, at, "type nesting is too deep");
    else if (tree_size > CW_TYPE_MAX_TREE)
        cw_reader_limit(l->r, at, "effective type size exceeds the limit of %u", (unsigned)CW_TYPE_MAX_TREE);
    return l->r->ok;
}

/* ---- scopes ---- */

cw_scope *cw_scope_push(cw_loader *l, uint8_t kind)
{
    cw_scope *s = cw_new(l->alloc, sizeof *s);
    if (!s) {
        cw_reader_oom(l->r);
        return NULL;
    }
    s->parent = l->scope;
    s->depth = s->parent ? s->parent->depth + 1 : 0;
    s->owner = kind == CW_SCOPE_COMPONENT ? s : s->parent->owner;
    s->kind = kind;
    s->first_var = s->owner->vars.n;
    s->serial = ++l->next_serial;
    s->core_module.types = l->config->types;
    s->core_module.features = l->config->features;
    s->core.m = &s->core_module;
    s->core.config = l->config;
    cw_arena_init(&s->core.scratch, l->alloc);
    l->scope = s;
    return s;
}

void cw_scope_pop(cw_loader *l)
{
    cw_scope *s = l->scope;
    const cw_alloc *a = l->alloc;
    l->scope = s->parent;
    cw_arena_fini(&s->core.scratch);
    CW_VEC_FINI(&s->core.type_ids, a);
    CW_VEC_FINI(&s->core_type_modules, a);
    CW_VEC_FINI(&s->core_funcs, a);
    CW_VEC_FINI(&s->core_tags, a);
    CW_VEC_FINI(&s->core_tables, a);
    CW_VEC_FINI(&s->core_memories, a);
    CW_VEC_FINI(&s->core_globals, a);
    CW_VEC_FINI(&s->core_modules, a);
    CW_VEC_FINI(&s->core_instances, a);
    CW_VEC_FINI(&s->types, a);
    CW_VEC_FINI(&s->funcs, a);
    CW_VEC_FINI(&s->instances, a);
    CW_VEC_FINI(&s->components, a);
    CW_VEC_FINI(&s->values, a);
    CW_VEC_FINI(&s->imports, a);
    CW_VEC_FINI(&s->exports, a);
    cw_extern_names_fini(l, &s->import_names);
    cw_extern_names_fini(l, &s->export_names);
    cw_ptrmap_fini(&s->named, a);
    CW_VEC_FINI(&s->defs, a);
    CW_VEC_FINI(&s->import_list, a);
    CW_VEC_FINI(&s->export_list, a);
    CW_VEC_FINI(&s->vars, a);
    CW_VEC_FINI(&s->var_infos, a);
    cw_free(a, s, sizeof *s);
}

uint32_t cw_scope_count(const cw_scope *s, uint8_t sort)
{
    switch (sort) {
    case CW_SORT_CORE_FUNC: return s->core_funcs.n;
    case CW_SORT_CORE_TABLE: return s->core_tables.n;
    case CW_SORT_CORE_MEMORY: return s->core_memories.n;
    case CW_SORT_CORE_GLOBAL: return s->core_globals.n;
    case CW_SORT_CORE_TAG: return s->core_tags.n;
    case CW_SORT_CORE_TYPE: return s->core.type_ids.n;
    case CW_SORT_CORE_MODULE: return s->core_modules.n;
    case CW_SORT_CORE_INSTANCE: return s->core_instances.n;
    case CW_SORT_FUNC: return s->funcs.n;
    case CW_SORT_VALUE: return s->values.n;
    case CW_SORT_TYPE: return s->types.n;
    case CW_SORT_INSTANCE: return s->instances.n;
    case CW_SORT_COMPONENT: return s->components.n;
    default: return 0;
    }
}

cw_def *cw_add_def(cw_loader *l, uint8_t kind, uint8_t sort, const uint8_t *at)
{
    static const uint32_t most[CW_SORT_COUNT] = {
        [CW_SORT_CORE_FUNC] = CW_MAX_COMPONENT_FUNCS,
        [CW_SORT_CORE_TABLE] = CW_MAX_TABLES,
        [CW_SORT_CORE_MEMORY] = CW_MAX_TABLES,
        [CW_SORT_CORE_GLOBAL] = CW_MAX_GLOBALS,
        [CW_SORT_CORE_TAG] = CW_MAX_TAGS,
        [CW_SORT_CORE_TYPE] = CW_MAX_COMPONENT_TYPES,
        [CW_SORT_CORE_MODULE] = CW_MAX_INSTANCES,
        [CW_SORT_CORE_INSTANCE] = CW_MAX_INSTANCES,
        [CW_SORT_FUNC] = CW_MAX_COMPONENT_FUNCS,
        [CW_SORT_VALUE] = CW_MAX_VALUES,
        [CW_SORT_TYPE] = CW_MAX_COMPONENT_TYPES,
        [CW_SORT_INSTANCE] = CW_MAX_INSTANCES,
        [CW_SORT_COMPONENT] = CW_MAX_INSTANCES,
    };
    cw_scope *s = l->scope;
    uint32_t index = sort < CW_SORT_COUNT ? cw_scope_count(s, sort) : 0;
    if (sort < CW_SORT_COUNT && index >= most[sort])
        cw_reader_limit(l->r, at, "too many %ss, at most %u", cw_sort_name(sort), most[sort]);

    cw_def *def = s->kind == CW_SCOPE_COMPONENT && l->r->ok ? CW_VEC_PUSH(&s->defs, l->alloc) : &l->nowhere;
    if (!def) {
        cw_reader_oom(l->r);
        def = &l->nowhere;
    }
    *def = (cw_def){ .kind = kind, .sort = sort, .index = index, .offset = cw_reader_offset(l->r, at) };
    return def;
}

void cw_add_thing(cw_loader *l, const cw_itype *type)
{
    cw_scope *s = l->scope;
    switch (type->sort) {
    case CW_SORT_CORE_MODULE: CW_SCOPE_ADD(l, &s->core_modules, type->module); break;
    case CW_SORT_FUNC: CW_SCOPE_ADD(l, &s->funcs, type->func); break;
    case CW_SORT_VALUE:
        CW_SCOPE_ADD(l, &s->values, ((cw_value_entry){ type->value, false }));
        l->scope->owner->component->needs_values = true;
        break;
    case CW_SORT_TYPE: CW_SCOPE_ADD(l, &s->types, type->type); break;
    case CW_SORT_INSTANCE: CW_SCOPE_ADD(l, &s->instances, type); break;
    case CW_SORT_COMPONENT: CW_SCOPE_ADD(l, &s->components, type); break;
    default: break;
    }
}

/* ---- index spaces ---- */

static bool in_bounds(cw_loader *l, const uint8_t *at, uint32_t index, uint8_t sort)
{
    uint32_t n = cw_scope_count(l->scope, sort);
    if (l->r->ok && index >= n)
        cw_reader_fail(l->r, at, "unknown %s %u: %s index out of bounds, there are %u", cw_sort_name(sort), index,
                       cw_sort_name(sort), n);
    return l->r->ok;
}

const cw_itype *cw_type_at(cw_loader *l, const uint8_t *at, uint32_t index)
{
    return in_bounds(l, at, index, CW_SORT_TYPE) ? l->scope->types.items[index] : NULL;
}

const cw_functype *cw_func_at(cw_loader *l, const uint8_t *at, uint32_t index)
{
    return in_bounds(l, at, index, CW_SORT_FUNC) ? l->scope->funcs.items[index] : NULL;
}

const cw_itype *cw_instance_at(cw_loader *l, const uint8_t *at, uint32_t index)
{
    return in_bounds(l, at, index, CW_SORT_INSTANCE) ? l->scope->instances.items[index] : NULL;
}

const cw_itype *cw_component_at(cw_loader *l, const uint8_t *at, uint32_t index)
{
    return in_bounds(l, at, index, CW_SORT_COMPONENT) ? l->scope->components.items[index] : NULL;
}

const cw_module_type *cw_core_module_at(cw_loader *l, const uint8_t *at, uint32_t index)
{
    return in_bounds(l, at, index, CW_SORT_CORE_MODULE) ? l->scope->core_modules.items[index] : NULL;
}

const cw_module_type *cw_core_instance_at(cw_loader *l, const uint8_t *at, uint32_t index)
{
    return in_bounds(l, at, index, CW_SORT_CORE_INSTANCE) ? l->scope->core_instances.items[index] : NULL;
}

const cw_subtype *cw_core_func_at(cw_loader *l, const uint8_t *at, uint32_t index)
{
    return in_bounds(l, at, index, CW_SORT_CORE_FUNC)
               ? cw_types_get(l->config->types, l->scope->core_funcs.items[index])
               : NULL;
}

cw_value_entry *cw_value_at(cw_loader *l, const uint8_t *at, uint32_t index)
{
    if (!in_bounds(l, at, index, CW_SORT_VALUE))
        return NULL;
    cw_value_entry *v = &l->scope->values.items[index];
    if (v->used) {
        cw_reader_fail(l->r, at, "value %u cannot be used more than once", index);
        return NULL;
    }
    v->used = true;
    return v;
}

uint32_t cw_resource_at(cw_loader *l, const uint8_t *at, uint32_t index)
{
    const cw_itype *t = cw_type_at(l, at, index);
    if (t && t->sort != CW_SORT_RESOURCE)
        cw_reader_fail(l->r, at, "type index %u is not a resource type", index);
    return l->r->ok ? t->resource : CW_NO_INDEX;
}

const cw_itype *cw_thing_at(cw_loader *l, const uint8_t *at, uint8_t sort, uint32_t index)
{
    const cw_itype *made = NULL, *type;
    const cw_functype *func;
    const cw_module_type *module;
    const cw_value_entry *value;
    switch (sort) {
    case CW_SORT_FUNC:
        if ((func = cw_func_at(l, at, index)))
            made = cw_itype_of_func(l->arena, func);
        break;
    case CW_SORT_TYPE:
        if ((type = cw_type_at(l, at, index)))
            made = cw_itype_of_type(l->arena, type);
        break;
    case CW_SORT_INSTANCE: return cw_instance_at(l, at, index);
    case CW_SORT_COMPONENT: return cw_component_at(l, at, index);
    case CW_SORT_CORE_MODULE:
        if ((module = cw_core_module_at(l, at, index)))
            made = cw_itype_of_module(l->arena, module);
        break;
    case CW_SORT_VALUE:
        if ((value = cw_value_at(l, at, index)))
            made = cw_itype_of_value(l->arena, value->type);
        break;
    default:
        if (l->r->ok)
            cw_reader_fail(l->r, at, "a %s cannot be used here", cw_sort_name(sort));
    }
    if (l->r->ok && !made)
        cw_reader_oom(l->r);
    return l->r->ok ? made : NULL;
}

uint8_t cw_read_core_sort(cw_loader *l)
{
    const uint8_t *at = l->r->at;
    uint8_t code = cw_read_u8(l->r);
    switch (code) {
    case 0x00: return CW_SORT_CORE_FUNC;
    case 0x01: return CW_SORT_CORE_TABLE;
    case 0x02: return CW_SORT_CORE_MEMORY;
    case 0x03: return CW_SORT_CORE_GLOBAL;
    case 0x04: return CW_SORT_CORE_TAG;
    case 0x10: return CW_SORT_CORE_TYPE;
    case 0x11: return CW_SORT_CORE_MODULE;
    case 0x12: return CW_SORT_CORE_INSTANCE;
    default: cw_reader_fail(l->r, at, "invalid leading byte 0x%02x for a core sort", code); return CW_SORT_COUNT;
    }
}

uint8_t cw_read_sort(cw_loader *l)
{
    const uint8_t *at = l->r->at;
    uint8_t code = cw_read_u8(l->r);
    switch (code) {
    case 0x00: return cw_read_core_sort(l);
    case 0x01: return CW_SORT_FUNC;
    case 0x02: return CW_SORT_VALUE;
    case 0x03: return CW_SORT_TYPE;
    case 0x04: return CW_SORT_COMPONENT;
    case 0x05: return CW_SORT_INSTANCE;
    default: cw_reader_fail(l->r, at, "invalid leading byte 0x%02x for a sort", code); return CW_SORT_COUNT;
    }
}

/* ---- sections ---- */

static cw_component *read_component(cw_loader *l);

static void read_module_section(cw_loader *l)
{
    const uint8_t *at = l->r->at;
    cw_reader_push(l->r, "module", l->scope->core_modules.n);
    cw_module *m = cw_module_read(l->r, l->config);
    const cw_module_type *type = m && !l->is_damaged ? cw_type_of_module(l, at, m) : NULL;
    cw_reader_pop(l->r);
    l->is_damaged |= !m;
    if (!type && !l->is_damaged)
        return;
    cw_add_def(l, CW_DEF_CORE_MODULE, CW_SORT_CORE_MODULE, at)->of.module = m;
    CW_SCOPE_ADD(l, &l->scope->core_modules, type);
}

static void read_component_section(cw_loader *l)
{
    const uint8_t *at = l->r->at;
    cw_reader_push(l->r, "component", l->scope->n_children++);
    cw_component *child = read_component(l);
    cw_reader_pop(l->r);
    const cw_itype *type = child ? cw_adopt_type(l, child->type) : NULL;
    if (!type)
        return;
    cw_add_def(l, CW_DEF_COMPONENT, CW_SORT_COMPONENT, at)->of.component = child;
    CW_SCOPE_ADD(l, &l->scope->components, type);
}

/* Only the component's own name is of interest; a fault in the section is none in the component. */
static void read_name_section(cw_loader *l, cwrun_str name)
{
    cw_reader quiet = *l->r;
    quiet.err = NULL;
    l->r->at = l->r->end;
    if (!cw_str_eq_c(name, "component-name"))
        return;
    if (cw_reader_left(&quiet) && cw_read_u8(&quiet) == 0) {
        cw_read_u32(&quiet);
        cwrun_str own = cw_read_name(&quiet);
        if (quiet.ok)
            l->scope->component->name = own;
    }
}

static void read_custom(cw_loader *l)
{
    cwrun_str name = cw_read_name(l->r);
    if (l->r->ok)
        read_name_section(l, name);
}

static void read_many(cw_loader *l, const char *what, uint32_t most, void (*read)(cw_loader *l))
{
    uint32_t n = cw_read_count(l->r, most, what);
    for (uint32_t i = 0; i < n && l->r->ok; i++) {
        cw_reader_push(l->r, what, i);
        read(l);
        cw_reader_pop(l->r);
    }
}

static void read_section(cw_loader *l)
{
    static const char *const names[] = {
        "custom section",          "core module section",      "core instance section",
        "core type section",       "component section",        "component instance section",
        "alias section",           "component type section",   "canonical function section",
        "component start section", "component import section", "component export section",
        "component value section",
    };
    enum { SECTIONS = sizeof names / sizeof *names };

    const uint8_t *at = l->r->at;
    uint8_t id = cw_read_u8(l->r);
    if (l->r->ok && id >= SECTIONS) {
        cw_reader_fail(l->r, at, "malformed section id %u", id);
        return;
    }
    const uint32_t depth = l->r->depth;
    const uint8_t *outer = cw_reader_enter(l->r, cw_read_u32(l->r), names[id]), *end = l->r->end;
    const bool can_recover = l->r->ok;
    if (l->r->ok && l->is_damaged && id != 1 && id != 4) { /* modules stand alone, whatever is wrong around them */
        l->r->at = end;
    } else if (l->r->ok) {
        switch (id) {
        case 0: read_custom(l); break;
        case 1: read_module_section(l); break;
        case 2: read_many(l, "core instance", CW_MAX_INSTANCES, cw_read_core_instance); break;
        case 3: read_many(l, "core type", CW_MAX_COMPONENT_TYPES, cw_read_core_type); break;
        case 4: read_component_section(l); break;
        case 5: read_many(l, "instance", CW_MAX_INSTANCES, cw_read_instance); break;
        case 6: read_many(l, "alias", CW_MAX_COMPONENT_ITEMS, cw_read_alias); break;
        case 7: read_many(l, "type", CW_MAX_COMPONENT_TYPES, cw_read_type); break;
        case 8: read_many(l, "canonical function", CW_MAX_COMPONENT_FUNCS, cw_read_canon); break;
        case 9: cw_read_component_start(l); break;
        case 10: read_many(l, "import", CW_MAX_COMPONENT_ITEMS, cw_read_import); break;
        case 11: read_many(l, "export", CW_MAX_COMPONENT_ITEMS, cw_read_export); break;
        default: read_many(l, "value", CW_MAX_VALUES, cw_read_value);
        }
    }
    cw_reader_leave(l->r, outer, names[id]);
    if (can_recover && cw_reader_recover(l->r)) {
        l->is_damaged = true;
        l->r->at = end;
        l->r->depth = depth;
    }
}

static void read_preamble(cw_loader *l)
{
    static const uint8_t magic[4] = { 0, 'a', 's', 'm' };
    cw_reader *r = l->r;
    const uint8_t *at = r->at;
    if (r->ok && (cw_reader_left(r) < 4 || memcmp(at, magic, 4) != 0))
        cw_reader_fail(r, at, "magic header not detected");
    cw_read_bytes(r, 4);
    at = r->at;
    uint32_t version = cw_read_fixed32(r);
    if (r->ok && version >> 16 == 0)
        cw_reader_fail(r, at, "unknown binary version: this is a core module, not a component");
    else if (r->ok && version >> 16 != 1)
        cw_reader_fail(r, at, "unknown binary version: layer %u", version >> 16);
    else if (r->ok && (version & 0xffff) != 0x0d)
        cw_reader_fail(r, at, "unknown binary version 0x%x of a component", version & 0xffff);
}

/* ---- a whole component ---- */

static void check_values_used(cw_loader *l)
{
    const cw_scope *s = l->scope;
    for (uint32_t i = 0; i < s->values.n && l->r->ok; i++)
        if (!s->values.items[i].used)
            cw_reader_fail(l->r, NULL,
                           "value index %u was not used as part of an instantiation, start function, or export", i);
}

static void finish_component(cw_loader *l, cw_component *c)
{
    cw_scope *s = l->scope;
    check_values_used(l);
    c->type = cw_finish_scope(l, l->r->at);
    c->n_defs = s->defs.n;
    c->defs = cw_arena_keep(l, s->defs.items, s->defs.n, sizeof *c->defs);
    c->n_imports = s->import_list.n;
    c->imports = cw_arena_keep(l, s->import_list.items, s->import_list.n, sizeof *c->imports);
    c->n_exports = s->export_list.n;
    c->exports = cw_arena_keep(l, s->export_list.items, s->export_list.n, sizeof *c->exports);
    c->n_resources = s->vars.n;
    c->resources = cw_arena_keep(l, s->vars.items, s->vars.n, sizeof *c->resources);
    c->func_types = cw_arena_keep(l, s->funcs.items, s->funcs.n, sizeof *c->func_types);
    c->type_vars = CW_READ_ARRAY(l->r, s->types.n, uint32_t);
    for (uint32_t i = 0; l->r->ok && i < s->types.n; i++)
        c->type_vars[i] = s->types.items[i]->sort == CW_SORT_RESOURCE ? s->types.items[i]->resource : CW_NO_INDEX;
    for (uint8_t sort = 0; sort < CW_SORT_COUNT; sort++)
        c->n[sort] = cw_scope_count(s, sort);
    if (l->r->ok && (l->arena->oom || l->scratch.oom))
        cw_reader_oom(l->r);
}

static cw_component *read_component(cw_loader *l)
{
    cw_component *c = CW_READ_ARRAY(l->r, 1, cw_component);
    if (!c)
        return NULL;
    c->bytes = l->r->at;
    c->size = cw_reader_left(l->r);
    c->file_offset = cw_reader_offset(l->r, l->r->at);
    c->parent = l->scope ? l->scope->component : NULL;
    if (!cw_scope_push(l, CW_SCOPE_COMPONENT))
        return NULL;
    l->scope->component = c;

    read_preamble(l);
    while (l->r->ok && l->r->at < l->r->end)
        read_section(l);
    if (l->r->ok && !l->is_damaged)
        finish_component(l, c);
    cw_scope_pop(l);
    return l->r->ok && !l->is_damaged ? c : NULL;
}

cw_component *cw_component_read(cw_reader *r, const cw_module_config *config)
{
    cw_loader l = {
        .r = r,
        .config = config,
        .alloc = config->alloc,
        .arena = r->arena,
        .rename_budget = CW_MAX_RENAMED,
        .walk_budget = CW_MAX_WALKED,
    };
    cw_arena_init(&l.scratch, config->alloc);
    cw_need_feature(r, r->at, config->features, CW_FEATURE_COMPONENT_MODEL);
    cw_component *c = read_component(&l);
    cw_arena_fini(&l.scratch);
    return c;
}
