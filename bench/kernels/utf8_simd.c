/* SIMD, bytes: UTF-8 validation by three table lookups a vector [Keiser and Lemire, 2020]: each lookup tells which
 * errors two neighbouring bytes may be part of, and an error is what all three agree on. */
#include "kernel.h"

#include <wasm_simd128.h>

enum { SIZE = 16 * 600 };

static uint8_t text[SIZE];

enum {
    TOO_SHORT = 1 << 0,
    TOO_LONG = 1 << 1,
    OVERLONG_3 = 1 << 2,
    SURROGATE = 1 << 4,
    OVERLONG_2 = 1 << 5,
    TWO_CONTINUATIONS = 1 << 7,
    TOO_LARGE = 1 << 3,
    TOO_LARGE_1000 = 1 << 6,
    OVERLONG_4 = 1 << 6,
    CARRY = TOO_SHORT | TOO_LONG | TWO_CONTINUATIONS
};

static inline v128_t lookup(v128_t table, v128_t nibbles)
{
    return wasm_i8x16_swizzle(table, nibbles);
}

static inline v128_t errors_of_pairs(v128_t in, v128_t before1)
{
    const v128_t high1 = wasm_u8x16_make(TOO_LONG, TOO_LONG, TOO_LONG, TOO_LONG, TOO_LONG, TOO_LONG, TOO_LONG, TOO_LONG,
                                         TWO_CONTINUATIONS, TWO_CONTINUATIONS, TWO_CONTINUATIONS, TWO_CONTINUATIONS,
                                         TOO_SHORT | OVERLONG_2, TOO_SHORT, TOO_SHORT | OVERLONG_3 | SURROGATE,
                                         TOO_SHORT | TOO_LARGE | TOO_LARGE_1000 | OVERLONG_4);
    const v128_t low1 = wasm_u8x16_make(
        CARRY | OVERLONG_3 | OVERLONG_2 | OVERLONG_4, CARRY | OVERLONG_2, CARRY, CARRY, CARRY | TOO_LARGE,
        CARRY | TOO_LARGE | TOO_LARGE_1000, CARRY | TOO_LARGE | TOO_LARGE_1000, CARRY | TOO_LARGE | TOO_LARGE_1000,
        CARRY | TOO_LARGE | TOO_LARGE_1000, CARRY | TOO_LARGE | TOO_LARGE_1000, CARRY | TOO_LARGE | TOO_LARGE_1000,
        CARRY | TOO_LARGE | TOO_LARGE_1000, CARRY | TOO_LARGE | TOO_LARGE_1000,
        CARRY | TOO_LARGE | TOO_LARGE_1000 | SURROGATE, CARRY | TOO_LARGE | TOO_LARGE_1000,
        CARRY | TOO_LARGE | TOO_LARGE_1000);
    const v128_t high2 = wasm_u8x16_make(
        TOO_SHORT, TOO_SHORT, TOO_SHORT, TOO_SHORT, TOO_SHORT, TOO_SHORT, TOO_SHORT, TOO_SHORT,
        TOO_LONG | OVERLONG_2 | TWO_CONTINUATIONS | OVERLONG_3 | TOO_LARGE_1000 | OVERLONG_4,
        TOO_LONG | OVERLONG_2 | TWO_CONTINUATIONS | OVERLONG_3 | TOO_LARGE,
        TOO_LONG | OVERLONG_2 | TWO_CONTINUATIONS | SURROGATE | TOO_LARGE,
        TOO_LONG | OVERLONG_2 | TWO_CONTINUATIONS | SURROGATE | TOO_LARGE, TOO_SHORT, TOO_SHORT, TOO_SHORT, TOO_SHORT);
    const v128_t low_nibble = wasm_i8x16_splat(15);
    return wasm_v128_and(
        wasm_v128_and(lookup(high1, wasm_u8x16_shr(before1, 4)), lookup(low1, wasm_v128_and(before1, low_nibble))),
        lookup(high2, wasm_u8x16_shr(in, 4)));
}

/* Bytes that have to be the third or fourth of a character have bit 7 set here. */
static inline v128_t must_continue(v128_t before2, v128_t before3)
{
    v128_t third = wasm_u8x16_sub_sat(before2, wasm_i8x16_splat(0xe0 - 0x80));
    v128_t fourth = wasm_u8x16_sub_sat(before3, wasm_i8x16_splat(0xf0 - 0x80));
    return wasm_v128_and(wasm_v128_or(third, fourth), wasm_i8x16_splat((char)0x80));
}

static NOINLINE int is_valid(const uint8_t *at, uint32_t size)
{
    v128_t error = wasm_i8x16_splat(0), last = error;
    for (uint32_t i = 0; i < size; i += 16) {
        v128_t in = wasm_v128_load(at + i);
        if (wasm_v128_any_true(wasm_v128_and(wasm_v128_or(in, last), wasm_i8x16_splat((char)0x80)))) {
            v128_t before1 =
                wasm_i8x16_shuffle(last, in, 15, 16, 17, 18, 19, 20, 21, 22, 23, 24, 25, 26, 27, 28, 29, 30);
            v128_t before2 =
                wasm_i8x16_shuffle(last, in, 14, 15, 16, 17, 18, 19, 20, 21, 22, 23, 24, 25, 26, 27, 28, 29);
            v128_t before3 =
                wasm_i8x16_shuffle(last, in, 13, 14, 15, 16, 17, 18, 19, 20, 21, 22, 23, 24, 25, 26, 27, 28);
            v128_t pairs = errors_of_pairs(in, before1);
            error = wasm_v128_or(error, wasm_v128_xor(must_continue(before2, before3), pairs));
        }
        last = in;
    }
    return !wasm_v128_any_true(error);
}

/* Characters of one to four bytes, then ASCII up to the end. */
static void fill(uint32_t seed)
{
    uint32_t at = 0;
    while (at < SIZE - 64) {
        uint32_t kind = next_random(&seed) % 8, bits = next_random(&seed);
        if (kind < 4) {
            text[at++] = bits & 0x7f;
        } else if (kind < 6) {
            text[at++] = 0xc2 + bits % 30;
            text[at++] = 0x80 | (bits >> 8 & 0x3f);
        } else if (kind < 7) {
            text[at++] = 0xe1 + bits % 12;
            text[at++] = 0x80 | (bits >> 8 & 0x3f);
            text[at++] = 0x80 | (bits >> 16 & 0x3f);
        } else {
            text[at++] = 0xf1 + bits % 3;
            text[at++] = 0x80 | (bits >> 8 & 0x3f);
            text[at++] = 0x80 | (bits >> 16 & 0x3f);
            text[at++] = 0x80 | (bits >> 24 & 0x3f);
        }
    }
    for (; at < SIZE; at++)
        text[at] = 'a' + at % 26;
}

uint64_t kernel(uint32_t n)
{
    uint64_t sum = 0;
    fill(11);
    for (uint32_t i = 0; i < n; i++) {
        uint32_t at = i * 127 % SIZE;
        uint8_t kept = text[at];
        text[at] = (uint8_t)(kept + (i & 1));
        sum = mix(sum, (uint64_t)is_valid(text, SIZE) + i);
        text[at] = kept;
    }
    return sum;
}
