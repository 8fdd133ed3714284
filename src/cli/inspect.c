/* cli/inspect.c: `cwrun inspect`: imports and exports with their full types, and what the file needs to run. */
#include "cli/cli.h"

const char *cli_grant_of(cwrun_str import)
{
    static const struct {
        const char *prefix, *grant;
    } grants[] = {
#define GRANT(prefix, grant) { prefix, grant },
#include "cli/grants.def"
#undef GRANT
    };
    for (size_t i = 0; i < sizeof grants / sizeof *grants; i++) {
        size_t size = strlen(grants[i].prefix);
        if (import.size >= size && !memcmp(import.data, grants[i].prefix, size))
            return grants[i].grant;
    }
    return NULL;
}

static uint32_t n_items(const cli_file *file, bool imports)
{
    if (file->component)
        return imports ? cwrun_component_n_imports(file->component) : cwrun_component_n_exports(file->component);
    return imports ? cwrun_module_n_imports(file->module) : cwrun_module_n_exports(file->module);
}

static cwrun_item item_at(const cli_file *file, bool imports, uint32_t i)
{
    if (file->component)
        return *(imports ? cwrun_component_import(file->component, i) : cwrun_component_export(file->component, i));
    return imports ? cwrun_module_import(file->module, i) : cwrun_module_export(file->module, i);
}

/* The name grants are looked up by: of core imports the module. */
static cwrun_str grant_name(const cwrun_item *item)
{
    return item->module.data ? item->module : item->name;
}

/* ---- text ---- */

static void print_needs(const cli_file *file)
{
    uint32_t n = n_items(file, true);
    puts("\nneeds:");
    if (!n)
        puts("  nothing");
    cwrun_str last = { NULL, 0 };
    for (uint32_t i = 0; i < n; i++) {
        cwrun_item item = item_at(file, true, i);
        cwrun_str name = grant_name(&item);
        if (item.kind == CWRUN_ITEM_TYPE ||
            (last.size == name.size && last.data && !memcmp(last.data, name.data, name.size)))
            continue;
        const char *grant = cli_grant_of(name);
        printf("  %.*s: %s\n", (int)name.size, name.data, grant ? grant : "nothing built in: the embedder gives it");
        last = name;
    }
}

static void print_text(const cli_file *file)
{
    printf("%s: %s\n", file->path, file->component ? "component" : "core module");
    for (int imports = 1; imports >= 0; imports--) {
        uint32_t n = n_items(file, imports);
        printf("\n%s:\n", imports ? "imports" : "exports");
        if (!n)
            puts("  none");
        for (uint32_t i = 0; i < n; i++) {
            cwrun_item item = item_at(file, imports, i);
            cwrun_item_print(&item, 1, cwrun_to_file, stdout);
        }
    }
    print_needs(file);
}

/* ---- JSON ---- */

/* The size of the character of UTF-8 at s, 0 where there is none. */
static size_t char_size(const unsigned char *s, size_t n)
{
    const size_t size = s[0] < 0x80 ? 1 : s[0] < 0xc2 ? 0 : s[0] < 0xe0 ? 2 : s[0] < 0xf0 ? 3 : s[0] < 0xf5 ? 4 : 0;
    if (size > n)
        return 0;
    for (size_t i = 1; i < size; i++)
        if ((s[i] & 0xc0) != 0x80)
            return 0;
    const bool is_long = (s[0] == 0xe0 && s[1] < 0xa0) || (s[0] == 0xf0 && s[1] < 0x90);
    return is_long || (s[0] == 0xed && s[1] >= 0xa0) || (s[0] == 0xf4 && s[1] >= 0x90) ? 0 : size;
}

bool cli_write_json(void *unused, const char *data, size_t size)
{
    (void)unused;
    for (size_t i = 0, n; i < size; i += n ? n : 1) {
        const unsigned char *c = (const unsigned char *)data + i;
        n = char_size(c, size - i);
        if (!n)
            fputs("\\ufffd", stdout);
        else if (*c == '"' || *c == '\\')
            printf("\\%c", *c);
        else if (*c < 0x20)
            printf("\\u%04x", *c);
        else
            fwrite(c, 1, n, stdout);
    }
    return true;
}

static void print_json_str(const char *key, cwrun_str value)
{
    printf("\"%s\": \"", key);
    cli_write_json(NULL, value.data, value.size);
    putchar('"');
}

static const char *kind_word(uint8_t kind)
{
    static const char *const words[] = { "",        "func",   "instance",  "component",  "type",        "resource",
                                         "value",   "module", "core func", "core table", "core memory", "core global",
                                         "core tag" };
    return kind < sizeof words / sizeof *words ? words[kind] : "";
}

static void print_json_item(const cwrun_item *item)
{
    printf("{");
    if (item->module.data) {
        print_json_str("module", item->module);
        printf(", ");
    }
    print_json_str("name", item->name);
    printf(", \"kind\": \"%s\"", kind_word(item->kind));
    if (item->func) {
        printf(", \"params\": [");
        for (uint32_t i = 0; i < cwrun_functype_n_params(item->func); i++) {
            printf("%s{", i ? ", " : "");
            print_json_str("name", cwrun_functype_param_name(item->func, i));
            printf(", \"type\": \"");
            cwrun_type_print(cwrun_functype_param(item->func, i), false, cli_write_json, NULL);
            printf("\"}");
        }
        printf("], \"result\": ");
        const cwrun_type *result = cwrun_functype_result(item->func);
        if (result) {
            putchar('"');
            cwrun_type_print(result, false, cli_write_json, NULL);
            putchar('"');
        } else {
            printf("null");
        }
        printf(", \"async\": %s", cwrun_functype_is_async(item->func) ? "true" : "false");
    } else if (item->kind != CWRUN_ITEM_INSTANCE) {
        printf(", \"wit\": \"");
        cwrun_item_print(item, 0, cli_write_json, NULL);
        printf("\"");
    }
    if (item->kind == CWRUN_ITEM_INSTANCE) {
        printf(", \"items\": [");
        for (uint32_t i = 0; i < item->n_items; i++) {
            printf("%s", i ? ", " : "");
            print_json_item(&item->items[i]);
        }
        printf("]");
    }
    printf("}");
}

static void print_json(const cli_file *file)
{
    printf("{");
    print_json_str("file", cwrun_str_of(file->path));
    printf(", \"kind\": \"%s\"", file->component ? "component" : "core module");
    for (int imports = 1; imports >= 0; imports--) {
        printf(", \"%s\": [", imports ? "imports" : "exports");
        for (uint32_t i = 0; i < n_items(file, imports); i++) {
            cwrun_item item = item_at(file, imports, i);
            printf("%s", i ? ", " : "");
            print_json_item(&item);
        }
        printf("]");
    }
    printf(", \"needs\": [");
    for (uint32_t i = 0, n = 0; i < n_items(file, true); i++) {
        cwrun_item item = item_at(file, true, i);
        if (item.kind == CWRUN_ITEM_TYPE)
            continue;
        const char *grant = cli_grant_of(grant_name(&item));
        printf("%s{", n++ ? ", " : "");
        print_json_str("name", grant_name(&item));
        printf(", ");
        print_json_str("granted_by", cwrun_str_of(grant ? grant : ""));
        printf("}");
    }
    puts("]}");
}

int cli_inspect(int argc, char **argv)
{
    cli_args args = { .words = argv, .n = argc, .command = 'I' };
    bool json = false;
    for (int option; (option = cli_next_option(&args)) >= 0;) {
        if (option == OPT_HELP) {
            cli_print_help('I', stdout);
            return 0;
        }
        json = json || option == OPT_JSON;
    }
    if (args.bad)
        return EXIT_USAGE;
    if (args.n - args.at != 1)
        return cli_usage_error(&args, args.at == args.n ? "which file?" : "one file at a time");

    cwrun_error err = CWRUN_ERROR_INIT;
    cwrun_engine *engine = cli_engine_for_looking(&err);
    cli_file file = { 0 };
    if (cli_load(engine, args.words[args.at], &file, &err))
        (json ? print_json : print_text)(&file);
    cli_file_drop(&file);
    cwrun_engine_drop(engine);
    return cli_report(&err);
}
