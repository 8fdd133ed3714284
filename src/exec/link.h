/* exec/link.h: matching what is given for a module's imports with what it asks for  [core 4.5.4 step 3]. */
#ifndef CW_EXEC_LINK_H
#define CW_EXEC_LINK_H

#include "exec/exec.h"

/* False with a LINK error that lists every import that is missing (kind CW_EXTERN_COUNT) or does not match. */
bool cw_link_check(const cw_exec *x, const cw_module *m, const cw_extern *imports, cwrun_error *err);

/* "(func (param i32) (result i64))", "(memory 1 2)" …: writes at most `size` bytes with NUL. */
void cw_externtype_print(const cw_types *types, const cw_externtype *type, char *out, size_t size);

#endif
