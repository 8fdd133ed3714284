/* os/wait.h: waiting for descriptors, and a descriptor by which other OS threads end such a wait. */
#ifndef CW_OS_WAIT_H
#define CW_OS_WAIT_H

#include <poll.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Waits until one of the descriptors is ready or the deadline (cw_os_monotonic; UINT64_MAX: none) has passed; marks the
 * ready ones in revents. Signals do not end it. False where the system refuses. */
bool cw_os_poll(struct pollfd *fds, size_t n, uint64_t deadline);

/* A wake-up: fds[0] is polled for POLLIN, fds[1] is raised by (they may be one).
 * False where the system has none left. */
bool cw_os_wake_init(int fds[2]);
void cw_os_wake_fini(int fds[2]);
void cw_os_wake_raise(const int fds[2]);
/* Back to "not raised". */
void cw_os_wake_clear(const int fds[2]);

#endif
