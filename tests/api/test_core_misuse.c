/* tests/api/test_core_misuse.c: misuse of cwrun/core.h is an argument error, and nothing has happened: NULLs, errors
 * that are set, objects of other stores and engines, values of other types, references that have ended. */
#include <cwrun.h>

#include <setjmp.h>
#include <stdarg.h>
#include <cmocka.h>

static cwrun_engine *engine, *foreign_engine;
static cwrun_store *store, *other, *foreign; /* other: of the same engine; foreign: of another one */
static cwrun_error err;

static int set_up(void **state)
{
    (void)state;
    engine = cwrun_engine_new(NULL, &err);
    foreign_engine = cwrun_engine_new(NULL, &err);
    store = cwrun_store_new(engine, NULL, &err);
    other = cwrun_store_new(engine, NULL, &err);
    foreign = cwrun_store_new(foreign_engine, NULL, &err);
    return foreign ? 0 : -1;
}

static int tear_down(void **state)
{
    (void)state;
    cwrun_error_clear(&err);
    cwrun_store_drop(store);
    cwrun_store_drop(other);
    cwrun_store_drop(foreign);
    cwrun_engine_drop(engine);
    cwrun_engine_drop(foreign_engine);
    return 0;
}

static void failed_with(uint8_t kind, const char *words)
{
    if (err.kind != kind || !strstr(err.message, words))
        fail_msg("wanted %s, got %s", words, err.message ? err.message : "no error");
    cwrun_error_clear(&err);
}

static void all_is_well(void)
{
    if (cwrun_failed(&err))
        fail_msg("%s", err.message);
}

static cwrun_module *module_in(cwrun_engine *e, const char *text)
{
    cwrun_arena *arena = cwrun_arena_new(NULL);
    cwrun_str bytes = cwrun_text_encode(cwrun_str_of(text), "test", arena, &err);
    cwrun_module *m = cwrun_module_load(e, bytes.data, bytes.size, "test", &err);
    cwrun_arena_drop(arena);
    all_is_well();
    return m;
}

static cwrun_core_instance *instance_in(cwrun_store *s, const char *text)
{
    cwrun_module *m = module_in(cwrun_store_engine(s), text);
    cwrun_core_instance *in = cwrun_module_instantiate(s, m, NULL, &err);
    cwrun_module_drop(m);
    all_is_well();
    return in;
}

static const char everything[] =
    "(module (type $p (struct (field (mut i32)))) (memory (export \"m\") 1) (table (export \"t\") 1 funcref)"
    " (table (export \"x\") 1 externref) (global (export \"g\") (mut externref) (ref.null extern))"
    " (global (export \"n\") (mut i32) (i32.const 0)) (tag (export \"e\") (param externref))"
    " (func (export \"f\") (param externref) (result externref) local.get 0)"
    " (func (export \"s\") (result anyref) (struct.new $p (i32.const 4)))"
    " (func (export \"i\") (param i32) (result i32) local.get 0))";

static cwrun_status nothing(cwrun_caller *c, const cwrun_core_val *args, size_t n, cwrun_core_val *results,
                            size_t n_results, void *user)
{
    (void)c, (void)args, (void)n, (void)results, (void)n_results, (void)user;
    return CWRUN_DONE;
}

static void not_dropped(void *user)
{
    (void)user;
    fail_msg("dropped, though nothing was made");
}

/* ---- NULL ---- */

#define IS_NULL_ERROR(call, who) \
    do { \
        assert_false(call); \
        failed_with(CWRUN_ERROR_ARGUMENT, who); \
    } while (0)

static void null_objects_are_argument_errors(void **state)
{
    cwrun_core_val v = cwrun_core_i32(1);
    cwrun_core_limits limits = { .min = 1 };
    cwrun_extern e = { 0 };
    uint8_t bytes[4] = { 0 };
    uint64_t slots[1] = { 0 };
    (void)state;
    cwrun_module *m = module_in(engine, "(module)");
    IS_NULL_ERROR(cwrun_core_functype_new(NULL, NULL, 0, NULL, 0, &err), "cwrun_core_functype_new");
    IS_NULL_ERROR(cwrun_module_load(NULL, bytes, 4, NULL, &err), "cwrun_module_load");
    IS_NULL_ERROR(cwrun_module_load(engine, NULL, 4, NULL, &err), "cwrun_module_load");
    IS_NULL_ERROR(cwrun_module_open(NULL, "x", &err), "cwrun_module_open");
    IS_NULL_ERROR(cwrun_module_open(engine, NULL, &err), "cwrun_module_open");
    IS_NULL_ERROR(cwrun_module_objdump(NULL, NULL, false, cwrun_to_file, stdout, &err), "cwrun_module_objdump");
    IS_NULL_ERROR(cwrun_module_objdump(m, NULL, false, NULL, NULL, &err), "cwrun_module_objdump");
    IS_NULL_ERROR(cwrun_module_instantiate(NULL, m, NULL, &err), "cwrun_module_instantiate");
    IS_NULL_ERROR(cwrun_module_instantiate(store, NULL, NULL, &err), "cwrun_module_instantiate");
    IS_NULL_ERROR(cwrun_module_instantiate_with(NULL, m, NULL, 0, &err), "cwrun_module_instantiate_with");
    IS_NULL_ERROR(cwrun_module_instantiate_with(store, m, NULL, 1, &err), "0 imports and");
    IS_NULL_ERROR(cwrun_core_instance_func(NULL, "f", &err), "cwrun_core_instance_func");
    IS_NULL_ERROR(cwrun_core_instance_memory(NULL, "f", &err), "cwrun_core_instance_memory");
    IS_NULL_ERROR(cwrun_core_instance_table(NULL, "f", &err), "cwrun_core_instance_table");
    IS_NULL_ERROR(cwrun_core_instance_global(NULL, "f", &err), "cwrun_core_instance_global");
    IS_NULL_ERROR(cwrun_core_instance_tag(NULL, "f", &err), "cwrun_core_instance_tag");
    IS_NULL_ERROR(cwrun_core_call(NULL, "f", NULL, 0, NULL, 0, &err), "NULL");
    IS_NULL_ERROR(cwrun_core_func_call(NULL, NULL, 0, NULL, 0, &err), "cwrun_core_func_call");
    IS_NULL_ERROR(cwrun_core_func_call_slots(NULL, slots, 1, &err), "cwrun_core_func_call_slots");
    IS_NULL_ERROR(cwrun_core_func_new(NULL, NULL, nothing, NULL, not_dropped, &err), "cwrun_core_func_new");
    IS_NULL_ERROR(cwrun_core_func_new(store, NULL, nothing, NULL, not_dropped, &err), "cwrun_core_func_new");
    IS_NULL_ERROR(cwrun_memory_new(NULL, &limits, &err), "cwrun_memory_new");
    IS_NULL_ERROR(cwrun_memory_new(store, NULL, &err), "cwrun_memory_new");
    IS_NULL_ERROR(cwrun_memory_read(NULL, 0, bytes, 4, &err), "cwrun_memory_read");
    IS_NULL_ERROR(cwrun_memory_write(NULL, 0, bytes, 4, &err), "cwrun_memory_write");
    IS_NULL_ERROR(cwrun_shared_memory_new(NULL, &limits, &err), "cwrun_shared_memory_new");
    IS_NULL_ERROR(cwrun_shared_memory_new(engine, NULL, &err), "cwrun_shared_memory_new");
    IS_NULL_ERROR(cwrun_memory_of_shared(store, NULL, &err), "cwrun_memory_of_shared");
    IS_NULL_ERROR(cwrun_table_new(NULL, CWRUN_TYPE_FUNCREF, &limits, NULL, &err), "cwrun_table_new");
    IS_NULL_ERROR(cwrun_table_new(store, CWRUN_TYPE_FUNCREF, NULL, NULL, &err), "cwrun_table_new");
    IS_NULL_ERROR(cwrun_table_get(NULL, 0, &v, &err), "cwrun_table_get");
    IS_NULL_ERROR(cwrun_table_set(NULL, 0, &v, &err), "cwrun_table_set");
    IS_NULL_ERROR(cwrun_table_grow(NULL, 0, &v, NULL, &err), "cwrun_table_grow");
    IS_NULL_ERROR(cwrun_global_new(NULL, CWRUN_CORE_I32, true, &v, &err), "cwrun_global_new");
    IS_NULL_ERROR(cwrun_global_new(store, CWRUN_CORE_I32, true, NULL, &err), "cwrun_global_new");
    IS_NULL_ERROR(cwrun_global_get(NULL, &v, &err), "cwrun_global_get");
    IS_NULL_ERROR(cwrun_global_set(NULL, &v, &err), "cwrun_global_set");
    IS_NULL_ERROR(cwrun_tag_new(NULL, NULL, &err), "cwrun_tag_new");
    IS_NULL_ERROR(cwrun_tag_new(store, NULL, &err), "cwrun_tag_new");
    IS_NULL_ERROR(cwrun_ref_keep(NULL, 1, &err), "cwrun_ref_keep");
    IS_NULL_ERROR(cwrun_ref_copy(NULL, 1, &err), "cwrun_ref_copy");
    IS_NULL_ERROR(cwrun_externref_new(NULL, &v, not_dropped, &err), "cwrun_externref_new");
    IS_NULL_ERROR(cwrun_i31_new(NULL, 1, &err), "cwrun_i31_new");
    IS_NULL_ERROR(cwrun_struct_new(NULL, CWRUN_TYPE_STRUCTREF, &v, 1, &err), "cwrun_struct_new");
    IS_NULL_ERROR(cwrun_array_new(NULL, CWRUN_TYPE_ARRAYREF, &v, 1, &err), "cwrun_array_new");
    IS_NULL_ERROR(cwrun_object_get(NULL, 1, 0, &v, &err), "cwrun_object_get");
    IS_NULL_ERROR(cwrun_object_set(NULL, 1, 0, &v, &err), "cwrun_object_set");
    IS_NULL_ERROR(cwrun_linker_core_func(NULL, "a", "b", NULL, NULL, nothing, NULL, not_dropped, &err), "cwrun_linker");
    IS_NULL_ERROR(cwrun_linker_core_extern(NULL, "a", "b", &e, &err), "cwrun_linker_core_extern");
    IS_NULL_ERROR(cwrun_linker_core_instance(NULL, "a", NULL, &err), "cwrun_linker_core_instance");
    IS_NULL_ERROR(cwrun_linker_module(NULL, "a", "b", m, &err), "cwrun_linker_module");
    cwrun_module_drop(m);
}

/* Of components, engines and what prints. */
static void null_objects_of_components_are_argument_errors(void **state)
{
    cwrun_config config = CWRUN_CONFIG_INIT;
    cwrun_error own = CWRUN_ERROR_INIT;
    int key;
    (void)state;
    IS_NULL_ERROR(cwrun_config_features(NULL, "mvp", &err), "cwrun_config_features");
    IS_NULL_ERROR(cwrun_config_features(&config, NULL, &err), "cwrun_config_features");
    IS_NULL_ERROR(cwrun_store_new(NULL, NULL, &err), "cwrun_store_new");
    IS_NULL_ERROR(cwrun_store_set_extension(NULL, &key, NULL, NULL, &err), "cwrun_store_set_extension");
    IS_NULL_ERROR(cwrun_store_interrupt(NULL, &err), "cwrun_store_interrupt");
    IS_NULL_ERROR(cwrun_component_open(engine, NULL, &err), "cwrun_component_open");
    IS_NULL_ERROR(cwrun_component_load(NULL, "", 0, NULL, &err), "cwrun_component_load");
    IS_NULL_ERROR(cwrun_instantiate(store, NULL, NULL, &err), "cwrun_instantiate");
    IS_NULL_ERROR(cwrun_instance_func(NULL, "f", &err), "cwrun_instance_func");
    IS_NULL_ERROR(cwrun_func_call(NULL, NULL, 0, NULL, NULL, &err), "cwrun_func_call");
    IS_NULL_ERROR(cwrun_call(NULL, "f", NULL, 0, NULL, NULL, &err), "NULL");
    IS_NULL_ERROR(cwrun_call_start(NULL, NULL, 0, &err), "cwrun_call_start");
    assert_int_equal(cwrun_call_poll(NULL, &err), CWRUN_FAILED);
    failed_with(CWRUN_ERROR_ARGUMENT, "cwrun_call_poll");
    IS_NULL_ERROR(cwrun_handle_drop(NULL, 1, &err), "cwrun_handle_drop");
    IS_NULL_ERROR(cwrun_linker_new(NULL, &err), "cwrun_linker_new");
    IS_NULL_ERROR(cwrun_linker_copy(NULL, &err), "cwrun_linker_copy");
    cwrun_error_set(&own, CWRUN_ERROR_INPUT, 0, "words");
    assert_false(cwrun_error_print(&own, NULL, NULL));
    assert_false(cwrun_type_print(cwrun_type_primitive(CWRUN_KIND_U8), false, NULL, NULL));
    assert_false(cwrun_to_file(NULL, "x", 1) || cwrun_to_file(stdout, NULL, 1));
    cwrun_error_clear(&own);
}

static void null_objects_have_nothing(void **state)
{
    cwrun_externtype type;
    char text[8] = "?";
    cwrun_core_val v;
    int32_t n;
    (void)state;
    assert_int_equal(cwrun_core_type_kind(NULL, CWRUN_CORE_I32), 0);
    cwrun_core_type_print(NULL, CWRUN_CORE_I32, text, sizeof text);
    assert_string_equal(text, "");
    cwrun_core_type_print(engine, CWRUN_TYPE_EXTERNREF, text, 4);
    assert_string_equal(text, "ext");
    cwrun_core_type_print(engine, CWRUN_TYPE_EXTERNREF, NULL, 0);
    assert_int_equal(cwrun_core_functype_n_params(NULL) + cwrun_core_functype_n_results(NULL), 0);
    assert_int_equal(cwrun_core_functype_param(NULL, 0), 0);
    assert_false(cwrun_item_externtype(NULL, &type) || cwrun_extern_type(NULL, &type));
    assert_false(cwrun_item_externtype(NULL, NULL) || cwrun_extern_type(NULL, NULL));
    assert_int_equal(cwrun_module_n_imports(NULL) + cwrun_module_n_exports(NULL), 0);
    assert_int_equal(cwrun_module_import(NULL, 0).kind + cwrun_module_export(NULL, 0).kind, 0);
    assert_int_equal(cwrun_module_bytes(NULL).size, 0);
    assert_null(cwrun_module_share(NULL));
    assert_null(cwrun_core_instance_store(NULL));
    assert_int_equal(cwrun_core_instance_n_exports(NULL) + cwrun_core_instance_export(NULL, 0).kind, 0);
    assert_null(cwrun_core_func_type(NULL));
    assert_null(cwrun_core_func_store(NULL));
    assert_int_equal(cwrun_memory_size(NULL) + cwrun_memory_pages(NULL) + cwrun_table_size(NULL), 0);
    assert_false(cwrun_memory_grow(NULL, 0, NULL));
    assert_null(cwrun_memory_data(NULL));
    assert_null(cwrun_memory_at(NULL, 0, 0));
    assert_null(cwrun_core_memory(NULL, NULL, 0, 0));
    assert_int_equal(cwrun_core_memory_size(NULL, NULL), 0);
    assert_false(cwrun_core_global_get(NULL, "g", &v));
    assert_null(cwrun_memory_shared(NULL));
    assert_null(cwrun_shared_memory_share(NULL));
    assert_null(cwrun_shared_memory_at(NULL, 0, 0));
    assert_int_equal(cwrun_shared_memory_size(NULL) + cwrun_shared_memory_notify(NULL, 0, 1), 0);
    assert_int_equal(cwrun_object_size(NULL, 1) + cwrun_ref_type(NULL, 1) + cwrun_store_exception(NULL, NULL), 0);
    assert_false(cwrun_i31_get(NULL, 1, &n) || cwrun_ref_same(NULL, 1, 1));
    assert_null(cwrun_externref_object(NULL, 1));
    assert_null(cwrun_exception_tag(NULL, 1));
    assert_null(cwrun_caller_core_instance(NULL));
    assert_int_equal(cwrun_caller_throw(NULL, NULL, NULL, 0), CWRUN_TRAP);
    assert_int_equal(cwrun_caller_throw_ref(NULL, 0), CWRUN_TRAP);
    assert_int_equal(cwrun_core_caller_wait(NULL, NULL, 0, 0, NULL, NULL), CWRUN_TRAP);
    cwrun_ref_drop(NULL, 1);
    cwrun_module_drop(NULL);
    cwrun_shared_memory_drop(NULL);
}

/* The same of cwrun/text.h; and a NULL error is fine everywhere. */
static void text_needs_its_arguments(void **state)
{
    static const uint8_t empty[] = { 0, 'a', 's', 'm', 1, 0, 0, 0 }, cut[] = { 0, 'a', 's', 'm', 1, 0, 0, 0, 1, 9 };
    cwrun_str none = { NULL, 0 }, missing = { NULL, 3 };
    cwrun_wast_counts counts;
    cwrun_arena *arena = cwrun_arena_new(NULL);
    FILE *file = tmpfile();
    (void)state;
    IS_NULL_ERROR(cwrun_text_encode(none, NULL, NULL, &err).data, "cwrun_text_encode");
    IS_NULL_ERROR(cwrun_text_encode(missing, NULL, arena, &err).data, "cwrun_text_encode");
    assert_null(cwrun_text_encode(none, NULL, arena, &err).data); /* taken for a mistake */
    assert_int_equal(err.kind, CWRUN_ERROR_INPUT);
    cwrun_error_clear(&err);
    IS_NULL_ERROR(cwrun_text_print(NULL, 8, NULL, NULL, cwrun_to_file, file, &err), "cwrun_text_print");
    IS_NULL_ERROR(cwrun_text_print(empty, 8, NULL, NULL, NULL, NULL, &err), "cwrun_text_print");
    IS_NULL_ERROR(cwrun_dump(NULL, 8, NULL, cwrun_to_file, file, &err), "cwrun_dump");
    IS_NULL_ERROR(cwrun_dump(empty, 8, NULL, NULL, NULL, &err), "cwrun_dump");
    IS_NULL_ERROR(cwrun_strip(empty, 8, NULL, NULL, NULL, arena, &err).data, "cwrun_strip");
    IS_NULL_ERROR(cwrun_wast_run(none, NULL, NULL, NULL, &err), "cwrun_wast_run");
    IS_NULL_ERROR(cwrun_wast_run(missing, NULL, NULL, &counts, &err), "cwrun_wast_run");
    assert_true(cwrun_wast_run(none, NULL, NULL, &counts, &err));
    assert_true(cwrun_is_text(NULL, 0) && cwrun_is_text(NULL, 8) && !cwrun_is_text(empty, 8));
    assert_true(cwrun_text_print(empty, 8, NULL, NULL, cwrun_to_file, file, NULL));
    assert_false(cwrun_text_print(cut, 10, NULL, NULL, cwrun_to_file, file, NULL));
    assert_false(cwrun_text_print(NULL, 0, NULL, NULL, cwrun_to_file, file, NULL));
    assert_false(cwrun_dump(cut, 10, NULL, cwrun_to_file, file, NULL));
    assert_null(cwrun_text_encode(cwrun_str_of("(module"), NULL, arena, NULL).data);
    assert_false(cwrun_wast_run(cwrun_str_of("(module"), NULL, NULL, &counts, NULL));
    assert_null(cwrun_module_load(engine, cut, 10, NULL, NULL));
    assert_null(cwrun_component_load(engine, cut, 10, NULL, NULL));
    all_is_well();
    fclose(file);
    cwrun_arena_drop(arena);
}

static void after_an_error_nothing_happens(void **state)
{
    cwrun_core_limits limits = { .min = 1 };
    (void)state;
    cwrun_core_instance *in = instance_in(store, everything);
    cwrun_global *g = cwrun_core_instance_global(in, "n", &err);
    cwrun_core_func *f = cwrun_core_instance_func(in, "i", &err);
    cwrun_core_val v = cwrun_core_i32(9), got = { 0 };
    cwrun_error_set(&err, CWRUN_ERROR_INPUT, 0, "the first");
    assert_false(cwrun_global_set(g, &v, &err) || cwrun_core_func_call(f, &v, 1, &got, 1, &err));
    assert_null(cwrun_core_func_new(store, cwrun_core_func_type(f), nothing, NULL, not_dropped, &err));
    assert_int_equal(cwrun_externref_new(store, &v, not_dropped, &err), 0);
    assert_null(cwrun_memory_new(store, &limits, &err));
    assert_null(cwrun_core_instance_func(in, "f", &err));
    assert_null(cwrun_core_instance_func(NULL, "f", &err));
    failed_with(CWRUN_ERROR_INPUT, "the first");
    assert_true(cwrun_global_get(g, &v, &err) && v.of.i32 == 0 && got.type == 0);
}

/* ---- other stores and engines ---- */

static void things_of_other_stores_are_refused(void **state)
{
    cwrun_core_instance *mine = instance_in(store, everything), *theirs = instance_in(other, everything);
    int object = 0;
    cwrun_ref ref = cwrun_externref_new(other, &object, NULL, &err);
    cwrun_core_val got, v = cwrun_core_externref(ref);
    (void)state;
    all_is_well();
    cwrun_externref_new(store, &object, NULL, &err); /* in the same place */
    assert_null(cwrun_externref_object(store, ref));
    assert_false(cwrun_ref_same(store, ref, ref));
    assert_int_equal(cwrun_ref_type(store, ref), 0);
    IS_NULL_ERROR(cwrun_ref_keep(store, ref, &err), "has ended");
    IS_NULL_ERROR(cwrun_core_call(mine, "f", &v, 1, &got, 1, &err), "or of another store");
    IS_NULL_ERROR(cwrun_global_set(cwrun_core_instance_global(mine, "g", &err), &v, &err), "or of another store");
    IS_NULL_ERROR(cwrun_table_set(cwrun_core_instance_table(mine, "x", &err), 0, &v, &err), "or of another store");
    cwrun_ref_drop(store, ref);
    assert_ptr_equal(cwrun_externref_object(other, ref), &object);
    v = cwrun_core_funcref(cwrun_core_instance_func(theirs, "f", &err));
    IS_NULL_ERROR(cwrun_table_set(cwrun_core_instance_table(mine, "t", &err), 0, &v, &err), "belongs to another store");
    assert_true(cwrun_core_call(theirs, "s", NULL, 0, &got, 1, &err));
    IS_NULL_ERROR(cwrun_object_get(store, got.of.ref, 0, &v, &err), "no such");
    assert_true(cwrun_object_get(other, got.of.ref, 0, &v, &err) && v.of.i32 == 4);

    /* a linker gives what is of the store, and says what it left out */
    cwrun_module *m = module_in(engine, "(module (import \"a\" \"f\" (func (param externref) (result externref)))"
                                        " (import \"b\" \"m\" (memory 1)))");
    cwrun_linker *l = cwrun_linker_new(engine, &err);
    cwrun_extern e = { CWRUN_ITEM_CORE_MEMORY, { .memory = cwrun_core_instance_memory(theirs, "m", &err) } };
    assert_true(cwrun_linker_core_instance(l, "a", theirs, &err) && cwrun_linker_core_extern(l, "b", "m", &e, &err));
    assert_null(cwrun_module_instantiate(store, m, l, &err));
    failed_with(CWRUN_ERROR_LINK, "\"a\" \"f\"");
    assert_non_null(cwrun_module_instantiate(other, m, l, &err));
    cwrun_linker_drop(l);
    cwrun_module_drop(m);
}

static void things_of_other_engines_are_refused(void **state)
{
    static const cwrun_core_type i[] = { CWRUN_CORE_I32 };
    const cwrun_core_functype *strange = cwrun_core_functype_new(foreign_engine, i, 1, NULL, 0, &err);
    cwrun_module *m = module_in(foreign_engine, "(module)"), *own = module_in(engine, "(module)");
    (void)state;
    IS_NULL_ERROR(cwrun_core_func_new(store, strange, nothing, NULL, not_dropped, &err), "not of this engine");
    IS_NULL_ERROR(cwrun_tag_new(store, strange, &err), "not of this engine");
    IS_NULL_ERROR(cwrun_module_instantiate(store, m, NULL, &err), "one engine");
    IS_NULL_ERROR(cwrun_module_instantiate_with(store, m, NULL, 0, &err), "another engine");
    cwrun_linker *l = cwrun_linker_new(foreign_engine, &err);
    IS_NULL_ERROR(cwrun_module_instantiate(store, own, l, &err), "one engine");
    IS_NULL_ERROR(cwrun_linker_module(l, "a", "b", own, &err), "one engine");
    cwrun_core_instance *theirs = instance_in(foreign, everything);
    cwrun_extern e = cwrun_core_instance_export(theirs, 0);
    cwrun_module *wants = module_in(engine, "(module (import \"\" \"m\" (memory 1)))");
    IS_NULL_ERROR(cwrun_module_instantiate_with(store, wants, &e, 1, &err), "belongs to another store");
    e.kind = 200;
    assert_null(cwrun_module_instantiate_with(store, wants, &e, 1, &err));
    failed_with(CWRUN_ERROR_LINK, "\"\" \"m\"");
    IS_NULL_ERROR(cwrun_linker_core_extern(l, "a", "b", &e, &err), "no such kind");
    cwrun_linker_drop(l);
    cwrun_module_drop(m);
    cwrun_module_drop(own);
    cwrun_module_drop(wants);
}

/* ---- values and types ---- */

static void values_of_no_or_other_types_are_refused(void **state)
{
    cwrun_core_instance *in = instance_in(store, everything);
    cwrun_core_val v = { .type = 99 }, got;
    cwrun_core_limits limits = { .min = 1 };
    static const cwrun_core_type wrong[] = { 0, 99, 0x80000000u | 77, 0xf0ffffffu };
    (void)state;
    IS_NULL_ERROR(cwrun_core_call(in, "i", &v, 1, &got, 1, &err), "of another type");
    IS_NULL_ERROR(cwrun_global_set(cwrun_core_instance_global(in, "n", &err), &v, &err), "of another type");
    for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++) {
        v = cwrun_core_externref(0);
        IS_NULL_ERROR(cwrun_global_new(store, wrong[i], true, &v, &err), "no type");
        IS_NULL_ERROR(cwrun_table_new(store, wrong[i], &limits, NULL, &err), "no table's");
        IS_NULL_ERROR(cwrun_core_functype_new(engine, &wrong[i], 1, NULL, 0, &err), "no type");
        IS_NULL_ERROR(cwrun_struct_new(store, wrong[i], NULL, 0, &err), "no such defined type");
        assert_int_equal(cwrun_core_type_kind(engine, wrong[i]), 0);
    }
    v = cwrun_core_externref(12345);
    IS_NULL_ERROR(cwrun_core_call(in, "f", &v, 1, &got, 1, &err), "has ended");
    v = cwrun_core_anyref(cwrun_i31_new(store, 1, &err));
    IS_NULL_ERROR(cwrun_core_call(in, "f", &v, 1, &got, 1, &err), "of another type");
    v.type = CWRUN_CORE_EXTERNREF; /* the reference itself knows better */
    IS_NULL_ERROR(cwrun_core_call(in, "f", &v, 1, &got, 1, &err), "of another type");
    IS_NULL_ERROR(cwrun_object_get(store, v.of.ref, 0, &got, &err), "no such");
    IS_NULL_ERROR(cwrun_object_get(store, 0, 0, &got, &err), "no such");
    assert_int_equal(cwrun_ref_keep(store, 0, &err), 0);
    all_is_well();
    limits.is_shared = true;
    IS_NULL_ERROR(cwrun_memory_new(store, &limits, &err), "no memory's");
    IS_NULL_ERROR(cwrun_shared_memory_new(engine, &limits, &err), "no shared memory's");
    limits = (cwrun_core_limits){ .min = 1, .max = 2, .has_max = true };
    IS_NULL_ERROR(cwrun_shared_memory_new(engine, &limits, &err), "no shared memory's");
    limits = (cwrun_core_limits){ .min = UINT64_MAX, .is_64 = true };
    IS_NULL_ERROR(cwrun_memory_new(store, &limits, &err), "no memory's");
    limits = (cwrun_core_limits){ .min = (uint64_t)1 << 40, .is_64 = true };
    assert_null(cwrun_memory_new(store, &limits, &err));
    failed_with(CWRUN_ERROR_LIMIT, "memor");
    assert_null(cwrun_table_new(store, CWRUN_TYPE_FUNCREF, &limits, NULL, &err));
    failed_with(CWRUN_ERROR_LIMIT, "table");
}

static void exceptions_and_objects_are_told_apart(void **state)
{
    cwrun_core_instance *in = instance_in(store, everything);
    cwrun_core_val s, v = cwrun_core_i32(5);
    (void)state;
    assert_true(cwrun_core_call(in, "s", NULL, 0, &s, 1, &err));
    assert_null(cwrun_exception_tag(store, s.of.ref));
    assert_null(cwrun_externref_object(store, s.of.ref));
    assert_int_equal(cwrun_object_size(store, s.of.ref), 1);
    IS_NULL_ERROR(cwrun_object_get(store, s.of.ref, UINT32_MAX, &v, &err), "no such");
    cwrun_ref kept = cwrun_ref_keep(store, s.of.ref, &err);
    const cwrun_core_type type = cwrun_ref_type(store, kept);
    IS_NULL_ERROR(cwrun_array_new(store, type, &v, 1, &err), "no such defined type");
    IS_NULL_ERROR(cwrun_struct_new(store, type, NULL, 1, &err), "number of fields");
    cwrun_ref_drop(store, kept);
    IS_NULL_ERROR(cwrun_object_set(store, kept, 0, &v, &err), "no such");
    assert_int_equal(cwrun_object_size(store, kept), 0);
    assert_int_equal(cwrun_store_exception(store, &err), 0);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(null_objects_are_argument_errors),
        TEST(null_objects_of_components_are_argument_errors),
        TEST(null_objects_have_nothing),
        TEST(text_needs_its_arguments),
        TEST(after_an_error_nothing_happens),
        TEST(things_of_other_stores_are_refused),
        TEST(things_of_other_engines_are_refused),
        TEST(values_of_no_or_other_types_are_refused),
        TEST(exceptions_and_objects_are_told_apart),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
