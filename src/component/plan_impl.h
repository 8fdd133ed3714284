/* component/plan_impl.h: what the files of the plans share: the steps of a plan (moves), and the means of a run.
 *
 * A step reads at source + src and writes at destination + dst, both in bytes; of flat values slot i is at 8 * i.
 * Widths: sw is the bytes of a small number at the source or the distance of the two words of a string or list there,
 * dw the same at the destination, where 8 says that a whole slot is written. */
#ifndef CW_COMPONENT_PLAN_IMPL_H
#define CW_COMPONENT_PLAN_IMPL_H

#include <string.h>

#include "component/plan.h"

typedef enum cw_move_op {
    CW_MOVE_END,
    CW_MOVE_COPY, /* n bytes */
    CW_MOVE_COPY1,
    CW_MOVE_COPY2,
    CW_MOVE_COPY4,
    CW_MOVE_COPY8,
    CW_MOVE_SLOT_U8, /* zero- or sign-extended to 32 bits into a slot */
    CW_MOVE_SLOT_S8,
    CW_MOVE_SLOT_U16,
    CW_MOVE_SLOT_S16,
    CW_MOVE_SLOT_32,
    CW_MOVE_BOOL,       /* sw, dw: non-zero becomes 1 */
    CW_MOVE_CHAR,       /* dw */
    CW_MOVE_FLAGS,      /* sw, dw; n: mask */
    CW_MOVE_ENUM,       /* sw, dw; n cases; sub: their map in the tables, or CW_NO_TABLE */
    CW_MOVE_CASE,       /* as ENUM; sub: in the tables n steps to go on at, then the map */
    CW_MOVE_JUMP,       /* to step sub */
    CW_MOVE_ZERO,       /* n bytes of slots */
    CW_MOVE_HANDLE,     /* dw; sub: pair in the types */
    CW_MOVE_STRING,     /* sw, dw */
    CW_MOVE_LIST_PLAIN, /* sw, dw, alignments, ss == ds */
    CW_MOVE_LIST,       /* the same; sub: program of the elements */
    CW_MOVE_REPEAT      /* n times program sub, ss and ds apart */
} cw_move_op;

#define CW_NO_TABLE UINT32_MAX

typedef struct cw_move {
    uint8_t op, sw, dw;
    uint8_t src_align, dst_align;
    uint32_t src, dst;
    uint32_t n, sub;
    uint32_t ss, ds; /* sizes of elements at the source and at the destination */
} cw_move;

typedef struct cw_plan_program {
    const cwrun_type *src_type, *dst_type;
    bool src_flat, dst_flat;
    bool needs_check; /* a host's bytes can be wrong for it */
    uint32_t start;   /* first step */
} cw_plan_program;

enum { CW_POLL_BYTES = 64 << 10 };

/* ---- small numbers in memory (little-endian hosts: asserted in types.c) ---- */

static inline uint32_t cw_load_small(const uint8_t *p, uint8_t width)
{
    uint16_t half;
    uint32_t word;
    switch (width) {
    case 1: return *p;
    case 2: memcpy(&half, p, sizeof half); return half;
    default: memcpy(&word, p, sizeof word); return word;
    }
}

static inline void cw_store_small(uint8_t *p, uint8_t width, uint32_t value)
{
    uint16_t half = (uint16_t)value;
    uint64_t slot = value;
    switch (width) {
    case 1: *p = (uint8_t)value; break;
    case 2: memcpy(p, &half, sizeof half); break;
    case 4: memcpy(p, &value, sizeof value); break;
    default: memcpy(p, &slot, sizeof slot);
    }
}

/* A pointer or length; a flat one of a 32-bit side is the low half of its slot. */
static inline uint64_t cw_load_word(const uint8_t *p, uint8_t side_kind)
{
    uint64_t wide;
    if (side_kind == CW_SIDE_MEM32)
        return cw_load_small(p, 4);
    memcpy(&wide, p, sizeof wide);
    return wide;
}

/* The two words of a string or list, `distance` apart. */
static inline void cw_store_words(uint8_t *p, uint8_t distance, const uint64_t words[2])
{
    if (distance == 4) {
        cw_store_small(p, 4, (uint32_t)words[0]);
        cw_store_small(p + 4, 4, (uint32_t)words[1]);
    } else {
        memcpy(p, words, 2 * sizeof *words);
    }
}

static inline bool cw_is_scalar_value(uint32_t ch)
{
    return ch < 0xd800 || (ch >= 0xe000 && ch < 0x110000);
}

/* ---- the means of a run ---- */

/* What empty lists and strings point to, and memories without a byte. */
extern const uint8_t cw_copy_nothing[16];

/* The byte at an offset that was checked. */
static inline uint8_t *cw_copy_at(const cw_memory *m, uint64_t offset)
{
    return m->base ? m->base + offset : (uint8_t *)(uintptr_t)cw_copy_nothing;
}

/* Set the failure; false. */
bool cw_copy_trap(cw_copy *c, uint8_t trap);
bool cw_copy_limit(cw_copy *c, uint8_t limit);
/* Tells ops->poll about the work done since its last call. */
bool cw_copy_poll(cw_copy *c);

/* Counts bytes that were worked on. */
static inline bool cw_copy_work(cw_copy *c, uint64_t bytes)
{
    c->work += bytes;
    return c->work < CW_POLL_BYTES || cw_copy_poll(c);
}

/* Takes bytes off the budget. */
static inline bool cw_copy_charge(cw_copy *c, uint64_t bytes)
{
    if (bytes > c->budget)
        return cw_copy_limit(c, CWRUN_LIMIT_CALL_BYTES);
    c->budget -= c->budget == UINT64_MAX ? 0 : bytes;
    return true;
}

/* The destination guest's realloc with its checks; size is charged. `outside` is the trap between guests for a result
 * beyond the memory's end. */
bool cw_copy_realloc(const cw_plan *p, cw_copy *c, uint64_t old, uint64_t old_size, uint32_t align, uint64_t size,
                     uint8_t outside, uint64_t *address);
/* Memory of a host destination: zeroed on request; charged.
 * size 0 gives a pointer that can be read as one zero byte. */
void *cw_copy_host(cw_copy *c, uint64_t size, uint32_t align, bool zeroed);

/* strings.c: one string from side to side; words is {pointer, tagged length} of the source, then of the destination. */
bool cw_copy_string(const cw_plan *p, cw_copy *c, uint64_t words[2]);

#endif
