/* unit/test_print.c: what is printed parses to the same bytes: every field, immediate, name and place of sections; and
 * what printing does with faults, deep nesting and no memory. */
#include "cwrun/text.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <cmocka.h>

#include "base/leb.h"
#include "core/opcodes.h"
#include "oom/failalloc.h"

typedef struct output {
    char *data;
    size_t size;
} output;

static bool append(void *user, const char *data, size_t size)
{
    output *o = user;
    o->data = realloc(o->data, o->size + size + 1);
    memcpy(o->data + o->size, data, size);
    o->size += size;
    o->data[o->size] = '\0';
    return true;
}

/* Flat, folded, and with offsets. */
static void expect_round_trip(const void *bytes, size_t size, const char *what)
{
    for (unsigned way = 0; way < 4; way++) {
        cwrun_text_print_options options = { .fold = way & 1, .offsets = way & 2 };
        cwrun_error err = CWRUN_ERROR_INIT;
        output text = { NULL, 0 };
        if (!cwrun_text_print(bytes, size, "a.wasm", &options, append, &text, &err))
            fail_msg("%s: %s", what, err.message);
        cwrun_arena *arena = cwrun_arena_new(NULL);
        cwrun_str again = cwrun_text_encode((cwrun_str){ text.data, text.size }, "a.wat", arena, &err);
        if (!again.data)
            fail_msg("%s: %s", what, err.message);
        if (again.size != size || memcmp(again.data, bytes, size) != 0)
            fail_msg("%s: other bytes (%zu, not %zu) from:\n%s", what, again.size, size, text.data);
        cwrun_arena_drop(arena);
        free(text.data);
    }
}

static void expect_text_round_trip(const char *text)
{
    cwrun_error err = CWRUN_ERROR_INIT;
    cwrun_arena *arena = cwrun_arena_new(NULL);
    cwrun_str binary = cwrun_text_encode(cwrun_str_of(text), "a.wat", arena, &err);
    if (!binary.data)
        fail_msg("%s", err.message);
    expect_round_trip(binary.data, binary.size, text);
    cwrun_arena_drop(arena);
}

#define MODULE "\0asm\1\0\0\0"
#define COMPONENT "\0asm\x0d\0\1\0"
#define EXPECT_BYTES(bytes) expect_round_trip(bytes, sizeof(bytes) - 1, #bytes)

static char *print(const void *bytes, size_t size, cwrun_error *err)
{
    output text = { NULL, 0 };
    cwrun_text_print(bytes, size, NULL, NULL, append, &text, err);
    return text.data;
}

/* ---- modules ---- */

static void every_field_of_a_module_prints_and_parses_to_the_same_bytes(void **state)
{
    (void)state;
    static const char *const texts[] = {
        "(module)",
        "(type (func (param i32 i64) (param f32 f64 v128) (result funcref externref))) (type (sub (struct (field i8 "
        "(mut i16) (mut (ref null 0))))))"
        "(rec (type (sub 1 (struct (field i8 (mut i16) (mut (ref null 0)) (ref 3))))) (type (sub final 1 (struct "
        "(field i8 (mut i16) (mut (ref null 0)))))))"
        "(type (array (mut (ref any)))) (rec) (rec (type (func))) (type (sub (array eqref)))",
        "(import \"a\" \"\\00\\n\\t\\\"\\\\\\u{1f600}\\u{202e}\" (func (type 0))) (import \"a\" \"b\" (table i64 1 2 "
        "funcref))"
        "(import \"\" \"\" (memory 1 2 shared)) (import \"a\" \"b\" (global (mut i32))) (import \"a\" \"b\" (tag "
        "(param i32))) (type (func))",
        "(table 1 funcref) (table 1 2 (ref null extern)) (table i64 0 anyref) (table 1 (ref func) (ref.func 0)) (func) "
        "(elem declare func 0)",
        "(memory 0) (memory i64 1 281474976710656) (memory 1 (pagesize 1)) (memory 1 1 shared)",
        "(global i32 (i32.const -1)) (global (mut i64) (i64.add (i64.const 1) (i64.mul (i64.const 2) (i64.const 3))))"
        "(global f32 (f32.const -0)) (global (ref null func) (ref.null func)) (global v128 (v128.const i64x2 1 -1))",
        "(func) (table 1 funcref) (memory 1) (global i32 (i32.const 0)) (tag) (export \"f\" (func 0)) (export \"t\" "
        "(table 0)) (export \"m\" (memory 0))"
        "(export \"g\" (global 0)) (export \"e\" (tag 0)) (start 0)",
        "(func) (table 1 funcref) (table 1 externref) (elem (i32.const 0) func 0 0) (elem func 0) (elem (table 1) "
        "(i32.const 0) func)"
        "(elem declare func 0) (elem (i32.const 0) funcref (ref.func 0) (ref.null func)) (elem externref) (elem (table "
        "1) (offset i32.const 1 i32.const 2 i32.add) externref (ref.null extern))"
        "(elem declare (ref func) (item ref.func 0) (item ref.null func ref.as_non_null)) (elem (table 0) (i32.const "
        "0) funcref)",
        "(memory 1) (memory 1) (data (i32.const 0) \"a\\00\\ff\\\"\\\\\") (data \"\") (data (memory 1) (offset "
        "i32.const 1) \"x\") (func data.drop 1)",
        "(tag (param i32 i64)) (tag) (func try_table (result i32) (catch 0 0) (catch_ref 1 0) (catch_all 0) "
        "(catch_all_ref 0) i32.const 0 throw 0 end drop)",
        "(func (param i32) (local i32 i32 i64) (local $x f32) (local funcref) local.get $x drop)",
        "(func try $l try catch 0 catch_all rethrow 0 end try delegate $l try nop catch 0 drop end end) (tag (param "
        "i32))",
    };
    for (unsigned i = 0; i < sizeof texts / sizeof *texts; i++)
        expect_text_round_trip(texts[i]);
}

static void control_and_its_types_print_and_parse_to_the_same_bytes(void **state)
{
    (void)state;
    expect_text_round_trip(
        "(type (func (param i32) (result i32 i32))) (func (result i32) i32.const 1 block (type 0) i32.const 2 end "
        "i32.add"
        " loop $l (result f64) f64.const 1 br $l end drop i32.const 1 if (result i32) i32.const 1 else i32.const 2 end "
        "drop"
        " i32.const 0 if nop end i32.const 0 if else end block (result (ref null 0)) ref.null 0 end drop"
        " i32.const 0 br_table 0 0 0 call_indirect (type 0) call_indirect 1 (type 0)"
        " i32.const 1 i32.const 2 i32.const 3 select (result i32) select return unreachable) (table 0 funcref) (table "
        "0 funcref)");
    /* labels: inner ones hide outer ones; trees whose conditions hold blocks */
    expect_text_round_trip("(func block $a block $a br $a br 1 br 2 end end i32.const 1 if $c (result i32) block $b "
                           "(result i32) i32.const 1 end else"
                           " block $\"a b\" (result i32) i32.const 2 br_if $\"a b\" br_if 1 end end drop)");
    expect_text_round_trip("(func (if $x (block $y (result i32) (if $z (result i32) (i32.const 1) (then (i32.const 2)) "
                           "(else (i32.const 3))))"
                           " (then (block $v)) (else (loop $w))))");
}

/* Immediates that are all 0 decode, whatever they mean. */
static void every_instruction_prints_and_parses_to_the_same_bytes(void **state)
{
    (void)state;
    static const uint8_t sizes[CW_IMM_COUNT] = {
        [CW_IMM_LABEL] = 1,       [CW_IMM_BR_TABLE] = 2,    [CW_IMM_FUNC] = 1,        [CW_IMM_CALL_INDIRECT] = 2,
        [CW_IMM_TYPE] = 1,        [CW_IMM_SELECT] = 1,      [CW_IMM_TAG] = 1,         [CW_IMM_LOCAL] = 1,
        [CW_IMM_GLOBAL] = 1,      [CW_IMM_TABLE] = 1,       [CW_IMM_TABLE_INIT] = 2,  [CW_IMM_TABLE_COPY] = 2,
        [CW_IMM_ELEM] = 1,        [CW_IMM_MEMARG] = 2,      [CW_IMM_MEMARG_LANE] = 3, [CW_IMM_MEMORY] = 1,
        [CW_IMM_MEMORY_INIT] = 2, [CW_IMM_MEMORY_COPY] = 2, [CW_IMM_DATA] = 1,        [CW_IMM_I32] = 1,
        [CW_IMM_I64] = 1,         [CW_IMM_F32] = 4,         [CW_IMM_F64] = 8,         [CW_IMM_V128] = 16,
        [CW_IMM_SHUFFLE] = 16,    [CW_IMM_LANE] = 1,        [CW_IMM_HEAP] = 1,        [CW_IMM_TYPE_FIELD] = 2,
        [CW_IMM_TYPE_COUNT] = 2,  [CW_IMM_TYPE_DATA] = 2,   [CW_IMM_TYPE_ELEM] = 2,   [CW_IMM_TYPE_TYPE] = 2,
        [CW_IMM_BR_ON_CAST] = 4,  [CW_IMM_FENCE] = 1,
    };
    for (unsigned op = 1; op < CW_OP_COUNT; op++) {
        const cw_opcode *o = &cw_opcodes[op];
        if (o->imm != CW_IMM_NONE && !sizes[o->imm])
            continue; /* blocks: the other tests have them */
        if (op == CW_OP_ELSE || op == CW_OP_END || op == CW_OP_CATCH || op == CW_OP_CATCH_ALL || op == CW_OP_DELEGATE)
            continue;
        uint8_t body[64] = { 0 }, module[160];
        size_t n = 1; /* no locals */
        if (o->code < 0x100) {
            body[n++] = (uint8_t)o->code;
        } else {
            body[n++] = (uint8_t)(o->code >> 16);
            n += cw_leb_write_unsigned(o->code & 0xffff, body + n);
        }
        n += sizes[o->imm];
        body[n++] = 0x0b;
        bool count = o->imm == CW_IMM_MEMORY_INIT || o->imm == CW_IMM_DATA || o->imm == CW_IMM_TYPE_DATA;
        static const char head[] = MODULE "\1\4\1\x60\0\0\3\2\1\0", data_count[] = "\x0c\1\0";
        size_t size = sizeof head - 1;
        memcpy(module, head, size);
        if (count) {
            memcpy(module + size, data_count, 3);
            size += 3;
        }
        module[size++] = 10;
        module[size++] = (uint8_t)(n + 2);
        module[size++] = 1;
        module[size++] = (uint8_t)n;
        memcpy(module + size, body, n);
        expect_round_trip(module, size + n, o->name);
    }
}

static void immediates_that_are_not_0_print_and_parse_to_the_same_bytes(void **state)
{
    (void)state;
    expect_text_round_trip(
        "(memory 1) (memory 1) (func i32.const 0 i32.load offset=4294967295 align=1 i32.load 1 v128.load8_lane 1 "
        "offset=2 3"
        " v128.load32_lane align=1 2 i64.load offset=18446744073709551615 i32.const -2147483648 i64.const "
        "-9223372036854775808"
        " memory.copy 0 1 memory.copy 1 0 memory.fill 1 memory.init 1 0 memory.size 1 i8x16.extract_lane_s 15"
        " i8x16.shuffle 0 1 2 3 4 5 6 7 8 9 10 11 12 13 30 31) (data \"\")");
    expect_text_round_trip(
        "(type $s (struct (field $f i32) (field (mut i64)))) (type $a (array i8)) (table $t 1 funcref) (table $u 1 "
        "funcref) (elem $e func)"
        "(func ref.null $s struct.get $s $f struct.set $s 1 ref.test (ref $s) ref.test (ref null $s) ref.cast i31ref "
        "ref.cast (ref i31)"
        " br_on_cast 0 anyref (ref $s) br_on_cast_fail 0 (ref any) structref array.new_fixed $a 3 array.new_data $a 0 "
        "array.init_elem $a $e"
        " table.init $u $e table.copy $u $t table.copy $t $u array.copy $a $a call_ref $a) (data \"\")");
}

static void floats_print_so_that_their_bits_come_back(void **state)
{
    (void)state;
    static const uint32_t bits32[] = { 0,          0x80000000, 1,          0x807fffff, 0x00800000, 0x3f800000,
                                       0x3dcccccd, 0x7f7fffff, 0x7f800000, 0xff800000, 0x7fc00000, 0xffc00000,
                                       0x7f800001, 0x7fffffff, 0xffa00000, 0x4b800001, 0x3eaaaaab, 0x58635fa9 };
    static const uint64_t bits64[] = { 0,
                                       0x8000000000000000,
                                       1,
                                       0x800fffffffffffff,
                                       0x3fb999999999999a,
                                       0x7fefffffffffffff,
                                       0x7ff0000000000000,
                                       0x7ff8000000000000,
                                       0xfff8000000000001,
                                       0x7ff0000000000001,
                                       0x4340000000000001,
                                       0x54b249ad2594c37d,
                                       0x3fd5555555555555 };
    for (unsigned i = 0; i < sizeof bits32 / sizeof *bits32; i++) {
        uint8_t module[] = MODULE "\6\x09\1\x7d\0\x43\0\0\0\0\x0b";
        memcpy(module + 14, &bits32[i], 4);
        expect_round_trip(module, sizeof module - 1, "f32");
    }
    for (unsigned i = 0; i < sizeof bits64 / sizeof *bits64; i++) {
        uint8_t module[] = MODULE "\6\x0d\1\x7c\0\x44\0\0\0\0\0\0\0\0\x0b";
        memcpy(module + 14, &bits64[i], 8);
        expect_round_trip(module, sizeof module - 1, "f64");
    }
}

/* ---- names and custom sections ---- */

static void names_print_and_parse_to_the_same_bytes(void **state)
{
    (void)state;
    expect_text_round_trip("(module $m (type $t (struct (field $a i32) (field i32) (field $b i32))) (import \"a\" "
                           "\"b\" (func $i)) (table $tab 1 funcref) (memory $mem 1)"
                           "(global $g i32 (i32.const 1)) (tag $tag) (func $f (param $x i32) (local $y i64) block $l "
                           "block $l br $l end end local.get $y drop call $i)"
                           "(elem $e func) (data $d \"\") (type $p (func (param $q i32))))");
    /* doubles, the empty name, names that look made up, characters that no identifier has */
    expect_text_round_trip("(module (@name \"\") (func $a (@name \"x\")) (func $x (@name \"x\")) (func $b (@name "
                           "\"\")) (func $c (@name \"#func1<x>\"))"
                           "(func $\"\\u{e9} \\\"\\\\\\n\" (param $p (@name \"p\") i32) (param $q (@name \"p\") i32) "
                           "(local $r (@name \"p\") i32))"
                           "(type (struct (field $f (@name \"f\") i32) (field $g (@name \"f\") i32))))");
}

/* The text has these words, and the name section is not printed as bytes. */
static void expect_printed(const char *text, const char *words)
{
    cwrun_error err = CWRUN_ERROR_INIT;
    cwrun_arena *arena = cwrun_arena_new(NULL);
    cwrun_str binary = cwrun_text_encode(cwrun_str_of(text), NULL, arena, &err);
    if (!binary.data)
        fail_msg("%s", err.message);
    char *printed = print(binary.data, binary.size, &err);
    if (!strstr(printed, words) || strstr(printed, "@custom"))
        fail_msg("%s", printed);
    free(printed);
    cwrun_arena_drop(arena);
    expect_text_round_trip(text);
}

static void labels_of_any_name_keep_it(void **state)
{
    (void)state;
    expect_printed("(func block $l (@name \"x y\") br $l end)", "block $\"x y\"\n      br $\"x y\"\n");
    expect_printed("(func block loop $l (@name \"\") br $l end end)",
                   "loop $#label1 (@name \"\")\n        br $#label1\n");
    expect_printed("(func block $l (@name \"\") block $#label0 br $l br $#label0 end end)", "br 1 (;@1;)");
    expect_printed("(func (if $l (@name \"\") (i32.const 0) (then (br $l)) (else (br $l))))", "br $#label0");
}

static void parameters_of_imports_and_tags_keep_their_names(void **state)
{
    (void)state;
    expect_printed("(module (import \"m\" \"n\" (func $f (param $x i32) (param i64) (result i32))))",
                   "(func $f (;0;) (type 0) (param $x i32) (param i64) (result i32))");
    expect_printed("(module (func (import \"m\" \"n\") (param $x i32)) (func (param $y i32) (local $z i32)))",
                   "(func (;0;) (type 0) (param $x i32))");
    expect_printed("(module (import \"m\" \"n\" (func (exact (param (@name \"\") i32)))))",
                   "(exact (type 0) (param $#param0 (@name \"\") i32))");
    expect_printed("(module (type $t (func (param $q i32))) (tag (import \"m\" \"n\") (param $x i32))"
                   " (tag $g (type $t) (param $y i32)) (tag (type $t)))",
                   "(tag $g (;1;) (type $t) (param $y i32))");
    /* of a type that is none, of a parameter that is none */
    EXPECT_BYTES(MODULE "\2\7\1\1m\1n\0\7\0\x0d\4name\2\6\1\0\1\0\1x");
    EXPECT_BYTES(MODULE "\1\4\1\x60\0\0\2\7\1\1m\1n\0\0\0\x0d\4name\2\6\1\0\1\0\1x");
    EXPECT_BYTES(MODULE "\1\4\1\x60\0\0\x0d\3\1\0\0\0\x0d\4name\x0d\6\1\0\1\0\1x");
}

static void branch_hints_print_as_annotations(void **state)
{
    (void)state;
    static const char text[] =
        "(component (core module (func nop) (func (param i32) (result i32) (@metadata.code.branch_hint \"\\01\") (if "
        "(local.get 0) (then (block $x (@metadata.code.branch_hint \"\\00\") (br_if $x (local.get 0))))) (i32.add "
        "(i32.const 1) (@metadata.code.branch_hint \"\\00\") (if (result i32) (local.get 0) (then (i32.const 1)) (else "
        "(i32.const 2))))) (func) (func block i32.const 0 (@metadata.code.branch_hint \"\\00\") br_if 0 end))"
        " (core module (func (block (br_if 0 (i32.const 0)) (if (i32.const 1) (then))))))";
    expect_text_round_trip(text);
    cwrun_error err = CWRUN_ERROR_INIT;
    cwrun_arena *arena = cwrun_arena_new(NULL);
    cwrun_str binary = cwrun_text_encode(cwrun_str_of(text), NULL, arena, &err);
    char *printed = print(binary.data, binary.size, &err);
    unsigned n = 0;
    for (const char *at = printed; (at = strstr(at, "(@metadata.code.branch_hint")); at++)
        n++;
    assert_int_equal(n, 4);
    assert_null(strstr(printed, "@custom"));
    free(printed);
    cwrun_arena_drop(arena);
    /* of no branch, of no function, not a hint, not before the code */
#define HINTS(hints) MODULE "\1\4\1\x60\0\0\3\2\1\0\0\x20\x19metadata.code.branch_hint" hints
#define CODE "\x0a\x0b\1\x09\0\2\x40\x41\0\x0d\0\x0b\x0b" /* br_if stands at 5 */
    EXPECT_BYTES(HINTS("\1\0\1\5\1\1") CODE);
    EXPECT_BYTES(HINTS("\1\0\1\3\1\1") CODE);
    EXPECT_BYTES(HINTS("\1\1\1\5\1\1") CODE);
    EXPECT_BYTES(HINTS("\1\0\1\5\1\2") CODE);
    EXPECT_BYTES(HINTS("\1\0\1\5\1\1") "\0\2\1x" CODE);
}

static void names_that_look_made_up_all_find_another(void **state)
{
    (void)state;
    enum { TAKEN = 50 };
    char text[TAKEN * 100], *at = text;
    at += sprintf(at, "(module (func (@name \"#func%u\"))", TAKEN);
    for (unsigned i = 1; i < TAKEN; i++)
        at += sprintf(at, "(func (@name \"#%ufunc%u\"))", i, TAKEN);
    sprintf(at, "(func (@name \"\")))");
    expect_text_round_trip(text);
    at = text + sprintf(text, "(module ");
    char marks[TAKEN + 1];
    memset(marks, '#', sizeof marks);
    for (unsigned i = 1; i < TAKEN; i++)
        at += sprintf(at, "(func (@name \"%.*sfunc%u\"))", (int)i, marks, TAKEN - 1);
    sprintf(at, "(func (@name \"\")))");
    expect_text_round_trip(text);
}

static void sections_that_identifiers_do_not_make_print_and_parse_to_the_same_bytes(void **state)
{
    (void)state;
    EXPECT_BYTES(MODULE "\0\5\4name"); /* empty */
    EXPECT_BYTES(MODULE "\0\x0d\4name\1\6\1\0\3"
                        "abc");                                                          /* of no function */
    EXPECT_BYTES(MODULE "\0\x09\4name\x63\2\1\2");                                       /* no such subsection */
    EXPECT_BYTES(MODULE "\1\4\1\x60\0\0\3\2\1\0\x0a\4\1\2\0\x0b\0\x0a\4name\2\3\1\0\0"); /* of no locals */
    EXPECT_BYTES(MODULE "\1\4\1\x60\0\0\3\2\1\0\x0a\4\1\2\0\x0b\0\x0a\4name\3\3\1\0\0"); /* of no labels */
    EXPECT_BYTES(MODULE "\1\3\1\x5f\0\0\x0a\4name\x0a\3\1\0\0");                         /* of no fields */
    EXPECT_BYTES(MODULE "\0\x09\4name\0\2\1m\0\4\3xyz");                                 /* before another section */
    EXPECT_BYTES(MODULE "\0\x09\4name\0\2\1m\0\x09\4name\0\2\1n");                       /* two */
    EXPECT_BYTES(MODULE "\0\x09\4name\0\2\1m\1\4\1\x60\0\0");                            /* before the types */
    EXPECT_BYTES(MODULE "\0\x0a\x09producers");                                          /* malformed */
    EXPECT_BYTES(MODULE "\0\x1a\x09producers\1\x08language\1\1"
                        "C\2"
                        "11\0\2\1x\1\4\1\x60\0\0"); /* early */
    EXPECT_BYTES(MODULE "\0\x09\4name\0\2\1m\0\x1a\x09producers\1\x08language\1\1"
                        "C\2"
                        "11\0\2\1x");
    EXPECT_BYTES(MODULE "\0\2\1a\5\3\1\0\1\0\2\1b\x0c\1\1\0\3\1"
                        "c\xff\x0b\3\1\1\0\0\2\1"
                        "d");
    EXPECT_BYTES(MODULE "\1\4\1\x60\0\0\0\2\1t\3\2\1\0\0\2\1"
                        "f\x0c\1\0\0\2\1n\x0a\4\1\2\0\x0b\0\2\1"
                        "c"); /* a data count that nothing needs */
}

static void encodings_that_are_not_the_shortest_print_and_parse_to_the_same_bytes(void **state)
{
    (void)state;
    static const uint8_t sections[] = { 1, 2, 3, 4, 5, 13, 6, 7, 9, 10, 11 }; /* of nothing, alone and all */
    uint8_t all[64] = MODULE;
    size_t size = 8;
    for (unsigned i = 0; i < sizeof sections; i++) {
        char one[] = MODULE "?\1\0";
        one[8] = (char)sections[i];
        expect_round_trip(one, sizeof one - 1, "an empty section");
        memcpy(all + size, one + 8, 3);
        size += 3;
    }
    expect_round_trip(all, size, "empty sections");
    EXPECT_BYTES(COMPONENT "\2\1\0\3\1\0\5\1\0\6\1\0\7\1\0\x08\1\0\x0a\1\0\x0b\1\0"
                           "\7\1\0\7\2\1\x7f\7\1\0\7\2\1\x7e");
    /* runs of locals of one type, and of none */
    EXPECT_BYTES(MODULE "\1\4\1\x60\0\0\3\2\1\0\x0a\x13\1\x11\7\1\x7f\2\x7f\0\x7f\0\x64\x70\1\x7d\0\x7d\1\x7d\x0b");
    EXPECT_BYTES(MODULE "\1\x0c\2\x4f\0\x60\0\0\x4f\1\0\x60\0\0"); /* final types that say so */
    /* references of abstract types: value types, tables, globals, segments, blocks */
    EXPECT_BYTES(MODULE "\1\x0d\2\x60\1\x63\x70\1\x63\x65\x6f\x5e\x63\x6e\1\4\5\1\x63\x70\0\1"
                        "\6\7\1\x63\x6f\0\xd0\x6f\x0b\x09\5\1\5\x63\x70\0");
    EXPECT_BYTES(MODULE "\1\4\1\x60\0\0\3\2\1\0\x0a\x0e\1\x0c\1\1\x63\x70\2\x63\x6f\xd0\x6f\x0b\x1a\x0b");
    /* memory 0 where it goes without saying */
    EXPECT_BYTES(MODULE "\1\4\1\x60\0\0\3\2\1\0\5\3\1\0\1\x0a\x19\1\x17\0\x41\0\x28\x42\0\0\x1a\x41\0"
                        "\xfd\x5c\x40\0\4\x1a\xfd\x54\x40\0\4\3\x0b\x0b\x08\1\2\0\x41\0\x0b\1x");
    /* values whose types have a bound's byte that is not needed, and where it is */
    EXPECT_BYTES(COMPONENT "\7\3\2\x7f\x7d\x0a\x18\4\0\1\x61\2\x7f\0\1\x62\2\1\x7f\0\1\x63\2\1\0\0\1\x64\2\1\1");
    /* names of the form before attributes, and without any */
    EXPECT_BYTES(COMPONENT "\7\5\1\x40\0\1\0\x0a\x0c\2\1\1\x61\1\0\2\1\x62\0\1\0\x0b\x07\1\1\1\x63\1\0\0");
}

static void types_shared_by_threads_print_and_parse_to_the_same_bytes(void **state)
{
    (void)state;
    expect_text_round_trip(
        "(import \"a\" \"b\" (table shared 1 (ref null (shared func)))) (type (shared (func (param (ref (shared any)) "
        "(ref null (shared func)))))) (type (sub "
        "(shared (struct (field (mut (ref null (shared eq)))))))) (type (sub 1 (shared (descriptor "
        "3) (struct)))) (table shared 1 (ref null (shared func))) (table shared i64 0 1 (ref (shared i31)))"
        "(func (param (ref null (shared none))) local.get 0 ref.null (shared func) drop drop)");
    expect_text_round_trip("(component (core type $t (shared (func (param i32)))) (core func (canon thread.spawn-ref "
                           "$t)) (core func (canon thread.available_parallelism))"
                           "(core module $m (table (export \"t\") shared 1 (ref null (shared func)))) (core instance "
                           "$i (instantiate $m)) (core func (canon thread.spawn-indirect $t (core table $i \"t\"))))");
}

/* ---- components ---- */

static void every_definition_of_a_component_prints_and_parses_to_the_same_bytes(void **state)
{
    (void)state;
    static const char *const texts[] = {
        "(component $c)",
        "(component (core module $m (func (export \"f\") (param i32) (result i32) local.get 0) (memory (export \"m\") "
        "1)) (core module $n (import \"a\" \"f\" (func (param i32) (result i32))))"
        "(core instance $i (instantiate $m)) (core instance (instantiate $n (with \"a\" (instance (export \"f\" (func "
        "$i \"f\"))))))"
        "(func $f (param \"a\" u32) (result u32) (canon lift (core func $i \"f\"))) (core func $l (canon lower (func "
        "$f) (memory $i \"m\"))) (export $x \"f\" (func $f))"
        "(export \"g\" (func $f) (func (param \"a\" u32) (result u32))))",
        "(component (type bool) (type (record (field \"a\" s8) (field \"b\" string))) (type (variant (case \"a\") "
        "(case \"b\" 1))) (type (list 1)) (type (list u8 4)) (type (tuple u16 char f32))"
        "(type (flags \"a\" \"b\")) (type (enum \"a\")) (type (option 0)) (type (result)) (type (result u8)) (type "
        "(result (error u8))) (type (result u8 (error s64)))"
        "(type (resource (rep i32))) (type (own 13)) (type (borrow 13)) (type (stream)) (type (stream u8)) (type "
        "(future)) (type (future f64)) (type (map string u8)) (type error-context)"
        "(type (func)) (type (func async (param \"x\" 0) (result 1))))",
        "(component (type (instance (type (func)) (export \"f\" (func (type 0))) (export \"t\" (type (sub resource))) "
        "(export \"u\" (type (eq 1))) (alias outer 1 0 (type))"
        "(core type (func)))) (type (component (import \"a\" (func)) (import \"v\" (value u8)) (export \"i\" (instance "
        "(type (instance)))) (import \"m\" (core module (type 0)))))"
        ")",
        "(component (core type (func (param i32))) (core type (sub (struct))) (core rec (type (struct (field (ref "
        "3)))) (type (array i8)))"
        "(core type (module (type (func)) (alias outer 1 0 (type)) (import \"a\" \"b\" (func (type 0))) (import \"a\" "
        "\"c\" (memory 1)) (export \"t\" (table 1 funcref)) (export \"g\" (global i32)) (export \"e\" (tag (type 0)))))"
        "(import \"m\" (core module (type 4))))",
        "(component (import \"a:b/c@1.0.0\" (instance $i (export \"f\" (func)))) (import \"x\" (implements \"a:b/c\") "
        "(instance)) (import \"a:b/c@1\" (version-suffix \".2\") (external-id \"x\") (instance)) (alias export $i "
        "\"f\" (func $f)) (component $n (import \"f\" (func)))"
        "(instance $j (instantiate $n (with \"f\" (func $f)))) (instance (export \"f\" (func $f))) (instance) "
        "(component $o (component $p (alias outer $o 0 (type))) (type u8)))",
        "(component (value $a bool true) (value u8 255) (value s16 -32768) (value u64 18446744073709551615) (value s64 "
        "-9223372036854775808) (value f32 9.1) (value f64 -inf) (value f32 nan) (value char 'a') (value char '\\'') "
        "(value char '\\u{1f600}') (value $s string \"a\\00\\\"\") (type $t (record (field \"a\" (option (list u8))))) "
        "(value (type $t) (record (some (list 1 2)))) (value bool (binary \"\\02\")) (value u16 (binary "
        "\"\\ff\\ff\\ff\")) (value char (binary \"ab\")) (value string (binary \"\\05a\")) (value f32 (binary "
        "\"\\01\\00\\c0\\7f\")) (value u32 (binary)) (export \"s\" (value $s)))",
        "(component (import \"s\" (func $s (param \"a\" u8) (result u8))) (import \"v\" (value $v u8)) (start $s "
        "(value $v) (result (value $w))) (@custom \"x\" \"y\") (@producers (sdk \"a\" \"b\")))",
        "(component (type $r (resource (rep i32))) (core func (canon resource.new $r)) (core func (canon resource.drop "
        "$r)) (core func (canon resource.rep $r)) (core func (canon task.cancel))"
        "(core func (canon subtask.cancel async)) (core func (canon task.return (result u8))) (core func (canon "
        "context.get i32 0)) (core func (canon context.set i32 1)) (core func (canon thread.yield cancellable))"
        "(core func (canon subtask.drop)) (type $s (stream u8)) (type $f (future u8)) (core func (canon stream.new "
        "$s)) (core func (canon stream.cancel-read $s async)) (core func (canon future.drop-readable $f))"
        "(core module $m (memory (export \"m\") 1) (func (export \"r\") (param i32 i32 i32 i32) (result i32) "
        "unreachable)) (core instance $i (instantiate $m)) (alias core export $i \"m\" (core memory $mem))"
        "(alias core export $i \"r\" (core func $re)) (core func (canon stream.read $s (memory $mem) async (realloc "
        "$re))) (core func (canon error-context.new (memory $mem) string-encoding=latin1+utf16))"
        "(core func (canon waitable-set.wait cancellable (memory $mem))) (core func (canon waitable.join)) (core func "
        "(canon thread.index)))",
    };
    for (unsigned i = 0; i < sizeof texts / sizeof *texts; i++)
        expect_text_round_trip(texts[i]);
}

static void results_of_a_start_keep_their_names(void **state)
{
    (void)state;
    expect_printed("(component (import \"s\" (func $s (result u8))) (start $s (result (value $w))))",
                   "(result (value $w (;0;)))");
    expect_printed("(component (import \"s\" (func $s (result u8))) (start $s (result (value $w (@name \"\")))))",
                   "(result (value $#value0 (@name \"\") (;0;)))");
}

static void places_of_a_components_sections_come_back(void **state)
{
    (void)state;
    EXPECT_BYTES(COMPONENT "\7\2\1\x7f\7\2\1\x7d"); /* two of a kind */
    EXPECT_BYTES(COMPONENT "\0\x13\x0e"
                           "component-name\0\2\1"
                           "c\0\2\1x"); /* names are not last */
    EXPECT_BYTES(COMPONENT "\0\x0f\x0e"
                           "component-name"); /* no names */
    EXPECT_BYTES(COMPONENT "\0\x16\x0e"
                           "component-name\1\5\3\1\7\1x"); /* of nothing */
    /* names in an order of their own, some of them twice */
    EXPECT_BYTES(COMPONENT "\7\3\2\x7f\x7f\1\x08" MODULE "\0\x2b\x0e"
                           "component-name\1\x08\3\2\0\1x\1\1y\1\6\0\x11\1\0\1m\1\x08\3\2\0\1x\1\1y");
    EXPECT_BYTES(COMPONENT "\1\x12" MODULE "\0\x08\4name\0\1\0"
                           "\4\x08" COMPONENT);
    /* names of their own, and names that the parent gives */
    EXPECT_BYTES(COMPONENT "\1\x13" MODULE "\0\x09\4name\0\2\1m"
                           "\0\x18\x0e"
                           "component-name\1\7\0\x11\1\0\2"
                           "ab");
}

/* ---- faults ---- */

static void what_comes_before_a_fault_is_printed_and_the_error_says_where_it_is(void **state)
{
    (void)state;
    cwrun_error err = CWRUN_ERROR_INIT;
    static const char bytes[] = MODULE "\1\4\1\x60\0\0\3\2\1\0\x0a\5\1\3\0\xff\x0b";
    char *text = print(bytes, sizeof bytes - 1, &err);
    assert_non_null(strstr(text, "(type (;0;) (func))"));
    assert_non_null(strstr(err.message, "0x17: func 0: illegal opcode 0xff"));
    free(text);
    cwrun_error_clear(&err);
    for (size_t n = 0; n < sizeof bytes - 1; n++) {
        char *cut = malloc(n ? n : 1);
        memcpy(cut, bytes, n);
        free(print(cut, n, &err));
        cwrun_error_clear(&err);
        free(cut);
    }
}

static bool take_nothing(void *user, const char *data, size_t size)
{
    (void)user, (void)data, (void)size;
    return false;
}

static void a_writer_that_takes_no_more_ends_printing(void **state)
{
    (void)state;
    cwrun_error err = CWRUN_ERROR_INIT;
    assert_false(cwrun_text_print(MODULE, 8, NULL, NULL, take_nothing, NULL, &err));
    assert_false(cwrun_failed(&err));
}

static void no_nesting_of_blocks_is_too_deep(void **state)
{
    (void)state;
    enum { DEEP = 100000 };
    char *text = malloc(DEEP * 16 + 100), *at = text;
    at += sprintf(at, "(func ");
    for (int i = 0; i < DEEP; i++)
        at += sprintf(at, "block ");
    for (int i = 0; i < DEEP; i++)
        at += sprintf(at, "end ");
    sprintf(at, "i32.const 0)");
    expect_text_round_trip(text);
    at = text + sprintf(text, "(func i32.const 0 ");
    for (int i = 0; i < DEEP; i++)
        at += sprintf(at, "i32.eqz ");
    sprintf(at, "drop)");
    expect_text_round_trip(text);
    free(text);
}

static void memory_that_runs_out_is_an_error(void **state)
{
    (void)state;
    static const char text[] = "(component $c (core module $m (type $s (struct (field $a i32))) (import \"a\" \"b\" "
                               "(func (param $ip i32))) (func (@name \"\")) (func $f (export "
                               "\"f\") (param $x i32) (local $y i64) block $l local.get $x br_if $l end)"
                               " (func $g (@name \"f\") (local i32) (@cwrun.run) (local i32) "
                               "(@metadata.code.branch_hint \"\\00\") (if (i32.const 1) (then nop))) (data $d \"x\")) "
                               "(core instance $i (instantiate $m)) (type $t "
                               "(instance (export \"f\" (func)))) (import \"x\" (instance $x (type $t))) (value $v "
                               "string \"a\") (value u8 (binary)) (@cwrun.names (type) "
                               "(value) (type)))";
    cwrun_arena *arena = cwrun_arena_new(NULL);
    cwrun_error err = CWRUN_ERROR_INIT;
    cwrun_str binary = cwrun_text_encode(cwrun_str_of(text), NULL, arena, &err);
    assert_non_null(binary.data);
    for (unsigned at = 0;; at++) {
        cw_failalloc f = { .fail_at = at };
        cwrun_alloc alloc = cw_failalloc_hook(&f);
        cwrun_text_print_options options = { .fold = true, .alloc = &alloc };
        output out = { NULL, 0 };
        bool ok = cwrun_text_print(binary.data, binary.size, NULL, &options, append, &out, &err);
        assert_true(ok == !f.failed);
        assert_true(ok || err.kind == CWRUN_ERROR_LIMIT);
        cwrun_error_clear(&err);
        free(out.data);
        assert_int_equal(f.live_blocks, 0);
        if (!f.failed)
            break;
        assert_true(at < 10000);
    }
    cwrun_arena_drop(arena);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_field_of_a_module_prints_and_parses_to_the_same_bytes),
        cmocka_unit_test(control_and_its_types_print_and_parse_to_the_same_bytes),
        cmocka_unit_test(every_instruction_prints_and_parses_to_the_same_bytes),
        cmocka_unit_test(immediates_that_are_not_0_print_and_parse_to_the_same_bytes),
        cmocka_unit_test(floats_print_so_that_their_bits_come_back),
        cmocka_unit_test(names_print_and_parse_to_the_same_bytes),
        cmocka_unit_test(labels_of_any_name_keep_it),
        cmocka_unit_test(parameters_of_imports_and_tags_keep_their_names),
        cmocka_unit_test(branch_hints_print_as_annotations),
        cmocka_unit_test(names_that_look_made_up_all_find_another),
        cmocka_unit_test(sections_that_identifiers_do_not_make_print_and_parse_to_the_same_bytes),
        cmocka_unit_test(encodings_that_are_not_the_shortest_print_and_parse_to_the_same_bytes),
        cmocka_unit_test(types_shared_by_threads_print_and_parse_to_the_same_bytes),
        cmocka_unit_test(every_definition_of_a_component_prints_and_parses_to_the_same_bytes),
        cmocka_unit_test(results_of_a_start_keep_their_names),
        cmocka_unit_test(places_of_a_components_sections_come_back),
        cmocka_unit_test(what_comes_before_a_fault_is_printed_and_the_error_says_where_it_is),
        cmocka_unit_test(a_writer_that_takes_no_more_ends_printing),
        cmocka_unit_test(no_nesting_of_blocks_is_too_deep),
        cmocka_unit_test(memory_that_runs_out_is_an_error),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
