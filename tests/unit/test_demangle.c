/* unit/test_demangle.c: Rust symbols, read as the crate rustc-demangle shows them, and symbols that are not or are
 * damaged. */
#include "unit/demangle.h"

static const example paths[] = {
    { "_RNvC6_123foo3bar", "123foo::bar" },
    { "_RC4f128", "f128" },
    { "_RNvNtNtNtCs5HvjlQs5ucd_3std3sys3pal4wasi14abort_internal",
      "std[426941a297871847]::sys::pal::wasi::abort_internal" },
    { "_RNvCsfgHYwM92fyn_7___rustc12___rust_abort", "__rustc[b1da763420d39311]::__rust_abort" },
    { "_RNCNCNgCs6DXkGYLi8lr_2cc5spawn00B5_", "cc[4d6468d6c9fd4bb3]::spawn::{closure#0}::{closure#0}" },
    { "_RNCNvC1a1bs_0", "a::b::{closure#1}" },
    { "_RNSNvC1a1b6vtable", "a::b::{shim:vtable#0}" },
    { "_RNXNvC1a1bs0_1x", "a::b::{X:x#2}" },
    { "_RMC1aNtB0_1T", "<a::T>" },
    { "_RNvMs_NtC1a1bNtB4_1T1f", "<a::b::T>::f" },
    { "_RNvXs_C1aNtB4_1TNtC1b5Trait1f", "<a::T as b::Trait>::f" },
    { "_RNvYNtC1a1TNtC1b5Trait1f", "<a::T as b::Trait>::f" },
    { "_RINvC1a1fhE", "a::f::<u8>" },
    { "_RINvC1a1fINtC1b3VechElE", "a::f::<b::Vec<u8>, i32>" },
    { "_RINvC1a1fL_hECs1_1c", "a::f::<'_, u8>" },
    { "_RNvC9backtrace3foo.llvm.A5310EB9", "backtrace::foo" },
    { "_RC3foo.llvm.9D1C9369@@16", "foo" },
    { "_RNvC1a1b.0.0", "a::b.0.0" },
    { "_RNvC1a1b.llvm.g", "a::b.llvm.g" },
};

static const example types[] = {
    { "_RMC0TabcdefhijlmnopstuvxyzE",
      "<(i8, bool, char, f64, str, f32, u8, isize, usize, i32, u32, i128, u128, _, i16, u16, (), ..., i64, u64, !)>" },
    { "_RMC0TE", "<()>" },
    { "_RMC0TlE", "<(i32,)>" },
    { "_RMC0RQPOSAl3_", NULL }, /* a length needs its type */
    { "_RMC0RQPOSAlj3_", "<&&mut *const *mut [[i32; 3usize]]>" },
    { "_RMC0FEu", "<fn()>" },
    { "_RMC0FUKChtEl", "<unsafe extern \"C\" fn(u8, u16) -> i32>" },
    { "_RMC0FK11rust_sysv64Eu", "<extern \"rust-sysv64\" fn()>" },
    { "_RMC0TB9_uE", NULL }, /* a reference forwards */
    { "_RMC0FG_RL0_eEB5_", "<for<'a> fn(&'a str) -> &'a str>" },
    { "_RMC0TFG_RL0_eEuB6_E", NULL }, /* the lifetime is not bound there */
    { "_RMC0FG_RL0_eEu", "<for<'a> fn(&'a str)>" },
    { "_RMC0FG0_RL1_eRL0_eEQL0_e", "<for<'a, 'b> fn(&'a str, &'b str) -> &'b mut str>" },
    { "_RMC0FwTlEEu", "<fn(#[splat] (i32,))>" },
    { "_RMC0DEL_", "<dyn >" },
    { "_RMC0DNtC1a1TNtC1a1UEL_", "<dyn a::T + a::U>" },
    { "_RMC0FG_DNtC1a1TEL0_Eu", "<for<'a> fn(dyn a::T + 'a)>" },
    { "_RMC0DG_INtC1a2FnTRL0_eEEp6OutputuEL_", "<dyn for<'a> a::Fn<(&'a str,), Output = ()>>" },
    { "_RMC0DNtC5krate5Traitp1NKj0_EL_", "<dyn krate::Trait<N = 0usize>>" },
    { "_RMC0WmRm1_m9_", "<u32 is 1u32..=9u32>" },
    { "_RMC0WmORm1_m2_Rm5_m6_E", "<u32 is 1u32..=2u32 | 5u32..=6u32>" },
    { "_RMC0WPhN", "<*const u8 is !null>" },
    { "_RMC0WmOE", NULL },
    { "_RMC0TTTpB4_EB3_EB2_E", NULL },
    { "_RMC0TTpB3_E", NULL },
    { "_RMC0TRpB3_E", "<(&_, &_)>" },
    { "_RMC0TTTpB5_EB4_EB3_E", "<(((_, _), (_, _)), ((_, _), (_, _)))>" },
};

static const example constants[] = {
    { "_RIC0KpE", "::<_>" },
    { "_RIC0Khb_E", "::<11u8>" },
    { "_RIC0Kanb_E", "::<-11i8>" },
    { "_RIC0Kj_E", "::<0usize>" },
    { "_RIC0Ky0ffffffffffffffff_E", "::<18446744073709551615u64>" },
    { "_RIC0Koff00ff00ff00ff00ff_E", "::<0xff00ff00ff00ff00ffu128>" },
    { "_RIC0Kb0_Kb1_E", "::<false, true>" },
    { "_RIC0Kb2_E", NULL },
    { "_RIC0Kc76_Kc22_Kc27_Kca_Kc0_E", "::<'v', '\"', '\\'', '\\n', '\\0'>" },
    { "_RIC0Kc1b_Kce9_E", "::<'\\u{1b}', '\\u{e9}'>" },
    { "_RIC0Kcd800_E", NULL },
    { "_RIC0Kc110000_E", NULL },
    { "_RIC0Ke616263_E", "::<{*\"abc\"}>" },
    { "_RIC0KRe27225c_E", "::<\"'\\\"\\\\\">" },
    { "_RIC0KRe61f09f908a62_E", "::<\"a\\u{1f40a}b\">" },
    { "_RIC0KRe616_E", NULL },
    { "_RIC0KReff_E", NULL },
    { "_RIC0KRef09f_E", NULL },
    { "_RIC0KRh7b_KQAEE", "::<{&123u8}, {&mut []}>" },
    { "_RIC0KAh1_h2_EKTEKTj0_EE", "::<{[1u8, 2u8]}, {()}, {(0usize,)}>" },
    { "_RIC0KVNvINtC1a6OptionjE4SomeTj0_EE", "::<{a::Option::<usize>::Some(0usize)}>" },
    { "_RIC0KVNvC1a4NoneUE", "::<{a::None}>" },
    { "_RIC0KVNtC1a1SS1xhb_s_1yb1_EE", "::<{a::S { x: 11u8, y: true }}>" },
    { "_RIC0Kh1_KB3_E", "::<1u8, 1u8>" },
};

static const example unicode[] = {
    { "_RNvC1au8gdel_5qa", "a::gödel" },
    { "_RNqCs4fqI2P2rA04_11utf8_identsu30____7hkackfecea1cbdathfdh9hlq6y",
      "utf8_idents[317d481089b8c8fe]::საჭმელად_გემრიელი_სადილი" },
    { "_RNvC1au3_999", "a::punycode{999}" },
    { "_RNvC1au5_ab_99", "a::punycode{ab-99}" },
    { "_RNvC1au3ab_", NULL },
};

static const example legacy[] = {
    { "_ZN4testE", "test" },
    { "_ZN8panic_rs6middle17h47c83b071e319015E", "panic_rs::middle::h47c83b071e319015" },
    { "_ZN28_$u7b$$u7b$closure$u7d$$u7d$E", "{{closure}}" },
    { "_ZN35Bar$LT$$u5b$u32$u3b$$u20$4$u5d$$GT$E", "Bar<[u32; 4]>" },
    { "_ZN71_$LT$Test$u20$$u2b$$u20$$u27$static$u20$as$u20$foo..Bar$LT$Test$GT$$GT$3barE",
      "<Test + 'static as foo::Bar<Test>>::bar" },
    { "_ZN24$SP$$BP$$RF$$LP$$RP$$C$.E", "@*&(),." },
    { "_ZN6$u10e1$E", NULL },
    { "_ZN7$u10e1$E", "ს" },
    { "_ZN9a..$XX$..E", "a::$XX$.." },
    { "_ZN5$u1b$E", "$u1b$" }, /* no control characters */
    { "_ZN4$uE$E", "$uE$" },
    { "_ZN11$u11000000$E", "$u11000000$" },
    { "_ZN2a$E", "a$" },
    { "_ZN3fooE.llvm.9D1C9369", "foo" },
    { "_ZN3foo17h05af221e174051e9E.exit.i", "foo::h05af221e174051e9.exit.i" },
};

static const char *const others[] = {
    "",
    "_",
    "_R",
    "_RR",
    "_R0NvC1a1b",
    "_RNvC1a",
    "_RNvC1a9b",
    "_RNvC1a1b ",
    "_RNvC1a1bC",
    "_RNvC1a1b$x",
    "_RNvC1a1\xc3\xb6",
    "_RNvC1a1b.\n",
    "_RNvC1a1b.llvm moo",
    "_RNvCszzzzzzzzzzzz_1a1b",
    "RNvC1a1b",
    "RC4_init",
    "main",
    "func[3]",
    "_ZN",
    "_ZNE",
    "_ZN4test",
    "_ZNfooE",
    "_ZN2222222222222222222222EE",
    "_RNvB0_1x",
    "_RNvB_1a",
    "_RMC0RB2_",
    "_RMC0FGZZZ_Eu",
    "_RNvNvB1_1x1y",
};

static void paths_show_crates_closures_impls_and_generics(void **state)
{
    (void)state;
    CHECK(paths);
}

static void types_are_shown_as_rust_writes_them(void **state)
{
    (void)state;
    CHECK(types);
}

static void constants_are_shown_with_their_types(void **state)
{
    (void)state;
    CHECK(constants);
}

static void identifiers_beyond_ascii_are_decoded(void **state)
{
    (void)state;
    CHECK(unicode);
}

static void legacy_symbols_keep_their_hash(void **state)
{
    (void)state;
    CHECK(legacy);
}

static void what_is_no_rust_symbol_is_left_alone(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof others / sizeof *others; i++)
        assert_string_equal(demangle(others[i], strlen(others[i]), CW_DEMANGLE_ROOM), "");
}

static void nesting_has_a_limit(void **state)
{
    (void)state;
    char symbol[1024] = "_RMC0";
    memset(symbol + 5, 'R', 200);
    symbol[205] = 'u';
    assert_int_equal(strlen(demangle(symbol, 206, CW_DEMANGLE_ROOM)), 1 + 200 + 2 + 1);
    memset(symbol + 5, 'R', 900);
    symbol[905] = 'u';
    assert_string_equal(demangle(symbol, 906, CW_DEMANGLE_ROOM), "");
    memset(symbol + 2, 'N', 900);
    assert_string_equal(demangle(symbol, 906, CW_DEMANGLE_ROOM), "");
}

static void bombs_of_back_references_are_refused(void **state)
{
    (void)state;
    char symbol[256] = "_RMC0TTTTTTTTTTTTTTTTTTTTp";
    for (const char *place = "mlkjihgfedcba9876543"; *place; place++)
        snprintf(symbol + strlen(symbol), sizeof symbol - strlen(symbol), "B%c_E", *place);
    assert_string_equal(demangle(symbol, strlen(symbol), CW_DEMANGLE_ROOM), "");
}

static void long_symbols_are_refused(void **state)
{
    (void)state;
    static char symbol[CW_DEMANGLE_ROOM + 8] = "_RC4089_";
    memset(symbol + 8, 'x', CW_DEMANGLE_ROOM);
    assert_int_equal(strlen(demangle("_RC4088_", 8, CW_DEMANGLE_ROOM)), 0);
    memcpy(symbol, "_RC4088_", 8);
    assert_int_equal(strlen(demangle(symbol, CW_DEMANGLE_ROOM, CW_DEMANGLE_ROOM)), 4088);
    memcpy(symbol, "_RC4089_", 8);
    assert_int_equal(strlen(demangle(symbol, CW_DEMANGLE_ROOM + 1, CW_DEMANGLE_ROOM)), 0);
}

/* ---- damage ---- */

static void damaged_symbols_do_no_harm(void **state)
{
    (void)state;
    size_t n_shown = 0;
    n_shown += mutate(paths, sizeof paths / sizeof *paths, 10000);
    n_shown += mutate(types, sizeof types / sizeof *types, 10000);
    n_shown += mutate(constants, sizeof constants / sizeof *constants, 10000);
    n_shown += mutate(unicode, sizeof unicode / sizeof *unicode, 2000);
    n_shown += mutate(legacy, sizeof legacy / sizeof *legacy, 5000);
    assert_true(n_shown > 2000); /* else it was nothing but noise */
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(paths_show_crates_closures_impls_and_generics),
        cmocka_unit_test(types_are_shown_as_rust_writes_them),
        cmocka_unit_test(constants_are_shown_with_their_types),
        cmocka_unit_test(identifiers_beyond_ascii_are_decoded),
        cmocka_unit_test(legacy_symbols_keep_their_hash),
        cmocka_unit_test(what_is_no_rust_symbol_is_left_alone),
        cmocka_unit_test(nesting_has_a_limit),
        cmocka_unit_test(bombs_of_back_references_are_refused),
        cmocka_unit_test(long_symbols_are_refused),
        cmocka_unit_test(damaged_symbols_do_no_harm),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
