/* wasi/poll.c: wasi:io/poll. A pollable is a moment in time or the readiness of a stream; all of a poll's descriptors
 * are asked in one poll(2) that does not wait, and if nothing is ready the guest is suspended until something is. */
#include "wasi/host.h"

enum { NO_QUERY = UINT32_MAX };

/* What a set of pollables waits for. */
typedef struct waiting {
    cw_os_fd_query *fds; /* of those that a descriptor answers for, each descriptor once: poll(2) takes so many only */
    uint32_t *query;     /* by pollable: its place in fds, or NO_QUERY */
    size_t n, n_fds;
    uint64_t deadline; /* earliest, by the system's clock */
    uint32_t *ready;   /* indices */
    size_t n_ready;
} waiting;

static bool init_waiting(cw_wasi_call *c, waiting *w, size_t n)
{
    memset(w, 0, sizeof *w);
    w->deadline = UINT64_MAX;
    if (n > SIZE_MAX / sizeof *w->fds)
        return false;
    w->fds = cwrun_caller_alloc(c->caller, n * sizeof *w->fds);
    w->query = cwrun_caller_alloc(c->caller, n * sizeof *w->query);
    w->ready = cwrun_caller_alloc(c->caller, n * sizeof *w->ready);
    return w->fds && w->query && w->ready;
}

/* Where the question is, asked before or new. There are few of them: the standard streams. */
static uint32_t find_query(waiting *w, cwrun_wait wait)
{
    size_t i = 0;
    while (i < w->n_fds && (w->fds[i].fd != wait.fd || w->fds[i].events != wait.events))
        i++;
    if (i == w->n_fds)
        w->fds[w->n_fds++] = (cw_os_fd_query){ wait.fd, wait.events, 0 };
    return (uint32_t)i;
}

static void add_pollable(waiting *w, cw_wasi_object *p)
{
    cw_wasi_object *stream = p->of.pollable.stream;
    const uint32_t index = (uint32_t)w->n++;
    cwrun_wait wait;
    bool is_ready;
    w->query[index] = NO_QUERY;
    if (stream) {
        is_ready = cw_wasi_stream_ready(stream, &wait);
        if (!is_ready)
            w->query[index] = find_query(w, wait);
    } else {
        /* The guest's clock may be one of the embedder's making that nothing moves: real time ends a wait, too. */
        is_ready = cw_wasi_monotonic(p->host) >= p->of.pollable.when ||
                   (p->of.pollable.deadline != UINT64_MAX && cwrun_monotonic_now() >= p->of.pollable.deadline);
        if (!is_ready && p->of.pollable.deadline < w->deadline)
            w->deadline = p->of.pollable.deadline;
    }
    if (is_ready)
        w->ready[w->n_ready++] = index;
}

static void ask(waiting *w)
{
    if (w->n_fds == 0 || cw_os_fd_poll(w->fds, w->n_fds) == 0)
        return;
    for (size_t i = 0; i < w->n; i++)
        if (w->query[i] != NO_QUERY && w->fds[w->query[i]].ready)
            w->ready[w->n_ready++] = (uint32_t)i;
}

static cwrun_status wait_on(cw_wasi_call *c, const waiting *w)
{
    cwrun_wait *waits = cwrun_caller_alloc(c->caller, (w->n_fds + 1) * sizeof *waits);
    if (!waits)
        return cw_wasi_out_of_memory(c);
    for (size_t i = 0; i < w->n_fds; i++)
        waits[i] = (cwrun_wait){ w->fds[i].fd, w->fds[i].events };
    return cw_wasi_wait(c, waits, w->n_fds, w->deadline, c->row);
}

/* One pollable: true where it is ready. */
static bool look(waiting *w, cw_wasi_object *pollable)
{
    add_pollable(w, pollable);
    ask(w);
    return w->n_ready > 0;
}

cwrun_status cw_wasi_pollable_ready(cw_wasi_call *c)
{
    cw_wasi_object *pollable = cw_wasi_arg(c, 0, CW_WASI_POLLABLE);
    waiting w;
    if (!pollable)
        return CWRUN_TRAP;
    if (!init_waiting(c, &w, 1))
        return cw_wasi_out_of_memory(c);
    *c->result = cwrun_bool(look(&w, pollable));
    return CWRUN_DONE;
}

cwrun_status cw_wasi_pollable_block(cw_wasi_call *c)
{
    cw_wasi_object *pollable = cw_wasi_arg(c, 0, CW_WASI_POLLABLE);
    waiting w;
    if (!pollable)
        return CWRUN_TRAP;
    if (!init_waiting(c, &w, 1))
        return cw_wasi_out_of_memory(c);
    return look(&w, pollable) ? CWRUN_DONE : wait_on(c, &w);
}

cwrun_status cw_wasi_poll_poll(cw_wasi_call *c)
{
    const cwrun_list *in = c->args[0].of.data;
    const cwrun_handle *handles = in->data;
    waiting w;
    if (in->size == 0 || in->size > UINT32_MAX)
        return cwrun_caller_trap(c->caller, "wasi:io/poll#poll: the list of pollables is %s",
                                 in->size ? "too long" : "empty");
    if (!init_waiting(c, &w, in->size))
        return cw_wasi_out_of_memory(c);

    for (size_t i = 0; i < in->size; i++) {
        cw_wasi_object *pollable = cw_wasi_object_of(c, handles[i], CW_WASI_POLLABLE);
        if (!pollable)
            return CWRUN_TRAP;
        add_pollable(&w, pollable);
    }
    ask(&w);
    if (w.n_ready == 0)
        return wait_on(c, &w);
    const cwrun_list ready = { w.ready, w.n_ready };
    return cw_wasi_give(c, &ready, sizeof ready);
}
