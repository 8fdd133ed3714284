/* fuzz/fuzz_component.c: a valid component is instantiated, with what it imports denied or trapping, and every function
 * it exports is called with values made up for its types; what comes back prints as WAVE, which reads back as the same
 * value. Bounded in everything; calls that wait are dropped. */
#include "fuzz/wave.h"

enum { FUEL = 1000000, MEMORY = 64 << 20, HEAP = 8 << 20, ROUNDS = 3, PARAMS = 32, FUNCS = 64, VALUE = 1 << 16 };

/* Where made-up values come from: the numbers of a small generator. */
typedef struct source {
    uint64_t state;
    cwrun_builder *builder;
    uint32_t parts;
} source;

static uint32_t below(source *s, uint32_t n)
{
    s->state = s->state * UINT64_C(6364136223846793005) + UINT64_C(1442695040888963407);
    return n ? (uint32_t)(s->state >> 33) % n : 0;
}

static uint64_t number(source *s)
{
    static const uint64_t some[] = { 0, 1, 2, 255, 65535, UINT32_MAX, UINT64_MAX, UINT64_C(1) << 63, 0x7fffffff };
    const uint32_t i = below(s, 12);
    return i < 9 ? some[i] : s->state;
}

static cwrun_val scalar(source *s, uint8_t kind)
{
    static const char *const texts[] = { "", "a", "ä€", "\xf0\x9f\x98\x80 x", "0123456789 0123456789 0123456789" };
    const uint64_t n = number(s);
    switch (kind) {
    case CWRUN_KIND_BOOL: return cwrun_bool(n & 1);
    case CWRUN_KIND_S8: return cwrun_s8((int8_t)n);
    case CWRUN_KIND_U8: return cwrun_u8((uint8_t)n);
    case CWRUN_KIND_S16: return cwrun_s16((int16_t)n);
    case CWRUN_KIND_U16: return cwrun_u16((uint16_t)n);
    case CWRUN_KIND_S32: return cwrun_s32((int32_t)n);
    case CWRUN_KIND_U32: return cwrun_u32((uint32_t)n);
    case CWRUN_KIND_S64: return cwrun_s64((int64_t)n);
    case CWRUN_KIND_U64: return cwrun_u64(n);
    case CWRUN_KIND_F32: return cwrun_f32((float)(int32_t)n / 8);
    case CWRUN_KIND_F64: return cwrun_f64((double)(int64_t)n / 8);
    case CWRUN_KIND_CHAR: return cwrun_char(n % 0xd800);
    default: return cwrun_string(cwrun_str_of(texts[n % 5]));
    }
}

/* Fills the next place; false: the type has what nobody can make up. */
static bool make_up(source *s, const cwrun_type *type)
{
    const uint8_t kind = cwrun_type_kind(type);
    const uint32_t n_fields = cwrun_type_n_fields(type);
    if (++s->parts > 2000)
        return false;
    if (kind <= CWRUN_KIND_STRING) {
        const cwrun_val v = scalar(s, kind);
        return cwrun_builder_val(s->builder, &v);
    }
    switch (kind) {
    case CWRUN_KIND_LIST:
    case CWRUN_KIND_MAP:
    case CWRUN_KIND_FIXED_LIST: {
        const uint32_t n = kind == CWRUN_KIND_FIXED_LIST ? cwrun_type_length(type) : below(s, 4);
        bool ok = cwrun_builder_begin(s->builder, n);
        for (uint32_t i = 0; ok && i < n; i++)
            ok = make_up(s, cwrun_type_elem(type));
        return ok && cwrun_builder_end(s->builder);
    }
    case CWRUN_KIND_RECORD:
    case CWRUN_KIND_TUPLE: {
        bool ok = cwrun_builder_begin(s->builder, 0);
        for (uint32_t i = 0; ok && i < n_fields; i++)
            ok = make_up(s, cwrun_type_field(type, i));
        return ok && cwrun_builder_end(s->builder);
    }
    case CWRUN_KIND_VARIANT:
    case CWRUN_KIND_ENUM:
    case CWRUN_KIND_OPTION:
    case CWRUN_KIND_RESULT: {
        const uint32_t i = below(s, n_fields);
        const cwrun_type *payload = kind == CWRUN_KIND_ENUM ? NULL : cwrun_type_field(type, i);
        return cwrun_builder_case(s->builder, i) && (!payload || make_up(s, payload));
    }
    case CWRUN_KIND_FLAGS:
        return cwrun_builder_flags(s->builder, (uint32_t)((1ull << n_fields) - 1) & (uint32_t)number(s));
    default: return false;
    }
}

/* All arguments of a call. */
static bool make_args(source *s, const cwrun_functype *type, cwrun_val *args, cwrun_arena *arena)
{
    const uint32_t n = cwrun_functype_n_params(type);
    bool ok = n <= PARAMS;
    for (uint32_t i = 0; ok && i < n; i++) {
        cwrun_error err = CWRUN_ERROR_INIT;
        const cwrun_type *param = cwrun_functype_param(type, i);
        if (cwrun_type_size(param) > VALUE)
            return false;
        s->parts = 0;
        s->builder = cwrun_builder_new(arena, param, &err);
        ok = make_up(s, param);
        if (ok)
            args[i] = cwrun_builder_finish(s->builder);
        if (ok && (cwrun_failed(&err) || !args[i].kind))
            fuzz_finding(err.message ? err.message : "a made-up value is none");
        cwrun_error_clear(&err);
    }
    return ok;
}

static void call(cwrun_instance *instance, const char *name, source *s)
{
    cwrun_error err = CWRUN_ERROR_INIT;
    cwrun_arena *arena = cwrun_arena_new(NULL);
    cwrun_func *func = cwrun_instance_func(instance, name, &err);
    const cwrun_functype *type = func ? cwrun_func_type(func) : NULL;
    cwrun_val args[PARAMS];
    if (func && make_args(s, type, args, arena)) {
        cwrun_polled *polled = cwrun_call_start(func, args, cwrun_functype_n_params(type), &err);
        if (polled && cwrun_call_poll(polled, &err) == CWRUN_DONE) {
            const cwrun_val result = cwrun_call_result(polled);
            if (cwrun_functype_result(type))
                fuzz_wave_round_trip(cwrun_functype_result(type), &result);
        }
        cwrun_call_drop(polled);
    }
    cwrun_error_clear(&err);
    cwrun_arena_drop(arena);
}

/* The names of all functions, those of exported instances as "instance#function". */
static void call_items(cwrun_instance *instance, const char *prefix, const cwrun_item *item, source *s, uint32_t *n)
{
    char name[512];
    const int size = snprintf(name, sizeof name, "%s%.*s", prefix, (int)item->name.size, item->name.data);
    if (size >= (int)sizeof name - 1 || *n >= FUNCS)
        return;
    if (item->kind == CWRUN_ITEM_FUNC) {
        *n += 1;
        call(instance, name, s);
    }
    name[size] = '#';
    name[size + 1] = 0;
    for (uint32_t i = 0; item->kind == CWRUN_ITEM_INSTANCE && i < item->n_items; i++)
        call_items(instance, name, &item->items[i], s, n);
}

static void run(cwrun_engine *engine, cwrun_component *component, source *s)
{
    const cwrun_limits limits = {
        .max_memory = MEMORY,
        .max_table = 100000,
        .max_instances = 200,
        .max_handles = 1000,
        .max_call_bytes = 1 << 20,
        .max_gc_heap = HEAP,
    };
    cwrun_error err = CWRUN_ERROR_INIT;
    cwrun_store *store = cwrun_store_new(engine, &limits, &err);
    cwrun_linker *linker = below(s, 2) ? cwrun_linker_new(engine, &err) : NULL; /* else WASI, which grants nothing */
    cwrun_linker_stub_rest(linker, true);
    cwrun_store_set_fuel(store, FUEL);
    cwrun_instance *instance = cwrun_instantiate(store, component, linker, &err);
    if (cwrun_failed(&err) == (instance != NULL))
        fuzz_finding("an instance with an error, or neither");
    for (uint32_t round = 0; instance && round < ROUNDS; round++) {
        uint32_t n = 0;
        for (uint32_t i = 0; i < cwrun_component_n_exports(component); i++)
            call_items(instance, "", cwrun_component_export(component, i), s, &n);
    }
    cwrun_error_clear(&err);
    cwrun_linker_drop(linker);
    cwrun_store_drop(store);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    cwrun_error err = CWRUN_ERROR_INIT;
    cwrun_engine *engine = fuzz_engine();
    cwrun_component *component = cwrun_component_load(engine, data, size, NULL, &err);
    source s = { .state = size };
    cwrun_error_clear(&err);
    if (component)
        run(engine, component, &s);
    cwrun_component_drop(component);
    cwrun_engine_drop(engine);
    return 0;
}

FUZZ_MAIN
