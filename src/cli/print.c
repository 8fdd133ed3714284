/* cli/print.c: `cwrun print`: binary to text. */
#include "cli/cli.h"

int cli_print(int argc, char **argv)
{
    cli_args args = { .words = argv, .n = argc, .command = 'X' };
    const char *to = NULL;
    cwrun_text_print_options options = { 0 };
    for (int option; (option = cli_next_option(&args)) >= 0;) {
        switch (option) {
        case OPT_HELP: cli_print_help('X', stdout); return 0;
        case OPT_OUTPUT:
        case OPT_OUTPUT_LONG: to = args.value; break;
        case OPT_FOLD:
        case OPT_FOLD_SHORT: options.fold = true; break;
        case OPT_OFFSETS:
        case OPT_OFFSETS_SHORT: options.offsets = true; break;
        default: options.skeleton = options.skeleton || option == OPT_SKELETON;
        }
    }
    if (args.bad)
        return EXIT_USAGE;
    if (args.n - args.at != 1)
        return cli_usage_error(&args, "it takes one file");

    cwrun_error err = CWRUN_ERROR_INIT;
    const char *path = args.words[args.at], *name = cli_name(path);
    cwrun_arena *arena = cwrun_arena_new(NULL);
    cwrun_str binary = cli_read_binary(path, arena, &err);
    FILE *out = cli_create(to, &err);
    if (!cwrun_failed(&err))
        cwrun_text_print(binary.data, binary.size, name, &options, cwrun_to_file, out, &err);
    cli_close(out, to, &err);
    cwrun_arena_drop(arena);
    return cli_report(&err);
}
