/* cli/parse.c: `cwrun parse`: text to binary. */
#include <stdlib.h>

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
    const char *path = args.words[args.at];
    size_t size;
    uint8_t *bytes = cli_read(path, &size, &err);
    cwrun_arena *arena = cwrun_arena_new(NULL);
    cwrun_str binary = { (const char *)bytes, size };
    if (bytes && arena && cwrun_is_text(bytes, size))
        binary = cwrun_text_encode(binary, path, arena, &err);
    if (!cwrun_failed(&err)) {
        FILE *out = to ? fopen(to, "wb") : stdout;
        if (!out || fwrite(binary.data, 1, binary.size, out) != binary.size || fflush(out) != 0)
            cwrun_error_set(&err, CWRUN_ERROR_INPUT, 0, "%s: cannot be written", to ? to : "standard output");
        if (to && out)
            fclose(out);
    }
    cwrun_arena_drop(arena);
    free(bytes);
    return cli_report(&err);
}
