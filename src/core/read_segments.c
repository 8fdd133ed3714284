/* core/read_segments.c: element and data segments and the data count  [core 5.5.12, 5.5.14, 5.5.16]. */
#include "core/read.h"

/* The offset expression of an active segment by the address type of its table or memory; NULL: there is none. */
static cw_const_expr read_offset(cw_reader *r, cw_builder *b, const cw_limits *limits)
{
    if (!limits) {
        cw_skip_const_expr(&b->checker, r);
        return (cw_const_expr){ 0 };
    }
    return cw_check_const_expr(&b->checker, r, limits->is_64 ? CW_I64 : CW_I32, b->m->n_globals);
}

/* Flags of an element segment. */
enum { ELEM_NOT_ACTIVE = 1, ELEM_TABLE_OR_DECLARATIVE = 2, ELEM_EXPRS = 4 };

static void read_elem_kind(cw_reader *r, cw_builder *b, uint32_t flags, cw_elem_segment *e)
{
    e->type = flags & ELEM_EXPRS ? CW_FUNCREF : CW_REF(CW_HEAP_FUNC);
    if (!(flags & (ELEM_NOT_ACTIVE | ELEM_TABLE_OR_DECLARATIVE)))
        return;
    if (flags & ELEM_EXPRS) {
        e->type = cw_read_reftype(r, b->m);
        return;
    }
    const uint8_t *at = r->at;
    uint8_t kind = cw_read_u8(r);
    if (kind != 0)
        cw_reader_fail(r, at, "malformed element kind 0x%02x", kind);
}

static void read_elem_funcs(cw_reader *r, cw_builder *b, cw_elem_segment *e)
{
    cw_module *m = b->m;
    uint32_t *funcs = CW_READ_ARRAY(r, e->n, uint32_t);
    e->funcs = funcs;
    for (uint32_t i = 0; i < e->n && r->ok; i++) {
        const uint8_t *at = r->at;
        funcs[i] = cw_read_u32(r);
        if (!r->ok)
            return;
        if (funcs[i] >= m->n_funcs)
            cw_reader_invalid(r, at, "unknown function %u: there are %u", funcs[i], m->n_funcs);
        else
            m->func_flags[funcs[i]] |= CW_FUNC_REFERENCED;
    }
}

static void read_elem(cw_reader *r, cw_builder *b, cw_elem_segment *e)
{
    cw_module *m = b->m;
    const cw_tabletype *table = NULL;
    const uint8_t *at = r->at;
    uint32_t flags = cw_read_u32(r);
    if (flags > 7)
        cw_reader_fail(r, at, "malformed elements segment kind %u", flags);
    if (!r->ok)
        return;

    e->mode = flags & ELEM_NOT_ACTIVE ? (flags & ELEM_TABLE_OR_DECLARATIVE ? CW_ELEM_DECLARATIVE : CW_ELEM_PASSIVE)
                                      : CW_ELEM_ACTIVE;
    if (e->mode == CW_ELEM_ACTIVE) {
        const uint8_t *index = r->at;
        if (flags & ELEM_TABLE_OR_DECLARATIVE)
            e->table = cw_read_u32(r);
        if (e->table < m->n_tables)
            table = &m->tables[e->table];
        else
            cw_reader_invalid(r, index, "unknown table %u", e->table);
        if (!r->ok)
            return;
        e->offset = read_offset(r, b, table ? &table->limits : NULL);
    }

    read_elem_kind(r, b, flags, e);
    if (r->ok && table && !cw_valtype_matches(m->types, e->type, table->elem)) {
        char have[CW_TYPE_TEXT], want[CW_TYPE_TEXT];
        cw_reader_invalid(r, at, "type mismatch: elements of type %s in table %u of %s",
                          cw_check_type_text(&b->checker, e->type, have), e->table,
                          cw_check_type_text(&b->checker, table->elem, want));
    }

    e->n = cw_read_count(r, CW_MAX_ELEMS, "elements of a segment");
    if (!(flags & ELEM_EXPRS)) {
        read_elem_funcs(r, b, e);
        return;
    }
    cw_const_expr *exprs = CW_READ_ARRAY(r, e->n, cw_const_expr);
    e->exprs = exprs;
    for (uint32_t i = 0; i < e->n && r->ok; i++)
        exprs[i] = cw_check_const_expr(&b->checker, r, e->type, m->n_globals);
}

void cw_read_elems(cw_reader *r, cw_builder *b)
{
    cw_module *m = b->m;
    uint32_t n = cw_read_count(r, CW_MAX_SEGMENTS, "element segments");
    m->elems = CW_READ_ARRAY(r, n, cw_elem_segment);
    for (uint32_t i = 0; i < n && r->ok; i++) {
        cw_reader_push(r, "elem", i);
        read_elem(r, b, &m->elems[i]);
        cw_reader_pop(r);
    }
    m->n_elems = r->ok ? n : 0;
}

void cw_read_data_count(cw_reader *r, cw_builder *b)
{
    const uint8_t *at = r->at;
    uint32_t n = cw_read_u32(r);
    cw_need_feature(r, at, b->m->features, CW_FEATURE_BULK_MEMORY);
    if (n > CW_MAX_SEGMENTS)
        cw_reader_limit(r, at, "too many data segments: %u, at most %u", n, (unsigned)CW_MAX_SEGMENTS);
    b->m->has_data_count = true;
    b->m->n_data = b->n_data_declared = n;
}

static void read_data_segment(cw_reader *r, cw_builder *b, cw_data_segment *d)
{
    cw_module *m = b->m;
    const uint8_t *at = r->at;
    uint32_t flags = cw_read_u32(r);
    if (flags > 2)
        cw_reader_fail(r, at, "malformed data segment kind %u", flags);
    if (!r->ok)
        return;

    d->is_active = flags != 1;
    if (d->is_active) {
        at = r->at;
        if (flags == 2)
            d->memory = cw_read_u32(r);
        if (d->memory >= m->n_memories)
            cw_reader_invalid(r, at, "unknown memory %u", d->memory);
        if (!r->ok)
            return;
        d->offset = read_offset(r, b, d->memory < m->n_memories ? &m->memories[d->memory] : NULL);
    }
    d->size = cw_read_u32(r);
    d->bytes = cw_read_bytes(r, (size_t)d->size);
}

void cw_read_data(cw_reader *r, cw_builder *b)
{
    cw_module *m = b->m;
    const uint8_t *at = r->at;
    uint32_t n = cw_read_count(r, CW_MAX_SEGMENTS, "data segments");
    if (r->ok && m->has_data_count && n != b->n_data_declared)
        cw_reader_fail(r, at, "data count and data section have inconsistent lengths: %u and %u", b->n_data_declared,
                       n);
    m->data = CW_READ_ARRAY(r, n, cw_data_segment);
    for (uint32_t i = 0; i < n && r->ok; i++) {
        cw_reader_push(r, "data", i);
        read_data_segment(r, b, &m->data[i]);
        cw_reader_pop(r);
    }
    m->n_data = r->ok ? n : 0;
}
