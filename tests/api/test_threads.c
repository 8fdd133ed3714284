/* tests/api/test_threads.c: eight OS threads with a store each run cold code of the same components at once: code is
 * translated and published while others run it. Made for the thread sanitizer (make tsan). */
#include <cwrun.h>
#include <pthread.h>
#include <stdlib.h>

#include <setjmp.h>
#include <stdarg.h>
#include <cmocka.h>

enum { THREADS = 8, ROUNDS = 3 };

static cwrun_engine *engine;
static cwrun_linker *linker;
static cwrun_component *strings, *records, *kv, *pending;
static pthread_barrier_t start;

struct worker {
    int number;
    const char *wrong;
    int n_open;
};

static cwrun_status connection_new(cwrun_caller *caller, const cwrun_val *args, size_t n, cwrun_val *result, void *user)
{
    struct worker *w = cwrun_store_data(cwrun_caller_store(caller));
    (void)args;
    (void)n;
    (void)user;
    w->n_open++;
    *result = cwrun_own(cwrun_resource_new(caller, "demo:kv-store/kvdb", "connection", w));
    return CWRUN_DONE;
}

static void connection_drop(void *object, void *user)
{
    (void)user;
    ((struct worker *)object)->n_open--;
}

static void *complete(void *ticket)
{
    cwrun_val v = cwrun_u32(20);
    cwrun_ticket_done(ticket, &v);
    return NULL;
}

static cwrun_status later(cwrun_caller *caller, const cwrun_val *args, size_t n, cwrun_val *result, void *user)
{
    pthread_t thread;
    (void)args;
    (void)n;
    (void)result;
    (void)user;
    if (pthread_create(&thread, NULL, complete, cwrun_caller_defer(caller, NULL, NULL)) != 0)
        return cwrun_caller_trap(caller, "no thread");
    pthread_detach(thread);
    return CWRUN_PENDING;
}

static bool call(cwrun_instance *in, const char *name, const cwrun_val *args, size_t n, const char *want,
                 cwrun_error *err)
{
    static const size_t room = 256;
    char text[256];
    cwrun_val result;
    FILE *out = fmemopen(text, room, "w");
    bool ok = cwrun_call(in, name, args, n, &result, NULL, err) && cwrun_val_print(&result, cwrun_to_file, out);
    fclose(out);
    return ok && strcmp(text, want) == 0;
}

static const char *round_of(struct worker *w, cwrun_error *err)
{
    cwrun_store *store = cwrun_store_new(engine, NULL, err);
    cwrun_store_set_data(store, w, NULL);
    cwrun_instance *s = cwrun_instantiate(store, strings, linker, err),
                   *r = cwrun_instantiate(store, records, linker, err);
    cwrun_instance *k = cwrun_instantiate(store, kv, linker, err), *p = cwrun_instantiate(store, pending, linker, err);
    cwrun_val text[2] = { cwrun_string(cwrun_str_of("abc")), cwrun_string(cwrun_str_of("def")) };
    cwrun_val number = cwrun_u32(10), pair[2] = { cwrun_s32(7), cwrun_s32(2) };
    const char *wrong = NULL;
    if (!call(s, "concat", text, 2, "\"abcdef\"", err))
        wrong = "concat";
    else if (!call(s, "reverse", text, 1, "\"cba\"", err))
        wrong = "reverse";
    else if (!call(r, "divide", pair, 2, "ok(3)", err))
        wrong = "divide";
    else if (!call(r, "echo-u32", &number, 1, "10", err))
        wrong = "echo-u32";
    else if (!call(k, "open-many", &number, 1, "10", err))
        wrong = "open-many";
    else if (!call(p, "run", &number, 1, "42", err))
        wrong = "run";
    cwrun_store_drop(store);
    return wrong ? wrong : w->n_open ? "connections" : NULL;
}

static void *work(void *user)
{
    struct worker *w = user;
    cwrun_error err = CWRUN_ERROR_INIT;
    pthread_barrier_wait(&start);
    for (int i = 0; i < ROUNDS && !w->wrong; i++)
        w->wrong = round_of(w, &err);
    cwrun_error_report(&err, stderr);
    return NULL;
}

static void eight_os_threads_run_cold_code_of_shared_components(void **state)
{
    pthread_t threads[THREADS];
    struct worker workers[THREADS] = { 0 };
    cwrun_error err = CWRUN_ERROR_INIT;
    (void)state;
    engine = cwrun_engine_new(NULL, &err);
    strings = cwrun_component_open(engine, "testdata/guests/strings.wasm", &err);
    records = cwrun_component_open(engine, "testdata/guests/records.wasm", &err);
    kv = cwrun_component_open(engine, "testdata/guests/kv.wasm", &err);
    pending = cwrun_component_open(engine, "tests/api/pending.wasm", &err);
    linker = cwrun_linker_new(engine, &err);
    cwrun_linker_resource(linker, "demo:kv-store/kvdb", "connection", connection_drop, NULL, NULL, &err);
    cwrun_linker_func(linker, "demo:kv-store/kvdb", "[constructor]connection", NULL, connection_new, NULL, NULL, &err);
    cwrun_linker_func(linker, NULL, "wait", NULL, later, NULL, NULL, &err);
    cwrun_linker_stub_rest(linker, true);
    assert_false(cwrun_failed(&err));

    pthread_barrier_init(&start, NULL, THREADS);
    for (int i = 0; i < THREADS; i++) {
        workers[i].number = i;
        assert_int_equal(pthread_create(&threads[i], NULL, work, &workers[i]), 0);
    }
    for (int i = 0; i < THREADS; i++)
        pthread_join(threads[i], NULL);
    for (int i = 0; i < THREADS; i++)
        if (workers[i].wrong)
            fail_msg("thread %d: %s", i, workers[i].wrong);
    pthread_barrier_destroy(&start);
    cwrun_linker_drop(linker);
    cwrun_component_drop(strings);
    cwrun_component_drop(records);
    cwrun_component_drop(kv);
    cwrun_component_drop(pending);
    cwrun_engine_drop(engine);
}

int main(void)
{
    const struct CMUnitTest tests[] = { cmocka_unit_test(eight_os_threads_run_cold_code_of_shared_components) };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
