/* oom/test_oom.c: out of memory is an ordinary error, wherever it happens.
 *
 * Each scenario runs with allocation 0, 1, 2 … failing until it gets through: it must fail with an error, crash nowhere
 * and leave no byte behind. Once with that allocation alone failing, once with it and all behind it. */
#include "oom/scenario.h"

static cwrun_instance *instantiate(cwrun_engine *engine, cwrun_store *store, const char *path, cwrun_linker *linker,
                                   cwrun_component **component, cwrun_error *err)
{
    *component = cwrun_component_open(engine, path, err);
    return cwrun_instantiate(store, *component, linker, err);
}

static void load_and_call(cwrun_engine *engine, cwrun_error *err)
{
    cwrun_component *component;
    cwrun_store *store = cwrun_store_new(engine, NULL, err);
    cwrun_instance *instance = instantiate(engine, store, "testdata/guests/adder.wasm", NULL, &component, err);
    cwrun_val sum, args[] = { cwrun_s32(1), cwrun_s32(2) };
    if (cwrun_call(instance, "add", args, 2, &sum, NULL, err))
        assert_int_equal(sum.of.s32, 3);
    cwrun_store_drop(store);
    cwrun_component_drop(component);
}

static void call_with_wave(cwrun_engine *engine, const char *path, const char *name, const char *args_text,
                           cwrun_error *err)
{
    cwrun_component *component;
    cwrun_store *store = cwrun_store_new(engine, NULL, err);
    cwrun_instance *instance = instantiate(engine, store, path, NULL, &component, err);
    cwrun_func *func = cwrun_instance_func(instance, name, err);
    if (func) {
        cwrun_val args[8], result;
        cwrun_arena *arena = cwrun_arena_new(NULL);
        if (cwrun_args_parse(cwrun_func_type(func), cwrun_str_of(args_text), 0, arena, args, err))
            for (int i = 0; i < 2; i++)
                cwrun_func_call(func, args, cwrun_functype_n_params(cwrun_func_type(func)), &result, NULL, err);
        cwrun_arena_drop(arena);
    }
    cwrun_store_drop(store);
    cwrun_component_drop(component);
}

static void call_records(cwrun_engine *engine, cwrun_error *err)
{
    call_with_wave(engine, "testdata/guests/records.wasm", "echo-people",
                   "([{name: \"x\", age: 1, email: \"x@y\", at: {x: 0, y: 1}, tags: [\"a\", \"b\"]}, {name: \"y\", "
                   "age: 2, at: {x: 0, y: 1}, tags: []}])",
                   err);
}

static void call_strings(cwrun_engine *engine, cwrun_error *err)
{
    call_with_wave(engine, "testdata/guests/strings-utf16.wasm", "concat", "(\"\xc3\xa4\", \"b\")", err);
}

static void use_resources(cwrun_engine *engine, cwrun_error *err)
{
    cwrun_component *component;
    cwrun_store *store = cwrun_store_new(engine, NULL, err);
    cwrun_instance *instance = instantiate(engine, store, "testdata/guests/resources.wasm", NULL, &component, err);
    cwrun_val counter, value, args[2] = { cwrun_u32(1) };
    if (cwrun_call(instance, "[constructor]counter", args, 1, &counter, NULL, err)) {
        cwrun_handle handle = counter.of.handle;
        args[0] = cwrun_borrow(handle);
        args[1] = cwrun_u32(4);
        if (cwrun_call(instance, "[method]counter.add", args, 2, &value, NULL, err))
            assert_int_equal(value.of.u32, 5);
        if (!cwrun_failed(err))
            cwrun_handle_drop(store, handle, err);
    }
    cwrun_store_drop(store);
    cwrun_component_drop(component);
}

static void nested_components(cwrun_engine *engine, cwrun_error *err)
{
    call_with_wave(engine, "testdata/guests/nested.wasm", "name", "()", err);
}

static void trap(cwrun_engine *engine, cwrun_error *err)
{
    cwrun_component *component;
    cwrun_store *store = cwrun_store_new(engine, NULL, err);
    cwrun_instance *instance = instantiate(engine, store, "testdata/guests/traps.wasm", NULL, &component, err);
    cwrun_error trap = CWRUN_ERROR_INIT;
    if (instance) {
        assert_false(cwrun_call(instance, "unreachable", NULL, 0, NULL, NULL, &trap));
        if (trap.kind == CWRUN_ERROR_TRAP)
            cwrun_error_clear(&trap);
        else
            *err = trap;
    }
    cwrun_store_drop(store);
    cwrun_component_drop(component);
}

static cwrun_status log_line(cwrun_caller *caller, const cwrun_val *args, size_t n_args, cwrun_val *result, void *user)
{
    (void)result;
    assert_int_equal(n_args, 1);
    assert_int_equal(args[0].kind, CWRUN_KIND_STRING);
    ++*(int *)user;
    return cwrun_caller_alloc(caller, 100) ? CWRUN_DONE : cwrun_caller_trap(caller, "out of memory");
}

static void host_function(cwrun_engine *engine, cwrun_error *err)
{
    int n = 0;
    cwrun_component *component;
    cwrun_store *store = cwrun_store_new(engine, NULL, err);
    cwrun_linker *linker = cwrun_linker_new(engine, err);
    cwrun_linker_func(linker, NULL, "log", "func(line: string)", log_line, &n, NULL, err);
    cwrun_instance *instance = instantiate(engine, store, "testdata/guests/logger.wasm", linker, &component, err);
    cwrun_val args[] = { cwrun_u32(3) };
    if (cwrun_call(instance, "run", args, 1, NULL, NULL, err))
        assert_int_equal(n, 3);
    cwrun_store_drop(store);
    cwrun_component_drop(component);
    cwrun_linker_drop(linker);
}

static void core_module(cwrun_engine *engine, cwrun_error *err)
{
    cwrun_store *store = cwrun_store_new(engine, NULL, err);
    cwrun_module *module = cwrun_module_open(engine, "testdata/guests/core.wasm", err);
    cwrun_core_instance *instance = cwrun_module_instantiate(store, module, NULL, err);
    cwrun_core_val args[2] = { { .type = CWRUN_CORE_I32, .of.i32 = 1 }, { .type = CWRUN_CORE_I32, .of.i32 = 2 } }, sum;
    if (cwrun_core_call(instance, "add", args, 2, &sum, 1, err))
        assert_int_equal(sum.of.i32, 3);
    cwrun_store_drop(store);
    cwrun_module_drop(module);
}

SCENARIO(load_and_call)
SCENARIO(call_records)
SCENARIO(call_strings)
SCENARIO(use_resources)
SCENARIO(nested_components)
SCENARIO(trap)
SCENARIO(host_function)
SCENARIO(core_module)

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(load_and_call_without_memory),     cmocka_unit_test(call_records_without_memory),
        cmocka_unit_test(call_strings_without_memory),      cmocka_unit_test(use_resources_without_memory),
        cmocka_unit_test(nested_components_without_memory), cmocka_unit_test(trap_without_memory),
        cmocka_unit_test(host_function_without_memory),     cmocka_unit_test(core_module_without_memory),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
