/* component/lower.c: core functions made by `canon lower`: a guest calls another component, or the host
 * [CanonicalABI: canon lower, canon lift].
 *
 * Component to component is one native frame: state 0 checks, copies the parameters straight from memory to memory and
 * calls the callee's core function on the same stack; state 1 copies the result and runs post-return. The frame keeps,
 * above the parameters, the record of lent handles, whether the callee was entered, and the callee's flat result. */
#include "base/error.h"
#include "component/runtime.h"

enum { SLOT_CALL, SLOT_ENTERED, SLOT_RESULT, N_SLOTS };
enum { STATE_START, STATE_RETURNED };

cw_options cw_options_of(const cwrun_instance *in, const cw_canon_opts *canon, const cw_functype *type)
{
    cw_options o = { .canon = canon };
    if (canon->is_async || type->is_async)
        o.unsupported = "calls of async functions";
    else if (canon->gc)
        o.unsupported = "calls with the canonical option `gc`";
    if (canon->memory != CW_NO_INDEX)
        o.memory = in->spaces[CW_SORT_CORE_MEMORY][canon->memory];
    if (canon->realloc != CW_NO_INDEX)
        o.realloc = in->spaces[CW_SORT_CORE_FUNC][canon->realloc];
    if (canon->post_return != CW_NO_INDEX)
        o.post_return = in->spaces[CW_SORT_CORE_FUNC][canon->post_return];
    return o;
}

/* ---- plans ---- */

/* What the arena of the store could not hold is an ordinary error; the arena goes on. */
static bool compile(cwrun_store *s, const cw_plan **plan, const cwrun_type *from, const cwrun_type *to,
                    cw_plan_side src, cw_plan_side dst, uint32_t flags)
{
    s->exec.arena.full = false;
    *plan = cw_plan_compile(&s->exec.arena, from, to, src, dst, flags);
    s->exec.arena.oom = false;
    return *plan != NULL;
}

bool cw_plan_views(const cw_options *o)
{
    return !o->memory || !o->memory->type.is_shared;
}

static bool plan_lower(cw_lower *l)
{
    cwrun_store *s = l->in->store;
    const cw_fn *fn = l->fn;
    const cwrun_type *params = l->type->param_tuple, *result = l->type->result;
    cw_plan_side from = cw_plan_guest(
        l->options.canon, l->type->n_params ? cw_plan_place(params, CW_MAX_FLAT_PARAMS, CW_PLACE_MEMORY) : 0);
    cw_plan_side to =
        result ? cw_plan_guest(l->options.canon, cw_plan_place(result, CW_MAX_FLAT_RESULTS, CW_PLACE_MEMORY)) : from;
    bool ok = true;
    if (fn->kind == CW_FN_LIFT) {
        if (l->type->n_params != 0)
            ok = compile(s, &l->params, params, fn->type->param_tuple, from,
                         cw_plan_guest(fn->options.canon,
                                       cw_plan_place(fn->type->param_tuple, CW_MAX_FLAT_PARAMS, CW_PLACE_ALLOC)),
                         0);
        if (result && ok)
            ok = compile(
                s, &l->result, fn->type->result, result,
                cw_plan_guest(fn->options.canon, cw_plan_place(fn->type->result, CW_MAX_FLAT_RESULTS, CW_PLACE_MEMORY)),
                to, 0);
    } else {
        if (l->type->n_params != 0)
            ok = compile(s, &l->params, params, params, from, CW_PLAN_HOST,
                         cw_plan_views(&l->options) ? CW_PLAN_VIEWS : 0);
        if (result && ok)
            ok = compile(s, &l->result, result, result, CW_PLAN_HOST, to, 0);
    }
    l->planned = ok;
    return ok;
}

/* ---- component to component ---- */

static bool needs_call(const cw_lower *l)
{
    return l->type->has_borrow;
}

static cw_step start(cw_thread *t, cw_lower *l, uint64_t *frame, uint64_t *own)
{
    const cw_fn *fn = l->fn;
    cwrun_store *s = l->in->store;
    uint8_t closed = cw_may_enter_from(fn->in, l->in);
    if (closed != CW_TRAP_NONE) {
        cw_thread_trap(t, closed, NULL);
        return CW_STEP_TRAP;
    }
    cw_enter_from(fn->in, l->in);
    own[SLOT_ENTERED] = 1;

    cw_call *call = NULL;
    if (needs_call(l)) {
        if (!(call = cw_call_new(s))) {
            cw_thread_limit(t, CWRUN_LIMIT_HOST_MEMORY, "out of memory");
            return CW_STEP_TRAP;
        }
        own[SLOT_CALL] = (uint64_t)(uintptr_t)call;
    }
    uint64_t args[CW_MAX_FLAT_PARAMS];
    uint32_t n_args = 0;
    if (l->params) {
        cw_crossing x = {
            .store = s, .thread = t, .src = l->in, .dst = fn->in, .dst_options = &fn->options, .call = call
        };
        cw_copy copy;
        cw_crossing_init(&x, &copy, l->options.memory, fn->options.memory, NULL, NULL);
        if (!cw_crossing_run(&x, l->params, &copy, frame, args))
            return CW_STEP_TRAP;
        n_args = l->params->dst.place == CW_PLACE_FLAT ? l->params->dst_type->n_flat : 1;
    }
    t->call_func = fn->core;
    t->call_args = own + N_SLOTS;
    memcpy(t->call_args, args, n_args * sizeof *args);
    t->next_state = STATE_RETURNED;
    return CW_STEP_CALL;
}

static cw_step finish(cw_thread *t, cw_lower *l, uint64_t *frame, uint64_t *own)
{
    const cw_fn *fn = l->fn;
    cwrun_store *s = l->in->store;
    cw_call *call = (cw_call *)(uintptr_t)own[SLOT_CALL];
    own[SLOT_RESULT] = own[N_SLOTS]; /* what runs nested may write above the frame */
    if (call && call->num_borrows != 0) {
        cw_thread_trap(t, CW_TRAP_BORROWS_LEFT, NULL);
        return CW_STEP_TRAP;
    }
    uint64_t flat = 0;
    if (l->result) {
        cw_crossing x = { .store = s, .thread = t, .src = fn->in, .dst = l->in, .dst_options = &l->options };
        cw_copy copy;
        cw_crossing_init(&x, &copy, fn->options.memory, l->options.memory, NULL, NULL);
        uint64_t *to = l->result_in_memory ? &frame[l->n_params - 1] : &flat;
        if (!cw_crossing_run(&x, l->result, &copy, &own[SLOT_RESULT], to))
            return CW_STEP_TRAP;
    }
    if (fn->options.post_return) {
        fn->in->may_leave = false;
        bool ok = cw_thread_nested(t, fn->options.post_return, &own[SLOT_RESULT], NULL);
        fn->in->may_leave = true;
        if (!ok)
            return CW_STEP_TRAP;
    }
    cw_leave_to(fn->in, l->in);
    if (call) {
        cw_call_end_loans(s, call, NULL);
        cw_call_free(s, call);
    }
    frame[0] = flat;
    return CW_STEP_RETURN;
}

/* ---- the native ---- */

static cw_step run_lower(cw_thread *t, cw_func *func, uint64_t *frame, uint32_t state)
{
    cw_lower *l = func->user;
    uint64_t *own = frame + (l->n_params ? l->n_params : 1);
    if (state != STATE_START)
        return l->fn->kind == CW_FN_LIFT ? finish(t, l, frame, own) : cw_host_call(t, l, frame, own, state);

    own[SLOT_CALL] = own[SLOT_ENTERED] = 0;
    if (!l->in->may_leave) {
        cw_thread_trap(t, CW_TRAP_CANNOT_LEAVE, NULL);
        return CW_STEP_TRAP;
    }
    if (l->fn->kind == CW_FN_STUB) {
        cw_thread_trap(t, CW_TRAP_HOST, "`%.*s` is an import that nothing was given for", (int)l->fn->name.size,
                       l->fn->name.data);
        return CW_STEP_TRAP;
    }
    const char *unsupported = l->options.unsupported ? l->options.unsupported : l->fn->options.unsupported;
    if (unsupported) {
        cw_thread_trap(t, CW_TRAP_UNSUPPORTED, "%s: not supported yet", unsupported);
        return CW_STEP_TRAP;
    }
    if (!l->planned && !plan_lower(l)) {
        cw_thread_oom(t);
        return CW_STEP_TRAP;
    }
    return l->fn->kind == CW_FN_LIFT ? start(t, l, frame, own) : cw_host_call(t, l, frame, own, state);
}

static void unwind_lower(cw_thread *t, cw_func *func, uint64_t *frame, uint32_t state)
{
    (void)t;
    (void)state;
    cw_lower *l = func->user;
    uint64_t *own = frame + (l->n_params ? l->n_params : 1);
    if (l->fn->kind == CW_FN_LIFT) {
        cw_call *call = (cw_call *)(uintptr_t)own[SLOT_CALL];
        if (own[SLOT_ENTERED])
            cw_poison(l->fn->in, l->in);
        if (call) {
            cw_call_end_loans(l->in->store, call, NULL);
            cw_call_free(l->in->store, call);
        }
    } else if (l->fn->kind == CW_FN_HOST && own[SLOT_CALL]) {
        cw_caller_free((cwrun_caller *)(uintptr_t)own[SLOT_CALL]);
    }
}

static const cw_native lower_native = { run_lower, unwind_lower, NULL };

cw_func *cw_lower_new(cwrun_instance *in, const cw_def *def, cwrun_error *err)
{
    cwrun_store *s = in->store;
    cw_lower *l = CW_ARENA_NEW(&s->exec.arena, cw_lower);
    if (!l) {
        cw_exec_oom(&s->exec, err);
        return NULL;
    }
    const cw_subtype *core = cw_types_get(s->exec.types, def->of.canon.core_type);
    l->in = in;
    l->fn = in->spaces[CW_SORT_FUNC][def->of.canon.func];
    l->type = def->of.canon.type;
    l->options = cw_options_of(in, &def->of.canon.opts, l->type);
    l->n_params = (uint16_t)core->param_slots;
    l->result_in_memory = l->type->result && l->type->result->n_flat > CW_MAX_FLAT_RESULTS;
    return cw_func_native_new(&s->exec, def->of.canon.core_type, &lower_native,
                              (l->n_params ? l->n_params : 1u) + N_SLOTS, l, NULL, err);
}
