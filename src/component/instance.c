/* component/instance.c: instantiation: carrying out a component's definitions in their order  [Explainer: Component
 * Definitions; CanonicalABI: canon lift, canon lower].
 *
 * Start functions of core modules may wait for the host, so the whole is one native function that can be left and
 * resumed: its state is a stack of components under construction, each with the number of its next definition. */
#include <stdlib.h>

#include "base/error.h"
#include "component/runtime.h"

typedef struct build build;

/* A component under construction. */
struct build {
    cwrun_instance *in;
    void **imports;    /* values by import */
    uint32_t at;       /* next definition */
    uint32_t index;    /* of the instance in the component around it */
    const cw_def *def; /* there: for its binds */
    build *up;
};

typedef struct job {
    cwrun_store *store;
    build *top;
    cwrun_error *err;
} job;

/* ---- memory: everything lies in the store's arena ---- */

static void *room(cwrun_store *s, size_t size, cwrun_error *err)
{
    void *p = cw_arena_alloc(&s->exec.arena, size, 16);
    if (!p) {
        cw_exec_oom(&s->exec, err);
    }
    return p;
}

static cwrun_instance *instance_new(cwrun_store *s, const cw_component *c, cwrun_instance *parent,
                                    cwrun_instance *outer, cwrun_error *err)
{
    size_t slots = c->n_resources;
    for (int sort = 0; sort < CW_SORT_COUNT; sort++)
        slots += c->n[sort];
    if (s->n_instances >= s->limits.max_instances) {
        cw_fail(err, &s->alloc, CWRUN_ERROR_LIMIT, CWRUN_LIMIT_INSTANCES,
                "more than %u component instances in one store (--max-instances)", s->limits.max_instances);
        return NULL;
    }
    cwrun_instance *in = room(s, sizeof *in, err);
    void **space = in ? room(s, slots * sizeof *space + 1, err) : NULL;
    cw_exported *exports = space ? room(s, c->n_exports * sizeof *exports + 1, err) : NULL;
    if (!exports)
        return NULL;
    in->store = s;
    in->component = c;
    in->parent = parent;
    in->outer = outer;
    in->may_leave = true;
    in->handles.max = s->limits.max_handles;
    for (int sort = 0; sort < CW_SORT_COUNT; sort++) {
        in->spaces[sort] = space;
        space += c->n[sort];
    }
    in->resources = (cw_resource_type **)(void *)space;
    in->exports.n = c->n_exports;
    in->exports.items = exports;
    if (parent)
        in->linker = parent->linker;
    in->next = s->instances;
    s->instances = in;
    s->n_instances++;
    return in;
}

/* ---- names: what a guest names can be many, so that nothing looks at all names for each of them ---- */

enum { FEW = 16 };

static int compare(cwrun_str a, cwrun_str b)
{
    if (a.size != b.size)
        return a.size < b.size ? -1 : 1;
    return a.size == 0 ? 0 : memcmp(a.data, b.data, a.size);
}

static int by_name(const void *a, const void *b)
{
    const cw_exported *const *x = a, *const *y = b;
    return compare((*x)->name, (*y)->name);
}

bool cw_exports_order(cw_exports *e, cw_arena *a)
{
    if (e->n <= FEW)
        return true;
    const cw_exported **order = cw_arena_array(a, e->n, sizeof *order);
    if (!order)
        return false;
    for (uint32_t i = 0; i < e->n; i++)
        order[i] = &e->items[i];
    qsort(order, e->n, sizeof *order, by_name);
    e->by_name = order;
    return true;
}

/* Of exports in order, which all have names of their own. */
static const cw_exported *search(const cw_exports *e, cwrun_str name)
{
    uint32_t low = 0, high = e->n;
    while (low < high) {
        uint32_t middle = low + (high - low) / 2;
        int order = compare(name, e->by_name[middle]->name);
        if (order == 0)
            return e->by_name[middle];
        if (order < 0)
            high = middle;
        else
            low = middle + 1;
    }
    return NULL;
}

/* Arguments by name: a map, where there are many. */
typedef struct arguments {
    const cw_named *items;
    uint32_t n;
    cw_map map;
} arguments;

static bool arguments_init(arguments *args, const cw_def *def, const cw_alloc *a, cwrun_error *err)
{
    *args = (arguments){ .items = def->of.instantiate.args, .n = def->of.instantiate.n_args };
    for (uint32_t i = 0; i < args->n && args->n > FEW; i++) {
        uint64_t *at = cw_map_put(&args->map, a, args->items[i].name, NULL);
        if (!at) {
            cw_map_fini(&args->map, a);
            return cw_fail_oom(err);
        }
        *at = i;
    }
    return true;
}

static const cw_named *find_argument(const arguments *args, cwrun_str name)
{
    if (args->n > FEW) {
        const uint64_t *at = cw_map_find(&args->map, name);
        return at ? &args->items[*at] : NULL;
    }
    for (uint32_t i = 0; i < args->n; i++)
        if (cw_str_eq(args->items[i].name, name))
            return &args->items[i];
    return NULL;
}

const cw_exported *cw_exports_find(const cw_exports *e, uint8_t sort, cwrun_str name)
{
    if (e->by_name) {
        const cw_exported *found = search(e, name);
        return found && found->sort == sort ? found : NULL;
    }
    for (uint32_t i = 0; i < e->n; i++)
        if (e->items[i].sort == sort && cw_str_eq(e->items[i].name, name))
            return &e->items[i];
    return NULL;
}

/* ---- resource variables ---- */

static cw_resource_type *follow(const cw_exports *e, const cw_bind *bind)
{
    for (uint32_t i = 0; e && i < bind->n_path; i++) {
        bool last = i + 1 == bind->n_path;
        const cw_exported *x = cw_exports_find(e, last ? CW_SORT_TYPE : CW_SORT_INSTANCE, bind->path[i]);
        if (last)
            return x ? x->value : NULL;
        e = x ? x->value : NULL;
    }
    return NULL;
}

static void bind_resources(cwrun_instance *in, const cw_def *def, void *value)
{
    for (uint32_t i = 0; i < def->n_binds; i++) {
        const cw_bind *b = &def->binds[i];
        in->resources[b->var] = b->n_path == 0 ? value : follow(value, b);
    }
}

/* ---- core definitions ---- */

/* Puts a core export into the form that the index spaces hold. */
static void *core_value(const cw_extern *e)
{
    switch (e->kind) {
    case CW_EXTERN_FUNC: return e->of.func;
    case CW_EXTERN_TABLE: return e->of.table;
    case CW_EXTERN_MEMORY: return e->of.memory;
    case CW_EXTERN_GLOBAL: return e->of.global;
    case CW_EXTERN_TAG: return e->of.tag;
    default: return NULL;
    }
}

static cw_extern core_extern(uint8_t sort, void *value)
{
    cw_extern e = { .kind = CW_EXTERN_COUNT };
    switch (sort) {
    case CW_SORT_CORE_FUNC:
        e.kind = CW_EXTERN_FUNC;
        e.of.func = value;
        break;
    case CW_SORT_CORE_TABLE:
        e.kind = CW_EXTERN_TABLE;
        e.of.table = value;
        break;
    case CW_SORT_CORE_MEMORY:
        e.kind = CW_EXTERN_MEMORY;
        e.of.memory = value;
        break;
    case CW_SORT_CORE_GLOBAL:
        e.kind = CW_EXTERN_GLOBAL;
        e.of.global = value;
        break;
    case CW_SORT_CORE_TAG:
        e.kind = CW_EXTERN_TAG;
        e.of.tag = value;
        break;
    default: break;
    }
    if (!value)
        e.kind = CW_EXTERN_COUNT;
    return e;
}

static cw_extern find_core_export(const cw_core_exports *from, cwrun_str name)
{
    cw_extern e = { .kind = CW_EXTERN_COUNT };
    if (from->in) {
        cw_instance_export(from->in, name, &e);
        return e;
    }
    const cw_exports *exports = &from->inline_exports;
    const cw_exported *found = exports->by_name ? search(exports, name) : NULL;
    for (uint32_t i = 0; i < exports->n && !exports->by_name && !found; i++)
        if (cw_str_eq(exports->items[i].name, name))
            found = &exports->items[i];
    return found ? core_extern(found->sort, found->value) : e;
}

/* A new core instance; *start is its start function or NULL. */
static bool instantiate_core(cwrun_instance *in, const cw_def *def, cw_func **start, cwrun_error *err)
{
    cwrun_store *s = in->store;
    cw_module *m = in->spaces[CW_SORT_CORE_MODULE][def->of.instantiate.index];
    cw_core_exports *made = room(s, sizeof *made, err);
    if (!made)
        return false;
    cw_extern *imports = cw_new_array(&s->alloc, m->n_imports + 1u, sizeof *imports);
    if (!imports)
        return cw_fail_oom(err);
    arguments args;
    bool ok = arguments_init(&args, def, &s->alloc, err);
    for (uint32_t i = 0; ok && i < m->n_imports; i++) {
        const cw_named *arg = find_argument(&args, m->imports[i].module);
        imports[i].kind = CW_EXTERN_COUNT;
        if (arg)
            imports[i] = find_core_export(in->spaces[CW_SORT_CORE_INSTANCE][arg->index], m->imports[i].name);
    }
    cw_map_fini(&args.map, &s->alloc);
    made->in = ok ? cw_instance_new(&s->exec, m, imports, start, err) : NULL;
    cw_free(&s->alloc, imports, (m->n_imports + 1u) * sizeof *imports);
    if (!made->in)
        return false;
    made->in->owner = in;
    in->spaces[CW_SORT_CORE_INSTANCE][def->index] = made;
    return true;
}

/* ---- the other definitions ---- */

/* Names are all there now. */
static bool order(cwrun_store *s, cw_exports *e, cwrun_error *err)
{
    return cw_exports_order(e, &s->exec.arena) || cw_exec_oom(&s->exec, err);
}

static bool inline_exports(cwrun_instance *in, const cw_def *def, cw_exports *e, cwrun_error *err)
{
    uint32_t n = def->of.exports.n;
    cw_exported *items = room(in->store, n * sizeof *items + 1, err);
    if (!items)
        return false;
    for (uint32_t i = 0; i < n; i++) {
        const cw_named *from = &def->of.exports.items[i];
        items[i] = (cw_exported){ from->name, from->sort, in->spaces[from->sort][from->index] };
    }
    *e = (cw_exports){ .n = n, .items = items };
    return order(in->store, e, err);
}

static void *lift(cwrun_instance *in, const cw_def *def, cwrun_error *err)
{
    cw_fn *fn = room(in->store, sizeof *fn, err);
    if (fn)
        *fn = (cw_fn){
            .kind = CW_FN_LIFT,
            .in = in,
            .type = def->of.canon.type,
            .core = in->spaces[CW_SORT_CORE_FUNC][def->of.canon.func],
            .options = cw_options_of(in, &def->of.canon.opts, def->of.canon.type),
        };
    return fn;
}

static void *new_resource_type(cwrun_instance *in, const cw_def *def, cwrun_error *err)
{
    uint32_t var = def->of.type.resource;
    cw_resource_type *rt = room(in->store, sizeof *rt, err);
    if (!rt)
        return NULL;
    rt->impl = in;
    rt->name = in->component->resources[var].name;
    if (def->of.type.dtor != CW_NO_INDEX)
        rt->dtor = in->spaces[CW_SORT_CORE_FUNC][def->of.type.dtor];
    in->resources[var] = rt;
    return rt;
}

static void *outer_alias(cwrun_instance *in, const cw_def *def)
{
    for (uint32_t i = 0; i < def->of.outer.count; i++)
        in = in->outer;
    return in->spaces[def->sort][def->of.outer.index];
}

static bool push(job *j, cwrun_instance *in, void **imports, const cw_def *def)
{
    build *b = room(j->store, sizeof *b, j->err);
    if (!b)
        return false;
    *b = (build){ .in = in, .imports = imports, .def = def, .index = def ? def->index : 0, .up = j->top };
    j->top = b;
    return true;
}

/* Begins a nested component. */
static bool instantiate(job *j, cwrun_instance *in, const cw_def *def)
{
    const cw_closure *closure = in->spaces[CW_SORT_COMPONENT][def->of.instantiate.index];
    const cw_component *c = closure->component;
    void **imports = room(j->store, c->n_imports * sizeof *imports + 1, j->err);
    arguments args;
    if (!imports || !arguments_init(&args, def, &j->store->alloc, j->err))
        return false;
    for (uint32_t i = 0; i < c->n_imports; i++) {
        const cw_named *arg = find_argument(&args, c->imports[i].name.text);
        if (arg && arg->sort == c->imports[i].sort)
            imports[i] = in->spaces[arg->sort][arg->index];
    }
    cw_map_fini(&args.map, &j->store->alloc);
    cwrun_instance *nested = instance_new(j->store, c, in, closure->outer, j->err);
    return nested && push(j, nested, imports, def);
}

static bool unsupported(job *j, const char *what)
{
    cw_fail(j->err, &j->store->alloc, CWRUN_ERROR_LIMIT, CWRUN_LIMIT_UNSUPPORTED, "%s: not supported yet", what);
    return false;
}

static void *alias_export(const cwrun_instance *in, const cw_def *def)
{
    const cw_exported *e =
        cw_exports_find(in->spaces[CW_SORT_INSTANCE][def->of.alias.instance], def->sort, def->of.alias.name);
    return e ? e->value : NULL;
}

/* One definition of the innermost component; *start is a function to be run before the next one. */
static bool step(job *j, cw_func **start)
{
    build *b = j->top;
    cwrun_instance *in = b->in;
    cwrun_error *err = j->err;
    const cw_def *def = &in->component->defs[b->at++];
    void *value = NULL;
    switch (def->kind) {
    case CW_DEF_CORE_INSTANTIATE: return instantiate_core(in, def, start, err);
    case CW_DEF_INSTANTIATE: return instantiate(j, in, def);
    case CW_DEF_CORE_TYPE: return true;
    case CW_DEF_START:
    case CW_DEF_VALUE: return unsupported(j, "values in components");
    case CW_DEF_CORE_MODULE: value = def->of.module; break;
    case CW_DEF_COMPONENT: {
        cw_closure *closure = room(j->store, sizeof *closure, err);
        if (closure)
            *closure = (cw_closure){ def->of.component, in };
        value = closure;
        break;
    }
    case CW_DEF_CORE_EXPORTS: {
        cw_core_exports *e = room(j->store, sizeof *e, err);
        if (e && inline_exports(in, def, &e->inline_exports, err))
            value = e;
        break;
    }
    case CW_DEF_EXPORTS: {
        cw_exports *e = room(j->store, sizeof *e, err);
        if (e && inline_exports(in, def, e, err))
            value = e;
        break;
    }
    case CW_DEF_ALIAS_EXPORT: value = alias_export(in, def); break;
    case CW_DEF_ALIAS_CORE: {
        cw_extern e = find_core_export(in->spaces[CW_SORT_CORE_INSTANCE][def->of.alias.instance], def->of.alias.name);
        value = core_value(&e);
        break;
    }
    case CW_DEF_ALIAS_OUTER: value = outer_alias(in, def); break;
    case CW_DEF_TYPE:
        if (def->of.type.resource != CW_NO_INDEX)
            value = new_resource_type(in, def, err);
        break;
    case CW_DEF_LIFT: value = lift(in, def, err); break;
    case CW_DEF_LOWER: value = cw_lower_new(in, def, err); break;
    case CW_DEF_CANON: value = cw_builtin_new(in, def, err); break;
    case CW_DEF_IMPORT: value = b->imports[def->of.import.import]; break;
    case CW_DEF_EXPORT:
        value = in->spaces[def->sort][def->of.export_.index];
        in->exports.items[def->of.export_.export_] = (cw_exported){ def->of.export_.name, def->sort, value };
        break;
    default: break;
    }
    if (cwrun_failed(err))
        return false;
    if (!value && def->sort != CW_SORT_TYPE && def->sort != CW_SORT_CORE_TYPE) {
        cw_fail_oom(err); /* all else was checked when the component was loaded */
        return false;
    }
    in->spaces[def->sort][def->index] = value;
    bind_resources(in, def, value);
    return true;
}

/* The innermost component is complete. */
static bool pop(job *j)
{
    build *b = j->top;
    if (!order(j->store, &b->in->exports, j->err))
        return false;
    b->in->may_enter = true;
    j->top = b->up;
    if (!b->up)
        return true;
    b->up->in->spaces[CW_SORT_INSTANCE][b->index] = &b->in->exports;
    bind_resources(b->up->in, b->def, &b->in->exports);
    return true;
}

/* ---- the native ---- */

static cw_step run_instantiate(cw_thread *t, cw_func *func, uint64_t *frame, uint32_t state)
{
    enum { FRAME_SLOTS = 1, RESUMED = 1 };
    (void)func;
    (void)state;
    job *j = (job *)(uintptr_t)frame[0];
    while (j->top) {
        cw_func *start = NULL;
        if (!cw_charge(t, 0))
            return CW_STEP_TRAP;
        bool complete = j->top->at == j->top->in->component->n_defs;
        if (complete ? !pop(j) : !step(j, &start)) {
            cw_thread_trap(t, CW_TRAP_HOST, NULL); /* the error is the job's */
            return CW_STEP_TRAP;
        }
        if (start) {
            t->call_func = start;
            t->call_args = frame + FRAME_SLOTS;
            t->next_state = RESUMED;
            return CW_STEP_CALL;
        }
    }
    return CW_STEP_RETURN;
}

static void unwind_instantiate(cw_thread *t, cw_func *func, uint64_t *frame, uint32_t state)
{
    (void)t;
    (void)func;
    (void)state;
    job *j = (job *)(uintptr_t)frame[0];
    for (build *b = j->top; b; b = b->up)
        b->in->poisoned = true;
    j->top = NULL;
}

static const cw_native instantiate_native = { run_instantiate, unwind_instantiate, NULL };

static cw_func *native(cwrun_store *s, cwrun_error *err)
{
    if (!s->instantiate) {
        const cw_valtype param = CW_I64;
        cw_type_id type = cw_types_func(s->exec.types, &param, 1, NULL, 0);
        if (type == CW_NO_TYPE)
            return cw_fail_oom(err), NULL;
        s->instantiate = cw_func_native_new(&s->exec, type, &instantiate_native, 1, NULL, NULL, err);
    }
    return s->instantiate;
}

/* ---- the root ---- */

static bool run(job *j)
{
    cwrun_store *s = j->store;
    cw_func *f = native(s, j->err);
    cw_thread *t = f ? cw_thread_new(&s->exec, j->err) : NULL;
    if (!t)
        return false;
    uint64_t param = (uint64_t)(uintptr_t)j;
    cw_thread_start(t, f, &param);
    bool ok = cw_store_drive(s, t) == CW_RUN_DONE;
    if (!ok)
        cw_thread_error(t, j->err); /* nothing where the job has said it */
    cw_thread_free(t);
    return ok;
}

cwrun_instance *cw_instantiate(cwrun_store *s, cwrun_component *c, cwrun_linker *l, cwrun_error *err)
{
    cwrun_error local = CWRUN_ERROR_INIT;
    job j = { .store = s, .err = err ? err : &local };
    cwrun_instance *in = NULL;
    if (l)
        cw_linker_use(l);
    if (c->root->needs_values)
        unsupported(&j, "values in components");
    else if (!cw_store_keep_component(s, c) || (l && !cw_store_keep_linker(s, l)))
        cw_fail_oom(j.err);
    else
        in = instance_new(s, c->root, NULL, NULL, j.err);
    void **imports = in ? room(s, c->root->n_imports * sizeof *imports + 1, j.err) : NULL;
    if (in)
        in->linker = l;
    bool ok = imports && cw_link_imports(in, c, imports, j.err) && push(&j, in, imports, NULL) && run(&j);
    cwrun_error_clear(&local);
    return ok ? in : NULL;
}
