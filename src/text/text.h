/* text/text.h: from text to binary: whole files, and forms inside scripts. */
#ifndef CW_TEXT_TEXT_H
#define CW_TEXT_TEXT_H

#include "text/module.h"

/* Encodes a whole text: one (module …) or (component …), or a module's fields alone; appended to out. file names it in
 * errors (may be NULL). */
bool cw_text_encode(const cw_words *words, cwrun_str text, const char *file, const cw_alloc *a, cw_bytes *out,
                    cwrun_error *err);

typedef enum cw_form { CW_FORM_TEXT, CW_FORM_BINARY, CW_FORM_QUOTE } cw_form;

/* Where the cursor stands behind "(module" (and `definition`): which form it is, and its $id (NULL: none). The cursor
 * does not move. */
cw_form cw_module_form(const cw_parser *p, const cw_token **id);
/* Appends the module's binary; the cursor ends at the closing parenthesis. */
bool cw_encode_module(cw_parser *p, const cw_words *words, cw_bytes *out);
/* The same for a component, behind "(component". */
bool cw_encode_component(cw_parser *p, const cw_words *words, cw_bytes *out);

/* Whether printing the binary and parsing that gives the same bytes again, flat and folded; see round_trip.c. */
bool cw_text_check_round_trip(const cw_words *words, const cw_bytes *binary, cwrun_error *err);

#endif
