/* Small helpers that the other two instances of the linked program call. */
#include "parts.h"

void bytes_swap(void *a, void *b, uint32_t size)
{
    uint32_t *p = a, *q = b;
    for (; size >= 4; size -= 4) {
        uint32_t held = *p;
        *p++ = *q;
        *q++ = held;
    }
}

uint32_t bytes_order(uint32_t x)
{
    return x >> 24 | (x >> 8 & 0xff00) | (x << 8 & 0xff0000) | x << 24;
}
