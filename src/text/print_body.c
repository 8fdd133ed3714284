/* text/print_body.c: instructions and function bodies as flat text, a line each  [core 6.5].
 *
 * Open blocks are on a stack of our own. Their labels are named where the name section does so; other branches say
 * their depth, and a comment to which block that leads. */
#include "text/print.h"

#include "base/str.h"

enum { MAX_LOCALS = 50000 };

uint16_t cw_print_read_op(cw_printer *p)
{
    cw_reader *r = p->r;
    const uint8_t *at = r->at;
    uint8_t byte = cw_read_u8(r);
    cw_op op = cw_op_of_byte(byte);
    if (op == CW_OP_NONE && byte >= 0xfb && byte <= 0xfe && r->ok) {
        uint32_t n = cw_read_u32(r);
        op = cw_op_of_prefixed(byte, n);
        if (op == CW_OP_NONE && r->ok)
            cw_reader_fail(r, at, "illegal opcode 0x%02x 0x%02x", byte, n);
    } else if (op == CW_OP_NONE && r->ok) {
        cw_reader_fail(r, at, "illegal opcode 0x%02x", byte);
    }
    return r->ok ? (uint16_t)op : CW_OP_NONE;
}

/* ---- labels ---- */

void cw_print_push_label(cw_printer *p, uint16_t op, cwrun_str token)
{
    const char *annotation = token.size && token.data[1] != '"' ? memchr(token.data, ' ', token.size) : NULL;
    if (annotation) /* branches have the identifier alone */
        token.size = (size_t)(annotation - token.data);
    cw_print_label *label = CW_VEC_PUSH(&p->labels, &p->alloc);
    if (label)
        *label = (cw_print_label){ token, op, false };
    else
        cw_reader_oom(p->r);
}

/* The innermost label of its name is meant by the name. */
static bool is_shadowed(const cw_printer *p, uint32_t depth, cwrun_str token)
{
    for (uint32_t i = 0; i < depth; i++)
        if (cw_str_eq(p->labels.items[p->labels.n - 1 - i].token, token))
            return true;
    return false;
}

enum { FAR = 200 }; /* labels further out go by their depth, so that looking for shadows stays cheap */

static void print_label(cw_printer *p, bool comment)
{
    uint32_t depth = cw_read_u32(p->r);
    if (!p->r->ok)
        return;
    cwrun_str token = depth < p->labels.n ? p->labels.items[p->labels.n - 1 - depth].token : (cwrun_str){ NULL, 0 };
    if (token.size && depth < FAR && !is_shadowed(p, depth, token)) {
        cw_put(p, token.data, token.size);
        return;
    }
    cw_put_u64(p, depth);
    if (comment && depth < p->labels.n) {
        CW_PUT(p, " (;@");
        cw_put_u64(p, p->labels.n - 1 - depth);
        CW_PUT(p, ";)");
    }
}

/* ---- immediates ---- */

static void print_space(cw_printer *p, unsigned space)
{
    CW_PUT(p, " ");
    cw_put_ref(p, space, cw_read_u32(p->r));
}

static void print_space_but_0(cw_printer *p, unsigned space, uint32_t index)
{
    if (!index)
        return;
    CW_PUT(p, " ");
    cw_put_ref(p, space, index);
}

static void print_number(cw_printer *p)
{
    CW_PUT(p, " ");
    cw_put_u64(p, cw_read_u32(p->r));
}

static void print_memarg(cw_printer *p, uint16_t op)
{
    cw_reader *r = p->r;
    const uint8_t *at = r->at;
    uint32_t flags = cw_read_u32(r), memory = flags & 0x40 ? cw_read_u32(r) : 0;
    uint64_t offset = cw_read_u64(r);
    if (r->ok && flags >= 0x80)
        cw_reader_fail(r, at, "malformed memop flags 0x%x", flags);
    print_space_but_0(p, CW_EXTERN_MEMORY, memory);
    if (flags & 0x40 && !memory)
        CW_PUT(p, " (@cwrun.form 64)");
    if (offset) {
        CW_PUT(p, " offset=");
        cw_put_u64(p, offset);
    }
    if ((flags & 0x3f) != cw_opcodes[op].align) {
        CW_PUT(p, " align=");
        cw_put_u64(p, (uint64_t)1 << (flags & 0x3f));
    }
}

static void print_lane(cw_printer *p)
{
    CW_PUT(p, " ");
    cw_put_u64(p, cw_read_u8(p->r));
}

static void print_br_table(cw_printer *p)
{
    cw_reader *r = p->r;
    uint64_t n = (uint64_t)cw_read_count(r, UINT32_MAX, "labels") + 1;
    for (uint64_t i = 0; i < n && r->ok; i++) {
        CW_PUT(p, " ");
        print_label(p, true);
        cw_put_flush(p);
    }
}

static void print_catches(cw_printer *p)
{
    static const char *const words[] = { " (catch ", " (catch_ref ", " (catch_all ", " (catch_all_ref " };
    cw_reader *r = p->r;
    uint32_t n = cw_read_count(r, UINT32_MAX, "catch clauses");
    for (uint32_t i = 0; i < n && r->ok; i++) {
        const uint8_t *at = r->at;
        uint8_t kind = cw_read_u8(r);
        if (kind > 3) {
            cw_reader_fail(r, at, "malformed catch kind 0x%02x", kind);
            return;
        }
        cw_put_text(p, words[kind]);
        if (kind < 2) {
            cw_put_ref(p, CW_EXTERN_TAG, cw_read_u32(r));
            CW_PUT(p, " ");
        }
        print_label(p, true);
        CW_PUT(p, ")");
    }
}

static void print_select(cw_printer *p)
{
    uint32_t n = cw_read_count(p->r, 1000, "types");
    CW_PUT(p, " (result");
    for (uint32_t i = 0; i < n && p->r->ok; i++) {
        CW_PUT(p, " ");
        cw_print_valtype(p);
    }
    CW_PUT(p, ")");
}

static void print_br_on_cast(cw_printer *p)
{
    cw_reader *r = p->r;
    const uint8_t *at = r->at;
    uint8_t flags = cw_read_u8(r);
    if (r->ok && flags > 3)
        cw_reader_fail(r, at, "malformed br_on_cast flags 0x%02x", flags);
    CW_PUT(p, " ");
    print_label(p, true);
    CW_PUT(p, " ");
    cw_print_ref(p, flags & 1);
    CW_PUT(p, " ");
    cw_print_ref(p, flags >> 1 & 1);
}

static void print_v128(cw_printer *p)
{
    CW_PUT(p, " i32x4");
    for (unsigned i = 0; i < 4; i++) {
        CW_PUT(p, " 0x");
        cw_put_hex(p, cw_read_fixed32(p->r), 8);
    }
}

static void print_indirect(cw_printer *p)
{
    uint32_t type = cw_read_u32(p->r);
    print_space_but_0(p, CW_EXTERN_TABLE, cw_read_u32(p->r));
    cw_print_typeuse(p, type, false);
}

/* In the text the table or memory comes first. */
static void print_init(cw_printer *p, unsigned of, unsigned segment)
{
    uint32_t index = cw_read_u32(p->r);
    print_space_but_0(p, of, cw_read_u32(p->r));
    CW_PUT(p, " ");
    cw_put_ref(p, segment, index);
}

static void print_copy(cw_printer *p, unsigned space)
{
    uint32_t to = cw_read_u32(p->r), from = cw_read_u32(p->r);
    if (!to && !from)
        return;
    CW_PUT(p, " ");
    cw_put_ref(p, space, to);
    CW_PUT(p, " ");
    cw_put_ref(p, space, from);
}

static void print_field(cw_printer *p)
{
    uint32_t type = cw_read_u32(p->r), field = cw_read_u32(p->r);
    CW_PUT(p, " ");
    cw_put_ref(p, CW_SPACE_TYPE, type);
    CW_PUT(p, " ");
    cw_put_index(p, type < p->m->n_field_ids ? &p->m->field_ids[type] : &(cw_print_ids){ NULL, 0 }, field);
}

static void print_immediates(cw_printer *p, uint16_t op)
{
    cw_reader *r = p->r;
    const uint8_t *at = r->at;
    uint32_t n;
    switch ((cw_imm)cw_opcodes[op].imm) {
    case CW_IMM_NONE: break;
    case CW_IMM_LABEL:
        CW_PUT(p, " ");
        print_label(p, true);
        break;
    case CW_IMM_BR_TABLE: print_br_table(p); break;
    case CW_IMM_FUNC: print_space(p, CW_EXTERN_FUNC); break;
    case CW_IMM_CALL_INDIRECT: print_indirect(p); break;
    case CW_IMM_TYPE: print_space(p, CW_SPACE_TYPE); break;
    case CW_IMM_SELECT: print_select(p); break;
    case CW_IMM_TAG: print_space(p, CW_EXTERN_TAG); break;
    case CW_IMM_LOCAL:
        CW_PUT(p, " ");
        cw_put_index(p, &p->m->local_ids, cw_read_u32(r));
        break;
    case CW_IMM_GLOBAL: print_space(p, CW_EXTERN_GLOBAL); break;
    case CW_IMM_TABLE: print_space(p, CW_EXTERN_TABLE); break;
    case CW_IMM_TABLE_INIT: print_init(p, CW_EXTERN_TABLE, CW_SPACE_ELEM); break;
    case CW_IMM_TABLE_COPY: print_copy(p, CW_EXTERN_TABLE); break;
    case CW_IMM_ELEM: print_space(p, CW_SPACE_ELEM); break;
    case CW_IMM_MEMARG: print_memarg(p, op); break;
    case CW_IMM_MEMARG_LANE:
        print_memarg(p, op);
        print_lane(p);
        break;
    case CW_IMM_MEMORY: print_space_but_0(p, CW_EXTERN_MEMORY, cw_read_u32(r)); break;
    case CW_IMM_MEMORY_INIT: print_init(p, CW_EXTERN_MEMORY, CW_SPACE_DATA); break;
    case CW_IMM_MEMORY_COPY: print_copy(p, CW_EXTERN_MEMORY); break;
    case CW_IMM_DATA: print_space(p, CW_SPACE_DATA); break;
    case CW_IMM_I32:
        CW_PUT(p, " ");
        cw_put_s64(p, cw_read_s32(r));
        break;
    case CW_IMM_I64:
        CW_PUT(p, " ");
        cw_put_s64(p, cw_read_s64(r));
        break;
    case CW_IMM_F32:
        CW_PUT(p, " ");
        cw_put_float(p, cw_read_fixed32(r), false);
        break;
    case CW_IMM_F64:
        CW_PUT(p, " ");
        cw_put_float(p, cw_read_fixed64(r), true);
        break;
    case CW_IMM_V128: print_v128(p); break;
    case CW_IMM_SHUFFLE:
        for (unsigned i = 0; i < 16; i++)
            print_lane(p);
        break;
    case CW_IMM_LANE: print_lane(p); break;
    case CW_IMM_HEAP:
        CW_PUT(p, " ");
        if (op == CW_OP_REF_NULL)
            cw_print_heaptype(p);
        else
            cw_print_ref(p,
                         op == CW_OP_REF_TEST_NULL || op == CW_OP_REF_CAST_NULL || op == CW_OP_REF_CAST_DESC_EQ_NULL);
        break;
    case CW_IMM_TYPE_FIELD: print_field(p); break;
    case CW_IMM_TYPE_COUNT:
        print_space(p, CW_SPACE_TYPE);
        print_number(p);
        break;
    case CW_IMM_TYPE_DATA:
        print_space(p, CW_SPACE_TYPE);
        print_space(p, CW_SPACE_DATA);
        break;
    case CW_IMM_TYPE_ELEM:
        print_space(p, CW_SPACE_TYPE);
        print_space(p, CW_SPACE_ELEM);
        break;
    case CW_IMM_TYPE_TYPE:
        print_space(p, CW_SPACE_TYPE);
        print_space(p, CW_SPACE_TYPE);
        break;
    case CW_IMM_BR_ON_CAST: print_br_on_cast(p); break;
    case CW_IMM_FENCE:
        n = cw_read_u8(r);
        if (n && r->ok)
            cw_reader_fail(r, at, "zero byte expected");
        break;
    case CW_IMM_BLOCK:
    case CW_IMM_TRY_TABLE:
    case CW_IMM_COUNT: break;
    }
}

void cw_print_instruction(cw_printer *p, uint16_t op)
{
    uint8_t imm = cw_opcodes[op].imm;
    if (op == CW_OP_REF_TEST_NULL || op == CW_OP_REF_CAST_NULL ||
        op == CW_OP_REF_CAST_DESC_EQ_NULL) /* the type says it */
        cw_put(p, cw_opcodes[op].name, p->lengths[op] - sizeof " null" + 1);
    else
        cw_put(p, cw_opcodes[op].name, p->lengths[op]);
    if (imm == CW_IMM_MEMORY_INIT || imm == CW_IMM_DATA || imm == CW_IMM_TYPE_DATA)
        p->m->needs_data_count |= p->in_function;
    if (imm != CW_IMM_NONE)
        print_immediates(p, op);
}

/* ---- blocks ---- */

static void print_blocktype(cw_printer *p)
{
    cw_reader *r = p->r;
    const uint8_t *at = r->at;
    uint8_t byte = cw_reader_left(r) ? *at : 0x40;
    if (byte == 0x40) {
        cw_read_u8(r);
    } else if ((byte & 0xc0) == 0x40) { /* a value type: a negative number of one byte */
        CW_PUT(p, " (result ");
        cw_print_valtype(p);
        CW_PUT(p, ")");
    } else {
        int64_t index = cw_read_s33(r);
        if (r->ok && (index < 0 || index > UINT32_MAX))
            cw_reader_fail(r, at, "malformed block type");
        cw_print_typeuse(p, (uint32_t)index, true);
    }
}

void cw_print_block(cw_printer *p, uint16_t op, cwrun_str token)
{
    cw_put(p, cw_opcodes[op].name, p->lengths[op]);
    if (token.size) {
        CW_PUT(p, " ");
        cw_put(p, token.data, token.size);
    }
    print_blocktype(p);
    if (op == CW_OP_TRY_TABLE)
        print_catches(p);
}

bool cw_print_opens_block(uint16_t op)
{
    return op == CW_OP_BLOCK || op == CW_OP_LOOP || op == CW_OP_IF || op == CW_OP_TRY || op == CW_OP_TRY_TABLE;
}

/* Whether else, catch, catch_all, delegate or end may come here; else text could not say it. */
bool cw_print_check_part(cw_printer *p, const uint8_t *at, uint16_t op)
{
    cw_print_label *top = p->labels.n > p->first_label ? &p->labels.items[p->labels.n - 1] : NULL;
    bool ok = false;
    if (top && op == CW_OP_ELSE)
        ok = top->op == CW_OP_IF && !top->caught;
    else if (top && op == CW_OP_DELEGATE)
        ok = top->op == CW_OP_TRY && !top->caught;
    else if (top && op != CW_OP_END)
        ok = (top->op == CW_OP_TRY || top->op == CW_OP_CATCH) && !top->caught;
    else
        ok = op == CW_OP_END;
    if (!ok) {
        cw_reader_fail(p->r, at, "%s without a block that it belongs to", cw_opcodes[op].name);
        return false;
    }
    if (top && op == CW_OP_CATCH)
        top->op = CW_OP_CATCH;
    if (top && (op == CW_OP_ELSE || op == CW_OP_CATCH_ALL))
        top->caught = true;
    return true;
}

/* ---- flat text ---- */

/* A line for each instruction; false at the last end. */
static bool print_line(cw_printer *p)
{
    cw_reader *r = p->r;
    const uint8_t *at = r->at;
    uint16_t op = cw_print_read_op(p);
    if (!r->ok)
        return false;
    if (cw_print_opens_block(op)) {
        cwrun_str token = cw_print_next_label(p);
        cw_print_hint(p, at, op);
        cw_put_line(p, at);
        cw_print_block(p, op, token);
        cw_print_push_label(p, op, token);
        if (!token.size) {
            CW_PUT(p, " ;; label = @");
            cw_put_u64(p, p->labels.n - 1);
        }
        p->indent++;
        return r->ok;
    }
    if (op != CW_OP_ELSE && op != CW_OP_END && op != CW_OP_CATCH && op != CW_OP_CATCH_ALL && op != CW_OP_DELEGATE) {
        cw_print_hint(p, at, op);
        cw_put_line(p, at);
        cw_print_instruction(p, op);
        return r->ok;
    }
    if (!cw_print_check_part(p, at, op))
        return false;
    if (p->labels.n == p->first_label) /* the end of all */
        return false;
    p->indent--;
    cw_put_line(p, at);
    if (op == CW_OP_END || op == CW_OP_DELEGATE)
        p->labels.n--;
    else
        p->indent++;
    cw_print_instruction(p, op);
    return r->ok;
}

static void print_flat(cw_printer *p)
{
    uint32_t indent = p->indent;
    while (print_line(p))
        ;
    p->indent = indent;
}

/* ---- constant expressions ---- */

uint32_t cw_print_const_expr(cw_printer *p)
{
    cw_reader *r = p->r;
    uint32_t n = 0, first = p->first_label;
    p->first_label = p->labels.n;
    for (; r->ok; n++) {
        const uint8_t *at = r->at;
        uint16_t op = cw_print_read_op(p);
        bool part =
            op == CW_OP_ELSE || op == CW_OP_END || op == CW_OP_CATCH || op == CW_OP_CATCH_ALL || op == CW_OP_DELEGATE;
        if (!r->ok || (part && !cw_print_check_part(p, at, op)) || (op == CW_OP_END && p->labels.n == p->first_label))
            break;
        CW_PUT(p, " ");
        if (cw_print_opens_block(op)) {
            cw_print_block(p, op, (cwrun_str){ NULL, 0 });
            cw_print_push_label(p, op, (cwrun_str){ NULL, 0 });
            n++; /* not to be folded */
        } else {
            if (op == CW_OP_END || op == CW_OP_DELEGATE)
                p->labels.n--;
            cw_print_instruction(p, op);
        }
    }
    p->labels.n = p->first_label;
    p->first_label = first;
    return n;
}

void cw_print_wrapped_expr(cw_printer *p, const char *word)
{
    size_t start = p->out.size, size = strlen(word) + 1;
    p->captured++;
    uint32_t n = cw_print_const_expr(p); /* " i32.const 0": the space becomes a parenthesis */
    p->captured--;
    if (n == 0)
        CW_PUT(p, " ");
    if (n != 1) { /* "(word" before the space */
        cw_put(p, word, size);
        if (p->out.oom)
            return;
        memmove(p->out.data + start + size, p->out.data + start, p->out.size - size - start);
        p->out.data[start] = '(';
        memcpy(p->out.data + start + 1, word, size - 1);
    } else if (!p->out.oom) {
        p->out.data[start] = '(';
    }
    CW_PUT(p, ")");
}

/* ---- functions ---- */

/* What parsing does not do by itself: two runs of one type, one of none. */
static void print_run(cw_printer *p, cw_print_part type, bool empty)
{
    CW_PUT(p, "(@cwrun.run");
    if (empty) {
        CW_PUT(p, " ");
        p->r->at = type.at;
        cw_print_valtype(p);
    }
    CW_PUT(p, ")");
}

/* Decodes one. */
static void pass_valtype(cw_printer *p)
{
    size_t size = p->out.size;
    cw_print_valtype(p);
    p->out.size = size;
}

static bool is_same_part(cw_print_part a, cw_print_part b)
{
    return a.at && a.end - a.at == b.end - b.at && memcmp(a.at, b.at, (size_t)(a.end - a.at)) == 0;
}

static void print_locals(cw_printer *p)
{
    cw_reader *r = p->r;
    cw_print_module *m = p->m;
    const uint8_t *at = r->at;
    uint32_t runs = cw_read_count(r, UINT32_MAX, "local declarations"), index = m->type ? m->type->n_params : 0;
    uint64_t total = 0;
    bool any = false, open = false;
    cw_print_part last = { NULL, NULL };
    for (uint32_t i = 0; i < runs && r->ok; i++) {
        uint32_t n = cw_read_u32(r);
        total += n;
        if (r->ok && total > MAX_LOCALS) {
            cw_reader_limit(r, at, "too many locals: %llu, at most %u", (unsigned long long)total,
                            (unsigned)MAX_LOCALS);
            return;
        }
        cw_print_part type = { r->at, r->end };
        pass_valtype(p);
        type.end = r->at;
        if (!n || is_same_part(last, type)) {
            if (open)
                CW_PUT(p, ")");
            if (any)
                CW_PUT(p, " ");
            else
                cw_put_line(p, at);
            print_run(p, type, !n);
            open = false;
            any = true;
        }
        last = n ? type : (cw_print_part){ NULL, NULL };
        for (uint32_t k = 0; k < n && r->ok; k++, index++) {
            const cw_print_id *id = cw_print_id_at(&m->local_ids, index);
            bool named = id && id->token.size;
            if (!any)
                cw_put_line(p, at);
            if (open && named)
                CW_PUT(p, ")");
            if (any && (named || !open))
                CW_PUT(p, " ");
            if (named || !open)
                CW_PUT(p, "(local");
            if (named)
                cw_put_id(p, id);
            CW_PUT(p, " ");
            r->at = type.at;
            cw_print_valtype(p);
            if (named)
                CW_PUT(p, ")");
            open = !named;
            any = true;
        }
    }
    if (open)
        CW_PUT(p, ")");
}

/* How many locals there are, for the names. */
static uint32_t count_locals(cw_printer *p)
{
    cw_reader *r = p->r;
    cwrun_error *err = r->err;
    cw_print_part before = { r->at, r->end };
    size_t size = p->out.size;
    uint64_t total = p->m->type ? p->m->type->n_params : 0;
    r->err = NULL;
    uint32_t runs = cw_read_u32(r);
    for (uint32_t i = 0; i < runs && r->ok; i++) {
        total += cw_read_u32(r);
        cw_print_valtype(p);
        p->out.size = size;
        if (total > UINT32_MAX)
            r->ok = false;
    }
    uint32_t n = r->ok ? (uint32_t)total : 0;
    r->ok = true;
    r->err = err;
    cw_print_leave(p, before);
    return n;
}

void cw_print_function(cw_printer *p, uint32_t func)
{
    cw_print_module *m = p->m;
    m->local_ids = (cw_print_ids){ 0 };
    if (m->locals.n && m->type)
        cw_print_indirect_ids(p, &p->scratch, &m->locals, func, count_locals(p), "local", &m->local_ids);
    if (m->type)
        cw_print_signature(p, m->type, &m->local_ids);
    if (p->options.skeleton) {
        CW_PUT(p, " ...");
        p->r->at = p->r->end;
        return;
    }
    cw_print_begin_labels(p, func);
    cw_print_begin_hints(p, func);
    p->labels.n = 0;
    cw_print_push_label(p, CW_OP_NONE, (cwrun_str){ NULL, 0 });
    p->first_label = 1;
    p->in_function = true;
    p->indent++;
    const uint8_t *start = p->r->at;
    print_locals(p);
    if (p->options.fold)
        cw_print_folded(p);
    else
        print_flat(p);
    p->indent--;
    p->in_function = false;
    const bool empty = p->r->at - start == 2; /* no locals, and the end */
    if (p->r->ok && (!empty || p->options.offsets))
        cw_put_line(p, p->r->at - 1);
    p->labels.n = p->first_label = 0;
}
