/* tests/api/test_core_objects.c: the objects of a core store through the public interface: types, functions, memories,
 * tables, globals, tags, references; and their misuse. */
#include <cwrun.h>

#include "api/fixture.h"

static void all_is_well(void)
{
    if (cwrun_failed(&err))
        fail_msg("%s", err.message);
}

static cwrun_module *module_of(const char *text)
{
    cwrun_arena *arena = cwrun_arena_new(NULL);
    cwrun_str bytes = cwrun_text_encode(cwrun_str_of(text), "test", arena, &err);
    cwrun_module *m = cwrun_module_load(engine, bytes.data, bytes.size, "test", &err);
    cwrun_arena_drop(arena);
    all_is_well();
    return m;
}

static cwrun_core_instance *instance_of(const char *text, const cwrun_extern *imports, size_t n)
{
    cwrun_module *m = module_of(text);
    cwrun_core_instance *in = cwrun_module_instantiate_with(store, m, imports, n, &err);
    cwrun_module_drop(m);
    return in;
}

static cwrun_core_val i32(int32_t v)
{
    return cwrun_core_i32(v);
}

/* ---- types ---- */

static const char exporter[] =
    "(module (memory (export \"m\") 1 3) (table (export \"t\") 2 5 funcref)"
    " (global (export \"g\") (mut i64) (i64.const 7)) (global (export \"c\") v128 (v128.const i64x2 1 2))"
    " (tag (export \"e\") (param i32))"
    " (func (export \"f\") (param i32 externref) (result f64 v128) unreachable)"
    " (func (export \"id\") (param i32) (result i32) local.get 0))";

static void exports_are_reached_by_place_and_name_and_know_their_types(void **state)
{
    static const uint8_t kinds[] = { CWRUN_ITEM_CORE_MEMORY, CWRUN_ITEM_CORE_TABLE, CWRUN_ITEM_CORE_GLOBAL,
                                     CWRUN_ITEM_CORE_GLOBAL, CWRUN_ITEM_CORE_TAG,   CWRUN_ITEM_CORE_FUNC,
                                     CWRUN_ITEM_CORE_FUNC };
    cwrun_module *m = module_of(exporter);
    cwrun_core_instance *in = cwrun_module_instantiate(store, m, NULL, &err);
    cwrun_externtype t, same;
    char text[32];
    (void)state;
    all_is_well();
    assert_int_equal(cwrun_core_instance_n_exports(in), 7);
    for (uint32_t i = 0; i < 7; i++) {
        cwrun_extern e = cwrun_core_instance_export(in, i);
        cwrun_item item = cwrun_module_export(m, i);
        assert_int_equal(e.kind, kinds[i]);
        assert_true(cwrun_extern_type(&e, &t) && cwrun_item_externtype(&item, &same));
        assert_int_equal(t.kind, kinds[i]);
        assert_ptr_equal(t.func, same.func);
        assert_true(t.limits.min == same.limits.min && t.limits.max == same.limits.max && t.type == same.type &&
                    t.is_mutable == same.is_mutable);
    }
    assert_int_equal(cwrun_core_instance_export(in, 7).kind, 0);
    cwrun_extern e = cwrun_core_instance_export(in, 0);
    assert_ptr_equal(e.of.memory, cwrun_core_instance_memory(in, "m", &err));
    assert_true(cwrun_memory_grow(e.of.memory, 1, NULL));
    assert_true(cwrun_extern_type(&e, &t));
    assert_true(t.limits.min == 2 && t.limits.max == 3 && t.limits.has_max && t.limits.page_size == 65536);
    e = cwrun_core_instance_export(in, 5);
    assert_ptr_equal(e.of.func, cwrun_core_instance_func(in, "f", &err));
    const cwrun_core_functype *f = cwrun_core_func_type(e.of.func);
    assert_int_equal(cwrun_core_functype_param(f, 1), CWRUN_TYPE_EXTERNREF);
    assert_int_equal(cwrun_core_functype_param(f, 2), 0);
    assert_int_equal(cwrun_core_functype_result(f, 1), CWRUN_CORE_V128);
    assert_int_equal(cwrun_core_type_kind(engine, CWRUN_TYPE_STRUCTREF), CWRUN_CORE_ANYREF);
    assert_int_equal(cwrun_core_type_kind(engine, 0xe0ffffffu), 0);
    assert_int_equal(cwrun_core_type_kind(engine, 6), 0);
    cwrun_core_type_print(engine, CWRUN_TYPE_EXTERNREF, text, sizeof text);
    assert_string_equal(text, "externref");
    const cwrun_core_type params[] = { CWRUN_CORE_I32, CWRUN_TYPE_EXTERNREF },
                          results[] = { CWRUN_CORE_F64, CWRUN_CORE_V128 };
    assert_ptr_equal(f, cwrun_core_functype_new(engine, params, 2, results, 2, &err));
    const cwrun_core_type wrong = 77;
    assert_null(cwrun_core_functype_new(engine, &wrong, 1, NULL, 0, &err));
    failed_with(CWRUN_ERROR_ARGUMENT, "no type of this engine");
    assert_null(cwrun_core_instance_table(in, "m", &err));
    failed_with(CWRUN_ERROR_ARGUMENT, "no exported table `m`");
    assert_null(cwrun_core_instance_tag(in, NULL, &err));
    failed_with(CWRUN_ERROR_ARGUMENT, "no exported tag");
    cwrun_module_drop(m);
}

/* ---- memories, tables, globals ---- */

static void memories_of_the_host_are_imported_and_grow(void **state)
{
    cwrun_core_limits limits = { .min = 1, .max = 2, .has_max = true };
    cwrun_memory *m = cwrun_memory_new(store, &limits, &err);
    cwrun_extern given = { CWRUN_ITEM_CORE_MEMORY, { .memory = m } };
    uint32_t word = 0x01020304, read = 0;
    uint64_t before = 0;
    (void)state;
    cwrun_core_instance *in =
        instance_of("(module (import \"\" \"\" (memory 1 2)) (func (export \"load\") (param i32) (result i32)"
                    " local.get 0 i32.load) (func (export \"grow\") (result i32) i32.const 1 memory.grow))",
                    &given, 1);
    cwrun_core_val at = i32(100), got;
    all_is_well();
    assert_true(cwrun_memory_write(m, 100, &word, 4, &err) && cwrun_core_call(in, "load", &at, 1, &got, 1, &err));
    assert_int_equal(got.of.i32, word);
    assert_true(cwrun_memory_read(m, 65532, &read, 4, &err));
    assert_false(cwrun_memory_read(m, 65533, &read, 4, &err));
    failed_with(CWRUN_ERROR_ARGUMENT, "cwrun_memory_read: 4 at 65533 is out of bounds of 65536");
    assert_false(cwrun_memory_write(m, UINT64_MAX, &word, 4, &err));
    failed_with(CWRUN_ERROR_ARGUMENT, "out of bounds");
    assert_null(cwrun_memory_at(m, UINT64_MAX - 1, 4));
    assert_ptr_equal(cwrun_memory_at(m, 100, 4), cwrun_memory_data(m) + 100);
    assert_true(cwrun_core_call(in, "grow", NULL, 0, &got, 1, &err));
    assert_int_equal(got.of.i32, 1);
    assert_int_equal(cwrun_memory_pages(m), 2);
    assert_true(cwrun_memory_write(m, 131068, &word, 4, &err));
    at = i32(131068);
    assert_true(cwrun_core_call(in, "load", &at, 1, &got, 1, &err));
    assert_false(cwrun_memory_grow(m, 1, &before));
    assert_true(cwrun_memory_grow(m, 0, &before) && before == 2);
    limits = (cwrun_core_limits){ .min = 3, .max = 2, .has_max = true };
    assert_null(cwrun_memory_new(store, &limits, &err));
    failed_with(CWRUN_ERROR_ARGUMENT, "no memory's");
    limits = (cwrun_core_limits){ .min = 1, .page_size = 3 };
    assert_null(cwrun_memory_new(store, &limits, &err));
    failed_with(CWRUN_ERROR_ARGUMENT, "no memory's");
    limits = (cwrun_core_limits){ .min = 65537 };
    assert_null(cwrun_memory_new(store, &limits, &err));
    failed_with(CWRUN_ERROR_ARGUMENT, "no memory's");
}

static cwrun_status negate(cwrun_caller *c, const cwrun_core_val *args, size_t n, cwrun_core_val *results,
                           size_t n_results, void *user)
{
    (void)n, (void)n_results;
    ++*(int *)user;
    assert_null(cwrun_caller_core_instance(c));
    results[0].of.i32 = -args[0].of.i32;
    return CWRUN_DONE;
}

static void dropped(void *user)
{
    *(int *)user += 1000;
}

static const cwrun_core_functype *i32_to_i32(void)
{
    static const cwrun_core_type i[] = { CWRUN_CORE_I32 };
    return cwrun_core_functype_new(engine, i, 1, i, 1, &err);
}

static void tables_hold_functions_of_guest_and_host(void **state)
{
    cwrun_core_limits limits = { .min = 2, .max = 6, .has_max = true };
    cwrun_core_val got, args[2] = { i32(5), i32(0) };
    uint64_t before = 0;
    int n_calls = 0;
    (void)state;
    cwrun_core_func *host = cwrun_core_func_new(store, i32_to_i32(), negate, &n_calls, dropped, &err);
    cwrun_core_val f = cwrun_core_funcref(host);
    cwrun_table *t = cwrun_table_new(store, CWRUN_TYPE_FUNCREF, &limits, &f, &err);
    cwrun_extern given = { CWRUN_ITEM_CORE_TABLE, { .table = t } };
    cwrun_core_instance *in = instance_of(
        "(module (import \"\" \"\" (table 2 6 funcref)) (func $id (export \"id\") (param i32) (result i32) local.get 0)"
        " (func (export \"call\") (param i32 i32) (result i32) local.get 0 local.get 1"
        " call_indirect (param i32) (result i32))"
        " (func (export \"self\") (result funcref) ref.func $id))",
        &given, 1);
    all_is_well();
    assert_true(cwrun_core_call(in, "call", args, 2, &got, 1, &err));
    assert_int_equal(got.of.i32, -5);
    assert_true(cwrun_table_get(t, 1, &got, &err));
    assert_ptr_equal(got.of.func, host);
    assert_true(cwrun_core_call(in, "self", NULL, 0, &got, 1, &err));
    assert_ptr_equal(got.of.func, cwrun_core_instance_func(in, "id", &err));
    assert_true(cwrun_table_set(t, 0, &got, &err) && cwrun_core_call(in, "call", args, 2, &got, 1, &err));
    assert_int_equal(got.of.i32, 5);
    assert_true(cwrun_table_set(t, 0, NULL, &err));
    assert_false(cwrun_core_call(in, "call", args, 2, &got, 1, &err));
    failed_with(CWRUN_ERROR_TRAP, "uninitialized");
    assert_true(cwrun_table_grow(t, 3, &f, &before, &err));
    assert_true(before == 2 && cwrun_table_size(t) == 5);
    assert_false(cwrun_table_grow(t, 2, &f, &before, &err));
    all_is_well();
    assert_false(cwrun_table_set(t, 5, NULL, &err));
    failed_with(CWRUN_ERROR_ARGUMENT, "out of bounds of 5");
    assert_false(cwrun_table_get(t, UINT64_MAX, &got, &err));
    failed_with(CWRUN_ERROR_ARGUMENT, "out of bounds");
    assert_false(cwrun_table_set(t, 0, &args[0], &err));
    failed_with(CWRUN_ERROR_ARGUMENT, "the value is of another type");
    assert_null(cwrun_table_new(store, CWRUN_CORE_I32, &limits, NULL, &err));
    failed_with(CWRUN_ERROR_ARGUMENT, "no table's");
    assert_null(cwrun_table_new(store, 0x80000000u, &limits, NULL, &err)); /* (ref func) */
    failed_with(CWRUN_ERROR_ARGUMENT, "is null");
    assert_int_equal(n_calls, 1);
    cwrun_store_drop(store);
    store = NULL;
    assert_int_equal(n_calls, 1001);
}

static void globals_are_set_within_type_and_mutability(void **state)
{
    cwrun_core_val seven = cwrun_core_i64(7), got, one = i32(1), v = { .type = CWRUN_CORE_V128 };
    (void)state;
    cwrun_core_instance *in = instance_of(exporter, NULL, 0);
    cwrun_global *g = cwrun_core_instance_global(in, "g", &err), *c = cwrun_core_instance_global(in, "c", &err);
    assert_true(cwrun_global_get(g, &got, &err));
    assert_true(got.type == CWRUN_CORE_I64 && got.of.i64 == 7);
    seven.of.i64 = -7;
    assert_true(cwrun_global_set(g, &seven, &err) && cwrun_global_get(g, &got, &err));
    assert_true(got.of.i64 == -7);
    assert_false(cwrun_global_set(g, &one, &err));
    failed_with(CWRUN_ERROR_ARGUMENT, "of another type");
    assert_true(cwrun_global_get(c, &got, &err));
    assert_true(got.type == CWRUN_CORE_V128 && got.of.v128[0] == 1 && got.of.v128[8] == 2);
    assert_false(cwrun_global_set(c, &got, &err));
    failed_with(CWRUN_ERROR_ARGUMENT, "immutable");
    memset(v.of.v128, 9, 16);
    cwrun_global *own = cwrun_global_new(store, CWRUN_CORE_V128, true, &v, &err);
    assert_true(cwrun_global_get(own, &got, &err));
    assert_memory_equal(got.of.v128, v.of.v128, 16);
    assert_null(cwrun_global_new(store, CWRUN_CORE_F32, false, &v, &err));
    failed_with(CWRUN_ERROR_ARGUMENT, "of another type");
    cwrun_tag *tag = cwrun_tag_new(store, i32_to_i32(), &err);
    assert_null(tag);
    failed_with(CWRUN_ERROR_ARGUMENT, "has results");
}

/* ---- calls ---- */

static void calls_check_counts_types_and_stores(void **state)
{
    cwrun_core_val got, arg = i32(3), f, refs[2] = { i32(1), cwrun_core_externref(0) };
    uint64_t slots[4] = { 41 };
    (void)state;
    cwrun_core_instance *in = instance_of(exporter, NULL, 0);
    cwrun_core_func *id = cwrun_core_instance_func(in, "id", &err);
    assert_true(cwrun_core_func_call(id, &arg, 1, &got, 1, &err) && got.of.i32 == 3);
    assert_true(cwrun_core_func_is(id, "i", "i"));
    assert_false(cwrun_core_func_is(id, "i", "") || cwrun_core_func_is(id, "ii", "i") ||
                 cwrun_core_func_is(id, "l", "i") || cwrun_core_func_is(id, NULL, "i") ||
                 cwrun_core_func_is(NULL, "", ""));
    assert_true(cwrun_core_func_is(cwrun_core_instance_func(in, "f", &err), "ic", "dv"));
    assert_true(cwrun_core_func_call_slots(id, slots, 1, &err) && slots[0] == 41);
    slots[0] = UINT64_C(0xdeadbeef00000029); /* only the low half is the argument's */
    assert_true(cwrun_core_func_call_slots(id, slots, 1, &err) && slots[0] == 41);
    assert_false(cwrun_core_func_call_slots(id, slots, 0, &err));
    failed_with(CWRUN_ERROR_ARGUMENT, "1 slots are needed");
    assert_false(cwrun_core_func_call_slots(cwrun_core_instance_func(in, "f", &err), slots, 4, &err));
    failed_with(CWRUN_ERROR_ARGUMENT, "references");
    assert_false(cwrun_core_func_call(cwrun_core_instance_func(in, "f", &err), refs, 2, &got, 1, &err));
    failed_with(CWRUN_ERROR_ARGUMENT, "f has 2 results");
    assert_false(cwrun_core_func_call(id, NULL, 1, &got, 1, &err));
    failed_with(CWRUN_ERROR_ARGUMENT, "NULL");

    cwrun_store *other = cwrun_store_new(engine, NULL, &err);
    cwrun_core_limits limits = { .min = 1 };
    cwrun_table *t = cwrun_table_new(other, CWRUN_TYPE_FUNCREF, &limits, NULL, &err);
    f = cwrun_core_funcref(id);
    assert_false(cwrun_table_set(t, 0, &f, &err));
    failed_with(CWRUN_ERROR_ARGUMENT, "belongs to another store");
    cwrun_extern given = { CWRUN_ITEM_CORE_TABLE, { .table = t } };
    assert_null(instance_of("(module (import \"\" \"\" (table 1 funcref)))", &given, 1));
    failed_with(CWRUN_ERROR_ARGUMENT, "imports[0] belongs to another store");
    cwrun_store_drop(other);
    assert_null(instance_of("(module (import \"\" \"\" (table 1 funcref)))", NULL, 0));
    failed_with(CWRUN_ERROR_ARGUMENT, "has 1 imports and 0 were given");
    cwrun_extern nothing = { 0 };
    assert_null(instance_of("(module (import \"a\" \"b\" (table 1 funcref)))", &nothing, 1));
    failed_with(CWRUN_ERROR_LINK, "\"a\" \"b\"");
}

static cwrun_status give_wide(cwrun_caller *c, const cwrun_core_val *args, size_t n, cwrun_core_val *results,
                              size_t n_results, void *user)
{
    (void)c, (void)n, (void)n_results, (void)user;
    for (int i = 0; i < 16; i++)
        results[1].of.v128[i] = (uint8_t)(args[0].of.v128[i] + 1);
    results[0].of.f32 = 0.5f;
    return CWRUN_DONE;
}

static void linkers_give_objects_by_name_and_vectors_pass(void **state)
{
    static const cwrun_core_type v[] = { CWRUN_CORE_V128 }, fv[] = { CWRUN_CORE_F32, CWRUN_CORE_V128 };
    cwrun_linker *linker = cwrun_linker_new(engine, &err);
    cwrun_core_func *f =
        cwrun_core_func_new(store, cwrun_core_functype_new(engine, v, 1, fv, 2, &err), give_wide, NULL, NULL, &err);
    cwrun_extern given = { CWRUN_ITEM_CORE_FUNC, { .func = f } };
    cwrun_core_val arg = { .type = CWRUN_CORE_V128 }, results[2];
    uint64_t slots[3] = { 0x0101010101010101u, 0x0202020202020202u };
    (void)state;
    cwrun_linker_core_extern(linker, "host", "wide", &given, &err);
    cwrun_module *m = module_of("(module (import \"host\" \"wide\" (func $w (param v128) (result f32 v128)))"
                                " (func (export \"go\") (param v128) (result f32 v128) local.get 0 call $w))");
    cwrun_core_instance *in = cwrun_module_instantiate(store, m, linker, &err);
    all_is_well();
    memset(arg.of.v128, 4, 16);
    assert_true(cwrun_core_call(in, "go", &arg, 1, results, 2, &err));
    assert_true(results[0].of.f32 == 0.5f && results[1].of.v128[0] == 5 && results[1].of.v128[15] == 5);
    assert_true(cwrun_core_func_call_slots(cwrun_core_instance_func(in, "go", &err), slots, 3, &err));
    assert_true((uint32_t)slots[0] == 0x3f000000 && slots[1] == 0x0202020202020202u && slots[2] == 0x0303030303030303u);
    cwrun_store *other = cwrun_store_new(engine, NULL, &err);
    assert_null(cwrun_module_instantiate(other, m, linker, &err));
    failed_with(CWRUN_ERROR_LINK, "\"host\" \"wide\"");
    cwrun_store_drop(other);
    assert_false(cwrun_linker_core_extern(linker, "host", "late", &given, &err));
    failed_with(CWRUN_ERROR_ARGUMENT, "does not change");
    cwrun_module_drop(m);
    cwrun_linker_drop(linker);
}

/* ---- references ---- */

struct seen {
    cwrun_ref ref, kept;
    int object;
};

static cwrun_status look(cwrun_caller *c, const cwrun_core_val *args, size_t n, cwrun_core_val *results,
                         size_t n_results, void *user)
{
    struct seen *s = user;
    cwrun_store *st = cwrun_caller_store(c);
    (void)n, (void)n_results;
    s->ref = args[0].of.ref;
    s->kept = cwrun_ref_keep(st, s->ref, NULL);
    if (cwrun_externref_object(st, s->ref) != &s->object)
        return cwrun_caller_trap(c, "another object");
    results[0] = args[0];
    return CWRUN_DONE;
}

static void references_last_until_the_call_after_theirs_unless_kept(void **state)
{
    static const cwrun_core_type e[] = { CWRUN_TYPE_EXTERNREF };
    struct seen seen = { 0 };
    cwrun_core_val got, arg;
    (void)state;
    cwrun_core_func *f =
        cwrun_core_func_new(store, cwrun_core_functype_new(engine, e, 1, e, 1, &err), look, &seen, NULL, &err);
    cwrun_extern given = { CWRUN_ITEM_CORE_FUNC, { .func = f } };
    cwrun_core_instance *in = instance_of(
        "(module (import \"\" \"\" (func $f (param externref) (result externref)))"
        " (global (export \"g\") (mut externref) (ref.null extern))"
        " (func (export \"call\") (param externref) (result externref) local.get 0 global.set 0 local.get 0 call $f)"
        " (func (export \"nop\")))",
        &given, 1);
    arg = cwrun_core_externref(cwrun_externref_new(store, &seen.object, dropped, &err));
    all_is_well();
    assert_true(cwrun_core_call(in, "call", &arg, 1, &got, 1, &err));
    assert_true(got.of.ref != arg.of.ref && cwrun_ref_same(store, got.of.ref, arg.of.ref));
    assert_ptr_equal(cwrun_externref_object(store, got.of.ref), &seen.object);
    assert_null(cwrun_externref_object(store, seen.ref)); /* the host function has answered */
    assert_true(cwrun_ref_same(store, seen.kept, got.of.ref));
    assert_true(cwrun_core_call(in, "nop", NULL, 0, NULL, 0, &err));
    assert_ptr_equal(cwrun_externref_object(store, got.of.ref), &seen.object);
    assert_true(cwrun_core_call(in, "nop", NULL, 0, NULL, 0, &err));
    assert_null(cwrun_externref_object(store, got.of.ref));
    assert_false(cwrun_core_call(in, "call", &got, 1, &got, 1, &err));
    failed_with(CWRUN_ERROR_ARGUMENT, "call: args[0] is a reference that has ended");
    assert_false(cwrun_ref_same(store, got.of.ref, got.of.ref));
    assert_true(cwrun_ref_same(store, 0, 0));
    assert_int_equal(cwrun_ref_keep(store, got.of.ref, &err), 0);
    failed_with(CWRUN_ERROR_ARGUMENT, "has ended");
    arg.of.ref = seen.kept;
    assert_true(cwrun_core_call(in, "call", &arg, 1, &got, 1, &err));
    cwrun_ref_drop(store, arg.of.ref);
    cwrun_ref_drop(store, arg.of.ref);
    assert_null(cwrun_externref_object(store, arg.of.ref));
    cwrun_core_func *fn = cwrun_core_instance_func(in, "call", &err);
    arg = cwrun_core_funcref(fn);
    assert_false(cwrun_core_func_call(fn, &arg, 1, &got, 1, &err));
    failed_with(CWRUN_ERROR_ARGUMENT, "of another type");
    assert_true(cwrun_core_global_get(in, "g", &got));
    assert_ptr_equal(cwrun_externref_object(store, got.of.ref), &seen.object);
    assert_int_equal(seen.object, 0);
    cwrun_store_drop(store);
    store = NULL;
    assert_int_equal(seen.object, 1000);
}

static void many_references_do_not_pile_up(void **state)
{
    static const cwrun_core_type e[] = { CWRUN_TYPE_EXTERNREF };
    struct seen seen = { 0 };
    (void)state;
    cwrun_core_func *f =
        cwrun_core_func_new(store, cwrun_core_functype_new(engine, e, 1, e, 1, &err), look, &seen, NULL, &err);
    cwrun_core_val v = cwrun_core_externref(cwrun_externref_new(store, &seen.object, NULL, &err));
    uint32_t most = 0;
    for (int i = 0; i < 1000; i++) {
        assert_true(cwrun_core_func_call(f, &v, 1, &v, 1, &err));
        if ((uint32_t)v.of.ref > most)
            most = (uint32_t)v.of.ref;
        cwrun_ref_drop(store, seen.kept);
    }
    assert_true(most < 16);
}

/* ---- modules ---- */

static void modules_give_their_bytes_and_are_shared(void **state)
{
    cwrun_module *m = module_of(exporter), *again = cwrun_module_share(m);
    cwrun_str bytes = cwrun_module_bytes(m);
    (void)state;
    assert_ptr_equal(m, again);
    cwrun_module_drop(m);
    cwrun_module *copy = cwrun_module_load(engine, bytes.data, bytes.size, NULL, &err);
    all_is_well();
    assert_int_equal(cwrun_module_n_exports(copy), 7);
    cwrun_module_drop(copy);
    cwrun_module_drop(again);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(exports_are_reached_by_place_and_name_and_know_their_types),
        TEST(memories_of_the_host_are_imported_and_grow),
        TEST(tables_hold_functions_of_guest_and_host),
        TEST(globals_are_set_within_type_and_mutability),
        TEST(calls_check_counts_types_and_stores),
        TEST(linkers_give_objects_by_name_and_vectors_pass),
        TEST(references_last_until_the_call_after_theirs_unless_kept),
        TEST(many_references_do_not_pile_up),
        TEST(modules_give_their_bytes_and_are_shared),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
