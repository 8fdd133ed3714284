/* core_host.c: a core module that uses a memory, a global and an object of the host.
 *
 *     cc core_host.c $(pkg-config --cflags --libs cwrun) && ./a.out
 *
 * The module gets a counter as an externref, bumps it for every byte of a text in the host's memory, and leaves a sum
 * in the host's global. */
#include <cwrun.h>

static const char module_text[] = "(module"
                                  " (import \"host\" \"memory\" (memory 1))"
                                  " (import \"host\" \"sum\" (global $sum (mut i32)))"
                                  " (import \"host\" \"bump\" (func $bump (param externref)))"
                                  " (func (export \"run\") (param $counter externref) (param $at i32) (param $end i32)"
                                  "   (block $done (loop $next"
                                  "     (br_if $done (i32.ge_u (local.get $at) (local.get $end)))"
                                  "     (global.set $sum (i32.add (global.get $sum) (i32.load8_u (local.get $at))))"
                                  "     (call $bump (local.get $counter))"
                                  "     (local.set $at (i32.add (local.get $at) (i32.const 1)))"
                                  "     (br $next)))))";

static cwrun_status bump(cwrun_caller *c, const cwrun_core_val *args, size_t n, cwrun_core_val *results,
                         size_t n_results, void *user)
{
    int *counter = cwrun_externref_object(cwrun_caller_store(c), args[0].of.ref);
    (void)n, (void)results, (void)n_results, (void)user;
    if (!counter)
        return cwrun_caller_trap(c, "bump: this is no counter");
    ++*counter;
    return CWRUN_DONE;
}

static void counter_gone(void *counter)
{
    printf("the counter goes at %d\n", *(int *)counter);
}

int main(void)
{
    static const char words[] = "host";
    cwrun_error err = CWRUN_ERROR_INIT;
    cwrun_engine *engine = cwrun_engine_new(NULL, &err);
    cwrun_store *store = cwrun_store_new(engine, NULL, &err);
    cwrun_arena *arena = cwrun_arena_new(NULL);
    cwrun_str binary = cwrun_text_encode(cwrun_str_of(module_text), "core_host", arena, &err);
    cwrun_module *module = cwrun_module_load(engine, binary.data, binary.size, "core_host", &err);

    /* Objects of the host; they belong to the store. */
    cwrun_core_limits one_page = { .min = 1 };
    cwrun_core_val zero = cwrun_core_i32(0), sum;
    cwrun_memory *memory = cwrun_memory_new(store, &one_page, &err);
    cwrun_global *global = cwrun_global_new(store, CWRUN_CORE_I32, true, &zero, &err);
    cwrun_memory_write(memory, 16, words, sizeof words - 1, &err);

    cwrun_linker *linker = cwrun_linker_new(engine, &err);
    cwrun_extern given = { CWRUN_ITEM_CORE_MEMORY, { .memory = memory } };
    cwrun_linker_core_extern(linker, "host", "memory", &given, &err);
    given = (cwrun_extern){ CWRUN_ITEM_CORE_GLOBAL, { .global = global } };
    cwrun_linker_core_extern(linker, "host", "sum", &given, &err);
    cwrun_linker_core_func(linker, "host", "bump", "c", "", bump, NULL, NULL, &err);
    cwrun_core_instance *instance = cwrun_module_instantiate(store, module, linker, &err);

    static int counter;
    cwrun_core_val args[] = { cwrun_core_externref(cwrun_externref_new(store, &counter, counter_gone, &err)),
                              cwrun_core_i32(16), cwrun_core_i32(20) };
    if (cwrun_core_call(instance, "run", args, 3, NULL, 0, &err) && cwrun_global_get(global, &sum, &err))
        printf("%d bytes, sum %d\n", counter, sum.of.i32);

    int status = cwrun_failed(&err);
    cwrun_error_report(&err, stderr);
    cwrun_linker_drop(linker);
    cwrun_module_drop(module);
    cwrun_arena_drop(arena);
    cwrun_store_drop(store);
    cwrun_engine_drop(engine);
    return status;
}
