/* base/num.h: numbers as text, correctly rounded both ways.
 *
 * Parsing takes decimal and hexadecimal, with '_' between digits where `underscores`; floats are rounded to nearest
 * even directly to their width (never double → float), without the locale. Printing is the shortest text that reads
 * back. */
#ifndef CW_BASE_NUM_H
#define CW_BASE_NUM_H

#include "cwrun/base.h"

/* Unsigned magnitude with optional 0x; false where malformed or above 2^64-1. */
bool cw_parse_u64(cwrun_str text, bool underscores, uint64_t *value);
/* Optional sign; the value must fit [min, max]. */
bool cw_parse_s64(cwrun_str text, bool underscores, int64_t min, int64_t max, int64_t *value);
/* Floats: sign, digits, fraction, exponent, hex floats (0x1.8p3), inf, nan, nan:0x…; bits of the result. False where
 * malformed, and where a number rounds to infinity; what is too small becomes 0. */
bool cw_parse_f32(cwrun_str text, bool underscores, uint32_t *bits);
bool cw_parse_f64(cwrun_str text, bool underscores, uint64_t *bits);

enum { CW_NUM_TEXT = 1100 }; /* room for any float without exponent */

/* Shortest digits that read back, without exponent (as WAVE and wasmtime print: 1, 0.1, 100000000000000000000), "inf",
 * "-inf", "nan". Returns the length; `out` has room for CW_NUM_TEXT and gets a NUL. */
size_t cw_print_f32(float value, char *out);
size_t cw_print_f64(double value, char *out);

#endif
