/* unit/test_translate.c: what internal code comes out of which instructions; every failure of memory on the way. */
#include "cwrun/text.h"
#include "exec/code.h"
#include "exec/translate.h"
#include "oom/failalloc.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <cmocka.h>

static const char *const handler_names[] = {
    "",
#define HANDLER(name, part) #name,
#include "handlers.def"
#undef HANDLER
};

typedef struct module {
    cw_types *types;
    cw_arena arena;
    cw_module *m;
    cwrun_arena *bytes;
} module;

static module load(const char *wat, const cw_alloc *a)
{
    module l = { 0 };
    cwrun_error err = CWRUN_ERROR_INIT;
    l.bytes = cwrun_arena_new(NULL);
    cwrun_str binary = cwrun_text_encode(cwrun_str_of(wat), "test", l.bytes, &err);
    if (!binary.data)
        fail_msg("%s", err.message);
    cw_arena_init(&l.arena, &cw_alloc_default);
    l.types = cw_types_new(&cw_alloc_default);
    cw_reader r;
    cw_reader_init(&r, (const uint8_t *)binary.data, binary.size, "test", &l.arena, &err);
    const cw_module_config config = { l.types, CW_FEATURES_3_0, &cw_alloc_default };
    l.m = cw_module_read(&r, &config);
    if (!l.m)
        fail_msg("%s", err.message);
    assert_true(cw_module_prepare(l.m, a, (cw_code_options){ 0 }));
    return l;
}

static void unload(module *l)
{
    cw_module_release(l->m);
    cw_types_drop(l->types);
    cw_arena_fini(&l->arena);
    cwrun_arena_drop(l->bytes);
}

/* Bytes of one part of a handler's name, such as I32_ADD_sk_a: the operation, and what its kinds take. */
static unsigned part_size(const char *part, size_t size)
{
    unsigned best = 0, bytes = 0;
    for (unsigned op = 1; op < CW_IOP_COUNT; op++) {
        const size_t n = strlen(cw_iops[op].name);
        if (n <= best || n > size || memcmp(cw_iops[op].name, part, n) != 0 || (n < size && part[n] != '_'))
            continue;
        const char *kinds = n < size ? part + n + 1 : "", *operands = cw_iops[op].operands;
        unsigned sum = 0;
        for (; *operands; operands++) {
            if (*operands == 'L')
                sum += 4;
            else if (*operands <= '8')
                sum += (unsigned)(*operands - '0');
            else if (*kinds == 's')
                kinds++, sum += 2;
            else if (*kinds++ == 'k')
                sum += *operands == 'i' || *operands == 'f' ? 4 : 8;
        }
        if (cw_iops[op].result && part[size - 1] != 'a')
            sum += 2;
        best = (unsigned)n, bytes = sum;
    }
    return bytes;
}

static unsigned instruction_size(const char *name)
{
    unsigned size = 8;
    for (;;) {
        const char *end = strstr(name, "__");
        size += part_size(name, end ? (size_t)(end - name) : strlen(name));
        if (!end)
            return (size + 7) / 8 * 8;
        name = end + 2;
    }
}

/* The code of the last function of the text is these handlers, separated by spaces. */
static void expect_code(const char *wat, const char *expected)
{
    module l = load(wat, &cw_alloc_default);
    cwrun_error err = CWRUN_ERROR_INIT;
    uint8_t *block = cw_translate(l.m, l.m->n_funcs - 1, &cw_alloc_default, (cw_code_options){ 0 }, NULL, &err);
    if (!block)
        fail_msg("%s", err.message);
    const uint8_t *code = block + sizeof(cw_code_header);
    const cw_code_header *header = cw_code_header_of(code);
    const uint32_t size = header->size;
    const uint32_t end = header->handlers ? header->handlers
                         : header->maps   ? header->maps
                                          : size - (uint32_t)sizeof *header;
    char text[4000] = "";
    for (uint32_t at = 0; at < end;) {
        uint64_t word;
        memcpy(&word, code + at, 8);
        uint32_t h = 1;
        while (h < cw_n_handlers && cw_handler_word(h) != word)
            h++;
        if (h == cw_n_handlers) {
            fail_msg("%s: no handler behind %s", wat, text);
            break;
        }
        snprintf(text + strlen(text), sizeof text - strlen(text), "%s%s", *text ? " " : "", handler_names[h]);
        at += instruction_size(handler_names[h]);
    }
    assert_string_equal(text, expected);
    cw_free(&cw_alloc_default, block, size);
    unload(&l);
}

static void locals_cost_nothing(void **state)
{
    (void)state;
    expect_code("(func (param i32 i32) (local i32) (local.set 2 (i32.add (local.get 0) (local.get 1))))",
                "I32_ADD_ss_s RETURN");
    expect_code("(func (param i32 i32) (result i32) (i32.div_u (local.get 0) (local.get 1)))",
                "I32_DIV_U_ss_a RETURN_I_a");
    expect_code("(func (param i32) (result i32) (local.get 0))", "RETURN_I_s");
    expect_code("(func (param f64) (result f64) (f64.const 1) (drop) (local.get 0))", "RETURN_D_s");
}

static void a_local_read_after_it_changed_keeps_its_old_value(void **state)
{
    (void)state;
    expect_code("(func (param i32) (result i32) (i32.div_u (local.get 0) (local.tee 0 (i32.popcnt (local.get 0)))))",
                "COPY_s_s I32_POPCNT_s_s I32_DIV_U_ss_a RETURN_I_a");
}

static void constants_go_right_and_are_part_of_the_instruction(void **state)
{
    (void)state;
    expect_code("(func (param i32) (result i32) (i32.add (i32.const 5) (local.get 0)))", "I32_ADD_sk_a__RETURN_I_a");
    expect_code("(func (param i32) (result i32) (i32.sub (local.get 0) (i32.const 5)))", "I32_ADD_sk_a__RETURN_I_a");
    expect_code("(func (param i32) (result i32) (i32.lt_s (i32.const 5) (local.get 0)))", "I32_GT_S_sk_a__RETURN_I_a");
}

static void a_compare_is_part_of_its_branch(void **state)
{
    (void)state;
    expect_code("(func (param i32 i32) (block (br_if 0 (i32.lt_s (local.get 0) (local.get 1))) (call 0 (local.get 0) "
                "(local.get 1))))",
                "BR_I32_LT_S_ss COPY_s_s__COPY_s_s__CALL RETURN");
    expect_code("(func (param i32 i32) (block (br_if 0 (i32.eqz (i32.lt_s (local.get 0) (local.get 1)))) (call 0 "
                "(i32.const 1) (i32.const 2))))",
                "BR_I32_LE_S_ss COPY_K32_k_s__COPY_K32_k_s__CALL RETURN");
    expect_code("(func (param f64 f64) (block (br_if 0 (i32.eqz (f64.gt (local.get 0) (local.get 1)))) (call 0 "
                "(local.get 0) (local.get 1))))",
                "BR_F64_NLT_ss COPY_D_s_s__COPY_D_s_s CALL RETURN");
    expect_code("(func (param i32) (block (br_if 0 (i32.and (local.get 0) (i32.const 8))) (call 0 (local.get 0))))",
                "BR_I32_TEST_sk COPY_s_s__CALL RETURN");
}

static void an_address_is_part_of_its_load(void **state)
{
    (void)state;
    expect_code("(memory 1) (func (param i32 i32) (result i32) (i32.load offset=8 (i32.add (local.get 0) (i32.shl "
                "(local.get 1) (i32.const 2)))))",
                "I32_SHL_sk_a__I32_ADD_as_a__I32_LOAD_a_a RETURN_I_a");
}

static void counting_comparing_and_branching_are_one(void **state)
{
    (void)state;
    expect_code("(func (param i32) (loop (br_if 0 (i32.ne (local.tee 0 (i32.add (local.get 0) (i32.const 1))) "
                "(i32.const 9)))))",
                "I32_ADD_sk_b__BR_I32_NE_ak RETURN");
}

static void a_value_in_the_accumulator_survives_what_does_not_write_it(void **state)
{
    (void)state;
    expect_code("(memory 1) (func (param i32 f64) (result f64) (f64.sqrt (f64.add (local.get 1) (local.get 1)))"
                " (i32.store (local.get 0) (i32.popcnt (local.get 0))))",
                "F64_ADD_ss_a F64_SQRT_a_a I32_POPCNT_s_a I32_STORE_sa RETURN_D_a");
}

static void code_that_cannot_be_reached_is_left_out(void **state)
{
    (void)state;
    expect_code("(func (result i32) (return (i32.const 1)) (block (loop (br 0))) (i32.add) (unreachable))",
                "RETURN_I_k");
    expect_code("(func (block (br 0) (call 0)) (block (unreachable)) (call 0))", "BR UNREACHABLE");
}

static void other_memories_and_wide_addresses_have_forms_of_their_own(void **state)
{
    (void)state;
    expect_code("(memory 1) (memory 1) (func (param i32) (result i32) (i32.load 1 (local.get 0)))",
                "ANY_I32_LOAD_s_a RETURN_I_a");
    expect_code("(memory i64 1) (func (param i64) (result i32) (i32.load offset=0x100000000 (local.get 0)))",
                "ANY_I32_LOAD_s_a RETURN_I_a");
}

static void vectors_go_to_slots_and_straight_to_locals(void **state)
{
    (void)state;
    expect_code("(func (param v128 v128) (local.set 0 (i32x4.add (local.get 0) (local.get 1))))",
                "I32X4_ADD_ss_s RETURN");
    expect_code("(memory 1) (func (param i32 v128) (v128.store (i32.add (local.get 0) (i32.const 4)) (local.get 1)))",
                "I32_ADD_sk_a__V128_STORE_as RETURN");
    expect_code("(func (param v128) (result i32) (i8x16.extract_lane_s 1 (local.get 0)))",
                "I8X16_EXTRACT_LANE_S_a RETURN_I_a");
}

#define PAIR "(type $p (struct (field (mut i32)) (field (mut anyref)))) "

static void fields_are_set_where_the_object_is_made(void **state)
{
    (void)state;
    expect_code(PAIR "(func (param (ref null $p)) (result i32) (struct.get $p 0 (local.get 0)))",
                "STRUCT_GET_I32_s_a RETURN_I_a");
    expect_code(PAIR "(func (param i32 anyref) (result anyref) (struct.new $p (local.get 0) (local.get 1)))",
                "STRUCT_ALLOC_a STRUCT_INIT_I32_as_a STRUCT_INIT_I64_as_a RETURN_I_a");
    expect_code(PAIR "(func (param i32) (result anyref) (struct.new $p (i32.const 5) (ref.i31 (local.get 0))))",
                "REF_I31_s_s STRUCT_ALLOC_a STRUCT_INIT_I32_ak_a STRUCT_INIT_I64_as_a RETURN_I_a");
}

/* The node chains of all points of the only function, as slots: "2 1; 1;" and its locals behind a bar. */
static void expect_maps(const char *wat, const char *expected)
{
    char text[200] = "", *at = text;
    module l = load(wat, &cw_alloc_default);
    uint8_t *block = cw_translate(l.m, 0, &cw_alloc_default, (cw_code_options){ 0 }, NULL, NULL);
    assert_non_null(block);
    const uint8_t *code = block + sizeof(cw_code_header);
    const cw_code_header *header = cw_code_header_of(code);
    if (header->maps) {
        const cw_code_maps *maps = (const cw_code_maps *)(const void *)(code + header->maps);
        for (uint32_t i = 0; i < maps->n_points; i++) {
            for (uint32_t n = cw_code_map_points(maps)[i].node; n; n = cw_code_map_nodes(maps)[n].below)
                at += sprintf(at, "%u ", cw_code_map_nodes(maps)[n].slot);
            at += sprintf(at, "; ");
        }
        at += sprintf(at, "|");
        for (uint32_t i = 0; i < maps->n_locals; i++)
            at += sprintf(at, " %u", cw_code_map_locals(maps)[i]);
    }
    assert_string_equal(text, expected);
    cw_free(&cw_alloc_default, block, header->size);
    unload(&l);
}

static void maps_know_what_refers_to_the_heap(void **state)
{
    (void)state;
    /* nothing does: numbers, functions */
    expect_maps("(func (param i64 funcref) (call 0 (local.get 0) (ref.null func)))", "");
    /* parameters and locals; arguments are the callee's; a v128 takes two slots */
    expect_maps("(func (param v128 anyref) (local i32 externref) (call 0 (local.get 0) (local.get 1)))", "| 2 4");
    /* what lies below the arguments, in its home: locals and constants need none */
    expect_maps(PAIR "(func $f (param anyref) (result anyref) (local.get 0) (ref.null any) (call $f (local.get 0)) "
                     "(call $f (local.get 0))"
                     "(drop) (drop) (drop))",
                "3 ; | 0");
    /* operands of an allocation are there until it is done */
    expect_maps(PAIR "(func (param i32) (result anyref) (struct.new $p (local.get 0) (struct.new $p (local.get 0)"
                     "(struct.new $p (local.get 0) (ref.null any)))))",
                "3 ; 2 ; |");
}

/* A branch of four bytes that carries 500 values, 2000 times over. */
static void code_that_grows_out_of_proportion_is_refused(void **state)
{
    (void)state;
    char *wat = malloc(1 << 20), *at = wat;
    at += sprintf(at, "(func (param i32) (block (result");
    for (int i = 0; i < 500; i++)
        at += sprintf(at, " i32");
    at += sprintf(at, ")");
    for (int i = 0; i < 500; i++)
        at += sprintf(at, " i32.const 0");
    for (int i = 0; i < 2000; i++)
        at += sprintf(at, " local.get 0 br_if 0");
    at += sprintf(at, ")");
    for (int i = 0; i < 500; i++)
        at += sprintf(at, " drop");
    sprintf(at, ")");
    module l = load(wat, &cw_alloc_default);
    cwrun_error err = CWRUN_ERROR_INIT;
    assert_null(cw_translate(l.m, 0, &cw_alloc_default, (cw_code_options){ 0 }, NULL, &err));
    assert_int_equal(err.kind, CWRUN_ERROR_LIMIT);
    assert_int_equal(err.code, CWRUN_LIMIT_INPUT);
    cwrun_error_clear(&err);
    unload(&l);
    free(wat);
}

static void translation_survives_any_failure_of_memory(void **state)
{
    (void)state;
    const char *wat = "(memory 1) (func (param i32 i64 f64) (result i32) (local i32)"
                      " (block (block (block (br_table 0 1 2 (local.get 0))) (local.set 3 (i32.const 1)))"
                      "  (loop (br_if 1 (i32.load (i32.add (local.get 3) (i32.const 4))))"
                      "   (br_if 0 (f64.lt (local.get 2) (f64.const 1)))))"
                      " (if (result i32) (local.get 3) (then (call 0 (local.get 0) (local.get 1) (local.get 2))) (else "
                      "(i32.const 4))))";
    for (size_t n = 0;; n++) {
        cw_failalloc f = { .fail_at = n };
        const cw_alloc a = cw_failalloc_hook(&f);
        module l = load(wat, &cw_alloc_default);
        cwrun_error err = CWRUN_ERROR_INIT;
        uint8_t *block = cw_translate(l.m, 0, &a, (cw_code_options){ .fuel = true, .interruptible = true }, NULL, &err);
        if (block) {
            cw_free(&a, block, cw_code_header_of(block + sizeof(cw_code_header))->size);
        } else {
            assert_int_equal(err.kind, CWRUN_ERROR_LIMIT);
            assert_int_equal(err.code, CWRUN_LIMIT_HOST_MEMORY);
        }
        cwrun_error_clear(&err);
        unload(&l);
        assert_int_equal(f.live_blocks, 0);
        assert_int_equal(block == NULL, f.failed);
        if (!f.failed)
            break;
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(locals_cost_nothing),
        cmocka_unit_test(a_local_read_after_it_changed_keeps_its_old_value),
        cmocka_unit_test(constants_go_right_and_are_part_of_the_instruction),
        cmocka_unit_test(a_compare_is_part_of_its_branch),
        cmocka_unit_test(an_address_is_part_of_its_load),
        cmocka_unit_test(counting_comparing_and_branching_are_one),
        cmocka_unit_test(a_value_in_the_accumulator_survives_what_does_not_write_it),
        cmocka_unit_test(code_that_cannot_be_reached_is_left_out),
        cmocka_unit_test(other_memories_and_wide_addresses_have_forms_of_their_own),
        cmocka_unit_test(vectors_go_to_slots_and_straight_to_locals),
        cmocka_unit_test(fields_are_set_where_the_object_is_made),
        cmocka_unit_test(maps_know_what_refers_to_the_heap),
        cmocka_unit_test(code_that_grows_out_of_proportion_is_refused),
        cmocka_unit_test(translation_survives_any_failure_of_memory),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
