/* exec/interp.c: entering and leaving the interpreter, the stubs, and what handlers leave to ordinary functions. */
#include "exec/interp.h"

#include "exec/code.h"
#include "exec/exception.h"
#include "exec/handler_list.h"
#include "exec/interp_cold.h"
#include "exec/memory.h"
#include "exec/segments.h"
#include "exec/shared.h"
#include "exec/table.h"
#include "exec/thread.h"
#include "exec/translate.h"

/* ---- stubs ---- */

#ifdef CW_DISPATCH_SWITCH
#define WORD(name) CW_H_##name
#else
#define WORD(name) cw_h_##name
#endif
#define STUB(name) { { 0, 0 }, WORD(name) }

const cw_stubs cw_stub_code = {
    .enter = STUB(STUB_ENTER),
    .done = STUB(STUB_DONE),
    .cross = STUB(STUB_CROSS),
    .give_back = STUB(STUB_RETURN),
    .native_again = STUB(STUB_NATIVE_AGAIN),
    .translate = STUB(STUB_TRANSLATE),
};

const uint8_t *cw_native_code_init(cw_native_code *code, cw_func *f, uint32_t frame_slots)
{
    const cw_code_header header = { .frame_slots = frame_slots };
    memcpy(code->header, &header, sizeof header);
    code->op = (uintptr_t)WORD(STUB_NATIVE);
    code->func = f;
    return (const uint8_t *)&code->op;
}

/* ---- runs ---- */

void cw_interp_start(cw_thread *t, cw_func *f, uint64_t *frame)
{
    *t->csp++ = (cw_control){ CW_STUB_DONE, frame };
    t->ip = CW_STUB_IP(enter);
    t->sp = frame;
    t->in = f->in;
    t->acc = (uintptr_t)f;
}

cw_run_status cw_interp_run(cw_thread *t)
{
#ifdef CW_DISPATCH_SWITCH
    cw_registers r = { t->ip, t->sp, t->in->mem0, t->csp, t->acc, t->in, 0, 0, { 0 } };
    cw_switch_run(&r);
#else
    (**(cw_handler *const *)(const void *)t->ip)(t->ip, t->sp, t->in->mem0, t->csp, t->acc, t->in, 0, 0,
                                                 (cw_v128){ 0 });
#endif
    return (cw_run_status)t->left;
}

void cw_interp_left(cw_thread *t, cw_run_status how, const uint8_t *ip, uint64_t *sp, cw_control *csp, cw_instance *in)
{
    t->left = (uint8_t)how;
    t->ip = ip;
    t->sp = sp;
    t->csp = csp;
    t->in = in;
}

/* Stubs are no place in a function: the frames below tell. */
static bool is_stub(const uint8_t *ip)
{
    const uintptr_t at = (uintptr_t)ip, first = (uintptr_t)&cw_stub_code;
    return at >= first && at < first + sizeof cw_stub_code;
}

void cw_cold_trap(CW_PARAMS)
{
    cw_thread *t = in->exec->current;
    uint8_t trap = (uint8_t)acc;
    (void)mem;
    (void)fa;
    (void)da;
    (void)va;
    if (trap == CW_TRAP_STACK && !__atomic_load_n(&in->exec->limit, __ATOMIC_RELAXED))
        trap = CW_TRAP_INTERRUPT;
    if (trap == CW_TRAP_LIMIT)
        cw_thread_oom(t);
    else if (trap != CW_TRAP_NONE)
        cw_thread_trap(t, trap, NULL);
    cw_interp_left(t, CW_RUN_TRAPPED, in->module && !is_stub(ip) ? ip : NULL, sp, csp, in);
}

/* ---- natives ---- */

cw_step cw_interp_native(cw_thread *t, cw_control *csp)
{
    cw_func *f = (cw_func *)(void *)csp[-2].sp;
    uint64_t *frame = csp[-1].sp;
    cw_interp_left(t, CW_RUN_TRAPPED, NULL, frame + f->code->frame_slots, csp, f->in);
    const cw_step step = f->native->run(t, f, frame, (uint32_t)(uintptr_t)csp[-2].ip);
    cw_exec_set_limit(t->exec, t->stack_end); /* it may have cleared an interrupt */
    if (step == CW_STEP_CALL || step == CW_STEP_SUSPEND)
        csp[-2].ip = (const uint8_t *)(uintptr_t)t->next_state;
    if (step == CW_STEP_SUSPEND)
        cw_interp_left(t, CW_RUN_SUSPENDED, CW_STUB_IP(give_back), frame + f->code->frame_slots, csp, f->in);
    else if (step != CW_STEP_CALL && step != CW_STEP_RETURN)
        cw_interp_left(t, CW_RUN_TRAPPED, NULL, frame + f->code->frame_slots, csp, f->in);
    if (step == CW_STEP_THROW && !cw_exception_unwind(t))
        return CW_STEP_TRAP;
    return step;
}

/* ---- exceptions ---- */

bool cw_cold_throw(cw_instance *in, const uint8_t *ip, uint64_t *sp, cw_control *csp, uint32_t slot, uint32_t tag)
{
    cw_thread *t = in->exec->current;
    cw_interp_left(t, CW_RUN_TRAPPED, ip, sp, csp, in); /* first: making the exception may collect */
    if (cw_thread_throw(t, in->tags[tag], sp + slot) != CW_STEP_THROW)
        return false;
    return cw_exception_unwind(t);
}

bool cw_cold_throw_ref(cw_instance *in, const uint8_t *ip, uint64_t *sp, cw_control *csp, uint64_t ref)
{
    cw_thread *t = in->exec->current;
    if (cw_thread_throw_ref(t, (cw_exception *)(uintptr_t)ref) != CW_STEP_THROW)
        return false;
    cw_interp_left(t, CW_RUN_TRAPPED, ip, sp, csp, in);
    return cw_exception_unwind(t);
}

/* ---- translation on the first call ---- */

const uint8_t *cw_interp_translate(cw_thread *t, cw_func_code *record)
{
    const cw_code_state *state = cw_code_state_of(record->module);
    cwrun_error err = CWRUN_ERROR_INIT;
    uint8_t *block = cw_translate(record->module, record->index, &state->alloc, state->options, NULL, &err);
    if (!block) {
        cw_thread_limit(t, err.code, "%s", err.message);
        cwrun_error_clear(&err);
        return NULL;
    }
    const uint8_t *code = cw_code_publish(record, block);
    if (!code)
        cw_thread_limit(t, CWRUN_LIMIT_HOST_MEMORY, "out of memory");
    return code;
}

/* ---- waiting ---- */

/* The place of an atomic access; a trap, or CW_COLD_OK with *ea. */
static uint32_t atomic_place(const cw_memory *m, uint64_t address, uint64_t offset, uint32_t n, uint64_t *ea)
{
    *ea = address + offset;
    if ((*ea & (n - 1)) != 0)
        return CW_COLD_TRAP | CW_TRAP_UNALIGNED_ATOMIC;
    return *ea >= offset && cw_memory_at(m, *ea, n) ? CW_COLD_OK : CW_COLD_TRAP | CW_TRAP_MEMORY_BOUNDS;
}

uint32_t cw_cold_atomic_wait(cw_instance *in, uint64_t *at, uint32_t memory, uint64_t offset, uint32_t n)
{
    cw_memory *m = in->memories[memory];
    uint64_t ea;
    uint32_t outcome, code = atomic_place(m, at[0], offset, n, &ea);
    if (code != CW_COLD_OK)
        return code;
    if (!m->shared)
        return CW_COLD_TRAP | CW_TRAP_EXPECTED_SHARED;
    const uint8_t trap = cw_shared_memory_wait(m, ea, n, at[1], (int64_t)at[2], &outcome);
    at[0] = outcome;
    return trap == CW_TRAP_NONE ? CW_COLD_OK : CW_COLD_TRAP | trap;
}

uint32_t cw_cold_atomic_notify(cw_instance *in, uint64_t *at, uint32_t memory, uint64_t offset)
{
    cw_memory *m = in->memories[memory];
    uint64_t ea;
    const uint32_t code = atomic_place(m, at[0], offset, 4, &ea);
    if (code == CW_COLD_OK)
        at[0] = m->shared ? cw_shared_memory_notify(m->shared, ea, (uint32_t)at[1]) : 0;
    return code;
}

/* ---- bulk and table instructions ---- */

static uint32_t trap_unless(bool ok, uint32_t trap)
{
    return ok ? CW_COLD_OK : CW_COLD_TRAP | trap;
}

/* Meters work on so many bytes; false with what the instruction answers in *answer. */
static bool work(cw_instance *in, uint64_t bytes, uint32_t *answer)
{
    const uint8_t trap = cw_exec_work(in->exec, bytes);
    *answer = CW_COLD_TRAP | trap;
    return trap == CW_TRAP_NONE;
}

uint64_t cw_cold_memory_grow(cw_instance *in, uint32_t memory, uint64_t pages)
{
    cw_memory *m = in->memories[memory];
    const uint64_t old = cw_memory_grow(m, pages);
    return m->type.is_64 ? old : (uint32_t)old;
}

uint32_t cw_cold_memory_copy(cw_instance *in, const uint64_t *at, uint32_t to, uint32_t from)
{
    uint32_t trap;
    cw_memory *target = in->memories[to], *source = in->memories[from];
    const uint64_t d = at[0], s = at[1], n = at[2];
    if (!cw_memory_at(target, d, n) || !cw_memory_at(source, s, n))
        return CW_COLD_TRAP | CW_TRAP_MEMORY_BOUNDS;
    for (uint64_t done = 0, some; done < n; done += some) {
        some = n - done < CW_WORK_STEP ? n - done : CW_WORK_STEP;
        const uint64_t i = d <= s ? done : n - done - some; /* what overlaps is read first */
        if (!work(in, some, &trap))
            return trap;
        cw_memory_copy(target, d + i, source, s + i, some);
    }
    return CW_COLD_OK;
}

uint32_t cw_cold_memory_fill(cw_instance *in, const uint64_t *at, uint32_t memory)
{
    cw_memory *m = in->memories[memory];
    const uint64_t d = at[0], n = at[2];
    uint32_t trap;
    if (!cw_memory_at(m, d, n))
        return CW_COLD_TRAP | CW_TRAP_MEMORY_BOUNDS;
    for (uint64_t done = 0, some; done < n; done += some) {
        some = n - done < CW_WORK_STEP ? n - done : CW_WORK_STEP;
        if (!work(in, some, &trap))
            return trap;
        cw_memory_fill(m, d + done, (uint8_t)at[1], some);
    }
    return CW_COLD_OK;
}

uint32_t cw_cold_memory_init(cw_instance *in, const uint64_t *at, uint32_t segment, uint32_t memory)
{
    uint32_t trap;
    if (at[2] <= in->module->data[segment].size && !work(in, at[2], &trap))
        return trap;
    return trap_unless(cw_memory_init(in, memory, segment, at[0], at[1], at[2]), CW_TRAP_MEMORY_BOUNDS);
}

uint32_t cw_cold_table_get(cw_instance *in, uint64_t *at, uint32_t table)
{
    return trap_unless(cw_table_get(in->tables[table], at[0], at), CW_TRAP_TABLE_ACCESS);
}

uint32_t cw_cold_table_set(cw_instance *in, const uint64_t *at, uint32_t table)
{
    return trap_unless(cw_table_set(in->tables[table], at[0], at[1]), CW_TRAP_TABLE_ACCESS);
}

uint32_t cw_cold_table_grow(cw_instance *in, uint64_t *at, uint32_t table)
{
    cw_table *t = in->tables[table];
    const uint64_t old = cw_table_grow(t, at[1], at[0]);
    uint32_t trap;
    if (old != UINT64_MAX && !work(in, at[1] * sizeof(uint64_t), &trap))
        return trap;
    at[0] = t->type.limits.is_64 ? old : (uint32_t)old;
    return CW_COLD_OK;
}

uint32_t cw_cold_table_fill(cw_instance *in, const uint64_t *at, uint32_t table)
{
    cw_table *t = in->tables[table];
    uint32_t trap;
    if (at[2] <= t->size && !work(in, at[2] * sizeof(uint64_t), &trap))
        return trap;
    return trap_unless(cw_table_fill(t, at[0], at[1], at[2]), CW_TRAP_TABLE_ACCESS);
}

uint32_t cw_cold_table_copy(cw_instance *in, const uint64_t *at, uint32_t to, uint32_t from)
{
    cw_table *target = in->tables[to];
    uint32_t trap;
    if (at[2] <= target->size && !work(in, at[2] * sizeof(uint64_t), &trap))
        return trap;
    return trap_unless(cw_table_copy(target, at[0], in->tables[from], at[1], at[2]), CW_TRAP_TABLE_ACCESS);
}

uint32_t cw_cold_table_init(cw_instance *in, const uint64_t *at, uint32_t segment, uint32_t table)
{
    uint32_t code;
    if (at[2] <= in->tables[table]->size && !work(in, at[2] * sizeof(uint64_t), &code))
        return code;
    const uint8_t trap = cw_table_init(in, table, segment, at[0], at[1], at[2]);
    return trap_unless(trap == CW_TRAP_NONE, trap);
}

uint32_t cw_cold_ref_func(cw_instance *in, uint64_t *at, uint32_t func)
{
    cw_func *f = cw_instance_func(in, func);
    *at = (uintptr_t)f;
    return trap_unless(f != NULL, CW_TRAP_LIMIT);
}
