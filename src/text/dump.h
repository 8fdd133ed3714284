/* text/dump.h: the state of a dump; private to text/.
 *
 * Bytes are read in order; what they mean is gathered in `state`, and a line tells it of all bytes since the line
 * before. */
#ifndef CW_TEXT_DUMP_H
#define CW_TEXT_DUMP_H

#include "base/str.h"
#include "core/module.h"
#include "core/opcodes.h"
#include "core/reader.h"

typedef enum cw_space { /* index spaces */
                        CW_SPACE_NONE,
                        CW_SPACE_CORE_FUNC,
                        CW_SPACE_CORE_TABLE,
                        CW_SPACE_CORE_MEMORY,
                        CW_SPACE_CORE_GLOBAL,
                        CW_SPACE_CORE_TAG,
                        CW_SPACE_CORE_TYPE,
                        CW_SPACE_CORE_INSTANCE,
                        CW_SPACE_MODULE,
                        CW_SPACE_TYPE,
                        CW_SPACE_FUNC,
                        CW_SPACE_COMPONENT,
                        CW_SPACE_INSTANCE,
                        CW_SPACE_VALUE,
                        CW_SPACE_COUNT
} cw_space;

typedef struct cw_dump {
    cw_reader r;
    cw_text state; /* what the bytes since `cur` mean */
    cw_text out;   /* lines that were not handed out yet */
    cwrun_write_fn write;
    void *user;
    const uint8_t *cur;  /* the first byte that no line has shown */
    uint32_t nesting;    /* of modules and components */
    uint32_t depth;      /* of parts in parts */
    int width;           /* digits of the greatest offset, and one */
    cw_space space;      /* that the item read last extends */
    const cw_opcode *op; /* the instruction whose immediates are read */
    const cw_module *m;  /* whose names are shown behind indices; NULL: none are */
    cw_name_map locals;  /* … of the function */
} cw_dump;

/* Reads what a text of dump.def says and appends it to the state; gives where its # stands, SIZE_MAX where there is
 * none. */
size_t cw_dump_text(cw_dump *d, const char *text);
/* Puts text at a place of the state. */
void cw_dump_insert(cw_dump *d, size_t at, const char *format, ...) CWRUN_PRINTF(3, 4);
/* A string as Rust's Debug prints it. */
void cw_dump_quoted(cw_dump *d, cwrun_str s);
/* Reads an instruction. CW_OP_NONE: nobody knows its opcode, which the state says, nor what immediates it has. */
cw_op cw_dump_insn(cw_dump *d);
/* Appends lines for the instructions of a body, with the names of what they are about. */
bool cw_dump_code(const cw_module *m, const cw_func_body *body, cw_name_map locals, cw_text *out, cwrun_error *err);

#endif
