/* unit/test_validate.c: the validator: by-products for translation, uninitialized locals, messages, and limits. The
 * rules of single instructions are covered by the specification's scripts. */
#include "module_bytes.h"

#include <setjmp.h>
#include <stdarg.h>
#include <cmocka.h>

/* Types: 0 [] → [], 1 [i32 i64] → [i32], 2 [i32 i32] → [i32 i32], 3 [] → [v128]. Function 0 of type 2 is imported,
 * function 1 is the one that is checked. One memory, one table of functions. */
static loaded load_body(uint8_t type, const void *body, size_t n)
{
    module_bytes b;
    module_begin(&b);
    SECTION(&b, 1,
            "\4"
            "\x60\0\0"
            "\x60\2\x7f\x7e\1\x7f"
            "\x60\2\x7f\x7f\2\x7f\x7f"
            "\x60\0\1\x7b");
    SECTION(&b, 2, "\1\1a\1f\0\2");
    module_section(&b, 3, (uint8_t[]){ 1, type }, 2);
    SECTION(&b, 4, "\1\x70\0\1");
    SECTION(&b, 5, "\1\0\1");
    module_body(&b, body, n);
    return module_load(&b, CW_FEATURES_3_0);
}

#define LOAD(type, body) load_body(type, "" body, sizeof(body) - 1)

static void assert_refused(loaded l, const char *words)
{
    assert_null(l.m);
    if (!strstr(l.err.message, words))
        fail_msg("\"%s\" lacks \"%s\"", l.err.message, words);
    loaded_free(&l);
}

static void assert_loads(loaded *l)
{
    if (!l->m)
        fail_msg("%s", l->err.message);
}

static void heights_labels_and_instructions_are_counted(void **state)
{
    (void)state;
    /* block (result i32) loop i32.const 1, 2, 3, drop, drop, br 1 end unreachable end */
    loaded l = LOAD(1, "\1\2\x7e"
                       "\x02\x7f\x03\x40\x41\1\x41\2\x41\3\x1a\x1a\x0c\1\x0b\x00\x0b\x0b");
    assert_loads(&l);
    const cw_func_body *f = &l.m->bodies[0];
    assert_int_equal(f->max_labels, 3);
    assert_int_equal(f->max_stack_values, 3);
    assert_int_equal(f->max_stack_slots, 3);
    assert_int_equal(f->n_insns, 12);
    assert_int_equal(f->local_slots, 4);
    assert_int_equal(f->n_locals, 2);
    assert_true(!f->has_calls && !f->zero_locals);
    assert_true(f->code[0] == 0x02 && f->end[-1] == 0x0b);
    loaded_free(&l);
}

static void calls_are_noted_and_their_results_counted(void **state)
{
    (void)state;
    loaded l = LOAD(0, "\0"
                       "\x41\1\x41\2\x10\0\x10\0\x1a\x1a\x0b");
    assert_loads(&l);
    assert_true(l.m->bodies[0].has_calls);
    assert_int_equal(l.m->bodies[0].max_stack_slots, 2);
    loaded_free(&l);
}

static void vectors_take_two_slots(void **state)
{
    (void)state;
    /* i32.const 0, v128.load twice, drop, drop */
    loaded l = LOAD(0, "\0"
                       "\x41\0\xfd\0\0\0\x41\0\xfd\0\0\0\x1a\x1a\x0b");
    assert_loads(&l);
    const cw_func_body *f = &l.m->bodies[0];
    assert_int_equal(f->max_stack_values, 2);
    assert_int_equal(f->max_stack_slots, 4);
    loaded_free(&l);

    l = LOAD(0, "\1\1\x7b"
                "\x20\0\x1a\x0b"); /* a vector moved by a plain instruction */
    assert_loads(&l);
    assert_int_equal(l.m->bodies[0].local_slots, 2);
    loaded_free(&l);
}

static void typed_references_and_tail_calls_are_executed(void **state)
{
    (void)state;
    /* block  ref.null 0, br_on_null 0, call_ref 0  end  return_call 1?  → return_call_ref of a null */
    loaded l = LOAD(0, "\0"
                       "\x02\x40\xd0\0\xd5\0\x14\0\x0b\xd0\0\xd4\x15\0\x0b");
    assert_loads(&l);
    loaded_free(&l);
}

static void locals_that_may_be_read_first_are_zeroed(void **state)
{
    (void)state;
    /* locals 2 … 5; 2: set, then read; 3: read; 4: set only inside a block, then read; 5: never read */
    loaded l = LOAD(1, "\1\4\x7f"
                       "\x41\1\x21\2\x20\2\x1a\x20\3\x1a\x02\x40\x41\1\x21\4\x0b\x20\4\x0b");
    assert_loads(&l);
    assert_non_null(l.m->bodies[0].zero_locals);
    assert_int_equal(l.m->bodies[0].zero_locals[0], 1 << 1 | 1 << 2);
    loaded_free(&l);

    l = LOAD(1, "\1\1\x7f"
                "\x41\1\x22\2\x1a\x03\x40\x20\2\x0d\0\x0b\x20\2\x0b"); /* set before the loop */
    assert_loads(&l);
    assert_null(l.m->bodies[0].zero_locals);
    loaded_free(&l);

    l = LOAD(0, "\2\2\x7f\1\x70"
                "\x0b"); /* references always */
    assert_loads(&l);
    assert_int_equal(l.m->bodies[0].zero_locals[0], 1 << 2);
    loaded_free(&l);
}

static void more_locals_than_the_body_could_name_are_all_zeroed(void **state)
{
    (void)state;
    loaded l = LOAD(0, "\2\xe0\xd4\1\x7f\1\x7e"
                       "\x20\xe0\xd4\1\x1a\x20\5\x1a\x0b"); /* 27232 of i32, one i64 */
    assert_loads(&l);
    const cw_func_body *f = &l.m->bodies[0];
    assert_int_equal(f->n_locals, 27233);
    assert_int_equal(f->zero_locals[27232 / 32] >> 27232 % 32 & 1, 1);
    loaded_free(&l);
    assert_refused(LOAD(0, "\2\xe0\xd4\1\x7f\1\x7e"
                           "\x20\xe0\xd4\1\x45\x1a\x0b"),
                   "i32.eqz expects i32, found i64");
    assert_refused(LOAD(0, "\2\xe0\xd4\1\x7f\1\x7e"
                           "\x20\xe1\xd4\1\x1a\x0b"),
                   "unknown local 27233");
    loaded limit = LOAD(0, "\1\xd1\x86\3\x7f"
                           "\x0b");
    assert_int_equal(limit.err.kind, CWRUN_ERROR_LIMIT);
    assert_refused(limit, "too many locals");
    assert_refused(LOAD(0, "\2\xff\xff\xff\xff\xf\x7f\1\x7f"
                           "\x0b"),
                   "too many locals");
}

static void a_local_without_default_must_be_set(void **state)
{
    (void)state;
    assert_refused(LOAD(0, "\1\1\x64\x70"
                           "\x20\0\x1a\x0b"),
                   "uninitialized local 0");
    /* set in a block, read after it */
    assert_refused(LOAD(0, "\1\1\x64\x70"
                           "\x02\x40\x00\x21\0\x0b\x20\0\x1a\x0b"),
                   "uninitialized local 0");
    loaded l = LOAD(0, "\1\1\x64\x70"
                       "\x00\x21\0\x02\x40\x20\0\x1a\x0b\x20\0\x1a\x0b");
    assert_loads(&l);
    loaded_free(&l);
}

static void messages_say_where_and_what(void **state)
{
    (void)state;
    assert_refused(LOAD(0, "\0"
                           "\x42\0\x45\x1a\x0b"),
                   "func 1: type mismatch: i32.eqz expects i32, found i64");
    assert_refused(LOAD(0, "\0"
                           "\x6a\x0b"),
                   "type mismatch: i32.add expects i32, but the stack is empty");
    assert_refused(LOAD(0, "\0"
                           "\x41\0\x0b"),
                   "type mismatch: values remaining");
    assert_refused(LOAD(0, "\0"
                           "\x0c\1\x0b"),
                   "unknown label 1");
    assert_refused(LOAD(0, "\0"
                           "\x10\7\x0b"),
                   "unknown function 7");
    assert_refused(LOAD(0, "\0"
                           "\x41\0\x28\3\0\x1a\x0b"),
                   "alignment must not be larger than natural");
    assert_refused(LOAD(0, "\0"
                           "\x41\0\x28\2\x80\x80\x80\x80\x10\x1a\x0b"),
                   "offset out of range");
    assert_refused(LOAD(0, "\0"
                           "\x41\0\x28\x42\1\0\x1a\x0b"),
                   "unknown memory 1");
    assert_refused(LOAD(0, "\0"
                           "\xff\x0b"),
                   "illegal opcode ff");
    assert_refused(LOAD(0, "\0"
                           "\xfc\x7f\x0b"),
                   "illegal opcode fc 7f");
    assert_refused(LOAD(0, "\0"
                           "\x02\x40\x0b"),
                   "END opcode expected");
    assert_refused(LOAD(0, "\0"
                           "\x0b\x01"),
                   "section size mismatch");
    assert_refused(LOAD(0, "\0"
                           "\xd2\1\x1a\x0b"),
                   "undeclared function reference 1");
    assert_refused(LOAD(0, "\0"
                           "\xd0\1\x14\0\x0b"),
                   "call_ref expects (ref null 0), found (ref null 1)");
    assert_refused(LOAD(0, "\0"
                           "\xfc\x09\0\x0b"),
                   "data count section required");
}

static void unreachable_code_takes_any_operand_but_not_every_type(void **state)
{
    (void)state;
    loaded l = LOAD(1, "\0"
                       "\x00\x6a\x42\0\x1a\x0b");
    assert_loads(&l);
    loaded_free(&l);
    assert_refused(LOAD(1, "\0"
                           "\x00\x42\0\x6a\x0b"),
                   "i32.add expects i32, found i64");
    assert_refused(LOAD(1, "\0"
                           "\x00\xd4\x45\x0b"),
                   "i32.eqz expects i32, found (ref bottom)");
}

static void switches_of_instructions_hold(void **state)
{
    (void)state;
    static const struct {
        const char *body;
        size_t n;
        cw_features feature;
    } cases[] = {
        { "\0\x41\0\xc0\x1a\x0b", 6, CW_FEATURE_SIGN_EXTENSION },
        { "\0\x43\0\0\0\0\xfc\0\x1a\x0b", 10, CW_FEATURE_SATURATING },
        { "\0\x12\1\x0b", 4, CW_FEATURE_TAIL_CALL },
        { "\0\xfe\3\0\x0b", 5, CW_FEATURE_THREADS },
        { "\0\x42\0\x42\0\xfc\x15\x1a\x1a\x0b", 10, CW_FEATURE_WIDE_ARITHMETIC },
        { "\0\x06\x40\x19\x09\0\x0b\x0b", 8, CW_FEATURE_LEGACY_EXCEPTIONS },
        { "\0\x06\x40\x18\0\x0b", 6, CW_FEATURE_LEGACY_EXCEPTIONS },
        { "\0\x41\0\x41\0\xfe\x17\2\0\x0b", 10, CW_FEATURE_THREADS },
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        module_bytes b;
        module_begin(&b);
        SECTION(&b, 1, "\1\x60\0\0");
        SECTION(&b, 3, "\2\0\0");
        SECTION(&b, 5, "\1\0\1");
        uint8_t content[64] = { 2, 2, 0, 0x0b, (uint8_t)cases[i].n };
        memcpy(content + 5, cases[i].body, cases[i].n);
        module_section(&b, 10, content, cases[i].n + 5);
        loaded l = module_load(&b, CW_FEATURES_3_0 | cases[i].feature);
        assert_loads(&l);
        loaded_free(&l);
        l = module_load(&b, (CW_FEATURES_3_0 | cases[i].feature) & ~cases[i].feature);
        assert_refused(l, "feature is disabled");
    }
}

static void a_frame_too_large_is_a_limit(void **state)
{
    (void)state;
    loaded l = LOAD(0, "\1\x80\x80\2\x7b"
                       "\x0b"); /* 32768 vectors */
    assert_int_equal(l.err.kind, CWRUN_ERROR_LIMIT);
    assert_refused(l, "frame is too large");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(heights_labels_and_instructions_are_counted),
        cmocka_unit_test(calls_are_noted_and_their_results_counted),
        cmocka_unit_test(vectors_take_two_slots),
        cmocka_unit_test(typed_references_and_tail_calls_are_executed),
        cmocka_unit_test(locals_that_may_be_read_first_are_zeroed),
        cmocka_unit_test(more_locals_than_the_body_could_name_are_all_zeroed),
        cmocka_unit_test(a_local_without_default_must_be_set),
        cmocka_unit_test(messages_say_where_and_what),
        cmocka_unit_test(unreachable_code_takes_any_operand_but_not_every_type),
        cmocka_unit_test(switches_of_instructions_hold),
        cmocka_unit_test(a_frame_too_large_is_a_limit),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
