/* text/fields.c: fields of a core module to entries of its sections: imports, functions, tables, memories, globals,
 * tags, exports, start, element and data segments, with their inline forms  [core 6.6]. */
#include "base/str.h"
#include "text/module.h"

static const uint8_t section_of[CW_EXTERN_COUNT] = { CW_SECTION_FUNC, CW_SECTION_TABLE, CW_SECTION_MEMORY,
                                                     CW_SECTION_GLOBAL, CW_SECTION_TAG };

uint8_t cw_extern_kind_of(uint16_t word)
{
    switch (word) {
    case CW_WORD_FUNC: return CW_EXTERN_FUNC;
    case CW_WORD_TABLE: return CW_EXTERN_TABLE;
    case CW_WORD_MEMORY: return CW_EXTERN_MEMORY;
    case CW_WORD_GLOBAL: return CW_EXTERN_GLOBAL;
    case CW_WORD_TAG: return CW_EXTERN_TAG;
    default: return CW_EXTERN_COUNT;
    }
}

/* A new entry of a section. */
static cw_bytes *entry(cw_module_text *m, uint8_t section)
{
    m->counts[section]++;
    return &m->sections[section];
}

static void write_export(cw_module_text *m, cwrun_str name, uint8_t kind, uint32_t index)
{
    cw_bytes *out = entry(m, CW_SECTION_EXPORT);
    cw_bytes_vec(out, name.data, name.size);
    cw_bytes_u8(out, kind);
    cw_bytes_u32(out, index);
}

static void write_const_expr(cw_module_text *m, cw_bytes *out)
{
    cw_write_instructions(m, out);
    cw_bytes_u8(out, CW_CODE_END);
}

/* ---- types of things ---- */

typedef struct limits {
    uint64_t min, max;
    bool has_max, is_64, is_shared, has_page;
    uint32_t page_log2;
} limits;

static bool take_address_type(cw_parser *p)
{
    bool is_64 = cw_take_word(p, CW_WORD_I64);
    if (!is_64)
        cw_take_word(p, CW_WORD_I32);
    return is_64;
}

static void take_bounds(cw_parser *p, limits *l)
{
    l->min = cw_take_u64(p);
    l->has_max = cw_at_number(p);
    if (l->has_max)
        l->max = cw_take_u64(p);
    l->is_shared = cw_take_word(p, CW_WORD_SHARED);
}

static void take_page_size(cw_parser *p, limits *l)
{
    if (!cw_take_form(p, CW_WORD_PAGESIZE))
        return;
    const cw_token *at = p->at;
    uint32_t size = cw_take_u32(p);
    if (p->ok && (size == 0 || (size & (size - 1)) != 0)) {
        cw_parse_fail(p, at, "invalid custom page size");
        return;
    }
    l->has_page = true;
    l->page_log2 = size ? (uint32_t)__builtin_ctz(size) : 0;
    cw_expect_close(p);
}

static void write_limits(cw_bytes *out, const limits *l)
{
    cw_bytes_u8(out, (uint8_t)(l->has_max | l->is_shared << 1 | l->is_64 << 2 | l->has_page << 3));
    cw_bytes_unsigned(out, l->min);
    if (l->has_max)
        cw_bytes_unsigned(out, l->max);
    if (l->has_page)
        cw_bytes_u32(out, l->page_log2);
}

static void write_tabletype(cw_module_text *m, cw_bytes *out)
{
    bool is_shared = cw_take_word(m->p, CW_WORD_SHARED); /* of memories it stands behind */
    limits l = { .is_64 = take_address_type(m->p) };
    take_bounds(m->p, &l);
    l.is_shared |= is_shared;
    cw_write_reftype(m, out);
    write_limits(out, &l);
}

static void write_memtype(cw_module_text *m, cw_bytes *out)
{
    limits l = { .is_64 = take_address_type(m->p) };
    take_bounds(m->p, &l);
    take_page_size(m->p, &l);
    write_limits(out, &l);
}

static void write_globaltype(cw_module_text *m, cw_bytes *out)
{
    bool is_mutable = cw_take_form(m->p, CW_WORD_MUT);
    cw_write_valtype(m, out);
    if (is_mutable)
        cw_expect_close(m->p);
    cw_bytes_u8(out, is_mutable);
}

static void write_typeuse(cw_module_text *m, cw_bytes *out)
{
    m->locals.what = NULL;
    m->local_names.n = 0;
    cw_bytes_u32(out, cw_take_typeuse(m, true));
}

void cw_write_externtype(cw_module_text *m, cw_bytes *out, uint8_t kind)
{
    switch (kind) {
    case CW_EXTERN_FUNC: write_typeuse(m, out); break;
    case CW_EXTERN_TABLE: write_tabletype(m, out); break;
    case CW_EXTERN_MEMORY: write_memtype(m, out); break;
    case CW_EXTERN_GLOBAL: write_globaltype(m, out); break;
    default:
        cw_bytes_u8(out, 0); /* exception */
        write_typeuse(m, out);
    }
}

/* ---- segments ---- */

static void write_func_indices(cw_module_text *m, cw_bytes *out)
{
    uint32_t n = 0;
    m->scratch.size = 0;
    for (; cw_at_index(m->p); n++)
        cw_bytes_u32(&m->scratch, cw_take_index(m->p, &m->spaces[CW_EXTERN_FUNC]));
    cw_bytes_u32(out, n);
    cw_bytes_add(out, m->scratch.data, m->scratch.size);
}

static uint32_t count_forms(const cw_parser *p)
{
    uint32_t n = 0;
    for (const cw_token *t = p->at; t->kind == CW_TOKEN_OPEN; t = cw_token_close(p, t) + 1)
        n++;
    return n;
}

static void write_elem_exprs(cw_module_text *m, cw_bytes *out)
{
    cw_parser *p = m->p;
    cw_bytes_u32(out, count_forms(p));
    while (cw_at_open(p)) {
        if (cw_take_form(p, CW_WORD_ITEM)) {
            write_const_expr(m, out);
            cw_expect_close(p);
        } else {
            cw_write_folded(m, out);
            cw_bytes_u8(out, CW_CODE_END);
        }
    }
}

static void write_offset(cw_module_text *m, cw_bytes *out)
{
    if (cw_take_form(m->p, CW_WORD_OFFSET)) {
        write_const_expr(m, out);
        cw_expect_close(m->p);
    } else {
        cw_write_folded(m, out);
        cw_bytes_u8(out, CW_CODE_END);
    }
}

/* Kinds of element segments: a table that the text names is written, even where it is 0. */
enum { ELEM_PASSIVE = 1, ELEM_EXPLICIT = 2, ELEM_DECLARED = 3, ELEM_EXPRS = 4 };

static void write_elem(cw_module_text *m)
{
    cw_parser *p = m->p;
    cw_bytes *out = entry(m, CW_SECTION_ELEM), offset;
    cw_bytes_init(&offset, &p->alloc);
    uint32_t table = 0;
    bool declared = cw_take_word(p, CW_WORD_DECLARE), active = false, named_table = false, table_use = false;
    if (!declared) {
        table_use = named_table = cw_take_form(p, CW_WORD_TABLE);
        if (table_use) {
            table = cw_take_index(p, &m->spaces[CW_EXTERN_TABLE]);
            cw_expect_close(p);
        } else if (cw_at_index(p)) { /* the old spelling of a table */
            table = cw_take_index(p, &m->spaces[CW_EXTERN_TABLE]);
            named_table = true;
        }
        active = named_table || (cw_at_open(p) && !cw_at_reftype(p));
        if (active)
            write_offset(m, &offset);
    }

    bool exprs = cw_at_reftype(p), func = !exprs && cw_take_word(p, CW_WORD_FUNC);
    cw_bytes type;
    cw_bytes_init(&type, &p->alloc);
    if (exprs)
        cw_write_reftype(m, &type);
    else if (!func && (!active || table_use)) /* the word may be missing only where (table …) is, too */
        cw_parse_unexpected(p, "a reference type or func");
    bool plain = !exprs || (type.size == 1 && type.data[0] == 0x70); /* funcref needs no type where the table is 0 */
    bool explicit = active && (named_table || !plain);
    cw_bytes_u8(out, (uint8_t)((declared   ? ELEM_DECLARED
                                : !active  ? ELEM_PASSIVE
                                : explicit ? ELEM_EXPLICIT
                                           : 0) |
                               (exprs ? ELEM_EXPRS : 0)));
    if (explicit)
        cw_bytes_u32(out, table);
    cw_bytes_add(out, offset.data, offset.size);
    if (explicit || !active) {
        if (exprs)
            cw_bytes_add(out, type.data, type.size);
        else
            cw_bytes_u8(out, 0);
    }
    cw_bytes_fini(&offset);
    cw_bytes_fini(&type);
    if (exprs)
        write_elem_exprs(m, out);
    else
        write_func_indices(m, out);
}

static void write_zero_offset(cw_bytes *out, bool is_64)
{
    cw_bytes_u8(out, is_64 ? CW_CODE_I64_CONST : CW_CODE_I32_CONST);
    cw_bytes_u8(out, 0);
    cw_bytes_u8(out, CW_CODE_END);
}

/* A table whose elements stand in it: (table reftype (elem …)). */
static void write_filled_table(cw_module_text *m, uint32_t index, limits *l)
{
    cw_parser *p = m->p;
    cw_bytes type;
    cw_bytes_init(&type, &p->alloc);
    cw_write_reftype(m, &type);
    cw_expect_open(p, CW_WORD_ELEM);
    /* function indices alone make a funcref segment; of another type they are expressions */
    bool written = cw_at_open(p), exprs = written || !(type.size == 1 && type.data[0] == 0x70);
    cw_bytes *elem = entry(m, CW_SECTION_ELEM);
    cw_bytes_u8(elem, (uint8_t)(ELEM_EXPLICIT | (exprs ? ELEM_EXPRS : 0)));
    cw_bytes_u32(elem, index);
    write_zero_offset(elem, l->is_64);
    if (exprs)
        cw_bytes_add(elem, type.data, type.size);
    else
        cw_bytes_u8(elem, 0);
    uint32_t n = written ? count_forms(p) : 0;
    for (const cw_token *t = p->at; t->kind == CW_TOKEN_ID || t->kind == CW_TOKEN_ATOM; t++)
        n++;
    if (written) {
        write_elem_exprs(m, elem);
    } else if (!exprs) {
        write_func_indices(m, elem);
    } else {
        cw_bytes_u32(elem, n);
        while (cw_at_index(p)) {
            cw_write_instruction(m, elem, CW_OP_REF_FUNC);
            cw_bytes_u8(elem, CW_CODE_END);
        }
    }
    cw_expect_close(p);
    cw_bytes *out = entry(m, CW_SECTION_TABLE);
    cw_bytes_add(out, type.data, type.size);
    l->min = l->max = n;
    l->has_max = true;
    write_limits(out, l);
    cw_bytes_fini(&type);
}

/* Kinds of data segments: memory 0 is written where the text asks: other tools never do. */
enum { DATA_ACTIVE, DATA_PASSIVE, DATA_EXPLICIT };

static void write_data(cw_module_text *m)
{
    cw_parser *p = m->p;
    cw_bytes *out = entry(m, CW_SECTION_DATA);
    uint32_t memory = 0;
    bool named = cw_take_form(p, CW_WORD_MEMORY), old = !named && cw_at_index(p);
    if (named || old)
        memory = cw_take_index(p, &m->spaces[CW_EXTERN_MEMORY]);
    if (named)
        cw_expect_close(p);
    const bool written = cw_take_encoding(p) == DATA_EXPLICIT || memory;
    if (named || old || cw_at_open(p)) {
        cw_bytes_u8(out, written ? DATA_EXPLICIT : DATA_ACTIVE);
        if (written)
            cw_bytes_u32(out, memory);
        write_offset(m, out);
    } else {
        cw_bytes_u8(out, DATA_PASSIVE);
    }
    m->scratch.size = 0;
    cw_take_strings(p, &m->scratch);
    cw_bytes_vec(out, m->scratch.data, m->scratch.size);
}

/* A memory whose bytes stand in it: (memory (data …)). */
static void write_filled_memory(cw_module_text *m, uint32_t index, limits *l)
{
    cw_parser *p = m->p;
    p->at += 2;
    m->scratch.size = 0;
    cw_take_strings(p, &m->scratch);
    cw_expect_close(p);
    cw_bytes *data = entry(m, CW_SECTION_DATA);
    cw_bytes_u8(data, index ? DATA_EXPLICIT : DATA_ACTIVE);
    if (index)
        cw_bytes_u32(data, index);
    write_zero_offset(data, l->is_64);
    cw_bytes_vec(data, m->scratch.data, m->scratch.size);
    uint32_t page = l->has_page ? l->page_log2 : 16;
    l->min = l->max = (m->scratch.size + ((uint64_t)1 << page) - 1) >> page;
    l->has_max = true;
    write_limits(entry(m, CW_SECTION_MEMORY), l);
}

/* ---- fields ---- */

/* The type of a module's import or tag; a name section has its parameters' names. */
static void write_declared(cw_module_text *m, cw_bytes *out, uint8_t kind, uint32_t index)
{
    cw_write_externtype(m, out, kind);
    if (kind == CW_EXTERN_FUNC)
        cw_write_indirect_names(&m->local_section, &m->n_local_funcs, index, &m->local_names);
    else if (kind == CW_EXTERN_TAG)
        cw_write_indirect_names(&m->tag_param_section, &m->n_param_tags, index, &m->local_names);
}

/* The kind and type of an import; a function may be (exact typeuse). */
static void write_imported(cw_module_text *m, cw_bytes *out, uint8_t kind, uint32_t index)
{
    enum { EXACT_FUNC = 0x20 };
    bool exact = kind == CW_EXTERN_FUNC && cw_take_form(m->p, CW_WORD_EXACT);
    cw_bytes_u8(out, exact ? EXACT_FUNC : kind);
    write_declared(m, out, kind, index);
    if (exact)
        cw_expect_close(m->p);
}

static void write_import(cw_module_text *m, uint32_t index)
{
    cw_parser *p = m->p;
    cw_bytes *out = entry(m, CW_SECTION_IMPORT);
    cwrun_str module = cw_take_name(p), name = cw_take_name(p);
    cw_bytes_vec(out, module.data, module.size);
    cw_bytes_vec(out, name.data, name.size);
    cw_take(p);
    uint8_t kind = cw_extern_kind_of(p->at->word);
    cw_take(p);
    cw_take_id(p);
    cwrun_str unused;
    cw_take_name_annotation(p, &unused);
    write_imported(m, out, kind, index);
    cw_expect_close(p);
}

static void write_func(cw_module_text *m, uint32_t index)
{
    cw_space_fini(&m->locals, &m->p->alloc);
    m->locals.what = "local";
    m->local_names.n = 0;
    cw_bytes_u32(entry(m, CW_SECTION_FUNC), cw_take_typeuse(m, true));
    cw_write_function(m, index);
}

static void write_table(cw_module_text *m, uint32_t index)
{
    cw_parser *p = m->p;
    const cw_token *start = p->at;
    limits l = { .is_shared = cw_take_word(p, CW_WORD_SHARED) };
    l.is_64 = take_address_type(p);
    if (!cw_at_number(p)) {
        write_filled_table(m, index, &l);
        return;
    }
    p->at = start;
    cw_bytes *out = entry(m, CW_SECTION_TABLE), type;
    cw_bytes_init(&type, &p->alloc);
    write_tabletype(m, &type);
    bool filled = !cw_at_close(p);
    if (filled) {
        cw_bytes_u8(out, 0x40);
        cw_bytes_u8(out, 0);
    }
    cw_bytes_add(out, type.data, type.size);
    if (filled)
        write_const_expr(m, out);
    cw_bytes_fini(&type);
}

static void write_memory(cw_module_text *m, uint32_t index)
{
    cw_parser *p = m->p;
    const cw_token *start = p->at;
    limits l = { .is_64 = take_address_type(p) };
    take_page_size(p, &l);
    if (cw_at_form(p, CW_WORD_DATA)) {
        write_filled_memory(m, index, &l);
        return;
    }
    p->at = p->ok ? start : p->at;
    write_memtype(m, entry(m, CW_SECTION_MEMORY));
}

static void write_definition(cw_module_text *m, uint8_t kind, uint32_t index)
{
    cw_bytes *out;
    switch (kind) {
    case CW_EXTERN_FUNC: write_func(m, index); break;
    case CW_EXTERN_TABLE: write_table(m, index); break;
    case CW_EXTERN_MEMORY: write_memory(m, index); break;
    case CW_EXTERN_GLOBAL:
        out = entry(m, CW_SECTION_GLOBAL);
        write_globaltype(m, out);
        write_const_expr(m, out);
        break;
    default: write_declared(m, entry(m, section_of[kind]), kind, index);
    }
}

/* (func, (table, … with inline exports and import. */
static void write_thing(cw_module_text *m, const cw_field_text *field)
{
    cw_parser *p = m->p;
    uint8_t kind = cw_extern_kind_of(field->word);
    while (cw_take_form(p, CW_WORD_EXPORT)) {
        write_export(m, cw_take_name(p), kind, field->index);
        cw_expect_close(p);
    }
    if (!cw_take_form(p, CW_WORD_IMPORT)) {
        write_definition(m, kind, field->index);
        return;
    }
    cw_bytes *out = entry(m, CW_SECTION_IMPORT);
    cwrun_str module = cw_take_name(p), name = cw_take_name(p);
    cw_expect_close(p);
    cw_bytes_vec(out, module.data, module.size);
    cw_bytes_vec(out, name.data, name.size);
    write_imported(m, out, kind, field->index);
}

static void write_export_field(cw_module_text *m)
{
    cw_parser *p = m->p;
    cwrun_str name = cw_take_name(p);
    uint8_t kind = cw_at_open(p) ? cw_extern_kind_of(p->at[1].word) : CW_EXTERN_COUNT;
    if (kind == CW_EXTERN_COUNT) {
        cw_take(p);
        cw_parse_unexpected(p, "func, table, memory, global or tag");
        return;
    }
    p->at += 2;
    write_export(m, name, kind, cw_take_index(p, &m->spaces[kind]));
    cw_expect_close(p);
}

void cw_write_field(cw_module_text *m, const cw_field_text *field)
{
    cw_parser *p = m->p;
    p->at = field->at;
    switch (field->word) {
    case CW_WORD_IMPORT: write_import(m, field->index); break;
    case CW_WORD_EXPORT: write_export_field(m); break;
    case CW_WORD_START: cw_bytes_u32(entry(m, CW_SECTION_START), cw_take_index(p, &m->spaces[CW_EXTERN_FUNC])); break;
    case CW_WORD_ELEM: write_elem(m); break;
    case CW_WORD_DATA: write_data(m); break;
    default: write_thing(m, field);
    }
    cw_expect_close(p);
}
