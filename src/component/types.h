/* component/types.h: component-level value and function types with their Canonical ABI layouts  [Explainer: Type
 * Definitions; CanonicalABI: Despecialization, Alignment, Element Size, Flattening].
 *
 * The public cwrun_type is this struct. A type is made once, immutable, and carries its layout for 4-byte pointers
 * (32-bit memories) and for 8-byte pointers (64-bit memories and the host), so that nothing is computed per call.
 * Resources are named by a *variable*: a number of the component the type stands in; an instance binds it to a run-time
 * resource type. */
#ifndef CW_COMPONENT_TYPES_H
#define CW_COMPONENT_TYPES_H

#include "base/arena.h"
#include "cwrun/type.h"

/* Layouts: index into the pairs below. */
enum { CW_P4 = 0, CW_P8 = 1 };

typedef struct cw_field {
    cwrun_str
        name; /* record field, variant case, enum or flags label, parameter; empty for tuple elements, option, result */
    const cwrun_type *type; /* NULL: a case without payload, a label */
    uint32_t offset[2];     /* of a record's or tuple's field; a variant's payloads all stand at payload_offset */
} cw_field;

struct cwrun_type {
    uint8_t kind;      /* CWRUN_KIND_… */
    uint8_t align[2];  /* bytes: 1, 2, 4 or 8 */
    uint8_t disc_size; /* variant-like: bytes of the discriminant; flags: bytes of the whole (1, 2, 4) */
    bool is_plain;     /* integers and floats without gaps: may be copied as bytes (not bool, char, flags, handles) */
    bool has_pointers; /* a string, list or map inside */
    bool has_handles;  /* own, borrow, stream, future or error-context inside */
    bool has_borrow;
    bool has_resource; /* own or borrow inside, elements of streams included */
    uint32_t size[2];  /* bytes of an element */
    uint16_t
        depth; /* 1 for a primitive; readers of types refuse more than CW_TYPE_MAX_DEPTH, so that walks may recurse */
    uint32_t tree_size;  /* nodes when written out as a tree; saturates; refused above CW_TYPE_MAX_TREE */
    uint32_t n_flat;     /* core values when flattened; saturates at CW_FLAT_MANY */
    uint8_t flat[2][16]; /* the first of them, by CW_P4 and CW_P8, joined over cases: CW_I32 … CW_F64 (core/types.h) */
    uint32_t n_fields;   /* record, tuple, variant, enum, flags; option: 2 (none, some); result: 2 (ok, error) */
    const cw_field *fields;
    uint32_t payload_offset[2]; /* variant-like */
    const cwrun_type
        *elem;         /* list, fixed-length list, stream, future (NULL: no payload); map: a tuple of key and value */
    uint32_t length;   /* fixed-length list */
    uint32_t resource; /* own, borrow: the resource variable */
    const struct cw_itype *resource_type; /* own, borrow: the type index it was made of, for checking; may be NULL */
    cwrun_str resource_name;              /* own, borrow: best known name of the resource, for printing; may be empty */
    cwrun_str name;                       /* as exported or imported, for printing; may be empty */
    cwrun_str interface;                  /* "ns:pkg/iface@1.0.0" it is from, or empty */
};

enum { CW_TYPE_MAX_DEPTH = 100, CW_TYPE_MAX_TREE = 1000000, CW_TYPE_MAX_SIZE = 1 << 28 };
enum { CW_FLAT_MANY = 1u << 20, CW_MAX_FLAT_PARAMS = 16, CW_MAX_FLAT_RESULTS = 1, CW_MAX_FLAT_ASYNC_PARAMS = 4 };

/* A function type; the public cwrun_functype. */
typedef struct cwrun_functype {
    uint32_t n_params;
    const cw_field *params;        /* offset[]: as fields of a tuple of all parameters */
    const cwrun_type *result;      /* NULL: none */
    const cwrun_type *param_tuple; /* the parameters as one tuple, for spilling */
    bool is_async;
    bool has_borrow; /* a parameter contains a borrow */
} cw_functype;

/* Core types of the flattened value, joined over cases  [CanonicalABI: flatten_type]: CW_I32 … CW_F64 (core/types.h)
 * are written to out, at most `room` and never more than 16; returns their whole number. ptr64: pointers are i64. */
uint32_t cw_type_flatten(const cwrun_type *t, bool ptr64, uint8_t *out, uint32_t room);

/* The constant types of primitives (bool … string, and error-context), by kind; NULL for other kinds. */
const cwrun_type *cw_type_primitive(uint8_t kind);

/* Makers: fill in layout and flags from the parts, which live in the arena. NULL where memory ran out, or where a size
 * would reach CW_TYPE_MAX_SIZE bytes (then *too_big is set). Depth and tree size are for the caller to refuse. */
cwrun_type *cw_type_new_record(cw_arena *a, const cw_field *fields, uint32_t n,
                               bool *too_big); /* offsets are filled in a copy */
cwrun_type *cw_type_new_tuple(cw_arena *a, const cwrun_type *const *elems, uint32_t n, bool *too_big);
cwrun_type *cw_type_new_variant(cw_arena *a, const cw_field *cases, uint32_t n, bool *too_big);
cwrun_type *cw_type_new_enum(cw_arena *a, const cwrun_str *labels, uint32_t n);
cwrun_type *cw_type_new_flags(cw_arena *a, const cwrun_str *labels, uint32_t n); /* at most 32 */
cwrun_type *cw_type_new_option(cw_arena *a, const cwrun_type *some, bool *too_big);
cwrun_type *cw_type_new_result(cw_arena *a, const cwrun_type *ok, const cwrun_type *error,
                               bool *too_big); /* NULL: none */
cwrun_type *cw_type_new_list(cw_arena *a, const cwrun_type *elem);
cwrun_type *cw_type_new_fixed_list(cw_arena *a, const cwrun_type *elem, uint32_t length, bool *too_big);
cwrun_type *cw_type_new_map(cw_arena *a, const cwrun_type *key, const cwrun_type *value, bool *too_big);
cwrun_type *cw_type_new_handle(cw_arena *a, uint8_t kind, uint32_t resource);     /* OWN or BORROW */
cwrun_type *cw_type_new_async(cw_arena *a, uint8_t kind, const cwrun_type *elem); /* STREAM, FUTURE, ERROR_CONTEXT */
cw_functype *cw_functype_new(cw_arena *a, const cw_field *params, uint32_t n, const cwrun_type *result, bool is_async,
                             bool *too_big);

#endif
