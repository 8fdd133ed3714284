/* exec/exception.h: exceptions: the objects, and finding who handles one  [core 4.2.11, 4.6.11]. */
#ifndef CW_EXEC_EXCEPTION_H
#define CW_EXEC_EXCEPTION_H

#include "exec/exec.h"

/* What an exnref points to. Identity does not matter to guests, who can only throw it again. */
struct cw_exception {
    cw_exception *next; /* exec's list */
    cw_tag *tag;
    uint32_t n_values; /* in slots */
    uint32_t reserved;
    uint64_t values[];
};

/* A new exception; the values, parameters of the tag, are copied. NULL where memory ran out. Lives as long as its
 * cw_exec. */
cw_exception *cw_exception_new(cw_exec *x, cw_tag *tag, const uint64_t *values);
void cw_exceptions_fini(cw_exec *x);

/* The exception exec->thrown leaves the place where the thread stands (GUEST: t->ip behind the throwing instruction,
 * t->sp its frame). True: the thread stands where it is handled, values in their slots, native frames in between
 * unwound. False: nothing in the innermost run handles it; the thread has failed and stands where it stood. */
bool cw_exception_unwind(cw_thread *t);

#endif
