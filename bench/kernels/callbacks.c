/* Indirect calls: map, filter and fold over an array with functions chosen at run time. */
#include "kernel.h"

#define LENGTH 256

typedef uint32_t map_fn(uint32_t);
typedef int test_fn(uint32_t, uint32_t);
typedef uint32_t fold_fn(uint32_t, uint32_t);

static uint32_t twice(uint32_t x)
{
    return x * 2 + 1;
}
static uint32_t flip(uint32_t x)
{
    return ~x;
}
static uint32_t halve(uint32_t x)
{
    return x >> 1;
}
static uint32_t twist(uint32_t x)
{
    return x << 7 | x >> 25;
}
static int is_odd(uint32_t x, uint32_t limit)
{
    return (int)((x ^ limit) & 1);
}
static int is_above(uint32_t x, uint32_t limit)
{
    return x > limit;
}
static uint32_t add(uint32_t a, uint32_t b)
{
    return a + b;
}
static uint32_t either(uint32_t a, uint32_t b)
{
    return (a << 1) ^ b;
}
static uint32_t greater(uint32_t a, uint32_t b)
{
    return a > b ? a : b;
}

static map_fn *volatile maps[] = { twice, flip, halve, twist };
static test_fn *volatile tests[] = { is_odd, is_above };
static fold_fn *volatile folds[] = { add, either, greater };

static NOINLINE void map(uint32_t *items, uint32_t n, map_fn *f)
{
    for (uint32_t i = 0; i < n; i++)
        items[i] = f(items[i]);
}

static NOINLINE uint32_t count(const uint32_t *items, uint32_t n, test_fn *test, uint32_t limit)
{
    uint32_t found = 0;
    for (uint32_t i = 0; i < n; i++)
        found += test(items[i], limit) ? 1 : 0;
    return found;
}

static NOINLINE uint32_t fold(const uint32_t *items, uint32_t n, fold_fn *f, uint32_t start)
{
    for (uint32_t i = 0; i < n; i++)
        start = f(start, items[i]);
    return start;
}

uint64_t kernel(uint32_t n)
{
    static uint32_t items[LENGTH];
    uint32_t seed = 3;
    for (uint32_t i = 0; i < LENGTH; i++)
        items[i] = next_random(&seed);
    uint64_t sum = 0;
    for (uint32_t i = 0; i < n; i++) {
        map(items, LENGTH, maps[i & 3]);
        sum = mix(sum, count(items, LENGTH, tests[i & 1], i << 20));
        sum = mix(sum, fold(items, LENGTH, folds[i % 3], i));
    }
    return sum;
}
