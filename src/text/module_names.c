/* text/module_names.c: the name section from identifiers and (@name …), custom sections from (@custom …), branch hints
 * [core appendix: custom sections and annotations]. */
#include "base/str.h"
#include "text/module.h"

bool cw_take_name_annotation(cw_parser *p, cwrun_str *name)
{
    *name = (cwrun_str){ NULL, 0 };
    if (!cw_at_annotation(p, CW_ANNOTATION_NAME))
        return false;
    cw_take(p);
    if (p->at->kind != CW_TOKEN_STRING) {
        cw_parse_fail(p, p->at, "@name annotation: unexpected token");
        return false;
    }
    *name = cw_take_name(p);
    cw_expect_close(p);
    return p->ok;
}

bool cw_take_own_name(cw_parser *p, cwrun_str *name)
{
    if (!cw_at_annotation(p, CW_ANNOTATION_OWN_NAME))
        return false;
    cw_take(p);
    *name = (cwrun_str){ NULL, 0 };
    if (!cw_at_close(p))
        *name = cw_take_name(p);
    cw_expect_close(p);
    return p->ok;
}

uint32_t cw_take_encoding(cw_parser *p)
{
    if (!cw_at_annotation(p, CW_ANNOTATION_FORM))
        return 0;
    cw_take(p);
    uint32_t form = cw_take_u32(p);
    cw_expect_close(p);
    return form;
}

void cw_add_naming(cw_module_text *m, cw_namings *names, uint32_t index, const cw_token *id, cwrun_str annotated)
{
    cw_parser *p = m->p;
    if ((!id && !annotated.data) || !p->ok)
        return;
    cw_naming *n = CW_VEC_PUSH(names, &p->alloc);
    if (n)
        *n = (cw_naming){ index, annotated.data ? annotated : cw_id_name(p, id) };
    else
        cw_parse_oom(p);
}

static void write_namings(cw_bytes *out, const cw_namings *names)
{
    cw_bytes_u32(out, names->n);
    for (uint32_t i = 0; i < names->n; i++) {
        cw_bytes_u32(out, names->items[i].index);
        cw_bytes_vec(out, names->items[i].name.data, names->items[i].name.size);
    }
}

void cw_write_indirect_names(cw_bytes *section, uint32_t *n, uint32_t index, const cw_namings *names)
{
    if (!names->n)
        return;
    *n += 1;
    cw_bytes_u32(section, index);
    write_namings(section, names);
}

/* ---- the name section ---- */

static void write_subsection(cw_bytes *out, uint8_t id, const cw_bytes *content)
{
    cw_bytes_u8(out, id);
    cw_bytes_vec(out, content->data, content->size);
}

static void write_space_names(cw_module_text *m, cw_bytes *out, uint8_t id, unsigned space)
{
    if (!m->names[space].n)
        return;
    m->scratch.size = 0;
    write_namings(&m->scratch, &m->names[space]);
    write_subsection(out, id, &m->scratch);
}

static void write_counted(cw_module_text *m, cw_bytes *out, uint8_t id, uint32_t n, const cw_bytes *entries)
{
    if (!n)
        return;
    m->scratch.size = 0;
    cw_bytes_u32(&m->scratch, n);
    cw_bytes_add(&m->scratch, entries->data, entries->size);
    write_subsection(out, id, &m->scratch);
}

static void write_custom(cw_bytes *out, cwrun_str name, const cw_bytes *content)
{
    cw_bytes head;
    cw_bytes_init(&head, &content->alloc);
    cw_bytes_vec(&head, name.data, name.size);
    cw_bytes_u8(out, 0);
    cw_bytes_unsigned(out, head.size + content->size);
    cw_bytes_add(out, head.data, head.size);
    cw_bytes_add(out, content->data, content->size);
    cw_bytes_fini(&head);
}

void cw_write_names(cw_module_text *m, cw_bytes *out)
{
    cw_bytes all;
    cw_bytes_init(&all, &m->p->alloc);
    if (m->name.data) {
        m->scratch.size = 0;
        cw_bytes_vec(&m->scratch, m->name.data, m->name.size);
        write_subsection(&all, 0, &m->scratch);
    }
    write_space_names(m, &all, 1, CW_EXTERN_FUNC);
    write_counted(m, &all, 2, m->n_local_funcs, &m->local_section);
    write_counted(m, &all, 3, m->n_label_funcs, &m->label_section);
    write_space_names(m, &all, 4, CW_SPACE_TYPE);
    write_space_names(m, &all, 5, CW_EXTERN_TABLE);
    write_space_names(m, &all, 6, CW_EXTERN_MEMORY);
    write_space_names(m, &all, 7, CW_EXTERN_GLOBAL);
    write_space_names(m, &all, 8, CW_SPACE_ELEM);
    write_space_names(m, &all, 9, CW_SPACE_DATA);
    write_counted(m, &all, 10, m->n_field_types, &m->field_section);
    write_space_names(m, &all, 11, CW_EXTERN_TAG);
    write_counted(m, &all, 12, m->n_param_types, &m->param_section);
    write_counted(m, &all, 13, m->n_param_tags, &m->tag_param_section);
    if (all.size)
        write_custom(out, CW_STR("name"), &all);
    cw_bytes_fini(&all);
}

/* ---- custom sections ---- */

uint8_t cw_section_of_word(uint16_t word)
{
    switch (word) {
    case CW_WORD_TYPE: return CW_SECTION_TYPE;
    case CW_WORD_IMPORT: return CW_SECTION_IMPORT;
    case CW_WORD_FUNC: return CW_SECTION_FUNC;
    case CW_WORD_TABLE: return CW_SECTION_TABLE;
    case CW_WORD_MEMORY: return CW_SECTION_MEMORY;
    case CW_WORD_TAG: return CW_SECTION_TAG;
    case CW_WORD_GLOBAL: return CW_SECTION_GLOBAL;
    case CW_WORD_EXPORT: return CW_SECTION_EXPORT;
    case CW_WORD_START: return CW_SECTION_START;
    case CW_WORD_ELEM: return CW_SECTION_ELEM;
    case CW_WORD_DATACOUNT: return CW_SECTION_DATA_COUNT;
    case CW_WORD_CODE: return CW_SECTION_CODE;
    case CW_WORD_DATA: return CW_SECTION_DATA;
    default: return 0;
    }
}

static void take_place(cw_parser *p, cw_custom_text *c)
{
    if (!cw_at_open(p))
        return;
    const cw_token *at = p->at++;
    c->before = cw_take_word(p, CW_WORD_BEFORE);
    if (!c->before && !cw_take_word(p, CW_WORD_AFTER)) {
        cw_parse_fail(p, at, "@custom annotation: malformed placement");
        return;
    }
    uint16_t word = p->at->kind == CW_TOKEN_ATOM ? p->at->word : 0;
    c->section = cw_section_of_word(word);
    if (!c->section && word != (c->before ? CW_WORD_FIRST : CW_WORD_LAST)) {
        cw_parse_fail(p, p->at, "@custom annotation: malformed section kind");
        return;
    }
    cw_take(p);
    cw_expect_close(p);
}

void cw_write_producers(cw_parser *p, cw_bytes *out)
{
    static const uint16_t words[] = { CW_WORD_LANGUAGE, CW_WORD_SDK, CW_WORD_PROCESSED_BY };
    cw_bytes fields[3];
    uint32_t counts[3] = { 0 }, n = 0;
    for (unsigned i = 0; i < 3; i++)
        cw_bytes_init(&fields[i], &p->alloc);
    cw_take(p);
    while (p->ok && !cw_at_close(p)) {
        unsigned i = 0;
        while (i < 3 && !cw_take_form(p, words[i]))
            i++;
        if (i == 3) {
            cw_parse_unexpected(p, "(language, (sdk or (processed-by");
            break;
        }
        for (unsigned k = 0; k < 2; k++) {
            cwrun_str text = cw_take_name(p);
            cw_bytes_vec(&fields[i], text.data, text.size);
        }
        n += !counts[i]++;
        cw_expect_close(p);
    }
    cw_expect_close(p);
    cw_bytes_u32(out, n);
    for (unsigned i = 0; i < 3; i++) {
        const char *name = cw_word_spelling(words[i]);
        if (counts[i]) {
            cw_bytes_vec(out, name, strlen(name));
            cw_bytes_u32(out, counts[i]);
            cw_bytes_add(out, fields[i].data, fields[i].size);
        }
        cw_bytes_fini(&fields[i]);
    }
}

void cw_take_custom(cw_module_text *m)
{
    cw_parser *p = m->p;
    cw_custom_text *c = CW_VEC_PUSH(&m->customs, &p->alloc);
    if (!c) {
        cw_parse_oom(p);
        return;
    }
    *c = (cw_custom_text){ .at = p->at };
    cw_bytes_init(&c->bytes, &p->alloc);
    if (cw_at_annotation(p, CW_ANNOTATION_PRODUCERS)) {
        c->name = CW_STR("producers");
        cw_write_producers(p, &c->bytes);
        return;
    }
    if (cw_at_annotation(p, CW_ANNOTATION_DYLINK)) {
        c->name = CW_STR("dylink.0");
        c->before = true;
        cw_write_dylink(p, &c->bytes);
        return;
    }
    if (cw_at_annotation(p, CW_ANNOTATION_NAMES)) {
        cw_take(p);
        take_place(p, c);
        cw_expect_close(p);
        m->names_placed = true;
        return;
    }
    cw_take(p);
    if (p->at->kind != CW_TOKEN_STRING) {
        cw_parse_fail(p, p->at, "@custom annotation: missing section name");
        return;
    }
    const cw_token *at = p->at;
    cwrun_error inner = CWRUN_ERROR_INIT, *outer = p->err;
    p->err = &inner; /* its message gets the annotation's name */
    c->name = cw_take_name(p);
    p->err = outer;
    if (cwrun_failed(&inner)) {
        cwrun_error_clear(&inner);
        p->ok = true;
        cw_parse_fail(p, at, "@custom annotation: malformed UTF-8 encoding");
        return;
    }
    /* a name section that the text gives itself: identifiers make no other */
    m->names_placed = m->names_placed || cw_str_eq_c(c->name, "name");
    take_place(p, c);
    cw_take_strings(p, &c->bytes);
    if (p->ok && !cw_at_close(p))
        cw_parse_fail(p, p->at, "@custom annotation: unexpected token");
    else
        cw_take(p);
}

void cw_write_customs(cw_module_text *m, bool before, uint8_t section, cw_bytes *out)
{
    for (uint32_t i = 0; i < m->customs.n; i++) {
        const cw_custom_text *c = &m->customs.items[i];
        if (c->before != before || c->section != section)
            continue;
        if (c->name.data)
            write_custom(out, c->name, &c->bytes);
        else
            cw_write_names(m, out);
    }
    if (before && section == CW_SECTION_CODE && m->n_hint_funcs) {
        m->scratch.size = 0;
        cw_bytes_u32(&m->scratch, m->n_hint_funcs);
        cw_bytes_add(&m->scratch, m->hint_section.data, m->hint_section.size);
        write_custom(out, CW_STR("metadata.code.branch_hint"), &m->scratch);
    }
}
