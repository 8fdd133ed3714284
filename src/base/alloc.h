/* base/alloc.h: the engine's allocator hook, as the library uses it.
 *
 * Every byte of the library comes through a cw_alloc. Sizes are given back on free, so that an embedder's allocator
 * needs no headers. Failure is NULL and an ordinary error. */
#ifndef CW_BASE_ALLOC_H
#define CW_BASE_ALLOC_H

#include "cwrun/base.h"

typedef cwrun_alloc cw_alloc;

/* malloc, realloc and free. */
extern const cw_alloc cw_alloc_default;

/* `n * size` zeroed bytes; NULL where memory ran out or the product wraps. n * size == 0 gives NULL too. */
void *cw_new_array(const cw_alloc *a, size_t n, size_t size);
/* `size` zeroed bytes. */
void *cw_new(const cw_alloc *a, size_t size);
/* Resizes; what is new is not zeroed. NULL where memory ran out (ptr stays valid). */
void *cw_resize(const cw_alloc *a, void *ptr, size_t old_size, size_t new_size);
/* Frees what was asked for with `size`; NULL is fine. */
void cw_free(const cw_alloc *a, void *ptr, size_t size);

#endif
