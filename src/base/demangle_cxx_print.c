/* base/demangle_cxx_print.c: nodes of a C++ symbol as text.
 *
 * A type has a part before and one behind what is declared with it: `int (*` and `)[3]`. Nodes can be shared, so that
 * what is printed may be exponentially long: every visit is counted, and the output has an end. */
#include "base/demangle_cxx.h"

enum { NO_PACK = UINT32_MAX };

static void left(cw_cxx *x, cw_cxx_ref ref);
static void right(cw_cxx *x, cw_cxx_ref ref);

/* The node, counted as a visit. */
static const cw_cxx_node *get(cw_cxx *x, cw_cxx_ref ref)
{
    if (x->d->n_read >= CW_DEMANGLE_READ)
        x->d->ok = false;
    x->d->n_read++;
    return &x->nodes[x->d->ok ? ref : 0];
}

void cw_cxx_print(cw_cxx *x, cw_cxx_ref ref)
{
    left(x, ref);
    right(x, ref);
}

static void put_text(cw_cxx *x, const cw_cxx_node *n)
{
    put(x->d, n->text, n->size);
}

/* ---- packs and lists ---- */

/* The element of a pack that is shown now; 0 where there is none. */
static cw_cxx_ref element(cw_cxx *x, const cw_cxx_node *pack)
{
    cw_cxx_ref cell = pack->a;
    if (x->pack_size == NO_PACK) { /* the first pack of an expansion says how many there are */
        x->pack_size = 0;
        x->pack_index = 0;
        for (cw_cxx_ref at = cell; at; at = get(x, at)->b)
            x->pack_size++;
    }
    for (uint32_t i = 0; cell && i < x->pack_index; i++)
        cell = get(x, cell)->b;
    return cell ? x->nodes[cell].a : 0;
}

/* What stands for another node right now. */
static cw_cxx_ref resolve(cw_cxx *x, cw_cxx_ref ref)
{
    for (;;) {
        const cw_cxx_node *n = get(x, ref);
        if (n->kind == CW_CXX_PACK)
            ref = element(x, n);
        else if (n->kind == CW_CXX_FORWARD)
            ref = n->a;
        else
            return x->d->ok ? ref : 0;
    }
}

/* Items with commas between; those that print nothing, empty packs, get none. */
static void list(cw_cxx *x, cw_cxx_ref cell)
{
    bool first = true;
    for (; cell && x->d->ok; cell = get(x, cell)->b) {
        const size_t before = x->d->size;
        puts_to(x->d, first ? "" : ", ");
        const size_t start = x->d->size;
        cw_cxx_print(x, x->nodes[cell].a);
        if (x->d->size == start)
            x->d->size = before;
        else
            first = false;
    }
}

static void parenthesized(cw_cxx *x, cw_cxx_ref cell)
{
    put_char(x->d, '(');
    list(x, cell);
    put_char(x->d, ')');
}

static void expansion(cw_cxx *x, const cw_cxx_node *n)
{
    const uint32_t index = x->pack_index, size = x->pack_size;
    const size_t start = x->d->size;
    x->pack_index = 0;
    x->pack_size = NO_PACK;
    cw_cxx_print(x, n->a);
    if (x->pack_size == NO_PACK)
        puts_to(x->d, "...");
    else if (x->pack_size == 0)
        x->d->size = start < x->d->size ? start : x->d->size;
    for (uint32_t i = 1; x->pack_size != NO_PACK && i < x->pack_size && x->d->ok; i++) {
        puts_to(x->d, ", ");
        x->pack_index = i;
        cw_cxx_print(x, n->a);
    }
    x->pack_index = index;
    x->pack_size = size;
}

/* ---- names ---- */

/* The last name of a class, for its constructors. */
static void base_name(cw_cxx *x, cw_cxx_ref ref)
{
    for (;;) {
        const cw_cxx_node *n = get(x, ref);
        switch (n->kind) {
        case CW_CXX_NESTED: ref = n->b; break;
        case CW_CXX_TEMPLATE:
        case CW_CXX_TAGGED: ref = n->a; break;
        case CW_CXX_STD: ref = n->c; break;
        case CW_CXX_PACK:
        case CW_CXX_FORWARD: ref = resolve(x, ref); break;
        default: cw_cxx_print(x, ref); return;
        }
    }
}

static void put_qualifiers(cw_cxx *x, unsigned qualifiers)
{
    static const char *const names[] = { " const", " volatile", " restrict", " &", " &&" };
    for (unsigned i = 0; i < sizeof names / sizeof *names; i++)
        if (qualifiers >> i & 1)
            puts_to(x->d, names[i]);
}

static bool ends_with(const cw_cxx *x, char c)
{
    return x->d->size != 0 && x->d->out[x->d->size - 1] == c;
}

static void template_arguments(cw_cxx *x, cw_cxx_ref cells)
{
    puts_to(x->d, ends_with(x, '<') ? " <" : "<"); /* operator< <int> */
    list(x, cells);
    puts_to(x->d, ends_with(x, '>') ? " >" : ">");
}

/* ---- types ---- */

/* ARRAY or FUNCTION where the type is one: their text wraps around what they declare. NONE for others. */
static cw_cxx_kind wraps(cw_cxx *x, cw_cxx_ref ref)
{
    for (;;) {
        const cw_cxx_node *n = get(x, ref = resolve(x, ref));
        if (n->kind != CW_CXX_QUALIFIED)
            return n->kind == CW_CXX_ARRAY || n->kind == CW_CXX_FUNCTION ? (cw_cxx_kind)n->kind : CW_CXX_NONE;
        ref = n->a;
    }
}

/* Whether anything of the type stands behind what it declares. */
static bool has_right(cw_cxx *x, cw_cxx_ref ref)
{
    for (;;) {
        const cw_cxx_node *n = get(x, ref = resolve(x, ref));
        switch (n->kind) {
        case CW_CXX_QUALIFIED:
        case CW_CXX_POINTER: ref = n->a; break;
        case CW_CXX_MEMBER: ref = n->b; break;
        default: return n->kind == CW_CXX_ARRAY || n->kind == CW_CXX_FUNCTION;
        }
    }
}

static bool is_reference(const cw_cxx_node *n)
{
    return n->kind == CW_CXX_POINTER && n->text[0] == '&';
}

/* What a pointer points to and, in *text, how it is written: references to references are one, & wins over &&. */
static cw_cxx_ref pointee(cw_cxx *x, const cw_cxx_node *n, const char **text)
{
    *text = n->text;
    cw_cxx_ref to = n->a;
    while (is_reference(n)) {
        const cw_cxx_node *next = get(x, resolve(x, to));
        if (!is_reference(next))
            break;
        if (next->text[1] == '\0')
            *text = next->text;
        to = next->a;
    }
    return to;
}

static void pointer_left(cw_cxx *x, const cw_cxx_node *n)
{
    const char *text;
    const cw_cxx_ref to = pointee(x, n, &text);
    left(x, to);
    const cw_cxx_kind kind = wraps(x, to);
    puts_to(x->d, kind == CW_CXX_ARRAY ? " (" : kind == CW_CXX_FUNCTION ? "(" : "");
    puts_to(x->d, text);
}

static void pointer_right(cw_cxx *x, const cw_cxx_node *n)
{
    const char *text;
    const cw_cxx_ref to = pointee(x, n, &text);
    puts_to(x->d, wraps(x, to) ? ")" : "");
    right(x, to);
}

/* ---- expressions ---- */

static bool is_compound(const cw_cxx_node *n)
{
    return n->kind == CW_CXX_BINARY || n->kind == CW_CXX_CONDITIONAL || n->kind == CW_CXX_PREFIX;
}

static void operand(cw_cxx *x, cw_cxx_ref ref)
{
    const bool compound = is_compound(get(x, ref));
    puts_to(x->d, compound ? "(" : "");
    cw_cxx_print(x, ref);
    puts_to(x->d, compound ? ")" : "");
}

/* 8 or 16 hexadecimal digits, as C writes such a number exactly. */
static void put_float(cw_cxx *x, const cw_cxx_node *n)
{
    uint64_t bits = 0;
    char text[40];
    for (unsigned i = 0; i < n->size; i++)
        bits = bits << 4 | (uint64_t)nibble(n->text[i]);
    if (n->size == 8) {
        const uint32_t word = (uint32_t)bits;
        float f;
        memcpy(&f, &word, sizeof f);
        snprintf(text, sizeof text, "%af", (double)f);
    } else {
        double f;
        memcpy(&f, &bits, sizeof f);
        snprintf(text, sizeof text, "%a", f);
    }
    puts_to(x->d, text);
}

static void expression(cw_cxx *x, const cw_cxx_node *n)
{
    switch (n->kind) {
    case CW_CXX_LITERAL:
        put_char(x->d, '(');
        cw_cxx_print(x, n->a);
        put_char(x->d, ')');
        cw_cxx_print(x, n->b);
        break;
    case CW_CXX_FLOAT: put_float(x, n); break;
    case CW_CXX_PREFIX:
        put_text(x, n);
        operand(x, n->a);
        break;
    case CW_CXX_POSTFIX:
        operand(x, n->a);
        put_text(x, n);
        break;
    case CW_CXX_BINARY:
        operand(x, n->a);
        puts_to(x->d, n->text[0] == ',' ? "" : " ");
        put_text(x, n);
        put_char(x->d, ' ');
        operand(x, n->b);
        break;
    case CW_CXX_MEMBER_OF:
        operand(x, n->a);
        put_text(x, n);
        operand(x, n->b);
        break;
    case CW_CXX_CONDITIONAL:
        operand(x, n->a);
        puts_to(x->d, " ? ");
        operand(x, n->b);
        puts_to(x->d, " : ");
        operand(x, n->c);
        break;
    case CW_CXX_CALL:
        operand(x, n->a);
        parenthesized(x, n->b);
        break;
    case CW_CXX_WRAPPED:
        put_text(x, n);
        put_char(x->d, '(');
        cw_cxx_print(x, n->a);
        put_char(x->d, ')');
        break;
    case CW_CXX_CAST:
        put_text(x, n);
        put_char(x->d, '<');
        cw_cxx_print(x, n->a);
        puts_to(x->d, ">(");
        cw_cxx_print(x, n->b);
        put_char(x->d, ')');
        break;
    case CW_CXX_CONVERT:
        put_char(x->d, '(');
        cw_cxx_print(x, n->a);
        put_char(x->d, ')');
        parenthesized(x, n->b);
        break;
    case CW_CXX_BRACED:
        cw_cxx_print(x, n->a);
        put_char(x->d, '{');
        list(x, n->b);
        put_char(x->d, '}');
        break;
    default:
        operand(x, n->a);
        put_char(x->d, '[');
        cw_cxx_print(x, n->b);
        put_char(x->d, ']');
    }
}

/* ---- nodes ---- */

static void name_left(cw_cxx *x, const cw_cxx_node *n)
{
    switch (n->kind) {
    case CW_CXX_NESTED:
        cw_cxx_print(x, n->a);
        puts_to(x->d, "::");
        cw_cxx_print(x, n->b);
        break;
    case CW_CXX_TEMPLATE:
        cw_cxx_print(x, n->a);
        template_arguments(x, n->b);
        break;
    case CW_CXX_TAGGED:
        cw_cxx_print(x, n->a);
        puts_to(x->d, "[abi:");
        put_text(x, n);
        put_char(x->d, ']');
        break;
    case CW_CXX_CTOR:
        put_text(x, n);
        base_name(x, n->a);
        break;
    case CW_CXX_CONVERSION:
        puts_to(x->d, "operator ");
        cw_cxx_print(x, n->a);
        break;
    case CW_CXX_LAMBDA:
        puts_to(x->d, "{lambda");
        parenthesized(x, n->a);
        put_char(x->d, '#');
        put_decimal(x->d, n->b);
        put_char(x->d, '}');
        break;
    default:
        puts_to(x->d, "{unnamed type#");
        put_decimal(x->d, n->b);
        put_char(x->d, '}');
    }
}

static void declarator_left(cw_cxx *x, const cw_cxx_node *n)
{
    switch (n->kind) {
    case CW_CXX_ENCODING:
        if (n->b) {
            left(x, n->b);
            puts_to(x->d, has_right(x, n->b) ? "" : " ");
        }
        cw_cxx_print(x, n->a);
        break;
    case CW_CXX_QUALIFIED:
        left(x, n->a);
        put_qualifiers(x, n->qualifiers);
        break;
    case CW_CXX_POINTER: pointer_left(x, n); break;
    case CW_CXX_MEMBER:
        left(x, n->b);
        puts_to(x->d, wraps(x, n->b) ? "(" : " ");
        cw_cxx_print(x, n->a);
        puts_to(x->d, "::*");
        break;
    case CW_CXX_FUNCTION:
        left(x, n->a);
        put_char(x->d, ' ');
        break;
    default: left(x, n->a);
    }
}

static void left_of(cw_cxx *x, const cw_cxx_node *n)
{
    switch (n->kind) {
    case CW_CXX_NONE: break;
    case CW_CXX_TEXT:
    case CW_CXX_STD: put_text(x, n); break;
    case CW_CXX_NESTED:
    case CW_CXX_TEMPLATE:
    case CW_CXX_TAGGED:
    case CW_CXX_CTOR:
    case CW_CXX_CONVERSION:
    case CW_CXX_LAMBDA:
    case CW_CXX_UNNAMED: name_left(x, n); break;
    case CW_CXX_BEFORE:
        put_text(x, n);
        cw_cxx_print(x, n->a);
        break;
    case CW_CXX_AFTER:
        cw_cxx_print(x, n->a);
        put_char(x->d, ' ');
        put_text(x, n);
        break;
    case CW_CXX_ENCODING:
    case CW_CXX_QUALIFIED:
    case CW_CXX_POINTER:
    case CW_CXX_MEMBER:
    case CW_CXX_FUNCTION:
    case CW_CXX_ARRAY: declarator_left(x, n); break;
    case CW_CXX_VECTOR:
        cw_cxx_print(x, n->a);
        puts_to(x->d, " vector[");
        cw_cxx_print(x, n->b);
        put_char(x->d, ']');
        break;
    case CW_CXX_ARGUMENTS: list(x, n->a); break;
    case CW_CXX_PACK: left(x, element(x, n)); break;
    case CW_CXX_FORWARD: left(x, n->a); break;
    case CW_CXX_EXPANSION: expansion(x, n); break;
    default: expression(x, n);
    }
}

static void right_of(cw_cxx *x, const cw_cxx_node *n)
{
    switch (n->kind) {
    case CW_CXX_ENCODING:
        parenthesized(x, n->c);
        right(x, n->b);
        put_qualifiers(x, n->qualifiers);
        break;
    case CW_CXX_QUALIFIED: right(x, n->a); break;
    case CW_CXX_POINTER: pointer_right(x, n); break;
    case CW_CXX_MEMBER:
        puts_to(x->d, wraps(x, n->b) ? ")" : "");
        right(x, n->b);
        break;
    case CW_CXX_FUNCTION:
        parenthesized(x, n->b);
        right(x, n->a);
        put_qualifiers(x, n->qualifiers);
        cw_cxx_print(x, n->c);
        break;
    case CW_CXX_ARRAY:
        puts_to(x->d, ends_with(x, ']') ? "[" : " [");
        cw_cxx_print(x, n->b);
        put_char(x->d, ']');
        right(x, n->a);
        break;
    case CW_CXX_PACK: right(x, element(x, n)); break;
    case CW_CXX_FORWARD: right(x, n->a); break;
    default: break;
    }
}

/* One half of a node, where nesting allows. */
static void half(cw_cxx *x, cw_cxx_ref ref, void (*part)(cw_cxx *, const cw_cxx_node *))
{
    const cw_cxx_node *n = get(x, ref);
    if (x->d->depth == CW_CXX_DEPTH)
        x->d->ok = false;
    if (!x->d->ok || n->kind == CW_CXX_NONE)
        return;
    x->d->depth++;
    part(x, n);
    x->d->depth--;
}

static void left(cw_cxx *x, cw_cxx_ref ref)
{
    half(x, ref, left_of);
}

static void right(cw_cxx *x, cw_cxx_ref ref)
{
    half(x, ref, right_of);
}
