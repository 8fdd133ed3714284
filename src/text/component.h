/* text/component.h: a component's text to its binary  [Explainer.md, Binary.md]; private to text/.
 *
 * The one idea: definitions go out in the order of the text, each preceded by what it only implies: the types written
 * inside it, then instances written as arguments, then aliases of what it names elsewhere. So every definition is gone
 * over twice: once "hoisting", which defines those inner things and queues their indices, once writing. */
#ifndef CW_TEXT_COMPONENT_H
#define CW_TEXT_COMPONENT_H

#include "text/text.h"

/* Sorts, in the order of the name section's subsections. */
typedef enum cw_text_sort {
    CW_TEXT_CORE_FUNC,
    CW_TEXT_CORE_TABLE,
    CW_TEXT_CORE_MEMORY,
    CW_TEXT_CORE_GLOBAL,
    CW_TEXT_CORE_TAG,
    CW_TEXT_CORE_TYPE,
    CW_TEXT_CORE_MODULE,
    CW_TEXT_CORE_INSTANCE,
    CW_TEXT_FUNC,
    CW_TEXT_VALUE,
    CW_TEXT_TYPE,
    CW_TEXT_COMPONENT,
    CW_TEXT_INSTANCE,
    CW_TEXT_SORTS
} cw_text_sort;

/* Subsections of a name section that text can put into an order. */
enum { CW_TEXT_NAME_PARTS = 24 };

/* Section ids of components. */
enum {
    CW_PART_CUSTOM,
    CW_PART_CORE_MODULE,
    CW_PART_CORE_INSTANCE,
    CW_PART_CORE_TYPE,
    CW_PART_COMPONENT,
    CW_PART_INSTANCE,
    CW_PART_ALIAS,
    CW_PART_TYPE,
    CW_PART_CANON,
    CW_PART_START,
    CW_PART_IMPORT,
    CW_PART_EXPORT,
    CW_PART_VALUE,
    CW_PART_NONE = 255
};

typedef enum cw_text_scope_kind {
    CW_SCOPE_COMPONENT,
    CW_SCOPE_COMPONENT_TYPE,
    CW_SCOPE_INSTANCE_TYPE,
    CW_SCOPE_MODULE_TYPE
} cw_text_scope_kind;

typedef struct cw_late_export {
    const cw_token *name; /* where its extern name stands */
    uint8_t sort;
    uint32_t index;
} cw_late_export;

/* A type of values, as the type section of the component that defines it has it. */
typedef struct cw_type_bytes {
    uint32_t index;
    const uint8_t *bytes;
    const struct cw_scope_text *scope; /* whose types the bytes name */
} cw_type_bytes;

/* A component, or a type with index spaces of its own. Its core types are those of `core`. */
typedef struct cw_scope_text {
    struct cw_scope_text *parent;
    uint8_t kind; /* cw_text_scope_kind */
    cwrun_str id; /* data NULL: none */
    cw_space spaces[CW_TEXT_SORTS];
    cw_namings names[CW_TEXT_SORTS];
    cw_module_text core;
    cw_bytes out;          /* finished sections; of a type: its declarations */
    cw_bytes section;      /* the open section's entries */
    uint8_t part;          /* the open section */
    uint32_t n;            /* entries of the open section; declarations */
    size_t names_at;       /* where in `out` the name section goes; 0: at the end */
    uint8_t n_names_order; /* 0: the sorts' own order */
    uint8_t names_order[CW_TEXT_NAME_PARTS];
    bool starts;                 /* a start definition was there */
    bool gives_names;            /* it is among the custom sections */
    CW_VEC(cw_type_bytes) types; /* by index */
    CW_VEC(cw_late_export) late; /* inline exports: they come last */
} cw_scope_text;

typedef struct cw_component_text {
    cw_parser *p;
    const cw_words *words;
    cw_scope_text *scope;            /* the innermost */
    const cw_scope_text *type_scope; /* of the type whose value is being written */
    bool hoisting;
    CW_VEC(uint32_t) queue; /* indices of what was hoisted, for the writing pass */
    uint32_t queue_at;
    cw_bytes nothing; /* what the hoisting pass writes */
    uint32_t depth;
} cw_component_text;

enum { CW_TEXT_DEPTH = CW_READER_DEPTH + 1 }; /* deepest nesting of components and types: that of what is valid */

/* ---- component_scope.c ---- */

bool cw_text_scope_push(cw_component_text *c, uint8_t kind, cwrun_str id);
void cw_text_scope_pop(cw_component_text *c);
/* Adds an entry to a section, or a declaration to a type. */
void cw_text_emit(cw_component_text *c, uint8_t part, const cw_bytes *entry);
void cw_text_scope_flush(cw_component_text *c);
/* Counts one more thing of a sort, named by "$id (@name …)" at the cursor. */
uint32_t cw_text_define(cw_component_text *c, uint8_t sort, const cw_token *id, cwrun_str annotated);
void cw_write_sort(cw_bytes *out, uint8_t sort);
/* Takes a sort's words, "core" included; CW_TEXT_SORTS after a failure. */
uint8_t cw_take_sort(cw_parser *p);
/* Takes an index, an identifier (aliased where it is of an outer scope), or a form "(sort index "name"…)", whose
 * leading "core" may be missing before "type" and "module". While hoisting it is only skipped. */
uint32_t cw_take_ref(cw_component_text *c, uint8_t sort);
/* Behind the sort's words inside a form: index and export names. */
uint32_t cw_take_ref_inside(cw_component_text *c, uint8_t sort);
uint32_t cw_text_resolve(cw_component_text *c, uint8_t sort);
void cw_write_alias(cw_component_text *c);
/* Doing a definition twice: begin, the hoisting pass, turn, the writing pass, end. */
typedef struct cw_text_twice {
    const cw_token *at;
    uint32_t queue, queue_at, nothing;
    bool hoisting;
} cw_text_twice;
cw_text_twice cw_text_twice_begin(cw_component_text *c);
void cw_text_twice_turn(cw_component_text *c, const cw_text_twice *t);
void cw_text_twice_end(cw_component_text *c, const cw_text_twice *t);
void cw_text_queue(cw_component_text *c, uint32_t index);
uint32_t cw_text_queued(cw_component_text *c);
void cw_write_component_names(cw_component_text *c, cwrun_str name);

/* ---- component_value.c ---- */

/* The next type is this one: values of it can be written. */
void cw_text_keep_type(cw_component_text *c, const cw_bytes *entry);
/* The same; it is that of this scope and index. */
void cw_text_keep_same_type(cw_component_text *c, const cw_scope_text *scope, uint32_t index);
/* Behind "(value": up to the closing parenthesis, which is taken. */
void cw_define_value(cw_component_text *c);

/* ---- component_types.c ---- */

void cw_write_component_valtype(cw_component_text *c, cw_bytes *out);
/* (result t)? as in function types and task.return */
void cw_write_results(cw_component_text *c, cw_bytes *out);
/* Behind "(type" or "(core type", "(core rec": up to the closing parenthesis, which is taken. */
void cw_define_type(cw_component_text *c, bool exports);
void cw_define_core_type(cw_component_text *c);
/* A type use inside "(func", "(component", "(instance", "(core module": index of the type. */
uint32_t cw_take_component_typeuse(cw_component_text *c, uint8_t sort);
/* The kind, bound or type of an import or export, "(func …)": sort and identifier come back, to be defined by the
 * caller. id and annotated NULL: there may be none, since the type names nothing. */
uint8_t cw_write_extern_type(cw_component_text *c, cw_bytes *out, const cw_token **id, cwrun_str *annotated);
/* A name with its attributes. */
void cw_write_extern_name(cw_component_text *c, cw_bytes *out);
/* Imports and exports of components and of their types. */
void cw_define_import(cw_component_text *c);
void cw_define_export_decl(cw_component_text *c);

/* ---- component_canon.c ---- */

/* Behind "(canon": the definition, up to the field's closing parenthesis (not taken). */
void cw_define_canon(cw_component_text *c);
/* Behind "(core func" and "(func". */
void cw_define_core_func(cw_component_text *c);
void cw_define_func(cw_component_text *c);

/* ---- component.c ---- */

/* Inline exports "(export …)": they are told apart from other things by their lone name. */
void cw_skip_inline_exports(cw_component_text *c, const cw_token **first);
void cw_keep_inline_exports(cw_component_text *c, const cw_token *first, uint8_t sort, uint32_t index);
bool cw_at_inline_import(const cw_parser *p);
/* The cursor is behind the word `component`; fields end at the closing parenthesis, which is not taken. */
bool cw_component_text_write(cw_component_text *c, cw_bytes *out);
void cw_component_text_init(cw_component_text *c, cw_parser *p, const cw_words *words);
void cw_component_text_fini(cw_component_text *c);

#endif
