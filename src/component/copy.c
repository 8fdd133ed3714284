/* component/copy.c: what plans ask for while they run: realloc, handles, fuel  [CanonicalABI: LiftLowerContext,
 * lift_own, lift_borrow, lower_own, lower_borrow].
 *
 * Both sides of a crossing are an instance or the host (NULL). The type on a guest's side names the resource by that
 * guest's variable; the host takes it from the other side. */
#include "base/error.h"
#include "component/runtime.h"

static bool call_realloc(cw_copy *c, uint64_t old, uint64_t old_size, uint32_t align, uint64_t new_size,
                         uint64_t *address)
{
    cw_crossing *x = c->user;
    uint64_t args[4] = { old, old_size, align, new_size };
    if (!x->dst_options->realloc) {
        cw_thread_trap(x->thread, CW_TRAP_ALLOCATION, "a realloc function is needed");
        return false;
    }
    bool before = x->dst->may_leave;
    x->dst->may_leave = false;
    bool ok = cw_thread_nested(x->thread, x->dst_options->realloc, args, address);
    x->dst->may_leave = before;
    return ok;
}

/* ---- handles ---- */

bool cw_handle_trap(cw_thread *t, uint8_t code, uint32_t handle, const cw_resource_type *want,
                    const cw_resource_type *have)
{
    if (code == CW_TRAP_UNKNOWN_HANDLE)
        cw_thread_trap(t, code, "%s %u", cwrun_trap_words(code), handle);
    else if (code == CW_TRAP_HANDLE_TYPE && want && have)
        cw_thread_trap(
            t, code,
            "handle index %u used with the wrong type, expected %s-defined resource but found a %s%s-defined resource",
            handle, want->impl ? "guest" : "host", !want->impl == !have->impl ? "different " : "",
            have->impl ? "guest" : "host");
    else
        cw_thread_trap(t, code, NULL);
    return false;
}

static bool out_of_memory(cw_crossing *x)
{
    cw_thread_limit(x->thread, CWRUN_LIMIT_HOST_MEMORY, "out of memory");
    return false;
}

static cw_handles *table_of(cw_crossing *x, cwrun_instance *in)
{
    return in ? &in->handles : &x->store->handles;
}

static uint32_t add(cw_crossing *x, cwrun_instance *to, cw_resource_type *rt, uint64_t rep, bool own)
{
    bool limit;
    uint32_t handle = cw_handle_add(table_of(x, to), &x->store->alloc, rt, rep, own, &limit);
    if (handle == 0 && limit)
        cw_thread_limit(x->thread, CWRUN_LIMIT_HANDLES, "more than %u handles in one table (--max-handles)",
                        table_of(x, to)->max);
    else if (handle == 0)
        out_of_memory(x);
    return handle;
}

static bool move_own(cw_crossing *x, cw_resource_type *rt, uint32_t in, uint32_t *out)
{
    cw_handles *from = table_of(x, x->src);
    cw_handle *e = cw_handle_get(from, in);
    if (!e)
        return cw_handle_trap(x->thread, CW_TRAP_UNKNOWN_HANDLE, in, NULL, NULL);
    if (e->rt != rt)
        return cw_handle_trap(x->thread, CW_TRAP_HANDLE_TYPE, in, rt, e->rt);
    if (e->num_lends != 0)
        return cw_handle_trap(x->thread, CW_TRAP_HANDLE_LENT, in, NULL, NULL);
    if (!e->own)
        return cw_handle_trap(x->thread, CW_TRAP_HANDLE_NOT_OWN, in, NULL, NULL);
    uint64_t rep = e->rep;
    cw_handle_remove(from, in);
    *out = add(x, x->dst, rt, rep, true);
    if (*out == 0) {
        if (!rt->impl)
            cw_resource_finalize(rt, rep);
        return false;
    }
    /* what a host function does not take is dropped when it answers */
    if (!x->dst && x->call && !cw_call_add_loan(x->store, x->call, &x->store->handles, *out, true))
        return out_of_memory(x);
    return true;
}

static bool lend(cw_crossing *x, cw_resource_type *rt, uint32_t in, uint32_t *out)
{
    cw_handles *from = table_of(x, x->src);
    cw_handle *e = cw_handle_get(from, in);
    if (!e)
        return cw_handle_trap(x->thread, CW_TRAP_UNKNOWN_HANDLE, in, NULL, NULL);
    if (e->rt != rt)
        return cw_handle_trap(x->thread, CW_TRAP_HANDLE_TYPE, in, rt, e->rt);
    uint64_t rep = e->rep;
    bool to_impl = x->dst && x->dst == rt->impl;
    if (to_impl && rep > UINT32_MAX) { /* the text gives it an i32, whatever the representation is */
        cw_thread_trap(x->thread, CW_TRAP_UNSUPPORTED,
                       "a borrow of a resource whose representation takes 64 bits goes to where it is defined: not "
                       "supported yet");
        return false;
    }
    if (!cw_call_add_loan(x->store, x->call, from, in, false))
        return out_of_memory(x);
    e->num_lends++;

    if (to_impl) {
        *out = (uint32_t)rep;
        return true;
    }
    *out = add(x, x->dst, rt, rep, false);
    if (*out == 0)
        return false;
    if (!x->dst)
        return cw_call_add_loan(x->store, x->call, &x->store->handles, *out, true) || out_of_memory(x);
    cw_handle_get(&x->dst->handles, *out)->scope = x->call;
    x->call->num_borrows++;
    return true;
}

static bool move_handle(cw_copy *c, const cwrun_type *src, const cwrun_type *dst, uint32_t in, uint32_t *out)
{
    cw_crossing *x = c->user;
    if (src->kind != CWRUN_KIND_OWN && src->kind != CWRUN_KIND_BORROW) {
        cw_thread_trap(x->thread, CW_TRAP_UNSUPPORTED, "a value of type %s crosses components: not supported yet",
                       cwrun_kind_name(src->kind));
        return false;
    }
    cw_resource_type *rt = x->src ? cw_resource_of(x->src, src) : cw_resource_of(x->dst, dst);
    if (!rt)
        return cw_handle_trap(x->thread, CW_TRAP_HANDLE_TYPE, in, NULL, NULL);
    return src->kind == CWRUN_KIND_OWN ? move_own(x, rt, in, out) : lend(x, rt, in, out);
}

/* The host gives a handle: may it? The guest's type is the same as the host's here: plans from the host are made so. */
static bool check_handle(cw_copy *c, const cwrun_type *type, uint32_t handle, const char **why)
{
    cw_crossing *x = c->user;
    if (type->kind != CWRUN_KIND_OWN && type->kind != CWRUN_KIND_BORROW) {
        *why = "values of this type are not supported yet";
        return false;
    }
    const cw_handle *e = cw_handle_get(&x->store->handles, handle);
    *why = NULL;
    if (!e)
        *why = handle == 0 ? "no handle" : "a stale handle";
    else if (e->rt != cw_resource_of(x->dst, type))
        *why = "a handle of another resource type";
    else if (type->kind == CWRUN_KIND_OWN && !e->own)
        *why = "a borrow, which cannot be given away";
    else if (type->kind == CWRUN_KIND_OWN && e->num_lends != 0)
        *why = "a handle that is lent to a call under way";
    return !*why;
}

/* ---- metering ---- */

bool cw_charge(cw_thread *t, uint64_t work)
{
    uint8_t trap = cw_exec_work(t->exec, work * CW_BYTES_PER_FUEL);
    if (trap != CW_TRAP_NONE)
        cw_thread_trap(t, trap, NULL);
    return trap == CW_TRAP_NONE;
}

static bool poll_copy(cw_copy *c, uint64_t bytes)
{
    cw_crossing *x = c->user;
    return cw_charge(x->thread, bytes / CW_BYTES_PER_FUEL);
}

/* ---- running ---- */

static const cw_copy_ops ops = { call_realloc, move_handle, check_handle, poll_copy };

void cw_crossing_init(cw_crossing *x, cw_copy *copy, const cw_memory *src, const cw_memory *dst, cw_arena *arena,
                      cw_arena *scratch)
{
    *copy = (cw_copy){
        .ops = &ops,
        .user = x,
        .src = src,
        .dst = dst,
        .arena = arena,
        .scratch = scratch,
        .budget = x->store->limits.max_call_bytes,
    };
}

void cw_crossing_fail(cw_crossing *x, const cw_copy *copy)
{
    if (copy->fail_kind == CWRUN_ERROR_TRAP)
        cw_thread_trap(x->thread, copy->fail_code, NULL);
    else if (copy->fail_kind == CWRUN_ERROR_LIMIT && copy->fail_code == CWRUN_LIMIT_CALL_BYTES)
        cw_thread_limit(x->thread, copy->fail_code, "one call copies more than %llu bytes (--max-call-bytes)",
                        (unsigned long long)x->store->limits.max_call_bytes);
    else if (copy->fail_kind == CWRUN_ERROR_LIMIT)
        out_of_memory(x);
}

bool cw_crossing_run(cw_crossing *x, const cw_plan *plan, cw_copy *copy, const void *from, void *to)
{
    if (cw_plan_run(plan, copy, from, to))
        return true;
    cw_crossing_fail(x, copy);
    return false;
}
