/* exec/translate_block.c: blocks, branches and returns.
 *
 * Where ways meet, slots are the only state: the values that go along with a branch are moved to where the block's
 * results (a loop's parameters) live. A branch that has to move something, or returns, gets a way of its own, which the
 * condition jumps over. */
#include "exec/translate.h"

#include <string.h>

#include "base/leb.h"

cw_block *cw_block_at(cw_translator *t, uint32_t depth)
{
    return &t->blocks[t->n_blocks - 1 - depth];
}

static uint32_t n_branch_values(const cw_block *b)
{
    return b->kind == CW_BLOCK_LOOP ? b->n_params : b->n_results;
}

static cw_block *open_block(cw_translator *t, uint8_t kind)
{
    cw_block *b = &t->blocks[t->n_blocks < t->cap_blocks ? t->n_blocks++ : t->n_blocks - 1];
    *b = (cw_block){ .kind = kind };
    return b;
}

/* Charges at the start of the function, charges and polls at a loop's; calls poll by themselves. The cost, one for
 * every instruction in the block but outside loops in it, is known when the block ends: here is where it goes in the
 * code. */
static uint32_t emit_metering(cw_translator *t, bool is_loop)
{
    const bool polls = t->options.interruptible && is_loop;
    if (t->options.fuel) {
        cw_emit_add(t, polls ? CW_IOP_FUEL_POLL : CW_IOP_FUEL);
        cw_emit_flush(t);
        return t->code.n - 8;
    }
    if (polls)
        cw_emit_add(t, CW_IOP_POLL);
    return 0;
}

static void finish_metering(cw_translator *t, const cw_block *b)
{
    if (b->fuel_field && !t->failed) {
        const uint32_t cost = b->n_insns + 1;
        memcpy(t->code.items + b->fuel_field, &cost, 4);
    }
}

static void start_label(cw_translator *t, uint32_t label)
{
    cw_stack_forget_aliases(t);
    cw_emit_label(t, label);
    cw_emit_flush(t);
}

/* True where the values of a branch to the block are not yet where they belong. */
static bool needs_moves(const cw_translator *t, const cw_block *b)
{
    const uint32_t n = n_branch_values(b);
    for (uint32_t i = 0; i < n; i++) {
        const uint32_t from = t->n - n + i;
        if (t->stack[from].kind != CW_ENTRY_SLOT || from != b->height + i)
            return true;
    }
    return false;
}

/* Copies the topmost n entries, none of which is pending, to slots from `slot` on; the stack stays as it is. Homes go
 * up, so that copying upwards overwrites nothing that is still needed. */
static void copy_values(cw_translator *t, uint32_t n, uint32_t slot)
{
    for (uint32_t i = t->n - n; i < t->n; i++) {
        cw_stack_copy(t, i, slot);
        slot += cw_slots_of(t->stack[i].type);
    }
}

/* The values of a branch go to where the block wants them. */
static void move_values(cw_translator *t, const cw_block *b)
{
    copy_values(t, n_branch_values(b), b->base);
}

void cw_block_return(cw_translator *t)
{
    const uint32_t n = t->type->n_results;
    if (n == 0) {
        cw_emit_add(t, CW_IOP_RETURN);
        return;
    }
    if (n == 1) {
        const char type = cw_entry_type(t, t->type->results[0]);
        const uint32_t op = type == 'f'   ? CW_IOP_RETURN_F
                            : type == 'd' ? CW_IOP_RETURN_D
                            : type == 'v' ? CW_IOP_RETURN_V
                                          : CW_IOP_RETURN_I;
        cw_stack_op(t, op, 0, NULL);
        return;
    }
    for (uint32_t i = 0; i < n; i++)
        cw_stack_settle(t, t->n - n + i);
    copy_values(t, n, 0);
    cw_emit_add(t, CW_IOP_RETURN);
    cw_stack_drop_to(t, t->n - n);
}

static void emit_jump(cw_translator *t, cw_block *b)
{
    if (b->kind == CW_BLOCK_FUNC) {
        cw_block_return(t);
        return;
    }
    b->used = true;
    cw_emit_add(t, CW_IOP_BR)->label = b->label;
}

/* Jumps with moves or a return, on a way of its own: the entries stay as they were for the way that goes on. */
static void emit_jump_aside(cw_translator *t, cw_block *b)
{
    if (b->kind == CW_BLOCK_FUNC) {
        const uint32_t n = t->type->n_results;
        if (n == 1) {
            /* as cw_stack_op would, but without popping */
            cw_entry *e = cw_stack_top(t, 0);
            const cw_entry saved = *e;
            if (e->kind == CW_ENTRY_LOCAL)
                t->locals[e->index].n_entries++;
            cw_block_return(t);
            t->stack[t->n++] = saved;
            return;
        }
        copy_values(t, n, 0);
        cw_emit_add(t, CW_IOP_RETURN);
        return;
    }
    move_values(t, b);
    emit_jump(t, b);
}

/* Several results of the function go through their homes, since they may be parameters that returning overwrites. The
 * topmost n_above entries stay as they are, in accumulators too. */
static void settle_values(cw_translator *t, const cw_block *b, uint32_t n_above)
{
    const uint32_t n = n_branch_values(b);
    if (b->kind == CW_BLOCK_FUNC && n > 1)
        for (uint32_t i = 0; i < n; i++)
            cw_stack_settle(t, t->n - n_above - n + i);
}

/* A branch to the block where the i32 on top is not zero. */
void cw_block_branch_if(cw_translator *t, cw_block *b)
{
    settle_values(t, b, 1);
    t->n--; /* what goes along lies below the condition */
    const bool direct = b->kind != CW_BLOCK_FUNC && !needs_moves(t, b);
    t->n++;
    if (direct) {
        b->used = true;
        cw_stack_branch(t, b->label, false);
        return;
    }
    const uint32_t skip = cw_emit_label_new(t);
    cw_stack_branch(t, skip, true);
    cw_stack_bind_all(t);
    emit_jump_aside(t, b);
    cw_emit_label(t, skip);
    cw_stack_forget_aliases(t);
}

/* The label that a br_table may go to for a block that wants values or a return. */
static uint32_t bridge_to(cw_translator *t, cw_block *b)
{
    if (b->bridge_turn != t->n_tables) {
        b->bridge_turn = t->n_tables;
        b->bridge = cw_emit_label_new(t);
    }
    return b->bridge;
}

/* The same where one of a table's labels is the function's. */
static void settle_table_values(cw_translator *t, uint32_t n, const uint8_t *at)
{
    for (uint32_t i = 0; i <= n; i++) {
        const cw_block *b = cw_block_at(t, cw_leb_u32_checked(&at));
        if (b->kind == CW_BLOCK_FUNC) {
            settle_values(t, b, 1);
            return;
        }
    }
}

void cw_block_branch_table(cw_translator *t, const uint8_t **at)
{
    const uint32_t n = cw_leb_u32_checked(at);
    const uint8_t *rest = *at;
    t->n_tables++;
    settle_table_values(t, n, rest);
    const uint32_t first = t->table_labels.n;
    if (!CW_VEC_RESERVE(&t->table_labels, t->a, (size_t)n + 1)) {
        cw_translate_oom(t);
        return;
    }
    for (uint32_t i = 0; i <= n; i++) {
        cw_block *b = cw_block_at(t, cw_leb_u32_checked(at));
        uint32_t label = b->label;
        if (b->kind == CW_BLOCK_FUNC || n_branch_values(b))
            label = bridge_to(t, b);
        else
            b->used = true;
        t->table_labels.items[t->table_labels.n++] = label;
    }
    const uint64_t count = n;
    cw_ir *ir = cw_stack_op(t, CW_IOP_BR_TABLE, 0, &count);
    ir->label = first;
    cw_stack_bind_all(t);
    cw_stack_forget_aliases(t);
    for (uint32_t i = 0; i <= n; i++) {
        cw_block *b = cw_block_at(t, cw_leb_u32_checked(&rest));
        if ((b->kind == CW_BLOCK_FUNC || n_branch_values(b)) && b->bridge_turn == t->n_tables) {
            b->bridge_turn = 0;
            cw_emit_label(t, b->bridge);
            emit_jump_aside(t, b);
        }
    }
    t->dead = true;
}

void cw_block_begin(cw_translator *t, const uint8_t **at, uint8_t kind)
{
    cw_block header = { .kind = kind };
    cw_translate_block_type(t, at, &header);
    uint32_t else_label = 0;
    if (kind == CW_BLOCK_IF) {
        cw_stack_flush(t, t->n - 1);
        /* parameters are the same on both ways */
        if (header.n_params) {
            cw_entry *condition = cw_stack_top(t, 0);
            if (condition->kind == CW_ENTRY_PENDING)
                cw_stack_bind(t, t->n - 1);
            for (uint32_t i = t->n - 1 - header.n_params; i < t->n - 1; i++)
                cw_stack_settle(t, i);
        }
        else_label = cw_emit_label_new(t);
        cw_stack_branch(t, else_label, true);
    } else {
        cw_stack_flush(t, t->n);
    }
    cw_block *b = open_block(t, kind);
    *b = header;
    b->around = t->region;
    b->else_label = else_label;
    b->height = t->n - b->n_params;
    b->base = cw_stack_home(t, b->height);
    b->label = cw_emit_label_new(t);
    if (kind == CW_BLOCK_LOOP) {
        for (uint32_t i = b->height; i < t->n; i++)
            cw_stack_settle(t, i);
        start_label(t, b->label);
        b->fuel_field = emit_metering(t, true);
    }
}

void cw_block_settle_results(cw_translator *t, const cw_block *b)
{
    cw_stack_bind_all(t);
    if (b->kind == CW_BLOCK_CATCH) { /* they are above the exception */
        move_values(t, b);
        return;
    }
    for (uint32_t i = 0; i < b->n_results; i++)
        cw_stack_settle(t, b->height + i);
}

void cw_block_else(cw_translator *t)
{
    cw_block *b = cw_block_at(t, 0);
    if (!t->dead) {
        cw_block_settle_results(t, b);
        b->used = true;
        cw_emit_add(t, CW_IOP_BR)->label = b->label;
    }
    cw_stack_drop_to(t, b->height);
    cw_stack_push_types(t, b->params, b->n_params);
    start_label(t, b->else_label);
    b->kind = CW_BLOCK_ELSE;
    t->dead = false;
}

void cw_block_end(cw_translator *t)
{
    cw_block *b = cw_block_at(t, 0);
    finish_metering(t, b);
    if (b->region)
        cw_try_close(t, b);
    if (b->kind == CW_BLOCK_FUNC) {
        if (!t->dead)
            cw_block_return(t);
        if (t->return_label)
            cw_try_return(t);
        cw_emit_flush(t);
        t->n_blocks--;
        return;
    }
    if (!b->fuel_field && t->n_blocks > 1)
        cw_block_at(t, 1)->n_insns += b->n_insns;
    t->n_blocks--;
    const bool falls_to_else = b->kind == CW_BLOCK_IF; /* without else: its parameters are its results */
    if (!falls_to_else && (b->kind == CW_BLOCK_LOOP || !b->used))
        return; /* nothing comes here but what falls through, with its values as they are, or is dead too */
    if (!t->dead)
        cw_block_settle_results(t, b);
    cw_stack_drop_to(t, b->height);
    if (falls_to_else)
        cw_emit_label(t, b->else_label);
    cw_emit_label(t, b->label);
    cw_stack_forget_aliases(t);
    cw_emit_flush(t);
    cw_stack_push_types(t, b->results, b->n_results);
    t->dead = false;
}

/* br_on_null goes with the values below the reference, br_on_non_null with the reference on top of them. */
void cw_block_branch_on_null(cw_translator *t, cw_block *b, bool on_null)
{
    cw_stack_bind_all(t);
    if (cw_stack_top(t, 0)->kind == CW_ENTRY_CONST)
        cw_stack_settle(t, t->n - 1);
    cw_stack_forget_aliases(t);
    settle_values(t, b, on_null ? 1 : 0);
    const cw_entry ref = *cw_stack_top(t, 0);
    const uint32_t skip = cw_emit_label_new(t);
    cw_ir *test = cw_emit_add(t, on_null ? CW_IOP_BR_I64_NZ : CW_IOP_BR_I64_Z);
    test->kinds = CW_KIND_SLOT;
    test->v[0] = ref.kind == CW_ENTRY_LOCAL ? t->locals[ref.index].slot : ref.home;
    test->label = skip;
    if (on_null)
        t->n--;
    emit_jump_aside(t, b);
    if (on_null)
        t->n++;
    cw_emit_label(t, skip);
    cw_stack_forget_aliases(t);
    if (!on_null)
        cw_stack_pop(t);
}

void cw_block_branch_on_ref(cw_translator *t, cw_block *b, uint32_t op, uint32_t inverted, const uint64_t raw[2])
{
    cw_stack_bind_all(t);
    if (cw_stack_top(t, 0)->kind == CW_ENTRY_CONST)
        cw_stack_settle(t, t->n - 1);
    settle_values(t, b, 0);
    const cw_entry ref = *cw_stack_top(t, 0);
    const bool direct = b->kind != CW_BLOCK_FUNC && !needs_moves(t, b);
    const uint32_t skip = direct ? 0 : cw_emit_label_new(t);
    cw_ir *test = cw_emit_add(t, direct ? op : inverted);
    test->kinds = CW_KIND_SLOT;
    test->v[0] = ref.kind == CW_ENTRY_LOCAL ? t->locals[ref.index].slot : ref.home;
    test->v[1] = raw[0];
    test->v[2] = raw[1];
    test->label = direct ? b->label : skip;
    b->used = true;
    if (direct)
        return;
    cw_stack_forget_aliases(t);
    emit_jump_aside(t, b);
    cw_emit_label(t, skip);
    cw_stack_forget_aliases(t);
}

void cw_block_branch(cw_translator *t, cw_block *b)
{
    if (b->kind != CW_BLOCK_FUNC) {
        cw_stack_bind_all(t);
        move_values(t, b);
    }
    emit_jump(t, b);
    t->dead = true;
}

void cw_block_begin_function(cw_translator *t)
{
    cw_block *b = open_block(t, CW_BLOCK_FUNC);
    b->n_results = t->type->n_results;
    b->results = t->type->results;
    b->label = cw_emit_label_new(t);
    b->fuel_field = emit_metering(t, false);
}
