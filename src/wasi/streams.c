/* wasi/streams.c: wasi:io/streams over the standard streams.
 *
 * An end (cw_wasi_end) is where bytes come from or go to, a stream object is one guest's handle for it. Whatever would
 * block is put off: input answers nothing, output is held and sent on by the next operation, by a wait, or at the end
 * of the program. No permit is given while an end holds something, but any number of handles may have one from before:
 * past HELD_MOST a permitted write waits. */
#include <errno.h>

#include "wasi/host.h"

/* What one operation on an end came to. */
typedef enum outcome {
    MOVED,   /* done, n bytes */
    BLOCKED, /* would have to wait for the descriptor */
    CLOSED,  /* the other side is gone, or the input is at its end */
    BROKEN   /* an error: errno in `code` */
} outcome;

enum {
    PERMIT_CHUNK = CW_OS_WRITE_CHUNK,
    PERMIT_MOST = 1 << 20,
    BLOCKING_WRITE_MOST = 4096,
    HELD_MOST = 16 * PERMIT_CHUNK
};

/* ---- ends: input ---- */

/* Up to `size` bytes: *data points to them until the next read. */
static outcome take(cwrun_wasi *host, cw_wasi_end *end, uint64_t size, const uint8_t **data, size_t *n, int *code)
{
    *n = 0;
    *data = NULL;
    if (end->closed || end->kind == CW_WASI_NONE)
        return CLOSED;
    if (end->kind == CW_WASI_BYTES) {
        if (end->at == end->size)
            return CLOSED;
        size_t left = end->size - end->at;
        *n = size < left ? (size_t)size : left;
        *data = end->bytes + end->at;
        end->at += *n;
        return MOVED;
    }
    if (size == 0)
        return MOVED;

    uint8_t *scratch = cw_wasi_scratch(host);
    if (!scratch) {
        *code = ENOMEM;
        return BROKEN;
    }
    int64_t got = cw_os_fd_read(end->fd, (cw_os_fd_kind)end->fd_kind, scratch,
                                size < CW_WASI_SCRATCH ? (size_t)size : CW_WASI_SCRATCH);
    if (got == -EAGAIN)
        return BLOCKED;
    if (got == 0)
        return CLOSED;
    if (got < 0) {
        *code = (int)-got;
        return BROKEN;
    }
    *data = scratch;
    *n = (size_t)got;
    return MOVED;
}

/* ---- ends: output ---- */

/* Writes what goes at once; *n tells how much that was. */
static outcome put(cw_wasi_end *end, const uint8_t *data, size_t size, size_t *n, int *code)
{
    *n = size;
    if (end->closed)
        return CLOSED;
    if (end->kind == CW_WASI_SINK) {
        if (size > 0 && !end->sink(end->user, data, size))
            end->closed = true;
        return end->closed ? CLOSED : MOVED;
    }
    if (end->kind != CW_WASI_FD || size == 0)
        return MOVED;

    int64_t sent = cw_os_fd_write(end->fd, (cw_os_fd_kind)end->fd_kind, data, size);
    *n = sent > 0 ? (size_t)sent : 0;
    if (sent == -EAGAIN || (sent >= 0 && (size_t)sent < size))
        return BLOCKED;
    if (sent < 0) {
        end->closed = sent == -EPIPE; /* for all its handles; this one learns why */
        *code = (int)-sent;
        return BROKEN;
    }
    return MOVED;
}

/* Sends what is held. Where that fails the rest is lost, as with any program. */
static outcome drain(cwrun_wasi *host, cw_wasi_end *end, int *code)
{
    if (end->failed) {
        *code = end->failed;
        end->failed = 0;
        return BROKEN;
    }
    if (end->held.n == 0)
        return end->closed ? CLOSED : MOVED;

    size_t n;
    outcome o = put(end, end->held.items, end->held.n, &n, code);
    if (o == BLOCKED) {
        memmove(end->held.items, end->held.items + n, end->held.n - n);
        end->held.n -= (uint32_t)n;
    } else {
        CW_VEC_FINI(&end->held, &host->alloc);
    }
    return o;
}

/* Writes all of it, holding what does not go at once: MOVED then, too. */
static outcome push(cwrun_wasi *host, cw_wasi_end *end, const uint8_t *data, size_t size, int *code)
{
    size_t n = 0;
    outcome o = drain(host, end, code);
    if (o == MOVED)
        o = put(end, data, size, &n, code);
    if (o != BLOCKED)
        return o;
    if (size - n > UINT32_MAX || !CW_VEC_RESERVE(&end->held, &host->alloc, size - n)) {
        *code = ENOMEM;
        return BROKEN;
    }
    memcpy(end->held.items + end->held.n, data + n, size - n);
    end->held.n += (uint32_t)(size - n);
    return MOVED;
}

/* Bytes that can be taken now. */
static uint64_t room(const cw_wasi_end *end)
{
    if (end->kind != CW_WASI_FD || end->fd_kind == CW_OS_FD_FILE)
        return PERMIT_MOST;
    cw_os_fd_query item = { end->fd, CW_OS_POLL_OUT, 0 };
    return cw_os_fd_poll(&item, 1) ? PERMIT_CHUNK : 0;
}

bool cw_wasi_drain(cwrun_wasi *host, cw_wasi_end *end)
{
    int code = 0;
    outcome o = drain(host, end, &code);
    if (o == BROKEN)
        end->failed = code; /* for the guest's next operation */
    return o != BLOCKED;
}

void cwrun_wasi_flush(cwrun_store *store)
{
    cwrun_wasi *host = store ? cw_wasi_of_store(store) : NULL;
    if (!host)
        return;
    cw_wasi_end *const ends[] = { &host->out, &host->err };
    for (size_t i = 0; i < 2; i++)
        while (!cw_wasi_drain(host, ends[i]))
            cw_os_fd_wait_writable(ends[i]->fd);
}

bool cw_wasi_stream_ready(cw_wasi_object *stream, cwrun_wait *wait)
{
    cw_wasi_end *end = stream->of.stream.end;
    if (stream->closed || end->closed || end->kind != CW_WASI_FD || end->fd_kind == CW_OS_FD_FILE)
        return true;
    if (stream->kind == CW_WASI_OUTPUT) {
        cw_wasi_drain(stream->host, end); /* so that a descriptor that is ready means room for more */
        if (end->closed || end->failed)
            return true;
    }
    wait->fd = end->fd;
    wait->events = stream->kind == CW_WASI_INPUT ? CWRUN_WAIT_READ : CWRUN_WAIT_WRITE;
    return false;
}

/* ---- answers ---- */

static cwrun_status give_closed(cw_wasi_call *c, cw_wasi_object *stream)
{
    stream->closed = true;
    const struct {
        uint8_t tag;
        uint32_t error;
    } closed = { 1, 0 };
    return cw_wasi_give_case(c, CW_WASI_ERR, &closed, sizeof closed);
}

/* `closed` or last-operation-failed(error); after either the stream stays closed. */
static cwrun_status give_failure(cw_wasi_call *c, cw_wasi_object *stream, outcome o, int code)
{
    if (o == CLOSED)
        return give_closed(c, stream);
    stream->closed = true;
    cw_wasi_object *error = cw_wasi_object_new(c->host, CW_WASI_ERROR);
    if (error)
        error->of.error = code;
    const struct {
        uint8_t tag;
        uint32_t error;
    } failed = { 0, cw_wasi_handle(c, error) };
    return failed.error ? cw_wasi_give_case(c, CW_WASI_ERR, &failed, sizeof failed) : CWRUN_TRAP;
}

static cwrun_status give_count(cw_wasi_call *c, uint64_t n)
{
    return cw_wasi_give_case(c, CW_WASI_OK, &n, sizeof n);
}

static cwrun_status wait_for(cw_wasi_call *c, const cw_wasi_end *end, short events, const cw_wasi_row *row)
{
    const cwrun_wait wait = { end->fd, events };
    return cw_wasi_wait(c, &wait, 1, UINT64_MAX, row);
}

static cwrun_status subscribe(cw_wasi_call *c, cw_wasi_kind kind)
{
    cw_wasi_object *stream = cw_wasi_arg(c, 0, kind);
    if (!stream)
        return CWRUN_TRAP;
    cw_wasi_object *pollable = cw_wasi_object_new(c->host, CW_WASI_POLLABLE);
    if (pollable) {
        pollable->of.pollable.stream = stream;
        stream->n_refs++;
    }
    cwrun_handle handle = cw_wasi_handle(c, pollable);
    *c->result = cwrun_own(handle);
    return handle ? CWRUN_DONE : CWRUN_TRAP;
}

/* ---- input-stream ---- */

/* read and skip, blocking or not. */
static cwrun_status input(cw_wasi_call *c, bool blocking, bool skip)
{
    cw_wasi_object *stream = cw_wasi_arg(c, 0, CW_WASI_INPUT);
    if (!stream)
        return CWRUN_TRAP;
    if (stream->closed)
        return give_closed(c, stream);

    cw_wasi_end *end = stream->of.stream.end;
    cwrun_list bytes = { NULL, 0 };
    const uint8_t *data;
    int code = 0;
    outcome o = take(c->host, end, c->args[1].of.u64, &data, &bytes.size, &code);
    if (o == CLOSED || o == BROKEN)
        return give_failure(c, stream, o, code);
    if (o == BLOCKED && blocking)
        return wait_for(c, end, CWRUN_WAIT_READ, c->row);
    bytes.data = data;
    return skip ? give_count(c, bytes.size) : cw_wasi_give_case(c, CW_WASI_OK, &bytes, sizeof bytes);
}

cwrun_status cw_wasi_input_read(cw_wasi_call *c)
{
    return input(c, false, false);
}

cwrun_status cw_wasi_input_blocking_read(cw_wasi_call *c)
{
    return input(c, true, false);
}

cwrun_status cw_wasi_input_skip(cw_wasi_call *c)
{
    return input(c, false, true);
}

cwrun_status cw_wasi_input_blocking_skip(cw_wasi_call *c)
{
    return input(c, true, true);
}

cwrun_status cw_wasi_input_subscribe(cw_wasi_call *c)
{
    return subscribe(c, CW_WASI_INPUT);
}

/* ---- output-stream ---- */

/* check-write: MOVED with the permit, which is 0 as long as output is held. */
static outcome check(cw_wasi_call *c, cw_wasi_object *stream, int *code)
{
    cw_wasi_end *end = stream->of.stream.end;
    outcome o = drain(c->host, end, code);
    stream->of.stream.permit = o == MOVED ? room(end) : 0;
    return o == BLOCKED ? MOVED : o;
}

cwrun_status cw_wasi_output_check_write(cw_wasi_call *c)
{
    cw_wasi_object *stream = cw_wasi_arg(c, 0, CW_WASI_OUTPUT);
    if (!stream)
        return CWRUN_TRAP;
    if (stream->closed)
        return give_closed(c, stream);
    int code = 0;
    outcome o = check(c, stream, &code);
    return o == MOVED ? give_count(c, stream->of.stream.permit) : give_failure(c, stream, o, code);
}

/* Bytes to write: args[1] as a list, or as a number of zeroes. NULL and size 0 for none; false: out of memory. */
static bool contents(cw_wasi_call *c, bool zeroes, const uint8_t **data, uint64_t *size)
{
    if (!zeroes) {
        const cwrun_list *list = c->args[1].of.data;
        *data = list->data;
        *size = list->size;
        return true;
    }
    *size = c->args[1].of.u64;
    *data = NULL;
    if (*size > PERMIT_MOST) /* more than any permit: refused before it is read */
        return true;
    *data = cwrun_caller_alloc(c->caller, (size_t)*size + 1);
    return *data != NULL;
}

static cwrun_status write_permitted(cw_wasi_call *c, bool zeroes)
{
    cw_wasi_object *stream = cw_wasi_arg(c, 0, CW_WASI_OUTPUT);
    const uint8_t *data;
    uint64_t size;
    if (!stream)
        return CWRUN_TRAP;
    if (stream->closed)
        return give_closed(c, stream);
    if (!contents(c, zeroes, &data, &size))
        return cw_wasi_out_of_memory(c);
    if (size > stream->of.stream.permit)
        return cwrun_caller_trap(c->caller, "%s of %llu bytes: check-write permitted %llu", c->row->name,
                                 (unsigned long long)size, (unsigned long long)stream->of.stream.permit);
    cw_wasi_end *end = stream->of.stream.end;
    if (end->held.n >= HELD_MOST && !cw_wasi_drain(c->host, end) && end->held.n >= HELD_MOST)
        return wait_for(c, end, CWRUN_WAIT_WRITE, c->row);
    stream->of.stream.permit -= size;

    int code = 0;
    outcome o = push(c->host, end, data, (size_t)size, &code);
    return o == MOVED ? cw_wasi_give_case(c, CW_WASI_OK, NULL, 0) : give_failure(c, stream, o, code);
}

cwrun_status cw_wasi_output_write(cw_wasi_call *c)
{
    return write_permitted(c, false);
}

cwrun_status cw_wasi_output_write_zeroes(cw_wasi_call *c)
{
    return write_permitted(c, true);
}

/* Waits until nothing is held. */
static cwrun_status flush_held(cw_wasi_call *c)
{
    static const cw_wasi_row again = { "wasi:io/streams", "flush", NULL, flush_held };
    cw_wasi_object *stream = cw_wasi_arg(c, 0, CW_WASI_OUTPUT);
    if (!stream)
        return CWRUN_TRAP;
    if (stream->closed)
        return give_closed(c, stream);
    int code = 0;
    outcome o = drain(c->host, stream->of.stream.end, &code);
    if (o == BLOCKED)
        return wait_for(c, stream->of.stream.end, CWRUN_WAIT_WRITE, &again);
    return o == MOVED ? cw_wasi_give_case(c, CW_WASI_OK, NULL, 0) : give_failure(c, stream, o, code);
}

/* The call waits for what was held before it, then for its own bytes. */
static cwrun_status write_and_flush(cw_wasi_call *c, bool zeroes)
{
    cw_wasi_object *stream = cw_wasi_arg(c, 0, CW_WASI_OUTPUT);
    const uint8_t *data;
    uint64_t size;
    if (!stream)
        return CWRUN_TRAP;
    if (stream->closed)
        return give_closed(c, stream);
    if (!contents(c, zeroes, &data, &size))
        return cw_wasi_out_of_memory(c);
    if (size > BLOCKING_WRITE_MOST)
        return cwrun_caller_trap(c->caller, "%s of %llu bytes: at most %d are allowed", c->row->name,
                                 (unsigned long long)size, BLOCKING_WRITE_MOST);

    cw_wasi_end *end = stream->of.stream.end;
    int code = 0;
    outcome o = drain(c->host, end, &code);
    if (o == BLOCKED)
        return wait_for(c, end, CWRUN_WAIT_WRITE, c->row);
    if (o == MOVED)
        o = push(c->host, end, data, (size_t)size, &code);
    return o == MOVED ? flush_held(c) : give_failure(c, stream, o, code);
}

cwrun_status cw_wasi_output_blocking_write_and_flush(cw_wasi_call *c)
{
    return write_and_flush(c, false);
}

cwrun_status cw_wasi_output_blocking_write_zeroes_and_flush(cw_wasi_call *c)
{
    return write_and_flush(c, true);
}

cwrun_status cw_wasi_output_flush(cw_wasi_call *c)
{
    cw_wasi_object *stream = cw_wasi_arg(c, 0, CW_WASI_OUTPUT);
    if (!stream)
        return CWRUN_TRAP;
    if (stream->closed)
        return give_closed(c, stream);
    int code = 0;
    outcome o = drain(c->host, stream->of.stream.end, &code);
    if (o == MOVED || o == BLOCKED)
        return cw_wasi_give_case(c, CW_WASI_OK, NULL, 0);
    return give_failure(c, stream, o, code);
}

cwrun_status cw_wasi_output_blocking_flush(cw_wasi_call *c)
{
    return flush_held(c);
}

cwrun_status cw_wasi_output_subscribe(cw_wasi_call *c)
{
    return subscribe(c, CW_WASI_OUTPUT);
}

static cwrun_status splice(cw_wasi_call *c, bool blocking)
{
    cw_wasi_object *to = cw_wasi_arg(c, 0, CW_WASI_OUTPUT);
    cw_wasi_object *from = to ? cw_wasi_arg(c, 1, CW_WASI_INPUT) : NULL;
    if (!from)
        return CWRUN_TRAP;
    if (to->closed)
        return give_closed(c, to);

    uint64_t len = c->args[2].of.u64;
    int code = 0;
    outcome o = check(c, to, &code);
    if (o != MOVED)
        return give_failure(c, to, o, code);
    if (to->of.stream.permit == 0 && len > 0 && blocking)
        return wait_for(c, to->of.stream.end, CWRUN_WAIT_WRITE, c->row);
    if (from->closed)
        return give_closed(c, from);

    const uint8_t *data;
    size_t n;
    o = take(c->host, from->of.stream.end, len < to->of.stream.permit ? len : to->of.stream.permit, &data, &n, &code);
    if (o == CLOSED || o == BROKEN)
        return give_failure(c, from, o, code);
    if (o == BLOCKED && blocking)
        return wait_for(c, from->of.stream.end, CWRUN_WAIT_READ, c->row);
    to->of.stream.permit -= n;
    o = push(c->host, to->of.stream.end, data, n, &code);
    return o == MOVED ? give_count(c, n) : give_failure(c, to, o, code);
}

cwrun_status cw_wasi_output_splice(cw_wasi_call *c)
{
    return splice(c, false);
}

cwrun_status cw_wasi_output_blocking_splice(cw_wasi_call *c)
{
    return splice(c, true);
}
