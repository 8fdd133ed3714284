/* component/check_vars.c: resource variables: which are free where, how types bind and open them  [Explainer: Type
 * Checking].
 *
 * A variable belongs to the scope that brought it in, until that scope is finished: then the scope's type binds it. So
 * a variable is free exactly while its scope is open, and nothing has to be renamed when a type becomes closed. */
#include "component/read.h"

uint32_t cw_new_var(cw_loader *l, uint8_t kind, cwrun_str name)
{
    cw_scope *owner = l->scope->owner;
    uint32_t var = owner->vars.n;
    if (var >= CW_MAX_RESOURCES)
        cw_reader_limit(l->r, NULL, "too many resource types, at most %u", (unsigned)CW_MAX_RESOURCES);
    CW_SCOPE_ADD(l, &owner->vars, ((cw_resource_var){ .name = name }));
    CW_SCOPE_ADD(l, &owner->var_infos, ((cw_var_info){ kind == CW_VAR_BOUND ? 0 : l->scope->serial, kind }));
    return var;
}

bool cw_report_limits(cw_loader *l, const uint8_t *at, bool oom, bool too_much)
{
    if (oom)
        cw_reader_oom(l->r);
    else if (too_much)
        cw_reader_limit(l->r, at,
                        "effective type size exceeds the limit: the types of this component are too big to be checked");
    return oom || too_much;
}

/* ---- opening and adopting ---- */

typedef struct fresh_vars {
    cw_loader *l;
    uint8_t kind;
} fresh_vars;

static bool fresh_var(void *user, uint32_t var, uint32_t *renamed)
{
    fresh_vars *f = user;
    (void)var;
    *renamed = cw_new_var(f->l, f->kind, CW_STR(""));
    return f->l->r->ok;
}

static const cw_itype *renamed(cw_loader *l, cw_renamer *rn, const cw_itype *type)
{
    const cw_itype *copy = cw_rename_itype(rn, type);
    if (!copy)
        cw_report_limits(l, l->r->at, rn->oom, rn->too_much);
    cw_renamer_fini(rn);
    return l->r->ok ? copy : NULL;
}

const cw_itype *cw_open_instance(cw_loader *l, const cw_itype *type, uint8_t kind)
{
    if (type->n_vars == 0)
        return type;
    cw_renamer rn = { .arena = l->arena, .alloc = l->alloc, .budget = &l->rename_budget };
    for (uint32_t i = 0; i < type->n_vars && l->r->ok; i++)
        if (!cw_rename_var(&rn, type->vars[i], cw_new_var(l, kind, l->scope->owner->vars.items[type->vars[i]].name)))
            cw_reader_oom(l->r);
    if (!l->r->ok) {
        cw_renamer_fini(&rn);
        return NULL;
    }
    cw_itype *open = (cw_itype *)(uintptr_t)renamed(l, &rn, type); /* a copy of our own: it mentions variables */
    if (open) {
        open->n_vars = 0;
        open->vars = NULL;
    }
    return open;
}

const cw_itype *cw_adopt_type(cw_loader *l, const cw_itype *type)
{
    fresh_vars f = { l, CW_VAR_BOUND };
    cw_renamer rn = {
        .arena = l->arena, .alloc = l->alloc, .budget = &l->rename_budget, .fresh = fresh_var, .user = &f
    };
    return type->has_resource ? renamed(l, &rn, type) : type;
}

/* ---- walks ---- */

/* Visits every variable in a type, each node once. */
typedef struct walk {
    cw_loader *l;
    cw_ptrmap seen;
    void (*visit)(struct walk *w, uint32_t var);
    const cw_scope *owner; /* whose variables */
    cw_ptrmap *vars;       /* collect: key var + 1 */
    bool found;
} walk;

static bool first_time(walk *w, const void *node)
{
    cw_loader *l = w->l;
    if (!l->r->ok)
        return false;
    if (l->walk_budget == 0) {
        cw_report_limits(l, l->r->at, false, true);
        return false;
    }
    l->walk_budget--;
    uint64_t *seen = cw_ptrmap_put(&w->seen, l->alloc, cw_ptr_key(node));
    if (!seen) {
        cw_reader_oom(l->r);
        return false;
    }
    return (*seen)++ == 0;
}

static void walk_value(walk *w, const cwrun_type *t)
{
    if (!t || !t->has_resource || !first_time(w, t))
        return;
    if (t->kind == CWRUN_KIND_OWN || t->kind == CWRUN_KIND_BORROW)
        w->visit(w, t->resource);
    for (uint32_t i = 0; i < t->n_fields; i++)
        walk_value(w, t->fields[i].type);
    walk_value(w, t->elem);
}

static void walk_itype(walk *w, const cw_itype *t)
{
    if (!t->has_resource || !first_time(w, t))
        return;
    switch (t->sort) {
    case CW_SORT_RESOURCE: w->visit(w, t->resource); break;
    case CW_SORT_FUNC:
        walk_value(w, t->func->param_tuple);
        walk_value(w, t->func->result);
        break;
    case CW_SORT_VALUE: walk_value(w, t->value); break;
    case CW_SORT_TYPE: walk_itype(w, t->type); break;
    default:
        for (uint32_t i = 0; i < t->imports.n; i++)
            walk_itype(w, t->imports.items[i].type);
        for (uint32_t i = 0; i < t->exports.n; i++)
            walk_itype(w, t->exports.items[i].type);
    }
}

static void look_for_open(walk *w, uint32_t var)
{
    uint32_t serial = w->owner->var_infos.items[var].scope;
    if (!serial)
        return;
    for (const cw_scope *s = w->l->scope; s; s = s->parent)
        w->found |= s->serial == serial;
}

bool cw_has_free_vars(cw_loader *l, const cw_scope *owner, const cw_itype *type)
{
    walk w = { .l = l, .visit = look_for_open, .owner = owner };
    walk_itype(&w, type);
    cw_ptrmap_fini(&w.seen, l->alloc);
    return w.found;
}

static void collect(walk *w, uint32_t var)
{
    if (!cw_ptrmap_put(w->vars, w->l->alloc, (uint64_t)var + 1))
        cw_reader_oom(w->l->r);
}

static void collect_vars(cw_loader *l, const cw_item *items, uint32_t n, cw_ptrmap *vars)
{
    walk w = { .l = l, .visit = collect, .vars = vars };
    for (uint32_t i = 0; i < n; i++)
        walk_itype(&w, items[i].type);
    cw_ptrmap_fini(&w.seen, l->alloc);
}

/* ---- paths to exported resources ---- */

typedef struct path_walk {
    cw_loader *l;
    cw_ptrmap seen;
    cw_ptrmap *explicit_vars; /* collects variables that are exported by name; or: */
    uint32_t first, n;        /* binds of these variables */
    cw_bind *binds;
    cwrun_str path[CW_TYPE_MAX_DEPTH + 1];
} path_walk;

static void found_at_path(path_walk *w, uint32_t var, uint32_t n_path)
{
    if (w->explicit_vars) {
        if (!cw_ptrmap_put(w->explicit_vars, w->l->alloc, (uint64_t)var + 1))
            cw_reader_oom(w->l->r);
        return;
    }
    if (var < w->first || var - w->first >= w->n || w->binds[var - w->first].path)
        return;
    cw_bind *b = &w->binds[var - w->first];
    b->var = var;
    b->path = cw_arena_keep(w->l, w->path, n_path, sizeof *w->path);
    b->n_path = b->path ? n_path : 0;

    cw_resource_var *v = &w->l->scope->owner->vars.items[var];
    if (v->name.size == 0)
        v->name = w->path[n_path - 1];
}

static void walk_paths(path_walk *w, const cw_item *items, uint32_t n, uint32_t depth)
{
    for (uint32_t i = 0; i < n && w->l->r->ok && depth < CW_TYPE_MAX_DEPTH; i++) {
        const cw_itype *t = items[i].type;
        if (!t->has_resource)
            continue;
        w->path[depth] = items[i].name;
        if (t->sort == CW_SORT_TYPE && t->type->sort == CW_SORT_RESOURCE) {
            found_at_path(w, t->type->resource, depth + 1);
        } else if (t->sort == CW_SORT_INSTANCE) {
            uint64_t *seen = cw_ptrmap_put(&w->seen, w->l->alloc, cw_ptr_key(t));
            if (!seen)
                cw_reader_oom(w->l->r);
            else if ((*seen)++ == 0)
                walk_paths(w, t->exports.items, t->exports.n, depth + 1);
        }
    }
}

void cw_bind_vars(cw_loader *l, cw_def *def, const cw_itype *instance, uint32_t first)
{
    uint32_t n = l->scope->owner->vars.n - first;
    if (!l->r->ok || n == 0 || l->scope->kind != CW_SCOPE_COMPONENT)
        return;
    path_walk w = { .l = l, .first = first, .n = n, .binds = CW_READ_ARRAY(l->r, n, cw_bind) };
    if (!w.binds)
        return;
    walk_paths(&w, instance->exports.items, instance->exports.n, 0);
    cw_ptrmap_fini(&w.seen, l->alloc);

    uint32_t kept = 0;
    for (uint32_t i = 0; i < n; i++)
        if (w.binds[i].path)
            w.binds[kept++] = w.binds[i];
    def->binds = w.binds;
    def->n_binds = kept;
}

/* ---- finishing a scope ---- */

/* The scope's variables of a kind that are in `among` (NULL: all). */
static uint32_t *own_vars(cw_loader *l, uint8_t kind, const cw_ptrmap *among, uint32_t *n)
{
    const cw_scope *s = l->scope, *owner = s->owner;
    uint32_t count = 0;
    *n = 0;
    for (int pass = 0; pass < 2; pass++) {
        uint32_t *vars = pass ? CW_READ_ARRAY(l->r, count, uint32_t) : NULL;
        if (pass && !vars)
            return NULL;
        count = 0;
        for (uint32_t i = s->first_var; i < owner->var_infos.n; i++) {
            const cw_var_info *info = &owner->var_infos.items[i];
            if (info->scope != s->serial || info->kind != kind || (among && !cw_ptrmap_find(among, (uint64_t)i + 1)))
                continue;
            if (vars)
                vars[count] = i;
            count++;
        }
        *n = count;
        if (pass)
            return vars;
    }
    return NULL;
}

static bool any_own(const cw_scope *s, const cw_ptrmap *vars, uint8_t kind)
{
    for (uint32_t i = 0; i < vars->cap; i++) {
        if (!vars->slots[i].key)
            continue;
        const cw_var_info *info = &s->owner->var_infos.items[vars->slots[i].key - 1];
        if (info->scope == s->serial && info->kind == kind)
            return true;
    }
    return false;
}

static void check_explicit(cw_loader *l, const uint8_t *at, const cw_ptrmap *used)
{
    const cw_scope *s = l->scope;
    cw_ptrmap named = { 0 };
    path_walk w = { .l = l, .explicit_vars = &named };
    walk_paths(&w, s->exports.items, s->exports.n, 0);
    for (uint32_t i = 0; i < used->cap && l->r->ok; i++) {
        uint64_t key = used->slots[i].key;
        if (!key || cw_ptrmap_find(&named, key))
            continue;
        const cw_var_info *info = &s->owner->var_infos.items[key - 1];
        if (info->scope == s->serial && info->kind == CW_VAR_DEFINED)
            cw_reader_fail(l->r, at, "local resource type found in export but not exported itself");
    }
    cw_ptrmap_fini(&w.seen, l->alloc);
    cw_ptrmap_fini(&named, l->alloc);
}

const cw_itype *cw_finish_scope(cw_loader *l, const uint8_t *at)
{
    const cw_scope *s = l->scope;
    cw_ptrmap in_imports = { 0 }, in_exports = { 0 };
    collect_vars(l, s->imports.items, s->imports.n, &in_imports);
    if (l->r->ok && any_own(s, &in_imports, CW_VAR_DEFINED))
        cw_reader_fail(l->r, at, "local resource type found in imports");
    collect_vars(l, s->exports.items, s->exports.n, &in_exports);
    if (l->r->ok)
        check_explicit(l, at, &in_exports);

    cw_itype *t = NULL;
    if (l->r->ok) {
        const cw_item *imports = cw_arena_keep(l, s->imports.items, s->imports.n, sizeof *imports);
        const cw_item *exports = cw_arena_keep(l, s->exports.items, s->exports.n, sizeof *exports);
        uint8_t sort = s->kind == CW_SCOPE_INSTANCE_TYPE ? CW_SORT_INSTANCE : CW_SORT_COMPONENT;
        if (l->r->ok && !(t = cw_itype_of_items(l->arena, sort, imports, s->imports.n, exports, s->exports.n)))
            cw_reader_oom(l->r);
    }
    if (t) {
        t->import_vars = own_vars(l, CW_VAR_IMPORT, NULL, &t->n_import_vars);
        t->vars = own_vars(l, CW_VAR_DEFINED, &in_exports, &t->n_vars);
    }
    cw_ptrmap_fini(&in_imports, l->alloc);
    cw_ptrmap_fini(&in_exports, l->alloc);
    return l->r->ok && cw_check_type_size(l, at, t->depth, t->tree_size) ? t : NULL;
}
