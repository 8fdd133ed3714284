/* cli/dump.c: `cwrun dump`: the bytes of a binary, their offsets and what they mean. */
#include "cli/cli.h"

int cli_dump(int argc, char **argv)
{
    cli_args args = { .words = argv, .n = argc, .command = 'D' };
    const char *to = NULL;
    for (int option; (option = cli_next_option(&args)) >= 0;) {
        if (option == OPT_HELP) {
            cli_print_help('D', stdout);
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
    const char *path = args.words[args.at];
    cwrun_arena *arena = cwrun_arena_new(NULL);
    cwrun_str binary = cli_read_binary(path, arena, &err);
    FILE *out = cli_create(to, &err);
    cwrun_dump(binary.data, binary.size, cli_name(path), cwrun_to_file, out, &err);
    cli_close(out, to, &err);
    cwrun_arena_drop(arena);
    return cli_report(&err);
}
