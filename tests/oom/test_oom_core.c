/* oom/test_oom_core.c: out of memory around the objects of core modules that the host makes and holds. */
#include "oom/scenario.h"

static int n_dropped, n_made;

static void drop(void *user)
{
    (void)user;
    n_dropped++;
}

static cwrun_status pass(cwrun_caller *c, const cwrun_core_val *args, size_t n, cwrun_core_val *results,
                         size_t n_results, void *user)
{
    (void)n, (void)n_results, (void)user;
    results[0] = args[0];
    cwrun_ref kept = cwrun_ref_keep(cwrun_caller_store(c), args[0].of.ref, NULL);
    return kept ? CWRUN_DONE : cwrun_caller_trap(c, "out of memory");
}

static cwrun_module *module_of(cwrun_engine *engine, const char *text, cwrun_error *err)
{
    cwrun_error none = CWRUN_ERROR_INIT;
    cwrun_arena *arena = cwrun_arena_new(NULL);
    cwrun_str bytes = cwrun_text_encode(cwrun_str_of(text), NULL, arena, &none);
    assert_false(cwrun_failed(&none));
    cwrun_module *m = cwrun_module_load(engine, bytes.data, bytes.size, NULL, err);
    cwrun_arena_drop(arena);
    return m;
}

static void objects_of_the_host(cwrun_engine *engine, cwrun_error *err)
{
    static const cwrun_core_type e[] = { CWRUN_TYPE_EXTERNREF };
    static int object;
    cwrun_core_limits limits = { .min = 1 };
    n_made = n_dropped = 0;
    cwrun_store *store = cwrun_store_new(engine, NULL, err);
    const cwrun_core_functype *type = cwrun_core_functype_new(engine, e, 1, e, 1, err);
    cwrun_core_func *f = cwrun_core_func_new(store, type, pass, NULL, drop, err);
    n_made += f != NULL;
    cwrun_ref ref = cwrun_externref_new(store, &object, drop, err);
    n_made += ref != 0;
    cwrun_core_val v = cwrun_core_externref(ref), got;
    cwrun_extern given[] = {
        { CWRUN_ITEM_CORE_FUNC, { .func = f } },
        { CWRUN_ITEM_CORE_MEMORY, { .memory = cwrun_memory_new(store, &limits, err) } },
        { CWRUN_ITEM_CORE_TABLE, { .table = cwrun_table_new(store, CWRUN_TYPE_EXTERNREF, &limits, &v, err) } },
        { CWRUN_ITEM_CORE_GLOBAL, { .global = cwrun_global_new(store, CWRUN_TYPE_EXTERNREF, true, &v, err) } },
    };
    cwrun_module *m = module_of(
        engine,
        "(module (import \"\" \"f\" (func $f (param externref) (result externref))) (import \"\" \"m\" (memory 1))"
        " (import \"\" \"t\" (table $t 1 externref)) (import \"\" \"g\" (global $g (mut externref)))"
        " (func (export \"go\") (param externref) (result externref)"
        " local.get 0 call $f global.set $g i32.const 0 global.get $g table.set $t global.get $g))",
        err);
    cwrun_core_instance *in = cwrun_module_instantiate_with(store, m, given, 4, err);
    for (int i = 0; i < 3 && cwrun_core_call(in, "go", &v, 1, &got, 1, err); i++)
        v = got;
    cwrun_table_grow(given[2].of.table, 100, &v, NULL, err);
    cwrun_table_get(given[2].of.table, 0, &got, err);
    cwrun_linker *linker = cwrun_linker_new(engine, err);
    cwrun_linker_core_extern(linker, "", "f", &given[0], err);
    cwrun_linker_drop(linker);
    /* a table that did not grow for want of memory is no error */
    if (!cwrun_failed(err) && cwrun_table_size(given[2].of.table) != 101)
        cwrun_error_set(err, CWRUN_ERROR_LIMIT, CWRUN_LIMIT_HOST_MEMORY, "the table did not grow");
    cwrun_module_drop(m);
    cwrun_store_drop(store);
    assert_int_equal(n_dropped, n_made);
}

/* ---- the guest's heap, exceptions, linkers ---- */

static cwrun_tag *tag;

/* Throws an object of its own; what it throws again left a call within. */
static cwrun_status throw(cwrun_caller * c, const cwrun_core_val *args, size_t n, cwrun_core_val *results,
                          size_t n_results, void *user)
{
    cwrun_store *s = cwrun_caller_store(c);
    cwrun_error inner = CWRUN_ERROR_INIT;
    (void)n, (void)results, (void)n_results;
    if (args[0].of.i32 == 0) {
        cwrun_core_val v = cwrun_core_externref(cwrun_externref_new(s, user, NULL, &inner));
        cwrun_status status = v.of.ref ? cwrun_caller_throw(c, tag, &v, 1) : cwrun_caller_trap(c, "no object");
        cwrun_error_clear(&inner);
        return status;
    }
    cwrun_core_val zero = cwrun_core_i32(0);
    assert_false(cwrun_core_call(cwrun_caller_core_instance(c), "throw", &zero, 1, NULL, 0, &inner));
    cwrun_error_clear(&inner);
    cwrun_ref e = cwrun_store_exception(s, NULL);
    return e ? cwrun_caller_throw_ref(c, e) : cwrun_caller_trap(c, "no exception");
}

static const char thrower[] =
    "(module (type $p (struct (field (mut externref)) (field i8))) (type $a (array (mut (ref null $p))))"
    " (import \"h\" \"tag\" (tag $t (param externref))) (import \"h\" \"throw\" (func $throw (param i32)))"
    " (import \"m\" \"memory\" (memory 1))"
    " (func (export \"throw\") (param i32) (call $throw (local.get 0)))"
    " (func (export \"catch\") (param i32) (result externref)"
    "   (block $h (result externref) (try_table (catch $t $h) (call $throw (local.get 0))) (ref.null extern)))"
    " (func (export \"p\") (param (ref null $p)) (result (ref null $p)) (local.get 0))"
    " (func (export \"a\") (param (ref null $a)) (result i32) (array.len (local.get 0))))";

static cwrun_core_type param_of(cwrun_core_instance *in, const char *name, cwrun_error *err)
{
    cwrun_core_func *f = cwrun_core_instance_func(in, name, err);
    return f ? cwrun_core_functype_param(cwrun_core_func_type(f), 0) : 0;
}

static void objects_of_the_guest(cwrun_store *store, cwrun_core_instance *in, cwrun_error *err)
{
    static int object;
    cwrun_core_val fields[2] = { cwrun_core_externref(cwrun_externref_new(store, &object, NULL, err)),
                                 cwrun_core_i32(7) };
    cwrun_core_val p = cwrun_core_anyref(cwrun_struct_new(store, param_of(in, "p", err), fields, 2, err)), got;
    if (cwrun_core_call(in, "p", &p, 1, &got, 1, err)) {
        p.of.ref = cwrun_ref_keep(store, got.of.ref, err);
        if (cwrun_object_get(store, p.of.ref, 0, &got, err))
            assert_ptr_equal(cwrun_externref_object(store, got.of.ref), &object);
        cwrun_object_set(store, p.of.ref, 0, &got, err);
    }
    cwrun_core_val a = cwrun_core_anyref(cwrun_array_new(store, param_of(in, "a", err), &p, 5000, err));
    if (cwrun_core_call(in, "a", &a, 1, &got, 1, err))
        assert_int_equal(got.of.i32, 5000);
    cwrun_ref_copy(store, a.of.ref, err);
}

static void throw_and_catch(cwrun_store *store, cwrun_core_instance *in, cwrun_error *err)
{
    cwrun_core_val v = cwrun_core_i32(1), got;
    if (cwrun_core_call(in, "catch", &v, 1, &got, 1, err))
        assert_ptr_equal(cwrun_externref_object(store, got.of.ref), store);
    cwrun_error thrown = CWRUN_ERROR_INIT;
    if (cwrun_failed(err) || cwrun_core_call(in, "throw", &v, 1, NULL, 0, &thrown))
        return;
    cwrun_ref e = cwrun_store_exception(store, err);
    if (thrown.kind != CWRUN_ERROR_EXCEPTION)
        cwrun_error_set(err, thrown.kind, thrown.code, "%s", thrown.message);
    else if (!cwrun_failed(err))
        assert_ptr_equal(cwrun_exception_tag(store, e), tag);
    cwrun_error_clear(&thrown);
}

static void heap_exceptions_and_linkers(cwrun_engine *engine, cwrun_error *err)
{
    static const cwrun_core_type e[] = { CWRUN_TYPE_EXTERNREF };
    cwrun_store *store = cwrun_store_new(engine, NULL, err);
    tag = cwrun_tag_new(store, cwrun_core_functype_new(engine, e, 1, NULL, 0, err), err);
    cwrun_extern given = { CWRUN_ITEM_CORE_TAG, { .tag = tag } };
    cwrun_linker *linker = cwrun_linker_new(engine, err);
    cwrun_module *holder = module_of(engine, "(module (memory (export \"memory\") 1))", err);
    cwrun_module *m = module_of(engine, thrower, err);
    cwrun_linker_core_extern(linker, "h", "tag", &given, err);
    cwrun_linker_core_func(linker, "h", "throw", "i", "", throw, store, NULL, err);
    cwrun_linker_core_instance(linker, "m", cwrun_module_instantiate(store, holder, NULL, err), err);
    cwrun_core_instance *in = cwrun_module_instantiate(store, m, linker, err);
    if (in) {
        objects_of_the_guest(store, in, err);
        throw_and_catch(store, in, err);
    }
    cwrun_linker_drop(linker);
    cwrun_module_drop(m);
    cwrun_module_drop(holder);
    cwrun_store_drop(store);
}

/* ---- shared memories ---- */

static void shared_memories(cwrun_engine *engine, cwrun_error *err)
{
    cwrun_core_limits limits = { .min = 1, .max = 4, .has_max = true, .is_shared = true };
    cwrun_store *store = cwrun_store_new(engine, NULL, err);
    cwrun_shared_memory *shared = cwrun_shared_memory_new(engine, &limits, err);
    cwrun_memory *m = cwrun_memory_of_shared(store, shared, err);
    if (m) {
        assert_ptr_equal(cwrun_memory_of_shared(store, shared, err), m);
        cwrun_shared_memory *again = cwrun_memory_shared(m);
        assert_ptr_equal(again, shared);
        cwrun_shared_memory_drop(again);
        cwrun_memory_write(m, 8, "shared", 6, err);
    }
    cwrun_store_drop(store);
    if (shared && m)
        assert_memory_equal(cwrun_shared_memory_at(shared, 8, 6), "shared", 6);
    cwrun_shared_memory_drop(shared);
}

SCENARIO(objects_of_the_host)
SCENARIO(heap_exceptions_and_linkers)
SCENARIO(shared_memories)

/* Small, large and huge objects, exceptions, constant expressions, and what the host makes of the guest's types. */
static void heap(cwrun_engine *engine, cwrun_error *err)
{
    const cwrun_limits limits = { .gc_stress = n_made % 2 == 1 };
    cwrun_store *store = cwrun_store_new(engine, &limits, err);
    cwrun_module *m = module_of(
        engine,
        "(module (type $n (struct (field (mut i32)) (field (mut (ref null $n))))) (type $a (array (mut anyref)))"
        " (type $b (array (mut i8))) (tag $t (param (ref null $n) i64))"
        " (global $g (mut (ref null $a)) (array.new_fixed $a 2 (struct.new $n (i32.const 1) (ref.null $n)) (ref.i31 "
        "(i32.const 2))))"
        " (table $t 1 anyref) (elem $e anyref (array.new $b (i32.const 5) (i32.const 10000)) (struct.new_default $n))"
        " (func $throw (param i32) (throw $t (struct.new $n (local.get 0) (ref.null $n)) (i64.const 3)))"
        " (func (export \"uncaught\") (call $throw (i32.const 1)))"
        " (func (export \"go\") (param i32) (result anyref) (local $p (ref null $n))"
        "  (loop $l (local.set $p (struct.new $n (local.get 0) (local.get $p)))"
        "   (block $h (result (ref null $n) i64) (try_table (catch $t $h) (call $throw (local.get 0))) (unreachable))"
        "   (drop) (struct.set $n 1 (local.get $p))"
        "   (drop (array.new_default $b (i32.const 5000)))"
        "   (br_if $l (local.tee 0 (i32.sub (local.get 0) (i32.const 1)))))"
        "  (global.set $g (array.new_elem $a $e (i32.const 0) (i32.const 2)))"
        "  (table.set $t (i32.const 0) (array.get $a (global.get $g) (i32.const 1)))"
        "  (drop (table.grow $t (local.get $p) (i32.const 3)))"
        "  (array.new $a (local.get $p) (i32.const 1000))))",
        err);
    cwrun_core_instance *in = cwrun_module_instantiate(store, m, NULL, err);
    cwrun_core_val v = cwrun_core_i32(20), got = { 0 }, element;
    if (cwrun_core_call(in, "go", &v, 1, &got, 1, err)) {
        const cwrun_core_type type = cwrun_ref_type(store, got.of.ref);
        cwrun_object_get(store, got.of.ref, 999, &element, err);
        cwrun_array_new(store, type, &element, 2000, err);
        cwrun_core_val fields[2] = { cwrun_core_i32(3), element };
        cwrun_ref made = cwrun_struct_new(store, cwrun_ref_type(store, element.of.ref), fields, 2, err);
        cwrun_ref_keep(store, made, err);
        cwrun_i31_new(store, 5, err);
    }
    if (!cwrun_failed(err)) {
        cwrun_error thrown = CWRUN_ERROR_INIT;
        assert_false(cwrun_core_call(in, "uncaught", NULL, 0, NULL, 0, &thrown));
        if (thrown.kind == CWRUN_ERROR_EXCEPTION)
            cwrun_object_get(store, cwrun_store_exception(store, err), 0, &element, err);
        else
            cwrun_error_set(err, CWRUN_ERROR_LIMIT, CWRUN_LIMIT_HOST_MEMORY, "the exception could not be made");
        cwrun_error_clear(&thrown);
    }
    cwrun_module_drop(m);
    cwrun_store_drop(store);
}

static void heap_without_memory(void **state)
{
    (void)state;
    for (n_made = 0; n_made < 2; n_made++) /* the second time under stress */
        run_scenario(heap);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(objects_of_the_host_without_memory),
        cmocka_unit_test(heap_exceptions_and_linkers_without_memory),
        cmocka_unit_test(shared_memories_without_memory),

        cmocka_unit_test(heap_without_memory),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
