/* wasm_h/store.c: configurations, engines and stores; host info of what a store holds. */
#include "wasm_h/handle.h"

enum { LEAST_INFOS = 16 };

/* ---- configurations and engines ---- */

wasm_config_t *wasm_config_new(void)
{
    static const cwrun_config defaults = CWRUN_CONFIG_INIT;
    wasm_config_t *c = malloc(sizeof *c);
    if (c)
        c->config = defaults;
    return c;
}

void wasm_config_delete(wasm_config_t *config)
{
    free(config);
}

wasm_engine_t *wasm_engine_new_with_config(wasm_config_t *config)
{
    wasm_engine_t *e = malloc(sizeof *e);
    if (e && !(e->engine = cwrun_engine_new(config ? &config->config : NULL, NULL))) {
        free(e);
        e = NULL;
    }
    wasm_config_delete(config);
    return e;
}

wasm_engine_t *wasm_engine_new(void)
{
    return wasm_engine_new_with_config(NULL);
}

void wasm_engine_delete(wasm_engine_t *engine)
{
    if (engine)
        cwrun_engine_drop(engine->engine);
    free(engine);
}

/* ---- stores ---- */

/* The store goes: so do the host infos of everything in it. */
static void end(void *user)
{
    wasm_store_t *s = user;
    wasm_trap_t *trap = s->trap;
    s->store = NULL;
    s->trap = NULL;
    wasm_trap_delete(trap);
    for (size_t i = 0; i < s->cap_infos; i++) {
        info in = s->infos[i];
        s->infos[i].finalizer = NULL;
        if (in.object && in.finalizer)
            in.finalizer(in.data);
        cwrun_module_drop(in.module);
    }
    free(s->infos);
    s->infos = NULL;
    s->n_infos = s->cap_infos = 0;
    cw_wasm_store_release(s);
}

wasm_store_t *wasm_store_new(wasm_engine_t *engine)
{
    static const char key[1], no_memory_message[] = "out of memory";
    cwrun_limits limits = { .max_instances = UINT32_MAX }; /* nobody could ask for more than the default here */
    wasm_store_t *s = engine ? calloc(1, sizeof *s) : NULL;
    if (!s)
        return NULL;
    s->n_refs = 1;
    s->engine = engine->engine;
    s->no_memory =
        (record){ .n_refs = 1, .n_handles = 1, .message = no_memory_message, .size = sizeof no_memory_message };
    s->no_memory_trap.ref = (wasm_ref_t){ KIND_TRAP, s, &s->no_memory };
    s->store = cwrun_store_new(engine->engine, &limits, NULL);
    if (!s->store || !cwrun_store_set_extension(s->store, key, s, end, NULL)) {
        cwrun_store_drop(s->store);
        free(s);
        return NULL;
    }
    return s;
}

void wasm_store_delete(wasm_store_t *store)
{
    if (store && store->store)
        cwrun_store_drop(store->store);
}

void cw_wasm_store_release(wasm_store_t *store)
{
    if (--store->n_refs == 0)
        free(store);
}

/* ---- host info ---- */

/* The place of an object, or the free one where it would be. */
static info *place(const wasm_store_t *s, const void *object)
{
    size_t mask = s->cap_infos - 1, at = (size_t)(((uintptr_t)object >> 4) * (uint64_t)0x9e3779b97f4a7c15 >> 20) & mask;
    while (s->infos[at].object && s->infos[at].object != object)
        at = (at + 1) & mask;
    return &s->infos[at];
}

static bool enlarge(wasm_store_t *s)
{
    wasm_store_t bigger = { .cap_infos = s->cap_infos ? 2 * s->cap_infos : LEAST_INFOS };
    bigger.infos = calloc(bigger.cap_infos, sizeof *bigger.infos);
    if (!bigger.infos)
        return false;
    for (size_t i = 0; i < s->cap_infos; i++)
        if (s->infos[i].object)
            *place(&bigger, s->infos[i].object) = s->infos[i];
    free(s->infos);
    s->infos = bigger.infos;
    s->cap_infos = bigger.cap_infos;
    return true;
}

static bool is_record(uint8_t kind)
{
    return kind >= KIND_TRAP;
}

void *wasm_ref_get_host_info(const wasm_ref_t *ref)
{
    if (!ref)
        return NULL;
    if (is_record(ref->kind))
        return ((record *)ref->object)->data;
    if (!ref->store->cap_infos)
        return NULL;
    const info *in = place(ref->store, ref->object);
    return in->object ? in->data : NULL;
}

void wasm_ref_set_host_info_with_finalizer(wasm_ref_t *ref, void *data, void (*finalizer)(void *))
{
    if (!ref)
        return;
    info before = { 0 };
    if (is_record(ref->kind)) {
        record *r = ref->object;
        before = (info){ .object = r, .data = r->data, .finalizer = r->finalizer };
        r->data = data;
        r->finalizer = finalizer;
    } else {
        wasm_store_t *s = ref->store;
        if (!s->store || (2 * (s->n_infos + 1) > s->cap_infos && !enlarge(s)))
            return;
        info *in = place(s, ref->object);
        before = *in;
        s->n_infos += !before.object;
        cwrun_module *module = before.module;
        if (ref->kind == KIND_MODULE && !module)
            module = cwrun_module_share(ref->object);
        *in = (info){ ref->object, data, finalizer, module };
    }
    if (before.object && before.finalizer)
        before.finalizer(before.data);
}

void wasm_ref_set_host_info(wasm_ref_t *ref, void *data)
{
    wasm_ref_set_host_info_with_finalizer(ref, data, NULL);
}
