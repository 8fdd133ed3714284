/* text/print.h: binary to text, private to text/: what the files of the printer share.
 *
 * The one idea: the binary is gone over twice. A first, silent pass over a module's or component's sections collects
 * what the text needs before its place: names, signatures, sizes of index spaces. The second decodes and prints as it
 * goes, so that what comes before a fault is printed all the same. Nothing is validated: only what cannot be decoded is
 * an error. */
#ifndef CW_TEXT_PRINT_H
#define CW_TEXT_PRINT_H

#include "base/map.h"
#include "base/vec.h"
#include "core/reader.h"
#include "cwrun/text.h"
#include "text/module.h"

/* How an index is spelled, and its name where the spelling is not that name. */
typedef struct cw_print_id {
    cwrun_str token; /* "$name", "$\"a b\""; size 0: a number */
    cwrun_str plain; /* what the token stands for */
    cwrun_str name;  /* data NULL, or what "(@name …)" says */
} cw_print_id;

/* The ids of one index space; indices at and beyond n are numbers. */
typedef struct cw_print_ids {
    cw_print_id *items;
    uint32_t n;
} cw_print_ids;

/* Part of the binary that is read where it is needed. */
typedef struct cw_print_part {
    const uint8_t *at, *end;
} cw_print_part;

/* Names of what belongs to one function or type: vec(index name). */
typedef struct cw_print_indirect {
    uint32_t owner;
    cw_print_part names;
} cw_print_indirect;
typedef CW_VEC(cw_print_indirect) cw_print_indirects;

enum { CW_PRINT_FUNC = 0x60, CW_PRINT_STRUCT = 0x5f, CW_PRINT_ARRAY = 0x5e };
enum { CW_PRINT_EXACT_FUNC = 0x20 }; /* the kind of an import that is (func (exact …)) */

typedef struct cw_print_type {
    uint8_t form;                 /* CW_PRINT_…, or 0: unknown */
    uint32_t n_params, n_results; /* n_params: of a struct its fields */
    cw_print_part params, results;
} cw_print_type;

/* A label that is open. */
typedef struct cw_print_label {
    cwrun_str token; /* size 0: none */
    uint16_t op;
    bool caught; /* if: behind else; try: behind catch_all */
} cw_print_label;

typedef struct cw_print_branch_hint {
    uint32_t offset; /* from the body's start, its locals */
    bool taken;
} cw_print_branch_hint;

/* The module that is being printed. */
typedef struct cw_print_module {
    uint32_t n[CW_SPACE_COUNT];
    cw_print_ids ids[CW_SPACE_COUNT];
    CW_VEC(cw_print_type) types;
    CW_VEC(uint32_t) func_types, tag_types;
    uint32_t n_imported_funcs;
    cwrun_str name; /* data NULL: none */
    cw_print_indirects locals, labels, fields, params, tag_params;
    cw_print_ids *field_ids; /* by type */
    uint32_t n_field_ids;
    uint32_t n_named, n_used; /* names in the name section, and those that the text has */
    uint32_t n_name_sections;
    bool names_regular;        /* as parsing writes them, but for names that are not used */
    const uint8_t *last_known; /* behind the last section that is not custom */
    const uint8_t *end;
    uint32_t n_bodies, n_data_declared;
    bool has_data_count, needs_data_count;
    uint8_t last; /* the last section that is not custom */
    bool past;    /* a custom section was placed after the last */

    cw_print_part hint_section, hints_left; /* at NULL: branch hints are not annotations */

    /* the function that is being printed */
    const cw_print_type *type;
    cw_print_ids local_ids;
} cw_print_module;

struct cw_print_scope;

typedef struct cw_printer {
    cw_reader *r;
    cw_alloc alloc;
    cw_arena *arena;  /* names */
    cw_arena scratch; /* of one function */
    cwrun_text_print_options options;
    cwrun_write_fn write;
    void *user;
    cw_bytes out;      /* not written yet */
    uint32_t captured; /* > 0: nothing is written, since the caller may still change it */
    bool stopped;      /* write said so */
    uint32_t indent;
    uint8_t lengths[CW_OP_COUNT];
    cw_print_module *m;           /* the innermost */
    struct cw_print_scope *scope; /* print_component.h */
    CW_VEC(cw_print_label) labels;
    uint32_t first_label; /* of the expression; those before it are not to be closed in it */
    bool in_function;
    uint32_t n_labels; /* opened in the function so far */
    cw_print_indirect label_names;
    uint32_t next_label; /* index that the next of label_names has, or UINT32_MAX */
    cwrun_str next_label_name;
    CW_VEC(cw_print_branch_hint) hints; /* of the function */
    uint32_t n_hints_met;
    bool in_vain;        /* a function is printed only to see whether its hints fit */
    const uint8_t *body; /* of the function, its locals first */
    uint32_t depth;      /* of components and types */
} cw_printer;

/* ---- print.c: text ---- */

static inline void cw_put(cw_printer *p, const char *text, size_t size)
{
    cw_bytes_add(&p->out, text, size);
}
#define CW_PUT(p, literal) cw_put((p), (literal), sizeof(literal) - 1)
void cw_put_text(cw_printer *p, const char *text);
void cw_put_u64(cw_printer *p, uint64_t value);
void cw_put_s64(cw_printer *p, int64_t value);
void cw_put_hex(cw_printer *p, uint64_t value, unsigned digits); /* at least so many */
/* Bits of a float so that they read back. */
void cw_put_float(cw_printer *p, uint64_t bits, bool is_64);
/* A string literal of any bytes, and of a name (readable where it is not ASCII). */
void cw_put_bytes(cw_printer *p, const uint8_t *bytes, size_t size);
void cw_put_name(cw_printer *p, cwrun_str name);
/* " $id (@name …)" as far as they are there. */
void cw_put_id(cw_printer *p, const cw_print_id *id);
/* The same with "(;3;)" behind; id may be NULL. */
void cw_put_definition(cw_printer *p, const cw_print_id *id, uint32_t index);
/* The id of an index, or the number. */
void cw_put_index(cw_printer *p, const cw_print_ids *ids, uint32_t index);
static inline void cw_put_ref(cw_printer *p, unsigned space, uint32_t index)
{
    cw_put_index(p, &p->m->ids[space], index);
}
static inline const cw_print_id *cw_print_id_at(const cw_print_ids *ids, uint32_t index)
{
    return index < ids->n ? &ids->items[index] : NULL;
}
/* Writes what was printed where that is much; a new line does so, too. */
void cw_put_flush(cw_printer *p);
/* A new line, indented; at is what it prints, or NULL. */
void cw_put_line(cw_printer *p, const uint8_t *at);

/* Changes places of what was printed from start to middle, and since. */
void cw_put_swap(cw_printer *p, size_t start, size_t middle);

/* Reading a part in place: what was open comes back with cw_print_leave. */
cw_print_part cw_print_enter(cw_printer *p, cw_print_part part);
void cw_print_leave(cw_printer *p, cw_print_part before);
/* A reader of its own for the silent pass, behind the preamble; NULL where there is nothing to read. The caller frees
 * it. */
cw_reader *cw_print_quiet_reader(cw_printer *p);
/* The sections, or the parts of a name section, that a silent pass goes over: of all that the reader covers. */
typedef struct cw_print_scan {
    cw_reader *r;
    const uint8_t *next, *end;
    const uint8_t *at; /* the section's start */
    uint8_t id;
    bool is_broken; /* it ended at what is no section */
} cw_print_scan;
cw_print_scan cw_print_scan_begin(cw_reader *r);
/* Narrows the reader to the content of the next one, however that of the last was read; false: there is no more. */
bool cw_print_scan_next(cw_print_scan *s);
/* Forgets what belonged to one function or type. */
void cw_print_reset_scratch(cw_printer *p);

/* ---- print_names.c ---- */

/* Makes ids for n names; a name that is there already, and the empty one, get an id of another kind. what: "func". */
typedef struct cw_print_naming {
    uint32_t index;
    cwrun_str name;
} cw_print_naming;
typedef CW_VEC(cw_print_naming) cw_print_namings;
void cw_print_make_ids(cw_printer *p, cw_arena *arena, cw_print_ids *ids, const cw_print_namings *names,
                       const char *what);
/* Reads vec(index name) whose indices ascend and lie below `most`; false where they do not, or a name is no name. */
bool cw_print_read_names(cw_printer *p, cw_reader *r, uint32_t most, cw_print_namings *names);
/* The token of one id. */
cwrun_str cw_print_token(cw_printer *p, cw_arena *arena, cwrun_str name);
/* The content of a name section, quietly. */
void cw_print_scan_names(cw_printer *p, cw_reader *r);
/* Ids of a function's locals, of a struct's fields, of parameters of a type. */
void cw_print_indirect_ids(cw_printer *p, cw_arena *arena, const cw_print_indirects *all, uint32_t owner, uint32_t most,
                           const char *what, cw_print_ids *ids);
/* Labels come one after the other: tokens as definitions have them, "(@name …)" included. */
void cw_print_begin_labels(cw_printer *p, uint32_t func);
cwrun_str cw_print_next_label(cw_printer *p);

/* Whether a producers section is as parsing "(@producers …)" writes it; and printing it. */
bool cw_print_producers(cw_printer *p, cw_print_part part);

/* ---- print_types.c ---- */

void cw_print_valtype(cw_printer *p);
void cw_skip_valtype(cw_reader *r);
void cw_print_heaptype(cw_printer *p);
/* The heap type of a reference whose nullability is known. */
void cw_print_ref(cw_printer *p, bool nullable);
void cw_print_limits(cw_printer *p, bool memory);
void cw_print_tabletype(cw_printer *p);
void cw_print_globaltype(cw_printer *p);
/* A recursion group or single type, quietly and aloud; indices count on. */
void cw_print_scan_group(cw_printer *p, cw_reader *r);
void cw_print_group(cw_printer *p, uint32_t *index);
/* One type's definition, behind "(type $id": also of components. */
void cw_print_subtype(cw_printer *p, uint32_t index);
/* " (param …) (result …)"; ids: names of the parameters. */
void cw_print_signature(cw_printer *p, const cw_print_type *type, const cw_print_ids *ids);
/* " (type $t)" and the signature where `signature`, parameters without names. */
void cw_print_typeuse(cw_printer *p, uint32_t index, bool signature);
/* The type of an import or export, its kind being read; id and index are printed where `index` is one. */
void cw_print_externtype(cw_printer *p, uint8_t kind, uint32_t index);

/* ---- print_body.c ---- */

/* One instruction's name and immediates, its code being read; not blocks and their parts. */
void cw_print_instruction(cw_printer *p, uint16_t op);
/* Code of the next instruction. */
uint16_t cw_print_read_op(cw_printer *p);
/* A block's word, label and type; the label is not open yet. */
void cw_print_block(cw_printer *p, uint16_t op, cwrun_str token);
void cw_print_push_label(cw_printer *p, uint16_t op, cwrun_str token);
bool cw_print_opens_block(uint16_t op);
/* Whether else, catch, catch_all, delegate or end may stand at `at`; else it fails. */
bool cw_print_check_part(cw_printer *p, const uint8_t *at, uint16_t op);
/* An expression inside a field, " i32.const 0"; returns the number of instructions. */
uint32_t cw_print_const_expr(cw_printer *p);
/* "(i32.const 0)" or "(word i32.const 0 …)" */
void cw_print_wrapped_expr(cw_printer *p, const char *word);
/* The code of a function, local declarations first. */
void cw_print_function(cw_printer *p, uint32_t func);

/* ---- print_hints.c ---- */

/* Whether the branch hints of a section, which stands right before the code section, can be annotations. */
void cw_print_scan_hints(cw_printer *p, cw_print_part section, cw_print_part code);
/* At the start of a function's body. */
void cw_print_begin_hints(cw_printer *p, uint32_t func);
/* A line with the hint of the `if` or `br_if` at `at`, where it has one. */
void cw_print_hint_of(cw_printer *p, const uint8_t *at);
static inline void cw_print_hint(cw_printer *p, const uint8_t *at, uint16_t op)
{
    if (p->hints.n && (op == CW_OP_IF || op == CW_OP_BR_IF))
        cw_print_hint_of(p, at);
}

/* ---- print_fold.c ---- */

void cw_print_folded(cw_printer *p);

/* ---- print_module.c ---- */

/* The silent pass over a module, which the reader covers exactly; then its fields, on lines of their own. */
void cw_print_module_scan(cw_printer *p, cw_print_module *m);
void cw_print_module_fields(cw_printer *p);
void cw_print_module_fini(cw_printer *p, cw_print_module *m);
/* "(@custom "name" (after code) "…")"; place may be NULL. */
void cw_print_custom(cw_printer *p, const uint8_t *at, cwrun_str name, const char *place);
/* "(@cwrun.empty table)" */
void cw_print_empty(cw_printer *p, const uint8_t *at, const char *section);

#endif
