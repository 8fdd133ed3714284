/* exec/interp.h: entering and leaving the interpreter.
 *
 * A run starts at {t->ip, t->sp, t->csp, t->acc, t->in} and ends by itself (DONE), in a native that says SUSPEND, or in
 * a trap. The caller sees to exec->current, exec->limit and the nesting count; everything between is here. */
#ifndef CW_EXEC_INTERP_H
#define CW_EXEC_INTERP_H

#include "exec/exec.h"

/* Prepares the call of f with its arguments at `frame` (at least one slot above everything that lives; results replace
 * them): pushes an entry record at t->csp and sets t->ip, t->sp, t->in and t->acc for cw_interp_run. Checks no limit:
 * the run does. */
void cw_interp_start(cw_thread *t, cw_func *f, uint64_t *frame);

/* Runs from where the thread stands.
 *   DONE       the entry record is popped: t->csp is what it was before cw_interp_start; the results are in `frame`
 *   SUSPENDED  t is ready for another cw_interp_run, which runs the native again; t->sp is the first free slot
 *   TRAPPED    t->trap, t->fail_kind and t->fail_code say why; t->ip, t->in and t->csp are as they were, for cw_walk */
cw_run_status cw_interp_run(cw_thread *t);

/* The internal code of a native function, which a call of it runs. Lives as long as its cw_func. */
typedef struct cw_native_code {
    uint64_t header[2]; /* as before every function's code: see code.h */
    uint64_t op;
    cw_func *func;
} cw_native_code;

/* Fills it and returns what the function's cw_func_code.code is to be. f->native must be set before it is called;
 * frame_slots (at least 1, and parameters and results) is what is checked against the stack's limit. */
const uint8_t *cw_native_code_init(cw_native_code *code, cw_func *f, uint32_t frame_slots);

#endif
