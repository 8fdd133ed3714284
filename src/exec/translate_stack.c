/* exec/translate_stack.c: the abstract operand stack, on which operands find their kinds and results their
 * destinations.
 *
 * A result is first pending: in the accumulator of its class, where the next operation may take it from. Only when
 * something else wants the accumulator, or the value must outlive the block, is its operation told to write to the
 * entry's home slot; only when local.set comes is it told to write to the local. Where a slot's last writer still has
 * its value in the accumulator, or could leave it there, a reader takes it from there ("alias"). */
#include "exec/translate.h"

#include <string.h>

char cw_entry_type(const cw_translator *t, cw_valtype type)
{
    switch (type) {
    case CW_I32: return 'i';
    case CW_F32: return 'f';
    case CW_F64: return 'd';
    case CW_V128: return 'v';
    default: return cw_is_managed(t->m->types, type) ? 'r' : 'l';
    }
}

static uint32_t next_home(const cw_translator *t)
{
    return t->n ? t->stack[t->n - 1].home + cw_slots_of(t->stack[t->n - 1].type) : t->first_home;
}

static cw_entry *push(cw_translator *t, uint8_t kind, char type)
{
    const uint32_t home = next_home(t);
    if (home + cw_slots_of(type) > t->top_home)
        t->top_home = home + cw_slots_of(type);
    cw_entry *e = &t->stack[t->n < t->cap ? t->n++ : t->n - 1];
    *e = (cw_entry){ kind, type, (uint16_t)home, 0, 0, 0 };
    return e;
}

void cw_stack_push_local(cw_translator *t, uint32_t local)
{
    cw_entry *e = push(t, CW_ENTRY_LOCAL, t->locals[local].type);
    e->index = local;
    t->locals[local].n_entries++;
}

void cw_stack_push_const(cw_translator *t, char type, uint64_t value)
{
    push(t, CW_ENTRY_CONST, type)->value = value;
}

void cw_stack_push_slot(cw_translator *t, char type)
{
    push(t, CW_ENTRY_SLOT, type);
}

/* The entry no longer is what it was. */
static void release(cw_translator *t, cw_entry *e)
{
    if (e->kind == CW_ENTRY_LOCAL)
        t->locals[e->index].n_entries--;
    else if (e->kind == CW_ENTRY_PENDING)
        t->pending[cw_class_of(e->type)] = -1;
}

static void become_slot(cw_translator *t, cw_entry *e)
{
    const uint32_t i = (uint32_t)(e - t->stack);
    release(t, e);
    e->kind = CW_ENTRY_SLOT;
    if (t->n_mapped > i)
        t->n_mapped = i;
}

void cw_stack_push_types(cw_translator *t, const cw_valtype *types, uint32_t n)
{
    for (uint32_t i = 0; i < n; i++)
        cw_stack_push_slot(t, cw_entry_type(t, types[i]));
}

uint32_t cw_stack_home(const cw_translator *t, uint32_t height)
{
    return height < t->n ? t->stack[height].home : next_home(t);
}

void cw_stack_pop(cw_translator *t)
{
    release(t, &t->stack[--t->n]);
    if (t->n_flushed > t->n)
        t->n_flushed = t->n;
    if (t->n_mapped > t->n)
        t->n_mapped = t->n;
}

void cw_stack_drop_to(cw_translator *t, uint32_t height)
{
    while (t->n > height)
        cw_stack_pop(t);
}

void cw_stack_forget_aliases(cw_translator *t)
{
    for (int c = 0; c < CW_CLASSES; c++)
        t->alias[c].slot = CW_NO_ALIAS;
}

/* What the slots of a value of that type held before is gone. */
static void slot_written(cw_translator *t, char type, uint32_t slot)
{
    for (int c = 0; c < CW_CLASSES; c++)
        if (t->alias[c].slot == slot || (type == 'v' && t->alias[c].slot == slot + 1))
            t->alias[c].slot = CW_NO_ALIAS;
}

static bool has_handler(uint32_t op, uint32_t kinds, uint32_t dst)
{
    return cw_node_find(0, cw_op_key(op, kinds, dst)) != 0;
}

void cw_stack_bind(cw_translator *t, uint32_t i)
{
    cw_entry *e = &t->stack[i];
    if (e->kind != CW_ENTRY_PENDING)
        return;
    cw_ir *ir = &t->ir.items[e->index];
    ir->dst = CW_DST_SLOT;
    ir->slot = e->home;
    slot_written(t, e->type, e->home);
    t->alias[cw_class_of(e->type)] = (cw_alias){ e->home, e->index };
    become_slot(t, e);
}

void cw_stack_bind_all(cw_translator *t)
{
    for (int c = 0; c < CW_CLASSES; c++)
        if (t->pending[c] >= 0)
            cw_stack_bind(t, (uint32_t)t->pending[c]);
}

static uint32_t copy_op(char type, uint32_t kind)
{
    return type == 'v'                            ? CW_IOP_COPY_V
           : type == 'f'                          ? CW_IOP_COPY_F
           : type == 'd'                          ? CW_IOP_COPY_D
           : type == 'i' && kind == CW_KIND_CONST ? CW_IOP_COPY_K32
                                                  : CW_IOP_COPY;
}

static void emit_copy(cw_translator *t, char type, uint32_t kind, uint64_t value, uint32_t slot, bool before_last)
{
    const uint32_t op = copy_op(type, kind);
    cw_ir *ir = before_last ? cw_emit_add_before_last(t, op) : cw_emit_add(t, op);
    ir->kinds = (uint8_t)kind;
    ir->v[0] = value;
    ir->dst = CW_DST_SLOT;
    ir->slot = (uint16_t)slot;
    slot_written(t, type, slot);
}

void cw_stack_copy_slot(cw_translator *t, char type, uint32_t from, uint32_t to)
{
    emit_copy(t, type, CW_KIND_SLOT, from, to, false);
}

static uint32_t slot_of(const cw_translator *t, const cw_entry *e)
{
    return e->kind == CW_ENTRY_LOCAL ? t->locals[e->index].slot : e->home;
}

/* True where the accumulator can stand for the entry's slot. */
static bool can_alias(const cw_translator *t, const cw_entry *e)
{
    const cw_alias *alias = &t->alias[cw_class_of(e->type)];
    if (alias->slot != slot_of(t, e))
        return false;
    if (alias->ir == CW_ALIAS_FIXED)
        return true;
    const cw_ir *ir = &t->ir.items[alias->ir];
    return has_handler(ir->op, ir->kinds, CW_DST_BOTH);
}

static void take_alias(cw_translator *t, const cw_entry *e)
{
    const cw_alias *alias = &t->alias[cw_class_of(e->type)];
    if (alias->ir != CW_ALIAS_FIXED)
        t->ir.items[alias->ir].dst = CW_DST_BOTH;
}

void cw_stack_copy(cw_translator *t, uint32_t i, uint32_t slot)
{
    const cw_entry *e = &t->stack[i];
    switch (e->kind) {
    case CW_ENTRY_CONST: emit_copy(t, e->type, CW_KIND_CONST, e->value, slot, false); return;
    case CW_ENTRY_PENDING: emit_copy(t, e->type, CW_KIND_ACC, 0, slot, false); return;
    default:
        if (slot_of(t, e) != slot)
            emit_copy(t, e->type, CW_KIND_SLOT, slot_of(t, e), slot, false);
    }
}

void cw_stack_settle(cw_translator *t, uint32_t i)
{
    cw_entry *e = &t->stack[i];
    if (e->kind == CW_ENTRY_PENDING) {
        cw_stack_bind(t, i);
    } else if (e->kind != CW_ENTRY_SLOT) {
        cw_stack_copy(t, i, e->home);
        become_slot(t, e);
    }
}

bool cw_stack_can_fold(const cw_translator *t)
{
    const cw_entry *e = &t->stack[t->n - 1];
    return e->kind == CW_ENTRY_PENDING && e->index == t->ir.n - 1;
}

void cw_stack_flush(cw_translator *t, uint32_t height)
{
    const bool before_last = height < t->n && cw_stack_can_fold(t);
    for (uint32_t i = t->n_flushed; i < height; i++) {
        cw_entry *e = &t->stack[i];
        if (e->kind == CW_ENTRY_PENDING) {
            cw_stack_bind(t, i);
        } else if (e->kind == CW_ENTRY_LOCAL) {
            emit_copy(t, e->type, CW_KIND_SLOT, slot_of(t, e), e->home, before_last);
            become_slot(t, e);
            if (before_last)
                t->stack[t->n - 1].index = t->ir.n - 1;
        }
    }
    if (t->n_flushed < height)
        t->n_flushed = height;
}

/* ---- operations ---- */

/* What an operation becomes when its operands are swapped, and what its negation is; 0: there is none. */
typedef struct cw_variants {
    uint16_t swapped, negated;
} cw_variants;
/* clang-format off */
#define COMPARES(T) \
    [CW_IOP_##T##_EQ] = { CW_IOP_##T##_EQ, CW_IOP_##T##_NE }, [CW_IOP_##T##_NE] = { CW_IOP_##T##_NE, CW_IOP_##T##_EQ }
#define ORDER(T, less, greater, not_less, not_greater) \
    [CW_IOP_##T##_##less] = { CW_IOP_##T##_##greater, CW_IOP_##T##_##not_less }, \
    [CW_IOP_##T##_##greater] = { CW_IOP_##T##_##less, CW_IOP_##T##_##not_greater }
#define INT_COMPARES(T) \
    COMPARES(T), \
    ORDER(T, LT_S, GT_S, GE_S, LE_S), \
    ORDER(T, LT_U, GT_U, GE_U, LE_U), \
    ORDER(T, LE_S, GE_S, GT_S, LT_S), \
    ORDER(T, LE_U, GE_U, GT_U, LT_U), \
    [CW_IOP_##T##_Z] = { 0, CW_IOP_##T##_NZ }, \
    [CW_IOP_##T##_NZ] = { 0, CW_IOP_##T##_Z }, \
    [CW_IOP_##T##_TEST] = { CW_IOP_##T##_TEST, CW_IOP_##T##_NTEST }, \
    [CW_IOP_##T##_NTEST] = { CW_IOP_##T##_NTEST, CW_IOP_##T##_TEST }
#define FLOAT_COMPARES(T) \
    COMPARES(T), \
    [CW_IOP_##T##_LT] = { 0, CW_IOP_##T##_NLT }, \
    [CW_IOP_##T##_LE] = { 0, CW_IOP_##T##_NLE }, \
    [CW_IOP_##T##_NLT] = { 0, CW_IOP_##T##_LT }, \
    [CW_IOP_##T##_NLE] = { 0, CW_IOP_##T##_LE }
/* clang-format on */
#define COMMUTES(op) [CW_IOP_##op] = { CW_IOP_##op, 0 }
static const cw_variants variants[CW_IOP_COUNT] = {
    INT_COMPARES(I32),
    INT_COMPARES(I64),
    FLOAT_COMPARES(F32),
    FLOAT_COMPARES(F64),
    COMMUTES(I32_ADD),
    COMMUTES(I32_MUL),
    COMMUTES(I32_AND),
    COMMUTES(I32_OR),
    COMMUTES(I32_XOR),
    COMMUTES(I64_ADD),
    COMMUTES(I64_MUL),
    COMMUTES(I64_AND),
    COMMUTES(I64_OR),
    COMMUTES(I64_XOR),
    COMMUTES(F32_ADD),
    COMMUTES(F32_MUL),
    COMMUTES(F64_ADD),
    COMMUTES(F64_MUL),
    [CW_IOP_REF_IS_TYPE] = { 0, CW_IOP_REF_IS_NOT_TYPE },
    [CW_IOP_REF_IS_NOT_TYPE] = { 0, CW_IOP_REF_IS_TYPE },
    [CW_IOP_REF_IS] = { 0, CW_IOP_REF_IS_NOT },
    [CW_IOP_REF_IS_NOT] = { 0, CW_IOP_REF_IS },
};

static bool is_value(char operand)
{
    return operand > '8' && operand != 'L';
}

/* Kinds and values of the operands at hand. */
typedef struct operands {
    uint32_t n;
    uint8_t at[CW_IOP_OPERANDS]; /* which operand of the operation */
    uint32_t entry[CW_IOP_OPERANDS];
    uint8_t kind[CW_IOP_OPERANDS];
    bool aliased[CW_IOP_OPERANDS];
} operands;

static uint32_t kinds_of(const operands *o)
{
    uint32_t kinds = 0;
    for (uint32_t i = 0; i < o->n; i++)
        kinds |= (uint32_t)o->kind[i] << (2 * o->at[i]);
    return kinds;
}

static void swap_operands(operands *o)
{
    const uint32_t entry = o->entry[0];
    const uint8_t kind = o->kind[0];
    const bool aliased = o->aliased[0];
    o->entry[0] = o->entry[1], o->kind[0] = o->kind[1], o->aliased[0] = o->aliased[1];
    o->entry[1] = entry, o->kind[1] = kind, o->aliased[1] = aliased;
}

/* Finds kinds for which there is a handler: as the entries are, with the operands swapped, then with more and more of
 * them in slots. */
static void fit(cw_translator *t, uint32_t *op, operands *o, uint32_t dst)
{
    for (;;) {
        if (has_handler(*op, kinds_of(o), dst))
            return;
        const uint32_t swapped = variants[*op].swapped;
        if (swapped) {
            swap_operands(o);
            if (has_handler(swapped, kinds_of(o), dst)) {
                *op = swapped;
                return;
            }
            swap_operands(o);
        }
        uint32_t i = 0;
        while (i < o->n && !(o->kind[i] == CW_KIND_ACC && o->aliased[i]))
            i++;
        if (i == o->n)
            for (i = 0; i < o->n && o->kind[i] != CW_KIND_CONST; i++)
                ;
        if (i == o->n)
            for (i = 0; i < o->n && o->kind[i] != CW_KIND_ACC; i++)
                ;
        if (i == o->n)
            return; /* cw_emit_flush says so */
        if (!o->aliased[i])
            cw_stack_settle(t, o->entry[i]);
        o->aliased[i] = false;
        o->kind[i] = CW_KIND_SLOT;
    }
}

cw_ir *cw_stack_op(cw_translator *t, uint32_t op, char type, const uint64_t *raw)
{
    const bool reversed = (op & CW_REVERSED) != 0;
    op &= ~CW_REVERSED;
    const cw_iop_info *info = &cw_iops[op];
    operands o = { 0 };
    for (uint32_t i = 0; info->operands[i]; i++)
        if (is_value(info->operands[i]))
            o.at[o.n++] = (uint8_t)i;
    const uint32_t base = t->n - o.n;
    bool taken[CW_CLASSES] = { false };
    for (uint32_t i = 0; i < o.n; i++) {
        const cw_entry *e = &t->stack[base + i];
        const int c = cw_class_of(e->type);
        o.entry[i] = base + i;
        o.kind[i] = e->kind == CW_ENTRY_CONST     ? CW_KIND_CONST
                    : e->kind == CW_ENTRY_PENDING ? CW_KIND_ACC
                                                  : CW_KIND_SLOT;
        if (o.kind[i] == CW_KIND_SLOT && !taken[c] && can_alias(t, e)) {
            o.kind[i] = CW_KIND_ACC;
            o.aliased[i] = true;
        }
        taken[c] |= o.kind[i] == CW_KIND_ACC;
    }
    if (reversed)
        swap_operands(&o);
    const uint32_t dst = info->result ? CW_DST_ACC : CW_DST_NONE;
    fit(t, &op, &o, dst);
    for (uint32_t i = 0; i < o.n; i++)
        if (o.aliased[i])
            take_alias(t, &t->stack[o.entry[i]]);
    if (type == 0)
        type = info->result;
    const int c = cw_class_of(type);
    if (info->result && t->pending[c] >= 0 && (uint32_t)t->pending[c] < base)
        cw_stack_bind(t, (uint32_t)t->pending[c]);

    cw_ir *ir = cw_emit_add(t, op);
    ir->kinds = (uint8_t)kinds_of(&o);
    ir->dst = (uint8_t)dst;
    for (uint32_t i = 0; i < o.n; i++) {
        const cw_entry *e = &t->stack[o.entry[i]];
        ir->v[o.at[i]] = o.kind[i] == CW_KIND_CONST ? e->value : o.kind[i] == CW_KIND_SLOT ? slot_of(t, e) : 0;
    }
    for (uint32_t i = 0, r = 0; info->operands[i]; i++)
        if (!is_value(info->operands[i]) && info->operands[i] != 'L')
            ir->v[i] = raw[r++];
    cw_stack_drop_to(t, base);
    if (info->result)
        cw_stack_push_pending(t, type);
    return ir;
}

void cw_stack_push_pending(cw_translator *t, char type)
{
    const int c = cw_class_of(type);
    cw_entry *e = push(t, CW_ENTRY_PENDING, type);
    e->index = t->ir.n - 1;
    t->pending[c] = (int32_t)(t->n - 1);
    t->alias[c].slot = CW_NO_ALIAS;
}

/* A node for every reference, shared by all places that it is there for. They count as operations, so that a stack
 * which is mapped anew again and again comes to its end. */
uint32_t cw_stack_map(cw_translator *t)
{
    uint32_t below = t->n_mapped ? t->stack[t->n_mapped - 1].map : 0;
    for (uint32_t i = t->n_mapped; i < t->n; i++) {
        cw_entry *e = &t->stack[i];
        if (e->type == 'r' && e->kind == CW_ENTRY_SLOT) {
            if (!CW_VEC_RESERVE(&t->nodes, t->a, 2)) {
                cw_translate_oom(t);
                return 0;
            }
            if (t->nodes.n == 0)
                t->nodes.items[t->nodes.n++] = (cw_code_node){ 0, 0 }; /* node 0 is the end */
            below = t->nodes.n;
            t->nodes.items[t->nodes.n++] = (cw_code_node){ i ? t->stack[i - 1].map : 0, e->home };
            t->n_ops++;
        }
        e->map = below;
    }
    t->n_mapped = t->n;
    return below;
}

/* ---- locals ---- */

/* Entries below `height` that stand for the local get its value before it changes. */
static void preserve_local(cw_translator *t, uint32_t local, uint32_t height, bool before_last)
{
    for (uint32_t i = height; i-- > 0 && t->locals[local].n_entries;) {
        cw_entry *e = &t->stack[i];
        if (e->kind == CW_ENTRY_LOCAL && e->index == local) {
            emit_copy(t, e->type, CW_KIND_SLOT, t->locals[local].slot, e->home, before_last);
            become_slot(t, e);
        }
    }
}

/* True where an operation neither reads nor writes the slot, and goes on with the next. Not for vectors: those that
 * read a lane do not say so. */
static bool leaves_alone(const cw_ir *ir, uint32_t slot)
{
    const cw_iop_info *info = &cw_iops[ir->op];
    if (ir->op == CW_IOP_NONE || ir->op >= CW_IOP_MEMORY_COPY || ((ir->dst & CW_DST_SLOT) && ir->slot == slot))
        return false;
    for (uint32_t o = 0; info->operands[o]; o++)
        if (info->operands[o] == 'L' ||
            (is_value(info->operands[o]) && (ir->kinds >> (2 * o) & 3) == CW_KIND_SLOT && ir->v[o] == slot))
            return false;
    return true;
}

void cw_stack_local_set(cw_translator *t, uint32_t local, bool tee)
{
    cw_entry *e = &t->stack[t->n - 1];
    const uint32_t slot = t->locals[local].slot;
    if (e->kind == CW_ENTRY_PENDING) {
        bool direct = e->index == t->ir.n - 1;
        if (!direct && e->type != 'v' && !t->locals[local].n_entries && t->ir.n - e->index <= 8) {
            direct = true;
            for (uint32_t i = e->index + 1; i < t->ir.n; i++)
                direct &= leaves_alone(&t->ir.items[i], slot);
        }
        if (direct) {
            const uint32_t before = t->ir.n;
            preserve_local(t, local, t->n - 1, true);
            const uint32_t at = e->index + (t->ir.n - before);
            cw_ir *ir = &t->ir.items[t->failed ? 0 : at];
            ir->dst = CW_DST_SLOT;
            ir->slot = (uint16_t)slot;
            const int c = cw_class_of(e->type);
            cw_stack_pop(t);
            slot_written(t, t->locals[local].type, slot);
            t->alias[c] = (cw_alias){ slot, at };
            if (tee)
                cw_stack_push_local(t, local);
            return;
        }
    }
    if (e->kind == CW_ENTRY_LOCAL && e->index == local) {
        if (!tee)
            cw_stack_pop(t);
        return;
    }
    preserve_local(t, local, t->n - 1, false);
    bool aliased = e->kind != CW_ENTRY_PENDING && e->kind != CW_ENTRY_CONST && can_alias(t, e);
    if (aliased) {
        take_alias(t, e);
        emit_copy(t, e->type, CW_KIND_ACC, 0, slot, false);
    } else {
        cw_stack_copy(t, t->n - 1, slot);
    }
    if (aliased)
        t->alias[cw_class_of(e->type)] = (cw_alias){ slot, CW_ALIAS_FIXED };
    cw_stack_pop(t);
    if (tee)
        cw_stack_push_local(t, local);
}

/* ---- conditions ---- */

/* Negates a compare that is the last operation of the list, or makes one out of an AND; false where it is none. */
static bool fold_condition(cw_ir *ir, bool negate)
{
    uint32_t op = ir->op;
    if (op == CW_IOP_I32_AND) {
        op = negate ? CW_IOP_I32_NTEST : CW_IOP_I32_TEST;
    } else {
        if (!variants[op].negated)
            return false;
        if (negate)
            op = variants[op].negated;
    }
    /* where the negation has no handler of these kinds, its swapped one has */
    if (!has_handler(op, ir->kinds, CW_DST_ACC)) {
        const uint32_t kinds = (ir->kinds & 3u) << 2 | (ir->kinds >> 2 & 3u);
        if (!variants[op].swapped || !has_handler(variants[op].swapped, kinds, CW_DST_ACC))
            return false;
        op = variants[op].swapped;
        ir->kinds = (uint8_t)kinds;
        const uint64_t x = ir->v[0];
        ir->v[0] = ir->v[1];
        ir->v[1] = x;
    }
    ir->op = (uint16_t)op;
    return true;
}

void cw_stack_eqz(cw_translator *t)
{
    if (!cw_stack_can_fold(t) || !fold_condition(&t->ir.items[t->ir.n - 1], true))
        cw_stack_op(t, CW_IOP_I32_Z, 0, NULL);
}

void cw_stack_branch(cw_translator *t, uint32_t label, bool inverted)
{
    cw_ir *last = cw_stack_can_fold(t) ? &t->ir.items[t->ir.n - 1] : NULL;
    if (last && fold_condition(last, inverted)) {
        last->op++; /* BR_… follows its compare */
        last->dst = CW_DST_NONE;
        last->label = label;
        cw_stack_pop(t);
        return;
    }
    cw_stack_op(t, inverted ? CW_IOP_BR_I32_Z : CW_IOP_BR_I32_NZ, 0, NULL)->label = label;
}

void cw_stack_check_null(cw_translator *t, uint8_t trap)
{
    cw_stack_bind_all(t);
    if (cw_stack_top(t, 0)->kind == CW_ENTRY_CONST)
        cw_stack_settle(t, t->n - 1);
    cw_ir *ir = cw_emit_add(t, CW_IOP_CHECK_NULL);
    ir->kinds = CW_KIND_SLOT;
    ir->v[0] = slot_of(t, cw_stack_top(t, 0));
    ir->v[1] = trap;
}
