/* os/fd_posix.c: descriptors, random bytes and the wall clock on POSIX systems. */
#include "os/fd.h"

#include <errno.h>
#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/random.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

_Static_assert((int)CW_OS_POLL_IN == POLLIN && (int)CW_OS_POLL_OUT == POLLOUT, "cw_os_fd_query has poll's events");
_Static_assert(sizeof(cw_os_fd_query) == sizeof(struct pollfd) &&
                   offsetof(cw_os_fd_query, events) == offsetof(struct pollfd, events) &&
                   offsetof(cw_os_fd_query, ready) == offsetof(struct pollfd, revents),
               "cw_os_fd_query is a struct pollfd");

size_t cw_os_fd_poll(cw_os_fd_query *items, size_t n)
{
    int found;
    do
        found = poll((struct pollfd *)items, (nfds_t)n, 0);
    while (found < 0 && errno == EINTR);

    size_t n_ready = 0;
    for (size_t i = 0; i < n; i++) {
        /* Where poll itself fails everything counts as ready: the operation that follows finds out. */
        if (found < 0 || (items[i].ready & (POLLERR | POLLHUP | POLLNVAL)))
            items[i].ready = items[i].events;
        items[i].ready = (short)(items[i].ready & items[i].events);
        n_ready += items[i].ready != 0;
    }
    return n_ready;
}

cw_os_fd_kind cw_os_fd_look(int fd)
{
    struct stat st;
    if (fd < 0 || fstat(fd, &st) != 0)
        return CW_OS_FD_CLOSED;
    if (S_ISREG(st.st_mode) || S_ISBLK(st.st_mode))
        return CW_OS_FD_FILE;
    if (S_ISSOCK(st.st_mode))
        return CW_OS_FD_SOCKET;
    if (S_ISCHR(st.st_mode) && isatty(fd))
        return CW_OS_FD_TERMINAL;
    return CW_OS_FD_PIPE;
}

static bool is_ready(int fd, cw_os_fd_kind kind, short events)
{
    if (kind == CW_OS_FD_FILE || kind == CW_OS_FD_SOCKET) /* sockets are asked by MSG_DONTWAIT */
        return true;
    cw_os_fd_query item = { fd, events, 0 };
    return cw_os_fd_poll(&item, 1) != 0;
}

/* What read, write, recv or send answered, as this file's functions do. */
static int64_t answer(ssize_t n)
{
    if (n >= 0)
        return n;
    return errno == EWOULDBLOCK ? -EAGAIN : -errno;
}

int64_t cw_os_fd_read(int fd, cw_os_fd_kind kind, void *out, size_t size)
{
    if (!is_ready(fd, kind, POLLIN))
        return -EAGAIN;
    ssize_t n;
    do
        n = kind == CW_OS_FD_SOCKET ? recv(fd, out, size, MSG_DONTWAIT) : read(fd, out, size);
    while (n < 0 && errno == EINTR);
    return answer(n);
}

/* A write to a pipe without readers raises SIGPIPE, which would end the process. It is held back for this thread and
 * taken away again, unless one was waiting before. */
static ssize_t write_without_signal(int fd, const void *data, size_t size)
{
    sigset_t pipe_signal, before, waiting;
    sigemptyset(&pipe_signal);
    sigaddset(&pipe_signal, SIGPIPE);
    sigemptyset(&waiting);
    sigpending(&waiting);
    bool was_waiting = sigismember(&waiting, SIGPIPE) == 1;
    if (was_waiting || pthread_sigmask(SIG_BLOCK, &pipe_signal, &before) != 0)
        return write(fd, data, size);

    ssize_t n = write(fd, data, size);
    int code = errno;
    if (n < 0 && code == EPIPE) {
        const struct timespec at_once = { 0, 0 };
        while (sigtimedwait(&pipe_signal, NULL, &at_once) < 0 && errno == EINTR)
            continue;
    }
    pthread_sigmask(SIG_SETMASK, &before, NULL);
    errno = code;
    return n;
}

int64_t cw_os_fd_write(int fd, cw_os_fd_kind kind, const void *data, size_t size)
{
    const char *at = data;
    size_t left = size;
    while (left > 0) {
        ssize_t n;
        if (kind == CW_OS_FD_FILE) {
            n = write(fd, at, left);
        } else if (kind == CW_OS_FD_SOCKET) {
            n = send(fd, at, left, MSG_DONTWAIT | MSG_NOSIGNAL);
        } else if (!is_ready(fd, kind, POLLOUT)) {
            n = -1;
            errno = EAGAIN;
        } else {
            n = write_without_signal(fd, at, left < CW_OS_WRITE_CHUNK ? left : CW_OS_WRITE_CHUNK);
        }
        if (n < 0 && errno == EINTR)
            continue;
        if (n <= 0) /* what went is told first; the failure comes again with the next write */
            return left < size ? (int64_t)(size - left) : n < 0 ? answer(n) : -EIO;
        at += n;
        left -= (size_t)n;
    }
    return (int64_t)size;
}

void cw_os_fd_wait_writable(int fd)
{
    struct pollfd item = { fd, POLLOUT, 0 };
    while (poll(&item, 1, -1) < 0 && errno == EINTR)
        continue;
}

bool cw_os_random(void *out, size_t size)
{
    char *at = out;
    while (size > 0) {
        ssize_t n = getrandom(at, size, 0);
        if (n < 0 && errno == EINTR)
            continue;
        if (n <= 0)
            return false;
        at += n;
        size -= (size_t)n;
    }
    return true;
}

static uint64_t nanoseconds(const struct timespec *t)
{
    return (uint64_t)t->tv_sec * 1000000000u + (uint64_t)t->tv_nsec;
}

uint64_t cw_os_wall_clock(void)
{
    struct timespec now;
    return clock_gettime(CLOCK_REALTIME, &now) == 0 && now.tv_sec >= 0 ? nanoseconds(&now) : 0;
}

uint64_t cw_os_wall_clock_resolution(void)
{
    struct timespec step;
    return clock_getres(CLOCK_REALTIME, &step) == 0 ? nanoseconds(&step) : 1;
}

void cw_os_error_text(int code, char *out, size_t size)
{
    out[0] = 0;
    /* Two functions of one name: POSIX's answers an int, glibc's a pointer. Both are understood by their types here. */
#if defined(__GLIBC__) && defined(_GNU_SOURCE)
    const char *text = strerror_r(code, out, size);
    if (text != out)
        snprintf(out, size, "%s", text);
#else
    if (strerror_r(code, out, size) != 0)
        snprintf(out, size, "error %d", code);
#endif
}
