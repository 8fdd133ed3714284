/* 64-bit integers and memory: n! by multiplication of a number of 32-bit limbs, then its decimal digits by division.
 * */
#include "kernel.h"

#define LIMBS 4096

uint64_t kernel(uint32_t n)
{
    static uint32_t limbs[LIMBS];
    uint32_t used = 1;
    limbs[0] = 1;
    for (uint32_t i = 2; i <= n; i++) {
        uint64_t carry = 0;
        for (uint32_t k = 0; k < used; k++) {
            carry += (uint64_t)limbs[k] * i;
            limbs[k] = (uint32_t)carry;
            carry >>= 32;
        }
        if (carry && used < LIMBS)
            limbs[used++] = (uint32_t)carry;
    }
    uint64_t sum = used;
    while (used) {
        uint64_t rest = 0;
        for (uint32_t k = used; k-- > 0;) {
            rest = rest << 32 | limbs[k];
            limbs[k] = (uint32_t)(rest / 1000000000);
            rest %= 1000000000;
        }
        sum = mix(sum, rest);
        while (used && !limbs[used - 1])
            used--;
    }
    return sum;
}
