/* component/check_types.h: the static types of things (functions, instances, components, modules, types) and what may
 * be given where they are asked for  [Explainer: Type Checking].
 *
 * The one idea: a thing's type is a cw_itype whose resources are variables. An instance type *binds* the variables of
 * its abstract resources; using it for an instance opens it: bound variables become fresh ones of the scope. Matching
 * goes through the wanted items in their order, so that a wanted abstract resource is met where it is exported before
 * it is used, and what is given for it then is what it stands for from there on. */
#ifndef CW_COMPONENT_CHECK_TYPES_H
#define CW_COMPONENT_CHECK_TYPES_H

#include "base/str.h"
#include "component/component.h"
#include "component/ptrmap.h"

/* The sort of the described type of a resource; only a TYPE is of it. */
enum { CW_SORT_RESOURCE = CW_SORT_COUNT };

/* ---- lists of names ---- */

/* One import or export of an instance or component type. */
typedef struct cw_item {
    cwrun_str name;
    const cw_itype *type;
} cw_item;

/* One import or export of a core module. */
typedef struct cw_core_item {
    cwrun_str name;
    cwrun_str module; /* imports */
    cw_externtype type;
} cw_core_item;

/* Hash index over an array whose elements begin with their name; built for more than a few. */
typedef struct cw_name_index {
    uint32_t *slots; /* 1-based; 0 is free */
    uint32_t mask;
} cw_name_index;

/* Built for `n` elements of `stride` bytes; false where memory ran out. Of equal names the first is found. */
bool cw_name_index_init(cw_arena *a, cw_name_index *index, const void *items, size_t stride, uint32_t n);
/* Its place, or CW_NO_INDEX. */
uint32_t cw_name_index_find(const cw_name_index *index, const void *items, size_t stride, uint32_t n, cwrun_str name);

typedef struct cw_item_list {
    uint32_t n;
    const cw_item *items;
    cw_name_index index;
} cw_item_list;

typedef struct cw_core_list {
    uint32_t n;
    const cw_core_item *items;
    cw_name_index index; /* of exports only */
} cw_core_list;

typedef struct cw_module_type {
    cw_core_list imports, exports;
} cw_module_type;

bool cw_item_list_index(cw_arena *a, cw_item_list *list);
bool cw_core_list_index(cw_arena *a, cw_core_list *list);
/* NULL where there is none. */
const cw_item *cw_item_find(const cw_item_list *list, cwrun_str name);
const cw_core_item *cw_core_item_find(const cw_core_list *list, cwrun_str name);

/* ---- types ---- */

struct cw_itype {
    uint8_t sort;      /* FUNC, VALUE, TYPE, INSTANCE, COMPONENT, CORE_MODULE: of the thing; CW_SORT_RESOURCE */
    bool has_resource; /* a resource variable occurs in it, bound or free */
    uint16_t depth;    /* as of cwrun_type, and with its limit */
    uint32_t tree_size;
    cwrun_str name;               /* RESOURCE: as imported or exported; INSTANCE: interface name; may be empty */
    const cw_functype *func;      /* FUNC */
    const cwrun_type *value;      /* VALUE: the value's type */
    const cw_itype *type;         /* TYPE: what it is the type of: FUNC, VALUE, INSTANCE, COMPONENT or RESOURCE */
    uint32_t resource;            /* RESOURCE: the variable */
    const cw_module_type *module; /* CORE_MODULE */
    cw_item_list imports;         /* COMPONENT */
    cw_item_list exports;         /* INSTANCE, COMPONENT; in the order of their declaration */
    uint32_t n_vars, n_import_vars;
    const uint32_t *vars; /* INSTANCE: bound by it (none: it is open); COMPONENT: exported, new with each instance */
    const uint32_t *import_vars; /* COMPONENT: abstract resources of its imports */
};

/* "func", "instance", "type" … */
const char *cw_sort_name(uint8_t sort);

/* Makers; NULL where memory ran out. Depth and tree size are for the caller to refuse. */
cw_itype *cw_itype_of_func(cw_arena *a, const cw_functype *func);
cw_itype *cw_itype_of_value(cw_arena *a, const cwrun_type *value);
cw_itype *cw_itype_of_type(cw_arena *a, const cw_itype *type);
cw_itype *cw_itype_of_resource(cw_arena *a, uint32_t var, cwrun_str name);
cw_itype *cw_itype_of_module(cw_arena *a, const cw_module_type *module);
/* Not indexed yet. */
cw_module_type *cw_module_type_of(cw_arena *a, const cw_module *m);
/* imports: COMPONENT only. The items are taken over, not copied. */
cw_itype *cw_itype_of_items(cw_arena *a, uint8_t sort, const cw_item *imports, uint32_t n_imports,
                            const cw_item *exports, uint32_t n_exports);

/* ---- renaming ---- */

/* Copies types with other resource variables; what does not change is shared. One renamer keeps identities: the same
 * part copied twice is the same copy. `memo` may be filled before with parts (cwrun_type or resource cw_itype) and what
 * stands for them; then set `has_parts`. */
typedef struct cw_renamer {
    cw_arena *arena;
    const cw_alloc *alloc;
    cw_ptrmap vars; /* key var + 1, value new variable + 1; others stay, or are asked for from `fresh` */
    cw_ptrmap memo;
    bool has_parts;
    bool (*fresh)(void *user, uint32_t var, uint32_t *renamed); /* NULL: they stay */
    void *user;
    uint64_t *budget; /* nodes that may still be copied */
    bool oom, too_much;
} cw_renamer;

void cw_renamer_fini(cw_renamer *rn);
bool cw_rename_var(cw_renamer *rn, uint32_t from, uint32_t to);
/* NULL after a failure (oom or too_much). */
const cw_itype *cw_rename_itype(cw_renamer *rn, const cw_itype *t);
const cwrun_type *cw_rename_value(cw_renamer *rn, const cwrun_type *t);
const cw_functype *cw_rename_func(cw_renamer *rn, const cw_functype *f);

/* ---- matching ---- */

/* Which resource a variable stands for where nothing was bound while matching: equal results are equal resources.
 * Never 0 or UINT64_MAX; a pointer to the run-time resource type, for linkers. */
typedef struct cw_resolver {
    uint64_t (*token)(void *user, uint32_t var);
    void *user;
} cw_resolver;

enum { CW_HAVE, CW_WANT };

typedef struct cw_matcher {
    const cw_alloc *alloc;
    const cw_types *types;
    cw_text *why;        /* gets the reason; may be NULL */
    cw_resolver side[2]; /* CW_HAVE, CW_WANT */
    cw_ptrmap
        *parts; /* where not NULL: gets wanted named types (cwrun_type, resource cw_itype) → what is given for them */
    cw_ptrmap bound[2];  /* variables that are bound (or still open: UINT64_MAX) while matching; key var + 1 */
    uint64_t next_token; /* for variables that stand for themselves */
    uint64_t budget;     /* nodes that may still be compared */
    bool other_resource; /* the last difference was one of resources */
    bool oom, too_much;  /* why a match failed, if not for its types */
} cw_matcher;

/* Both sides in the variables of one component (the resolvers give var + 1). */
void cw_matcher_init(cw_matcher *m, const cw_alloc *alloc, const cw_types *types, cw_text *why);
void cw_matcher_fini(cw_matcher *m);

/* Makes a wanted variable one that is bound by the first thing that is given for it. */
bool cw_match_open(cw_matcher *m, uint32_t var);
/* The token it was bound to, 0 where it was not. */
uint64_t cw_match_token(const cw_matcher *m, uint32_t var);

/* Whether a thing of type `have` may be given where `want` is asked for. */
bool cw_match(cw_matcher *m, const cw_itype *have, const cw_itype *want);
bool cw_match_func(cw_matcher *m, const cw_functype *have, const cw_functype *want);
bool cw_match_value(cw_matcher *m, const cwrun_type *have, const cwrun_type *want); /* equality */

/* ---- for the linker ---- */

/* Something that is given for an import at run time. */
typedef struct cw_offer {
    uint8_t sort; /* cw_sort of the thing: FUNC, TYPE, INSTANCE, COMPONENT, CORE_MODULE, VALUE; CW_SORT_RESOURCE for a
                     resource type (TYPE is then another type) */
    const cw_functype *func; /* FUNC: in variables that `resolver` knows; NULL: of any type (checked elsewhere) */
    const cwrun_type *value; /* TYPE of a value type: it; VALUE: its type. NULL: of any type */
    const cw_itype *type;    /* COMPONENT, CORE_MODULE: its own type (no free variables) */
    uint64_t resource;       /* RESOURCE: its token, as resolvers give it */
    cw_resolver resolver;
    void *instance; /* INSTANCE: what `find` is asked about */
} cw_offer;

/* Finds an export of a given instance by name: false where there is none. */
typedef bool (*cw_offer_find)(void *user, void *instance, cwrun_str name, cw_offer *out);

/* Checks what is given for one import of a component. `want` is the import's type (cw_component_extern.type);
 * `tokens[n_vars]` holds the resource token of each of the component's variables, 0 where it is not bound yet.
 * Variables of `want` that are 0 are bound on the way (tokens are filled in), so imports are checked in their order.
 * False with the reason in `why` (appended: "`get`: expected func(…), found func(…)"), where tokens are left in any
 * state. */
bool cw_check_offer(const cw_alloc *alloc, const cw_types *types, const cw_itype *want, const cw_offer *have,
                    cw_offer_find find, void *user, uint64_t *tokens, uint32_t n_vars, cw_text *why);

#endif
