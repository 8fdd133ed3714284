/* component/plan_run.c: running plans  [CanonicalABI: load, store, lift_flat, lower_flat, lift_flat_values,
 * lower_flat_values].
 *
 * The one idea: nothing of a guest's is trusted or read twice. A source range is checked against the memory when it is
 * met; a destination in guest memory is an offset that becomes a pointer anew after everything that may call realloc.
 * Cross-component realloc cannot touch the source: its instance may not leave, and memories are not shared. */
#include "component/plan_impl.h"

#include "component/value.h"

/* ---- means ---- */

bool cw_copy_trap(cw_copy *c, uint8_t trap)
{
    c->fail_kind = CWRUN_ERROR_TRAP;
    c->fail_code = trap;
    return false;
}

bool cw_copy_limit(cw_copy *c, uint8_t limit)
{
    c->fail_kind = CWRUN_ERROR_LIMIT;
    c->fail_code = limit;
    return false;
}

bool cw_copy_poll(cw_copy *c)
{
    uint64_t bytes = c->work;
    c->work = 0;
    return !c->ops->poll || c->ops->poll(c, bytes);
}

bool cw_copy_realloc(const cw_plan *p, cw_copy *c, uint64_t old, uint64_t old_size, uint32_t align, uint64_t size,
                     uint8_t outside, uint64_t *address)
{
    if (!c->dst || !c->ops->realloc)
        return cw_copy_trap(c, CW_TRAP_UNSUPPORTED); /* validation asks for both options */
    if (!cw_copy_charge(c, size) || !c->ops->realloc(c, old, old_size, align, size, address))
        return false;
    if (p->dst.kind == CW_SIDE_MEM32)
        *address &= UINT32_MAX;
    if (*address & (align - 1))
        return cw_copy_trap(c, p->between_guests ? CW_TRAP_UNALIGNED_POINTER : CW_TRAP_REALLOC_ALIGN);
    if (*address > c->dst->size || size > c->dst->size - *address)
        return cw_copy_trap(c, p->between_guests ? outside : CW_TRAP_REALLOC_BOUNDS);
    return true;
}

_Alignas(16) const uint8_t cw_copy_nothing[16] = { 0 };

void *cw_copy_host(cw_copy *c, uint64_t size, uint32_t align, bool zeroed)
{
    if (size == 0)
        return (void *)(uintptr_t)cw_copy_nothing;
    if (!cw_copy_charge(c, size))
        return NULL;
    void *ptr = zeroed ? cw_arena_alloc(c->arena, size, align) : cw_arena_raw(c->arena, size, align);
    if (!ptr)
        cw_copy_limit(c, size > c->arena->limit - c->arena->used ? CWRUN_LIMIT_CALL_BYTES : CWRUN_LIMIT_HOST_MEMORY);
    return ptr;
}

/* ---- lists ---- */

/* Checks the source of a list; its first element  [load_list_from_range]. */
static bool source_list(const cw_plan *p, cw_copy *c, const cw_move *s, const uint64_t words[2], const uint8_t **from)
{
    if (words[1] > CW_MAX_LIST_BYTES / s->ss)
        return cw_copy_trap(c, CW_TRAP_LIST_SIZE);
    if (p->src.kind == CW_SIDE_HOST) {
        *from = (const uint8_t *)(uintptr_t)words[0];
        return true;
    }
    if (words[0] & (s->src_align - 1u))
        return cw_copy_trap(c, CW_TRAP_UNALIGNED_POINTER);
    if (!c->src || words[0] > c->src->size || words[1] * s->ss > c->src->size - words[0])
        return cw_copy_trap(c, p->between_guests ? CW_TRAP_LIST_CONTENT : CW_TRAP_LIST_BOUNDS);
    *from = cw_copy_at(c->src, words[0]);
    return true;
}

static bool run_steps(const cw_plan *p, cw_copy *c, uint32_t start, const uint8_t *src, uint8_t *dst, uint64_t dst_at,
                      bool in_guest);

/* n values, ss and ds apart. In a guest's memory dst_at is the offset of the first destination;
 * else dst is the place. */
static bool run_elements(const cw_plan *p, cw_copy *c, const cw_move *s, uint64_t n, const uint8_t *src, uint8_t *dst,
                         uint64_t dst_at, bool in_guest)
{
    uint32_t start = p->programs[s->sub].start;
    for (uint64_t i = 0; i < n; i++, src += s->ss) {
        uint8_t *to = in_guest ? c->dst->base + dst_at + i * s->ds : dst + i * s->ds;
        if (!run_steps(p, c, start, src, to, dst_at + i * s->ds, in_guest) || !cw_copy_work(c, s->ds))
            return false;
    }
    return true;
}

/* One list; words become those of the destination. */
static bool run_list(const cw_plan *p, cw_copy *c, const cw_move *s, uint64_t words[2])
{
    bool is_plain = s->op == CW_MOVE_LIST_PLAIN, to_host = p->dst.kind == CW_SIDE_HOST;
    const uint8_t *from;
    uint8_t *to = NULL;
    if (!source_list(p, c, s, words, &from))
        return false;
    uint64_t n = words[1], size = n * s->ds;
    if (to_host) {
        if (is_plain && n && (p->flags & CW_PLAN_VIEWS) && p->src.kind != CW_SIDE_HOST) {
            words[0] = (uintptr_t)from;
            return true;
        }
        to = cw_copy_host(c, size, s->dst_align, !is_plain);
        if (!to)
            return false;
        words[0] = (uintptr_t)to;
    } else if (!cw_copy_realloc(p, c, 0, 0, s->dst_align, size, CW_TRAP_LIST_CONTENT, &words[0])) {
        return false;
    }
    if (n == 0)
        return true;
    if (!is_plain)
        return run_elements(p, c, s, n, from, to, words[0], !to_host);
    memmove(to_host ? to : c->dst->base + words[0], from, size);
    return cw_copy_work(c, size);
}

/* ---- steps ---- */

/* in_guest: dst is c->dst's memory at dst_at, and looked up again after each realloc. */
static bool run_steps(const cw_plan *p, cw_copy *c, uint32_t start, const uint8_t *src, uint8_t *dst, uint64_t dst_at,
                      bool in_guest)
{
    const cw_move *s = p->steps + start;
    for (;; s++) {
        const uint8_t *from = src + s->src;
        uint8_t *to = dst + s->dst;
        uint32_t v;
        switch (s->op) {
        case CW_MOVE_END: return true;
        case CW_MOVE_COPY: memmove(to, from, s->n); break;
        case CW_MOVE_COPY1: *to = *from; break;
        case CW_MOVE_COPY2: cw_store_small(to, 2, cw_load_small(from, 2)); break;
        case CW_MOVE_COPY4: cw_store_small(to, 4, cw_load_small(from, 4)); break;
        case CW_MOVE_COPY8: {
            uint64_t wide;
            memcpy(&wide, from, sizeof wide);
            memcpy(to, &wide, sizeof wide);
            break;
        }
        case CW_MOVE_SLOT_U8: cw_store_small(to, 8, *from); break;
        case CW_MOVE_SLOT_S8: cw_store_small(to, 8, (uint32_t)(int32_t)(int8_t)*from); break;
        case CW_MOVE_SLOT_U16: cw_store_small(to, 8, cw_load_small(from, 2)); break;
        case CW_MOVE_SLOT_S16: cw_store_small(to, 8, (uint32_t)(int32_t)(int16_t)cw_load_small(from, 2)); break;
        case CW_MOVE_SLOT_32: cw_store_small(to, 8, cw_load_small(from, 4)); break;
        case CW_MOVE_BOOL: cw_store_small(to, s->dw, cw_load_small(from, s->sw) != 0); break;
        case CW_MOVE_CHAR:
            v = cw_load_small(from, 4);
            if (!cw_is_scalar_value(v))
                return cw_copy_trap(c, CW_TRAP_INVALID_CHAR);
            cw_store_small(to, s->dw, v);
            break;
        case CW_MOVE_FLAGS: cw_store_small(to, s->dw, cw_load_small(from, s->sw) & s->n); break;
        case CW_MOVE_ENUM:
            v = cw_load_small(from, s->sw);
            if (v >= s->n)
                return cw_copy_trap(c, CW_TRAP_INVALID_DISCRIMINANT);
            cw_store_small(to, s->dw, s->sub == CW_NO_TABLE ? v : p->tables[s->sub + v]);
            break;
        case CW_MOVE_CASE:
            v = cw_load_small(from, s->sw);
            if (v >= s->n)
                return cw_copy_trap(c, CW_TRAP_INVALID_DISCRIMINANT);
            cw_store_small(to, s->dw, p->tables[s->sub + s->n + v]);
            s = p->steps + p->tables[s->sub + v] - 1;
            break;
        case CW_MOVE_JUMP: s = p->steps + s->sub - 1; break;
        case CW_MOVE_ZERO: memset(to, 0, s->n); break;
        case CW_MOVE_HANDLE:
            if (!c->ops->handle(c, p->types[s->sub], p->types[s->sub + 1], cw_load_small(from, 4), &v))
                return false;
            cw_store_small(to, s->dw, v);
            break;
        case CW_MOVE_STRING:
        case CW_MOVE_LIST_PLAIN:
        case CW_MOVE_LIST: {
            uint64_t words[2] = { cw_load_word(from, p->src.kind), cw_load_word(from + s->sw, p->src.kind) };
            if (!(s->op == CW_MOVE_STRING ? cw_copy_string(p, c, words) : run_list(p, c, s, words)))
                return false;
            if (in_guest)
                dst = c->dst->base + dst_at;
            cw_store_words(dst + s->dst, s->dw, words);
            break;
        }
        case CW_MOVE_REPEAT:
            if (!run_elements(p, c, s, s->n, from, to, dst_at + s->dst, in_guest))
                return false;
            if (in_guest)
                dst = c->dst->base + dst_at;
            break;
        default: return cw_copy_trap(c, CW_TRAP_UNSUPPORTED);
        }
    }
}

/* ---- the whole value ---- */

/* Checks that a value of type t may stand at the address  [lift_flat_values, lower_flat_values]. */
static bool check_place(cw_copy *c, const cw_memory *memory, const cwrun_type *t, uint8_t side_kind, uint64_t address)
{
    unsigned layout = side_kind == CW_SIDE_MEM32 ? CW_P4 : CW_P8;
    if (address & (t->align[layout] - 1u))
        return cw_copy_trap(c, CW_TRAP_UNALIGNED_POINTER);
    if (!memory || address > memory->size || t->size[layout] > memory->size - address)
        return cw_copy_trap(c, CW_TRAP_POINTER_BOUNDS);
    return true;
}

static bool run_plan(const cw_plan *p, cw_copy *c, const void *src, void *dst)
{
    const uint8_t *from = src;
    if (p->src.place == CW_PLACE_MEMORY) {
        uint64_t address = cw_load_word(src, p->src.kind);
        if (!check_place(c, c->src, p->src_type, p->src.kind, address))
            return false;
        from = c->src->base + address;
    }
    if (p->dst.place != CW_PLACE_MEMORY && p->dst.place != CW_PLACE_ALLOC)
        return run_steps(p, c, 0, from, dst, 0, false);

    uint64_t address;
    if (p->dst.place == CW_PLACE_ALLOC) {
        unsigned layout = p->dst.kind == CW_SIDE_MEM32 ? CW_P4 : CW_P8;
        if (!cw_copy_realloc(p, c, 0, 0, p->dst_type->align[layout], p->dst_type->size[layout], CW_TRAP_POINTER_BOUNDS,
                             &address))
            return false;
        memcpy(dst, &address, sizeof address);
    } else {
        address = cw_load_word(dst, p->dst.kind);
        if (!check_place(c, c->dst, p->dst_type, p->dst.kind, address))
            return false;
    }
    return run_steps(p, c, 0, from, c->dst->base + address, address, true);
}

/* Reads everything into a buffer first, in the layout of a host  (CW_PLAN_SAME_INSTANCE). */
static bool run_buffered(const cw_plan *p, cw_copy *c, const void *src, void *dst)
{
    cw_arena *arena = c->arena;
    c->arena = c->scratch;
    void *buffer = cw_copy_host(c, p->src_type->size[CW_P8], 16, true);
    bool ok = buffer && run_plan(p, c, src, buffer);
    c->arena = arena;
    if (!ok)
        return false;
    bool checked = c->checked;
    c->checked = true;
    ok = run_plan(p->from_buffer, c, buffer, dst);
    c->checked = checked;
    return ok;
}

bool cw_plan_run(const cw_plan *p, cw_copy *c, const void *src, void *dst)
{
    if (p->from_buffer)
        return run_buffered(p, c, src, dst);
    if (c->src && c->src == c->dst && p->may_realloc && (p->src_type->has_pointers || p->src.place == CW_PLACE_MEMORY))
        return cw_copy_trap(c, CW_TRAP_UNSUPPORTED); /* for CW_PLAN_SAME_INSTANCE: the source could move under us */
    if (!c->set_aside)
        return run_plan(p, c, src, dst);

    cwrun_val v = cw_val_load(p->src_type, src), copy = cwrun_val_copy(&v, c->scratch);
    return copy.kind ? run_plan(p, c, cwrun_val_data(&copy), dst) : cw_copy_limit(c, CWRUN_LIMIT_HOST_MEMORY);
}
