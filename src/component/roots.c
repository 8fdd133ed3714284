/* component/roots.c: the references that the host holds (cwrun/core.h).
 *
 * The one idea: a reference is a place in one table of the store, with a serial number, so that a collector finds all
 * of them and a stale one is found out. Those that end together (with a host function's answer, or after the outermost
 * call that follows) are a ring around a place of their own; one that is kept is a ring by itself. */
#include "base/error.h"
#include "component/runtime.h"

enum { SERIAL_SHIFT = 32 };

/* ---- places ---- */

static uint32_t take_place(cwrun_store *s)
{
    cw_roots *r = &s->roots;
    if (r->items.n == 0) {
        cw_root *none = CW_VEC_PUSH(&r->items, &s->alloc);
        if (!none)
            return 0;
        *none = (cw_root){ 0 };
    }
    uint32_t at = r->free_list;
    if (at) {
        r->free_list = r->items.items[at].next;
    } else {
        cw_root *fresh = CW_VEC_PUSH(&r->items, &s->alloc);
        if (!fresh)
            return 0;
        *fresh = (cw_root){ .serial = r->first };
        at = r->items.n - 1;
    }
    cw_root *e = &r->items.items[at];
    e->kind = 0;
    e->next = e->previous = at;
    return at;
}

static void give_place(cwrun_store *s, uint32_t at)
{
    cw_root *items = s->roots.items.items, *e = &items[at];
    items[e->next].previous = e->previous;
    items[e->previous].next = e->next;
    e->serial++;
    e->kind = 0;
    e->word = 0;
    e->next = s->roots.free_list;
    s->roots.free_list = at;
}

static cwrun_ref make(cwrun_store *s, uint32_t ring, uint8_t kind, uint64_t word)
{
    uint32_t at = take_place(s);
    if (!at)
        return 0;
    cw_root *items = s->roots.items.items, *e = &items[at];
    e->kind = kind;
    e->word = word;
    if (ring) {
        e->next = items[ring].next;
        e->previous = ring;
        items[e->next].previous = at;
        items[ring].next = at;
    }
    return (cwrun_ref)e->serial << SERIAL_SHIFT | at;
}

/* ---- rings ---- */

cwrun_ref cw_root_new(cwrun_store *s, uint8_t kind, uint64_t word)
{
    uint32_t *ring = s->current ? &s->current->roots : &s->roots.recent[s->roots.which];
    if (!*ring && !(*ring = take_place(s)))
        return 0;
    return make(s, *ring, kind, word);
}

static void empty(cwrun_store *s, uint32_t ring)
{
    while (s->roots.items.items[ring].next != ring)
        give_place(s, s->roots.items.items[ring].next);
}

void cw_roots_end(cwrun_store *s, uint32_t ring)
{
    if (!ring)
        return;
    empty(s, ring);
    give_place(s, ring);
}

void cw_roots_turn(cwrun_store *s)
{
    if (s->current)
        return;
    s->roots.which ^= 1;
    if (s->roots.recent[s->roots.which])
        empty(s, s->roots.recent[s->roots.which]);
}

void cw_roots_trace(cw_exec *x)
{
    const cwrun_store *s = x->store;
    for (uint32_t i = 1; i < s->roots.items.n; i++) {
        const cw_root *e = &s->roots.items.items[i];
        if (e->kind && e->kind != CWRUN_CORE_FUNCREF)
            cw_gc_mark_root(x, e->word);
    }
}

void cw_roots_fini(cwrun_store *s)
{
    CW_VEC_FINI(&s->roots.items, &s->alloc);
}

/* ---- what the host does with them ---- */

const cw_root *cw_root_get(const cwrun_store *s, cwrun_ref ref)
{
    uint32_t at = (uint32_t)ref;
    if (!s || at == 0 || at >= s->roots.items.n)
        return NULL;
    const cw_root *e = &s->roots.items.items[at];
    return e->kind && e->serial == ref >> SERIAL_SHIFT ? e : NULL;
}

static cwrun_ref again(cwrun_store *store, cwrun_ref ref, bool keep, cwrun_error *err)
{
    if (!store || cwrun_failed(err))
        return cw_fail_null(err, keep ? "cwrun_ref_keep" : "cwrun_ref_copy");
    if (!ref)
        return 0;
    const cw_root *e = cw_root_get(store, ref);
    cwrun_ref more = 0;
    if (!e)
        cw_fail(err, &store->alloc, CWRUN_ERROR_ARGUMENT, 0, "%s: a reference that has ended",
                keep ? "cwrun_ref_keep" : "cwrun_ref_copy");
    else if (!(more = keep ? make(store, 0, e->kind, e->word) : cw_root_new(store, e->kind, e->word)))
        cw_fail_oom(err);
    return more;
}

cwrun_ref cwrun_ref_keep(cwrun_store *store, cwrun_ref ref, cwrun_error *err)
{
    return again(store, ref, true, err);
}

cwrun_ref cwrun_ref_copy(cwrun_store *store, cwrun_ref ref, cwrun_error *err)
{
    return again(store, ref, false, err);
}

void cwrun_ref_drop(cwrun_store *store, cwrun_ref ref)
{
    if (cw_root_get(store, ref))
        give_place(store, (uint32_t)ref);
}

bool cwrun_ref_same(cwrun_store *store, cwrun_ref a, cwrun_ref b)
{
    const cw_root *x = cw_root_get(store, a), *y = cw_root_get(store, b);
    return x && y ? x->kind == y->kind && x->word == y->word : !a && !b;
}

/* ---- objects of the host ---- */

bool cw_store_allocates(cwrun_store *s, const char *who, cwrun_error *err)
{
    if (s->exec.gc.running)
        cw_fail(err, &s->alloc, CWRUN_ERROR_ARGUMENT, 0, "%s: the destructor of an externref must not enter its store",
                who);
    return !s->exec.gc.running;
}

cwrun_ref cwrun_externref_new(cwrun_store *store, void *object, void (*drop)(void *object), cwrun_error *err)
{
    cwrun_ref ref = 0;
    if (!store || cwrun_failed(err))
        return cw_fail_null(err, __func__);
    if (!cw_store_allocates(store, __func__, err))
        return 0;
    cw_store_entered(store);
    cw_extern_object *o = cw_gc_new_extern(&store->exec, object, drop);
    if (!o)
        cw_gc_error(&store->exec, err);
    else if (!(ref = cw_root_new(store, CWRUN_CORE_EXTERNREF, (uint64_t)(uintptr_t)o))) {
        o->drop = NULL; /* the object stays the caller's */
        cw_fail_oom(err);
    }
    cw_store_left(store);
    return ref;
}

void *cwrun_externref_object(cwrun_store *store, cwrun_ref ref)
{
    const cw_root *e = cw_root_get(store, ref);
    if (!e || !cw_ref_is_object(e->word)) /* as an anyref it is the same object */
        return NULL;
    const cw_object *o = cw_object_of(e->word);
    return o->kind == CW_OBJECT_EXTERN ? ((const cw_extern_object *)(const void *)o)->user : NULL;
}
