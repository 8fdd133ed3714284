/* text/wast_watch.c: how long a command of a script may take. A thread of the runner's own looks at the clock and
 * interrupts the guests of the command whose time is over.
 *
 * The one idea: whoever begins a command only notes its deadline. It is at least a whole timeout away, so a watcher
 * that never sleeps longer than that comes in time, and thousands of short commands wake nobody. */
#include <pthread.h>
#include <time.h>

#include "base/error.h"
#include "cwrun/engine.h"
#include "text/wast.h"

struct cw_wast_watch {
    pthread_t thread;
    pthread_mutex_t lock; /* of all below */
    pthread_cond_t end;
    uint64_t timeout, deadline; /* nanoseconds; deadline 0: no command runs, or its time was over */
    bool raised, ending;
    cw_exec *exec;
    cwrun_interrupt *components; /* NULL: the script has had none yet */
};

static void raise_all(cw_wast_watch *watch)
{
    watch->raised = true;
    watch->deadline = 0;
    cw_exec_interrupt(watch->exec);
    cwrun_interrupt_raise(watch->components);
}

static void *run(void *user)
{
    cw_wast_watch *watch = user;
    pthread_mutex_lock(&watch->lock);
    while (!watch->ending) {
        const uint64_t now = cwrun_monotonic_now();
        if (watch->deadline && now >= watch->deadline)
            raise_all(watch);
        const uint64_t later = now + watch->timeout < now ? UINT64_MAX : now + watch->timeout;
        const uint64_t until = watch->deadline ? watch->deadline : later;
        const struct timespec at = { (time_t)(until / 1000000000), (long)(until % 1000000000) };
        pthread_cond_timedwait(&watch->end, &watch->lock, &at);
    }
    pthread_mutex_unlock(&watch->lock);
    return NULL;
}

bool cw_wast_watch_init(cw_wast *w, cwrun_error *err)
{
    if (!w->options || !w->options->timeout)
        return true;
    cw_wast_watch *watch = cw_new(&w->alloc, sizeof *watch);
    if (!watch)
        return cw_fail_oom(err);
    watch->timeout = w->options->timeout;
    watch->exec = &w->exec;
    pthread_condattr_t attr;
    pthread_condattr_init(&attr);
    pthread_condattr_setclock(&attr, CLOCK_MONOTONIC);
    pthread_mutex_init(&watch->lock, NULL);
    pthread_cond_init(&watch->end, &attr);
    pthread_condattr_destroy(&attr);
    if (pthread_create(&watch->thread, NULL, run, watch) == 0) {
        w->watch = watch;
        return true;
    }
    cw_free(&w->alloc, watch, sizeof *watch);
    return cw_fail_oom(err);
}

void cw_wast_watch_fini(cw_wast *w)
{
    cw_wast_watch *watch = w->watch;
    if (!watch)
        return;
    pthread_mutex_lock(&watch->lock);
    watch->ending = true;
    pthread_cond_signal(&watch->end);
    pthread_mutex_unlock(&watch->lock);
    pthread_join(watch->thread, NULL);
    pthread_cond_destroy(&watch->end);
    pthread_mutex_destroy(&watch->lock);
    cwrun_interrupt_drop(watch->components);
    cw_free(&w->alloc, watch, sizeof *watch);
    w->watch = NULL;
}

void cw_wast_watch_store(cw_wast *w, cwrun_store *store, cwrun_error *err)
{
    cw_wast_watch *watch = w->watch;
    cwrun_interrupt *interrupt = watch ? cwrun_store_interrupt(store, err) : NULL;
    if (!interrupt)
        return;
    pthread_mutex_lock(&watch->lock);
    watch->components = interrupt;
    if (watch->raised)
        cwrun_interrupt_raise(interrupt);
    pthread_mutex_unlock(&watch->lock);
}

void cw_wast_watch_begin(cw_wast *w)
{
    cw_wast_watch *watch = w->watch;
    if (!watch)
        return;
    const uint64_t now = cwrun_monotonic_now();
    pthread_mutex_lock(&watch->lock);
    watch->deadline = now + watch->timeout < now ? UINT64_MAX : now + watch->timeout;
    pthread_mutex_unlock(&watch->lock);
}

void cw_wast_watch_end(cw_wast *w)
{
    cw_wast_watch *watch = w->watch;
    if (!watch)
        return;
    pthread_mutex_lock(&watch->lock);
    watch->deadline = 0;
    if (watch->raised) {
        watch->raised = false;
        cw_exec_interrupt_clear(watch->exec);
        cwrun_interrupt_clear(watch->components);
    }
    pthread_mutex_unlock(&watch->lock);
}
