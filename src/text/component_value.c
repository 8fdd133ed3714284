/* text/component_value.c: value definitions of components, (value $v u8 1)  [Explainer: Value Definitions].
 *
 * The type leads: its bytes, as the encoder wrote them for the type section, are read along with the text of the value.
 * Of types that instances export and of imported resources there are no bytes; (binary "…") needs none. */
#include "text/component.h"

#include "base/leb.h"
#include "base/str.h"
#include "base/utf.h"

enum {
    RECORD = 0x72,
    VARIANT = 0x71,
    LIST = 0x70,
    TUPLE = 0x6f,
    FLAGS = 0x6e,
    ENUM = 0x6d,
    OPTION = 0x6b,
    RESULT = 0x6a,
    FIXED_LIST = 0x67
};

/* Bytes of types that have been written, hence well-formed. */
typedef const uint8_t *cursor;

static void write_val(cw_component_text *c, cw_bytes *out, cursor *type);

static void keep(cw_component_text *c, const cw_scope_text *scope, const uint8_t *bytes)
{
    cw_scope_text *s = c->scope;
    cw_type_bytes *kept = bytes ? CW_VEC_PUSH(&s->types, &c->p->alloc) : NULL;
    if (kept)
        *kept = (cw_type_bytes){ s->spaces[CW_TEXT_TYPE].n, bytes, scope };
    else
        cw_parse_oom(c->p);
}

void cw_text_keep_type(cw_component_text *c, const cw_bytes *entry)
{
    if (!c->p->ok || c->scope->kind != CW_SCOPE_COMPONENT || entry->oom || !entry->size || entry->data[0] < 0x60)
        return; /* not of values */
    keep(c, c->scope, (const uint8_t *)cw_arena_copy(c->p->arena, entry->data, entry->size).data);
}

static const cw_type_bytes *find_type(const cw_scope_text *s, uint64_t index)
{
    uint32_t low = 0, high = s->types.n;
    while (low < high) {
        const uint32_t middle = low + (high - low) / 2;
        if (s->types.items[middle].index < index)
            low = middle + 1;
        else
            high = middle;
    }
    return low < s->types.n && s->types.items[low].index == index ? &s->types.items[low] : NULL;
}

void cw_text_keep_same_type(cw_component_text *c, const cw_scope_text *scope, uint32_t index)
{
    const bool may_be = c->p->ok && scope && c->scope->kind == CW_SCOPE_COMPONENT && scope->kind == CW_SCOPE_COMPONENT;
    const cw_type_bytes *same = may_be ? find_type(scope, index) : NULL;
    if (same)
        keep(c, same->scope, same->bytes);
}

/* ---- scalars ---- */

static void write_signed(cw_component_text *c, cw_bytes *out, unsigned bits)
{
    cw_parser *p = c->p;
    const cw_token *at = p->at;
    const int64_t value = cw_take_int(p, 64, "s64"), most = (int64_t)(((uint64_t)1 << (bits - 1)) - 1);
    const bool minus = at->kind == CW_TOKEN_ATOM && *cw_token_text(p, at).data == '-';
    if (p->ok && (value > most || value < -most - 1 || (value < 0 && !minus)))
        cw_parse_fail(p, at, "s%u constant out of range", bits);
    else if (bits == 8)
        cw_bytes_u8(out, (uint8_t)value);
    else
        cw_bytes_signed(out, value);
}

static void write_unsigned(cw_component_text *c, cw_bytes *out, unsigned bits)
{
    cw_parser *p = c->p;
    const cw_token *at = p->at;
    const uint64_t value = cw_take_u64(p), most = UINT64_MAX >> (64 - bits);
    if (p->ok && value > most)
        cw_parse_fail(p, at, "u%u constant out of range", bits);
    else if (bits == 8)
        cw_bytes_u8(out, (uint8_t)value);
    else
        cw_bytes_unsigned(out, value);
}

static void write_float(cw_component_text *c, cw_bytes *out, unsigned bits)
{
    cw_parser *p = c->p;
    const cw_token *at = p->at;
    const uint64_t value = bits == 32 ? cw_take_f32(p) : cw_take_f64(p);
    const uint64_t infinity = bits == 32 ? 0x7f800000u : UINT64_C(0x7ff0000000000000);
    const uint64_t nan = bits == 32 ? 0x7fc00000u : UINT64_C(0x7ff8000000000000);
    if (p->ok && (value & (bits == 32 ? INT32_MAX : INT64_MAX)) > infinity && value != nan)
        cw_parse_fail(p, at, "the only nan of values is nan");
    cw_bytes_little(out, value, bits / 8);
}

static void write_bool(cw_component_text *c, cw_bytes *out)
{
    cw_parser *p = c->p;
    const cwrun_str word = p->at->kind == CW_TOKEN_ATOM ? cw_token_text(p, p->at) : (cwrun_str){ NULL, 0 };
    const bool yes = cw_str_eq_c(word, "true");
    if (!yes && !cw_str_eq_c(word, "false"))
        cw_parse_unexpected(p, "true or false");
    cw_take(p);
    cw_bytes_u8(out, yes);
}

static void write_char(cw_component_text *c, cw_bytes *out)
{
    cw_parser *p = c->p;
    char decoded[16];
    if (p->at->kind != CW_TOKEN_CHAR) {
        cw_parse_unexpected(p, "a character");
        return;
    }
    const cwrun_str text = cw_token_text(p, p->at);
    const size_t size = text.size <= sizeof decoded ? cw_string_decode(text.data, text.size, decoded) : 0;
    cw_bytes_add(out, decoded, size);
    cw_take(p);
}

static void write_primitive(cw_component_text *c, cw_bytes *out, uint8_t type)
{
    cw_parser *p = c->p;
    cwrun_str text;
    switch (type) {
    case 0x7f: write_bool(c, out); break;
    case 0x7e: write_signed(c, out, 8); break;
    case 0x7d: write_unsigned(c, out, 8); break;
    case 0x7c: write_signed(c, out, 16); break;
    case 0x7b: write_unsigned(c, out, 16); break;
    case 0x7a: write_signed(c, out, 32); break;
    case 0x79: write_unsigned(c, out, 32); break;
    case 0x78: write_signed(c, out, 64); break;
    case 0x77: write_unsigned(c, out, 64); break;
    case 0x76: write_float(c, out, 32); break;
    case 0x75: write_float(c, out, 64); break;
    case 0x74: write_char(c, out); break;
    case 0x73:
        text = cw_take_name(p);
        cw_bytes_vec(out, text.data, text.size);
        break;
    default: cw_parse_fail(p, p->at, "there are no values of this type: only (binary \"…\") spells them");
    }
}

/* ---- compounds ---- */

static void skip_valtype(cursor *type)
{
    cw_leb_s64_checked(type);
}

static cwrun_str read_name(cursor *type)
{
    const uint32_t size = cw_leb_u32_checked(type);
    const cwrun_str name = { (const char *)*type, size };
    *type += size;
    return name;
}

/* "optional valtype": where it stands, or NULL. */
static cursor read_optional(cursor *type)
{
    if (!*(*type)++)
        return NULL;
    const cursor at = *type;
    skip_valtype(type);
    return at;
}

static void write_fields(cw_component_text *c, cw_bytes *out, cursor type, bool named)
{
    cw_expect_open(c->p, named ? CW_WORD_RECORD : CW_WORD_TUPLE);
    for (uint32_t n = cw_leb_u32_checked(&type); n && c->p->ok; n--) {
        if (named)
            read_name(&type);
        write_val(c, out, &type);
    }
    cw_expect_close(c->p);
}

/* Takes the name of a case, label or flag: its number among n. Variants: `payload` is where the case's type stands. */
static uint32_t take_label(cw_component_text *c, cursor type, bool variant, cursor *payload)
{
    cw_parser *p = c->p;
    const cw_token *at = p->at;
    const cwrun_str name = cw_take_name(p);
    const uint32_t n = cw_leb_u32_checked(&type);
    for (uint32_t i = 0; i < n && p->ok; i++) {
        const bool found = cw_str_eq(read_name(&type), name);
        *payload = variant ? read_optional(&type) : NULL;
        type += variant; /* no refinement */
        if (found)
            return i;
    }
    cw_parse_fail(p, at, "unknown label \"%.*s\"", (int)name.size, name.data);
    return 0;
}

static void write_case(cw_component_text *c, cw_bytes *out, cursor type, bool variant)
{
    cursor payload = NULL;
    cw_expect_open(c->p, variant ? CW_WORD_VARIANT : CW_WORD_ENUM);
    cw_bytes_u32(out, take_label(c, type, variant, &payload));
    if (payload && c->p->ok)
        write_val(c, out, &payload);
    cw_expect_close(c->p);
}

static void write_flags(cw_component_text *c, cw_bytes *out, cursor type)
{
    cw_parser *p = c->p;
    cursor unused, at = type;
    const size_t size = (cw_leb_u32_checked(&at) + 7u) / 8, start = out->size;
    if (!cw_bytes_reserve(out, size)) {
        cw_parse_oom(p);
        return;
    }
    memset(out->data + start, 0, size);
    out->size += size;
    cw_expect_open(p, CW_WORD_FLAGS);
    while (p->ok && !cw_at_close(p)) {
        const uint32_t bit = take_label(c, type, false, &unused);
        if (p->ok)
            out->data[start + bit / 8] |= (uint8_t)(1u << bit % 8);
    }
    cw_expect_close(p);
}

static void write_list(cw_component_text *c, cw_bytes *out, cursor type, bool fixed)
{
    cw_parser *p = c->p;
    cw_bytes items;
    cw_bytes_init(&items, &p->alloc);
    cursor at = type;
    skip_valtype(&at);
    const uint32_t length = fixed ? cw_leb_u32_checked(&at) : 0;
    uint32_t n = 0;
    cw_expect_open(p, CW_WORD_LIST);
    for (; p->ok && !cw_at_close(p); n++) {
        at = type;
        write_val(c, &items, &at);
    }
    if (p->ok && fixed && n != length)
        cw_parse_fail(p, p->at, "a list of %u, not of %u", length, n);
    cw_expect_close(p);
    if (!fixed)
        cw_bytes_u32(out, n);
    cw_bytes_add(out, items.data, items.size);
    cw_bytes_fini(&items);
}

/* none | (some v); ok | (ok v) | error | (error v) */
static void write_tagged(cw_component_text *c, cw_bytes *out, cursor type, bool option)
{
    cw_parser *p = c->p;
    cursor payloads[2] = { NULL, type };
    if (!option) {
        payloads[0] = read_optional(&type);
        payloads[1] = read_optional(&type);
    }
    const uint16_t words[2] = { option ? CW_WORD_NONE : CW_WORD_OK, option ? CW_WORD_SOME : CW_WORD_ERROR };
    for (uint8_t tag = 0; tag < 2; tag++) {
        cursor payload = payloads[tag];
        if (payload ? !cw_take_form(p, words[tag]) : !cw_take_word(p, words[tag]))
            continue;
        cw_bytes_u8(out, tag);
        if (!payload)
            return;
        write_val(c, out, &payload);
        cw_expect_close(p);
        return;
    }
    cw_parse_unexpected(p, option ? "none or (some" : "a result of the type, ok or error");
}

static void write_defined(cw_component_text *c, cw_bytes *out, cursor type)
{
    const uint8_t form = *type++;
    switch (form) {
    case RECORD:
    case TUPLE: write_fields(c, out, type, form == RECORD); break;
    case VARIANT:
    case ENUM: write_case(c, out, type, form == VARIANT); break;
    case FLAGS: write_flags(c, out, type); break;
    case LIST:
    case FIXED_LIST: write_list(c, out, type, form == FIXED_LIST); break;
    case OPTION:
    case RESULT: write_tagged(c, out, type, form == OPTION); break;
    default: write_primitive(c, out, form);
    }
}

static void write_val(cw_component_text *c, cw_bytes *out, cursor *type)
{
    cw_parser *p = c->p;
    const int64_t index = cw_leb_s64_checked(type);
    const cw_scope_text *scope = c->type_scope;
    const cw_type_bytes *defined = index >= 0 ? find_type(scope, (uint64_t)index) : NULL;
    if (++c->depth > CW_TEXT_DEPTH) {
        cw_parse_fail(p, p->at, "nesting too deep");
    } else if (index < 0) {
        write_primitive(c, out, (uint8_t)(index & 0x7f));
    } else if (!defined) {
        cw_parse_fail(p, p->at, "a value of type %u, which is not written out here: (binary \"…\") can spell it",
                      (unsigned)index);
    } else if (p->ok) {
        c->type_scope = defined->scope;
        write_defined(c, out, defined->bytes);
        c->type_scope = scope;
    }
    c->depth--;
}

void cw_define_value(cw_component_text *c)
{
    cw_parser *p = c->p;
    const cw_token *id = cw_take_id(p);
    cwrun_str annotated;
    cw_take_name_annotation(p, &annotated);
    cw_bytes entry, value;
    cw_bytes_init(&entry, &p->alloc);
    cw_bytes_init(&value, &p->alloc);
    cw_text_twice t = cw_text_twice_begin(c);
    cw_write_component_valtype(c, &c->nothing);
    cw_text_twice_turn(c, &t);
    cw_write_component_valtype(c, &entry);
    cw_text_twice_end(c, &t);
    if (entry.oom)
        cw_parse_oom(p);
    cursor type = entry.data;
    if (cw_take_form(p, CW_WORD_BINARY)) {
        cw_take_strings(p, &value);
        cw_expect_close(p);
    } else if (p->ok) {
        c->type_scope = c->scope;
        write_val(c, &value, &type);
    }
    cw_bytes_vec(&entry, value.data, value.size);
    cw_text_emit(c, CW_PART_VALUE, &entry);
    cw_bytes_fini(&entry);
    cw_bytes_fini(&value);
    cw_expect_close(p);
    cw_text_define(c, CW_TEXT_VALUE, id, annotated);
}
