/* tests/api/test_interrupt.c: interrupts are raised and cleared by other threads and by host functions. */
#include <pthread.h>
#include <sched.h>

#include "api/fixture.h"

enum { ROUNDS = 4000 };

static cwrun_interrupt *handle;
static cwrun_core_func *deep;
static int stop;

static int set_up_interruptible(void **state)
{
    (void)state;
    cwrun_config config = CWRUN_CONFIG_INIT;
    config.interruptible = true;
    engine = cwrun_engine_new(&config, &err);
    store = cwrun_store_new(engine, NULL, &err);
    handle = cwrun_store_interrupt(store, &err);
    return handle ? 0 : -1;
}

static int tear_down_interruptible(void **state)
{
    cwrun_interrupt_drop(handle);
    return tear_down(state);
}

static cwrun_core_instance *instance(cwrun_core_fn host)
{
    cwrun_linker *linker = cwrun_linker_new(engine, &err);
    cwrun_linker_core_func(linker, "h", "f", "", "", host, NULL, NULL, &err);
    cwrun_core_instance *in = core_instance(
        "(module (import \"h\" \"f\" (func $f))"
        " (func $deep (export \"deep\") (param i32) (if (local.get 0) (then (call $deep (i32.sub (local.get 0) "
        "(i32.const 1))))))"
        " (func (export \"go\") (call $f) (call $deep (i32.const 2000))))",
        linker);
    cwrun_linker_drop(linker);
    assert_non_null(in);
    return in;
}

static void *clear_all_the_time(void *unused)
{
    while (!__atomic_load_n(&stop, __ATOMIC_RELAXED))
        cwrun_interrupt_clear(handle);
    return unused;
}

/* A run within the run: on a stack of its own. */
static cwrun_status call_deep(cwrun_caller *c, const cwrun_core_val *args, size_t n_args, cwrun_core_val *results,
                              size_t n_results, void *user)
{
    const cwrun_core_val few = cwrun_core_i32(20);
    (void)c, (void)args, (void)n_args, (void)results, (void)n_results, (void)user;
    return cwrun_core_func_call(deep, &few, 1, NULL, 0, &err) ? CWRUN_DONE : CWRUN_TRAP;
}

static void clearing_from_another_thread_disturbs_nobody(void **state)
{
    (void)state;
    pthread_t thread;
    cwrun_core_instance *in = instance(call_deep);
    deep = cwrun_core_instance_func(in, "deep", &err);
    stop = 0;
    assert_int_equal(pthread_create(&thread, NULL, clear_all_the_time, NULL), 0);
    int n_failed = 0;
    for (int i = 0; i < ROUNDS; i++) {
        n_failed += !cwrun_core_call(in, "go", NULL, 0, NULL, 0, &err);
        cwrun_error_clear(&err);
        sched_yield();
    }
    __atomic_store_n(&stop, 1, __ATOMIC_RELAXED);
    pthread_join(thread, NULL);
    assert_int_equal(n_failed, 0);
}

static cwrun_status raise_and_clear(cwrun_caller *c, const cwrun_core_val *args, size_t n_args, cwrun_core_val *results,
                                    size_t n_results, void *user)
{
    (void)c, (void)args, (void)n_args, (void)results, (void)n_results, (void)user;
    cwrun_interrupt_raise(handle);
    cwrun_interrupt_clear(handle);
    return CWRUN_DONE;
}

static cwrun_status only_raise(cwrun_caller *c, const cwrun_core_val *args, size_t n_args, cwrun_core_val *results,
                               size_t n_results, void *user)
{
    (void)c, (void)args, (void)n_args, (void)results, (void)n_results, (void)user;
    cwrun_interrupt_raise(handle);
    return CWRUN_DONE;
}

static void a_host_function_that_clears_lets_its_guest_go_on(void **state)
{
    (void)state;
    assert_true(cwrun_core_call(instance(raise_and_clear), "go", NULL, 0, NULL, 0, &err));
    cwrun_core_instance *stopped = instance(only_raise);
    assert_false(cwrun_core_call(stopped, "go", NULL, 0, NULL, 0, &err));
    failed_with(CWRUN_ERROR_LIMIT, "interrupt");
    cwrun_interrupt_clear(handle);
    const cwrun_core_val few = cwrun_core_i32(20);
    assert_true(cwrun_core_call(stopped, "deep", &few, 1, NULL, 0, &err));
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up_interruptible, tear_down_interruptible)
    const struct CMUnitTest tests[] = {
        TEST(clearing_from_another_thread_disturbs_nobody),
        TEST(a_host_function_that_clears_lets_its_guest_go_on),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
