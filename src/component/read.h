/* component/read.h: what the files of the component decoder share; private to component/.
 *
 * A component is decoded and checked in one pass, definition by definition: each is checked against the index spaces
 * built so far and adds to them. A scope is a set of index spaces: of a component, or of a component or instance type
 * while its declarators are read. Everything fails through the sticky reader; functions that make something give NULL
 * then. */
#ifndef CW_COMPONENT_READ_H
#define CW_COMPONENT_READ_H

#include "base/map.h"
#include "base/utf.h"
#include "base/vec.h"
#include "component/check_types.h"
#include "core/read.h"

/* Most of each thing in one component; beyond is a limit error. */
enum {
    CW_MAX_COMPONENT_TYPES = 1000000,
    CW_MAX_COMPONENT_FUNCS = 1000000,
    CW_MAX_COMPONENT_ITEMS = 1000000, /* imports, exports, declarators */
    CW_MAX_INSTANCES = 10000,         /* also of modules and components */
    CW_MAX_VALUES = 10000,
    CW_MAX_ARGS = 100000,
    CW_MAX_CASES = 10000, /* fields, cases, elements, labels */
    CW_MAX_RESOURCES = 1000000,
    CW_MAX_CANON_OPTS = 16,
    CW_MAX_RENAMED = 2000000, /* type nodes copied while one file is read */
    CW_MAX_WALKED = 50000000  /* type nodes looked at in checks of one file */
};

typedef enum cw_scope_kind { CW_SCOPE_COMPONENT, CW_SCOPE_COMPONENT_TYPE, CW_SCOPE_INSTANCE_TYPE } cw_scope_kind;

typedef enum cw_var_kind {
    CW_VAR_BOUND,  /* by a type that was only declared */
    CW_VAR_IMPORT, /* came in with an import */
    CW_VAR_DEFINED /* defined here, made by an instance here, or exported abstractly */
} cw_var_kind;

/* A resource variable while its component is read. */
typedef struct cw_var_info {
    uint32_t scope; /* serial of the scope it is free in; 0 for bound ones */
    uint8_t kind;   /* cw_var_kind */
} cw_var_info;

/* The names of one side (imports or exports) of a scope. */
typedef struct cw_extern_names {
    cw_map canonical;         /* strongly-unique form → place in the list */
    cw_map resources;         /* names of the resources at top level */
    cw_ptrmap resource_names; /* described type of such a resource → place in `resources` + 1 */
} cw_extern_names;

typedef struct cw_value_entry {
    const cwrun_type *type;
    bool used;
} cw_value_entry;

typedef struct cw_scope {
    struct cw_scope *parent;
    struct cw_scope *owner; /* the component scope it belongs to; itself for components */
    uint8_t kind;           /* cw_scope_kind */
    uint32_t serial, depth;
    uint32_t first_var; /* variables of the owner before it; its own come behind */

    cw_builder core; /* core types: core.type_ids, CW_NO_TYPE for module types */
    cw_module core_module;
    CW_VEC(const cw_module_type *) core_type_modules; /* beside type_ids: NULL for others */

    CW_VEC(cw_type_id) core_funcs;
    CW_VEC(cw_type_id) core_tags;
    CW_VEC(cw_tabletype) core_tables;
    CW_VEC(cw_memtype) core_memories;
    CW_VEC(cw_globaltype) core_globals;
    CW_VEC(const cw_module_type *) core_modules;
    CW_VEC(const cw_module_type *) core_instances; /* their exports */

    CW_VEC(const cw_itype *) types; /* described: FUNC, VALUE, INSTANCE, COMPONENT, RESOURCE */
    CW_VEC(const cw_functype *) funcs;
    CW_VEC(const cw_itype *) instances;
    CW_VEC(const cw_itype *) components;
    CW_VEC(cw_value_entry) values;

    CW_VEC(cw_item) imports;
    CW_VEC(cw_item) exports;
    cw_extern_names import_names, export_names;
    cw_ptrmap named; /* types with an externally visible name: CW_NAMED_… */

    /* components only */
    cw_component *component;
    CW_VEC(cw_def) defs;
    CW_VEC(cw_component_extern) import_list;
    CW_VEC(cw_component_extern) export_list;
    CW_VEC(cw_resource_var) vars;
    CW_VEC(cw_var_info) var_infos;
    uint32_t n_children;
    uint8_t context_type; /* core type of context.get and set, once one is seen */
    bool has_start;
} cw_scope;

enum { CW_NAMED_IMPORT = 1, CW_NAMED_EXPORT = 2 };

typedef struct cw_loader {
    cw_reader *r;
    const cw_module_config *config;
    const cw_alloc *alloc; /* scratch */
    cw_arena *arena;
    cw_arena scratch; /* names of one list of labels, of one scope's externs */
    cw_scope *scope;
    cw_def nowhere; /* what cw_add_def gives in type scopes and after a failure */
    uint32_t next_serial;
    bool is_damaged; /* an error was reported: what is not closed in itself cannot be checked any more */
    uint64_t rename_budget, walk_budget;
} cw_loader;

/* ---- read_component.c ---- */

/* A new scope inside the current one. NULL with the reader failed. */
cw_scope *cw_scope_push(cw_loader *l, uint8_t kind);
void cw_scope_pop(cw_loader *l);
/* Adds a zeroed definition to the current component; a stand-in after a failure, so never NULL. Its index is that of
 * the next element of its sort: call it before the element is added. */
cw_def *cw_add_def(cw_loader *l, uint8_t kind, uint8_t sort, const uint8_t *at);
uint32_t cw_scope_count(const cw_scope *s, uint8_t sort);
/* A copy of `n` elements in the arena; NULL with the reader failed. */
void *cw_arena_keep(cw_loader *l, const void *items, size_t n, size_t size);
/* Adds to an index space of the current scope what a thing's type says (not for TYPE: its described type is added). */
void cw_add_thing(cw_loader *l, const cw_itype *type);

#define CW_SCOPE_ADD(l, vec, value) \
    do { \
        __typeof__((vec)->items) slot_ = CW_VEC_PUSH((vec), (l)->alloc); \
        if (slot_) \
            *slot_ = (value); \
        else \
            cw_reader_oom((l)->r); \
    } while (0)

/* Indices into the current scope: fail with "unknown …" and then give NULL (or CW_NO_TYPE). */
const cw_itype *cw_type_at(cw_loader *l, const uint8_t *at, uint32_t index);
const cw_functype *cw_func_at(cw_loader *l, const uint8_t *at, uint32_t index);
const cw_itype *cw_instance_at(cw_loader *l, const uint8_t *at, uint32_t index);
const cw_itype *cw_component_at(cw_loader *l, const uint8_t *at, uint32_t index);
const cw_module_type *cw_core_module_at(cw_loader *l, const uint8_t *at, uint32_t index);
const cw_module_type *cw_core_instance_at(cw_loader *l, const uint8_t *at, uint32_t index);
const cw_subtype *cw_core_func_at(cw_loader *l, const uint8_t *at, uint32_t index);
cw_value_entry *cw_value_at(cw_loader *l, const uint8_t *at, uint32_t index);
/* A resource's variable by type index; CW_NO_INDEX after a failure. */
uint32_t cw_resource_at(cw_loader *l, const uint8_t *at, uint32_t index);
/* What an index of a component-level sort (or CORE_MODULE) is, as the type of the thing. */
const cw_itype *cw_thing_at(cw_loader *l, const uint8_t *at, uint8_t sort, uint32_t index);

/* sort and core:sort  [Binary.md: Instance Definitions]; CW_SORT_COUNT after a failure. */
uint8_t cw_read_sort(cw_loader *l);
uint8_t cw_read_core_sort(cw_loader *l);

/* ---- read_core.c: core types, instances, modules ---- */
void cw_read_core_type(cw_loader *l);
void cw_read_core_instance(cw_loader *l);
/* The type of a decoded module. */
const cw_module_type *cw_type_of_module(cw_loader *l, const uint8_t *at, const cw_module *m);

/* ---- read_types.c: type definitions ---- */
void cw_read_type(cw_loader *l);
const cwrun_type *cw_read_component_valtype(cw_loader *l);
/* 0x00 type or 0x01 0x00; NULL for none too: look at r->ok. */
const cwrun_type *cw_read_resultlist(cw_loader *l);

/* ---- read_extern.c: imports, exports, externtypes, names ---- */
void cw_read_import(cw_loader *l); /* also of component types */
void cw_read_export(cw_loader *l);
void cw_read_exportdecl(cw_loader *l);
cw_extern_name cw_read_nameattributes(cw_loader *l, bool is_import);
/* Checks a name against what it names and the names of the `n` items before it, and adds it. Inline exports are no
 * scope: they name no resources. */
enum { CW_SIDE_IMPORT, CW_SIDE_EXPORT, CW_SIDE_INLINE };
void cw_check_extern_name(cw_loader *l, const uint8_t *at, cw_extern_names *names, const cw_extern_name *name,
                          const cw_itype *type, const cw_item *items, uint32_t n, int side);
void cw_extern_names_fini(cw_loader *l, cw_extern_names *names);

/* ---- read_instance.c: component instances and aliases ---- */
void cw_read_instance(cw_loader *l);
void cw_read_alias(cw_loader *l);

/* ---- check_vars.c: resource variables ---- */

/* A new variable, free in the current scope. */
uint32_t cw_new_var(cw_loader *l, uint8_t kind, cwrun_str name);
/* An instance of a (closed) instance type in the current scope: its bound variables become new ones of `kind`. */
const cw_itype *cw_open_instance(cw_loader *l, const cw_itype *type, uint8_t kind);
/* Binds of the variables from `first` on, found by paths in an instance, into a definition. */
void cw_bind_vars(cw_loader *l, cw_def *def, const cw_itype *instance, uint32_t first);
/* A closed type of another component, in variables of the current one. */
const cw_itype *cw_adopt_type(cw_loader *l, const cw_itype *type);
/* Whether a type mentions variables that are free in a scope that is still open. `owner` is the component whose they
 * are. */
bool cw_has_free_vars(cw_loader *l, const cw_scope *owner, const cw_itype *type);
/* The type of the current scope, with its variables bound  [wasm: local resources must be exported to be used]. */
const cw_itype *cw_finish_scope(cw_loader *l, const uint8_t *at);
/* After a matcher or renamer failed for another reason than types: reports it; false where there was none. */
bool cw_report_limits(cw_loader *l, const uint8_t *at, bool oom, bool too_much);

/* ---- check_named.c: external visibility ---- */

/* Checks that what a thing's type refers to has an externally visible name, and registers what it names. */
void cw_check_named(cw_loader *l, const uint8_t *at, const cw_itype *type, bool is_import);

/* ---- read_canon.c, read_value.c ---- */
void cw_read_canon(cw_loader *l);
void cw_read_value(cw_loader *l);
void cw_read_component_start(cw_loader *l);

/* ---- check_gc_abi.c ---- */

/* Whether a component function may be lifted from or lowered to a core function of this type with the `gc` option. */
void cw_check_gc_func(cw_loader *l, const uint8_t *at, const cw_canon_opts *o, const cw_functype *f,
                      const cw_subtype *core);

/* Refuses types that are nested too deeply or too big. */
bool cw_check_type_size(cw_loader *l, const uint8_t *at, uint32_t depth, uint32_t tree_size);

#endif
