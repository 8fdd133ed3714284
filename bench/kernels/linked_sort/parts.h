/* What the three modules of this program know of each other: bytes.c, sort.c and app.c are linked as instances of
 * their own. */
#ifndef PARTS_H
#define PARTS_H

#include "../kernel.h"

typedef int compare_fn(const void *a, const void *b, void *user);

/* bytes.c */
void bytes_swap(void *a, void *b, uint32_t size);
uint32_t bytes_order(uint32_t x);

/* sort.c */
void sort(void *base, uint32_t count, uint32_t size, compare_fn *compare, void *user);
const void *find(const void *key, const void *base, uint32_t count, uint32_t size, compare_fn *compare, void *user);

#endif
