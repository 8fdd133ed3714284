/* unit/test_reader.c: the sticky reader: numbers, bounds, nesting, and where errors are. */
#include "core/reader.h"

#include <setjmp.h>
#include <stdarg.h>
#include <cmocka.h>

static cw_arena arena; /* nothing is put there, but errors are made with its allocator */

static cw_reader reader(const char *bytes, size_t n, cwrun_error *err)
{
    cw_reader r;
    cw_arena_init(&arena, &cw_alloc_default);
    cw_reader_init(&r, (const uint8_t *)bytes, n, "a.wasm", &arena, err);
    return r;
}

static void after_a_failure_everything_reads_as_zero(void **state)
{
    (void)state;
    cwrun_error err = CWRUN_ERROR_INIT;
    cw_reader r = reader("\1", 1, &err);
    assert_int_equal(cw_read_u8(&r), 1);
    assert_int_equal(cw_read_u8(&r), 0);
    assert_false(r.ok);
    assert_int_equal(cw_read_u32(&r), 0);
    assert_null(cw_read_bytes(&r, 0));
    assert_int_equal(cw_read_name(&r).size, 0);
    assert_int_equal(cw_read_count(&r, 10, "things"), 0);
    assert_int_equal(err.kind, CWRUN_ERROR_INPUT);
    assert_string_equal(err.message, "a.wasm:0x1: unexpected end of section or function");
    cwrun_error_clear(&err);
}

static void an_error_names_offset_and_path_and_the_first_one_wins(void **state)
{
    (void)state;
    cwrun_error err = CWRUN_ERROR_INIT;
    cw_reader r = reader("\1\2\3", 3, &err);
    cw_reader_push(&r, "component", 0);
    cw_reader_push(&r, "name", UINT32_MAX);
    cw_read_u8(&r);
    cw_reader_fail(&r, NULL, "bad %d", 7);
    cw_reader_fail(&r, NULL, "worse");
    assert_string_equal(err.message, "a.wasm:0x1: component 0 > name: bad 7");
    cwrun_error_clear(&err);
}

static void a_number_too_long_or_too_large_is_named(void **state)
{
    (void)state;
    cwrun_error err = CWRUN_ERROR_INIT;
    cw_reader r = reader("\x80\x80\x80\x80\x80\0", 6, &err);
    cw_read_u32(&r);
    assert_non_null(strstr(err.message, "integer representation too long"));
    cwrun_error_clear(&err);

    r = reader("\xff\xff\xff\xff\x1f", 5, &err);
    cw_read_u32(&r);
    assert_non_null(strstr(err.message, "integer too large"));
    cwrun_error_clear(&err);
}

static void fixed_numbers_are_little_endian(void **state)
{
    (void)state;
    cwrun_error err = CWRUN_ERROR_INIT;
    cw_reader r = reader("\1\2\3\4\1\0\0\0\0\0\0\x80\x7f", 13, &err);
    assert_int_equal(cw_read_fixed32(&r), 0x04030201);
    assert_true(cw_read_fixed64(&r) == 0x8000000000000001u);
    assert_int_equal(cw_read_s32(&r), -1);
    assert_true(r.ok && r.at == r.end);
}

static void a_count_is_bounded_by_the_bytes_left_and_by_its_limit(void **state)
{
    (void)state;
    cwrun_error err = CWRUN_ERROR_INIT;
    cw_reader r = reader("\5abcd", 5, &err);
    assert_int_equal(cw_read_count(&r, 100, "things"), 0);
    assert_int_equal(err.kind, CWRUN_ERROR_INPUT);
    cwrun_error_clear(&err);

    r = reader("\4abcd", 5, &err);
    assert_int_equal(cw_read_count(&r, 3, "things"), 0);
    assert_int_equal(err.kind, CWRUN_ERROR_LIMIT);
    cwrun_error_clear(&err);

    r = reader("\4abcd", 5, &err);
    assert_int_equal(cw_read_count(&r, 4, "things"), 4);
}

static void a_name_must_be_utf8(void **state)
{
    (void)state;
    cwrun_error err = CWRUN_ERROR_INIT;
    cw_reader r = reader("\3ab\xff", 4, &err);
    cw_read_name(&r);
    assert_string_equal(err.message, "a.wasm:0x3: malformed UTF-8 encoding");
    cwrun_error_clear(&err);
}

static void a_part_must_be_read_to_its_end(void **state)
{
    (void)state;
    cwrun_error err = CWRUN_ERROR_INIT;
    cw_reader r = reader("abcd", 4, &err);
    const uint8_t *end = cw_reader_enter(&r, 3, "part");
    assert_int_equal(cw_reader_left(&r), 3);
    cw_read_bytes(&r, 3);
    cw_reader_leave(&r, end, "part");
    assert_true(r.ok);
    assert_int_equal(cw_reader_left(&r), 1);

    r = reader("abcd", 4, &err);
    end = cw_reader_enter(&r, 3, "part");
    cw_read_u8(&r);
    cw_reader_leave(&r, end, "part");
    assert_false(r.ok);
    assert_non_null(strstr(err.message, "section size mismatch"));
    cwrun_error_clear(&err);

    r = reader("abcd", 4, &err);
    cw_reader_enter(&r, 5, "part");
    assert_false(r.ok);
    assert_non_null(strstr(err.message, "length out of bounds"));
    cwrun_error_clear(&err);
}

static void nesting_without_end_is_a_limit(void **state)
{
    (void)state;
    cwrun_error err = CWRUN_ERROR_INIT;
    cw_reader r = reader("", 0, &err);
    for (unsigned i = 0; i < CW_READER_DEPTH; i++)
        cw_reader_push(&r, "thing", i);
    assert_true(r.ok);
    cw_reader_push(&r, "thing", 0);
    assert_false(r.ok);
    assert_int_equal(err.kind, CWRUN_ERROR_LIMIT);
    cwrun_error_clear(&err);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(after_a_failure_everything_reads_as_zero),
        cmocka_unit_test(an_error_names_offset_and_path_and_the_first_one_wins),
        cmocka_unit_test(a_number_too_long_or_too_large_is_named),
        cmocka_unit_test(fixed_numbers_are_little_endian),
        cmocka_unit_test(a_count_is_bounded_by_the_bytes_left_and_by_its_limit),
        cmocka_unit_test(a_name_must_be_utf8),
        cmocka_unit_test(a_part_must_be_read_to_its_end),
        cmocka_unit_test(nesting_without_end_is_a_limit),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
