/* api/validate.c: all errors of a binary. Nothing of what is decoded is kept. */
#include "base/error.h"
#include "component/runtime.h"

bool cwrun_validate(cwrun_engine *engine, const void *bytes, size_t size, const char *name,
                    void (*report)(void *user, const cwrun_error *err), void *user, cwrun_error *err)
{
    if (cwrun_failed(err))
        return false;
    if (!engine || (!bytes && size) || !report) {
        cw_fail(err, NULL, CWRUN_ERROR_ARGUMENT, 0, "cwrun_validate: %s is NULL",
                !engine  ? "the engine"
                : report ? "bytes"
                         : "report");
        return false;
    }
    cw_module_config config = { .types = engine->types, .features = engine->features, .alloc = &engine->alloc };
    cw_reader_errors errors = { report, user, 0 };
    cwrun_error last = CWRUN_ERROR_INIT;
    cw_arena arena;
    cw_reader r;
    const uint8_t *b = bytes;
    cw_arena_init(&arena, &engine->alloc);
    cw_reader_init(&r, b, size, name, &arena, &last);
    r.errors = &errors;
    bool is_component = size >= 8 && b[6] == 1 && b[7] == 0;
    bool ok = is_component ? cw_component_read(&r, &config) != NULL : cw_module_read(&r, &config) != NULL;
    cw_arena_fini(&arena);
    if (cw_reader_recover(&r))
        cwrun_error_clear(&last);
    if (cwrun_failed(&last)) /* out of memory */
        cw_fail(err, &engine->alloc, last.kind, last.code, "%s", last.message);
    else if (errors.n)
        cw_fail(err, &engine->alloc, CWRUN_ERROR_INPUT, 0, "%s%s%u error%s", name ? name : "", name ? ": " : "",
                errors.n, errors.n == 1 ? "" : "s");
    cwrun_error_clear(&last);
    return ok && !errors.n;
}
