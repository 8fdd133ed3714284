/* fuzz/fuzz_binary.c: any bytes are decoded and checked, as a component or a module, or refused with an error that says
 * why; checking for all errors agrees; what is not too long is dumped, stripped, printed and parsed as well. */
#include "fuzz/round_trip.h"

enum { PRINTED = 8192 };

static bool swallow(void *user, const char *data, size_t size)
{
    (void)data;
    *(size_t *)user += size;
    return *(size_t *)user < FUZZ_TEXT_MAX;
}

static bool strip_all(void *user, cwrun_str name)
{
    (void)user;
    return name.size % 2;
}

static void count_error(void *user, const cwrun_error *err)
{
    if (!err->message[0])
        fuzz_finding("an error without words");
    *(size_t *)user += 1;
}

static void use_tools(const uint8_t *data, size_t size, bool valid)
{
    cwrun_error err = CWRUN_ERROR_INIT;
    cwrun_arena *arena = cwrun_arena_new(NULL);
    size_t n = 0;
    if (!cwrun_dump(data, size, NULL, swallow, &n, &err) && n < FUZZ_TEXT_MAX && !cwrun_failed(&err))
        fuzz_finding("a dump ended without an error");
    cwrun_error_clear(&err);
    if (!cwrun_strip(data, size, NULL, strip_all, NULL, arena, &err).data && valid)
        fuzz_finding("what is valid cannot be stripped");
    cwrun_error_clear(&err);
    cwrun_arena_drop(arena);
    fuzz_round_trip((cwrun_str){ (const char *)data, size }, valid);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    cwrun_error err = CWRUN_ERROR_INIT;
    cwrun_engine *engine = fuzz_engine();
    cwrun_component *component = NULL;
    cwrun_module *module = NULL;
    size_t n_errors = 0;
    if (size >= 8 && data[6] == 1)
        component = cwrun_component_load(engine, data, size, NULL, &err);
    else
        module = cwrun_module_load(engine, data, size, NULL, &err);
    const bool valid = component || module;
    if (cwrun_failed(&err) == valid || (cwrun_failed(&err) && !err.message[0]))
        fuzz_finding("an error without words, or with a result");
    cwrun_error_clear(&err);
    if (cwrun_validate(engine, data, size, NULL, count_error, &n_errors, &err) != valid)
        fuzz_finding("loading and looking for all errors disagree");
    if (size <= PRINTED)
        use_tools(data, size, valid);
    cwrun_component_drop(component);
    cwrun_module_drop(module);
    cwrun_error_clear(&err);
    cwrun_engine_drop(engine);
    return 0;
}

FUZZ_MAIN
