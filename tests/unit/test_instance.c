/* unit/test_instance.c: linking, segments, constant expressions, exports, shared memories; all of it with failing
 * allocation. The modules, as text:
 *
 * (module $provider
 *   (memory (export "m") 1 4) (table (export "t") 4 funcref) (global (export "g") i32 (i32.const 3))
 *   (func $a (export "a") (param i32) (result i32) local.get 0 i32.const 1 i32.add)
 *   (func (export "b")) (func (export "c")) (func (export "d")) (func (export "e")) (func (export "f"))
 *   (func (export "grow") (result i32) i32.const 1 memory.grow)
 *   (func (export "size") (result i32) memory.size)
 *   (func (export "at") (param i32) (result i32) local.get 0 i32.load8_u))
 * (module $user
 *   (import "p" "m" (memory 1)) (import "p" "t" (table 2 funcref)) (import "p" "g" (global i32)) (import "p" "a" (func
 * $a (param i32) (result i32))) (global $h (export "h") i32 (i32.add (global.get 0) (i32.mul (i32.const 5) (i32.const
 * 7)))) (elem (i32.const 1) $a $own) (elem $later funcref (ref.func $own) (ref.null func)) (data (i32.const 100)
 * "hello") (data $late "later") (func $own (export "own") (param i32) (result i32) local.get 0 call $a i32.const 10
 * i32.mul) (func (export "grow") (result i32) i32.const 1 memory.grow) (func (export "at") (param i32) (result i32)
 * local.get 0 i32.load8_u) (func (export "late") (memory.init $late (i32.const 0) (i32.const 1) (i32.const 4))
 * (data.drop $late)) (func (export "lateelem") (table.init 0 $later (i32.const 2) (i32.const 0) (i32.const 2))) (func
 * (export "call") (param i32 i32) (result i32) local.get 0 local.get 1 call_indirect (param i32) (result i32))) (module
 * (import "p" "m" (memory 1)) (import "p" "t" (table 1 funcref)) (func $f) (elem (i32.const 3) $f) (data (i32.const
 * 65535) "x") (data (i32.const 65535) "yz"))
 */
#include "../oom/failalloc.h"
#include "exec/exec.h"

#include <setjmp.h>
#include <stdarg.h>
#include <cmocka.h>

/* clang-format off */
static const uint8_t provider_wasm[] = {
    0, 97, 115, 109, 1, 0, 0, 0, 1, 13, 3, 96, 1, 127, 1, 127, 96, 0, 0, 96, 0, 1, 127, 3, 10, 9, 0, 1, 1, 1, 1, 1, 2,
    2, 0, 4, 4, 1, 112, 0, 4, 5, 4, 1, 1, 1, 4, 6, 6, 1, 127, 0, 65, 3, 11, 7, 56, 12, 1, 109, 2, 0, 1, 116, 1, 0, 1,
    103, 3, 0, 1, 97, 0, 0, 1, 98, 0, 1, 1, 99, 0, 2, 1, 100, 0, 3, 1, 101, 0, 4, 1, 102, 0, 5, 4, 103, 114, 111, 119,
    0, 6, 4, 115, 105, 122, 101, 0, 7, 2, 97, 116, 0, 8, 10, 44, 9, 7, 0, 32, 0, 65, 1, 106, 11, 2, 0, 11, 2, 0, 11,
    2, 0, 11, 2, 0, 11, 2, 0, 11, 6, 0, 65, 1, 64, 0, 11, 4, 0, 63, 0, 11, 7, 0, 32, 0, 45, 0, 0, 11, 0, 22, 4, 110,
    97, 109, 101, 0, 9, 8, 112, 114, 111, 118, 105, 100, 101, 114, 1, 4, 1, 0, 1, 97,
};
static const uint8_t user_wasm[] = {
    0, 97, 115, 109, 1, 0, 0, 0, 1, 19, 4, 96, 1, 127, 1, 127, 96, 0, 1, 127, 96, 0, 0, 96, 2, 127, 127, 1, 127, 2,
    29, 4, 1, 112, 1, 109, 2, 0, 1, 1, 112, 1, 116, 1, 112, 0, 2, 1, 112, 1, 103, 3, 127, 0, 1, 112, 1, 97, 0, 0, 3,
    7, 6, 0, 1, 0, 2, 2, 3, 6, 12, 1, 127, 0, 35, 0, 65, 5, 65, 7, 108, 106, 11, 7, 48, 7, 1, 104, 3, 1, 3, 111, 119,
    110, 0, 1, 4, 103, 114, 111, 119, 0, 2, 2, 97, 116, 0, 3, 4, 108, 97, 116, 101, 0, 4, 8, 108, 97, 116, 101, 101,
    108, 101, 109, 0, 5, 4, 99, 97, 108, 108, 0, 6, 9, 17, 2, 0, 65, 1, 11, 2, 0, 1, 5, 112, 2, 210, 1, 11, 208, 112,
    11, 12, 1, 2, 10, 65, 6, 9, 0, 32, 0, 16, 0, 65, 10, 108, 11, 6, 0, 65, 1, 64, 0, 11, 7, 0, 32, 0, 45, 0, 0, 11,
    15, 0, 65, 0, 65, 1, 65, 4, 252, 8, 1, 0, 252, 9, 1, 11, 12, 0, 65, 2, 65, 0, 65, 2, 252, 12, 1, 0, 11, 9, 0, 32,
    0, 32, 1, 17, 0, 0, 11, 11, 19, 2, 0, 65, 228, 0, 11, 5, 104, 101, 108, 108, 111, 1, 5, 108, 97, 116, 101, 114, 0,
    48, 4, 110, 97, 109, 101, 0, 5, 4, 117, 115, 101, 114, 1, 9, 2, 0, 1, 97, 1, 3, 111, 119, 110, 7, 4, 1, 1, 1, 104,
    8, 8, 1, 1, 5, 108, 97, 116, 101, 114, 9, 7, 1, 1, 4, 108, 97, 116, 101,
};
static const uint8_t late_wasm[] = {
    0, 97, 115, 109, 1, 0, 0, 0, 1, 4, 1, 96, 0, 0, 2, 16, 2, 1, 112, 1, 109, 2, 0, 1, 1, 112, 1, 116, 1, 112, 0, 1,
    3, 2, 1, 0, 9, 7, 1, 0, 65, 3, 11, 1, 0, 10, 4, 1, 2, 0, 11, 11, 18, 2, 0, 65, 255, 255, 3, 11, 1, 120, 0, 65,
    255, 255, 3, 11, 2, 121, 122, 0, 11, 4, 110, 97, 109, 101, 1, 4, 1, 0, 1, 102,
};
/* clang-format on */

typedef struct fixture {
    cw_failalloc f;
    cw_alloc alloc;
    cw_types *types;
    cw_arena arena;
    cw_exec x;
    cw_module *provider, *user, *late;
} fixture;

static cw_module *load(fixture *fx, const uint8_t *bytes, size_t size, cwrun_error *err)
{
    cw_reader r;
    cw_reader_init(&r, bytes, size, NULL, &fx->arena, err);
    cw_module_config config = { .types = fx->types, .features = CW_FEATURES_3_0, .alloc = &fx->alloc };
    return cw_module_read(&r, &config);
}

static void start(fixture *fx, cwrun_error *err)
{
    memset(fx, 0, sizeof *fx);
    fx->f.fail_at = SIZE_MAX;
    fx->alloc = cw_failalloc_hook(&fx->f);
    fx->types = cw_types_new(&fx->alloc);
    assert_non_null(fx->types);
    cw_arena_init(&fx->arena, &fx->alloc);
    assert_true(cw_exec_init(&fx->x, &fx->alloc, fx->types, NULL, (cw_code_options){ 0 }));
    fx->provider = load(fx, provider_wasm, sizeof provider_wasm, err);
    fx->user = load(fx, user_wasm, sizeof user_wasm, err);
    fx->late = load(fx, late_wasm, sizeof late_wasm, err);
    assert_false(cwrun_failed(err));
}

static void finish(fixture *fx)
{
    cw_exec_fini(&fx->x);
    cw_module_release(fx->provider);
    cw_module_release(fx->user);
    cw_module_release(fx->late);
    cw_arena_fini(&fx->arena);
    cw_types_drop(fx->types);
    assert_int_equal(fx->f.live_blocks, 0);
}

static void resolve(cw_module *m, cw_instance *from, cw_extern *imports)
{
    for (uint32_t i = 0; i < m->n_imports; i++)
        cw_instance_export(from, m->imports[i].name, &imports[i]);
}

/* Calls an export; the first result is in *result. */
static bool call(cw_instance *in, const char *name, uint64_t a, uint64_t b, uint64_t *result, cwrun_error *err)
{
    cw_extern e;
    uint64_t args[2] = { a, b };
    if (!cw_instance_export(in, cwrun_str_of(name), &e) || e.kind != CW_EXTERN_FUNC)
        return false;
    cw_thread *t = cw_thread_new(in->exec, err);
    if (!t)
        return false;
    cw_thread_start(t, e.of.func, args);
    bool ok = cw_thread_run(t) == CW_RUN_DONE;
    if (ok)
        *result = cw_thread_results(t)[0];
    else
        cw_thread_error(t, err);
    cw_thread_free(t);
    return ok;
}

static void instances_share_what_they_import(void **state)
{
    (void)state;
    fixture fx;
    cwrun_error err = CWRUN_ERROR_INIT;
    cw_func *first;
    cw_extern imports[4], e;
    uint64_t r;
    start(&fx, &err);
    cw_instance *p = cw_instance_new(&fx.x, fx.provider, NULL, &first, &err);
    assert_non_null(p);
    assert_null(first);
    resolve(fx.user, p, imports);
    cw_instance *u = cw_instance_new(&fx.x, fx.user, imports, &first, &err);
    assert_non_null(u);

    assert_true(cw_instance_export(u, cwrun_str_of("h"), &e));
    assert_int_equal(e.of.global->value[0], 38);
    assert_false(cw_instance_export(p, cwrun_str_of("nothing"), &e));
    assert_int_equal(e.kind, CW_EXTERN_COUNT);

    assert_true(call(u, "own", 4, 0, &r, &err));
    assert_int_equal(r, 50);
    assert_true(call(u, "call", 6, 1, &r, &err)); /* another instance's */
    assert_int_equal(r, 7);
    assert_true(call(u, "call", 6, 2, &r, &err));
    assert_int_equal(r, 70);
    assert_true(call(p, "at", 100, 0, &r, &err));
    assert_int_equal(r, 'h');

    assert_true(call(u, "grow", 0, 0, &r, &err)); /* growth is seen on both sides */
    assert_int_equal(r, 1);
    assert_true(call(p, "size", 0, 0, &r, &err));
    assert_int_equal(r, 2);
    assert_true(call(p, "grow", 0, 0, &r, &err));
    assert_true(call(u, "at", 3 * 65536 - 1, 0, &r, &err));
    assert_int_equal(r, 0);

    assert_true(call(u, "late", 0, 0, &r, &err));
    assert_true(call(p, "at", 0, 0, &r, &err));
    assert_int_equal(r, 'a');
    assert_false(call(u, "late", 0, 0, &r, &err)); /* dropped */
    assert_int_equal(err.code, CW_TRAP_MEMORY_BOUNDS);
    assert_int_equal(err.n_frames, 1);
    assert_string_equal(err.frames[0].module, "user");
    assert_string_equal(err.frames[0].function, "late");
    cwrun_error_clear(&err);

    assert_true(call(u, "lateelem", 0, 0, &r, &err));
    assert_false(call(u, "call", 6, 3, &r, &err));
    assert_int_equal(err.code, CW_TRAP_INDIRECT_NULL);
    cwrun_error_clear(&err);
    finish(&fx);
}

static void all_imports_that_do_not_fit_are_listed(void **state)
{
    (void)state;
    fixture fx;
    cwrun_error err = CWRUN_ERROR_INIT;
    cw_func *first;
    cw_extern imports[4];
    start(&fx, &err);
    cw_instance *p = cw_instance_new(&fx.x, fx.provider, NULL, &first, &err);
    resolve(fx.user, p, imports);
    imports[1].kind = CW_EXTERN_COUNT;
    cw_instance_export(p, cwrun_str_of("b"), &imports[3]);
    assert_null(cw_instance_new(&fx.x, fx.user, imports, &first, &err));
    assert_int_equal(err.kind, CWRUN_ERROR_LINK);
    assert_string_equal(
        err.message, "2 imports cannot be linked:\n"
                     "  import \"p\" \"t\": unknown import: nothing was given for (table 2 funcref)\n"
                     "  import \"p\" \"a\": incompatible import type: (func (param i32) (result i32)) was asked for, "
                     "(func) was given");
    cwrun_error_clear(&err);

    resolve(fx.user, p, imports);
    imports[0] = imports[2];
    assert_null(cw_instance_new(&fx.x, fx.user, imports, &first, &err));
    assert_string_equal(err.message, "import \"p\" \"m\": incompatible import type: (memory 1) was asked for, "
                                     "(global i32) was given");
    cwrun_error_clear(&err);
    finish(&fx);
}

static void segments_before_a_trap_stay_written(void **state)
{
    (void)state;
    fixture fx;
    cwrun_error err = CWRUN_ERROR_INIT;
    cw_func *first;
    cw_extern imports[2];
    start(&fx, &err);
    cw_instance *p = cw_instance_new(&fx.x, fx.provider, NULL, &first, &err);
    resolve(fx.late, p, imports);
    assert_null(cw_instance_new(&fx.x, fx.late, imports, &first, &err));
    assert_int_equal(err.kind, CWRUN_ERROR_TRAP);
    assert_string_equal(err.message, "out of bounds memory access");
    cwrun_error_clear(&err);
    assert_int_equal(p->mem0[65535], 'x');
    assert_true(p->tables[0]->elems[3] != 0);
    finish(&fx);
}

static void the_number_of_instances_is_limited(void **state)
{
    (void)state;
    fixture fx;
    cwrun_error err = CWRUN_ERROR_INIT;
    cw_func *first;
    start(&fx, &err);
    fx.x.limits.max_instances = 3;
    for (int i = 0; i < 3; i++)
        assert_non_null(cw_instance_new(&fx.x, fx.provider, NULL, &first, &err));
    assert_null(cw_instance_new(&fx.x, fx.provider, NULL, &first, &err));
    assert_int_equal(err.code, CWRUN_LIMIT_INSTANCES);
    assert_non_null(strstr(err.message, "--max-instances"));
    cwrun_error_clear(&err);
    finish(&fx);
}

static void what_instances_take_together_is_limited(void **state)
{
    (void)state;
    fixture fx;
    cwrun_error err = CWRUN_ERROR_INIT;
    cw_func *first;
    start(&fx, &err);
    fx.x.arena.limit = fx.x.arena.used + 100000;
    uint32_t n = 0;
    while (cw_instance_new(&fx.x, fx.provider, NULL, &first, &err))
        assert_true(n++ < 5000);
    assert_true(n > 0);
    assert_int_equal(err.kind, CWRUN_ERROR_LIMIT);
    assert_int_equal(err.code, CWRUN_LIMIT_INSTANCES);
    assert_non_null(strstr(err.message, "--max-instances"));
    cwrun_error_clear(&err);
    finish(&fx);
}

/* Links, runs and grows; true where everything went well. */
static bool scenario(fixture *fx, cwrun_error *err)
{
    cw_func *first;
    cw_extern imports[4];
    uint64_t r;
    cw_instance *p = cw_instance_new(&fx->x, fx->provider, NULL, &first, err);
    if (!p)
        return false;
    resolve(fx->user, p, imports);
    for (int i = 0; i < 4; i++)
        if (imports[i].kind == CW_EXTERN_FUNC && !imports[i].of.func)
            return false;
    cw_instance *u = cw_instance_new(&fx->x, fx->user, imports, &first, err);
    return u && call(u, "own", 4, 0, &r, err) && call(u, "grow", 0, 0, &r, err) && call(p, "at", 100, 0, &r, err) &&
           r == 'h' && call(u, "lateelem", 0, 0, &r, err);
}

static void failing_allocation_is_an_error_and_leaks_nothing(void **state)
{
    (void)state;
    for (size_t n = 0; n < 2000; n++) {
        fixture fx;
        cwrun_error err = CWRUN_ERROR_INIT;
        start(&fx, &err);
        fx.f.fail_at = fx.f.n_calls + n;
        scenario(&fx, &err);
        if (cwrun_failed(&err))
            assert_int_equal(err.kind, CWRUN_ERROR_LIMIT);
        cwrun_error_clear(&err);
        bool failed = fx.f.failed;
        finish(&fx);
        if (!failed)
            return;
    }
    fail();
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(instances_share_what_they_import),
        cmocka_unit_test(all_imports_that_do_not_fit_are_listed),
        cmocka_unit_test(segments_before_a_trap_stay_written),
        cmocka_unit_test(the_number_of_instances_is_limited),
        cmocka_unit_test(what_instances_take_together_is_limited),
        cmocka_unit_test(failing_allocation_is_an_error_and_leaks_nothing),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
