/* api/core.c: core modules and their instances: linking by name or place, exports. */
#include "api/core.h"

#include "base/error.h"
#include "component/reflect.h"
#include "os/file.h"

/* ---- loading ---- */

void cw_module_keep(cwrun_module *m)
{
    __atomic_add_fetch(&m->n_refs, 1, __ATOMIC_RELAXED);
}

void cw_module_unref(cwrun_module *m)
{
    if (!m || __atomic_sub_fetch(&m->n_refs, 1, __ATOMIC_ACQ_REL) != 0)
        return;
    if (m->module)
        cw_module_release(m->module);
    cwrun_engine *engine = m->engine;
    cw_arena_fini(&m->arena);
    cw_free(&engine->alloc, m, sizeof *m);
    cw_engine_release(engine);
}

static bool decode(cwrun_module *m, const void *bytes, size_t size, cwrun_error *err)
{
    cwrun_engine *engine = m->engine;
    cw_module_config config = { .types = engine->types, .features = engine->features, .alloc = &engine->alloc };
    char *copy = cw_arena_raw(&m->arena, size + 1, 16);
    if (!copy)
        return cw_fail_oom(err);
    if (size)
        memcpy(copy, bytes, size);
    copy[size] = 0;
    cw_reader r;
    cw_reader_init(&r, (const uint8_t *)copy, size, m->name.size ? m->name.data : NULL, &m->arena, err);
    cw_module *d = m->module = cw_module_read(&r, &config);
    if (!d)
        return false;
    m->imports = cw_reflect_module_imports(&m->arena, d);
    m->exports = cw_reflect_module_exports(&m->arena, d);
    if (!m->imports || !m->exports)
        return cw_fail_oom(err);
    return true;
}

cwrun_module *cwrun_module_load(cwrun_engine *engine, const void *bytes, size_t size, const char *name,
                                cwrun_error *err)
{
    cwrun_error local = CWRUN_ERROR_INIT;
    if (cwrun_failed(err))
        return NULL;
    if (!engine || (!bytes && size)) {
        cw_fail(err, NULL, CWRUN_ERROR_ARGUMENT, 0, "cwrun_module_load: %s is NULL", engine ? "bytes" : "the engine");
        return NULL;
    }
    cwrun_module *m = cw_new(&engine->alloc, sizeof *m);
    if (!m) {
        cw_fail_oom(err);
        return NULL;
    }
    m->n_refs = 1;
    m->engine = engine;
    cw_engine_keep(engine);
    cw_arena_init(&m->arena, &engine->alloc);
    if (name)
        m->name = cw_arena_copy(&m->arena, name, strlen(name));
    if (!decode(m, bytes, size, err ? err : &local)) {
        m->module = NULL;
        cw_module_unref(m);
        cwrun_error_clear(&local);
        return NULL;
    }
    return m;
}

cwrun_module *cwrun_module_open(cwrun_engine *engine, const char *path, cwrun_error *err)
{
    uint8_t *bytes;
    size_t size, room;
    if (!engine || !path || cwrun_failed(err))
        return cw_fail_null(err, __func__), NULL;
    if (!cw_os_read_file(&engine->alloc, path, &bytes, &size, &room, err))
        return NULL;
    cwrun_module *m = cwrun_module_load(engine, bytes, size, path, err);
    cw_free(&engine->alloc, bytes, room);
    return m;
}

void cwrun_module_drop(cwrun_module *module)
{
    cw_module_unref(module);
}

/* ---- items ---- */

uint32_t cwrun_module_n_imports(const cwrun_module *m)
{
    return m ? m->module->n_imports : 0;
}

cwrun_item cwrun_module_import(const cwrun_module *m, uint32_t i)
{
    cwrun_item none = { 0 };
    return m && i < m->module->n_imports ? m->imports[i] : none;
}

uint32_t cwrun_module_n_exports(const cwrun_module *m)
{
    return m ? m->module->n_exports : 0;
}

cwrun_item cwrun_module_export(const cwrun_module *m, uint32_t i)
{
    cwrun_item none = { 0 };
    return m && i < m->module->n_exports ? m->exports[i] : none;
}

cwrun_module *cwrun_module_share(cwrun_module *module)
{
    if (module)
        cw_module_keep(module);
    return module;
}

cwrun_str cwrun_module_bytes(const cwrun_module *module)
{
    cwrun_str none = { NULL, 0 };
    return module ? (cwrun_str){ (const char *)module->module->bytes, module->module->size } : none;
}

/* ---- linking ---- */

static cw_extern find_import(cwrun_core_instance *in, const cw_module *m, uint32_t i, const cwrun_linker *l,
                             cwrun_error *err)
{
    const cw_import *import = &m->imports[i];
    cw_extern e = { .kind = CW_EXTERN_COUNT };
    if (!l)
        return e;
    const cw_definition *d = cw_linker_find(l, CW_DEFINE_CORE_FUNC, import->module, import->name);
    const cw_definition *whole = cw_linker_find(l, CW_DEFINE_CORE_INSTANCE, import->module, (cwrun_str){ NULL, 0 });
    if (import->kind == CW_EXTERN_FUNC && (d || (l->stub_rest && !whole))) {
        cw_type_id type = m->func_types[import->index];
        cw_func *f = d ? cw_core_host_func(in, d, type, err) : NULL;
        if (!d && !cw_linker_find(l, CW_DEFINE_CORE_EXTERN, import->module, import->name))
            f = cw_core_stub_func(in, import, type, err);
        if (f) {
            e.kind = CW_EXTERN_FUNC;
            e.of.func = f;
            return e;
        }
    }
    if ((d = cw_linker_find(l, CW_DEFINE_CORE_EXTERN, import->module, import->name)))
        return cw_linker_gives_to(l, d, in->store) ? cw_core_extern(&d->external) : e;
    if (whole && cw_linker_gives_to(l, whole, in->store))
        cw_instance_export(whole->core_instance->in, import->name, &e);
    return e;
}

/* ---- instantiation ---- */

/* Where the imports come from: a linker (or none), or a list. */
typedef struct source {
    cwrun_linker *linker;
    const cwrun_extern *given;
} source;

static bool find_imports(cwrun_core_instance *in, const cw_module *m, const source *from, cw_extern *imports,
                         cwrun_error *err)
{
    for (uint32_t i = 0; i < m->n_imports; i++) {
        imports[i] = from->given ? cw_core_extern(&from->given[i]) : find_import(in, m, i, from->linker, err);
        cwrun_store *s = cw_core_extern_store(&imports[i]);
        if (s && s != in->store)
            cw_fail(err, &in->store->alloc, CWRUN_ERROR_ARGUMENT, 0, "imports[%u] belongs to another store", i);
    }
    return !cwrun_failed(err);
}

static cwrun_core_instance *instantiate(cwrun_store *store, cwrun_module *module, const source *from, cwrun_error *err)
{
    if (!cw_store_allocates(store, "cwrun_module_instantiate", err))
        return NULL;
    cw_store_entered(store); /* constant expressions may collect, and so run destructors of the host */
    cw_module *m = module->module;
    cwrun_core_instance *in = CW_ARENA_NEW(&store->exec.arena, cwrun_core_instance);
    cw_extern *imports = cw_new_array(&store->alloc, m->n_imports + 1u, sizeof *imports);
    cw_func *start = NULL;
    if (!in || !imports || !cw_store_keep_module(store, module) ||
        (from->linker && !cw_store_keep_linker(store, from->linker))) {
        store->exec.arena.oom = false;
        cw_fail_oom(err);
    } else {
        in->store = store;
        if (find_imports(in, m, from, imports, err))
            in->in = cw_instance_define(&store->exec, m, imports, err);
    }
    cw_free(&store->alloc, imports, (m->n_imports + 1u) * sizeof *imports);
    /* where this fails, functions may be in tables of others already */
    bool ok =
        in && in->in && cw_instance_fill(in->in, &start, err) && (!start || cw_core_run(store, start, NULL, 0, err));
    cw_store_left(store);
    return ok ? in : NULL;
}

cwrun_core_instance *cwrun_module_instantiate(cwrun_store *store, cwrun_module *module, cwrun_linker *linker,
                                              cwrun_error *err)
{
    cwrun_error local = CWRUN_ERROR_INIT;
    source from = { .linker = linker };
    if (!store || !module || cwrun_failed(err))
        return cw_fail_null(err, __func__), NULL;
    if (store->engine != module->engine || (linker && linker->engine != store->engine)) {
        cw_fail(err, &store->alloc, CWRUN_ERROR_ARGUMENT, 0,
                "cwrun_module_instantiate: store, module and linker are not of one engine");
        return NULL;
    }
    if (linker)
        cw_linker_use(linker);
    cwrun_core_instance *in = instantiate(store, module, &from, err ? err : &local);
    cwrun_error_clear(&local);
    return in;
}

cwrun_core_instance *cwrun_module_instantiate_with(cwrun_store *store, cwrun_module *module,
                                                   const cwrun_extern *imports, size_t n, cwrun_error *err)
{
    static const cwrun_extern none = { 0 };
    cwrun_error local = CWRUN_ERROR_INIT;
    source from = { .given = n ? imports : &none };
    if (!store || !module || cwrun_failed(err))
        return cw_fail_null(err, __func__), NULL;
    if (store->engine != module->engine || n != module->module->n_imports || (n && !imports)) {
        cw_fail(
            err, &store->alloc, CWRUN_ERROR_ARGUMENT, 0,
            "cwrun_module_instantiate_with: the module has %u imports and %zu were given, or it is of another engine",
            module->module->n_imports, imports ? n : 0);
        return NULL;
    }
    cwrun_core_instance *in = instantiate(store, module, &from, err ? err : &local);
    cwrun_error_clear(&local);
    return in;
}

cwrun_store *cwrun_core_instance_store(const cwrun_core_instance *instance)
{
    return instance ? instance->store : NULL;
}

/* ---- exports ---- */

static bool no_export(cwrun_core_instance *in, const char *name, const char *what, cwrun_error *err)
{
    enum { NEAR = 3 };
    const cw_module *m = in->in->module;
    cwrun_str want = cwrun_str_of(name), best = { NULL, 0 };
    unsigned distance = NEAR + 1;
    for (uint32_t i = 0; i < m->n_exports; i++) {
        unsigned far = cw_str_distance(m->exports[i].name, want, NEAR);
        if (far < distance) {
            distance = far;
            best = m->exports[i].name;
        }
    }
    if (best.size)
        cw_fail(err, &in->store->alloc, CWRUN_ERROR_ARGUMENT, 0, "no exported %s `%s` (near: `%.*s`)", what,
                name ? name : "", (int)best.size, best.data);
    else
        cw_fail(err, &in->store->alloc, CWRUN_ERROR_ARGUMENT, 0, "no exported %s `%s`", what, name ? name : "");
    return false;
}

bool cw_core_find(cwrun_core_instance *in, const char *name, uint8_t kind, cw_extern *e, cwrun_error *err)
{
    static const char *const words[] = { "function", "table", "memory", "global", "tag" };
    if (cwrun_failed(err))
        return false;
    if (name && cw_instance_export(in->in, cwrun_str_of(name), e) && e->kind == kind)
        return true;
    if (name && e->kind == kind)
        return cw_fail_oom(err);
    return no_export(in, name, words[kind], err);
}

uint32_t cwrun_core_instance_n_exports(const cwrun_core_instance *instance)
{
    return instance ? instance->in->module->n_exports : 0;
}

cwrun_extern cwrun_core_instance_export(cwrun_core_instance *instance, uint32_t i)
{
    cw_extern e = { .kind = CW_EXTERN_COUNT };
    if (i < cwrun_core_instance_n_exports(instance) && !cw_instance_export_at(instance->in, i, &e))
        e.kind = CW_EXTERN_COUNT;
    return cw_core_extern_public(&e);
}

#define GETTER(noun, type, KIND, member) \
    type *cwrun_core_instance_##noun(cwrun_core_instance *instance, const char *name, cwrun_error *err) \
    { \
        cw_extern e = { .kind = CW_EXTERN_COUNT }; \
        if (!instance) \
            return cw_fail_null(err, __func__), NULL; \
        if (!cw_core_find(instance, name, KIND, &e, err)) \
            return NULL; \
        return cw_core_extern_public(&e).of.member; \
    }
GETTER(func, cwrun_core_func, CW_EXTERN_FUNC, func)
GETTER(memory, cwrun_memory, CW_EXTERN_MEMORY, memory)
GETTER(table, cwrun_table, CW_EXTERN_TABLE, table)
GETTER(global, cwrun_global, CW_EXTERN_GLOBAL, global)
GETTER(tag, cwrun_tag, CW_EXTERN_TAG, tag)
