/* exec/gc.h: the heap of a store: structures, arrays, exceptions, and what the host hides behind an externref
 * [core 4.2.1].
 *
 * The one idea: objects never move, so that a reference may stand in as many registers and slots as it likes; what the
 * collector must know is only which slots hold references where something is allocated. Translation writes that down
 * (code.h); collections allocate nothing and cannot fail. See docs/interpreter.md. */
#ifndef CW_EXEC_GC_H
#define CW_EXEC_GC_H

#include "core/types.h"

typedef struct cw_exec cw_exec;
typedef struct cw_thread cw_thread;
typedef struct cw_tag cw_tag;

/* ---- references as words of a slot ----
 * 0 is null. Functions are cw_func *, never in the heap; who has a word knows from its type which it is
 * (cw_is_managed). All others are told apart by their low bits, on both sides of any.convert_extern, which changes
 * nothing: 1 an i31 in bits 1 to 31, the upper half zero; 2 a word of the host's; 0 the address of an object. */
#define CW_REF_OF_I31(v) ((uint64_t)(uint32_t)((uint32_t)(v) << 1 | 1u))
#define CW_REF_OF_HOST(word) ((uint64_t)(word) << 2 | 2u)
#define CW_HOST_OF_REF(ref) ((uint64_t)(ref) >> 2)

static inline bool cw_ref_is_i31(uint64_t ref)
{
    return (ref & 1) != 0;
}
static inline bool cw_ref_is_host(uint64_t ref)
{
    return (ref & 3) == 2;
}
static inline bool cw_ref_is_object(uint64_t ref)
{
    return ref != 0 && (ref & 3) == 0;
}

/* ---- objects ---- */

typedef enum cw_object_kind { CW_OBJECT_STRUCT, CW_OBJECT_ARRAY, CW_OBJECT_EXCEPTION, CW_OBJECT_EXTERN } cw_object_kind;

/* What every object begins with. A structure's fields follow as cw_subtype.offsets says, and its descriptor, where its
 * type has one, lies among them. */
typedef struct cw_object {
    cw_type_id type; /* STRUCT, ARRAY: its type; EXCEPTION: its tag's; EXTERN: CW_NO_TYPE */
    uint8_t kind;    /* cw_object_kind */
    uint8_t mark;    /* the collector's */
    uint16_t cursor; /* the collector's */
} cw_object;

/* Elements follow, of cw_subtype.size bytes each. */
typedef struct cw_array {
    cw_object head;
    uint32_t length;
    uint32_t cursor; /* the collector's */
} cw_array;

/* A thrown exception: the arguments follow in slots, as parameters of the tag's type lie in a frame. */
typedef struct cw_exception {
    cw_object head;
    cw_tag *tag;
} cw_exception;

typedef void (*cw_extern_drop)(void *user);

typedef struct cw_extern_object {
    cw_object head;
    void *user;
    cw_extern_drop
        drop; /* may be NULL; called once, when the object is collected or the store ends; must not run guests in it */
    struct cw_extern_object *next;
} cw_extern_object;

static inline cw_object *cw_object_of(uint64_t ref)
{
    return (cw_object *)(uintptr_t)ref;
}
static inline uint8_t *cw_array_data(cw_array *a)
{
    return (uint8_t *)(a + 1);
}
static inline uint64_t *cw_exception_slots(cw_exception *e)
{
    return (uint64_t *)(void *)(e + 1);
}

/* ---- allocation ----
 * May collect: whatever is not reachable from frames, globals, tables, segments, roots and scopes is gone afterwards.
 * NULL where memory or the limit forbids: cw_gc_error or cw_gc_trap says which. Guest code saves its place first
 * (interp_cold.h). */

/* The fields and the descriptor are not set. */
cw_object *cw_gc_new_struct(cw_exec *x, const cw_subtype *type);
/* The elements are not set: references must be before anything else is allocated. */
cw_array *cw_gc_new_array(cw_exec *x, const cw_subtype *type, uint32_t length);
/* The arguments are null and zero. */
cw_exception *cw_gc_new_exception(cw_exec *x, cw_tag *tag);
/* An externref to what the host says. The host's word alone, with nothing to drop, needs none: CW_REF_OF_HOST. */
cw_extern_object *cw_gc_new_extern(cw_exec *x, void *user, cw_extern_drop drop);

/* Why the last allocation gave NULL, as an error, or as the thread's failure. */
bool cw_gc_error(cw_exec *x, cwrun_error *err);
void cw_gc_trap(cw_exec *x, cw_thread *t);

void cw_gc_collect(cw_exec *x);

/* ---- types of references  [core 4.6.5] ---- */

/* Whether what is not null and no i31 or host's word is of a structure's or array's type. */
bool cw_gc_is_subtype(const cw_types *types, uint64_t ref, cw_type_id type);
/* Whether a reference, of whatever hierarchy the target is of, is of that type. */
bool cw_gc_matches(const cw_types *types, uint64_t ref, cw_valtype target);

/* Whether what is not null is a structure with this descriptor, which is none's where it is null. */
bool cw_gc_has_descriptor(const cw_types *types, uint64_t ref, uint64_t descriptor);

/* ---- roots of the host's ---- */

/* A reference the host keeps, for as long as it likes. Any word of a managed type may stand in it. */
typedef struct cw_gc_root {
    uint64_t ref;
    struct cw_gc_root *next, *prev;
} cw_gc_root;

/* In place: the caller owns the memory; fini before it goes. */
void cw_gc_root_init(cw_exec *x, cw_gc_root *root, uint64_t ref);
void cw_gc_root_fini(cw_exec *x, cw_gc_root *root);
/* On its own; NULL where memory ran out. */
cw_gc_root *cw_gc_root_new(cw_exec *x, uint64_t ref);
void cw_gc_root_free(cw_exec *x, cw_gc_root *root);

/* Marks what a table of the host's own holds: set cw_gc.trace, which every collection calls, and call this for every
 * reference. */
void cw_gc_mark_root(cw_exec *x, uint64_t ref);

/* References in C variables for the time of one C function: every stride-th of n words. Scopes end in reverse order. */
typedef struct cw_gc_scope {
    const uint64_t *words;
    uint32_t n, stride;
    cw_type_id type; /* not CW_NO_TYPE: the words are its parameters, in slots */
    struct cw_gc_scope *below;
} cw_gc_scope;

void cw_gc_scope_begin(cw_exec *x, cw_gc_scope *scope, const uint64_t *words, uint32_t n, uint32_t stride);
void cw_gc_scope_begin_params(cw_exec *x, cw_gc_scope *scope, cw_type_id type, const uint64_t *params);
void cw_gc_scope_end(cw_exec *x, cw_gc_scope *scope);

/* ---- the heap itself; part of cw_exec ---- */

enum {
    CW_GC_GRANULE = 16,
    CW_GC_CLASSES = 28, /* sizes of small objects: 16 … 256 by 16, then four to a doubling up to 2,048 */
    CW_GC_SMALL = 2048,
    CW_GC_STACK_DEPTH = 8 << 10,
    CW_GC_CACHE = 512 /* places in code whose maps are remembered */
};

/* Free cells of a class, taken one by one. */
typedef struct cw_gc_run {
    uint8_t *at, *end;
} cw_gc_run;

typedef struct cw_gc_block cw_gc_block;
typedef struct cw_gc_large cw_gc_large;

typedef struct cw_gc_class {
    cw_gc_block *blocks;
    cw_gc_block *swept; /* where looking for free cells goes on; NULL: none are left */
    uint8_t *cell;
} cw_gc_class;

struct cw_code_maps;

/* What a map says of one place in the code (code.h); ip NULL: nothing is remembered here. */
typedef struct cw_gc_known {
    const uint8_t *ip;
    const struct cw_code_maps *maps;
    uint32_t node;
} cw_gc_known;

typedef struct cw_gc {
    cw_gc_run runs[CW_GC_CLASSES];
    uint8_t epoch;   /* the mark of living objects; 0 is no epoch */
    bool stress;     /* collect at every allocation (in large heaps: often), every object in memory of its own, poisoned
                        when it goes */
    bool has_census; /* blocks that were found empty since the last collection stand in `empty` */
    bool running;
    bool is_broken_off; /* the last collection was interrupted: nobody knows what lives, nothing is free */
    uint8_t failure;    /* CWRUN_LIMIT_… */
    uint64_t too_large; /* what was asked for is more than all may take: its bytes; else 0 */
    cw_gc_class classes[CW_GC_CLASSES];
    cw_gc_block *empty;
    cw_gc_large *large;
    cw_extern_object *externs;
    cw_gc_root *roots;
    cw_gc_scope *scopes;
    void (*trace)(cw_exec *x); /* may be NULL */
    uint64_t bytes;            /* taken from the allocator: blocks and large objects */
    uint64_t used;             /* handed out of them: living after the last collection, and since */
    uint64_t threshold;        /* of `used`: there the next collection comes */
    uint64_t max;              /* of `bytes` */
    uint64_t n_collections;
    uint32_t n_in_vain; /* collections in a row for want of room that came soon after the one before */
    cw_object **stack;  /* of marking; its depth is fixed, what does not fit is marked by reversing pointers */
    uint32_t n_stack;
    uint64_t live;      /* bytes found so far, */
    uint64_t n_marked;  /* objects */
    uint64_t n_roots;   /* looked at by this collection */
    cw_gc_known *known; /* [CW_GC_CACHE] */
} cw_gc;

/* The class of `size` bytes, header included, at most CW_GC_SMALL; bytes of its cells. */
uint32_t cw_gc_class_of(uint32_t size);
uint32_t cw_gc_class_size(uint32_t c);
/* The slow half of taking a cell: collects, sweeps, asks for memory. */
uint8_t *cw_gc_take(cw_exec *x, uint32_t c);

void cw_gc_init(cw_exec *x, uint64_t max, bool stress);
/* Drops what externs hold and frees everything. */
void cw_gc_fini(cw_exec *x);

/* gc_mark.c: marks what is reachable, or sets is_broken_off where the interrupt is raised meanwhile. */
void cw_gc_mark_all(cw_exec *x);
/* Bytes that an object takes from `used`. */
uint64_t cw_gc_size_of(cw_exec *x, const cw_object *o);

#endif
