/* exec/table.c: tables  [core 4.2.7, 4.6.5]. Elements are one array from the allocator hook that doubles
 * as it grows. */
#include "exec/table.h"

#include "base/error.h"

static uint64_t least(uint64_t a, uint64_t b)
{
    return a < b ? a : b;
}

static bool fits(const cw_table *t, uint64_t at, uint64_t n)
{
    return n <= t->size && at <= t->size - n;
}

static void fill(uint64_t *at, uint64_t value, uint64_t n)
{
    if (n != 0 && value == 0)
        memset(at, 0, (size_t)n * sizeof *at);
    else
        for (uint64_t i = 0; i < n; i++)
            at[i] = value;
}

/* How many elements tables may still have. */
static uint64_t left(const cw_exec *x)
{
    return x->table_elems < x->limits.max_table ? x->limits.max_table - x->table_elems : 0;
}

cw_table *cw_table_new(cw_exec *x, const cw_tabletype *type, uint64_t init, cwrun_error *err)
{
    if (cwrun_failed(err))
        return NULL;
    if (x->n_tables >= x->limits.max_tables) {
        cw_fail(err, &x->alloc, CWRUN_ERROR_LIMIT, CWRUN_LIMIT_TABLE,
                "more than %u tables in one store (--max-instances)", x->limits.max_tables);
        return NULL;
    }
    uint64_t n = type->limits.min, most = least(x->limits.max_table, SIZE_MAX / sizeof(uint64_t));
    if (n > most || n > left(x)) {
        cw_fail(err, &x->alloc, CWRUN_ERROR_LIMIT, CWRUN_LIMIT_TABLE,
                "a table of %llu elements passes the limit of %llu for all tables together (--max-table)",
                (unsigned long long)n, (unsigned long long)most);
        return NULL;
    }
    cw_table *t = CW_ARENA_NEW(&x->arena, cw_table);
    uint64_t *elems = t && n != 0 ? cw_new_array(&x->alloc, (size_t)n, sizeof *elems) : NULL;
    if (!t || (n != 0 && !elems)) {
        cw_exec_oom(x, err);
        return NULL;
    }
    most = least(most, type->limits.is_64 ? UINT64_MAX : UINT32_MAX);
    *t = (cw_table){
        .elems = elems, .size = n, .cap = n, .max = least(type->limits.max, most), .type = *type, .exec = x
    };
    if (init != 0)
        fill(elems, init, n);
    x->n_tables++;
    x->table_elems += n;
    t->next = x->tables;
    x->tables = t;
    return t;
}

void cw_table_fini(cw_table *t)
{
    cw_free(&t->exec->alloc, t->elems, (size_t)t->cap * sizeof *t->elems);
    t->exec->table_elems -= t->size;
    t->elems = NULL;
    t->size = t->cap = 0;
}

uint64_t cw_table_grow(cw_table *t, uint64_t n, uint64_t init)
{
    uint64_t old = t->size;
    if (old > t->max || n > t->max - old || n > left(t->exec))
        return UINT64_MAX;
    if (n > t->cap - old) {
        uint64_t cap = least(t->cap < 8 ? 16 : t->cap * 2, t->max);
        if (cap < old + n)
            cap = old + n;
        uint64_t *elems =
            cw_resize(&t->exec->alloc, t->elems, (size_t)t->cap * sizeof *elems, (size_t)cap * sizeof *elems);
        if (!elems)
            return UINT64_MAX;
        t->elems = elems;
        t->cap = cap;
    }
    t->size = old + n;
    t->exec->table_elems += n;
    if (n != 0)
        fill(t->elems + old, init, n);
    return old;
}

bool cw_table_get(const cw_table *t, uint64_t i, uint64_t *value)
{
    if (i >= t->size)
        return false;
    *value = t->elems[i];
    return true;
}

bool cw_table_set(cw_table *t, uint64_t i, uint64_t value)
{
    if (i >= t->size)
        return false;
    t->elems[i] = value;
    return true;
}

bool cw_table_fill(cw_table *t, uint64_t d, uint64_t value, uint64_t n)
{
    if (!fits(t, d, n))
        return false;
    if (n != 0)
        fill(t->elems + d, value, n);
    return true;
}

bool cw_table_copy(cw_table *to, uint64_t d, const cw_table *from, uint64_t s, uint64_t n)
{
    if (!fits(to, d, n) || !fits(from, s, n))
        return false;
    if (n != 0)
        memmove(to->elems + d, from->elems + s, (size_t)n * sizeof *to->elems);
    return true;
}
