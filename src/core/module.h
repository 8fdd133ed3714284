/* core/module.h: a decoded and checked core module, immutable and shared between threads  [core 2.5].
 *
 * Everything lives in the arena of the module or of the component it is nested in; names and bodies point into the
 * file's bytes, which are kept in private memory beside it. Index spaces are arrays with the imports first. */
#ifndef CW_CORE_MODULE_H
#define CW_CORE_MODULE_H

#include "core/features.h"
#include "core/reader.h"
#include "core/types.h"

typedef enum cw_extern_kind {
    CW_EXTERN_FUNC,
    CW_EXTERN_TABLE,
    CW_EXTERN_MEMORY,
    CW_EXTERN_GLOBAL,
    CW_EXTERN_TAG,
    CW_EXTERN_COUNT
} cw_extern_kind;

typedef struct cw_limits {
    uint64_t min, max; /* pages or elements; max is UINT64_MAX where none is given */
    bool has_max, is_64, is_shared;
    uint8_t page_log2; /* memories: 16, or 0 with custom page sizes */
} cw_limits;

typedef struct cw_tabletype {
    cw_limits limits;
    cw_valtype elem;
} cw_tabletype;

typedef cw_limits cw_memtype;

typedef struct cw_globaltype {
    cw_valtype type;
    bool is_mutable;
} cw_globaltype;

/* A constant expression: its bytes in the file, `end` included. Checked at load, evaluated at instantiation. */
typedef struct cw_const_expr {
    const uint8_t *bytes; /* NULL: none (a table without initializer) */
    uint32_t size;
} cw_const_expr;

typedef struct cw_import {
    cwrun_str module, name;
    uint8_t kind;   /* cw_extern_kind */
    bool is_exact;  /* a function of that very type */
    uint32_t index; /* in the index space of its kind */
} cw_import;

typedef struct cw_export {
    cwrun_str name;
    uint8_t kind;
    uint32_t index;
} cw_export;

typedef struct cw_local_run { /* `n` locals of one type, as the body declares them */
    uint32_t n;
    cw_valtype type;
} cw_local_run;

/* What translation needs of a function, made by its validation; and where its code is published (exec/code.h). The
 * struct is all zero but for its body before validation. */
typedef struct cw_func_body {
    const uint8_t *code, *end; /* the instructions, after the local declarations, up to and including the final end */
    const cw_local_run *locals;
    uint32_t n_local_runs;
    uint32_t n_locals;         /* declared, without parameters */
    uint32_t local_slots;      /* slots of parameters and locals */
    uint32_t max_stack_slots;  /* greatest operand stack height in slots, branch operands included */
    uint32_t max_labels;       /* deepest nesting of blocks, the function's own label included */
    uint32_t max_stack_values; /* greatest operand stack height in values */
    uint32_t n_insns;          /* instructions, for sizing and fuel */
    bool has_calls;            /* any call, so that accumulators do not survive */
    /* one bit per declared local (without parameters), set where it may be read before it is written and so must be
     * zeroed on entry; NULL where none must */
    const uint32_t *zero_locals;
} cw_func_body;

typedef struct cw_data_segment {
    const uint8_t *bytes;
    uint64_t size;
    bool is_active;
    uint32_t memory;
    cw_const_expr offset;
} cw_data_segment;

enum { CW_ELEM_ACTIVE, CW_ELEM_PASSIVE, CW_ELEM_DECLARATIVE };

typedef struct cw_elem_segment {
    uint8_t mode;
    cw_valtype type;
    uint32_t table;
    cw_const_expr offset;
    uint32_t n;
    const uint32_t *funcs;      /* n function indices, or NULL where they are expressions */
    const cw_const_expr *exprs; /* n expressions, or NULL */
} cw_elem_segment;

typedef struct cw_custom_section {
    cwrun_str name;
    const uint8_t *bytes;
    size_t size;
    uint8_t after; /* id of the last known section before it */
} cw_custom_section;

typedef enum cw_named_space { /* what has names in the name section: ids of its subsections  [core 7.4.1] */
                              CW_NAMES_FUNC = 1,
                              CW_NAMES_LOCAL = 2,
                              CW_NAMES_TYPE = 4,
                              CW_NAMES_TABLE = 5,
                              CW_NAMES_MEMORY = 6,
                              CW_NAMES_GLOBAL = 7,
                              CW_NAMES_ELEM = 8,
                              CW_NAMES_DATA = 9,
                              CW_NAMES_TAG = 11,
                              CW_NAMES_COUNT
} cw_named_space;

typedef struct cw_name {
    uint32_t index;
    cwrun_str name;
} cw_name;

typedef struct cw_name_map {
    uint32_t n;
    const cw_name *items; /* by ascending index */
} cw_name_map;

struct cw_func_code; /* exec/code.h: the module-level record of a function's translated code */

typedef struct cw_module {
    const uint8_t *bytes; /* of this module, its preamble included */
    size_t size;
    size_t file_offset;        /* of `bytes` in the file: what backtraces add */
    const uint8_t *file_start; /* start of the whole file, so that offset = pointer - file_start */
    cw_types *types;           /* the engine's registry */
    cw_features features;

    uint32_t n_types;
    cw_type_id *type_ids; /* type index → canonical id */

    uint32_t n_imports;
    cw_import *imports;
    uint32_t n_exports;
    cw_export *exports;
    uint32_t *exports_by_name; /* places in `exports`, sorted by name */

    uint32_t n_funcs, n_imported_funcs; /* n_* counts the whole space, imports first */
    cw_type_id *func_types;             /* [n_funcs] */
    cw_func_body *bodies;               /* [n_funcs - n_imported_funcs] */
    uint8_t *func_flags; /* [n_funcs] CW_FUNC_REFERENCED: exported, in an element segment or named by ref.func;
                            CW_FUNC_EXACT */

    uint32_t n_tables, n_imported_tables;
    cw_tabletype *tables;
    cw_const_expr *table_inits; /* [n_tables]; bytes NULL where none */
    uint32_t n_memories, n_imported_memories;
    cw_memtype *memories;
    uint32_t n_globals, n_imported_globals;
    cw_globaltype *globals;
    cw_const_expr *global_inits; /* [n_globals]; imports have none */
    uint32_t n_tags, n_imported_tags;
    cw_type_id *tags;

    uint32_t n_elems;
    cw_elem_segment *elems;
    uint32_t n_data;
    cw_data_segment *data;
    bool has_data_count;
    bool has_start;
    uint32_t start;

    cwrun_str name;                    /* name section; empty where none */
    cw_name_map names[CW_NAMES_COUNT]; /* those of locals are read on demand: cw_read_local_names */
    const uint8_t *local_names, *local_names_end;
    uint32_t n_customs;
    cw_custom_section *customs;

    struct cw_func_code *codes; /* [n_funcs - n_imported_funcs], made by exec when first instantiated; owned by exec */
    void *exec;                 /* exec's per-module state (lock, code memory) */
} cw_module;

enum {
    CW_FUNC_REFERENCED = 1,
    CW_FUNC_EXACT = 2 /* its type is the one declared, not a sub type: of imports that ask for it */
};

/* What decoding needs besides the bytes. */
typedef struct cw_module_config {
    cw_types *types;
    cw_features features;
    const cw_alloc *alloc; /* scratch of the validator, freed again */
} cw_module_config;

/* Decodes and checks a whole module, function bodies included. `r` covers exactly the module (preamble first); what is
 * made lives in r->arena. NULL after a failure (in r->err). */
cw_module *cw_module_read(cw_reader *r, const cw_module_config *config);

/* What the name section calls it; {NULL, 0} where it does not. */
cwrun_str cw_module_name(const cw_module *m, cw_named_space what, uint32_t index);
cwrun_str cw_name_find(const cw_name_map *map, uint32_t index);
/* The names of a function's locals, in `arena`. *at is where reading goes on: m->local_names first, then, for functions
 * in ascending order, where the last call left it. */
cw_name_map cw_read_local_names(const cw_module *m, const uint8_t **at, uint32_t func, cw_arena *arena);
/* Name of a function for people: name section, else an export's name, else "func[N]" written into `out`. Never NULL. */
cwrun_str cw_module_func_name(const cw_module *m, uint32_t index, char out[24]);

/* NULL where there is none; a binary search. */
const cw_export *cw_module_find_export(const cw_module *m, cwrun_str name);

/* The type of an import or export as a whole, for matching and printing. */
typedef struct cw_externtype {
    uint8_t kind;    /* cw_extern_kind */
    bool is_exact;   /* FUNC that is asked for: no sub type will do */
    cw_type_id func; /* FUNC and TAG */
    cw_tabletype table;
    cw_memtype memory;
    cw_globaltype global;
} cw_externtype;

cw_externtype cw_module_externtype(const cw_module *m, uint8_t kind, uint32_t index);
/* Import matching  [core 4.5.3 / 3.4]: whether something of type `have` may be given where `want` is asked. Limits of
 * `have` are the static ones (run-time matching uses current sizes: the caller fills them in). */
bool cw_externtype_matches(const cw_types *types, const cw_externtype *have, const cw_externtype *want);

#endif
