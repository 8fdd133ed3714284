/* unit/test_leb.c: LEB128 in the lengths and ranges of the binary format. */
#include "base/leb.h"

#include <setjmp.h>
#include <stdarg.h>
#include <string.h>
#include <cmocka.h>

static cw_leb_status read_u(const char *bytes, size_t n, unsigned bits, uint64_t *value)
{
    const uint8_t *at = (const uint8_t *)bytes;
    return cw_leb_read_unsigned(&at, at + n, bits, value);
}

static cw_leb_status read_s(const char *bytes, size_t n, unsigned bits, int64_t *value)
{
    const uint8_t *at = (const uint8_t *)bytes;
    return cw_leb_read_signed(&at, at + n, bits, value);
}

static void what_is_written_reads_back(void **state)
{
    (void)state;
    uint64_t random = 1;
    for (unsigned i = 0; i < 20000; i++) {
        random = random * 6364136223846793005u + 1442695040888963407u;
        uint64_t v = random >> (random >> 58);
        uint8_t out[10];
        unsigned n = cw_leb_write_unsigned(v, out);
        const uint8_t *at = out;
        uint64_t u = 0;
        assert_int_equal(cw_leb_read_unsigned(&at, out + n, 64, &u), CW_LEB_OK);
        assert_true(u == v && at == out + n);
        at = out;
        assert_true(cw_leb_u64_checked(&at) == v && at == out + n);
        at = out;
        if (v <= UINT32_MAX)
            assert_true(cw_leb_u32_checked(&at) == v && at == out + n);
        at = out;
        if (n > 1)
            assert_int_equal(cw_leb_read_unsigned(&at, out + n - 1, 64, &u), CW_LEB_END);

        int64_t s = (int64_t)(i & 1 ? v : ~v), s_read = 0;
        n = cw_leb_write_signed(s, out);
        at = out;
        assert_int_equal(cw_leb_read_signed(&at, out + n, 64, &s_read), CW_LEB_OK);
        assert_true(s_read == s && at == out + n);
        at = out;
        assert_true(cw_leb_s64_checked(&at) == s && at == out + n);
        at = out;
        bool fits = s >= INT32_MIN && s <= INT32_MAX;
        assert_true((cw_leb_read_signed(&at, out + n, 32, &s_read) == CW_LEB_OK) == fits);
    }
}

static void u32_longer_than_five_bytes_is_refused(void **state)
{
    (void)state;
    uint64_t v;
    assert_int_equal(read_u("\x80\x80\x80\x80\x00", 5, 32, &v), CW_LEB_OK);
    assert_int_equal(read_u("\x80\x80\x80\x80\x80\x00", 6, 32, &v), CW_LEB_LONG);
    assert_int_equal(read_u("\xff\xff\xff\xff\x0f", 5, 32, &v), CW_LEB_OK);
    assert_int_equal(v, UINT32_MAX);
    assert_int_equal(read_u("\xff\xff\xff\xff\x1f", 5, 32, &v), CW_LEB_RANGE);
    assert_int_equal(read_u("\x80\x80\x80\x80\x70", 5, 32, &v), CW_LEB_RANGE);
    assert_int_equal(read_u("", 0, 32, &v), CW_LEB_END);
    assert_int_equal(read_u("\x80", 1, 32, &v), CW_LEB_END);
    assert_int_equal(read_u("\xff\xff\xff\xff\xff\xff\xff\xff\xff\x01", 10, 64, &v), CW_LEB_OK);
    assert_true(v == UINT64_MAX);
    assert_int_equal(read_u("\xff\xff\xff\xff\xff\xff\xff\xff\xff\x02", 10, 64, &v), CW_LEB_RANGE);
    assert_int_equal(read_u("\xff\xff\xff\xff\xff\xff\xff\xff\xff\x81", 10, 64, &v), CW_LEB_LONG);
}

static void unused_bits_of_signed_numbers_are_the_signs(void **state)
{
    (void)state;
    int64_t v;
    assert_int_equal(read_s("\x7f", 1, 32, &v), CW_LEB_OK);
    assert_int_equal(v, -1);
    assert_int_equal(read_s("\x80\x80\x80\x80\x78", 5, 32, &v), CW_LEB_OK);
    assert_int_equal(v, INT32_MIN);
    assert_int_equal(read_s("\xff\xff\xff\xff\x07", 5, 32, &v), CW_LEB_OK);
    assert_int_equal(v, INT32_MAX);
    assert_int_equal(read_s("\xff\xff\xff\xff\x0f", 5, 32, &v), CW_LEB_RANGE);
    assert_int_equal(read_s("\x80\x80\x80\x80\x70", 5, 32, &v), CW_LEB_RANGE);
    assert_int_equal(read_s("\xff\xff\xff\xff\xff\x7f", 6, 32, &v), CW_LEB_LONG);
    assert_int_equal(read_s("\x80\x80\x80\x80\x70", 5, 33, &v), CW_LEB_OK);
    assert_int_equal(v, -((int64_t)1 << 32));
    assert_int_equal(read_s("\xff\xff\xff\xff\x0f", 5, 33, &v), CW_LEB_OK);
    assert_int_equal(v, UINT32_MAX);
    assert_int_equal(read_s("\xff\xff\xff\xff\x1f", 5, 33, &v), CW_LEB_RANGE);
    assert_int_equal(read_s("\x80\x80\x80\x80\x80\x80\x80\x80\x80\x7f", 10, 64, &v), CW_LEB_OK);
    assert_true(v == INT64_MIN);
    assert_int_equal(read_s("\x80\x80\x80\x80\x80\x80\x80\x80\x80\x7e", 10, 64, &v), CW_LEB_RANGE);
    assert_int_equal(read_s("\x80\x80\x80\x80\x80\x80\x80\x80\x80\x01", 10, 64, &v), CW_LEB_RANGE);
}

static void a_failed_read_does_not_move(void **state)
{
    (void)state;
    const uint8_t bytes[] = { 0x80, 0x80 };
    const uint8_t *at = bytes;
    uint64_t v = 7;
    assert_int_equal(cw_leb_read_unsigned(&at, bytes + 2, 32, &v), CW_LEB_END);
    assert_ptr_equal(at, bytes);
    assert_int_equal(v, 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_is_written_reads_back),
        cmocka_unit_test(u32_longer_than_five_bytes_is_refused),
        cmocka_unit_test(unused_bits_of_signed_numbers_are_the_signs),
        cmocka_unit_test(a_failed_read_does_not_move),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
