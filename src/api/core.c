/* api/core.c: core modules: the public side of cwrun/core.h.
 *
 * Host functions are made anew for every instance that imports them, so that each knows its instance. */
#include "base/error.h"
#include "component/reflect.h"
#include "component/runtime.h"
#include "os/file.h"

/* ---- loading ---- */

void cw_module_keep(cwrun_module *m)
{
    __atomic_add_fetch(&m->n_refs, 1, __ATOMIC_RELAXED);
}

void cw_module_unref(cwrun_module *m)
{
    if (!m || __atomic_sub_fetch(&m->n_refs, 1, __ATOMIC_ACQ_REL) != 0)
        return;
    if (m->module)
        cw_module_release(m->module);
    cwrun_engine *engine = m->engine;
    cw_arena_fini(&m->arena);
    cw_free(&engine->alloc, m, sizeof *m);
    cw_engine_release(engine);
}

static bool decode(cwrun_module *m, const void *bytes, size_t size, cwrun_error *err)
{
    cwrun_engine *engine = m->engine;
    cw_module_config config = { .types = engine->types, .features = engine->features, .alloc = &engine->alloc };
    char *copy = cw_arena_raw(&m->arena, size + 1, 16);
    if (!copy)
        return cw_fail_oom(err);
    memcpy(copy, bytes, size);
    copy[size] = 0;
    cw_reader r;
    cw_reader_init(&r, (const uint8_t *)copy, size, m->name.size ? m->name.data : NULL, &m->arena, err);
    cw_module *d = m->module = cw_module_read(&r, &config);
    if (!d)
        return false;
    m->imports = cw_reflect_module_imports(&m->arena, d);
    m->exports = cw_reflect_module_exports(&m->arena, d);
    if (!m->imports || !m->exports)
        return cw_fail_oom(err);
    return true;
}

cwrun_module *cwrun_module_load(cwrun_engine *engine, const void *bytes, size_t size, const char *name, cwrun_error *err)
{
    cwrun_error local = CWRUN_ERROR_INIT;
    if (cwrun_failed(err))
        return NULL;
    if (!engine || (!bytes && size)) {
        cw_fail(err, NULL, CWRUN_ERROR_ARGUMENT, 0, "cwrun_module_load: %s is NULL", engine ? "bytes" : "the engine");
        return NULL;
    }
    cwrun_module *m = cw_new(&engine->alloc, sizeof *m);
    if (!m) {
        cw_fail_oom(err);
        return NULL;
    }
    m->n_refs = 1;
    m->engine = engine;
    cw_engine_keep(engine);
    cw_arena_init(&m->arena, &engine->alloc);
    if (name)
        m->name = cw_arena_copy(&m->arena, name, strlen(name));
    if (!decode(m, bytes, size, err ? err : &local)) {
        m->module = NULL;
        cw_module_unref(m);
        cwrun_error_clear(&local);
        return NULL;
    }
    return m;
}

cwrun_module *cwrun_module_open(cwrun_engine *engine, const char *path, cwrun_error *err)
{
    uint8_t *bytes;
    size_t size, room;
    if (!engine || !cw_os_read_file(&engine->alloc, path, &bytes, &size, &room, err))
        return NULL;
    cwrun_module *m = cwrun_module_load(engine, bytes, size, path, err);
    cw_free(&engine->alloc, bytes, room);
    return m;
}

void cwrun_module_drop(cwrun_module *module)
{
    cw_module_unref(module);
}

/* ---- items ---- */

uint32_t cwrun_module_n_imports(const cwrun_module *m)
{
    return m ? m->module->n_imports : 0;
}

cwrun_item cwrun_module_import(const cwrun_module *m, uint32_t i)
{
    cwrun_item none = { 0 };
    return m && i < m->module->n_imports ? m->imports[i] : none;
}

uint32_t cwrun_module_n_exports(const cwrun_module *m)
{
    return m ? m->module->n_exports : 0;
}

cwrun_item cwrun_module_export(const cwrun_module *m, uint32_t i)
{
    cwrun_item none = { 0 };
    return m && i < m->module->n_exports ? m->exports[i] : none;
}

/* ---- values ---- */

static uint8_t core_type(cw_valtype t)
{
    switch (t) {
    case CW_I32: return CWRUN_CORE_I32;
    case CW_I64: return CWRUN_CORE_I64;
    case CW_F32: return CWRUN_CORE_F32;
    case CW_F64: return CWRUN_CORE_F64;
    case CW_V128: return CWRUN_CORE_V128;
    default: return t == CW_FUNCREF ? CWRUN_CORE_FUNCREF : t == CW_EXTERNREF ? CWRUN_CORE_EXTERNREF : CWRUN_CORE_REF;
    }
}

/* Both return where the next value stands. */
static const uint64_t *from_slots(cw_valtype t, const uint64_t *slot, cwrun_core_val *v)
{
    memset(v, 0, sizeof *v);
    v->type = core_type(t);
    switch (v->type) {
    case CWRUN_CORE_I32:
    case CWRUN_CORE_F32: {
        uint32_t low = (uint32_t)slot[0];
        memcpy(&v->of, &low, sizeof low);
        break;
    }
    case CWRUN_CORE_V128: memcpy(v->of.v128, slot, sizeof v->of.v128); break;
    default: memcpy(&v->of, slot, sizeof *slot); break;
    }
    return slot + cw_valtype_slots(t);
}

static uint64_t *to_slots(cw_valtype t, const cwrun_core_val *v, uint64_t *slot)
{
    uint32_t low;
    switch (core_type(t)) {
    case CWRUN_CORE_I32:
    case CWRUN_CORE_F32:
        memcpy(&low, &v->of, sizeof low);
        slot[0] = low;
        break;
    case CWRUN_CORE_V128: memcpy(slot, v->of.v128, sizeof v->of.v128); break;
    default: memcpy(slot, &v->of, sizeof *slot); break;
    }
    return slot + cw_valtype_slots(t);
}

/* ---- host functions ---- */

static cw_step answer(cw_thread *t, cwrun_caller *c, cwrun_status status, const cw_subtype *type, uint64_t *frame, uint64_t *own)
{
    switch (status) {
    case CWRUN_DONE: {
        if (t->trap != CW_TRAP_NONE)
            return CW_STEP_TRAP;
        uint64_t *slot = frame;
        for (uint32_t i = 0; i < type->n_results; i++) {
            if (c->core_results[i].type != core_type(type->results[i])) {
                cw_thread_trap(t, CW_TRAP_HOST, "a host function gave a result of another type");
                return CW_STEP_TRAP;
            }
            slot = to_slots(type->results[i], &c->core_results[i], slot);
        }
        *own = 0;
        cw_caller_free(c);
        return CW_STEP_RETURN;
    }
    case CWRUN_PENDING:
        if (c->wait == CW_WAIT_NONE) {
            cw_thread_trap(t, CW_TRAP_HOST, "a host function is pending but waits for nothing");
            return CW_STEP_TRAP;
        }
        cw_caller_suspend(c);
        t->next_state = 1;
        return CW_STEP_SUSPEND;
    default:
        cw_thread_trap(t, CW_TRAP_HOST, NULL);
        return CW_STEP_TRAP;
    }
}

static bool begin(cw_thread *t, cwrun_caller *c, const cw_subtype *type, const uint64_t *frame)
{
    c->core_args = cw_arena_array(&c->arena, type->n_params + 1u, sizeof *c->core_args);
    c->core_results = cw_arena_array(&c->arena, type->n_results + 1u, sizeof *c->core_results);
    if (!c->core_args || !c->core_results) {
        cw_thread_limit(t, CWRUN_LIMIT_HOST_MEMORY, "out of memory");
        return false;
    }
    for (uint32_t i = 0; i < type->n_params; i++)
        frame = from_slots(type->params[i], frame, &c->core_args[i]);
    for (uint32_t i = 0; i < type->n_results; i++)
        c->core_results[i].type = core_type(type->results[i]);
    c->n_args = type->n_params;
    c->n_core_results = type->n_results;
    return true;
}

static uint32_t wider(const cw_subtype *type)
{
    return type->param_slots > type->result_slots ? type->param_slots : type->result_slots;
}

static cw_step run_host(cw_thread *t, cw_func *func, uint64_t *frame, uint32_t state)
{
    const cw_definition *d = func->user;
    const cw_subtype *type = cw_types_get(t->exec->types, func->type);
    uint64_t *own = frame + wider(type);
    cwrun_caller *c = (cwrun_caller *)(uintptr_t)*own;
    cwrun_core_fn fn = d->core_fn;
    void *user = d->user;
    if (state == 0) {
        *own = 0;
        if (!(c = cw_caller_new(t->exec->store))) {
            cw_thread_limit(t, CWRUN_LIMIT_HOST_MEMORY, "out of memory");
            return CW_STEP_TRAP;
        }
        *own = (uint64_t)(uintptr_t)c;
        c->thread = t;
        c->host = d;
        c->core = func->user2;
        if (!begin(t, c, type, frame))
            return CW_STEP_TRAP;
    } else {
        cwrun_val ignored;
        cw_caller_unlink(c);
        t->user = NULL;
        if (!cw_charge(t, 0))
            return CW_STEP_TRAP;
        if (c->wait == CW_WAIT_TICKET)
            return answer(t, c, cw_caller_take_ticket(c, &ignored), type, frame, own);
        c->wait = CW_WAIT_NONE;
        fn = c->resume_core;
        user = c->resume_user;
    }
    cw_host_enter(c);
    cwrun_status status = fn(c, c->core_args, c->n_args, c->core_results, c->n_core_results, user);
    cw_host_leave(c);
    return answer(t, c, status, type, frame, own);
}

static void unwind_host(cw_thread *t, cw_func *func, uint64_t *frame, uint32_t state)
{
    (void)state;
    uint64_t *own = frame + wider(cw_types_get(t->exec->types, func->type));
    if (*own)
        cw_caller_free((cwrun_caller *)(uintptr_t)*own);
}

static cw_step run_stub(cw_thread *t, cw_func *func, uint64_t *frame, uint32_t state)
{
    (void)frame;
    (void)state;
    const cw_import *import = func->user;
    cw_thread_trap(t, CW_TRAP_HOST, "`%.*s.%.*s` is an import that nothing was given for", (int)import->module.size, import->module.data,
                   (int)import->name.size, import->name.data);
    return CW_STEP_TRAP;
}

static const cw_native host_native = { run_host, unwind_host, NULL };
static const cw_native stub_native = { run_stub, NULL, NULL };

cwrun_status cwrun_core_caller_wait(cwrun_caller *caller, const cwrun_wait *waits, size_t n, uint64_t deadline, cwrun_core_fn resume, void *user)
{
    if (!caller || !resume)
        return CWRUN_TRAP;
    if (!cw_caller_set_waits(caller, waits, n, deadline))
        return cwrun_caller_trap(caller, "out of memory");
    caller->resume_core = resume;
    caller->resume_user = user;
    return CWRUN_PENDING;
}

cwrun_core_instance *cwrun_caller_core_instance(cwrun_caller *caller)
{
    return caller ? caller->core : NULL;
}

/* ---- linking ---- */

static bool fits(const char *letters, const cw_valtype *types, uint32_t n)
{
    static const char all[] = " ilfdvrc";
    if (strlen(letters) != n)
        return false;
    for (uint32_t i = 0; i < n; i++)
        if (core_type(types[i]) == CWRUN_CORE_REF || letters[i] != all[core_type(types[i])])
            return false;
    return true;
}

static bool definition_fits(const cw_definition *d, const cw_subtype *type)
{
    return !d->has_type || (fits(d->type.data ? d->type.data : "", type->params, type->n_params) &&
                            fits(d->results.data ? d->results.data : "", type->results, type->n_results));
}

static cw_extern find_import(cwrun_core_instance *in, const cw_module *m, uint32_t i, const cwrun_linker *l, cwrun_error *err)
{
    const cw_import *import = &m->imports[i];
    cw_extern e = { .kind = CW_EXTERN_COUNT };
    cw_exec *x = &in->store->exec;
    const cw_definition *d = l ? cw_linker_find(l, CW_DEFINE_CORE_FUNC, import->module, import->name) : NULL;
    cw_externtype want = cw_module_externtype(m, import->kind, import->index);
    if (import->kind == CW_EXTERN_FUNC) {
        const cw_subtype *type = cw_types_get(x->types, want.func);
        cw_func *f = NULL;
        if (d && definition_fits(d, type))
            f = cw_func_native_new(x, want.func, &host_native, wider(type) + 1, (void *)(uintptr_t)d, in, err);
        else if (!d && l && l->stub_rest && !cw_linker_find(l, CW_DEFINE_CORE_INSTANCE, import->module, (cwrun_str){ NULL, 0 }))
            f = cw_func_native_new(x, want.func, &stub_native, 1, (void *)(uintptr_t)import, in, err);
        if (f) {
            e.kind = CW_EXTERN_FUNC;
            e.of.func = f;
            return e;
        }
    }
    d = l ? cw_linker_find(l, CW_DEFINE_CORE_INSTANCE, import->module, (cwrun_str){ NULL, 0 }) : NULL;
    if (d && d->core_instance->store == in->store)
        cw_instance_export(d->core_instance->in, import->name, &e);
    return e;
}

/* ---- running ---- */

/* Runs a function on a thread of its own; results (may be NULL) get its slots. */
static bool run(cwrun_store *s, cw_func *f, const uint64_t *args, uint64_t *results, uint32_t n_results, cwrun_error *err)
{
    cw_thread *t = cw_thread_new(&s->exec, err);
    if (!t)
        return false;
    cw_thread_start(t, f, args);
    bool ok = cw_store_drive(s, t) == CW_RUN_DONE;
    if (!ok)
        cw_thread_error(t, err);
    else if (n_results != 0)
        memcpy(results, cw_thread_results(t), n_results * sizeof *results);
    cw_thread_free(t);
    return ok;
}

cwrun_core_instance *cwrun_module_instantiate(cwrun_store *store, cwrun_module *module, cwrun_linker *linker, cwrun_error *err)
{
    cwrun_error local = CWRUN_ERROR_INIT;
    if (!store || !module || cwrun_failed(err))
        return NULL;
    if (!err)
        err = &local;
    if (store->engine != module->engine || (linker && linker->engine != store->engine)) {
        cw_fail(err, &store->alloc, CWRUN_ERROR_ARGUMENT, 0, "cwrun_module_instantiate: store, module and linker are not of one engine");
        return NULL;
    }
    if (linker)
        cw_linker_use(linker);
    cw_module *m = module->module;
    cwrun_core_instance *in = CW_ARENA_NEW(&store->exec.arena, cwrun_core_instance);
    cw_extern *imports = cw_new_array(&store->alloc, m->n_imports + 1u, sizeof *imports);
    cw_func *start = NULL;
    if (!in || !imports || !cw_store_keep_module(store, module) || (linker && !cw_store_keep_linker(store, linker))) {
        store->exec.arena.oom = false;
        cw_fail_oom(err);
    } else {
        in->store = store;
        for (uint32_t i = 0; i < m->n_imports; i++)
            imports[i] = find_import(in, m, i, linker, err);
        in->in = cw_instance_new(&store->exec, m, imports, &start, err);
    }
    cw_free(&store->alloc, imports, (m->n_imports + 1u) * sizeof *imports);
    cw_store_entered(store);
    bool ok = !cwrun_failed(err) && in && in->in && (!start || run(store, start, NULL, NULL, 0, err));
    cwrun_error_clear(&local);
    cw_store_left(store);
    return ok ? in : NULL;
}

static bool no_export(cwrun_core_instance *in, const char *name, const char *what, cwrun_error *err)
{
    enum { NEAR = 3 };
    const cw_module *m = in->in->module;
    cwrun_str want = cwrun_str_of(name), best = { NULL, 0 };
    unsigned distance = NEAR + 1;
    for (uint32_t i = 0; i < m->n_exports; i++) {
        unsigned far = cw_str_distance(m->exports[i].name, want, NEAR);
        if (far < distance) {
            distance = far;
            best = m->exports[i].name;
        }
    }
    if (best.size)
        cw_fail(err, &in->store->alloc, CWRUN_ERROR_ARGUMENT, 0, "no exported %s `%s` (near: `%.*s`)", what, name ? name : "", (int)best.size, best.data);
    else
        cw_fail(err, &in->store->alloc, CWRUN_ERROR_ARGUMENT, 0, "no exported %s `%s`", what, name ? name : "");
    return false;
}

static cw_func *find_func(cwrun_core_instance *in, const char *name, cwrun_error *err)
{
    cw_extern e;
    if (cw_instance_export(in->in, cwrun_str_of(name), &e) && e.kind == CW_EXTERN_FUNC)
        return e.of.func;
    no_export(in, name, "function", err);
    return NULL;
}

bool cwrun_core_func_type(cwrun_core_instance *instance, const char *name, uint8_t *types, size_t room, size_t *n_params, size_t *n_results,
                          cwrun_error *err)
{
    cw_func *f = instance && !cwrun_failed(err) ? find_func(instance, name, err) : NULL;
    if (!f)
        return false;
    const cw_subtype *type = cw_types_get(instance->store->exec.types, f->type);
    for (uint32_t i = 0; i < type->n_params && i < room; i++)
        types[i] = core_type(type->params[i]);
    for (uint32_t i = 0; i < type->n_results && type->n_params + i < room; i++)
        types[type->n_params + i] = core_type(type->results[i]);
    *n_params = type->n_params;
    *n_results = type->n_results;
    return true;
}

static bool check_arguments(cwrun_core_instance *in, const char *name, const cw_subtype *type, const cwrun_core_val *args, size_t n_args,
                            size_t n_results, cwrun_error *err)
{
    const cw_alloc *a = &in->store->alloc;
    if (n_args != type->n_params)
        cw_fail(err, a, CWRUN_ERROR_ARGUMENT, 0, "%s takes %u argument%s, %zu given", name, type->n_params, type->n_params == 1 ? "" : "s", n_args);
    else if (n_results < type->n_results)
        cw_fail(err, a, CWRUN_ERROR_ARGUMENT, 0, "%s has %u results, room for %zu was given", name, type->n_results, n_results);
    for (uint32_t i = 0; !cwrun_failed(err) && i < type->n_params; i++) {
        uint8_t want = core_type(type->params[i]);
        bool null = (want >= CWRUN_CORE_FUNCREF) && args[i].type >= CWRUN_CORE_FUNCREF && args[i].of.ref == 0 && cw_is_nullable(type->params[i]);
        if (args[i].type != want && !null)
            cw_fail(err, a, CWRUN_ERROR_ARGUMENT, 0, "%s: args[%u] is of another type", name, i);
    }
    return !cwrun_failed(err);
}

bool cwrun_core_call(cwrun_core_instance *instance, const char *name, const cwrun_core_val *args, size_t n_args, cwrun_core_val *results,
                     size_t n_results, cwrun_error *err)
{
    enum { FEW = 16 };
    cwrun_error local = CWRUN_ERROR_INIT;
    if (!instance || cwrun_failed(err))
        return false;
    if (!err)
        err = &local;
    cwrun_store *s = instance->store;
    cw_func *f = find_func(instance, name, err);
    const cw_subtype *type = f ? cw_types_get(s->exec.types, f->type) : NULL;
    if (!f || !check_arguments(instance, name, type, args, n_args, n_results, err)) {
        cwrun_error_clear(&local);
        return false;
    }
    uint64_t few[FEW], *slots = few;
    uint32_t n = wider(type);
    if (n > FEW && !(slots = cw_new_array(&s->alloc, n, sizeof *slots)))
        return cw_fail_oom(err);
    cw_store_entered(s);
    uint64_t *to = slots;
    for (uint32_t i = 0; i < type->n_params; i++)
        to = to_slots(type->params[i], &args[i], to);
    bool ok = run(s, f, slots, slots, type->result_slots, err);
    const uint64_t *from = slots;
    for (uint32_t i = 0; ok && i < type->n_results; i++)
        from = from_slots(type->results[i], from, &results[i]);
    if (slots != few)
        cw_free(&s->alloc, slots, n * sizeof *slots);
    cwrun_error_clear(&local);
    cw_store_left(s);
    return ok;
}

/* ---- memories and globals ---- */

static cw_memory *find_memory(cwrun_core_instance *in, const char *name)
{
    const cw_module *m = in->in->module;
    cw_extern e;
    if (name)
        return cw_instance_export(in->in, cwrun_str_of(name), &e) && e.kind == CW_EXTERN_MEMORY ? e.of.memory : NULL;
    for (uint32_t i = 0; i < m->n_exports; i++)
        if (m->exports[i].kind == CW_EXTERN_MEMORY)
            return in->in->memories[m->exports[i].index];
    return NULL;
}

uint8_t *cwrun_core_memory(cwrun_core_instance *instance, const char *name, uint64_t at, uint64_t size)
{
    cw_memory *m = instance ? find_memory(instance, name) : NULL;
    return m ? cw_memory_at(m, at, size) : NULL;
}

uint64_t cwrun_core_memory_size(cwrun_core_instance *instance, const char *name)
{
    cw_memory *m = instance ? find_memory(instance, name) : NULL;
    return m ? m->size : 0;
}

bool cwrun_core_global_get(cwrun_core_instance *instance, const char *name, cwrun_core_val *value)
{
    cw_extern e;
    if (!instance || !cw_instance_export(instance->in, cwrun_str_of(name), &e) || e.kind != CW_EXTERN_GLOBAL)
        return false;
    from_slots(e.of.global->type.type, e.of.global->value, value);
    return true;
}
