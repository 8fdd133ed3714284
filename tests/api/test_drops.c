/* tests/api/test_drops.c: destructors of guests that the host asks for and that cannot run at once: which of them wait,
 * and for what. */
#include "fixture.h"

/* `go` calls the host; inside, `c` makes resources and counts their destructors; `trap` leaves the whole unusable. */
static const char text[] =
    "(component (import \"h\" (func $h)) (core func $hl (canon lower (func $h)))"
    " (core module $m (import \"\" \"h\" (func $h)) (func (export \"go\") call $h) (func (export \"trap\") "
    "unreachable))"
    " (core instance $i (instantiate $m (with \"\" (instance (export \"h\" (func $hl))))))"
    " (func (export \"go\") (canon lift (core func $i \"go\"))) (func (export \"trap\") (canon lift (core func $i "
    "\"trap\")))"
    " (component $C"
    "  (core module $d (global $n (mut i32) (i32.const 0))"
    "   (func (export \"dtor\") (param i32) (global.set $n (i32.add (global.get $n) (i32.const 1))))"
    "   (func (export \"count\") (result i32) (global.get $n)))"
    "  (core instance $d (instantiate $d))"
    "  (type $r (resource (rep i32) (dtor (core func $d \"dtor\")))) (core func $new (canon resource.new $r))"
    "  (core module $m (import \"\" \"new\" (func $new (param i32) (result i32)))"
    "   (func (export \"make\") (result i32) (call $new (i32.const 5))))"
    "  (core instance $m (instantiate $m (with \"\" (instance (export \"new\" (func $new))))))"
    "  (export $r' \"r\" (type $r)) (func (export \"make\") (result (own $r')) (canon lift (core func $m \"make\")))"
    "  (func (export \"count\") (result u32) (canon lift (core func $d \"count\"))))"
    " (instance $c (instantiate $C)) (export \"c\" (instance $c)))";

enum { N = 3 };
static cwrun_linker *linker;
static cwrun_instance *in[N];
static cwrun_handle handles[N];
static bool is_pending;
static cwrun_ticket *ticket;

static cwrun_val call(cwrun_instance *instance, const char *name)
{
    cwrun_val result;
    if (!cwrun_call(instance, name, NULL, 0, &result, NULL, &err))
        fail_msg("%s", err.message);
    return result;
}

/* Stays pending, or drops all handles, the last one first. */
static cwrun_status host(cwrun_caller *caller, const cwrun_val *args, size_t n, cwrun_val *result, void *user)
{
    (void)args, (void)n, (void)result, (void)user;
    if (is_pending) {
        ticket = cwrun_caller_defer(caller, NULL, NULL);
        return CWRUN_PENDING;
    }
    for (int i = N; i-- > 0;)
        assert_true(cwrun_handle_drop(cwrun_caller_store(caller), handles[i], &err));
    return CWRUN_DONE;
}

static int begin(void **state)
{
    if (set_up(state))
        return -1;
    cwrun_arena *arena = cwrun_arena_new(NULL);
    cwrun_str binary = cwrun_text_encode(cwrun_str_of(text), NULL, arena, &err);
    cwrun_component *c = cwrun_component_load(engine, binary.data, binary.size, "test", &err);
    linker = cwrun_linker_new(engine, &err);
    cwrun_linker_func(linker, NULL, "h", "func()", host, NULL, NULL, &err);
    is_pending = false;
    for (int i = 0; i < N; i++) {
        in[i] = cwrun_instantiate(store, c, linker, &err);
        handles[i] = in[i] ? call(in[i], "c#make").of.handle : 0;
    }
    cwrun_component_drop(c);
    cwrun_arena_drop(arena);
    return cwrun_failed(&err) ? -1 : 0;
}

static int end(void **state)
{
    cwrun_linker_drop(linker);
    return tear_down(state);
}

static void a_poisoned_ancestor_holds_up_no_other_destructor(void **state)
{
    (void)state;
    assert_false(cwrun_call(in[0], "trap", NULL, 0, NULL, NULL, &err));
    failed_with(CWRUN_ERROR_TRAP, "unreachable");
    call(in[1], "go");
    assert_int_equal(call(in[1], "c#count").of.u32, 1);
    assert_int_equal(call(in[2], "c#count").of.u32, 1);
}

static void a_pending_call_holds_up_only_destructors_of_its_own(void **state)
{
    (void)state;
    is_pending = true;
    cwrun_polled *p = cwrun_call_start(cwrun_instance_func(in[0], "go", &err), NULL, 0, &err);
    assert_int_equal(cwrun_call_poll(p, &err), CWRUN_PENDING);
    is_pending = false;
    call(in[1], "go");
    assert_int_equal(call(in[1], "c#count").of.u32, 1);
    assert_int_equal(call(in[2], "c#count").of.u32, 1);
    assert_true(cwrun_ticket_done(ticket, NULL));
    assert_int_equal(cwrun_call_poll(p, &err), CWRUN_DONE);
    assert_int_equal(call(in[0], "c#count").of.u32, 1);
    cwrun_call_drop(p);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(a_poisoned_ancestor_holds_up_no_other_destructor, begin, end),
        cmocka_unit_test_setup_teardown(a_pending_call_holds_up_only_destructors_of_its_own, begin, end),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
