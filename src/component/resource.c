/* component/resource.c: handle tables, and the end of resources  [CanonicalABI: Table State, Resource State,
 * canon resource.drop].
 *
 * Tables of guests and the host's are one kind of thing. The host's handles carry generation bits, so that a stale one
 * is found out; a guest's are what the specification says, places given out again last freed first. */
#include "base/error.h"
#include "component/runtime.h"

enum { FIRST_PLACES = 16, PLACE_MASK = (1 << CW_HANDLE_BITS) - 1 };

/* ---- tables ---- */

static bool grow(cw_handles *h, const cw_alloc *a)
{
    uint32_t cap = h->cap == 0 ? FIRST_PLACES : h->cap * 2;
    cw_handle *items = cw_resize(a, h->items, (size_t)h->cap * sizeof *items, (size_t)cap * sizeof *items);
    if (!items)
        return false;
    memset(items + h->cap, 0, (size_t)(cap - h->cap) * sizeof *items);
    h->items = items;
    h->cap = cap;
    if (h->n == 0)
        h->n = 1; /* place 0 is no handle */
    return true;
}

uint32_t cw_handle_add(cw_handles *h, const cw_alloc *a, cw_resource_type *rt, uint64_t rep, bool own, bool *limit)
{
    *limit = false;
    if (h->n_live >= h->max) {
        *limit = true;
        return 0;
    }
    uint32_t place = h->free_list;
    if (place != 0) {
        h->free_list = (uint32_t)h->items[place].rep;
    } else {
        if (h->n >= h->cap && !grow(h, a))
            return 0;
        place = h->n++;
    }
    cw_handle *e = &h->items[place];
    e->rt = rt;
    e->rep = rep;
    e->scope = NULL;
    e->num_lends = 0;
    e->own = own;
    h->n_live++;
    if (!h->is_host)
        return place;
    return place | (uint32_t)e->generation << CW_HANDLE_BITS;
}

cw_handle *cw_handle_get(const cw_handles *h, uint32_t handle)
{
    uint32_t place = h->is_host ? handle & PLACE_MASK : handle;
    if (place == 0 || place >= h->n)
        return NULL;
    cw_handle *e = &h->items[place];
    if (!e->rt || (h->is_host && e->generation != handle >> CW_HANDLE_BITS))
        return NULL;
    return e;
}

void cw_handle_remove(cw_handles *h, uint32_t handle)
{
    uint32_t place = h->is_host ? handle & PLACE_MASK : handle;
    cw_handle *e = &h->items[place];
    e->rt = NULL;
    e->rep = h->free_list;
    e->generation = (uint16_t)((e->generation + 1) % CW_HANDLE_GENERATIONS);
    h->free_list = place;
    h->n_live--;
}

void cw_handles_fini(cw_handles *h, const cw_alloc *a)
{
    cw_free(a, h->items, (size_t)h->cap * sizeof *h->items);
    h->items = NULL;
    h->n = h->cap = h->free_list = h->n_live = 0;
}

/* ---- the end of a resource ---- */

void cw_resource_finalize(cw_resource_type *rt, uint64_t rep)
{
    if (rt->host && rt->host->destructor)
        rt->host->destructor((void *)(uintptr_t)rep, rt->host->user);
}

/* Where a failure goes: to the thread for which a host function's call ends, or to err; either may be NULL. */
static bool out_of_memory(cw_thread *asker, cwrun_error *err)
{
    if (asker)
        cw_thread_limit(asker, CWRUN_LIMIT_HOST_MEMORY, "out of memory");
    return cw_fail_oom(err);
}

/* Runs a guest's destructor, which the host asks for. */
static bool run_destructor(cwrun_store *s, cw_resource_type *rt, uint64_t rep, cw_thread *asker, cwrun_error *err)
{
    cw_thread *t = cw_thread_new(&s->exec, err);
    if (!t)
        return out_of_memory(asker, err);
    cw_enter_from(rt->impl, NULL);
    cw_thread_start(t, rt->dtor, &rep);
    cw_run_status status = cw_store_drive(s, t);
    if (status == CW_RUN_DONE) {
        cw_leave_to(rt->impl, NULL);
    } else {
        cw_poison(rt->impl, NULL);
        cw_thread_error(t, err);
        if (asker)
            cw_thread_fail_as(asker, t);
    }
    cw_thread_free(t);
    return status == CW_RUN_DONE;
}

static bool drop(cwrun_store *s, cw_resource_type *rt, uint64_t rep, cw_thread *asker, cwrun_error *err)
{
    if (!rt->impl) {
        cw_resource_finalize(rt, rep);
        return true;
    }
    uint8_t closed = cw_may_enter_from(rt->impl, NULL);
    if (!rt->dtor || closed == CW_TRAP_POISONED || s->exec.closing)
        return true;
    if (closed == CW_TRAP_NONE)
        return run_destructor(s, rt, rep, asker, err);
    cw_queued_drop *later = CW_VEC_PUSH(&s->drop_later, &s->alloc);
    if (!later)
        return out_of_memory(asker, err);
    *later = (cw_queued_drop){ rt, rep };
    return true;
}

bool cw_host_handle_drop(cwrun_store *s, uint32_t handle, cw_thread *asker, cwrun_error *err)
{
    cw_handle *e = cw_handle_get(&s->handles, handle);
    if (!e)
        return true;
    cw_resource_type *rt = e->rt;
    uint64_t rep = e->rep;
    bool own = e->own;
    cw_handle_remove(&s->handles, handle);
    return !own || drop(s, rt, rep, asker, err);
}

/* What still cannot run, since a call that is pending is inside, gathers at the front. */
void cw_run_queued_drops(cwrun_store *s)
{
    uint32_t n_frozen = 0;
    while (s->drop_later.n > n_frozen && cw_store_idle(s)) {
        cw_queued_drop *items = s->drop_later.items, d = items[s->drop_later.n - 1];
        uint8_t closed = cw_may_enter_from(d.rt->impl, NULL);
        if (closed == CW_TRAP_CANNOT_ENTER) {
            items[s->drop_later.n - 1] = items[n_frozen];
            items[n_frozen++] = d;
            continue;
        }
        s->drop_later.n--;
        if (closed == CW_TRAP_NONE)
            run_destructor(s, d.rt, d.rep, NULL, NULL); /* a trap poisons its instance; nobody else is to be told */
    }
}

/* ---- the public side ---- */

void *cwrun_handle_object(cwrun_store *store, cwrun_handle handle)
{
    cw_handle *e = store ? cw_handle_get(&store->handles, handle) : NULL;
    return e && !e->rt->impl ? (void *)(uintptr_t)e->rep : NULL;
}

bool cwrun_handle_drop(cwrun_store *store, cwrun_handle handle, cwrun_error *err)
{
    if (!store || cwrun_failed(err))
        return cw_fail_null(err, __func__);
    cw_handle *e = cw_handle_get(&store->handles, handle);
    const char *why = NULL;
    if (!e)
        why = "no such handle (any more)";
    else if (!e->own)
        why = "a borrow, which ends with its call";
    else if (e->num_lends != 0)
        why = "lent to a call that is under way";
    if (why) {
        cw_fail(err, &store->alloc, CWRUN_ERROR_ARGUMENT, 0, "cwrun_handle_drop: handle %u: %s", handle, why);
        return false;
    }
    cw_resource_type *rt = e->rt;
    uint64_t rep = e->rep;
    cw_handle_remove(&store->handles, handle);
    cw_store_entered(store);
    bool ok = drop(store, rt, rep, NULL, err);
    cw_store_left(store);
    return ok;
}
