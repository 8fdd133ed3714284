/* exec/ops.h: internal operations, and how the translator finds the handler of one, or of several fused into one.
 *
 * An operation (ops.def) has operands, each a value or a raw field. A value comes from a slot of the frame, from the
 * accumulator of its class or from a constant in the instruction; a result goes to a slot, to the accumulator or to
 * both. Every combination that is worth it has a handler of its own, made by tools/gen_handlers.c; so do the sequences
 * of operations that fuse.def lists. */
#ifndef CW_EXEC_OPS_H
#define CW_EXEC_OPS_H

#include <stdbool.h>
#include <stdint.h>

typedef enum cw_iop {
    CW_IOP_NONE,
#define VALUE(id, result, operands, forms, dsts, before, expr) CW_IOP_##id,
#define COMPARE(id, operands, forms, expr) CW_IOP_##id, CW_IOP_BR_##id,
#define EFFECT(id, operands, forms, body) CW_IOP_##id,
#define JUMP(id, operands, forms, body) CW_IOP_##id,
#include "exec/ops.def"
    CW_IOP_COUNT
} cw_iop;

/* Where an operand comes from, and where a result goes; two bits each in a key. */
typedef enum cw_kind { CW_KIND_NONE, CW_KIND_SLOT, CW_KIND_ACC, CW_KIND_CONST } cw_kind;
typedef enum cw_dst { CW_DST_NONE, CW_DST_SLOT, CW_DST_ACC, CW_DST_BOTH } cw_dst;

enum { CW_IOP_OPERANDS = 5 };

/* operands: i l f d v a value of that type, 2 4 8 a raw field of so many bytes, L a branch displacement (4 bytes). */
typedef struct cw_iop_info {
    const char *name;
    char operands[CW_IOP_OPERANDS + 1];
    char result; /* i l f d v, or 0 */
} cw_iop_info;
extern const cw_iop_info cw_iops[CW_IOP_COUNT];

/* The key of an operation with its kinds (operand n at bits 2n) and destination. */
static inline uint32_t cw_op_key(uint32_t op, uint32_t kinds, uint32_t dst)
{
    return op << 8 | (kinds & 0x3f) << 2 | dst; /* no operation has values behind its third operand */
}
enum { CW_KEY_BITS = 18 };

/* The handlers form a trie: node 0 is its root, cw_node_find(node, key) the node one operation further, or 0. Nodes
 * below cw_n_handlers are handlers by number; further ones are only prefixes of longer sequences. */
uint32_t cw_node_find(uint32_t node, uint32_t key);
extern const uint32_t cw_n_handlers;

/* What an instruction's first word holds for a handler: its address, or its number in the switch build. */
uint64_t cw_handler_word(uint32_t handler);
/* Its name, for disassembly; "" where the build has none. */
const char *cw_handler_name(uint32_t handler);

#endif
