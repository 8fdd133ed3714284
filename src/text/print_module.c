/* text/print_module.c: a core module as text, section by section in the order of the file  [core 5.5].
 *
 * What the text format leaves to the encoder is said by annotations of our own, which other tools pass over:
 * @cwrun.names, where the name section stands where it is not last; @cwrun.empty, a section of
 * nothing; @cwrun.datacount, where a data count section is
 * there that nothing needs. */
#include "text/print.h"

#include "base/str.h"

/* ---- the silent pass ---- */

static void add_index(cw_printer *p, void *vec, uint32_t index)
{
    CW_VEC(uint32_t) *v = vec;
    uint32_t *slot = CW_VEC_PUSH(v, &p->alloc);
    if (slot)
        *slot = index;
    else
        cw_reader_oom(p->r);
}

static void skip_limits(cw_reader *r)
{
    uint8_t flags = cw_read_u8(r);
    cw_read_u64(r);
    if (flags & 1)
        cw_read_u64(r);
    if (flags & 8)
        cw_read_u32(r);
}

static void scan_import(cw_printer *p, cw_reader *r)
{
    cw_print_module *m = p->m;
    cw_read_name(r);
    cw_read_name(r);
    uint8_t kind = cw_read_u8(r);
    if (kind == CW_PRINT_EXACT_FUNC)
        kind = CW_EXTERN_FUNC;
    if (!r->ok || kind >= CW_EXTERN_COUNT) {
        r->ok = false;
        return;
    }
    m->n[kind]++;
    if (kind == CW_EXTERN_TAG)
        cw_read_u8(r);
    if (kind == CW_EXTERN_FUNC || kind == CW_EXTERN_TAG) {
        uint32_t type = cw_read_u32(r);
        add_index(p, kind == CW_EXTERN_FUNC ? (void *)&m->func_types : &m->tag_types, type);
        m->n_imported_funcs += kind == CW_EXTERN_FUNC;
        return;
    }
    if (kind != CW_EXTERN_MEMORY)
        cw_skip_valtype(r);
    if (kind == CW_EXTERN_GLOBAL)
        cw_read_u8(r);
    else
        skip_limits(r);
}

static void scan_count(cw_print_module *m, cw_reader *r, unsigned space)
{
    uint32_t n = cw_read_count(r, UINT32_MAX, "things");
    if (r->ok && n <= UINT32_MAX - m->n[space])
        m->n[space] += n;
}

static void scan_section(cw_printer *p, cw_reader *r, uint8_t id)
{
    static const uint8_t spaces[CW_SECTION_COUNT] = {
        [CW_SECTION_TABLE] = CW_EXTERN_TABLE,   [CW_SECTION_MEMORY] = CW_EXTERN_MEMORY,
        [CW_SECTION_GLOBAL] = CW_EXTERN_GLOBAL, [CW_SECTION_ELEM] = CW_SPACE_ELEM,
        [CW_SECTION_DATA] = CW_SPACE_DATA,
    };
    cw_print_module *m = p->m;
    uint32_t n;
    switch (id) {
    case CW_SECTION_TYPE:
        n = cw_read_u32(r);
        for (uint32_t i = 0; i < n && r->ok && p->r->ok; i++)
            cw_print_scan_group(p, r);
        m->n[CW_SPACE_TYPE] = m->types.n;
        break;
    case CW_SECTION_IMPORT:
        n = cw_read_u32(r);
        for (uint32_t i = 0; i < n && r->ok && p->r->ok; i++)
            scan_import(p, r);
        break;
    case CW_SECTION_FUNC:
    case CW_SECTION_TAG:
        n = cw_read_u32(r);
        for (uint32_t i = 0; i < n && r->ok && p->r->ok; i++) {
            if (id == CW_SECTION_TAG)
                cw_read_u8(r);
            uint32_t type = cw_read_u32(r);
            if (r->ok)
                add_index(p, id == CW_SECTION_FUNC ? (void *)&m->func_types : &m->tag_types, type);
        }
        m->n[id == CW_SECTION_FUNC ? CW_EXTERN_FUNC : CW_EXTERN_TAG] =
            id == CW_SECTION_FUNC ? m->func_types.n : m->tag_types.n;
        break;
    case CW_SECTION_TABLE:
    case CW_SECTION_MEMORY:
    case CW_SECTION_GLOBAL:
    case CW_SECTION_ELEM:
    case CW_SECTION_DATA: scan_count(m, r, spaces[id]); break;
    default: break;
    }
}

/* Names come last, since they are of what the other sections have. */
void cw_print_module_scan(cw_printer *p, cw_print_module *m)
{
    *m = (cw_print_module){ .last_known = p->r->at, .end = p->r->end };
    p->m = m;
    cw_reader *r = cw_print_quiet_reader(p);
    if (!r)
        return;
    cw_print_part names = { NULL, NULL }, hints = { NULL, NULL }, code = { NULL, NULL };
    unsigned n_hint_sections = 0;
    cw_print_scan scan = cw_print_scan_begin(r);
    while (p->r->ok && cw_print_scan_next(&scan)) {
        if (scan.id) {
            if (scan.id == CW_SECTION_CODE && scan.at == hints.end)
                code = (cw_print_part){ r->at, r->end };
            scan_section(p, r, scan.id);
            m->last_known = r->end;
        } else {
            cwrun_str name = cw_read_name(r);
            if (r->ok && cw_str_eq_c(name, "name") && !m->n_name_sections++)
                names = (cw_print_part){ r->at, r->end };
            if (r->ok && cw_str_eq_c(name, "metadata.code.branch_hint") && !n_hint_sections++)
                hints = (cw_print_part){ r->at, r->end };
        }
    }
    if (m->n_name_sections && p->r->ok) {
        r->ok = true;
        r->at = names.at;
        r->end = names.end;
        cw_print_scan_names(p, r);
    }
    cw_free(&p->alloc, r, sizeof *r);
    if (code.at && n_hint_sections == 1 && p->r->ok)
        cw_print_scan_hints(p, hints, code);
}

void cw_print_module_fini(cw_printer *p, cw_print_module *m)
{
    CW_VEC_FINI(&m->types, &p->alloc);
    CW_VEC_FINI(&m->func_types, &p->alloc);
    CW_VEC_FINI(&m->tag_types, &p->alloc);
    CW_VEC_FINI(&m->locals, &p->alloc);
    CW_VEC_FINI(&m->labels, &p->alloc);
    CW_VEC_FINI(&m->fields, &p->alloc);
    CW_VEC_FINI(&m->params, &p->alloc);
    CW_VEC_FINI(&m->tag_params, &p->alloc);
}

/* ---- things ---- */

/* "(word $id (;0;)" of one more thing of a space, on a line of its own. */
static void begin(cw_printer *p, const char *word, unsigned space, uint32_t index)
{
    const cw_print_id *id = cw_print_id_at(&p->m->ids[space], index);
    p->m->n_used += id && (id->token.size || id->name.data);
    cw_put_line(p, p->r->at);
    cw_put_text(p, word);
    cw_put_definition(p, id, index);
}

static void print_import(cw_printer *p, uint32_t *counts)
{
    cw_reader *r = p->r;
    cw_put_line(p, r->at);
    CW_PUT(p, "(import ");
    cw_put_name(p, cw_read_name(r));
    CW_PUT(p, " ");
    cw_put_name(p, cw_read_name(r));
    CW_PUT(p, " ");
    uint8_t kind = cw_read_u8(r);
    uint8_t space = kind == CW_PRINT_EXACT_FUNC ? CW_EXTERN_FUNC : kind;
    cw_print_externtype(p, kind, space < CW_EXTERN_COUNT ? counts[space]++ : 0);
    CW_PUT(p, ")");
}

static void print_table(cw_printer *p, uint32_t index)
{
    cw_reader *r = p->r;
    begin(p, "(table", CW_EXTERN_TABLE, index);
    bool filled = cw_reader_left(r) && *r->at == 0x40;
    if (filled) {
        r->at++;
        const uint8_t *at = r->at;
        if (cw_read_u8(r) != 0 && r->ok)
            cw_reader_fail(r, at, "malformed table: zero byte expected");
    }
    CW_PUT(p, " ");
    cw_print_tabletype(p);
    if (filled)
        cw_print_const_expr(p);
    CW_PUT(p, ")");
}

static void print_export(cw_printer *p)
{
    static const char *const words[] = { " (func ", " (table ", " (memory ", " (global ", " (tag " };
    cw_reader *r = p->r;
    cw_put_line(p, r->at);
    CW_PUT(p, "(export ");
    cw_put_name(p, cw_read_name(r));
    const uint8_t *at = r->at;
    uint8_t kind = cw_read_u8(r);
    uint32_t index = cw_read_u32(r);
    if (!r->ok || kind >= CW_EXTERN_COUNT) {
        cw_reader_fail(r, at, "malformed export kind 0x%02x", kind);
        return;
    }
    cw_put_text(p, words[kind]);
    cw_put_ref(p, kind, index);
    CW_PUT(p, "))");
}

/* ---- segments ---- */

enum { ELEM_PASSIVE = 1, ELEM_EXPLICIT = 2, ELEM_EXPRS = 4 };

static void print_elem_items(cw_printer *p, bool exprs)
{
    cw_reader *r = p->r;
    uint32_t n = cw_read_count(r, UINT32_MAX, "elements");
    for (uint32_t i = 0; i < n && r->ok; i++) {
        CW_PUT(p, " ");
        if (exprs)
            cw_print_wrapped_expr(p, "item");
        else
            cw_put_ref(p, CW_EXTERN_FUNC, cw_read_u32(r));
        cw_put_flush(p);
    }
}

static void print_elem(cw_printer *p, uint32_t index)
{
    cw_reader *r = p->r;
    begin(p, "(elem", CW_SPACE_ELEM, index);
    const uint8_t *at = r->at;
    uint32_t flags = cw_read_u32(r);
    if (r->ok && flags > 7)
        cw_reader_fail(r, at, "malformed elements segment kind %u", flags);
    bool active = !(flags & ELEM_PASSIVE), explicit = active && flags & ELEM_EXPLICIT, exprs = flags & ELEM_EXPRS;
    if (explicit) {
        CW_PUT(p, " (table ");
        cw_put_ref(p, CW_EXTERN_TABLE, cw_read_u32(r));
        CW_PUT(p, ")");
    }
    if (active) {
        CW_PUT(p, " ");
        cw_print_wrapped_expr(p, "offset");
    } else if (flags & ELEM_EXPLICIT) {
        CW_PUT(p, " declare");
    }
    CW_PUT(p, " ");
    if (exprs && (flags & 3)) {
        cw_print_valtype(p);
    } else if (exprs) {
        CW_PUT(p, "funcref");
    } else {
        at = r->at;
        if (flags & 3 && cw_read_u8(r) != 0 && r->ok)
            cw_reader_fail(r, at, "malformed element kind 0x%02x", *at);
        CW_PUT(p, "func");
    }
    size_t start = p->out.size;
    p->captured += p->options.skeleton;
    print_elem_items(p, exprs);
    p->captured -= p->options.skeleton;
    if (p->options.skeleton) {
        p->out.size = start;
        CW_PUT(p, " ...");
    }
    CW_PUT(p, ")");
}

static void print_data(cw_printer *p, uint32_t index)
{
    cw_reader *r = p->r;
    begin(p, "(data", CW_SPACE_DATA, index);
    const uint8_t *at = r->at;
    uint32_t flags = cw_read_u32(r);
    if (r->ok && flags > 2)
        cw_reader_fail(r, at, "malformed data segment kind %u", flags);
    if (flags == 2) {
        const uint32_t memory = cw_read_u32(r);
        CW_PUT(p, " (memory ");
        cw_put_ref(p, CW_EXTERN_MEMORY, memory);
        cw_put_text(p, memory ? ")" : ") (@cwrun.form 2)");
    }
    CW_PUT(p, " ");
    if (flags != 1) {
        cw_print_wrapped_expr(p, "offset");
        CW_PUT(p, " ");
    }
    at = r->at;
    uint32_t size = cw_read_u32(r);
    if (r->ok && size > cw_reader_left(r))
        cw_reader_fail(r, at,
                       "unexpected end of section or function, length out of bounds: data of %u bytes, %zu are left",
                       size, cw_reader_left(r));
    const uint8_t *bytes = cw_read_bytes(r, size);
    if (p->options.skeleton)
        CW_PUT(p, "...");
    else if (bytes)
        cw_put_bytes(p, bytes, size);
    CW_PUT(p, ")");
}

/* ---- functions ---- */

static void print_func(cw_printer *p, uint32_t index)
{
    cw_reader *r = p->r;
    cw_print_module *m = p->m;
    cw_reader_push(r, "func", index);
    begin(p, "(func", CW_EXTERN_FUNC, index);
    uint32_t type = m->func_types.items[index];
    const cw_print_type *signature = type < m->types.n ? &m->types.items[type] : NULL;
    m->type = signature && signature->form == CW_PRINT_FUNC ? signature : NULL;
    const uint8_t *end = cw_reader_enter(r, cw_read_u32(r), "function body");
    cw_print_typeuse(p, type, false);
    if (r->ok)
        cw_print_function(p, index);
    cw_reader_leave(r, end, "function body");
    CW_PUT(p, ")");
    cw_print_reset_scratch(p);
    cw_reader_pop(r);
}

static uint32_t print_code(cw_printer *p)
{
    cw_reader *r = p->r;
    cw_print_module *m = p->m;
    const uint8_t *at = r->at;
    uint32_t n = cw_read_count(r, UINT32_MAX, "bodies"), declared = m->func_types.n - m->n_imported_funcs;
    if (r->ok && n != declared)
        cw_reader_fail(r, at, "function and code section have inconsistent lengths: %u and %u", declared, n);
    for (uint32_t i = 0; i < n && r->ok; i++)
        print_func(p, m->n_imported_funcs + i);
    m->n_bodies = n;
    return n;
}

/* ---- custom sections ---- */

void cw_print_custom(cw_printer *p, const uint8_t *at, cwrun_str name, const char *place)
{
    cw_reader *r = p->r;
    if (!r->ok)
        return;
    cw_put_line(p, at);
    CW_PUT(p, "(@custom ");
    cw_put_name(p, name);
    if (place) {
        CW_PUT(p, " ");
        cw_put_text(p, place);
    }
    CW_PUT(p, " ");
    if (p->options.skeleton)
        CW_PUT(p, "...");
    else
        cw_put_bytes(p, r->at, cw_reader_left(r));
    CW_PUT(p, ")");
    r->at = r->end;
}

static const char *place_of(const cw_print_module *m)
{
    static const char *const places[CW_SECTION_COUNT] = {
        "(before first)", "(after type)",   "(after import)", "(after func)",  "(after table)",
        "(after memory)", "(after global)", "(after export)", "(after start)", "(after elem)",
        "(after code)",   "(after data)",   "(before code)",  "(after tag)",
    };
    return m->past ? "(after last)" : places[m->last];
}

/* Identifiers make the name section again where it is the only one, regular, and all of its names are in the text. */
static void print_name_section(cw_printer *p, const uint8_t *at, cwrun_str name)
{
    cw_print_module *m = p->m;
    /* without bodies nobody sees which names are used */
    const bool used = p->options.skeleton || m->n_used == m->n_named;
    if (m->n_name_sections > 1 || !m->names_regular || !used) {
        cw_print_custom(p, at, name, place_of(m));
        return;
    }
    p->r->at = p->r->end;
    if (m->end == p->r->end)
        return; /* where parsing puts it */
    cw_put_line(p, at);
    CW_PUT(p, "(@cwrun.names ");
    cw_put_text(p, place_of(m));
    CW_PUT(p, ")");
    m->past = m->past || at >= m->last_known;
}

static void print_custom(cw_printer *p, const uint8_t *at)
{
    cw_reader *r = p->r;
    cw_print_module *m = p->m;
    cwrun_str name = cw_read_name(r);
    if (!r->ok)
        return;
    if (cw_str_eq_c(name, "name")) {
        print_name_section(p, at, name);
        return;
    }
    if (cw_str_eq_c(name, "producers") && at >= m->last_known &&
        cw_print_producers(p, (cw_print_part){ r->at, r->end })) {
        r->at = r->end;
        m->past = true;
        return;
    }
    if (m->hint_section.at && m->hint_section.at == r->at)
        r->at = r->end; /* each where it belongs */
    else
        cw_print_custom(p, at, name, place_of(m));
}

/* ---- sections ---- */

void cw_print_empty(cw_printer *p, const uint8_t *at, const char *section)
{
    if (!p->r->ok)
        return;
    cw_put_line(p, at);
    CW_PUT(p, "(@cwrun.empty ");
    cw_put_text(p, section);
    CW_PUT(p, ")");
}

static uint32_t print_entries(cw_printer *p, uint8_t id)
{
    cw_reader *r = p->r;
    cw_print_module *m = p->m;
    uint32_t n = cw_read_count(r, UINT32_MAX, "entries"), counts[CW_EXTERN_COUNT] = { 0 }, index = 0;
    static const uint8_t spaces[CW_SECTION_COUNT] = { [CW_SECTION_TABLE] = CW_EXTERN_TABLE,
                                                      [CW_SECTION_MEMORY] = CW_EXTERN_MEMORY,
                                                      [CW_SECTION_GLOBAL] = CW_EXTERN_GLOBAL,
                                                      [CW_SECTION_TAG] = CW_EXTERN_TAG };
    uint32_t first = spaces[id] ? m->n[spaces[id]] - n : 0; /* behind the imports */
    for (uint32_t i = 0; i < n && r->ok; i++) {
        switch (id) {
        case CW_SECTION_TYPE: cw_print_group(p, &index); break;
        case CW_SECTION_IMPORT: print_import(p, counts); break;
        case CW_SECTION_TABLE: print_table(p, first + i); break;
        case CW_SECTION_MEMORY:
            begin(p, "(memory", CW_EXTERN_MEMORY, first + i);
            CW_PUT(p, " ");
            cw_print_limits(p, true);
            CW_PUT(p, ")");
            break;
        case CW_SECTION_GLOBAL:
            begin(p, "(global", CW_EXTERN_GLOBAL, first + i);
            CW_PUT(p, " ");
            cw_print_globaltype(p);
            cw_print_const_expr(p);
            CW_PUT(p, ")");
            break;
        case CW_SECTION_TAG:
            cw_put_line(p, r->at);
            cw_print_externtype(p, CW_EXTERN_TAG, first + i);
            break;
        case CW_SECTION_EXPORT: print_export(p); break;
        case CW_SECTION_ELEM: print_elem(p, i); break;
        default: print_data(p, i);
        }
    }
    return n;
}

/* Functions are printed with their code; their types were read in the silent pass. */
static uint32_t check_functions(cw_reader *r)
{
    uint32_t n = cw_read_count(r, UINT32_MAX, "functions");
    for (uint32_t i = 0; i < n && r->ok; i++)
        cw_read_u32(r);
    return n;
}

static void print_section(cw_printer *p)
{
    static const char *const names[CW_SECTION_COUNT] = { "custom section",     "type section",   "import section",
                                                         "function section",   "table section",  "memory section",
                                                         "global section",     "export section", "start section",
                                                         "element section",    "code section",   "data section",
                                                         "data count section", "tag section" };
    static const char *const words[CW_SECTION_COUNT] = { "",       "type",   "import", "func",  "table",
                                                         "memory", "global", "export", "start", "elem",
                                                         "code",   "data",   "",       "tag" };
    static const uint8_t order[CW_SECTION_COUNT] = { 0, 1, 2, 3, 4, 5, 7, 8, 9, 10, 12, 13, 11, 6 };
    cw_reader *r = p->r;
    cw_print_module *m = p->m;
    const uint8_t *at = r->at;
    uint8_t id = cw_read_u8(r);
    if (r->ok && id >= CW_SECTION_COUNT) {
        cw_reader_fail(r, at, "malformed section id %u", id);
        return;
    }
    const uint8_t *end = cw_reader_enter(r, cw_read_u32(r), names[id]);
    if (r->ok && id && order[id] <= order[m->last])
        cw_reader_fail(r, at, "unexpected content after last section: a %s after the %s", names[id], names[m->last]);
    if (!r->ok)
        return;
    if (id)
        m->last = id;
    uint32_t n = 1;
    switch (id) {
    case CW_SECTION_FUNC: n = check_functions(r); break;
    case CW_SECTION_CODE: n = print_code(p); break;
    case CW_SECTION_START:
        cw_put_line(p, at);
        CW_PUT(p, "(start ");
        cw_put_ref(p, CW_EXTERN_FUNC, cw_read_u32(r));
        CW_PUT(p, ")");
        break;
    case CW_SECTION_DATA_COUNT:
        m->n_data_declared = cw_read_u32(r);
        m->has_data_count = true;
        break;
    case 0: print_custom(p, at); break;
    default: n = print_entries(p, id);
    }
    if (!n)
        cw_print_empty(p, at, words[id]);
    cw_reader_leave(r, end, names[id]);
}

static void print_preamble(cw_printer *p)
{
    cw_reader *r = p->r;
    const uint8_t *at = r->at;
    if (cw_reader_left(r) < 4 || memcmp(at, "\0asm", 4) != 0) {
        cw_reader_fail(r, at, "magic header not detected");
        return;
    }
    r->at += 4;
    at = r->at;
    uint32_t version = cw_read_fixed32(r);
    if (r->ok && version != 1)
        cw_reader_fail(r, at, "unknown binary version 0x%x of a core module", version);
}

void cw_print_module_fields(cw_printer *p)
{
    cw_reader *r = p->r;
    cw_print_module *m = p->m;
    print_preamble(p);
    p->indent++;
    while (r->ok && r->at < r->end)
        print_section(p);
    if (r->ok && m->has_data_count && !m->needs_data_count) {
        cw_put_line(p, NULL);
        CW_PUT(p, "(@cwrun.datacount)");
    }
    p->indent--;
    if (r->ok && m->n_bodies != m->func_types.n - m->n_imported_funcs)
        cw_reader_fail(r, NULL, "function and code section have inconsistent lengths: %u and 0",
                       m->func_types.n - m->n_imported_funcs);
    if (r->ok && m->has_data_count && m->n_data_declared != m->n[CW_SPACE_DATA])
        cw_reader_fail(r, NULL, "data count and data section have inconsistent lengths: %u and %u", m->n_data_declared,
                       m->n[CW_SPACE_DATA]);
}
