/* component/itype.c: making, searching and renaming the static types of things.
 *
 * Renaming is a copy with a memo, so that what was one node stays one node: validation tells named types by identity.
 */
#include "component/check_types.h"

enum { LINEAR = 8 };

const char *cw_sort_name(uint8_t sort)
{
    static const char *const names[] = {
        [CW_SORT_CORE_FUNC] = "core func",
        [CW_SORT_CORE_TABLE] = "core table",
        [CW_SORT_CORE_MEMORY] = "core memory",
        [CW_SORT_CORE_GLOBAL] = "core global",
        [CW_SORT_CORE_TAG] = "core tag",
        [CW_SORT_CORE_TYPE] = "core type",
        [CW_SORT_CORE_MODULE] = "module",
        [CW_SORT_CORE_INSTANCE] = "core instance",
        [CW_SORT_FUNC] = "func",
        [CW_SORT_VALUE] = "value",
        [CW_SORT_TYPE] = "type",
        [CW_SORT_INSTANCE] = "instance",
        [CW_SORT_COMPONENT] = "component",
        [CW_SORT_RESOURCE] = "resource",
    };
    return sort < sizeof names / sizeof *names ? names[sort] : "?";
}

/* ---- name index ---- */

static uint32_t hash_of(cwrun_str s)
{
    uint32_t h = 2166136261u;
    for (size_t i = 0; i < s.size; i++)
        h = (h ^ (uint8_t)s.data[i]) * 16777619u;
    return h ^ (h >> 15);
}

static cwrun_str name_at(const void *items, size_t stride, uint32_t i)
{
    cwrun_str s;
    memcpy(&s, (const char *)items + i * stride, sizeof s);
    return s;
}

bool cw_name_index_init(cw_arena *a, cw_name_index *index, const void *items, size_t stride, uint32_t n)
{
    if (n <= LINEAR)
        return true;
    uint32_t size = 32;
    while (size / 2 < n)
        size *= 2;
    index->slots = CW_ARENA_ARRAY(a, size, uint32_t);
    if (!index->slots)
        return false;
    index->mask = size - 1;
    for (uint32_t i = 0; i < n; i++) {
        uint32_t at = hash_of(name_at(items, stride, i)) & index->mask;
        while (index->slots[at])
            at = (at + 1) & index->mask;
        index->slots[at] = i + 1;
    }
    return true;
}

uint32_t cw_name_index_find(const cw_name_index *index, const void *items, size_t stride, uint32_t n, cwrun_str name)
{
    if (!index->slots) {
        for (uint32_t i = 0; i < n; i++)
            if (cw_str_eq(name_at(items, stride, i), name))
                return i;
        return CW_NO_INDEX;
    }
    for (uint32_t at = hash_of(name) & index->mask; index->slots[at]; at = (at + 1) & index->mask)
        if (cw_str_eq(name_at(items, stride, index->slots[at] - 1), name))
            return index->slots[at] - 1;
    return CW_NO_INDEX;
}

bool cw_item_list_index(cw_arena *a, cw_item_list *list)
{
    return cw_name_index_init(a, &list->index, list->items, sizeof *list->items, list->n);
}

bool cw_core_list_index(cw_arena *a, cw_core_list *list)
{
    return cw_name_index_init(a, &list->index, list->items, sizeof *list->items, list->n);
}

const cw_item *cw_item_find(const cw_item_list *list, cwrun_str name)
{
    uint32_t i = cw_name_index_find(&list->index, list->items, sizeof *list->items, list->n, name);
    return i == CW_NO_INDEX ? NULL : &list->items[i];
}

const cw_core_item *cw_core_item_find(const cw_core_list *list, cwrun_str name)
{
    uint32_t i = cw_name_index_find(&list->index, list->items, sizeof *list->items, list->n, name);
    return i == CW_NO_INDEX ? NULL : &list->items[i];
}

/* ---- makers ---- */

static void take_size(cw_itype *t, uint32_t depth, uint64_t tree_size)
{
    if (depth >= t->depth)
        t->depth = depth < UINT16_MAX ? (uint16_t)(depth + 1) : UINT16_MAX;
    tree_size += t->tree_size;
    t->tree_size = tree_size < UINT32_MAX ? (uint32_t)tree_size : UINT32_MAX;
}

static cw_itype *new_itype(cw_arena *a, uint8_t sort)
{
    cw_itype *t = CW_ARENA_NEW(a, cw_itype);
    if (t) {
        t->sort = sort;
        t->depth = 1;
        t->tree_size = 1;
    }
    return t;
}

cw_itype *cw_itype_of_func(cw_arena *a, const cw_functype *func)
{
    cw_itype *t = new_itype(a, CW_SORT_FUNC);
    if (!t)
        return NULL;
    t->func = func;
    t->has_resource = func->param_tuple->has_resource || (func->result && func->result->has_resource);
    take_size(t, func->param_tuple->depth, func->param_tuple->tree_size);
    if (func->result)
        take_size(t, func->result->depth, func->result->tree_size);
    return t;
}

cw_itype *cw_itype_of_value(cw_arena *a, const cwrun_type *value)
{
    cw_itype *t = new_itype(a, CW_SORT_VALUE);
    if (!t)
        return NULL;
    t->value = value;
    t->has_resource = value->has_resource;
    take_size(t, value->depth, value->tree_size);
    return t;
}

cw_itype *cw_itype_of_type(cw_arena *a, const cw_itype *type)
{
    cw_itype *t = new_itype(a, CW_SORT_TYPE);
    if (!t)
        return NULL;
    t->type = type;
    t->has_resource = type->has_resource;
    take_size(t, type->depth, type->tree_size);
    return t;
}

cw_itype *cw_itype_of_resource(cw_arena *a, uint32_t var, cwrun_str name)
{
    cw_itype *t = new_itype(a, CW_SORT_RESOURCE);
    if (!t)
        return NULL;
    t->resource = var;
    t->name = name;
    t->has_resource = true;
    return t;
}

cw_module_type *cw_module_type_of(cw_arena *a, const cw_module *m)
{
    cw_module_type *t = CW_ARENA_NEW(a, cw_module_type);
    cw_core_item *imports = CW_ARENA_ARRAY(a, m->n_imports, cw_core_item);
    cw_core_item *exports = CW_ARENA_ARRAY(a, m->n_exports, cw_core_item);
    if (!t || !imports || !exports)
        return NULL;
    for (uint32_t i = 0; i < m->n_imports; i++) {
        const cw_import *from = &m->imports[i];
        imports[i] = (cw_core_item){ from->name, from->module, cw_module_externtype(m, from->kind, from->index) };
    }
    for (uint32_t i = 0; i < m->n_exports; i++) {
        const cw_export *from = &m->exports[i];
        exports[i] = (cw_core_item){ from->name, { NULL, 0 }, cw_module_externtype(m, from->kind, from->index) };
    }
    t->imports.items = imports;
    t->imports.n = m->n_imports;
    t->exports.items = exports;
    t->exports.n = m->n_exports;
    return t;
}

cw_itype *cw_itype_of_module(cw_arena *a, const cw_module_type *module)
{
    cw_itype *t = new_itype(a, CW_SORT_CORE_MODULE);
    if (!t)
        return NULL;
    t->module = module;
    take_size(t, 0, (uint64_t)module->imports.n + module->exports.n);
    return t;
}

static bool take_items(cw_arena *a, cw_itype *t, cw_item_list *list, const cw_item *items, uint32_t n)
{
    list->items = items;
    list->n = n;
    for (uint32_t i = 0; i < n; i++) {
        t->has_resource |= items[i].type->has_resource;
        take_size(t, items[i].type->depth, items[i].type->tree_size);
    }
    return cw_item_list_index(a, list);
}

cw_itype *cw_itype_of_items(cw_arena *a, uint8_t sort, const cw_item *imports, uint32_t n_imports,
                            const cw_item *exports, uint32_t n_exports)
{
    cw_itype *t = new_itype(a, sort);
    if (!t || !take_items(a, t, &t->imports, imports, n_imports) || !take_items(a, t, &t->exports, exports, n_exports))
        return NULL;
    return t;
}

/* ---- renaming ---- */

void cw_renamer_fini(cw_renamer *rn)
{
    cw_ptrmap_fini(&rn->vars, rn->alloc);
    cw_ptrmap_fini(&rn->memo, rn->alloc);
}

bool cw_rename_var(cw_renamer *rn, uint32_t from, uint32_t to)
{
    uint64_t *value = cw_ptrmap_put(&rn->vars, rn->alloc, (uint64_t)from + 1);
    if (!value) {
        rn->oom = true;
        return false;
    }
    *value = (uint64_t)to + 1;
    return true;
}

static bool rename_var(cw_renamer *rn, uint32_t var, uint32_t *renamed)
{
    const uint64_t *value = cw_ptrmap_find(&rn->vars, (uint64_t)var + 1);
    if (value) {
        *renamed = (uint32_t)(*value - 1);
        return true;
    }
    *renamed = var;
    if (!rn->fresh)
        return true;
    if (!rn->fresh(rn->user, var, renamed)) {
        rn->oom = true;
        return false;
    }
    return cw_rename_var(rn, var, *renamed);
}

/* The copy made before, or NULL after charging for a new one. */
static const void *copied(cw_renamer *rn, const void *of)
{
    const uint64_t *found = cw_ptrmap_find(&rn->memo, cw_ptr_key(of));
    return found ? (const void *)(uintptr_t)*found : NULL;
}

static bool start_copy(cw_renamer *rn, uint64_t nodes)
{
    if (rn->oom || rn->too_much)
        return false;
    if (*rn->budget < nodes) {
        rn->too_much = true;
        return false;
    }
    *rn->budget -= nodes;
    return true;
}

/* Remembers a finished copy. */
static const void *keep(cw_renamer *rn, const void *of, const void *copy)
{
    uint64_t *value = rn->oom || rn->too_much ? NULL : cw_ptrmap_put(&rn->memo, rn->alloc, cw_ptr_key(of));
    if (!value) {
        rn->oom |= !rn->too_much;
        return NULL;
    }
    *value = cw_ptr_key(copy);
    return copy;
}

static void *copy_node(cw_renamer *rn, const void *of, size_t size)
{
    void *copy = cw_arena_alloc(rn->arena, size, 16);
    if (copy)
        memcpy(copy, of, size);
    else
        rn->oom = true;
    return copy;
}

/* The fields with other types; the same array where none changed. NULL after a failure. */
static const cw_field *rename_fields(cw_renamer *rn, const cw_field *fields, uint32_t n)
{
    cw_field *copy = NULL;
    for (uint32_t i = 0; i < n; i++) {
        if (!fields[i].type)
            continue;
        const cwrun_type *t = cw_rename_value(rn, fields[i].type);
        if (!t)
            return NULL;
        if (t == fields[i].type)
            continue;
        if (!copy && !(copy = copy_node(rn, fields, n * sizeof *fields)))
            return NULL;
        copy[i].type = t;
    }
    return copy ? copy : fields;
}

const cwrun_type *cw_rename_value(cw_renamer *rn, const cwrun_type *t)
{
    if (!t->has_resource && !rn->has_parts)
        return t;
    const void *before = copied(rn, t);
    if (before)
        return before;
    if (!start_copy(rn, 1 + (uint64_t)t->n_fields))
        return NULL;

    cwrun_type to = *t;
    if (t->fields && !(to.fields = rename_fields(rn, t->fields, t->n_fields)))
        return NULL;
    if (t->elem && !(to.elem = cw_rename_value(rn, t->elem)))
        return NULL;
    if (t->kind == CWRUN_KIND_OWN || t->kind == CWRUN_KIND_BORROW) {
        if (!rename_var(rn, t->resource, &to.resource))
            return NULL;
        if (t->resource_type && !(to.resource_type = cw_rename_itype(rn, t->resource_type)))
            return NULL;
    }
    if (to.fields == t->fields && to.elem == t->elem && to.resource == t->resource &&
        to.resource_type == t->resource_type)
        return keep(rn, t, t);
    cwrun_type *copy = copy_node(rn, &to, sizeof to);
    return copy ? keep(rn, t, copy) : NULL;
}

const cw_functype *cw_rename_func(cw_renamer *rn, const cw_functype *f)
{
    if (!rn->has_parts && !f->param_tuple->has_resource && !(f->result && f->result->has_resource))
        return f;
    const void *before = copied(rn, f);
    if (before)
        return before;
    if (!start_copy(rn, 1))
        return NULL;

    cw_functype to = *f;
    if (!(to.param_tuple = cw_rename_value(rn, f->param_tuple)))
        return NULL;
    to.params = to.param_tuple->fields;
    if (f->result && !(to.result = cw_rename_value(rn, f->result)))
        return NULL;
    if (to.param_tuple == f->param_tuple && to.result == f->result)
        return keep(rn, f, f);
    cw_functype *copy = copy_node(rn, &to, sizeof to);
    return copy ? keep(rn, f, copy) : NULL;
}

static bool rename_vars(cw_renamer *rn, const uint32_t **vars, uint32_t n)
{
    uint32_t *copy = NULL;
    for (uint32_t i = 0; i < n; i++) {
        uint32_t var;
        if (!rename_var(rn, (*vars)[i], &var))
            return false;
        if (var == (*vars)[i])
            continue;
        if (!copy && !(copy = copy_node(rn, *vars, n * sizeof *copy)))
            return false;
        copy[i] = var;
    }
    if (copy)
        *vars = copy;
    return true;
}

static bool rename_items(cw_renamer *rn, cw_item_list *list)
{
    cw_item *copy = NULL;
    for (uint32_t i = 0; i < list->n; i++) {
        const cw_itype *t = cw_rename_itype(rn, list->items[i].type);
        if (!t)
            return false;
        if (t == list->items[i].type)
            continue;
        if (!copy && !(copy = copy_node(rn, list->items, list->n * sizeof *copy)))
            return false;
        copy[i].type = t;
    }
    if (copy)
        list->items = copy; /* names and so the index stay */
    return true;
}

const cw_itype *cw_rename_itype(cw_renamer *rn, const cw_itype *t)
{
    if (!t->has_resource && !rn->has_parts)
        return t;
    const void *before = copied(rn, t);
    if (before)
        return before;
    if (!start_copy(rn, 1 + (uint64_t)t->imports.n + t->exports.n))
        return NULL;

    cw_itype to = *t;
    bool ok = true;
    switch (t->sort) {
    case CW_SORT_RESOURCE: ok = rename_var(rn, t->resource, &to.resource); break;
    case CW_SORT_FUNC: ok = (to.func = cw_rename_func(rn, t->func)) != NULL; break;
    case CW_SORT_VALUE: ok = (to.value = cw_rename_value(rn, t->value)) != NULL; break;
    case CW_SORT_TYPE: ok = (to.type = cw_rename_itype(rn, t->type)) != NULL; break;
    default:
        ok = rename_items(rn, &to.imports) && rename_items(rn, &to.exports) && rename_vars(rn, &to.vars, t->n_vars) &&
             rename_vars(rn, &to.import_vars, t->n_import_vars);
    }
    if (!ok)
        return NULL;
    if (memcmp(&to, t, sizeof to) == 0)
        return keep(rn, t, t);
    cw_itype *copy = copy_node(rn, &to, sizeof to);
    return copy ? keep(rn, t, copy) : NULL;
}
