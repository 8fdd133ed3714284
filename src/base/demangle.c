/* base/demangle.c: names of functions of Rust and C++: which mangling a symbol has, and Rust's legacy one.
 *
 * The legacy mangling is the C++ one for nested names: elements with their sizes in front, in which '.' and '$' escape
 * what a symbol cannot hold; the last element is a hash. */
#include "base/demangle_impl.h"

/* ---- legacy ---- */

/* What stands between two '$', as a scalar; 0 where it is no escape. */
static uint32_t legacy_escape(cwrun_str name)
{
    static const struct {
        char name[3], shown;
    } escapes[] = {
        { "SP", '@' }, { "BP", '*' }, { "RF", '&' }, { "LT", '<' },
        { "GT", '>' }, { "LP", '(' }, { "RP", ')' }, { "C", ',' },
    };
    for (size_t i = 0; i < sizeof escapes / sizeof *escapes; i++)
        if (cw_str_eq_c(name, escapes[i].name))
            return (uint32_t)escapes[i].shown;

    uint32_t scalar = 0;
    if (name.size < 2 || name.data[0] != 'u')
        return 0;
    for (size_t i = 1; i < name.size; i++) {
        int digit = nibble(name.data[i]);
        if (digit < 0 || scalar > 0x10ffff)
            return 0;
        scalar = scalar << 4 | (uint32_t)digit;
    }
    bool is_control = scalar < ' ' || (scalar >= 0x7f && scalar < 0xa0);
    return is_scalar(scalar) && !is_control ? scalar : 0;
}

/* One element of a path: ".." stands for "::", "$…$" for what symbols cannot hold.
 * What is no escape ends the decoding. */
static void legacy_element(cw_demangler *d, cwrun_str rest)
{
    size_t at = cw_str_starts(rest, CW_STR("_$")) ? 1 : 0;
    while (at < rest.size) {
        if (rest.data[at] == '.') {
            bool twice = at + 1 < rest.size && rest.data[at + 1] == '.';
            puts_to(d, twice ? "::" : ".");
            at += twice ? 2 : 1;
        } else if (rest.data[at] == '$') {
            size_t end = cw_str_find(rest, '$', at + 1);
            uint32_t scalar = end == SIZE_MAX ? 0 : legacy_escape(cw_str_sub(rest, at + 1, end));
            if (scalar == 0)
                break;
            put_scalar(d, scalar);
            at = end + 1;
        } else {
            put_char(d, rest.data[at++]);
        }
    }
    put(d, rest.data + at, rest.size - at);
}

/* Elements with their sizes in front, up to 'E'. */
static void legacy_symbol(cw_demangler *d)
{
    for (size_t n = 0; d->ok && !eat(d, 'E'); n++) {
        uint64_t size = 0;
        if (!is_digit(peek(d)))
            d->ok = false;
        while (is_digit(peek(d)))
            size = times_plus(d, size, 10, (uint64_t)(take(d) - '0'));
        if (!d->ok || size > d->text.size - d->at) {
            d->ok = false;
            return;
        }
        puts_to(d, n != 0 ? "::" : "");
        legacy_element(d, cw_str_sub(d->text, d->at, d->at + (size_t)size));
        d->at += (size_t)size;
    }
}

/* ---- symbols ---- */

/* Without what LLVM appends to symbols that it copies between modules: ".llvm." and capital hexadecimal digits. */
static cwrun_str without_llvm(cwrun_str symbol)
{
    const cwrun_str mark = CW_STR(".llvm.");
    size_t dot = cw_str_find(symbol, '.', 0);
    while (dot != SIZE_MAX && !cw_str_starts(cw_str_sub(symbol, dot, symbol.size), mark))
        dot = cw_str_find(symbol, '.', dot + 1);
    if (dot == SIZE_MAX)
        return symbol;
    for (size_t i = dot + mark.size; i < symbol.size; i++) {
        char c = symbol.data[i];
        if (!is_digit(c) && c != '@' && (c < 'A' || c > 'F'))
            return symbol;
    }
    return cw_str_sub(symbol, 0, dot);
}

static bool is_graphic_ascii(cwrun_str text)
{
    for (size_t i = 0; i < text.size; i++)
        if (text.data[i] <= ' ' || text.data[i] >= 0x7f)
            return false;
    return true;
}

static size_t demangle_rust(cwrun_str mangled, bool is_v0, char *out, size_t room)
{
    cw_demangler d = { .out = out, .room = room, .ok = true };
    mangled = without_llvm(mangled);
    d.text = cw_str_sub(mangled, is_v0 ? 2 : 3, mangled.size);
    if (is_v0)
        cw_demangle_v0(&d);
    else
        legacy_symbol(&d);
    if (d.at < d.text.size && d.text.data[d.at] != '.') /* suffixes of compilers are kept */
        return 0;
    put(&d, d.text.data + d.at, d.text.size - d.at);
    return d.ok ? d.size : 0;
}

size_t cw_demangle(cwrun_str mangled, char *out, size_t room)
{
    if (mangled.size > CW_DEMANGLE_ROOM || !is_graphic_ascii(mangled))
        return 0;
    if (cw_str_starts(mangled, CW_STR("_R")))
        return demangle_rust(mangled, true, out, room);
    if (!cw_str_starts(mangled, CW_STR("_Z")))
        return 0;
    /* Rust's legacy symbols are C++ ones, of nested names without a type. */
    const size_t size = cw_str_starts(mangled, CW_STR("_ZN")) ? demangle_rust(mangled, false, out, room) : 0;
    if (size != 0)
        return size;
    cw_demangler d = { .out = out, .room = room, .ok = true, .text = cw_str_sub(mangled, 2, mangled.size) };
    cw_demangle_cxx(&d);
    return d.ok ? d.size : 0;
}
