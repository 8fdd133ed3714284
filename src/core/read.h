/* core/read.h: what the files of the module decoder share; private to core/.
 *
 * A module is read in one pass over its sections. The builder carries what is only known on the way; every read_
 * function takes the section's reader and fails through it. Vectors of unknown length grow in scratch memory and move
 * to the arena when they are complete. */
#ifndef CW_CORE_READ_H
#define CW_CORE_READ_H

#include "base/str.h"
#include "base/vec.h"
#include "core/check.h"
#include "core/module.h"

/* Most of each thing; beyond is a limit error. Those with more than one byte each are bounded by the input besides. */
enum {
    CW_MAX_TYPES = 1000000,
    CW_MAX_FUNCS = 1000000,
    CW_MAX_IMPORTS = 1000000,
    CW_MAX_EXPORTS = 1000000,
    CW_MAX_TABLES = 100000,
    CW_MAX_MEMORIES = 1000,
    CW_MAX_GLOBALS = 1000000,
    CW_MAX_TAGS = 1000000,
    CW_MAX_SEGMENTS = 1000000,
    CW_MAX_ELEMS = 10000000, /* of one segment */
    CW_MAX_PARAMS = 1000,
    CW_MAX_FIELDS = 10000,
    CW_MAX_LOCALS = 50000,
    CW_MAX_BODY = 7654321, /* bytes of a function */
    CW_MAX_FRAME = 65535   /* slots of a function's frame */
};

typedef struct cw_builder {
    cw_module *m;
    const cw_module_config *config;
    cw_checker checker;
    cw_arena scratch;                /* of one recursion group */
    uint32_t group_start, group_end; /* type indices of the group that is being read */
    uint32_t n_bodies;               /* read by the code section */
    uint32_t n_data_declared;
    uint8_t last_section;
    bool is_damaged; /* something was recovered from that the module cannot be used without */
    CW_VEC(cw_type_id) type_ids;
    CW_VEC(cw_custom_section) customs;
} cw_builder;

/* n zeroed elements in r->arena; NULL with the reader failed where memory ran out. */
void *cw_read_array(cw_reader *r, size_t n, size_t size);
#define CW_READ_ARRAY(r, n, T) ((T *)cw_read_array((r), (n), sizeof(T)))
/* A new array of n_old + n_more whose first elements are copied. */
void *cw_read_array_grow(cw_reader *r, const void *old, size_t n_old, size_t n_more, size_t size);

/* Fails with "the … feature is disabled" where it is. */
bool cw_need_feature(cw_reader *r, const uint8_t *at, cw_features have, cw_features needed);

/* Fills m->exports_by_name (module.c). */
void cw_module_sort_exports(cw_module *m);

/* ---- read_types.c  [core 5.3] ---- */

/* Type uses outside the type section are resolved by `m` alone; inside, by the group of the builder. All fail with
 * "unknown type" and the like and then give CW_BOT. */
cw_valtype cw_read_valtype(cw_reader *r, const cw_module *m);
cw_valtype cw_read_reftype(cw_reader *r, const cw_module *m);
/* A heap type as the nullable or non-nullable reference to it. */
cw_valtype cw_read_heaptype(cw_reader *r, const cw_module *m, bool nullable);
/* A type index of a function type: its canonical id, CW_NO_TYPE after a failure. */
cw_type_id cw_read_functype_index(cw_reader *r, const cw_module *m);
cw_globaltype cw_read_globaltype(cw_reader *r, const cw_module *m);
cw_memtype cw_read_memtype(cw_reader *r, const cw_module *m);
cw_tabletype cw_read_tabletype(cw_reader *r, const cw_module *m);
cw_type_id cw_read_tagtype(cw_reader *r, const cw_module *m);
void cw_read_types(cw_reader *r, cw_builder *b);
/* One recursion group (or single type), appended to b->type_ids. */
void cw_read_group(cw_reader *r, cw_builder *b);

/* ---- read_decls.c  [core 5.5.5 - 5.5.12] ---- */
void cw_read_imports(cw_reader *r, cw_builder *b);
void cw_read_functions(cw_reader *r, cw_builder *b);
void cw_read_tables(cw_reader *r, cw_builder *b);
void cw_read_memories(cw_reader *r, cw_builder *b);
void cw_read_tags(cw_reader *r, cw_builder *b);
void cw_read_globals(cw_reader *r, cw_builder *b);
void cw_read_exports(cw_reader *r, cw_builder *b);
void cw_read_start(cw_reader *r, cw_builder *b);

/* ---- read_segments.c  [core 5.5.12, 5.5.14, 5.5.15] ---- */
void cw_read_elems(cw_reader *r, cw_builder *b);
void cw_read_data_count(cw_reader *r, cw_builder *b);
void cw_read_data(cw_reader *r, cw_builder *b);

/* ---- read_code.c  [core 5.5.13] ---- */
void cw_read_code(cw_reader *r, cw_builder *b);

/* ---- read_names.c  [core appendix, name section] ---- */

/* Takes what is well-formed of a name section; a fault ends it and is no error. */
void cw_read_names(const cw_reader *r, cw_module *m, const uint8_t *bytes, size_t size);

#endif
