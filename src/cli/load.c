/* cli/load.c: reads a file or standard input, tells components from core modules, and reports errors with the exit
 * status their kind asks for. */
#include <errno.h>
#include <string.h>
#include <sys/stat.h>

#include "cli/cli.h"

enum { MAX_FILE = 1 << 30 }; /* devices have no end */

static cwrun_str read_all(FILE *in, cwrun_arena *arena, cwrun_error *err, const char *path)
{
    struct stat st;
    bool known = fstat(fileno(in), &st) == 0 && S_ISREG(st.st_mode) && st.st_size > 0,
         big = known && st.st_size > MAX_FILE;
    size_t cap = known && !big ? (size_t)st.st_size + 1 : 65536, n = 0;
    char *bytes = arena ? cwrun_arena_alloc(arena, cap) : NULL;
    while (bytes && !big && n <= MAX_FILE) {
        n += fread(bytes + n, 1, cap - n, in);
        if (n < cap)
            break;
        char *bigger = cwrun_arena_alloc(arena, cap *= 2);
        if (bigger)
            memcpy(bigger, bytes, n);
        bytes = bigger;
    }
    if (!bytes)
        cwrun_error_set(err, CWRUN_ERROR_LIMIT, CWRUN_LIMIT_HOST_MEMORY, "%s: out of memory", path);
    else if (big || n > MAX_FILE || ferror(in))
        cwrun_error_set(err, CWRUN_ERROR_INPUT, 0, "%s: %s", path, strerror(big || n > MAX_FILE ? EFBIG : errno));
    else
        return (cwrun_str){ bytes, n };
    return (cwrun_str){ NULL, 0 };
}

static bool looks_like_text(cwrun_str file)
{
    const uint8_t *bytes = (const uint8_t *)file.data;
    if (file.size && (*bytes == '(' || *bytes == ';'))
        return true;
    for (size_t i = 0; i < file.size && i < 64; i++)
        if (bytes[i] < 0x09 || (bytes[i] > 0x0d && bytes[i] < 0x20))
            return false;
    return true;
}

const char *cli_name(const char *path)
{
    return !strcmp(path, "-") ? "<stdin>" : path;
}

cwrun_str cli_read(const char *path, cwrun_arena *arena, cwrun_error *err)
{
    const bool is_stdin = !strcmp(path, "-");
    if (cwrun_failed(err))
        return (cwrun_str){ NULL, 0 };
    FILE *in = is_stdin ? stdin : fopen(path, "rb");
    if (!in) {
        cwrun_error_set(err, CWRUN_ERROR_INPUT, 0, "%s: %s", path, strerror(errno));
        return (cwrun_str){ NULL, 0 };
    }
    const cwrun_str file = read_all(in, arena, err, cli_name(path));
    if (!is_stdin)
        fclose(in);
    return file;
}

cwrun_str cli_read_binary(const char *path, cwrun_arena *arena, cwrun_error *err)
{
    const char *name = cli_name(path);
    const cwrun_str file = cli_read(path, arena, err);
    if (!file.data)
        return file;
    if (file.size == 0)
        cwrun_error_set(err, CWRUN_ERROR_INPUT, 0, "%s: the file is empty", name);
    else if (cwrun_is_text(file.data, file.size) && looks_like_text(file))
        return cwrun_text_encode(file, name, arena, err);
    return file;
}

static void cannot_write(const char *path, cwrun_error *err)
{
    cwrun_error_set(err, CWRUN_ERROR_INPUT, 0, "%s: cannot be written", path ? path : "standard output");
}

FILE *cli_create(const char *path, cwrun_error *err)
{
    if (cwrun_failed(err)) /* what is there stays as it is */
        return NULL;
    FILE *out = path ? fopen(path, "wb") : stdout;
    if (!out)
        cannot_write(path, err);
    return out;
}

void cli_close(FILE *out, const char *path, cwrun_error *err)
{
    if (out && (fflush(out) != 0 || ferror(out)))
        cannot_write(path, err);
    if (out && path)
        fclose(out);
}

bool cli_write(const char *path, cwrun_str bytes, cwrun_error *err)
{
    if (cwrun_failed(err))
        return false;
    FILE *out = path ? fopen(path, "wb") : stdout;
    if (!out || fwrite(bytes.data, 1, bytes.size, out) != bytes.size || fflush(out) != 0)
        cwrun_error_set(err, CWRUN_ERROR_INPUT, 0, "%s: %s", path ? path : "standard output", strerror(errno));
    if (path && out && fclose(out) != 0)
        cwrun_error_set(err, CWRUN_ERROR_INPUT, 0, "%s: %s", path, strerror(errno));
    return !cwrun_failed(err);
}

cwrun_engine *cli_engine_for_looking(cwrun_error *err)
{
    cwrun_config config = CWRUN_CONFIG_INIT;
    config.features_on = cwrun_feature("all");
    return cwrun_engine_new(&config, err);
}

bool cli_load(cwrun_engine *engine, const char *path, cli_file *file, cwrun_error *err)
{
    const char *name = cli_name(path);
    *file = (cli_file){ path, NULL, NULL };
    cwrun_arena *arena = cwrun_arena_new(NULL);
    cwrun_str binary = cli_read_binary(path, arena, err);
    bool ok = !cwrun_failed(err);
    if (ok && binary.size >= 8 && binary.data[6] == 1 && binary.data[7] == 0)
        file->component = cwrun_component_load(engine, binary.data, binary.size, name, err);
    else if (ok)
        file->module = cwrun_module_load(engine, binary.data, binary.size, name, err);
    cwrun_arena_drop(arena);
    return file->component || file->module;
}

void cli_file_drop(cli_file *file)
{
    cwrun_component_drop(file->component);
    cwrun_module_drop(file->module);
}

int cli_report(cwrun_error *err)
{
    int status;
    switch (err->kind) {
    case CWRUN_ERROR_NONE: return 0;
    case CWRUN_ERROR_EXIT:
        status = err->exit_status;
        cwrun_error_clear(err);
        return status;
    case CWRUN_ERROR_ARGUMENT: status = EXIT_USAGE; break;
    case CWRUN_ERROR_TRAP:
    case CWRUN_ERROR_EXCEPTION: status = EXIT_TRAP; break;
    case CWRUN_ERROR_LIMIT: /* what ended a running guest; the others keep it from being loaded or instantiated */
        status = err->code == CWRUN_LIMIT_FUEL || err->code == CWRUN_LIMIT_TIMEOUT ||
                         err->code == CWRUN_LIMIT_HANDLES || err->code == CWRUN_LIMIT_CALL_BYTES ||
                         err->code == CWRUN_LIMIT_GC_HEAP || err->code == CWRUN_LIMIT_UNSUPPORTED
                     ? EXIT_TRAP
                     : EXIT_LOAD;
        break;
    default: status = EXIT_LOAD;
    }
    fflush(stdout);
    fputs("Error: ", stderr);
    cwrun_error_report(err, stderr);
    return status;
}
