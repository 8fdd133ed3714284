/* exec/translate_try.c: exceptions: regions of code with their handlers, throwing  [core 4.6.11], and the legacy
 * proposal.
 *
 * Entering and leaving a try costs nothing: what is written is a table behind the code, in which a throw looks up the
 * place where each frame stands (exception.c). A handler is the label of a clause: the values are written to where the
 * label's block wants them. That suffices because slots are the only state at labels, and a call or throw may leave
 * nothing of a local or of an entry below the block elsewhere: writes to locals are never delayed beyond one, and
 * blocks flush.
 *
 * Of the legacy instructions, a catch has the exception itself in the first slot of its block, for rethrow. */
#include "exec/translate.h"

#include <string.h>

#include "base/leb.h"
#include "core/opcodes.h"

/* ---- regions and clauses ---- */

/* The code from here on belongs to a region. */
static void put_boundary(cw_translator *t, uint32_t region)
{
    const uint32_t label = cw_emit_label_new(t);
    cw_try_boundary *b = CW_VEC_PUSH(&t->boundaries, t->a);
    if (!b) {
        cw_translate_oom(t);
        return;
    }
    *b = (cw_try_boundary){ label, region };
    cw_emit_label(t, label);
    t->region = region;
}

/* The block was just opened. */
static void open_region(cw_translator *t)
{
    cw_block *b = cw_block_at(t, 0);
    cw_try_region *r = CW_VEC_PUSH(&t->regions, t->a);
    if (!r) {
        cw_translate_oom(t);
        return;
    }
    *r = (cw_try_region){ .next = b->around };
    b->region = t->regions.n;
    put_boundary(t, b->region);
}

void cw_try_close(cw_translator *t, cw_block *b)
{
    put_boundary(t, b->around);
    b->region = 0;
}

/* A clause more of the block's try, or what was one (CATCH). */
static void add_clause(cw_translator *t, cw_block *b, uint32_t tag, uint32_t label, uint32_t values, uint32_t ref)
{
    cw_try_clause *c = CW_VEC_PUSH(&t->clauses, t->a);
    if (!c) {
        cw_translate_oom(t);
        return;
    }
    *c = (cw_try_clause){ .tag = tag, .target = label, .values = (uint16_t)values, .ref = (uint16_t)ref };
    if (b->last_clause)
        t->clauses.items[b->last_clause - 1].next = t->clauses.n;
    else
        t->regions.items[b->region - 1].clause = t->clauses.n;
    b->last_clause = t->clauses.n;
}

static const cw_subtype *tag_type(const cw_translator *t, uint32_t tag)
{
    return cw_types_get(t->m->types, t->m->tags[tag]);
}

/* ---- try_table ---- */

static void read_clause(cw_translator *t, const uint8_t **at)
{
    enum { WITH_REF = 1, ALL = 2 }; /* bits of the clause's kind */
    const uint8_t kind = *(*at)++;
    const uint32_t tag = kind & ALL ? CW_TAG_ANY : cw_leb_u32_checked(at);
    cw_block *b = cw_block_at(t, 1 + cw_leb_u32_checked(at)); /* labels are those outside */
    const uint32_t n_slots = tag == CW_TAG_ANY ? 0 : tag_type(t, tag)->param_slots;
    uint32_t label = b->label, slot = b->base;
    if (b->kind == CW_BLOCK_FUNC) {
        if (!t->return_label)
            t->return_label = cw_emit_label_new(t);
        label = t->return_label;
        slot = t->first_home;
    }
    b->used = true;
    add_clause(t, cw_block_at(t, 0), tag, label, n_slots ? slot : CW_NO_SLOT,
               kind & WITH_REF ? slot + n_slots : CW_NO_SLOT);
}

void cw_try_table_begin(cw_translator *t, const uint8_t **at)
{
    cw_block_begin(t, at, CW_BLOCK_BLOCK);
    const uint32_t n = cw_leb_u32_checked(at);
    if (n) {
        open_region(t);
        for (uint32_t i = 0; i < n && !t->failed; i++)
            read_clause(t, at);
    }
}

void cw_try_return(cw_translator *t)
{
    cw_stack_drop_to(t, 0);
    cw_stack_forget_aliases(t);
    cw_emit_label(t, t->return_label);
    cw_stack_push_types(t, t->type->results, t->type->n_results);
    cw_block_return(t);
}

/* ---- throwing ---- */

void cw_try_throw(cw_translator *t, uint32_t tag)
{
    const uint32_t n = tag_type(t, tag)->n_params;
    cw_stack_bind_all(t);
    for (uint32_t i = t->n - n; i < t->n; i++)
        cw_stack_settle(t, i);
    const uint64_t raw[2] = { cw_stack_home(t, t->n - n), tag };
    const uint32_t map = cw_stack_map(t); /* the values included, which are there until the exception has them */
    cw_stack_op(t, CW_IOP_THROW, 0, raw)->map = map;
    t->dead = true;
}

void cw_try_rethrow(cw_translator *t, const cw_block *b)
{
    cw_ir *ir = cw_emit_add(t, CW_IOP_THROW_REF);
    ir->kinds = CW_KIND_SLOT;
    ir->v[0] = b->base;
    t->dead = true;
}

/* ---- legacy ---- */

void cw_try_begin(cw_translator *t, const uint8_t **at)
{
    cw_block_begin(t, at, CW_BLOCK_TRY);
    open_region(t);
}

static void begin_catch(cw_translator *t, uint32_t tag)
{
    cw_block *b = cw_block_at(t, 0);
    const uint32_t label = cw_emit_label_new(t), values = b->base + 1;
    if (t->failed)
        return;
    if (!t->dead) {
        cw_block_settle_results(t, b);
        cw_emit_add(t, CW_IOP_BR)->label = b->label;
    }
    add_clause(t, b, tag, label, tag == CW_TAG_ANY ? CW_NO_SLOT : values, b->base);
    if (b->kind == CW_BLOCK_TRY)
        cw_try_close(t, b);
    b->kind = CW_BLOCK_CATCH;
    b->used = true;
    cw_stack_drop_to(t, b->height);
    cw_stack_forget_aliases(t);
    cw_emit_label(t, label);
    cw_stack_push_slot(t, 'r');
    if (tag != CW_TAG_ANY)
        cw_stack_push_types(t, tag_type(t, tag)->params, tag_type(t, tag)->n_params);
    t->dead = false;
}

/* The try's exceptions go to the handlers around a label, counted from outside. */
static void end_by_delegate(cw_translator *t, uint32_t depth)
{
    cw_block *b = cw_block_at(t, 0);
    if (t->failed)
        return;
    const cw_block *target = cw_block_at(t, depth + 1);
    t->regions.items[b->region - 1].next = target->region ? target->region : target->around;
    cw_block_end(t);
}

void cw_try_part(cw_translator *t, uint32_t op, const uint8_t **at)
{
    if (op == CW_OP_DELEGATE)
        end_by_delegate(t, cw_leb_u32_checked(at));
    else
        begin_catch(t, op == CW_OP_CATCH ? cw_leb_u32_checked(at) : CW_TAG_ANY);
}

/* ---- the table ---- */

uint32_t cw_try_table_size(const cw_translator *t)
{
    if (!t->regions.n)
        return 0;
    return (uint32_t)(sizeof(cw_try_table) + t->boundaries.n * sizeof(cw_try_boundary) +
                      t->regions.n * sizeof(cw_try_region) + t->clauses.n * sizeof(cw_try_clause));
}

void cw_try_table_write(const cw_translator *t, void *out)
{
    cw_try_table *table = out;
    const cw_label *labels = t->labels.items;
    *table = (cw_try_table){ t->boundaries.n, t->regions.n, t->clauses.n, 0 };
    for (uint32_t i = 0; i < t->boundaries.n; i++) {
        const cw_try_boundary *b = &t->boundaries.items[i];
        table->boundaries[i] = (cw_try_boundary){ labels[b->at].position, b->region };
    }
    memcpy((void *)(uintptr_t)cw_try_regions(table), t->regions.items, t->regions.n * sizeof(cw_try_region));
    cw_try_clause *clauses = (void *)(uintptr_t)cw_try_clauses(table);
    for (uint32_t i = 0; i < t->clauses.n; i++) {
        clauses[i] = t->clauses.items[i];
        clauses[i].target = labels[clauses[i].target].position;
    }
}
