/* cli/validate.c: `cwrun validate`: loads and checks files, runs nothing. */
#include "cli/cli.h"

static void print_error(void *user, const cwrun_error *err)
{
    (void)user;
    fputs("Error: ", stderr);
    cwrun_error_print(err, cwrun_to_file, stderr);
}

/* Prints all errors of a file instead of its first. */
static bool check_all(cwrun_engine *engine, const char *path, bool *is_component, cwrun_error *err)
{
    const char *name = cli_name(path);
    cwrun_arena *arena = cwrun_arena_new(NULL);
    cwrun_str binary = cli_read_binary(path, arena, err);
    fflush(stdout);
    *is_component = binary.size >= 8 && binary.data[6] == 1;
    bool ok = cwrun_validate(engine, binary.data, binary.size, name, print_error, NULL, err);
    cwrun_arena_drop(arena);
    return ok;
}

static bool check_one(cwrun_engine *engine, const char *path, bool *is_component, cwrun_error *err)
{
    cli_file file;
    bool ok = cli_load(engine, path, &file, err);
    *is_component = file.component;
    cli_file_drop(&file);
    return ok;
}

int cli_validate(int argc, char **argv)
{
    cli_args args = { .words = argv, .n = argc, .command = 'V' };
    cwrun_config config = CWRUN_CONFIG_INIT;
    cwrun_error err = CWRUN_ERROR_INIT;
    bool quiet = false, all = false;
    for (int option; (option = cli_next_option(&args)) >= 0;) {
        if (option == OPT_HELP) {
            cli_print_help('V', stdout);
            return 0;
        }
        quiet = quiet || option == OPT_QUIET;
        all = all || option == OPT_ALL_ERRORS;
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
        const char *path = args.words[args.at];
        bool is_component;
        if ((all ? check_all : check_one)(engine, path, &is_component, &err)) {
            if (!quiet)
                printf("%s: valid %s\n", path, is_component ? "component" : "core module");
        } else {
            cli_report(&err);
            status = EXIT_LOAD;
        }
    }
    cwrun_engine_drop(engine);
    return status;
}
