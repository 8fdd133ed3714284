/* base/num.c: numbers as text  [core 6.3].
 *
 * A float's text is a fraction of two big integers, and so is a float's value: reading divides one by the other until
 * 64 bits and a sticky one are known and rounds once; printing generates digits until only one float is left
 * [Steele & White 1990, Burger & Dybvig 1996]. Both are exact for every input, need no tables and no locale.
 * Short decimals take a shortcut: one correctly rounded operation on exact operands [Clinger 1990]. */
#include "base/num.h"

#include <float.h>

/* ---- big integers ---- */

enum {
    MAX_DIGITS = 800, /* no two neighbours' middle has more than 767 [Clinger]; what follows counts as a 1 */
    MAX_LIMBS = 100   /* 5^1201 and 10^801 have fewer than 2800 bits */
};

/* limbs[0 … n - 1], the least first; the last is not zero. */
typedef struct big {
    unsigned n;
    uint32_t limbs[MAX_LIMBS];
} big;

static void big_set(big *b, uint64_t v)
{
    b->n = 0;
    for (; v != 0; v >>= 32)
        b->limbs[b->n++] = (uint32_t)v;
}

/* b = b * factor + term */
static void big_mul_add(big *b, uint32_t factor, uint32_t term)
{
    uint64_t carry = term;
    for (unsigned i = 0; i < b->n; i++) {
        carry += (uint64_t)b->limbs[i] * factor;
        b->limbs[i] = (uint32_t)carry;
        carry >>= 32;
    }
    if (carry != 0)
        b->limbs[b->n++] = (uint32_t)carry;
}

static void big_mul_pow5(big *b, unsigned exponent)
{
    for (; exponent >= 13; exponent -= 13)
        big_mul_add(b, 1220703125, 0);
    uint32_t rest = 1;
    for (; exponent > 0; exponent--)
        rest *= 5;
    big_mul_add(b, rest, 0);
}

static void big_shift_left(big *b, unsigned bits)
{
    unsigned limbs = bits / 32, in_limb = bits % 32;
    if (b->n == 0 || bits == 0)
        return;
    b->limbs[b->n] = 0;
    for (unsigned i = b->n + 1; i-- > 0;) {
        uint64_t both = (uint64_t)b->limbs[i] << 32 | (i > 0 ? b->limbs[i - 1] : 0);
        b->limbs[i + limbs] = (uint32_t)(both << in_limb >> 32);
    }
    memset(b->limbs, 0, limbs * sizeof *b->limbs);
    b->n += limbs;
    b->n += b->limbs[b->n] != 0;
}

static unsigned count_bits(uint64_t v)
{
    unsigned n = 0;
    for (unsigned step = 32; step > 0; step /= 2)
        if (v >> step != 0) {
            v >>= step;
            n += step;
        }
    return n + (unsigned)v;
}

static unsigned big_bits(const big *b)
{
    return b->n == 0 ? 0 : 32 * (b->n - 1) + count_bits(b->limbs[b->n - 1]);
}

static int big_compare(const big *a, const big *b)
{
    if (a->n != b->n)
        return a->n < b->n ? -1 : 1;
    for (unsigned i = a->n; i-- > 0;)
        if (a->limbs[i] != b->limbs[i])
            return a->limbs[i] < b->limbs[i] ? -1 : 1;
    return 0;
}

static void big_add(big *a, const big *b)
{
    uint64_t carry = 0;
    for (unsigned i = 0; i < b->n || carry != 0; i++) {
        if (i == a->n)
            a->limbs[a->n++] = 0;
        carry += (uint64_t)a->limbs[i] + (i < b->n ? b->limbs[i] : 0);
        a->limbs[i] = (uint32_t)carry;
        carry >>= 32;
    }
}

/* a -= b, where a >= b */
static void big_sub(big *a, const big *b)
{
    uint32_t borrow = 0;
    for (unsigned i = 0; i < a->n; i++) {
        uint64_t taken = (uint64_t)(i < b->n ? b->limbs[i] : 0) + borrow;
        borrow = a->limbs[i] < taken;
        a->limbs[i] = (uint32_t)(a->limbs[i] - taken);
    }
    while (a->n > 0 && a->limbs[a->n - 1] == 0)
        a->n--;
}

/* ---- formats ---- */

typedef struct format {
    unsigned mantissa_bits; /* stored ones */
    unsigned exponent_bits;
} format;

static const format f32_format = { 23, 8 }, f64_format = { 52, 11 };

static int bias_of(const format *f)
{
    return (1 << (f->exponent_bits - 1)) - 1;
}

static uint64_t infinity_of(const format *f)
{
    return (((uint64_t)1 << f->exponent_bits) - 1) << f->mantissa_bits;
}

/* m * 2^exponent, and a little more where sticky, to the nearest float, the even one of two; m is not 0. The result is
 * infinity's bits where it is too large. */
static uint64_t round_to(const format *f, uint64_t m, int64_t exponent, bool sticky)
{
    unsigned up = 64 - count_bits(m);
    m <<= up;
    exponent += 63 - (int64_t)up; /* the value is m / 2^63 * 2^exponent, with m's highest bit set */
    if (exponent > bias_of(f))
        return infinity_of(f);

    int64_t biased = exponent + bias_of(f), drop = 63 - (int64_t)f->mantissa_bits;
    if (biased < 1) { /* subnormal: fewer bits are kept */
        drop += 1 - biased;
        biased = 1;
    }
    if (drop > 64)
        return 0;
    uint64_t kept = drop < 64 ? m >> drop : 0;
    uint64_t lost = drop < 64 ? m & (((uint64_t)1 << drop) - 1) : m, half = (uint64_t)1 << (drop - 1);
    if (lost > half || (lost == half && (sticky || (kept & 1))))
        kept++;
    /* the highest kept bit adds 1 to the exponent, and so does a carry out of the mantissa */
    return ((uint64_t)(biased - 1) << f->mantissa_bits) + kept;
}

/* ---- reading ---- */

typedef struct lexer {
    const char *at, *end;
    bool underscores;
} lexer;

static int digit_of(char c)
{
    if (c >= '0' && c <= '9')
        return c - '0';
    if (c >= 'a' && c <= 'f')
        return c - 'a' + 10;
    if (c >= 'A' && c <= 'F')
        return c - 'A' + 10;
    return 16;
}

/* The next digit below base, over one underscore if it is not the first; -1 where there is none. */
static int next_digit(lexer *l, int base, bool first)
{
    const char *p = l->at;
    if (!first && l->underscores && p < l->end && *p == '_')
        p++;
    if (p == l->end || digit_of(*p) >= base)
        return -1;
    l->at = p + 1;
    return digit_of(*p);
}

static bool take(lexer *l, char c)
{
    if (l->at == l->end || *l->at != c)
        return false;
    l->at++;
    return true;
}

static bool take_either(lexer *l, char lower, char upper)
{
    return take(l, lower) || take(l, upper);
}

static bool take_word(lexer *l, const char *word)
{
    size_t size = strlen(word);
    if ((size_t)(l->end - l->at) < size || memcmp(l->at, word, size) != 0)
        return false;
    l->at += size;
    return true;
}

static bool take_sign(lexer *l)
{
    if (take(l, '-'))
        return true;
    take(l, '+');
    return false;
}

static lexer lexer_of(cwrun_str text, bool underscores)
{
    const char *start = text.size != 0 ? text.data : "";
    return (lexer){ start, start + text.size, underscores };
}

/* A magnitude up to the end of the text. */
static bool read_magnitude(lexer *l, uint64_t *value)
{
    int base = take_word(l, "0x") ? 16 : 10;
    uint64_t v = 0;
    int digit = next_digit(l, base, true);
    if (digit < 0)
        return false;
    for (; digit >= 0; digit = next_digit(l, base, false)) {
        if (v > (UINT64_MAX - (uint64_t)digit) / (unsigned)base)
            return false;
        v = v * (unsigned)base + (uint64_t)digit;
    }
    *value = v;
    return l->at == l->end;
}

bool cw_parse_u64(cwrun_str text, bool underscores, uint64_t *value)
{
    lexer l = lexer_of(text, underscores);
    return read_magnitude(&l, value);
}

bool cw_parse_s64(cwrun_str text, bool underscores, int64_t min, int64_t max, int64_t *value)
{
    lexer l = lexer_of(text, underscores);
    bool negative = take_sign(&l);
    uint64_t magnitude;
    if (!read_magnitude(&l, &magnitude) || magnitude > (uint64_t)INT64_MAX + negative)
        return false;
    int64_t v = (int64_t)(negative ? 0 - magnitude : magnitude);
    if (v < min || v > max)
        return false;
    *value = v;
    return true;
}

/* The digits of a float's text: value = 0.d1d2d3… * base^point */
typedef struct digits {
    uint8_t d[MAX_DIGITS + 1]; /* without leading zeros */
    unsigned n;
    int64_t point;
    bool more; /* some digit behind them is not zero */
} digits;

static void add_digit(digits *ds, int digit)
{
    if (ds->n < MAX_DIGITS)
        ds->d[ds->n++] = (uint8_t)digit;
    else
        ds->more |= digit != 0;
}

static bool read_digits(lexer *l, int base, digits *ds)
{
    int digit = next_digit(l, base, true);
    if (digit < 0)
        return false;
    for (; digit >= 0; digit = next_digit(l, base, false)) {
        if (ds->n == 0 && digit == 0)
            continue;
        add_digit(ds, digit);
        ds->point++;
    }
    if (!take(l, '.'))
        return true;
    for (digit = next_digit(l, base, true); digit >= 0; digit = next_digit(l, base, false)) {
        if (ds->n == 0 && digit == 0)
            ds->point--;
        else
            add_digit(ds, digit);
    }
    return true;
}

/* An exponent, held within what a text that fits in memory cannot make up for. */
static bool read_exponent(lexer *l, int64_t *exponent)
{
    static const int64_t most = (int64_t)1 << 60;
    bool negative = take_sign(l);
    int64_t v = 0;
    int digit = next_digit(l, 10, true);
    if (digit < 0)
        return false;
    for (; digit >= 0; digit = next_digit(l, 10, false))
        v = v > most / 10 - 1 ? most : v * 10 + digit;
    *exponent = negative ? -v : v;
    return true;
}

/* n / d * 2^exponent, neither 0. n and d are used up. */
static uint64_t divide(const format *f, big *n, big *d, int64_t exponent)
{
    unsigned n_bits = big_bits(n), d_bits = big_bits(d);
    if (n_bits < d_bits)
        big_shift_left(n, d_bits - n_bits);
    else
        big_shift_left(d, n_bits - d_bits);
    exponent += (int64_t)n_bits - d_bits;

    /* 1/2 < n/d < 2: of 64 quotient bits, one before the point, the first or the second is set */
    uint64_t quotient = 0;
    for (unsigned i = 0; i < 64; i++) {
        quotient <<= 1;
        if (big_compare(n, d) >= 0) {
            big_sub(n, d);
            quotient |= 1;
        }
        big_shift_left(n, 1);
    }
    return round_to(f, quotient, exponent - 63, n->n != 0);
}

static uint64_t decimal_value(const format *f, digits *ds)
{
    if (ds->point > 310)
        return infinity_of(f);
    if (ds->point < -400)
        return 0;
    if (ds->more)
        ds->d[ds->n++] = 1;
    int exponent = (int)ds->point - (int)ds->n;

    big n, d;
    big_set(&n, 0);
    for (unsigned i = 0; i < ds->n; i++)
        big_mul_add(&n, 10, ds->d[i]);
    big_set(&d, 1);
    big_mul_pow5(exponent > 0 ? &n : &d, (unsigned)(exponent > 0 ? exponent : -exponent));
    return divide(f, &n, &d, exponent);
}

/* Both operands are exact, so that the one operation rounds once. False where they are not. */
static bool decimal_shortcut(const format *f, const digits *ds, uint64_t *bits)
{
#if FLT_EVAL_METHOD == 0
    static const double powers[] = { 1e0,  1e1,  1e2,  1e3,  1e4,  1e5,  1e6,  1e7,  1e8,  1e9,  1e10, 1e11,
                                     1e12, 1e13, 1e14, 1e15, 1e16, 1e17, 1e18, 1e19, 1e20, 1e21, 1e22 };
    bool is_f32 = f == &f32_format;
    int64_t exponent = ds->point - ds->n, most = is_f32 ? 10 : 22;
    if (ds->n > 15 || exponent < -most || exponent > most)
        return false;
    uint64_t m = 0;
    for (unsigned i = 0; i < ds->n; i++)
        m = m * 10 + ds->d[i];
    double power = powers[exponent < 0 ? -exponent : exponent];
    if (is_f32) {
        if (m >> 24 != 0)
            return false;
        float value = exponent < 0 ? (float)m / (float)power : (float)m * (float)power;
        uint32_t narrow;
        memcpy(&narrow, &value, sizeof narrow);
        *bits = narrow;
    } else {
        double value = exponent < 0 ? (double)m / power : (double)m * power;
        memcpy(bits, &value, sizeof value);
    }
    return true;
#else
    (void)f, (void)ds, (void)bits;
    return false;
#endif
}

static uint64_t hex_value(const format *f, const digits *ds, int64_t exponent)
{
    uint64_t m = 0;
    bool sticky = ds->more;
    unsigned i = 0;
    for (; i < ds->n && m >> 60 == 0; i++)
        m = m << 4 | ds->d[i];
    int64_t scale = exponent + 4 * (ds->point - (int64_t)i);
    for (; i < ds->n; i++)
        sticky |= ds->d[i] != 0;
    return round_to(f, m, scale, sticky);
}

static bool read_nan(lexer *l, const format *f, uint64_t *bits)
{
    uint64_t payload = (uint64_t)1 << (f->mantissa_bits - 1);
    if (take(l, ':')) {
        const char *start = l->at;
        if (!take_word(l, "0x"))
            return false;
        l->at = start;
        if (!read_magnitude(l, &payload) || payload == 0 || payload >> f->mantissa_bits != 0)
            return false;
    }
    *bits = infinity_of(f) | payload;
    return true;
}

static bool read_number(lexer *l, const format *f, uint64_t *bits)
{
    digits ds;
    ds.n = 0;
    ds.point = 0;
    ds.more = false;
    int64_t exponent = 0;
    bool is_hex = take_word(l, "0x");
    if (!read_digits(l, is_hex ? 16 : 10, &ds))
        return false;
    if (take_either(l, is_hex ? 'p' : 'e', is_hex ? 'P' : 'E') && !read_exponent(l, &exponent))
        return false;
    while (ds.n > 0 && ds.d[ds.n - 1] == 0 && !ds.more)
        ds.n--;
    if (ds.n == 0) {
        *bits = 0;
    } else if (is_hex) {
        *bits = hex_value(f, &ds, exponent);
    } else {
        ds.point += exponent;
        if (ds.more || !decimal_shortcut(f, &ds, bits))
            *bits = decimal_value(f, &ds);
    }
    return *bits != infinity_of(f);
}

static bool parse_float(cwrun_str text, bool underscores, const format *f, uint64_t *bits)
{
    lexer l = lexer_of(text, underscores);
    uint64_t sign = take_sign(&l) ? (uint64_t)1 << (f->mantissa_bits + f->exponent_bits) : 0, magnitude;
    if (take_word(&l, "inf"))
        magnitude = infinity_of(f);
    else if (take_word(&l, "nan") ? !read_nan(&l, f, &magnitude) : !read_number(&l, f, &magnitude))
        return false;
    if (l.at != l.end)
        return false;
    *bits = sign | magnitude;
    return true;
}

bool cw_parse_f32(cwrun_str text, bool underscores, uint32_t *bits)
{
    uint64_t wide;
    if (!parse_float(text, underscores, &f32_format, &wide))
        return false;
    *bits = (uint32_t)wide;
    return true;
}

bool cw_parse_f64(cwrun_str text, bool underscores, uint64_t *bits)
{
    return parse_float(text, underscores, &f64_format, bits);
}

/* ---- printing ---- */

enum { MAX_SHORTEST = 17 };

/* The shortest digits of m * 2^exponent that no other float of the format has nearest, and of those the nearest:
 * 0.d1d2… * 10^*point. All quantities are fractions over s: r the value, up and down the distances to the middles
 * between it and its neighbours; the middles themselves read back where m is even. */
static unsigned shortest_digits(uint64_t m, int exponent, bool near_below, char *out, int *point)
{
    big r, s, up, down;
    unsigned two = near_below ? 2 : 1; /* below a power of two, the neighbours are twice as close */
    big_set(&r, m);
    big_set(&s, 1);
    big_set(&up, 1);
    big_set(&down, 1);
    big_shift_left(&r, two + (unsigned)(exponent > 0 ? exponent : 0));
    big_shift_left(&up, (two - 1) + (unsigned)(exponent > 0 ? exponent : 0));
    big_shift_left(&down, (unsigned)(exponent > 0 ? exponent : 0));
    big_shift_left(&s, two + (unsigned)(exponent < 0 ? -exponent : 0));
    bool even = (m & 1) == 0;

    /* 30103 / 100000 is log10(2): the estimate is at most one too small, and never too large */
    int magnitude = (int)count_bits(m) + exponent - 1; /* the value's power of two */
    int estimate = magnitude >= 0 ? magnitude * 30103 / 100000 : -((-magnitude * 30103 + 99999) / 100000);
    big *scaled[] = { &r, &up, &down };
    for (unsigned i = 0; i < 3 && estimate < 0; i++) {
        big_mul_pow5(scaled[i], (unsigned)-estimate);
        big_shift_left(scaled[i], (unsigned)-estimate);
    }
    if (estimate > 0) {
        big_mul_pow5(&s, (unsigned)estimate);
        big_shift_left(&s, (unsigned)estimate);
    }
    *point = estimate;
    for (;; ++*point) { /* until the upper middle is below 10^point */
        big high = r;
        big_add(&high, &up);
        int order = big_compare(&high, &s);
        if (order < 0 || (order == 0 && !even))
            break;
        big_mul_add(&s, 10, 0);
    }

    for (unsigned n = 0;;) {
        for (unsigned i = 0; i < 3; i++)
            big_mul_add(scaled[i], 10, 0);
        char digit = '0';
        for (; big_compare(&r, &s) >= 0; digit++)
            big_sub(&r, &s);
        big high = r;
        big_add(&high, &up);
        int low_order = big_compare(&r, &down), high_order = big_compare(&high, &s);
        bool low = low_order < 0 || (low_order == 0 && even), above = high_order > 0 || (high_order == 0 && even);
        if (low || above) {
            big_shift_left(&r, 1);
            if (above && (!low || big_compare(&r, &s) >= 0))
                digit++;
            out[n++] = digit;
            return n;
        }
        out[n++] = digit;
    }
}

static size_t print_bits(const format *f, uint64_t bits, char *out)
{
    uint64_t m = bits & (((uint64_t)1 << f->mantissa_bits) - 1);
    unsigned all_ones = (1u << f->exponent_bits) - 1, biased = (unsigned)(bits >> f->mantissa_bits) & all_ones;
    bool negative = bits >> (f->mantissa_bits + f->exponent_bits) != 0;
    size_t at = 0;
    if (biased == all_ones) {
        const char *word = m != 0 ? "nan" : negative ? "-inf" : "inf";
        at = strlen(word);
        memcpy(out, word, at + 1);
        return at;
    }
    if (negative)
        out[at++] = '-';

    char shortest[MAX_SHORTEST + 1] = "0";
    unsigned n = 1;
    int point = 1;
    if (biased != 0 || m != 0) {
        bool near_below = m == 0 && biased > 1;
        m |= (uint64_t)(biased != 0) << f->mantissa_bits;
        n = shortest_digits(m, (int)biased + (biased == 0) - bias_of(f) - (int)f->mantissa_bits, near_below, shortest,
                            &point);
    }

    if (point <= 0) { /* 0.000ddd */
        out[at++] = '0';
        out[at++] = '.';
        for (; point < 0; point++)
            out[at++] = '0';
    }
    for (unsigned i = 0; i < n; i++) {
        if (point > 0 && i == (unsigned)point)
            out[at++] = '.';
        out[at++] = shortest[i];
    }
    for (unsigned i = n; point > 0 && i < (unsigned)point; i++)
        out[at++] = '0';
    out[at] = '\0';
    return at;
}

size_t cw_print_f32(float value, char *out)
{
    uint32_t bits;
    memcpy(&bits, &value, sizeof bits);
    return print_bits(&f32_format, bits, out);
}

size_t cw_print_f64(double value, char *out)
{
    uint64_t bits;
    memcpy(&bits, &value, sizeof bits);
    return print_bits(&f64_format, bits, out);
}
