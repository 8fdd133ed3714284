/* text/lexer.c: characters to tokens  [core 6.3].
 *
 * The whole text is checked to be UTF-8 first; then only ASCII matters, since everything else may stand in strings and
 * comments alone. Open parentheses form a stack that is threaded through their tokens' `size`, until they are closed.
 */
#include "text/lexer.h"

#include "base/error.h"
#include "base/str.h"
#include "base/utf.h"

enum { IDCHAR = 1, SPACE = 2, PUNCT = 4, STRINGCHAR = 8, NO_OPEN = UINT32_MAX };

#define I (IDCHAR | STRINGCHAR)
#define S STRINGCHAR
#define P (PUNCT | STRINGCHAR)
static const uint8_t classes[256] = {
    ['\t'] = SPACE, ['\n'] = SPACE,      ['\r'] = SPACE, [' '] = SPACE | S, ['!'] = I, ['#'] = I,         ['$'] = I,
    ['%'] = I,      ['&'] = I,           ['\''] = I,     ['*'] = I,         ['+'] = I, ['-'] = I,         ['.'] = I,
    ['/'] = I,      ['0' ... '9'] = I,   [':'] = I,      ['<'] = I,         ['='] = I, ['>'] = I,         ['?'] = I,
    ['@'] = I,      ['A' ... 'Z'] = I,   ['^'] = I,      ['_'] = I,         ['`'] = I, ['a' ... 'z'] = I, ['|'] = I,
    ['~'] = I,      ['\\'] = IDCHAR, /* in strings it begins an escape */
    ['('] = S,      [')'] = S,           [','] = P,      [';'] = P,         ['['] = P, [']'] = P,         ['{'] = P,
    ['}'] = P,      [0x80 ... 0xff] = S,
};
#undef I
#undef S
#undef P

typedef struct lexer {
    cw_source *source;
    const cw_words *words;
    const uint8_t *text, *at, *end;
    uint32_t open;      /* innermost open parenthesis, or NO_OPEN */
    uint32_t vanishing; /* open annotations that nobody reads */
    cwrun_error *err;
    bool ok;
} lexer;

/* ---- errors ---- */

static void fail_at(lexer *l, const uint8_t *at, const char *message)
{
    if (l->ok)
        cw_source_fail(l->source, NULL, (size_t)(at - l->text), l->err, "%s", message);
    l->ok = false;
    l->at = l->end;
}

/* ---- tokens ---- */

static bool grow(lexer *l)
{
    cw_source *s = l->source;
    uint32_t cap = s->cap_tokens ? s->cap_tokens * 2 : 64;
    cw_token *more = s->cap_tokens < UINT32_MAX / 2
                         ? cw_resize(&s->alloc, s->tokens, s->cap_tokens * sizeof *more, cap * sizeof *more)
                         : NULL;
    if (!more) {
        l->ok = cw_fail_oom(l->err);
        l->at = l->end;
        return false;
    }
    s->tokens = more;
    s->cap_tokens = cap;
    return true;
}

static cw_token *push(lexer *l, const uint8_t *start, cw_token_kind kind, uint16_t word)
{
    cw_source *s = l->source;
    if (s->n_tokens == s->cap_tokens && !grow(l))
        return NULL;
    cw_token *t = &s->tokens[s->n_tokens++];
    *t = (cw_token){ (uint32_t)(start - l->text), (uint32_t)(l->at - start), (uint16_t)kind, word };
    return t;
}

static bool vanishes(const cw_token *open)
{
    return open->kind == CW_TOKEN_ANNOTATION && open->word == CW_ANNOTATION_NONE;
}

static void push_open(lexer *l, const uint8_t *start, cw_token_kind kind, uint16_t word)
{
    uint32_t place = l->source->n_tokens;
    cw_token *t = push(l, start, kind, word);
    if (!t)
        return;
    t->size = l->open;
    l->open = place;
    l->vanishing += vanishes(t);
}

static void push_close(lexer *l, const uint8_t *start)
{
    cw_source *s = l->source;
    uint32_t open = l->open;
    if (open == NO_OPEN) {
        fail_at(l, start, "unexpected token: this parenthesis closes nothing");
        return;
    }
    cw_token *o = &s->tokens[open];
    l->open = o->size;
    if (vanishes(o)) {
        l->vanishing--;
        s->n_tokens = open;
        return;
    }
    o->size = s->n_tokens;
    push(l, start, CW_TOKEN_CLOSE, 0);
}

/* ---- what stands between tokens ---- */

static void skip_line(lexer *l)
{
    while (l->at < l->end && *l->at != '\n' && *l->at != '\r')
        l->at++;
}

static void skip_block(lexer *l)
{
    const uint8_t *start = l->at;
    uint32_t depth = 1;
    for (l->at += 2; l->at + 1 < l->end; l->at++) {
        if (l->at[0] == ';' && l->at[1] == ')') {
            l->at++;
            if (--depth == 0) {
                l->at++;
                return;
            }
        } else if (l->at[0] == '(' && l->at[1] == ';') {
            l->at++;
            depth++;
        }
    }
    fail_at(l, start, "unclosed comment");
}

/* ---- strings ---- */

static bool is_hex(uint8_t c)
{
    return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'f') || (c >= 'A' && c <= 'F');
}

static uint32_t hex_of(uint8_t c)
{
    return c <= '9' ? (uint32_t)(c - '0') : (uint32_t)((c | 0x20) - 'a' + 10);
}

/* \u{digits}; l->at is at the u. */
static void scan_scalar(lexer *l)
{
    const uint8_t *start = l->at - 1, *p = l->at + 1;
    uint32_t value = 0, digits = 0;
    if (p < l->end && *p == '{') {
        for (p++; p < l->end && (is_hex(*p) || (*p == '_' && digits && p + 1 < l->end && is_hex(p[1]))); p++) {
            if (*p == '_')
                continue;
            value = value < 0x110000 ? value * 16 + hex_of(*p) : value;
            digits++;
        }
    }
    if (!digits || p >= l->end || *p != '}')
        fail_at(l, start, "illegal escape: \\u{…} takes hexadecimal digits");
    else if (value >= 0x110000 || (value >= 0xd800 && value < 0xe000))
        fail_at(l, start, "illegal escape: no Unicode scalar value has this number");
    else
        l->at = p + 1;
}

static void scan_escape(lexer *l)
{
    const uint8_t *start = l->at++;
    uint8_t c = l->at < l->end ? *l->at : 0;
    if (c == 'u')
        scan_scalar(l);
    else if (c == 't' || c == 'n' || c == 'r' || c == '"' || c == '\'' || c == '\\')
        l->at++;
    else if (is_hex(c) && l->at + 1 < l->end && is_hex(l->at[1]))
        l->at += 2;
    else
        fail_at(l, start, "illegal escape");
}

/* l->at is at the opening quote; true where there were escapes. */
static bool scan_string(lexer *l)
{
    const uint8_t *start = l->at++;
    bool escapes = false;
    while (l->ok) {
        while (l->at < l->end && classes[*l->at] & STRINGCHAR)
            l->at++;
        uint8_t c = l->at < l->end ? *l->at : '\n';
        if (c == '"') {
            l->at++;
            return escapes;
        }
        if (c == '\\') {
            escapes = true;
            scan_escape(l);
        } else if (c == '\n' || c == '\r') {
            fail_at(l, start, "unclosed string");
        } else {
            fail_at(l, l->at, "illegal character in a string");
        }
    }
    return false;
}

size_t cw_string_decode(const char *text, size_t size, char *out)
{
    const uint8_t *p = (const uint8_t *)text + 1, *end = (const uint8_t *)text + size - 1;
    char *to = out;
    while (p < end) {
        if (*p != '\\') {
            *to++ = (char)*p++;
            continue;
        }
        uint8_t c = p[1];
        p += 2;
        if (c == 'u') {
            uint32_t value = 0;
            for (p++; *p != '}'; p++)
                if (*p != '_')
                    value = value * 16 + hex_of(*p);
            p++;
            to += cw_utf8_encode(value, (uint8_t *)to);
        } else if (is_hex(c)) {
            *to++ = (char)(hex_of(c) * 16 + hex_of(*p++));
        } else {
            *to++ = (char)(c == 't' ? '\t' : c == 'n' ? '\n' : c == 'r' ? '\r' : c);
        }
    }
    return (size_t)(to - out);
}

/* ---- tokens by their first character ---- */

/* Whether the bytes that the literal at text stands for are UTF-8; only escapes can break it. */
static bool is_name(lexer *l, const uint8_t *text, size_t size)
{
    char *room = cw_resize(&l->source->alloc, NULL, 0, size);
    if (!room) {
        l->ok = cw_fail_oom(l->err);
        return true;
    }
    size_t n = cw_string_decode((const char *)text, size, room);
    bool good = cw_utf8_valid((const uint8_t *)room, n, NULL);
    cw_free(&l->source->alloc, room, size);
    return good;
}

/* The rest of a reserved token: anything without a space or parenthesis between. */
static void scan_reserved(lexer *l, const uint8_t *start)
{
    while (l->ok && l->at < l->end && (classes[*l->at] & IDCHAR || *l->at == '"')) {
        if (*l->at == '"')
            scan_string(l);
        else
            l->at++;
    }
    if (l->ok)
        push(l, start, CW_TOKEN_RESERVED, 0);
}

static bool glued(const lexer *l)
{
    return l->at < l->end && (classes[*l->at] & IDCHAR || *l->at == '"');
}

static void lex_string(lexer *l)
{
    const uint8_t *start = l->at;
    bool escapes = scan_string(l);
    if (l->ok && glued(l))
        scan_reserved(l, start);
    else if (l->ok)
        push(l, start, CW_TOKEN_STRING, escapes);
}

static void lex_quoted_id(lexer *l)
{
    const uint8_t *start = l->at++, *quote = l->at;
    bool escapes = scan_string(l);
    if (!l->ok)
        return;
    if (glued(l))
        scan_reserved(l, start);
    else if (l->at - quote == 2)
        fail_at(l, start, "empty identifier");
    else if (escapes && !is_name(l, quote, (size_t)(l->at - quote)))
        fail_at(l, quote, "malformed UTF-8 encoding");
    else
        push(l, start, CW_TOKEN_ID, 1);
}

/* The size of "'x'", "'\n'", "'\u{e9}'" where such a one stands next, else 0. */
static size_t char_size(const lexer *l)
{
    const uint8_t *p = l->at + 1;
    uint32_t scalar = 0;
    if (l->end - p >= 3 && p[0] == '\\' && p[1] == 'u' && p[2] == '{') {
        const uint8_t *digits = p += 3;
        for (; p < l->end && p - digits < 8 && is_hex(*p); p++)
            scalar = scalar * 16 + hex_of(*p);
        if (p == digits || p == l->end || *p++ != '}' || scalar >= 0x110000 || (scalar >= 0xd800 && scalar < 0xe000))
            return 0;
    } else if (l->end - p >= 2 && p[0] == '\\') {
        if (!p[1] || !strchr("tnr\"'\\", p[1]))
            return 0;
        p += 2;
    } else if (p < l->end && *p >= 0x20 && *p != 0x7f && *p != '\'') {
        p += *p < 0x80 ? 1 : cw_utf8_decode(p, (size_t)(l->end - p), &scalar);
    } else {
        return 0;
    }
    const bool closed = p < l->end && *p == '\'' && !(l->end - p > 1 && (classes[p[1]] & IDCHAR || p[1] == '"'));
    return closed ? (size_t)(p + 1 - l->at) : 0;
}

static void lex_atom(lexer *l)
{
    const uint8_t *start = l->at;
    const size_t quoted = *start == '\'' && !l->vanishing ? char_size(l) : 0;
    if (quoted) {
        l->at += quoted;
        push(l, start, CW_TOKEN_CHAR, 0);
        return;
    }
    if (*start == '$' && l->end - start > 1 && start[1] == '"') {
        lex_quoted_id(l);
        return;
    }
    while (l->at < l->end && classes[*l->at] & IDCHAR)
        l->at++;
    size_t size = (size_t)(l->at - start);
    if (l->at < l->end && *l->at == '"')
        scan_reserved(l, start);
    else if (*start == '$' && size == 1)
        fail_at(l, start, "empty identifier");
    else if (*start == '$')
        push(l, start, CW_TOKEN_ID, 0);
    else
        push(l, start, CW_TOKEN_ATOM,
             *start >= 'a' && *start <= 'z' ? cw_words_find(l->words, (const char *)start, size) : 0);
}

const char *cw_annotation_spelling(uint16_t annotation)
{
    static const char *const spellings[CW_ANNOTATION_COUNT] = {
        "",
        "custom",
        "name",
        "metadata.code.branch_hint",
        "producers",
        "dylink.0",
        "cwrun.names",
        "cwrun.datacount",
        "cwrun.own-name",
        "cwrun.section",
        "cwrun.empty",
        "cwrun.run",
        "cwrun.form",
    };
    return annotation < CW_ANNOTATION_COUNT ? spellings[annotation] : "";
}

static cw_annotation annotation_of(const uint8_t *name, size_t size)
{
    for (uint16_t i = CW_ANNOTATION_NONE + 1; i < CW_ANNOTATION_COUNT; i++)
        if (cw_str_eq_c((cwrun_str){ (const char *)name, size }, cw_annotation_spelling(i)))
            return (cw_annotation)i;
    return CW_ANNOTATION_NONE;
}

/* An annotation whose name is a string literal. */
static cw_annotation quoted_annotation(lexer *l, const uint8_t *text, size_t size, bool escapes)
{
    if (!escapes)
        return annotation_of(text + 1, size - 2);
    char *room = cw_resize(&l->source->alloc, NULL, 0, size);
    if (!room) {
        l->ok = cw_fail_oom(l->err);
        return CW_ANNOTATION_NONE;
    }
    const size_t n = cw_string_decode((const char *)text, size, room);
    const cw_annotation annotation = annotation_of((const uint8_t *)room, n);
    if (!cw_utf8_valid((const uint8_t *)room, n, NULL))
        fail_at(l, text, "malformed UTF-8 encoding");
    cw_free(&l->source->alloc, room, size);
    return annotation;
}

/* "(@" stands at l->at. */
static void lex_annotation(lexer *l)
{
    const uint8_t *start = l->at;
    l->at += 2;
    const uint8_t *name = l->at;
    if (l->at < l->end && *l->at == '"') {
        bool escapes = scan_string(l);
        size_t size = (size_t)(l->at - name);
        if (l->ok && size == 2)
            fail_at(l, start, "empty annotation id");
        const uint16_t annotation = l->ok ? (uint16_t)quoted_annotation(l, name, size, escapes) : CW_ANNOTATION_NONE;
        if (l->ok)
            push_open(l, start, CW_TOKEN_ANNOTATION, annotation);
        return;
    }
    while (l->at < l->end && classes[*l->at] & IDCHAR)
        l->at++;
    if (l->at == name)
        fail_at(l, start, "empty annotation id");
    else
        push_open(l, start, CW_TOKEN_ANNOTATION, (uint16_t)annotation_of(name, (size_t)(l->at - name)));
}

static bool names_annotation(const lexer *l)
{
    return l->end - l->at > 2 && (classes[l->at[2]] & IDCHAR || l->at[2] == '"');
}

static void lex_one(lexer *l)
{
    const uint8_t *start = l->at;
    uint8_t c = *start, next = l->end - start > 1 ? start[1] : 0;
    if (classes[c] & IDCHAR) {
        lex_atom(l);
    } else if (c == '(' && next == ';') {
        skip_block(l);
    } else if (c == '(' && next == '@' && (names_annotation(l) || !l->vanishing)) { /* inside, any tokens may stand */
        lex_annotation(l);
    } else if (c == '(') {
        l->at++;
        push_open(l, start, CW_TOKEN_OPEN, 0);
    } else if (c == ')') {
        l->at++;
        push_close(l, start);
    } else if (c == '"') {
        lex_string(l);
    } else if (c == ';' && next == ';') {
        skip_line(l);
    } else if (classes[c] & PUNCT) {
        l->at++;
        push(l, start, CW_TOKEN_RESERVED, 0);
    } else {
        fail_at(l, start, "illegal character");
    }
}

bool cw_source_init(cw_source *s, const cw_words *words, cwrun_str text, const char *file, const cw_alloc *a,
                    cwrun_error *err)
{
    const char *bytes = text.size ? text.data : ""; /* a quotation of nothing has none */
    *s = (cw_source){ .file = file, .text = bytes, .size = text.size, .alloc = a ? *a : cw_alloc_default };
    if (text.size >= UINT32_MAX) {
        cw_fail(err, a, CWRUN_ERROR_LIMIT, CWRUN_LIMIT_INPUT, "a text of more than 4 GiB");
        return false;
    }
    lexer l = { .source = s, .words = words, .open = NO_OPEN, .err = err, .ok = true };
    l.text = l.at = (const uint8_t *)bytes;
    l.end = l.text + text.size;
    size_t bad;
    if (text.size && !cw_utf8_valid(l.text, text.size, &bad))
        fail_at(&l, l.text + bad, "malformed UTF-8 encoding");
    while (l.at < l.end) {
        if (classes[*l.at] & SPACE)
            l.at++;
        else
            lex_one(&l);
    }
    for (uint32_t open = l.open; l.ok && open != NO_OPEN; open = s->tokens[open].size)
        if (s->tokens[open].kind == CW_TOKEN_ANNOTATION)
            fail_at(&l, l.text + s->tokens[open].offset, "unclosed annotation");
    if (l.ok && l.open != NO_OPEN)
        fail_at(&l, l.text + s->tokens[l.open].offset,
                "unexpected token: the text ends where this parenthesis is still open");
    if (l.ok)
        push(&l, l.end, CW_TOKEN_END, 0);
    if (!l.ok)
        cw_source_fini(s);
    return l.ok;
}

void cw_source_fini(cw_source *s)
{
    cw_free(&s->alloc, s->tokens, s->cap_tokens * sizeof *s->tokens);
    s->tokens = NULL;
    s->n_tokens = s->cap_tokens = 0;
}
