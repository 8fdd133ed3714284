/* unit/test_vec.c: growth of arrays. */
#include "base/vec.h"
#include "../oom/failalloc.h"

#include <setjmp.h>
#include <stdarg.h>
#include <cmocka.h>

static void pushed_elements_stay(void **state)
{
    (void)state;
    for (size_t n = 0;; n++) {
        cw_failalloc f = { .fail_at = n };
        cw_alloc a = cw_failalloc_hook(&f);
        CW_VEC(uint32_t) v = { 0 };
        uint32_t *slot = NULL;
        for (uint32_t i = 0; i < 1000; i++) {
            slot = CW_VEC_PUSH(&v, &a);
            if (!slot)
                break;
            *slot = i * 3;
        }
        assert_int_equal(slot != NULL, !f.failed);
        for (uint32_t i = 0; i < v.n; i++)
            assert_int_equal(v.items[i], i * 3);
        CW_VEC_FINI(&v, &a);
        assert_int_equal(f.live_blocks, 0);
        assert_null(v.items);
        if (!f.failed)
            break;
    }
}

static void room_is_made_at_once(void **state)
{
    (void)state;
    cw_failalloc f = { .fail_at = SIZE_MAX };
    cw_alloc a = cw_failalloc_hook(&f);
    CW_VEC(uint8_t) v = { 0 };
    assert_true(CW_VEC_RESERVE(&v, &a, 0));
    assert_int_equal(f.n_calls, 0);
    assert_true(CW_VEC_RESERVE(&v, &a, 12345));
    for (int i = 0; i < 12345; i++)
        *CW_VEC_PUSH(&v, &a) = 1;
    assert_int_equal(f.n_calls, 1);
    CW_VEC_FINI(&v, &a);
}

static void counts_past_2_to_the_31_are_refused(void **state)
{
    (void)state;
    CW_VEC(uint8_t) v = { 0 };
    assert_false(CW_VEC_RESERVE(&v, NULL, ((size_t)1 << 31) + 1));
    assert_false(CW_VEC_RESERVE(&v, NULL, SIZE_MAX));
    assert_null(v.items);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(pushed_elements_stay),
        cmocka_unit_test(room_is_made_at_once),
        cmocka_unit_test(counts_past_2_to_the_31_are_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
