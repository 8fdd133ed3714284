/* core/types.c: the registry of canonical types and sub-typing  [core 2.3, 3.3, 4.2.1].
 *
 * A recursion group is found by its bytes: a row of words in which references into the group are positions and all
 * others canonical ids, so that equal rows mean equal types. Types live in chunks that double and never move; whoever
 * holds an id got it after the type was complete, so reading takes no lock. A group is checked against its supertypes
 * once, when it is new: it stands behind the last published id until then. */
#include "core/types.h"

#include <pthread.h>
#include <stdio.h>

#include "base/arena.h"
#include "base/map.h"
#include "base/vec.h"

enum { FIRST_CHUNK = 32, FIRST_CHUNK_LOG2 = 5, N_CHUNKS = 23, MAX_TYPES = 1 << 27 };

struct cw_types {
    cw_alloc alloc;
    pthread_mutex_t lock;         /* over everything below */
    cw_arena arena;               /* parameters, fields, supertype vectors, keys */
    cw_map groups;                /* key of a group → its first id */
    CW_VEC(uint32_t) key;         /* the group being looked for */
    uint32_t n;                   /* published types */
    cw_subtype *chunks[N_CHUNKS]; /* chunk k holds FIRST_CHUNK << k */
};

cw_types *cw_types_new(const cw_alloc *a)
{
    cw_types *types = cw_new(a, sizeof *types);
    if (!types)
        return NULL;

    types->alloc = *a;
    if (pthread_mutex_init(&types->lock, NULL) != 0) {
        cw_free(a, types, sizeof *types);
        return NULL;
    }
    cw_arena_init(&types->arena, a);
    return types;
}

void cw_types_drop(cw_types *types)
{
    if (!types)
        return;

    cw_alloc a = types->alloc;
    for (unsigned k = 0; k < N_CHUNKS; k++)
        cw_free(&a, types->chunks[k], types->chunks[k] ? ((size_t)FIRST_CHUNK << k) * sizeof(cw_subtype) : 0);
    CW_VEC_FINI(&types->key, &a);
    cw_map_fini(&types->groups, &a);
    cw_arena_fini(&types->arena);
    pthread_mutex_destroy(&types->lock);
    cw_free(&a, types, sizeof *types);
}

static unsigned chunk_of(cw_type_id id, uint32_t *place)
{
    uint32_t x = id + FIRST_CHUNK;
    unsigned k = 31u - (unsigned)__builtin_clz(x) - FIRST_CHUNK_LOG2;
    *place = x - ((uint32_t)FIRST_CHUNK << k);
    return k;
}

const cw_subtype *cw_types_get(const cw_types *types, cw_type_id id)
{
    uint32_t place;
    unsigned k = chunk_of(id, &place);
    return &types->chunks[k][place];
}

uint32_t cw_types_count(cw_types *types)
{
    pthread_mutex_lock(&types->lock);
    uint32_t n = types->n;
    pthread_mutex_unlock(&types->lock);
    return n;
}

/* ---- registering ---- */

/* The slot of an id, its chunk made where missing; NULL where memory ran out. */
static cw_subtype *slot_of(cw_types *types, cw_type_id id)
{
    uint32_t place;
    unsigned k = chunk_of(id, &place);
    if (!types->chunks[k])
        types->chunks[k] = cw_new_array(&types->alloc, (size_t)FIRST_CHUNK << k, sizeof(cw_subtype));
    return types->chunks[k] ? &types->chunks[k][place] : NULL;
}

static bool is_member(cw_valtype t)
{
    return cw_is_ref(t) && (t & CW_REF_TYPE_BIT) && (t & CW_TYPE_MEMBER_BIT);
}

static cw_valtype resolve(cw_valtype t, cw_type_id first)
{
    return is_member(t) ? (t & ~(CW_REF_ID_MASK | CW_TYPE_MEMBER_BIT)) | (first + (t & CW_REF_ID_MASK)) : t;
}

/* The words that stand for a group; false where memory ran out. */
static bool write_key(cw_types *types, const cw_typedef *defs, uint32_t n)
{
    types->key.n = 0;
    for (uint32_t i = 0; i < n; i++) {
        const cw_typedef *d = &defs[i];
        if (!CW_VEC_RESERVE(&types->key, &types->alloc, (size_t)7 + d->n_params + d->n_results + d->n_fields))
            return false;

        uint32_t *w = types->key.items + types->key.n;
        *w++ = d->kind | (d->is_final ? 0x100u : 0);
        *w++ = d->super;
        *w++ = d->describes;
        *w++ = d->descriptor;
        *w++ = d->n_params;
        *w++ = d->n_results;
        *w++ = d->n_fields;
        for (uint32_t j = 0; j < d->n_params; j++)
            *w++ = d->params[j];
        for (uint32_t j = 0; j < d->n_results; j++)
            *w++ = d->results[j];
        for (uint32_t j = 0; j < d->n_fields; j++)
            *w++ = d->fields[j].type;
        types->key.n = (uint32_t)(w - types->key.items);

        uint32_t flags = 0; /* mutability, 32 fields to a word */
        for (uint32_t j = 0; j < d->n_fields; j++) {
            flags |= (uint32_t)d->fields[j].is_mutable << (j & 31);
            if ((j & 31) == 31 || j + 1 == d->n_fields) {
                uint32_t *more = CW_VEC_PUSH(&types->key, &types->alloc);
                if (!more)
                    return false;
                *more = flags;
                flags = 0;
            }
        }
    }
    return true;
}

static cw_valtype *copy_valtypes(cw_types *types, const cw_valtype *from, uint32_t n, cw_type_id first, uint32_t *slots)
{
    cw_valtype *to = CW_ARENA_ARRAY(&types->arena, n, cw_valtype);
    for (uint32_t i = 0; to && i < n; i++) {
        to[i] = resolve(from[i], first);
        *slots += cw_valtype_slots(to[i]);
    }
    return to;
}

/* Makes member `i` of a group in its slot, behind the published types. */
static cw_types_status make_type(cw_types *types, const cw_typedef *d, cw_type_id first, uint32_t i)
{
    cw_subtype *t = slot_of(types, first + i);
    if (!t)
        return CW_TYPES_OOM;

    *t = (cw_subtype){ .kind = d->kind, .is_final = d->is_final, .id = first + i, .super = CW_NO_TYPE };
    t->describes = d->describes ? first + d->describes - 1 : CW_NO_TYPE;
    t->descriptor = d->descriptor ? first + d->descriptor - 1 : CW_NO_TYPE;
    if (d->super != CW_NO_TYPE) {
        t->super = d->super & CW_TYPE_MEMBER_BIT ? first + (d->super & CW_REF_ID_MASK) : d->super;
        const cw_subtype *super = cw_types_get(types, t->super);
        if (super->is_final)
            return CW_TYPES_FINAL;
        if (super->depth >= CW_TYPES_DEPTH)
            return CW_TYPES_TOO_DEEP;
        t->depth = (uint16_t)(super->depth + 1);
    }

    cw_type_id *supers = CW_ARENA_ARRAY(&types->arena, t->depth + 1u, cw_type_id);
    if (!supers)
        return CW_TYPES_OOM;
    if (t->depth)
        memcpy(supers, cw_types_get(types, t->super)->supers, t->depth * sizeof *supers);
    supers[t->depth] = t->id;
    t->supers = supers;

    t->n_params = d->n_params;
    t->n_results = d->n_results;
    t->params = copy_valtypes(types, d->params, d->n_params, first, &t->param_slots);
    t->results = copy_valtypes(types, d->results, d->n_results, first, &t->result_slots);
    cw_fieldtype *fields = CW_ARENA_ARRAY(&types->arena, d->n_fields, cw_fieldtype);
    if (!t->params || !t->results || !fields)
        return CW_TYPES_OOM;
    for (uint32_t j = 0; j < d->n_fields; j++)
        fields[j] = (cw_fieldtype){ resolve(d->fields[j].type, first), d->fields[j].is_mutable };
    t->n_fields = d->n_fields;
    t->fields = fields;
    return CW_TYPES_OK;
}

/* How many fields stand before the descriptor of a structure: those of the greatest supertype that has none. So the
 * descriptor of a sub type is where its supertype's is, and objects without one have no room for it. */
static uint32_t fields_before_descriptor(const cw_types *types, const cw_subtype *t)
{
    while (t->super != CW_NO_TYPE) {
        t = cw_types_get(types, t->super);
        if (t->descriptor == CW_NO_TYPE)
            return t->n_fields;
    }
    return 0;
}

/* Where the fields of a structure lie: one behind the other, so that sub types can begin as their supertypes do. All
 * members of the group have their kinds. */
static bool lay_out(cw_types *types, cw_subtype *t)
{
    if (t->kind == CW_COMP_FUNC)
        return true;
    if (t->kind == CW_COMP_ARRAY) {
        t->size = cw_storage_size(t->fields[0].type);
        t->n_refs = cw_is_managed(types, t->fields[0].type);
        return true;
    }
    uint32_t *offsets = CW_ARENA_ARRAY(&types->arena, t->n_fields, uint32_t);
    uint32_t *refs = CW_ARENA_ARRAY(&types->arena, t->n_fields + 1, uint32_t);
    if (!offsets || !refs)
        return false;
    uint32_t at = CW_OBJECT_HEADER; /* fields are few enough (core/read.h) for their bytes to fit */
    const uint32_t before = t->descriptor != CW_NO_TYPE ? fields_before_descriptor(types, t) : UINT32_MAX;
    for (uint32_t i = 0; i <= t->n_fields; i++) {
        if (i == before) {
            t->descriptor_offset = at = (at + 7) / 8 * 8;
            refs[t->n_refs++] = at;
            at += 8;
        }
        if (i == t->n_fields)
            break;
        const uint32_t size = cw_storage_size(t->fields[i].type), align = size > 8 ? 8 : size;
        at = (at + align - 1) / align * align;
        offsets[i] = at;
        if (cw_is_managed(types, t->fields[i].type))
            refs[t->n_refs++] = at;
        at += size;
    }
    t->offsets = offsets;
    t->refs = refs;
    t->size = (at + 7) / 8 * 8;
    return true;
}

static bool field_matches(const cw_types *types, cw_fieldtype sub, cw_fieldtype super)
{
    if (sub.is_mutable != super.is_mutable)
        return false;
    if (sub.type == super.type)
        return true;
    return !sub.is_mutable && cw_is_ref(sub.type) && cw_is_ref(super.type) &&
           cw_valtype_matches(types, sub.type, super.type);
}

/* Descriptors of sub types are sub types of their supertypes' descriptors; both describe or neither does. */
static bool descriptors_match(const cw_types *types, const cw_subtype *t, const cw_subtype *super)
{
    if (super->descriptor != CW_NO_TYPE &&
        (t->descriptor == CW_NO_TYPE || !cw_subtype_of(types, t->descriptor, super->descriptor)))
        return false;
    if (super->describes == CW_NO_TYPE || t->describes == CW_NO_TYPE)
        return super->describes == t->describes;
    return cw_subtype_of(types, t->describes, super->describes);
}

/* Whether the composite type of `t` matches that of its supertype  [core 3.3.9]. */
static bool composite_matches(const cw_types *types, const cw_subtype *t, const cw_subtype *super)
{
    if (t->kind != super->kind || t->n_fields < super->n_fields || t->n_params != super->n_params ||
        t->n_results != super->n_results)
        return false;
    for (uint32_t i = 0; i < t->n_params; i++)
        if (!cw_valtype_matches(types, super->params[i], t->params[i]))
            return false;
    for (uint32_t i = 0; i < t->n_results; i++)
        if (!cw_valtype_matches(types, t->results[i], super->results[i]))
            return false;
    for (uint32_t i = 0; i < super->n_fields; i++)
        if (!field_matches(types, t->fields[i], super->fields[i]))
            return false;
    return true;
}

/* Makes and checks a group that is not there yet, and publishes it. */
static cw_types_status add_group(cw_types *types, const cw_typedef *defs, uint32_t n, cwrun_str key, uint32_t *bad)
{
    if (n > MAX_TYPES - types->n)
        return CW_TYPES_FULL;

    types->arena.oom = false;
    cw_type_id first = types->n;
    for (uint32_t i = 0; i < n; i++) {
        *bad = i;
        cw_types_status status = make_type(types, &defs[i], first, i);
        if (status != CW_TYPES_OK)
            return status;
    }
    for (uint32_t i = 0; i < n; i++) {
        *bad = i;
        cw_subtype *t = slot_of(types, first + i);
        const cw_subtype *super = t->depth ? cw_types_get(types, t->super) : NULL;
        if (super && (!composite_matches(types, t, super) || !descriptors_match(types, t, super)))
            return CW_TYPES_MISMATCH;
        if (!lay_out(types, t))
            return CW_TYPES_OOM;
    }

    cwrun_str kept = cw_arena_copy(&types->arena, key.data, key.size);
    uint64_t *value = kept.data ? cw_map_put(&types->groups, &types->alloc, kept, NULL) : NULL;
    if (!value)
        return CW_TYPES_OOM;
    *value = first;
    types->n += n;
    return CW_TYPES_OK;
}

cw_types_status cw_types_group(cw_types *types, const cw_typedef *defs, uint32_t n, cw_type_id *first, uint32_t *bad)
{
    *first = CW_NO_TYPE;
    *bad = 0;
    pthread_mutex_lock(&types->lock);

    cw_types_status status = CW_TYPES_OOM;
    if (write_key(types, defs, n)) {
        cwrun_str key = { (const char *)types->key.items, types->key.n * sizeof *types->key.items };
        const uint64_t *found = cw_map_find(&types->groups, key);
        cw_type_id id = found ? (cw_type_id)*found : types->n;
        status = found ? CW_TYPES_OK : add_group(types, defs, n, key, bad);
        if (status == CW_TYPES_OK)
            *first = id;
    }

    pthread_mutex_unlock(&types->lock);
    return status;
}

cw_type_id cw_types_func(cw_types *types, const cw_valtype *params, uint32_t n_params, const cw_valtype *results,
                         uint32_t n_results)
{
    cw_typedef def = { .kind = CW_COMP_FUNC,
                       .is_final = true,
                       .super = CW_NO_TYPE,
                       .n_params = n_params,
                       .n_results = n_results,
                       .params = params,
                       .results = results };
    cw_type_id first;
    uint32_t bad;
    cw_types_group(types, &def, 1, &first, &bad);
    return first;
}

/* ---- sub-typing ---- */

bool cw_subtype_of(const cw_types *types, cw_type_id sub, cw_type_id super)
{
    if (sub == super)
        return true;

    const cw_subtype *s = cw_types_get(types, sub);
    unsigned depth = cw_types_get(types, super)->depth;
    return depth < s->depth && s->supers[depth] == super;
}

/* For each abstract heap type the set of those above it, itself included. */
#define ABOVE(heap) (1u << CW_HEAP_##heap)
static const uint16_t heaps_above[CW_HEAP_COUNT] = {
    [CW_HEAP_FUNC] = ABOVE(FUNC),
    [CW_HEAP_NOFUNC] = ABOVE(NOFUNC) | ABOVE(FUNC),
    [CW_HEAP_EXTERN] = ABOVE(EXTERN),
    [CW_HEAP_NOEXTERN] = ABOVE(NOEXTERN) | ABOVE(EXTERN),
    [CW_HEAP_ANY] = ABOVE(ANY),
    [CW_HEAP_EQ] = ABOVE(EQ) | ABOVE(ANY),
    [CW_HEAP_I31] = ABOVE(I31) | ABOVE(EQ) | ABOVE(ANY),
    [CW_HEAP_STRUCT] = ABOVE(STRUCT) | ABOVE(EQ) | ABOVE(ANY),
    [CW_HEAP_ARRAY] = ABOVE(ARRAY) | ABOVE(EQ) | ABOVE(ANY),
    [CW_HEAP_NONE] = ABOVE(NONE) | ABOVE(I31) | ABOVE(STRUCT) | ABOVE(ARRAY) | ABOVE(EQ) | ABOVE(ANY),
    [CW_HEAP_EXN] = ABOVE(EXN),
    [CW_HEAP_NOEXN] = ABOVE(NOEXN) | ABOVE(EXN),
};
static const uint8_t heap_of_kind[] = {
    [CW_COMP_FUNC] = CW_HEAP_FUNC, [CW_COMP_STRUCT] = CW_HEAP_STRUCT, [CW_COMP_ARRAY] = CW_HEAP_ARRAY
};

bool cw_heaptype_matches(const cw_types *types, cw_valtype sub, cw_valtype super)
{
    uint32_t sub_id = sub & CW_REF_ID_MASK, super_id = super & CW_REF_ID_MASK;

    if (super & CW_REF_TYPE_BIT) {
        if ((sub & CW_REF_TYPE_BIT) && (super & CW_REF_EXACT_BIT))
            return (sub & CW_REF_EXACT_BIT) && sub_id == super_id;
        if (sub & CW_REF_TYPE_BIT)
            return cw_subtype_of(types, sub_id, super_id);
        uint8_t kind = cw_types_get(types, super_id)->kind;
        return sub_id == CW_HEAP_BOT || sub_id == (kind == CW_COMP_FUNC ? CW_HEAP_NOFUNC : CW_HEAP_NONE);
    }
    if (sub & CW_REF_TYPE_BIT)
        sub_id = heap_of_kind[cw_types_get(types, sub_id)->kind];
    if (sub_id == CW_HEAP_BOT || super_id == CW_HEAP_BOT)
        return sub_id == CW_HEAP_BOT;
    return (heaps_above[sub_id] >> super_id & 1) != 0;
}

bool cw_valtype_matches(const cw_types *types, cw_valtype sub, cw_valtype super)
{
    if (sub == super || sub == CW_BOT)
        return true;
    if (!cw_is_ref(sub) || !cw_is_ref(super) || (cw_is_nullable(sub) && !cw_is_nullable(super)))
        return false;
    return cw_heaptype_matches(types, sub, super);
}

cw_heap cw_heaptype_top(const cw_types *types, cw_valtype ref)
{
    uint32_t heap = ref & CW_REF_ID_MASK;
    if (ref & CW_REF_TYPE_BIT)
        heap = heap_of_kind[cw_types_get(types, heap)->kind];
    if (heap == CW_HEAP_BOT)
        return CW_HEAP_BOT;
    static const uint8_t tops[] = { CW_HEAP_FUNC, CW_HEAP_EXTERN, CW_HEAP_ANY, CW_HEAP_EXN };
    for (unsigned i = 0; i < sizeof tops; i++)
        if (heaps_above[heap] >> tops[i] & 1)
            return (cw_heap)tops[i];
    return CW_HEAP_BOT;
}

bool cw_is_managed(const cw_types *types, cw_valtype t)
{
    return cw_is_ref(t) && cw_heaptype_top(types, t) != CW_HEAP_FUNC;
}

uint32_t cw_storage_size(cw_valtype t)
{
    switch (t) {
    case CW_I8: return 1;
    case CW_I16: return 2;
    case CW_I32:
    case CW_F32: return 4;
    case CW_V128: return 16;
    default: return 8;
    }
}

/* ---- printing ---- */

void cw_valtype_print(const cw_types *types, cw_valtype t, char *out, size_t size)
{
    (void)types;
    static const char *const numbers[] = { "unknown", "i32", "i64", "f32", "f64", "v128", "i8", "i16" };
    static const char *const heaps[] = { "func", "nofunc", "extern", "noextern", "any", "eq",
                                         "i31",  "struct", "array",  "none",     "exn", "noexn" };
    static const char *const shorts[] = { "func", "nullfunc", "extern", "nullextern", "any", "eq",
                                          "i31",  "struct",   "array",  "null",       "exn", "nullexn" };
    const char *null = cw_is_nullable(t) ? "null " : "";
    uint32_t id = t & CW_REF_ID_MASK;

    if (!cw_is_ref(t))
        snprintf(out, size, "%s", t < sizeof numbers / sizeof *numbers ? numbers[t] : "?");
    else if (t & CW_REF_EXACT_BIT)
        snprintf(out, size, "(ref %s(exact %u))", null, id);
    else if (t & CW_REF_TYPE_BIT)
        snprintf(out, size, "(ref %s%u)", null, id);
    else if (*null && id < CW_HEAP_COUNT) /* the text format's short forms: nullfuncref, externref … */
        snprintf(out, size, "%sref", shorts[id]);
    else
        snprintf(out, size, "(ref %s%s)", null, id < CW_HEAP_COUNT ? heaps[id] : "bottom");
}
