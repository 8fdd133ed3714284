/* tests/api/test_loans.c: handles that are lent: to where their resource is defined, and beyond the host function that
 * they were given to. */
#include "api/fixture.h"

static cwrun_instance *instantiate(const char *text, cwrun_linker *l)
{
    cwrun_instance *in = component_instance(text, l);
    if (!in)
        fail_msg("%s", err.message);
    return in;
}

static cwrun_val call(cwrun_instance *in, const char *name, const cwrun_val *arg)
{
    cwrun_val result;
    if (!cwrun_call(in, name, arg, arg ? 1 : 0, &result, NULL, &err))
        fail_msg("%s", err.message);
    return result;
}

/* ---- to where it is defined ---- */

static void a_representation_that_a_borrow_cannot_carry_is_not_cut_off(void **state)
{
    (void)state;
    cwrun_instance *in = instantiate(
        "(component (type $r (resource (rep i64))) (core func $new (canon resource.new $r))"
        " (core module $m (import \"\" \"new\" (func $new (param i64) (result i32)))"
        "  (func (export \"make\") (param i64) (result i32) (call $new (local.get 0)))"
        "  (func (export \"peek\") (param i32) (result i32) (local.get 0)))"
        " (core instance $i (instantiate $m (with \"\" (instance (export \"new\" (func $new))))))"
        " (export $r' \"r\" (type $r))"
        " (func (export \"make\") (param \"rep\" u64) (result (own $r')) (canon lift (core func $i \"make\")))"
        " (func (export \"peek\") (param \"r\" (borrow $r')) (result u32) (canon lift (core func $i \"peek\"))))",
        NULL);
    cwrun_val rep = cwrun_u64(UINT32_MAX), r = call(in, "make", &rep);
    assert_int_equal(call(in, "peek", &r).of.u32, UINT32_MAX);
    rep = cwrun_u64((UINT64_C(1) << 32) + 7);
    r = call(in, "make", &rep);
    assert_false(cwrun_call(in, "peek", &r, 1, NULL, NULL, &err));
    assert_non_null(strstr(err.message, "representation takes 64 bits"));
    cwrun_error_clear(&err);
}

/* ---- beyond a host function ---- */

static const char text[] =
    "(component (import \"x\" (instance $x (export \"thing\" (type $t (sub resource)))"
    "  (export \"make\" (func (result (own $t)))) (export \"take\" (func (param \"t\" (own $t))))"
    "  (export \"lend\" (func (param \"t\" (borrow $t)))) (export \"show\" (func (param \"t\" (borrow $t))))"
    "  (export \"wait\" (func))))"
    " (alias export $x \"thing\" (type $t))"
    " (core func $make (canon lower (func $x \"make\"))) (core func $take (canon lower (func $x \"take\")))"
    " (core func $lend (canon lower (func $x \"lend\"))) (core func $show (canon lower (func $x \"show\")))"
    " (core func $wait (canon lower (func $x \"wait\"))) (core func $drop (canon resource.drop $t))"
    " (core module $m (import \"\" \"make\" (func $make (result i32))) (import \"\" \"take\" (func $take (param i32)))"
    "  (import \"\" \"lend\" (func $lend (param i32))) (import \"\" \"show\" (func $show (param i32)))"
    "  (import \"\" \"wait\" (func $wait)) (import \"\" \"drop\" (func $drop (param i32)))"
    "  (global $h (mut i32) (i32.const 0))"
    "  (func (export \"give\") (call $take (call $make)))"
    "  (func (export \"lend\") (global.set $h (call $make)) (call $lend (global.get $h)))"
    "  (func (export \"drop\") (call $drop (global.get $h)))"
    "  (func (export \"hold\") (param i32) (call $wait) (call $show (local.get 0)) (call $drop (local.get 0))))"
    " (core instance $i (instantiate $m (with \"\" (instance (export \"make\" (func $make)) (export \"take\" (func "
    "$take)) (export \"lend\" (func $lend)) (export \"show\" (func $show)) (export \"wait\" (func $wait)) (export "
    "\"drop\" (func $drop))))))"
    " (func (export \"give\") (canon lift (core func $i \"give\")))"
    " (func (export \"lend\") (canon lift (core func $i \"lend\")))"
    " (func (export \"drop\") (canon lift (core func $i \"drop\")))"
    " (func (export \"hold\") (param \"t\" (borrow $t)) (canon lift (core func $i \"hold\"))))";

static int object, n_dropped, n_shown;
static bool traps;
static cwrun_linker *linker;
static cwrun_instance *giver, *holder;
static cwrun_polled *held;
static cwrun_ticket *ticket;

static void drop_object(void *what, void *user)
{
    (void)user;
    assert_ptr_equal(what, &object);
    n_dropped++;
}

static cwrun_status make(cwrun_caller *caller, const cwrun_val *args, size_t n, cwrun_val *result, void *user)
{
    (void)args, (void)n, (void)user;
    *result = cwrun_own(cwrun_resource_new(caller, "x", "thing", &object));
    return CWRUN_DONE;
}

/* Lends what it was given to a call that stays under way, and answers. */
static cwrun_status lend(cwrun_caller *caller, const cwrun_val *args, size_t n, cwrun_val *result, void *user)
{
    (void)n, (void)result, (void)user;
    held = cwrun_call_start(cwrun_instance_func(holder, "hold", &err), args, 1, &err);
    assert_int_equal(cwrun_call_poll(held, &err), CWRUN_PENDING);
    return traps ? cwrun_caller_trap(caller, "no") : CWRUN_DONE;
}

static cwrun_status show(cwrun_caller *caller, const cwrun_val *args, size_t n, cwrun_val *result, void *user)
{
    (void)n, (void)result, (void)user;
    assert_ptr_equal(cwrun_handle_object(cwrun_caller_store(caller), args[0].of.handle), &object);
    assert_int_equal(n_dropped, 0);
    n_shown++;
    return CWRUN_DONE;
}

static cwrun_status wait(cwrun_caller *caller, const cwrun_val *args, size_t n, cwrun_val *result, void *user)
{
    (void)args, (void)n, (void)result, (void)user;
    ticket = cwrun_caller_defer(caller, NULL, NULL);
    return CWRUN_PENDING;
}

static int begin(void **state)
{
    if (set_up(state))
        return -1;
    linker = cwrun_linker_new(engine, &err);
    cwrun_linker_resource(linker, "x", "thing", drop_object, NULL, NULL, &err);
    cwrun_linker_func(linker, "x", "make", "func() -> thing", make, NULL, NULL, &err);
    cwrun_linker_func(linker, "x", "take", "func(t: thing)", lend, NULL, NULL, &err);
    cwrun_linker_func(linker, "x", "lend", "func(t: borrow<thing>)", lend, NULL, NULL, &err);
    cwrun_linker_func(linker, "x", "show", "func(t: borrow<thing>)", show, NULL, NULL, &err);
    cwrun_linker_func(linker, "x", "wait", "func()", wait, NULL, NULL, &err);
    giver = instantiate(text, linker);
    holder = instantiate(text, linker);
    n_dropped = n_shown = 0;
    traps = false;
    held = NULL;
    return 0;
}

static int end(void **state)
{
    cwrun_call_drop(held);
    cwrun_linker_drop(linker);
    return tear_down(state);
}

static void let_it_end(void)
{
    assert_int_equal(n_dropped, 0);
    assert_true(cwrun_ticket_done(ticket, NULL));
    assert_int_equal(cwrun_call_poll(held, &err), CWRUN_DONE);
    assert_int_equal(n_shown, 1);
}

static void what_a_host_function_was_given_and_lent_is_dropped_when_it_comes_back(void **state)
{
    (void)state;
    call(giver, "give", NULL);
    let_it_end();
    assert_int_equal(n_dropped, 1);
}

static void also_where_the_host_function_traps(void **state)
{
    (void)state;
    traps = true;
    assert_false(cwrun_call(giver, "give", NULL, 0, NULL, NULL, &err));
    failed_with(CWRUN_ERROR_TRAP, "no");
    let_it_end();
    assert_int_equal(n_dropped, 1);
}

static void also_where_the_call_is_dropped(void **state)
{
    (void)state;
    call(giver, "give", NULL);
    assert_int_equal(n_dropped, 0);
    cwrun_call_drop(held);
    held = NULL;
    assert_int_equal(n_dropped, 1);
    cwrun_ticket_drop(ticket);
}

static void also_where_the_store_goes(void **state)
{
    (void)state;
    call(giver, "give", NULL);
    cwrun_store_drop(store);
    assert_int_equal(n_dropped, 1);
    store = NULL;
    cwrun_ticket_drop(ticket);
}

static void what_was_lent_on_stays_lent_until_it_comes_back(void **state)
{
    (void)state;
    call(giver, "lend", NULL);
    let_it_end();
    assert_int_equal(n_dropped, 0);
    call(giver, "drop", NULL);
    assert_int_equal(n_dropped, 1);
}

static void its_owner_cannot_drop_it_before(void **state)
{
    (void)state;
    call(giver, "lend", NULL);
    assert_false(cwrun_call(giver, "drop", NULL, 0, NULL, NULL, &err));
    failed_with(CWRUN_ERROR_TRAP, "while borrowed");
    let_it_end();
}

#define TEST(f) cmocka_unit_test_setup_teardown(f, begin, end)

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(a_representation_that_a_borrow_cannot_carry_is_not_cut_off, set_up, tear_down),
        TEST(what_a_host_function_was_given_and_lent_is_dropped_when_it_comes_back),
        TEST(also_where_the_host_function_traps),
        TEST(also_where_the_call_is_dropped),
        TEST(also_where_the_store_goes),
        TEST(what_was_lent_on_stays_lent_until_it_comes_back),
        TEST(its_owner_cannot_drop_it_before),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
