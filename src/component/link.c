/* component/link.c: finding what a component imports among the definitions of a linker, and saying at once all that is
 * missing or does not fit: each with its type and with what would give it.
 *
 * Every import is looked up by name first; what was found is then checked as a whole against the import's type,
 * resources by identity (check_types.h). Imports come in order, so that a resource that an interface uses from another
 * is known by then. Names in a component are its own choice: what a host function calls a resource is looked up among
 * the host's definitions, and the component must have bound that one. */
#include "base/error.h"
#include "component/check_types.h"
#include "component/runtime.h"

typedef struct linking {
    cwrun_instance *in; /* whose imports these are; nothing is in its index spaces yet */
    cwrun_store *store;
    const cw_component *c;
    const cwrun_linker *linker; /* may be NULL */
    uint64_t *tokens;           /* by resource variable: the run-time type, or 0 */
    cw_arena types;             /* made to be checked */
    uint32_t budget;            /* parts of function types that may still be looked at */
    cw_text text;               /* what is wrong */
    uint32_t n_wrong;
    bool oom;
} linking;

/* ---- messages ---- */

static const struct {
    const char *prefix, *hint;
} hints[] = {
    { "wasi:http/", "wasi:http is not supported yet" },
    { "wasi:sockets/", "wasi:sockets is not supported yet" },
    { "wasi:filesystem/", "only an empty list of directories is supported yet" },
    { "wasi:keyvalue/", "wasi:keyvalue is not supported" },
    { "wasi:config/", "wasi:config is not supported" },
    { "wasi:nn/", "wasi:nn is not supported" },
};

static bool gives_wasi(const cwrun_linker *l)
{
    for (uint32_t i = 0; l && i < l->items.n; i++)
        if (cw_str_starts(l->items.items[i]->interface, CW_STR("wasi:")))
            return true;
    return false;
}

/* The definition whose name is nearest, if it is near. */
static const cw_definition *nearest(const linking *k, cwrun_str interface, cwrun_str name)
{
    enum { NEAR = 3 };
    const cw_definition *best = NULL;
    unsigned distance = NEAR + 1;
    for (uint32_t i = 0; k->linker && i < k->linker->items.n; i++) {
        const cw_definition *d = k->linker->items.items[i];
        bool same = cw_str_eq(d->interface, interface);
        if (same && cw_str_eq(d->name, name))
            continue;
        unsigned far = same ? cw_str_distance(d->name, name, NEAR) : cw_str_distance(d->interface, interface, NEAR);
        if (far < distance && (same || interface.size > NEAR)) {
            distance = far;
            best = d;
        }
    }
    return best;
}

static void print_hint(linking *k, cwrun_str interface, cwrun_str name)
{
    const char *hint = NULL;
    for (size_t i = 0; i < sizeof hints / sizeof *hints && !hint; i++)
        if (cw_str_starts(interface, cwrun_str_of(hints[i].prefix)))
            hint = hints[i].hint;
    if (!hint && cw_str_starts(interface, CW_STR("wasi:")))
        hint = gives_wasi(k->linker) ? "this part of WASI is not supported yet" : "cwrun_wasi_add gives it";
    const cw_definition *near = hint ? NULL : nearest(k, interface, name);
    if (hint) {
        cw_text_printf(&k->text, " (%s)", hint);
    } else if (near) {
        cw_text_puts(&k->text, " (there is `");
        cw_text_str(&k->text, near->interface);
        cw_text_puts(&k->text, near->interface.size && near->name.size ? "#" : "");
        cw_text_str(&k->text, near->name);
        cw_text_puts(&k->text, "`)");
    } else if (interface.size) {
        cw_text_puts(&k->text, " (a host interface, or another component that exports it, can give it)");
    } else {
        cw_text_puts(&k->text, " (a host function can give it)");
    }
}

/* Begins the line of an import that is wrong. */
static void print_name(linking *k, cwrun_str interface, cwrun_str name)
{
    k->n_wrong++;
    cw_text_puts(&k->text, "\n  `");
    cw_text_str(&k->text, interface);
    cw_text_puts(&k->text, interface.size && name.size ? "#" : "");
    cw_text_str(&k->text, name);
    cw_text_puts(&k->text, "`");
}

static void print_missing_func(linking *k, cwrun_str interface, cwrun_str name, const cw_functype *type)
{
    print_name(k, interface, name);
    cw_text_puts(&k->text, ": ");
    cwrun_functype_print(type, cw_text_write, &k->text);
}

/* ---- types given as text ---- */

/* Both texts without the spaces. */
static bool same_text(cwrun_str a, cwrun_str b)
{
    size_t i = 0, j = 0;
    for (;;) {
        while (i < a.size && (a.data[i] == ' ' || a.data[i] == '\n' || a.data[i] == '\t'))
            i++;
        while (j < b.size && (b.data[j] == ' ' || b.data[j] == '\n' || b.data[j] == '\t'))
            j++;
        if (i == a.size || j == b.size)
            return i == a.size && j == b.size;
        if (a.data[i++] != b.data[j++])
            return false;
    }
}

static bool fits_text(linking *k, const cw_definition *d, cwrun_str interface, cwrun_str name, const cw_functype *type)
{
    if (!d->has_type)
        return true;
    cw_text is;
    cw_text_init(&is, &k->store->alloc);
    cwrun_functype_print(type, cw_text_write, &is);
    bool ok = is.oom || same_text((cwrun_str){ is.data, is.size }, d->type);
    k->oom = k->oom || is.oom;
    if (!ok) {
        print_missing_func(k, interface, name, type);
        cw_text_puts(&k->text, ": the host defines it as ");
        cw_text_str(&k->text, d->type);
    }
    cw_text_fini(&is);
    return ok;
}

/* ---- host functions and resources ---- */

static void *new_object(linking *k, size_t size)
{
    void *p = cw_arena_alloc(&k->store->exec.arena, size, 16);
    if (!p) {
        k->store->exec.arena.oom = false;
        k->oom = true;
    }
    return p;
}

static cwrun_str join(linking *k, cwrun_str interface, cwrun_str name)
{
    if (interface.size == 0)
        return name;
    cwrun_str s = cw_arena_printf(&k->store->exec.arena, "%.*s#%.*s", (int)interface.size, interface.data,
                                  (int)name.size, name.data);
    k->store->exec.arena.oom = false;
    k->oom = k->oom || !s.size;
    return s;
}

static cw_fn *host_function(linking *k, const cw_definition *d, cwrun_str interface, cwrun_str name,
                            const cw_functype *type)
{
    cw_fn *fn = new_object(k, sizeof *fn);
    if (fn)
        *fn = (cw_fn){ .kind = d ? CW_FN_HOST : CW_FN_STUB,
                       .importer = k->in,
                       .type = type,
                       .host = d,
                       .name = join(k, interface, name) };
    return fn;
}

/* A resource's name as it is printed. */
static cwrun_str resource_name(const cwrun_type *handle)
{
    return handle->resource_name.size ? handle->resource_name : CW_STR("resource");
}

/* Whether a handle in a function's type is of the resource that the host means by its name. What a component defines
 * has no object and what is only a stub has no handles: both fit a name that the host does not define. */
static bool is_meant(const linking *k, const cw_definition *f, const cwrun_type *t, const cw_definition **meant)
{
    bool several;
    *meant = cw_linker_resource(k->linker, f->interface, resource_name(t), f->has_type, &several);
    if (t->resource >= k->c->n_resources || k->tokens[t->resource] == 0)
        return k->n_wrong != 0; /* it was not found: that is said already */
    const cw_resource_type *rt = (cw_resource_type *)(uintptr_t)k->tokens[t->resource];
    if (!rt->impl && !rt->host)
        return true;
    return *meant ? !rt->impl && rt->host == *meant : !f->has_type || (rt->impl && !several);
}

/* The first handle in a type that is not: NULL where there is none. */
static const cwrun_type *find_other(linking *k, const cw_definition *f, const cwrun_type *t,
                                    const cw_definition **meant)
{
    if (!t || !t->has_resource || k->budget == 0)
        return NULL;
    k->budget--;
    if (t->kind == CWRUN_KIND_OWN || t->kind == CWRUN_KIND_BORROW)
        return is_meant(k, f, t, meant) ? NULL : t;
    const cwrun_type *other = find_other(k, f, t->elem, meant);
    for (uint32_t i = 0; i < t->n_fields && !other; i++)
        other = find_other(k, f, t->fields[i].type, meant);
    return other;
}

/* Whether the resources in a function's type are the ones that the host means. */
static bool fits_resources(linking *k, const cw_definition *d, cwrun_str interface, cwrun_str name,
                           const cw_functype *type)
{
    const cw_definition *meant = NULL;
    const cwrun_type *other = find_other(k, d, type->param_tuple, &meant);
    if (!other)
        other = find_other(k, d, type->result, &meant);
    if (!other && k->budget != 0)
        return true;
    print_missing_func(k, interface, name, type);
    if (!other) {
        cw_text_puts(&k->text, ": its type is too big to be compared");
        return false;
    }
    cw_text_puts(&k->text, ": `");
    cw_text_str(&k->text, resource_name(other));
    if (!meant) {
        cw_text_puts(&k->text, "` is not defined by the host for this function (cwrun_linker_resource_alias does)");
        return false;
    }
    cw_text_puts(&k->text, "` is not the host's `");
    cw_text_str(&k->text, meant->interface);
    cw_text_puts(&k->text, meant->interface.size ? "#" : "");
    cw_text_str(&k->text, meant->name);
    cw_text_puts(&k->text, "`");
    return false;
}

/* A function by name; NULL where it is missing or does not fit. */
static cw_fn *find_function(linking *k, cwrun_str interface, cwrun_str name, const cw_functype *type)
{
    const cw_definition *d = k->linker ? cw_linker_find(k->linker, CW_DEFINE_FUNC, interface, name) : NULL;
    if (d && (!fits_text(k, d, interface, name, type) || !fits_resources(k, d, interface, name, type)))
        return NULL;
    if (d || (k->linker && k->linker->stub_rest))
        return host_function(k, d, interface, name, type);
    return NULL;
}

cw_resource_type *cw_host_type(cwrun_store *s, const cw_definition *d, cwrun_str name)
{
    for (cw_resource_type *rt = s->host_types; rt; rt = rt->next)
        if (rt->host == d && (d || cw_str_eq(rt->name, name)))
            return rt;
    cw_resource_type *rt = CW_ARENA_NEW(&s->exec.arena, cw_resource_type);
    if (!rt) {
        s->exec.arena.oom = false;
        return NULL;
    }
    rt->host = d;
    rt->name = name;
    rt->next = s->host_types;
    s->host_types = rt;
    return rt;
}

/* A resource by name: the host's own, else the one that another interface has given already for what the component says
 * is the same. Whether it is the same is for check(); the functions that come next need to know what it stands for. */
static cw_resource_type *find_resource(linking *k, cwrun_str interface, cwrun_str name, uint32_t var)
{
    const cw_definition *d = k->linker ? cw_linker_find(k->linker, CW_DEFINE_RESOURCE, interface, name) : NULL;
    uint64_t *token = var < k->c->n_resources ? &k->tokens[var] : NULL;
    if (!d && token && *token != 0)
        return (cw_resource_type *)(uintptr_t)*token;
    if (!d && !(k->linker && k->linker->stub_rest))
        return NULL;
    cw_resource_type *rt = cw_host_type(k->store, d, d ? d->name : join(k, interface, name));
    k->oom = k->oom || !rt;
    if (token && *token == 0)
        *token = (uint64_t)(uintptr_t)rt;
    return rt;
}

/* ---- whole interfaces ---- */

/* Takes "outer#inner" apart. */
static cwrun_str path_of(cwrun_str interface, cwrun_str *outer)
{
    size_t hash = cw_str_find(interface, '#', 0);
    *outer = cw_str_sub(interface, 0, hash);
    return hash == SIZE_MAX ? (cwrun_str){ NULL, 0 } : cw_str_sub(interface, hash, interface.size);
}

/* Whether any definition is of this interface or of one inside it. */
static bool has_interface(const linking *k, cwrun_str interface)
{
    cw_extern_name want, have;
    const char *why;
    cwrun_str outer, path = path_of(interface, &outer), other;
    if (!k->linker || !cw_extern_name_parse(outer, k->store->engine->features, &want, &why))
        return false;
    for (uint32_t i = 0; i < k->linker->items.n; i++) {
        const cw_definition *d = k->linker->items.items[i];
        if (d->kind > CW_DEFINE_INSTANCE || !cw_str_starts(d->interface, want.base) ||
            !cw_str_starts(path_of(d->interface, &other), path))
            continue;
        if (cw_extern_name_parse(other, k->store->engine->features, &have, &why) &&
            cw_extern_name_compatible(&want, &have))
            return true;
    }
    return false;
}

static void print_missing_interface(linking *k, cwrun_str interface, const cw_itype *type)
{
    print_name(k, interface, (cwrun_str){ NULL, 0 });
    cw_text_puts(&k->text, ": an interface that nothing gives");
    print_hint(k, interface, (cwrun_str){ NULL, 0 });
    for (uint32_t i = 0; i < type->exports.n; i++) {
        const cw_item *item = &type->exports.items[i];
        if (item->type->sort == CW_SORT_FUNC) {
            cw_text_puts(&k->text, "\n    ");
            cw_text_str(&k->text, item->name);
            cw_text_puts(&k->text, ": ");
            cwrun_functype_print(item->type->func, cw_text_write, &k->text);
        } else if (item->type->sort == CW_SORT_TYPE && item->type->type->sort == CW_SORT_RESOURCE) {
            cw_text_puts(&k->text, "\n    resource ");
            cw_text_str(&k->text, item->name);
        }
    }
}

/* The host's core module of a name; NULL with its line where there is none. */
static void *find_module(linking *k, cwrun_str interface, cwrun_str name)
{
    const cw_definition *d = k->linker ? cw_linker_find(k->linker, CW_DEFINE_MODULE, interface, name) : NULL;
    if (d)
        return d->module->module;
    print_name(k, interface, name);
    cw_text_puts(&k->text, ": a core module that nothing gives");
    print_hint(k, interface, name);
    return NULL;
}

static cw_exports *find_interface(linking *k, cwrun_str interface, const cw_itype *type);

/* What the linker's definitions make of an interface. Always of the wanted size; NULL where parts are missing. */
static cw_exports *build_interface(linking *k, cwrun_str interface, const cw_itype *type)
{
    uint32_t before = k->n_wrong;
    cw_exports *e = new_object(k, sizeof *e);
    cw_exported *items = e ? new_object(k, type->exports.n * sizeof *items + 1) : NULL;
    if (!items)
        return NULL;
    e->n = type->exports.n;
    e->items = items;
    for (uint32_t i = 0; i < e->n && !k->oom; i++) {
        const cw_item *want = &type->exports.items[i];
        items[i].name = want->name;
        items[i].sort = want->type->sort;
        if (want->type->sort == CW_SORT_FUNC) {
            uint32_t wrong = k->n_wrong;
            items[i].value = find_function(k, interface, want->name, want->type->func);
            if (!items[i].value && !k->oom && k->n_wrong == wrong) {
                print_missing_func(k, interface, want->name, want->type->func);
                print_hint(k, interface, want->name);
            }
        } else if (want->type->sort == CW_SORT_TYPE && want->type->type->sort == CW_SORT_RESOURCE) {
            items[i].value = find_resource(k, interface, want->name, want->type->type->resource);
            if (!items[i].value && !k->oom) {
                print_name(k, interface, want->name);
                cw_text_puts(&k->text, ": resource");
                print_hint(k, interface, want->name);
            }
        } else if (want->type->sort == CW_SORT_CORE_MODULE) {
            items[i].value = find_module(k, interface, want->name);
        } else if (want->type->sort == CW_SORT_INSTANCE) {
            items[i].value = find_interface(k, join(k, interface, want->name), want->type);
        } else if (want->type->sort != CW_SORT_TYPE) {
            print_name(k, interface, want->name);
            cw_text_printf(&k->text, ": a host cannot give a %s", cw_sort_name(want->type->sort));
        }
    }
    if (!k->oom && !cw_exports_order(e, &k->store->exec.arena)) {
        k->store->exec.arena.oom = false;
        k->oom = true;
    }
    return k->n_wrong == before && !k->oom ? e : NULL;
}

/* The same; what nothing gives any part of is said in one line. */
static cw_exports *find_interface(linking *k, cwrun_str interface, const cw_itype *type)
{
    if (!has_interface(k, interface) && !(k->linker && k->linker->stub_rest)) {
        for (uint32_t i = 0; i < type->exports.n; i++) {
            const cw_itype *t = type->exports.items[i].type;
            if (t->sort != CW_SORT_TYPE || t->type->sort == CW_SORT_RESOURCE) {
                print_missing_interface(k, interface, type);
                return NULL;
            }
        }
    }
    return build_interface(k, interface, type);
}

/* ---- checking ---- */

static uint64_t token_of(void *user, uint32_t var)
{
    cwrun_instance *in = user;
    return (uint64_t)(uintptr_t)in->resources[var];
}

static const cw_itype *type_of_module(linking *k, const cw_module *m)
{
    cw_module_type *t = cw_module_type_of(&k->types, m);
    const cw_itype *type = t && cw_core_list_index(&k->types, &t->exports) ? cw_itype_of_module(&k->types, t) : NULL;
    k->oom = k->oom || !type;
    return type;
}

static void describe(linking *k, const cw_exported *e, cw_offer *out)
{
    memset(out, 0, sizeof *out);
    out->sort = e->sort;
    switch (e->sort) {
    case CW_SORT_FUNC: {
        const cw_fn *fn = e->value;
        cwrun_instance *whose = fn->kind == CW_FN_LIFT ? fn->in : fn->importer;
        if (whose != k->in) { /* else it was made for this import, and checked then */
            out->func = fn->type;
            out->resolver = (cw_resolver){ token_of, whose };
        }
        break;
    }
    case CW_SORT_TYPE:
        if (e->value) {
            out->sort = CW_SORT_RESOURCE;
            out->resource = (uint64_t)(uintptr_t)e->value;
        }
        break;
    case CW_SORT_INSTANCE: out->instance = e->value; break;
    case CW_SORT_CORE_MODULE: out->type = type_of_module(k, e->value); break;
    case CW_SORT_COMPONENT: out->type = ((cw_closure *)e->value)->component->type; break;
    default: break;
    }
}

static bool find_offer(void *user, void *instance, cwrun_str name, cw_offer *out)
{
    const cw_exports *e = instance;
    for (uint32_t i = 0; i < e->n; i++)
        if (cw_str_eq(e->items[i].name, name)) {
            describe(user, &e->items[i], out);
            return true;
        }
    return false;
}

static void check(linking *k, const cw_component_extern *import, void *value)
{
    cw_exported given = { import->name.text, import->sort, value };
    cw_offer offer;
    cw_text why;
    describe(k, &given, &offer);
    cw_text_init(&why, &k->store->alloc);
    if (!cw_check_offer(&k->store->alloc, k->store->exec.types, import->type, &offer, find_offer, k, k->tokens,
                        k->c->n_resources, &why)) {
        print_name(k, import->name.text, (cwrun_str){ NULL, 0 });
        cw_text_puts(&k->text, ": ");
        cw_text_puts(&k->text, why.data ? why.data : "does not fit");
        k->oom = k->oom || why.oom;
    }
    cw_text_fini(&why);
}

/* ---- imports ---- */

/* From an instance that the linker was given under this name: its export of the name, or all its exports. */
static void *from_instance(linking *k, const cw_component_extern *import)
{
    cwrun_str none = { NULL, 0 };
    const cw_definition *d = k->linker ? cw_linker_find(k->linker, CW_DEFINE_INSTANCE, import->name.text, none) : NULL;
    cw_extern_name have;
    const char *why;
    if (!d || !cw_linker_gives_to(k->linker, d, k->store))
        return NULL;
    const cw_exports *e = &d->instance->exports;
    for (uint32_t i = 0; i < e->n; i++)
        if (e->items[i].sort == import->sort &&
            (cw_str_eq(e->items[i].name, import->name.text) ||
             (cw_extern_name_parse(e->items[i].name, k->store->engine->features, &have, &why) && have.is_interface &&
              cw_extern_name_compatible(&import->name, &have))))
            return e->items[i].value;
    return import->sort == CW_SORT_INSTANCE ? (void *)(uintptr_t)e : NULL;
}

static void *find_import(linking *k, const cw_component_extern *import)
{
    cwrun_str name = import->name.text, none = { NULL, 0 };
    uint32_t before = k->n_wrong;
    void *value = from_instance(k, import);
    if (value)
        return value;
    switch (import->sort) {
    case CW_SORT_FUNC:
        value = find_function(k, none, name, import->func);
        if (!value && !k->oom && k->n_wrong == before) {
            print_missing_func(k, none, name, import->func);
            print_hint(k, none, name);
        }
        return value;
    case CW_SORT_INSTANCE: return find_interface(k, name, import->type);
    case CW_SORT_CORE_MODULE: return find_module(k, none, name);
    case CW_SORT_TYPE:
        if (import->resource == CW_NO_INDEX)
            return NULL;
        value = find_resource(k, none, name, import->resource);
        if (!value && !k->oom) {
            print_name(k, none, name);
            cw_text_puts(&k->text, ": resource");
            print_hint(k, none, name);
        }
        return value;
    default:
        print_name(k, none, name);
        cw_text_printf(&k->text, ": a %s, which a host cannot give yet", cw_sort_name(import->sort));
        return NULL;
    }
}

static bool report(linking *k, const cwrun_component *c, cwrun_error *err)
{
    if (k->oom || k->text.oom) {
        cw_fail_oom(err);
    } else if (k->n_wrong != 0) {
        cw_fail(err, &k->store->alloc, CWRUN_ERROR_LINK, 0, "%u import%s of %.*s cannot be linked:%s", k->n_wrong,
                k->n_wrong == 1 ? "" : "s", c->name.size ? (int)c->name.size : 13,
                c->name.size ? c->name.data : "the component", k->text.data);
    }
    return k->n_wrong == 0 && !k->oom && !k->text.oom;
}

bool cw_link_imports(cwrun_instance *in, const cwrun_component *c, void **values, cwrun_error *err)
{
    enum { BUDGET = 2000000 };
    cwrun_store *s = in->store;
    linking k = { .in = in, .store = s, .c = c->root, .linker = in->linker, .budget = BUDGET };
    size_t n = c->root->n_resources;
    if (n && !(k.tokens = cw_new_array(&s->alloc, n, sizeof *k.tokens)))
        return cw_fail_oom(err);
    cw_text_init(&k.text, &s->alloc);
    cw_arena_init(&k.types, &s->alloc);
    for (uint32_t i = 0; i < c->root->n_imports && !k.oom; i++) {
        const cw_component_extern *import = &c->root->imports[i];
        uint32_t before = k.n_wrong;
        values[i] = find_import(&k, import);
        if (k.n_wrong == before && !k.oom)
            check(&k, import, values[i]);
    }
    bool ok = report(&k, c, err);
    cw_text_fini(&k.text);
    cw_arena_fini(&k.types);
    cw_free(&s->alloc, k.tokens, n * sizeof *k.tokens);
    return ok;
}
