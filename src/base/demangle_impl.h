/* base/demangle_impl.h: what the two manglings share: where they read, and where they print.
 *
 * The first fault sets ok to false; from then on nothing is read or printed. */
#ifndef CW_BASE_DEMANGLE_IMPL_H
#define CW_BASE_DEMANGLE_IMPL_H

#include "base/demangle.h"
#include "base/str.h"
#include "base/utf.h"

#include <inttypes.h>

enum {
    CW_DEMANGLE_READ =
        1 << 16,              /* bytes that are read for one name, those read again through back-references included */
    CW_DEMANGLE_UNICODE = 128 /* scalars in one identifier that is not ASCII */
};

typedef struct cw_demangler {
    cwrun_str text; /* behind the prefix */
    size_t at, n_read;
    char *out;
    size_t room, size;
    unsigned depth;
    uint32_t n_lifetimes; /* bound by the binders around; not kept while quiet */
    bool ok, quiet;
    uint32_t scalars[CW_DEMANGLE_UNICODE]; /* of the identifier being printed */
} cw_demangler;

/* symbol-name without its prefix and suffix: a path and the crate that instantiated it. */
void cw_demangle_v0(cw_demangler *d);
/* A C++ symbol without its "_Z", to its end. */
void cw_demangle_cxx(cw_demangler *d);

/* ---- output ---- */

static inline void put(cw_demangler *d, const char *data, size_t size)
{
    if (d->quiet || !d->ok)
        return;
    if (size > d->room - d->size) {
        d->ok = false;
        return;
    }
    memcpy(d->out + d->size, data, size);
    d->size += size;
}

static inline void puts_to(cw_demangler *d, const char *text)
{
    put(d, text, strlen(text));
}

static inline void put_char(cw_demangler *d, char c)
{
    put(d, &c, 1);
}

static inline void put_scalar(cw_demangler *d, uint32_t scalar)
{
    uint8_t bytes[4];
    put(d, (const char *)bytes, cw_utf8_encode(scalar, bytes));
}

static inline void put_decimal(cw_demangler *d, uint64_t value)
{
    char digits[24];
    snprintf(digits, sizeof digits, "%" PRIu64, value);
    puts_to(d, digits);
}

static inline void put_hex(cw_demangler *d, const char *before, uint64_t value, const char *after)
{
    char digits[24];
    snprintf(digits, sizeof digits, "%" PRIx64, value);
    puts_to(d, before);
    puts_to(d, digits);
    puts_to(d, after);
}

static inline bool is_scalar(uint64_t value)
{
    return value < 0xd800 || (value > 0xdfff && value <= 0x10ffff);
}

static inline bool is_digit(char c)
{
    return c >= '0' && c <= '9';
}

/* Value of a lowercase hexadecimal digit, or -1. */
static inline int nibble(char c)
{
    return is_digit(c) ? c - '0' : c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

/* ---- input ---- */

/* The next byte, '\0' after a fault. */
static inline char take(cw_demangler *d)
{
    if (!d->ok || d->at == d->text.size || d->n_read == CW_DEMANGLE_READ) {
        d->ok = false;
        return '\0';
    }
    d->n_read++;
    return d->text.data[d->at++];
}

static inline char peek(const cw_demangler *d)
{
    return d->ok && d->at < d->text.size ? d->text.data[d->at] : '\0';
}

static inline bool eat(cw_demangler *d, char c)
{
    return peek(d) == c && take(d) == c;
}

static inline uint64_t times_plus(cw_demangler *d, uint64_t value, uint64_t factor, uint64_t more)
{
    if (value > (UINT64_MAX - more) / factor)
        d->ok = false;
    return d->ok ? value * factor + more : 0;
}
#endif
