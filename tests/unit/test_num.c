/* unit/test_num.c: the grammar, hard cases of rounding, and random values against the C library (in the C locale, whose
 * conversions are correctly rounded with glibc). */
#include "base/num.h"
#include "base/str.h"

#include <float.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <cmocka.h>

static uint64_t random_state = 7;

static uint64_t random64(void)
{
    random_state ^= random_state << 13;
    random_state ^= random_state >> 7;
    random_state ^= random_state << 17;
    return random_state * 0x2545f4914f6cdd1du;
}

static double double_of(uint64_t bits)
{
    double v;
    memcpy(&v, &bits, sizeof v);
    return v;
}

static float float_of(uint32_t bits)
{
    float v;
    memcpy(&v, &bits, sizeof v);
    return v;
}

static uint64_t bits_of_double(double v)
{
    uint64_t bits;
    memcpy(&bits, &v, sizeof v);
    return bits;
}

static uint32_t bits_of_float(float v)
{
    uint32_t bits;
    memcpy(&bits, &v, sizeof v);
    return bits;
}

static void expect_f64(const char *text, uint64_t wanted)
{
    uint64_t bits = 1;
    if (!cw_parse_f64(cwrun_str_of(text), true, &bits) || bits != wanted)
        fail_msg("%s: %llx, not %llx", text, (unsigned long long)bits, (unsigned long long)wanted);
}

static void expect_f32(const char *text, uint32_t wanted)
{
    uint32_t bits = 1;
    if (!cw_parse_f32(cwrun_str_of(text), true, &bits) || bits != wanted)
        fail_msg("%s: %x, not %x", text, bits, wanted);
}

static void integers_keep_to_their_grammar_and_range(void **state)
{
    (void)state;
    static const struct {
        const char *text;
        uint64_t value;
    } good[] = {
        { "0", 0 },
        { "00", 0 },
        { "1_000", 1000 },
        { "18446744073709551615", UINT64_MAX },
        { "0xffff_ffff_ffff_ffff", UINT64_MAX },
        { "0x0a_F", 0xaf },
        { "007", 7 },
    };
    static const char *const bad[] = { "",
                                       "_",
                                       "1_",
                                       "_1",
                                       "1__0",
                                       "0x",
                                       "0x_1",
                                       "0x1_",
                                       "1a",
                                       "+1",
                                       "-1",
                                       " 1",
                                       "1 ",
                                       "0X1",
                                       "0xg",
                                       "18446744073709551616",
                                       "0x10000000000000000",
                                       "1.0",
                                       "1e3" };
    uint64_t v;
    for (size_t i = 0; i < sizeof good / sizeof *good; i++) {
        assert_true(cw_parse_u64(cwrun_str_of(good[i].text), true, &v));
        assert_true(v == good[i].value);
    }
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++)
        assert_false(cw_parse_u64(cwrun_str_of(bad[i]), true, &v));
    assert_false(cw_parse_u64(cwrun_str_of("1_000"), false, &v));
    assert_false(cw_parse_u64(cwrun_str_of(NULL), true, &v));

    int64_t s;
    assert_true(cw_parse_s64(cwrun_str_of("-0x8000_0000_0000_0000"), true, INT64_MIN, INT64_MAX, &s) && s == INT64_MIN);
    assert_true(cw_parse_s64(cwrun_str_of("+9223372036854775807"), true, INT64_MIN, INT64_MAX, &s) && s == INT64_MAX);
    assert_true(cw_parse_s64(cwrun_str_of("-128"), true, -128, 127, &s) && s == -128);
    assert_true(cw_parse_s64(cwrun_str_of("-0"), true, -128, 127, &s) && s == 0);
    static const char *const out_of_range[] = {
        "-129", "128", "-", "+", "--1", "+-1", "", "9223372036854775808", "-9223372036854775809"
    };
    for (size_t i = 0; i < sizeof out_of_range / sizeof *out_of_range; i++)
        assert_false(cw_parse_s64(cwrun_str_of(out_of_range[i]), true, -128, 127, &s));
    assert_false(cw_parse_s64(cwrun_str_of("9223372036854775808"), true, INT64_MIN, INT64_MAX, &s));
}

static void malformed_floats_are_refused(void **state)
{
    (void)state;
    static const char *const bad[] = {
        "",
        "+",
        "-",
        ".",
        ".5",
        "_1",
        "1_",
        "1__1",
        "1_.5",
        "1._5",
        "1.5_",
        "1e",
        "1e+",
        "1e_1",
        "1e1_",
        "1_e1",
        "e1",
        "0x",
        "0x.8",
        "0x1p",
        "0x1p+",
        "0x1pa",
        "0x_1",
        "1p1",
        "1f",
        "1.5.5",
        " 1",
        "1 ",
        "infinity",
        "Inf",
        "INF",
        "NaN",
        "nan:",
        "nan:1",
        "nan:0x0",
        "nan:0x",
        "nan:0x_1",
        "nan:0x10000000000000",
        "nan:canonical",
        "0x1.8p1.",
        "1e1.5",
        "++1",
        "1,5",
        "0x1e+",
        "inf0",
    };
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        uint64_t bits;
        uint32_t narrow;
        if (cw_parse_f64(cwrun_str_of(bad[i]), true, &bits) || cw_parse_f32(cwrun_str_of(bad[i]), true, &narrow))
            fail_msg("%s was accepted", bad[i]);
    }
    uint64_t bits;
    uint32_t narrow;
    assert_false(cw_parse_f64(cwrun_str_of("1_0.5"), false, &bits));
    assert_false(cw_parse_f32(cwrun_str_of("nan:0x80_0000"), true, &narrow));
}

static void floats_of_every_form_are_read(void **state)
{
    (void)state;
    expect_f64("0", 0);
    expect_f64("-0", 0x8000000000000000);
    expect_f64("-0x0.0p99999999999999999999", 0x8000000000000000);
    expect_f64("0e99999999999999999999999", 0);
    expect_f64("1", bits_of_double(1));
    expect_f64("+1.", bits_of_double(1));
    expect_f64("1_0.2_5E+0_1", bits_of_double(102.5));
    expect_f64("0x1.8p3", bits_of_double(12));
    expect_f64("0xA.8P-1", bits_of_double(5.25));
    expect_f64("0x1e5", bits_of_double(485));
    expect_f64("0x1.", bits_of_double(1));
    expect_f64("inf", 0x7ff0000000000000);
    expect_f64("-inf", 0xfff0000000000000);
    expect_f64("nan", 0x7ff8000000000000);
    expect_f64("-nan:0x1", 0xfff0000000000001);
    expect_f64("nan:0xf_ffff_ffff_ffff", 0x7fffffffffffffff);
    expect_f32("nan", 0x7fc00000);
    expect_f32("-nan:0x7fffff", 0xffffffff);
    expect_f32("inf", 0x7f800000);
    expect_f64("1e-99999999999999999999999999", 0);
    expect_f64("0.1", 0x3fb999999999999a);
    expect_f64("100000000000000000000000e-23", bits_of_double(1));
}

static void halves_go_to_the_even_one(void **state)
{
    (void)state;
    expect_f64("9007199254740993", 0x4340000000000000);
    expect_f64("9007199254740993.0000000000000000000000000000000000000000000000000001", 0x4340000000000001);
    expect_f64("9007199254740995", 0x4340000000000002);
    expect_f64("0x1.00000000000008p0", 0x3ff0000000000000);
    expect_f64("0x1.000000000000080000000000000000000000001p0", 0x3ff0000000000001);
    expect_f64("0x1.00000000000018p0", 0x3ff0000000000002);
    expect_f64("0x1p-1074", 1);
    expect_f64("0x1p-1075", 0);
    expect_f64("0x1.0000000000000000001p-1075", 1);
    expect_f64("0x1p-1076", 0);
    expect_f64("0x0.fffffffffffff8p-1022", 0x0010000000000000);
    expect_f64("0x0.fffffffffffff7p-1022", 0x000fffffffffffff);
    expect_f64("2.4703282292062327208e-324", 0);
    expect_f64("2.4703282292062327209e-324", 1);
    expect_f64("2.2250738585072011e-308", 0x000fffffffffffff);
    expect_f64("2.2250738585072012e-308", 0x0010000000000000);
    expect_f64("1.7976931348623158e308", 0x7fefffffffffffff);
    expect_f64("0x1.fffffffffffff7p1023", 0x7fefffffffffffff);
    expect_f32("16777217", 0x4b800000);
    expect_f32("16777217.00000000000000000000000000001", 0x4b800001);
    expect_f32("0x1.000001p0", 0x3f800000);
    expect_f32("0x1.0000010000000000000001p0", 0x3f800001);
    expect_f32("1.00000017881393432617187499", 0x3f800001); /* through a double it would be …02 */
    expect_f32("0x1p-149", 1);
    expect_f32("0x1p-150", 0);
    expect_f32("3.4028235677973366e38", 0x7f7fffff); /* just below the middle to 2^128 */
    uint64_t bits;
    uint32_t narrow;
    assert_false(cw_parse_f64(cwrun_str_of("1.7976931348623159e308"), true, &bits));
    assert_false(cw_parse_f64(cwrun_str_of("0x1.fffffffffffff8p1023"), true, &bits));
    assert_false(cw_parse_f64(cwrun_str_of("0x1p1024"), true, &bits));
    assert_false(cw_parse_f64(cwrun_str_of("1e99999999999999999999"), true, &bits));
    assert_false(cw_parse_f32(cwrun_str_of("3.4028235677973367e38"), true, &narrow));
    assert_false(cw_parse_f32(cwrun_str_of("0x1p128"), true, &narrow));
}

/* The exact decimal expansion of the middle between a float and the next, and texts just below and above it: the case
 * that needs all 767 digits. */
static void exact_middles_and_their_neighbours_round_right(void **state)
{
    (void)state;
    static char text[2000];
    for (unsigned i = 0; i < 2000; i++) {
        uint64_t bits = i == 0 ? 0x000fffffffffffff : i == 1 ? 0 : random64() >> 1 & ~((uint64_t)(i & 1) << 62);
        if (i % 4 == 0)
            bits &= 0x001fffffffffffff; /* about the least ones, with the most digits */
        if (bits >= 0x7fe0000000000000)
            continue;
        /* twice the middle is exact in a long double's 64 bits */
        long double middle = ((long double)double_of(bits) + (long double)double_of(bits + 1)) / 2;
        if (LDBL_MANT_DIG < 64)
            break;
        int size = snprintf(text, sizeof text, "%.1100Lf", middle);
        expect_f64(text, bits + (bits & 1));
        text[size++] = '1';
        text[size] = '\0';
        expect_f64(text, bits + 1);
        while (text[size - 1] == '0' || text[size - 1] == '1' || text[size - 1] == '.')
            size--;
        if (strchr(text, '.') - text < size) { /* take one off the last digit */
            text[size - 1]--;
            text[size] = '\0';
            expect_f64(text, bits);
        }
    }
}

static void random_texts_are_read_as_the_c_library_does(void **state)
{
    (void)state;
    char text[64];
    for (unsigned i = 0; i < 30000; i++) {
        int n = 0;
        unsigned digits = 1 + (unsigned)(random64() % 22), dot = (unsigned)(random64() % (digits + 1));
        for (unsigned j = 0; j < digits; j++) {
            if (j == dot && j > 0)
                text[n++] = '.';
            text[n++] = (char)('0' + random64() % 10);
        }
        int range = i % 3 == 0 ? 660 : i % 3 == 1 ? 90 : 30;
        snprintf(text + n, sizeof text - (size_t)n, "e%d", (int)(random64() % (unsigned)range) - range / 2);
        double wanted = strtod(text, NULL);
        float wanted_narrow = strtof(text, NULL);
        uint64_t bits;
        uint32_t narrow;
        bool ok = cw_parse_f64(cwrun_str_of(text), false, &bits),
             ok_narrow = cw_parse_f32(cwrun_str_of(text), false, &narrow);
        if (ok != (wanted <= DBL_MAX) || (ok && bits != bits_of_double(wanted)))
            fail_msg("%s as f64", text);
        if (ok_narrow != (wanted_narrow <= FLT_MAX) || (ok_narrow && narrow != bits_of_float(wanted_narrow)))
            fail_msg("%s as f32", text);
    }
}

static void expect_text(double value, const char *wanted)
{
    char text[CW_NUM_TEXT];
    assert_int_equal(cw_print_f64(value, text), strlen(wanted));
    assert_string_equal(text, wanted);
}

static void expect_text_f32(float value, const char *wanted)
{
    char text[CW_NUM_TEXT];
    assert_int_equal(cw_print_f32(value, text), strlen(wanted));
    assert_string_equal(text, wanted);
}

static void floats_print_without_exponent(void **state)
{
    (void)state;
    expect_text(0.0, "0");
    expect_text(-0.0, "-0");
    expect_text(1, "1");
    expect_text(-1.5, "-1.5");
    expect_text(0.1, "0.1");
    expect_text(0.001, "0.001");
    expect_text(123.456, "123.456");
    expect_text(1e21, "1000000000000000000000");
    expect_text(1e23, "100000000000000000000000");
    expect_text(9007199254740993.0, "9007199254740992");
    expect_text(5e-7, "0.0000005");
    expect_text(2.0 / 3, "0.6666666666666666");
    expect_text(double_of(0x7ff0000000000000), "inf");
    expect_text(double_of(0xfff0000000000000), "-inf");
    expect_text(double_of(0x7ff8000000000000), "nan");
    expect_text(double_of(0xfff8000000000000), "nan");
    expect_text_f32(0.1f, "0.1");
    expect_text_f32(16777216, "16777216");
    expect_text_f32(3.4028235e38f, "340282350000000000000000000000000000000");
    expect_text_f32(float_of(1), "0.000000000000000000000000000000000000000000001");

    char text[CW_NUM_TEXT], zeros[400];
    memset(zeros, '0', sizeof zeros);
    assert_int_equal(cw_print_f64(double_of(1), text), 326);
    assert_memory_equal(text + 2, zeros, 323);
    assert_int_equal(text[325], '5');
    assert_int_equal(cw_print_f64(-DBL_MAX, text), 310);
    assert_memory_equal(text, "-17976931348623157000", 21);
}

/* The digits of a text without exponent, without the zeros at both ends. */
static size_t count_digits(const char *text)
{
    size_t n = 0, n_at_last = 0;
    for (; *text; text++) {
        if (*text < '0' || *text > '9' || (n == 0 && *text == '0'))
            continue;
        n++;
        if (*text != '0')
            n_at_last = n;
    }
    return n_at_last;
}

/* No text of fewer digits may read back, and of those with as many the C library's, which is the nearest, must be the
 * same where it reads back. */
static void random_floats_print_shortest_and_read_back(void **state)
{
    (void)state;
    char text[CW_NUM_TEXT], other[64];
    for (unsigned i = 0; i < 30000; i++) {
        uint64_t bits = random64() & 0x7fffffffffffffff, back = 0;
        if (i % 8 == 1)
            bits &= 0x000fffffffffffff >> i % 52; /* subnormals */
        if (i % 8 == 2)
            bits = bits_of_double((double)(bits >> (i % 60)) / 1000); /* amounts of money and the like */
        if (i % 8 == 3)
            bits &= 0x7ff0000000000000; /* powers of two */
        if (bits >= 0x7ff0000000000000)
            continue;
        size_t size = cw_print_f64(double_of(bits), text);
        if (!cw_parse_f64((cwrun_str){ text, size }, false, &back) || back != bits ||
            bits_of_double(strtod(text, NULL)) != bits)
            fail_msg("%016llx printed as %s", (unsigned long long)bits, text);
        int precision = (int)count_digits(text);
        if (precision > 1) {
            snprintf(other, sizeof other, "%.*e", precision - 2, double_of(bits));
            if (bits_of_double(strtod(other, NULL)) == bits)
                fail_msg("%s is shorter than %s", other, text);
        }
        snprintf(other, sizeof other, "%.*e", precision > 0 ? precision - 1 : 0, double_of(bits));
        if (bits_of_double(strtod(other, NULL)) == bits) {
            snprintf(text, sizeof text, "%.*e", precision > 0 ? precision - 1 : 0, strtod(text, NULL));
            assert_string_equal(text, other);
        }
    }
    for (unsigned i = 0; i < 30000; i++) {
        uint32_t bits = (uint32_t)random64() & 0x7fffffff, back = 0;
        if (i % 8 == 1)
            bits &= 0x007fffff >> i % 23;
        if (i % 8 == 3)
            bits &= 0x7f800000;
        if (bits >= 0x7f800000)
            continue;
        size_t size = cw_print_f32(float_of(bits), text);
        if (!cw_parse_f32((cwrun_str){ text, size }, false, &back) || back != bits ||
            bits_of_float(strtof(text, NULL)) != bits)
            fail_msg("%08x printed as %s", bits, text);
        int precision = (int)count_digits(text);
        if (precision > 1) {
            snprintf(other, sizeof other, "%.*e", precision - 2, (double)float_of(bits));
            if (bits_of_float(strtof(other, NULL)) == bits)
                fail_msg("%s is shorter than %s", other, text);
        }
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(integers_keep_to_their_grammar_and_range),
        cmocka_unit_test(malformed_floats_are_refused),
        cmocka_unit_test(floats_of_every_form_are_read),
        cmocka_unit_test(halves_go_to_the_even_one),
        cmocka_unit_test(exact_middles_and_their_neighbours_round_right),
        cmocka_unit_test(random_texts_are_read_as_the_c_library_does),
        cmocka_unit_test(floats_print_without_exponent),
        cmocka_unit_test(random_floats_print_shortest_and_read_back),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
