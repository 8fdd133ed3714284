/* exec/translate_call.c: calls. Arguments are evaluated straight into the callee's frame, which starts at the home of
 * the first one; its results are found there. */
#include "exec/translate.h"

/* Arguments go to their homes, where the callee's frame begins; everything else leaves the accumulators. */
static uint32_t prepare_arguments(cw_translator *t, uint32_t n_params, uint32_t n_above)
{
    const uint32_t first = t->n - n_above - n_params;
    for (int c = 0; c < CW_CLASSES; c++)
        if (t->pending[c] >= 0 && (uint32_t)t->pending[c] < t->n - n_above)
            cw_stack_bind(t, (uint32_t)t->pending[c]);
    for (uint32_t i = first; i < first + n_params; i++)
        cw_stack_settle(t, i);
    return cw_stack_home(t, first);
}

static void finish_call(cw_translator *t, cw_ir *call, const cw_subtype *type)
{
    enum { VALUES_PER_OP = 8 };
    t->n_ops += (type->n_params + type->n_results) / VALUES_PER_OP; /* what passing them costs here */
    cw_stack_bind_all(t);
    cw_stack_forget_aliases(t);
    cw_stack_drop_to(t, t->n - type->n_params);
    call->map = cw_stack_map(t); /* the arguments are the callee's */
    cw_stack_push_types(t, type->results, type->n_results);
    if (type->n_results == 1) {
        const cw_entry *e = cw_stack_top(t, 0);
        if (e->type != 'v')
            t->alias[cw_class_of(e->type)] = (cw_alias){ e->home, CW_ALIAS_FIXED };
    }
}

void cw_call_direct(cw_translator *t, uint32_t func, bool is_tail)
{
    const cw_module *m = t->m;
    const cw_subtype *type = cw_types_get(m->types, m->func_types[func]);
    const uint32_t base = prepare_arguments(t, type->n_params, 0);
    const bool imported = func < m->n_imported_funcs;
    const uint64_t raw[3] = { imported ? func : (uintptr_t)&m->codes[func - m->n_imported_funcs], base,
                              type->param_slots };
    if (is_tail) {
        cw_stack_op(t, imported ? CW_IOP_TAIL_CALL_IMPORT : CW_IOP_TAIL_CALL, 0, raw);
        t->dead = true;
        return;
    }
    finish_call(t, cw_stack_op(t, imported ? CW_IOP_CALL_IMPORT : CW_IOP_CALL, 0, raw), type);
}

void cw_call_indirect(cw_translator *t, uint32_t type_index, uint32_t table, bool is_tail)
{
    const cw_subtype *type = cw_types_get(t->m->types, t->m->type_ids[type_index]);
    const uint32_t base = prepare_arguments(t, type->n_params, 1);
    const uint64_t raw[4] = { t->m->type_ids[type_index], table, base, type->param_slots };
    if (is_tail) {
        cw_stack_op(t, CW_IOP_TAIL_CALL_INDIRECT, 0, raw);
        t->dead = true;
        return;
    }
    const uint32_t op = t->m->tables[table].limits.is_64 ? CW_IOP_CALL_INDIRECT64 : CW_IOP_CALL_INDIRECT;
    finish_call(t, cw_stack_op(t, op, 0, raw), type);
}

void cw_call_ref(cw_translator *t, uint32_t type_index, bool is_tail)
{
    const cw_subtype *type = cw_types_get(t->m->types, t->m->type_ids[type_index]);
    const uint64_t raw[2] = { prepare_arguments(t, type->n_params, 1), type->param_slots };
    cw_ir *call = cw_stack_op(t, is_tail ? CW_IOP_TAIL_CALL_REF : CW_IOP_CALL_REF, 0, raw);
    if (is_tail)
        t->dead = true;
    else
        finish_call(t, call, type);
}
