/* component/run.c: running threads until they are done, and waiting for what host functions wait for.
 *
 * A suspended thread belongs to one pending call (thread->user). Nothing but this file ever blocks, and only in
 * cw_store_drive: by poll(2) on what the pending calls wait for, with a wake-up descriptor that tickets and interrupts
 * raise. */
#include "base/error.h"
#include "component/runtime.h"
#include "os/os.h"
#include "os/wait.h"

cwrun_status cwrun_caller_wait(cwrun_caller *caller, const cwrun_wait *waits, size_t n, uint64_t deadline,
                               cwrun_host_fn resume, void *user)
{
    if (!caller)
        return CWRUN_TRAP;
    if (!resume || (n != 0 && !waits))
        return cwrun_caller_trap(caller, "cwrun_caller_wait: %s is NULL", resume ? "waits" : "resume");
    if (caller->core_args)
        return cwrun_caller_trap(caller, "cwrun_caller_wait: a core module calls (cwrun_core_caller_wait)");
    if (!cw_caller_set_waits(caller, waits, n, deadline))
        return cwrun_caller_trap(caller, "out of memory");
    caller->resume = resume;
    caller->resume_user = user;
    return CWRUN_PENDING;
}

bool cw_caller_set_waits(cwrun_caller *c, const cwrun_wait *waits, size_t n, uint64_t deadline)
{
    if (n > c->cap_waits) {
        cwrun_wait *room = cw_arena_array(&c->arena, n, sizeof *room);
        if (!room)
            return false;
        c->waits = room;
        c->cap_waits = n;
    }
    if (n)
        memcpy(c->waits, waits, n * sizeof *waits);
    c->n_waits = n;
    c->deadline = deadline;
    c->wait = CW_WAIT_FDS;
    return true;
}

/* ---- ready? ---- */

static bool interrupted(const cwrun_store *s)
{
    return s->exec.code_options.interruptible && __atomic_load_n(&s->exec.interrupted, __ATOMIC_RELAXED);
}

/* Adds a call's descriptors to s->polls. */
static bool add_polls(cwrun_store *s, const cwrun_caller *c)
{
    for (size_t i = 0; c->wait == CW_WAIT_FDS && i < c->n_waits; i++) {
        struct pollfd *p = CW_VEC_PUSH(&s->polls, &s->alloc);
        if (!p)
            return false;
        *p = (struct pollfd){ .fd = c->waits[i].fd, .events = c->waits[i].events };
    }
    return true;
}

/* Takes note of which of a call's descriptors are ready; `at` is where they begin. Returns where the next call's do. */
static uint32_t take_polls(cwrun_store *s, cwrun_caller *c, uint32_t at)
{
    for (size_t i = 0; c->wait == CW_WAIT_FDS && i < c->n_waits; i++, at++)
        if (s->polls.items[at].revents != 0)
            c->fds_ready = true;
    return at;
}

bool cw_caller_ready(cwrun_caller *c)
{
    cwrun_store *s = c->store;
    if (interrupted(s))
        return true;
    if (c->wait == CW_WAIT_TICKET)
        return cw_ticket_ready(c->ticket);
    if (c->fds_ready || (c->deadline != UINT64_MAX && cw_os_monotonic() >= c->deadline))
        return true;
    if (c->n_waits == 0)
        return false;
    s->polls.n = 0;
    if (!add_polls(s, c) || !cw_os_poll(s->polls.items, s->polls.n, 0))
        return true; /* it is asked, and answers by itself */
    take_polls(s, c, 0);
    return c->fds_ready;
}

/* ---- waiting ---- */

/* The wake-up descriptor, made on first need; -1 where the system has none. */
static int wake_fd(cwrun_store *s)
{
    cw_mailbox *m = s->mailbox;
    pthread_mutex_lock(&m->lock);
    if (!m->has_wake)
        m->has_wake = cw_os_wake_init(m->wake);
    int fd = m->has_wake ? m->wake[0] : -1;
    pthread_mutex_unlock(&m->lock);
    return fd;
}

static bool needs_wake(const cwrun_store *s, const cwrun_caller *c)
{
    return c->wait == CW_WAIT_TICKET || s->exec.code_options.interruptible;
}

/* Waits until one of the pending calls (only: that one) may be ready. */
static bool wait_for(cwrun_store *s, cwrun_caller *only)
{
    enum { WITHOUT_WAKE_NS = 1000000 };
    uint64_t deadline = UINT64_MAX;
    bool wake = false;
    s->polls.n = 0;
    for (cwrun_caller *c = only ? only : s->pending; c; c = only ? NULL : c->next) {
        if (!add_polls(s, c))
            return false;
        if (c->wait == CW_WAIT_FDS && c->deadline < deadline)
            deadline = c->deadline;
        wake = wake || needs_wake(s, c);
    }
    uint32_t n = s->polls.n;
    if (wake) {
        int fd = wake_fd(s);
        struct pollfd *p = fd >= 0 ? CW_VEC_PUSH(&s->polls, &s->alloc) : NULL;
        if (p)
            *p = (struct pollfd){ .fd = fd, .events = POLLIN };
        else if (deadline > cw_os_monotonic() + WITHOUT_WAKE_NS)
            deadline = cw_os_monotonic() + WITHOUT_WAKE_NS;
        /* what came before the descriptor was there has not raised it */
        for (cwrun_caller *c = only ? only : s->pending; c; c = only ? NULL : c->next)
            if (interrupted(s) || (c->wait == CW_WAIT_TICKET && cw_ticket_ready(c->ticket)))
                return true;
    }
    bool for_ever = s->polls.n == 0 && deadline == UINT64_MAX;
    if (for_ever || !cw_os_poll(s->polls.items, s->polls.n, deadline))
        return false;
    if (s->polls.n > n && s->polls.items[n].revents != 0)
        cw_os_wake_clear(s->mailbox->wake);
    uint32_t at = 0;
    for (cwrun_caller *c = only ? only : s->pending; c; c = only ? NULL : c->next)
        at = take_polls(s, c, at);
    return true;
}

cwrun_waits cwrun_store_waits(cwrun_store *store)
{
    cwrun_waits waits = { NULL, 0, UINT64_MAX };
    if (!store)
        return waits;
    store->waits.n = 0;
    bool wake = false;
    for (cwrun_caller *c = store->pending; c; c = c->next) {
        wake = wake || needs_wake(store, c);
        if (c->wait == CW_WAIT_FDS && c->deadline < waits.deadline)
            waits.deadline = c->deadline;
        for (size_t i = 0; c->wait == CW_WAIT_FDS && i < c->n_waits; i++) {
            cwrun_wait *w = CW_VEC_PUSH(&store->waits, &store->alloc);
            if (w)
                *w = c->waits[i];
            else
                waits.deadline = 0;
        }
    }
    if (wake) {
        int fd = wake_fd(store);
        cwrun_wait *w = fd >= 0 ? CW_VEC_PUSH(&store->waits, &store->alloc) : NULL;
        if (w)
            *w = (cwrun_wait){ fd, CWRUN_WAIT_READ };
        else
            waits.deadline = 0;
        cw_os_wake_clear(store->mailbox->wake);
    }
    for (cwrun_caller *c = store->pending; c; c = c->next)
        if (interrupted(store) || (c->wait == CW_WAIT_TICKET && cw_ticket_ready(c->ticket)))
            waits.deadline = 0;
    waits.items = store->waits.items;
    waits.n = store->waits.n;
    return waits;
}

/* ---- running ---- */

cw_run_status cw_store_step(cw_thread *t)
{
    for (;;) {
        if (t->suspended && !cw_caller_ready(t->user))
            return CW_RUN_SUSPENDED;
        cw_run_status status = cw_thread_run(t);
        if (status != CW_RUN_SUSPENDED)
            return status;
    }
}

cw_run_status cw_store_drive(cwrun_store *s, cw_thread *t)
{
    for (;;) {
        cw_run_status status = cw_store_step(t);
        if (status != CW_RUN_SUSPENDED)
            return status;
        /* with a host function on the C stack only the own chain goes on; else everybody's */
        cwrun_caller *own = t->user;
        bool others = cw_store_idle(s) && cw_polled_advance(s);
        if (others && (!t->suspended || cw_caller_ready(own)))
            continue;
        if (!wait_for(s, cw_store_idle(s) ? NULL : own)) {
            cw_thread_trap(t, CW_TRAP_DEADLOCK, NULL);
            return CW_RUN_TRAPPED;
        }
    }
}
