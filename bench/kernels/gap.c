/* Bulk operations on short ranges, 16 to 600 bytes: lines of text inserted into and cut out of a buffer, as an editor
 * does. */
#include "kernel.h"

#define SIZE 2048

static uint8_t bytes[2 * SIZE], clip[1024];

uint64_t kernel(uint32_t n)
{
    uint32_t seed = 131, used = SIZE / 2;
    for (uint32_t i = 0; i < used; i++)
        bytes[i] = (uint8_t)next_random(&seed);
    uint64_t sum = 0;
    for (uint32_t i = 0; i < n; i++) {
        uint32_t r = next_random(&seed), at = used - 16 - (r >> 8) % 512, size = 16 + (r & 63);
        if (used > SIZE - 600) {
            uint32_t cut = 128 + (r & 255);
            __builtin_memcpy(clip, bytes + at - cut, cut);
            __builtin_memmove(bytes + at - cut, bytes + at, used - at);
            used -= cut;
        } else {
            __builtin_memmove(bytes + at + size, bytes + at, used - at);
            if (r >> 31)
                __builtin_memcpy(bytes + at, clip + (r >> 16 & 127), size);
            else
                __builtin_memset(bytes + at, (int)(r & 127), size);
            used += size;
        }
        sum += bytes[at] + used;
    }
    for (uint32_t i = 0; i < used; i++)
        sum = mix(sum, bytes[i]);
    return sum;
}
