/* exec/exception.h: exceptions: the objects, and finding who handles one  [core 4.2.11, 4.6.11]. */
#ifndef CW_EXEC_EXCEPTION_H
#define CW_EXEC_EXCEPTION_H

#include "exec/exec.h"

/* A new exception (gc.h); the values, parameters of the tag, are copied. NULL where memory ran out (cw_gc_trap). */
cw_exception *cw_exception_new(cw_exec *x, cw_tag *tag, const uint64_t *values);

/* The exception exec->thrown leaves the place where the thread stands (GUEST: t->ip behind the throwing instruction,
 * t->sp its frame). True: the thread stands where it is handled, values in their slots, native frames in between
 * unwound. False: nothing in the innermost run handles it; the thread has failed and stands where it stood. */
bool cw_exception_unwind(cw_thread *t);

#endif
