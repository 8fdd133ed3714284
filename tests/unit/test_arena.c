/* unit/test_arena.c: zeroed, aligned, bounded and reusable. */
#include "base/arena.h"
#include "../oom/failalloc.h"

#include <setjmp.h>
#include <stdarg.h>
#include <cmocka.h>

static bool is_zero(const uint8_t *p, size_t n)
{
    for (size_t i = 0; i < n; i++)
        if (p[i] != 0)
            return false;
    return true;
}

static void memory_is_zero_and_aligned_also_after_a_reset(void **state)
{
    (void)state;
    cw_failalloc f = { .fail_at = SIZE_MAX };
    cw_alloc a = cw_failalloc_hook(&f);
    cw_arena arena;
    cw_arena_init(&arena, &a);
    uint32_t random = 1;
    for (unsigned round = 0; round < 20; round++) {
        for (unsigned i = 0; i < 300; i++) {
            random = random * 1664525 + 1013904223;
            size_t size = 1 + (random >> 16) % (i % 50 == 0 ? 9000 : 90), align = (size_t)1 << (random >> 13 & 7) % 5;
            bool raw = (random >> 9 & 3) == 0;
            uint8_t *p = raw ? cw_arena_raw(&arena, size, align) : cw_arena_alloc(&arena, size, align);
            assert_non_null(p);
            assert_int_equal((uintptr_t)p & (align - 1), 0);
            if (!raw)
                assert_true(is_zero(p, size));
            memset(p, 0xaa, size);
        }
        cw_arena_reset(&arena);
        assert_int_equal(f.live_blocks, 1);
        assert_int_equal(arena.used, 0);
    }
    cw_arena_fini(&arena);
    assert_int_equal(f.live_blocks, 0);
}

static void nothing_is_a_pointer_all_the_same(void **state)
{
    (void)state;
    cw_arena arena;
    cw_arena_init(&arena, NULL);
    assert_non_null(cw_arena_alloc(&arena, 0, 8));
    assert_non_null(cw_arena_array(&arena, 0, 24));
    assert_null(arena.chunks);
    cw_arena_fini(&arena);
}

static void failure_is_sticky_until_a_reset(void **state)
{
    (void)state;
    cw_failalloc f = { .fail_at = 0 };
    cw_alloc a = cw_failalloc_hook(&f);
    cw_arena arena;
    cw_arena_init(&arena, &a);
    assert_null(cw_arena_alloc(&arena, 10, 1));
    assert_true(arena.oom);
    assert_null(cw_arena_alloc(&arena, 10, 1));
    assert_null(cw_arena_copy(&arena, "x", 1).data);
    assert_string_equal(cw_arena_printf(&arena, "%d", 1).data, "");
    cw_arena_reset(&arena);
    assert_non_null(cw_arena_alloc(&arena, 10, 1));
    assert_null(cw_arena_array(&arena, SIZE_MAX / 2, 3));
    assert_true(arena.oom);
    cw_arena_fini(&arena);
    assert_int_equal(f.live_blocks, 0);
}

static void sizes_that_wrap_are_refused(void **state)
{
    (void)state;
    for (size_t below = 0; below < 40; below++) {
        cw_arena arena;
        cw_arena_init(&arena, NULL);
        assert_null(cw_arena_alloc(&arena, SIZE_MAX - below, 16));
        cw_arena_reset(&arena);
        assert_non_null(cw_arena_alloc(&arena, 1, 1));
        assert_null(cw_arena_copy(&arena, "", SIZE_MAX - below).data);
        cw_arena_fini(&arena);
    }
}

static void the_limit_holds(void **state)
{
    (void)state;
    cw_arena arena;
    cw_arena_init(&arena, NULL);
    arena.limit = 100;
    assert_non_null(cw_arena_alloc(&arena, 60, 16));
    assert_non_null(cw_arena_alloc(&arena, 40, 16));
    assert_null(cw_arena_alloc(&arena, 1, 1));
    assert_true(arena.oom);
    cw_arena_fini(&arena);
}

static void text_has_a_nul_behind_it(void **state)
{
    (void)state;
    cwrun_arena *arena = cwrun_arena_new(NULL);
    cwrun_str s = cwrun_arena_str(arena, "hello world", 5);
    assert_int_equal(s.size, 5);
    assert_string_equal(s.data, "hello");
    assert_int_equal(cwrun_arena_str(arena, NULL, 0).data[0], '\0');
    assert_int_equal((uintptr_t)cwrun_arena_alloc(arena, 3) % 16, 0);
    cwrun_str t = cw_arena_printf(arena, "%s-%04d", "n", 42);
    assert_string_equal(t.data, "n-0042");
    assert_int_equal(t.size, 6);
    cwrun_arena_reset(arena);
    cwrun_arena_drop(arena);
}

static void a_null_arena_gives_nothing(void **state)
{
    (void)state;
    assert_null(cwrun_arena_alloc(NULL, 1));
    assert_null(cwrun_arena_str(NULL, "x", 1).data);
    cwrun_arena_reset(NULL);
    cwrun_arena_drop(NULL);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(memory_is_zero_and_aligned_also_after_a_reset),
        cmocka_unit_test(nothing_is_a_pointer_all_the_same),
        cmocka_unit_test(failure_is_sticky_until_a_reset),
        cmocka_unit_test(sizes_that_wrap_are_refused),
        cmocka_unit_test(the_limit_holds),
        cmocka_unit_test(text_has_a_nul_behind_it),
        cmocka_unit_test(a_null_arena_gives_nothing),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
