/* component/component.h: a decoded and checked component: a list of definitions to be carried out in order  [Binary.md;
 * Explainer: Component Definitions].
 *
 * The one idea: checking resolves everything that is static (index spaces, types, layouts, names); what is left is a
 * straight list of cw_def that instantiation runs through, each adding to the run-time index space of its sort. */
#ifndef CW_COMPONENT_COMPONENT_H
#define CW_COMPONENT_COMPONENT_H

#include "component/types.h"
#include "core/module.h"

typedef enum cw_sort {
    CW_SORT_CORE_FUNC,
    CW_SORT_CORE_TABLE,
    CW_SORT_CORE_MEMORY,
    CW_SORT_CORE_GLOBAL,
    CW_SORT_CORE_TAG,
    CW_SORT_CORE_TYPE,
    CW_SORT_CORE_MODULE,
    CW_SORT_CORE_INSTANCE,
    CW_SORT_FUNC,
    CW_SORT_VALUE,
    CW_SORT_TYPE,
    CW_SORT_INSTANCE,
    CW_SORT_COMPONENT,
    CW_SORT_COUNT
} cw_sort;

enum { CW_NO_INDEX = UINT32_MAX };

typedef enum cw_encoding { CW_UTF8, CW_UTF16, CW_LATIN1_UTF16 } cw_encoding;

/* Canonical options; indices are into the component's own core index spaces. */
typedef struct cw_canon_opts {
    uint8_t encoding; /* cw_encoding */
    bool memory64;    /* the memory has 64-bit addresses */
    bool is_async, always_task_return;
    bool gc;         /* values as references: checked, calls are refused (cw_options_of) */
    uint32_t memory; /* CW_NO_INDEX where none */
    uint32_t realloc;
    uint32_t post_return;
    uint32_t callback;
    cw_type_id gc_type; /* gc, lowers: the core function's type; else CW_NO_TYPE */
} cw_canon_opts;

typedef struct cw_component cw_component;
typedef struct cw_itype cw_itype; /* the type of an instance, component, module…: static side only (check_types.h) */

/* A name and what it names, in an index space: instantiation arguments and inline exports. */
typedef struct cw_named {
    cwrun_str name;
    uint8_t sort; /* cw_sort */
    uint32_t index;
} cw_named;

/* A resource variable that a definition brings into scope, and where its run-time resource type is found.
 *
 * The contract. Every component numbers its resource variables 0 … n_resources - 1; an instance of it keeps one
 * run-time resource type per variable. All types of the component (functions, imports, exports, canonical definitions)
 * use these numbers; types of a nested component use the nested component's own. Where the checker knows two paths to
 * be the same resource ((eq) bounds, re-exports) there is one variable. A variable is set exactly once, by the
 * definition that lists it:
 *
 *   CW_DEF_TYPE         of.type.resource != CW_NO_INDEX: a new run-time resource type for that variable (no binds)
 *   CW_DEF_IMPORT       TYPE (sub resource): one bind, n_path 0: the resource type that was given for the import;
 *                       INSTANCE: every abstract resource of the import's type, by path in the given instance
 *   CW_DEF_INSTANTIATE  every resource that the new instance exports and that did not come in through its arguments, by
 * path in the new instance: instantiating twice gives two variables. What came in through arguments keeps the variable
 * it has here already CW_DEF_EXPORT       only where an ascribed type hides an identity: TYPE (sub resource): n_path 0:
 * the exported thing's resource type, that is resources[type_vars[of.export_.index]]; INSTANCE: by path in the exported
 *                       instance
 *
 * All other definitions (aliases, inline exports, lifts …) bring none. A path names exports of the instance, each step
 * but the last an instance, the last a resource type. Numbers without any bind belong to types that were only declared;
 * they never occur in the type of something that exists at run time. No type crosses a component boundary by an outer
 * alias if it mentions resources, so variables of another component never show up. */
typedef struct cw_bind {
    uint32_t var;
    uint32_t n_path;
    const cwrun_str *path; /* export names, outermost first */
} cw_bind;

typedef enum cw_def_kind {
    CW_DEF_CORE_MODULE,      /* of.module: adds to CORE_MODULE */
    CW_DEF_CORE_INSTANTIATE, /* of.instantiate (index: core module; args: core instances): adds to CORE_INSTANCE */
    CW_DEF_CORE_EXPORTS,     /* of.exports: inline core exports: adds to CORE_INSTANCE */
    CW_DEF_CORE_TYPE,        /* adds to CORE_TYPE (nothing at run time) */
    CW_DEF_COMPONENT,        /* of.component: adds to COMPONENT */
    CW_DEF_INSTANTIATE,      /* of.instantiate (index: component): adds to INSTANCE */
    CW_DEF_EXPORTS,          /* of.exports: adds to INSTANCE */
    CW_DEF_ALIAS_EXPORT,     /* of.alias (instance, name): adds to `sort` */
    CW_DEF_ALIAS_CORE,       /* of.alias (core instance, name): adds to `sort` */
    CW_DEF_ALIAS_OUTER,      /* of.outer: adds to `sort` */
    CW_DEF_TYPE,             /* of.type: adds to TYPE; a new resource type where resource != CW_NO_INDEX */
    CW_DEF_LIFT,             /* of.canon (core func, functype): adds to FUNC */
    CW_DEF_LOWER,            /* of.canon (func): adds to CORE_FUNC */
    CW_DEF_CANON,            /* of.canon: any other built-in: adds to CORE_FUNC */
    CW_DEF_START,            /* of.start: values only; refused at instantiation as not supported yet */
    CW_DEF_IMPORT,           /* of.import: adds to `sort` */
    CW_DEF_EXPORT, /* of.export_: adds to `sort` again (the export's own index), and to the instance's exports */
    CW_DEF_VALUE   /* a value definition; not executed yet */
} cw_def_kind;

typedef struct cw_def {
    uint8_t kind;    /* cw_def_kind */
    uint8_t sort;    /* cw_sort it adds to */
    uint32_t index;  /* the index it gets there */
    uint64_t offset; /* in the file, for messages */
    uint32_t n_binds;
    const cw_bind *binds; /* resource variables this definition brings */
    union {
        cw_module *module;
        cw_component *component;
        struct {
            uint32_t index; /* of the module or component */
            uint32_t n_args;
            const cw_named *args; /* core: sort CORE_INSTANCE */
        } instantiate;
        struct {
            uint32_t n;
            const cw_named *items;
        } exports;
        struct {
            uint32_t instance;
            cwrun_str name;
        } alias;
        struct {
            uint32_t count; /* enclosing components to go out, ≥ 0 */
            uint32_t index; /* there */
        } outer;
        struct {
            uint32_t resource; /* variable of a resource defined here, or CW_NO_INDEX */
            uint32_t dtor;     /* core func index, or CW_NO_INDEX */
            uint32_t dtor_callback;
            bool dtor_async, rep64;
        } type;
        struct {
            uint8_t builtin;         /* cw_canon (canon.h) */
            uint32_t func;           /* LIFT: core func; LOWER: component func; THREAD_NEW_INDIRECT: core table */
            const cw_functype *type; /* LIFT, LOWER: the function's type (in this component's variables) */
            const cwrun_type *value; /* stream/future/task.return: the element or result type (may be NULL) */
            uint32_t resource;       /* resource.*: the variable */
            cw_canon_opts opts;
            cw_type_id core_type; /* of the core function it makes (LOWER, built-ins), canonical */
            uint32_t imm; /* context.*: slot; thread.* and waitable-set.*: 1 where cancellable; *.cancel*: 1 where
                             async; THREAD_NEW_INDIRECT: canonical id of the start function's type */
        } canon;
        struct {
            uint32_t func, n_args, n_results;
            const uint32_t *args;
        } start;
        struct {
            cwrun_str name;
            uint32_t import; /* index into cw_component.imports */
        } import;
        struct {
            cwrun_str name;
            uint32_t index;   /* what is exported, in `sort` */
            uint32_t export_; /* index into cw_component.exports */
        } export_;
    } of;
} cw_def;

typedef enum cw_name_kind {
    CW_NAME_LABEL,
    CW_NAME_CONSTRUCTOR,  /* "[constructor]resource" */
    CW_NAME_METHOD,       /* "[method]resource.label" */
    CW_NAME_STATIC,       /* "[static]resource.label" */
    CW_NAME_INTERFACE,    /* "ns:pkg/iface@1.0.0" */
    CW_NAME_LOCKED_DEP,   /* "locked-dep=<ns:pkg@1.0.0>,integrity=<…>" */
    CW_NAME_UNLOCKED_DEP, /* "unlocked-dep=<ns:pkg@{>=1.0.0}>" */
    CW_NAME_URL,          /* "url=<…>,integrity=<…>" */
    CW_NAME_INTEGRITY     /* "integrity=<sha256-…>" */
} cw_name_kind;

/* A name of an import or export, taken apart  [Explainer: Import and Export Definitions]. */
typedef struct cw_extern_name {
    cwrun_str text;        /* whole */
    cwrun_str base;        /* of an interface name: without "@version"; else the whole */
    cwrun_str version;     /* "0.2.0", or empty */
    cwrun_str suffix;      /* versionsuffix attribute: what the canonical version leaves out, or empty */
    cwrun_str resource;    /* CONSTRUCTOR, METHOD, STATIC: the resource's label */
    cwrun_str label;       /* METHOD, STATIC: the function's label; LABEL: the whole */
    cwrun_str implements;  /* attribute: interface name, or empty */
    cwrun_str external_id; /* attribute, or empty */
    uint8_t kind;          /* cw_name_kind */
    bool is_interface;
} cw_extern_name;

typedef struct cw_component_extern {
    cw_extern_name name;
    uint8_t sort;            /* cw_sort: FUNC, INSTANCE, COMPONENT, TYPE, VALUE or CORE_MODULE */
    const cw_itype *type;    /* static type, for subtype checks and printing */
    const cw_functype *func; /* FUNC: shortcut */
    uint32_t resource;       /* TYPE: the resource variable, or CW_NO_INDEX for a value type */
    const cwrun_type *value; /* TYPE of a value type: it */
} cw_component_extern;

/* What is known of a resource variable, for printing. */
typedef struct cw_resource_var {
    cwrun_str name; /* best known name, or empty */
    bool is_local;  /* defined in this component: resource.new and resource.rep are allowed */
    bool rep64;     /* is_local: represented by an i64 */
} cw_resource_var;

struct cw_component {
    cw_component *parent; /* enclosing component, or NULL */
    uint32_t n_defs;
    cw_def *defs;
    uint32_t n[CW_SORT_COUNT]; /* sizes of the index spaces */
    uint32_t n_resources;
    cw_resource_var *resources;
    uint32_t n_imports, n_exports;
    cw_component_extern *imports, *exports;
    const cw_functype **func_types; /* [n[FUNC]]: static type of every function index */
    uint32_t *type_vars;            /* [n[TYPE]]: the variable of a type index that is a resource, else CW_NO_INDEX */
    const cw_itype *type;           /* the component's own type */
    const uint8_t *bytes;
    size_t size, file_offset;
    cwrun_str name;    /* component-name section, or empty */
    bool needs_values; /* uses start or value definitions */
};

/* Decodes and checks a whole component (nested ones included). `r` stands at the preamble; everything made lives in
 * r->arena. NULL after a failure (in r->err). */
cw_component *cw_component_read(cw_reader *r, const cw_module_config *config);

/* The subtype check between what is given and what an import wants: check_types.h. */

/* ---- names.c ---- */

/* Import and export names: parses (kebab, interface, url=, integrity=, locked-dep=, unlocked-dep=) with every rule of
 * the grammar but the version of an interface name (cw_extern_name_check_version). false with a reason in `why` (static
 * text). */
bool cw_extern_name_parse(cwrun_str text, cw_features features, cw_extern_name *name, const char **why);
/* Whether version + suffix of an interface name are a valid semantic version (or, with a suffix or alone, a canonical
 * one). */
bool cw_extern_name_check_version(const cw_extern_name *name, const char **why);
/* Whether a text is a label in kebab case. */
bool cw_is_label(cwrun_str text);
/* The form in which strongly-unique names differ: lower case, annotations but [constructor] dropped, "l.l" as "l".
 * Written to `out` (room for text.size + 1 bytes); returns its length. */
size_t cw_extern_name_canon(const cw_extern_name *name, char *out);
/* Whether an import of `want` may be served by a definition of `have`: equal, or the same interface with compatible
 * versions (same major; for 0.x the same minor; 0.0.x the same patch; pre-releases only equal). Newer-than-have counts
 * as compatible here. */
bool cw_extern_name_compatible(const cw_extern_name *want, const cw_extern_name *have);

#endif
