/* component/store.c: a store: making it, what it keeps alive, and its end. */
#include "base/error.h"
#include "component/runtime.h"
#include "os/wait.h"

enum { DEFAULT_HANDLES = 1000000, DEFAULT_CALL_BYTES = 1 << 30, SLOT = sizeof(uint64_t) };

static void fill_limits(cwrun_limits *out, const cwrun_limits *given, cw_exec_limits *exec)
{
    cw_exec_limits_default(exec);
    if (given)
        *out = *given;
    if (out->max_memory == 0)
        out->max_memory = exec->max_memory;
    if (out->max_table == 0)
        out->max_table = exec->max_table;
    if (out->max_instances == 0)
        out->max_instances = exec->max_instances;
    if (out->max_handles == 0)
        out->max_handles = DEFAULT_HANDLES;
    if (out->max_handles > CW_HANDLE_MAX)
        out->max_handles = CW_HANDLE_MAX;
    if (out->max_stack == 0)
        out->max_stack = (uint64_t)exec->stack_slots * SLOT;
    if (out->max_call_bytes == 0)
        out->max_call_bytes = DEFAULT_CALL_BYTES;
    if (out->max_gc_heap == 0)
        out->max_gc_heap = exec->max_gc_heap;
    exec->max_gc_heap = out->max_gc_heap;
    exec->gc_stress = out->gc_stress;
    exec->max_memory = out->max_memory;
    exec->max_table = out->max_table;
    exec->max_instances = out->max_instances;
    if (exec->max_memories < exec->max_instances) /* one for each */
        exec->max_memories = exec->max_tables = exec->max_instances;
    exec->stack_slots = out->max_stack / SLOT > UINT32_MAX ? UINT32_MAX : (uint32_t)(out->max_stack / SLOT);
}

/* ---- the mailbox ---- */

static cw_mailbox *mailbox_new(const cw_alloc *a, cwrun_store *store)
{
    cw_mailbox *m = cw_new(a, sizeof *m);
    if (!m)
        return NULL;
    if (pthread_mutex_init(&m->lock, NULL) != 0) {
        cw_free(a, m, sizeof *m);
        return NULL;
    }
    m->n_refs = 1;
    m->alloc = *a;
    m->store = store;
    m->wake[0] = m->wake[1] = -1;
    return m;
}

void cw_mailbox_release(cw_mailbox *m)
{
    if (!m || __atomic_sub_fetch(&m->n_refs, 1, __ATOMIC_ACQ_REL) != 0)
        return;
    if (m->has_wake)
        cw_os_wake_fini(m->wake);
    pthread_mutex_destroy(&m->lock);
    cw_alloc a = m->alloc;
    cw_free(&a, m, sizeof *m);
}

void cw_mailbox_wake(cw_mailbox *m)
{
    if (m->has_wake)
        cw_os_wake_raise(m->wake);
}

/* ---- the store ---- */

cwrun_store *cw_store_new(cwrun_engine *engine, const cwrun_limits *limits, cwrun_error *err)
{
    cw_exec_limits exec_limits;
    cwrun_store *s = cw_new(&engine->alloc, sizeof *s);
    if (!s) {
        cw_fail_oom(err);
        return NULL;
    }
    s->alloc = engine->alloc;
    fill_limits(&s->limits, limits, &exec_limits);
    s->mailbox = mailbox_new(&s->alloc, s);
    if (!s->mailbox || !cw_exec_init(&s->exec, &s->alloc, engine->types, &exec_limits, engine->code_options)) {
        cw_mailbox_release(s->mailbox);
        cw_free(&engine->alloc, s, sizeof *s);
        cw_fail_oom(err);
        return NULL;
    }
    if (engine->code_options.fuel)
        s->exec.fuel = 0;
    s->exec.store = s;
    s->exec.gc.trace = cw_roots_trace;
    s->engine = engine;
    cw_engine_keep(engine);
    s->serial = __atomic_add_fetch(&engine->n_stores, 1, __ATOMIC_RELAXED);
    s->roots.first = 0x9e3779b1u * ((uint32_t)s->serial + (uint32_t)((uintptr_t)engine >> 4));
    s->handles.is_host = true;
    s->handles.max = (1u << CW_HANDLE_BITS) - 1;
    if (s->limits.max_handles < s->handles.max)
        s->handles.max = s->limits.max_handles;
    cw_arena_init(&s->scratch[0], &s->alloc);
    cw_arena_init(&s->scratch[1], &s->alloc);
    cw_arena_init(&s->temporary, &s->alloc);
    return s;
}

/* Host destructors run for every host object that is still held anywhere: by the host or by a guest. */
static void finalize_handles(cw_handles *h)
{
    for (uint32_t i = 1; i < h->n; i++) {
        cw_handle *e = &h->items[i];
        cw_resource_type *rt = e->rt;
        if (!rt)
            continue;
        e->rt = NULL;
        if (e->own && !rt->impl)
            cw_resource_finalize(rt, e->rep);
    }
}

static void free_polled(cwrun_store *s)
{
    while (s->polled) {
        cwrun_polled *p = s->polled;
        s->polled = p->next;
        if (s->polled)
            s->polled->previous = NULL;
        p->next = NULL;
        p->in_poll = true; /* on_cancel may drop it */
        cw_polled_end(p);
        p->in_poll = false;
        p->run.store = NULL; /* the embedder drops it later */
        if (p->dropped)
            cwrun_call_drop(p);
    }
}

/* Takes one of the things that the store drops at its end, and drops it; false: there are no more. Each may bring
 * further ones. */
static bool drop_one(cwrun_store *s)
{
    cw_extension x = { .data = s->data, .drop = s->drop_data };
    cw_ending *e = s->endings;
    if (e) {
        s->endings = e->next;
        x = (cw_extension){ .data = e->user, .drop = e->drop };
    } else if (s->extensions.n != 0) {
        x = s->extensions.items[--s->extensions.n];
    } else if (x.drop) {
        s->drop_data = NULL;
    } else {
        return false;
    }
    if (x.drop)
        x.drop(x.data);
    return true;
}

void cw_store_free(cwrun_store *s)
{
    s->n_entered++; /* host code that is called on the way does not end it again */
    s->exec.closing = true;
    pthread_mutex_lock(&s->mailbox->lock);
    s->mailbox->store = NULL;
    pthread_mutex_unlock(&s->mailbox->lock);

    free_polled(s);
    for (cw_thread *t = s->exec.threads; t; t = t->next)
        if (t->busy)
            cw_thread_free(t); /* unwinds: what is pending is cancelled */
    for (cwrun_instance *in = s->instances; in; in = in->next)
        finalize_handles(&in->handles);
    finalize_handles(&s->handles);

    while (drop_one(s))
        continue;

    for (cwrun_instance *in = s->instances; in; in = in->next)
        cw_handles_fini(&in->handles, &s->alloc);
    cw_handles_fini(&s->handles, &s->alloc);
    cw_callers_fini(s);
    cw_exec_fini(&s->exec); /* instances lie in its arena */
    cw_roots_fini(s);
    for (uint32_t i = 0; i < s->components.n; i++)
        cw_component_release(s->components.items[i]);
    for (uint32_t i = 0; i < s->modules.n; i++)
        cw_module_unref(s->modules.items[i]);
    for (uint32_t i = 0; i < s->linkers.n; i++)
        cw_linker_release(s->linkers.items[i]);
    cw_arena_fini(&s->scratch[0]);
    cw_arena_fini(&s->scratch[1]);
    cw_arena_fini(&s->temporary);
    CW_VEC_FINI(&s->extensions, &s->alloc);
    CW_VEC_FINI(&s->components, &s->alloc);
    CW_VEC_FINI(&s->modules, &s->alloc);
    CW_VEC_FINI(&s->linkers, &s->alloc);
    CW_VEC_FINI(&s->waits, &s->alloc);
    CW_VEC_FINI(&s->polls, &s->alloc);
    CW_VEC_FINI(&s->drop_later, &s->alloc);
    cw_mailbox_release(s->mailbox);
    cwrun_engine *engine = s->engine;
    cw_free(&engine->alloc, s, sizeof *s);
    cw_engine_release(engine);
}

/* ---- what it keeps alive ---- */

bool cw_store_at_end(cwrun_store *s, void (*drop)(void *user), void *user)
{
    cw_ending *e = drop ? CW_ARENA_NEW(&s->exec.arena, cw_ending) : NULL;
    if (!e) {
        s->exec.arena.oom = false;
        return !drop;
    }
    *e = (cw_ending){ .drop = drop, .user = user, .next = s->endings };
    s->endings = e;
    return true;
}

bool cw_store_keep_component(cwrun_store *s, cwrun_component *c)
{
    for (uint32_t i = 0; i < s->components.n; i++)
        if (s->components.items[i] == c)
            return true;
    cwrun_component **at = CW_VEC_PUSH(&s->components, &s->alloc);
    if (!at)
        return false;
    cw_component_keep(c);
    *at = c;
    return true;
}

bool cw_store_keep_module(cwrun_store *s, cwrun_module *m)
{
    for (uint32_t i = 0; i < s->modules.n; i++)
        if (s->modules.items[i] == m)
            return true;
    cwrun_module **at = CW_VEC_PUSH(&s->modules, &s->alloc);
    if (!at)
        return false;
    cw_module_keep(m);
    *at = m;
    return true;
}

bool cw_store_keep_linker(cwrun_store *s, cwrun_linker *l)
{
    for (uint32_t i = 0; i < s->linkers.n; i++)
        if (s->linkers.items[i] == l)
            return true;
    cwrun_linker **at = CW_VEC_PUSH(&s->linkers, &s->alloc);
    if (!at)
        return false;
    cw_linker_keep(l);
    *at = l;
    return true;
}
