/* Integer ALU, 32 bits, in locals only: a bitwise CRC, Collatz sequences, greatest common divisors and bit counting.
 * */
#include "kernel.h"

static inline uint32_t crc(uint32_t state, uint32_t byte)
{
    state ^= byte;
    for (int i = 0; i < 8; i++)
        state = state & 1 ? state >> 1 ^ 0xedb88320 : state >> 1;
    return state;
}

static inline uint32_t collatz(uint32_t x)
{
    uint32_t steps = 0;
    while (x > 1) {
        x = x & 1 ? x + (x >> 1) + 1 : x >> 1;
        steps++;
    }
    return steps;
}

static inline uint32_t gcd(uint32_t a, uint32_t b)
{
    while (b) {
        uint32_t rest = a % b;
        a = b;
        b = rest;
    }
    return a;
}

uint64_t kernel(uint32_t n)
{
    uint32_t state = ~0u, seed = 5, sum = 0;
    for (uint32_t i = 0; i < n; i++) {
        uint32_t x = next_random(&seed);
        state = crc(state, x & 255);
        sum += collatz(x & 0xfff) + gcd(x >> 8 | 1, x & 0xffff);
        sum +=
            (uint32_t)__builtin_popcount(x) * (uint32_t)__builtin_clz(x | 1) + (uint32_t)__builtin_ctz(x | 0x80000000);
    }
    return (uint64_t)state << 32 | sum;
}
