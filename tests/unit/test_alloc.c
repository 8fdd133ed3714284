/* unit/test_alloc.c: the allocator hook, and the allocator that makes every test of memory failure possible. */
#include "base/alloc.h"
#include "../oom/failalloc.h"

#include <setjmp.h>
#include <stdarg.h>
#include <cmocka.h>

static void new_memory_is_zero(void **state)
{
    (void)state;
    cw_failalloc f = { .fail_at = SIZE_MAX };
    cw_alloc hook = cw_failalloc_hook(&f);
    const cw_alloc *allocs[] = { &hook, &cw_alloc_default, NULL };
    for (size_t i = 0; i < 3; i++) {
        uint8_t *p = cw_new_array(allocs[i], 10, 7);
        assert_non_null(p);
        for (size_t j = 0; j < 70; j++)
            assert_int_equal(p[j], 0);
        cw_free(allocs[i], p, 70);
    }
    assert_int_equal(f.live_blocks, 0);
}

static void a_product_that_wraps_gives_null(void **state)
{
    (void)state;
    assert_null(cw_new_array(&cw_alloc_default, SIZE_MAX / 2, 3));
    assert_null(cw_new_array(&cw_alloc_default, 0, 3));
    assert_null(cw_new_array(&cw_alloc_default, 3, 0));
    assert_null(cw_new(&cw_alloc_default, 0));
}

static void a_resize_keeps_what_was_there(void **state)
{
    (void)state;
    cw_failalloc f = { .fail_at = SIZE_MAX };
    cw_alloc a = cw_failalloc_hook(&f);
    char *p = cw_resize(&a, NULL, 0, 3);
    memcpy(p, "ab", 3);
    p = cw_resize(&a, p, 3, 100);
    assert_string_equal(p, "ab");
    assert_int_equal(f.live_bytes, 100);
    assert_null(cw_resize(&a, p, 100, 0));
    assert_int_equal(f.live_blocks, 0);
    assert_int_equal(f.n_calls, 2);
}

static void the_nth_request_fails_and_the_block_stays_valid(void **state)
{
    (void)state;
    cw_failalloc f = { .fail_at = 1 };
    cw_alloc a = cw_failalloc_hook(&f);
    char *p = cw_new(&a, 8);
    assert_non_null(p);
    assert_null(cw_resize(&a, p, 8, 16));
    assert_true(f.failed);
    p[7] = 1;
    p = cw_resize(&a, p, 8, 16);
    assert_non_null(p);
    cw_free(&a, p, 16);
    assert_int_equal(f.live_bytes, 0);
}

static void freeing_null_is_fine(void **state)
{
    (void)state;
    cw_free(&cw_alloc_default, NULL, 5);
    cw_free(NULL, NULL, 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(new_memory_is_zero),
        cmocka_unit_test(a_product_that_wraps_gives_null),
        cmocka_unit_test(a_resize_keeps_what_was_there),
        cmocka_unit_test(the_nth_request_fails_and_the_block_stays_valid),
        cmocka_unit_test(freeing_null_is_fine),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
