/* component/strings.c: one string from one side to another  [CanonicalABI: load_string_from_range, store_string].
 *
 * The one idea: reading gives a checked run of text in one of three simple encodings; writing into a guest follows the
 * specification's sequence of realloc calls to the letter, since the guest sees it, while the bytes are transcoded in
 * one go where they finally stand. */
#include "component/plan_impl.h"

#include "base/utf.h"

/* A source string: in CW_LATIN1_UTF16, `encoding` is CW_UTF16 or LATIN1. */
enum { LATIN1 = CW_LATIN1_UTF16 };

typedef struct text {
    const uint8_t *s;
    uint64_t units, size; /* code units, bytes */
    uint8_t encoding;
} text;

static uint64_t tag_of(uint8_t side_kind)
{
    return side_kind == CW_SIDE_MEM32 ? (uint64_t)1 << 31 : (uint64_t)1 << 63;
}

/* Whether what is left at a fault is the beginning of a character that the end cut off. */
static bool is_cut_off(const uint8_t *s, uint64_t n)
{
    static const uint8_t seconds[] = { 0x80, 0x90, 0xa0 };
    uint32_t scalar;
    for (unsigned i = 0; i < sizeof seconds && n < 4; i++) {
        uint8_t whole[4] = { 0x80, 0x80, 0x80, 0x80 };
        memcpy(whole, s, n);
        if (n == 1)
            whole[1] = seconds[i];
        if (cw_utf8_decode(whole, 4, &scalar) > n)
            return true;
    }
    return false;
}

/* Long texts are checked and metered in portions, none of which ends inside a character. */
enum { CHECK_STEP = 1 << 20 };

static uint64_t portion(const text *t, uint64_t from)
{
    uint64_t to = t->size - from <= CHECK_STEP ? t->size : from + CHECK_STEP;
    if (t->encoding == CW_UTF8)
        for (unsigned i = 0; i < 3 && to < t->size && (t->s[to] & 0xc0) == 0x80; i++)
            to--;
    else if (t->encoding == CW_UTF16 && to < t->size && (t->s[to + 1] & 0xfc) == 0xdc)
        to -= 2;
    return to;
}

static bool check_portion(cw_copy *c, const text *t, const uint8_t *s, uint64_t size)
{
    size_t bad;
    switch (t->encoding) {
    case CW_UTF8:
        if (cw_utf8_valid(s, size, &bad))
            return true;
        bad += (size_t)(s - t->s);
        return cw_copy_trap(c, is_cut_off(t->s + bad, t->size - bad) ? CW_TRAP_INCOMPLETE_UTF8 : CW_TRAP_INVALID_UTF8);
    case CW_UTF16: return cw_utf16_valid(s, size / 2, NULL) || cw_copy_trap(c, CW_TRAP_INVALID_UTF16);
    default: return true;
    }
}

static bool check_text(cw_copy *c, const text *t)
{
    for (uint64_t from = 0, to; from < t->size; from = to) {
        to = portion(t, from);
        if (!cw_copy_work(c, to - from) || !check_portion(c, t, t->s + from, to - from))
            return false;
    }
    return true;
}

/* [load_string_from_range] */
static bool read_text(const cw_plan *p, cw_copy *c, const uint64_t words[2], text *t)
{
    uint64_t tag = tag_of(p->src.kind), units = words[1];
    t->encoding = p->src.encoding;
    if (p->src.encoding == CW_LATIN1_UTF16) {
        t->encoding = units & tag ? CW_UTF16 : LATIN1;
        units &= ~tag;
    }
    unsigned width = t->encoding == CW_UTF16 ? 2 : 1;
    if (units > CW_MAX_STRING_BYTES / width)
        return cw_copy_trap(c, CW_TRAP_STRING_SIZE);
    t->units = units;
    t->size = units * width;

    if (p->src.kind == CW_SIDE_HOST) {
        t->s = (const uint8_t *)(uintptr_t)words[0];
        return c->checked ? cw_copy_work(c, t->size) : check_text(c, t);
    }
    if (p->src.encoding != CW_UTF8 && (words[0] & 1))
        return cw_copy_trap(c, CW_TRAP_UNALIGNED_POINTER);
    if (!c->src || words[0] > c->src->size || t->size > c->src->size - words[0])
        return cw_copy_trap(c, p->between_guests ? CW_TRAP_STRING_CONTENT : CW_TRAP_STRING_BOUNDS);
    t->s = cw_copy_at(c->src, words[0]);
    return check_text(c, t);
}

/* ---- to the host ---- */

static uint64_t utf8_size(const text *t)
{
    size_t size = t->size;
    if (t->encoding == CW_UTF16)
        cw_utf16_valid(t->s, t->units, &size);
    else if (t->encoding == LATIN1)
        size = cw_latin1_utf8_size(t->s, t->size);
    return size;
}

static void put_utf8(const text *t, uint8_t *out)
{
    if (t->encoding == CW_UTF16)
        cw_utf16_to_utf8(t->s, t->units, out);
    else if (t->encoding == LATIN1)
        cw_latin1_to_utf8(t->s, t->size, out);
    else if (t->size)
        memmove(out, t->s, t->size);
}

static bool to_host(const cw_plan *p, cw_copy *c, const text *t, uint64_t words[2])
{
    bool is_same = p->dst.encoding == p->src.encoding;
    uint64_t size = is_same ? t->size : utf8_size(t);
    if ((p->flags & CW_PLAN_VIEWS) && is_same && size && p->src.kind != CW_SIDE_HOST) {
        words[0] = (uintptr_t)t->s;
        return cw_copy_charge(c, size);
    }
    uint8_t *out = cw_copy_host(c, size ? size + 1 : 0, t->encoding == CW_UTF8 ? 1 : 2, false);
    if (!out)
        return false;
    if (is_same && size)
        memcpy(out, t->s, size);
    else
        put_utf8(t, out);
    if (size)
        out[size] = 0;
    words[0] = (uintptr_t)out;
    words[1] = !is_same                                                        ? size
               : p->src.encoding == CW_LATIN1_UTF16 && t->encoding == CW_UTF16 ? t->units | tag_of(p->dst.kind)
                                                                               : t->units;
    return true;
}

/* ---- to a guest ---- */

/* A block in the destination: asks for it, or for another size of it. */
typedef struct block {
    uint64_t address, size;
} block;

static bool resize(const cw_plan *p, cw_copy *c, block *b, uint32_t align, uint64_t size)
{
    uint64_t address;
    if (!cw_copy_realloc(p, c, b->address, b->size, align, size, CW_TRAP_STRING_CONTENT, &address))
        return false;
    *b = (block){ address, size };
    return true;
}

static uint8_t *bytes_of(const cw_copy *c, const block *b)
{
    return cw_copy_at(c->dst, b->address);
}

/* [store_string_copy] */
static bool store_copy(const cw_plan *p, cw_copy *c, const text *t, block *b, uint64_t *units)
{
    bool widens = t->encoding == LATIN1 && p->dst.encoding == CW_UTF16;
    if (!resize(p, c, b, p->dst.encoding == CW_UTF8 ? 1 : 2, widens ? 2 * t->units : t->size))
        return false;
    if (widens)
        cw_latin1_to_utf16(t->s, t->size, bytes_of(c, b));
    else if (t->size)
        memmove(bytes_of(c, b), t->s, t->size);
    *units = t->units;
    return true;
}

/* Text that may be longer in UTF-8  [store_string_to_utf8]. */
static bool store_utf8(const cw_plan *p, cw_copy *c, const text *t, block *b, uint64_t *units)
{
    uint64_t size = utf8_size(t), worst = t->units * (t->encoding == CW_UTF16 ? 3 : 2);
    if (!resize(p, c, b, 1, t->units))
        return false;
    if (size > t->units && !resize(p, c, b, 1, worst))
        return false;
    put_utf8(t, bytes_of(c, b));
    *units = size;
    return size == b->size || resize(p, c, b, 1, size);
}

/* [store_utf8_to_utf16] */
static bool store_utf16(const cw_plan *p, cw_copy *c, const text *t, block *b, uint64_t *units)
{
    if (!resize(p, c, b, 2, 2 * t->units))
        return false;
    *units = cw_utf8_to_utf16(t->s, t->size, bytes_of(c, b)) / 2;
    return 2 * *units == b->size || resize(p, c, b, 2, 2 * *units);
}

/* [store_string_to_latin1_or_utf16] */
static bool store_latin1_or_utf16(const cw_plan *p, cw_copy *c, const text *t, block *b, uint64_t *units)
{
    bool is_utf8 = t->encoding == CW_UTF8;
    size_t n_chars = t->units;
    bool fits = is_utf8 ? cw_utf8_is_latin1(t->s, t->size, &n_chars) : cw_utf16_is_latin1(t->s, t->units);
    if (!resize(p, c, b, 2, t->units))
        return false;
    if (fits) {
        *units = is_utf8 ? cw_utf8_to_latin1(t->s, t->size, bytes_of(c, b))
                         : cw_utf16_to_latin1(t->s, t->units, bytes_of(c, b));
        return *units == b->size || resize(p, c, b, 2, *units);
    }
    if (!resize(p, c, b, 2, 2 * t->units))
        return false;
    uint64_t size = t->size;
    if (is_utf8)
        size = cw_utf8_to_utf16(t->s, t->size, bytes_of(c, b));
    else
        memmove(bytes_of(c, b), t->s, t->size);
    *units = size / 2 | tag_of(p->dst.kind);
    return size == b->size || resize(p, c, b, 2, size);
}

/* [store_probably_utf16_to_latin1_or_utf16] */
static bool store_probably_utf16(const cw_plan *p, cw_copy *c, const text *t, block *b, uint64_t *units)
{
    if (!resize(p, c, b, 2, t->size))
        return false;
    if (!cw_utf16_is_latin1(t->s, t->units)) {
        memmove(bytes_of(c, b), t->s, t->size);
        *units = t->units | tag_of(p->dst.kind);
        return true;
    }
    if (t->units)
        cw_utf16_to_latin1(t->s, t->units, bytes_of(c, b));
    *units = t->units;
    return resize(p, c, b, 1, t->units);
}

bool cw_copy_string(const cw_plan *p, cw_copy *c, uint64_t words[2])
{
    text t;
    block b = { 0, 0 };
    bool ok;
    if (!read_text(p, c, words, &t))
        return false;
    if (p->dst.kind == CW_SIDE_HOST)
        return to_host(p, c, &t, words);
    if (p->dst.encoding == CW_UTF8)
        ok = t.encoding == CW_UTF8 ? store_copy(p, c, &t, &b, &words[1]) : store_utf8(p, c, &t, &b, &words[1]);
    else if (p->dst.encoding == CW_UTF16)
        ok = t.encoding == CW_UTF8 ? store_utf16(p, c, &t, &b, &words[1]) : store_copy(p, c, &t, &b, &words[1]);
    else if (p->src.encoding != CW_LATIN1_UTF16)
        ok = store_latin1_or_utf16(p, c, &t, &b, &words[1]);
    else
        ok = t.encoding == LATIN1 ? store_copy(p, c, &t, &b, &words[1]) : store_probably_utf16(p, c, &t, &b, &words[1]);
    words[0] = b.address;
    return ok;
}
