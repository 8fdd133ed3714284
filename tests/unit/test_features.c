/* core/features.c: names of features and lists of them. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "core/features.h"

static cw_features after(const char *list, cw_features from)
{
    cwrun_error err = CWRUN_ERROR_INIT;
    assert_true(cw_features_parse(list, &from, &err));
    assert_false(cwrun_failed(&err));
    return from;
}

static void every_bit_has_one_name(void **state)
{
    (void)state;
    for (unsigned bit = 0; bit < 31; bit++) {
        cw_features one = UINT64_C(1) << bit;
        cw_features with = one == CW_FEATURE_BULK_MEMORY ? one | CW_FEATURE_BULK_MEMORY_OPT : one;
        if (CW_FEATURES_ALL & one)
            assert_true(cw_features_find(cwrun_str_of(cw_features_name(one))) == with);
    }
}

static void sets_grow_with_age(void **state)
{
    (void)state;
    assert_int_equal(CW_FEATURES_MVP, CW_FEATURE_FLOATS);
    assert_int_equal(CW_FEATURES_WASM1, CW_FEATURE_FLOATS | CW_FEATURE_MUTABLE_GLOBAL);
    assert_true((CW_FEATURES_WASM2 & CW_FEATURE_SIMD) && !(CW_FEATURES_WASM2 & CW_FEATURE_GC));
    assert_int_equal(CW_FEATURES_3_0 & ~CW_FEATURES_WASM3, CW_FEATURE_COMPONENT_MODEL | CW_FEATURE_CM_ERROR_CONTEXT |
                                                               CW_FEATURE_CM_IMPLEMENTS |
                                                               CW_FEATURE_CM_MORE_ASYNC_BUILTINS | CW_FEATURE_CM64);
    assert_false(CW_FEATURES_3_0 & CW_FEATURE_THREADS);
}

static void lists_add_take_away_and_start_anew(void **state)
{
    (void)state;
    assert_int_equal(after("", CW_FEATURES_3_0), CW_FEATURES_3_0);
    assert_int_equal(after("threads,-simd", CW_FEATURE_SIMD), CW_FEATURE_THREADS);
    assert_int_equal(after("threads, mvp , simd", CW_FEATURES_ALL), CW_FEATURE_FLOATS | CW_FEATURE_SIMD);
    assert_int_equal(after("-all,gc", CW_FEATURES_3_0), CW_FEATURE_GC);
    assert_int_equal(after("component-model-nested-names,component-model-async", 0), CW_FEATURE_CM_NESTED_NAMES);
}

static void what_cannot_be_switched_is_refused(void **state)
{
    (void)state;
    static const char *const lists[] = { "speed",     "simd,-speed",     "-mvp",
                                         "-cm-async", "stack-switching", "component-model-" };
    for (size_t i = 0; i < sizeof lists / sizeof *lists; i++) {
        cwrun_error err = CWRUN_ERROR_INIT;
        cw_features features = 0;
        assert_false(cw_features_parse(lists[i], &features, &err));
        assert_int_equal(err.kind, CWRUN_ERROR_ARGUMENT);
        cwrun_error_clear(&err);
        assert_false(cw_features_parse(lists[i], &features, NULL));
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_bit_has_one_name),
        cmocka_unit_test(sets_grow_with_age),
        cmocka_unit_test(lists_add_take_away_and_start_anew),
        cmocka_unit_test(what_cannot_be_switched_is_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
