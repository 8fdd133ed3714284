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
    uint8_t encoding;     /* cw_encoding */
    bool memory64;        /* the memory has 64-bit addresses */
    bool is_async, always_task_return, gc;
    uint32_t memory;      /* CW_NO_INDEX where none */
    uint32_t realloc;
    uint32_t post_return;
    uint32_t callback;
} cw_canon_opts;

/* Canonical built-ins: one table, canon.def. */
typedef enum cw_canon {
#define CANON(id, name, code, set, imm, type) CW_CANON_##id,
#include "component/canon.def"
#undef CANON
    CW_CANON_COUNT
} cw_canon;

typedef struct cw_component cw_component;
typedef struct cw_itype cw_itype; /* the type of an instance, component, module…: static side only (check_types.h) */

/* A name and what it names, in an index space: instantiation arguments and inline exports. */
typedef struct cw_named {
    cwrun_str name;
    uint8_t sort; /* cw_sort */
    uint32_t index;
} cw_named;

/* A resource variable that a definition brings into scope, and where its run-time resource type is found: by following
 * `path` from the instance that was just added (imports and instances), or 0 steps for a type import or alias. */
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
    CW_DEF_EXPORT,           /* of.export_: adds to `sort` again (the export's own index), and to the instance's exports */
    CW_DEF_VALUE             /* a value definition; not executed yet */
} cw_def_kind;

typedef struct cw_def {
    uint8_t kind; /* cw_def_kind */
    uint8_t sort; /* cw_sort it adds to */
    uint32_t index; /* the index it gets there */
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
            uint32_t resource;   /* variable of a resource defined here, or CW_NO_INDEX */
            uint32_t dtor;       /* core func index, or CW_NO_INDEX */
            uint32_t dtor_callback;
            bool dtor_async, rep64;
        } type;
        struct {
            uint8_t builtin;     /* cw_canon */
            uint32_t func;       /* LIFT: core func; LOWER: component func */
            const cw_functype *type; /* LIFT, LOWER: the function's type (in this component's variables) */
            const cwrun_type *value; /* stream/future/task.return: the element or result type (may be NULL) */
            uint32_t resource;   /* resource.*: the variable */
            cw_canon_opts opts;
            cw_type_id core_type; /* of the core function it makes (LOWER, built-ins), canonical */
            uint32_t imm;        /* context slot, cancellable … */
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
            uint32_t index;  /* what is exported, in `sort` */
            uint32_t export_; /* index into cw_component.exports */
        } export_;
    } of;
} cw_def;

/* A name of an import or export, taken apart  [Explainer: Import and Export Definitions]. */
typedef struct cw_extern_name {
    cwrun_str text;      /* whole */
    cwrun_str base;      /* of an interface name: without "@version"; else the whole */
    cwrun_str version;   /* "0.2.0", or empty */
    bool is_interface;
} cw_extern_name;

typedef struct cw_component_extern {
    cw_extern_name name;
    uint8_t sort;              /* cw_sort: FUNC, INSTANCE, COMPONENT, TYPE, VALUE or CORE_MODULE */
    const cw_itype *type;      /* static type, for subtype checks and printing */
    const cw_functype *func;   /* FUNC: shortcut */
    uint32_t resource;         /* TYPE: the resource variable, or CW_NO_INDEX for a value type */
    const cwrun_type *value;   /* TYPE of a value type: it */
} cw_component_extern;

/* Where a resource variable comes from, for printing and for outer aliases. */
typedef struct cw_resource_var {
    cwrun_str name;         /* best known name, or empty */
    bool is_local;          /* defined in this component */
    uint32_t outer_count;   /* > 0: it is variable `outer_var` of the component that many levels out */
    uint32_t outer_var;
} cw_resource_var;

struct cw_component {
    cw_component *parent;      /* enclosing component, or NULL */
    uint32_t n_defs;
    cw_def *defs;
    uint32_t n[CW_SORT_COUNT]; /* sizes of the index spaces */
    uint32_t n_resources;
    cw_resource_var *resources;
    uint32_t n_imports, n_exports;
    cw_component_extern *imports, *exports;
    const cw_functype **func_types; /* [n[FUNC]]: static type of every function index */
    const cw_itype *type;      /* the component's own type */
    const uint8_t *bytes;
    size_t size, file_offset;
    cwrun_str name;            /* component-name section, or empty */
    bool needs_values;         /* uses start or value definitions */
};

/* Decodes and checks a whole component (nested ones included). `r` stands at the preamble; everything made lives in r->arena.
 * NULL after a failure (in r->err). */
cw_component *cw_component_read(cw_reader *r, const cw_module_config *config);

/* Subtype check between what is given and what an import wants: instances given as the types of items by name. Used
 * by the linker; detail (why not) is appended to `why`. Declared in check_types.h: */

/* Import and export names: parses (kebab, interface, url=, integrity=, locked-dep=, unlocked-dep=) with every rule of the
 * grammar. false with a reason in `why` (static text). */
bool cw_extern_name_parse(cwrun_str text, cw_extern_name *name, const char **why);
/* Whether an import of `want` may be served by a definition of `have`: equal, or the same interface with compatible
 * versions (same major; for 0.x the same minor; 0.0.x the same patch). Newer-than-have counts as compatible here. */
bool cw_extern_name_compatible(const cw_extern_name *want, const cw_extern_name *have);

#endif
