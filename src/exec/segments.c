/* exec/segments.c: element segments at run time, and the active segments of new instances  [core 4.5.4 steps 24 to 29].
 *
 * A segment of function indices is read in place. One of expressions is evaluated as a whole, on first use where it
 * makes no objects, which nobody can tell from doing so at instantiation, since the globals it may name do not change.
 */
#include "exec/segments.h"

#include "base/error.h"
#include "exec/memory.h"

/* Work is metered: a segment's bytes cost what they cost memory.init and table.init, and the segment itself and every
 * global so many. */
enum { PER_ITEM = 8 };

/* The values of a segment of expressions; NULL with err set. */
static const uint64_t *evaluated(cw_instance *in, uint32_t segment, cwrun_error *err)
{
    const cw_elem_segment *e = &in->module->elems[segment];
    cw_arena *arena = &in->exec->arena;
    uint64_t *values = in->passive_elems[segment];
    if (values)
        return values;
    values = CW_ARENA_ARRAY(arena, e->n, uint64_t);
    if (!values) {
        cw_exec_oom(in->exec, err);
        return NULL;
    }
    in->passive_elems[segment] = values; /* at once: what is there so far stays alive */
    for (uint32_t i = 0; i < e->n; i++) {
        uint64_t value[2];
        if (!cw_const_eval(in, &e->exprs[i], value, err)) {
            in->passive_elems[segment] = NULL;
            return NULL;
        }
        values[i] = value[0];
    }
    return values;
}

bool cw_elem_has(const cw_instance *in, uint32_t segment, uint64_t s, uint64_t n)
{
    const uint64_t size = in->dropped_elems[segment] ? 0 : in->module->elems[segment].n;
    return n <= size && s <= size - n;
}

static bool read_elems(cw_instance *in, uint32_t segment, uint64_t s, uint64_t n, uint64_t *out, cwrun_error *err)
{
    const cw_elem_segment *e = &in->module->elems[segment];
    if (n == 0)
        return true;
    if (e->funcs) {
        for (uint64_t i = 0; i < n; i++) /* all of them first: a failure leaves what is there as it was */
            if (!cw_instance_func(in, e->funcs[s + i]))
                return cw_exec_oom(in->exec, err);
        for (uint64_t i = 0; i < n; i++)
            out[i] = (uintptr_t)in->funcs[e->funcs[s + i]];
        return true;
    }
    const uint64_t *values = evaluated(in, segment, err);
    if (values)
        memcpy(out, values + s, (size_t)n * sizeof *values);
    return values != NULL;
}

bool cw_elem_read(cw_instance *in, uint32_t segment, uint64_t s, uint64_t n, uint64_t *out)
{
    cwrun_error err = CWRUN_ERROR_INIT;
    const bool ok = read_elems(in, segment, s, n, out, &err);
    if (!ok && in->exec->current)
        cw_thread_limit(in->exec->current, err.code, "%s", err.message);
    cwrun_error_clear(&err);
    return ok;
}

uint8_t cw_table_init(cw_instance *in, uint32_t table, uint32_t segment, uint64_t d, uint64_t s, uint64_t n)
{
    cw_table *t = in->tables[table];
    if (!cw_elem_has(in, segment, s, n) || n > t->size || d > t->size - n)
        return CW_TRAP_TABLE_ACCESS;
    return n == 0 || cw_elem_read(in, segment, s, n, t->elems + d) ? CW_TRAP_NONE : CW_TRAP_LIMIT;
}

void cw_elem_drop(cw_instance *in, uint32_t segment)
{
    in->dropped_elems[segment] = 1;
}

static bool fail(cw_instance *in, uint8_t trap, cwrun_error *err)
{
    cw_fail(err, &in->exec->alloc, CWRUN_ERROR_TRAP, trap, "%s", cwrun_trap_words(trap));
    return false;
}

static bool run_elem(cw_instance *in, uint32_t segment, cwrun_error *err)
{
    const cw_elem_segment *e = &in->module->elems[segment];
    uint64_t at[2];
    if (!cw_const_eval(in, &e->offset, at, err))
        return false;
    cw_table *t = in->tables[e->table];
    if (e->n > t->size || at[0] > t->size - e->n)
        return fail(in, CW_TRAP_TABLE_ACCESS, err);
    if (!cw_exec_worked(in->exec, PER_ITEM + e->n * sizeof(uint64_t), err))
        return false;
    return read_elems(in, segment, 0, e->n, t->elems ? t->elems + at[0] : NULL, err);
}

bool cw_segments_run(cw_instance *in, cwrun_error *err)
{
    const cw_module *m = in->module;
    const uint64_t n_items = (uint64_t)m->n_elems + m->n_data + m->n_globals;
    uint64_t at[2];

    if (!cw_exec_worked(in->exec, n_items * PER_ITEM, err))
        return false;
    for (uint32_t i = 0; i < m->n_elems; i++) {
        const cw_elem_segment *e = &m->elems[i];
        if (e->mode == CW_ELEM_PASSIVE) {
            /* not when it is used: making objects may collect, and where the guest stands then there is no map */
            if (e->exprs && cw_is_managed(m->types, e->type) &&
                (!cw_exec_worked(in->exec, e->n * sizeof(uint64_t), err) || !evaluated(in, i, err)))
                return false;
            continue;
        }
        if (e->mode == CW_ELEM_ACTIVE && !run_elem(in, i, err))
            return false;
        cw_elem_drop(in, i);
    }
    for (uint32_t i = 0; i < m->n_data; i++) {
        const cw_data_segment *data = &m->data[i];
        if (!data->is_active)
            continue;
        if (!cw_exec_worked(in->exec, PER_ITEM + data->size, err) || !cw_const_eval(in, &data->offset, at, err))
            return false;
        if (!cw_memory_init(in, data->memory, i, at[0], 0, data->size))
            return fail(in, CW_TRAP_MEMORY_BOUNDS, err);
        cw_data_drop(in, i);
    }
    return true;
}
