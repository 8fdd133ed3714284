/* unit/test_thread.c: guests on threads: suspension under guest frames, backtraces, nested runs, interrupts, fuel. The
 * modules, as text:
 *
 * (module $guest
 *   (import "h" "f" (func $f (param i64) (result i64)))
 *   (memory 1)
 *   (data (i32.const 8) "\07")
 *   (func $inner (param i64) (result i64) (i64.add (call $f (local.get 0)) (i64.load8_u (i32.const 8))))
 *   (func $outer (export "outer") (param i64) (result i64) (i64.mul (call $inner (local.get 0)) (i64.const 10)))
 *   (func $spin (export "spin") (loop (br 0)))
 *   (func $down (export "down") (param i64) (result i64) (i64.add (call $down (local.get 0)) (i64.const 1)))
 *   (func $boom (export "boom") (param i64) (result i64) unreachable))
 * (module $second
 *   (import "g" "outer" (func $outer (param i64) (result i64)))
 *   (memory 1)
 *   (data (i32.const 8) "\03")
 *   (func $through (export "through") (param i64) (result i64)
 *     (i64.add (call $outer (local.get 0)) (i64.load8_u (i32.const 8))))
 *   (func $tail (export "tail") (param i64) (result i64) (return_call $outer (local.get 0))))
 */
#include "exec/exec.h"

#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>
#include <cmocka.h>

/* clang-format off */
static const uint8_t guest_wasm[] = {
    0, 97, 115, 109, 1, 0, 0, 0, 1, 9, 2, 96, 1, 126, 1, 126, 96, 0, 0, 2, 7, 1, 1, 104, 1, 102, 0, 0, 3, 6, 5, 0, 0,
    1, 0, 0, 5, 3, 1, 0, 1, 7, 30, 4, 5, 111, 117, 116, 101, 114, 0, 2, 4, 115, 112, 105, 110, 0, 3, 4, 100, 111, 119,
    110, 0, 4, 4, 98, 111, 111, 109, 0, 5, 10, 46, 5, 12, 0, 32, 0, 16, 0, 65, 8, 49, 0, 0, 124, 11, 9, 0, 32, 0, 16,
    1, 66, 10, 126, 11, 7, 0, 3, 64, 12, 0, 11, 11, 9, 0, 32, 0, 16, 4, 66, 1, 124, 11, 3, 0, 0, 11, 11, 7, 1, 0, 65,
    8, 11, 1, 7, 0, 51, 4, 110, 97, 109, 101, 0, 6, 5, 103, 117, 101, 115, 116, 1, 36, 6, 0, 1, 102, 1, 5, 105, 110,
    110, 101, 114, 2, 5, 111, 117, 116, 101, 114, 3, 4, 115, 112, 105, 110, 4, 4, 100, 111, 119, 110, 5, 4, 98, 111,
    111, 109,
};
static const uint8_t second_wasm[] = {
    0, 97, 115, 109, 1, 0, 0, 0, 1, 6, 1, 96, 1, 126, 1, 126, 2, 11, 1, 1, 103, 5, 111, 117, 116, 101, 114, 0, 0, 3,
    3, 2, 0, 0, 5, 3, 1, 0, 1, 7, 18, 2, 7, 116, 104, 114, 111, 117, 103, 104, 0, 1, 4, 116, 97, 105, 108, 0, 2, 10,
    21, 2, 12, 0, 32, 0, 16, 0, 65, 8, 49, 0, 0, 124, 11, 6, 0, 32, 0, 18, 0, 11, 11, 7, 1, 0, 65, 8, 11, 1, 3, 0, 39,
    4, 110, 97, 109, 101, 0, 7, 6, 115, 101, 99, 111, 110, 100, 1, 23, 3, 0, 5, 111, 117, 116, 101, 114, 1, 7, 116,
    104, 114, 111, 117, 103, 104, 2, 4, 116, 97, 105, 108,
};
/* clang-format on */

typedef struct fixture {
    cw_types *types;
    cw_arena arena;
    cw_exec x;
    cw_module *guest, *second;
    cw_instance *first_instance, *second_instance;
    cw_func *f;
} fixture;

static fixture fx;

/* The host function: n -> n after n suspensions; 100 traps; 200 runs "boom" nested, 300 "down", 400 "outer" of 1. */
static cw_step host_run(cw_thread *t, cw_func *f, uint64_t *frame, uint32_t state)
{
    (void)f;
    if (frame[0] == 100) {
        cw_thread_trap(t, CW_TRAP_HOST, "a bad number");
        return CW_STEP_TRAP;
    }
    if (frame[0] >= 200) {
        cw_extern e;
        uint64_t one = 0;
        const char *name = frame[0] == 200 ? "boom" : frame[0] == 300 ? "down" : "outer";
        cw_instance_export(fx.first_instance, cwrun_str_of(name), &e);
        return cw_thread_nested(t, e.of.func, &one, frame) ? CW_STEP_RETURN : CW_STEP_TRAP;
    }
    t->next_state = state + 1;
    return state == frame[0] ? CW_STEP_RETURN : CW_STEP_SUSPEND;
}
static const cw_native host = { host_run, NULL, "host" };

static cw_module *load(const uint8_t *bytes, size_t size)
{
    cw_reader r;
    cw_reader_init(&r, bytes, size, NULL, &fx.arena, NULL);
    cw_module_config config = { .types = fx.types, .features = CW_FEATURES_3_0, .alloc = &cw_alloc_default };
    return cw_module_read(&r, &config);
}

static void start(cw_code_options options)
{
    memset(&fx, 0, sizeof fx);
    fx.types = cw_types_new(&cw_alloc_default);
    cw_arena_init(&fx.arena, NULL);
    assert_true(cw_exec_init(&fx.x, NULL, fx.types, NULL, options));
    fx.guest = load(guest_wasm, sizeof guest_wasm);
    fx.second = load(second_wasm, sizeof second_wasm);
    assert_non_null(fx.guest);
    assert_non_null(fx.second);

    cw_valtype i64 = CW_I64;
    cw_func *first;
    cw_extern e = { .kind = CW_EXTERN_FUNC };
    e.of.func = fx.f = cw_func_native_new(&fx.x, cw_types_func(fx.types, &i64, 1, &i64, 1), &host, 1, NULL, NULL, NULL);
    fx.first_instance = cw_instance_new(&fx.x, fx.guest, &e, &first, NULL);
    assert_non_null(fx.first_instance);
    assert_true(cw_instance_export(fx.first_instance, cwrun_str_of("outer"), &e));
    fx.second_instance = cw_instance_new(&fx.x, fx.second, &e, &first, NULL);
    assert_non_null(fx.second_instance);
}

static void finish(void)
{
    cw_exec_fini(&fx.x);
    cw_module_release(fx.guest);
    cw_module_release(fx.second);
    cw_arena_fini(&fx.arena);
    cw_types_drop(fx.types);
}

static cw_thread *started(cw_instance *in, const char *name, uint64_t arg)
{
    cw_extern e;
    cw_thread *t = cw_thread_new(&fx.x, NULL);
    assert_true(cw_instance_export(in, cwrun_str_of(name), &e));
    cw_thread_start(t, e.of.func, &arg);
    return t;
}

static void assert_frames(const cwrun_error *err, const char *const *names, size_t n)
{
    assert_int_equal(err->n_frames, n);
    for (size_t i = 0; i < n; i++)
        assert_string_equal(err->frames[i].function, names[i]);
}

static void guests_wait_side_by_side_and_end_in_any_order(void **state)
{
    (void)state;
    start((cw_code_options){ 0 });
    cw_thread *a = started(fx.second_instance, "through", 2), *b = started(fx.second_instance, "tail", 1);
    assert_int_equal(cw_thread_run(a), CW_RUN_SUSPENDED);
    assert_int_equal(cw_thread_run(b), CW_RUN_SUSPENDED);
    assert_int_equal(cw_thread_run(a), CW_RUN_SUSPENDED);
    assert_int_equal(cw_thread_run(b), CW_RUN_DONE);
    assert_int_equal(cw_thread_results(b)[0], (1 + 7) * 10);
    assert_int_equal(cw_thread_run(a), CW_RUN_DONE);
    assert_int_equal(cw_thread_results(a)[0], (2 + 7) * 10 + 3);
    cw_thread_free(a);
    cw_thread_free(b);
    finish();
}

static void a_trap_in_a_host_function_shows_the_guests_below(void **state)
{
    (void)state;
    cwrun_error err = CWRUN_ERROR_INIT;
    start((cw_code_options){ 0 });
    cw_thread *t = started(fx.second_instance, "through", 100);
    assert_int_equal(cw_thread_run(t), CW_RUN_TRAPPED);
    cw_thread_error(t, &err);
    cw_thread_free(t);
    assert_string_equal(err.message, "a bad number");
    assert_frames(&err, (const char *[]){ "host", "inner", "outer", "through" }, 4);
    assert_string_equal(err.frames[1].module, "guest");
    assert_string_equal(err.frames[3].module, "second");
    /* behind the function's start in the file: its body's size, its locals, local.get 0, call 0 */
    const cw_func_body *inner = &fx.guest->bodies[0];
    assert_int_equal(err.frames[1].offset, inner->code - fx.guest->file_start + 2);
    cwrun_error_clear(&err);
    finish();
}

static void a_backtrace_goes_through_nested_runs(void **state)
{
    (void)state;
    cwrun_error err = CWRUN_ERROR_INIT;
    start((cw_code_options){ 0 });
    cw_thread *t = started(fx.second_instance, "through", 200);
    assert_int_equal(cw_thread_run(t), CW_RUN_TRAPPED);
    cw_thread_error(t, &err);
    cw_thread_free(t);
    assert_int_equal(err.code, CW_TRAP_UNREACHABLE);
    assert_frames(&err, (const char *[]){ "boom", "host", "inner", "outer", "through" }, 5);
    cwrun_error_clear(&err);

    t = started(fx.second_instance, "through", 400); /* outer(0) = 70, nested; then (70 + 7) * 10 + 3 */
    assert_int_equal(cw_thread_run(t), CW_RUN_DONE);
    assert_int_equal(cw_thread_results(t)[0], 773);
    cw_thread_free(t);
    finish();
}

static void recursion_without_end_is_a_trap_nested_or_not(void **state)
{
    (void)state;
    cwrun_error err = CWRUN_ERROR_INIT;
    start((cw_code_options){ 0 });
    for (int nested = 0; nested < 2; nested++) {
        cw_thread *t = started(fx.first_instance, nested ? "outer" : "down", 300);
        assert_int_equal(cw_thread_run(t), CW_RUN_TRAPPED);
        cw_thread_error(t, &err);
        cw_thread_free(t);
        assert_int_equal(err.kind, CWRUN_ERROR_TRAP);
        assert_int_equal(err.code, CW_TRAP_STACK);
        assert_int_equal(err.n_frames, CW_TRACE_FRAMES);
        for (size_t i = 0; i < err.n_frames; i++)
            assert_string_equal(err.frames[i].function, "down");
        cwrun_error_clear(&err);
    }
    finish();
}

static void fuel_ends_a_loop(void **state)
{
    (void)state;
    cwrun_error err = CWRUN_ERROR_INIT;
    start((cw_code_options){ .fuel = true });
    fx.x.fuel = 1000;
    cw_thread *t = started(fx.first_instance, "spin", 0);
    assert_int_equal(cw_thread_run(t), CW_RUN_TRAPPED);
    cw_thread_error(t, &err);
    cw_thread_free(t);
    assert_int_equal(err.kind, CWRUN_ERROR_LIMIT);
    assert_int_equal(err.code, CWRUN_LIMIT_FUEL);
    assert_frames(&err, (const char *[]){ "spin" }, 1);
    cwrun_error_clear(&err);
    finish();
}

static void *interrupt(void *exec)
{
    cw_exec_interrupt(exec);
    return NULL;
}

static void an_interrupt_from_another_thread_ends_a_loop(void **state)
{
    (void)state;
    cwrun_error err = CWRUN_ERROR_INIT;
    start((cw_code_options){ .interruptible = true });
    for (int i = 0; i < 20; i++) {
        pthread_t other;
        cw_thread *t = started(fx.first_instance, "spin", 0);
        assert_int_equal(pthread_create(&other, NULL, interrupt, &fx.x), 0);
        assert_int_equal(cw_thread_run(t), CW_RUN_TRAPPED);
        pthread_join(other, NULL);
        cw_thread_error(t, &err);
        cw_thread_free(t);
        assert_int_equal(err.kind, CWRUN_ERROR_LIMIT);
        assert_int_equal(err.code, CWRUN_LIMIT_TIMEOUT);
        cwrun_error_clear(&err);
        cw_exec_interrupt_clear(&fx.x);
    }
    finish();
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(guests_wait_side_by_side_and_end_in_any_order),
        cmocka_unit_test(a_trap_in_a_host_function_shows_the_guests_below),
        cmocka_unit_test(a_backtrace_goes_through_nested_runs),
        cmocka_unit_test(recursion_without_end_is_a_trap_nested_or_not),
        cmocka_unit_test(fuel_ends_a_loop),
        cmocka_unit_test(an_interrupt_from_another_thread_ends_a_loop),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
