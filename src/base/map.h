/* base/map.h: open-addressing hash map from byte strings to a 64-bit value. Keys are not copied: their bytes must live
 * as long as the map. Iteration is in order of insertion, so that output never depends on hashing. */
#ifndef CW_BASE_MAP_H
#define CW_BASE_MAP_H

#include "base/alloc.h"

typedef struct cw_map_entry {
    cwrun_str key;
    uint64_t value;
    uint32_t hash;
} cw_map_entry;

typedef struct cw_map {
    cw_map_entry *entries; /* in order of insertion */
    uint32_t *index;       /* 1-based into entries; 0 is free */
    uint32_t n, cap, n_index;
} cw_map;

/* Finds the value of a key, or NULL. */
uint64_t *cw_map_find(const cw_map *map, cwrun_str key);
/* Adds a key (value 0) or finds it; *is_new says which (may be NULL). NULL where memory ran out. */
uint64_t *cw_map_put(cw_map *map, const cw_alloc *a, cwrun_str key, bool *is_new);
void cw_map_fini(cw_map *map, const cw_alloc *a);

#endif
