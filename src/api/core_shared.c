/* api/core_shared.c: shared memories: the public side of exec/shared.h. A handle is the counted object itself. */
#include "api/core.h"
#include "base/error.h"
#include "exec/shared.h"

/* Address space that the host's own memories may take; those of guests are limited by their store. */
enum { MAX_LOG2 = 36 };

static cw_shared_memory *of(const cwrun_shared_memory *m)
{
    return (cw_shared_memory *)(uintptr_t)m;
}

static cwrun_shared_memory *handle(cw_shared_memory *s)
{
    return (cwrun_shared_memory *)(void *)s;
}

cwrun_shared_memory *cwrun_shared_memory_new(cwrun_engine *engine, const cwrun_core_limits *limits, cwrun_error *err)
{
    cw_memtype type;
    if (!engine || cwrun_failed(err))
        return cw_fail_null(err, __func__), NULL;
    if (!limits || !limits->is_shared || !cw_core_limits(limits, false, &type)) {
        cw_fail(err, &engine->alloc, CWRUN_ERROR_ARGUMENT, 0,
                "cwrun_shared_memory_new: the limits are no shared memory's");
        return NULL;
    }
    return handle(cw_shared_memory_new(&engine->alloc, &type, (uint64_t)1 << MAX_LOG2, err));
}

cwrun_shared_memory *cwrun_shared_memory_share(cwrun_shared_memory *memory)
{
    if (memory)
        cw_shared_memory_keep(of(memory));
    return memory;
}

void cwrun_shared_memory_drop(cwrun_shared_memory *memory)
{
    cw_shared_memory_release(of(memory));
}

uint64_t cwrun_shared_memory_size(const cwrun_shared_memory *memory)
{
    return memory ? cw_shared_memory_size(of(memory)) : 0;
}

uint8_t *cwrun_shared_memory_at(cwrun_shared_memory *memory, uint64_t at, uint64_t size)
{
    return memory ? cw_shared_memory_at(of(memory), at, size) : NULL;
}

uint32_t cwrun_shared_memory_notify(cwrun_shared_memory *memory, uint64_t at, uint32_t count)
{
    return memory ? cw_shared_memory_notify(of(memory), at, count) : 0;
}

cwrun_memory *cwrun_memory_of_shared(cwrun_store *store, cwrun_shared_memory *memory, cwrun_error *err)
{
    if (!store || !memory || cwrun_failed(err))
        return cw_fail_null(err, __func__), NULL;
    return (cwrun_memory *)(void *)cw_memory_share(&store->exec, of(memory), err);
}

cwrun_shared_memory *cwrun_memory_shared(const cwrun_memory *memory)
{
    cw_shared_memory *s = memory ? ((const cw_memory *)(const void *)memory)->shared : NULL;
    return cwrun_shared_memory_share(handle(s));
}
