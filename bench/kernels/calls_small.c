/* Direct calls of small functions with one to three parameters: the cost of a call and a return. */
#include "kernel.h"

static NOINLINE uint32_t clamp(uint32_t x, uint32_t low, uint32_t high)
{
    return x < low ? low : x > high ? high : x;
}

static NOINLINE uint32_t blend(uint32_t a, uint32_t b)
{
    return (a * 3 + b) >> 2;
}

static NOINLINE uint32_t parity(uint32_t x)
{
    x ^= x >> 16;
    x ^= x >> 8;
    return x & 255;
}

static NOINLINE uint32_t step(uint32_t x)
{
    return clamp(blend(x, parity(x)), 17, 0x7fffffff) + 1;
}

uint64_t kernel(uint32_t n)
{
    uint32_t seed = 1;
    uint64_t sum = 0;
    for (uint32_t i = 0; i < n; i++) {
        uint32_t x = next_random(&seed);
        sum += step(x) + step(blend(x, i));
    }
    return sum;
}
