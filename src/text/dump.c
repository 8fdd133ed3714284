/* text/dump.c: `dump`: every byte of a binary with its offset and what it means, in the format of wasm-tools' dump.
 *
 * One walk over the sections, module or component, which knows no types and checks nothing but the layout, so that it
 * also serves to look into files that are refused. What cannot be read ends it, after all lines before. */
#include "text/dump.h"

#include "base/error.h"
#include "cwrun/text.h"

enum { LINE_BYTES = 4, OUT_ROOM = 1 << 16 };

typedef uint32_t counts[CW_SPACE_COUNT]; /* of the module or component that is read: the next index of each space */

static const char *const space_names[CW_SPACE_COUNT] = {
    "",       "core func", "core table", "core memory", "core global", "core tag", "core type", "core instance",
    "module", "type",      "func",       "component",   "instance",    "value",
};

enum { MODULE, COMPONENT };

typedef struct section {
    uint8_t level, id;
    const char *name;
    uint8_t space;
    const char *text;
} section;

static const section sections[] = {
#define RULE(rule, code, space, text)
#define SECTION(level, id, name, space, text) { level, id, name, CW_SPACE_##space, text },
#define IMM(kind, text)
#define NAMES(map, id, second, thing, owner)
#include "text/dump.def"
#undef SECTION
#undef NAMES
};

enum { CORE, SORTS };

static const struct {
    uint8_t map, id, second;
    const char *thing, *owner;
} name_maps[] = {
#define SECTION(level, id, name, space, text)
#define NAMES(map, id, second, thing, owner) { map, id, second, thing, owner },
#include "text/dump.def"
#undef RULE
#undef SECTION
#undef IMM
#undef NAMES
};

static void read_body(cw_dump *d);

/* ---- lines ---- */

static void print_offset(cw_dump *d)
{
    char offset[24];
    snprintf(offset, sizeof offset, "0x%zx", cw_reader_offset(&d->r, d->cur));
    cw_text_printf(&d->out, "%*s%*s |", 2 * (int)(d->nesting - 1), "", d->width + 2, offset);
}

static void print_hex(cw_dump *d, const uint8_t *bytes, size_t n)
{
    static const char digits[] = "0123456789abcdef";
    char text[3 * LINE_BYTES];
    memset(text, ' ', sizeof text);
    for (size_t i = 0; i < n; i++) {
        text[3 * i + 1] = digits[bytes[i] >> 4];
        text[3 * i + 2] = digits[bytes[i] & 15];
    }
    cw_text_add(&d->out, text, sizeof text);
}

/* The bytes up to a place, with the state beside the first of them; nothing where reading failed on the way. */
static void print_to(cw_dump *d, const uint8_t *end)
{
    if (!d->r.ok)
        return;
    print_offset(d);
    for (bool is_first = true; is_first || d->cur < end; is_first = false) {
        size_t n = (size_t)(end - d->cur) < LINE_BYTES ? (size_t)(end - d->cur) : LINE_BYTES;
        if (!is_first)
            cw_text_printf(&d->out, "%*s   |", 2 * (int)(d->nesting - 1) + d->width, "");
        print_hex(d, d->cur, n);
        if (is_first) {
            cw_text_puts(&d->out, " | ");
            cw_text_add(&d->out, d->state.data, d->state.size);
        }
        cw_text_puts(&d->out, "\n");
        d->cur += n;
    }
    d->state.size = 0;
    if (d->state.oom || d->out.oom)
        cw_reader_oom(&d->r);
}

static void print(cw_dump *d)
{
    print_to(d, d->r.at);
}

static void print_text(cw_dump *d, const char *text)
{
    cw_text_puts(&d->state, text);
    print(d);
}

/* Bytes up to a place that are not shown. */
static void print_skipped(cw_dump *d, const uint8_t *end, size_t n)
{
    if (!d->r.ok)
        return;
    print_offset(d);
    cw_text_printf(&d->out, "-------------| ... %zu bytes of data\n", n);
    d->r.at = d->cur = end;
}

/* ---- vectors ---- */

static uint32_t read_count(cw_dump *d)
{
    uint32_t n = cw_read_count(&d->r, UINT32_MAX, "items");
    cw_text_printf(&d->state, "%u count", n);
    print(d);
    return n;
}

static void insert_index(cw_dump *d, size_t at, bool is_component, cw_space space, uint32_t *n)
{
    const char *name = space_names[space];
    if (!is_component && !strncmp(name, "core ", 5))
        name += 5;
    cw_dump_insert(d, at, "[%s %u]", name, n[space]++);
}

static void read_items(cw_dump *d, const section *s, uint32_t *n)
{
    for (uint32_t i = read_count(d); i && d->r.ok; i--) {
        d->space = CW_SPACE_NONE;
        size_t mark = cw_dump_text(d, s->text);
        if (mark != SIZE_MAX && d->r.ok)
            insert_index(d, mark, s->level, s->space ? (cw_space)s->space : d->space, n);
        print(d);
    }
}

/* Lines of one item each, after their count. */
static void read_list(cw_dump *d, const char *text)
{
    for (uint32_t i = read_count(d); i && d->r.ok; i--) {
        cw_dump_text(d, text);
        print(d);
    }
}

/* ---- sections of modules that take several lines an item ---- */

/* Instructions to the end of an expression, or (a body) of the bytes. */
static void read_insns(cw_dump *d, bool is_body)
{
    bool more = true;
    while (more && d->r.ok && (!is_body || cw_reader_left(&d->r))) {
        more = cw_dump_insn(d) != CW_OP_END || is_body;
        print(d);
    }
}

static void read_types(cw_dump *d, uint32_t *n)
{
    uint32_t n_groups = read_count(d);
    for (uint32_t i = 0; i < n_groups && d->r.ok; i++) {
        bool is_explicit = cw_reader_left(&d->r) && *d->r.at == 0x4e;
        uint32_t n_types = 1;
        cw_text_printf(&d->out, "--- rec group %u (%s) ---\n", i, is_explicit ? "explicit" : "implicit");
        if (is_explicit) {
            d->r.at++;
            n_types = cw_read_count(&d->r, UINT32_MAX, "types");
            print(d);
        }
        for (; n_types && d->r.ok; n_types--) {
            size_t mark = cw_dump_text(d, "# <subtype>");
            insert_index(d, mark, false, CW_SPACE_CORE_TYPE, n);
            print(d);
        }
    }
}

static void read_globals(cw_dump *d, uint32_t *n)
{
    for (uint32_t i = read_count(d); i && d->r.ok; i--) {
        size_t mark = cw_dump_text(d, "# <globaltype>");
        insert_index(d, mark, false, CW_SPACE_CORE_GLOBAL, n);
        print(d);
        read_insns(d, false);
    }
}

/* [core 5.5.12]: bit 0 no table, bit 1 a table index or (bit 0) declarative, bit 2 expressions. */
static void read_elem(cw_dump *d)
{
    cw_reader *r = &d->r;
    const uint8_t *at = r->at;
    uint32_t flags = cw_read_u32(r);
    bool is_active = !(flags & 1), has_type = flags & 3, is_exprs = flags & 4;
    if (flags > 7)
        cw_reader_fail(r, at, "malformed elements segment kind %u", flags);
    cw_text_puts(&d->state, "element");
    if (is_active) {
        cw_dump_text(d, flags & 2 ? " table[Some(<u32>)]" : " table[None]");
        print(d);
        read_insns(d, false);
    }
    size_t head = d->state.size;
    if (is_exprs)
        cw_dump_text(d, has_type ? " [exprs <reftype>]" : " [exprs funcref]");
    else
        cw_dump_text(d, has_type ? "<=00> [indices]" : " [indices]");
    uint32_t n = cw_read_count(r, UINT32_MAX, "items");
    cw_dump_insert(d, head, "%s%u items", is_active ? "" : flags & 2 ? " declared " : " passive, ", n);
    print(d);
    for (; n && r->ok; n--) {
        cw_dump_text(d, is_exprs ? "item <constexpr>" : "item <u32>");
        print(d);
    }
}

static void read_elems(cw_dump *d)
{
    for (uint32_t i = read_count(d); i && d->r.ok; i--)
        read_elem(d);
}

static void read_bodies(cw_dump *d, uint32_t *n)
{
    cw_reader *r = &d->r;
    for (uint32_t i = read_count(d); i && r->ok; i--) {
        cw_text_printf(&d->out, "============== func %u ====================\n", n[CW_SPACE_CORE_FUNC]++);
        const uint8_t *section_end = cw_reader_enter(r, cw_read_u32(r), "function body");
        print_text(d, "size of function");
        if (!r->ok)
            return;
        uint32_t n_runs = cw_read_u32(r);
        cw_text_printf(&d->state, "%u local blocks", n_runs);
        print(d);
        for (; n_runs && r->ok; n_runs--) {
            cw_dump_text(d, "<u32> locals of type <valtype>");
            print(d);
        }
        read_insns(d, true);
        cw_reader_leave(r, section_end, "function body");
    }
}

static void read_data(cw_dump *d)
{
    cw_reader *r = &d->r;
    for (uint32_t i = read_count(d); i && r->ok; i--) {
        const uint8_t *at = r->at;
        uint32_t flags = cw_read_u32(r);
        if (flags > 2)
            cw_reader_fail(r, at, "malformed data segment kind %u", flags);
        if (flags != 1) {
            cw_dump_text(d, flags == 2 ? "data memory[<u32>]" : "data memory[0]");
            print(d);
            read_insns(d, false);
        }
        uint32_t size = cw_read_u32(r);
        if (r->ok && flags == 1)
            print_text(d, "data passive");
        if (cw_read_bytes(r, size))
            print_skipped(d, r->at, size);
    }
}

/* ---- custom sections ---- */

static void read_name_map(cw_dump *d, const char *thing)
{
    cw_text_printf(&d->state, "%s name section", thing);
    print(d);
    read_list(d, "<naming>");
}

static void read_owners(cw_dump *d, const char *owner, const char *thing)
{
    cw_text_printf(&d->state, "%s section", thing);
    print(d);
    for (uint32_t n = read_count(d); n && d->r.ok; n--) {
        cw_text_printf(&d->state, "%s ", owner);
        cw_dump_text(d, "<u32> ");
        read_name_map(d, thing);
    }
}

/* The subsection that a reader is at the start of, behind its id and size; false where there is none of these. */
static bool read_known_names(cw_dump *d, int map, uint8_t id, uint8_t second)
{
    for (size_t i = 0; i < sizeof name_maps / sizeof *name_maps; i++) {
        if (name_maps[i].map != map || name_maps[i].id != id || name_maps[i].second != second)
            continue;
        if (name_maps[i].owner)
            read_owners(d, name_maps[i].owner, name_maps[i].thing);
        else
            read_name_map(d, name_maps[i].thing);
        return true;
    }
    return false;
}

static void read_subsection(cw_dump *d, bool is_component, uint8_t id)
{
    cw_reader *r = &d->r;
    if (id == 0) {
        print_text(d, is_component ? "component name" : "module name");
        cw_dump_text(d, "<name>");
        print(d);
        return;
    }
    if (!is_component && read_known_names(d, CORE, id, 0))
        return;
    if (is_component && id == 1) {
        const uint8_t *at = r->at;
        uint8_t sort = cw_read_u8(r), second = sort ? 0 : cw_read_u8(r);
        if (!r->ok || !read_known_names(d, SORTS, sort, second))
            cw_reader_fail(r, at, "unknown sort 0x%02x", sort);
        return;
    }
    cw_text_printf(&d->state, "unknown names: %u", id);
    print(d);
    r->at = r->end;
    print(d);
}

static void read_names(cw_dump *d, bool is_component)
{
    cw_reader *r = &d->r;
    while (cw_reader_left(r)) {
        const uint8_t id = cw_read_u8(r), *end = cw_reader_enter(r, cw_read_u32(r), "names");
        if (r->ok)
            read_subsection(d, is_component, id);
        cw_reader_leave(r, end, "names");
    }
}

static void read_producers(cw_dump *d)
{
    for (uint32_t n = read_count(d); n && d->r.ok; n--) {
        cwrun_str name = cw_read_name(&d->r);
        cw_dump_quoted(d, name);
        if (d->r.ok && !d->state.oom) { /* the name stands there without quotes */
            d->state.size--;
            memmove(d->state.data, d->state.data + 1, --d->state.size);
            cw_dump_insert(d, 0, "field: ");
        }
        print(d);
        read_list(d, "<producer>");
    }
}

static void read_dylink(cw_dump *d)
{
    while (cw_reader_left(&d->r)) {
        cw_dump_text(d, "<dylink>");
        print(d);
    }
}

static void read_hints(cw_dump *d)
{
    for (uint32_t n = read_count(d); n && d->r.ok; n--) {
        cw_dump_text(d, "func: <u32>");
        print(d);
        read_list(d, "<branchhint>");
    }
}

/* Custom sections cannot fail: what was not understood of them is skipped, and the reason told. */
static void read_custom(cw_dump *d)
{
    cw_reader *r = &d->r;
    cwrun_error *err = r->err, inner = CWRUN_ERROR_INIT;
    cwrun_str name = cw_read_name(r);
    cw_text_puts(&d->state, "name: ");
    cw_dump_quoted(d, name);
    print(d);
    if (!r->ok)
        return;
    r->err = &inner;
    if (cw_str_eq(name, CW_STR("name")))
        read_names(d, false);
    else if (cw_str_eq(name, CW_STR("component-name")))
        read_names(d, true);
    else if (cw_str_eq(name, CW_STR("producers")))
        read_producers(d);
    else if (cw_str_eq(name, CW_STR("metadata.code.branch_hint")))
        read_hints(d);
    else if (cw_str_eq(name, CW_STR("dylink.0")))
        read_dylink(d);
    else
        print_skipped(d, r->end, cw_reader_left(r));
    r->err = err;
    if (!r->ok && !d->state.oom && !d->out.oom) {
        r->ok = true;
        d->state.size = 0;
        print_offset(d);
        cw_text_printf(&d->out, "-------------| ... failed to decode %zu more bytes: %s\n", (size_t)(r->end - d->cur),
                       inner.message);
        r->at = d->cur = r->end;
    }
    cwrun_error_clear(&inner);
}

/* ---- sections ---- */

static void read_start(cw_dump *d, bool is_component)
{
    print_text(d, "start section");
    cw_dump_text(d, is_component ? "<start>" : "start function <u32>");
    print(d);
}

static void read_nested(cw_dump *d, bool is_component, uint32_t *n)
{
    const char *what = is_component ? "component" : "core module";
    uint32_t index = n[is_component ? CW_SPACE_COMPONENT : CW_SPACE_MODULE]++;
    cw_text_printf(&d->state, "[%s %u] inline size", what, index);
    print(d);
    cw_reader_push(&d->r, what, index);
    read_body(d);
    cw_reader_pop(&d->r);
}

static void read_titled(cw_dump *d, const char *title, void (*read)(cw_dump *d, uint32_t *n),
                        void (*read_plain)(cw_dump *d), uint32_t *n)
{
    cw_text_printf(&d->state, "%s section", title);
    print(d);
    if (read)
        read(d, n);
    else
        read_plain(d);
}

static bool read_module_section(cw_dump *d, uint8_t id, uint32_t *n)
{
    switch (id) {
    case 1: read_titled(d, "type", read_types, NULL, n); return true;
    case 6: read_titled(d, "global", read_globals, NULL, n); return true;
    case 8: read_start(d, false); return true;
    case 9: read_titled(d, "element", NULL, read_elems, n); return true;
    case 10: read_titled(d, "code", read_bodies, NULL, n); return true;
    case 11: read_titled(d, "data", NULL, read_data, n); return true;
    case 12:
        print_text(d, "data count section");
        cw_dump_text(d, "data count <u32>");
        print(d);
        return true;
    default: return false;
    }
}

static bool read_component_section(cw_dump *d, uint8_t id, uint32_t *n)
{
    switch (id) {
    case 1: read_nested(d, false, n); return true;
    case 4: read_nested(d, true, n); return true;
    case 9: read_start(d, true); return true;
    default: return false;
    }
}

/* The content of a section, which the reader covers. */
static void read_section(cw_dump *d, bool is_component, uint8_t id, uint32_t *n)
{
    if (id == 0) {
        read_titled(d, "custom", NULL, read_custom, n);
        return;
    }
    if (is_component ? read_component_section(d, id, n) : read_module_section(d, id, n))
        return;
    for (size_t i = 0; i < sizeof sections / sizeof *sections; i++) {
        if (sections[i].level != (is_component ? COMPONENT : MODULE) || sections[i].id != id)
            continue;
        uint32_t n_funcs = n[CW_SPACE_CORE_FUNC];
        cw_text_printf(&d->state, "%s section", sections[i].name);
        print(d);
        read_items(d, &sections[i], n);
        if (!is_component && id == 3)
            n[CW_SPACE_CORE_FUNC] = n_funcs; /* the code section counts them again */
        return;
    }
    cw_text_printf(&d->state, "unknown section: %u", id);
    print(d);
    print_skipped(d, d->r.end, cw_reader_left(&d->r));
}

static void flush(cw_dump *d)
{
    if (d->out.size && !d->write(d->user, d->out.data, d->out.size))
        d->r.ok = false; /* the reader of the dump went away */
    d->out.size = 0;
}

static bool read_preamble(cw_dump *d, bool *is_component)
{
    cw_reader *r = &d->r;
    const uint8_t *at = r->at;
    if (cw_read_fixed32(r) != 0x6d736100 && r->ok)
        cw_reader_fail(r, at, "magic header not detected");
    uint32_t version = cw_read_fixed32(r);
    if (r->ok && version != 1 && version != 0x1000d)
        cw_reader_fail(r, at + 4, "unknown binary version: 0x%x", version);
    *is_component = version >> 16;
    cw_text_printf(&d->state, "version %u (%s)", version & 0xffff, *is_component ? "Component" : "Module");
    print(d);
    return r->ok;
}

/* A module or component to the end of what the reader covers. */
static void read_body(cw_dump *d)
{
    cw_reader *r = &d->r;
    counts n = { 0 };
    bool is_component;
    d->nesting++;
    bool ok = read_preamble(d, &is_component);
    while (ok && cw_reader_left(r)) {
        const uint8_t id = cw_read_u8(r), *end = cw_reader_enter(r, cw_read_u32(r), "section");
        if (r->ok)
            read_section(d, is_component, id, n);
        cw_reader_leave(r, end, "section");
        if (d->out.size > OUT_ROOM)
            flush(d);
    }
    d->nesting--;
}

bool cwrun_dump(const void *bytes, size_t size, const char *file, cwrun_write_fn write, void *user, cwrun_error *err)
{
    cwrun_error local = CWRUN_ERROR_INIT;
    if (!write || (!bytes && size) || cwrun_failed(err))
        return cw_fail_null(err, __func__);
    cw_arena arena;
    cw_dump state = { .write = write, .user = user }, *d = &state;
    cw_arena_init(&arena, &cw_alloc_default);
    cw_reader_init(&d->r, bytes, size, file, &arena, err ? err : &local);
    cw_text_init(&d->state, &cw_alloc_default);
    cw_text_init(&d->out, &cw_alloc_default);
    d->cur = bytes;
    d->width = snprintf(NULL, 0, "%zx", size) + 1;
    read_body(d);
    bool ok = d->r.ok;
    flush(d);
    cw_text_fini(&d->state);
    cw_text_fini(&d->out);
    cw_arena_fini(&arena);
    cwrun_error_clear(&local);
    return ok;
}

bool cw_dump_code(const cw_module *m, const cw_func_body *body, cw_name_map locals, cw_text *out, cwrun_error *err)
{
    const size_t size = (size_t)(body->end - m->file_start);
    cw_arena arena;
    cw_dump state = { .nesting = 1, .cur = body->code, .m = m, .locals = locals }, *d = &state;
    cw_arena_init(&arena, &out->alloc);
    cw_reader_init(&d->r, m->file_start, size, NULL, &arena, err);
    cw_text_init(&d->state, &out->alloc);
    d->out = *out;
    d->r.at = body->code;
    d->width = snprintf(NULL, 0, "%zx", size) + 1;
    read_insns(d, true);
    *out = d->out;
    cw_text_fini(&d->state);
    cw_arena_fini(&arena);
    return d->r.ok;
}
