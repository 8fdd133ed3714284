/* unit/test_table.c: growth, limits, bounds, overlapping copies. */
#include "../oom/failalloc.h"
#include "exec/table.h"

#include <setjmp.h>
#include <stdarg.h>
#include <cmocka.h>

static cw_table *make(cw_exec *x, uint64_t min, uint64_t max, uint64_t init)
{
    cw_tabletype type = { { .min = min, .max = max, .has_max = max != UINT64_MAX }, CW_FUNCREF };
    cw_table *t = cw_table_new(x, &type, init, NULL);
    assert_non_null(t);
    return t;
}

static void growth_fills_and_ends_at_the_maximum(void **state)
{
    (void)state;
    cw_exec x;
    assert_true(cw_exec_init(&x, NULL, NULL, NULL, (cw_code_options){ 0 }));
    cw_table *t = make(&x, 3, 1000, 5);
    assert_int_equal(t->elems[2], 5);
    assert_int_equal(cw_table_grow(t, 900, 9), 3);
    assert_int_equal(t->elems[2], 5);
    assert_int_equal(t->elems[3], 9);
    assert_int_equal(t->elems[902], 9);
    assert_int_equal(cw_table_grow(t, 98, 0), UINT64_MAX);
    assert_int_equal(cw_table_grow(t, UINT64_MAX, 0), UINT64_MAX);
    assert_int_equal(cw_table_grow(t, 97, 0), 903);
    assert_int_equal(cw_table_grow(t, 0, 0), 1000);
    assert_int_equal(cw_table_grow(t, 1, 0), UINT64_MAX);
    cw_exec_fini(&x);
}

static void the_limit_holds_and_is_named(void **state)
{
    (void)state;
    cw_exec x;
    cw_exec_limits limits;
    cw_exec_limits_default(&limits);
    limits.max_table = 100;
    assert_true(cw_exec_init(&x, NULL, NULL, &limits, (cw_code_options){ 0 }));
    cw_table *t = make(&x, 0, UINT64_MAX, 0);
    assert_int_equal(cw_table_grow(t, 101, 0), UINT64_MAX);
    assert_int_equal(cw_table_grow(t, 100, 0), 0);

    cwrun_error err = CWRUN_ERROR_INIT;
    cw_tabletype type = { { .min = 101, .max = UINT64_MAX }, CW_FUNCREF };
    assert_null(cw_table_new(&x, &type, 0, &err));
    assert_int_equal(err.kind, CWRUN_ERROR_LIMIT);
    assert_int_equal(err.code, CWRUN_LIMIT_TABLE);
    assert_non_null(strstr(err.message, "--max-table"));
    cwrun_error_clear(&err);
    cw_exec_fini(&x);
}

static void all_tables_share_one_limit(void **state)
{
    (void)state;
    cw_exec x;
    cw_exec_limits limits;
    cw_exec_limits_default(&limits);
    limits.max_table = 100;
    assert_true(cw_exec_init(&x, NULL, NULL, &limits, (cw_code_options){ 0 }));
    cw_table *t = make(&x, 40, UINT64_MAX, 0), *u = make(&x, 50, UINT64_MAX, 0);
    assert_int_equal(cw_table_grow(t, 11, 0), UINT64_MAX);
    assert_int_equal(cw_table_grow(t, 7, 0), 40);
    assert_int_equal(cw_table_grow(u, 4, 0), UINT64_MAX);
    assert_int_equal(cw_table_grow(u, 3, 0), 50);
    cwrun_error err = CWRUN_ERROR_INIT;
    cw_tabletype type = { { .min = 1, .max = UINT64_MAX }, CW_FUNCREF };
    assert_null(cw_table_new(&x, &type, 0, &err));
    assert_int_equal(err.code, CWRUN_LIMIT_TABLE);
    cwrun_error_clear(&err);
    cw_exec_fini(&x);
}

static void ranges_are_checked_without_wrapping(void **state)
{
    (void)state;
    cw_exec x;
    assert_true(cw_exec_init(&x, NULL, NULL, NULL, (cw_code_options){ 0 }));
    cw_table *t = make(&x, 10, UINT64_MAX, 0), *none = make(&x, 0, 0, 0);
    uint64_t value;
    for (uint64_t i = 0; i < 10; i++)
        assert_true(cw_table_set(t, i, i));
    assert_false(cw_table_set(t, 10, 1));
    assert_false(cw_table_get(t, UINT64_MAX, &value));
    assert_false(cw_table_copy(t, 1, t, 0, UINT64_MAX));
    assert_false(cw_table_copy(t, 5, t, 0, 6));
    assert_true(cw_table_copy(t, 2, t, 0, 8));
    assert_true(cw_table_get(t, 9, &value));
    assert_int_equal(value, 7);
    assert_true(cw_table_copy(none, 0, t, 10, 0));
    assert_false(cw_table_copy(none, 1, t, 10, 0));
    assert_false(cw_table_fill(t, 9, 1, 2));
    assert_int_equal(t->elems[9], 7);
    assert_true(cw_table_fill(t, 8, 1, 2));
    assert_int_equal(t->elems[9], 1);
    cw_exec_fini(&x);
}

static void failing_allocation_refuses_and_leaks_nothing(void **state)
{
    (void)state;
    for (size_t n = 0;; n++) {
        cw_failalloc f = { .fail_at = n };
        cw_alloc a = cw_failalloc_hook(&f);
        cw_exec x;
        if (cw_exec_init(&x, &a, NULL, NULL, (cw_code_options){ 0 })) {
            cwrun_error err = CWRUN_ERROR_INIT;
            cw_tabletype type = { { .min = 4, .max = UINT64_MAX }, CW_FUNCREF };
            cw_table *t = cw_table_new(&x, &type, 1, &err);
            if (t)
                assert_true(cw_table_grow(t, 100, 2) == 4 || f.failed);
            else
                assert_int_equal(err.code, CWRUN_LIMIT_HOST_MEMORY);
            cwrun_error_clear(&err);
            cw_exec_fini(&x);
        }
        assert_int_equal(f.live_blocks, 0);
        if (!f.failed)
            break;
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(growth_fills_and_ends_at_the_maximum),
        cmocka_unit_test(the_limit_holds_and_is_named),
        cmocka_unit_test(all_tables_share_one_limit),
        cmocka_unit_test(ranges_are_checked_without_wrapping),
        cmocka_unit_test(failing_allocation_refuses_and_leaks_nothing),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
