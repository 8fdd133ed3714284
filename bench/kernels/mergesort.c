/* Sort: merge sort of records of 24 bytes by a comparison function, 64-bit key first, then a short text. */
#include "kernel.h"

#define LENGTH 8192

struct record {
    uint64_t key;
    char name[12];
    uint32_t id;
};

static struct record items[LENGTH], spare[LENGTH];

static NOINLINE int compare(const struct record *a, const struct record *b)
{
    if (a->key != b->key)
        return a->key < b->key ? -1 : 1;
    for (int i = 0; i < 12; i++)
        if (a->name[i] != b->name[i])
            return a->name[i] - b->name[i];
    return 0;
}

uint64_t kernel(uint32_t n)
{
    uint32_t seed = 91;
    uint64_t sum = 0;
    for (uint32_t round = 0; round < n; round++) {
        for (uint32_t i = 0; i < LENGTH; i++) {
            items[i].key = (uint64_t)(next_random(&seed) % 1500) << 33;
            for (int k = 0; k < 12; k++)
                items[i].name[k] = (char)('a' + next_random(&seed) % 3);
            items[i].id = i;
        }
        struct record *from = items, *to = spare;
        for (uint32_t width = 1; width < LENGTH; width *= 2) {
            for (uint32_t low = 0; low < LENGTH; low += 2 * width) {
                uint32_t a = low, middle = low + width, b = middle, end = low + 2 * width;
                for (uint32_t k = low; k < end; k++)
                    to[k] = b >= end || (a < middle && compare(&from[a], &from[b]) <= 0) ? from[a++] : from[b++];
            }
            struct record *held = from;
            from = to;
            to = held;
        }
        for (uint32_t i = 0; i < LENGTH; i += 13)
            sum = mix(sum, from[i].id);
    }
    return sum;
}
