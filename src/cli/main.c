/* cli/main.c: cwrun's subcommands, help and version. A word that is no subcommand is a file to run. */
#include <stdlib.h>

#include "cli/cli.h"

static const struct {
    const char *name, *usage, *what;
    char letter;
    int (*run)(int argc, char **argv);
} commands[] = {
    { "run", "cwrun [run] [options] FILE [words of the guest | --invoke NAME words...]",
      "run a component or core module", 'R', cli_run },
    { "validate", "cwrun validate [options] FILE...", "check files and say what is wrong with them", 'V',
      cli_validate },
    { "parse", "cwrun parse [-o OUT] FILE", "make a binary of a text", 'P', cli_parse },
    { "print", "cwrun print [options] FILE", "print a binary as text", 'X', cli_print },
    { "dump", "cwrun dump [-o OUT] FILE", "show every byte of a binary with its offset and meaning", 'D', cli_dump },
    { "strip", "cwrun strip [options] FILE", "remove custom sections, those of nested modules and components too", 'S',
      cli_strip },
    { "objdump", "cwrun objdump [options] FILE",
      "show the instructions of functions, or the internal code made of them", 'O', cli_objdump },
    { "wast", "cwrun wast [options] FILE|FOLDER...", "run scripts of the specification and count what passes", 'T',
      cli_wast },
    { "inspect", "cwrun inspect [options] FILE", "show imports, exports and what a file needs to run", 'I',
      cli_inspect },
};
enum { N_COMMANDS = sizeof commands / sizeof *commands };

const char *cli_command_name(char command)
{
    size_t i = 0;
    while (i < N_COMMANDS - 1 && commands[i].letter != command)
        i++;
    return commands[i].name;
}

void cli_print_help(char command, FILE *to)
{
    for (size_t i = 0; i < N_COMMANDS; i++) {
        if (commands[i].letter != command)
            continue;
        fprintf(to, "usage: %s\n\n%s\n\noptions:\n", commands[i].usage, commands[i].what);
    }
#define OPT(id, name, argument, takers, help) \
    if (strchr(takers, command)) \
        fprintf(to, "  %s %-*s %s\n", name, (int)(28 - strlen(name)), argument, help);
#include "cli/options.def"
#undef OPT
    if (command == 'R')
        fputs("\nOptions stand before FILE; what follows it is the guest's. Nothing is granted that was not asked for: "
              "no files, no\n"
              "network, no environment. Exit status: the guest's own, 134 after a trap, 2 for wrong usage, 1 where the "
              "file cannot be\n"
              "loaded or linked.\n",
              to);
}

static void print_overview(FILE *to)
{
    fputs("cwrun " CWRUN_VERSION ": runs WebAssembly components and modules\n\nusage:\n", to);
    for (size_t i = 0; i < N_COMMANDS; i++)
        fprintf(to, "  %-72s %s\n", commands[i].usage, commands[i].what);
    fputs("\n`cwrun COMMAND --help` lists a command's options; `cwrun --version` the version.\n", to);
}

/* Of a command, or (NULL) of all. */
static int help(const char *name)
{
    if (!name) {
        print_overview(stdout);
        return 0;
    }
    for (size_t i = 0; i < N_COMMANDS; i++)
        if (!strcmp(name, commands[i].name)) {
            cli_print_help(commands[i].letter, stdout);
            return 0;
        }
    fprintf(stderr, "Error: there is no command `%s`\n`cwrun --help` lists them\n", name);
    return EXIT_USAGE;
}

static int run(int argc, char **argv)
{
    if (argc < 2) {
        print_overview(stderr);
        return EXIT_USAGE;
    }
    if (!strcmp(argv[1], "--version") || !strcmp(argv[1], "-V")) {
        puts("cwrun " CWRUN_VERSION);
        return 0;
    }
    if (!strcmp(argv[1], "--help") || !strcmp(argv[1], "-h") || !strcmp(argv[1], "help"))
        return help(argv[2]);
    for (size_t i = 0; i < N_COMMANDS; i++)
        if (!strcmp(argv[1], commands[i].name))
            return commands[i].run(argc - 2, argv + 2);
    return cli_run(argc - 1, argv + 1);
}

int main(int argc, char **argv)
{
    int status = run(argc, argv);
    if ((fflush(stdout) == 0 && !ferror(stdout)) || status != 0)
        return status;
    fputs("Error: standard output: cannot be written\n", stderr);
    return EXIT_FAILURE;
}
