/* text/print_component.c: a component as text, definition by definition in the order of the file  [Binary.md].
 *
 * Nested components and types recurse; a bound on nesting bounds that. What the text format leaves to the encoder is
 * said by annotations of our own: @cwrun.own-name, what a nested module or component calls itself where its parent
 * calls it otherwise; @cwrun.names, where the name section stands, and its order, if not as usual; @cwrun.section, that
 * entries do not go on in the section before; @cwrun.empty, a section of no entries. */
#include "text/print_component.h"

#include "base/str.h"

static const struct {
    const char *words, *what; /* what: in ids that are made up */
    uint8_t core, code;
} sorts[CW_TEXT_SORTS] = {
    [CW_TEXT_CORE_FUNC] = { "core func", "core-func", 1, 0x00 },
    [CW_TEXT_CORE_TABLE] = { "core table", "core-table", 1, 0x01 },
    [CW_TEXT_CORE_MEMORY] = { "core memory", "core-memory", 1, 0x02 },
    [CW_TEXT_CORE_GLOBAL] = { "core global", "core-global", 1, 0x03 },
    [CW_TEXT_CORE_TAG] = { "core tag", "core-tag", 1, 0x04 },
    [CW_TEXT_CORE_TYPE] = { "core type", "core-type", 1, 0x10 },
    [CW_TEXT_CORE_MODULE] = { "core module", "core-module", 1, 0x11 },
    [CW_TEXT_CORE_INSTANCE] = { "core instance", "core-instance", 1, 0x12 },
    [CW_TEXT_FUNC] = { "func", "func", 0, 0x01 },
    [CW_TEXT_VALUE] = { "value", "value", 0, 0x02 },
    [CW_TEXT_TYPE] = { "type", "type", 0, 0x03 },
    [CW_TEXT_COMPONENT] = { "component", "component", 0, 0x04 },
    [CW_TEXT_INSTANCE] = { "instance", "instance", 0, 0x05 },
};

const char *cw_print_sort_words(uint8_t sort)
{
    return sorts[sort].words;
}

static uint8_t read_sort(cw_reader *r)
{
    const uint8_t *at = r->at;
    uint8_t code = cw_read_u8(r);
    bool core = code == 0;
    if (core)
        code = cw_read_u8(r);
    for (uint8_t sort = 0; sort < CW_TEXT_SORTS && r->ok; sort++)
        if (sorts[sort].core == core && sorts[sort].code == code)
            return sort;
    cw_reader_fail(r, at, "invalid leading byte 0x%02x for a %ssort", code, core ? "core " : "");
    return CW_TEXT_SORTS;
}

uint8_t cw_print_read_sort(cw_printer *p)
{
    return read_sort(p->r);
}

/* ---- scopes ---- */

void cw_print_scope_push(cw_printer *p, cw_print_scope *s, uint8_t kind)
{
    *s = (cw_print_scope){ .parent = p->scope, .kind = kind, .last = CW_PART_NONE, .end = p->r->end };
    if (p->depth++ >= CW_TEXT_DEPTH)
        cw_reader_limit(p->r, NULL, "nested deeper than %u levels", (unsigned)CW_TEXT_DEPTH);
    p->scope = s;
    p->m = &s->core;
}

void cw_print_scope_pop(cw_printer *p)
{
    p->depth--;
    p->scope = p->scope->parent;
    p->m = p->scope ? &p->scope->core : NULL;
}

void cw_print_define(cw_printer *p, uint8_t sort)
{
    cw_print_scope *s = p->scope;
    uint32_t index = s->n[sort]++;
    const cw_print_id *id = cw_print_id_at(&s->ids[sort], index);
    s->n_used += id && (id->token.size || id->name.data);
    cw_put_definition(p, id, index);
}

/* What is defined further on has no id yet. */
void cw_print_thing(cw_printer *p, uint8_t sort, uint32_t index)
{
    static const cw_print_ids none = { NULL, 0 };
    cw_put_index(p, index < p->scope->n[sort] ? &p->scope->ids[sort] : &none, index);
}

void cw_print_item(cw_printer *p, uint8_t sort, uint32_t index)
{
    if (sort >= CW_TEXT_SORTS)
        return;
    CW_PUT(p, "(");
    cw_put_text(p, sorts[sort].words);
    CW_PUT(p, " ");
    cw_print_thing(p, sort, index);
    CW_PUT(p, ")");
}

/* ---- names ---- */

/* How far indices are believed: ids are arrays. */
enum { SPARSE = 64, SPARSE_MORE = 1000 };

/* Some linkers write the names of a sort twice. */
static bool is_repeated(cw_reader *r, cw_print_part first)
{
    bool same = first.end - first.at == r->end - r->at && memcmp(first.at, r->at, (size_t)(r->end - r->at)) == 0;
    r->at = r->end;
    return same;
}

static bool scan_sort_names(cw_printer *p, cw_reader *r, cw_print_scope *s)
{
    uint8_t sort = read_sort(r);
    if (!r->ok || s->n_name_parts == CW_TEXT_NAME_PARTS)
        return false;
    s->names_ordered = s->names_ordered && (!s->n_name_parts || sort > s->name_parts[s->n_name_parts - 1]);
    s->name_parts[s->n_name_parts++] = sort;
    if (s->names[sort].at)
        return is_repeated(r, s->names[sort]);
    s->names[sort] = (cw_print_part){ r->at, r->end };
    const uint8_t *at = r->at;
    uint64_t n = cw_read_u32(r);
    r->at = r->ok ? at : r->at;
    n = n > cw_reader_left(r) ? cw_reader_left(r) : n;
    uint64_t most = n * SPARSE + SPARSE_MORE;
    cw_print_namings names = { 0 };
    bool regular = cw_print_read_names(p, r, most > UINT32_MAX ? UINT32_MAX : (uint32_t)most, &names);
    cw_print_make_ids(p, p->arena, &s->ids[sort], &names, sorts[sort].what);
    s->n_named += names.n;
    CW_VEC_FINI(&names, &p->alloc);
    return regular;
}

static void scan_names(cw_printer *p, cw_reader *r, cw_print_scope *s)
{
    s->names_ordered = true;
    bool regular = r->at < r->end, first = true;
    cw_print_scan scan = cw_print_scan_begin(r);
    while (regular && cw_print_scan_next(&scan)) {
        if (scan.id == 0 && first) {
            s->name = cw_read_name(r);
            s->name = r->ok ? s->name : (cwrun_str){ NULL, 0 };
        } else {
            regular = scan.id == 1 && scan_sort_names(p, r, s);
        }
        first = false;
        regular = regular && r->ok && r->at == r->end;
    }
    s->names_regular = regular && !scan.is_broken;
}

/* The reader covers exactly the component; s was pushed. */
void cw_print_component_scan(cw_printer *p, cw_print_scope *s)
{
    cw_reader *r = cw_print_quiet_reader(p);
    if (!r)
        return;
    cw_print_part names = { NULL, NULL };
    cw_print_scan scan = cw_print_scan_begin(r);
    while (cw_print_scan_next(&scan))
        if (scan.id == CW_PART_CUSTOM && cw_str_eq_c(cw_read_name(r), "component-name") && r->ok &&
            !s->n_name_sections++)
            names = (cw_print_part){ r->at, r->end };
    if (s->n_name_sections) {
        r->ok = true;
        r->at = names.at;
        r->end = names.end;
        scan_names(p, r, s);
        s->core.ids[CW_SPACE_TYPE] = s->ids[CW_TEXT_CORE_TYPE];
    }
    cw_free(&p->alloc, r, sizeof *r);
}

/* ---- modules and components ---- */

/* Where what the text's id says is not what a nested thing calls itself. */
static void print_own_name(cw_printer *p, const cw_print_id *id, cwrun_str own)
{
    cwrun_str given = { NULL, 0 };
    if (id && id->name.data)
        given = id->name;
    else if (id && id->token.size)
        given = id->plain;
    if (!given.data == !own.data && cw_str_eq(given, own))
        return;
    CW_PUT(p, " (@cwrun.own-name");
    if (own.data) {
        CW_PUT(p, " ");
        cw_put_name(p, own);
    }
    CW_PUT(p, ")");
}

static void print_core_module(cw_printer *p)
{
    const cw_print_id *id = cw_print_id_at(&p->scope->ids[CW_TEXT_CORE_MODULE], p->scope->n[CW_TEXT_CORE_MODULE]);
    cw_reader_push(p->r, "module", p->scope->n[CW_TEXT_CORE_MODULE]);
    cw_put_line(p, p->r->at);
    CW_PUT(p, "(core module");
    cw_print_define(p, CW_TEXT_CORE_MODULE);
    cw_print_module m;
    cw_print_module_scan(p, &m);
    print_own_name(p, id, m.name);
    m.n_used += m.name.data != NULL;
    cw_print_module_fields(p);
    if (p->r->ok)
        cw_put_line(p, NULL);
    CW_PUT(p, ")");
    cw_print_module_fini(p, &m);
    p->m = &p->scope->core;
    cw_reader_pop(p->r);
}

static void print_component(cw_printer *p)
{
    const cw_print_id *id = cw_print_id_at(&p->scope->ids[CW_TEXT_COMPONENT], p->scope->n[CW_TEXT_COMPONENT]);
    cw_reader_push(p->r, "component", p->scope->n[CW_TEXT_COMPONENT]);
    cw_put_line(p, p->r->at);
    CW_PUT(p, "(component");
    cw_print_define(p, CW_TEXT_COMPONENT);
    cw_print_scope s;
    cw_print_scope_push(p, &s, CW_SCOPE_COMPONENT);
    cw_print_component_scan(p, &s);
    print_own_name(p, id, s.name);
    cw_print_component_fields(p);
    cw_print_scope_pop(p);
    if (p->r->ok)
        cw_put_line(p, NULL);
    CW_PUT(p, ")");
    cw_reader_pop(p->r);
}

/* ---- instances ---- */

static uint8_t read_core_export_sort(cw_printer *p)
{
    static const uint8_t of[] = { CW_TEXT_CORE_FUNC, CW_TEXT_CORE_TABLE, CW_TEXT_CORE_MEMORY, CW_TEXT_CORE_GLOBAL,
                                  CW_TEXT_CORE_TAG };
    const uint8_t *at = p->r->at;
    uint8_t kind = cw_read_u8(p->r);
    if (kind < sizeof of)
        return of[kind];
    cw_reader_fail(p->r, at, "invalid leading byte 0x%02x for a core sort of an export", kind);
    return CW_TEXT_SORTS;
}

/* "(func 3)" of core sorts, whose word core goes without saying. */
static void print_core_item(cw_printer *p, uint8_t sort, uint32_t index)
{
    if (sort >= CW_TEXT_SORTS)
        return;
    CW_PUT(p, "(");
    cw_put_text(p, sorts[sort].words + sizeof "core " - 1);
    CW_PUT(p, " ");
    cw_print_thing(p, sort, index);
    CW_PUT(p, ")");
}

/* What the index behind a sort stands for. */
static void print_indexed(cw_printer *p, bool core, uint8_t sort)
{
    const uint32_t index = cw_read_u32(p->r);
    if (core)
        print_core_item(p, sort, index);
    else
        cw_print_item(p, sort, index);
}

static void print_bundle(cw_printer *p, bool core)
{
    cw_reader *r = p->r;
    uint32_t n = cw_read_count(r, UINT32_MAX, "exports");
    p->indent++;
    for (uint32_t i = 0; i < n && r->ok; i++) {
        cw_put_line(p, r->at);
        CW_PUT(p, "(export ");
        if (core)
            cw_put_name(p, cw_read_name(r));
        else
            cw_print_extern_name(p);
        CW_PUT(p, " ");
        print_indexed(p, core, core ? read_core_export_sort(p) : cw_print_read_sort(p));
        CW_PUT(p, ")");
    }
    p->indent--;
    if (n)
        cw_put_line(p, NULL);
}

static void print_instantiate(cw_printer *p, bool core)
{
    cw_reader *r = p->r;
    CW_PUT(p, " (instantiate ");
    cw_print_thing(p, core ? CW_TEXT_CORE_MODULE : CW_TEXT_COMPONENT, cw_read_u32(r));
    uint32_t n = cw_read_count(r, UINT32_MAX, "arguments");
    p->indent++;
    for (uint32_t i = 0; i < n && r->ok; i++) {
        cw_put_line(p, r->at);
        CW_PUT(p, "(with ");
        cw_put_name(p, cw_read_name(r));
        CW_PUT(p, " ");
        const uint8_t *at = r->at;
        uint8_t sort = CW_TEXT_CORE_INSTANCE;
        if (!core)
            sort = cw_print_read_sort(p);
        else if (cw_read_u8(r) != 0x12)
            cw_reader_fail(r, at, "invalid leading byte for an instantiation argument");
        print_indexed(p, core, sort);
        CW_PUT(p, ")");
    }
    p->indent--;
    if (n)
        cw_put_line(p, NULL);
    CW_PUT(p, ")");
}

static void print_instance(cw_printer *p, bool core)
{
    cw_reader *r = p->r;
    const uint8_t *at = r->at;
    uint8_t sort = core ? CW_TEXT_CORE_INSTANCE : CW_TEXT_INSTANCE;
    cw_put_line(p, at);
    cw_put_text(p, core ? "(core instance" : "(instance");
    cw_print_define(p, sort);
    p->scope->n[sort]--; /* it is not there in its own definition */
    uint8_t code = cw_read_u8(r);
    if (code == 0 && r->ok)
        print_instantiate(p, core);
    else if (code == 1)
        print_bundle(p, core);
    else
        cw_reader_fail(r, at, "invalid leading byte 0x%02x for an instance", code);
    p->scope->n[sort]++;
    CW_PUT(p, ")");
}

/* ---- aliases, exports, start ---- */

static void print_new_thing(cw_printer *p, uint8_t sort)
{
    CW_PUT(p, " (");
    cw_put_text(p, p->scope->kind == CW_SCOPE_MODULE_TYPE ? "type" : sorts[sort].words);
    cw_print_define(p, sort);
    CW_PUT(p, "))");
}

void cw_print_alias(cw_printer *p)
{
    cw_reader *r = p->r;
    cw_put_line(p, r->at);
    const uint8_t *at = r->at;
    uint8_t sort = CW_TEXT_CORE_TYPE, code;
    if (p->scope->kind != CW_SCOPE_MODULE_TYPE) {
        sort = cw_print_read_sort(p);
        code = cw_read_u8(r);
    } else {
        if (cw_read_u8(r) != 0x10)
            cw_reader_fail(r, at, "invalid leading byte for an alias in a module type");
        code = cw_read_u8(r);
        if (code != 1)
            cw_reader_fail(r, at, "invalid leading byte 0x%02x for an alias in a module type", code);
        code = 2;
    }
    uint32_t first = cw_read_u32(r);
    if (!r->ok)
        return;
    if (code == 2) {
        CW_PUT(p, "(alias outer ");
        cw_put_u64(p, first);
        CW_PUT(p, " ");
        cw_put_u64(p, cw_read_u32(r));
    } else if (code < 2) {
        cw_put_text(p, code ? "(alias core export " : "(alias export ");
        cw_print_thing(p, code ? CW_TEXT_CORE_INSTANCE : CW_TEXT_INSTANCE, first);
        CW_PUT(p, " ");
        cw_put_name(p, cw_read_name(r));
    } else {
        cw_reader_fail(r, at, "invalid leading byte 0x%02x for an alias", code);
        return;
    }
    print_new_thing(p, sort);
}

static void print_export(cw_printer *p)
{
    cw_reader *r = p->r;
    cw_put_line(p, r->at);
    size_t start = p->out.size;
    p->captured++;
    CW_PUT(p, " ");
    cw_print_extern_name(p);
    CW_PUT(p, " ");
    uint8_t sort = cw_print_read_sort(p);
    cw_print_item(p, sort, cw_read_u32(r));
    const uint8_t *at = r->at;
    uint8_t typed = cw_read_u8(r);
    if (typed > 1)
        cw_reader_fail(r, at, "invalid leading byte 0x%02x for an optional extern type", typed);
    if (typed == 1) {
        CW_PUT(p, " ");
        cw_print_extern_type(p, false);
    }
    CW_PUT(p, ")");
    size_t middle = p->out.size;
    CW_PUT(p, "(export"); /* the id stands before the name, its sort behind it */
    if (r->ok)
        cw_print_define(p, sort);
    p->captured--;
    cw_put_swap(p, start, middle);
}

static void print_start(cw_printer *p)
{
    cw_reader *r = p->r;
    cw_put_line(p, r->at);
    CW_PUT(p, "(start ");
    cw_print_thing(p, CW_TEXT_FUNC, cw_read_u32(r));
    uint32_t n = cw_read_count(r, UINT32_MAX, "arguments");
    for (uint32_t i = 0; i < n && r->ok; i++) {
        CW_PUT(p, " ");
        cw_print_item(p, CW_TEXT_VALUE, cw_read_u32(r));
    }
    const uint8_t *at = r->at;
    n = cw_read_u32(r);
    if (r->ok && n > 1000)
        cw_reader_fail(r, at, "start function results size is out of bounds");
    for (uint32_t i = 0; i < n && r->ok; i++) {
        CW_PUT(p, " (result (value");
        cw_print_define(p, CW_TEXT_VALUE);
        CW_PUT(p, "))");
    }
    CW_PUT(p, ")");
}

/* ---- custom sections ---- */

static void print_custom(cw_printer *p, const uint8_t *at)
{
    cw_reader *r = p->r;
    cw_print_scope *s = p->scope;
    cwrun_str name = cw_read_name(r);
    if (!r->ok)
        return;
    if (cw_str_eq_c(name, "producers") && cw_print_producers(p, (cw_print_part){ r->at, r->end })) {
        r->at = r->end;
        return;
    }
    bool names = cw_str_eq_c(name, "component-name");
    if (!names || s->n_name_sections > 1 || !s->names_regular) {
        cw_print_custom(p, at, name, NULL);
        return;
    }
    r->at = r->end;
    if (s->end == r->end && s->n_used == s->n_named && s->names_ordered)
        return; /* as and where parsing puts it */
    if (s->n_used != s->n_named && s->end == r->end) {
        r->at = at; /* names of nothing */
        cw_read_u8(r);
        cw_read_u32(r);
        cw_read_name(r);
        cw_print_custom(p, at, name, NULL);
        return;
    }
    cw_put_line(p, at);
    CW_PUT(p, "(@cwrun.names");
    for (unsigned i = 0; i < s->n_name_parts && !s->names_ordered; i++) {
        CW_PUT(p, " (");
        cw_put_text(p, sorts[s->name_parts[i]].words);
        CW_PUT(p, ")");
    }
    CW_PUT(p, ")");
}

/* ---- sections ---- */

static void print_entry(cw_printer *p, uint8_t id)
{
    switch (id) {
    case CW_PART_CORE_INSTANCE: print_instance(p, true); break;
    case CW_PART_CORE_TYPE: cw_print_core_type(p); break;
    case CW_PART_INSTANCE: print_instance(p, false); break;
    case CW_PART_ALIAS: cw_print_alias(p); break;
    case CW_PART_TYPE: cw_print_component_type(p); break;
    case CW_PART_CANON: cw_print_canon(p); break;
    case CW_PART_IMPORT: cw_print_import(p); break;
    case CW_PART_VALUE: cw_print_value(p); break;
    default: print_export(p);
    }
}

/* Whether there are any. */
static bool print_entries(cw_printer *p, uint8_t id, const uint8_t *at)
{
    static const char *const words[] = { "",      "", "core instance", "core type", "",     "instance", "alias", "type",
                                         "canon", "", "import",        "export",    "value" };
    cw_reader *r = p->r;
    if (p->scope->last == id) {
        cw_put_line(p, at);
        CW_PUT(p, "(@cwrun.section)");
    }
    uint32_t n = cw_read_count(r, UINT32_MAX, "entries");
    for (uint32_t i = 0; i < n && r->ok; i++)
        print_entry(p, id);
    if (!n)
        cw_print_empty(p, at, words[id]);
    return n;
}

static void print_section(cw_printer *p)
{
    static const char *const names[] = {
        "custom section",          "core module section",      "core instance section",
        "core type section",       "component section",        "component instance section",
        "alias section",           "component type section",   "canonical function section",
        "component start section", "component import section", "component export section",
        "component value section"
    };
    cw_reader *r = p->r;
    const uint8_t *at = r->at;
    uint8_t id = cw_read_u8(r);
    if (r->ok && id > CW_PART_VALUE) {
        cw_reader_fail(r, at, "malformed section id %u", id);
        return;
    }
    uint32_t size = cw_read_u32(r);
    const uint8_t *end = cw_reader_enter(r, size, names[id]);
    if (!r->ok)
        return;
    bool alone = true;
    switch (id) {
    case CW_PART_CUSTOM: print_custom(p, at); break;
    case CW_PART_CORE_MODULE: print_core_module(p); break;
    case CW_PART_COMPONENT: print_component(p); break;
    case CW_PART_START: print_start(p); break;
    default: alone = !print_entries(p, id, at);
    }
    p->scope->last = alone ? CW_PART_NONE : id;
    cw_reader_leave(r, end, names[id]);
}

void cw_print_component_fields(cw_printer *p)
{
    static const uint8_t preamble[8] = { 0, 'a', 's', 'm', 0x0d, 0, 1, 0 };
    cw_reader *r = p->r;
    if (r->ok && (cw_reader_left(r) < 8 || memcmp(r->at, preamble, 8) != 0))
        cw_reader_fail(r, r->at, "magic header of a component not detected, or unknown binary version");
    cw_read_bytes(r, 8);
    p->indent++;
    while (r->ok && r->at < r->end)
        print_section(p);
    p->indent--;
}
