/* base/demangle_v0.c: Rust symbols of the mangling v0  [RFC 2603; the rustc book: v0 symbol format].
 *
 * One pass reads and prints at once. What the grammar holds but nobody shows (the path of an impl, the instantiating
 * crate) is read quietly. Back-references are read again in place, so output can grow exponentially with input: every
 * branch prints something, and the output's room ends it. */
#include "base/demangle_impl.h"

enum { MAX_DEPTH = 256 }; /* of nested paths, types, constants and back-references */

/* ---- numbers and identifiers ---- */

/* base-62-number: "_" is 0, "0_" is 1, and so on. */
static uint64_t base62(cw_demangler *d)
{
    if (eat(d, '_'))
        return 0;
    uint64_t value = 0;
    while (d->ok && !eat(d, '_')) {
        char c = take(d);
        if (is_digit(c))
            value = times_plus(d, value, 62, (uint64_t)(c - '0'));
        else if (c >= 'a' && c <= 'z')
            value = times_plus(d, value, 62, (uint64_t)(c - 'a') + 10);
        else if (c >= 'A' && c <= 'Z')
            value = times_plus(d, value, 62, (uint64_t)(c - 'A') + 36);
        else
            d->ok = false;
    }
    return times_plus(d, value, 1, 1);
}

/* An optional number behind a tag: 0 without, else one more than written. */
static uint64_t tagged(cw_demangler *d, char tag)
{
    return eat(d, tag) ? times_plus(d, base62(d), 1, 1) : 0;
}

static uint64_t disambiguator(cw_demangler *d)
{
    return tagged(d, 's');
}

/* The digits of a constant, up to '_'. */
static cwrun_str nibbles(cw_demangler *d)
{
    size_t from = d->at;
    while (d->ok && !eat(d, '_'))
        if (nibble(take(d)) < 0)
            d->ok = false;
    return d->ok ? cw_str_sub(d->text, from, d->at - 1) : CW_STR("");
}

/* False where the value needs more than 64 bits. */
static bool nibbles_value(cwrun_str digits, uint64_t *value)
{
    *value = 0;
    for (size_t i = 0; i < digits.size; i++) {
        if (*value >> 60 != 0)
            return false;
        *value = *value << 4 | (uint64_t)nibble(digits.data[i]);
    }
    return true;
}

typedef struct identifier {
    cwrun_str ascii, punycode; /* empty punycode: plain */
} identifier;

static bool is_named(const identifier *name)
{
    return name->ascii.size != 0 || name->punycode.size != 0;
}

static identifier read_identifier(cw_demangler *d)
{
    identifier name = { CW_STR(""), CW_STR("") };
    bool is_unicode = eat(d, 'u');
    char c = take(d);
    if (!is_digit(c))
        d->ok = false;
    uint64_t size = d->ok ? (uint64_t)(c - '0') : 0;
    while (size != 0 && is_digit(peek(d)))
        size = times_plus(d, size, 10, (uint64_t)(take(d) - '0'));
    eat(d, '_');
    if (!d->ok || size > d->text.size - d->at) {
        d->ok = false;
        return name;
    }

    name.ascii = cw_str_sub(d->text, d->at, d->at + (size_t)size);
    d->at += (size_t)size;
    if (is_unicode) {
        size_t split = name.ascii.size;
        while (split > 0 && name.ascii.data[split - 1] != '_')
            split--;
        name.punycode = cw_str_sub(name.ascii, split, name.ascii.size);
        name.ascii = cw_str_sub(name.ascii, 0, split > 0 ? split - 1 : 0);
        if (name.punycode.size == 0)
            d->ok = false;
    }
    return name;
}

/* ---- identifiers beyond ASCII  [RFC 3492, with '_' for the delimiter and digits after letters] ---- */

/* Step of the bias after a delta was used  [RFC 3492 6.1]. */
static uint32_t adapt(uint64_t delta, size_t n_scalars, bool first)
{
    uint32_t k = 0;
    delta /= first ? 700 : 2;
    for (delta += delta / n_scalars; delta > 35 * 26 / 2; delta /= 35)
        k += 36;
    return k + (uint32_t)(36 * delta / (delta + 38));
}

/* One generalized variable-length integer; false where it is cut, malformed or no scalar could come of it. */
static bool read_delta(cwrun_str digits, size_t *at, uint32_t bias, uint64_t *delta)
{
    const uint64_t most = (uint64_t)0x110000 * (CW_DEMANGLE_UNICODE + 1); /* so that nothing below wraps */
    uint64_t weight = 1;
    *delta = 0;
    for (uint32_t k = 36;; k += 36) {
        if (*at == digits.size)
            return false;
        char c = digits.data[(*at)++];
        uint32_t digit, threshold = k <= bias + 1 ? 1 : k >= bias + 26 ? 26 : k - bias;
        if (c >= 'a' && c <= 'z')
            digit = (uint32_t)(c - 'a');
        else if (is_digit(c))
            digit = (uint32_t)(c - '0') + 26;
        else
            return false;
        *delta += digit * weight;
        if (*delta > most)
            return false;
        if (digit < threshold)
            return true;
        weight *= 36 - threshold;
    }
}

/* The scalars of an identifier into d->scalars; their number, or 0 where it cannot be decoded. */
static size_t decode_punycode(cw_demangler *d, const identifier *name)
{
    size_t n = 0, at = 0;
    uint64_t place = 0, scalar = 0x80, delta;
    uint32_t bias = 72;
    if (name->ascii.size > CW_DEMANGLE_UNICODE)
        return 0;
    for (; n < name->ascii.size; n++)
        d->scalars[n] = (uint8_t)name->ascii.data[n];

    while (at < name->punycode.size) {
        bool first = at == 0;
        if (n == CW_DEMANGLE_UNICODE || !read_delta(name->punycode, &at, bias, &delta))
            return 0;
        n++;
        place += delta;
        scalar += place / n;
        place %= n;
        if (!is_scalar(scalar))
            return 0;
        memmove(d->scalars + place + 1, d->scalars + place, (n - 1 - (size_t)place) * sizeof *d->scalars);
        d->scalars[place++] = (uint32_t)scalar;
        bias = adapt(delta, n, first);
    }
    return n;
}

static void put_identifier(cw_demangler *d, const identifier *name)
{
    if (d->quiet || !d->ok)
        return;
    if (name->punycode.size == 0) {
        put(d, name->ascii.data, name->ascii.size);
        return;
    }
    size_t n = decode_punycode(d, name);
    for (size_t i = 0; i < n; i++)
        put_scalar(d, d->scalars[i]);
    if (n == 0) {
        puts_to(d, "punycode{");
        put(d, name->ascii.data, name->ascii.size);
        puts_to(d, name->ascii.size != 0 ? "-" : "");
        put(d, name->punycode.data, name->punycode.size);
        puts_to(d, "}");
    }
}

/* ---- v0: what every rule uses ---- */

static void path(cw_demangler *d, bool in_value);
static void type(cw_demangler *d);
static void constant(cw_demangler *d, bool in_value);

static bool enter(cw_demangler *d)
{
    if (d->depth == MAX_DEPTH)
        d->ok = false;
    d->depth += d->ok;
    return d->ok;
}

static void leave(cw_demangler *d)
{
    d->depth--;
}

/* Behind the tag 'B': goes to what is meant and returns true; come_back must follow. False when there is nothing to
 * print. */
static bool go_back(cw_demangler *d, size_t *come_from)
{
    size_t tag = d->at - 1;
    uint64_t place = base62(d);
    if (place >= tag)
        d->ok = false;
    if (!d->ok || d->quiet || !enter(d))
        return false;
    *come_from = d->at;
    d->at = (size_t)place;
    return true;
}

static void come_back(cw_demangler *d, size_t come_from)
{
    d->at = come_from;
    leave(d);
}

/* Items up to 'E'; their number. */
static size_t list(cw_demangler *d, void (*item)(cw_demangler *), const char *separator)
{
    size_t n = 0;
    for (; d->ok && !eat(d, 'E'); n++) {
        if (n != 0)
            puts_to(d, separator);
        item(d);
    }
    return n;
}

/* 0 is '_, others count binders outwards from 1. */
static void put_lifetime(cw_demangler *d, uint64_t index)
{
    if (d->quiet)
        return;
    if (index > d->n_lifetimes) {
        d->ok = false;
        return;
    }
    uint64_t depth = d->n_lifetimes - index;
    puts_to(d, "'");
    if (index == 0) {
        puts_to(d, "_");
    } else if (depth < 26) {
        put_char(d, (char)('a' + depth));
    } else {
        puts_to(d, "_");
        put_decimal(d, depth);
    }
}

/* An optional binder; returns the number of lifetimes to unbind behind what it binds. */
static uint32_t bind(cw_demangler *d)
{
    uint64_t n = tagged(d, 'G');
    uint32_t before = d->n_lifetimes;
    if (d->quiet || n == 0)
        return 0;
    puts_to(d, "for<");
    for (uint64_t i = 0; i < n && d->ok; i++) { /* ends with the room at the latest */
        puts_to(d, i != 0 ? ", " : "");
        d->n_lifetimes++;
        put_lifetime(d, 1);
    }
    puts_to(d, "> ");
    return d->n_lifetimes - before;
}

static void unbind(cw_demangler *d, uint32_t n)
{
    d->n_lifetimes -= n;
}

/* ---- v0: paths ---- */

static void generic_argument(cw_demangler *d)
{
    if (eat(d, 'L'))
        put_lifetime(d, base62(d));
    else if (eat(d, 'K'))
        constant(d, false);
    else
        type(d);
}

static void crate(cw_demangler *d)
{
    uint64_t number = disambiguator(d);
    identifier name = read_identifier(d);
    put_identifier(d, &name);
    if (number != 0)
        put_hex(d, "[", number, "]");
}

static void nested_path(cw_demangler *d, bool in_value)
{
    char space = take(d);
    bool is_special = space >= 'A' && space <= 'Z';
    if (!is_special && (space < 'a' || space > 'z'))
        d->ok = false;
    path(d, in_value);
    uint64_t number = disambiguator(d);
    identifier name = read_identifier(d);
    if (!is_special) {
        puts_to(d, is_named(&name) ? "::" : "");
        put_identifier(d, &name);
        return;
    }

    puts_to(d, "::{");
    if (space == 'C')
        puts_to(d, "closure");
    else if (space == 'S')
        puts_to(d, "shim");
    else
        put_char(d, space);
    puts_to(d, is_named(&name) ? ":" : "");
    put_identifier(d, &name);
    puts_to(d, "#");
    put_decimal(d, number);
    puts_to(d, "}");
}

static void skip_path(cw_demangler *d)
{
    bool quiet = d->quiet;
    d->quiet = true;
    path(d, false);
    d->quiet = quiet;
}

/* `in_value`: generics get "::" in front. */
static void path(cw_demangler *d, bool in_value)
{
    size_t here;
    if (!enter(d))
        return;
    char tag = take(d);
    switch (tag) {
    case 'C': crate(d); break;
    case 'N': nested_path(d, in_value); break;
    case 'M': /* an inherent impl, a trait's impl, a trait's definition */
    case 'X':
    case 'Y':
        if (tag != 'Y') {
            disambiguator(d);
            skip_path(d);
        }
        puts_to(d, "<");
        type(d);
        if (tag != 'M') {
            puts_to(d, " as ");
            path(d, false);
        }
        puts_to(d, ">");
        break;
    case 'I':
        path(d, in_value);
        puts_to(d, in_value ? "::<" : "<");
        list(d, generic_argument, ", ");
        puts_to(d, ">");
        break;
    case 'B':
        if (go_back(d, &here)) {
            path(d, in_value);
            come_back(d, here);
        }
        break;
    default: d->ok = false;
    }
    leave(d);
}

/* ---- v0: types ---- */

/* NULL where the tag is no basic type's. */
static const char *basic_type(char tag)
{
    static const char *const names[26] = {
        "i8",   "bool", "char", "f64", "str", "f32", NULL,  "u8", "isize", "usize", NULL,  "i32", "u32",
        "i128", "u128", "_",    NULL,  NULL,  "i16", "u16", "()", "...",   NULL,    "i64", "u64", "!",
    };
    return tag >= 'a' && tag <= 'z' ? names[tag - 'a'] : NULL;
}

static void function_type(cw_demangler *d)
{
    uint32_t n_bound = bind(d);
    puts_to(d, eat(d, 'U') ? "unsafe " : "");
    if (eat(d, 'K')) {
        identifier abi = { CW_STR("C"), CW_STR("") };
        if (!eat(d, 'C'))
            abi = read_identifier(d);
        if (abi.ascii.size == 0 || abi.punycode.size != 0)
            d->ok = false;
        puts_to(d, "extern \"");
        for (size_t i = 0; i < abi.ascii.size; i++)
            put_char(d, abi.ascii.data[i] == '_' ? '-' : abi.ascii.data[i]);
        puts_to(d, "\" ");
    }
    puts_to(d, "fn(");
    list(d, type, ", ");
    puts_to(d, ")");
    if (!eat(d, 'u')) { /* nobody writes -> () */
        puts_to(d, " -> ");
        type(d);
    }
    unbind(d, n_bound);
}

/* The path of a trait; true where its "<…" is left open for the associated types. */
static bool open_trait(cw_demangler *d)
{
    bool open = false;
    size_t here;
    if (eat(d, 'B')) {
        if (go_back(d, &here)) {
            open = open_trait(d);
            come_back(d, here);
        }
    } else if (eat(d, 'I')) {
        path(d, false);
        puts_to(d, "<");
        list(d, generic_argument, ", ");
        open = true;
    } else {
        path(d, false);
    }
    return open;
}

static void dyn_trait(cw_demangler *d)
{
    bool open = open_trait(d);
    while (eat(d, 'p')) {
        puts_to(d, open ? ", " : "<");
        open = true;
        identifier name = read_identifier(d);
        put_identifier(d, &name);
        puts_to(d, " = ");
        if (eat(d, 'K'))
            constant(d, false);
        else
            type(d);
    }
    puts_to(d, open ? ">" : "");
}

static void dyn_type(cw_demangler *d)
{
    puts_to(d, "dyn ");
    uint32_t n_bound = bind(d);
    list(d, dyn_trait, " + ");
    unbind(d, n_bound);
    if (!eat(d, 'L'))
        d->ok = false;
    uint64_t lifetime = base62(d);
    if (lifetime != 0) {
        puts_to(d, " + ");
        put_lifetime(d, lifetime);
    }
}

static void pattern(cw_demangler *d)
{
    if (!enter(d))
        return;
    switch (take(d)) {
    case 'R':
        constant(d, false);
        puts_to(d, "..=");
        constant(d, false);
        break;
    case 'O':
        if (peek(d) == 'E') /* at least one */
            d->ok = false;
        list(d, pattern, " | ");
        break;
    case 'N': puts_to(d, "!null"); break;
    default: d->ok = false;
    }
    leave(d);
}

static void compound_type(cw_demangler *d)
{
    size_t here;
    uint64_t lifetime;
    char tag = take(d);
    switch (tag) {
    case 'R':
    case 'Q':
        puts_to(d, "&");
        lifetime = eat(d, 'L') ? base62(d) : 0;
        if (lifetime != 0) {
            put_lifetime(d, lifetime);
            puts_to(d, " ");
        }
        puts_to(d, tag == 'Q' ? "mut " : "");
        type(d);
        break;
    case 'P':
    case 'O':
        puts_to(d, tag == 'P' ? "*const " : "*mut ");
        type(d);
        break;
    case 'A':
    case 'S':
        puts_to(d, "[");
        type(d);
        if (tag == 'A') {
            puts_to(d, "; ");
            constant(d, true);
        }
        puts_to(d, "]");
        break;
    case 'T':
        puts_to(d, "(");
        puts_to(d, list(d, type, ", ") == 1 ? ",)" : ")");
        break;
    case 'F': function_type(d); break;
    case 'D': dyn_type(d); break;
    case 'B':
        if (go_back(d, &here)) {
            type(d);
            come_back(d, here);
        }
        break;
    case 'W':
        type(d);
        puts_to(d, " is ");
        pattern(d);
        break;
    default:
        if (d->ok)
            d->at--; /* the path's own tag */
        path(d, false);
    }
}

static void type(cw_demangler *d)
{
    puts_to(d, eat(d, 'w') ? "#[splat] " : "");
    const char *basic = basic_type(peek(d));
    if (basic) {
        take(d);
        puts_to(d, basic);
    } else if (enter(d)) {
        compound_type(d);
        leave(d);
    }
}

/* ---- v0: constants ---- */

static void inner_constant(cw_demangler *d)
{
    constant(d, true);
}

static void put_escaped(cw_demangler *d, uint32_t scalar, char quote)
{
    static const char plain[] = "\t\r\n\\", escaped[] = "trn\\";
    const char *found = scalar != 0 && scalar < 0x80 ? strchr(plain, (int)scalar) : NULL;
    if (scalar == 0)
        puts_to(d, "\\0");
    else if (found || scalar == (uint32_t)quote)
        put(d, (char[]){ '\\', found ? escaped[found - plain] : quote }, 2);
    else if (scalar >= ' ' && scalar < 0x7f)
        put_char(d, (char)scalar);
    else
        put_hex(d, "\\u{", scalar, "}");
}

static void integer_constant(cw_demangler *d, char tag)
{
    cwrun_str digits = nibbles(d);
    uint64_t value;
    if (nibbles_value(digits, &value)) {
        put_decimal(d, value);
    } else {
        puts_to(d, "0x");
        put(d, digits.data, digits.size);
    }
    puts_to(d, basic_type(tag));
}

static void bool_constant(cw_demangler *d)
{
    uint64_t value;
    if (!nibbles_value(nibbles(d), &value) || value > 1)
        d->ok = false;
    puts_to(d, value == 1 ? "true" : "false");
}

static void char_constant(cw_demangler *d)
{
    uint64_t value;
    if (!nibbles_value(nibbles(d), &value) || !is_scalar(value))
        d->ok = false;
    puts_to(d, "'");
    put_escaped(d, (uint32_t)value, '\'');
    puts_to(d, "'");
}

static void string_constant(cw_demangler *d)
{
    cwrun_str digits = nibbles(d);
    if (digits.size % 2 != 0)
        d->ok = false;
    puts_to(d, "\"");
    for (size_t at = 0; at < digits.size && d->ok;) {
        uint8_t bytes[4];
        uint32_t scalar = 0;
        size_t n = 0;
        for (; n < 4 && at + 2 * n < digits.size; n++)
            bytes[n] = (uint8_t)(nibble(digits.data[at + 2 * n]) << 4 | nibble(digits.data[at + 2 * n + 1]));
        size_t size = cw_utf8_decode(bytes, n, &scalar);
        if (size == 0)
            d->ok = false;
        put_escaped(d, scalar, '"');
        at += 2 * size;
    }
    puts_to(d, "\"");
}

static void field(cw_demangler *d)
{
    disambiguator(d);
    identifier name = read_identifier(d);
    put_identifier(d, &name);
    puts_to(d, ": ");
    constant(d, true);
}

static void struct_constant(cw_demangler *d)
{
    path(d, true);
    switch (take(d)) {
    case 'U': break;
    case 'T':
        puts_to(d, "(");
        list(d, inner_constant, ", ");
        puts_to(d, ")");
        break;
    case 'S':
        puts_to(d, " { ");
        list(d, field, ", ");
        puts_to(d, " }");
        break;
    default: d->ok = false;
    }
}

/* What is more than a literal; in generics it stands in braces. */
static void compound_constant(cw_demangler *d, char tag)
{
    switch (tag) {
    case 'e':
        puts_to(d, "*"); /* "…" is a &str, this is the str */
        string_constant(d);
        break;
    case 'R':
    case 'Q':
        puts_to(d, tag == 'R' ? "&" : "&mut ");
        constant(d, true);
        break;
    case 'A':
        puts_to(d, "[");
        list(d, inner_constant, ", ");
        puts_to(d, "]");
        break;
    case 'T':
        puts_to(d, "(");
        puts_to(d, list(d, inner_constant, ", ") == 1 ? ",)" : ")");
        break;
    case 'V': struct_constant(d); break;
    default: d->ok = false;
    }
}

/* `in_value`: inside another constant, where no braces are needed. */
static void constant(cw_demangler *d, bool in_value)
{
    size_t here;
    if (!enter(d))
        return;
    char tag = take(d);
    switch (tag) {
    case 'p': puts_to(d, "_"); break;
    case 'a':
    case 's':
    case 'l':
    case 'x':
    case 'n':
    case 'i':
        puts_to(d, eat(d, 'n') ? "-" : "");
        integer_constant(d, tag);
        break;
    case 'h':
    case 't':
    case 'm':
    case 'y':
    case 'o':
    case 'j': integer_constant(d, tag); break;
    case 'b': bool_constant(d); break;
    case 'c': char_constant(d); break;
    case 'B':
        if (go_back(d, &here)) {
            constant(d, in_value);
            come_back(d, here);
        }
        break;
    default:
        if (tag == 'R' && eat(d, 'e')) {
            string_constant(d);
        } else {
            puts_to(d, in_value ? "" : "{");
            compound_constant(d, tag);
            puts_to(d, in_value ? "" : "}");
        }
    }
    leave(d);
}

static bool is_upper(char c)
{
    return c >= 'A' && c <= 'Z';
}

void cw_demangle_v0(cw_demangler *d)
{
    if (!is_upper(peek(d))) /* else a version of the encoding that nobody has defined */
        d->ok = false;
    path(d, true);
    if (is_upper(peek(d)))
        skip_path(d);
}
