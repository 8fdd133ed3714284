/* api/engine.c: engines, stores, interrupts: the public side of cwrun/engine.h. */
#include "base/error.h"
#include "component/runtime.h"
#include "os/os.h"
#include "os/wait.h"

/* ---- features ---- */

uint64_t cwrun_feature(const char *name)
{
    return name ? cw_features_find(cwrun_str_of(name)) : 0;
}

bool cwrun_config_features(cwrun_config *config, const char *list, cwrun_error *err)
{
    if (!config || !list || cwrun_failed(err))
        return cw_fail_null(err, __func__);
    cw_features features = (CW_FEATURES_3_0 | config->features_on) & ~config->features_off;
    if (!cw_features_parse(list, &features, err))
        return false;
    config->features_on = features;
    config->features_off = ~features;
    return true;
}

/* ---- engines ---- */

cwrun_engine *cwrun_engine_new(const cwrun_config *config, cwrun_error *err)
{
    static const cwrun_config defaults = CWRUN_CONFIG_INIT;
    if (cwrun_failed(err))
        return NULL;
    if (!config)
        config = &defaults;
    cw_alloc alloc = config->alloc.fn ? config->alloc : cw_alloc_default;
    cwrun_engine *engine = cw_new(&alloc, sizeof *engine);
    if (!engine) {
        cw_fail_oom(err);
        return NULL;
    }
    engine->n_refs = 1;
    engine->alloc = alloc;
    engine->features = (CW_FEATURES_3_0 | config->features_on) & ~config->features_off;
    engine->code_options = (cw_code_options){ .interruptible = config->interruptible, .fuel = config->fuel };
    engine->types = cw_types_new(&engine->alloc);
    if (!engine->types || pthread_mutex_init(&engine->lock, NULL) != 0) {
        if (engine->types)
            cw_types_drop(engine->types);
        cw_free(&alloc, engine, sizeof *engine);
        cw_fail_oom(err);
        return NULL;
    }
    return engine;
}

void cw_engine_keep(cwrun_engine *engine)
{
    __atomic_add_fetch(&engine->n_refs, 1, __ATOMIC_RELAXED);
}

void cw_engine_release(cwrun_engine *engine)
{
    if (!engine || __atomic_sub_fetch(&engine->n_refs, 1, __ATOMIC_ACQ_REL) != 0)
        return;
    cw_linker_release(engine->default_linker);
    cw_types_drop(engine->types);
    pthread_mutex_destroy(&engine->lock);
    cw_alloc alloc = engine->alloc;
    cw_free(&alloc, engine, sizeof *engine);
}

void cwrun_engine_drop(cwrun_engine *engine)
{
    cw_engine_release(engine);
}

/* ---- stores ---- */

cwrun_store *cwrun_store_new(cwrun_engine *engine, const cwrun_limits *limits, cwrun_error *err)
{
    if (cwrun_failed(err))
        return NULL;
    if (!engine) {
        cw_fail(err, NULL, CWRUN_ERROR_ARGUMENT, 0, "cwrun_store_new: the engine is NULL");
        return NULL;
    }
    return cw_store_new(engine, limits, err);
}

void cwrun_store_drop(cwrun_store *store)
{
    if (!store)
        return;
    if (!cw_store_idle(store) || store->n_entered != 0)
        store->dropped = true; /* goes when the outermost call ends */
    else
        cw_store_free(store);
}

cwrun_engine *cwrun_store_engine(cwrun_store *store)
{
    return store ? store->engine : NULL;
}

/* The last thing of setting another one: what `drop` does to the store is its own business, and its end is put off. */
static void drop_old(cwrun_store *store, cw_extension old)
{
    if (!old.drop)
        return;
    cw_store_entered(store);
    old.drop(old.data);
    cw_store_left(store);
}

void cwrun_store_set_data(cwrun_store *store, void *data, void (*drop)(void *data))
{
    if (!store)
        return;
    cw_extension old = { .data = store->data, .drop = store->drop_data };
    store->data = data;
    store->drop_data = drop;
    drop_old(store, old);
}

void *cwrun_store_data(const cwrun_store *store)
{
    return store ? store->data : NULL;
}

bool cwrun_store_set_extension(cwrun_store *store, const void *key, void *data, void (*drop)(void *data),
                               cwrun_error *err)
{
    if (!store || cwrun_failed(err))
        return cw_fail_null(err, __func__);
    cw_extension *e = NULL;
    for (uint32_t i = 0; i < store->extensions.n && !e; i++)
        if (store->extensions.items[i].key == key)
            e = &store->extensions.items[i];
    cw_extension old = { 0 };
    if (e)
        old = *e;
    else if (!(e = CW_VEC_PUSH(&store->extensions, &store->alloc)))
        return cw_fail_oom(err);
    *e = (cw_extension){ .key = key, .data = data, .drop = drop };
    drop_old(store, old);
    return true;
}

void *cwrun_store_extension(const cwrun_store *store, const void *key)
{
    for (uint32_t i = 0; store && i < store->extensions.n; i++)
        if (store->extensions.items[i].key == key)
            return store->extensions.items[i].data;
    return NULL;
}

void cwrun_store_set_fuel(cwrun_store *store, uint64_t fuel)
{
    if (store)
        store->exec.fuel = fuel > INT64_MAX ? INT64_MAX : (int64_t)fuel;
}

uint64_t cwrun_store_fuel(const cwrun_store *store)
{
    return store && store->exec.fuel > 0 ? (uint64_t)store->exec.fuel : 0;
}

uint64_t cwrun_monotonic_now(void)
{
    return cw_os_monotonic();
}

/* ---- interrupts ---- the handle is the store's mailbox, which is counted and outlives it. */

static cw_mailbox *mailbox(cwrun_interrupt *handle)
{
    return (cw_mailbox *)(void *)handle;
}

cwrun_interrupt *cwrun_store_interrupt(cwrun_store *store, cwrun_error *err)
{
    if (!store || cwrun_failed(err))
        return cw_fail_null(err, __func__), NULL;
    if (!store->engine->code_options.interruptible) {
        cw_fail(err, &store->alloc, CWRUN_ERROR_ARGUMENT, 0,
                "cwrun_store_interrupt: the engine was not made interruptible");
        return NULL;
    }
    __atomic_add_fetch(&store->mailbox->n_refs, 1, __ATOMIC_RELAXED);
    return (cwrun_interrupt *)(void *)store->mailbox;
}

void cwrun_interrupt_raise(cwrun_interrupt *handle)
{
    cw_mailbox *m = mailbox(handle);
    if (!m)
        return;
    pthread_mutex_lock(&m->lock);
    if (m->store) {
        cw_exec_interrupt(&m->store->exec);
        cw_mailbox_wake(m);
    }
    pthread_mutex_unlock(&m->lock);
}

void cwrun_interrupt_clear(cwrun_interrupt *handle)
{
    cw_mailbox *m = mailbox(handle);
    if (!m)
        return;
    pthread_mutex_lock(&m->lock);
    if (m->store)
        cw_exec_interrupt_clear(&m->store->exec);
    pthread_mutex_unlock(&m->lock);
}

void cwrun_interrupt_drop(cwrun_interrupt *handle)
{
    cw_mailbox_release(mailbox(handle));
}
