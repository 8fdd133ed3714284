/* tests/api/test_gc_refs.c: what the host holds of the heap: references over collections, objects of its own, the
 * limit. */
#include <cwrun.h>

#include <setjmp.h>
#include <stdarg.h>
#include <cmocka.h>

static cwrun_engine *engine;
static cwrun_store *store;
static cwrun_error err;
static int n_dropped;

static const char guest[] =
    "(module"
    " (type $n (struct (field (mut i32)) (field (ref null $n))))"
    " (import \"\" \"\" (func $host (param anyref i32) (result anyref)))"
    " (table $t 1 externref)"
    " (func $noise (export \"noise\") (param i32)"
    "  (loop (drop (struct.new $n (i32.const -1) (ref.null $n)))"
    "   (br_if 0 (local.tee 0 (i32.sub (local.get 0) (i32.const 1))))))"
    " (func (export \"make\") (param i32) (result (ref null struct)) (struct.new $n (local.get 0) (ref.null $n)))"
    " (func (export \"get\") (param (ref null $n)) (result i32) (struct.get $n 0 (local.get 0)))"
    " (func (export \"through\") (param i32) (result i32)"
    "  (struct.get $n 0 (ref.cast (ref $n) (call $host (struct.new $n (local.get 0) (ref.null $n)) (i32.const 5)))))"
    " (func (export \"i31\") (param i32) (result i31ref) (ref.i31 (local.get 0)))"
    " (func (export \"keep\") (param externref) (table.set $t (i32.const 0) (local.get 0)))"
    " (func (export \"fill\") (local $p (ref null $n))"
    "  (loop (local.set $p (struct.new $n (i32.const 1) (local.get $p))) (br 0))))";
static cwrun_core_instance *in;

static void all_is_well(void)
{
    if (cwrun_failed(&err))
        fail_msg("%s", err.message);
}

static void noise(void)
{
    cwrun_core_val n = cwrun_core_i32(200000); /* more than the least heap */
    assert_true(cwrun_core_call(in, "noise", &n, 1, NULL, 0, &err));
}

static int depth; /* of calls between host and guest */

/* Gives back what it got, after the guest has made garbage, under more frames that hold something. */
static cwrun_status host(cwrun_caller *c, const cwrun_core_val *args, size_t n, cwrun_core_val *results,
                         size_t n_results, void *user)
{
    (void)c, (void)n, (void)n_results, (void)user;
    if (depth) {
        cwrun_core_val v = cwrun_core_i32(1000 + depth), got;
        depth--;
        if (!cwrun_core_call(in, "through", &v, 1, &got, 1, &err) || got.of.i32 != v.of.i32)
            return cwrun_caller_trap(c, "what was made under this call is another");
    } else {
        noise();
    }
    results[0] = args[0];
    return CWRUN_DONE;
}

static int open_store(bool gc_stress)
{
    static const cwrun_core_type params[] = { CWRUN_TYPE_ANYREF, CWRUN_CORE_I32 };
    const cwrun_limits limits = { .max_gc_heap = 8 << 20, .gc_stress = gc_stress };
    n_dropped = depth = 0;
    engine = cwrun_engine_new(NULL, &err);
    store = cwrun_store_new(engine, &limits, &err);
    cwrun_arena *arena = cwrun_arena_new(NULL);
    cwrun_str bytes = cwrun_text_encode(cwrun_str_of(guest), "test", arena, &err);
    cwrun_module *m = cwrun_module_load(engine, bytes.data, bytes.size, "test", &err);
    cwrun_arena_drop(arena);
    cwrun_core_func *f =
        cwrun_core_func_new(store, cwrun_core_functype_new(engine, params, 2, params, 1, &err), host, NULL, NULL, &err);
    cwrun_extern given = { CWRUN_ITEM_CORE_FUNC, { .func = f } };
    in = cwrun_module_instantiate_with(store, m, &given, 1, &err);
    cwrun_module_drop(m);
    all_is_well();
    return 0;
}

static int set_up(void **state)
{
    (void)state;
    return open_store(false);
}

static int set_up_stress(void **state)
{
    (void)state;
    return open_store(true);
}

static int tear_down(void **state)
{
    (void)state;
    cwrun_error_clear(&err);
    cwrun_store_drop(store);
    cwrun_engine_drop(engine);
    return 0;
}

static void what_the_host_keeps_outlives_collections(void **state)
{
    (void)state;
    cwrun_core_val v = cwrun_core_i32(77), got;
    assert_true(cwrun_core_call(in, "make", &v, 1, &got, 1, &err));
    assert_int_equal(got.type, CWRUN_CORE_ANYREF);
    const cwrun_ref kept = cwrun_ref_keep(store, got.of.ref, &err);
    for (int i = 0; i < 5; i++)
        noise();
    v = cwrun_core_anyref(kept);
    assert_true(cwrun_core_call(in, "get", &v, 1, &got, 1, &err));
    assert_int_equal(got.of.i32, 77);
    cwrun_ref_drop(store, kept);
}

static void arguments_of_host_functions_are_alive_while_they_run(void **state)
{
    (void)state;
    cwrun_core_val v = cwrun_core_i32(12), got;
    assert_true(cwrun_core_call(in, "through", &v, 1, &got, 1, &err));
    assert_int_equal(got.of.i32, 12);
}

static void frames_below_nested_calls_hold_what_they_refer_to(void **state)
{
    (void)state;
    cwrun_core_val v = cwrun_core_i32(12), got;
    depth = 20;
    assert_true(cwrun_core_call(in, "through", &v, 1, &got, 1, &err));
    assert_int_equal(got.of.i32, 12);
    assert_int_equal(depth, 0);
}

/* ---- collections while calls wait for the host ---- */

static const char waiting[] =
    "(component"
    " (import \"wait\" (func $wait (param \"x\" u32) (result u32)))"
    " (core func $wait' (canon lower (func $wait)))"
    " (core module $M"
    "  (type $n (struct (field (mut i32)) (field (mut (ref null $n)))))"
    "  (type $a (array (mut anyref)))"
    "  (import \"\" \"wait\" (func $wait (param i32) (result i32)))"
    "  (tag $t (param (ref $n) i32))"
    "  (func $new (param i32) (result (ref $n)) (struct.new $n (local.get 0) (ref.null $n)))"
    "  (func $below (param i32) (result i32 (ref null $n))"
    "   (local $set (ref null $n)) (local $unset (ref null $n)) (local $sum i32)"
    "   (if (local.get 0)"
    "    (then (local.set $set (call $new (i32.const 100))))"
    "    (else (local.set $unset (call $new (i32.const 7)))))"
    "   (call $new (i32.const 20))" /* operands below the calls */
    "   (array.new_fixed $a 2 (call $new (i32.const 3)) (ref.i31 (i32.const 4)))"
    "   (block $h (result (ref $n) i32)"
    "    (try_table (result (ref $n) i32) (catch $t $h)"
    "     (call $new (i32.const 1000))" /* gone when the exception comes */
    "     (throw $t (call $new (i32.const 5)) (call $wait (local.get 0)))))"
    "   (local.set $sum)"
    "   (drop (call $wait (local.get 0)))"
    "   (struct.get $n 0) (local.get $sum) (i32.add) (local.set $sum)"
    "   (struct.get $n 0 (ref.cast (ref $n) (array.get $a (i32.const 0)))) (local.get $sum) (i32.add) (local.set $sum)"
    "   (struct.get $n 0) (local.get $sum) (i32.add)"
    "   (local.get $set))"
    "  (func (export \"run\") (param i32) (result i32) (local (ref null $n))"
    "   (call $below (local.get 0))"
    "   (local.set 1)"
    "   (i32.add (struct.get $n 0 (local.get 1))))"
    "  (func (export \"noise\") (param i32)"
    "   (loop (drop (struct.new $n (i32.const -1) (ref.null $n)))"
    "    (br_if 0 (local.tee 0 (i32.sub (local.get 0) (i32.const 1)))))))"
    " (core instance $m (instantiate $M (with \"\" (instance (export \"wait\" (func $wait'))))))"
    " (func (export \"run\") (param \"x\" u32) (result u32) (canon lift (core func $m \"run\")))"
    " (func (export \"noise\") (param \"x\" u32) (canon lift (core func $m \"noise\"))))";

enum { CALLS = 3 };
static cwrun_ticket *tickets[CALLS];

static cwrun_status on_wait(cwrun_caller *caller, const cwrun_val *args, size_t n, cwrun_val *result, void *user)
{
    (void)n, (void)result, (void)user;
    tickets[args[0].of.u32 - 1] = cwrun_caller_defer(caller, NULL, NULL);
    return CWRUN_PENDING;
}

static cwrun_instance *instance_of(cwrun_component *c)
{
    cwrun_linker *linker = cwrun_linker_new(engine, &err);
    cwrun_linker_func(linker, NULL, "wait", "func(x: u32) -> u32", on_wait, NULL, NULL, &err);
    cwrun_instance *i = cwrun_instantiate(store, c, linker, &err);
    cwrun_linker_drop(linker);
    all_is_well();
    return i;
}

/* Each call waits twice; garbage is made in between by another instance and by a core module. */
static void calls_that_wait_hold_what_they_refer_to(void **state)
{
    (void)state;
    cwrun_polled *calls[CALLS];
    cwrun_val many = cwrun_u32(100000);
    cwrun_arena *arena = cwrun_arena_new(NULL);
    cwrun_str bytes = cwrun_text_encode(cwrun_str_of(waiting), "test", arena, &err);
    all_is_well();
    cwrun_component *c = cwrun_component_load(engine, bytes.data, bytes.size, "test", &err);
    cwrun_arena_drop(arena);
    all_is_well();
    cwrun_instance *other = instance_of(c);
    for (uint32_t i = 0; i < CALLS; i++) {
        cwrun_val x = cwrun_u32(i + 1);
        calls[i] = cwrun_call_start(cwrun_instance_func(instance_of(c), "run", &err), &x, 1, &err);
        all_is_well();
        cwrun_call(other, "noise", &many, 1, NULL, NULL, &err); /* it has not begun */
        assert_int_equal(cwrun_call_poll(calls[i], &err), CWRUN_PENDING);
        noise();
    }
    for (int turn = 0; turn < 2; turn++)
        for (uint32_t i = CALLS; i-- > 0;) {
            cwrun_val answer = cwrun_u32(i * 10000);
            assert_true(cwrun_ticket_done(tickets[i], &answer));
            assert_int_equal(cwrun_call_poll(calls[i], &err), turn ? CWRUN_DONE : CWRUN_PENDING);
            cwrun_call(other, "noise", &many, 1, NULL, NULL, &err);
            noise();
        }
    for (uint32_t i = 0; i < CALLS; i++) {
        assert_int_equal(cwrun_call_result(calls[i]).of.u32, i * 10000 + 5 + 3 + 20 + 100);
        cwrun_call_drop(calls[i]);
    }
    /* and one that is never answered */
    cwrun_val x = cwrun_u32(1);
    cwrun_polled *left = cwrun_call_start(cwrun_instance_func(instance_of(c), "run", &err), &x, 1, &err);
    assert_int_equal(cwrun_call_poll(left, &err), CWRUN_PENDING);
    cwrun_call_drop(left);
    cwrun_ticket_drop(tickets[0]);
    noise();
    cwrun_component_drop(c);
    all_is_well();
}

static void references_of_another_type_are_refused(void **state)
{
    (void)state;
    cwrun_core_val v = cwrun_core_i32(-5), i31, got;
    assert_true(cwrun_core_call(in, "i31", &v, 1, &i31, 1, &err));
    assert_false(cwrun_core_call(in, "get", &i31, 1, &got, 1, &err));
    assert_int_equal(err.kind, CWRUN_ERROR_ARGUMENT);
    cwrun_error_clear(&err);
}

static void drop(void *object)
{
    n_dropped += object == &n_dropped;
}

static void objects_of_the_host_go_when_nothing_refers_to_them(void **state)
{
    (void)state;
    cwrun_core_val v = cwrun_core_externref(cwrun_externref_new(store, &n_dropped, drop, &err));
    assert_true(cwrun_core_call(in, "keep", &v, 1, NULL, 0, &err));
    assert_int_not_equal(cwrun_externref_new(store, &n_dropped, drop, &err), 0); /* nobody keeps this one */
    for (int i = 0; i < 4; i++)
        noise();
    assert_int_equal(n_dropped, 1);
    v = cwrun_core_externref(0);
    assert_true(cwrun_core_call(in, "keep", &v, 1, NULL, 0, &err));
    for (int i = 0; i < 4; i++)
        noise();
    assert_int_equal(n_dropped, 2);
    assert_int_not_equal(cwrun_externref_new(store, &n_dropped, drop, &err), 0);
    cwrun_store_drop(store);
    store = NULL;
    assert_int_equal(n_dropped, 3);
}

static void a_heap_that_is_full_ends_the_guest_not_the_store(void **state)
{
    (void)state;
    assert_false(cwrun_core_call(in, "fill", NULL, 0, NULL, 0, &err));
    assert_int_equal(err.kind, CWRUN_ERROR_LIMIT);
    assert_int_equal(err.code, CWRUN_LIMIT_GC_HEAP);
    cwrun_error_clear(&err);
    noise();
    all_is_well();
}

int main(void)
{
#define TEST(name) \
    cmocka_unit_test_setup_teardown(name, set_up, tear_down), \
    { \
        #name "_under_stress", name, set_up_stress, tear_down, NULL \
    }
    const struct CMUnitTest tests[] = {
        TEST(what_the_host_keeps_outlives_collections),
        TEST(arguments_of_host_functions_are_alive_while_they_run),
        TEST(frames_below_nested_calls_hold_what_they_refer_to),
        TEST(calls_that_wait_hold_what_they_refer_to),
        TEST(references_of_another_type_are_refused),
        TEST(objects_of_the_host_go_when_nothing_refers_to_them),
        TEST(a_heap_that_is_full_ends_the_guest_not_the_store),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
