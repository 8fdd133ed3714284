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
        if (option == OPT_OUTPUT || option == OPT_OUTPUT_LONG)
            to = args.value;
    }
    if (args.bad)
        return EXIT_USAGE;
    if (args.n - args.at != 1)
        return cli_usage_error(&args, "it takes one file");

    cwrun_error err = CWRUN_ERROR_INIT;
    cwrun_arena *arena = cwrun_arena_new(NULL);
    cwrun_str binary = cli_read_binary(args.words[args.at], arena, &err);
    if (!cwrun_failed(&err) && cwrun_is_text(binary.data, binary.size))
        cwrun_error_set(&err, CWRUN_ERROR_INPUT, 0, "%s: neither text nor a WebAssembly binary", args.words[args.at]);
    cli_write(to, binary, &err);
    cwrun_arena_drop(arena);
    return cli_report(&err);
}
