/* unit/test_interp.c: running guests: calls of every kind and between instances, natives in between, suspension, traps
 * and their places, metering. */
#include "cwrun/text.h"
#include "exec/code.h"
#include "exec/exec.h"
#include "oom/failalloc.h"

#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <cmocka.h>

enum { MODULES = 4 };

typedef struct fixture {
    cw_types *types;
    cw_arena arena;
    cw_exec x;
    cw_module *modules[MODULES];
    unsigned n_modules;
    cw_type_id unary; /* (i32) -> i32 */
    cw_func *wait, *twice, *nested, *grow;
    cw_func *callee; /* what natives call */
} fixture;

/* n -> n, after a suspension */
static cw_step wait_run(cw_thread *t, cw_func *f, uint64_t *frame, uint32_t state)
{
    (void)f, (void)frame;
    t->next_state = 1;
    return state == 0 ? CW_STEP_SUSPEND : CW_STEP_RETURN;
}

/* n -> callee(callee(n)) */
static cw_step twice_run(cw_thread *t, cw_func *f, uint64_t *frame, uint32_t state)
{
    fixture *fx = f->user;
    if (state == 2) {
        frame[0] = frame[1];
        return CW_STEP_RETURN;
    }
    if (state == 0)
        frame[1] = frame[0];
    t->call_func = fx->callee;
    t->call_args = frame + 1;
    t->next_state = state + 1;
    return CW_STEP_CALL;
}

/* n -> callee(n), in a run of its own */
static cw_step nested_run(cw_thread *t, cw_func *f, uint64_t *frame, uint32_t state)
{
    fixture *fx = f->user;
    (void)state;
    return cw_thread_nested(t, fx->callee, frame, frame) ? CW_STEP_RETURN : CW_STEP_TRAP;
}

/* n -> pages before the callee's memory grew by n */
static cw_step grow_run(cw_thread *t, cw_func *f, uint64_t *frame, uint32_t state)
{
    fixture *fx = f->user;
    (void)t, (void)state;
    frame[0] = cw_memory_grow(fx->callee->in->memories[0], frame[0]);
    return CW_STEP_RETURN;
}

static const cw_native wait_native = { wait_run, NULL, "wait" }, twice_native = { twice_run, NULL, "twice" },
                       nested_native = { nested_run, NULL, "nested" }, grow_native = { grow_run, NULL, "grow" };

static void start(fixture *fx, cw_code_options options)
{
    cwrun_error err = CWRUN_ERROR_INIT;
    cw_exec_limits limits;
    const cw_valtype i32 = CW_I32;
    memset(fx, 0, sizeof *fx);
    cw_arena_init(&fx->arena, &cw_alloc_default);
    fx->types = cw_types_new(&cw_alloc_default);
    cw_exec_limits_default(&limits);
    assert_true(cw_exec_init(&fx->x, &cw_alloc_default, fx->types, &limits, options));
    fx->unary = cw_types_func(fx->types, &i32, 1, &i32, 1);
    fx->wait = cw_func_native_new(&fx->x, fx->unary, &wait_native, 1, fx, NULL, &err);
    fx->twice = cw_func_native_new(&fx->x, fx->unary, &twice_native, 1, fx, NULL, &err);
    fx->nested = cw_func_native_new(&fx->x, fx->unary, &nested_native, 1, fx, NULL, &err);
    fx->grow = cw_func_native_new(&fx->x, fx->unary, &grow_native, 1, fx, NULL, &err);
    assert_false(cwrun_failed(&err));
}

static void finish(fixture *fx)
{
    cw_exec_fini(&fx->x);
    for (unsigned i = 0; i < fx->n_modules; i++)
        cw_module_release(fx->modules[i]);
    cw_types_drop(fx->types);
    cw_arena_fini(&fx->arena);
}

/* A new instance; the imports are functions, in order. */
static cw_instance *instance(fixture *fx, const char *wat, cw_func *one, cw_func *two)
{
    cwrun_error err = CWRUN_ERROR_INIT;
    cwrun_str binary = cwrun_text_encode(cwrun_str_of(wat), "test", &fx->arena, &err);
    if (!binary.data)
        fail_msg("%s", err.message);
    cw_reader r;
    cw_reader_init(&r, (const uint8_t *)binary.data, binary.size, "test", &fx->arena, &err);
    const cw_module_config config = { fx->types, CW_FEATURES_3_0, &cw_alloc_default };
    cw_module *m = cw_module_read(&r, &config);
    if (!m)
        fail_msg("%s", err.message);
    fx->modules[fx->n_modules++] = m;
    const cw_extern imports[2] = { { CW_EXTERN_FUNC, { one } }, { CW_EXTERN_FUNC, { two } } };
    cw_func *begin;
    cw_instance *in = cw_instance_new(&fx->x, m, imports, &begin, &err);
    if (!in)
        fail_msg("%s", err.message);
    return in;
}

static cw_func *export(cw_instance *in, const char *name)
{
    cw_extern e;
    assert_true(cw_instance_export(in, cwrun_str_of(name), &e));
    return e.of.func;
}

/* f(n), whatever it takes; "" in message where all is well. */
static uint32_t call(fixture *fx, cw_func *f, uint32_t n, char message[200])
{
    cwrun_error err = CWRUN_ERROR_INIT;
    const uint64_t arg = n;
    cw_thread *t = cw_thread_new(&fx->x, &err);
    assert_non_null(t);
    cw_thread_start(t, f, &arg);
    cw_run_status status = cw_thread_run(t);
    while (status == CW_RUN_SUSPENDED)
        status = cw_thread_run(t);
    const uint32_t result = status == CW_RUN_DONE ? (uint32_t)cw_thread_results(t)[0] : 0;
    if (message)
        *message = '\0';
    if (status == CW_RUN_TRAPPED) {
        cw_thread_error(t, &err);
        size_t n_chars = message ? (size_t)snprintf(message, 200, "%s", err.message) : 0;
        for (size_t i = 0; message && i < err.n_frames && i < 4; i++)
            n_chars += (size_t)snprintf(message + n_chars, 200 - n_chars, " %s+0x%x", err.frames[i].function,
                                        (unsigned)err.frames[i].offset);
        if (!message)
            fail_msg("%s", err.message);
        cwrun_error_clear(&err);
    }
    cw_thread_free(t);
    return result;
}

static uint32_t run(fixture *fx, cw_instance *in, const char *name, uint32_t n)
{
    return call(fx, export(in, name), n, NULL);
}

static void expect_failure(fixture *fx, cw_instance *in, const char *name, uint32_t n, const char *words)
{
    char message[200];
    call(fx, export(in, name), n, message);
    if (strncmp(message, words, strlen(words)) != 0)
        fail_msg("\"%s\", not \"%s\"", message, words);
}

static void calls_between_instances_come_back_to_their_memories(void **state)
{
    fixture fx;
    (void)state;
    start(&fx, (cw_code_options){ 0 });
    cw_instance *a =
        instance(&fx,
                 "(memory 1) (data (i32.const 8) \"\\05\")"
                 "(func (export \"f\") (param i32) (result i32) (i32.add (local.get 0) (i32.load (i32.const 8))))",
                 NULL, NULL);
    cw_instance *b = instance(
        &fx,
        "(import \"\" \"f\" (func $f (param i32) (result i32))) (memory 1) (data (i32.const 8) \"\\64\")"
        "(table funcref (elem $f))"
        "(func (export \"direct\") (param i32) (result i32) (i32.add (call $f (local.get 0)) (i32.load (i32.const 8))))"
        "(func (export \"indirect\") (param i32) (result i32)"
        " (i32.add (call_indirect (param i32) (result i32) (local.get 0) (i32.const 0)) (i32.load (i32.const 8))))",
        export(a, "f"), NULL);
    assert_int_equal(run(&fx, b, "direct", 1), 106);
    assert_int_equal(run(&fx, b, "indirect", 1), 106);
    finish(&fx);
}

/* (v128, i32) -> (i32, v128): the same, in the other order */
static cw_step exchange_run(cw_thread *t, cw_func *f, uint64_t *frame, uint32_t state)
{
    (void)t, (void)f, (void)state;
    const uint64_t low = frame[0], high = frame[1];
    frame[0] = frame[2], frame[1] = low, frame[2] = high;
    return CW_STEP_RETURN;
}

#define LANES(v) "(i32.add (i32.mul (i32.const 10) (i32x4.extract_lane 0 " v ")) (i32x4.extract_lane 3 " v "))"

static void vectors_keep_both_their_slots_wherever_they_go(void **state)
{
    static const cw_native exchange_native = { exchange_run, NULL, "exchange" };
    const cw_valtype in_types[] = { CW_V128, CW_I32 }, out_types[] = { CW_I32, CW_V128 };
    cwrun_error err = CWRUN_ERROR_INIT;
    fixture fx;
    (void)state;
    start(&fx, (cw_code_options){ 0 });
    cw_func *exchange = cw_func_native_new(&fx.x, cw_types_func(fx.types, in_types, 2, out_types, 2), &exchange_native,
                                           0, NULL, NULL, &err);
    assert_non_null(exchange);
    cw_instance *in = instance(
        &fx,
        "(import \"\" \"exchange\" (func $exchange (param v128 i32) (result i32 v128)))"
        "(type $pair (func (param v128 v128) (result v128 v128)))"
        "(global $g (mut v128) (v128.const i32x4 1 2 3 4))"
        "(table funcref (elem $swap))"
        "(func $make (param i32) (result v128)"
        " (i32x4.replace_lane 3 (i32x4.splat (local.get 0)) (i32.add (local.get 0) (i32.const 1))))"
        "(func $swap (type $pair) (local.get 1) (local.get 0))"
        "(func $swap_tail (type $pair) (return_call_indirect (type $pair) (local.get 1) (local.get 0) "
        "(i32.const 0)))"
        "(func $sum (param v128 v128) (result i32) (i32.sub " LANES("(local.get 0)") " " LANES(
            "(local.get 1)") "))"
                             "(func (export \"host\") (param i32) (result i32) (local v128 i32)"
                             " (call $exchange (call $make (local.get 0)) (i32.const 1000)) (local.set 1) "
                             "(local.set 2)"
                             " (i32.add (local.get 2) " LANES(
                                 "(local.get 1)") "))"
                                                  "(func (export \"calls\") (param i32) (result i32)"
                                                  " (call $swap_tail (call $make (i32.const 2)) (call $make "
                                                  "(local.get 0))) (call $sum))"
                                                  "(func (export \"indirect\") (param i32) (result i32)"
                                                  " (call_indirect (type $pair) (call $make (i32.const 2)) "
                                                  "(call $make (local.get 0)) (i32.const 0)) (call $sum))"
                                                  "(func (export \"branch\") (param i32) (result i32) (local "
                                                  "v128 i32 i64)"
                                                  " (i64.const 5) (v128.const i32x4 9 9 9 9)"
                                                  " (block (result i32 v128 i64)"
                                                  "  (block (result i32 v128 i64)"
                                                  "   (i64.const 6) (v128.const i32x4 8 8 8 8)"
                                                  "   (i32.const 100) (call $make (local.get 0)) (i64.const 7)"
                                                  "   (br_table 0 1 0 (local.get 0)))"
                                                  "  (br_if 0 (i32.eq (local.get 0) (i32.const 2)))"
                                                  "  (local.set 3) (local.set 1) (i32.const 1) (i32.add) "
                                                  "(local.get 1) (local.get 3))"
                                                  " (local.set 3) (local.set 1) (local.set 2) (drop) (drop)"
                                                  " (i32.add (i32.add (local.get 2) (i32.wrap_i64 (local.get "
                                                  "3))) " LANES(
                                                      "(local.get 1)") "))"
                                                                       "(func (export \"loop\") (param i32) "
                                                                       "(result i32) (local v128 v128)"
                                                                       " (call $make (i32.const 1))"
                                                                       " (loop $l (param v128) (result v128)"
                                                                       "  (local.tee 1) (local.get 1) "
                                                                       "(local.set 1 (i32x4.add (local.get 1) "
                                                                       "(v128.const i32x4 1 0 0 1)))"
                                                                       "  (drop) (drop) (local.get 1)"
                                                                       "  (br_if $l (local.tee 0 (i32.sub "
                                                                       "(local.get 0) (i32.const 1)))))"
                                                                       " (local.set 2) " LANES(
                                                                           "(local.get 2)") ")"
                                                                                            "(func (export "
                                                                                            "\"choose\") "
                                                                                            "(param i32) "
                                                                                            "(result i32) "
                                                                                            "(local v128)"
                                                                                            " (global.set $g "
                                                                                            "(select "
                                                                                            "(global.get $g) "
                                                                                            "(call $make "
                                                                                            "(i32.const 3)) "
                                                                                            "(local.get 0)))"
                                                                                            " (local.set 1 "
                                                                                            "(if (result "
                                                                                            "v128) (local.get "
                                                                                            "0) (then "
                                                                                            "(global.get $g)) "
                                                                                            "(else (v128.not "
                                                                                            "(v128.not "
                                                                                            "(global.get "
                                                                                            "$g))))))"
                                                                                            " " LANES("(local.get "
                                                                                                      "1)") ")"
                                                                                                            "(func "
                                                                                                            "(export"
                                                                                                            " \"kept"
                                                                                                            "\") "
                                                                                                            "(param "
                                                                                                            "i32) "
                                                                                                            "(result"
                                                                                                            " i32) "
                                                                                                            "(local "
                                                                                                            "v128)"
                                                                                                            " ("
                                                                                                            "local."
                                                                                                            "set 1 "
                                                                                                            "(call "
                                                                                                            "$make "
                                                                                                            "(i32."
                                                                                                            "const "
                                                                                                            "4))) "
                                                                                                            "(local."
                                                                                                            "get 1) "
                                                                                                            "(i32."
                                                                                                            "const "
                                                                                                            "3)"
                                                                                                            " ("
                                                                                                            "local."
                                                                                                            "set 1 "
                                                                                                            "(call "
                                                                                                            "$make "
                                                                                                            "(local."
                                                                                                            "get "
                                                                                                            "0))) "
                                                                                                            "(drop) "
                                                                                                            "(local."
                                                                                                            "get 1) "
                                                                                                            "(call "
                                                                                                            "$sum))"
                                                                                                            "(func "
                                                                                                            "(export"
                                                                                                            " \"earl"
                                                                                                            "y\") "
                                                                                                            "(param "
                                                                                                            "i32) "
                                                                                                            "(result"
                                                                                                            " i32) "
                                                                                                            "(call "
                                                                                                            "$early "
                                                                                                            "(local."
                                                                                                            "get "
                                                                                                            "0)) "
                                                                                                            "(call "
                                                                                                            "$sum))"
                                                                                                            "(func "
                                                                                                            "$early "
                                                                                                            "(param "
                                                                                                            "i32) "
                                                                                                            "(result"
                                                                                                            " v128 "
                                                                                                            "v128) "
                                                                                                            "(local "
                                                                                                            "v128)"
                                                                                                            " ("
                                                                                                            "local."
                                                                                                            "set 1 "
                                                                                                            "(call "
                                                                                                            "$make "
                                                                                                            "(i32."
                                                                                                            "const "
                                                                                                            "1)))"
                                                                                                            " ("
                                                                                                            "local."
                                                                                                            "get 1) "
                                                                                                            "(call "
                                                                                                            "$make "
                                                                                                            "(local."
                                                                                                            "get "
                                                                                                            "0)) "
                                                                                                            "(br_if "
                                                                                                            "0 "
                                                                                                            "(local."
                                                                                                            "get "
                                                                                                            "0)) "
                                                                                                            "(call "
                                                                                                            "$swap)"
                                                                                                            ")",
        exchange, NULL);
    assert_int_equal(run(&fx, in, "host", 2), 1023);
    assert_int_equal((int32_t)run(&fx, in, "calls", 5), 23 - 56);
    assert_int_equal(run(&fx, in, "indirect", 5), 56 - 23);
    assert_int_equal(run(&fx, in, "branch", 0), 101 + 7 + 1);
    assert_int_equal(run(&fx, in, "branch", 1), 100 + 7 + 12);
    assert_int_equal(run(&fx, in, "branch", 2), 100 + 7 + 23);
    assert_int_equal(run(&fx, in, "loop", 4), 10 * 5 + 6);
    assert_int_equal(run(&fx, in, "choose", 1), 14);
    assert_int_equal(run(&fx, in, "choose", 0), 34);
    assert_int_equal(run(&fx, in, "choose", 1), 34);
    assert_int_equal((int32_t)run(&fx, in, "kept", 7), 45 - 78);
    assert_int_equal((int32_t)run(&fx, in, "early", 3), 12 - 34);
    assert_int_equal((int32_t)run(&fx, in, "early", 0), 1 - 12);
    finish(&fx);
}

#define COUNTDOWN(call) \
    "(func $f (export \"f\") (param i32) (result i32)" \
    " (if (i32.eqz (local.get 0)) (then (return (i32.const 7))))" \
    " (i32.sub (local.get 0) (i32.const 1)) " call ")"

static void tail_calls_do_not_grow_the_stacks(void **state)
{
    static const char *const kinds[] = {
        COUNTDOWN("return_call $f"),
        "(type $t (func (param i32) (result i32))) (table funcref (elem $f))" COUNTDOWN(
            "i32.const 0 return_call_indirect (type $t)"),
        "(type $t (func (param i32) (result i32))) (elem declare func $f)" COUNTDOWN("ref.func $f return_call_ref $t"),
    };
    (void)state;
    for (size_t i = 0; i < sizeof kinds / sizeof kinds[0]; i++) {
        fixture fx;
        start(&fx, (cw_code_options){ 0 });
        assert_int_equal(run(&fx, instance(&fx, kinds[i], NULL, NULL), "f", 1000000), 7);
        finish(&fx);
    }
}

static void tail_calls_between_instances_do_not_grow_them_either(void **state)
{
    fixture fx;
    (void)state;
    start(&fx, (cw_code_options){ 0 });
    /* two instances bounce by their tables */
    const char *wat = "(type $t (func (param i32) (result i32))) (table (export \"t\") 1 funcref) (memory 1)"
                      "(func $f (export \"f\") (type $t)"
                      " (if (i32.eqz (local.get 0)) (then (return (i32.load (i32.const 0)))))"
                      " (return_call_indirect (type $t) (i32.sub (local.get 0) (i32.const 1)) (i32.const 0)))"
                      "(func (export \"g\") (type $t) (i32.store (i32.const 0) (i32.const 9))"
                      " (i32.add (call $f (local.get 0)) (i32.load (i32.const 0))))";
    cw_instance *a = instance(&fx, wat, NULL, NULL), *b = instance(&fx, wat, NULL, NULL);
    a->tables[0]->elems[0] = (uintptr_t)export(b, "f");
    b->tables[0]->elems[0] = (uintptr_t)export(a, "f");
    assert_int_equal(run(&fx, a, "f", 1000000), 0);
    assert_int_equal(run(&fx, a, "g", 1000000), 18);
    assert_int_equal(run(&fx, a, "g", 1000001), 9);
    finish(&fx);
}

static void natives_call_guests_that_call_natives(void **state)
{
    fixture fx;
    (void)state;
    start(&fx, (cw_code_options){ 0 });
    cw_instance *in =
        instance(&fx,
                 "(import \"\" \"twice\" (func $twice (param i32) (result i32)))"
                 "(import \"\" \"wait\" (func $wait (param i32) (result i32)))"
                 "(func (export \"step\") (param i32) (result i32) (i32.add (call $wait (local.get 0)) (i32.const 1)))"
                 "(func (export \"f\") (param i32) (result i32) (i32.mul (call $twice (local.get 0)) (i32.const 10)))"
                 "(func (export \"tail\") (param i32) (result i32) (return_call $twice (local.get 0)))",
                 fx.twice, fx.wait);
    fx.callee = export(in, "step");
    assert_int_equal(run(&fx, in, "f", 5), 70);
    assert_int_equal(run(&fx, in, "tail", 5), 7);
    finish(&fx);
}

static void a_memory_that_grew_meanwhile_is_seen(void **state)
{
    fixture fx;
    (void)state;
    start(&fx, (cw_code_options){ 0 });
    cw_instance *in = instance(
        &fx,
        "(import \"\" \"grow\" (func $grow (param i32) (result i32))) (memory 0)"
        "(func (export \"f\") (param i32) (result i32)"
        " (drop (call $grow (local.get 0))) (i32.store (i32.const 65532) (i32.const 3)) (i32.load (i32.const 65532)))"
        "(func (export \"g\") (param i32) (result i32)"
        " (drop (memory.grow (local.get 0))) (i32.load (i32.const 65532)))",
        fx.grow, NULL);
    fx.callee = export(in, "f");
    expect_failure(&fx, in, "f", 0, "out of bounds memory access");
    assert_int_equal(run(&fx, in, "f", 1), 3);
    assert_int_equal(run(&fx, in, "g", 1), 3);
    finish(&fx);
}

static void recursion_without_end_is_a_trap_by_any_way(void **state)
{
    fixture fx;
    (void)state;
    start(&fx, (cw_code_options){ 0 });
    cw_instance *in =
        instance(&fx,
                 "(import \"\" \"twice\" (func $twice (param i32) (result i32)))"
                 "(import \"\" \"nested\" (func $nested (param i32) (result i32)))"
                 "(func $r (export \"r\") (param i32) (result i32) (i32.add (call $r (local.get 0)) (i32.const 1)))"
                 "(func (export \"t\") (param i32) (result i32) (i32.add (call $twice (local.get 0)) (i32.const 1)))"
                 "(func (export \"n\") (param i32) (result i32) (i32.add (call $nested (local.get 0)) (i32.const 1)))"
                 "(func $void (export \"void\") (call $void) (call $void))",
                 fx.twice, fx.nested);
    expect_failure(&fx, in, "r", 0, "call stack exhausted r+0x");
    expect_failure(&fx, in, "void", 0, "call stack exhausted void+0x");
    fx.callee = export(in, "t");
    expect_failure(&fx, in, "t", 0, "call stack exhausted");
    fx.callee = export(in, "n");
    expect_failure(&fx, in, "n", 0, "call stack exhausted");
    finish(&fx);
}

static void a_trap_in_a_fused_instruction_names_the_right_place(void **state)
{
    fixture fx;
    (void)state;
    start(&fx, (cw_code_options){ 0 });
    /* offsets count from the start of the file; the load and the division follow one another */
    cw_instance *in = instance(&fx,
                               "(memory 1)"
                               "(func $load (export \"load\") (param i32) (result i32)"
                               " local.get 0 i32.const 4 i32.add i32.load local.get 0 i32.div_u)"
                               "(func (export \"f\") (param i32) (result i32) local.get 0 call $load)",
                               NULL, NULL);
    char message[200];
    uint32_t load_at, div_at, call_at, other;
    call(&fx, export(in, "f"), 0x10000, message);
    assert_int_equal(sscanf(message, "out of bounds memory access load+0x%x f+0x%x", &load_at, &call_at), 2);
    call(&fx, export(in, "f"), 0, message);
    assert_int_equal(sscanf(message, "integer divide by zero load+0x%x f+0x%x", &div_at, &other), 2);
    assert_int_equal(other, call_at);
    const uint8_t *file = fx.modules[0]->file_start;
    assert_int_equal(file[load_at], 0x28);
    assert_int_equal(file[div_at], 0x6e);
    assert_int_equal(file[call_at], 0x10);
    finish(&fx);
}

static void traps_pass_through_other_instances_and_natives(void **state)
{
    fixture fx;
    (void)state;
    start(&fx, (cw_code_options){ 0 });
    cw_instance *a = instance(&fx, "(func $bad (export \"bad\") (param i32) (result i32) unreachable)", NULL, NULL);
    cw_instance *b = instance(
        &fx,
        "(import \"\" \"twice\" (func $twice (param i32) (result i32)))"
        "(func $f (export \"f\") (param i32) (result i32) (i32.add (call $twice (local.get 0)) (i32.const 1)))",
        fx.twice, NULL);
    fx.callee = export(a, "bad");
    char message[200];
    unsigned at[3];
    call(&fx, export(b, "f"), 1, message);
    assert_int_equal(
        sscanf(message, "wasm `unreachable` instruction executed bad+0x%x twice+0x%x f+0x%x", at, at + 1, at + 2), 3);
    finish(&fx);
}

#define ENDLESS "(func (export \"f\") (param i32) (result i32) (loop (br 0)) unreachable)"

static void fuel_ends_a_loop_and_a_recursion(void **state)
{
    fixture fx;
    (void)state;
    start(&fx, (cw_code_options){ .fuel = true });
    cw_instance *in = instance(
        &fx, ENDLESS "(func $r (export \"r\") (param i32) (result i32) (return_call $r (local.get 0)))", NULL, NULL);
    fx.x.fuel = 100000;
    expect_failure(&fx, in, "f", 0, "all fuel consumed");
    fx.x.fuel = 100000;
    expect_failure(&fx, in, "r", 0, "all fuel consumed");
    finish(&fx);
}

static void fuel_is_charged_for_every_instruction_of_a_turn(void **state)
{
    fixture fx;
    (void)state;
    start(&fx, (cw_code_options){ .fuel = true });
    cw_instance *in = instance(&fx,
                               "(func (export \"f\") (param i32) (result i32)"
                               " (loop (br_if 0 (local.tee 0 (i32.sub (local.get 0) (i32.const 1))))) (i32.const 0))",
                               NULL, NULL);
    fx.x.fuel = 1000000;
    run(&fx, in, "f", 10);
    const int64_t ten = 1000000 - fx.x.fuel;
    run(&fx, in, "f", 20);
    const int64_t twenty = 1000000 - ten - fx.x.fuel;
    assert_int_equal((twenty - ten) % 10, 0);
    assert_in_range((twenty - ten) / 10, 5, 6); /* get, const, sub, tee, br_if, and the turn itself */
    finish(&fx);
}

static void *interrupt(void *user)
{
    cw_exec_interrupt(user);
    return NULL;
}

static void an_interrupt_ends_a_loop(void **state)
{
    fixture fx;
    pthread_t thread;
    (void)state;
    start(&fx, (cw_code_options){ .interruptible = true });
    cw_instance *in = instance(&fx, ENDLESS, NULL, NULL);
    assert_int_equal(pthread_create(&thread, NULL, interrupt, &fx.x), 0);
    char message[200];
    call(&fx, export(in, "f"), 0, message);
    pthread_join(thread, NULL);
    assert_non_null(strstr(message, "interrupt"));
    cw_exec_interrupt_clear(&fx.x);
    finish(&fx);
}

static void subtypes_may_be_called_indirectly(void **state)
{
    fixture fx;
    (void)state;
    start(&fx, (cw_code_options){ 0 });
    cw_instance *in = instance(
        &fx,
        "(type $super (sub (func (param i32) (result i32)))) (type $sub (sub $super (func (param i32) (result i32))))"
        "(type $other (func (param i32) (result i32))) (table funcref (elem $f))"
        "(func $f (type $sub) (i32.add (local.get 0) (i32.const 1)))"
        "(func (export \"f\") (param i32) (result i32) (call_indirect (type $super) (local.get 0) (i32.const 0)))"
        "(func (export \"g\") (param i32) (result i32) (call_indirect (type $other) (local.get 0) (i32.const 0)))"
        "(func (export \"h\") (param i32) (result i32) (call_indirect (type $super) (local.get 0) (i32.const 1)))",
        NULL, NULL);
    assert_int_equal(run(&fx, in, "f", 1), 2);
    expect_failure(&fx, in, "g", 1, "indirect call type mismatch");
    expect_failure(&fx, in, "h", 1, "undefined element: out of bounds table access");
    finish(&fx);
}

static void several_results_may_be_parameters(void **state)
{
    fixture fx;
    (void)state;
    start(&fx, (cw_code_options){ 0 });
    cw_instance *in =
        instance(&fx,
                 "(func $swap (param i32 i32) (result i32 i32) local.get 1 local.get 0)"
                 "(func $maybe (param i32 i32) (result i32 i32) local.get 1 local.get 0 local.get 0 br_if 0 i32.add "
                 "i32.const 100)"
                 "(func (export \"f\") (param i32) (result i32) (i32.sub (call $swap (local.get 0) (i32.const 30))))"
                 "(func (export \"g\") (param i32) (result i32) (i32.sub (call $maybe (local.get 0) (i32.const 30))))",
                 NULL, NULL);
    assert_int_equal(run(&fx, in, "f", 4), 26);
    assert_int_equal(run(&fx, in, "g", 4), 26);
    assert_int_equal((int32_t)run(&fx, in, "g", 0), -70);
    finish(&fx);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(vectors_keep_both_their_slots_wherever_they_go),
        cmocka_unit_test(calls_between_instances_come_back_to_their_memories),
        cmocka_unit_test(tail_calls_do_not_grow_the_stacks),
        cmocka_unit_test(tail_calls_between_instances_do_not_grow_them_either),
        cmocka_unit_test(natives_call_guests_that_call_natives),
        cmocka_unit_test(a_memory_that_grew_meanwhile_is_seen),
        cmocka_unit_test(recursion_without_end_is_a_trap_by_any_way),
        cmocka_unit_test(a_trap_in_a_fused_instruction_names_the_right_place),
        cmocka_unit_test(traps_pass_through_other_instances_and_natives),
        cmocka_unit_test(fuel_ends_a_loop_and_a_recursion),
        cmocka_unit_test(fuel_is_charged_for_every_instruction_of_a_turn),
        cmocka_unit_test(an_interrupt_ends_a_loop),
        cmocka_unit_test(subtypes_may_be_called_indirectly),
        cmocka_unit_test(several_results_may_be_parameters),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
