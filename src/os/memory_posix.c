/* os/memory_posix.c: address space by mmap.
 *
 * A reservation is one private mapping without access; what is committed gets access by mprotect. Where everything is
 * usable at once one system call makes it. MAP_NORESERVE keeps wide reservations out of the system's accounting. */
#include "os/os.h"

#include <sys/mman.h>
#include <unistd.h>

#ifndef MAP_NORESERVE
#define MAP_NORESERVE 0
#endif

size_t cw_os_page_size(void)
{
    long size = sysconf(_SC_PAGESIZE);
    return size > 0 ? (size_t)size : 4096;
}

/* Rounded up to pages; 0 where it wraps or does not fit the address space. */
static size_t in_pages(uint64_t size)
{
    size_t page = cw_os_page_size();
    if (size > SIZE_MAX / 2)
        return 0;
    return ((size_t)size + page - 1) & ~(page - 1);
}

void *cw_os_reserve(uint64_t size, uint64_t committed)
{
    size_t whole = in_pages(size), usable = in_pages(committed);
    if (whole == 0 || usable > whole)
        return NULL;
    int access = usable == whole ? PROT_READ | PROT_WRITE : PROT_NONE;
    void *base = mmap(NULL, whole, access, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
    if (base == MAP_FAILED)
        return NULL;
    if (usable != 0 && usable != whole && mprotect(base, usable, PROT_READ | PROT_WRITE) != 0) {
        munmap(base, whole);
        return NULL;
    }
    return base;
}

bool cw_os_commit(void *base, uint64_t from, uint64_t to)
{
    size_t start = in_pages(from), end = in_pages(to);
    return end <= start || mprotect((char *)base + start, end - start, PROT_READ | PROT_WRITE) == 0;
}

void cw_os_release(void *base, uint64_t size)
{
    if (base)
        munmap(base, in_pages(size));
}
