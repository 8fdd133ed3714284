/* component/ptrmap.h: a hash map from pointers (or small numbers) to 64-bit values, for the checker's memos and marks.
 *
 * Open addressing; a key is never 0. Freed with its fini. */
#ifndef CW_COMPONENT_PTRMAP_H
#define CW_COMPONENT_PTRMAP_H

#include "base/alloc.h"

typedef struct cw_ptrmap_slot {
    uint64_t key, value;
} cw_ptrmap_slot;

typedef struct cw_ptrmap {
    cw_ptrmap_slot *slots;
    uint32_t n, cap; /* cap: 0 or a power of two */
} cw_ptrmap;

static inline uint64_t cw_ptr_key(const void *p)
{
    return (uint64_t)(uintptr_t)p;
}

/* The value of a key, or NULL. */
uint64_t *cw_ptrmap_find(const cw_ptrmap *map, uint64_t key);
/* Adds a key (value 0) or finds it. NULL where memory ran out. The pointer is good until the next put. */
uint64_t *cw_ptrmap_put(cw_ptrmap *map, const cw_alloc *a, uint64_t key);
void cw_ptrmap_clear(cw_ptrmap *map);
void cw_ptrmap_fini(cw_ptrmap *map, const cw_alloc *a);

#endif
