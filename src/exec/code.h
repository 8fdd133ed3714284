/* exec/code.h: translated code: where it lies and from which instruction it comes.
 *
 * The code of a function is one block: a header of 16 bytes, then the instructions, 8-aligned. cw_func_code.code points to
 * the first instruction, so that who reads that one word atomically has all of it. */
#ifndef CW_EXEC_CODE_H
#define CW_EXEC_CODE_H

#include "exec/exec.h"

typedef struct cw_code_header {
    uint32_t size;        /* of the block, header included; 0: it is not on its own (stubs, natives) */
    uint32_t reserved;
    uint32_t reserved2;
    uint32_t frame_slots; /* slots above sp that the function needs */
} cw_code_header;

/* What a module's functions share; it stands before its records. */
typedef struct cw_code_state {
    cw_alloc alloc;
    cw_code_options options;
    uint64_t reserved;
} cw_code_state;

static inline cw_code_state *cw_code_state_of(const cw_module *m)
{
    return (cw_code_state *)(void *)m->codes - 1;
}

static inline const cw_code_header *cw_code_header_of(const uint8_t *code)
{
    return (const cw_code_header *)(const void *)(code - sizeof(cw_code_header));
}

/* The function of `m` whose code contains ip (a walk's: cw_walk_frame) and the instruction it comes from, as an offset in
 * the file that m was loaded from. Looking it up translates the function again: `budget` is how many bytes of code the
 * caller still grants for that. False where ip is not in m's code, the budget is used up or memory ran out. */
bool cw_code_locate(cw_module *m, const uint8_t *ip, bool is_return, uint64_t *budget, uint32_t *func,
                    uint64_t *offset);

#endif
