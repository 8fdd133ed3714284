/* cli/parse.c: `cwrun parse`: text to binary. */
#include "cli/cli.h"

int cli_parse(int argc, char **argv)
{
    cli_args args = { .words = argv, .n = argc, .command = 'P' };
    const char *to = NULL;
    for (int option; (option = cli_next_option(&args)) >= 0;) {
        if (option == OPT_HELP) {
            cli_print_help('P', stdout);
            return 0;
        }
        if (option == OPT_OUTPUT)
            to = args.value;
    }
    if (args.bad)
        return EXIT_USAGE;
    if (args.n - args.at != 1)
        return cli_usage_error(&args, "it takes one file");

    cwrun_error err = CWRUN_ERROR_INIT;
    cwrun_arena *arena = cwrun_arena_new(NULL);
    cli_write(to, cli_read_binary(args.words[args.at], arena, &err), &err);
    cwrun_arena_drop(arena);
    return cli_report(&err);
}
