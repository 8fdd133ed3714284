/* api/fixture.h: what a test of the public interface begins and ends with: an engine, a store, an error. */
#ifndef TESTS_API_FIXTURE_H
#define TESTS_API_FIXTURE_H

#include <cwrun.h>

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <string.h>
#include <cmocka.h>

static cwrun_engine *engine;
static cwrun_store *store;
static cwrun_error err;

static inline int set_up(void **state)
{
    (void)state;
    engine = cwrun_engine_new(NULL, &err);
    store = cwrun_store_new(engine, NULL, &err);
    return store ? 0 : -1;
}

static inline int tear_down(void **state)
{
    (void)state;
    cwrun_error_clear(&err);
    cwrun_store_drop(store);
    cwrun_engine_drop(engine);
    store = NULL;
    return 0;
}

/* A module of that text in the store; the linker may be NULL. NULL with err set where it does not come to be. */
static inline cwrun_core_instance *core_instance(const char *text, cwrun_linker *linker)
{
    cwrun_arena *arena = cwrun_arena_new(NULL);
    const cwrun_str bytes = cwrun_text_encode(cwrun_str_of(text), "test", arena, &err);
    cwrun_module *m = cwrun_module_load(engine, bytes.data, bytes.size, "test", &err);
    cwrun_core_instance *made = cwrun_module_instantiate(store, m, linker, &err);
    cwrun_module_drop(m);
    cwrun_arena_drop(arena);
    return made;
}

/* The same of a component, which loads in any case. */
static inline cwrun_instance *component_instance(const char *text, cwrun_linker *linker)
{
    cwrun_arena *arena = cwrun_arena_new(NULL);
    const cwrun_str bytes = cwrun_text_encode(cwrun_str_of(text), NULL, arena, &err);
    cwrun_component *c = cwrun_component_load(engine, bytes.data, bytes.size, "test", &err);
    if (!c)
        fail_msg("%s", err.message);
    cwrun_instance *made = cwrun_instantiate(store, c, linker, &err);
    cwrun_component_drop(c);
    cwrun_arena_drop(arena);
    return made;
}

/* The last call failed with that kind of error, and its message has these words. */
static inline void failed_with(uint8_t kind, const char *words)
{
    assert_int_equal(err.kind, kind);
    if (!strstr(err.message, words))
        fail_msg("wanted %s, got %s", words, err.message);
    cwrun_error_clear(&err);
}

#endif
