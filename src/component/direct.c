/* component/direct.c: calls from the host of what a component exports but the host itself has given: a host function
 * that passes through.
 *
 * It runs as a native on a thread all the same, so that it may be pending, trap and be driven like every call. Handles
 * keep their numbers; an own argument is the function's, which drops it when it answers unless it takes it. */
#include "base/error.h"
#include "component/runtime.h"
#include "component/value.h"

static cw_step answer(cw_thread *t, cwrun_caller *c, cwrun_status status)
{
    switch (status) {
    case CWRUN_DONE: return t->trap == CW_TRAP_NONE ? CW_STEP_RETURN : CW_STEP_TRAP;
    case CWRUN_PENDING:
        if (c->wait == CW_WAIT_NONE) {
            cw_thread_trap(t, CW_TRAP_HOST, "a host function is pending but waits for nothing");
            return CW_STEP_TRAP;
        }
        cw_caller_suspend(c);
        t->next_state = 1;
        return CW_STEP_SUSPEND;
    default: cw_thread_trap(t, CW_TRAP_HOST, NULL); return CW_STEP_TRAP;
    }
}

static cw_step run_direct(cw_thread *t, cw_func *func, uint64_t *frame, uint32_t state)
{
    (void)func;
    cwrun_caller *c = (cwrun_caller *)(uintptr_t)frame[0];
    cwrun_host_fn fn = c->host->fn;
    void *user = c->host->user;
    if (state != 0) {
        cw_caller_unlink(c);
        t->user = NULL;
        if (!cw_charge(t, 0))
            return CW_STEP_TRAP;
        if (c->wait == CW_WAIT_TICKET)
            return answer(t, c, cw_caller_take_ticket(c, &c->result));
        c->wait = CW_WAIT_NONE;
        fn = c->resume;
        user = c->resume_user;
    }
    cw_host_enter(c);
    cwrun_status status = fn(c, c->args, c->n_args, &c->result, user);
    cw_host_leave(c);
    return answer(t, c, status);
}

static const cw_native direct_native = { run_direct, NULL, NULL };

static cw_func *native(cwrun_store *s, cwrun_error *err)
{
    if (!s->direct) {
        const cw_valtype param = CW_I64;
        cw_type_id type = cw_types_func(s->exec.types, &param, 1, NULL, 0);
        if (type == CW_NO_TYPE)
            return cw_fail_oom(err), NULL;
        s->direct = cw_func_native_new(&s->exec, type, &direct_native, 1, NULL, NULL, err);
    }
    return s->direct;
}

/* ---- down ---- */

typedef struct loans {
    cwrun_caller *c;
    bool oom;
} loans;

static void lend(void *user, const cwrun_type *type, uint32_t *handle)
{
    loans *l = user;
    cwrun_store *s = l->c->store;
    cw_handle *e = cw_handle_get(&s->handles, *handle);
    if (!e)
        return;
    bool own = type->kind == CWRUN_KIND_OWN;
    if (!cw_call_add_loan(s, &l->c->call, &s->handles, *handle, own))
        l->oom = true;
    else if (!own)
        e->num_lends++;
}

static bool check(cwrun_caller *c, const cwrun_type *type, const void *bytes, const char *root, cwrun_str *why,
                  cwrun_error *err)
{
    cw_crossing x = { .store = c->store, .thread = c->thread, .dst = c->in };
    cw_copy copy;
    cw_crossing_init(&x, &copy, NULL, NULL, NULL, &c->arena);
    *why = (cwrun_str){ NULL, 0 };
    if (cw_value_check(type, bytes, &copy, root, why))
        return true;
    if (copy.fail_kind)
        cw_fail_oom(err);
    return false;
}

static bool arguments(cwrun_caller *c, const char *name, const cwrun_val *args, cwrun_error *err)
{
    const cwrun_type *tuple = c->type->param_tuple;
    const cw_alloc *a = &c->store->alloc;
    cwrun_str why;
    char *bytes = cw_arena_alloc(&c->arena, tuple->size[CW_P8], 16);
    if (!bytes)
        return cw_fail_oom(err);
    for (uint32_t i = 0; i < c->type->n_params; i++) {
        const cwrun_type *t = c->type->params[i].type;
        const char *found = cw_val_store(t, &args[i], bytes + tuple->fields[i].offset[CW_P8]);
        if (found) {
            cw_fail(err, a, CWRUN_ERROR_ARGUMENT, 0, "%s: args[%u]: expected %s, found %s", name, i,
                    cwrun_kind_name(t->kind), found);
            return false;
        }
    }
    if (!check(c, tuple, bytes, "args", &why, err)) {
        cw_fail(err, a, CWRUN_ERROR_ARGUMENT, 0, "%s: %.*s", name, (int)why.size, why.data ? why.data : "");
        return false;
    }
    loans l = { c, false };
    if (tuple->has_handles)
        cw_value_handles(tuple, bytes, lend, &l);
    return (!l.oom && cw_host_arguments(c, tuple, bytes)) || cw_fail_oom(err);
}

bool cw_direct_begin(cw_run *r, const cwrun_val *args, cwrun_error *err)
{
    cwrun_store *s = r->store;
    cw_func *f = native(s, err);
    cwrun_caller *c = f ? cw_caller_new(s) : NULL;
    if (!c)
        return cw_fail_oom(err);
    c->in = r->func->in;
    c->linker = r->func->fn->importer->linker;
    c->host = r->func->fn->host;
    c->type = r->func->type;
    c->result = (cwrun_val){ 0 };
    c->thread = cw_thread_new(&s->exec, err);
    if (!c->thread || (c->type->n_params != 0 && !arguments(c, r->func->name, args, err))) {
        cw_thread_free(c->thread);
        cw_caller_free(c);
        return false;
    }
    uint64_t param = (uint64_t)(uintptr_t)c;
    r->thread = c->thread;
    r->direct = c;
    cw_thread_start(r->thread, f, &param);
    return true;
}

/* ---- up ---- */

static void keep_handle(void *user, const cwrun_type *type, uint32_t *handle)
{
    if (type->kind == CWRUN_KIND_OWN)
        cwrun_caller_take(user, *handle);
}

bool cw_direct_result(cw_run *r, cwrun_val *result)
{
    cwrun_caller *c = r->direct;
    const cwrun_type *type = c->type->result;
    cwrun_error err = CWRUN_ERROR_INIT;
    cwrun_str why;
    if (!type)
        return true;
    void *bytes = cw_arena_alloc(&c->arena, type->size[CW_P8], 16);
    if (!bytes) {
        cw_thread_limit(r->thread, CWRUN_LIMIT_HOST_MEMORY, "out of memory");
        return false;
    }
    const char *found = cw_val_store(type, &c->result, bytes);
    if (found) {
        cw_thread_trap(r->thread, CW_TRAP_HOST, "host function `%s`: result: expected %s, found %s", r->func->name,
                       cwrun_kind_name(type->kind), found);
        return false;
    }
    if (!check(c, type, bytes, "result", &why, &err)) {
        cwrun_error_clear(&err);
        cw_thread_trap(r->thread, CW_TRAP_HOST, "host function `%s`: %.*s", r->func->name, (int)why.size,
                       why.data ? why.data : "");
        return false;
    }
    if (type->has_handles)
        cw_value_handles(type, bytes, keep_handle, c);
    cwrun_val v = cw_val_load(type, bytes);
    *result = cwrun_val_copy(&v, r->arena);
    if (result->kind != 0)
        return true;
    cw_thread_limit(r->thread, CWRUN_LIMIT_HOST_MEMORY, "out of memory");
    return false;
}
