/* component/check_types.c: what may be given where something is asked for  [Explainer: Type Checking].
 *
 * Instances and components match by names: what is given may export more and import less. Everything below them
 * (function and value types) must be equal. The two sides keep their variables apart by numbered maps, since the roles
 * of what is given and what is asked for swap with every step into the imports of a component. */
#include "component/check_types.h"

#define OPEN UINT64_MAX

enum { BUDGET = 20000000 };

static uint64_t token_of_var(void *user, uint32_t var)
{
    (void)user;
    return (uint64_t)var + 1;
}

void cw_matcher_init(cw_matcher *m, const cw_alloc *alloc, const cw_types *types, cw_text *why)
{
    *m = (cw_matcher){ .alloc = alloc, .types = types, .why = why, .next_token = UINT64_C(1) << 62, .budget = BUDGET };
    m->side[CW_HAVE].token = m->side[CW_WANT].token = token_of_var;
}

void cw_matcher_fini(cw_matcher *m)
{
    cw_ptrmap_fini(&m->bound[CW_HAVE], m->alloc);
    cw_ptrmap_fini(&m->bound[CW_WANT], m->alloc);
}

/* ---- reasons ---- */

static bool no_match(cw_matcher *m, const char *format, ...) CWRUN_PRINTF(2, 3);

static bool no_match(cw_matcher *m, const char *format, ...)
{
    if (m->why) {
        va_list args;
        va_start(args, format);
        cw_text_vprintf(m->why, format, args);
        va_end(args);
    }
    return false;
}

static bool in_item(cw_matcher *m, bool ok, const char *what, cwrun_str name)
{
    if (!ok && !m->oom && !m->too_much)
        no_match(m, ", in %s `%.*s`", what, (int)name.size, name.data);
    return ok;
}

/* ---- variables ---- */

static bool set_token(cw_matcher *m, unsigned side, uint32_t var, uint64_t token)
{
    uint64_t *value = cw_ptrmap_put(&m->bound[side], m->alloc, (uint64_t)var + 1);
    if (!value) {
        m->oom = true;
        return false;
    }
    *value = token;
    return true;
}

bool cw_match_open(cw_matcher *m, uint32_t var)
{
    return set_token(m, CW_WANT, var, OPEN);
}

uint64_t cw_match_token(const cw_matcher *m, uint32_t var)
{
    const uint64_t *value = cw_ptrmap_find(&m->bound[CW_WANT], (uint64_t)var + 1);
    return value && *value != OPEN ? *value : 0;
}

static uint64_t token_of(const cw_matcher *m, unsigned side, uint32_t var)
{
    const uint64_t *value = cw_ptrmap_find(&m->bound[side], (uint64_t)var + 1);
    return value ? *value : m->side[side].token(m->side[side].user, var);
}

static bool same_resource(cw_matcher *m, unsigned have_side, uint32_t have, uint32_t want)
{
    uint64_t token = token_of(m, have_side, have);
    m->other_resource = token == OPEN || token != token_of(m, !have_side, want);
    return !m->other_resource;
}

static bool spend(cw_matcher *m)
{
    if (m->oom || m->too_much)
        return false;
    if (m->budget == 0) {
        m->too_much = true;
        return false;
    }
    m->budget--;
    return true;
}

/* ---- value and function types: equality ---- */

static bool same_value(cw_matcher *m, unsigned hs, const cwrun_type *have, const cwrun_type *want);

static bool same_optional(cw_matcher *m, unsigned hs, const cwrun_type *have, const cwrun_type *want)
{
    if (!have || !want)
        return have == want;
    return same_value(m, hs, have, want);
}

static bool same_value(cw_matcher *m, unsigned hs, const cwrun_type *have, const cwrun_type *want)
{
    if (have == want && !have->has_resource)
        return true;
    if (!spend(m) || have->kind != want->kind || have->has_resource != want->has_resource ||
        have->tree_size != want->tree_size)
        return false;
    if (have->n_fields != want->n_fields || have->length != want->length)
        return false;
    if ((have->kind == CWRUN_KIND_OWN || have->kind == CWRUN_KIND_BORROW) &&
        !same_resource(m, hs, have->resource, want->resource))
        return false;
    for (uint32_t i = 0; i < have->n_fields; i++) {
        if (!cw_str_eq(have->fields[i].name, want->fields[i].name))
            return false;
        if (!same_optional(m, hs, have->fields[i].type, want->fields[i].type))
            return false;
    }
    return same_optional(m, hs, have->elem, want->elem);
}

static bool match_value(cw_matcher *m, unsigned hs, const cwrun_type *have, const cwrun_type *want)
{
    m->other_resource = false;
    if (same_value(m, hs, have, want))
        return true;
    if (m->why && !m->oom && !m->too_much) {
        cw_text_puts(m->why, "expected ");
        cwrun_type_print(want, true, cw_text_write, m->why);
        cw_text_puts(m->why, ", found ");
        cwrun_type_print(have, true, cw_text_write, m->why);
        cw_text_puts(m->why, m->other_resource ? ": resource types are not the same" : "");
    }
    return false;
}

static bool same_func(cw_matcher *m, unsigned hs, const cw_functype *have, const cw_functype *want)
{
    if (have->n_params != want->n_params || have->is_async != want->is_async)
        return false;
    for (uint32_t i = 0; i < have->n_params; i++) {
        if (!cw_str_eq(have->params[i].name, want->params[i].name))
            return false;
        if (!same_value(m, hs, have->params[i].type, want->params[i].type))
            return false;
    }
    return same_optional(m, hs, have->result, want->result);
}

static bool match_func(cw_matcher *m, unsigned hs, const cw_functype *have, const cw_functype *want)
{
    m->other_resource = false;
    if (same_func(m, hs, have, want))
        return true;
    if (m->why && !m->oom && !m->too_much) {
        cw_text_puts(m->why, "expected ");
        cwrun_functype_print(want, cw_text_write, m->why);
        cw_text_puts(m->why, ", found ");
        cwrun_functype_print(have, cw_text_write, m->why);
        cw_text_puts(m->why, m->other_resource ? ": resource types are not the same" : "");
    }
    return false;
}

bool cw_match_func(cw_matcher *m, const cw_functype *have, const cw_functype *want)
{
    return match_func(m, CW_HAVE, have, want);
}

bool cw_match_value(cw_matcher *m, const cwrun_type *have, const cwrun_type *want)
{
    return match_value(m, CW_HAVE, have, want);
}

/* ---- modules ---- */

/* Key of an import: two names. */
static const cw_core_item *find_import(const cw_core_list *list, const cw_core_item *like)
{
    for (uint32_t i = 0; i < list->n; i++)
        if (cw_str_eq(list->items[i].name, like->name) && cw_str_eq(list->items[i].module, like->module))
            return &list->items[i];
    return NULL;
}

static bool match_module(cw_matcher *m, const cw_module_type *have, const cw_module_type *want)
{
    for (uint32_t i = 0; i < have->imports.n; i++) {
        const cw_core_item *need = &have->imports.items[i];
        for (uint32_t k = 0; k < want->imports.n; k += 64)
            if (!spend(m))
                return false;
        const cw_core_item *given = find_import(&want->imports, need);
        if (!given)
            return no_match(m, "missing expected import `%.*s::%.*s`", (int)need->module.size, need->module.data,
                            (int)need->name.size, need->name.data);
        if (!cw_externtype_matches(m->types, &given->type, &need->type))
            return no_match(m, "type mismatch in core import `%.*s::%.*s`", (int)need->module.size, need->module.data,
                            (int)need->name.size, need->name.data);
    }
    for (uint32_t i = 0; i < want->exports.n; i++) {
        const cw_core_item *need = &want->exports.items[i];
        const cw_core_item *given = cw_core_item_find(&have->exports, need->name);
        if (!spend(m))
            return false;
        if (!given)
            return no_match(m, "missing expected export `%.*s`", (int)need->name.size, need->name.data);
        if (!cw_externtype_matches(m->types, &given->type, &need->type))
            return no_match(m, "type mismatch in core export `%.*s`", (int)need->name.size, need->name.data);
    }
    return true;
}

/* ---- things ---- */

static bool match(cw_matcher *m, unsigned hs, const cw_itype *have, const cw_itype *want);

static bool match_exports(cw_matcher *m, unsigned hs, const cw_itype *have, const cw_itype *want)
{
    for (uint32_t i = 0; i < want->exports.n; i++) {
        const cw_item *need = &want->exports.items[i];
        const cw_item *given = cw_item_find(&have->exports, need->name);
        if (!given)
            return no_match(m, "missing expected export `%.*s`", (int)need->name.size, need->name.data);
        if (!in_item(m, match(m, hs, given->type, need->type), "export", need->name))
            return false;
    }
    return true;
}

static bool set_fresh(cw_matcher *m, unsigned side, const uint32_t *vars, uint32_t n)
{
    for (uint32_t i = 0; i < n; i++)
        if (!set_token(m, side, vars[i], m->next_token++))
            return false;
    return true;
}

static bool set_open(cw_matcher *m, unsigned side, const uint32_t *vars, uint32_t n)
{
    for (uint32_t i = 0; i < n; i++)
        if (!set_token(m, side, vars[i], OPEN))
            return false;
    return true;
}

static bool match_instance(cw_matcher *m, unsigned hs, const cw_itype *have, const cw_itype *want)
{
    return set_fresh(m, hs, have->vars, have->n_vars) && set_open(m, !hs, want->vars, want->n_vars) &&
           match_exports(m, hs, have, want);
}

static bool match_component(cw_matcher *m, unsigned hs, const cw_itype *have, const cw_itype *want)
{
    m->parts = NULL; /* types inside of components are closed: nobody outside names them */
    if (!set_fresh(m, !hs, want->import_vars, want->n_import_vars) ||
        !set_open(m, hs, have->import_vars, have->n_import_vars))
        return false;
    for (uint32_t i = 0; i < have->imports.n; i++) {
        const cw_item *need = &have->imports.items[i];
        const cw_item *given = cw_item_find(&want->imports, need->name);
        if (!given)
            return no_match(m, "missing expected import `%.*s`", (int)need->name.size, need->name.data);
        if (!in_item(m, match(m, !hs, given->type, need->type), "import", need->name))
            return false;
    }
    return set_fresh(m, hs, have->vars, have->n_vars) && set_open(m, !hs, want->vars, want->n_vars) &&
           match_exports(m, hs, have, want);
}

static bool note_part(cw_matcher *m, const cw_itype *have, const cw_itype *want)
{
    bool is_value = want->sort == CW_SORT_VALUE;
    if (!m->parts || (!is_value && want->sort != CW_SORT_RESOURCE))
        return true;
    uint64_t *given = cw_ptrmap_put(m->parts, m->alloc, is_value ? cw_ptr_key(want->value) : cw_ptr_key(want));
    if (!given) {
        m->oom = true;
        return false;
    }
    *given = is_value ? cw_ptr_key(have->value) : cw_ptr_key(have);
    return true;
}

static const char *described_name(const cw_itype *t)
{
    return t->sort == CW_SORT_VALUE ? "defined type" : cw_sort_name(t->sort);
}

/* (eq …) of two types, or a resource given for an abstract one. */
static bool match_type(cw_matcher *m, unsigned hs, const cw_itype *have, const cw_itype *want)
{
    if (have->sort != want->sort)
        return no_match(m, "expected %s, found %s", described_name(want), described_name(have));
    if (!note_part(m, have, want))
        return false;
    if (want->sort != CW_SORT_RESOURCE)
        return match(m, hs, have, want);

    uint64_t given = token_of(m, hs, have->resource);
    if (token_of(m, !hs, want->resource) == OPEN && given != OPEN)
        return set_token(m, !hs, want->resource, given);
    return same_resource(m, hs, have->resource, want->resource) || no_match(m, "resource types are not the same");
}

static bool match(cw_matcher *m, unsigned hs, const cw_itype *have, const cw_itype *want)
{
    if (!spend(m))
        return false;
    if (have == want && !have->has_resource)
        return true;
    if (have->sort != want->sort)
        return no_match(m, "expected %s, found %s", cw_sort_name(want->sort), cw_sort_name(have->sort));
    switch (want->sort) {
    case CW_SORT_FUNC: return match_func(m, hs, have->func, want->func);
    case CW_SORT_VALUE: return match_value(m, hs, have->value, want->value);
    case CW_SORT_TYPE: return match_type(m, hs, have->type, want->type);
    case CW_SORT_INSTANCE: return match_instance(m, hs, have, want);
    case CW_SORT_COMPONENT: {
        cw_ptrmap *parts = m->parts;
        bool ok = match_component(m, hs, have, want);
        m->parts = parts;
        return ok;
    }
    case CW_SORT_CORE_MODULE: return match_module(m, have->module, want->module);
    default: return no_match(m, "unexpected %s", cw_sort_name(want->sort));
    }
}

bool cw_match(cw_matcher *m, const cw_itype *have, const cw_itype *want)
{
    return match(m, CW_HAVE, have, want);
}

/* ---- for the linker ---- */

typedef struct offer_check {
    cw_matcher m;
    cw_offer_find find;
    void *user;
    uint64_t *tokens;
    uint32_t n_vars;
} offer_check;

/* Unbound variables of a wanted type are open. */
static uint64_t token_of_import(void *user, uint32_t var)
{
    const offer_check *c = user;
    return var < c->n_vars && c->tokens[var] ? c->tokens[var] : OPEN;
}

static uint64_t token_of_nothing(void *user, uint32_t var)
{
    (void)user;
    return (UINT64_C(3) << 62) + var; /* no token that a resource has */
}

static bool check_offer(offer_check *c, const cw_itype *want, const cw_offer *have);

static bool check_offered_type(offer_check *c, const cw_itype *want, const cw_offer *have)
{
    if (want->sort == CW_SORT_RESOURCE) {
        if (have->sort != CW_SORT_RESOURCE)
            return no_match(&c->m, "expected resource, found %s", cw_sort_name(have->sort));
        if (want->resource < c->n_vars && !c->tokens[want->resource])
            c->tokens[want->resource] = have->resource;
        return token_of_import(c, want->resource) == have->resource ||
               no_match(&c->m, "resource types are not the same");
    }
    if (have->sort != CW_SORT_TYPE)
        return no_match(&c->m, "expected type, found %s", cw_sort_name(have->sort));
    return want->sort != CW_SORT_VALUE || !have->value || cw_match_value(&c->m, have->value, want->value);
}

static bool check_offered_instance(offer_check *c, const cw_itype *want, const cw_offer *have)
{
    for (uint32_t i = 0; i < want->exports.n; i++) {
        const cw_item *need = &want->exports.items[i];
        cw_offer given = { .sort = CW_SORT_COUNT };
        if (!c->find(c->user, have->instance, need->name, &given)) {
            /* a type of values has no run-time form: it need not be given by name */
            if (need->type->sort == CW_SORT_TYPE && need->type->type->sort != CW_SORT_RESOURCE)
                continue;
            return no_match(&c->m, "missing expected export `%.*s`", (int)need->name.size, need->name.data);
        }
        if (!in_item(&c->m, check_offer(c, need->type, &given), "export", need->name))
            return false;
    }
    return true;
}

static bool check_offer(offer_check *c, const cw_itype *want, const cw_offer *have)
{
    static const cw_resolver nothing = { token_of_nothing, NULL };
    c->m.side[CW_HAVE] = have->resolver.token ? have->resolver : nothing;

    if (want->sort == CW_SORT_TYPE)
        return check_offered_type(c, want->type, have);
    if (have->sort != want->sort)
        return no_match(&c->m, "expected %s, found %s", cw_sort_name(want->sort), cw_sort_name(have->sort));
    switch (want->sort) {
    case CW_SORT_FUNC: return !have->func || cw_match_func(&c->m, have->func, want->func);
    case CW_SORT_VALUE: return !have->value || cw_match_value(&c->m, have->value, want->value);
    case CW_SORT_INSTANCE: return check_offered_instance(c, want, have);
    default: return !have->type || cw_match(&c->m, have->type, want);
    }
}

bool cw_check_offer(const cw_alloc *alloc, const cw_types *types, const cw_itype *want, const cw_offer *have,
                    cw_offer_find find, void *user, uint64_t *tokens, uint32_t n_vars, cw_text *why)
{
    offer_check c = { .find = find, .user = user, .tokens = tokens, .n_vars = n_vars };
    cw_matcher_init(&c.m, alloc, types, why);
    c.m.side[CW_WANT] = (cw_resolver){ token_of_import, &c };
    bool ok = check_offer(&c, want, have);
    if (!ok && c.m.oom)
        no_match(&c.m, "out of memory");
    if (!ok && c.m.too_much)
        no_match(&c.m, "its type is too big to be compared");
    cw_matcher_fini(&c.m);
    return ok;
}
