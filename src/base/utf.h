/* base/utf.h: validation, measuring and transcoding of UTF-8, UTF-16 (little-endian units in memory) and Latin-1.
 *
 * Strict: no surrogates in UTF-8, no lone surrogates in UTF-16, no over-long forms. ASCII runs are done a word at a
 * time. */
#ifndef CW_BASE_UTF_H
#define CW_BASE_UTF_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Whether the bytes are well-formed UTF-8; *bad (may be NULL) gets the offset of the first fault. */
bool cw_utf8_valid(const uint8_t *s, size_t n, size_t *bad);
/* Number of UTF-16 code units of valid UTF-8. */
size_t cw_utf8_utf16_units(const uint8_t *s, size_t n);
/* Whether every scalar of valid UTF-8 is below U+0100; *n_chars gets their number where true. */
bool cw_utf8_is_latin1(const uint8_t *s, size_t n, size_t *n_chars);
/* Whether `n` UTF-16 units at `s` (any alignment) are well-formed; *utf8_size (may be NULL)
 * gets their size in UTF-8. */
bool cw_utf16_valid(const uint8_t *s, size_t n_units, size_t *utf8_size);
bool cw_utf16_is_latin1(const uint8_t *s, size_t n_units);
size_t cw_latin1_utf8_size(const uint8_t *s, size_t n);
/* Transcoders: input is valid, output has room as measured; they return bytes written. */
size_t cw_utf8_to_utf16(const uint8_t *s, size_t n, uint8_t *out);
size_t cw_utf8_to_latin1(const uint8_t *s, size_t n, uint8_t *out);
size_t cw_utf16_to_utf8(const uint8_t *s, size_t n_units, uint8_t *out);
size_t cw_utf16_to_latin1(const uint8_t *s, size_t n_units, uint8_t *out);
size_t cw_latin1_to_utf8(const uint8_t *s, size_t n, uint8_t *out);
size_t cw_latin1_to_utf16(const uint8_t *s, size_t n, uint8_t *out);

/* Decodes one scalar of UTF-8 at s (n > 0 bytes left); returns its length, 0 where malformed. */
unsigned cw_utf8_decode(const uint8_t *s, size_t n, uint32_t *scalar);
/* Encodes one scalar; returns 1…4. */
unsigned cw_utf8_encode(uint32_t scalar, uint8_t out[4]);

/* Whether a scalar shows on paper and by itself: no control, format, separator, combining or unassigned one. */
bool cw_is_printable(uint32_t scalar);

#endif
