/* core/read_decls.c: the sections that declare index spaces: imports, functions, tables, memories, tags, globals;
 * exports and the start function  [core 5.5.5 - 5.5.11].
 *
 * The array of an index space is made with the imports in front. Order of sections sees to it that everything that is
 * referred to is there already, so that indices are checked where they are read. */
#include "core/read.h"

/* ---- imports ---- */

/* Sorts imports of one kind into their index spaces: array[kind] gets element `n[kind]`. */
typedef struct import_spaces {
    uint32_t n[CW_EXTERN_COUNT];
} import_spaces;

enum { EXACT_FUNC = 0x20 };

static void read_import(cw_reader *r, cw_builder *b, cw_import *import, import_spaces *spaces)
{
    cw_module *m = b->m;
    import->module = cw_read_name(r);
    import->name = cw_read_name(r);

    const uint8_t *at = r->at;
    import->kind = cw_read_u8(r);
    if (import->kind == EXACT_FUNC && cw_need_feature(r, at, m->features, CW_FEATURE_CUSTOM_DESCRIPTORS)) {
        import->kind = CW_EXTERN_FUNC;
        import->is_exact = true;
    }
    if (r->ok && import->kind >= CW_EXTERN_COUNT)
        cw_reader_fail(r, at, "malformed import kind 0x%02x", import->kind);
    if (!r->ok)
        return;

    uint32_t i = import->index = spaces->n[import->kind]++;
    switch ((cw_extern_kind)import->kind) {
    case CW_EXTERN_FUNC: m->func_types[i] = cw_read_functype_index(r, m); break;
    case CW_EXTERN_TABLE:
        m->tables[i] = cw_read_tabletype(r, m);
        if (i == 1)
            cw_need_feature(r, at, m->features, CW_FEATURE_REFERENCE_TYPES);
        break;
    case CW_EXTERN_MEMORY:
        m->memories[i] = cw_read_memtype(r, m);
        if (i == 1)
            cw_need_feature(r, at, m->features, CW_FEATURE_MULTI_MEMORY);
        break;
    case CW_EXTERN_GLOBAL:
        m->globals[i] = cw_read_globaltype(r, m);
        if (m->globals[i].is_mutable)
            cw_need_feature(r, at, m->features, CW_FEATURE_MUTABLE_GLOBAL);
        break;
    case CW_EXTERN_TAG: m->tags[i] = cw_read_tagtype(r, m); break;
    case CW_EXTERN_COUNT: break;
    }
}

/* A copy of exactly n elements, so that worst-case arrays go with the scratch memory. */
static void *keep(cw_reader *r, const void *items, uint32_t n, size_t size)
{
    return cw_read_array_grow(r, items, n, 0, size);
}

void cw_read_imports(cw_reader *r, cw_builder *b)
{
    cw_module *m = b->m;
    uint32_t n = cw_read_count(r, CW_MAX_IMPORTS, "imports");
    m->imports = CW_READ_ARRAY(r, n, cw_import);

    cw_arena_reset(&b->scratch);
    m->func_types = CW_ARENA_ARRAY(&b->scratch, n, cw_type_id);
    m->tables = CW_ARENA_ARRAY(&b->scratch, n, cw_tabletype);
    m->memories = CW_ARENA_ARRAY(&b->scratch, n, cw_memtype);
    m->globals = CW_ARENA_ARRAY(&b->scratch, n, cw_globaltype);
    m->tags = CW_ARENA_ARRAY(&b->scratch, n, cw_type_id);
    if (b->scratch.oom)
        cw_reader_oom(r);

    import_spaces spaces = { { 0 } };
    for (uint32_t i = 0; i < n && r->ok; i++) {
        cw_reader_push(r, "import", i);
        read_import(r, b, &m->imports[i], &spaces);
        cw_reader_pop(r);
    }
    if (!r->ok)
        return;

    m->n_imports = n;
    m->n_funcs = m->n_imported_funcs = spaces.n[CW_EXTERN_FUNC];
    m->n_tables = m->n_imported_tables = spaces.n[CW_EXTERN_TABLE];
    m->n_memories = m->n_imported_memories = spaces.n[CW_EXTERN_MEMORY];
    m->n_globals = m->n_imported_globals = spaces.n[CW_EXTERN_GLOBAL];
    m->n_tags = m->n_imported_tags = spaces.n[CW_EXTERN_TAG];
    m->func_types = keep(r, m->func_types, m->n_funcs, sizeof *m->func_types);
    m->func_flags = CW_READ_ARRAY(r, m->n_funcs, uint8_t);
    for (uint32_t i = 0; i < n && r->ok; i++)
        if (m->imports[i].is_exact)
            m->func_flags[m->imports[i].index] = CW_FUNC_EXACT;
    m->tables = keep(r, m->tables, m->n_tables, sizeof *m->tables);
    m->table_inits = CW_READ_ARRAY(r, m->n_tables, cw_const_expr);
    m->memories = keep(r, m->memories, m->n_memories, sizeof *m->memories);
    m->globals = keep(r, m->globals, m->n_globals, sizeof *m->globals);
    m->global_inits = CW_READ_ARRAY(r, m->n_globals, cw_const_expr);
    m->tags = keep(r, m->tags, m->n_tags, sizeof *m->tags);
}

/* ---- definitions ---- */

void cw_read_functions(cw_reader *r, cw_builder *b)
{
    cw_module *m = b->m;
    uint32_t n = cw_read_count(r, CW_MAX_FUNCS, "functions"), first = m->n_funcs;
    m->func_types = cw_read_array_grow(r, m->func_types, first, n, sizeof *m->func_types);
    m->func_flags = cw_read_array_grow(r, m->func_flags, first, n, sizeof *m->func_flags);
    m->bodies = CW_READ_ARRAY(r, n, cw_func_body);
    for (uint32_t i = 0; i < n && r->ok; i++) {
        cw_reader_push(r, "func", first + i);
        m->func_types[first + i] = cw_read_functype_index(r, m);
        cw_reader_pop(r);
    }
    m->n_funcs = r->ok ? first + n : 0;
}

static void read_table(cw_reader *r, cw_builder *b, uint32_t i)
{
    cw_module *m = b->m;
    const uint8_t *at = r->at;
    bool has_init = r->ok && r->at < r->end && *r->at == 0x40;
    if (has_init) {
        cw_need_feature(r, at, m->features, CW_FEATURE_FUNCTION_REFERENCES);
        r->at++;
        if (cw_read_u8(r) != 0)
            cw_reader_fail(r, at, "zero byte expected");
    }
    m->tables[i] = cw_read_tabletype(r, m);
    if (has_init)
        m->table_inits[i] = cw_check_const_expr(&b->checker, r, m->tables[i].elem, m->n_globals);
    else if (r->ok && !cw_is_nullable(m->tables[i].elem))
        cw_reader_invalid(r, at, "type mismatch: a table of non-nullable references needs an initializer");
}

void cw_read_tables(cw_reader *r, cw_builder *b)
{
    cw_module *m = b->m;
    uint32_t n = cw_read_count(r, CW_MAX_TABLES, "tables"), first = m->n_tables;
    m->tables = cw_read_array_grow(r, m->tables, first, n, sizeof *m->tables);
    m->table_inits = CW_READ_ARRAY(r, (size_t)first + n, cw_const_expr);
    for (uint32_t i = first; i < first + n && r->ok; i++) {
        cw_reader_push(r, "table", i);
        if (i > 0)
            cw_need_feature(r, NULL, m->features, CW_FEATURE_REFERENCE_TYPES);
        read_table(r, b, i);
        cw_reader_pop(r);
    }
    m->n_tables = r->ok ? first + n : 0;
}

void cw_read_memories(cw_reader *r, cw_builder *b)
{
    cw_module *m = b->m;
    uint32_t n = cw_read_count(r, CW_MAX_MEMORIES, "memories"), first = m->n_memories;
    m->memories = cw_read_array_grow(r, m->memories, first, n, sizeof *m->memories);
    for (uint32_t i = first; i < first + n && r->ok; i++) {
        cw_reader_push(r, "memory", i);
        if (i > 0)
            cw_need_feature(r, NULL, m->features, CW_FEATURE_MULTI_MEMORY);
        m->memories[i] = cw_read_memtype(r, m);
        cw_reader_pop(r);
    }
    m->n_memories = r->ok ? first + n : 0;
}

void cw_read_tags(cw_reader *r, cw_builder *b)
{
    cw_module *m = b->m;
    uint32_t n = cw_read_count(r, CW_MAX_TAGS, "tags"), first = m->n_tags;
    m->tags = cw_read_array_grow(r, m->tags, first, n, sizeof *m->tags);
    for (uint32_t i = first; i < first + n && r->ok; i++) {
        cw_reader_push(r, "tag", i);
        m->tags[i] = cw_read_tagtype(r, m);
        cw_reader_pop(r);
    }
    m->n_tags = r->ok ? first + n : 0;
}

void cw_read_globals(cw_reader *r, cw_builder *b)
{
    cw_module *m = b->m;
    uint32_t n = cw_read_count(r, CW_MAX_GLOBALS, "globals"), first = m->n_globals;
    m->globals = cw_read_array_grow(r, m->globals, first, n, sizeof *m->globals);
    m->global_inits = CW_READ_ARRAY(r, (size_t)first + n, cw_const_expr);
    for (uint32_t i = first; i < first + n && r->ok; i++) {
        cw_reader_push(r, "global", i);
        m->globals[i] = cw_read_globaltype(r, m);
        m->global_inits[i] = cw_check_const_expr(&b->checker, r, m->globals[i].type, i);
        m->n_globals = i + 1; /* the next may use it */
        cw_reader_pop(r);
    }
}

/* ---- exports and start ---- */

static void check_export(cw_reader *r, cw_module *m, const uint8_t *at, const cw_export *e)
{
    static const char *const words[] = { "function", "table", "memory", "global", "tag" };
    const uint32_t n[] = { m->n_funcs, m->n_tables, m->n_memories, m->n_globals, m->n_tags };
    if (!r->ok)
        return;
    if (e->index >= n[e->kind])
        cw_reader_fail(r, at, "unknown %s %u: there are %u", words[e->kind], e->index, n[e->kind]);
    else if (e->kind == CW_EXTERN_FUNC)
        m->func_flags[e->index] |= CW_FUNC_REFERENCED;
    else if (e->kind == CW_EXTERN_GLOBAL && m->globals[e->index].is_mutable)
        cw_need_feature(r, at, m->features, CW_FEATURE_MUTABLE_GLOBAL);
}

static bool is_duplicate(const cw_module *m, uint32_t i)
{
    return i > 0 && cw_str_eq(m->exports[m->exports_by_name[i]].name, m->exports[m->exports_by_name[i - 1]].name);
}

/* The first in the file is told first, the others by name. */
static void check_names(cw_reader *r, cw_builder *b)
{
    cw_module *m = b->m;
    uint32_t n = m->n_exports, first = n;
    for (uint32_t i = 0; i < n; i++)
        if (is_duplicate(m, i) && (first == n || m->exports_by_name[i] < m->exports_by_name[first]))
            first = i;
    for (uint32_t i = 0; first < n && i <= n; i++) {
        uint32_t at = i ? i - 1 : first;
        if (i && (at == first || !is_duplicate(m, at)))
            continue;
        cwrun_str name = m->exports[m->exports_by_name[at]].name;
        cw_reader_fail(r, (const uint8_t *)name.data, "duplicate export name \"%.*s\"",
                       (int)(name.size < 200 ? name.size : 200), name.data);
        if (!cw_reader_recover(r))
            return;
        b->is_damaged = true;
    }
}

void cw_read_exports(cw_reader *r, cw_builder *b)
{
    cw_module *m = b->m;
    uint32_t n = cw_read_count(r, CW_MAX_EXPORTS, "exports");
    m->exports = CW_READ_ARRAY(r, n, cw_export);

    for (uint32_t i = 0; i < n && r->ok; i++) {
        cw_reader_push(r, "export", i);
        cw_export *e = &m->exports[i];
        e->name = cw_read_name(r);

        const uint8_t *at = r->at;
        e->kind = cw_read_u8(r);
        if (r->ok && e->kind >= CW_EXTERN_COUNT)
            cw_reader_fail(r, at, "malformed export kind 0x%02x", e->kind);
        at = r->at;
        e->index = cw_read_u32(r);
        if (r->ok) {
            check_export(r, m, at, e);
            b->is_damaged |= cw_reader_recover(r);
        }
        cw_reader_pop(r);
    }
    if (!r->ok)
        return;

    m->n_exports = n;
    m->exports_by_name = CW_READ_ARRAY(r, n, uint32_t);
    if (!r->ok)
        return;
    cw_module_sort_exports(m);
    check_names(r, b);
}

void cw_read_start(cw_reader *r, cw_builder *b)
{
    cw_module *m = b->m;
    const uint8_t *at = r->at;
    m->has_start = true;
    m->start = cw_read_u32(r);
    if (!r->ok)
        return;
    if (m->start >= m->n_funcs) {
        cw_reader_fail(r, at, "unknown function %u as start function", m->start);
        return;
    }
    const cw_subtype *type = cw_types_get(m->types, m->func_types[m->start]);
    if (type->n_params || type->n_results)
        cw_reader_fail(r, at, "start function %u must not have parameters or results", m->start);
}
