/* base/map.c: linear probing in an index of 1-based entry numbers, at most half full.
 *
 * Keys come from untrusted files, so the hash is keyed: by where the program was loaded, which differs from run to run
 * and needs no state. Nothing a user sees depends on it, for iteration is in order of insertion. */
#include "base/map.h"

enum { MIN_INDEX = 16 };
/* A power of two whose bytes a size_t can count. */
static const uint32_t max_entries = (uint32_t)1 << (sizeof(size_t) < 8 ? 25 : 30);

static uint64_t load64(const char *p)
{
    uint64_t v;
    memcpy(&v, p, sizeof v);
    return v;
}

static uint64_t mix(uint64_t v)
{
    v = (v ^ (v >> 32)) * 0xd6e8feb86659fd93u;
    v = (v ^ (v >> 29)) * 0xcf1bbcdcb7a56463u;
    return v ^ (v >> 32);
}

static uint32_t hash_of(cwrun_str key)
{
    uint64_t h = mix((uintptr_t)&cw_alloc_default ^ ((uint64_t)key.size << 48));
    const char *p = key.data;
    size_t n = key.size;
    for (; n >= 8; p += 8, n -= 8)
        h = mix(h ^ load64(p));
    if (n != 0) {
        uint64_t tail = 0;
        memcpy(&tail, p, n);
        h = mix(h ^ tail);
    }
    return (uint32_t)(h ^ (h >> 32));
}

/* The place in the index where the key is, or the free one where it belongs. */
static uint32_t place_of(const cw_map *map, cwrun_str key, uint32_t hash)
{
    uint32_t mask = map->n_index - 1, at = hash & mask;
    for (; map->index[at] != 0; at = (at + 1) & mask) {
        const cw_map_entry *e = &map->entries[map->index[at] - 1];
        if (e->hash == hash && e->key.size == key.size &&
            (key.size == 0 || memcmp(e->key.data, key.data, key.size) == 0))
            break;
    }
    return at;
}

uint64_t *cw_map_find(const cw_map *map, cwrun_str key)
{
    if (map->n == 0)
        return NULL;
    uint32_t found = map->index[place_of(map, key, hash_of(key))];
    return found != 0 ? &map->entries[found - 1].value : NULL;
}

static bool grow_entries(cw_map *map, const cw_alloc *a)
{
    if (map->cap >= max_entries)
        return false;
    uint32_t cap = map->cap == 0 ? MIN_INDEX / 2 : map->cap * 2;
    cw_map_entry *entries = cw_resize(a, map->entries, map->cap * sizeof *entries, cap * sizeof *entries);
    if (!entries)
        return false;
    map->entries = entries;
    map->cap = cap;
    return true;
}

static bool grow_index(cw_map *map, const cw_alloc *a)
{
    uint32_t n_index = map->n_index == 0 ? MIN_INDEX : map->n_index * 2;
    uint32_t *index = cw_new_array(a, n_index, sizeof *index);
    if (!index)
        return false;
    for (uint32_t i = 0; i < map->n; i++) {
        uint32_t at = map->entries[i].hash & (n_index - 1);
        while (index[at] != 0)
            at = (at + 1) & (n_index - 1);
        index[at] = i + 1;
    }
    cw_free(a, map->index, map->n_index * sizeof *index);
    map->index = index;
    map->n_index = n_index;
    return true;
}

uint64_t *cw_map_put(cw_map *map, const cw_alloc *a, cwrun_str key, bool *is_new)
{
    uint32_t hash = hash_of(key);
    if (is_new)
        *is_new = false;
    if (map->n_index != 0) {
        uint32_t found = map->index[place_of(map, key, hash)];
        if (found != 0)
            return &map->entries[found - 1].value;
    }

    if (map->n == map->cap && !grow_entries(map, a))
        return NULL;
    if (map->n >= map->n_index / 2 && !grow_index(map, a))
        return NULL;
    uint32_t at = place_of(map, key, hash);
    cw_map_entry *e = &map->entries[map->n++];
    *e = (cw_map_entry){ .key = key, .hash = hash };
    map->index[at] = map->n;
    if (is_new)
        *is_new = true;
    return &e->value;
}

void cw_map_fini(cw_map *map, const cw_alloc *a)
{
    cw_free(a, map->entries, map->cap * sizeof *map->entries);
    cw_free(a, map->index, map->n_index * sizeof *map->index);
    *map = (cw_map){ 0 };
}
