/* text/wast_component.c: components in scripts: defined, instantiated, called, refused  [component-model: test/].
 *
 * Components run on the public interface, in an engine and store of the script's own that are made when the first one
 * comes. Every instance with a name can be imported by later components; host functions of scripts are in wast_host.c.
 */
#include "base/error.h"
#include "base/str.h"
#include "cwrun/component.h"
#include "text/wast.h"

enum { NONE = UINT32_MAX };

typedef struct definition {
    cwrun_str name; /* empty: none */
    cwrun_component *component;
} definition;

typedef struct instance {
    cwrun_str name;     /* as later components import it; empty: none */
    cwrun_instance *in; /* NULL: it could not be made */
    bool lacking;       /* it could not be made, or did not run, for what is not supported yet */
} instance;

struct cw_wast_components {
    cwrun_engine *engine;
    cwrun_store *store;
    cwrun_linker *host_linker;
    cw_wast_host host;
    cwrun_arena *scratch; /* of one action */
    CW_VEC(definition) definitions;
    CW_VEC(instance) instances; /* and what was registered */
    uint32_t current;           /* NONE, or an instance */
    bool lacking;               /* some instance that later ones may import could not be made */
};

static void note(cw_wast *w, const char *format, ...) CWRUN_PRINTF(2, 3);
static void note(cw_wast *w, const char *format, ...)
{
    va_list args;
    va_start(args, format);
    vsnprintf(w->note, sizeof w->note, format, args);
    va_end(args);
}

static bool is_unsupported(const cwrun_error *err)
{
    return err->kind == CWRUN_ERROR_LIMIT && err->code == CWRUN_LIMIT_UNSUPPORTED;
}

static cw_verdict verdict_of(cw_wast *w, cwrun_error *err)
{
    note(w, "%s", err->message ? err->message : "no error");
    cw_verdict v = is_unsupported(err) ? CW_SKIP : CW_FAIL;
    cwrun_error_clear(err);
    return v;
}

/* ---- life ---- */

static cw_wast_components *get(cw_wast *w, cwrun_error *err)
{
    cw_wast_components *c = w->components;
    if (c)
        return c;
    if (!(c = cw_new(&w->alloc, sizeof *c))) {
        cw_fail_oom(err);
        return NULL;
    }
    cwrun_config config = CWRUN_CONFIG_INIT;
    config.features_on = w->features & ~(uint64_t)CW_FEATURES_3_0;
    config.features_off = CW_FEATURES_3_0 & ~w->features;
    config.interruptible = w->watch != NULL;
    w->components = c;
    c->current = NONE;
    c->engine = cwrun_engine_new(&config, err);
    const cwrun_limits limits = { .gc_stress = w->options && w->options->gc_stress };
    c->store = cwrun_store_new(c->engine, &limits, err);
    c->host_linker = cw_wast_host_linker(w, c->engine, &c->host, err);
    c->scratch = cwrun_arena_new(NULL);
    cw_wast_watch_store(w, c->store, err);
    if (c->store && c->host_linker && c->scratch)
        return c;
    cw_fail_oom(err);
    cw_wast_components_fini(w);
    return NULL;
}

void cw_wast_components_fini(cw_wast *w)
{
    cw_wast_components *c = w->components;
    if (!c)
        return;
    cwrun_store_drop(c->store);
    for (uint32_t i = 0; i < c->definitions.n; i++)
        cwrun_component_drop(c->definitions.items[i].component);
    cwrun_linker_drop(c->host_linker);
    cwrun_arena_drop(c->scratch);
    cwrun_engine_drop(c->engine);
    CW_VEC_FINI(&c->definitions, &w->alloc);
    CW_VEC_FINI(&c->instances, &w->alloc);
    cw_free(&w->alloc, c, sizeof *c);
    w->components = NULL;
}

/* ---- names ---- */

/* By name, else the last. */
static cwrun_component *find_definition(cw_wast *w, cw_wast_components *c, cwrun_str name)
{
    for (uint32_t i = c->definitions.n; i-- > 0;)
        if (!name.size || cw_str_eq(c->definitions.items[i].name, name))
            return c->definitions.items[i].component;
    note(w, name.size ? "unknown component $%.*s" : "there is no component", (int)name.size, name.data);
    return NULL;
}

static uint32_t find_instance(const cw_wast_components *c, cwrun_str name)
{
    for (uint32_t i = c ? c->instances.n : 0; i-- > 0;)
        if (name.size && cw_str_eq(c->instances.items[i].name, name))
            return i;
    return NONE;
}

static cwrun_str take_optional_id(cw_parser *p)
{
    const cw_token *id = cw_take_id(p);
    return id ? cw_id_name(p, id) : (cwrun_str){ "", 0 };
}

/* An optional $id: the instance it names, or the current one; NONE with a note where there is none. */
static uint32_t take_instance(cw_wast *w)
{
    cwrun_str name = take_optional_id(&w->p);
    uint32_t found = name.size ? find_instance(w->components, name) : w->components ? w->components->current : NONE;
    if (found == NONE)
        note(w, name.size ? "unknown instance $%.*s" : "there is no instance", (int)name.size, name.data);
    return found;
}

/* ---- loading and instantiating ---- */

cwrun_component *cw_wast_take_component(cw_wast *w, cwrun_error *err)
{
    cw_parser *p = &w->p;
    cw_wast_components *c = get(w, err);
    cwrun_component *made = NULL;
    cwrun_error *outer = p->err;
    cw_bytes bytes;
    cw_bytes_init(&bytes, &w->alloc);
    p->err = err;
    if (cw_encode_component(p, &w->words, &bytes) && c)
        made = cwrun_component_load(c->engine, bytes.data, bytes.size, NULL, err);
    if (made && w->options && w->options->round_trip && !cw_text_check_round_trip(&w->words, &bytes, err)) {
        cwrun_component_drop(made);
        made = NULL;
    }
    p->err = outer;
    cw_bytes_fini(&bytes);
    return made;
}

/* Earlier instances are imported by their names; of equal names the last counts. */
static cwrun_instance *instantiate(cw_wast *w, cwrun_component *component, cwrun_error *err)
{
    cw_wast_components *c = w->components;
    cwrun_linker *l = cwrun_linker_copy(c->host_linker, err);
    for (uint32_t i = 0; i < c->instances.n; i++) {
        const instance *have = &c->instances.items[i];
        if (have->in && have->name.size)
            cwrun_linker_instance(l, cw_arena_copy(&w->arena, have->name.data, have->name.size).data, have->in, err);
    }
    cwrun_instance *in = cwrun_instantiate(c->store, component, l, err);
    cwrun_linker_drop(l);
    return in;
}

static void add_instance(cw_wast *w, cwrun_str name, instance made)
{
    cw_wast_components *c = w->components;
    instance *at = CW_VEC_PUSH(&c->instances, &w->alloc);
    if (!at) {
        cw_parse_oom(&w->p);
        return;
    }
    *at = made;
    at->name = name;
    c->lacking = c->lacking || (made.lacking && name.size);
}

/* Instantiates and makes current. */
static cw_verdict make(cw_wast *w, cwrun_str name, cwrun_component *component, bool may_lack)
{
    cwrun_error err = CWRUN_ERROR_INIT;
    cw_wast_components *c = w->components;
    instance made = { .in = instantiate(w, component, &err) };
    bool unlinked = err.kind == CWRUN_ERROR_LINK;
    made.lacking = is_unsupported(&err) || (unlinked && c->lacking);
    add_instance(w, name, made);
    c->current = w->p.ok ? c->instances.n - 1 : NONE;
    cw_verdict v = made.in || (unlinked && may_lack) ? CW_PASS : verdict_of(w, &err);
    cwrun_error_clear(&err);
    return v == CW_FAIL && made.lacking ? CW_SKIP : v;
}

static cw_verdict do_instance(cw_wast *w)
{
    cwrun_str name = take_optional_id(&w->p), of = take_optional_id(&w->p);
    cwrun_component *component = w->components ? find_definition(w, w->components, of) : NULL;
    if (!w->components)
        note(w, "there is no component");
    return component ? make(w, name, component, false) : CW_FAIL;
}

cw_verdict cw_wast_do_component(cw_wast *w)
{
    cw_parser *p = &w->p;
    cwrun_error err = CWRUN_ERROR_INIT;
    const cw_token *id;
    if (w->components)
        w->components->current = NONE;
    if (cw_take_word(p, CW_WORD_INSTANCE))
        return do_instance(w);
    bool is_definition = cw_take_word(p, CW_WORD_DEFINITION);
    cw_module_form(p, &id);
    cwrun_str name = id ? cw_id_name(p, id) : (cwrun_str){ "", 0 };
    cwrun_component *component = cw_wast_take_component(w, &err);
    if (!component)
        return verdict_of(w, &err);
    definition *d = CW_VEC_PUSH(&w->components->definitions, &w->alloc);
    if (!d) {
        cwrun_component_drop(component);
        cw_parse_oom(p);
        return CW_FAIL;
    }
    *d = (definition){ name, component };
    return is_definition ? CW_PASS : make(w, name, component, w->for_validators);
}

cw_verdict cw_wast_register_instance(cw_wast *w, cwrun_str name)
{
    uint32_t at = take_instance(w);
    if (at == NONE)
        return CW_FAIL;
    instance of = w->components->instances.items[at];
    add_instance(w, name, of);
    if (!of.in)
        note(w, "there is no instance to register");
    return of.in ? CW_PASS : CW_SKIP;
}

/* ---- actions ---- */

typedef struct action {
    cw_verdict verdict;     /* CW_PASS: it gave a result; else err or the note says why not */
    bool ran;               /* err is what the guest did */
    uint32_t at;            /* the instance, or NONE */
    const cwrun_type *type; /* of the result; NULL: none */
    cwrun_val result;
    cwrun_error err;
} action;

bool cw_wast_acts_on_component(const cw_wast *w, const cw_token *open)
{
    cw_parser p = w->p;
    p.at = open;
    if (!cw_take_form(&p, CW_WORD_INVOKE) && !cw_take_form(&p, CW_WORD_GET))
        return false;
    const cw_token *id = cw_take_id(&p);
    return id ? find_instance(w->components, cw_id_name(&p, id)) != NONE : w->component_current;
}

static bool lacks(const cw_wast *w, const action *a)
{
    return a->at != NONE && w->components->instances.items[a->at].lacking;
}

/* The arguments, typed by the function. NULL with a note where they do not fit. */
static cwrun_val *take_arguments(cw_wast *w, const cwrun_functype *type, uint32_t n)
{
    cwrun_error err = CWRUN_ERROR_INIT;
    cwrun_val *args = cwrun_arena_alloc(w->components->scratch, (n + 1) * sizeof *args);
    bool ok = args != NULL;
    for (uint32_t i = 0; ok && i < n; i++) {
        ok = !cw_at_close(&w->p);
        if (!ok)
            note(w, "%u arguments for %u parameters", i, n);
        else if (!(ok = cw_wast_take_literal(w, cwrun_functype_param(type, i), w->components->scratch, &args[i],
                                             &err)) &&
                 cwrun_failed(&err))
            note(w, "argument %u: %s", i, err.message);
    }
    if (ok && !cw_at_close(&w->p)) {
        note(w, "more arguments than %u parameters", n);
        ok = false;
    }
    cwrun_error_clear(&err);
    return ok ? args : NULL;
}

static void call(cw_wast *w, cwrun_str field, action *a)
{
    instance *of = &w->components->instances.items[a->at];
    cwrun_func *f = cwrun_instance_func(of->in, cw_arena_copy(&w->arena, field.data, field.size).data, &a->err);
    if (!f) {
        note(w, "%s", a->err.message ? a->err.message : "out of memory");
        return;
    }
    const cwrun_functype *type = cwrun_func_type(f);
    uint32_t n = cwrun_functype_n_params(type);
    cwrun_val *args = take_arguments(w, type, n);
    if (!args)
        return;
    a->ran = true;
    a->type = cwrun_functype_result(type);
    a->verdict = cwrun_func_call(f, args, n, &a->result, NULL, &a->err) ? CW_PASS : CW_FAIL;
    if (a->verdict == CW_FAIL)
        note(w, "%s", a->err.message);
    if (is_unsupported(&a->err)) {
        a->verdict = CW_SKIP;
        of->lacking = true; /* what comes next may need what this would have done */
    }
}

/* (invoke $id? "name" literals); the cursor ends behind it. */
static void act(cw_wast *w, action *a)
{
    cw_parser *p = &w->p;
    const cw_token *open = p->at;
    *a = (action){ .verdict = CW_FAIL, .at = NONE };
    if (!cw_take_form(p, CW_WORD_INVOKE)) {
        cw_parse_unexpected(p, "(invoke");
        return;
    }
    a->at = take_instance(w);
    cwrun_str field = cw_take_name(p);
    if (!p->ok || a->at == NONE)
        return;
    cwrun_arena_reset(w->components->scratch);
    if (w->components->instances.items[a->at].in)
        call(w, field, a);
    else
        note(w, "there is no instance");
    if (p->ok)
        p->at = cw_token_close(p, open) + 1;
}

cw_verdict cw_wast_component_action(cw_wast *w)
{
    action a;
    act(w, &a);
    if (w->p.ok)
        w->p.at--; /* its closing parenthesis is the command's */
    cwrun_error_clear(&a.err);
    return a.verdict == CW_FAIL && lacks(w, &a) ? CW_SKIP : a.verdict;
}

/* Values are the same where they print the same: WAVE shows all of a value, but for the bits of NaNs, which components
 * cannot tell apart. */
static bool same_value(cw_wast *w, const cwrun_val *have, const cwrun_val *want)
{
    cw_text one, other;
    cw_text_init(&one, &w->alloc);
    cw_text_init(&other, &w->alloc);
    cwrun_val_print(have, cw_text_write, &one);
    cwrun_val_print(want, cw_text_write, &other);
    bool good = !one.oom && !other.oom && one.data && other.data, same = good && strcmp(one.data, other.data) == 0;
    if (!same)
        note(w, "the result is %s, not %s", good ? one.data : "?", good ? other.data : "?");
    cw_text_fini(&one);
    cw_text_fini(&other);
    return same;
}

/* The expected result, if any; its place is left at the command's end. */
static cw_verdict compare(cw_wast *w, const action *a)
{
    cw_parser *p = &w->p;
    cwrun_error err = CWRUN_ERROR_INIT;
    cwrun_val want;
    if (!a->type || !cw_at_open(p)) {
        note(w, a->type ? "a result that is not expected" : "no result");
        return !a->type && !cw_at_open(p) ? CW_PASS : CW_FAIL;
    }
    const cw_token *open = p->at;
    bool ok = cw_wast_take_literal(w, a->type, w->components->scratch, &want, &err);
    if (!ok && cwrun_failed(&err))
        note(w, "the expected result: %s", err.message);
    cwrun_error_clear(&err);
    if (p->ok)
        p->at = cw_token_close(p, open) + 1;
    return ok && same_value(w, &a->result, &want) ? CW_PASS : CW_FAIL;
}

cw_verdict cw_wast_component_return(cw_wast *w)
{
    action a;
    act(w, &a);
    cwrun_error_clear(&a.err);
    cw_verdict v = a.verdict == CW_PASS ? compare(w, &a) : a.verdict;
    return v == CW_FAIL && lacks(w, &a) ? CW_SKIP : v;
}

/* ---- assertions of failure ---- */

/* Scripts may show a trap as it is printed, with "wasm trap: " before its reason. */
static bool trapped(cw_wast *w, const cwrun_error *err, cwrun_str want)
{
    cw_text t;
    cw_text_init(&t, &w->alloc);
    cwrun_error_print(err, cw_text_write, &t);
    bool ok = err->kind == CWRUN_ERROR_TRAP && t.data && !t.oom && cw_wast_has_words(t.data, want);
    cw_text_fini(&t);
    return ok;
}

/* An inline component, or "(component instance $id? $definition)": instantiates it, without a name. */
static void try_component(cw_wast *w, action *a)
{
    cw_parser *p = &w->p;
    cwrun_component *component, *loaded = NULL;
    *a = (action){ .verdict = CW_FAIL, .at = NONE };
    if (cw_take_word(p, CW_WORD_INSTANCE)) {
        take_optional_id(p);
        cwrun_str of = take_optional_id(p);
        component = get(w, &a->err) ? find_definition(w, w->components, of) : NULL;
    } else {
        component = loaded = cw_wast_take_component(w, &a->err);
        a->ran = !loaded;
    }
    cw_expect_close(p);
    if (component) {
        a->ran = true;
        a->verdict = instantiate(w, component, &a->err) ? CW_PASS : CW_FAIL;
    }
    cwrun_component_drop(loaded);
}

cw_verdict cw_wast_component_trap(cw_wast *w)
{
    action a;
    if (cw_take_form(&w->p, CW_WORD_COMPONENT))
        try_component(w, &a);
    else
        act(w, &a);
    cwrun_str want = cw_take_string(&w->p);
    cw_verdict v = a.verdict;
    if (v == CW_PASS) {
        note(w, "it did not trap");
        v = CW_FAIL;
    } else if (is_unsupported(&a.err)) {
        note(w, "%s", a.err.message);
        v = CW_SKIP;
    } else if (a.ran) {
        v = trapped(w, &a.err, want) ? CW_PASS : CW_FAIL;
        note(w, "it failed with \"%s\", not \"%.*s\"", a.err.message, (int)want.size, want.data);
    }
    cwrun_error_clear(&a.err);
    return v == CW_FAIL && lacks(w, &a) ? CW_SKIP : v;
}

cw_verdict cw_wast_component_unlinkable(cw_wast *w)
{
    action a;
    cw_take_form(&w->p, CW_WORD_COMPONENT);
    try_component(w, &a);
    cwrun_str want = cw_take_string(&w->p);
    cw_verdict v = is_unsupported(&a.err) ? CW_SKIP : CW_FAIL;
    if (a.verdict == CW_PASS) {
        note(w, "it could be linked");
    } else if (a.ran && a.err.kind == CWRUN_ERROR_LINK) {
        w->counts->message_agreement += cw_wast_has_words(a.err.message, want);
        v = CW_PASS;
    } else if (a.ran) {
        note(w, "%s", a.err.message);
    }
    cwrun_error_clear(&a.err);
    return v;
}
