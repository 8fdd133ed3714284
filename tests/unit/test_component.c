/* test_component.c: decoding and checking of components (component/read_*.c, check_*.c): resource variables and their
 * binds, limits, errors, printing, and what the linker asks of check_types.h. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "component/check_types.h"
#include "component/runtime.h"
#include "oom/failalloc.h"

typedef struct loaded {
    cw_types *types;
    cw_arena arena;
    cwrun_error err;
    cw_component *c;
} loaded;

static loaded load_with(const void *bytes, size_t size, const cw_alloc *a)
{
    loaded l = { .types = cw_types_new(a) };
    cw_arena_init(&l.arena, a);
    if (!l.types)
        return l;
    cw_module_config config = { l.types, CW_FEATURES_3_0, a };
    cw_reader r;
    cw_reader_init(&r, bytes, size, "test.wasm", &l.arena, &l.err);
    l.c = cw_component_read(&r, &config);
    return l;
}

static loaded load(const void *bytes, size_t size)
{
    return load_with(bytes, size, &cw_alloc_default);
}

static void unload(loaded *l)
{
    cw_arena_fini(&l->arena);
    cw_types_drop(l->types);
    cwrun_error_clear(&l->err);
}

#define PREAMBLE "\0asm\x0d\0\1\0"
#define LOAD(text) load((text), sizeof(text) - 1)

/* (component
 *   (import "r" (type $r (sub resource)))
 *   (import "q" (type $q (eq $r)))
 *   (import "t:p/i@1.0.0" (instance $i
 *     (export "res" (type $res (sub resource)))
 *     (type $rec (record (field "x" u32) (field "name" (list string))))
 *     (export "point" (type $point (eq $rec)))
 *     (export "[method]res.get" (func (param "self" (borrow $res)) (result (option $point))))))
 *   (alias export $i "res" (type $res2))
 *   (import "f" (func (param "a" (own $q)) (param "b" (borrow $res2))))) */
static const char imports[] =
    "\000asm\015\000\001\000\012\014\002\000\001r\003\001\000\001q\003\000\000\007J\001B\010\004\000\003res\003\001\001"
    "ps\001r\002\001xy\004name\001\004\000\005point\003\000\002\001h\000\001k\003\001@"
    "\001\004self\004\000\005\004\000\017"
    "[method]res.get\001\006\012\020\001\000\013t:p/i@\061.\060.\060\005\002\006\010\001\003\000\000\003res\007\017\003"
    "i\001h\003@\002\001a\004\001b\005\001\000\012\006\001\000\001f\001\006";

/* (component
 *   (component $c
 *     (import "in" (type $in (sub resource)))
 *     (type $r (resource (rep i32)))
 *     (export "out" (type $r))
 *     (instance $bag (export "again" (type $in)))
 *     (export "bag" (instance $bag)))
 *   (type $mine (resource (rep i32)))
 *   (instance $a (instantiate $c (with "in" (type $mine))))
 *   (instance $b (instantiate $c (with "in" (type $mine))))
 *   (alias export $a "out" (type $ao))
 *   (alias export $b "out" (type $bo))
 *   (export "hidden" (type $ao) (type (sub resource)))) */
static const char twice[] = "\000asm\015\000\001\000\004;"
                            "\000asm\015\000\001\000\012\007\001\000\002in\003\001\007\004\001\077\177\000\013\011\001"
                            "\000\003out\003\001\000\005\014\001\001\001\000\005again\003\000\013\011\001\000\003bag"
                            "\005\000\000\007\004\001\077"
                            "\177\000\005\021\002\000\000\001\002in\003\000\000\000\001\002in\003\000\006\017\002\003"
                            "\000\000\003out\003\000\001"
                            "\003out\013\016\001\000\006hidden\003\001\001\003\001";

static const cw_def *find_def(const cw_component *c, uint8_t kind, uint32_t nth)
{
    for (uint32_t i = 0; i < c->n_defs; i++)
        if (c->defs[i].kind == kind && nth-- == 0)
            return &c->defs[i];
    fail_msg("no such definition");
    return NULL;
}

static void imported_resources_are_bound_by_path(void **state)
{
    (void)state;
    loaded l = LOAD(imports);
    assert_non_null(l.c);
    assert_int_equal(l.c->n_imports, 4);

    const cw_def *r = find_def(l.c, CW_DEF_IMPORT, 0), *q = find_def(l.c, CW_DEF_IMPORT, 1),
                 *i = find_def(l.c, CW_DEF_IMPORT, 2);
    assert_int_equal(r->n_binds, 1);
    assert_int_equal(r->binds[0].n_path, 0);
    assert_int_equal(q->n_binds, 0);
    assert_int_equal(i->n_binds, 1);
    assert_int_equal(i->binds[0].n_path, 1);
    assert_true(cw_str_eq_c(i->binds[0].path[0], "res"));

    const cw_functype *f = l.c->imports[3].func;
    assert_int_equal(f->params[0].type->resource, r->binds[0].var);
    assert_int_equal(f->params[1].type->resource, i->binds[0].var);
    assert_int_equal(l.c->imports[1].resource, r->binds[0].var);
    assert_int_equal(l.c->type_vars[0], r->binds[0].var);
    assert_int_equal(l.c->type_vars[1], r->binds[0].var);
    unload(&l);
}

static void two_instances_of_a_component_have_different_resources(void **state)
{
    (void)state;
    loaded l = LOAD(twice);
    assert_non_null(l.c);
    const cw_def *type = find_def(l.c, CW_DEF_TYPE, 0), *a = find_def(l.c, CW_DEF_INSTANTIATE, 0),
                 *b = find_def(l.c, CW_DEF_INSTANTIATE, 1), *e = find_def(l.c, CW_DEF_EXPORT, 0);
    assert_int_equal(a->n_binds, 1);
    assert_int_equal(b->n_binds, 1);
    assert_true(cw_str_eq_c(a->binds[0].path[0], "out"));
    assert_int_not_equal(a->binds[0].var, b->binds[0].var);
    assert_int_not_equal(a->binds[0].var, type->of.type.resource);
    assert_true(l.c->resources[type->of.type.resource].is_local);
    assert_false(l.c->resources[a->binds[0].var].is_local);

    assert_int_equal(e->n_binds, 1);
    assert_int_equal(e->binds[0].n_path, 0);
    assert_int_equal(l.c->type_vars[e->of.export_.index], a->binds[0].var);
    assert_int_equal(l.c->exports[0].resource, e->binds[0].var);
    assert_int_not_equal(e->binds[0].var, a->binds[0].var);
    unload(&l);
}

static void imports_print_as_wit(void **state)
{
    (void)state;
    loaded l = LOAD(imports);
    cwrun_component public = { .root = l.c };
    cw_arena_init(&public.arena, &cw_alloc_default);
    assert_true(cw_component_items(&public, &l.err));
    cw_text text;
    cw_text_init(&text, &cw_alloc_default);
    for (uint32_t i = 0; i < l.c->n_imports; i++)
        assert_true(cwrun_item_print(&public.imports[i], 0, cw_text_write, &text));
    assert_string_equal(text.data, "resource r;\n"
                                   "resource q;\n"
                                   "t:p/i@1.0.0: interface {\n"
                                   "  resource res {\n"
                                   "    get: func() -> option<point>;\n"
                                   "  }\n"
                                   "  record point { x: u32, name: list<string> }\n"
                                   "}\n"
                                   "f: func(a: q, b: borrow<res>);\n");
    cw_text_fini(&text);
    assert_true(cw_str_eq_c(public.imports[2].items[1].type->interface, "t:p/i@1.0.0"));
    cw_arena_fini(&public.arena);
    unload(&l);
}

/* ---- what the linker asks ---- */

static uint64_t by_table(void *user, uint32_t var)
{
    return ((const uint64_t *)user)[var];
}

typedef struct shelf {
    const cw_component *like; /* gives its import types */
    uint64_t *table;          /* their resources, as the giver names them */
    uint64_t res;
    bool lacks_get;
} shelf;

static bool find_on_shelf(void *user, void *instance, cwrun_str name, cw_offer *out)
{
    shelf *s = user;
    (void)instance;
    const cw_item *item = cw_item_find(&s->like->imports[2].type->exports, name);
    if (!item || (s->lacks_get && item->type->sort == CW_SORT_FUNC))
        return false;
    *out = (cw_offer){ .sort = item->type->sort, .resolver = { by_table, s->table } };
    if (item->type->sort == CW_SORT_FUNC)
        out->func = item->type->func;
    if (item->type->sort == CW_SORT_TYPE && item->type->type->sort == CW_SORT_RESOURCE) {
        out->sort = CW_SORT_RESOURCE;
        out->resource = s->res;
    }
    return true;
}

static bool offer_all(const loaded *want, shelf *s, cw_text *why)
{
    uint64_t tokens[16] = { 0 };
    const cw_component *c = want->c;
    assert_true(c->n_resources <= 16);
    cw_offer r = { .sort = CW_SORT_RESOURCE, .resource = 1000 };
    cw_offer i = { .sort = CW_SORT_INSTANCE, .instance = s };
    cw_offer f = { .sort = CW_SORT_FUNC, .func = s->like->imports[3].func, .resolver = { by_table, s->table } };
    const cw_offer *offers[] = { &r, &r, &i, &f };
    for (uint32_t k = 0; k < 4; k++)
        if (!cw_check_offer(&cw_alloc_default, want->types, c->imports[k].type, offers[k], find_on_shelf, s, tokens,
                            c->n_resources, why))
            return false;
    assert_int_equal(tokens[c->imports[0].resource], 1000);
    return true;
}

static void the_linker_binds_resources_on_the_way(void **state)
{
    (void)state;
    loaded l = LOAD(imports), giver = LOAD(imports);
    uint64_t table[16] = { 0 };
    table[giver.c->imports[0].resource] = 1000;
    table[find_def(giver.c, CW_DEF_IMPORT, 2)->binds[0].var] = 2000;
    shelf s = { .like = giver.c, .table = table, .res = 2000 };
    cw_text why;
    cw_text_init(&why, &cw_alloc_default);
    assert_true(offer_all(&l, &s, &why));

    s.res = 3000; /* the instance exports another resource than its function is about */
    assert_false(offer_all(&l, &s, &why));
    assert_non_null(strstr(why.data, "resource types are not the same, in export `[method]res.get`"));
    cw_text_fini(&why);

    s.res = 2000;
    s.lacks_get = true;
    assert_false(offer_all(&l, &s, &why));
    assert_string_equal(why.data, "missing expected export `[method]res.get`");
    cw_text_fini(&why);
    unload(&l);
    unload(&giver);
}

/* ---- errors and limits ---- */

static void refuse(const void *bytes, size_t size, const char *message)
{
    loaded l = load(bytes, size);
    assert_null(l.c);
    if (!strstr(l.err.message, message))
        fail_msg("%s", l.err.message);
    unload(&l);
}

#define REFUSE(text, message) refuse((text), sizeof(text) - 1, (message))

static void errors_name_offset_and_nesting(void **state)
{
    (void)state;
    REFUSE("", "magic header not detected");
    REFUSE("\0asm\1\0\0\0", "this is a core module");
    REFUSE("\0asm\xd\0\2\0", "unknown binary version");
    REFUSE(PREAMBLE "\x0d\0", "malformed section id 13");
    REFUSE(PREAMBLE "\7\3\1\x70\5", "test.wasm:0xc: type 0: unknown type 5");
    REFUSE(PREAMBLE "\4\x0d" PREAMBLE "\7\3\1\x70\5", "component 0 > type 0: unknown type 5");
    REFUSE(PREAMBLE "\7\2\1\x70", "unexpected end");
    REFUSE(PREAMBLE "\7\3\1\x7f\0", "unexpected content");
}

static void labels_of_one_record_differ(void **state)
{
    (void)state;
    REFUSE(PREAMBLE "\7\x09\1\x72\2\1a\x7f\1A\x7f", "record field name `A` conflicts with previous name");
    REFUSE(PREAMBLE "\7\3\1\x72\0", "at least one field");
}

/* n types, each a list of the one before. */
static size_t nested_lists(uint8_t *out, unsigned n)
{
    memcpy(out, PREAMBLE "\7", 9);
    size_t body = 2 + 1 + 2 * (size_t)(n - 1) + (n > 65 ? n - 65 : 0), at = 9;
    out[at++] = (uint8_t)(body & 0x7f) | 0x80;
    out[at++] = (uint8_t)(body >> 7);
    out[at++] = (uint8_t)(n & 0x7f) | 0x80;
    out[at++] = (uint8_t)(n >> 7);
    out[at++] = 0x7d;
    for (unsigned i = 1; i < n; i++) {
        out[at++] = 0x70;
        if (i - 1 >= 64)
            out[at++] = (uint8_t)((i - 1) & 0x7f) | 0x80;
        out[at++] = i - 1 >= 64 ? (uint8_t)((i - 1) >> 7) : (uint8_t)(i - 1);
    }
    return at;
}

static void types_nest_a_hundred_deep(void **state)
{
    (void)state;
    uint8_t bytes[1024];
    loaded l = load(bytes, nested_lists(bytes, 100));
    assert_non_null(l.c);
    unload(&l);
    l = load(bytes, nested_lists(bytes, 101));
    assert_null(l.c);
    assert_int_equal(l.err.kind, CWRUN_ERROR_LIMIT);
    assert_non_null(strstr(l.err.message, "nesting is too deep"));
    unload(&l);
}

static void components_that_nest_without_end_are_a_limit_error(void **state)
{
    (void)state;
    enum { DEPTH = 2000, HEAD = 11 };
    static uint8_t bytes[DEPTH * HEAD + 8];
    size_t at = sizeof bytes;
    memcpy(bytes + (at -= 8), PREAMBLE, 8);
    while (at >= HEAD + 2) { /* a section with three bytes of size around what is there */
        size_t inner = sizeof bytes - at;
        at -= HEAD + 1;
        memcpy(bytes + at, PREAMBLE "\4", 9);
        bytes[at + 9] = (uint8_t)(inner & 0x7f) | 0x80;
        bytes[at + 10] = (uint8_t)((inner >> 7) & 0x7f) | 0x80;
        bytes[at + 11] = (uint8_t)(inner >> 14);
    }
    loaded l = load(bytes + at, sizeof bytes - at);
    assert_null(l.c);
    assert_int_equal(l.err.kind, CWRUN_ERROR_LIMIT);
    unload(&l);
}

/* Instance types that each hold the one before twice: 2^n nodes as a tree. */
static void types_that_grow_exponentially_are_a_limit_error(void **state)
{
    (void)state;
    uint8_t bytes[2048];
    size_t at = 0;
    memcpy(bytes, PREAMBLE "\7\2\1\x7d", 12); /* type 0: u8 */
    at = 12;
    for (uint8_t i = 0; i < 40; i++) {
        const uint8_t tuple[] = { 7, 5, 1, 0x6f, 2, i, i };
        memcpy(bytes + at, tuple, sizeof tuple);
        at += sizeof tuple;
    }
    loaded l = load(bytes, at);
    assert_null(l.c);
    assert_int_equal(l.err.kind, CWRUN_ERROR_LIMIT);
    assert_non_null(strstr(l.err.message, "effective type size"));
    unload(&l);
}

static void every_prefix_fails_or_loads(void **state)
{
    (void)state;
    const char *const all[] = { imports, twice };
    const size_t sizes[] = { sizeof imports - 1, sizeof twice - 1 };
    for (int i = 0; i < 2; i++)
        for (size_t n = 0; n < sizes[i]; n++) {
            uint8_t *copy = malloc(n ? n : 1);
            memcpy(copy, all[i], n);
            loaded l = load(copy, n);
            assert_true(l.c || cwrun_failed(&l.err));
            unload(&l);
            free(copy);
        }
}

static void out_of_memory_is_an_error_wherever_it_happens(void **state)
{
    (void)state;
    const char *const all[] = { imports, twice };
    const size_t sizes[] = { sizeof imports - 1, sizeof twice - 1 };
    for (int i = 0; i < 4; i++)
        for (size_t n = 0;; n++) {
            cw_failalloc f = { .fail_at = n, .fail_after = i & 1 };
            cw_alloc a = cw_failalloc_hook(&f);
            loaded l = load_with(all[i / 2], sizes[i / 2], &a);
            bool ok = l.c != NULL;
            assert_true(ok || !l.types || cwrun_failed(&l.err));
            unload(&l);
            assert_int_equal(f.live_blocks, 0);
            if (!f.failed) {
                assert_true(ok);
                break;
            }
            assert_false(ok);
        }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(imported_resources_are_bound_by_path),
        cmocka_unit_test(two_instances_of_a_component_have_different_resources),
        cmocka_unit_test(imports_print_as_wit),
        cmocka_unit_test(the_linker_binds_resources_on_the_way),
        cmocka_unit_test(errors_name_offset_and_nesting),
        cmocka_unit_test(labels_of_one_record_differ),
        cmocka_unit_test(types_nest_a_hundred_deep),
        cmocka_unit_test(components_that_nest_without_end_are_a_limit_error),
        cmocka_unit_test(types_that_grow_exponentially_are_a_limit_error),
        cmocka_unit_test(every_prefix_fails_or_loads),
        cmocka_unit_test(out_of_memory_is_an_error_wherever_it_happens),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
