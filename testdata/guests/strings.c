/* String functions, written over two operations that know the encoding: take (the next scalar value of a string) and
 * put (one more * at the end of a string being built). ENCODING is 8, 16 or 1 (latin1+utf16: the top bit of the
 * length says utf16). */
#include "guest.h"

#ifndef ENCODING
#define ENCODING 8
#endif
#define UTF16_TAG 0x80000000u

struct builder {
    uint32_t *points;
    uint32_t n, room;
};

static struct list text_result;

#if ENCODING == 8
static uint32_t take(struct list s, uint32_t *at)
{
    const uint8_t *p = (const uint8_t *)s.items + *at;
    uint32_t c = *p, more = c < 0x80 ? 0 : c < 0xe0 ? 1 : c < 0xf0 ? 2 : 3;
    if (more)
        c &= 0x3fu >> more;
    *at += 1 + more;
    while (more--)
        c = c << 6 | (*++p & 63);
    return c;
}

static uint32_t units(struct list s)
{
    return s.n;
}
#else
static uint32_t take16(struct list s, uint32_t *at)
{
    const uint16_t *p = (const uint16_t *)s.items + *at;
    *at += 1;
    if (*p < 0xd800 || *p > 0xdbff)
        return *p;
    *at += 1;
    return 0x10000 + ((p[0] & 0x3ffu) << 10) + (p[1] & 0x3ffu);
}

static uint32_t take(struct list s, uint32_t *at)
{
    if (ENCODING == 1 && !(s.n & UTF16_TAG))
        return ((const uint8_t *)s.items)[(*at)++];
    return take16(s, at);
}

static uint32_t units(struct list s)
{
    return ENCODING == 1 ? s.n & ~UTF16_TAG : s.n;
}
#endif

static void put(struct builder *b, uint32_t c)
{
    if (b->n == b->room) {
        uint32_t room = b->room ? b->room * 2 : 16;
        b->points = cabi_realloc(b->points, b->room * sizeof *b->points, 4, room * sizeof *b->points);
        b->room = room;
    }
    b->points[b->n++] = c;
}

static void put_all(struct builder *b, struct list s)
{
    for (uint32_t at = 0; at < units(s);)
        put(b, take(s, &at));
}

static struct list encode(const uint32_t *points, uint32_t n)
{
    struct list s = {guest_alloc(4, n * 4 + 4), 0};
#if ENCODING == 8
    uint8_t *p = s.items;
    for (uint32_t i = 0; i < n; i++) {
        uint32_t c = points[i];
        if (c < 0x80) {
            *p++ = (uint8_t)c;
            continue;
        }
        uint32_t more = c < 0x800 ? 1 : c < 0x10000 ? 2 : 3;
        *p++ = (uint8_t)((0xff00u >> (more + 1) & 0xff) | c >> (6 * more));
        while (more--)
            *p++ = (uint8_t)(0x80 | (c >> (6 * more) & 63));
    }
    s.n = (uint32_t)(p - (uint8_t *)s.items);
#else
    bool narrow = ENCODING == 1;
    for (uint32_t i = 0; i < n; i++)
        narrow = narrow && points[i] < 0x100;
    if (narrow) {
        uint8_t *p = s.items;
        for (uint32_t i = 0; i < n; i++)
            p[i] = (uint8_t)points[i];
        s.n = n;
        return s;
    }
    uint16_t *p = s.items;
    for (uint32_t i = 0; i < n; i++) {
        uint32_t c = points[i];
        if (c < 0x10000) {
            *p++ = (uint16_t)c;
        } else {
            *p++ = (uint16_t)(0xd7c0 + (c >> 10));
            *p++ = (uint16_t)(0xdc00 | (c & 0x3ff));
        }
    }
    s.n = (uint32_t)(p - (uint16_t *)s.items) | (ENCODING == 1 ? UTF16_TAG : 0);
#endif
    return s;
}

static struct list *finish(struct builder *b)
{
    text_result = encode(b->points, b->n);
    return &text_result;
}

EXPORT("concat") struct list *concat(void *a, uint32_t na, void *b, uint32_t nb)
{
    struct builder out = {0};
    put_all(&out, (struct list){a, na});
    put_all(&out, (struct list){b, nb});
    return finish(&out);
}

EXPORT("reverse") struct list *reverse(void *s, uint32_t n)
{
    struct builder out = {0};
    put_all(&out, (struct list){s, n});
    for (uint32_t i = 0, k = out.n; i + 1 < k--; i++) {
        uint32_t held = out.points[i];
        out.points[i] = out.points[k];
        out.points[k] = held;
    }
    return finish(&out);
}

EXPORT("length") uint32_t length(void *items, uint32_t n)
{
    struct list s = {items, n};
    uint32_t count = 0;
    for (uint32_t at = 0; at < units(s); count++)
        take(s, &at);
    guest_reset();
    return count;
}

EXPORT("repeat") struct list *repeat(void *s, uint32_t n, uint32_t times)
{
    struct builder out = {0};
    while (times--)
        put_all(&out, (struct list){s, n});
    return finish(&out);
}

EXPORT("split") struct list *split(void *items, uint32_t n, uint32_t separator)
{
    struct list s = {items, n};
    uint32_t parts = 1, count = 0;
    for (uint32_t at = 0; at < units(s);)
        parts += take(s, &at) == separator;
    struct list *out = guest_alloc(4, parts * sizeof *out);
    struct builder part = {0};
    for (uint32_t at = 0; at < units(s);) {
        uint32_t c = take(s, &at);
        if (c != separator) {
            put(&part, c);
            continue;
        }
        out[count++] = encode(part.points, part.n);
        part.n = 0;
    }
    out[count++] = encode(part.points, part.n);
    text_result = (struct list){out, count};
    return &text_result;
}

EXPORT("join") struct list *join(const struct list *parts, uint32_t n, void *separator, uint32_t n_separator)
{
    struct builder out = {0};
    for (uint32_t i = 0; i < n; i++) {
        if (i)
            put_all(&out, (struct list){separator, n_separator});
        put_all(&out, parts[i]);
    }
    return finish(&out);
}

EXPORT("code-points") struct list *code_points(void *s, uint32_t n)
{
    struct builder out = {0};
    put_all(&out, (struct list){s, n});
    text_result = (struct list){out.points, out.n};
    return &text_result;
}

EXPORT("from-code-points") struct list *from_code_points(const uint32_t *points, uint32_t n)
{
    text_result = encode(points, n);
    return &text_result;
}

#define POST(name, function)                                                                                           \
    EXPORT("cabi_post_" name) void function(struct list *unused)                                                       \
    {                                                                                                                  \
        (void)unused;                                                                                                  \
        guest_reset();                                                                                                 \
    }
POST("concat", concat_done)
POST("reverse", reverse_done)
POST("repeat", repeat_done)
POST("split", split_done)
POST("join", join_done)
POST("code-points", code_points_done)
POST("from-code-points", from_code_points_done)
