/* cwrun/component.h: components, linkers, instances and calls. */
#ifndef CWRUN_COMPONENT_H
#define CWRUN_COMPONENT_H

#include "cwrun/engine.h"
#include "cwrun/value.h"

#ifdef __cplusplus
extern "C" {
#endif

typedef struct cwrun_component cwrun_component; /* immutable, shareable between threads */
typedef struct cwrun_linker cwrun_linker;       /* definitions by name; finished once, then immutable and shareable */
typedef struct cwrun_instance cwrun_instance;   /* belongs to its store; never dropped on its own */
typedef struct cwrun_func cwrun_func;           /* belongs to its instance */
typedef struct cwrun_caller cwrun_caller;       /* a host function's view of its call */

/* ---- components ---- */

/* Checks a binary, module or component, and tells `report` its errors: not only the first one, but that of every
 * function body, and of sections as far as they do not depend on what is wrong before. True where there is none. *err
 * (may be NULL) then says how many, or what kept it from checking. */
CWRUN_API bool cwrun_validate(cwrun_engine *engine, const void *bytes, size_t size, const char *name,
                              void (*report)(void *user, const cwrun_error *err), void *user, cwrun_error *err);
/* Decodes and checks. The bytes are copied. `name` (may be NULL) is what messages call it. */
CWRUN_API cwrun_component *cwrun_component_load(cwrun_engine *engine, const void *bytes, size_t size, const char *name,
                                                cwrun_error *err);
/* Reads a file into private memory, then as above. */
CWRUN_API cwrun_component *cwrun_component_open(cwrun_engine *engine, const char *path, cwrun_error *err);
CWRUN_API void cwrun_component_drop(cwrun_component *component);
CWRUN_API uint32_t cwrun_component_n_imports(const cwrun_component *component);
CWRUN_API const cwrun_item *cwrun_component_import(const cwrun_component *component, uint32_t i);
CWRUN_API uint32_t cwrun_component_n_exports(const cwrun_component *component);
CWRUN_API const cwrun_item *cwrun_component_export(const cwrun_component *component, uint32_t i);

/* ---- host functions ---- */

/* What a host function, a call or a poll says. */
typedef uint8_t cwrun_status;
enum { CWRUN_DONE = 0, CWRUN_TRAP, CWRUN_PENDING, CWRUN_FAILED };

/* A host function. args are valid until it answers or calls into its store: strings and lists of plain numbers may be
 * views of guest memory. Where the function has a result, it sets *result (its bytes may lie in cwrun_caller_alloc'ed
 * memory, in host memory that stays until the next call into the store, or in the arguments). Answers DONE, TRAP (after
 * cwrun_caller_trap) or PENDING (after cwrun_caller_defer or cwrun_caller_wait). */
typedef cwrun_status (*cwrun_host_fn)(cwrun_caller *caller, const cwrun_val *args, size_t n_args, cwrun_val *result,
                                      void *user);

CWRUN_API cwrun_store *cwrun_caller_store(cwrun_caller *caller);
/* The function's type as the guest imports it. */
CWRUN_API const cwrun_functype *cwrun_caller_type(cwrun_caller *caller);
/* `size` zeroed bytes that live until the answer is copied. NULL: out of memory (answer with a trap). */
CWRUN_API void *cwrun_caller_alloc(cwrun_caller *caller, size_t size);
CWRUN_API cwrun_arena *cwrun_caller_arena(cwrun_caller *caller);
/* A deep copy of an argument that lives as long (PENDING: until the ticket ends). */
CWRUN_API cwrun_val cwrun_caller_keep(cwrun_caller *caller, const cwrun_val *v);
/* Ends the guest with a trap whose reason is the text; returns CWRUN_TRAP so that
 * `return cwrun_caller_trap(…)` works. */
CWRUN_API cwrun_status cwrun_caller_trap(cwrun_caller *caller, const char *format, ...) CWRUN_PRINTF(2, 3);
/* Ends the guest as its own exit (CWRUN_ERROR_EXIT with this status). Returns CWRUN_TRAP. */
CWRUN_API cwrun_status cwrun_caller_exit(cwrun_caller *caller, int32_t status);
/* Keeps an own parameter beyond the call (else it is dropped when the function answers, and where its destructor fails,
 * so does the call; or once the calls that it is lent to have ended). The handle stays the same. */
CWRUN_API bool cwrun_caller_take(cwrun_caller *caller, cwrun_handle handle);

/* Pending by completion: the ticket is counted and may be used from any thread, even before PENDING is returned.
 * on_cancel (may be NULL) is called when the call ends otherwise (trap, deadline, the store's end). */
typedef struct cwrun_ticket cwrun_ticket;
CWRUN_API cwrun_ticket *cwrun_caller_defer(cwrun_caller *caller, void (*on_cancel)(void *user), void *user);
/* Completes with a result (deeply copied; NULL where the function has none). false where the store or the call is gone.
 * Consumes the ticket. */
CWRUN_API bool cwrun_ticket_done(cwrun_ticket *ticket, const cwrun_val *result);
CWRUN_API bool cwrun_ticket_trap(cwrun_ticket *ticket, const char *words);
/* A ticket dropped uncompleted traps its call. */
CWRUN_API void cwrun_ticket_drop(cwrun_ticket *ticket);

/* Pending by waiting: the store waits until one of the descriptors is ready or the deadline (monotonic, ns; UINT64_MAX
 * none) has passed, then calls `resume` with the same arguments (kept), which answers DONE, TRAP or waits again.
 * Returns CWRUN_PENDING. */
CWRUN_API cwrun_status cwrun_caller_wait(cwrun_caller *caller, const cwrun_wait *waits, size_t n, uint64_t deadline,
                                         cwrun_host_fn resume, void *user);

/* ---- linkers ---- */

/* A linker with nothing in it; WASI is added by cwrun_wasi_add (cwrun/wasi.h). A NULL linker at instantiation means
 * built-in WASI with nothing granted. */
CWRUN_API cwrun_linker *cwrun_linker_new(cwrun_engine *engine, cwrun_error *err);
CWRUN_API void cwrun_linker_drop(cwrun_linker *linker);
/* A linker with the same definitions, shared, which may be added to or replaced, also where `linker` was used already.
 * Resources stay the same types: what was linked with the one fits what is linked with the other. */
CWRUN_API cwrun_linker *cwrun_linker_copy(cwrun_linker *linker, cwrun_error *err);

/* Defines `interface` # `name` ("" or NULL as interface: a function of the world; "outer#inner": an instance that the
 * instance `outer` exports). `type` is WIT text ("func(line: string)") that is checked against each component's import,
 * or NULL: any type. A resource in it is the one that is defined in `interface` under that name, else the only one in
 * the linker that is called so; other named types are compared by their names alone. A later definition replaces an
 * earlier one. `drop(user)` runs when the linker goes. */
CWRUN_API bool cwrun_linker_func(cwrun_linker *linker, const char *interface, const char *name, const char *type,
                                 cwrun_host_fn fn, void *user, void (*drop)(void *user), cwrun_error *err);

/* Defines a host resource. destructor (may be NULL) gets the object when the last handle goes. */
CWRUN_API bool cwrun_linker_resource(cwrun_linker *linker, const char *interface, const char *name,
                                     void (*destructor)(void *object, void *user), void *user, void (*drop)(void *user),
                                     cwrun_error *err);

/* Defines a further name of a host resource that is defined already ("use" in WIT): both are one type. */
CWRUN_API bool cwrun_linker_resource_alias(cwrun_linker *linker, const char *interface, const char *name,
                                           const char *of_interface, const char *of_name, cwrun_error *err);

/* Gives an interface (or a function of the world) from an instance, to components in the same store only. The store may
 * be gone before the linker. */
CWRUN_API bool cwrun_linker_instance(cwrun_linker *linker, const char *name, cwrun_instance *instance,
                                     cwrun_error *err);
/* Every import that nothing defines becomes a function that traps with its name when it is called. */
CWRUN_API void cwrun_linker_stub_rest(cwrun_linker *linker, bool on);

/* ---- host resources ---- */

/* A new handle (own) of a host resource, for an object; the resource is named as in the linker that gives `caller`'s
 * function. For results of host functions. 0 where memory ran out or no such resource. */
CWRUN_API cwrun_handle cwrun_resource_new(cwrun_caller *caller, const char *interface, const char *name, void *object);
/* The object of a handle (own or borrow) of that host resource, named in the same way; NULL where it is stale or of
 * another type. */
CWRUN_API void *cwrun_resource_object(cwrun_caller *caller, cwrun_handle handle, const char *interface,
                                      const char *name);
/* The same for a handle of any host resource; NULL where it is stale or a guest's. Enough where the type of the handle
 * is known: that of an argument is where the function was defined with its type, and that of a method's first always;
 * a function of any type gets what the guest likes to give. */
CWRUN_API void *cwrun_handle_object(cwrun_store *store, cwrun_handle handle);
/* Drops a handle the host holds: host resources run their destructor, guest resources theirs (not any more while the
 * store goes, and after the call that is under way where their instance cannot be entered: what fails then closes the
 * instance, and is told nobody else). */
CWRUN_API bool cwrun_handle_drop(cwrun_store *store, cwrun_handle handle, cwrun_error *err);

/* ---- instances and calls ---- */

/* Links by name (semver), instantiates, runs start functions. linker may be NULL. */
CWRUN_API cwrun_instance *cwrun_instantiate(cwrun_store *store, cwrun_component *component, cwrun_linker *linker,
                                            cwrun_error *err);
CWRUN_API cwrun_store *cwrun_instance_store(const cwrun_instance *instance);
/* A function by name: "add", or "ns:pkg/iface@1.0.0#func"; bare names of functions in exported interfaces where
 * unambiguous. NULL and an argument error with near names where there is none. */
CWRUN_API cwrun_func *cwrun_instance_func(cwrun_instance *instance, const char *name, cwrun_error *err);
CWRUN_API const cwrun_functype *cwrun_func_type(const cwrun_func *func);
CWRUN_API const cwrun_type *cwrun_func_param(const cwrun_func *func, uint32_t i);
CWRUN_API const char *cwrun_func_name(const cwrun_func *func);

/* Calls and drives the store until the result is there. Results live in `arena`, or (NULL) in the store until the next
 * outermost call returns. *result (may be NULL) gets kind 0 where there is none. */
CWRUN_API bool cwrun_func_call(cwrun_func *func, const cwrun_val *args, size_t n_args, cwrun_val *result,
                               cwrun_arena *arena, cwrun_error *err);
/* The same by name. */
CWRUN_API bool cwrun_call(cwrun_instance *instance, const char *name, const cwrun_val *args, size_t n_args,
                          cwrun_val *result, cwrun_arena *arena, cwrun_error *err);

/* Poll-style: the arguments are copied. */
typedef struct cwrun_polled cwrun_polled;
CWRUN_API cwrun_polled *cwrun_call_start(cwrun_func *func, const cwrun_val *args, size_t n_args, cwrun_error *err);
/* Runs until done or blocked: DONE, PENDING or FAILED (err set). */
CWRUN_API cwrun_status cwrun_call_poll(cwrun_polled *call, cwrun_error *err);
/* Valid after DONE, until the call is dropped. */
CWRUN_API cwrun_val cwrun_call_result(const cwrun_polled *call);
CWRUN_API void cwrun_call_drop(cwrun_polled *call);

#ifdef __cplusplus
}
#endif
#endif
