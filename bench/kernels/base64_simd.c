/* SIMD, bytes: base64 [RFC 4648], twelve bytes to sixteen characters a step: a shuffle, two multiplications that shift
 * each group of six bits into place, and a swizzle that looks up what to add for each class of characters. */
#include "kernel.h"

#include <wasm_simd128.h>

enum { BYTES = 12 * 400 };

static uint8_t data[BYTES + 16];
static uint8_t text[BYTES / 3 * 4];

/* 16 values below 64, one a byte, from the first 12 bytes of `in`. */
static inline v128_t sextets(v128_t in)
{
    v128_t groups = wasm_i8x16_shuffle(in, in, 1, 0, 2, 1, 4, 3, 5, 4, 7, 6, 8, 7, 10, 9, 11, 10);
    v128_t even = wasm_v128_and(groups, wasm_i32x4_splat(0x0fc0fc00));
    v128_t odd = wasm_v128_and(groups, wasm_i32x4_splat(0x003f03f0));
    v128_t first = wasm_v128_and(wasm_u16x8_shr(even, 10), wasm_i32x4_splat(0x0000ffff));
    v128_t third = wasm_v128_and(wasm_u16x8_shr(even, 6), wasm_i32x4_splat((int)0xffff0000));
    v128_t others = wasm_i16x8_mul(odd, wasm_i32x4_splat(0x01000010));
    return wasm_v128_or(wasm_v128_or(first, third), others);
}

static inline v128_t characters(v128_t values)
{
    /* class 0: a-z, 1 to 10: digits, 11: +, 12: /, 13: A-Z */
    const v128_t offsets = wasm_i8x16_make('a' - 26, '0' - 52, '0' - 52, '0' - 52, '0' - 52, '0' - 52, '0' - 52,
                                           '0' - 52, '0' - 52, '0' - 52, '0' - 52, '+' - 62, '/' - 63, 'A', 0, 0);
    v128_t class = wasm_u8x16_sub_sat(values, wasm_i8x16_splat(51));
    v128_t capital = wasm_i8x16_lt(values, wasm_i8x16_splat(26));
    class = wasm_v128_or(class, wasm_v128_and(capital, wasm_i8x16_splat(13)));
    return wasm_i8x16_add(wasm_i8x16_swizzle(offsets, class), values);
}

static NOINLINE void encode(uint8_t *to, const uint8_t *from, uint32_t size)
{
    for (uint32_t i = 0; i < size; i += 12, to += 16)
        wasm_v128_store(to, characters(sextets(wasm_v128_load(from + i))));
}

uint64_t kernel(uint32_t n)
{
    uint32_t seed = 3;
    for (int i = 0; i < BYTES; i++)
        data[i] = (uint8_t)next_random(&seed);
    uint64_t sum = 0;
    for (uint32_t i = 0; i < n; i++) {
        encode(text, data, BYTES);
        data[i % BYTES] ^= text[(i * 7) % sizeof text];
        sum = mix(sum, text[i % sizeof text] + text[i * 31 % sizeof text]);
    }
    for (uint32_t i = 0; i < sizeof text; i++)
        sum = mix(sum, text[i]);
    return sum;
}
