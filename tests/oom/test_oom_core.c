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

SCENARIO(objects_of_the_host)

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(objects_of_the_host_without_memory),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
