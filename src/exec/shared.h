/* exec/shared.h: memories that several stores use at once  [threads proposal].
 *
 * A shared memory is an object of its own, counted; each store has a view of it, an ordinary cw_memory. The greatest
 * size is held as address space from the start, so that the base never moves; growth tells the size to all views. */
#ifndef CW_EXEC_SHARED_H
#define CW_EXEC_SHARED_H

#include "exec/exec.h"

typedef struct cw_shared_memory cw_shared_memory;

/* With one reference. max_size caps what the type allows. The type has a maximum and is_shared. */
cw_shared_memory *cw_shared_memory_new(const cw_alloc *a, const cw_memtype *type, uint64_t max_size, cwrun_error *err);
void cw_shared_memory_keep(cw_shared_memory *s);
void cw_shared_memory_release(cw_shared_memory *s);
uint64_t cw_shared_memory_size(cw_shared_memory *s);
/* Bounds-checked bytes; NULL where [at, at + size) is not inside. */
uint8_t *cw_shared_memory_at(cw_shared_memory *s, uint64_t at, uint64_t size);

/* The store's view of it, made where there is none; takes a reference of its own. */
cw_memory *cw_memory_share(cw_exec *x, cw_shared_memory *s, cwrun_error *err);

/* ---- for memory.c ---- */
/* What cw_memory_grow does with a view. */
uint64_t cw_shared_memory_grow(cw_memory *view, uint64_t pages);
bool cw_shared_memory_follow(cw_memory *view, cw_instance *in);
/* The view goes with its store. */
void cw_shared_memory_leave(cw_memory *view);

/* ---- waiting; at is inside and aligned ---- */
enum { CW_WAIT_OK, CW_WAIT_NOT_EQUAL, CW_WAIT_TIMED_OUT };
/* Sleeps while the value of n bytes is `expected`, until somebody notifies, `timeout` nanoseconds are over (negative:
 * never) or the store is interrupted. Where fuel is charged, a microsecond costs one. Returns a trap, or CW_TRAP_NONE
 * with *outcome. */
uint8_t cw_shared_memory_wait(cw_memory *view, uint64_t at, uint32_t n, uint64_t expected, int64_t timeout,
                              uint32_t *outcome);
/* Wakes up to `count` sleepers, those first that came first; how many. */
uint32_t cw_shared_memory_notify(cw_shared_memory *s, uint64_t at, uint32_t count);

#endif
