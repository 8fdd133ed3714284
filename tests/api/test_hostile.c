/* tests/api/test_hostile.c: what a careless embedder does: wrong arguments, handles given twice, objects dropped in any
 * order and at any time, NULL everywhere. Each of it is an argument error or nothing, and what was there goes on. */
#include <cwrun.h>
#include <stdlib.h>

#include <setjmp.h>
#include <stdarg.h>
#include <cmocka.h>

static const uint64_t MS = 1000000;

static cwrun_engine *engine;
static cwrun_component *hostile;
static cwrun_error err;

/* What the host's function does when the guest calls it, and what came of it. */
struct host {
    enum { RETURN, DROP_STORE, DROP_POLLED, CALL_BACK, PEND, PEND_ALL, WAIT_NULL } act;
    cwrun_store *store;
    cwrun_instance *self;
    cwrun_polled *polled[3];
    cwrun_ticket *tickets[3];
    unsigned n_tickets, n_cancelled, n_finalized;
    uint64_t deadline;
    cwrun_handle handle; /* to drop when a connection ends */
    cwrun_error inner;
};

static struct host h;

static void on_cancel(void *user)
{
    struct host *host = user;
    host->n_cancelled++;
    if (host->act == DROP_STORE)
        cwrun_store_drop(host->store);
    for (unsigned i = 0; host->act == DROP_POLLED && i < 3; i++) {
        cwrun_call_drop(host->polled[i]);
        host->polled[i] = NULL;
    }
}

static cwrun_status again(cwrun_caller *caller, const cwrun_val *args, size_t n_args, cwrun_val *result, void *user)
{
    (void)n_args;
    (void)user;
    (void)caller;
    for (unsigned i = 0; h.act == DROP_POLLED && i < 3; i++) {
        cwrun_call_drop(h.polled[i]);
        h.polled[i] = NULL;
    }
    *result = cwrun_u32(args[0].of.u32 + 1);
    return CWRUN_DONE;
}

static cwrun_status on_host(cwrun_caller *caller, const cwrun_val *args, size_t n_args, cwrun_val *result, void *user)
{
    cwrun_val x = cwrun_u32(7);
    (void)n_args;
    (void)user;
    *result = cwrun_u32(args[0].of.u32 + 1);
    switch (h.act) {
    case RETURN: return CWRUN_DONE;
    case DROP_STORE: cwrun_store_drop(h.store); return CWRUN_DONE;
    case CALL_BACK: assert_false(cwrun_call(h.self, "go", &x, 1, NULL, NULL, &h.inner)); return CWRUN_DONE;
    case PEND:
    case DROP_POLLED: return cwrun_caller_wait(caller, NULL, 0, h.deadline, again, NULL);
    case PEND_ALL: h.tickets[h.n_tickets++ % 3] = cwrun_caller_defer(caller, on_cancel, &h); return CWRUN_PENDING;
    default: return cwrun_caller_wait(caller, NULL, 3, 0, again, NULL);
    }
}

static void on_end(void *object, void *user)
{
    (void)object;
    (void)user;
    h.n_finalized++;
    if (h.handle)
        cwrun_handle_drop(h.store, h.handle, NULL);
    h.handle = 0;
}

static cwrun_linker *linker_of(cwrun_engine *of)
{
    cwrun_linker *l = cwrun_linker_new(of, &err);
    assert_true(cwrun_linker_func(l, NULL, "host", NULL, on_host, NULL, NULL, &err));
    assert_true(cwrun_linker_resource(l, NULL, "conn", on_end, NULL, NULL, &err));
    return l;
}

static cwrun_instance *instance(void)
{
    memset(&h, 0, sizeof h);
    cwrun_linker *l = linker_of(engine);
    h.store = cwrun_store_new(engine, NULL, &err);
    h.self = cwrun_instantiate(h.store, hostile, l, &err);
    cwrun_linker_drop(l);
    cwrun_error_report(&err, stderr);
    assert_non_null(h.self);
    return h.self;
}

static void assert_usable(cwrun_instance *in)
{
    cwrun_val args[] = { cwrun_u32(1), cwrun_u32(2) }, sum;
    bool ok = cwrun_call(in, "add", args, 2, &sum, NULL, &err);
    cwrun_error_report(&err, stderr);
    assert_true(ok);
    assert_int_equal(sum.of.u32, 3);
}

static void assert_argument_error(const char *words)
{
    if (err.kind != CWRUN_ERROR_ARGUMENT || !strstr(err.message, words))
        cwrun_error_print(&err, cwrun_to_file, stderr);
    assert_int_equal(err.kind, CWRUN_ERROR_ARGUMENT);
    assert_non_null(strstr(err.message, words));
    cwrun_error_clear(&err);
}

static cwrun_val make(cwrun_instance *in)
{
    cwrun_val x = cwrun_u32(5), thing;
    assert_true(cwrun_call(in, "make", &x, 1, &thing, NULL, &err));
    return thing;
}

/* ---- arguments ---- */

static void an_own_handle_given_twice_is_an_argument_error(void **state)
{
    (void)state;
    cwrun_instance *in = instance();
    cwrun_val thing = make(in), twice[] = { thing, thing };
    assert_false(cwrun_call(in, "two", twice, 2, NULL, NULL, &err));
    assert_argument_error("args[1]");
    assert_usable(in);
    assert_false(cwrun_call(in, "both", twice, 2, NULL, NULL, &err));
    assert_argument_error("args");
    assert_usable(in);

    uint32_t handles[] = { thing.of.handle, make(in).of.handle, thing.of.handle };
    cwrun_list list = { handles, 3 };
    const cwrun_type *type = cwrun_func_param(cwrun_instance_func(in, "all", &err), 0);
    cwrun_val all = cwrun_val_of(type, &list, sizeof list, &err);
    assert_false(cwrun_call(in, "all", &all, 1, NULL, NULL, &err));
    assert_argument_error("[2]");
    assert_usable(in);
    assert_true(cwrun_handle_drop(h.store, thing.of.handle, &err)); /* nothing was given away */
    cwrun_store_drop(h.store);
}

static void missing_arguments_are_an_argument_error(void **state)
{
    (void)state;
    cwrun_instance *in = instance();
    assert_false(cwrun_call(in, "add", NULL, 2, NULL, NULL, &err));
    assert_argument_error("NULL");
    assert_null(cwrun_call_start(cwrun_instance_func(in, "add", &err), NULL, 2, &err));
    assert_argument_error("NULL");
    assert_false(cwrun_call(in, "echo", NULL, 1, NULL, NULL, &err));
    assert_argument_error("NULL");
    assert_usable(in);
    cwrun_store_drop(h.store);
}

static void wrong_bytes_are_argument_errors_with_a_path(void **state)
{
    (void)state;
    cwrun_instance *in = instance();
    const cwrun_type *type = cwrun_func_param(cwrun_instance_func(in, "numbers", &err), 0);
    cwrun_list list = { NULL, 3 };
    cwrun_val v = cwrun_val_of(type, &list, sizeof list, &err);
    assert_false(cwrun_call(in, "numbers", &v, 1, NULL, NULL, &err));
    assert_argument_error("args[0]");
    list = (cwrun_list){ &list, SIZE_MAX / 2 };
    assert_false(cwrun_call(in, "numbers", &v, 1, NULL, NULL, &err));
    assert_argument_error("args[0]");
    cwrun_val s = cwrun_string((cwrun_str){ NULL, 1 });
    assert_false(cwrun_call(in, "echo", &s, 1, NULL, NULL, &err));
    assert_argument_error("args[0]");
    s = cwrun_string((cwrun_str){ "x", SIZE_MAX });
    assert_false(cwrun_call(in, "echo", &s, 1, NULL, NULL, &err));
    assert_argument_error("args[0]");
    s = cwrun_string((cwrun_str){ "\xff", 1 });
    assert_false(cwrun_call(in, "echo", &s, 1, NULL, NULL, &err));
    assert_argument_error("args[0]");
    v = (cwrun_val){ .kind = 200 };
    assert_false(cwrun_call(in, "echo", &v, 1, NULL, NULL, &err));
    assert_argument_error("args[0]");
    assert_usable(in);
    cwrun_store_drop(h.store);
}

static bool to_nowhere(void *user, const char *data, size_t size)
{
    (void)user;
    (void)data;
    (void)size;
    return true;
}

/* What an embedder makes by hand may be wrong in any way that a look at the value itself finds out. */
static void values_made_wrong_are_nothing(void **state)
{
    (void)state;
    cwrun_instance *in = instance();
    cwrun_func *f = cwrun_instance_func(in, "numbers", &err);
    const cwrun_type *numbers = cwrun_func_param(f, 0);
    cwrun_list no_bytes = { NULL, 3 };
    cwrun_val wrong[] = {
        { .kind = CWRUN_KIND_LIST, .type = numbers, .of.data = NULL },
        { .kind = CWRUN_KIND_LIST, .type = numbers, .of.data = &no_bytes },
        { .kind = CWRUN_KIND_LIST, .of.data = &no_bytes },
        { .kind = CWRUN_KIND_RECORD, .of.data = &no_bytes },
        { .kind = CWRUN_KIND_RECORD, .type = numbers, .of.data = &no_bytes },
        { .kind = CWRUN_KIND_VARIANT, .of.data = &no_bytes },
        { .kind = CWRUN_KIND_FLAGS, .of.data = &no_bytes },
        { .kind = CWRUN_KIND_U32, .type = numbers, .of.u32 = 7 },
        { .kind = CWRUN_KIND_STRING, .type = numbers },
        { .kind = CWRUN_KIND_STRING, .of.string = { NULL, 5 } },
        { .kind = 200, .type = numbers },
        { .kind = 200 },
    };
    cwrun_arena *arena = cwrun_arena_new(NULL);
    for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++) {
        cwrun_val *v = &wrong[i];
        assert_int_equal(cwrun_val_copy(v, arena).kind, 0);
        assert_int_equal(cwrun_val_size(v), 0);
        assert_int_equal(cwrun_val_at(v, 0).kind, 0);
        assert_int_equal(cwrun_val_field(v, "a").kind, 0);
        assert_int_equal(cwrun_val_case(v), UINT32_MAX);
        assert_int_equal(cwrun_val_payload(v).kind, 0);
        assert_int_equal(cwrun_val_flags(v), 0);
        assert_true(cwrun_val_print(v, to_nowhere, NULL));
        assert_false(cwrun_func_call(f, v, 1, NULL, NULL, &err));
        assert_argument_error("args[0]");
        cwrun_polled *p = cwrun_call_start(f, v, 1, &err);
        assert_int_equal(cwrun_call_poll(p, &err), CWRUN_FAILED);
        assert_argument_error("args[0]");
        cwrun_call_drop(p);
        cwrun_builder *b = cwrun_builder_new(arena, numbers, &err);
        assert_true(!cwrun_builder_val(b, v) || i == 1); /* what a list points to is looked at when it is used */
        cwrun_error_clear(&err);
    }
    cwrun_val strings = cwrun_string(cwrun_str_of("x"));
    cwrun_builder *b = cwrun_builder_new(arena, numbers, &err);
    cwrun_builder_begin(b, 1);
    assert_false(cwrun_builder_val(b, &strings));
    assert_argument_error("[0]: a value of another type");
    assert_usable(in);
    cwrun_arena_drop(arena);
    cwrun_store_drop(h.store);
}

static void a_result_may_be_the_next_argument_and_stand_where_it_stood(void **state)
{
    (void)state;
    cwrun_instance *in = instance();
    cwrun_val v = cwrun_string(cwrun_str_of("echo")), args[] = { cwrun_u32(1), cwrun_u32(2) };
    for (int i = 0; i < 5; i++) {
        assert_true(cwrun_call(in, "echo", &v, 1, &v, NULL, &err));
        assert_int_equal(v.of.string.size, 4);
        assert_memory_equal(v.of.string.data, "echo", 4);
    }
    assert_true(cwrun_call(in, "add", args, 2, &args[0], NULL, &err));
    assert_int_equal(args[0].of.u32, 3);
    cwrun_store_drop(h.store);
}

/* ---- lives ---- */

static void a_store_may_be_dropped_inside_a_host_function(void **state)
{
    (void)state;
    cwrun_val x = cwrun_u32(1), result;
    cwrun_instance *in = instance();
    h.act = DROP_STORE;
    cwrun_call(in, "go", &x, 1, &result, NULL, &err);
    cwrun_error_clear(&err);

    in = instance();
    h.act = DROP_STORE;
    cwrun_polled *p = cwrun_call_start(cwrun_instance_func(in, "go", &err), &x, 1, &err);
    cwrun_call_poll(p, &err);
    cwrun_error_clear(&err);
    assert_int_equal(cwrun_call_poll(p, &err), CWRUN_FAILED);
    assert_argument_error("gone");
    cwrun_call_drop(p);
}

static void polled_calls_may_be_dropped_by_each_other(void **state)
{
    (void)state;
    cwrun_val x = cwrun_u32(1), result;
    cwrun_instance *in = instance(), *others[3];
    cwrun_linker *l = linker_of(engine);
    h.act = DROP_POLLED;
    h.deadline = cwrun_monotonic_now() + 20 * MS;
    for (unsigned i = 0; i < 3; i++) {
        others[i] = cwrun_instantiate(h.store, hostile, l, &err);
        h.polled[i] = cwrun_call_start(cwrun_instance_func(others[i], "go", &err), &x, 1, &err);
        assert_int_equal(cwrun_call_poll(h.polled[i], &err), CWRUN_PENDING);
    }
    cwrun_linker_drop(l);
    /* while this one waits the others go on, and the first to do so drops them all */
    h.deadline += 20 * MS;
    assert_true(cwrun_call(in, "go", &x, 1, &result, NULL, &err));
    assert_null(h.polled[0]);
    assert_usable(in);

    h.deadline = 0;
    for (unsigned i = 0; i < 3; i++)
        h.polled[i] = cwrun_call_start(cwrun_instance_func(in, "go", &err), &x, 1, &err);
    assert_int_equal(cwrun_call_poll(h.polled[1], &err), CWRUN_DONE);
    assert_null(h.polled[1]);
    cwrun_store_drop(h.store);
}

static void a_cancelled_call_may_drop_the_others(void **state)
{
    (void)state;
    cwrun_val x = cwrun_u32(1);
    instance();
    cwrun_linker *l = linker_of(engine);
    h.act = PEND_ALL;
    for (unsigned i = 0; i < 3; i++) {
        cwrun_instance *in = cwrun_instantiate(h.store, hostile, l, &err);
        h.polled[i] = cwrun_call_start(cwrun_instance_func(in, "go", &err), &x, 1, &err);
        assert_int_equal(cwrun_call_poll(h.polled[i], &err), CWRUN_PENDING);
    }
    cwrun_linker_drop(l);
    h.act = DROP_POLLED;
    cwrun_store_drop(h.store);
    assert_int_equal(h.n_cancelled, 3);
    for (unsigned i = 0; i < 3; i++)
        assert_false(cwrun_ticket_done(h.tickets[i], &x));
}

static void a_cancelled_call_may_drop_its_store(void **state)
{
    (void)state;
    cwrun_val x = cwrun_u32(1);
    cwrun_instance *in = instance();
    h.act = PEND_ALL;
    cwrun_polled *p = cwrun_call_start(cwrun_instance_func(in, "go", &err), &x, 1, &err);
    assert_int_equal(cwrun_call_poll(p, &err), CWRUN_PENDING);
    h.act = DROP_STORE;
    cwrun_call_drop(p);
    assert_int_equal(h.n_cancelled, 1);
    assert_false(cwrun_ticket_done(h.tickets[0], &x));
}

static void a_call_back_into_the_guest_is_refused(void **state)
{
    (void)state;
    cwrun_val x = cwrun_u32(1), result;
    cwrun_instance *in = instance();
    h.act = CALL_BACK;
    assert_true(cwrun_call(in, "go", &x, 1, &result, NULL, &err));
    assert_int_equal(h.inner.kind, CWRUN_ERROR_TRAP);
    assert_non_null(strstr(h.inner.message, "cannot enter component instance"));
    cwrun_error_clear(&h.inner);
    assert_usable(in);
    cwrun_store_drop(h.store);
}

static void waiting_for_nothing_at_a_null_place_is_a_trap(void **state)
{
    (void)state;
    cwrun_val x = cwrun_u32(1);
    cwrun_instance *in = instance();
    h.act = WAIT_NULL;
    assert_false(cwrun_call(in, "go", &x, 1, NULL, NULL, &err));
    assert_int_equal(err.kind, CWRUN_ERROR_TRAP);
    cwrun_error_clear(&err);
    assert_false(cwrun_call(in, "add", &x, 1, NULL, NULL, &err)); /* poisoned */
    cwrun_error_clear(&err);
    cwrun_store_drop(h.store);
}

static void engines_do_not_mix(void **state)
{
    (void)state;
    cwrun_engine *other = cwrun_engine_new(NULL, &err);
    cwrun_store *store = cwrun_store_new(other, NULL, &err);
    cwrun_linker *l = linker_of(engine), *right = linker_of(other);
    assert_null(cwrun_instantiate(store, hostile, right, &err));
    assert_argument_error("engine");
    cwrun_store *own = cwrun_store_new(engine, NULL, &err);
    assert_null(cwrun_instantiate(own, hostile, right, &err));
    assert_argument_error("engine");
    cwrun_instance *in = instance();
    assert_true(cwrun_linker_instance(l, "host", in, &err) || cwrun_failed(&err));
    cwrun_error_clear(&err);
    cwrun_instance *second = cwrun_instantiate(own, hostile, l, &err); /* gives what is another store's */
    if (!second)
        cwrun_error_clear(&err);
    cwrun_linker_drop(l);
    cwrun_linker_drop(right);
    cwrun_engine_drop(other);
    cwrun_store_drop(store);
    cwrun_store_drop(own);
    cwrun_store_drop(h.store);
}

static void null_is_nothing(void **state)
{
    (void)state;
    cwrun_val v, none = { 0 };
    size_t paren;
    cwrun_str name;
    cwrun_engine_drop(NULL);
    cwrun_component_drop(NULL);
    cwrun_linker_drop(NULL);
    cwrun_store_drop(NULL);
    cwrun_call_drop(NULL);
    cwrun_ticket_drop(NULL);
    cwrun_arena_drop(NULL);
    cwrun_arena_reset(NULL);
    cwrun_interrupt_drop(NULL);
    cwrun_interrupt_raise(NULL);
    cwrun_wasi_drop(NULL);
    cwrun_wasi_flush(NULL);
    cwrun_error_clear(NULL);
    cwrun_error_report(NULL, stderr);
    cwrun_store_set_fuel(NULL, 1);
    cwrun_store_set_data(NULL, NULL, NULL);
    cwrun_linker_stub_rest(NULL, true);
    assert_null(cwrun_store_new(NULL, NULL, NULL));
    assert_null(cwrun_component_load(NULL, NULL, 0, NULL, NULL));
    assert_null(cwrun_component_load(engine, NULL, 10, NULL, NULL));
    assert_null(cwrun_component_open(engine, NULL, NULL));
    assert_null(cwrun_linker_new(NULL, NULL));
    assert_false(cwrun_linker_func(NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL));
    assert_false(cwrun_linker_resource(NULL, NULL, NULL, NULL, NULL, NULL, NULL));
    assert_false(cwrun_linker_instance(NULL, NULL, NULL, NULL));
    assert_null(cwrun_instantiate(NULL, hostile, NULL, NULL));
    assert_null(cwrun_instance_func(NULL, NULL, NULL));
    assert_false(cwrun_func_call(NULL, NULL, 0, NULL, NULL, NULL));
    assert_false(cwrun_call(NULL, NULL, NULL, 0, NULL, NULL, NULL));
    assert_null(cwrun_call_start(NULL, NULL, 0, NULL));
    assert_int_equal(cwrun_call_poll(NULL, NULL), CWRUN_FAILED);
    assert_false(cwrun_ticket_done(NULL, NULL));
    assert_false(cwrun_handle_drop(NULL, 1, NULL));
    assert_null(cwrun_handle_object(NULL, 1));
    assert_int_equal(cwrun_component_n_imports(NULL), 0);
    assert_null(cwrun_component_import(NULL, 0));
    assert_null(cwrun_func_type(NULL));
    assert_false(cwrun_wasi_add(NULL, NULL));
    assert_false(cwrun_store_set_wasi(NULL, NULL, NULL));
    assert_false(cwrun_wasi_run(NULL, NULL, NULL));
    assert_int_equal(cwrun_val_size(NULL), 0);
    assert_int_equal(cwrun_val_at(NULL, 0).kind, 0);
    assert_int_equal(cwrun_val_field(&none, NULL).kind, 0);
    assert_int_equal(cwrun_val_case(NULL), UINT32_MAX);
    assert_int_equal(cwrun_val_payload(NULL).kind, 0);
    assert_null(cwrun_val_data(NULL));
    assert_int_equal(cwrun_val_of(NULL, NULL, 0, NULL).kind, 0);
    assert_null(cwrun_builder_new(NULL, NULL, NULL));
    assert_false(cwrun_builder_begin(NULL, 1));
    assert_int_equal(cwrun_builder_finish(NULL).kind, 0);
    assert_false(cwrun_val_parse(NULL, cwrun_str_of("1"), NULL, &v, NULL));
    assert_false(cwrun_call_split((cwrun_str){ NULL, 0 }, &name, &paren));
    assert_false(cwrun_args_parse(NULL, cwrun_str_of("()"), 0, NULL, &v, NULL));
    assert_int_equal(cwrun_val_copy(NULL, NULL).kind, 0);
    cwrun_val_print(NULL, cwrun_to_file, stderr);
    cwrun_instance *in = instance();
    assert_null(cwrun_instance_func(in, NULL, &err));
    cwrun_error_clear(&err);
    assert_null(cwrun_instantiate(h.store, NULL, NULL, &err));
    cwrun_error_clear(&err);
    cwrun_store_drop(h.store);
}

static cwrun_status give(cwrun_caller *caller, const cwrun_val *args, size_t n_args, cwrun_val *result, void *user)
{
    (void)n_args;
    (void)user;
    h.handle = cwrun_resource_new(caller, NULL, "conn", &h);
    *result = cwrun_u32(args[0].of.u32);
    return CWRUN_DONE;
}

static void destructors_of_host_objects_run_once_and_may_drop_more(void **state)
{
    (void)state;
    memset(&h, 0, sizeof h);
    cwrun_linker *l = linker_of(engine);
    cwrun_linker_func(l, NULL, "host", NULL, give, NULL, NULL, &err);
    h.store = cwrun_store_new(engine, NULL, &err);
    cwrun_instance *in = cwrun_instantiate(h.store, hostile, l, &err);
    cwrun_linker_drop(l);
    cwrun_val x = cwrun_u32(1), thing = make(in);
    for (int i = 0; i < 3; i++) {
        assert_true(cwrun_call(in, "go", &x, 1, NULL, NULL, &err));
        cwrun_val conn = cwrun_own(h.handle);
        if (i < 2)
            assert_true(cwrun_call(in, "keep", &conn, 1, NULL, NULL, &err));
    }
    h.handle = thing.of.handle;
    cwrun_store_drop(h.store);
    assert_int_equal(h.n_finalized, 3);
}

static int setup(void **state)
{
    (void)state;
    engine = cwrun_engine_new(NULL, &err);
    hostile = cwrun_component_open(engine, "tests/api/hostile.wasm", &err);
    cwrun_error_report(&err, stderr);
    return hostile ? 0 : -1;
}

static int teardown(void **state)
{
    (void)state;
    cwrun_component_drop(hostile);
    cwrun_engine_drop(engine);
    return 0;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(an_own_handle_given_twice_is_an_argument_error),
        cmocka_unit_test(missing_arguments_are_an_argument_error),
        cmocka_unit_test(wrong_bytes_are_argument_errors_with_a_path),
        cmocka_unit_test(values_made_wrong_are_nothing),
        cmocka_unit_test(a_result_may_be_the_next_argument_and_stand_where_it_stood),
        cmocka_unit_test(a_store_may_be_dropped_inside_a_host_function),
        cmocka_unit_test(polled_calls_may_be_dropped_by_each_other),
        cmocka_unit_test(a_cancelled_call_may_drop_the_others),
        cmocka_unit_test(a_cancelled_call_may_drop_its_store),
        cmocka_unit_test(a_call_back_into_the_guest_is_refused),
        cmocka_unit_test(waiting_for_nothing_at_a_null_place_is_a_trap),
        cmocka_unit_test(engines_do_not_mix),
        cmocka_unit_test(null_is_nothing),
        cmocka_unit_test(destructors_of_host_objects_run_once_and_may_drop_more),
    };
    return cmocka_run_group_tests(tests, setup, teardown);
}
