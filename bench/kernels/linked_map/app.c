/* Calls between instances that share a memory: an application that counts, removes and visits words through map.c and
 * heap.c. * Most calls cross from one instance to another; map_each calls back through the shared table. */
#include "parts.h"

static void visit(const char *key, uint32_t value, void *user)
{
    uint64_t *sum = user;
    *sum += (uint64_t)value * text_length(key) + (uint8_t)key[0];
}

static void put_word(char *to, uint32_t x)
{
    *to++ = (char)('a' + x % 7);
    for (; x; x >>= 2)
        *to++ = "onst"[x & 3];
    *to = 0;
}

uint64_t kernel(uint32_t n)
{
    struct map *m = map_new();
    uint32_t seed = 141;
    uint64_t sum = 0;
    for (uint32_t i = 0; i < n; i++) {
        char word[24];
        uint32_t r = next_random(&seed);
        put_word(word, r % 997);
        if (r >> 29)
            *map_at(m, word) += r & 7;
        else
            sum += (uint32_t)map_remove(m, word);
        if (i % 1024 == 0)
            map_each(m, visit, &sum);
        sum += heap_used;
    }
    map_each(m, visit, &sum);
    return sum;
}
