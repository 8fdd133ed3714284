/* 64-bit integers: SipHash-2-4 of short messages, all in locals; additions, rotations, exclusive or. */
#include "kernel.h"

static inline uint64_t rotate(uint64_t x, int by)
{
    return x << by | x >> (64 - by);
}

#define ROUND() \
    do { \
        v0 += v1, v2 += v3; \
        v1 = rotate(v1, 13) ^ v0, v3 = rotate(v3, 16) ^ v2; \
        v0 = rotate(v0, 32) + v3, v2 += v1; \
        v3 = rotate(v3, 21) ^ v0, v1 = rotate(v1, 17) ^ v2; \
        v2 = rotate(v2, 32); \
    } while (0)

static NOINLINE uint64_t siphash(uint64_t key0, uint64_t key1, const uint64_t *words, uint32_t n)
{
    uint64_t v0 = key0 ^ 0x736f6d6570736575, v1 = key1 ^ 0x646f72616e646f6d;
    uint64_t v2 = key0 ^ 0x6c7967656e657261, v3 = key1 ^ 0x7465646279746573;
    for (uint32_t i = 0; i < n; i++) {
        v3 ^= words[i];
        ROUND();
        ROUND();
        v0 ^= words[i];
    }
    v2 ^= 0xff;
    ROUND();
    ROUND();
    ROUND();
    ROUND();
    return v0 ^ v1 ^ v2 ^ v3;
}

uint64_t kernel(uint32_t n)
{
    static uint64_t words[16];
    uint64_t sum = 0;
    for (uint32_t i = 0; i < n; i++) {
        words[i & 15] = sum + i;
        sum += siphash(i, sum, words, 4 + (i & 7));
    }
    return sum;
}
