/* core/check.h: the validator of function bodies and constant expressions  [core 3.3 - 3.5, appendix "Validation
 * Algorithm"]; private to core/.
 *
 * One forward pass with an operand stack of value types and a stack of control frames; both are scratch memory that is
 * kept from function to function, so that an instruction allocates nothing. Values below `floor` belong to outer
 * frames; below `high` there is room that was counted, so that one compare per push serves both the bound and the
 * greatest height. The rules of instructions stand in check_body.c (those that are a signature), check_control.c,
 * check_insn.c and check_gc.c. They read immediates through the sticky reader: after a failure r->ok is false and all
 * of them may go on. */
#ifndef CW_CORE_CHECK_H
#define CW_CORE_CHECK_H

#include "core/module.h"
#include "core/opcodes.h"

typedef struct cw_check_frame {
    uint8_t op;          /* CW_OP_BLOCK, LOOP, IF, ELSE, TRY_TABLE, TRY, CATCH, CATCH_ALL; CW_OP_NONE: the function */
    bool is_unreachable; /* the rest of the block is not reached: operands below its start are of any type */
    cw_valtype one;      /* where results is NULL and n_results 1: the result */
    uint32_t height;     /* of the operand stack where it starts, its parameters not counted */
    uint32_t n_inits;    /* of the stack of initialized locals */
    uint32_t wide;       /* v128 values below `height` */
    uint32_t n_params, n_results;
    const cw_valtype *params, *results;
} cw_check_frame;

typedef struct cw_checker {
    cw_reader *r;
    cw_module *m;
    const cw_types *types;
    cw_features features;
    const cw_alloc *alloc;
    const uint8_t *at; /* the instruction that is being checked */

    cw_valtype *stack, *top, *floor, *high;
    size_t stack_cap;
    uint32_t wide, max_wide; /* v128 values on the stack, and the most of them */

    cw_check_frame *frames;
    uint32_t n_frames, frames_cap, max_frames;

    /* Locals: the types of the first `n_flat`, parameters included, stand one by one; the others are found by their
     * run. The number of the function is the mark of a local that is initialized; `inits` remembers what to unmark at
     * the end of a block. */
    uint32_t n_locals, n_params, n_flat;
    cw_valtype *locals;
    uint32_t *marks, *inits, n_inits, mark;
    uint32_t locals_cap, marks_cap, inits_cap;
    uint32_t *run_ends, run_ends_cap; /* local index behind each run; for bodies with more locals than bytes */

    cw_func_body *body;    /* by-products; NULL for constant expressions */
    uint32_t *zero_locals; /* NULL: there are none, or all of them are zeroed */
} cw_checker;

void cw_checker_init(cw_checker *c, cw_module *m, const cw_module_config *config);
void cw_checker_fini(cw_checker *c);

/* Checks the body of a function of the given type; `r` stands before its first instruction and ends with the body. The
 * local declarations are in `body`, whose other fields are filled in. */
void cw_check_body(cw_checker *c, cw_reader *r, const cw_subtype *type, cw_func_body *body);

/* Reads and checks a constant expression of a type, which may use the first `n_globals` globals. */
cw_const_expr cw_check_const_expr(cw_checker *c, cw_reader *r, cw_valtype type, uint32_t n_globals);
/* Reads over one that cannot be checked because of an error that was reported; another one where its end cannot be
 * told. */
void cw_skip_const_expr(cw_checker *c, cw_reader *r);

/* ---- between the check_ files ---- */

void cw_check_control(cw_checker *c, cw_op op); /* check_control.c: blocks, branches, calls */
void cw_check_insn(cw_checker *c, cw_op op);    /* check_insn.c: variables, tables, memories, references, lanes */
void cw_check_gc(cw_checker *c, cw_op op);      /* check_gc.c: 0xfb and casts */

/* What makes the reference to a type exact; nothing where the module knows no exact references. */
static inline cw_valtype cw_check_exact(const cw_checker *c)
{
    return c->features & CW_FEATURE_CUSTOM_DESCRIPTORS ? CW_REF_EXACT_BIT : 0;
}
void cw_check_fail(cw_checker *c, const char *format, ...) CWRUN_PRINTF(2, 3); /* at the instruction */
void cw_check_oom(cw_checker *c);
/* Reads an index below `n`, or fails with "unknown WHAT 5". */
uint32_t cw_check_index(cw_checker *c, uint32_t n, const char *what);
cw_memtype *cw_check_memory(cw_checker *c); /* reads a memory index; NULL after a failure */
const cw_tabletype *cw_check_table(cw_checker *c);
uint32_t cw_check_data(cw_checker *c); /* reads an index of a data segment, which needs the count section */
const cw_elem_segment *cw_check_elem(cw_checker *c);
const cw_subtype *cw_check_type(cw_checker *c, int kind, const char *what); /* reads a type index of a kind (-1: any) */
void cw_check_ref_func(cw_checker *c, bool in_const);
/* Checks the block type and gives its arrays as a frame does. */
void cw_check_block_type(cw_checker *c, cw_check_frame *frame);

/* Name of a type for people: type indices of the module, not canonical ids. */
enum { CW_TYPE_TEXT = 40 };
const char *cw_check_type_text(const cw_checker *c, cw_valtype t, char out[CW_TYPE_TEXT]);

bool cw_check_push_slow(cw_checker *c, cw_valtype t);
void cw_check_pop_slow(cw_checker *c, cw_valtype t);
cw_valtype cw_check_pop_any(cw_checker *c);
cw_valtype cw_check_pop_ref(cw_checker *c); /* a reference or CW_BOT */
void cw_check_pop_list(cw_checker *c, const cw_valtype *types, uint32_t n);
void cw_check_push_list(cw_checker *c, const cw_valtype *types, uint32_t n);
/* Checks the topmost values without taking them. */
void cw_check_peek_list(cw_checker *c, const cw_valtype *types, uint32_t n);
bool cw_check_push_frame(cw_checker *c, cw_op op, const cw_check_frame *type);
void cw_check_unreachable(cw_checker *c);
cw_valtype cw_check_local_type(const cw_checker *c, uint32_t index);

static inline cw_check_frame *cw_check_frame_at(const cw_checker *c, uint32_t label)
{
    return &c->frames[c->n_frames - 1 - label];
}
static inline const cw_valtype *cw_check_results(const cw_check_frame *f)
{
    return f->results ? f->results : &f->one;
}
static inline const cw_valtype *cw_check_label_types(const cw_check_frame *f, uint32_t *n)
{
    *n = f->op == CW_OP_LOOP ? f->n_params : f->n_results;
    return f->op == CW_OP_LOOP ? f->params : cw_check_results(f);
}

static inline void cw_check_push(cw_checker *c, cw_valtype t)
{
    if (__builtin_expect(c->top == c->high, 0) && !cw_check_push_slow(c, t))
        return;
    *c->top++ = t;
    if (t == CW_V128) {
        if (++c->wide > c->max_wide)
            c->max_wide = c->wide;
    }
}

static inline void cw_check_pop(cw_checker *c, cw_valtype t)
{
    if (__builtin_expect(c->top > c->floor && c->top[-1] == t, 1)) {
        c->top--;
        if (t == CW_V128)
            c->wide--;
    } else {
        cw_check_pop_slow(c, t);
    }
}

#endif
