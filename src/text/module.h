/* text/module.h: a core module's text to its binary  [core 6.4 - 6.6]; private to text/.
 *
 * The one idea: there is no tree. A first pass over the fields gives every thing its index and name, a second one
 * writes the types, a third one everything else in the order of the text, each into the buffer of its section. Function
 * types that a text only implies are added to the type section as they come. */
#ifndef CW_TEXT_MODULE_H
#define CW_TEXT_MODULE_H

#include "core/module.h"
#include "text/parse.h"

/* Section ids  [core 5.5.2]. */
enum {
    CW_SECTION_TYPE = 1,
    CW_SECTION_IMPORT,
    CW_SECTION_FUNC,
    CW_SECTION_TABLE,
    CW_SECTION_MEMORY,
    CW_SECTION_GLOBAL,
    CW_SECTION_EXPORT,
    CW_SECTION_START,
    CW_SECTION_ELEM,
    CW_SECTION_CODE,
    CW_SECTION_DATA,
    CW_SECTION_DATA_COUNT,
    CW_SECTION_TAG,
    CW_SECTION_COUNT
};

/* Index spaces; those of things that can be imported by their cw_extern_kind. */
enum { CW_SPACE_TYPE = CW_EXTERN_COUNT, CW_SPACE_ELEM, CW_SPACE_DATA, CW_SPACE_COUNT };

typedef struct cw_type_text {
    bool is_func, is_plain; /* plain: what `(func …)` alone means: final, without supertype, a group of its own */
    uint32_t n_params;
    cwrun_str key;   /* encoded parameters and results of a function type */
    cw_space fields; /* of a struct */
} cw_type_text;

typedef struct cw_field_text {
    const cw_token *at; /* behind the field's word and identifier */
    uint16_t word;
    uint32_t index; /* in its space; types: of the first */
} cw_field_text;

typedef struct cw_naming {
    uint32_t index;
    cwrun_str name;
} cw_naming;
typedef CW_VEC(cw_naming) cw_namings;

typedef struct cw_custom_text { /* data of the name NULL: the name section, made of identifiers */
    const cw_token *at;
    cwrun_str name;
    bool before;     /* the section, else after */
    uint8_t section; /* 0: first (before) or last */
    cw_bytes bytes;
} cw_custom_text;

/* What a block is called: "$id (@name …)", either of them NULL where it is not there. */
typedef struct cw_block_id {
    const cw_token *id;
    cwrun_str annotated;
} cw_block_id;

/* An open form or block of instructions: body.c. */
typedef struct cw_frame_text {
    uint8_t kind, state;
    int8_t hint; /* branch hint, or -1 */
    uint16_t op;
    uint32_t pending; /* where its bytes begin in m->pending */
    cw_block_id label;
} cw_frame_text;

/* An open label. */
typedef struct cw_label_text {
    cwrun_str name;    /* data NULL: none */
    uint32_t shadowed; /* what `innermost` said of its name before */
} cw_label_text;

typedef struct cw_module_text {
    cw_parser *p;
    cw_space spaces[CW_SPACE_COUNT];
    cw_namings names[CW_SPACE_COUNT];
    cwrun_str name; /* of the module; data NULL: none */
    CW_VEC(cw_field_text) fields;
    CW_VEC(cw_type_text) types;
    cw_map plain_types; /* encoded function type → index */
    bool implies_anew;  /* an implied type is not used again: in module types of components */
    CW_VEC(cw_custom_text) customs;
    bool names_placed; /* the name section is one of the customs */

    cw_bytes sections[CW_SECTION_COUNT];
    uint32_t counts[CW_SECTION_COUNT];
    uint32_t empty;                     /* bits: sections that are there though nothing is in them */
    uint8_t defined;                    /* the last kind of definition before which no import may stand, + 1 */
    bool in_function, needs_data_count; /* some body names a data segment */

    /* the signature that was taken last */
    cw_bytes params, results, key;
    uint32_t n_params, n_results;

    /* the function being written */
    uint32_t func;
    cw_space locals;
    cw_namings local_names, label_names;
    CW_VEC(cw_label_text) labels; /* open ones */
    cw_map innermost;             /* by name: 1 + place in labels of the innermost open one, or 0 */
    uint32_t n_labels;            /* so far in the function */
    CW_VEC(cw_frame_text) frames;
    cw_bytes body, pending, scratch;
    int8_t hint;
    const cw_token *hint_at;

    /* subsections that are written function by function */
    cw_bytes local_section, label_section, field_section, param_section, tag_param_section, hints, hint_section;
    uint32_t n_local_funcs, n_label_funcs, n_field_types, n_param_types, n_param_tags, n_hints, n_hint_funcs;
} cw_module_text;

void cw_module_text_init(cw_module_text *m, cw_parser *p);
void cw_module_text_fini(cw_module_text *m);
/* The cursor is behind the word `module` (or at the first field of a text that is fields alone); fields end at the
 * closing parenthesis or END, which is not taken. The binary is appended to `out`. */
bool cw_module_text_write(cw_module_text *m, cw_bytes *out);

/* ---- module_types.c ---- */

/* Writes value, storage, heap and reference types. */
void cw_write_valtype(cw_module_text *m, cw_bytes *out);
void cw_write_heaptype(cw_module_text *m, cw_bytes *out);
void cw_write_reftype(cw_module_text *m, cw_bytes *out);
/* Takes a reference type, writes its heap type alone. */
void cw_write_reftype_heap(cw_module_text *m, cw_bytes *out, bool *nullable);
bool cw_at_reftype(const cw_parser *p);
/* Registers the names of a `type` or `rec` field; then, in a second pass, writes it. */
void cw_declare_types(cw_module_text *m, cw_field_text *field);
void cw_write_types(cw_module_text *m, const cw_field_text *field);
/* The same for one "(type …)" alone; and the definition in it, up to but not with the parenthesis that closes the
 * field. alone: it is a recursion group of its own. */
void cw_declare_type(cw_module_text *m);
void cw_write_subtype(cw_module_text *m, uint32_t index, bool alone);
/* Takes (param …)* (result …)* into m->params, m->results; named: parameters become locals. False: there were none. */
bool cw_take_signature(cw_module_text *m, bool named);
/* A type use: its type index. named: parameters become locals. */
uint32_t cw_take_typeuse(cw_module_text *m, bool named);
/* A block type. */
void cw_write_blocktype(cw_module_text *m, cw_bytes *out);

/* ---- body.c ---- */

/* Writes instructions up to the closing parenthesis that they do not open; no `end` behind them. */
void cw_write_instructions(cw_module_text *m, cw_bytes *out);
/* One folded instruction. */
void cw_write_folded(cw_module_text *m, cw_bytes *out);
/* Function: locals and body, as an entry of the code section. */
void cw_write_function(cw_module_text *m, uint32_t func);

/* ---- immediates.c ---- */

/* Writes the code of an instruction, whose word was taken, and its immediates. Not of blocks. */
void cw_write_instruction(cw_module_text *m, cw_bytes *out, uint16_t op);
/* catch clauses of try_table: vec(catch) */
void cw_write_catches(cw_module_text *m, cw_bytes *out);
uint32_t cw_take_label(cw_module_text *m);

/* ---- fields.c ---- */

/* The kind (cw_extern_kind) that a word names; CW_EXTERN_COUNT: none. */
uint8_t cw_extern_kind_of(uint16_t word);
/* The type of an import, behind its identifier. */
void cw_write_externtype(cw_module_text *m, cw_bytes *out, uint8_t kind);
/* Everything but types. */
void cw_write_field(cw_module_text *m, const cw_field_text *field);

/* ---- module_names.c ---- */

/* Takes "(@name …)" where one stands next. */
bool cw_take_name_annotation(cw_parser *p, cwrun_str *name);
/* Takes "(@cwrun.form 79)" where one stands next: that a byte of the binary, which need not be there, is; 0: none. */
uint32_t cw_take_encoding(cw_parser *p);
/* Takes "(@cwrun.own-name …)" where one stands next: what a nested module or component calls itself, data NULL where
 * nothing. */
bool cw_take_own_name(cw_parser *p, cwrun_str *name);
/* Names a thing by its annotation, else its identifier; nothing where it has neither (data NULL, NULL). */
void cw_add_naming(cw_module_text *m, cw_namings *names, uint32_t index, const cw_token *id, cwrun_str annotated);
/* vec(naming) behind an index, into a subsection that counts its entries. */
void cw_write_indirect_names(cw_bytes *section, uint32_t *n, uint32_t index, const cw_namings *names);
void cw_write_names(cw_module_text *m, cw_bytes *out);
void cw_take_custom(cw_module_text *m);
/* The section that a word of (@custom … (after word)) means; 0: none. */
uint8_t cw_section_of_word(uint16_t word);
/* (@producers …): the content of the section of that name. */
void cw_write_producers(cw_parser *p, cw_bytes *out);
/* The same of "(@dylink.0 …)": dylink.c. */
void cw_write_dylink(cw_parser *p, cw_bytes *out);
void cw_write_customs(cw_module_text *m, bool before, uint8_t section, cw_bytes *out);

#endif
