/* wasi/test_host.c: the WASI functions, called through proxy.wasm, a guest that exports `interface-function` for each
 * (methods: `resource-method`) and calls it. Everything goes over the public interface. */
#include "cwrun/wasi.h"

#include "oom/failalloc.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <sys/resource.h>
#include <unistd.h>

#include <setjmp.h>
#include <stdarg.h>
#include <cmocka.h>

#define IN "input-stream-"
#define OUT "output-stream-"
#define POLLABLE "pollable-"

static const uint64_t MS = 1000000;

/* ---- one guest ---- */

static cwrun_engine *engine;
static cwrun_component *proxy;
static cwrun_store *store;
static cwrun_instance *guest;
static cwrun_wasi *wasi;
static cwrun_error err;

static int load(void **state)
{
    (void)state;
    engine = cwrun_engine_new(NULL, &err);
    proxy = cwrun_component_open(engine, "tests/wasi/proxy.wasm", &err);
    cwrun_error_report(&err, stderr);
    return proxy ? 0 : -1;
}

static int unload(void **state)
{
    (void)state;
    cwrun_component_drop(proxy);
    cwrun_engine_drop(engine);
    return 0;
}

static int configure(void **state)
{
    (void)state;
    wasi = cwrun_wasi_new(&err);
    return wasi ? 0 : -1;
}

/* Instantiates with what was configured. */
static void start(void)
{
    store = cwrun_store_new(engine, NULL, &err);
    cwrun_store_set_wasi(store, wasi, &err);
    guest = cwrun_instantiate(store, proxy, NULL, &err);
    cwrun_error_report(&err, stderr);
    assert_non_null(guest);
}

static int finish(void **state)
{
    (void)state;
    cwrun_error_clear(&err);
    cwrun_store_drop(store);
    store = NULL;
    return 0;
}

/* ---- calls ---- */

static cwrun_func *func(const char *name)
{
    cwrun_func *f = cwrun_instance_func(guest, name, &err);
    cwrun_error_report(&err, stderr);
    assert_non_null(f);
    return f;
}

/* Calls with up to two arguments. */
static bool try_call(const char *name, const cwrun_val *a, const cwrun_val *b, const cwrun_val *third,
                     cwrun_val *result)
{
    cwrun_val args[3];
    size_t n = 0;
    if (a)
        args[n++] = *a;
    if (b)
        args[n++] = *b;
    if (third)
        args[n++] = *third;
    return cwrun_func_call(func(name), args, n, result, NULL, &err);
}

static cwrun_val call(const char *name, const cwrun_val *a, const cwrun_val *b)
{
    cwrun_val result;
    bool ok = try_call(name, a, b, NULL, &result);
    cwrun_error_report(&err, stderr);
    assert_true(ok);
    return result;
}

static cwrun_val get(const char *name)
{
    cwrun_val v = call(name, NULL, NULL);
    return cwrun_borrow(v.of.handle);
}

static cwrun_val bytes(const char *name, uint32_t param, const cwrun_list *list)
{
    cwrun_val v = cwrun_val_of(cwrun_func_param(func(name), param), list, sizeof *list, &err);
    assert_int_equal(err.kind, CWRUN_ERROR_NONE);
    return v;
}

static cwrun_val write_text(const char *name, const cwrun_val *stream, const char *text)
{
    const cwrun_list list = { text, strlen(text) };
    const cwrun_val arg = bytes(name, 1, &list);
    return call(name, stream, &arg);
}

static void expect_ok(cwrun_val v)
{
    assert_int_equal(cwrun_val_case(&v), 0);
}

static void expect_count(cwrun_val v, uint64_t n)
{
    expect_ok(v);
    const cwrun_val payload = cwrun_val_payload(&v);
    assert_int_equal(payload.of.u64, n);
}

/* stream-error: 0 last-operation-failed, 1 closed */
static cwrun_val expect_error(cwrun_val v, uint32_t which)
{
    assert_int_equal(cwrun_val_case(&v), 1);
    const cwrun_val payload = cwrun_val_payload(&v);
    assert_int_equal(cwrun_val_case(&payload), which);
    return cwrun_val_payload(&payload);
}

static void expect_bytes(cwrun_val v, const char *text)
{
    expect_ok(v);
    const cwrun_val payload = cwrun_val_payload(&v);
    const cwrun_list *list = payload.of.data;
    assert_int_equal(list->size, strlen(text));
    assert_memory_equal(list->data, text, list->size);
}

static void drop(cwrun_val handle)
{
    assert_true(cwrun_handle_drop(store, handle.of.handle, &err));
}

static bool is_ready(cwrun_val pollable)
{
    return call(POLLABLE "ready", &pollable, NULL).of.boolean;
}

static void expect_pending(cwrun_polled *polled)
{
    cwrun_status status = cwrun_call_poll(polled, &err);
    cwrun_error_report(&err, stderr);
    assert_int_equal(status, CWRUN_PENDING);
}

/* ---- a sink ---- */

typedef struct sink {
    char data[1000];
    size_t size;
    bool refuses;
} sink;

static bool to_sink(void *user, const uint8_t *data, size_t size)
{
    sink *s = user;
    if (s->refuses || s->size + size > sizeof s->data)
        return false;
    memcpy(s->data + s->size, data, size);
    s->size += size;
    return true;
}

static void expect_sink(const sink *s, const char *text)
{
    assert_int_equal(s->size, strlen(text));
    assert_memory_equal(s->data, text, s->size);
}

/* ---- streams ---- */

static void output_goes_to_a_sink(void **state)
{
    (void)state;
    sink s = { 0 };
    cwrun_wasi_stdout_to(wasi, to_sink, &s);
    start();
    cwrun_val out = get("stdout-get-stdout");
    expect_ok(call(OUT "check-write", &out, NULL));
    expect_ok(write_text(OUT "write", &out, "one "));
    expect_ok(write_text(OUT "write", &out, "two "));
    expect_ok(write_text(OUT "blocking-write-and-flush", &out, "three"));
    expect_ok(call(OUT "flush", &out, NULL));
    expect_ok(call(OUT "blocking-flush", &out, NULL));
    const cwrun_val two = cwrun_u64(2);
    expect_ok(call(OUT "write-zeroes", &out, &two));
    expect_ok(call(OUT "blocking-write-zeroes-and-flush", &out, &two));
    assert_int_equal(s.size, 17);
    assert_memory_equal(s.data, "one two three\0\0\0", 17);
    s.refuses = true;
    expect_error(write_text(OUT "write", &out, "x"), 1);
    expect_error(call(OUT "check-write", &out, NULL), 1);
    drop(out);
}

static void without_configuration_output_vanishes_and_input_is_at_its_end(void **state)
{
    (void)state;
    start();
    cwrun_val out = get("stderr-get-stderr"), in = get("stdin-get-stdin");
    expect_ok(write_text(OUT "blocking-write-and-flush", &out, "nobody sees this"));
    const cwrun_val ten = cwrun_u64(10);
    expect_error(call(IN "blocking-read", &in, &ten), 1);
    const cwrun_val none = call("terminal-stdin-get-terminal-stdin", NULL, NULL);
    assert_int_equal(cwrun_val_case(&none), 0);
    drop(in);
    drop(out);
}

static void a_store_without_configuration_grants_nothing(void **state)
{
    (void)state;
    cwrun_wasi_drop(wasi);
    store = cwrun_store_new(engine, NULL, &err);
    guest = cwrun_instantiate(store, proxy, NULL, &err);
    cwrun_error_report(&err, stderr);
    assert_non_null(guest);
    cwrun_val env = call("environment-get-environment", NULL, NULL);
    assert_int_equal(cwrun_val_size(&env), 0);
    cwrun_val dirs = call("preopens-get-directories", NULL, NULL);
    assert_int_equal(cwrun_val_size(&dirs), 0);
}

static void input_comes_from_bytes_to_all_handles_in_turn(void **state)
{
    (void)state;
    cwrun_wasi_stdin_bytes(wasi, "hello world", 11, &err);
    start();
    cwrun_val a = get("stdin-get-stdin"), b = get("stdin-get-stdin");
    const cwrun_val six = cwrun_u64(6), many = cwrun_u64(UINT64_MAX), two = cwrun_u64(2);
    expect_bytes(call(IN "read", &a, &six), "hello ");
    expect_count(call(IN "skip", &b, &two), 2);
    expect_bytes(call(IN "blocking-read", &b, &many), "rld");
    expect_error(call(IN "read", &a, &many), 1);
    expect_error(call(IN "blocking-skip", &b, &many), 1);
}

static void splice_moves_bytes(void **state)
{
    (void)state;
    sink s = { 0 };
    cwrun_wasi_stdin_bytes(wasi, "hello world", 11, &err);
    cwrun_wasi_stdout_to(wasi, to_sink, &s);
    start();
    cwrun_val in = get("stdin-get-stdin"), out = get("stdout-get-stdout");
    const cwrun_val five = cwrun_u64(5), many = cwrun_u64(UINT64_MAX);
    cwrun_val result;
    assert_true(try_call(OUT "splice", &out, &in, &five, &result));
    expect_count(result, 5);
    assert_true(try_call(OUT "blocking-splice", &out, &in, &many, &result));
    expect_count(result, 6);
    expect_sink(&s, "hello world");
    assert_true(try_call(OUT "blocking-splice", &out, &in, &many, &result));
    expect_error(result, 1);
}

static void writing_more_than_permitted_traps(void **state)
{
    (void)state;
    start();
    cwrun_val out = get("stdout-get-stdout"), result;
    const cwrun_list one = { "x", 1 };
    const cwrun_val arg = bytes(OUT "write", 1, &one);
    assert_false(try_call(OUT "write", &out, &arg, NULL, &result));
    assert_int_equal(err.kind, CWRUN_ERROR_TRAP);
    assert_non_null(strstr(err.message, "check-write permitted 0"));
}

static void a_blocking_write_of_more_than_a_page_traps(void **state)
{
    (void)state;
    start();
    static char page[4097];
    cwrun_val out = get("stdout-get-stdout"), result;
    const cwrun_list list = { page, sizeof page };
    const cwrun_val arg = bytes(OUT "blocking-write-and-flush", 1, &list);
    assert_false(try_call(OUT "blocking-write-and-flush", &out, &arg, NULL, &result));
    assert_non_null(strstr(err.message, "at most 4096"));
}

/* ---- descriptors ---- */

static void fill(int fd)
{
    static const char zeroes[4096];
    int flags = fcntl(fd, F_GETFL);
    fcntl(fd, F_SETFL, flags | O_NONBLOCK);
    while (write(fd, zeroes, sizeof zeroes) > 0)
        continue;
    while (write(fd, zeroes, 1) > 0)
        continue;
    fcntl(fd, F_SETFL, flags);
}

static size_t drain(int fd)
{
    char buffer[65536];
    ssize_t n = read(fd, buffer, sizeof buffer);
    return n > 0 ? (size_t)n : 0;
}

static void a_slow_reader_suspends_the_guest(void **state)
{
    (void)state;
    int p[2];
    assert_int_equal(pipe(p), 0);
    cwrun_wasi_stdout_fd(wasi, p[1]);
    start();
    cwrun_val out = get("stdout-get-stdout");
    cwrun_val pollable = call(OUT "subscribe", &out, NULL);
    pollable = cwrun_borrow(pollable.of.handle);
    assert_true(is_ready(pollable));
    expect_count(call(OUT "check-write", &out, NULL), 4096);
    fill(p[1]);
    expect_ok(write_text(OUT "write", &out, "held"));
    expect_count(call(OUT "check-write", &out, NULL), 0);
    assert_false(is_ready(pollable));

    const cwrun_list list = { " and more", 9 };
    cwrun_val args[2] = { out, bytes(OUT "blocking-write-and-flush", 1, &list) };
    cwrun_polled *polled = cwrun_call_start(func(OUT "blocking-write-and-flush"), args, 2, &err);
    expect_pending(polled);
    cwrun_waits waits = cwrun_store_waits(store);
    bool seen = false;
    for (size_t i = 0; i < waits.n; i++)
        seen |= waits.items[i].fd == p[1] && waits.items[i].events == CWRUN_WAIT_WRITE;
    assert_true(seen);

    assert_true(drain(p[0]) > 0);
    assert_int_equal(cwrun_call_poll(polled, &err), CWRUN_DONE);
    expect_ok(cwrun_call_result(polled));
    cwrun_call_drop(polled);
    char end[14];
    assert_int_equal(read(p[0], end, sizeof end), 13);
    assert_memory_equal(end, "held and more", 13);
    drop(pollable);
    drop(out);
    close(p[0]), close(p[1]);
}

static void what_is_held_goes_out_with_a_flush_and_when_the_store_is_dropped(void **state)
{
    (void)state;
    int p[2];
    assert_int_equal(pipe(p), 0);
    cwrun_wasi_stderr_fd(wasi, p[1]);
    start();
    cwrun_val out = get("stderr-get-stderr");
    expect_ok(call(OUT "check-write", &out, NULL));
    fill(p[1]);
    expect_ok(write_text(OUT "write", &out, "last words"));
    assert_true(drain(p[0]) > 0);
    finish(NULL);
    char end[16];
    assert_int_equal(read(p[0], end, sizeof end), 10);
    assert_memory_equal(end, "last words", 10);

    wasi = cwrun_wasi_new(&err);
    cwrun_wasi_stdout_fd(wasi, p[1]);
    start();
    out = get("stdout-get-stdout");
    expect_ok(call(OUT "check-write", &out, NULL));
    fill(p[1]);
    expect_ok(write_text(OUT "write", &out, "more"));
    assert_true(drain(p[0]) > 0);
    cwrun_wasi_flush(store);
    assert_int_equal(read(p[0], end, sizeof end), 4);
    close(p[0]), close(p[1]);
}

/* Every handle has its page permitted while there is room; only some of them are held. */
static void many_permits_do_not_make_the_host_hold_their_pages(void **state)
{
    (void)state;
    enum { HANDLES = 40, PAGE = 4096, HELD_MOST = 16 };
    static char page[PAGE];
    const cwrun_list list = { page, PAGE };
    cwrun_val outs[HANDLES];
    int p[2];
    assert_int_equal(pipe(p), 0);
    cwrun_wasi_stdout_fd(wasi, p[1]);
    start();
    for (int i = 0; i < HANDLES; i++) {
        outs[i] = get("stdout-get-stdout");
        expect_count(call(OUT "check-write", &outs[i], NULL), PAGE);
    }
    fill(p[1]);

    const cwrun_val arg = bytes(OUT "write", 1, &list);
    int taken = 0;
    cwrun_polled *polled = NULL;
    for (; !polled && taken < HANDLES; taken++) {
        cwrun_val args[2] = { outs[taken], arg };
        memset(page, 'a' + taken, PAGE);
        polled = cwrun_call_start(func(OUT "write"), args, 2, &err);
        if (cwrun_call_poll(polled, &err) == CWRUN_DONE) {
            expect_ok(cwrun_call_result(polled));
            cwrun_call_drop(polled);
            polled = NULL;
        }
    }
    assert_non_null(polled);
    assert_int_equal(taken, HELD_MOST + 1);

    /* It goes on once some of it went out, and nothing is lost. */
    assert_true(drain(p[0]) > 0);
    assert_int_equal(cwrun_call_poll(polled, &err), CWRUN_DONE);
    expect_ok(cwrun_call_result(polled));
    cwrun_call_drop(polled);
    for (int i = 0; i < taken; i++) {
        assert_int_equal(read(p[0], page, PAGE), PAGE);
        assert_int_equal(page[0], 'a' + i);
        assert_int_equal(page[PAGE - 1], 'a' + i);
        expect_ok(call(OUT "flush", &outs[0], NULL));
    }
    close(p[0]), close(p[1]);
}

static void a_reader_that_is_gone_closes_the_stream(void **state)
{
    (void)state;
    int p[2];
    assert_int_equal(pipe(p), 0);
    cwrun_wasi_stdout_fd(wasi, p[1]);
    start();
    cwrun_val out = get("stdout-get-stdout");
    close(p[0]);
    cwrun_val error = expect_error(write_text(OUT "blocking-write-and-flush", &out, "anybody?"), 0);
    error = cwrun_borrow(error.of.handle);
    cwrun_val code = call("types-filesystem-error-code", &error, NULL);
    const cwrun_val payload = cwrun_val_payload(&code);
    assert_int_equal(cwrun_val_case(&payload), 32); /* pipe */
    expect_error(call(OUT "check-write", &out, NULL), 1);
    cwrun_val again = get("stdout-get-stdout");
    expect_error(call(OUT "check-write", &again, NULL), 1);
    cwrun_val pollable = call(OUT "subscribe", &out, NULL);
    assert_true(is_ready(cwrun_borrow(pollable.of.handle)));
    close(p[1]);
}

static void a_full_disk_is_told_with_its_code(void **state)
{
    (void)state;
    int fd = open("/dev/full", O_WRONLY);
    if (fd < 0)
        skip();
    cwrun_wasi_stdout_fd(wasi, fd);
    start();
    cwrun_val out = get("stdout-get-stdout");
    cwrun_val error = expect_error(write_text(OUT "blocking-write-and-flush", &out, "x"), 0);
    assert_int_not_equal(error.of.handle, 0);
    error = cwrun_borrow(error.of.handle);
    cwrun_val text = call("error-to-debug-string", &error, NULL);
    assert_int_equal(text.of.string.size, strlen(strerror(ENOSPC)));
    cwrun_val code = call("types-filesystem-error-code", &error, NULL);
    const cwrun_val payload = cwrun_val_payload(&code);
    assert_int_equal(cwrun_val_case(&payload), 23); /* insufficient-space */
    expect_error(call(OUT "check-write", &out, NULL), 1);
    close(fd);
}

static void input_that_is_not_there_yet_is_waited_for(void **state)
{
    (void)state;
    int p[2];
    assert_int_equal(pipe(p), 0);
    cwrun_wasi_stdin_fd(wasi, p[0]);
    start();
    cwrun_val in = get("stdin-get-stdin");
    const cwrun_val ten = cwrun_u64(10), nothing = cwrun_u64(0);
    expect_bytes(call(IN "read", &in, &ten), "");
    expect_bytes(call(IN "blocking-read", &in, &nothing), "");
    cwrun_val pollable = call(IN "subscribe", &in, NULL);
    pollable = cwrun_borrow(pollable.of.handle);
    assert_false(is_ready(pollable));

    const cwrun_val args[2] = { in, ten };
    cwrun_polled *polled = cwrun_call_start(func(IN "blocking-read"), args, 2, &err);
    expect_pending(polled);
    assert_int_equal(write(p[1], "some input", 10), 10);
    assert_int_equal(cwrun_call_poll(polled, &err), CWRUN_DONE);
    expect_bytes(cwrun_call_result(polled), "some input");
    cwrun_call_drop(polled);

    close(p[1]);
    assert_true(is_ready(pollable));
    expect_error(call(IN "blocking-read", &in, &ten), 1);
    assert_true(is_ready(pollable));
    drop(in); /* the pollable keeps what it needs */
    assert_true(is_ready(pollable));
    drop(pollable);
    close(p[0]);
}

static void files_are_read_to_their_end(void **state)
{
    (void)state;
    char name[] = "/tmp/test_wasi_XXXXXX";
    int fd = mkstemp(name);
    assert_true(fd >= 0);
    unlink(name);
    cwrun_wasi_stdout_fd(wasi, fd);
    cwrun_wasi_stdin_fd(wasi, fd);
    start();
    cwrun_val in = get("stdin-get-stdin"), out = get("stdout-get-stdout");
    const cwrun_val many = cwrun_u64(1000000);
    expect_count(call(OUT "check-write", &out, NULL), 1 << 20);
    expect_ok(write_text(OUT "write", &out, "in a file"));
    assert_int_equal(lseek(fd, 0, SEEK_SET), 0);
    expect_bytes(call(IN "read", &in, &many), "in a file");
    expect_error(call(IN "read", &in, &many), 1);
    close(fd);
}

/* ---- poll ---- */

static cwrun_val after(uint64_t ns)
{
    const cwrun_val duration = cwrun_u64(ns);
    cwrun_val pollable = call("monotonic-clock-subscribe-duration", &duration, NULL);
    return cwrun_borrow(pollable.of.handle);
}

static void poll_wakes_with_the_earliest(void **state)
{
    (void)state;
    start();
    cwrun_val pollables[3] = { after(UINT64_MAX), after(60 * MS), after(10 * MS) };
    const cwrun_handle handles[3] = { pollables[0].of.handle, pollables[1].of.handle, pollables[2].of.handle };
    const cwrun_list list = { handles, 3 };
    const cwrun_val arg = bytes("poll-poll", 0, &list);
    uint64_t from = cwrun_monotonic_now();
    cwrun_val ready = call("poll-poll", &arg, NULL);
    assert_int_equal(cwrun_val_size(&ready), 1);
    assert_int_equal(cwrun_val_at(&ready, 0).of.u32, 2);
    call(POLLABLE "block", &pollables[1], NULL);
    assert_true(cwrun_monotonic_now() - from >= 60 * MS);
    ready = call("poll-poll", &arg, NULL);
    assert_int_equal(cwrun_val_size(&ready), 2);
    assert_false(is_ready(pollables[0]));
}

static void a_waiting_guest_tells_its_deadline(void **state)
{
    (void)state;
    start();
    uint64_t from = cwrun_monotonic_now();
    const cwrun_val pollable = after(3600000 * MS);
    cwrun_polled *polled = cwrun_call_start(func(POLLABLE "block"), &pollable, 1, &err);
    expect_pending(polled);
    uint64_t deadline = cwrun_store_waits(store).deadline;
    assert_true(deadline >= from + 3600000 * MS && deadline < from + 3660000 * MS);
    cwrun_call_drop(polled);
}

static void polling_nothing_traps(void **state)
{
    (void)state;
    start();
    const cwrun_list none = { NULL, 0 };
    const cwrun_val arg = bytes("poll-poll", 0, &none);
    cwrun_val result;
    assert_false(try_call("poll-poll", &arg, NULL, NULL, &result));
    assert_int_equal(err.kind, CWRUN_ERROR_TRAP);
}

static void many_pollables_come_and_go(void **state)
{
    (void)state;
    enum { N = 1000 };
    static cwrun_handle handles[N];
    start();
    for (int round = 0; round < 3; round++) {
        for (int i = 0; i < N; i++)
            handles[i] = after(0).of.handle;
        const cwrun_list list = { handles, N };
        const cwrun_val arg = bytes("poll-poll", 0, &list);
        cwrun_val ready = call("poll-poll", &arg, NULL);
        assert_int_equal(cwrun_val_size(&ready), N);
        for (int i = 0; i < N; i++)
            drop(cwrun_borrow(handles[i]));
    }
}

static void one_descriptor_may_be_polled_more_often_than_there_can_be_descriptors(void **state)
{
    (void)state;
    enum { N = 200, FEW = 64 };
    struct rlimit before, few;
    assert_int_equal(getrlimit(RLIMIT_NOFILE, &before), 0);
    few = before;
    few.rlim_cur = FEW;
    int p[2];
    assert_int_equal(pipe(p), 0);
    cwrun_wasi_stdin_fd(wasi, p[0]);
    start();
    const cwrun_val in = get("stdin-get-stdin");
    cwrun_handle handles[N];
    for (int i = 0; i < N; i++)
        handles[i] = call(IN "subscribe", &in, NULL).of.handle;
    const cwrun_list list = { handles, N };
    const cwrun_val arg = bytes("poll-poll", 0, &list);
    assert_int_equal(setrlimit(RLIMIT_NOFILE, &few), 0);
    cwrun_polled *polled = cwrun_call_start(func("poll-poll"), &arg, 1, &err);
    expect_pending(polled);
    assert_int_equal(cwrun_store_waits(store).n, 1);
    assert_int_equal(write(p[1], "x", 1), 1);
    assert_int_equal(cwrun_call_poll(polled, &err), CWRUN_DONE);
    const cwrun_val ready = cwrun_call_result(polled);
    assert_int_equal(cwrun_val_size(&ready), N);
    assert_int_equal(cwrun_val_at(&ready, N - 1).of.u32, N - 1);
    cwrun_call_drop(polled);
    assert_int_equal(setrlimit(RLIMIT_NOFILE, &before), 0);
    close(p[0]);
    close(p[1]);
}

/* ---- cli, clocks, random ---- */

static void arguments_and_environment_arrive(void **state)
{
    (void)state;
    cwrun_wasi_arg(wasi, "prog", &err);
    cwrun_wasi_arg(wasi, "", &err);
    cwrun_wasi_arg(wasi, "naïve 😀", &err);
    cwrun_wasi_env(wasi, "A", "1", &err);
    cwrun_wasi_env(wasi, "B", "2", &err);
    cwrun_wasi_env(wasi, "A", "3", &err);
    cwrun_wasi_cwd(wasi, "/here", &err);
    assert_false(cwrun_failed(&err));
    assert_false(cwrun_wasi_env(wasi, "C", "\xff", &err));
    assert_int_equal(err.kind, CWRUN_ERROR_ARGUMENT);
    cwrun_error_clear(&err);
    start();
    cwrun_val args = call("environment-get-arguments", NULL, NULL);
    assert_int_equal(cwrun_val_size(&args), 3);
    assert_int_equal(cwrun_val_at(&args, 1).of.string.size, 0);
    assert_memory_equal(cwrun_val_at(&args, 2).of.string.data, "naïve 😀", 11);
    cwrun_val env = call("environment-get-environment", NULL, NULL);
    assert_int_equal(cwrun_val_size(&env), 2);
    const cwrun_val first = cwrun_val_at(&env, 0);
    assert_memory_equal(cwrun_val_at(&first, 1).of.string.data, "3", 1);
    cwrun_val cwd = call("environment-initial-cwd", NULL, NULL);
    const cwrun_val path = cwrun_val_payload(&cwd);
    assert_int_equal(path.of.string.size, 5);
}

static void exit_is_the_guests_own(void **state)
{
    (void)state;
    start();
    const cwrun_val seven = cwrun_u8(7);
    cwrun_val result;
    assert_false(try_call("exit-exit-with-code", &seven, NULL, NULL, &result));
    assert_int_equal(err.kind, CWRUN_ERROR_EXIT);
    assert_int_equal(err.exit_status, 7);
}

static uint64_t stopped(void *user)
{
    return *(uint64_t *)user;
}

static void clocks_can_be_replaced(void **state)
{
    (void)state;
    uint64_t now = 5000000007, step = 1000000000;
    cwrun_wasi_set_wall_clock(wasi, (cwrun_wasi_clock){ stopped, NULL, &now });
    cwrun_wasi_set_monotonic_clock(wasi, (cwrun_wasi_clock){ stopped, stopped, &step });
    start();
    cwrun_val wall = call("wall-clock-now", NULL, NULL);
    assert_int_equal(cwrun_val_field(&wall, "seconds").of.u64, 5);
    assert_int_equal(cwrun_val_field(&wall, "nanoseconds").of.u32, 7);
    assert_int_equal(call("monotonic-clock-now", NULL, NULL).of.u64, 1000000000);
    assert_int_equal(call("monotonic-clock-resolution", NULL, NULL).of.u64, 1000000000);
    const cwrun_val instant = cwrun_u64(1000000000 + 20 * MS);
    cwrun_val pollable = call("monotonic-clock-subscribe-instant", &instant, NULL);
    pollable = cwrun_borrow(pollable.of.handle);
    assert_false(is_ready(pollable));
    call(POLLABLE "block", &pollable, NULL); /* by real time */
    assert_int_equal(call("timezone-utc-offset", &wall, NULL).of.s32, 0);
    cwrun_val zone = call("timezone-display", &wall, NULL);
    assert_memory_equal(cwrun_val_field(&zone, "name").of.string.data, "UTC", 3);
}

static bool count_up(void *user, uint8_t *out, size_t size)
{
    uint8_t *next = user;
    for (size_t i = 0; i < size; i++)
        out[i] = (*next)++;
    return *next < 100;
}

static void random_bytes_can_be_replaced(void **state)
{
    (void)state;
    uint8_t next = 1;
    cwrun_wasi_set_random(wasi, (cwrun_wasi_random){ count_up, &next });
    start();
    const cwrun_val three = cwrun_u64(3);
    cwrun_val some = call("random-get-random-bytes", &three, NULL);
    assert_int_equal(cwrun_val_size(&some), 3);
    assert_int_equal(cwrun_val_at(&some, 2).of.u8, 3);
    assert_int_equal(call("insecure-get-insecure-random-u64", NULL, NULL).of.u64, 0x0b0a090807060504);
    cwrun_val seed = call("insecure-seed-insecure-seed", NULL, NULL);
    assert_int_equal(cwrun_val_size(&seed), 2);
    const cwrun_val many = cwrun_u64(200);
    cwrun_val result;
    assert_false(try_call("random-get-random-bytes", &many, NULL, NULL, &result));
    assert_int_equal(err.kind, CWRUN_ERROR_TRAP);
}

/* ---- running a command ---- */

static bool drop_store(void *user, const uint8_t *data, size_t size)
{
    (void)data;
    (void)size;
    size_t *n_calls = user;
    if ((*n_calls)++ == 0)
        cwrun_store_drop(store);
    return true;
}

/* Freed memory is poisoned: what is used too late shows. */
static void a_command_ends_well_in_a_store_that_its_sink_has_dropped(void **state)
{
    (void)state;
    cw_failalloc f = { .fail_at = SIZE_MAX };
    cwrun_config config = CWRUN_CONFIG_INIT;
    config.alloc = cw_failalloc_hook(&f);
    cwrun_engine *own = cwrun_engine_new(&config, &err);
    cwrun_component *command = cwrun_component_open(own, "testdata/guests/command.wasm", &err);
    size_t n_calls = 0;
    int32_t status = -1;
    cwrun_wasi_arg(wasi, "command", &err);
    cwrun_wasi_arg(wasi, "args", &err);
    cwrun_wasi_stdout_to(wasi, drop_store, &n_calls);
    store = cwrun_store_new(own, NULL, &err);
    cwrun_store_set_wasi(store, wasi, &err);
    guest = cwrun_instantiate(store, command, NULL, &err);
    assert_non_null(guest);
    cwrun_component_drop(command);
    cwrun_engine_drop(own);

    assert_true(cwrun_wasi_run(guest, &status, &err));
    assert_int_equal(status, 0);
    assert_int_equal(err.kind, CWRUN_ERROR_NONE);
    assert_true(n_calls > 1);
    assert_int_equal(f.live_blocks, 0);
    store = NULL;
}

/* ---- memory ---- */

/* Uses everything that allocates; false after the first call that failed. */
static bool use_memory(int fd)
{
    cwrun_val out, in, pollable, result;
    const cwrun_list list = { "x", 1 };
    const cwrun_val five = cwrun_u64(5);
    if (!try_call("stdout-get-stdout", NULL, NULL, NULL, &out) || !try_call("stdin-get-stdin", NULL, NULL, NULL, &in))
        return false;
    out = cwrun_borrow(out.of.handle);
    in = cwrun_borrow(in.of.handle);
    for (int i = 0; i < 100; i++) /* more than a slab */
        if (!try_call(IN "subscribe", &in, NULL, NULL, &pollable))
            return false;
    const cwrun_val arg = bytes(OUT "write", 1, &list);
    bool ok = try_call(IN "read", &in, &five, NULL, &result) && try_call(OUT "check-write", &out, NULL, NULL, &result);
    fill(fd);
    return ok && try_call(OUT "write", &out, &arg, NULL, &result);
}

static void memory_may_run_out_anywhere(void **state)
{
    (void)state;
    cwrun_wasi_drop(wasi);
    for (size_t n = 0;; n++) {
        cw_failalloc f = { .fail_at = n };
        cwrun_alloc a = cw_failalloc_hook(&f);
        int p[2];
        assert_int_equal(pipe(p), 0);
        wasi = cwrun_wasi_new_with(&a, &err);
        cwrun_wasi_arg(wasi, "prog", &err);
        cwrun_wasi_env(wasi, "A", "1", &err);
        cwrun_wasi_cwd(wasi, "/", &err);
        if (wasi) {
            cwrun_wasi_stdin_fd(wasi, p[0]);
            cwrun_wasi_stdout_fd(wasi, p[1]);
        }
        store = cwrun_store_new(engine, NULL, NULL);
        if (cwrun_store_set_wasi(store, wasi, &err)) {
            guest = cwrun_instantiate(store, proxy, NULL, &err);
            assert_non_null(guest);
            use_memory(p[1]);
        }
        assert_true(f.failed || !cwrun_failed(&err));
        finish(NULL);
        assert_int_equal(f.live_blocks, 0);
        close(p[0]), close(p[1]);
        if (!f.failed)
            break;
    }
}

int main(void)
{
#define TEST(f) cmocka_unit_test_setup_teardown(f, configure, finish)
    const struct CMUnitTest tests[] = {
        TEST(output_goes_to_a_sink),
        TEST(without_configuration_output_vanishes_and_input_is_at_its_end),
        TEST(a_store_without_configuration_grants_nothing),
        TEST(input_comes_from_bytes_to_all_handles_in_turn),
        TEST(splice_moves_bytes),
        TEST(writing_more_than_permitted_traps),
        TEST(a_blocking_write_of_more_than_a_page_traps),
        TEST(a_slow_reader_suspends_the_guest),
        TEST(what_is_held_goes_out_with_a_flush_and_when_the_store_is_dropped),
        TEST(many_permits_do_not_make_the_host_hold_their_pages),
        TEST(a_reader_that_is_gone_closes_the_stream),
        TEST(a_full_disk_is_told_with_its_code),
        TEST(input_that_is_not_there_yet_is_waited_for),
        TEST(files_are_read_to_their_end),
        TEST(poll_wakes_with_the_earliest),
        TEST(a_waiting_guest_tells_its_deadline),
        TEST(polling_nothing_traps),
        TEST(many_pollables_come_and_go),
        TEST(one_descriptor_may_be_polled_more_often_than_there_can_be_descriptors),
        TEST(arguments_and_environment_arrive),
        TEST(exit_is_the_guests_own),
        TEST(a_command_ends_well_in_a_store_that_its_sink_has_dropped),
        TEST(clocks_can_be_replaced),
        TEST(random_bytes_can_be_replaced),
        TEST(memory_may_run_out_anywhere),
    };
    return cmocka_run_group_tests(tests, load, unload);
}
