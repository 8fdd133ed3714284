/* os/fd.h: descriptors of the system, used without ever blocking and without changing them; random bytes; the wall
 * clock.
 *
 * Standard streams are shared with other processes, so they are never made O_NONBLOCK: every read and write first asks
 * whether it would block (poll(2)) and then moves no more than is sure to go at once. Errors are negated errno values;
 * a reader that is gone is -EPIPE, never a signal. */
#ifndef CW_OS_FD_H
#define CW_OS_FD_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum { CW_OS_POLL_IN = 1, CW_OS_POLL_OUT = 4 };

/* One descriptor to ask about; `ready` gets the CW_OS_POLL_… of events that would not block (all of them after an error
 * or a hang-up: the next read or write then tells). */
typedef struct cw_os_fd_query {
    int fd;
    short events;
    short ready;
} cw_os_fd_query;

/* Looks, never waits. Returns how many are ready. */
size_t cw_os_fd_poll(cw_os_fd_query *items, size_t n);

typedef enum cw_os_fd_kind {
    CW_OS_FD_CLOSED, /* no such descriptor */
    CW_OS_FD_FILE,   /* regular files, disks and memory devices: always ready, any size */
    CW_OS_FD_TERMINAL,
    CW_OS_FD_SOCKET,
    CW_OS_FD_PIPE /* and whatever else there is */
} cw_os_fd_kind;

cw_os_fd_kind cw_os_fd_look(int fd);

/* Most bytes that a write takes at once where poll says ready (PIPE_BUF); files take any number. */
enum { CW_OS_WRITE_CHUNK = 4096 };

/* Bytes read (0: end of the file), -EAGAIN where it would block, or another negated errno. size > 0. */
int64_t cw_os_fd_read(int fd, cw_os_fd_kind kind, void *out, size_t size);
/* Bytes written (less than size: the rest would block), -EAGAIN, -EPIPE or another negated errno. size > 0. */
int64_t cw_os_fd_write(int fd, cw_os_fd_kind kind, const void *data, size_t size);
/* Waits until the descriptor can be written to (or fails). Only for the end of a program. */
void cw_os_fd_wait_writable(int fd);

/* Fills with random bytes from the system's generator. */
bool cw_os_random(void *out, size_t size);

/* Nanoseconds since 1970, and the resolution of that clock. */
uint64_t cw_os_wall_clock(void);
uint64_t cw_os_wall_clock_resolution(void);

/* The system's words for an errno value, into a buffer of `size` > 0 bytes. */
void cw_os_error_text(int code, char *out, size_t size);

#endif
