/* wasm_h/handle.h: what the files of the wasm.h layer share.
 *
 * The one idea: every reference of wasm.h (wasm_func_t, wasm_trap_t, wasm_ref_t …) is one struct, a handle: its store,
 * what kind of object it means, and which. So conversions are casts, and copy, same and host info are written once. The
 * layer is a client of cwrun.h like any other; its own memory is malloc's, since wasm.h has no allocator. */
#ifndef CW_WASM_H_HANDLE_H
#define CW_WASM_H_HANDLE_H

#include <stdlib.h>

#include "cwrun.h"
#include "wasm.h"

struct wasm_config_t {
    cwrun_config config;
};

struct wasm_engine_t {
    cwrun_engine *engine;
};

/* Host info of an object that lives as long as its store. */
typedef struct info {
    const void *object; /* NULL: the place is free */
    void *data;
    void (*finalizer)(void *data);
    cwrun_module *module; /* the object, where it is one: kept, so that its address stays its own */
} info;

enum {
    KIND_FUNC = 1, /* the first five are objects of the store, in the order of wasm_externkind_t */
    KIND_GLOBAL,
    KIND_TABLE,
    KIND_MEMORY,
    KIND_TAG,
    KIND_INSTANCE,
    KIND_MODULE, /* counted */
    KIND_TRAP,   /* these are records */
    KIND_FOREIGN,
    KIND_GUEST /* a reference that the guest made: to a structure, an array … */
};

/* A thing of this layer, counted by its handles, and by the externref that stands for it in the guest. */
typedef struct record {
    uint32_t n_refs, n_handles;
    void *data; /* host info */
    void (*finalizer)(void *data);
    /* FOREIGN, GUEST, and objects that were passed as externref: kept while there are handles */
    cwrun_ref ref;
    uint8_t ref_type; /* CWRUN_CORE_… */
    uint8_t kind;     /* of what an externref stands for: FOREIGN is the record itself */
    void *object;     /* the other kinds' */
    /* TRAP */
    const char *message; /* with NUL */
    size_t size;         /* with it */
    struct wasm_frame_t *frames;
    size_t n_frames;
} record;

struct wasm_ref_t {
    uint8_t kind;
    wasm_store_t *store;
    void *object; /* cwrun_core_func *, cwrun_module *, record * … by kind */
};

struct wasm_trap_t {
    wasm_ref_t ref;
};

struct wasm_store_t {
    uint32_t n_refs;    /* the store itself and every handle */
    cwrun_store *store; /* NULL once it is gone */
    cwrun_engine *engine;
    info *infos; /* a hash table, cap a power of two */
    size_t n_infos, cap_infos;
    wasm_trap_t *trap; /* what the host function that failed last returned, until the call that it ends takes it */
    record no_memory;  /* what says that memory ran out is there beforehand: NULL would mean success */
    wasm_trap_t no_memory_trap;
};

struct wasm_frame_t {
    uint32_t func;
    size_t func_offset, module_offset;
};

/* The handles' names. */
#define HANDLE(name) \
    struct wasm_##name##_t { \
        wasm_ref_t ref; \
    };
HANDLE(foreign)
HANDLE(module)
HANDLE(func)
HANDLE(global)
HANDLE(table)
HANDLE(memory)
HANDLE(extern)
HANDLE(instance)

/* A new handle; takes one use of a record or module, also where memory runs out (NULL). */
wasm_ref_t *cw_wasm_handle(wasm_store_t *store, uint8_t kind, void *object);
void cw_wasm_store_release(wasm_store_t *store);

record *cw_wasm_record(void);
/* What the guest's externref `ref` is for the host: a new handle, or NULL (null, or out of memory). */
wasm_ref_t *cw_wasm_from_ref(wasm_store_t *store, uint8_t type, cwrun_ref ref);

/* Values. type is the one that is wanted; false: v is none of it. The result borrows what v refers to; where that is an
 * object passed as externref, one was made that lasts like any reference: the second ends it at once. */
bool cw_wasm_to_core(wasm_store_t *store, cwrun_core_type type, const wasm_val_t *v, cwrun_core_val *out);
void cw_wasm_end_core(wasm_store_t *store, const wasm_val_t *v, const cwrun_core_val *core);
/* A new value (its handle is the receiver's). False: it has no room here, or memory ran out. */
bool cw_wasm_from_core(wasm_store_t *store, const cwrun_core_val *v, wasm_val_t *out);
wasm_valkind_t cw_wasm_kind(uint8_t core_kind);

/* The trap that says that memory ran out: never NULL. */
wasm_trap_t *cw_wasm_no_memory(wasm_store_t *store);
/* The trap that an error is, never NULL; clears it. */
wasm_trap_t *cw_wasm_trap(wasm_store_t *store, cwrun_error *err);

/* Types from cwrun's. NULL: out of memory. */
wasm_externtype_t *cw_wasm_externtype(cwrun_engine *engine, const cwrun_externtype *t);
/* And back; false where the type is none of this engine. *type is for a function. */
const cwrun_core_functype *cw_wasm_functype(cwrun_engine *engine, const wasm_functype_t *t);
cwrun_core_type cw_wasm_valtype(const wasm_valtype_t *t);
cwrun_core_limits cw_wasm_limits(const wasm_limits_t *l);

#endif
