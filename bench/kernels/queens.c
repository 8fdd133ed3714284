/* Recursion with a loop inside: all ways to place n queens on a board of n by n, rows and diagonals as bit sets. */
#include "kernel.h"

static uint64_t sum;

static NOINLINE uint32_t place(uint32_t all, uint32_t columns, uint32_t left, uint32_t right)
{
    if (columns == all)
        return 1;
    uint32_t found = 0;
    for (uint32_t open = all & ~(columns | left | right); open;) {
        uint32_t bit = open & -open;
        open ^= bit;
        found += place(all, columns | bit, (left | bit) << 1, (right | bit) >> 1);
    }
    sum += found * columns;
    return found;
}

uint64_t kernel(uint32_t n)
{
    sum = 0;
    return mix(place((1u << n) - 1, 0, 0, 0), sum);
}
