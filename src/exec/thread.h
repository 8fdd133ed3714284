/* exec/thread.h: what exec's own files share about threads. */
#ifndef CW_EXEC_THREAD_H
#define CW_EXEC_THREAD_H

#include "exec/exec.h"

enum {
    CW_THREAD_LEAST_SLOTS = 4 << 10, /* the parameters of any function fit several times */
    CW_THREAD_MOST_SLOTS = 128 << 20 /* 1 GiB, and 4 GiB of control records */
};

/* Makes `limit` that of the running code, unless an interrupt stands. */
void cw_exec_set_limit(cw_exec *x, uint64_t *limit);

/* What an interrupt is called in errors. */
#define CW_FUEL_WORDS "all fuel consumed (--fuel)"
#define CW_INTERRUPT_WORDS "interrupt: the time that was granted is over (--timeout)"

/* Unwinds and frees every thread of the store. */
void cw_threads_fini(cw_exec *x);

/* Keeps the backtrace of a thread that has just trapped, where none is kept yet. */
void cw_trap_capture(cw_thread *t);
/* Nothing handles the exception: it is the thread's failure, as a trap where it must not get out. */
void cw_thread_uncaught(cw_thread *t, const cw_exception *e, bool is_trap);
/* Forgets the failure, its words and its frames. */
void cw_trap_clear(cw_thread *t);

#endif
