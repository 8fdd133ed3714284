/* tests/api/test_link_types.c: what a host function's declared type promises holds, whatever names a component gives
 * and however the function comes to it. */
#include "fixture.h"

static cwrun_linker *linker;

static int begin(void **state)
{
    if (set_up(state))
        return -1;
    linker = cwrun_linker_new(engine, &err);
    return linker ? 0 : -1;
}

static int end(void **state)
{
    cwrun_linker_drop(linker);
    return tear_down(state);
}

static void call(cwrun_instance *in, const char *name)
{
    if (!in || !cwrun_call(in, name, NULL, 0, NULL, NULL, &err))
        fail_msg("%s", err.message);
}

/* ---- resources ---- */

static int a_thing, b_thing, n_used;
static void *seen, *seen_as_a, *seen_as_b;

static cwrun_status make(cwrun_caller *caller, const cwrun_val *args, size_t n, cwrun_val *result, void *user)
{
    (void)args, (void)n;
    *result = cwrun_own(cwrun_resource_new(caller, user, "thing", strcmp(user, "t:p/a") == 0 ? &a_thing : &b_thing));
    return CWRUN_DONE;
}

static cwrun_status use(cwrun_caller *caller, const cwrun_val *args, size_t n, cwrun_val *result, void *user)
{
    (void)n, (void)result, (void)user;
    n_used++;
    seen = cwrun_handle_object(cwrun_caller_store(caller), args[0].of.handle);
    seen_as_a = cwrun_resource_object(caller, args[0].of.handle, "t:p/a", "thing");
    seen_as_b = cwrun_resource_object(caller, args[0].of.handle, "t:p/b", "thing");
    assert_null(cwrun_resource_object(caller, args[0].of.handle, "t:p/a", "other"));
    assert_null(cwrun_resource_object(caller, args[0].of.handle + (1u << 22), "t:p/b", "thing")); /* stale */
    return CWRUN_DONE;
}

static void define(const char *interface, bool with_make)
{
    cwrun_linker_resource(linker, interface, "thing", NULL, NULL, NULL, &err);
    if (with_make)
        cwrun_linker_func(linker, interface, "make", "func() -> thing", make, (void *)interface, NULL, &err);
    assert_int_equal(err.kind, 0);
}

/* A component that gives what `$make` makes to `$user` "use". */
#define B \
    "(component (import \"t:p/b\" (instance $b (export \"thing\" (type $t (sub resource)))" \
    " (export \"make\" (func (result (own $t))))))" \
    " (alias export $b \"thing\" (type $bt))"
#define RUN \
    " (core func $make (canon lower (func $b \"make\"))) (core func $use (canon lower (func $user \"use\")))" \
    " (core module $m (import \"\" \"make\" (func $make (result i32))) (import \"\" \"use\" (func $use (param i32)))" \
    "  (func (export \"run\") (call $use (call $make))))" \
    " (core instance $i (instantiate $m (with \"\" (instance (export \"make\" (func $make)) (export \"use\" (func " \
    "$use))))))" \
    " (func (export \"run\") (canon lift (core func $i \"run\"))))"
#define USER(interface, name) \
    " (import \"" interface "\" (instance $user (alias outer 1 $bt (type $o)) (export \"" name "\" (type $t (eq $o)))" \
    "  (export \"use\" (func (param \"x\" (borrow $t))))))"

static void a_resource_goes_to_no_function_that_means_another(void **state)
{
    (void)state;
    define("t:p/a", false);
    define("t:p/b", true);
    cwrun_linker_func(linker, "t:p/a", "use", "func(x: borrow<thing>)", use, NULL, NULL, &err);
    cwrun_linker_func(linker, "t:p/a", "all", "func(x: list<option<thing>>)", use, NULL, NULL, &err);

    /* said to be a's */
    assert_null(component_instance(B USER("t:p/a", "thing") RUN, linker));
    failed_with(CWRUN_ERROR_LINK, "`t:p/a#use`: func(x: borrow<thing>): `thing` is not the host's `t:p/a#thing`");
    /* called like a's */
    assert_null(component_instance(B " (import \"thing\" (type $w (eq $bt)))"
                                     " (import \"t:p/a\" (instance $user (alias outer 1 $w (type $o))"
                                     "  (export \"use\" (func (param \"x\" (borrow $o))))))" RUN,
                                   linker));
    failed_with(CWRUN_ERROR_LINK, "`thing` is not the host's `t:p/a#thing`");
    /* with no function to find it out */
    assert_null(
        component_instance("(component (import \"t:p/b\" (instance $b (export \"thing\" (type (sub resource)))))"
                           " (alias export $b \"thing\" (type $bt)) (import \"t:p/a\" (instance"
                           "  (alias outer 1 $bt (type $o)) (export \"thing\" (type (eq $o))))))",
                           linker));
    failed_with(CWRUN_ERROR_LINK, "resource types are not the same");
    /* inside of another type */
    assert_null(component_instance(B " (import \"thing\" (type $w (eq $bt)))"
                                     " (import \"t:p/a\" (instance (alias outer 1 $w (type $o))"
                                     "  (export \"all\" (func (param \"x\" (list (option (own $o)))))))))",
                                   linker));
    failed_with(CWRUN_ERROR_LINK, "`thing` is not the host's `t:p/a#thing`");
}

static void a_resource_of_another_interface_is_meant_by_its_name_if_only_one_has_it(void **state)
{
    (void)state;
    define("t:p/b", true);
    cwrun_linker_func(linker, "t:p/c", "use", "func(x: borrow<thing>)", use, NULL, NULL, &err);
    seen = NULL;
    call(component_instance(B USER("t:p/c", "thing") RUN, linker), "run");
    assert_ptr_equal(seen, &b_thing);

    cwrun_linker *more = cwrun_linker_copy(linker, &err), *aliased;
    cwrun_linker_resource(more, "t:p/b", "thing", NULL, NULL, NULL, &err); /* instead of the first: still one */
    call(component_instance(B USER("t:p/c", "thing") RUN, more), "run");
    aliased = cwrun_linker_copy(more, &err);
    cwrun_linker_drop(more);
    more = cwrun_linker_copy(aliased, &err);
    cwrun_linker_resource(more, "t:p/a", "thing", NULL, NULL, NULL, &err);
    assert_null(component_instance(B USER("t:p/c", "thing") RUN, more));
    failed_with(CWRUN_ERROR_LINK, "`thing` is not defined by the host for this function (cwrun_linker_resource_alias");

    cwrun_linker_resource(aliased, "t:p/a", "thing", NULL, NULL, NULL, &err);
    cwrun_linker_resource_alias(aliased, "t:p/c", "thing", "t:p/b", "thing", &err);
    call(component_instance(B USER("t:p/c", "thing") RUN, aliased), "run");
    cwrun_linker_drop(more);
    cwrun_linker_drop(aliased);

    /* by a name that nothing has */
    more = cwrun_linker_copy(linker, &err);
    cwrun_linker_func(more, "t:p/d", "use", "func(x: borrow<gadget>)", use, NULL, NULL, &err);
    aliased = cwrun_linker_copy(more, &err);
    assert_null(component_instance(B USER("t:p/d", "gadget") RUN, more));
    failed_with(CWRUN_ERROR_LINK, "`gadget` is not defined by the host for this function");
    cwrun_linker_resource_alias(aliased, "t:p/d", "gadget", "t:p/b", "thing", &err);
    call(component_instance(B USER("t:p/d", "gadget") RUN, aliased), "run");
    cwrun_linker_drop(more);
    cwrun_linker_drop(aliased);
}

static void a_function_of_any_type_asks_which_resource_it_was_given(void **state)
{
    (void)state;
    define("t:p/a", false);
    define("t:p/b", true);
    cwrun_linker_func(linker, "t:p/c", "use", NULL, use, NULL, NULL, &err);
    n_used = 0;
    call(component_instance(B USER("t:p/c", "thing") RUN, linker), "run");
    assert_int_equal(n_used, 1);
    assert_ptr_equal(seen, &b_thing);
    assert_ptr_equal(seen_as_b, &b_thing);
    assert_null(seen_as_a);
    assert_null(cwrun_resource_object(NULL, 1, "t:p/b", "thing"));
}

static void an_interface_may_export_a_resource_twice(void **state)
{
    (void)state;
    define("t:p/b", true);
    cwrun_linker_func(linker, "t:p/b", "use", NULL, use, NULL, NULL, &err);
    call(
        component_instance("(component (import \"t:p/b\" (instance $b (export \"thing\" (type $t (sub resource)))"
                           " (export \"again\" (type $again (eq $t))) (export \"make\" (func (result (own $t))))"
                           " (export \"use\" (func (param \"x\" (borrow $again))))))"
                           " (alias export $b \"use\" (func $used)) (instance $user (export \"use\" (func $used)))" RUN,
                           linker),
        "run");
    assert_ptr_equal(seen, &b_thing);
}

static void a_resource_of_a_component_goes_to_functions_whose_name_for_it_the_host_has_not(void **state)
{
    (void)state;
    cwrun_instance *in = component_instance(
        "(component (type $r' (resource (rep i32))) (core func $new (canon resource.new $r'))"
        " (core module $m (import \"\" \"new\" (func $new (param i32) (result i32)))"
        "  (func (export \"make\") (result i32) (call $new (i32.const 7))))"
        " (core instance $i (instantiate $m (with \"\" (instance (export \"new\" (func $new))))))"
        " (component $c (import \"thing\" (type $r (sub resource))) (import \"make\" (func $make (result "
        "(own $r)))) (export $t \"thing\" (type $r)) (export \"make\" (func $make) (func (result (own "
        "$t)))))"
        " (func $make (result (own $r')) (canon lift (core func $i \"make\")))"
        " (instance $b (instantiate $c (with \"thing\" (type $r')) (with \"make\" (func $make))))"
        " (export \"t:p/b\" (instance $b)))",
        linker);
    assert_non_null(in);
    cwrun_linker *other = cwrun_linker_new(engine, &err);
    cwrun_linker_instance(other, "t:p/b", in, &err);
    cwrun_linker_func(other, "t:p/c", "use", "func(x: borrow<thing>)", use, NULL, NULL, &err);
    seen = &seen;
    n_used = 0;
    call(component_instance(B USER("t:p/c", "thing") RUN, other), "run");
    assert_int_equal(n_used, 1);
    assert_null(seen);
    cwrun_linker *wrong = cwrun_linker_copy(other, &err);
    cwrun_linker_resource(wrong, "t:p/a", "thing", NULL, NULL, NULL, &err);
    assert_null(component_instance(B USER("t:p/c", "thing") RUN, wrong));
    failed_with(CWRUN_ERROR_LINK, "`thing` is not the host's `t:p/a#thing`");
    cwrun_linker_drop(other);
    cwrun_linker_drop(wrong);
}

/* ---- functions that come through a component ---- */

static uint8_t kind_seen;

static cwrun_status look(cwrun_caller *caller, const cwrun_val *args, size_t n, cwrun_val *result, void *user)
{
    (void)caller, (void)n, (void)result, (void)user;
    kind_seen = args[0].kind;
    return CWRUN_DONE;
}

/* What calls `h`, of a type that takes two numbers, with numbers. */
#define NUMBERS(import) \
    "(component " import " (core module $none (memory (export \"m\") 1)) (core instance $n (instantiate $none))" \
    " (core func $l (canon lower (func $h) (memory $n \"m\")))" \
    " (core module $m (import \"\" \"h\" (func $h (param i32 i32)))" \
    "  (func (export \"run\") (call $h (i32.const 65536) (i32.const 0))))" \
    " (core instance $i (instantiate $m (with \"\" (instance (export \"h\" (func $l))))))" \
    " (func (export \"run\") (canon lift (core func $i \"run\"))))"
#define H(type) NUMBERS("(import \"h\" (func $h (param \"s\" " type ")))")
#define IN_I(type) \
    NUMBERS("(import \"i\" (instance $i (export \"h\" (func (param \"s\" " type ")))))" \
            " (alias export $i \"h\" (func $h))")

static void a_host_function_keeps_its_type_when_a_component_exports_it(void **state)
{
    (void)state;
    cwrun_linker_func(linker, NULL, "h", "func(s: string)", look, NULL, NULL, &err);
    cwrun_linker_func(linker, "i", "h", "func(s: string)", look, NULL, NULL, &err);
    cwrun_instance *in = component_instance("(component (import \"h\" (func $h (param \"s\" string)))"
                                            " (import \"i\" (instance $i (export \"h\" (func (param \"s\" string)))))"
                                            " (export \"h\" (func $h)) (export \"i\" (instance $i)))",
                                            linker);
    assert_non_null(in);
    cwrun_linker *again = cwrun_linker_new(engine, &err);
    cwrun_linker_instance(again, "h", in, &err);
    cwrun_linker_instance(again, "i", in, &err);
    call(component_instance(H("string"), again), "run");
    assert_int_equal(kind_seen, CWRUN_KIND_STRING);
    call(component_instance(IN_I("string"), again), "run");
    assert_null(component_instance(H("(tuple u32 u32)"), again));
    failed_with(CWRUN_ERROR_LINK, "`h`: expected func(s: tuple<u32, u32>), found func(s: string)");
    assert_null(component_instance(IN_I("(tuple u32 u32)"), again));
    failed_with(CWRUN_ERROR_LINK, "`i`: expected func(s: tuple<u32, u32>), found func(s: string)");
    cwrun_linker_drop(again);
}

static void a_stub_keeps_its_type_when_a_component_exports_it(void **state)
{
    (void)state;
    cwrun_linker_stub_rest(linker, true);
    cwrun_instance *in = component_instance(
        "(component (import \"h\" (func $h (param \"s\" string))) (export \"h\" (func $h)))", linker);
    assert_non_null(in);
    cwrun_linker *again = cwrun_linker_new(engine, &err);
    cwrun_linker_instance(again, "h", in, &err);
    assert_non_null(component_instance(H("string"), again));
    assert_null(component_instance(H("(tuple u32 u32)"), again));
    failed_with(CWRUN_ERROR_LINK, "`h`: expected func(s: tuple<u32, u32>), found func(s: string)");
    cwrun_linker_drop(again);
}

#define PASS \
    " (export \"t:p/b\" (instance $b))" \
    " (instance $pass (export \"thing\" (type $bt)) (export \"use\" (func $user \"use\"))) (export \"t:p/c\" " \
    "(instance $pass)))"

static void its_resources_stay_those_of_its_own_linker(void **state)
{
    (void)state;
    define("t:p/b", true);
    cwrun_linker_func(linker, "t:p/c", "use", "func(x: borrow<thing>)", use, NULL, NULL, &err);
    cwrun_instance *in = component_instance(B USER("t:p/c", "thing") PASS, linker);
    assert_non_null(in);
    cwrun_linker *again = cwrun_linker_new(engine, &err);
    cwrun_linker_instance(again, "t:p/b", in, &err);
    cwrun_linker_instance(again, "t:p/c", in, &err);
    seen = seen_as_b = NULL;
    call(component_instance(B USER("t:p/c", "thing") RUN, again), "run");
    assert_ptr_equal(seen, &b_thing);
    assert_ptr_equal(seen_as_b, &b_thing);

    /* one of another linker, by the same names */
    cwrun_linker *third = cwrun_linker_new(engine, &err);
    cwrun_linker_resource(third, "t:p/b", "thing", NULL, NULL, NULL, &err);
    cwrun_linker_func(third, "t:p/b", "make", "func() -> thing", make, (void *)"t:p/b", NULL, &err);
    cwrun_linker_instance(third, "t:p/c", in, &err);
    assert_null(component_instance(B USER("t:p/c", "thing") RUN, third));
    failed_with(CWRUN_ERROR_LINK, "resource types are not the same");
    assert_null(component_instance(B " (import \"t:p/c\" (instance $user (alias outer 1 $bt (type $o))"
                                     "  (export \"use\" (func (param \"x\" (borrow $o))))))" RUN,
                                   third));
    failed_with(CWRUN_ERROR_LINK, "expected func(x: borrow<thing>), found func(x: borrow<thing>): resource types are");
    cwrun_linker_drop(again);
    cwrun_linker_drop(third);
}

#define TEST(f) cmocka_unit_test_setup_teardown(f, begin, end)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(a_resource_goes_to_no_function_that_means_another),
        TEST(a_resource_of_another_interface_is_meant_by_its_name_if_only_one_has_it),
        TEST(a_function_of_any_type_asks_which_resource_it_was_given),
        TEST(an_interface_may_export_a_resource_twice),
        TEST(a_resource_of_a_component_goes_to_functions_whose_name_for_it_the_host_has_not),
        TEST(a_host_function_keeps_its_type_when_a_component_exports_it),
        TEST(a_stub_keeps_its_type_when_a_component_exports_it),
        TEST(its_resources_stay_those_of_its_own_linker),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
