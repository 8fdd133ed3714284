/* cwrun/core.h: core WebAssembly modules. */
#ifndef CWRUN_CORE_H
#define CWRUN_CORE_H

#include "cwrun/component.h"

#ifdef __cplusplus
extern "C" {
#endif

typedef struct cwrun_module cwrun_module;               /* immutable, shareable between threads */
typedef struct cwrun_core_instance cwrun_core_instance; /* belongs to its store */

enum { CWRUN_CORE_I32 = 1, CWRUN_CORE_I64, CWRUN_CORE_F32, CWRUN_CORE_F64, CWRUN_CORE_V128, CWRUN_CORE_FUNCREF, CWRUN_CORE_EXTERNREF, CWRUN_CORE_REF };

/* A core value; references are opaque words, 0 is null. */
typedef struct cwrun_core_val {
    uint8_t type; /* CWRUN_CORE_… */
    union {
        int32_t i32;
        int64_t i64;
        float f32;
        double f64;
        uint8_t v128[16];
        uint64_t ref;
    } of;
} cwrun_core_val;

CWRUN_API cwrun_module *cwrun_module_load(cwrun_engine *engine, const void *bytes, size_t size, const char *name, cwrun_error *err);
CWRUN_API cwrun_module *cwrun_module_open(cwrun_engine *engine, const char *path, cwrun_error *err);
CWRUN_API void cwrun_module_drop(cwrun_module *module);
CWRUN_API uint32_t cwrun_module_n_imports(const cwrun_module *module);
CWRUN_API cwrun_item cwrun_module_import(const cwrun_module *module, uint32_t i);
CWRUN_API uint32_t cwrun_module_n_exports(const cwrun_module *module);
CWRUN_API cwrun_item cwrun_module_export(const cwrun_module *module, uint32_t i);

/* A host function for core modules: results has room for all of them, and types set. Answers DONE, TRAP, or PENDING as in component.h:
 * with cwrun_core_caller_wait, or with cwrun_caller_defer, whose ticket gives no result: `results` stays valid and is filled in before. */
typedef cwrun_status (*cwrun_core_fn)(cwrun_caller *caller, const cwrun_core_val *args, size_t n_args, cwrun_core_val *results, size_t n_results, void *user);

/* As cwrun_caller_wait, for a core function: `resume` gets the same arguments and place for results. */
CWRUN_API cwrun_status cwrun_core_caller_wait(cwrun_caller *caller, const cwrun_wait *waits, size_t n, uint64_t deadline, cwrun_core_fn resume, void *user);

/* Defines module.name for core modules; the type is taken from what imports it ("any") unless params/results are given as strings of
 * i l f d v r c letters (i32 i64 f32 f64 v128 funcref externref), NULL: any. */
CWRUN_API bool cwrun_linker_core_func(cwrun_linker *linker, const char *module, const char *name, const char *params, const char *results, cwrun_core_fn fn, void *user, void (*drop)(void *user), cwrun_error *err);
/* Gives all exports of a core instance as `module`. */
CWRUN_API bool cwrun_linker_core_instance(cwrun_linker *linker, const char *module, cwrun_core_instance *instance, cwrun_error *err);

/* Links, instantiates and runs the start function. linker may be NULL: no imports. */
CWRUN_API cwrun_core_instance *cwrun_module_instantiate(cwrun_store *store, cwrun_module *module, cwrun_linker *linker, cwrun_error *err);
/* Signature of an exported function: writes up to `room` CWRUN_CORE_… of parameters then results. false and an error where there is none. */
CWRUN_API bool cwrun_core_func_type(cwrun_core_instance *instance, const char *name, uint8_t *types, size_t room, size_t *n_params, size_t *n_results, cwrun_error *err);
CWRUN_API bool cwrun_core_call(cwrun_core_instance *instance, const char *name, const cwrun_core_val *args, size_t n_args, cwrun_core_val *results, size_t n_results, cwrun_error *err);
/* A bounds-checked view of an exported memory (NULL name: the first); NULL where out of bounds. Valid until the guest runs. */
CWRUN_API uint8_t *cwrun_core_memory(cwrun_core_instance *instance, const char *name, uint64_t at, uint64_t size);
CWRUN_API uint64_t cwrun_core_memory_size(cwrun_core_instance *instance, const char *name);
/* The caller's own instance, inside a core host function. */
CWRUN_API cwrun_core_instance *cwrun_caller_core_instance(cwrun_caller *caller);
CWRUN_API bool cwrun_core_global_get(cwrun_core_instance *instance, const char *name, cwrun_core_val *value);

#ifdef __cplusplus
}
#endif
#endif
