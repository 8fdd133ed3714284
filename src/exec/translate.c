/* exec/translate.c: one pass over a checked body  [core 5.4]; see translate.h for how it works.
 *
 * The body is valid, so that indices, types and heights need no check here, and its slots fit 16 bits; what remains to
 * be refused is what is not executed yet. */
#include "exec/translate.h"

#include <string.h>

#include "base/error.h"
#include "base/leb.h"
#include "core/opcodes.h"
#include "exec/code.h"

/* ---- instructions that are one operation ---- */

/* clang-format off */
static const uint16_t simple_ops[CW_OP_COUNT] = {
#define SAME(id) [CW_OP_##id] = CW_IOP_##id,
#define SAME_INT(T) \
    SAME(T##_ADD) SAME(T##_SUB) SAME(T##_MUL) SAME(T##_DIV_S) SAME(T##_DIV_U) SAME(T##_REM_S) SAME(T##_REM_U) \
    SAME(T##_AND) SAME(T##_OR) SAME(T##_XOR) SAME(T##_SHL) SAME(T##_SHR_S) SAME(T##_SHR_U) SAME(T##_ROTL) \
    SAME(T##_ROTR) SAME(T##_CLZ) SAME(T##_CTZ) SAME(T##_POPCNT) SAME(T##_EXTEND8_S) SAME(T##_EXTEND16_S) \
    SAME(T##_EQ) SAME(T##_NE) SAME(T##_LT_S) SAME(T##_LT_U) SAME(T##_GT_S) SAME(T##_GT_U) SAME(T##_LE_S) \
    SAME(T##_LE_U) SAME(T##_GE_S) SAME(T##_GE_U)
#define SAME_FLOAT(T) \
    SAME(T##_ABS) SAME(T##_NEG) SAME(T##_CEIL) SAME(T##_FLOOR) SAME(T##_TRUNC) SAME(T##_NEAREST) SAME(T##_SQRT) \
    SAME(T##_ADD) SAME(T##_SUB) SAME(T##_MUL) SAME(T##_DIV) SAME(T##_MIN) SAME(T##_MAX) SAME(T##_COPYSIGN) \
    SAME(T##_EQ) SAME(T##_NE) SAME(T##_LT) SAME(T##_LE) \
    [CW_OP_##T##_GT] = CW_IOP_##T##_LT | CW_REVERSED, [CW_OP_##T##_GE] = CW_IOP_##T##_LE | CW_REVERSED,
    SAME_INT(I32) SAME_INT(I64) SAME_FLOAT(F32) SAME_FLOAT(F64) SAME(I32_WRAP_I64) SAME(I64_EXTEND32_S)
    SAME(I64_EXTEND_I32_S) SAME(I64_EXTEND_I32_U)
    [CW_OP_I64_EQZ] = CW_IOP_I64_Z, [CW_OP_REF_IS_NULL] = CW_IOP_I64_Z, [CW_OP_REF_EQ] = CW_IOP_I64_EQ,
    SAME(I32_TRUNC_F32_S) SAME(I32_TRUNC_F32_U) SAME(I32_TRUNC_F64_S) SAME(I32_TRUNC_F64_U) SAME(I64_TRUNC_F32_S)
    SAME(I64_TRUNC_F32_U) SAME(I64_TRUNC_F64_S) SAME(I64_TRUNC_F64_U) SAME(I32_TRUNC_SAT_F32_S)
    SAME(I32_TRUNC_SAT_F32_U) SAME(I32_TRUNC_SAT_F64_S) SAME(I32_TRUNC_SAT_F64_U) SAME(I64_TRUNC_SAT_F32_S)
    SAME(I64_TRUNC_SAT_F32_U) SAME(I64_TRUNC_SAT_F64_S) SAME(I64_TRUNC_SAT_F64_U) SAME(F32_CONVERT_I32_S)
    SAME(F32_CONVERT_I32_U) SAME(F32_CONVERT_I64_S) SAME(F32_CONVERT_I64_U) SAME(F32_DEMOTE_F64)
    SAME(F64_CONVERT_I32_S) SAME(F64_CONVERT_I32_U) SAME(F64_CONVERT_I64_S) SAME(F64_CONVERT_I64_U)
    SAME(F64_PROMOTE_F32) SAME(I32_REINTERPRET_F32) SAME(I64_REINTERPRET_F64) SAME(F32_REINTERPRET_I32)
    SAME(F64_REINTERPRET_I64)
#define VECTOR(id, result, operands, forms, dsts, expr) SAME(id)
#include "exec/vector_ops.def"
};

/* Loads and stores: on memory 0 with 32-bit addresses, and on any. */
static const uint16_t memory_ops[][2] = {
#define BOTH(id) [CW_OP_##id - CW_OP_I32_LOAD] = { CW_IOP_##id, CW_IOP_ANY_##id },
    BOTH(I32_LOAD) BOTH(I64_LOAD) BOTH(F32_LOAD) BOTH(F64_LOAD) BOTH(I32_LOAD8_S) BOTH(I32_LOAD8_U)
    BOTH(I32_LOAD16_S) BOTH(I32_LOAD16_U) BOTH(I64_LOAD8_S) BOTH(I64_LOAD8_U) BOTH(I64_LOAD16_S) BOTH(I64_LOAD16_U)
    BOTH(I64_LOAD32_S) BOTH(I64_LOAD32_U) BOTH(I32_STORE) BOTH(I64_STORE) BOTH(F32_STORE) BOTH(F64_STORE)
    BOTH(I32_STORE8) BOTH(I32_STORE16) BOTH(I64_STORE8) BOTH(I64_STORE16) BOTH(I64_STORE32)
};

/* The same for vectors; and what has a lane. */
static const uint16_t vector_memory_ops[CW_OP_V128_LOAD64_ZERO - CW_OP_V128_LOAD + 1][2] = {
#define VECTOR_BOTH(id) [CW_OP_V128_##id - CW_OP_V128_LOAD] = { CW_IOP_V128_##id, CW_IOP_ANY_V128_##id },
    VECTOR_BOTH(LOAD) VECTOR_BOTH(LOAD8X8_S) VECTOR_BOTH(LOAD8X8_U) VECTOR_BOTH(LOAD16X4_S) VECTOR_BOTH(LOAD16X4_U)
    VECTOR_BOTH(LOAD32X2_S) VECTOR_BOTH(LOAD32X2_U) VECTOR_BOTH(LOAD8_SPLAT) VECTOR_BOTH(LOAD16_SPLAT)
    VECTOR_BOTH(LOAD32_SPLAT) VECTOR_BOTH(LOAD64_SPLAT) VECTOR_BOTH(LOAD32_ZERO) VECTOR_BOTH(LOAD64_ZERO)
    VECTOR_BOTH(STORE) VECTOR_BOTH(LOAD8_LANE) VECTOR_BOTH(LOAD16_LANE) VECTOR_BOTH(LOAD32_LANE)
    VECTOR_BOTH(LOAD64_LANE) VECTOR_BOTH(STORE8_LANE) VECTOR_BOTH(STORE16_LANE) VECTOR_BOTH(STORE32_LANE)
    VECTOR_BOTH(STORE64_LANE)
};

static const struct {
    uint16_t op, size; /* size: bytes of the lane */
} extract_ops[CW_OP_F64X2_EXTRACT_LANE - CW_OP_I8X16_EXTRACT_LANE_S + 1] = {
#define EXTRACT(id, size) [CW_OP_##id - CW_OP_I8X16_EXTRACT_LANE_S] = { CW_IOP_##id, size },
    EXTRACT(I8X16_EXTRACT_LANE_S, 1) EXTRACT(I8X16_EXTRACT_LANE_U, 1) EXTRACT(I16X8_EXTRACT_LANE_S, 2)
    EXTRACT(I16X8_EXTRACT_LANE_U, 2) EXTRACT(I32X4_EXTRACT_LANE, 4) EXTRACT(I64X2_EXTRACT_LANE, 8)
    EXTRACT(F32X4_EXTRACT_LANE, 4) EXTRACT(F64X2_EXTRACT_LANE, 8)
};
/* clang-format on */

typedef const uint8_t *place;

static uint32_t read_u32(place *at)
{
    return cw_leb_u32_checked(at);
}

/* ---- what is not executed yet ---- */

static void unsupported(cw_translator *t, place at)
{
    cw_op op = cw_op_of_byte(*at);
    if (*at >= 0xfb && *at <= 0xfe) {
        place number = at + 1;
        op = cw_op_of_prefixed(*at, read_u32(&number));
    }
    cw_fail(t->err, t->a, CWRUN_ERROR_LIMIT, CWRUN_LIMIT_UNSUPPORTED, "not supported yet: %s", cw_opcodes[op].name);
    t->failed = true;
}

/* ---- instructions ---- */

/* ops: on memory 0 with 32-bit addresses, and on any */
static void emit_memory_access(cw_translator *t, const uint16_t *ops, bool has_lane, place *at)
{
    const uint32_t align = read_u32(at);
    const uint32_t memory = align & 0x40 ? read_u32(at) : 0;
    const uint64_t offset = cw_leb_u64_checked(at);
    const uint64_t lane = has_lane ? *(*at)++ : 0;
    if (memory == 0 && !t->m->memories[0].is_64) {
        const uint64_t raw[2] = { offset, lane };
        cw_stack_op(t, ops[0], 0, raw);
    } else {
        const uint64_t raw[3] = { memory, offset, lane };
        cw_stack_op(t, ops[1], 0, raw);
    }
}

/* The lane is read from where it lies in the frame. */
static void emit_extract(cw_translator *t, cw_op op, uint8_t lane)
{
    cw_stack_bind(t, t->n - 1);
    const cw_entry *e = cw_stack_top(t, 0);
    const uint32_t slot = e->kind == CW_ENTRY_LOCAL ? t->locals[e->index].slot : e->home;
    const uint32_t i = op - CW_OP_I8X16_EXTRACT_LANE_S;
    const uint64_t raw = slot * 8u + (uint32_t)lane * extract_ops[i].size;
    cw_stack_pop(t);
    cw_stack_op(t, extract_ops[i].op, 0, &raw);
}

/* Whether instructions that work on many bytes must go through functions that meter them. */
static bool is_metered(const cw_translator *t)
{
    return t->options.fuel || t->options.interruptible;
}

/* An operation of a cold function: n operands in their homes, a result (type 0: none) in the first one's. */
static void emit_cold(cw_translator *t, uint32_t op, uint32_t n, char result, uint32_t x, uint64_t y)
{
    cw_stack_bind_all(t);
    for (uint32_t i = t->n - n; i < t->n; i++)
        cw_stack_settle(t, i);
    const uint64_t raw[3] = { cw_stack_home(t, t->n - n), x, y };
    cw_stack_drop_to(t, t->n - n);
    cw_stack_op(t, op, 0, raw);
    if (result) {
        cw_stack_push_slot(t, result);
        for (int c = 0; c < CW_CLASSES; c++)
            if (t->alias[c].slot == raw[0])
                t->alias[c].slot = CW_NO_ALIAS;
    }
}

/* Its two results replace its n operands. */
static void emit_wide(cw_translator *t, uint32_t op, uint32_t n)
{
    emit_cold(t, op, n, 'l', 0, 0);
    cw_stack_push_slot(t, 'l');
    for (int c = 0; c < CW_CLASSES; c++)
        if (t->alias[c].slot == cw_stack_top(t, 0)->home)
            t->alias[c].slot = CW_NO_ALIAS;
}

static void emit_select(cw_translator *t)
{
    const char type = cw_stack_top(t, 2)->type;
    const uint32_t op = type == 'f'   ? CW_IOP_SELECT_F
                        : type == 'd' ? CW_IOP_SELECT_D
                        : type == 'v' ? CW_IOP_SELECT_V
                                      : CW_IOP_SELECT;
    cw_stack_op(t, op, type, NULL);
}

static void emit_simple(cw_translator *t, cw_op op)
{
    cw_entry *top = cw_stack_top(t, 0);
    uint32_t iop = simple_ops[op];
    if (top->kind == CW_ENTRY_CONST) {
        if (iop == CW_IOP_I32_SUB || iop == CW_IOP_I64_SUB) {
            top->value = iop == CW_IOP_I32_SUB ? (uint32_t)-top->value : -top->value;
            iop = iop == CW_IOP_I32_SUB ? CW_IOP_I32_ADD : CW_IOP_I64_ADD;
        } else if (top->value == 0 &&
                   (iop == CW_IOP_I32_NE || iop == CW_IOP_I32_EQ || iop == CW_IOP_I64_NE || iop == CW_IOP_I64_EQ)) {
            cw_stack_pop(t);
            if (iop == CW_IOP_I32_EQ) {
                cw_stack_eqz(t);
                return;
            }
            iop = iop == CW_IOP_I32_NE ? CW_IOP_I32_NZ : iop == CW_IOP_I64_EQ ? CW_IOP_I64_Z : CW_IOP_I64_NZ;
        }
    }
    cw_stack_op(t, iop, 0, NULL);
}

/* One instruction behind prefix 0xfc, its number already read. */
static bool translate_bulk(cw_translator *t, cw_op op, place *at)
{
    const cw_module *m = t->m;
    uint32_t x = 0, y = 0;
    switch (op) {
    case CW_OP_MEMORY_INIT:
        x = read_u32(at), y = read_u32(at);
        emit_cold(t, CW_IOP_MEMORY_INIT, 3, 0, x, y);
        return true;
    case CW_OP_DATA_DROP:
    case CW_OP_ELEM_DROP: {
        const uint64_t raw = read_u32(at);
        cw_stack_op(t, op == CW_OP_DATA_DROP ? CW_IOP_DATA_DROP : CW_IOP_ELEM_DROP, 0, &raw);
        return true;
    }
    case CW_OP_MEMORY_COPY:
        x = read_u32(at), y = read_u32(at);
        if (x == 0 && y == 0 && !m->memories[0].is_64 && !is_metered(t))
            cw_stack_op(t, CW_IOP_MEMORY_COPY, 0, NULL);
        else
            emit_cold(t, CW_IOP_ANY_MEMORY_COPY, 3, 0, x, y);
        return true;
    case CW_OP_MEMORY_FILL:
        x = read_u32(at);
        if (x == 0 && !m->memories[0].is_64 && !is_metered(t))
            cw_stack_op(t, CW_IOP_MEMORY_FILL, 0, NULL);
        else
            emit_cold(t, CW_IOP_ANY_MEMORY_FILL, 3, 0, x, 0);
        return true;
    case CW_OP_TABLE_INIT:
        x = read_u32(at), y = read_u32(at);
        emit_cold(t, CW_IOP_TABLE_INIT, 3, 0, x, y);
        return true;
    case CW_OP_TABLE_COPY:
        x = read_u32(at), y = read_u32(at);
        emit_cold(t, CW_IOP_TABLE_COPY, 3, 0, x, y);
        return true;
    case CW_OP_TABLE_GROW:
        x = read_u32(at);
        emit_cold(t, CW_IOP_TABLE_GROW, 2, m->tables[x].limits.is_64 ? 'l' : 'i', x, 0);
        return true;
    case CW_OP_TABLE_SIZE: {
        const uint64_t raw = read_u32(at);
        cw_stack_op(t, CW_IOP_TABLE_SIZE, m->tables[raw].limits.is_64 ? 'l' : 'i', &raw);
        return true;
    }
    case CW_OP_TABLE_FILL:
        x = read_u32(at);
        emit_cold(t, CW_IOP_TABLE_FILL, 3, 0, x, 0);
        return true;
    case CW_OP_I64_ADD128: emit_wide(t, CW_IOP_I64_ADD128, 4); return true;
    case CW_OP_I64_SUB128: emit_wide(t, CW_IOP_I64_SUB128, 4); return true;
    case CW_OP_I64_MUL_WIDE_S: emit_wide(t, CW_IOP_I64_MUL_WIDE_S, 2); return true;
    case CW_OP_I64_MUL_WIDE_U: emit_wide(t, CW_IOP_I64_MUL_WIDE_U, 2); return true;
    default:
        if (!simple_ops[op])
            return false;
        emit_simple(t, op);
        return true;
    }
}

/* One instruction behind prefix 0xfd, its number already read. */
static bool translate_vector(cw_translator *t, cw_op op, place *at)
{
    uint64_t raw[2] = { 0 };
    switch (op) {
    case CW_OP_V128_CONST:
    case CW_OP_I8X16_SHUFFLE:
        memcpy(raw, *at, sizeof raw);
        *at += sizeof raw;
        cw_stack_op(t, op == CW_OP_V128_CONST ? CW_IOP_V128_CONST : CW_IOP_I8X16_SHUFFLE, 0, raw);
        return true;
#define REPLACE(T) \
    case CW_OP_##T##_REPLACE_LANE: \
        raw[0] = *(*at)++; \
        cw_stack_op(t, CW_IOP_##T##_REPLACE_LANE, 0, raw); \
        return true;
        REPLACE(I8X16)
        REPLACE(I16X8)
        REPLACE(I32X4)
        REPLACE(I64X2)
        REPLACE(F32X4)
        REPLACE(F64X2)
    default:
        if (simple_ops[op]) {
            cw_stack_op(t, simple_ops[op], 0, NULL);
        } else if (op >= CW_OP_I8X16_EXTRACT_LANE_S && op <= CW_OP_F64X2_EXTRACT_LANE) {
            emit_extract(t, op, *(*at)++);
        } else if (op >= CW_OP_V128_LOAD && op <= CW_OP_V128_LOAD64_ZERO &&
                   vector_memory_ops[op - CW_OP_V128_LOAD][0]) {
            const bool has_lane = cw_opcodes[op].imm == CW_IMM_MEMARG_LANE;
            emit_memory_access(t, vector_memory_ops[op - CW_OP_V128_LOAD], has_lane, at);
        } else {
            return false;
        }
        return true;
    }
}

/* One instruction behind prefix 0xfe, its number already read. Of each kind there are seven: i32, i64, then the narrow
 * ones of i32 and of i64. */
static void translate_atomic(cw_translator *t, cw_op op, place *at)
{
    static const uint16_t kinds[] = { CW_IOP_ATOMIC_LOAD8, CW_IOP_ATOMIC_STORE8, CW_IOP_ATOMIC_ADD8,
                                      CW_IOP_ATOMIC_SUB8,  CW_IOP_ATOMIC_AND8,   CW_IOP_ATOMIC_OR8,
                                      CW_IOP_ATOMIC_XOR8,  CW_IOP_ATOMIC_XCHG8,  CW_IOP_ATOMIC_CMPXCHG8 };
    if (op == CW_OP_ATOMIC_FENCE) {
        ++*at;
        cw_emit_add(t, CW_IOP_ATOMIC_FENCE);
        return;
    }
    const uint32_t memory = read_u32(at) & 0x40 ? read_u32(at) : 0;
    const uint64_t offset = cw_leb_u64_checked(at);
    if (op == CW_OP_MEMORY_ATOMIC_NOTIFY) {
        emit_cold(t, CW_IOP_ATOMIC_NOTIFY, 2, 'i', memory, offset);
    } else if (op == CW_OP_MEMORY_ATOMIC_WAIT32 || op == CW_OP_MEMORY_ATOMIC_WAIT64) {
        emit_cold(t, op == CW_OP_MEMORY_ATOMIC_WAIT32 ? CW_IOP_ATOMIC_WAIT32 : CW_IOP_ATOMIC_WAIT64, 3, 'i', memory,
                  offset);
    } else {
        const uint64_t raw[2] = { memory, offset };
        const char result = strchr(cw_opcodes[op].sig, ':')[1];
        cw_stack_op(t, kinds[(op - CW_OP_I32_ATOMIC_LOAD) / 7] + cw_opcodes[op].align, result, raw);
    }
}

/* One instruction that can be reached. */
static void translate_live(cw_translator *t, cw_op op, place start, place *at)
{
    const cw_module *m = t->m;
    uint64_t raw = 0;
    switch (op) {
    case CW_OP_UNREACHABLE:
        cw_emit_add(t, CW_IOP_UNREACHABLE);
        t->dead = true;
        return;
    case CW_OP_NOP: return;
    case CW_OP_BLOCK: cw_block_begin(t, at, CW_BLOCK_BLOCK); return;
    case CW_OP_LOOP: cw_block_begin(t, at, CW_BLOCK_LOOP); return;
    case CW_OP_IF: cw_block_begin(t, at, CW_BLOCK_IF); return;
    case CW_OP_TRY_TABLE: cw_try_table_begin(t, at); return;
    case CW_OP_TRY: cw_try_begin(t, at); return;
    case CW_OP_THROW: cw_try_throw(t, read_u32(at)); return;
    case CW_OP_THROW_REF:
        cw_stack_op(t, CW_IOP_THROW_REF, 0, NULL);
        t->dead = true;
        return;
    case CW_OP_RETHROW: cw_try_rethrow(t, cw_block_at(t, read_u32(at))); return;
    case CW_OP_BR: cw_block_branch(t, cw_block_at(t, read_u32(at))); return;
    case CW_OP_BR_IF: cw_block_branch_if(t, cw_block_at(t, read_u32(at))); return;
    case CW_OP_BR_TABLE: cw_block_branch_table(t, at); return;
    case CW_OP_RETURN:
        cw_block_return(t);
        t->dead = true;
        return;
    case CW_OP_CALL:
    case CW_OP_RETURN_CALL: cw_call_direct(t, read_u32(at), op == CW_OP_RETURN_CALL); return;
    case CW_OP_CALL_INDIRECT:
    case CW_OP_RETURN_CALL_INDIRECT: {
        const uint32_t type = read_u32(at);
        cw_call_indirect(t, type, read_u32(at), op == CW_OP_RETURN_CALL_INDIRECT);
        return;
    }
    case CW_OP_CALL_REF:
    case CW_OP_RETURN_CALL_REF: cw_call_ref(t, read_u32(at), op == CW_OP_RETURN_CALL_REF); return;
    case CW_OP_DROP: cw_stack_pop(t); return;
    case CW_OP_SELECT_T:
        cw_translate_skip(at, CW_IMM_SELECT);
        emit_select(t);
        return;
    case CW_OP_SELECT: emit_select(t); return;
    case CW_OP_LOCAL_GET: cw_stack_push_local(t, read_u32(at)); return;
    case CW_OP_LOCAL_SET:
    case CW_OP_LOCAL_TEE: cw_stack_local_set(t, read_u32(at), op == CW_OP_LOCAL_TEE); return;
    case CW_OP_GLOBAL_GET: {
        raw = read_u32(at);
        const char type = cw_entry_type(t, m->globals[raw].type);
        const uint32_t op_v = type == 'v' ? CW_IOP_GLOBAL_GET_V : CW_IOP_GLOBAL_GET;
        cw_stack_op(t, type == 'f' ? CW_IOP_GLOBAL_GET_F : type == 'd' ? CW_IOP_GLOBAL_GET_D : op_v, type, &raw);
        return;
    }
    case CW_OP_GLOBAL_SET: {
        raw = read_u32(at);
        const char type = cw_entry_type(t, m->globals[raw].type);
        const uint32_t op_v = type == 'v' ? CW_IOP_GLOBAL_SET_V : CW_IOP_GLOBAL_SET;
        cw_stack_op(t, type == 'f' ? CW_IOP_GLOBAL_SET_F : type == 'd' ? CW_IOP_GLOBAL_SET_D : op_v, 0, &raw);
        return;
    }
    case CW_OP_TABLE_GET:
        raw = read_u32(at);
        emit_cold(t, CW_IOP_TABLE_GET, 1, cw_entry_type(t, m->tables[raw].elem), (uint32_t)raw, 0);
        return;
    case CW_OP_TABLE_SET: emit_cold(t, CW_IOP_TABLE_SET, 2, 0, read_u32(at), 0); return;
    case CW_OP_MEMORY_SIZE:
        raw = read_u32(at);
        cw_stack_op(t, CW_IOP_MEMORY_SIZE, m->memories[raw].is_64 ? 'l' : 'i', &raw);
        return;
    case CW_OP_MEMORY_GROW:
        raw = read_u32(at);
        cw_stack_op(t, CW_IOP_MEMORY_GROW, m->memories[raw].is_64 ? 'l' : 'i', &raw);
        return;
    case CW_OP_I32_CONST: cw_stack_push_const(t, 'i', (uint32_t)cw_leb_s64_checked(at)); return;
    case CW_OP_I64_CONST: cw_stack_push_const(t, 'l', (uint64_t)cw_leb_s64_checked(at)); return;
    case CW_OP_F32_CONST: {
        uint32_t bits;
        memcpy(&bits, *at, 4);
        *at += 4;
        cw_stack_push_const(t, 'f', bits);
        return;
    }
    case CW_OP_F64_CONST:
        memcpy(&raw, *at, 8);
        *at += 8;
        cw_stack_push_const(t, 'd', raw);
        return;
    case CW_OP_I32_EQZ: cw_stack_eqz(t); return;
    case CW_OP_REF_NULL: cw_stack_push_const(t, cw_entry_type(t, cw_translate_heaptype(t, at, true)), 0); return;
    case CW_OP_REF_FUNC: emit_cold(t, CW_IOP_REF_FUNC, 0, 'l', read_u32(at), 0); return;
    case CW_OP_REF_AS_NON_NULL: cw_stack_check_null(t, CW_TRAP_NULL_REFERENCE); return;
    case CW_OP_BR_ON_NULL:
    case CW_OP_BR_ON_NON_NULL: cw_block_branch_on_null(t, cw_block_at(t, read_u32(at)), op == CW_OP_BR_ON_NULL); return;
    default:
        if (op >= CW_OP_I32_LOAD && op <= CW_OP_I64_STORE32)
            emit_memory_access(t, memory_ops[op - CW_OP_I32_LOAD], false, at);
        else if ((*start == 0xfc && translate_bulk(t, op, at)) || (*start == 0xfd && translate_vector(t, op, at)))
            return;
        else if (*start == 0xfb && cw_translate_gc(t, op, at))
            return;
        else if (*start == 0xfe)
            translate_atomic(t, op, at);
        else if (*start < 0xfb && simple_ops[op])
            emit_simple(t, op);
        else
            unsupported(t, start);
    }
}

/* One instruction in dead code: only the structure counts. */
static void translate_dead(cw_translator *t, cw_op op, place *at)
{
    if (op == CW_OP_BLOCK || op == CW_OP_LOOP || op == CW_OP_IF || op == CW_OP_TRY_TABLE || op == CW_OP_TRY)
        t->n_skipped++;
    else if (op == CW_OP_DELEGATE)
        t->n_skipped--;
    cw_translate_skip(at, cw_opcodes[op].imm);
}

static void translate_body(cw_translator *t)
{
    for (place at = t->body->code; at < t->body->end && !t->failed;) {
        const place start = at;
        t->at = (uint32_t)(start - t->body->code);
        const uint8_t byte = *at++;
        const cw_op op = byte >= 0xfb && byte <= 0xfe ? cw_op_of_prefixed(byte, read_u32(&at)) : cw_op_of_byte(byte);
        if (op == CW_OP_END && t->n_skipped) {
            t->n_skipped--;
        } else if (op == CW_OP_END) {
            cw_block_end(t);
        } else if (op == CW_OP_ELSE && !t->n_skipped) {
            cw_block_else(t);
        } else if ((op == CW_OP_CATCH || op == CW_OP_CATCH_ALL || op == CW_OP_DELEGATE) && !t->n_skipped) {
            cw_try_part(t, op, &at);
        } else if (t->dead) {
            translate_dead(t, op, &at);
        } else {
            cw_block_at(t, 0)->n_insns++;
            translate_live(t, op, start, &at);
        }
    }
}

/* ---- the function as a whole ---- */

static bool make_locals(cw_translator *t)
{
    const cw_func_body *body = t->body;
    t->n_locals = t->type->n_params + body->n_locals;
    if (t->n_locals) {
        t->locals = cw_new_array(t->a, t->n_locals, sizeof *t->locals);
        if (!t->locals)
            return false;
    }
    uint32_t n = 0, slot = 0;
    for (; n < t->type->n_params; n++) {
        t->locals[n] = (cw_local){ (uint16_t)slot, cw_entry_type(t, t->type->params[n]), 0 };
        slot += cw_valtype_slots(t->type->params[n]);
    }
    for (uint32_t r = 0; r < body->n_local_runs; r++)
        for (uint32_t i = 0; i < body->locals[r].n && n < t->n_locals; i++, n++) {
            t->locals[n] = (cw_local){ (uint16_t)slot, cw_entry_type(t, body->locals[r].type), 0 };
            slot += cw_valtype_slots(body->locals[r].type);
        }
    /* a callee's frame starts at least one slot above ours, and results need room */
    t->first_home = slot > 0 ? slot : 1;
    t->top_home = t->first_home > t->type->result_slots ? t->first_home : t->type->result_slots;
    return true;
}

static void zero_locals(cw_translator *t)
{
    const uint32_t *bits = t->body->zero_locals;
    const uint32_t n_params = t->type->n_params, n = t->body->n_locals;
    for (uint32_t i = 0; bits && i < n;) {
        if (!(bits[i / 32] >> i % 32 & 1)) {
            i++;
            continue;
        }
        const uint32_t first = i;
        while (i < n && bits[i / 32] >> i % 32 & 1)
            i++;
        const uint32_t slot = t->locals[n_params + first].slot;
        const uint32_t end = n_params + i < t->n_locals ? t->locals[n_params + i].slot : t->body->local_slots;
        cw_block_at(t, 0)->n_insns += (end - slot) / (CW_BYTES_PER_FUEL / 8);
        if (end - slot <= 3) {
            for (uint32_t s = slot; s < end; s++) {
                cw_ir *ir = cw_emit_add(t, CW_IOP_COPY_K32);
                ir->kinds = CW_KIND_CONST;
                ir->dst = CW_DST_SLOT;
                ir->slot = (uint16_t)s;
            }
        } else {
            cw_ir *ir = cw_emit_add(t, CW_IOP_ZERO);
            ir->v[0] = slot;
            ir->v[1] = end - slot;
        }
    }
}

static uint8_t *finish(cw_translator *t)
{
    const uint32_t code_size = (uint32_t)sizeof(cw_code_header) + t->code.n;
    const uint32_t handlers = t->regions.n ? t->code.n : 0;
    const uint32_t maps_size = cw_translate_maps_size(t), maps = maps_size ? t->code.n + cw_try_table_size(t) : 0;
    const uint32_t size = code_size + cw_try_table_size(t) + maps_size;
    uint8_t *block = cw_resize(t->a, NULL, 0, size);
    if (!block) {
        cw_translate_oom(t);
        return NULL;
    }
    const cw_code_header header = { size, maps, handlers, t->top_home };
    memcpy(block, &header, sizeof header);
    memcpy(block + sizeof header, t->code.items, t->code.n);
    if (handlers)
        cw_try_table_write(t, block + code_size);
    if (maps)
        cw_translate_maps_write(t, block + sizeof header + maps);
    return block;
}

/* No honest function comes near: one has about an operation for two bytes. */
enum { OPS_PER_BYTE = 4, OPS_AT_LEAST = 1 << 16 };

static uint8_t *translate(cw_translator *t)
{
    const cw_func_body *body = t->body;
    const uint64_t max_ops = OPS_PER_BYTE * (uint64_t)(body->end - body->code) + OPS_AT_LEAST;
    t->max_ops = max_ops < UINT32_MAX ? (uint32_t)max_ops : UINT32_MAX;
    t->cap = body->max_stack_values + 1;
    t->cap_blocks = body->max_labels + 1;
    t->stack = cw_new_array(t->a, t->cap, sizeof *t->stack);
    t->blocks = cw_new_array(t->a, t->cap_blocks, sizeof *t->blocks);
    if (!t->stack || !t->blocks || !make_locals(t) || !CW_VEC_RESERVE(&t->ir, t->a, 64) ||
        !CW_VEC_RESERVE(&t->fixups, t->a, 1)) {
        cw_translate_oom(t);
        return NULL;
    }
    t->fixups.n = 1; /* 0 ends a chain */
    for (int c = 0; c < CW_CLASSES; c++)
        t->pending[c] = -1;
    cw_stack_forget_aliases(t);

    cw_block_begin_function(t);
    zero_locals(t);
    translate_body(t);
    return t->failed ? NULL : finish(t);
}

uint8_t *cw_translate(cw_module *m, uint32_t func, const cw_alloc *a, cw_code_options options, cw_translate_find *find,
                      cwrun_error *err)
{
    cw_translator t = {
        .m = m,
        .a = a,
        .err = err,
        .options = options,
        .find = find,
        .body = &m->bodies[func - m->n_imported_funcs],
        .type = cw_types_get(m->types, m->func_types[func]),
    };
    uint8_t *block = translate(&t);
    cw_free(a, t.locals, t.n_locals * sizeof *t.locals);
    cw_free(a, t.stack, t.cap * sizeof *t.stack);
    cw_free(a, t.blocks, t.cap_blocks * sizeof *t.blocks);
    CW_VEC_FINI(&t.ir, a);
    CW_VEC_FINI(&t.code, a);
    CW_VEC_FINI(&t.labels, a);
    CW_VEC_FINI(&t.fixups, a);
    CW_VEC_FINI(&t.table_labels, a);
    CW_VEC_FINI(&t.boundaries, a);
    CW_VEC_FINI(&t.regions, a);
    CW_VEC_FINI(&t.clauses, a);
    CW_VEC_FINI(&t.nodes, a);
    CW_VEC_FINI(&t.points, a);
    return block;
}
