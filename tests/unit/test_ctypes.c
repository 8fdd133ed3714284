/* test_ctypes.c: layouts and flattening of component types (component/types.c), against definitions.py. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "component/types.h"
#include "core/types.h"

static cw_arena arena;

static int set_up(void **state)
{
    (void)state;
    cw_arena_init(&arena, &cw_alloc_default);
    return 0;
}

static int tear_down(void **state)
{
    (void)state;
    cw_arena_fini(&arena);
    return 0;
}

static const cwrun_type *prim(uint8_t kind)
{
    return cw_type_primitive(kind);
}

static cw_field field(const char *name, const cwrun_type *type)
{
    return (cw_field){ .name = cwrun_str_of(name), .type = type };
}

static void check_layout(const cwrun_type *t, uint32_t size4, uint32_t align4, uint32_t size8, uint32_t align8)
{
    assert_non_null(t);
    assert_int_equal(t->size[CW_P4], size4);
    assert_int_equal(t->align[CW_P4], align4);
    assert_int_equal(t->size[CW_P8], size8);
    assert_int_equal(t->align[CW_P8], align8);
}

static void check_flat(const cwrun_type *t, bool ptr64, const char *letters)
{
    static const char names[] = "?ilfd";
    uint8_t flat[16];
    char text[17] = { 0 };
    uint32_t n = cw_type_flatten(t, ptr64, flat, 16);
    for (uint32_t i = 0; i < n && i < 16; i++)
        text[i] = names[flat[i]];
    assert_string_equal(text, letters);
    assert_int_equal(n, strlen(letters));
}

static void a_record_is_laid_out_with_gaps(void **state)
{
    (void)state;
    bool too_big = false;
    cw_field fields[] = { field("a", prim(CWRUN_KIND_U8)), field("b", prim(CWRUN_KIND_STRING)),
                          field("c", prim(CWRUN_KIND_U16)) };
    const cwrun_type *t = cw_type_new_record(&arena, fields, 3, &too_big);
    check_layout(t, 16, 4, 32, 8);
    assert_int_equal(t->fields[1].offset[CW_P4], 4);
    assert_int_equal(t->fields[1].offset[CW_P8], 8);
    assert_int_equal(t->fields[2].offset[CW_P4], 12);
    assert_int_equal(t->fields[2].offset[CW_P8], 24);
    assert_true(t->has_pointers);
    assert_false(t->is_plain);
    check_flat(t, false, "iiii");
    check_flat(t, true, "illi");
}

static void only_numbers_without_gaps_are_plain(void **state)
{
    (void)state;
    bool too_big = false;
    const cwrun_type *tight[] = { prim(CWRUN_KIND_U32), prim(CWRUN_KIND_F32), prim(CWRUN_KIND_S64) };
    const cwrun_type *gap[] = { prim(CWRUN_KIND_U8), prim(CWRUN_KIND_U32) };
    const cwrun_type *tail[] = { prim(CWRUN_KIND_U32), prim(CWRUN_KIND_U8) };
    const cwrun_type *chars[] = { prim(CWRUN_KIND_CHAR) };
    assert_true(cw_type_new_tuple(&arena, tight, 3, &too_big)->is_plain);
    assert_false(cw_type_new_tuple(&arena, gap, 2, &too_big)->is_plain);
    assert_false(cw_type_new_tuple(&arena, tail, 2, &too_big)->is_plain);
    assert_false(cw_type_new_tuple(&arena, chars, 1, &too_big)->is_plain);
    assert_false(prim(CWRUN_KIND_BOOL)->is_plain);
    assert_true(cw_type_new_fixed_list(&arena, prim(CWRUN_KIND_U16), 5, &too_big)->is_plain);
}

static void a_variant_joins_its_cases(void **state)
{
    (void)state;
    bool too_big = false;
    const cwrun_type *mixed[] = { prim(CWRUN_KIND_F64), prim(CWRUN_KIND_U8) };
    cw_field cases[] = { field("a", prim(CWRUN_KIND_F32)), field("b", NULL), field("c", prim(CWRUN_KIND_U32)),
                         field("d", cw_type_new_tuple(&arena, mixed, 2, &too_big)) };
    const cwrun_type *both = cw_type_new_variant(&arena, cases, 3, &too_big);
    check_layout(both, 8, 4, 8, 4);
    assert_int_equal(both->payload_offset[CW_P4], 4);
    check_flat(both, false, "ii");
    const cwrun_type *all = cw_type_new_variant(&arena, cases, 4, &too_big);
    check_layout(all, 24, 8, 24, 8);
    check_flat(all, false, "ili");
    check_flat(cw_type_new_option(&arena, prim(CWRUN_KIND_F32), &too_big), false, "if");
    check_flat(cw_type_new_result(&arena, NULL, NULL, &too_big), false, "i");
    check_layout(cw_type_new_result(&arena, prim(CWRUN_KIND_STRING), prim(CWRUN_KIND_U8), &too_big), 12, 4, 24, 8);
}

static void discriminants_grow_with_the_number_of_cases(void **state)
{
    (void)state;
    static cwrun_str labels[65537];
    assert_int_equal(cw_type_new_enum(&arena, labels, 1)->disc_size, 1);
    assert_int_equal(cw_type_new_enum(&arena, labels, 256)->disc_size, 1);
    assert_int_equal(cw_type_new_enum(&arena, labels, 257)->disc_size, 2);
    assert_int_equal(cw_type_new_enum(&arena, labels, 65536)->disc_size, 2);
    assert_int_equal(cw_type_new_enum(&arena, labels, 65537)->disc_size, 4);
    assert_int_equal(cw_type_new_flags(&arena, labels, 8)->disc_size, 1);
    assert_int_equal(cw_type_new_flags(&arena, labels, 9)->disc_size, 2);
    assert_int_equal(cw_type_new_flags(&arena, labels, 17)->disc_size, 4);
    assert_int_equal(cw_type_new_flags(&arena, labels, 32)->size[CW_P4], 4);
}

static void lists_and_maps_are_pointer_and_length(void **state)
{
    (void)state;
    bool too_big = false;
    const cwrun_type *list = cw_type_new_list(&arena, prim(CWRUN_KIND_U8));
    const cwrun_type *map = cw_type_new_map(&arena, prim(CWRUN_KIND_U8), prim(CWRUN_KIND_U32), &too_big);
    check_layout(list, 8, 4, 16, 8);
    check_flat(list, true, "ll");
    check_layout(map, 8, 4, 16, 8);
    assert_int_equal(map->elem->kind, CWRUN_KIND_TUPLE);
    check_layout(map->elem, 8, 4, 8, 4);
}

static void fixed_lists_are_their_elements(void **state)
{
    (void)state;
    bool too_big = false;
    check_layout(cw_type_new_fixed_list(&arena, prim(CWRUN_KIND_U16), 3, &too_big), 6, 2, 6, 2);
    check_flat(cw_type_new_fixed_list(&arena, prim(CWRUN_KIND_STRING), 2, &too_big), false, "iiii");
    const cwrun_type *big = cw_type_new_fixed_list(&arena, prim(CWRUN_KIND_U8), (1u << 28) - 1, &too_big);
    assert_non_null(big);
    assert_int_equal(big->n_flat, CW_FLAT_MANY);
    assert_null(cw_type_new_fixed_list(&arena, prim(CWRUN_KIND_U8), 1u << 28, &too_big));
    assert_true(too_big);
}

static void a_size_that_would_wrap_is_refused(void **state)
{
    (void)state;
    bool too_big = false;
    assert_null(cw_type_new_fixed_list(&arena, prim(CWRUN_KIND_U64), 536870912, &too_big));
    assert_true(too_big);
    too_big = false;
    const cwrun_type *half = cw_type_new_fixed_list(&arena, prim(CWRUN_KIND_U8), 1u << 27, &too_big);
    const cwrun_type *two[] = { half, half };
    assert_null(cw_type_new_tuple(&arena, two, 2, &too_big));
    assert_true(too_big);
}

static void depth_and_tree_size_count_shared_parts_as_often_as_used(void **state)
{
    (void)state;
    bool too_big = false;
    const cwrun_type *t = prim(CWRUN_KIND_U8);
    for (int i = 0; i < 40; i++) {
        cw_field cases[] = { field("a", t), field("b", t) };
        t = cw_type_new_variant(&arena, cases, 2, &too_big);
        assert_non_null(t);
    }
    assert_int_equal(t->depth, 41);
    assert_int_equal(t->tree_size, UINT32_MAX);
    uint8_t flat[16];
    assert_int_equal(cw_type_flatten(t, false, flat, 16), 41);
}

static void handles_know_what_they_are(void **state)
{
    (void)state;
    bool too_big = false;
    const cwrun_type *own = cw_type_new_handle(&arena, CWRUN_KIND_OWN, 7);
    const cwrun_type *borrow = cw_type_new_handle(&arena, CWRUN_KIND_BORROW, 7);
    const cwrun_type *stream = cw_type_new_async(&arena, CWRUN_KIND_STREAM, own);
    const cwrun_type *option = cw_type_new_option(&arena, borrow, &too_big);
    check_layout(own, 4, 4, 4, 4);
    assert_false(own->has_borrow);
    assert_true(option->has_borrow && option->has_handles && option->has_resource);
    assert_true(stream->has_handles && stream->has_resource && !stream->has_pointers);
    assert_false(cw_type_primitive(CWRUN_KIND_ERROR_CONTEXT)->has_resource);
}

static void parameters_are_laid_out_as_a_tuple(void **state)
{
    (void)state;
    bool too_big = false;
    cw_field params[] = { field("a", prim(CWRUN_KIND_U8)), field("b", prim(CWRUN_KIND_F64)) };
    const cw_functype *f = cw_functype_new(&arena, params, 2, prim(CWRUN_KIND_STRING), false, &too_big);
    assert_int_equal(f->params[1].offset[CW_P4], 8);
    assert_int_equal(f->param_tuple->size[CW_P4], 16);
    check_flat(f->param_tuple, false, "id");
    const cw_functype *none = cw_functype_new(&arena, NULL, 0, NULL, true, &too_big);
    assert_int_equal(none->param_tuple->n_flat, 0);
    assert_true(none->is_async);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(a_record_is_laid_out_with_gaps, set_up, tear_down),
        cmocka_unit_test_setup_teardown(only_numbers_without_gaps_are_plain, set_up, tear_down),
        cmocka_unit_test_setup_teardown(a_variant_joins_its_cases, set_up, tear_down),
        cmocka_unit_test_setup_teardown(discriminants_grow_with_the_number_of_cases, set_up, tear_down),
        cmocka_unit_test_setup_teardown(lists_and_maps_are_pointer_and_length, set_up, tear_down),
        cmocka_unit_test_setup_teardown(fixed_lists_are_their_elements, set_up, tear_down),
        cmocka_unit_test_setup_teardown(a_size_that_would_wrap_is_refused, set_up, tear_down),
        cmocka_unit_test_setup_teardown(depth_and_tree_size_count_shared_parts_as_often_as_used, set_up, tear_down),
        cmocka_unit_test_setup_teardown(handles_know_what_they_are, set_up, tear_down),
        cmocka_unit_test_setup_teardown(parameters_are_laid_out_as_a_tuple, set_up, tear_down),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
