/* Costs of calls between C and a guest through the dynamic interface: a call with two numbers, of a component and of a
 * core module, a list of 1 MiB there and back against memcpy, many strings, a method of a guest's resource, and host
 * functions called by a guest. Prints medians of several blocks; "UNMET" where a required bound is not reached.
 * Usage: calls FOLDER, the folder of testdata/guests. */
#include <stdlib.h>
#include <time.h>

#include "cwrun.h"

#define BLOCKS 15
#define LIST_SIZE (1u << 20)
#define TEXTS 10000
#define ADD_BOUND 250.0 /* ns */
#define LIST_BOUND 3.0  /* memcpy of the same size, each way */

struct bench {
    cwrun_engine *engine;
    cwrun_store *store;
    const char *folder;
    cwrun_error err;
};

static double now_ns(void)
{
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (double)t.tv_sec * 1e9 + (double)t.tv_nsec;
}

static int by_value(const void *a, const void *b)
{
    const double *x = a, *y = b;
    return *x < *y ? -1 : *x > *y;
}

static double median(double *times)
{
    qsort(times, BLOCKS, sizeof *times, by_value);
    return times[BLOCKS / 2];
}

static cwrun_instance *instance_of(struct bench *b, const char *guest, cwrun_linker *linker)
{
    char path[1024];
    snprintf(path, sizeof path, "%s/%s.wasm", b->folder, guest);
    cwrun_component *component = cwrun_component_open(b->engine, path, &b->err);
    cwrun_instance *instance = cwrun_instantiate(b->store, component, linker, &b->err);
    cwrun_component_drop(component);
    return instance;
}

static void adder(struct bench *b)
{
    cwrun_func *add = cwrun_instance_func(instance_of(b, "adder", NULL), "add", &b->err);
    double times[BLOCKS];
    int calls = 100000;
    int32_t sum = 0;
    for (int block = 0; block < BLOCKS && !cwrun_failed(&b->err); block++) {
        double begin = now_ns();
        for (int i = 0; i < calls; i++) {
            cwrun_val result, args[2] = { cwrun_s32(sum), cwrun_s32(1) };
            if (cwrun_func_call(add, args, 2, &result, NULL, &b->err))
                sum = result.of.s32;
        }
        times[block] = (now_ns() - begin) / calls;
    }
    if (cwrun_failed(&b->err))
        return;
    double ns = median(times);
    printf("  add(s32, s32)                   %10.0f ns  <= %.0f %s%s\n", ns, ADD_BOUND,
           ns <= ADD_BOUND ? "met" : "UNMET", sum == BLOCKS * calls ? "" : "  (wrong sum: UNMET)");
}

static cwrun_status add_on_host(cwrun_caller *c, const cwrun_core_val *args, size_t n, cwrun_core_val *results,
                                size_t n_results, void *user)
{
    (void)c, (void)n, (void)n_results, (void)user;
    results[0].of.i32 = args[0].of.i32 + args[1].of.i32;
    return CWRUN_DONE;
}

static const char core_text[] =
    "(module (import \"host\" \"add\" (func $host (param i32 i32) (result i32)))"
    " (func (export \"add\") (param i32 i32) (result i32) (i32.add (local.get 0) (local.get 1)))"
    " (func (export \"loop\") (param $n i32) (result i32) (local $sum i32) (loop $next"
    "   (local.set $sum (call $host (local.get $sum) (i32.const 1)))"
    "   (br_if $next (local.tee $n (i32.sub (local.get $n) (i32.const 1))))) (local.get $sum)))";

/* The same function of a core module: by values, by slots; and one of the host that a core module calls. */
static void core_calls(struct bench *b)
{
    cwrun_arena *arena = cwrun_arena_new(NULL);
    cwrun_str binary = cwrun_text_encode(cwrun_str_of(core_text), "core", arena, &b->err);
    cwrun_module *module = cwrun_module_load(b->engine, binary.data, binary.size, "core", &b->err);
    cwrun_linker *linker = cwrun_linker_new(b->engine, &b->err);
    cwrun_linker_core_func(linker, "host", "add", "ii", "i", add_on_host, NULL, NULL, &b->err);
    cwrun_core_instance *in = cwrun_module_instantiate(b->store, module, linker, &b->err);
    cwrun_core_func *add = cwrun_core_instance_func(in, "add", &b->err);
    cwrun_core_func *loop = cwrun_core_instance_func(in, "loop", &b->err);
    double values[BLOCKS], slots[BLOCKS], host[BLOCKS];
    int calls = 100000;
    int32_t sum = 0, of_host = 0;
    for (int block = 0; block < BLOCKS && !cwrun_failed(&b->err); block++) {
        cwrun_core_val result, n = cwrun_core_i32(calls);
        double begin = now_ns();
        for (int i = 0; i < calls; i++) {
            cwrun_core_val args[2] = { cwrun_core_i32(sum), cwrun_core_i32(1) };
            if (cwrun_core_func_call(add, args, 2, &result, 1, &b->err))
                sum = result.of.i32;
        }
        values[block] = (now_ns() - begin) / calls;
        begin = now_ns();
        for (int i = 0; i < calls; i++) {
            uint64_t s[2] = { (uint32_t)sum, 1 };
            if (cwrun_core_func_call_slots(add, s, 2, &b->err))
                sum = (int32_t)s[0];
        }
        slots[block] = (now_ns() - begin) / calls;
        begin = now_ns();
        if (cwrun_core_func_call(loop, &n, 1, &result, 1, &b->err))
            of_host += result.of.i32;
        host[block] = (now_ns() - begin) / calls;
    }
    if (!cwrun_failed(&b->err))
        printf("  core add(i32, i32)              %10.0f ns  by slots %.0f ns; function of the host %.0f ns%s\n",
               median(values), median(slots), median(host),
               sum == 2 * BLOCKS * calls && of_host == BLOCKS * calls ? "" : "  (wrong sum: UNMET)");
    cwrun_linker_drop(linker);
    cwrun_module_drop(module);
    cwrun_arena_drop(arena);
}

static void bytes(struct bench *b, cwrun_instance *records)
{
    cwrun_func *echo = cwrun_instance_func(records, "cwrun:guests/echo@0.1.0#echo-bytes", &b->err);
    char *from = malloc(LIST_SIZE), *to = malloc(LIST_SIZE);
    if (!from || !to) {
        cwrun_error_set(&b->err, CWRUN_ERROR_LIMIT, CWRUN_LIMIT_HOST_MEMORY, "out of memory");
        goto done;
    }
    for (size_t i = 0; i < LIST_SIZE; i++)
        from[i] = (char)(i * 31 >> 3);
    memset(to, 0, LIST_SIZE);
    double echoes[BLOCKS], copies[BLOCKS];
    bool right = true;
    for (int block = 0; block < BLOCKS && !cwrun_failed(&b->err); block++) {
        int calls = 50;
        double begin = now_ns();
        for (int i = 0; i < calls; i++) {
            memcpy(to, from, LIST_SIZE);
            __asm__ volatile("" : : "r"(to) : "memory");
        }
        copies[block] = (now_ns() - begin) / calls;
        begin = now_ns();
        for (int i = 0; i < calls; i++) {
            cwrun_list list = { from, LIST_SIZE };
            cwrun_val result, arg = cwrun_val_of(cwrun_func_param(echo, 0), &list, sizeof list, &b->err);
            if (!cwrun_func_call(echo, &arg, 1, &result, NULL, &b->err))
                break;
            const cwrun_list *back = cwrun_val_data(&result);
            right = right && back && back->size == LIST_SIZE && (i || !memcmp(back->data, from, LIST_SIZE));
        }
        echoes[block] = (now_ns() - begin) / calls;
    }
    if (cwrun_failed(&b->err))
        goto done;
    double echo_ns = median(echoes), copy_ns = median(copies), each_way = echo_ns / 2 / copy_ns;
    printf("  list<u8> of 1 MiB and back      %10.0f ns  memcpy %.0f ns, each way %.2f of it <= %.0f %s%s\n", echo_ns,
           copy_ns, each_way, LIST_BOUND, each_way <= LIST_BOUND ? "met" : "UNMET",
           right ? "" : "  (wrong bytes: UNMET)");
done:
    free(from);
    free(to);
}

static void texts(struct bench *b, cwrun_instance *records)
{
    cwrun_func *echo = cwrun_instance_func(records, "cwrun:guests/echo@0.1.0#echo-nested", &b->err);
    static cwrun_str strings[TEXTS];
    for (int i = 0; i < TEXTS; i++)
        strings[i] = cwrun_str_of("sixteen bytes ab");
    cwrun_list inner = { strings, TEXTS }, outer = { &inner, 1 };
    double times[BLOCKS];
    for (int block = 0; block < BLOCKS && !cwrun_failed(&b->err); block++) {
        double begin = now_ns();
        cwrun_val result, arg = cwrun_val_of(cwrun_func_param(echo, 0), &outer, sizeof outer, &b->err);
        cwrun_func_call(echo, &arg, 1, &result, NULL, &b->err);
        times[block] = now_ns() - begin;
    }
    if (!cwrun_failed(&b->err))
        printf("  10,000 strings of 16 and back   %10.0f ns\n", median(times));
}

static void methods(struct bench *b)
{
    cwrun_instance *counters = instance_of(b, "resources", NULL);
    cwrun_func *add = cwrun_instance_func(counters, "cwrun:guests/counters@0.1.0#[method]counter.add", &b->err);
    cwrun_val counter, arg = cwrun_u32(1);
    cwrun_arena *arena = cwrun_arena_new(NULL);
    if (!cwrun_call(counters, "cwrun:guests/counters@0.1.0#[constructor]counter", &arg, 1, &counter, arena, &b->err)) {
        cwrun_arena_drop(arena);
        return;
    }
    double times[BLOCKS];
    int calls = 20000;
    for (int block = 0; block < BLOCKS && !cwrun_failed(&b->err); block++) {
        double begin = now_ns();
        for (int i = 0; i < calls; i++) {
            cwrun_val result, args[2] = { cwrun_borrow(counter.of.handle), cwrun_u32(1) };
            if (!cwrun_func_call(add, args, 2, &result, NULL, &b->err))
                break;
        }
        times[block] = (now_ns() - begin) / calls;
    }
    if (!cwrun_failed(&b->err))
        printf("  method of a guest's resource    %10.0f ns\n", median(times));
    cwrun_handle_drop(b->store, counter.of.handle, &b->err);
    cwrun_arena_drop(arena);
}

static cwrun_status log_line(cwrun_caller *caller, const cwrun_val *args, size_t n_args, cwrun_val *result, void *user)
{
    size_t *total = user;
    (void)caller, (void)result;
    *total += n_args == 1 ? args[0].of.string.size : 0;
    return CWRUN_DONE;
}

static void host_calls(struct bench *b)
{
    size_t total = 0;
    uint32_t calls = 20000;
    cwrun_linker *linker = cwrun_linker_new(b->engine, &b->err);
    cwrun_linker_func(linker, "", "log", "func(line: string)", log_line, &total, NULL, &b->err);
    cwrun_func *run = cwrun_instance_func(instance_of(b, "logger", linker), "run", &b->err);
    double times[BLOCKS];
    for (int block = 0; block < BLOCKS && !cwrun_failed(&b->err); block++) {
        cwrun_val arg = cwrun_u32(calls);
        double begin = now_ns();
        cwrun_func_call(run, &arg, 1, NULL, NULL, &b->err);
        times[block] = (now_ns() - begin) / calls;
    }
    if (!cwrun_failed(&b->err))
        printf("  host function with a string     %10.0f ns%s\n", median(times),
               total == (size_t)BLOCKS * calls * 12 ? "" : "  (wrong text: UNMET)");
    cwrun_linker_drop(linker);
}

int main(int argc, char **argv)
{
    if (argc != 2) {
        fprintf(stderr, "usage: calls FOLDER (of testdata/guests)\n");
        return 2;
    }
    struct bench b = { .folder = argv[1], .err = CWRUN_ERROR_INIT };
    b.engine = cwrun_engine_new(NULL, &b.err);
    b.store = cwrun_store_new(b.engine, NULL, &b.err);
    adder(&b);
    core_calls(&b);
    cwrun_instance *records = instance_of(&b, "records", NULL);
    bytes(&b, records);
    texts(&b, records);
    methods(&b);
    host_calls(&b);
    int status = cwrun_failed(&b.err);
    cwrun_error_report(&b.err, stderr);
    cwrun_store_drop(b.store);
    cwrun_engine_drop(b.engine);
    return status;
}
