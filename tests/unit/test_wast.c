/* unit/test_wast.c: the script runner: what it counts, and every script under tests/wast. */
#include "cwrun/text.h"

#include <dirent.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <cmocka.h>

static void print_command(void *user, const cwrun_wast_command *c)
{
    (void)user;
    fprintf(stderr, "%s:%u: %s: %s\n", c->file, c->line, c->directive, c->message);
}

static cwrun_wast_counts run(const char *script)
{
    cwrun_wast_counts c;
    cwrun_error err = CWRUN_ERROR_INIT;
    if (!cwrun_wast_run(cwrun_str_of(script), "a.wast", NULL, &c, &err))
        fail_msg("%s", err.message);
    return c;
}

static void expect(const char *script, uint32_t passed, uint32_t failed)
{
    cwrun_wast_counts c = run(script);
    if (c.passed != passed || c.failed != failed || c.total != passed + failed)
        fail_msg("%s: %u passed, %u failed of %u", script, c.passed, c.failed, c.total);
}

#define ADD "(module $m (func (export \"add\") (param i32 i32) (result i32) (i32.add (local.get 0) (local.get 1))))"

static void right_and_wrong_results_are_told_apart(void **state)
{
    (void)state;
    expect(ADD "(assert_return (invoke \"add\" (i32.const 1) (i32.const 2)) (i32.const 3))", 2, 0);
    expect(ADD "(assert_return (invoke $m \"add\" (i32.const 1) (i32.const 2)) (i32.const 4))", 1, 1);
    expect(ADD "(assert_return (invoke \"add\" (i32.const 1) (i32.const 2)))", 1, 1);
    expect(ADD "(assert_return (invoke \"add\" (i32.const 1)) (i32.const 3))", 1, 1);
    expect(ADD "(assert_return (invoke \"add\" (i32.const 1) (i64.const 2)) (i32.const 3))", 1, 1);
    expect(ADD "(assert_return (invoke \"sub\" (i32.const 1) (i32.const 2)) (i32.const 3))", 1, 1);
    expect(ADD "(assert_return (invoke \"add\" (i32.const 1) (i32.const 2)) (either (i32.const 4) (i32.const 3)))", 2,
           0);
    expect(ADD "(assert_trap (invoke \"add\" (i32.const 1) (i32.const 2)) \"unreachable\")", 1, 1);
    expect("(module (func (export \"f\") unreachable)) (assert_trap (invoke \"f\") \"unreachable\")", 2, 0);
    expect("(module (func (export \"f\") unreachable)) (assert_trap (invoke \"f\") \"divide\")", 1, 1);
    expect("(module (func (export \"f\") (result exnref) (ref.null exn))) (assert_return (invoke \"f\") (ref.exn))", 1,
           1);
    expect("(module (func (export \"f\") (result anyref) (ref.null any))) (assert_return (invoke \"f\") (ref.exn))", 1,
           1);
}

static void verdicts_about_modules_distinguish_malformed_and_invalid(void **state)
{
    (void)state;
    expect("(assert_malformed (module quote \"(func\") \"unexpected token\")", 1, 0);
    expect("(assert_malformed (module quote \"(func)\") \"unexpected token\")", 0, 1);
    expect("(assert_malformed (module quote \"(func i32.const 0)\") \"type mismatch\")", 0, 1);
    expect("(assert_invalid (module (func i32.const 0)) \"type mismatch\")", 1, 0);
    expect("(assert_invalid (module (func i32.cons 0)) \"type mismatch\")", 0, 1);
    expect("(assert_malformed (module binary \"\\00as\") \"unexpected end\")", 1, 0);
    expect("(assert_unlinkable (module (import \"a\" \"b\" (func))) \"unknown import\")", 1, 0);
    expect("(assert_unlinkable (module) \"unknown import\")", 0, 1);
    assert_int_equal(run("(assert_invalid (module (func i32.const 0)) \"type mismatch\")").message_agreement, 1);
    assert_int_equal(run("(assert_invalid (module (func i32.const 0)) \"something else\")").message_agreement, 0);
}

static void a_wrong_command_does_not_hide_the_next(void **state)
{
    (void)state;
    expect("(assert_return (foo)) (module)", 1, 1);
    expect("(module (func (foo))) (module)", 1, 1);
    expect("(register \"a\" $b) (module)", 1, 1);
    expect("(func) (memory 1)", 1, 0);
    expect("", 0, 0);
    cwrun_wast_counts c;
    cwrun_error err = CWRUN_ERROR_INIT;
    assert_false(cwrun_wast_run(cwrun_str_of("(module) (foo)"), "a.wast", NULL, &c, &err));
    assert_non_null(strstr(err.message, "a.wast:1:11: unknown operator foo"));
    cwrun_error_clear(&err);
}

#define COMPONENT \
    "(component $c (core module $m (func (export \"f\") (param i32) (result i32) (local.get 0)) (func (export \"t\") " \
    "unreachable))" \
    "(core instance $i (instantiate $m)) (type $r' (record (field \"a\" u8))) (export $r \"r-type\" (type $r'))" \
    "(type $e' (enum \"x\" \"y\")) (export $e \"e-type\" (type $e'))" \
    "(func (export \"f\") (param \"v\" u8) (result u8) (canon lift (core func $i \"f\")))" \
    "(func (export \"r\" ) (param \"v\" $r) (result $r) (canon lift (core func $i \"f\")))" \
    "(func (export \"e\" ) (param \"v\" $e) (result $e) (canon lift (core func $i \"f\")))" \
    "(func (export \"t\") (canon lift (core func $i \"t\"))))"

static void right_and_wrong_component_values_are_told_apart(void **state)
{
    (void)state;
    expect(COMPONENT "(assert_return (invoke \"f\" (u8.const 1)) (u8.const 1))", 2, 0);
    expect(COMPONENT "(assert_return (invoke $c \"f\" (u8.const 1)) (u8.const 2))", 1, 1);
    expect(COMPONENT "(assert_return (invoke \"f\" (u8.const 1)))", 1, 1);
    expect(COMPONENT "(assert_return (invoke \"f\" (u8.const 1)) (u16.const 1))", 1, 1);
    expect(COMPONENT "(assert_return (invoke \"f\" (u16.const 1)) (u8.const 1))", 1, 1);
    expect(COMPONENT "(assert_return (invoke \"f\" (u8.const 256)) (u8.const 0))", 1, 1);
    expect(COMPONENT "(assert_return (invoke \"f\") (u8.const 1))", 1, 1);
    expect(COMPONENT "(assert_return (invoke \"f\" (u8.const 1) (u8.const 1)) (u8.const 1))", 1, 1);
    expect(COMPONENT "(assert_return (invoke \"g\" (u8.const 1)) (u8.const 1))", 1, 1);
    expect(COMPONENT "(assert_return (invoke $d \"f\" (u8.const 1)) (u8.const 1))", 1, 1);
    expect(COMPONENT "(assert_return (get \"f\"))", 1, 1);
    expect(COMPONENT "(assert_return (invoke \"r\" (record.const (field \"a\" u8.const 1))) (record.const (field \"a\" "
                     "u8.const 1)))",
           2, 0);
    expect(COMPONENT "(assert_return (invoke \"r\" (record.const (field \"b\" u8.const 1))) (record.const (field \"a\" "
                     "u8.const 1)))",
           1, 1);
    expect(COMPONENT "(assert_return (invoke \"r\" (record.const)) (record.const (field \"a\" u8.const 1)))", 1, 1);
    expect(COMPONENT "(assert_return (invoke \"e\" (enum.const \"y\")) (enum.const \"x\"))", 1, 1);
    expect(COMPONENT "(assert_return (invoke \"e\" (enum.const \"z\")) (enum.const \"x\"))", 1, 1);
    expect("(invoke \"f\") (component instance $a) (assert_return (invoke $a \"f\"))", 0, 3);
}

static void verdicts_about_components_are_told_apart(void **state)
{
    (void)state;
    expect(COMPONENT "(assert_trap (invoke \"t\") \"unreachable\")", 2, 0);
    expect(COMPONENT "(assert_trap (invoke \"t\") \"divide\")", 1, 1);
    expect(COMPONENT "(assert_trap (invoke \"f\" (u8.const 1)) \"unreachable\")", 1, 1);
    expect("(assert_trap (component) \"unreachable\")", 0, 1);
    expect("(assert_unlinkable (component) \"a\")", 0, 1);
    expect("(assert_unlinkable (component (import \"a\" (func))) \"a\")", 1, 0);
    expect("(component (import \"a\" (func)))", 0, 1);
    expect(";; RUN: wast %\n(component (import \"a\" (func)))", 1, 0);
    expect(";; RUN: wast % -f=-simd\n(component (core module (func (drop (v128.const i32x4 0 0 0 0)))))", 0, 1);
    expect("(component definition (import \"a\" (func)))", 1, 0);
    expect("(assert_invalid (component (export \"a\" (func 0))) \"x\")", 1, 0);
    expect("(assert_invalid (component) \"x\")", 0, 1);
    expect("(component (foo)) (component)", 1, 1);
}

#define LOOP "(func (export \"f\") (loop $l (br $l)))"

/* What does not end fails, what comes next runs. */
static void a_command_that_does_not_end_fails_when_its_time_is_over(void **state)
{
    (void)state;
    static const char *const scripts[] = {
        "(module " LOOP " (func (export \"g\"))) (invoke \"f\") (assert_return (invoke \"g\"))",
        "(module (func $f (loop $l (br $l))) (start $f)) (module)",
        "(module " LOOP ") (assert_trap (invoke \"f\") \"interrupt\")",
        ";; RUN: wast % -f=threads\n(module (memory 1 1 shared) (func (export \"f\") (drop (memory.atomic.wait32 "
        "(i32.const 0) "
        "(i32.const 0) (i64.const -1))))) (invoke \"f\")",
        "(module " LOOP ") (thread $t (module " LOOP ") (invoke \"f\") (module)) (wait $t)",
        "(component (core module $m " LOOP ") (core instance $i (instantiate $m))"
        " (func (export \"f\") (canon lift (core func $i \"f\")))) (invoke \"f\")",
        "(component (core module $m (func $f (loop $l (br $l))) (start $f)) (core instance (instantiate $m))) (module)",
    };
    for (size_t i = 0; i < sizeof scripts / sizeof *scripts; i++) {
        cwrun_wast_counts c;
        cwrun_error err = CWRUN_ERROR_INIT;
        cwrun_wast_options options = { .timeout = 200000000 };
        if (!cwrun_wast_run(cwrun_str_of(scripts[i]), "a.wast", &options, &c, &err))
            fail_msg("%s", err.message);
        if (c.failed != 1 || c.passed != c.total - 1 || c.passed == 0)
            fail_msg("%s: %u passed, %u failed of %u", scripts[i], c.passed, c.failed, c.total);
    }
}

static char *read_file(const char *path, size_t *size)
{
    FILE *f = fopen(path, "rb");
    assert_non_null(f);
    fseek(f, 0, SEEK_END);
    *size = (size_t)ftell(f);
    rewind(f);
    char *text = malloc(*size + 1);
    assert_int_equal(fread(text, 1, *size, f), *size);
    fclose(f);
    return text;
}

static void run_scripts(bool gc_stress)
{
    DIR *folder = opendir("tests/wast");
    assert_non_null(folder);
    bool all = true;
    for (struct dirent *e; (e = readdir(folder));) {
        char path[300];
        size_t size;
        if (!strstr(e->d_name, ".wast") || (gc_stress && strcmp(e->d_name, "gc-heap.wast") == 0)) /* too slow */
            continue;
        snprintf(path, sizeof path, "tests/wast/%s", e->d_name);
        char *text = read_file(path, &size);
        cwrun_wast_counts c;
        cwrun_error err = CWRUN_ERROR_INIT;
        cwrun_wast_options options = { .report = print_command, .gc_stress = gc_stress };
        bool ok = cwrun_wast_run((cwrun_str){ text, size }, path, &options, &c, &err) && c.passed == c.total;
        cwrun_error_report(&err, stderr);
        all = all && ok;
        free(text);
    }
    closedir(folder);
    assert_true(all);
}

static void the_scripts_under_tests_wast_pass(void **state)
{
    (void)state;
    run_scripts(false);
}

static void they_pass_when_every_allocation_collects(void **state)
{
    (void)state;
    run_scripts(true);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(right_and_wrong_results_are_told_apart),
        cmocka_unit_test(verdicts_about_modules_distinguish_malformed_and_invalid),
        cmocka_unit_test(a_wrong_command_does_not_hide_the_next),
        cmocka_unit_test(right_and_wrong_component_values_are_told_apart),
        cmocka_unit_test(verdicts_about_components_are_told_apart),
        cmocka_unit_test(a_command_that_does_not_end_fails_when_its_time_is_over),
        cmocka_unit_test(the_scripts_under_tests_wast_pass),
        cmocka_unit_test(they_pass_when_every_allocation_collects),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
