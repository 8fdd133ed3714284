/* unit/demangle.h: what the tests of demangled names share: tables of examples, and damage done to them. */
#ifndef TESTS_UNIT_DEMANGLE_H
#define TESTS_UNIT_DEMANGLE_H

#include "base/demangle.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <cmocka.h>

typedef struct example {
    const char *mangled, *name; /* name NULL: it is left alone */
} example;

/* Demangles a copy that ends where its memory ends; "" for what is left alone. */
static const char *demangle(const char *mangled, size_t size, size_t room)
{
    static char out[CW_DEMANGLE_ROOM + 1];
    char *copy = malloc(size + 1), *name = malloc(room + 1);
    assert_non_null(copy);
    assert_non_null(name);
    memcpy(copy + 1, mangled, size);
    size_t n = cw_demangle((cwrun_str){ copy + 1, size }, name + 1, room);
    assert_true(n <= room);
    memcpy(out, name + 1, n);
    out[n] = '\0';
    free(copy);
    free(name);
    return out;
}

static void check(const example *examples, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        const example *e = &examples[i];
        size_t size = strlen(e->mangled), room = e->name ? strlen(e->name) : CW_DEMANGLE_ROOM;
        assert_string_equal(demangle(e->mangled, size, room), e->name ? e->name : "");
        if (e->name)
            assert_string_equal(demangle(e->mangled, size, room - 1), "");
        for (size_t cut = 0; cut < size; cut++)
            demangle(e->mangled, cut, CW_DEMANGLE_ROOM);
    }
}

#define CHECK(examples) check(examples, sizeof(examples) / sizeof *(examples))

static uint64_t random_state = 42;

static uint32_t random_below(uint32_t n)
{
    random_state = random_state * 6364136223846793005u + 1442695040888963407u;
    return (uint32_t)(random_state >> 33) % n;
}

static size_t mutate(const example *examples, size_t n, unsigned times)
{
    static const char alphabet[] = "ABCDEFGIKLMNOPQRSTUVWXYabcefhijlmnopstuvwxyz0123456789_.$\x80";
    size_t n_shown = 0;
    for (unsigned i = 0; i < times; i++) {
        const char *base = examples[random_below((uint32_t)n)].mangled;
        size_t size = strlen(base);
        char symbol[512];
        memcpy(symbol, base, size);
        for (uint32_t changes = 1 + random_below(3); changes > 0 && size < sizeof symbol; changes--) {
            size_t at = random_below((uint32_t)size + 1);
            if (random_below(2)) {
                memmove(symbol + at + 1, symbol + at, size - at);
                size++;
            } else if (at == size) {
                continue;
            }
            symbol[at] = alphabet[random_below(sizeof alphabet - 1)];
        }
        n_shown += *demangle(symbol, size, random_below(4) ? CW_DEMANGLE_ROOM : random_below(40)) != '\0';
    }
    return n_shown;
}

#endif
