/* component/ptrmap.c: open addressing with linear probing, at most half full. */
#include "component/ptrmap.h"

#include <string.h>

static uint32_t slot_of(const cw_ptrmap *map, uint64_t key)
{
    uint64_t h = key * UINT64_C(0x9e3779b97f4a7c15);
    uint32_t i = (uint32_t)(h >> 32) & (map->cap - 1);
    while (map->slots[i].key && map->slots[i].key != key)
        i = (i + 1) & (map->cap - 1);
    return i;
}

uint64_t *cw_ptrmap_find(const cw_ptrmap *map, uint64_t key)
{
    if (!map->n)
        return NULL;
    cw_ptrmap_slot *slot = &map->slots[slot_of(map, key)];
    return slot->key ? &slot->value : NULL;
}

static bool grow(cw_ptrmap *map, const cw_alloc *a)
{
    if (map->cap > UINT32_MAX / 4)
        return false;
    cw_ptrmap bigger = { .n = map->n, .cap = map->cap ? map->cap * 2 : 16 };
    bigger.slots = cw_new_array(a, bigger.cap, sizeof *bigger.slots);
    if (!bigger.slots)
        return false;
    for (uint32_t i = 0; i < map->cap; i++)
        if (map->slots[i].key)
            bigger.slots[slot_of(&bigger, map->slots[i].key)] = map->slots[i];
    cw_ptrmap_fini(map, a);
    *map = bigger;
    return true;
}

uint64_t *cw_ptrmap_put(cw_ptrmap *map, const cw_alloc *a, uint64_t key)
{
    if (map->n >= map->cap / 2 && !grow(map, a))
        return NULL;
    cw_ptrmap_slot *slot = &map->slots[slot_of(map, key)];
    if (!slot->key) {
        slot->key = key;
        map->n++;
    }
    return &slot->value;
}

void cw_ptrmap_clear(cw_ptrmap *map)
{
    if (map->n)
        memset(map->slots, 0, map->cap * sizeof *map->slots);
    map->n = 0;
}

void cw_ptrmap_fini(cw_ptrmap *map, const cw_alloc *a)
{
    cw_free(a, map->slots, map->cap * sizeof *map->slots);
    *map = (cw_ptrmap){ 0 };
}
