/* exec/exec.c: the execution side of a store: making it, interrupting it, and freeing everything in it. What is small
 * lives in its arena; memories, tables and threads hold more than that and stand in lists. */
#include "exec/exec.h"

#include "base/error.h"
#include "exec/exception.h"
#include "exec/memory.h"
#include "exec/table.h"
#include "exec/thread.h"

/* What instances, with their functions, globals, segments and plans, may take on the average; and what there is at the
 * least. */
enum { BYTES_PER_INSTANCE = 64 << 10, LEAST_ARENA = 256 << 20 };

void cw_exec_limits_default(cw_exec_limits *limits)
{
    *limits = (cw_exec_limits){
        .max_memory = (uint64_t)4 << 30,
        .max_table = 10000000,
        .max_instances = 10000,
        .max_memories = 10000,
        .max_tables = 10000,
        .stack_slots = 128 << 10,
        .max_nested = 100,
        .max_gc_heap = (uint64_t)1 << 30,
    };
}

bool cw_exec_init(cw_exec *x, const cw_alloc *a, cw_types *types, const cw_exec_limits *limits, cw_code_options options)
{
    *x = (cw_exec){ .alloc = a ? *a : cw_alloc_default, .types = types, .code_options = options, .fuel = INT64_MAX };
    if (limits)
        x->limits = *limits;
    else
        cw_exec_limits_default(&x->limits);
    if (x->limits.stack_slots < CW_THREAD_LEAST_SLOTS)
        x->limits.stack_slots = CW_THREAD_LEAST_SLOTS;
    if (x->limits.stack_slots > CW_THREAD_MOST_SLOTS)
        x->limits.stack_slots = CW_THREAD_MOST_SLOTS;
    if (!cw_os_event_init(&x->wake))
        return false;
    cw_arena_init(&x->arena, &x->alloc);
    uint64_t most = (uint64_t)x->limits.max_instances * BYTES_PER_INSTANCE;
    x->arena.limit = most < LEAST_ARENA ? LEAST_ARENA : most > SIZE_MAX ? SIZE_MAX : (size_t)most;
    cw_gc_init(x, x->limits.max_gc_heap, x->limits.gc_stress);

    x->native_instance = CW_ARENA_NEW(&x->arena, cw_instance);
    if (!x->native_instance) {
        cw_exec_fini(x);
        return false;
    }
    x->native_instance->exec = x;
    return true;
}

void cw_exec_fini(cw_exec *x)
{
    cw_threads_fini(x); /* first: unwinding natives may still look at everything else */
    cw_gc_fini(x);
    for (cw_memory *m = x->memories; m; m = m->next)
        cw_memory_fini(m);
    for (cw_table *t = x->tables; t; t = t->next)
        cw_table_fini(t);
    cw_arena_fini(&x->arena);
    cw_os_event_fini(&x->wake);
    x->instances = NULL;
    x->memories = NULL;
    x->tables = NULL;
    x->native_instance = NULL;
}

/* The flag goes first: who sets a limit looks at it afterwards (cw_exec_set_limit), so that one of the two stores of 0
 * comes after every other store. Only the OS thread that runs the store stores anything but 0: whose stack it is just
 * now, who clears an interrupt cannot know. */
void cw_exec_interrupt(cw_exec *x)
{
    __atomic_store_n(&x->interrupted, 1, __ATOMIC_SEQ_CST);
    __atomic_store_n(&x->limit, NULL, __ATOMIC_SEQ_CST);
    cw_os_event_set(&x->wake);
}

void cw_exec_interrupt_clear(cw_exec *x)
{
    __atomic_store_n(&x->interrupted, 0, __ATOMIC_SEQ_CST);
}

void cw_exec_set_limit(cw_exec *x, uint64_t *limit)
{
    if (__atomic_load_n(&x->limit, __ATOMIC_RELAXED) == limit)
        return;
    __atomic_store_n(&x->limit, limit, __ATOMIC_SEQ_CST);
    if (__atomic_load_n(&x->interrupted, __ATOMIC_SEQ_CST))
        __atomic_store_n(&x->limit, NULL, __ATOMIC_SEQ_CST);
}

uint8_t cw_exec_work(cw_exec *x, uint64_t bytes)
{
    if (x->code_options.interruptible && __atomic_load_n(&x->interrupted, __ATOMIC_RELAXED))
        return CW_TRAP_INTERRUPT;
    if (x->code_options.fuel && (x->fuel -= (int64_t)(bytes / CW_BYTES_PER_FUEL)) < 0)
        return CW_TRAP_FUEL;
    return CW_TRAP_NONE;
}

bool cw_exec_worked(cw_exec *x, uint64_t bytes, cwrun_error *err)
{
    for (uint64_t some; bytes; bytes -= some) {
        some = bytes < CW_WORK_STEP ? bytes : CW_WORK_STEP;
        const uint8_t trap = cw_exec_work(x, some);
        if (trap == CW_TRAP_INTERRUPT)
            cw_fail(err, &x->alloc, CWRUN_ERROR_LIMIT, CWRUN_LIMIT_TIMEOUT, "%s", CW_INTERRUPT_WORDS);
        else if (trap == CW_TRAP_FUEL)
            cw_fail(err, &x->alloc, CWRUN_ERROR_LIMIT, CWRUN_LIMIT_FUEL, "%s", CW_FUEL_WORDS);
        if (trap != CW_TRAP_NONE)
            return false;
    }
    return true;
}

static const char arena_words[] =
    "the instances of one store take more than %zu bytes, without memories and tables (--max-instances)";

/* Whether it was the arena's limit; it goes on in any case. */
static bool was_full(cw_exec *x)
{
    const bool full = x->arena.full;
    x->arena.oom = x->arena.full = false;
    return full;
}

bool cw_exec_oom(cw_exec *x, cwrun_error *err)
{
    if (!was_full(x))
        return cw_fail_oom(err);
    cw_fail(err, &x->alloc, CWRUN_ERROR_LIMIT, CWRUN_LIMIT_INSTANCES, arena_words, x->arena.limit);
    return false;
}

void cw_thread_oom(cw_thread *t)
{
    if (was_full(t->exec))
        cw_thread_limit(t, CWRUN_LIMIT_INSTANCES, arena_words, t->exec->arena.limit);
    else
        cw_thread_limit(t, CWRUN_LIMIT_HOST_MEMORY, "out of memory");
}

cw_global *cw_global_new(cw_exec *x, cw_globaltype type, const uint64_t value[2], cwrun_error *err)
{
    if (cwrun_failed(err))
        return NULL;
    cw_global *g = CW_ARENA_NEW(&x->arena, cw_global);
    if (!g) {
        cw_exec_oom(x, err);
        return NULL;
    }
    *g = (cw_global){ .value = { value[0], value[1] }, .type = type, .exec = x };
    if (cw_is_managed(x->types, type.type)) {
        g->next_ref = x->ref_globals;
        x->ref_globals = g;
    }
    return g;
}

cw_tag *cw_tag_new(cw_exec *x, cw_type_id type, cwrun_error *err)
{
    if (cwrun_failed(err))
        return NULL;
    cw_tag *tag = CW_ARENA_NEW(&x->arena, cw_tag);
    if (!tag) {
        cw_exec_oom(x, err);
        return NULL;
    }
    tag->type = type;
    tag->exec = x;
    return tag;
}
