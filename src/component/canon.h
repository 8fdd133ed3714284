/* component/canon.h: the table of canonical definitions, canon.def, for the decoder, the runtime and the text format
 * [Binary.md: Canonical Definitions]. */
#ifndef CW_COMPONENT_CANON_H
#define CW_COMPONENT_CANON_H

#include <stdint.h>

typedef enum cw_canon {
#define CANON(id, name, code, set, imm, type) CW_CANON_##id,
#include "component/canon.def"
#undef CANON
    CW_CANON_COUNT
} cw_canon;

typedef enum cw_canon_set { CW_CANON_SET_SYNC, CW_CANON_SET_ASYNC, CW_CANON_SET_SHARED } cw_canon_set;

/* What follows the opcode. */
typedef enum cw_canon_imm {
    CW_CANON_IMM_NONE,
    CW_CANON_IMM_LIFT,
    CW_CANON_IMM_LOWER,
    CW_CANON_IMM_RESOURCE,
    CW_CANON_IMM_ASYNC,
    CW_CANON_IMM_RESULT_OPTS,
    CW_CANON_IMM_CONTEXT,
    CW_CANON_IMM_CANCEL,
    CW_CANON_IMM_CANCEL_MEMORY,
    CW_CANON_IMM_STREAM,
    CW_CANON_IMM_STREAM_OPTS,
    CW_CANON_IMM_STREAM_ASYNC,
    CW_CANON_IMM_FUTURE,
    CW_CANON_IMM_FUTURE_OPTS,
    CW_CANON_IMM_FUTURE_ASYNC,
    CW_CANON_IMM_OPTS,
    CW_CANON_IMM_FUNC,
    CW_CANON_IMM_FUNC_TABLE
} cw_canon_imm;

typedef struct cw_canon_row {
    const char *name;
    uint8_t code, set, imm;
    const char *signature; /* of the core function, see canon.def */
} cw_canon_row;

extern const cw_canon_row cw_canons[CW_CANON_COUNT];

/* The row of an opcode; CW_CANON_COUNT where there is none. */
cw_canon cw_canon_of_code(uint8_t code);

#endif
