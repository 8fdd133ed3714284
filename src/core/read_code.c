/* core/read_code.c: the code section: local declarations, and the body handed to the validator  [core 5.5.13]. */
#include "core/read.h"

/* vec(n:u32 type): how many locals of which type. */
static void read_locals(cw_reader *r, cw_builder *b, cw_func_body *body)
{
    uint32_t n_runs = cw_read_count(r, UINT32_MAX, "local declarations");
    cw_local_run *runs = CW_READ_ARRAY(r, n_runs, cw_local_run);
    uint64_t n_locals = 0, slots = 0;

    for (uint32_t i = 0; i < n_runs && r->ok; i++) {
        const uint8_t *at = r->at;
        runs[i].n = cw_read_u32(r);
        runs[i].type = cw_read_valtype(r, b->m);
        n_locals += runs[i].n;
        slots += (uint64_t)runs[i].n * cw_valtype_slots(runs[i].type);
        if (r->ok && n_locals > UINT32_MAX)
            cw_reader_fail(r, at, "too many locals: %llu", (unsigned long long)n_locals);
    }
    if (r->ok && n_locals > CW_MAX_LOCALS)
        cw_reader_limit(r, NULL, "too many locals: %llu, at most %u", (unsigned long long)n_locals,
                        (unsigned)CW_MAX_LOCALS);
    if (!r->ok)
        return;
    body->locals = runs;
    body->n_local_runs = n_runs;
    body->n_locals = (uint32_t)n_locals;
    body->local_slots = (uint32_t)slots;
}

static void read_body(cw_reader *r, cw_builder *b, uint32_t index, cw_func_body *body)
{
    const cw_subtype *type = cw_types_get(b->m->types, b->m->func_types[index]);
    read_locals(r, b, body);
    body->local_slots += type->param_slots;
    cw_check_body(&b->checker, r, type, body);
    if (r->ok && (uint64_t)body->local_slots + body->max_stack_slots > CW_MAX_FRAME)
        cw_reader_limit(r, body->code,
                        "the function's frame is too large: %u slots of locals and %u of operands, at most %u",
                        body->local_slots, body->max_stack_slots, (unsigned)CW_MAX_FRAME);
}

void cw_read_code(cw_reader *r, cw_builder *b)
{
    cw_module *m = b->m;
    const uint8_t *at = r->at;
    uint32_t n = cw_read_count(r, CW_MAX_FUNCS, "bodies"), n_declared = m->n_funcs - m->n_imported_funcs;
    if (r->ok && n != n_declared)
        cw_reader_fail(r, at, "function and code section have inconsistent lengths: %u and %u", n_declared, n);

    for (uint32_t i = 0; i < n && r->ok; i++) {
        uint32_t index = m->n_imported_funcs + i;
        cw_reader_push(r, "func", index);
        at = r->at;
        const uint8_t *section_end = cw_reader_enter(r, cw_read_u32(r), "function body"), *end = r->end;
        if (cw_reader_left(r) > CW_MAX_BODY)
            cw_reader_limit(r, at, "the function is too large: %zu bytes, at most %u", cw_reader_left(r),
                            (unsigned)CW_MAX_BODY);
        if (r->ok) {
            read_body(r, b, index, &m->bodies[i]);
            if (cw_reader_recover(r))
                r->at = end;
        }
        cw_reader_leave(r, section_end, "function body");
        cw_reader_pop(r);
    }
    b->n_bodies = n;
}
