/* component/ticket.c: tickets: what completes a pending call of a host function, from any OS thread and at any time.
 *
 * A ticket has two owners, its holder and its call; its state is under the lock of the store's mailbox, which outlives
 * the store. Results are copied into the ticket's own arena, so that the store's OS thread is not disturbed. */
#include "base/error.h"
#include "component/runtime.h"

/* With the lock held; releases it. */
static void give_back(cwrun_ticket *ticket)
{
    cw_mailbox *m = ticket->mailbox;
    bool last = --ticket->n_refs == 0;
    pthread_mutex_unlock(&m->lock);
    if (!last)
        return;
    cw_alloc a = m->alloc;
    cw_arena_fini(&ticket->arena);
    cw_free(&a, ticket, sizeof *ticket);
    cw_mailbox_release(m);
}

cwrun_ticket *cwrun_caller_defer(cwrun_caller *caller, void (*on_cancel)(void *user), void *user)
{
    if (!caller || caller->ticket)
        return NULL;
    cwrun_store *s = caller->store;
    cwrun_ticket *ticket = cw_new(&s->alloc, sizeof *ticket);
    if (!ticket)
        return NULL;
    ticket->n_refs = 2;
    ticket->mailbox = s->mailbox;
    __atomic_add_fetch(&s->mailbox->n_refs, 1, __ATOMIC_RELAXED);
    cw_arena_init(&ticket->arena, &s->alloc);
    ticket->on_cancel = on_cancel;
    ticket->user = user;
    caller->ticket = ticket;
    caller->wait = CW_WAIT_TICKET;
    return ticket;
}

static bool trap_words(cwrun_ticket *ticket, const char *words)
{
    ticket->words = cw_arena_copy(&ticket->arena, words, strlen(words));
    ticket->state = CW_TICKET_TRAP;
    return true;
}

static bool complete(cwrun_ticket *ticket, const cwrun_val *result)
{
    if (result && result->kind != 0) {
        ticket->result = cwrun_val_copy(result, &ticket->arena);
        if (ticket->result.kind == 0)
            return trap_words(ticket, "out of memory");
    }
    ticket->state = CW_TICKET_DONE;
    return true;
}

/* What the holder does last: says something (words or a result) and gives the ticket up. */
static bool consume(cwrun_ticket *ticket, const char *words, const cwrun_val *result)
{
    if (!ticket)
        return false;
    cw_mailbox *m = ticket->mailbox;
    pthread_mutex_lock(&m->lock);
    bool ok = !ticket->gone && m->store && ticket->state == CW_TICKET_OPEN;
    if (ok && words)
        trap_words(ticket, words);
    else if (ok)
        complete(ticket, result);
    if (ok)
        cw_mailbox_wake(m);
    give_back(ticket);
    return ok;
}

bool cwrun_ticket_done(cwrun_ticket *ticket, const cwrun_val *result)
{
    return consume(ticket, NULL, result);
}

bool cwrun_ticket_trap(cwrun_ticket *ticket, const char *words)
{
    return consume(ticket, words ? words : "host function trapped", NULL);
}

void cwrun_ticket_drop(cwrun_ticket *ticket)
{
    consume(ticket, "a pending host function was given up", NULL);
}

/* ---- the side of the call ---- */

bool cw_ticket_ready(cwrun_ticket *ticket)
{
    pthread_mutex_lock(&ticket->mailbox->lock);
    bool ready = ticket->state != CW_TICKET_OPEN;
    pthread_mutex_unlock(&ticket->mailbox->lock);
    return ready;
}

cwrun_status cw_caller_take_ticket(cwrun_caller *c, cwrun_val *result)
{
    cwrun_ticket *ticket = c->ticket;
    cw_mailbox *m = ticket->mailbox;
    pthread_mutex_lock(&m->lock);
    uint8_t state = ticket->state;
    pthread_mutex_unlock(&m->lock);
    if (state == CW_TICKET_OPEN)
        return CWRUN_PENDING;
    /* nobody else touches it from now on; it stays until the call ends */
    if (state == CW_TICKET_DONE) {
        *result = ticket->result;
        return CWRUN_DONE;
    }
    cw_thread_trap(c->thread, CW_TRAP_HOST, "%s", ticket->words.data ? ticket->words.data : "out of memory");
    return CWRUN_TRAP;
}

void cw_caller_end_ticket(cwrun_caller *c)
{
    cwrun_ticket *ticket = c->ticket;
    if (!ticket)
        return;
    c->ticket = NULL;
    pthread_mutex_lock(&ticket->mailbox->lock);
    bool cancelled = ticket->state == CW_TICKET_OPEN;
    void (*on_cancel)(void *user) = ticket->on_cancel;
    void *user = ticket->user;
    ticket->gone = true;
    give_back(ticket);
    if (cancelled && on_cancel)
        on_cancel(user);
}
