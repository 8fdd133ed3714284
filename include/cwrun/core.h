/* cwrun/core.h: core WebAssembly modules: types, instances, functions, memories, tables, globals, tags, references.
 *
 * What a store holds (instances, functions, memories, tables, globals, tags) belongs to it: pointers are valid as long
 * as the store, equal for the same object, and never dropped. Modules are counted, types live as long as their engine.
 * References other than functions are handles: the store knows which ones the host holds, and finds stale ones out.
 * Misuse (a wrong type, count, place or store, NULL where something is needed) is an argument error, and nothing has
 * happened; a host function's misuse is a trap of its guest. Calls fail with CWRUN_ERROR_TRAP, _LIMIT, _EXIT or
 * _EXCEPTION as the guest does. */
#ifndef CWRUN_CORE_H
#define CWRUN_CORE_H

#include "cwrun/component.h"

#ifdef __cplusplus
extern "C" {
#endif

typedef struct cwrun_module cwrun_module;               /* immutable, shareable between threads */
typedef struct cwrun_core_instance cwrun_core_instance; /* these belong to their store */
typedef struct cwrun_core_func cwrun_core_func;
typedef struct cwrun_memory cwrun_memory;
typedef struct cwrun_table cwrun_table;
typedef struct cwrun_global cwrun_global;
typedef struct cwrun_tag cwrun_tag;

/* ---- types ---- */

/* Kinds of values. A reference's kind is the top of its type's hierarchy. */
enum {
    CWRUN_CORE_I32 = 1,
    CWRUN_CORE_I64,
    CWRUN_CORE_F32,
    CWRUN_CORE_F64,
    CWRUN_CORE_V128,
    CWRUN_CORE_FUNCREF,
    CWRUN_CORE_EXTERNREF,
    CWRUN_CORE_ANYREF, /* any, eq, i31, struct, array and their defined types */
    CWRUN_CORE_EXNREF
};

/* A value type: one of the numbers I32 … V128 above, or a reference type: one of these or what reflection gave. */
typedef uint32_t cwrun_core_type;
#define CWRUN_TYPE_FUNCREF 0xc0000000u /* (ref null func) */
#define CWRUN_TYPE_EXTERNREF 0xc0000002u
#define CWRUN_TYPE_ANYREF 0xc0000004u
#define CWRUN_TYPE_EQREF 0xc0000005u
#define CWRUN_TYPE_I31REF 0xc0000006u
#define CWRUN_TYPE_STRUCTREF 0xc0000007u
#define CWRUN_TYPE_ARRAYREF 0xc0000008u
#define CWRUN_TYPE_EXNREF 0xc000000au

/* CWRUN_CORE_…; 0: not a type of this engine. */
CWRUN_API uint8_t cwrun_core_type_kind(cwrun_engine *engine, cwrun_core_type type);
/* False for (ref …), which has no null, and for numbers. */
CWRUN_API bool cwrun_core_type_is_nullable(cwrun_core_type type);
/* As text: "i32", "(ref null func)". Writes at most size bytes, NUL included. */
CWRUN_API void cwrun_core_type_print(cwrun_engine *engine, cwrun_core_type type, char *out, size_t size);

/* A function type; equal types are one object, which lives as long as its engine. At most 1,000 parameters and as many
 * results; NULL is an error. */
typedef struct cwrun_core_functype cwrun_core_functype;
CWRUN_API const cwrun_core_functype *cwrun_core_functype_new(cwrun_engine *engine, const cwrun_core_type *params,
                                                             size_t n_params, const cwrun_core_type *results,
                                                             size_t n_results, cwrun_error *err);
CWRUN_API uint32_t cwrun_core_functype_n_params(const cwrun_core_functype *type);
CWRUN_API uint32_t cwrun_core_functype_n_results(const cwrun_core_functype *type);
CWRUN_API cwrun_core_type cwrun_core_functype_param(const cwrun_core_functype *type, uint32_t i); /* 0: out of range */
CWRUN_API cwrun_core_type cwrun_core_functype_result(const cwrun_core_functype *type, uint32_t i);

/* Pages of a memory or elements of a table. */
typedef struct cwrun_core_limits {
    uint64_t min, max; /* max counts where has_max */
    bool has_max, is_64, is_shared;
    uint32_t page_size; /* memories: bytes, 65536 or 1; 0 given means 65536 */
} cwrun_core_limits;

/* The type of an import, an export or an object. */
typedef struct cwrun_externtype {
    uint8_t kind;                    /* CWRUN_ITEM_CORE_… */
    const cwrun_core_functype *func; /* FUNC, TAG */
    cwrun_core_type type;            /* GLOBAL: of its value; TABLE: of its elements */
    bool is_mutable;                 /* GLOBAL */
    cwrun_core_limits limits;        /* TABLE, MEMORY */
} cwrun_externtype;

/* Of an item of a core module; false where it is none. */
CWRUN_API bool cwrun_item_externtype(const cwrun_item *item, cwrun_externtype *type);

/* ---- values and references ---- */

/* A reference to anything but a function, as the host holds it: 0 is null. Those that calls, tables and globals give
 * last until the next outermost call into the store has returned; inside a host function, those and its arguments until
 * it answers. cwrun_ref_keep makes one that lasts until it is dropped. Stale ones are argument errors. */
typedef uint64_t cwrun_ref;

typedef struct cwrun_core_val {
    uint8_t type; /* its kind, CWRUN_CORE_… */
    union {
        int32_t i32;
        int64_t i64;
        float f32;
        double f64;
        uint8_t v128[16];
        cwrun_core_func *func; /* FUNCREF; NULL is null */
        cwrun_ref ref;         /* the other references */
    } of;
} cwrun_core_val;

#define CWRUN_CORE_VAL_MAKER(name, KIND, ctype, member) \
    static inline cwrun_core_val cwrun_core_##name(ctype value) \
    { \
        cwrun_core_val v; \
        memset(&v, 0, sizeof v); \
        v.type = KIND; \
        v.of.member = value; \
        return v; \
    }
CWRUN_CORE_VAL_MAKER(i32, CWRUN_CORE_I32, int32_t, i32)
CWRUN_CORE_VAL_MAKER(i64, CWRUN_CORE_I64, int64_t, i64)
CWRUN_CORE_VAL_MAKER(f32, CWRUN_CORE_F32, float, f32)
CWRUN_CORE_VAL_MAKER(f64, CWRUN_CORE_F64, double, f64)
CWRUN_CORE_VAL_MAKER(funcref, CWRUN_CORE_FUNCREF, cwrun_core_func *, func)
CWRUN_CORE_VAL_MAKER(externref, CWRUN_CORE_EXTERNREF, cwrun_ref, ref)
CWRUN_CORE_VAL_MAKER(anyref, CWRUN_CORE_ANYREF, cwrun_ref, ref)

/* One more reference to the same, which lasts until cwrun_ref_drop or the store's end. 0: `ref` is null,
 * or an error. */
CWRUN_API cwrun_ref cwrun_ref_keep(cwrun_store *store, cwrun_ref ref, cwrun_error *err);
/* One more reference to the same, which lasts as those do that calls give. */
CWRUN_API cwrun_ref cwrun_ref_copy(cwrun_store *store, cwrun_ref ref, cwrun_error *err);
CWRUN_API void cwrun_ref_drop(cwrun_store *store, cwrun_ref ref);
/* Whether both mean the same object (or are null); false where one is stale. */
CWRUN_API bool cwrun_ref_same(cwrun_store *store, cwrun_ref a, cwrun_ref b);

/* A new externref to an object of the host. drop(object) (may be NULL) runs when nothing refers to it any more, at the
 * latest when the store goes; not where this fails. It must not enter the store, in the middle of a collection: calls,
 * new instances and objects, and tables that grow, are argument errors there, and memories refuse to grow. */
CWRUN_API cwrun_ref cwrun_externref_new(cwrun_store *store, void *object, void (*drop)(void *object), cwrun_error *err);
/* The object of an externref; NULL where it is stale or not of the host. */
CWRUN_API void *cwrun_externref_object(cwrun_store *store, cwrun_ref ref);

/* The exact type of what a reference means: (ref $t) of a structure or array, (ref i31), (ref exn), else the top of its
 * hierarchy. 0: null or stale. */
CWRUN_API cwrun_core_type cwrun_ref_type(cwrun_store *store, cwrun_ref ref);

/* The guest's garbage-collected objects: new ones of a type that reflection gave, with all fields (packed ones as i32,
 * of which the low bits are taken), or with `length` elements that are all `init`; of an i31 the low 31 bits of the
 * value. 0: an error. The references last as those do that calls give. */
CWRUN_API cwrun_ref cwrun_i31_new(cwrun_store *store, int32_t value, cwrun_error *err);
CWRUN_API bool cwrun_i31_get(cwrun_store *store, cwrun_ref ref, int32_t *value); /* sign-extended; false: it is none */
CWRUN_API cwrun_ref cwrun_struct_new(cwrun_store *store, cwrun_core_type type, const cwrun_core_val *fields, size_t n,
                                     cwrun_error *err);
/* Of a type with a descriptor (-W custom-descriptors), which is of exactly the type that it names; and what a
 * structure's is. */
CWRUN_API cwrun_ref cwrun_struct_new_desc(cwrun_store *store, cwrun_core_type type, cwrun_ref descriptor,
                                          const cwrun_core_val *fields, size_t n, cwrun_error *err);
CWRUN_API cwrun_ref cwrun_struct_descriptor(cwrun_store *store, cwrun_ref ref, cwrun_error *err);
CWRUN_API cwrun_ref cwrun_array_new(cwrun_store *store, cwrun_core_type type, const cwrun_core_val *init,
                                    uint32_t length, cwrun_error *err);
/* Fields of a structure, elements of an array, values of an exception: how many (0 where it is none of these), one, and
 * another value for one that is mutable. */
CWRUN_API uint32_t cwrun_object_size(cwrun_store *store, cwrun_ref ref);
CWRUN_API bool cwrun_object_get(cwrun_store *store, cwrun_ref ref, uint32_t i, cwrun_core_val *value, cwrun_error *err);
CWRUN_API bool cwrun_object_set(cwrun_store *store, cwrun_ref ref, uint32_t i, const cwrun_core_val *value,
                                cwrun_error *err);

/* The exception that made the last call fail with CWRUN_ERROR_EXCEPTION; 0: there is none, or an error. err may be
 * NULL, and should not be that of the call. Its tag; NULL: it is no exception. */
CWRUN_API cwrun_ref cwrun_store_exception(cwrun_store *store, cwrun_error *err);
CWRUN_API cwrun_tag *cwrun_exception_tag(cwrun_store *store, cwrun_ref exception);

/* ---- modules ---- */

/* Decodes and checks. The bytes are copied. `name` (may be NULL) is what messages call it. */
CWRUN_API cwrun_module *cwrun_module_load(cwrun_engine *engine, const void *bytes, size_t size, const char *name,
                                          cwrun_error *err);
CWRUN_API cwrun_module *cwrun_module_open(cwrun_engine *engine, const char *path, cwrun_error *err);
/* Prints the instructions of a function, by index, name or export (NULL: of all), with their offsets in the file;
 * `is_translated`: the internal code the interpreter runs instead, whose form may change with every version. */
CWRUN_API bool cwrun_module_objdump(cwrun_module *module, const char *function, bool is_translated,
                                    cwrun_write_fn write, void *user, cwrun_error *err);
CWRUN_API void cwrun_module_drop(cwrun_module *module);
/* The same module once more, to be dropped once more; from any thread. */
CWRUN_API cwrun_module *cwrun_module_share(cwrun_module *module);
CWRUN_API uint32_t cwrun_module_n_imports(const cwrun_module *module);
CWRUN_API cwrun_item cwrun_module_import(const cwrun_module *module, uint32_t i);
CWRUN_API uint32_t cwrun_module_n_exports(const cwrun_module *module);
CWRUN_API cwrun_item cwrun_module_export(const cwrun_module *module, uint32_t i);
/* The bytes it was loaded from; they live as long as the module. */
CWRUN_API cwrun_str cwrun_module_bytes(const cwrun_module *module);

/* ---- instances ---- */

/* An import or export. */
typedef struct cwrun_extern {
    uint8_t kind; /* CWRUN_ITEM_CORE_…; 0: nothing */
    union {
        cwrun_core_func *func;
        cwrun_memory *memory;
        cwrun_table *table;
        cwrun_global *global;
        cwrun_tag *tag;
    } of;
} cwrun_extern;

/* Links by name, instantiates and runs the start function. linker may be NULL: no imports. */
CWRUN_API cwrun_core_instance *cwrun_module_instantiate(cwrun_store *store, cwrun_module *module, cwrun_linker *linker,
                                                        cwrun_error *err);
/* The same with imports by place, in the order of cwrun_module_import; n must be their number. */
CWRUN_API cwrun_core_instance *cwrun_module_instantiate_with(cwrun_store *store, cwrun_module *module,
                                                             const cwrun_extern *imports, size_t n, cwrun_error *err);
CWRUN_API cwrun_store *cwrun_core_instance_store(const cwrun_core_instance *instance);
/* The i-th export, in the order of cwrun_module_export. kind 0: out of range, or memory ran out. */
CWRUN_API uint32_t cwrun_core_instance_n_exports(const cwrun_core_instance *instance);
CWRUN_API cwrun_extern cwrun_core_instance_export(cwrun_core_instance *instance, uint32_t i);
/* An export by name; NULL and an argument error with near names where there is none of that kind. */
CWRUN_API cwrun_core_func *cwrun_core_instance_func(cwrun_core_instance *instance, const char *name, cwrun_error *err);
CWRUN_API cwrun_memory *cwrun_core_instance_memory(cwrun_core_instance *instance, const char *name, cwrun_error *err);
CWRUN_API cwrun_table *cwrun_core_instance_table(cwrun_core_instance *instance, const char *name, cwrun_error *err);
CWRUN_API cwrun_global *cwrun_core_instance_global(cwrun_core_instance *instance, const char *name, cwrun_error *err);
CWRUN_API cwrun_tag *cwrun_core_instance_tag(cwrun_core_instance *instance, const char *name, cwrun_error *err);
/* The type of an object, with current sizes as limits. False: kind 0 or NULL. */
CWRUN_API bool cwrun_extern_type(const cwrun_extern *external, cwrun_externtype *type);

/* ---- functions ---- */

/* A host function for core modules: results has room for all of them, and types set. Answers DONE, TRAP, or PENDING as
 * in component.h: with cwrun_core_caller_wait, or with cwrun_caller_defer, whose ticket gives no result: `results`
 * stays valid and is filled in before. */
typedef cwrun_status (*cwrun_core_fn)(cwrun_caller *caller, const cwrun_core_val *args, size_t n_args,
                                      cwrun_core_val *results, size_t n_results, void *user);

/* As cwrun_caller_wait, for a core function: `resume` gets the same arguments and place for results. */
CWRUN_API cwrun_status cwrun_core_caller_wait(cwrun_caller *caller, const cwrun_wait *waits, size_t n,
                                              uint64_t deadline, cwrun_core_fn resume, void *user);
/* The instance that imports the function, inside a host function of a linker; NULL for those of cwrun_core_func_new. */
CWRUN_API cwrun_core_instance *cwrun_caller_core_instance(cwrun_caller *caller);

/* Ends a host function for core modules with an exception: `return cwrun_caller_throw(…)`; where it answers otherwise,
 * nothing is thrown. The values (copied) are those of the tag's type, or it is a trap. The second throws one that was
 * caught or left a call before. */
CWRUN_API cwrun_status cwrun_caller_throw(cwrun_caller *caller, cwrun_tag *tag, const cwrun_core_val *values, size_t n);
CWRUN_API cwrun_status cwrun_caller_throw_ref(cwrun_caller *caller, cwrun_ref exception);

/* A function of the host. drop(user) (may be NULL) runs when the store goes; not where this fails. */
CWRUN_API cwrun_core_func *cwrun_core_func_new(cwrun_store *store, const cwrun_core_functype *type, cwrun_core_fn fn,
                                               void *user, void (*drop)(void *user), cwrun_error *err);
CWRUN_API const cwrun_core_functype *cwrun_core_func_type(const cwrun_core_func *func);
CWRUN_API cwrun_store *cwrun_core_func_store(const cwrun_core_func *func);
/* Calls it and drives the store until the results are there; n_results is room, and must be enough for all. From inside
 * host functions too; `args` and `results` may be the same. */
CWRUN_API bool cwrun_core_func_call(cwrun_core_func *func, const cwrun_core_val *args, size_t n_args,
                                    cwrun_core_val *results, size_t n_results, cwrun_error *err);
/* Whether its type is that of the letters, as cwrun_linker_core_func takes them ("" for none). */
CWRUN_API bool cwrun_core_func_is(const cwrun_core_func *func, const char *params, const char *results);
/* The typed, fast way, for functions of numbers alone, whose type was looked at before (cwrun_core_func_is): `slots`
 * holds the arguments, then the results. i32 and f32 take the low half of a slot (an i32's other half is cleared), v128
 * two slots. n_slots must be the greater of both counts at the least. A failure leaves the values as they are. */
CWRUN_API bool cwrun_core_func_call_slots(cwrun_core_func *func, uint64_t *slots, size_t n_slots, cwrun_error *err);
/* cwrun_core_func_call by name. */
CWRUN_API bool cwrun_core_call(cwrun_core_instance *instance, const char *name, const cwrun_core_val *args,
                               size_t n_args, cwrun_core_val *results, size_t n_results, cwrun_error *err);

/* ---- memories ---- */

CWRUN_API cwrun_memory *cwrun_memory_new(cwrun_store *store, const cwrun_core_limits *limits, cwrun_error *err);
CWRUN_API uint64_t cwrun_memory_size(const cwrun_memory *memory); /* bytes */
CWRUN_API uint64_t cwrun_memory_pages(const cwrun_memory *memory);
/* Grows by pages; *before (may be NULL) gets their number before. False: refused, by its maximum or a limit; not an
 * error. */
CWRUN_API bool cwrun_memory_grow(cwrun_memory *memory, uint64_t pages, uint64_t *before);
/* Its first byte and a view of `size` bytes at `at`; NULL where those are not all inside. Both are valid until the
 * memory grows: until a guest runs or cwrun_memory_grow is called. */
CWRUN_API uint8_t *cwrun_memory_data(cwrun_memory *memory);
CWRUN_API uint8_t *cwrun_memory_at(cwrun_memory *memory, uint64_t at, uint64_t size);
/* Copies; out of bounds is an argument error, and nothing is copied. */
CWRUN_API bool cwrun_memory_read(const cwrun_memory *memory, uint64_t at, void *out, size_t size, cwrun_error *err);
CWRUN_API bool cwrun_memory_write(cwrun_memory *memory, uint64_t at, const void *bytes, size_t size, cwrun_error *err);

/* Memories that several stores use at once, in OS threads of their own (-W threads; features_on "threads"). They are
 * counted, belong to no store, and their bytes never move. A store pays for the growth it causes (max_memory). The
 * host's accesses while guests run must be atomic ones. */
typedef struct cwrun_shared_memory cwrun_shared_memory;
/* limits: is_shared and a maximum; that much address space is held. */
CWRUN_API cwrun_shared_memory *cwrun_shared_memory_new(cwrun_engine *engine, const cwrun_core_limits *limits,
                                                       cwrun_error *err);
/* The same once more, to be dropped once more; from any thread. */
CWRUN_API cwrun_shared_memory *cwrun_shared_memory_share(cwrun_shared_memory *memory);
CWRUN_API void cwrun_shared_memory_drop(cwrun_shared_memory *memory);
CWRUN_API uint64_t cwrun_shared_memory_size(const cwrun_shared_memory *memory); /* bytes */
/* A view of `size` bytes at `at`, valid as long as the memory; NULL where those are not all inside. */
CWRUN_API uint8_t *cwrun_shared_memory_at(cwrun_shared_memory *memory, uint64_t at, uint64_t size);
/* memory.atomic.notify: wakes up to `count` of those who wait at an address; how many. */
CWRUN_API uint32_t cwrun_shared_memory_notify(cwrun_shared_memory *memory, uint64_t at, uint32_t count);
/* It as a memory of the store, to be given as an import; the same each time. */
CWRUN_API cwrun_memory *cwrun_memory_of_shared(cwrun_store *store, cwrun_shared_memory *memory, cwrun_error *err);
/* The shared memory behind one of a store (a guest's own, say), to be dropped; NULL where it is not shared. */
CWRUN_API cwrun_shared_memory *cwrun_memory_shared(const cwrun_memory *memory);

/* A view and the size of an instance's exported memory by name (NULL: the first one);
 * NULL and 0 where there is none. */
CWRUN_API uint8_t *cwrun_core_memory(cwrun_core_instance *instance, const char *name, uint64_t at, uint64_t size);
CWRUN_API uint64_t cwrun_core_memory_size(cwrun_core_instance *instance, const char *name);

/* ---- tables, globals, tags ---- */

/* init (may be NULL: null) fills it. */
CWRUN_API cwrun_table *cwrun_table_new(cwrun_store *store, cwrun_core_type elem, const cwrun_core_limits *limits,
                                       const cwrun_core_val *init, cwrun_error *err);
CWRUN_API uint64_t cwrun_table_size(const cwrun_table *table);
CWRUN_API bool cwrun_table_get(cwrun_table *table, uint64_t i, cwrun_core_val *value, cwrun_error *err);
CWRUN_API bool cwrun_table_set(cwrun_table *table, uint64_t i, const cwrun_core_val *value, cwrun_error *err);
/* Grows by n elements of `init` (NULL: null). False without an error: refused, by its maximum or a limit. */
CWRUN_API bool cwrun_table_grow(cwrun_table *table, uint64_t n, const cwrun_core_val *init, uint64_t *before,
                                cwrun_error *err);

CWRUN_API cwrun_global *cwrun_global_new(cwrun_store *store, cwrun_core_type type, bool is_mutable,
                                         const cwrun_core_val *value, cwrun_error *err);
CWRUN_API bool cwrun_global_get(cwrun_global *global, cwrun_core_val *value, cwrun_error *err);
/* A global that is not mutable is an argument error. */
CWRUN_API bool cwrun_global_set(cwrun_global *global, const cwrun_core_val *value, cwrun_error *err);
/* An instance's exported global by name. */
CWRUN_API bool cwrun_core_global_get(cwrun_core_instance *instance, const char *name, cwrun_core_val *value);

/* A tag whose exceptions carry the parameters of `type`, which has no results. */
CWRUN_API cwrun_tag *cwrun_tag_new(cwrun_store *store, const cwrun_core_functype *type, cwrun_error *err);

/* ---- linkers ---- */

/* Defines module.name for core modules; the type is taken from what imports it ("any") unless params/results are given
 * as strings of i l f d v r c letters (i32 i64 f32 f64 v128 funcref externref), NULL: any. */
CWRUN_API bool cwrun_linker_core_func(cwrun_linker *linker, const char *module, const char *name, const char *params,
                                      const char *results, cwrun_core_fn fn, void *user, void (*drop)(void *user),
                                      cwrun_error *err);
/* Gives an object of a store; to instances of that store only, which may be gone before the linker. */
CWRUN_API bool cwrun_linker_core_extern(cwrun_linker *linker, const char *module, const char *name,
                                        const cwrun_extern *external, cwrun_error *err);
/* Defines `interface` # `name` as a core module, for components that import one. The linker keeps the module. */
CWRUN_API bool cwrun_linker_module(cwrun_linker *linker, const char *interface, const char *name, cwrun_module *module,
                                   cwrun_error *err);
/* Gives all exports of a core instance as `module`. */
CWRUN_API bool cwrun_linker_core_instance(cwrun_linker *linker, const char *module, cwrun_core_instance *instance,
                                          cwrun_error *err);

#ifdef __cplusplus
}
#endif
#endif
