/* spec/spec_driver.c: runs the core specification's scripts on src/exec, from files that run.py makes.
 *
 * One command a line, words apart by single spaces. Texts are written "=" and then percent-encoded. Values are
 * type:number (floats as their bits, or nan:canonical and nan:arithmetic), reference type alone for any non-null one,
 * "refnull".
 *
 *     module LINE name file                          register LINE name as
 *     module_definition LINE name file               module_instance LINE name definition
 *     action LINE {invoke|get} module field n args   assert_return … n results      assert_trap … message
 *     assert_invalid LINE file message               assert_malformed, assert_unlinkable, assert_uninstantiable
 *
 * What fails because an instruction is not executed yet is counted apart ("unsupported"; listed with SPEC_VERBOSE=1), and
 * so is all that needs it. */
#include <stdlib.h>

#include "base/error.h"
#include "base/str.h"
#include "exec/exec.h"

enum { MAX_WORDS = 4096, MAX_NAMES = 512, MAX_VALUES = 2100 };

typedef struct named {
    char name[256];
    cw_instance *in;
    cw_module *module;
    bool is_spectest;
} named;

typedef enum { PASS, FAIL, UNSUPPORTED, TEXT_ONLY } verdict;

typedef struct script {
    cw_arena arena;
    cw_types *types;
    cw_exec exec;
    const char *path;
    named registered[MAX_NAMES], instances[MAX_NAMES];
    unsigned n_registered, n_instances;
    named current;
    bool current_unsupported; /* the current instance lacks something, or an action on it did not run */
    cw_extern spectest[16];
    const char *spectest_names[16];
    unsigned n_spectest;
    cw_module *modules[MAX_NAMES * 16];
    unsigned n_modules;
    unsigned counts[4];
    char note[1000];
} script;

/* ---- words ---- */

/* In place; *size (may be NULL) gets the length, since names may contain NUL. */
static const char *decode_text(char *word, size_t *size)
{
    char *out = word;
    const char *s = *word == '=' ? word + 1 : word;
    char *start = out;
    while (*s) {
        if (*s == '%' && s[1] && s[2]) {
            char hex[3] = {s[1], s[2], 0};
            *out++ = (char)strtoul(hex, NULL, 16);
            s += 3;
        } else {
            *out++ = *s++;
        }
    }
    *out = 0;
    if (size)
        *size = (size_t)(out - start);
    return start;
}

static const char *decode(char *word)
{
    return decode_text(word, NULL);
}

static void note(script *s, const char *format, ...) CWRUN_PRINTF(2, 3);
static void note(script *s, const char *format, ...)
{
    va_list args;
    va_start(args, format);
    vsnprintf(s->note, sizeof s->note, format, args);
    va_end(args);
}

/* ---- spectest ---- */

static cw_step print_nothing(cw_thread *t, cw_func *f, uint64_t *frame, uint32_t state)
{
    (void)t, (void)f, (void)frame, (void)state;
    return CW_STEP_RETURN;
}
static const cw_native printer = {print_nothing, NULL, "spectest"};

static cw_extern *spectest_slot(script *s, const char *name, uint8_t kind)
{
    s->spectest_names[s->n_spectest] = name;
    s->spectest[s->n_spectest].kind = kind;
    return &s->spectest[s->n_spectest++];
}

static void spectest_func(script *s, const char *name, uint32_t n, cw_valtype a, cw_valtype b)
{
    cw_valtype params[2] = {a, b};
    spectest_slot(s, name, CW_EXTERN_FUNC)->of.func =
        cw_func_native_new(&s->exec, cw_types_func(s->types, params, n, NULL, 0), &printer, 0, NULL, NULL, NULL);
}

static void spectest_global(script *s, const char *name, cw_valtype type, uint64_t bits)
{
    uint64_t value[2] = {bits, 0};
    spectest_slot(s, name, CW_EXTERN_GLOBAL)->of.global =
        cw_global_new(&s->exec, (cw_globaltype){type, false}, value, NULL);
}

static void make_spectest(script *s)
{
    spectest_func(s, "print", 0, 0, 0);
    spectest_func(s, "print_i32", 1, CW_I32, 0);
    spectest_func(s, "print_i64", 1, CW_I64, 0);
    spectest_func(s, "print_f32", 1, CW_F32, 0);
    spectest_func(s, "print_f64", 1, CW_F64, 0);
    spectest_func(s, "print_i32_f32", 2, CW_I32, CW_F32);
    spectest_func(s, "print_f64_f64", 2, CW_F64, CW_F64);
    spectest_global(s, "global_i32", CW_I32, 666);
    spectest_global(s, "global_i64", CW_I64, 666);
    spectest_global(s, "global_f32", CW_F32, 0x4426a666);
    spectest_global(s, "global_f64", CW_F64, 0x4084d4cccccccccd);
    cw_tabletype table = {{.min = 10, .max = 20, .has_max = true, .page_log2 = 16}, CW_FUNCREF};
    spectest_slot(s, "table", CW_EXTERN_TABLE)->of.table = cw_table_new(&s->exec, &table, 0, NULL);
    table.limits.is_64 = true;
    spectest_slot(s, "table64", CW_EXTERN_TABLE)->of.table = cw_table_new(&s->exec, &table, 0, NULL);
    cw_memtype memory = {.min = 1, .max = 2, .has_max = true, .page_log2 = 16};
    spectest_slot(s, "memory", CW_EXTERN_MEMORY)->of.memory = cw_memory_new(&s->exec, &memory, NULL);
}

/* ---- modules ---- */

static const named *find(const named *names, unsigned n, const char *name)
{
    for (unsigned i = n; i-- > 0;)
        if (strcmp(names[i].name, name) == 0)
            return &names[i];
    return NULL;
}

static bool is_unsupported(const cwrun_error *err)
{
    return err->kind == CWRUN_ERROR_LIMIT && err->code == CWRUN_LIMIT_UNSUPPORTED;
}

static cw_module *read_module(script *s, const char *file, cwrun_error *err)
{
    char path[2000];
    const char *slash = strrchr(s->path, '/');
    snprintf(path, sizeof path, "%.*s%s", slash ? (int)(slash - s->path + 1) : 0, s->path, file);
    FILE *f = fopen(path, "rb");
    if (!f) {
        cwrun_error_set(err, CWRUN_ERROR_ARGUMENT, 0, "%s: cannot be opened", path);
        return NULL;
    }
    fseek(f, 0, SEEK_END);
    long size = ftell(f);
    rewind(f);
    uint8_t *bytes = cw_arena_raw(&s->arena, (size_t)size, 16);
    size_t got = fread(bytes, 1, (size_t)size, f);
    fclose(f);

    cw_reader r;
    cw_reader_init(&r, bytes, got, NULL, &s->arena, err);
    cw_module_config config = {.types = s->types, .features = CW_FEATURES_3_0, .alloc = &s->arena.alloc};
    cw_module *m = cw_module_read(&r, &config);
    if (m && s->n_modules < sizeof s->modules / sizeof *s->modules)
        s->modules[s->n_modules++] = m;
    return m;
}

static void resolve(script *s, const cw_import *import, cw_extern *out)
{
    char name[256];
    snprintf(name, sizeof name, "%.*s", (int)import->module.size, import->module.data);
    const named *from = find(s->registered, s->n_registered, name);
    out->kind = CW_EXTERN_COUNT;
    if (!from)
        return;
    if (!from->is_spectest) {
        cw_instance_export(from->in, import->name, out);
        return;
    }
    for (unsigned i = 0; i < s->n_spectest; i++)
        if (cw_str_eq_c(import->name, s->spectest_names[i]))
            *out = s->spectest[i];
}

static bool run_func(script *s, cw_func *f, const uint64_t *args, uint64_t *results, cwrun_error *err)
{
    cw_thread *t = cw_thread_new(&s->exec, err);
    if (!t)
        return false;
    cw_thread_start(t, f, args);
    bool ok = cw_thread_run(t) == CW_RUN_DONE;
    if (ok)
        memcpy(results, cw_thread_results(t), cw_types_get(s->types, f->type)->result_slots * sizeof *results);
    else
        cw_thread_error(t, err);
    cw_thread_free(t);
    return ok;
}

static cw_instance *instantiate(script *s, cw_module *m, cwrun_error *err)
{
    cw_func *start;
    cw_extern *imports = CW_ARENA_ARRAY(&s->arena, m->n_imports, cw_extern);
    for (uint32_t i = 0; i < m->n_imports; i++)
        resolve(s, &m->imports[i], &imports[i]);
    cw_instance *in = cw_instance_new(&s->exec, m, imports, &start, err);
    uint64_t none[1];
    if (in && start && !run_func(s, start, NULL, none, err))
        return NULL;
    return in;
}

static void name_it(named *names, unsigned *n, const char *name, const named *what)
{
    if (*n == MAX_NAMES) {
        fprintf(stderr, "too many names\n");
        exit(2);
    }
    named *slot = &names[(*n)++];
    *slot = *what;
    snprintf(slot->name, sizeof slot->name, "%s", name);
}

static verdict of_error(script *s, cwrun_error *err)
{
    note(s, "%s", err->message ? err->message : "no error");
    verdict v = is_unsupported(err) ? UNSUPPORTED : FAIL;
    cwrun_error_clear(err);
    return v;
}

static verdict do_module(script *s, const char *name, cw_module *m, cwrun_error *err)
{
    named made = {.module = m};
    made.in = m ? instantiate(s, m, err) : NULL;
    s->current = made;
    s->current_unsupported = !made.in && is_unsupported(err);
    if (*name)
        name_it(s->instances, &s->n_instances, name, &made);
    return made.in ? PASS : of_error(s, err);
}

/* ---- values ---- */

static bool parse_lanes(const char *at, uint64_t out[2])
{
    unsigned bits = (unsigned)strtoul(at + 1, NULL, 10);
    const char *lane = strchr(at, ':');
    if (!lane)
        return false;
    out[0] = out[1] = 0;
    for (unsigned i = 0; i < 128 && *lane; i += bits) {
        uint64_t v = lane[1] == '-' ? (uint64_t)strtoll(lane + 1, NULL, 10) : strtoull(lane + 1, NULL, 10);
        if (bits < 64)
            v &= ((uint64_t)1 << bits) - 1;
        out[i / 64] |= v << i % 64;
        lane += 1 + strcspn(lane + 1, ",");
    }
    return true;
}

static unsigned parse_value(const char *word, uint64_t *out)
{
    const char *number = strchr(word, ':');
    number = number ? number + 1 : "null";
    if (strncmp(word, "v128:", 5) == 0)
        return parse_lanes(number, out) ? 2 : 0;
    out[0] = number[0] == '-' ? (uint64_t)strtoll(number, NULL, 10) : strtoull(number, NULL, 10);
    if (strncmp(word, "i32", 3) == 0 || strncmp(word, "f32", 3) == 0)
        out[0] = (uint32_t)out[0];
    else if (strstr(word, "ref"))
        out[0] = strcmp(number, "null") == 0 ? 0 : out[0] * 2 + 1; /* odd: neither null nor a pointer */
    return 1;
}

static bool is_nan(uint64_t bits, unsigned width, bool arithmetic)
{
    uint64_t quiet = width == 32 ? 0x7fc00000 : 0x7ff8000000000000;
    uint64_t magnitude = width == 32 ? bits & 0x7fffffff : bits & 0x7fffffffffffffff;
    return arithmetic ? (magnitude & quiet) == quiet : magnitude == quiet;
}

static bool lanes_match(const char *at, const uint64_t *have)
{
    unsigned bits = (unsigned)strtoul(at + 1, NULL, 10);
    const char *lane = strchr(at, ':');
    for (unsigned i = 0; i < 128 && lane && *lane; i += bits) {
        uint64_t mask = bits < 64 ? ((uint64_t)1 << bits) - 1 : UINT64_MAX, v = have[i / 64] >> i % 64 & mask;
        if (strncmp(lane + 1, "nan:", 4) == 0) {
            if (!is_nan(v, bits, lane[5] == 'a'))
                return false;
        } else if (v !=
                   ((lane[1] == '-' ? (uint64_t)strtoll(lane + 1, NULL, 10) : strtoull(lane + 1, NULL, 10)) & mask)) {
            return false;
        }
        lane += 1 + strcspn(lane + 1, ",");
    }
    return lane != NULL;
}

static bool matches(char *word, const uint64_t *have, cw_valtype type)
{
    if (strncmp(word, "either:", 7) == 0) {
        for (char *one = strtok(word + 7, "|"); one; one = strtok(NULL, "|"))
            if (matches(one, have, type))
                return true;
        return false;
    }
    const char *number = strchr(word, ':');
    if (strncmp(word, "v128:", 5) == 0)
        return lanes_match(number + 1, have);
    if (number && strncmp(number, ":nan:", 5) == 0)
        return is_nan(have[0], type == CW_F32 ? 32 : 64, number[5] == 'a');
    if (strcmp(word, "refnull") == 0 || strncmp(word, "null", 4) == 0)
        return have[0] == 0;
    if (!number)
        return have[0] != 0;
    uint64_t want[2];
    parse_value(word, want);
    return type == CW_F32 ? (uint32_t)have[0] == (uint32_t)want[0] : have[0] == want[0];
}

/* ---- actions ---- */

typedef struct action {
    verdict verdict; /* PASS: it gave results; else it failed with err */
    uint64_t results[MAX_VALUES];
    const cw_valtype *types;
    uint32_t n_results;
    unsigned n_words; /* words it took */
    cwrun_error err;
} action;

/* words: {invoke|get} module field n args… */
static void act(script *s, char **words, unsigned n, action *a)
{
    size_t field_size;
    const char *module = decode(words[1]), *field = decode_text(words[2], &field_size);
    unsigned n_args = (unsigned)strtoul(words[3], NULL, 10);
    a->n_words = 4 + n_args;
    a->verdict = FAIL;
    const named *of = *module ? find(s->instances, s->n_instances, module) : &s->current;
    cw_extern e;
    if (a->n_words > n || !of || !of->in) {
        a->verdict = s->current_unsupported || (of && !of->in) ? UNSUPPORTED : FAIL;
        cwrun_error_set(&a->err, CWRUN_ERROR_ARGUMENT, 0, "no instance");
        return;
    }
    if (!cw_instance_export(of->in, (cwrun_str){field, field_size}, &e)) {
        cwrun_error_set(&a->err, CWRUN_ERROR_ARGUMENT, 0, "no export \"%s\"", field);
        return;
    }
    if (e.kind == CW_EXTERN_GLOBAL) {
        memcpy(a->results, e.of.global->value, sizeof e.of.global->value);
        a->types = &e.of.global->type.type;
        a->n_results = 1;
        a->verdict = PASS;
        return;
    }
    const cw_subtype *type = cw_types_get(s->types, e.of.func->type);
    uint64_t args[MAX_VALUES];
    unsigned at = 0;
    for (unsigned i = 0; i < n_args; i++)
        at += parse_value(words[4 + i], &args[at]);
    if (at != type->param_slots) {
        cwrun_error_set(&a->err, CWRUN_ERROR_ARGUMENT, 0, "wrong number of arguments");
        return;
    }
    a->types = type->results;
    a->n_results = type->n_results;
    a->verdict = run_func(s, e.of.func, args, a->results, &a->err) ? PASS
                 : is_unsupported(&a->err)                         ? UNSUPPORTED
                                                                   : FAIL;
}

static verdict do_return(script *s, char **words, unsigned n)
{
    action a = {0};
    act(s, words, n, &a);
    if (a.verdict != PASS) {
        verdict v = a.verdict;
        note(s, "%s", a.err.message ? a.err.message : "?");
        cwrun_error_clear(&a.err);
        return v;
    }
    unsigned want = (unsigned)strtoul(words[a.n_words], NULL, 10), at = 0;
    if (want != a.n_results) {
        note(s, "%u results, not %u", a.n_results, want);
        return FAIL;
    }
    for (unsigned i = 0; i < want; i++) {
        char *word = words[a.n_words + 1 + i], copy[500];
        snprintf(copy, sizeof copy, "%s", word);
        if (!matches(word, &a.results[at], a.types[i])) {
            note(s, "result %u is 0x%llx (%llu), not %s", i, (unsigned long long)a.results[at],
                 (unsigned long long)a.results[at], copy);
            return FAIL;
        }
        at += cw_valtype_slots(a.types[i]);
    }
    return PASS;
}

/* Either may say more than the other. */
static bool same_words(const char *have, const char *want)
{
    return strstr(have, want) || strstr(want, have);
}

static verdict do_trap(script *s, char **words, unsigned n, bool is_exception)
{
    action a = {0};
    act(s, words, n, &a);
    if (a.verdict == PASS) {
        note(s, "it did not trap");
        return FAIL;
    }
    verdict v = a.verdict;
    const char *text = decode(words[a.n_words]);
    if (v == FAIL) {
        bool kind = is_exception ? a.err.kind == CWRUN_ERROR_EXCEPTION : a.err.kind == CWRUN_ERROR_TRAP;
        v = kind && same_words(a.err.message, text) ? PASS : FAIL;
        note(s, "failed with \"%s\", not \"%s\"", a.err.message, text);
    }
    cwrun_error_clear(&a.err);
    return v;
}

/* file message: reading (or, for linking, instantiating) fails. */
static verdict do_refused(script *s, const char *kind, char *file, const char *message)
{
    cwrun_error err = CWRUN_ERROR_INIT;
    size_t size = strlen(file);
    if (size > 4 && strcmp(file + size - 4, ".wat") == 0)
        return TEXT_ONLY;
    cw_module *m = read_module(s, file, &err);
    bool linking = strcmp(kind, "assert_unlinkable") == 0 || strcmp(kind, "assert_uninstantiable") == 0;
    verdict v = FAIL;
    if (!linking) {
        v = !m && err.kind == CWRUN_ERROR_INPUT ? PASS : FAIL;
        note(s, m ? "it was not refused (\"%s\")" : "\"%s\"", m ? message : err.message);
    } else if (m) {
        cw_instance *in = instantiate(s, m, &err);
        uint8_t want = strcmp(kind, "assert_unlinkable") == 0 ? CWRUN_ERROR_LINK : CWRUN_ERROR_TRAP;
        v = in                                                         ? FAIL
            : err.kind == want && strstr(err.message, message) != NULL ? PASS
            : is_unsupported(&err)                                     ? UNSUPPORTED
                                                                       : FAIL;
        note(s, "\"%s\", not \"%s\"", in ? "it was not refused" : err.message, message);
    } else {
        note(s, "%s", err.message);
    }
    cwrun_error_clear(&err);
    return v;
}

/* ---- scripts ---- */

static verdict run_line(script *s, char **words, unsigned n)
{
    const char *kind = words[0];
    cwrun_error err = CWRUN_ERROR_INIT;
    if (strcmp(kind, "module") == 0) {
        const char *name = decode(words[2]), *file = decode(words[3]);
        return do_module(s, name, read_module(s, file, &err), &err);
    }
    if (strcmp(kind, "module_definition") == 0) {
        named made = {.module = read_module(s, decode(words[3]), &err)};
        name_it(s->instances, &s->n_instances, decode(words[2]), &made);
        s->current.module = made.module;
        return made.module ? PASS : of_error(s, &err);
    }
    if (strcmp(kind, "module_instance") == 0) {
        const char *of = decode(words[3]);
        const named *definition = *of ? find(s->instances, s->n_instances, of) : &s->current;
        return do_module(s, decode(words[2]), definition ? definition->module : NULL, &err);
    }
    if (strcmp(kind, "register") == 0) {
        const char *name = decode(words[2]);
        const named *what = *name ? find(s->instances, s->n_instances, name) : &s->current;
        if (!what || !what->in)
            return UNSUPPORTED;
        name_it(s->registered, &s->n_registered, decode(words[3]), what);
        return PASS;
    }
    if (strcmp(kind, "action") == 0) {
        action a = {0};
        act(s, words + 2, n - 2, &a);
        note(s, "%s", a.err.message ? a.err.message : "");
        cwrun_error_clear(&a.err);
        s->current_unsupported |= a.verdict == UNSUPPORTED;
        return a.verdict;
    }
    if (strcmp(kind, "assert_return") == 0) {
        verdict v = do_return(s, words + 2, n - 2);
        return v == FAIL && s->current_unsupported ? UNSUPPORTED : v;
    }
    if (strcmp(kind, "assert_trap") == 0 || strcmp(kind, "assert_exhaustion") == 0 ||
        strcmp(kind, "assert_exception") == 0)
        return do_trap(s, words + 2, n - 2, strcmp(kind, "assert_exception") == 0);
    if (strncmp(kind, "assert_", 7) == 0) {
        char *file = words[2];
        decode(file);
        return do_refused(s, kind, file, decode(words[3]));
    }
    note(s, "unknown command");
    return FAIL;
}

static bool run_script(const char *path, unsigned *totals)
{
    static script s; /* large; one at a time */
    memset(&s, 0, sizeof s);
    s.path = path;
    cw_arena_init(&s.arena, NULL);
    s.types = cw_types_new(&cw_alloc_default);
    cw_exec_limits limits;
    cw_exec_limits_default(&limits);
    limits.max_memory = (uint64_t)64 << 30;
    if (!s.types || !cw_exec_init(&s.exec, NULL, s.types, &limits, (cw_code_options){0}))
        return false;
    make_spectest(&s);
    name_it(s.registered, &s.n_registered, "spectest", &(named){.is_spectest = true});

    FILE *f = fopen(path, "r");
    static char text[1 << 20];
    static char *words[MAX_WORDS];
    while (f && fgets(text, sizeof text, f)) {
        unsigned n = 0;
        for (char *w = strtok(text, " \n"); w && n < MAX_WORDS; w = strtok(NULL, " \n"))
            words[n++] = w;
        if (n < 3)
            continue;
        char kind[40];
        snprintf(kind, sizeof kind, "%s", words[0]);
        s.note[0] = 0;
        verdict v = run_line(&s, words, n);
        s.counts[v]++;
        totals[v]++;
        if (v == FAIL || (v == UNSUPPORTED && getenv("SPEC_VERBOSE")))
            printf("%s:%s: %s: %s\n", strrchr(path, '/') ? strrchr(path, '/') + 1 : path, words[1], kind, s.note);
    }
    if (f)
        fclose(f);
    if (s.counts[UNSUPPORTED] != 0)
        printf("%s: %u passed, %u unsupported, %u failed\n", strrchr(path, '/') ? strrchr(path, '/') + 1 : path,
               s.counts[PASS], s.counts[UNSUPPORTED], s.counts[FAIL]);
    cw_exec_fini(&s.exec);
    for (unsigned i = 0; i < s.n_modules; i++)
        cw_module_release(s.modules[i]);
    cw_types_drop(s.types);
    cw_arena_fini(&s.arena);
    return f && s.counts[FAIL] == 0;
}

int main(int argc, char **argv)
{
    unsigned totals[4] = {0}, good = 0;
    setvbuf(stdout, NULL, _IOLBF, 0);
    for (int i = 1; i < argc; i++)
        good += run_script(argv[i], totals);
    printf("%u of %d scripts without a failure: %u commands passed, %u failed, %u need what is not supported yet, %u "
           "are text\n",
           good, argc - 1, totals[PASS], totals[FAIL], totals[UNSUPPORTED], totals[TEXT_ONLY]);
    return good == (unsigned)(argc - 1) ? 0 : 1;
}
