/* tests/api/test_shared.c: memories that stores in several OS threads share: atomics, waiting, growth, and what ends a
 * wait. Made for the thread sanitizer (make tsan). */
#include <cwrun.h>
#include <pthread.h>

#include <setjmp.h>
#include <stdarg.h>
#include <cmocka.h>

enum { PAGE = 65536, THREADS = 4, ROUNDS = 2000, COUNTER = 8, LOCK = 16, GUARDED = 20, GATE = 32, DONE = 36 };

/* "run" adds to a counter, and adds to a plain word under a lock made of cmpxchg, wait and notify. */
static const char text[] =
    "(module (memory (import \"host\" \"memory\") 1 8 shared)"
    "  (func $lock (local $was i32)"
    "    (block $have (loop $again"
    "      (br_if $have (i32.eqz (i32.atomic.rmw.cmpxchg (i32.const 16) (i32.const 0) (i32.const 1))))"
    "      (drop (memory.atomic.wait32 (i32.const 16) (i32.const 1) (i64.const 1000000)))"
    "      (br $again))))"
    "  (func $unlock"
    "    (i32.atomic.store (i32.const 16) (i32.const 0))"
    "    (drop (memory.atomic.notify (i32.const 16) (i32.const 1))))"
    "  (func (export \"run\") (param $n i32)"
    "    (drop (memory.atomic.wait32 (i32.const 32) (i32.const 0) (i64.const -1)))"
    "    (loop $again"
    "      (drop (i64.atomic.rmw.add (i32.const 8) (i64.const 1)))"
    "      (call $lock)"
    "      (i32.store (i32.const 20) (i32.add (i32.load (i32.const 20)) (i32.const 1)))"
    "      (call $unlock)"
    "      (br_if $again (local.tee $n (i32.sub (local.get $n) (i32.const 1)))))"
    "    (drop (i32.atomic.rmw.add (i32.const 36) (i32.const 1))))"
    /* the last word of a page that the other one adds */
    "  (func (export \"wait for growth\") (result i32)"
    "    (drop (memory.atomic.wait32 (i32.const 32) (i32.const 0) (i64.const -1)))"
    "    (i32.store (i32.const 131068) (i32.const 5))"
    "    (memory.size))"
    "  (func (export \"grow\") (result i32)"
    "    (local $was i32)"
    "    (local.set $was (memory.grow (i32.const 1)))"
    "    (i32.atomic.store (i32.const 32) (i32.const 1))"
    "    (drop (memory.atomic.notify (i32.const 32) (i32.const -1)))"
    "    (local.get $was))"
    "  (func (export \"wait\") (param i64) (result i32) (memory.atomic.wait32 (i32.const 40) (i32.const 0) (local.get "
    "0))))";

static cwrun_engine *engine;
static cwrun_module *module;
static cwrun_shared_memory *memory;
static cwrun_error err;

static void set_up(bool interruptible, bool fuel)
{
    cwrun_arena *arena = cwrun_arena_new(NULL);
    cwrun_config config = CWRUN_CONFIG_INIT;
    config.features_on = cwrun_feature("threads");
    config.interruptible = interruptible;
    config.fuel = fuel;
    engine = cwrun_engine_new(&config, &err);
    cwrun_str binary = cwrun_text_encode(cwrun_str_of(text), NULL, arena, &err);
    module = cwrun_module_load(engine, binary.data, binary.size, "shared", &err);
    cwrun_core_limits limits = { .min = 1, .max = 8, .has_max = true, .is_shared = true };
    memory = cwrun_shared_memory_new(engine, &limits, &err);
    cwrun_arena_drop(arena);
    if (!memory || !module)
        fail_msg("%s", err.message);
}

static void tear_down(void)
{
    cwrun_error_clear(&err);
    cwrun_shared_memory_drop(memory);
    cwrun_module_drop(module);
    cwrun_engine_drop(engine);
}

static cwrun_core_instance *instantiate(cwrun_store *store, cwrun_error *e)
{
    cwrun_extern import = { .kind = CWRUN_ITEM_CORE_MEMORY };
    import.of.memory = cwrun_memory_of_shared(store, memory, e);
    return cwrun_module_instantiate_with(store, module, &import, 1, e);
}

static uint32_t *word(uint64_t at)
{
    return (uint32_t *)(void *)cwrun_shared_memory_at(memory, at, 4);
}

static void open_gate(void)
{
    __atomic_store_n(word(GATE), 1, __ATOMIC_SEQ_CST);
    cwrun_shared_memory_notify(memory, GATE, UINT32_MAX);
}

struct worker {
    const char *name;
    cwrun_core_val arg, result;
    size_t n_args, n_results;
    cwrun_error err;
    cwrun_interrupt *handle;
    pthread_t thread;
};

static void *work(void *user)
{
    struct worker *w = user;
    cwrun_store *store = cwrun_store_new(engine, NULL, &w->err);
    cwrun_store_set_fuel(store, 10000);
    cwrun_core_instance *in = instantiate(store, &w->err);
    cwrun_core_call(in, w->name, &w->arg, w->n_args, &w->result, w->n_results, &w->err);
    cwrun_store_drop(store);
    return NULL;
}

static void threads_add_under_atomics_and_a_lock(void **state)
{
    (void)state;
    set_up(false, false);
    struct worker w[THREADS] = { 0 };
    for (int i = 0; i < THREADS; i++) {
        w[i].name = "run";
        w[i].arg = cwrun_core_i32(ROUNDS);
        w[i].n_args = 1;
        assert_int_equal(pthread_create(&w[i].thread, NULL, work, &w[i]), 0);
    }
    open_gate();
    for (int i = 0; i < THREADS; i++) {
        pthread_join(w[i].thread, NULL);
        if (cwrun_failed(&w[i].err))
            fail_msg("%s", w[i].err.message);
    }
    assert_int_equal(*word(COUNTER), THREADS * ROUNDS);
    assert_int_equal(*word(GUARDED), THREADS * ROUNDS);
    assert_int_equal(*word(DONE), THREADS);
    tear_down();
}

static void growth_in_one_store_is_seen_in_another(void **state)
{
    (void)state;
    set_up(false, false);
    struct worker w[2] = { { .name = "wait for growth", .n_results = 1 }, { .name = "grow", .n_results = 1 } };
    uint8_t *base = cwrun_shared_memory_at(memory, 0, PAGE);
    assert_null(cwrun_shared_memory_at(memory, 1, PAGE));
    for (int i = 0; i < 2; i++)
        assert_int_equal(pthread_create(&w[i].thread, NULL, work, &w[i]), 0);
    for (int i = 0; i < 2; i++)
        pthread_join(w[i].thread, NULL);
    assert_false(cwrun_failed(&w[0].err) || cwrun_failed(&w[1].err));
    assert_int_equal(w[0].result.of.i32, 2);
    assert_int_equal(w[1].result.of.i32, 1);
    assert_int_equal(cwrun_shared_memory_size(memory), 2 * PAGE);
    assert_ptr_equal(cwrun_shared_memory_at(memory, 0, 2 * PAGE), base);
    assert_int_equal(*word(2 * PAGE - 4), 5);
    tear_down();
}

static void *raise_later(void *handle)
{
    struct timespec time = { 0, 20000000 };
    nanosleep(&time, NULL);
    cwrun_interrupt_raise(handle);
    return NULL;
}

static void an_interrupt_ends_a_wait(void **state)
{
    (void)state;
    set_up(true, false);
    for (int early = 0; early < 2; early++) {
        cwrun_store *store = cwrun_store_new(engine, NULL, &err);
        cwrun_core_instance *in = instantiate(store, &err);
        cwrun_interrupt *handle = cwrun_store_interrupt(store, &err);
        cwrun_core_val forever = cwrun_core_i64(-1), result;
        pthread_t thread;
        if (early)
            cwrun_interrupt_raise(handle);
        else
            assert_int_equal(pthread_create(&thread, NULL, raise_later, handle), 0);
        assert_false(cwrun_core_call(in, "wait", &forever, 1, &result, 1, &err));
        assert_int_equal(err.kind, CWRUN_ERROR_LIMIT);
        assert_int_equal(err.code, CWRUN_LIMIT_TIMEOUT);
        cwrun_error_clear(&err);
        if (!early)
            pthread_join(thread, NULL);
        cwrun_interrupt_drop(handle);
        cwrun_store_drop(store);
        assert_int_equal(cwrun_shared_memory_notify(memory, 40, 1), 0); /* nobody is left in the list */
    }
    tear_down();
}

static void fuel_ends_a_wait(void **state)
{
    (void)state;
    set_up(false, true);
    struct worker w = { .name = "wait", .arg = cwrun_core_i64(-1), .n_args = 1, .n_results = 1 };
    work(&w);
    assert_int_equal(w.err.kind, CWRUN_ERROR_LIMIT);
    assert_int_equal(w.err.code, CWRUN_LIMIT_FUEL);
    cwrun_error_clear(&w.err);
    tear_down();
}

static void a_memory_outlives_its_stores_and_its_engine(void **state)
{
    (void)state;
    set_up(false, false);
    cwrun_store *a = cwrun_store_new(engine, NULL, &err), *b = cwrun_store_new(engine, NULL, &err);
    cwrun_core_limits limits = { .min = 1, .max = 2, .has_max = true, .is_shared = true };
    cwrun_memory *own = cwrun_memory_new(a, &limits, &err), *plain;
    limits.is_shared = false;
    plain = cwrun_memory_new(a, &limits, &err);
    cwrun_shared_memory *of_a = cwrun_memory_shared(own);
    assert_null(cwrun_memory_shared(plain));
    cwrun_memory *in_b = cwrun_memory_of_shared(b, of_a, &err);
    assert_ptr_equal(cwrun_memory_of_shared(b, of_a, &err), in_b);
    assert_ptr_equal(cwrun_memory_of_shared(a, of_a, &err), own);
    cwrun_store_drop(a);
    assert_true(cwrun_memory_grow(in_b, 1, NULL));
    assert_int_equal(cwrun_memory_size(in_b), 2 * PAGE);
    assert_false(cwrun_memory_grow(in_b, 1, NULL));
    cwrun_store_drop(b);
    tear_down();
    cwrun_shared_memory_at(of_a, 0, 2 * PAGE)[2 * PAGE - 1] = 1;
    cwrun_shared_memory_drop(of_a);
}

static void limits_that_are_no_shared_memory_are_refused(void **state)
{
    (void)state;
    set_up(false, false);
    cwrun_core_limits no_maximum = { .min = 1, .is_shared = true }, plain = { .min = 1, .max = 2, .has_max = true };
    assert_null(cwrun_shared_memory_new(engine, &no_maximum, &err));
    assert_int_equal(err.kind, CWRUN_ERROR_ARGUMENT);
    cwrun_error_clear(&err);
    assert_null(cwrun_shared_memory_new(engine, &plain, &err));
    cwrun_error_clear(&err);
    cwrun_limits small = { .max_memory = PAGE };
    cwrun_store *store = cwrun_store_new(engine, &small, &err);
    cwrun_memory *m = cwrun_memory_of_shared(store, memory, &err);
    assert_true(cwrun_memory_grow(m, 1, NULL)); /* what was there already is not this store's to pay */
    assert_false(cwrun_memory_grow(m, 1, NULL));
    cwrun_store_drop(store);
    tear_down();
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(threads_add_under_atomics_and_a_lock),
        cmocka_unit_test(growth_in_one_store_is_seen_in_another),
        cmocka_unit_test(an_interrupt_ends_a_wait),
        cmocka_unit_test(fuel_ends_a_wait),
        cmocka_unit_test(a_memory_outlives_its_stores_and_its_engine),
        cmocka_unit_test(limits_that_are_no_shared_memory_are_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
