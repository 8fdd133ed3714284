/* core/read_module.c: a whole module: preamble, sections in their order, custom sections  [core 5.5].
 *
 * Decoding and validation are one pass: every section is checked against what stands before it, bodies included. */
#include "core/read.h"

typedef struct section {
    uint8_t order; /* 0: no such section; sections come by ascending order */
    const char *name;
    void (*read)(cw_reader *r, cw_builder *b);
    bool is_leaf; /* nothing later is checked against it */
} section;

enum { SECTION_CUSTOM = 0, SECTION_CODE = 10, SECTION_COUNT = 14, LAST_ORDER = 13 };

static const section sections[SECTION_COUNT] = {
    [1] = { 1, "type section", cw_read_types, false },
    [2] = { 2, "import section", cw_read_imports, false },
    [3] = { 3, "function section", cw_read_functions, false },
    [4] = { 4, "table section", cw_read_tables, false },
    [5] = { 5, "memory section", cw_read_memories, false },
    [13] = { 6, "tag section", cw_read_tags, false },
    [6] = { 7, "global section", cw_read_globals, false },
    [7] = { 8, "export section", cw_read_exports, false },
    [8] = { 9, "start section", cw_read_start, true },
    [9] = { 10, "element section", cw_read_elems, false },
    [12] = { 11, "data count section", cw_read_data_count, false },
    [SECTION_CODE] = { 12, "code section", cw_read_code, false },
    [11] = { LAST_ORDER, "data section", cw_read_data, true },
};

/* ---- shared by the read_ files ---- */

void *cw_read_array(cw_reader *r, size_t n, size_t size)
{
    if (!r->ok)
        return NULL;
    void *array = cw_arena_array(r->arena, n, size);
    if (!array)
        cw_reader_oom(r);
    return array;
}

void *cw_read_array_grow(cw_reader *r, const void *old, size_t n_old, size_t n_more, size_t size)
{
    char *array = cw_read_array(r, n_old + n_more, size);
    if (array && n_old)
        memcpy(array, old, n_old * size);
    return array;
}

bool cw_need_feature(cw_reader *r, const uint8_t *at, cw_features have, cw_features needed)
{
    if (!(needed & ~have))
        return true;
    cw_reader_fail(r, at, "the %s feature is disabled", cw_features_name(needed & ~have));
    return false;
}

/* ---- sections ---- */

static void read_custom(cw_reader *r, cw_builder *b)
{
    cwrun_str name = cw_read_name(r);
    if (!r->ok)
        return;
    cw_custom_section *c = CW_VEC_PUSH(&b->customs, b->config->alloc);
    if (!c) {
        cw_reader_oom(r);
        return;
    }
    *c = (cw_custom_section){ name, r->at, cw_reader_left(r), b->last_section };
    r->at = r->end;
}

/* "unexpected content after last section" is what the specification says of any section out of its order. */
static void read_section(cw_reader *r, cw_builder *b)
{
    const uint8_t *at = r->at;
    uint8_t id = cw_read_u8(r);
    if (r->ok && id >= SECTION_COUNT) {
        cw_reader_fail(r, at, "malformed section id %u", id);
        return;
    }
    const section *s = &sections[id];
    const char *name = s->name ? s->name : "custom section";

    const uint32_t depth = r->depth;
    const uint8_t *outer = cw_reader_enter(r, cw_read_u32(r), name), *end = r->end;
    const bool can_recover = r->ok && s->is_leaf;
    if (r->ok && id == SECTION_CUSTOM) {
        read_custom(r, b);
    } else if (r->ok && s->order <= sections[b->last_section].order) {
        cw_reader_fail(r, at, "unexpected content after last section: a %s after the %s", name,
                       sections[b->last_section].name);
    } else if (r->ok) {
        b->last_section = id;
        s->read(r, b);
    }
    cw_reader_leave(r, outer, name);
    if (can_recover && cw_reader_recover(r)) {
        b->is_damaged = true;
        r->at = end;
        r->depth = depth;
    }
}

static void read_preamble(cw_reader *r)
{
    const uint8_t *at = r->at;
    static const uint8_t magic[4] = { 0, 'a', 's', 'm' };
    size_t left = cw_reader_left(r);
    if (left < 4) {
        cw_reader_fail(r, at, "unexpected end: magic header not detected in %zu bytes", left);
        return;
    }
    if (memcmp(at, magic, 4) != 0) {
        cw_reader_fail(r, at, "magic header not detected");
        return;
    }
    r->at += 4;
    at = r->at;
    uint32_t version = cw_read_fixed32(r);
    if (r->ok && version >> 16 == 1)
        cw_reader_fail(r, at, "unknown binary version: this is a component, not a core module");
    else if (r->ok && version != 1)
        cw_reader_fail(r, at, "unknown binary version 0x%x of a core module", version);
}

/* What holds for a module as a whole. */
static void check_counts(cw_reader *r, const cw_builder *b)
{
    const cw_module *m = b->m;
    if (!r->ok)
        return;
    if (m->n_funcs - m->n_imported_funcs != b->n_bodies)
        cw_reader_fail(r, NULL, "function and code section have inconsistent lengths: %u and %u",
                       m->n_funcs - m->n_imported_funcs, b->n_bodies);
    if (m->has_data_count && !m->data && m->n_data)
        cw_reader_fail(r, NULL, "data count and data section have inconsistent lengths: %u and 0", m->n_data);
}

static void take_customs(cw_reader *r, cw_builder *b)
{
    cw_module *m = b->m;
    m->customs = cw_read_array_grow(r, b->customs.items, b->customs.n, 0, sizeof *m->customs);
    if (!r->ok)
        return;
    m->n_customs = b->customs.n;
    for (uint32_t i = 0; i < m->n_customs; i++)
        if (cw_str_eq_c(m->customs[i].name, "name"))
            cw_read_names(r, m, m->customs[i].bytes, m->customs[i].size);
}

cw_module *cw_module_read(cw_reader *r, const cw_module_config *config)
{
    cw_module *m = CW_READ_ARRAY(r, 1, cw_module);
    if (!m)
        return NULL;
    m->bytes = r->at;
    m->size = cw_reader_left(r);
    m->file_start = r->start;
    m->file_offset = cw_reader_offset(r, r->at);
    m->types = config->types;
    m->features = config->features;

    cw_builder b = { .m = m, .config = config };
    cw_arena_init(&b.scratch, config->alloc);
    cw_checker_init(&b.checker, m, config);

    read_preamble(r);
    while (r->ok && r->at < r->end)
        read_section(r, &b);
    check_counts(r, &b);
    take_customs(r, &b);
    if (r->ok && r->arena->oom)
        cw_reader_oom(r);

    cw_checker_fini(&b.checker);
    cw_arena_fini(&b.scratch);
    CW_VEC_FINI(&b.type_ids, config->alloc);
    CW_VEC_FINI(&b.customs, config->alloc);
    return r->ok && !b.is_damaged ? m : NULL;
}
