/* core/read_types.c: value types, limits, and the type section with its recursion groups  [core 5.3, 5.5.4].
 *
 * A group is read into scratch memory as cw_typedef, in which references to its own members are positions, and then
 * registered as a whole; from then on only canonical ids are used. */
#include "core/read.h"

enum { READ_HEAP_CODES = 0x80 };

/* Abstract heap types by their code, plus one. */
static const uint8_t heap_codes[READ_HEAP_CODES] = {
    [0x74] = CW_HEAP_NOEXN + 1, [0x73] = CW_HEAP_NOFUNC + 1, [0x72] = CW_HEAP_NOEXTERN + 1, [0x71] = CW_HEAP_NONE + 1,
    [0x70] = CW_HEAP_FUNC + 1,  [0x6f] = CW_HEAP_EXTERN + 1, [0x6e] = CW_HEAP_ANY + 1,      [0x6d] = CW_HEAP_EQ + 1,
    [0x6c] = CW_HEAP_I31 + 1,   [0x6b] = CW_HEAP_STRUCT + 1, [0x6a] = CW_HEAP_ARRAY + 1,    [0x69] = CW_HEAP_EXN + 1,
};

/* Type indices as the place that reads them sees them. */
typedef struct scope {
    const cw_module *m;
    const cw_builder *b; /* inside the type section; NULL elsewhere */
} scope;

static bool need(cw_reader *r, const cw_module *m, const uint8_t *at, cw_features feature)
{
    return cw_need_feature(r, at, m->features, feature);
}

/* The reference to a type index, CW_BOT where there is none. */
static cw_valtype type_use(const scope *s, uint32_t index)
{
    cw_type_id id = CW_NO_TYPE; /* in the index space of a component also: a module type */
    if (!s->b)
        id = index < s->m->n_types ? s->m->type_ids[index] : CW_NO_TYPE;
    else if (index < s->b->group_start)
        id = s->b->type_ids.items[index];
    if (id != CW_NO_TYPE)
        return CW_REF_TYPE(id);
    if (!s->b)
        return CW_BOT;
    bool recursive = s->m->features & CW_FEATURE_GC; /* recursive types came with it */
    if (recursive && index >= s->b->group_start && index < s->b->group_end)
        return CW_REF_TYPE(CW_TYPE_MEMBER(index - s->b->group_start));
    return CW_BOT;
}

/* What the features say of an abstract heap type. */
static void check_abstract(cw_reader *r, const cw_module *m, const uint8_t *at, cw_heap heap)
{
    if (heap == CW_HEAP_FUNC || heap == CW_HEAP_EXTERN)
        need(r, m, at, CW_FEATURE_REFERENCE_TYPES);
    else
        need(r, m, at, heap == CW_HEAP_EXN || heap == CW_HEAP_NOEXN ? CW_FEATURE_EXCEPTIONS : CW_FEATURE_GC);
}

enum { DESCRIPTOR = 0x4d, DESCRIBES = 0x4c };

static cw_valtype read_heaptype(cw_reader *r, const scope *s, bool nullable)
{
    const uint8_t *at = r->at;
    int64_t code = cw_read_s33(r);
    cw_valtype t = CW_BOT;

    if (code == CW_EXACT_CODE) {
        uint32_t index = need(r, s->m, at, CW_FEATURE_CUSTOM_DESCRIPTORS) ? cw_read_u32(r) : 0;
        t = type_use(s, index);
        if (r->ok && t == CW_BOT)
            cw_reader_fail(r, at, "unknown type %u", index);
        t |= CW_REF_EXACT_BIT;
    } else if (code >= 0) {
        t = type_use(s, (uint32_t)code);
        if (r->ok && t == CW_BOT)
            cw_reader_fail(r, at, "unknown type %u", (unsigned)code);
    } else if (code >= -0x40 && heap_codes[code & 0x7f]) {
        cw_heap heap = (cw_heap)(heap_codes[code & 0x7f] - 1);
        check_abstract(r, s->m, at, heap);
        t = CW_REF(heap);
    } else {
        cw_reader_fail(r, at, "malformed heap type");
    }
    if (!r->ok)
        return CW_BOT;
    return nullable ? t | CW_REF_NULL_BIT : t;
}

static cw_valtype read_valtype(cw_reader *r, const scope *s)
{
    const uint8_t *at = r->at;
    uint8_t code = cw_read_u8(r);

    if (code <= 0x7f && code >= 0x7c) {
        if (code <= 0x7d)
            need(r, s->m, at, CW_FEATURE_FLOATS);
        return CW_I32 + (0x7fu - code);
    }
    if (code == 0x7b) {
        need(r, s->m, at, CW_FEATURE_SIMD);
        return CW_V128;
    }
    if (code == 0x63 || code == 0x64) {
        need(r, s->m, at, CW_FEATURE_FUNCTION_REFERENCES);
        return read_heaptype(r, s, code == 0x63);
    }
    if (code < READ_HEAP_CODES && heap_codes[code]) {
        cw_heap heap = (cw_heap)(heap_codes[code] - 1);
        check_abstract(r, s->m, at, heap);
        return CW_REF_NULL(heap);
    }
    cw_reader_fail(r, at, "malformed value type 0x%02x", code);
    return CW_BOT;
}

cw_valtype cw_read_valtype(cw_reader *r, const cw_module *m)
{
    return read_valtype(r, &(scope){ m, NULL });
}

cw_valtype cw_read_reftype(cw_reader *r, const cw_module *m)
{
    const uint8_t *at = r->at;
    cw_valtype t = cw_read_valtype(r, m);
    if (r->ok && !cw_is_ref(t)) {
        cw_reader_fail(r, at, "malformed reference type 0x%02x", *at);
        return CW_BOT;
    }
    return t;
}

cw_valtype cw_read_heaptype(cw_reader *r, const cw_module *m, bool nullable)
{
    return read_heaptype(r, &(scope){ m, NULL }, nullable);
}

cw_type_id cw_read_functype_index(cw_reader *r, const cw_module *m)
{
    const uint8_t *at = r->at;
    uint32_t index = cw_read_u32(r);
    if (!r->ok)
        return CW_NO_TYPE;
    if (index >= m->n_types || m->type_ids[index] == CW_NO_TYPE) {
        cw_reader_fail(r, at, "unknown type %u: there are %u", index, m->n_types);
        return CW_NO_TYPE;
    }
    if (cw_types_get(m->types, m->type_ids[index])->kind != CW_COMP_FUNC) {
        cw_reader_fail(r, at, "type mismatch: type %u is a non-function type", index);
        return CW_NO_TYPE;
    }
    return m->type_ids[index];
}

/* ---- types of what is imported and defined ---- */

static bool read_mutability(cw_reader *r)
{
    const uint8_t *at = r->at;
    uint8_t b = cw_read_u8(r);
    if (b > 1)
        cw_reader_fail(r, at, "malformed mutability 0x%02x", b);
    return b == 1;
}

cw_globaltype cw_read_globaltype(cw_reader *r, const cw_module *m)
{
    cw_globaltype g = { .type = cw_read_valtype(r, m) };
    g.is_mutable = read_mutability(r);
    return g;
}

enum { LIMITS_MAX = 1, LIMITS_SHARED = 2, LIMITS_64 = 4, LIMITS_PAGE = 8 };

static cw_limits read_limits(cw_reader *r, const cw_module *m, uint8_t allowed)
{
    const uint8_t *at = r->at;
    uint8_t flags = cw_read_u8(r);
    if (flags & ~allowed)
        cw_reader_fail(r, at, "malformed limits flags 0x%02x", flags);
    if (flags & LIMITS_64)
        need(r, m, at, CW_FEATURE_MEMORY64);

    cw_limits l = { .max = UINT64_MAX,
                    .is_64 = flags & LIMITS_64,
                    .is_shared = flags & LIMITS_SHARED,
                    .has_max = flags & LIMITS_MAX,
                    .page_log2 = 16 };
    l.min = cw_read_u64(r);
    if (l.has_max)
        l.max = cw_read_u64(r);
    if (r->ok && l.is_shared && !l.has_max)
        cw_reader_invalid(r, at, "shared memory must have maximum");

    if (flags & LIMITS_PAGE) {
        const uint8_t *page = r->at;
        uint32_t log2 = cw_read_u32(r);
        if (r->ok && log2 != 0 && log2 != 16)
            cw_reader_invalid(r, page, "invalid custom page size: 2^%u bytes", log2);
        l.page_log2 = (uint8_t)log2;
    }
    return l;
}

static void check_limits(cw_reader *r, const uint8_t *at, const cw_limits *l, uint64_t most, const char *words)
{
    if (!r->ok)
        return;
    if (l->min > most || (l->has_max && l->max > most))
        cw_reader_invalid(r, at, "%s", words);
    else if (l->has_max && l->min > l->max)
        cw_reader_invalid(r, at, "size minimum must not be greater than maximum: %llu > %llu",
                          (unsigned long long)l->min, (unsigned long long)l->max);
}

cw_memtype cw_read_memtype(cw_reader *r, const cw_module *m)
{
    const uint8_t *at = r->at;
    uint8_t allowed = LIMITS_MAX | LIMITS_64;
    if (m->features & CW_FEATURE_THREADS)
        allowed |= LIMITS_SHARED;
    if (m->features & CW_FEATURE_CUSTOM_PAGE_SIZES)
        allowed |= LIMITS_PAGE;
    cw_limits l = read_limits(r, m, allowed);

    if (l.page_log2 == 16)
        check_limits(r, at, &l, l.is_64 ? 1ull << 48 : 1ull << 16,
                     l.is_64 ? "memory size must be at most 2^48 pages"
                             : "memory size must be at most 65536 pages (4GiB)");
    else
        check_limits(r, at, &l, l.is_64 ? UINT64_MAX : UINT32_MAX,
                     "memory size must be at most 2^32-1 pages of one byte");
    return l;
}

cw_tabletype cw_read_tabletype(cw_reader *r, const cw_module *m)
{
    const uint8_t *at = r->at;
    cw_tabletype t = { .elem = CW_FUNCREF };
    if (r->ok && r->at < r->end && *r->at == 0x70)
        r->at++; /* funcref: tables had them before there were reference types */
    else
        t.elem = cw_read_reftype(r, m);
    t.limits = read_limits(r, m, LIMITS_MAX | LIMITS_64);
    check_limits(r, at, &t.limits, t.limits.is_64 ? UINT64_MAX : UINT32_MAX, "table size must be at most 2^32-1");
    return t;
}

cw_type_id cw_read_tagtype(cw_reader *r, const cw_module *m)
{
    const uint8_t *at = r->at;
    need(r, m, at, CW_FEATURE_EXCEPTIONS);
    uint8_t attribute = cw_read_u8(r);
    if (attribute != 0)
        cw_reader_fail(r, at, "zero byte expected: tag attribute 0x%02x", attribute);
    cw_type_id id = cw_read_functype_index(r, m);
    if (r->ok && cw_types_get(m->types, id)->n_results != 0)
        cw_reader_fail(r, at, "non-empty tag result type");
    return id;
}

/* ---- the type section ---- */

static cw_valtype *read_resulttype(cw_reader *r, cw_builder *b, uint32_t *n)
{
    uint32_t count = cw_read_count(r, CW_MAX_PARAMS, "parameters or results");
    cw_valtype *types = CW_ARENA_ARRAY(&b->scratch, count, cw_valtype);
    if (!types) {
        cw_reader_oom(r);
        return NULL;
    }
    for (uint32_t i = 0; i < count && r->ok; i++)
        types[i] = read_valtype(r, &(scope){ b->m, b });
    *n = count;
    return types;
}

static cw_fieldtype read_fieldtype(cw_reader *r, cw_builder *b)
{
    cw_fieldtype f = { 0 };
    if (r->ok && r->at < r->end && (*r->at == 0x78 || *r->at == 0x77)) {
        f.type = *r->at == 0x78 ? CW_I8 : CW_I16;
        r->at++;
    } else {
        f.type = read_valtype(r, &(scope){ b->m, b });
    }
    f.is_mutable = read_mutability(r);
    return f;
}

static void read_comptype(cw_reader *r, cw_builder *b, cw_typedef *d)
{
    const uint8_t *at = r->at;
    uint8_t code = cw_read_u8(r);
    cw_fieldtype *fields;

    switch (code) {
    case 0x60:
        d->kind = CW_COMP_FUNC;
        d->params = read_resulttype(r, b, &d->n_params);
        d->results = read_resulttype(r, b, &d->n_results);
        if (d->n_results > 1)
            need(r, b->m, at, CW_FEATURE_MULTI_VALUE);
        break;
    case 0x5f:
    case 0x5e:
        need(r, b->m, at, CW_FEATURE_GC);
        d->kind = code == 0x5f ? CW_COMP_STRUCT : CW_COMP_ARRAY;
        d->n_fields = code == 0x5f ? cw_read_count(r, CW_MAX_FIELDS, "fields") : 1;
        d->fields = fields = CW_ARENA_ARRAY(&b->scratch, d->n_fields, cw_fieldtype);
        if (!fields)
            cw_reader_oom(r);
        for (uint32_t i = 0; i < d->n_fields && r->ok; i++)
            fields[i] = read_fieldtype(r, b);
        break;
    case 0x65:
        cw_reader_fail(r, at, "shared types require the shared-everything-threads proposal, which is not supported");
        break;
    default: cw_reader_fail(r, at, "malformed definition type 0x%02x", code);
    }
}

/* A clause "descriptor x" or "describes x" where it stands next: the member of the group plus one, or 0. */
static uint32_t read_described(cw_reader *r, cw_builder *b, uint8_t code, const char *what)
{
    const uint8_t *at = r->at;
    if (!r->ok || at >= r->end || *at != code || !need(r, b->m, at, CW_FEATURE_CUSTOM_DESCRIPTORS))
        return 0;
    r->at++;
    uint32_t index = cw_read_u32(r);
    if (r->ok && (index < b->group_start || index >= b->group_end))
        cw_reader_fail(r, at, "%s type is outside rec group: type %u", what, index);
    return r->ok ? index - b->group_start + 1 : 0;
}

/* One sub type, `index` being its type index. */
static void read_subtype(cw_reader *r, cw_builder *b, uint32_t index, cw_typedef *d)
{
    *d = (cw_typedef){ .is_final = true, .super = CW_NO_TYPE };

    if (r->ok && r->at < r->end && (*r->at == 0x50 || *r->at == 0x4f)) {
        const uint8_t *at = r->at;
        need(r, b->m, at, CW_FEATURE_GC);
        d->is_final = *r->at++ == 0x4f;
        uint32_t n = cw_read_count(r, UINT32_MAX, "supertypes");
        if (n > 1)
            cw_reader_fail(r, at, "sub type %u has %u supertypes, at most one is allowed", index, n);
        if (n == 1) {
            uint32_t super = cw_read_u32(r);
            if (r->ok && super >= b->group_end)
                cw_reader_fail(r, at, "unknown type %u as supertype", super);
            else if (r->ok && super < b->group_start && b->type_ids.items[super] == CW_NO_TYPE)
                cw_reader_fail(r, at, "type %u is a module type", super);
            else if (r->ok && super >= index)
                cw_reader_fail(r, at, "unknown type: forward use of type %u in sub type %u", super, index);
            if (r->ok)
                d->super = super < b->group_start ? b->type_ids.items[super] : CW_TYPE_MEMBER(super - b->group_start);
        }
    }
    d->describes = read_described(r, b, DESCRIBES, "described");
    d->descriptor = read_described(r, b, DESCRIPTOR, "descriptor");
    if (r->ok && d->describes && d->describes - 1 >= index - b->group_start)
        cw_reader_fail(r, r->at, "forward use of described type %u in sub type %u", b->group_start + d->describes - 1,
                       index);
    read_comptype(r, b, d);
}

/* Types that describe and their descriptors name each other, and are structures  [custom descriptors]. */
static void check_descriptors(cw_reader *r, cw_builder *b, const uint8_t *at, const cw_typedef *defs, uint32_t n)
{
    for (uint32_t i = 0; i < n && r->ok; i++) {
        const cw_typedef *d = &defs[i];
        uint32_t index = b->group_start + i;
        if ((d->descriptor || d->describes) && d->kind != CW_COMP_STRUCT)
            cw_reader_fail(r, at, "%s type must be a struct: type %u", d->descriptor ? "descriptor" : "described",
                           index);
        else if (d->descriptor && defs[d->descriptor - 1].describes != i + 1)
            cw_reader_fail(r, at, "type is not described by its descriptor: type %u", index);
        else if (d->describes && defs[d->describes - 1].descriptor != i + 1)
            cw_reader_fail(r, at, "described type is not described by descriptor: type %u", index);
    }
}

static void fail_group(cw_reader *r, cw_builder *b, const uint8_t *at, cw_types_status status, uint32_t bad)
{
    uint32_t index = b->group_start + bad;
    switch (status) {
    case CW_TYPES_OK: break;
    case CW_TYPES_OOM: cw_reader_oom(r); break;
    case CW_TYPES_FULL: cw_reader_limit(r, at, "too many types in one engine"); break;
    case CW_TYPES_FINAL: cw_reader_fail(r, at, "sub type %u has a final supertype", index); break;
    case CW_TYPES_MISMATCH: cw_reader_fail(r, at, "sub type %u does not match its supertype", index); break;
    case CW_TYPES_TOO_DEEP:
        cw_reader_limit(r, at, "sub type %u has more than %u supertypes", index, (unsigned)CW_TYPES_DEPTH);
        break;
    }
}

void cw_read_group(cw_reader *r, cw_builder *b)
{
    const uint8_t *at = r->at;
    uint32_t n = 1;
    if (r->ok && r->at < r->end && *r->at == 0x4e) {
        need(r, b->m, at, CW_FEATURE_GC);
        r->at++;
        n = cw_read_count(r, CW_MAX_TYPES, "types of a group");
    }
    if (!r->ok || n == 0)
        return;

    b->group_start = b->type_ids.n;
    if (n > CW_MAX_TYPES - b->group_start) {
        cw_reader_limit(r, at, "too many types, at most %u", (unsigned)CW_MAX_TYPES);
        return;
    }
    b->group_end = b->group_start + n;

    cw_arena_reset(&b->scratch);
    cw_typedef *defs = CW_ARENA_ARRAY(&b->scratch, n, cw_typedef);
    if (!defs || !CW_VEC_RESERVE(&b->type_ids, b->config->alloc, n)) {
        cw_reader_oom(r);
        return;
    }
    for (uint32_t i = 0; i < n && r->ok; i++) {
        cw_reader_push(r, "type", b->group_start + i);
        read_subtype(r, b, b->group_start + i, &defs[i]);
        cw_reader_pop(r);
    }
    check_descriptors(r, b, at, defs, n);
    if (!r->ok)
        return;

    cw_type_id first;
    uint32_t bad;
    cw_types_status status = cw_types_group(b->config->types, defs, n, &first, &bad);
    fail_group(r, b, at, status, bad);
    for (uint32_t i = 0; i < n && r->ok; i++)
        b->type_ids.items[b->type_ids.n++] = first + i;
}

void cw_read_types(cw_reader *r, cw_builder *b)
{
    uint32_t n = cw_read_count(r, CW_MAX_TYPES, "types");
    for (uint32_t i = 0; i < n && r->ok; i++)
        cw_read_group(r, b);

    uint32_t n_types = b->type_ids.n;
    b->m->type_ids = CW_READ_ARRAY(r, n_types, cw_type_id);
    if (r->ok && n_types)
        memcpy(b->m->type_ids, b->type_ids.items, n_types * sizeof(cw_type_id));
    b->m->n_types = r->ok ? n_types : 0;
}
