/* cli/strip.c: `cwrun strip`: custom sections away, by wasm-tools' rules. */
#include <regex.h>

#include "cli/cli.h"

enum { MAX_PATTERNS = 32 };

typedef struct plan {
    bool all;
    regex_t patterns[MAX_PATTERNS];
    int n;
} plan;

static bool add_pattern(cli_args *args, plan *p, const char *text)
{
    char why[128];
    if (p->n == MAX_PATTERNS) {
        cli_usage_error(args, "more than %d patterns", MAX_PATTERNS);
        return false;
    }
    int status = regcomp(&p->patterns[p->n], text, REG_EXTENDED | REG_NOSUB);
    if (status != 0) {
        regerror(status, &p->patterns[p->n], why, sizeof why);
        cli_usage_error(args, "%s %s: %s", args->name, text, why);
        return false;
    }
    p->n++;
    return true;
}

static bool begins(cwrun_str name, const char *with)
{
    return name.size >= strlen(with) && memcmp(name.data, with, strlen(with)) == 0;
}

static bool is(cwrun_str name, const char *other)
{
    return name.size == strlen(other) && begins(name, other);
}

static bool removes(void *user, cwrun_str name)
{
    plan *p = user;
    if (p->all)
        return true;
    for (int i = 0; i < p->n; i++) {
        regmatch_t whole = { .rm_so = 0, .rm_eo = (regoff_t)name.size };
        if (regexec(&p->patterns[i], name.data, 0, &whole, REG_STARTEND) == 0)
            return true;
    }
    return p->n == 0 && !is(name, "name") && !is(name, "dylink.0") && !begins(name, "component-type:");
}

static int strip(cli_args *args, plan *p)
{
    const char *to = NULL;
    for (int option; (option = cli_next_option(args)) >= 0;) {
        switch (option) {
        case OPT_HELP: cli_print_help('S', stdout); return 0;
        case OPT_OUTPUT:
        case OPT_OUTPUT_LONG: to = args->value; break;
        case OPT_DELETE:
        case OPT_DELETE_SHORT:
            if (!add_pattern(args, p, args->value))
                return EXIT_USAGE;
            break;
        default: p->all = true;
        }
    }
    if (args->bad)
        return EXIT_USAGE;
    if (args->n - args->at != 1)
        return cli_usage_error(args, "it takes one file");

    cwrun_error err = CWRUN_ERROR_INIT;
    const char *path = args->words[args->at];
    cwrun_arena *arena = cwrun_arena_new(NULL);
    cwrun_str binary = cli_read_binary(path, arena, &err);
    cli_write(to, cwrun_strip(binary.data, binary.size, cli_name(path), removes, p, arena, &err), &err);
    cwrun_arena_drop(arena);
    return cli_report(&err);
}

int cli_strip(int argc, char **argv)
{
    cli_args args = { .words = argv, .n = argc, .command = 'S' };
    plan p = { .n = 0 };
    int status = strip(&args, &p);
    for (int i = 0; i < p.n; i++)
        regfree(&p.patterns[i]);
    return status;
}
