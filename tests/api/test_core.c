/* tests/api/test_core.c: core modules through the public interface. */
#include <cwrun.h>
#include <pthread.h>
#include <stdlib.h>
#include <unistd.h>

#include "api/fixture.h"

#define GUESTS "testdata/guests/"

static cwrun_core_instance *guest(const char *path, cwrun_linker *linker)
{
    cwrun_module *m = cwrun_module_open(engine, path, &err);
    cwrun_core_instance *in = cwrun_module_instantiate(store, m, linker, &err);
    cwrun_module_drop(m);
    return in;
}

static cwrun_core_val i32(int32_t v)
{
    cwrun_core_val c = { CWRUN_CORE_I32, { 0 } };
    c.of.i32 = v;
    return c;
}

static void functions_take_and_give_core_values(void **state)
{
    cwrun_core_instance *in = guest(GUESTS "core.wasm", NULL);
    cwrun_core_val args[2] = { i32(40), i32(2) }, results[2];
    (void)state;
    assert_non_null(in);
    assert_true(cwrun_core_call(in, "add", args, 2, results, 1, &err));
    assert_int_equal(results[0].of.i32, 42);
    args[0].type = CWRUN_CORE_I64;
    args[0].of.i64 = -5;
    args[1].type = CWRUN_CORE_F64;
    args[1].of.f64 = 2.5;
    assert_true(cwrun_core_call(in, "swap", args, 2, results, 2, &err));
    assert_true(results[0].of.f64 == 2.5 && results[1].of.i64 == -5);
    const cwrun_core_functype *type = cwrun_core_func_type(cwrun_core_instance_func(in, "swap", &err));
    assert_int_equal(cwrun_core_functype_n_params(type), 2);
    assert_int_equal(cwrun_core_functype_result(type, 0), CWRUN_CORE_F64);
    assert_true(cwrun_core_global_get(in, "answer", results));
    assert_int_equal(results[0].of.i32, 42);
    assert_false(cwrun_core_global_get(in, "add", results));
}

static void misuse_is_an_argument_error(void **state)
{
    cwrun_core_instance *in = guest(GUESTS "core.wasm", NULL);
    cwrun_core_val args[2] = { i32(1), i32(2) }, result;
    (void)state;
    assert_false(cwrun_core_call(in, "ad", args, 2, &result, 1, &err));
    failed_with(CWRUN_ERROR_ARGUMENT, "no exported function `ad` (near: `add`)");
    assert_false(cwrun_core_call(in, "add", args, 1, &result, 1, &err));
    failed_with(CWRUN_ERROR_ARGUMENT, "add takes 2 arguments, 1 given");
    assert_false(cwrun_core_call(in, "add", args, 2, &result, 0, &err));
    failed_with(CWRUN_ERROR_ARGUMENT, "add has 1 results");
    args[1].type = CWRUN_CORE_F32;
    assert_false(cwrun_core_call(in, "add", args, 2, &result, 1, &err));
    failed_with(CWRUN_ERROR_ARGUMENT, "args[1] is of another type");
}

static void memories_are_seen_within_their_bounds(void **state)
{
    cwrun_core_instance *in = guest(GUESTS "core.wasm", NULL);
    uint64_t size = cwrun_core_memory_size(in, NULL);
    (void)state;
    assert_true(size >= 65536);
    assert_non_null(cwrun_core_memory(in, NULL, size - 1, 1));
    assert_null(cwrun_core_memory(in, NULL, size - 1, 2));
    assert_null(cwrun_core_memory(in, NULL, UINT64_MAX, 2));
    assert_null(cwrun_core_memory(in, "nothing", 0, 1));
}

/* ---- host functions ---- */

struct host {
    cwrun_core_instance *in;
    int n_emitted, n_cancelled;
    cwrun_ticket *ticket;
    bool wait, bad_type;
    cwrun_core_val *results;
};

static cwrun_status emit(cwrun_caller *c, const cwrun_core_val *args, size_t n, cwrun_core_val *results,
                         size_t n_results, void *user)
{
    struct host *h = user;
    (void)args;
    (void)results;
    assert_int_equal(n, 3);
    assert_int_equal(n_results, 0);
    assert_ptr_equal(cwrun_caller_core_instance(c), h->in);
    h->n_emitted++;
    return CWRUN_DONE;
}

static cwrun_status asked_again(cwrun_caller *c, const cwrun_core_val *args, size_t n, cwrun_core_val *results,
                                size_t n_results, void *user)
{
    (void)c;
    (void)n;
    (void)n_results;
    (void)user;
    results[0].of.i32 = args[0].of.i32 + 1000;
    return CWRUN_DONE;
}

static void cancelled(void *user)
{
    ((struct host *)user)->n_cancelled++;
}

static void *done_soon(void *user)
{
    struct host *h = user;
    usleep(2000);
    h->results[0].of.i32 = 77;
    cwrun_ticket_done(h->ticket, NULL);
    return NULL;
}

static cwrun_status ask(cwrun_caller *c, const cwrun_core_val *args, size_t n, cwrun_core_val *results,
                        size_t n_results, void *user)
{
    struct host *h = user;
    pthread_t thread;
    if (h->wait)
        return cwrun_core_caller_wait(c, NULL, 0, cwrun_monotonic_now() + 1000000, asked_again, h);
    if (h->bad_type) {
        results[0].type = CWRUN_CORE_I64;
        return CWRUN_DONE;
    }
    if (args[0].of.i32 == 0)
        return cwrun_caller_trap(c, "nothing to ask");
    if (args[0].of.i32 == 1) {
        h->ticket = cwrun_caller_defer(c, cancelled, h);
        h->results = results;
        pthread_create(&thread, NULL, done_soon, h);
        pthread_detach(thread);
        return CWRUN_PENDING;
    }
    return cwrun_core_call(h->in, "twice", args, n, results, n_results, NULL) ? CWRUN_DONE : CWRUN_TRAP;
}

static cwrun_linker *linker_for(struct host *h)
{
    cwrun_linker *linker = cwrun_linker_new(engine, &err);
    cwrun_linker_core_func(linker, "host", "emit", NULL, NULL, emit, h, NULL, &err);
    cwrun_linker_core_func(linker, "host", "ask", "i", "i", ask, h, NULL, &err);
    return linker;
}

static int32_t handle(struct host *h, int32_t size)
{
    cwrun_core_val args[3] = { i32(1), i32(1024), i32(size) }, result = { 0 };
    cwrun_core_call(h->in, "handle", args, 3, &result, 1, &err);
    return result.of.i32;
}

static void host_functions_answer_now_or_later(void **state)
{
    struct host h = { 0 };
    cwrun_linker *linker = linker_for(&h);
    (void)state;
    h.in = guest(GUESTS "plugin.wasm", linker);
    assert_non_null(h.in);
    assert_int_equal(handle(&h, 5), 10);
    assert_int_equal(handle(&h, 1), 77);
    h.wait = true;
    assert_int_equal(handle(&h, 5), 1005);
    h.wait = false;
    assert_false(cwrun_failed(&err));
    assert_int_equal(h.n_cancelled, 0);
    handle(&h, 0);
    failed_with(CWRUN_ERROR_TRAP, "nothing to ask");
    h.bad_type = true;
    handle(&h, 5);
    failed_with(CWRUN_ERROR_TRAP, "a result of a host function is of another type");
    assert_int_equal(h.n_emitted, 5);
    h.bad_type = false;
    assert_int_equal(handle(&h, 5), 10); /* a core instance is not closed by a trap */
    cwrun_linker_drop(linker);
}

static void missing_and_ill_typed_imports_are_reported_at_once(void **state)
{
    struct host h = { 0 };
    cwrun_linker *linker = cwrun_linker_new(engine, &err);
    (void)state;
    cwrun_linker_core_func(linker, "host", "ask", "l", "i", ask, &h, NULL, &err);
    assert_null(guest(GUESTS "plugin.wasm", linker));
    assert_int_equal(err.kind, CWRUN_ERROR_LINK);
    assert_non_null(strstr(err.message, "\"host\" \"emit\""));
    failed_with(CWRUN_ERROR_LINK, "\"host\" \"ask\"");
    assert_null(guest(GUESTS "plugin.wasm", NULL));
    failed_with(CWRUN_ERROR_LINK, "2 imports");
    cwrun_linker_drop(linker);

    linker = cwrun_linker_new(engine, &err);
    cwrun_linker_stub_rest(linker, true);
    h.in = guest(GUESTS "plugin.wasm", linker);
    assert_non_null(h.in);
    handle(&h, 1);
    failed_with(CWRUN_ERROR_TRAP, "`host.emit` is an import that nothing was given for");
    cwrun_linker_drop(linker);
}

static void an_instance_gives_its_exports_to_another(void **state)
{
    /* (module (import "m" "add" (func $add (param i32 i32) (result i32))) (export "sum" (func $add))) */
    static const uint8_t bytes[] = {
        0, 'a', 's', 'm', 1,   0,   0,   0, 1, 7, 1, 0x60, 2, 0x7f, 0x7f, 1,   0x7f, 2, 9,
        1, 1,   'm', 3,   'a', 'd', 'd', 0, 0, 7, 7, 1,    3, 's',  'u',  'm', 0,    0,
    };
    cwrun_linker *linker = cwrun_linker_new(engine, &err);
    cwrun_core_val args[2] = { i32(1), i32(2) }, sum;
    (void)state;
    cwrun_linker_core_instance(linker, "m", guest(GUESTS "core.wasm", NULL), &err);
    cwrun_module *m = cwrun_module_load(engine, bytes, sizeof bytes, "sum", &err);
    cwrun_core_instance *in = cwrun_module_instantiate(store, m, linker, &err);
    assert_false(cwrun_failed(&err));
    assert_true(cwrun_core_call(in, "sum", args, 2, &sum, 1, &err));
    assert_int_equal(sum.of.i32, 3);
    cwrun_item item = cwrun_module_import(m, 0);
    assert_int_equal(item.kind, CWRUN_ITEM_CORE_FUNC);
    assert_int_equal(cwrun_module_import(m, 1).kind, 0);
    assert_int_equal(cwrun_module_n_exports(m), 1);
    cwrun_module_drop(m);
    cwrun_linker_drop(linker);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(functions_take_and_give_core_values),
        TEST(misuse_is_an_argument_error),
        TEST(memories_are_seen_within_their_bounds),
        TEST(host_functions_answer_now_or_later),
        TEST(missing_and_ill_typed_imports_are_reported_at_once),
        TEST(an_instance_gives_its_exports_to_another),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
