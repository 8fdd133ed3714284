/* exec/vector.h: vector instructions that are more than one C operator on the compiler's vector types  [core 4.3.3
 * ff.].
 *
 * A v128 is cw_v128; casts to the types of lanes only change how the same bits are read. SSE2 is used where it has an
 * instruction that compilers do not find by themselves; everything else is vector arithmetic, or goes lane by lane.
 * Lanes lie in memory with the first one first. */
#ifndef CW_EXEC_VECTOR_H
#define CW_EXEC_VECTOR_H

#include <stdint.h>

#include "exec/dispatch.h"
#include "exec/numeric.h"

#if defined(__SSE2__)
#include <emmintrin.h>
#endif

#define CW_VECTOR_TYPE(name, lane) typedef lane name __attribute__((vector_size(16), may_alias));
CW_VECTOR_TYPE(cw_i8x16, int8_t)
CW_VECTOR_TYPE(cw_u8x16, uint8_t)
CW_VECTOR_TYPE(cw_i16x8, int16_t)
CW_VECTOR_TYPE(cw_u16x8, uint16_t)
CW_VECTOR_TYPE(cw_i32x4, int32_t)
CW_VECTOR_TYPE(cw_u32x4, uint32_t)
CW_VECTOR_TYPE(cw_i64x2, int64_t)
CW_VECTOR_TYPE(cw_f32x4, float)
CW_VECTOR_TYPE(cw_f64x2, double)
typedef cw_v128 cw_u64x2;
/* in slots, and anywhere */
typedef uint64_t cw_v128_slot __attribute__((vector_size(16), may_alias, aligned(8)));
typedef uint64_t cw_v128_bytes __attribute__((vector_size(16), may_alias, aligned(1)));

typedef union cw_lanes {
    cw_v128 v;
    uint8_t u8[16];
    uint16_t u16[8];
    uint32_t u32[4];
    uint64_t u64[2];
} cw_lanes;

/* a where the bits of m are set, else b */
static inline cw_v128 bitselect(cw_v128 m, cw_v128 a, cw_v128 b)
{
    return (a & m) | (b & ~m);
}

static inline uint32_t any_true(cw_v128 x)
{
    return (x[0] | x[1]) != 0;
}

/* ---- lanes ---- */

static inline cw_v128 splat8(uint32_t x)
{
    const uint64_t all = (x & 0xff) * 0x0101010101010101u;
    return (cw_v128){ all, all };
}
static inline cw_v128 splat16(uint32_t x)
{
    const uint64_t all = (x & 0xffff) * 0x0001000100010001u;
    return (cw_v128){ all, all };
}
static inline cw_v128 splat32(uint32_t x)
{
    return (cw_v128)(cw_u32x4){ x, x, x, x };
}
static inline cw_v128 splat64(uint64_t x)
{
    return (cw_v128){ x, x };
}

/* x with another lane number n */
static inline cw_v128 replace8(cw_v128 x, uint32_t n, uint32_t lane)
{
    const cw_u8x16 numbers = { 0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15 };
    return bitselect((cw_v128)((cw_u8x16)splat8(n) == numbers), splat8(lane), x);
}
static inline cw_v128 replace16(cw_v128 x, uint32_t n, uint32_t lane)
{
    const cw_u16x8 numbers = { 0, 1, 2, 3, 4, 5, 6, 7 };
    return bitselect((cw_v128)((cw_u16x8)splat16(n) == numbers), splat16(lane), x);
}
static inline cw_v128 replace32(cw_v128 x, uint32_t n, uint32_t lane)
{
    const cw_u32x4 numbers = { 0, 1, 2, 3 };
    return bitselect((cw_v128)((cw_u32x4)splat32(n) == numbers), splat32(lane), x);
}
static inline cw_v128 replace64(cw_v128 x, uint32_t n, uint64_t lane)
{
    return n ? (cw_v128){ x[0], lane } : (cw_v128){ lane, x[1] };
}
static inline uint8_t lane8(cw_v128 x, uint32_t n)
{
    const cw_lanes lanes = { .v = x };
    return lanes.u8[n & 15];
}
static inline uint16_t lane16(cw_v128 x, uint32_t n)
{
    const cw_lanes lanes = { .v = x };
    return lanes.u16[n & 7];
}
static inline uint32_t lane32(cw_v128 x, uint32_t n)
{
    const cw_lanes lanes = { .v = x };
    return lanes.u32[n & 3];
}
static inline uint64_t lane64(cw_v128 x, uint32_t n)
{
    return n ? x[1] : x[0];
}

/* x's bytes by the low four bits of y's, 0 where y's byte has its highest bit set: one instruction where the machine
 * has it. */
#if defined(__x86_64__)
#define CW_HAS_BYTE_LOOKUP __builtin_cpu_supports("ssse3")
static inline cw_v128 byte_lookup(cw_v128 x, cw_v128 y)
{
    __asm__("pshufb %1, %0" : "+x"(x) : "x"(y));
    return x;
}
#elif defined(__aarch64__)
#define CW_HAS_BYTE_LOOKUP 1
static inline cw_v128 byte_lookup(cw_v128 x, cw_v128 y)
{
    __asm__("tbl %0.16b, {%1.16b}, %2.16b" : "=w"(x) : "w"(x), "w"(y & splat8(0x8f)));
    return x;
}
#else
#define CW_HAS_BYTE_LOOKUP 0
static inline cw_v128 byte_lookup(cw_v128 x, cw_v128 y)
{
    (void)y;
    return x;
}
#endif

static inline cw_v128 swizzle(cw_v128 x, cw_v128 y)
{
    if (CW_HAS_BYTE_LOOKUP)
        return byte_lookup(x, y | (cw_v128)((cw_u8x16)y > (cw_u8x16)splat8(15)));
    const cw_lanes from = { .v = x }, index = { .v = y };
    cw_lanes r;
    for (int i = 0; i < 16; i++)
        r.u8[i] = index.u8[i] < 16 ? from.u8[index.u8[i] & 15] : 0;
    return r.v;
}

/* The numbers of the lanes, 16 bytes, are below 32. */
static inline cw_v128 shuffle(cw_v128 x, cw_v128 y, uint64_t low, uint64_t high)
{
    const cw_v128 numbers = { low, high };
    if (CW_HAS_BYTE_LOOKUP) {
        const cw_u8x16 of_y = (cw_u8x16)numbers - (cw_u8x16)splat8(16);  /* highest bit set: a byte of x */
        const cw_u8x16 of_x = (cw_u8x16)numbers + (cw_u8x16)splat8(112); /* highest bit set: a byte of y */
        return byte_lookup(x, (cw_v128)of_x) | byte_lookup(y, (cw_v128)of_y);
    }
    union {
        cw_v128 v[2];
        uint8_t u8[32];
    } from = { { x, y } };
    const cw_lanes index = { .v = numbers };
    cw_lanes r;
    for (int i = 0; i < 16; i++)
        r.u8[i] = from.u8[index.u8[i] & 31];
    return r.v;
}

/* ---- integers of every width ---- */

#define CW_VECTOR_INT(bits, n, splat) \
    static inline cw_v128 i##bits##x##n##_abs(cw_v128 x) \
    { \
        const cw_u##bits##x##n m = (cw_u##bits##x##n)((cw_i##bits##x##n)x < (cw_i##bits##x##n){ 0 }); \
        return (cw_v128)(((cw_u##bits##x##n)x ^ m) - m); \
    } \
    static inline cw_v128 i##bits##x##n##_min_s(cw_v128 x, cw_v128 y) \
    { \
        return bitselect((cw_v128)((cw_i##bits##x##n)x < (cw_i##bits##x##n)y), x, y); \
    } \
    static inline cw_v128 i##bits##x##n##_max_s(cw_v128 x, cw_v128 y) \
    { \
        return bitselect((cw_v128)((cw_i##bits##x##n)x < (cw_i##bits##x##n)y), y, x); \
    } \
    static inline cw_v128 i##bits##x##n##_min_u(cw_v128 x, cw_v128 y) \
    { \
        return bitselect((cw_v128)((cw_u##bits##x##n)x < (cw_u##bits##x##n)y), x, y); \
    } \
    static inline cw_v128 i##bits##x##n##_max_u(cw_v128 x, cw_v128 y) \
    { \
        return bitselect((cw_v128)((cw_u##bits##x##n)x < (cw_u##bits##x##n)y), y, x); \
    } \
    static inline cw_v128 i##bits##x##n##_add_sat_u(cw_v128 x, cw_v128 y) \
    { \
        const cw_u##bits##x##n sum = (cw_u##bits##x##n)x + (cw_u##bits##x##n)y; \
        return (cw_v128)sum | (cw_v128)(sum < (cw_u##bits##x##n)x); \
    } \
    static inline cw_v128 i##bits##x##n##_sub_sat_u(cw_v128 x, cw_v128 y) \
    { \
        return (cw_v128)((cw_u##bits##x##n)x - (cw_u##bits##x##n)y) & \
               (cw_v128)((cw_u##bits##x##n)x > (cw_u##bits##x##n)y); \
    } \
    /* sum or difference where it did not wrap, else the limit on the side of x */ \
    static inline cw_v128 i##bits##x##n##_saturate(cw_v128 x, cw_v128 r, cw_v128 wrapped) \
    { \
        const cw_v128 limit = (cw_v128)((cw_i##bits##x##n)x < (cw_i##bits##x##n){ 0 }) ^ splat(INT##bits##_MAX); \
        return bitselect((cw_v128)((cw_i##bits##x##n)wrapped < (cw_i##bits##x##n){ 0 }), limit, r); \
    } \
    static inline cw_v128 i##bits##x##n##_add_sat_s(cw_v128 x, cw_v128 y) \
    { \
        const cw_v128 r = (cw_v128)((cw_u##bits##x##n)x + (cw_u##bits##x##n)y); \
        return i##bits##x##n##_saturate(x, r, (x ^ r) & (y ^ r)); \
    } \
    static inline cw_v128 i##bits##x##n##_sub_sat_s(cw_v128 x, cw_v128 y) \
    { \
        const cw_v128 r = (cw_v128)((cw_u##bits##x##n)x - (cw_u##bits##x##n)y); \
        return i##bits##x##n##_saturate(x, r, (x ^ y) & (x ^ r)); \
    } \
    static inline uint32_t i##bits##x##n##_all_true(cw_v128 x) \
    { \
        return !any_true((cw_v128)((cw_u##bits##x##n)x == (cw_u##bits##x##n){ 0 })); \
    }
CW_VECTOR_INT(8, 16, splat8)
CW_VECTOR_INT(16, 8, splat16)
CW_VECTOR_INT(32, 4, splat32)
CW_VECTOR_INT(64, 2, splat64)

/* the mean of x and y, rounded up */
static inline cw_v128 i8x16_avgr_u(cw_v128 x, cw_v128 y)
{
    const cw_v128 half = (x ^ y) >> 1 & splat8(0x7f);
    return (cw_v128)((cw_u8x16)(x | y) - (cw_u8x16)half);
}
static inline cw_v128 i16x8_avgr_u(cw_v128 x, cw_v128 y)
{
    return (cw_v128)((cw_u16x8)(x | y) - ((cw_u16x8)(x ^ y) >> 1));
}
static inline cw_v128 i8x16_popcnt(cw_v128 x)
{
    x = x - (x >> 1 & splat8(0x55));
    x = (x & splat8(0x33)) + (x >> 2 & splat8(0x33));
    return (x + (x >> 4)) & splat8(0x0f);
}
/* Bytes are shifted as parts of something wider, whose bits of other bytes are taken away. */
static inline cw_v128 i8x16_shl(cw_v128 x, uint32_t n)
{
    return (x << (uint64_t)(n & 7)) & splat8(0xffu << (n & 7));
}
static inline cw_v128 i8x16_shr_u(cw_v128 x, uint32_t n)
{
    return (x >> (uint64_t)(n & 7)) & splat8(0xffu >> (n & 7));
}
static inline cw_v128 i8x16_shr_s(cw_v128 x, uint32_t n)
{
    const cw_u8x16 sign = (cw_u8x16)splat8(0x80u >> (n & 7));
    return (cw_v128)(((cw_u8x16)i8x16_shr_u(x, n) ^ sign) - sign);
}

#if defined(__SSE2__)
static inline uint32_t i8x16_bitmask(cw_v128 x)
{
    return (uint32_t)_mm_movemask_epi8((__m128i)x);
}
static inline uint32_t i16x8_bitmask(cw_v128 x)
{
    return (uint32_t)_mm_movemask_epi8(_mm_packs_epi16((__m128i)x, _mm_setzero_si128()));
}
static inline uint32_t i32x4_bitmask(cw_v128 x)
{
    return (uint32_t)_mm_movemask_ps((__m128)x);
}
#else
static inline uint32_t i8x16_bitmask(cw_v128 x)
{
    uint32_t r = 0;
    for (uint32_t i = 0; i < 16; i++)
        r |= (uint32_t)(lane8(x, i) >> 7) << i;
    return r;
}
static inline uint32_t i16x8_bitmask(cw_v128 x)
{
    uint32_t r = 0;
    for (uint32_t i = 0; i < 8; i++)
        r |= (uint32_t)(lane16(x, i) >> 15) << i;
    return r;
}
static inline uint32_t i32x4_bitmask(cw_v128 x)
{
    uint32_t r = 0;
    for (uint32_t i = 0; i < 4; i++)
        r |= lane32(x, i) >> 31 << i;
    return r;
}
#endif
static inline uint32_t i64x2_bitmask(cw_v128 x)
{
    return (uint32_t)(x[0] >> 63 | x[1] >> 63 << 1);
}

/* ---- to wider lanes and back ---- */

#define CW_LOW_8 0, 16, 1, 17, 2, 18, 3, 19, 4, 20, 5, 21, 6, 22, 7, 23
#define CW_HIGH_8 8, 24, 9, 25, 10, 26, 11, 27, 12, 28, 13, 29, 14, 30, 15, 31
#define CW_EVEN_8 0, 2, 4, 6, 8, 10, 12, 14, 16, 18, 20, 22, 24, 26, 28, 30
#define CW_LOW_16 0, 8, 1, 9, 2, 10, 3, 11
#define CW_HIGH_16 4, 12, 5, 13, 6, 14, 7, 15
#define CW_EVEN_16 0, 2, 4, 6, 8, 10, 12, 14
#define CW_LOW_32 0, 4, 1, 5
#define CW_HIGH_32 2, 6, 3, 7

/* N, n: the narrow lanes' bits and number; W, w: the wide ones' */
#define CW_VECTOR_WIDEN(N, n, W, w) \
    static inline cw_v128 extend_low_i##N##x##n##_s(cw_v128 x) \
    { \
        const cw_i##N##x##n from = (cw_i##N##x##n)x; \
        return (cw_v128)__builtin_shufflevector(from, (cw_i##N##x##n)(from < (cw_i##N##x##n){ 0 }), CW_LOW_##N); \
    } \
    static inline cw_v128 extend_high_i##N##x##n##_s(cw_v128 x) \
    { \
        const cw_i##N##x##n from = (cw_i##N##x##n)x; \
        return (cw_v128)__builtin_shufflevector(from, (cw_i##N##x##n)(from < (cw_i##N##x##n){ 0 }), CW_HIGH_##N); \
    } \
    static inline cw_v128 extend_low_i##N##x##n##_u(cw_v128 x) \
    { \
        return (cw_v128)__builtin_shufflevector((cw_u##N##x##n)x, (cw_u##N##x##n){ 0 }, CW_LOW_##N); \
    } \
    static inline cw_v128 extend_high_i##N##x##n##_u(cw_v128 x) \
    { \
        return (cw_v128)__builtin_shufflevector((cw_u##N##x##n)x, (cw_u##N##x##n){ 0 }, CW_HIGH_##N); \
    } \
    static inline cw_v128 extmul_low_i##N##x##n##_s(cw_v128 x, cw_v128 y) \
    { \
        return (cw_v128)((cw_u##W##x##w)extend_low_i##N##x##n##_s(x) * (cw_u##W##x##w)extend_low_i##N##x##n##_s(y)); \
    } \
    static inline cw_v128 extmul_high_i##N##x##n##_s(cw_v128 x, cw_v128 y) \
    { \
        return (cw_v128)((cw_u##W##x##w)extend_high_i##N##x##n##_s(x) * (cw_u##W##x##w)extend_high_i##N##x##n##_s(y)); \
    } \
    static inline cw_v128 extmul_low_i##N##x##n##_u(cw_v128 x, cw_v128 y) \
    { \
        return (cw_v128)((cw_u##W##x##w)extend_low_i##N##x##n##_u(x) * (cw_u##W##x##w)extend_low_i##N##x##n##_u(y)); \
    } \
    static inline cw_v128 extmul_high_i##N##x##n##_u(cw_v128 x, cw_v128 y) \
    { \
        return (cw_v128)((cw_u##W##x##w)extend_high_i##N##x##n##_u(x) * (cw_u##W##x##w)extend_high_i##N##x##n##_u(y)); \
    } \
    /* the even and the odd lanes, as wide ones */ \
    static inline cw_v128 even_i##N##x##n##_s(cw_v128 x) \
    { \
        return (cw_v128)((cw_i##W##x##w)((cw_u##W##x##w)x << N) >> N); \
    } \
    static inline cw_v128 odd_i##N##x##n##_s(cw_v128 x) \
    { \
        return (cw_v128)((cw_i##W##x##w)x >> N); \
    } \
    static inline cw_v128 extadd_i##N##x##n##_s(cw_v128 x) \
    { \
        return (cw_v128)((cw_u##W##x##w)even_i##N##x##n##_s(x) + (cw_u##W##x##w)odd_i##N##x##n##_s(x)); \
    } \
    static inline cw_v128 extadd_i##N##x##n##_u(cw_v128 x) \
    { \
        return (cw_v128)(((cw_u##W##x##w)x << N >> N) + ((cw_u##W##x##w)x >> N)); \
    }
CW_VECTOR_WIDEN(8, 16, 16, 8)
CW_VECTOR_WIDEN(16, 8, 32, 4)
CW_VECTOR_WIDEN(32, 4, 64, 2)

#if defined(__SSE2__)
static inline cw_v128 narrow_i16x8_s(cw_v128 x, cw_v128 y)
{
    return (cw_v128)_mm_packs_epi16((__m128i)x, (__m128i)y);
}
static inline cw_v128 narrow_i16x8_u(cw_v128 x, cw_v128 y)
{
    return (cw_v128)_mm_packus_epi16((__m128i)x, (__m128i)y);
}
static inline cw_v128 narrow_i32x4_s(cw_v128 x, cw_v128 y)
{
    return (cw_v128)_mm_packs_epi32((__m128i)x, (__m128i)y);
}
static inline cw_v128 dot_i16x8_s(cw_v128 x, cw_v128 y)
{
    return (cw_v128)_mm_madd_epi16((__m128i)x, (__m128i)y);
}
#else
static inline cw_v128 narrow_i16x8_s(cw_v128 x, cw_v128 y)
{
    const cw_v128 low = splat16((uint16_t)INT8_MIN), high = splat16(INT8_MAX);
    x = i16x8_min_s(i16x8_max_s(x, low), high);
    y = i16x8_min_s(i16x8_max_s(y, low), high);
    return (cw_v128)__builtin_shufflevector((cw_u8x16)x, (cw_u8x16)y, CW_EVEN_8);
}
static inline cw_v128 narrow_i16x8_u(cw_v128 x, cw_v128 y)
{
    x = i16x8_min_s(i16x8_max_s(x, splat16(0)), splat16(UINT8_MAX));
    y = i16x8_min_s(i16x8_max_s(y, splat16(0)), splat16(UINT8_MAX));
    return (cw_v128)__builtin_shufflevector((cw_u8x16)x, (cw_u8x16)y, CW_EVEN_8);
}
static inline cw_v128 narrow_i32x4_s(cw_v128 x, cw_v128 y)
{
    const cw_v128 low = splat32((uint32_t)INT16_MIN), high = splat32(INT16_MAX);
    x = i32x4_min_s(i32x4_max_s(x, low), high);
    y = i32x4_min_s(i32x4_max_s(y, low), high);
    return (cw_v128)__builtin_shufflevector((cw_u16x8)x, (cw_u16x8)y, CW_EVEN_16);
}
static inline cw_v128 dot_i16x8_s(cw_v128 x, cw_v128 y)
{
    return (cw_v128)((cw_u32x4)even_i16x8_s(x) * (cw_u32x4)even_i16x8_s(y) +
                     (cw_u32x4)odd_i16x8_s(x) * (cw_u32x4)odd_i16x8_s(y));
}
#endif
static inline cw_v128 narrow_i32x4_u(cw_v128 x, cw_v128 y)
{
    x = i32x4_min_s(i32x4_max_s(x, splat32(0)), splat32(UINT16_MAX));
    y = i32x4_min_s(i32x4_max_s(y, splat32(0)), splat32(UINT16_MAX));
    return (cw_v128)__builtin_shufflevector((cw_u16x8)x, (cw_u16x8)y, CW_EVEN_16);
}
static inline cw_v128 q15mulr_sat_s(cw_v128 x, cw_v128 y)
{
    const cw_u32x4 half = (cw_u32x4)splat32(0x4000);
    const cw_v128 low = (cw_v128)((cw_i32x4)((cw_u32x4)extmul_low_i16x8_s(x, y) + half) >> 15);
    const cw_v128 high = (cw_v128)((cw_i32x4)((cw_u32x4)extmul_high_i16x8_s(x, y) + half) >> 15);
    return narrow_i32x4_s(low, high);
}
/* signed by signed; the sum of a pair wraps */
static inline cw_v128 dot_i8x16_s(cw_v128 x, cw_v128 y)
{
    return (cw_v128)((cw_u16x8)even_i8x16_s(x) * (cw_u16x8)even_i8x16_s(y) +
                     (cw_u16x8)odd_i8x16_s(x) * (cw_u16x8)odd_i8x16_s(y));
}

/* ---- floats ---- */

#define CW_VECTOR_FLOAT(T, bits, EACH) \
    /* as min32 and max32 */ \
    static inline cw_v128 T##_min(cw_v128 x, cw_v128 y) \
    { \
        const cw_##T a = (cw_##T)x, b = (cw_##T)y; \
        const cw_v128 same = bitselect((cw_v128)(a == b), x | y, (cw_v128)(a + b)); \
        return bitselect((cw_v128)(a < b), x, bitselect((cw_v128)(b < a), y, same)); \
    } \
    static inline cw_v128 T##_max(cw_v128 x, cw_v128 y) \
    { \
        const cw_##T a = (cw_##T)x, b = (cw_##T)y; \
        const cw_v128 same = bitselect((cw_v128)(a == b), x & y, (cw_v128)(a + b)); \
        return bitselect((cw_v128)(a > b), x, bitselect((cw_v128)(b > a), y, same)); \
    } \
    static inline cw_v128 T##_ceil(cw_v128 x) \
    { \
        const cw_##T a = (cw_##T)x; \
        return (cw_v128)EACH(ceil##bits, a); \
    } \
    static inline cw_v128 T##_floor(cw_v128 x) \
    { \
        const cw_##T a = (cw_##T)x; \
        return (cw_v128)EACH(floor##bits, a); \
    } \
    static inline cw_v128 T##_trunc(cw_v128 x) \
    { \
        const cw_##T a = (cw_##T)x; \
        return (cw_v128)EACH(trunc##bits, a); \
    } \
    static inline cw_v128 T##_nearest(cw_v128 x) \
    { \
        const cw_##T a = (cw_##T)x; \
        return (cw_v128)EACH(nearest##bits, a); \
    }
#define CW_EACH_F32(f, a) \
    (cw_f32x4) \
    { \
        f(a[0]), f(a[1]), f(a[2]), f(a[3]) \
    }
#define CW_EACH_F64(f, a) \
    (cw_f64x2) \
    { \
        f(a[0]), f(a[1]) \
    }
CW_VECTOR_FLOAT(f32x4, 32, CW_EACH_F32)
CW_VECTOR_FLOAT(f64x2, 64, CW_EACH_F64)

#if defined(__SSE2__)
static inline cw_v128 f32x4_sqrt(cw_v128 x)
{
    return (cw_v128)_mm_sqrt_ps((__m128)x);
}
static inline cw_v128 f64x2_sqrt(cw_v128 x)
{
    return (cw_v128)_mm_sqrt_pd((__m128d)x);
}
#else
static inline cw_v128 f32x4_sqrt(cw_v128 x)
{
    const cw_f32x4 a = (cw_f32x4)x;
    return (cw_v128)CW_EACH_F32(__builtin_sqrtf, a);
}
static inline cw_v128 f64x2_sqrt(cw_v128 x)
{
    const cw_f64x2 a = (cw_f64x2)x;
    return (cw_v128)CW_EACH_F64(__builtin_sqrt, a);
}
#endif

static inline cw_v128 trunc_sat_f32x4_s(cw_v128 x)
{
    const cw_f32x4 a = (cw_f32x4)x;
    return (cw_v128)(cw_u32x4){ sat_i32_f32_s(a[0]), sat_i32_f32_s(a[1]), sat_i32_f32_s(a[2]), sat_i32_f32_s(a[3]) };
}
static inline cw_v128 trunc_sat_f32x4_u(cw_v128 x)
{
    const cw_f32x4 a = (cw_f32x4)x;
    return (cw_v128)(cw_u32x4){ sat_i32_f32_u(a[0]), sat_i32_f32_u(a[1]), sat_i32_f32_u(a[2]), sat_i32_f32_u(a[3]) };
}
static inline cw_v128 trunc_sat_f64x2_s(cw_v128 x)
{
    const cw_f64x2 a = (cw_f64x2)x;
    return (cw_v128)(cw_u32x4){ sat_i32_f64_s(a[0]), sat_i32_f64_s(a[1]), 0, 0 };
}
static inline cw_v128 trunc_sat_f64x2_u(cw_v128 x)
{
    const cw_f64x2 a = (cw_f64x2)x;
    return (cw_v128)(cw_u32x4){ sat_i32_f64_u(a[0]), sat_i32_f64_u(a[1]), 0, 0 };
}
static inline cw_v128 f32x4_convert_u(cw_v128 x)
{
    const cw_u32x4 a = (cw_u32x4)x;
    return (cw_v128)(cw_f32x4){ (float)a[0], (float)a[1], (float)a[2], (float)a[3] };
}
static inline cw_v128 f64x2_convert_low_s(cw_v128 x)
{
    const cw_i32x4 a = (cw_i32x4)x;
    return (cw_v128)(cw_f64x2){ (double)a[0], (double)a[1] };
}
static inline cw_v128 f64x2_convert_low_u(cw_v128 x)
{
    const cw_u32x4 a = (cw_u32x4)x;
    return (cw_v128)(cw_f64x2){ (double)a[0], (double)a[1] };
}
static inline cw_v128 f32x4_demote(cw_v128 x)
{
    const cw_f64x2 a = (cw_f64x2)x;
    return (cw_v128)(cw_f32x4){ (float)a[0], (float)a[1], 0, 0 };
}
static inline cw_v128 f64x2_promote_low(cw_v128 x)
{
    const cw_f32x4 a = (cw_f32x4)x;
    return (cw_v128)(cw_f64x2){ (double)a[0], (double)a[1] };
}

#endif
