/* base/utf.c: UTF-8, UTF-16 and Latin-1  [CanonicalABI: load_string, store_string].
 *
 * Each function runs through plain stretches in blocks (32 bytes, 16 units): a loop of fixed length that compilers turn
 * into vector code, behind one test of the whole block. The rest goes scalar by scalar. */
#include "base/utf.h"

#include <string.h>

static uint64_t load64(const uint8_t *p)
{
    uint64_t v;
    memcpy(&v, p, sizeof v);
    return v;
}

static uint32_t load16(const uint8_t *p)
{
    return (uint32_t)p[0] | (uint32_t)p[1] << 8;
}

static void store16(uint8_t *p, uint32_t unit)
{
    p[0] = (uint8_t)unit;
    p[1] = (uint8_t)(unit >> 8);
}

static bool is_high(uint32_t unit)
{
    return (unit & 0xfc00) == 0xd800;
}

static bool is_low(uint32_t unit)
{
    return (unit & 0xfc00) == 0xdc00;
}

static uint32_t join(uint32_t high, uint32_t low)
{
    return 0x10000 + ((high - 0xd800) << 10) + (low - 0xdc00);
}

/* By how much a unit loaded as the host's uint16_t is shifted to get at its low byte. */
#if defined(__BYTE_ORDER__) && __BYTE_ORDER__ == __ORDER_BIG_ENDIAN__
enum { LOW_BYTE_AT = 8 };
#else
enum { LOW_BYTE_AT = 0 };
#endif

static const uint64_t high_bits = 0x8080808080808080u;

/* How many bytes from s on are ASCII. */
static size_t ascii_run(const uint8_t *s, size_t n)
{
    size_t i = 0;
    for (; n - i >= 32; i += 32)
        if ((load64(s + i) | load64(s + i + 8) | load64(s + i + 16) | load64(s + i + 24)) & high_bits)
            break;
    while (n - i >= 8 && (load64(s + i) & high_bits) == 0)
        i += 8;
    while (i < n && s[i] < 0x80)
        i++;
    return i;
}

/* The bits of a word of four units above `plain`, a unit's plain bits, in memory order. */
static uint64_t above(unsigned plain)
{
    uint8_t bytes[8];
    for (unsigned i = 0; i < 8; i += 2)
        store16(bytes + i, ~plain);
    return load64(bytes);
}

/* How many units from s on have no bits above `plain`. */
static size_t plain_run(const uint8_t *s, size_t n_units, unsigned plain)
{
    uint64_t mask = above(plain);
    size_t i = 0;
    for (; n_units - i >= 16; i += 16)
        if ((load64(s + 2 * i) | load64(s + 2 * i + 8) | load64(s + 2 * i + 16) | load64(s + 2 * i + 24)) & mask)
            break;
    while (n_units - i >= 4 && (load64(s + 2 * i) & mask) == 0)
        i += 4;
    while (i < n_units && load16(s + 2 * i) <= plain)
        i++;
    return i;
}

/* n bytes to n units. */
static void widen(const uint8_t *restrict s, size_t n, uint8_t *restrict out)
{
    size_t i = 0;
    for (; n - i >= 16; i += 16)
        for (unsigned j = 0; j < 16; j++) {
            out[2 * (i + j)] = s[i + j];
            out[2 * (i + j) + 1] = 0;
        }
    for (; i < n; i++)
        store16(out + 2 * i, s[i]);
}

/* n units below 256 to n bytes. */
static void narrow(const uint8_t *restrict s, size_t n, uint8_t *restrict out)
{
    size_t i = 0;
    for (; n - i >= 16; i += 16) {
        uint16_t units[16];
        memcpy(units, s + 2 * i, sizeof units);
        for (unsigned j = 0; j < 16; j++)
            out[i + j] = (uint8_t)(units[j] >> LOW_BYTE_AT);
    }
    for (; i < n; i++)
        out[i] = s[2 * i];
}

static bool is_tail(uint8_t b)
{
    return (b & 0xc0) == 0x80;
}

unsigned cw_utf8_decode(const uint8_t *s, size_t n, uint32_t *scalar)
{
    uint8_t b = s[0];
    if (b < 0x80) {
        *scalar = b;
        return 1;
    }
    if (b < 0xc2 || n < 2 || !is_tail(s[1]))
        return 0;
    uint32_t v = s[1] & 0x3f;
    if (b < 0xe0) {
        *scalar = (uint32_t)(b & 0x1f) << 6 | v;
        return 2;
    }
    if (n < 3 || !is_tail(s[2]))
        return 0;
    v = v << 6 | (s[2] & 0x3f);
    if (b < 0xf0) {
        v |= (uint32_t)(b & 0x0f) << 12;
        *scalar = v;
        return v < 0x800 || (v & 0xf800) == 0xd800 ? 0 : 3;
    }
    if (b > 0xf4 || n < 4 || !is_tail(s[3]))
        return 0;
    v = (uint32_t)(b & 0x07) << 18 | v << 6 | (s[3] & 0x3f);
    *scalar = v;
    return v < 0x10000 || v > 0x10ffff ? 0 : 4;
}

unsigned cw_utf8_encode(uint32_t scalar, uint8_t out[4])
{
    if (scalar < 0x80) {
        out[0] = (uint8_t)scalar;
        return 1;
    }
    if (scalar < 0x800) {
        out[0] = (uint8_t)(0xc0 | scalar >> 6);
        out[1] = (uint8_t)(0x80 | (scalar & 0x3f));
        return 2;
    }
    if (scalar < 0x10000) {
        out[0] = (uint8_t)(0xe0 | scalar >> 12);
        out[1] = (uint8_t)(0x80 | (scalar >> 6 & 0x3f));
        out[2] = (uint8_t)(0x80 | (scalar & 0x3f));
        return 3;
    }
    out[0] = (uint8_t)(0xf0 | scalar >> 18);
    out[1] = (uint8_t)(0x80 | (scalar >> 12 & 0x3f));
    out[2] = (uint8_t)(0x80 | (scalar >> 6 & 0x3f));
    out[3] = (uint8_t)(0x80 | (scalar & 0x3f));
    return 4;
}

/* ---- measuring ---- */

/* The automaton of well-formed UTF-8 (table 3-7 of the Unicode standard) as shifts: a state is the place of six bits in
 * a row, a byte's class chooses the row, the six bits are the next state. No branch depends on the text. */
enum {
    START = 0,
    FAULT = 6,
    ONE_LEFT = 12,
    TWO_LEFT = 18,
    THREE_LEFT = 24,
    AFTER_E0 = 30,
    AFTER_ED = 36,
    AFTER_F0 = 42,
    AFTER_F4 = 48
};

#define AT(state, next) ((uint64_t)((next) ^ FAULT) << (state))
#define ALL_FAULT (FAULT * (uint64_t)0x0041041041041041) /* FAULT in every place */
#define ROW(changes) (ALL_FAULT ^ (changes))
#define LEAD(next) ROW(AT(START, next))
#define TAIL(further) ROW(AT(ONE_LEFT, START) | AT(TWO_LEFT, ONE_LEFT) | AT(THREE_LEFT, TWO_LEFT) | (further))

static const uint64_t rows[] = {
    LEAD(START),                                           /* 0: 00…7f */
    TAIL(AT(AFTER_ED, ONE_LEFT) | AT(AFTER_F4, TWO_LEFT)), /* 1: 80…8f */
    TAIL(AT(AFTER_ED, ONE_LEFT) | AT(AFTER_F0, TWO_LEFT)), /* 2: 90…9f */
    TAIL(AT(AFTER_E0, ONE_LEFT) | AT(AFTER_F0, TWO_LEFT)), /* 3: a0…bf */
    ALL_FAULT,                                             /* 4: c0, c1, f5…ff */
    LEAD(ONE_LEFT),                                        /* 5: c2…df */
    LEAD(AFTER_E0),                                        /* 6: e0 */
    LEAD(TWO_LEFT),                                        /* 7: e1…ec ee ef */
    LEAD(AFTER_ED),                                        /* 8: ed */
    LEAD(AFTER_F0),                                        /* 9: f0 */
    LEAD(THREE_LEFT),                                      /* 10: f1…f3 */
    LEAD(AFTER_F4),                                        /* 11: f4 */
};

#define REPEAT8(c) c, c, c, c, c, c, c, c
#define REPEAT16(c) REPEAT8(c), REPEAT8(c)

/* clang-format off */
static const uint8_t class_of[256] = {
    REPEAT16(0), REPEAT16(0), REPEAT16(0), REPEAT16(0), REPEAT16(0), REPEAT16(0), REPEAT16(0), REPEAT16(0),
    REPEAT16(1), REPEAT16(2), REPEAT16(3), REPEAT16(3),
    4, 4, 5, 5, 5, 5, 5, 5, REPEAT8(5), REPEAT16(5),
    6, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 7, 8, 7, 7,
    9, 10, 10, 10, 11, 4, 4, 4, REPEAT8(4),
};
/* clang-format on */

static size_t first_fault(const uint8_t *s, size_t n)
{
    size_t i = 0;
    uint32_t scalar;
    for (unsigned length; i < n && (length = cw_utf8_decode(s + i, n - i, &scalar)) != 0;)
        i += length;
    return i;
}

bool cw_utf8_valid(const uint8_t *s, size_t n, size_t *bad)
{
    uint64_t state = START;
    for (size_t i = 0; i < n;) {
        if (state == START && s[i] < 0x80) {
            i += ascii_run(s + i, n - i);
            continue;
        }
        size_t end = n - i < 32 ? n : i + 32;
        for (; i < end; i++)
            state = rows[class_of[s[i]]] >> state & 63;
        if (state == FAULT)
            break;
    }
    if (state == START)
        return true;
    if (bad)
        *bad = first_fault(s, n);
    return false;
}

/* A scalar has one unit for its first byte and a second one where that byte is 0xf0 or more. */
size_t cw_utf8_utf16_units(const uint8_t *s, size_t n)
{
    size_t units = 0, i = 0;
    while (n - i >= 32) {
        unsigned here = 0; /* at most 64, so that bytes would do for a vector */
        for (unsigned j = 0; j < 32; j++)
            here += (unsigned)(!is_tail(s[i + j])) + (s[i + j] >= 0xf0);
        units += here;
        i += 32;
    }
    for (; i < n; i++)
        units += (size_t)(!is_tail(s[i])) + (s[i] >= 0xf0);
    return units;
}

/* Scalars below U+0100 are those whose first byte is at most 0xc3. */
bool cw_utf8_is_latin1(const uint8_t *s, size_t n, size_t *n_chars)
{
    size_t i = 0, chars = 0;
    while (i < n) {
        if (s[i] < 0x80) {
            size_t run = ascii_run(s + i, n - i);
            i += run;
            chars += run;
            continue;
        }
        if (s[i] > 0xc3)
            return false;
        i += 2;
        chars++;
    }
    if (n_chars)
        *n_chars = chars;
    return true;
}

bool cw_utf16_valid(const uint8_t *s, size_t n_units, size_t *utf8_size)
{
    size_t i = 0, size = 0;
    while (i < n_units) {
        uint32_t unit = load16(s + 2 * i);
        if (unit < 0x80) {
            size_t run = plain_run(s + 2 * i, n_units - i, 0x7f);
            i += run;
            size += run;
            continue;
        }
        i++;
        if ((unit & 0xf800) != 0xd800) {
            size += unit < 0x800 ? 2 : 3;
            continue;
        }
        if (is_low(unit) || i == n_units || !is_low(load16(s + 2 * i)))
            return false;
        i++;
        size += 4;
    }
    if (utf8_size)
        *utf8_size = size;
    return true;
}

bool cw_utf16_is_latin1(const uint8_t *s, size_t n_units)
{
    return plain_run(s, n_units, 0xff) == n_units;
}

size_t cw_latin1_utf8_size(const uint8_t *s, size_t n)
{
    size_t size = n, i = 0;
    while (n - i >= 32) {
        unsigned here = 0;
        for (unsigned j = 0; j < 32; j++)
            here += s[i + j] >> 7;
        size += here;
        i += 32;
    }
    for (; i < n; i++)
        size += s[i] >> 7;
    return size;
}

/* ---- transcoding ---- */

size_t cw_utf8_to_utf16(const uint8_t *s, size_t n, uint8_t *out)
{
    uint8_t *at = out;
    for (size_t i = 0; i < n;) {
        size_t run = s[i] < 0x80 ? ascii_run(s + i, n - i) : 0;
        if (run != 0) {
            widen(s + i, run, at);
            at += 2 * run;
            i += run;
            continue;
        }
        uint32_t scalar = 0xfffd;
        unsigned length = cw_utf8_decode(s + i, n - i, &scalar);
        if (scalar < 0x10000) {
            store16(at, scalar);
            at += 2;
        } else {
            store16(at, 0xd800 + ((scalar - 0x10000) >> 10));
            store16(at + 2, 0xdc00 + ((scalar - 0x10000) & 0x3ff));
            at += 4;
        }
        i += length != 0 ? length : 1;
    }
    return (size_t)(at - out);
}

size_t cw_utf8_to_latin1(const uint8_t *s, size_t n, uint8_t *out)
{
    uint8_t *at = out;
    for (size_t i = 0; i < n;) {
        if (s[i] >= 0x80) {
            *at++ = i + 1 < n ? (uint8_t)((unsigned)s[i] << 6 | (s[i + 1] & 0x3fu)) : (uint8_t)'?';
            i += 2;
            continue;
        }
        size_t run = ascii_run(s + i, n - i);
        memcpy(at, s + i, run);
        at += run;
        i += run;
    }
    return (size_t)(at - out);
}

size_t cw_utf16_to_utf8(const uint8_t *s, size_t n_units, uint8_t *out)
{
    uint8_t *at = out;
    for (size_t i = 0; i < n_units;) {
        uint32_t unit = load16(s + 2 * i);
        size_t run = unit < 0x80 ? plain_run(s + 2 * i, n_units - i, 0x7f) : 0;
        if (run != 0) {
            narrow(s + 2 * i, run, at);
            at += run;
            i += run;
            continue;
        }
        i++;
        if (is_high(unit) && i < n_units)
            unit = join(unit, load16(s + 2 * i++));
        at += cw_utf8_encode(unit, at);
    }
    return (size_t)(at - out);
}

size_t cw_utf16_to_latin1(const uint8_t *s, size_t n_units, uint8_t *out)
{
    narrow(s, n_units, out);
    return n_units;
}

size_t cw_latin1_to_utf8(const uint8_t *s, size_t n, uint8_t *out)
{
    uint8_t *at = out;
    for (size_t i = 0; i < n;) {
        if (s[i] >= 0x80) {
            at += cw_utf8_encode(s[i++], at);
            continue;
        }
        size_t run = ascii_run(s + i, n - i);
        memcpy(at, s + i, run);
        at += run;
        i += run;
    }
    return (size_t)(at - out);
}

size_t cw_latin1_to_utf16(const uint8_t *s, size_t n, uint8_t *out)
{
    widen(s, n, out);
    return 2 * n;
}

static const struct {
    uint32_t first, last;
} unprintable[] = {
#define R(first, last) { first, last },
#include "base/unprintable.def"
#undef R
};

bool cw_is_printable(uint32_t c)
{
    size_t low = 0, high = sizeof unprintable / sizeof *unprintable;
    while (low < high) {
        size_t mid = (low + high) / 2;
        if (c > unprintable[mid].last)
            low = mid + 1;
        else if (c < unprintable[mid].first)
            high = mid;
        else
            return false;
    }
    return true;
}
