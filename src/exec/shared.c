/* exec/shared.c: shared memories, and waiting on them  [threads proposal].
 *
 * One lock a memory guards growth, the list of views and the sleepers. Sizes that interpreters read while others grow
 * (of views and of their instances) are written atomically; a run that learns of growth by an atomic access also sees
 * the new size. A sleeper is a record on its C stack; it sleeps on its store's event, which interrupts set too. */
#include "exec/shared.h"

#include <pthread.h>

#include "base/error.h"
#include "base/vec.h"
#include "exec/memory.h"
#include "os/event.h"
#include "os/os.h"

typedef struct sleeper {
    uint64_t at;
    cw_os_event *event;
    bool woken;
    struct sleeper *next;
} sleeper;

struct cw_shared_memory {
    cw_alloc alloc;
    uint32_t n_refs; /* atomic */
    pthread_mutex_t lock;
    cw_memtype type;
    uint8_t *base;
    uint64_t size, max_size, committed;
    cw_memory *views;
    sleeper *first, **last;
};

/* Nanoseconds that a unit of fuel lasts asleep. */
enum { NS_PER_FUEL = 1000 };

/* What cw_shared_memory_at gives for no bytes of a memory that has none. */
static const uint8_t nothing[1] = { 0 };

static uint64_t least(uint64_t a, uint64_t b)
{
    return a < b ? a : b;
}

/* ---- the object ---- */

cw_shared_memory *cw_shared_memory_new(const cw_alloc *a, const cw_memtype *type, uint64_t max_size, cwrun_error *err)
{
    unsigned log2 = type->page_log2;
    uint64_t min = type->min << log2, most = least(type->max, max_size >> log2) << log2;
    if (cwrun_failed(err))
        return NULL;
    if (type->min > max_size >> log2) {
        cw_fail(err, a, CWRUN_ERROR_LIMIT, CWRUN_LIMIT_GUEST_MEMORY,
                "a shared memory of %llu pages passes the limit of %llu bytes (--max-memory)",
                (unsigned long long)type->min, (unsigned long long)max_size);
        return NULL;
    }
    cw_shared_memory *s = cw_new(a, sizeof *s);
    if (!s || pthread_mutex_init(&s->lock, NULL) != 0) {
        cw_free(a, s, sizeof *s);
        cw_fail_oom(err);
        return NULL;
    }
    s->alloc = *a;
    s->n_refs = 1;
    s->type = *type;
    s->size = s->committed = min;
    s->max_size = most;
    s->last = &s->first;
    s->base = most ? cw_os_reserve(most, min) : NULL;
    if (most && !s->base) {
        cw_fail(err, a, CWRUN_ERROR_LIMIT, CWRUN_LIMIT_HOST_MEMORY,
                "out of memory: no room for a shared memory of %llu bytes at most", (unsigned long long)most);
        s->max_size = 0;
        cw_shared_memory_release(s);
        return NULL;
    }
    return s;
}

void cw_shared_memory_keep(cw_shared_memory *s)
{
    __atomic_add_fetch(&s->n_refs, 1, __ATOMIC_RELAXED);
}

void cw_shared_memory_release(cw_shared_memory *s)
{
    if (!s || __atomic_sub_fetch(&s->n_refs, 1, __ATOMIC_ACQ_REL) != 0)
        return;
    cw_os_release(s->base, s->max_size);
    pthread_mutex_destroy(&s->lock);
    const cw_alloc a = s->alloc;
    cw_free(&a, s, sizeof *s);
}

uint64_t cw_shared_memory_size(cw_shared_memory *s)
{
    return __atomic_load_n(&s->size, __ATOMIC_SEQ_CST);
}

uint8_t *cw_shared_memory_at(cw_shared_memory *s, uint64_t at, uint64_t size)
{
    uint64_t have = cw_shared_memory_size(s);
    if (size > have || at > have - size)
        return NULL;
    return s->base ? s->base + at : (uint8_t *)(uintptr_t)nothing;
}

/* ---- views ---- */

cw_memory *cw_memory_share(cw_exec *x, cw_shared_memory *s, cwrun_error *err)
{
    for (cw_memory *m = x->memories; m; m = m->next)
        if (m->shared == s)
            return m;
    if (cwrun_failed(err))
        return NULL;
    if (x->n_memories >= x->limits.max_memories) {
        cw_fail(err, &x->alloc, CWRUN_ERROR_LIMIT, CWRUN_LIMIT_GUEST_MEMORY,
                "more than %u memories in one store (--max-instances)", x->limits.max_memories);
        return NULL;
    }
    cw_memory *m = CW_ARENA_NEW(&x->arena, cw_memory);
    if (!m) {
        x->arena.oom = false;
        cw_fail_oom(err);
        return NULL;
    }
    cw_shared_memory_keep(s);
    *m = (cw_memory){
        .exec = x, .type = s->type, .max_pages = s->max_size >> s->type.page_log2, .base = s->base, .shared = s
    };
    pthread_mutex_lock(&s->lock);
    m->size = s->size;
    m->next_view = s->views;
    s->views = m;
    pthread_mutex_unlock(&s->lock);
    x->n_memories++;
    m->next = x->memories;
    x->memories = m;
    return m;
}

void cw_shared_memory_leave(cw_memory *view)
{
    cw_shared_memory *s = view->shared;
    pthread_mutex_lock(&s->lock);
    cw_memory **at = &s->views;
    while (*at != view)
        at = &(*at)->next_view;
    *at = view->next_view;
    pthread_mutex_unlock(&s->lock);
    cw_free(&view->exec->alloc, view->users, view->cap_users * sizeof *view->users);
    view->exec->memory_bytes -= view->charged;
    view->shared = NULL;
    view->base = NULL;
    view->size = 0;
    cw_shared_memory_release(s);
}

bool cw_shared_memory_follow(cw_memory *view, cw_instance *in)
{
    cw_shared_memory *s = view->shared;
    pthread_mutex_lock(&s->lock);
    bool ok =
        view->n_users < view->cap_users || cw_vec_reserve(&view->exec->alloc, (void **)&view->users, view->n_users,
                                                          &view->cap_users, sizeof *view->users, 1);
    if (ok) {
        view->users[view->n_users++] = in;
        in->mem0 = s->base;
        in->mem0_size = s->size;
    }
    pthread_mutex_unlock(&s->lock);
    return ok;
}

/* The lock is held. */
static bool enlarge(cw_shared_memory *s, uint64_t size)
{
    if (!cw_memory_commit(s->base, &s->committed, size, s->max_size))
        return false;
    __atomic_store_n(&s->size, size, __ATOMIC_SEQ_CST);
    for (cw_memory *m = s->views; m; m = m->next_view) {
        __atomic_store_n(&m->size, size, __ATOMIC_SEQ_CST);
        for (uint32_t i = 0; i < m->n_users; i++)
            __atomic_store_n(&m->users[i]->mem0_size, size, __ATOMIC_RELAXED);
    }
    return true;
}

/* Who grows it pays for it. */
uint64_t cw_shared_memory_grow(cw_memory *view, uint64_t pages)
{
    cw_shared_memory *s = view->shared;
    cw_exec *x = view->exec;
    unsigned log2 = s->type.page_log2;
    pthread_mutex_lock(&s->lock);
    uint64_t old = s->size >> log2, room = (s->max_size - s->size) >> log2;
    bool ok = pages <= room && pages << log2 <= x->limits.max_memory - x->memory_bytes;
    if (ok && pages != 0 && (ok = enlarge(s, s->size + (pages << log2)))) {
        x->memory_bytes += pages << log2;
        view->charged += pages << log2;
    }
    pthread_mutex_unlock(&s->lock);
    return ok ? old : UINT64_MAX;
}

/* ---- waiting ---- */

static bool is_equal(const cw_shared_memory *s, uint64_t at, uint32_t n, uint64_t expected)
{
    const uint8_t *p = s->base + at;
    if (n == 4)
        return __atomic_load_n((const uint32_t *)(const void *)p, __ATOMIC_SEQ_CST) == (uint32_t)expected;
    return __atomic_load_n((const uint64_t *)(const void *)p, __ATOMIC_SEQ_CST) == expected;
}

static uint64_t after(uint64_t now, uint64_t time)
{
    return time < UINT64_MAX - now ? now + time : UINT64_MAX;
}

static void unlink_sleeper(cw_shared_memory *s, sleeper *me)
{
    sleeper **at = &s->first;
    while (*at != me)
        at = &(*at)->next;
    *at = me->next;
    if (!me->next)
        s->last = at;
}

/* The lock is held, the sleeper is in the list; true where it was woken. */
static bool sleep_until(cw_shared_memory *s, cw_exec *x, sleeper *me, uint64_t deadline)
{
    bool more = true;
    while (!me->woken && more && !__atomic_load_n(&x->interrupted, __ATOMIC_SEQ_CST)) {
        pthread_mutex_unlock(&s->lock);
        more = cw_os_event_wait(&x->wake, deadline);
        pthread_mutex_lock(&s->lock);
    }
    if (!me->woken)
        unlink_sleeper(s, me);
    return me->woken;
}

/* What the time since `start` cost; false where that is more than there was. */
static bool charge(cw_exec *x, uint64_t start)
{
    uint64_t cost = (cw_os_monotonic() - start) / NS_PER_FUEL;
    x->fuel = x->fuel < 0 || cost > (uint64_t)x->fuel ? -1 : x->fuel - (int64_t)cost;
    return x->fuel >= 0;
}

uint8_t cw_shared_memory_wait(cw_memory *view, uint64_t at, uint32_t n, uint64_t expected, int64_t timeout,
                              uint32_t *outcome)
{
    cw_shared_memory *s = view->shared;
    cw_exec *x = view->exec;
    bool fuel = x->code_options.fuel;
    uint64_t start = cw_os_monotonic(), deadline = timeout < 0 ? UINT64_MAX : after(start, (uint64_t)timeout);
    if (fuel) {
        uint64_t left = x->fuel < 0 ? 0 : (uint64_t)x->fuel;
        deadline =
            least(deadline, after(start, left < UINT64_MAX / NS_PER_FUEL - 1 ? (left + 1) * NS_PER_FUEL : UINT64_MAX));
    }
    sleeper me = { .at = at, .event = &x->wake };
    cw_os_event_clear(&x->wake);
    pthread_mutex_lock(&s->lock);
    if (!is_equal(s, at, n, expected)) {
        *outcome = CW_WAIT_NOT_EQUAL;
    } else {
        *s->last = &me;
        s->last = &me.next;
        *outcome = sleep_until(s, x, &me, deadline) ? CW_WAIT_OK : CW_WAIT_TIMED_OUT;
    }
    pthread_mutex_unlock(&s->lock);
    if (*outcome == CW_WAIT_TIMED_OUT && __atomic_load_n(&x->interrupted, __ATOMIC_SEQ_CST))
        return CW_TRAP_INTERRUPT;
    return fuel && !charge(x, start) ? CW_TRAP_FUEL : CW_TRAP_NONE;
}

uint32_t cw_shared_memory_notify(cw_shared_memory *s, uint64_t at, uint32_t count)
{
    uint32_t n = 0;
    pthread_mutex_lock(&s->lock);
    for (sleeper **p = &s->first; *p && n < count;) {
        sleeper *one = *p;
        if (one->at != at) {
            p = &one->next;
            continue;
        }
        *p = one->next;
        if (!one->next)
            s->last = p;
        one->woken = true;
        cw_os_event_set(one->event); /* under the lock: it cannot be gone yet */
        n++;
    }
    pthread_mutex_unlock(&s->lock);
    return n;
}
