/* exec/thread.c: threads, their pool, and the runs on them.
 *
 * The one idea: what a call from the host costs is taking a thread off a list. Its two stacks are one mapping that the
 * system fills in as it is touched, and nobody clears it: the interpreter writes slots before it reads them. */
#include "base/error.h"
#include "exec/control.h"
#include "exec/interp.h"
#include "exec/thread.h"
#include "os/os.h"

/* ---- the pool ---- */

static size_t stack_size(const cw_exec *x)
{
    return ((size_t)x->limits.stack_slots + CW_STACK_SLACK) * sizeof(uint64_t);
}

static size_t control_records(const cw_exec *x)
{
    return 2 * (size_t)x->limits.stack_slots + CW_CONTROL_SLACK;
}

static uint64_t thread_size(const cw_exec *x)
{
    return stack_size(x) + (uint64_t)control_records(x) * sizeof(cw_control);
}

static cw_thread *make(cw_exec *x, cwrun_error *err)
{
    cw_thread *t = CW_ARENA_NEW(&x->arena, cw_thread);
    if (!t) {
        x->arena.oom = false;
        cw_fail_oom(err);
        return NULL;
    }
    t->exec = x;
    t->stack = cw_os_reserve(thread_size(x), thread_size(x));
    if (!t->stack) {
        cw_fail(err, &x->alloc, CWRUN_ERROR_LIMIT, CWRUN_LIMIT_HOST_MEMORY,
                "out of memory: no room for a stack of %llu bytes", (unsigned long long)thread_size(x));
        return NULL;
    }
    t->stack_end = t->stack + x->limits.stack_slots;
    t->control = (cw_control *)(void *)((char *)t->stack + stack_size(x));
    t->control_end = t->control + control_records(x);
    t->next = x->threads;
    x->threads = t;
    return t;
}

cw_thread *cw_thread_new(cw_exec *x, cwrun_error *err)
{
    if (cwrun_failed(err))
        return NULL;
    if (x->gc.running) {
        cw_fail(err, &x->alloc, CWRUN_ERROR_ARGUMENT, 0, "the destructor of an externref must not call into its store");
        return NULL;
    }
    if (x->closing) {
        cw_fail(err, &x->alloc, CWRUN_ERROR_ARGUMENT, 0, "the store is being dropped: nothing in it can be called");
        return NULL;
    }
    x->thrown = NULL; /* of a call before */
    cw_thread *t = x->free_threads;
    if (t)
        x->free_threads = t->next_free;
    else if (!(t = make(x, err)))
        return NULL;
    t->sp = t->stack;
    t->csp = t->control;
    t->ip = NULL;
    t->busy = true;
    return t;
}

/* Calls unwind for the native frames of the innermost run, or of all. */
static void unwind(cw_thread *t, bool innermost_run)
{
    cw_walk walk;
    cw_walk_frame f;
    cw_walk_init(&walk, t);
    while (cw_walk_next(&walk, &f)) {
        if (f.kind == CW_WALK_ENTRY && innermost_run)
            break;
        if (f.kind == CW_WALK_NATIVE && f.func->native->unwind)
            f.func->native->unwind(t, f.func, f.frame, f.state);
    }
}

/* Leaves nothing on the thread. */
static void empty(cw_thread *t)
{
    if (t->csp != t->control)
        unwind(t, false);
    t->csp = t->control;
    t->sp = t->stack;
    t->suspended = false;
}

void cw_thread_free(cw_thread *t)
{
    if (!t)
        return;
    empty(t);
    if (t->trap != CW_TRAP_NONE)
        cw_trap_clear(t);
    t->user = NULL;
    t->entry = NULL;
    t->depth_nested = 0;
    t->busy = false;
    t->next_free = t->exec->free_threads;
    t->exec->free_threads = t;
}

void cw_threads_fini(cw_exec *x)
{
    for (cw_thread *t = x->threads; t; t = t->next)
        if (t->busy)
            empty(t);
    for (cw_thread *t = x->threads; t; t = t->next) {
        cw_trap_clear(t);
        cw_os_release(t->stack, thread_size(x));
    }
    x->threads = x->free_threads = NULL;
}

/* ---- runs ---- */

/* Where a thread stands. */
typedef struct place {
    const uint8_t *ip;
    uint64_t *sp;
    cw_control *csp;
    uint64_t acc;
    cw_instance *in;
    uint8_t left;
} place;

static place get_place(const cw_thread *t)
{
    return (place){ t->ip, t->sp, t->csp, t->acc, t->in, t->left };
}

static void set_place(cw_thread *t, const place *p)
{
    t->ip = p->ip;
    t->sp = p->sp;
    t->csp = p->csp;
    t->acc = p->acc;
    t->in = p->in;
    t->left = p->left;
}

/* Runs what stands on the thread, with the store's attention on it for that time. */
static cw_run_status run(cw_thread *t)
{
    cw_exec *x = t->exec;
    cw_thread *before = x->current;
    x->current = t;
    x->n_nested++;
    cw_exec_set_limit(x, t->stack_end);
    cw_run_status status = cw_interp_run(t);
    x->n_nested--;
    x->current = before;
    if (before)
        cw_exec_set_limit(x, before->stack_end);
    return status;
}

void cw_thread_start(cw_thread *t, cw_func *f, const uint64_t *args)
{
    const cw_subtype *type = cw_types_get(t->exec->types, f->type);
    t->entry = f;
    if (type->param_slots != 0)
        memcpy(t->stack + 1, args, type->param_slots * sizeof *args);
    cw_interp_start(t, f, t->stack + 1);
}

cw_run_status cw_thread_run(cw_thread *t)
{
    cw_run_status status = CW_RUN_TRAPPED;
    t->suspended = false;
    if (t->exec->n_nested < t->exec->limits.max_nested)
        status = run(t);
    else
        cw_thread_trap(t, CW_TRAP_STACK, NULL);

    if (status == CW_RUN_DONE) {
        t->sp = t->stack + 1 + cw_types_get(t->exec->types, t->entry->type)->result_slots;
    } else if (status == CW_RUN_SUSPENDED) {
        t->suspended = true;
    } else {
        cw_trap_capture(t);
        empty(t);
    }
    if (status == CW_RUN_DONE || (status == CW_RUN_TRAPPED && t->fail_kind != CWRUN_ERROR_EXCEPTION))
        t->exec->thrown = NULL; /* of a call within that a host function swallowed */
    return status;
}

const uint64_t *cw_thread_results(const cw_thread *t)
{
    return t->stack + 1;
}

bool cw_thread_nested(cw_thread *t, cw_func *f, const uint64_t *args, uint64_t *results)
{
    cw_exec *x = t->exec;
    const cw_subtype *type = cw_types_get(x->types, f->type);
    uint64_t *frame = t->sp + 1;
    if (t->trap != CW_TRAP_NONE)
        return false;
    uint32_t slots = type->param_slots > type->result_slots ? type->param_slots : type->result_slots;
    if (x->n_nested >= x->limits.max_nested || frame > t->stack_end || slots > (size_t)(t->stack_end - frame)) {
        cw_thread_trap(t, CW_TRAP_STACK, NULL);
        return false;
    }

    place here = get_place(t);
    if (type->param_slots != 0)
        memcpy(frame, args, type->param_slots * sizeof *args);
    cw_interp_start(t, f, frame);
    t->depth_nested++;
    cw_run_status status = run(t);
    t->depth_nested--;
    if (status == CW_RUN_DONE) {
        if (type->result_slots != 0)
            memcpy(results, frame, type->result_slots * sizeof *results);
    } else {
        if (status == CW_RUN_SUSPENDED)
            cw_thread_trap(t, CW_TRAP_CANNOT_BLOCK, NULL);
        cw_trap_capture(t);
        unwind(t, true);
    }
    set_place(t, &here);
    return status == CW_RUN_DONE;
}
