/* wasi/host.h: what the files of the WASI host share: the state of one store's WASI, the objects behind guests'
 * handles, and how a function of wasi.def takes its arguments and answers.
 *
 * The one idea: WASI is an embedder like any other. Everything goes through include/cwrun; a function that would block
 * answers cwrun_caller_wait with the row that carries on, and nothing here ever waits. */
#ifndef CW_WASI_HOST_H
#define CW_WASI_HOST_H

#include "base/vec.h"
#include "cwrun/wasi.h"
#include "os/fd.h"

/* The newest version of WASI 0.2; every function of wasi.def is defined under it. */
#define CW_WASI_VERSION "0.2.12"

/* ---- a function of wasi.def and one call of it ---- */

typedef struct cw_wasi_call cw_wasi_call;
typedef struct cw_wasi_row cw_wasi_row;

struct cw_wasi_row {
    const char *interface;
    const char *name;
    const char *type; /* NULL: the second half of a call that was checked before */
    cwrun_status (*fn)(cw_wasi_call *c);
};

struct cw_wasi_call {
    cwrun_caller *caller;
    cwrun_wasi *host;
    const cw_wasi_row *row;
    const cwrun_val *args; /* of the types of the row */
    cwrun_val *result;
};

/* ---- standard streams ---- */

typedef enum cw_wasi_end_kind {
    CW_WASI_NONE, /* input: at its end; output: thrown away */
    CW_WASI_FD,
    CW_WASI_BYTES, /* input only */
    CW_WASI_SINK   /* output only */
} cw_wasi_end_kind;

/* One standard stream, shared by all handles for it. */
typedef struct cw_wasi_end {
    uint8_t kind;    /* cw_wasi_end_kind */
    uint8_t fd_kind; /* cw_os_fd_kind */
    int fd;
    uint8_t *bytes; /* BYTES, owned */
    size_t size, at;
    cwrun_wasi_sink sink;
    void *user;
    CW_VEC(uint8_t) held; /* output that was accepted when the descriptor could not take it all */
    int failed;           /* errno of a write that failed later; told once, then 0 */
    bool closed;          /* the other side is gone */
} cw_wasi_end;

/* ---- objects behind handles ---- */

typedef enum cw_wasi_kind {
    CW_WASI_FREE,
    CW_WASI_ERROR,
    CW_WASI_INPUT,
    CW_WASI_OUTPUT,
    CW_WASI_POLLABLE,
    CW_WASI_TERMINAL_INPUT,
    CW_WASI_TERMINAL_OUTPUT
} cw_wasi_kind;

typedef struct cw_wasi_object cw_wasi_object;

struct cw_wasi_object {
    cwrun_wasi *host;
    uint8_t kind;    /* cw_wasi_kind */
    bool closed;     /* streams: said `closed` or failed, and keeps to it */
    uint32_t n_refs; /* a stream: its handle and the pollables made from it */
    union {
        int error; /* ERROR: errno */
        struct {
            cw_wasi_end *end;
            uint64_t permit; /* OUTPUT: bytes that check-write allowed and write has not used */
        } stream;
        struct {
            cw_wasi_object *stream; /* counted; NULL: a moment in time */
            uint64_t when;          /* by the guest's clock */
            uint64_t deadline;      /* by the system's; UINT64_MAX: never */
        } pollable;
        cw_wasi_object *next_free;
    } of;
};

/* Objects stand in slabs that never move, each twice as large as the one before: so a pointer that a handle gives is
 * known to be ours before it is read. */
enum { CW_WASI_FIRST_SLAB = 64, CW_WASI_MAX_SLABS = 24 };

/* ---- the state of a store's WASI; the public cwrun_wasi ---- */

typedef struct cw_wasi_pair {
    cwrun_str name, value;
} cw_wasi_pair;

struct cwrun_wasi {
    cw_alloc alloc;
    uint32_t n_refs; /* the owner and every object */
    cw_wasi_object *slabs[CW_WASI_MAX_SLABS];
    cw_wasi_object *free_objects;

    CW_VEC(cwrun_str) args;
    CW_VEC(cw_wasi_pair) env;
    cwrun_str cwd; /* data NULL: none */
    cw_wasi_end in, out, err;
    cwrun_wasi_clock wall, monotonic; /* now NULL: the system's */
    cwrun_wasi_random random;         /* fill NULL: the system's */

    uint8_t *scratch;               /* CW_WASI_SCRATCH bytes for what is read; made on first use */
    const cwrun_functype **checked; /* per row: the import type that was last found to fit */
};

enum { CW_WASI_SCRATCH = 65536 };

/* The host of a caller's store; made with nothing granted where the store has none. NULL: out of memory. */
cwrun_wasi *cw_wasi_of(cwrun_caller *caller);
/* NULL where the store has none. */
cwrun_wasi *cw_wasi_of_store(cwrun_store *store);
void cw_wasi_keep(cwrun_wasi *host);
void cw_wasi_release(cwrun_wasi *host);
/* host->scratch, made if need be; NULL: out of memory. */
uint8_t *cw_wasi_scratch(cwrun_wasi *host);

/* A new object with one reference, or NULL where memory ran out. */
cw_wasi_object *cw_wasi_object_new(cwrun_wasi *host, cw_wasi_kind kind);
/* Gives a reference back; the last one frees the object. */
void cw_wasi_object_release(cw_wasi_object *object);
/* The object behind argument i (own or borrow), of that kind; else NULL after setting a trap. */
cw_wasi_object *cw_wasi_arg(cw_wasi_call *c, uint32_t i, cw_wasi_kind kind);
cw_wasi_object *cw_wasi_object_of(cw_wasi_call *c, cwrun_handle handle, cw_wasi_kind kind);
/* A handle for a new object, which it then owns; where it cannot be had the object goes and 0 is answered (trap). */
cwrun_handle cw_wasi_handle(cw_wasi_call *c, cw_wasi_object *object);

/* ---- answering ---- each returns the status to be returned. */

/* A value of the row's result type from its bytes in C. */
cwrun_status cw_wasi_give(cw_wasi_call *c, const void *data, size_t size);
/* result: ok or option: some, with a payload of `size` bytes (0: none). */
cwrun_status cw_wasi_give_case(cw_wasi_call *c, uint8_t which, const void *payload, size_t size);
cwrun_status cw_wasi_out_of_memory(cw_wasi_call *c);
/* Waits for descriptors or the deadline, then goes on with `row`. */
cwrun_status cw_wasi_wait(cw_wasi_call *c, const cwrun_wait *waits, size_t n, uint64_t deadline,
                          const cw_wasi_row *row);

enum { CW_WASI_OK = 0, CW_WASI_ERR = 1, CW_WASI_NOTHING = 0, CW_WASI_SOME = 1 };

/* ---- between the files ---- */

/* Does the type that a guest imports have the shape that `text` says? */
bool cw_wasi_type_fits(const char *text, const cwrun_functype *type);

/* Sends what is held as far as it goes at once; true where nothing is left. */
bool cw_wasi_drain(cwrun_wasi *host, cw_wasi_end *end);
/* Ready without asking a descriptor; else *wait says which one is to be asked. */
bool cw_wasi_stream_ready(cw_wasi_object *stream, cwrun_wait *wait);

/* Now, by the guest's monotonic clock. */
uint64_t cw_wasi_monotonic(const cwrun_wasi *host);
/* The case of error-code for an errno value. */
uint8_t cw_wasi_error_code(int code);

#define WASI_FUNC(interface, name, type, fn) cwrun_status cw_wasi_##fn(cw_wasi_call *c);
#include "wasi/wasi.def"

#endif
