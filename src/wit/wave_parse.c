/* wit/wave_parse.c: WAVE text to values  [wasm-tools: crates/wasm-wave, README].
 *
 * Directed by the type: each parse_ function writes the host-layout bytes of its type straight to where they belong;
 * only lists, whose length is not known before, grow in the arena. The first fault sticks, with its place. */
#include <inttypes.h>

#include "base/arena.h"
#include "base/error.h"
#include "base/num.h"
#include "base/str.h"
#include "base/utf.h"
#include "component/value.h"
#include "wit/wave.h"

enum { MAX_DEPTH = 200 };

typedef struct parser {
    cwrun_str text;
    size_t at;
    cw_arena *arena;
    cwrun_error *err;
    const cwrun_functype *func; /* shown with errors, or NULL */
    uint32_t depth;
    bool ok;
} parser;

bool cw_wave_is_keyword(cwrun_str label)
{
    static const char *const words[] = { "true", "false", "some", "none", "ok", "err", "inf", "nan" };
    for (size_t i = 0; i < sizeof words / sizeof *words; i++)
        if (cw_str_eq_c(label, words[i]))
            return true;
    return false;
}

/* ---- errors ---- */

/* Length in characters of the UTF-8 text before a place: what a caret must be moved. */
static size_t columns(cwrun_str text, size_t from, size_t to)
{
    size_t n = 0;
    for (size_t i = from; i < to; i++)
        n += ((unsigned char)text.data[i] & 0xc0) != 0x80;
    return n;
}

static bool fail_at(parser *p, size_t from, size_t to, const char *format, ...) CWRUN_PRINTF(4, 5);
static bool fail_at(parser *p, size_t from, size_t to, const char *format, ...)
{
    if (!p->ok)
        return false;
    p->ok = false;

    cw_text message, signature;
    cw_text_init(&message, NULL);
    cw_text_init(&signature, NULL);
    va_list args;
    va_start(args, format);
    cw_text_vprintf(&message, format, args);
    va_end(args);
    if (p->func)
        cwrun_functype_print(p->func, cw_text_write, &signature);

    size_t line = from, end = from;
    while (line > 0 && p->text.data[line - 1] != '\n')
        line--;
    while (end < p->text.size && p->text.data[end] != '\n')
        end++;
    size_t width = columns(p->text, from, to < end ? to : end);
    cw_fail(p->err, NULL, CWRUN_ERROR_INPUT, 0, "%s\n  %.*s\n  %*s%.*s%s%s", message.data ? message.data : "bad value",
            (int)(end - line), p->text.data + line, (int)columns(p->text, line, from), "",
            (int)(width > 1 ? (width < 64 ? width : 64) : 1),
            "^~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~", signature.data ? "\nexpected: " : "",
            signature.data ? signature.data : "");
    cw_text_fini(&message);
    cw_text_fini(&signature);
    return false;
}

static bool fail_oom(parser *p)
{
    p->ok = false;
    return cw_fail_oom(p->err);
}

/* ---- tokens ---- */

static int peek(parser *p)
{
    while (p->at < p->text.size) {
        char c = p->text.data[p->at];
        if (c == '/' && p->at + 1 < p->text.size && p->text.data[p->at + 1] == '/')
            while (p->at < p->text.size && p->text.data[p->at] != '\n')
                p->at++;
        else if (c == ' ' || c == '\t' || c == '\n' || c == '\r')
            p->at++;
        else
            return (unsigned char)c;
    }
    return -1;
}

static bool accept(parser *p, int c)
{
    if (!p->ok || peek(p) != c)
        return false;
    p->at++;
    return true;
}

static bool is_word_char(char c)
{
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '-';
}

/* Where the token that begins at `from` ends, for carets. */
static size_t token_end(const parser *p, size_t from)
{
    size_t to = from;
    while (to < p->text.size && (is_word_char(p->text.data[to]) || strchr("%.+_", p->text.data[to])))
        to++;
    return to > from ? to : from < p->text.size ? from + 1 : from;
}

static bool fail_token(parser *p, const char *wanted)
{
    if (!p->ok)
        return false;
    if (peek(p) < 0)
        return fail_at(p, p->at, p->at, "expected %s, found the end of the text", wanted);
    size_t end = token_end(p, p->at);
    return fail_at(p, p->at, end, "expected %s, found `%.*s`", wanted, (int)(end - p->at), p->text.data + p->at);
}

static bool expect(parser *p, char c)
{
    if (accept(p, c))
        return true;
    char wanted[4] = { '`', c, '`', 0 };
    return fail_token(p, wanted);
}

/* A label or keyword; *escaped says whether it had a %. Empty where there is none. */
static cwrun_str word(parser *p, bool *escaped)
{
    cwrun_str none = { NULL, 0 };
    int c = p->ok ? peek(p) : -1;
    size_t from = p->at;
    *escaped = c == '%';
    if (*escaped)
        from++;
    if (from >= p->text.size || !is_word_char(p->text.data[from]) ||
        (p->text.data[from] >= '0' && p->text.data[from] <= '9') || p->text.data[from] == '-')
        return none;
    size_t to = from;
    while (to < p->text.size && is_word_char(p->text.data[to]))
        to++;
    p->at = to;
    return cw_str_sub(p->text, from, to);
}

/* Takes a keyword where it stands next (never one escaped by %). */
static bool accept_keyword(parser *p, const char *keyword)
{
    size_t back = p->at;
    bool escaped;
    cwrun_str w = word(p, &escaped);
    if (w.data && !escaped && cw_str_eq_c(w, keyword))
        return true;
    p->at = back;
    return false;
}

static cwrun_str number(parser *p)
{
    peek(p);
    size_t from = p->at, to = from;
    while (to < p->text.size && (is_word_char(p->text.data[to]) || p->text.data[to] == '.' || p->text.data[to] == '+'))
        to++;
    p->at = to;
    return cw_str_sub(p->text, from, to);
}

/* ---- scalars ---- */

static bool parse_int(parser *p, uint8_t kind, void *out)
{
    static const struct {
        int64_t min;
        uint64_t max;
        uint8_t size;
    } ranges[] = {
        [CWRUN_KIND_S8] = { INT8_MIN, INT8_MAX, 1 },    [CWRUN_KIND_U8] = { 0, UINT8_MAX, 1 },
        [CWRUN_KIND_S16] = { INT16_MIN, INT16_MAX, 2 }, [CWRUN_KIND_U16] = { 0, UINT16_MAX, 2 },
        [CWRUN_KIND_S32] = { INT32_MIN, INT32_MAX, 4 }, [CWRUN_KIND_U32] = { 0, UINT32_MAX, 4 },
        [CWRUN_KIND_S64] = { INT64_MIN, INT64_MAX, 8 }, [CWRUN_KIND_U64] = { 0, UINT64_MAX, 8 },
    };
    if (!p->ok)
        return false;
    int first = peek(p);
    if (first != '-' && (first < '0' || first > '9'))
        return fail_token(p, cwrun_kind_name(kind));
    size_t from = p->at;
    cwrun_str text = number(p);
    uint64_t u = 0;
    int64_t s = 0;
    bool is_signed = ranges[kind].min != 0;
    cwrun_str digits = cw_str_sub(text, first == '-', text.size);
    for (size_t i = 0; i < digits.size; i++)
        if (digits.data[i] < '0' || digits.data[i] > '9')
            return fail_at(p, from, p->at, "expected %s, found `%.*s`", cwrun_kind_name(kind), (int)text.size,
                           text.data);
    bool good = is_signed ? cw_parse_s64(text, false, ranges[kind].min, (int64_t)ranges[kind].max, &s)
                          : first != '-' && cw_parse_u64(text, false, &u) && u <= ranges[kind].max;
    if (!good)
        return fail_at(p, from, p->at, "`%.*s` is out of range for %s (%" PRId64 " to %" PRIu64 ")", (int)text.size,
                       text.data, cwrun_kind_name(kind), ranges[kind].min, ranges[kind].max);
    if (is_signed)
        u = (uint64_t)s;
    memcpy(out, &u, ranges[kind].size);
    return true;
}

static bool parse_float(parser *p, uint8_t kind, void *out)
{
    if (!p->ok)
        return false;
    int first = peek(p);
    size_t from = p->at;
    cwrun_str text = number(p);
    uint32_t bits32 = 0;
    uint64_t bits64 = 0;
    bool shape = text.size && ((first >= '0' && first <= '9') || first == '-' || cw_str_eq_c(text, "nan") ||
                               cw_str_eq_c(text, "inf"));
    bool good = shape && cw_str_find(text, 'x', 0) == SIZE_MAX &&
                (kind == CWRUN_KIND_F32 ? cw_parse_f32(text, false, &bits32) : cw_parse_f64(text, false, &bits64));
    if (!good) {
        p->at = from;
        return fail_token(p, cwrun_kind_name(kind));
    }
    if (kind == CWRUN_KIND_F32)
        memcpy(out, &bits32, 4);
    else
        memcpy(out, &bits64, 8);
    return true;
}

/* One character of a char or string at p->at: plain or an escape. */
static bool parse_scalar(parser *p, uint32_t *scalar)
{
    const char *d = p->text.data;
    size_t from = p->at;
    if (p->at >= p->text.size || d[p->at] == '\n')
        return fail_at(p, from, from, "the text ends inside quotes");
    if (d[p->at] != '\\') {
        unsigned n = cw_utf8_decode((const uint8_t *)d + p->at, p->text.size - p->at, scalar);
        if (!n)
            return fail_at(p, from, from + 1, "not UTF-8");
        p->at += n;
        return true;
    }
    char c = p->at + 1 < p->text.size ? d[p->at + 1] : 0;
    static const char names[] = "'\"\\tnr", values[] = "'\"\\\t\n\r";
    const char *found = c ? strchr(names, c) : NULL;
    p->at += 2;
    if (found) {
        *scalar = (unsigned char)values[found - names];
        return true;
    }
    if (c != 'u' || p->at >= p->text.size || d[p->at] != '{')
        return fail_at(p, from, p->at < p->text.size ? p->at : p->text.size,
                       "unknown escape; there are \\' \\\" \\\\ \\t \\n \\r \\u{…}");
    size_t close = cw_str_find(p->text, '}', p->at);
    if (close == SIZE_MAX || close - p->at < 2 || close - p->at > 7)
        return fail_at(p, from, p->at + 1, "\\u{…} takes one to six hexadecimal digits");
    uint32_t value = 0;
    for (size_t i = p->at + 1; i < close; i++) {
        char h = d[i];
        uint32_t digit = h >= '0' && h <= '9'   ? (uint32_t)(h - '0')
                         : h >= 'a' && h <= 'f' ? (uint32_t)(h - 'a' + 10)
                         : h >= 'A' && h <= 'F' ? (uint32_t)(h - 'A' + 10)
                                                : 16;
        if (digit == 16)
            return fail_at(p, i, i + 1, "not a hexadecimal digit");
        value = value * 16 + digit;
    }
    p->at = close + 1;
    if (value > 0x10ffff || (value >= 0xd800 && value <= 0xdfff))
        return fail_at(p, from, p->at, "not a Unicode scalar value");
    *scalar = value;
    return true;
}

static bool parse_char(parser *p, uint32_t *out)
{
    size_t from = p->at;
    if (!accept(p, '\''))
        return fail_token(p, "char");
    if (p->at < p->text.size && p->text.data[p->at] == '\'')
        return fail_at(p, from, p->at + 1, "a char holds one character");
    if (!parse_scalar(p, out))
        return false;
    if (p->at >= p->text.size || p->text.data[p->at] != '\'')
        return fail_at(p, from, p->at, "a char holds one character and ends with '");
    p->at++;
    return true;
}

/* Decodes characters up to `end` of the text into an arena string of its own. */
static bool parse_chars(parser *p, cw_text *out, size_t end)
{
    while (p->at < end && p->ok) {
        uint32_t c;
        uint8_t utf8[4];
        if (!parse_scalar(p, &c))
            return false;
        cw_text_add(out, (const char *)utf8, cw_utf8_encode(c, utf8));
    }
    return p->ok;
}

/* """ … """: the spaces before the closing quotes are taken from every line. */
static bool parse_multiline(parser *p, cw_text *out)
{
    const char *d = p->text.data;
    size_t from = p->at, open = p->at + 3, close = open;
    while (close + 3 <= p->text.size && memcmp(d + close, "\"\"\"", 3) != 0)
        close++;
    if (close + 3 > p->text.size)
        return fail_at(p, from, open, "\"\"\" is never closed");
    size_t line = open < close && d[open] == '\r' ? open + 1 : open;
    if (line >= close || d[line] != '\n')
        return fail_at(p, from, open, "a line break must follow the opening \"\"\"");
    size_t last = close;
    while (last > line && d[last - 1] == ' ')
        last--;
    size_t indent = close - last;
    if (d[last - 1] != '\n')
        return fail_at(p, last, close + 3, "a line break must precede the closing \"\"\"");
    for (size_t at = line + 1; at < last;) {
        size_t end = at;
        while (d[end] != '\n')
            end++;
        for (size_t i = 0; i < indent; i++)
            if (at + i >= end || d[at + i] != ' ')
                return fail_at(p, at, at + 1, "this line is indented less than the closing \"\"\"");
        size_t stop = end > at && d[end - 1] == '\r' ? end - 1 : end;
        if (at != line + 1)
            cw_text_add(out, "\n", 1);
        p->at = at + indent;
        if (!parse_chars(p, out, stop))
            return false;
        at = end + 1;
    }
    p->at = close + 3;
    return true;
}

static bool parse_string(parser *p, cwrun_str *out)
{
    if (p->ok && peek(p) != '"')
        return fail_token(p, "string");
    if (!p->ok)
        return false;
    cw_text text;
    cw_text_init(&text, &p->arena->alloc);
    if (p->text.size - p->at >= 3 && memcmp(p->text.data + p->at, "\"\"\"", 3) == 0) {
        parse_multiline(p, &text);
    } else {
        size_t from = p->at++;
        while (p->ok && p->at < p->text.size && p->text.data[p->at] != '"')
            parse_chars(p, &text, p->at + 1);
        if (p->ok && p->at >= p->text.size)
            fail_at(p, from, from + 1, "this string is never closed");
        p->at++;
    }
    *out = cw_arena_copy(p->arena, text.data ? text.data : "", text.size);
    bool oom = text.oom || !out->data;
    cw_text_fini(&text);
    return oom ? fail_oom(p) : p->ok;
}

/* ---- composites ---- */

static bool parse_value(parser *p, const cwrun_type *t, char *out);

static bool parse_list(parser *p, const cwrun_type *t, char *out)
{
    const cwrun_type *elem = t->elem;
    size_t size = elem->size[CW_P8], n = 0, cap = 0, fixed = t->kind == CWRUN_KIND_FIXED_LIST ? t->length : SIZE_MAX;
    char *items = fixed == SIZE_MAX ? NULL : out;
    size_t from = p->at;
    if (!accept(p, '['))
        return fail_token(p, cwrun_kind_name(t->kind));
    while (p->ok && peek(p) != ']') {
        if (n == fixed)
            return fail_at(p, p->at, p->at + 1, "too many elements: the list has %zu", fixed);
        if (fixed == SIZE_MAX && n == cap) {
            size_t more = cap ? cap * 2 : 8;
            char *bigger = cw_arena_array(p->arena, more, size);
            if (!bigger)
                return fail_oom(p);
            if (n)
                memcpy(bigger, items, n * size);
            items = bigger;
            cap = more;
        }
        if (!parse_value(p, elem, items + n * size))
            return false;
        n++;
        if (!accept(p, ','))
            break;
    }
    if (!expect(p, ']'))
        return false;
    if (fixed != SIZE_MAX) {
        if (n < fixed)
            return fail_at(p, from, p->at, "too few elements: the list has %zu, not %zu", fixed, n);
        return true;
    }
    cwrun_list list = { items, n };
    memcpy(out, &list, sizeof list);
    return true;
}

static bool parse_tuple(parser *p, const cwrun_type *t, char *out)
{
    if (!accept(p, '('))
        return fail_token(p, "tuple");
    for (uint32_t i = 0; i < t->n_fields; i++) {
        if (i && !expect(p, ','))
            return false;
        if (!parse_value(p, t->fields[i].type, out + t->fields[i].offset[CW_P8]))
            return false;
    }
    accept(p, ',');
    return expect(p, ')');
}

/* Index of a label among fields, cases or flags. */
static uint32_t find_label(const cwrun_type *t, cwrun_str label)
{
    for (uint32_t i = 0; i < t->n_fields; i++)
        if (cw_str_eq(t->fields[i].name, label))
            return i;
    return UINT32_MAX;
}

/* "no case `x`; did you mean `y`?" */
static bool fail_label(parser *p, const cwrun_type *t, size_t from, cwrun_str label, const char *what)
{
    cwrun_str near = { NULL, 0 };
    unsigned best = label.size < 3 ? (unsigned)label.size : 3;
    for (uint32_t i = 0; i < t->n_fields; i++) {
        unsigned d = cw_str_distance(label, t->fields[i].name, best);
        if (d < best) {
            best = d;
            near = t->fields[i].name;
        }
    }
    return fail_at(p, from, p->at, "no %s `%.*s`%s%.*s%s", what, (int)label.size, label.data,
                   near.data ? "; did you mean `" : "", (int)near.size, near.data ? near.data : "",
                   near.data ? "`?" : "");
}

static bool parse_record(parser *p, const cwrun_type *t, char *out)
{
    size_t from = p->at;
    if (!accept(p, '{'))
        return fail_token(p, "record");
    uint8_t *seen = cw_arena_alloc(p->arena, t->n_fields, 1);
    if (!seen)
        return fail_oom(p);
    bool empty = accept(p, ':');
    while (!empty && p->ok && peek(p) != '}') {
        size_t at = p->at;
        bool escaped;
        cwrun_str label = word(p, &escaped);
        if (!label.data)
            return fail_token(p, "a field name");
        uint32_t i = find_label(t, label);
        if (i == UINT32_MAX)
            return fail_label(p, t, at, label, "field");
        if (seen[i]++)
            return fail_at(p, at, p->at, "field `%.*s` is given twice", (int)label.size, label.data);
        if (!expect(p, ':') || !parse_value(p, t->fields[i].type, out + t->fields[i].offset[CW_P8]))
            return false;
        if (!accept(p, ','))
            break;
    }
    if (!expect(p, '}'))
        return false;
    for (uint32_t i = 0; i < t->n_fields; i++)
        if (!seen[i] && t->fields[i].type->kind != CWRUN_KIND_OPTION) /* the zero bytes there are `none` */
            return fail_at(p, from, p->at, "field `%.*s` is missing", (int)t->fields[i].name.size,
                           t->fields[i].name.data);
    return true;
}

static bool parse_flags(parser *p, const cwrun_type *t, char *out)
{
    uint32_t bits = 0;
    if (!accept(p, '{'))
        return fail_token(p, "flags");
    while (p->ok && peek(p) != '}') {
        size_t at = p->at;
        bool escaped;
        cwrun_str label = word(p, &escaped);
        if (!label.data)
            return fail_token(p, "a flag");
        uint32_t i = find_label(t, label);
        if (i == UINT32_MAX)
            return fail_label(p, t, at, label, "flag");
        if (bits >> i & 1)
            return fail_at(p, at, p->at, "flag `%.*s` is given twice", (int)label.size, label.data);
        bits |= 1u << i;
        if (!accept(p, ','))
            break;
    }
    if (!expect(p, '}'))
        return false;
    cw_store_disc(t, out, bits);
    return true;
}

/* The payload of case i, in parentheses. */
static bool parse_payload(parser *p, const cwrun_type *t, uint32_t i, char *out)
{
    cw_store_disc(t, out, i);
    if (!t->fields[i].type)
        return true;
    return expect(p, '(') && parse_value(p, t->fields[i].type, out + t->payload_offset[CW_P8]) &&
           (accept(p, ','), expect(p, ')'));
}

static bool parse_variant(parser *p, const cwrun_type *t, char *out)
{
    peek(p);
    size_t from = p->at;
    bool escaped;
    cwrun_str label = word(p, &escaped);
    if (!label.data)
        return fail_token(p, cwrun_kind_name(t->kind));
    uint32_t i = find_label(t, label);
    if (i == UINT32_MAX)
        return fail_label(p, t, from, label, "case");
    return parse_payload(p, t, i, out);
}

/* Option and result: the words, or the bare payload of `some` and `ok` where that is neither option nor result. */
static bool parse_worded(parser *p, const cwrun_type *t, char *out)
{
    bool is_option = t->kind == CWRUN_KIND_OPTION;
    for (uint32_t i = 0; i < 2; i++)
        if (accept_keyword(p, is_option ? (i ? "some" : "none") : (i ? "err" : "ok")))
            return parse_payload(p, t, i, out);
    uint32_t flat = is_option ? 1 : 0;
    const cwrun_type *payload = t->fields[flat].type;
    if (!payload || payload->kind == CWRUN_KIND_OPTION || payload->kind == CWRUN_KIND_RESULT)
        return fail_token(p, is_option ? "`some(…)` or `none`" : "`ok` or `err`");
    cw_store_disc(t, out, flat);
    return parse_value(p, payload, out + t->payload_offset[CW_P8]);
}

static bool parse_value(parser *p, const cwrun_type *t, char *out)
{
    if (!p->ok)
        return false;
    if (p->depth == MAX_DEPTH)
        return fail_at(p, p->at, p->at + 1, "nested too deeply");
    p->depth++;
    switch (t->kind) {
    case CWRUN_KIND_BOOL:
        if (accept_keyword(p, "true"))
            *out = 1;
        else if (accept_keyword(p, "false"))
            *out = 0;
        else
            fail_token(p, "bool");
        break;
    case CWRUN_KIND_F32:
    case CWRUN_KIND_F64: parse_float(p, t->kind, out); break;
    case CWRUN_KIND_CHAR: parse_char(p, (uint32_t *)(void *)out); break;
    case CWRUN_KIND_STRING: parse_string(p, (cwrun_str *)(void *)out); break;
    case CWRUN_KIND_LIST:
    case CWRUN_KIND_FIXED_LIST:
    case CWRUN_KIND_MAP: parse_list(p, t, out); break;
    case CWRUN_KIND_RECORD: parse_record(p, t, out); break;
    case CWRUN_KIND_TUPLE: parse_tuple(p, t, out); break;
    case CWRUN_KIND_VARIANT:
    case CWRUN_KIND_ENUM: parse_variant(p, t, out); break;
    case CWRUN_KIND_OPTION:
    case CWRUN_KIND_RESULT: parse_worded(p, t, out); break;
    case CWRUN_KIND_FLAGS: parse_flags(p, t, out); break;
    case CWRUN_KIND_S8:
    case CWRUN_KIND_U8:
    case CWRUN_KIND_S16:
    case CWRUN_KIND_U16:
    case CWRUN_KIND_S32:
    case CWRUN_KIND_U32:
    case CWRUN_KIND_S64:
    case CWRUN_KIND_U64: parse_int(p, t->kind, out); break;
    default:
        peek(p);
        fail_at(p, p->at, token_end(p, p->at), "a value of type %s cannot be written as text",
                cwrun_kind_name(t->kind));
    }
    p->depth--;
    return p->ok;
}

static bool parse_one(parser *p, const cwrun_type *t, cwrun_val *out)
{
    char *data = cw_arena_alloc(p->arena, t->size[CW_P8], 16);
    if (!data)
        return fail_oom(p);
    if (!parse_value(p, t, data))
        return false;
    *out = cw_val_load(t, data);
    return true;
}

static bool at_end(parser *p)
{
    return !p->ok || peek(p) < 0 || fail_at(p, p->at, token_end(p, p->at), "unexpected text behind the value");
}

bool cwrun_val_parse(const cwrun_type *type, cwrun_str text, cwrun_arena *arena, cwrun_val *out, cwrun_error *err)
{
    parser p = { text, 0, arena, err, NULL, 0, true };
    if (cwrun_failed(err))
        return false;
    if (!type || !arena || !out) {
        cw_fail(err, NULL, CWRUN_ERROR_ARGUMENT, 0, "cwrun_val_parse: %s is NULL",
                !type    ? "type"
                : !arena ? "arena"
                         : "out");
        return false;
    }
    return parse_one(&p, type, out) && at_end(&p);
}

/* ---- calls ---- */

bool cwrun_call_split(cwrun_str text, cwrun_str *name, size_t *paren)
{
    size_t from = 0, at = cw_str_find(text, '(', 0);
    if (at == SIZE_MAX)
        return false;
    size_t to = at;
    while (from < to && strchr(" \t\r\n", text.data[from]))
        from++;
    while (to > from && strchr(" \t\r\n", text.data[to - 1]))
        to--;
    *name = cw_str_sub(text, from, to);
    *paren = at;
    return true;
}

bool cwrun_args_parse(const cwrun_functype *type, cwrun_str text, size_t at, cwrun_arena *arena, cwrun_val *args,
                      cwrun_error *err)
{
    parser p = { text, at, arena, err, type, 0, true };
    if (cwrun_failed(err))
        return false;
    uint32_t n = cwrun_functype_n_params(type), i = 0;
    if (!type || !arena || (n != 0 && !args)) {
        cw_fail(err, NULL, CWRUN_ERROR_ARGUMENT, 0, "cwrun_args_parse: %s is NULL",
                !type    ? "type"
                : !arena ? "arena"
                         : "args");
        return false;
    }
    expect(&p, '(');
    for (; i < n && p.ok && peek(&p) != ')'; i++) {
        if (!parse_one(&p, cwrun_functype_param(type, i), &args[i]))
            return false;
        if (!accept(&p, ',')) {
            i++;
            break;
        }
    }
    if (p.ok && i == n && peek(&p) != ')' && peek(&p) >= 0)
        return fail_at(&p, p.at, token_end(&p, p.at), "too many arguments: the function takes %u", (unsigned)n);
    for (; i < n && p.ok; i++) { /* options at the end may be left out */
        const cwrun_type *t = cwrun_functype_param(type, i);
        cwrun_str name = cwrun_functype_param_name(type, i);
        if (t->kind != CWRUN_KIND_OPTION)
            return fail_at(&p, p.at, p.at + 1, "argument %u, `%.*s`, is missing", (unsigned)i + 1, (int)name.size,
                           name.data);
        char *none = cw_arena_alloc(arena, t->size[CW_P8], 16);
        if (!none)
            return fail_oom(&p);
        args[i] = cw_val_load(t, none);
    }
    return expect(&p, ')') && at_end(&p);
}
