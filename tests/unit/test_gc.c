/* unit/test_gc.c: the heap by itself: what stays, what goes, what is dropped, limits, and collections in depth and
 * width. */
#include "exec/exec.h"

#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <cmocka.h>

typedef struct fixture {
    cw_types *types;
    cw_exec x;
    const cw_subtype *pair, *refs, *bytes; /* struct (anyref i32 anyref), array of anyref, array of i8 */
    uint64_t n_allocated;
    uint64_t fail_after;
} fixture;

static fixture fx;

static void *counted(void *user, void *ptr, size_t old_size, size_t new_size)
{
    fixture *f = user;
    if (new_size > old_size && f->n_allocated + (new_size - old_size) > f->fail_after)
        return NULL;
    f->n_allocated += new_size;
    f->n_allocated -= old_size;
    if (new_size)
        return realloc(ptr, new_size);
    free(ptr);
    return NULL;
}

static const cw_subtype *define(uint8_t kind, const cw_fieldtype *fields, uint32_t n)
{
    const cw_typedef def = { .kind = kind, .is_final = true, .super = CW_NO_TYPE, .n_fields = n, .fields = fields };
    cw_type_id id;
    uint32_t bad;
    assert_int_equal(cw_types_group(fx.types, &def, 1, &id, &bad), CW_TYPES_OK);
    return cw_types_get(fx.types, id);
}

static int open_heap(uint64_t max)
{
    const cw_valtype any = CW_REF_NULL(CW_HEAP_ANY);
    fx = (fixture){ .fail_after = UINT64_MAX };
    const cw_alloc a = { counted, &fx };
    cw_exec_limits limits;
    cw_exec_limits_default(&limits);
    if (max)
        limits.max_gc_heap = max;
    fx.types = cw_types_new(&cw_alloc_default);
    if (!fx.types || !cw_exec_init(&fx.x, &a, fx.types, &limits, (cw_code_options){ 0 }))
        return -1;
    fx.pair = define(CW_COMP_STRUCT, (cw_fieldtype[]){ { any, true }, { CW_I32, true }, { any, true } }, 3);
    fx.refs = define(CW_COMP_ARRAY, &(cw_fieldtype){ any, true }, 1);
    fx.bytes = define(CW_COMP_ARRAY, &(cw_fieldtype){ CW_I8, true }, 1);
    return 0;
}

static int set_up(void **state)
{
    (void)state;
    return open_heap(0);
}

static int tear_down(void **state)
{
    (void)state;
    cw_exec_fini(&fx.x);
    cw_types_drop(fx.types);
    return fx.n_allocated == 0 ? 0 : -1;
}

static uint64_t *field(uint64_t pair, int i)
{
    return (uint64_t *)(void *)((uint8_t *)cw_object_of(pair) + fx.pair->offsets[i]);
}

static uint32_t *number(uint64_t pair)
{
    return (uint32_t *)(void *)field(pair, 1);
}

static uint64_t *element(uint64_t array, uint32_t i)
{
    return (uint64_t *)(void *)cw_array_data((cw_array *)(void *)cw_object_of(array)) + i;
}

static uint64_t new_pair(uint64_t first, uint32_t n, uint64_t second)
{
    cw_object *o = cw_gc_new_struct(&fx.x, fx.pair);
    assert_non_null(o);
    *field((uintptr_t)o, 0) = first;
    *number((uintptr_t)o) = n;
    *field((uintptr_t)o, 2) = second;
    return (uintptr_t)o;
}

static void classes_hold_what_they_are_for(void **state)
{
    (void)state;
    for (uint32_t size = 1; size <= CW_GC_SMALL; size++) {
        const uint32_t c = cw_gc_class_of(size);
        assert_true(c < CW_GC_CLASSES);
        assert_true(cw_gc_class_size(c) >= size);
        assert_true(c == 0 || cw_gc_class_size(c - 1) < size);
        assert_int_equal(cw_gc_class_size(c) % CW_GC_GRANULE, 0);
    }
    assert_int_equal(cw_gc_class_size(CW_GC_CLASSES - 1), CW_GC_SMALL);
}

static void fields_lie_by_their_size(void **state)
{
    (void)state;
    const cw_fieldtype fields[] = { { CW_I8, true },
                                    { CW_I16, true },
                                    { CW_F32, true },
                                    { CW_REF_NULL(CW_HEAP_FUNC), true },
                                    { CW_REF_NULL(CW_HEAP_EXTERN), true },
                                    { CW_V128, true } };
    const cw_subtype *t = define(CW_COMP_STRUCT, fields, 6);
    const uint32_t want[] = { 8, 10, 12, 16, 24, 32 };
    assert_memory_equal(t->offsets, want, sizeof want);
    assert_int_equal(t->size, 48);
    assert_int_equal(t->n_refs, 1); /* functions are not in the heap */
    assert_int_equal(t->refs[0], 24);
}

static void garbage_takes_no_more_than_the_least_heap(void **state)
{
    (void)state;
    for (int i = 0; i < 3000000; i++)
        new_pair(0, i, CW_REF_OF_I31(i));
    assert_true(fx.x.gc.bytes < 2 << 20);
    assert_true(fx.x.gc.n_collections > 50);
}

static void what_a_root_leads_to_stays(void **state)
{
    (void)state;
    cw_gc_root root;
    uint64_t list = 0;
    cw_gc_root_init(&fx.x, &root, 0);
    for (uint32_t i = 0; i < 1000000; i++)
        root.ref = list = new_pair(list, i, CW_REF_OF_HOST(i));
    cw_gc_collect(&fx.x);
    for (uint32_t i = 1000000; i-- > 0; list = *field(list, 0)) {
        assert_int_equal(*number(list), i);
        assert_int_equal(*field(list, 2), CW_REF_OF_HOST(i));
    }
    assert_int_equal(list, 0);
    assert_true(fx.x.gc.used >= 32000000);
    cw_gc_root_fini(&fx.x, &root);
    cw_gc_collect(&fx.x);
    assert_int_equal(fx.x.gc.used, 0);
}

/* More than the mark stack holds: chains below every element of an array, each with a cycle and a shared object. */
enum { CHAINS = 3 * CW_GC_STACK_DEPTH, DEPTH = 9 };

static void make_chains(cw_gc_root *root, cw_gc_root *shared)
{
    cw_array *a = cw_gc_new_array(&fx.x, fx.refs, CHAINS);
    assert_non_null(a);
    memset(cw_array_data(a), 0, CHAINS * sizeof(uint64_t));
    const uint64_t array = (uintptr_t)a;
    cw_gc_root_init(&fx.x, root, array);
    cw_gc_root_init(&fx.x, shared, 0);
    shared->ref = new_pair(array, 7, 0);
    for (uint32_t i = 0; i < CHAINS; i++) {
        const uint64_t last = *element(array, i) = new_pair(0, i, shared->ref);
        for (uint32_t d = 1; d < DEPTH; d++)
            *element(array, i) = new_pair(*element(array, i), i + d, d % 2 ? last : array);
    }
}

static void check_chains(const cw_gc_root *root, const cw_gc_root *shared)
{
    for (uint32_t i = 0; i < CHAINS; i++) {
        uint64_t p = *element(root->ref, i), last = p;
        for (uint32_t d = DEPTH; d-- > 0; p = *field(p, 0)) {
            assert_int_equal(*number(p), i + d);
            last = p;
        }
        assert_int_equal(p, 0);
        assert_int_equal(*field(last, 2), shared->ref);
    }
}

static void width_and_depth_beyond_the_stack_are_marked_too(void **state)
{
    (void)state;
    cw_gc_root root, shared;
    make_chains(&root, &shared);
    for (int turn = 0; turn < 3; turn++) {
        cw_gc_collect(&fx.x);
        const uint64_t live = fx.x.gc.used;
        check_chains(&root, &shared);
        cw_gc_collect(&fx.x);
        assert_int_equal(fx.x.gc.used, live);
    }
    cw_gc_root_fini(&fx.x, &shared);
    cw_gc_root_fini(&fx.x, &root);
}

static void an_interrupted_collection_frees_nothing_and_is_made_up_for(void **state)
{
    (void)state;
    cwrun_error err = CWRUN_ERROR_INIT;
    cw_gc_root root, shared;
    make_chains(&root, &shared);
    fx.x.code_options = (cw_code_options){ .interruptible = true, .fuel = true };
    fx.x.fuel = 1 << 30;
    cw_gc_collect(&fx.x);
    const uint64_t live = fx.x.gc.used, bytes = fx.x.gc.bytes;
    assert_int_equal((1 << 30) - fx.x.fuel, fx.x.gc.n_marked); /* each object costs a unit */
    assert_int_equal(fx.x.gc.n_marked, CHAINS * DEPTH + 2);
    cw_exec_interrupt(&fx.x);
    for (int i = 0; i < 300; i++) { /* past the last epoch */
        cw_gc_collect(&fx.x);
        assert_true(fx.x.gc.is_broken_off);
        assert_true(fx.x.gc.n_marked < 40000);
    }
    check_chains(&root, &shared);
    assert_null(cw_gc_new_struct(&fx.x, fx.pair));
    assert_null(cw_gc_new_array(&fx.x, fx.bytes, 100000));
    cw_gc_error(&fx.x, &err);
    assert_int_equal(err.code, CWRUN_LIMIT_TIMEOUT);
    cwrun_error_clear(&err);
    assert_int_equal(fx.x.gc.bytes, bytes);
    cw_exec_interrupt_clear(&fx.x);
    new_pair(0, 1, 0);
    assert_false(fx.x.gc.is_broken_off);
    check_chains(&root, &shared);
    cw_gc_collect(&fx.x);
    assert_int_equal(fx.x.gc.used, live);
    cw_gc_root_fini(&fx.x, &shared);
    cw_gc_root_fini(&fx.x, &root);
}

static void *collect(void *x)
{
    cw_gc_collect(x);
    return NULL;
}

/* A recursion would need as many bytes at least as there are objects. */
static void collections_need_no_stack(void **state)
{
    (void)state;
    enum { N = 1000000, STACK = 256 << 10 };
    cw_gc_root roots[3];
    pthread_attr_t small;
    pthread_t thread;
    for (int i = 0; i < 3; i++)
        cw_gc_root_init(&fx.x, &roots[i], 0);
    for (uint32_t i = 0; i < N; i++) {
        roots[0].ref = new_pair(roots[0].ref, i, 0); /* the first field goes on */
        roots[1].ref = new_pair(0, i, roots[1].ref); /* the last one does */
        *field(roots[1].ref, 0) = new_pair(0, i, 0);
        cw_array *a = cw_gc_new_array(&fx.x, fx.refs, 2); /* arrays and structures by turns */
        assert_non_null(a);
        *element((uintptr_t)a, 0) = CW_REF_OF_I31(i);
        *element((uintptr_t)a, 1) = roots[2].ref;
        roots[2].ref = i % 2 ? (uintptr_t)a : new_pair(0, i, roots[2].ref);
    }
    cw_gc_collect(&fx.x);
    const uint64_t live = fx.x.gc.used;
    assert_int_equal(pthread_attr_init(&small), 0);
    assert_int_equal(pthread_attr_setstacksize(&small, STACK), 0);
    assert_int_equal(pthread_create(&thread, &small, collect, &fx.x), 0);
    pthread_join(thread, NULL);
    pthread_attr_destroy(&small);
    assert_int_equal(fx.x.gc.used, live);
    uint32_t n = 0;
    for (uint64_t at = roots[1].ref; at; at = *field(at, 2))
        n += *number(*field(at, 0)) == N - 1 - n;
    assert_int_equal(n, N);
    for (int i = 0; i < 3; i++)
        cw_gc_root_fini(&fx.x, &roots[i]);
}

/* Pairs of which every n-th is kept, in a list. */
static uint64_t sparse(uint32_t n_pairs, uint32_t n)
{
    cw_gc_root all, some;
    cw_gc_root_init(&fx.x, &all, 0);
    cw_gc_root_init(&fx.x, &some, 0);
    for (uint32_t i = 0; i < n_pairs; i++) {
        all.ref = new_pair(all.ref, i, 0);
        if (i % n == 0)
            some.ref = new_pair(some.ref, i, 0);
    }
    const uint64_t kept = some.ref;
    cw_gc_root_fini(&fx.x, &some);
    cw_gc_root_fini(&fx.x, &all);
    return kept;
}

static void memory_goes_back_after_a_peak(void **state)
{
    (void)state;
    sparse(1000000, 1000000);
    assert_true(fx.x.gc.bytes > 30 << 20);
    for (int i = 0; i < 100000; i++)
        new_pair(0, i, 0);
    cw_gc_collect(&fx.x);
    assert_true(fx.x.gc.bytes < 4 << 20);
    assert_true(fx.n_allocated < 6 << 20);
}

static void blocks_that_are_hardly_used_do_not_make_collections_frequent(void **state)
{
    (void)state;
    cw_gc_root kept;
    cw_gc_root_init(&fx.x, &kept, 0);
    kept.ref = sparse(1000000, 500);
    cw_gc_collect(&fx.x);
    assert_true(fx.x.gc.bytes > 30 << 20);
    const uint64_t before = fx.x.gc.n_collections;
    for (int i = 0; i < 20000; i++) /* 60 MB of another class */
        assert_non_null(cw_gc_new_array(&fx.x, fx.bytes, 1900));
    assert_true(fx.x.gc.n_collections - before < 10);
    assert_true(fx.x.gc.bytes < 64 << 20);
    cw_gc_root_fini(&fx.x, &kept);
}

/* A byte is looked at for every few that are allocated, or the heap is full. */
static void a_crowded_heap_is_an_error_before_it_is_slow(void **state)
{
    (void)state;
    tear_down(NULL);
    assert_int_equal(open_heap(32 << 20), 0);
    cw_gc_root kept;
    cw_gc_root_init(&fx.x, &kept, 0);
    kept.ref = sparse(1000000, 900);
    assert_true(fx.x.gc.max - fx.x.gc.bytes < 2 << 20);
    int n = 0;
    while (n < 200000 && cw_gc_new_array(&fx.x, fx.bytes, 1900))
        n++;
    const uint64_t in_blocks = fx.x.gc.n_collections;
    assert_true(in_blocks < 2000);
    while (n < 210000 && cw_gc_new_array(&fx.x, fx.bytes, 100000))
        n++;
    assert_true(fx.x.gc.n_collections - in_blocks < 1500);
    cw_gc_root_fini(&fx.x, &kept);
    assert_non_null(cw_gc_new_array(&fx.x, fx.bytes, 30 << 20));
}

static void large_garbage_takes_no_more_than_the_least_heap(void **state)
{
    (void)state;
    for (uint32_t i = 0; i < 200000; i++) {
        assert_non_null(cw_gc_new_array(&fx.x, fx.bytes, 4000 + i % 3000));
        assert_true(fx.x.gc.bytes < 2 << 20);
    }
    assert_true(fx.x.gc.n_collections < 2000);
}

/* Room for a table of a megabyte is looked through once for every megabyte. */
static void many_roots_do_not_make_collections_frequent(void **state)
{
    (void)state;
    enum { N = 1 << 20 };
    static uint64_t words[N];
    cw_gc_scope scope;
    cw_gc_scope_begin(&fx.x, &scope, words, N, 1);
    for (int i = 0; i < 3000000; i++)
        words[i % N / 4] = new_pair(0, i, 0);
    assert_true(fx.x.gc.n_collections < 20);
    cw_gc_scope_end(&fx.x, &scope);
}

static int n_dropped;
static void count_drop(void *user)
{
    n_dropped += user == &n_dropped;
}

static void externs_are_dropped_once(void **state)
{
    (void)state;
    cw_gc_root root;
    n_dropped = 0;
    for (int i = 0; i < 100; i++) {
        cw_extern_object *o = cw_gc_new_extern(&fx.x, &n_dropped, count_drop);
        assert_non_null(o);
        if (i == 50)
            cw_gc_root_init(&fx.x, &root, (uintptr_t)o);
    }
    cw_gc_collect(&fx.x);
    assert_int_equal(n_dropped, 99);
    cw_gc_collect(&fx.x);
    assert_int_equal(n_dropped, 99);
    cw_gc_root_fini(&fx.x, &root);
    assert_non_null(cw_gc_new_extern(&fx.x, &n_dropped, count_drop));
    cw_exec_fini(&fx.x);
    assert_int_equal(n_dropped, 101);
    cw_types_drop(fx.types);
    assert_int_equal(open_heap(0), 0);
}

static void scopes_and_exceptions_hold_references(void **state)
{
    (void)state;
    const cw_valtype params[] = { CW_I32, CW_V128, CW_REF_NULL(CW_HEAP_EQ) };
    cw_tag tag = { .type = cw_types_func(fx.types, params, 3, NULL, 0) };
    uint64_t words[4] = { 0 };
    cw_gc_scope scope;
    cw_gc_scope_begin(&fx.x, &scope, words, 2, 2);
    words[2] = (uintptr_t)cw_gc_new_exception(&fx.x, &tag);
    assert_int_not_equal(words[2], 0);
    cw_exception_slots((cw_exception *)(void *)cw_object_of(words[2]))[3] = new_pair(0, 5, 0);
    words[1] = new_pair(0, 6, 0); /* not one of the scope's */
    cw_gc_collect(&fx.x);
    assert_int_equal(fx.x.gc.used, 48 + 32);
    assert_int_equal(*number(cw_exception_slots((cw_exception *)(void *)cw_object_of(words[2]))[3]), 5);
    cw_gc_scope_end(&fx.x, &scope);
    cw_gc_collect(&fx.x);
    assert_int_equal(fx.x.gc.used, 0);
}

static void exceptions_beyond_the_stack_are_marked_too(void **state)
{
    (void)state;
    enum { N = 2 * CW_GC_STACK_DEPTH };
    const cw_valtype params[] = { CW_REF_NULL(CW_HEAP_EXN), CW_V128, CW_REF_NULL(CW_HEAP_FUNC),
                                  CW_REF_NULL(CW_HEAP_EQ) };
    cw_tag tag = { .type = cw_types_func(fx.types, params, 4, NULL, 0) };
    cw_gc_root root;
    cw_array *a = cw_gc_new_array(&fx.x, fx.refs, N);
    assert_non_null(a);
    memset(cw_array_data(a), 0, N * sizeof(uint64_t));
    cw_gc_root_init(&fx.x, &root, (uintptr_t)a);
    for (uint32_t i = 0; i < N; i++)
        for (int depth = 0; depth < 3; depth++) {
            cw_exception *e = cw_gc_new_exception(&fx.x, &tag);
            assert_non_null(e);
            const uint64_t slots[] = { *element(root.ref, i), (uintptr_t)e, 8, 16, 0 }; /* only two refer to the heap */
            memcpy(cw_exception_slots(e), slots, sizeof slots);
            *element(root.ref, i) = (uintptr_t)e;
            const uint64_t pair = new_pair(0, i, 0);
            cw_exception_slots(e)[4] = pair;
        }
    cw_gc_collect(&fx.x);
    cw_gc_collect(&fx.x);
    assert_int_equal(fx.x.gc.n_marked, 1 + N * 3 * 2);
    for (uint32_t i = 0; i < N; i++)
        for (uint64_t at = *element(root.ref, i); at;) {
            const uint64_t *slots = cw_exception_slots((cw_exception *)(void *)cw_object_of(at));
            assert_int_equal(*number(slots[4]), i);
            assert_int_equal(slots[1], at);
            assert_int_equal(slots[2] + slots[3], 24);
            at = slots[0];
        }
    cw_gc_root_fini(&fx.x, &root);
}

static void a_full_heap_is_an_error_and_empties_again(void **state)
{
    (void)state;
    cwrun_error err = CWRUN_ERROR_INIT;
    cw_gc_root root;
    tear_down(NULL);
    assert_int_equal(open_heap(4 << 20), 0);
    cw_gc_root_init(&fx.x, &root, 0);
    for (;;) {
        cw_object *o = cw_gc_new_struct(&fx.x, fx.pair);
        if (!o)
            break;
        *field((uintptr_t)o, 0) = root.ref;
        *field((uintptr_t)o, 2) = 0;
        root.ref = (uintptr_t)o;
    }
    assert_false(cw_gc_error(&fx.x, &err));
    assert_int_equal(err.kind, CWRUN_ERROR_LIMIT);
    assert_int_equal(err.code, CWRUN_LIMIT_GC_HEAP);
    cwrun_error_clear(&err);
    assert_true(fx.x.gc.bytes <= 4 << 20);
    assert_true(fx.x.gc.n_collections < 100);
    assert_null(cw_gc_new_array(&fx.x, fx.bytes, UINT32_MAX));
    cw_gc_root_fini(&fx.x, &root);
    assert_non_null(cw_gc_new_array(&fx.x, fx.bytes, 3 << 20)); /* blocks went back */
    assert_non_null(cw_gc_new_array(&fx.x, fx.refs, 300000));
}

static void memory_that_runs_out_is_an_error(void **state)
{
    (void)state;
    cwrun_error err = CWRUN_ERROR_INIT;
    fx.fail_after = fx.n_allocated;
    assert_null(cw_gc_new_struct(&fx.x, fx.pair));
    cw_gc_error(&fx.x, &err);
    assert_int_equal(err.code, CWRUN_LIMIT_HOST_MEMORY);
    cwrun_error_clear(&err);
    fx.fail_after += 300 << 10;
    for (int i = 0; i < 100000; i++) /* garbage goes on: collections need nothing */
        new_pair(0, i, 0);
    assert_null(cw_gc_new_array(&fx.x, fx.bytes, 1 << 20));
    fx.fail_after = UINT64_MAX;
    assert_non_null(cw_gc_new_array(&fx.x, fx.bytes, 1 << 20));
}

static void under_stress_objects_go_at_once(void **state)
{
    (void)state;
    cw_gc_root root;
    fx.x.gc.stress = true;
    cw_gc_root_init(&fx.x, &root, new_pair(0, 1, 0));
    for (uint32_t i = 2; i < 600; i++) { /* past the last epoch */
        new_pair(root.ref, i, 0);
        assert_int_equal(*number(root.ref), 1);
    }
    assert_int_equal(fx.x.gc.used, 2 * 48);
    cw_gc_root_fini(&fx.x, &root);
}

static void epochs_come_around(void **state)
{
    (void)state;
    cw_gc_root root;
    cw_gc_root_init(&fx.x, &root, 0);
    root.ref = new_pair(0, 1, 0);
    for (int i = 0; i < 1000; i++) {
        *field(root.ref, 0) = new_pair(0, i, 0);
        new_pair(0, i, 0);
        cw_gc_collect(&fx.x);
        assert_int_equal(fx.x.gc.used, 64);
    }
    cw_gc_root_fini(&fx.x, &root);
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)
    const struct CMUnitTest tests[] = {
        TEST(classes_hold_what_they_are_for),
        TEST(fields_lie_by_their_size),
        TEST(garbage_takes_no_more_than_the_least_heap),
        TEST(what_a_root_leads_to_stays),
        TEST(width_and_depth_beyond_the_stack_are_marked_too),
        TEST(an_interrupted_collection_frees_nothing_and_is_made_up_for),
        TEST(collections_need_no_stack),
        TEST(memory_goes_back_after_a_peak),
        TEST(blocks_that_are_hardly_used_do_not_make_collections_frequent),
        TEST(a_crowded_heap_is_an_error_before_it_is_slow),
        TEST(large_garbage_takes_no_more_than_the_least_heap),
        TEST(many_roots_do_not_make_collections_frequent),
        TEST(externs_are_dropped_once),
        TEST(scopes_and_exceptions_hold_references),
        TEST(exceptions_beyond_the_stack_are_marked_too),
        TEST(a_full_heap_is_an_error_and_empties_again),
        TEST(memory_that_runs_out_is_an_error),
        TEST(under_stress_objects_go_at_once),
        TEST(epochs_come_around),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
