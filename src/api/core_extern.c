/* api/core_extern.c: memories, tables, globals and tags of a store, as the host makes, uses and gives them. */
#include "api/core.h"

#include "base/error.h"
#include "exec/memory.h"
#include "exec/table.h"

/* ---- externs ---- */

cw_extern cw_core_extern(const cwrun_extern *e)
{
    cw_extern out = { .kind = CW_EXTERN_COUNT };
    if (!e || !e->of.func)
        return out;
    out.kind = (uint8_t)cw_core_kind(e->kind);
    switch (out.kind) {
    case CW_EXTERN_FUNC: out.of.func = cw_core_func(e->of.func); break;
    case CW_EXTERN_TABLE: out.of.table = (cw_table *)(void *)e->of.table; break;
    case CW_EXTERN_MEMORY: out.of.memory = (cw_memory *)(void *)e->of.memory; break;
    case CW_EXTERN_GLOBAL: out.of.global = (cw_global *)(void *)e->of.global; break;
    case CW_EXTERN_TAG: out.of.tag = (cw_tag *)(void *)e->of.tag; break;
    default: break;
    }
    return out;
}

cwrun_extern cw_core_extern_public(const cw_extern *e)
{
    cwrun_extern out = { 0 };
    if (e->kind == CW_EXTERN_COUNT)
        return out;
    out.kind = (uint8_t)(CWRUN_ITEM_CORE_FUNC + e->kind);
    switch (e->kind) {
    case CW_EXTERN_FUNC: out.of.func = cw_core_public(e->of.func); break;
    case CW_EXTERN_TABLE: out.of.table = (cwrun_table *)(void *)e->of.table; break;
    case CW_EXTERN_MEMORY: out.of.memory = (cwrun_memory *)(void *)e->of.memory; break;
    case CW_EXTERN_GLOBAL: out.of.global = (cwrun_global *)(void *)e->of.global; break;
    default: out.of.tag = (cwrun_tag *)(void *)e->of.tag;
    }
    return out;
}

cwrun_store *cw_core_extern_store(const cw_extern *e)
{
    switch (e->kind) {
    case CW_EXTERN_FUNC: return cw_func_store(e->of.func);
    case CW_EXTERN_TABLE: return e->of.table->exec->store;
    case CW_EXTERN_MEMORY: return e->of.memory->exec->store;
    case CW_EXTERN_GLOBAL: return e->of.global->exec->store;
    case CW_EXTERN_TAG: return e->of.tag->exec->store;
    default: return NULL;
    }
}

static bool wrong_value(cwrun_store *s, const char *who, const char *wrong, cwrun_error *err)
{
    cw_fail(err, &s->alloc, CWRUN_ERROR_ARGUMENT, 0, "%s: the value %s", who, wrong);
    return false;
}

static bool out_of_bounds(cwrun_store *s, const char *who, uint64_t at, uint64_t n, uint64_t size, cwrun_error *err)
{
    cw_fail(err, &s->alloc, CWRUN_ERROR_ARGUMENT, 0, "%s: %llu at %llu is out of bounds of %llu", who,
            (unsigned long long)n, (unsigned long long)at, (unsigned long long)size);
    return false;
}

/* ---- memories ---- */

static cw_memory *mem(const cwrun_memory *m)
{
    return (cw_memory *)(uintptr_t)m;
}

cwrun_memory *cwrun_memory_new(cwrun_store *store, const cwrun_core_limits *limits, cwrun_error *err)
{
    cw_memtype type;
    if (!store || cwrun_failed(err))
        return cw_fail_null(err, __func__), NULL;
    if (!limits || !cw_core_limits(limits, false, &type)) {
        cw_fail(err, &store->alloc, CWRUN_ERROR_ARGUMENT, 0, "cwrun_memory_new: the limits are no memory's");
        return NULL;
    }
    return (cwrun_memory *)(void *)cw_memory_new(&store->exec, &type, err);
}

uint64_t cwrun_memory_size(const cwrun_memory *memory)
{
    return memory ? __atomic_load_n(&mem(memory)->size, __ATOMIC_SEQ_CST) : 0;
}

uint64_t cwrun_memory_pages(const cwrun_memory *memory)
{
    return memory ? cw_memory_pages(mem(memory)) : 0;
}

bool cwrun_memory_grow(cwrun_memory *memory, uint64_t pages, uint64_t *before)
{
    /* who allocates has pointers to it */
    const bool collecting = memory && mem(memory)->exec->gc.running;
    uint64_t old = memory && !collecting ? cw_memory_grow(mem(memory), pages) : UINT64_MAX;
    if (before && old != UINT64_MAX)
        *before = old;
    return old != UINT64_MAX;
}

uint8_t *cwrun_memory_data(cwrun_memory *memory)
{
    return memory ? cw_memory_at(mem(memory), 0, 0) : NULL;
}

uint8_t *cwrun_memory_at(cwrun_memory *memory, uint64_t at, uint64_t size)
{
    return memory ? cw_memory_at(mem(memory), at, size) : NULL;
}

bool cwrun_memory_read(const cwrun_memory *memory, uint64_t at, void *out, size_t size, cwrun_error *err)
{
    if (!memory || (size && !out) || cwrun_failed(err))
        return cw_fail_null(err, __func__);
    const uint8_t *from = cw_memory_at(mem(memory), at, size);
    if (!from)
        return out_of_bounds(mem(memory)->exec->store, "cwrun_memory_read", at, size, mem(memory)->size, err);
    if (size)
        memcpy(out, from, size);
    return true;
}

bool cwrun_memory_write(cwrun_memory *memory, uint64_t at, const void *bytes, size_t size, cwrun_error *err)
{
    if (!memory || (size && !bytes) || cwrun_failed(err))
        return cw_fail_null(err, __func__);
    uint8_t *to = cw_memory_at(mem(memory), at, size);
    if (!to)
        return out_of_bounds(mem(memory)->exec->store, "cwrun_memory_write", at, size, mem(memory)->size, err);
    if (size)
        memcpy(to, bytes, size);
    return true;
}

static cw_memory *find_memory(cwrun_core_instance *in, const char *name)
{
    const cw_module *m = in->in->module;
    cw_extern e;
    if (name)
        return cw_instance_export(in->in, cwrun_str_of(name), &e) && e.kind == CW_EXTERN_MEMORY ? e.of.memory : NULL;
    for (uint32_t i = 0; i < m->n_exports; i++)
        if (m->exports[i].kind == CW_EXTERN_MEMORY)
            return in->in->memories[m->exports[i].index];
    return NULL;
}

uint8_t *cwrun_core_memory(cwrun_core_instance *instance, const char *name, uint64_t at, uint64_t size)
{
    cw_memory *m = instance ? find_memory(instance, name) : NULL;
    return m ? cw_memory_at(m, at, size) : NULL;
}

uint64_t cwrun_core_memory_size(cwrun_core_instance *instance, const char *name)
{
    cw_memory *m = instance ? find_memory(instance, name) : NULL;
    return m ? m->size : 0;
}

/* ---- tables ---- */

static cw_table *tab(const cwrun_table *t)
{
    return (cw_table *)(uintptr_t)t;
}

/* The slot of an element that is given; NULL means null. */
static bool element(cwrun_store *s, cw_valtype type, const cwrun_core_val *v, const char *who, uint64_t *slot,
                    cwrun_error *err)
{
    *slot = 0;
    if (!v)
        return cw_is_nullable(type) || wrong_value(s, who, "is null", err);
    uint64_t *to = slot;
    const char *wrong = cw_core_to_slots(s, type, v, &to);
    return !wrong || wrong_value(s, who, wrong, err);
}

cwrun_table *cwrun_table_new(cwrun_store *store, cwrun_core_type elem, const cwrun_core_limits *limits,
                             const cwrun_core_val *init, cwrun_error *err)
{
    cw_tabletype type = { .elem = elem };
    uint64_t slot;
    if (!store || cwrun_failed(err))
        return cw_fail_null(err, __func__), NULL;
    if (!limits || !cw_core_limits(limits, true, &type.limits) || !cw_is_ref(elem) ||
        !cw_core_is_type(store->exec.types, elem)) {
        cw_fail(err, &store->alloc, CWRUN_ERROR_ARGUMENT, 0,
                "cwrun_table_new: the limits or the type of elements are no table's");
        return NULL;
    }
    if (!element(store, elem, init, "cwrun_table_new", &slot, err))
        return NULL;
    return (cwrun_table *)(void *)cw_table_new(&store->exec, &type, slot, err);
}

uint64_t cwrun_table_size(const cwrun_table *table)
{
    return table ? tab(table)->size : 0;
}

bool cwrun_table_get(cwrun_table *table, uint64_t i, cwrun_core_val *value, cwrun_error *err)
{
    uint64_t slot;
    if (!table || !value || cwrun_failed(err))
        return cw_fail_null(err, __func__);
    cw_table *t = tab(table);
    if (!cw_table_get(t, i, &slot))
        return out_of_bounds(t->exec->store, "cwrun_table_get", i, 1, t->size, err);
    const uint64_t *from = &slot;
    return cw_core_from_slots(t->exec->store, t->type.elem, &from, value) || cw_fail_oom(err);
}

bool cwrun_table_set(cwrun_table *table, uint64_t i, const cwrun_core_val *value, cwrun_error *err)
{
    uint64_t slot;
    if (!table || cwrun_failed(err))
        return cw_fail_null(err, __func__);
    cw_table *t = tab(table);
    if (!element(t->exec->store, t->type.elem, value, "cwrun_table_set", &slot, err))
        return false;
    return cw_table_set(t, i, slot) || out_of_bounds(t->exec->store, "cwrun_table_set", i, 1, t->size, err);
}

bool cwrun_table_grow(cwrun_table *table, uint64_t n, const cwrun_core_val *init, uint64_t *before, cwrun_error *err)
{
    uint64_t slot;
    if (!table || cwrun_failed(err))
        return cw_fail_null(err, __func__);
    cw_table *t = tab(table);
    if (!cw_store_allocates(t->exec->store, "cwrun_table_grow", err) ||
        !element(t->exec->store, t->type.elem, init, "cwrun_table_grow", &slot, err))
        return false;
    uint64_t old = cw_table_grow(t, n, slot);
    if (before && old != UINT64_MAX)
        *before = old;
    return old != UINT64_MAX;
}

/* ---- globals ---- */

static cw_global *glob(const cwrun_global *g)
{
    return (cw_global *)(uintptr_t)g;
}

cwrun_global *cwrun_global_new(cwrun_store *store, cwrun_core_type type, bool is_mutable, const cwrun_core_val *value,
                               cwrun_error *err)
{
    uint64_t slots[2] = { 0, 0 }, *to = slots;
    if (!store || cwrun_failed(err))
        return cw_fail_null(err, __func__), NULL;
    if (!value || !cw_core_is_type(store->exec.types, type)) {
        cw_fail(err, &store->alloc, CWRUN_ERROR_ARGUMENT, 0, "cwrun_global_new: %s",
                value ? "this is no type" : "the value is NULL");
        return NULL;
    }
    const char *wrong = cw_core_to_slots(store, type, value, &to);
    if (wrong) {
        wrong_value(store, "cwrun_global_new", wrong, err);
        return NULL;
    }
    return (cwrun_global *)(void *)cw_global_new(&store->exec,
                                                 (cw_globaltype){ .type = type, .is_mutable = is_mutable }, slots, err);
}

bool cwrun_global_get(cwrun_global *global, cwrun_core_val *value, cwrun_error *err)
{
    if (!global || !value || cwrun_failed(err))
        return cw_fail_null(err, __func__);
    const uint64_t *from = glob(global)->value;
    return cw_core_from_slots(glob(global)->exec->store, glob(global)->type.type, &from, value) || cw_fail_oom(err);
}

bool cwrun_global_set(cwrun_global *global, const cwrun_core_val *value, cwrun_error *err)
{
    if (!global || !value || cwrun_failed(err))
        return cw_fail_null(err, __func__);
    cw_global *g = glob(global);
    cwrun_store *s = g->exec->store;
    uint64_t slots[2] = { 0, 0 }, *to = slots;
    if (!g->type.is_mutable) {
        cw_fail(err, &s->alloc, CWRUN_ERROR_ARGUMENT, 0, "cwrun_global_set: the global is immutable");
        return false;
    }
    const char *wrong = cw_core_to_slots(s, g->type.type, value, &to);
    if (wrong)
        return wrong_value(s, "cwrun_global_set", wrong, err);
    memcpy(g->value, slots, sizeof slots);
    return true;
}

bool cwrun_core_global_get(cwrun_core_instance *instance, const char *name, cwrun_core_val *value)
{
    cw_extern e;
    if (!instance || !name || !cw_instance_export(instance->in, cwrun_str_of(name), &e) || e.kind != CW_EXTERN_GLOBAL)
        return false;
    return cwrun_global_get((cwrun_global *)(void *)e.of.global, value, NULL);
}

/* ---- tags ---- */

cwrun_tag *cwrun_tag_new(cwrun_store *store, const cwrun_core_functype *type, cwrun_error *err)
{
    if (!store || cwrun_failed(err))
        return cw_fail_null(err, __func__), NULL;
    if (!cw_core_is_functype(store->exec.types, type) || cw_core_type(type)->n_results != 0) {
        cw_fail(err, &store->alloc, CWRUN_ERROR_ARGUMENT, 0,
                "cwrun_tag_new: the type is not of this engine, or has results");
        return NULL;
    }
    return (cwrun_tag *)(void *)cw_tag_new(&store->exec, cw_core_type(type)->id, err);
}

/* ---- what linkers give ---- */

bool cwrun_linker_core_extern(cwrun_linker *linker, const char *module, const char *name, const cwrun_extern *external,
                              cwrun_error *err)
{
    if (!module || !name || !external || !external->of.func || external->kind < CWRUN_ITEM_CORE_FUNC ||
        external->kind > CWRUN_ITEM_CORE_TAG) {
        cw_fail(err, NULL, CWRUN_ERROR_ARGUMENT, 0, "cwrun_linker_core_extern: %s",
                module && name ? "what is given is NULL or of no such kind" : "a name is NULL");
        return false;
    }
    cw_extern given = cw_core_extern(external);
    const cwrun_store *store = cw_core_extern_store(&given);
    if (!cw_linker_takes_of(linker, store, __func__, err))
        return false;
    cw_definition d = { .kind = CW_DEFINE_CORE_EXTERN, .external = *external, .store = store->serial };
    return cw_linker_define(linker, module, name, &d, err);
}
