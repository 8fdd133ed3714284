/* component/types.c: layouts and flattening of component value types  [CanonicalABI: Alignment, Element Size,
 * Flattening].
 *
 * The one idea: everything about a type is computed once, when it is made, from the parts that are complete already, so
 * that no walk over types is ever deeper than one level. Sizes are added in 64 bits and refused before they are stored.
 */
#include "component/types.h"

#include "core/types.h"

enum { FLAT_ROOM = 16 };

/* i32 < i64, f32 < i32, f64 < i64: what can carry both  [CanonicalABI: join] */
static uint8_t join(uint8_t a, uint8_t b)
{
    if (a == CW_BOT || a == b)
        return b;
    if ((a == CW_I32 && b == CW_F32) || (a == CW_F32 && b == CW_I32))
        return CW_I32;
    return CW_I64;
}

static uint64_t align_to(uint64_t at, uint32_t align)
{
    return (at + align - 1) & ~(uint64_t)(align - 1);
}

static uint32_t add_saturated(uint32_t a, uint64_t b, uint32_t most)
{
    uint64_t sum = a + b;
    return sum > most ? most : (uint32_t)sum;
}

/* ---- primitives ---- */

#define SCALAR(kind_, bytes, plain, core) \
    [kind_] = { .kind = (kind_), \
                .align = { (bytes), (bytes) }, \
                .size = { (bytes), (bytes) }, \
                .is_plain = (plain), \
                .n_flat = 1, \
                .flat = { { (core) }, { (core) } }, \
                .depth = 1, \
                .tree_size = 1 }

static const cwrun_type primitives[CWRUN_KIND_ERROR_CONTEXT + 1] = {
    SCALAR(CWRUN_KIND_BOOL, 1, false, CW_I32),
    SCALAR(CWRUN_KIND_S8, 1, true, CW_I32),
    SCALAR(CWRUN_KIND_U8, 1, true, CW_I32),
    SCALAR(CWRUN_KIND_S16, 2, true, CW_I32),
    SCALAR(CWRUN_KIND_U16, 2, true, CW_I32),
    SCALAR(CWRUN_KIND_S32, 4, true, CW_I32),
    SCALAR(CWRUN_KIND_U32, 4, true, CW_I32),
    SCALAR(CWRUN_KIND_S64, 8, true, CW_I64),
    SCALAR(CWRUN_KIND_U64, 8, true, CW_I64),
    SCALAR(CWRUN_KIND_F32, 4, true, CW_F32),
    SCALAR(CWRUN_KIND_F64, 8, true, CW_F64),
    SCALAR(CWRUN_KIND_CHAR, 4, false, CW_I32),
    [CWRUN_KIND_STRING] = { .kind = CWRUN_KIND_STRING,
                            .align = { 4, 8 },
                            .size = { 8, 16 },
                            .has_pointers = true,
                            .n_flat = 2,
                            .flat = { { CW_I32, CW_I32 }, { CW_I64, CW_I64 } },
                            .depth = 1,
                            .tree_size = 1 },
    [CWRUN_KIND_ERROR_CONTEXT] = { .kind = CWRUN_KIND_ERROR_CONTEXT,
                                   .align = { 4, 4 },
                                   .size = { 4, 4 },
                                   .has_handles = true,
                                   .n_flat = 1,
                                   .flat = { { CW_I32 }, { CW_I32 } },
                                   .depth = 1,
                                   .tree_size = 1 },
};

const cwrun_type *cw_type_primitive(uint8_t kind)
{
    return kind <= CWRUN_KIND_ERROR_CONTEXT && primitives[kind].kind ? &primitives[kind] : NULL;
}

uint32_t cw_type_flatten(const cwrun_type *t, bool ptr64, uint8_t *out, uint32_t room)
{
    uint32_t n = t->n_flat < FLAT_ROOM ? t->n_flat : FLAT_ROOM;
    if (n > room)
        n = room;
    if (n > 0)
        memcpy(out, t->flat[ptr64], n);
    return t->n_flat;
}

/* ---- building from parts ---- */

static cwrun_type *new_type(cw_arena *a, uint8_t kind)
{
    cwrun_type *t = CW_ARENA_NEW(a, cwrun_type);
    if (t) {
        t->kind = kind;
        t->align[0] = t->align[1] = 1;
        t->depth = 1;
        t->tree_size = 1;
    }
    return t;
}

/* What a type inherits from each of its parts, however it holds it. */
static void take_part(cwrun_type *t, const cwrun_type *part)
{
    t->has_pointers |= part->has_pointers;
    t->has_handles |= part->has_handles;
    t->has_borrow |= part->has_borrow;
    t->has_resource |= part->has_resource;
    if (part->depth >= t->depth)
        t->depth = part->depth < UINT16_MAX ? (uint16_t)(part->depth + 1) : UINT16_MAX;
    t->tree_size = add_saturated(t->tree_size, part->tree_size, UINT32_MAX);
}

/* Alignment and flat values of a part that stands behind what is there already. */
static void append_part(cwrun_type *t, const cwrun_type *part)
{
    for (unsigned p = 0; p < 2; p++) {
        if (part->align[p] > t->align[p])
            t->align[p] = part->align[p];
        for (uint32_t i = 0; i < part->n_flat && i < FLAT_ROOM && t->n_flat + i < FLAT_ROOM; i++)
            t->flat[p][t->n_flat + i] = part->flat[p][i];
    }
    t->n_flat = add_saturated(t->n_flat, part->n_flat, CW_FLAT_MANY);
}

/* Lays fields out one after the other; false where the size reaches `limit`. */
static bool lay_out_fields(cwrun_type *t, cw_field *fields, uint32_t n, uint64_t limit)
{
    uint64_t size[2] = { 0, 0 }, bytes = 0;
    bool plain = n > 0;
    for (uint32_t i = 0; i < n; i++) {
        const cwrun_type *part = fields[i].type;
        take_part(t, part);
        append_part(t, part);
        plain &= part->is_plain;
        bytes += part->size[CW_P4];
        for (unsigned p = 0; p < 2; p++) {
            size[p] = align_to(size[p], part->align[p]);
            fields[i].offset[p] = (uint32_t)size[p];
            size[p] += part->size[p];
            if (size[p] >= limit)
                return false;
        }
    }
    for (unsigned p = 0; p < 2; p++) {
        size[p] = align_to(size[p], t->align[p]);
        if (size[p] >= limit)
            return false;
        t->size[p] = (uint32_t)size[p];
    }
    t->is_plain = plain && bytes == size[CW_P4];
    t->fields = fields;
    t->n_fields = n;
    return true;
}

static cw_field *copy_fields(cw_arena *a, const cw_field *fields, uint32_t n)
{
    cw_field *copy = CW_ARENA_ARRAY(a, n, cw_field);
    if (copy && n > 0)
        memcpy(copy, fields, n * sizeof *copy);
    return copy;
}

static cwrun_type *new_record(cw_arena *a, uint8_t kind, const cw_field *fields, uint32_t n, uint64_t limit,
                              bool *too_big)
{
    cwrun_type *t = new_type(a, kind);
    cw_field *copy = copy_fields(a, fields, n);
    if (!t || !copy)
        return NULL;
    if (!lay_out_fields(t, copy, n, limit)) {
        *too_big = true;
        return NULL;
    }
    return t;
}

cwrun_type *cw_type_new_record(cw_arena *a, const cw_field *fields, uint32_t n, bool *too_big)
{
    return new_record(a, CWRUN_KIND_RECORD, fields, n, CW_TYPE_MAX_SIZE, too_big);
}

static cwrun_type *new_tuple(cw_arena *a, const cwrun_type *const *elems, uint32_t n, uint64_t limit, bool *too_big)
{
    cwrun_type *t = new_type(a, CWRUN_KIND_TUPLE);
    cw_field *fields = CW_ARENA_ARRAY(a, n, cw_field);
    if (!t || !fields)
        return NULL;
    for (uint32_t i = 0; i < n; i++)
        fields[i].type = elems[i];
    if (!lay_out_fields(t, fields, n, limit)) {
        *too_big = true;
        return NULL;
    }
    return t;
}

cwrun_type *cw_type_new_tuple(cw_arena *a, const cwrun_type *const *elems, uint32_t n, bool *too_big)
{
    return new_tuple(a, elems, n, CW_TYPE_MAX_SIZE, too_big);
}

/* A discriminant, then the payloads of all cases at one place  [CanonicalABI: elem_size_variant, flatten_variant] */
static cwrun_type *new_cases(cw_arena *a, uint8_t kind, cw_field *cases, uint32_t n, bool *too_big)
{
    cwrun_type *t = new_type(a, kind);
    if (!t || !cases)
        return NULL;
    t->fields = cases;
    t->n_fields = n;
    t->disc_size = n <= 0x100 ? 1 : n <= 0x10000 ? 2 : 4;

    uint8_t align[2] = { 1, 1 };
    uint64_t size[2] = { 0, 0 };
    uint32_t n_flat = 0;
    for (unsigned p = 0; p < 2; p++)
        t->flat[p][0] = CW_I32;
    for (uint32_t i = 0; i < n; i++) {
        const cwrun_type *part = cases[i].type;
        if (!part)
            continue;
        take_part(t, part);
        if (part->n_flat > n_flat)
            n_flat = part->n_flat;
        for (unsigned p = 0; p < 2; p++) {
            if (part->align[p] > align[p])
                align[p] = part->align[p];
            if (part->size[p] > size[p])
                size[p] = part->size[p];
            for (uint32_t k = 0; k < part->n_flat && k + 1 < FLAT_ROOM; k++)
                t->flat[p][k + 1] = join(t->flat[p][k + 1], part->flat[p][k]);
        }
    }
    t->n_flat = add_saturated(1, n_flat, CW_FLAT_MANY);
    for (unsigned p = 0; p < 2; p++) {
        t->align[p] = align[p] > t->disc_size ? align[p] : t->disc_size;
        uint64_t at = align_to(t->disc_size, align[p]);
        uint64_t whole = align_to(at + size[p], t->align[p]);
        if (whole >= CW_TYPE_MAX_SIZE) {
            *too_big = true;
            return NULL;
        }
        t->payload_offset[p] = (uint32_t)at;
        t->size[p] = (uint32_t)whole;
    }
    return t;
}

cwrun_type *cw_type_new_variant(cw_arena *a, const cw_field *cases, uint32_t n, bool *too_big)
{
    return new_cases(a, CWRUN_KIND_VARIANT, copy_fields(a, cases, n), n, too_big);
}

static cw_field *label_fields(cw_arena *a, const cwrun_str *labels, uint32_t n)
{
    cw_field *fields = CW_ARENA_ARRAY(a, n, cw_field);
    for (uint32_t i = 0; fields && i < n; i++)
        fields[i].name = labels[i];
    return fields;
}

cwrun_type *cw_type_new_enum(cw_arena *a, const cwrun_str *labels, uint32_t n)
{
    bool too_big = false;
    return new_cases(a, CWRUN_KIND_ENUM, label_fields(a, labels, n), n, &too_big);
}

cwrun_type *cw_type_new_flags(cw_arena *a, const cwrun_str *labels, uint32_t n)
{
    cwrun_type *t = new_type(a, CWRUN_KIND_FLAGS);
    cw_field *fields = label_fields(a, labels, n);
    if (!t || !fields)
        return NULL;
    t->fields = fields;
    t->n_fields = n;
    t->disc_size = n <= 8 ? 1 : n <= 16 ? 2 : 4;
    t->n_flat = 1;
    for (unsigned p = 0; p < 2; p++) {
        t->align[p] = t->disc_size;
        t->size[p] = t->disc_size;
        t->flat[p][0] = CW_I32;
    }
    return t;
}

static cwrun_type *new_pair_of_cases(cw_arena *a, uint8_t kind, cwrun_str name0, const cwrun_type *type0,
                                     cwrun_str name1, const cwrun_type *type1, bool *too_big)
{
    cw_field *cases = CW_ARENA_ARRAY(a, 2, cw_field);
    if (!cases)
        return NULL;
    cases[0].name = name0;
    cases[0].type = type0;
    cases[1].name = name1;
    cases[1].type = type1;
    return new_cases(a, kind, cases, 2, too_big);
}

cwrun_type *cw_type_new_option(cw_arena *a, const cwrun_type *some, bool *too_big)
{
    return new_pair_of_cases(a, CWRUN_KIND_OPTION, cwrun_str_of("none"), NULL, cwrun_str_of("some"), some, too_big);
}

cwrun_type *cw_type_new_result(cw_arena *a, const cwrun_type *ok, const cwrun_type *error, bool *too_big)
{
    return new_pair_of_cases(a, CWRUN_KIND_RESULT, cwrun_str_of("ok"), ok, cwrun_str_of("error"), error, too_big);
}

/* Pointer and length. */
static cwrun_type *new_span(cw_arena *a, uint8_t kind, const cwrun_type *elem)
{
    cwrun_type *t = new_type(a, kind);
    if (!t)
        return NULL;
    take_part(t, elem);
    t->elem = elem;
    t->has_pointers = true;
    t->n_flat = 2;
    for (unsigned p = 0; p < 2; p++) {
        t->align[p] = p == CW_P4 ? 4 : 8;
        t->size[p] = 2u * t->align[p];
        t->flat[p][0] = t->flat[p][1] = p == CW_P4 ? CW_I32 : CW_I64;
    }
    return t;
}

cwrun_type *cw_type_new_list(cw_arena *a, const cwrun_type *elem)
{
    return new_span(a, CWRUN_KIND_LIST, elem);
}

cwrun_type *cw_type_new_fixed_list(cw_arena *a, const cwrun_type *elem, uint32_t length, bool *too_big)
{
    cwrun_type *t = new_type(a, CWRUN_KIND_FIXED_LIST);
    if (!t)
        return NULL;
    take_part(t, elem);
    t->elem = elem;
    t->length = length;
    t->is_plain = elem->is_plain;
    t->n_flat = add_saturated(0, (uint64_t)elem->n_flat * length, CW_FLAT_MANY);
    for (unsigned p = 0; p < 2; p++) {
        uint64_t size = (uint64_t)elem->size[p] * length;
        if (size >= CW_TYPE_MAX_SIZE) {
            *too_big = true;
            return NULL;
        }
        t->align[p] = elem->align[p];
        t->size[p] = (uint32_t)size;
        for (uint32_t i = 0; i < FLAT_ROOM && i < t->n_flat; i++)
            t->flat[p][i] = elem->flat[p][i % elem->n_flat];
    }
    return t;
}

cwrun_type *cw_type_new_map(cw_arena *a, const cwrun_type *key, const cwrun_type *value, bool *too_big)
{
    const cwrun_type *pair[2] = { key, value };
    /* the pair is no type of its own: the limit holds for key and value, which are checked already */
    const cwrun_type *entry = new_tuple(a, pair, 2, 4ull * CW_TYPE_MAX_SIZE, too_big);
    return entry ? new_span(a, CWRUN_KIND_MAP, entry) : NULL;
}

static cwrun_type *new_index(cw_arena *a, uint8_t kind)
{
    cwrun_type *t = new_type(a, kind);
    if (!t)
        return NULL;
    t->has_handles = true;
    t->n_flat = 1;
    for (unsigned p = 0; p < 2; p++) {
        t->align[p] = 4;
        t->size[p] = 4;
        t->flat[p][0] = CW_I32;
    }
    return t;
}

cwrun_type *cw_type_new_handle(cw_arena *a, uint8_t kind, uint32_t resource)
{
    cwrun_type *t = new_index(a, kind);
    if (t) {
        t->resource = resource;
        t->has_resource = true;
        t->has_borrow = kind == CWRUN_KIND_BORROW;
    }
    return t;
}

cwrun_type *cw_type_new_async(cw_arena *a, uint8_t kind, const cwrun_type *elem)
{
    cwrun_type *t = new_index(a, kind);
    if (t && elem) {
        take_part(t, elem);
        t->has_pointers = false;
        t->elem = elem;
    }
    return t;
}

cw_functype *cw_functype_new(cw_arena *a, const cw_field *params, uint32_t n, const cwrun_type *result, bool is_async,
                             bool *too_big)
{
    cw_functype *f = CW_ARENA_NEW(a, cw_functype);
    if (!f)
        return NULL;
    cwrun_type *tuple = new_record(a, CWRUN_KIND_TUPLE, params, n, 4ull * CW_TYPE_MAX_SIZE, too_big);
    if (!tuple)
        return NULL;
    f->params = tuple->fields;
    f->n_params = n;
    f->param_tuple = tuple;
    f->result = result;
    f->is_async = is_async;
    f->has_borrow = tuple->has_borrow;
    return f;
}
