/* os/event_posix.c: events by a mutex and a condition on the monotonic clock. */
#include "os/event.h"

#include <time.h>

enum { NS_PER_S = 1000000000 };

bool cw_os_event_init(cw_os_event *e)
{
    pthread_condattr_t attributes;
    e->is_set = false;
    if (pthread_condattr_init(&attributes) != 0)
        return false;
    bool ok = pthread_condattr_setclock(&attributes, CLOCK_MONOTONIC) == 0 && pthread_mutex_init(&e->lock, NULL) == 0;
    if (ok && pthread_cond_init(&e->changed, &attributes) != 0) {
        pthread_mutex_destroy(&e->lock);
        ok = false;
    }
    pthread_condattr_destroy(&attributes);
    return ok;
}

void cw_os_event_fini(cw_os_event *e)
{
    pthread_cond_destroy(&e->changed);
    pthread_mutex_destroy(&e->lock);
}

void cw_os_event_set(cw_os_event *e)
{
    pthread_mutex_lock(&e->lock);
    e->is_set = true;
    pthread_cond_signal(&e->changed);
    pthread_mutex_unlock(&e->lock);
}

void cw_os_event_clear(cw_os_event *e)
{
    pthread_mutex_lock(&e->lock);
    e->is_set = false;
    pthread_mutex_unlock(&e->lock);
}

bool cw_os_event_wait(cw_os_event *e, uint64_t deadline)
{
    struct timespec until = { (time_t)(deadline / NS_PER_S), (long)(deadline % NS_PER_S) };
    int failed = 0;
    pthread_mutex_lock(&e->lock);
    while (!e->is_set && !failed)
        failed = deadline == UINT64_MAX ? pthread_cond_wait(&e->changed, &e->lock)
                                        : pthread_cond_timedwait(&e->changed, &e->lock, &until);
    bool set = e->is_set;
    e->is_set = false;
    pthread_mutex_unlock(&e->lock);
    return set;
}
