/* A generic quicksort and a binary search with a comparison function of another instance, called through the shared
 * table. */
#include "parts.h"

void sort(void *base, uint32_t count, uint32_t size, compare_fn *compare, void *user)
{
    char *items = base;
    while (count > 1) {
        char *last = items + (count - 1) * size;
        bytes_swap(items + count / 2 * size, last, size);
        uint32_t below = 0;
        char *store = items;
        for (char *at = items; at < last; at += size) {
            if (compare(at, last, user) >= 0)
                continue;
            if (at != store)
                bytes_swap(at, store, size);
            store += size;
            below++;
        }
        bytes_swap(store, last, size);
        uint32_t above = count - below - 1;
        if (below < above) {
            sort(items, below, size, compare, user);
            items = store + size;
            count = above;
        } else {
            sort(store + size, above, size, compare, user);
            count = below;
        }
    }
}

const void *find(const void *key, const void *base, uint32_t count, uint32_t size, compare_fn *compare, void *user)
{
    const char *low = base;
    while (count) {
        const char *middle = low + count / 2 * size;
        int order = compare(key, middle, user);
        if (!order)
            return middle;
        if (order > 0) {
            low = middle + size;
            count -= count / 2 + 1;
        } else {
            count /= 2;
        }
    }
    return NULL;
}
