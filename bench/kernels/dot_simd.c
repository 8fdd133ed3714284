/* SIMD, f32x4: dot products of rows, four accumulators wide, and a scaled add back into the rows so that no product is
 * the same twice. */
#include "kernel.h"

#include <wasm_simd128.h>

enum { ROWS = 16, LENGTH = 1024 };

static float rows[ROWS][LENGTH];

static NOINLINE float dot(const float *a, const float *b)
{
    v128_t s0 = wasm_f32x4_splat(0), s1 = s0, s2 = s0, s3 = s0;
    for (int i = 0; i < LENGTH; i += 16) {
        s0 = wasm_f32x4_add(s0, wasm_f32x4_mul(wasm_v128_load(a + i), wasm_v128_load(b + i)));
        s1 = wasm_f32x4_add(s1, wasm_f32x4_mul(wasm_v128_load(a + i + 4), wasm_v128_load(b + i + 4)));
        s2 = wasm_f32x4_add(s2, wasm_f32x4_mul(wasm_v128_load(a + i + 8), wasm_v128_load(b + i + 8)));
        s3 = wasm_f32x4_add(s3, wasm_f32x4_mul(wasm_v128_load(a + i + 12), wasm_v128_load(b + i + 12)));
    }
    v128_t s = wasm_f32x4_add(wasm_f32x4_add(s0, s1), wasm_f32x4_add(s2, s3));
    return wasm_f32x4_extract_lane(s, 0) + wasm_f32x4_extract_lane(s, 1) + wasm_f32x4_extract_lane(s, 2) +
           wasm_f32x4_extract_lane(s, 3);
}

static NOINLINE void add_scaled(float *a, const float *b, float by)
{
    v128_t scale = wasm_f32x4_splat(by);
    for (int i = 0; i < LENGTH; i += 4)
        wasm_v128_store(a + i, wasm_f32x4_add(wasm_f32x4_mul(wasm_v128_load(a + i), wasm_f32x4_splat(0.99f)),
                                              wasm_f32x4_mul(wasm_v128_load(b + i), scale)));
}

uint64_t kernel(uint32_t n)
{
    uint32_t seed = 7;
    for (int r = 0; r < ROWS; r++)
        for (int i = 0; i < LENGTH; i++)
            rows[r][i] = (float)(next_random(&seed) & 1023) / 1024.0f;
    uint64_t sum = 0;
    for (uint32_t i = 0; i < n; i++) {
        float product = dot(rows[i % ROWS], rows[(i + 5) % ROWS]);
        sum = mix(sum, bits_of_float(product));
        if (i % 4 == 0)
            add_scaled(rows[i % ROWS], rows[(i + 3) % ROWS], product > 1.0f ? 0.01f / product : 0.01f);
    }
    return sum;
}
