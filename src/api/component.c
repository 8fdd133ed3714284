/* api/component.c: components, instances and their functions: the public side of cwrun/component.h. */
#include "base/error.h"
#include "component/check_types.h"
#include "component/runtime.h"
#include "cwrun/wasi.h"
#include "os/file.h"

/* ---- loading ---- */

void cw_component_keep(cwrun_component *c)
{
    __atomic_add_fetch(&c->n_refs, 1, __ATOMIC_RELAXED);
}

/* Gives back the code that was translated for the modules of a component. */
static void release_code(const cw_component *c)
{
    for (uint32_t i = 0; c && i < c->n_defs; i++) {
        if (c->defs[i].kind == CW_DEF_CORE_MODULE)
            cw_module_release(c->defs[i].of.module);
        else if (c->defs[i].kind == CW_DEF_COMPONENT)
            release_code(c->defs[i].of.component);
    }
}

void cw_component_release(cwrun_component *c)
{
    if (!c || __atomic_sub_fetch(&c->n_refs, 1, __ATOMIC_ACQ_REL) != 0)
        return;
    release_code(c->root);
    cwrun_engine *engine = c->engine;
    cw_arena_fini(&c->arena);
    cw_free(&engine->alloc, c, sizeof *c);
    cw_engine_release(engine);
}

static bool decode(cwrun_component *c, const void *bytes, size_t size, cwrun_error *err)
{
    cwrun_engine *engine = c->engine;
    cw_module_config config = { .types = engine->types, .features = engine->features, .alloc = &engine->alloc };
    char *copy = cw_arena_raw(&c->arena, size + 1, 16);
    if (!copy)
        return cw_fail_oom(err);
    if (size)
        memcpy(copy, bytes, size);
    copy[size] = 0;
    cw_reader r;
    cw_reader_init(&r, (const uint8_t *)copy, size, c->name.size ? c->name.data : NULL, &c->arena, err);
    c->root = cw_component_read(&r, &config);
    return c->root && cw_component_items(c, err);
}

cwrun_component *cwrun_component_load(cwrun_engine *engine, const void *bytes, size_t size, const char *name,
                                      cwrun_error *err)
{
    cwrun_error local = CWRUN_ERROR_INIT;
    if (cwrun_failed(err))
        return NULL;
    if (!engine || (!bytes && size)) {
        cw_fail(err, NULL, CWRUN_ERROR_ARGUMENT, 0, "cwrun_component_load: %s is NULL",
                engine ? "bytes" : "the engine");
        return NULL;
    }
    cwrun_component *c = cw_new(&engine->alloc, sizeof *c);
    if (!c) {
        cw_fail_oom(err);
        return NULL;
    }
    c->n_refs = 1;
    c->engine = engine;
    cw_engine_keep(engine);
    cw_arena_init(&c->arena, &engine->alloc);
    if (name)
        c->name = cw_arena_copy(&c->arena, name, strlen(name));
    if (!decode(c, bytes, size, err ? err : &local)) {
        cw_component_release(c);
        cwrun_error_clear(&local);
        return NULL;
    }
    return c;
}

cwrun_component *cwrun_component_open(cwrun_engine *engine, const char *path, cwrun_error *err)
{
    uint8_t *bytes;
    size_t size, room;
    if (!engine || !path || cwrun_failed(err))
        return cw_fail_null(err, __func__), NULL;
    if (!cw_os_read_file(&engine->alloc, path, &bytes, &size, &room, err))
        return NULL;
    cwrun_component *c = cwrun_component_load(engine, bytes, size, path, err);
    cw_free(&engine->alloc, bytes, room);
    return c;
}

void cwrun_component_drop(cwrun_component *component)
{
    cw_component_release(component);
}

uint32_t cwrun_component_n_imports(const cwrun_component *c)
{
    return c ? c->root->n_imports : 0;
}

const cwrun_item *cwrun_component_import(const cwrun_component *c, uint32_t i)
{
    return c && i < c->root->n_imports ? &c->imports[i] : NULL;
}

uint32_t cwrun_component_n_exports(const cwrun_component *c)
{
    return c ? c->root->n_exports : 0;
}

const cwrun_item *cwrun_component_export(const cwrun_component *c, uint32_t i)
{
    return c && i < c->root->n_exports ? &c->exports[i] : NULL;
}

/* ---- instances ---- */

/* The linker that NULL stands for: made once for an engine. It has no reference to the engine, which owns it. */
static cwrun_linker *default_linker(cwrun_engine *engine, cwrun_error *err)
{
    pthread_mutex_lock(&engine->lock);
    cwrun_linker *l = engine->default_linker;
    if (!l && (l = cwrun_linker_new(engine, err))) {
        if (cwrun_wasi_add(l, err)) {
            l->is_default = true;
            cw_engine_release(engine);
            engine->default_linker = l;
        } else {
            cwrun_linker_drop(l);
            l = NULL;
        }
    }
    pthread_mutex_unlock(&engine->lock);
    return l;
}

cwrun_instance *cwrun_instantiate(cwrun_store *store, cwrun_component *component, cwrun_linker *linker,
                                  cwrun_error *err)
{
    if (!store || !component || cwrun_failed(err))
        return cw_fail_null(err, __func__), NULL;
    if (store->engine != component->engine || (linker && linker->engine != store->engine)) {
        cw_fail(err, &store->alloc, CWRUN_ERROR_ARGUMENT, 0,
                "cwrun_instantiate: store, component and linker are not of one engine");
        return NULL;
    }
    if (!linker && component->root->n_imports != 0 && !(linker = default_linker(store->engine, err)))
        return NULL;
    cw_store_entered(store);
    cwrun_instance *in = cw_instantiate(store, component, linker, err);
    cw_store_left(store);
    return in;
}

/* ---- functions by name ---- */

typedef struct lookup {
    cwrun_instance *in;
    cwrun_str name;
    cw_fn *fn;
    const cw_functype *type;
    cwrun_str interface, found;
    uint32_t n; /* matches */
} lookup;

static void take(lookup *k, cwrun_str interface, const cw_exported *e, const cw_functype *type)
{
    if (k->n++ == 0) {
        k->fn = e->value;
        k->type = type;
        k->interface = interface;
        k->found = e->name;
    }
}

/* The function's name behind the name of an interface and '#' or '.', where the wanted name is such. */
static bool behind(cwrun_str name, cwrun_str interface, cwrun_str *rest)
{
    if (!cw_str_starts(name, interface) || name.size <= interface.size)
        return false;
    char c = name.data[interface.size];
    *rest = cw_str_sub(name, interface.size + 1, name.size);
    return c == '#' || c == '.';
}

static const cw_functype *type_in(const cw_itype *instance, cwrun_str name)
{
    const cw_item *item = cw_item_find(&instance->exports, name);
    return item && item->type->sort == CW_SORT_FUNC ? item->type->func : NULL;
}

static void search_interface(lookup *k, const cw_component_extern *export_, const cw_exports *e, cwrun_str name)
{
    const cw_exported *x = cw_exports_find(e, CW_SORT_FUNC, name);
    const cw_functype *type = x ? type_in(export_->type, name) : NULL;
    if (type)
        take(k, export_->name.text, x, type);
}

static void search(lookup *k)
{
    const cw_component *c = k->in->component;
    cwrun_str rest;
    for (uint32_t i = 0; i < c->n_exports; i++)
        if (c->exports[i].sort == CW_SORT_FUNC && cw_str_eq(c->exports[i].name.text, k->name))
            take(k, (cwrun_str){ NULL, 0 }, &k->in->exports.items[i], c->exports[i].func);
    for (uint32_t i = 0; i < c->n_exports && k->n == 0; i++)
        if (c->exports[i].sort == CW_SORT_INSTANCE && behind(k->name, c->exports[i].name.text, &rest))
            search_interface(k, &c->exports[i], k->in->exports.items[i].value, rest);
    for (uint32_t i = 0; i < c->n_exports && k->n == 0; i++)
        if (c->exports[i].sort == CW_SORT_INSTANCE && behind(k->name, c->exports[i].name.base, &rest))
            search_interface(k, &c->exports[i], k->in->exports.items[i].value, rest);
    if (k->n != 0)
        return;
    for (uint32_t i = 0; i < c->n_exports; i++)
        if (c->exports[i].sort == CW_SORT_INSTANCE)
            search_interface(k, &c->exports[i], k->in->exports.items[i].value, k->name);
}

/* Adds a name to a list of near ones. */
static void suggest(const lookup *k, cwrun_str interface, cwrun_str name, cw_text *text)
{
    enum { NEAR = 3 };
    size_t hash = cw_str_find(k->name, '#', 0);
    cwrun_str want = hash == SIZE_MAX ? k->name : cw_str_sub(k->name, hash + 1, k->name.size);
    if (cw_str_distance(name, want, NEAR) > NEAR)
        return;
    cw_text_puts(text, text->size ? ", `" : " (near: `");
    cw_text_str(text, interface);
    cw_text_puts(text, interface.size ? "#" : "");
    cw_text_str(text, name);
    cw_text_puts(text, "`");
}

static void no_such_function(const lookup *k, cwrun_error *err)
{
    const cw_component *c = k->in->component;
    cw_text near;
    cw_text_init(&near, &k->in->store->alloc);
    for (uint32_t i = 0; i < c->n_exports; i++) {
        if (c->exports[i].sort == CW_SORT_FUNC)
            suggest(k, (cwrun_str){ NULL, 0 }, c->exports[i].name.text, &near);
        else if (c->exports[i].sort == CW_SORT_INSTANCE)
            for (uint32_t j = 0; j < c->exports[i].type->exports.n; j++)
                if (c->exports[i].type->exports.items[j].type->sort == CW_SORT_FUNC)
                    suggest(k, c->exports[i].name.text, c->exports[i].type->exports.items[j].name, &near);
    }
    if (near.size)
        cw_text_puts(&near, ")");
    cw_fail(err, &k->in->store->alloc, CWRUN_ERROR_ARGUMENT, 0, "no exported function `%.*s`%s", (int)k->name.size,
            k->name.data, near.data && !near.oom ? near.data : "");
    cw_text_fini(&near);
}

static void ambiguous(const lookup *k, cwrun_error *err)
{
    const cw_component *c = k->in->component;
    cw_text all;
    cw_text_init(&all, &k->in->store->alloc);
    for (uint32_t i = 0; i < c->n_exports; i++)
        if (c->exports[i].sort == CW_SORT_INSTANCE && type_in(c->exports[i].type, k->name)) {
            cw_text_puts(&all, all.size ? ", `" : "`");
            cw_text_str(&all, c->exports[i].name.text);
            cw_text_puts(&all, "#");
            cw_text_str(&all, k->name);
            cw_text_puts(&all, "`");
        }
    cw_fail(err, &k->in->store->alloc, CWRUN_ERROR_ARGUMENT, 0, "`%.*s` is exported by more than one interface: %s",
            (int)k->name.size, k->name.data, all.data ? all.data : "");
    cw_text_fini(&all);
}

static bool is_scalar(const cwrun_type *t)
{
    return t->kind >= CWRUN_KIND_BOOL && t->kind <= CWRUN_KIND_CHAR;
}

/* The fast way is for scalars that fit the flat parameters. */
static void prepare_scalars(cwrun_func *f)
{
    const cw_functype *type = f->type;
    f->is_scalar = f->fn->kind == CW_FN_LIFT && !f->fn->options.unsupported && type->n_params <= CW_MAX_FLAT_PARAMS &&
                   (!type->result || is_scalar(type->result));
    for (uint32_t i = 0; f->is_scalar && i < type->n_params; i++) {
        f->is_scalar = is_scalar(type->params[i].type);
        f->kinds[i] = type->params[i].type->kind;
    }
    f->n_params = (uint8_t)(f->is_scalar ? type->n_params : 0);
    f->result_kind = type->result ? type->result->kind : 0;
}

cwrun_store *cwrun_instance_store(const cwrun_instance *instance)
{
    return instance ? instance->store : NULL;
}

cwrun_func *cwrun_instance_func(cwrun_instance *instance, const char *name, cwrun_error *err)
{
    if (!instance || cwrun_failed(err))
        return cw_fail_null(err, __func__), NULL;
    lookup k = { .in = instance, .name = cwrun_str_of(name) };
    for (cwrun_func *f = instance->funcs; f; f = f->next)
        if (cw_str_eq_c(k.name, f->asked))
            return f;
    search(&k);
    if (k.n != 1) {
        if (k.n == 0)
            no_such_function(&k, err);
        else
            ambiguous(&k, err);
        return NULL;
    }
    cw_arena *a = &instance->store->exec.arena;
    cwrun_func *f = CW_ARENA_NEW(a, cwrun_func);
    cwrun_str whole = k.interface.size ? cw_arena_printf(a, "%.*s#%.*s", (int)k.interface.size, k.interface.data,
                                                         (int)k.found.size, k.found.data)
                                       : cw_arena_copy(a, k.found.data, k.found.size);
    cwrun_str asked = cw_arena_copy(a, k.name.data, k.name.size);
    if (a->oom) {
        a->oom = false;
        cw_fail_oom(err);
        return NULL;
    }
    f->in = instance;
    f->name = whole.data;
    f->asked = asked.data;
    f->type = k.type;
    f->fn = k.fn;
    prepare_scalars(f);
    f->next = instance->funcs;
    instance->funcs = f;
    return f;
}

const cwrun_functype *cwrun_func_type(const cwrun_func *func)
{
    return func ? func->type : NULL;
}

const cwrun_type *cwrun_func_param(const cwrun_func *func, uint32_t i)
{
    return func && i < func->type->n_params ? func->type->params[i].type : NULL;
}

const char *cwrun_func_name(const cwrun_func *func)
{
    return func ? func->name : NULL;
}
