/* wasm_h/object.c: modules, instances, functions, globals, tables and memories.
 *
 * cwrun takes NULL for any object and then does nothing: so a handle whose store is gone, and NULL, just mean NULL. */
#include "wasm_h/handle.h"

enum { FEW = 16 };

static bool is_alive(const wasm_store_t *store)
{
    return store && store->store;
}

static void *object_of(const void *handle)
{
    const wasm_ref_t *h = handle;
    return h && (h->store->store || h->kind >= KIND_MODULE) ? h->object : NULL;
}

static const uint8_t item_kinds[] = {
    [KIND_FUNC] = CWRUN_ITEM_CORE_FUNC,   [KIND_GLOBAL] = CWRUN_ITEM_CORE_GLOBAL,
    [KIND_TABLE] = CWRUN_ITEM_CORE_TABLE, [KIND_MEMORY] = CWRUN_ITEM_CORE_MEMORY,
    [KIND_TAG] = CWRUN_ITEM_CORE_TAG,
};

static cwrun_extern extern_of(const void *handle)
{
    cwrun_extern e = { .of = { .func = object_of(handle) } };
    if (e.of.func)
        e.kind = item_kinds[((const wasm_ref_t *)handle)->kind];
    return e;
}

/* ---- modules ---- */

wasm_module_t *wasm_module_new(wasm_store_t *store, const wasm_byte_vec_t *binary)
{
    cwrun_module *m =
        is_alive(store) && binary ? cwrun_module_load(store->engine, binary->data, binary->size, NULL, NULL) : NULL;
    return (wasm_module_t *)cw_wasm_handle(store, KIND_MODULE, m);
}

bool wasm_module_validate(wasm_store_t *store, const wasm_byte_vec_t *binary)
{
    wasm_module_t *m = wasm_module_new(store, binary);
    wasm_module_delete(m);
    return m != NULL;
}

/* False: out of memory. */
static bool name_of(cwrun_str s, wasm_name_t *out)
{
    wasm_name_new(out, s.size, s.data);
    return out->size == s.size;
}

static wasm_externtype_t *type_of(const wasm_module_t *module, const cwrun_item *item)
{
    cwrun_externtype t;
    return cwrun_item_externtype(item, &t) ? cw_wasm_externtype(module->ref.store->engine, &t) : NULL;
}

void wasm_module_imports(const wasm_module_t *module, wasm_importtype_vec_t *out)
{
    wasm_importtype_vec_new_uninitialized(out, cwrun_module_n_imports(object_of(module)));
    for (uint32_t i = 0; i < out->size; i++) {
        cwrun_item item = cwrun_module_import(object_of(module), i);
        wasm_name_t from, name;
        const bool has_from = name_of(item.module, &from), has_name = name_of(item.name, &name);
        out->data[i] = wasm_importtype_new(&from, &name, has_from && has_name ? type_of(module, &item) : NULL);
    }
}

void wasm_module_exports(const wasm_module_t *module, wasm_exporttype_vec_t *out)
{
    wasm_exporttype_vec_new_uninitialized(out, cwrun_module_n_exports(object_of(module)));
    for (uint32_t i = 0; i < out->size; i++) {
        cwrun_item item = cwrun_module_export(object_of(module), i);
        wasm_name_t name;
        const bool has_name = name_of(item.name, &name);
        out->data[i] = wasm_exporttype_new(&name, has_name ? type_of(module, &item) : NULL);
    }
}

void wasm_module_serialize(const wasm_module_t *module, wasm_byte_vec_t *out)
{
    cwrun_str bytes = cwrun_module_bytes(object_of(module));
    wasm_byte_vec_new(out, bytes.size, bytes.data);
}

wasm_module_t *wasm_module_deserialize(wasm_store_t *store, const wasm_byte_vec_t *bytes)
{
    return wasm_module_new(store, bytes);
}

/* A shared module is the module: it is immutable, and counted across threads. */
wasm_shared_module_t *wasm_module_share(const wasm_module_t *module)
{
    return (wasm_shared_module_t *)(void *)cwrun_module_share(object_of(module));
}

void wasm_shared_module_delete(wasm_shared_module_t *shared)
{
    cwrun_module_drop((cwrun_module *)(void *)shared);
}

wasm_module_t *wasm_module_obtain(wasm_store_t *store, const wasm_shared_module_t *shared)
{
    cwrun_module *m = is_alive(store) ? (cwrun_module *)(uintptr_t)shared : NULL;
    return (wasm_module_t *)cw_wasm_handle(store, KIND_MODULE, cwrun_module_share(m));
}

/* ---- instances and externs ---- */

wasm_instance_t *wasm_instance_new(wasm_store_t *store, const wasm_module_t *module, const wasm_extern_vec_t *imports,
                                   wasm_trap_t **trap)
{
    cwrun_error err = CWRUN_ERROR_INIT;
    size_t n = imports ? imports->size : 0;
    if (trap)
        *trap = NULL;
    if (!is_alive(store))
        return NULL;
    cwrun_extern *given = calloc(n + 1, sizeof *given);
    if (!given)
        cwrun_error_set(&err, CWRUN_ERROR_LIMIT, CWRUN_LIMIT_HOST_MEMORY, "out of memory");
    for (size_t i = 0; given && i < n; i++)
        if (imports->data[i])
            given[i] = extern_of(imports->data[i]);
    cwrun_core_instance *in =
        given ? cwrun_module_instantiate_with(store->store, object_of(module), given, n, &err) : NULL;
    free(given);
    wasm_ref_t *handle = cw_wasm_handle(store, KIND_INSTANCE, in);
    if (!handle) {
        wasm_trap_t *why = in ? cw_wasm_no_memory(store) : cw_wasm_trap(store, &err);
        if (trap)
            *trap = why;
        else
            wasm_trap_delete(why);
    }
    return (wasm_instance_t *)handle;
}

static uint8_t kind_of(uint8_t item_kind)
{
    for (uint8_t k = KIND_FUNC; k <= KIND_TAG; k++)
        if (item_kinds[k] == item_kind)
            return k;
    return 0;
}

void wasm_instance_exports(const wasm_instance_t *instance, wasm_extern_vec_t *out)
{
    wasm_extern_vec_new_uninitialized(out, cwrun_core_instance_n_exports(object_of(instance)));
    for (uint32_t i = 0; i < out->size; i++) {
        cwrun_extern e = cwrun_core_instance_export(object_of(instance), i);
        out->data[i] = (wasm_extern_t *)cw_wasm_handle(instance->ref.store, kind_of(e.kind), e.of.func);
    }
}

wasm_externkind_t wasm_extern_kind(const wasm_extern_t *e)
{
    return (wasm_externkind_t)(e ? e->ref.kind - KIND_FUNC : 0);
}

wasm_externtype_t *wasm_extern_type(const wasm_extern_t *e)
{
    cwrun_extern public = extern_of(e);
    cwrun_externtype t;
    return cwrun_extern_type(&public, &t) ? cw_wasm_externtype(e->ref.store->engine, &t) : NULL;
}

#define TYPE(name, what) \
    wasm_##what##_t *wasm_##name##_type(const wasm_##name##_t *o) \
    { \
        return wasm_externtype_as_##what(wasm_extern_type((const wasm_extern_t *)o)); \
    }
TYPE(func, functype)
TYPE(global, globaltype)
TYPE(table, tabletype)
TYPE(memory, memorytype)

/* ---- functions ---- */

typedef struct callback {
    wasm_store_t *store;
    wasm_func_callback_t plain;
    wasm_func_callback_with_env_t with_env;
    void *env;
    void (*finalizer)(void *);
    const cwrun_core_functype *type;
} callback;

static void callback_gone(void *user)
{
    callback *cb = user;
    if (cb->finalizer)
        cb->finalizer(cb->env);
    free(cb);
}

/* Calls the program; a trap it returns waits in the store for the call that it ends. */
static bool call_program(const callback *cb, const wasm_val_vec_t *args, wasm_val_vec_t *results)
{
    wasm_trap_t *trap = cb->with_env ? cb->with_env(cb->env, args, results) : cb->plain(args, results);
    if (!trap)
        return true;
    wasm_trap_delete(cb->store->trap);
    cb->store->trap = trap;
    return false;
}

static cwrun_status take_results(cwrun_caller *caller, const callback *cb, const wasm_val_vec_t *from,
                                 cwrun_core_val *results)
{
    cwrun_store *s = cb->store->store;
    for (uint32_t i = 0; i < from->size; i++) {
        cwrun_core_val *r = &results[i];
        if (!cw_wasm_to_core(cb->store, cwrun_core_functype_result(cb->type, i), &from->data[i], r))
            return cwrun_caller_trap(caller, "result %u of a host function is of another type", i);
        /* the handle that it is borrowed from goes before the guest has it */
        if (r->type > CWRUN_CORE_FUNCREF && r->of.ref && !(r->of.ref = cwrun_ref_copy(s, r->of.ref, NULL)))
            return cwrun_caller_trap(caller, "out of memory");
    }
    return CWRUN_DONE;
}

static cwrun_status run_callback(cwrun_caller *caller, const cwrun_core_val *args, size_t n_args,
                                 cwrun_core_val *results, size_t n_results, void *user)
{
    const callback *cb = user;
    wasm_val_t few[FEW], *vals = n_args + n_results > FEW ? malloc((n_args + n_results) * sizeof *vals) : few;
    if (!vals)
        return cwrun_caller_trap(caller, "out of memory");
    memset(vals, 0, (n_args + n_results) * sizeof *vals);
    wasm_val_vec_t in = { n_args, vals }, out = { n_results, vals + n_args };
    bool ok = true;
    for (size_t i = 0; i < n_args; i++)
        ok = cw_wasm_from_core(cb->store, &args[i], &vals[i]) && ok;
    for (size_t i = 0; i < n_results; i++)
        out.data[i].kind = cw_wasm_kind(results[i].type);
    cwrun_status status = CWRUN_TRAP;
    bool given = false;
    if (!ok) {
        cwrun_caller_trap(caller, "an argument cannot be passed through wasm.h (v128), or memory ran out");
    } else if ((given = call_program(cb, &in, &out))) {
        status = take_results(caller, cb, &out, results);
    } else {
        const record *trap = cb->store->trap->ref.object;
        cwrun_caller_trap(caller, "%s", trap->message);
    }
    for (size_t i = 0; i < n_args + (given ? n_results : 0); i++)
        wasm_val_delete(&vals[i]);
    if (vals != few)
        free(vals);
    return status;
}

static wasm_func_t *new_func(wasm_store_t *store, const wasm_functype_t *type, const callback *given)
{
    callback *cb = is_alive(store) && type ? malloc(sizeof *cb) : NULL;
    if (!cb)
        return NULL;
    *cb = *given;
    cb->store = store;
    cb->type = cw_wasm_functype(store->engine, type);
    cwrun_core_func *f = cwrun_core_func_new(store->store, cb->type, run_callback, cb, callback_gone, NULL);
    if (!f)
        free(cb);
    return (wasm_func_t *)cw_wasm_handle(store, KIND_FUNC, f);
}

wasm_func_t *wasm_func_new(wasm_store_t *store, const wasm_functype_t *type, wasm_func_callback_t fn)
{
    callback cb = { .plain = fn };
    return new_func(store, type, &cb);
}

wasm_func_t *wasm_func_new_with_env(wasm_store_t *store, const wasm_functype_t *type, wasm_func_callback_with_env_t fn,
                                    void *env, void (*finalizer)(void *))
{
    callback cb = { .with_env = fn, .env = env, .finalizer = finalizer };
    return new_func(store, type, &cb);
}

size_t wasm_func_param_arity(const wasm_func_t *func)
{
    return cwrun_core_functype_n_params(cwrun_core_func_type(object_of(func)));
}

size_t wasm_func_result_arity(const wasm_func_t *func)
{
    return cwrun_core_functype_n_results(cwrun_core_func_type(object_of(func)));
}

/* The call itself, with room for `all` values. */
static bool call(const wasm_func_t *func, const wasm_val_vec_t *args, wasm_val_vec_t *results, cwrun_core_val *vals,
                 cwrun_error *err)
{
    wasm_store_t *s = func->ref.store;
    const cwrun_core_functype *type = cwrun_core_func_type(object_of(func));
    size_t n_params = cwrun_core_functype_n_params(type), n_results = cwrun_core_functype_n_results(type);
    for (uint32_t i = 0; i < n_params; i++)
        if (!cw_wasm_to_core(s, cwrun_core_functype_param(type, i), &args->data[i], &vals[i])) {
            cwrun_error_set(err, CWRUN_ERROR_ARGUMENT, 0, "argument %u is of another type or store", i);
            return false;
        }
    if (!cwrun_core_func_call(object_of(func), vals, n_params, vals + n_params, n_results, err))
        return false;
    bool ok = true;
    for (size_t i = 0; results && i < n_results && i < results->size; i++)
        ok = cw_wasm_from_core(s, &vals[n_params + i], &results->data[i]) && ok;
    if (ok)
        return true;
    for (size_t i = 0; i < n_results && i < results->size; i++)
        wasm_val_delete(&results->data[i]);
    cwrun_error_set(err, CWRUN_ERROR_ARGUMENT, 0, "a result cannot be passed through wasm.h (v128), or memory ran out");
    return false;
}

wasm_trap_t *wasm_func_call(const wasm_func_t *func, const wasm_val_vec_t *args, wasm_val_vec_t *results)
{
    cwrun_error err = CWRUN_ERROR_INIT;
    if (!func)
        return NULL;
    size_t n_params = wasm_func_param_arity(func), n_results = wasm_func_result_arity(func), all = n_params + n_results;
    cwrun_core_val few[FEW], *vals = all > FEW ? malloc(all * sizeof *vals) : few;
    bool ok = false;
    if (!vals)
        cwrun_error_set(&err, CWRUN_ERROR_LIMIT, CWRUN_LIMIT_HOST_MEMORY, "out of memory");
    else if (!object_of(func))
        cwrun_error_set(&err, CWRUN_ERROR_ARGUMENT, 0, "the function's store is gone");
    else if ((args ? args->size : 0) != n_params) /* results that have no room are thrown away */
        cwrun_error_set(&err, CWRUN_ERROR_ARGUMENT, 0, "%zu arguments are needed", n_params);
    else
        ok = call(func, args, results, vals, &err);
    if (vals != few)
        free(vals);
    return ok ? NULL : cw_wasm_trap(func->ref.store, &err);
}

/* The program has a handle of its own now. */
static void end_ref(const void *handle, const cwrun_core_val *v)
{
    if (v->type > CWRUN_CORE_FUNCREF)
        cwrun_ref_drop(((const wasm_ref_t *)handle)->store->store, v->of.ref);
}

/* ---- globals ---- */

wasm_global_t *wasm_global_new(wasm_store_t *store, const wasm_globaltype_t *type, const wasm_val_t *value)
{
    cwrun_core_val v;
    if (!is_alive(store) || !type || !value)
        return NULL;
    cwrun_core_type t = cw_wasm_valtype(wasm_globaltype_content(type));
    if (!cw_wasm_to_core(store, t, value, &v))
        return NULL;
    cwrun_global *g = cwrun_global_new(store->store, t, wasm_globaltype_mutability(type) == WASM_VAR, &v, NULL);
    cw_wasm_end_core(store, value, &v);
    return (wasm_global_t *)cw_wasm_handle(store, KIND_GLOBAL, g);
}

void wasm_global_get(const wasm_global_t *global, wasm_val_t *out)
{
    cwrun_core_val v;
    memset(out, 0, sizeof *out);
    if (!cwrun_global_get(object_of(global), &v, NULL))
        return;
    cw_wasm_from_core(global->ref.store, &v, out);
    end_ref(global, &v);
}

/* The type of a global's value or of a table's elements. */
static cwrun_core_type content_of(const void *handle)
{
    cwrun_extern e = extern_of(handle);
    cwrun_externtype t;
    return cwrun_extern_type(&e, &t) ? t.type : 0;
}

void wasm_global_set(wasm_global_t *global, const wasm_val_t *value)
{
    cwrun_core_val v;
    if (!object_of(global) || !value || !cw_wasm_to_core(global->ref.store, content_of(global), value, &v))
        return;
    cwrun_global_set(object_of(global), &v, NULL);
    cw_wasm_end_core(global->ref.store, value, &v);
}

/* ---- tables ---- */

/* An element on its way into a table. */
typedef struct element {
    wasm_store_t *store;
    wasm_val_t val;
    cwrun_core_val core;
} element;

static bool to_element(element *e, wasm_store_t *store, cwrun_core_type type, wasm_ref_t *ref)
{
    *e = (element){ .store = store, .val = WASM_REF_VAL(ref) };
    return type && cw_wasm_to_core(store, type, &e->val, &e->core);
}

static void end_element(const element *e)
{
    cw_wasm_end_core(e->store, &e->val, &e->core);
}

wasm_table_t *wasm_table_new(wasm_store_t *store, const wasm_tabletype_t *type, wasm_ref_t *init)
{
    element e;
    if (!is_alive(store) || !type)
        return NULL;
    cwrun_core_type t = cw_wasm_valtype(wasm_tabletype_element(type));
    cwrun_core_limits limits = cw_wasm_limits(wasm_tabletype_limits(type));
    if (!to_element(&e, store, t, init))
        return NULL;
    cwrun_table *table = cwrun_table_new(store->store, t, &limits, &e.core, NULL);
    end_element(&e);
    return (wasm_table_t *)cw_wasm_handle(store, KIND_TABLE, table);
}

wasm_ref_t *wasm_table_get(const wasm_table_t *table, wasm_table_size_t index)
{
    cwrun_core_val v;
    wasm_val_t out;
    if (!cwrun_table_get(object_of(table), index, &v, NULL))
        return NULL;
    const bool ok = cw_wasm_from_core(table->ref.store, &v, &out);
    end_ref(table, &v);
    return ok ? out.of.ref : NULL;
}

bool wasm_table_set(wasm_table_t *table, wasm_table_size_t index, wasm_ref_t *ref)
{
    element e;
    if (!object_of(table) || !to_element(&e, table->ref.store, content_of(table), ref))
        return false;
    const bool ok = cwrun_table_set(object_of(table), index, &e.core, NULL);
    end_element(&e);
    return ok;
}

wasm_table_size_t wasm_table_size(const wasm_table_t *table)
{
    return (wasm_table_size_t)cwrun_table_size(object_of(table));
}

bool wasm_table_grow(wasm_table_t *table, wasm_table_size_t delta, wasm_ref_t *init)
{
    element e;
    if (!object_of(table) || !to_element(&e, table->ref.store, content_of(table), init))
        return false;
    const bool ok = cwrun_table_grow(object_of(table), delta, &e.core, NULL, NULL);
    end_element(&e);
    return ok;
}

/* ---- memories ---- */

wasm_memory_t *wasm_memory_new(wasm_store_t *store, const wasm_memorytype_t *type)
{
    if (!is_alive(store) || !type)
        return NULL;
    cwrun_core_limits limits = cw_wasm_limits(wasm_memorytype_limits(type));
    return (wasm_memory_t *)cw_wasm_handle(store, KIND_MEMORY, cwrun_memory_new(store->store, &limits, NULL));
}

byte_t *wasm_memory_data(wasm_memory_t *memory)
{
    return (byte_t *)cwrun_memory_data(object_of(memory));
}

size_t wasm_memory_data_size(const wasm_memory_t *memory)
{
    return (size_t)cwrun_memory_size(object_of(memory));
}

wasm_memory_pages_t wasm_memory_size(const wasm_memory_t *memory)
{
    return (wasm_memory_pages_t)cwrun_memory_pages(object_of(memory));
}

bool wasm_memory_grow(wasm_memory_t *memory, wasm_memory_pages_t delta)
{
    return cwrun_memory_grow(object_of(memory), delta, NULL);
}
