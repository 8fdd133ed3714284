/* tests/api/test_core_heap.c: references into the heap through the public interface: i31, structures, arrays,
 * exceptions, and what the collector does to them. */
#include <cwrun.h>

#include "api/fixture.h"

static cwrun_core_instance *instance_of(const char *text, cwrun_linker *linker)
{
    cwrun_core_instance *in = core_instance(text, linker);
    if (!in)
        fail_msg("%s", err.message);
    return in;
}

static const char shapes[] =
    "(module (type $p (struct (field i32) (field (mut i64)) (field (mut i8)))) (type $a (array (mut f64)))"
    " (func (export \"make\") (param i32) (result (ref $p)) (struct.new $p (local.get 0) (i64.const 5) (i32.const "
    "200)))"
    " (func (export \"sum\") (param (ref $p)) (result i64) (i64.add (struct.get $p 1 (local.get 0))"
    "   (i64.extend_i32_u (struct.get_u $p 2 (local.get 0)))))"
    " (func (export \"numbers\") (param (ref null $a)) (result i32) (array.len (local.get 0)))"
    " (func (export \"any\") (param anyref) (result anyref) (local.get 0))"
    " (func (export \"ext\") (param externref) (result anyref) (any.convert_extern (local.get 0)))"
    " (func (export \"waste\") (param $n i32) (loop $l (drop (array.new $a (f64.const 0) (i32.const 1000)))"
    "   (br_if $l (local.tee $n (i32.sub (local.get $n) (i32.const 1)))))))";

static cwrun_core_val call(cwrun_core_instance *in, const char *name, cwrun_core_val arg)
{
    cwrun_core_val got = { 0 };
    cwrun_core_call(in, name, &arg, 1, &got, 1, &err);
    return got;
}

static void structures_are_passed_read_and_written(void **state)
{
    (void)state;
    cwrun_core_instance *in = instance_of(shapes, NULL);
    cwrun_core_val p = call(in, "make", cwrun_core_i32(-3)), v;
    cwrun_ref kept = cwrun_ref_keep(store, p.of.ref, &err);
    assert_int_equal(p.type, CWRUN_CORE_ANYREF);
    assert_int_equal(cwrun_object_size(store, kept), 3);
    call(in, "waste", cwrun_core_i32(2000));
    call(in, "waste", cwrun_core_i32(2000)); /* 16 MB: the collector has been here, and kept what the host holds */
    assert_true(cwrun_object_get(store, kept, 0, &v, &err) && v.of.i32 == -3);
    assert_true(cwrun_object_get(store, kept, 2, &v, &err) && v.type == CWRUN_CORE_I32 && v.of.i32 == 200);
    v = cwrun_core_i64(1000);
    assert_true(cwrun_object_set(store, kept, 1, &v, &err));
    assert_int_equal(call(in, "sum", cwrun_core_anyref(kept)).of.i64, 1200);
    assert_false(cwrun_object_set(store, kept, 0, &v, &err));
    failed_with(CWRUN_ERROR_ARGUMENT, "immutable");
    assert_false(cwrun_object_get(store, kept, 3, &v, &err));
    failed_with(CWRUN_ERROR_ARGUMENT, "no such field");
    v = cwrun_core_i32(0);
    assert_false(cwrun_object_set(store, kept, 1, &v, &err));
    failed_with(CWRUN_ERROR_ARGUMENT, "the value is of another type");

    cwrun_core_type type = cwrun_ref_type(store, kept);
    cwrun_core_val fields[3] = { cwrun_core_i32(1), cwrun_core_i64(40), cwrun_core_i32(0x102) };
    cwrun_ref own = cwrun_struct_new(store, type, fields, 3, &err);
    assert_int_equal(cwrun_ref_type(store, own), type);
    assert_int_equal(call(in, "sum", cwrun_core_anyref(own)).of.i64, 42);
    assert_int_equal(cwrun_struct_new(store, type, fields, 2, &err), 0);
    failed_with(CWRUN_ERROR_ARGUMENT, "number of fields");
    fields[1] = cwrun_core_f32(0);
    assert_int_equal(cwrun_struct_new(store, type, fields, 3, &err), 0);
    failed_with(CWRUN_ERROR_ARGUMENT, "fields[1] is of another type");
    assert_int_equal(cwrun_struct_new(store, CWRUN_TYPE_ANYREF, fields, 3, &err), 0);
    failed_with(CWRUN_ERROR_ARGUMENT, "no such defined type");
}

/* Descriptors are a proposal: an engine of their own. */
static void structures_are_made_with_their_descriptors(void **state)
{
    (void)state;
    cwrun_config config = CWRUN_CONFIG_INIT;
    config.features_on = cwrun_feature("custom-descriptors");
    tear_down(NULL);
    engine = cwrun_engine_new(&config, &err);
    store = cwrun_store_new(engine, NULL, &err);
    static const char text[] =
        "(module (rec (type $a (sub (descriptor $d) (struct (field i32)))) (type $d (sub (describes $a) (struct (field "
        "i32)))))"
        " (rec (type $b (sub $a (descriptor $e) (struct (field i32)))) (type $e (sub $d (describes $b) (struct (field "
        "i32)))))"
        " (type $f (sub (func (result i32)))) (type $g (sub $f (func (result i32))))"
        " (func (export \"a\") (param i32) (result (ref $a))"
        "   (struct.new_desc $a (local.get 0) (struct.new $d (i32.add (local.get 0) (i32.const 1)))))"
        " (func (export \"e\") (param i32) (result (ref $e)) (struct.new $e (local.get 0)))"
        " (func (export \"read\") (param (ref $a)) (result i32) (struct.get $d 0 (ref.get_desc $a (local.get 0))))"
        " (func $x (export \"f\") (type $f) (i32.const 6)) (func (export \"g\") (type $g) (i32.const 7))"
        " (func (export \"exactly f\") (param (ref (exact $f))) (result i32) (call_ref $f (local.get 0))))";
    cwrun_core_instance *in = instance_of(text, NULL);
    const cwrun_core_val v = cwrun_core_i32(40);
    cwrun_core_val field;
    const cwrun_ref a = cwrun_ref_keep(store, call(in, "a", v).of.ref, &err);
    const cwrun_ref d = cwrun_ref_keep(store, cwrun_struct_descriptor(store, a, &err), &err);
    const cwrun_ref e = cwrun_ref_keep(store, call(in, "e", v).of.ref, &err);
    assert_true(cwrun_object_get(store, d, 0, &field, &err) && field.of.i32 == 41);
    assert_int_equal(cwrun_struct_descriptor(store, d, &err), 0);
    failed_with(CWRUN_ERROR_ARGUMENT, "no structure with a descriptor");

    const cwrun_core_type type = cwrun_ref_type(store, a);
    const cwrun_ref made = cwrun_struct_new_desc(store, type, d, &v, 1, &err);
    assert_int_equal(call(in, "read", cwrun_core_anyref(made)).of.i32, 41);
    assert_int_equal(cwrun_struct_new_desc(store, type, e, &v, 1, &err), 0); /* of a sub type: not the very one */
    failed_with(CWRUN_ERROR_ARGUMENT, "exactly the type");
    assert_int_equal(cwrun_struct_new(store, type, &v, 1, &err), 0);
    failed_with(CWRUN_ERROR_ARGUMENT, "exactly the type");
    assert_int_equal(cwrun_struct_new_desc(store, cwrun_ref_type(store, d), d, &v, 1, &err), 0);
    failed_with(CWRUN_ERROR_ARGUMENT, "has no descriptor");

    cwrun_core_val f = { .type = CWRUN_CORE_FUNCREF, .of.func = cwrun_core_instance_func(in, "f", &err) };
    assert_int_equal(call(in, "exactly f", f).of.i32, 6);
    f.of.func = cwrun_core_instance_func(in, "g", &err);
    call(in, "exactly f", f);
    failed_with(CWRUN_ERROR_ARGUMENT, "a function of another type");
}

static void arrays_and_i31_are_told_apart(void **state)
{
    (void)state;
    cwrun_core_instance *in = instance_of(shapes, NULL);
    const cwrun_core_functype *f = cwrun_core_func_type(cwrun_core_instance_func(in, "numbers", &err));
    cwrun_core_val init = cwrun_core_f64(1.5), v;
    int32_t n;
    cwrun_ref a = cwrun_ref_keep(store, cwrun_array_new(store, cwrun_core_functype_param(f, 0), &init, 9, &err), &err);
    assert_int_equal(call(in, "numbers", cwrun_core_anyref(a)).of.i32, 9);
    assert_int_equal(call(in, "any", cwrun_core_anyref(0)).of.ref, 0);
    assert_true(cwrun_object_get(store, a, 8, &v, &err) && v.of.f64 == 1.5);
    assert_false(cwrun_object_get(store, a, 9, &v, &err));
    failed_with(CWRUN_ERROR_ARGUMENT, "no such");
    call(in, "sum", cwrun_core_anyref(a));
    failed_with(CWRUN_ERROR_ARGUMENT, "sum: args[0] is a reference of another type");
    call(in, "sum", cwrun_core_anyref(0));
    failed_with(CWRUN_ERROR_ARGUMENT, "sum: args[0] is null");
    v = call(in, "any", cwrun_core_anyref(cwrun_i31_new(store, -7, &err)));
    assert_true(cwrun_i31_get(store, v.of.ref, &n) && n == -7);
    assert_int_equal(cwrun_core_type_kind(engine, cwrun_ref_type(store, v.of.ref)), CWRUN_CORE_ANYREF);
    assert_false(cwrun_i31_get(store, a, &n));
    assert_int_equal(cwrun_object_size(store, v.of.ref), 0);
    v.of.ref = cwrun_ref_keep(store, v.of.ref, &err);
    call(in, "numbers", v);
    failed_with(CWRUN_ERROR_ARGUMENT, "of another type");
}

static void dropped(void *object)
{
    ++*(int *)object;
}

static void objects_of_the_host_are_collected(void **state)
{
    static int n;
    (void)state;
    n = 0;
    cwrun_core_instance *in = instance_of(shapes, NULL);
    cwrun_ref kept = cwrun_ref_keep(store, cwrun_externref_new(store, &n, dropped, &err), &err);
    cwrun_core_val v = call(in, "ext", cwrun_core_externref(kept));
    assert_int_equal(v.type, CWRUN_CORE_ANYREF);
    assert_ptr_equal(cwrun_externref_object(store, v.of.ref), &n);
    for (int i = 0; i < 5; i++)
        call(in, "waste", cwrun_core_i32(2000));
    assert_int_equal(n, 0);
    assert_ptr_equal(cwrun_externref_object(store, kept), &n);
    cwrun_ref_drop(store, kept);
    for (int i = 0; i < 5; i++)
        call(in, "waste", cwrun_core_i32(2000));
    assert_int_equal(n, 1);
    assert_false(cwrun_failed(&err));
}

/* ---- exceptions ---- */

static cwrun_tag *tag;
static cwrun_core_instance *thrower;

static cwrun_status throw(cwrun_caller * c, const cwrun_core_val *args, size_t n, cwrun_core_val *results,
                          size_t n_results, void *user)
{
    (void)n, (void)results, (void)n_results, (void)user;
    cwrun_core_val values[2] = { args[0], cwrun_core_externref(0) };
    if (args[0].of.i32 == 1) { /* what a call threw is thrown again */
        cwrun_error inner = CWRUN_ERROR_INIT;
        cwrun_core_val two = cwrun_core_i32(2);
        assert_false(cwrun_core_call(thrower, "throw", &two, 1, NULL, 0, &inner));
        cwrun_error_clear(&inner);
        return cwrun_caller_throw_ref(c, cwrun_store_exception(cwrun_caller_store(c), NULL));
    }
    if (args[0].of.i32 == 3)
        return cwrun_caller_throw(c, tag, values, 1);
    return cwrun_caller_throw(c, tag, values, 2);
}

static void exceptions_are_thrown_by_the_host_and_leave_as_errors(void **state)
{
    static const cwrun_core_type types[] = { CWRUN_CORE_I32, CWRUN_TYPE_EXTERNREF };
    cwrun_core_val v, got[2], one = cwrun_core_i32(1), three = cwrun_core_i32(3);
    (void)state;
    tag = cwrun_tag_new(store, cwrun_core_functype_new(engine, types, 2, NULL, 0, &err), &err);
    cwrun_extern given = { CWRUN_ITEM_CORE_TAG, { .tag = tag } };
    cwrun_linker *linker = cwrun_linker_new(engine, &err);
    cwrun_linker_core_extern(linker, "h", "tag", &given, &err);
    cwrun_linker_core_func(linker, "h", "throw", "i", "", throw, NULL, NULL, &err);
    thrower = instance_of(
        "(module (import \"h\" \"tag\" (tag $t (param i32 externref))) (import \"h\" \"throw\" (func $f (param i32)))"
        " (func (export \"throw\") (param i32) (throw $t (local.get 0) (ref.null extern)))"
        " (func (export \"pass\") (param i32) (call $f (local.get 0)))"
        " (func (export \"catch\") (param i32) (result i32) (block $h (result i32 externref)"
        "   (try_table (catch $t $h) (call $f (local.get 0))) (return (i32.const -1))) (drop)))",
        linker);
    v = cwrun_core_i32(77);
    assert_int_equal(call(thrower, "catch", v).of.i32, 77);
    assert_int_equal(call(thrower, "catch", one).of.i32, 2);
    assert_false(cwrun_core_call(thrower, "pass", &v, 1, NULL, 0, &err));
    failed_with(CWRUN_ERROR_EXCEPTION, "77");
    cwrun_ref e = cwrun_store_exception(store, &err);
    assert_ptr_equal(cwrun_exception_tag(store, e), tag);
    assert_int_equal(cwrun_object_size(store, e), 2);
    assert_true(cwrun_object_get(store, e, 0, &got[0], &err) && cwrun_object_get(store, e, 1, &got[1], &err));
    assert_true(got[0].of.i32 == 77 && got[1].type == CWRUN_CORE_EXTERNREF && got[1].of.ref == 0);
    assert_false(cwrun_core_call(thrower, "pass", &three, 1, NULL, 0, &err));
    failed_with(CWRUN_ERROR_TRAP, "cwrun_caller_throw");
    cwrun_linker_drop(linker);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(structures_are_passed_read_and_written),
        TEST(structures_are_made_with_their_descriptors),
        TEST(arrays_and_i31_are_told_apart),
        TEST(objects_of_the_host_are_collected),
        TEST(exceptions_are_thrown_by_the_host_and_leave_as_errors),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
