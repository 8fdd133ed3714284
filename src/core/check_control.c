/* core/check_control.c: blocks, branches, calls and exceptions  [core 3.4.2]. */
#include "core/check.h"
#include "core/read.h"

/* ---- blocks ---- */

/* The result of a block must not be in the way of the type's arrays: `one` serves single value types. */
void cw_check_block_type(cw_checker *c, cw_check_frame *f)
{
    cw_reader *r = c->r;
    *f = (cw_check_frame){ 0 };
    if (!r->ok || r->at == r->end) {
        cw_read_u8(r); /* fails */
        return;
    }
    if (*r->at == 0x40) {
        r->at++;
    } else if ((*r->at & 0xc0) == 0x40) { /* one byte of a negative number */
        f->one = cw_read_valtype(r, c->m);
        f->n_results = 1;
    } else {
        const uint8_t *at = r->at;
        int64_t index = cw_read_s33(r);
        if (index < 0) {
            cw_reader_fail(r, at, "malformed block type");
            return;
        }
        r->at = r->ok ? at : r->at;
        cw_type_id id = cw_read_functype_index(r, c->m);
        if (!r->ok)
            return;
        cw_need_feature(r, at, c->features, CW_FEATURE_MULTI_VALUE);
        const cw_subtype *type = cw_types_get(c->types, id);
        f->n_params = type->n_params;
        f->params = type->params;
        f->n_results = type->n_results;
        f->results = type->results;
    }
}

static void enter_block(cw_checker *c, cw_op op, const cw_check_frame *type)
{
    cw_check_pop_list(c, type->params, type->n_params);
    if (c->r->ok && cw_check_push_frame(c, op, type))
        cw_check_push_list(c, type->params, type->n_params);
}

static void check_block(cw_checker *c, cw_op op)
{
    cw_check_frame type;
    cw_check_block_type(c, &type);
    if (op == CW_OP_IF)
        cw_check_pop(c, CW_I32);
    enter_block(c, op, &type);
}

/* The results are there and nothing else; locals that were set inside are unset again. */
static void finish_block(cw_checker *c)
{
    cw_check_frame *f = cw_check_frame_at(c, 0);
    cw_check_pop_list(c, cw_check_results(f), f->n_results);
    if (c->r->ok && c->top != c->floor)
        cw_check_fail(c, "type mismatch: values remaining on the stack at the end of the block: %zu too many",
                      (size_t)(c->top - c->floor));
    while (c->n_inits > f->n_inits)
        c->marks[c->inits[--c->n_inits]] = 0;
    c->wide = f->wide;
    f->is_unreachable = false;
}

static void check_else(cw_checker *c)
{
    cw_check_frame *f = cw_check_frame_at(c, 0);
    if (f->op != CW_OP_IF) {
        cw_check_fail(c, "misplaced ELSE opcode: else without if");
        return;
    }
    finish_block(c);
    f->op = CW_OP_ELSE;
    cw_check_push_list(c, f->params, f->n_params);
}

/* An if without else hands its parameters on as results. */
static void check_missing_else(cw_checker *c, const cw_check_frame *f)
{
    bool same = f->n_params == f->n_results;
    for (uint32_t i = 0; same && i < f->n_params; i++)
        same = cw_valtype_matches(c->types, f->params[i], cw_check_results(f)[i]);
    if (!same)
        cw_check_fail(c, "type mismatch: an if without else needs results that equal its parameters");
}

static void leave_block(cw_checker *c)
{
    cw_check_frame f = *cw_check_frame_at(c, 0);
    if (--c->n_frames == 0)
        return;
    if (c->stack) /* NULL as long as nothing was pushed */
        c->floor = c->stack + cw_check_frame_at(c, 0)->height;
    cw_check_push_list(c, cw_check_results(&f), f.n_results);
}

static void check_end(cw_checker *c)
{
    finish_block(c);
    const cw_check_frame *f = cw_check_frame_at(c, 0);
    if (f->op == CW_OP_IF)
        check_missing_else(c, f);
    if (!c->r->ok)
        return;
    if (f->op == CW_OP_CATCH || f->op == CW_OP_CATCH_ALL)
        c->top--; /* the exception */
    leave_block(c);
}

/* ---- branches ---- */

/* The frame of a label, NULL after a failure. */
static cw_check_frame *read_label(cw_checker *c)
{
    uint32_t label = cw_check_index(c, c->n_frames, "label");
    return c->r->ok ? cw_check_frame_at(c, label) : NULL;
}

static void check_br(cw_checker *c)
{
    uint32_t n;
    const cw_check_frame *f = read_label(c);
    if (!f)
        return;
    const cw_valtype *types = cw_check_label_types(f, &n);
    cw_check_pop_list(c, types, n);
    cw_check_unreachable(c);
}

static void check_br_if(cw_checker *c)
{
    uint32_t n;
    const cw_check_frame *f = read_label(c);
    cw_check_pop(c, CW_I32);
    if (!f)
        return;
    const cw_valtype *types = cw_check_label_types(f, &n);
    if (n) {
        cw_check_pop_list(c, types, n);
        cw_check_push_list(c, types, n);
    }
}

static void check_br_table(cw_checker *c)
{
    cw_reader *r = c->r;
    uint32_t n_labels = cw_read_count(r, UINT32_MAX, "labels"), arity = 0;
    cw_check_pop(c, CW_I32);

    const cw_check_frame *last = NULL;
    for (uint32_t i = 0; i <= n_labels && r->ok; i++) {
        uint32_t n;
        const cw_check_frame *f = read_label(c);
        if (!f || f == last)
            continue;
        const cw_valtype *types = cw_check_label_types(f, &n);
        if (last && n != arity)
            cw_check_fail(c, "type mismatch: br_table label %u takes %u values, the others %u", i, n, arity);
        cw_check_peek_list(c, types, n);
        arity = n;
        last = f;
    }
    cw_check_unreachable(c);
}

static void check_return(cw_checker *c)
{
    cw_check_pop_list(c, cw_check_results(&c->frames[0]), c->frames[0].n_results);
    cw_check_unreachable(c);
}

/* ---- branches on null ---- */

static cw_valtype non_null(cw_valtype t)
{
    return t == CW_BOT ? CW_REF(CW_HEAP_BOT) : t & ~CW_REF_NULL_BIT;
}

static void check_br_on_null(cw_checker *c)
{
    uint32_t n;
    const cw_check_frame *f = read_label(c);
    cw_valtype t = cw_check_pop_ref(c);
    if (!f || !c->r->ok)
        return;
    const cw_valtype *types = cw_check_label_types(f, &n);
    cw_check_pop_list(c, types, n);
    cw_check_push_list(c, types, n);
    cw_check_push(c, non_null(t));
}

static void check_br_on_non_null(cw_checker *c)
{
    uint32_t n;
    const cw_check_frame *f = read_label(c);
    cw_valtype t = cw_check_pop_ref(c);
    if (!f || !c->r->ok)
        return;
    const cw_valtype *types = cw_check_label_types(f, &n);
    if (n == 0 || !cw_valtype_matches(c->types, non_null(t), types[n - 1])) {
        cw_check_fail(c, "type mismatch: the label of br_on_non_null does not take the reference as its last value");
        return;
    }
    cw_check_pop_list(c, types, n - 1);
    cw_check_push_list(c, types, n - 1);
}

/* ---- calls ---- */

/* Takes the arguments of a call; a tail call's results must be those of the function. */
static void apply_call(cw_checker *c, const cw_subtype *type, bool is_tail)
{
    if (c->body)
        c->body->has_calls = true;
    cw_check_pop_list(c, type->params, type->n_params);
    if (!is_tail) {
        cw_check_push_list(c, type->results, type->n_results);
        return;
    }
    const cw_check_frame *f = &c->frames[0];
    bool same = f->n_results == type->n_results;
    for (uint32_t i = 0; same && i < f->n_results; i++)
        same = cw_valtype_matches(c->types, type->results[i], cw_check_results(f)[i]);
    if (!same)
        cw_check_fail(c, "type mismatch: the results of a tail call are not those of the function");
    cw_check_unreachable(c);
}

static void check_call(cw_checker *c, bool is_tail)
{
    uint32_t index = cw_check_index(c, c->m->n_funcs, "function");
    if (c->r->ok)
        apply_call(c, cw_types_get(c->types, c->m->func_types[index]), is_tail);
}

static void check_call_indirect(cw_checker *c, bool is_tail)
{
    cw_type_id id = cw_read_functype_index(c->r, c->m);
    const cw_tabletype *table = cw_check_table(c);
    if (!table || !c->r->ok)
        return;
    if (!cw_valtype_matches(c->types, table->elem, CW_FUNCREF)) {
        cw_check_fail(c, "type mismatch: an indirect call needs a table of functions");
        return;
    }
    cw_check_pop(c, table->limits.is_64 ? CW_I64 : CW_I32);
    apply_call(c, cw_types_get(c->types, id), is_tail);
}

static void check_call_ref(cw_checker *c, bool is_tail)
{
    cw_type_id id = cw_read_functype_index(c->r, c->m);
    if (!c->r->ok)
        return;
    cw_check_pop(c, CW_REF_NULL_TYPE(id));
    apply_call(c, cw_types_get(c->types, id), is_tail);
}

/* ---- exceptions ---- */

/* The type of a tag that is read, NULL after a failure. */
static const cw_subtype *read_tag(cw_checker *c)
{
    uint32_t index = cw_check_index(c, c->m->n_tags, "tag");
    return c->r->ok ? cw_types_get(c->types, c->m->tags[index]) : NULL;
}

/* The translator has the values on its stack, though nothing here may ever push so many. */
static void reserve_stack(cw_checker *c, const cw_valtype *types, uint32_t n)
{
    cw_check_push_list(c, types, n);
    cw_check_pop_list(c, types, n);
}

enum { CATCH, CATCH_REF, CATCH_ALL, CATCH_ALL_REF, CATCH_COUNT };

/* Whether a label takes what a handler gives: the tag's values, and the exception itself where it is asked for. */
static void check_handler(cw_checker *c)
{
    cw_reader *r = c->r;
    uint8_t kind = cw_read_u8(r);
    if (kind >= CATCH_COUNT)
        cw_check_fail(c, "malformed catch clause 0x%02x", kind);
    const cw_subtype *tag = kind == CATCH || kind == CATCH_REF ? read_tag(c) : NULL;
    const cw_check_frame *f = read_label(c);
    if (!f)
        return;

    uint32_t n, n_values = tag ? tag->n_params : 0;
    bool with_ref = kind == CATCH_REF || kind == CATCH_ALL_REF;
    const cw_valtype *types = cw_check_label_types(f, &n);
    bool fits = n == n_values + with_ref;
    for (uint32_t i = 0; fits && i < n_values; i++)
        fits = cw_valtype_matches(c->types, tag->params[i], types[i]);
    if (fits && with_ref)
        fits = cw_valtype_matches(c->types, CW_REF(CW_HEAP_EXN), types[n - 1]);
    if (!fits)
        cw_check_fail(c, "type mismatch: the label of a catch clause does not take what the clause gives");
    else
        reserve_stack(c, types, n);
}

static void check_try_table(cw_checker *c)
{
    cw_check_frame type;
    cw_check_block_type(c, &type);
    uint32_t n = cw_read_count(c->r, UINT32_MAX, "catch clauses");
    for (uint32_t i = 0; i < n && c->r->ok; i++)
        check_handler(c);
    enter_block(c, CW_OP_TRY_TABLE, &type);
}

static void check_throw(cw_checker *c)
{
    const cw_subtype *tag = read_tag(c);
    if (!tag)
        return;
    cw_check_pop_list(c, tag->params, tag->n_params);
    cw_check_unreachable(c);
}

/* catch and catch_all of the legacy proposal: the next part of a try. */
static void check_legacy_catch(cw_checker *c, cw_op op)
{
    const cw_subtype *tag = op == CW_OP_CATCH ? read_tag(c) : NULL;
    cw_check_frame *f = cw_check_frame_at(c, 0);
    if (c->r->ok && f->op != CW_OP_TRY && f->op != CW_OP_CATCH)
        cw_check_fail(c, "misplaced %s: it does not follow a try", cw_opcodes[op].name);
    if (!c->r->ok)
        return;
    finish_block(c);
    if (f->op == CW_OP_TRY) {
        /* the exception itself, out of reach, for rethrow: the translator has it on its stack */
        cw_check_push(c, CW_REF_NULL(CW_HEAP_EXN));
        c->floor = c->top;
        f->height++;
    }
    f->op = (uint8_t)op;
    if (tag)
        cw_check_push_list(c, tag->params, tag->n_params);
}

static void check_delegate(cw_checker *c)
{
    if (cw_check_frame_at(c, 0)->op != CW_OP_TRY)
        cw_check_fail(c, "misplaced delegate: it does not end a try");
    cw_check_index(c, c->n_frames - 1, "label"); /* counted from outside the try */
    if (!c->r->ok)
        return;
    finish_block(c);
    if (c->r->ok)
        leave_block(c);
}

static void check_rethrow(cw_checker *c)
{
    const cw_check_frame *f = read_label(c);
    if (f && f->op != CW_OP_CATCH && f->op != CW_OP_CATCH_ALL)
        cw_check_fail(c, "invalid rethrow label: it is not a catch");
    cw_check_unreachable(c);
}

/* ---- all of them ---- */

void cw_check_control(cw_checker *c, cw_op op)
{
    switch (op) {
    case CW_OP_UNREACHABLE: cw_check_unreachable(c); break;
    case CW_OP_BLOCK:
    case CW_OP_LOOP:
    case CW_OP_IF:
    case CW_OP_TRY: check_block(c, op); break;
    case CW_OP_ELSE: check_else(c); break;
    case CW_OP_END: check_end(c); break;
    case CW_OP_BR: check_br(c); break;
    case CW_OP_BR_IF: check_br_if(c); break;
    case CW_OP_BR_TABLE: check_br_table(c); break;
    case CW_OP_RETURN: check_return(c); break;
    case CW_OP_BR_ON_NULL: check_br_on_null(c); break;
    case CW_OP_BR_ON_NON_NULL: check_br_on_non_null(c); break;
    case CW_OP_CALL:
    case CW_OP_RETURN_CALL: check_call(c, op == CW_OP_RETURN_CALL); break;
    case CW_OP_CALL_INDIRECT:
    case CW_OP_RETURN_CALL_INDIRECT: check_call_indirect(c, op == CW_OP_RETURN_CALL_INDIRECT); break;
    case CW_OP_CALL_REF:
    case CW_OP_RETURN_CALL_REF: check_call_ref(c, op == CW_OP_RETURN_CALL_REF); break;
    case CW_OP_TRY_TABLE: check_try_table(c); break;
    case CW_OP_THROW: check_throw(c); break;
    case CW_OP_THROW_REF:
        cw_check_pop(c, CW_REF_NULL(CW_HEAP_EXN));
        cw_check_unreachable(c);
        break;
    case CW_OP_CATCH:
    case CW_OP_CATCH_ALL: check_legacy_catch(c, op); break;
    case CW_OP_DELEGATE: check_delegate(c); break;
    case CW_OP_RETHROW: check_rethrow(c); break;
    default: cw_check_insn(c, op);
    }
}
