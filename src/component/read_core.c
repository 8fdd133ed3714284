/* component/read_core.c: core types, module types, and core instances  [Binary.md: Type Definitions, Instance
 * Definitions].
 *
 * Core types are read by the module decoder; the index space of a component's core types has holes where module types
 * stand. A module type is a scope of its own, which sees the outside only through aliases. */
#include "component/read.h"

/* ---- types of modules ---- */

static bool check_duplicates(cw_loader *l, const uint8_t *at, const cw_core_list *list, bool is_import)
{
    cw_map seen = { 0 };
    for (uint32_t i = 0; i < list->n && l->r->ok; i++) {
        const cw_core_item *item = &list->items[i];
        cwrun_str key = item->name;
        if (is_import) { /* two names as one: the first's size sets them apart */
            uint64_t size = item->module.size;
            char *both = cw_arena_raw(&l->scratch, sizeof size + item->module.size + item->name.size + 1, 1);
            if (!both) {
                cw_reader_oom(l->r);
                break;
            }
            memcpy(both, &size, sizeof size);
            if (item->module.size)
                memcpy(both + sizeof size, item->module.data, item->module.size);
            if (item->name.size)
                memcpy(both + sizeof size + item->module.size, item->name.data, item->name.size);
            key = (cwrun_str){ both, sizeof size + item->module.size + item->name.size };
        }
        bool is_new = false;
        if (!cw_map_put(&seen, l->alloc, key, &is_new))
            cw_reader_oom(l->r);
        else if (!is_new && is_import)
            cw_reader_fail(l->r, at, "duplicate import name `%.*s:%.*s` already defined", (int)item->module.size,
                           item->module.data, (int)item->name.size, item->name.data);
        else if (!is_new)
            cw_reader_fail(l->r, at, "duplicate export name `%.*s` already defined", (int)item->name.size,
                           item->name.data);
    }
    cw_map_fini(&seen, l->alloc);
    return l->r->ok;
}

static const cw_module_type *finish_module_type(cw_loader *l, const uint8_t *at, cw_module_type *t)
{
    if (!l->r->ok || !check_duplicates(l, at, &t->imports, true) || !check_duplicates(l, at, &t->exports, false))
        return NULL;
    if (!cw_core_list_index(l->arena, &t->exports)) {
        cw_reader_oom(l->r);
        return NULL;
    }
    return t;
}

const cw_module_type *cw_type_of_module(cw_loader *l, const uint8_t *at, const cw_module *m)
{
    cw_module_type *t = cw_module_type_of(l->arena, m);
    if (!t)
        cw_reader_oom(l->r);
    return finish_module_type(l, at, t);
}

/* ---- module types ---- */

/* A module type while it is read: the module decoder's state with nothing but types in it. */
typedef struct module_scope {
    cw_builder core;
    cw_module module;
    CW_VEC(cw_core_item) imports;
    CW_VEC(cw_core_item) exports;
} module_scope;

static void share_types(cw_builder *b)
{
    b->m->type_ids = b->type_ids.items;
    b->m->n_types = b->type_ids.n;
}

static cw_externtype read_core_externtype(cw_loader *l, const cw_module *m)
{
    const uint8_t *at = l->r->at;
    cw_externtype t = { .kind = cw_read_u8(l->r), .func = CW_NO_TYPE };
    switch (t.kind) {
    case CW_EXTERN_FUNC: t.func = cw_read_functype_index(l->r, m); break;
    case CW_EXTERN_TABLE: t.table = cw_read_tabletype(l->r, m); break;
    case CW_EXTERN_MEMORY: t.memory = cw_read_memtype(l->r, m); break;
    case CW_EXTERN_GLOBAL: t.global = cw_read_globaltype(l->r, m); break;
    case CW_EXTERN_TAG: t.func = cw_read_tagtype(l->r, m); break;
    default: cw_reader_fail(l->r, at, "invalid leading byte 0x%02x for an external kind", t.kind);
    }
    return t;
}

static void alias_core_type(cw_loader *l, module_scope *ms)
{
    cw_reader *r = l->r;
    const uint8_t *at = r->at;
    uint8_t sort = cw_read_u8(r);
    uint8_t form = cw_read_u8(r);
    if (r->ok && (sort != 0x10 || form != 0x01))
        cw_reader_fail(r, at, "invalid leading byte for an alias in a module type");
    uint32_t count = cw_read_u32(r);
    uint32_t index = cw_read_u32(r);
    if (!r->ok)
        return;

    cw_type_id id = CW_NO_TYPE;
    bool known = false;
    if (count == 0) {
        known = index < ms->core.type_ids.n;
        id = known ? ms->core.type_ids.items[index] : CW_NO_TYPE;
    } else {
        const cw_scope *s = l->scope;
        for (uint32_t i = 1; i < count && s; i++)
            s = s->parent;
        if (!s) {
            cw_reader_fail(r, at, "invalid outer alias count of %u", count);
            return;
        }
        known = index < s->core.type_ids.n;
        id = known ? s->core.type_ids.items[index] : CW_NO_TYPE;
    }
    if (!known)
        cw_reader_fail(r, at, "unknown core type %u: type index out of bounds", index);
    else if (id == CW_NO_TYPE)
        cw_reader_fail(r, at, "core type %u is a module type, which cannot be aliased into a module type", index);
    if (r->ok)
        CW_SCOPE_ADD(l, &ms->core.type_ids, id);
    share_types(&ms->core);
}

static void read_moduledecl(cw_loader *l, module_scope *ms)
{
    cw_reader *r = l->r;
    const uint8_t *at = r->at;
    uint8_t code = cw_read_u8(r);
    cw_core_item item = { .name = { NULL, 0 } };
    switch (code) {
    case 0x00:
        item.module = cw_read_name(r);
        item.name = cw_read_name(r);
        item.type = read_core_externtype(l, &ms->module);
        CW_SCOPE_ADD(l, &ms->imports, item);
        break;
    case 0x01:
        if (cw_reader_left(r) && *r->at == 0x50 && !(cw_reader_left(r) > 1 && r->at[1] <= 1))
            cw_reader_fail(r, r->at, "invalid leading byte: a module type cannot contain module types");
        cw_read_group(r, &ms->core);
        share_types(&ms->core);
        break;
    case 0x02: alias_core_type(l, ms); break;
    case 0x03:
        item.name = cw_read_name(r);
        item.type = read_core_externtype(l, &ms->module);
        CW_SCOPE_ADD(l, &ms->exports, item);
        break;
    default: cw_reader_fail(r, at, "invalid leading byte 0x%02x for a module type declaration", code);
    }
}

static const cw_module_type *read_module_type(cw_loader *l, const uint8_t *at)
{
    module_scope *ms = cw_new(l->alloc, sizeof *ms);
    if (!ms) {
        cw_reader_oom(l->r);
        return NULL;
    }
    ms->module.types = l->config->types;
    ms->module.features = l->config->features;
    ms->core.m = &ms->module;
    ms->core.config = l->config;
    cw_arena_init(&ms->core.scratch, l->alloc);

    uint32_t n = cw_read_count(l->r, CW_MAX_COMPONENT_ITEMS, "module type declarations");
    for (uint32_t i = 0; i < n && l->r->ok; i++) {
        cw_reader_push(l->r, "declaration", i);
        read_moduledecl(l, ms);
        cw_reader_pop(l->r);
    }
    cw_module_type *t = CW_READ_ARRAY(l->r, 1, cw_module_type);
    if (t) {
        t->imports.n = ms->imports.n;
        t->imports.items = cw_arena_keep(l, ms->imports.items, ms->imports.n, sizeof *ms->imports.items);
        t->exports.n = ms->exports.n;
        t->exports.items = cw_arena_keep(l, ms->exports.items, ms->exports.n, sizeof *ms->exports.items);
    }
    cw_arena_fini(&ms->core.scratch);
    CW_VEC_FINI(&ms->core.type_ids, l->alloc);
    CW_VEC_FINI(&ms->imports, l->alloc);
    CW_VEC_FINI(&ms->exports, l->alloc);
    cw_free(l->alloc, ms, sizeof *ms);
    return t ? finish_module_type(l, at, t) : NULL;
}

/* ---- core types of a component ---- */

void cw_read_core_type(cw_loader *l)
{
    cw_reader *r = l->r;
    cw_scope *s = l->scope;
    const uint8_t *at = r->at;
    uint8_t code = cw_reader_left(r) ? *at : 0xff;
    cw_add_def(l, CW_DEF_CORE_TYPE, CW_SORT_CORE_TYPE, at);

    if (code == 0x50) {
        r->at++;
        const cw_module_type *t = read_module_type(l, at);
        if (!t)
            return;
        cw_type_id none = CW_NO_TYPE;
        CW_SCOPE_ADD(l, &s->core.type_ids, none);
        CW_SCOPE_ADD(l, &s->core_type_modules, t);
    } else {
        if (code == 0x00) { /* a non-final sub type is set apart from a module type by this byte */
            r->at++;
            if (r->ok && (cw_reader_left(r) == 0 || *r->at != 0x50))
                cw_reader_fail(r, NULL, "invalid leading byte for a non-final sub type");
        }
        uint32_t before = s->core.type_ids.n;
        cw_read_group(r, &s->core);
        for (uint32_t i = before; i < s->core.type_ids.n && r->ok; i++) {
            const cw_module_type *none = NULL;
            CW_SCOPE_ADD(l, &s->core_type_modules, none);
            if (i > before)
                cw_add_def(l, CW_DEF_CORE_TYPE, CW_SORT_CORE_TYPE, at)->index = i;
        }
    }
    share_types(&s->core);
}

/* ---- core instances ---- */

static bool read_core_args(cw_loader *l, cw_named **items, uint32_t *n)
{
    cw_reader *r = l->r;
    *n = cw_read_count(r, CW_MAX_ARGS, "core instantiation arguments");
    *items = CW_READ_ARRAY(r, *n, cw_named);
    for (uint32_t i = 0; i < *n && r->ok; i++) {
        cw_named *a = &(*items)[i];
        a->name = cw_read_name(r);
        const uint8_t *at = r->at;
        uint8_t code = cw_read_u8(r);
        if (r->ok && code != 0x12)
            cw_reader_fail(
                r, at, "invalid leading byte 0x%02x for an instantiation argument: only instances are allowed", code);
        a->sort = CW_SORT_CORE_INSTANCE;
        at = r->at;
        a->index = cw_read_u32(r);
        cw_core_instance_at(l, at, a->index);
    }
    return r->ok;
}

static void check_core_args(cw_loader *l, const uint8_t *at, const cw_module_type *module, const cw_named *args,
                            uint32_t n)
{
    cw_reader *r = l->r;
    cw_name_index index = { 0 };
    if (!cw_name_index_init(&l->scratch, &index, args, sizeof *args, n))
        cw_reader_oom(r);
    for (uint32_t i = 0; i < n && r->ok; i++)
        if (cw_name_index_find(&index, args, sizeof *args, n, args[i].name) != i)
            cw_reader_fail(r, at, "duplicate module instantiation argument named `%.*s`", (int)args[i].name.size,
                           args[i].name.data);

    for (uint32_t i = 0; i < module->imports.n && r->ok; i++) {
        const cw_core_item *import = &module->imports.items[i];
        cwrun_str m = import->module, name = import->name;
        uint32_t k = cw_name_index_find(&index, args, sizeof *args, n, m);
        if (k == CW_NO_INDEX) {
            cw_reader_fail(r, at, "missing module instantiation argument named `%.*s`", (int)m.size, m.data);
            return;
        }
        const cw_module_type *instance = l->scope->core_instances.items[args[k].index];
        const cw_core_item *given = cw_core_item_find(&instance->exports, name);
        if (!given)
            cw_reader_fail(r, at, "module instantiation argument `%.*s` does not export an item named `%.*s`",
                           (int)m.size, m.data, (int)name.size, name.data);
        else if (!cw_externtype_matches(l->config->types, &given->type, &import->type))
            cw_reader_fail(r, at, "type mismatch for export `%.*s` of module instantiation argument `%.*s`",
                           (int)name.size, name.data, (int)m.size, m.data);
    }
}

static void read_core_instantiate(cw_loader *l, const uint8_t *at)
{
    const uint8_t *index_at = l->r->at;
    uint32_t index = cw_read_u32(l->r), n;
    const cw_module_type *module = cw_core_module_at(l, index_at, index);
    cw_named *args;
    if (!module || !read_core_args(l, &args, &n))
        return;
    check_core_args(l, index_at, module, args, n);
    cw_def *def = cw_add_def(l, CW_DEF_CORE_INSTANTIATE, CW_SORT_CORE_INSTANCE, at);
    def->of.instantiate.index = index;
    def->of.instantiate.n_args = n;
    def->of.instantiate.args = args;
    CW_SCOPE_ADD(l, &l->scope->core_instances, module);
}

static bool core_externtype_at(cw_loader *l, const uint8_t *at, uint8_t sort, uint32_t index, cw_externtype *t)
{
    const cw_scope *s = l->scope;
    if (l->r->ok && sort > CW_SORT_CORE_TAG)
        cw_reader_fail(l->r, at, "a %s cannot be exported from a core instance", cw_sort_name(sort));
    else if (l->r->ok && index >= cw_scope_count(s, sort))
        cw_reader_fail(l->r, at, "unknown %s %u: %s index out of bounds", cw_sort_name(sort), index,
                       cw_sort_name(sort));
    if (!l->r->ok)
        return false;
    *t = (cw_externtype){ .func = CW_NO_TYPE };
    switch (sort) {
    case CW_SORT_CORE_FUNC:
        t->kind = CW_EXTERN_FUNC;
        t->func = s->core_funcs.items[index];
        break;
    case CW_SORT_CORE_TABLE:
        t->kind = CW_EXTERN_TABLE;
        t->table = s->core_tables.items[index];
        break;
    case CW_SORT_CORE_MEMORY:
        t->kind = CW_EXTERN_MEMORY;
        t->memory = s->core_memories.items[index];
        break;
    case CW_SORT_CORE_GLOBAL:
        t->kind = CW_EXTERN_GLOBAL;
        t->global = s->core_globals.items[index];
        break;
    default: t->kind = CW_EXTERN_TAG; t->func = s->core_tags.items[index];
    }
    return true;
}

static void read_core_exports(cw_loader *l, const uint8_t *at)
{
    cw_reader *r = l->r;
    uint32_t n = cw_read_count(r, CW_MAX_ARGS, "core instance exports");
    cw_named *named = CW_READ_ARRAY(r, n, cw_named);
    cw_core_item *items = CW_READ_ARRAY(r, n, cw_core_item);
    cw_module_type *t = CW_READ_ARRAY(r, 1, cw_module_type);
    for (uint32_t i = 0; i < n && r->ok; i++) {
        cwrun_str name = cw_read_name(r);
        const uint8_t *sort_at = r->at;
        uint8_t sort = cw_read_core_sort(l);
        uint32_t index = cw_read_u32(r);
        items[i].name = name;
        named[i] = (cw_named){ name, sort, index };
        core_externtype_at(l, sort_at, sort, index, &items[i].type);
    }
    if (!r->ok)
        return;
    t->exports.n = n;
    t->exports.items = items;
    if (!finish_module_type(l, at, t))
        return;
    cw_def *def = cw_add_def(l, CW_DEF_CORE_EXPORTS, CW_SORT_CORE_INSTANCE, at);
    def->of.exports.n = n;
    def->of.exports.items = named;
    CW_SCOPE_ADD(l, &l->scope->core_instances, t);
}

void cw_read_core_instance(cw_loader *l)
{
    const uint8_t *at = l->r->at;
    uint8_t code = cw_read_u8(l->r);
    if (!l->r->ok)
        return;
    if (code == 0)
        read_core_instantiate(l, at);
    else if (code == 1)
        read_core_exports(l, at);
    else
        cw_reader_fail(l->r, at, "invalid leading byte 0x%02x for a core instance", code);
}
