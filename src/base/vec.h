/* base/vec.h: growable arrays of any element type.
 *
 *     CW_VEC(uint32_t) ids = { 0 };
 *     uint32_t *slot = CW_VEC_PUSH(&ids, alloc);   // NULL where memory ran out
 *     CW_VEC_FINI(&ids, alloc);
 */
#ifndef CW_BASE_VEC_H
#define CW_BASE_VEC_H

#include "base/alloc.h"

#define CW_VEC(T) \
    struct { \
        T *items; \
        uint32_t n, cap; \
    }

/* Makes room for `more` further elements; false where memory ran out or the count would pass 2^31. */
bool cw_vec_reserve(const cw_alloc *a, void **items, uint32_t n, uint32_t *cap, size_t elem_size, size_t more);

#define CW_VEC_RESERVE(v, a, more) \
    cw_vec_reserve((a), (void **)&(v)->items, (v)->n, &(v)->cap, sizeof *(v)->items, (more))
/* A pointer to a new last element (not zeroed), or NULL. */
#define CW_VEC_PUSH(v, a) (((v)->n < (v)->cap || CW_VEC_RESERVE(v, a, 1)) ? &(v)->items[(v)->n++] : NULL)
#define CW_VEC_FINI(v, a) \
    (cw_free((a), (v)->items, (size_t)(v)->cap * sizeof *(v)->items), (v)->items = NULL, (v)->n = (v)->cap = 0)

#endif
