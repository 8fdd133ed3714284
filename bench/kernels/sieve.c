/* Memory traffic with strides: the sieve of Eratosthenes up to 2^18, n times, and the gaps between the primes it
 * leaves. */
#include "kernel.h"

#define LIMIT (1u << 18)

static uint8_t composite[LIMIT];

uint64_t kernel(uint32_t n)
{
    uint64_t sum = 0;
    for (uint32_t round = 0; round < n; round++) {
        for (uint32_t i = 0; i < LIMIT; i++)
            composite[i] = i < 2;
        for (uint32_t i = 2; i * i < LIMIT; i++)
            if (!composite[i])
                for (uint32_t k = i * i; k < LIMIT; k += i)
                    composite[k] = 1;
        uint32_t last = 2, widest = 0, found = 0;
        for (uint32_t i = round & 1023; i < LIMIT; i++) {
            if (composite[i])
                continue;
            if (i - last > widest)
                widest = i - last;
            last = i;
            found++;
        }
        sum = mix(sum, (uint64_t)found << 32 | widest);
    }
    return sum;
}
