/* cli/run.c: `cwrun run`: options, the store and its limits, then a command or the calls of --invoke. */
#include <pthread.h>
#include <stdlib.h>
#include <time.h>

#include "cli/cli.h"

extern char **environ;

enum { MAX_INVOKES = 256 };

typedef struct plan {
    cwrun_config config;
    cwrun_limits limits;
    cwrun_wasi *wasi;
    uint64_t fuel, timeout; /* nanoseconds; 0: none */
    bool stub_imports;      /* what nothing gives traps when it is called */
    const char *argv0, *path;
    cli_invoke invokes[MAX_INVOKES];
    int n_invokes;
    char **words; /* the guest's own */
    int n_words;
} plan;

/* ---- options ---- */

static bool add_env(plan *p, const char *text, cwrun_error *err)
{
    const char *equals = strchr(text, '=');
    if (!equals) {
        const char *value = getenv(text);
        return !value || cwrun_wasi_env(p->wasi, text, value, err);
    }
    char *name = strndup(text, (size_t)(equals - text));
    bool ok = name && cwrun_wasi_env(p->wasi, name, equals + 1, err);
    if (!name)
        cwrun_error_set(err, CWRUN_ERROR_LIMIT, CWRUN_LIMIT_HOST_MEMORY, "out of memory");
    free(name);
    return ok;
}

static bool inherit_env(plan *p, cwrun_error *err)
{
    for (char **e = environ; *e; e++)
        if (!add_env(p, *e, err))
            return false;
    return true;
}

/* One option with a number, by its place in the plan. */
static bool set_number(plan *p, int option, const char *value)
{
    uint64_t n;
    switch (option) {
    case OPT_MAX_MEMORY: return cli_parse_size(value, &p->limits.max_memory);
    case OPT_MAX_GC_HEAP: return cli_parse_size(value, &p->limits.max_gc_heap);
    case OPT_MAX_STACK: return cli_parse_size(value, &p->limits.max_stack);
    case OPT_MAX_CALL_BYTES: return cli_parse_size(value, &p->limits.max_call_bytes);
    case OPT_MAX_TABLE: return cli_parse_count(value, UINT64_MAX, &p->limits.max_table);
    case OPT_MAX_INSTANCES:
    case OPT_MAX_HANDLES:
        if (!cli_parse_count(value, UINT32_MAX, &n))
            return false;
        *(option == OPT_MAX_HANDLES ? &p->limits.max_handles : &p->limits.max_instances) = (uint32_t)n;
        return true;
    case OPT_FUEL: p->config.fuel = true; return cli_parse_count(value, INT64_MAX, &p->fuel);
    case OPT_TIMEOUT: p->config.interruptible = true; return cli_parse_time(value, &p->timeout) && p->timeout;
    default: return false;
    }
}

/* wasmtime's comma lists; other names behind -W are proposals. Names that ask for what is there anyway are taken; what
 * is not there yet says so. */
enum { SW_IGNORE, SW_NUMBER, SW_INHERIT_ENV, SW_STUB, SW_GC_STRESS, SW_MISSING };
static const struct {
    char list; /* S or W */
    const char *name;
    int what, option;
} switches[] = {
    { 'S', "cli", SW_IGNORE, 0 },
    { 'S', "common", SW_IGNORE, 0 },
    { 'S', "inherit-env", SW_INHERIT_ENV, 0 },
    { 'S', "inherit-network", SW_MISSING, 0 },
    { 'S', "allow-ip-name-lookup", SW_MISSING, 0 },
    { 'S', "tcp", SW_MISSING, 0 },
    { 'S', "udp", SW_MISSING, 0 },
    { 'S', "http", SW_MISSING, 0 },
    { 'S', "p3", SW_MISSING, 0 },
    { 'W', "max-memory-size", SW_NUMBER, OPT_MAX_MEMORY },
    { 'W', "max-wasm-stack", SW_NUMBER, OPT_MAX_STACK },
    { 'W', "max-table-elements", SW_NUMBER, OPT_MAX_TABLE },
    { 'W', "max-instances", SW_NUMBER, OPT_MAX_INSTANCES },
    { 'W', "fuel", SW_NUMBER, OPT_FUEL },
    { 'W', "timeout", SW_NUMBER, OPT_TIMEOUT },
    { 'W', "unknown-imports-trap", SW_STUB, 0 },
    { 'W', "gc-stress", SW_GC_STRESS, 0 },
};

static bool set_switch(cli_args *args, plan *p, char list, const char *name, size_t size, const char *value,
                       cwrun_error *err)
{
    bool on = true;
    const bool is_switch = !value || cli_parse_switch(value, &on);
    for (size_t i = 0; i < sizeof switches / sizeof *switches; i++) {
        if (switches[i].list != list || strlen(switches[i].name) != size || memcmp(switches[i].name, name, size) != 0)
            continue;
        if (switches[i].what == SW_NUMBER) {
            if (value && set_number(p, switches[i].option, value))
                return true;
            cli_usage_error(args, "-%c %.*s needs a number: `%s`", list, (int)size, name, value ? value : "");
            return false;
        }
        if (!is_switch)
            break;
        if (switches[i].what == SW_INHERIT_ENV && on)
            return inherit_env(p, err);
        if (switches[i].what == SW_STUB)
            p->stub_imports = on;
        if (switches[i].what == SW_GC_STRESS)
            p->limits.gc_stress = on;
        if (switches[i].what == SW_MISSING && on)
            fprintf(stderr, "cwrun: note: -S %s is not supported yet and grants nothing\n", switches[i].name);
        return true;
    }
    if (!is_switch) {
        cli_usage_error(args, "-%c %.*s takes y or n: `%s`", list, (int)size, name, value);
        return false;
    }
    char feature[64];
    cwrun_error why = CWRUN_ERROR_INIT;
    snprintf(feature, sizeof feature, "%s%.*s", on ? "" : "-", (int)size, name);
    if (list == 'W' && cwrun_config_features(&p->config, feature, &why))
        return true;
    cli_usage_error(args, "-%c: unknown switch `%.*s`%s%s", list, (int)size, name, why.message ? ": " : "",
                    why.message ? why.message : "");
    cwrun_error_clear(&why);
    return false;
}

static bool set_switches(cli_args *args, plan *p, char list, const char *text, cwrun_error *err)
{
    char *copy = strdup(text), *save = NULL;
    bool ok = copy != NULL;
    for (char *item = copy ? strtok_r(copy, ",", &save) : NULL; item && ok; item = strtok_r(NULL, ",", &save)) {
        char *value = strchr(item, '=');
        size_t size = value ? (size_t)(value - item) : strlen(item);
        ok = set_switch(args, p, list, item, size, value ? value + 1 : NULL, err);
    }
    free(copy);
    return ok;
}

static bool add_invoke(cli_args *args, plan *p, cli_invoke call)
{
    if (p->n_invokes == MAX_INVOKES) {
        cli_usage_error(args, "more than %d calls", MAX_INVOKES);
        return false;
    }
    p->invokes[p->n_invokes++] = call;
    return true;
}

/* The words behind FILE: the guest's, or calls of --invoke. */
static bool take_words(cli_args *args, plan *p)
{
    char **words = args->words + args->at;
    int n = args->n - args->at, before = p->n_invokes;
    if (before && n && !strchr(p->invokes[before - 1].text, '(')) { /* run --invoke add FILE 1 2 */
        if (!strcmp(words[0], "--"))
            words++, n--;
        p->invokes[before - 1].words = words;
        p->invokes[before - 1].n_words = n;
        return true;
    }
    if (!n || strcmp(words[0], "--invoke") != 0) {
        p->words = words;
        p->n_words = n;
        return true;
    }
    for (int i = 0; i < n;) {
        i++; /* --invoke */
        if (i == n || !words[i][0]) {
            cli_usage_error(args, "--invoke needs the name of an export, or a call");
            return false;
        }
        cli_invoke call = { .text = words[i++] };
        bool literal = i < n && !strcmp(words[i], "--");
        if (literal)
            i++;
        int from = i;
        while (i < n && (literal || strcmp(words[i], "--invoke") != 0))
            i++;
        call.n_words = i - from;
        call.words = call.n_words || !strchr(call.text, '(') ? words + from : NULL;
        if (!add_invoke(args, p, call))
            return false;
    }
    return true;
}

/* False: the exit status is in *status. */
static bool take_options(cli_args *args, plan *p, int *status, cwrun_error *err)
{
    *status = EXIT_USAGE;
    for (int option; (option = cli_next_option(args)) >= 0;) {
        bool ok = true;
        switch (option) {
        case OPT_HELP:
            cli_print_help('R', stdout);
            *status = 0;
            return false;
        case OPT_INVOKE: ok = add_invoke(args, p, (cli_invoke){ .text = args->value }); break;
        case OPT_ENV: ok = add_env(p, args->value, err); break;
        case OPT_INHERIT_ENV: ok = inherit_env(p, err); break;
        case OPT_ARGV0: p->argv0 = args->value; break;
        case OPT_DIR: fprintf(stderr, "cwrun: note: --dir is not supported yet; the guest gets no directory\n"); break;
        case OPT_WASI:
        case OPT_WASM: ok = set_switches(args, p, option == OPT_WASI ? 'S' : 'W', args->value, err); break;
        default:
            ok = set_number(p, option, args->value);
            if (!ok)
                cli_usage_error(args, "%s: `%s` is not a value it takes", args->name, args->value);
        }
        if (!ok) {
            if (cwrun_failed(err))
                *status = cli_report(err);
            return false;
        }
    }
    if (args->bad)
        return false;
    if (args->at < args->n && !strcmp(args->words[args->at], "--"))
        args->at++;
    if (args->at == args->n) {
        cli_usage_error(args, "which file?");
        return false;
    }
    p->path = args->words[args->at++];
    return take_words(args, p);
}

/* ---- the time limit ---- */

/* A thread that raises the interrupt after a time, unless it is told to stop before. */
typedef struct timer {
    pthread_t thread;
    pthread_mutex_t lock;
    pthread_cond_t stop;
    bool stopped, running;
    uint64_t deadline;
    cwrun_interrupt *interrupt;
} timer;

static void *timer_main(void *user)
{
    timer *t = user;
    struct timespec until = { (time_t)(t->deadline / 1000000000), (long)(t->deadline % 1000000000) };
    pthread_mutex_lock(&t->lock);
    int woken = 0;
    while (!t->stopped && woken == 0)
        woken = pthread_cond_timedwait(&t->stop, &t->lock, &until);
    if (!t->stopped)
        cwrun_interrupt_raise(t->interrupt);
    pthread_mutex_unlock(&t->lock);
    return NULL;
}

static bool timer_start(timer *t, cwrun_store *store, uint64_t timeout, cwrun_error *err)
{
    pthread_condattr_t attr;
    t->interrupt = cwrun_store_interrupt(store, err);
    if (!t->interrupt)
        return false;
    uint64_t now = cwrun_monotonic_now();
    t->deadline = now + timeout < now ? UINT64_MAX : now + timeout;
    pthread_condattr_init(&attr);
    pthread_condattr_setclock(&attr, CLOCK_MONOTONIC);
    pthread_mutex_init(&t->lock, NULL);
    pthread_cond_init(&t->stop, &attr);
    t->running = pthread_create(&t->thread, NULL, timer_main, t) == 0;
    if (!t->running)
        cwrun_error_set(err, CWRUN_ERROR_LIMIT, CWRUN_LIMIT_HOST_MEMORY, "--timeout: no thread can be started");
    return t->running;
}

static void timer_stop(timer *t)
{
    if (t->running) {
        pthread_mutex_lock(&t->lock);
        t->stopped = true;
        pthread_cond_signal(&t->stop);
        pthread_mutex_unlock(&t->lock);
        pthread_join(t->thread, NULL);
    }
    cwrun_interrupt_drop(t->interrupt);
}

/* ---- running ---- */

static const char *base_name(const char *path)
{
    const char *slash = strrchr(path, '/');
    return slash ? slash + 1 : path;
}

static bool set_wasi(plan *p, cwrun_store *store, cwrun_error *err)
{
    cwrun_wasi_inherit_stdio(p->wasi);
    if (!cwrun_wasi_arg(p->wasi, p->argv0 ? p->argv0 : base_name(p->path), err))
        return false;
    for (int i = 0; i < p->n_words; i++)
        if (!cwrun_wasi_arg(p->wasi, p->words[i], err))
            return false;
    cwrun_wasi *wasi = p->wasi;
    p->wasi = NULL; /* the store's from here on */
    return cwrun_store_set_wasi(store, wasi, err);
}

static int run_component(plan *p, cwrun_store *store, cwrun_component *component, cwrun_error *err)
{
    cwrun_linker *linker = p->stub_imports ? cwrun_linker_new(cwrun_store_engine(store), err) : NULL;
    if (linker && cwrun_wasi_add(linker, err))
        cwrun_linker_stub_rest(linker, true);
    cwrun_instance *instance = cwrun_instantiate(store, component, linker, err);
    int32_t status = 0;
    for (int i = 0; instance && i < p->n_invokes; i++)
        if (!cli_invoke_component(instance, &p->invokes[i], err))
            break;
    if (instance && !p->n_invokes)
        cwrun_wasi_run(instance, &status, err);
    else if (err->code != CWRUN_LIMIT_TIMEOUT || err->kind != CWRUN_ERROR_LIMIT)
        cwrun_wasi_flush(store); /* what a slow reader has not taken yet */
    cwrun_linker_drop(linker);
    return cwrun_failed(err) ? cli_report(err) : status;
}

static int run_module(plan *p, cwrun_store *store, cwrun_module *module, cwrun_error *err)
{
    cwrun_core_instance *instance = cwrun_module_instantiate(store, module, NULL, err);
    for (int i = 0; instance && i < p->n_invokes; i++)
        if (!cli_invoke_core(instance, &p->invokes[i], err))
            break;
    if (instance && !p->n_invokes) {
        bool has_start = false;
        for (uint32_t i = 0; i < cwrun_module_n_exports(module); i++) {
            cwrun_item item = cwrun_module_export(module, i);
            has_start = has_start || (item.kind == CWRUN_ITEM_CORE_FUNC && item.name.size == 6 &&
                                      !memcmp(item.name.data, "_start", 6));
        }
        if (has_start)
            cwrun_core_call(instance, "_start", NULL, 0, NULL, 0, err);
    }
    return cli_report(err);
}

static int run_plan(plan *p, cwrun_error *err)
{
    cli_file file = { 0 };
    timer t = { 0 };
    int status = 0;
    cwrun_engine *engine = cwrun_engine_new(&p->config, err);
    cwrun_store *store = cwrun_store_new(engine, &p->limits, err);
    if (cli_load(engine, p->path, &file, err) && set_wasi(p, store, err) &&
        (!p->timeout || timer_start(&t, store, p->timeout, err))) {
        if (p->config.fuel)
            cwrun_store_set_fuel(store, p->fuel);
        status = file.component ? run_component(p, store, file.component, err) : run_module(p, store, file.module, err);
    } else {
        status = cli_report(err);
    }
    timer_stop(&t);
    cwrun_store_drop(store);
    cli_file_drop(&file);
    cwrun_engine_drop(engine);
    return status;
}

int cli_run(int argc, char **argv)
{
    cli_args args = { .words = argv, .n = argc, .command = 'R' };
    cwrun_error err = CWRUN_ERROR_INIT;
    plan *p = calloc(1, sizeof *p);
    int status = EXIT_USAGE;
    if (!p) {
        fputs("Error: out of memory\n", stderr);
        return EXIT_LOAD;
    }
    p->wasi = cwrun_wasi_new(&err);
    if (!p->wasi)
        status = cli_report(&err);
    else if (take_options(&args, p, &status, &err))
        status = run_plan(p, &err);
    cwrun_wasi_drop(p->wasi);
    free(p);
    return status;
}
