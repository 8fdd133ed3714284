/* component/plan_check.c: a host's value, before anything of it moves; and what else is done by walking host values.
 *
 * The one idea: the quick check follows the steps of the plan and only says yes or no. The words for a no, with the
 * path to what is wrong, come from a second walk over the type, which checks the same things. */
#include "component/plan_impl.h"

#include <stdlib.h>

#include "base/str.h"
#include "base/utf.h"
#include "component/value.h"

/* ---- handles ---- */

static bool add_handle(cw_copy *c, const cwrun_type *type, uint32_t handle)
{
    if (c->n_handles == c->cap_handles) {
        uint32_t cap = c->cap_handles ? 2 * c->cap_handles : 8;
        cw_copy_handle *more = CW_ARENA_ARRAY(c->scratch, cap, cw_copy_handle);
        if (!more)
            return cw_copy_limit(c, CWRUN_LIMIT_HOST_MEMORY);
        if (c->n_handles)
            memcpy(more, c->handles, c->n_handles * sizeof *more);
        c->handles = more;
        c->cap_handles = cap;
    }
    c->handles[c->n_handles++] = (cw_copy_handle){ type, handle };
    return true;
}

static int by_handle(const void *a, const void *b)
{
    const cw_copy_handle *x = a, *y = b;
    return x->handle < y->handle ? -1 : x->handle > y->handle;
}

/* Sorts the handles and finds one that is given away and used again; 0 where there is none. */
static uint32_t find_twice(cw_copy *c)
{
    if (c->n_handles > 1)
        qsort(c->handles, c->n_handles, sizeof *c->handles, by_handle);
    for (uint32_t i = 1; i < c->n_handles; i++) {
        const cw_copy_handle *h = &c->handles[i];
        bool is_lent_only = h[0].type->kind == CWRUN_KIND_BORROW && h[-1].type->kind == CWRUN_KIND_BORROW;
        if (h[0].handle != h[-1].handle)
            continue;
        /* equal handles stand together in any order: a run of borrows alone is fine */
        if (!is_lent_only)
            return h->handle;
    }
    return 0;
}

/* ---- the quick check ---- */

static bool is_inside(const cw_copy *c, const void *ptr, uint64_t size)
{
    uintptr_t at = (uintptr_t)ptr, base = c->dst ? (uintptr_t)c->dst->base : 0;
    return base && size && at < base + c->dst->size && at + size > base;
}

static bool check_steps(const cw_plan *p, cw_copy *c, uint32_t start, const uint8_t *src);

static bool check_elements(const cw_plan *p, cw_copy *c, const cw_move *s, uint64_t n, const uint8_t *src)
{
    const cw_plan_program *program = &p->programs[s->sub];
    if (program->needs_check)
        for (uint64_t i = 0; i < n; i++)
            if (!check_steps(p, c, program->start, src + i * s->ss))
                return false;
    return true;
}

static bool check_words(const cw_plan *p, cw_copy *c, const cw_move *s, const uint8_t *from)
{
    uint64_t pointer = cw_load_word(from, CW_SIDE_HOST), n = cw_load_word(from + s->sw, CW_SIDE_HOST);
    const uint8_t *data = (const uint8_t *)(uintptr_t)pointer;
    bool is_string = s->op == CW_MOVE_STRING;
    if (n == 0)
        return true;
    if (!data || n > (is_string ? CW_MAX_STRING_BYTES : CW_MAX_LIST_BYTES / s->ss))
        return false;
    c->set_aside |= is_inside(c, data, is_string ? n : n * s->ss);
    if (is_string)
        return cw_utf8_valid(data, n, NULL);
    return s->op == CW_MOVE_LIST_PLAIN || check_elements(p, c, s, n, data);
}

static bool check_steps(const cw_plan *p, cw_copy *c, uint32_t start, const uint8_t *src)
{
    const char *why;
    for (const cw_move *s = p->steps + start;; s++) {
        const uint8_t *from = src + s->src;
        uint32_t v;
        switch (s->op) {
        case CW_MOVE_END: return true;
        case CW_MOVE_CHAR:
            if (!cw_is_scalar_value(cw_load_small(from, 4)))
                return false;
            break;
        case CW_MOVE_ENUM:
            if (cw_load_small(from, s->sw) >= s->n)
                return false;
            break;
        case CW_MOVE_CASE:
            v = cw_load_small(from, s->sw);
            if (v >= s->n)
                return false;
            s = p->steps + p->tables[s->sub + v] - 1;
            break;
        case CW_MOVE_JUMP: s = p->steps + s->sub - 1; break;
        case CW_MOVE_HANDLE:
            v = cw_load_small(from, 4);
            if (!add_handle(c, p->types[s->sub], v) ||
                (c->ops->check_handle && !c->ops->check_handle(c, p->types[s->sub], v, &why)))
                return false;
            break;
        case CW_MOVE_STRING:
        case CW_MOVE_LIST_PLAIN:
        case CW_MOVE_LIST:
            if (!check_words(p, c, s, from))
                return false;
            break;
        case CW_MOVE_REPEAT:
            if (!check_elements(p, c, s, s->n, from))
                return false;
            break;
        default: /* numbers cannot be wrong */ break;
        }
    }
}

/* ---- the check with words ---- */

/* The way from the root to a value, as a chain of frames on the C stack; types are at most CW_TYPE_MAX_DEPTH deep. */
typedef struct path {
    const struct path *up; /* NULL: the root */
    const char *word;      /* .word, where name is empty */
    cwrun_str name;        /* .name */
    uint64_t index;        /* [index], where there is neither */
} path;

typedef struct walk {
    cw_copy *c;
    const char *root;
    cwrun_str *why;
    uint32_t twice; /* the handle whose second place is looked for, or 0 */
    bool seen;
} walk;

static void add_path(cw_text *t, const walk *w, const path *at)
{
    if (!at->up) {
        cw_text_puts(t, w->root);
        return;
    }
    add_path(t, w, at->up);
    if (at->name.size)
        cw_text_printf(t, ".%.*s", (int)at->name.size, at->name.data);
    else if (at->word)
        cw_text_printf(t, ".%s", at->word);
    else
        cw_text_printf(t, "[%llu]", (unsigned long long)at->index);
}

static bool refuse(walk *w, const path *at, const char *format, ...) CWRUN_PRINTF(3, 4);

/* "path: words" into the scratch arena; false. */
static bool refuse(walk *w, const path *at, const char *format, ...)
{
    cw_text text;
    va_list args;
    cw_text_init(&text, &w->c->scratch->alloc);
    add_path(&text, w, at);
    cw_text_puts(&text, ": ");
    va_start(args, format);
    cw_text_vprintf(&text, format, args);
    va_end(args);
    *w->why = text.oom ? (cwrun_str){ NULL, 0 } : cw_arena_copy(w->c->scratch, text.data, text.size);
    cw_text_fini(&text);
    return w->why->data ? false : cw_copy_limit(w->c, CWRUN_LIMIT_HOST_MEMORY);
}

static bool walk_value(walk *w, const cwrun_type *t, const uint8_t *src, const path *at);

static bool walk_list(walk *w, const cwrun_type *t, const uint8_t *data, uint64_t n, const path *at)
{
    for (uint64_t i = 0; i < n; i++) {
        path elem = { .up = at, .index = i };
        if (!walk_value(w, t->elem, data + i * t->elem->size[CW_P8], &elem))
            return false;
    }
    return true;
}

static bool walk_handle(walk *w, const cwrun_type *t, uint32_t handle, const path *at)
{
    const char *why = "not a handle of that type";
    if (w->twice) {
        bool again = handle == w->twice && w->seen;
        w->seen |= handle == w->twice;
        return !again || refuse(w, at, "handle %u is given away and used again in the same value", handle);
    }
    if (!add_handle(w->c, t, handle))
        return false;
    return !w->c->ops->check_handle || w->c->ops->check_handle(w->c, t, handle, &why) || refuse(w, at, "%s", why);
}

static bool walk_words(walk *w, const cwrun_type *t, const uint8_t *src, const path *at)
{
    cwrun_list list;
    memcpy(&list, src, sizeof list);
    if (list.size && !list.data)
        return refuse(w, at, "NULL with a length of %zu", list.size);
    bool is_string = t->kind == CWRUN_KIND_STRING;
    uint32_t elem_size = is_string ? 1 : t->elem->size[CW_P8];
    if (list.size > CW_MAX_LIST_BYTES / elem_size)
        return refuse(w, at, "%zu elements of %u bytes are more than a call can carry", list.size, elem_size);
    if (!is_string)
        return t->elem->is_plain || walk_list(w, t, list.data, list.size, at);
    size_t bad;
    return cw_utf8_valid(list.data, list.size, &bad) || refuse(w, at, "not UTF-8 (at byte %zu)", bad);
}

/* Word of a case where types give no name. */
static const char *case_word(const cwrun_type *t, uint32_t i)
{
    return t->kind == CWRUN_KIND_OPTION ? "some" : i == 0 ? "ok" : "error";
}

static bool walk_value(walk *w, const cwrun_type *t, const uint8_t *src, const path *at)
{
    uint32_t v;
    switch (t->kind) {
    case CWRUN_KIND_CHAR:
        v = cw_load_small(src, 4);
        return cw_is_scalar_value(v) || refuse(w, at, "0x%x is not a Unicode scalar value", v);
    case CWRUN_KIND_STRING:
    case CWRUN_KIND_LIST:
    case CWRUN_KIND_MAP: return walk_words(w, t, src, at);
    case CWRUN_KIND_FIXED_LIST: return walk_list(w, t, src, t->length, at);
    case CWRUN_KIND_RECORD:
    case CWRUN_KIND_TUPLE:
        for (uint32_t i = 0; i < t->n_fields; i++) {
            path field = { .up = at, .index = i };
            if (t->kind != CWRUN_KIND_TUPLE) /* parameters are a tuple with names: args[0] */
                field.name = t->fields[i].name;
            if (!walk_value(w, t->fields[i].type, src + t->fields[i].offset[CW_P8], &field))
                return false;
        }
        return true;
    case CWRUN_KIND_VARIANT:
    case CWRUN_KIND_ENUM:
    case CWRUN_KIND_OPTION:
    case CWRUN_KIND_RESULT: {
        v = cw_load_disc(t, src);
        if (v >= t->n_fields)
            return refuse(w, at, "%u is not one of %u cases", v, t->n_fields);
        path payload = { .up = at, .name = t->fields[v].name, .word = case_word(t, v) };
        return !t->fields[v].type || walk_value(w, t->fields[v].type, src + t->payload_offset[CW_P8], &payload);
    }
    case CWRUN_KIND_OWN:
    case CWRUN_KIND_BORROW:
    case CWRUN_KIND_STREAM:
    case CWRUN_KIND_FUTURE:
    case CWRUN_KIND_ERROR_CONTEXT: return walk_handle(w, t, cw_load_small(src, 4), at);
    default: return true;
    }
}

bool cw_value_check(const cwrun_type *type, const void *src, cw_copy *c, const char *root, cwrun_str *why)
{
    walk w = { .c = c, .root = root, .why = why };
    path at = { .up = NULL };
    c->n_handles = 0;
    if (!walk_value(&w, type, src, &at))
        return false;
    w.twice = find_twice(c);
    return !w.twice || walk_value(&w, type, src, &at);
}

bool cw_plan_check(const cw_plan *p, cw_copy *c, const void *src, const char *root, cwrun_str *why)
{
    c->set_aside = p->dst.place != CW_PLACE_FLAT && is_inside(c, src, p->src_type->size[CW_P8]);
    c->n_handles = 0;
    c->checked = true;
    if (!p->needs_check || (check_steps(p, c, 0, src) && find_twice(c) == 0))
        return true;
    c->checked = false;
    if (c->fail_kind || !cw_value_check(p->src_type, src, c, root, why))
        return false;
    *why = CW_STR("the value changes while it is checked");
    return false;
}

/* ---- every handle of a value ---- */

static void each_handle(const cwrun_type *t, uint8_t *at, cw_value_handle_fn fn, void *user)
{
    if (!t || !t->has_handles)
        return;
    cwrun_list list;
    uint32_t v;
    switch (t->kind) {
    case CWRUN_KIND_LIST:
    case CWRUN_KIND_MAP:
        memcpy(&list, at, sizeof list);
        for (size_t i = 0; i < list.size; i++)
            each_handle(t->elem, (uint8_t *)(uintptr_t)list.data + i * t->elem->size[CW_P8], fn, user);
        break;
    case CWRUN_KIND_FIXED_LIST:
        for (uint32_t i = 0; i < t->length; i++)
            each_handle(t->elem, at + i * t->elem->size[CW_P8], fn, user);
        break;
    case CWRUN_KIND_RECORD:
    case CWRUN_KIND_TUPLE:
        for (uint32_t i = 0; i < t->n_fields; i++)
            each_handle(t->fields[i].type, at + t->fields[i].offset[CW_P8], fn, user);
        break;
    case CWRUN_KIND_VARIANT:
    case CWRUN_KIND_OPTION:
    case CWRUN_KIND_RESULT:
        v = cw_load_disc(t, at);
        if (v < t->n_fields)
            each_handle(t->fields[v].type, at + t->payload_offset[CW_P8], fn, user);
        break;
    case CWRUN_KIND_OWN:
    case CWRUN_KIND_BORROW:
    case CWRUN_KIND_STREAM:
    case CWRUN_KIND_FUTURE:
    case CWRUN_KIND_ERROR_CONTEXT:
        v = cw_load_small(at, 4);
        fn(user, t, &v);
        cw_store_small(at, 4, v);
        break;
    default: break;
    }
}

void cw_value_handles(const cwrun_type *type, void *value, cw_value_handle_fn fn, void *user)
{
    each_handle(type, value, fn, user);
}
