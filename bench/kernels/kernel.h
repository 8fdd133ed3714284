/* What every kernel shares. A kernel is one C file with `uint64_t kernel(uint32_t n)`: work that grows with n and a
 * checksum that depends on all of it. start.c turns it into an export `run` and, for preview-1 hosts, into
 * `_start`. There is no libc: memcpy and memset of the compiler become memory.copy and memory.fill. Names, classes
 * and default n: index.txt. */
#ifndef KERNEL_H
#define KERNEL_H

#include <stddef.h>
#include <stdint.h>

#define NOINLINE __attribute__((noinline))

uint64_t kernel(uint32_t n);

static inline uint64_t mix(uint64_t hash, uint64_t value)
{
    hash = (hash ^ value) * 0x9e3779b97f4a7c15u;
    return hash ^ hash >> 29;
}

static inline uint32_t next_random(uint32_t *state)
{
    uint32_t x = *state;
    x ^= x << 13;
    x ^= x >> 17;
    x ^= x << 5;
    return *state = x;
}

static inline uint64_t bits_of_double(double d)
{
    uint64_t bits;
    __builtin_memcpy(&bits, &d, sizeof bits);
    return bits;
}

static inline uint32_t bits_of_float(float f)
{
    uint32_t bits;
    __builtin_memcpy(&bits, &f, sizeof bits);
    return bits;
}

#endif
