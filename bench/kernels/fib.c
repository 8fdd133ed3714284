/* Recursion: Fibonacci numbers by their definition, and Ackermann's function, deep and without a loop. */
#include "kernel.h"

static NOINLINE uint32_t fib(uint32_t n)
{
    return n < 2 ? n : fib(n - 1) + fib(n - 2);
}

static NOINLINE uint32_t ackermann(uint32_t m, uint32_t n)
{
    if (!m)
        return n + 1;
    if (!n)
        return ackermann(m - 1, 1);
    return ackermann(m - 1, ackermann(m, n - 1));
}

uint64_t kernel(uint32_t n)
{
    return (uint64_t)fib(n) << 16 | ackermann(2, n * 10);
}
