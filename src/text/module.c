/* text/module.c: the passes over a core module's fields, and the binary from its sections  [core 6.6.13]. */
#include "base/str.h"
#include "text/module.h"

static const char *const space_names[CW_SPACE_COUNT] = { "func", "table", "memory",       "global",
                                                         "tag",  "type",  "elem segment", "data segment" };

static uint8_t space_of(uint16_t word)
{
    switch (word) {
    case CW_WORD_FUNC: return CW_EXTERN_FUNC;
    case CW_WORD_TABLE: return CW_EXTERN_TABLE;
    case CW_WORD_MEMORY: return CW_EXTERN_MEMORY;
    case CW_WORD_GLOBAL: return CW_EXTERN_GLOBAL;
    case CW_WORD_TAG: return CW_EXTERN_TAG;
    case CW_WORD_ELEM: return CW_SPACE_ELEM;
    case CW_WORD_DATA: return CW_SPACE_DATA;
    default: return CW_SPACE_COUNT;
    }
}

enum { N_BUFFERS = 13 };

/* Those of a module but its sections, one by one. */
static cw_bytes *buffer(cw_module_text *m, unsigned i)
{
    cw_bytes *const all[N_BUFFERS] = { &m->params,           &m->results, &m->key,           &m->body,
                                       &m->pending,          &m->scratch, &m->local_section, &m->label_section,
                                       &m->field_section,    &m->hints,   &m->hint_section,  &m->param_section,
                                       &m->tag_param_section };
    return all[i];
}

void cw_module_text_init(cw_module_text *m, cw_parser *p)
{
    *m = (cw_module_text){ .p = p, .hint = -1 };
    for (unsigned i = 0; i < CW_SPACE_COUNT; i++)
        m->spaces[i].what = space_names[i];
    for (unsigned i = 0; i < CW_SECTION_COUNT; i++)
        cw_bytes_init(&m->sections[i], &p->alloc);
    for (unsigned i = 0; i < N_BUFFERS; i++)
        cw_bytes_init(buffer(m, i), &p->alloc);
}

void cw_module_text_fini(cw_module_text *m)
{
    const cw_alloc *a = &m->p->alloc;
    for (unsigned i = 0; i < CW_SPACE_COUNT; i++) {
        cw_space_fini(&m->spaces[i], a);
        CW_VEC_FINI(&m->names[i], a);
    }
    for (unsigned i = 0; i < CW_SECTION_COUNT; i++)
        cw_bytes_fini(&m->sections[i]);
    for (unsigned i = 0; i < N_BUFFERS; i++)
        cw_bytes_fini(buffer(m, i));
    for (uint32_t i = 0; i < m->types.n; i++)
        cw_space_fini(&m->types.items[i].fields, a);
    for (uint32_t i = 0; i < m->customs.n; i++)
        cw_bytes_fini(&m->customs.items[i].bytes);
    cw_map_fini(&m->plain_types, a);
    cw_space_fini(&m->locals, a);
    CW_VEC_FINI(&m->fields, a);
    CW_VEC_FINI(&m->types, a);
    CW_VEC_FINI(&m->customs, a);
    CW_VEC_FINI(&m->local_names, a);
    CW_VEC_FINI(&m->label_names, a);
    CW_VEC_FINI(&m->labels, a);
    cw_map_fini(&m->innermost, a);
    CW_VEC_FINI(&m->frames, a);
}

/* ---- the first pass: indices and names ---- */

/* Counts one more thing, with the name that "$id (@name …)" at the cursor gives it. */
static uint32_t declare(cw_module_text *m, unsigned space)
{
    cw_parser *p = m->p;
    const cw_token *id = cw_take_id(p);
    uint32_t index = cw_space_add(p, &m->spaces[space], id);
    cwrun_str name;
    cw_take_name_annotation(p, &name);
    cw_add_naming(m, &m->names[space], index, id, name);
    return index;
}

static void check_import_order(cw_module_text *m, const cw_token *at)
{
    static const char *const words[] = { "function", "table", "memory", "global", "tag" };
    if (m->defined)
        cw_parse_fail(m->p, at, "import after %s", words[m->defined - 1]);
}

static void skip_form(cw_parser *p)
{
    p->at = cw_token_close(p, p->at) + 1;
}

/* Segments that stand in their table or memory take an index of their own. */
static void declare_inline_segment(cw_module_text *m, uint16_t word)
{
    cw_parser *p = m->p;
    if (word != CW_WORD_TABLE && word != CW_WORD_MEMORY)
        return;
    if (word == CW_WORD_TABLE)
        cw_take_word(p, CW_WORD_SHARED);
    if (!cw_take_word(p, CW_WORD_I64))
        cw_take_word(p, CW_WORD_I32);
    if (word == CW_WORD_MEMORY) {
        if (cw_at_form(p, CW_WORD_PAGESIZE))
            skip_form(p);
        if (cw_at_form(p, CW_WORD_DATA))
            m->spaces[CW_SPACE_DATA].n++;
    } else if (cw_at_reftype(p)) {
        if (cw_at_open(p))
            skip_form(p);
        else
            cw_take(p);
        if (cw_at_form(p, CW_WORD_ELEM))
            m->spaces[CW_SPACE_ELEM].n++;
    }
}

static void declare_import(cw_module_text *m, const cw_token *open, cw_field_text *field)
{
    cw_parser *p = m->p;
    check_import_order(m, open);
    field->at = p->at;
    cw_take_name(p);
    cw_take_name(p);
    if (!cw_at_open(p)) {
        cw_parse_unexpected(p, "(func, (table, (memory, (global or (tag");
        return;
    }
    cw_take(p);
    uint8_t space = p->at->kind == CW_TOKEN_ATOM ? space_of(p->at->word) : CW_SPACE_COUNT;
    if (space >= CW_EXTERN_COUNT) {
        cw_parse_unexpected(p, "func, table, memory, global or tag");
        return;
    }
    cw_take(p);
    field->index = declare(m, space);
}

static void declare_thing(cw_module_text *m, const cw_token *open, cw_field_text *field)
{
    cw_parser *p = m->p;
    uint8_t space = space_of(field->word);
    field->index = declare(m, space);
    field->at = p->at;
    if (space >= CW_EXTERN_COUNT)
        return;
    while (cw_at_form(p, CW_WORD_EXPORT))
        skip_form(p);
    if (cw_at_form(p, CW_WORD_IMPORT)) {
        check_import_order(m, open);
        return;
    }
    m->defined = (uint8_t)(space + 1);
    declare_inline_segment(m, field->word);
}

static void declare_field(cw_module_text *m)
{
    cw_parser *p = m->p;
    const cw_token *open = p->at, *close = cw_token_close(p, open);
    cw_field_text *field = CW_VEC_PUSH(&m->fields, &p->alloc);
    if (!field) {
        cw_parse_oom(p);
        return;
    }
    *field = (cw_field_text){ .word = p->at[1].kind == CW_TOKEN_ATOM ? p->at[1].word : 0 };
    if (field->word == CW_WORD_TYPE || field->word == CW_WORD_REC) {
        cw_declare_types(m, field);
        return;
    }
    p->at += 2;
    field->at = p->at;
    switch (field->word) {
    case CW_WORD_IMPORT: declare_import(m, open, field); break;
    case CW_WORD_START:
        if (m->counts[CW_SECTION_START]++)
            cw_parse_fail(p, open, "multiple start sections");
        break;
    case CW_WORD_EXPORT: break;
    default:
        if (space_of(field->word) != CW_SPACE_COUNT) {
            declare_thing(m, open, field);
        } else {
            p->at = open + 1;
            cw_parse_unexpected(p, "a module field");
        }
    }
    if (p->ok)
        p->at = close + 1;
}

static void take_data_count(cw_module_text *m)
{
    cw_take(m->p);
    cw_expect_close(m->p);
    m->needs_data_count = true;
}

/* (@cwrun.empty table): the section is there though nothing is in it */
static void take_empty(cw_module_text *m)
{
    cw_parser *p = m->p;
    cw_take(p);
    uint8_t section = p->at->kind == CW_TOKEN_ATOM ? cw_section_of_word(p->at->word) : 0;
    if (!section || section == CW_SECTION_START || section == CW_SECTION_DATA_COUNT)
        cw_parse_unexpected(p, "type, import, func, table, memory, tag, global, export, elem, code or data");
    cw_take(p);
    cw_expect_close(p);
    m->empty |= 1u << section;
}

static void declare_fields(cw_module_text *m)
{
    cw_parser *p = m->p;
    while (p->ok && !cw_at_close(p) && !cw_at_end(p)) {
        if (cw_at_annotation(p, CW_ANNOTATION_CUSTOM) || cw_at_annotation(p, CW_ANNOTATION_PRODUCERS) ||
            cw_at_annotation(p, CW_ANNOTATION_DYLINK) || cw_at_annotation(p, CW_ANNOTATION_NAMES))
            cw_take_custom(m);
        else if (cw_at_annotation(p, CW_ANNOTATION_DATA_COUNT))
            take_data_count(m);
        else if (cw_at_annotation(p, CW_ANNOTATION_EMPTY))
            take_empty(m);
        else if (cw_at_open(p))
            declare_field(m);
        else if (cw_at_annotation(p, CW_ANNOTATION_NAME) && m->name.data && !m->fields.n)
            cw_parse_fail(p, p->at, "@name annotation: multiple module names");
        else if (cw_at_annotation(p, CW_ANNOTATION_BRANCH_HINT))
            cw_parse_fail(p, p->at, "@metadata.code.branch_hint annotation: not in a function");
        else
            cw_parse_unexpected(p, "a module field");
    }
    m->counts[CW_SECTION_START] = 0;
}

/* ---- the binary ---- */

static void write_section(cw_module_text *m, uint8_t id, cw_bytes *out)
{
    static const uint8_t singular[CW_SECTION_COUNT] = { [CW_SECTION_START] = 1, [CW_SECTION_DATA_COUNT] = 1 };
    cw_bytes *section = &m->sections[id];
    cw_write_customs(m, true, id, out);
    if (section->size || m->counts[id] || m->empty >> id & 1) {
        cw_bytes head;
        cw_bytes_init(&head, &m->p->alloc);
        if (!singular[id])
            cw_bytes_u32(&head, m->counts[id]);
        cw_bytes_u8(out, id);
        cw_bytes_unsigned(out, head.size + section->size);
        cw_bytes_add(out, head.data, head.size);
        cw_bytes_add(out, section->data, section->size);
        cw_bytes_fini(&head);
    }
    cw_write_customs(m, false, id, out);
}

static void write_module(cw_module_text *m, cw_bytes *out)
{
    static const uint8_t order[] = { CW_SECTION_TYPE,   CW_SECTION_IMPORT, CW_SECTION_FUNC,       CW_SECTION_TABLE,
                                     CW_SECTION_MEMORY, CW_SECTION_TAG,    CW_SECTION_GLOBAL,     CW_SECTION_EXPORT,
                                     CW_SECTION_START,  CW_SECTION_ELEM,   CW_SECTION_DATA_COUNT, CW_SECTION_CODE,
                                     CW_SECTION_DATA };
    static const uint8_t preamble[] = { 0, 'a', 's', 'm', 1, 0, 0, 0 };
    if (m->needs_data_count)
        cw_bytes_u32(&m->sections[CW_SECTION_DATA_COUNT], m->counts[CW_SECTION_DATA]);
    cw_bytes_add(out, preamble, sizeof preamble);
    cw_write_customs(m, true, 0, out);
    for (unsigned i = 0; i < sizeof order; i++)
        write_section(m, order[i], out);
    cw_write_customs(m, false, 0, out);
    if (!m->names_placed)
        cw_write_names(m, out);
}

bool cw_module_text_write(cw_module_text *m, cw_bytes *out)
{
    cw_parser *p = m->p;
    const cw_token *id = cw_take_id(p);
    if (id)
        m->name = cw_id_name(p, id);
    cwrun_str name;
    if (cw_take_name_annotation(p, &name))
        m->name = name;
    if (cw_take_own_name(p, &name))
        m->name = name;
    declare_fields(m);
    const cw_token *end = p->at;
    for (uint32_t i = 0; i < m->fields.n && p->ok; i++)
        if (m->fields.items[i].word == CW_WORD_TYPE || m->fields.items[i].word == CW_WORD_REC)
            cw_write_types(m, &m->fields.items[i]);
    for (uint32_t i = 0; i < m->fields.n && p->ok; i++)
        if (m->fields.items[i].word != CW_WORD_TYPE && m->fields.items[i].word != CW_WORD_REC)
            cw_write_field(m, &m->fields.items[i]);
    if (!p->ok)
        return false;
    p->at = end;
    write_module(m, out);
    return p->ok;
}
