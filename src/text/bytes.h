/* text/bytes.h: binary under construction, with the writers of the binary format  [core 5.2]. Sticky: after a failed
 * allocation `oom` is set and writing does nothing. */
#ifndef CW_TEXT_BYTES_H
#define CW_TEXT_BYTES_H

#include "base/alloc.h"

typedef struct cw_bytes {
    cw_alloc alloc;
    uint8_t *data;
    size_t size, cap;
    bool oom;
} cw_bytes;

static inline void cw_bytes_init(cw_bytes *b, const cw_alloc *a)
{
    *b = (cw_bytes){ .alloc = *a };
}
void cw_bytes_fini(cw_bytes *b);
/* Room for n further bytes; false where memory ran out. */
bool cw_bytes_reserve(cw_bytes *b, size_t n);
void cw_bytes_add(cw_bytes *b, const void *data, size_t size);
void cw_bytes_unsigned(cw_bytes *b, uint64_t value); /* LEB128 */
void cw_bytes_signed(cw_bytes *b, int64_t value);
void cw_bytes_little(cw_bytes *b, uint64_t value, unsigned size); /* fixed, little-endian */
/* vec(byte) */
void cw_bytes_vec(cw_bytes *b, const void *data, size_t size);
/* One code of core/opcodes.def. */
void cw_bytes_code(cw_bytes *b, uint32_t code);

static inline void cw_bytes_u8(cw_bytes *b, uint8_t byte)
{
    if (b->size < b->cap || cw_bytes_reserve(b, 1))
        b->data[b->size++] = byte;
}
static inline void cw_bytes_u32(cw_bytes *b, uint32_t value)
{
    if (value < 0x80)
        cw_bytes_u8(b, (uint8_t)value);
    else
        cw_bytes_unsigned(b, value);
}

#endif
