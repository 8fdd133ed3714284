/* tests/api/test_loans.c: handles that are lent: to where their resource is defined. */
#include "fixture.h"

static cwrun_instance *instantiate(const char *text, cwrun_linker *l)
{
    cwrun_arena *arena = cwrun_arena_new(NULL);
    cwrun_str binary = cwrun_text_encode(cwrun_str_of(text), NULL, arena, &err);
    cwrun_component *c = cwrun_component_load(engine, binary.data, binary.size, "test", &err);
    if (!c)
        fail_msg("%s", err.message);
    cwrun_instance *in = cwrun_instantiate(store, c, l, &err);
    if (!in)
        fail_msg("%s", err.message);
    cwrun_component_drop(c);
    cwrun_arena_drop(arena);
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

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(a_representation_that_a_borrow_cannot_carry_is_not_cut_off, set_up, tear_down),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
