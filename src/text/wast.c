/* text/wast.c: runs scripts of the specification: one command after the other, without a tree of them.
 *
 * A command is taken, done and judged in one go; whatever it left of its tokens is skipped, so that one wrong command
 * does not hide the next. What fails because an instruction is not executed yet is told apart, with all that needs it.
 */
#include "text/wast.h"

#include "base/error.h"
#include "base/str.h"

void cw_wast_note(cw_wast *w, const char *format, ...)
{
    va_list args;
    va_start(args, format);
    vsnprintf(w->note, sizeof w->note, format, args);
    va_end(args);
}

static bool is_unsupported(const cwrun_error *err)
{
    return err->kind == CWRUN_ERROR_LIMIT && err->code == CWRUN_LIMIT_UNSUPPORTED;
}

/* A limit on what a file may declare. */
static bool is_too_large(const cwrun_error *err)
{
    return err->kind == CWRUN_ERROR_LIMIT && err->code == CWRUN_LIMIT_INPUT;
}

static cw_verdict verdict_of(cw_wast *w, cwrun_error *err)
{
    cw_wast_note(w, "%s", err->message ? err->message : "no error");
    cw_verdict v = is_unsupported(err) ? CW_SKIP : CW_FAIL;
    cwrun_error_clear(err);
    return v;
}

/* ---- names ---- */

cw_wast_name *cw_wast_find(const cw_wast_names *names, cwrun_str name)
{
    for (uint32_t i = names->n; i-- > 0;)
        if (cw_str_eq(names->items[i].name, name))
            return &names->items[i];
    return NULL;
}

static void add_name(cw_wast *w, cw_wast_names *names, cwrun_str name, cw_wast_name what)
{
    cw_wast_name *n = CW_VEC_PUSH(names, &w->alloc);
    if (!n) {
        cw_parse_oom(&w->p);
        return;
    }
    *n = what;
    n->name = name;
}

/* An optional $id: the thing it names, or the current one; NULL and a note where there is none. */
static const cw_wast_name *take_named(cw_wast *w)
{
    const cw_token *id = cw_take_id(&w->p);
    if (!id)
        return &w->current;
    cwrun_str name = cw_id_name(&w->p, id);
    const cw_wast_name *found = cw_wast_find(&w->instances, name);
    if (!found)
        cw_wast_note(w, "unknown module $%.*s", (int)name.size, name.data);
    return found;
}

/* ---- modules ---- */

/* Takes what stands behind "(module": encodes and reads it. encoded (may be NULL) says whether it got as far as a
 * binary. */
static cw_module *take_module(cw_wast *w, bool *encoded, cwrun_error *err)
{
    cw_parser *p = &w->p;
    cw_bytes bytes;
    cw_bytes_init(&bytes, &w->alloc);
    cwrun_error *outer = p->err;
    p->err = err;
    bool ok = cw_encode_module(p, &w->words, &bytes);
    p->err = outer;
    if (encoded)
        *encoded = ok;
    cw_module *m = NULL;
    if (ok) {
        cwrun_str kept = cw_arena_copy(&w->arena, bytes.data, bytes.size);
        cw_reader r;
        cw_reader_init(&r, (const uint8_t *)kept.data, kept.size, NULL, &w->arena, err);
        cw_module_config config = { .types = w->types, .features = w->features, .alloc = &w->alloc };
        m = kept.data ? cw_module_read(&r, &config) : NULL;
        if (m && w->options && w->options->round_trip && !cw_text_check_round_trip(&w->words, &bytes, err))
            m = NULL;
        if (!kept.data)
            cw_fail_oom(err);
        cw_module **slot = m ? CW_VEC_PUSH(&w->modules, &w->alloc) : NULL;
        if (slot)
            *slot = m;
    }
    cw_bytes_fini(&bytes);
    return m;
}

static void resolve(cw_wast *w, const cw_import *import, cw_extern *out)
{
    out->kind = CW_EXTERN_COUNT;
    const cw_wast_name *from = cw_wast_find(&w->registered, import->module);
    if (from && from->in) {
        cw_instance_export(from->in, import->name, out);
    } else if (from && from->lender) {
        cw_wast_borrow(w, from->lender, import->name, out);
    } else if (from) {
        w->link_lacking = true;
    } else if (cw_str_eq_c(import->module, "spectest")) {
        for (uint32_t i = 0; i < w->n_spectest; i++)
            if (cw_str_eq_c(import->name, w->spectest[i].name))
                *out = w->spectest[i].item;
    }
}

static bool run_func(cw_wast *w, cw_func *f, const uint64_t *args, uint64_t *results, cwrun_error *err)
{
    cw_thread *t = cw_thread_new(&w->exec, err);
    if (!t)
        return false;
    cw_thread_start(t, f, args);
    bool ok = cw_thread_run(t) == CW_RUN_DONE;
    if (ok)
        memcpy(results, cw_thread_results(t), cw_types_get(w->types, f->type)->result_slots * sizeof *results);
    else
        cw_thread_error(t, err);
    cw_thread_free(t);
    return ok;
}

static cw_instance *instantiate(cw_wast *w, cw_module *m, cwrun_error *err)
{
    cw_func *start;
    uint64_t none[1];
    cw_extern *imports = CW_ARENA_ARRAY(&w->arena, m->n_imports, cw_extern);
    if (!imports) {
        cw_fail_oom(err);
        return NULL;
    }
    w->link_lacking = false;
    for (uint32_t i = 0; i < m->n_imports; i++)
        resolve(w, &m->imports[i], &imports[i]);
    cw_instance *in = cw_instance_new(&w->exec, m, imports, &start, err);
    return in && (!start || run_func(w, start, NULL, none, err)) ? in : NULL;
}

/* Instantiates and makes current; m may be NULL with err set. */
static cw_verdict use_module(cw_wast *w, const cw_token *id, cw_module *m, cwrun_error *err)
{
    cw_wast_name made = { .module = m };
    made.in = m ? instantiate(w, m, err) : NULL;
    w->current = made;
    w->lacking = !made.in && (is_unsupported(err) || (m && w->link_lacking && err->kind == CWRUN_ERROR_LINK));
    if (id)
        add_name(w, &w->instances, cw_id_name(&w->p, id), made);
    if (made.in)
        return CW_PASS;
    cw_verdict v = verdict_of(w, err);
    return w->lacking ? CW_SKIP : v;
}

static cw_verdict do_module(cw_wast *w)
{
    cw_parser *p = &w->p;
    cwrun_error err = CWRUN_ERROR_INIT;
    const cw_token *id;
    if (cw_take_word(p, CW_WORD_INSTANCE)) {
        id = cw_take_id(p);
        const cw_wast_name *definition = take_named(w);
        if (!definition || !definition->module)
            return CW_FAIL;
        return use_module(w, id, definition->module, &err);
    }
    bool definition = cw_take_word(p, CW_WORD_DEFINITION);
    cw_module_form(p, &id);
    cw_module *m = take_module(w, NULL, &err);
    if (!definition)
        return use_module(w, id, m, &err);
    cw_wast_name made = { .module = m };
    if (id)
        add_name(w, &w->instances, cw_id_name(p, id), made);
    w->current = made;
    return m ? CW_PASS : verdict_of(w, &err);
}

static cw_verdict do_register(cw_wast *w)
{
    cwrun_str name = cw_take_name(&w->p);
    if (w->component_current)
        return cw_wast_register_instance(w, name);
    const cw_wast_name *what = take_named(w);
    if (!what)
        return CW_FAIL;
    add_name(w, &w->registered, name, *what);
    if (what->in || what->lender)
        return CW_PASS;
    cw_wast_note(w, "there is no instance to register");
    return CW_SKIP;
}

/* ---- actions ---- */

typedef struct action {
    cw_verdict verdict; /* CW_PASS: it gave results; else err or the note says why not */
    bool ran;           /* err is what the guest did */
    uint64_t *results;
    const cw_valtype *types;
    uint32_t n_results;
    cwrun_error err;
} action;

static void call(cw_wast *w, cw_func *f, action *a)
{
    const cw_subtype *type = cw_types_get(w->types, f->type);
    uint64_t *args = CW_ARENA_ARRAY(w->p.arena, type->param_slots + 1, uint64_t);
    a->results = CW_ARENA_ARRAY(w->p.arena, type->result_slots + 1, uint64_t);
    if (!args || !a->results) {
        cw_parse_oom(&w->p);
        return;
    }
    uint32_t at = 0;
    for (uint32_t i = 0; i < type->n_params; i++) {
        if (cw_at_close(&w->p) || !cw_wast_take_arg(w, type->params[i], &args[at])) {
            cw_wast_note(w, "argument %u is not of the parameter's type", i);
            return;
        }
        at += cw_valtype_slots(type->params[i]);
    }
    if (!cw_at_close(&w->p)) {
        cw_wast_note(w, "too many arguments");
        return;
    }
    a->ran = true;
    a->types = type->results;
    a->n_results = type->n_results;
    a->verdict = run_func(w, f, args, a->results, &a->err) ? CW_PASS : CW_FAIL;
    if (a->verdict == CW_FAIL)
        cw_wast_note(w, "%s", a->err.message);
    if (is_unsupported(&a->err))
        a->verdict = CW_SKIP;
}

/* (invoke $id? "name" args) or (get $id? "name"); the cursor ends behind it. */
static void act(cw_wast *w, action *a)
{
    cw_parser *p = &w->p;
    *a = (action){ .verdict = CW_FAIL };
    const cw_token *open = p->at;
    bool invoke = cw_take_form(p, CW_WORD_INVOKE);
    if (!invoke && !cw_take_form(p, CW_WORD_GET)) {
        cw_parse_unexpected(p, "(invoke or (get");
        return;
    }
    const cw_wast_name *of = take_named(w);
    cwrun_str field = cw_take_name(p);
    cw_extern e;
    if (!p->ok || !of)
        return;
    if (!of->in) {
        cw_wast_note(w, "there is no instance");
        a->verdict = of == &w->current && !w->lacking ? CW_FAIL : CW_SKIP;
    } else if (!cw_instance_export(of->in, field, &e)) {
        cw_wast_note(w, "no export \"%.*s\"", (int)field.size, field.data);
    } else if (invoke && e.kind == CW_EXTERN_FUNC) {
        call(w, e.of.func, a);
    } else if (!invoke && e.kind == CW_EXTERN_GLOBAL) {
        a->results = e.of.global->value;
        a->types = &e.of.global->type.type;
        a->n_results = 1;
        a->verdict = CW_PASS;
    } else {
        cw_wast_note(w, "the export \"%.*s\" is of another kind", (int)field.size, field.data);
    }
    if (p->ok)
        p->at = cw_token_close(p, open) + 1;
}

static cw_verdict do_action(cw_wast *w)
{
    action a;
    w->p.at -= 2;
    if (cw_wast_acts_on_component(w, w->p.at))
        return cw_wast_component_action(w);
    act(w, &a);
    if (w->p.ok)
        w->p.at--; /* its closing parenthesis is the command's */
    cwrun_error_clear(&a.err);
    w->lacking = w->lacking || a.verdict == CW_SKIP;
    return a.verdict == CW_FAIL && w->lacking ? CW_SKIP : a.verdict;
}

static cw_verdict do_return(cw_wast *w)
{
    cw_parser *p = &w->p;
    action a;
    if (cw_wast_acts_on_component(w, p->at))
        return cw_wast_component_return(w);
    act(w, &a);
    cwrun_error_clear(&a.err);
    cw_verdict v = a.verdict;
    uint32_t at = 0, i = 0;
    for (; v == CW_PASS && p->ok && cw_at_open(p); i++) {
        char have[100];
        if (i >= a.n_results) {
            cw_wast_note(w, "only %u results", a.n_results);
            return CW_FAIL;
        }
        const cw_token *open = p->at;
        if (!cw_wast_take_result(w, a.types[i], &a.results[at]) && p->ok) {
            const char *text = p->source->text + open->offset;
            cw_wast_print(w, a.types[i], &a.results[at], have, sizeof have);
            cw_wast_note(w, "result %u is %s, not %.*s", i, have,
                         (int)(cw_token_close(p, open)->offset + 1 - open->offset), text);
            v = CW_FAIL;
        }
        at += cw_valtype_slots(a.types[i]);
    }
    if (v == CW_PASS && i < a.n_results) {
        cw_wast_note(w, "%u results, not %u", a.n_results, i);
        v = CW_FAIL;
    }
    return v == CW_FAIL && w->lacking ? CW_SKIP : v;
}

/* ---- assertions of failure ---- */

bool cw_wast_has_words(const char *have, cwrun_str want)
{
    for (const char *at = have; want.size && (at = strchr(at, want.data[0])); at++)
        if (strncmp(at, want.data, want.size) == 0)
            return true;
    return want.size == 0;
}

/* Traps of ours and the script's: either may say more than the other. */
static bool same_trap(const char *have, cwrun_str want)
{
    return cw_wast_has_words(have, want) || (strlen(have) <= want.size && cw_str_starts(want, cwrun_str_of(have)));
}

static cw_verdict judge_failure(cw_wast *w, const cwrun_error *err, uint8_t kind, cwrun_str want)
{
    if (is_unsupported(err)) {
        cw_wast_note(w, "%s", err->message);
        return CW_SKIP;
    }
    if (err->kind == kind && same_trap(err->message, want))
        return CW_PASS;
    cw_wast_note(w, "it failed with \"%s\", not \"%.*s\"", err->message ? err->message : "", (int)want.size, want.data);
    return w->lacking ? CW_SKIP : CW_FAIL;
}

/* (assert_trap action "…"), with a module: (assert_trap (module …) "…"), assert_exhaustion, assert_exception. */
static cw_verdict do_trap(cw_wast *w, uint16_t word)
{
    cw_parser *p = &w->p;
    uint8_t kind = word == CW_WORD_ASSERT_EXCEPTION ? CWRUN_ERROR_EXCEPTION : CWRUN_ERROR_TRAP;
    action a = { .verdict = CW_FAIL };
    if (cw_at_form(p, CW_WORD_COMPONENT) || cw_wast_acts_on_component(w, p->at))
        return cw_wast_component_trap(w);
    if (cw_take_form(p, CW_WORD_MODULE)) {
        cw_module *m = take_module(w, NULL, &a.err);
        cw_expect_close(p);
        a.ran = true;
        a.verdict = m && instantiate(w, m, &a.err) ? CW_PASS : CW_FAIL;
    } else {
        act(w, &a);
    }
    cwrun_str want = word == CW_WORD_ASSERT_EXCEPTION && cw_at_close(p) ? (cwrun_str){ "", 0 } : cw_take_string(p);
    cw_verdict v = a.verdict;
    if (v == CW_PASS) {
        cw_wast_note(w, "it did not fail");
        v = w->lacking ? CW_SKIP : CW_FAIL;
    } else if (a.ran) {
        v = judge_failure(w, &a.err, kind, want);
    }
    cwrun_error_clear(&a.err);
    return v;
}

static cw_verdict do_unlinkable(cw_wast *w)
{
    cw_parser *p = &w->p;
    cwrun_error err = CWRUN_ERROR_INIT;
    if (cw_at_form(p, CW_WORD_COMPONENT))
        return cw_wast_component_unlinkable(w);
    cw_expect_open(p, CW_WORD_MODULE);
    cw_module *m = take_module(w, NULL, &err);
    cw_expect_close(p);
    cwrun_str want = cw_take_string(p);
    cw_verdict v = CW_FAIL;
    if (!m || instantiate(w, m, &err)) {
        cw_wast_note(w, "%s", m ? "it could be linked" : err.message);
    } else if (w->link_lacking) {
        cw_wast_note(w, "it needs what is not supported yet");
        v = CW_SKIP;
    } else if (err.kind == CWRUN_ERROR_LINK) {
        w->counts->message_agreement += cw_wast_has_words(err.message, want);
        v = CW_PASS;
    } else {
        v = judge_failure(w, &err, CWRUN_ERROR_LINK, want);
    }
    cwrun_error_clear(&err);
    return v;
}

/* Modules that are no text, no binary, or not valid. */
static cw_verdict do_refused(cw_wast *w, uint16_t word)
{
    cw_parser *p = &w->p;
    const cw_token *open = p->at, *id;
    cwrun_error err = CWRUN_ERROR_INIT;
    bool component = cw_take_form(p, CW_WORD_COMPONENT);
    if (!component)
        cw_expect_open(p, CW_WORD_MODULE);
    /* before memory64, text had limits of 32 bits: what is malformed there is invalid now */
    bool older = !(w->features & CW_FEATURE_MULTI_MEMORY);
    bool encoded = false, invalid = word == CW_WORD_ASSERT_INVALID, binary = cw_module_form(p, &id) == CW_FORM_BINARY;
    cwrun_component *refused = component ? cw_wast_take_component(w, &err) : NULL;
    bool taken = component ? refused != NULL : take_module(w, &encoded, &err) != NULL;
    cwrun_component_drop(refused);
    if (!p->ok && cwrun_failed(&err)) { /* the text's fault, not the script's: go on behind it */
        p->ok = true;
        p->at = cw_token_close(p, open);
    }
    cw_expect_close(p);
    cwrun_str want = cw_take_string(p);
    cw_verdict v = CW_PASS;
    if (taken) {
        cw_wast_note(w, "it was not refused (\"%.*s\")", (int)want.size, want.data);
        v = CW_FAIL;
    } else if (err.kind != CWRUN_ERROR_INPUT && !(component && is_too_large(&err))) {
        v = verdict_of(w, &err);
    } else if (!component && (invalid ? !encoded : encoded && !binary && !older)) {
        cw_wast_note(w, "it is %s: %s", encoded ? "invalid, but not malformed" : "malformed, not just invalid",
                     err.message);
        v = CW_FAIL;
    } else {
        bool agrees = cw_wast_has_words(err.message, want);
        w->counts->message_agreement += agrees;
        if (!agrees)
            cw_wast_note(w, "\"%.*s\" is reported as %s", (int)want.size, want.data, err.message);
    }
    cwrun_error_clear(&err);
    return v;
}

/* ---- scripts ---- */

static bool is_directive(const cw_parser *p)
{
    if (!cw_at_open(p) || p->at[1].kind != CW_TOKEN_ATOM)
        return false;
    switch (p->at[1].word) {
    case CW_WORD_MODULE:
    case CW_WORD_COMPONENT:
    case CW_WORD_REGISTER:
    case CW_WORD_INVOKE:
    case CW_WORD_GET:
    case CW_WORD_THREAD:
    case CW_WORD_WAIT:
    case CW_WORD_ASSERT_RETURN:
    case CW_WORD_ASSERT_TRAP:
    case CW_WORD_ASSERT_EXHAUSTION:
    case CW_WORD_ASSERT_EXCEPTION:
    case CW_WORD_ASSERT_SUSPENSION:
    case CW_WORD_ASSERT_INVALID:
    case CW_WORD_ASSERT_MALFORMED:
    case CW_WORD_ASSERT_MALFORMED_CUSTOM:
    case CW_WORD_ASSERT_INVALID_CUSTOM:
    case CW_WORD_ASSERT_UNLINKABLE: return true;
    default: return false;
    }
}

/* The cursor is behind the directive's word. */
static cw_verdict do_command(cw_wast *w, uint16_t word)
{
    switch (word) {
    case CW_WORD_MODULE: return do_module(w);
    case CW_WORD_COMPONENT: return cw_wast_do_component(w);
    case CW_WORD_REGISTER: return do_register(w);
    case CW_WORD_INVOKE:
    case CW_WORD_GET: return do_action(w);
    case CW_WORD_ASSERT_RETURN: return do_return(w);
    case CW_WORD_ASSERT_TRAP:
    case CW_WORD_ASSERT_EXHAUSTION:
    case CW_WORD_ASSERT_EXCEPTION: return do_trap(w, word);
    case CW_WORD_ASSERT_UNLINKABLE: return do_unlinkable(w);
    case CW_WORD_THREAD: return cw_wast_do_thread(w);
    case CW_WORD_WAIT: return cw_wast_do_wait(w);
    case CW_WORD_ASSERT_INVALID:
    case CW_WORD_ASSERT_MALFORMED:
    case CW_WORD_ASSERT_MALFORMED_CUSTOM:
    case CW_WORD_ASSERT_INVALID_CUSTOM: return do_refused(w, word);
    default: cw_wast_note(w, "%s is not supported yet", cw_word_spelling(word)); return CW_SKIP;
    }
}

static void count(cw_wast *w, const cw_token *open, const char *directive, cw_verdict v)
{
    cwrun_wast_counts *c = w->counts;
    c->total++;
    *(v == CW_PASS ? &c->passed : v == CW_FAIL ? &c->failed : &c->skipped) += 1;
    const cwrun_wast_options *o = w->options;
    if (!o || !o->report || (v == CW_PASS && !o->all))
        return;
    for (; w->line_offset < open->offset; w->line_offset++)
        w->line += w->p.source->text[w->line_offset] == '\n';
    cwrun_wast_command command = { w->p.source->file ? w->p.source->file : "", w->line, directive, (uint8_t)v,
                                   w->note };
    o->report(o->user, &command);
}

/* One command; false where the script is not readable further. */
static bool run_command(cw_wast *w, cwrun_error *err)
{
    cw_parser *p = &w->p;
    const cw_token *open = p->at;
    if (!is_directive(p)) {
        p->err = err;
        p->at += cw_at_open(p);
        cw_parse_unexpected(p, "a command");
        return false;
    }
    uint16_t word = p->at[1].word;
    cwrun_error syntax = CWRUN_ERROR_INIT;
    w->note[0] = 0;
    w->component_current = word == CW_WORD_COMPONENT || (word != CW_WORD_MODULE && w->component_current);
    p->at += 2;
    p->err = &syntax;
    cw_wast_watch_begin(w);
    cw_verdict v = do_command(w, word);
    cw_wast_watch_end(w);
    if (v == CW_PASS && p->ok && !cw_at_close(p))
        cw_parse_unexpected(p, ")");
    if (cwrun_failed(&syntax))
        cw_wast_note(w, "%s", syntax.message);
    if (!p->ok)
        v = CW_FAIL;
    cwrun_error_clear(&syntax);
    p->ok = true;
    p->at = cw_token_close(p, open) + 1;
    count(w, open, cw_word_spelling(word), v);
    return true;
}

/* A file whose first form is no directive is one module. */
static void run_inline_module(cw_wast *w)
{
    const cw_token *first = w->p.at;
    cwrun_error err = CWRUN_ERROR_INIT;
    cw_module *m = take_module(w, NULL, &err);
    cw_wast_watch_begin(w);
    cw_verdict v = use_module(w, NULL, m, &err);
    cw_wast_watch_end(w);
    count(w, first, "module", v);
}

bool cw_wast_run_commands(cw_wast *w, cwrun_error *err)
{
    cw_parser *p = &w->p;
    cw_exec_limits limits;
    cw_exec_limits_default(&limits);
    limits.max_memory = (uint64_t)64 << 30; /* some scripts reserve much and touch little */
    limits.gc_stress = w->options && w->options->gc_stress;
    const cw_code_options code = { .interruptible = w->options && w->options->timeout };
    if (!cw_exec_init(&w->exec, &w->alloc, w->types, &limits, code))
        return cw_fail_oom(err);
    cw_spectest_make(w);
    bool ok = cw_wast_watch_init(w, err);
    if (ok && !cw_at_end(p) && !cw_at_close(p) && !is_directive(p))
        run_inline_module(w);
    else
        while (ok && !cw_at_end(p) && !cw_at_close(p))
            ok = run_command(w, err);
    cw_wast_threads_fini(w);
    cw_wast_watch_fini(w);
    cw_wast_components_fini(w);
    cw_exec_fini(&w->exec);
    for (uint32_t i = 0; i < w->modules.n; i++)
        cw_module_release(w->modules.items[i]);
    return ok;
}

bool cwrun_wast_run(cwrun_str script, const char *file, const cwrun_wast_options *options, cwrun_wast_counts *counts,
                    cwrun_error *err)
{
    if (!counts || (!script.data && script.size) || cwrun_failed(err))
        return cw_fail_null(err, __func__);
    *counts = (cwrun_wast_counts){ 0 };
    cw_wast *w = cw_new(&cw_alloc_default, sizeof *w);
    if (!w)
        return cw_fail_oom(err);
    w->alloc = cw_alloc_default;
    w->options = options;
    w->counts = counts;
    w->line = 1;
    w->features = CW_FEATURES_3_0;
    if (options)
        w->features = (w->features | options->features_on) & ~options->features_off;
    cw_wast_read_comments(w, script);
    cw_words_init(&w->words);
    cw_arena_init(&w->arena, &w->alloc);
    cw_source source;
    bool ok = cw_source_init(&source, &w->words, script, file, &w->alloc, err);
    if (ok) {
        cw_parser_init(&w->p, &source, &w->arena, &w->alloc, NULL);
        w->types = cw_types_new(&w->alloc);
        ok = w->types ? cw_wast_run_commands(w, err) : cw_fail_oom(err);
        if (w->types)
            cw_types_drop(w->types);
        cw_source_fini(&source);
    }
    CW_VEC_FINI(&w->instances, &w->alloc);
    CW_VEC_FINI(&w->registered, &w->alloc);
    CW_VEC_FINI(&w->modules, &w->alloc);
    cw_arena_fini(&w->arena);
    cw_free(&cw_alloc_default, w, sizeof *w);
    return ok;
}
