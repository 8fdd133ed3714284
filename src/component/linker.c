/* component/linker.c: definitions by name.
 *
 * A definition stands in the map twice: under its exact interface, and under the interface with only the part of its
 * version that semver holds fixed ("wasi:io/poll@0.2"), so that one look-up finds what serves any compatible version.
 * A resource stands there once more under its bare name, which functions of other interfaces may call it by. */
#include "base/error.h"
#include "component/runtime.h"

enum { MAX_KEY = 512, CORE = 'c', COMPONENT = 'i', RESOURCE = 'r', SEVERAL = UINT32_MAX };

/* ---- keys ---- */

/* The version's part that compatible versions share: "1", "0.2", "0.0.3"; pre-releases whole. */
static cwrun_str track(cwrun_str version)
{
    size_t end = 0;
    bool zero = true;
    if (cw_str_find(version, '-', 0) != SIZE_MAX)
        return version;
    while (zero && end < version.size) {
        size_t dot = cw_str_find(version, '.', end);
        size_t stop = dot == SIZE_MAX ? version.size : dot;
        zero = stop - end == 1 && version.data[end] == '0';
        if (dot == SIZE_MAX)
            return version;
        end = zero ? dot + 1 : dot;
    }
    return cw_str_sub(version, 0, end);
}

/* Writes space, interface (its version cut to the track if `loose`; the path of a nested one stays), NUL, name. False
 * where it does not fit. */
static bool make_key(char *out, size_t *size, char space, cwrun_str interface, cwrun_str name, bool loose)
{
    if (interface.size + name.size + 2 > MAX_KEY)
        return false;
    size_t at = cw_str_find(interface, '@', 0), path = cw_str_find(interface, '#', 0), end;
    path = path == SIZE_MAX ? interface.size : path;
    end = loose && at < path ? at + 1 + track(cw_str_sub(interface, at + 1, path)).size : path;
    out[0] = space;
    char *to = out + 1;
    if (end)
        memcpy(to, interface.data, end);
    to += end;
    if (path < interface.size)
        memcpy(to, interface.data + path, interface.size - path);
    to += interface.size - path;
    *to++ = 0;
    if (name.size)
        memcpy(to, name.data, name.size);
    *size = (size_t)(to - out) + name.size;
    return true;
}

static const cw_definition *find(const cwrun_linker *l, char space, cwrun_str interface, cwrun_str name, bool loose)
{
    char key[MAX_KEY];
    size_t size;
    if (!make_key(key, &size, space, interface, name, loose))
        return NULL;
    const uint64_t *at = cw_map_find(&l->index, (cwrun_str){ key, size });
    return at ? l->items.items[*at] : NULL;
}

const cw_definition *cw_linker_find(const cwrun_linker *l, uint8_t kind, cwrun_str interface, cwrun_str name)
{
    char space = kind >= CW_DEFINE_CORE_FUNC ? CORE : COMPONENT;
    const cw_definition *d = find(l, space, interface, name, false);
    if (!d || d->kind != kind)
        d = space == COMPONENT ? find(l, space, interface, name, true) : NULL;
    if (!d || d->kind != kind)
        return NULL;
    return d->same ? d->same : d;
}

const cw_definition *cw_linker_resource(const cwrun_linker *l, cwrun_str interface, cwrun_str name, bool by_name,
                                        bool *several)
{
    char key[MAX_KEY];
    size_t size;
    const cw_definition *d = cw_linker_find(l, CW_DEFINE_RESOURCE, interface, name);
    *several = false;
    if (d || !by_name || !make_key(key, &size, RESOURCE, (cwrun_str){ NULL, 0 }, name, false))
        return d;
    const uint64_t *at = cw_map_find(&l->index, (cwrun_str){ key, size });
    *several = at && *at == SEVERAL;
    d = at && !*several ? l->items.items[*at] : NULL;
    if (!d || d->kind != CW_DEFINE_RESOURCE)
        return NULL;
    return d->same ? d->same : d;
}

/* ---- of one store ---- */

bool cw_linker_takes_of(const cwrun_linker *l, const cwrun_store *s, const char *who, cwrun_error *err)
{
    if (l && l->engine != s->engine)
        cw_fail(err, &l->engine->alloc, CWRUN_ERROR_ARGUMENT, 0, "%s: linker and store are not of one engine", who);
    return !l || l->engine == s->engine;
}

bool cw_linker_gives_to(const cwrun_linker *l, const cw_definition *d, const cwrun_store *s)
{
    return l->engine == s->engine && d->store == s->serial;
}

/* ---- life ---- */

cwrun_linker *cwrun_linker_new(cwrun_engine *engine, cwrun_error *err)
{
    if (!engine || cwrun_failed(err))
        return cw_fail_null(err, __func__), NULL;
    cwrun_linker *l = cw_new(&engine->alloc, sizeof *l);
    if (!l) {
        cw_fail_oom(err);
        return NULL;
    }
    l->n_refs = 1;
    l->engine = engine;
    cw_engine_keep(engine);
    cw_arena_init(&l->arena, &engine->alloc);
    return l;
}

cwrun_linker *cwrun_linker_copy(cwrun_linker *linker, cwrun_error *err)
{
    cwrun_linker *l = linker ? cwrun_linker_new(linker->engine, err) : NULL;
    if (!l)
        return cw_fail_null(err, __func__), NULL;
    const cw_alloc *a = &l->engine->alloc;
    bool ok = CW_VEC_RESERVE(&l->items, a, linker->items.n);
    for (uint32_t i = 0; ok && i < linker->items.n; i++)
        l->items.items[l->items.n++] = linker->items.items[i];
    l->n_shared = l->items.n;
    for (uint32_t i = 0; ok && i < linker->index.n; i++) {
        uint64_t *at =
            cw_map_put(&l->index, a, linker->index.entries[i].key, NULL); /* its bytes live as long as the base */
        ok = at != NULL;
        if (at)
            *at = linker->index.entries[i].value;
    }
    l->stub_rest = linker->stub_rest;
    if (ok) {
        l->base = linker;
        cw_linker_keep(linker);
        return l;
    }
    cw_linker_release(l);
    cw_fail_oom(err);
    return NULL;
}

void cw_linker_keep(cwrun_linker *l)
{
    __atomic_add_fetch(&l->n_refs, 1, __ATOMIC_RELAXED);
}

void cw_linker_release(cwrun_linker *l)
{
    if (!l || __atomic_sub_fetch(&l->n_refs, 1, __ATOMIC_ACQ_REL) != 0)
        return;
    for (uint32_t i = l->items.n; i-- > l->n_shared;) {
        cw_definition *d = l->items.items[i];
        if (d->drop)
            d->drop(d->user);
        if (d->kind == CW_DEFINE_MODULE)
            cw_module_unref(d->module);
    }
    cwrun_engine *engine = l->engine;
    cw_linker_release(l->base);
    CW_VEC_FINI(&l->items, &engine->alloc);
    cw_map_fini(&l->index, &engine->alloc);
    cw_arena_fini(&l->arena);
    bool counted = !l->is_default;
    cw_free(&engine->alloc, l, sizeof *l);
    if (counted)
        cw_engine_release(engine);
}

void cwrun_linker_drop(cwrun_linker *linker)
{
    cw_linker_release(linker);
}

void cw_linker_use(cwrun_linker *l)
{
    if (!__atomic_load_n(&l->used, __ATOMIC_RELAXED))
        __atomic_store_n(&l->used, true, __ATOMIC_RELEASE);
}

void cwrun_linker_stub_rest(cwrun_linker *linker, bool on)
{
    if (linker && !__atomic_load_n(&linker->used, __ATOMIC_ACQUIRE))
        linker->stub_rest = on;
}

/* ---- definitions ---- */

/* The place in the index of a key, and whether it is new; NULL where memory ran out. */
static uint64_t *place(cwrun_linker *l, char space, cwrun_str interface, cwrun_str name, bool loose, bool *is_new)
{
    char key[MAX_KEY];
    size_t size;
    make_key(key, &size, space, interface, name, loose);
    const char *copy = cw_arena_copy(&l->arena, key, size).data;
    return copy ? cw_map_put(&l->index, &l->engine->alloc, (cwrun_str){ copy, size }, is_new) : NULL;
}

static bool put(cwrun_linker *l, char space, const cw_definition *d, bool loose)
{
    bool is_new;
    uint64_t *at = place(l, space, d->interface, d->name, loose, &is_new);
    if (at)
        *at = l->items.n - 1;
    return at != NULL;
}

/* A resource's bare name: no longer one where another resource is called so. */
static bool put_bare(cwrun_linker *l, const cw_definition *d)
{
    bool is_new;
    uint64_t *at = place(l, RESOURCE, (cwrun_str){ NULL, 0 }, d->name, false, &is_new);
    if (!at)
        return false;
    const cw_definition *other = is_new || *at == SEVERAL ? NULL : l->items.items[*at];
    bool same = other && ((other->same ? other->same : other) == (d->same ? d->same : d) ||
                          cw_str_eq(other->interface, d->interface)); /* which it replaces */
    *at = is_new || same ? l->items.n - 1 : SEVERAL;
    return true;
}

bool cw_linker_define(cwrun_linker *l, const char *interface, const char *name, const cw_definition *given,
                      cwrun_error *err)
{
    if (!l || cwrun_failed(err))
        return cw_fail_null(err, "cwrun_linker");
    const cw_alloc *a = &l->engine->alloc;
    cwrun_str in = cwrun_str_of(interface), nm = cwrun_str_of(name);
    if (__atomic_load_n(&l->used, __ATOMIC_ACQUIRE)) {
        cw_fail(err, a, CWRUN_ERROR_ARGUMENT, 0, "a linker that was used for an instance does not change any more");
        return false;
    }
    if (in.size + nm.size + 2 > MAX_KEY) {
        cw_fail(err, a, CWRUN_ERROR_ARGUMENT, 0, "a name of more than %d bytes cannot be defined", MAX_KEY - 2);
        return false;
    }
    bool is_core = given->kind >= CW_DEFINE_CORE_FUNC;
    cw_definition *d = CW_ARENA_NEW(&l->arena, cw_definition);
    cw_definition **at = d ? CW_VEC_PUSH(&l->items, a) : NULL;
    if (!at) {
        l->arena.oom = false;
        return cw_fail_oom(err);
    }
    *d = *given;
    *at = d;
    d->interface = cw_arena_copy(&l->arena, in.data, in.size);
    d->name = cw_arena_copy(&l->arena, nm.data, nm.size);
    if (given->type.data)
        d->type = cw_arena_copy(&l->arena, given->type.data, given->type.size);
    if (given->results.data)
        d->results = cw_arena_copy(&l->arena, given->results.data, given->results.size);
    char space = is_core ? CORE : COMPONENT;
    if (l->arena.oom || !put(l, space, d, false) || (!is_core && !put(l, space, d, true)) ||
        (d->kind == CW_DEFINE_RESOURCE && !put_bare(l, d))) {
        l->arena.oom = false;
        d->drop = NULL; /* it stays the caller's */
        d->kind = UINT8_MAX;
        return cw_fail_oom(err);
    }
    return true;
}

bool cwrun_linker_func(cwrun_linker *linker, const char *interface, const char *name, const char *type,
                       cwrun_host_fn fn, void *user, void (*drop)(void *user), cwrun_error *err)
{
    if (!name || !fn) {
        cw_fail(err, NULL, CWRUN_ERROR_ARGUMENT, 0, "cwrun_linker_func: %s is NULL",
                name ? "the function" : "the name");
        return false;
    }
    cw_definition d = { .kind = CW_DEFINE_FUNC,
                        .type = cwrun_str_of(type),
                        .has_type = type != NULL,
                        .fn = fn,
                        .user = user,
                        .drop = drop };
    return cw_linker_define(linker, interface, name, &d, err);
}

bool cwrun_linker_resource(cwrun_linker *linker, const char *interface, const char *name,
                           void (*destructor)(void *object, void *user), void *user, void (*drop)(void *user),
                           cwrun_error *err)
{
    if (!name) {
        cw_fail(err, NULL, CWRUN_ERROR_ARGUMENT, 0, "cwrun_linker_resource: the name is NULL");
        return false;
    }
    cw_definition d = { .kind = CW_DEFINE_RESOURCE, .destructor = destructor, .user = user, .drop = drop };
    return cw_linker_define(linker, interface, name, &d, err);
}

bool cwrun_linker_resource_alias(cwrun_linker *linker, const char *interface, const char *name,
                                 const char *of_interface, const char *of_name, cwrun_error *err)
{
    if (!linker || !name || !of_name) {
        cw_fail(err, NULL, CWRUN_ERROR_ARGUMENT, 0, "cwrun_linker_resource_alias: %s is NULL",
                linker ? "a name" : "the linker");
        return false;
    }
    const cw_definition *of =
        cw_linker_find(linker, CW_DEFINE_RESOURCE, cwrun_str_of(of_interface), cwrun_str_of(of_name));
    if (!of) {
        cw_fail(err, NULL, CWRUN_ERROR_ARGUMENT, 0, "cwrun_linker_resource_alias: no resource `%s%s%s` is defined",
                of_interface ? of_interface : "", of_interface && *of_interface ? "#" : "", of_name);
        return false;
    }
    cw_definition d = { .kind = CW_DEFINE_RESOURCE, .same = of };
    return cw_linker_define(linker, interface, name, &d, err);
}

bool cwrun_linker_module(cwrun_linker *linker, const char *interface, const char *name, cwrun_module *module,
                         cwrun_error *err)
{
    if (!linker || !name || !module) {
        cw_fail(err, NULL, CWRUN_ERROR_ARGUMENT, 0, "cwrun_linker_module: the linker, the name or the module is NULL");
        return false;
    }
    if (module->engine != linker->engine) {
        cw_fail(err, NULL, CWRUN_ERROR_ARGUMENT, 0, "cwrun_linker_module: linker and module are not of one engine");
        return false;
    }
    cw_definition d = { .kind = CW_DEFINE_MODULE, .module = module };
    cw_module_keep(module);
    bool ok = cw_linker_define(linker, interface, name, &d, err);
    if (!ok)
        cw_module_unref(module);
    return ok;
}

bool cwrun_linker_instance(cwrun_linker *linker, const char *name, cwrun_instance *instance, cwrun_error *err)
{
    if (!name || !instance) {
        cw_fail(err, NULL, CWRUN_ERROR_ARGUMENT, 0, "cwrun_linker_instance: %s is NULL",
                name ? "the instance" : "the name");
        return false;
    }
    if (!cw_linker_takes_of(linker, instance->store, __func__, err))
        return false;
    cw_definition d = { .kind = CW_DEFINE_INSTANCE, .instance = instance, .store = instance->store->serial };
    return cw_linker_define(linker, name, NULL, &d, err);
}

static bool are_letters(const char *s)
{
    return !s || strspn(s, "ilfdvrc") == strlen(s);
}

bool cwrun_linker_core_func(cwrun_linker *linker, const char *module, const char *name, const char *params,
                            const char *results, cwrun_core_fn fn, void *user, void (*drop)(void *user),
                            cwrun_error *err)
{
    if (!module || !name || !fn || !are_letters(params) || !are_letters(results)) {
        cw_fail(err, NULL, CWRUN_ERROR_ARGUMENT, 0,
                "cwrun_linker_core_func: a name or the function is NULL, or a type is not of the letters ilfdvrc");
        return false;
    }
    cw_definition d = {
        .kind = CW_DEFINE_CORE_FUNC,
        .type = cwrun_str_of(params),
        .results = cwrun_str_of(results),
        .has_type = params || results,
        .core_fn = fn,
        .user = user,
        .drop = drop,
    };
    return cw_linker_define(linker, module, name, &d, err);
}

bool cwrun_linker_core_instance(cwrun_linker *linker, const char *module, cwrun_core_instance *instance,
                                cwrun_error *err)
{
    if (!module || !instance) {
        cw_fail(err, NULL, CWRUN_ERROR_ARGUMENT, 0, "cwrun_linker_core_instance: %s is NULL",
                module ? "the instance" : "the name");
        return false;
    }
    if (!cw_linker_takes_of(linker, instance->store, __func__, err))
        return false;
    cw_definition d = { .kind = CW_DEFINE_CORE_INSTANCE, .core_instance = instance, .store = instance->store->serial };
    return cw_linker_define(linker, module, NULL, &d, err);
}
