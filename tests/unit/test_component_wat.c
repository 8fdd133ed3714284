/* unit/test_component_wat.c: components from text: what inline forms stand for, bytes, errors, depth, no memory. */
#include "cwrun/text.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <cmocka.h>

#include "oom/failalloc.h"

static void expect_same(const char *one, const char *other)
{
    cwrun_error err = CWRUN_ERROR_INIT;
    cwrun_arena *arena = cwrun_arena_new(NULL);
    cwrun_str a = cwrun_text_encode(cwrun_str_of(one), NULL, arena, &err);
    cwrun_str b = cwrun_text_encode(cwrun_str_of(other), NULL, arena, &err);
    if (!a.data || !b.data)
        fail_msg("%s", err.message);
    if (a.size != b.size || memcmp(a.data, b.data, a.size) != 0)
        fail_msg("%s\nis not\n%s", one, other);
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

static void sections_follow_the_order_of_definitions(void **state)
{
    (void)state;
    static const char bytes[] = "\0asm\x0d\0\1\0"
                                "\7\5\1\x40\0\1\0"       /* type: func() */
                                "\x0a\6\1\0\1\x61\1\0"   /* import "a" */
                                "\x0b\7\1\0\1\x62\1\0\0" /* export "b" */
                                "\7\3\1\x70\x7d" /* type: list<u8> */;
    cwrun_error err = CWRUN_ERROR_INIT;
    cwrun_arena *arena = cwrun_arena_new(NULL);
    cwrun_str binary = cwrun_text_encode(
        cwrun_str_of("(component (import \"a\" (func)) (export \"b\" (func 0)) (type (list u8)))"), NULL, arena, &err);
    assert_int_equal(binary.size, sizeof bytes - 1);
    assert_memory_equal(binary.data, bytes, sizeof bytes - 1);
    cwrun_arena_drop(arena);
}

static void inline_forms_mean_what_they_stand_for(void **state)
{
    (void)state;
    /* types inside types come first, innermost first */
    expect_same("(component (type (record (field \"a\" (list (option u8))) (field \"b\" (tuple u8 s8)))))",
                "(component (type (option u8)) (type (list 0)) (type (tuple u8 s8))"
                " (type (record (field \"a\" 1) (field \"b\" 2))))");
    expect_same("(component (import \"f\" (func (param \"x\" (list u8)) (result (option string)))))",
                "(component (type (list u8)) (type (option string)) (type (func (param \"x\" 0) (result 1)))"
                " (import \"f\" (func (type 2))))");
    /* inline exports come last */
    expect_same("(component (type (export \"t\") u8) (type (list u8)))",
                "(component (type u8) (type (list u8)) (export \"t\" (type 0)))");
    expect_same("(component (instance (import \"i\") (export \"f\" (func))))",
                "(component (type (instance (type (func)) (export \"f\" (func (type 0))))) (import \"i\" (instance "
                "(type 0))))");
    /* instances as arguments, references through exports */
    expect_same("(component (core module (memory (export \"m\") 1)) (core instance (instantiate 0))"
                " (core module (import \"x\" \"m\" (memory 1)))"
                " (core instance (instantiate 1 (with \"x\" (instance (export \"m\" (memory 0 \"m\")))))))",
                "(component (core module (memory (export \"m\") 1)) (core instance (instantiate (module 0)))"
                " (core module (import \"x\" \"m\" (memory 1)))"
                " (alias core export 0 \"m\" (core memory)) (core instance (export \"m\" (memory 0)))"
                " (core instance (instantiate (module 1) (with \"x\" (instance 1)))))");
    expect_same("(component (core func (canon lower (func 0 \"a\" \"f\"))))",
                "(component (alias export 0 \"a\" (instance)) (alias export 0 \"f\" (func)) (canon lower (func 0) "
                "(core func)))");
    expect_same("(component (func (param \"x\" u8) (canon lift (core func 0))))",
                "(component (type (func (param \"x\" u8))) (canon lift (core func 0) (func (type 0))))");
    expect_same("(component (core func (alias core export 0 \"f\")))",
                "(component (alias core export 0 \"f\" (core func)))");
}

static void values_are_written_as_their_types_say(void **state)
{
    (void)state;
    static const struct {
        const char *type, *value, *binary;
    } cases[] = {
        { "bool", "true", "\\01" },
        { "u8", "0xff", "\\ff" },
        { "s8", "-128", "\\80" },
        { "u16", "65535", "\\ff\\ff\\03" },
        { "s16", "-32768", "\\80\\80\\7e" },
        { "u32", "4294967295", "\\ff\\ff\\ff\\ff\\0f" },
        { "s32", "-2147483648", "\\80\\80\\80\\80\\78" },
        { "u64", "18446744073709551615", "\\ff\\ff\\ff\\ff\\ff\\ff\\ff\\ff\\ff\\01" },
        { "s64", "-9223372036854775808", "\\80\\80\\80\\80\\80\\80\\80\\80\\80\\7f" },
        { "f32", "-0.5", "\\00\\00\\00\\bf" },
        { "f64", "nan", "\\00\\00\\00\\00\\00\\00\\f8\\7f" },
        { "char", "'a'", "a" },
        { "char", "'('", "(" },
        { "char", "'\\''", "'" },
        { "char", "'\\u{1f600}'", "\\f0\\9f\\98\\80" },
        { "string", "\"a\\n\"", "\\02a\\0a" },
        { "(record (field \"a\" bool) (field \"b\" u8))", "(record true 2)", "\\01\\02" },
        { "(tuple u8 (tuple string))", "(tuple 1 (tuple \"x\"))", "\\01\\01x" },
        { "(variant (case \"a\" u8) (case \"b\") (case \"c\" string))", "(variant \"c\" \"\")", "\\02\\00" },
        { "(variant (case \"a\" u8) (case \"b\"))", "(variant \"b\")", "\\01" },
        { "(enum \"a\" \"b\")", "(enum \"b\")", "\\01" },
        { "(flags \"a\" \"b\" \"c\" \"d\" \"e\" \"f\" \"g\" \"h\" \"i\")", "(flags \"i\" \"b\")", "\\02\\01" },
        { "(list u8)", "(list)", "\\00" },
        { "(list (option char))", "(list none (some 'b'))", "\\02\\00\\01b" },
        { "(list u8 2)", "(list 3 4)", "\\03\\04" },
        { "(result u8 (error string))", "(ok 1)", "\\00\\01" },
        { "(result u8 (error string))", "(error \"x\")", "\\01\\01x" },
        { "(result)", "error", "\\01" },
    };
    for (unsigned i = 0; i < sizeof cases / sizeof *cases; i++) {
        char one[300], other[300];
        snprintf(one, sizeof one, "(component (value $v %s %s))", cases[i].type, cases[i].value);
        snprintf(other, sizeof other, "(component (value $v %s (binary \"%s\")))", cases[i].type, cases[i].binary);
        expect_same(one, other);
    }
    static const struct {
        const char *value, *message;
    } errors[] = {
        { "u8 256", "a.wat:1:22: u8 constant out of range" },
        { "u8 -1", "1:22: i64 constant out of range" },
        { "s8 128", "1:22: s8 constant out of range" },
        { "s64 18446744073709551615", "1:23: s64 constant out of range" },
        { "f32 nan:0x1", "the only nan of values is nan" },
        { "bool 1", "expected true or false" },
        { "char 'ab'", "expected a character" },
        { "char '\\u{d800}'", "expected a character" },
        { "(flags \"a\") (flags \"b\")", "unknown label \"b\"" },
        { "(list u8 3) (list 1 2)", "a list of 3, not of 2" },
        { "(result) (ok 1)", "expected a result of the type" },
        { "(tuple u8) (tuple 1 2)", "unexpected token 2, expected )" },
        { "0 1", "a value of type 0, which is not written out here" },
        { "(own 0) 1", "there are no values of this type" },
    };
    for (unsigned i = 0; i < sizeof errors / sizeof *errors; i++) {
        char text[300];
        snprintf(text, sizeof text, "(component (value %s))", errors[i].value);
        expect_error(text, errors[i].message);
    }
}

static void values_may_have_types_that_are_known_by_another_name(void **state)
{
    (void)state;
    static const struct {
        const char *before, *value, *binary, *behind;
    } cases[] = {
        { "(type $t (record (field \"a\" u16))) (export $e \"e\" (type $t))", "$e (record 128)", "\\80\\01", "" },
        { "(type $t (enum \"a\" \"b\")) (import \"i\" (type $i (eq $t)))", "$i (enum \"b\")", "\\01", "" },
        { "(type $t (enum \"a\" \"b\")) (import \"i\" (type $i (eq $t))) (export $e \"e\" (type $i) (type (eq $t)))",
          "$e (enum \"b\")", "\\01", "" },
        /* types inside a type are those of the component that defines it */
        { "(type $x (list u8)) (type $t (list $x)) (component (type u16)", "$t (list (list 1 2))", "\\01\\02\\01\\02",
          ")" },
        { "(type $x (list u8)) (type $t (list $x)) (component (component (type u16)"
          " (alias outer 2 $t (type $y)) (type $z (tuple $y u8))",
          "$z (tuple (list (list 1 2)) 3)", "\\01\\02\\01\\02\\03", "))" },
    };
    for (unsigned i = 0; i < sizeof cases / sizeof *cases; i++) {
        char one[300], other[300];
        const char *type_end = strchr(cases[i].value, ' ');
        snprintf(one, sizeof one, "(component %s (value $v %s)%s)", cases[i].before, cases[i].value, cases[i].behind);
        snprintf(other, sizeof other, "(component %s (value $v %.*s (binary \"%s\"))%s)", cases[i].before,
                 (int)(type_end - cases[i].value), cases[i].value, cases[i].binary, cases[i].behind);
        expect_same(one, other);
    }
    expect_error("(component (import \"i\" (instance $i (export \"t\" (type (sub resource)))))"
                 " (alias export $i \"t\" (type $t)) (value $t 1))",
                 "which is not written out here");
}

static void names_of_outer_scopes_become_aliases(void **state)
{
    (void)state;
    expect_same("(component (type $t u8) (component (@name \"\") (type (list $t))))",
                "(component (type $t u8) (component (@name \"\") (alias outer 1 0 (type)) (type (list 0))))");
    expect_same("(component $C (type $t u8) (component (@name \"\") (alias outer $C $t (type))))",
                "(component $C (type $t u8) (component (@name \"\") (alias outer 1 0 (type))))");
    expect_error("(component (core func $f (canon resource.new 0)) (component (func (canon lift (core func $f)))))",
                 "outer item `f` is not a module, type, or component");
}

static void a_version_suffix_has_two_spellings(void **state)
{
    (void)state;
    expect_same("(component (import \"a:b/c@1\" (version-suffix \".2.3\") (instance)))",
                "(component (import \"a:b/c@1\" (versionsuffix \".2.3\") (instance)))");
    expect_same("(component (instance (import \"a:b/c@1\" (version-suffix \".2.3\"))))",
                "(component (import \"a:b/c@1\" (version-suffix \".2.3\") (instance)))");
    expect_error("(component (import \"a:b/c@1\" (version-suffix \".2.3\") (versionsuffix \".2.3\") (instance)))",
                 "a second version-suffix of a name");
}

static void declarations_of_module_types_may_be_annotated(void **state)
{
    (void)state;
    expect_same("(component (core type (module (import \"a\" \"b\" (memory $m (@name \"x\") 1))"
                " (export \"c\" (func (@name \"y\"))) (export \"d\" (tag (@name \"z\"))))))",
                "(component (core type (module (import \"a\" \"b\" (memory 1)) (export \"c\" (func))"
                " (export \"d\" (tag)))))");
}

static void errors_say_what_and_where(void **state)
{
    (void)state;
    expect_error("(component (import \"f\" (func)) (start 0) (start 0))",
                 "a.wat:1:43: component cannot have more than one start function");
    expect_error("(component (import \"a\" (external-id \"x\") (external-id \"y\") (func)))",
                 "a.wat:1:42: unexpected token: a second external-id of a name");
    expect_error("(component (foo))", "a.wat:1:13: unknown operator foo, expected a definition");
    expect_error("(component (type $a u8) (type $a u8))", "duplicate type $a");
    expect_error("(component (export \"x\" (func $f)))", "unknown func: failed to find name `$f`");
    expect_error("(component (alias outer 5 $x (type)))", "outer count of `5` is too large");
    expect_error("(component (alias outer $x 0 (type)))", "outer component `x` not found");
    expect_error("(component (canon foo.bar (core func)))", "unknown operator foo.bar");
    expect_error("(component (type (record (field \"a\"))))", "expected a value type");
    expect_error("(component (core module (func (i32.foo))))", "unknown operator i32.foo");
    expect_error("(component (import \"\\ff\" (func)))", "malformed UTF-8 encoding");
}

static void nothing_is_passed_over(void **state)
{
    (void)state;
    static const struct {
        const char *definition, *message;
    } cases[] = {
        { "(func (import \"a\") (result u8) (param \"x\" u8))", "1:43: unexpected token (, expected )" },
        { "(canon lift (core func 0) (func $f (result u8) (param \"x\" u8)))", "1:59: unexpected token (" },
        { "(func (export \"f\" \"g\") (canon lift (core func 0)))", "1:18: unexpected token (" },
        { "(func (import \"a\") foo)", "1:31: unknown operator foo" },
        { "(func (import \"a\") (import \"b\"))", "1:31: unexpected token (" },
        { "(func (import \"a\") (canon lift (core func 0)))", "1:31: unexpected token (" },
        { "(core module (export \"a\") $x (func))", "1:38: unexpected token $x, expected a module field" },
        { "(core module (export \"a\") (@name \"x\"))", "1:38: misplaced @name annotation" },
        { "(export \"e\" (func 0) (func $g))", "1:39: unexpected token $g" },
        { "(export \"e\" (core module 0) (core module $g))", "unexpected token $g" },
        { "(export \"e\" (type 0) (type $g (eq 0)))", "unexpected token $g" },
        { "(export \"e\" (instance 0) (instance (@name \"g\")))", "misplaced @name annotation" },
        { "(import \"a\" (func (result u8) (param \"x\" u8)))", "1:42: unexpected token (" },
    };
    for (unsigned i = 0; i < sizeof cases / sizeof *cases; i++) {
        char text[200];
        snprintf(text, sizeof text, "(component %s)", cases[i].definition);
        expect_error(text, cases[i].message);
    }
}

static void nesting_is_bounded(void **state)
{
    (void)state;
    enum { DEEP = 100000 };
    char *text = malloc(DEEP * 12 + 100), *at = text;
    at += sprintf(at, "(component (type ");
    for (int i = 0; i < DEEP; i++)
        at += sprintf(at, "(option ");
    at += sprintf(at, "u8");
    memset(at, ')', DEEP + 2);
    at[DEEP + 2] = 0;
    expect_error(text, "nesting too deep");
    at = text;
    for (int i = 0; i < DEEP; i++)
        at += sprintf(at, "(component ");
    memset(at, ')', DEEP);
    at[DEEP] = 0;
    expect_error(text, "nesting too deep");
    free(text);
}

static void memory_that_runs_out_is_an_error(void **state)
{
    (void)state;
    static const char text[] =
        "(component $c (@custom \"x\" \"y\") (@producers (language \"C\" \"11\")) (type $t (record (field \"a\" (list "
        "u8))))"
        "(import \"i\" (instance $i (export \"r\" (type (sub resource))) (export \"f\" (func (param \"x\" u8)))))"
        "(core module $m (export \"m\") (func (export \"f\")) (memory (export \"m\") 1))"
        "(core type (module (import \"a\" \"b\" (func)) (export \"c\" (func (param i32)))))"
        "(core instance $ci (instantiate $m (with \"a\" (instance (export \"f\" (func $ci0 \"f\"))))))"
        "(component (type (list $t)) (value $v $t (record (list 1)))) (export $et \"et\" (type $t)) (import \"it\" "
        "(type "
        "$it (eq $et))) (value $w $it (record (list))) (func $f (export \"f\") (result (option u8)) (canon lift (core "
        "func $ci \"f\")"
        " (memory $ci \"m\"))) (export $e \"e\" (func $f) (func (result (option u8)))))";
    char good[sizeof text];
    memcpy(good, text, sizeof text);
    char *self = strstr(good, "$ci0");
    memcpy(self, "0   ", 4); /* an instance by number: nothing checks it here */
    for (unsigned at = 0; at < 10000; at++) {
        cw_failalloc f = { .fail_at = at };
        cwrun_alloc alloc = cw_failalloc_hook(&f);
        cwrun_arena *arena = cwrun_arena_new(&alloc);
        cwrun_error err = CWRUN_ERROR_INIT;
        cwrun_str binary = { NULL, 0 };
        if (arena)
            binary = cwrun_text_encode(cwrun_str_of(good), "a.wat", arena, &err);
        if (arena && !binary.data && err.kind != CWRUN_ERROR_LIMIT)
            fail_msg("%s", err.message);
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
        cmocka_unit_test(sections_follow_the_order_of_definitions),
        cmocka_unit_test(inline_forms_mean_what_they_stand_for),
        cmocka_unit_test(values_are_written_as_their_types_say),
        cmocka_unit_test(values_may_have_types_that_are_known_by_another_name),
        cmocka_unit_test(names_of_outer_scopes_become_aliases),
        cmocka_unit_test(a_version_suffix_has_two_spellings),
        cmocka_unit_test(declarations_of_module_types_may_be_annotated),
        cmocka_unit_test(errors_say_what_and_where),
        cmocka_unit_test(nothing_is_passed_over),
        cmocka_unit_test(nesting_is_bounded),
        cmocka_unit_test(memory_that_runs_out_is_an_error),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
