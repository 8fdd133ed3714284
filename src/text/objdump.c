/* text/objdump.c: the functions of a module as instructions, or as the internal code the interpreter runs. */
#include <stdlib.h>

#include "base/error.h"
#include "component/runtime.h"
#include "cwrun/core.h"
#include "text/dump.h"

/* A function by its index, by the name that backtraces show, or by that of an export. */
static bool find_function(const cw_module *m, const char *name, uint32_t *index, cwrun_error *err)
{
    char *end, text[24];
    const bool is_number = *name >= '0' && *name <= '9' && (*name != '0' || !name[1]);
    unsigned long n = is_number ? strtoul(name, &end, 10) : 0;
    if (is_number && !*end && n < m->n_funcs) {
        *index = (uint32_t)n;
        return true;
    }
    for (*index = 0; *index < m->n_funcs; ++*index)
        if (cw_str_eq_c(cw_module_func_name(m, *index, text), name))
            return true;
    const cw_export *e = cw_module_find_export(m, cwrun_str_of(name));
    if (e && e->kind == CW_EXTERN_FUNC) {
        *index = e->index;
        return true;
    }
    cw_fail(err, NULL, CWRUN_ERROR_ARGUMENT, 0, "there is no function `%s`, and there are %u", name, m->n_funcs);
    return false;
}

/* *names: where the names of this function's locals are, or of the one before's (cw_read_local_names). */
static bool print_function(cwrun_module *module, uint32_t index, bool is_translated, const uint8_t **names,
                           cw_text *out, cwrun_error *err)
{
    cw_module *m = module->module;
    const cwrun_engine *engine = module->engine;
    char text[24];
    cwrun_str name = cw_module_func_name(m, index, text);
    cw_text_printf(out, "func %u %.*s:\n", index, (int)name.size, name.data);
    if (index < m->n_imported_funcs) {
        cw_text_puts(out, "imported\n");
        return true;
    }
    if (is_translated)
        return cw_disassemble(m, index, &engine->alloc, engine->code_options, out, err);
    cw_arena arena;
    cw_arena_init(&arena, &engine->alloc);
    const cw_name_map locals = cw_read_local_names(m, names, index, &arena);
    bool ok = cw_dump_code(m, &m->bodies[index - m->n_imported_funcs], locals, out, err);
    cw_arena_fini(&arena);
    return ok;
}

bool cwrun_module_objdump(cwrun_module *module, const char *function, bool is_translated, cwrun_write_fn write,
                          void *user, cwrun_error *err)
{
    if (!module || !write || cwrun_failed(err))
        return cw_fail_null(err, __func__);
    uint32_t first = 0, last = module->module->n_funcs;
    const uint8_t *names = module->module->local_names;
    bool ok = !function || find_function(module->module, function, &first, err);
    if (function)
        last = first + 1;
    for (uint32_t i = first; i < last && ok; i++) {
        cw_text out;
        cw_text_init(&out, &module->engine->alloc);
        ok = print_function(module, i, is_translated, &names, &out, err);
        ok = write(user, out.data ? out.data : "", out.size) && ok;
        cw_text_fini(&out);
    }
    return ok;
}
