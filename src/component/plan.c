/* component/plan.c: making plans out of types  [CanonicalABI: Loading, Storing, Flattening].
 *
 * The one idea: emit() walks the two views of a type once and leaves a step for every place where bytes move. Elements
 * of lists, and large types wherever they occur, become programs of their own, each made once, so that a plan is never
 * much larger than the types it is made from. */
#include "component/plan_impl.h"

#include "base/map.h"
#include "base/str.h"
#include "base/vec.h"

enum { INLINE_NODES = 48 }; /* types with larger trees become programs of their own */

typedef struct memo_key {
    const cwrun_type *src, *dst;
    uint64_t flat; /* bit 0: source, bit 1: destination */
} memo_key;

typedef struct builder {
    cw_arena *arena;
    cw_alloc alloc;
    CW_VEC(cw_move) steps;
    CW_VEC(uint32_t) tables;
    CW_VEC(const cwrun_type *) types;
    CW_VEC(cw_plan_program) programs;
    cw_map memo;          /* memo_key to program */
    uint32_t barrier;     /* steps before this one are jumped over or to: nothing may be added to them */
    uint8_t src_p, dst_p; /* CW_P4 or CW_P8 */
    bool raw_handles;     /* handles are numbers (into a buffer) */
    bool oom, mismatch;
} builder;

/* The place that emit stands at. */
typedef struct spot {
    uint32_t src, dst;
    bool src_flat, dst_flat;
} spot;

static void emit(builder *b, const cwrun_type *st, const cwrun_type *dt, spot at, bool is_root);

/* ---- steps ---- */

static uint32_t add_step(builder *b, cw_move step)
{
    cw_move *s = CW_VEC_PUSH(&b->steps, &b->alloc);
    if (!s) {
        b->oom = true;
        return 0;
    }
    *s = step;
    return b->steps.n - 1;
}

static void add_table(builder *b, uint32_t value)
{
    uint32_t *slot = CW_VEC_PUSH(&b->tables, &b->alloc);
    if (slot)
        *slot = value;
    else
        b->oom = true;
}

/* n bytes as they are; runs that continue each other on both sides are one. */
static void add_copy(builder *b, spot at, uint32_t n)
{
    if (b->steps.n > b->barrier) {
        cw_move *last = &b->steps.items[b->steps.n - 1];
        if (last->op == CW_MOVE_COPY && last->src + last->n == at.src && last->dst + last->n == at.dst) {
            last->n += n;
            return;
        }
    }
    add_step(b, (cw_move){ .op = CW_MOVE_COPY, .src = at.src, .dst = at.dst, .n = n });
}

/* From here on steps are reached by a jump. */
static uint32_t here(builder *b)
{
    b->barrier = b->steps.n;
    return b->steps.n;
}

/* The program for a type away from its place, made later if it is new. */
static uint32_t program_of(builder *b, const cwrun_type *st, const cwrun_type *dt, bool src_flat, bool dst_flat)
{
    memo_key key = { st, dt, (uint64_t)src_flat | (uint64_t)dst_flat << 1 };
    uint64_t *known = cw_map_find(&b->memo, (cwrun_str){ (const char *)&key, sizeof key });
    if (known)
        return (uint32_t)*known;

    memo_key *kept = CW_ARENA_NEW(b->arena, memo_key);
    cw_plan_program *program = CW_VEC_PUSH(&b->programs, &b->alloc);
    if (!kept || !program) {
        b->oom = true;
        return 0;
    }
    *kept = key;
    *program = (cw_plan_program){ .src_type = st, .dst_type = dt, .src_flat = src_flat, .dst_flat = dst_flat };
    uint64_t *value = cw_map_put(&b->memo, &b->alloc, (cwrun_str){ (const char *)kept, sizeof *kept }, NULL);
    if (value)
        *value = b->programs.n - 1;
    else
        b->oom = true;
    return b->programs.n - 1;
}

/* ---- the two views of a type ---- */

static uint32_t stride(const cwrun_type *t, bool flat, uint8_t p)
{
    return flat ? 8 * t->n_flat : t->size[p];
}

/* Index of the field or case of that name; its own index first, since order is nearly always the same. */
static uint32_t find_field(const cwrun_type *t, cwrun_str name, uint32_t i)
{
    if (i < t->n_fields && cw_str_eq(t->fields[i].name, name))
        return i;
    for (uint32_t k = 0; k < t->n_fields; k++)
        if (cw_str_eq(t->fields[k].name, name))
            return k;
    return CW_NO_INDEX;
}

static bool has_names(const cwrun_type *t)
{
    return t->kind == CWRUN_KIND_RECORD || t->kind == CWRUN_KIND_VARIANT || t->kind == CWRUN_KIND_ENUM ||
           t->kind == CWRUN_KIND_FLAGS;
}

static bool same_names(const cwrun_type *st, const cwrun_type *dt)
{
    if (st == dt || !has_names(st))
        return st->n_fields == dt->n_fields;
    if (st->n_fields != dt->n_fields)
        return false;
    for (uint32_t i = 0; i < st->n_fields; i++)
        if (!cw_str_eq(st->fields[i].name, dt->fields[i].name))
            return false;
    return true;
}

/* Whether two plain types have the same bytes for the same value. */
static bool same_bytes(const cwrun_type *st, const cwrun_type *dt)
{
    if (st == dt)
        return true;
    if (st->kind != dt->kind || !same_names(st, dt))
        return false;
    if (st->kind == CWRUN_KIND_FIXED_LIST)
        return st->length == dt->length && same_bytes(st->elem, dt->elem);
    for (uint32_t i = 0; i < st->n_fields; i++)
        if (!same_bytes(st->fields[i].type, dt->fields[i].type))
            return false;
    return true;
}

static bool is_plain_pair(const cwrun_type *st, const cwrun_type *dt)
{
    return st->is_plain && dt->is_plain && same_bytes(st, dt);
}

static uint32_t field_offset(const cwrun_type *t, uint32_t i, bool flat, uint8_t p)
{
    if (!flat)
        return t->fields[i].offset[p];
    uint32_t slots = 0;
    for (uint32_t k = 0; k < i; k++)
        slots += t->fields[k].type->n_flat;
    return 8 * slots;
}

/* ---- emitting ---- */

static void emit_number(builder *b, const cwrun_type *t, spot at)
{
    uint8_t op = CW_MOVE_COPY;
    if (at.dst_flat)
        switch (t->kind) {
        case CWRUN_KIND_U8: op = CW_MOVE_SLOT_U8; break;
        case CWRUN_KIND_S8: op = CW_MOVE_SLOT_S8; break;
        case CWRUN_KIND_U16: op = CW_MOVE_SLOT_U16; break;
        case CWRUN_KIND_S16: op = CW_MOVE_SLOT_S16; break;
        case CWRUN_KIND_U32:
        case CWRUN_KIND_S32:
        case CWRUN_KIND_F32: op = CW_MOVE_SLOT_32; break;
        default: /* 64 bits are a whole slot */ break;
        }
    if (op == CW_MOVE_COPY)
        add_copy(b, at, t->size[CW_P4]);
    else
        add_step(b, (cw_move){ .op = op, .src = at.src, .dst = at.dst });
}

static void emit_record(builder *b, const cwrun_type *st, const cwrun_type *dt, spot at)
{
    if (st->n_fields != dt->n_fields) {
        b->mismatch = true;
        return;
    }
    for (uint32_t i = 0; i < dt->n_fields && !b->oom && !b->mismatch; i++) {
        uint32_t k = has_names(dt) ? find_field(st, dt->fields[i].name, i) : i;
        if (k == CW_NO_INDEX) {
            b->mismatch = true;
            return;
        }
        spot field = at;
        field.src += field_offset(st, k, at.src_flat, b->src_p);
        field.dst += field_offset(dt, i, at.dst_flat, b->dst_p);
        emit(b, st->fields[k].type, dt->fields[i].type, field, false);
    }
}

static bool has_payload(const cwrun_type *t)
{
    for (uint32_t i = 0; i < t->n_fields; i++)
        if (t->fields[i].type)
            return true;
    return false;
}

/* The case of dt that is case i of st. */
static uint32_t case_of(builder *b, const cwrun_type *st, const cwrun_type *dt, uint32_t i)
{
    uint32_t k = has_names(st) ? find_field(dt, st->fields[i].name, i) : i;
    if (k >= dt->n_fields || !st->fields[i].type != !dt->fields[k].type) {
        b->mismatch = true;
        return 0;
    }
    return k;
}

static void emit_zero(builder *b, uint32_t from, uint32_t to)
{
    if (from < to)
        add_step(b, (cw_move){ .op = CW_MOVE_ZERO, .dst = from, .n = to - from });
}

/* One step that checks and writes the discriminant and goes to the steps of its case; those end behind the last one. In
 * slots, what a case does not use becomes zero  [lower_flat_variant]. */
static void emit_variant(builder *b, const cwrun_type *st, const cwrun_type *dt, spot at)
{
    uint32_t n = st->n_fields, end_slots = at.dst + 8 * dt->n_flat;
    bool is_enum = !has_payload(st), in_order = n == dt->n_fields && same_names(st, dt);
    cw_move step = {
        .op = is_enum ? CW_MOVE_ENUM : CW_MOVE_CASE, .src = at.src, .dst = at.dst, .n = n, .sub = CW_NO_TABLE
    };
    step.sw = at.src_flat ? 4 : st->disc_size;
    step.dw = at.dst_flat ? 8 : dt->disc_size;

    uint32_t table = b->tables.n;
    for (uint32_t i = 0; i < n && !is_enum; i++)
        add_table(b, 0);
    for (uint32_t i = 0; i < n && (!is_enum || !in_order) && !b->oom; i++)
        add_table(b, case_of(b, st, dt, i));
    if (b->tables.n > table)
        step.sub = table;
    if (is_enum && has_payload(dt))
        b->mismatch = true;
    add_step(b, step);
    if (is_enum || b->oom || b->mismatch)
        return;

    spot payload = at;
    payload.src += at.src_flat ? 8 : st->payload_offset[b->src_p];
    payload.dst += at.dst_flat ? 8 : dt->payload_offset[b->dst_p];
    uint32_t jumps = CW_NO_INDEX; /* the last jump to the end; each holds the one before until the end is known */
    uint32_t bare = CW_NO_INDEX;  /* the steps of all cases without payload */
    for (uint32_t i = 0; i < n && !b->oom && !b->mismatch; i++) {
        const cwrun_type *sp = st->fields[i].type;
        if (!sp && bare != CW_NO_INDEX) {
            b->tables.items[table + i] = bare;
            continue;
        }
        uint32_t start = here(b);
        b->tables.items[table + i] = start;
        uint32_t used = 0;
        if (sp) {
            const cwrun_type *dp = dt->fields[b->tables.items[table + n + i]].type;
            emit(b, sp, dp, payload, false);
            used = dp->n_flat;
        } else {
            bare = start;
        }
        if (at.dst_flat)
            emit_zero(b, payload.dst + 8 * used, end_slots);
        jumps = add_step(b, (cw_move){ .op = CW_MOVE_JUMP, .sub = jumps });
    }
    uint32_t end = here(b);
    while (!b->oom && !b->mismatch && jumps != CW_NO_INDEX) {
        uint32_t before = b->steps.items[jumps].sub;
        b->steps.items[jumps].sub = end;
        jumps = before;
    }
}

static void emit_list(builder *b, const cwrun_type *st, const cwrun_type *dt, spot at)
{
    const cwrun_type *se = st->elem, *de = dt->elem;
    cw_move step = { .op = CW_MOVE_LIST, .src = at.src, .dst = at.dst };
    step.sw = at.src_flat || b->src_p == CW_P8 ? 8 : 4;
    step.dw = at.dst_flat || b->dst_p == CW_P8 ? 8 : 4;
    step.src_align = se->align[b->src_p];
    step.dst_align = de->align[b->dst_p];
    step.ss = se->size[b->src_p];
    step.ds = de->size[b->dst_p];
    if (is_plain_pair(se, de))
        step.op = CW_MOVE_LIST_PLAIN;
    else
        step.sub = program_of(b, se, de, false, false);
    add_step(b, step);
}

static void emit_repeat(builder *b, const cwrun_type *st, const cwrun_type *dt, spot at, uint32_t n)
{
    add_step(b, (cw_move){ .op = CW_MOVE_REPEAT,
                           .src = at.src,
                           .dst = at.dst,
                           .n = n,
                           .sub = program_of(b, st, dt, at.src_flat, at.dst_flat),
                           .ss = stride(st, at.src_flat, b->src_p),
                           .ds = stride(dt, at.dst_flat, b->dst_p) });
}

static void emit_handle(builder *b, const cwrun_type *st, const cwrun_type *dt, spot at)
{
    if (b->raw_handles) {
        add_copy(b, at, 4); /* into a buffer, never into slots */
        return;
    }
    add_step(b, (cw_move){
                    .op = CW_MOVE_HANDLE, .src = at.src, .dst = at.dst, .dw = at.dst_flat ? 8 : 4, .sub = b->types.n });
    for (unsigned i = 0; i < 2; i++) {
        const cwrun_type **slot = CW_VEC_PUSH(&b->types, &b->alloc);
        if (slot)
            *slot = i == 0 ? st : dt;
        else
            b->oom = true;
    }
}

static void emit(builder *b, const cwrun_type *st, const cwrun_type *dt, spot at, bool is_root)
{
    if (!st || !dt || st->kind != dt->kind) {
        b->mismatch = true;
        return;
    }
    if (!at.src_flat && !at.dst_flat && is_plain_pair(st, dt)) {
        add_copy(b, at, st->size[CW_P4]);
        return;
    }
    if (!is_root && st->tree_size > INLINE_NODES && st->kind >= CWRUN_KIND_RECORD && st->kind <= CWRUN_KIND_RESULT) {
        emit_repeat(b, st, dt, at, 1);
        return;
    }
    uint8_t small_src = at.src_flat ? 4 : st->disc_size, small_dst = at.dst_flat ? 8 : dt->disc_size;
    switch (st->kind) {
    case CWRUN_KIND_BOOL:
        add_step(b, (cw_move){ .op = CW_MOVE_BOOL,
                               .src = at.src,
                               .dst = at.dst,
                               .sw = at.src_flat ? 4 : 1,
                               .dw = at.dst_flat ? 8 : 1 });
        break;
    case CWRUN_KIND_CHAR:
        add_step(b, (cw_move){ .op = CW_MOVE_CHAR, .src = at.src, .dst = at.dst, .dw = at.dst_flat ? 8 : 4 });
        break;
    case CWRUN_KIND_STRING:
        add_step(b, (cw_move){ .op = CW_MOVE_STRING,
                               .src = at.src,
                               .dst = at.dst,
                               .sw = at.src_flat || b->src_p == CW_P8 ? 8 : 4,
                               .dw = at.dst_flat || b->dst_p == CW_P8 ? 8 : 4 });
        break;
    case CWRUN_KIND_LIST:
    case CWRUN_KIND_MAP: emit_list(b, st, dt, at); break;
    case CWRUN_KIND_FIXED_LIST:
        if (st->length != dt->length)
            b->mismatch = true;
        else
            emit_repeat(b, st->elem, dt->elem, at, st->length);
        break;
    case CWRUN_KIND_RECORD:
    case CWRUN_KIND_TUPLE: emit_record(b, st, dt, at); break;
    case CWRUN_KIND_VARIANT:
    case CWRUN_KIND_ENUM:
    case CWRUN_KIND_OPTION:
    case CWRUN_KIND_RESULT: emit_variant(b, st, dt, at); break;
    case CWRUN_KIND_FLAGS:
        if (!same_names(st, dt))
            b->mismatch = true;
        add_step(b, (cw_move){ .op = CW_MOVE_FLAGS,
                               .src = at.src,
                               .dst = at.dst,
                               .sw = small_src,
                               .dw = small_dst,
                               .n = st->n_fields >= 32 ? UINT32_MAX : (1u << st->n_fields) - 1 });
        break;
    case CWRUN_KIND_OWN:
    case CWRUN_KIND_BORROW:
    case CWRUN_KIND_STREAM:
    case CWRUN_KIND_FUTURE:
    case CWRUN_KIND_ERROR_CONTEXT: emit_handle(b, st, dt, at); break;
    default: emit_number(b, st, at);
    }
}

/* ---- the whole plan ---- */

static uint8_t layout(uint8_t side_kind)
{
    return side_kind == CW_SIDE_MEM32 ? CW_P4 : CW_P8;
}

/* Short copies get steps of their own; whether a program reads what a host could have wrong. */
static void finish_program(builder *b, cw_plan_program *program)
{
    for (cw_move *s = &b->steps.items[program->start];; s++) {
        switch (s->op) {
        case CW_MOVE_END: return;
        case CW_MOVE_COPY:
            s->op = s->n == 1   ? CW_MOVE_COPY1
                    : s->n == 2 ? CW_MOVE_COPY2
                    : s->n == 4 ? CW_MOVE_COPY4
                    : s->n == 8 ? CW_MOVE_COPY8
                                : s->op;
            break;
        case CW_MOVE_CHAR:
        case CW_MOVE_ENUM:
        case CW_MOVE_CASE:
        case CW_MOVE_HANDLE:
        case CW_MOVE_STRING:
        case CW_MOVE_LIST_PLAIN:
        case CW_MOVE_LIST:
        case CW_MOVE_REPEAT: program->needs_check = true; break;
        default: break;
        }
    }
}

/* Copies a vector's items into the arena; n is never 0 where anything is read. */
static const void *keep(builder *b, const void *items, uint32_t n, size_t size)
{
    void *kept = cw_arena_array(b->arena, n, size);
    if (kept && n)
        memcpy(kept, items, n * size);
    b->oom |= !kept;
    return kept;
}

static bool build(builder *b, cw_plan *plan)
{
    program_of(b, plan->src_type, plan->dst_type, plan->src.place == CW_PLACE_FLAT, plan->dst.place == CW_PLACE_FLAT);
    for (uint32_t i = 0; i < b->programs.n && !b->oom && !b->mismatch; i++) {
        cw_plan_program program = b->programs.items[i];
        b->programs.items[i].start = here(b);
        emit(b, program.src_type, program.dst_type, (spot){ 0, 0, program.src_flat, program.dst_flat }, true);
        add_step(b, (cw_move){ .op = CW_MOVE_END });
        if (!b->oom)
            finish_program(b, &b->programs.items[i]);
    }
    if (b->oom || b->mismatch)
        return false;
    plan->steps = keep(b, b->steps.items, b->steps.n, sizeof *b->steps.items);
    plan->programs = keep(b, b->programs.items, b->programs.n, sizeof *b->programs.items);
    plan->tables = keep(b, b->tables.items, b->tables.n, sizeof *b->tables.items);
    plan->types = keep(b, b->types.items, b->types.n, sizeof *b->types.items);
    plan->n_steps = b->steps.n;
    plan->n_programs = b->programs.n;
    return !b->oom;
}

static cw_plan *compile(cw_arena *a, cw_plan plan, bool raw_handles)
{
    cw_plan *kept = CW_ARENA_NEW(a, cw_plan);
    if (!kept)
        return NULL;
    bool to_guest = plan.dst.kind != CW_SIDE_HOST, from_host = plan.src.kind == CW_SIDE_HOST;
    plan.has_handles = plan.src_type->has_handles && !raw_handles;
    plan.may_realloc = to_guest && (plan.src_type->has_pointers || plan.dst.place == CW_PLACE_ALLOC);
    builder b = { .arena = a, .alloc = a->alloc, .raw_handles = raw_handles };
    b.src_p = layout(plan.src.kind);
    b.dst_p = layout(plan.dst.kind);
    bool ok = build(&b, &plan);
    if (b.oom)
        a->oom = true;
    CW_VEC_FINI(&b.steps, &b.alloc);
    CW_VEC_FINI(&b.tables, &b.alloc);
    CW_VEC_FINI(&b.types, &b.alloc);
    CW_VEC_FINI(&b.programs, &b.alloc);
    cw_map_fini(&b.memo, &b.alloc);
    if (!ok)
        return NULL;
    plan.needs_check = from_host && plan.programs[0].needs_check;
    plan.needs_scratch = from_host && (plan.needs_check || plan.dst.place == CW_PLACE_MEMORY || plan.may_realloc);
    *kept = plan;
    return kept;
}

const cw_plan *cw_plan_compile(cw_arena *a, const cwrun_type *src_type, const cwrun_type *dst_type, cw_plan_side src,
                               cw_plan_side dst, uint32_t flags)
{
    if (!src_type || !dst_type || src_type->depth > CW_TYPE_MAX_DEPTH + 1)
        return NULL;
    cw_plan plan = { .src_type = src_type, .dst_type = dst_type, .src = src, .dst = dst, .flags = (uint8_t)flags };
    plan.between_guests = src.kind != CW_SIDE_HOST && dst.kind != CW_SIDE_HOST;
    bool overlaps = src.place == CW_PLACE_MEMORY && dst.place != CW_PLACE_FLAT;
    bool buffered = (flags & CW_PLAN_SAME_INSTANCE) && plan.between_guests && (src_type->has_pointers || overlaps);
    if (!buffered)
        return compile(a, plan, false);

    cw_plan rest = plan;
    rest.src = plan.dst = (cw_plan_side){ CW_SIDE_HOST, CW_PLACE_HOST, src.encoding };
    plan.dst_type = src_type;
    cw_plan *first = compile(a, plan, true), *second = compile(a, rest, false);
    if (!first || !second)
        return NULL;
    first->from_buffer = second;
    first->has_handles = second->has_handles;
    first->may_realloc = second->may_realloc;
    first->needs_scratch = true;
    return first;
}
