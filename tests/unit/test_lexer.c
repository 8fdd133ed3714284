/* unit/test_lexer.c: characters to tokens, and where errors are said to be. */
#include "text/lexer.h"

#include <setjmp.h>
#include <stdarg.h>
#include <cmocka.h>

static cw_words words;

static cw_source lex(const char *text)
{
    cw_source s;
    cwrun_error err = CWRUN_ERROR_INIT;
    bool ok = cw_source_init(&s, &words, cwrun_str_of(text), "a.wat", NULL, &err);
    if (!ok)
        fail_msg("%s", err.message);
    return s;
}

/* Kinds as letters: ( ) @ $ " ' a ! and . for the end. */
static void expect_kinds(const char *text, const char *kinds)
{
    cw_source s = lex(text);
    char have[100] = "";
    assert_true(s.n_tokens < sizeof have);
    for (uint32_t i = 0; i < s.n_tokens; i++)
        have[i] = ".()@$\"'a!"[s.tokens[i].kind];
    have[s.n_tokens] = 0;
    assert_string_equal(have, kinds);
    cw_source_fini(&s);
}

static void expect_error(const char *text, const char *message)
{
    cw_source s;
    cwrun_error err = CWRUN_ERROR_INIT;
    assert_false(cw_source_init(&s, &words, cwrun_str_of(text), "a.wat", NULL, &err));
    if (strncmp(err.message, message, strlen(message)) != 0)
        fail_msg("%s: \"%s\", not \"%s\"", text, err.message, message);
    cwrun_error_clear(&err);
}

static void tokens_end_where_the_specification_says(void **state)
{
    (void)state;
    expect_kinds("", ".");
    expect_kinds("(func $a\"b\")", "(a!).");
    expect_kinds("(module $x \"s\" 0x1p-3)", "(a$\"a).");
    expect_kinds("a;;b (\nc", "aa.");
    expect_kinds("a(;x(;y;);)b", "aa.");
    expect_kinds("\"a\"\"b\"", "!.");
    expect_kinds("$\"a b\" $a", "$$.");
    expect_kinds("a,b", "a!a.");
    expect_kinds("a ;;x\rb", "aa.");
}

static void words_are_known_by_their_spelling(void **state)
{
    (void)state;
    cw_source s = lex("module i32.add i32.addx select catch \"module\"");
    assert_int_equal(s.tokens[0].word, CW_WORD_MODULE);
    assert_int_equal(s.tokens[1].word, CW_OP_I32_ADD);
    assert_int_equal(s.tokens[2].word, 0);
    assert_int_equal(s.tokens[3].word, CW_OP_SELECT);
    assert_int_equal(s.tokens[4].word, CW_OP_CATCH);
    cw_source_fini(&s);
    for (uint16_t w = 1; w < CW_WORD_COUNT; w++) {
        uint16_t found = cw_words_find(&words, cw_word_spelling(w), strlen(cw_word_spelling(w)));
        assert_string_equal(cw_word_spelling(found), cw_word_spelling(w));
    }
}

static void parentheses_know_each_other(void **state)
{
    (void)state;
    cw_source s = lex("(a (b) (c (d)))");
    assert_int_equal(s.tokens[0].size, s.n_tokens - 2);
    assert_int_equal(s.tokens[2].size, 4);
    cw_source_fini(&s);
}

static void characters_are_tokens_where_they_are_whole(void **state)
{
    (void)state;
    expect_kinds("'a' '(' ')' ';' '\"' ' ' '\\'' '\\n' '\\\\' '\\u{1f600}' '\xc3\xa9'", "'''''''''''.");
    expect_kinds("'ab' '' 'a'b '\\x", "aaaa.");
    expect_kinds("a'b' f'", "aa."); /* inside of words they are letters */
    expect_kinds("'\\u{d800}'", "a!a!a.");
    expect_kinds("(@x ') a", "a."); /* nor are they any in annotations */
}

static void annotations_that_nobody_reads_vanish(void **state)
{
    (void)state;
    expect_kinds("(a (@b c (d) \"e\" (@f) (@) [) g)", "(aa).");
    expect_kinds("(a (@name \"x\"))", "(a@\")).");
    expect_error("(@a (b)", "a.wat:1:1: unclosed annotation");
    expect_error("(@)", "a.wat:1:1: empty annotation id");
}

static void escapes_are_decoded(void **state)
{
    (void)state;
    static const char text[] = "\"a\\n\\t\\\\\\\"\\'\\41\\u{20ac}\\u{1_0000}\"";
    char out[sizeof text];
    size_t n = cw_string_decode(text, sizeof text - 1, out);
    assert_int_equal(n, 14);
    assert_memory_equal(out, "a\n\t\\\"'A\xe2\x82\xac\xf0\x90\x80\x80", n);
}

static void errors_say_line_column_and_show_the_line(void **state)
{
    (void)state;
    expect_error("(module\n  \"h\xc3\xa4\" \x01)",
                 "a.wat:2:8: illegal character\n 2 |   \"h\xc3\xa4\" \x01)\n   |        ^");
    expect_error("(a \"b", "a.wat:1:4: unclosed string");
    expect_error("\"\xe6\x97\xa5\xe6\x9c\xac\xed\x95\x9cz\xcc\x81\xf0\x9f\x91\x8d\" )",
                 "a.wat:1:10: unexpected token: this parenthesis closes nothing\n"
                 " 1 | \"\xe6\x97\xa5\xe6\x9c\xac\xed\x95\x9cz\xcc\x81\xf0\x9f\x91\x8d\" )\n"
                 "   |             ^");
    expect_error("(;\x1b\t\xc2\x85;) )", "a.wat:1:9: unexpected token: this parenthesis closes nothing\n"
                                         " 1 | (;\x1b\t\xc2\x85;) )\n"
                                         "   |         \t         ^");
    expect_error("\"\\q\"", "a.wat:1:2: illegal escape");
    expect_error("\"\\u{d800}\"", "a.wat:1:2: illegal escape");
    expect_error("\"\\u{110000}\"", "a.wat:1:2: illegal escape");
    expect_error("\"\\u{1__0}\"", "a.wat:1:2: illegal escape");
    expect_error("(; a (; b ;)", "a.wat:1:1: unclosed comment");
    expect_error("a\n)", "a.wat:2:1: unexpected token");
    expect_error("(a", "a.wat:1:1: unexpected token");
    expect_error("$", "a.wat:1:1: empty identifier");
    expect_error("$\"\"", "a.wat:1:1: empty identifier");
    expect_error("$\"\\ff\"", "a.wat:1:2: malformed UTF-8 encoding");
    expect_error("\"\xff\"", "a.wat:1:2: malformed UTF-8 encoding");
    expect_error("\xc3\xa4", "a.wat:1:1: illegal character");
}

int main(void)
{
    cw_words_init(&words);
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(tokens_end_where_the_specification_says),
        cmocka_unit_test(words_are_known_by_their_spelling),
        cmocka_unit_test(parentheses_know_each_other),
        cmocka_unit_test(characters_are_tokens_where_they_are_whole),
        cmocka_unit_test(annotations_that_nobody_reads_vanish),
        cmocka_unit_test(escapes_are_decoded),
        cmocka_unit_test(errors_say_line_column_and_show_the_line),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
