/* f32: rays against eight spheres, n by n points; square roots, comparisons, short calls, minimum and maximum. */
#include "kernel.h"

struct vector {
    float x, y, z;
};

static struct {
    struct vector centre;
    float radius;
} spheres[8];

static inline float dot(struct vector a, struct vector b)
{
    return a.x * b.x + a.y * b.y + a.z * b.z;
}

static NOINLINE float trace(struct vector ray)
{
    float nearest = 1000, light = 0;
    for (int i = 0; i < 8; i++) {
        struct vector c = spheres[i].centre;
        float b = dot(ray, c), square = b * b - dot(c, c) + spheres[i].radius * spheres[i].radius;
        if (square < 0)
            continue;
        float distance = b - __builtin_sqrtf(square);
        if (distance <= 0 || distance >= nearest)
            continue;
        nearest = distance;
        struct vector hit = { ray.x * distance - c.x, ray.y * distance - c.y, ray.z * distance - c.z };
        float shade = (hit.x * 0.57f + hit.y * 0.57f - hit.z * 0.57f) / spheres[i].radius;
        light = __builtin_wasm_max_f32(0.1f, __builtin_wasm_min_f32(shade, 1.0f));
    }
    return light / (1 + nearest * 0.01f);
}

uint64_t kernel(uint32_t n)
{
    uint32_t seed = 31;
    for (int i = 0; i < 8; i++) {
        spheres[i].centre.x = (float)(next_random(&seed) & 255) / 32 - 4;
        spheres[i].centre.y = (float)(next_random(&seed) & 255) / 32 - 4;
        spheres[i].centre.z = (float)(next_random(&seed) & 255) / 32 + 6;
        spheres[i].radius = (float)(next_random(&seed) & 255) / 128 + 0.5f;
    }
    uint64_t sum = 0;
    for (uint32_t row = 0; row < n; row++) {
        float total = 0;
        for (uint32_t column = 0; column < n; column++) {
            float x = 1.2f * (float)column / (float)n - 0.6f, y = 1.2f * (float)row / (float)n - 0.6f;
            float scale = 1 / __builtin_sqrtf(x * x + y * y + 1);
            total += trace((struct vector){ x * scale, y * scale, scale });
        }
        sum = mix(sum, bits_of_float(total));
    }
    return sum;
}
