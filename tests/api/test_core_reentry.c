/* tests/api/test_core_reentry.c: host functions and destructors that call back, throw in the middle of each other, wait
 * where they must not, drop their store, or make memories move. */
#include "api/fixture.h"

static cwrun_core_instance *in; /* the guest */
static cwrun_tag *tag;          /* (param i32 externref) */

/* What the one host function does. */
typedef cwrun_status (*action)(cwrun_caller *c, const cwrun_core_val *args, cwrun_core_val *results);
static action now;
static int depth, n_dropped;

static cwrun_status act(cwrun_caller *c, const cwrun_core_val *args, size_t n, cwrun_core_val *results,
                        size_t n_results, void *user)
{
    (void)n, (void)n_results, (void)user;
    return now(c, args, results);
}

static const char guest[] =
    "(module (import \"h\" \"tag\" (tag $t (param i32 externref)))"
    " (import \"h\" \"act\" (func $act (param i32 externref) (result i32)))"
    " (memory (export \"m\") 1 100) (global (export \"g\") (mut i32) (i32.const 0))"
    " (type $a (array (mut f64)))"
    " (func (export \"act\") (param i32 externref) (result i32) (call $act (local.get 0) (local.get 1)))"
    " (func (export \"catch\") (param i32 externref) (result i32 externref)"
    "   (block $h (result i32 externref)"
    "     (try_table (catch $t $h) (return (call $act (local.get 0) (local.get 1)) (ref.null extern)))"
    "     (unreachable)))"
    " (func (export \"throw\") (param i32 externref) (throw $t (local.get 0) (local.get 1)))"
    " (func (export \"grow\") (param i32 externref) (result i32)"
    "   (drop (memory.grow (local.get 0))) (i32.load (i32.const 65532)))"
    " (func (export \"waste\") (loop $l (drop (array.new $a (f64.const 0) (i32.const 1000)))"
    "   (global.set 0 (i32.add (global.get 0) (i32.const 1)))"
    "   (br_if $l (i32.rem_u (global.get 0) (i32.const 2000))))))";

static cwrun_linker *new_linker(void)
{
    cwrun_extern given = { CWRUN_ITEM_CORE_TAG, { .tag = tag } };
    cwrun_linker *linker = cwrun_linker_new(engine, &err);
    cwrun_linker_core_extern(linker, "h", "tag", &given, &err);
    cwrun_linker_core_func(linker, "h", "act", "ic", "i", act, NULL, NULL, &err);
    return linker;
}

static int set_up_guest(void **state)
{
    static const cwrun_core_type types[] = { CWRUN_CORE_I32, CWRUN_TYPE_EXTERNREF };
    depth = n_dropped = 0;
    set_up(state);
    tag = cwrun_tag_new(store, cwrun_core_functype_new(engine, types, 2, NULL, 0, &err), &err);
    cwrun_linker *linker = new_linker();
    in = core_instance(guest, linker);
    cwrun_linker_drop(linker);
    return in ? 0 : -1;
}

static void all_is_well(void)
{
    if (cwrun_failed(&err))
        fail_msg("%s", err.message);
}

/* Calls a guest's function with (n, ref); its first result. */
static int32_t call_in(const char *name, int32_t n, cwrun_ref ref, cwrun_error *e)
{
    cwrun_core_val args[2] = { cwrun_core_i32(n), cwrun_core_externref(ref) }, results[2] = { { 0 }, { 0 } };
    return cwrun_core_call(in, name, args, 2, results, 2, e) ? results[0].of.i32 : -1;
}

static int32_t call(const char *name, int32_t n, action what)
{
    now = what;
    return call_in(name, n, 0, &err);
}

static void dropped(void *object)
{
    (void)object;
    n_dropped++;
}

/* ---- calls within calls ---- */

static cwrun_status recurse(cwrun_caller *c, const cwrun_core_val *args, cwrun_core_val *results)
{
    cwrun_error inner = CWRUN_ERROR_INIT;
    (void)c;
    depth++;
    results[0].of.i32 = args[0].of.i32 == 0 ? 0 : 1 + call_in("act", args[0].of.i32 - 1, args[1].of.ref, &inner);
    if (!cwrun_failed(&inner))
        return CWRUN_DONE;
    cwrun_caller_trap(c, "%s", inner.message);
    cwrun_error_clear(&inner);
    return CWRUN_TRAP;
}

static void host_and_guest_call_each_other_until_a_limit(void **state)
{
    (void)state;
    assert_int_equal(call("act", 50, recurse), 50);
    assert_int_equal(depth, 51);
    all_is_well();
    assert_int_equal(call("act", 1000000, recurse), -1);
    failed_with(CWRUN_ERROR_TRAP, "exhausted");
    assert_int_equal(call("act", 3, recurse), 3); /* nothing is left of it */
    all_is_well();
}

static cwrun_status call_badly(cwrun_caller *c, const cwrun_core_val *args, cwrun_core_val *results)
{
    cwrun_error inner = CWRUN_ERROR_INIT;
    cwrun_core_val v = cwrun_core_i64(1);
    (void)c, (void)args, (void)results;
    assert_false(cwrun_core_call(in, "grow", &v, 1, NULL, 0, &inner));
    assert_int_equal(inner.kind, CWRUN_ERROR_ARGUMENT);
    cwrun_error_clear(&inner);
    assert_false(cwrun_core_call(in, "throw", (cwrun_core_val[]){ cwrun_core_i32(1), cwrun_core_externref(0) }, 2, NULL,
                                 0, &inner));
    assert_int_equal(inner.kind, CWRUN_ERROR_EXCEPTION);
    cwrun_error_clear(&inner);
    results[0].of.i32 = 6;
    return CWRUN_DONE;
}

static void failures_of_inner_calls_stay_inside(void **state)
{
    (void)state;
    assert_int_equal(call("act", 1, call_badly), 6);
    assert_int_equal(call("catch", 1, call_badly), 6);
    all_is_well();
}

static uint8_t *view;

static cwrun_status grow_it(cwrun_caller *c, const cwrun_core_val *args, cwrun_core_val *results)
{
    uint64_t before = 0;
    int32_t last = 0;
    (void)c;
    cwrun_memory *m = cwrun_core_instance_memory(in, "m", NULL);
    view = cwrun_memory_at(m, 65532, 4);
    assert_non_null(view);
    memset(view, 1, 4);
    assert_true(cwrun_memory_grow(m, (uint64_t)args[0].of.i32, &before));
    assert_null(cwrun_memory_at(m, cwrun_memory_size(m) - 3, 4));
    assert_true(cwrun_memory_read(m, 65532, &last, 4, NULL) && last == 0x01010101);
    /* the guest grows it too; its frame below goes on with the memory as it is then */
    assert_int_equal(call_in("grow", 1, 0, NULL), 0x01010101);
    memset(cwrun_memory_at(m, cwrun_memory_size(m) - 4, 4), 2, 4);
    results[0].of.i32 = (int32_t)before;
    return CWRUN_DONE;
}

static void memories_grow_under_the_hands_of_host_and_guest(void **state)
{
    (void)state;
    assert_int_equal(call("act", 7, grow_it), 1);
    assert_int_equal(cwrun_core_memory_size(in, "m"), 9 * 65536);
    assert_int_equal(cwrun_core_memory(in, "m", 9 * 65536 - 1, 1)[0], 2);
    assert_false(cwrun_memory_grow(cwrun_core_instance_memory(in, "m", &err), 92, NULL));
    assert_false(cwrun_memory_grow(cwrun_core_instance_memory(in, "m", &err), UINT64_MAX, NULL));
    assert_int_equal(call("grow", 91, NULL), 0x01010101);
    all_is_well();
}

/* ---- exceptions ---- */

static cwrun_status throw_object(cwrun_caller *c, const cwrun_core_val *args, cwrun_core_val *results)
{
    (void)results;
    cwrun_core_val values[2] = { args[0], cwrun_core_externref(
                                              cwrun_externref_new(cwrun_caller_store(c), &depth, dropped, NULL)) };
    return cwrun_caller_throw(c, tag, values, 2);
}

/* Another host function throws within a call of this one's, which throws that on. */
static cwrun_status throw_on(cwrun_caller *c, const cwrun_core_val *args, cwrun_core_val *results)
{
    cwrun_error inner = CWRUN_ERROR_INIT;
    (void)results;
    now = throw_object;
    assert_int_equal(call_in("act", args[0].of.i32 + 1, 0, &inner), -1);
    assert_int_equal(inner.kind, CWRUN_ERROR_EXCEPTION);
    cwrun_error_clear(&inner);
    cwrun_ref e = cwrun_store_exception(store, NULL);
    for (int i = 0; i < 5; i++)
        assert_true(cwrun_core_call(in, "waste", NULL, 0, NULL, 0, NULL));
    assert_int_equal(cwrun_store_exception(store, NULL), 0); /* the last call was well */
    return cwrun_caller_throw_ref(c, e);
}

static void what_an_inner_call_throws_is_thrown_on(void **state)
{
    cwrun_core_val args[2] = { cwrun_core_i32(41), cwrun_core_externref(0) }, got[2];
    (void)state;
    now = throw_on;
    assert_true(cwrun_core_call(in, "catch", args, 2, got, 2, &err));
    assert_int_equal(got[0].of.i32, 42);
    assert_ptr_equal(cwrun_externref_object(store, got[1].of.ref), &depth);
    assert_int_equal(cwrun_store_exception(store, NULL), 0); /* it was caught */
    now = throw_on;
    assert_false(cwrun_core_call(in, "act", args, 2, got, 2, &err));
    failed_with(CWRUN_ERROR_EXCEPTION, "42");
    cwrun_ref e = cwrun_ref_keep(store, cwrun_store_exception(store, &err), &err);
    for (int i = 0; i < 5; i++)
        assert_true(cwrun_core_call(in, "waste", NULL, 0, NULL, 0, &err));
    assert_true(cwrun_object_get(store, e, 1, &got[1], &err));
    assert_ptr_equal(cwrun_externref_object(store, got[1].of.ref), &depth);
    assert_ptr_equal(cwrun_exception_tag(store, e), tag);
    cwrun_ref_drop(store, e);
    cwrun_ref_drop(store, got[1].of.ref);
    for (int i = 0; i < 5; i++)
        assert_true(cwrun_core_call(in, "waste", NULL, 0, NULL, 0, &err));
    assert_int_equal(n_dropped, 2);
}

static cwrun_status throw_badly(cwrun_caller *c, const cwrun_core_val *args, cwrun_core_val *results)
{
    cwrun_core_val values[2] = { cwrun_core_i32(1), cwrun_core_i32(2) };
    switch (args[0].of.i32) {
    case 1: return cwrun_caller_throw(c, NULL, values, 2);
    case 2: return cwrun_caller_throw(c, tag, NULL, 2);
    case 3: return cwrun_caller_throw(c, tag, values, 1);
    case 4: return cwrun_caller_throw(c, tag, values, 2); /* no externref */
    case 5: return cwrun_caller_throw_ref(c, 0);
    case 6: return cwrun_caller_throw_ref(c, args[1].of.ref);
    case 7: /* what it answers counts */
        values[1] = cwrun_core_externref(0);
        assert_int_equal(cwrun_caller_throw(c, tag, values, 2), CWRUN_TRAP);
        results[0].of.i32 = 70;
        return CWRUN_DONE;
    case 8: /* and the last it says */
        values[1] = cwrun_core_externref(0);
        cwrun_caller_throw(c, tag, values, 2);
        return cwrun_caller_trap(c, "not this time");
    default: return CWRUN_PENDING;
    }
}

static void what_cannot_be_thrown_is_a_trap(void **state)
{
    static const char *const words[] = { "tag is of another store",
                                         "number of values",
                                         "number of values",
                                         "value of an exception is of another type",
                                         "no exception",
                                         "no exception" };
    int object = 0;
    (void)state;
    cwrun_ref ref = cwrun_ref_keep(store, cwrun_externref_new(store, &object, NULL, &err), &err);
    for (int i = 1; i <= 6; i++) {
        now = throw_badly;
        assert_int_equal(call_in("catch", i, i == 6 ? ref : 0, &err), -1);
        failed_with(CWRUN_ERROR_TRAP, words[i - 1]);
    }
    assert_int_equal(call("catch", 7, throw_badly), 70);
    assert_int_equal(call("catch", 8, throw_badly), -1);
    failed_with(CWRUN_ERROR_TRAP, "not this time");
    assert_int_equal(call("catch", 9, throw_badly), -1);
    failed_with(CWRUN_ERROR_TRAP, "waits for nothing");
}

/* ---- waiting ---- */

static cwrun_status resumed(cwrun_caller *c, const cwrun_core_val *args, size_t n, cwrun_core_val *results,
                            size_t n_results, void *user)
{
    (void)c, (void)n_results, (void)user;
    assert_int_equal(n, 2); /* the arguments, whatever was said before */
    results[0].of.i32 = args[0].of.i32 * 10;
    return cwrun_externref_object(store, args[1].of.ref) == &n_dropped ? CWRUN_DONE : cwrun_caller_trap(c, "lost");
}

static cwrun_status resumed_by_component(cwrun_caller *c, const cwrun_val *args, size_t n, cwrun_val *result,
                                         void *user)
{
    (void)c, (void)args, (void)n, (void)result, (void)user;
    fail_msg("a core module called");
    return CWRUN_DONE;
}

static cwrun_status wait_somehow(cwrun_caller *c, const cwrun_core_val *args, cwrun_core_val *results)
{
    cwrun_core_val values[2] = { cwrun_core_i32(1), cwrun_core_externref(0) };
    (void)results;
    switch (args[0].of.i32) {
    case 1: return cwrun_core_caller_wait(c, NULL, 3, 0, resumed, NULL);
    case 2: return cwrun_core_caller_wait(c, NULL, 0, 0, NULL, NULL);
    case 3: return cwrun_caller_wait(c, NULL, 0, 0, resumed_by_component, NULL);
    default:
        cwrun_caller_throw(c, tag, values, 2);
        return cwrun_core_caller_wait(c, NULL, 0, cwrun_monotonic_now() + 100000, resumed, NULL);
    }
}

static void waiting_needs_what_it_says_and_keeps_arguments(void **state)
{
    (void)state;
    assert_int_equal(call("act", 1, wait_somehow), -1);
    failed_with(CWRUN_ERROR_TRAP, "waits or resume is NULL");
    assert_int_equal(call("act", 2, wait_somehow), -1);
    failed_with(CWRUN_ERROR_TRAP, "waits or resume is NULL");
    assert_int_equal(call("act", 3, wait_somehow), -1);
    failed_with(CWRUN_ERROR_TRAP, "a core module calls");
    now = wait_somehow;
    assert_int_equal(call_in("act", 4, cwrun_externref_new(store, &n_dropped, NULL, &err), &err), 40);
    all_is_well();
}

/* ---- start functions ---- */

static cwrun_status fail_at_start(cwrun_caller *c, const cwrun_core_val *args, cwrun_core_val *results)
{
    (void)args, (void)results;
    return depth++ ? CWRUN_DONE : cwrun_caller_trap(c, "not yet");
}

static void a_trap_at_start_leaves_the_store_usable(void **state)
{
    cwrun_core_limits limits = { .min = 1 };
    cwrun_core_val got;
    (void)state;
    cwrun_linker *l = new_linker();
    cwrun_table *t = cwrun_table_new(store, CWRUN_TYPE_FUNCREF, &limits, NULL, &err);
    cwrun_extern given = { CWRUN_ITEM_CORE_TABLE, { .table = t } };
    cwrun_linker_core_extern(l, "h", "t", &given, &err);
    static const char text[] =
        "(module (import \"h\" \"act\" (func $act (param i32 externref) (result i32))) (import \"h\" \"t\" (table 1 "
        "funcref)) (func $f (result i32) (i32.const 11)) (elem (i32.const 0) $f)"
        " (func $start (drop (call $act (i32.const 0) (ref.null extern)))) (start $start))";
    now = fail_at_start;
    assert_null(core_instance(text, l));
    failed_with(CWRUN_ERROR_TRAP, "not yet");
    assert_true(cwrun_table_get(t, 0, &got, &err)); /* what it left there is alive */
    assert_true(cwrun_core_func_call(got.of.func, NULL, 0, &got, 1, &err) && got.of.i32 == 11);
    assert_non_null(core_instance(text, l));
    now = throw_object;
    assert_null(core_instance(text, l));
    failed_with(CWRUN_ERROR_EXCEPTION, "thrown");
    assert_ptr_equal(cwrun_exception_tag(store, cwrun_store_exception(store, &err)), tag);
    cwrun_linker_drop(l);
    all_is_well();
}

/* ---- destructors and the store's end ---- */

static cwrun_error seen;
static action in_drop;

static void drop_that_acts(void *object)
{
    n_dropped++;
    in_drop(NULL, NULL, NULL);
    (void)object;
}

static cwrun_status drop_enters(cwrun_caller *c, const cwrun_core_val *args, cwrun_core_val *results)
{
    cwrun_core_val v = cwrun_core_i32(1);
    (void)c, (void)args, (void)results;
    call_in("act", 1, 0, &seen);
    assert_int_equal(seen.kind, CWRUN_ERROR_ARGUMENT);
    cwrun_error_clear(&seen);
    assert_int_equal(cwrun_externref_new(store, &v, NULL, &seen), 0);
    assert_int_equal(seen.kind, CWRUN_ERROR_ARGUMENT);
    cwrun_error_clear(&seen);
    assert_null(core_instance(guest, NULL));
    assert_int_equal(err.kind, CWRUN_ERROR_ARGUMENT);
    cwrun_error_clear(&err);
    return CWRUN_DONE;
}

static void the_destructor_of_an_object_does_not_enter_the_store(void **state)
{
    (void)state;
    in_drop = drop_enters;
    now = recurse;
    for (int i = 0; i < 10; i++)
        cwrun_ref_drop(store, cwrun_externref_new(store, &depth, drop_that_acts, &err));
    for (int i = 0; i < 5; i++)
        assert_true(cwrun_core_call(in, "waste", NULL, 0, NULL, 0, &err));
    assert_int_equal(n_dropped, 10);
    cwrun_ref_drop(store, cwrun_externref_new(store, &depth, drop_that_acts, &err));
    all_is_well();
}

static cwrun_status drop_store(cwrun_caller *c, const cwrun_core_val *args, cwrun_core_val *results)
{
    (void)c, (void)args;
    cwrun_store_drop(store);
    if (results)
        results[0].of.i32 = call_in("grow", 0, 0, NULL) == 0 ? 5 : 0; /* it goes when the outermost call ends */
    return CWRUN_DONE;
}

static void a_store_that_is_dropped_inside_goes_at_the_end(void **state)
{
    (void)state;
    cwrun_externref_new(store, &depth, dropped, &err);
    assert_int_equal(call("act", 1, drop_store), 5);
    assert_int_equal(n_dropped, 1);
    store = NULL;
    all_is_well();
}

static void a_store_may_go_in_a_destructor(void **state)
{
    (void)state;
    in_drop = drop_store;
    cwrun_externref_new(store, &depth, dropped, &err);
    cwrun_ref_drop(store, cwrun_externref_new(store, &depth, drop_that_acts, &err));
    assert_true(cwrun_core_call(in, "waste", NULL, 0, NULL, 0, &err));
    assert_int_equal(n_dropped, 2);
    store = NULL;
    all_is_well();
}

/* A collection that the host's own allocation brings about. */
static void a_store_may_go_while_the_host_makes_an_object(void **state)
{
    cwrun_core_val init = cwrun_core_f64(0);
    (void)state;
    in_drop = drop_store;
    cwrun_ref_drop(store, cwrun_externref_new(store, &depth, drop_that_acts, &err));
    cwrun_core_instance *shape =
        core_instance("(module (type $a (array (mut f64))) (func (export \"new\") (result (ref "
                      "$a)) (array.new $a (f64.const 0) (i32.const 1))))",
                      NULL);
    const cwrun_core_type type =
        cwrun_core_functype_result(cwrun_core_func_type(cwrun_core_instance_func(shape, "new", &err)), 0);
    for (int i = 0; i < 100 && n_dropped == 0; i++)
        cwrun_array_new(store, type, &init, 10000, &err);
    assert_int_equal(n_dropped, 1);
    store = NULL;
    all_is_well();
}

static cwrun_status swallow(cwrun_caller *c, const cwrun_core_val *args, cwrun_core_val *results)
{
    const cwrun_core_val thrown[2] = { args[0], args[1] };
    cwrun_error inner = CWRUN_ERROR_INIT;
    (void)c, (void)results;
    assert_false(cwrun_core_call(in, "throw", thrown, 2, NULL, 0, &inner));
    assert_int_equal(inner.kind, CWRUN_ERROR_EXCEPTION);
    cwrun_error_clear(&inner);
    return args[0].of.i32 ? cwrun_caller_trap(c, "no more") : CWRUN_DONE;
}

static void an_exception_that_was_swallowed_is_not_that_of_the_call_around(void **state)
{
    (void)state;
    call("act", 0, swallow);
    all_is_well();
    assert_int_equal(cwrun_store_exception(store, &err), 0);
    call("act", 1, swallow);
    failed_with(CWRUN_ERROR_TRAP, "no more");
    assert_int_equal(cwrun_store_exception(store, &err), 0);
}

static uint8_t *bytes_seen;

static cwrun_status look_at_memory(cwrun_caller *c, const cwrun_core_val *args, cwrun_core_val *results)
{
    (void)args, (void)results;
    bytes_seen = cwrun_core_memory(cwrun_caller_core_instance(c), "m", 65535, 1);
    return CWRUN_DONE;
}

/* Its element segment ran before its data segment failed. */
static void functions_of_an_instance_that_failed_have_their_memory(void **state)
{
    (void)state;
    cwrun_core_instance *table = core_instance("(module (table (export \"t\") 1 funcref)"
                                               " (func (export \"go\") (call_indirect (i32.const 0))))",
                                               NULL);
    cwrun_linker *linker = new_linker();
    cwrun_linker_core_instance(linker, "a", table, &err);
    all_is_well();
    assert_null(core_instance("(module (import \"h\" \"act\" (func $act (param i32 externref) (result i32)))"
                              " (import \"a\" \"t\" (table 1 funcref)) (memory (export \"m\") 1)"
                              " (elem (i32.const 0) $g) (data (i32.const 65536) \"x\")"
                              " (func $g (drop (call $act (i32.const 0) (ref.null extern)))))",
                              linker));
    failed_with(CWRUN_ERROR_TRAP, "out of bounds memory access");
    cwrun_linker_drop(linker);
    now = look_at_memory;
    bytes_seen = NULL;
    assert_true(cwrun_core_call(table, "go", NULL, 0, NULL, 0, &err));
    assert_non_null(bytes_seen);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up_guest, tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(host_and_guest_call_each_other_until_a_limit),
        TEST(failures_of_inner_calls_stay_inside),
        TEST(memories_grow_under_the_hands_of_host_and_guest),
        TEST(what_an_inner_call_throws_is_thrown_on),
        TEST(what_cannot_be_thrown_is_a_trap),
        TEST(waiting_needs_what_it_says_and_keeps_arguments),
        TEST(a_trap_at_start_leaves_the_store_usable),
        TEST(the_destructor_of_an_object_does_not_enter_the_store),
        TEST(a_store_that_is_dropped_inside_goes_at_the_end),
        TEST(a_store_may_go_in_a_destructor),
        TEST(a_store_may_go_while_the_host_makes_an_object),
        TEST(an_exception_that_was_swallowed_is_not_that_of_the_call_around),
        TEST(functions_of_an_instance_that_failed_have_their_memory),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
