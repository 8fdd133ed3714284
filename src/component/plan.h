/* component/plan.h: compiled plans: copying a value from one side to another without looking at its type again
 * [CanonicalABI: Loading, Storing, Flat Lifting, Flat Lowering, Lifting and Lowering Values].
 *
 * The one idea: lift and lower are one copy between two sides, and the host is one more memory: its values have the
 * Canonical ABI layout with native pointers. A plan is made once for {type, source side, destination side}: a list of
 * steps with all offsets resolved. It is immutable and may be shared; what one run needs is in a cw_copy.
 *
 * A host-side value is checked before anything moves (cw_plan_check), a guest's while it is copied. */
#ifndef CW_COMPONENT_PLAN_H
#define CW_COMPONENT_PLAN_H

#include "base/traps.h"
#include "component/component.h"
#include "component/types.h"
#include "exec/exec.h"

/* ---- sides ---- */

typedef enum cw_side_kind {
    CW_SIDE_MEM32, /* a guest with 32-bit pointers; also one without a memory */
    CW_SIDE_MEM64,
    CW_SIDE_HOST /* native pointers; what is allocated comes from cw_copy.arena */
} cw_side_kind;

/* Where the value itself stands, and so what the pointer given to cw_plan_run is. */
typedef enum cw_place {
    CW_PLACE_FLAT,   /* guest: core values, `uint64_t slots[n_flat]` (i32 zero-extended, f32 as its bits) */
    CW_PLACE_MEMORY, /* guest: in memory at the address in the slot given; the plan checks alignment and bounds */
    CW_PLACE_ALLOC,  /* guest, destination only: the plan calls realloc and puts the address into the slot given */
    CW_PLACE_HOST    /* host: the bytes, any alignment for a source; a destination is zeroed by the caller */
} cw_place;

typedef struct cw_plan_side {
    uint8_t kind;     /* cw_side_kind */
    uint8_t place;    /* cw_place */
    uint8_t encoding; /* cw_encoding; CW_UTF8 for the host */
} cw_plan_side;

#define CW_PLAN_HOST ((cw_plan_side){ CW_SIDE_HOST, CW_PLACE_HOST, CW_UTF8 })

/* The guest side of canonical options. */
static inline cw_plan_side cw_plan_guest(const cw_canon_opts *opts, uint8_t place)
{
    return (cw_plan_side){ opts->memory64 ? CW_SIDE_MEM64 : CW_SIDE_MEM32, place, opts->encoding };
}

/* FLAT where the value flattens to at most `max` core values, else `otherwise`. Parameters: a caller's are FLAT or
 * MEMORY, a callee's FLAT or ALLOC (max CW_MAX_FLAT_PARAMS; CW_MAX_FLAT_ASYNC_PARAMS for an async lower). Results: FLAT
 * or MEMORY on both sides (max CW_MAX_FLAT_RESULTS; 0 for an async lower; CW_MAX_FLAT_PARAMS for task.return). */
static inline uint8_t cw_plan_place(const cwrun_type *type, uint32_t max, cw_place otherwise)
{
    return (uint8_t)(type->n_flat <= max ? CW_PLACE_FLAT : otherwise);
}

/* ---- plans ---- */

/* Flags of cw_plan_compile. VIEWS, guest to host: UTF-8 strings and lists of plain numbers point into the guest's
 * memory where they can (strings are then without NUL); not for shared memories. SAME_INSTANCE: both sides belong to
 * one component instance, whose realloc could rewrite the source: everything is read into a buffer before the first
 * one. */
enum { CW_PLAN_VIEWS = 1, CW_PLAN_SAME_INSTANCE = 2 };

enum { CW_MAX_STRING_BYTES = (1 << 28) - 1, CW_MAX_LIST_BYTES = (1 << 28) - 1 };

struct cw_move; /* plan_impl.h */
struct cw_plan_program;

typedef struct cw_plan {
    const cwrun_type *src_type, *dst_type;
    cw_plan_side src, dst;
    uint8_t flags;
    bool between_guests;                    /* traps in the words of a crossing between two guests */
    bool needs_check;                       /* the source is the host's, and its bytes could be wrong */
    bool has_handles;                       /* cw_copy_ops.handle may be called */
    bool may_realloc;                       /* cw_copy_ops.realloc may be called */
    bool needs_scratch;                     /* cw_copy.scratch is used by the functions below; else it may be NULL */
    const struct cw_move *steps;            /* of all programs */
    const struct cw_plan_program *programs; /* [0] is the whole value's; the others those of elements */
    const uint32_t *tables;                 /* jump targets and case maps */
    const cwrun_type *const *types;         /* pairs {source, destination} of handles */
    uint32_t n_steps, n_programs;
    const struct cw_plan *from_buffer; /* SAME_INSTANCE: this plan fills the buffer, that one empties it */
} cw_plan;

/* Compiles; src_type and dst_type are one WIT type as two components see it (names of fields and cases decide where
 * their order differs). For all parameters of a function it is cw_functype.param_tuple. The plan lives in the arena and
 * keeps both types. NULL where memory ran out (a->oom), or where the types do not fit together. */
const cw_plan *cw_plan_compile(cw_arena *a, const cwrun_type *src_type, const cwrun_type *dst_type, cw_plan_side src,
                               cw_plan_side dst, uint32_t flags);

/* ---- running one ---- */

typedef struct cw_copy cw_copy;

/* What a run asks of its caller. Every callback that fails reports by itself (cw_thread_trap …); the run then returns
 * false with fail_kind 0. */
typedef struct cw_copy_ops {
    /* Calls the destination's realloc  [CanonicalABI: reallocate]; its result in *address, unchecked. */
    bool (*realloc)(cw_copy *c, uint64_t old, uint64_t old_size, uint32_t align, uint64_t new_size, uint64_t *address);
    /* Moves an own, stream, future or error-context, lends a borrow: src->kind says which; `in` is the source's index,
     * *out the destination's  [lift_own, lower_own, lift_borrow …]. */
    bool (*handle)(cw_copy *c, const cwrun_type *src, const cwrun_type *dst, uint32_t in, uint32_t *out);
    /* For cw_plan_check: whether a host's handle can be given as `type`; else *why in plain words (static text). No
     * side effects. NULL: not checked. */
    bool (*check_handle)(cw_copy *c, const cwrun_type *type, uint32_t handle, const char **why);
    /* After every 64 KiB of work: charges fuel, looks at the interrupt. May be NULL. */
    bool (*poll)(cw_copy *c, uint64_t bytes);
} cw_copy_ops;

/* A handle in a host's value, as cw_plan_check found it. */
typedef struct cw_copy_handle {
    const cwrun_type *type; /* of the source: own, borrow … */
    uint32_t handle;
} cw_copy_handle;

struct cw_copy {
    const cw_copy_ops *ops;
    void *user, *user2;         /* the caller's */
    const cw_memory *src, *dst; /* memories of guest sides; NULL where a side has none (it then has no pointers) */
    cw_arena *arena;            /* what a host destination is allocated from */
    cw_arena *scratch;          /* buffers, handles, words; may be the same; NULL is fine where !plan->needs_scratch */
    uint64_t budget;            /* bytes that may still be allocated or transcoded; UINT64_MAX for no limit */
    /* what a failed run says: TRAP with a CW_TRAP_…, LIMIT with a CWRUN_LIMIT_…; 0 where a callback has said it */
    uint8_t fail_kind, fail_code;
    /* private, zero at the start */
    bool checked;   /* cw_plan_check was here */
    bool set_aside; /* the host's value points into the destination's memory */
    uint64_t work;
    /* results of cw_plan_check: every handle in the value, in ascending order of handles; in scratch */
    cw_copy_handle *handles;
    uint32_t n_handles, cap_handles;
};

/* Checks a host's value (plan->src is the host) without side effects: discriminants, chars, UTF-8, NULL with a length,
 * size limits, handles (ops->check_handle, and one that is given twice). It is quick where needs_check is false, but
 * not to be left out: it also finds out whether the value stands in the destination's own memory. False with the reason
 * in *why, a text in c->scratch: "args[0][3].name: not UTF-8", where `root` is "args"; or with c->fail_kind set where
 * memory ran out. After it cw_plan_run on the same value, plan and cw_copy can fail for the guest's reasons only. */
bool cw_plan_check(const cw_plan *plan, cw_copy *c, const void *src, const char *root, cwrun_str *why);

/* Copies the value. src and dst are what the sides' places say. False: see cw_copy.fail_kind. Guest memory is looked up
 * anew after each realloc; slots and host bytes must not move. */
bool cw_plan_run(const cw_plan *plan, cw_copy *c, const void *src, void *dst);

/* ---- host values, walked by type: for what happens seldom (deep copies: cwrun_val_copy) ---- */

/* Calls fn for every own, borrow, stream, future and error-context in a value that was checked; fn may change the
 * handle (to 0, usually). */
typedef void (*cw_value_handle_fn)(void *user, const cwrun_type *type, uint32_t *handle);
void cw_value_handles(const cwrun_type *type, void *value, cw_value_handle_fn fn, void *user);
/* The check of cw_plan_check for a value without a plan. */
bool cw_value_check(const cwrun_type *type, const void *src, cw_copy *c, const char *root, cwrun_str *why);

#endif
