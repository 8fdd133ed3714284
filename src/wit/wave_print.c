/* wit/wave_print.c: values as WAVE text, on one line.
 *
 * As wasmtime prints them: floats without exponent, record fields that are `none` left out, labels that are keywords
 * with a
 * %, and everything that would not show on paper as \u{…}. */
#include <inttypes.h>

#include "base/num.h"
#include "base/str.h"
#include "base/utf.h"
#include "component/value.h"
#include "wit/wave.h"

typedef struct printer {
    cwrun_write_fn write;
    void *user;
    bool ok;
} printer;

static void put(printer *p, const char *data, size_t size)
{
    p->ok = p->ok && p->write(p->user, data, size);
}

static void puts_(printer *p, const char *s)
{
    put(p, s, strlen(s));
}

static void put_label(printer *p, cwrun_str label)
{
    if (cw_wave_is_keyword(label))
        put(p, "%", 1);
    put(p, label.data, label.size);
}

static void put_char(printer *p, uint32_t c)
{
    static const char plain[] = "\\\"'", named[] = "\t\r\n", letters[] = "trn";
    char text[16];
    int n;
    const char *found;
    if (c < 0x80 && c && strchr(plain, (int)c))
        n = snprintf(text, sizeof text, "\\%c", (int)c);
    else if (c < 0x80 && c && (found = strchr(named, (int)c)) != NULL)
        n = snprintf(text, sizeof text, "\\%c", letters[found - named]);
    else if (!cw_is_printable(c))
        n = snprintf(text, sizeof text, "\\u{%" PRIx32 "}", c);
    else
        n = (int)cw_utf8_encode(c, (uint8_t *)text);
    put(p, text, (size_t)n);
}

static void put_string(printer *p, cwrun_str s)
{
    put(p, "\"", 1);
    for (size_t i = 0; i < s.size;) {
        uint32_t c;
        unsigned n = cw_utf8_decode((const uint8_t *)s.data + i, s.size - i, &c);
        put_char(p, n ? c : 0xfffd);
        i += n ? n : 1;
    }
    put(p, "\"", 1);
}

static void print_value(printer *p, const cwrun_val *v);

/* The parts of a list, tuple …, between two brackets. */
static void print_parts(printer *p, const cwrun_val *v, const char *open, const char *close)
{
    size_t n = cwrun_val_size(v);
    puts_(p, open);
    for (size_t i = 0; i < n && p->ok; i++) {
        cwrun_val part = cwrun_val_at(v, i);
        if (i)
            puts_(p, ", ");
        print_value(p, &part);
    }
    puts_(p, close);
}

static void print_record(printer *p, const cwrun_val *v)
{
    bool first = true;
    puts_(p, "{");
    for (uint32_t i = 0; i < v->type->n_fields; i++) {
        cwrun_val field = cwrun_val_at(v, i);
        if (field.kind == CWRUN_KIND_OPTION && cwrun_val_case(&field) == 0)
            continue;
        if (!first)
            puts_(p, ", ");
        first = false;
        put(p, v->type->fields[i].name.data, v->type->fields[i].name.size);
        puts_(p, ": ");
        print_value(p, &field);
    }
    puts_(p, first ? ":}" : "}");
}

static void print_flags(printer *p, const cwrun_val *v)
{
    uint32_t bits = cwrun_val_flags(v);
    bool first = true;
    puts_(p, "{");
    for (uint32_t i = 0; i < v->type->n_fields; i++) {
        if (!(bits >> i & 1))
            continue;
        if (!first)
            puts_(p, ", ");
        first = false;
        put(p, v->type->fields[i].name.data, v->type->fields[i].name.size);
    }
    puts_(p, "}");
}

static void print_case(printer *p, const cwrun_val *v)
{
    uint32_t i = cwrun_val_case(v);
    if (v->kind == CWRUN_KIND_OPTION)
        puts_(p, i ? "some" : "none");
    else if (v->kind == CWRUN_KIND_RESULT)
        puts_(p, i ? "err" : "ok");
    else if (i < v->type->n_fields)
        put_label(p, v->type->fields[i].name);
    cwrun_val payload = cwrun_val_payload(v);
    if (!payload.kind)
        return;
    puts_(p, "(");
    print_value(p, &payload);
    puts_(p, ")");
}

static void print_value(printer *p, const cwrun_val *v)
{
    char number[CW_NUM_TEXT];
    int n = 0;
    if (v->kind != 0 && !cw_val_is_sound(v)) {
        puts_(p, "<bad value>");
        return;
    }
    switch (v->kind) {
    case CWRUN_KIND_BOOL: puts_(p, v->of.boolean ? "true" : "false"); return;
    case CWRUN_KIND_S8: n = snprintf(number, sizeof number, "%d", v->of.s8); break;
    case CWRUN_KIND_U8: n = snprintf(number, sizeof number, "%u", v->of.u8); break;
    case CWRUN_KIND_S16: n = snprintf(number, sizeof number, "%d", v->of.s16); break;
    case CWRUN_KIND_U16: n = snprintf(number, sizeof number, "%u", v->of.u16); break;
    case CWRUN_KIND_S32: n = snprintf(number, sizeof number, "%" PRId32, v->of.s32); break;
    case CWRUN_KIND_U32: n = snprintf(number, sizeof number, "%" PRIu32, v->of.u32); break;
    case CWRUN_KIND_S64: n = snprintf(number, sizeof number, "%" PRId64, v->of.s64); break;
    case CWRUN_KIND_U64: n = snprintf(number, sizeof number, "%" PRIu64, v->of.u64); break;
    case CWRUN_KIND_F32: n = (int)cw_print_f32(v->of.f32, number); break;
    case CWRUN_KIND_F64: n = (int)cw_print_f64(v->of.f64, number); break;
    case CWRUN_KIND_CHAR:
        put(p, "'", 1);
        put_char(p, v->of.ch);
        put(p, "'", 1);
        return;
    case CWRUN_KIND_STRING: put_string(p, v->of.string); return;
    case CWRUN_KIND_LIST:
    case CWRUN_KIND_FIXED_LIST:
    case CWRUN_KIND_MAP: print_parts(p, v, "[", "]"); return;
    case CWRUN_KIND_TUPLE: print_parts(p, v, "(", ")"); return;
    case CWRUN_KIND_RECORD: print_record(p, v); return;
    case CWRUN_KIND_VARIANT:
    case CWRUN_KIND_ENUM:
    case CWRUN_KIND_OPTION:
    case CWRUN_KIND_RESULT: print_case(p, v); return;
    case CWRUN_KIND_FLAGS: print_flags(p, v); return;
    case CWRUN_KIND_OWN:
    case CWRUN_KIND_BORROW: /* WAVE has no form for handles: shown, not read */
        n = snprintf(number, sizeof number, "<%s %" PRIu32 ">", cwrun_kind_name(v->kind), v->of.handle);
        break;
    case 0: puts_(p, "()"); return;
    default: n = snprintf(number, sizeof number, "<%s>", cwrun_kind_name(v->kind)); break;
    }
    put(p, number, (size_t)n);
}

bool cwrun_val_print(const cwrun_val *v, cwrun_write_fn write, void *user)
{
    printer p = { write, user, true };
    if (!v || !write)
        return false;
    print_value(&p, v);
    return p.ok;
}
