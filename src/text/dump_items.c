/* text/dump_items.c: reads the parts of binaries as dump.def lays them out, and says what they are.
 *
 * The table is interpreted: a text is printed, and each <part> in it is read from the binary where it stands. Words are
 * the parts that have no rows: numbers, names, and what is printed in another order than it is read. */
#include <inttypes.h>
#include <stdlib.h>

#include "base/utf.h"
#include "text/dump.h"

enum { ANY = -1, LIKE = -2, MAX_DEPTH = 200 };
enum { SHARED = 0x65, EXACT = 0x62, DESCRIPTOR = 0x4d, DESCRIBES = 0x4c }; /* bytes before what they are of */

static const struct {
    const char *rule;
    uint8_t size; /* of the rule's name */
    int16_t code;
    uint8_t space;
    const char *text;
} rows[] = {
#define RULE(rule, code, space, text) { #rule, sizeof #rule - 1, code, CW_SPACE_##space, text },
#define SECTION(level, id, name, space, text)
#define IMM(kind, text)
#define NAMES(map, id, second, thing, owner)
#include "text/dump.def"
#undef RULE
#undef IMM
};
enum { N_ROWS = sizeof rows / sizeof *rows };

static const char *const imm_texts[CW_IMM_COUNT] = {
#define RULE(rule, code, space, text)
#define IMM(kind, text) [CW_IMM_##kind] = text,
#include "text/dump.def"
#undef RULE
#undef SECTION
#undef IMM
#undef NAMES
};

static const struct { /* abstract heap types */
    uint8_t code;
    const char *name, *nullable, *word; /* "(ref name)", "nullableref" */
} heaps[] = {
    { 0x70, "func", "func", "Func" },
    { 0x6f, "extern", "extern", "Extern" },
    { 0x6e, "any", "any", "Any" },
    { 0x6d, "eq", "eq", "Eq" },
    { 0x6c, "i31", "i31", "I31" },
    { 0x6b, "struct", "struct", "Struct" },
    { 0x6a, "array", "array", "Array" },
    { 0x69, "exn", "exn", "Exn" },
    { 0x71, "none", "null", "None" },
    { 0x72, "noextern", "nullextern", "NoExtern" },
    { 0x73, "nofunc", "nullfunc", "NoFunc" },
    { 0x74, "noexn", "nullexn", "NoExn" },
};
enum { N_HEAPS = sizeof heaps / sizeof *heaps };

static bool part(cw_dump *d, cwrun_str name);

void cw_dump_insert(cw_dump *d, size_t at, const char *format, ...)
{
    char text[160];
    va_list list;
    va_start(list, format);
    int n = vsnprintf(text, sizeof text, format, list);
    va_end(list);
    size_t size = n < 0 ? 0 : (size_t)n < sizeof text ? (size_t)n : sizeof text - 1;
    cw_text_add(&d->state, text, size);
    if (d->state.oom)
        return;
    char *to = d->state.data + at;
    memmove(to + size, to, d->state.size - size - at);
    memcpy(to, text, size);
}

void cw_dump_quoted(cw_dump *d, cwrun_str s)
{
    cw_text_puts(&d->state, "\"");
    for (size_t i = 0; i < s.size;) {
        uint32_t c = 0;
        unsigned n = cw_utf8_decode((const uint8_t *)s.data + i, s.size - i, &c);
        static const char named[] = "\t\r\n\"\\", letters[] = "trn\"\\";
        const char *found = c < 0x80 && c ? strchr(named, (int)c) : NULL;
        if (found)
            cw_text_printf(&d->state, "\\%c", letters[found - named]);
        else if (c == 0)
            cw_text_puts(&d->state, "\\0");
        else if (c != ' ' && !cw_is_printable(c))
            cw_text_printf(&d->state, "\\u{%x}", c);
        else
            cw_text_add(&d->state, s.data + i, n);
        i += n ? n : 1;
    }
    cw_text_puts(&d->state, "\"");
}

/* ---- words ---- */

static void word_u8(cw_dump *d)
{
    cw_text_printf(&d->state, "%u", cw_read_u8(&d->r));
}

static void word_u32(cw_dump *d)
{
    cw_text_printf(&d->state, "%" PRIu32, cw_read_u32(&d->r));
}

/* An index, and its name where names are shown and it has one. */
static void print_named(cw_dump *d, cw_named_space what, uint32_t index)
{
    cw_text_printf(&d->state, "%" PRIu32, index);
    if (!d->m)
        return;
    const cwrun_str name = what == CW_NAMES_LOCAL ? cw_name_find(&d->locals, index) : cw_module_name(d->m, what, index);
    if (name.data) {
        cw_text_puts(&d->state, " ");
        cw_dump_quoted(d, name);
    }
}

#define NAMED(word, what) \
    static void word_##word(cw_dump *d) \
    { \
        print_named(d, CW_NAMES_##what, cw_read_u32(&d->r)); \
    }
NAMED(funcidx, FUNC)
NAMED(localidx, LOCAL)
NAMED(typeidx, TYPE)
NAMED(tableidx, TABLE)
NAMED(memidx, MEMORY)
NAMED(globalidx, GLOBAL)
NAMED(elemidx, ELEM)
NAMED(dataidx, DATA)
NAMED(tagidx, TAG)

static void word_s32(cw_dump *d)
{
    cw_text_printf(&d->state, "%" PRId32, cw_read_s32(&d->r));
}

static void word_s33(cw_dump *d) /* an index */
{
    cw_text_printf(&d->state, "%" PRIu32, (uint32_t)cw_read_s33(&d->r));
}

static void word_s64(cw_dump *d)
{
    cw_text_printf(&d->state, "%" PRId64, cw_read_s64(&d->r));
}

static void word_fixed32(cw_dump *d)
{
    cw_text_printf(&d->state, "%" PRIu32, cw_read_fixed32(&d->r));
}

static void word_fixed64(cw_dump *d)
{
    cw_text_printf(&d->state, "%" PRIu64, cw_read_fixed64(&d->r));
}

static void print_bytes(cw_dump *d, const uint8_t *bytes, size_t n)
{
    cw_text_puts(&d->state, "[");
    for (size_t i = 0; i < n; i++)
        cw_text_printf(&d->state, "%s%u", i ? ", " : "", bytes[i]);
    cw_text_puts(&d->state, "]");
}

static void word_sized(cw_dump *d)
{
    const uint32_t size = cw_read_u32(&d->r);
    const uint8_t *bytes = cw_read_bytes(&d->r, size);
    print_bytes(d, bytes, bytes ? size : 0);
}

static void word_bytes16(cw_dump *d)
{
    const uint8_t *bytes = cw_read_bytes(&d->r, 16);
    print_bytes(d, bytes, bytes ? 16 : 0);
}

static void word_bool(cw_dump *d)
{
    const uint8_t *at = d->r.at;
    uint8_t b = cw_read_u8(&d->r);
    if (b > 1)
        cw_reader_fail(&d->r, at, "0x00 or 0x01 expected, not 0x%02x", b);
    cw_text_puts(&d->state, b ? "true" : "false");
}

static void word_name(cw_dump *d)
{
    cw_dump_quoted(d, cw_read_name(&d->r));
}

static void word_size(cw_dump *d) /* of a subsection: not shown */
{
    cw_read_u32(&d->r);
}

static void word_offset(cw_dump *d)
{
    cw_text_printf(&d->state, "%zu", cw_reader_offset(&d->r, d->r.at));
}

/* The number of an abstract heap type; N_HEAPS where a type index stands, for the type or (exact) that very one. */
static unsigned read_abstract(cw_dump *d, uint32_t *index, bool *exact)
{
    const uint8_t *at = d->r.at;
    int64_t code = cw_read_s33(&d->r);
    *exact = code == EXACT - 0x80;
    *index = *exact ? cw_read_u32(&d->r) : (uint32_t)code;
    if (code >= 0 || *exact)
        return N_HEAPS;
    for (unsigned i = 0; i < N_HEAPS; i++)
        if (heaps[i].code == code + 0x80)
            return i;
    cw_reader_fail(&d->r, at, "malformed heap type");
    return N_HEAPS;
}

static bool read_if(cw_dump *d, uint8_t byte)
{
    bool is_there = cw_reader_left(&d->r) && *d->r.at == byte;
    d->r.at += is_there;
    return is_there;
}

static void word_heaptype(cw_dump *d)
{
    uint32_t index;
    bool shared = read_if(d, SHARED), exact;
    unsigned heap = read_abstract(d, &index, &exact);
    if (heap < N_HEAPS)
        cw_text_printf(&d->state, "Abstract { shared: %s, ty: %s }", shared ? "true" : "false", heaps[heap].word);
    else
        cw_text_printf(&d->state, "%s(Module(%" PRIu32 "))", exact ? "Exact" : "Concrete", index);
}

static void reftype(cw_dump *d, bool nullable)
{
    uint32_t index;
    bool shared = read_if(d, SHARED), exact;
    unsigned heap = read_abstract(d, &index, &exact);
    if (shared && heap < N_HEAPS)
        cw_text_printf(&d->state, nullable ? "(shared %sref)" : "(ref (shared %s))",
                       nullable ? heaps[heap].nullable : heaps[heap].name);
    else if (heap == N_HEAPS)
        cw_text_printf(&d->state, exact ? "(ref %s(exact (module %" PRIu32 ")))" : "(ref %s(module %" PRIu32 "))",
                       nullable ? "null " : "", index);
    else if (nullable)
        cw_text_printf(&d->state, "%sref", heaps[heap].nullable);
    else
        cw_text_printf(&d->state, "(ref %s)", heaps[heap].name);
}

static void word_reftype(cw_dump *d)
{
    cw_reader *r = &d->r;
    bool is_long = cw_reader_left(r) && (*r->at == 0x63 || *r->at == 0x64);
    bool nullable = !is_long || *r->at == 0x63;
    if (is_long)
        r->at++;
    else if (cw_reader_left(r) && (*r->at & 0xc0) != 0x40)
        cw_reader_fail(r, r->at, "malformed value type 0x%02x", *r->at);
    reftype(d, nullable);
}

static void print_type_option(cw_dump *d, const char *before, bool there, uint32_t index)
{
    if (there)
        cw_text_printf(&d->state, "%sSome(CoreTypeIndex { kind: \"module\", index: %" PRIu32 " })", before, index);
    else
        cw_text_printf(&d->state, "%sNone", before);
}

/* What describes it and what it describes stand before the structure, but are printed behind. */
static void word_composite(cw_dump *d)
{
    bool shared = read_if(d, SHARED), describes = read_if(d, DESCRIBES);
    uint32_t described = describes ? cw_read_u32(&d->r) : 0;
    bool has_descriptor = read_if(d, DESCRIPTOR);
    uint32_t descriptor = has_descriptor ? cw_read_u32(&d->r) : 0;
    cw_dump_text(d, "CompositeType { inner: <structure>");
    cw_text_printf(&d->state, ", shared: %s", shared ? "true" : "false");
    print_type_option(d, ", descriptor_idx: ", has_descriptor, descriptor);
    print_type_option(d, ", describes_idx: ", describes, described);
    cw_text_puts(&d->state, " }");
}

static void word_casttypes(cw_dump *d)
{
    uint8_t flags = cw_read_u8(&d->r);
    cw_text_puts(&d->state, "relative_depth:");
    word_u32(d);
    cw_text_puts(&d->state, " from_ref_type:");
    reftype(d, flags & 1);
    cw_text_puts(&d->state, " to_ref_type:");
    reftype(d, flags & 2);
}

static void word_blocktype(cw_dump *d)
{
    cw_reader *r = &d->r;
    if (cw_reader_left(r) && *r->at == 0x40) {
        r->at++;
        cw_text_puts(&d->state, "Empty");
    } else if (cw_reader_left(r) && (*r->at & 0xc0) == 0x40) {
        cw_dump_text(d, "Type(<valtype>)");
    } else {
        cw_dump_text(d, "FuncType(<s33>)");
    }
}

static void word_selecttypes(cw_dump *d)
{
    size_t at = d->state.size;
    uint32_t n = cw_read_count(&d->r, UINT32_MAX, "types");
    for (uint32_t i = 0; i < n && d->r.ok; i++)
        cw_dump_text(d, i ? ", <valtype>" : "<valtype>");
    cw_dump_insert(d, at, n == 1 ? "ty:" : "tys:[");
    if (n != 1)
        cw_text_puts(&d->state, "]");
}

static void word_targets(cw_dump *d)
{
    size_t at = d->state.size;
    uint32_t n = cw_read_count(&d->r, UINT32_MAX, "labels");
    for (uint32_t i = 0; i < n && d->r.ok; i++)
        cw_dump_text(d, i ? ", <u32>" : "<u32>");
    uint32_t last = cw_read_u32(&d->r);
    cw_dump_insert(d, at, "{ count: %" PRIu32 ", default: %" PRIu32 ", targets: [", n, last);
    cw_text_puts(&d->state, "] }");
}

static void word_memarg(cw_dump *d)
{
    uint32_t align = cw_read_u32(&d->r), memory = 0;
    if (align & 0x40)
        memory = cw_read_u32(&d->r);
    cw_text_printf(&d->state,
                   "MemArg { align: %" PRIu32 ", max_align: %u, offset: %" PRIu64 ", target: Memory(%" PRIu32
                   "), ordering: None }",
                   align & ~0x40u, d->op ? d->op->align : 0u, cw_read_u64(&d->r), memory);
}

typedef struct limits {
    bool is_64, is_shared, has_max, has_page;
    uint64_t min, max;
    uint32_t page;
} limits;

static limits read_limits(cw_dump *d)
{
    uint8_t flags = cw_read_u8(&d->r);
    limits l = { .has_max = flags & 1, .is_shared = flags & 2, .is_64 = flags & 4, .has_page = flags & 8 };
    if (flags > 15)
        cw_reader_fail(&d->r, d->r.at - 1, "malformed limits flags 0x%02x", flags);
    l.min = cw_read_u64(&d->r);
    if (l.has_max)
        l.max = cw_read_u64(&d->r);
    if (l.has_page)
        l.page = cw_read_u32(&d->r);
    return l;
}

static void print_option(cw_dump *d, const char *before, bool there, uint64_t n)
{
    if (there)
        cw_text_printf(&d->state, "%sSome(%" PRIu64 ")", before, n);
    else
        cw_text_printf(&d->state, "%sNone", before);
}

static const char *boolean(bool b)
{
    return b ? "true" : "false";
}

static void word_memtype(cw_dump *d)
{
    limits l = read_limits(d);
    cw_text_printf(&d->state, "MemoryType { memory64: %s, shared: %s, initial: %" PRIu64, boolean(l.is_64),
                   boolean(l.is_shared), l.min);
    print_option(d, ", maximum: ", l.has_max, l.max);
    print_option(d, ", page_size_log2: ", l.has_page, l.page);
    cw_text_puts(&d->state, " }");
}

static void word_tabletype(cw_dump *d)
{
    cw_text_puts(&d->state, "TableType { element_type: ");
    word_reftype(d);
    limits l = read_limits(d);
    cw_text_printf(&d->state, ", table64: %s, initial: %" PRIu64, boolean(l.is_64), l.min);
    print_option(d, ", maximum: ", l.has_max, l.max);
    cw_text_printf(&d->state, ", shared: %s }", boolean(l.is_shared));
}

static void word_constexpr(cw_dump *d)
{
    const uint8_t *from = d->r.at;
    size_t at = d->state.size;
    while (d->r.ok && cw_dump_insn(d) != CW_OP_END)
        d->state.size = at;
    if (d->state.size > at)
        d->state.size = at;
    cw_text_printf(&d->state, "ConstExpr { offset: %zu, data: ", cw_reader_offset(&d->r, from));
    print_bytes(d, from, (size_t)(d->r.at - from));
    cw_text_puts(&d->state, " }");
}

static void word_table(cw_dump *d)
{
    cw_reader *r = &d->r;
    bool has_init = cw_reader_left(r) > 1 && r->at[0] == 0x40 && r->at[1] == 0x00;
    if (has_init)
        r->at += 2;
    cw_dump_text(d, "Table { ty: <tabletype>, init: ");
    cw_dump_text(d, has_init ? "Expr(<constexpr>) }" : "RefNull }");
}

static void word_externname(cw_dump *d)
{
    static const char *const labels[] = { "implements", "version_suffix", "external_id" };
    cwrun_str options[3] = { { NULL, 0 }, { NULL, 0 }, { NULL, 0 } };
    cw_reader *r = &d->r;
    const uint8_t *at = r->at;
    uint8_t kind = cw_read_u8(r);
    if (kind > 2)
        cw_reader_fail(r, at, "malformed name: unknown form 0x%02x", kind);
    cw_dump_text(d, "ComponentExternName { name: <name>");
    uint32_t n = kind == 2 ? cw_read_count(r, UINT32_MAX, "options of a name") : 0;
    while (n-- && r->ok) {
        at = r->at;
        uint8_t option = cw_read_u8(r);
        if (option > 2)
            cw_reader_fail(r, at, "malformed name: unknown option 0x%02x", option);
        else
            options[option] = cw_read_name(r);
    }
    for (int i = 0; i < 3; i++) {
        cw_text_printf(&d->state, ", %s: %s", labels[i], options[i].data ? "Some(" : "None");
        if (options[i].data) {
            cw_dump_quoted(d, options[i]);
            cw_text_puts(&d->state, ")");
        }
    }
    cw_text_puts(&d->state, " }");
}

static void word_alias(cw_dump *d)
{
    static const struct {
        uint8_t first, second, space, target; /* target: 0 export, 1 core export, 2 outer */
        const char *word;
    } sorts[] = {
        { 0, 0x11, CW_SPACE_MODULE, 0, "Module" },      { 1, 0, CW_SPACE_FUNC, 0, "Func" },
        { 2, 0, CW_SPACE_VALUE, 0, "Value" },           { 3, 0, CW_SPACE_TYPE, 0, "Type" },
        { 4, 0, CW_SPACE_COMPONENT, 0, "Component" },   { 5, 0, CW_SPACE_INSTANCE, 0, "Instance" },
        { 0, 0x00, CW_SPACE_CORE_FUNC, 1, "Func" },     { 0, 0x01, CW_SPACE_CORE_TABLE, 1, "Table" },
        { 0, 0x02, CW_SPACE_CORE_MEMORY, 1, "Memory" }, { 0, 0x03, CW_SPACE_CORE_GLOBAL, 1, "Global" },
        { 0, 0x04, CW_SPACE_CORE_TAG, 1, "Tag" },       { 0, 0x10, CW_SPACE_CORE_TYPE, 2, "CoreType" },
        { 0, 0x11, CW_SPACE_MODULE, 2, "CoreModule" },  { 3, 0, CW_SPACE_TYPE, 2, "Type" },
        { 4, 0, CW_SPACE_COMPONENT, 2, "Component" },
    };
    static const char *const targets[] = { "InstanceExport", "CoreInstanceExport", "Outer" };
    const uint8_t *at = d->r.at;
    uint8_t first = cw_read_u8(&d->r), second = first ? 0 : cw_read_u8(&d->r), target = cw_read_u8(&d->r);
    for (size_t i = 0; i < sizeof sorts / sizeof *sorts; i++)
        if (sorts[i].first == first && sorts[i].second == second && sorts[i].target == target) {
            d->space = (cw_space)sorts[i].space;
            cw_text_printf(&d->state, "%s { kind: %s", targets[target], sorts[i].word);
            cw_dump_text(d, target == 2 ? ", count: <u32>, index: <u32> }" : ", instance_index: <u32>, name: <name> }");
            return;
        }
    cw_reader_fail(&d->r, at, "malformed alias");
}

static void word_symbolflags(cw_dump *d) /* of dylink.0 */
{
    static const char *const names[] = { "BINDING_WEAK", "BINDING_LOCAL", "VISIBILITY_HIDDEN", NULL,  "UNDEFINED",
                                         "EXPORTED",     "EXPLICIT_NAME", "NO_STRIP",          "TLS", "ABSOLUTE" };
    uint32_t flags = cw_read_u32(&d->r), rest = flags;
    const char *between = "";
    cw_text_puts(&d->state, "SymbolFlags(");
    for (unsigned i = 0; i < sizeof names / sizeof *names; i++) {
        if (!names[i] || !(flags >> i & 1))
            continue;
        cw_text_printf(&d->state, "%s%s", between, names[i]);
        rest &= ~(1u << i);
        between = " | ";
    }
    if (rest || !flags)
        cw_text_printf(&d->state, "%s0x%" PRIx32, between, rest);
    cw_text_puts(&d->state, ")");
}

static void word_lift(cw_dump *d)
{
    cw_dump_text(d, "Lift { core_func_index: <u32>, ");
    size_t at = d->state.size;
    cw_dump_text(d, "options: <*option> }");
    cw_dump_insert(d, at, "type_index: %" PRIu32 ", ", cw_read_u32(&d->r));
}

static const struct {
    const char *name;
    size_t size;
    void (*read)(cw_dump *d);
} words[] = {
/* clang-format off */
#define WORD(name) {#name, sizeof #name - 1, word_##name},
    WORD(u32) WORD(memarg) WORD(s32) WORD(name) WORD(blocktype) WORD(s64) WORD(s33) WORD(u8) WORD(bool) WORD(fixed32)
    WORD(fixed64) WORD(bytes16) WORD(offset) WORD(heaptype) WORD(reftype) WORD(composite) WORD(casttypes)
    WORD(selecttypes) WORD(targets) WORD(memtype) WORD(tabletype) WORD(table) WORD(constexpr) WORD(externname)
    WORD(alias) WORD(lift) WORD(size) WORD(sized) WORD(symbolflags)
    WORD(funcidx) WORD(localidx) WORD(typeidx) WORD(tableidx) WORD(memidx) WORD(globalidx) WORD(elemidx) WORD(dataidx)
    WORD(tagidx)
#undef WORD
    /* clang-format on */
};
enum { N_WORDS = sizeof words / sizeof *words };

/* ---- rules ---- */

static size_t first_row(cwrun_str rule)
{
    for (size_t i = 0; i < N_ROWS; i++)
        if (rows[i].size == rule.size && !memcmp(rows[i].rule, rule.data, rule.size))
            return i;
    return N_ROWS;
}

static bool in_rule(size_t row, size_t first)
{
    return row < N_ROWS && (rows[row].rule == rows[first].rule || !strcmp(rows[row].rule, rows[first].rule));
}

/* Whether a rule has a row for a byte. */
static bool has_code(cwrun_str rule, uint8_t byte)
{
    size_t first = first_row(rule);
    for (size_t i = first; in_rule(i, first); i++)
        if (rows[i].code == byte)
            return true;
    return false;
}

static cwrun_str part_name(const char *text)
{
    cwrun_str name = { text, strcspn(text, ">") };
    return name;
}

static void apply_rule(cw_dump *d, cwrun_str rule)
{
    cw_reader *r = &d->r;
    const uint8_t *at = r->at;
    size_t first = first_row(rule);
    int byte = cw_reader_left(r) ? *at : -3;
    for (size_t i = first; in_rule(i, first); i++) {
        bool fits = rows[i].code == byte || rows[i].code == ANY;
        if (rows[i].code == LIKE && byte >= 0)
            fits = has_code(part_name(strchr(rows[i].text, '<') + 1), (uint8_t)byte);
        if (!fits)
            continue;
        if (rows[i].code >= 0)
            r->at++;
        if (rows[i].space)
            d->space = (cw_space)rows[i].space;
        cw_dump_text(d, rows[i].text);
        return;
    }
    if (byte < 0)
        cw_read_u8(r); /* fails: the end */
    else
        cw_reader_fail(r, at, "malformed %.*s: unknown code 0x%02x", (int)rule.size, rule.data, (unsigned)byte);
}

static void read_vector(cw_dump *d, cwrun_str name)
{
    uint32_t n = cw_read_count(&d->r, UINT32_MAX, "items");
    cw_text_puts(&d->state, "[");
    for (uint32_t i = 0; i < n && d->r.ok; i++) {
        if (i)
            cw_text_puts(&d->state, ", ");
        part(d, name);
    }
    cw_text_puts(&d->state, "]");
}

static void read_option(cw_dump *d, cwrun_str name)
{
    const uint8_t *at = d->r.at;
    uint8_t is_there = cw_read_u8(&d->r);
    if (is_there > 1)
        cw_reader_fail(&d->r, at, "0x00 or 0x01 expected, not 0x%02x", is_there);
    if (is_there != 1) {
        cw_text_puts(&d->state, "None");
        return;
    }
    cw_text_puts(&d->state, "Some(");
    part(d, name);
    cw_text_puts(&d->state, ")");
}

static void read_expected(cw_dump *d, cwrun_str hex)
{
    const uint8_t *at = d->r.at;
    uint8_t byte = cw_read_u8(&d->r);
    unsigned long want = strtoul(hex.data, NULL, 16);
    if (d->r.ok && byte != want)
        cw_reader_fail(&d->r, at, "0x%02lx expected, not 0x%02x", want, byte);
}

static bool part(cw_dump *d, cwrun_str name)
{
    cwrun_str rest = { name.data + 1, name.size - 1 };
    if (!d->r.ok)
        return false;
    if (++d->depth > MAX_DEPTH)
        cw_reader_limit(&d->r, NULL, "types are nested too deeply");
    else if (*name.data == '*')
        read_vector(d, rest);
    else if (*name.data == '?')
        read_option(d, rest);
    else if (*name.data == '=')
        read_expected(d, rest);
    else {
        unsigned i = 0;
        while (i < N_WORDS && !(words[i].size == name.size && !memcmp(words[i].name, name.data, name.size)))
            i++;
        if (i < N_WORDS)
            words[i].read(d);
        else
            apply_rule(d, name);
    }
    d->depth--;
    return d->r.ok;
}

size_t cw_dump_text(cw_dump *d, const char *text)
{
    size_t mark = SIZE_MAX;
    while (*text && d->r.ok) {
        size_t n = strcspn(text, "<#");
        cw_text_add(&d->state, text, n);
        text += n;
        if (*text == '#') {
            mark = d->state.size;
            text++;
        } else if (*text == '<') {
            cwrun_str name = part_name(text + 1);
            part(d, name);
            text += name.size + 2;
        }
    }
    return mark;
}

/* ---- instructions ---- */

/* Names that are not the mnemonic with _ for every dot. */
static const char *own_name(cw_op op, const uint8_t *immediates, size_t left)
{
    switch (op) {
    case CW_OP_REF_TEST: return "ref_test_non_null";
    case CW_OP_REF_TEST_NULL: return "ref_test_nullable";
    case CW_OP_REF_CAST: return "ref_cast_non_null";
    case CW_OP_REF_CAST_NULL: return "ref_cast_nullable";
    case CW_OP_REF_CAST_DESC_EQ: return "ref_cast_desc_eq_non_null";
    case CW_OP_REF_CAST_DESC_EQ_NULL: return "ref_cast_desc_eq_nullable";
    case CW_OP_SELECT_T: return left && *immediates != 1 ? "typed_select_multi" : "typed_select";
    default: return NULL;
    }
}

cw_op cw_dump_insn(cw_dump *d)
{
    cw_reader *r = &d->r;
    uint8_t byte = cw_read_u8(r);
    uint32_t number = 0;
    cw_op op = cw_op_of_byte(byte);
    bool has_prefix = r->ok && op == CW_OP_NONE && byte >= 0xfb && byte <= 0xfe;
    if (has_prefix)
        op = cw_op_of_prefixed(byte, number = cw_read_u32(r));
    if (!r->ok)
        return CW_OP_NONE;
    if (op == CW_OP_NONE) {
        cw_text_printf(&d->state, has_prefix ? "unknown opcode 0x%02x 0x%02" PRIx32 : "unknown opcode 0x%02x", byte,
                       number);
        return op;
    }
    d->op = &cw_opcodes[op];
    const char *own = own_name(op, r->at, cw_reader_left(r)), *name = own ? own : d->op->name;
    size_t from = d->state.size;
    cw_text_puts(&d->state, name);
    for (size_t i = from; !d->state.oom && i < d->state.size; i++)
        if (d->state.data[i] == '.')
            d->state.data[i] = '_';
    if (d->op->imm == CW_IMM_TYPE) {
        const char *kind = !strncmp(name, "struct.", 7) ? " struct_" : !strncmp(name, "array.", 6) ? " array_" : " ";
        cw_text_puts(&d->state, kind);
    }
    cw_dump_text(d, imm_texts[d->op->imm]);
    return op;
}
