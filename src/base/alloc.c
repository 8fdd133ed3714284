/* base/alloc.c: the allocator hook.
 *
 * A hook without a function is the C library's allocator, which is asked directly: calloc gets large zeroed memory from
 * the system without touching it. */
#include "base/alloc.h"

#include <stdlib.h>

const cw_alloc cw_alloc_default = { NULL, NULL };

void *cw_new(const cw_alloc *a, size_t size)
{
    if (size == 0)
        return NULL;
    if (!a || !a->fn)
        return calloc(1, size);
    void *ptr = a->fn(a->user, NULL, 0, size);
    if (ptr)
        memset(ptr, 0, size);
    return ptr;
}

void *cw_new_array(const cw_alloc *a, size_t n, size_t size)
{
    if (size != 0 && n > SIZE_MAX / size)
        return NULL;
    return cw_new(a, n * size);
}

void *cw_resize(const cw_alloc *a, void *ptr, size_t old_size, size_t new_size)
{
    if (new_size == 0) {
        cw_free(a, ptr, old_size);
        return NULL;
    }
    if (!a || !a->fn)
        return realloc(ptr, new_size);
    return a->fn(a->user, ptr, ptr ? old_size : 0, new_size);
}

void cw_free(const cw_alloc *a, void *ptr, size_t size)
{
    if (!ptr)
        return;
    if (!a || !a->fn)
        free(ptr);
    else
        a->fn(a->user, ptr, size, 0);
}
