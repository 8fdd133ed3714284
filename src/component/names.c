/* component/names.c: the names of imports and exports  [Explainer: Import and Export Definitions, Name Uniqueness,
 * Canonical Interface Name].
 *
 * A name is lexed left to right by a cursor that remembers the first thing that did not fit. Besides the names of
 * today's grammar the older dependency names (url=, integrity=, locked-dep=, unlocked-dep=) are taken for imports. */
#include "component/component.h"

#include "base/str.h"

typedef struct cursor {
    cwrun_str rest;
    const char *why; /* NULL: all well so far */
} cursor;

static bool fail(cursor *c, const char *why)
{
    if (!c->why)
        c->why = why;
    return false;
}

static bool is_lower(char ch)
{
    return ch >= 'a' && ch <= 'z';
}

static bool is_upper(char ch)
{
    return ch >= 'A' && ch <= 'Z';
}

static bool is_digit(char ch)
{
    return ch >= '0' && ch <= '9';
}

static void skip(cursor *c, size_t n)
{
    c->rest.data += n;
    c->rest.size -= n;
}

static bool eat(cursor *c, const char *literal)
{
    cwrun_str want = cwrun_str_of(literal);
    if (!cw_str_starts(c->rest, want))
        return false;
    skip(c, want.size);
    return true;
}

/* What stands before the first `stop`, or all of the rest where there is none. */
static cwrun_str take_until_any(cursor *c, const char *stops)
{
    size_t n = 0;
    while (n < c->rest.size && !strchr(stops, c->rest.data[n]))
        n++;
    cwrun_str part = cw_str_sub(c->rest, 0, n);
    skip(c, n);
    return part;
}

/* ---- labels ---- */

/* Fragments of one case each, divided by '-'; the first begins with a letter. */
static bool is_kebab(cwrun_str s, bool lower_only)
{
    bool start = true, first = true, lower = false, upper = false;
    for (size_t i = 0; i < s.size; i++) {
        char ch = s.data[i];
        if (ch == '-') {
            if (start)
                return false;
            start = true;
            first = lower = upper = false;
            continue;
        }
        if (is_lower(ch))
            lower = true;
        else if (is_upper(ch))
            upper = true;
        else if (!is_digit(ch) || (start && first))
            return false;
        if ((lower && upper) || (upper && lower_only))
            return false;
        start = false;
    }
    return !start;
}

bool cw_is_label(cwrun_str text)
{
    return is_kebab(text, false);
}

static bool check_label(cursor *c, cwrun_str s)
{
    return cw_is_label(s) || fail(c, "not in kebab case");
}

static bool take_words(cursor *c)
{
    cwrun_str s = take_until_any(c, ":/@<>,");
    if (!check_label(c, s))
        return false;
    return is_kebab(s, true) || fail(c, "not lowercase in package name/namespace");
}

/* ---- versions ---- */

/* Digits without a leading zero. */
static bool take_number(cursor *c)
{
    size_t n = 0;
    while (n < c->rest.size && is_digit(c->rest.data[n]))
        n++;
    if (n == 0)
        return fail(c, c->rest.size ? "unexpected character in version" : "unexpected end of input in version");
    if (n > 1 && c->rest.data[0] == '0')
        return fail(c, "invalid leading zero in version");
    if (n > 20 || (n == 20 && memcmp(c->rest.data, "18446744073709551615", 20) > 0))
        return fail(c, "number in version is too large");
    skip(c, n);
    return true;
}

/* Dot-separated identifiers of a pre-release or build part. */
static bool take_identifiers(cursor *c, bool is_pre)
{
    const char *stops = is_pre ? ".+" : ".";
    do {
        cwrun_str part = take_until_any(c, stops);
        bool digits = true;
        for (size_t i = 0; i < part.size; i++) {
            char ch = part.data[i];
            if (!is_lower(ch) && !is_upper(ch) && !is_digit(ch) && ch != '-')
                return fail(c, "unexpected character in version");
            digits &= is_digit(ch);
        }
        if (part.size == 0)
            return fail(c, "empty identifier segment in version");
        if (is_pre && digits && part.size > 1 && part.data[0] == '0')
            return fail(c, "invalid leading zero in version");
    } while (eat(c, "."));
    return true;
}

static bool check_semver(cwrun_str text, const char **why)
{
    cursor c = { text, NULL };
    if (text.size == 0)
        fail(&c, "empty string where a version is expected");
    for (int i = 0; i < 3 && !c.why; i++) {
        if (i > 0 && !eat(&c, "."))
            fail(&c, c.rest.size ? "unexpected character in version" : "unexpected end of input in version");
        else
            take_number(&c);
    }
    if (!c.why && eat(&c, "-"))
        take_identifiers(&c, true);
    if (!c.why && eat(&c, "+"))
        take_identifiers(&c, false);
    if (!c.why && c.rest.size)
        fail(&c, "unexpected character in version");
    if (c.why)
        *why = c.why;
    return !c.why;
}

/* "1", "0.2" or "0.0.1": what compatible versions have in common. */
static bool is_canonical_version(cwrun_str text)
{
    cursor c = { text, NULL };
    bool zero = true;
    for (int i = 0; i < 3 && zero && !c.why; i++) {
        if (i > 0 && !eat(&c, "."))
            return false;
        cwrun_str before = c.rest;
        zero = take_number(&c) && before.size - c.rest.size == 1 && before.data[0] == '0';
    }
    return !c.why && c.rest.size == 0;
}

bool cw_extern_name_check_version(const cw_extern_name *name, const char **why)
{
    bool has_version = name->base.size < name->text.size;
    if (name->kind != CW_NAME_INTERFACE || (!has_version && name->suffix.size == 0))
        return true;
    if (!has_version) {
        *why = "`versionsuffix` needs a version before it";
        return false;
    }
    if (name->suffix.size == 0)
        return is_canonical_version(name->version) || check_semver(name->version, why);
    if (!is_canonical_version(name->version)) {
        *why = "`versionsuffix` needs a canonical version before it";
        return false;
    }
    char joined[256];
    if (name->version.size + name->suffix.size > sizeof joined) {
        *why = "version is too long";
        return false;
    }
    memcpy(joined, name->version.data, name->version.size);
    memcpy(joined + name->version.size, name->suffix.data, name->suffix.size);
    return check_semver((cwrun_str){ joined, name->version.size + name->suffix.size }, why);
}

/* ---- paths, dependencies, hashes ---- */

/* namespace ':' words ('/' label)?, any number of them where names may be nested. */
static bool take_path(cursor *c, bool nested, bool needs_projection)
{
    if (!take_words(c))
        return false;
    if (!eat(c, ":"))
        return fail(c, "expected `:` after the namespace");
    if (!take_words(c))
        return false;
    while (nested && eat(c, ":"))
        if (!take_words(c))
            return false;
    if (!eat(c, "/"))
        return !needs_projection || fail(c, "expected `/` after package name");
    do {
        if (!check_label(c, take_until_any(c, "/@<>,")))
            return false;
    } while (nested && eat(c, "/"));
    return true;
}

static bool is_base64(cwrun_str s)
{
    size_t n = s.size, padding = 0;
    while (n > 0 && s.data[n - 1] == '=' && padding < 2) {
        n--;
        padding++;
    }
    for (size_t i = 0; i < n; i++)
        if (!is_lower(s.data[i]) && !is_upper(s.data[i]) && !is_digit(s.data[i]) && s.data[i] != '+' &&
            s.data[i] != '/')
            return false;
    return n > 0;
}

/* '<' (algorithm '-' base64 ('?' options)?)+ '>' */
static bool take_hashes(cursor *c)
{
    if (!eat(c, "<"))
        return fail(c, "expected `<`");
    cursor list = { take_until_any(c, ">"), NULL };
    if (!eat(c, ">"))
        return fail(c, "failed to find `>` character");
    bool any = false;
    while (list.rest.size) {
        if (strchr(" \t\n\r\f", list.rest.data[0])) {
            skip(&list, 1);
            continue;
        }
        any = true;
        cursor hash = { take_until_any(&list, " \t\n\r\f"), NULL };
        if (!eat(&hash, "sha256") && !eat(&hash, "sha384") && !eat(&hash, "sha512"))
            return fail(c, "unrecognized hash algorithm");
        if (!eat(&hash, "-"))
            return fail(c, "expected `-` after hash algorithm");
        if (!is_base64(take_until_any(&hash, "?")))
            return fail(c, "not valid base64");
    }
    return any || fail(c, "integrity hash cannot be empty");
}

static bool take_optional_hashes(cursor *c)
{
    if (!eat(c, ","))
        return true;
    return eat(c, "integrity=") ? take_hashes(c) : fail(c, "expected `integrity=<`");
}

static bool check_range(cursor *c, cwrun_str range)
{
    cursor r = { range, NULL };
    if (eat(&r, ">=")) {
        if (!check_semver(take_until_any(&r, " "), &c->why))
            return false;
        if (!eat(&r, " "))
            return true;
        return eat(&r, "<") ? check_semver(r.rest, &c->why)
                            : fail(c, "expected `<` at start of version range upper bounds");
    }
    return eat(&r, "<") ? check_semver(r.rest, &c->why) : fail(c, "expected `>=` or `<` at start of version range");
}

static bool parse_unlocked(cursor *c, bool nested)
{
    if (!eat(c, "<"))
        return fail(c, "expected `<`");
    if (!take_path(c, nested, false))
        return false;
    if (eat(c, "@") && !eat(c, "*")) {
        if (!eat(c, "{"))
            return fail(c, "expected `{`");
        cwrun_str range = take_until_any(c, "}");
        if (!eat(c, "}"))
            return fail(c, "failed to find `}` character");
        if (!check_range(c, range))
            return false;
    }
    return eat(c, ">") || fail(c, "expected `>`");
}

static bool parse_locked(cursor *c, bool nested)
{
    if (!eat(c, "<"))
        return fail(c, "expected `<`");
    if (!take_path(c, nested, false))
        return false;
    if (eat(c, "@")) {
        cwrun_str version = take_until_any(c, ">");
        if (!check_semver(version, &c->why))
            return false;
    }
    if (!eat(c, ">"))
        return fail(c, "expected `>`");
    return take_optional_hashes(c);
}

static bool parse_url(cursor *c)
{
    if (!eat(c, "<"))
        return fail(c, "expected `<`");
    cwrun_str url = take_until_any(c, ">");
    if (!eat(c, ">"))
        return fail(c, "failed to find `>` character");
    if (cw_str_find(url, '<', 0) != SIZE_MAX)
        return fail(c, "url cannot contain `<`");
    return take_optional_hashes(c);
}

/* ---- whole names ---- */

static bool parse_annotated(cursor *c, cw_extern_name *name, uint8_t kind)
{
    name->kind = kind;
    if (kind == CW_NAME_CONSTRUCTOR) {
        name->resource = take_until_any(c, "");
        return check_label(c, name->resource);
    }
    name->resource = take_until_any(c, ".");
    if (!eat(c, "."))
        return fail(c, "failed to find `.` character");
    name->label = take_until_any(c, "");
    return check_label(c, name->resource) && check_label(c, name->label);
}

static bool parse_interface(cursor *c, cw_extern_name *name, bool nested)
{
    name->kind = CW_NAME_INTERFACE;
    name->is_interface = true;
    if (!take_path(c, nested, true))
        return false;
    if (c->rest.size && c->rest.data[0] == '@') {
        name->base = cw_str_sub(name->text, 0, name->text.size - c->rest.size);
        skip(c, 1);
        name->version = c->rest;
        skip(c, c->rest.size);
    }
    return true;
}

static bool parse_name(cursor *c, cw_extern_name *name, bool nested)
{
    if (eat(c, "[constructor]"))
        return parse_annotated(c, name, CW_NAME_CONSTRUCTOR);
    if (eat(c, "[method]"))
        return parse_annotated(c, name, CW_NAME_METHOD);
    if (eat(c, "[static]"))
        return parse_annotated(c, name, CW_NAME_STATIC);
    if (eat(c, "unlocked-dep=")) {
        name->kind = CW_NAME_UNLOCKED_DEP;
        return parse_unlocked(c, nested);
    }
    if (eat(c, "locked-dep=")) {
        name->kind = CW_NAME_LOCKED_DEP;
        return parse_locked(c, nested);
    }
    if (eat(c, "url=")) {
        name->kind = CW_NAME_URL;
        return parse_url(c);
    }
    if (eat(c, "integrity=")) {
        name->kind = CW_NAME_INTEGRITY;
        return take_hashes(c);
    }
    if (cw_str_find(c->rest, ':', 0) != SIZE_MAX)
        return parse_interface(c, name, nested);
    name->label = take_until_any(c, "");
    return check_label(c, name->label);
}

bool cw_extern_name_parse(cwrun_str text, cw_features features, cw_extern_name *name, const char **why)
{
    cursor c = { text, NULL };
    *name = (cw_extern_name){ .text = text, .base = text };
    bool ok = parse_name(&c, name, (features & CW_FEATURE_CM_NESTED_NAMES) != 0);
    if (ok && c.rest.size)
        ok = fail(&c, "trailing characters found");
    if (!ok)
        *why = c.why;
    return ok;
}

static size_t put_lower(cwrun_str s, char *out)
{
    for (size_t i = 0; i < s.size; i++)
        out[i] = is_upper(s.data[i]) ? (char)(s.data[i] - 'A' + 'a') : s.data[i];
    return s.size;
}

size_t cw_extern_name_canon(const cw_extern_name *name, char *out)
{
    size_t n = 0;
    switch (name->kind) {
    case CW_NAME_METHOD:
    case CW_NAME_STATIC:
        n = put_lower(name->resource, out);
        if (name->resource.size == name->label.size) {
            put_lower(name->label, out + n);
            if (memcmp(out, out + n, n) == 0)
                return n;
        }
        out[n++] = '.';
        return n + put_lower(name->label, out + n);
    case CW_NAME_LABEL:
    case CW_NAME_CONSTRUCTOR: return put_lower(name->text, out);
    case CW_NAME_INTERFACE: n = put_lower(name->base, out); break;
    default: break;
    }
    memcpy(out + n, name->text.data + n, name->text.size - n);
    return name->text.size;
}

/* ---- compatibility ---- */

/* The part of a version that compatible ones share; the whole of a pre-release. */
static cwrun_str track_of(cwrun_str version)
{
    if (cw_str_find(version, '-', 0) < cw_str_find(version, '+', 0))
        return version;
    size_t end = 0;
    for (;;) {
        size_t dot = end;
        while (dot < version.size && is_digit(version.data[dot]))
            dot++;
        bool zero = dot - end == 1 && version.data[end] == '0';
        if (!zero || dot >= version.size || version.data[dot] != '.')
            return cw_str_sub(version, 0, dot);
        end = dot + 1;
    }
}

bool cw_extern_name_compatible(const cw_extern_name *want, const cw_extern_name *have)
{
    if (cw_str_eq(want->text, have->text))
        return true;
    if (!want->is_interface || !have->is_interface || !cw_str_eq(want->base, have->base))
        return false;
    if (want->version.size == 0 || have->version.size == 0)
        return false;
    return cw_str_eq(track_of(want->version), track_of(have->version));
}
