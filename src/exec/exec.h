/* exec/exec.h: the run-time objects of core WebAssembly and how they are run  [core 4.2].
 *
 * The one idea: the interpreter never recurses. A cw_thread owns two stacks, one of value slots and one of control
 * records; guest calls, calls into other instances and native functions all live there as frames, so that a thread can
 * be left at any point where a native function says SUSPEND, and run on later. See docs/design.md "The interpreter". */
#ifndef CW_EXEC_EXEC_H
#define CW_EXEC_EXEC_H

#include "base/arena.h"
#include "base/traps.h"
#include "base/vec.h"
#include "core/module.h"
#include "exec/gc.h"
#include "os/event.h"

typedef struct cw_exec cw_exec;
typedef struct cw_thread cw_thread;
typedef struct cw_instance cw_instance;
typedef struct cw_func cw_func;
typedef struct cw_func_code cw_func_code;

/* ---- code: shared between instances and OS threads ---- */

/* The module-level record of a function: call sites hold it, so that code knows no instance. `code` starts as a stub
 * that translates on the first call, and is published with release order under the module's lock. */
struct cw_func_code {
    const uint8_t
        *code; /* internal code, read and published atomically; its size and frame size stand before it: code.h */
    uint32_t frame_slots; /* natives: slots above sp the function needs, its parameters included */
    uint32_t index;       /* function index in its module */
    cw_type_id type;
    cw_module *module; /* NULL: native */
    uint32_t reserved;
};

/* Makes m->codes and m->exec where they are not there yet (thread-safe); options are fixed by the first caller's
 * engine. */
typedef struct cw_code_options {
    bool interruptible; /* poll at calls and backward branches */
    bool fuel;          /* charge fuel there */
} cw_code_options;
bool cw_module_prepare(cw_module *m, const cw_alloc *a, cw_code_options options);
/* Frees what cw_module_prepare and translation made; the module itself is its arena's. */
void cw_module_release(cw_module *m);

/* ---- native functions ---- */

/* What a native function says when it comes back. */
typedef enum cw_step {
    CW_STEP_RETURN, /* results are in frame[0…] */
    CW_STEP_CALL,   /* call thread->call_func with the arguments at thread->call_args (usually frame + frame_slots; must
                       be ≥ that);   its results replace them there, then the native runs again with state
                       thread->next_state */
    CW_STEP_SUSPEND, /* leave the run; when the thread is run again, the native runs with state thread->next_state */
    CW_STEP_TRAP,    /* cw_thread_trap was called */
    CW_STEP_THROW    /* what cw_thread_throw and cw_thread_throw_ref answer */
} cw_step;

/* A native function: a little state machine whose frame is on the thread's stack. `frame` holds the parameters, then
 * the results, in slots; all frame_slots of it keep their values between steps. state is 0 at the call. It may run
 * nested guest functions with cw_thread_nested only where those cannot suspend. */
typedef cw_step (*cw_native_fn)(cw_thread *thread, cw_func *func, uint64_t *frame, uint32_t state);
/* Called for every native frame, innermost first, when a trap, an exception (its own too) or the end of the thread
 * discards it. May be NULL. */
typedef void (*cw_unwind_fn)(cw_thread *thread, cw_func *func, uint64_t *frame, uint32_t state);

typedef struct cw_native {
    cw_native_fn run;
    cw_unwind_fn unwind;
    const char *name; /* for backtraces; NULL: the frame is not shown */
} cw_native;

/* ---- the store's objects ---- */

/* A function instance: what a funcref points to. Lives as long as its cw_exec. */
struct cw_func {
    cw_func_code *code; /* record of the function; natives have one of their own */
    cw_instance *in;    /* instance to run in; natives: a bare instance without memory (cw_exec.native_instance) */
    cw_type_id type;
    uint32_t reserved;
    const cw_native *native; /* NULL: WebAssembly */
    void *user;              /* of the native */
    void *user2;
};

typedef struct cw_memory {
    uint8_t *base;      /* does not move while the OS can reserve; NULL for size 0 is fine */
    uint64_t size;      /* bytes now; of shared ones written atomically by any OS thread */
    uint64_t max_pages; /* declared or implied, and capped by the limit */
    uint64_t reserved;  /* bytes of address space held at base; 0: allocated by the hook instead */
    uint64_t committed; /* bytes of them that can be used */
    cw_memtype type;
    struct cw_instance **users; /* instances whose {mem0, mem0_size} follow this memory */
    uint32_t n_users, cap_users;
    cw_exec *exec;
    struct cw_memory *next;          /* exec's list */
    struct cw_shared_memory *shared; /* it is a view of this: shared.h; NULL for others */
    struct cw_memory *next_view;
    uint64_t charged; /* bytes of the shared memory that this store pays for */
} cw_memory;

typedef struct cw_table {
    uint64_t *elems; /* references as slots: cw_func * or a host's word; 0 is null */
    uint64_t size, cap;
    uint64_t max; /* declared or implied, and capped by the limit */
    cw_tabletype type;
    cw_exec *exec;
    struct cw_table *next; /* exec's list */
} cw_table;

typedef struct cw_global {
    uint64_t value[2]; /* v128 takes both; i32 and f32 are zero-extended */
    cw_globaltype type;
    cw_exec *exec;
    struct cw_global *next_ref; /* exec's list of those that refer to the heap */
} cw_global;

struct cw_tag {
    cw_type_id type;
    uint32_t index;          /* in the module that defines it, for people */
    const cw_module *module; /* NULL: the host's */
    cw_exec *exec;
};

/* Anything that can be imported or exported. */
typedef struct cw_extern {
    uint8_t kind; /* cw_extern_kind */
    union {
        cw_func *func;
        cw_table *table;
        cw_memory *memory;
        cw_global *global;
        cw_tag *tag;
    } of;
} cw_extern;

/* An instance. The first members are what handlers touch. */
struct cw_instance {
    uint8_t *mem0; /* memory 0's base and size, kept current by growth; size 0 where there is none */
    uint64_t mem0_size;
    cw_exec *exec;
    cw_global **globals;  /* [n_globals] */
    cw_table **tables;    /* [n_tables] */
    cw_memory **memories; /* [n_memories] */
    cw_func **funcs; /* [n_funcs]; NULL until somebody needs the reference of a local function (cw_instance_func) */
    cw_tag **tags;
    cw_module *module;                     /* NULL for exec->native_instance */
    uint8_t *dropped_elems, *dropped_data; /* one byte a segment: 1 after elem.drop / data.drop */
    void *owner;                           /* the component instance it belongs to, or NULL */
    struct cw_instance *next;              /* exec's list */
    uint64_t **passive_elems;              /* evaluated passive element segments, by index; NULL entries until used */
};

/* One control record. A call pushes {return ip, caller's sp}. A crossing or a native pushes more: see control.h. */
typedef struct cw_control {
    const uint8_t *ip;
    uint64_t *sp;
} cw_control;

/* A backtrace frame before it has names. */
typedef struct cw_trace_frame {
    const cw_module *module; /* NULL: native */
    const char *native_name;
    uint32_t func;   /* function index */
    uint64_t offset; /* of the instruction in the file */
} cw_trace_frame;

enum { CW_TRACE_FRAMES = 64 };

typedef enum cw_run_status { CW_RUN_DONE, CW_RUN_SUSPENDED, CW_RUN_TRAPPED } cw_run_status;

/* A pair of stacks and where they stand. */
struct cw_thread {
    cw_exec *exec;
    uint64_t *stack, *stack_end;       /* value slots; stack_end is the limit, some slots of slack are behind it */
    cw_control *control, *control_end; /* two records for every slot */
    /* where a left run goes on; where nested runs and natives may put frames */
    const uint8_t *ip;
    uint64_t *sp;    /* first free slot above everything that lives */
    cw_control *csp; /* first free record */
    uint64_t acc;
    cw_instance *in;
    /* a native's answer */
    cw_func *call_func;
    uint64_t *call_args;
    uint32_t next_state;
    uint32_t depth_nested; /* nested C-level runs on this thread */
    /* the trap that ended the run */
    uint8_t trap;                 /* CW_TRAP_…; NONE while all is well */
    uint8_t fail_kind, fail_code; /* CWRUN_ERROR_… (usually TRAP) and its code: exits, limits and exceptions that nobody
                                     catches (exec->thrown) unwind like traps */
    uint8_t left;                 /* cw_run_status of the run that was left last: interp.c's */
    int32_t exit_status;
    char *message; /* allocated by exec->alloc, or NULL: the trap's own words */
    size_t message_size;
    cw_trace_frame frames[CW_TRACE_FRAMES];
    uint32_t n_frames;
    bool busy, suspended;
    void *user; /* the component model's task of this thread */
    cw_thread *next_free;
    cw_func *entry;  /* function the thread was started with */
    cw_thread *next; /* exec's list of all threads */
};

typedef struct cw_exec_limits {
    uint64_t max_memory;               /* bytes all memories together; default 4 GiB */
    uint64_t max_table;                /* elements of all tables together; default 10,000,000 */
    uint32_t max_instances;            /* default 10,000 */
    uint32_t max_memories, max_tables; /* default 10,000 each, in a store max_instances if more */
    uint32_t stack_slots;              /* per thread; default 128 Ki (1 MiB), 4 Ki at the least */
    uint32_t max_nested;               /* C-level runs inside one another; default 100 */
    uint64_t max_gc_heap;              /* bytes of garbage-collected objects; default 1 GiB */
    bool gc_stress;                    /* cw_gc.stress */
} cw_exec_limits;

/* The execution side of a store: everything in it dies with it. */
struct cw_exec {
    uint64_t *limit; /* of the running thread's value stack; an interrupt stores 0 here (atomically, any OS thread) */
    int64_t fuel;    /* where the code charges it */
    cw_thread *current; /* the running thread, or NULL */
    cw_gc gc;           /* the heap */
    cw_alloc alloc;
    cw_types *types;
    cw_exec_limits limits;
    cw_code_options code_options;
    cw_instance *native_instance;
    uint32_t interrupted;   /* atomic flag, with limit = 0: what stopped it */
    cw_os_event wake;       /* ends a wait on a shared memory */
    cw_instance *instances; /* list */
    uint32_t n_instances, n_memories, n_tables;
    uint64_t memory_bytes, table_elems;
    uint32_t n_nested;
    cw_thread *free_threads, *threads; /* pool; all there are */
    cw_memory *memories;               /* list */
    cw_table *tables;                  /* list */
    cw_exception *thrown; /* in flight, or left the run that failed last with CWRUN_ERROR_EXCEPTION; NULL once caught */
    cw_arena arena; /* everything small that lives as long as the store: instances, functions, globals …; limited */
    cw_global *ref_globals; /* list */
    void *store;            /* the cwrun_store it belongs to */
    bool closing;           /* the store goes: no guest runs any more */
};

void cw_exec_limits_default(cw_exec_limits *limits);
bool cw_exec_init(cw_exec *x, const cw_alloc *a, cw_types *types, const cw_exec_limits *limits,
                  cw_code_options options);
void cw_exec_fini(cw_exec *x);

/* Asks the running guest to stop at its next poll; callable from any OS thread while x lives. reason:
 * CWRUN_LIMIT_TIMEOUT. */
void cw_exec_interrupt(cw_exec *x);
void cw_exec_interrupt_clear(cw_exec *x);

/* Work on many bytes by one instruction: burns a unit of fuel for every CW_BYTES_PER_FUEL and looks at the interrupt.
 * To be called at least every CW_WORK_STEP bytes. CW_TRAP_NONE, else CW_TRAP_FUEL or CW_TRAP_INTERRUPT. */
enum { CW_BYTES_PER_FUEL = 64, CW_WORK_STEP = 1 << 20 };
uint8_t cw_exec_work(cw_exec *x, uint64_t bytes);
/* The same where no thread runs; false with the error of it. */
bool cw_exec_worked(cw_exec *x, uint64_t bytes, cwrun_error *err);
/* An allocation in x->arena has failed: the arena goes on, err says what ran out. False. */
bool cw_exec_oom(cw_exec *x, cwrun_error *err);
/* The same for a native that is about to return CW_STEP_TRAP. */
void cw_thread_oom(cw_thread *t);

/* New objects of the store; NULL with `err` set where memory or a limit forbids. */
cw_memory *cw_memory_new(cw_exec *x, const cw_memtype *type, cwrun_error *err);
cw_table *cw_table_new(cw_exec *x, const cw_tabletype *type, uint64_t init, cwrun_error *err);
cw_global *cw_global_new(cw_exec *x, cw_globaltype type, const uint64_t value[2], cwrun_error *err);
cw_tag *cw_tag_new(cw_exec *x, cw_type_id type, cwrun_error *err);
/* A native function. frame_slots counts everything it keeps in its frame, parameters and results included (raised to
 * their number where smaller). */
cw_func *cw_func_native_new(cw_exec *x, cw_type_id type, const cw_native *native, uint32_t frame_slots, void *user,
                            void *user2, cwrun_error *err);

/* Grow by pages / elements; the old size, or UINT64_MAX where refused (never an error). */
uint64_t cw_memory_grow(cw_memory *m, uint64_t pages);
uint64_t cw_table_grow(cw_table *t, uint64_t n, uint64_t init);
/* Bounds-checked bytes of a memory: NULL where [at, at + size) is not inside. */
uint8_t *cw_memory_at(const cw_memory *m, uint64_t at, uint64_t size);

/* Links an instance and makes what it defines. imports are in the order of m->imports; one of kind CW_EXTERN_COUNT is
 * missing. Errors: LINK where an import is missing or does not match, TRAP of a constant expression, LIMIT. */
cw_instance *cw_instance_define(cw_exec *x, cw_module *m, const cw_extern *imports, cwrun_error *err);
/* Runs its element and data segments, not its start function: *start gets that, or NULL. Errors: TRAP where a segment
 * is out of bounds, LIMIT. What segments before it put into tables stays there, as the specification has it, and can
 * be called. */
bool cw_instance_fill(cw_instance *in, cw_func **start, cwrun_error *err);
/* Both. */
cw_instance *cw_instance_new(cw_exec *x, cw_module *m, const cw_extern *imports, cw_func **start, cwrun_error *err);
/* The reference of a function of the instance, made on first need. NULL where memory ran out. */
cw_func *cw_instance_func(cw_instance *in, uint32_t index);
/* An export by name; false where there is none (kind is then CW_EXTERN_COUNT)
 * or where memory ran out for its function. */
bool cw_instance_export(cw_instance *in, cwrun_str name, cw_extern *out);
/* The i-th one; false where memory ran out. */
bool cw_instance_export_at(cw_instance *in, uint32_t i, cw_extern *out);
/* The type of an extern, with current sizes for tables and memories. */
cw_externtype cw_extern_type(const cw_extern *e);

/* ---- running ---- */

/* A thread with empty stacks, from the pool. */
cw_thread *cw_thread_new(cw_exec *x, cwrun_error *err);
/* Discards what is on it (unwinding natives) and gives it back to the pool. */
void cw_thread_free(cw_thread *t);

/* Puts a call on an empty thread. args: func's parameters in slots (v128 two); copied. */
void cw_thread_start(cw_thread *t, cw_func *f, const uint64_t *args);
/* Runs until done, suspended or trapped. When done, the results are at t->stack[1…] (cw_thread_results). */
cw_run_status cw_thread_run(cw_thread *t);
const uint64_t *cw_thread_results(const cw_thread *t);

/* Runs a function to its end above what is on the thread, from inside a native: for realloc and post-return, which can
 * not suspend (SUSPEND inside is the trap CANNOT_BLOCK). args and results are in slots. False: trapped, and the native
 * returns CW_STEP_TRAP. */
bool cw_thread_nested(cw_thread *t, cw_func *f, const uint64_t *args, uint64_t *results);

/* Records a trap, for a native that is about to return CW_STEP_TRAP. The format's text is the reason (NULL: the trap's
 * own words). The first one wins. */
void cw_thread_trap(cw_thread *t, uint8_t trap, const char *format, ...) CWRUN_PRINTF(3, 4);
/* The same for an exit or a limit: kind CWRUN_ERROR_EXIT with status, or CWRUN_ERROR_LIMIT with code. */
void cw_thread_exit(cw_thread *t, int32_t status);
void cw_thread_limit(cw_thread *t, uint8_t limit, const char *format, ...) CWRUN_PRINTF(3, 4);
/* The same for what another thread, which ran for this one, failed of: with its frames. */
void cw_thread_fail_as(cw_thread *t, cw_thread *other);
/* Throws an exception: for a native that returns what these answer, THROW or, where there is no memory or no exception,
 * TRAP. values: the tag's parameters in slots; copied. */
cw_step cw_thread_throw(cw_thread *t, cw_tag *tag, const uint64_t *values);
cw_step cw_thread_throw_ref(cw_thread *t, cw_exception *e);
/* Turns the thread's failure into an error with named frames. */
void cw_thread_error(cw_thread *t, cwrun_error *err);

/* ---- disassemble.c ---- */

struct cw_text;
/* Appends the internal code of a function that the module itself defines, a line an instruction: its place in the code,
 * the instruction it comes from as an offset in the file, the handler, and for each of its operations operands and
 * destination (s slot, a accumulator, # constant, L label). False with err set where it cannot be translated. */
bool cw_disassemble(cw_module *m, uint32_t func, const cw_alloc *a, cw_code_options options, struct cw_text *out,
                    cwrun_error *err);

#endif
