/* unit/test_module.c: decoding of modules: sections, index spaces, names, matching of imports, damage,
 * lack of memory. */
#include "module_bytes.h"

#include <setjmp.h>
#include <stdarg.h>
#include <cmocka.h>
#include "base/str.h"
#include "oom/failalloc.h"

static void refused(const module_bytes *b, const char *words)
{
    loaded l = module_load(b, CW_FEATURES_3_0);
    assert_null(l.m);
    assert_int_equal(l.err.kind, CWRUN_ERROR_INPUT);
    if (!strstr(l.err.message, words))
        fail_msg("\"%s\" lacks \"%s\"", l.err.message, words);
    loaded_free(&l);
}

/* A module with something of everything. */
static void everything(module_bytes *b)
{
    module_begin(b);
    SECTION(b, 0,
            "\5first"
            "abc");
    SECTION(b, 1,
            "\3"
            "\x60\0\0"
            "\x60\2\x7f\x7e\1\x7f"
            "\x60\1\x7f\0");
    SECTION(b, 2,
            "\3"
            "\1a\1f\0\0"
            "\1a\1g\3\x7f\0"
            "\1a\1m\2\1\1\2");
    SECTION(b, 3, "\2\0\1");
    SECTION(b, 4, "\1\x70\0\4");
    SECTION(b, 5, "\1\4\1"); /* i64 */
    SECTION(b, 13, "\1\0\2");
    SECTION(b, 6, "\1\x7f\1\x23\0\x0b");
    SECTION(b, 7,
            "\3"
            "\2zz\0\2"
            "\1b\0\1"
            "\2mm\2\1");
    SECTION(b, 8, "\1");
    SECTION(b, 9,
            "\2"
            "\0\x41\0\x0b\1\2"
            "\5\x70\1\xd2\0\x0b");
    SECTION(b, 12, "\2");
    SECTION(b, 10,
            "\2"
            "\2\0\x0b"
            "\6\1\3\x7e\x20\0\x0b");
    SECTION(b, 11,
            "\2"
            "\0\x41\7\x0b\2hi"
            "\1\1x");
    SECTION(b, 0,
            "\4name"
            "\0\2\1M"
            "\1\7\2\0\1F\1\1G");
}

static void every_section_is_read(void **state)
{
    (void)state;
    module_bytes b;
    everything(&b);
    loaded l = module_load(&b, CW_FEATURES_3_0);
    if (!l.m)
        fail_msg("%s", l.err.message);
    const cw_module *m = l.m;
    assert_int_equal(m->n_types, 3);
    assert_true(m->n_imports == 3 && m->n_funcs == 3 && m->n_imported_funcs == 1);
    assert_true(m->n_globals == 2 && m->n_imported_globals == 1 && m->n_memories == 2 && m->n_imported_memories == 1);
    assert_true(m->n_tables == 1 && m->n_tags == 1 && m->n_elems == 2 && m->n_data == 2);
    assert_int_equal(m->imports[2].kind, CW_EXTERN_MEMORY);
    assert_true(m->memories[0].has_max && m->memories[0].max == 2 && !m->memories[0].is_64);
    assert_true(m->memories[1].is_64 && !m->memories[1].has_max && m->memories[1].page_log2 == 16);
    assert_int_equal(m->func_types[2], m->type_ids[1]);
    assert_true(m->globals[1].is_mutable && m->global_inits[1].size == 3 && m->global_inits[1].bytes[0] == 0x23);
    assert_true(m->has_start && m->start == 1);
    assert_true(m->elems[0].mode == CW_ELEM_ACTIVE && m->elems[0].funcs[0] == 2 && !m->elems[0].exprs);
    assert_true(m->elems[1].mode == CW_ELEM_PASSIVE && m->elems[1].exprs[0].size == 3);
    assert_true(m->data[0].is_active && m->data[0].size == 2 && memcmp(m->data[0].bytes, "hi", 2) == 0);
    assert_false(m->data[1].is_active);
    assert_true(m->bodies[1].n_locals == 3 && m->bodies[1].local_slots == 5);
    assert_int_equal(m->func_flags[0] & m->func_flags[1] & m->func_flags[2], CW_FUNC_REFERENCED);

    assert_int_equal(m->n_customs, 2);
    assert_true(cw_str_eq_c(m->customs[0].name, "first") && m->customs[0].size == 3 && m->customs[0].after == 0);
    assert_int_equal(m->customs[1].after, 11);
    loaded_free(&l);
}

static void names_come_from_the_name_section_else_exports_else_the_index(void **state)
{
    (void)state;
    module_bytes b;
    everything(&b);
    loaded l = module_load(&b, CW_FEATURES_3_0);
    char out[24];
    assert_true(cw_str_eq_c(l.m->name, "M"));
    assert_true(cw_str_eq_c(cw_module_func_name(l.m, 1, out), "G"));
    assert_true(cw_str_eq_c(cw_module_func_name(l.m, 2, out), "zz"));
    assert_true(cw_str_eq_c(cw_module_func_name(l.m, 77, out), "func[77]"));
    loaded_free(&l);
}

static void names_of_all_spaces_and_of_locals_are_found(void **state)
{
    (void)state;
    module_bytes b;
    everything(&b);
    SECTION(&b, 0,
            "\4name"
            "\2\x14\2\1\2\0\1p\1\1q\2\3\0\1x\2\1y\1\1z" /* the last index is out of order */
            "\4\4\1\1\1t"
            "\5\4\1\0\1u"
            "\6\4\1\1\1m"
            "\7\7\2\0\1g\5\1h" /* there is no global 5 */
            "\x08\4\1\1\1e"
            "\x09\4\1\0\1d"
            "\x0b\4\1\0\1T");
    loaded l = module_load(&b, CW_FEATURES_3_0);
    assert_non_null(l.m);
    static const struct {
        uint8_t space, index;
        const char *name;
    } cases[] = {
        { CW_NAMES_TYPE, 1, "t" },   { CW_NAMES_TYPE, 0, NULL },  { CW_NAMES_TABLE, 0, "u" },
        { CW_NAMES_MEMORY, 1, "m" }, { CW_NAMES_GLOBAL, 0, "g" }, { CW_NAMES_GLOBAL, 5, NULL },
        { CW_NAMES_ELEM, 1, "e" },   { CW_NAMES_DATA, 0, "d" },   { CW_NAMES_TAG, 0, "T" },
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        const cwrun_str name = cw_module_name(l.m, cases[i].space, cases[i].index);
        assert_true(cases[i].name ? cw_str_eq_c(name, cases[i].name) : name.data == NULL);
    }
    const uint8_t *at = l.m->local_names;
    assert_int_equal(cw_read_local_names(l.m, &at, 0, &l.arena).n, 0);
    cw_name_map first = cw_read_local_names(l.m, &at, 1, &l.arena), second = cw_read_local_names(l.m, &at, 2, &l.arena);
    assert_true(cw_str_eq_c(cw_name_find(&first, 1), "q"));
    assert_int_equal(second.n, 2);
    assert_true(cw_str_eq_c(cw_name_find(&second, 2), "y"));
    assert_int_equal(cw_read_local_names(l.m, &at, 3, &l.arena).n, 0);
    loaded_free(&l);
}

static void exports_are_found_by_name(void **state)
{
    (void)state;
    module_bytes b;
    everything(&b);
    loaded l = module_load(&b, CW_FEATURES_3_0);
    assert_int_equal(cw_module_find_export(l.m, CW_STR("zz"))->index, 2);
    assert_int_equal(cw_module_find_export(l.m, CW_STR("b"))->index, 1);
    assert_int_equal(cw_module_find_export(l.m, CW_STR("mm"))->kind, CW_EXTERN_MEMORY);
    assert_null(cw_module_find_export(l.m, CW_STR("z")));
    assert_null(cw_module_find_export(l.m, CW_STR("")));
    loaded_free(&l);
}

static void a_faulty_name_section_is_no_error(void **state)
{
    (void)state;
    static const char *const contents[] = {
        "\4name\1\x7f\1", "\4name\1\4\1\0\1\xff", "\4name\1\4\1\x63\1x", "\4name\7\0\0\x80", "\4name\1\5\x7f\0\1Fx",
    };
    for (size_t i = 0; i < sizeof contents / sizeof *contents; i++) {
        module_bytes b;
        module_begin(&b);
        module_section(&b, 0, contents[i], 5 + strlen(contents[i] + 5) + 1);
        loaded l = module_load(&b, CW_FEATURES_3_0);
        assert_non_null(l.m);
        loaded_free(&l);
    }
}

static void the_preamble_must_be_that_of_a_module(void **state)
{
    (void)state;
    module_bytes b = { .n = 0 };
    refused(&b, "unexpected end");
    module_put(&b, "hello, world", 12);
    refused(&b, "magic header not detected");
    b.n = 0;
    module_put(&b, "\0asm\x0d\0\1\0", 8);
    refused(&b, "this is a component");
    b.n = 0;
    module_put(&b, "\0asm\2\0\0\0", 8);
    refused(&b, "test.wasm:0x4: unknown binary version");
}

static void sections_have_an_order_and_a_size(void **state)
{
    (void)state;
    module_bytes b;
    module_begin(&b);
    SECTION(&b, 3, "\0");
    SECTION(&b, 1, "\0");
    refused(&b, "unexpected content after last section");
    module_begin(&b);
    SECTION(&b, 14, "\0");
    refused(&b, "malformed section id");
    module_begin(&b);
    SECTION(&b, 1, "\0\0");
    refused(&b, "section size mismatch");
    module_begin(&b);
    module_put(&b, "\1\x20", 2);
    refused(&b, "length out of bounds");
    module_begin(&b);
    SECTION(&b, 1, "\1\x60\0\0");
    SECTION(&b, 3, "\1\0");
    refused(&b, "function and code section have inconsistent lengths");
    module_begin(&b);
    SECTION(&b, 12, "\1");
    refused(&b, "data count and data section have inconsistent lengths");
}

static void declarations_are_checked_where_they_stand(void **state)
{
    (void)state;
    module_bytes b;
    module_begin(&b);
    SECTION(&b, 7, "\1\1a\0\0");
    refused(&b, "export 0: unknown function 0");
    module_begin(&b);
    SECTION(&b, 5, "\1\0\1");
    SECTION(&b, 7, "\2\1a\2\0\1a\2\0");
    refused(&b, "duplicate export name \"a\"");
    module_begin(&b);
    SECTION(&b, 5, "\1\1\3\2");
    refused(&b, "size minimum must not be greater than maximum");
    module_begin(&b);
    SECTION(&b, 5, "\1\0\x81\x80\4");
    refused(&b, "memory size");
    module_begin(&b);
    SECTION(&b, 4, "\1\x64\x70\0\0");
    refused(&b, "type mismatch");
    module_begin(&b);
    SECTION(&b, 6, "\1\x7f\0\x42\0\x0b");
    refused(&b, "global 0: type mismatch: end expects i32, found i64");
    module_begin(&b);
    SECTION(&b, 6, "\1\x7f\0\x41\0\x45\x0b");
    refused(&b, "constant expression required: i32.eqz");
    module_begin(&b);
    SECTION(&b, 6, "\1\x7f\0\x23\0\x0b");
    refused(&b, "unknown global 0");
    module_begin(&b);
    SECTION(&b, 1, "\1\x60\1\x7f\0");
    SECTION(&b, 3, "\1\0");
    SECTION(&b, 8, "\0");
    refused(&b, "start function");
}

static void a_group_may_refer_to_itself_and_back_but_not_forward(void **state)
{
    (void)state;
    module_bytes b;
    module_begin(&b);
    SECTION(&b, 1,
            "\2"
            "\x4e\2\x5f\1\x63\1\0\x5f\1\x63\0\0"
            "\x50\1\0\x5f\1\x63\1\0"); /* its supertype is final */
    refused(&b, "sub type 2 has a final supertype");
    module_begin(&b);
    SECTION(&b, 1,
            "\2"
            "\x50\0\x5f\1\x63\0\0"
            "\x50\1\0\x5f\2\x63\1\0\x7f\1");
    loaded l = module_load(&b, CW_FEATURES_3_0);
    assert_non_null(l.m);
    assert_true(cw_subtype_of(l.types, l.m->type_ids[1], l.m->type_ids[0]));
    loaded_free(&l);
    module_begin(&b);
    SECTION(&b, 1,
            "\2"
            "\x5f\1\x63\1\0"
            "\x5f\0");
    refused(&b, "unknown type 1");
    module_begin(&b);
    SECTION(&b, 1, "\1\x4e\2\x50\1\1\x5f\0\x50\0\x5f\0");
    refused(&b, "forward use of type 1");
}

static void features_can_be_switched_off(void **state)
{
    (void)state;
    static const struct {
        cw_features feature;
        uint8_t id;
        const char *content;
        size_t n;
        const char *words;
    } cases[] = {
        { CW_FEATURE_GC, 1, "\1\x5f\0", 3, "gc feature" },
        { CW_FEATURE_MULTI_VALUE, 1, "\1\x60\0\2\x7f\x7f", 6, "multi-value feature" },
        { CW_FEATURE_SIMD, 1, "\1\x60\1\x7b\0", 5, "simd feature" },
        { CW_FEATURE_MULTI_MEMORY, 5, "\2\0\0\0\0", 5, "multi-memory feature" },
        { CW_FEATURE_MEMORY64, 5, "\1\4\0", 3, "memory64 feature" },
        { CW_FEATURE_REFERENCE_TYPES, 4, "\2\x70\0\0\x70\0\0", 7, "reference-types feature" },
        { CW_FEATURE_EXTENDED_CONST, 6, "\1\x7f\0\x41\0\x41\0\x6a\x0b", 9, "extended-const feature" },
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        module_bytes b;
        module_begin(&b);
        module_section(&b, cases[i].id, cases[i].content, cases[i].n);
        loaded l = module_load(&b, CW_FEATURES_3_0);
        assert_non_null(l.m);
        loaded_free(&l);
        l = module_load(&b, CW_FEATURES_3_0 & ~cases[i].feature);
        assert_null(l.m);
        assert_non_null(strstr(l.err.message, cases[i].words));
        loaded_free(&l);
    }
}

static void shared_memories_and_byte_pages_need_their_features(void **state)
{
    (void)state;
    module_bytes b;
    module_begin(&b);
    SECTION(&b, 5, "\1\3\1\1");
    refused(&b, "malformed limits flags");
    loaded l = module_load(&b, CW_FEATURES_3_0 | CW_FEATURE_THREADS);
    assert_true(l.m && l.m->memories[0].is_shared);
    loaded_free(&l);

    module_begin(&b);
    SECTION(&b, 5, "\1\x8\x90\xa1\xf\0");
    refused(&b, "malformed limits flags");
    l = module_load(&b, CW_FEATURES_3_0 | CW_FEATURE_CUSTOM_PAGE_SIZES);
    assert_true(l.m && l.m->memories[0].page_log2 == 0 && l.m->memories[0].min == 0x3d090);
    loaded_free(&l);
}

static void offsets_count_from_the_start_of_the_file(void **state)
{
    (void)state;
    module_bytes b = { .n = 0 };
    module_put(&b, "####", 4); /* what stands before a nested module */
    size_t start = b.n;
    module_put(&b, "\0asm\1\0\0\0", 8);
    SECTION(&b, 14, "");

    cw_types *types = cw_types_new(&cw_alloc_default);
    cw_arena arena;
    cw_arena_init(&arena, &cw_alloc_default);
    cwrun_error err = CWRUN_ERROR_INIT;
    cw_reader r;
    cw_reader_init(&r, b.bytes, b.n, "c.wasm", &arena, &err);
    r.at += start;
    cw_reader_push(&r, "module", 3);
    cw_module_config config = { types, CW_FEATURES_3_0, &cw_alloc_default };
    assert_null(cw_module_read(&r, &config));
    assert_string_equal(err.message, "c.wasm:0xc: module 3: malformed section id 14");
    cwrun_error_clear(&err);

    cw_reader_init(&r, b.bytes, start + 8, "c.wasm", &arena, &err);
    r.at += start;
    cw_module *m = cw_module_read(&r, &config);
    assert_true(m && m->file_offset == start && m->file_start == b.bytes && m->bytes == b.bytes + start);
    cw_arena_fini(&arena);
    cw_types_drop(types);
}

static void imports_match_by_their_types(void **state)
{
    (void)state;
    cw_types *types = cw_types_new(&cw_alloc_default);
    cw_valtype i32 = CW_I32;
    cw_type_id f = cw_types_func(types, &i32, 1, NULL, 0), g = cw_types_func(types, NULL, 0, NULL, 0);
#define MATCHES(a, b) cw_externtype_matches(types, &(cw_externtype)a, &(cw_externtype)b)
#define T(...) { __VA_ARGS__ }
    assert_true(MATCHES(T(.kind = CW_EXTERN_FUNC, .func = f), T(.kind = CW_EXTERN_FUNC, .func = f)));
    assert_false(MATCHES(T(.kind = CW_EXTERN_FUNC, .func = f), T(.kind = CW_EXTERN_FUNC, .func = g)));
    assert_false(MATCHES(T(.kind = CW_EXTERN_FUNC, .func = f), T(.kind = CW_EXTERN_TAG, .func = f)));

    cw_limits two_to_four = { .min = 2, .max = 4, .has_max = true, .page_log2 = 16 };
    cw_limits one = { .min = 1, .max = UINT64_MAX, .page_log2 = 16 }, one_to_three = { 1, 3, true, false, false, 16 };
    cw_limits wide = { .min = 1, .max = UINT64_MAX, .is_64 = true, .page_log2 = 16 };
    assert_true(
        MATCHES(T(.kind = CW_EXTERN_MEMORY, .memory = two_to_four), T(.kind = CW_EXTERN_MEMORY, .memory = one)));
    assert_false(
        MATCHES(T(.kind = CW_EXTERN_MEMORY, .memory = one), T(.kind = CW_EXTERN_MEMORY, .memory = two_to_four)));
    assert_false(MATCHES(T(.kind = CW_EXTERN_MEMORY, .memory = two_to_four),
                         T(.kind = CW_EXTERN_MEMORY, .memory = one_to_three)));
    assert_false(MATCHES(T(.kind = CW_EXTERN_MEMORY, .memory = wide), T(.kind = CW_EXTERN_MEMORY, .memory = one)));

    cw_globaltype sub = { CW_REF(CW_HEAP_FUNC), false }, super = { CW_FUNCREF, false }, mutable = { CW_FUNCREF, true };
    assert_true(MATCHES(T(.kind = CW_EXTERN_GLOBAL, .global = sub), T(.kind = CW_EXTERN_GLOBAL, .global = super)));
    assert_false(MATCHES(T(.kind = CW_EXTERN_GLOBAL, .global = super), T(.kind = CW_EXTERN_GLOBAL, .global = sub)));
    assert_false(MATCHES(T(.kind = CW_EXTERN_GLOBAL, .global = super), T(.kind = CW_EXTERN_GLOBAL, .global = mutable)));
    cw_types_drop(types);
}

static void every_prefix_and_changed_byte_loads_or_fails_with_an_error(void **state)
{
    (void)state;
    module_bytes b;
    everything(&b);
    uint32_t random = 1;
    for (size_t i = 0; i < b.n + 3000; i++) {
        module_bytes damaged = b;
        if (i < b.n) {
            damaged.n = i;
        } else {
            random = random * 1664525 + 1013904223;
            damaged.bytes[(random >> 8) % b.n] = (uint8_t)(random >> 24);
        }
        loaded l = module_load(&damaged, CW_FEATURES_3_0);
        assert_true(l.m ? !cwrun_failed(&l.err) : cwrun_failed(&l.err));
        loaded_free(&l);
    }
}

static void memory_may_run_out_anywhere(void **state)
{
    (void)state;
    module_bytes b;
    everything(&b);
    for (size_t n = 0;; n++) {
        cw_failalloc f = { .fail_at = n };
        cw_alloc a = cw_failalloc_hook(&f);
        loaded l = module_load_with(&b, CW_FEATURES_3_0, &a);
        assert_true(l.m || f.failed);
        if (!l.m && l.types)
            assert_int_equal(l.err.kind, CWRUN_ERROR_LIMIT);
        loaded_free(&l);
        assert_int_equal(f.live_blocks, 0);
        if (!f.failed)
            break;
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_section_is_read),
        cmocka_unit_test(names_come_from_the_name_section_else_exports_else_the_index),
        cmocka_unit_test(names_of_all_spaces_and_of_locals_are_found),
        cmocka_unit_test(exports_are_found_by_name),
        cmocka_unit_test(a_faulty_name_section_is_no_error),
        cmocka_unit_test(the_preamble_must_be_that_of_a_module),
        cmocka_unit_test(sections_have_an_order_and_a_size),
        cmocka_unit_test(declarations_are_checked_where_they_stand),
        cmocka_unit_test(a_group_may_refer_to_itself_and_back_but_not_forward),
        cmocka_unit_test(features_can_be_switched_off),
        cmocka_unit_test(shared_memories_and_byte_pages_need_their_features),
        cmocka_unit_test(offsets_count_from_the_start_of_the_file),
        cmocka_unit_test(imports_match_by_their_types),
        cmocka_unit_test(every_prefix_and_changed_byte_loads_or_fails_with_an_error),
        cmocka_unit_test(memory_may_run_out_anywhere),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
