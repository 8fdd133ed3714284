/* tests/api/test_exceptions.c: exceptions that leave exports and start functions, and those that components do not let
 * out. */
#include <cwrun.h>

#include "api/fixture.h"

/* One of the two is made. */
static void load(const char *text, cwrun_module **module, cwrun_component **component)
{
    cwrun_arena *arena = cwrun_arena_new(NULL);
    cwrun_str bytes = cwrun_text_encode(cwrun_str_of(text), "test", arena, &err);
    if (module)
        *module = cwrun_module_load(engine, bytes.data, bytes.size, "test", &err);
    else
        *component = cwrun_component_load(engine, bytes.data, bytes.size, "test", &err);
    cwrun_arena_drop(arena);
    if (cwrun_failed(&err))
        fail_msg("%s", err.message);
}

static void an_exception_leaves_an_export_as_an_error_of_its_own(void **state)
{
    (void)state;
    cwrun_module *m;
    load("(module (tag (export \"oops\") (param i32 f32)) (func $f (throw 0 (i32.const 3) (f32.const 0.5)))"
         "(func (export \"f\") (call $f)) (func (export \"two\") (result i32) (i32.const 2)))",
         &m, NULL);
    cwrun_core_instance *in = cwrun_module_instantiate(store, m, NULL, &err);
    cwrun_module_drop(m);
    assert_non_null(in);
    assert_false(cwrun_core_call(in, "f", NULL, 0, NULL, 0, &err));
    assert_int_equal(err.n_frames, 2);
    failed_with(CWRUN_ERROR_EXCEPTION, "thrown Wasm exception: oops(3, 0.5)");
    cwrun_core_val two;
    assert_true(cwrun_core_call(in, "two", NULL, 0, &two, 1, &err));
    assert_int_equal(two.of.i32, 2);
}

static void a_start_function_may_throw(void **state)
{
    (void)state;
    cwrun_module *m;
    load("(module (tag) (func $f (throw 0)) (start $f))", &m, NULL);
    assert_null(cwrun_module_instantiate(store, m, NULL, &err));
    cwrun_module_drop(m);
    failed_with(CWRUN_ERROR_EXCEPTION, "thrown Wasm exception: tag 0");

    load("(module (tag $e (export \"f\")) (func $f (throw $e)) (start $f))", &m, NULL);
    assert_null(cwrun_module_instantiate(store, m, NULL, &err));
    cwrun_module_drop(m);
    failed_with(CWRUN_ERROR_EXCEPTION, "thrown Wasm exception: e"); /* the name section's */
}

#define INNER \
    "(component $inner" \
    "  (core module $m (tag $e (param i32)) (func (export \"f\") (param i32) (result i32)" \
    "    (if (local.get 0) (then (throw $e (local.get 0)))) (i32.const 7)))" \
    "  (core instance $i (instantiate $m))" \
    "  (func (export \"f\") (param \"x\" u32) (result u32) (canon lift (core func $i \"f\"))))"

static void an_exception_does_not_leave_a_component(void **state)
{
    (void)state;
    cwrun_component *c;
    load("(component " INNER " (instance $i (instantiate $inner)) (export \"f\" (func $i \"f\")))", NULL, &c);
    cwrun_instance *in = cwrun_instantiate(store, c, NULL, &err);
    cwrun_component_drop(c);
    assert_non_null(in);
    cwrun_val x = cwrun_u32(0), result;
    assert_true(cwrun_call(in, "f", &x, 1, &result, NULL, &err));
    assert_int_equal(result.of.u32, 7);
    x = cwrun_u32(4);
    assert_false(cwrun_call(in, "f", &x, 1, &result, NULL, &err));
    failed_with(CWRUN_ERROR_TRAP, "uncaught exception: e(4)");
    /* as after every trap */
    assert_false(cwrun_call(in, "f", &x, 1, &result, NULL, &err));
    failed_with(CWRUN_ERROR_TRAP, "cannot enter component instance");
}

static void a_component_does_not_catch_what_another_throws(void **state)
{
    (void)state;
    cwrun_component *c;
    load("(component " INNER " (instance $i (instantiate $inner))"
         "(component $outer"
         "  (import \"f\" (func $i (param \"x\" u32) (result u32)))"
         "  (core func $f (canon lower (func $i)))"
         "  (core module $m (import \"\" \"f\" (func $f (param i32) (result i32))) (tag $mine)"
         "    (func (export \"g\") (param i32) (result i32)"
         "      (block $h (try_table (catch_all $h) (return (call $f (local.get 0))))) (i32.const 99))"
         "    (func (export \"h\") (result i32) (block $h (try_table (catch_all $h) (throw $mine))) (i32.const 5)))"
         "  (core instance $o (instantiate $m (with \"\" (instance (export \"f\" (func $f))))))"
         "  (func (export \"g\") (param \"x\" u32) (result u32) (canon lift (core func $o \"g\")))"
         "  (func (export \"h\") (result u32) (canon lift (core func $o \"h\"))))"
         "(instance $o (instantiate $outer (with \"f\" (func $i \"f\"))))"
         "(export \"g\" (func $o \"g\")) (export \"h\" (func $o \"h\")))",
         NULL, &c);
    cwrun_instance *in = cwrun_instantiate(store, c, NULL, &err);
    cwrun_component_drop(c);
    assert_non_null(in);
    cwrun_val x = cwrun_u32(0), result;
    if (!cwrun_call(in, "g", &x, 1, &result, NULL, &err))
        fail_msg("%s", err.message);
    assert_int_equal(result.of.u32, 7);
    assert_true(cwrun_call(in, "h", NULL, 0, &result, NULL, &err));
    assert_int_equal(result.of.u32, 5);
    x = cwrun_u32(4);
    assert_false(cwrun_call(in, "g", &x, 1, &result, NULL, &err));
    assert_int_equal(err.n_frames, 2);
    failed_with(CWRUN_ERROR_TRAP, "uncaught exception: e(4)");
}

static void an_exception_of_realloc_or_of_a_start_function_is_a_trap_too(void **state)
{
    (void)state;
    cwrun_component *c;
    load("(component"
         "  (core module $m (tag $e) (memory (export \"m\") 1)"
         "    (func (export \"realloc\") (param i32 i32 i32 i32) (result i32) (throw $e))"
         "    (func (export \"f\") (param i32 i32)))"
         "  (core instance $i (instantiate $m))"
         "  (func (export \"f\") (param \"x\" string)"
         "    (canon lift (core func $i \"f\") (memory $i \"m\") (realloc (core func $i \"realloc\")))))",
         NULL, &c);
    cwrun_instance *in = cwrun_instantiate(store, c, NULL, &err);
    cwrun_component_drop(c);
    assert_non_null(in);
    cwrun_val x = cwrun_string(cwrun_str_of("abc"));
    assert_false(cwrun_call(in, "f", &x, 1, NULL, NULL, &err));
    failed_with(CWRUN_ERROR_TRAP, "uncaught exception: e");

    load("(component (core module $m (tag $e) (func $f (throw $e)) (start $f)) (core instance (instantiate $m)))", NULL,
         &c);
    assert_null(cwrun_instantiate(store, c, NULL, &err));
    cwrun_component_drop(c);
    failed_with(CWRUN_ERROR_TRAP, "uncaught exception: e");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(an_exception_leaves_an_export_as_an_error_of_its_own, set_up, tear_down),
        cmocka_unit_test_setup_teardown(a_start_function_may_throw, set_up, tear_down),
        cmocka_unit_test_setup_teardown(an_exception_does_not_leave_a_component, set_up, tear_down),
        cmocka_unit_test_setup_teardown(a_component_does_not_catch_what_another_throws, set_up, tear_down),
        cmocka_unit_test_setup_teardown(an_exception_of_realloc_or_of_a_start_function_is_a_trap_too, set_up,
                                        tear_down),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
