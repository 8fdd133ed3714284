/* core/check_const.c: constant expressions: of globals, tables, elements, offsets  [core 3.4.13]. */
#include "core/check.h"
#include "core/read.h"

static void check_global(cw_checker *c, uint32_t n_globals)
{
    uint32_t index = cw_check_index(c, n_globals, "global");
    if (!c->r->ok)
        return;
    if (c->m->globals[index].is_mutable)
        cw_check_fail(c, "constant expression required: global %u is mutable", index);
    else if (index >= c->m->n_imported_globals)
        cw_need_feature(c->r, c->at, c->features, CW_FEATURE_GC); /* globals of the module itself came with it */
    cw_check_push(c, c->m->globals[index].type);
}

static void binary(cw_checker *c, cw_valtype t)
{
    cw_check_pop(c, t);
    cw_check_pop(c, t);
    cw_check_push(c, t);
}

/* One instruction that may stand in a constant expression. */
static void check_const_insn(cw_checker *c, cw_op op, uint32_t n_globals)
{
    cw_reader *r = c->r;
    cw_need_feature(r, c->at, c->features, cw_opcodes[op].feature);
    switch (op) {
    case CW_OP_I32_CONST:
        cw_read_s32(r);
        cw_check_push(c, CW_I32);
        break;
    case CW_OP_I64_CONST:
        cw_read_s64(r);
        cw_check_push(c, CW_I64);
        break;
    case CW_OP_F32_CONST:
        cw_read_bytes(r, 4);
        cw_check_push(c, CW_F32);
        break;
    case CW_OP_F64_CONST:
        cw_read_bytes(r, 8);
        cw_check_push(c, CW_F64);
        break;
    case CW_OP_V128_CONST:
        cw_read_bytes(r, 16);
        cw_check_push(c, CW_V128);
        break;
    case CW_OP_GLOBAL_GET: check_global(c, n_globals); break;
    case CW_OP_REF_FUNC: cw_check_ref_func(c, true); break;
    case CW_OP_REF_NULL: cw_check_insn(c, op); break;
    case CW_OP_I32_ADD:
    case CW_OP_I32_SUB:
    case CW_OP_I32_MUL:
        cw_need_feature(r, c->at, c->features, CW_FEATURE_EXTENDED_CONST);
        binary(c, CW_I32);
        break;
    case CW_OP_I64_ADD:
    case CW_OP_I64_SUB:
    case CW_OP_I64_MUL:
        cw_need_feature(r, c->at, c->features, CW_FEATURE_EXTENDED_CONST);
        binary(c, CW_I64);
        break;
    case CW_OP_STRUCT_NEW:
    case CW_OP_STRUCT_NEW_DEFAULT:
    case CW_OP_STRUCT_NEW_DESC:
    case CW_OP_STRUCT_NEW_DEFAULT_DESC:
    case CW_OP_ARRAY_NEW:
    case CW_OP_ARRAY_NEW_DEFAULT:
    case CW_OP_ARRAY_NEW_FIXED:
    case CW_OP_REF_I31:
    case CW_OP_ANY_CONVERT_EXTERN:
    case CW_OP_EXTERN_CONVERT_ANY: cw_check_gc(c, op); break;
    default: cw_check_fail(c, "constant expression required: %s is not constant", cw_opcodes[op].name);
    }
}

/* Reads the code of an instruction; CW_OP_NONE with the reader failed where there is none. */
static cw_op read_op(cw_checker *c)
{
    cw_reader *r = c->r;
    c->at = r->at;
    uint8_t byte = cw_read_u8(r);
    cw_op op = byte >= 0xfb && byte <= 0xfe ? cw_op_of_prefixed(byte, cw_read_u32(r)) : cw_op_of_byte(byte);
    if (r->ok && op == CW_OP_NONE)
        cw_check_fail(c, "illegal opcode %02x", byte);
    return r->ok ? op : CW_OP_NONE;
}

static void skip_immediates(cw_checker *c, cw_op op)
{
    cw_reader *r = c->r;
    uint32_t index;
    switch (cw_opcodes[op].imm) {
    case CW_IMM_NONE: break;
    case CW_IMM_I32: cw_read_s32(r); break;
    case CW_IMM_I64: cw_read_s64(r); break;
    case CW_IMM_F32: cw_read_bytes(r, 4); break;
    case CW_IMM_F64: cw_read_bytes(r, 8); break;
    case CW_IMM_V128: cw_read_bytes(r, 16); break;
    case CW_IMM_HEAP: /* exact ones have an index behind a prefix */
        if (cw_read_s33(r) == CW_EXACT_CODE)
            cw_read_u32(r);
        break;
    case CW_IMM_FUNC:
        index = cw_read_u32(r);
        if (index < c->m->n_funcs)
            c->m->func_flags[index] |= CW_FUNC_REFERENCED; /* bodies may count on it */
        break;
    case CW_IMM_LOCAL:
    case CW_IMM_GLOBAL:
    case CW_IMM_TYPE: cw_read_u32(r); break;
    case CW_IMM_TYPE_COUNT:
        cw_read_u32(r);
        cw_read_u32(r);
        break;
    default: r->ok = false;
    }
}

/* Where the expression ends; NULL: that cannot be told. */
static const uint8_t *find_end(cw_checker *c, const cw_reader *r, const uint8_t *start)
{
    cw_reader quiet = *r, *before = c->r;
    quiet.err = NULL;
    quiet.ok = true;
    quiet.at = start;
    c->r = &quiet;
    cw_op op;
    while ((op = read_op(c)) != CW_OP_END && quiet.ok)
        skip_immediates(c, op);
    c->r = before;
    return quiet.ok ? quiet.at : NULL;
}

void cw_skip_const_expr(cw_checker *c, cw_reader *r)
{
    const uint8_t *end = r->ok ? find_end(c, r, r->at) : NULL;
    if (end)
        r->at = end;
    else
        cw_reader_fail(r, NULL, "constant expression required");
}

/* Goes on behind an expression that is wrong, where all errors are asked for. Where nobody knows where that is, the
 * error is left to who knows where the section ends. */
static void recover(cw_checker *c, cw_reader *r, const uint8_t *start)
{
    const uint8_t *end = r->errors ? find_end(c, r, start) : NULL;
    if (end && cw_reader_recover(r))
        r->at = end;
}

cw_const_expr cw_check_const_expr(cw_checker *c, cw_reader *r, cw_valtype type, uint32_t n_globals)
{
    const uint8_t *start = r->at;
    c->r = r;
    c->at = r->at;
    c->body = NULL;
    c->top = c->floor = c->high = c->stack;
    c->n_frames = c->n_inits = c->wide = 0;
    cw_check_frame frame = { .one = type, .n_results = 1 };
    if (!r->ok || !cw_check_push_frame(c, CW_OP_NONE, &frame))
        return (cw_const_expr){ 0 };

    cw_op op;
    while ((op = read_op(c)) != CW_OP_END && r->ok)
        check_const_insn(c, op, n_globals);
    cw_check_pop(c, type);
    if (r->ok && c->top != c->floor)
        cw_check_fail(c, "type mismatch: a constant expression gives one value, not %zu",
                      (size_t)(c->top - c->floor) + 1);
    if (!r->ok)
        recover(c, r, start);
    return r->ok ? (cw_const_expr){ start, (uint32_t)(r->at - start) } : (cw_const_expr){ 0 };
}
