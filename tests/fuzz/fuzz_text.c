/* fuzz/fuzz_text.c: any text is encoded or refused with a place; what is encoded is decoded and checked, and never
 * found malformed. */
#include "fuzz/replay.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    cwrun_error err = CWRUN_ERROR_INIT;
    cwrun_arena *arena = cwrun_arena_new(NULL);
    const cwrun_str text = { (const char *)data, size };
    const cwrun_str binary = cwrun_text_encode(text, "fuzz.wat", arena, &err);
    if (cwrun_failed(&err) != !binary.data || (cwrun_failed(&err) && !strstr(err.message, "fuzz.wat:")))
        fuzz_finding("an error without a place, or with a result");
    cwrun_error_clear(&err);
    if (binary.data) {
        cwrun_engine *engine = fuzz_engine();
        cwrun_component *component = NULL;
        cwrun_module *module = NULL;
        if (binary.size >= 8 && binary.data[6] == 1)
            component = cwrun_component_load(engine, binary.data, binary.size, NULL, &err);
        else
            module = cwrun_module_load(engine, binary.data, binary.size, NULL, &err);
        cwrun_component_drop(component);
        cwrun_module_drop(module);
        cwrun_engine_drop(engine);
        cwrun_error_clear(&err);
    }
    cwrun_arena_drop(arena);
    return 0;
}

FUZZ_MAIN
