/* unit/test_str.c: views and the text builder. */
#include "base/str.h"
#include "../oom/failalloc.h"

#include <setjmp.h>
#include <stdarg.h>
#include <cmocka.h>

static cwrun_str s(const char *text)
{
    return cwrun_str_of(text);
}

static void views_are_compared_by_bytes_and_length(void **state)
{
    (void)state;
    assert_true(cw_str_eq(s("abc"), CW_STR("abc")));
    assert_false(cw_str_eq(s("abc"), s("abcd")));
    assert_true(cw_str_eq(s(""), s(NULL)));
    assert_true(cw_str_eq_c(s("x"), "x"));
    assert_true(cw_str_cmp(s("ab"), s("abc")) < 0);
    assert_true(cw_str_cmp(s("b"), s("abc")) > 0);
    assert_true(cw_str_cmp(s("\xff"), s("a")) > 0);
    assert_int_equal(cw_str_cmp(s(NULL), s("")), 0);
}

static void parts_are_found(void **state)
{
    (void)state;
    assert_true(cw_str_starts(s("wasi:io"), s("wasi:")));
    assert_false(cw_str_starts(s("wa"), s("wasi:")));
    assert_true(cw_str_ends(s("a.wasm"), s(".wasm")));
    assert_false(cw_str_ends(s("wasm"), s(".wasm")));
    assert_int_equal(cw_str_find(s("a/b/c"), '/', 2), 3);
    assert_int_equal(cw_str_find(s("a/b"), '/', 2), SIZE_MAX);
    assert_int_equal(cw_str_find(s(NULL), '/', 0), SIZE_MAX);
    assert_true(cw_str_eq_c(cw_str_sub(s("hello"), 1, 3), "el"));
    assert_true(cw_str_eq_c(cw_str_sub(s("hello"), 3, 99), "lo"));
    assert_int_equal(cw_str_sub(s("hello"), 7, 9).size, 0);
}

static void distance_counts_edits_up_to_a_cap(void **state)
{
    (void)state;
    assert_int_equal(cw_str_distance(s("kitten"), s("sitting"), 5), 3);
    assert_int_equal(cw_str_distance(s("kitten"), s("sitting"), 2), 3);
    assert_int_equal(cw_str_distance(s("kitten"), s("sitting"), 1), 2);
    assert_int_equal(cw_str_distance(s(""), s("ab"), 5), 2);
    assert_int_equal(cw_str_distance(s("add"), s("add"), 3), 0);
    assert_int_equal(cw_str_distance(s("add"), s("aad"), 3), 1);
}

static void text_grows_and_ends_in_nul(void **state)
{
    (void)state;
    cw_text t;
    cw_text_init(&t, NULL);
    char wanted[2000];
    size_t size = 0;
    for (int i = 0; i < 200; i++) {
        size += (size_t)snprintf(wanted + size, sizeof wanted - size, "%d,", i);
        if (i % 2)
            cw_text_printf(&t, "%d,", i);
        else
            cw_text_puts(&t, wanted + t.size);
        assert_int_equal(t.size, size);
        assert_string_equal(t.data, wanted);
    }
    cw_text_str(&t, s(NULL));
    assert_true(cw_text_write(&t, "!", 1));
    assert_int_equal(t.data[t.size - 1], '!');
    cw_text_fini(&t);
}

static void text_that_lacks_memory_keeps_what_it_has(void **state)
{
    (void)state;
    for (size_t n = 0;; n++) {
        cw_failalloc f = { .fail_at = n };
        cw_alloc a = cw_failalloc_hook(&f);
        cw_text t;
        cw_text_init(&t, &a);
        cw_text_puts(&t, "0123456789");
        cw_text_printf(&t, "%0100d", 7);
        cw_text_printf(&t, "%0200d", 7);
        assert_int_equal(t.oom, f.failed);
        assert_int_equal(t.size, !f.failed ? 310 : n == 0 ? 0 : n == 1 ? 10 : 110);
        if (t.data)
            assert_int_equal(strlen(t.data), t.size);
        cw_text_fini(&t);
        assert_int_equal(f.live_blocks, 0);
        if (!f.failed)
            break;
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(views_are_compared_by_bytes_and_length),   cmocka_unit_test(parts_are_found),
        cmocka_unit_test(distance_counts_edits_up_to_a_cap),        cmocka_unit_test(text_grows_and_ends_in_nul),
        cmocka_unit_test(text_that_lacks_memory_keeps_what_it_has),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
