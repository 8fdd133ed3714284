/* f32: a complex Fourier transform of 4096 points there and back, n times; the factors by a recurrence, without
 * tables. */
#include "kernel.h"

#define LOG2 12
#define POINTS (1 << LOG2)

static float re[POINTS], im[POINTS];

static NOINLINE void transform(float sign)
{
    for (uint32_t i = 1, k = 0; i < POINTS; i++) {
        uint32_t bit = POINTS >> 1;
        for (; k & bit; bit >>= 1)
            k ^= bit;
        k ^= bit;
        if (i < k) {
            float held = re[i];
            re[i] = re[k], re[k] = held;
            held = im[i];
            im[i] = im[k], im[k] = held;
        }
    }
    float cosine = -1, sine = 0;
    for (uint32_t half = 1; half < POINTS; half *= 2) {
        float wr = 1, wi = 0;
        for (uint32_t k = 0; k < half; k++) {
            for (uint32_t i = k; i < POINTS; i += 2 * half) {
                uint32_t j = i + half;
                float tr = re[j] * wr - im[j] * wi, ti = re[j] * wi + im[j] * wr;
                re[j] = re[i] - tr, im[j] = im[i] - ti;
                re[i] += tr, im[i] += ti;
            }
            float next = wr * cosine - wi * sine * sign;
            wi = wr * sine * sign + wi * cosine;
            wr = next;
        }
        sine = __builtin_sqrtf((1 - cosine) / 2);
        cosine = __builtin_sqrtf((1 + cosine) / 2);
    }
}

uint64_t kernel(uint32_t n)
{
    uint32_t seed = 23;
    for (uint32_t i = 0; i < POINTS; i++) {
        re[i] = (float)(next_random(&seed) & 1023) / 1024;
        im[i] = 0;
    }
    for (uint32_t round = 0; round < n; round++) {
        transform(1);
        transform(-1);
        for (uint32_t i = 0; i < POINTS; i++)
            re[i] /= POINTS, im[i] /= POINTS;
    }
    uint64_t sum = 0;
    for (uint32_t i = 0; i < POINTS; i += 37)
        sum = mix(sum, bits_of_float(re[i]));
    return sum;
}
