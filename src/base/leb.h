/* base/leb.h: LEB128 as the binary format uses it  [core 5.2.2]: at most ceil(bits / 7) bytes, unused bits of the last
 * byte zero (unsigned) or the sign's copies (signed). One byte, the common case, is inline. */
#ifndef CW_BASE_LEB_H
#define CW_BASE_LEB_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

typedef enum {
    CW_LEB_OK,
    CW_LEB_END /* input ended */,
    CW_LEB_LONG /* too many bytes */,
    CW_LEB_RANGE /* unused bits set */
} cw_leb_status;

/* Reads at *at (moved past what was read), up to `end`; bits is 32, 33 (signed) or 64. */
cw_leb_status cw_leb_read_unsigned(const uint8_t **at, const uint8_t *end, unsigned bits, uint64_t *value);
cw_leb_status cw_leb_read_signed(const uint8_t **at, const uint8_t *end, unsigned bits, int64_t *value);

/* For bytes that were checked before: no bounds, no errors. */
static inline uint32_t cw_leb_u32_checked(const uint8_t **at)
{
    const uint8_t *p = *at;
    uint32_t b = *p++, v = b & 0x7f;
    for (unsigned shift = 7; b & 0x80; shift += 7) {
        b = *p++;
        v |= (b & 0x7f) << shift;
    }
    *at = p;
    return v;
}
uint64_t cw_leb_u64_checked(const uint8_t **at);
int64_t cw_leb_s64_checked(const uint8_t **at);

/* Writes to out (room for 10); returns the length. */
unsigned cw_leb_write_unsigned(uint64_t value, uint8_t *out);
unsigned cw_leb_write_signed(int64_t value, uint8_t *out);

#endif
