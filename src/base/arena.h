/* base/arena.h: bump allocation in chunks that double up to 1 MiB, everything freed at once.
 *
 * Sticky: after a failed allocation `oom` is set and stays, so that a reader checks once at its end. The public
 * cwrun_arena is this struct. Memory is zeroed. */
#ifndef CW_BASE_ARENA_H
#define CW_BASE_ARENA_H

#include "base/alloc.h"

typedef struct cw_arena_chunk cw_arena_chunk;

typedef struct cwrun_arena {
    cw_alloc alloc;
    cw_arena_chunk *chunks; /* newest first */
    char *at, *end;         /* what is left of the newest chunk */
    char *dirty;            /* from here (or `at`, if later) to `end` nothing was ever written */
    size_t used;            /* bytes handed out since the last reset */
    size_t limit;           /* most bytes it hands out; SIZE_MAX for none */
    bool oom;               /* an allocation failed (or passed the limit) */
    bool full;              /* one passed the limit */
} cw_arena;

void cw_arena_init(cw_arena *arena, const cw_alloc *alloc);
void cw_arena_fini(cw_arena *arena);
/* Forgets everything; the largest chunk is kept for the next use, and `oom` is cleared. */
void cw_arena_reset(cw_arena *arena);
/* Zeroed; `align` a power of two up to 16. size 0 gives a non-NULL pointer that must not be read. NULL:
 * out of memory. */
void *cw_arena_alloc(cw_arena *arena, size_t size, size_t align);
/* The same, not zeroed: for bytes that are overwritten at once. */
void *cw_arena_raw(cw_arena *arena, size_t size, size_t align);
/* n elements of `size` bytes, aligned to 16 at the most; the product is checked. */
void *cw_arena_array(cw_arena *arena, size_t n, size_t size);
/* A copy with a NUL behind it. {NULL, 0} where memory ran out. */
cwrun_str cw_arena_copy(cw_arena *arena, const void *data, size_t size);
/* printf into the arena; an empty string where memory ran out. */
cwrun_str cw_arena_printf(cw_arena *arena, const char *format, ...) CWRUN_PRINTF(2, 3);

#define CW_ARENA_NEW(arena, T) ((T *)cw_arena_alloc((arena), sizeof(T), _Alignof(T)))
#define CW_ARENA_ARRAY(arena, n, T) ((T *)cw_arena_array((arena), (n), sizeof(T)))

#endif
