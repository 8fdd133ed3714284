/* unit/test_native.c: native functions as frames: calls, suspension, traps and unwinding. */
#include "../oom/failalloc.h"
#include "exec/exec.h"

#include <setjmp.h>
#include <stdarg.h>
#include <cmocka.h>

typedef struct fixture {
    cw_failalloc f;
    cw_alloc alloc;
    cw_types *types;
    cw_exec x;
    cw_type_id none, unary; /* () -> (), (i64) -> i64 */
    cw_func *add, *twice, *again, *wait, *fail, *deep, *nest;
    char log[200]; /* what was unwound */
} fixture;

static void put_log(cw_func *f, const char *what)
{
    fixture *fx = f->user;
    strncat(fx->log, what, sizeof fx->log - strlen(fx->log) - 1);
}

static cw_step call(cw_thread *t, cw_func *f, uint64_t *args, uint32_t next)
{
    t->call_func = f;
    t->call_args = args;
    t->next_state = next;
    return CW_STEP_CALL;
}

/* n -> n + 1 */
static cw_step add_run(cw_thread *t, cw_func *f, uint64_t *frame, uint32_t state)
{
    (void)t, (void)f;
    frame[0] += 1 + state;
    return CW_STEP_RETURN;
}

/* n -> add(add(n)) + the 1000 kept in its frame meanwhile */
static cw_step twice_run(cw_thread *t, cw_func *f, uint64_t *frame, uint32_t state)
{
    fixture *fx = f->user;
    if (state == 0)
        frame[1] = 1000;
    if (state == 2) {
        frame[0] = frame[3] + frame[1];
        return CW_STEP_RETURN;
    }
    frame[3] = state == 0 ? frame[0] : frame[3];
    return call(t, fx->add, &frame[3], state + 1);
}

/* n -> n after n suspensions */
static cw_step wait_run(cw_thread *t, cw_func *f, uint64_t *frame, uint32_t state)
{
    (void)f;
    if (state == frame[0])
        return CW_STEP_RETURN;
    t->next_state = state + 1;
    return CW_STEP_SUSPEND;
}
static void wait_unwind(cw_thread *t, cw_func *f, uint64_t *frame, uint32_t state)
{
    (void)t;
    char text[40];
    snprintf(text, sizeof text, "wait(%d) at %u;", (int)frame[0], state);
    put_log(f, text);
}

/* n -> wait(n) through a call */
static cw_step again_run(cw_thread *t, cw_func *f, uint64_t *frame, uint32_t state)
{
    fixture *fx = f->user;
    if (state == 0) {
        frame[2] = frame[0];
        return call(t, fx->wait, &frame[2], 1);
    }
    frame[0] = frame[2];
    return CW_STEP_RETURN;
}
static void again_unwind(cw_thread *t, cw_func *f, uint64_t *frame, uint32_t state)
{
    (void)t, (void)frame;
    put_log(f, state == 1 ? "again;" : "again?;");
}

static cw_step fail_run(cw_thread *t, cw_func *f, uint64_t *frame, uint32_t state)
{
    (void)f, (void)state;
    cw_thread_trap(t, CW_TRAP_HOST, "number %d is bad", (int)frame[0]);
    cw_thread_trap(t, CW_TRAP_UNREACHABLE, NULL);
    return CW_STEP_TRAP;
}

/* calls itself for ever */
static cw_step deep_run(cw_thread *t, cw_func *f, uint64_t *frame, uint32_t state)
{
    frame[1] = frame[0];
    return state == 0 ? call(t, f, &frame[1], 1) : CW_STEP_RETURN;
}

/* n -> nested add, wait or fail of n, as user2 says */
static cw_step nest_run(cw_thread *t, cw_func *f, uint64_t *frame, uint32_t state)
{
    (void)state;
    uint64_t result;
    if (!cw_thread_nested(t, f->user2, frame, &result))
        return CW_STEP_TRAP;
    frame[0] = result * 10;
    return CW_STEP_RETURN;
}
static void nest_unwind(cw_thread *t, cw_func *f, uint64_t *frame, uint32_t state)
{
    (void)t, (void)frame, (void)state;
    put_log(f, "nest;");
}

static const cw_native add_native = { add_run, NULL, "add" }, twice_native = { twice_run, NULL, "twice" },
                       wait_native = { wait_run, wait_unwind, "wait" },
                       again_native = { again_run, again_unwind, NULL }, fail_native = { fail_run, NULL, "fail" },
                       deep_native = { deep_run, NULL, "deep" }, nest_native = { nest_run, nest_unwind, "nest" };

static fixture fx;

static int set_up(void **state)
{
    *state = &fx;
    memset(&fx, 0, sizeof fx);
    fx.f.fail_at = SIZE_MAX;
    fx.alloc = cw_failalloc_hook(&fx.f);
    fx.types = cw_types_new(&fx.alloc);
    assert_non_null(fx.types);
    assert_true(cw_exec_init(&fx.x, &fx.alloc, fx.types, NULL, (cw_code_options){ .interruptible = true }));
    cw_valtype i64 = CW_I64;
    fx.unary = cw_types_func(fx.types, &i64, 1, &i64, 1);
    fx.add = cw_func_native_new(&fx.x, fx.unary, &add_native, 0, &fx, NULL, NULL);
    fx.twice = cw_func_native_new(&fx.x, fx.unary, &twice_native, 3, &fx, NULL, NULL);
    fx.wait = cw_func_native_new(&fx.x, fx.unary, &wait_native, 1, &fx, NULL, NULL);
    fx.again = cw_func_native_new(&fx.x, fx.unary, &again_native, 2, &fx, NULL, NULL);
    fx.fail = cw_func_native_new(&fx.x, fx.unary, &fail_native, 1, &fx, NULL, NULL);
    fx.deep = cw_func_native_new(&fx.x, fx.unary, &deep_native, 1, &fx, NULL, NULL);
    fx.nest = cw_func_native_new(&fx.x, fx.unary, &nest_native, 1, &fx, fx.twice, NULL);
    return fx.nest ? 0 : 1;
}

static int tear_down(void **state)
{
    (void)state;
    cw_exec_fini(&fx.x);
    cw_types_drop(fx.types);
    return fx.f.live_blocks == 0 ? 0 : 1;
}

static cw_thread *started(cw_func *f, uint64_t arg)
{
    cw_thread *t = cw_thread_new(&fx.x, NULL);
    assert_non_null(t);
    cw_thread_start(t, f, &arg);
    return t;
}

static void natives_call_natives_and_keep_their_frames(void **state)
{
    (void)state;
    cw_thread *t = started(fx.twice, 5);
    assert_int_equal(cw_thread_run(t), CW_RUN_DONE);
    assert_int_equal(cw_thread_results(t)[0], 5 + 1 + 1 + 1000);
    cw_thread_free(t);
}

static void a_suspended_native_runs_on_with_its_state(void **state)
{
    (void)state;
    cw_thread *a = started(fx.again, 3), *b = started(fx.wait, 1);
    assert_int_equal(cw_thread_run(a), CW_RUN_SUSPENDED);
    assert_true(a->suspended);
    assert_int_equal(cw_thread_run(b), CW_RUN_SUSPENDED);
    assert_int_equal(cw_thread_run(a), CW_RUN_SUSPENDED);
    assert_int_equal(cw_thread_run(b), CW_RUN_DONE);
    assert_int_equal(cw_thread_run(a), CW_RUN_SUSPENDED);
    assert_int_equal(cw_thread_run(a), CW_RUN_DONE);
    assert_int_equal(cw_thread_results(a)[0], 3);
    assert_int_equal(cw_thread_results(b)[0], 1);
    cw_thread_free(a);
    cw_thread_free(b);
    assert_string_equal(fx.log, "");
}

static void freeing_a_suspended_thread_unwinds_innermost_first(void **state)
{
    (void)state;
    cw_thread *t = started(fx.again, 9);
    assert_int_equal(cw_thread_run(t), CW_RUN_SUSPENDED);
    assert_int_equal(cw_thread_run(t), CW_RUN_SUSPENDED);
    cw_thread_free(t);
    assert_string_equal(fx.log, "wait(9) at 2;again;");
}

static void the_end_of_the_store_unwinds_too(void **state)
{
    (void)state;
    assert_int_equal(cw_thread_run(started(fx.again, 9)), CW_RUN_SUSPENDED);
    cw_exec_fini(&fx.x);
    assert_string_equal(fx.log, "wait(9) at 1;again;");
    assert_true(cw_exec_init(&fx.x, &fx.alloc, fx.types, NULL, (cw_code_options){ 0 }));
}

static void a_trap_has_words_and_named_frames_and_the_first_wins(void **state)
{
    (void)state;
    cwrun_error err = CWRUN_ERROR_INIT;
    cw_thread *t = started(fx.fail, 7);
    assert_int_equal(cw_thread_run(t), CW_RUN_TRAPPED);
    cw_thread_error(t, &err);
    assert_int_equal(err.kind, CWRUN_ERROR_TRAP);
    assert_int_equal(err.code, CW_TRAP_HOST);
    assert_string_equal(err.message, "number 7 is bad");
    assert_int_equal(err.n_frames, 1);
    assert_string_equal(err.frames[0].function, "fail");
    cwrun_error_clear(&err);
    cw_thread_free(t);

    t = started(fx.twice, 1); /* the same thread again, clean */
    assert_int_equal(cw_thread_run(t), CW_RUN_DONE);
    assert_int_equal(t->trap, CW_TRAP_NONE);
    cw_thread_free(t);
}

static void calls_without_end_exhaust_the_stack(void **state)
{
    (void)state;
    cwrun_error err = CWRUN_ERROR_INIT;
    cw_thread *t = started(fx.deep, 7);
    assert_int_equal(cw_thread_run(t), CW_RUN_TRAPPED);
    cw_thread_error(t, &err);
    assert_int_equal(err.code, CW_TRAP_STACK);
    assert_string_equal(err.message, "call stack exhausted");
    assert_int_equal(err.n_frames, CW_TRACE_FRAMES);
    cwrun_error_clear(&err);
    cw_thread_free(t);
}

static void nested_runs_give_results(void **state)
{
    (void)state;
    cw_thread *t = started(fx.nest, 5);
    assert_int_equal(cw_thread_run(t), CW_RUN_DONE);
    assert_int_equal(cw_thread_results(t)[0], 10070);

    uint64_t arg = 1, result; /* also on a thread that does not run */
    assert_true(cw_thread_nested(t, fx.twice, &arg, &result));
    assert_int_equal(result, 1003);
    assert_int_equal(cw_thread_results(t)[0], 10070);
    cw_thread_free(t);
}

static void a_nested_run_cannot_block(void **state)
{
    (void)state;
    cwrun_error err = CWRUN_ERROR_INIT;
    cw_func *nest = cw_func_native_new(&fx.x, fx.unary, &nest_native, 1, &fx, fx.again, NULL);
    cw_thread *t = started(nest, 5);
    assert_int_equal(cw_thread_run(t), CW_RUN_TRAPPED);
    assert_string_equal(fx.log, "wait(5) at 1;again;nest;");
    cw_thread_error(t, &err);
    assert_int_equal(err.code, CW_TRAP_CANNOT_BLOCK);
    assert_int_equal(err.n_frames, 2);
    assert_string_equal(err.frames[0].function, "wait");
    assert_string_equal(err.frames[1].function, "nest");
    cwrun_error_clear(&err);
    cw_thread_free(t);
}

static void a_trap_in_a_nested_run_goes_through(void **state)
{
    (void)state;
    cwrun_error err = CWRUN_ERROR_INIT;
    cw_func *nest = cw_func_native_new(&fx.x, fx.unary, &nest_native, 1, &fx, fx.fail, NULL);
    cw_func *outer = cw_func_native_new(&fx.x, fx.unary, &nest_native, 1, &fx, nest, NULL);
    cw_thread *t = started(outer, 4);
    assert_int_equal(cw_thread_run(t), CW_RUN_TRAPPED);
    assert_string_equal(fx.log, "nest;nest;");
    cw_thread_error(t, &err);
    assert_string_equal(err.message, "number 4 is bad");
    assert_int_equal(err.n_frames, 3);
    assert_string_equal(err.frames[0].function, "fail");
    cwrun_error_clear(&err);
    cw_thread_free(t);
}

static void runs_inside_runs_are_bounded(void **state)
{
    (void)state;
    cw_func *nest = cw_func_native_new(&fx.x, fx.unary, &nest_native, 1, &fx, NULL, NULL);
    nest->user2 = nest;
    cwrun_error err = CWRUN_ERROR_INIT;
    cw_thread *t = started(nest, 4);
    assert_int_equal(cw_thread_run(t), CW_RUN_TRAPPED);
    cw_thread_error(t, &err);
    assert_int_equal(err.code, CW_TRAP_STACK);
    assert_int_equal(fx.x.n_nested, 0);
    cwrun_error_clear(&err);
    cw_thread_free(t);
}

static void an_exit_leaves_the_guest_with_its_status(void **state)
{
    (void)state;
    cwrun_error err = CWRUN_ERROR_INIT;
    cw_thread *t = cw_thread_new(&fx.x, NULL);
    cw_thread_exit(t, 42);
    cw_thread_trap(t, CW_TRAP_UNREACHABLE, NULL);
    cw_thread_error(t, &err);
    assert_int_equal(err.kind, CWRUN_ERROR_EXIT);
    assert_int_equal(err.exit_status, 42);
    cwrun_error_clear(&err);
    cw_thread_free(t);

    t = cw_thread_new(&fx.x, NULL);
    cw_thread_limit(t, CWRUN_LIMIT_HANDLES, "more than %d handles", 3);
    cw_thread_error(t, &err);
    assert_int_equal(err.kind, CWRUN_ERROR_LIMIT);
    assert_int_equal(err.code, CWRUN_LIMIT_HANDLES);
    assert_string_equal(err.message, "more than 3 handles");
    cwrun_error_clear(&err);
    cw_thread_free(t);
}

static void an_interrupt_stops_the_next_call(void **state)
{
    (void)state;
    cwrun_error err = CWRUN_ERROR_INIT;
    cw_exec_interrupt(&fx.x);
    cw_thread *t = started(fx.twice, 4);
    assert_int_equal(cw_thread_run(t), CW_RUN_TRAPPED);
    cw_thread_error(t, &err);
    assert_int_equal(err.kind, CWRUN_ERROR_LIMIT);
    assert_int_equal(err.code, CWRUN_LIMIT_TIMEOUT);
    cwrun_error_clear(&err);
    cw_thread_free(t);

    cw_exec_interrupt_clear(&fx.x);
    t = started(fx.twice, 4);
    assert_int_equal(cw_thread_run(t), CW_RUN_DONE);
    cw_thread_free(t);
}

static void threads_come_from_a_pool(void **state)
{
    (void)state;
    cw_thread *a = cw_thread_new(&fx.x, NULL), *b = cw_thread_new(&fx.x, NULL);
    assert_ptr_not_equal(a, b);
    cw_thread_free(a);
    assert_ptr_equal(cw_thread_new(&fx.x, NULL), a);
    cw_thread_free(b);
    cw_thread_free(a);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(natives_call_natives_and_keep_their_frames, set_up, tear_down),
        cmocka_unit_test_setup_teardown(a_suspended_native_runs_on_with_its_state, set_up, tear_down),
        cmocka_unit_test_setup_teardown(freeing_a_suspended_thread_unwinds_innermost_first, set_up, tear_down),
        cmocka_unit_test_setup_teardown(the_end_of_the_store_unwinds_too, set_up, tear_down),
        cmocka_unit_test_setup_teardown(a_trap_has_words_and_named_frames_and_the_first_wins, set_up, tear_down),
        cmocka_unit_test_setup_teardown(calls_without_end_exhaust_the_stack, set_up, tear_down),
        cmocka_unit_test_setup_teardown(nested_runs_give_results, set_up, tear_down),
        cmocka_unit_test_setup_teardown(a_nested_run_cannot_block, set_up, tear_down),
        cmocka_unit_test_setup_teardown(a_trap_in_a_nested_run_goes_through, set_up, tear_down),
        cmocka_unit_test_setup_teardown(runs_inside_runs_are_bounded, set_up, tear_down),
        cmocka_unit_test_setup_teardown(an_exit_leaves_the_guest_with_its_status, set_up, tear_down),
        cmocka_unit_test_setup_teardown(an_interrupt_stops_the_next_call, set_up, tear_down),
        cmocka_unit_test_setup_teardown(threads_come_from_a_pool, set_up, tear_down),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
