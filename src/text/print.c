/* text/print.c: binary to text: what is printed goes through a buffer, numbers and strings as the text format spells
 * them [core 6.3], and the public function. */
#include "text/print_component.h"

#include "base/error.h"
#include "base/leb.h"
#include "base/num.h"
#include "base/utf.h"

enum { FLUSH_AT = 1 << 16, MAX_INDENT = 50 };

/* ---- the buffer ---- */

static void flush(cw_printer *p)
{
    if (p->out.size && !p->stopped && !p->write(p->user, (const char *)p->out.data, p->out.size))
        p->stopped = true;
    p->out.size = 0;
}

void cw_put_flush(cw_printer *p)
{
    if (p->out.size >= FLUSH_AT && !p->captured)
        flush(p);
    if (p->out.oom)
        cw_reader_oom(p->r);
    if (p->stopped)
        p->r->ok = false;
}

void cw_put_line(cw_printer *p, const uint8_t *at)
{
    static const char spaces[2 * MAX_INDENT] =
        "                                                                                "
        "                    ";
    cw_put_flush(p);
    uint32_t indent =
        p->indent < MAX_INDENT ? p->indent : MAX_INDENT; /* else deep nesting would take quadratic space */
    CW_PUT(p, "\n");
    if (p->options.offsets && at) {
        char offset[32];
        int size = snprintf(offset, sizeof offset, "(;@%-6zx;)", cw_reader_offset(p->r, at));
        cw_put(p, offset, (size_t)size);
    } else if (p->options.offsets) {
        CW_PUT(p, "           ");
    }
    cw_put(p, spaces, 2 * indent);
}

void cw_put_text(cw_printer *p, const char *text)
{
    cw_put(p, text, strlen(text));
}

static void reverse(uint8_t *from, uint8_t *to)
{
    while (from + 1 < to) {
        uint8_t byte = *from;
        *from++ = *--to;
        *to = byte;
    }
}

void cw_put_swap(cw_printer *p, size_t start, size_t middle)
{
    if (p->out.oom)
        return;
    uint8_t *text = p->out.data;
    reverse(text + start, text + middle);
    reverse(text + middle, text + p->out.size);
    reverse(text + start, text + p->out.size);
}

/* ---- numbers ---- */

void cw_put_u64(cw_printer *p, uint64_t value)
{
    char digits[20], *at = digits + sizeof digits;
    do
        *--at = (char)('0' + value % 10);
    while (value /= 10);
    cw_put(p, at, (size_t)(digits + sizeof digits - at));
}

void cw_put_s64(cw_printer *p, int64_t value)
{
    if (value < 0)
        CW_PUT(p, "-");
    cw_put_u64(p, value < 0 ? 0 - (uint64_t)value : (uint64_t)value);
}

void cw_put_hex(cw_printer *p, uint64_t value, unsigned digits)
{
    char text[16], *at = text + sizeof text;
    for (; value || text + sizeof text - at < (int)digits; value >>= 4)
        *--at = "0123456789abcdef"[value & 15];
    cw_put(p, at, (size_t)(text + sizeof text - at));
}

/* 0x1.8p+3: of finite numbers that are not 0. */
static void put_hex_float(cw_printer *p, uint64_t mantissa, int exponent, unsigned mantissa_bits)
{
    while (!(mantissa >> mantissa_bits)) { /* subnormal */
        mantissa <<= 1;
        exponent--;
    }
    mantissa = (mantissa & (((uint64_t)1 << mantissa_bits) - 1)) << (52 - mantissa_bits);
    CW_PUT(p, "0x1");
    unsigned digits = 13;
    for (; digits && !(mantissa & 15); digits--)
        mantissa >>= 4;
    if (digits) {
        CW_PUT(p, ".");
        cw_put_hex(p, mantissa, digits);
    }
    CW_PUT(p, "p");
    if (exponent >= 0)
        CW_PUT(p, "+");
    cw_put_s64(p, exponent);
}

void cw_put_float(cw_printer *p, uint64_t bits, bool is_64)
{
    unsigned mantissa_bits = is_64 ? 52 : 23, exponent_bits = is_64 ? 11 : 8;
    uint64_t mantissa = bits & (((uint64_t)1 << mantissa_bits) - 1);
    int all_ones = (1 << exponent_bits) - 1, bias = all_ones >> 1;
    int exponent = (int)(bits >> mantissa_bits) & all_ones;
    if (bits >> (mantissa_bits + exponent_bits))
        CW_PUT(p, "-");
    if (exponent == all_ones && !mantissa) {
        CW_PUT(p, "inf");
    } else if (exponent == all_ones) {
        CW_PUT(p, "nan");
        if (mantissa != (uint64_t)1 << (mantissa_bits - 1)) {
            CW_PUT(p, ":0x");
            cw_put_hex(p, mantissa, 1);
        }
    } else if (!exponent && !mantissa) {
        CW_PUT(p, "0");
    } else if (exponent - bias >= -10 && exponent - bias < 50) { /* as people write it */
        char text[CW_NUM_TEXT];
        uint32_t low = (uint32_t)bits & 0x7fffffffu;
        bits &= INT64_MAX;
        float single;
        double wide;
        memcpy(&single, &low, sizeof single);
        memcpy(&wide, &bits, sizeof wide);
        cw_put(p, text, is_64 ? cw_print_f64(wide, text) : cw_print_f32(single, text));
    } else {
        mantissa |= (uint64_t)(exponent != 0) << mantissa_bits;
        put_hex_float(p, mantissa, exponent + !exponent - bias, mantissa_bits);
    }
}

/* ---- strings ---- */

void cw_put_bytes(cw_printer *p, const uint8_t *bytes, size_t size)
{
    static const char hex[] = "0123456789abcdef";
    CW_PUT(p, "\"");
    for (size_t i = 0; i < size;) {
        size_t n = size - i < 4096 ? size - i : 4096;
        if (!cw_bytes_reserve(&p->out, 3 * n))
            return;
        uint8_t *to = p->out.data + p->out.size;
        for (size_t end = i + n; i < end; i++) {
            uint8_t c = bytes[i];
            if (c >= 0x20 && c < 0x7f && c != '"' && c != '\\') {
                *to++ = c;
                continue;
            }
            to[0] = '\\';
            to[1] = (uint8_t)hex[c >> 4];
            to[2] = (uint8_t)hex[c & 15];
            to += 3;
        }
        p->out.size = (size_t)(to - p->out.data);
        cw_put_flush(p);
    }
    CW_PUT(p, "\"");
}

/* Letters and signs; not what is invisible or turns the direction of writing. */
static bool is_visible(uint32_t c)
{
    return c >= 0xa1 && c != 0xad && !(c >= 0x200b && c <= 0x200f) && !(c >= 0x2028 && c <= 0x202f) &&
           !(c >= 0x205f && c <= 0x206f) && c != 0x061c && c != 0xfeff && !(c >= 0xe000 && c <= 0xf8ff) &&
           !(c >= 0xfff0 && c <= 0xffff) && c < 0xe0000;
}

void cw_put_name(cw_printer *p, cwrun_str name)
{
    const uint8_t *s = (const uint8_t *)name.data;
    CW_PUT(p, "\"");
    for (size_t i = 0; i < name.size;) {
        uint32_t scalar = s[i];
        unsigned n = scalar < 0x80 ? 1 : cw_utf8_decode(s + i, name.size - i, &scalar);
        if (scalar == '"' || scalar == '\\') {
            CW_PUT(p, "\\");
            cw_put(p, name.data + i, 1);
        } else if (n && ((scalar >= 0x20 && scalar < 0x7f) || is_visible(scalar))) {
            cw_put(p, name.data + i, n);
        } else {
            CW_PUT(p, "\\u{");
            cw_put_hex(p, scalar, 1);
            CW_PUT(p, "}");
        }
        i += n ? n : 1;
    }
    CW_PUT(p, "\"");
}

/* ---- indices ---- */

void cw_put_id(cw_printer *p, const cw_print_id *id)
{
    if (id->token.size) {
        CW_PUT(p, " ");
        cw_put(p, id->token.data, id->token.size);
    }
    if (id->name.data) {
        CW_PUT(p, " (@name ");
        cw_put_name(p, id->name);
        CW_PUT(p, ")");
    }
}

void cw_put_definition(cw_printer *p, const cw_print_id *id, uint32_t index)
{
    if (id)
        cw_put_id(p, id);
    CW_PUT(p, " (;");
    cw_put_u64(p, index);
    CW_PUT(p, ";)");
}

void cw_put_index(cw_printer *p, const cw_print_ids *ids, uint32_t index)
{
    if (index < ids->n && ids->items[index].token.size)
        cw_put(p, ids->items[index].token.data, ids->items[index].token.size);
    else
        cw_put_u64(p, index);
}

/* ---- reading ---- */

cw_print_part cw_print_enter(cw_printer *p, cw_print_part part)
{
    cw_print_part before = { p->r->at, p->r->end };
    p->r->at = part.at;
    p->r->end = part.end;
    return before;
}

void cw_print_leave(cw_printer *p, cw_print_part before)
{
    p->r->at = before.at;
    p->r->end = before.end;
}

cw_print_scan cw_print_scan_begin(cw_reader *r)
{
    return (cw_print_scan){ .r = r, .next = r->at, .end = r->end };
}

bool cw_print_scan_next(cw_print_scan *s)
{
    cw_reader *r = s->r;
    r->ok = true;
    r->at = s->at = s->next;
    r->end = s->end;
    if (r->at == r->end)
        return false;
    s->id = cw_read_u8(r);
    const uint32_t size = cw_read_u32(r);
    s->is_broken = !r->ok || size > cw_reader_left(r);
    if (!s->is_broken)
        s->next = r->end = r->at + size;
    return !s->is_broken;
}

cw_reader *cw_print_quiet_reader(cw_printer *p)
{
    if (!p->r->ok || cw_reader_left(p->r) <= 8)
        return NULL;
    cw_reader *r = cw_new(&p->alloc, sizeof *r);
    if (!r) {
        cw_reader_oom(p->r);
        return NULL;
    }
    *r = *p->r;
    r->err = NULL;
    r->at += 8;
    return r;
}

void cw_print_reset_scratch(cw_printer *p)
{
    if (p->scratch.oom)
        cw_reader_oom(p->r);
    cw_arena_reset(&p->scratch);
}

/* ---- the whole ---- */

/* The name of what stands alone in its file; data NULL: none. */
static void print_name(cw_printer *p, cwrun_str name)
{
    cwrun_str annotated = { name.size ? NULL : name.data, 0 };
    if (name.data)
        cw_put_id(p, &(cw_print_id){ cw_print_token(p, p->arena, name), name, annotated });
}

static void print_module(cw_printer *p)
{
    cw_print_module m;
    cw_print_module_scan(p, &m);
    CW_PUT(p, "(module");
    print_name(p, m.name);
    m.n_used += m.name.data != NULL;
    cw_print_module_fields(p);
    if (p->r->ok) {
        cw_put_line(p, NULL);
        CW_PUT(p, ")");
    }
    cw_print_module_fini(p, &m);
}

static void print_component(cw_printer *p)
{
    cw_print_scope s;
    cw_print_scope_push(p, &s, CW_SCOPE_COMPONENT);
    cw_print_component_scan(p, &s);
    CW_PUT(p, "(component");
    print_name(p, s.name);
    cw_print_component_fields(p);
    cw_print_scope_pop(p);
    if (p->r->ok) {
        cw_put_line(p, NULL);
        CW_PUT(p, ")");
    }
}

static bool is_component(const cw_reader *r)
{
    return cw_reader_left(r) >= 8 && memcmp(r->at, "\0asm", 4) == 0 && r->at[6] == 1 && r->at[7] == 0;
}

static void print_any(cw_printer *p)
{
    if (cw_reader_left(p->r) < 4 || memcmp(p->r->at, "\0asm", 4) != 0) { /* nothing of it is a module */
        cw_reader_fail(p->r, p->r->at, "magic header not detected");
        return;
    }
    if (p->options.offsets)
        CW_PUT(p, "           ");
    if (is_component(p->r))
        print_component(p);
    else
        print_module(p);
    CW_PUT(p, "\n");
}

bool cwrun_text_print(const void *binary, size_t size, const char *file, const cwrun_text_print_options *options,
                      cwrun_write_fn write, void *user, cwrun_error *err)
{
    if (!write || (!binary && size) || cwrun_failed(err))
        return cw_fail_null(err, __func__);
    cw_alloc alloc = options && options->alloc ? *options->alloc : cw_alloc_default;
    cw_printer *p = cw_new(&alloc, sizeof *p);
    cw_reader *r = cw_new(&alloc, sizeof *r);
    cw_arena arena;
    cw_arena_init(&arena, &alloc);
    bool ok = false;
    if (p && r) {
        cw_reader_init(r, binary, size, file, &arena, err);
        p->r = r;
        p->alloc = alloc;
        p->arena = &arena;
        cw_arena_init(&p->scratch, &alloc);
        if (options)
            p->options = *options;
        p->write = write;
        p->user = user;
        cw_bytes_init(&p->out, &alloc);
        for (unsigned i = 0; i < CW_OP_COUNT; i++)
            p->lengths[i] = (uint8_t)strlen(cw_opcodes[i].name);
        print_any(p);
        if (p->out.oom || arena.oom)
            cw_reader_oom(r);
        flush(p);
        ok = r->ok && !p->stopped;
        cw_bytes_fini(&p->out);
        CW_VEC_FINI(&p->labels, &alloc);
        CW_VEC_FINI(&p->hints, &alloc);
        cw_arena_fini(&p->scratch);
    } else {
        cw_fail_oom(err);
    }
    cw_arena_fini(&arena);
    cw_free(&alloc, r, sizeof *r);
    cw_free(&alloc, p, sizeof *p);
    return ok;
}
