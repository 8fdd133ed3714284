/* base/str.h: views of text, and a sticky builder of text. */
#ifndef CW_BASE_STR_H
#define CW_BASE_STR_H

#include <stdarg.h>
#include "base/alloc.h"

#define CW_STR(literal) ((cwrun_str){ (literal), sizeof(literal) - 1 })

bool cw_str_eq(cwrun_str a, cwrun_str b);
bool cw_str_eq_c(cwrun_str a, const char *b);
/* <0, 0, >0 by bytes, shorter first. */
int cw_str_cmp(cwrun_str a, cwrun_str b);
bool cw_str_starts(cwrun_str s, cwrun_str prefix);
bool cw_str_ends(cwrun_str s, cwrun_str suffix);
/* Offset of the first `c` at or after `from`, or SIZE_MAX. */
size_t cw_str_find(cwrun_str s, char c, size_t from);
cwrun_str cw_str_sub(cwrun_str s, size_t from, size_t to);
/* Edit distance (Levenshtein), capped at `most` + 1: for "did you mean". */
unsigned cw_str_distance(cwrun_str a, cwrun_str b, unsigned most);

/* Text under construction; after a failed allocation `oom` is set and appending does nothing. */
typedef struct cw_text {
    cw_alloc alloc;
    char *data; /* NUL-terminated once anything was appended */
    size_t size, cap;
    bool oom;
} cw_text;

void cw_text_init(cw_text *t, const cw_alloc *a);
void cw_text_fini(cw_text *t);
void cw_text_add(cw_text *t, const char *data, size_t size);
void cw_text_puts(cw_text *t, const char *s);
void cw_text_str(cw_text *t, cwrun_str s);
void cw_text_printf(cw_text *t, const char *format, ...) CWRUN_PRINTF(2, 3);
void cw_text_vprintf(cw_text *t, const char *format, va_list args) CWRUN_PRINTF(2, 0);
/* A cwrun_write_fn that appends to the cw_text given as user. */
bool cw_text_write(void *text, const char *data, size_t size);

#endif
