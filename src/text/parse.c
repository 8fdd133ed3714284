/* text/parse.c: the cursor over tokens: errors, strings, numbers, identifiers. */
#include "text/parse.h"

#include "base/error.h"
#include "base/num.h"
#include "base/str.h"
#include "base/utf.h"

static void *ask(void *user, void *ptr, size_t old_size, size_t new_size)
{
    cw_parser *p = user;
    void *fresh = cw_resize(&p->from, ptr, old_size, new_size);
    p->refused |= !fresh && new_size;
    return fresh;
}

void cw_parser_init(cw_parser *p, const cw_source *source, cw_arena *arena, const cw_alloc *a, cwrun_error *err)
{
    *p = (cw_parser){ .source = source, .at = source->tokens, .ok = true, .arena = arena, .from = *a, .err = err };
    p->alloc = (cw_alloc){ .fn = ask, .user = p };
}

static void stop(cw_parser *p)
{
    p->ok = false;
    p->at = &p->source->tokens[p->source->n_tokens - 1];
}

void cw_parse_fail(cw_parser *p, const cw_token *at, const char *format, ...)
{
    va_list args;
    va_start(args, format);
    if (p->refused)
        cw_parse_oom(p);
    else if (p->ok)
        cw_source_vfail(p->source, &p->failed, at->offset, p->err, format, args);
    va_end(args);
    stop(p);
}

void cw_parse_oom(cw_parser *p)
{
    if (p->ok)
        cw_fail_oom(p->err);
    stop(p);
}

static bool is_number_start(cwrun_str s)
{
    size_t sign = s.size && (s.data[0] == '-' || s.data[0] == '+');
    return s.size > sign && s.data[sign] >= '0' && s.data[sign] <= '9';
}

static bool is_float_word(cwrun_str s)
{
    if (s.size && (s.data[0] == '-' || s.data[0] == '+'))
        s = cw_str_sub(s, 1, s.size);
    return cw_str_eq_c(s, "inf") || cw_str_starts(s, CW_STR("nan"));
}

/* Whether a run of characters is a number of the text format, integer or float. */
static bool is_number(cwrun_str s, bool floats)
{
    if (s.size && (s.data[0] == '-' || s.data[0] == '+'))
        s = cw_str_sub(s, 1, s.size);
    bool hex = s.size > 2 && s.data[0] == '0' && s.data[1] == 'x', digit = false, exponent = false, dot = false;
    for (size_t i = hex ? 2 : 0; i < s.size; i++) {
        char c = s.data[i], low = (char)(c | 0x20);
        if ((c >= '0' && c <= '9') || (hex && !exponent && low >= 'a' && low <= 'f')) {
            digit = true;
        } else if (c == '_' && digit && i + 1 < s.size) {
            digit = false;
        } else if (floats && c == '.' && digit && !dot && !exponent) {
            dot = true;
            if (i + 1 < s.size && s.data[i + 1] == '_')
                return false;
        } else if (floats && low == (hex ? 'p' : 'e') && !exponent && (digit || dot)) {
            exponent = true;
            digit = false;
            if (i + 1 < s.size && (s.data[i + 1] == '-' || s.data[i + 1] == '+'))
                i++;
        } else {
            return false;
        }
    }
    return digit || (dot && !exponent);
}

void cw_parse_unexpected(cw_parser *p, const char *expected)
{
    const cw_token *t = p->at;
    cwrun_str text = cw_token_text(p, t);
    int size = text.size > 60 ? 60 : (int)text.size;
    const char *comma = expected ? ", expected " : "";
    expected = expected ? expected : "";
    bool unknown = t->kind == CW_TOKEN_RESERVED ||
                   (t->kind == CW_TOKEN_ATOM && !t->word && !is_number(text, true) && !is_float_word(text) &&
                    !cw_str_starts(text, CW_STR("offset=")) && !cw_str_starts(text, CW_STR("align=")));
    if (t->kind == CW_TOKEN_END)
        cw_parse_fail(p, t, "unexpected token: the text ends%s%s", comma, expected);
    else if (t->kind == CW_TOKEN_ANNOTATION)
        cw_parse_fail(p, t, "misplaced @%s annotation", cw_annotation_spelling(t->word));
    else if (unknown)
        cw_parse_fail(p, t, "unknown operator %.*s%s%s", size, text.data, comma, expected);
    else
        cw_parse_fail(p, t, "unexpected token %.*s%s%s", size, text.data, comma, expected);
}

/* ---- looking and expecting ---- */

bool cw_at_number(const cw_parser *p)
{
    return p->at->kind == CW_TOKEN_ATOM && is_number_start(cw_token_text(p, p->at));
}

bool cw_at_index(const cw_parser *p)
{
    return p->at->kind == CW_TOKEN_ID || cw_at_number(p);
}

void cw_expect_word(cw_parser *p, uint16_t word)
{
    if (!cw_take_word(p, word))
        cw_parse_unexpected(p, cw_word_spelling(word));
}

void cw_expect_open(cw_parser *p, uint16_t word)
{
    if (!cw_at_open(p)) {
        char expected[60];
        snprintf(expected, sizeof expected, "(%s", cw_word_spelling(word));
        cw_parse_unexpected(p, expected);
        return;
    }
    p->at++;
    cw_expect_word(p, word);
}

void cw_expect_close(cw_parser *p)
{
    if (cw_at_close(p))
        p->at++;
    else
        cw_parse_unexpected(p, ")");
}

/* ---- strings and identifiers ---- */

static cwrun_str decode(cw_parser *p, const char *text, size_t size, bool escapes)
{
    if (!escapes)
        return (cwrun_str){ text + 1, size - 2 };
    char *room = cw_arena_raw(p->arena, size, 1);
    if (!room) {
        cw_parse_oom(p);
        return (cwrun_str){ "", 0 };
    }
    return (cwrun_str){ room, cw_string_decode(text, size, room) };
}

cwrun_str cw_take_string(cw_parser *p)
{
    const cw_token *t = p->at;
    if (t->kind != CW_TOKEN_STRING) {
        cw_parse_unexpected(p, "a string");
        return (cwrun_str){ "", 0 };
    }
    p->at++;
    return decode(p, p->source->text + t->offset, t->size, t->word);
}

cwrun_str cw_take_name(cw_parser *p)
{
    const cw_token *t = p->at;
    cwrun_str s = cw_take_string(p);
    if (p->ok && t->word && !cw_utf8_valid((const uint8_t *)s.data, s.size, NULL)) {
        cw_parse_fail(p, t, "malformed UTF-8 encoding");
        return (cwrun_str){ "", 0 };
    }
    return s;
}

void cw_take_strings(cw_parser *p, cw_bytes *out)
{
    for (; p->at->kind == CW_TOKEN_STRING; p->at++) {
        const char *text = p->source->text + p->at->offset;
        if (!p->at->word)
            cw_bytes_add(out, text + 1, p->at->size - 2);
        else if (cw_bytes_reserve(out, p->at->size))
            out->size += cw_string_decode(text, p->at->size, (char *)out->data + out->size);
    }
}

cwrun_str cw_id_name(cw_parser *p, const cw_token *id)
{
    const char *text = p->source->text + id->offset + 1;
    if (!id->word)
        return (cwrun_str){ text, id->size - 1 };
    return decode(p, text, id->size - 1, memchr(text, '\\', id->size - 1) != NULL);
}

/* ---- numbers ---- */

/* What a number that could not be read is. */
static void bad_number(cw_parser *p, const char *what, bool floats)
{
    cwrun_str text = cw_token_text(p, p->at);
    bool number =
        p->at->kind == CW_TOKEN_ATOM && (is_number(text, floats) || (floats && is_float_word(text) && !p->at->word));
    if (number)
        cw_parse_fail(p, p->at, "%s constant out of range", what);
    else
        cw_parse_unexpected(p, floats ? "a number" : "an integer");
}

/* The common case: a few decimal digits. */
static bool small_decimal(cwrun_str s, uint64_t *value)
{
    uint64_t v = 0;
    if (s.size == 0 || s.size > 9)
        return false;
    for (size_t i = 0; i < s.size; i++) {
        if (s.data[i] < '0' || s.data[i] > '9')
            return false;
        v = v * 10 + (uint64_t)(s.data[i] - '0');
    }
    *value = v;
    return true;
}

static bool parse_unsigned(cwrun_str s, uint64_t *value)
{
    return small_decimal(s, value) ||
           (is_number_start(s) && s.data[0] != '-' && s.data[0] != '+' && cw_parse_u64(s, true, value));
}

uint32_t cw_take_u32(cw_parser *p)
{
    uint64_t value;
    if (p->at->kind != CW_TOKEN_ATOM || !parse_unsigned(cw_token_text(p, p->at), &value) || value > UINT32_MAX) {
        bad_number(p, "i32", false);
        return 0;
    }
    p->at++;
    return (uint32_t)value;
}

uint64_t cw_take_u64(cw_parser *p)
{
    uint64_t value;
    if (p->at->kind != CW_TOKEN_ATOM || !parse_unsigned(cw_token_text(p, p->at), &value)) {
        bad_number(p, "i64", false);
        return 0;
    }
    p->at++;
    return value;
}

int64_t cw_take_int(cw_parser *p, unsigned bits, const char *what)
{
    cwrun_str s = cw_token_text(p, p->at);
    uint64_t value = 0, most = bits == 64 ? UINT64_MAX : ((uint64_t)1 << bits) - 1;
    bool minus = s.size && s.data[0] == '-', good = p->at->kind == CW_TOKEN_ATOM;
    if (good && !small_decimal(s, &value)) {
        cwrun_str digits = s.size && (minus || s.data[0] == '+') ? cw_str_sub(s, 1, s.size) : s;
        good = parse_unsigned(digits, &value) && value <= (minus ? (uint64_t)1 << (bits - 1) : most);
    }
    if (!good || value > most) {
        bad_number(p, what, false);
        return 0;
    }
    p->at++;
    if (minus)
        value = 0 - value;
    return bits == 64 ? (int64_t)value : (int64_t)(value << (64 - bits)) >> (64 - bits);
}

uint32_t cw_take_f32(cw_parser *p)
{
    uint32_t bits;
    if (p->at->kind != CW_TOKEN_ATOM || !cw_parse_f32(cw_token_text(p, p->at), true, &bits)) {
        bad_number(p, "f32", true);
        return 0;
    }
    p->at++;
    return bits;
}

uint64_t cw_take_f64(cw_parser *p)
{
    uint64_t bits;
    if (p->at->kind != CW_TOKEN_ATOM || !cw_parse_f64(cw_token_text(p, p->at), true, &bits)) {
        bad_number(p, "f64", true);
        return 0;
    }
    p->at++;
    return bits;
}

bool cw_take_equals(cw_parser *p, const char *key, uint64_t *value)
{
    cwrun_str s = cw_token_text(p, p->at);
    size_t size = strlen(key);
    if (p->at->kind != CW_TOKEN_ATOM || s.size < size || memcmp(s.data, key, size) != 0)
        return false;
    cwrun_str digits = cw_str_sub(s, size, s.size);
    if (parse_unsigned(digits, value))
        p->at++;
    else if (is_number(digits, false) && is_number_start(digits) && digits.data[0] != '-' && digits.data[0] != '+')
        cw_parse_fail(p, p->at, "i64 constant out of range");
    else
        cw_parse_fail(p, p->at, "unknown operator %.*s", (int)s.size, s.data);
    return p->ok;
}

/* ---- index spaces ---- */

void cw_space_fini(cw_space *s, const cw_alloc *a)
{
    cw_map_fini(&s->names, a);
    s->n = 0;
}

uint32_t cw_space_add(cw_parser *p, cw_space *s, const cw_token *id)
{
    if (id && p->ok) {
        bool is_new;
        cwrun_str name = cw_id_name(p, id);
        uint64_t *slot = cw_map_put(&s->names, &p->alloc, name, &is_new);
        if (!slot)
            cw_parse_oom(p);
        else if (!is_new)
            cw_parse_fail(p, id, "duplicate %s $%.*s", s->what, (int)name.size, name.data);
        else
            *slot = s->n;
    }
    return s->n++;
}

uint32_t cw_take_index(cw_parser *p, const cw_space *s)
{
    if (p->at->kind != CW_TOKEN_ID) {
        if (cw_at_number(p))
            return cw_take_u32(p);
        cw_parse_unexpected(p, "an index");
        return 0;
    }
    cwrun_str name = cw_id_name(p, p->at);
    const uint64_t *found = cw_map_find(&s->names, name);
    if (!found) {
        cw_parse_fail(p, p->at, "unknown %s $%.*s", s->what, (int)name.size, name.data);
        return 0;
    }
    p->at++;
    return (uint32_t)*found;
}
