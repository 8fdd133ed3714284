/* 64-bit integers: the Miller-Rabin test of numbers below 2^32, with 64-bit products and remainders. */
#include "kernel.h"

static uint64_t power(uint64_t base, uint64_t exponent, uint64_t modulus)
{
    uint64_t result = 1;
    for (base %= modulus; exponent; exponent >>= 1) {
        if (exponent & 1)
            result = result * base % modulus;
        base = base * base % modulus;
    }
    return result;
}

static int is_prime(uint64_t x)
{
    static const uint8_t witnesses[] = { 2, 7, 61 };
    int shift = __builtin_ctzll(x - 1);
    for (int i = 0; i < 3; i++) {
        if (x == witnesses[i])
            return 1;
        uint64_t y = power(witnesses[i], (x - 1) >> shift, x);
        if (y == 1 || y == x - 1)
            continue;
        int round = 1;
        for (; round < shift; round++) {
            y = y * y % x;
            if (y == x - 1)
                break;
        }
        if (round == shift)
            return 0;
    }
    return 1;
}

uint64_t kernel(uint32_t n)
{
    uint64_t sum = 0;
    for (uint64_t x = 0xfff00001; n; x += 2, n--)
        if (is_prime(x))
            sum = mix(sum, x);
    return sum;
}
