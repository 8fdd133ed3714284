/* What the three modules of this program know of each other; each of heap.c, map.c and app.c is linked as an instance
 * of its * own, as a Python or C++ program with shared libraries is. */
#ifndef PARTS_H
#define PARTS_H

#include "../kernel.h"

/* heap.c */
void *heap_take(uint32_t size);
void heap_give(void *block, uint32_t size);
uint32_t text_length(const char *s);
int text_same(const char *a, const char *b);
char *text_copy(const char *s);
extern uint32_t heap_used;

/* map.c */
struct map;
struct map *map_new(void);
uint32_t *map_at(struct map *m, const char *key);
int map_remove(struct map *m, const char *key);
void map_each(struct map *m, void (*visit)(const char *key, uint32_t value, void *user), void *user);

#endif
