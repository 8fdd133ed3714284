/* text/print_types.c: types of core modules as text: values, functions, aggregates, recursion groups, limits
 * [core 6.4]. */
#include "text/print.h"

enum {
    NULLABLE = 0x63,
    NON_NULL = 0x64,
    REC = 0x4e,
    SUB = 0x50,
    SUB_FINAL = 0x4f,
    SHORTEST_HEAP = 0x69,
    LAST_HEAP = 0x74,
    EXACT = 0x62,
    SHARED = 0x65,
    DESCRIPTOR = 0x4d,
    DESCRIBES = 0x4c
};

/* ---- value types ---- */

static const char *const heap_words[] = { "exn",    "array", "struct", "i31",      "eq",     "any",
                                          "extern", "func",  "none",   "noextern", "nofunc", "noexn" };
static const char *const ref_words[] = { "exnref",  "arrayref",      "structref",   "i31ref",
                                         "eqref",   "anyref",        "externref",   "funcref",
                                         "nullref", "nullexternref", "nullfuncref", "nullexnref" };

static bool is_heap(uint8_t byte)
{
    return byte >= SHORTEST_HEAP && byte <= LAST_HEAP;
}

void cw_print_heaptype(cw_printer *p)
{
    cw_reader *r = p->r;
    const uint8_t *at = r->at;
    if (cw_reader_left(r) && is_heap(*at)) {
        r->at++;
        cw_put_text(p, heap_words[*at - SHORTEST_HEAP]);
        return;
    }
    if (cw_reader_left(r) && *at == SHARED) {
        uint8_t heap = cw_reader_left(r) > 1 ? at[1] : 0;
        cw_read_u8(r);
        cw_read_u8(r);
        if (r->ok && !is_heap(heap))
            cw_reader_fail(r, at, "malformed shared heap type 0x%02x", heap);
        CW_PUT(p, "(shared ");
        cw_put_text(p, is_heap(heap) ? heap_words[heap - SHORTEST_HEAP] : "");
        CW_PUT(p, ")");
        return;
    }
    if (cw_reader_left(r) && *at == EXACT) {
        r->at++;
        CW_PUT(p, "(exact ");
        cw_put_ref(p, CW_SPACE_TYPE, cw_read_u32(r));
        CW_PUT(p, ")");
        return;
    }
    int64_t index = cw_read_s33(r);
    if (r->ok && (index < 0 || index > UINT32_MAX))
        cw_reader_fail(r, at, "malformed heap type 0x%02x", *at);
    cw_put_ref(p, CW_SPACE_TYPE, (uint32_t)index);
}

void cw_print_ref(cw_printer *p, bool nullable)
{
    cw_reader *r = p->r;
    if (nullable && cw_reader_left(r) && is_heap(*r->at)) {
        cw_put_text(p, ref_words[*r->at++ - SHORTEST_HEAP]);
        return;
    }
    if (nullable)
        CW_PUT(p, "(ref null ");
    else
        CW_PUT(p, "(ref ");
    cw_print_heaptype(p);
    CW_PUT(p, ")");
}

void cw_print_valtype(cw_printer *p)
{
    static const char *const numbers[] = { "v128", "f64", "f32", "i64", "i32" };
    cw_reader *r = p->r;
    const uint8_t *at = r->at;
    uint8_t byte = cw_reader_left(r) ? *at : 0;
    if (byte >= 0x7b && byte <= 0x7f) {
        r->at++;
        cw_put_text(p, numbers[byte - 0x7b]);
    } else if (is_heap(byte)) {
        r->at++;
        cw_put_text(p, ref_words[byte - SHORTEST_HEAP]);
    } else if (byte == SHARED) {
        cw_print_ref(p, true);
    } else {
        byte = cw_read_u8(r);
        if (r->ok && byte != NULLABLE && byte != NON_NULL)
            cw_reader_fail(r, at, "malformed value type 0x%02x", byte);
        if (byte == NULLABLE && cw_reader_left(r) && (is_heap(*r->at) || *r->at == SHARED)) {
            CW_PUT(p, "(ref null (@cwrun.form 99) "); /* heap types have a shorter form for this */
            cw_print_heaptype(p);
            CW_PUT(p, ")");
            return;
        }
        cw_print_ref(p, byte == NULLABLE);
    }
}

static void print_storage(cw_printer *p)
{
    cw_reader *r = p->r;
    if (cw_reader_left(r) && (*r->at == 0x78 || *r->at == 0x77))
        cw_put_text(p, *r->at++ == 0x78 ? "i8" : "i16");
    else
        cw_print_valtype(p);
}

static bool read_mutable(cw_reader *r, const uint8_t *at)
{
    uint8_t flag = cw_read_u8(r);
    if (r->ok && flag > 1)
        cw_reader_fail(r, at, "malformed mutability 0x%02x", flag);
    return flag == 1;
}

/* A type and its mutability, which stands behind it. */
static void print_field(cw_printer *p, void (*print)(cw_printer *p))
{
    size_t start = p->out.size;
    p->captured++;
    print(p);
    p->captured--;
    if (!read_mutable(p->r, p->r->at) || p->out.oom)
        return;
    static const char before[] = "(mut ";
    CW_PUT(p, "(mut )");
    if (p->out.oom)
        return;
    uint8_t *text = p->out.data + start;
    size_t size = p->out.size - start - (sizeof before - 1) - 1;
    memmove(text + sizeof before - 1, text, size);
    memcpy(text, before, sizeof before - 1);
    text[sizeof before - 1 + size] = ')';
}

void cw_print_globaltype(cw_printer *p)
{
    print_field(p, cw_print_valtype);
}

/* ---- signatures ---- */

void cw_skip_valtype(cw_reader *r)
{
    uint8_t byte = cw_read_u8(r);
    if (byte == NULLABLE || byte == NON_NULL) {
        if (cw_reader_left(r) && *r->at == EXACT) {
            r->at++;
            cw_read_u32(r);
        } else if (cw_reader_left(r) && *r->at == SHARED) {
            r->at++;
            cw_read_u8(r);
        } else {
            cw_read_s33(r);
        }
    } else if (byte == SHARED) {
        cw_read_u8(r);
    } else if (r->ok && !is_heap(byte) && !(byte >= 0x7b && byte <= 0x7f) && byte != 0x78 && byte != 0x77)
        r->ok = false;
}

static void print_results(cw_printer *p, uint32_t n)
{
    if (!n)
        return;
    CW_PUT(p, " (result");
    for (uint32_t i = 0; i < n && p->r->ok; i++) {
        CW_PUT(p, " ");
        cw_print_valtype(p);
    }
    CW_PUT(p, ")");
}

/* Named ones each in its own "(param", others together. */
static void print_params(cw_printer *p, uint32_t n, const cw_print_ids *ids)
{
    bool open = false;
    for (uint32_t i = 0; i < n && p->r->ok; i++) {
        const cw_print_id *id = ids ? cw_print_id_at(ids, i) : NULL;
        bool named = id && id->token.size;
        if (open && named)
            CW_PUT(p, ")");
        if (named || !open)
            CW_PUT(p, " (param");
        if (named)
            cw_put_id(p, id);
        CW_PUT(p, " ");
        cw_print_valtype(p);
        if (named)
            CW_PUT(p, ")");
        open = !named;
    }
    if (open)
        CW_PUT(p, ")");
}

void cw_print_signature(cw_printer *p, const cw_print_type *type, const cw_print_ids *ids)
{
    cw_print_part before = cw_print_enter(p, type->params);
    print_params(p, type->n_params, ids);
    cw_print_leave(p, before);
    before = cw_print_enter(p, type->results);
    print_results(p, type->n_results);
    cw_print_leave(p, before);
}

void cw_print_typeuse(cw_printer *p, uint32_t index, bool signature)
{
    CW_PUT(p, " (type ");
    cw_put_ref(p, CW_SPACE_TYPE, index);
    CW_PUT(p, ")");
    if (signature && index < p->m->types.n && p->m->types.items[index].form == CW_PRINT_FUNC)
        cw_print_signature(p, &p->m->types.items[index], NULL);
}

/* ---- definitions, quietly ---- */

static void scan_types(cw_reader *r, uint32_t *n, cw_print_part *part, bool fields)
{
    *n = cw_read_u32(r);
    part->at = r->at;
    for (uint32_t i = 0; i < *n && r->ok; i++) {
        cw_skip_valtype(r);
        if (fields)
            cw_read_u8(r);
    }
    part->end = r->at;
}

static void scan_subtype(cw_printer *p, cw_reader *r)
{
    cw_print_type type = { 0 };
    uint8_t form = cw_read_u8(r);
    if (form == SUB || form == SUB_FINAL) {
        uint32_t n = cw_read_u32(r);
        for (uint32_t i = 0; i < n && r->ok; i++)
            cw_read_u32(r);
        form = cw_read_u8(r);
    }
    if (form == SHARED)
        form = cw_read_u8(r);
    for (int i = 0; i < 2 && r->ok && (form == DESCRIBES || form == DESCRIPTOR); i++) {
        cw_read_u32(r);
        form = cw_read_u8(r);
    }
    if (form == CW_PRINT_FUNC) {
        scan_types(r, &type.n_params, &type.params, false);
        scan_types(r, &type.n_results, &type.results, false);
    } else if (form == CW_PRINT_STRUCT) {
        scan_types(r, &type.n_params, &type.params, true);
    } else if (form == CW_PRINT_ARRAY) {
        cw_skip_valtype(r);
        cw_read_u8(r);
    } else {
        r->ok = false;
    }
    if (!r->ok)
        return;
    type.form = form;
    cw_print_type *slot = CW_VEC_PUSH(&p->m->types, &p->alloc);
    if (slot)
        *slot = type;
    else
        cw_reader_oom(p->r);
}

void cw_print_scan_group(cw_printer *p, cw_reader *r)
{
    uint32_t n = 1;
    if (cw_reader_left(r) && *r->at == REC) {
        r->at++;
        n = cw_read_u32(r);
    }
    for (uint32_t i = 0; i < n && r->ok && p->r->ok; i++)
        scan_subtype(p, r);
}

/* ---- definitions ---- */

static void print_functype(cw_printer *p, uint32_t index)
{
    cw_print_ids ids = { 0 };
    uint32_t n = cw_read_count(p->r, 1000, "parameters");
    cw_print_indirect_ids(p, &p->scratch, &p->m->params, index, n, "param", &ids);
    CW_PUT(p, "(func");
    print_params(p, n, &ids);
    print_results(p, cw_read_count(p->r, 1000, "results"));
    CW_PUT(p, ")");
}

static void print_struct(cw_printer *p, uint32_t index)
{
    cw_reader *r = p->r;
    cw_print_ids ids = index < p->m->n_field_ids ? p->m->field_ids[index] : (cw_print_ids){ NULL, 0 };
    uint32_t n = cw_read_count(r, 10000, "fields");
    CW_PUT(p, "(struct");
    for (uint32_t i = 0; i < n && r->ok; i++) {
        const cw_print_id *id = cw_print_id_at(&ids, i);
        CW_PUT(p, " (field");
        if (id && id->token.size)
            cw_put_id(p, id);
        CW_PUT(p, " ");
        print_field(p, print_storage);
        CW_PUT(p, ")");
    }
    CW_PUT(p, ")");
}

void cw_print_subtype(cw_printer *p, uint32_t index)
{
    cw_reader *r = p->r;
    const uint8_t *at = r->at;
    uint8_t form = cw_read_u8(r);
    bool sub = form == SUB || form == SUB_FINAL;
    if (sub) {
        cw_put_text(p, form == SUB ? "(sub " : "(sub final ");
        uint32_t n = cw_read_count(r, UINT32_MAX, "supertypes");
        if (!n && form == SUB_FINAL)
            CW_PUT(p, "(@cwrun.form 79) "); /* else it goes without saying */
        for (uint32_t i = 0; i < n && r->ok; i++) {
            cw_put_ref(p, CW_SPACE_TYPE, cw_read_u32(r));
            CW_PUT(p, " ");
        }
        at = r->at;
        form = cw_read_u8(r);
    }
    bool shared = form == SHARED;
    if (shared) {
        CW_PUT(p, "(shared ");
        at = r->at;
        form = cw_read_u8(r);
    }
    for (int i = 0; i < 2 && r->ok && (form == DESCRIBES || form == DESCRIPTOR); i++) {
        cw_put_text(p, form == DESCRIBES ? "(describes " : "(descriptor ");
        cw_put_ref(p, CW_SPACE_TYPE, cw_read_u32(r));
        CW_PUT(p, ") ");
        at = r->at;
        form = cw_read_u8(r);
    }
    switch (form) {
    case CW_PRINT_FUNC: print_functype(p, index); break;
    case CW_PRINT_STRUCT: print_struct(p, index); break;
    case CW_PRINT_ARRAY:
        CW_PUT(p, "(array ");
        print_field(p, print_storage);
        CW_PUT(p, ")");
        break;
    default:
        if (r->ok)
            cw_reader_fail(r, at, "malformed definition type 0x%02x", form);
    }
    if (shared)
        CW_PUT(p, ")");
    if (sub)
        CW_PUT(p, ")");
    cw_print_reset_scratch(p);
}

static void print_type(cw_printer *p, uint32_t index)
{
    cw_put_line(p, p->r->at);
    CW_PUT(p, "(type");
    const cw_print_id *id = cw_print_id_at(&p->m->ids[CW_SPACE_TYPE], index);
    p->m->n_used += id && id->token.size;
    cw_put_definition(p, id, index);
    CW_PUT(p, " ");
    cw_print_subtype(p, index);
    CW_PUT(p, ")");
}

void cw_print_group(cw_printer *p, uint32_t *index)
{
    cw_reader *r = p->r;
    if (!cw_reader_left(r) || *r->at != REC) {
        print_type(p, (*index)++);
        return;
    }
    cw_put_line(p, r->at);
    r->at++;
    uint32_t n = cw_read_count(r, UINT32_MAX, "types");
    CW_PUT(p, "(rec");
    p->indent++;
    for (uint32_t i = 0; i < n && r->ok; i++)
        print_type(p, (*index)++);
    p->indent--;
    if (n)
        cw_put_line(p, NULL);
    CW_PUT(p, ")");
}

/* ---- types of things ---- */

enum { HAS_MAX = 1, IS_SHARED = 2, IS_64 = 4, HAS_PAGE = 8 };

static void print_flags(cw_printer *p, uint8_t flags, bool memory)
{
    if (flags & IS_SHARED && !memory)
        CW_PUT(p, "shared ");
    if (flags & IS_64)
        CW_PUT(p, "i64 ");
}

static void print_bounds(cw_printer *p, uint8_t flags, bool memory)
{
    cw_reader *r = p->r;
    cw_put_u64(p, cw_read_u64(r));
    if (flags & HAS_MAX) {
        CW_PUT(p, " ");
        cw_put_u64(p, cw_read_u64(r));
    }
    if (flags & IS_SHARED && memory)
        CW_PUT(p, " shared");
    if (memory && flags & HAS_PAGE) {
        const uint8_t *at = r->at;
        uint32_t log = cw_read_u32(r);
        if (r->ok && log > 31)
            cw_reader_fail(r, at, "invalid custom page size 2^%u", log);
        CW_PUT(p, " (pagesize ");
        cw_put_u64(p, (uint64_t)1 << (log & 31));
        CW_PUT(p, ")");
    }
}

static uint8_t read_flags(cw_printer *p, uint8_t most)
{
    const uint8_t *at = p->r->at;
    uint8_t flags = cw_read_u8(p->r);
    if (p->r->ok && flags > most)
        cw_reader_fail(p->r, at, "malformed limits flags 0x%02x", flags);
    return flags;
}

void cw_print_limits(cw_printer *p, bool memory)
{
    uint8_t flags = read_flags(p, memory ? 15 : 7);
    print_flags(p, flags, memory);
    print_bounds(p, flags, memory);
}

/* In the binary the element type comes first. */
void cw_print_tabletype(cw_printer *p)
{
    p->captured++;
    size_t start = p->out.size;
    CW_PUT(p, " ");
    cw_print_valtype(p);
    size_t middle = p->out.size;
    cw_print_limits(p, false);
    p->captured--;
    cw_put_swap(p, start, middle);
}

/* Type and signature of an import or a tag; index UINT32_MAX: of a module type, where parameters have no names. */
static void print_functype_of(cw_printer *p, uint8_t kind, uint32_t index)
{
    const cw_print_module *m = p->m;
    const uint32_t type = cw_read_u32(p->r);
    cw_print_typeuse(p, type, index == UINT32_MAX && kind == CW_EXTERN_TAG);
    if (index == UINT32_MAX || type >= m->types.n || m->types.items[type].form != CW_PRINT_FUNC)
        return;
    cw_print_ids ids;
    cw_print_indirect_ids(p, &p->scratch, kind == CW_EXTERN_TAG ? &m->tag_params : &m->locals, index,
                          m->types.items[type].n_params, "param", &ids);
    cw_print_signature(p, &m->types.items[type], &ids);
    cw_print_reset_scratch(p);
}

void cw_print_externtype(cw_printer *p, uint8_t kind, uint32_t index)
{
    static const char *const words[] = { "(func", "(table", "(memory", "(global", "(tag" };
    cw_reader *r = p->r;
    const uint8_t *at = r->at - 1;
    if (!r->ok)
        return;
    bool exact = kind == CW_PRINT_EXACT_FUNC;
    if (exact)
        kind = CW_EXTERN_FUNC;
    if (kind >= CW_EXTERN_COUNT) {
        cw_reader_fail(r, at, "malformed import kind 0x%02x", kind);
        return;
    }
    cw_put_text(p, words[kind]);
    if (index != UINT32_MAX) {
        const cw_print_id *id = cw_print_id_at(&p->m->ids[kind], index);
        p->m->n_used += id && id->token.size;
        cw_put_definition(p, id, index);
    }
    switch (kind) {
    case CW_EXTERN_TAG:
        at = r->at;
        if (cw_read_u8(r) != 0 && r->ok)
            cw_reader_fail(r, at, "malformed tag attribute 0x%02x", *at); /* fall through */
    case CW_EXTERN_FUNC:
        if (exact)
            CW_PUT(p, " (exact");
        print_functype_of(p, kind, index);
        if (exact)
            CW_PUT(p, ")");
        break;
    case CW_EXTERN_TABLE:
        CW_PUT(p, " ");
        cw_print_tabletype(p);
        break;
    case CW_EXTERN_MEMORY:
        CW_PUT(p, " ");
        cw_print_limits(p, true);
        break;
    default: CW_PUT(p, " "); cw_print_globaltype(p);
    }
    CW_PUT(p, ")");
}
