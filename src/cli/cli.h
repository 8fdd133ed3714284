/* cli/cli.h: what the files of the command share. The command is a client of the public interface alone. */
#ifndef CLI_H
#define CLI_H

#include "cwrun.h"

enum { EXIT_LOAD = 1, EXIT_USAGE = 2, EXIT_TRAP = 134 };

enum cli_option {
#define OPT(id, name, argument, commands, help) OPT_##id,
#include "cli/options.def"
#undef OPT
    OPT_COUNT
};

/* The words of one invocation, taken one by one. */
typedef struct cli_args {
    char **words;
    int n, at;
    int n_operands;    /* words that are no options, gathered at the front of words */
    char command;      /* as in options.def */
    const char *name;  /* of the option taken last */
    const char *value; /* its argument */
    bool bad;          /* a message was printed: exit with EXIT_USAGE */
} cli_args;

/* Takes the next option; -1 at the end, or where a message was printed. The options of `run` end at the first word that
 * is none, because what follows may be the guest's: `at` is that word. Elsewhere options may stand anywhere, up to
 * `--`, and the other words are from `at` to `n` at the end. */
int cli_next_option(cli_args *args);
/* "cwrun run: …" on stderr; returns EXIT_USAGE. */
int cli_usage_error(const cli_args *args, const char *format, ...) CWRUN_PRINTF(2, 3);
void cli_print_help(char command, FILE *to);
const char *cli_command_name(char command); /* by its letter, as options.def has it */

/* Parse a size (K, M, G, T: powers of 1024), a count or a time; false where malformed or out of range. */
bool cli_parse_size(const char *text, uint64_t *value);
bool cli_parse_count(const char *text, uint64_t most, uint64_t *value);
bool cli_parse_time(const char *text, uint64_t *nanoseconds);
/* y, yes, true or n, no, false. */
bool cli_parse_switch(const char *text, bool *on);

/* A loaded file: exactly one of the two is there. */
typedef struct cli_file {
    const char *path;
    cwrun_component *component;
    cwrun_module *module;
} cli_file;

/* What messages call the file of that path ("-": standard input). */
const char *cli_name(const char *path);
/* All bytes of a file ("-": standard input), in `arena` (NULL: out of memory); {NULL, 0} with err set. */
cwrun_str cli_read(const char *path, cwrun_arena *arena, cwrun_error *err);
/* The same as a binary: text is encoded. */
cwrun_str cli_read_binary(const char *path, cwrun_arena *arena, cwrun_error *err);
/* A stream to a file (NULL: standard output), and its end; NULL with err set where it cannot be written, or where err
 * was set before. */
FILE *cli_create(const char *path, cwrun_error *err);
void cli_close(FILE *out, const char *path, cwrun_error *err);
/* Writes bytes to a file (NULL: standard output). */
bool cli_write(const char *path, cwrun_str bytes, cwrun_error *err);
/* An engine that knows every feature: who only looks at a file need not say what it uses. */
cwrun_engine *cli_engine_for_looking(cwrun_error *err);
/* Reads and checks a file ("-": standard input); text is encoded first. */
bool cli_load(cwrun_engine *engine, const char *path, cli_file *file, cwrun_error *err);
void cli_file_drop(cli_file *file);

/* Prints "Error: …", clears, and gives the exit status the error's kind asks for. */
int cli_report(cwrun_error *err);

/* One --invoke: WAVE text, or a name with words. */
typedef struct cli_invoke {
    const char *text;
    char **words; /* NULL: `text` is a whole call, or a name without arguments */
    int n_words;
} cli_invoke;

/* Calls and prints the result. False with err set where it fails. */
bool cli_invoke_component(cwrun_instance *instance, const cli_invoke *call, cwrun_error *err);
bool cli_invoke_core(cwrun_core_instance *instance, const cli_invoke *call, cwrun_error *err);

/* A cwrun_write_fn: prints what stands between the quotes of a JSON string; bytes that are not UTF-8 are U+FFFD. */
bool cli_write_json(void *unused, const char *data, size_t size);

/* What grants an import: a sentence for people, or NULL where nothing does. */
const char *cli_grant_of(cwrun_str import);

int cli_run(int argc, char **argv);
int cli_validate(int argc, char **argv);
int cli_inspect(int argc, char **argv);
int cli_parse(int argc, char **argv);
int cli_print(int argc, char **argv);
int cli_wast(int argc, char **argv);
int cli_dump(int argc, char **argv);
int cli_strip(int argc, char **argv);
int cli_objdump(int argc, char **argv);

#endif
