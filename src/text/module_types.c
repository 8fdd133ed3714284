/* text/module_types.c: types of core modules: values, functions, aggregates, recursion groups,
 * type uses  [core 6.4]. */
#include "base/str.h"
#include "text/module.h"

enum {
    NULLABLE = 0x63,
    NON_NULL = 0x64,
    VALTYPE_REC = 0x4e,
    VALTYPE_SUB = 0x50,
    VALTYPE_SUB_FINAL = 0x4f,
    FUNC = 0x60,
    STRUCT = 0x5f,
    ARRAY = 0x5e,
    SHARED = 0x65,
    EXACT = 0x62,
    DESCRIPTOR = 0x4d,
    DESCRIBES = 0x4c
};

/* ---- value types ---- */

static uint8_t number_byte(uint16_t word)
{
    switch (word) {
    case CW_WORD_I32: return 0x7f;
    case CW_WORD_I64: return 0x7e;
    case CW_WORD_F32: return 0x7d;
    case CW_WORD_F64: return 0x7c;
    case CW_WORD_V128: return 0x7b;
    default: return 0;
    }
}

static uint8_t heap_byte(uint16_t word)
{
    switch (word) {
    case CW_WORD_NOEXN: return 0x74;
    case CW_WORD_NOFUNC: return 0x73;
    case CW_WORD_NOEXTERN: return 0x72;
    case CW_WORD_NONE: return 0x71;
    case CW_WORD_FUNC: return 0x70;
    case CW_WORD_EXTERN: return 0x6f;
    case CW_WORD_ANY: return 0x6e;
    case CW_WORD_EQ: return 0x6d;
    case CW_WORD_I31: return 0x6c;
    case CW_WORD_STRUCT: return 0x6b;
    case CW_WORD_ARRAY: return 0x6a;
    case CW_WORD_EXN: return 0x69;
    default: return 0;
    }
}

static uint8_t short_ref_byte(uint16_t word)
{
    switch (word) {
    case CW_WORD_NULLEXNREF: return 0x74;
    case CW_WORD_NULLFUNCREF: return 0x73;
    case CW_WORD_NULLEXTERNREF: return 0x72;
    case CW_WORD_NULLREF: return 0x71;
    case CW_WORD_FUNCREF: return 0x70;
    case CW_WORD_EXTERNREF: return 0x6f;
    case CW_WORD_ANYREF: return 0x6e;
    case CW_WORD_EQREF: return 0x6d;
    case CW_WORD_I31REF: return 0x6c;
    case CW_WORD_STRUCTREF: return 0x6b;
    case CW_WORD_ARRAYREF: return 0x6a;
    case CW_WORD_EXNREF: return 0x69;
    default: return 0;
    }
}

static uint8_t atom_byte(const cw_parser *p, uint8_t (*byte_of)(uint16_t word))
{
    return p->at->kind == CW_TOKEN_ATOM ? byte_of(p->at->word) : 0;
}

void cw_write_heaptype(cw_module_text *m, cw_bytes *out)
{
    uint8_t byte = atom_byte(m->p, heap_byte);
    if (byte) {
        cw_take(m->p);
        cw_bytes_u8(out, byte);
    } else if (cw_take_form(m->p, CW_WORD_SHARED)) {
        byte = atom_byte(m->p, heap_byte);
        if (!byte)
            cw_parse_unexpected(m->p, "an abstract heap type");
        cw_take(m->p);
        cw_bytes_u8(out, SHARED);
        cw_bytes_u8(out, byte);
        cw_expect_close(m->p);
    } else if (cw_take_form(m->p, CW_WORD_EXACT)) {
        cw_bytes_u8(out, EXACT);
        cw_bytes_u32(out, cw_take_index(m->p, &m->spaces[CW_SPACE_TYPE]));
        cw_expect_close(m->p);
    } else {
        cw_bytes_signed(out, cw_take_index(m->p, &m->spaces[CW_SPACE_TYPE]));
    }
}

bool cw_at_reftype(const cw_parser *p)
{
    return atom_byte(p, short_ref_byte) || cw_at_form(p, CW_WORD_REF);
}

/* written: where the text asks that the type's own byte is written. */
static void take_reftype(cw_module_text *m, cw_bytes *out, bool *nullable, bool *written)
{
    uint8_t byte = atom_byte(m->p, short_ref_byte);
    *nullable = true;
    *written = false;
    if (byte) {
        cw_take(m->p);
        cw_bytes_u8(out, byte);
        return;
    }
    cw_expect_open(m->p, CW_WORD_REF);
    *nullable = cw_take_word(m->p, CW_WORD_NULL);
    *written = cw_take_encoding(m->p) == NULLABLE;
    cw_write_heaptype(m, out);
    cw_expect_close(m->p);
}

void cw_write_reftype_heap(cw_module_text *m, cw_bytes *out, bool *nullable)
{
    bool unused;
    take_reftype(m, out, nullable, &unused);
}

void cw_write_reftype(cw_module_text *m, cw_bytes *out)
{
    size_t start = out->size;
    bool nullable, written = false;
    cw_bytes_u8(out, NON_NULL);
    take_reftype(m, out, &nullable, &written);
    if (!nullable || out->oom || out->size == start)
        return;
    uint8_t heap = out->data[start + 1];
    if (written) {
        out->data[start] = NULLABLE;
    } else if (heap == SHARED || (out->size - start == 2 && heap >= 0x69 && heap <= 0x74)) { /* abstract */
        memmove(out->data + start, out->data + start + 1, out->size - start - 1);
        out->size--;
    } else {
        out->data[start] = NULLABLE;
    }
}

void cw_write_valtype(cw_module_text *m, cw_bytes *out)
{
    uint8_t byte = atom_byte(m->p, number_byte);
    if (byte) {
        cw_take(m->p);
        cw_bytes_u8(out, byte);
    } else if (cw_at_reftype(m->p)) {
        cw_write_reftype(m, out);
    } else {
        cw_parse_unexpected(m->p, "a value type");
    }
}

/* ---- signatures ---- */

static bool at_valtype(const cw_parser *p)
{
    return atom_byte(p, number_byte) || cw_at_reftype(p);
}

bool cw_take_signature(cw_module_text *m, bool named)
{
    cw_parser *p = m->p;
    m->params.size = m->results.size = 0;
    m->n_params = m->n_results = 0;
    bool any = false;
    for (; cw_take_form(p, CW_WORD_PARAM); any = true) {
        const cw_token *id = named ? cw_take_id(p) : NULL;
        cwrun_str annotated = { NULL, 0 };
        if (named)
            cw_take_name_annotation(p, &annotated);
        if (id || annotated.data) {
            uint32_t index = m->locals.what ? cw_space_add(p, &m->locals, id) : m->n_params;
            cw_add_naming(m, &m->local_names, index, id, annotated);
            cw_write_valtype(m, &m->params);
            m->n_params++;
        } else {
            for (; at_valtype(p); m->n_params++) {
                cw_write_valtype(m, &m->params);
                if (named && m->locals.what)
                    cw_space_add(p, &m->locals, NULL);
            }
        }
        cw_expect_close(p);
    }
    for (; cw_take_form(p, CW_WORD_RESULT); any = true) {
        for (; at_valtype(p); m->n_results++)
            cw_write_valtype(m, &m->results);
        cw_expect_close(p);
    }
    return any;
}

/* The signature as the type section has it, into m->key. */
static cwrun_str encode_signature(cw_module_text *m)
{
    m->key.size = 0;
    cw_bytes_u32(&m->key, m->n_params);
    cw_bytes_add(&m->key, m->params.data, m->params.size);
    cw_bytes_u32(&m->key, m->n_results);
    cw_bytes_add(&m->key, m->results.data, m->results.size);
    return (cwrun_str){ (const char *)m->key.data, m->key.size };
}

/* A copy of the key, kept, and the first plain type that has it. */
static void keep_signature(cw_module_text *m, cw_type_text *type, uint32_t index)
{
    cwrun_str key = encode_signature(m);
    type->is_func = true;
    type->n_params = m->n_params;
    type->key = cw_arena_copy(m->p->arena, key.data, key.size);
    if (!type->key.data) {
        cw_parse_oom(m->p);
    } else if (type->is_plain) {
        bool is_new;
        uint64_t *slot = cw_map_put(&m->plain_types, &m->p->alloc, type->key, &is_new);
        if (!slot)
            cw_parse_oom(m->p);
        else if (is_new)
            *slot = index;
    }
}

/* The index of the plain type with the signature that was taken last, added where there is none. */
static uint32_t implied_type(cw_module_text *m)
{
    cwrun_str key = encode_signature(m);
    uint64_t *found = m->p->ok ? cw_map_find(&m->plain_types, key) : NULL;
    if (found || !m->p->ok)
        return found ? (uint32_t)*found : 0;
    cw_type_text *type = CW_VEC_PUSH(&m->types, &m->p->alloc);
    if (!type) {
        cw_parse_oom(m->p);
        return 0;
    }
    *type = (cw_type_text){ .is_plain = !m->implies_anew, .fields = { .what = "field" } };
    uint32_t index = m->types.n - 1;
    m->spaces[CW_SPACE_TYPE].n = m->types.n;
    cw_bytes *out = &m->sections[CW_SECTION_TYPE];
    cw_bytes_u8(out, FUNC);
    cw_bytes_add(out, key.data, key.size);
    m->counts[CW_SECTION_TYPE]++;
    keep_signature(m, type, index);
    return index;
}

uint32_t cw_take_typeuse(cw_module_text *m, bool named)
{
    cw_parser *p = m->p;
    const cw_token *at = p->at;
    if (!cw_take_form(p, CW_WORD_TYPE)) {
        cw_take_signature(m, named);
        return implied_type(m);
    }
    uint32_t index = cw_take_index(p, &m->spaces[CW_SPACE_TYPE]);
    cw_expect_close(p);
    bool any = cw_take_signature(m, named);
    const cw_type_text *type = index < m->types.n ? &m->types.items[index] : NULL;
    if (!any) {
        m->n_params = type ? type->n_params : 0;
        if (named && m->locals.what)
            m->locals.n += m->n_params;
    } else if (!type && p->ok) {
        cw_parse_fail(p, at, "unknown type %u", index);
    } else if (p->ok && !m->implies_anew && (!type->is_func || !cw_str_eq(type->key, encode_signature(m)))) {
        cw_parse_fail(p, at, "inline function type does not match type %u", index);
    }
    return index;
}

void cw_write_blocktype(cw_module_text *m, cw_bytes *out)
{
    if (cw_at_form(m->p, CW_WORD_TYPE)) {
        cw_bytes_signed(out, cw_take_typeuse(m, false));
        return;
    }
    cw_take_signature(m, false);
    if (m->n_params == 0 && m->n_results == 0)
        cw_bytes_u8(out, 0x40);
    else if (m->n_params == 0 && m->n_results == 1)
        cw_bytes_add(out, m->results.data, m->results.size);
    else
        cw_bytes_signed(out, implied_type(m));
}

/* ---- definitions ---- */

void cw_declare_type(cw_module_text *m)
{
    cw_parser *p = m->p;
    const cw_token *open = p->at;
    cw_expect_open(p, CW_WORD_TYPE);
    if (!p->ok)
        return;
    const cw_token *id = cw_take_id(p);
    uint32_t index = cw_space_add(p, &m->spaces[CW_SPACE_TYPE], id);
    cwrun_str annotated;
    cw_take_name_annotation(p, &annotated);
    cw_add_naming(m, &m->names[CW_SPACE_TYPE], index, id, annotated);
    cw_type_text *type = CW_VEC_PUSH(&m->types, &p->alloc);
    if (type)
        *type = (cw_type_text){ .fields = { .what = "field" } };
    else
        cw_parse_oom(p);
    if (p->ok)
        p->at = cw_token_close(p, open) + 1;
}

/* The cursor is at the field's opening parenthesis, and then behind the field. */
void cw_declare_types(cw_module_text *m, cw_field_text *field)
{
    cw_parser *p = m->p;
    field->index = m->types.n;
    field->at = p->at;
    if (field->word == CW_WORD_TYPE) {
        cw_declare_type(m);
        return;
    }
    p->at += 2;
    while (p->ok && !cw_at_close(p))
        cw_declare_type(m);
    cw_expect_close(p);
}

static void write_fieldtype(cw_module_text *m, cw_bytes *out)
{
    cw_parser *p = m->p;
    bool is_mutable = cw_take_form(p, CW_WORD_MUT);
    if (cw_take_word(p, CW_WORD_I8))
        cw_bytes_u8(out, 0x78);
    else if (cw_take_word(p, CW_WORD_I16))
        cw_bytes_u8(out, 0x77);
    else
        cw_write_valtype(m, out);
    cw_bytes_u8(out, is_mutable);
    if (is_mutable)
        cw_expect_close(p);
}

static void write_struct(cw_module_text *m, cw_bytes *out, uint32_t index)
{
    cw_parser *p = m->p;
    cw_space *fields = &m->types.items[index].fields;
    cw_namings names = { 0 };
    m->scratch.size = 0;
    while (cw_take_form(p, CW_WORD_FIELD)) {
        const cw_token *id = cw_take_id(p);
        cwrun_str annotated;
        if (cw_take_name_annotation(p, &annotated) || id) {
            cw_add_naming(m, &names, fields->n, id, annotated);
            cw_space_add(p, fields, id);
            write_fieldtype(m, &m->scratch);
        } else {
            while (p->ok && !cw_at_close(p)) {
                cw_space_add(p, fields, NULL);
                write_fieldtype(m, &m->scratch);
            }
        }
        cw_expect_close(p);
    }
    cw_bytes_u32(out, fields->n);
    cw_bytes_add(out, m->scratch.data, m->scratch.size);
    cw_write_indirect_names(&m->field_section, &m->n_field_types, index, &names);
    CW_VEC_FINI(&names, &p->alloc);
}

/* (describes x) or (descriptor x) where it stands next. */
static bool write_clause(cw_module_text *m, cw_bytes *out, uint16_t word, uint8_t code)
{
    if (!cw_take_form(m->p, word))
        return false;
    cw_bytes_u8(out, code);
    cw_bytes_u32(out, cw_take_index(m->p, &m->spaces[CW_SPACE_TYPE]));
    cw_expect_close(m->p);
    return true;
}

static void write_comptype(cw_module_text *m, cw_bytes *out, uint32_t index)
{
    cw_parser *p = m->p;
    bool shared = cw_take_form(p, CW_WORD_SHARED);
    if (shared)
        cw_bytes_u8(out, SHARED);
    bool describes = write_clause(m, out, CW_WORD_DESCRIBES, DESCRIBES);
    if (write_clause(m, out, CW_WORD_DESCRIPTOR, DESCRIPTOR) || describes || shared)
        m->types.items[index].is_plain = false;
    if (cw_take_form(p, CW_WORD_FUNC)) {
        m->locals.what = NULL;
        m->local_names.n = 0;
        cw_take_signature(m, true);
        cw_write_indirect_names(&m->param_section, &m->n_param_types, index, &m->local_names);
        keep_signature(m, &m->types.items[index], index);
        cw_bytes_u8(out, FUNC);
        cw_bytes_add(out, m->key.data, m->key.size);
    } else if (cw_take_form(p, CW_WORD_STRUCT)) {
        cw_bytes_u8(out, STRUCT);
        write_struct(m, out, index);
    } else if (cw_take_form(p, CW_WORD_ARRAY)) {
        cw_bytes_u8(out, ARRAY);
        write_fieldtype(m, out);
    } else {
        cw_parse_unexpected(p, "(func, (struct or (array");
        return;
    }
    cw_expect_close(p);
    if (shared)
        cw_expect_close(p);
}

void cw_write_subtype(cw_module_text *m, uint32_t index, bool alone)
{
    cw_parser *p = m->p;
    cw_bytes *out = &m->sections[CW_SECTION_TYPE];
    if (!cw_take_form(p, CW_WORD_SUB)) {
        m->types.items[index].is_plain = alone;
        write_comptype(m, out, index);
        return;
    }
    bool final = cw_take_word(p, CW_WORD_FINAL), written = cw_take_encoding(p) == VALTYPE_SUB_FINAL;
    uint32_t n = 0;
    m->scratch.size = 0;
    for (; cw_at_index(p); n++)
        cw_bytes_u32(&m->scratch, cw_take_index(p, &m->spaces[CW_SPACE_TYPE]));
    if (!final || n || written) {
        cw_bytes_u8(out, final ? VALTYPE_SUB_FINAL : VALTYPE_SUB);
        cw_bytes_u32(out, n);
        cw_bytes_add(out, m->scratch.data, m->scratch.size);
    }
    m->types.items[index].is_plain = alone && final && !n;
    write_comptype(m, out, index);
    cw_expect_close(p);
}

/* (type $id subtype) */
static void write_type(cw_module_text *m, uint32_t index, bool alone)
{
    cw_parser *p = m->p;
    p->at += 2;
    cw_take_id(p);
    cwrun_str unused;
    cw_take_name_annotation(p, &unused);
    cw_write_subtype(m, index, alone);
    cw_expect_close(p);
}

void cw_write_types(cw_module_text *m, const cw_field_text *field)
{
    cw_parser *p = m->p;
    p->at = field->at;
    m->counts[CW_SECTION_TYPE]++;
    if (field->word == CW_WORD_TYPE) {
        write_type(m, field->index, true);
        return;
    }
    const cw_token *end = cw_token_close(p, p->at);
    uint32_t n = 0;
    for (const cw_token *t = p->at + 2; t < end; t = cw_token_close(p, t) + 1)
        n++;
    cw_bytes_u8(&m->sections[CW_SECTION_TYPE], VALTYPE_REC);
    cw_bytes_u32(&m->sections[CW_SECTION_TYPE], n);
    p->at += 2;
    for (uint32_t i = 0; i < n && p->ok; i++)
        write_type(m, field->index + i, n == 1);
}
