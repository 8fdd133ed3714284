/* component/host.c: host functions: calling them from guests, and what they see of their call.
 *
 * A call is one pooled record, the cwrun_caller, with an arena of its own: it holds the arguments in the host's layout,
 * what the function allocates, the loans of handles, and what the call waits for while it is pending. The native frame
 * that the guest's call stands on keeps the record in a slot. */
#include "base/error.h"
#include "component/runtime.h"
#include "component/value.h"

/* ---- records ---- */

cw_call *cw_call_new(cwrun_store *s)
{
    cw_call *call = s->free_calls;
    if (call) {
        s->free_calls = call->next_free;
        return call;
    }
    return cw_new(&s->alloc, sizeof *call);
}

void cw_call_free(cwrun_store *s, cw_call *call)
{
    call->num_borrows = 0;
    call->loans.n = 0;
    call->next_free = s->free_calls;
    s->free_calls = call;
}

bool cw_call_add_loan(cwrun_store *s, cw_call *call, cw_handles *table, uint32_t handle, bool made)
{
    cw_loan *loan = CW_VEC_PUSH(&call->loans, &s->alloc);
    if (!loan)
        return false;
    *loan = (cw_loan){ table, handle, made };
    return true;
}

static bool end_loans(cwrun_store *s, cw_call *call, cw_thread *asker)
{
    bool ok = true;
    while (call->loans.n != 0) {
        cw_loan loan = call->loans.items[--call->loans.n];
        if (loan.made) {
            ok = cw_host_handle_drop(s, loan.handle, asker, NULL) && ok;
        } else {
            cw_handle *e = cw_handle_get(loan.table, loan.handle);
            if (e && e->num_lends != 0)
                e->num_lends--;
        }
    }
    return ok;
}

/* Whether a handle that was made for a host function is lent to a call that the function has left behind. */
static bool is_lent_on(const cwrun_store *s, const cw_call *call)
{
    for (uint32_t i = 0; i < call->loans.n; i++) {
        const cw_loan *loan = &call->loans.items[i];
        const cw_handle *e = loan->made ? cw_handle_get(&s->handles, loan->handle) : NULL;
        if (e && e->num_lends != 0)
            return true;
    }
    return false;
}

static void to_pool(cwrun_caller *c)
{
    cwrun_store *s = c->store;
    c->next = s->free_callers;
    s->free_callers = c;
}

bool cw_call_end_loans(cwrun_store *s, cw_call *call, cw_thread *asker)
{
    bool ok = end_loans(s, call, asker);
    for (cwrun_caller **at = &s->lent_on; *at;) {
        cwrun_caller *c = *at;
        if (is_lent_on(s, &c->call)) {
            at = &c->next;
            continue;
        }
        *at = c->next;
        end_loans(s, &c->call, NULL); /* destructors may change the list */
        to_pool(c);
        at = &s->lent_on;
    }
    return ok;
}

bool cw_caller_end_loans(cwrun_caller *c)
{
    return c->call.loans.n == 0 || is_lent_on(c->store, &c->call) || cw_call_end_loans(c->store, &c->call, c->thread);
}

cwrun_caller *cw_caller_new(cwrun_store *s)
{
    cwrun_caller *c = s->free_callers;
    if (c) {
        s->free_callers = c->next;
        c->next = NULL;
    } else if ((c = cw_new(&s->alloc, sizeof *c))) {
        cw_arena_init(&c->arena, &s->alloc);
        c->store = s;
    }
    return c;
}

void cw_caller_unlink(cwrun_caller *c)
{
    if (!c->is_pending)
        return;
    if (c->previous)
        c->previous->next = c->next;
    else
        c->store->pending = c->next;
    if (c->next)
        c->next->previous = c->previous;
    c->next = c->previous = NULL;
    c->is_pending = false;
}

void cw_caller_suspend(cwrun_caller *c)
{
    cwrun_store *s = c->store;
    c->previous = NULL;
    c->next = s->pending;
    if (s->pending)
        s->pending->previous = c;
    s->pending = c;
    c->is_pending = true;
    c->fds_ready = false;
    c->thread->user = c;
}

void cw_caller_free(cwrun_caller *c)
{
    cwrun_store *s = c->store;
    cw_caller_unlink(c);
    cw_caller_end_ticket(c);
    bool lent_on = is_lent_on(s, &c->call);
    if (!lent_on)
        cw_call_end_loans(s, &c->call, NULL);
    cw_roots_end(s, c->roots);
    c->roots = 0;
    c->call.num_borrows = 0;
    cw_arena_reset(&c->arena);
    c->arena.limit = SIZE_MAX;
    c->thread = NULL;
    c->lower = NULL;
    c->host = NULL;
    c->in = NULL;
    c->linker = NULL;
    c->core = NULL;
    c->type = NULL;
    c->args = NULL;
    c->core_args = NULL;
    c->core_results = NULL;
    c->throw_tag = NULL;
    c->throw_ref = 0;
    c->n_args = c->n_core_results = 0;
    c->waits = NULL;
    c->n_waits = c->cap_waits = 0;
    c->wait = CW_WAIT_NONE;
    if (!lent_on) {
        to_pool(c);
        return;
    }
    c->next = s->lent_on; /* its loans last as long as those that hang on them */
    s->lent_on = c;
}

void cw_callers_fini(cwrun_store *s)
{
    while (s->lent_on) {
        cwrun_caller *c = s->lent_on;
        s->lent_on = c->next;
        to_pool(c);
    }
    for (cwrun_caller *c = s->free_callers, *next; c; c = next) {
        next = c->next;
        cw_arena_fini(&c->arena);
        CW_VEC_FINI(&c->call.loans, &s->alloc);
        cw_free(&s->alloc, c, sizeof *c);
    }
    for (cw_call *call = s->free_calls, *next; call; call = next) {
        next = call->next_free;
        CW_VEC_FINI(&call->loans, &s->alloc);
        cw_free(&s->alloc, call, sizeof *call);
    }
    s->free_callers = NULL;
    s->free_calls = NULL;
}

/* ---- values of C ---- */

static bool same_str(cwrun_str a, cwrun_str b)
{
    return a.size == b.size && (a.size == 0 || memcmp(a.data, b.data, a.size) == 0);
}

/* Whether two types are the same WIT type, resources aside. */
static bool same_type(const cwrun_type *a, const cwrun_type *b)
{
    if (a == b)
        return true;
    if (!a || !b || a->kind != b->kind || a->n_fields != b->n_fields || a->length != b->length ||
        a->size[CW_P8] != b->size[CW_P8])
        return false;
    if (!same_type(a->elem, b->elem))
        return false;
    for (uint32_t i = 0; i < a->n_fields; i++)
        if (!same_str(a->fields[i].name, b->fields[i].name) || !same_type(a->fields[i].type, b->fields[i].type))
            return false;
    return true;
}

const char *cw_val_store(const cwrun_type *t, const cwrun_val *v, void *out)
{
    bool is_simple = t->kind <= CWRUN_KIND_STRING || t->kind == CWRUN_KIND_OWN || t->kind == CWRUN_KIND_BORROW;
    if (v->kind != t->kind && !(v->kind == CWRUN_KIND_OWN && t->kind == CWRUN_KIND_BORROW))
        return v->kind == 0 ? "no value" : cwrun_kind_name(v->kind);
    if (!is_simple && !v->type)
        return "a value without its type";
    if (v->type && v->type->kind != v->kind)
        return "a value whose kind is not its type's";
    if (!is_simple && !same_type(v->type, t))
        return "a value of another type";
    const void *data = cwrun_val_data(v);
    if (!data)
        return "NULL";
    memcpy(out, data, t->size[CW_P8]);
    return NULL;
}

/* ---- the call ---- */

static CWRUN_PRINTF(2, 3) cw_step trap(cw_thread *t, const char *format, ...)
{
    char words[512];
    va_list args;
    va_start(args, format);
    vsnprintf(words, sizeof words, format, args);
    va_end(args);
    cw_thread_trap(t, CW_TRAP_HOST, "%s", words);
    return CW_STEP_TRAP;
}

static cw_step out_of_memory(cw_thread *t)
{
    cw_thread_limit(t, CWRUN_LIMIT_HOST_MEMORY, "out of memory");
    return CW_STEP_TRAP;
}

void cw_host_enter(cwrun_caller *c)
{
    cwrun_store *s = c->store;
    c->outside = s->current;
    s->current = c;
}

void cw_host_leave(cwrun_caller *c)
{
    cwrun_store *s = c->store;
    s->current = c->outside;
    c->outside = NULL;
}

bool cw_host_arguments(cwrun_caller *c, const cwrun_type *tuple, const void *bytes)
{
    uint32_t n = c->type->n_params;
    c->args = n ? cw_arena_raw(&c->arena, n * sizeof *c->args, _Alignof(cwrun_val)) : NULL;
    if (n && !c->args)
        return false;
    for (uint32_t i = 0; i < n; i++)
        c->args[i] = cw_val_load(c->type->params[i].type, (const char *)bytes + tuple->fields[i].offset[CW_P8]);
    c->n_args = n;
    return true;
}

static bool lift_arguments(cw_thread *t, cwrun_caller *c, cw_lower *l, uint64_t *frame)
{
    const cwrun_type *tuple = l->type->param_tuple;
    void *bytes = cw_arena_alloc(&c->arena, tuple->size[CW_P8], 16);
    if (!bytes)
        return out_of_memory(t), false;
    cw_crossing x = { .store = c->store, .thread = t, .src = l->in, .call = &c->call };
    cw_copy copy;
    cw_crossing_init(&x, &copy, l->options.memory, NULL, &c->arena, &c->arena);
    if (!cw_crossing_run(&x, l->params, &copy, frame, bytes))
        return false;
    return cw_host_arguments(c, tuple, bytes) || (out_of_memory(t), false);
}

/* Copies the answer into the guest. */
static bool lower_result(cw_thread *t, cwrun_caller *c, cw_lower *l, const cwrun_val *result, uint64_t *frame,
                         uint64_t *flat)
{
    const cwrun_type *type = l->type->result;
    cwrun_str name = l->fn->name, why;
    uint64_t small[4] = { 0 };
    const void *bytes = small;
    const char *found = NULL;
    if (type->size[CW_P8] <= sizeof small) {
        found = cw_val_store(type, result, small);
    } else {
        void *room = cw_arena_raw(&c->arena, type->size[CW_P8], 16);
        if (!room)
            return out_of_memory(t), false;
        found = cw_val_store(type, result, room);
        bytes = room;
    }
    if (found) {
        trap(t, "host function `%.*s`: result: expected %s, found %s", (int)name.size, name.data,
             cwrun_kind_name(type->kind), found);
        return false;
    }
    cw_crossing x = { .store = c->store, .thread = t, .dst = l->in, .dst_options = &l->options, .call = &c->call };
    cw_copy copy;
    cw_crossing_init(&x, &copy, NULL, l->options.memory, NULL, &c->arena);
    if (!cw_plan_check(l->result, &copy, bytes, "result", &why)) {
        if (copy.fail_kind)
            cw_crossing_fail(&x, &copy);
        else
            trap(t, "host function `%.*s`: %.*s", (int)name.size, name.data, (int)why.size, why.data);
        return false;
    }
    return cw_crossing_run(&x, l->result, &copy, bytes, l->result_in_memory ? &frame[l->n_params - 1] : flat);
}

/* Follows what the function said. */
static cw_step answer(cw_thread *t, cwrun_caller *c, cw_lower *l, cwrun_status status, const cwrun_val *result,
                      uint64_t *frame, uint64_t *own)
{
    uint64_t flat = 0;
    switch (status) {
    case CWRUN_DONE:
        if (t->trap != CW_TRAP_NONE || (l->result && !lower_result(t, c, l, result, frame, &flat)) ||
            !cw_caller_end_loans(c))
            return CW_STEP_TRAP;
        own[0] = 0;
        cw_caller_free(c);
        frame[0] = flat;
        return CW_STEP_RETURN;
    case CWRUN_PENDING:
        if (c->wait == CW_WAIT_NONE)
            return trap(t, "host function `%.*s` is pending but waits for nothing", (int)l->fn->name.size,
                        l->fn->name.data);
        cw_caller_suspend(c);
        t->next_state = 1;
        return CW_STEP_SUSPEND;
    default: cw_thread_trap(t, CW_TRAP_HOST, NULL); return CW_STEP_TRAP;
    }
}

cw_step cw_host_call(cw_thread *t, cw_lower *l, uint64_t *frame, uint64_t *own, uint32_t state)
{
    cwrun_store *s = l->in->store;
    cwrun_caller *c = (cwrun_caller *)(uintptr_t)own[0];
    cwrun_host_fn fn = l->fn->host->fn;
    void *user = l->fn->host->user;
    cwrun_val result = { 0 };
    if (state == 0) {
        if (!(c = cw_caller_new(s)))
            return out_of_memory(t);
        own[0] = (uint64_t)(uintptr_t)c;
        c->thread = t;
        c->lower = l;
        c->in = l->in;
        c->linker = l->fn->importer->linker;
        c->host = l->fn->host;
        c->type = l->type;
        if (l->params && !lift_arguments(t, c, l, frame))
            return CW_STEP_TRAP;
    } else {
        cw_caller_unlink(c);
        t->user = NULL;
        if (!cw_charge(t, 0))
            return CW_STEP_TRAP;
        if (c->wait == CW_WAIT_TICKET) {
            cwrun_status status = cw_caller_take_ticket(c, &result);
            return answer(t, c, l, status, &result, frame, own);
        }
        c->wait = CW_WAIT_NONE;
        fn = c->resume;
        user = c->resume_user;
    }
    cw_host_enter(c);
    cwrun_status status = fn(c, c->args, c->n_args, &result, user);
    cw_host_leave(c);
    return answer(t, c, l, status, &result, frame, own);
}

/* ---- what a host function may ask ---- */

cwrun_store *cwrun_caller_store(cwrun_caller *caller)
{
    return caller ? caller->store : NULL;
}

const cwrun_functype *cwrun_caller_type(cwrun_caller *caller)
{
    return caller ? caller->type : NULL;
}

void *cwrun_caller_alloc(cwrun_caller *caller, size_t size)
{
    return caller ? cw_arena_alloc(&caller->arena, size, 16) : NULL;
}

cwrun_arena *cwrun_caller_arena(cwrun_caller *caller)
{
    return caller ? &caller->arena : NULL;
}

cwrun_val cwrun_caller_keep(cwrun_caller *caller, const cwrun_val *v)
{
    cwrun_val none = { 0 };
    return caller && v ? cwrun_val_copy(v, &caller->arena) : none;
}

cwrun_status cwrun_caller_trap(cwrun_caller *caller, const char *format, ...)
{
    if (!caller || !caller->thread)
        return CWRUN_TRAP;
    cw_text text;
    cw_text_init(&text, &caller->store->alloc);
    va_list args;
    va_start(args, format);
    cw_text_vprintf(&text, format, args);
    va_end(args);
    cw_thread_trap(caller->thread, CW_TRAP_HOST, "%s", text.oom || !text.data ? "host function trapped" : text.data);
    cw_text_fini(&text);
    return CWRUN_TRAP;
}

cwrun_status cwrun_caller_exit(cwrun_caller *caller, int32_t status)
{
    if (caller && caller->thread)
        cw_thread_exit(caller->thread, status);
    return CWRUN_TRAP;
}

bool cwrun_caller_take(cwrun_caller *caller, cwrun_handle handle)
{
    if (!caller)
        return false;
    cw_handle *e = cw_handle_get(&caller->store->handles, handle);
    for (uint32_t i = 0; e && e->own && i < caller->call.loans.n; i++) {
        cw_loan *loan = &caller->call.loans.items[i];
        if (!loan->made || loan->handle != handle)
            continue;
        *loan = caller->call.loans.items[--caller->call.loans.n];
        return true;
    }
    return false;
}

/* The definition of a resource in the linker that the function was found in; NULL where there is none. */
static const cw_definition *find_resource(const cwrun_caller *caller, const char *interface, const char *name)
{
    const cwrun_linker *l = caller ? caller->linker : NULL;
    return l ? cw_linker_find(l, CW_DEFINE_RESOURCE, cwrun_str_of(interface), cwrun_str_of(name)) : NULL;
}

void *cwrun_resource_object(cwrun_caller *caller, cwrun_handle handle, const char *interface, const char *name)
{
    const cw_definition *d = find_resource(caller, interface, name);
    const cw_handle *e = d ? cw_handle_get(&caller->store->handles, handle) : NULL;
    return e && e->rt->host == d ? (void *)(uintptr_t)e->rep : NULL;
}

cwrun_handle cwrun_resource_new(cwrun_caller *caller, const char *interface, const char *name, void *object)
{
    const cw_definition *d = find_resource(caller, interface, name);
    cw_resource_type *rt = d ? cw_host_type(caller->store, d, d->name) : NULL;
    bool limit;
    return rt ? cw_handle_add(&caller->store->handles, &caller->store->alloc, rt, (uint64_t)(uintptr_t)object, true,
                              &limit)
              : 0;
}
