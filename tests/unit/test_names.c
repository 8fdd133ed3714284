/* test_names.c: names of imports and exports (component/names.c). */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "base/str.h"
#include "component/component.h"

static cw_extern_name parse(const char *text)
{
    cw_extern_name name;
    const char *why = NULL;
    if (!cw_extern_name_parse(cwrun_str_of(text), 0, &name, &why))
        fail_msg("%s: %s", text, why);
    return name;
}

static void refuse(const char *text, const char *words)
{
    cw_extern_name name;
    const char *why = "accepted";
    bool ok = cw_extern_name_parse(cwrun_str_of(text), 0, &name, &why) && cw_extern_name_check_version(&name, &why);
    if (ok || !strstr(why, words))
        fail_msg("%s: %s", text, why);
}

static void labels_are_kebab_case(void **state)
{
    (void)state;
    static const char *const good[] = { "a",      "a-b-c",     "a1-2-3",         "A",     "A-B-C",
                                        "A1-2-3", "a11-w0rds", "m1x3d-4CR0NYMS", "is-XML" };
    static const char *const bad[] = { "", "1", "1-a", "a-", "a--b", "-a", "aB", "Ab", "a_b", "a.b", "\xc3\xa4" };
    for (size_t i = 0; i < sizeof good / sizeof *good; i++)
        if (!cw_is_label(cwrun_str_of(good[i])))
            fail_msg("%s", good[i]);
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++)
        if (cw_is_label(cwrun_str_of(bad[i])))
            fail_msg("%s", bad[i]);
}

static void interface_names_are_taken_apart(void **state)
{
    (void)state;
    cw_extern_name n = parse("wasi:io/streams@0.2.3-rc.1+b-2");
    assert_int_equal(n.kind, CW_NAME_INTERFACE);
    assert_true(n.is_interface);
    assert_true(cw_str_eq_c(n.base, "wasi:io/streams"));
    assert_true(cw_str_eq_c(n.version, "0.2.3-rc.1+b-2"));
    n = parse("ns-1-a:b-1-c/D-2");
    assert_int_equal(n.version.size, 0);
    assert_int_equal(n.base.size, n.text.size);
}

static void functions_of_resources_are_taken_apart(void **state)
{
    (void)state;
    cw_extern_name n = parse("[method]blob.read");
    assert_int_equal(n.kind, CW_NAME_METHOD);
    assert_true(cw_str_eq_c(n.resource, "blob") && cw_str_eq_c(n.label, "read"));
    n = parse("[static]blob.merge");
    assert_int_equal(n.kind, CW_NAME_STATIC);
    n = parse("[constructor]blob");
    assert_true(n.kind == CW_NAME_CONSTRUCTOR && cw_str_eq_c(n.resource, "blob"));
    refuse("[method]blob", "failed to find `.`");
    refuse("[method].a", "kebab");
    refuse("[static]a.b.c", "kebab");
    refuse("[constructor]", "kebab");
    refuse("[else]a", "kebab");
}

static void malformed_interface_names_are_refused(void **state)
{
    (void)state;
    refuse("wasi:http", "expected `/`");
    refuse("WASI:http/types", "not lowercase");
    refuse("wasi:http/TyPeS", "kebab");
    refuse("foo:bar:baz/qux", "expected `/`");
    refuse("foo:bar/baz/qux", "trailing");
    refuse("a:b/c@", "empty string");
    refuse("a:b/c@.", "unexpected character");
    refuse("a:b/c@1.", "unexpected end");
    refuse("a:b/c@2.0x0", "unexpected character");
    refuse("a:b/c@2.0.0+", "empty identifier");
    refuse("a:b/c@2.0.0-", "empty identifier");
    refuse("a:b/c@01.0.0", "leading zero");
    refuse("a:b/c@1.0.0-01", "leading zero");
    refuse("a:b/c@99999999999999999999.0.0", "too large");
}

static void nested_names_are_a_feature(void **state)
{
    (void)state;
    cw_extern_name name;
    const char *why;
    cwrun_str text = CW_STR("a:b:c:d/e/f@1.0.0");
    assert_false(cw_extern_name_parse(text, 0, &name, &why));
    assert_true(cw_extern_name_parse(text, CW_FEATURE_CM_NESTED_NAMES, &name, &why));
}

static void dependency_names_are_taken(void **state)
{
    (void)state;
    assert_int_equal(parse("unlocked-dep=<a:b@{>=1.2.3-rc <1.2.3}>").kind, CW_NAME_UNLOCKED_DEP);
    assert_int_equal(parse("unlocked-dep=<a:b@*>").kind, CW_NAME_UNLOCKED_DEP);
    assert_int_equal(parse("locked-dep=<a:b@1.2.3>,integrity=<sha256-a>").kind, CW_NAME_LOCKED_DEP);
    assert_int_equal(parse("url=<>").kind, CW_NAME_URL);
    assert_int_equal(parse("integrity=< sha512-a?x sha256-b== >").kind, CW_NAME_INTEGRITY);
    refuse("unlocked-dep=<a:a@{xyz}>", "expected `>=` or `<`");
    refuse("locked-dep=<a:a@1.2.3>x", "trailing");
    refuse("locked-dep=<a:a@1.2.3>,", "integrity");
    refuse("url=<<>", "cannot contain");
    refuse("url=<", "failed to find `>`");
    refuse("integrity=<md5-ABC>", "unrecognized hash");
    refuse("integrity=<sha256-===>", "base64");
    refuse("integrity=<>", "empty");
    refuse("relative-url=<a>", "kebab");
}

static cwrun_str canon(const char *text, char *out)
{
    cw_extern_name n = parse(text);
    return (cwrun_str){ out, cw_extern_name_canon(&n, out) };
}

static void strongly_unique_names_differ_in_canonical_form(void **state)
{
    (void)state;
    static const char *const same[][2] = { { "foo-BAR", "FOO-bar" },
                                           { "[method]foo.foo", "foo" },
                                           { "[static]foo.bar", "[method]foo.BAR" },
                                           { "[constructor]FOO", "[constructor]foo" },
                                           { "foo:bar/BAZ@1.0.0", "foo:bar/baz@1.0.0" } };
    static const char *const other[][2] = { { "foo", "[constructor]foo" },
                                            { "foo", "[method]foo.bar" },
                                            { "foo", "foo-bar" },
                                            { "a:b/c@1.0.0", "a:b/c@1.0.1" },
                                            { "[method]a.bc", "[method]ab.c" } };
    char a[64], b[64];
    for (size_t i = 0; i < sizeof same / sizeof *same; i++)
        assert_true(cw_str_eq(canon(same[i][0], a), canon(same[i][1], b)));
    for (size_t i = 0; i < sizeof other / sizeof *other; i++)
        assert_false(cw_str_eq(canon(other[i][0], a), canon(other[i][1], b)));
}

static bool compatible(const char *want, const char *have)
{
    cw_extern_name w = parse(want), h = parse(have);
    return cw_extern_name_compatible(&w, &h);
}

static void versions_match_within_their_track(void **state)
{
    (void)state;
    assert_true(compatible("a:b/c@0.2.0", "a:b/c@0.2.9"));
    assert_true(compatible("a:b/c@0.2.9", "a:b/c@0.2.0"));
    assert_true(compatible("a:b/c@1.0.0", "a:b/c@1.9.3+build"));
    assert_true(compatible("a:b/c@0.2", "a:b/c@0.2.6"));
    assert_true(compatible("a:b/c", "a:b/c"));
    assert_false(compatible("a:b/c@0.2.0", "a:b/c@0.3.0"));
    assert_false(compatible("a:b/c@1.0.0", "a:b/c@2.0.0"));
    assert_false(compatible("a:b/c@0.0.1", "a:b/c@0.0.2"));
    assert_false(compatible("a:b/c@0.2.0", "a:b/d@0.2.0"));
    assert_false(compatible("a:b/c@0.2.0", "a:b/c"));
    assert_false(compatible("a:b/c@0.2.0-rc-1", "a:b/c@0.2.0"));
    assert_true(compatible("a:b/c@0.2.0-rc-1", "a:b/c@0.2.0-rc-1"));
}

static void a_version_suffix_completes_a_canonical_version(void **state)
{
    (void)state;
    const char *why = NULL;
    cw_extern_name n = parse("a:b/c@0.2");
    assert_true(cw_extern_name_check_version(&n, &why));
    n.suffix = CW_STR(".6-rc.1");
    assert_true(cw_extern_name_check_version(&n, &why));
    n.suffix = CW_STR("x");
    assert_false(cw_extern_name_check_version(&n, &why));
    n = parse("a:b/c@0.2.1");
    n.suffix = CW_STR(".6");
    assert_false(cw_extern_name_check_version(&n, &why));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(labels_are_kebab_case),
        cmocka_unit_test(interface_names_are_taken_apart),
        cmocka_unit_test(functions_of_resources_are_taken_apart),
        cmocka_unit_test(malformed_interface_names_are_refused),
        cmocka_unit_test(nested_names_are_a_feature),
        cmocka_unit_test(dependency_names_are_taken),
        cmocka_unit_test(strongly_unique_names_differ_in_canonical_form),
        cmocka_unit_test(versions_match_within_their_track),
        cmocka_unit_test(a_version_suffix_completes_a_canonical_version),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
