/* unit/test_memory.c: growth and its limits, bounds, instances that follow, memory64, failing allocation. */
#include "../oom/failalloc.h"
#include "exec/memory.h"

#include <setjmp.h>
#include <stdarg.h>
#include <cmocka.h>

enum { PAGE = 65536 };

static void start(cw_exec *x, uint64_t max_memory)
{
    cw_exec_limits limits;
    cw_exec_limits_default(&limits);
    limits.max_memory = max_memory;
    assert_true(cw_exec_init(x, NULL, NULL, &limits, (cw_code_options){ 0 }));
}

static cw_memory *make(cw_exec *x, uint64_t min, uint64_t max)
{
    cw_memtype type = { .min = min, .max = max, .has_max = max != UINT64_MAX, .page_log2 = 16 };
    cw_memory *m = cw_memory_new(x, &type, NULL);
    assert_non_null(m);
    return m;
}

static void growth_keeps_bytes_and_gives_zeros(void **state)
{
    (void)state;
    cw_exec x;
    start(&x, (uint64_t)1 << 32);
    cw_memory *m = make(&x, 1, UINT64_MAX);
    uint8_t *base = m->base;
    memset(base, 7, PAGE);
    for (unsigned pages = 1; pages < 300; pages += 13) {
        assert_int_equal(cw_memory_grow(m, 13), pages);
        assert_int_equal(m->base[PAGE - 1], 7);
        for (unsigned i = 0; i < 13; i++)
            assert_int_equal(m->base[(pages + i) * PAGE + 5 * i], 0);
    }
#ifndef CW_DEBUG_MOVE
    assert_ptr_equal(m->base, base);
#endif
    cw_exec_fini(&x);
}

static void growth_ends_at_the_maximum_and_at_the_limit(void **state)
{
    (void)state;
    cw_exec x;
    start(&x, 10 * PAGE);
    cw_memory *m = make(&x, 1, 3), *wide = make(&x, 0, UINT64_MAX);
    assert_int_equal(cw_memory_grow(m, 3), UINT64_MAX);
    assert_int_equal(cw_memory_grow(m, UINT64_MAX), UINT64_MAX);
    assert_int_equal(cw_memory_grow(m, 2), 1);
    assert_int_equal(cw_memory_grow(m, 1), UINT64_MAX);
    assert_int_equal(cw_memory_grow(m, 0), 3);
    assert_int_equal(cw_memory_grow(wide, 8), UINT64_MAX); /* 3 of 10 pages are taken */
    assert_int_equal(cw_memory_grow(wide, 7), 0);
    assert_int_equal(cw_memory_grow(wide, 1), UINT64_MAX);
    assert_int_equal(cw_memory_pages(wide), 7);
    cw_exec_fini(&x);
}

static void a_minimum_above_the_limit_is_an_error_that_names_the_option(void **state)
{
    (void)state;
    cw_exec x;
    start(&x, 10 * PAGE);
    cwrun_error err = CWRUN_ERROR_INIT;
    cw_memtype type = { .min = 11, .max = UINT64_MAX, .page_log2 = 16 };
    assert_null(cw_memory_new(&x, &type, &err));
    assert_int_equal(err.kind, CWRUN_ERROR_LIMIT);
    assert_int_equal(err.code, CWRUN_LIMIT_GUEST_MEMORY);
    assert_non_null(strstr(err.message, "--max-memory"));
    cwrun_error_clear(&err);
    type.is_64 = true;
    type.min = (uint64_t)1 << 48;
    assert_null(cw_memory_new(&x, &type, &err));
    assert_int_equal(err.code, CWRUN_LIMIT_GUEST_MEMORY);
    cwrun_error_clear(&err);
    cw_exec_fini(&x);
}

static void ranges_are_checked_without_wrapping(void **state)
{
    (void)state;
    cw_exec x;
    start(&x, (uint64_t)1 << 32);
    cw_memory *m = make(&x, 1, 1), *none = make(&x, 0, 0);
    assert_ptr_equal(cw_memory_at(m, 0, PAGE), m->base);
    assert_non_null(cw_memory_at(m, PAGE, 0));
    assert_null(cw_memory_at(m, PAGE + 1, 0));
    assert_null(cw_memory_at(m, PAGE, 1));
    assert_null(cw_memory_at(m, 1, UINT64_MAX));
    assert_null(cw_memory_at(m, UINT64_MAX, 1));
    assert_non_null(cw_memory_at(none, 0, 0));
    assert_null(cw_memory_at(none, 0, 1));

    assert_true(cw_memory_fill(m, 100, 0xab, 10));
    assert_int_equal(m->base[109], 0xab);
    assert_int_equal(m->base[110], 0);
    assert_false(cw_memory_fill(m, PAGE - 1, 1, 2));
    assert_int_equal(m->base[PAGE - 1], 0);
    assert_true(cw_memory_copy(m, 105, m, 100, 10));
    assert_int_equal(m->base[114], 0xab);
    assert_false(cw_memory_copy(m, 0, m, 1, UINT64_MAX));
    assert_true(cw_memory_copy(none, 0, m, PAGE, 0));
    assert_false(cw_memory_copy(none, 0, m, 0, 1));
    cw_exec_fini(&x);
}

static void instances_follow_the_memory(void **state)
{
    (void)state;
    cw_exec x;
    start(&x, (uint64_t)1 << 32);
    cw_memory *m = make(&x, 0, UINT64_MAX);
    cw_instance in[20] = { { 0 } };
    for (unsigned i = 0; i < 20; i++)
        assert_true(cw_memory_follow(m, &in[i]));
    assert_int_equal(cw_memory_grow(m, 5), 0);
    for (unsigned i = 0; i < 20; i++) {
        assert_ptr_equal(in[i].mem0, m->base);
        assert_int_equal(in[i].mem0_size, 5 * PAGE);
    }
    cw_exec_fini(&x);
}

static void without_address_space_the_hook_is_used_and_nothing_is_lost(void **state)
{
    (void)state;
    cw_failalloc f = { .fail_at = SIZE_MAX };
    cw_alloc a = cw_failalloc_hook(&f);
    cw_exec x;
    assert_true(cw_exec_init(&x, &a, NULL, NULL, (cw_code_options){ 0 }));
    cw_memory *m = make(&x, 0, UINT64_MAX);
    m->max_pages = (uint64_t)1 << 40; /* more than any system reserves */
    assert_int_equal(cw_memory_grow(m, 1), 0);
    assert_int_equal(m->reserved, 0);
    memset(m->base, 3, PAGE);
    assert_int_equal(cw_memory_grow(m, 1), 1);
    assert_int_equal(m->base[PAGE - 1], 3);
    assert_int_equal(m->base[PAGE], 0);
    f.fail_at = f.n_calls;
    assert_int_equal(cw_memory_grow(m, 1), UINT64_MAX);
    assert_int_equal(m->size, 2 * PAGE);
    assert_int_equal(m->base[PAGE - 1], 3);
    cw_exec_fini(&x);
    assert_int_equal(f.live_blocks, 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(growth_keeps_bytes_and_gives_zeros),
        cmocka_unit_test(growth_ends_at_the_maximum_and_at_the_limit),
        cmocka_unit_test(a_minimum_above_the_limit_is_an_error_that_names_the_option),
        cmocka_unit_test(ranges_are_checked_without_wrapping),
        cmocka_unit_test(instances_follow_the_memory),
        cmocka_unit_test(without_address_space_the_hook_is_used_and_nothing_is_lost),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
