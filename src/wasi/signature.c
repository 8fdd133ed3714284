/* wasi/signature.c: does the type that a guest imports have the shape of the WIT type in wasi.def?
 *
 * The C functions read arguments as the C structs that their rows promise, so a guest that imports another type under
 * the same name must be stopped before. The row's text is read along with the guest's type; names of types are looked
 * up in the table of wasi.def, any other name is a resource. That a handle is one of ours is checked where it is used.
 */
#include "base/str.h"
#include "wasi/host.h"

static const char error_code_text[] = "enum { "
#define WASI_ERROR(code, name) name ", "
#include "wasi/errors.def"
#undef WASI_ERROR
                                      "}";

static const struct {
    const char *name, *definition;
} types[] = {
#define WASI_TYPE(name, definition) { name, definition },
#include "wasi/wasi.def"
    { "error-code", error_code_text },
};

enum { N_TYPES = sizeof types / sizeof types[0] };

/* ---- reading the text ---- */

static void skip_space(const char **at)
{
    while (**at == ' ')
        (*at)++;
}

/* The next word (a name or `_`), empty where something else stands there. */
static cwrun_str next_word(const char **at)
{
    skip_space(at);
    const char *from = *at;
    while ((**at >= 'a' && **at <= 'z') || (**at >= '0' && **at <= '9') || **at == '-' || **at == '_')
        (*at)++;
    /* The '-' of an arrow is no word. */
    return (cwrun_str){ from, (size_t)(*at - from) };
}

static bool next_is(const char **at, char c)
{
    skip_space(at);
    if (**at != c)
        return false;
    (*at)++;
    return true;
}

/* ---- comparing ---- */

static bool fits(const char **at, const cwrun_type *type);

/* "<T>" with T the type. */
static bool fits_inner(const char **at, const cwrun_type *type)
{
    return next_is(at, '<') && type && fits(at, type) && next_is(at, '>');
}

static bool fits_tuple(const char **at, const cwrun_type *type)
{
    if (!next_is(at, '<'))
        return false;
    uint32_t n = cwrun_type_n_fields(type);
    for (uint32_t i = 0; i < n; i++)
        if ((i > 0 && !next_is(at, ',')) || !fits(at, cwrun_type_field(type, i)))
            return false;
    return next_is(at, '>');
}

/* One side of a result; "_" is no payload. */
static bool fits_side(const char **at, const cwrun_type *side)
{
    const char *before = *at;
    if (cw_str_eq_c(next_word(at), "_"))
        return !side;
    *at = before;
    return side && fits(at, side);
}

static bool fits_result(const char **at, const cwrun_type *type)
{
    if (!next_is(at, '<'))
        return !cwrun_type_field(type, 0) && !cwrun_type_field(type, 1);
    if (!fits_side(at, cwrun_type_field(type, 0)))
        return false;
    if (next_is(at, ',') ? !fits_side(at, cwrun_type_field(type, 1)) : cwrun_type_field(type, 1) != NULL)
        return false;
    return next_is(at, '>');
}

/* "{ a: T, b: U }", "{ a(T), b }" or "{ a, b }" */
static bool fits_members(const char **at, const cwrun_type *type, uint8_t kind)
{
    if (!next_is(at, '{'))
        return false;
    uint32_t n = cwrun_type_n_fields(type);
    for (uint32_t i = 0; i < n; i++) {
        const cwrun_type *member = cwrun_type_field(type, i);
        if ((i > 0 && !next_is(at, ',')) || !cw_str_eq(next_word(at), cwrun_type_field_name(type, i)))
            return false;
        if (kind == CWRUN_KIND_RECORD) {
            if (!next_is(at, ':') || !fits(at, member))
                return false;
        } else if (kind == CWRUN_KIND_VARIANT && next_is(at, '(')) {
            if (!member || !fits(at, member) || !next_is(at, ')'))
                return false;
        } else if (member) {
            return false;
        }
    }
    next_is(at, ',');
    return next_is(at, '}');
}

static bool fits(const char **at, const cwrun_type *type)
{
    uint8_t kind = cwrun_type_kind(type);
    cwrun_str word = next_word(at);
    for (uint32_t i = 0; i < N_TYPES; i++)
        if (cw_str_eq_c(word, types[i].name)) {
            const char *definition = types[i].definition;
            return fits(&definition, type);
        }

    for (uint8_t k = CWRUN_KIND_BOOL; k <= CWRUN_KIND_BORROW; k++) {
        if (!cw_str_eq_c(word, cwrun_kind_name(k)))
            continue;
        if (kind != k)
            return false;
        switch (k) {
        case CWRUN_KIND_LIST:
        case CWRUN_KIND_OPTION: return fits_inner(at, cwrun_type_elem(type));
        case CWRUN_KIND_TUPLE: return fits_tuple(at, type);
        case CWRUN_KIND_RESULT: return fits_result(at, type);
        case CWRUN_KIND_RECORD:
        case CWRUN_KIND_VARIANT:
        case CWRUN_KIND_ENUM:
        case CWRUN_KIND_FLAGS: return fits_members(at, type, k);
        case CWRUN_KIND_BORROW: return next_is(at, '<') && next_word(at).size > 0 && next_is(at, '>');
        default: return true;
        }
    }
    return word.size > 0 && kind == CWRUN_KIND_OWN; /* a resource */
}

bool cw_wasi_type_fits(const char *text, const cwrun_functype *type)
{
    const char *at = text;
    if (!type || cwrun_functype_is_async(type) || !cw_str_eq_c(next_word(&at), "func") || !next_is(&at, '('))
        return false;
    uint32_t n = cwrun_functype_n_params(type);
    for (uint32_t i = 0; i < n; i++) {
        if (i > 0 && !next_is(&at, ','))
            return false;
        if (next_word(&at).size == 0 || !next_is(&at, ':') || !fits(&at, cwrun_functype_param(type, i)))
            return false;
    }
    if (!next_is(&at, ')'))
        return false;

    const cwrun_type *result = cwrun_functype_result(type);
    skip_space(&at);
    if (*at == 0)
        return !result;
    if (at[0] != '-' || at[1] != '>' || !result)
        return false;
    at += 2;
    return fits(&at, result) && *at == 0;
}
