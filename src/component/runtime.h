/* component/runtime.h: the dynamic side of the component model: what instances, functions, resources, handles and calls
 * are while they live in a store  [CanonicalABI: Component Instances, Resource State, Tasks, canon lift, canon lower].
 *
 * The one idea: a call never stands on the C stack. Crossings are native frames on a cw_thread (exec/exec.h) whose
 * state is a few slots and, where handles are lent or the host is called, one pooled record; so that a chain of calls
 * through any number of components can stop at a host function that is pending, and go on when the store is run again.
 */
#ifndef CW_COMPONENT_RUNTIME_H
#define CW_COMPONENT_RUNTIME_H

#include <poll.h>
#include <pthread.h>

#include "base/map.h"
#include "base/str.h"
#include "base/vec.h"
#include "component/component.h"
#include "component/plan.h"
#include "cwrun/core.h"
#include "exec/exec.h"
#include "exec/gc.h"

typedef struct cw_resource_type cw_resource_type;
typedef struct cw_fn cw_fn;
typedef struct cw_exports cw_exports;
typedef struct cw_definition cw_definition;
typedef struct cw_mailbox cw_mailbox;
typedef struct cw_call cw_call;

/* ---- engine and what is loaded ---- */

struct cwrun_engine {
    uint32_t n_refs;   /* atomic: handles, stores, components, modules, linkers */
    uint64_t n_stores; /* atomic: ever made */
    cw_alloc alloc;
    cw_types *types;
    cw_features features;
    cw_code_options code_options;
    pthread_mutex_t lock;         /* over what follows */
    cwrun_linker *default_linker; /* built-in WASI, made at the first instantiation without linker; has no reference to
                                     the engine */
};

void cw_engine_keep(cwrun_engine *engine);
void cw_engine_release(cwrun_engine *engine);

struct cwrun_component {
    uint32_t n_refs; /* atomic: the handle and every store that instantiated it */
    cwrun_engine *engine;
    cw_arena arena; /* the bytes and everything decoded */
    cwrun_str name;
    cw_component *root;
    const cwrun_item *imports, *exports; /* [root->n_…] */
};

/* Makes imports and exports of the decoded component (items.c). */
bool cw_component_items(cwrun_component *c, cwrun_error *err);
void cw_component_keep(cwrun_component *component);
void cw_component_release(cwrun_component *component);

struct cwrun_module {
    uint32_t n_refs; /* atomic */
    cwrun_engine *engine;
    cw_arena arena;
    cwrun_str name;
    cw_module *module;
    const cwrun_item *imports, *exports; /* [module->n_…] */
};

void cw_module_keep(cwrun_module *module);
void cw_module_unref(cwrun_module *module);

/* ---- handles  [CanonicalABI: Table State, Resource State] ---- */

struct cw_resource_type {
    cwrun_instance *impl;      /* who defined it; NULL: the host */
    cw_func *dtor;             /* a guest's destructor, or NULL */
    const cw_definition *host; /* the host's definition; NULL for a guest's and for one that is only a stub */
    cwrun_str name;            /* for messages */
    cw_resource_type *next;    /* the store's list of the host's */
};

typedef struct cw_handle {
    cw_resource_type *rt; /* NULL: the place is free */
    uint64_t rep;         /* or the next free place */
    cw_call *scope;       /* a borrow: the call it was lent for, whose num_borrows counts it; NULL for an own */
    uint32_t num_lends;
    uint16_t generation; /* host's table only: part of its handles */
    bool own;
} cw_handle;

/* Handles of a component instance, or of the host. Places are given out again last freed first, from 1. A host's handle
 * is place | generation << CW_HANDLE_BITS, a guest's is the place. */
typedef struct cw_handles {
    cw_handle *items;
    uint32_t n, cap, free_list, n_live, max;
    bool is_host;
} cw_handles;

enum { CW_HANDLE_BITS = 22, CW_HANDLE_GENERATIONS = 1 << 10, CW_HANDLE_MAX = (1 << 28) - 1 };

/* A new handle; 0 where memory ran out or the limit is reached (*limit says so). */
uint32_t cw_handle_add(cw_handles *h, const cw_alloc *a, cw_resource_type *rt, uint64_t rep, bool own, bool *limit);
/* NULL where there is no such handle (any more). */
cw_handle *cw_handle_get(const cw_handles *h, uint32_t handle);
void cw_handle_remove(cw_handles *h, uint32_t handle);
void cw_handles_fini(cw_handles *h, const cw_alloc *a);

/* ---- component functions ---- */

/* Canonical options with what their indices stand for in one instance. */
typedef struct cw_options {
    const cw_canon_opts *canon;
    cw_memory *memory;
    cw_func *realloc, *post_return;
    const char *unsupported; /* what keeps functions with them from being executed; NULL: nothing */
} cw_options;

typedef enum cw_fn_kind { CW_FN_LIFT, CW_FN_HOST, CW_FN_STUB } cw_fn_kind;

/* A function value: what a lift makes or the linker gives. */
struct cw_fn {
    uint8_t kind;
    cwrun_instance *in;        /* LIFT: the instance it runs in */
    cwrun_instance *importer;  /* HOST, STUB: the root instance that it was given to, and whose linker defines it */
    const cw_functype *type;   /* in the variables of `in` or `importer` */
    cw_func *core;             /* LIFT */
    cw_options options;        /* LIFT; nothing in it else */
    const cw_definition *host; /* HOST */
    cwrun_str name;            /* HOST, STUB: for messages, "log" or "ns:pkg/iface#name" */
    /* LIFT: host ↔ guest, made at the first call from the host */
    const cw_plan *host_params, *host_result;
    bool host_planned;
};

/* What a core function made by `canon lower` is: cw_func.user. */
typedef struct cw_lower {
    cwrun_instance *in; /* who lowers: the caller */
    const cw_fn *fn;
    const cw_functype *type; /* in the variables of `in` */
    cw_options options;
    const cw_plan *params, *result; /* made at the first call; NULL where there are none */
    bool planned;
    uint16_t n_params;     /* core parameters, the result pointer included */
    bool result_in_memory; /* the last of them says where */
} cw_lower;

/* ---- run-time instances ---- */

/* A thing of some sort with a name: exports of instances. */
typedef struct cw_exported {
    cwrun_str name;
    uint8_t sort; /* cw_sort */
    void *value;  /* by sort: FUNC cw_fn *, TYPE cw_resource_type * or NULL, INSTANCE cw_exports *, COMPONENT cw_closure
                   *,  CORE_MODULE cw_module *, CORE_INSTANCE cw_core_exports *, CORE_FUNC … their exec objects */
} cw_exported;

/* An instance as others see it: a component instance's exports, inline ones, or what the linker gives. */
struct cw_exports {
    uint32_t n;
    cw_exported *items;
    const cw_exported **by_name; /* in order of names, where there are many; or NULL */
};

/* Makes finding quick where there are many; to be called once all names are there. False where memory ran out. */
bool cw_exports_order(cw_exports *e, cw_arena *a);
const cw_exported *cw_exports_find(const cw_exports *e, uint8_t sort, cwrun_str name);

typedef struct cw_core_exports {
    cw_instance *in; /* NULL: inline */
    cw_exports inline_exports;
} cw_core_exports;

/* A component with the instance whose definitions its outer aliases mean. */
typedef struct cw_closure {
    const cw_component *component;
    cwrun_instance *outer; /* NULL at the root */
} cw_closure;

/* A component instance [CanonicalABI: ComponentInstance]. */
struct cwrun_instance {
    cwrun_store *store;
    const cw_component *component;
    cwrun_instance *parent; /* who instantiated it */
    cwrun_instance *outer;  /* what its outer aliases count from */
    bool may_enter, may_leave;
    bool poisoned; /* left by a trap; may_enter is then false for ever */
    cw_handles handles;
    cw_resource_type **resources; /* [component->n_resources] */
    void **spaces[CW_SORT_COUNT]; /* run-time index spaces; values as in cw_exported */
    cw_exports exports;
    cwrun_linker *linker; /* of the root; NULL where none */
    cwrun_func *funcs;    /* those that the host has looked up */
    cwrun_instance *next; /* the store's list */
};

/* Whether a call from `caller` (NULL: the host) may enter: else why, as CW_TRAP_CANNOT_ENTER or CW_TRAP_POISONED. */
uint8_t cw_may_enter_from(const cwrun_instance *in, const cwrun_instance *caller);
void cw_enter_from(cwrun_instance *in, const cwrun_instance *caller);
void cw_leave_to(cwrun_instance *in, const cwrun_instance *caller);
/* What was entered stays closed. */
void cw_poison(cwrun_instance *in, const cwrun_instance *caller);

/* A function that the host may call; the public handle. */
struct cwrun_func {
    cwrun_instance *in;      /* the root instance it was looked up in */
    const char *name;        /* whole, NUL-terminated */
    const char *asked;       /* as it was looked up */
    const cw_functype *type; /* as the root exports it: what values are made of */
    cw_fn *fn;
    bool is_scalar; /* all parameters and the result are scalars: the fast way */
    uint8_t n_params, result_kind;
    uint8_t kinds[CW_MAX_FLAT_PARAMS];
    cwrun_func *next;
};

/* ---- references that the host holds (roots.c) ---- */

/* One of them: what a cwrun_ref, place | serial << 32, stands for. Those that end together are a ring around a place of
 * kind 0. */
typedef struct cw_root {
    uint64_t word;   /* as slots hold it */
    uint32_t serial; /* goes up with every use of the place, so that stale references are found out */
    uint32_t next, previous;
    uint8_t kind; /* CWRUN_CORE_…REF; 0: free, or a ring's own place */
} cw_root;

typedef struct cw_roots {
    CW_VEC(cw_root) items; /* place 0 is none */
    uint32_t free_list;
    uint32_t recent[2]; /* rings of what outermost calls gave: this one's and the one's before */
    uint32_t first;     /* serial of a new place: another one in every store, so that theirs are found out too */
    uint8_t which;
} cw_roots;

/* A new reference of the innermost host function, or of the outermost call; 0: out of memory. */
cwrun_ref cw_root_new(cwrun_store *s, uint8_t kind, uint64_t word);
/* False with an argument error in the destructor of an externref: a collection is under way. */
bool cw_store_allocates(cwrun_store *s, const char *who, cwrun_error *err);
/* NULL where it is stale. Valid until the next reference is made. */
const cw_root *cw_root_get(const cwrun_store *s, cwrun_ref ref);
/* An outermost call begins: what the one before the last gave ends. */
void cw_roots_turn(cwrun_store *s);
/* Ends a ring (0: none). */
void cw_roots_end(cwrun_store *s, uint32_t ring);
/* Marks what they refer to (exec/gc.h). */
void cw_roots_trace(cw_exec *x);
void cw_roots_fini(cwrun_store *s);

/* What runs when the store goes, the last first. False: out of memory, and `drop` does not run. */
typedef struct cw_ending {
    void (*drop)(void *user);
    void *user;
    struct cw_ending *next;
} cw_ending;
bool cw_store_at_end(cwrun_store *s, void (*drop)(void *user), void *user);

/* ---- calls ---- */

/* A handle that a call has lent or made, to be taken care of at its end. */
typedef struct cw_loan {
    cw_handles *table;
    uint32_t handle;
    bool made; /* made for the host function: dropped at the end; else num_lends goes down */
} cw_loan;

/* The part of a call that handles need: Task and Subtask in one [CanonicalABI]. */
struct cw_call {
    uint32_t num_borrows; /* borrow handles that the callee still holds */
    CW_VEC(cw_loan) loans;
    cw_call *next_free;
};

typedef enum cw_wait_kind { CW_WAIT_NONE, CW_WAIT_TICKET, CW_WAIT_FDS } cw_wait_kind;

enum { CW_FEW_VALUES = 6 };

/* A call of a host function: the public cwrun_caller. Pooled. */
struct cwrun_caller {
    cw_call call;
    cwrun_store *store;
    cw_thread *thread;     /* NULL where the host itself calls */
    const cw_lower *lower; /* NULL for a core function */
    const cw_definition *host;
    cwrun_instance *in;         /* the guest that calls, or NULL */
    const cwrun_linker *linker; /* which the function of a component was found in, or NULL */
    cwrun_core_instance *core;  /* a core module that calls, or NULL */
    const cw_functype *type;
    cwrun_val result; /* of a direct call (direct.c) */
    cw_arena arena;   /* arguments, the function's own allocations, results */
    cwrun_val *args;
    uint32_t n_args;
    cwrun_caller *outside; /* while it is on the C stack: the host function below it */
    /* pending */
    bool is_pending; /* in the store's list */
    bool fds_ready;  /* a wait saw one of its descriptors ready */
    uint8_t wait;    /* cw_wait_kind */
    cwrun_ticket *ticket;
    cwrun_wait *waits;
    size_t n_waits, cap_waits;
    uint64_t deadline;
    cwrun_host_fn resume;
    cwrun_core_fn resume_core;
    void *resume_user;
    cwrun_core_val *core_args, *core_results; /* NULL: a component calls */
    cwrun_core_val few[CW_FEW_VALUES];        /* where they lie if they fit */
    cw_tag *throw_tag;                        /* what cwrun_caller_throw was given, or NULL */
    cwrun_core_val *throw_values;
    cwrun_ref throw_ref; /* or cwrun_caller_throw_ref */
    uint32_t n_core_results;
    uint32_t roots;                /* ring of the references it was given, or 0 */
    cwrun_caller *next, *previous; /* the store's list of pending ones; next: the pool */
};

/* What of a store may be reached from other OS threads: counted, and outlives it. */
struct cw_mailbox {
    uint32_t n_refs; /* atomic */
    cw_alloc alloc;
    pthread_mutex_t lock; /* over everything below and over the state of all tickets */
    cwrun_store *store;   /* NULL once it is gone */
    int wake[2];
    bool has_wake;
};

void cw_mailbox_release(cw_mailbox *m);
/* Ends the store's wait, if there is one; with the lock held. */
void cw_mailbox_wake(cw_mailbox *m);

typedef enum cw_ticket_state { CW_TICKET_OPEN, CW_TICKET_DONE, CW_TICKET_TRAP } cw_ticket_state;

struct cwrun_ticket {
    uint32_t n_refs; /* under the lock: its holder and its call */
    uint8_t state;
    bool gone; /* its call has ended */
    cw_mailbox *mailbox;
    cw_arena arena;
    cwrun_val result;
    cwrun_str words;
    void (*on_cancel)(void *user);
    void *user;
};

/* A call from the host that is under way. */
typedef struct cw_run {
    cwrun_store *store;
    cwrun_func *func;
    cw_thread *thread;
    cw_call *call;        /* where handles are lent, or NULL */
    cwrun_caller *direct; /* the call of a host function that is exported again, or NULL */
    cw_arena *arena;      /* of the result */
} cw_run;

/* direct.c: r->store and r->func are set; *result is filled in by the second, whose failure is the thread's. */
bool cw_direct_begin(cw_run *r, const cwrun_val *args, cwrun_error *err);
bool cw_direct_result(cw_run *r, cwrun_val *result);

struct cwrun_polled {
    cw_run run;
    cwrun_val result;
    uint8_t status; /* cwrun_status of the last poll; PENDING at the start */
    bool started, in_poll, dropped;
    cw_alloc alloc; /* the store's, which may be gone first */
    cw_arena arena; /* arguments and result */
    cwrun_val *args;
    size_t n_args;
    cwrun_error err;
    cwrun_polled *next, *previous; /* the store's list */
};

/* ---- stores ---- */

typedef struct cw_extension {
    const void *key;
    void *data;
    void (*drop)(void *data);
} cw_extension;

/* A guest's resource whose destructor cannot run now, since its instance cannot be entered. */
typedef struct cw_queued_drop {
    cw_resource_type *rt;
    uint64_t rep;
} cw_queued_drop;

struct cwrun_store {
    cw_exec exec; /* first; exec.store is the store */
    cwrun_engine *engine;
    uint64_t serial; /* no other store of the engine ever has it */
    cw_alloc alloc;
    cwrun_limits limits; /* all filled in */
    void *data;
    void (*drop_data)(void *data);
    CW_VEC(cw_extension) extensions;
    cw_handles handles; /* the host's */
    cw_resource_type *host_types;
    cwrun_instance *instances;
    uint32_t n_instances;
    CW_VEC(cwrun_component *) components; /* kept alive */
    CW_VEC(cwrun_module *) modules;
    CW_VEC(cwrun_linker *) linkers;
    cw_arena scratch[2]; /* results of calls without an arena, alternating */
    uint8_t which;
    cw_arena temporary;    /* of one lowering or lifting; no use of it nests */
    bool dropped;          /* cwrun_store_drop was called inside a host function */
    uint32_t n_entered;    /* public calls that are under way: none of them finds the store gone when it goes on */
    cwrun_caller *current; /* the innermost host function on the C stack, or NULL */
    cwrun_caller *free_callers, *pending;
    cwrun_caller *lent_on; /* ended but for their loans: what they made is lent to calls that are under way */
    cw_call *free_calls;
    cwrun_polled *polled;
    uint32_t n_walks; /* over them: none is freed meanwhile */
    cw_mailbox *mailbox;
    CW_VEC(cwrun_wait) waits; /* what cwrun_store_waits gave out */
    CW_VEC(struct pollfd) polls;
    CW_VEC(cw_queued_drop) drop_later;
    cw_roots roots;
    cw_ending *endings;
    cw_func *instantiate; /* the native that runs instantiations */
    cw_func *direct;      /* and the one for host functions that are exported again */
};

/* Whether nothing of the store is on the C stack. */
static inline bool cw_store_idle(const cwrun_store *s)
{
    return s->exec.n_nested == 0;
}

cwrun_store *cw_store_new(cwrun_engine *engine, const cwrun_limits *limits, cwrun_error *err);
/* Keeps what was instantiated alive until the store goes; false where memory ran out. */
bool cw_store_keep_component(cwrun_store *s, cwrun_component *c);
bool cw_store_keep_module(cwrun_store *s, cwrun_module *m);
bool cw_store_keep_linker(cwrun_store *s, cwrun_linker *l);
/* Frees the store now. */
void cw_store_free(cwrun_store *s);

/* ---- running (run.c) ---- */

/* Runs a thread until it is done or failed, waiting where it is suspended. Inside a host function only for its own
 * chain. */
cw_run_status cw_store_drive(cwrun_store *s, cw_thread *t);
/* One step: runs until done, failed or blocked. SUSPENDED also where what it waits for is not there yet. */
cw_run_status cw_store_step(cw_thread *t);
/* Whether what a suspended thread waits for is there. */
bool cw_caller_ready(cwrun_caller *c);
/* What a call waits for; the waits are copied. False where memory ran out. */
bool cw_caller_set_waits(cwrun_caller *c, const cwrun_wait *waits, size_t n, uint64_t deadline);
/* Cancels a call that is under way. */
void cw_polled_end(cwrun_polled *p);
/* Drops every own handle in a value that nobody wants. False where a destructor failed: err has the first. */
bool cw_val_drop_handles(cwrun_store *s, cwrun_val *v, cwrun_error *err);
/* Runs polled calls that are ready (call.c); whether any ran. */
bool cw_polled_advance(cwrun_store *s);
/* Around every call from outside that may run guests or host functions. At the end of the outermost what was put off
 * until now is done: the store may be gone after it. */
static inline void cw_store_entered(cwrun_store *s)
{
    s->n_entered++;
}
void cw_store_left(cwrun_store *s);
/* What was put off but for the store's end, where this is the outermost call. */
void cw_store_settle(cwrun_store *s);

/* ---- records of calls (host.c) ---- */

cw_call *cw_call_new(cwrun_store *s);
void cw_call_free(cwrun_store *s, cw_call *call);
/* Ends loans: lends go down, handles made for the host are dropped. Then those that host functions have left behind and
 * that nothing hangs on any more. False where a destructor of the former failed; so has `asker` (may be NULL) then. */
bool cw_call_end_loans(cwrun_store *s, cw_call *call, cw_thread *asker);
/* The same as a host function has answered, for its thread; what it lent on stays until cw_caller_free. */
bool cw_caller_end_loans(cwrun_caller *c);
bool cw_call_add_loan(cwrun_store *s, cw_call *call, cw_handles *table, uint32_t handle, bool made);
cwrun_caller *cw_caller_new(cwrun_store *s);
/* Frees the pools of both. */
void cw_callers_fini(cwrun_store *s);
/* Cancels what is pending, ends its loans (where what it made is lent on: once that ends) and gives the record back. */
void cw_caller_free(cwrun_caller *c);
/* Into and out of the store's list of what is pending. */
void cw_caller_suspend(cwrun_caller *c);
void cw_caller_unlink(cwrun_caller *c);
/* Around the host function itself. */
void cw_host_enter(cwrun_caller *c);
void cw_host_leave(cwrun_caller *c);
/* Makes c->args of the parameters' bytes; false where memory ran out. */
bool cw_host_arguments(cwrun_caller *c, const cwrun_type *tuple, const void *bytes);
/* The bytes of a C value as type `t` has them (cwrun_type_size of them) to `out`; NULL, or what was found instead of
 * it. What the bytes hold is not checked. */
const char *cw_val_store(const cwrun_type *t, const cwrun_val *v, void *out);

/* ticket.c */
bool cw_ticket_ready(cwrun_ticket *ticket);
/* What a call's ticket says: DONE with the result (the ticket's), TRAP (recorded) or PENDING. */
cwrun_status cw_caller_take_ticket(cwrun_caller *c, cwrun_val *result);
/* The call ends: on_cancel is called where nobody has completed it. */
void cw_caller_end_ticket(cwrun_caller *c);

/* A lowered host function: the step of lower.c's native. own[0] keeps the cwrun_caller, or 0. */
cw_step cw_host_call(cw_thread *t, cw_lower *l, uint64_t *frame, uint64_t *own, uint32_t state);

/* ---- copying between sides (copy.c) ---- */

/* Everything a run of a plan needs to know of the two sides: cw_copy.user. */
typedef struct cw_crossing {
    cwrun_store *store;
    cw_thread *thread;             /* for realloc and traps */
    cwrun_instance *src, *dst;     /* NULL: the host */
    const cw_options *dst_options; /* of the guest that is the destination */
    cw_call *call;                 /* what borrows belong to */
} cw_crossing;

/* Runs a plan (after cw_plan_check, where the source is the host); a failure is recorded as the thread's trap. `copy`
 * is prepared by cw_crossing_init. */
void cw_crossing_init(cw_crossing *x, cw_copy *copy, const cw_memory *src, const cw_memory *dst, cw_arena *arena,
                      cw_arena *scratch);
/* Traps with the words of a faulty handle; false. The types (of the place and of the handle) may be NULL. */
bool cw_handle_trap(cw_thread *t, uint8_t code, uint32_t handle, const cw_resource_type *want,
                    const cw_resource_type *have);
/* Records what a copy failed of as the thread's trap. */
void cw_crossing_fail(cw_crossing *x, const cw_copy *copy);
/* Charges fuel and looks at the interrupt; false: trapped. */
bool cw_charge(cw_thread *t, uint64_t work);
bool cw_crossing_run(cw_crossing *x, const cw_plan *plan, cw_copy *copy, const void *from, void *to);

/* A type with the variables it uses: the guest side of a crossing. */
static inline cw_resource_type *cw_resource_of(const cwrun_instance *in, const cwrun_type *type)
{
    return in->resources[type->resource];
}

/* ---- the natives of core functions that components make ---- */

/* lower.c: of CW_DEF_LOWER. NULL with err set. */
cw_func *cw_lower_new(cwrun_instance *in, const cw_def *def, cwrun_error *err);
/* builtins.c: of CW_DEF_CANON. */
cw_func *cw_builtin_new(cwrun_instance *in, const cw_def *def, cwrun_error *err);
/* Whether what the host sees of a guest may be views of its memory. */
bool cw_plan_views(const cw_options *o);
/* Options of a lift or lower of `type` in an instance. */
cw_options cw_options_of(const cwrun_instance *in, const cw_canon_opts *canon, const cw_functype *type);

/* ---- destructors (resource.c) ---- */

/* The host's destructor of an object. */
void cw_resource_finalize(cw_resource_type *rt, uint64_t rep);
/* Drops a handle of the host's table (none: nothing to do), from the host: runs the destructor to its end, or queues it
 * where its instance cannot be entered now; a guest's does not run where the store is being freed. False where it
 * failed, which `asker` (the thread for which this is done) and err, where they are given, then say. */
bool cw_host_handle_drop(cwrun_store *s, uint32_t handle, cw_thread *asker, cwrun_error *err);
/* Runs what is queued; at the end of an outermost call. A failure poisons, and is told nobody. */
void cw_run_queued_drops(cwrun_store *s);

/* ---- linking (linker.c, link.c) ---- */

typedef enum cw_definition_kind {
    CW_DEFINE_FUNC,
    CW_DEFINE_RESOURCE,
    CW_DEFINE_MODULE,
    CW_DEFINE_INSTANCE,
    CW_DEFINE_CORE_FUNC,
    CW_DEFINE_CORE_INSTANCE,
    CW_DEFINE_CORE_EXTERN
} cw_definition_kind;

/* One definition of a linker; found by its exact name, and by its interface without what semver leaves open. */
struct cw_definition {
    uint8_t kind;
    cwrun_str interface; /* or the core module */
    cwrun_str name;      /* empty for a whole instance */
    cwrun_str type;      /* FUNC: WIT text, or empty; CORE_FUNC: letters of parameters */
    cwrun_str results;   /* CORE_FUNC: letters of results */
    bool has_type;
    cwrun_host_fn fn;
    cwrun_core_fn core_fn;
    void (*destructor)(void *object, void *user);
    void *user;
    void (*drop)(void *user);
    const cw_definition *same; /* RESOURCE: what this is another name of, or NULL */
    cwrun_module *module;
    cwrun_instance *instance;
    cwrun_core_instance *core_instance;
    cwrun_extern external; /* CORE_EXTERN */
    uint64_t store; /* INSTANCE, CORE_INSTANCE, CORE_EXTERN: serial of the store it lives in, which may be gone */
};

struct cwrun_linker {
    uint32_t n_refs; /* atomic */
    cwrun_engine *engine;
    bool is_default; /* holds no reference to its engine */
    bool stub_rest;
    bool used; /* atomic: immutable from now on */
    cw_arena arena;
    cwrun_linker *base; /* what it is a copy of, or NULL */
    uint32_t n_shared;  /* of items: definitions of the base */
    CW_VEC(cw_definition *) items;
    cw_map index; /* see linker.c → position in items */
};

void cw_linker_keep(cwrun_linker *l);
void cw_linker_release(cwrun_linker *l);
/* The definition of a name: exact first, else of a compatible version of the interface. */
const cw_definition *cw_linker_find(const cwrun_linker *l, uint8_t kind, cwrun_str interface, cwrun_str name);
/* Copies a definition into the linker; its strings are copied, and what it holds is the caller's where this fails. */
bool cw_linker_define(cwrun_linker *l, const char *interface, const char *name, const cw_definition *given,
                      cwrun_error *err);
/* Whether what is about to be defined lives in a store of the linker's engine. */
bool cw_linker_takes_of(const cwrun_linker *l, const cwrun_store *s, const char *who, cwrun_error *err);
/* Whether an instance or object that is defined lives in this store; only then may it be looked at. */
bool cw_linker_gives_to(const cwrun_linker *l, const cw_definition *d, const cwrun_store *s);
/* The resource that the type of a function of `interface` means by a name: one that is defined there, else (`by_name`)
 * the only one that is called so anywhere. NULL: none, or *several. */
const cw_definition *cw_linker_resource(const cwrun_linker *l, cwrun_str interface, cwrun_str name, bool by_name,
                                        bool *several);
/* From now on it does not change. */
void cw_linker_use(cwrun_linker *l);

/* The store's run-time type of a host resource; the same for every component that imports it. NULL: out of memory. */
cw_resource_type *cw_host_type(cwrun_store *s, const cw_definition *d, cwrun_str name);

/* Finds everything that a root instance imports, of the component `c`: values[] by import, as in cw_exported. False
 * with a LINK error that names all that is missing. */
bool cw_link_imports(cwrun_instance *in, const cwrun_component *c, void **values, cwrun_error *err);

/* ---- instantiation (instance.c) ---- */

/* A root instance. False with err set. */
cwrun_instance *cw_instantiate(cwrun_store *s, cwrun_component *c, cwrun_linker *l, cwrun_error *err);

/* ---- core modules through the public interface ---- */

struct cwrun_core_instance {
    cwrun_store *store;
    cw_instance *in;
};

#endif
