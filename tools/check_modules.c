/* tools/check_modules.c: loads core modules and says what the validator thinks of each.
 *
 *     check_modules FILE ...          one line per file: "ok" or the error
 *     check_modules -                 the same for the file names on stdin
 *     check_modules --bench N FILE    loads the file N times; prints bytes of code per second of the fastest
 *     check_modules --damage N FILE   every prefix (where the file is small) and N seeded byte changes; must not crash
 */
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#include "base/error.h"
#include "core/module.h"
#ifdef WITH_COMPONENTS
#include "component/component.h"
#endif

static const cw_features all = CW_FEATURES_3_0;

static uint8_t *read_file(const char *name, size_t *size)
{
    FILE *f = fopen(name, "rb");
    if (!f)
        return NULL;
    size_t cap = 1 << 16, n = 0, got;
    uint8_t *bytes = malloc(cap);
    while ((got = fread(bytes + n, 1, cap - n, f)) > 0) {
        n += got;
        if (n == cap)
            bytes = realloc(bytes, cap *= 2);
    }
    fclose(f);
    *size = n;
    return bytes;
}

static size_t code_size(const cw_module *m)
{
    size_t n = 0;
    for (uint32_t i = 0; i < m->n_funcs - m->n_imported_funcs; i++)
        n += (size_t)(m->bodies[i].end - m->bodies[i].code);
    return n;
}

/* Whether the bytes are a valid module. */
static bool load(cw_types *types, const uint8_t *bytes, size_t size, cwrun_error *err, size_t *n_code)
{
    cw_arena arena;
    cw_arena_init(&arena, &cw_alloc_default);
    cw_module_config config = { types, all, &cw_alloc_default };
    cw_reader r;
    cw_reader_init(&r, bytes, size, NULL, &arena, err);
#ifdef WITH_COMPONENTS
    if (size >= 8 && bytes[6] == 1) {
        bool is_valid = cw_component_read(&r, &config) != NULL;
        cw_arena_fini(&arena);
        return is_valid;
    }
#endif
    cw_module *m = cw_module_read(&r, &config);
    bool ok = m != NULL;
    if (ok && n_code)
        *n_code = code_size(m);
    cw_arena_fini(&arena);
    return ok;
}

static void check(cw_types *types, const char *name)
{
    cwrun_error err = CWRUN_ERROR_INIT;
    size_t size = 0;
    uint8_t *bytes = read_file(name, &size);
    if (!bytes)
        printf("%s: cannot be read\n", name);
    else if (load(types, bytes, size, &err, NULL))
        printf("%s: ok\n", name);
    else
        printf("%s: %s\n", name, err.message ? err.message : "failed without an error");
    cwrun_error_clear(&err);
    free(bytes);
}

static double now(void)
{
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (double)t.tv_sec + (double)t.tv_nsec * 1e-9;
}

static int bench(cw_types *types, int n, const char *name)
{
    size_t size = 0, n_code = 0;
    uint8_t *bytes = read_file(name, &size);
    double best = 1e9;
    for (int i = 0; bytes && i < n; i++) {
        cwrun_error err = CWRUN_ERROR_INIT;
        double start = now();
        bool ok = load(types, bytes, size, &err, &n_code);
        double took = now() - start;
        if (took < best)
            best = took;
        if (!ok) {
            printf("%s\n", err.message);
            cwrun_error_clear(&err);
            return 1;
        }
    }
    printf("%s: %zu bytes, %zu of code, %.2f ms, %.0f MB of code per second\n", name, size, n_code, best * 1e3,
           (double)n_code / best * 1e-6);
    free(bytes);
    return 0;
}

/* Loads a copy of exactly this size, so that a sanitizer sees reading past it. */
static bool load_copy(cw_types *types, const uint8_t *bytes, size_t size)
{
    cwrun_error err = CWRUN_ERROR_INIT;
    uint8_t *copy = malloc(size ? size : 1);
    memcpy(copy, bytes, size);
    bool ok = load(types, copy, size, &err, NULL);
    if (!ok && !err.message) {
        printf("failed without an error\n");
        exit(1);
    }
    cwrun_error_clear(&err);
    free(copy);
    return ok;
}

static int damage(cw_types *types, int n, const char *name)
{
    size_t size = 0;
    uint8_t *bytes = read_file(name, &size);
    unsigned n_ok = 0, n_prefixes = 0;
    uint64_t seed = 0x9e3779b97f4a7c15u;
    if (!bytes || size == 0)
        return 1;
    for (size_t i = 0; i < size && size <= 20000; i++, n_prefixes++)
        n_ok += load_copy(types, bytes, i);
    for (int i = 0; i < n; i++) {
        seed = seed * 6364136223846793005u + 1442695040888963407u;
        size_t at = (size_t)(seed >> 20) % size;
        uint8_t old = bytes[at];
        bytes[at] = (uint8_t)(seed >> 12);
        n_ok += load_copy(types, bytes, size);
        bytes[at] = old;
    }
    printf("%s: %u prefixes, %d changes, %u still valid\n", name, n_prefixes, n, n_ok);
    free(bytes);
    return 0;
}

int main(int argc, char **argv)
{
    int status = 0;
    cw_types *types = cw_types_new(&cw_alloc_default);
    if (argc == 4 && strcmp(argv[1], "--bench") == 0) {
        status = bench(types, atoi(argv[2]), argv[3]);
    } else if (argc == 4 && strcmp(argv[1], "--damage") == 0) {
        status = damage(types, atoi(argv[2]), argv[3]);
    } else if (argc == 2 && strcmp(argv[1], "-") == 0) {
        char line[4096];
        while (fgets(line, sizeof line, stdin)) {
            line[strcspn(line, "\n")] = '\0';
            check(types, line);
        }
    } else {
        for (int i = 1; i < argc; i++)
            check(types, argv[i]);
    }
    cw_types_drop(types);
    return status;
}
