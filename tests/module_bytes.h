/* module_bytes.h: small modules put together in tests, and loading them; all in this header.
 *
 *     module_bytes b = { 0 };
 *     module_begin(&b);
 *     SECTION(&b, 1, "\1\x60\0\0");                  // id, content
 *     loaded l = module_load(&b, CW_FEATURES_3_0);   // l.m is NULL where l.err is set
 *     loaded_free(&l); */
#ifndef CW_TESTS_MODULE_BYTES_H
#define CW_TESTS_MODULE_BYTES_H

#include "core/module.h"

#include <stdlib.h>

typedef struct module_bytes {
    uint8_t bytes[8192];
    size_t n;
} module_bytes;

static inline void module_put(module_bytes *b, const void *data, size_t n)
{
    if (n > sizeof b->bytes - b->n)
        abort();
    memcpy(b->bytes + b->n, data, n);
    b->n += n;
}

static inline void module_begin(module_bytes *b)
{
    b->n = 0;
    module_put(b, "\0asm\1\0\0\0", 8);
}

static inline void module_section(module_bytes *b, uint8_t id, const void *content, size_t n)
{
    uint8_t head[3] = { id, (uint8_t)(n & 0x7f) | 0x80, (uint8_t)(n >> 7) };
    module_put(b, head, 3);
    module_put(b, content, n);
}

#define SECTION(b, id, content) module_section((b), (id), "" content, sizeof(content) - 1)

/* The code section of one function: its locals and instructions. */
static inline void module_body(module_bytes *b, const void *body, size_t n)
{
    uint8_t content[2048] = { 1, (uint8_t)(n & 0x7f) | 0x80, (uint8_t)(n >> 7) };
    if (n + 3 > sizeof content)
        abort();
    memcpy(content + 3, body, n);
    module_section(b, 10, content, n + 3);
}

#define BODY(b, content) module_body((b), "" content, sizeof(content) - 1)

typedef struct loaded {
    cw_types *types;
    cw_arena arena;
    cwrun_error err;
    cw_module *m;
} loaded;

static inline loaded module_load_with(const module_bytes *b, cw_features features, const cw_alloc *a)
{
    loaded l = { 0 };
    cw_arena_init(&l.arena, a);
    l.types = cw_types_new(a);
    if (!l.types)
        return l;
    cw_module_config config = { l.types, features, a };
    cw_reader r;
    cw_reader_init(&r, b->bytes, b->n, "test.wasm", &l.arena, &l.err);
    l.m = cw_module_read(&r, &config);
    return l;
}

static inline loaded module_load(const module_bytes *b, cw_features features)
{
    return module_load_with(b, features, &cw_alloc_default);
}

static inline void loaded_free(loaded *l)
{
    cw_arena_fini(&l->arena);
    cw_types_drop(l->types);
    cwrun_error_clear(&l->err);
}

#endif
