/* core/opcodes.h: ids of instructions and of the kinds of their immediates, and the table made from opcodes.def. */
#ifndef CW_CORE_OPCODES_H
#define CW_CORE_OPCODES_H

#include <stdint.h>

typedef enum cw_op {
    CW_OP_NONE, /* no instruction has this code */
#define OP(id, code, name, imm, sig, align, feature) CW_OP_##id,
#include "core/opcodes.def"
#undef OP
    CW_OP_COUNT
} cw_op;

/* Codes of instructions by name: CW_CODE_I32_ADD is 0x6a. */
enum {
#define OP(id, code, name, imm, sig, align, feature) CW_CODE_##id = code,
#include "core/opcodes.def"
#undef OP
    CW_CODE_END_
};

/* What follows the code, in order. Indices and counts are u32 in LEB128 unless said otherwise  [core 5.4]. */
typedef enum cw_imm {
    CW_IMM_NONE,
    CW_IMM_BLOCK,         /* block type: 0x40, a value type, or s33 type index */
    CW_IMM_LABEL,         /* label */
    CW_IMM_BR_TABLE,      /* vec(label) label */
    CW_IMM_FUNC,          /* function */
    CW_IMM_CALL_INDIRECT, /* type, table */
    CW_IMM_TYPE,          /* type */
    CW_IMM_SELECT,        /* vec(value type) */
    CW_IMM_TRY_TABLE,     /* block type, vec(catch: kind byte, tag for kinds 0 and 1, label) */
    CW_IMM_TAG,           /* tag */
    CW_IMM_LOCAL,         /* local */
    CW_IMM_GLOBAL,        /* global */
    CW_IMM_TABLE,         /* table */
    CW_IMM_TABLE_INIT,    /* element segment, table */
    CW_IMM_TABLE_COPY,    /* destination table, source table */
    CW_IMM_ELEM,          /* element segment */
    CW_IMM_MEMARG,        /* alignment u32 (bit 6: a memory follows), [memory], offset u64 */
    CW_IMM_MEMARG_LANE,   /* memarg, lane byte */
    CW_IMM_MEMORY,        /* memory */
    CW_IMM_MEMORY_INIT,   /* data segment, memory */
    CW_IMM_MEMORY_COPY,   /* destination memory, source memory */
    CW_IMM_DATA,          /* data segment */
    CW_IMM_I32,           /* s32 */
    CW_IMM_I64,           /* s64 */
    CW_IMM_F32,           /* 4 bytes */
    CW_IMM_F64,           /* 8 bytes */
    CW_IMM_V128,          /* 16 bytes */
    CW_IMM_SHUFFLE,       /* 16 lane bytes below 32 */
    CW_IMM_LANE,          /* lane byte */
    CW_IMM_HEAP,          /* heap type: s33 */
    CW_IMM_TYPE_FIELD,    /* type, field */
    CW_IMM_TYPE_COUNT,    /* type, count */
    CW_IMM_TYPE_DATA,     /* type, data segment */
    CW_IMM_TYPE_ELEM,     /* type, element segment */
    CW_IMM_TYPE_TYPE,     /* destination type, source type */
    CW_IMM_BR_ON_CAST, /* flags byte (bit 0: source nullable, bit 1: target), label, source heap type, target heap type
                        */
    CW_IMM_FENCE,      /* one zero byte */
    CW_IMM_COUNT
} cw_imm;

typedef struct cw_opcode {
    uint32_t code; /* as in opcodes.def */
    uint8_t imm;   /* cw_imm */
    uint8_t align;
    char sig[10];     /* as in opcodes.def */
    uint32_t feature; /* CW_FEATURE_…, 0 for MVP */
    const char *name;
} cw_opcode;

/* By id. */
extern const cw_opcode cw_opcodes[CW_OP_COUNT];

/* By code: unprefixed bytes first, then a row of CW_OP_ROW for each prefix from 0xfb to 0xfe. */
enum { CW_OP_ROW = 0x120, CW_OP_SLOTS = 0x100 + 4 * CW_OP_ROW };
extern const uint16_t cw_op_ids[CW_OP_SLOTS];

/* The id of an unprefixed byte, and of number `n` behind a prefix byte; CW_OP_NONE where there is none. */
static inline cw_op cw_op_of_byte(uint8_t byte)
{
    return (cw_op)cw_op_ids[byte];
}
static inline cw_op cw_op_of_prefixed(uint8_t prefix, uint32_t n)
{
    return prefix < 0xfb || prefix > 0xfe || n >= CW_OP_ROW
               ? CW_OP_NONE
               : (cw_op)cw_op_ids[0x100 + (prefix - 0xfbu) * CW_OP_ROW + n];
}

#endif
