/* text/bytes.c: binary under construction. */
#include "text/bytes.h"

#include "base/leb.h"

void cw_bytes_fini(cw_bytes *b)
{
    cw_free(&b->alloc, b->data, b->cap);
    b->data = NULL;
    b->size = b->cap = 0;
}

bool cw_bytes_reserve(cw_bytes *b, size_t n)
{
    if (b->oom)
        return false;
    if (n <= b->cap - b->size)
        return true;
    size_t cap = b->cap ? b->cap * 2 : 64;
    if (n > SIZE_MAX / 4 || b->cap > SIZE_MAX / 4)
        cap = 0;
    while (cap && cap - b->size < n)
        cap *= 2;
    uint8_t *data = cap ? cw_resize(&b->alloc, b->data, b->cap, cap) : NULL;
    if (!data) {
        b->oom = true;
        return false;
    }
    b->data = data;
    b->cap = cap;
    return true;
}

void cw_bytes_add(cw_bytes *b, const void *data, size_t size)
{
    if (size && cw_bytes_reserve(b, size)) {
        memcpy(b->data + b->size, data, size);
        b->size += size;
    }
}

void cw_bytes_unsigned(cw_bytes *b, uint64_t value)
{
    if (cw_bytes_reserve(b, 10))
        b->size += cw_leb_write_unsigned(value, b->data + b->size);
}

void cw_bytes_signed(cw_bytes *b, int64_t value)
{
    if (cw_bytes_reserve(b, 10))
        b->size += cw_leb_write_signed(value, b->data + b->size);
}

void cw_bytes_little(cw_bytes *b, uint64_t value, unsigned size)
{
    for (unsigned i = 0; i < size; i++)
        cw_bytes_u8(b, (uint8_t)(value >> 8 * i));
}

void cw_bytes_vec(cw_bytes *b, const void *data, size_t size)
{
    cw_bytes_unsigned(b, size);
    cw_bytes_add(b, data, size);
}

void cw_bytes_code(cw_bytes *b, uint32_t code)
{
    if (code < 0x100) {
        cw_bytes_u8(b, (uint8_t)code);
    } else {
        cw_bytes_u8(b, (uint8_t)(code >> 16));
        cw_bytes_u32(b, code & 0xffff);
    }
}
