/* unit/test_exception.c: exceptions between guests and natives: unwinding, identity, metering, memory that runs out.
 * What scripts can say is in tests/wast/exceptions.wast. */
#include "cwrun/text.h"
#include "exec/exception.h"
#include "oom/failalloc.h"

#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <cmocka.h>

enum { MODULES = 4 };

typedef struct fixture {
    cw_failalloc f;
    cw_alloc alloc;
    cw_types *types;
    cw_arena arena;
    cw_exec x;
    cw_module *modules[MODULES];
    unsigned n_modules;
    cw_type_id unary; /* (i32) -> i32 */
    cw_tag *tag;      /* of the host, (i32) */
    cw_func *callee;  /* what natives call */
    char log[200];    /* what was unwound */
} fixture;

static void put_log(cw_thread *t, cw_func *f, uint64_t *frame, uint32_t state)
{
    fixture *fx = f->user;
    char text[60];
    (void)t;
    snprintf(text, sizeof text, "%s(%d) at %u;", f->native->name, (int)frame[0], state);
    strncat(fx->log, text, sizeof fx->log - strlen(fx->log) - 1);
}

/* n -> throws n */
static cw_step throw_run(cw_thread *t, cw_func *f, uint64_t *frame, uint32_t state)
{
    fixture *fx = f->user;
    (void)state;
    return cw_thread_throw(t, fx->tag, frame);
}

/* n -> callee(n), after a suspension if n is odd */
static cw_step pass_run(cw_thread *t, cw_func *f, uint64_t *frame, uint32_t state)
{
    fixture *fx = f->user;
    if (state == 0 && frame[0] & 1) {
        t->next_state = 1;
        return CW_STEP_SUSPEND;
    }
    if (state == 2) {
        frame[0] = frame[1];
        return CW_STEP_RETURN;
    }
    frame[1] = frame[0];
    t->call_func = fx->callee;
    t->call_args = frame + 1;
    t->next_state = 2;
    return CW_STEP_CALL;
}

/* n -> callee(n), in a run of its own */
static cw_step nested_run(cw_thread *t, cw_func *f, uint64_t *frame, uint32_t state)
{
    fixture *fx = f->user;
    (void)state;
    return cw_thread_nested(t, fx->callee, frame, frame) ? CW_STEP_RETURN : CW_STEP_TRAP;
}

static const cw_native throw_native = { throw_run, put_log, "throw" }, pass_native = { pass_run, put_log, "pass" },
                       nested_native = { nested_run, put_log, "nested" };

static bool begin(fixture *fx, size_t fail_at, cw_code_options options)
{
    const cw_valtype i32 = CW_I32;
    memset(fx, 0, sizeof *fx);
    fx->f.fail_at = SIZE_MAX;
    fx->alloc = cw_failalloc_hook(&fx->f);
    cw_arena_init(&fx->arena, &cw_alloc_default);
    fx->types = cw_types_new(&cw_alloc_default);
    fx->unary = cw_types_func(fx->types, &i32, 1, &i32, 1);
    assert_true(cw_exec_init(&fx->x, &fx->alloc, fx->types, NULL, options));
    fx->tag = cw_tag_new(&fx->x, cw_types_func(fx->types, &i32, 1, NULL, 0), NULL);
    assert_non_null(fx->tag);
    fx->f.n_calls = 0;
    fx->f.fail_at = fail_at;
    return true;
}

static void end(fixture *fx)
{
    cw_exec_fini(&fx->x);
    for (unsigned i = 0; i < fx->n_modules; i++)
        cw_module_release(fx->modules[i]);
    cw_types_drop(fx->types);
    cw_arena_fini(&fx->arena);
    assert_int_equal(fx->f.live_blocks, 0);
}

static cw_module *load(cw_arena *arena, cw_types *types, const char *wat)
{
    cwrun_error err = CWRUN_ERROR_INIT;
    const cwrun_str binary = cwrun_text_encode(cwrun_str_of(wat), "test", arena, &err);
    cw_reader r;
    if (!binary.data)
        fail_msg("%s", err.message);
    cw_reader_init(&r, (const uint8_t *)binary.data, binary.size, "test", arena, &err);
    const cw_module_config config = { types, CW_FEATURES_3_0 | CW_FEATURE_LEGACY_EXCEPTIONS, &cw_alloc_default };
    cw_module *m = cw_module_read(&r, &config);
    if (!m)
        fail_msg("%s", err.message);
    return m;
}

static cw_func *native(fixture *fx, const cw_native *what)
{
    cwrun_error err = CWRUN_ERROR_INIT;
    cw_func *f = cw_func_native_new(&fx->x, fx->unary, what, 2, fx, NULL, &err);
    assert_non_null(f);
    return f;
}

/* An instance whose imports are a function and the host's tag; NULL where memory ran out. */
static cw_instance *instance(fixture *fx, const char *wat, cw_func *import)
{
    cwrun_error err = CWRUN_ERROR_INIT;
    cw_module *m = load(&fx->arena, fx->types, wat);
    fx->modules[fx->n_modules++] = m;
    const cw_extern imports[2] = { { CW_EXTERN_FUNC, { import } }, { CW_EXTERN_TAG, { .tag = fx->tag } } };
    cw_func *start;
    cw_instance *in = cw_instance_new(&fx->x, m, imports, &start, &err);
    if (!in && !fx->f.failed)
        fail_msg("%s", err.message);
    cwrun_error_clear(&err);
    return in;
}

static cw_func *export(cw_instance *in, const char *name)
{
    cw_extern e;
    return in && cw_instance_export(in, cwrun_str_of(name), &e) ? e.of.func : NULL;
}

/* f(n); the kind of the error, 0 where there is none. */
static uint8_t call(fixture *fx, cw_func *f, uint32_t n, uint32_t *result, char message[200])
{
    cwrun_error err = CWRUN_ERROR_INIT;
    const uint64_t arg = n;
    cw_thread *t = cw_thread_new(&fx->x, &err);
    if (t) {
        cw_thread_start(t, f, &arg);
        cw_run_status status = cw_thread_run(t);
        while (status == CW_RUN_SUSPENDED)
            status = cw_thread_run(t);
        *result = status == CW_RUN_DONE ? (uint32_t)cw_thread_results(t)[0] : 0;
        cw_thread_error(t, &err);
    }
    if (message)
        snprintf(message, 200, "%s", err.message ? err.message : "");
    const uint8_t kind = err.kind;
    cwrun_error_clear(&err);
    cw_thread_free(t);
    return kind;
}

static const char catcher[] = "(import \"\" \"f\" (func $f (param i32) (result i32)))"
                              "(import \"\" \"t\" (tag $t (param i32)))"
                              "(func (export \"run\") (param i32) (result i32)"
                              "  (block $h (result i32) (try_table (result i32) (catch $t $h) (call $f (local.get 0)))"
                              "    (return (i32.add (i32.const 1000))))"
                              "  (i32.add (i32.const 1)))"
                              "(func (export \"let\") (param i32) (result i32) (call $f (local.get 0)))";

static void what_a_native_throws_is_caught(void **state)
{
    (void)state;
    fixture fx;
    uint32_t result;
    begin(&fx, SIZE_MAX, (cw_code_options){ 0 });
    cw_instance *in = instance(&fx, catcher, native(&fx, &throw_native));
    for (int i = 0; i < 3; i++)
        assert_int_equal(call(&fx, export(in, "run"), 41, &result, NULL), 0);
    assert_int_equal(result, 42);
    assert_string_equal(fx.log, "throw(41) at 0;throw(41) at 0;throw(41) at 0;");
    assert_null(fx.x.thrown);
    end(&fx);
}

static void natives_between_are_unwound_and_those_above_the_handler_stay(void **state)
{
    (void)state;
    fixture fx;
    uint32_t result;
    begin(&fx, SIZE_MAX, (cw_code_options){ 0 });
    /* pass -> run (catches) -> pass -> let -> throw */
    cw_instance *inner = instance(&fx, catcher, native(&fx, &throw_native));
    cw_func *pass = native(&fx, &pass_native);
    cw_instance *outer = instance(&fx, catcher, pass);
    fx.callee = export(inner, "let");
    assert_int_equal(call(&fx, export(outer, "run"), 6, &result, NULL), 0);
    assert_int_equal(result, 7);
    assert_string_equal(fx.log, "throw(6) at 0;pass(6) at 2;");
    /* the same when the thread was left in between */
    fx.log[0] = '\0';
    assert_int_equal(call(&fx, export(outer, "run"), 7, &result, NULL), 0);
    assert_int_equal(result, 8);
    assert_string_equal(fx.log, "throw(7) at 0;pass(7) at 2;");
    end(&fx);
}

static void what_nobody_catches_ends_the_run_with_its_tag_and_values(void **state)
{
    (void)state;
    fixture fx;
    uint32_t result;
    char message[200];
    begin(&fx, SIZE_MAX, (cw_code_options){ 0 });
    cw_instance *inner = instance(&fx, catcher, native(&fx, &throw_native));
    cw_func *pass = native(&fx, &pass_native);
    fx.callee = export(inner, "let");
    assert_int_equal(call(&fx, pass, 6, &result, message), CWRUN_ERROR_EXCEPTION);
    assert_string_equal(message, "thrown Wasm exception: a tag of the host(6)");
    assert_string_equal(fx.log, "throw(6) at 0;pass(6) at 2;");
    assert_ptr_equal(fx.x.thrown->tag, fx.tag);
    assert_int_equal(cw_exception_slots(fx.x.thrown)[0], 6);
    end(&fx);
}

static void an_exception_that_leaves_a_nested_run_is_a_trap(void **state)
{
    (void)state;
    fixture fx;
    uint32_t result;
    char message[200];
    begin(&fx, SIZE_MAX, (cw_code_options){ 0 });
    cw_instance *inner = instance(&fx, catcher, native(&fx, &throw_native));
    cw_instance *outer = instance(&fx, catcher, native(&fx, &nested_native));
    fx.callee = export(inner, "let");
    assert_int_equal(call(&fx, export(outer, "run"), 5, &result, message), CWRUN_ERROR_TRAP);
    assert_string_equal(message, "uncaught exception: a tag of the host(5)");
    assert_string_equal(fx.log, "throw(5) at 0;nested(5) at 0;");
    /* inside, it may be caught */
    fx.callee = export(inner, "run");
    assert_int_equal(call(&fx, export(outer, "run"), 5, &result, NULL), 0);
    assert_int_equal(result, 1006);
    end(&fx);
}

static const char endless[] =
    "(tag $e)"
    "(func (export \"run\") (param i32) (result i32)"
    "  (loop $l (try_table (catch_all $l) (throw $e))) (i32.const 0))"
    "(func $f (param i32) (block $h (try_table (catch_all $h) (if (local.get 0) (then (throw $e))))"
    "  (return)) (return_call $f (local.get 0)))"
    "(func (export \"calls\") (param i32) (result i32) (call $f (i32.const 1)) (i32.const 0))";

static void fuel_ends_what_throws_for_ever(void **state)
{
    (void)state;
    fixture fx;
    uint32_t result;
    begin(&fx, SIZE_MAX, (cw_code_options){ .fuel = true });
    cw_instance *in = instance(&fx, endless, NULL);
    static const char *const names[] = { "run", "calls" };
    for (int i = 0; i < 2; i++) {
        char message[200];
        fx.x.fuel = 10000;
        assert_int_equal(call(&fx, export(in, names[i]), 0, &result, message), CWRUN_ERROR_LIMIT);
        assert_non_null(strstr(message, "fuel"));
    }
    end(&fx);
}

/* Twenty thousand clauses that do not take it are work. */
static void looking_for_a_handler_is_metered(void **state)
{
    (void)state;
    fixture fx;
    uint32_t result;
    char message[200];
    enum { CLAUSES = 20000 };
    begin(&fx, SIZE_MAX, (cw_code_options){ .fuel = true });
    char *wat = malloc(CLAUSES * 12 + 400), *at = wat;
    assert_non_null(wat);
    at += sprintf(at, "(tag $e) (tag $o) (func (export \"run\") (param i32) (result i32) (block $h (try_table");
    for (int i = 0; i < CLAUSES; i++)
        at += sprintf(at, " (catch 1 0)");
    sprintf(at, " (catch $e $h) (throw $e))) (i32.const 4))");
    cw_instance *in = instance(&fx, wat, NULL);
    free(wat);
    fx.x.fuel = 2000;
    assert_int_equal(call(&fx, export(in, "run"), 0, &result, message), CWRUN_ERROR_LIMIT);
    assert_non_null(strstr(message, "fuel"));
    fx.x.fuel = 3000;
    assert_int_equal(call(&fx, export(in, "run"), 0, &result, message), 0);
    assert_int_equal(result, 4);
    end(&fx);
}

static void *interrupt(void *x)
{
    cw_exec_interrupt(x);
    return NULL;
}

static void an_interrupt_ends_what_throws_for_ever(void **state)
{
    (void)state;
    fixture fx;
    uint32_t result;
    pthread_t other;
    begin(&fx, SIZE_MAX, (cw_code_options){ .interruptible = true });
    cw_instance *in = instance(&fx, endless, NULL);
    static const char *const names[] = { "run", "calls" };
    for (int i = 0; i < 2; i++) {
        char message[200];
        assert_int_equal(pthread_create(&other, NULL, interrupt, &fx.x), 0);
        assert_int_equal(call(&fx, export(in, names[i]), 0, &result, message), CWRUN_ERROR_LIMIT);
        assert_non_null(strstr(message, "interrupt"));
        pthread_join(other, NULL);
        cw_exec_interrupt_clear(&fx.x);
    }
    end(&fx);
}

static void memory_that_runs_out_is_an_ordinary_failure(void **state)
{
    (void)state;
    bool failed = true;
    unsigned n_failed = 0;
    for (size_t n = 0; failed; n++) {
        fixture fx;
        uint32_t result = 0;
        char message[200] = "";
        begin(&fx, n, (cw_code_options){ 0 });
        cw_instance *in = instance(&fx,
                                   "(tag $two (param v128 i32))"
                                   "(func (export \"run\") (param i32) (result i32)"
                                   "  (block $h (result v128 i32) (try_table (catch $two $h)"
                                   "    (throw $two (v128.const i64x2 1 2) (local.get 0))) (unreachable))"
                                   "  (local.set 0) (i32.add (i32x4.extract_lane 2) (local.get 0)))",
                                   NULL);
        cw_func *f = export(in, "run");
        const uint8_t kind = f ? call(&fx, f, 5, &result, message) : CWRUN_ERROR_LIMIT;
        failed = fx.f.failed;
        n_failed += failed;
        if (failed && kind != 0)
            assert_int_equal(kind, CWRUN_ERROR_LIMIT);
        else
            assert_int_equal(result, 7);
        fx.f.fail_at = SIZE_MAX;
        end(&fx);
    }
    assert_in_range(n_failed, 5, 100);
}

/* Fifty throws through 20,000 frames with handlers that do not take it. */
static void deep_unwinding_is_linear(void **state)
{
    (void)state;
    fixture fx;
    uint32_t result;
    begin(&fx, SIZE_MAX, (cw_code_options){ 0 });
    cw_instance *in =
        instance(&fx,
                 "(tag $e) (tag $o)"
                 "(func $deep (param i32)"
                 "  (if (i32.eqz (local.get 0)) (then (throw $e)))"
                 "  (block $h (try_table (catch $o $h) (call $deep (i32.sub (local.get 0) (i32.const 1))))))"
                 "(func (export \"run\") (param i32) (result i32) (local i32)"
                 "  (loop $l"
                 "    (block $h (try_table (catch $e $h) (call $deep (i32.const 20000))) (return (i32.const -1)))"
                 "    (local.set 1 (i32.add (local.get 1) (i32.const 1)))"
                 "    (br_if $l (i32.lt_u (local.get 1) (local.get 0))))"
                 "  (local.get 1))",
                 NULL);
    assert_int_equal(call(&fx, export(in, "run"), 50, &result, NULL), 0);
    assert_int_equal(result, 50);
    end(&fx);
}

typedef struct shared {
    cw_types *types;
    cw_module *module;
    bool good;
} shared;

static void *run_shared(void *user)
{
    shared *s = user;
    cw_exec x;
    cwrun_error err = CWRUN_ERROR_INIT;
    cw_func *start;
    cw_extern run;
    s->good = cw_exec_init(&x, &cw_alloc_default, s->types, NULL, (cw_code_options){ 0 });
    cw_instance *in = cw_instance_new(&x, s->module, NULL, &start, &err);
    cw_thread *t = cw_thread_new(&x, &err);
    s->good = in && t && cw_instance_export(in, cwrun_str_of("run"), &run);
    for (uint64_t i = 0; s->good && i < 200; i++) {
        cw_thread_start(t, run.of.func, &i);
        s->good = cw_thread_run(t) == CW_RUN_DONE && cw_thread_results(t)[0] == i + 3;
    }
    cw_thread_free(t);
    cwrun_error_clear(&err);
    cw_exec_fini(&x);
    return NULL;
}

static void os_threads_share_code_with_handlers(void **state)
{
    (void)state;
    enum { THREADS = 4 };
    cw_arena arena;
    cw_arena_init(&arena, &cw_alloc_default);
    shared s = { .types = cw_types_new(&cw_alloc_default) };
    s.module =
        load(&arena, s.types,
             "(tag $i (param i32))"
             "(func $a (param i32) (throw $i (local.get 0)))"
             "(func $b (param i32) (block $h (result i32) (try_table (catch $i $h) (call $a (local.get 0)) (return)) "
             "(unreachable))"
             "  (call $a (i32.add (i32.const 1))))"
             "(func $c (param i32) (block $h (result i32) (try_table (catch $i $h) (call $b (local.get 0)) (return)) "
             "(unreachable))"
             "  (call $a (i32.add (i32.const 1))))"
             "(func (export \"run\") (param i32) (result i32)"
             "  (block $h (result i32) (try_table (catch $i $h) (call $c (local.get 0))) (return (i32.const -1)))"
             "  (i32.add (i32.const 1)))");
    shared each[THREADS];
    pthread_t threads[THREADS];
    for (int i = 0; i < THREADS; i++) {
        each[i] = s;
        assert_int_equal(pthread_create(&threads[i], NULL, run_shared, &each[i]), 0);
    }
    for (int i = 0; i < THREADS; i++) {
        pthread_join(threads[i], NULL);
        assert_true(each[i].good);
    }
    cw_module_release(s.module);
    cw_types_drop(s.types);
    cw_arena_fini(&arena);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_a_native_throws_is_caught),
        cmocka_unit_test(natives_between_are_unwound_and_those_above_the_handler_stay),
        cmocka_unit_test(what_nobody_catches_ends_the_run_with_its_tag_and_values),
        cmocka_unit_test(an_exception_that_leaves_a_nested_run_is_a_trap),
        cmocka_unit_test(fuel_ends_what_throws_for_ever),
        cmocka_unit_test(looking_for_a_handler_is_metered),
        cmocka_unit_test(an_interrupt_ends_what_throws_for_ever),
        cmocka_unit_test(memory_that_runs_out_is_an_ordinary_failure),
        cmocka_unit_test(deep_unwinding_is_linear),
        cmocka_unit_test(os_threads_share_code_with_handlers),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
