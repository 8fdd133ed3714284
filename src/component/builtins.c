/* component/builtins.c: core functions made by canonical built-ins  [CanonicalABI: canon resource.new, resource.drop,
 * resource.rep]. Those of the asynchronous set link, and trap with their name when they are called. */
#include "base/error.h"
#include "component/canon.h"
#include "component/runtime.h"

typedef struct cw_builtin {
    cwrun_instance *in;
    cw_resource_type *rt;
    uint8_t canon; /* cw_canon */
} cw_builtin;

static bool check_leave(cw_thread *t, const cwrun_instance *in)
{
    if (!in->may_leave)
        cw_thread_trap(t, CW_TRAP_CANNOT_LEAVE, NULL);
    return in->may_leave;
}

/* The handle at an index of this built-in's type; NULL: trapped. */
static cw_handle *find(cw_thread *t, const cw_builtin *b, uint32_t index)
{
    cw_handle *e = cw_handle_get(&b->in->handles, index);
    if (!e)
        cw_handle_trap(t, CW_TRAP_UNKNOWN_HANDLE, index, NULL, NULL);
    else if (e->rt != b->rt)
        cw_handle_trap(t, CW_TRAP_HANDLE_TYPE, index, b->rt, e->rt);
    return e && e->rt == b->rt ? e : NULL;
}

/* ---- resource.new, resource.rep ---- */

static cw_step run_new(cw_thread *t, cw_func *func, uint64_t *frame, uint32_t state)
{
    (void)state;
    cw_builtin *b = func->user;
    cwrun_store *s = b->in->store;
    bool limit;
    if (!check_leave(t, b->in))
        return CW_STEP_TRAP;
    uint32_t handle = cw_handle_add(&b->in->handles, &s->alloc, b->rt, frame[0], true, &limit);
    if (handle == 0) {
        if (limit)
            cw_thread_limit(t, CWRUN_LIMIT_HANDLES, "more than %u handles in one component instance (--max-handles)",
                            b->in->handles.max);
        else
            cw_thread_limit(t, CWRUN_LIMIT_HOST_MEMORY, "out of memory");
        return CW_STEP_TRAP;
    }
    frame[0] = handle;
    return CW_STEP_RETURN;
}

static cw_step run_rep(cw_thread *t, cw_func *func, uint64_t *frame, uint32_t state)
{
    (void)state;
    const cw_handle *e = find(t, func->user, (uint32_t)frame[0]);
    if (!e)
        return CW_STEP_TRAP;
    frame[0] = e->rep;
    return CW_STEP_RETURN;
}

/* ---- resource.drop ---- the destructor is a frame of its own on the same stack. */

enum { DROP_INDEX, DROP_ENTERED, DROP_SLOTS };

static cw_step run_drop(cw_thread *t, cw_func *func, uint64_t *frame, uint32_t state)
{
    cw_builtin *b = func->user;
    cw_resource_type *rt = b->rt;
    if (state != 0) {
        if (rt->impl != b->in)
            cw_leave_to(rt->impl, b->in);
        return CW_STEP_RETURN;
    }
    uint32_t index = (uint32_t)frame[DROP_INDEX];
    frame[DROP_ENTERED] = 0;
    cw_handle *e = check_leave(t, b->in) ? find(t, b, index) : NULL;
    if (!e)
        return CW_STEP_TRAP;
    if (e->num_lends != 0) {
        cw_thread_trap(t, CW_TRAP_HANDLE_LENT, NULL);
        return CW_STEP_TRAP;
    }
    uint64_t rep = e->rep;
    cw_call *scope = e->scope;
    bool own = e->own;
    cw_handle_remove(&b->in->handles, index);
    if (!own) {
        scope->num_borrows--;
        return CW_STEP_RETURN;
    }
    if (!rt->impl) {
        cw_resource_finalize(rt, rep);
        return CW_STEP_RETURN;
    }
    if (!rt->dtor)
        return CW_STEP_RETURN;
    if (rt->impl != b->in) {
        uint8_t closed = cw_may_enter_from(rt->impl, b->in);
        if (closed != CW_TRAP_NONE) {
            cw_thread_trap(t, closed, NULL);
            return CW_STEP_TRAP;
        }
        cw_enter_from(rt->impl, b->in);
        frame[DROP_ENTERED] = 1;
    }
    t->call_func = rt->dtor;
    t->call_args = frame + DROP_SLOTS;
    t->call_args[0] = rep;
    t->next_state = 1;
    return CW_STEP_CALL;
}

static void unwind_drop(cw_thread *t, cw_func *func, uint64_t *frame, uint32_t state)
{
    (void)t;
    (void)state;
    cw_builtin *b = func->user;
    if (frame[DROP_ENTERED])
        cw_poison(b->rt->impl, b->in);
}

/* ---- what is not executed yet ---- */

static cw_step run_unsupported(cw_thread *t, cw_func *func, uint64_t *frame, uint32_t state)
{
    (void)frame;
    (void)state;
    const cw_builtin *b = func->user;
    bool anywhere = b->canon == CW_CANON_CONTEXT_GET || b->canon == CW_CANON_CONTEXT_SET ||
                    b->canon == CW_CANON_BACKPRESSURE_INC || b->canon == CW_CANON_BACKPRESSURE_DEC;
    if (anywhere || check_leave(t, b->in))
        cw_thread_trap(t, CW_TRAP_UNSUPPORTED, "canonical built-in `%s`: not supported yet", cw_canons[b->canon].name);
    return CW_STEP_TRAP;
}

static const cw_native new_native = { run_new, NULL, NULL };
static const cw_native rep_native = { run_rep, NULL, NULL };
static const cw_native drop_native = { run_drop, unwind_drop, NULL };
static const cw_native unsupported_native = { run_unsupported, NULL, NULL };

cw_func *cw_builtin_new(cwrun_instance *in, const cw_def *def, cwrun_error *err)
{
    cw_exec *x = &in->store->exec;
    cw_type_id type = def->of.canon.core_type;
    const cw_native *native = NULL;
    switch (def->of.canon.builtin) {
    case CW_CANON_RESOURCE_NEW: native = &new_native; break;
    case CW_CANON_RESOURCE_REP: native = &rep_native; break;
    case CW_CANON_RESOURCE_DROP: native = &drop_native; break;
    default: native = &unsupported_native; break;
    }
    cw_builtin *b = CW_ARENA_NEW(&x->arena, cw_builtin);
    if (!b) {
        cw_exec_oom(x, err);
        return NULL;
    }
    b->in = in;
    b->canon = def->of.canon.builtin;
    if (native != &unsupported_native)
        b->rt = in->resources[def->of.canon.resource];
    return cw_func_native_new(x, type, native, DROP_SLOTS, b, NULL, err);
}
