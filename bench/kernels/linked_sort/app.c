/* Calls between instances that share a memory, through the shared table: sort and find of sort.c call the comparison
 * function here, which calls bytes.c. */
#include "parts.h"

#define LENGTH 2000

struct item {
    uint32_t key, id;
};

static int compare(const void *a, const void *b, void *user)
{
    const struct item *x = a, *y = b;
    ++*(uint32_t *)user;
    uint32_t i = bytes_order(x->key), k = bytes_order(y->key);
    return i < k ? -1 : i > k;
}

uint64_t kernel(uint32_t n)
{
    static struct item items[LENGTH];
    uint32_t seed = 151, calls = 0;
    uint64_t sum = 0;
    for (uint32_t round = 0; round < n; round++) {
        for (uint32_t i = 0; i < LENGTH; i++)
            items[i] = (struct item){ next_random(&seed), i };
        sort(items, LENGTH, sizeof *items, compare, &calls);
        for (uint32_t i = 0; i < LENGTH; i++) {
            struct item key = { items[i].key ^ (i & 1), 0 };
            const struct item *found = find(&key, items, LENGTH, sizeof *items, compare, &calls);
            sum = mix(sum, found ? found->id : calls);
        }
    }
    return sum;
}
