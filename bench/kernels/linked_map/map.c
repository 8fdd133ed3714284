/* A hash map from strings to numbers with chained entries; memory and string functions come from heap.c. */
#include "parts.h"

#define BUCKETS 256

struct entry {
    struct entry *next;
    char *key;
    uint32_t value;
};

struct map {
    struct entry *buckets[BUCKETS];
};

static struct map only;

static uint32_t bucket_of(const char *key)
{
    uint32_t hash = 5381;
    for (; *key; key++)
        hash = hash * 33 ^ (uint8_t)*key;
    return (hash ^ hash >> 13) % BUCKETS;
}

struct map *map_new(void)
{
    for (int i = 0; i < BUCKETS; i++)
        only.buckets[i] = NULL;
    return &only;
}

uint32_t *map_at(struct map *m, const char *key)
{
    struct entry **link = &m->buckets[bucket_of(key)];
    for (; *link; link = &(*link)->next)
        if (text_same((*link)->key, key))
            return &(*link)->value;
    struct entry *e = *link = heap_take(sizeof *e);
    e->next = NULL;
    e->key = text_copy(key);
    e->value = 0;
    return &e->value;
}

int map_remove(struct map *m, const char *key)
{
    struct entry **link = &m->buckets[bucket_of(key)];
    for (; *link; link = &(*link)->next) {
        struct entry *e = *link;
        if (!text_same(e->key, key))
            continue;
        *link = e->next;
        heap_give(e->key, text_length(e->key) + 1);
        heap_give(e, sizeof *e);
        return 1;
    }
    return 0;
}

void map_each(struct map *m, void (*visit)(const char *key, uint32_t value, void *user), void *user)
{
    for (int i = 0; i < BUCKETS; i++)
        for (struct entry *e = m->buckets[i]; e; e = e->next)
            visit(e->key, e->value, user);
}
