/* exec/segments.c: element segments at run time, and the active segments of new instances  [core 4.5.4 steps 24 to 29].
 *
 * A segment of function indices is read in place. One of expressions is evaluated as a whole on first use, which nobody
 * can tell from doing so at instantiation, since the globals it may name do not change. */
#include "exec/segments.h"

#include "base/error.h"
#include "exec/memory.h"

/* The values of a segment of expressions; NULL with *trap set. */
static const uint64_t *evaluated(cw_instance *in, uint32_t segment, uint8_t *trap)
{
    const cw_elem_segment *e = &in->module->elems[segment];
    cw_arena *arena = &in->exec->arena;
    uint64_t *values = in->passive_elems[segment];
    if (values)
        return values;
    values = CW_ARENA_ARRAY(arena, e->n, uint64_t);
    if (!values) {
        arena->oom = false;
        *trap = CW_TRAP_LIMIT;
        return NULL;
    }
    for (uint32_t i = 0; i < e->n; i++) {
        cwrun_error err = CWRUN_ERROR_INIT;
        uint64_t value[2];
        if (!cw_const_eval(in, &e->exprs[i], value, &err)) {
            *trap = err.code == CWRUN_LIMIT_UNSUPPORTED ? CW_TRAP_UNSUPPORTED : CW_TRAP_LIMIT;
            cwrun_error_clear(&err);
            return NULL;
        }
        values[i] = value[0];
    }
    return in->passive_elems[segment] = values;
}

uint8_t cw_table_init(cw_instance *in, uint32_t table, uint32_t segment, uint64_t d, uint64_t s, uint64_t n)
{
    const cw_elem_segment *e = &in->module->elems[segment];
    cw_table *t = in->tables[table];
    uint64_t size = in->dropped_elems[segment] ? 0 : e->n;
    if (n > size || s > size - n || n > t->size || d > t->size - n)
        return CW_TRAP_TABLE_ACCESS;
    if (n == 0)
        return CW_TRAP_NONE;

    if (e->funcs) {
        for (uint64_t i = 0; i < n; i++) /* all of them first: a failure leaves the table as it was */
            if (!cw_instance_func(in, e->funcs[s + i]))
                return CW_TRAP_LIMIT;
        for (uint64_t i = 0; i < n; i++)
            t->elems[d + i] = (uintptr_t)in->funcs[e->funcs[s + i]];
    } else {
        uint8_t trap = CW_TRAP_NONE;
        const uint64_t *values = evaluated(in, segment, &trap);
        if (!values)
            return trap;
        memcpy(t->elems + d, values + s, (size_t)n * sizeof *values);
    }
    return CW_TRAP_NONE;
}

void cw_elem_drop(cw_instance *in, uint32_t segment)
{
    in->dropped_elems[segment] = 1;
}

static bool fail(cw_instance *in, uint8_t trap, cwrun_error *err)
{
    const cw_alloc *a = &in->exec->alloc;
    if (trap == CW_TRAP_LIMIT)
        return cw_fail_oom(err);
    if (trap == CW_TRAP_UNSUPPORTED)
        cw_fail(err, a, CWRUN_ERROR_LIMIT, CWRUN_LIMIT_UNSUPPORTED,
                "not supported yet: an instruction of garbage collection in an element segment");
    else
        cw_fail(err, a, CWRUN_ERROR_TRAP, trap, "%s", cwrun_trap_words(trap));
    return false;
}

bool cw_segments_run(cw_instance *in, cwrun_error *err)
{
    const cw_module *m = in->module;
    uint64_t at[2];

    for (uint32_t i = 0; i < m->n_elems; i++) {
        const cw_elem_segment *e = &m->elems[i];
        if (e->mode == CW_ELEM_PASSIVE)
            continue;
        if (cw_exec_interrupted(in->exec, err))
            return false;
        if (e->mode == CW_ELEM_ACTIVE) {
            if (!cw_const_eval(in, &e->offset, at, err))
                return false;
            uint8_t trap = cw_table_init(in, e->table, i, at[0], 0, e->n);
            if (trap != CW_TRAP_NONE)
                return fail(in, trap, err);
        }
        cw_elem_drop(in, i);
    }
    for (uint32_t i = 0; i < m->n_data; i++) {
        const cw_data_segment *data = &m->data[i];
        if (!data->is_active)
            continue;
        if (cw_exec_interrupted(in->exec, err))
            return false;
        if (!cw_const_eval(in, &data->offset, at, err))
            return false;
        if (!cw_memory_init(in, data->memory, i, at[0], 0, data->size))
            return fail(in, CW_TRAP_MEMORY_BOUNDS, err);
        cw_data_drop(in, i);
    }
    return true;
}
