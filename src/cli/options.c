/* cli/options.c: taking options off the command line, and the values they hold. */
#include <errno.h>
#include <stdarg.h>
#include <stdlib.h>

#include "cli/cli.h"

static const struct {
    const char *name, *argument, *commands;
} options[] = {
#define OPT(id, name, argument, commands, help) { name, argument, commands },
#include "cli/options.def"
#undef OPT
};

int cli_usage_error(const cli_args *args, const char *format, ...)
{
    va_list list;
    fputs("Error: ", stderr);
    va_start(list, format);
    vfprintf(stderr, format, list);
    va_end(list);
    fprintf(stderr, "\n`cwrun %s --help` lists the options\n", cli_command_name(args->command));
    return EXIT_USAGE;
}

/* Whether an option stands next; the words before it become operands where the command takes options anywhere. */
static bool find_option(cli_args *args)
{
    bool only_operands = false;
    for (; args->at < args->n; args->words[args->n_operands++] = args->words[args->at++]) {
        const char *word = args->words[args->at];
        if (!only_operands && word[0] == '-' && word[1] && strcmp(word, "--") != 0)
            return true;
        if (args->command == 'R')
            return false;
        if (!only_operands && !strcmp(word, "--")) {
            only_operands = true;
            if (++args->at == args->n)
                break;
        }
    }
    if (args->command != 'R') {
        args->at = 0;
        args->n = args->n_operands;
    }
    return false;
}

/* Takes `--name=value`, `--name value`, and for one-letter options `-Svalue`. */
int cli_next_option(cli_args *args)
{
    if (args->bad || !find_option(args))
        return -1;
    const char *word = args->words[args->at];
    if (!strcmp(word, "-h"))
        word = "--help";
    for (int i = 0; i < OPT_COUNT; i++) {
        size_t size = strlen(options[i].name);
        bool is_short = size == 2;
        if (!strchr(options[i].commands, args->command) || strncmp(word, options[i].name, size) != 0)
            continue;
        const char *rest = word + size;
        if (*rest && !(is_short || *rest == '='))
            continue;
        args->at++;
        args->name = options[i].name;
        args->value = NULL;
        if (!options[i].argument[0]) {
            if (*rest)
                break;
            return i;
        }
        if (*rest)
            args->value = *rest == '=' ? rest + 1 : rest;
        else if (args->at < args->n)
            args->value = args->words[args->at++];
        if (!args->value) {
            cli_usage_error(args, "%s needs an argument: %s %s", word, word, options[i].argument);
            args->bad = true;
            return -1;
        }
        return i;
    }
    cli_usage_error(args, "unknown option %s", word);
    args->bad = true;
    return -1;
}

/* Digits at the start of a text; *rest is what follows them. */
static bool parse_digits(const char *text, uint64_t *value, const char **rest)
{
    char *end;
    if (*text < '0' || *text > '9')
        return false;
    errno = 0;
    *value = strtoull(text, &end, 10);
    *rest = end;
    return errno == 0;
}

bool cli_parse_count(const char *text, uint64_t most, uint64_t *value)
{
    const char *rest;
    return parse_digits(text, value, &rest) && !*rest && *value <= most;
}

bool cli_parse_size(const char *text, uint64_t *value)
{
    static const char units[] = "KMGT";
    const char *rest;
    if (!parse_digits(text, value, &rest))
        return false;
    unsigned shift = 0;
    if (*rest) {
        const char *unit = strchr(units, *rest & ~0x20);
        if (!unit)
            return false;
        shift = 10 * (unsigned)(unit - units + 1);
        rest++;
        if (*rest == 'i')
            rest++;
        if (*rest == 'B' || *rest == 'b')
            rest++;
    }
    if (*rest || *value > UINT64_MAX >> shift)
        return false;
    *value <<= shift;
    return true;
}

bool cli_parse_time(const char *text, uint64_t *nanoseconds)
{
    static const struct {
        const char *unit;
        uint64_t size;
    } units[] = { { "", 1000000000 }, { "s", 1000000000 },  { "ms", 1000000 },     { "us", 1000 },
                  { "ns", 1 },        { "m", 60000000000 }, { "h", 3600000000000 } };
    const char *rest;
    if (!parse_digits(text, nanoseconds, &rest))
        return false;
    for (size_t i = 0; i < sizeof units / sizeof *units; i++)
        if (!strcmp(rest, units[i].unit)) {
            if (*nanoseconds > UINT64_MAX / units[i].size)
                return false;
            *nanoseconds *= units[i].size;
            return true;
        }
    return false;
}

bool cli_parse_switch(const char *text, bool *on)
{
    *on = !strcmp(text, "y") || !strcmp(text, "yes") || !strcmp(text, "true");
    return *on || !strcmp(text, "n") || !strcmp(text, "no") || !strcmp(text, "false");
}
