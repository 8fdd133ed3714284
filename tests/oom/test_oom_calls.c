/* oom/test_oom_calls.c: out of memory around host resources, pending calls and linking of instances. */
#include "oom/scenario.h"

#define KVDB "demo:kv-store/kvdb"

static int n_open;

static cwrun_status connection_new(cwrun_caller *caller, const cwrun_val *args, size_t n_args, cwrun_val *result,
                                   void *user)
{
    (void)args;
    (void)n_args;
    cwrun_handle handle = cwrun_resource_new(caller, KVDB, "connection", user);
    if (!handle)
        return cwrun_caller_trap(caller, "out of memory");
    n_open++;
    *result = cwrun_own(handle);
    return CWRUN_DONE;
}

static void connection_drop(void *object, void *user)
{
    (void)object;
    (void)user;
    n_open--;
}

struct option_string {
    uint8_t is_some;
    cwrun_str some;
};

static cwrun_status connection_get(cwrun_caller *caller, const cwrun_val *args, size_t n_args, cwrun_val *result,
                                   void *user)
{
    struct option_string *value = cwrun_caller_alloc(caller, sizeof *value);
    cwrun_val kept = cwrun_caller_keep(caller, &args[1]);
    (void)n_args;
    (void)user;
    if (!value || !kept.kind || !cwrun_handle_object(cwrun_caller_store(caller), args[0].of.handle))
        return cwrun_caller_trap(caller, "out of memory");
    value->is_some = 1;
    value->some = kept.of.string;
    *result = cwrun_val_of(cwrun_functype_result(cwrun_caller_type(caller)), value, sizeof *value, NULL);
    return CWRUN_DONE;
}

static cwrun_status nothing(cwrun_caller *caller, const cwrun_val *args, size_t n_args, cwrun_val *result, void *user)
{
    (void)caller;
    (void)args;
    (void)n_args;
    (void)result;
    (void)user;
    return CWRUN_DONE;
}

static void host_resources(cwrun_engine *engine, cwrun_error *err)
{
    static int object;
    cwrun_store *store = cwrun_store_new(engine, NULL, err);
    cwrun_linker *linker = cwrun_linker_new(engine, err);
    cwrun_linker_resource(linker, KVDB, "connection", connection_drop, NULL, NULL, err);
    cwrun_linker_func(linker, KVDB, "[constructor]connection", NULL, connection_new, &object, NULL, err);
    cwrun_linker_func(linker, KVDB, "[method]connection.get", NULL, connection_get, NULL, NULL, err);
    cwrun_linker_func(linker, KVDB, "[method]connection.set", NULL, nothing, NULL, NULL, err);
    cwrun_linker_func(linker, NULL, "log", "func(msg: string)", nothing, NULL, NULL, err);
    cwrun_component *component = cwrun_component_open(engine, "testdata/guests/kv.wasm", err);
    cwrun_instance *in = cwrun_instantiate(store, component, linker, err);
    cwrun_val args[] = { cwrun_string(cwrun_str_of("key")), cwrun_string(cwrun_str_of("value")) }, n = cwrun_u32(40);
    cwrun_call(in, "replace-value", args, 2, NULL, NULL, err);
    cwrun_call(in, "open-many", &n, 1, NULL, NULL, err);
    cwrun_store_drop(store);
    cwrun_linker_drop(linker);
    cwrun_component_drop(component);
    assert_int_equal(n_open, 0);
}

/* ---- pending ---- */

struct pending {
    cwrun_ticket *ticket;
    int how;
};

static cwrun_status later(cwrun_caller *caller, const cwrun_val *args, size_t n_args, cwrun_val *result, void *user)
{
    struct pending *p = user;
    cwrun_wait on = { 0, CWRUN_WAIT_READ };
    *result = cwrun_u32(1);
    (void)args;
    (void)n_args;
    if (p->how == 1)
        return cwrun_caller_wait(caller, &on, 1, 1, nothing, NULL); /* a deadline that has passed */
    if (p->how == 2) {
        cwrun_ticket *ticket = cwrun_caller_defer(caller, NULL, NULL);
        if (!ticket)
            return cwrun_caller_trap(caller, "out of memory");
        cwrun_ticket_done(ticket, result);
        return CWRUN_PENDING;
    }
    p->ticket = cwrun_caller_defer(caller, NULL, NULL);
    return p->ticket ? CWRUN_PENDING : cwrun_caller_trap(caller, "out of memory");
}

static cwrun_instance *pending_instance(cwrun_engine *engine, cwrun_store *store, struct pending *p, cwrun_error *err)
{
    cwrun_linker *linker = cwrun_linker_new(engine, err);
    cwrun_linker_func(linker, NULL, "wait", NULL, later, p, NULL, err);
    cwrun_component *component = cwrun_component_open(engine, "tests/api/pending.wasm", err);
    cwrun_instance *in = cwrun_instantiate(store, component, linker, err);
    cwrun_component_drop(component);
    cwrun_linker_drop(linker);
    return in;
}

static void polled_calls(cwrun_engine *engine, cwrun_error *err)
{
    struct pending p = { NULL, 0 };
    cwrun_store *store = cwrun_store_new(engine, NULL, err);
    cwrun_instance *in = pending_instance(engine, store, &p, err);
    cwrun_val x = cwrun_u32(7);
    cwrun_polled *call = cwrun_call_start(cwrun_instance_func(in, "make-and-drop", err), &x, 1, err);
    if (call && cwrun_call_poll(call, err) == CWRUN_PENDING) {
        cwrun_waits waits = cwrun_store_waits(store);
        assert_true(waits.n == 1 || waits.deadline == 0);
        cwrun_ticket_done(p.ticket, &x);
        cwrun_call_poll(call, err);
    }
    cwrun_call_drop(call);
    cwrun_store_drop(store);
}

static void driven_calls(cwrun_engine *engine, cwrun_error *err)
{
    struct pending p = { NULL, 2 };
    cwrun_store *store = cwrun_store_new(engine, NULL, err);
    cwrun_instance *in = pending_instance(engine, store, &p, err);
    cwrun_val x = cwrun_u32(7), thing, result;
    cwrun_call(in, "run", &x, 1, &result, NULL, err);
    cwrun_call(in, "echo-wait", &x, 1, &result, NULL, err);
    if (cwrun_call(in, "make", &x, 1, &thing, NULL, err)) {
        cwrun_call(in, "peek", &thing, 1, &result, NULL, err);
        cwrun_handle_drop(store, thing.of.handle, err);
    }
    cwrun_store_drop(store);
}

static void instances_for_instances(cwrun_engine *engine, cwrun_error *err)
{
    cwrun_store *store = cwrun_store_new(engine, NULL, err);
    cwrun_linker *linker = cwrun_linker_new(engine, err);
    cwrun_component *adder = cwrun_component_open(engine, "testdata/guests/adder.wasm", err);
    cwrun_component *counters = cwrun_component_open(engine, "testdata/guests/resources.wasm", err);
    cwrun_component *consumer = cwrun_component_open(engine, "tests/api/consumer.wasm", err);
    cwrun_instance *a = cwrun_instantiate(store, adder, NULL, err), *c = cwrun_instantiate(store, counters, NULL, err);
    if (a && c) {
        cwrun_linker_instance(linker, "add", a, err);
        cwrun_linker_instance(linker, "cwrun:guests/counters@0.1.0", c, err);
    }
    cwrun_instance *in = cwrun_instantiate(store, consumer, linker, err);
    cwrun_val args[2] = { cwrun_s32(1), cwrun_s32(2) }, sum, start = cwrun_u32(3);
    cwrun_call(in, "sum", args, 2, &sum, NULL, err);
    cwrun_call(in, "count", &start, 1, &sum, NULL, err);
    cwrun_store_drop(store);
    cwrun_component_drop(adder);
    cwrun_component_drop(counters);
    cwrun_component_drop(consumer);
    cwrun_linker_drop(linker);
}

static void missing_imports(cwrun_engine *engine, cwrun_error *err)
{
    cwrun_error link = CWRUN_ERROR_INIT;
    cwrun_store *store = cwrun_store_new(engine, NULL, err);
    cwrun_component *component = cwrun_component_open(engine, "testdata/guests/needs.wasm", err);
    cwrun_linker *linker = cwrun_linker_new(engine, err);
    if (component && store && linker) {
        assert_null(cwrun_instantiate(store, component, linker, &link));
        if (link.kind == CWRUN_ERROR_LINK)
            cwrun_error_clear(&link);
        else
            *err = link;
    }
    cwrun_store_drop(store);
    cwrun_component_drop(component);
    cwrun_linker_drop(linker);
}

SCENARIO(host_resources)
SCENARIO(polled_calls)
SCENARIO(driven_calls)
SCENARIO(instances_for_instances)
SCENARIO(missing_imports)

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(host_resources_without_memory),  cmocka_unit_test(polled_calls_without_memory),
        cmocka_unit_test(driven_calls_without_memory),    cmocka_unit_test(instances_for_instances_without_memory),
        cmocka_unit_test(missing_imports_without_memory),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
