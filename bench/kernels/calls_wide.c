/* Direct calls with many parameters of mixed types, forwarded through three levels, some from memory and some
 * computed. */
#include "kernel.h"

struct box {
    int32_t x, y, w, h;
};

static NOINLINE int64_t area(int32_t x, int32_t y, int32_t w, int32_t h, int32_t cx, int32_t cy, int32_t cw, int32_t ch)
{
    int32_t left = x > cx ? x : cx, right = x + w < cx + cw ? x + w : cx + cw;
    int32_t top = y > cy ? y : cy, bottom = y + h < cy + ch ? y + h : cy + ch;
    return left < right && top < bottom ? (int64_t)(right - left) * (bottom - top) : 0;
}

static NOINLINE double weigh(const struct box *b, double scale, int64_t bias, int32_t dx, int32_t dy, float gain)
{
    int64_t a = area(b->x + dx, b->y + dy, b->w, b->h, 20, 20, 60, 60);
    return (double)(a + bias) * scale + (double)gain;
}

static NOINLINE double both(const struct box *a, const struct box *b, int32_t dx, int32_t dy, int64_t bias)
{
    return weigh(a, 0.5, bias, dx, dy, 1.5f) - weigh(b, 0.25, bias + 1, dy, dx, 2.5f);
}

uint64_t kernel(uint32_t n)
{
    static struct box boxes[64];
    uint32_t seed = 7;
    for (int i = 0; i < 64; i++)
        boxes[i] = (struct box){ (int32_t)(next_random(&seed) % 100), (int32_t)(next_random(&seed) % 100),
                                 (int32_t)(next_random(&seed) % 50), (int32_t)(next_random(&seed) % 50) };
    double sum = 0;
    for (uint32_t i = 0; i < n; i++)
        sum += both(&boxes[i & 63], &boxes[i >> 3 & 63], (int32_t)(i & 15), (int32_t)(i >> 4 & 15), (int64_t)i & 1023);
    return bits_of_double(sum);
}
