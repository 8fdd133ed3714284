/* spec/component_driver.c: runs one of the component model's scripts, through the public interface, from a file that
 * components.py makes.
 *
 * One command a line, words apart by single spaces, texts written "=" and then percent-encoded. Values are WAVE, typed by
 * the function that is called: ARGS is "(1, [2])", RESULT is one value or empty.
 *
 *     features LINE on off      bits for cwrun_config
 *     component LINE name file                  defines, instantiates, becomes current
 *     check LINE name file                      the same, but what only lacks imports is good
 *     definition LINE name file                 instance LINE name definition        register LINE name as
 *     invoke LINE instance field ARGS           return … RESULT                      trap … message
 *     invalid LINE file message                 malformed, unlinkable, uninstantiable
 *
 * For each it prints "VERDICT LINE kind WORDS note", VERDICT being P passed, F failed or U unsupported (it, or what it uses,
 * is not executed yet), WORDS whether a refusal has the script's words: y, n, or - for other commands. */
#include <stdlib.h>

#include "base/str.h"
#include "component/runtime.h"

enum { MAX_WORDS = 8, MAX_NAMES = 2000 };

typedef enum verdict { PASS = 'P', FAIL = 'F', UNSUPPORTED = 'U' } verdict;

typedef struct named {
    const char *name;
    cwrun_component *component;
    cwrun_instance *in;
    bool unsupported; /* it could not be made, or ran something that could not be executed */
} named;

typedef struct script {
    const char *path;
    cwrun_engine *engine;
    cwrun_store *store;
    cwrun_arena *arena; /* names and values */
    named definitions[MAX_NAMES], instances[MAX_NAMES], registered[MAX_NAMES];
    unsigned n_definitions, n_instances, n_registered;
    named current;
    char words; /* of a refusal: 'y', 'n', '-' */
    char note[2000];
} script;

static void note(script *s, const char *format, ...) CWRUN_PRINTF(2, 3);
static void note(script *s, const char *format, ...)
{
    va_list args;
    va_start(args, format);
    vsnprintf(s->note, sizeof s->note, format, args);
    va_end(args);
    for (char *c = s->note; *c; c++)
        if (*c == '\n')
            *c = ' ';
}

static const char *text_of(script *s, const char *word)
{
    char *out = cwrun_arena_alloc(s->arena, strlen(word) + 1), *at = out;
    for (const char *c = word + (*word == '='); *c; c++) {
        if (*c == '%' && c[1] && c[2]) {
            char hex[3] = {c[1], c[2], 0};
            *at++ = (char)strtoul(hex, NULL, 16);
            c += 2;
        } else {
            *at++ = *c;
        }
    }
    *at = 0;
    return out;
}

/* ---- names ---- */

static named *find(named *names, unsigned n, const char *name)
{
    if (!*name)
        return n ? &names[n - 1] : NULL;
    for (unsigned i = n; i-- > 0;)
        if (strcmp(names[i].name, name) == 0)
            return &names[i];
    return NULL;
}

static void add(named *names, unsigned *n, const char *name, named what)
{
    if (*n == MAX_NAMES) {
        fprintf(stderr, "too many names\n");
        exit(2);
    }
    what.name = name;
    names[(*n)++] = what;
}

/* ---- components ---- */

static bool is_unsupported(const cwrun_error *err)
{
    return err->kind == CWRUN_ERROR_LIMIT && err->code == CWRUN_LIMIT_UNSUPPORTED;
}

/* A limit on what a file may declare. */
static bool is_too_large(const cwrun_error *err)
{
    return err->kind == CWRUN_ERROR_LIMIT && err->code == CWRUN_LIMIT_INPUT;
}

static verdict of_error(script *s, cwrun_error *err)
{
    note(s, "%s", err->message ? err->message : "no error");
    verdict v = is_unsupported(err) ? UNSUPPORTED : FAIL;
    cwrun_error_clear(err);
    return v;
}

/* A component, or (then *is_core) a core module that is only checked: NULL without an error. */
static cwrun_component *load(script *s, const char *file, bool *is_core, cwrun_error *err)
{
    char path[4096];
    const char *slash = strrchr(s->path, '/');
    snprintf(path, sizeof path, "%.*s%s", slash ? (int)(slash - s->path + 1) : 0, s->path, file);
    FILE *f = fopen(path, "rb");
    if (!f) {
        cwrun_error_set(err, CWRUN_ERROR_ARGUMENT, 0, "%s: cannot be opened", path);
        return NULL;
    }
    fseek(f, 0, SEEK_END);
    size_t size = (size_t)ftell(f);
    rewind(f);
    uint8_t *bytes = malloc(size + 1); /* of the right size, so that a sanitizer sees reads beyond */
    size = fread(bytes, 1, size, f);
    fclose(f);
    cwrun_component *c = NULL;
    *is_core = size >= 8 && memcmp(bytes, "\0asm\1\0\0\0", 8) == 0;
    if (*is_core)
        cwrun_module_drop(cwrun_module_load(s->engine, bytes, size, file, err));
    else
        c = cwrun_component_load(s->engine, bytes, size, file, err);
    free(bytes);
    return c;
}

/* Earlier instances can be imported by their names. */
static cwrun_instance *instantiate(script *s, cwrun_component *c, cwrun_error *err)
{
    cwrun_linker *l = cwrun_linker_new(s->engine, err);
    for (unsigned i = 0; i < s->n_instances; i++)
        if (s->instances[i].in && *s->instances[i].name)
            cwrun_linker_instance(l, s->instances[i].name, s->instances[i].in, err);
    for (unsigned i = 0; i < s->n_registered; i++)
        if (s->registered[i].in)
            cwrun_linker_instance(l, s->registered[i].name, s->registered[i].in, err);
    cwrun_instance *in = cwrun_instantiate(s->store, c, l, err);
    cwrun_linker_drop(l);
    return in;
}

static verdict make(script *s, const char *name, cwrun_component *c, bool imports_needed, cwrun_error *err)
{
    named made = {.component = c, .in = c ? instantiate(s, c, err) : NULL};
    bool good = made.in || (!imports_needed && err->kind == CWRUN_ERROR_LINK);
    made.unsupported = !good && is_unsupported(err);
    add(s->instances, &s->n_instances, name, made);
    s->current = made;
    if (!good)
        return of_error(s, err);
    cwrun_error_clear(err);
    return PASS;
}

static verdict do_component(script *s, const char *kind, const char *name, const char *file)
{
    cwrun_error err = CWRUN_ERROR_INIT;
    bool is_core;
    cwrun_component *c = load(s, file, &is_core, &err);
    if (cwrun_failed(&err) || is_core)
        return cwrun_failed(&err) ? of_error(s, &err) : PASS;
    add(s->definitions, &s->n_definitions, name, (named){.component = c});
    return strcmp(kind, "definition") == 0 ? PASS : make(s, name, c, strcmp(kind, "component") == 0, &err);
}

static verdict do_instance(script *s, const char *name, const char *definition)
{
    cwrun_error err = CWRUN_ERROR_INIT;
    named *of = find(s->definitions, s->n_definitions, definition);
    if (!of) {
        note(s, "no definition \"%s\"", definition);
        return FAIL;
    }
    return make(s, name, of->component, true, &err);
}

static verdict do_register(script *s, const char *name, const char *as)
{
    named *of = *name ? find(s->instances, s->n_instances, name) : &s->current;
    if (!of || !of->in) {
        note(s, "no instance \"%s\"", name);
        return of && of->unsupported ? UNSUPPORTED : FAIL;
    }
    add(s->registered, &s->n_registered, as, *of);
    return PASS;
}

/* ---- calls ---- */

/* Calls; on failure err says why. *unsupported points to the mark of the instance. */
static bool act(script *s, char **words, cwrun_val *result, const cwrun_functype **type, bool **unsupported, cwrun_error *err)
{
    const char *name = text_of(s, words[0]), *field = text_of(s, words[1]), *args = text_of(s, words[2]);
    named *of = *name ? find(s->instances, s->n_instances, name) : &s->current;
    static bool none;
    *unsupported = of ? &of->unsupported : &none;
    if (!of || !of->in) {
        cwrun_error_set(err, CWRUN_ERROR_ARGUMENT, 0, "no instance");
        return false;
    }
    cwrun_func *f = cwrun_instance_func(of->in, field, err);
    if (!f)
        return false;
    *type = cwrun_func_type(f);
    uint32_t n = cwrun_functype_n_params(*type);
    cwrun_val *vals = cwrun_arena_alloc(s->arena, (n + 1) * sizeof *vals);
    bool ok = cwrun_args_parse(*type, cwrun_str_of(args), 0, s->arena, vals, err) &&
              cwrun_func_call(f, vals, n, result, s->arena, err);
    of->unsupported |= is_unsupported(err);
    return ok;
}

static verdict do_return(script *s, char **words, bool compare)
{
    cwrun_error err = CWRUN_ERROR_INIT;
    cwrun_val have = {0}, want = {0};
    const cwrun_functype *type;
    bool *unsupported;
    if (!act(s, words, &have, &type, &unsupported, &err)) {
        bool was = *unsupported;
        verdict v = of_error(s, &err);
        return was ? UNSUPPORTED : v;
    }
    if (!compare)
        return PASS;
    const char *text = text_of(s, words[3]);
    const cwrun_type *result = cwrun_functype_result(type);
    if (!result || !*text) {
        note(s, result ? "a result that was not expected" : "no result");
        return !result && !*text ? PASS : FAIL;
    }
    if (!cwrun_val_parse(result, cwrun_str_of(text), s->arena, &want, &err))
        return of_error(s, &err);
    cw_text one, other;
    cw_text_init(&one, &cw_alloc_default);
    cw_text_init(&other, &cw_alloc_default);
    cwrun_val_print(&have, cw_text_write, &one);
    cwrun_val_print(&want, cw_text_write, &other);
    bool same = one.data && other.data && strcmp(one.data, other.data) == 0;
    note(s, "result is %s, not %s", one.data, other.data);
    cw_text_fini(&one);
    cw_text_fini(&other);
    return same ? PASS : *unsupported ? UNSUPPORTED : FAIL;
}

/* Scripts may show a trap as runners print it, "wasm trap: REASON". */
static bool trapped(const cwrun_error *err, const char *text)
{
    cw_text t;
    cw_text_init(&t, &cw_alloc_default);
    cwrun_error_print(err, cw_text_write, &t);
    bool ok = err->kind == CWRUN_ERROR_TRAP && t.data && strstr(t.data, text);
    cw_text_fini(&t);
    return ok;
}

static verdict do_trap(script *s, char **words)
{
    cwrun_error err = CWRUN_ERROR_INIT;
    cwrun_val result;
    const cwrun_functype *type;
    bool *unsupported;
    const char *text = text_of(s, words[3]);
    verdict v = FAIL;
    if (act(s, words, &result, &type, &unsupported, &err)) {
        note(s, "it did not trap with \"%s\"", text);
    } else {
        v = trapped(&err, text) ? PASS : FAIL;
        note(s, "failed with \"%s\", not \"%s\"", err.message, text);
    }
    cwrun_error_clear(&err);
    return *unsupported ? UNSUPPORTED : v;
}

/* file message: loading (or, for the last two kinds, instantiating) fails. */
static verdict do_refused(script *s, const char *kind, const char *file, const char *message)
{
    cwrun_error err = CWRUN_ERROR_INIT;
    bool is_core;
    cwrun_component *c = load(s, file, &is_core, &err);
    uint8_t want = CWRUN_ERROR_INPUT;
    if (c && strncmp(kind, "un", 2) == 0) {
        want = strcmp(kind, "unlinkable") == 0 ? CWRUN_ERROR_LINK : CWRUN_ERROR_TRAP;
        instantiate(s, c, &err);
    }
    verdict v = is_unsupported(&err) ? UNSUPPORTED : err.kind == want || is_too_large(&err) ? PASS : FAIL;
    s->words = err.message && strstr(err.message, message) ? 'y' : 'n';
    if (want == CWRUN_ERROR_TRAP && v == PASS && s->words == 'n')
        v = FAIL;
    note(s, "%s: \"%s\", the script says \"%s\"", cwrun_failed(&err) ? "refused" : "not refused", err.message ? err.message : "",
         message);
    cwrun_error_clear(&err);
    cwrun_component_drop(c);
    return v;
}

/* ---- scripts ---- */

static verdict run_line(script *s, char **words, unsigned n)
{
    const char *kind = words[0];
    if (strcmp(kind, "component") == 0 || strcmp(kind, "check") == 0 || strcmp(kind, "definition") == 0)
        return do_component(s, kind, text_of(s, words[2]), text_of(s, words[3]));
    if (strcmp(kind, "instance") == 0)
        return do_instance(s, text_of(s, words[2]), text_of(s, words[3]));
    if (strcmp(kind, "register") == 0)
        return do_register(s, text_of(s, words[2]), text_of(s, words[3]));
    if (n == 5 && strcmp(kind, "invoke") == 0)
        return do_return(s, words + 2, false);
    if (n == 6 && strcmp(kind, "return") == 0)
        return do_return(s, words + 2, true);
    if (n == 6 && strcmp(kind, "trap") == 0)
        return do_trap(s, words + 2);
    if (strcmp(kind, "invalid") == 0 || strcmp(kind, "malformed") == 0 || strncmp(kind, "un", 2) == 0)
        return do_refused(s, kind, text_of(s, words[2]), text_of(s, words[3]));
    note(s, "a command that the driver does not know");
    return FAIL;
}

static bool run_script(script *s)
{
    cwrun_error err = CWRUN_ERROR_INIT;
    cwrun_config config = CWRUN_CONFIG_INIT;
    FILE *f = fopen(s->path, "r");
    static char text[1 << 20];
    unsigned long long on, off;
    if (!f || !fgets(text, sizeof text, f) || sscanf(text, "features 0 %llu %llu", &on, &off) != 2) {
        fprintf(stderr, "%s: not a script that components.py made\n", s->path);
        return false;
    }
    config.features_on = on;
    config.features_off = off;
    s->engine = cwrun_engine_new(&config, &err);
    s->store = cwrun_store_new(s->engine, NULL, &err);
    s->arena = cwrun_arena_new(NULL);
    while (fgets(text, sizeof text, f)) {
        char *words[MAX_WORDS];
        unsigned n = 0;
        for (char *w = strtok(text, " \n"); w && n < MAX_WORDS; w = strtok(NULL, " \n"))
            words[n++] = w;
        if (n < 4)
            continue;
        s->note[0] = 0;
        s->words = '-';
        verdict v = run_line(s, words, n);
        printf("%c %s %s %c %s\n", v, words[1], words[0], s->words, s->note);
    }
    fclose(f);
    cwrun_store_drop(s->store);
    for (unsigned i = 0; i < s->n_definitions; i++)
        cwrun_component_drop(s->definitions[i].component);
    cwrun_engine_drop(s->engine);
    cwrun_arena_drop(s->arena);
    return true;
}

int main(int argc, char **argv)
{
    static script s; /* large */
    setvbuf(stdout, NULL, _IOLBF, 0);
    s.path = argc == 2 ? argv[1] : "?";
    return run_script(&s) ? 0 : 2;
}
