/* fuzz/fuzz_run.c: a valid module runs: every export is called, with little fuel and memory; where it may have objects,
 * once more with a collection at every allocation, which must not be seen.
 *
 * `fuzz_run --wast FILE…` prints what it did as a script, with the results as expectations: other builds of cwrun must
 * print the same, and other engines must agree with it (differential.py). Final memories are told by a checksum that a
 * second module computes from the first one's exports. */
#include <inttypes.h>

#include "fuzz/replay.h"

enum { FUEL = 2000000, MEMORY = 64 << 20, HEAP = 64 << 20, CALLS = 2, VALUES = 32 };
enum { STRESS_FUEL = 5000, STRESS_HEAP = 256 << 10 };

/* The script so far; NULL: nobody wants it. */
typedef struct run {
    cwrun_core_instance *instance;
    FILE *out;
    bool ended; /* by a limit: engines differ from here on */
} run;

static void put_string(FILE *out, const void *data, size_t size)
{
    const uint8_t *bytes = data;
    fputc('"', out);
    for (size_t i = 0; i < size; i++)
        fprintf(out, "\\%02x", bytes[i]);
    fputc('"', out);
}

static void put_float(FILE *out, const char *type, double value, uint64_t bits, int fraction)
{
    const uint64_t payload = bits & ((UINT64_C(1) << fraction) - 1);
    const char *sign = bits >> (fraction == 23 ? 31 : 63) ? "-" : "";
    if (value != value)
        fprintf(out, "(%s.const %snan:0x%" PRIx64 ")", type, sign, payload);
    else if (value - value != 0)
        fprintf(out, "(%s.const %sinf)", type, sign);
    else
        fprintf(out, "(%s.const %a)", type, value);
}

static void put_value(FILE *out, const cwrun_core_val *v)
{
    static const char *const heaps[] = { "func", "extern", "any", "exn" };
    static const char *const results[] = { "ref.func", "ref.extern", "ref.any", "ref.exn" };
    uint32_t bits32;
    uint64_t bits64, lanes[2];
    fputc(' ', out);
    switch (v->type) {
    case CWRUN_CORE_I32: fprintf(out, "(i32.const %" PRId32 ")", v->of.i32); break;
    case CWRUN_CORE_I64: fprintf(out, "(i64.const %" PRId64 ")", v->of.i64); break;
    case CWRUN_CORE_F32:
        memcpy(&bits32, &v->of.f32, sizeof bits32);
        put_float(out, "f32", (double)v->of.f32, bits32, 23);
        break;
    case CWRUN_CORE_F64:
        memcpy(&bits64, &v->of.f64, sizeof bits64);
        put_float(out, "f64", v->of.f64, bits64, 52);
        break;
    case CWRUN_CORE_V128:
        memcpy(lanes, v->of.v128, sizeof lanes);
        fprintf(out, "(v128.const i64x2 %" PRIu64 " %" PRIu64 ")", lanes[0], lanes[1]);
        break;
    default: {
        const int kind = v->type - CWRUN_CORE_FUNCREF;
        const bool is_null = v->type == CWRUN_CORE_FUNCREF ? !v->of.func : !v->of.ref;
        if (is_null)
            fprintf(out, "(ref.null %s)", heaps[kind]);
        else
            fprintf(out, "(%s)", results[kind]);
    }
    }
}

/* The i-th interesting value of a kind; false: there is none, the type has no null. */
static bool make_value(cwrun_engine *engine, cwrun_core_type type, uint32_t i, cwrun_core_val *v)
{
    static const int64_t integers[] = { 0, 1, -1, 7, INT32_MIN, INT32_MAX, 255, 65536, INT64_MIN, INT64_MAX };
    static const double floats[] = { 0, -0.0, 1, -1.5, 1e10, -1e300, 0.1, 4294967296.0 };
    memset(v, 0, sizeof *v);
    v->type = cwrun_core_type_kind(engine, type);
    const int64_t integer = integers[i % (sizeof integers / sizeof *integers)];
    const double number = floats[i % (sizeof floats / sizeof *floats)];
    switch (v->type) {
    case CWRUN_CORE_I32: v->of.i32 = (int32_t)integer; return true;
    case CWRUN_CORE_I64: v->of.i64 = integer; return true;
    case CWRUN_CORE_F32: v->of.f32 = (float)(number < -1e30 ? -3 : number); return true;
    case CWRUN_CORE_F64: v->of.f64 = number; return true;
    case CWRUN_CORE_V128: memset(v->of.v128, (int)integer & 0xff, sizeof v->of.v128); return true;
    default: return cwrun_core_type_is_nullable(type);
    }
}

/* Engines need not agree about limits; the depth of the stack is one. */
static bool is_limit(const cwrun_error *err)
{
    return err->kind == CWRUN_ERROR_LIMIT ||
           (err->kind == CWRUN_ERROR_TRAP && strstr(cwrun_trap_words(err->code), "stack"));
}

/* An outcome after its action is printed: results, a trap, or the end of what engines agree about. */
static void put_outcome(run *r, cwrun_error *err, const cwrun_core_val *results, size_t n)
{
    const bool is_trap = err->kind == CWRUN_ERROR_TRAP;
    if (err->kind == CWRUN_ERROR_LIMIT && (err->code == CWRUN_LIMIT_NONE || err->code == CWRUN_LIMIT_UNSUPPORTED))
        fuzz_finding(err->message); /* what is valid can be executed */
    if (is_limit(err)) {
        r->ended = true;
        if (r->out)
            fprintf(r->out, "\n;; %s\n", err->message);
    } else if (r->out) {
        if (is_trap)
            fprintf(r->out, " \"%s\"", cwrun_trap_words(err->code));
        for (size_t i = 0; !cwrun_failed(err) && i < n; i++)
            put_value(r->out, &results[i]);
        fputs(")\n", r->out);
    }
}

static void call_export(run *r, cwrun_engine *engine, cwrun_core_func *func, cwrun_str name, uint32_t seed)
{
    const cwrun_core_functype *type = cwrun_core_func_type(func);
    const uint32_t n_params = cwrun_core_functype_n_params(type), n_results = cwrun_core_functype_n_results(type);
    cwrun_core_val args[VALUES], results[VALUES];
    cwrun_error err = CWRUN_ERROR_INIT;
    if (n_params > VALUES || n_results > VALUES)
        return;
    for (uint32_t i = 0; i < n_params; i++)
        if (!make_value(engine, cwrun_core_functype_param(type, i), seed + i, &args[i]) ||
            (r->out && args[i].type == CWRUN_CORE_EXNREF)) /* wasmtime's scripts have none as arguments */
            return;
    cwrun_core_func_call(func, args, n_params, results, n_results, &err);
    if (r->out && !is_limit(&err)) {
        const char *words = err.kind == CWRUN_ERROR_EXCEPTION ? "exception" : cwrun_failed(&err) ? "trap" : "return";
        fprintf(r->out, "(assert_%s (invoke ", words);
        put_string(r->out, name.data, name.size);
        for (uint32_t i = 0; i < n_params; i++)
            put_value(r->out, &args[i]);
        fputc(')', r->out);
    }
    put_outcome(r, &err, results, n_results);
    cwrun_error_clear(&err);
}

static uint64_t checksum(const cwrun_memory *memory)
{
    uint64_t sum = 0;
    const uint64_t size = cwrun_memory_size(memory);
    for (uint64_t at = 0, word; at + sizeof word <= size; at += sizeof word) {
        cwrun_error err = CWRUN_ERROR_INIT;
        if (!cwrun_memory_read(memory, at, &word, sizeof word, &err))
            fuzz_finding("a memory cannot be read up to its size");
        sum = ((sum ^ word) * UINT64_C(0x9e3779b97f4a7c15));
        sum = sum << 29 | sum >> 35;
    }
    return sum;
}

static void put_checksum(run *r, const cwrun_memory *memory, cwrun_str name, const cwrun_externtype *type)
{
    const char *i = type->limits.is_64 ? "i64" : "i32";
    if (!r->out || type->limits.page_size != 65536 || type->limits.is_shared)
        return;
    fputs("(module (import \"m\" ", r->out);
    put_string(r->out, name.data, name.size);
    fprintf(r->out,
            " (memory %s 0)) (func (export \"sum\") (result i64) (local $at %s) (local $sum i64)\n"
            "  (block $end (loop $next (br_if $end (%s.ge_u (local.get $at) (%s.mul (memory.size) (%s.const 65536))))\n"
            "    (local.set $sum (i64.rotl (i64.mul (i64.xor (local.get $sum) (i64.load (local.get $at)))\n"
            "      (i64.const 0x9e3779b97f4a7c15)) (i64.const 29)))\n"
            "    (local.set $at (%s.add (local.get $at) (%s.const 8))) (br $next))) (local.get $sum)))\n"
            "(assert_return (invoke \"sum\") (i64.const %" PRId64 "))\n",
            type->limits.is_64 ? "i64" : "", i, i, i, i, i, i, (int64_t)checksum(memory));
}

static void run_exports(run *r, cwrun_engine *engine, cwrun_module *module)
{
    const uint32_t n = cwrun_module_n_exports(module);
    for (uint32_t i = 0; i < CALLS * n && !r->ended; i++) {
        const cwrun_extern export = cwrun_core_instance_export(r->instance, i % n);
        if (export.kind == CWRUN_ITEM_CORE_FUNC)
            call_export(r, engine, export.of.func, cwrun_module_export(module, i % n).name, i);
    }
    for (uint32_t i = 0; i < n && !r->ended; i++) {
        const cwrun_extern export = cwrun_core_instance_export(r->instance, i);
        cwrun_error err = CWRUN_ERROR_INIT;
        cwrun_core_val value;
        if (export.kind != CWRUN_ITEM_CORE_GLOBAL)
            continue;
        if (!cwrun_global_get(export.of.global, &value, &err))
            fuzz_finding(err.message);
        const cwrun_str name = cwrun_module_export(module, i).name;
        if (r->out) {
            fputs("(assert_return (get ", r->out);
            put_string(r->out, name.data, name.size);
            fputc(')', r->out);
        }
        put_outcome(r, &err, &value, 1);
    }
    if (r->out && !r->ended)
        fputs("(register \"m\")\n", r->out);
    for (uint32_t i = 0; i < n && !r->ended; i++) {
        const cwrun_item item = cwrun_module_export(module, i);
        const cwrun_extern export = cwrun_core_instance_export(r->instance, i);
        cwrun_externtype type;
        if (export.kind == CWRUN_ITEM_CORE_MEMORY && cwrun_item_externtype(&item, &type))
            put_checksum(r, export.of.memory, item.name, &type);
    }
}

/* False: the run was ended by a limit. */
static bool run_module(const uint8_t *data, size_t size, FILE *out, bool stress)
{
    const cwrun_limits limits = {
        .max_memory = MEMORY,
        .max_table = 100000,
        .max_instances = 100,
        .max_gc_heap = stress ? STRESS_HEAP : HEAP,
        .gc_stress = stress,
    };
    cwrun_error err = CWRUN_ERROR_INIT;
    cwrun_engine *engine = fuzz_engine();
    cwrun_module *module = cwrun_module_load(engine, data, size, NULL, &err);
    bool ended = false;
    if (module && cwrun_module_n_imports(module) == 0) {
        cwrun_store *store = cwrun_store_new(engine, &limits, &err);
        run r = { .out = out };
        cwrun_store_set_fuel(store, stress ? STRESS_FUEL : FUEL);
        r.instance = cwrun_module_instantiate(store, module, NULL, &err);
        if (err.kind == CWRUN_ERROR_EXCEPTION) { /* of the start function: scripts have no words for it */
            r.ended = true;
            r.out = NULL;
        }
        if (r.out && !is_limit(&err)) {
            fputs(cwrun_failed(&err) ? "(assert_trap (module binary " : "(module binary ", out);
            put_string(out, data, size);
            fputs(cwrun_failed(&err) ? ")" : "", out);
        }
        put_outcome(&r, &err, NULL, 0);
        if (r.instance)
            run_exports(&r, engine, module);
        ended = r.ended;
        cwrun_store_drop(store);
    } else if (out && !module) {
        fputs("(assert_invalid (module binary ", out);
        put_string(out, data, size);
        fprintf(out, ") \"\") ;; %s\n", err.message);
    }
    cwrun_error_clear(&err);
    cwrun_module_drop(module);
    cwrun_engine_drop(engine);
    return !ended;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    if (!memchr(data, 0xfb, size)) { /* the prefix of what makes objects */
        run_module(data, size, NULL, false);
        return 0;
    }
    char *told[2] = { NULL, NULL };
    size_t sizes[2];
    bool whole = true;
    for (int stress = 0; stress < 2; stress++) {
        FILE *out = open_memstream(&told[stress], &sizes[stress]);
        if (!out)
            abort();
        whole = run_module(data, size, out, stress) && whole;
        fclose(out);
    }
    if (whole && (sizes[0] != sizes[1] || memcmp(told[0], told[1], sizes[0]) != 0))
        fuzz_finding("collecting at every allocation changes what a module does");
    free(told[0]);
    free(told[1]);
    return 0;
}

#ifndef FUZZING
static void replay_one(const char *path, const uint8_t *data, size_t size)
{
    (void)path;
    LLVMFuzzerTestOneInput(data, size);
}

static void print_one(const char *path, const uint8_t *data, size_t size)
{
    printf(";; %s\n", path);
    run_module(data, size, stdout, false);
}

int main(int argc, char **argv)
{
    const bool prints = argc > 1 && !strcmp(argv[1], "--wast");
    return fuzz_main(argc - 1 - prints, argv + 1 + prints, prints ? print_one : replay_one);
}
#endif
