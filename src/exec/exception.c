/* exec/exception.c: throwing, and finding who handles it  [core 4.6.11].
 *
 * Nothing is kept for it at run time. A throw walks the control stack twice: first to see where it ends, which leaves
 * the stack of an exception that nobody handles whole for its backtrace, then to unwind native frames on the way.
 * Handlers are found by the place where a frame stands, in the table behind the function's code (code.h). */
#include "exec/exception.h"

#include "exec/code.h"
#include "exec/control.h"
#include "exec/thread.h"

/* ---- objects ---- */

cw_exception *cw_exception_new(cw_exec *x, cw_tag *tag, const uint64_t *values)
{
    cw_gc_scope scope;
    cw_gc_scope_begin_params(x, &scope, tag->type, values);
    cw_exception *e = cw_gc_new_exception(x, tag);
    cw_gc_scope_end(x, &scope);
    const uint32_t n = cw_types_get(x->types, tag->type)->param_slots;
    if (e && n)
        memcpy(cw_exception_slots(e), values, n * sizeof *values);
    return e;
}

cw_step cw_thread_throw(cw_thread *t, cw_tag *tag, const uint64_t *values)
{
    if (t->trap != CW_TRAP_NONE)
        return CW_STEP_TRAP;
    cw_exception *e = cw_exception_new(t->exec, tag, values);
    if (!e) {
        cw_gc_trap(t->exec, t);
        return CW_STEP_TRAP;
    }
    t->exec->thrown = e;
    return CW_STEP_THROW;
}

cw_step cw_thread_throw_ref(cw_thread *t, cw_exception *e)
{
    if (t->trap != CW_TRAP_NONE)
        return CW_STEP_TRAP;
    if (!e) {
        cw_thread_trap(t, CW_TRAP_NULL_EXCEPTION, NULL);
        return CW_STEP_TRAP;
    }
    t->exec->thrown = e;
    return CW_STEP_THROW;
}

/* ---- handlers ---- */

/* The region of an instruction that ends at `at`; 0: none. */
static uint32_t region_at(const cw_try_table *table, uint32_t at)
{
    uint32_t low = 0, high = table->n_boundaries;
    while (low < high) {
        const uint32_t middle = low + (high - low) / 2;
        if (table->boundaries[middle].at < at)
            low = middle + 1;
        else
            high = middle;
    }
    return low ? table->boundaries[low - 1].region : 0;
}

/* A search. What it costs is metered, because a guest may throw through many frames and clauses, again and again. */
typedef struct search {
    cw_thread *t;
    const cw_exception *e;
    uint64_t n_steps;    /* not yet metered */
    const uint8_t *code; /* of the function whose clause was found */
    bool is_trap;        /* nobody handles it, and it must not get out as an exception */
    cw_walk walk;
    cw_walk_frame frame;
} search;

/* The clause that takes the exception when it leaves the instruction that ends at the frame's ip. */
static const cw_try_clause *find_clause(search *s)
{
    const cw_instance *in = s->frame.in;
    const uint8_t *ip = s->frame.ip;
    s->code = in->module ? cw_code_trying(in->module, ip) : NULL;
    if (!s->code)
        return NULL;
    const cw_try_table *table = (const cw_try_table *)(const void *)(s->code + cw_code_header_of(s->code)->handlers);
    const cw_try_region *regions = cw_try_regions(table);
    const cw_try_clause *clauses = cw_try_clauses(table);
    for (uint32_t r = region_at(table, (uint32_t)(ip - s->code)); r; r = regions[r - 1].next, s->n_steps++)
        for (uint32_t c = regions[r - 1].clause; c; c = clauses[c - 1].next, s->n_steps++)
            if (clauses[c - 1].tag == CW_TAG_ANY || in->tags[clauses[c - 1].tag] == s->e->tag)
                return &clauses[c - 1];
    return NULL;
}

/* ---- unwinding ---- */

/* False: the thread trapped, out of fuel or interrupted. */
static bool meter(search *s, uint64_t at_least)
{
    enum { BYTES_PER_STEP = 8 };
    if (s->n_steps < at_least)
        return true;
    const uint8_t trap = cw_exec_work(s->t->exec, s->n_steps * BYTES_PER_STEP);
    s->n_steps = 0;
    if (trap != CW_TRAP_NONE)
        cw_thread_trap(s->t, trap, NULL);
    return trap == CW_TRAP_NONE;
}

/* Moves the walk to the frame that handles the exception. NULL: there is none, or the thread trapped. Components do not
 * let exceptions out  [CanonicalABI: canon lift]. */
static const cw_try_clause *find_frame(search *s)
{
    enum { OFTEN = 1 << 14 };
    cw_walk_frame *f = &s->frame;
    bool in_component = s->t->in->owner != NULL;
    const uint8_t *ip = NULL;     /* and */
    const cw_instance *in = NULL; /* of the guest frame before, which has no handler: recursion is looked up once */
    cw_walk_init(&s->walk, s->t);
    for (; cw_walk_next(&s->walk, f) && meter(s, OFTEN); s->n_steps++) {
        if (f->kind == CW_WALK_ENTRY) {
            s->is_trap = in_component || s->t->depth_nested != 0;
            return NULL;
        }
        if (f->kind == CW_WALK_NATIVE) {
            /* between functions of components there is always the canonical ABI's */
            if (in_component) {
                s->is_trap = true;
                return NULL;
            }
            ip = NULL;
        } else if (f->ip != ip || f->in != in) {
            const cw_try_clause *clause = find_clause(s);
            if (clause)
                return clause;
            ip = f->ip;
            in = f->in;
            in_component = in_component || in->owner;
        }
    }
    return NULL;
}

/* Unwinds the native frames above the one that has `csp` left below it. */
static void unwind_natives(cw_thread *t, const cw_control *csp)
{
    cw_walk w;
    cw_walk_frame f;
    cw_walk_init(&w, t);
    while (w.csp != csp && cw_walk_next(&w, &f))
        if (f.kind == CW_WALK_NATIVE && f.func->native->unwind)
            f.func->native->unwind(t, f.func, f.frame, f.state);
}

bool cw_exception_unwind(cw_thread *t)
{
    cw_exec *x = t->exec;
    cw_exception *e = x->thrown;
    search s = { .t = t, .e = e };
    if (t->trap != CW_TRAP_NONE)
        return false;
    const cw_try_clause *clause = find_frame(&s);
    if (!meter(&s, 1) || !clause) {
        if (t->trap == CW_TRAP_NONE)
            cw_thread_uncaught(t, e, s.is_trap);
        if (t->fail_kind != CWRUN_ERROR_EXCEPTION)
            x->thrown = NULL;
        return false;
    }
    cw_gc_root root; /* what is unwound may run code of the host, and that other calls */
    cw_gc_root_init(x, &root, (uintptr_t)e);
    unwind_natives(t, s.walk.csp);
    cw_gc_root_fini(x, &root);
    uint64_t *frame = s.frame.frame;
    const uint32_t n = cw_types_get(x->types, e->tag->type)->param_slots;
    if (clause->values != CW_NO_SLOT && n)
        memcpy(frame + clause->values, cw_exception_slots(e), n * sizeof(uint64_t));
    if (clause->ref != CW_NO_SLOT)
        frame[clause->ref] = (uintptr_t)e;
    t->ip = s.code + clause->target;
    t->sp = frame;
    t->csp = s.walk.csp;
    t->in = s.frame.in;
    x->thrown = NULL;
    return true;
}
