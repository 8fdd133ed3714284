/* wasi/host.c: how the functions of wasi.def get into a linker, are called and answer; the objects behind handles. */
#include "wasi/host.h"

#include "base/error.h"

/* ---- the table ---- */

#define WASI_INTERFACE(id, name) static const char interface_##id[] = name "@" CW_WASI_VERSION;
#include "wasi/wasi.def"

static const cw_wasi_row rows[] = {
#define WASI_FUNC(interface, name, type, fn) { interface_##interface, name, type, cw_wasi_##fn },
#include "wasi/wasi.def"
};

enum { N_ROWS = sizeof rows / sizeof rows[0] };

static const struct {
    const char *interface, *name;
} resources[] = {
#define WASI_RESOURCE(interface, name) { interface_##interface, name },
#include "wasi/wasi.def"
};

/* Which resource an object is given as. */
static const struct {
    const char *interface, *name;
} resource_of_kind[] = {
    [CW_WASI_ERROR] = { interface_IO_ERROR, "error" },
    [CW_WASI_INPUT] = { interface_IO_STREAMS, "input-stream" },
    [CW_WASI_OUTPUT] = { interface_IO_STREAMS, "output-stream" },
    [CW_WASI_POLLABLE] = { interface_IO_POLL, "pollable" },
    [CW_WASI_TERMINAL_INPUT] = { interface_CLI_TERMINAL_INPUT, "terminal-input" },
    [CW_WASI_TERMINAL_OUTPUT] = { interface_CLI_TERMINAL_OUTPUT, "terminal-output" },
};

/* ---- calls ---- */

/* Every function of WASI comes in here; user is its row. */
static cwrun_status call_row(cwrun_caller *caller, const cwrun_val *args, size_t n_args, cwrun_val *result, void *user)
{
    (void)n_args; /* as many as the checked type has */
    cw_wasi_call c = { caller, cw_wasi_of(caller), user, args, result };
    if (!c.host)
        return cw_wasi_out_of_memory(&c);

    if (c.row->type) {
        /* An import type seen before fits still: the store keeps the components it runs. */
        const cwrun_functype *type = cwrun_caller_type(caller), **checked = &c.host->checked[c.row - rows];
        if (*checked != type) {
            if (!cw_wasi_type_fits(c.row->type, type))
                return cwrun_caller_trap(caller, "%s#%s is imported with a type that is not WASI's: %s",
                                         c.row->interface, c.row->name, c.row->type);
            *checked = type;
        }
    }
    return c.row->fn(&c);
}

cwrun_status cw_wasi_wait(cw_wasi_call *c, const cwrun_wait *waits, size_t n, uint64_t deadline, const cw_wasi_row *row)
{
    return cwrun_caller_wait(c->caller, waits, n, deadline, call_row, (void *)row);
}

cwrun_status cw_wasi_out_of_memory(cw_wasi_call *c)
{
    return cwrun_caller_trap(c->caller, "out of memory in the WASI host");
}

cwrun_status cw_wasi_give(cw_wasi_call *c, const void *data, size_t size)
{
    void *copy = cwrun_caller_alloc(c->caller, size);
    if (!copy)
        return cw_wasi_out_of_memory(c);
    memcpy(copy, data, size);
    *c->result = cwrun_val_of(cwrun_functype_result(cwrun_caller_type(c->caller)), copy, size, NULL);
    return CWRUN_DONE;
}

cwrun_status cw_wasi_give_case(cw_wasi_call *c, uint8_t which, const void *payload, size_t size)
{
    /* A tag of one byte, then the payload where the alignment of the whole, which is that of its widest payload, puts
     * it. */
    const cwrun_type *type = cwrun_functype_result(cwrun_caller_type(c->caller));
    size_t whole = cwrun_type_size(type), at = cwrun_type_align(type);
    uint8_t *copy = cwrun_caller_alloc(c->caller, whole);
    if (!copy)
        return cw_wasi_out_of_memory(c);
    copy[0] = which;
    if (size > 0)
        memcpy(copy + at, payload, size);
    *c->result = cwrun_val_of(type, copy, whole, NULL);
    return CWRUN_DONE;
}

/* ---- objects ---- */

/* Is it a place in one of the slabs? */
static bool is_ours(const cwrun_wasi *host, const cw_wasi_object *object)
{
    uintptr_t place = (uintptr_t)object;
    for (uint32_t i = 0; i < CW_WASI_MAX_SLABS && host->slabs[i]; i++) {
        uintptr_t slab = (uintptr_t)host->slabs[i];
        if (place >= slab && place - slab < sizeof *object * ((size_t)CW_WASI_FIRST_SLAB << i))
            return (place - slab) % sizeof *object == 0;
    }
    return false;
}

static bool add_slab(cwrun_wasi *host)
{
    uint32_t i = 0;
    while (i < CW_WASI_MAX_SLABS && host->slabs[i])
        i++;
    if (i == CW_WASI_MAX_SLABS)
        return false;
    size_t n = (size_t)CW_WASI_FIRST_SLAB << i;
    cw_wasi_object *slab = cw_new_array(&host->alloc, n, sizeof *slab);
    if (!slab)
        return false;
    host->slabs[i] = slab;
    while (n > 0) {
        slab[--n].of.next_free = host->free_objects;
        host->free_objects = &slab[n];
    }
    return true;
}

cw_wasi_object *cw_wasi_object_new(cwrun_wasi *host, cw_wasi_kind kind)
{
    if (!host->free_objects && !add_slab(host))
        return NULL;
    cw_wasi_object *object = host->free_objects;
    host->free_objects = object->of.next_free;
    memset(object, 0, sizeof *object);
    object->host = host;
    object->kind = (uint8_t)kind;
    object->n_refs = 1;
    cw_wasi_keep(host);
    return object;
}

void cw_wasi_object_release(cw_wasi_object *object)
{
    if (--object->n_refs > 0)
        return;
    cw_wasi_object *stream = object->kind == CW_WASI_POLLABLE ? object->of.pollable.stream : NULL;
    cwrun_wasi *host = object->host;
    object->kind = CW_WASI_FREE;
    object->of.next_free = host->free_objects;
    host->free_objects = object;
    if (stream)
        cw_wasi_object_release(stream); /* a stream: once more at most */
    cw_wasi_release(host);
}

/* The destructor of every WASI resource. */
static void drop_object(void *object, void *user)
{
    (void)user;
    cw_wasi_object_release(object);
}

cw_wasi_object *cw_wasi_object_of(cw_wasi_call *c, cwrun_handle handle, cw_wasi_kind kind)
{
    cw_wasi_object *object = cwrun_handle_object(cwrun_caller_store(c->caller), handle);
    if (object && is_ours(c->host, object) && object->kind == kind)
        return object;
    cwrun_caller_trap(c->caller, "%s#%s: not a handle of %s", c->row->interface, c->row->name,
                      resource_of_kind[kind].name);
    return NULL;
}

cw_wasi_object *cw_wasi_arg(cw_wasi_call *c, uint32_t i, cw_wasi_kind kind)
{
    return cw_wasi_object_of(c, c->args[i].of.handle, kind);
}

cwrun_handle cw_wasi_handle(cw_wasi_call *c, cw_wasi_object *object)
{
    cwrun_handle handle = 0;
    if (object) {
        handle = cwrun_resource_new(c->caller, resource_of_kind[object->kind].interface,
                                    resource_of_kind[object->kind].name, object);
        if (!handle)
            cw_wasi_object_release(object);
    }
    if (!handle)
        cwrun_caller_trap(c->caller, "%s#%s: no further handle can be made", c->row->interface, c->row->name);
    return handle;
}

/* ---- the state of a store ---- */

cwrun_wasi *cwrun_wasi_new_with(const cwrun_alloc *alloc, cwrun_error *err)
{
    if (cwrun_failed(err))
        return NULL;
    cw_alloc own = alloc ? *alloc : cw_alloc_default;
    cwrun_wasi *host = cw_new(&own, sizeof *host);
    const cwrun_functype **checked = cw_new_array(&own, N_ROWS, sizeof *checked);
    if (!host || !checked) {
        cw_free(&own, host, sizeof *host);
        cw_free(&own, checked, N_ROWS * sizeof *checked);
        cw_fail_oom(err);
        return NULL;
    }
    host->alloc = own;
    host->n_refs = 1;
    host->checked = checked;
    return host;
}

cwrun_wasi *cwrun_wasi_new(cwrun_error *err)
{
    return cwrun_wasi_new_with(NULL, err);
}

static void fini_end(cwrun_wasi *host, cw_wasi_end *end)
{
    cw_free(&host->alloc, end->bytes, end->size);
    CW_VEC_FINI(&end->held, &host->alloc);
}

static void free_str(cwrun_wasi *host, cwrun_str s)
{
    cw_free(&host->alloc, (char *)s.data, s.size + 1);
}

void cw_wasi_keep(cwrun_wasi *host)
{
    host->n_refs++;
}

void cw_wasi_release(cwrun_wasi *host)
{
    if (--host->n_refs > 0)
        return;
    cw_alloc alloc = host->alloc;
    for (uint32_t i = 0; i < host->args.n; i++)
        free_str(host, host->args.items[i]);
    for (uint32_t i = 0; i < host->env.n; i++) {
        free_str(host, host->env.items[i].name);
        free_str(host, host->env.items[i].value);
    }
    CW_VEC_FINI(&host->args, &alloc);
    CW_VEC_FINI(&host->env, &alloc);
    if (host->cwd.data)
        free_str(host, host->cwd);
    fini_end(host, &host->in);
    fini_end(host, &host->out);
    fini_end(host, &host->err);
    for (uint32_t i = 0; i < CW_WASI_MAX_SLABS; i++)
        cw_free(&alloc, host->slabs[i], sizeof(cw_wasi_object) * ((size_t)CW_WASI_FIRST_SLAB << i));
    cw_free(&alloc, host->scratch, CW_WASI_SCRATCH);
    cw_free(&alloc, host->checked, N_ROWS * sizeof *host->checked);
    cw_free(&alloc, host, sizeof *host);
}

uint8_t *cw_wasi_scratch(cwrun_wasi *host)
{
    if (!host->scratch)
        host->scratch = cw_new(&host->alloc, CW_WASI_SCRATCH);
    return host->scratch;
}

void cwrun_wasi_drop(cwrun_wasi *wasi)
{
    if (!wasi)
        return;
    cw_wasi_drain(wasi, &wasi->out);
    cw_wasi_drain(wasi, &wasi->err);
    cw_wasi_release(wasi);
}

/* The key of this extension of a store is the address of this constant. */
static const char extension_key = 'w';

static void drop_extension(void *wasi)
{
    cwrun_wasi_drop(wasi);
}

bool cwrun_store_set_wasi(cwrun_store *store, cwrun_wasi *wasi, cwrun_error *err)
{
    if (!store || !wasi)
        cw_fail(err, NULL, CWRUN_ERROR_ARGUMENT, 0, "cwrun_store_set_wasi: %s is NULL",
                store ? "the configuration" : "the store");
    if (store && wasi && !cwrun_failed(err) &&
        cwrun_store_set_extension(store, &extension_key, wasi, drop_extension, err))
        return true;
    cwrun_wasi_drop(wasi);
    return false;
}

cwrun_wasi *cw_wasi_of_store(cwrun_store *store)
{
    return cwrun_store_extension(store, &extension_key);
}

cwrun_wasi *cw_wasi_of(cwrun_caller *caller)
{
    cwrun_store *store = cwrun_caller_store(caller);
    cwrun_wasi *host = cw_wasi_of_store(store);
    if (host)
        return host;
    host = cwrun_wasi_new(NULL);
    return host && cwrun_store_set_wasi(store, host, NULL) ? host : NULL;
}

/* ---- linking ---- */

bool cwrun_wasi_add(cwrun_linker *linker, cwrun_error *err)
{
    bool ok = !cwrun_failed(err);
    for (size_t i = 0; i < sizeof resources / sizeof resources[0] && ok; i++)
        ok = cwrun_linker_resource(linker, resources[i].interface, resources[i].name, drop_object, NULL, NULL, err);
    for (size_t i = 0; i < N_ROWS && ok; i++)
        ok = cwrun_linker_func(linker, rows[i].interface, rows[i].name, NULL, call_row, (void *)&rows[i], NULL, err);
    return ok;
}
