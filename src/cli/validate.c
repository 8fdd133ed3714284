/* cli/validate.c: `cwrun validate`: loads and checks files, runs nothing. */
#include "cli/cli.h"

int cli_validate(int argc, char **argv)
{
    cli_args args = { .words = argv, .n = argc, .command = 'V' };
    cwrun_config config = CWRUN_CONFIG_INIT;
    cwrun_error err = CWRUN_ERROR_INIT;
    bool quiet = false;
    for (int option; (option = cli_next_option(&args)) >= 0;) {
        if (option == OPT_HELP) {
            cli_print_help('V', stdout);
            return 0;
        }
        quiet = quiet || option == OPT_QUIET;
        if (option == OPT_FEATURES && !cwrun_config_features(&config, args.value, &err))
            return cli_report(&err);
    }
    if (args.bad)
        return EXIT_USAGE;
    if (args.at == args.n)
        return cli_usage_error(&args, "which file?");

    cwrun_engine *engine = cwrun_engine_new(&config, &err);
    int status = cli_report(&err);
    for (; engine && args.at < args.n; args.at++) {
        cli_file file;
        if (cli_load(engine, args.words[args.at], &file, &err)) {
            if (!quiet)
                printf("%s: valid %s\n", file.path, file.component ? "component" : "core module");
        } else {
            cli_report(&err);
            status = EXIT_LOAD;
        }
        cli_file_drop(&file);
    }
    cwrun_engine_drop(engine);
    return status;
}
