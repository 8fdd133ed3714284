/* unit/test_wat.c: core modules from text: encodings that no script sees, error messages, deep nesting, no memory. */
#include "cwrun/text.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <cmocka.h>

#include "oom/failalloc.h"

static void expect_binary(const char *text, const char *bytes, size_t size)
{
    cwrun_error err = CWRUN_ERROR_INIT;
    cwrun_arena *arena = cwrun_arena_new(NULL);
    cwrun_str binary = cwrun_text_encode(cwrun_str_of(text), "a.wat", arena, &err);
    if (!binary.data)
        fail_msg("%s", err.message);
    assert_int_equal(binary.size, size + 8);
    assert_memory_equal(binary.data, "\0asm\1\0\0\0", 8);
    assert_memory_equal(binary.data + 8, bytes, size);
    cwrun_arena_drop(arena);
}
#define BINARY(text, bytes) expect_binary(text, bytes, sizeof(bytes) - 1)

static void expect_same(const char *one, const char *other)
{
    cwrun_error err = CWRUN_ERROR_INIT;
    cwrun_arena *arena = cwrun_arena_new(NULL);
    cwrun_str a = cwrun_text_encode(cwrun_str_of(one), NULL, arena, &err);
    cwrun_str b = cwrun_text_encode(cwrun_str_of(other), NULL, arena, &err);
    if (!a.data || !b.data)
        fail_msg("%s", err.message);
    assert_int_equal(a.size, b.size);
    assert_memory_equal(a.data, b.data, a.size);
    cwrun_arena_drop(arena);
}

static void expect_error(const char *text, const char *message)
{
    cwrun_error err = CWRUN_ERROR_INIT;
    cwrun_arena *arena = cwrun_arena_new(NULL);
    cwrun_str binary = cwrun_text_encode(cwrun_str_of(text), "a.wat", arena, &err);
    if (binary.data)
        fail_msg("%s: it was taken", text);
    if (!strstr(err.message, message))
        fail_msg("%s: \"%s\", not \"%s\"", text, err.message, message);
    cwrun_error_clear(&err);
    cwrun_arena_drop(arena);
}

static void sections_are_written_in_their_order(void **state)
{
    (void)state;
    BINARY("(module)", "");
    BINARY("(func (result i32) i32.const 7)", "\1\5\1\x60\0\1\x7f\3\2\1\0\x0a\6\1\4\0\x41\7\x0b");
    BINARY("(global i32 (i32.const -1)) (memory 1 2)", "\5\4\1\1\1\2\6\6\1\x7f\0\x41\x7f\x0b");
    BINARY("(module (@custom \"x\" (before type) \"yz\") (type (func)))", "\0\4\1xyz\1\4\1\x60\0\0");
    BINARY("(module (@\"\\63ustom\" \"x\" (before type) \"yz\") (@\"\\u{000063}us\" \"x\" \"y\"))", "\0\4\1xyz");
    expect_error("(module (@\"\\ff\"))", "1:11: malformed UTF-8 encoding");
    BINARY("(module binary \"\\00asm\" \"\\01\\00\\00\\00\")", "");
    BINARY("(module quote \"(memory\" \"1)\")", "\5\3\1\0\1");
}

static void the_annotation_of_shared_libraries_is_a_section(void **state)
{
    (void)state;
    BINARY("(module (memory 1) (@dylink.0 (mem-info (memory 8 2) (table 2 0)) (needed \"a\" \"b\") (export-info \"x\" "
           "binding-weak tls)"
           " (export-info \"y\" 5) (import-info \"env\" \"z\" undefined absolute) (mem-info) (needed)))",
           "\0\x34\x08"
           "dylink.0"
           "\1\4\x08\2\2\0"
           "\2\5\2\1"
           "a"
           "\1"
           "b"
           "\3\x08\2\1"
           "x"
           "\x81\2\1"
           "y"
           "\5"
           "\4\x09\1\3"
           "env"
           "\1"
           "z"
           "\x90\4"
           "\1\4\0\0\0\0"
           "\2\1\0"
           "\5\3\1\0\1");
    BINARY("(module (@dylink.0 (runtime-path \"/x\" \"y\") (runtime-path)))", "\0\x14\x08"
                                                                              "dylink.0"
                                                                              "\5\6\2\2/x\1y"
                                                                              "\5\1\0");
    expect_error("(module (@dylink.0 (foo)))", "expected (mem-info, (needed");
    expect_error("(module (@dylink.0 (mem-info (memory 1))))", "unexpected token )");
    expect_error("(module (@dylink.0 (export-info \"x\" weak)))", "weak");
    expect_error("(module (@dylink.0 (needed 1)))", "unexpected token 1");
}

static void abbreviations_mean_what_they_stand_for(void **state)
{
    (void)state;
    expect_same("(func (param i32 i64))", "(type (func (param i32) (param i64))) (func (type 0))");
    expect_same("(func (export \"a\") (export \"b\"))", "(func) (export \"a\" (func 0)) (export \"b\" (func 0))");
    expect_same("(func (export \"a\") (import \"m\" \"n\"))", "(import \"m\" \"n\" (func)) (export \"a\" (func 0))");
    expect_same("(memory (data \"abc\"))", "(memory 1 1) (data (i32.const 0) \"abc\")");
    expect_same("(table funcref (elem 0)) (func)",
                "(table 1 1 funcref) (elem (table 0) (offset i32.const 0) func 0) (func)");
    expect_same("(table shared i64 funcref (elem 0)) (elem $e func 0) (func table.init $e (i64.const 0) (i32.const 0) "
                "(i32.const 0))",
                "(table shared i64 1 1 funcref) (elem (table 0) (offset i64.const 0) func 0) (elem $e func 0) (func "
                "table.init 1 (i64.const 0) (i32.const 0) (i32.const 0))");
    expect_same("(table 1 funcref) (func) (elem 0 (i32.const 0) 0) (elem (i32.const 0) 0)",
                "(table 1 funcref) (func) (elem (table 0) (offset i32.const 0) func 0) (elem (i32.const 0) func 0)");
    expect_same("(func (i32.add (i32.const 1) (i32.const 2)) drop)", "(func i32.const 1 i32.const 2 i32.add drop)");
    expect_same("(func (if (i32.const 1) (then nop) (else return)))", "(func i32.const 1 if nop else return end)");
    expect_same("(func (local i32 i32) (local i64))", "(func (local i32) (local i32) (local i64))");
    expect_same("(func (block (result i32 i32) unreachable) drop drop)",
                "(type (func)) (type (func (result i32 i32))) (func block (type 1) unreachable end drop drop)");
    expect_same("(type $t (func)) (func (result (ref null func)) (ref.null func))",
                "(type $t (func)) (func (result funcref) ref.null func)");
}

static void parameters_of_imports_and_tags_are_named(void **state)
{
    (void)state;
    BINARY("(module (import \"m\" \"n\" (func (param $x i32))))", "\1\5\1\x60\1\x7f\0\2\7\1\1m\1n\0\0"
                                                                  "\0\x0d\4name\2\6\1\0\1\0\1x");
    BINARY("(module (func (import \"m\" \"n\") (param (@name \"x\") i32)))", "\1\5\1\x60\1\x7f\0\2\7\1\1m\1n\0\0"
                                                                             "\0\x0d\4name\2\6\1\0\1\0\1x");
    BINARY("(module (tag (param $x i32)))", "\1\5\1\x60\1\x7f\0\x0d\3\1\0\0\0\x0d\4name\x0d\6\1\0\1\0\1x");
}

static void labels_are_named_by_their_annotations(void **state)
{
    (void)state;
#define FUNC "\1\4\1\x60\0\0\3\2\1\0\x0a"
#define LABELS "\0\x0f\4name\3\x08\1\0\1\0\3x y"
    BINARY("(module (func block $l (@name \"x y\") br $l end $l))", FUNC "\x09\1\7\0\2\x40\x0c\0\x0b\x0b" LABELS);
    BINARY("(module (func (loop (@name \"x y\"))))", FUNC "\7\1\5\0\3\x40\x0b\x0b" LABELS);
    BINARY("(module (func (if $l (@name \"x y\") (i32.const 0) (then))))",
           FUNC "\x09\1\7\0\x41\0\4\x40\x0b\x0b" LABELS);
    BINARY("(module (func (try_table $l (@name \"x y\") (catch_all 0))))",
           FUNC "\x0a\1\x08\0\x1f\x40\1\2\0\x0b\x0b" LABELS);
    BINARY("(module (func block $l (@name \"\") end))", FUNC "\7\1\5\0\2\x40\x0b\x0b\0\x0c\4name\3\5\1\0\1\0\0");
    expect_error("(func block $l (@name \"x\") br $x end)", "unknown label $x");
}

static void labels_are_found_inside_out(void **state)
{
    (void)state;
    expect_same("(func (block $a (block $b (block $a (br $a) (br $b)) (br $a) (block $b (br $b) (br $a))) (br $a)) "
                "(block $b (br $b)))",
                "(func (block $a (block $b (block $a (br 0) (br 1)) (br 1) (block $b (br 0) (br 2))) (br 0)) (block $b "
                "(br 0)))");
    expect_error("(func (block $a (block $b)) (br $a))", "unknown label $a");
    expect_error("(func (block $a (block $b) (br $b)))", "unknown label $b");
    expect_error("(func (block $a)) (func (br $a))", "unknown label $a");

    /* as many names, each used where it is far out: no search */
    enum { MANY = 100000, SIZE = 40 * MANY };
    char *text = malloc(SIZE);
    size_t n = (size_t)sprintf(text, "(func ");
    for (int i = 0; i < MANY; i++)
        n += (size_t)sprintf(text + n, "block $l%d ", i);
    for (int i = 0; i < MANY; i++)
        n += (size_t)sprintf(text + n, "br $l0 ");
    for (int i = 0; i < MANY; i++)
        n += (size_t)sprintf(text + n, "end ");
    sprintf(text + n, ")");
    cwrun_arena *arena = cwrun_arena_new(NULL);
    assert_non_null(cwrun_text_encode(cwrun_str_of(text), NULL, arena, NULL).data);
    cwrun_arena_drop(arena);
    free(text);
}

static void errors_have_the_words_of_the_specification(void **state)
{
    (void)state;
    expect_error("(func (i32.foo))", "a.wat:1:8: unknown operator i32.foo");
    expect_error("(func $a) (func $a)", "a.wat:1:17: duplicate func $a");
    expect_error("(func (local $a i32) (local $a i32))", "duplicate local $a");
    expect_error("(func local.get $x)", "unknown local $x");
    expect_error("(func br $x)", "unknown label $x");
    expect_error("(func call $x)", "unknown func $x");
    expect_error("(func block $a end $b)", "mismatching label $b");
    expect_error("(table 1 funcref) (func) (elem (table 0) (i32.const 0) 0)",
                 "1:56: unexpected token 0, expected a reference type or func");
    expect_error("(table 1 funcref) (func) (elem (table 0) (i32.const 0))", "expected a reference type or func");
    expect_error("(func i32.const 0x1_0000_0000)", "i32 constant out of range");
    expect_error("(func i64.const -0x8000000000000001)", "i64 constant out of range");
    expect_error("(func f32.const 1e99)", "f32 constant out of range");
    expect_error("(func f32.const nan:0x0)", "constant out of range");
    expect_error("(func i32.const 1x)", "unknown operator 1x");
    expect_error("(func i32.load align=3)", "alignment must be a power of two");
    expect_error("(type (func)) (func (type 0) (param i32))", "inline function type");
    expect_error("(func) (import \"a\" \"b\" (func))", "import after function");
    expect_error("(memory 0) (func (import \"a\" \"b\"))", "import after memory");
    expect_error("(start 0) (start 0)", "multiple start sections");
    expect_error("(func (nop)", "unexpected token");
    expect_error("(func block)", "unexpected token ), expected end");
    expect_error("(func (if (i32.const 0)))", "expected (then");
    expect_error("(import \"\\ff\" \"\" (func))", "malformed UTF-8 encoding");
    expect_error("(func v128.const i32x4 1 2 3)", "wrong number of lane literals");
    expect_error("(func v128.const i8x16 256 0 0 0 0 0 0 0 0 0 0 0 0 0 0 0)", "i8 constant out of range");
    expect_error("(module) x", "unknown operator x");
    expect_error("(foo)", "unknown operator foo");
    expect_error("(func (@custom \"x\"))", "misplaced @custom annotation");
}

static void an_error_shows_the_place(void **state)
{
    (void)state;
    expect_error("(module\n\t(func\n\t\tcall $f))", "a.wat:3:8: unknown func $f\n 3 | \t\tcall $f))\n   | \t\t     ^");
}

static char *repeat(const char *a, const char *middle, const char *b, size_t n)
{
    size_t size_a = strlen(a), size_b = strlen(b), size = strlen(middle);
    char *text = malloc(n * (size_a + size_b) + size + 40), *at = text;
    at += sprintf(at, "(func ");
    for (size_t i = 0; i < n; i++, at += size_a)
        memcpy(at, a, size_a);
    memcpy(at, middle, size);
    at += size;
    for (size_t i = 0; i < n; i++, at += size_b)
        memcpy(at, b, size_b);
    strcpy(at, ")");
    return text;
}

static void no_nesting_is_too_deep(void **state)
{
    (void)state;
    char *one = repeat("(block ", "nop", ")", 100000), *other = repeat("block ", "nop ", "end ", 100000);
    expect_same(one, other);
    free(one), free(other);
    one = repeat("(i32.eqz ", "(i32.const 0)", ")", 100000), other = repeat("", "i32.const 0 ", "i32.eqz ", 100000);
    expect_same(one, other);
    free(one), free(other);
    one = repeat("(;", "", ";)", 100000);
    expect_same(one, "(func)");
    free(one);
}

static void memory_that_runs_out_is_an_error(void **state)
{
    (void)state;
    static const char text[] =
        "(module $m (@\"\\63ustom\" \"c\" \"x\") (rec (type $s (sub (struct (field $a i32)))) (type $t (func (param $p "
        "i32))))"
        "(import \"m\" \"n\" (func $i (param $ip i32))) (tag (param $tp i32)) (table $tb funcref (elem $i)) (memory "
        "(data \"a\\00b\")) (global $g i32 "
        "(i32.const 1))"
        "(func $\"f\\41\" (param $x i32) (local $y i64) (block $l (@name \"l\\20\") (br_if $l (local.get $x))) "
        "(i32.const 0) if $z end)"
        "(elem $e (ref func) (ref.func $i)) (data $d \"x\") (tag $tag) (start 1) (export \"e\" (func $i)))";
    for (unsigned at = 0; at < 10000; at++) {
        cw_failalloc f = { .fail_at = at };
        cwrun_alloc alloc = cw_failalloc_hook(&f);
        cwrun_arena *arena = cwrun_arena_new(&alloc);
        cwrun_error err = CWRUN_ERROR_INIT;
        cwrun_str binary = { NULL, 0 };
        if (arena)
            binary = cwrun_text_encode(cwrun_str_of(text), "a.wat", arena, &err);
        assert_true(!arena || binary.data || err.kind == CWRUN_ERROR_LIMIT);
        cwrun_error_clear(&err);
        cwrun_arena_drop(arena);
        assert_int_equal(f.live_blocks, 0);
        if (!f.failed)
            return;
    }
    fail();
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(sections_are_written_in_their_order),
        cmocka_unit_test(the_annotation_of_shared_libraries_is_a_section),
        cmocka_unit_test(abbreviations_mean_what_they_stand_for),
        cmocka_unit_test(parameters_of_imports_and_tags_are_named),
        cmocka_unit_test(labels_are_named_by_their_annotations),
        cmocka_unit_test(labels_are_found_inside_out),
        cmocka_unit_test(errors_have_the_words_of_the_specification),
        cmocka_unit_test(an_error_shows_the_place),
        cmocka_unit_test(no_nesting_is_too_deep),
        cmocka_unit_test(memory_that_runs_out_is_an_error),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
