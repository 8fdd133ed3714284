/* base/demangle_cxx_expr.c: operators, and the expressions of decltype and template arguments in symbols of C++. */
#include "base/demangle_cxx.h"

/* ---- operators ---- */

typedef enum operator_kind {
    OTHER, /* only a name */
    UNARY,
    BINARY,
    INDEX,
    MEMBER,
    TERNARY,
    SIZE,  /* of an expression, in parentheses */
    SIZE_T /* of a type */
} operator_kind;

typedef struct operator
{
    char code[3], text[18];
    uint8_t kind;
}
operator;

static const operator operators[] = {
    { "aN", "&=", BINARY },
    { "aS", "=", BINARY },
    { "aa", "&&", BINARY },
    { "ad", "&", UNARY },
    { "an", "&", BINARY },
    { "at", "alignof ", SIZE_T },
    { "aw", "co_await ", UNARY },
    { "az", "alignof ", SIZE },
    { "cl", "()", OTHER },
    { "cm", ",", BINARY },
    { "co", "~", UNARY },
    { "dV", "/=", BINARY },
    { "da", "delete[] ", UNARY },
    { "de", "*", UNARY },
    { "dl", "delete ", UNARY },
    { "ds", ".*", MEMBER },
    { "dt", ".", MEMBER },
    { "dv", "/", BINARY },
    { "eO", "^=", BINARY },
    { "eo", "^", BINARY },
    { "eq", "==", BINARY },
    { "ge", ">=", BINARY },
    { "gt", ">", BINARY },
    { "ix", "[]", INDEX },
    { "lS", "<<=", BINARY },
    { "le", "<=", BINARY },
    { "ls", "<<", BINARY },
    { "lt", "<", BINARY },
    { "mI", "-=", BINARY },
    { "mL", "*=", BINARY },
    { "mi", "-", BINARY },
    { "ml", "*", BINARY },
    { "mm", "--", UNARY },
    { "na", "new[]", OTHER },
    { "ne", "!=", BINARY },
    { "ng", "-", UNARY },
    { "nt", "!", UNARY },
    { "nw", "new", OTHER },
    { "nx", "noexcept ", SIZE },
    { "oR", "|=", BINARY },
    { "oo", "||", BINARY },
    { "or", "|", BINARY },
    { "pL", "+=", BINARY },
    { "pl", "+", BINARY },
    { "pm", "->*", MEMBER },
    { "pp", "++", UNARY },
    { "ps", "+", UNARY },
    { "pt", "->", MEMBER },
    { "qu", "?", TERNARY },
    { "rM", "%=", BINARY },
    { "rS", ">>=", BINARY },
    { "rm", "%", BINARY },
    { "rs", ">>", BINARY },
    { "ss", "<=>", BINARY },
    { "st", "sizeof ", SIZE_T },
    { "sz", "sizeof ", SIZE },
    { "te", "typeid ", SIZE },
    { "ti", "typeid ", SIZE_T },
    { "tw", "throw ", UNARY },
};

static const operator* find_operator(const cw_cxx *x)
{
    const char c = peek(x->d), next = peek_behind(x);
    for (size_t i = 0; i < sizeof operators / sizeof *operators; i++)
        if (operators[i].code[0] == c && operators[i].code[1] == next)
            return &operators[i];
    return NULL;
}

/* Text of an operator without the space that sets words off from operands. */
static size_t name_size(const operator* op)
{
    const size_t size = strlen(op->text);
    return size > 1 && op->text[size - 1] == ' ' ? size - 1 : size;
}

cw_cxx_ref cw_cxx_operator_name(cw_cxx *x, cw_cxx_function *f)
{
    static const char *const heads[] = { "operator", "operator " };
    if (eat_word(x, "cv")) {
        const bool may_forward = x->may_forward, without = x->without_arguments;
        x->may_forward |= f != NULL;
        x->without_arguments = true;
        const cw_cxx_ref to = cw_cxx_type(x);
        x->may_forward = may_forward;
        x->without_arguments = without;
        if (f)
            f->has_no_return = true;
        return make_pair(x, CW_CXX_CONVERSION, to, 0);
    }
    if (eat_word(x, "li"))
        return make_word(x, CW_CXX_BEFORE, "operator\"\" ", cw_cxx_source_name(x));

    const operator* op = find_operator(x);
    if (!op || op->kind == SIZE || op->kind == SIZE_T || op->kind == TERNARY)
        return fail(x);
    x->d->at += 2;
    const bool is_word = op->text[0] >= 'a' && op->text[0] <= 'z';
    return make_word(x, CW_CXX_BEFORE, heads[is_word], make_text(x, CW_CXX_TEXT, op->text, name_size(op), 0));
}

/* ---- literals ---- */

/* How an integer of a type is shown: a suffix, or NULL for a cast. */
static const char *suffix(char c)
{
    switch (c) {
    case 'i': return "";
    case 'j': return "u";
    case 'l': return "l";
    case 'm': return "ul";
    case 'x': return "ll";
    case 'y': return "ull";
    default: return NULL;
    }
}

static cw_cxx_ref integer(cw_cxx *x)
{
    const bool negative = eat(x->d, 'n');
    const cwrun_str n = digits(x);
    if (n.size == 0)
        return fail(x);
    const cw_cxx_ref ref = make_text(x, CW_CXX_TEXT, n.data, n.size, 0);
    return negative ? make_word(x, CW_CXX_BEFORE, "-", ref) : ref;
}

static cw_cxx_ref floating(cw_cxx *x, size_t n)
{
    const size_t from = x->d->at;
    while (nibble(peek(x->d)) >= 0)
        take(x->d);
    if (x->d->at - from != n)
        return fail(x);
    return make_text(x, CW_CXX_FLOAT, x->d->text.data + from, n, 0);
}

/* Behind 'L'. */
static cw_cxx_ref literal_value(cw_cxx *x)
{
    const char c = peek(x->d), next = peek_behind(x);
    if (eat_word(x, "_Z"))
        return cw_cxx_encoding(x);
    if (c == 'b' && (next == '0' || next == '1')) {
        x->d->at += 2;
        return make_word(x, CW_CXX_TEXT, next == '1' ? "true" : "false", 0);
    }
    if (eat_word(x, "Dn")) {
        eat(x->d, '0');
        return make_word(x, CW_CXX_TEXT, "nullptr", 0);
    }
    if (c == 'f' || c == 'd') {
        take(x->d);
        return floating(x, c == 'f' ? 8 : 16);
    }
    const char *after = suffix(c);
    if (after) {
        take(x->d);
        return make_word(x, CW_CXX_POSTFIX, after, integer(x));
    }
    const cw_cxx_ref of = cw_cxx_type(x), value = integer(x);
    return make_pair(x, CW_CXX_LITERAL, of, value);
}

/* ---- expressions ---- */

static cw_cxx_ref expressions(cw_cxx *x)
{
    cw_cxx_list l = { 0, 0 };
    while (x->d->ok && !eat(x->d, 'E'))
        append(x, &l, cw_cxx_expression(x));
    return l.first;
}

static cw_cxx_ref with_arguments(cw_cxx *x, cw_cxx_ref name)
{
    if (peek(x->d) != 'I')
        return name;
    const cw_cxx_ref arguments = cw_cxx_template_arguments(x, false);
    return make_pair(x, CW_CXX_TEMPLATE, name, arguments);
}

/* The last part of a name whose meaning depends. */
static cw_cxx_ref base_name(cw_cxx *x)
{
    if (eat_word(x, "on"))
        return with_arguments(x, cw_cxx_operator_name(x, NULL));
    if (eat_word(x, "dn"))
        return make_word(x, CW_CXX_BEFORE, "~", is_digit(peek(x->d)) ? cw_cxx_source_name(x) : cw_cxx_type(x));
    return with_arguments(x, cw_cxx_source_name(x));
}

/* Behind "sr": qualifiers and a name. */
static cw_cxx_ref unresolved_name(cw_cxx *x)
{
    cw_cxx_ref so_far = 0;
    const bool is_long = eat(x->d, 'N');
    if (is_long || !is_digit(peek(x->d)))
        so_far = cw_cxx_type(x);
    if (is_long || !so_far) {
        do {
            const cw_cxx_ref level = with_arguments(x, cw_cxx_source_name(x));
            so_far = so_far ? make_pair(x, CW_CXX_NESTED, so_far, level) : level;
        } while (x->d->ok && !eat(x->d, 'E'));
    }
    return make_pair(x, CW_CXX_NESTED, so_far, base_name(x));
}

/* fp_, fp0_, …: parameters of the function, which have no names. */
static cw_cxx_ref function_parameter(cw_cxx *x)
{
    while (strchr("rVK", peek(x->d)) && peek(x->d))
        take(x->d);
    const cwrun_str n = digits(x);
    expect(x, '_');
    return make_word(x, CW_CXX_BEFORE, "fp", make_text(x, CW_CXX_TEXT, n.data, n.size, 0));
}

/* Behind 'f' and one of "lrLR". */
static cw_cxx_ref fold(cw_cxx *x, char side)
{
    const operator* op = find_operator(x);
    if (!op || op->kind != BINARY)
        return fail(x);
    x->d->at += 2;
    const bool has_start = side == 'L' || side == 'R';
    cw_cxx_ref first = cw_cxx_expression(x), dots = make_word(x, CW_CXX_TEXT, "...", 0);
    cw_cxx_ref second = has_start ? cw_cxx_expression(x) : 0;
    if (side == 'l') {
        second = first;
        first = dots;
    } else if (side == 'r') {
        second = dots;
    } else {
        const cw_cxx_ref more = make_word(x, CW_CXX_BINARY, op->text, first);
        x->nodes[more].b = dots;
        first = more;
    }
    const cw_cxx_ref whole = make_word(x, CW_CXX_BINARY, op->text, first);
    if (whole)
        x->nodes[whole].b = second;
    return make_word(x, CW_CXX_WRAPPED, "", whole);
}

/* (type)(expressions) */
static cw_cxx_ref conversion(cw_cxx *x)
{
    const cw_cxx_ref to = cw_cxx_type(x);
    cw_cxx_ref of;
    if (eat(x->d, '_'))
        of = expressions(x);
    else
        of = make_pair(x, CW_CXX_LIST, cw_cxx_expression(x), 0);
    return make_pair(x, CW_CXX_CONVERT, to, of);
}

static cw_cxx_ref named_cast(cw_cxx *x, const char *text)
{
    const cw_cxx_ref to = cw_cxx_type(x), of = cw_cxx_expression(x);
    const cw_cxx_ref ref = make_word(x, CW_CXX_CAST, text, to);
    if (ref)
        x->nodes[ref].b = of;
    return ref;
}

static cw_cxx_ref operation(cw_cxx *x, const operator* op)
{
    static const uint8_t kinds[] = {
        [BINARY] = CW_CXX_BINARY, [MEMBER] = CW_CXX_MEMBER_OF, [INDEX] = CW_CXX_SUBSCRIPT
    };
    cw_cxx_ref a, b, c, ref;
    x->d->at += 2;
    switch (op->kind) {
    case UNARY:
        if ((op->code[0] == 'p' || op->code[0] == 'm') && op->code[1] == op->code[0] && !eat(x->d, '_'))
            return make_word(x, CW_CXX_POSTFIX, op->text, cw_cxx_expression(x));
        return make_word(x, CW_CXX_PREFIX, op->text, cw_cxx_expression(x));
    case BINARY:
    case MEMBER:
    case INDEX:
        a = cw_cxx_expression(x);
        b = cw_cxx_expression(x);
        ref = make_word(x, kinds[op->kind], op->text, a);
        if (ref)
            x->nodes[ref].b = b;
        return ref;
    case TERNARY:
        a = cw_cxx_expression(x);
        b = cw_cxx_expression(x);
        c = cw_cxx_expression(x);
        return make(x, (cw_cxx_node){ .kind = CW_CXX_CONDITIONAL, .a = a, .b = b, .c = c });
    case SIZE: return make_text(x, CW_CXX_WRAPPED, op->text, name_size(op), cw_cxx_expression(x));
    case SIZE_T: return make_text(x, CW_CXX_WRAPPED, op->text, name_size(op), cw_cxx_type(x));
    default: return fail(x);
    }
}

static cw_cxx_ref any_expression(cw_cxx *x)
{
    static const struct {
        char code[3];
        const char *text;
    } casts[] = {
        { "dc", "dynamic_cast" }, { "sc", "static_cast" }, { "cc", "const_cast" }, { "rc", "reinterpret_cast" }
    };
    const char c = peek(x->d);
    cw_cxx_ref ref;
    if (eat(x->d, 'L')) {
        ref = literal_value(x);
        expect(x, 'E');
        return ref;
    }
    if (c == 'T')
        return cw_cxx_template_parameter(x);
    if (is_digit(c) || (c == 'o' && peek_behind(x) == 'n') || (c == 'd' && peek_behind(x) == 'n'))
        return base_name(x);
    if (eat_word(x, "gs"))
        return make_word(x, CW_CXX_BEFORE, "::", cw_cxx_expression(x));
    if (eat_word(x, "fp"))
        return function_parameter(x);
    if (c == 'f' && peek_behind(x) == 'L' && x->d->text.size - x->d->at > 2 &&
        is_digit(x->d->text.data[x->d->at + 2])) {
        x->d->at += 2;
        digits(x);
        expect(x, 'p');
        return function_parameter(x);
    }
    if (c == 'f') {
        take(x->d);
        return strchr("lrLR", peek(x->d)) && peek(x->d) ? fold(x, take(x->d)) : fail(x);
    }
    for (size_t i = 0; i < sizeof casts / sizeof *casts; i++)
        if (eat_word(x, casts[i].code))
            return named_cast(x, casts[i].text);
    if (eat_word(x, "cv"))
        return conversion(x);
    if (eat_word(x, "cl")) {
        ref = cw_cxx_expression(x);
        return make_pair(x, CW_CXX_CALL, ref, expressions(x));
    }
    if (eat_word(x, "tl")) {
        ref = cw_cxx_type(x);
        return make_pair(x, CW_CXX_BRACED, ref, expressions(x));
    }
    if (eat_word(x, "il"))
        return make_pair(x, CW_CXX_BRACED, 0, expressions(x));
    if (eat_word(x, "sr"))
        return unresolved_name(x);
    if (eat_word(x, "sp"))
        return make_pair(x, CW_CXX_EXPANSION, cw_cxx_expression(x), 0);
    if (eat_word(x, "sZ"))
        return make_word(x, CW_CXX_WRAPPED, "sizeof...", make_pair(x, CW_CXX_EXPANSION, cw_cxx_expression(x), 0));
    if (eat_word(x, "tr"))
        return make_word(x, CW_CXX_TEXT, "throw", 0);
    const operator* op = find_operator(x);
    return op ? operation(x, op) : fail(x);
}

cw_cxx_ref cw_cxx_expression(cw_cxx *x)
{
    if (!enter(x))
        return 0;
    const cw_cxx_ref ref = any_expression(x);
    leave(x);
    return ref;
}
