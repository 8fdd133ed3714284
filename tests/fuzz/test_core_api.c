/* fuzz/test_core_api.c: random uses of cwrun/core.h do no harm: two stores, values of either given to both, host
 * functions that go on at random within calls, throw and trap, destructors that misbehave, stores dropped in between.
 * What comes of an operation is not looked at (tests/api does that); under the sanitizers, that nothing is used after
 * its end. Once with a collection at every allocation. */
#include <cwrun.h>

#include <setjmp.h>
#include <stdarg.h>
#include <cmocka.h>

enum { N_VALUES = 64, N_GLOBALS = 4, N_TABLES = 3, N_FUNCS = 13, MOST_DEPTH = 6 };

typedef struct world {
    cwrun_store *store; /* NULL: dropped, and to be made again */
    cwrun_core_instance *in;
    cwrun_tag *tag;
    cwrun_core_func *funcs[N_FUNCS];
    cwrun_core_type types[3]; /* a structure, arrays */
} world;

static cwrun_engine *engine;
static cwrun_module *module;
static world worlds[2];
static cwrun_core_val values[N_VALUES];
static uint64_t seed;
static int depth, n_live;
static bool stress;

static uint32_t below(uint32_t n)
{
    seed ^= seed << 13;
    seed ^= seed >> 7;
    seed ^= seed << 17;
    return (uint32_t)(seed >> 11) % n;
}

static void keep(cwrun_core_val v)
{
    values[below(N_VALUES)] = v;
}

static cwrun_core_val any(void)
{
    cwrun_core_val v = values[below(N_VALUES)];
    switch (below(8)) {
    case 0: return cwrun_core_i32((int32_t)below(9));
    case 1: return cwrun_core_i64(below(9));
    case 2: v = (cwrun_core_val){ .type = (uint8_t)below(11) }; return v;
    default: return v;
    }
}

static cwrun_ref any_ref(void)
{
    return any().of.ref;
}

/* A value of a type, more often than not. */
static cwrun_core_val value_for(cwrun_core_type type)
{
    const uint8_t kind = cwrun_core_type_kind(engine, type);
    for (int i = 0; i < 40 && below(40); i++) {
        cwrun_core_val v = any();
        if (v.type == kind)
            return v;
    }
    return any();
}

/* ---- the guest ---- */

static const char text[] =
    "(module (type $p (struct (field (mut externref)) (field (mut i8)) (field (mut anyref)) (field (mut (ref null "
    "0)))))"
    " (type $a (array (mut anyref))) (type $b (array (mut i16)))"
    " (import \"h\" \"t\" (tag $t (param i32 externref)))"
    " (import \"h\" \"e\" (func $e (param externref) (result externref)))"
    " (import \"h\" \"v\" (func $v (param i32 externref) (result i32 externref)))"
    " (memory (export \"m\") 1 5) (table (export \"t0\") 3 20 funcref) (table (export \"t1\") 3 20 externref)"
    " (table (export \"t2\") 3 20 anyref)"
    " (global (export \"g0\") (mut externref) (ref.null extern)) (global (export \"g1\") (mut anyref) (ref.null any))"
    " (global (export \"g2\") (mut i32) (i32.const 0)) (global (export \"g3\") (mut funcref) (ref.null func))"
    " (func (export \"f0\") (param externref) (result externref) (call $e (local.get 0)))"
    " (func (export \"f1\") (param anyref) (result anyref) (drop (call $e (ref.null extern))) (local.get 0))"
    " (func (export \"f2\") (param i32 externref) (result i32 externref) (block $h (result i32 externref)"
    "   (try_table (catch $t $h) (return (call $v (local.get 0) (local.get 1)))) (unreachable)))"
    " (func (export \"f3\") (param i32 externref) (throw $t (local.get 0) (local.get 1)))"
    " (func (export \"f4\") (param $n i32) (loop $l (drop (array.new $b (i32.const 1) (i32.const 60000)))"
    "   (br_if $l (i32.gt_s (local.tee $n (i32.sub (local.get $n) (i32.const 1))) (i32.const 0)))))"
    " (func (export \"f5\") (param externref anyref) (result (ref $p))"
    "   (struct.new $p (call $e (local.get 0)) (i32.const 3) (local.get 1) (ref.null $p)))"
    " (func (export \"f6\") (param (ref null $p)) (result externref) (struct.get $p 0 (local.get 0)))"
    " (func (export \"f7\") (param anyref) (result (ref $a)) (array.new $a (local.get 0) (i32.const 5)))"
    " (func (export \"f8\") (param (ref null $a) (ref null $b)) (result i32)"
    "   (drop (call $e (ref.null extern))) (array.len (local.get 0)))"
    " (func (export \"f9\") (param exnref) (throw_ref (local.get 0)))"
    " (func (export \"f10\") (param i32 externref) (result exnref) (block $h (result exnref)"
    "   (try_table (catch_all_ref $h) (call $v (local.get 0) (local.get 1)) (drop) (drop)) (ref.null exn)))"
    " (func (export \"f11\") (param externref) (result anyref) (any.convert_extern (local.get 0)))"
    " (func (export \"f12\") (param anyref) (result externref) (extern.convert_any (local.get 0))))";

static void use_at_random(world *w);

static void use_more(int most)
{
    if (depth >= MOST_DEPTH)
        return;
    depth++;
    for (uint32_t n = below((uint32_t)most); n-- > 0;)
        use_at_random(&worlds[below(2)]);
    depth--;
}

static cwrun_status host(cwrun_caller *c, const cwrun_core_val *args, size_t n, cwrun_core_val *results,
                         size_t n_results, void *user)
{
    const world *w = user;
    cwrun_core_val thrown[] = { any(), any() }, right[] = { cwrun_core_i32(1), cwrun_core_externref(0) };
    for (size_t i = 0; i < n; i++)
        keep(args[i]);
    use_more(4);
    switch (below(9)) {
    case 0: return cwrun_caller_trap(c, "at random");
    case 1: return cwrun_caller_throw(c, w->tag, thrown, below(3));
    case 2: return cwrun_caller_throw(c, w->tag, right, 2);
    case 3: return cwrun_caller_throw_ref(c, any_ref());
    case 4: return cwrun_caller_throw_ref(c, cwrun_store_exception(cwrun_caller_store(c), NULL));
    case 5: return cwrun_core_caller_wait(c, NULL, 0, cwrun_monotonic_now(), below(3) ? host : NULL, user);
    default: break;
    }
    for (size_t i = 0; i < n_results; i++)
        results[i] = below(9) && i < n ? args[i] : any();
    return CWRUN_DONE;
}

static void object_gone(void *object)
{
    cwrun_error err = CWRUN_ERROR_INIT;
    const world *w = &worlds[below(2)];
    (void)object;
    n_live--;
    if (!w->store)
        return;
    if (below(9) == 0)
        cwrun_ref_drop(w->store, any_ref());
    if (below(9) == 0 && cwrun_externref_new(w->store, NULL, NULL, &err) == 0)
        assert_int_equal(err.kind, CWRUN_ERROR_ARGUMENT);
    cwrun_error_clear(&err);
}

/* ---- worlds ---- */

static cwrun_extern host_func(world *w, const cwrun_core_type *types, size_t n, cwrun_error *err)
{
    const cwrun_core_functype *type = cwrun_core_functype_new(engine, types, n, types, n, err);
    cwrun_extern e = { CWRUN_ITEM_CORE_FUNC, { .func = cwrun_core_func_new(w->store, type, host, w, NULL, err) } };
    return e;
}

static cwrun_core_type param(const world *w, int func, uint32_t i)
{
    return cwrun_core_functype_param(cwrun_core_func_type(w->funcs[func]), i);
}

static void make(world *w)
{
    static const cwrun_core_type types[] = { CWRUN_CORE_I32, CWRUN_TYPE_EXTERNREF };
    const cwrun_limits limits = { .max_gc_heap = 1 << 20, .max_stack = 1 << 16, .gc_stress = stress };
    cwrun_error err = CWRUN_ERROR_INIT;
    w->store = cwrun_store_new(engine, &limits, &err);
    w->tag = cwrun_tag_new(w->store, cwrun_core_functype_new(engine, types, 2, NULL, 0, &err), &err);
    cwrun_extern given[] = { { CWRUN_ITEM_CORE_TAG, { .tag = w->tag } },
                             host_func(w, types + 1, 1, &err),
                             host_func(w, types, 2, &err) };
    w->in = cwrun_module_instantiate_with(w->store, module, given, 3, &err);
    for (int i = 0; i < N_FUNCS; i++) {
        char name[8];
        snprintf(name, sizeof name, "f%d", i);
        w->funcs[i] = cwrun_core_instance_func(w->in, name, &err);
    }
    w->types[0] = param(w, 6, 0);
    w->types[1] = param(w, 8, 0);
    w->types[2] = param(w, 8, 1);
    if (cwrun_failed(&err))
        fail_msg("%s", err.message);
}

/* Functions are pointers, which end with their store; references find that out by themselves. */
static void drop(world *w)
{
    cwrun_store *store = w->store;
    for (int i = 0; i < N_VALUES; i++)
        if (values[i].type == CWRUN_CORE_FUNCREF)
            values[i].of.func = NULL;
    w->store = NULL;
    cwrun_store_drop(store);
}

/* ---- what is done ---- */

static void call_at_random(const world *w, cwrun_error *err)
{
    cwrun_core_func *f = w->funcs[below(N_FUNCS)];
    const cwrun_core_functype *type = cwrun_core_func_type(f);
    const uint32_t n = cwrun_core_functype_n_params(type), n_results = cwrun_core_functype_n_results(type);
    cwrun_core_val args[4], results[4];
    for (uint32_t i = 0; i < 4; i++)
        args[i] = value_for(cwrun_core_functype_param(type, i));
    depth++;
    if (depth <= MOST_DEPTH && cwrun_core_func_call(f, args, below(30) ? n : below(4), results, 4, err))
        for (uint32_t i = 0; i < n_results; i++)
            keep(results[i]);
    depth--;
}

static void use_object(const world *w, cwrun_error *err)
{
    cwrun_core_val fields[4] = { any(), cwrun_core_i32(2), any(), any() }, v = { 0 };
    const cwrun_core_type type = w->types[below(3)];
    switch (below(5)) {
    case 0:
        v.of.ref = cwrun_externref_new(w->store, &n_live, object_gone, err);
        n_live += v.of.ref != 0;
        v.type = CWRUN_CORE_EXTERNREF;
        break;
    case 1: v = cwrun_core_anyref(cwrun_struct_new(w->store, type, fields, below(9) ? 4 : below(5), err)); break;
    case 2: v = cwrun_core_anyref(cwrun_array_new(w->store, type, fields, below(3000), err)); break;
    case 3: cwrun_object_set(w->store, any_ref(), below(5), &fields[below(4)], err); return;
    default:
        if (!cwrun_object_get(w->store, any_ref(), below(5), &v, err))
            return;
    }
    keep(v);
}

static void use_ref(const world *w, cwrun_error *err)
{
    cwrun_core_val v = any();
    switch (below(6)) {
    case 0: v.of.ref = cwrun_ref_keep(w->store, v.of.ref, err); break;
    case 1: v.of.ref = cwrun_ref_copy(w->store, v.of.ref, err); break;
    case 2: cwrun_ref_drop(w->store, v.of.ref); return;
    case 3: v = cwrun_core_anyref(cwrun_i31_new(w->store, (int32_t)below(99), err)); break;
    case 4:
        v.type = CWRUN_CORE_EXNREF;
        v.of.ref = cwrun_store_exception(w->store, NULL);
        break;
    default:
        cwrun_ref_same(w->store, v.of.ref, any_ref());
        cwrun_externref_object(w->store, v.of.ref);
        cwrun_exception_tag(w->store, v.of.ref);
        cwrun_ref_type(w->store, v.of.ref);
        return;
    }
    keep(v);
}

static void use_place(const world *w, cwrun_error *err)
{
    char global[] = { 'g', (char)('0' + below(N_GLOBALS)), 0 }, table[] = { 't', (char)('0' + below(N_TABLES)), 0 };
    cwrun_global *g = cwrun_core_instance_global(w->in, global, err);
    cwrun_table *t = cwrun_core_instance_table(w->in, table, err);
    cwrun_core_val v = any(), got;
    switch (below(5)) {
    case 0: cwrun_global_set(g, &v, err); break;
    case 1:
        if (cwrun_global_get(g, &got, err))
            keep(got);
        break;
    case 2: cwrun_table_set(t, below(6), &v, err); break;
    case 3:
        if (cwrun_table_get(t, below(6), &got, err))
            keep(got);
        break;
    default: cwrun_table_grow(t, below(3), &v, NULL, err);
    }
}

static void use_memory(const world *w, cwrun_error *err)
{
    cwrun_memory *m = cwrun_core_instance_memory(w->in, "m", err);
    uint8_t bytes[8] = { 0 }, *view = cwrun_memory_at(m, below(70000), 4);
    if (view)
        view[3] = 1;
    cwrun_memory_write(m, below(70000), bytes, below(9), err);
    cwrun_memory_read(m, below(70000), bytes, below(9), err);
    if (below(30) == 0)
        cwrun_memory_grow(m, 1, NULL);
}

static void use_at_random(world *w)
{
    cwrun_error err = CWRUN_ERROR_INIT;
    if (!w->store)
        return;
    switch (below(8)) {
    case 0:
    case 1: use_object(w, &err); break;
    case 2: use_ref(w, &err); break;
    case 3: use_place(w, &err); break;
    case 4: use_memory(w, &err); break;
    case 5:
        if (below(500) == 0)
            drop(w);
        break;
    default: call_at_random(w, &err);
    }
    cwrun_error_clear(&err);
}

static void use_long(uint64_t from, int n)
{
    cwrun_error err = CWRUN_ERROR_INIT;
    cwrun_arena *arena = cwrun_arena_new(NULL);
    cwrun_str binary = cwrun_text_encode(cwrun_str_of(text), "test", arena, &err);
    seed = from;
    engine = cwrun_engine_new(NULL, &err);
    module = cwrun_module_load(engine, binary.data, binary.size, "test", &err);
    memset(values, 0, sizeof values);
    for (int i = 0; i < n; i++) {
        for (int k = 0; k < 2; k++)
            if (!worlds[k].store)
                make(&worlds[k]);
        use_at_random(&worlds[below(2)]);
    }
    drop(&worlds[0]);
    drop(&worlds[1]);
    assert_int_equal(n_live, 0); /* every destructor ran, once */
    cwrun_module_drop(module);
    cwrun_engine_drop(engine);
    cwrun_arena_drop(arena);
}

static void random_uses_of_the_interface_do_no_harm(void **state)
{
    (void)state;
    stress = false;
    for (uint64_t i = 1; i <= 4; i++)
        use_long(i * 0x9e3779b97f4a7c15u, 50000);
}

static void nor_while_every_allocation_collects(void **state)
{
    (void)state;
    stress = true;
    use_long(0x2545f4914f6cdd1du, 10000);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(random_uses_of_the_interface_do_no_harm),
        cmocka_unit_test(nor_while_every_allocation_collects),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
