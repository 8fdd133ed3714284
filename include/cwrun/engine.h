/* cwrun/engine.h: engines (what is shared) and stores (what runs).
 *
 * An engine is immutable after it is made, thread-safe and shared by everything; a store is used by one thread at a
 * time and owns all that runs in it. Every _new has one _drop; dropping in any order is safe (objects are counted). All
 * functions accept NULL objects and an error that is already set: they then do nothing and fail, with an argument error
 * where none is set yet. */
#ifndef CWRUN_ENGINE_H
#define CWRUN_ENGINE_H

#include "cwrun/base.h"

#ifdef __cplusplus
extern "C" {
#endif

typedef struct cwrun_engine cwrun_engine;
typedef struct cwrun_store cwrun_store;

/* Fixed before anything is loaded. Zero means the default for every member. */
typedef struct cwrun_config {
    cwrun_alloc alloc;
    bool interruptible;    /* guests can be stopped: needed by deadlines and cwrun_interrupt */
    bool fuel;             /* guests burn fuel (cwrun_store_set_fuel) */
    uint64_t features_on;  /* cwrun_feature() of proposals beyond WebAssembly 3.0 to accept */
    uint64_t features_off; /* … of 3.0 and the component model to refuse */
} cwrun_config;

#define CWRUN_CONFIG_INIT { { NULL, NULL }, false, false, 0, 0 }

/* The bits of a feature by its name as wasm-tools and wasmtime spell it ("threads", "multi-memory") or of a set of them
 * ("wasm2", "all"), for features_on and features_off; 0: there is none, or it cannot be switched. */
CWRUN_API uint64_t cwrun_feature(const char *name);
/* A list as `wasm-tools validate --features` takes it: a name adds, -name takes away, "mvp", "wasm1" … "wasm3" start
 * anew. Sets features_on and features_off to what makes exactly that set; false and an argument error where a name is
 * wrong. */
CWRUN_API bool cwrun_config_features(cwrun_config *config, const char *list, cwrun_error *err);

/* config may be NULL. */
CWRUN_API cwrun_engine *cwrun_engine_new(const cwrun_config *config, cwrun_error *err);
CWRUN_API void cwrun_engine_drop(cwrun_engine *engine);

/* Limits of a store; zero means the default. */
typedef struct cwrun_limits {
    uint64_t max_memory;     /* bytes of all linear memories together; default 4 GiB */
    uint64_t max_table;      /* elements of all tables together; default 10,000,000 */
    uint32_t max_instances;  /* core and component instances; default 10,000. They may take 64 KiB each on the average,
                                256 MiB at the least; as many memories and as many tables, 10,000 at the least */
    uint32_t max_handles;    /* per component instance; default 1,000,000 */
    uint64_t max_stack;      /* bytes of a guest's value stack; default 1 MiB */
    uint64_t max_call_bytes; /* bytes one call may copy to or from the host; default 1 GiB */
    uint64_t max_gc_heap;    /* bytes of all garbage-collected objects together; default 1 GiB */
    bool gc_stress;          /* for tests: collect at every allocation, poison what is freed */
} cwrun_limits;

/* limits may be NULL. The store keeps the engine. */
CWRUN_API cwrun_store *cwrun_store_new(cwrun_engine *engine, const cwrun_limits *limits, cwrun_error *err);
/* Ends what is in the store: pending calls are cancelled, objects of host resources are destroyed, data and extensions
 * dropped. No guest runs any more, not for the destructors of its own resources either, and calls from those functions
 * of the host fail. Where a call is under way (in a host function, a destructor, a sink) the store goes when the
 * outermost one ends. */
CWRUN_API void cwrun_store_drop(cwrun_store *store);
CWRUN_API cwrun_engine *cwrun_store_engine(cwrun_store *store);

/* The embedder's own data, which host functions reach through cwrun_caller_store. drop (may be NULL) runs when the
 * store goes. */
CWRUN_API void cwrun_store_set_data(cwrun_store *store, void *data, void (*drop)(void *data));
CWRUN_API void *cwrun_store_data(const cwrun_store *store);

/* Further data of a store, for parts that are built on the public interface (WASI is one): `key` is the address of any
 * object of theirs. An extension set again drops the one before; drop (may be NULL) also runs when the store goes. */
CWRUN_API bool cwrun_store_set_extension(cwrun_store *store, const void *key, void *data, void (*drop)(void *data),
                                         cwrun_error *err);
CWRUN_API void *cwrun_store_extension(const cwrun_store *store, const void *key);

/* Fuel for an engine made with `fuel`: about one unit an instruction, or for every 64 bytes that one works on; a guest
 * that runs out fails with CWRUN_LIMIT_FUEL. Instantiation burns it for segments and start functions. New stores have
 * none. */
CWRUN_API void cwrun_store_set_fuel(cwrun_store *store, uint64_t fuel);
CWRUN_API uint64_t cwrun_store_fuel(const cwrun_store *store);

/* Stops what runs in a store (and what will, until cleared), from any thread: CWRUN_LIMIT_TIMEOUT. A host function that
 * clears it lets its guest go on. The handle is counted and may outlive its store; using it then does nothing. Needs an
 * engine made `interruptible`. */
typedef struct cwrun_interrupt cwrun_interrupt;
CWRUN_API cwrun_interrupt *cwrun_store_interrupt(cwrun_store *store, cwrun_error *err);
CWRUN_API void cwrun_interrupt_raise(cwrun_interrupt *handle);
CWRUN_API void cwrun_interrupt_clear(cwrun_interrupt *handle);
CWRUN_API void cwrun_interrupt_drop(cwrun_interrupt *handle);

/* ---- waiting ---- */

enum { CWRUN_WAIT_READ = 1, CWRUN_WAIT_WRITE = 4 }; /* = POLLIN, POLLOUT */

typedef struct cwrun_wait {
    int fd;
    short events; /* CWRUN_WAIT_… */
} cwrun_wait;

/* What a store waits for: descriptors (a wake-up descriptor of its own among them) and the earliest deadline on the
 * monotonic clock in nanoseconds (UINT64_MAX: none). Valid until the store runs again. */
typedef struct cwrun_waits {
    const cwrun_wait *items;
    size_t n;
    uint64_t deadline;
} cwrun_waits;

CWRUN_API cwrun_waits cwrun_store_waits(cwrun_store *store);
/* The monotonic clock of cwrun_waits. */
CWRUN_API uint64_t cwrun_monotonic_now(void);

#ifdef __cplusplus
}
#endif
#endif
