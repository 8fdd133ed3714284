/* api/core_func.c: core functions: those of the host, and calls.
 *
 * A linker's functions are made anew for every instance that imports them, so that each knows its instance. */
#include "api/core.h"

#include "base/error.h"

/* ---- host functions ---- */

/* Throws what cwrun_caller_throw or cwrun_caller_throw_ref were given: the collector still finds it through the call's
 * references. */
static cw_step throw(cw_thread * t, cwrun_caller *c)
{
    const cw_root *root = cw_root_get(c->store, c->throw_ref);
    if (!c->throw_tag)
        return cw_thread_throw_ref(
            t, root && cw_ref_is_object(root->word) ? (cw_exception *)(void *)cw_object_of(root->word) : NULL);
    const cw_subtype *type = cw_types_get(c->store->exec.types, c->throw_tag->type);
    uint64_t *slots = cw_arena_array(&c->arena, type->param_slots + 1u, sizeof *slots), *to = slots;
    const char *wrong = slots ? NULL : "could not be kept: out of memory";
    for (uint32_t i = 0; !wrong && i < type->n_params; i++)
        wrong = cw_core_to_slots(c->store, type->params[i], &c->throw_values[i], &to);
    if (!wrong)
        return cw_thread_throw(t, c->throw_tag, slots);
    cw_thread_trap(t, CW_TRAP_HOST, "a value of an exception %s", wrong);
    return CW_STEP_TRAP;
}

static cw_step answer(cw_thread *t, cwrun_caller *c, cwrun_status status, const cw_subtype *type, uint64_t *frame,
                      uint64_t *own)
{
    switch (status) {
    case CWRUN_DONE: {
        if (t->trap != CW_TRAP_NONE)
            return CW_STEP_TRAP;
        uint64_t *slot = frame;
        for (uint32_t i = 0; i < type->n_results; i++) {
            const char *wrong = cw_core_to_slots(c->store, type->results[i], &c->core_results[i], &slot);
            if (wrong) {
                cw_thread_trap(t, CW_TRAP_HOST, "a result of a host function %s", wrong);
                return CW_STEP_TRAP;
            }
        }
        *own = 0;
        cw_caller_free(c);
        return CW_STEP_RETURN;
    }
    case CWRUN_PENDING:
        c->throw_tag = NULL;
        c->throw_ref = 0;
        if (c->wait == CW_WAIT_NONE) {
            cw_thread_trap(t, CW_TRAP_HOST, "a host function is pending but waits for nothing");
            return CW_STEP_TRAP;
        }
        cw_caller_suspend(c);
        t->next_state = 1;
        return CW_STEP_SUSPEND;
    default:
        if (c->throw_tag || c->throw_ref)
            return throw(t, c);
        cw_thread_trap(t, CW_TRAP_HOST, NULL);
        return CW_STEP_TRAP;
    }
}

static bool begin(cw_thread *t, cwrun_caller *c, const cw_subtype *type, const uint64_t *frame)
{
    const uint32_t n = type->n_params + type->n_results;
    c->core_args = n <= CW_FEW_VALUES ? c->few : cw_arena_array(&c->arena, n, sizeof *c->core_args);
    if (!c->core_args) {
        cw_thread_limit(t, CWRUN_LIMIT_HOST_MEMORY, "out of memory");
        return false;
    }
    c->core_results = c->core_args + type->n_params;
    cwrun_store *s = c->store;
    cwrun_caller *below = s->current;
    bool ok = true;
    s->current = c; /* whose the references are */
    for (uint32_t i = 0; ok && i < type->n_params; i++)
        ok = cw_core_from_slots(s, type->params[i], &frame, &c->core_args[i]);
    s->current = below;
    for (uint32_t i = 0; i < type->n_results; i++)
        c->core_results[i] = (cwrun_core_val){ .type = cw_core_type_kind(s->exec.types, type->results[i]) };
    c->n_args = type->n_params;
    c->n_core_results = type->n_results;
    if (!ok)
        cw_thread_limit(t, CWRUN_LIMIT_HOST_MEMORY, "out of memory");
    return ok;
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
    cw_thread_trap(t, CW_TRAP_HOST, "`%.*s.%.*s` is an import that nothing was given for", (int)import->module.size,
                   import->module.data, (int)import->name.size, import->name.data);
    return CW_STEP_TRAP;
}

static const cw_native host_native = { run_host, unwind_host, NULL };
static const cw_native stub_native = { run_stub, NULL, NULL };

static bool fits(const cw_types *types, const char *letters, const cw_valtype *have, uint32_t n)
{
    static const char all[] = " ilfdvrc";
    if (strlen(letters) != n)
        return false;
    for (uint32_t i = 0; i < n; i++) {
        bool wide = !cw_is_ref(have[i]) || have[i] == CW_FUNCREF || have[i] == CW_EXTERNREF;
        if (!wide || letters[i] != all[cw_core_type_kind(types, have[i])])
            return false;
    }
    return true;
}

static bool definition_fits(const cw_types *types, const cw_definition *d, const cw_subtype *type)
{
    return !d->has_type || (fits(types, d->type.data ? d->type.data : "", type->params, type->n_params) &&
                            fits(types, d->results.data ? d->results.data : "", type->results, type->n_results));
}

cw_func *cw_core_host_func(cwrun_core_instance *in, const cw_definition *d, cw_type_id type, cwrun_error *err)
{
    cw_exec *x = &in->store->exec;
    const cw_subtype *t = cw_types_get(x->types, type);
    if (!definition_fits(x->types, d, t))
        return NULL;
    return cw_func_native_new(x, type, &host_native, wider(t) + 1, (void *)(uintptr_t)d, in, err);
}

cw_func *cw_core_stub_func(cwrun_core_instance *in, const cw_import *import, cw_type_id type, cwrun_error *err)
{
    return cw_func_native_new(&in->store->exec, type, &stub_native, 1, (void *)(uintptr_t)import, in, err);
}

cwrun_core_func *cwrun_core_func_new(cwrun_store *store, const cwrun_core_functype *type, cwrun_core_fn fn, void *user,
                                     void (*drop)(void *user), cwrun_error *err)
{
    if (!store || cwrun_failed(err))
        return cw_fail_null(err, __func__), NULL;
    if (!fn || !cw_core_is_functype(store->exec.types, type)) {
        cw_fail(err, &store->alloc, CWRUN_ERROR_ARGUMENT, 0, "cwrun_core_func_new: %s",
                fn ? "the type is not of this engine" : "the function is NULL");
        return NULL;
    }
    const cw_subtype *t = cw_core_type(type);
    cw_definition *d = CW_ARENA_NEW(&store->exec.arena, cw_definition);
    cw_func *f = d ? cw_func_native_new(&store->exec, t->id, &host_native, wider(t) + 1, d, NULL, err) : NULL;
    if (!f || !cw_store_at_end(store, drop, user)) {
        store->exec.arena.oom = false;
        cw_fail_oom(err);
        return NULL;
    }
    *d = (cw_definition){ .kind = CW_DEFINE_CORE_FUNC, .core_fn = fn, .user = user };
    return cw_core_public(f);
}

cwrun_status cwrun_core_caller_wait(cwrun_caller *caller, const cwrun_wait *waits, size_t n, uint64_t deadline,
                                    cwrun_core_fn resume, void *user)
{
    if (!caller)
        return CWRUN_TRAP;
    if (!resume || (n != 0 && !waits) || !caller->core_args)
        return cwrun_caller_trap(caller, "cwrun_core_caller_wait: %s",
                                 caller->core_args ? "waits or resume is NULL" : "a component calls");
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

/* ---- what functions are ---- */

const cwrun_core_functype *cwrun_core_func_type(const cwrun_core_func *func)
{
    cw_func *f = cw_core_func(func);
    return f ? (const cwrun_core_functype *)(const void *)cw_types_get(f->in->exec->types, f->type) : NULL;
}

bool cwrun_core_func_is(const cwrun_core_func *func, const char *params, const char *results)
{
    if (!func || !params || !results)
        return false;
    cw_func *f = cw_core_func(func);
    const cw_types *types = f->in->exec->types;
    const cw_subtype *type = cw_types_get(types, f->type);
    return fits(types, params, type->params, type->n_params) && fits(types, results, type->results, type->n_results);
}

cwrun_store *cwrun_core_func_store(const cwrun_core_func *func)
{
    return func ? cw_func_store(cw_core_func(func)) : NULL;
}

/* ---- calls ---- */

bool cw_core_run(cwrun_store *s, cw_func *f, uint64_t *slots, uint32_t n_results, cwrun_error *err)
{
    cw_thread *t = cw_thread_new(&s->exec, err);
    if (!t)
        return false;
    cw_thread_start(t, f, slots);
    bool ok = cw_store_drive(s, t) == CW_RUN_DONE;
    if (!ok)
        cw_thread_error(t, err);
    else if (n_results != 0)
        memcpy(slots, cw_thread_results(t), n_results * sizeof *slots);
    cw_thread_free(t);
    return ok;
}

/* A name for messages, which lasts as long as `room`. */
static const char *name_of(const cw_func *f, char room[64])
{
    char number[24];
    cwrun_str name = CW_STR("host function");
    if (!f->native)
        name = cw_module_func_name(f->in->module, f->code->index, number);
    int size = name.size < 60 ? (int)name.size : 60;
    snprintf(room, 64, "%.*s", size, name.data);
    return room;
}

static bool check_counts(cwrun_store *s, const cw_func *f, const cw_subtype *type, size_t n_args, size_t n_results,
                         cwrun_error *err)
{
    char name[64];
    if (n_args != type->n_params)
        cw_fail(err, &s->alloc, CWRUN_ERROR_ARGUMENT, 0, "%s takes %u argument%s, %zu given", name_of(f, name),
                type->n_params, type->n_params == 1 ? "" : "s", n_args);
    else if (n_results < type->n_results)
        cw_fail(err, &s->alloc, CWRUN_ERROR_ARGUMENT, 0, "%s has %u results, room for %zu was given", name_of(f, name),
                type->n_results, n_results);
    return !cwrun_failed(err);
}

static bool lower(cwrun_store *s, const cw_func *f, const cw_subtype *type, const cwrun_core_val *args, uint64_t *slots,
                  cwrun_error *err)
{
    char name[64];
    for (uint32_t i = 0; i < type->n_params; i++) {
        const char *wrong = cw_core_to_slots(s, type->params[i], &args[i], &slots);
        if (wrong) {
            cw_fail(err, &s->alloc, CWRUN_ERROR_ARGUMENT, 0, "%s: args[%u] %s", name_of(f, name), i, wrong);
            return false;
        }
    }
    return true;
}

static bool call(cwrun_store *s, cw_func *f, const cw_subtype *type, const cwrun_core_val *args,
                 cwrun_core_val *results, uint64_t *slots, cwrun_error *err)
{
    if (!lower(s, f, type, args, slots, err))
        return false;
    cw_roots_turn(s);
    if (!cw_core_run(s, f, slots, type->result_slots, err))
        return false;
    const uint64_t *from = slots;
    for (uint32_t i = 0; i < type->n_results; i++)
        if (!cw_core_from_slots(s, type->results[i], &from, &results[i]))
            return cw_fail_oom(err);
    return true;
}

bool cwrun_core_func_call(cwrun_core_func *func, const cwrun_core_val *args, size_t n_args, cwrun_core_val *results,
                          size_t n_results, cwrun_error *err)
{
    enum { FEW = 16 };
    cwrun_error local = CWRUN_ERROR_INIT;
    if (!func || (n_args && !args) || (n_results && !results) || cwrun_failed(err))
        return cw_fail_null(err, __func__);
    if (!err)
        err = &local;
    cw_func *f = cw_core_func(func);
    cwrun_store *s = cw_func_store(f);
    const cw_subtype *type = cw_types_get(s->exec.types, f->type);
    if (!cw_store_allocates(s, __func__, err) || !check_counts(s, f, type, n_args, n_results, err)) {
        cwrun_error_clear(&local);
        return false;
    }
    uint64_t few[FEW], *slots = few;
    uint32_t n = wider(type);
    if (n > FEW && !(slots = cw_new_array(&s->alloc, n, sizeof *slots)))
        return cw_fail_oom(err);
    cw_store_entered(s);
    bool ok = call(s, f, type, args, results, slots, err);
    if (slots != few)
        cw_free(&s->alloc, slots, n * sizeof *slots);
    cwrun_error_clear(&local);
    cw_store_left(s);
    return ok;
}

static bool has_references(const cw_valtype *t, uint32_t n)
{
    uint32_t any = 0;
    for (uint32_t i = 0; i < n; i++)
        any |= t[i];
    return cw_is_ref(any);
}

bool cwrun_core_func_call_slots(cwrun_core_func *func, uint64_t *slots, size_t n_slots, cwrun_error *err)
{
    cwrun_error local = CWRUN_ERROR_INIT;
    if (!func || cwrun_failed(err))
        return cw_fail_null(err, __func__);
    cw_func *f = cw_core_func(func);
    cwrun_store *s = cw_func_store(f);
    const cw_subtype *type = cw_types_get(s->exec.types, f->type);
    if (n_slots < wider(type) || (n_slots && !slots) || has_references(type->params, type->n_params) ||
        has_references(type->results, type->n_results)) {
        cw_fail(err, &s->alloc, CWRUN_ERROR_ARGUMENT, 0,
                "cwrun_core_func_call_slots: %u slots are needed, or the function takes or gives references",
                wider(type));
        return false;
    }
    if (!cw_store_allocates(s, __func__, err))
        return false;
    for (uint32_t i = 0, at = 0; i < type->n_params; at += cw_valtype_slots(type->params[i++]))
        if (type->params[i] == CW_I32)
            slots[at] = (uint32_t)slots[at]; /* guests rely on it */
    cw_store_entered(s);
    cw_roots_turn(s);
    bool ok = cw_core_run(s, f, slots, type->result_slots, err ? err : &local);
    cwrun_error_clear(&local);
    cw_store_left(s);
    return ok;
}

bool cwrun_core_call(cwrun_core_instance *instance, const char *name, const cwrun_core_val *args, size_t n_args,
                     cwrun_core_val *results, size_t n_results, cwrun_error *err)
{
    cwrun_core_func *f = cwrun_core_instance_func(instance, name, err);
    return f && cwrun_core_func_call(f, args, n_args, results, n_results, err);
}
