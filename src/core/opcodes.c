/* core/opcodes.c: the tables made from opcodes.def. */
#include "core/opcodes.h"

#include "core/module.h"

const cw_opcode cw_opcodes[CW_OP_COUNT] = {
    { 0, CW_IMM_NONE, 0, "?", 0, "unknown" },
#define OP(id, code, name, imm, sig, align, feature) { code, CW_IMM_##imm, align, sig, CW_FEATURE_##feature, name },
#include "core/opcodes.def"
#undef OP
};

#define SLOT(code) ((code) < 0x100 ? (code) : 0x100 + (((code) >> 16) - 0xfb) * CW_OP_ROW + ((code) & 0xffff))

const uint16_t cw_op_ids[CW_OP_SLOTS] = {
#define OP(id, code, name, imm, sig, align, feature) [SLOT(code)] = CW_OP_##id,
#include "core/opcodes.def"
#undef OP
};
