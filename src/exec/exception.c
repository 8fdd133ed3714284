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

/* The innermost region around an instruction that ends at `at`, counted from 1; 0: none. */
static uint32_t region_at(const cw_try_table *table, uint32_t at)
{
    uint32_t low = 0, high = table->n_regions;
    while (low < high) {
        const uint32_t middle = low + (high - low) / 2;
        if (table->regions[middle].start < at)
            low = middle + 1;
        else
            high = middle;
    }
    /* the last one that begins before it, or one around that */
    while (low && table->regions[low - 1].end < at)
        low = table->regions[low - 1].outer;
    return low;
}

/* The clause that takes the exception when it leaves the instruction that ends at ip; *code gets the function's. */
static const cw_try_clause *find_clause(const cw_instance *in, const uint8_t *ip, const cw_exception *e,
                                        const uint8_t **code)
{
    *code = in->module ? cw_code_trying(in->module, ip) : NULL;
    if (!*code)
        return NULL;
    const cw_try_table *table = (const cw_try_table *)(const void *)(*code + cw_code_header_of(*code)->handlers);
    const cw_try_clause *clauses = cw_try_clauses(table);
    for (uint32_t r = region_at(table, (uint32_t)(ip - *code)); r; r = table->regions[r - 1].next)
        for (uint32_t c = table->regions[r - 1].clause; c; c = clauses[c - 1].next)
            if (clauses[c - 1].tag == CW_TAG_ANY || in->tags[clauses[c - 1].tag] == e->tag)
                return &clauses[c - 1];
    return NULL;
}

/* ---- unwinding ---- */

/* Moves the walk to the frame that handles the exception. *is_trap: there is none, and it must not get out as an
 * exception either, because a component's functions do not throw  [CanonicalABI: canon lift]. */
static const cw_try_clause *find_frame(cw_walk *w, cw_walk_frame *f, const cw_thread *t, const cw_exception *e,
                                       const uint8_t **code, bool *is_trap)
{
    bool in_component = t->in->owner != NULL;
    const uint8_t *ip = NULL;     /* and */
    const cw_instance *in = NULL; /* of the guest frame before, which has no handler: recursion is looked up once */
    cw_walk_init(w, t);
    while (cw_walk_next(w, f)) {
        if (f->kind == CW_WALK_ENTRY) {
            *is_trap = in_component || t->depth_nested != 0;
            return NULL;
        }
        if (f->kind == CW_WALK_NATIVE) {
            /* between functions of components there is always the canonical ABI's */
            if (in_component) {
                *is_trap = true;
                return NULL;
            }
            ip = NULL;
        } else if (f->ip != ip || f->in != in) {
            const cw_try_clause *clause = find_clause(f->in, f->ip, e, code);
            if (clause)
                return clause;
            ip = f->ip;
            in = f->in;
            in_component = in_component || in->owner;
        }
    }
    *is_trap = in_component;
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
    const uint8_t *code;
    bool is_trap = false;
    cw_walk w;
    cw_walk_frame f;
    if (t->trap != CW_TRAP_NONE)
        return false;
    const cw_try_clause *clause = find_frame(&w, &f, t, e, &code, &is_trap);
    if (!clause) {
        cw_thread_uncaught(t, e, is_trap);
        return false;
    }
    unwind_natives(t, w.csp);
    const uint32_t n = cw_types_get(x->types, e->tag->type)->param_slots;
    if (clause->values != CW_NO_SLOT && n)
        memcpy(f.frame + clause->values, cw_exception_slots(e), n * sizeof(uint64_t));
    if (clause->ref != CW_NO_SLOT)
        f.frame[clause->ref] = (uintptr_t)e;
    t->ip = code + clause->target;
    t->sp = f.frame;
    t->csp = w.csp;
    t->in = f.in;
    x->thrown = NULL;
    return true;
}
