/* text/wast_literals.c: component values of scripts, "(record.const (field "x" (u8.const 1)))".
 *
 * The callee's type leads: a literal is read as a value of it, part by part into a builder, so that recursion goes as
 * deep as types do, whatever the text says. */
#include "text/wast.h"

#include "base/error.h"
#include "base/str.h"
#include "base/utf.h"

typedef struct literal {
    cw_wast *w;
    cwrun_builder *b;
    cwrun_error *err;
} literal;

static bool take(literal *l, const cwrun_type *type);
static bool take_bare(literal *l, const cwrun_type *type);

static bool wrong(literal *l, const char *format, ...) CWRUN_PRINTF(2, 3);
static bool wrong(literal *l, const char *format, ...)
{
    va_list args;
    va_start(args, format);
    cw_vfail(l->err, NULL, CWRUN_ERROR_ARGUMENT, 0, format, args);
    va_end(args);
    return false;
}

/* The word that a literal of a kind begins with. */
static uint16_t word_of(uint8_t kind)
{
    static const uint16_t words[] = {
        [CWRUN_KIND_BOOL] = CW_WORD_BOOL_CONST,       [CWRUN_KIND_S8] = CW_WORD_S8_CONST,
        [CWRUN_KIND_U8] = CW_WORD_U8_CONST,           [CWRUN_KIND_S16] = CW_WORD_S16_CONST,
        [CWRUN_KIND_U16] = CW_WORD_U16_CONST,         [CWRUN_KIND_S32] = CW_WORD_S32_CONST,
        [CWRUN_KIND_U32] = CW_WORD_U32_CONST,         [CWRUN_KIND_S64] = CW_WORD_S64_CONST,
        [CWRUN_KIND_U64] = CW_WORD_U64_CONST,         [CWRUN_KIND_F32] = CW_OP_F32_CONST,
        [CWRUN_KIND_F64] = CW_OP_F64_CONST,           [CWRUN_KIND_CHAR] = CW_WORD_CHAR_CONST,
        [CWRUN_KIND_STRING] = CW_WORD_STR_CONST,      [CWRUN_KIND_LIST] = CW_WORD_LIST_CONST,
        [CWRUN_KIND_FIXED_LIST] = CW_WORD_LIST_CONST, [CWRUN_KIND_MAP] = CW_WORD_LIST_CONST,
        [CWRUN_KIND_RECORD] = CW_WORD_RECORD_CONST,   [CWRUN_KIND_TUPLE] = CW_WORD_TUPLE_CONST,
        [CWRUN_KIND_VARIANT] = CW_WORD_VARIANT_CONST, [CWRUN_KIND_ENUM] = CW_WORD_ENUM_CONST,
        [CWRUN_KIND_FLAGS] = CW_WORD_FLAGS_CONST,
    };
    return kind < sizeof words / sizeof *words ? words[kind] : 0;
}

/* ---- scalars ---- */

static bool take_nan(cw_parser *p)
{
    bool nan = cw_at_word(p, CW_WORD_NAN_CANONICAL) || cw_at_word(p, CW_WORD_NAN_ARITHMETIC);
    p->at += nan;
    return nan;
}

static float take_f32(cw_parser *p)
{
    uint32_t bits = take_nan(p) ? 0x7fc00000 : cw_take_f32(p);
    float f;
    memcpy(&f, &bits, sizeof f);
    return f;
}

static double take_f64(cw_parser *p)
{
    uint64_t bits = take_nan(p) ? UINT64_C(0x7ff8000000000000) : cw_take_f64(p);
    double d;
    memcpy(&d, &bits, sizeof d);
    return d;
}

static bool take_bool(cw_parser *p)
{
    bool yes = p->at->kind == CW_TOKEN_ATOM && cw_str_eq_c(cw_token_text(p, p->at), "true");
    if (!yes && !(p->at->kind == CW_TOKEN_ATOM && cw_str_eq_c(cw_token_text(p, p->at), "false")))
        cw_parse_unexpected(p, "true or false");
    cw_take(p);
    return yes;
}

static uint32_t take_char(cw_parser *p)
{
    const cw_token *at = p->at;
    uint32_t scalar = 0;
    cwrun_str s = cw_take_name(p);
    if (p->ok && (!s.size || cw_utf8_decode((const uint8_t *)s.data, s.size, &scalar) != s.size))
        cw_parse_fail(p, at, "a char is one character");
    return scalar;
}

/* An integer in the type's own notation: the values are those of the type. */
static int64_t take_int(cw_parser *p, unsigned bits, bool is_signed, const char *what)
{
    const cw_token *at = p->at;
    const bool minus = *cw_token_text(p, at).data == '-';
    const int64_t value = cw_take_int(p, bits, what);
    if (p->ok && (is_signed ? !minus && value < 0 : minus && value != 0))
        cw_parse_fail(p, at, "%s constant out of range", what);
    return value;
}

static bool take_scalar(literal *l, uint8_t kind)
{
    cw_parser *p = &l->w->p;
    cwrun_val v;
    switch (kind) {
    case CWRUN_KIND_BOOL: v = cwrun_bool(take_bool(p)); break;
    case CWRUN_KIND_S8: v = cwrun_s8((int8_t)take_int(p, 8, true, "s8")); break;
    case CWRUN_KIND_U8: v = cwrun_u8((uint8_t)take_int(p, 8, false, "u8")); break;
    case CWRUN_KIND_S16: v = cwrun_s16((int16_t)take_int(p, 16, true, "s16")); break;
    case CWRUN_KIND_U16: v = cwrun_u16((uint16_t)take_int(p, 16, false, "u16")); break;
    case CWRUN_KIND_S32: v = cwrun_s32((int32_t)take_int(p, 32, true, "s32")); break;
    case CWRUN_KIND_U32: v = cwrun_u32((uint32_t)take_int(p, 32, false, "u32")); break;
    case CWRUN_KIND_S64: v = cwrun_s64(take_int(p, 64, true, "s64")); break;
    case CWRUN_KIND_U64: v = cwrun_u64((uint64_t)take_int(p, 64, false, "u64")); break;
    case CWRUN_KIND_F32: v = cwrun_f32(take_f32(p)); break;
    case CWRUN_KIND_F64: v = cwrun_f64(take_f64(p)); break;
    case CWRUN_KIND_CHAR: v = cwrun_char(take_char(p)); break;
    default: v = cwrun_string(cw_take_name(p)); break;
    }
    return p->ok && cwrun_builder_val(l->b, &v);
}

/* ---- composites ---- */

/* Forms up to the closing parenthesis. */
static size_t count_forms(const cw_parser *p)
{
    size_t n = 0;
    for (const cw_token *t = p->at; t->kind == CW_TOKEN_OPEN; t = cw_token_close(p, t) + 1)
        n++;
    return n;
}

static bool take_list(literal *l, const cwrun_type *type)
{
    size_t n = count_forms(&l->w->p);
    uint32_t length = cwrun_type_length(type);
    if (cwrun_type_kind(type) == CWRUN_KIND_FIXED_LIST && n != length)
        return wrong(l, "%zu elements for a list of %u", n, length);
    if (!cwrun_builder_begin(l->b, n))
        return false;
    for (size_t i = 0; i < n; i++)
        if (!take(l, cwrun_type_elem(type)))
            return false;
    return cwrun_builder_end(l->b);
}

static bool take_fields(literal *l, const cwrun_type *type, bool named)
{
    cw_parser *p = &l->w->p;
    if (!cwrun_builder_begin(l->b, 0))
        return false;
    for (uint32_t i = 0; i < cwrun_type_n_fields(type); i++) {
        cwrun_str want = cwrun_type_field_name(type, i);
        if (named) {
            cw_expect_open(p, CW_WORD_FIELD);
            cwrun_str name = cw_take_name(p);
            if (p->ok && !cw_str_eq(name, want))
                return wrong(l, "field `%.*s` stands where `%.*s` is expected", (int)name.size, name.data,
                             (int)want.size, want.data);
        }
        bool bare = named && !cw_at_open(p); /* (field "x" u8.const 1) */
        if (!(bare ? take_bare : take)(l, cwrun_type_field(type, i)))
            return false;
        if (named)
            cw_expect_close(p);
    }
    return p->ok && cwrun_builder_end(l->b);
}

/* Takes a name: the number of the field, case or label of a type; UINT32_MAX where it has none of that name. */
static uint32_t take_label(literal *l, const cwrun_type *type)
{
    cwrun_str name = cw_take_name(&l->w->p);
    uint32_t n = cwrun_type_n_fields(type);
    for (uint32_t i = 0; i < n && l->w->p.ok; i++)
        if (cw_str_eq(cwrun_type_field_name(type, i), name))
            return i;
    wrong(l, "a %s without `%.*s`", cwrun_kind_name(cwrun_type_kind(type)), (int)name.size, name.data);
    return UINT32_MAX;
}

static bool take_case(literal *l, const cwrun_type *type, uint32_t index)
{
    const cwrun_type *payload = index == UINT32_MAX ? NULL : cwrun_type_field(type, index);
    if (index == UINT32_MAX || !cwrun_builder_case(l->b, index))
        return false;
    return !payload || take(l, payload);
}

static bool take_flags(literal *l, const cwrun_type *type)
{
    uint32_t bits = 0;
    while (l->w->p.at->kind == CW_TOKEN_STRING) {
        uint32_t label = take_label(l, type);
        if (label == UINT32_MAX)
            return false;
        bits |= (uint32_t)1 << label % 32;
    }
    return cwrun_builder_flags(l->b, bits);
}

/* Option and result have a word per case; UINT32_MAX where it is none of theirs. */
static uint32_t case_of_word(uint8_t kind, uint16_t word)
{
    if (kind == CWRUN_KIND_OPTION)
        return word == CW_WORD_OPTION_NONE ? 0 : word == CW_WORD_OPTION_SOME ? 1 : UINT32_MAX;
    if (kind == CWRUN_KIND_RESULT)
        return word == CW_WORD_RESULT_OK ? 0 : word == CW_WORD_RESULT_ERR ? 1 : UINT32_MAX;
    return UINT32_MAX;
}

static bool take_parts(literal *l, const cwrun_type *type, uint32_t index)
{
    uint8_t kind = cwrun_type_kind(type);
    switch (kind) {
    case CWRUN_KIND_LIST:
    case CWRUN_KIND_FIXED_LIST:
    case CWRUN_KIND_MAP: return take_list(l, type);
    case CWRUN_KIND_RECORD:
    case CWRUN_KIND_TUPLE: return take_fields(l, type, kind == CWRUN_KIND_RECORD);
    case CWRUN_KIND_VARIANT:
    case CWRUN_KIND_ENUM: return take_case(l, type, take_label(l, type));
    case CWRUN_KIND_OPTION:
    case CWRUN_KIND_RESULT: return take_case(l, type, index);
    case CWRUN_KIND_FLAGS: return take_flags(l, type);
    default: return take_scalar(l, kind);
    }
}

/* A literal without its parentheses, up to what closes it. */
static bool take_bare(literal *l, const cwrun_type *type)
{
    cw_parser *p = &l->w->p;
    uint8_t kind = cwrun_type_kind(type);
    uint16_t word = p->at->kind == CW_TOKEN_ATOM ? p->at->word : 0;
    uint32_t index = case_of_word(kind, word);
    if (!word || (index == UINT32_MAX && word != word_of(kind))) {
        cwrun_str text = cw_token_text(p, p->at);
        return wrong(l, "expected %s, found %.*s", cwrun_kind_name(kind), (int)text.size, text.data);
    }
    cw_take(p);
    if (!take_parts(l, type, index) || !p->ok)
        return false;
    return cw_at_close(p) || wrong(l, "a literal of %s has more parts than the type", cwrun_kind_name(kind));
}

static bool take(literal *l, const cwrun_type *type)
{
    cw_parser *p = &l->w->p;
    if (!cw_at_open(p)) {
        cw_parse_unexpected(p, "a value");
        return false;
    }
    cw_take(p);
    if (!take_bare(l, type))
        return false;
    cw_take(p);
    return true;
}

bool cw_wast_take_literal(cw_wast *w, const cwrun_type *type, cwrun_arena *arena, cwrun_val *out, cwrun_error *err)
{
    literal l = { .w = w, .err = err, .b = cwrun_builder_new(arena, type, err) };
    if (!l.b || !take(&l, type))
        return false;
    *out = cwrun_builder_finish(l.b);
    return !cwrun_failed(err);
}
