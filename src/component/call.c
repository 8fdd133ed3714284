/* component/call.c: calls from the host: arguments down by plan, run, results up by plan, post-return
 * [CanonicalABI: canon lift].
 *
 * Every call has a thread from the pool. A function of scalars, the common small case, goes straight from cwrun_val to
 * slots and back; everything else is laid out as the tuple of its parameters in the host's layout and copied by a plan.
 */
#include "base/error.h"
#include "component/runtime.h"
#include "component/value.h"

/* ---- plans ---- */

static const cw_plan *compile(cwrun_store *s, const cwrun_type *type, cw_plan_side src, cw_plan_side dst)
{
    s->exec.arena.full = false;
    const cw_plan *plan = cw_plan_compile(&s->exec.arena, type, type, src, dst, 0);
    s->exec.arena.oom = false;
    return plan;
}

static bool plan_host(cwrun_store *s, cw_fn *fn)
{
    const cw_functype *f = fn->type;
    if (fn->host_planned)
        return true;
    if (f->n_params != 0 && !fn->host_params)
        fn->host_params = compile(
            s, f->param_tuple, CW_PLAN_HOST,
            cw_plan_guest(fn->options.canon, cw_plan_place(f->param_tuple, CW_MAX_FLAT_PARAMS, CW_PLACE_ALLOC)));
    if (f->result && !fn->host_result)
        fn->host_result =
            compile(s, f->result,
                    cw_plan_guest(fn->options.canon, cw_plan_place(f->result, CW_MAX_FLAT_RESULTS, CW_PLACE_MEMORY)),
                    CW_PLAN_HOST);
    fn->host_planned = (f->n_params == 0 || fn->host_params) && (!f->result || fn->host_result);
    return fn->host_planned;
}

/* ---- before and after ---- */

static bool argument_error(cwrun_func *f, cwrun_error *err, const char *format, ...) CWRUN_PRINTF(3, 4);
static bool argument_error(cwrun_func *f, cwrun_error *err, const char *format, ...)
{
    va_list args;
    va_start(args, format);
    cw_vfail(err, &f->in->store->alloc, CWRUN_ERROR_ARGUMENT, 0, format, args);
    va_end(args);
    cw_error_prefix(err, &f->in->store->alloc, "%s", f->name);
    return false;
}

/* Whether the function can be called now; all that is neither its arguments' nor its own fault. */
static bool check_callable(cwrun_func *f, cwrun_error *err)
{
    const cw_alloc *a = &f->in->store->alloc;
    cw_fn *fn = f->fn;
    if (fn->kind == CW_FN_STUB)
        cw_fail(err, a, CWRUN_ERROR_TRAP, CW_TRAP_HOST, "`%.*s` is an import that nothing was given for",
                (int)fn->name.size, fn->name.data);
    else if (fn->kind == CW_FN_HOST)
        return true;
    else if (fn->options.unsupported)
        cw_fail(err, a, CWRUN_ERROR_LIMIT, CWRUN_LIMIT_UNSUPPORTED, "%s: %s: not supported yet", f->name,
                fn->options.unsupported);
    else {
        uint8_t closed = cw_may_enter_from(fn->in, NULL);
        if (closed == CW_TRAP_NONE)
            return true;
        cw_fail(err, a, CWRUN_ERROR_TRAP, closed, "%s", cwrun_trap_words(closed));
    }
    return false;
}

static bool check_count(cwrun_func *f, const cwrun_val *args, size_t n, cwrun_error *err)
{
    if (n != 0 && !args)
        return argument_error(f, err, "args is NULL");
    if (n == f->type->n_params)
        return true;
    return argument_error(f, err, "takes %u argument%s, %zu given", f->type->n_params,
                          f->type->n_params == 1 ? "" : "s", n);
}

/* The end of a call that failed: the error is the thread's. */
static bool fail(cw_run *r, cwrun_error *err)
{
    if (r->func->fn->in)
        cw_poison(r->func->fn->in, NULL);
    cw_thread_error(r->thread, err);
    return false;
}

/* Gives everything back that the call held. */
static void end(cw_run *r)
{
    cw_thread_free(r->thread);
    r->thread = NULL;
    if (r->direct)
        cw_caller_free(r->direct);
    r->direct = NULL;
    if (r->call) {
        cw_call_end_loans(r->store, r->call, NULL);
        cw_call_free(r->store, r->call);
        r->call = NULL;
    }
}

void cw_store_settle(cwrun_store *s)
{
    if (s->n_entered == 1 && cw_store_idle(s) && s->drop_later.n != 0)
        cw_run_queued_drops(s);
}

void cw_store_left(cwrun_store *s)
{
    cw_store_settle(s);
    if (--s->n_entered == 0 && s->dropped)
        cw_store_free(s);
}

/* ---- down ---- */

static bool lower_arguments(cw_run *r, const cwrun_val *args, uint64_t *slots, cwrun_error *err)
{
    cwrun_func *f = r->func;
    cw_fn *fn = f->fn;
    cwrun_store *s = r->store;
    const cwrun_type *tuple = fn->type->param_tuple;
    char *bytes = cw_arena_alloc(&s->temporary, tuple->size[CW_P8], 16);
    cwrun_str why;
    if (!bytes)
        return cw_fail_oom(err);
    for (uint32_t i = 0; i < f->type->n_params; i++) {
        const cwrun_type *t = f->type->params[i].type;
        const char *found = cw_val_store(t, &args[i], bytes + tuple->fields[i].offset[CW_P8]);
        if (found)
            return argument_error(f, err, "args[%u]: expected %s, found %s", i, cwrun_kind_name(t->kind), found);
    }
    cw_crossing x = { .store = s, .thread = r->thread, .dst = fn->in, .dst_options = &fn->options, .call = r->call };
    cw_copy copy;
    cw_crossing_init(&x, &copy, NULL, fn->options.memory, NULL, &s->temporary);
    if (!cw_plan_check(fn->host_params, &copy, bytes, "args", &why)) {
        if (!copy.fail_kind)
            return argument_error(f, err, "%.*s", (int)why.size, why.data);
        cw_crossing_fail(&x, &copy);
        cw_thread_error(r->thread, err);
        return false;
    }
    cw_enter_from(fn->in, NULL);
    return cw_crossing_run(&x, fn->host_params, &copy, bytes, slots) || fail(r, err);
}

/* Checks and lowers the arguments and puts the call on a thread. After a failure nothing is held. */
static bool begin(cw_run *r, cwrun_func *f, const cwrun_val *args, size_t n, cwrun_error *err)
{
    cwrun_store *s = f->in->store;
    uint64_t slots[CW_MAX_FLAT_PARAMS];
    r->store = s;
    r->func = f;
    r->thread = NULL;
    r->call = NULL;
    r->direct = NULL;
    if (!check_callable(f, err) || !check_count(f, args, n, err))
        return false;
    if (f->fn->kind == CW_FN_HOST)
        return cw_direct_begin(r, args, err);
    if (!plan_host(s, f->fn) || (f->fn->type->has_borrow && !(r->call = cw_call_new(s))))
        return cw_exec_oom(&s->exec, err);
    if (!(r->thread = cw_thread_new(&s->exec, err))) {
        if (r->call)
            cw_call_free(s, r->call);
        return false;
    }
    bool ok = true;
    if (f->fn->host_params) {
        ok = lower_arguments(r, args, slots, err);
        cw_arena_reset(&s->temporary);
    } else {
        cw_enter_from(f->fn->in, NULL);
    }
    if (ok)
        cw_thread_start(r->thread, f->fn->core, slots);
    else
        end(r);
    return ok;
}

/* ---- up ---- */

static bool post_return(cw_thread *t, cw_fn *fn, const uint64_t *flat)
{
    fn->in->may_leave = false;
    bool ok = cw_thread_nested(t, fn->options.post_return, flat, NULL);
    fn->in->may_leave = true;
    return ok;
}

static bool out_of_memory(cw_run *r)
{
    cw_thread_limit(r->thread, CWRUN_LIMIT_HOST_MEMORY, "out of memory");
    return false;
}

static bool lift_result(cw_run *r, cwrun_val *result)
{
    cw_fn *fn = r->func->fn;
    cwrun_store *s = r->store;
    uint64_t flat = cw_thread_results(r->thread)[0];
    if (r->call && r->call->num_borrows != 0) {
        cw_thread_trap(r->thread, CW_TRAP_BORROWS_LEFT, NULL);
        return false;
    }
    if (fn->host_result) {
        const cwrun_type *type = r->func->type->result;
        void *bytes = cw_arena_alloc(r->arena, type->size[CW_P8], 16);
        if (!bytes)
            return out_of_memory(r);
        cw_crossing x = { .store = s, .thread = r->thread, .src = fn->in };
        cw_copy copy;
        cw_crossing_init(&x, &copy, fn->options.memory, NULL, r->arena, &s->temporary);
        bool ok = cw_crossing_run(&x, fn->host_result, &copy, &flat, bytes);
        cw_arena_reset(&s->temporary);
        if (!ok)
            return false;
        *result = cw_val_load(type, bytes);
    }
    return !fn->options.post_return || post_return(r->thread, fn, &flat);
}

/* After a run that is not suspended: takes the result or the failure, and gives everything back. */
static bool finish(cw_run *r, cw_run_status status, cwrun_val *result, cwrun_error *err)
{
    bool ok = status == CW_RUN_DONE && (r->direct ? cw_direct_result(r, result) : lift_result(r, result));
    if (ok && r->direct && !cw_caller_end_loans(r->direct)) {
        cw_val_drop_handles(r->store, result, NULL);
        ok = false;
    }
    if (!ok)
        fail(r, err);
    else if (!r->direct)
        cw_leave_to(r->func->fn->in, NULL);
    end(r);
    return ok;
}

/* ---- the fast way ---- */

/* The slot of a scalar; false where it is not valid (a char). */
static inline bool to_slot(const cwrun_val *v, uint64_t *slot)
{
    switch (v->kind) {
    case CWRUN_KIND_BOOL: *slot = v->of.u8 != 0; return true;
    case CWRUN_KIND_S8: *slot = (uint32_t)(int32_t)v->of.s8; return true;
    case CWRUN_KIND_U8: *slot = v->of.u8; return true;
    case CWRUN_KIND_S16: *slot = (uint32_t)(int32_t)v->of.s16; return true;
    case CWRUN_KIND_U16: *slot = v->of.u16; return true;
    case CWRUN_KIND_CHAR: *slot = v->of.u32; return v->of.u32 < 0xd800 || (v->of.u32 > 0xdfff && v->of.u32 < 0x110000);
    case CWRUN_KIND_S32:
    case CWRUN_KIND_U32:
    case CWRUN_KIND_F32: *slot = v->of.u32; return true;
    default: *slot = v->of.u64; return true;
    }
}

static inline bool from_slot(uint8_t kind, uint64_t slot, cwrun_val *v)
{
    v->kind = kind;
    v->of.u64 = 0;
    switch (kind) {
    case CWRUN_KIND_BOOL: v->of.boolean = (uint32_t)slot != 0; return true;
    case CWRUN_KIND_S8:
    case CWRUN_KIND_U8: v->of.u8 = (uint8_t)slot; return true;
    case CWRUN_KIND_S16:
    case CWRUN_KIND_U16: v->of.u16 = (uint16_t)slot; return true;
    case CWRUN_KIND_CHAR:
        v->of.u32 = (uint32_t)slot;
        return v->of.u32 < 0xd800 || (v->of.u32 > 0xdfff && v->of.u32 < 0x110000);
    case CWRUN_KIND_S32:
    case CWRUN_KIND_U32:
    case CWRUN_KIND_F32: v->of.u32 = (uint32_t)slot; return true;
    default: v->of.u64 = slot; return true;
    }
}

/* False where it is not for the fast way: *done says whether the call was made all the same. */
static bool call_scalars(cwrun_func *f, const cwrun_val *args, cwrun_val *result, cwrun_error *err, bool *done)
{
    cw_fn *fn = f->fn;
    cwrun_store *s = f->in->store;
    uint64_t slots[CW_MAX_FLAT_PARAMS];
    *done = false;
    for (uint32_t i = 0; i < f->n_params; i++)
        if (args[i].kind != f->kinds[i] || !to_slot(&args[i], &slots[i]))
            return false;
    cw_run r = { .store = s, .func = f, .thread = cw_thread_new(&s->exec, err) };
    *done = true;
    if (!r.thread)
        return false;
    cw_enter_from(fn->in, NULL);
    cw_thread_start(r.thread, fn->core, slots);
    bool ok = cw_store_drive(s, r.thread) == CW_RUN_DONE;
    uint64_t flat = cw_thread_results(r.thread)[0];
    if (ok && f->result_kind != 0 && !from_slot(f->result_kind, flat, result)) {
        cw_thread_trap(r.thread, CW_TRAP_INVALID_CHAR, NULL);
        ok = false;
    }
    if (ok && fn->options.post_return)
        ok = post_return(r.thread, fn, &flat);
    if (ok)
        cw_leave_to(fn->in, NULL);
    else
        fail(&r, err);
    cw_thread_free(r.thread);
    return ok;
}

/* ---- the public side ---- */

/* Where a result goes that no arena was given for. */
static cw_arena *default_arena(cwrun_store *s)
{
    if (s->current)
        return &s->current->arena;
    s->which ^= 1;
    cw_arena_reset(&s->scratch[s->which]);
    return &s->scratch[s->which];
}

bool cwrun_func_call(cwrun_func *func, const cwrun_val *args, size_t n_args, cwrun_val *result, cwrun_arena *arena,
                     cwrun_error *err)
{
    cwrun_val made = { 0 }; /* *result may be one of the arguments */
    bool ok = false, done = false;
    if (!func || cwrun_failed(err)) {
        if (result)
            *result = made;
        return cw_fail_null(err, __func__);
    }
    cwrun_store *s = func->in->store;
    cw_store_entered(s);
    if (func->is_scalar && n_args == func->n_params && (args || n_args == 0) &&
        cw_may_enter_from(func->fn->in, NULL) == CW_TRAP_NONE) {
        ok = call_scalars(func, args, &made, err, &done);
        made.type = ok ? func->type->result : NULL;
    }
    if (!done) {
        cw_run r;
        ok = begin(&r, func, args, n_args, err);
        if (ok) {
            cw_run_status status = cw_store_drive(s, r.thread);
            r.arena = arena ? arena : default_arena(s);
            ok = finish(&r, status, &made, err);
            if (ok && !result)
                ok = cw_val_drop_handles(s, &made, err);
        }
    }
    if (!ok)
        made.kind = 0;
    if (result)
        *result = made;
    cw_store_left(s);
    return ok;
}

bool cwrun_call(cwrun_instance *instance, const char *name, const cwrun_val *args, size_t n_args, cwrun_val *result,
                cwrun_arena *arena, cwrun_error *err)
{
    cwrun_func *f = cwrun_instance_func(instance, name, err);
    return cwrun_func_call(f, args, n_args, result, arena, err);
}

typedef struct drops {
    cwrun_store *store;
    bool ok;
    cwrun_error *err;
} drops;

static void drop_handle(void *user, const cwrun_type *type, uint32_t *handle)
{
    drops *d = user;
    if (type->kind == CWRUN_KIND_OWN)
        d->ok = cw_host_handle_drop(d->store, *handle, NULL, d->ok ? d->err : NULL) && d->ok;
    *handle = 0;
}

bool cw_val_drop_handles(cwrun_store *s, cwrun_val *v, cwrun_error *err)
{
    drops d = { s, true, err };
    if (v->type && v->type->has_handles)
        cw_value_handles(v->type, (void *)(uintptr_t)cwrun_val_data(v), drop_handle, &d);
    return d.ok;
}

/* ---- polled calls ---- */

cwrun_polled *cwrun_call_start(cwrun_func *func, const cwrun_val *args, size_t n_args, cwrun_error *err)
{
    if (!func || cwrun_failed(err))
        return cw_fail_null(err, __func__), NULL;
    if (!check_count(func, args, n_args, err))
        return NULL;
    cwrun_store *s = func->in->store;
    if (s->exec.closing) {
        cw_fail(err, &s->alloc, CWRUN_ERROR_ARGUMENT, 0, "%s: the store is being dropped", __func__);
        return NULL;
    }
    cwrun_polled *p = cw_new(&s->alloc, sizeof *p);
    if (!p) {
        cw_fail_oom(err);
        return NULL;
    }
    p->alloc = s->alloc;
    cw_arena_init(&p->arena, &s->alloc);
    p->args = n_args ? cw_arena_array(&p->arena, n_args, sizeof *p->args) : NULL;
    for (size_t i = 0; i < n_args && !p->arena.oom; i++)
        if (args[i].kind != 0) {
            p->args[i] = cwrun_val_copy(&args[i], &p->arena);
            p->args[i].type = args[i].type;
        }
    if (p->arena.oom) {
        cw_arena_fini(&p->arena);
        cw_free(&s->alloc, p, sizeof *p);
        cw_fail_oom(err);
        return NULL;
    }
    p->n_args = n_args;
    p->run.store = s;
    p->run.func = func;
    p->status = CWRUN_PENDING;
    p->next = s->polled;
    if (s->polled)
        s->polled->previous = p;
    s->polled = p;
    return p;
}

/* Takes one step of a call that was begun. */
static void advance(cwrun_polled *p)
{
    p->in_poll = true;
    cw_run_status status = cw_store_step(p->run.thread);
    if (status != CW_RUN_SUSPENDED) {
        p->run.arena = &p->arena;
        p->status = finish(&p->run, status, &p->result, &p->err) ? CWRUN_DONE : CWRUN_FAILED;
    }
    p->in_poll = false;
}

/* Calls that were dropped while the list was walked. */
static void free_dropped(cwrun_store *s)
{
    for (cwrun_polled *p = s->polled, *next; p; p = next) {
        next = p->next;
        if (p->dropped && !p->in_poll)
            cwrun_call_drop(p);
    }
}

bool cw_polled_advance(cwrun_store *s)
{
    bool any = false;
    s->n_walks++;
    for (cwrun_polled *p = s->polled; p; p = p->next)
        if (p->status == CWRUN_PENDING && p->started && !p->in_poll && !p->dropped &&
            cw_caller_ready(p->run.thread->user)) {
            advance(p);
            any = true;
        }
    if (--s->n_walks == 0)
        free_dropped(s);
    return any;
}

cwrun_status cwrun_call_poll(cwrun_polled *call, cwrun_error *err)
{
    if (!call || cwrun_failed(err))
        return cw_fail_null(err, __func__), (cwrun_status)CWRUN_FAILED;
    cwrun_store *s = call->run.store;
    const char *misuse = !s || s->exec.closing ? "its store is gone"
                         : call->in_poll       ? "it is being polled already"
                                               : NULL;
    if (misuse) {
        cw_fail(err, &call->alloc, CWRUN_ERROR_ARGUMENT, 0, "cwrun_call_poll: %s", misuse);
        return CWRUN_FAILED;
    }
    cw_store_entered(s);
    if (call->status == CWRUN_PENDING && !call->started) {
        call->started = true;
        if (!begin(&call->run, call->run.func, call->args, call->n_args, &call->err))
            call->status = CWRUN_FAILED;
    }
    if (call->status == CWRUN_PENDING)
        advance(call);
    if (call->status == CWRUN_FAILED) {
        if (!cwrun_failed(&call->err))
            cw_fail(err, &call->alloc, CWRUN_ERROR_ARGUMENT, 0, "cwrun_call_poll: the call has failed before");
        else if (err)
            *err = call->err;
        else
            cwrun_error_clear(&call->err);
        call->err = (cwrun_error)CWRUN_ERROR_INIT;
    }
    cwrun_status status = call->status;
    if (call->dropped && s->n_walks == 0)
        cwrun_call_drop(call);
    cw_store_left(s);
    return status;
}

cwrun_val cwrun_call_result(const cwrun_polled *call)
{
    cwrun_val none = { 0 };
    return call && call->status == CWRUN_DONE ? call->result : none;
}

void cw_polled_end(cwrun_polled *p)
{
    if (!p->run.thread)
        return;
    if (p->run.func->fn->in)
        cw_poison(p->run.func->fn->in, NULL);
    end(&p->run);
}

void cwrun_call_drop(cwrun_polled *call)
{
    if (!call)
        return;
    cwrun_store *s = call->run.store;
    if (call->in_poll || (s && s->n_walks != 0)) {
        call->dropped = true; /* goes when the poll, or the walk over all of them, ends */
        return;
    }
    if (s) {
        cw_store_entered(s);
        if (call->previous)
            call->previous->next = call->next;
        else
            s->polled = call->next;
        if (call->next)
            call->next->previous = call->previous;
        call->in_poll = true; /* on_cancel may drop it once more */
        cw_polled_end(call);
    }
    cwrun_error_clear(&call->err);
    cw_arena_fini(&call->arena);
    cw_alloc a = call->alloc;
    cw_free(&a, call, sizeof *call);
    if (s)
        cw_store_left(s);
}
