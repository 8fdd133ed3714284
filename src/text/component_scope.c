/* text/component_scope.c: scopes and their index spaces: defining, finding, aliasing; sections; names. */
#include "base/str.h"
#include "text/component.h"

static const struct {
    const char *what;
    uint16_t word;
    uint8_t core, code;
} sorts[CW_TEXT_SORTS] = {
    [CW_TEXT_CORE_FUNC] = { "core func", CW_WORD_FUNC, 1, 0x00 },
    [CW_TEXT_CORE_TABLE] = { "core table", CW_WORD_TABLE, 1, 0x01 },
    [CW_TEXT_CORE_MEMORY] = { "core memory", CW_WORD_MEMORY, 1, 0x02 },
    [CW_TEXT_CORE_GLOBAL] = { "core global", CW_WORD_GLOBAL, 1, 0x03 },
    [CW_TEXT_CORE_TAG] = { "core tag", CW_WORD_TAG, 1, 0x04 },
    [CW_TEXT_CORE_TYPE] = { "core type", CW_WORD_TYPE, 1, 0x10 },
    [CW_TEXT_CORE_MODULE] = { "core module", CW_WORD_MODULE, 1, 0x11 },
    [CW_TEXT_CORE_INSTANCE] = { "core instance", CW_WORD_INSTANCE, 1, 0x12 },
    [CW_TEXT_FUNC] = { "func", CW_WORD_FUNC, 0, 0x01 },
    [CW_TEXT_VALUE] = { "value", CW_WORD_VALUE, 0, 0x02 },
    [CW_TEXT_TYPE] = { "type", CW_WORD_TYPE, 0, 0x03 },
    [CW_TEXT_COMPONENT] = { "component", CW_WORD_COMPONENT, 0, 0x04 },
    [CW_TEXT_INSTANCE] = { "instance", CW_WORD_INSTANCE, 0, 0x05 },
};

static cw_space *space(cw_scope_text *s, uint8_t sort)
{
    return sort == CW_TEXT_CORE_TYPE ? &s->core.spaces[CW_SPACE_TYPE] : &s->spaces[sort];
}

/* ---- scopes ---- */

bool cw_text_scope_push(cw_component_text *c, uint8_t kind, cwrun_str id)
{
    cw_parser *p = c->p;
    cw_scope_text *s = c->depth < CW_TEXT_DEPTH ? cw_new(&p->alloc, sizeof *s) : NULL;
    if (!s) {
        if (c->depth < CW_TEXT_DEPTH)
            cw_parse_oom(p);
        else
            cw_parse_fail(p, p->at, "nesting too deep");
        return false;
    }
    c->depth++;
    s->parent = c->scope;
    s->kind = kind;
    s->id = id;
    s->part = CW_PART_NONE;
    for (unsigned i = 0; i < CW_TEXT_SORTS; i++)
        s->spaces[i].what = sorts[i].what;
    cw_module_text_init(&s->core, p);
    cw_bytes_init(&s->out, &p->alloc);
    cw_bytes_init(&s->section, &p->alloc);
    c->scope = s;
    return true;
}

void cw_text_scope_pop(cw_component_text *c)
{
    cw_scope_text *s = c->scope;
    const cw_alloc *a = &c->p->alloc;
    for (unsigned i = 0; i < CW_TEXT_SORTS; i++) {
        cw_space_fini(&s->spaces[i], a);
        CW_VEC_FINI(&s->names[i], a);
    }
    cw_module_text_fini(&s->core);
    cw_bytes_fini(&s->out);
    cw_bytes_fini(&s->section);
    CW_VEC_FINI(&s->types, a);
    CW_VEC_FINI(&s->late, a);
    c->scope = s->parent;
    c->depth--;
    cw_free(a, s, sizeof *s);
}

void cw_text_scope_flush(cw_component_text *c)
{
    cw_scope_text *s = c->scope;
    if (s->part != CW_PART_NONE) {
        cw_bytes head;
        cw_bytes_init(&head, &c->p->alloc);
        cw_bytes_u32(&head, s->n);
        cw_bytes_u8(&s->out, s->part);
        cw_bytes_unsigned(&s->out, head.size + s->section.size);
        cw_bytes_add(&s->out, head.data, head.size);
        cw_bytes_add(&s->out, s->section.data, s->section.size);
        cw_bytes_fini(&head);
    }
    s->part = CW_PART_NONE;
    s->section.size = 0;
    s->n = 0;
}

static uint8_t decl_of(uint8_t kind, uint8_t part)
{
    bool module = kind == CW_SCOPE_MODULE_TYPE;
    switch (part) {
    case CW_PART_CORE_TYPE: return module ? 1 : 0;
    case CW_PART_TYPE: return 1;
    case CW_PART_ALIAS: return 2;
    case CW_PART_IMPORT: return module ? 0 : 3;
    default: return module ? 3 : 4;
    }
}

void cw_text_emit(cw_component_text *c, uint8_t part, const cw_bytes *entry)
{
    cw_scope_text *s = c->scope;
    if (s->kind != CW_SCOPE_COMPONENT) {
        cw_bytes_u8(&s->out, decl_of(s->kind, part));
        cw_bytes_add(&s->out, entry->data, entry->size);
        s->n++;
        return;
    }
    bool alone =
        part == CW_PART_CORE_MODULE || part == CW_PART_COMPONENT || part == CW_PART_START || part == CW_PART_CUSTOM;
    if (part != s->part || alone)
        cw_text_scope_flush(c);
    if (alone) {
        cw_bytes_u8(&s->out, part);
        cw_bytes_vec(&s->out, entry->data, entry->size);
    } else {
        s->part = part;
        cw_bytes_add(&s->section, entry->data, entry->size);
        s->n++;
    }
}

/* ---- defining ---- */

uint32_t cw_text_define(cw_component_text *c, uint8_t sort, const cw_token *id, cwrun_str annotated)
{
    cw_scope_text *s = c->scope;
    uint32_t index = cw_space_add(c->p, space(s, sort), id);
    if (sort == CW_TEXT_CORE_TYPE) { /* a place among the core types, whose definition nobody asks for */
        cw_type_text *type = CW_VEC_PUSH(&s->core.types, &c->p->alloc);
        if (type)
            *type = (cw_type_text){ .fields = { .what = "field" } };
        else
            cw_parse_oom(c->p);
    }
    if (s->kind == CW_SCOPE_COMPONENT)
        cw_add_naming(&s->core, &s->names[sort], index, id, annotated);
    return index;
}

void cw_write_sort(cw_bytes *out, uint8_t sort)
{
    if (sorts[sort].core)
        cw_bytes_u8(out, 0);
    cw_bytes_u8(out, sorts[sort].code);
}

uint8_t cw_take_sort(cw_parser *p)
{
    bool core = cw_take_word(p, CW_WORD_CORE);
    for (uint8_t sort = 0; sort < CW_TEXT_SORTS; sort++)
        if (sorts[sort].core == core && cw_take_word(p, sorts[sort].word))
            return sort;
    cw_parse_unexpected(p, core ? "a core sort" : "func, value, type, component, instance or core");
    return CW_TEXT_SORTS;
}

/* ---- finding ---- */

static bool may_cross(uint8_t sort)
{
    return sort == CW_TEXT_CORE_MODULE || sort == CW_TEXT_CORE_TYPE || sort == CW_TEXT_TYPE ||
           sort == CW_TEXT_COMPONENT;
}

static uint32_t alias_outer(cw_component_text *c, uint8_t sort, uint32_t depth, uint32_t index, const cw_token *id,
                            cwrun_str annotated)
{
    cw_bytes entry;
    cw_bytes_init(&entry, &c->p->alloc);
    if (c->scope->kind == CW_SCOPE_MODULE_TYPE)
        cw_bytes_u8(&entry, 0x10), cw_bytes_u8(&entry, 1);
    else
        cw_write_sort(&entry, sort), cw_bytes_u8(&entry, 2);
    cw_bytes_u32(&entry, depth);
    cw_bytes_u32(&entry, index);
    cw_text_emit(c, CW_PART_ALIAS, &entry);
    cw_bytes_fini(&entry);
    const cw_scope_text *scope = c->scope;
    for (; scope && depth; depth--)
        scope = scope->parent;
    if (sort == CW_TEXT_TYPE)
        cw_text_keep_same_type(c, scope, index);
    return cw_text_define(c, sort, id, annotated);
}

static uint32_t alias_export(cw_component_text *c, uint8_t sort, uint32_t instance, cwrun_str name, const cw_token *id,
                             cwrun_str annotated)
{
    cw_bytes entry;
    cw_bytes_init(&entry, &c->p->alloc);
    bool core = sorts[sort].core && sort != CW_TEXT_CORE_MODULE;
    cw_write_sort(&entry, sort);
    cw_bytes_u8(&entry, core);
    cw_bytes_u32(&entry, instance);
    cw_bytes_vec(&entry, name.data, name.size);
    cw_text_emit(c, CW_PART_ALIAS, &entry);
    cw_bytes_fini(&entry);
    return cw_text_define(c, sort, id, annotated);
}

uint32_t cw_text_resolve(cw_component_text *c, uint8_t sort)
{
    cw_parser *p = c->p;
    if (c->hoisting) {
        if (cw_at_index(p))
            cw_take(p);
        else
            cw_parse_unexpected(p, "an index");
        return 0;
    }
    const cw_token *id = p->at;
    if (id->kind != CW_TOKEN_ID)
        return cw_take_index(p, space(c->scope, sort));
    cwrun_str name = cw_id_name(p, id);
    uint32_t depth = 0;
    for (cw_scope_text *s = c->scope; s; s = s->parent, depth++) {
        const uint64_t *found = cw_map_find(&space(s, sort)->names, name);
        if (!found)
            continue;
        cw_take(p);
        if (depth == 0)
            return (uint32_t)*found;
        if (!may_cross(sort)) {
            cw_parse_fail(p, id, "outer item `%.*s` is not a module, type, or component", (int)name.size, name.data);
            return 0;
        }
        return alias_outer(c, sort, depth, (uint32_t)*found, NULL, (cwrun_str){ NULL, 0 });
    }
    cw_parse_fail(p, id, "unknown %s: failed to find name `$%.*s`", sorts[sort].what, (int)name.size, name.data);
    return 0;
}

uint32_t cw_take_ref_inside(cw_component_text *c, uint8_t sort)
{
    cw_parser *p = c->p;
    const cw_token *index = p->at;
    if (!cw_at_index(p)) {
        cw_parse_unexpected(p, "an index");
        return 0;
    }
    if (index[1].kind != CW_TOKEN_STRING)
        return cw_text_resolve(c, sort);
    bool core = sorts[sort].core && sort != CW_TEXT_CORE_MODULE;
    if (core && sort >= CW_TEXT_CORE_TYPE) {
        cw_parse_fail(p, index, "core instances cannot export this kind of item");
        return 0;
    }
    uint32_t at = cw_text_resolve(c, core ? CW_TEXT_CORE_INSTANCE : CW_TEXT_INSTANCE);
    while (p->at->kind == CW_TOKEN_STRING) {
        cwrun_str name = cw_take_name(p);
        bool last = core || p->at->kind != CW_TOKEN_STRING;
        if (!c->hoisting)
            at = alias_export(c, last ? sort : CW_TEXT_INSTANCE, at, name, NULL, (cwrun_str){ NULL, 0 });
        if (core)
            break;
    }
    return at;
}

uint32_t cw_take_ref(cw_component_text *c, uint8_t sort)
{
    cw_parser *p = c->p;
    if (!cw_at_open(p))
        return cw_text_resolve(c, sort);
    cw_take(p);
    if (sort <= CW_TEXT_CORE_TAG) /* without "core" it would be the form of older tools */
        cw_expect_word(p, CW_WORD_CORE);
    else if (sorts[sort].core)
        cw_take_word(p, CW_WORD_CORE);
    cw_expect_word(p, sorts[sort].word);
    uint32_t index = cw_take_ref_inside(c, sort);
    cw_expect_close(p);
    return index;
}

/* ---- alias definitions: behind "(alias" ---- */

static void write_outer_alias(cw_component_text *c)
{
    cw_parser *p = c->p;
    uint32_t depth = 0;
    const cw_token *outer = p->at;
    bool numbers = outer->kind != CW_TOKEN_ID;
    cw_scope_text *s = c->scope;
    if (numbers) {
        depth = cw_take_u32(p);
        for (uint32_t i = 0; i < depth && s; i++)
            s = s->parent;
    } else {
        cwrun_str name = cw_id_name(p, outer);
        for (; s && !(s->id.data && cw_str_eq(s->id, name)); s = s->parent)
            depth++;
        if (!s)
            cw_parse_fail(p, outer, "outer component `%.*s` not found", (int)name.size, name.data);
        else
            cw_take(p);
    }
    const cw_token *item = p->at;
    cw_take(p);
    if (!cw_at_open(p)) {
        cw_parse_unexpected(p, "(sort $id)");
        return;
    }
    cw_take(p);
    uint8_t sort = CW_TEXT_CORE_TYPE;
    if (c->scope->kind == CW_SCOPE_MODULE_TYPE)
        cw_expect_word(p, CW_WORD_TYPE);
    else
        sort = cw_take_sort(p);
    if (p->ok && !may_cross(sort))
        cw_parse_fail(p, item, "unexpected token: an outer alias is of a core module, core type, component or type");
    const cw_token *id = cw_take_id(p);
    cwrun_str annotated;
    cw_take_name_annotation(p, &annotated);
    cw_expect_close(p);
    const cw_token *end = p->at;
    if (p->ok && !s && !(numbers && item->kind != CW_TOKEN_ID))
        cw_parse_fail(p, outer, "outer count of `%u` is too large", depth);
    if (!p->ok)
        return;
    static const cw_space none = { .what = "item" };
    p->at = item;
    uint32_t index = cw_take_index(p, s ? space(s, sort) : &none);
    p->at = p->ok ? end : p->at;
    alias_outer(c, sort, depth, index, id, annotated);
}

void cw_write_alias(cw_component_text *c)
{
    cw_parser *p = c->p;
    if (cw_take_word(p, CW_WORD_OUTER)) {
        write_outer_alias(c);
        return;
    }
    bool core = cw_take_word(p, CW_WORD_CORE);
    cw_expect_word(p, CW_WORD_EXPORT);
    uint32_t instance = cw_text_resolve(c, core ? CW_TEXT_CORE_INSTANCE : CW_TEXT_INSTANCE);
    cwrun_str name = cw_take_name(p);
    if (!cw_at_open(p)) {
        cw_parse_unexpected(p, "(sort $id)");
        return;
    }
    const cw_token *at = p->at;
    cw_take(p);
    uint8_t sort = cw_take_sort(p);
    const cw_token *id = cw_take_id(p);
    cwrun_str annotated;
    cw_take_name_annotation(p, &annotated);
    cw_expect_close(p);
    if (p->ok && core != (sorts[sort].core && sort != CW_TEXT_CORE_MODULE))
        cw_parse_fail(p, at, "unexpected token: instances of this kind do not export such items");
    if (p->ok)
        alias_export(c, sort, instance, name, id, annotated);
}

/* ---- doing things twice ---- */

cw_text_twice cw_text_twice_begin(cw_component_text *c)
{
    cw_text_twice t = { c->p->at, c->queue.n, c->queue_at, (uint32_t)c->nothing.size, c->hoisting };
    c->hoisting = true;
    return t;
}

void cw_text_twice_turn(cw_component_text *c, const cw_text_twice *t)
{
    if (c->p->ok)
        c->p->at = t->at;
    c->hoisting = false;
    c->queue_at = t->queue;
    c->nothing.size = t->nothing;
}

void cw_text_twice_end(cw_component_text *c, const cw_text_twice *t)
{
    c->queue.n = t->queue;
    c->queue_at = t->queue_at;
    c->hoisting = t->hoisting;
}

void cw_text_queue(cw_component_text *c, uint32_t index)
{
    uint32_t *slot = CW_VEC_PUSH(&c->queue, &c->p->alloc);
    if (slot)
        *slot = index;
    else
        cw_parse_oom(c->p);
}

uint32_t cw_text_queued(cw_component_text *c)
{
    return c->queue_at < c->queue.n ? c->queue.items[c->queue_at++] : 0;
}

/* ---- the component-name section ---- */

/* As the last section, or moved to where the text says. */
static void place_names(cw_component_text *c, const cw_bytes *names)
{
    cw_scope_text *s = c->scope;
    size_t at = s->names_at, end = s->out.size;
    cw_text_emit(c, CW_PART_CUSTOM, names);
    if (!at || s->out.oom)
        return;
    cw_bytes behind;
    cw_bytes_init(&behind, &c->p->alloc);
    cw_bytes_add(&behind, s->out.data + at, end - at);
    if (!behind.oom) {
        memmove(s->out.data + at, s->out.data + end, s->out.size - end);
        memcpy(s->out.data + s->out.size - (end - at), behind.data ? behind.data : (const uint8_t *)"", end - at);
    }
    cw_bytes_fini(&behind);
}

void cw_write_component_names(cw_component_text *c, cwrun_str name)
{
    cw_scope_text *s = c->scope;
    cw_bytes all, one;
    cw_bytes_init(&all, &c->p->alloc);
    cw_bytes_init(&one, &c->p->alloc);
    static const char title[] = "component-name";
    cw_bytes_vec(&all, title, sizeof title - 1);
    size_t empty = all.size;
    if (name.data) {
        cw_bytes_vec(&one, name.data, name.size);
        cw_bytes_u8(&all, 0);
        cw_bytes_vec(&all, one.data, one.size);
    }
    unsigned n = s->n_names_order ? s->n_names_order : CW_TEXT_SORTS;
    for (unsigned k = 0; k < n; k++) {
        uint8_t sort = s->n_names_order ? s->names_order[k] : (uint8_t)k;
        if (!s->names[sort].n)
            continue;
        one.size = 0;
        cw_write_sort(&one, sort);
        cw_bytes_u32(&one, s->names[sort].n);
        for (uint32_t i = 0; i < s->names[sort].n; i++) {
            cw_bytes_u32(&one, s->names[sort].items[i].index);
            cw_bytes_vec(&one, s->names[sort].items[i].name.data, s->names[sort].items[i].name.size);
        }
        cw_bytes_u8(&all, 1);
        cw_bytes_vec(&all, one.data, one.size);
    }
    if (all.size > empty && !s->gives_names)
        place_names(c, &all);
    cw_bytes_fini(&all);
    cw_bytes_fini(&one);
}
