/* cli/invoke.c: --invoke: from words or WAVE to a call, and its result to text.
 *
 * Words become WAVE by the types of the parameters (a string's word is its text, anything else is WAVE already), so
 * that there is one way in and errors show the whole call with a caret. */
#include <stdlib.h>

#include "cli/cli.h"

/* ---- growing text ---- */

typedef struct growing {
    char *data;
    size_t size, cap;
    bool oom;
} growing;

static bool append(void *user, const char *data, size_t size)
{
    growing *t = user;
    if (t->size + size + 1 > t->cap) {
        size_t cap = (t->size + size + 1) * 2;
        char *bigger = realloc(t->data, cap);
        if (!bigger) {
            t->oom = true;
            return false;
        }
        t->data = bigger;
        t->cap = cap;
    }
    memcpy(t->data + t->size, data, size);
    t->data[t->size += size] = 0;
    return true;
}

static bool puts_text(growing *t, const char *s)
{
    return append(t, s, strlen(s));
}

/* One word as WAVE: strings and chars are quoted where they are not yet. */
static bool append_word(growing *t, const cwrun_type *type, const char *word)
{
    uint8_t kind = cwrun_type_kind(type);
    if (kind == CWRUN_KIND_OPTION && strcmp(word, "none") != 0 && strncmp(word, "some(", 5) != 0) {
        const cwrun_type *payload = cwrun_type_elem(type);
        uint8_t inner = cwrun_type_kind(payload);
        if (inner == CWRUN_KIND_STRING || inner == CWRUN_KIND_CHAR)
            return append_word(t, payload, word);
    }
    if (kind == CWRUN_KIND_STRING && word[0] != '"') {
        cwrun_val v = cwrun_string(cwrun_str_of(word));
        return cwrun_val_print(&v, append, t);
    }
    if (kind == CWRUN_KIND_CHAR && word[0] && (word[0] != '\'' || !word[1])) {
        puts_text(t, word[0] == '\'' || word[0] == '\\' ? "'\\" : "'");
        puts_text(t, word);
        return puts_text(t, "'");
    }
    return puts_text(t, word);
}

/* The call as WAVE text; without words, a bare name gets "()". */
static bool call_text(growing *t, const cli_invoke *call, cwrun_func *func)
{
    const cwrun_functype *type = cwrun_func_type(func);
    puts_text(t, call->text);
    puts_text(t, "(");
    for (int i = 0; i < call->n_words; i++) {
        const cwrun_type *param = cwrun_functype_param(type, (uint32_t)i);
        if (i)
            puts_text(t, ", ");
        if (param)
            append_word(t, param, call->words[i]);
        else
            puts_text(t, call->words[i]);
    }
    return puts_text(t, ")");
}

static bool out_of_memory(cwrun_error *err)
{
    cwrun_error_set(err, CWRUN_ERROR_LIMIT, CWRUN_LIMIT_HOST_MEMORY, "out of memory");
    return false;
}

/* Text that cannot be read as arguments is wrong usage, not a bad file. */
static void as_usage(cwrun_error *err)
{
    if (err->kind == CWRUN_ERROR_INPUT)
        err->kind = CWRUN_ERROR_ARGUMENT;
}

bool cli_invoke_component(cwrun_instance *instance, const cli_invoke *call, cwrun_error *err)
{
    cwrun_str whole = cwrun_str_of(call->text), name = whole;
    size_t paren = 0;
    bool is_call = !call->words && cwrun_call_split(whole, &name, &paren);
    growing t = { 0 };
    if (!append(&t, name.data, name.size))
        return out_of_memory(err);
    cwrun_func *func = cwrun_instance_func(instance, t.data, err);
    if (!func) {
        free(t.data);
        return false;
    }
    if (!is_call) {
        t.size = 0;
        if (!call_text(&t, call, func)) {
            free(t.data);
            return out_of_memory(err);
        }
        whole = (cwrun_str){ t.data, t.size };
        paren = strlen(call->text);
    }

    const cwrun_functype *type = cwrun_func_type(func);
    uint32_t n = cwrun_functype_n_params(type);
    cwrun_arena *arena = cwrun_arena_new(NULL);
    cwrun_val *args = calloc(n ? n : 1, sizeof *args), result;
    bool ok = arena && args;
    if (!ok) {
        out_of_memory(err);
    } else if (!cwrun_args_parse(type, whole, paren, arena, args, err)) {
        as_usage(err);
        ok = false;
    } else {
        ok = cwrun_func_call(func, args, n, &result, NULL, err);
    }
    if (ok) {
        cwrun_val_print(&result, cwrun_to_file, stdout);
        putchar('\n');
        fflush(stdout);
    }
    free(args);
    free(t.data);
    cwrun_arena_drop(arena);
    return ok;
}

/* ---- core modules ---- */

enum { MAX_CORE = 64 };

typedef struct core_words {
    const char *words[MAX_CORE];
    size_t sizes[MAX_CORE], n; /* n may exceed MAX_CORE: words beyond it were not kept */
} core_words;

typedef struct core_signature {
    uint8_t types[2 * MAX_CORE]; /* parameters, then results */
    size_t n_params, n_results;
} core_signature;

static const char *core_type_name(uint8_t type)
{
    static const char *const names[] = { "",     "i32",     "i64",       "f32",    "f64",
                                         "v128", "funcref", "externref", "anyref", "exnref" };
    return type < sizeof names / sizeof *names ? names[type] : "?";
}

static bool append_types(growing *t, const uint8_t *types, size_t n)
{
    puts_text(t, "(");
    for (size_t i = 0; i < n; i++) {
        puts_text(t, i ? ", " : "");
        puts_text(t, core_type_name(types[i]));
    }
    return puts_text(t, ")");
}

/* "what" with the call as it was read, a caret under word `at` (n_words: behind the last) and the signature. */
static bool fail_core(const char *what, cwrun_str name, const core_words *w, size_t at, const core_signature *sig,
                      cwrun_error *err)
{
    growing call = { 0 }, signature = { 0 };
    size_t caret = 0, width = 1;
    append(&call, name.data, name.size);
    puts_text(&call, "(");
    for (size_t i = 0; i < w->n && i < MAX_CORE; i++) {
        puts_text(&call, i ? ", " : "");
        if (i == at) {
            caret = call.size;
            width = w->sizes[i];
        }
        append(&call, w->words[i], w->sizes[i]);
    }
    if (at >= w->n)
        caret = call.size;
    puts_text(&call, ")");
    append_types(&signature, sig->types, sig->n_params);
    puts_text(&signature, " -> ");
    append_types(&signature, sig->types + sig->n_params, sig->n_results);
    cwrun_error_set(err, CWRUN_ERROR_ARGUMENT, 0, "%s\n  %s\n  %*s%.*s\nexpected: func%s", what,
                    call.data ? call.data : "", (int)caret, "", (int)(width < 32 ? (width ? width : 1) : 32),
                    "^~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~~", signature.data ? signature.data : "");
    free(call.data);
    free(signature.data);
    return false;
}

static bool parse_core(const char *word, size_t size, uint8_t type, cwrun_arena *arena, cwrun_core_val *out)
{
    static const uint8_t kinds[][2] = {
        [CWRUN_CORE_I32] = { CWRUN_KIND_S32, CWRUN_KIND_U32 },
        [CWRUN_CORE_I64] = { CWRUN_KIND_S64, CWRUN_KIND_U64 },
        [CWRUN_CORE_F32] = { CWRUN_KIND_F32, CWRUN_KIND_F32 },
        [CWRUN_CORE_F64] = { CWRUN_KIND_F64, CWRUN_KIND_F64 },
    };
    cwrun_val v;
    cwrun_str s = { word, size };
    cwrun_error ignored = CWRUN_ERROR_INIT;
    out->type = type;
    if (type >= CWRUN_CORE_V128) { /* references and vectors have no spelling here, but null has */
        out->of.ref = 0;
        return type > CWRUN_CORE_V128 && size == 4 && !memcmp(word, "null", 4);
    }
    /* signed or unsigned: both spellings of the same bits are fine */
    bool ok = cwrun_val_parse(cwrun_type_primitive(kinds[type][0]), s, arena, &v, &ignored);
    cwrun_error_clear(&ignored);
    ok = ok || cwrun_val_parse(cwrun_type_primitive(kinds[type][1]), s, arena, &v, &ignored);
    cwrun_error_clear(&ignored);
    if (ok)
        memcpy(&out->of, &v.of, 8);
    return ok;
}

static void print_core(const cwrun_core_val *v)
{
    cwrun_val text;
    switch (v->type) {
    case CWRUN_CORE_I32: text = cwrun_s32(v->of.i32); break;
    case CWRUN_CORE_I64: text = cwrun_s64(v->of.i64); break;
    case CWRUN_CORE_F32: text = cwrun_f32(v->of.f32); break;
    case CWRUN_CORE_F64: text = cwrun_f64(v->of.f64); break;
    case CWRUN_CORE_V128:
        printf("0x");
        for (int i = 15; i >= 0; i--)
            printf("%02x", v->of.v128[i]);
        putchar('\n');
        return;
    default: puts(v->of.ref ? "<ref>" : "null"); return;
    }
    cwrun_val_print(&text, cwrun_to_file, stdout);
    putchar('\n');
}

static void add_word(core_words *w, const char *word, size_t size)
{
    if (w->n < MAX_CORE) {
        w->words[w->n] = word;
        w->sizes[w->n] = size;
    }
    w->n++;
}

/* The words of "a, b" between parentheses. */
static void split_words(const char *at, const char *end, core_words *w)
{
    while (at < end) {
        const char *comma = memchr(at, ',', (size_t)(end - at)), *stop = comma ? comma : end, *last = stop;
        while (at < last && *at == ' ')
            at++;
        while (last > at && last[-1] == ' ')
            last--;
        add_word(w, at, (size_t)(last - at));
        at = comma ? comma + 1 : end;
    }
}

/* Name and words of a call in either notation. */
static bool take_core_call(const cli_invoke *call, cwrun_str *name, core_words *w, cwrun_error *err)
{
    size_t paren;
    *name = cwrun_str_of(call->text);
    w->n = 0;
    for (int i = 0; call->words && i < call->n_words; i++)
        add_word(w, call->words[i], strlen(call->words[i]));
    if (call->words || !cwrun_call_split(*name, name, &paren))
        return true;
    const char *close = strrchr(call->text, ')');
    if (!close) {
        cwrun_error_set(err, CWRUN_ERROR_ARGUMENT, 0, "`%s`: the call is never closed", call->text);
        return false;
    }
    split_words(call->text + paren + 1, close, w);
    return true;
}

static bool call_core(cwrun_core_instance *instance, const char *name, const core_words *w, cwrun_arena *arena,
                      cwrun_error *err)
{
    core_signature sig;
    cwrun_core_val args[MAX_CORE], results[MAX_CORE];
    cwrun_core_func *func = cwrun_core_instance_func(instance, name, err);
    if (!func)
        return false;
    const cwrun_core_functype *type = cwrun_core_func_type(func);
    sig.n_params = cwrun_core_functype_n_params(type);
    sig.n_results = cwrun_core_functype_n_results(type);
    if (sig.n_params > MAX_CORE || sig.n_results > MAX_CORE) {
        cwrun_error_set(err, CWRUN_ERROR_ARGUMENT, 0, "%s: more than %d parameters or results cannot be given here",
                        name, MAX_CORE);
        return false;
    }
    cwrun_engine *engine = cwrun_store_engine(cwrun_core_instance_store(instance));
    for (uint32_t i = 0; i < sig.n_params; i++)
        sig.types[i] = cwrun_core_type_kind(engine, cwrun_core_functype_param(type, i));
    for (uint32_t i = 0; i < sig.n_results; i++)
        sig.types[sig.n_params + i] = cwrun_core_type_kind(engine, cwrun_core_functype_result(type, i));
    cwrun_str label = cwrun_str_of(name);
    if (w->n != sig.n_params)
        return fail_core(w->n < sig.n_params ? "too few arguments" : "too many arguments", label, w,
                         w->n < sig.n_params ? w->n : sig.n_params, &sig, err);
    for (size_t i = 0; i < sig.n_params; i++)
        if (!parse_core(w->words[i], w->sizes[i], sig.types[i], arena, &args[i])) {
            char what[64];
            snprintf(what, sizeof what, "this is no %s, or out of its range", core_type_name(sig.types[i]));
            return fail_core(what, label, w, i, &sig, err);
        }
    if (!cwrun_core_func_call(func, args, sig.n_params, results, sig.n_results, err))
        return false;
    for (size_t i = 0; i < sig.n_results; i++)
        print_core(&results[i]);
    fflush(stdout);
    return true;
}

bool cli_invoke_core(cwrun_core_instance *instance, const cli_invoke *call, cwrun_error *err)
{
    cwrun_str name;
    core_words words;
    if (!take_core_call(call, &name, &words, err))
        return false;
    char *plain = strndup(name.data, name.size);
    cwrun_arena *arena = cwrun_arena_new(NULL);
    bool ok = plain && arena ? call_core(instance, plain, &words, arena, err) : out_of_memory(err);
    free(plain);
    cwrun_arena_drop(arena);
    return ok;
}
