/* text/body.c: instructions, flat and folded, and function bodies  [core 6.5, 6.6.6].
 *
 * The one idea: open blocks and open folded forms are frames on a stack of our own, so that no nesting is too deep. A
 * folded instruction's own bytes are written at its opening, since its immediates stand there, and wait in m->pending
 * until its operands are done. */
#include "text/module.h"

enum {
    FOLDED,       /* (op …): pending bytes follow at its end */
    FOLDED_BLOCK, /* (block …), (loop …), (try_table …) */
    FOLDED_IF,    /* (if …): state 0 before (then, 1 behind it, 2 behind (else; the header is pending until (then */
    FOLDED_TRY,   /* (try …) */
    PART,         /* (then …), (else …), (do …), (catch …) */
    FLAT          /* block … end; op says which; state: 0, or how far an if or try has come */
};

/* States of a try; an if behind its else is at TRY_CATCH_ALL, too: no further part may come. */
enum { TRY_NEW, TRY_DONE, TRY_CATCH, TRY_CATCH_ALL, TRY_DELEGATE };

static cw_frame_text *top_frame(cw_module_text *m)
{
    return m->frames.n ? &m->frames.items[m->frames.n - 1] : NULL;
}

static cw_frame_text *push_frame(cw_module_text *m, uint8_t kind, uint16_t op)
{
    cw_frame_text *f = CW_VEC_PUSH(&m->frames, &m->p->alloc);
    if (!f) {
        cw_parse_oom(m->p);
        return NULL;
    }
    *f = (cw_frame_text){ .kind = kind, .hint = -1, .op = op, .pending = (uint32_t)m->pending.size };
    return f;
}

static void push_label(cw_module_text *m, cw_block_id block)
{
    cw_label_text *label = CW_VEC_PUSH(&m->labels, &m->p->alloc);
    cwrun_str name = block.id ? cw_id_name(m->p, block.id) : (cwrun_str){ NULL, 0 };
    uint64_t *innermost = label && name.data ? cw_map_put(&m->innermost, &m->p->alloc, name, NULL) : NULL;
    if (label)
        *label = (cw_label_text){ innermost ? name : (cwrun_str){ NULL, 0 }, innermost ? (uint32_t)*innermost : 0 };
    if (!label || (name.data && !innermost)) {
        cw_parse_oom(m->p);
        return;
    }
    if (innermost)
        *innermost = m->labels.n;
    cw_add_naming(m, &m->label_names, m->n_labels++, block.id, block.annotated);
}

static void pop_label(cw_module_text *m)
{
    if (m->labels.n == 0)
        return;
    const cw_label_text *label = &m->labels.items[--m->labels.n];
    uint64_t *innermost = label->name.data ? cw_map_find(&m->innermost, label->name) : NULL;
    if (innermost)
        *innermost = label->shadowed;
}

static void flush_pending(cw_module_text *m, const cw_frame_text *f, cw_bytes *out)
{
    cw_bytes_add(out, m->pending.data + f->pending, m->pending.size - f->pending);
    m->pending.size = f->pending;
}

/* ---- branch hints ---- */

static void take_hint(cw_module_text *m)
{
    cw_parser *p = m->p;
    const cw_token *at = p->at;
    if (m->hint >= 0) {
        cw_parse_fail(p, at, "@metadata.code.branch_hint annotation: duplicate annotation");
        return;
    }
    cw_take(p);
    cwrun_str value = cw_take_string(p);
    if (p->ok && (value.size != 1 || (uint8_t)value.data[0] > 1)) {
        cw_parse_fail(p, at, "@metadata.code.branch_hint annotation: invalid value");
        return;
    }
    cw_expect_close(p);
    m->hint = value.size ? (int8_t)value.data[0] : -1;
    m->hint_at = at;
}

/* What the hint before an instruction is; only branches may have one. */
static int8_t claim_hint(cw_module_text *m, uint16_t op)
{
    int8_t hint = m->hint;
    m->hint = -1;
    if (hint >= 0 && op != CW_OP_IF && op != CW_OP_BR_IF)
        cw_parse_fail(m->p, m->hint_at, "@metadata.code.branch_hint annotation: invalid target");
    return hint;
}

static void write_hint(cw_module_text *m, int8_t hint, const cw_bytes *out)
{
    if (hint < 0)
        return;
    cw_bytes_u32(&m->hints, (uint32_t)out->size);
    cw_bytes_u8(&m->hints, 1);
    cw_bytes_u8(&m->hints, (uint8_t)hint);
    m->n_hints++;
}

/* ---- blocks ---- */

static bool opens_block(uint16_t op)
{
    return op == CW_OP_BLOCK || op == CW_OP_LOOP || op == CW_OP_IF || op == CW_OP_TRY || op == CW_OP_TRY_TABLE;
}

/* The word was taken: label, type, catch clauses. The label comes back and is not open yet. */
static cw_block_id write_block_header(cw_module_text *m, cw_bytes *out, uint16_t op)
{
    cw_block_id block = { .id = cw_take_id(m->p) };
    cw_take_name_annotation(m->p, &block.annotated);
    cw_bytes_code(out, cw_opcodes[op].code);
    cw_write_blocktype(m, out);
    if (op == CW_OP_TRY_TABLE)
        cw_write_catches(m, out);
    return block;
}

/* An identifier behind else or end must repeat the block's. */
static void check_label(cw_module_text *m, const cw_frame_text *f)
{
    cw_parser *p = m->p;
    const cw_token *at = p->at, *id = cw_take_id(p);
    if (!id)
        return;
    cwrun_str name = cw_id_name(p, id), label = f->label.id ? cw_id_name(p, f->label.id) : (cwrun_str){ NULL, 0 };
    if (p->ok && (name.size != label.size || memcmp(name.data, label.data, name.size) != 0))
        cw_parse_fail(p, at, "mismatching label $%.*s", (int)name.size, name.data);
}

static void flat_else(cw_module_text *m, cw_bytes *out, cw_frame_text *f, uint16_t op)
{
    cw_parser *p = m->p;
    uint16_t opener = op == CW_OP_ELSE ? CW_OP_IF : CW_OP_TRY;
    if (!f || f->kind != FLAT || f->op != opener || f->state == TRY_CATCH_ALL) {
        cw_parse_unexpected(p, NULL);
        return;
    }
    cw_take(p);
    f->state = op == CW_OP_CATCH ? TRY_CATCH : TRY_CATCH_ALL;
    if (op == CW_OP_ELSE)
        check_label(m, f);
    if (op == CW_OP_CATCH)
        cw_write_instruction(m, out, op);
    else
        cw_bytes_code(out, cw_opcodes[op].code);
}

static void flat_end(cw_module_text *m, cw_bytes *out, cw_frame_text *f, uint16_t op)
{
    cw_parser *p = m->p;
    if (!f || f->kind != FLAT || (op == CW_OP_DELEGATE && (f->op != CW_OP_TRY || f->state))) {
        cw_parse_unexpected(p, NULL);
        return;
    }
    cw_take(p);
    pop_label(m);
    m->frames.n--;
    if (op == CW_OP_DELEGATE) {
        cw_write_instruction(m, out, op);
    } else {
        check_label(m, f);
        cw_bytes_u8(out, CW_CODE_END);
    }
}

static void flat(cw_module_text *m, cw_bytes *out)
{
    cw_parser *p = m->p;
    cw_frame_text *f = top_frame(m);
    uint16_t op = p->at->word;
    if (!op || op >= CW_OP_COUNT || (f && (f->kind == FOLDED || f->kind == FOLDED_IF || f->kind == FOLDED_TRY))) {
        cw_parse_unexpected(p, NULL);
        return;
    }
    int8_t hint = m->hint >= 0 ? claim_hint(m, op) : -1;
    if (op == CW_OP_END || op == CW_OP_DELEGATE) {
        flat_end(m, out, f, op);
    } else if (op == CW_OP_ELSE || op == CW_OP_CATCH || op == CW_OP_CATCH_ALL) {
        flat_else(m, out, f, op);
    } else {
        cw_take(p);
        write_hint(m, hint, out);
        if (!opens_block(op)) {
            cw_write_instruction(m, out, op);
            return;
        }
        const cw_block_id block = write_block_header(m, out, op);
        if ((f = push_frame(m, FLAT, op)))
            f->label = block;
        push_label(m, block);
    }
}

/* ---- folded instructions ---- */

static bool try_part(cw_module_text *m, cw_bytes *out, cw_frame_text *f, uint16_t word)
{
    uint8_t state = f->state;
    if (word == CW_WORD_DO && state == TRY_NEW)
        f->state = TRY_DONE;
    else if (word == CW_OP_CATCH && (state == TRY_DONE || state == TRY_CATCH))
        f->state = TRY_CATCH;
    else if (word == CW_OP_CATCH_ALL && (state == TRY_DONE || state == TRY_CATCH))
        f->state = TRY_CATCH_ALL;
    else if (word == CW_OP_DELEGATE && state == TRY_DONE)
        f->state = TRY_DELEGATE;
    else
        return false;
    m->p->at += 2;
    if (word == CW_OP_DELEGATE)
        pop_label(m);
    if (word == CW_OP_CATCH_ALL)
        cw_bytes_u8(out, CW_CODE_CATCH_ALL);
    else if (word != CW_WORD_DO)
        cw_write_instruction(m, out, word);
    push_frame(m, PART, word);
    return true;
}

/* (then, (else, (do, (catch, (catch_all, (delegate inside their form. */
static bool folded_part(cw_module_text *m, cw_bytes *out, cw_frame_text *f, uint16_t word)
{
    cw_parser *p = m->p;
    if (!f)
        return false;
    if (f->kind == FOLDED_IF && word == CW_WORD_THEN && f->state == 0) {
        write_hint(m, f->hint, out);
        flush_pending(m, f, out);
        push_label(m, f->label);
    } else if (f->kind == FOLDED_IF && word == CW_OP_ELSE && f->state == 1) {
        cw_bytes_u8(out, CW_CODE_ELSE);
    } else if (f->kind == FOLDED_TRY) {
        return try_part(m, out, f, word);
    } else {
        return false;
    }
    p->at += 2;
    f->state++;
    push_frame(m, PART, word);
    return true;
}

static void folded(cw_module_text *m, cw_bytes *out)
{
    cw_parser *p = m->p;
    cw_frame_text *f = top_frame(m);
    uint16_t op = p->at[1].kind == CW_TOKEN_ATOM ? p->at[1].word : 0;
    if (f && (f->kind == FOLDED_IF || f->kind == FOLDED_TRY)) {
        if (folded_part(m, out, f, op))
            return;
        if (f->kind == FOLDED_TRY || f->state) {
            cw_parse_unexpected(p, NULL);
            return;
        }
    }
    p->at++;
    if (!op || op >= CW_OP_COUNT || op == CW_OP_END || op == CW_OP_ELSE || op == CW_OP_CATCH || op == CW_OP_CATCH_ALL ||
        op == CW_OP_DELEGATE) {
        cw_parse_unexpected(p, "an instruction");
        return;
    }
    p->at++;
    int8_t hint = m->hint >= 0 ? claim_hint(m, op) : -1;
    uint8_t kind = !opens_block(op) ? FOLDED : op == CW_OP_IF ? FOLDED_IF : op == CW_OP_TRY ? FOLDED_TRY : FOLDED_BLOCK;
    f = push_frame(m, kind, op);
    if (!f)
        return;
    f->hint = hint;
    if (kind == FOLDED) {
        cw_write_instruction(m, &m->pending, op);
    } else if (kind == FOLDED_IF) {
        f->label = write_block_header(m, &m->pending, op);
    } else {
        push_label(m, write_block_header(m, out, op));
    }
}

/* A closing parenthesis ends the top frame. */
static void close_frame(cw_module_text *m, cw_bytes *out)
{
    cw_frame_text *f = top_frame(m);
    if (f->kind == FLAT) {
        cw_parse_unexpected(m->p, "end");
        return;
    }
    if ((f->kind == FOLDED_IF || f->kind == FOLDED_TRY) && f->state == 0) {
        cw_parse_unexpected(m->p, f->kind == FOLDED_IF ? "(then" : "(do");
        return;
    }
    cw_take(m->p);
    m->frames.n--;
    if (f->kind == FOLDED) {
        write_hint(m, f->hint, out);
        flush_pending(m, f, out);
    } else if (f->kind != PART && !(f->kind == FOLDED_TRY && f->state == TRY_DELEGATE)) {
        cw_bytes_u8(out, CW_CODE_END);
        pop_label(m);
    }
}

static void write_all(cw_module_text *m, cw_bytes *out, bool one)
{
    cw_parser *p = m->p;
    m->hint = -1;
    while (p->ok) {
        if (cw_at_open(p)) {
            folded(m, out);
        } else if (cw_at_close(p)) {
            if (!m->frames.n)
                break;
            close_frame(m, out);
            if (one && !m->frames.n)
                break;
        } else if (p->at->kind == CW_TOKEN_ATOM) {
            flat(m, out);
        } else if (cw_at_annotation(p, CW_ANNOTATION_BRANCH_HINT)) {
            take_hint(m);
        } else {
            cw_parse_unexpected(p, "an instruction");
        }
    }
    if (p->ok && m->hint >= 0)
        claim_hint(m, 0);
    m->frames.n = 0;
    m->labels.n = 0;
    cw_map_fini(&m->innermost, &p->alloc);
    m->pending.size = 0;
}

void cw_write_instructions(cw_module_text *m, cw_bytes *out)
{
    write_all(m, out, false);
}

void cw_write_folded(cw_module_text *m, cw_bytes *out)
{
    if (cw_at_open(m->p))
        write_all(m, out, true);
    else
        cw_parse_unexpected(m->p, "an instruction");
}

/* ---- functions ---- */

typedef struct local_run {
    uint32_t n;
    size_t at, size; /* the type's bytes in m->scratch */
} local_run;
typedef struct local_runs {
    CW_VEC(local_run) list;
    bool ended; /* the next local begins a new one */
} local_runs;

static void take_local(cw_module_text *m, local_runs *runs, const cw_token *id)
{
    cw_parser *p = m->p;
    cwrun_str annotated;
    cw_take_name_annotation(p, &annotated);
    size_t at = m->scratch.size;
    cw_write_valtype(m, &m->scratch);
    size_t size = m->scratch.size - at;
    uint32_t index = cw_space_add(p, &m->locals, id);
    cw_add_naming(m, &m->local_names, index, id, annotated);
    local_run *last = runs->list.n && !runs->ended ? &runs->list.items[runs->list.n - 1] : NULL;
    runs->ended = false;
    if (last && last->size == size && p->ok && !m->scratch.oom &&
        memcmp(m->scratch.data + last->at, m->scratch.data + at, size) == 0) {
        last->n++;
        m->scratch.size = at;
        return;
    }
    last = CW_VEC_PUSH(&runs->list, &p->alloc);
    if (last)
        *last = (local_run){ 1, at, size };
    else
        cw_parse_oom(p);
}

/* (@cwrun.run), (@cwrun.run f32): the binary may have more runs than are needed. */
static void take_run(cw_module_text *m, local_runs *runs)
{
    cw_parser *p = m->p;
    cw_take(p);
    runs->ended = true;
    if (!cw_at_close(p)) {
        size_t at = m->scratch.size;
        cw_write_valtype(m, &m->scratch);
        local_run *run = CW_VEC_PUSH(&runs->list, &p->alloc);
        if (run)
            *run = (local_run){ 0, at, m->scratch.size - at };
        else
            cw_parse_oom(p);
    }
    cw_expect_close(p);
}

static void write_locals(cw_module_text *m, cw_bytes *out)
{
    cw_parser *p = m->p;
    local_runs runs = { .ended = false };
    m->scratch.size = 0;
    while (p->ok) {
        if (cw_at_annotation(p, CW_ANNOTATION_RUN)) {
            take_run(m, &runs);
            continue;
        }
        if (!cw_take_form(p, CW_WORD_LOCAL))
            break;
        const cw_token *id = cw_take_id(p);
        if (id || cw_at_annotation(p, CW_ANNOTATION_NAME))
            take_local(m, &runs, id);
        else
            while (p->ok && !cw_at_close(p))
                take_local(m, &runs, NULL);
        cw_expect_close(p);
    }
    cw_bytes_u32(out, runs.list.n);
    for (uint32_t i = 0; p->ok && i < runs.list.n && !m->scratch.oom; i++) {
        cw_bytes_u32(out, runs.list.items[i].n);
        cw_bytes_add(out, m->scratch.data + runs.list.items[i].at, runs.list.items[i].size);
    }
    CW_VEC_FINI(&runs.list, &p->alloc);
}

void cw_write_function(cw_module_text *m, uint32_t func)
{
    cw_bytes *body = &m->body;
    body->size = 0;
    m->n_labels = 0;
    m->label_names.n = 0;
    m->hints.size = 0;
    m->n_hints = 0;
    m->in_function = true;
    write_locals(m, body);
    cw_write_instructions(m, body);
    m->in_function = false;
    cw_bytes_u8(body, CW_CODE_END);
    cw_bytes_vec(&m->sections[CW_SECTION_CODE], body->data, body->size);
    m->counts[CW_SECTION_CODE]++;
    cw_write_indirect_names(&m->local_section, &m->n_local_funcs, func, &m->local_names);
    cw_write_indirect_names(&m->label_section, &m->n_label_funcs, func, &m->label_names);
    if (m->n_hints) {
        cw_bytes_u32(&m->hint_section, func);
        cw_bytes_u32(&m->hint_section, m->n_hints);
        cw_bytes_add(&m->hint_section, m->hints.data, m->hints.size);
        m->n_hint_funcs++;
    }
}
