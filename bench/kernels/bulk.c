/* Bulk operations on long ranges: memory.copy, overlapping and not, and memory.fill, 4 to 128 KiB at a time. */
#include "kernel.h"

#define SIZE (512u * 1024)

static uint8_t bytes[SIZE];

uint64_t kernel(uint32_t n)
{
    uint32_t seed = 121;
    for (uint32_t i = 0; i < SIZE; i++)
        bytes[i] = (uint8_t)next_random(&seed);
    uint64_t sum = 0;
    for (uint32_t i = 0; i < n; i++) {
        uint32_t r = next_random(&seed), size = 4096 + (r & 0x1ffff) % (128 * 1024 - 4096);
        uint32_t from = next_random(&seed) % (SIZE - size), to = next_random(&seed) % (SIZE - size);
        if (r >> 30 == 0)
            __builtin_memset(bytes + to, (int)(i & 255), size / 8);
        __builtin_memmove(bytes + to, bytes + from, size);
        sum = mix(sum, bytes[(to + size / 2) % SIZE]);
    }
    return sum;
}
