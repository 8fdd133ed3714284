/* base/demangle_cxx.c: symbols of C++  [Itanium C++ ABI 5.1].
 *
 * What a symbol says does not stand in the order of the text: types wrap around what they declare, template parameters
 * mean arguments read before. So a symbol is read into nodes, a fixed number of them, and those are printed
 * (demangle_cxx_print.c). A substitution is the number of a node. What is not understood (modules, constraints, most
 * of what only vendors mangle) fails, and the symbol is shown as it is. */
#include "base/demangle_cxx.h"

static cw_cxx_ref name(cw_cxx *x, cw_cxx_function *f);

static uint64_t number(cw_cxx *x)
{
    uint64_t value = 0;
    if (!is_digit(peek(x->d)))
        x->d->ok = false;
    while (is_digit(peek(x->d)))
        value = times_plus(x->d, value, 10, (uint64_t)(take(x->d) - '0'));
    return value;
}

/* The number of "_" (0), "0_" (1), …, in base 10 or 36. */
static uint64_t sequence(cw_cxx *x, uint64_t base)
{
    if (eat(x->d, '_'))
        return 0;
    uint64_t value = 0;
    while (x->d->ok && !eat(x->d, '_')) {
        const char c = take(x->d);
        if (is_digit(c))
            value = times_plus(x->d, value, base, (uint64_t)(c - '0'));
        else if (base == 36 && c >= 'A' && c <= 'Z')
            value = times_plus(x->d, value, base, (uint64_t)(c - 'A') + 10);
        else
            x->d->ok = false;
    }
    return times_plus(x->d, value, 1, 1);
}

/* A size and so many bytes. */
static cwrun_str source_text(cw_cxx *x)
{
    const uint64_t size = number(x);
    if (!x->d->ok || size == 0 || size > x->d->text.size - x->d->at) {
        x->d->ok = false;
        return CW_STR("");
    }
    const size_t from = x->d->at;
    x->d->at += (size_t)size;
    return cw_str_sub(x->d->text, from, x->d->at);
}

cw_cxx_ref cw_cxx_source_name(cw_cxx *x)
{
    cwrun_str text = source_text(x);
    if (cw_str_starts(text, CW_STR("_GLOBAL__N")))
        text = CW_STR("(anonymous namespace)");
    return make_text(x, CW_CXX_TEXT, text.data, text.size, 0);
}

static unsigned cv_qualifiers(cw_cxx *x)
{
    unsigned q = eat(x->d, 'r') ? CW_CXX_RESTRICT : 0;
    q |= eat(x->d, 'V') ? CW_CXX_VOLATILE : 0;
    return q | (eat(x->d, 'K') ? CW_CXX_CONST : 0);
}

static unsigned reference_qualifier(cw_cxx *x)
{
    return eat(x->d, 'R') ? CW_CXX_LVALUE : eat(x->d, 'O') ? CW_CXX_RVALUE : 0;
}

/* Whether nothing of a function's type follows. */
static bool is_end_of_encoding(const cw_cxx *x)
{
    const char c = peek(x->d);
    return c == '\0' || c == 'E' || c == '.';
}

/* Types up to 'E' or what ends an encoding; a single void is none. */
static cw_cxx_ref parameters(cw_cxx *x)
{
    cw_cxx_list l = { 0, 0 };
    if (eat(x->d, 'v'))
        return 0;
    while (x->d->ok && !is_end_of_encoding(x)) {
        const char c = peek(x->d), next = peek_behind(x);
        if ((c == 'R' || c == 'O') && next == 'E') /* a reference qualifier */
            break;
        append(x, &l, cw_cxx_type(x));
    }
    return l.first;
}

/* ---- names ---- */

/* Which of its kind, as people count: "_" is 1, "0_" is 2. */
static cw_cxx_ref counted(cw_cxx *x, cw_cxx_kind kind, cw_cxx_ref of)
{
    const uint64_t n = sequence(x, 10);
    if (n >= UINT16_MAX)
        return fail(x);
    return make_pair(x, kind, of, (cw_cxx_ref)(n + 1));
}

static cw_cxx_ref unnamed_type(cw_cxx *x)
{
    expect(x, 'U');
    if (eat(x->d, 't'))
        return counted(x, CW_CXX_UNNAMED, 0);
    expect(x, 'l');
    while (eat_word(x, "Ty")) /* parameters of its template: shown as auto */
        continue;
    x->n_lambdas++;
    const cw_cxx_ref params = parameters(x);
    x->n_lambdas--;
    expect(x, 'E');
    return counted(x, CW_CXX_LAMBDA, params);
}

/* Of the class `scope`. */
static cw_cxx_ref constructor(cw_cxx *x, cw_cxx_function *f, cw_cxx_ref scope)
{
    const char c = take(x->d);
    if (c == 'C' && eat(x->d, 'I'))
        scope = (take(x->d), cw_cxx_type(x));
    else if (!is_digit(take(x->d)))
        return fail(x);
    if (f)
        f->has_no_return = true;
    return make_word(x, CW_CXX_CTOR, c == 'D' ? "~" : "", scope);
}

/* A name inside `scope` (0: none), qualified with it. */
static cw_cxx_ref unqualified_name(cw_cxx *x, cw_cxx_function *f, cw_cxx_ref scope)
{
    cw_cxx_ref result;
    eat(x->d, 'L'); /* internal linkage */
    const char c = peek(x->d);
    if (is_digit(c)) {
        result = cw_cxx_source_name(x);
    } else if (c == 'U') {
        result = unnamed_type(x);
    } else if (c == 'C' || c == 'D') {
        if (!scope)
            return fail(x);
        if (x->nodes[scope].kind == CW_CXX_STD && x->nodes[scope].b) /* std::string: as it is written out */
            scope = x->nodes[scope].b;
        result = constructor(x, f, scope);
    } else {
        result = cw_cxx_operator_name(x, f);
    }
    while (eat(x->d, 'B')) {
        const cwrun_str tag = source_text(x);
        result = make_text(x, CW_CXX_TAGGED, tag.data, tag.size, result);
    }
    return scope ? make_pair(x, CW_CXX_NESTED, scope, result) : result;
}

/* Behind 'S'. */
cw_cxx_ref cw_cxx_substitution(cw_cxx *x)
{
    static const struct {
        char code;
        const char *text, *whole, *base;
    } known[] = {
        { 'a', "std::allocator", NULL, "allocator" },
        { 'b', "std::basic_string", NULL, "basic_string" },
        { 's', "std::string", "std::basic_string<char, std::char_traits<char>, std::allocator<char> >",
          "basic_string" },
        { 'i', "std::istream", "std::basic_istream<char, std::char_traits<char> >", "basic_istream" },
        { 'o', "std::ostream", "std::basic_ostream<char, std::char_traits<char> >", "basic_ostream" },
        { 'd', "std::iostream", "std::basic_iostream<char, std::char_traits<char> >", "basic_iostream" },
    };
    for (size_t i = 0; i < sizeof known / sizeof *known; i++) {
        if (!eat(x->d, known[i].code))
            continue;
        const cw_cxx_ref base = make_word(x, CW_CXX_TEXT, known[i].base, 0);
        const cw_cxx_ref ref = make_word(x, CW_CXX_STD, known[i].text, 0);
        cw_cxx_ref whole = 0;
        if (known[i].whole) {
            whole = make_word(x, CW_CXX_STD, known[i].whole, 0);
            x->nodes[whole].c = base;
        }
        x->nodes[ref].b = whole;
        x->nodes[ref].c = base;
        return ref;
    }
    const uint64_t place = sequence(x, 36);
    return x->d->ok && place < x->n_substitutions ? x->substitutions[place] : fail(x);
}

static cw_cxx_ref make_std(cw_cxx *x)
{
    return make_word(x, CW_CXX_TEXT, "std", 0);
}

/* T_, T0_, … */
cw_cxx_ref cw_cxx_template_parameter(cw_cxx *x)
{
    expect(x, 'T');
    uint64_t level = 0;
    if (eat(x->d, 'L'))
        level = times_plus(x->d, sequence(x, 10), 1, 1);
    const uint64_t n = sequence(x, 10);
    if (x->may_forward && level == 0) {
        if (x->n_forwards == CW_CXX_FORWARDS || n >= CW_CXX_PARAMS)
            return fail(x);
        x->forward_to[x->n_forwards] = (uint32_t)n;
        return x->forwards[x->n_forwards++] = make_pair(x, CW_CXX_FORWARD, 0, 0);
    }
    if (level == 0 && n < x->n_params)
        return x->params[n];
    return x->n_lambdas ? make_word(x, CW_CXX_TEXT, "auto", 0) : fail(x);
}

static cw_cxx_ref decltype_of(cw_cxx *x)
{
    x->d->at += 2;
    const cw_cxx_ref what = cw_cxx_expression(x);
    expect(x, 'E');
    return make_word(x, CW_CXX_WRAPPED, "decltype", what);
}

static bool at_decltype(const cw_cxx *x)
{
    return peek(x->d) == 'D' && (peek_behind(x) == 't' || peek_behind(x) == 'T');
}

static cw_cxx_ref nested_name(cw_cxx *x, cw_cxx_function *f)
{
    cw_cxx_ref so_far = 0;
    expect(x, 'N');
    unsigned qualifiers = cv_qualifiers(x);
    qualifiers |= reference_qualifier(x);
    if (f)
        f->qualifiers = (uint8_t)qualifiers;
    while (x->d->ok && !eat(x->d, 'E')) {
        const char c = peek(x->d);
        if (f)
            f->has_arguments = false;
        if (c == 'T' || at_decltype(x)) {
            if (so_far)
                return fail(x);
            so_far = c == 'T' ? cw_cxx_template_parameter(x) : decltype_of(x);
        } else if (c == 'I') {
            if (!so_far)
                return fail(x);
            const cw_cxx_ref arguments = cw_cxx_template_arguments(x, f != NULL);
            so_far = make_pair(x, CW_CXX_TEMPLATE, so_far, arguments);
            if (f)
                f->has_arguments = true;
        } else if (c == 'S') {
            if (so_far)
                return fail(x);
            take(x->d);
            so_far = eat(x->d, 't') ? make_std(x) : cw_cxx_substitution(x);
            continue;
        } else {
            so_far = unqualified_name(x, f, so_far);
        }
        add_substitution(x, so_far);
        eat(x->d, 'M'); /* the initializer of a member */
    }
    if (!so_far || x->n_substitutions == 0)
        return fail(x);
    x->n_substitutions--; /* the whole name is none, unless it is a type */
    return so_far;
}

static void discriminator(cw_cxx *x)
{
    if (!eat(x->d, '_'))
        return;
    if (eat(x->d, '_')) {
        number(x);
        expect(x, '_');
    } else if (!is_digit(take(x->d))) {
        x->d->ok = false;
    }
}

/* Something inside a function. */
static cw_cxx_ref local_name(cw_cxx *x, cw_cxx_function *f)
{
    cw_cxx_ref inner;
    expect(x, 'Z');
    const cw_cxx_ref function = cw_cxx_encoding(x);
    expect(x, 'E');
    if (eat(x->d, 's')) {
        discriminator(x);
        inner = make_word(x, CW_CXX_TEXT, "string literal", 0);
    } else {
        if (eat(x->d, 'd')) { /* in a default argument */
            sequence(x, 10);
            inner = name(x, f);
        } else {
            inner = name(x, f);
            discriminator(x);
        }
    }
    return make_pair(x, CW_CXX_NESTED, function, inner);
}

static cw_cxx_ref any_name(cw_cxx *x, cw_cxx_function *f)
{
    cw_cxx_ref result;
    if (peek(x->d) == 'N')
        return nested_name(x, f);
    if (peek(x->d) == 'Z')
        return local_name(x, f);
    if (peek(x->d) == 'S' && peek_behind(x) != 't') {
        take(x->d);
        result = cw_cxx_substitution(x);
        if (peek(x->d) != 'I')
            return fail(x);
    } else {
        result = unqualified_name(x, f, eat_word(x, "St") ? make_std(x) : 0);
        if (peek(x->d) != 'I')
            return result;
        add_substitution(x, result);
    }
    const cw_cxx_ref arguments = cw_cxx_template_arguments(x, f != NULL);
    if (f)
        f->has_arguments = true;
    return make_pair(x, CW_CXX_TEMPLATE, result, arguments);
}

/* f: of the function whose name it is; NULL for the names of types. */
static cw_cxx_ref name(cw_cxx *x, cw_cxx_function *f)
{
    if (!enter(x))
        return 0;
    const cw_cxx_ref ref = any_name(x, f);
    leave(x);
    return ref;
}

/* ---- template arguments ---- */

static cw_cxx_ref template_argument(cw_cxx *x)
{
    cw_cxx_ref result;
    cw_cxx_list l = { 0, 0 };
    if (!enter(x))
        return 0;
    switch (peek(x->d)) {
    case 'X':
        take(x->d);
        result = cw_cxx_expression(x);
        expect(x, 'E');
        if (x->nodes[result].kind == CW_CXX_BINARY && x->nodes[result].text[0] == '>')
            result = make_word(x, CW_CXX_WRAPPED, "", result);
        break;
    case 'L': result = cw_cxx_expression(x); break;
    case 'J':
        take(x->d);
        while (x->d->ok && !eat(x->d, 'E'))
            append(x, &l, template_argument(x));
        result = make_pair(x, CW_CXX_ARGUMENTS, l.first, 0);
        break;
    default: result = cw_cxx_type(x);
    }
    leave(x);
    return result;
}

/* The list between 'I' and 'E'. Those of an encoding's name are what T_ means from here on. */
cw_cxx_ref cw_cxx_template_arguments(cw_cxx *x, bool of_encoding)
{
    cw_cxx_list l = { 0, 0 };
    expect(x, 'I');
    if (of_encoding)
        x->n_params = 0;
    while (x->d->ok && !eat(x->d, 'E')) {
        cw_cxx_ref item = template_argument(x);
        append(x, &l, item);
        if (!of_encoding)
            continue;
        if (x->nodes[item].kind == CW_CXX_ARGUMENTS)
            item = make_pair(x, CW_CXX_PACK, x->nodes[item].a, 0);
        if (x->n_params == CW_CXX_PARAMS)
            fail(x);
        else
            x->params[x->n_params++] = item;
    }
    return l.first;
}

/* ---- types ---- */

/* The names of built-in types by their letters; NULL where there is none. */
static const char *builtin(char c)
{
    static const char *const names[26] = {
        "signed char",
        "bool",
        "char",
        "double",
        "long double",
        "float",
        "__float128",
        "unsigned char",
        "int",
        "unsigned int",
        NULL,
        "long",
        "unsigned long",
        "__int128",
        "unsigned __int128",
        NULL,
        NULL,
        NULL,
        "short",
        "unsigned short",
        NULL,
        "void",
        "wchar_t",
        "long long",
        "unsigned long long",
        "...",
    };
    return c >= 'a' && c <= 'z' ? names[c - 'a'] : NULL;
}

/* Those behind 'D'. */
static const char *builtin_d(char c)
{
    switch (c) {
    case 'a': return "auto";
    case 'c': return "decltype(auto)";
    case 'd': return "decimal64";
    case 'e': return "decimal128";
    case 'f': return "decimal32";
    case 'h': return "half";
    case 'i': return "char32_t";
    case 'n': return "std::nullptr_t";
    case 's': return "char16_t";
    case 'u': return "char8_t";
    default: return NULL;
    }
}

static cw_cxx_ref exception_specification(cw_cxx *x)
{
    if (eat_word(x, "Do"))
        return make_word(x, CW_CXX_TEXT, " noexcept", 0);
    if (eat_word(x, "DO")) {
        const cw_cxx_ref when = cw_cxx_expression(x);
        expect(x, 'E');
        return make_word(x, CW_CXX_WRAPPED, " noexcept", when);
    }
    return 0;
}

static cw_cxx_ref function_type(cw_cxx *x)
{
    cw_cxx_node n = { .kind = CW_CXX_FUNCTION };
    unsigned qualifiers = cv_qualifiers(x);
    n.c = exception_specification(x);
    expect(x, 'F');
    eat(x->d, 'Y'); /* extern "C" */
    n.a = cw_cxx_type(x);
    n.b = parameters(x);
    qualifiers |= reference_qualifier(x);
    expect(x, 'E');
    n.qualifiers = (uint8_t)qualifiers;
    return make(x, n);
}

/* The dimension of an array or a vector, up to '_'. */
static cw_cxx_ref dimension(cw_cxx *x)
{
    cw_cxx_ref ref = 0;
    if (is_digit(peek(x->d))) {
        const cwrun_str n = digits(x);
        ref = make_text(x, CW_CXX_TEXT, n.data, n.size, 0);
    } else if (peek(x->d) != '_') {
        ref = cw_cxx_expression(x);
    }
    expect(x, '_');
    return ref;
}

/* Whether qualifiers that come next are those of a function's type. */
static bool at_function_type(const cw_cxx *x)
{
    const cwrun_str s = cw_str_sub(x->d->text, x->d->at, x->d->text.size);
    size_t i = 0;
    while (i < s.size && strchr("rVK", s.data[i]))
        i++;
    const char c = i < s.size ? s.data[i] : '\0', next = i + 1 < s.size ? s.data[i + 1] : '\0';
    return c == 'F' || (c == 'D' && (next == 'o' || next == 'O'));
}

static cw_cxx_ref qualified_type(cw_cxx *x)
{
    if (at_function_type(x))
        return function_type(x);
    const unsigned qualifiers = cv_qualifiers(x);
    const cw_cxx_ref of = cw_cxx_type(x);
    return make(x, (cw_cxx_node){ .kind = CW_CXX_QUALIFIED, .a = of, .qualifiers = (uint8_t)qualifiers });
}

/* Behind the look at 'D': what is no built-in type. */
static cw_cxx_ref type_d(cw_cxx *x)
{
    cw_cxx_ref n, of;
    switch (peek_behind(x)) {
    case 't':
    case 'T': return decltype_of(x);
    case 'o':
    case 'O': return function_type(x);
    case 'p': x->d->at += 2; return make_pair(x, CW_CXX_EXPANSION, cw_cxx_type(x), 0);
    case 'v':
        x->d->at += 2;
        n = dimension(x);
        of = cw_cxx_type(x);
        return make_pair(x, CW_CXX_VECTOR, of, n);
    default: return fail(x);
    }
}

static cw_cxx_ref with_arguments(cw_cxx *x, cw_cxx_ref template)
{
    const cw_cxx_ref arguments = cw_cxx_template_arguments(x, false);
    return make_pair(x, CW_CXX_TEMPLATE, template, arguments);
}

static cw_cxx_ref type_t(cw_cxx *x)
{
    switch (peek_behind(x)) {
    case 's':
    case 'u':
    case 'e': x->d->at += 2; return name(x, NULL);
    default: break;
    }
    const cw_cxx_ref ref = cw_cxx_template_parameter(x);
    if (x->without_arguments || peek(x->d) != 'I')
        return ref;
    add_substitution(x, ref);
    return with_arguments(x, ref);
}

static cw_cxx_ref pointer(cw_cxx *x, const char *text)
{
    take(x->d);
    return make_word(x, CW_CXX_POINTER, text, cw_cxx_type(x));
}

static cw_cxx_ref pair_type(cw_cxx *x, bool is_array)
{
    take(x->d);
    const cw_cxx_ref first = is_array ? dimension(x) : cw_cxx_type(x), second = cw_cxx_type(x);
    return is_array ? make_pair(x, CW_CXX_ARRAY, second, first) : make_pair(x, CW_CXX_MEMBER, first, second);
}

static cw_cxx_ref vendor_type(cw_cxx *x, bool is_qualifier)
{
    take(x->d);
    const cwrun_str text = source_text(x);
    if (!is_qualifier)
        return make_text(x, CW_CXX_TEXT, text.data, text.size, 0);
    return make_text(x, CW_CXX_AFTER, text.data, text.size, cw_cxx_type(x));
}

static cw_cxx_ref any_type(cw_cxx *x)
{
    const char c = peek(x->d);
    const char *word = c == 'D' ? builtin_d(peek_behind(x)) : builtin(c);
    if (word) {
        x->d->at += c == 'D' ? 2 : 1;
        return make_word(x, CW_CXX_TEXT, word, 0);
    }

    cw_cxx_ref ref;
    switch (c) {
    case 'r':
    case 'V':
    case 'K': ref = qualified_type(x); break;
    case 'D': ref = type_d(x); break;
    case 'F': ref = function_type(x); break;
    case 'A':
    case 'M': ref = pair_type(x, c == 'A'); break;
    case 'P': ref = pointer(x, "*"); break;
    case 'R': ref = pointer(x, "&"); break;
    case 'O': ref = pointer(x, "&&"); break;
    case 'C':
    case 'G':
        take(x->d);
        ref = make_word(x, CW_CXX_AFTER, c == 'C' ? "complex" : "imaginary", cw_cxx_type(x));
        break;
    case 'u':
    case 'U': ref = vendor_type(x, c == 'U'); break;
    case 'T': ref = type_t(x); break;
    case 'S':
        if (peek_behind(x) == 't') {
            ref = name(x, NULL);
            break;
        }
        take(x->d);
        ref = cw_cxx_substitution(x);
        if (x->without_arguments || peek(x->d) != 'I')
            return ref;
        ref = with_arguments(x, ref);
        break;
    default: ref = name(x, NULL);
    }
    return add_substitution(x, ref);
}

cw_cxx_ref cw_cxx_type(cw_cxx *x)
{
    if (!enter(x))
        return 0;
    const cw_cxx_ref ref = any_type(x);
    leave(x);
    return ref;
}

/* ---- functions and what else has a symbol ---- */

/* The type of a conversion operator may mean arguments that came behind it. */
static void resolve_forwards(cw_cxx *x, uint32_t first)
{
    for (uint32_t i = first; i < x->n_forwards; i++) {
        if (x->forward_to[i] >= x->n_params)
            fail(x);
        else
            x->nodes[x->forwards[i]].a = x->params[x->forward_to[i]];
    }
    x->n_forwards = first;
}

/* "h" and "v" offsets of thunks. */
static void call_offset(cw_cxx *x)
{
    const bool is_virtual = eat(x->d, 'v');
    if (!is_virtual)
        expect(x, 'h');
    for (unsigned i = 0; i <= is_virtual; i++) {
        eat(x->d, 'n');
        number(x);
        expect(x, '_');
    }
}

static cw_cxx_ref special_name(cw_cxx *x)
{
    static const struct {
        char code[3];
        const char *text;
    } of_types[] = { { "TV", "vtable for " },
                     { "TT", "VTT for " },
                     { "TI", "typeinfo for " },
                     { "TS", "typeinfo name for " } },
      of_names[] = { { "GV", "guard variable for " },
                     { "TW", "thread-local wrapper routine for " },
                     { "TH", "thread-local initialization routine for " } };
    for (size_t i = 0; i < sizeof of_types / sizeof *of_types; i++)
        if (eat_word(x, of_types[i].code))
            return make_word(x, CW_CXX_BEFORE, of_types[i].text, cw_cxx_type(x));
    for (size_t i = 0; i < sizeof of_names / sizeof *of_names; i++)
        if (eat_word(x, of_names[i].code))
            return make_word(x, CW_CXX_BEFORE, of_names[i].text, name(x, NULL));
    if (eat_word(x, "GR")) {
        const cw_cxx_ref of = name(x, NULL);
        sequence(x, 36);
        return make_word(x, CW_CXX_BEFORE, "reference temporary for ", of);
    }
    if (eat_word(x, "Tc")) {
        call_offset(x);
        call_offset(x);
        return make_word(x, CW_CXX_BEFORE, "covariant return thunk to ", cw_cxx_encoding(x));
    }
    expect(x, 'T');
    const bool is_virtual = peek(x->d) == 'v';
    call_offset(x);
    return make_word(x, CW_CXX_BEFORE, is_virtual ? "virtual thunk to " : "non-virtual thunk to ", cw_cxx_encoding(x));
}

static cw_cxx_ref function_or_object(cw_cxx *x)
{
    const uint32_t first_forward = x->n_forwards;
    cw_cxx_function f = { 0, false, false };
    cw_cxx_node n = { .kind = CW_CXX_ENCODING };
    n.a = name(x, &f);
    resolve_forwards(x, first_forward);
    if (is_end_of_encoding(x))
        return x->d->ok ? n.a : 0;
    if (f.has_arguments && !f.has_no_return)
        n.b = cw_cxx_type(x);
    n.c = parameters(x);
    n.qualifiers = f.qualifiers;
    return make(x, n);
}

cw_cxx_ref cw_cxx_encoding(cw_cxx *x)
{
    cw_cxx_ref params[CW_CXX_PARAMS];
    const uint32_t n_params = x->n_params;
    const char c = peek(x->d);
    if (!enter(x))
        return 0;
    memcpy(params, x->params, sizeof params);
    const cw_cxx_ref ref = c == 'T' || c == 'G' ? special_name(x) : function_or_object(x);
    memcpy(x->params, params, sizeof params);
    x->n_params = n_params;
    leave(x);
    return ref;
}

void cw_demangle_cxx(cw_demangler *d)
{
    cw_cxx x;
    x.d = d;
    x.nodes[0] = (cw_cxx_node){ .kind = CW_CXX_NONE };
    x.n_nodes = 1;
    x.n_substitutions = x.n_params = x.n_forwards = 0;
    x.n_lambdas = 0;
    x.may_forward = x.without_arguments = false;
    x.pack_index = 0;
    x.pack_size = UINT32_MAX;
    memset(x.params, 0, sizeof x.params);

    const cw_cxx_ref ref = cw_cxx_encoding(&x);
    if (d->at < d->text.size && d->text.data[d->at] != '.')
        d->ok = false;
    d->n_read = 0;
    cw_cxx_print(&x, ref);
    if (d->at < d->text.size) { /* what a compiler appended */
        puts_to(d, " (");
        put(d, d->text.data + d->at, d->text.size - d->at);
        puts_to(d, ")");
        d->at = d->text.size;
    }
}
