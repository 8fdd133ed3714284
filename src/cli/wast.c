/* cli/wast.c: `cwrun wast`: runs the specification's scripts and counts their commands. Files are shared out to
 * threads; what they print comes in the order of the files. */
#include <dirent.h>
#include <errno.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "cli/cli.h"

static const uint64_t DEFAULT_TIMEOUT = 60000000000;

typedef struct line_known {
    char *text;       /* "path:line", without what follows it */
    atomic_bool seen; /* some command stands there */
} line_known;

typedef struct script {
    char *path;
    cwrun_wast_counts counts;
    uint32_t known; /* failures that were known, and commands of the list that were skipped */
    uint32_t known_failures;
    uint32_t recovered; /* known failures that passed */
    char *log;
    size_t log_size;
    FILE *log_file;
    struct job *job;
    bool readable;
} script;

typedef struct job {
    script *scripts;
    size_t n, next, done;
    bool list, progress, round_trip, gc_stress;
    uint64_t timeout; /* of a command, nanoseconds; 0: none */
    uint64_t on, off;
    line_known *known;
    size_t n_known;
    pthread_mutex_t lock;
} job;

/* ---- files ---- */

static bool add_script(job *j, const char *path)
{
    script *more = realloc(j->scripts, (j->n + 1) * sizeof *more);
    char *copy = more ? strdup(path) : NULL;
    if (more)
        j->scripts = more;
    if (!copy)
        return false;
    j->scripts[j->n++] = (script){ .path = copy };
    return true;
}

static int by_name(const void *a, const void *b)
{
    return strcmp(((const script *)a)->path, ((const script *)b)->path);
}

/* A folder and those it lies in: links may lead back to them. */
typedef struct folder {
    const struct folder *outer;
    dev_t device;
    ino_t inode;
} folder;

static bool lies_in(const folder *f, const struct stat *st)
{
    while (f && (f->device != st->st_dev || f->inode != st->st_ino))
        f = f->outer;
    return f != NULL;
}

static bool add_folder(job *j, const char *path, const folder *outer, const struct stat *st, cwrun_error *err);

static bool add_path(job *j, const char *path, const folder *outer, cwrun_error *err)
{
    struct stat st;
    if (stat(path, &st) == 0 && S_ISDIR(st.st_mode))
        return lies_in(outer, &st) || add_folder(j, path, outer, &st, err);
    if (!add_script(j, path))
        cwrun_error_set(err, CWRUN_ERROR_LIMIT, CWRUN_LIMIT_HOST_MEMORY, "out of memory");
    return !cwrun_failed(err);
}

static bool add_folder(job *j, const char *path, const folder *outer, const struct stat *of, cwrun_error *err)
{
    const folder this = { outer, of->st_dev, of->st_ino };
    DIR *entries = opendir(path);
    struct stat st;
    size_t first = j->n;
    bool ok = entries != NULL;
    if (!ok)
        cwrun_error_set(err, CWRUN_ERROR_INPUT, 0, "%s: %s", path, strerror(errno));
    for (struct dirent *e; ok && (e = readdir(entries));) {
        char inside[4096];
        if (e->d_name[0] == '.' || snprintf(inside, sizeof inside, "%s/%s", path, e->d_name) >= (int)sizeof inside)
            continue;
        size_t size = strlen(inside);
        bool is_folder = stat(inside, &st) == 0 && S_ISDIR(st.st_mode);
        if (is_folder || (size > 5 && !strcmp(inside + size - 5, ".wast")))
            ok = add_path(j, inside, &this, err);
    }
    if (entries)
        closedir(entries);
    if (!outer && j->n > first)
        qsort(j->scripts + first, j->n - first, sizeof *j->scripts, by_name);
    if (ok && !outer && j->n == first)
        cwrun_error_set(err, CWRUN_ERROR_INPUT, 0, "%s: there are no scripts in it", path);
    return !cwrun_failed(err);
}

/* ---- known failures: lines "path:line reason", # begins a comment ---- */

static bool read_known(job *j, const char *path, cwrun_error *err)
{
    cwrun_arena *arena = cwrun_arena_new(NULL);
    const cwrun_str text = cli_read(path, arena, err);
    for (const char *at = text.data, *end = at ? at + text.size : at; at < end;) {
        const char *stop = memchr(at, '\n', (size_t)(end - at));
        stop = stop ? stop : end;
        while (at < stop && (*at == ' ' || *at == '\t' || *at == '\r'))
            at++;
        size_t n = 0;
        while (at + n < stop && !memchr(" \t\r#", at[n], 4))
            n++;
        if (n) {
            line_known *more = realloc(j->known, (j->n_known + 1) * sizeof *more);
            char *copy = more ? strndup(at, n) : NULL;
            if (more)
                j->known = more;
            if (!copy)
                break;
            j->known[j->n_known++].text = copy;
            atomic_init(&j->known[j->n_known - 1].seen, false);
        }
        at = stop + 1;
    }
    cwrun_arena_drop(arena);
    return text.data != NULL;
}

/* The list's paths are ends of ours. */
static bool ends_path(const char *known, size_t known_size, const char *path, size_t size)
{
    return known_size <= size && !memcmp(path + size - known_size, known, known_size) &&
           (known_size == size || path[size - known_size - 1] == '/');
}

static bool is_known(job *j, const cwrun_wast_command *c)
{
    char place[4200];
    bool known = false;
    size_t size = (size_t)snprintf(place, sizeof place, "%s:%u", c->file, c->line);
    for (size_t i = 0; i < j->n_known && size < sizeof place; i++)
        if (ends_path(j->known[i].text, strlen(j->known[i].text), place, size))
            known = j->known[i].seen = true;
    return known;
}

/* Entries for scripts that ran, at lines where no command stands. */
static size_t report_stale(job *j, FILE *to)
{
    size_t n = 0;
    for (size_t i = 0; i < j->n_known; i++) {
        const char *text = j->known[i].text, *line = strrchr(text, ':');
        bool ran = false;
        for (size_t k = 0; line && !j->known[i].seen && k < j->n; k++)
            ran |= j->scripts[k].readable &&
                   ends_path(text, (size_t)(line - text), j->scripts[k].path, strlen(j->scripts[k].path));
        n += ran;
        if (ran)
            fprintf(to, "%s is listed as a known failure, but no command begins there\n", text);
    }
    return n;
}

/* ---- running ---- */

static void report(void *user, const cwrun_wast_command *c)
{
    script *s = user;
    bool known = s->job->n_known && is_known(s->job, c);
    if (c->outcome == CWRUN_WAST_PASSED) {
        s->recovered += known;
        if (known && s->log_file)
            fprintf(s->log_file, "%s:%u: %s passes, but is listed as a known failure\n", c->file, c->line,
                    c->directive);
        return;
    }
    s->known += known;
    s->known_failures += known && c->outcome == CWRUN_WAST_FAILED;
    if (s->job->list && !known && s->log_file)
        fprintf(s->log_file, "%s:%u: %s %s: %s\n", c->file, c->line, c->directive,
                c->outcome == CWRUN_WAST_FAILED ? "failed" : "was skipped", c->message);
}

static void run_one(job *j, script *s)
{
    cwrun_error err = CWRUN_ERROR_INIT;
    cwrun_arena *arena = cwrun_arena_new(NULL);
    s->job = j;
    s->log_file = open_memstream(&s->log, &s->log_size);
    const cwrun_str text = cli_read(s->path, arena, &err);
    cwrun_wast_options options = { j->on, j->off, report, s, j->n_known != 0, j->round_trip, j->timeout, j->gc_stress };
    s->readable = text.data && cwrun_wast_run(text, s->path, &options, &s->counts, &err);
    cwrun_arena_drop(arena);
    if (s->log_file) {
        if (cwrun_failed(&err))
            fprintf(s->log_file, "%s\n", err.message);
        fclose(s->log_file);
    }
    cwrun_error_clear(&err);
}

static void *work(void *user)
{
    job *j = user;
    pthread_mutex_lock(&j->lock);
    while (j->next < j->n) {
        script *s = &j->scripts[j->next++];
        pthread_mutex_unlock(&j->lock);
        run_one(j, s);
        pthread_mutex_lock(&j->lock);
        j->done++;
        if (j->progress)
            fprintf(stderr, "\r%zu of %zu files", j->done, j->n);
    }
    pthread_mutex_unlock(&j->lock);
    return NULL;
}

/* Those that were not known; a known one that passes is one too, and so is a script that cannot be read. */
static uint32_t failures(const script *s)
{
    return s->counts.failed - s->known_failures + s->recovered + !s->readable;
}

static uint32_t passes(const script *s)
{
    return s->counts.passed - s->recovered;
}

static void print_json(const script *s)
{
    printf("{\"file\":\"");
    cli_write_json(NULL, s->path, strlen(s->path));
    const cwrun_wast_counts *c = &s->counts;
    printf(
        "\",\"passed\":%u,\"failed\":%u,\"known_failures\":%u,\"skipped\":%u,\"total\":%u,\"message_agreement\":%u}\n",
        passes(s), failures(s), s->known_failures, c->skipped, c->total + !s->readable, c->message_agreement);
}

static int finish(job *j, bool json)
{
    cwrun_wast_counts all = { 0 };
    size_t good = 0;
    uint32_t failed = 0, known = 0;
    const size_t stale = report_stale(j, json ? stderr : stdout);
    for (size_t i = 0; i < j->n; i++) {
        script *s = &j->scripts[i];
        const cwrun_wast_counts *c = &s->counts;
        bool ok = s->readable && c->total - c->passed == s->known && !s->recovered;
        good += ok;
        fwrite(s->log, 1, s->log ? s->log_size : 0, json ? stderr : stdout);
        if (json)
            print_json(s);
        else if (!ok && s->readable)
            printf("%s: %u of %u passed, %u failed, %u need what is not supported yet\n", s->path, passes(s), c->total,
                   failures(s), c->skipped);
        all.passed += passes(s), all.skipped += c->skipped, all.total += c->total;
        failed += failures(s), known += s->known_failures;
        all.message_agreement += c->message_agreement;
        free(s->log);
        free(s->path);
    }
    if (!json) {
        printf("%zu of %zu files; %u of %u commands passed, %u failed, ", good, j->n, all.passed, all.total, failed);
        if (known)
            printf("%u known failures, ", known);
        printf("%u need what is not supported yet; %u messages agree\n", all.skipped, all.message_agreement);
    }
    return good == j->n && !stale ? 0 : EXIT_LOAD;
}

/* NAME[=y|n],… : features that scripts may use, or not; gc-stress is none. */
static bool take_features(cli_args *args, job *j, const char *names)
{
    while (*names) {
        char name[64];
        size_t all = strcspn(names, ",");
        snprintf(name, sizeof name, "%.*s", (int)all, names);
        char *value = strchr(name, '=');
        if (value)
            *value++ = 0;
        bool on = true;
        uint64_t bit = cwrun_feature(name);
        const bool is_stress = !strcmp(name, "gc-stress"), good = !value || cli_parse_switch(value, &on);
        if (!good)
            cli_usage_error(args, "-W %s takes y or n: `%s`", name, value);
        else if (!bit && !is_stress)
            cli_usage_error(args, "-W: unknown feature `%s`", name);
        if (!good || (!bit && !is_stress))
            return false;
        if (is_stress)
            j->gc_stress = on;
        *(on ? &j->on : &j->off) |= bit;
        *(on ? &j->off : &j->on) &= ~bit;
        names += all + (names[all] == ',');
    }
    return true;
}

int cli_wast(int argc, char **argv)
{
    cli_args args = { .words = argv, .n = argc, .command = 'T' };
    job j = { .timeout = DEFAULT_TIMEOUT };
    bool json = false;
    uint64_t threads = 1;
    cwrun_error err = CWRUN_ERROR_INIT;
    for (int option; (option = cli_next_option(&args)) >= 0;) {
        if (option == OPT_HELP) {
            cli_print_help('T', stdout);
            return 0;
        }
        json = json || option == OPT_JSON;
        j.list = j.list || option == OPT_LIST_FAILURES;
        j.round_trip = j.round_trip || option == OPT_ROUND_TRIP;
        if (option == OPT_KNOWN && !read_known(&j, args.value, &err))
            return cli_report(&err);
        if (option == OPT_JOBS && (!cli_parse_count(args.value, 256, &threads) || !threads))
            return cli_usage_error(&args, "-j takes a number of threads, not %s", args.value);
        if (option == OPT_COMMAND_TIMEOUT && !cli_parse_time(args.value, &j.timeout))
            return cli_usage_error(&args, "--timeout takes a time such as 10s, not %s", args.value);
        if (option == OPT_WASM_SCRIPTS && !take_features(&args, &j, args.value))
            return EXIT_USAGE;
    }
    if (args.bad)
        return EXIT_USAGE;
    if (args.at == args.n)
        return cli_usage_error(&args, "which files?");
    while (args.at < args.n)
        if (!add_path(&j, args.words[args.at++], NULL, &err))
            return cli_report(&err);

    pthread_t helpers[256];
    size_t n_helpers = 0;
    j.progress = isatty(2) && !json;
    pthread_mutex_init(&j.lock, NULL);
    while (n_helpers + 1 < threads && pthread_create(&helpers[n_helpers], NULL, work, &j) == 0)
        n_helpers++;
    work(&j);
    for (size_t i = 0; i < n_helpers; i++)
        pthread_join(helpers[i], NULL);
    pthread_mutex_destroy(&j.lock);
    if (j.progress)
        fputs("\r                              \r", stderr);
    int status = finish(&j, json);
    for (size_t i = 0; i < j.n_known; i++)
        free(j.known[i].text);
    free(j.known);
    free(j.scripts);
    return status;
}
