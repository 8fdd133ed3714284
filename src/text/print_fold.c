/* text/print_fold.c: bodies as trees of folded instructions  [core 6.5.13].
 *
 * A folded instruction's operands are done before it, whatever their types are: so any run of neighbours that keeps its
 * order may be an instruction's operands, and signatures only decide what is good to read. A first pass over the body
 * finds where each instruction's tree begins; printing goes over the trees with a stack of tasks, since they may be
 * deep. */
#include "text/print.h"

typedef struct fold_node {
    const uint8_t *at;
    uint32_t start; /* first node of its tree; of an end: of the block's */
    uint32_t open;  /* of end and delegate: the node that opens the block */
    uint16_t op;
    cwrun_str token; /* label of a block */
} fold_node;

/* A tree without parent so far. */
typedef struct fold_root {
    uint32_t node, n_results;
} fold_root;

typedef struct fold_block {
    uint32_t node, base; /* its opening; roots before base are outside */
    uint32_t n_results, n_branch;
} fold_block;

typedef enum task_kind { TASK_NODE, TASK_CLOSE, TASK_CLOSE_BLOCK, TASK_THEN, TASK_PART } task_kind;
typedef struct fold_task {
    uint32_t kind, node;
} fold_task;

typedef struct folder {
    cw_printer *p;
    CW_VEC(fold_node) nodes;
    CW_VEC(fold_root) roots;
    CW_VEC(fold_block) blocks;
    CW_VEC(fold_task) tasks;
} folder;

/* ---- how many operands, how many results ---- */

typedef struct arity {
    uint32_t pops, results;
} arity;

static arity of_type(const cw_printer *p, uint32_t index, uint32_t more)
{
    const cw_print_module *m = p->m;
    if (index >= m->types.n)
        return (arity){ 0, 0 };
    return (arity){ m->types.items[index].n_params + more, m->types.items[index].n_results };
}

static arity of_func(const cw_printer *p, uint32_t index)
{
    return index < p->m->func_types.n ? of_type(p, p->m->func_types.items[index], 0) : (arity){ 0, 0 };
}

static uint32_t branch_arity(const folder *f, uint32_t depth)
{
    return depth < f->blocks.n ? f->blocks.items[f->blocks.n - 1 - depth].n_branch : 0;
}

static uint32_t field_count(const cw_printer *p, uint32_t type)
{
    return type < p->m->types.n && p->m->types.items[type].form == CW_PRINT_STRUCT ? p->m->types.items[type].n_params
                                                                                   : 0;
}

static uint32_t tag_arity(const cw_printer *p, uint32_t tag)
{
    return tag < p->m->tag_types.n ? of_type(p, p->m->tag_types.items[tag], 0).pops : 0;
}

/* The reader is at the immediates. Of what has a signature in the table, that says it. */
static arity arity_of(const folder *f, uint16_t op)
{
    cw_printer *p = f->p;
    cw_reader *r = p->r;
    const char *sig = cw_opcodes[op].sig;
    uint32_t n, k;
    if (*sig != '?') {
        const char *colon = strchr(sig, ':');
        return (arity){ (uint32_t)(colon - sig), (uint32_t)strlen(colon + 1) };
    }
    switch (op) {
    case CW_OP_BR: return (arity){ branch_arity(f, cw_read_u32(r)), 0 };
    case CW_OP_BR_IF: n = branch_arity(f, cw_read_u32(r)); return (arity){ n + 1, n };
    case CW_OP_BR_TABLE:
        n = cw_read_u32(r);
        k = cw_read_u32(r);
        return (arity){ branch_arity(f, k) + 1, 0 };
    case CW_OP_RETURN: return (arity){ p->m->type ? p->m->type->n_results : 0, 0 };
    case CW_OP_CALL: return of_func(p, cw_read_u32(r));
    case CW_OP_RETURN_CALL: return (arity){ of_func(p, cw_read_u32(r)).pops, 0 };
    case CW_OP_CALL_INDIRECT:
    case CW_OP_CALL_REF: return of_type(p, cw_read_u32(r), 1);
    case CW_OP_RETURN_CALL_INDIRECT:
    case CW_OP_RETURN_CALL_REF: return (arity){ of_type(p, cw_read_u32(r), 1).pops, 0 };
    case CW_OP_THROW: return (arity){ tag_arity(p, cw_read_u32(r)), 0 };
    case CW_OP_THROW_REF: return (arity){ 1, 0 };
    case CW_OP_DROP:
    case CW_OP_LOCAL_SET:
    case CW_OP_GLOBAL_SET: return (arity){ 1, 0 };
    case CW_OP_SELECT:
    case CW_OP_SELECT_T: return (arity){ 3, 1 };
    case CW_OP_LOCAL_GET:
    case CW_OP_GLOBAL_GET:
    case CW_OP_REF_NULL:
    case CW_OP_REF_FUNC:
    case CW_OP_TABLE_SIZE: return (arity){ 0, 1 };
    case CW_OP_LOCAL_TEE:
    case CW_OP_TABLE_GET:
    case CW_OP_REF_IS_NULL:
    case CW_OP_REF_AS_NON_NULL:
    case CW_OP_STRUCT_GET:
    case CW_OP_STRUCT_GET_S:
    case CW_OP_STRUCT_GET_U:
    case CW_OP_ARRAY_NEW_DEFAULT:
    case CW_OP_ARRAY_LEN:
    case CW_OP_REF_TEST:
    case CW_OP_REF_TEST_NULL:
    case CW_OP_REF_CAST:
    case CW_OP_REF_CAST_NULL:
    case CW_OP_REF_GET_DESC:
    case CW_OP_STRUCT_NEW_DEFAULT_DESC:
    case CW_OP_ANY_CONVERT_EXTERN:
    case CW_OP_EXTERN_CONVERT_ANY:
    case CW_OP_REF_I31:
    case CW_OP_I31_GET_S:
    case CW_OP_I31_GET_U: return (arity){ 1, 1 };
    case CW_OP_TABLE_SET:
    case CW_OP_STRUCT_SET: return (arity){ 2, 0 };
    case CW_OP_REF_CAST_DESC_EQ:
    case CW_OP_REF_CAST_DESC_EQ_NULL:
    case CW_OP_REF_EQ:
    case CW_OP_ARRAY_NEW:
    case CW_OP_ARRAY_NEW_DATA:
    case CW_OP_ARRAY_NEW_ELEM:
    case CW_OP_ARRAY_GET:
    case CW_OP_ARRAY_GET_S:
    case CW_OP_ARRAY_GET_U:
    case CW_OP_TABLE_GROW: return (arity){ 2, 1 };
    case CW_OP_ARRAY_SET:
    case CW_OP_MEMORY_COPY:
    case CW_OP_TABLE_INIT:
    case CW_OP_TABLE_COPY:
    case CW_OP_TABLE_FILL: return (arity){ 3, 0 };
    case CW_OP_ARRAY_FILL:
    case CW_OP_ARRAY_INIT_DATA:
    case CW_OP_ARRAY_INIT_ELEM: return (arity){ 4, 0 };
    case CW_OP_ARRAY_COPY: return (arity){ 5, 0 };
    case CW_OP_STRUCT_NEW: return (arity){ field_count(p, cw_read_u32(r)), 1 };
    case CW_OP_STRUCT_NEW_DESC: return (arity){ field_count(p, cw_read_u32(r)) + 1, 1 };
    case CW_OP_STRUCT_NEW_DEFAULT: return (arity){ 0, 1 };
    case CW_OP_ARRAY_NEW_FIXED: cw_read_u32(r); return (arity){ cw_read_u32(r), 1 };
    case CW_OP_BR_ON_NULL: n = branch_arity(f, cw_read_u32(r)); return (arity){ n + 1, n + 1 };
    case CW_OP_BR_ON_NON_NULL: n = branch_arity(f, cw_read_u32(r)); return (arity){ n, n ? n - 1 : 0 };
    default: return (arity){ 0, 0 };
    }
}

static arity block_arity(const folder *f)
{
    cw_reader *r = f->p->r;
    uint8_t byte = cw_reader_left(r) ? *r->at : 0x40;
    if (byte == 0x40)
        return (arity){ 0, 0 };
    if ((byte & 0xc0) == 0x40)
        return (arity){ 0, 1 };
    return of_type(f->p, (uint32_t)cw_read_s33(r), 0);
}

/* ---- the first pass ---- */

static void add_root(folder *f, uint32_t node, uint32_t n_results)
{
    fold_root *root = CW_VEC_PUSH(&f->roots, &f->p->alloc);
    if (root)
        *root = (fold_root){ node, n_results };
    else
        cw_reader_oom(f->p->r);
}

/* Takes roots that give `pops` operands, where there are such; returns the first node of them all, or `node`. */
static uint32_t take_operands(folder *f, uint32_t node, uint32_t pops)
{
    uint32_t base = f->blocks.items[f->blocks.n - 1].base, n = f->roots.n, start = node;
    while (pops && n > base && f->roots.items[n - 1].n_results && f->roots.items[n - 1].n_results <= pops) {
        pops -= f->roots.items[--n].n_results;
        start = f->nodes.items[f->roots.items[n].node].start;
    }
    if (pops)
        return node;
    f->roots.n = n;
    return start;
}

static void push_block(folder *f, uint32_t node, uint32_t n_results, uint32_t n_branch)
{
    fold_block *b = CW_VEC_PUSH(&f->blocks, &f->p->alloc);
    if (b)
        *b = (fold_block){ node, f->roots.n, n_results, n_branch };
    else
        cw_reader_oom(f->p->r);
}

static void scan_block(folder *f, uint32_t i, uint16_t op)
{
    cw_printer *p = f->p;
    const uint8_t *at = p->r->at;
    arity a = block_arity(f);
    p->r->at = p->r->ok ? at : p->r->at;
    f->nodes.items[i].token = cw_print_next_label(p);
    size_t size = p->out.size;
    cw_print_block(p, op, f->nodes.items[i].token);
    cw_print_push_label(p, op, f->nodes.items[i].token);
    p->out.size = size;
    if (op == CW_OP_IF)
        f->nodes.items[i].start = take_operands(f, i, 1);
    push_block(f, i, a.results, op == CW_OP_LOOP ? a.pops : a.results);
}

static void skip_instruction(cw_printer *p, uint16_t op)
{
    size_t size = p->out.size;
    cw_print_instruction(p, op);
    p->out.size = size;
}

/* One node more; false at the end of the body. */
static bool scan_node(folder *f)
{
    cw_printer *p = f->p;
    cw_reader *r = p->r;
    const uint8_t *at = r->at;
    uint16_t op = cw_print_read_op(p);
    uint32_t i = f->nodes.n;
    fold_node *node = r->ok ? CW_VEC_PUSH(&f->nodes, &p->alloc) : NULL;
    if (!node) {
        if (r->ok)
            cw_reader_oom(r);
        return false;
    }
    *node = (fold_node){ .at = at, .start = i, .op = op };
    if (cw_print_opens_block(op)) {
        scan_block(f, i, op);
        return r->ok;
    }
    bool ends = op == CW_OP_END || op == CW_OP_DELEGATE;
    if (!ends && op != CW_OP_ELSE && op != CW_OP_CATCH && op != CW_OP_CATCH_ALL) {
        const uint8_t *immediates = r->at;
        arity a = arity_of(f, op);
        if (r->ok)
            r->at = immediates;
        f->nodes.items[i].start = take_operands(f, i, a.pops);
        add_root(f, i, a.results);
        skip_instruction(p, op);
        return r->ok;
    }
    if (!cw_print_check_part(p, at, op) || p->labels.n == p->first_label)
        return false;
    fold_block b = f->blocks.items[f->blocks.n - 1];
    f->roots.n = b.base;
    if (ends) {
        p->labels.n--;
        f->blocks.n--;
        f->nodes.items[i].open = b.node;
        f->nodes.items[i].start = f->nodes.items[b.node].start;
        add_root(f, i, b.n_results);
    }
    skip_instruction(p, op);
    return r->ok;
}

/* ---- printing ---- */

static void add_task(folder *f, task_kind kind, uint32_t node)
{
    fold_task *t = CW_VEC_PUSH(&f->tasks, &f->p->alloc);
    if (t)
        *t = (fold_task){ (uint32_t)kind, node };
    else
        cw_reader_oom(f->p->r);
}

/* Tasks for the trees that nodes from … to - 1 make up; the first one is done first. A part's opening closes the one
 * before. */
static void add_trees(folder *f, uint32_t from, uint32_t to)
{
    for (uint32_t end = to; end > from && f->p->r->ok;) {
        uint32_t last = end - 1;
        uint16_t op = f->nodes.items[last].op;
        bool part = op == CW_OP_ELSE || op == CW_OP_CATCH || op == CW_OP_CATCH_ALL;
        add_task(f, part ? TASK_PART : TASK_NODE, last);
        end = f->nodes.items[last].start;
    }
}

static void open_line(folder *f, const fold_node *node)
{
    cw_print_hint(f->p, node->at, node->op);
    cw_put_line(f->p, node->at);
    CW_PUT(f->p, "(");
}

/* Goes to the immediates of a node. */
static void seek(folder *f, const fold_node *node)
{
    f->p->r->at = node->at;
    cw_print_read_op(f->p);
}

static void print_block_node(folder *f, uint32_t last)
{
    cw_printer *p = f->p;
    uint32_t open = f->nodes.items[last].open;
    const fold_node *node = &f->nodes.items[open];
    open_line(f, node);
    seek(f, node);
    cw_print_block(p, node->op, node->token);
    if (!node->token.size) {
        CW_PUT(p, " (;@");
        cw_put_u64(p, p->labels.n);
        CW_PUT(p, ";)");
    }
    p->indent++;
    bool parts = node->op == CW_OP_IF || node->op == CW_OP_TRY;
    add_task(f, TASK_CLOSE_BLOCK, last);
    add_trees(f, open + 1, last);
    if (parts) {
        add_task(f, TASK_THEN, open);
        add_trees(f, node->start, open);
    } else {
        cw_print_push_label(p, node->op, node->token);
    }
}

static void print_node(folder *f, uint32_t i)
{
    cw_printer *p = f->p;
    const fold_node *node = &f->nodes.items[i];
    if (node->op == CW_OP_END || node->op == CW_OP_DELEGATE) {
        print_block_node(f, i);
        return;
    }
    open_line(f, node);
    seek(f, node);
    cw_print_instruction(p, node->op);
    p->indent++;
    add_task(f, TASK_CLOSE, i);
    add_trees(f, node->start, i);
}

/* (then, (do, and what follows them: the part before is closed. */
static void open_part(folder *f, uint32_t i, bool first)
{
    cw_printer *p = f->p;
    const fold_node *node = &f->nodes.items[i];
    if (first) {
        cw_print_push_label(p, node->op, node->token);
        cw_put_line(p, NULL);
        cw_put_text(p, node->op == CW_OP_IF ? "(then" : "(do");
    } else {
        CW_PUT(p, ")");
        p->indent--;
        open_line(f, node);
        seek(f, node);
        cw_print_instruction(p, node->op);
    }
    p->indent++;
}

static void close_block(folder *f, uint32_t last)
{
    cw_printer *p = f->p;
    const fold_node *end = &f->nodes.items[last];
    uint16_t op = f->nodes.items[end->open].op;
    if (op == CW_OP_IF || op == CW_OP_TRY) {
        CW_PUT(p, ")");
        p->indent--;
    }
    p->labels.n--;
    if (end->op == CW_OP_DELEGATE) {
        open_line(f, end);
        seek(f, end);
        cw_print_instruction(p, end->op);
        CW_PUT(p, ")");
    }
    CW_PUT(p, ")");
    p->indent--;
}

static void print_trees(folder *f)
{
    cw_printer *p = f->p;
    while (f->tasks.n && p->r->ok) {
        fold_task t = f->tasks.items[--f->tasks.n];
        switch ((task_kind)t.kind) {
        case TASK_NODE: print_node(f, t.node); break;
        case TASK_CLOSE:
            CW_PUT(p, ")");
            p->indent--;
            break;
        case TASK_CLOSE_BLOCK: close_block(f, t.node); break;
        case TASK_THEN: open_part(f, t.node, true); break;
        default: open_part(f, t.node, false);
        }
    }
}

void cw_print_folded(cw_printer *p)
{
    folder f = { .p = p };
    uint32_t indent = p->indent, results = p->m->type ? p->m->type->n_results : 0;
    push_block(&f, 0, results, results);
    p->captured++;
    while (p->r->ok && scan_node(&f))
        ;
    p->captured--;
    const uint8_t *end = p->r->at;
    p->labels.n = p->first_label;
    if (p->r->ok) {
        add_trees(&f, 0, f.nodes.n - 1); /* without the last end */
        print_trees(&f);
    }
    p->r->at = p->r->ok ? end : p->r->at;
    p->indent = indent;
    CW_VEC_FINI(&f.nodes, &p->alloc);
    CW_VEC_FINI(&f.roots, &p->alloc);
    CW_VEC_FINI(&f.blocks, &p->alloc);
    CW_VEC_FINI(&f.tasks, &p->alloc);
}
