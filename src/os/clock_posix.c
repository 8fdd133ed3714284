/* os/clock_posix.c: the monotonic clock. */
#include "os/os.h"

#include <time.h>

static uint64_t nanoseconds(const struct timespec *t)
{
    return (uint64_t)t->tv_sec * 1000000000u + (uint64_t)t->tv_nsec;
}

uint64_t cw_os_monotonic(void)
{
    struct timespec now;
    return clock_gettime(CLOCK_MONOTONIC, &now) == 0 ? nanoseconds(&now) : 0;
}

uint64_t cw_os_monotonic_resolution(void)
{
    struct timespec step;
    return clock_getres(CLOCK_MONOTONIC, &step) == 0 ? nanoseconds(&step) : 1;
}
