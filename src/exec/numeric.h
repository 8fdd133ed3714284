/* exec/numeric.h: the numeric instructions that are more than one C operator  [core 4.3]. Only SSE2-level arithmetic is
 * assumed, so that rounding is done here and not by calls into libm. A NaN result may have any payload, but is quiet.
 */
#ifndef CW_EXEC_NUMERIC_H
#define CW_EXEC_NUMERIC_H

#include <stdint.h>

typedef uint32_t __attribute__((may_alias)) cw_alias_u32;
typedef float __attribute__((may_alias)) cw_alias_f32;
typedef double __attribute__((may_alias)) cw_alias_f64;

static inline uint32_t bits_of_f32(float x)
{
    union {
        float f;
        uint32_t u;
    } bits = { .f = x };
    return bits.u;
}
static inline uint64_t bits_of_f64(double x)
{
    union {
        double f;
        uint64_t u;
    } bits = { .f = x };
    return bits.u;
}
static inline float f32_of_bits(uint32_t x)
{
    union {
        uint32_t u;
        float f;
    } bits = { .u = x };
    return bits.f;
}
static inline double f64_of_bits(uint64_t x)
{
    union {
        uint64_t u;
        double f;
    } bits = { .u = x };
    return bits.f;
}

/* A NaN made quiet; anything else as it is. Said in bits, because compilers drop arithmetic that only quiets. */
static inline float quiet32(float x)
{
    return x != x ? f32_of_bits(bits_of_f32(x) | 0x00400000u) : x;
}
static inline double quiet64(double x)
{
    return x != x ? f64_of_bits(bits_of_f64(x) | 0x0008000000000000u) : x;
}

static inline uint32_t popcount32(uint32_t x)
{
    x = x - (x >> 1 & 0x55555555u);
    x = (x & 0x33333333u) + (x >> 2 & 0x33333333u);
    return ((x + (x >> 4)) & 0x0f0f0f0fu) * 0x01010101u >> 24;
}
static inline uint64_t popcount64(uint64_t x)
{
    x = x - (x >> 1 & 0x5555555555555555u);
    x = (x & 0x3333333333333333u) + (x >> 2 & 0x3333333333333333u);
    return ((x + (x >> 4)) & 0x0f0f0f0f0f0f0f0fu) * 0x0101010101010101u >> 56;
}

/* Equal operands are zeros of any signs, or the same. */
static inline float min32(float x, float y)
{
    if (x < y)
        return x;
    if (y < x)
        return y;
    return x == y ? f32_of_bits(bits_of_f32(x) | bits_of_f32(y)) : x + y;
}
static inline float max32(float x, float y)
{
    if (x > y)
        return x;
    if (y > x)
        return y;
    return x == y ? f32_of_bits(bits_of_f32(x) & bits_of_f32(y)) : x + y;
}
static inline double min64(double x, double y)
{
    if (x < y)
        return x;
    if (y < x)
        return y;
    return x == y ? f64_of_bits(bits_of_f64(x) | bits_of_f64(y)) : x + y;
}
static inline double max64(double x, double y)
{
    if (x > y)
        return x;
    if (y > x)
        return y;
    return x == y ? f64_of_bits(bits_of_f64(x) & bits_of_f64(y)) : x + y;
}

/* Rounding goes through the integers where there is a fraction to lose. The sign is put back for results of -0. */
#define CW_ROUND(suffix, T, I, bits, whole, copysign, fabs) \
    static inline T trunc##suffix(T x) \
    { \
        return fabs(x) < whole ? copysign((T)(I)x, x) : quiet##suffix(x); \
    } \
    static inline T floor##suffix(T x) \
    { \
        if (!(fabs(x) < whole)) \
            return quiet##suffix(x); \
        const T t = (T)(I)x; \
        return copysign(t > x ? t - 1 : t, x); \
    } \
    static inline T ceil##suffix(T x) \
    { \
        if (!(fabs(x) < whole)) \
            return quiet##suffix(x); \
        const T t = (T)(I)x; \
        return copysign(t < x ? t + 1 : t, x); \
    } \
    static inline T nearest##suffix(T x) \
    { \
        return fabs(x) < whole ? copysign((fabs(x) + whole) - whole, x) : quiet##suffix(x); \
    }
CW_ROUND(32, float, int32_t, uint32_t, 0x1p23f, __builtin_copysignf, __builtin_fabsf)
CW_ROUND(64, double, int64_t, uint64_t, 0x1p52, __builtin_copysign, __builtin_fabs)

#define CW_SATURATE(name, T, R, S, above, below, least, most) \
    static inline R name(T x) \
    { \
        if (x above && x below) \
            return (R)(S)x; \
        return x != x ? 0 : x < 0 ? (R)(least) : (R)(most); \
    }
CW_SATURATE(sat_i32_f32_s, float, uint32_t, int32_t, >= -0x1p31f, < 0x1p31f, INT32_MIN, INT32_MAX)
CW_SATURATE(sat_i32_f32_u, float, uint32_t, uint32_t, > -1.0f, < 0x1p32f, 0, UINT32_MAX)
CW_SATURATE(sat_i32_f64_s, double, uint32_t, int32_t, > -2147483649.0, < 0x1p31, INT32_MIN, INT32_MAX)
CW_SATURATE(sat_i32_f64_u, double, uint32_t, uint32_t, > -1.0, < 0x1p32, 0, UINT32_MAX)
CW_SATURATE(sat_i64_f32_s, float, uint64_t, int64_t, >= -0x1p63f, < 0x1p63f, INT64_MIN, INT64_MAX)
CW_SATURATE(sat_i64_f32_u, float, uint64_t, uint64_t, > -1.0f, < 0x1p64f, 0, UINT64_MAX)
CW_SATURATE(sat_i64_f64_s, double, uint64_t, int64_t, >= -0x1p63, < 0x1p63, INT64_MIN, INT64_MAX)
CW_SATURATE(sat_i64_f64_u, double, uint64_t, uint64_t, > -1.0, < 0x1p64, 0, UINT64_MAX)

#endif
