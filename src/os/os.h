/* os/os.h: what the library needs of the system; a port is one more set of files beside *_posix.c.
 *
 * Address space is held without memory behind it (reserve), then given memory piece by piece from its start (commit),
 * so that what lies there never moves. Sizes are bytes and need not be multiples of a page. */
#ifndef CW_OS_OS_H
#define CW_OS_OS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Holds `size` bytes of address space of which the first `committed` can be used and read as zero. NULL where the
 * system cannot. */
void *cw_os_reserve(uint64_t size, uint64_t committed);
/* Makes [from, to) of a reservation usable; offsets in bytes; what was usable stays as it is. False: out of memory. */
bool cw_os_commit(void *base, uint64_t from, uint64_t to);
/* Gives a reservation back; size as it was asked for. */
void cw_os_release(void *base, uint64_t size);
/* Size of a page of the system. */
size_t cw_os_page_size(void);

/* Nanoseconds of a clock that never goes back, from an arbitrary start. */
uint64_t cw_os_monotonic(void);
/* Its resolution in nanoseconds. */
uint64_t cw_os_monotonic_resolution(void);

#endif
