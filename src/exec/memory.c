/* exec/memory.c: linear memories  [core 4.2.8, 4.6.6].
 *
 * The one idea: address space up to the greatest possible size is held from the start and given memory as it grows, so
 * that the base never moves. Where the system cannot hold it, the allocator hook is used and growth may move the base;
 * with CW_DEBUG_MOVE growth always does. Instances that cache the base are told either way. */
#include "exec/memory.h"

#include "base/error.h"
#include "base/vec.h"
#include "exec/shared.h"
#include "os/os.h"

/* What cw_memory_at gives for no bytes of a memory that has none. */
static const uint8_t nothing[1] = { 0 };

/* Growth gives memory in steps of at least this, to ask the system seldom. */
enum { COMMIT_STEP = 1 << 20 };

static uint64_t least(uint64_t a, uint64_t b)
{
    return a < b ? a : b;
}

static void tell_users(cw_memory *m)
{
    for (uint32_t i = 0; i < m->n_users; i++) {
        m->users[i]->mem0 = m->base;
        m->users[i]->mem0_size = m->size;
    }
}

#ifdef CW_DEBUG_MOVE
static bool reserve(cw_memory *m, uint64_t size)
{
    (void)m, (void)size;
    return false;
}

static uint8_t *move(cw_memory *m, size_t old_size, size_t size)
{
    uint8_t *base = cw_new(&m->exec->alloc, size);
    if (base && old_size != 0) {
        memcpy(base, m->base, old_size);
        memset(m->base, 0xdd, old_size);
        cw_free(&m->exec->alloc, m->base, old_size);
    }
    return base;
}
#else
static bool reserve(cw_memory *m, uint64_t size)
{
    uint64_t whole = m->max_pages << m->type.page_log2;
    m->base = cw_os_reserve(whole, size);
    m->reserved = m->base ? whole : 0;
    m->committed = m->base ? size : 0;
    return m->base != NULL;
}

static uint8_t *move(cw_memory *m, size_t old_size, size_t size)
{
    if (old_size == 0)
        return cw_new(&m->exec->alloc, size);
    uint8_t *base = cw_resize(&m->exec->alloc, m->base, old_size, size);
    if (base)
        memset(base + old_size, 0, size - old_size);
    return base;
}
#endif

bool cw_memory_commit(uint8_t *base, uint64_t *committed, uint64_t size, uint64_t reserved)
{
    if (size <= *committed)
        return true;
    const uint64_t wide = *committed + *committed / 8 + COMMIT_STEP;
    uint64_t to = least(size > wide ? size : wide, reserved);
    if (!cw_os_commit(base, *committed, to)) {
        to = size;
        if (!cw_os_commit(base, *committed, to))
            return false;
    }
    *committed = to;
    return true;
}

/* Makes room for `size` bytes, more than there are and no more than max_pages. */
static bool enlarge(cw_memory *m, uint64_t size)
{
    if (m->reserved != 0)
        return cw_memory_commit(m->base, &m->committed, size, m->reserved);
    if (!m->base && reserve(m, size))
        return true;
    if (size > SIZE_MAX)
        return false;
    uint8_t *base = move(m, (size_t)m->size, (size_t)size);
    if (!base)
        return false;
    m->base = base;
    return true;
}

static cw_memory *new_shared(cw_exec *x, const cw_memtype *type, cwrun_error *err)
{
    cw_shared_memory *s = cw_shared_memory_new(&x->alloc, type, x->limits.max_memory, err);
    cw_memory *m = s ? cw_memory_share(x, s, err) : NULL;
    if (m) {
        m->charged = m->size;
        x->memory_bytes += m->size;
    }
    cw_shared_memory_release(s);
    return m;
}

cw_memory *cw_memory_new(cw_exec *x, const cw_memtype *type, cwrun_error *err)
{
    if (cwrun_failed(err))
        return NULL;
    if (x->n_memories >= x->limits.max_memories) {
        cw_fail(err, &x->alloc, CWRUN_ERROR_LIMIT, CWRUN_LIMIT_GUEST_MEMORY,
                "more than %u memories in one store (--max-instances)", x->limits.max_memories);
        return NULL;
    }
    unsigned log2 = type->page_log2;
    uint64_t left = x->limits.max_memory - x->memory_bytes;
    if (type->min > left >> log2) {
        cw_fail(err, &x->alloc, CWRUN_ERROR_LIMIT, CWRUN_LIMIT_GUEST_MEMORY,
                "a memory of %llu pages passes the limit of %llu bytes for all memories together (--max-memory)",
                (unsigned long long)type->min, (unsigned long long)x->limits.max_memory);
        return NULL;
    }
    if (type->is_shared)
        return new_shared(x, type, err);
    cw_memory *m = CW_ARENA_NEW(&x->arena, cw_memory);
    if (!m) {
        cw_exec_oom(x, err);
        return NULL;
    }
    unsigned bits = type->is_64 ? 64 : 32;
    uint64_t most = log2 == 0 ? (type->is_64 ? UINT64_MAX : UINT32_MAX) : (uint64_t)1 << (bits - log2);
    most = least(most, x->limits.max_memory >> log2);
    *m = (cw_memory){ .exec = x, .type = *type, .max_pages = least(type->max, most) };

    uint64_t size = type->min << log2;
    if (size != 0 && !enlarge(m, size)) {
        cw_fail(err, &x->alloc, CWRUN_ERROR_LIMIT, CWRUN_LIMIT_HOST_MEMORY,
                "out of memory: no room for a memory of %llu bytes", (unsigned long long)size);
        return NULL;
    }
    m->size = size;
    x->memory_bytes += size;
    x->n_memories++;
    m->next = x->memories;
    x->memories = m;
    return m;
}

void cw_memory_fini(cw_memory *m)
{
    if (m->shared) {
        cw_shared_memory_leave(m);
        return;
    }
    const cw_alloc *a = &m->exec->alloc;
    if (m->reserved != 0)
        cw_os_release(m->base, m->reserved);
    else
        cw_free(a, m->base, (size_t)m->size);
    cw_free(a, m->users, m->cap_users * sizeof *m->users);
    m->exec->memory_bytes -= m->size;
    m->base = NULL;
    m->size = m->reserved = 0;
}

bool cw_memory_follow(cw_memory *m, cw_instance *in)
{
    if (m->shared)
        return cw_shared_memory_follow(m, in);
    if (m->n_users == m->cap_users &&
        !cw_vec_reserve(&m->exec->alloc, (void **)&m->users, m->n_users, &m->cap_users, sizeof *m->users, 1))
        return false;
    m->users[m->n_users++] = in;
    in->mem0 = m->base;
    in->mem0_size = m->size;
    return true;
}

uint64_t cw_memory_pages(const cw_memory *m)
{
    return __atomic_load_n(&m->size, __ATOMIC_SEQ_CST) >> m->type.page_log2;
}

uint64_t cw_memory_grow(cw_memory *m, uint64_t pages)
{
    if (m->shared)
        return cw_shared_memory_grow(m, pages);
    uint64_t old = cw_memory_pages(m);
    cw_exec *x = m->exec;
    if (pages == 0)
        return old;
    if (old > m->max_pages || pages > m->max_pages - old)
        return UINT64_MAX;
    uint64_t more = pages << m->type.page_log2; /* max_pages fits the limit in bytes, so nothing wraps */
    if (more > x->limits.max_memory - x->memory_bytes || !enlarge(m, m->size + more))
        return UINT64_MAX;
    m->size += more;
    x->memory_bytes += more;
    tell_users(m);
    return old;
}

uint8_t *cw_memory_at(const cw_memory *m, uint64_t at, uint64_t size)
{
    uint64_t have = __atomic_load_n(&m->size, __ATOMIC_RELAXED);
    if (size > have || at > have - size)
        return NULL;
    return m->base ? m->base + at : (uint8_t *)(uintptr_t)nothing;
}

bool cw_memory_copy(cw_memory *to, uint64_t d, const cw_memory *from, uint64_t s, uint64_t n)
{
    uint8_t *target = cw_memory_at(to, d, n);
    const uint8_t *source = cw_memory_at(from, s, n);
    if (!target || !source)
        return false;
    if (n != 0)
        memmove(target, source, (size_t)n);
    return true;
}

bool cw_memory_fill(cw_memory *m, uint64_t d, uint8_t value, uint64_t n)
{
    uint8_t *target = cw_memory_at(m, d, n);
    if (target && n != 0)
        memset(target, value, (size_t)n);
    return target != NULL;
}

bool cw_memory_init(cw_instance *in, uint32_t memory, uint32_t segment, uint64_t d, uint64_t s, uint64_t n)
{
    const cw_data_segment *data = &in->module->data[segment];
    uint64_t size = in->dropped_data[segment] ? 0 : data->size;
    uint8_t *target = cw_memory_at(in->memories[memory], d, n);
    if (!target || n > size || s > size - n)
        return false;
    if (n != 0)
        memcpy(target, data->bytes + s, (size_t)n);
    return true;
}

void cw_data_drop(cw_instance *in, uint32_t segment)
{
    in->dropped_data[segment] = 1;
}
