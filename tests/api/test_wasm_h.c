/* tests/api/test_wasm_h.c: the standard wasm.h interface: what programs written for it do, and who owns what. */
#include <cwrun.h>
#include <stdio.h>
#include <wasm.h>

#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>
#include <cmocka.h>

static wasm_engine_t *engine;
static wasm_store_t *store;
static int n_finalized;

static int set_up(void **state)
{
    (void)state;
    n_finalized = 0;
    engine = wasm_engine_new();
    store = wasm_store_new(engine);
    return store ? 0 : -1;
}

static int tear_down(void **state)
{
    (void)state;
    wasm_store_delete(store);
    wasm_engine_delete(engine);
    return 0;
}

static void delete_store(void)
{
    wasm_store_delete(store);
    store = NULL;
}

static void finalize(void *data)
{
    n_finalized += (int)(intptr_t)data;
}

static void *data_of(intptr_t n)
{
    return (void *)n;
}

static wasm_byte_vec_t binary_of(const char *text)
{
    cwrun_error err = CWRUN_ERROR_INIT;
    cwrun_arena *arena = cwrun_arena_new(NULL);
    cwrun_str bytes = cwrun_text_encode(cwrun_str_of(text), "test", arena, &err);
    if (cwrun_failed(&err))
        fail_msg("%s", err.message);
    wasm_byte_vec_t binary;
    wasm_byte_vec_new(&binary, bytes.size, bytes.data);
    cwrun_arena_drop(arena);
    return binary;
}

static wasm_module_t *module_of(const char *text)
{
    wasm_byte_vec_t binary = binary_of(text);
    wasm_module_t *m = wasm_module_new(store, &binary);
    wasm_byte_vec_delete(&binary);
    assert_non_null(m);
    return m;
}

static wasm_instance_t *instance_of(const char *text, wasm_extern_t **imports, size_t n, wasm_trap_t **trap)
{
    wasm_extern_vec_t given = { n, imports };
    wasm_module_t *m = module_of(text);
    wasm_instance_t *in = wasm_instance_new(store, m, &given, trap);
    wasm_module_delete(m);
    return in;
}

static wasm_trap_t *call(wasm_extern_t *f, wasm_val_t *args, size_t n_args, wasm_val_t *results, size_t n_results)
{
    wasm_val_vec_t a = { n_args, args }, r = { n_results, results };
    assert_non_null(wasm_extern_as_func(f));
    return wasm_func_call(wasm_extern_as_func(f), &a, &r);
}

static void trapped_with(wasm_trap_t *trap, const char *words)
{
    wasm_message_t message;
    assert_non_null(trap);
    wasm_trap_message(trap, &message);
    assert_int_equal(message.data[message.size - 1], 0);
    if (!strstr(message.data, words))
        fail_msg("wanted %s, got %s", words, message.data);
    wasm_name_delete(&message);
    wasm_trap_delete(trap);
}

/* ---- functions ---- */

static wasm_trap_t *add_env(void *env, const wasm_val_vec_t *args, wasm_val_vec_t *results)
{
    assert_int_equal(args->size, 2);
    assert_int_equal(results->size, 2);
    results->data[0] = (wasm_val_t)WASM_I64_VAL(args->data[0].of.i32 + (int64_t)(intptr_t)env);
    results->data[1] = (wasm_val_t)WASM_F32_VAL((float)args->data[1].of.f64);
    return NULL;
}

static void functions_of_the_program_are_called_with_their_environment(void **state)
{
    (void)state;
    wasm_functype_t *type = wasm_functype_new_2_2(wasm_valtype_new_i32(), wasm_valtype_new_f64(),
                                                  wasm_valtype_new_i64(), wasm_valtype_new_f32());
    wasm_func_t *f = wasm_func_new_with_env(store, type, add_env, data_of(100), finalize);
    wasm_functype_delete(type);
    assert_int_equal(wasm_func_param_arity(f), 2);
    wasm_extern_t *imports[] = { wasm_func_as_extern(f) };
    wasm_instance_t *in =
        instance_of("(module (import \"\" \"\" (func (param i32 f64) (result i64 f32)))"
                    " (func (export \"go\") (param i32 f64) (result i64 f32) local.get 0 local.get 1 call 0))",
                    imports, 1, NULL);
    wasm_func_delete(f);
    assert_non_null(in);
    wasm_extern_vec_t exports;
    wasm_instance_exports(in, &exports);
    wasm_instance_delete(in);
    wasm_val_t args[] = { WASM_I32_VAL(-1), WASM_F64_VAL(0.5) }, results[] = { WASM_INIT_VAL, WASM_INIT_VAL };
    assert_null(call(exports.data[0], args, 2, results, 2));
    assert_true(results[0].kind == WASM_I64 && results[0].of.i64 == 99 && results[1].kind == WASM_F32 &&
                results[1].of.f32 == 0.5f);
    trapped_with(call(exports.data[0], args, 1, results, 2), "2 arguments");
    args[0].kind = WASM_F32;
    trapped_with(call(exports.data[0], args, 2, results, 2), "argument 0 is of another type");
    wasm_extern_vec_delete(&exports);
    assert_int_equal(n_finalized, 0);
    delete_store();
    assert_int_equal(n_finalized, 100);
}

/* ---- traps ---- */

static wasm_trap_t *refuse(void *env, const wasm_val_vec_t *args, wasm_val_vec_t *results)
{
    (void)args, (void)results;
    wasm_message_t message;
    wasm_name_new_from_string_nt(&message, "no more");
    wasm_trap_t *trap = wasm_trap_new(env, &message);
    wasm_name_delete(&message);
    wasm_trap_set_host_info_with_finalizer(trap, data_of(7), finalize);
    return trap;
}

static void traps_carry_message_frames_and_identity(void **state)
{
    (void)state;
    wasm_functype_t *type = wasm_functype_new_0_0();
    wasm_func_t *f = wasm_func_new_with_env(store, type, refuse, store, NULL);
    wasm_functype_delete(type);
    wasm_extern_t *imports[] = { wasm_func_as_extern(f) };
    wasm_instance_t *in = instance_of("(module (import \"\" \"\" (func)) (func (export \"fail\") call 0)"
                                      " (func (export \"stop\") nop unreachable))",
                                      imports, 1, NULL);
    wasm_extern_vec_t exports;
    wasm_instance_exports(in, &exports);
    wasm_trap_t *trap = call(exports.data[0], NULL, 0, NULL, 0);
    assert_ptr_equal(wasm_trap_get_host_info(trap), data_of(7)); /* the very trap that the program made */
    wasm_trap_t *again = wasm_trap_copy(trap);
    assert_true(wasm_trap_same(trap, again));
    trapped_with(trap, "no more");
    assert_int_equal(n_finalized, 0);
    wasm_trap_delete(again);
    assert_int_equal(n_finalized, 7);

    trap = call(exports.data[1], NULL, 0, NULL, 0);
    wasm_frame_t *origin = wasm_trap_origin(trap);
    wasm_frame_vec_t trace, copy;
    wasm_trap_trace(trap, &trace);
    wasm_frame_vec_copy(&copy, &trace);
    assert_int_equal(trace.size, 1);
    assert_int_equal(wasm_frame_func_index(origin), 2);
    assert_int_equal(wasm_frame_func_offset(copy.data[0]), 1);
    assert_true(wasm_frame_module_offset(origin) > 8);
    wasm_frame_delete(origin);
    wasm_frame_vec_delete(&trace);
    wasm_frame_vec_delete(&copy);
    trapped_with(trap, "unreachable");
    wasm_extern_vec_delete(&exports);
    wasm_instance_delete(in);
    wasm_func_delete(f);
}

static void instances_that_cannot_be_made_say_why(void **state)
{
    (void)state;
    wasm_trap_t *trap = NULL;
    assert_null(instance_of("(module (func $s unreachable) (start $s))", NULL, 0, &trap));
    trapped_with(trap, "unreachable");
    assert_null(instance_of("(module (func $s unreachable) (start $s))", NULL, 0, NULL));
    assert_null(instance_of("(module (import \"a\" \"b\" (memory 1)))", NULL, 0, &trap));
    trapped_with(trap, "1 imports and 0 were given");
    wasm_extern_t *nothing[] = { NULL };
    assert_null(instance_of("(module (import \"a\" \"b\" (memory 1)))", nothing, 1, &trap));
    trapped_with(trap, "nothing was given");
    wasm_byte_vec_t wrong;
    wasm_byte_vec_new(&wrong, 4, "wasm");
    assert_false(wasm_module_validate(store, &wrong));
    assert_null(wasm_module_new(store, &wrong));
    wasm_byte_vec_delete(&wrong);
}

/* ---- reflection ---- */

static void types_are_reflected_and_copied(void **state)
{
    (void)state;
    wasm_module_t *m = module_of("(module (import \"env\" \"g\" (global (mut f32))) (import \"env\" \"f\" (func (param "
                                 "i64 externref) (result v128)))"
                                 " (table (export \"t\") 1 9 funcref) (memory (export \"m\") 2) (tag (export \"e\")) "
                                 "(export \"g\" (global 0)))");
    wasm_importtype_vec_t imports, imports_copy;
    wasm_exporttype_vec_t exports, exports_copy;
    wasm_module_imports(m, &imports);
    wasm_module_exports(m, &exports);
    wasm_importtype_vec_copy(&imports_copy, &imports);
    wasm_exporttype_vec_copy(&exports_copy, &exports);
    wasm_importtype_vec_delete(&imports);
    wasm_exporttype_vec_delete(&exports);
    assert_int_equal(imports_copy.size, 2);
    assert_memory_equal(wasm_importtype_module(imports_copy.data[1])->data, "env", 3);
    assert_int_equal(wasm_importtype_name(imports_copy.data[1])->size, 1);
    const wasm_externtype_t *t = wasm_importtype_type(imports_copy.data[0]);
    const wasm_globaltype_t *g = wasm_externtype_as_globaltype_const(t);
    assert_int_equal(wasm_globaltype_mutability(g), WASM_VAR);
    assert_int_equal(wasm_valtype_kind(wasm_globaltype_content(g)), WASM_F32);
    assert_null(wasm_externtype_as_functype_const(t));
    const wasm_functype_t *f = wasm_externtype_as_functype_const(wasm_importtype_type(imports_copy.data[1]));
    assert_int_equal(wasm_functype_params(f)->size, 2);
    assert_true(wasm_valtype_is_ref(wasm_functype_params(f)->data[1]));
    assert_int_equal(wasm_valtype_kind(wasm_functype_results(f)->data[0]), WASM_V128);
    static const wasm_externkind_t kinds[] = { WASM_EXTERN_TABLE, WASM_EXTERN_MEMORY, WASM_EXTERN_TAG,
                                               WASM_EXTERN_GLOBAL };
    for (size_t i = 0; i < 4; i++)
        assert_int_equal(wasm_externtype_kind(wasm_exporttype_type(exports_copy.data[i])), kinds[i]);
    const wasm_limits_t *l =
        wasm_tabletype_limits(wasm_externtype_as_tabletype_const(wasm_exporttype_type(exports_copy.data[0])));
    assert_true(l->min == 1 && l->max == 9);
    l = wasm_memorytype_limits(wasm_externtype_as_memorytype_const(wasm_exporttype_type(exports_copy.data[1])));
    assert_true(l->min == 2 && l->max == wasm_limits_max_default);
    wasm_importtype_vec_delete(&imports_copy);
    wasm_exporttype_vec_delete(&exports_copy);
    wasm_module_delete(m);
}

/* ---- globals, tables, memories ---- */

static void globals_tables_and_memories_are_made_and_shared(void **state)
{
    (void)state;
    wasm_globaltype_t *gt = wasm_globaltype_new(wasm_valtype_new_i64(), WASM_VAR);
    wasm_val_t seven = WASM_I64_VAL(7), got, wrong = WASM_I32_VAL(1);
    wasm_global_t *g = wasm_global_new(store, gt, &seven);
    assert_null(wasm_global_new(store, gt, &wrong));
    wasm_globaltype_delete(gt);
    wasm_limits_t limits = { 1, 2 };
    wasm_memorytype_t *mt = wasm_memorytype_new(&limits);
    wasm_memory_t *m = wasm_memory_new(store, mt);
    wasm_memorytype_delete(mt);
    wasm_tabletype_t *tt = wasm_tabletype_new(wasm_valtype_new_funcref(), &limits);
    wasm_table_t *t = wasm_table_new(store, tt, NULL);
    wasm_tabletype_delete(tt);
    wasm_extern_t *imports[] = { wasm_global_as_extern(g), wasm_memory_as_extern(m), wasm_table_as_extern(t) };
    wasm_instance_t *in =
        instance_of("(module (import \"\" \"g\" (global $g (mut i64))) (import \"\" \"m\" (memory 1 2)) (import \"\" "
                    "\"t\" (table 1 2 funcref))"
                    " (func $f (export \"f\") (global.set $g (i64.add (global.get $g) (i64.load (i32.const 8)))))"
                    " (export \"g\" (global $g)) (export \"m\" (memory 0)) (export \"t\" (table 0)))",
                    imports, 3, NULL);
    wasm_extern_vec_t exports;
    wasm_instance_exports(in, &exports);
    assert_true(wasm_global_same(g, wasm_extern_as_global(exports.data[1])));
    assert_true(wasm_memory_same(m, wasm_extern_as_memory(exports.data[2])));
    assert_false(wasm_extern_same(exports.data[0], exports.data[1]));
    assert_int_equal(wasm_memory_data_size(m), MEMORY_PAGE_SIZE);
    wasm_memory_data(m)[8] = 35;
    assert_null(call(exports.data[0], NULL, 0, NULL, 0));
    wasm_global_get(g, &got);
    assert_true(got.kind == WASM_I64 && got.of.i64 == 42);
    wasm_global_set(g, &seven);
    wasm_global_set(g, &wrong);
    wasm_global_get(wasm_extern_as_global(exports.data[1]), &got);
    assert_true(got.of.i64 == 7);
    assert_true(wasm_memory_grow(m, 1) && !wasm_memory_grow(m, 1));
    assert_int_equal(wasm_memory_size(m), 2);
    assert_null(wasm_table_get(t, 0));
    assert_true(wasm_table_set(t, 0, wasm_extern_as_ref(exports.data[0])));
    assert_false(wasm_table_set(t, 0, wasm_extern_as_ref(exports.data[1])));
    assert_false(wasm_table_set(t, 1, NULL));
    wasm_ref_t *f = wasm_table_get(t, 0);
    assert_true(wasm_ref_same(f, wasm_extern_as_ref(exports.data[0])));
    assert_non_null(wasm_ref_as_func(f));
    assert_null(wasm_ref_as_memory(f));
    assert_true(wasm_table_grow(t, 1, f) && !wasm_table_grow(t, 1, NULL));
    assert_int_equal(wasm_table_size(t), 2);
    wasm_ref_delete(f);
    wasm_tabletype_t *now = wasm_table_type(t);
    assert_int_equal(wasm_tabletype_limits(now)->min, 2);
    wasm_tabletype_delete(now);
    wasm_extern_vec_delete(&exports);
    wasm_instance_delete(in);
    wasm_global_delete(g);
    wasm_memory_delete(m);
    wasm_table_delete(t);
}

/* ---- references ---- */

static const char holder[] = "(module (import \"\" \"f\" (func $f (param externref) (result externref))) (global $g "
                             "(export \"g\") (mut externref) (ref.null extern))"
                             " (table $t (export \"t\") 2 externref)"
                             " (func (export \"set\") (param externref) (global.set $g (local.get 0)))"
                             " (func (export \"get\") (result externref) (global.get $g))"
                             " (func (export \"pass\") (param externref) (result externref) (call $f (local.get 0))))";

static wasm_trap_t *echo(const wasm_val_vec_t *args, wasm_val_vec_t *results)
{
    if (args->data[0].of.ref) {
        wasm_val_copy(&results->data[0], &args->data[0]);
        return NULL;
    }
    /* a fresh one, which belongs to the caller from now on */
    wasm_foreign_t *fresh = wasm_foreign_new(store);
    wasm_foreign_set_host_info_with_finalizer(fresh, data_of(1000), finalize);
    results->data[0] = (wasm_val_t)WASM_REF_VAL(wasm_foreign_as_ref(fresh));
    return NULL;
}

static wasm_ref_t *round_trip(wasm_extern_vec_t *exports, wasm_ref_t *ref)
{
    wasm_val_t arg = WASM_REF_VAL(ref), result = WASM_INIT_VAL;
    assert_null(call(exports->data[2], &arg, 1, NULL, 0));
    assert_null(call(exports->data[3], NULL, 0, &result, 1));
    assert_int_equal(result.kind, WASM_EXTERNREF);
    return result.of.ref;
}

static void references_of_the_host_keep_identity_and_info(void **state)
{
    (void)state;
    wasm_functype_t *type = wasm_functype_new_1_1(wasm_valtype_new_externref(), wasm_valtype_new_externref());
    wasm_func_t *f = wasm_func_new(store, type, echo);
    wasm_functype_delete(type);
    wasm_extern_t *imports[] = { wasm_func_as_extern(f) };
    wasm_instance_t *in = instance_of(holder, imports, 1, NULL);
    wasm_extern_vec_t exports;
    wasm_instance_exports(in, &exports);

    wasm_ref_t *host = wasm_foreign_as_ref(wasm_foreign_new(store));
    wasm_ref_set_host_info_with_finalizer(host, data_of(1), finalize);
    wasm_ref_t *back = round_trip(&exports, host), *more = round_trip(&exports, host);
    assert_true(wasm_ref_same(host, back) && wasm_ref_same(back, more));
    assert_ptr_equal(wasm_ref_get_host_info(more), data_of(1));
    assert_non_null(wasm_ref_as_foreign(back));
    wasm_ref_delete(back);
    wasm_ref_delete(more);
    wasm_ref_delete(host); /* the guest still has it */
    wasm_val_t value = WASM_INIT_VAL;
    wasm_global_get(wasm_extern_as_global(exports.data[0]), &value);
    assert_ptr_equal(wasm_ref_get_host_info(value.of.ref), data_of(1));
    assert_true(wasm_table_set(wasm_extern_as_table(exports.data[1]), 1, value.of.ref));
    back = wasm_table_get(wasm_extern_as_table(exports.data[1]), 1);
    assert_true(wasm_ref_same(back, value.of.ref));
    wasm_ref_delete(back);
    wasm_val_delete(&value);

    /* anything may pass as an externref, and is what it was */
    back = round_trip(&exports, wasm_extern_as_ref(exports.data[2]));
    assert_true(wasm_ref_same(back, wasm_extern_as_ref(exports.data[2])) && wasm_ref_as_func(back));
    wasm_ref_delete(back);
    back = round_trip(&exports, wasm_instance_as_ref(in));
    assert_true(wasm_ref_same(back, wasm_instance_as_ref(in)));
    wasm_ref_delete(back);
    assert_null(round_trip(&exports, NULL));

    wasm_val_t arg = WASM_INIT_VAL, result = WASM_INIT_VAL;
    assert_null(call(exports.data[4], &arg, 1, &result, 1));
    assert_ptr_equal(wasm_ref_get_host_info(result.of.ref), data_of(1000));
    arg = result;
    assert_null(call(exports.data[4], &arg, 1, &result, 1));
    assert_true(wasm_ref_same(arg.of.ref, result.of.ref));
    wasm_val_delete(&arg);
    wasm_val_delete(&result);

    wasm_store_t *other = wasm_store_new(engine);
    arg = (wasm_val_t)WASM_REF_VAL(wasm_foreign_as_ref(wasm_foreign_new(other)));
    trapped_with(call(exports.data[2], &arg, 1, NULL, 0), "of another type or store");
    wasm_val_delete(&arg);
    wasm_store_delete(other);

    wasm_extern_vec_delete(&exports);
    wasm_instance_delete(in);
    wasm_func_delete(f);
    delete_store();
    assert_int_equal(n_finalized, 1001);
}

/* An object that nobody else has; its finalizer adds 1. */
static wasm_ref_t *lonely(void)
{
    wasm_message_t message;
    wasm_name_new_from_string_nt(&message, "lonely");
    wasm_trap_t *trap = wasm_trap_new(store, &message);
    wasm_trap_set_host_info_with_finalizer(trap, data_of(1), finalize);
    wasm_name_delete(&message);
    return wasm_trap_as_ref(trap);
}

/* Nothing is called meanwhile: what is set is collected once something else stands in its place. */
static void objects_given_as_externref_live_only_where_they_were_put(void **state)
{
    enum { MANY = 50000, LEFT = 2 };
    (void)state;
    const wasm_limits_t limits = { 1, 1 };
    wasm_globaltype_t *variable = wasm_globaltype_new(wasm_valtype_new_externref(), WASM_VAR);
    wasm_tabletype_t *elements = wasm_tabletype_new(wasm_valtype_new_externref(), &limits);
    wasm_val_t value = WASM_REF_VAL(lonely());
    wasm_global_t *global = wasm_global_new(store, variable, &value);
    wasm_table_t *table = wasm_table_new(store, elements, value.of.ref);
    wasm_val_delete(&value);
    for (int way = 0; way < 2; way++) {
        n_finalized = 0;
        for (int i = 0; i < MANY; i++) {
            value = (wasm_val_t)WASM_REF_VAL(lonely());
            if (way == 0)
                wasm_global_set(global, &value);
            else
                assert_true(wasm_table_set(table, 0, value.of.ref));
            wasm_val_delete(&value);
        }
        assert_true(n_finalized > MANY / 4);
    }

    wasm_val_t back = WASM_INIT_VAL;
    wasm_global_get(global, &back);
    assert_ptr_equal(wasm_ref_get_host_info(back.of.ref), data_of(1));
    wasm_val_delete(&back);
    wasm_globaltype_delete(variable);
    wasm_tabletype_delete(elements);
    wasm_global_delete(global);
    wasm_table_delete(table);
    n_finalized = 0;
    delete_store();
    assert_true(n_finalized >= LEFT);
}

static void finalizers_of_objects_run_when_their_store_goes(void **state)
{
    enum { N = 1000 };
    (void)state;
    wasm_module_t *m = module_of("(module (func (export \"f\")))");
    wasm_extern_vec_t none = WASM_EMPTY_VEC;
    for (int i = 0; i < N; i++) {
        wasm_instance_t *in = wasm_instance_new(store, m, &none, NULL);
        wasm_instance_set_host_info_with_finalizer(in, data_of(1), finalize);
        wasm_instance_t *same = wasm_instance_copy(in);
        assert_ptr_equal(wasm_instance_get_host_info(same), data_of(1));
        wasm_instance_delete(same);
        wasm_instance_delete(in);
    }
    wasm_module_set_host_info_with_finalizer(m, data_of(1), finalize);
    wasm_module_set_host_info_with_finalizer(m, data_of(5), finalize);
    assert_int_equal(n_finalized, 1); /* replaced */
    wasm_module_delete(m);
    wasm_foreign_t *kept = wasm_foreign_new(store);
    delete_store();
    assert_int_equal(n_finalized, N + 6);
    wasm_foreign_delete(kept); /* a handle may be deleted later */
}

static void handles_outlive_their_store_and_do_nothing_then(void **state)
{
    (void)state;
    wasm_limits_t limits = { 1, 2 };
    wasm_val_t one = WASM_I32_VAL(1), got = WASM_I32_VAL(9);
    wasm_val_vec_t args = { 1, &one }, results = { 1, &got };
    wasm_instance_t *in = instance_of("(module (memory (export \"m\") 1) (table (export \"t\") 1 externref)"
                                      " (global (export \"g\") (mut i32) (i32.const 0))"
                                      " (func (export \"f\") (param i32) (result i32) local.get 0))",
                                      NULL, 0, NULL);
    wasm_module_t *m = module_of("(module (memory (export \"m\") 1))");
    wasm_extern_vec_t exports, later;
    wasm_instance_exports(in, &exports);
    wasm_memory_t *memory = wasm_extern_as_memory(exports.data[0]);
    wasm_table_t *table = wasm_extern_as_table(exports.data[1]);
    wasm_global_t *global = wasm_extern_as_global(exports.data[2]);
    wasm_func_t *func = wasm_func_copy(wasm_extern_as_func(exports.data[3]));
    wasm_foreign_t *foreign = wasm_foreign_new(store);
    wasm_store_t *gone = store;
    delete_store();
    trapped_with(wasm_func_call(func, &args, &results), "store is gone");
    assert_int_equal(got.of.i32, 9);
    assert_null(wasm_func_type(func));
    assert_true(wasm_func_same(func, wasm_extern_as_func(exports.data[3])));
    assert_null(wasm_memory_data(memory));
    assert_int_equal(wasm_memory_data_size(memory) + wasm_memory_size(memory) + wasm_table_size(table), 0);
    assert_false(wasm_memory_grow(memory, 0) || wasm_table_grow(table, 0, NULL) || wasm_table_set(table, 0, NULL));
    assert_null(wasm_table_get(table, 0));
    wasm_global_set(global, &one);
    wasm_global_get(global, &got);
    assert_int_equal(got.of.i32, 0);
    assert_null(wasm_extern_type(exports.data[1]));
    assert_int_equal(wasm_extern_kind(exports.data[1]), WASM_EXTERN_TABLE);
    wasm_instance_exports(in, &later);
    assert_int_equal(later.size, 0);
    assert_null(wasm_memory_get_host_info(memory));
    wasm_memory_set_host_info_with_finalizer(memory, data_of(1), finalize);
    wasm_foreign_set_host_info_with_finalizer(foreign, data_of(10), finalize);
    wasm_exporttype_vec_t types;
    wasm_module_exports(m, &types);
    assert_int_equal(types.size, 1); /* modules are nobody's */
    wasm_exporttype_vec_delete(&types);

    /* the store itself is there as long as a handle is */
    wasm_memorytype_t *mt = wasm_memorytype_new(&limits);
    assert_null(wasm_memory_new(gone, mt));
    assert_null(wasm_memory_new(NULL, mt));
    wasm_memorytype_delete(mt);
    assert_null(wasm_foreign_new(gone));
    assert_null(wasm_instance_new(gone, m, NULL, NULL));
    assert_null(wasm_func_new(NULL, NULL, NULL));
    wasm_module_delete(m);
    wasm_foreign_delete(foreign);
    wasm_extern_vec_delete(&exports);
    wasm_func_delete(func);
    wasm_instance_delete(in);
    assert_int_equal(n_finalized, 10);
}

static void null_means_nothing(void **state)
{
    wasm_exporttype_vec_t types;
    wasm_val_t v = WASM_INIT_VAL;
    (void)state;
    wasm_func_delete(NULL);
    wasm_ref_delete(NULL);
    wasm_trap_delete(NULL);
    wasm_functype_delete(NULL);
    wasm_externtype_delete(NULL);
    wasm_importtype_delete(NULL);
    wasm_engine_delete(NULL);
    wasm_store_delete(NULL);
    wasm_config_delete(NULL);
    wasm_shared_module_delete(NULL);
    assert_null(wasm_store_new(NULL));
    assert_null(wasm_func_copy(NULL));
    assert_null(wasm_func_as_extern(NULL));
    assert_null(wasm_extern_as_func(NULL));
    assert_null(wasm_ref_as_trap(NULL));
    assert_null(wasm_memory_data(NULL));
    assert_null(wasm_module_share(NULL));
    assert_null(wasm_module_obtain(store, NULL));
    assert_null(wasm_func_call(NULL, NULL, NULL));
    assert_null(wasm_valtype_new(77));
    wasm_module_exports(NULL, &types);
    assert_int_equal(types.size, 0);
    wasm_val_delete(&v);
    wasm_val_copy(&v, &v);
    assert_null(v.of.ref);
}

/* ---- modules ---- */

static void *use_shared(void *shared)
{
    wasm_store_t *own = wasm_store_new(engine);
    wasm_module_t *m = wasm_module_obtain(own, shared);
    wasm_extern_vec_t none = WASM_EMPTY_VEC, exports;
    wasm_instance_t *in = wasm_instance_new(own, m, &none, NULL);
    wasm_instance_exports(in, &exports);
    wasm_val_t result = WASM_INIT_VAL;
    wasm_val_vec_t no_args = WASM_EMPTY_VEC, results = { 1, &result };
    wasm_trap_t *trap = wasm_func_call(wasm_extern_as_func(exports.data[0]), &no_args, &results);
    bool ok = !trap && result.of.i32 == 42;
    wasm_extern_vec_delete(&exports);
    wasm_instance_delete(in);
    wasm_module_delete(m);
    wasm_store_delete(own);
    return ok ? shared : NULL;
}

static void modules_are_serialized_and_shared_between_threads(void **state)
{
    enum { N = 4 };
    pthread_t threads[N];
    (void)state;
    wasm_module_t *m = module_of("(module (func (export \"f\") (result i32) i32.const 42))");
    wasm_byte_vec_t bytes;
    wasm_module_serialize(m, &bytes);
    wasm_module_delete(m);
    m = wasm_module_deserialize(store, &bytes);
    wasm_byte_vec_delete(&bytes);
    assert_non_null(m);
    wasm_shared_module_t *shared = wasm_module_share(m);
    wasm_module_delete(m);
    delete_store();
    for (int i = 0; i < N; i++)
        assert_int_equal(pthread_create(&threads[i], NULL, use_shared, shared), 0);
    for (int i = 0; i < N; i++) {
        void *ok;
        pthread_join(threads[i], &ok);
        assert_ptr_equal(ok, shared);
    }
    wasm_shared_module_delete(shared);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(functions_of_the_program_are_called_with_their_environment),
        TEST(traps_carry_message_frames_and_identity),
        TEST(instances_that_cannot_be_made_say_why),
        TEST(types_are_reflected_and_copied),
        TEST(globals_tables_and_memories_are_made_and_shared),
        TEST(references_of_the_host_keep_identity_and_info),
        TEST(objects_given_as_externref_live_only_where_they_were_put),
        TEST(finalizers_of_objects_run_when_their_store_goes),
        TEST(handles_outlive_their_store_and_do_nothing_then),
        TEST(null_means_nothing),
        TEST(modules_are_serialized_and_shared_between_threads),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
