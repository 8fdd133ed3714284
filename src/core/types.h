/* core/types.h: value types and canonical function, struct and array types  [core 2.3, 3.3].
 *
 * The one idea: every recursion group is canonicalized when it is decoded, in a registry that belongs to the engine and
 * is locked, so that two types are equal exactly when their ids are. Modules, instances and calls compare ids, never
 * trees. */
#ifndef CW_CORE_TYPES_H
#define CW_CORE_TYPES_H

#include "base/alloc.h"

/* A value type in one word, compared with ==. Numbers are small constants; a reference has bit 31, nullability in bit
 * 30, and either an abstract heap type or (bit 29) a canonical type id in the low 27 bits, exact with bit 27. */
typedef uint32_t cw_valtype;

enum {
    CW_BOT = 0, /* bottom: the type of unreachable operands */
    CW_I32 = 1,
    CW_I64 = 2,
    CW_F32 = 3,
    CW_F64 = 4,
    CW_V128 = 5,
    /* storage types of fields only */
    CW_I8 = 6,
    CW_I16 = 7
};

typedef enum cw_heap { /* abstract heap types */
                       CW_HEAP_FUNC,
                       CW_HEAP_NOFUNC,
                       CW_HEAP_EXTERN,
                       CW_HEAP_NOEXTERN,
                       CW_HEAP_ANY,
                       CW_HEAP_EQ,
                       CW_HEAP_I31,
                       CW_HEAP_STRUCT,
                       CW_HEAP_ARRAY,
                       CW_HEAP_NONE,
                       CW_HEAP_EXN,
                       CW_HEAP_NOEXN,
                       CW_HEAP_COUNT,
                       CW_HEAP_BOT =
                           31 /* below all of them: a reference in unreachable code; only validation makes it */
} cw_heap;

#define CW_REF_BIT 0x80000000u
#define CW_REF_NULL_BIT 0x40000000u
#define CW_REF_TYPE_BIT 0x20000000u
#define CW_REF_EXACT_BIT 0x08000000u /* of that type, not of a sub type of it  [custom descriptors] */
#define CW_EXACT_CODE (0x62 - 0x80)  /* instead of a heap type, as an s33: an exact one, whose index follows */
#define CW_REF_ID_MASK 0x07ffffffu

#define CW_REF(heap) (CW_REF_BIT | (uint32_t)(heap))                        /* (ref heap) */
#define CW_REF_NULL(heap) (CW_REF_BIT | CW_REF_NULL_BIT | (uint32_t)(heap)) /* (ref null heap) */
#define CW_REF_TYPE(id) (CW_REF_BIT | CW_REF_TYPE_BIT | (uint32_t)(id))     /* (ref $t), id canonical */
#define CW_REF_NULL_TYPE(id) (CW_REF_TYPE(id) | CW_REF_NULL_BIT)            /* (ref null $t) */
#define CW_FUNCREF CW_REF_NULL(CW_HEAP_FUNC)
#define CW_EXTERNREF CW_REF_NULL(CW_HEAP_EXTERN)

static inline bool cw_is_ref(cw_valtype t)
{
    return (t & CW_REF_BIT) != 0;
}
static inline bool cw_is_nullable(cw_valtype t)
{
    return (t & CW_REF_NULL_BIT) != 0;
}
/* Interpreter slots of a value: 2 for v128, else 1. */
static inline uint32_t cw_valtype_slots(cw_valtype t)
{
    return t == CW_V128 ? 2u : 1u;
}

typedef uint32_t cw_type_id; /* canonical, engine-wide */
#define CW_NO_TYPE UINT32_MAX

typedef enum cw_comptype_kind { CW_COMP_FUNC, CW_COMP_STRUCT, CW_COMP_ARRAY } cw_comptype_kind;

typedef struct cw_fieldtype {
    cw_valtype type; /* a value type, CW_I8 or CW_I16 */
    bool is_mutable;
} cw_fieldtype;

/* A canonical sub type. Immutable once registered; lives as long as the registry.
 * References inside are canonical ids. */
typedef struct cw_subtype {
    uint8_t kind; /* cw_comptype_kind */
    bool is_final;
    uint16_t depth;                   /* number of supertypes */
    cw_type_id id, super;             /* super: CW_NO_TYPE where none */
    cw_type_id describes, descriptor; /* CW_NO_TYPE where none  [custom descriptors] */
    const cw_type_id *supers;         /* supers[d] is the supertype at depth d; supers[depth] == id */
    uint32_t n_params, n_results;     /* CW_COMP_FUNC */
    const cw_valtype *params, *results;
    uint32_t param_slots, result_slots; /* interpreter slots of all of them (v128 takes two) */
    uint32_t n_fields;                  /* CW_COMP_STRUCT; CW_COMP_ARRAY has 1 */
    const cw_fieldtype *fields;
    /* how its objects lie in the heap (exec/gc.h); sub types begin as their supertypes do */
    uint32_t size;              /* STRUCT: bytes of an object, header included; ARRAY: of an element */
    uint32_t n_refs;            /* STRUCT: what in it refers into the heap; ARRAY: 1 where its elements do */
    uint32_t descriptor_offset; /* STRUCT with a descriptor: where that is, one more of the references; else 0 */
    const uint32_t *offsets;    /* STRUCT: where its fields are, from the object's start */
    const uint32_t *refs;       /* STRUCT: offsets of those n_refs */
} cw_subtype;

enum { CW_OBJECT_HEADER = 8 }; /* bytes of an object before a structure's fields */

/* The registry. Thread-safe. */
typedef struct cw_types cw_types;

cw_types *cw_types_new(const cw_alloc *a);
void cw_types_drop(cw_types *types);
/* The type of an id that was registered before. Lock-free. */
const cw_subtype *cw_types_get(const cw_types *types, cw_type_id id);
/* How many there are: smaller ids may be got. */
uint32_t cw_types_count(cw_types *types);
/* The canonical id of a final function type without supertypes; CW_NO_TYPE where memory ran out. */
cw_type_id cw_types_func(cw_types *types, const cw_valtype *params, uint32_t n_params, const cw_valtype *results,
                         uint32_t n_results);

/* A sub type as a recursion group declares it. References to members of the group, in value types and in `super`, are
 * CW_TYPE_MEMBER(position in the group); all others are canonical ids. */
#define CW_TYPE_MEMBER_BIT 0x10000000u
#define CW_TYPE_MEMBER(i) (CW_TYPE_MEMBER_BIT | (uint32_t)(i))
typedef struct cw_typedef {
    uint8_t kind; /* cw_comptype_kind */
    bool is_final;
    cw_type_id super;               /* CW_NO_TYPE, a canonical id, or CW_TYPE_MEMBER of an earlier member */
    uint32_t describes, descriptor; /* position in the group plus one; 0: none */
    uint32_t n_params, n_results, n_fields;
    const cw_valtype *params, *results;
    const cw_fieldtype *fields;
} cw_typedef;

enum { CW_TYPES_DEPTH = 63 }; /* most supertypes of a type */

typedef enum cw_types_status {
    CW_TYPES_OK,
    CW_TYPES_OOM,
    CW_TYPES_FULL,     /* 2^27 types */
    CW_TYPES_FINAL,    /* a supertype is final */
    CW_TYPES_MISMATCH, /* a sub type does not match its supertype */
    CW_TYPES_TOO_DEEP  /* more than CW_TYPES_DEPTH supertypes */
} cw_types_status;

/* Checks and registers a recursion group of n > 0 members; their canonical ids are *first … *first + n - 1. After a
 * failure *bad is the member at fault. What is given is copied. */
cw_types_status cw_types_group(cw_types *types, const cw_typedef *defs, uint32_t n, cw_type_id *first, uint32_t *bad);

/* Sub-typing  [core 3.3]: heap types by the lattice and the supertype vectors. */
bool cw_subtype_of(const cw_types *types, cw_type_id sub, cw_type_id super);
bool cw_heaptype_matches(const cw_types *types, cw_valtype sub,
                         cw_valtype super); /* of two references, nullability aside */
bool cw_valtype_matches(const cw_types *types, cw_valtype sub, cw_valtype super);

/* The top of a reference's hierarchy: CW_HEAP_FUNC, EXTERN, ANY or EXN (CW_HEAP_BOT for the bottom of all). */
cw_heap cw_heaptype_top(const cw_types *types, cw_valtype ref);

/* True for references into a store's heap: all but those to functions. */
bool cw_is_managed(const cw_types *types, cw_valtype t);
/* Bytes of a value in an object; all are aligned to that, but for v128, which is to 8. */
uint32_t cw_storage_size(cw_valtype t);

/* "i32", "(ref null func)", "(ref 5)": writes at most `size` bytes with NUL. */
void cw_valtype_print(const cw_types *types, cw_valtype t, char *out, size_t size);

#endif
