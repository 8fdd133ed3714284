/* tests/api/test_pending.c: host functions that stay pending: under two components, in destructors and start functions,
 * over several stores; completed by tickets from anywhere, by descriptors and by deadlines, or never. */
#include <cwrun.h>
#include <poll.h>
#include <pthread.h>
#include <stdlib.h>
#include <unistd.h>

#include <setjmp.h>
#include <stdarg.h>
#include <cmocka.h>

static const uint64_t MS = 1000000;

enum how { AT_ONCE, TICKET, TICKET_THREAD, TICKET_BEFORE, DEADLINE, PIPE, CALL_BACK, NOTHING, TRAP, EXIT };

/* One host `wait`: how it answers, and what it left behind. */
struct host {
    enum how how;
    cwrun_ticket *tickets[8];
    uint32_t asked[8];
    unsigned n, n_cancelled, n_resumed;
    int pipe[2];
    cwrun_instance *other; /* CALL_BACK: whom to call */
    cwrun_error inner;
    bool calls_when_cancelled; /* `other` and `polled` */
    cwrun_polled *polled;
    bool answers;       /* `hold` */
    cwrun_handle later; /* CALL_BACK: a handle to drop inside */
};

static cwrun_engine *engine;
static cwrun_component *pending_wasm, *start_wasm;
static cwrun_error err;

static void on_cancel(void *user)
{
    struct host *h = user;
    cwrun_val v = cwrun_u32(1);
    h->n_cancelled++;
    if (!h->calls_when_cancelled)
        return;
    h->calls_when_cancelled = false;
    assert_false(cwrun_call(h->other, "run", &v, 1, NULL, NULL, &h->inner));
    assert_int_equal(cwrun_call_poll(h->polled, NULL), CWRUN_FAILED);
    assert_null(cwrun_call_start(cwrun_instance_func(h->other, "run", NULL), &v, 1, NULL));
}

static void *complete_soon(void *ticket)
{
    cwrun_val v = cwrun_u32(100);
    usleep(3000);
    cwrun_ticket_done(ticket, &v);
    return NULL;
}

static cwrun_status resume(cwrun_caller *caller, const cwrun_val *args, size_t n_args, cwrun_val *result, void *user)
{
    struct host *h = user;
    (void)caller;
    assert_int_equal(n_args, 1);
    h->n_resumed++;
    if (h->how == PIPE) {
        char byte;
        assert_int_equal(read(h->pipe[0], &byte, 1), 1);
    }
    *result = cwrun_u32(args[0].of.u32 + 100);
    return CWRUN_DONE;
}

static cwrun_status on_wait(cwrun_caller *caller, const cwrun_val *args, size_t n_args, cwrun_val *result, void *user)
{
    struct host *h = cwrun_store_data(cwrun_caller_store(caller));
    cwrun_val v = cwrun_u32(args[0].of.u32 + 100);
    pthread_t thread;
    cwrun_wait on;
    (void)n_args;
    (void)user;
    *result = v;
    h->asked[h->n % 8] = args[0].of.u32;
    switch (h->how) {
    case TICKET:
    case NOTHING: h->tickets[h->n++ % 8] = cwrun_caller_defer(caller, on_cancel, h); return CWRUN_PENDING;
    case TICKET_BEFORE:
        h->n++;
        assert_true(cwrun_ticket_done(cwrun_caller_defer(caller, on_cancel, h), &v));
        return CWRUN_PENDING;
    case TICKET_THREAD:
        h->n++;
        assert_int_equal(pthread_create(&thread, NULL, complete_soon, cwrun_caller_defer(caller, on_cancel, h)), 0);
        pthread_detach(thread);
        return CWRUN_PENDING;
    case DEADLINE: return cwrun_caller_wait(caller, NULL, 0, cwrun_monotonic_now() + 3 * MS, resume, h);
    case PIPE:
        on = (cwrun_wait){ h->pipe[0], CWRUN_WAIT_READ };
        return cwrun_caller_wait(caller, &on, 1, UINT64_MAX, resume, h);
    case CALL_BACK:
        h->how = TICKET_THREAD;
        v = cwrun_u32(5);
        if (h->later && !cwrun_handle_drop(cwrun_caller_store(caller), h->later, &h->inner))
            return cwrun_caller_trap(caller, "the drop failed");
        if (!cwrun_call(h->other, "run", &v, 1, result, NULL, &h->inner))
            *result = cwrun_u32(0);
        return CWRUN_DONE;
    case TRAP: return cwrun_caller_trap(caller, "no such thing");
    case EXIT: return cwrun_caller_exit(caller, 3);
    default: return CWRUN_DONE;
    }
}

/* ---- stores ---- */

static cwrun_linker *linker;

static int load(void **state)
{
    cwrun_config config = CWRUN_CONFIG_INIT;
    (void)state;
    config.interruptible = true;
    engine = cwrun_engine_new(&config, &err);
    pending_wasm = cwrun_component_open(engine, "tests/api/pending.wasm", &err);
    start_wasm = cwrun_component_open(engine, "tests/api/start.wasm", &err);
    linker = cwrun_linker_new(engine, &err);
    cwrun_linker_func(linker, NULL, "wait", "func(x: u32) -> u32", on_wait, NULL, NULL, &err);
    cwrun_error_report(&err, stderr);
    return linker && pending_wasm && start_wasm ? 0 : -1;
}

static int unload(void **state)
{
    (void)state;
    cwrun_linker_drop(linker);
    cwrun_component_drop(pending_wasm);
    cwrun_component_drop(start_wasm);
    cwrun_engine_drop(engine);
    return 0;
}

static void check(void)
{
    if (cwrun_failed(&err)) {
        cwrun_error_report(&err, stderr);
        fail();
    }
}

static cwrun_store *store_for(struct host *h)
{
    cwrun_store *store = cwrun_store_new(engine, NULL, &err);
    cwrun_store_set_data(store, h, NULL);
    return store;
}

static cwrun_instance *instance_in(cwrun_store *store)
{
    cwrun_instance *in = cwrun_instantiate(store, pending_wasm, linker, &err);
    check();
    return in;
}

static uint32_t call(cwrun_instance *in, const char *name, uint32_t x)
{
    cwrun_val v = cwrun_u32(x), result;
    bool takes = strcmp(name, "dropped") != 0 && strncmp(name, "got", 3) != 0;
    cwrun_call(in, name, &v, takes, &result, NULL, &err);
    check();
    return result.of.u32;
}

static void call_fails(cwrun_instance *in, const char *name, uint32_t x, const char *words)
{
    cwrun_val v = cwrun_u32(x), result;
    assert_false(cwrun_call(in, name, &v, 1, &result, NULL, &err));
    if (!strstr(err.message, words))
        fail_msg("%s", err.message);
    cwrun_error_clear(&err);
}

static cwrun_polled *start(cwrun_instance *in, const char *name, uint32_t x)
{
    cwrun_val v = cwrun_u32(x);
    cwrun_polled *p = cwrun_call_start(cwrun_instance_func(in, name, &err), &v, 1, &err);
    check();
    return p;
}

static void finish(cwrun_ticket *ticket, uint32_t value)
{
    cwrun_val v = cwrun_u32(value);
    assert_true(cwrun_ticket_done(ticket, &v));
}

/* ---- tests ---- */

static void a_call_through_two_components_waits_for_another_os_thread(void **state)
{
    struct host h = { .how = TICKET_THREAD };
    cwrun_store *store = store_for(&h);
    cwrun_instance *in = instance_in(store);
    (void)state;
    assert_int_equal(call(in, "run", 1), (100 + 1) * 2);
    assert_int_equal(call(in, "run", 1), (100 + 1) * 2);
    assert_int_equal(h.n, 2);
    assert_int_equal(h.n_cancelled, 0);
    cwrun_store_drop(store);
}

static void a_ticket_may_be_done_before_pending_is_answered(void **state)
{
    struct host h = { .how = TICKET_BEFORE };
    cwrun_store *store = store_for(&h);
    (void)state;
    assert_int_equal(call(instance_in(store), "run", 5), (105 + 1) * 2);
    cwrun_store_drop(store);
}

static void deadlines_and_descriptors_end_a_wait(void **state)
{
    struct host h = { .how = DEADLINE };
    cwrun_store *store = store_for(&h);
    cwrun_instance *in = instance_in(store);
    uint64_t before = cwrun_monotonic_now();
    (void)state;
    assert_int_equal(call(in, "run", 5), (105 + 1) * 2);
    assert_true(cwrun_monotonic_now() - before >= 3 * MS);

    h.how = PIPE;
    assert_int_equal(pipe(h.pipe), 0);
    assert_int_equal(write(h.pipe[1], "x", 1), 1);
    assert_int_equal(call(in, "run", 5), (105 + 1) * 2);
    assert_int_equal(h.n_resumed, 2);
    cwrun_store_drop(store);
    close(h.pipe[0]);
    close(h.pipe[1]);
}

static void an_event_loop_sees_what_a_polled_call_waits_for(void **state)
{
    struct host h = { .how = PIPE };
    cwrun_store *store = store_for(&h);
    (void)state;
    assert_int_equal(pipe(h.pipe), 0);
    cwrun_polled *p = start(instance_in(store), "run", 1);
    assert_int_equal(cwrun_store_waits(store).n, 0);
    assert_int_equal(cwrun_call_poll(p, &err), CWRUN_PENDING);
    assert_int_equal(cwrun_call_poll(p, &err), CWRUN_PENDING);
    cwrun_waits waits = cwrun_store_waits(store);
    bool found = false;
    for (size_t i = 0; i < waits.n; i++)
        found = found || waits.items[i].fd == h.pipe[0];
    assert_true(found);
    assert_true(waits.deadline == UINT64_MAX);
    assert_int_equal(write(h.pipe[1], "x", 1), 1);
    assert_int_equal(cwrun_call_poll(p, &err), CWRUN_DONE);
    assert_int_equal(cwrun_call_result(p).of.u32, (101 + 1) * 2);
    cwrun_call_drop(p);
    cwrun_store_drop(store);
    close(h.pipe[0]);
    close(h.pipe[1]);
}

static void a_ticket_wakes_the_event_loop(void **state)
{
    struct host h = { .how = TICKET };
    cwrun_store *store = store_for(&h);
    cwrun_polled *p = start(instance_in(store), "run", 1);
    (void)state;
    assert_int_equal(cwrun_call_poll(p, &err), CWRUN_PENDING);
    cwrun_waits waits = cwrun_store_waits(store);
    assert_int_equal(waits.n, 1);
    struct pollfd fd = { .fd = waits.items[0].fd, .events = waits.items[0].events };
    assert_int_equal(poll(&fd, 1, 0), 0);
    finish(h.tickets[0], 3);
    assert_int_equal(poll(&fd, 1, 0), 1);
    assert_true(cwrun_store_waits(store).deadline == 0);
    assert_int_equal(cwrun_call_poll(p, &err), CWRUN_DONE);
    assert_int_equal(cwrun_call_result(p).of.u32, (3 + 1) * 2);
    cwrun_call_drop(p);
    cwrun_store_drop(store);
}

static void two_stores_in_one_os_thread_finish_in_either_order(void **state)
{
    (void)state;
    for (unsigned first = 0; first < 2; first++) {
        struct host h[2] = { { .how = TICKET }, { .how = TICKET } };
        cwrun_store *stores[2];
        cwrun_polled *calls[2];
        for (unsigned i = 0; i < 2; i++) {
            stores[i] = store_for(&h[i]);
            calls[i] = start(instance_in(stores[i]), "run", i);
            assert_int_equal(cwrun_call_poll(calls[i], &err), CWRUN_PENDING);
        }
        for (unsigned k = 0; k < 2; k++) {
            unsigned i = first ^ k;
            finish(h[i].tickets[0], 10 * i);
            assert_int_equal(cwrun_call_poll(calls[i], &err), CWRUN_DONE);
            assert_int_equal(cwrun_call_result(calls[i]).of.u32, (10 * i + 1) * 2);
            if (k == 0)
                assert_int_equal(cwrun_call_poll(calls[!i], &err), CWRUN_PENDING);
        }
        for (unsigned i = 0; i < 2; i++) {
            cwrun_call_drop(calls[i]);
            cwrun_store_drop(stores[i]);
        }
    }
}

static void two_instances_of_one_store_finish_in_either_order(void **state)
{
    (void)state;
    for (unsigned first = 0; first < 2; first++) {
        struct host h = { .how = TICKET };
        cwrun_store *store = store_for(&h);
        cwrun_polled *calls[2];
        for (unsigned i = 0; i < 2; i++) {
            calls[i] = start(instance_in(store), "run", i);
            assert_int_equal(cwrun_call_poll(calls[i], &err), CWRUN_PENDING);
        }
        for (unsigned k = 0; k < 2; k++) {
            unsigned i = first ^ k;
            finish(h.tickets[i], 10 * i);
            assert_int_equal(cwrun_call_poll(calls[i], &err), CWRUN_DONE);
            assert_int_equal(cwrun_call_result(calls[i]).of.u32, (10 * i + 1) * 2);
        }
        cwrun_call_drop(calls[0]);
        cwrun_call_drop(calls[1]);
        cwrun_store_drop(store);
    }
}

static void a_synchronous_call_drives_polled_ones_too(void **state)
{
    struct host h = { .how = DEADLINE };
    cwrun_store *store = store_for(&h);
    cwrun_polled *p = start(instance_in(store), "run", 1);
    (void)state;
    assert_int_equal(cwrun_call_poll(p, &err), CWRUN_PENDING);
    usleep(4000);
    h.how = TICKET_THREAD;
    assert_int_equal(call(instance_in(store), "run", 1), 202);
    assert_int_equal(h.n_resumed, 1); /* p's */
    assert_int_equal(cwrun_call_poll(p, &err), CWRUN_DONE);
    cwrun_call_drop(p);
    cwrun_store_drop(store);
}

static void a_pending_chain_keeps_its_instances_closed(void **state)
{
    struct host h = { .how = TICKET };
    cwrun_store *store = store_for(&h);
    cwrun_instance *in = instance_in(store);
    cwrun_polled *p = start(in, "run", 1);
    (void)state;
    assert_int_equal(cwrun_call_poll(p, &err), CWRUN_PENDING);
    call_fails(in, "run", 1, "cannot enter component instance");
    call_fails(in, "work", 1, "cannot enter component instance");
    finish(h.tickets[0], 1);
    assert_int_equal(cwrun_call_poll(p, &err), CWRUN_DONE);
    cwrun_call_drop(p);
    h.how = AT_ONCE;
    assert_int_equal(call(in, "run", 1), 204);
    cwrun_store_drop(store);
}

static void a_destructor_may_be_pending(void **state)
{
    struct host h = { .how = TICKET };
    cwrun_store *store = store_for(&h);
    cwrun_instance *in = instance_in(store);
    cwrun_polled *p = start(in, "make-and-drop", 9);
    (void)state;
    assert_int_equal(cwrun_call_poll(p, &err), CWRUN_PENDING);
    assert_int_equal(h.asked[0], 9);
    call_fails(in, "work", 1, "cannot enter component instance");
    finish(h.tickets[0], 77);
    assert_int_equal(cwrun_call_poll(p, &err), CWRUN_DONE);
    assert_int_equal(cwrun_call_result(p).of.u32, 9);
    cwrun_call_drop(p);
    assert_int_equal(call(in, "dropped", 0), 77);
    cwrun_store_drop(store);
}

static void a_handle_of_the_host_may_have_a_pending_destructor(void **state)
{
    struct host h = { .how = TICKET_THREAD };
    cwrun_store *store = store_for(&h);
    cwrun_instance *in = instance_in(store);
    cwrun_val v = cwrun_u32(42), thing, result;
    (void)state;
    cwrun_call(in, "make", &v, 1, &thing, NULL, &err);
    cwrun_call(in, "peek", &thing, 1, &result, NULL, &err);
    check();
    assert_int_equal(result.of.u32, 42);
    assert_true(cwrun_handle_drop(store, thing.of.handle, &err));
    assert_int_equal(h.asked[0], 42);
    assert_int_equal(call(in, "dropped", 0), 100);

    assert_false(cwrun_handle_drop(store, thing.of.handle, &err));
    assert_int_equal(err.kind, CWRUN_ERROR_ARGUMENT);
    cwrun_error_clear(&err);
    assert_false(cwrun_call(in, "peek", &thing, 1, &result, NULL, &err));
    assert_int_equal(err.kind, CWRUN_ERROR_ARGUMENT);
    assert_non_null(strstr(err.message, "args[0]: a stale handle"));
    cwrun_error_clear(&err);
    assert_int_equal(call(in, "dropped", 0), 100); /* nothing was poisoned */
    cwrun_store_drop(store);
}

static void a_drop_inside_a_host_function_is_put_off(void **state)
{
    struct host h = { .how = CALL_BACK };
    cwrun_store *store = store_for(&h);
    cwrun_instance *in = instance_in(store);
    cwrun_val v = cwrun_u32(42), thing;
    (void)state;
    h.other = instance_in(store);
    cwrun_call(in, "make", &v, 1, &thing, NULL, &err);
    h.later = thing.of.handle;
    h.n = 0;
    assert_int_equal(call(in, "run", 1), ((100 + 1) * 2 + 1) * 2);
    cwrun_error_report(&h.inner, stderr);
    assert_int_equal(h.n, 2); /* the inner call's and the destructor's */
    assert_int_equal(call(in, "dropped", 0), 100);
    cwrun_store_drop(store);
}

static void inside_a_host_function_a_call_waits_for_its_own_chain(void **state)
{
    struct host h = { .how = TICKET };
    cwrun_store *store = store_for(&h);
    cwrun_polled *p = start(instance_in(store), "run", 1);
    (void)state;
    assert_int_equal(cwrun_call_poll(p, &err), CWRUN_PENDING);
    h.how = CALL_BACK;
    h.other = instance_in(store);
    assert_int_equal(call(instance_in(store), "run", 1), ((100 + 1) * 2 + 1) * 2);
    finish(h.tickets[0], 3);
    assert_int_equal(cwrun_call_poll(p, &err), CWRUN_DONE);
    cwrun_call_drop(p);
    cwrun_store_drop(store);
}

static void a_component_cannot_be_entered_again_from_its_import(void **state)
{
    struct host h = { .how = CALL_BACK };
    cwrun_store *store = store_for(&h);
    cwrun_instance *in = instance_in(store);
    (void)state;
    h.other = in;
    assert_int_equal(call(in, "run", 1), 2);
    assert_int_equal(h.inner.kind, CWRUN_ERROR_TRAP);
    assert_string_equal(h.inner.message, "cannot enter component instance");
    cwrun_error_clear(&h.inner);
    cwrun_store_drop(store);
}

static void start_functions_may_be_pending(void **state)
{
    struct host h = { .how = TICKET_THREAD };
    cwrun_store *store = store_for(&h);
    cwrun_instance *in = cwrun_instantiate(store, start_wasm, linker, &err);
    (void)state;
    check();
    assert_int_equal(h.n, 2);
    assert_int_equal(call(in, "got", 0), 100);
    assert_int_equal(call(in, "got-too", 0), 100);
    h.how = DEADLINE;
    in = cwrun_instantiate(store, start_wasm, linker, &err);
    check();
    assert_int_equal(call(in, "got-too", 0), 107);
    cwrun_store_drop(store);
}

static void a_ticket_may_trap_or_be_given_up(void **state)
{
    struct host h = { .how = TICKET };
    cwrun_store *store = store_for(&h);
    (void)state;
    for (unsigned i = 0; i < 2; i++) {
        cwrun_instance *in = instance_in(store);
        cwrun_polled *p = start(in, "run", 1);
        assert_int_equal(cwrun_call_poll(p, &err), CWRUN_PENDING);
        if (i == 0)
            assert_true(cwrun_ticket_trap(h.tickets[i], "the line is down"));
        else
            cwrun_ticket_drop(h.tickets[i]);
        assert_int_equal(cwrun_call_poll(p, &err), CWRUN_FAILED);
        assert_int_equal(err.kind, CWRUN_ERROR_TRAP);
        assert_string_equal(err.message, i == 0 ? "the line is down" : "a pending host function was given up");
        cwrun_error_clear(&err);
        cwrun_call_drop(p);
        call_fails(in, "run", 1, "cannot enter component instance");
    }
    assert_int_equal(h.n_cancelled, 0);
    cwrun_store_drop(store);
}

static void a_call_dropped_while_pending_is_cancelled(void **state)
{
    struct host h = { .how = TICKET };
    cwrun_store *store = store_for(&h);
    cwrun_instance *in = instance_in(store), *other = instance_in(store);
    cwrun_polled *p = start(in, "run", 1);
    cwrun_val v = cwrun_u32(1);
    (void)state;
    assert_int_equal(cwrun_call_poll(p, &err), CWRUN_PENDING);
    cwrun_call_drop(p);
    assert_int_equal(h.n_cancelled, 1);
    assert_false(cwrun_ticket_done(h.tickets[0], &v));
    call_fails(in, "run", 1, "cannot enter component instance");
    h.how = AT_ONCE;
    assert_int_equal(call(other, "run", 1), 204);
    cwrun_store_drop(store);
}

static void a_store_dropped_while_calls_are_pending_cancels_them(void **state)
{
    struct host h = { .how = TICKET };
    cwrun_store *store = store_for(&h);
    cwrun_polled *p = start(instance_in(store), "run", 1), *q = start(instance_in(store), "make-and-drop", 2);
    cwrun_val v = cwrun_u32(1);
    (void)state;
    assert_int_equal(cwrun_call_poll(p, &err), CWRUN_PENDING);
    assert_int_equal(cwrun_call_poll(q, &err), CWRUN_PENDING);
    cwrun_store_drop(store);
    assert_int_equal(h.n_cancelled, 2);
    assert_false(cwrun_ticket_done(h.tickets[0], &v));
    assert_false(cwrun_ticket_trap(h.tickets[1], "late"));
    assert_int_equal(cwrun_call_poll(p, &err), CWRUN_FAILED);
    assert_int_equal(err.kind, CWRUN_ERROR_ARGUMENT);
    cwrun_error_clear(&err);
    cwrun_call_drop(p);
    cwrun_call_drop(q);
}

static cwrun_status hold(cwrun_caller *caller, const cwrun_val *args, size_t n_args, cwrun_val *result, void *user)
{
    struct host *h = cwrun_store_data(cwrun_caller_store(caller));
    (void)args, (void)n_args, (void)result, (void)user;
    if (h->answers)
        return CWRUN_DONE;
    h->tickets[0] = cwrun_caller_defer(caller, on_cancel, h);
    return CWRUN_PENDING;
}

static cwrun_instance *instance_of_text(cwrun_store *store, const char *text, cwrun_linker *l)
{
    cwrun_arena *arena = cwrun_arena_new(NULL);
    cwrun_str bytes = cwrun_text_encode(cwrun_str_of(text), "test", arena, &err);
    cwrun_component *c = cwrun_component_load(engine, bytes.data, bytes.size, "test", &err);
    cwrun_instance *in = cwrun_instantiate(store, c, l, &err);
    check();
    cwrun_component_drop(c);
    cwrun_arena_drop(arena);
    return in;
}

/* A function that gives a host function an own handle, whose destructor asks the host with 5. */
static cwrun_func *giving(cwrun_store *store, cwrun_instance **maker, cwrun_instance **giver)
{
    cwrun_instance *b = instance_of_text(
        store,
        "(component (import \"wait\" (func $wait (param \"x\" u32) (result u32))) (core func $w (canon lower (func "
        "$wait)))"
        "  (core module $d (import \"\" \"w\" (func $w (param i32) (result i32)))"
        "    (func (export \"dtor\") (param i32) (drop (call $w (local.get 0)))))"
        "  (core instance $d (instantiate $d (with \"\" (instance (export \"w\" (func $w))))))"
        "  (type $r (resource (rep i32) (dtor (core func $d \"dtor\")))) (core func $new (canon resource.new $r))"
        "  (core module $m (import \"\" \"new\" (func $new (param i32) (result i32)))"
        "    (func (export \"make\") (result i32) (call $new (i32.const 5))))"
        "  (core instance $m (instantiate $m (with \"\" (instance (export \"new\" (func $new))))))"
        "  (func $make (result (own $r)) (canon lift (core func $m \"make\")))"
        "  (component $x (import \"r\" (type $r (sub resource))) (import \"make\" (func $make (result (own $r))))"
        "    (export $e \"r\" (type $r)) (export \"make\" (func $make) (func (result (own $e)))))"
        "  (instance $i (instantiate $x (with \"r\" (type $r)) (with \"make\" (func $make))))"
        "  (export \"t:p/b\" (instance $i)))",
        linker);
    cwrun_linker *l = cwrun_linker_new(engine, &err);
    cwrun_linker_instance(l, "t:p/b", b, &err);
    cwrun_linker_func(l, NULL, "hold", NULL, hold, NULL, NULL, &err);
    cwrun_instance *a = instance_of_text(
        store,
        "(component"
        "  (import \"t:p/b\" (instance $b (export \"r\" (type $r (sub resource)))"
        "    (export \"make\" (func (result (own $r))))))"
        "  (alias export $b \"r\" (type $r)) (import \"hold\" (func $hold (param \"x\" (own $r))))"
        "  (core func $make (canon lower (func $b \"make\"))) (core func $hold (canon lower (func $hold)))"
        "  (core module $m (import \"\" \"make\" (func $make (result i32))) (import \"\" \"hold\" (func $hold (param "
        "i32)))"
        "    (func (export \"go\") (call $hold (call $make))))"
        "  (core instance $m (instantiate $m (with \"\""
        "    (instance (export \"make\" (func $make)) (export \"hold\" (func $hold))))))"
        "  (func (export \"go\") (canon lift (core func $m \"go\"))) (export \"hold\" (func $hold)))",
        l);
    cwrun_linker_drop(l);
    *maker = b;
    *giver = a;
    return cwrun_instance_func(a, "go", &err);
}

static void a_call_that_is_dropped_runs_destructors_of_guests_and_a_store_does_not(void **state)
{
    (void)state;
    for (int whole = 0; whole < 2; whole++) {
        struct host h = { .how = AT_ONCE };
        cwrun_store *store = store_for(&h);
        cwrun_instance *maker, *giver;
        cwrun_polled *p = cwrun_call_start(giving(store, &maker, &giver), NULL, 0, &err);
        assert_int_equal(cwrun_call_poll(p, &err), CWRUN_PENDING);
        if (whole)
            cwrun_store_drop(store);
        cwrun_call_drop(p);
        assert_int_equal(h.n_cancelled, 1);
        assert_int_equal(h.asked[0], whole ? 0 : 5);
        cwrun_ticket_drop(h.tickets[0]);
        if (!whole)
            cwrun_store_drop(store);
    }
}

static void failed_in_destructor(const struct host *h)
{
    assert_int_equal(h->asked[0], 5);
    if (h->how == EXIT) {
        assert_int_equal(err.kind, CWRUN_ERROR_EXIT);
        assert_int_equal(err.exit_status, 3);
    } else {
        assert_int_equal(err.kind, CWRUN_ERROR_TRAP);
        assert_string_equal(err.message, "no such thing");
        assert_true(err.n_frames > 0);
        assert_non_null(strstr(err.frames[err.n_frames - 1].function, "dtor"));
    }
    cwrun_error_clear(&err);
}

/* The guest calls the host function, or the host calls it through the guest. */
static void a_destructor_that_fails_as_a_host_function_answers_fails_the_call(void **state)
{
    (void)state;
    for (int i = 0; i < 4; i++) {
        struct host h = { .how = i & 1 ? EXIT : TRAP, .answers = true };
        cwrun_store *store = store_for(&h);
        cwrun_instance *maker, *giver;
        cwrun_func *go = giving(store, &maker, &giver);
        cwrun_val thing;
        if (i & 2) {
            assert_true(cwrun_call(maker, "make", NULL, 0, &thing, NULL, &err));
            assert_false(cwrun_call(giver, "hold", &thing, 1, NULL, NULL, &err));
        } else {
            assert_false(cwrun_func_call(go, NULL, 0, NULL, NULL, &err));
        }
        failed_in_destructor(&h);
        cwrun_store_drop(store);
    }
}

static void a_result_that_nobody_wants_may_fail_the_call_with_its_destructor(void **state)
{
    struct host h = { .how = TRAP };
    cwrun_store *store = store_for(&h);
    cwrun_val v = cwrun_u32(5);
    (void)state;
    assert_false(cwrun_call(instance_in(store), "make", &v, 1, NULL, NULL, &err));
    failed_in_destructor(&h);
    cwrun_store_drop(store);
}

static void what_a_store_cancels_as_it_goes_cannot_call_into_it(void **state)
{
    struct host h = { .how = TICKET };
    cwrun_store *store = store_for(&h);
    cwrun_polled *q = start(instance_in(store), "run", 2), *p = start(instance_in(store), "run", 1);
    cwrun_val v = cwrun_u32(1);
    (void)state;
    h.other = instance_in(store);
    h.calls_when_cancelled = true;
    h.polled = q;
    assert_int_equal(cwrun_call_poll(q, &err), CWRUN_PENDING);
    assert_int_equal(cwrun_call_poll(p, &err), CWRUN_PENDING);
    assert_true(cwrun_ticket_done(h.tickets[0], &v)); /* the other one could go on */
    cwrun_store_drop(store);
    assert_int_equal(h.n_cancelled, 1);
    assert_int_equal(h.inner.kind, CWRUN_ERROR_ARGUMENT);
    assert_non_null(strstr(h.inner.message, "is being dropped"));
    cwrun_error_clear(&h.inner);
    cwrun_ticket_drop(h.tickets[1]);
    cwrun_call_drop(p);
    cwrun_call_drop(q);
}

static void *interrupt_soon(void *handle)
{
    usleep(3000);
    cwrun_interrupt_raise(handle);
    return NULL;
}

static void an_interrupt_ends_a_wait(void **state)
{
    struct host h = { .how = NOTHING };
    cwrun_store *store = store_for(&h);
    cwrun_instance *in = instance_in(store);
    cwrun_interrupt *handle = cwrun_store_interrupt(store, &err);
    cwrun_val v = cwrun_u32(1);
    pthread_t thread;
    (void)state;
    pthread_create(&thread, NULL, interrupt_soon, handle);
    assert_false(cwrun_call(in, "run", &v, 1, NULL, NULL, &err));
    assert_int_equal(err.kind, CWRUN_ERROR_LIMIT);
    assert_int_equal(err.code, CWRUN_LIMIT_TIMEOUT);
    cwrun_error_clear(&err);
    pthread_join(thread, NULL);
    assert_int_equal(h.n_cancelled, 1);
    cwrun_ticket_drop(h.tickets[0]);
    cwrun_interrupt_clear(handle);
    h.how = AT_ONCE;
    assert_int_equal(call(instance_in(store), "run", 1), 204);
    cwrun_store_drop(store);
    cwrun_interrupt_raise(handle);
    cwrun_interrupt_drop(handle);
}

static void a_host_function_that_is_exported_again_may_be_pending(void **state)
{
    struct host h = { .how = TICKET_THREAD };
    cwrun_store *store = store_for(&h);
    cwrun_instance *in = instance_in(store);
    (void)state;
    assert_int_equal(call(in, "echo-wait", 1), 100);
    h.how = DEADLINE;
    assert_int_equal(call(in, "echo-wait", 1), 101);
    h.how = TICKET;
    h.n = 0;
    cwrun_polled *p = start(in, "echo-wait", 1);
    assert_int_equal(cwrun_call_poll(p, &err), CWRUN_PENDING);
    assert_true(cwrun_ticket_trap(h.tickets[0], "no more"));
    assert_int_equal(cwrun_call_poll(p, &err), CWRUN_FAILED);
    assert_string_equal(err.message, "no more");
    cwrun_error_clear(&err);
    cwrun_call_drop(p);
    h.how = AT_ONCE;
    assert_int_equal(call(in, "run", 1), 204);
    cwrun_store_drop(store);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_call_through_two_components_waits_for_another_os_thread),
        cmocka_unit_test(a_ticket_may_be_done_before_pending_is_answered),
        cmocka_unit_test(deadlines_and_descriptors_end_a_wait),
        cmocka_unit_test(an_event_loop_sees_what_a_polled_call_waits_for),
        cmocka_unit_test(a_ticket_wakes_the_event_loop),
        cmocka_unit_test(two_stores_in_one_os_thread_finish_in_either_order),
        cmocka_unit_test(two_instances_of_one_store_finish_in_either_order),
        cmocka_unit_test(a_synchronous_call_drives_polled_ones_too),
        cmocka_unit_test(a_pending_chain_keeps_its_instances_closed),
        cmocka_unit_test(a_destructor_may_be_pending),
        cmocka_unit_test(a_handle_of_the_host_may_have_a_pending_destructor),
        cmocka_unit_test(a_drop_inside_a_host_function_is_put_off),
        cmocka_unit_test(inside_a_host_function_a_call_waits_for_its_own_chain),
        cmocka_unit_test(a_component_cannot_be_entered_again_from_its_import),
        cmocka_unit_test(start_functions_may_be_pending),
        cmocka_unit_test(a_ticket_may_trap_or_be_given_up),
        cmocka_unit_test(a_call_dropped_while_pending_is_cancelled),
        cmocka_unit_test(a_store_dropped_while_calls_are_pending_cancels_them),
        cmocka_unit_test(a_call_that_is_dropped_runs_destructors_of_guests_and_a_store_does_not),
        cmocka_unit_test(a_destructor_that_fails_as_a_host_function_answers_fails_the_call),
        cmocka_unit_test(a_result_that_nobody_wants_may_fail_the_call_with_its_destructor),
        cmocka_unit_test(what_a_store_cancels_as_it_goes_cannot_call_into_it),
        cmocka_unit_test(an_interrupt_ends_a_wait),
        cmocka_unit_test(a_host_function_that_is_exported_again_may_be_pending),
    };
    return cmocka_run_group_tests(tests, load, unload);
}
