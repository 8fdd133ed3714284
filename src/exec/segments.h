/* exec/segments.h: element segments and constant expressions at run time  [core 4.5.4, 4.6.5, 4.6.9]. */
#ifndef CW_EXEC_SEGMENTS_H
#define CW_EXEC_SEGMENTS_H

#include "exec/exec.h"

/* table.init: CW_TRAP_NONE, or the trap: TABLE_ACCESS, LIMIT (out of memory) or UNSUPPORTED.
 * Nothing is written then. */
uint8_t cw_table_init(cw_instance *in, uint32_t table, uint32_t segment, uint64_t d, uint64_t s, uint64_t n);
/* Whether the segment, if not dropped, has n elements from s on; and those elements. False: memory ran out, nothing is
 * written. */
bool cw_elem_has(const cw_instance *in, uint32_t segment, uint64_t s, uint64_t n);
bool cw_elem_read(cw_instance *in, uint32_t segment, uint64_t s, uint64_t n, uint64_t *out);
void cw_elem_drop(cw_instance *in, uint32_t segment);

/* Evaluates a checked constant expression in an instance whose imports, and whose globals as far as the expression may
 * name them, are there. value[1] is 0 but for v128. False with the error set: out of memory, or an instruction that
 * is not executed yet. */
bool cw_const_eval(cw_instance *in, const cw_const_expr *expr, uint64_t value[2], cwrun_error *err);

/* Runs the active segments of a new instance, elements first; false with a TRAP error where one is out of bounds. */
bool cw_segments_run(cw_instance *in, cwrun_error *err);

#endif
