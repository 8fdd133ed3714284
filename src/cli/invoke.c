/* cli/invoke.c: --invoke: from words or WAVE to a call, and its result to text.
 *
 * Words become WAVE by the types of the parameters (a string's word is its text, anything else is WAVE already), so that
 * there is one way in and errors show the whole call with a caret. */
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

static bool parse_core(const char *word, size_t size, uint8_t type, cwrun_arena *arena, cwrun_core_val *out, cwrun_error *err)
{
    static const uint8_t kinds[][2] = {
        [CWRUN_CORE_I32] = { CWRUN_KIND_S32, CWRUN_KIND_U32 },
        [CWRUN_CORE_I64] = { CWRUN_KIND_S64, CWRUN_KIND_U64 },
        [CWRUN_CORE_F32] = { CWRUN_KIND_F32, CWRUN_KIND_F32 },
        [CWRUN_CORE_F64] = { CWRUN_KIND_F64, CWRUN_KIND_F64 },
    };
    cwrun_val v;
    cwrun_str s = { word, size };
    out->type = type;
    if (type >= CWRUN_CORE_V128) {
        if (size == 4 && !memcmp(word, "null", 4)) {
            out->of.ref = 0;
            return true;
        }
        cwrun_error_set(err, CWRUN_ERROR_ARGUMENT, 0, "`%.*s`: references and vectors cannot be given on the command line (but `null` can)", (int)size, word);
        return false;
    }
    /* signed or unsigned: both spellings of the same bits are fine */
    if (!cwrun_val_parse(cwrun_type_primitive(kinds[type][0]), s, arena, &v, NULL) &&
        !cwrun_val_parse(cwrun_type_primitive(kinds[type][1]), s, arena, &v, err)) {
        as_usage(err);
        return false;
    }
    memcpy(&out->of, &v.of, 8);
    return true;
}

static void print_core(const cwrun_core_val *v)
{
    cwrun_val text;
    switch (v->type) {
    case CWRUN_CORE_I32:
        text = cwrun_s32(v->of.i32);
        break;
    case CWRUN_CORE_I64:
        text = cwrun_s64(v->of.i64);
        break;
    case CWRUN_CORE_F32:
        text = cwrun_f32(v->of.f32);
        break;
    case CWRUN_CORE_F64:
        text = cwrun_f64(v->of.f64);
        break;
    case CWRUN_CORE_V128:
        printf("0x");
        for (int i = 15; i >= 0; i--)
            printf("%02x", v->of.v128[i]);
        putchar('\n');
        return;
    default:
        puts(v->of.ref ? "<ref>" : "null");
        return;
    }
    cwrun_val_print(&text, cwrun_to_file, stdout);
    putchar('\n');
}

/* The words of "a, b" between parentheses; returns their number. */
static size_t split_words(const char *at, const char *end, const char **words, size_t *sizes, size_t room)
{
    size_t n = 0;
    while (at < end) {
        const char *comma = memchr(at, ',', (size_t)(end - at)), *stop = comma ? comma : end, *last = stop;
        while (at < last && *at == ' ')
            at++;
        while (last > at && last[-1] == ' ')
            last--;
        if (n < room) {
            words[n] = at;
            sizes[n] = (size_t)(last - at);
        }
        n++;
        at = comma ? comma + 1 : end;
    }
    return n;
}

bool cli_invoke_core(cwrun_core_instance *instance, const cli_invoke *call, cwrun_error *err)
{
    const char *words[MAX_CORE];
    size_t sizes[MAX_CORE], n_words = 0, n_params, n_results, paren;
    uint8_t types[2 * MAX_CORE];
    cwrun_core_val args[MAX_CORE], results[MAX_CORE];
    cwrun_str name = cwrun_str_of(call->text);
    if (call->words) {
        for (int i = 0; i < call->n_words; i++, n_words++)
            if (n_words < MAX_CORE) {
                words[n_words] = call->words[i];
                sizes[n_words] = strlen(call->words[i]);
            }
    } else if (cwrun_call_split(name, &name, &paren)) {
        const char *close = strrchr(call->text, ')');
        if (!close) {
            cwrun_error_set(err, CWRUN_ERROR_ARGUMENT, 0, "`%s`: the call is never closed", call->text);
            return false;
        }
        n_words = split_words(call->text + paren + 1, close, words, sizes, MAX_CORE);
    }

    char *plain = strndup(name.data, name.size);
    cwrun_arena *arena = cwrun_arena_new(NULL);
    bool ok = plain && arena;
    if (!ok)
        out_of_memory(err);
    ok = ok && cwrun_core_func_type(instance, plain, types, 2 * MAX_CORE, &n_params, &n_results, err);
    if (ok && (n_params > MAX_CORE || n_results > MAX_CORE)) {
        cwrun_error_set(err, CWRUN_ERROR_ARGUMENT, 0, "%s: more than %d parameters or results cannot be given here", plain, MAX_CORE);
        ok = false;
    }
    if (ok && n_words != n_params) {
        cwrun_error_set(err, CWRUN_ERROR_ARGUMENT, 0, "%s takes %zu argument%s, %zu given", plain, n_params, n_params == 1 ? "" : "s", n_words);
        ok = false;
    }
    for (size_t i = 0; ok && i < n_params; i++)
        ok = parse_core(words[i], sizes[i], types[i], arena, &args[i], err);
    ok = ok && cwrun_core_call(instance, plain, args, n_params, results, n_results, err);
    for (size_t i = 0; ok && i < n_results; i++)
        print_core(&results[i]);
    fflush(stdout);
    free(plain);
    cwrun_arena_drop(arena);
    return ok;
}
