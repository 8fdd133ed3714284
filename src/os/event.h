/* os/event.h: an OS thread sleeps until another one, or a time, wakes it. */
#ifndef CW_OS_EVENT_H
#define CW_OS_EVENT_H

#include <pthread.h>
#include <stdbool.h>
#include <stdint.h>

/* One sleeper, any number of those who set it. */
typedef struct cw_os_event {
    pthread_mutex_t lock;
    pthread_cond_t changed;
    bool is_set;
} cw_os_event;

bool cw_os_event_init(cw_os_event *e);
void cw_os_event_fini(cw_os_event *e);
void cw_os_event_set(cw_os_event *e);
void cw_os_event_clear(cw_os_event *e);
/* Sleeps until the event is set, and clears it; false where the deadline (cw_os_monotonic; UINT64_MAX: none) came
 * first. */
bool cw_os_event_wait(cw_os_event *e, uint64_t deadline);

#endif
