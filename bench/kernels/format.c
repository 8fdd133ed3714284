/* Strings: numbers written as text and read back, lines joined, reversed, encoded as base64 and as UTF-8, decoded
 * again. */
#include "kernel.h"

static char line[1024], coded[2048];

static NOINLINE char *put_number(char *to, uint32_t x)
{
    char digits[10];
    int n = 0;
    do
        digits[n++] = (char)('0' + x % 10);
    while (x /= 10);
    while (n)
        *to++ = digits[--n];
    return to;
}

static NOINLINE const char *get_number(const char *from, uint32_t *x)
{
    uint32_t value = 0;
    while (*from >= '0' && *from <= '9')
        value = value * 10 + (uint32_t)(*from++ - '0');
    *x = value;
    return from;
}

static NOINLINE uint32_t base64(char *to, const char *from, uint32_t n)
{
    static const char alphabet[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    char *start = to;
    for (uint32_t i = 0; i + 2 < n; i += 3) {
        uint32_t word = (uint32_t)(uint8_t)from[i] << 16 | (uint32_t)(uint8_t)from[i + 1] << 8 | (uint8_t)from[i + 2];
        *to++ = alphabet[word >> 18];
        *to++ = alphabet[word >> 12 & 63];
        *to++ = alphabet[word >> 6 & 63];
        *to++ = alphabet[word & 63];
    }
    return (uint32_t)(to - start);
}

static NOINLINE char *put_utf8(char *to, uint32_t c)
{
    if (c < 0x80) {
        *to++ = (char)c;
    } else if (c < 0x800) {
        *to++ = (char)(0xc0 | c >> 6);
        *to++ = (char)(0x80 | (c & 63));
    } else {
        *to++ = (char)(0xe0 | c >> 12);
        *to++ = (char)(0x80 | (c >> 6 & 63));
        *to++ = (char)(0x80 | (c & 63));
    }
    return to;
}

static NOINLINE uint32_t count_chars(const char *s, uint32_t n)
{
    uint32_t count = 0;
    for (uint32_t i = 0; i < n; i++)
        count += (s[i] & 0xc0) != 0x80;
    return count;
}

uint64_t kernel(uint32_t n)
{
    uint32_t seed = 111;
    uint64_t sum = 0;
    for (uint32_t round = 0; round < n; round++) {
        char *end = line;
        for (int i = 0; i < 12; i++) {
            end = put_number(end, next_random(&seed) >> (i * 2));
            end = put_utf8(end, 0x20 + (next_random(&seed) & 0xfff));
        }
        uint32_t length = (uint32_t)(end - line), value;
        const char *p = get_number(line, &value);
        sum += value + (uint32_t)(p - line) + count_chars(line, length);
        for (uint32_t i = 0, k = length - 1; i < k; i++, k--) {
            char held = line[i];
            line[i] = line[k];
            line[k] = held;
        }
        uint32_t n_coded = base64(coded, line, length);
        sum = mix(sum, (uint64_t)n_coded << 32 | (uint8_t)coded[n_coded / 2]);
    }
    return sum;
}
