/* cli/objdump.c: `cwrun objdump`: instructions of functions, or the internal code they become. */
#include "cli/cli.h"

int cli_objdump(int argc, char **argv)
{
    cli_args args = { .words = argv, .n = argc, .command = 'O' };
    const char *function = NULL;
    bool is_translated = false;
    for (int option; (option = cli_next_option(&args)) >= 0;) {
        if (option == OPT_HELP) {
            cli_print_help('O', stdout);
            return 0;
        }
        if (option == OPT_FUNCTION)
            function = args.value;
        is_translated = is_translated || option == OPT_TRANSLATED;
    }
    if (args.bad)
        return EXIT_USAGE;
    if (args.n - args.at != 1)
        return cli_usage_error(&args, "it takes one file");

    cwrun_error err = CWRUN_ERROR_INIT;
    cwrun_engine *engine = cli_engine_for_looking(&err);
    cli_file file = { 0 };
    if (cli_load(engine, args.words[args.at], &file, &err) && file.component)
        cwrun_error_set(&err, CWRUN_ERROR_ARGUMENT, 0, "%s: objdump takes core modules; this is a component",
                        file.path);
    cwrun_module_objdump(file.module, function, is_translated, cwrun_to_file, stdout, &err);
    cli_file_drop(&file);
    cwrun_engine_drop(engine);
    return cli_report(&err);
}
