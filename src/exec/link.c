/* exec/link.c: import matching, and its messages: all that is missing or wrong in one error. */
#include "exec/link.h"

#include "base/error.h"
#include "base/str.h"

enum { TYPE_TEXT = 400, MOST_SHOWN = 1000 };

/* ---- types as text ---- */

/* Appends to out[*used…size), which stays NUL-terminated; what does not fit is cut off. */
static CWRUN_PRINTF(4, 5) void put(char *out, size_t size, size_t *used, const char *format, ...)
{
    if (*used + 1 >= size)
        return;
    va_list args;
    va_start(args, format);
    int n = vsnprintf(out + *used, size - *used, format, args);
    va_end(args);
    if (n > 0)
        *used = (size_t)n < size - *used ? *used + (size_t)n : size - 1;
}

static void put_limits(char *out, size_t size, size_t *used, const cw_limits *l)
{
    if (l->is_64)
        put(out, size, used, " i64");
    put(out, size, used, " %llu", (unsigned long long)l->min);
    if (l->has_max)
        put(out, size, used, " %llu", (unsigned long long)l->max);
    if (l->is_shared)
        put(out, size, used, " shared");
}

static void put_values(const cw_types *types, char *out, size_t size, size_t *used, const char *what,
                       const cw_valtype *v, uint32_t n)
{
    if (n == 0)
        return;
    put(out, size, used, " (%s", what);
    for (uint32_t i = 0; i < n && *used + 1 < size; i++) {
        char name[64];
        cw_valtype_print(types, v[i], name, sizeof name);
        put(out, size, used, " %s", name);
    }
    put(out, size, used, ")");
}

void cw_externtype_print(const cw_types *types, const cw_externtype *type, char *out, size_t size)
{
    char name[64];
    size_t used = 0;
    if (size != 0)
        out[0] = '\0';
    switch (type->kind) {
    case CW_EXTERN_FUNC:
    case CW_EXTERN_TAG: {
        const cw_subtype *f = cw_types_get(types, type->func);
        put(out, size, &used, "(%s", type->kind == CW_EXTERN_FUNC ? "func" : "tag");
        if (type->is_exact)
            put(out, size, &used, " (exact");
        put_values(types, out, size, &used, "param", f->params, f->n_params);
        put_values(types, out, size, &used, "result", f->results, f->n_results);
        put(out, size, &used, type->is_exact ? "))" : ")");
        break;
    }
    case CW_EXTERN_TABLE:
        cw_valtype_print(types, type->table.elem, name, sizeof name);
        put(out, size, &used, "(table");
        put_limits(out, size, &used, &type->table.limits);
        put(out, size, &used, " %s)", name);
        break;
    case CW_EXTERN_MEMORY:
        put(out, size, &used, "(memory");
        put_limits(out, size, &used, &type->memory);
        if (type->memory.page_log2 != 16)
            put(out, size, &used, " (pagesize %u)", 1u << type->memory.page_log2);
        put(out, size, &used, ")");
        break;
    case CW_EXTERN_GLOBAL:
        cw_valtype_print(types, type->global.type, name, sizeof name);
        put(out, size, &used, type->global.is_mutable ? "(global (mut %s))" : "(global %s)", name);
        break;
    default: put(out, size, &used, "nothing");
    }
}

/* ---- matching ---- */

static bool matches(const cw_exec *x, const cw_module *m, uint32_t i, const cw_extern *given)
{
    if (given->kind == CW_EXTERN_COUNT)
        return false;
    cw_externtype want = cw_module_externtype(m, m->imports[i].kind, m->imports[i].index), have = cw_extern_type(given);
    return cw_externtype_matches(x->types, &have, &want);
}

static void describe(const cw_exec *x, const cw_module *m, uint32_t i, const cw_extern *given, cw_text *out)
{
    const cw_import *import = &m->imports[i];
    char want_text[TYPE_TEXT], have_text[TYPE_TEXT];
    cw_externtype want = cw_module_externtype(m, import->kind, import->index);
    cw_externtype_print(x->types, &want, want_text, sizeof want_text);

    cw_text_puts(out, "import \"");
    cw_text_str(out, import->module);
    cw_text_puts(out, "\" \"");
    cw_text_str(out, import->name);
    if (given->kind == CW_EXTERN_COUNT) {
        cw_text_printf(out, "\": unknown import: nothing was given for %s", want_text);
    } else {
        cw_externtype have = cw_extern_type(given);
        cw_externtype_print(x->types, &have, have_text, sizeof have_text);
        cw_text_printf(out, "\": incompatible import type: %s was asked for, %s%s was given", want_text, have_text,
                       strcmp(want_text, have_text) == 0 ? " of another defined type" : "");
    }
}

bool cw_link_check(const cw_exec *x, const cw_module *m, const cw_extern *imports, cwrun_error *err)
{
    uint32_t wrong = 0;
    for (uint32_t i = 0; i < m->n_imports; i++)
        wrong += !matches(x, m, i, &imports[i]);
    if (wrong == 0)
        return true;

    cw_text text;
    cw_text_init(&text, &x->alloc);
    if (wrong > 1)
        cw_text_printf(&text, "%u imports cannot be linked:", wrong);
    uint32_t shown = 0;
    for (uint32_t i = 0; i < m->n_imports && shown < MOST_SHOWN; i++) {
        if (matches(x, m, i, &imports[i]))
            continue;
        if (wrong > 1)
            cw_text_puts(&text, "\n  ");
        describe(x, m, i, &imports[i], &text);
        shown++;
    }
    if (shown < wrong)
        cw_text_printf(&text, "\n  and %u more", wrong - shown);
    if (text.oom)
        cw_fail_oom(err);
    else
        cw_fail(err, &x->alloc, CWRUN_ERROR_LINK, 0, "%s", text.data);
    cw_text_fini(&text);
    return false;
}
