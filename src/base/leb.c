/* base/leb.c: LEB128  [core 5.2.2]. The last byte that may come carries `bits` modulo 7 used bits; what is above them
 * is checked there. */
#include "base/leb.h"

cw_leb_status cw_leb_read_unsigned(const uint8_t **at, const uint8_t *end, unsigned bits, uint64_t *value)
{
    const uint8_t *p = *at;
    uint64_t v = 0;
    *value = 0;
    for (unsigned shift = 0;; shift += 7) {
        if (p == end)
            return CW_LEB_END;
        uint8_t b = *p++;
        v |= (uint64_t)(b & 0x7f) << shift;
        if (bits - shift <= 7) {
            if (b & 0x80)
                return CW_LEB_LONG;
            if (b >> (bits - shift) != 0)
                return CW_LEB_RANGE;
        } else if (b & 0x80) {
            continue;
        }
        *at = p;
        *value = v;
        return CW_LEB_OK;
    }
}

cw_leb_status cw_leb_read_signed(const uint8_t **at, const uint8_t *end, unsigned bits, int64_t *value)
{
    const uint8_t *p = *at;
    uint64_t v = 0;
    *value = 0;
    for (unsigned shift = 0;; shift += 7) {
        if (p == end)
            return CW_LEB_END;
        uint8_t b = *p++;
        v |= (uint64_t)(b & 0x7f) << shift;
        if (bits - shift <= 7) {
            unsigned sign_at = bits - shift - 1;
            if (b & 0x80)
                return CW_LEB_LONG;
            if (b >> sign_at != 0 && b >> sign_at != 0x7f >> sign_at)
                return CW_LEB_RANGE;
        } else if (b & 0x80) {
            continue;
        }
        if (b & 0x40 && shift + 7 < 64)
            v |= ~(uint64_t)0 << (shift + 7);
        *at = p;
        *value = (int64_t)v;
        return CW_LEB_OK;
    }
}

uint64_t cw_leb_u64_checked(const uint8_t **at)
{
    const uint8_t *p = *at;
    uint64_t v = 0;
    uint8_t b;
    unsigned shift = 0;
    do {
        b = *p++;
        v |= (uint64_t)(b & 0x7f) << shift;
        shift += 7;
    } while (b & 0x80);
    *at = p;
    return v;
}

int64_t cw_leb_s64_checked(const uint8_t **at)
{
    const uint8_t *p = *at;
    uint64_t v = 0;
    uint8_t b;
    unsigned shift = 0;
    do {
        b = *p++;
        v |= (uint64_t)(b & 0x7f) << shift;
        shift += 7;
    } while (b & 0x80);
    if (b & 0x40 && shift < 64)
        v |= ~(uint64_t)0 << shift;
    *at = p;
    return (int64_t)v;
}

unsigned cw_leb_write_unsigned(uint64_t value, uint8_t *out)
{
    unsigned n = 0;
    for (; value >= 0x80; value >>= 7)
        out[n++] = (uint8_t)(value | 0x80);
    out[n++] = (uint8_t)value;
    return n;
}

unsigned cw_leb_write_signed(int64_t value, uint8_t *out)
{
    unsigned n = 0;
    for (; value < -0x40 || value > 0x3f; value >>= 7)
        out[n++] = (uint8_t)(value | 0x80);
    out[n++] = (uint8_t)(value & 0x7f);
    return n;
}
