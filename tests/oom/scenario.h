/* oom/scenario.h: runs a scenario with allocation 0, 1, 2 … failing until it gets through: it must fail with an error,
 * crash nowhere and leave no byte behind. Once with that allocation alone failing, once with it and all behind it. */
#ifndef CW_TEST_SCENARIO_H
#define CW_TEST_SCENARIO_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "cwrun.h"
#include "oom/failalloc.h"

enum { MOST_ALLOCATIONS = 100000 };

/* Runs to its end with what could be had; errors go into err. */
typedef void (*scenario_fn)(cwrun_engine *engine, cwrun_error *err);

static void run_scenario(scenario_fn scenario)
{
    for (int after = 0; after < 2; after++) {
        size_t n = 0;
        for (; n < MOST_ALLOCATIONS; n++) {
            cw_failalloc f = { .fail_at = n, .fail_after = after };
            cwrun_config config = CWRUN_CONFIG_INIT;
            cwrun_error err = CWRUN_ERROR_INIT;
            config.alloc = cw_failalloc_hook(&f);
            cwrun_engine *engine = cwrun_engine_new(&config, &err);
            scenario(engine, &err);
            cwrun_engine_drop(engine);
            bool failed = cwrun_failed(&err);
            if (failed && !f.failed)
                cwrun_error_report(&err, stderr);
            cwrun_error_clear(&err);
            if (f.live_blocks || f.live_bytes)
                fail_msg("allocation %zu failing leaves %zu blocks, %zu bytes", n, f.live_blocks, f.live_bytes);
            if (!f.failed) {
                assert_false(failed);
                break;
            }
        }
        assert_true(n > 3 && n < MOST_ALLOCATIONS);
    }
}

#define SCENARIO(name) \
    static void name##_without_memory(void **state) \
    { \
        (void)state; \
        run_scenario(name); \
    }

#endif
