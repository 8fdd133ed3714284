/* component/read_canon.c: canonical definitions: options, core signatures, and what each needs  [Binary.md: Canonical
 * Definitions; CanonicalABI: canonopt Validation, canon lift, canon lower and the built-ins].
 *
 * canon.def says which immediates a built-in has and what core function it makes; only lift, lower, task.return and
 * threads have rules of their own. */
#include "component/canon.h"
#include "component/read.h"

const cw_canon_row cw_canons[CW_CANON_COUNT] = {
#define CANON(id, name, code, set, imm, type) \
    [CW_CANON_##id] = { name, code, CW_CANON_SET_##set, CW_CANON_IMM_##imm, type },
#include "component/canon.def"
#undef CANON
};

cw_canon cw_canon_of_code(uint8_t code)
{
    uint32_t id = 0;
    while (id < CW_CANON_COUNT && cw_canons[id].code != code)
        id++;
    return (cw_canon)id;
}

/* ---- options ---- */

enum {
    SEEN_ENCODING = 1,
    SEEN_MEMORY = 2,
    SEEN_REALLOC = 4,
    SEEN_POST_RETURN = 8,
    SEEN_ASYNC = 16,
    SEEN_CALLBACK = 32,
    SEEN_CORE_TYPE = 64,
    SEEN_GC = 128
};

static cw_canon_opts no_opts(void)
{
    return (cw_canon_opts){
        .memory = CW_NO_INDEX,
        .realloc = CW_NO_INDEX,
        .post_return = CW_NO_INDEX,
        .callback = CW_NO_INDEX,
        .gc_type = CW_NO_TYPE,
    };
}

static void take_memory(cw_loader *l, const uint8_t *at, uint32_t index, cw_canon_opts *o)
{
    if (!l->r->ok)
        return;
    if (index >= l->scope->core_memories.n) {
        cw_reader_fail(l->r, at, "unknown memory %u: memory index out of bounds", index);
        return;
    }
    const cw_memtype *m = &l->scope->core_memories.items[index];
    if (m->is_shared)
        cw_reader_fail(l->r, at, "mismatch in the shared flag for memories: memory %u is shared", index);
    if (m->is_64)
        cw_need_feature(l->r, at, l->config->features, CW_FEATURE_CM64);
    o->memory = index;
    o->memory64 = m->is_64;
}

static bool signature_is(const cw_subtype *f, const cw_valtype *params, uint32_t n_params, const cw_valtype *results,
                         uint32_t n_results)
{
    return f->n_params == n_params && f->n_results == n_results &&
           (n_params == 0 || memcmp(f->params, params, n_params * sizeof *params) == 0) &&
           (n_results == 0 || memcmp(f->results, results, n_results * sizeof *results) == 0);
}

static cw_type_id read_gc_type(cw_loader *l, const uint8_t *at, uint32_t index)
{
    const cw_scope *s = l->scope;
    if (!l->r->ok)
        return CW_NO_TYPE;
    cw_type_id id = index < s->core.type_ids.n ? s->core.type_ids.items[index] : CW_NO_TYPE;
    if (index >= s->core.type_ids.n)
        cw_reader_fail(l->r, at, "unknown core type %u: core type index out of bounds", index);
    else if (id == CW_NO_TYPE || cw_types_get(l->config->types, id)->kind != CW_COMP_FUNC)
        cw_reader_fail(l->r, at, "canonical option `core type` must reference a core function type");
    return id;
}

static void read_opt(cw_loader *l, cw_canon_opts *o, unsigned *seen)
{
    static const struct {
        unsigned bit;
        const char *name;
    } kinds[] = {
        { SEEN_ENCODING, "string-encoding" },
        { SEEN_ENCODING, "string-encoding" },
        { SEEN_ENCODING, "string-encoding" },
        { SEEN_MEMORY, "memory" },
        { SEEN_REALLOC, "realloc" },
        { SEEN_POST_RETURN, "post-return" },
        { SEEN_ASYNC, "async" },
        { SEEN_CALLBACK, "callback" },
        { SEEN_CORE_TYPE, "core-type" },
        { SEEN_GC, "gc" },
    };
    enum { KINDS = sizeof kinds / sizeof *kinds };
    const uint8_t *at = l->r->at;
    uint8_t code = cw_read_u8(l->r);
    if (!l->r->ok)
        return;
    if (code >= KINDS) {
        cw_reader_fail(l->r, at, "invalid leading byte 0x%02x for a canonical option", code);
        return;
    }
    if (*seen & kinds[code].bit) {
        cw_reader_fail(l->r, at, "canonical option `%s` is specified more than once%s", kinds[code].name,
                       code <= 2 ? ": it conflicts with option before it" : "");
        return;
    }
    *seen |= kinds[code].bit;
    uint32_t index = code >= 3 && code != 6 && code != 9 ? cw_read_u32(l->r) : 0;
    switch (code) {
    case 3: take_memory(l, at, index, o); break;
    case 4: o->realloc = index; break;
    case 5: o->post_return = index; break;
    case 6: o->is_async = true; break;
    case 7: o->callback = index; break;
    case 8: o->gc_type = read_gc_type(l, at, index); break;
    case 9: o->gc = true; break;
    default: o->encoding = code;
    }
}

/* Reads the options and checks what holds for all of them  [CanonicalABI: canonopt Validation]. */
static cw_canon_opts read_opts(cw_loader *l)
{
    cw_canon_opts o = no_opts();
    unsigned seen = 0;
    const uint8_t *at = l->r->at;
    uint32_t n = cw_read_count(l->r, CW_MAX_CANON_OPTS, "canonical options");
    for (uint32_t i = 0; i < n && l->r->ok; i++)
        read_opt(l, &o, &seen);
    if (!l->r->ok)
        return o;

    if (!o.is_async && (seen & SEEN_CALLBACK))
        cw_reader_fail(l->r, at, "cannot specify callback without async");
    if (o.is_async && (seen & SEEN_POST_RETURN))
        cw_reader_fail(l->r, at, "cannot specify post-return function in async");
    if (!o.gc && (seen & SEEN_CORE_TYPE))
        cw_reader_fail(l->r, at, "cannot specify `core-type` without `gc`");
    if (seen & SEEN_REALLOC) {
        if (!(seen & SEEN_MEMORY))
            cw_reader_fail(l->r, at, "canonical option `realloc` requires `memory` to also be specified");
        cw_valtype p = o.memory64 ? CW_I64 : CW_I32, four[4] = { p, p, p, p };
        const cw_subtype *f = cw_core_func_at(l, at, o.realloc);
        if (f && !signature_is(f, four, 4, &p, 1))
            cw_reader_fail(l->r, at, "canonical option `realloc` uses a core function with an incorrect signature");
    }
    return o;
}

static void need_memory(cw_loader *l, const uint8_t *at, const cw_canon_opts *o, bool when)
{
    if (when && o->memory == CW_NO_INDEX && l->r->ok)
        cw_reader_fail(l->r, at, "canonical option `memory` is required");
}

static void need_realloc(cw_loader *l, const uint8_t *at, const cw_canon_opts *o, bool when)
{
    need_memory(l, at, o, when);
    if (when && o->realloc == CW_NO_INDEX && l->r->ok)
        cw_reader_fail(l->r, at, "canonical option `realloc` is required");
}

/* Only lift and lower are described with references; nothing else is made of a `gc` option. */
static void refuse_gc(cw_loader *l, const uint8_t *at, const cw_canon_opts *o, const char *name)
{
    if (l->r->ok && o->gc)
        cw_reader_fail(l->r, at, "canonical option `gc` is not supported yet for `%s`", name);
}

static void refuse_lift_opts(cw_loader *l, const uint8_t *at, const cw_canon_opts *o)
{
    if (l->r->ok && o->post_return != CW_NO_INDEX)
        cw_reader_fail(l->r, at, "canonical option `post-return` cannot be specified for lowerings");
    if (l->r->ok && o->callback != CW_NO_INDEX)
        cw_reader_fail(l->r, at, "canonical option `callback` cannot be specified for lowerings");
}

/* ---- core signatures ---- */

typedef struct signature {
    cw_valtype params[CW_MAX_FLAT_PARAMS + 1], results[1];
    uint32_t n_params, n_results;
} signature;

static void add_flat(cw_valtype *out, uint32_t *n, const cwrun_type *t, bool ptr64)
{
    uint8_t flat[CW_MAX_FLAT_PARAMS];
    uint32_t count = cw_type_flatten(t, ptr64, flat, CW_MAX_FLAT_PARAMS);
    for (uint32_t i = 0; i < count && i < CW_MAX_FLAT_PARAMS; i++)
        out[(*n)++] = flat[i];
}

/* [CanonicalABI: flatten_functype]; also checks which options that needs. */
static signature flatten_functype(cw_loader *l, const uint8_t *at, const cw_canon_opts *o, const cw_functype *f,
                                  bool lift)
{
    signature s = { .n_params = 0 };
    cw_valtype p = o->memory64 ? CW_I64 : CW_I32;
    uint32_t max_params = o->is_async && !lift ? CW_MAX_FLAT_ASYNC_PARAMS : CW_MAX_FLAT_PARAMS;
    bool spilled = f->param_tuple->n_flat > max_params;
    if (spilled)
        s.params[s.n_params++] = p;
    else
        add_flat(s.params, &s.n_params, f->param_tuple, o->memory64);
    if (lift)
        need_realloc(l, at, o, spilled || f->param_tuple->has_pointers);
    else
        need_memory(l, at, o, spilled || f->param_tuple->has_pointers);

    uint32_t n_result = f->result ? f->result->n_flat : 0;
    bool pointers = f->result && f->result->has_pointers;
    if (!lift)
        need_realloc(l, at, o, pointers);
    if (!o->is_async) {
        need_memory(l, at, o, n_result > CW_MAX_FLAT_RESULTS);
        if (n_result > CW_MAX_FLAT_RESULTS && lift)
            s.results[s.n_results++] = p;
        else if (n_result > CW_MAX_FLAT_RESULTS)
            s.params[s.n_params++] = p;
        else if (n_result > 0)
            add_flat(s.results, &s.n_results, f->result, o->memory64);
    } else if (lift) {
        need_memory(l, at, o, pointers || n_result > CW_MAX_FLAT_PARAMS);
        if (o->callback != CW_NO_INDEX)
            s.results[s.n_results++] = CW_I32;
    } else {
        need_memory(l, at, o, n_result > 0);
        if (n_result > 0)
            s.params[s.n_params++] = p;
        s.results[s.n_results++] = CW_I32;
    }
    return s;
}

static cw_type_id register_signature(cw_loader *l, const signature *s)
{
    if (!l->r->ok)
        return CW_NO_TYPE;
    cw_type_id id = cw_types_func(l->config->types, s->params, s->n_params, s->results, s->n_results);
    if (id == CW_NO_TYPE)
        cw_reader_oom(l->r);
    return id;
}

static void check_async(cw_loader *l, const uint8_t *at, const cw_canon_opts *o, const cw_functype *f)
{
    if (l->r->ok && o->is_async && !f->is_async)
        cw_reader_fail(l->r, at, "the `async` canonical option requires an async function type");
}

/* ---- lift and lower ---- */

static void read_func_sort(cw_loader *l, const char *what)
{
    const uint8_t *at = l->r->at;
    uint8_t code = cw_read_u8(l->r);
    if (l->r->ok && code != 0)
        cw_reader_fail(l->r, at, "invalid leading byte 0x%02x for a canonical function %s", code, what);
}

static void print_signature(cw_text *t, const cw_valtype *types, uint32_t n)
{
    cw_text_puts(t, "[");
    for (uint32_t i = 0; i < n; i++) {
        char name[24];
        cw_valtype_print(NULL, types[i], name, sizeof name);
        cw_text_printf(t, "%s%s", i ? " " : "", name);
    }
    cw_text_puts(t, "]");
}

static void check_callee(cw_loader *l, const uint8_t *at, const cw_subtype *callee, const signature *want,
                         uint32_t index)
{
    if (signature_is(callee, want->params, want->n_params, want->results, want->n_results))
        return;
    cw_text text;
    cw_text_init(&text, l->alloc);
    print_signature(&text, want->params, want->n_params);
    cw_text_puts(&text, " -> ");
    print_signature(&text, want->results, want->n_results);
    bool params = callee->n_params != want->n_params ||
                  (want->n_params && memcmp(callee->params, want->params, want->n_params * sizeof *want->params) != 0);
    cw_reader_fail(l->r, at, "lowered %s types `%s` do not match %s types of core function %u",
                   params ? "parameter" : "result", text.data ? text.data : "", params ? "parameter" : "result", index);
    cw_text_fini(&text);
}

static void read_lift(cw_loader *l, const uint8_t *at)
{
    read_func_sort(l, "lift");
    uint32_t index = cw_read_u32(l->r);
    const uint8_t *opts_at = l->r->at;
    cw_canon_opts o = read_opts(l);
    const uint8_t *type_at = l->r->at;
    uint32_t type_index = cw_read_u32(l->r);
    const cw_itype *t = cw_type_at(l, type_at, type_index);
    if (t && t->sort != CW_SORT_FUNC)
        cw_reader_fail(l->r, type_at, "type index %u is not a function type", type_index);
    const cw_subtype *callee = cw_core_func_at(l, at, index);
    if (!l->r->ok)
        return;

    check_async(l, opts_at, &o, t->func);
    if (o.gc && o.gc_type != CW_NO_TYPE)
        cw_reader_fail(l->r, opts_at, "canonical option `core-type` is not allowed in `canon lift`");
    if (o.gc) {
        cw_check_gc_func(l, opts_at, &o, t->func, callee);
    } else {
        signature want = flatten_functype(l, opts_at, &o, t->func, true);
        if (l->r->ok)
            check_callee(l, at, callee, &want, index);
    }
    if (l->r->ok && o.post_return != CW_NO_INDEX) {
        const cw_subtype *f = cw_core_func_at(l, opts_at, o.post_return);
        if (f && !signature_is(f, callee->results, callee->n_results, NULL, 0))
            cw_reader_fail(l->r, opts_at,
                           "canonical option `post-return` uses a core function with an incorrect signature");
    }
    if (l->r->ok && o.callback != CW_NO_INDEX) {
        static const cw_valtype event[3] = { CW_I32, CW_I32, CW_I32 };
        const cw_subtype *f = cw_core_func_at(l, opts_at, o.callback);
        if (f && !signature_is(f, event, 3, event, 1))
            cw_reader_fail(l->r, opts_at,
                           "canonical option `callback` uses a core function with an incorrect signature");
    }

    cw_def *def = cw_add_def(l, CW_DEF_LIFT, CW_SORT_FUNC, at);
    def->of.canon.builtin = CW_CANON_LIFT;
    def->of.canon.func = index;
    def->of.canon.type = t->func;
    def->of.canon.opts = o;
    def->of.canon.resource = CW_NO_INDEX;
    def->of.canon.core_type = l->scope->core_funcs.items[index];
    CW_SCOPE_ADD(l, &l->scope->funcs, t->func);
}

static void read_lower(cw_loader *l, const uint8_t *at)
{
    read_func_sort(l, "lower");
    uint32_t index = cw_read_u32(l->r);
    const cw_functype *f = cw_func_at(l, at, index);
    const uint8_t *opts_at = l->r->at;
    cw_canon_opts o = read_opts(l);
    if (!l->r->ok)
        return;
    refuse_lift_opts(l, opts_at, &o);
    check_async(l, opts_at, &o, f);
    if (o.gc && o.gc_type == CW_NO_TYPE)
        cw_reader_fail(l->r, opts_at, "cannot specify `gc` without also specifying a `core-type` for lowerings");
    cw_type_id id = o.gc_type;
    if (o.gc && l->r->ok) {
        cw_check_gc_func(l, opts_at, &o, f, cw_types_get(l->config->types, id));
    } else {
        signature s = flatten_functype(l, opts_at, &o, f, false);
        id = register_signature(l, &s);
    }

    cw_def *def = cw_add_def(l, CW_DEF_LOWER, CW_SORT_CORE_FUNC, at);
    def->of.canon.builtin = CW_CANON_LOWER;
    def->of.canon.func = index;
    def->of.canon.type = f;
    def->of.canon.opts = o;
    def->of.canon.resource = CW_NO_INDEX;
    def->of.canon.core_type = id;
    CW_SCOPE_ADD(l, &l->scope->core_funcs, id);
}

/* ---- built-ins ---- */

/* What the immediates of a built-in said. */
typedef struct builtin {
    const cw_canon_row *row;
    cw_canon_opts opts;
    const cwrun_type *value; /* element or result type */
    uint32_t resource, imm, func;
    cw_valtype context;
    signature own; /* where the row has "?" */
} builtin;

static uint32_t read_flag(cw_loader *l, const char *what)
{
    const uint8_t *at = l->r->at;
    uint8_t flag = cw_read_u8(l->r);
    if (l->r->ok && flag > 1)
        cw_reader_fail(l->r, at, "invalid leading byte 0x%02x for %s", flag, what);
    return flag;
}

static void read_resource(cw_loader *l, builtin *b)
{
    const uint8_t *at = l->r->at;
    uint32_t index = cw_read_u32(l->r);
    b->resource = cw_resource_at(l, at, index);
    if (l->r->ok && b->row != &cw_canons[CW_CANON_RESOURCE_DROP] && !l->scope->owner->vars.items[b->resource].is_local)
        cw_reader_fail(l->r, at, "type index %u is not a local resource", index);
}

static void read_context(cw_loader *l, builtin *b)
{
    const uint8_t *at = l->r->at;
    uint8_t type = cw_read_u8(l->r);
    cw_scope *s = l->scope;
    if (l->r->ok && type != 0x7f && type != 0x7e)
        cw_reader_fail(l->r, at, "`%s` only supports `i32` or `i64`", b->row->name);
    b->context = type == 0x7f ? CW_I32 : CW_I64;
    if (l->r->ok && s->context_type && s->context_type != b->context)
        cw_reader_fail(l->r, at, "`%s`: all context built-ins of a component must have the same type", b->row->name);
    s->context_type = (uint8_t)b->context;
    at = l->r->at;
    b->imm = cw_read_u32(l->r);
    if (l->r->ok && b->imm >= 2)
        cw_reader_fail(l->r, at, "`%s` immediate must be less than 2: %u", b->row->name, b->imm);
}

static void read_memory(cw_loader *l, builtin *b)
{
    const uint8_t *at = l->r->at;
    uint32_t index = cw_read_u32(l->r);
    take_memory(l, at, index, &b->opts);
}

static void read_element(cw_loader *l, builtin *b, uint8_t kind)
{
    const uint8_t *at = l->r->at;
    uint32_t index = cw_read_u32(l->r);
    const cw_itype *t = cw_type_at(l, at, index);
    if (!t)
        return;
    if (t->sort != CW_SORT_VALUE || t->value->kind != kind)
        cw_reader_fail(l->r, at, "`%s` requires a %s type", b->row->name, cwrun_kind_name(kind));
    else
        b->value = t->value->elem;
}

static void read_element_opts(cw_loader *l, builtin *b)
{
    const uint8_t *at = l->r->at;
    b->opts = read_opts(l);
    refuse_gc(l, at, &b->opts, b->row->name);
    bool reads = b->row == &cw_canons[CW_CANON_STREAM_READ] || b->row == &cw_canons[CW_CANON_FUTURE_READ];
    refuse_lift_opts(l, at, &b->opts);
    need_memory(l, at, &b->opts, b->value != NULL);
    need_realloc(l, at, &b->opts, reads && b->value && b->value->has_pointers);
}

static void read_task_return(cw_loader *l, builtin *b)
{
    b->value = cw_read_resultlist(l);
    const uint8_t *at = l->r->at;
    b->opts = read_opts(l);
    refuse_gc(l, at, &b->opts, b->row->name);
    if (!l->r->ok)
        return;
    if (b->value && b->value->has_borrow)
        cw_reader_fail(l->r, at, "function result cannot contain a `borrow` type");
    else if (b->opts.realloc != CW_NO_INDEX)
        cw_reader_fail(l->r, at, "cannot specify `realloc` option on `task.return`");
    else if (b->opts.post_return != CW_NO_INDEX)
        cw_reader_fail(l->r, at, "cannot specify `post-return` option on `task.return`");
    else if (b->opts.is_async)
        cw_reader_fail(l->r, at, "cannot specify `async` option on `task.return`");
    if (!b->value || !l->r->ok)
        return;
    bool spilled = b->value->n_flat > CW_MAX_FLAT_PARAMS;
    need_memory(l, at, &b->opts, spilled || b->value->has_pointers);
    if (spilled)
        b->own.params[b->own.n_params++] = b->opts.memory64 ? CW_I64 : CW_I32;
    else
        add_flat(b->own.params, &b->own.n_params, b->value, b->opts.memory64);
}

static void read_error_opts(cw_loader *l, builtin *b)
{
    const uint8_t *at = l->r->at;
    b->opts = read_opts(l);
    refuse_gc(l, at, &b->opts, b->row->name);
    if (l->r->ok && b->opts.is_async)
        cw_reader_fail(l->r, at, "cannot specify `async` option on `%s`", b->row->name);
    refuse_lift_opts(l, at, &b->opts);
    need_memory(l, at, &b->opts, true);
    need_realloc(l, at, &b->opts, b->row == &cw_canons[CW_CANON_ERROR_CONTEXT_DEBUG_MESSAGE]);
}

static void read_func_table(cw_loader *l, builtin *b)
{
    cw_scope *s = l->scope;
    const uint8_t *at = l->r->at;
    uint32_t type = cw_read_u32(l->r);
    const uint8_t *table_at = l->r->at;
    uint32_t table = cw_read_u32(l->r);
    if (!l->r->ok)
        return;
    if (type >= s->core.type_ids.n || s->core.type_ids.items[type] == CW_NO_TYPE) {
        cw_reader_fail(l->r, at, "unknown core type %u: expected a core function type", type);
        return;
    }
    b->imm = s->core.type_ids.items[type];
    const cw_subtype *f = cw_types_get(l->config->types, b->imm);
    if (f->kind != CW_COMP_FUNC)
        cw_reader_fail(l->r, at, "start type must be a function");
    else if (f->n_params != 1 || (f->params[0] != CW_I32 && f->params[0] != CW_I64))
        cw_reader_fail(l->r, at, "start function must take a single `i32` or `i64` argument");
    else if (f->n_results != 0)
        cw_reader_fail(l->r, at, "start function must not return any values");
    else if (table >= s->core_tables.n)
        cw_reader_fail(l->r, table_at, "unknown table %u: table index out of bounds", table);
    else if (s->core_tables.items[table].elem != CW_FUNCREF)
        cw_reader_fail(l->r, table_at, "table is not a table of (ref null (func))");
    if (!l->r->ok)
        return;
    b->func = table;
    b->own = (signature){ .n_params = 2, .n_results = 1 };
    b->own.params[0] = s->core_tables.items[table].limits.is_64 ? CW_I64 : CW_I32;
    b->own.params[1] = f->params[0];
    b->own.results[0] = CW_I32;
}

/* Whether what is cancelled may still go on when the built-in returns. */
static void read_async(cw_loader *l, builtin *b)
{
    const uint8_t *at = l->r->at;
    b->imm = read_flag(l, "`async`");
    if (l->r->ok && b->imm)
        cw_need_feature(l->r, at, l->config->features, CW_FEATURE_CM_MORE_ASYNC_BUILTINS);
}

static void read_immediates(cw_loader *l, builtin *b)
{
    switch (b->row->imm) {
    case CW_CANON_IMM_RESOURCE: read_resource(l, b); break;
    case CW_CANON_IMM_ASYNC: read_async(l, b); break;
    case CW_CANON_IMM_RESULT_OPTS: read_task_return(l, b); break;
    case CW_CANON_IMM_CONTEXT: read_context(l, b); break;
    case CW_CANON_IMM_CANCEL: b->imm = read_flag(l, "`cancellable`"); break;
    case CW_CANON_IMM_CANCEL_MEMORY:
        b->imm = read_flag(l, "`cancellable`");
        read_memory(l, b);
        break;
    case CW_CANON_IMM_STREAM: read_element(l, b, CWRUN_KIND_STREAM); break;
    case CW_CANON_IMM_FUTURE: read_element(l, b, CWRUN_KIND_FUTURE); break;
    case CW_CANON_IMM_STREAM_OPTS:
    case CW_CANON_IMM_FUTURE_OPTS:
        read_element(l, b, b->row->imm == CW_CANON_IMM_STREAM_OPTS ? CWRUN_KIND_STREAM : CWRUN_KIND_FUTURE);
        read_element_opts(l, b);
        break;
    case CW_CANON_IMM_STREAM_ASYNC:
    case CW_CANON_IMM_FUTURE_ASYNC:
        read_element(l, b, b->row->imm == CW_CANON_IMM_STREAM_ASYNC ? CWRUN_KIND_STREAM : CWRUN_KIND_FUTURE);
        read_async(l, b);
        break;
    case CW_CANON_IMM_OPTS: read_error_opts(l, b); break;
    case CW_CANON_IMM_FUNC_TABLE: read_func_table(l, b); break;
    default: break;
    }
}

static cw_valtype letter_type(const cw_loader *l, const builtin *b, char letter)
{
    switch (letter) {
    case 'l': return CW_I64;
    case 'p': return b->opts.memory64 ? CW_I64 : CW_I32;
    case 'c': return b->context;
    case 'r': return l->scope->owner->vars.items[b->resource].rep64 ? CW_I64 : CW_I32;
    default: return CW_I32;
    }
}

static signature builtin_signature(const cw_loader *l, const builtin *b)
{
    const char *at = b->row->signature;
    if (*at == '?')
        return b->own;
    signature s = { .n_params = 0 };
    for (; *at != ':'; at++)
        s.params[s.n_params++] = letter_type(l, b, *at);
    for (at++; *at; at++)
        s.results[s.n_results++] = letter_type(l, b, *at);
    return s;
}

static void read_builtin(cw_loader *l, const uint8_t *at, uint8_t id)
{
    builtin b = { .row = &cw_canons[id], .opts = no_opts(), .resource = CW_NO_INDEX };
    if (b.row->set == CW_CANON_SET_SHARED) {
        cw_reader_fail(l->r, at, "`%s` requires the shared-everything-threads proposal, which is not supported",
                       b.row->name);
        return;
    }
    if (id >= CW_CANON_ERROR_CONTEXT_NEW && id <= CW_CANON_ERROR_CONTEXT_DROP)
        cw_need_feature(l->r, at, l->config->features, CW_FEATURE_CM_ERROR_CONTEXT);
    read_immediates(l, &b);
    if (!l->r->ok)
        return;
    signature s = builtin_signature(l, &b);
    cw_type_id core_type = register_signature(l, &s);

    cw_def *def = cw_add_def(l, CW_DEF_CANON, CW_SORT_CORE_FUNC, at);
    def->of.canon.builtin = id;
    def->of.canon.func = b.func;
    def->of.canon.value = b.value;
    def->of.canon.resource = b.resource;
    def->of.canon.opts = b.opts;
    def->of.canon.core_type = core_type;
    def->of.canon.imm = b.imm;
    CW_SCOPE_ADD(l, &l->scope->core_funcs, core_type);
}

void cw_read_canon(cw_loader *l)
{
    const uint8_t *at = l->r->at;
    const uint8_t code = cw_read_u8(l->r);
    if (!l->r->ok)
        return;
    const cw_canon id = cw_canon_of_code(code);
    switch (id) {
    case CW_CANON_COUNT: cw_reader_fail(l->r, at, "invalid leading byte 0x%02x for a canonical function", code); break;
    case CW_CANON_LIFT: read_lift(l, at); break;
    case CW_CANON_LOWER: read_lower(l, at); break;
    default: read_builtin(l, at, (uint8_t)id);
    }
}
