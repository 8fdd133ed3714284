/* wasi/test_signature.c: the types in wasi.def are those of wit/, as compiled into proxy.wasm. */
#include "base/str.h"
#include "wasi/host.h"

#include <setjmp.h>
#include <stdarg.h>
#include <cmocka.h>

static const struct {
    const char *interface, *name, *type;
} rows[] = {
#define WASI_FUNC(interface, name, type, fn) { #interface, name, type },
#include "wasi/wasi.def"
};

static const struct {
    const char *id, *name;
} interfaces[] = {
#define WASI_INTERFACE(id, name) { #id, name "@" CW_WASI_VERSION },
#include "wasi/wasi.def"
};

enum { N_ROWS = sizeof rows / sizeof rows[0], N_INTERFACES = sizeof interfaces / sizeof interfaces[0] };

static cwrun_engine *engine;
static cwrun_component *proxy;

static int load(void **state)
{
    (void)state;
    cwrun_error err = CWRUN_ERROR_INIT;
    engine = cwrun_engine_new(NULL, &err);
    proxy = cwrun_component_open(engine, "tests/wasi/proxy.wasm", &err);
    cwrun_error_report(&err, stderr);
    return proxy ? 0 : -1;
}

static int unload(void **state)
{
    (void)state;
    cwrun_component_drop(proxy);
    cwrun_engine_drop(engine);
    return 0;
}

static const cwrun_functype *type_of_row(size_t row)
{
    const char *interface = NULL;
    for (size_t i = 0; i < N_INTERFACES; i++)
        if (strcmp(interfaces[i].id, rows[row].interface) == 0)
            interface = interfaces[i].name;
    assert_non_null(interface);
    for (uint32_t i = 0; i < cwrun_component_n_imports(proxy); i++) {
        const cwrun_item *import = cwrun_component_import(proxy, i);
        if (!cw_str_eq_c(import->name, interface))
            continue;
        for (uint32_t k = 0; k < import->n_items; k++)
            if (import->items[k].kind == CWRUN_ITEM_FUNC && cw_str_eq_c(import->items[k].name, rows[row].name))
                return import->items[k].func;
    }
    return NULL;
}

static void every_function_has_the_type_of_its_wit(void **state)
{
    (void)state;
    for (size_t i = 0; i < N_ROWS; i++) {
        const cwrun_functype *type = type_of_row(i);
        if (!type || !cw_wasi_type_fits(rows[i].type, type))
            fail_msg("%s %s: %s", rows[i].interface, rows[i].name, type ? "another type" : "not in wit/");
    }
}

static void every_function_of_the_wit_is_there(void **state)
{
    (void)state;
    size_t n = 0;
    for (uint32_t i = 0; i < cwrun_component_n_imports(proxy); i++) {
        const cwrun_item *import = cwrun_component_import(proxy, i);
        for (uint32_t k = 0; k < import->n_items; k++)
            n += import->items[k].kind == CWRUN_ITEM_FUNC;
    }
    assert_int_equal(n, N_ROWS);
}

/* Types that differ in one place from what poll, read, stat and others import. */
static void other_types_are_refused(void **state)
{
    (void)state;
    static const struct {
        const char *interface, *name, *type;
    } wrong[] = {
        { "IO_POLL", "poll", "func(in: list<borrow<pollable>>) -> list<u64>" },
        { "IO_POLL", "poll", "func(in: list<borrow<pollable>>)" },
        { "IO_POLL", "poll", "func(in: list<pollable>) -> list<u32>" },
        { "IO_POLL", "poll", "func() -> list<u32>" },
        { "IO_POLL", "poll", "func(in: list<borrow<pollable>>, more: u32) -> list<u32>" },
        { "IO_POLL", "[method]pollable.block", "func(self: borrow<pollable>) -> bool" },
        { "IO_STREAMS", "[method]input-stream.read", "func(self: borrow<input-stream>, len: u64) -> result<list<u8>>" },
        { "IO_STREAMS", "[method]input-stream.read",
          "func(self: borrow<input-stream>, len: u64) -> result<_, stream-error>" },
        { "IO_STREAMS", "[method]input-stream.read",
          "func(self: borrow<input-stream>, len: u64) -> result<list<u8>, error-code>" },
        { "IO_STREAMS", "[method]input-stream.subscribe", "func(self: borrow<input-stream>) -> borrow<pollable>" },
        { "IO_STREAMS", "[method]input-stream.subscribe", "func(self: borrow<input-stream>) -> u32" },
        { "CLI_EXIT", "exit", "func(status: result<u8>)" },
        { "CLI_EXIT", "exit", "func(status: option<u8>)" },
        { "CLI_ENVIRONMENT", "get-environment", "func() -> list<tuple<string>>" },
        { "CLI_ENVIRONMENT", "get-environment", "func() -> list<tuple<string, string, string>>" },
        { "CLI_ENVIRONMENT", "initial-cwd", "func() -> string" },
        { "CLOCKS_WALL", "now", "func() -> record { seconds: u64, nanos: u32 }" },
        { "CLOCKS_WALL", "now", "func() -> record { seconds: u64 }" },
        { "CLOCKS_WALL", "now", "func() -> record { seconds: u64, nanoseconds: u32, more: u8 }" },
        { "FILESYSTEM_TYPES", "filesystem-error-code", "func(err: borrow<error>) -> option<advice>" },
        { "FILESYSTEM_TYPES", "[method]descriptor.get-flags",
          "func(self: borrow<descriptor>) -> result<open-flags, error-code>" },
    };
    for (size_t i = 0; i < sizeof wrong / sizeof wrong[0]; i++)
        for (size_t row = 0; row < N_ROWS; row++)
            if (strcmp(rows[row].interface, wrong[i].interface) == 0 && strcmp(rows[row].name, wrong[i].name) == 0 &&
                cw_wasi_type_fits(wrong[i].type, type_of_row(row)))
                fail_msg("%s is taken for %s", wrong[i].type, rows[row].type);
    assert_false(cw_wasi_type_fits("func()", NULL));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_function_has_the_type_of_its_wit),
        cmocka_unit_test(every_function_of_the_wit_is_there),
        cmocka_unit_test(other_types_are_refused),
    };
    return cmocka_run_group_tests(tests, load, unload);
}
