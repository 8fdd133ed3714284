/* base/vec.c: the growth of CW_VEC: by half again, from 8 elements. */
#include "base/vec.h"

enum { MIN_CAP = 8 };
static const uint32_t max_cap = (uint32_t)1 << 31;

bool cw_vec_reserve(const cw_alloc *a, void **items, uint32_t n, uint32_t *cap, size_t elem_size, size_t more)
{
    if (more <= *cap - n)
        return true;
    if (more > max_cap - n)
        return false;

    uint32_t need = n + (uint32_t)more;
    uint32_t grown = *cap < max_cap / 2 ? *cap + *cap / 2 : max_cap;
    uint32_t new_cap = grown > need ? grown : need;
    if (new_cap < MIN_CAP)
        new_cap = MIN_CAP;
    if (new_cap > SIZE_MAX / elem_size)
        return false;

    void *resized = cw_resize(a, *items, (size_t)*cap * elem_size, (size_t)new_cap * elem_size);
    if (!resized)
        return false;
    *items = resized;
    *cap = new_cap;
    return true;
}
