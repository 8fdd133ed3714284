/* tests/api/test_component.c: linking, instantiation, calls and handles through the public interface. */
#include <cwrun.h>
#include <stdlib.h>

#include "api/fixture.h"

#define GUESTS "testdata/guests/"
#define ECHO "cwrun:guests/echo@0.1.0#"
#define COUNTERS "cwrun:guests/counters@0.1.0#"

static cwrun_component *open_guest(const char *name)
{
    char path[256];
    snprintf(path, sizeof path, GUESTS "%s.wasm", name);
    cwrun_component *c = cwrun_component_open(engine, path, &err);
    if (!c)
        fail_msg("%s", err.message);
    return c;
}

/* The component's handle is given up at once: its store keeps it. */
static cwrun_instance *guest_with(const char *name, cwrun_linker *linker)
{
    cwrun_component *c = open_guest(name);
    cwrun_instance *in = cwrun_instantiate(store, c, linker, &err);
    cwrun_component_drop(c);
    return in;
}

static cwrun_instance *guest(const char *name)
{
    cwrun_instance *in = guest_with(name, NULL);
    if (!in)
        fail_msg("%s", err.message);
    return in;
}

static void succeeded(bool ok)
{
    if (!ok)
        fail_msg("%s", err.message ? err.message : "failed without an error");
}

/* ---- functions by name ---- */

static void functions_are_found_by_whole_and_by_bare_names(void **state)
{
    cwrun_instance *in = guest("records");
    (void)state;
    cwrun_func *f = cwrun_instance_func(in, ECHO "echo-u8", &err);
    assert_non_null(f);
    assert_string_equal(cwrun_func_name(f), ECHO "echo-u8");
    assert_ptr_equal(cwrun_instance_func(in, ECHO "echo-u8", &err), f);
    assert_string_equal(cwrun_func_name(cwrun_instance_func(in, "echo-u8", &err)), ECHO "echo-u8");
    assert_string_equal(cwrun_func_name(cwrun_instance_func(in, "cwrun:guests/echo.echo-u8", &err)), ECHO "echo-u8");
    assert_string_equal(cwrun_func_name(cwrun_instance_func(in, "cwrun:guests/echo@0.1.0.echo-u8", &err)),
                        ECHO "echo-u8");
    assert_false(cwrun_failed(&err));
    assert_null(cwrun_instance_func(in, "eco-u8", &err));
    failed_with(CWRUN_ERROR_ARGUMENT, "no exported function `eco-u8` (near: `" ECHO "echo-u8`");
}

/* ---- arguments ---- */

static void wrong_arguments_name_their_place_and_leave_the_instance_usable(void **state)
{
    cwrun_instance *in = guest("records");
    cwrun_val v = cwrun_u32(1), two[2] = { cwrun_u32(1), cwrun_u32(1) }, result;
    cwrun_str bad[2] = { { "ok", 2 }, { "\xff", 1 } };
    cwrun_list inner = { bad, 2 }, outer = { &inner, 1 };
    (void)state;
    assert_false(cwrun_call(in, "echo-u32", two, 2, &result, NULL, &err));
    failed_with(CWRUN_ERROR_ARGUMENT, "takes 1 argument, 2 given");
    assert_false(cwrun_call(in, "echo-string", &v, 1, &result, NULL, &err));
    failed_with(CWRUN_ERROR_ARGUMENT, "args[0]: expected string, found u32");
    v = cwrun_char(0xd800);
    assert_false(cwrun_call(in, "echo-char", &v, 1, &result, NULL, &err));
    failed_with(CWRUN_ERROR_ARGUMENT, "args[0]: 0xd800 is not a Unicode scalar value");
    v = cwrun_val_of(cwrun_func_param(cwrun_instance_func(in, "echo-nested", &err), 0), &outer, sizeof outer, &err);
    assert_false(cwrun_call(in, "echo-nested", &v, 1, &result, NULL, &err));
    failed_with(CWRUN_ERROR_ARGUMENT, "args[0][0][1]: not UTF-8");
    assert_false(cwrun_call(in, "echo-people", &v, 1, &result, NULL, &err));
    failed_with(CWRUN_ERROR_ARGUMENT, "args[0]: expected list, found a value of another type");
    bad[1] = cwrun_str_of("fine");
    succeeded(cwrun_call(in, "echo-nested", &v, 1, &result, NULL, &err));
    cwrun_val inside = cwrun_val_at(&result, 0);
    inside = cwrun_val_at(&inside, 1);
    assert_memory_equal(inside.of.string.data, "fine", 5);
}

static void an_error_that_is_set_stops_what_follows(void **state)
{
    cwrun_instance *in = guest("adder");
    cwrun_val args[2] = { cwrun_s32(1), cwrun_s32(2) }, sum;
    (void)state;
    cwrun_error_set(&err, CWRUN_ERROR_ARGUMENT, 0, "before");
    assert_null(cwrun_instance_func(in, "add", &err));
    assert_false(cwrun_call(in, "add", args, 2, &sum, NULL, &err));
    failed_with(CWRUN_ERROR_ARGUMENT, "before");
    succeeded(cwrun_call(in, "add", args, 2, &sum, NULL, NULL));
    assert_int_equal(sum.of.s32, 3);
    assert_int_equal(sum.kind, CWRUN_KIND_S32);
    assert_null(cwrun_component_open(engine, GUESTS "none.wasm", NULL));
    assert_false(cwrun_func_call(NULL, args, 2, &sum, NULL, &err));
}

static void a_result_lives_until_the_call_after_the_next_returns(void **state)
{
    cwrun_instance *in = guest("strings");
    cwrun_val a[2] = { cwrun_string(cwrun_str_of("ab")), cwrun_string(cwrun_str_of("cd")) }, first, second;
    (void)state;
    succeeded(cwrun_call(in, "concat", a, 2, &first, NULL, &err));
    a[0] = first;
    a[1] = first;
    succeeded(cwrun_call(in, "concat", a, 2, &second, NULL, &err));
    assert_int_equal(first.of.string.size, 4);
    assert_memory_equal(first.of.string.data, "abcd", 5);
    assert_memory_equal(second.of.string.data, "abcdabcd", 9);

    cwrun_arena *arena = cwrun_arena_new(NULL);
    succeeded(cwrun_call(in, "concat", a, 2, &first, arena, &err));
    for (int i = 0; i < 4; i++)
        succeeded(cwrun_call(in, "concat", a, 2, &second, NULL, &err));
    assert_memory_equal(first.of.string.data, "abcdabcd", 9);
    cwrun_arena_drop(arena);
}

static void polled_calls_copy_their_arguments(void **state)
{
    cwrun_instance *in = guest("strings");
    char text[] = "abc";
    cwrun_val a[2] = { cwrun_string(cwrun_str_of(text)), cwrun_string(cwrun_str_of("!")) };
    (void)state;
    cwrun_polled *p = cwrun_call_start(cwrun_instance_func(in, "concat", &err), a, 2, &err);
    memset(text, 'x', 3);
    assert_int_equal(cwrun_call_result(p).kind, 0);
    assert_int_equal(cwrun_call_poll(p, &err), CWRUN_DONE);
    assert_int_equal(cwrun_call_poll(p, &err), CWRUN_DONE);
    assert_memory_equal(cwrun_call_result(p).of.string.data, "abc!", 5);
    cwrun_call_drop(p);

    p = cwrun_call_start(cwrun_instance_func(in, "concat", &err), a, 1, &err);
    assert_null(p);
    failed_with(CWRUN_ERROR_ARGUMENT, "takes 2 arguments, 1 given");
    a[1] = cwrun_u32(1);
    p = cwrun_call_start(cwrun_instance_func(in, "concat", &err), a, 2, &err);
    assert_int_equal(cwrun_call_poll(p, &err), CWRUN_FAILED);
    failed_with(CWRUN_ERROR_ARGUMENT, "args[1]: expected string, found u32");
    assert_int_equal(cwrun_call_poll(p, &err), CWRUN_FAILED);
    failed_with(CWRUN_ERROR_ARGUMENT, "has failed before");
    cwrun_call_drop(p);
}

/* ---- traps and limits ---- */

static void a_trap_closes_its_instance_and_no_other(void **state)
{
    cwrun_instance *in = guest("traps"), *other = guest("traps");
    (void)state;
    assert_false(cwrun_call(in, "unreachable", NULL, 0, NULL, NULL, &err));
    assert_int_equal(err.kind, CWRUN_ERROR_TRAP);
    assert_true(err.n_frames > 0);
    failed_with(CWRUN_ERROR_TRAP, "unreachable");
    assert_false(cwrun_call(in, "load", NULL, 0, NULL, NULL, &err));
    failed_with(CWRUN_ERROR_TRAP, "cannot enter component instance");
    assert_false(cwrun_call(other, "string-outside", NULL, 0, NULL, NULL, &err));
    failed_with(CWRUN_ERROR_TRAP, "string pointer/length out of bounds of memory");
}

static void limits_are_errors_that_name_the_option(void **state)
{
    cwrun_limits limits = { 0 };
    cwrun_val args[2] = { cwrun_string(cwrun_str_of("0123456789abcdef")), cwrun_u32(100) }, result;
    (void)state;
    limits.max_call_bytes = 1000;
    limits.max_instances = 3;
    cwrun_store_drop(store);
    store = cwrun_store_new(engine, &limits, &err);
    cwrun_instance *in = guest("strings");
    assert_false(cwrun_call(in, "repeat", args, 2, &result, NULL, &err));
    assert_int_equal(err.code, CWRUN_LIMIT_CALL_BYTES);
    failed_with(CWRUN_ERROR_LIMIT, "--max-call-bytes");
    cwrun_component *c = open_guest("strings");
    bool ok = true;
    for (int i = 0; i < 3 && ok; i++)
        ok = cwrun_instantiate(store, c, NULL, &err) != NULL;
    assert_false(ok);
    assert_int_equal(err.code, CWRUN_LIMIT_INSTANCES);
    failed_with(CWRUN_ERROR_LIMIT, "--max-instances");
    cwrun_component_drop(c);
}

/* ---- linking ---- */

static cwrun_status ignore(cwrun_caller *caller, const cwrun_val *args, size_t n_args, cwrun_val *result, void *user)
{
    (void)caller;
    (void)args;
    (void)n_args;
    (void)result;
    (void)user;
    return CWRUN_DONE;
}

static void all_missing_imports_are_reported_at_once(void **state)
{
    cwrun_linker *linker = cwrun_linker_new(engine, &err);
    (void)state;
    cwrun_linker_func(linker, NULL, "logg", NULL, ignore, NULL, NULL, &err);
    assert_null(guest_with("needs", linker));
    assert_int_equal(err.kind, CWRUN_ERROR_LINK);
    assert_non_null(strstr(err.message, "3 imports of"));
    assert_non_null(strstr(err.message, "`log`: func(line: string) (there is `logg`)"));
    assert_non_null(strstr(err.message, "`test:store/kv@1.2.0`: an interface that nothing gives"));
    assert_non_null(strstr(err.message, "\n    open: func(name: string) -> bucket"));
    assert_non_null(strstr(err.message, "`wasi:clocks/sundial@0.2.0`"));
    cwrun_error_clear(&err);
    cwrun_linker_drop(linker);
}

static void parts_of_an_interface_that_are_missing_are_named(void **state)
{
    cwrun_linker *linker = cwrun_linker_new(engine, &err);
    (void)state;
    cwrun_linker_func(linker, NULL, "log", NULL, ignore, NULL, NULL, &err);
    cwrun_linker_func(linker, "test:store/kv@1.0.0", "open", NULL, ignore, NULL, NULL, &err);
    cwrun_linker_func(linker, "test:store/kv@2.0.0", "[method]bucket.get", NULL, ignore, NULL, NULL, &err);
    cwrun_linker_func(linker, "wasi:clocks/sundial@0.2.9", "shadow", NULL, ignore, NULL, NULL, &err);
    assert_null(guest_with("needs", linker));
    assert_non_null(strstr(err.message, "2 imports of"));
    assert_non_null(strstr(err.message, "`test:store/kv@1.2.0#bucket`: resource"));
    failed_with(CWRUN_ERROR_LINK,
                "`test:store/kv@1.2.0#[method]bucket.get`: func(self: borrow<bucket>, key: string) -> option<string>");
    cwrun_linker_drop(linker);
}

static void a_function_of_another_type_does_not_fit(void **state)
{
    cwrun_linker *linker = cwrun_linker_new(engine, &err);
    (void)state;
    cwrun_linker_func(linker, NULL, "log", "func(line: list<u8>)", ignore, NULL, NULL, &err);
    cwrun_linker_stub_rest(linker, true);
    assert_null(guest_with("needs", linker));
    failed_with(CWRUN_ERROR_LINK, "`log`: func(line: string): the host defines it as func(line: list<u8>)");
    cwrun_linker_drop(linker);
}

static void stubs_link_and_trap_with_their_name(void **state)
{
    cwrun_linker *linker = cwrun_linker_new(engine, &err);
    (void)state;
    cwrun_linker_stub_rest(linker, true);
    cwrun_instance *in = guest_with("needs", linker);
    assert_non_null(in);
    assert_false(cwrun_call(in, "run", NULL, 0, NULL, NULL, &err));
    failed_with(CWRUN_ERROR_TRAP, "`log` is an import that nothing was given for");
    cwrun_linker_drop(linker);
}

static void a_linker_that_was_used_does_not_change(void **state)
{
    cwrun_linker *linker = cwrun_linker_new(engine, &err);
    (void)state;
    cwrun_linker_func(linker, NULL, "log", NULL, ignore, NULL, NULL, &err);
    assert_non_null(guest_with("logger", linker));
    assert_false(cwrun_linker_func(linker, NULL, "log", NULL, ignore, NULL, NULL, &err));
    failed_with(CWRUN_ERROR_ARGUMENT, "does not change any more");
    cwrun_linker_drop(linker);
}

static int n_dropped_users;

static void drop_user(void *user)
{
    (void)user;
    n_dropped_users++;
}

static cwrun_status trap_with_word(cwrun_caller *caller, const cwrun_val *args, size_t n_args, cwrun_val *result,
                                   void *user)
{
    (void)args;
    (void)n_args;
    (void)result;
    return cwrun_caller_trap(caller, "word: %s", (const char *)user);
}

static cwrun_status exit_seven(cwrun_caller *caller, const cwrun_val *args, size_t n_args, cwrun_val *result,
                               void *user)
{
    (void)args;
    (void)n_args;
    (void)result;
    (void)user;
    return cwrun_caller_exit(caller, 7);
}

static void a_later_definition_replaces_an_earlier_one(void **state)
{
    cwrun_linker *linker = cwrun_linker_new(engine, &err);
    cwrun_val v = cwrun_u32(1);
    (void)state;
    n_dropped_users = 0;
    cwrun_linker_func(linker, NULL, "log", NULL, trap_with_word, (void *)"first", drop_user, &err);
    cwrun_linker_func(linker, NULL, "log", NULL, trap_with_word, (void *)"second", drop_user, &err);
    cwrun_instance *in = guest_with("logger", linker);
    cwrun_linker_drop(linker); /* the store keeps it */
    assert_int_equal(n_dropped_users, 0);
    assert_false(cwrun_call(in, "run", &v, 1, NULL, NULL, &err));
    failed_with(CWRUN_ERROR_TRAP, "word: second");
    cwrun_store_drop(store);
    assert_int_equal(n_dropped_users, 2);
    store = cwrun_store_new(engine, NULL, &err);
}

static void an_exit_is_no_trap(void **state)
{
    cwrun_linker *linker = cwrun_linker_new(engine, &err);
    cwrun_val v = cwrun_u32(1);
    (void)state;
    cwrun_linker_func(linker, NULL, "log", NULL, exit_seven, NULL, NULL, &err);
    cwrun_instance *in = guest_with("logger", linker);
    assert_false(cwrun_call(in, "run", &v, 1, NULL, NULL, &err));
    assert_int_equal(err.exit_status, 7);
    failed_with(CWRUN_ERROR_EXIT, "7");
    cwrun_linker_drop(linker);
}

static cwrun_status drop_store(cwrun_caller *caller, const cwrun_val *args, size_t n_args, cwrun_val *result,
                               void *user)
{
    (void)args;
    (void)n_args;
    (void)result;
    (void)user;
    cwrun_store_drop(cwrun_caller_store(caller));
    return CWRUN_DONE;
}

static void a_store_may_be_dropped_by_its_own_host_function(void **state)
{
    cwrun_linker *linker = cwrun_linker_new(engine, &err);
    cwrun_val v = cwrun_u32(1);
    (void)state;
    cwrun_linker_func(linker, NULL, "log", NULL, drop_store, NULL, NULL, &err);
    cwrun_instance *in = guest_with("logger", linker);
    succeeded(cwrun_call(in, "run", &v, 1, NULL, NULL, &err));
    store = cwrun_store_new(engine, NULL, &err); /* the other is gone */
    cwrun_linker_drop(linker);
}

static void everything_may_be_dropped_in_any_order(void **state)
{
    cwrun_engine *e = cwrun_engine_new(NULL, &err);
    cwrun_component *c = cwrun_component_open(e, GUESTS "adder.wasm", &err);
    cwrun_store *s = cwrun_store_new(e, NULL, &err);
    cwrun_val args[2] = { cwrun_s32(1), cwrun_s32(2) }, sum;
    (void)state;
    cwrun_engine_drop(e);
    cwrun_instance *in = cwrun_instantiate(s, c, NULL, &err);
    cwrun_component_drop(c);
    succeeded(cwrun_call(in, "add", args, 2, &sum, NULL, &err));
    cwrun_store_drop(s);
}

static void instances_can_be_given_to_another_component(void **state)
{
    cwrun_linker *linker = cwrun_linker_new(engine, &err);
    cwrun_component *consumer = cwrun_component_open(engine, "tests/api/consumer.wasm", &err);
    cwrun_instance *adder = guest("adder"), *counters = guest("resources");
    cwrun_val args[2] = { cwrun_s32(40), cwrun_s32(2) }, sum, kept;
    (void)state;
    cwrun_linker_instance(linker, "add", adder, &err);
    cwrun_linker_instance(linker, "cwrun:guests/counters@0.1.0", counters, &err); /* 0.1.2 is asked for */
    cwrun_instance *in = cwrun_instantiate(store, consumer, linker, &err);
    succeeded(in != NULL);
    succeeded(cwrun_call(in, "sum", args, 2, &sum, NULL, &err));
    assert_int_equal(sum.of.s32, 42);
    args[0] = cwrun_u32(7);
    succeeded(cwrun_call(in, "count", args, 1, &sum, NULL, &err));
    assert_int_equal(sum.of.u32, 7);
    succeeded(cwrun_call(counters, COUNTERS "dropped", NULL, 0, &sum, NULL, &err));
    assert_int_equal(sum.of.u32, 1);
    /* what comes out of one can be used in the other: it is one resource type */
    succeeded(cwrun_call(in, "keep", args, 1, &kept, NULL, &err));
    succeeded(cwrun_call(counters, COUNTERS "[method]counter.value", &kept, 1, &sum, NULL, &err));
    assert_int_equal(sum.of.u32, 7);
    cwrun_linker_drop(linker);

    linker = cwrun_linker_new(engine, &err);
    cwrun_linker_instance(linker, "add", guest("strings"), &err);
    cwrun_linker_instance(linker, "cwrun:guests/counters@0.1.0", guest("records"), &err);
    assert_null(cwrun_instantiate(store, consumer, linker, &err));
    assert_non_null(strstr(err.message, "`add`: func(a: s32, b: s32) -> s32"));
    failed_with(CWRUN_ERROR_LINK, "`cwrun:guests/counters@0.1.2`");
    cwrun_linker_drop(linker);
    cwrun_component_drop(consumer);
}

/* ---- handles ---- */

static cwrun_val counter(cwrun_instance *in, uint32_t start)
{
    cwrun_val v = cwrun_u32(start), made;
    succeeded(cwrun_call(in, COUNTERS "[constructor]counter", &v, 1, &made, NULL, &err));
    return made;
}

static uint32_t number(cwrun_instance *in, const char *name, const cwrun_val *args, size_t n)
{
    cwrun_val v;
    succeeded(cwrun_call(in, name, args, n, &v, NULL, &err));
    return v.of.u32;
}

static void an_own_handle_moves_and_a_borrow_stays(void **state)
{
    cwrun_instance *in = guest("resources");
    cwrun_val a = counter(in, 1), b = counter(in, 2), both[2] = { a, b }, sum;
    (void)state;
    assert_int_equal(number(in, COUNTERS "[method]counter.value", &a, 1), 1);
    assert_int_equal(number(in, COUNTERS "[method]counter.value", &a, 1), 1);
    succeeded(cwrun_call(in, COUNTERS "[static]counter.merge", both, 2, &sum, NULL, &err));
    assert_int_equal(number(in, COUNTERS "[method]counter.value", &sum, 1), 3);
    assert_false(cwrun_call(in, COUNTERS "[method]counter.value", &a, 1, NULL, NULL, &err));
    failed_with(CWRUN_ERROR_ARGUMENT, "args[0]: a stale handle");
    both[0] = both[1] = sum;
    assert_false(cwrun_call(in, COUNTERS "[static]counter.merge", both, 2, NULL, NULL, &err));
    failed_with(CWRUN_ERROR_ARGUMENT, "given away and used again");
    assert_int_equal(number(in, COUNTERS "live", NULL, 0), 1);
    assert_true(cwrun_handle_drop(store, sum.of.handle, &err));
    assert_int_equal(number(in, COUNTERS "live", NULL, 0), 0);
    assert_int_equal(number(in, COUNTERS "dropped", NULL, 0), 3);
    assert_false(cwrun_handle_drop(store, 0, &err));
    failed_with(CWRUN_ERROR_ARGUMENT, "no such handle");
}

static void a_handle_of_another_instance_is_of_another_type(void **state)
{
    cwrun_instance *in = guest("resources"), *other = guest("resources");
    cwrun_val a = counter(in, 1);
    (void)state;
    assert_false(cwrun_call(other, COUNTERS "[method]counter.value", &a, 1, NULL, NULL, &err));
    failed_with(CWRUN_ERROR_ARGUMENT, "a handle of another resource type");
    assert_null(cwrun_handle_object(store, a.of.handle));
}

static void handles_in_results_that_nobody_wants_are_dropped(void **state)
{
    cwrun_instance *in = guest("resources");
    cwrun_val args[2] = { cwrun_u32(1), cwrun_u32(5) }, v;
    (void)state;
    succeeded(cwrun_call(in, COUNTERS "make", args, 2, NULL, NULL, &err));
    succeeded(cwrun_call(in, COUNTERS "[constructor]counter", args, 1, NULL, NULL, &err));
    assert_int_equal(number(in, COUNTERS "live", NULL, 0), 0);
    args[1] = cwrun_u32(0);
    succeeded(cwrun_call(in, COUNTERS "make", args, 2, &v, NULL, &err));
    assert_int_equal(cwrun_val_case(&v), 1);
}

static void a_guest_that_trapped_lets_its_handles_go(void **state)
{
    cwrun_limits limits = { 0 };
    (void)state;
    limits.max_handles = 4;
    cwrun_store_drop(store);
    store = cwrun_store_new(engine, &limits, &err);
    cwrun_instance *in = guest("resources");
    cwrun_val made[5], v = cwrun_u32(1);
    for (int i = 0; i < 4; i++)
        made[i] = counter(in, 1);
    assert_false(cwrun_call(in, COUNTERS "[constructor]counter", &v, 1, &made[4], NULL, &err));
    assert_int_equal(err.code, CWRUN_LIMIT_HANDLES);
    failed_with(CWRUN_ERROR_LIMIT, "--max-handles");
    for (int i = 0; i < 4; i++)
        assert_true(cwrun_handle_drop(store, made[i].of.handle, &err));
}

/* ---- host resources ---- */

struct connections {
    int n_open, n_closed;
    cwrun_handle kept;
    bool bad_result;
};

static cwrun_status open_connection(cwrun_caller *caller, const cwrun_val *args, size_t n_args, cwrun_val *result,
                                    void *user)
{
    struct connections *all = user;
    (void)args;
    (void)n_args;
    all->n_open++;
    *result = all->bad_result ? cwrun_own(12345)
                              : cwrun_own(cwrun_resource_new(caller, "demo:kv-store/kvdb", "connection", all));
    assert_int_equal(cwrun_resource_new(caller, "demo:kv-store/kvdb", "nothing", all), 0);
    return CWRUN_DONE;
}

static void close_connection(void *object, void *user)
{
    (void)user;
    ((struct connections *)object)->n_closed++;
}

static cwrun_linker *kv_linker(struct connections *all)
{
    cwrun_linker *linker = cwrun_linker_new(engine, &err);
    cwrun_linker_resource(linker, "demo:kv-store/kvdb", "connection", close_connection, NULL, NULL, &err);
    cwrun_linker_func(linker, "demo:kv-store/kvdb", "[constructor]connection", "func() -> connection", open_connection,
                      all, NULL, &err);
    cwrun_linker_stub_rest(linker, true);
    return linker;
}

static void host_objects_are_finalized_once(void **state)
{
    struct connections all = { 0, 0, 0, false };
    cwrun_linker *linker = kv_linker(&all);
    cwrun_instance *in = guest_with("kv", linker);
    cwrun_val v = cwrun_u32(500), args[2] = { cwrun_string(cwrun_str_of("k")), cwrun_string(cwrun_str_of("v")) };
    (void)state;
    assert_int_equal(number(in, "open-many", &v, 1), 500);
    assert_int_equal(all.n_open, 500);
    assert_int_equal(all.n_closed, 500);
    /* replace-value opens a connection and then meets a stub: the object goes with the store */
    assert_false(cwrun_call(in, "replace-value", args, 2, NULL, NULL, &err));
    failed_with(CWRUN_ERROR_TRAP, "[method]connection.get` is an import that nothing was given for");
    assert_int_equal(all.n_closed, 500);
    cwrun_store_drop(store);
    assert_int_equal(all.n_closed, 501);
    store = cwrun_store_new(engine, NULL, &err);
    cwrun_linker_drop(linker);
}

static void a_wrong_result_of_the_host_is_a_trap_that_names_it(void **state)
{
    struct connections all = { 0, 0, 0, true };
    cwrun_linker *linker = kv_linker(&all);
    cwrun_instance *in = guest_with("kv", linker);
    cwrun_val v = cwrun_u32(1);
    (void)state;
    assert_false(cwrun_call(in, "open-many", &v, 1, NULL, NULL, &err));
    failed_with(CWRUN_ERROR_TRAP, "host function `demo:kv-store/kvdb#[constructor]connection`: result: a stale handle");
    cwrun_linker_drop(linker);
}

/* ---- stores ---- */

static int n_drops;

static void count_drop(void *data)
{
    n_drops += *(int *)data;
}

static void data_and_extensions_of_a_store_are_dropped_with_it(void **state)
{
    static const char key_a, key_b;
    int one = 1, ten = 10, hundred = 100;
    (void)state;
    n_drops = 0;
    cwrun_store *s = cwrun_store_new(engine, NULL, &err);
    cwrun_store_set_data(s, &one, count_drop);
    assert_true(cwrun_store_set_extension(s, &key_a, &ten, count_drop, &err));
    assert_true(cwrun_store_set_extension(s, &key_b, &one, NULL, &err));
    assert_ptr_equal(cwrun_store_extension(s, &key_a), &ten);
    assert_true(cwrun_store_set_extension(s, &key_a, &hundred, count_drop, &err));
    assert_int_equal(n_drops, 10);
    assert_ptr_equal(cwrun_store_data(s), &one);
    assert_null(cwrun_store_extension(s, &one));
    cwrun_store_drop(s);
    assert_int_equal(n_drops, 111);
}

static const char keys[40];
static cwrun_store *going;

/* Extensions enough to move the list; or the end of the store. */
static void drop_adds(void *data)
{
    static int one = 1;
    count_drop(data);
    for (int i = 1; i < 40; i++)
        assert_true(cwrun_store_set_extension(going, &keys[i], &one, count_drop, &err));
    cwrun_store_set_data(going, &one, count_drop);
}

static void drop_drops(void *data)
{
    count_drop(data);
    cwrun_store_drop(going);
}

static void the_drop_of_data_and_extensions_may_change_the_store_or_end_it(void **state)
{
    int hundred = 100, thousand = 1000;
    (void)state;
    n_drops = 0;
    going = cwrun_store_new(engine, NULL, &err);
    assert_true(cwrun_store_set_extension(going, &keys[0], &hundred, drop_adds, &err));
    assert_true(cwrun_store_set_extension(going, &keys[0], &thousand, NULL, &err));
    assert_int_equal(n_drops, 100);
    assert_ptr_equal(cwrun_store_extension(going, &keys[0]), &thousand);
    assert_non_null(cwrun_store_extension(going, &keys[39]));
    cwrun_store_set_data(going, &hundred,
                         drop_adds); /* which drops what the one before has set, and is not one of it */
    n_drops = 0;
    cwrun_store_set_data(going, &thousand, count_drop);
    assert_int_equal(n_drops, 1139); /* the data that `drop` sets is the last, and drops the one before */
    cwrun_store_drop(going);
    assert_int_equal(n_drops, 1139 + 39 + 1);

    /* as the store goes */
    n_drops = 0;
    going = cwrun_store_new(engine, NULL, &err);
    assert_true(cwrun_store_set_extension(going, &keys[0], &hundred, drop_adds, &err));
    cwrun_store_drop(going);
    assert_int_equal(n_drops, 100 + 39 + 1);

    for (int as_data = 0; as_data < 2; as_data++) {
        n_drops = 0;
        going = cwrun_store_new(engine, NULL, &err);
        assert_true(cwrun_store_set_extension(going, &keys[0], &hundred, drop_drops, &err));
        cwrun_store_set_data(going, &hundred, drop_drops);
        if (as_data)
            cwrun_store_set_data(going, &thousand, count_drop);
        else
            assert_true(cwrun_store_set_extension(going, &keys[0], &thousand, count_drop, &err));
        assert_int_equal(n_drops, 1200);
    }
}

static void fuel_runs_out(void **state)
{
    cwrun_config config = CWRUN_CONFIG_INIT;
    cwrun_val args[2] = { cwrun_s32(1), cwrun_s32(2) }, sum;
    (void)state;
    config.fuel = true;
    cwrun_engine *e = cwrun_engine_new(&config, &err);
    cwrun_component *c = cwrun_component_open(e, GUESTS "traps.wasm", &err),
                    *adder = cwrun_component_open(e, GUESTS "adder.wasm", &err);
    cwrun_store *s = cwrun_store_new(e, NULL, &err);
    cwrun_store_set_fuel(s, 100000);
    cwrun_instance *in = cwrun_instantiate(s, c, NULL, &err), *add = cwrun_instantiate(s, adder, NULL, &err);
    succeeded(cwrun_call(add, "add", args, 2, &sum, NULL, &err));
    assert_true(cwrun_store_fuel(s) > 0 && cwrun_store_fuel(s) <= 100000);
    assert_false(cwrun_call(in, "spin", NULL, 0, NULL, NULL, &err));
    assert_int_equal(err.code, CWRUN_LIMIT_FUEL);
    failed_with(CWRUN_ERROR_LIMIT, "fuel");
    assert_int_equal(cwrun_store_fuel(s), 0);
    cwrun_store_drop(s);
    cwrun_component_drop(c);
    cwrun_component_drop(adder);
    cwrun_engine_drop(e);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(functions_are_found_by_whole_and_by_bare_names),
        TEST(wrong_arguments_name_their_place_and_leave_the_instance_usable),
        TEST(an_error_that_is_set_stops_what_follows),
        TEST(a_result_lives_until_the_call_after_the_next_returns),
        TEST(polled_calls_copy_their_arguments),
        TEST(a_trap_closes_its_instance_and_no_other),
        TEST(limits_are_errors_that_name_the_option),
        TEST(all_missing_imports_are_reported_at_once),
        TEST(parts_of_an_interface_that_are_missing_are_named),
        TEST(a_function_of_another_type_does_not_fit),
        TEST(stubs_link_and_trap_with_their_name),
        TEST(a_linker_that_was_used_does_not_change),
        TEST(a_later_definition_replaces_an_earlier_one),
        TEST(an_exit_is_no_trap),
        TEST(a_store_may_be_dropped_by_its_own_host_function),
        TEST(everything_may_be_dropped_in_any_order),
        TEST(instances_can_be_given_to_another_component),
        TEST(an_own_handle_moves_and_a_borrow_stays),
        TEST(a_handle_of_another_instance_is_of_another_type),
        TEST(handles_in_results_that_nobody_wants_are_dropped),
        TEST(a_guest_that_trapped_lets_its_handles_go),
        TEST(host_objects_are_finalized_once),
        TEST(a_wrong_result_of_the_host_is_a_trap_that_names_it),
        TEST(data_and_extensions_of_a_store_are_dropped_with_it),
        TEST(the_drop_of_data_and_extensions_may_change_the_store_or_end_it),
        TEST(fuel_runs_out),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
