/* SIMD, bytes and 16-bit lanes: a 3 x 3 binomial blur of an 8-bit image, sixteen pixels a step, widened, weighted and
 * narrowed. */
#include "kernel.h"

#include <wasm_simd128.h>

enum { WIDTH = 512, HEIGHT = 128 };

static uint8_t images[2][HEIGHT][WIDTH];

/* left + 2 middle + right, of eight pixels */
static inline v128_t row_low(const uint8_t *at)
{
    v128_t middle = wasm_u16x8_extend_low_u8x16(wasm_v128_load(at));
    return wasm_i16x8_add(
        wasm_i16x8_add(wasm_u16x8_extend_low_u8x16(wasm_v128_load(at - 1)), wasm_i16x8_shl(middle, 1)),
        wasm_u16x8_extend_low_u8x16(wasm_v128_load(at + 1)));
}

static inline v128_t row_high(const uint8_t *at)
{
    v128_t middle = wasm_u16x8_extend_high_u8x16(wasm_v128_load(at));
    return wasm_i16x8_add(
        wasm_i16x8_add(wasm_u16x8_extend_high_u8x16(wasm_v128_load(at - 1)), wasm_i16x8_shl(middle, 1)),
        wasm_u16x8_extend_high_u8x16(wasm_v128_load(at + 1)));
}

static inline v128_t column(v128_t above, v128_t here, v128_t below)
{
    v128_t sum = wasm_i16x8_add(wasm_i16x8_add(above, wasm_i16x8_shl(here, 1)), below);
    return wasm_u16x8_shr(wasm_i16x8_add(sum, wasm_i16x8_splat(8)), 4);
}

static NOINLINE void blur(uint8_t (*to)[WIDTH], uint8_t (*from)[WIDTH])
{
    for (int y = 1; y < HEIGHT - 1; y++)
        for (int x = 16; x < WIDTH - 16; x += 16) {
            v128_t low = column(row_low(&from[y - 1][x]), row_low(&from[y][x]), row_low(&from[y + 1][x]));
            v128_t high = column(row_high(&from[y - 1][x]), row_high(&from[y][x]), row_high(&from[y + 1][x]));
            wasm_v128_store(&to[y][x], wasm_u8x16_narrow_i16x8(low, high));
        }
}

uint64_t kernel(uint32_t n)
{
    uint32_t seed = 5;
    for (int y = 0; y < HEIGHT; y++)
        for (int x = 0; x < WIDTH; x++)
            images[0][y][x] = (uint8_t)next_random(&seed);
    for (uint32_t i = 0; i < n; i++) {
        blur(images[~i & 1], images[i & 1]);
        images[~i & 1][HEIGHT / 2][WIDTH / 2] = (uint8_t)next_random(&seed);
    }
    uint64_t sum = 0;
    for (int y = 0; y < HEIGHT; y++)
        for (int x = 0; x < WIDTH; x++)
            sum = mix(sum, images[n & 1][y][x]);
    return sum;
}
