/* unit/test_types.c: the registry: equal groups have equal ids, sub-typing, and what it refuses. */
#include "core/types.h"

#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>
#include <cmocka.h>
#include "oom/failalloc.h"

static cw_types *types;

static int set_up(void **state)
{
    (void)state;
    types = cw_types_new(&cw_alloc_default);
    return types == NULL;
}

static int tear_down(void **state)
{
    (void)state;
    cw_types_drop(types);
    return 0;
}

static cw_types_status add(const cw_typedef *defs, uint32_t n, cw_type_id *first)
{
    uint32_t bad;
    return cw_types_group(types, defs, n, first, &bad);
}

/* A structure of one field with the given supertype. */
static cw_types_status add_struct(cw_valtype field, bool is_mutable, cw_type_id super, bool is_final, cw_type_id *id)
{
    cw_fieldtype f = { field, is_mutable };
    cw_typedef d = { .kind = CW_COMP_STRUCT, .is_final = is_final, .super = super, .n_fields = 1, .fields = &f };
    return add(&d, 1, id);
}

static void equal_function_types_have_one_id(void **state)
{
    (void)state;
    cw_valtype p[] = { CW_I32, CW_V128 }, r[] = { CW_F64 };
    cw_type_id a = cw_types_func(types, p, 2, r, 1), b = cw_types_func(types, p, 2, r, 1);
    assert_int_equal(a, b);
    assert_int_not_equal(a, cw_types_func(types, p, 1, r, 1));
    assert_int_not_equal(a, cw_types_func(types, p, 2, NULL, 0));

    const cw_subtype *t = cw_types_get(types, a);
    assert_int_equal(t->kind, CW_COMP_FUNC);
    assert_int_equal(t->param_slots, 3);
    assert_int_equal(t->result_slots, 1);
    assert_int_equal(t->params[1], CW_V128);
    assert_true(t->is_final && t->id == a && t->super == CW_NO_TYPE);
}

static void many_types_keep_their_places(void **state)
{
    (void)state;
    enum { N = 3000 };
    static cw_type_id ids[N];
    static const cw_subtype *at[N];
    for (uint32_t i = 0; i < N; i++) {
        cw_valtype p[12];
        for (unsigned bit = 0; bit < 12; bit++)
            p[bit] = i >> bit & 1 ? CW_I32 : CW_I64;
        ids[i] = cw_types_func(types, p, 12, NULL, 0);
        at[i] = cw_types_get(types, ids[i]);
    }
    for (uint32_t i = 0; i < N; i++) {
        assert_ptr_equal(cw_types_get(types, ids[i]), at[i]);
        assert_int_equal(at[i]->id, ids[i]);
        assert_int_equal(at[i]->params[11], i >> 11 & 1 ? CW_I32 : CW_I64);
    }
}

static void recursion_groups_are_equal_by_structure(void **state)
{
    (void)state;
    /* (rec (struct (ref null 1)) (struct (ref null 0))), twice, and once alone as two groups */
    cw_fieldtype to_1 = { CW_REF_NULL_TYPE(CW_TYPE_MEMBER(1)), false },
                 to_0 = { CW_REF_NULL_TYPE(CW_TYPE_MEMBER(0)), false };
    cw_typedef pair[2] = {
        { .kind = CW_COMP_STRUCT, .is_final = true, .super = CW_NO_TYPE, .n_fields = 1, .fields = &to_1 },
        { .kind = CW_COMP_STRUCT, .is_final = true, .super = CW_NO_TYPE, .n_fields = 1, .fields = &to_0 },
    };
    cw_type_id a, b, self;
    assert_int_equal(add(pair, 2, &a), CW_TYPES_OK);
    assert_int_equal(add(pair, 2, &b), CW_TYPES_OK);
    assert_int_equal(a, b);
    assert_int_equal(cw_types_get(types, a)->fields[0].type, CW_REF_NULL_TYPE(a + 1));
    assert_int_equal(add(&pair[1], 1, &self), CW_TYPES_OK);
    assert_int_not_equal(self, a);
    assert_int_not_equal(self, a + 1);
}

static void subtypes_are_found_by_their_depth(void **state)
{
    (void)state;
    cw_type_id base, middle, leaf, other;
    assert_int_equal(add_struct(CW_I32, false, CW_NO_TYPE, false, &base), CW_TYPES_OK);
    assert_int_equal(add_struct(CW_I32, false, base, false, &middle), CW_TYPES_OK);
    assert_int_equal(add_struct(CW_I32, false, middle, true, &leaf), CW_TYPES_OK);
    assert_int_equal(add_struct(CW_I32, false, base, true, &other), CW_TYPES_OK);
    assert_true(cw_subtype_of(types, leaf, base) && cw_subtype_of(types, leaf, middle) &&
                cw_subtype_of(types, leaf, leaf));
    assert_false(cw_subtype_of(types, base, leaf) || cw_subtype_of(types, other, middle));
    assert_int_equal(cw_types_get(types, leaf)->depth, 2);

    assert_true(cw_valtype_matches(types, CW_REF_TYPE(leaf), CW_REF_NULL_TYPE(base)));
    assert_false(cw_valtype_matches(types, CW_REF_NULL_TYPE(leaf), CW_REF_TYPE(base)));
    assert_true(cw_valtype_matches(types, CW_REF_TYPE(leaf), CW_REF(CW_HEAP_STRUCT)));
    assert_true(cw_valtype_matches(types, CW_REF_TYPE(leaf), CW_REF_NULL(CW_HEAP_ANY)));
    assert_false(cw_valtype_matches(types, CW_REF_TYPE(leaf), CW_REF(CW_HEAP_ARRAY)));
    assert_true(cw_valtype_matches(types, CW_REF(CW_HEAP_NONE), CW_REF_TYPE(leaf)));
    assert_false(cw_valtype_matches(types, CW_REF(CW_HEAP_NOFUNC), CW_REF_TYPE(leaf)));
}

static void what_is_no_subtype_is_refused_and_leaves_nothing(void **state)
{
    (void)state;
    cw_type_id base, final, mutable, id;
    assert_int_equal(add_struct(CW_I32, false, CW_NO_TYPE, false, &base), CW_TYPES_OK);
    assert_int_equal(add_struct(CW_I32, true, CW_NO_TYPE, false, &mutable), CW_TYPES_OK);
    assert_int_equal(add_struct(CW_I64, false, CW_NO_TYPE, true, &final), CW_TYPES_OK);
    assert_int_equal(add_struct(CW_I64, false, base, true, &id), CW_TYPES_MISMATCH);
    assert_int_equal(add_struct(CW_I32, true, base, true, &id), CW_TYPES_MISMATCH);
    assert_int_equal(add_struct(CW_I64, false, final, true, &id), CW_TYPES_FINAL);
    assert_int_equal(id, CW_NO_TYPE);
    cw_type_id next;
    assert_int_equal(add_struct(CW_F32, false, CW_NO_TYPE, true, &next), CW_TYPES_OK);
    assert_int_equal(next, final + 1);
}

static void a_descriptor_lies_where_the_supertype_has_it_and_takes_no_room_elsewhere(void **state)
{
    (void)state;
    const cw_fieldtype fields[] = { { CW_I32, true }, { CW_I32, true }, { CW_REF_NULL(CW_HEAP_ANY), true } };
    cw_type_id plain, pair, sub;
    cw_typedef d = { .kind = CW_COMP_STRUCT, .super = CW_NO_TYPE, .n_fields = 1, .fields = fields };
    assert_int_equal(add(&d, 1, &plain), CW_TYPES_OK);
    assert_int_equal(cw_types_get(types, plain)->size, CW_OBJECT_HEADER + 8);
    assert_int_equal(cw_types_get(types, plain)->descriptor_offset, 0);

    cw_typedef described[2] = { d, d };
    described[0].super = plain;
    described[0].n_fields = 2;
    described[0].descriptor = 2;
    described[1].describes = 1;
    assert_int_equal(add(described, 2, &pair), CW_TYPES_OK);
    const cw_subtype *t = cw_types_get(types, pair);
    assert_int_equal(t->offsets[0], CW_OBJECT_HEADER); /* as in its supertype */
    assert_int_equal(t->descriptor_offset, CW_OBJECT_HEADER + 8);
    assert_int_equal(t->offsets[1], CW_OBJECT_HEADER + 16);
    assert_int_equal(t->n_refs, 1);
    assert_int_equal(t->refs[0], t->descriptor_offset);
    assert_int_equal(t[1].size, CW_OBJECT_HEADER + 8); /* the descriptor itself has none */

    described[0].super = pair;
    described[0].n_fields = 3;
    described[1].super = pair + 1;
    assert_int_equal(add(described, 2, &sub), CW_TYPES_OK);
    t = cw_types_get(types, sub);
    assert_int_equal(t->descriptor_offset, CW_OBJECT_HEADER + 8);
    assert_int_equal(t->offsets[1], CW_OBJECT_HEADER + 16);
    assert_int_equal(t->n_refs, 2);
    assert_int_equal(t->refs[1], t->offsets[2]);

    described[0].descriptor = described[1].describes = 0; /* what has lost its descriptor is no sub type */
    assert_int_equal(add(described, 2, &sub), CW_TYPES_MISMATCH);
}

static void a_hierarchy_has_a_greatest_depth(void **state)
{
    (void)state;
    cw_type_id id = CW_NO_TYPE, next;
    for (unsigned i = 0; i <= CW_TYPES_DEPTH; i++, id = next)
        assert_int_equal(add_struct(CW_I32, false, id, false, &next), CW_TYPES_OK);
    assert_int_equal(add_struct(CW_I32, false, id, false, &next), CW_TYPES_TOO_DEEP);
}

static void abstract_heap_types_form_four_lattices(void **state)
{
    (void)state;
    static const struct {
        cw_heap sub, super;
        bool matches;
    } cases[] = {
        { CW_HEAP_NONE, CW_HEAP_I31, true },    { CW_HEAP_I31, CW_HEAP_EQ, true },
        { CW_HEAP_EQ, CW_HEAP_ANY, true },      { CW_HEAP_ANY, CW_HEAP_EQ, false },
        { CW_HEAP_STRUCT, CW_HEAP_I31, false }, { CW_HEAP_NOFUNC, CW_HEAP_FUNC, true },
        { CW_HEAP_FUNC, CW_HEAP_ANY, false },   { CW_HEAP_NOEXTERN, CW_HEAP_EXTERN, true },
        { CW_HEAP_NOEXN, CW_HEAP_EXN, true },   { CW_HEAP_NONE, CW_HEAP_EXN, false },
        { CW_HEAP_BOT, CW_HEAP_EXN, true },     { CW_HEAP_EXTERN, CW_HEAP_BOT, false },
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++)
        assert_int_equal(cw_valtype_matches(types, CW_REF(cases[i].sub), CW_REF(cases[i].super)), cases[i].matches);
    assert_true(cw_valtype_matches(types, CW_BOT, CW_I32));
    assert_false(cw_valtype_matches(types, CW_I32, CW_I64));
    assert_int_equal(cw_heaptype_top(types, CW_REF(CW_HEAP_NONE)), CW_HEAP_ANY);
    assert_int_equal(cw_heaptype_top(types, CW_REF(CW_HEAP_NOEXN)), CW_HEAP_EXN);
}

static void types_print_as_text(void **state)
{
    (void)state;
    char text[40];
    cw_valtype_print(types, CW_FUNCREF, text, sizeof text);
    assert_string_equal(text, "funcref");
    cw_valtype_print(types, CW_REF_TYPE(5), text, sizeof text);
    assert_string_equal(text, "(ref 5)");
    cw_valtype_print(types, CW_F32, text, sizeof text);
    assert_string_equal(text, "f32");
}

static void *register_the_same(void *ids)
{
    for (uint32_t i = 0; i < 500; i++) {
        cw_valtype p[9];
        for (unsigned bit = 0; bit < 9; bit++)
            p[bit] = i >> bit & 1 ? CW_F32 : CW_F64;
        ((cw_type_id *)ids)[i] = cw_types_func(types, p, 9, p, 1);
        if (cw_types_get(types, ((cw_type_id *)ids)[i])->n_params != 9)
            return NULL;
    }
    return ids;
}

static void threads_get_the_same_ids(void **state)
{
    (void)state;
    static cw_type_id ids[4][500];
    pthread_t threads[4];
    for (unsigned i = 0; i < 4; i++)
        assert_int_equal(pthread_create(&threads[i], NULL, register_the_same, ids[i]), 0);
    for (unsigned i = 0; i < 4; i++) {
        void *done;
        assert_int_equal(pthread_join(threads[i], &done), 0);
        assert_non_null(done);
        assert_memory_equal(ids[i], ids[0], sizeof ids[0]);
    }
}

static void memory_may_run_out_anywhere(void **state)
{
    (void)state;
    for (size_t n = 0;; n++) {
        cw_failalloc f = { .fail_at = n };
        cw_alloc a = cw_failalloc_hook(&f);
        cw_types *t = cw_types_new(&a);
        for (uint32_t i = 0; t && i < 40; i++) {
            cw_valtype p[] = { CW_I32 + (i & 3), CW_I32 + (i >> 2 & 3), CW_I32 + (i >> 4) };
            cw_type_id id = cw_types_func(t, p, 3, p, 1);
            assert_true(id != CW_NO_TYPE || f.failed);
            if (id == CW_NO_TYPE) /* and it works when there is memory again */
                assert_int_not_equal(cw_types_func(t, p, 3, p, 1), CW_NO_TYPE);
        }
        cw_types_drop(t);
        assert_int_equal(f.live_blocks, 0);
        if (!f.failed)
            break;
    }
}

int main(void)
{
#define TEST(f) cmocka_unit_test_setup_teardown(f, set_up, tear_down)
    const struct CMUnitTest tests[] = {
        TEST(equal_function_types_have_one_id),
        TEST(many_types_keep_their_places),
        TEST(recursion_groups_are_equal_by_structure),
        TEST(subtypes_are_found_by_their_depth),
        TEST(what_is_no_subtype_is_refused_and_leaves_nothing),
        TEST(a_descriptor_lies_where_the_supertype_has_it_and_takes_no_room_elsewhere),
        TEST(a_hierarchy_has_a_greatest_depth),
        TEST(abstract_heap_types_form_four_lattices),
        TEST(types_print_as_text),
        TEST(threads_get_the_same_ids),
        TEST(memory_may_run_out_anywhere),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
