/* exec/instance.c: instantiation  [core 4.5.4], and what instances are asked for.
 *
 * An instance and its index spaces are one block of the store's arena; what it defines itself comes from there too.
 * Function instances are made when somebody needs a reference: code calls functions of its own module without one. */
#include "base/error.h"
#include "exec/link.h"
#include "exec/memory.h"
#include "exec/segments.h"

/* ---- the block ---- */

/* Takes room for n elements at the end of a block and says where; UINT32_MAX elements each cannot wrap 64 bits. */
static uint64_t take(uint64_t *used, uint64_t n, unsigned size)
{
    uint64_t at = *used;
    *used += n * size;
    return at;
}

static cw_instance *allocate(cw_exec *x, cw_module *m)
{
    uint64_t size = sizeof(cw_instance);
    uint64_t funcs = take(&size, m->n_funcs, sizeof(void *)), tables = take(&size, m->n_tables, sizeof(void *)),
             memories = take(&size, m->n_memories, sizeof(void *)), globals = take(&size, m->n_globals, sizeof(void *)),
             tags = take(&size, m->n_tags, sizeof(void *)), elems = take(&size, m->n_elems, sizeof(void *)),
             dropped_elems = take(&size, m->n_elems, 1), dropped_data = take(&size, m->n_data, 1);
    char *block = size <= SIZE_MAX ? cw_arena_alloc(&x->arena, (size_t)size, 16) : NULL;
    if (!block)
        return NULL;
    cw_instance *in = (cw_instance *)(void *)block;
    in->exec = x;
    in->module = m;
    in->funcs = (cw_func **)(void *)(block + funcs);
    in->tables = (cw_table **)(void *)(block + tables);
    in->memories = (cw_memory **)(void *)(block + memories);
    in->globals = (cw_global **)(void *)(block + globals);
    in->tags = (cw_tag **)(void *)(block + tags);
    in->passive_elems = (uint64_t **)(void *)(block + elems);
    in->dropped_elems = (uint8_t *)(block + dropped_elems);
    in->dropped_data = (uint8_t *)(block + dropped_data);
    return in;
}

/* ---- instantiation ---- */

static void take_imports(cw_instance *in, const cw_extern *imports)
{
    const cw_module *m = in->module;
    for (uint32_t i = 0; i < m->n_imports; i++) {
        uint32_t index = m->imports[i].index;
        switch (m->imports[i].kind) {
        case CW_EXTERN_FUNC: in->funcs[index] = imports[i].of.func; break;
        case CW_EXTERN_TABLE: in->tables[index] = imports[i].of.table; break;
        case CW_EXTERN_MEMORY: in->memories[index] = imports[i].of.memory; break;
        case CW_EXTERN_GLOBAL: in->globals[index] = imports[i].of.global; break;
        default: in->tags[index] = imports[i].of.tag;
        }
    }
}

static bool define(cw_instance *in, cwrun_error *err)
{
    cw_module *m = in->module;
    cw_exec *x = in->exec;
    for (uint32_t i = m->n_imported_memories; i < m->n_memories; i++)
        if (!(in->memories[i] = cw_memory_new(x, &m->memories[i], err)))
            return false;
    if (m->n_memories != 0 && !cw_memory_follow(in->memories[0], in))
        return cw_fail_oom(err);
    for (uint32_t i = m->n_imported_tags; i < m->n_tags; i++) {
        if (!(in->tags[i] = cw_tag_new(x, m->tags[i], err)))
            return false;
        in->tags[i]->module = m;
        in->tags[i]->index = i;
    }
    for (uint32_t i = m->n_imported_globals; i < m->n_globals; i++) {
        uint64_t value[2];
        if (!cw_const_eval(in, &m->global_inits[i], value, err) ||
            !(in->globals[i] = cw_global_new(x, m->globals[i], value, err)))
            return false;
    }
    for (uint32_t i = m->n_imported_tables; i < m->n_tables; i++) {
        uint64_t value[2] = { 0, 0 };
        if ((m->table_inits[i].bytes && !cw_const_eval(in, &m->table_inits[i], value, err)) ||
            !(in->tables[i] = cw_table_new(x, &m->tables[i], value[0], err)))
            return false;
    }
    return true;
}

cw_instance *cw_instance_define(cw_exec *x, cw_module *m, const cw_extern *imports, cwrun_error *err)
{
    if (cwrun_failed(err))
        return NULL;
    if (x->n_instances >= x->limits.max_instances) {
        cw_fail(err, &x->alloc, CWRUN_ERROR_LIMIT, CWRUN_LIMIT_INSTANCES,
                "more than %u core instances in one store (--max-instances)", x->limits.max_instances);
        return NULL;
    }
    if (!cw_link_check(x, m, imports, err))
        return NULL;
    cw_instance *in = cw_module_prepare(m, &x->alloc, x->code_options) ? allocate(x, m) : NULL;
    if (!in) {
        cw_exec_oom(x, err);
        return NULL;
    }
    in->next = x->instances;
    x->instances = in;
    x->n_instances++;

    take_imports(in, imports);
    return define(in, err) ? in : NULL;
}

bool cw_instance_fill(cw_instance *in, cw_func **start, cwrun_error *err)
{
    const cw_module *m = in->module;
    *start = NULL;
    if (!cw_segments_run(in, err))
        return false;
    return !m->has_start || (*start = cw_instance_func(in, m->start)) || cw_exec_oom(in->exec, err);
}

cw_instance *cw_instance_new(cw_exec *x, cw_module *m, const cw_extern *imports, cw_func **start, cwrun_error *err)
{
    *start = NULL;
    cw_instance *in = cw_instance_define(x, m, imports, err);
    return in && cw_instance_fill(in, start, err) ? in : NULL;
}

/* ---- what instances are asked for ---- */

cw_func *cw_instance_func(cw_instance *in, uint32_t index)
{
    cw_func *f = in->funcs[index];
    if (f)
        return f;
    const cw_module *m = in->module;
    f = CW_ARENA_NEW(&in->exec->arena, cw_func);
    if (!f) {
        in->exec->arena.oom = false;
        return NULL;
    }
    *f = (cw_func){ .code = &m->codes[index - m->n_imported_funcs], .in = in, .type = m->func_types[index] };
    return in->funcs[index] = f;
}

bool cw_instance_export(cw_instance *in, cwrun_str name, cw_extern *out)
{
    const cw_export *e = cw_module_find_export(in->module, name);
    out->kind = CW_EXTERN_COUNT;
    return e && cw_instance_export_at(in, (uint32_t)(e - in->module->exports), out);
}

bool cw_instance_export_at(cw_instance *in, uint32_t i, cw_extern *out)
{
    const cw_export *e = &in->module->exports[i];
    out->kind = e->kind;
    switch (e->kind) {
    case CW_EXTERN_FUNC: out->of.func = cw_instance_func(in, e->index); return out->of.func != NULL;
    case CW_EXTERN_TABLE: out->of.table = in->tables[e->index]; break;
    case CW_EXTERN_MEMORY: out->of.memory = in->memories[e->index]; break;
    case CW_EXTERN_GLOBAL: out->of.global = in->globals[e->index]; break;
    default: out->of.tag = in->tags[e->index];
    }
    return true;
}

cw_externtype cw_extern_type(const cw_extern *e)
{
    cw_externtype type = { .kind = e->kind };
    switch (e->kind) {
    case CW_EXTERN_FUNC: type.func = e->of.func->type; break;
    case CW_EXTERN_TABLE:
        type.table = e->of.table->type;
        type.table.limits.min = e->of.table->size;
        break;
    case CW_EXTERN_MEMORY:
        type.memory = e->of.memory->type;
        type.memory.min = cw_memory_pages(e->of.memory);
        break;
    case CW_EXTERN_GLOBAL: type.global = e->of.global->type; break;
    case CW_EXTERN_TAG: type.func = e->of.tag->type; break;
    default: break;
    }
    return type;
}
