/* text/wast_host.c: what components of scripts import from the host, as wasmtime's own runner gives it: functions of
 * the world, and an instance "host" with a nested instance, a core module and resources.
 *
 * A resource1 is a number; as an object it has a bit above it, so that it is never NULL. Functions take any type that
 * is imported under their name, and trap where it is not theirs. */
#include "base/error.h"
#include "cwrun/core.h"
#include "text/wast.h"

static const uint64_t OBJECT = UINT64_C(1) << 32;
enum { SLOWLY = 1000000 }; /* ns */

static void *object_of(uint32_t rep)
{
    return (void *)(uintptr_t)(OBJECT | rep);
}

/* ---- functions of the world ---- */

static cwrun_status of_another_type(cwrun_caller *caller)
{
    return cwrun_caller_trap(caller, "the host function is imported with another type");
}

/* Gives the number that is the low half of user's address. */
static cwrun_status give_number(cwrun_caller *caller, const cwrun_val *args, size_t n, cwrun_val *result, void *user)
{
    (void)caller, (void)args, (void)n;
    *result = cwrun_u32((uint32_t)(uintptr_t)user);
    return CWRUN_DONE;
}

static cwrun_status give_hi(cwrun_caller *caller, const cwrun_val *args, size_t n, cwrun_val *result, void *user)
{
    (void)caller, (void)args, (void)n, (void)user;
    *result = cwrun_string(cwrun_str_of("hi"));
    return CWRUN_DONE;
}

static cwrun_status echo(cwrun_caller *caller, const cwrun_val *args, size_t n, cwrun_val *result, void *user)
{
    (void)user;
    if (n != 1 || args[0].kind != CWRUN_KIND_U32)
        return of_another_type(caller);
    *result = args[0];
    return CWRUN_DONE;
}

static cwrun_status give_two_slowly(cwrun_caller *caller, const cwrun_val *args, size_t n, cwrun_val *result,
                                    void *user)
{
    (void)args, (void)n, (void)result, (void)user;
    return cwrun_caller_wait(caller, NULL, 0, cwrun_monotonic_now() + SLOWLY, give_number, (void *)(uintptr_t)2);
}

static cwrun_status echo_slowly(cwrun_caller *caller, const cwrun_val *args, size_t n, cwrun_val *result, void *user)
{
    (void)args, (void)n, (void)result, (void)user;
    return cwrun_caller_wait(caller, NULL, 0, cwrun_monotonic_now() + SLOWLY, echo, NULL);
}

/* A caller that can do nothing but wait would wait for ever. */
static cwrun_status never_return(cwrun_caller *caller, const cwrun_val *args, size_t n, cwrun_val *result, void *user)
{
    (void)args, (void)n, (void)result, (void)user;
    return cwrun_caller_trap(caller, "a call of never-return that is not async: not supported yet");
}

/* ---- resource1 ---- */

static void drop_resource(void *object, void *user)
{
    cw_wast_host *host = user;
    host->drops++;
    host->last_drop = (uint32_t)(uintptr_t)object;
}

static cwrun_status new_resource(cwrun_caller *caller, const cwrun_val *args, size_t n, cwrun_val *result, void *user)
{
    (void)user;
    if (n != 1 || args[0].kind != CWRUN_KIND_U32)
        return of_another_type(caller);
    *result = cwrun_own(cwrun_resource_new(caller, "host", "resource1", object_of(args[0].of.u32)));
    return result->of.handle ? CWRUN_DONE : cwrun_caller_trap(caller, "no room for a handle");
}

static void *resource_of(cwrun_caller *caller, const cwrun_val *v)
{
    return cwrun_resource_object(caller, v->of.handle, "host", "resource1");
}

/* Whether a value is a resource1, own or borrowed as `kind` says. */
static bool is_resource(cwrun_caller *caller, const cwrun_val *v, uint8_t kind)
{
    return v->kind == kind && resource_of(caller, v) != NULL;
}

/* (resource, number): the resource stands for the number. One that is owned stays the host's. */
static cwrun_status check_rep(cwrun_caller *caller, const cwrun_val *args, size_t n, cwrun_val *result, void *user)
{
    (void)result, (void)user;
    if (n != 2 || args[1].kind != CWRUN_KIND_U32 ||
        !(is_resource(caller, &args[0], CWRUN_KIND_OWN) || is_resource(caller, &args[0], CWRUN_KIND_BORROW)))
        return of_another_type(caller);
    uint32_t have = (uint32_t)(uintptr_t)resource_of(caller, &args[0]);
    if (args[0].kind == CWRUN_KIND_OWN)
        cwrun_caller_take(caller, args[0].of.handle);
    if (have != args[1].of.u32)
        return cwrun_caller_trap(caller, "resource1 is %u, not %u", have, args[1].of.u32);
    return CWRUN_DONE;
}

static cwrun_status take_borrow(cwrun_caller *caller, const cwrun_val *args, size_t n, cwrun_val *result, void *user)
{
    (void)result, (void)user;
    if (n != 2 || !is_resource(caller, &args[0], CWRUN_KIND_BORROW) ||
        !is_resource(caller, &args[1], CWRUN_KIND_BORROW))
        return of_another_type(caller);
    return CWRUN_DONE;
}

static cwrun_status take_own(cwrun_caller *caller, const cwrun_val *args, size_t n, cwrun_val *result, void *user)
{
    (void)result, (void)user;
    if (n != 2 || !is_resource(caller, &args[0], CWRUN_KIND_BORROW) || !is_resource(caller, &args[1], CWRUN_KIND_OWN))
        return of_another_type(caller);
    cwrun_caller_take(caller, args[1].of.handle);
    return CWRUN_DONE;
}

static cwrun_status give_drops(cwrun_caller *caller, const cwrun_val *args, size_t n, cwrun_val *result, void *user)
{
    (void)caller, (void)args, (void)n;
    *result = cwrun_u32(((const cw_wast_host *)user)->drops);
    return CWRUN_DONE;
}

static cwrun_status give_last_drop(cwrun_caller *caller, const cwrun_val *args, size_t n, cwrun_val *result, void *user)
{
    (void)caller, (void)args, (void)n;
    *result = cwrun_u32(((const cw_wast_host *)user)->last_drop);
    return CWRUN_DONE;
}

/* ---- the linker ---- */

typedef struct function {
    const char *interface, *name, *type; /* type NULL: it has parameters, whose names may be any */
    cwrun_host_fn fn;
    uint32_t number; /* what it gives */
} function;

/* clang-format off */
static const function functions[] = {
    { "", "host-return-two", "func() -> u32", give_number, 2 },
    { "", "host-echo-u32", NULL, echo, 0 },
    { "", "return-hi", "func() -> string", give_hi, 0 },
    { "", "never-return", NULL, never_return, 0 },
    { "", "return-two-slowly", NULL, give_two_slowly, 0 },
    { "", "echo-slowly", NULL, echo_slowly, 0 },
    { "host", "return-three", "func() -> u32", give_number, 3 },
    { "host", "never-return", NULL, never_return, 0 },
    { "host", "return-two-slowly", NULL, give_two_slowly, 0 },
    { "host", "echo-slowly", NULL, echo_slowly, 0 },
    { "host", "return-hi", "func() -> string", give_hi, 0 },
    { "host#nested", "return-four", "func() -> u32", give_number, 4 },
    { "host", "[constructor]resource1", NULL, new_resource, 0 },
    { "host", "[static]resource1.assert", NULL, check_rep, 0 },
    { "host", "[static]resource1.last-drop", "func() -> u32", give_last_drop, 0 },
    { "host", "[static]resource1.drops", "func() -> u32", give_drops, 0 },
    { "host", "[method]resource1.simple", NULL, check_rep, 0 },
    { "host", "[method]resource1.take-borrow", NULL, take_borrow, 0 },
    { "host", "[method]resource1.take-own", NULL, take_own, 0 },
    { "host", "[method]resource1.never-return", NULL, never_return, 0 },
};
/* clang-format on */

static bool add_module(cw_wast *w, cwrun_linker *l, cwrun_engine *engine, cwrun_error *err)
{
    static const char text[] =
        "(module (global (export \"g\") i32 (i32.const 100)) (func (export \"f\") (result i32) (i32.const 101)))";
    cw_bytes bytes;
    cw_bytes_init(&bytes, &w->alloc);
    cwrun_module *m = NULL;
    if (cw_text_encode(&w->words, cwrun_str_of(text), NULL, &w->alloc, &bytes, err))
        m = cwrun_module_load(engine, bytes.data, bytes.size, "simple-module", err);
    cw_bytes_fini(&bytes);
    bool ok = m && cwrun_linker_module(l, "host", "simple-module", m, err);
    cwrun_module_drop(m);
    return ok;
}

cwrun_linker *cw_wast_host_linker(cw_wast *w, cwrun_engine *engine, cw_wast_host *host, cwrun_error *err)
{
    cwrun_linker *l = cwrun_linker_new(engine, err);
    bool ok = l != NULL;
    for (size_t i = 0; ok && i < sizeof functions / sizeof *functions; i++) {
        const function *f = &functions[i];
        void *user = f->number ? (void *)(uintptr_t)f->number : host;
        ok = cwrun_linker_func(l, f->interface, f->name, f->type, f->fn, user, NULL, err);
    }
    ok = ok && cwrun_linker_resource(l, "host", "resource1", drop_resource, host, NULL, err) &&
         cwrun_linker_resource(l, "host", "resource2", NULL, NULL, NULL, err) &&
         cwrun_linker_resource_alias(l, "host", "resource1-again", "host", "resource1", err) &&
         add_module(w, l, engine, err);
    if (ok)
        return l;
    cwrun_linker_drop(l);
    return NULL;
}
