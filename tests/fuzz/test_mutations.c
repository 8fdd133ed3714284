/* fuzz/test_mutations.c: damaged files load or fail with an error; they never crash, leak or hang.
 *
 * Every guest of testdata is cut at every so-many-th byte and changed at seeded random places; what still loads is
 * instantiated with little fuel and memory. `test_mutations full FILE…` cuts at every byte and makes 20,000 changes
 * over all files: the long dose, under the sanitizers. */
#include <dirent.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#include <cmocka.h>

#include "cwrun.h"

typedef struct blob {
    char name[512];
    uint8_t *bytes;
    size_t size;
} blob;

static size_t n_loaded, n_refused;

static blob read_blob(const char *path)
{
    blob b = { .bytes = NULL };
    FILE *in = fopen(path, "rb");
    snprintf(b.name, sizeof b.name, "%s", path);
    assert_non_null(in);
    fseek(in, 0, SEEK_END);
    b.size = (size_t)ftell(in);
    rewind(in);
    b.bytes = malloc(b.size + 1);
    assert_int_equal(fread(b.bytes, 1, b.size, in), b.size);
    fclose(in);
    return b;
}

enum { DUMPED = 4096 }; /* files up to this size */

static bool count_lines(void *user, const char *data, size_t size)
{
    for (size_t i = 0; i < size; i++)
        *(size_t *)user += data[i] == '\n';
    return true;
}

typedef struct printed {
    char *text;
    size_t size;
} printed;

static bool append(void *user, const char *data, size_t size)
{
    printed *p = user;
    p->text = realloc(p->text, p->size + size);
    memcpy(p->text + p->size, data, size);
    p->size += size;
    return p->size < 1 << 22;
}

/* Prints and parses; {NULL, 0} where either fails. */
static cwrun_str print_and_parse(const void *bytes, size_t size, bool fold, cwrun_arena *arena)
{
    cwrun_error why = CWRUN_ERROR_INIT;
    cwrun_text_print_options options = { .fold = fold };
    printed p = { NULL, 0 };
    cwrun_str binary = { NULL, 0 };
    if (cwrun_text_print(bytes, size, NULL, &options, append, &p, &why))
        binary = cwrun_text_encode((cwrun_str){ p.text, p.size }, NULL, arena, &why);
    cwrun_error_clear(&why);
    free(p.text);
    return binary;
}

/* What decodes is printed and parsed; from then on the bytes stay the same. */
static void try_printing(const uint8_t *bytes, size_t size, bool valid)
{
    cwrun_arena *arena = cwrun_arena_new(NULL);
    cwrun_str once = print_and_parse(bytes, size, size & 1, arena);
    if (once.data) {
        cwrun_str twice = print_and_parse(once.data, once.size, !(size & 1), arena);
        assert_non_null(twice.data);
        assert_int_equal(twice.size, once.size);
        assert_memory_equal(twice.data, once.data, once.size);
    } else {
        assert_false(valid);
    }
    cwrun_arena_drop(arena);
}

/* Loads, and runs what start functions there are, in an engine that is bounded in every way. */
static void try_bytes(cwrun_engine *engine, const uint8_t *bytes, size_t size)
{
    cwrun_error err = CWRUN_ERROR_INIT;
    cwrun_limits limits = { .max_memory = 64 << 20, .max_table = 100000, .max_instances = 1000 };
    cwrun_component *component = NULL;
    cwrun_module *module = NULL;
    bool is_component = size >= 8 && bytes[6] == 1;
    uint8_t *copy = malloc(size ? size : 1); /* of its exact size, so that a sanitizer sees reads past the end */
    memcpy(copy, bytes, size);
    if (is_component)
        component = cwrun_component_load(engine, copy, size, NULL, &err);
    else
        module = cwrun_module_load(engine, copy, size, NULL, &err);
    if (size < DUMPED) {
        cwrun_error why = CWRUN_ERROR_INIT;
        size_t n_lines = 0;
        bool ok = cwrun_dump(copy, size, NULL, count_lines, &n_lines, &why);
        assert_true(ok != cwrun_failed(&why));
        cwrun_error_clear(&why);
    }
    if (size < DUMPED)
        try_printing(copy, size, component || module);
    free(copy);
    if (component || module) {
        assert_false(cwrun_failed(&err));
        n_loaded++;
        cwrun_store *store = cwrun_store_new(engine, &limits, &err);
        cwrun_store_set_fuel(store, 100000);
        if (component)
            cwrun_instantiate(store, component, NULL, &err);
        else
            cwrun_module_instantiate(store, module, NULL, &err);
        cwrun_store_drop(store);
    } else {
        assert_true(cwrun_failed(&err));
        assert_true(err.message && *err.message);
        n_refused++;
    }
    cwrun_error_clear(&err);
    cwrun_component_drop(component);
    cwrun_module_drop(module);
}

static uint64_t random_state;

static uint64_t next_random(void) /* xorshift64* */
{
    random_state ^= random_state >> 12;
    random_state ^= random_state << 25;
    random_state ^= random_state >> 27;
    return random_state * 2685821657736338717u;
}

static cwrun_engine *new_engine(void)
{
    cwrun_config config = CWRUN_CONFIG_INIT;
    config.fuel = true;
    cwrun_engine *engine = cwrun_engine_new(&config, NULL);
    assert_non_null(engine);
    return engine;
}

static void cut(const blob *b, size_t step)
{
    cwrun_engine *engine = new_engine();
    for (size_t n = 0; n < b->size; n += step)
        try_bytes(engine, b->bytes, n);
    cwrun_engine_drop(engine);
}

static void change(const blob *b, size_t times, uint64_t seed)
{
    if (!b->size)
        return;
    cwrun_engine *engine = new_engine();
    uint8_t *copy = malloc(b->size);
    random_state = seed * 0x9e3779b97f4a7c15u | 1;
    for (size_t i = 0; i < times; i++) {
        memcpy(copy, b->bytes, b->size);
        for (uint64_t n = next_random() % 4 + 1; n; n--)
            copy[next_random() % b->size] =
                next_random() % 3 ? (uint8_t)next_random() : (uint8_t)(1u << next_random() % 8);
        try_bytes(engine, copy, b->size);
        if (i % 200 == 199) { /* types that damaged files registered go with their engine */
            cwrun_engine_drop(engine);
            engine = new_engine();
        }
    }
    free(copy);
    cwrun_engine_drop(engine);
}

static blob guests[64];
static size_t n_guests;

static void read_guests(const char *folder)
{
    DIR *dir = opendir(folder);
    assert_non_null(dir);
    for (struct dirent *e; (e = readdir(dir)) && n_guests < 64;) {
        size_t size = strlen(e->d_name);
        char path[512];
        if (size < 5 || strcmp(e->d_name + size - 5, ".wasm") != 0)
            continue;
        snprintf(path, sizeof path, "%s/%s", folder, e->d_name);
        guests[n_guests++] = read_blob(path);
    }
    closedir(dir);
    assert_true(n_guests > 0);
}

static void files_cut_short_are_refused_with_an_error(void **state)
{
    (void)state;
    for (size_t i = 0; i < n_guests; i++)
        cut(&guests[i], guests[i].size / 150 + 1);
    assert_true(n_refused > 100);
}

static void files_with_changed_bytes_load_or_fail(void **state)
{
    (void)state;
    for (size_t i = 0; i < n_guests; i++)
        change(&guests[i], 60, i + 1);
    assert_true(n_loaded > 10);
}

static int full(int argc, char **argv)
{
    for (int i = 2; i < argc; i++) {
        blob b = read_blob(argv[i]);
        cut(&b, 1);
        change(&b, 20000 / (size_t)(argc - 2) + 1, (uint64_t)i);
        free(b.bytes);
    }
    printf("%zu loaded, %zu refused\n", n_loaded, n_refused);
    return 0;
}

int main(int argc, char **argv)
{
    if (argc > 2 && !strcmp(argv[1], "full"))
        return full(argc, argv);
    read_guests("testdata/guests");
    read_guests("testdata/bad");
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(files_cut_short_are_refused_with_an_error),
        cmocka_unit_test(files_with_changed_bytes_load_or_fail),
    };
    int status = cmocka_run_group_tests(tests, NULL, NULL);
    for (size_t i = 0; i < n_guests; i++)
        free(guests[i].bytes);
    return status;
}
