/* examples/plugin.c: a program with plugins: one long-lived store, many calls, and callbacks that know which run they
 * belong to.
 *
 *   plugin plugin.wasm logger.wasm
 *
 * The first is a core module; while it runs, the host calls back into it. The second is a component, whose instance
 * cannot be entered again while it runs: the host is told so. */
#include <cwrun.h>
#include <stdlib.h>

struct program {
    unsigned run; /* number of the run, for callbacks */
    cwrun_core_instance *plugin;
    cwrun_instance *logger;
    unsigned n_lines, n_refused;
};

/* ---- the core module ---- */

/* emit(run, at, size): shows a text in the plugin's memory */
static cwrun_status emit(cwrun_caller *c, const cwrun_core_val *args, size_t n, cwrun_core_val *results,
                         size_t n_results, void *user)
{
    struct program *p = user;
    uint32_t at = (uint32_t)args[1].of.i32, size = (uint32_t)args[2].of.i32;
    const uint8_t *text = cwrun_core_memory(cwrun_caller_core_instance(c), "memory", at, size);
    (void)n;
    (void)results;
    (void)n_results;
    if (!text)
        return cwrun_caller_trap(c, "run %u: text out of bounds", p->run);
    printf("run %d (%s): %.*s\n", args[0].of.i32, (unsigned)args[0].of.i32 == p->run ? "mine" : "not mine", (int)size,
           (const char *)text);
    return CWRUN_DONE;
}

/* ask(x): the answer is what the plugin's own `twice` makes of it */
static cwrun_status ask(cwrun_caller *c, const cwrun_core_val *args, size_t n, cwrun_core_val *results,
                        size_t n_results, void *user)
{
    struct program *p = user;
    cwrun_error err = CWRUN_ERROR_INIT;
    (void)user;
    if (cwrun_core_call(p->plugin, "twice", args, n, results, n_results, &err))
        return CWRUN_DONE;
    cwrun_status status = cwrun_caller_trap(c, "run %u: %s", p->run, err.message);
    cwrun_error_clear(&err);
    return status;
}

static void run_plugin(struct program *p, const char *text, cwrun_error *err)
{
    cwrun_core_val size = { CWRUN_CORE_I32, { (int32_t)strlen(text) } }, at, args[3], answer;
    p->run++;
    if (!cwrun_core_call(p->plugin, "allocate", &size, 1, &at, 1, err))
        return;
    uint8_t *room = cwrun_core_memory(p->plugin, "memory", (uint32_t)at.of.i32, strlen(text));
    if (!room)
        return;
    memcpy(room, text, strlen(text));
    args[0].type = CWRUN_CORE_I32;
    args[0].of.i32 = (int32_t)p->run;
    args[1] = at;
    args[2] = size;
    if (cwrun_core_call(p->plugin, "handle", args, 3, &answer, 1, err))
        printf("run %u answers %d\n", p->run, answer.of.i32);
}

/* ---- the component ---- */

/* log(line): tries to run the component that is calling */
static cwrun_status log_line(cwrun_caller *c, const cwrun_val *args, size_t n, cwrun_val *result, void *user)
{
    struct program *p = user;
    cwrun_error err = CWRUN_ERROR_INIT;
    cwrun_val times = cwrun_u32(1);
    (void)c;
    (void)n;
    (void)result;
    if (p->n_lines++ == 0)
        printf("run %u says: %.*s\n", p->run, (int)args[0].of.string.size, args[0].of.string.data);
    if (!cwrun_call(p->logger, "run", &times, 1, NULL, NULL, &err) && p->n_refused++ == 0)
        printf("entering it again: %s\n", err.message);
    cwrun_error_clear(&err);
    return CWRUN_DONE;
}

int main(int argc, char **argv)
{
    cwrun_error err = CWRUN_ERROR_INIT;
    struct program p = { 0, NULL, NULL, 0, 0 };
    if (argc < 3) {
        fprintf(stderr, "usage: plugin plugin.wasm logger.wasm\n");
        return 2;
    }
    cwrun_engine *engine = cwrun_engine_new(NULL, &err);
    cwrun_linker *linker = cwrun_linker_new(engine, &err);
    cwrun_linker_core_func(linker, "host", "emit", "iii", "", emit, &p, NULL, &err);
    cwrun_linker_core_func(linker, "host", "ask", "i", "i", ask, &p, NULL, &err);
    cwrun_linker_func(linker, NULL, "log", "func(line: string)", log_line, &p, NULL, &err);

    cwrun_module *module = cwrun_module_open(engine, argv[1], &err);
    cwrun_component *component = cwrun_component_open(engine, argv[2], &err);
    cwrun_store *store = cwrun_store_new(engine, NULL, &err);
    p.plugin = cwrun_module_instantiate(store, module, linker, &err);
    p.logger = cwrun_instantiate(store, component, linker, &err);

    run_plugin(&p, "hello", &err);
    run_plugin(&p, "plugins", &err);
    cwrun_func *run = cwrun_instance_func(p.logger, "run", &err);
    for (int i = 0; i < 1000 && !cwrun_failed(&err); i++) {
        cwrun_val times = cwrun_u32(2);
        p.run++;
        cwrun_func_call(run, &times, 1, NULL, NULL, &err);
    }
    printf("%u runs, %u lines, %u times refused\n", p.run, p.n_lines, p.n_refused);

    int status = cwrun_failed(&err);
    cwrun_error_report(&err, stderr);
    cwrun_store_drop(store);
    cwrun_component_drop(component);
    cwrun_module_drop(module);
    cwrun_linker_drop(linker);
    cwrun_engine_drop(engine);
    return status;
}
