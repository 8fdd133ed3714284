/* tests/api/test_core_destructors.c: destructors of externrefs run in the middle of somebody's allocation, who has
 * pointers to what they could change. The store collects at every one. */
#include "api/fixture.h"

static cwrun_memory *memory;
static cwrun_table *table;
static cwrun_ref kept;
static int n_dropped;

static int set_up_stress(void **state)
{
    (void)state;
    cwrun_limits limits = { .gc_stress = true };
    n_dropped = 0;
    engine = cwrun_engine_new(NULL, &err);
    store = cwrun_store_new(engine, &limits, &err);
    return store ? 0 : -1;
}

/* From now on the next collection calls drop. */
static void leave_garbage(void (*drop)(void *object))
{
    cwrun_ref_drop(store, cwrun_externref_new(store, &n_dropped, drop, &err));
    assert_false(cwrun_failed(&err));
}

static void drop_store(void *object)
{
    (void)object;
    n_dropped++;
    cwrun_store_drop(store);
    store = NULL;
}

static void a_store_dropped_while_constant_expressions_allocate_lives_to_their_end(void **state)
{
    (void)state;
    leave_garbage(drop_store);
    core_instance("(module (type $s (struct (field i32))) (global (ref $s) (struct.new $s (i32.const 1)))"
                  " (global (ref $s) (struct.new $s (i32.const 1))))",
                  NULL);
    assert_false(cwrun_failed(&err));
    assert_int_equal(n_dropped, 1);
}

static void grow_memory(void *object)
{
    (void)object;
    n_dropped++;
    assert_false(cwrun_memory_grow(memory, 1, NULL));
}

static void memories_refuse_to_grow(void **state)
{
    (void)state;
    cwrun_core_val v;
    cwrun_core_instance *in = core_instance(
        "(module (memory (export \"m\") 0 10) (type $s (struct (field i32)))"
        " (func (export \"f\") (result i32) (drop (struct.new $s (i32.const 1))) (i32.load (i32.const 4096))))",
        NULL);
    memory = cwrun_core_instance_memory(in, "m", &err);
    leave_garbage(grow_memory);
    assert_false(cwrun_core_call(in, "f", NULL, 0, &v, 1, &err));
    failed_with(CWRUN_ERROR_TRAP, "out of bounds memory access");
    assert_int_equal(n_dropped, 1);
    assert_true(cwrun_memory_grow(memory, 1, NULL));
    assert_true(cwrun_core_call(in, "f", NULL, 0, &v, 1, &err));
}

static void grow_table(void *object)
{
    cwrun_error inner = CWRUN_ERROR_INIT;
    (void)object;
    n_dropped++;
    assert_false(cwrun_table_grow(table, 100000, NULL, NULL, &inner));
    assert_int_equal(inner.kind, CWRUN_ERROR_ARGUMENT);
    cwrun_error_clear(&inner);
}

static void tables_refuse_to_grow(void **state)
{
    (void)state;
    const cwrun_core_limits limits = { .min = 4 };
    table = cwrun_table_new(store, CWRUN_TYPE_ANYREF, &limits, NULL, &err);
    const cwrun_extern given = { CWRUN_ITEM_CORE_TABLE, { .table = table } };
    cwrun_linker *linker = cwrun_linker_new(engine, &err);
    cwrun_linker_core_extern(linker, "h", "t", &given, &err);
    leave_garbage(grow_table);
    core_instance("(module (type $s (struct (field i32))) (import \"h\" \"t\" (table $t 4 anyref))"
                  " (elem (table $t) (i32.const 0) anyref (item (struct.new $s (i32.const 1)))"
                  " (item (struct.new $s (i32.const 1)))))",
                  linker);
    cwrun_linker_drop(linker);
    assert_false(cwrun_failed(&err));
    assert_int_equal(n_dropped, 1);
    cwrun_core_val v = { 0 };
    assert_true(cwrun_table_get(table, 1, &v, &err) && v.of.ref);
    assert_int_equal(cwrun_table_size(table), 4);
}

static void drop_kept(void *object)
{
    (void)object;
    n_dropped++;
    cwrun_ref_drop(store, kept);
}

/* A structure's field and an array's elements are of a type that has no null. */
static void what_goes_into_a_new_object_stays_alive(void **state)
{
    (void)state;
    static const char *const makers[] = { "struct", "array" };
    cwrun_core_instance *in = core_instance(
        "(module (type $s (struct (field i32))) (type $p (struct (field (ref $s)))) (type $a (array (ref $s)))"
        " (func (export \"inner\") (result anyref) (struct.new $s (i32.const 7)))"
        " (func (export \"struct\") (result anyref) (struct.new $p (struct.new $s (i32.const 7))))"
        " (func (export \"array\") (result anyref) (array.new $a (struct.new $s (i32.const 7)) (i32.const 1))))",
        NULL);
    for (int i = 0; i < 2; i++) {
        cwrun_core_val v, of_type, got = { 0 }, seven = { 0 };
        assert_true(cwrun_core_call(in, "inner", NULL, 0, &v, 1, &err));
        kept = cwrun_ref_keep(store, v.of.ref, &err);
        assert_true(cwrun_core_call(in, makers[i], NULL, 0, &of_type, 1, &err));
        const cwrun_core_type type = cwrun_ref_type(store, of_type.of.ref);
        const cwrun_core_val field = cwrun_core_anyref(kept);
        leave_garbage(drop_kept);
        const cwrun_ref made =
            i == 0 ? cwrun_struct_new(store, type, &field, 1, &err) : cwrun_array_new(store, type, &field, 1, &err);
        assert_int_equal(n_dropped, i + 1);
        cwrun_externref_new(store, NULL, NULL, &err); /* collects */
        assert_true(cwrun_object_get(store, made, 0, &got, &err) && got.of.ref);
        assert_true(cwrun_object_get(store, got.of.ref, 0, &seven, &err) && seven.of.i32 == 7);
    }
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up_stress, tear_down)
    const struct CMUnitTest tests[] = {
        TEST(a_store_dropped_while_constant_expressions_allocate_lives_to_their_end),
        TEST(memories_refuse_to_grow),
        TEST(tables_refuse_to_grow),
        TEST(what_goes_into_a_new_object_stays_alive),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
