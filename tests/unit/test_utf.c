/* unit/test_utf.c: against a naive reference that knows nothing but the tables of the Unicode standard. */
#include "base/utf.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

enum { MAX_CHARS = 300 };

static uint64_t random_state = 42;

static uint32_t random_below(uint32_t n)
{
    random_state = random_state * 6364136223846793005u + 1442695040888963407u;
    return (uint32_t)(random_state >> 33) % n;
}

/* ---- the reference ---- */

static size_t encode8(uint32_t c, uint8_t *out)
{
    if (c < 0x80)
        return out[0] = (uint8_t)c, 1;
    size_t n = c < 0x800 ? 2 : c < 0x10000 ? 3 : 4;
    for (size_t i = n - 1; i > 0; i--, c >>= 6)
        out[i] = (uint8_t)(0x80 + c % 64);
    static const uint8_t lead[] = { 0, 0, 0xc0, 0xe0, 0xf0 };
    out[0] = (uint8_t)(lead[n] + c);
    return n;
}

static size_t encode16(uint32_t c, uint8_t *out)
{
    uint32_t units[2] = { c, 0 };
    size_t n = 1;
    if (c >= 0x10000) {
        units[0] = 0xd800 + (c - 0x10000) / 1024;
        units[1] = 0xdc00 + (c - 0x10000) % 1024;
        n = 2;
    }
    for (size_t i = 0; i < n; i++) {
        out[2 * i] = (uint8_t)(units[i] % 256);
        out[2 * i + 1] = (uint8_t)(units[i] / 256);
    }
    return 2 * n;
}

/* The offset of the first fault by table 3-7, or n. */
static size_t first_fault(const uint8_t *s, size_t n)
{
    static const struct {
        uint8_t from, to, second_from, second_to, n;
    } rows[] = {
        { 0x00, 0x7f, 0, 0, 1 },       { 0xc2, 0xdf, 0x80, 0xbf, 2 }, { 0xe0, 0xe0, 0xa0, 0xbf, 3 },
        { 0xe1, 0xec, 0x80, 0xbf, 3 }, { 0xed, 0xed, 0x80, 0x9f, 3 }, { 0xee, 0xef, 0x80, 0xbf, 3 },
        { 0xf0, 0xf0, 0x90, 0xbf, 4 }, { 0xf1, 0xf3, 0x80, 0xbf, 4 }, { 0xf4, 0xf4, 0x80, 0x8f, 4 },
    };
    for (size_t i = 0; i < n;) {
        size_t length = 0;
        for (size_t r = 0; r < 9; r++) {
            if (s[i] < rows[r].from || s[i] > rows[r].to || n - i < rows[r].n)
                continue;
            length = rows[r].n;
            if (length > 1 && (s[i + 1] < rows[r].second_from || s[i + 1] > rows[r].second_to))
                length = 0;
            for (size_t j = 2; j < length; j++)
                if (s[i + j] < 0x80 || s[i + j] > 0xbf)
                    length = 0;
        }
        if (length == 0)
            return i;
        i += length;
    }
    return n;
}

/* ---- ---- */

static uint32_t random_char(unsigned mood)
{
    switch (random_below(mood ? mood : 1)) {
    case 0: return random_below(0x80);
    case 1: return random_below(0x100);
    case 2: return random_below(0x800);
    case 3: return random_below(2) ? random_below(0xd800) : 0xe000 + random_below(0x2000);
    default: return 0x10000 + random_below(0x100000);
    }
}

static void all_conversions_agree_with_the_reference(void **state)
{
    (void)state;
    static uint8_t as8[4 * MAX_CHARS], as16[4 * MAX_CHARS + 1], as1[MAX_CHARS], out[4 * MAX_CHARS + 1];
    for (unsigned round = 0; round < 6000; round++) {
        unsigned mood = round % 6;
        size_t n_chars = random_below(round % 10 == 0 ? MAX_CHARS : 40), n8 = 0, n16 = 0, n1 = 0;
        uint8_t *u16 = as16 + round % 2; /* any alignment */
        bool latin1 = true;
        size_t run = 0;
        for (size_t i = 0; i < n_chars; i++) {
            if (run == 0 && random_below(8) == 0)
                run = random_below(70);
            uint32_t c = run > 0 ? 0x20 + random_below(0x5f) : random_char(mood);
            run -= run > 0;
            n8 += encode8(c, as8 + n8);
            n16 += encode16(c, u16 + n16);
            latin1 = latin1 && c < 0x100;
            as1[n1++] = (uint8_t)c;
        }
        size_t units = n16 / 2, bad = 0, chars = 0, size8 = 0;
        assert_true(cw_utf8_valid(as8, n8, &bad));
        assert_int_equal(cw_utf8_utf16_units(as8, n8), units);
        assert_true(cw_utf16_valid(u16, units, &size8));
        assert_int_equal(size8, n8);
        assert_int_equal(cw_utf8_is_latin1(as8, n8, &chars), latin1);
        assert_int_equal(cw_utf16_is_latin1(u16, units), latin1);

        assert_int_equal(cw_utf8_to_utf16(as8, n8, out), n16);
        assert_memory_equal(out, u16, n16);
        assert_int_equal(cw_utf16_to_utf8(u16, units, out), n8);
        assert_memory_equal(out, as8, n8);
        if (!latin1)
            continue;
        assert_int_equal(chars, n_chars);
        assert_int_equal(cw_latin1_utf8_size(as1, n1), n8);
        assert_int_equal(cw_utf8_to_latin1(as8, n8, out), n1);
        assert_memory_equal(out, as1, n1);
        assert_int_equal(cw_utf16_to_latin1(u16, units, out), n1);
        assert_memory_equal(out, as1, n1);
        assert_int_equal(cw_latin1_to_utf8(as1, n1, out), n8);
        assert_memory_equal(out, as8, n8);
        assert_int_equal(cw_latin1_to_utf16(as1, n1, out), n16);
        assert_memory_equal(out, u16, n16);
    }
}

static void every_scalar_goes_there_and_back(void **state)
{
    (void)state;
    for (uint32_t c = 0; c < 0x110000; c++) {
        uint8_t a[4], b[4];
        uint32_t back = 0;
        size_t n = encode8(c, a);
        bool surrogate = c >= 0xd800 && c < 0xe000;
        if (cw_utf8_decode(a, n, &back) != (surrogate ? 0 : n) || (!surrogate && back != c))
            fail_msg("U+%04X", c);
        if (!surrogate && (cw_utf8_encode(c, b) != n || memcmp(a, b, n) != 0))
            fail_msg("U+%04X", c);
    }
}

/* All strings of up to three bytes and samples of four, alone and behind ASCII. */
static void malformed_utf8_is_found_where_it_is(void **state)
{
    (void)state;
    uint8_t s[64];
    memset(s, 'a', sizeof s);
    for (uint32_t i = 0; i < 0x1000000; i += i < 0x20000 ? 1 : 37) {
        uint8_t *at = s + i % 5 * 10;
        uint8_t bytes[4] = { (uint8_t)i, (uint8_t)(i >> 8), (uint8_t)(i >> 16), (uint8_t)(0x80 + i % 64) };
        memcpy(at, bytes, 4);
        for (size_t n = 1; n <= 4; n++) {
            size_t bad = SIZE_MAX, wanted = first_fault(at, n), before = (size_t)(at - s);
            bool ok = cw_utf8_valid(s, before + n, &bad);
            if (ok != (wanted == n) || (!ok && bad != before + wanted))
                fail_msg("%02x %02x %02x %02x, %zu bytes", bytes[0], bytes[1], bytes[2], bytes[3], n);
        }
        memset(at, 'a', 4);
    }
    for (unsigned i = 0; i < 100000; i++) {
        size_t n = random_below(sizeof s), bad = n;
        for (size_t j = 0; j < n; j++)
            s[j] = (uint8_t)(random_below(4) ? random_below(0x80) : 0x80 + random_below(0x80));
        bool ok = cw_utf8_valid(s, n, &bad);
        assert_int_equal(bad, first_fault(s, n));
        assert_int_equal(ok, bad == n);
    }
}

static void lone_surrogates_are_refused(void **state)
{
    (void)state;
    static const uint16_t cases[][3] = { { 'a', 0xd800, 'b' },    { 'a', 0xdc00, 'b' },       { 'a', 'b', 0xd800 },
                                         { 0xdc00, 0xd800, 'a' }, { 0xd800, 0xd800, 0xdc00 }, { 'a', 0xdbff, 0xe000 } };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        uint8_t s[6 + 80];
        for (size_t j = 0; j < 40; j++)
            s[2 * j] = 'x', s[2 * j + 1] = 0;
        for (size_t j = 0; j < 3; j++)
            s[80 + 2 * j] = (uint8_t)cases[i][j], s[81 + 2 * j] = (uint8_t)(cases[i][j] >> 8);
        assert_false(cw_utf16_valid(s, 43, NULL));
        assert_false(cw_utf16_valid(s + 80, 3, NULL));
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(all_conversions_agree_with_the_reference),
        cmocka_unit_test(every_scalar_goes_there_and_back),
        cmocka_unit_test(malformed_utf8_is_found_where_it_is),
        cmocka_unit_test(lone_surrogates_are_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
