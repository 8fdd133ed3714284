/* text/wast_thread.c: the directives `thread` and `wait` of the threads proposal's scripts.
 *
 *   (thread $T (shared (module $M)) command…)    (wait $T)
 *
 * A thread is a script of its own in the middle of another: it has its store and its names, and runs in an OS thread.
 * Of the outer script it sees the shared memories of the instances that its `shared` clauses name. What it has to tell
 * is kept and told by the one who waits for it, so that the script's reports come from one OS thread. */
#include <pthread.h>

#include "base/error.h"
#include "base/str.h"
#include "exec/shared.h"
#include "text/wast.h"

typedef struct told {
    uint32_t line;
    uint8_t outcome;
    const char *directive, *message;
} told;

struct cw_wast_thread {
    cw_wast child;
    cwrun_str name;
    cwrun_wast_options options;
    cwrun_wast_counts counts;
    CW_VEC(told) told;
    cwrun_error err;
    bool ok;
    pthread_t os_thread;
    cw_wast_thread *next;
};

/* In the thread: keeps a report. */
static void keep(void *user, const cwrun_wast_command *c)
{
    cw_wast_thread *t = user;
    cwrun_str message = cw_arena_copy(&t->child.arena, c->message, strlen(c->message) + 1);
    told *one = message.data ? CW_VEC_PUSH(&t->told, &t->child.alloc) : NULL;
    if (one)
        *one = (told){ c->line, c->outcome, c->directive, message.data };
}

static void *run(void *user)
{
    cw_wast_thread *t = user;
    t->ok = cw_wast_run_commands(&t->child, &t->err);
    return NULL;
}

static void drop(cw_wast_thread *t)
{
    cw_wast *w = &t->child;
    const cw_alloc a = w->alloc;
    cwrun_error_clear(&t->err);
    CW_VEC_FINI(&t->told, &a);
    CW_VEC_FINI(&w->instances, &a);
    CW_VEC_FINI(&w->registered, &a);
    CW_VEC_FINI(&w->modules, &a);
    cw_arena_fini(&w->arena);
    cw_free(&a, t, sizeof *t);
}

static cw_wast_thread *make(const cw_wast *w, const cw_token *id)
{
    cw_wast_thread *t = cw_new(&w->alloc, sizeof *t);
    if (!t)
        return NULL;
    cw_wast *child = &t->child;
    child->alloc = w->alloc;
    child->words = w->words;
    child->types = w->types;
    child->features = w->features;
    child->counts = &t->counts;
    child->line = w->line;
    child->line_offset = w->line_offset;
    if (w->options) {
        t->options = *w->options;
        t->options.report = w->options->report ? keep : NULL;
        t->options.user = t;
        child->options = &t->options;
    }
    cw_arena_init(&child->arena, &child->alloc);
    cw_parser_init(&child->p, w->p.source, &child->arena, &child->alloc, NULL);
    if (id)
        t->name = cw_id_name(&child->p, id);
    return t;
}

/* "(shared (module $M))": the thread may import the shared memories of $M. */
static void take_shared(cw_wast *w, cw_wast_thread *t)
{
    cw_parser *p = &w->p;
    cw_expect_open(p, CW_WORD_MODULE);
    const cw_token *at = p->at, *id = cw_take_id(p);
    cwrun_str name = id ? cw_id_name(&t->child.p, id) : (cwrun_str){ NULL, 0 };
    const cw_wast_name *lender = id ? cw_wast_find(&w->instances, name) : &w->current;
    if (!lender || !lender->in)
        cw_parse_fail(p, at, "unknown module");
    cw_expect_close(p);
    cw_expect_close(p);
    cw_wast_name *n = p->ok ? CW_VEC_PUSH(&t->child.instances, &t->child.alloc) : NULL;
    if (n)
        *n = (cw_wast_name){ .name = name, .lender = lender->in };
    else if (p->ok)
        cw_parse_oom(p);
}

cw_verdict cw_wast_do_thread(cw_wast *w)
{
    cw_parser *p = &w->p;
    const cw_token *open = p->at - 2, *id = cw_take_id(p);
    cw_wast_thread *t = make(w, id);
    if (!t) {
        cw_parse_oom(p);
        return CW_FAIL;
    }
    while (p->ok && cw_take_form(p, CW_WORD_SHARED))
        take_shared(w, t);
    t->child.p.at = p->at;
    if (!p->ok || pthread_create(&t->os_thread, NULL, run, t) != 0) {
        if (p->ok)
            cw_wast_note(w, "the system gives no thread");
        drop(t);
        return CW_FAIL;
    }
    t->next = w->threads;
    w->threads = t;
    p->at = cw_token_close(p, open);
    return CW_PASS;
}

/* Ends a thread, which is no longer in the list: what it told is told now. */
static cw_verdict join(cw_wast *w, cw_wast_thread *t)
{
    pthread_join(t->os_thread, NULL);
    const cwrun_wast_options *o = w->options;
    for (uint32_t i = 0; i < t->told.n; i++) {
        const told *one = &t->told.items[i];
        cwrun_wast_command c = { w->p.source->file ? w->p.source->file : "", one->line, one->directive, one->outcome,
                                 one->message };
        o->report(o->user, &c);
    }
    cwrun_wast_counts *all = w->counts;
    all->passed += t->counts.passed, all->failed += t->counts.failed, all->skipped += t->counts.skipped,
        all->total += t->counts.total;
    all->message_agreement += t->counts.message_agreement;
    cw_verdict v = t->ok ? CW_PASS : CW_FAIL;
    if (!t->ok)
        cw_wast_note(w, "%s", t->err.message ? t->err.message : "the thread failed");
    drop(t);
    return v;
}

cw_verdict cw_wast_do_wait(cw_wast *w)
{
    const cw_token *id = cw_take_id(&w->p);
    cwrun_str name = id ? cw_id_name(&w->p, id) : (cwrun_str){ NULL, 0 };
    for (cw_wast_thread **at = &w->threads; *at; at = &(*at)->next) {
        cw_wast_thread *t = *at;
        if (id && !cw_str_eq(t->name, name))
            continue;
        *at = t->next;
        return join(w, t);
    }
    cw_wast_note(w, "unknown thread $%.*s", (int)name.size, name.data ? name.data : "");
    return CW_FAIL;
}

void cw_wast_threads_fini(cw_wast *w)
{
    while (w->threads) {
        cw_wast_thread *t = w->threads;
        w->threads = t->next;
        join(w, t);
    }
}

void cw_wast_borrow(cw_wast *w, cw_instance *lender, cwrun_str name, cw_extern *out)
{
    const cw_export *e = cw_module_find_export(lender->module, name);
    cw_memory *m = e && e->kind == CW_EXTERN_MEMORY ? lender->memories[e->index] : NULL;
    if (!m || !m->shared || !(out->of.memory = cw_memory_share(&w->exec, m->shared, NULL)))
        return;
    out->kind = CW_EXTERN_MEMORY;
}
