/* base/error.h: making the public cwrun_error.
 *
 * The first error wins: setting one that is set already does nothing. A NULL error is fine everywhere. Message and
 * frames live in one block from the given allocator; where that cannot be had the message becomes the constant
 * "out of memory" with kind LIMIT and code HOST_MEMORY, which needs no allocation. */
#ifndef CW_BASE_ERROR_H
#define CW_BASE_ERROR_H

#include <stdarg.h>
#include "base/alloc.h"

void cw_fail(cwrun_error *err, const cw_alloc *a, uint8_t kind, uint8_t code, const char *format, ...)
    CWRUN_PRINTF(5, 6);
void cw_vfail(cwrun_error *err, const cw_alloc *a, uint8_t kind, uint8_t code, const char *format, va_list args)
    CWRUN_PRINTF(5, 0);
/* "out of memory"; returns false, so that `return cw_fail_oom(err);` reads well. */
bool cw_fail_oom(cwrun_error *err);
/* An argument error: `who` was given NULL where it needs something. Returns false. */
bool cw_fail_null(cwrun_error *err, const char *who);
/* Puts "text: " before the message of a set error. For a trap, cwrun_error_print keeps the two apart: the text is its
 * first line, the reason (the message of cw_fail, only that) its last. Where memory runs out this and cw_error_frames
 * leave the error as it was. */
void cw_error_prefix(cwrun_error *err, const cw_alloc *a, const char *format, ...) CWRUN_PRINTF(3, 4);
/* Copies frames (and their names) into a set error. */
void cw_error_frames(cwrun_error *err, const cw_alloc *a, const cwrun_frame *frames, size_t n);

#endif
