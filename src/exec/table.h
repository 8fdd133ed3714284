/* exec/table.h: operations on tables, for the interpreter's cold handlers  [core 4.6.5]. Indices and counts are full
 * 64-bit values; every function checks all bounds before it writes. False: the trap TABLE_ACCESS. */
#ifndef CW_EXEC_TABLE_H
#define CW_EXEC_TABLE_H

#include "exec/exec.h"

bool cw_table_get(const cw_table *t, uint64_t i, uint64_t *value);
bool cw_table_set(cw_table *t, uint64_t i, uint64_t value);
bool cw_table_fill(cw_table *t, uint64_t d, uint64_t value, uint64_t n);
bool cw_table_copy(cw_table *to, uint64_t d, const cw_table *from, uint64_t s, uint64_t n);
/* Frees what the table holds; the struct is its maker's. */
void cw_table_fini(cw_table *t);

#endif
