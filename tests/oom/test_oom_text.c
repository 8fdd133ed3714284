/* oom/test_oom_text.c: out of memory while texts are encoded and printed, and in what newer instructions need: vectors,
 * exceptions, bulk. */
#include "oom/scenario.h"

/* Encodes a text into an arena of failing memory: what succeeds all the same gives the same bytes. */
static void encode(const char *text)
{
    cwrun_error none = CWRUN_ERROR_INIT;
    cwrun_arena *undisturbed = cwrun_arena_new(NULL);
    cwrun_str want = cwrun_text_encode(cwrun_str_of(text), "a.wat", undisturbed, &none);
    cwrun_error_report(&none, stderr);
    assert_false(cwrun_failed(&none));
    for (int after = 0; after < 2; after++)
        for (size_t n = 0;; n++) {
            cw_failalloc f = { .fail_at = n, .fail_after = after };
            cwrun_alloc alloc = cw_failalloc_hook(&f);
            cwrun_error err = CWRUN_ERROR_INIT;
            cwrun_arena *arena = cwrun_arena_new(&alloc);
            cwrun_str bytes = { NULL, 0 };
            if (arena)
                bytes = cwrun_text_encode(cwrun_str_of(text), "a.wat", arena, &err);
            bool failed = cwrun_failed(&err), made = bytes.data != NULL;
            if (failed && (!f.failed || err.kind != CWRUN_ERROR_LIMIT))
                fail_msg("allocation %zu failing: %s", n, err.message);
            if (made && (bytes.size != want.size || memcmp(bytes.data, want.data, want.size) != 0))
                fail_msg("allocation %zu failing gives %zu bytes, not %zu", n, bytes.size, want.size);
            cwrun_error_clear(&err);
            cwrun_arena_drop(arena);
            if (f.live_blocks)
                fail_msg("allocation %zu failing leaves %zu blocks, %zu bytes", n, f.live_blocks, f.live_bytes);
            assert_true(!arena || made != failed);
            if (!f.failed)
                break;
            assert_true(n < MOST_ALLOCATIONS);
        }
    cwrun_arena_drop(undisturbed);
}

static void modules_without_memory(void **state)
{
    (void)state;
    encode("(module $m (type $f (func (param i32) (result i32))) (import \"a\" \"b\" (func $i (type $f)))"
           " (rec (type $s (sub (struct (field $x i32)))) (type $a (array (mut (ref null $s)))))"
           " (memory $mem 1) (data $d (i32.const 0) \"abc\\41\" \"d\") (table $t 2 funcref) (elem $e (i32.const 0) "
           "func $i $g)"
           " (global $gl (mut i64) (i64.const 0x1_000)) (tag $tag (param i32)) (export \"x\" (func $g)) (@custom \"c\" "
           "\"bytes\")"
           " (func $g (export \"g\") (type $f) (local $l v128) (block $b (br_if $b (i32.eqz (local.get 0))))"
           "  (try_table (catch $tag 0) (throw $tag (i32.const 1))) (if (result i32) (local.get 0) (then (f64.const "
           "1e-3) drop (i32.const 1))"
           "  (else (call_indirect $t (type $f) (i32.const 1) (i32.const 0)))))"
           " (start 2) (func))");
    encode("(module (@producers (language \"C\" \"11\") (sdk \"x\" \"1\")) (@dylink.0 (mem-info (memory 1 2)) (needed "
           "\"a\" \"b\")) (table 3 (ref null func) (ref.null func)) (elem (ref null func) (ref.null func))"
           " (memory (data \"abc\")) (table funcref (elem 0)) (func $h (@name \"other\") (param $x i32) (local $y i32)"
           " (block $l nop) (@metadata.code.branch_hint \"\\00\") (if (local.get $x) (then))))");
    encode("(module binary \"\\00asm\" \"\\01\\00\\00\\00\")");
    encode("(module quote \"(func $f (param i32))\" \"(export \\\"f\\\" (func $f))\")");
}

static void components_without_memory(void **state)
{
    (void)state;
    encode("(component (type u8))");
    encode("(component $c (@cwrun.names (core type)) (core rec (type $a (struct (field (ref null $b)))) (type $b "
           "(array i8)))"
           " (core type $m (module (type $t (func)) (import \"a\" \"b\" (func (type $t))) (export \"e\" (func))))"
           " (type $l (list u8)) (import \"f\" (func $f)) (start $f))");
    encode("(component $c (type $r (record (field \"a\" u8) (field \"b\" (list string)))) (export $r' \"r\" (type $r))"
           " (import \"i\" (instance $i (export \"t\" (type (sub resource))) (export \"f\" (func (param \"x\" u32) "
           "(result (list string))))))"
           " (core module $m (memory (export \"m\") 1) (func (export \"g\") (param i32 i32)) (func (export "
           "\"realloc\") (param i32 i32 i32 i32) (result i32) unreachable))"
           " (core instance $ci (instantiate $m)) (component $n (import \"x\" (func)) (export \"y\" (func 0)))"
           " (func $f (param \"v\" string) (canon lift (core func $ci \"g\") (memory (core memory $ci \"m\")) (realloc "
           "(core func $ci \"realloc\"))))"
           " (core func (canon lower (func $i \"f\") (memory (core memory $ci \"m\")) (realloc (core func $ci "
           "\"realloc\"))))"
           " (export \"f\" (func $f)))");
    encode("(component (value $a (record (field \"a\" (option (list char))) (field \"b\" (flags \"x\" \"y\"))) (record "
           "(some (list 'a' '\\n')) (flags \"y\")))"
           " (value (variant (case \"a\") (case \"b\" (tuple u8 string))) (variant \"b\" (tuple 1 \"x\"))) (value u8 "
           "(binary \"\\01\")) (@cwrun.empty alias) (@cwrun.names (value) (type)))");
    encode(
        "(module (type (shared (func (param (ref (shared any)))))) (@cwrun.empty elem) (func (local i32) (@cwrun.run) "
        "(local i32) (@cwrun.run f32) (@metadata.code.branch_hint \"\\01\") (if (i32.const 0) (then))))");
}

static cwrun_module *module_of(cwrun_engine *engine, const char *text, cwrun_error *err)
{
    cwrun_error none = CWRUN_ERROR_INIT;
    cwrun_arena *arena = cwrun_arena_new(NULL);
    cwrun_str bytes = cwrun_text_encode(cwrun_str_of(text), NULL, arena, &none);
    cwrun_error_report(&none, stderr);
    cwrun_module *m = cwrun_module_load(engine, bytes.data, bytes.size, NULL, err);
    cwrun_arena_drop(arena);
    return m;
}

static void newer_instructions(cwrun_engine *engine, cwrun_error *err)
{
    cwrun_core_val v;
    cwrun_store *store = cwrun_store_new(engine, NULL, err);
    cwrun_module *m = module_of(
        engine,
        "(module (memory 1) (table $t 1 100 funcref) (tag $e (param i32 i64)) (elem $p func $go)"
        " (func $throw (param i32) (throw $e (local.get 0) (i64.const 2)))"
        " (func $go (export \"go\") (result i32) (local v128 i32 exnref)"
        "  (loop $l"
        "   (local.set 0 (i32x4.add (local.get 0) (i8x16.shuffle 0 1 2 3 4 5 6 7 8 9 10 11 12 13 14 15 (v128.const "
        "i32x4 1 2 3 4) (local.get 0))))"
        "   (block $h (result i32 i64) (try_table (catch $e $h) (call $throw (local.get 1))) unreachable) drop drop"
        "   (block $r (result exnref) (try_table (catch_all_ref $r) (call $throw (local.get 1))) unreachable) "
        "(local.set 2)"
        "   (br_if $l (i32.lt_u (local.tee 1 (i32.add (local.get 1) (i32.const 1))) (i32.const 50))))"
        "  (drop (table.grow $t (ref.func $go) (i32.const 9))) (table.init $t $p (i32.const 1) (i32.const 0) "
        "(i32.const 1))"
        "  (memory.fill (i32.const 0) (i32.const 1) (i32.const 65536)) (i32x4.extract_lane 0 (local.get 0))))",
        err);
    cwrun_core_instance *in = cwrun_module_instantiate(store, m, NULL, err);
    cwrun_core_call(in, "go", NULL, 0, &v, 1, err);
    cwrun_module_drop(m);
    cwrun_store_drop(store);
}

static void uncaught(cwrun_engine *engine, cwrun_error *err)
{
    cwrun_store *store = cwrun_store_new(engine, NULL, err);
    cwrun_module *m = module_of(
        engine, "(module $name (tag $e (param externref)) (func $go (export \"go\") (throw $e (ref.null extern))))",
        err);
    cwrun_core_instance *in = cwrun_module_instantiate(store, m, NULL, err);
    cwrun_error local = CWRUN_ERROR_INIT;
    if (in && !cwrun_core_call(in, "go", NULL, 0, NULL, 0, &local) && local.kind == CWRUN_ERROR_LIMIT)
        cwrun_error_set(err, local.kind, local.code, "%s", local.message);
    cwrun_error_clear(&local);
    cwrun_module_drop(m);
    cwrun_store_drop(store);
}

SCENARIO(newer_instructions)
SCENARIO(uncaught)

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(modules_without_memory),
        cmocka_unit_test(components_without_memory),
        cmocka_unit_test(newer_instructions_without_memory),
        cmocka_unit_test(uncaught_without_memory),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
