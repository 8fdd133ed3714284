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

static int set_up(void **state)
{
    (void)state;
    engine = cwrun_engine_new(NULL, &err);
    store = cwrun_store_new(engine, NULL, &err);
    return store ? 0 : -1;
}

static int tear_down(void **state)
{
    (void)state;
    cwrun_error_clear(&err);
    cwrun_store_drop(store);
    cwrun_engine_drop(engine);
    store = NULL;
    return 0;
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
