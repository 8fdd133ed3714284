/* text/print_component_types.c: types of components, of their imports and exports, and core types  [Binary.md: Type
 * Definitions]. */
#include "text/print_component.h"

#include "base/leb.h"
#include "base/utf.h"

/* ---- value types ---- */

static const char *primitive(uint8_t byte)
{
    static const char *const words[] = { "string", "char", "f64", "f32", "u64", "s64", "u32",
                                         "s32",    "u16",  "s16", "u8",  "s8",  "bool" };
    if (byte == 0x64)
        return "error-context";
    return byte >= 0x73 && byte <= 0x7f ? words[byte - 0x73] : NULL;
}

void cw_print_component_valtype(cw_printer *p)
{
    cw_reader *r = p->r;
    const uint8_t *at = r->at;
    const char *word = cw_reader_left(r) ? primitive(*at) : NULL;
    if (word) {
        r->at++;
        cw_put_text(p, word);
        return;
    }
    int64_t index = cw_read_s33(r);
    if (r->ok && index < 0)
        cw_reader_fail(r, at, "invalid leading byte 0x%02x for a value type", *at);
    else
        cw_print_thing(p, CW_TEXT_TYPE, (uint32_t)index);
}

/* Whether there is one: before is what then stands before it. */
static bool print_optional(cw_printer *p, const char *before)
{
    cw_reader *r = p->r;
    const uint8_t *at = r->at;
    uint8_t flag = cw_read_u8(r);
    if (r->ok && flag > 1)
        cw_reader_fail(r, at, "invalid leading byte 0x%02x for an optional value type", flag);
    if (flag != 1)
        return false;
    cw_put_text(p, before);
    cw_print_component_valtype(p);
    return true;
}

void cw_print_results(cw_printer *p)
{
    cw_reader *r = p->r;
    const uint8_t *at = r->at;
    uint8_t code = cw_read_u8(r);
    if (code == 0 && r->ok) {
        CW_PUT(p, " (result ");
        cw_print_component_valtype(p);
        CW_PUT(p, ")");
    } else if (code > 1) {
        cw_reader_fail(r, at, "invalid leading byte 0x%02x for component function results", code);
    } else if (cw_read_u8(r) != 0) {
        cw_reader_fail(r, at, "invalid number of named results");
    }
}

/* " (field "name" type)" and the like */
static void print_fields(cw_printer *p, const char *word)
{
    cw_reader *r = p->r;
    uint32_t n = cw_read_count(r, UINT32_MAX, "fields");
    for (uint32_t i = 0; i < n && r->ok; i++) {
        cw_put_text(p, word);
        cw_put_name(p, cw_read_name(r));
        CW_PUT(p, " ");
        cw_print_component_valtype(p);
        CW_PUT(p, ")");
    }
}

static void print_cases(cw_printer *p)
{
    cw_reader *r = p->r;
    uint32_t n = cw_read_count(r, UINT32_MAX, "cases");
    for (uint32_t i = 0; i < n && r->ok; i++) {
        CW_PUT(p, " (case ");
        cw_put_name(p, cw_read_name(r));
        print_optional(p, " ");
        const uint8_t *at = r->at;
        if (cw_read_u8(r) != 0)
            cw_reader_fail(r, at, "zero byte expected behind a variant case");
        CW_PUT(p, ")");
    }
}

static void print_labels(cw_printer *p)
{
    cw_reader *r = p->r;
    uint32_t n = cw_read_count(r, UINT32_MAX, "labels");
    for (uint32_t i = 0; i < n && r->ok; i++) {
        CW_PUT(p, " ");
        cw_put_name(p, cw_read_name(r));
    }
}

static void print_one(cw_printer *p)
{
    CW_PUT(p, " ");
    cw_print_component_valtype(p);
}

static void print_tuple(cw_printer *p)
{
    uint32_t n = cw_read_count(p->r, UINT32_MAX, "tuple types");
    for (uint32_t i = 0; i < n && p->r->ok; i++)
        print_one(p);
}

static void print_resource(cw_printer *p)
{
    cw_reader *r = p->r;
    CW_PUT(p, " (rep ");
    cw_print_valtype(p);
    CW_PUT(p, ")");
    const uint8_t *at = r->at;
    uint8_t flag = cw_read_u8(r);
    if (r->ok && flag > 1)
        cw_reader_fail(r, at, "invalid leading byte 0x%02x for a resource destructor", flag);
    if (flag != 1)
        return;
    CW_PUT(p, " (dtor (core func ");
    cw_print_thing(p, CW_TEXT_CORE_FUNC, cw_read_u32(r));
    CW_PUT(p, "))");
}

/* ---- types with declarations ---- */

static void print_export_decl(cw_printer *p)
{
    cw_put_line(p, p->r->at);
    CW_PUT(p, "(export ");
    cw_print_extern_name(p);
    CW_PUT(p, " ");
    cw_print_extern_type(p, true);
    CW_PUT(p, ")");
}

static void print_decl(cw_printer *p, uint8_t kind)
{
    cw_reader *r = p->r;
    const uint8_t *at = r->at;
    uint8_t code = cw_read_u8(r);
    if (!r->ok)
        return;
    if (code == 0)
        cw_print_core_type(p);
    else if (code == 1)
        cw_print_component_type(p);
    else if (code == 2)
        cw_print_alias(p);
    else if (code == 3 && kind == CW_SCOPE_COMPONENT_TYPE)
        cw_print_import(p);
    else if (code == 4)
        print_export_decl(p);
    else
        cw_reader_fail(r, at, "invalid leading byte 0x%02x for a component or instance type declaration", code);
}

static void print_module_extern(cw_printer *p, bool import)
{
    cw_reader *r = p->r;
    cw_put_line(p, r->at);
    cw_put_text(p, import ? "(import " : "(export ");
    for (int i = import; i >= 0; i--) {
        cw_put_name(p, cw_read_name(r));
        CW_PUT(p, " ");
    }
    uint8_t kind = cw_read_u8(r);
    cw_print_externtype(p, kind, UINT32_MAX);
    CW_PUT(p, ")");
}

/* "(type …)" and "(rec …)" of the core: `core` is written before them where it is not NULL. */
static void print_core_group(cw_printer *p, const char *core)
{
    cw_reader *r = p->r;
    bool group = cw_reader_left(r) && *r->at == 0x4e;
    uint32_t n = 1;
    cw_put_line(p, r->at);
    CW_PUT(p, "(");
    cw_put_text(p, core);
    if (group) {
        r->at++;
        n = cw_read_count(r, UINT32_MAX, "types");
        CW_PUT(p, "rec");
        p->indent++;
    }
    for (uint32_t i = 0; i < n && r->ok; i++) {
        if (group) {
            cw_put_line(p, r->at);
            CW_PUT(p, "(");
        }
        CW_PUT(p, "type");
        uint32_t index = p->scope->n[CW_TEXT_CORE_TYPE];
        cw_print_define(p, CW_TEXT_CORE_TYPE);
        CW_PUT(p, " ");
        cw_print_subtype(p, index);
        CW_PUT(p, ")");
    }
    if (group) {
        p->indent--;
        CW_PUT(p, ")");
    }
}

static void print_module_decl(cw_printer *p)
{
    cw_reader *r = p->r;
    const uint8_t *at = r->at;
    uint8_t code = cw_read_u8(r);
    if (!r->ok)
        return;
    if (code == 0 || code == 3)
        print_module_extern(p, code == 0);
    else if (code == 1)
        print_core_group(p, "");
    else if (code == 2)
        cw_print_alias(p);
    else
        cw_reader_fail(r, at, "invalid leading byte 0x%02x for a module type declaration", code);
}

/* vec(declaration), each on a line of its own. */
static void print_declarations(cw_printer *p, uint8_t kind)
{
    cw_reader *r = p->r;
    uint32_t n = cw_read_count(r, UINT32_MAX, "declarations");
    cw_print_scope s;
    cw_print_scope_push(p, &s, kind);
    p->indent++;
    for (uint32_t i = 0; i < n && r->ok; i++) {
        if (kind == CW_SCOPE_MODULE_TYPE)
            print_module_decl(p);
        else
            print_decl(p, kind);
    }
    p->indent--;
    cw_print_scope_pop(p);
    if (n)
        cw_put_line(p, NULL);
}

void cw_print_core_type(cw_printer *p)
{
    cw_reader *r = p->r;
    uint8_t byte = cw_reader_left(r) ? *r->at : 0;
    if (byte != 0x50) {
        r->at += byte == 0 && cw_reader_left(r) > 1 && r->at[1] == 0x50; /* else 0x50 would be a module type */
        print_core_group(p, "core ");
        return;
    }
    cw_put_line(p, r->at);
    CW_PUT(p, "(core type");
    cw_print_define(p, CW_TEXT_CORE_TYPE);
    CW_PUT(p, " (module");
    r->at++;
    print_declarations(p, CW_SCOPE_MODULE_TYPE);
    CW_PUT(p, "))");
}

/* ---- any type ---- */

static void print_deftype(cw_printer *p)
{
    cw_reader *r = p->r;
    const uint8_t *at = r->at;
    uint8_t code = cw_read_u8(r);
    if (!r->ok || primitive(code)) {
        cw_put_text(p, r->ok ? primitive(code) : "");
        return;
    }
    switch (code) {
    case 0x72: CW_PUT(p, "(record"), print_fields(p, " (field "); break;
    case 0x71: CW_PUT(p, "(variant"), print_cases(p); break;
    case 0x70: CW_PUT(p, "(list"), print_one(p); break;
    case 0x6f: CW_PUT(p, "(tuple"), print_tuple(p); break;
    case 0x6e: CW_PUT(p, "(flags"), print_labels(p); break;
    case 0x6d: CW_PUT(p, "(enum"), print_labels(p); break;
    case 0x6b: CW_PUT(p, "(option"), print_one(p); break;
    case 0x6a:
        CW_PUT(p, "(result");
        print_optional(p, " ");
        if (print_optional(p, " (error "))
            CW_PUT(p, ")");
        break;
    case 0x69:
    case 0x68:
        cw_put_text(p, code == 0x69 ? "(own " : "(borrow ");
        cw_print_thing(p, CW_TEXT_TYPE, cw_read_u32(r));
        break;
    case 0x67:
        CW_PUT(p, "(list");
        print_one(p);
        CW_PUT(p, " ");
        cw_put_u64(p, cw_read_u32(r));
        break;
    case 0x66: CW_PUT(p, "(stream"), print_optional(p, " "); break;
    case 0x65: CW_PUT(p, "(future"), print_optional(p, " "); break;
    case 0x63: CW_PUT(p, "(map"), print_one(p), print_one(p); break;
    case 0x40:
    case 0x43:
        cw_put_text(p, code == 0x43 ? "(func async" : "(func");
        print_fields(p, " (param ");
        cw_print_results(p);
        break;
    case 0x41: CW_PUT(p, "(component"), print_declarations(p, CW_SCOPE_COMPONENT_TYPE); break;
    case 0x42: CW_PUT(p, "(instance"), print_declarations(p, CW_SCOPE_INSTANCE_TYPE); break;
    case 0x3f: CW_PUT(p, "(resource"), print_resource(p); break;
    default: cw_reader_fail(r, at, "invalid leading byte 0x%02x for a component defined type", code);
    }
    CW_PUT(p, ")");
}

void cw_print_component_type(cw_printer *p)
{
    cw_put_line(p, p->r->at);
    CW_PUT(p, "(type");
    cw_print_define(p, CW_TEXT_TYPE);
    p->scope->n[CW_TEXT_TYPE]--; /* it is not there in its own definition */
    CW_PUT(p, " ");
    print_deftype(p);
    p->scope->n[CW_TEXT_TYPE]++;
    CW_PUT(p, ")");
}

/* ---- values ---- */

static void print_char(cw_printer *p, uint32_t scalar)
{
    CW_PUT(p, "'\\u{");
    cw_put_hex(p, scalar, 1);
    CW_PUT(p, "}'");
}

/* A value of a primitive type, as people write it; false where the bytes, all that the reader has, are none. */
static bool print_primitive(cw_printer *p, uint8_t type)
{
    cw_reader *r = p->r;
    const size_t size = cw_reader_left(r);
    int64_t number;
    uint64_t natural;
    uint32_t scalar;
    const uint8_t *at = r->at;
    switch (type) {
    case 0x7f:
        if (size != 1 || *at > 1)
            return false;
        cw_put_text(p, *at ? "true" : "false");
        return true;
    case 0x7e:
    case 0x7d:
        if (size != 1)
            return false;
        cw_put_s64(p, type == 0x7e ? (int8_t)*at : *at);
        return true;
    case 0x7c:
    case 0x7a:
    case 0x78:
        if (cw_leb_read_signed(&at, r->end, 64, &number) != CW_LEB_OK || at != r->end ||
            (type == 0x7c && number != (int16_t)number) || (type == 0x7a && number != (int32_t)number))
            return false;
        cw_put_s64(p, number);
        return true;
    case 0x7b:
    case 0x79:
    case 0x77:
        if (cw_leb_read_unsigned(&at, r->end, 64, &natural) != CW_LEB_OK || at != r->end ||
            (type == 0x7b && natural > UINT16_MAX) || (type == 0x79 && natural > UINT32_MAX))
            return false;
        cw_put_u64(p, natural);
        return true;
    case 0x74:
        if (!size || cw_utf8_decode(at, size, &scalar) != size)
            return false;
        if (scalar > ' ' && scalar < 0x7f && scalar != '\'' && scalar != '\\') {
            CW_PUT(p, "'");
            cw_put(p, (const char *)at, 1);
            CW_PUT(p, "'");
        } else {
            print_char(p, scalar);
        }
        return true;
    default: return false;
    }
}

/* Floats and strings, whose printers take what they are given. */
static bool print_float_or_string(cw_printer *p, uint8_t type)
{
    cw_reader *r = p->r;
    const uint8_t *at = r->at;
    const size_t size = cw_reader_left(r);
    uint64_t bits = 0;
    if (type == 0x73) {
        if (cw_leb_read_unsigned(&at, r->end, 32, &bits) != CW_LEB_OK || bits != (size_t)(r->end - at) ||
            !cw_utf8_valid(at, bits, NULL))
            return false;
        cw_put_name(p, (cwrun_str){ (const char *)at, bits });
        return true;
    }
    if ((type != 0x76 && type != 0x75) || size != (type == 0x76 ? 4 : 8))
        return false;
    for (size_t i = size; i--;)
        bits = bits << 8 | at[i];
    const uint64_t infinity = type == 0x76 ? 0x7f800000u : UINT64_C(0x7ff0000000000000);
    const uint64_t nan = type == 0x76 ? 0x7fc00000u : UINT64_C(0x7ff8000000000000);
    if ((bits & (type == 0x76 ? INT32_MAX : INT64_MAX)) > infinity && bits != nan)
        return false;
    cw_put_float(p, bits, type == 0x75);
    return true;
}

/* Values of other types than primitive ones are bytes: what they mean is said by types that may be anywhere. */
void cw_print_value(cw_printer *p)
{
    cw_reader *r = p->r;
    cw_put_line(p, r->at);
    CW_PUT(p, "(value");
    cw_print_define(p, CW_TEXT_VALUE);
    CW_PUT(p, " ");
    const uint8_t type = cw_reader_left(r) ? *r->at : 0;
    const bool defined = !primitive(type); /* its $id alone would be the value's */
    if (defined)
        CW_PUT(p, "(type ");
    cw_print_component_valtype(p);
    cw_put_text(p, defined ? ") " : " ");
    const uint8_t *end = cw_reader_enter(r, cw_read_u32(r), "value");
    if (r->ok && !print_primitive(p, type) && !print_float_or_string(p, type)) {
        CW_PUT(p, "(binary ");
        cw_put_bytes(p, r->at, cw_reader_left(r));
        CW_PUT(p, ")");
    }
    r->at = r->ok ? r->end : r->at;
    cw_reader_leave(r, end, "value");
    CW_PUT(p, ")");
}

/* ---- imports and exports ---- */

void cw_print_extern_name(cw_printer *p)
{
    static const char *const words[] = { " (implements ", " (version-suffix ", " (external-id " };
    cw_reader *r = p->r;
    const uint8_t *at = r->at;
    uint8_t code = cw_read_u8(r);
    if (r->ok && code > 2)
        cw_reader_fail(r, at, "invalid leading byte 0x%02x for a component name", code);
    cw_put_name(p, cw_read_name(r));
    uint32_t n = code == 2 ? cw_read_count(r, 16, "name options") : 0;
    if (code && !n) { /* of old, or with nothing behind */
        CW_PUT(p, " (@cwrun.form ");
        cw_put_u64(p, code);
        CW_PUT(p, ")");
    }
    for (uint32_t i = 0; i < n && r->ok; i++) {
        at = r->at;
        uint8_t option = cw_read_u8(r);
        if (option > 2) {
            cw_reader_fail(r, at, "invalid leading byte 0x%02x for a name option", option);
            return;
        }
        cw_put_text(p, words[option]);
        cw_put_name(p, cw_read_name(r));
        CW_PUT(p, ")");
    }
}

static void print_type_bound(cw_printer *p)
{
    cw_reader *r = p->r;
    const uint8_t *at = r->at;
    uint8_t bound = cw_read_u8(r);
    if (bound == 0 && r->ok) {
        CW_PUT(p, " (eq ");
        cw_print_thing(p, CW_TEXT_TYPE, cw_read_u32(r));
        CW_PUT(p, ")");
    } else if (bound == 1) {
        CW_PUT(p, " (sub resource)");
    } else {
        cw_reader_fail(r, at, "invalid leading byte 0x%02x for a type bound", bound);
    }
}

static void print_value_bound(cw_printer *p)
{
    cw_reader *r = p->r;
    uint8_t code = cw_reader_left(r) ? *r->at : 0;
    if (code == 0) {
        cw_read_u8(r);
        CW_PUT(p, " (eq ");
        cw_print_item(p, CW_TEXT_VALUE, cw_read_u32(r));
        CW_PUT(p, ")");
        return;
    }
    if (code == 1) { /* today's tools leave it out, but for types that would be taken for it */
        r->at++;
        if (cw_reader_left(r) && *r->at > 1)
            CW_PUT(p, " (@cwrun.form 1)");
    }
    CW_PUT(p, " ");
    cw_print_component_valtype(p);
}

void cw_print_extern_type(cw_printer *p, bool define)
{
    cw_reader *r = p->r;
    const uint8_t *at = r->at;
    uint8_t sort = cw_print_read_sort(p);
    if (r->ok && sort < CW_TEXT_FUNC && sort != CW_TEXT_CORE_MODULE)
        cw_reader_fail(r, at, "invalid leading byte for an extern type: a %s", cw_print_sort_words(sort));
    if (!r->ok)
        return;
    CW_PUT(p, "(");
    cw_put_text(p, cw_print_sort_words(sort));
    if (define)
        cw_print_define(p, sort);
    p->scope->n[sort] -= define;
    if (sort == CW_TEXT_TYPE) {
        print_type_bound(p);
    } else if (sort == CW_TEXT_VALUE) {
        print_value_bound(p);
    } else {
        CW_PUT(p, " (type ");
        cw_print_thing(p, sort == CW_TEXT_CORE_MODULE ? CW_TEXT_CORE_TYPE : CW_TEXT_TYPE, cw_read_u32(r));
        CW_PUT(p, ")");
    }
    p->scope->n[sort] += define;
    CW_PUT(p, ")");
}

void cw_print_import(cw_printer *p)
{
    cw_put_line(p, p->r->at);
    CW_PUT(p, "(import ");
    cw_print_extern_name(p);
    CW_PUT(p, " ");
    cw_print_extern_type(p, true);
    CW_PUT(p, ")");
}
