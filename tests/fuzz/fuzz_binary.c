/* fuzz/fuzz_binary.c: any bytes are decoded and checked, as a component or a module, or refused with an error that says
 * why. */
#include "fuzz/replay.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    cwrun_error err = CWRUN_ERROR_INIT;
    cwrun_engine *engine = fuzz_engine();
    cwrun_component *component = NULL;
    cwrun_module *module = NULL;
    if (size >= 8 && data[6] == 1)
        component = cwrun_component_load(engine, data, size, NULL, &err);
    else
        module = cwrun_module_load(engine, data, size, NULL, &err);
    if (cwrun_failed(&err) == (component || module) || (cwrun_failed(&err) && !err.message[0]))
        fuzz_finding("an error without words, or with a result");
    cwrun_component_drop(component);
    cwrun_module_drop(module);
    cwrun_error_clear(&err);
    cwrun_engine_drop(engine);
    return 0;
}

FUZZ_MAIN
