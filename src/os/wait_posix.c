/* os/wait_posix.c: poll(2), and eventfd or a pipe as wake-up. */
#include "os/wait.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <unistd.h>
#ifdef __linux__
#include <sys/eventfd.h>
#endif

#include "os/os.h"

enum { NS_PER_MS = 1000000 };

/* Milliseconds until the deadline, rounded up so that the wait is not ended early. */
static int timeout_ms(uint64_t deadline)
{
    if (deadline == UINT64_MAX)
        return -1;
    uint64_t now = cw_os_monotonic();
    if (now >= deadline)
        return 0;
    uint64_t ms = (deadline - now - 1) / NS_PER_MS + 1;
    return ms > INT_MAX ? INT_MAX : (int)ms;
}

bool cw_os_poll(struct pollfd *fds, size_t n, uint64_t deadline)
{
    for (;;) {
        int ready = poll(fds, (nfds_t)n, timeout_ms(deadline));
        if (ready > 0)
            return true;
        if (ready < 0 && errno != EINTR && errno != EAGAIN)
            return false;
        if (ready == 0 && (deadline == 0 || cw_os_monotonic() >= deadline))
            return true;
    }
}

#ifdef __linux__

bool cw_os_wake_init(int fds[2])
{
    fds[0] = fds[1] = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
    return fds[0] >= 0;
}

void cw_os_wake_fini(int fds[2])
{
    if (fds[0] >= 0)
        close(fds[0]);
    fds[0] = fds[1] = -1;
}

#else

static bool set_flags(int fd)
{
    return fcntl(fd, F_SETFD, FD_CLOEXEC) == 0 && fcntl(fd, F_SETFL, O_NONBLOCK) == 0;
}

bool cw_os_wake_init(int fds[2])
{
    if (pipe(fds) != 0) {
        fds[0] = fds[1] = -1;
        return false;
    }
    if (set_flags(fds[0]) && set_flags(fds[1]))
        return true;
    cw_os_wake_fini(fds);
    return false;
}

void cw_os_wake_fini(int fds[2])
{
    if (fds[0] >= 0)
        close(fds[0]);
    if (fds[1] >= 0)
        close(fds[1]);
    fds[0] = fds[1] = -1;
}

#endif

void cw_os_wake_raise(const int fds[2])
{
    uint64_t one = 1;
    if (fds[1] >= 0)
        while (write(fds[1], &one, sizeof one) < 0 && errno == EINTR)
            ;
}

void cw_os_wake_clear(const int fds[2])
{
    uint64_t words[8];
    ssize_t got = fds[0] < 0 ? 0 : -1;
    while (got != 0) {
        got = read(fds[0], words, sizeof words);
        if (got < 0 && errno != EINTR)
            return;
        if (got > 0 && fds[0] == fds[1])
            return; /* an eventfd is empty after one read */
    }
}
