/* unit/test_error.c: first error wins, prefixes, frames, printing, memory failure. */
#include "base/error.h"
#include "base/str.h"
#include "base/traps.h"
#include "../oom/failalloc.h"

#include <setjmp.h>
#include <stdarg.h>
#include <cmocka.h>

static void expect_print(const cwrun_error *err, const char *wanted)
{
    cw_text t;
    cw_text_init(&t, NULL);
    cw_text_puts(&t, "");
    assert_true(cwrun_error_print(err, cw_text_write, &t));
    assert_string_equal(t.data, wanted);
    cw_text_fini(&t);
}

static const cwrun_frame two_frames[] = { { 0x1a2b, "core", "add", 3, 1 }, { 0x30, "app", "run it", 0, 2 } };

static void the_first_error_wins(void **state)
{
    (void)state;
    cwrun_error err = CWRUN_ERROR_INIT;
    expect_print(&err, "");
    cwrun_error_set(&err, CWRUN_ERROR_INPUT, 0, "byte %d", 7);
    cwrun_error_set(&err, CWRUN_ERROR_LINK, 0, "later");
    assert_false(cw_fail_oom(&err));
    assert_int_equal(err.kind, CWRUN_ERROR_INPUT);
    assert_string_equal(err.message, "byte 7");
    cw_error_prefix(&err, NULL, "app.wasm:0x%x", 31);
    assert_string_equal(err.message, "app.wasm:0x1f: byte 7");
    expect_print(&err, "app.wasm:0x1f: byte 7\n");
    cwrun_error_clear(&err);
    assert_false(cwrun_failed(&err));
    cwrun_error_clear(&err);
    cwrun_error_set(NULL, CWRUN_ERROR_INPUT, 0, "nobody listens");
    cw_error_prefix(NULL, NULL, "x");
    cw_error_frames(NULL, NULL, two_frames, 2);
    assert_false(cw_fail_oom(NULL));
    assert_true(cwrun_error_print(NULL, cw_text_write, NULL));
    cwrun_error_clear(NULL);
}

static void a_trap_prints_frames_and_its_reason_alone(void **state)
{
    (void)state;
    cwrun_error err = CWRUN_ERROR_INIT;
    cw_fail(&err, NULL, CWRUN_ERROR_TRAP, CW_TRAP_DIVIDE_BY_ZERO, "%s", cwrun_trap_words(CW_TRAP_DIVIDE_BY_ZERO));
    expect_print(&err, "the guest trapped\nwasm trap: integer divide by zero\n");
    cw_error_frames(&err, NULL, two_frames, 2);
    cw_error_prefix(&err, NULL, "calling `run`");
    cw_error_prefix(&err, NULL, "app.wasm");
    assert_int_equal(err.n_frames, 2);
    assert_string_equal(err.frames[1].function, "run it");
    assert_string_equal(err.message, "app.wasm: calling `run`: integer divide by zero");
    expect_print(&err, "app.wasm: calling `run`\n"
                       "wasm backtrace:\n"
                       "    0: 0x1a2b - core!add\n"
                       "    1: 0x30 - app!run it\n"
                       "wasm trap: integer divide by zero\n");
    cwrun_error_clear(&err);
}

static void names_cannot_drive_a_terminal(void **state)
{
    (void)state;
    cwrun_error err = CWRUN_ERROR_INIT;
    cw_fail(&err, NULL, CWRUN_ERROR_LINK, 0, "two\nlines \x1b[2J \xc2\x9b \xc3\xa9");
    const cwrun_frame frame = { 1, "a\nb", "\x07z", 0, 0 };
    cw_error_frames(&err, NULL, &frame, 1);
    expect_print(&err, "two\nlines \\u{1b}[2J \\u{9b} \xc3\xa9\nwasm backtrace:\n    0: 0x1 - a\\u{a}b!\\u{7}z\n");
    cwrun_error_clear(&err);
}

static bool refuse(void *user, const char *data, size_t size)
{
    (void)data, (void)size;
    return ++*(int *)user < 2;
}

static void printing_stops_where_the_writer_does(void **state)
{
    (void)state;
    cwrun_error err = CWRUN_ERROR_INIT;
    cw_fail(&err, NULL, CWRUN_ERROR_TRAP, CW_TRAP_HOST, "own words");
    int calls = 0;
    assert_false(cwrun_error_print(&err, refuse, &calls));
    assert_int_equal(calls, 2);
    cwrun_error_clear(&err);
}

static void without_memory_an_error_is_still_an_error(void **state)
{
    (void)state;
    for (size_t n = 0;; n++) {
        cw_failalloc f = { .fail_at = n };
        cw_alloc a = cw_failalloc_hook(&f);
        cwrun_error err = CWRUN_ERROR_INIT;
        cw_fail(&err, &a, CWRUN_ERROR_TRAP, CW_TRAP_STACK, "call stack exhausted");
        cw_error_prefix(&err, &a, "main");
        cw_error_frames(&err, &a, two_frames, 2);
        assert_true(cwrun_failed(&err));
        if (n == 0) {
            assert_int_equal(err.kind, CWRUN_ERROR_LIMIT);
            assert_int_equal(err.code, CWRUN_LIMIT_HOST_MEMORY);
            expect_print(&err, "out of memory\n");
        } else {
            assert_int_equal(err.kind, CWRUN_ERROR_TRAP);
            assert_string_equal(err.message, n == 1 ? "call stack exhausted" : "main: call stack exhausted");
            assert_int_equal(err.n_frames, n == 2 ? 0 : 2);
        }
        cwrun_error_clear(&err);
        assert_int_equal(f.live_blocks, 0);
        if (!f.failed)
            break;
    }
}

static void every_trap_has_words(void **state)
{
    (void)state;
    for (unsigned i = 0; i < CW_TRAP_COUNT; i++)
        assert_true(strlen(cwrun_trap_words((uint8_t)i)) > 0);
    assert_string_equal(cwrun_trap_words(CW_TRAP_UNREACHABLE), "wasm `unreachable` instruction executed");
    assert_string_equal(cwrun_trap_words(255), "unknown trap");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_first_error_wins),
        cmocka_unit_test(a_trap_prints_frames_and_its_reason_alone),
        cmocka_unit_test(names_cannot_drive_a_terminal),
        cmocka_unit_test(printing_stops_where_the_writer_does),
        cmocka_unit_test(without_memory_an_error_is_still_an_error),
        cmocka_unit_test(every_trap_has_words),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
