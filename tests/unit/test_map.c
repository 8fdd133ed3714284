/* unit/test_map.c: find, put, order of insertion, growth, failure. */
#include "base/map.h"
#include "../oom/failalloc.h"

#include <setjmp.h>
#include <stdarg.h>
#include <cmocka.h>

enum { N = 5000 };
static char keys[N][8];

static void keys_are_found_and_stay_in_order(void **state)
{
    (void)state;
    cw_failalloc f = { .fail_at = SIZE_MAX };
    cw_alloc a = cw_failalloc_hook(&f);
    cw_map map = { 0 };
    for (unsigned i = 0; i < N; i++) {
        bool is_new;
        snprintf(keys[i], sizeof keys[i], "k%u", i * 7);
        uint64_t *value = cw_map_put(&map, &a, cwrun_str_of(keys[i]), &is_new);
        assert_non_null(value);
        assert_true(is_new);
        assert_int_equal(*value, 0);
        *value = i + 1;
    }
    for (unsigned i = 0; i < N; i++) {
        bool is_new;
        assert_int_equal(*cw_map_find(&map, cwrun_str_of(keys[i])), i + 1);
        assert_int_equal(*cw_map_put(&map, &a, cwrun_str_of(keys[i]), &is_new), i + 1);
        assert_false(is_new);
        assert_ptr_equal(map.entries[i].key.data, keys[i]);
    }
    assert_null(cw_map_find(&map, cwrun_str_of("k1")));
    assert_int_equal(map.n, N);
    cw_map_fini(&map, &a);
    assert_int_equal(f.live_blocks, 0);
}

static void bytes_and_length_both_count(void **state)
{
    (void)state;
    cw_map map = { 0 };
    assert_null(cw_map_find(&map, cwrun_str_of("x")));
    cwrun_str views[] = { { "", 0 },         { "\0", 1 },         { "\0\0", 2 },
                          { "12345678", 8 }, { "12345678\0", 9 }, { "12345679", 8 } };
    for (unsigned i = 0; i < 6; i++)
        *cw_map_put(&map, NULL, views[i], NULL) = i;
    assert_int_equal(map.n, 6);
    for (unsigned i = 0; i < 6; i++)
        assert_int_equal(*cw_map_find(&map, views[i]), i);
    assert_int_equal(*cw_map_find(&map, (cwrun_str){ NULL, 0 }), 0);
    cw_map_fini(&map, NULL);
}

static void a_failed_put_changes_nothing(void **state)
{
    (void)state;
    for (size_t n = 0;; n++) {
        cw_failalloc f = { .fail_at = n };
        cw_alloc a = cw_failalloc_hook(&f);
        cw_map map = { 0 };
        for (unsigned i = 0; i < 100; i++) {
            snprintf(keys[i], sizeof keys[i], "k%u", i);
            uint64_t *value = cw_map_put(&map, &a, cwrun_str_of(keys[i]), NULL);
            if (!value) {
                assert_int_equal(map.n, i);
                assert_null(cw_map_find(&map, cwrun_str_of(keys[i])));
                value = cw_map_put(&map, &a, cwrun_str_of(keys[i]), NULL);
            }
            assert_non_null(value);
            *value = i;
        }
        for (unsigned i = 0; i < 100; i++)
            assert_int_equal(*cw_map_find(&map, cwrun_str_of(keys[i])), i);
        cw_map_fini(&map, &a);
        assert_int_equal(f.live_blocks, 0);
        if (!f.failed)
            break;
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(keys_are_found_and_stay_in_order),
        cmocka_unit_test(bytes_and_length_both_count),
        cmocka_unit_test(a_failed_put_changes_nothing),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
