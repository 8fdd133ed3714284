/* exec/translate.h: from checked instructions to internal code; shared by the translate*.c files only, but for
 * cw_translate.
 *
 * One pass over the body (translate.c) keeps an abstract stack (translate_stack.c) of what the operand stack would
 * hold: locals, constants, values in their slot, and at most one pending result per class in its accumulator.
 * Operations go into a short list first, because a destination is bound late, when its consumer is known;
 * translate_emit.c turns the list into code, several operations to one handler where fuse.def has one. At block
 * boundaries slots are the only state. */
#ifndef CW_EXEC_TRANSLATE_H
#define CW_EXEC_TRANSLATE_H

#include "base/vec.h"
#include "exec/code.h"
#include "exec/ops.h"

/* An instruction that somebody looks for: translation stops to matter, only where it comes from does. */
typedef struct cw_translate_find {
    uint64_t offset;         /* in the code; the low 3 bits are the sub-operation, but for returns */
    bool is_return;          /* the instruction that ends at `offset` */
    const uint8_t *at;       /* found: its place in the file */
    struct cw_text *listing; /* gets all instructions as text (disassemble.c); NULL: none */
} cw_translate_find;

/* Translates a function that the module itself defines; a block from `a` (see code.h), which the caller publishes or
 * frees. NULL with a LIMIT error: out of memory, or an instruction that is not executed yet. find may be NULL. */
uint8_t *cw_translate(cw_module *m, uint32_t func, const cw_alloc *a, cw_code_options options, cw_translate_find *find,
                      cwrun_error *err);

/* ---- inside ---- */

/* Of accumulators. */
enum { CW_CLASS_I, CW_CLASS_F, CW_CLASS_D, CW_CLASS_V, CW_CLASSES };

/* An operation before it is code. op CW_IOP_NONE: a label stands here. */
typedef struct cw_ir {
    uint16_t op;
    uint8_t kinds; /* cw_kind of operand n at bits 2n */
    uint8_t dst;   /* cw_dst */
    uint16_t slot; /* of the destination */
    uint16_t reserved;
    uint32_t label; /* of operand L, or of the place; BR_TABLE: the first of its labels in t->table_labels */
    uint32_t at;    /* instruction it comes from, as an offset in the body */
    uint32_t map; /* something may be collected here: the node of the stack's references (code.h); 0: there are none */
    uint64_t v[CW_IOP_OPERANDS];
} cw_ir;

typedef enum cw_entry_kind { CW_ENTRY_LOCAL, CW_ENTRY_CONST, CW_ENTRY_SLOT, CW_ENTRY_PENDING } cw_entry_kind;

/* What the abstract stack says of one operand. A SLOT is always the entry's own, its home. */
typedef struct cw_entry {
    uint8_t kind; /* cw_entry_kind */
    char type;    /* i l f d v r: references into the heap are r, those to functions l */
    uint16_t home;
    uint32_t index; /* LOCAL: which; PENDING: its operation in the list */
    uint32_t map;   /* below t->n_mapped: the node of references up to here */
    uint64_t value; /* CONST: bits, zero-extended */
} cw_entry;

typedef struct cw_local {
    uint16_t slot;
    char type;
    uint32_t n_entries; /* LOCAL entries of it on the stack */
} cw_local;

/* A slot whose value an accumulator has too, or can have if operation `ir` writes both. */
typedef struct cw_alias {
    uint32_t slot, ir;
} cw_alias;
enum { CW_NO_ALIAS = UINT32_MAX, CW_ALIAS_FIXED = UINT32_MAX };

typedef struct cw_label {
    uint32_t position; /* in the code; CW_NO_POSITION where not yet known */
    uint32_t fixup;    /* first of the chain of fields to fill in; 0: none */
} cw_label;
enum { CW_NO_POSITION = UINT32_MAX };

typedef struct cw_fixup {
    uint32_t field, origin, next;
} cw_fixup;

typedef enum cw_block_kind {
    CW_BLOCK_FUNC,
    CW_BLOCK_BLOCK,
    CW_BLOCK_LOOP,
    CW_BLOCK_IF,
    CW_BLOCK_ELSE,
    CW_BLOCK_TRY,
    CW_BLOCK_CATCH /* legacy */
} cw_block_kind;

typedef struct cw_block {
    uint8_t kind;
    bool used;      /* something branches to its end */
    uint32_t label; /* LOOP: its start; else its end */
    uint32_t else_label;
    uint32_t height; /* entries below its parameters */
    uint32_t base;   /* slot of what follows those entries */
    uint32_t n_params, n_results;
    const cw_valtype *params, *results;
    uint32_t bridge, bridge_turn; /* label of the moves to it, made for the br_table number bridge_turn */
    uint32_t region;              /* of a try, counted from 1; 0: none, or it is closed */
    uint32_t around;              /* the region it lies in, or 0 */
    uint32_t last_clause;         /* of a try, counted from 1; 0: none */
    uint32_t fuel_field, n_insns; /* LOOP and FUNC: where the cost stands in the code; instructions so far */
} cw_block;

typedef struct cw_translator {
    cw_module *m;
    const cw_alloc *a;
    cwrun_error *err;
    cw_code_options options;
    cw_translate_find *find;
    const cw_func_body *body;
    const cw_subtype *type;
    bool failed;
    bool dead;               /* what follows cannot be reached, up to the end of the block */
    uint32_t n_skipped;      /* blocks opened in dead code */
    uint32_t at;             /* offset in the body of the instruction at hand */
    uint32_t n_ops, max_ops; /* operations so far; a branch of few bytes may move a thousand values each time */

    cw_local *locals;
    uint32_t n_locals;
    cw_entry *stack;
    uint32_t n, cap;
    uint32_t n_flushed;            /* entries below are in slots or constant */
    uint32_t first_home, top_home; /* slot of the first entry; greatest slot used, plus one */
    cw_block *blocks;
    uint32_t n_blocks, cap_blocks;

    int32_t pending[CW_CLASSES]; /* entry that is in the class's accumulator, or -1 */
    cw_alias alias[CW_CLASSES];

    CW_VEC(cw_ir) ir;
    CW_VEC(uint8_t) code;
    CW_VEC(cw_label) labels;
    CW_VEC(cw_fixup) fixups;
    CW_VEC(uint32_t) table_labels;
    uint32_t n_tables;

    /* as in the code's table (code.h), but with labels for places until the end */
    CW_VEC(cw_try_boundary) boundaries;
    CW_VEC(cw_try_region) regions;
    CW_VEC(cw_try_clause) clauses;
    CW_VEC(cw_code_node) nodes;
    CW_VEC(cw_code_point) points;
    uint32_t n_mapped; /* entries whose `map` is right */

    uint32_t region;       /* the innermost open one, counted from 1 */
    uint32_t return_label; /* where handlers go whose label is the function's, 0: none does */
} cw_translator;

static inline int cw_class_of(char type)
{
    return type == 'f' ? CW_CLASS_F : type == 'd' ? CW_CLASS_D : type == 'v' ? CW_CLASS_V : CW_CLASS_I;
}
static inline uint32_t cw_slots_of(char type)
{
    return type == 'v' ? 2 : 1;
}
char cw_entry_type(const cw_translator *t, cw_valtype type);
void cw_translate_oom(cw_translator *t);

/* translate_emit.c */
uint32_t cw_emit_label_new(cw_translator *t);
/* Adds an operation; the pointer is good until the next one. Never NULL (after a failure it is a spare one). */
cw_ir *cw_emit_add(cw_translator *t, uint32_t op);
/* The same, but before the last one of the list. */
cw_ir *cw_emit_add_before_last(cw_translator *t, uint32_t op);
/* A label stands here. */
void cw_emit_label(cw_translator *t, uint32_t label);
/* Turns the list into code. Nothing may be pending and no alias may name an operation. */
void cw_emit_flush(cw_translator *t);

/* translate_stack.c */
void cw_stack_push_local(cw_translator *t, uint32_t local);
void cw_stack_push_const(cw_translator *t, char type, uint64_t value);
void cw_stack_push_slot(cw_translator *t, char type);
void cw_stack_pop(cw_translator *t);
void cw_stack_drop_to(cw_translator *t, uint32_t height);
static inline cw_entry *cw_stack_top(cw_translator *t, uint32_t below)
{
    return &t->stack[t->n - 1 - below];
}
void cw_stack_push_types(cw_translator *t, const cw_valtype *types, uint32_t n); /* values in their homes */
/* The slot of an entry with `height` entries below it. */
uint32_t cw_stack_home(const cw_translator *t, uint32_t height);
/* A pending entry's value goes to its home. */
void cw_stack_bind(cw_translator *t, uint32_t i);
void cw_stack_bind_all(cw_translator *t);
/* The entry's value goes to its home, whatever it is. */
void cw_stack_settle(cw_translator *t, uint32_t i);
/* Before a block: pending entries are bound and locals are copied below `height`; constants stay. */
void cw_stack_flush(cw_translator *t, uint32_t height);
void cw_stack_forget_aliases(cw_translator *t);
/* Added to an operation of two operands: the topmost is the first. */
#define CW_REVERSED 0x8000u
/* An operation on the topmost entries, which are popped; its raw fields (in order, without labels) stand in raw. Its
 * result, if it has one, is pushed as of `type` (0: the operation's own). */
cw_ir *cw_stack_op(cw_translator *t, uint32_t op, char type, const uint64_t *raw);
/* The node of the references on the stack, which must all be in slots or locals; for cw_ir.map. */
uint32_t cw_stack_map(cw_translator *t);
/* The result of the last operation, in an accumulator. */
void cw_stack_push_pending(cw_translator *t, char type);
/* Copies the value of an entry to a slot. */
void cw_stack_copy(cw_translator *t, uint32_t i, uint32_t slot);
void cw_stack_copy_slot(cw_translator *t, char type, uint32_t from, uint32_t to);
void cw_stack_local_set(cw_translator *t, uint32_t local, bool tee);
/* A trap where the topmost entry, which stays, is null. */
void cw_stack_check_null(cw_translator *t, uint8_t trap);
/* A branch to `label` where the topmost entry, an i32, is not zero (is zero: inverted); the entry is popped. */
void cw_stack_branch(cw_translator *t, uint32_t label, bool inverted);
/* i32.eqz, folded into a compare. */
void cw_stack_eqz(cw_translator *t);
/* True where the topmost entry is the result of the last operation of the list. */
bool cw_stack_can_fold(const cw_translator *t);

/* translate_read.c */
void cw_translate_block_type(cw_translator *t, const uint8_t **at, cw_block *b);
/* A heap type as a reference type. */
cw_valtype cw_translate_heaptype(const cw_translator *t, const uint8_t **at, bool is_nullable);
void cw_translate_skip(const uint8_t **at, uint8_t imm);

/* translate_block.c */
cw_block *cw_block_at(cw_translator *t, uint32_t depth);
void cw_block_begin_function(cw_translator *t);
void cw_block_begin(cw_translator *t, const uint8_t **at, uint8_t kind);
void cw_block_else(cw_translator *t);
void cw_block_end(cw_translator *t);
void cw_block_return(cw_translator *t);
void cw_block_branch(cw_translator *t, cw_block *b);
void cw_block_branch_if(cw_translator *t, cw_block *b);
void cw_block_branch_table(cw_translator *t, const uint8_t **at);
void cw_block_branch_on_null(cw_translator *t, cw_block *b, bool on_null);

/* A branch with the reference on top, which stays: where operation `op` on it and raw holds; `inverted` is its
 * opposite. */
void cw_block_branch_on_ref(cw_translator *t, cw_block *b, uint32_t op, uint32_t inverted, const uint64_t raw[2]);

/* Pending entries are bound, and values at the end of a way through the block go to where those of branches go. */
void cw_block_settle_results(cw_translator *t, const cw_block *b);

/* translate_try.c */
void cw_try_table_begin(cw_translator *t, const uint8_t **at);
void cw_try_begin(cw_translator *t, const uint8_t **at);
/* catch, catch_all and delegate, in dead code too. */
void cw_try_part(cw_translator *t, uint32_t op, const uint8_t **at);
/* The protected part of the block ends. */
void cw_try_close(cw_translator *t, cw_block *b);
void cw_try_throw(cw_translator *t, uint32_t tag);
void cw_try_rethrow(cw_translator *t, const cw_block *b);
/* What handlers go through whose label is the function's; at the end of the code. */
void cw_try_return(cw_translator *t);
/* Size of the table, and the table itself when all labels are placed. */
uint32_t cw_try_table_size(const cw_translator *t);
void cw_try_table_write(const cw_translator *t, void *out);

/* translate_gc.c */
/* An instruction behind prefix 0xfb, its number already read; false: it is none of ours. */
bool cw_translate_gc(cw_translator *t, uint32_t op, const uint8_t **at);
/* What the code's maps take behind it, and writing them there. */
uint32_t cw_translate_maps_size(const cw_translator *t);
void cw_translate_maps_write(const cw_translator *t, void *out);

/* translate_call.c */
void cw_call_direct(cw_translator *t, uint32_t func, bool is_tail);
void cw_call_indirect(cw_translator *t, uint32_t type_index, uint32_t table, bool is_tail);
void cw_call_ref(cw_translator *t, uint32_t type_index, bool is_tail);

/* ---- disassemble.c: where somebody lists the code ---- */

void cw_disassemble_label(cw_translator *t, uint32_t label);
void cw_disassemble_insn(cw_translator *t, uint32_t at, const cw_ir *ir, uint32_t n);

#endif
