/* text/component.c: definitions of components, in the order of the text  [Explainer: Component Definitions]. */
#include "text/component.h"

#include "base/str.h"

void cw_component_text_init(cw_component_text *c, cw_parser *p, const cw_words *words)
{
    *c = (cw_component_text){ .p = p, .words = words };
    cw_bytes_init(&c->nothing, &p->alloc);
}

void cw_component_text_fini(cw_component_text *c)
{
    CW_VEC_FINI(&c->queue, &c->p->alloc);
    cw_bytes_fini(&c->nothing);
}

/* ---- inline imports and exports ---- */

/* "(word name)" or "(word (interface name))": nothing but a name. */
static bool at_lone_name(const cw_parser *p, uint16_t word)
{
    if (!cw_at_form(p, word))
        return false;
    const cw_token *close = cw_token_close(p, p->at), *t = p->at + 2;
    if (t->kind == CW_TOKEN_OPEN && t[1].kind == CW_TOKEN_ATOM && t[1].word == CW_WORD_INTERFACE)
        return cw_token_close(p, t) + 1 == close;
    if (t->kind != CW_TOKEN_STRING)
        return false;
    for (t++; t < close; t = cw_token_close(p, t) + 1)
        if (t->kind != CW_TOKEN_OPEN || t[1].kind != CW_TOKEN_ATOM ||
            (t[1].word != CW_WORD_IMPLEMENTS && t[1].word != CW_WORD_VERSION_SUFFIX &&
             t[1].word != CW_WORD_VERSIONSUFFIX && t[1].word != CW_WORD_EXTERNAL_ID))
            return false;
    return true;
}

bool cw_at_inline_import(const cw_parser *p)
{
    return at_lone_name(p, CW_WORD_IMPORT);
}

void cw_skip_inline_exports(cw_component_text *c, const cw_token **first)
{
    cw_parser *p = c->p;
    *first = p->at;
    while (at_lone_name(p, CW_WORD_EXPORT))
        p->at = cw_token_close(p, p->at) + 1;
}

void cw_keep_inline_exports(cw_component_text *c, const cw_token *first, uint8_t sort, uint32_t index)
{
    cw_parser *p = c->p;
    if (!p->ok)
        return;
    const cw_token *here = p->at;
    for (p->at = first; at_lone_name(p, CW_WORD_EXPORT); p->at = cw_token_close(p, p->at) + 1) {
        cw_late_export *e = CW_VEC_PUSH(&c->scope->late, &p->alloc);
        if (!e) {
            cw_parse_oom(p);
            return;
        }
        *e = (cw_late_export){ p->at + 2, sort, index };
    }
    p->at = here;
}

static void write_late_exports(cw_component_text *c)
{
    cw_parser *p = c->p;
    cw_scope_text *s = c->scope;
    const cw_token *end = p->at;
    for (uint32_t i = 0; i < s->late.n && p->ok; i++) {
        const cw_late_export *e = &s->late.items[i];
        cw_bytes entry;
        cw_bytes_init(&entry, &p->alloc);
        p->at = e->name;
        cw_write_extern_name(c, &entry);
        cw_write_sort(&entry, e->sort);
        cw_bytes_u32(&entry, e->index);
        cw_bytes_u8(&entry, 0);
        cw_text_emit(c, CW_PART_EXPORT, &entry);
        cw_bytes_fini(&entry);
        cw_text_define(c, e->sort, NULL, (cwrun_str){ NULL, 0 });
    }
    if (p->ok)
        p->at = end;
}

/* ---- instances ---- */

/* (export "name" (sort index))* */
static void write_bundle(cw_component_text *c, cw_bytes *out, bool core)
{
    cw_parser *p = c->p;
    cw_bytes exports;
    cw_bytes_init(&exports, &p->alloc);
    uint32_t n = 0;
    for (; cw_take_form(p, CW_WORD_EXPORT); n++) {
        if (core) {
            cwrun_str name = cw_take_name(p);
            cw_bytes_vec(&exports, name.data, name.size);
        } else {
            cw_write_extern_name(c, &exports);
        }
        if (!cw_at_open(p)) {
            cw_parse_unexpected(p, "(sort index)");
            break;
        }
        const cw_token *at = p->at + 1;
        cw_take(p);
        uint8_t sort;
        if (core) {
            cw_parser prefixed = *p; /* the sort's word without `core` */
            cw_take_word(&prefixed, CW_WORD_CORE);
            uint8_t kind = prefixed.at->kind == CW_TOKEN_ATOM ? cw_extern_kind_of(prefixed.at->word) : CW_EXTERN_COUNT;
            static const uint8_t sorts[] = { CW_TEXT_CORE_FUNC, CW_TEXT_CORE_TABLE, CW_TEXT_CORE_MEMORY,
                                             CW_TEXT_CORE_GLOBAL, CW_TEXT_CORE_TAG };
            if (kind == CW_EXTERN_COUNT) {
                cw_parse_unexpected(p, "func, table, memory, global or tag");
                break;
            }
            sort = sorts[kind];
            p->at = prefixed.at + 1;
            cw_bytes_u8(&exports, kind);
        } else {
            sort = cw_take_sort(p);
            if (p->ok && sort < CW_TEXT_FUNC && sort != CW_TEXT_CORE_MODULE)
                cw_parse_fail(p, at, "unexpected token: of core sorts only modules are exported");
            if (!p->ok)
                break;
            cw_write_sort(&exports, sort);
        }
        cw_bytes_u32(&exports, cw_take_ref_inside(c, sort));
        cw_expect_close(p);
        cw_expect_close(p);
    }
    cw_bytes_u8(out, 1);
    cw_bytes_u32(out, n);
    cw_bytes_add(out, exports.data, exports.size);
    cw_bytes_fini(&exports);
}

/* An instance of exports that is written as an argument; hoisted. The cursor is behind "(instance". */
static uint32_t define_bundle(cw_component_text *c, bool core)
{
    cw_bytes entry;
    cw_bytes_init(&entry, &c->p->alloc);
    c->hoisting = false;
    write_bundle(c, &entry, core);
    c->hoisting = true;
    cw_text_emit(c, core ? CW_PART_CORE_INSTANCE : CW_PART_INSTANCE, &entry);
    cw_bytes_fini(&entry);
    return cw_text_define(c, core ? CW_TEXT_CORE_INSTANCE : CW_TEXT_INSTANCE, NULL, (cwrun_str){ NULL, 0 });
}

/* What "(with name" gives. */
static void write_argument(cw_component_text *c, cw_bytes *out, bool core)
{
    cw_parser *p = c->p;
    const cw_token *open = p->at;
    if (!cw_at_open(p)) {
        cw_parse_unexpected(p, "(sort index) or (instance");
        return;
    }
    cw_take(p);
    uint8_t sort = CW_TEXT_CORE_INSTANCE;
    if (core) {
        cw_take_word(p, CW_WORD_CORE);
        cw_expect_word(p, CW_WORD_INSTANCE);
        cw_bytes_u8(out, 0x12);
    } else {
        sort = cw_take_sort(p);
        if (!p->ok)
            return;
        cw_write_sort(out, sort);
    }
    bool bundle = (sort == CW_TEXT_INSTANCE || sort == CW_TEXT_CORE_INSTANCE) && !cw_at_index(p);
    if (!bundle) {
        cw_bytes_u32(out, cw_take_ref_inside(c, sort));
    } else if (c->hoisting) {
        cw_text_queue(c, define_bundle(c, core));
    } else {
        p->at = cw_token_close(p, open);
        cw_bytes_u32(out, cw_text_queued(c));
    }
    cw_expect_close(p);
}

/* (instantiate …) or exports, up to the closing parenthesis of the field. */
static void write_instance(cw_component_text *c, cw_bytes *out, bool core)
{
    cw_parser *p = c->p;
    if (!cw_take_form(p, CW_WORD_INSTANTIATE)) {
        write_bundle(c, out, core);
        return;
    }
    cw_bytes args;
    cw_bytes_init(&args, &p->alloc);
    cw_bytes_u8(out, 0);
    cw_bytes_u32(out, cw_take_ref(c, core ? CW_TEXT_CORE_MODULE : CW_TEXT_COMPONENT));
    uint32_t n = 0;
    for (; cw_take_form(p, CW_WORD_WITH); n++) {
        cwrun_str name = cw_take_name(p);
        cw_bytes_vec(&args, name.data, name.size);
        write_argument(c, &args, core);
        cw_expect_close(p);
    }
    cw_expect_close(p);
    cw_bytes_u32(out, n);
    cw_bytes_add(out, args.data, args.size);
    cw_bytes_fini(&args);
}

/* An inline import "(import name) type" of a thing. */
static void define_inline_import(cw_component_text *c, uint8_t sort)
{
    cw_parser *p = c->p;
    cw_bytes entry;
    cw_bytes_init(&entry, &p->alloc);
    p->at += 2;
    cw_write_extern_name(c, &entry);
    cw_expect_close(p);
    cw_text_twice t = cw_text_twice_begin(c);
    cw_take_component_typeuse(c, sort);
    cw_text_twice_turn(c, &t);
    uint32_t type = cw_take_component_typeuse(c, sort);
    cw_text_twice_end(c, &t);
    cw_write_sort(&entry, sort);
    cw_bytes_u32(&entry, type);
    cw_text_emit(c, CW_PART_IMPORT, &entry);
    cw_bytes_fini(&entry);
}

static void define_instance(cw_component_text *c, bool core)
{
    cw_parser *p = c->p;
    uint8_t sort = core ? CW_TEXT_CORE_INSTANCE : CW_TEXT_INSTANCE;
    const cw_token *id = cw_take_id(p), *exports = NULL;
    cwrun_str annotated;
    cw_take_name_annotation(p, &annotated);
    if (!core) {
        /* "(export name (…))" is an export of the instance, "(export name)" one of the component */
        cw_skip_inline_exports(c, &exports);
    }
    if (!core && cw_at_inline_import(p)) {
        define_inline_import(c, sort);
    } else {
        cw_bytes entry;
        cw_bytes_init(&entry, &p->alloc);
        cw_text_twice t = cw_text_twice_begin(c);
        write_instance(c, &c->nothing, core);
        cw_text_twice_turn(c, &t);
        write_instance(c, &entry, core);
        cw_text_twice_end(c, &t);
        cw_text_emit(c, core ? CW_PART_CORE_INSTANCE : CW_PART_INSTANCE, &entry);
        cw_bytes_fini(&entry);
    }
    cw_expect_close(p);
    uint32_t index = cw_text_define(c, sort, id, annotated);
    if (exports)
        cw_keep_inline_exports(c, exports, sort, index);
}

/* ---- modules and components ---- */

static void define_core_module(cw_component_text *c)
{
    cw_parser *p = c->p;
    const cw_token *start = p->at, *id = cw_take_id(p), *exports;
    cwrun_str annotated;
    cw_take_name_annotation(p, &annotated);
    cwrun_str own;
    bool has_own = cw_take_own_name(p, &own);
    const cw_token *behind = p->at;
    cw_skip_inline_exports(c, &exports);
    if (cw_at_inline_import(p)) {
        define_inline_import(c, CW_TEXT_CORE_MODULE);
    } else {
        cw_bytes entry;
        cw_bytes_init(&entry, &p->alloc);
        if (p->at == behind) {
            p->at = start;
            cw_encode_module(p, c->words, &entry);
        } else {
            if (p->at->kind == CW_TOKEN_ID || cw_at_annotation(p, CW_ANNOTATION_NAME))
                cw_parse_unexpected(p, "a module field");
            cw_module_text m; /* the name stands before the exports */
            cw_module_text_init(&m, p);
            m.name = has_own ? own : annotated.data ? annotated : id ? cw_id_name(p, id) : annotated;
            cw_module_text_write(&m, &entry);
            cw_module_text_fini(&m);
        }
        cw_text_emit(c, CW_PART_CORE_MODULE, &entry);
        cw_bytes_fini(&entry);
    }
    cw_expect_close(p);
    uint32_t index = cw_text_define(c, CW_TEXT_CORE_MODULE, id, annotated);
    cw_keep_inline_exports(c, exports, CW_TEXT_CORE_MODULE, index);
}

static void write_fields(cw_component_text *c);

/* A component's bytes, fields from the cursor on. */
static void write_component(cw_component_text *c, cw_bytes *out, const cw_token *id, cwrun_str annotated)
{
    static const uint8_t preamble[] = { 0, 'a', 's', 'm', 0x0d, 0, 1, 0 };
    cw_parser *p = c->p;
    cwrun_str name = id ? cw_id_name(p, id) : (cwrun_str){ NULL, 0 }, own;
    bool has_own = cw_take_own_name(p, &own);
    if (!cw_text_scope_push(c, CW_SCOPE_COMPONENT, name))
        return;
    cw_bytes_add(&c->scope->out, preamble, sizeof preamble);
    write_fields(c);
    write_late_exports(c);
    cw_text_scope_flush(c);
    cw_write_component_names(c, has_own ? own : annotated.data ? annotated : name);
    cw_bytes_add(out, c->scope->out.data, c->scope->out.size);
    cw_text_scope_pop(c);
}

static void define_component(cw_component_text *c)
{
    cw_parser *p = c->p;
    const cw_token *id = cw_take_id(p), *exports;
    cwrun_str annotated;
    cw_take_name_annotation(p, &annotated);
    cw_skip_inline_exports(c, &exports);
    if (cw_at_inline_import(p)) {
        define_inline_import(c, CW_TEXT_COMPONENT);
    } else {
        cw_bytes entry;
        cw_bytes_init(&entry, &p->alloc);
        write_component(c, &entry, id, annotated);
        cw_text_emit(c, CW_PART_COMPONENT, &entry);
        cw_bytes_fini(&entry);
    }
    cw_expect_close(p);
    uint32_t index = cw_text_define(c, CW_TEXT_COMPONENT, id, annotated);
    cw_keep_inline_exports(c, exports, CW_TEXT_COMPONENT, index);
}

/* ---- exports, start, custom sections ---- */

/* (sort index "name"…): a reference to anything that can be exported. */
static uint8_t write_item(cw_component_text *c, cw_bytes *out, uint32_t *index)
{
    cw_parser *p = c->p;
    if (!cw_at_open(p)) {
        cw_parse_unexpected(p, "(sort index)");
        return CW_TEXT_FUNC;
    }
    cw_take(p);
    const cw_token *at = p->at;
    uint8_t sort = cw_take_sort(p);
    if (p->ok && sort < CW_TEXT_FUNC && sort != CW_TEXT_CORE_MODULE)
        cw_parse_fail(p, at, "unexpected token: of core sorts only modules are exported");
    if (!p->ok)
        return CW_TEXT_FUNC;
    cw_write_sort(out, sort);
    *index = cw_take_ref_inside(c, sort);
    cw_bytes_u32(out, *index);
    cw_expect_close(p);
    return sort;
}

static void define_export(cw_component_text *c)
{
    cw_parser *p = c->p;
    const cw_token *id = cw_take_id(p);
    cwrun_str annotated;
    cw_take_name_annotation(p, &annotated);
    cw_bytes entry, type;
    cw_bytes_init(&entry, &p->alloc);
    cw_bytes_init(&type, &p->alloc);
    cw_write_extern_name(c, &entry);
    const cw_token *item = p->at;
    if (!cw_at_open(p))
        cw_parse_unexpected(p, "(sort index)");
    else
        p->at = cw_token_close(p, item) + 1;
    bool typed = p->ok && !cw_at_close(p);
    if (typed) { /* the type is resolved before the item */
        cw_text_twice t = cw_text_twice_begin(c);
        cw_write_extern_type(c, &c->nothing, NULL, NULL);
        cw_text_twice_turn(c, &t);
        cw_write_extern_type(c, &type, NULL, NULL);
        cw_text_twice_end(c, &t);
    }
    const cw_token *end = p->at;
    if (p->ok)
        p->at = item;
    uint32_t index = 0;
    uint8_t sort = write_item(c, &entry, &index);
    if (p->ok)
        p->at = end;
    cw_bytes_u8(&entry, typed);
    cw_bytes_add(&entry, type.data, type.size);
    cw_text_emit(c, CW_PART_EXPORT, &entry);
    cw_bytes_fini(&entry);
    cw_bytes_fini(&type);
    cw_expect_close(p);
    if (sort == CW_TEXT_TYPE)
        cw_text_keep_same_type(c, c->scope, index);
    cw_text_define(c, sort, id, annotated);
}

static void define_start(cw_component_text *c)
{
    cw_parser *p = c->p;
    cw_bytes entry, args;
    cw_bytes_init(&entry, &p->alloc);
    cw_bytes_init(&args, &p->alloc);
    if (c->scope->starts)
        cw_parse_fail(p, p->at - 1, "component cannot have more than one start function");
    c->scope->starts = true;
    cw_bytes_u32(&entry, cw_take_ref(c, CW_TEXT_FUNC));
    uint32_t n = 0, results = 0;
    for (; cw_at_form(p, CW_WORD_VALUE); n++)
        cw_bytes_u32(&args, cw_take_ref(c, CW_TEXT_VALUE));
    for (; cw_take_form(p, CW_WORD_RESULT); results++) {
        cw_expect_open(p, CW_WORD_VALUE);
        const cw_token *id = cw_take_id(p);
        cwrun_str annotated;
        cw_take_name_annotation(p, &annotated);
        cw_text_define(c, CW_TEXT_VALUE, id, annotated);
        cw_expect_close(p);
        cw_expect_close(p);
    }
    cw_bytes_u32(&entry, n);
    cw_bytes_add(&entry, args.data, args.size);
    cw_bytes_u32(&entry, results);
    cw_text_emit(c, CW_PART_START, &entry);
    cw_bytes_fini(&entry);
    cw_bytes_fini(&args);
    cw_expect_close(p);
}

static void define_custom(cw_component_text *c)
{
    cw_parser *p = c->p;
    cw_bytes entry;
    cw_bytes_init(&entry, &p->alloc);
    if (cw_at_annotation(p, CW_ANNOTATION_PRODUCERS)) {
        cw_bytes_vec(&entry, "producers", 9);
        cw_write_producers(p, &entry);
    } else {
        cw_take(p);
        cwrun_str name = cw_take_name(p);
        /* names that the text gives itself: identifiers make no others */
        c->scope->gives_names = c->scope->gives_names || cw_str_eq_c(name, "component-name");
        cw_bytes_vec(&entry, name.data, name.size);
        cw_take_strings(p, &entry);
        cw_expect_close(p);
    }
    cw_text_emit(c, CW_PART_CUSTOM, &entry);
    cw_bytes_fini(&entry);
}

/* "core type", "alias": the section of such entries. */
static uint8_t take_part(cw_parser *p)
{
    static const struct {
        uint16_t word;
        uint8_t core, part;
    } parts[] = {
        { CW_WORD_INSTANCE, CW_PART_CORE_INSTANCE, CW_PART_INSTANCE },
        { CW_WORD_TYPE, CW_PART_CORE_TYPE, CW_PART_TYPE },
        { CW_WORD_ALIAS, CW_PART_NONE, CW_PART_ALIAS },
        { CW_WORD_CANON, CW_PART_NONE, CW_PART_CANON },
        { CW_WORD_IMPORT, CW_PART_NONE, CW_PART_IMPORT },
        { CW_WORD_EXPORT, CW_PART_NONE, CW_PART_EXPORT },
        { CW_WORD_VALUE, CW_PART_NONE, CW_PART_VALUE },
    };
    bool core = cw_take_word(p, CW_WORD_CORE);
    for (unsigned i = 0; i < sizeof parts / sizeof *parts; i++) {
        uint8_t part = core ? parts[i].core : parts[i].part;
        if (part != CW_PART_NONE && cw_take_word(p, parts[i].word))
            return part;
    }
    cw_parse_unexpected(p, "core instance, core type, instance, alias, type, canon, import, export or value");
    return CW_PART_NONE;
}

/* (core func) (instance) …: the order of what the name section has, where it is not the usual one */
static void take_names_order(cw_component_text *c)
{
    cw_parser *p = c->p;
    cw_scope_text *s = c->scope;
    while (p->ok && cw_at_open(p)) {
        const cw_token *at = p->at;
        cw_take(p);
        uint8_t sort = cw_take_sort(p);
        cw_expect_close(p);
        if (p->ok && s->n_names_order == CW_TEXT_NAME_PARTS)
            cw_parse_fail(p, at, "too many sorts of names");
        else if (p->ok)
            s->names_order[s->n_names_order++] = sort;
    }
}

/* (@cwrun.names (func) …), (@cwrun.section), (@cwrun.empty alias) */
static void take_marker(cw_component_text *c)
{
    cw_parser *p = c->p;
    cw_scope_text *s = c->scope;
    uint16_t marker = p->at->word;
    cw_take(p);
    cw_text_scope_flush(c);
    if (marker == CW_ANNOTATION_EMPTY) {
        s->part = take_part(p);
        cw_text_scope_flush(c);
    } else if (marker == CW_ANNOTATION_NAMES) {
        s->names_at = s->out.size;
        take_names_order(c);
    }
    cw_expect_close(p);
}

/* ---- fields ---- */

/* The cursor is behind "(core". */
static void define_core(cw_component_text *c)
{
    cw_parser *p = c->p;
    if (cw_take_word(p, CW_WORD_MODULE))
        define_core_module(c);
    else if (cw_take_word(p, CW_WORD_INSTANCE))
        define_instance(c, true);
    else if (cw_at_word(p, CW_WORD_TYPE) || cw_at_word(p, CW_WORD_REC))
        cw_define_core_type(c);
    else if (cw_take_word(p, CW_WORD_FUNC))
        cw_define_core_func(c);
    else
        cw_parse_unexpected(p, "module, instance, type, rec or func");
}

static void write_field(cw_component_text *c)
{
    cw_parser *p = c->p;
    if (cw_at_annotation(p, CW_ANNOTATION_CUSTOM) || cw_at_annotation(p, CW_ANNOTATION_PRODUCERS)) {
        define_custom(c);
        return;
    }
    if (cw_at_annotation(p, CW_ANNOTATION_NAMES) || cw_at_annotation(p, CW_ANNOTATION_SECTION) ||
        cw_at_annotation(p, CW_ANNOTATION_EMPTY)) {
        take_marker(c);
        return;
    }
    if (!cw_at_open(p)) {
        cw_parse_unexpected(p, "a definition");
        return;
    }
    cw_take(p);
    uint16_t word = p->at->kind == CW_TOKEN_ATOM ? p->at->word : 0;
    const cw_token *at = p->at;
    cw_take(p);
    switch (word) {
    case CW_WORD_CORE: define_core(c); break;
    case CW_WORD_COMPONENT: define_component(c); break;
    case CW_WORD_INSTANCE: define_instance(c, false); break;
    case CW_WORD_ALIAS:
        cw_write_alias(c);
        cw_expect_close(p);
        break;
    case CW_WORD_TYPE: cw_define_type(c, true); break;
    case CW_WORD_IMPORT: cw_define_import(c); break;
    case CW_WORD_EXPORT: define_export(c); break;
    case CW_WORD_FUNC: cw_define_func(c); break;
    case CW_WORD_START: define_start(c); break;
    case CW_WORD_VALUE: cw_define_value(c); break;
    case CW_WORD_CANON:
        cw_define_canon(c);
        cw_expect_close(p);
        break;
    default: p->at = p->ok ? at : p->at; cw_parse_unexpected(p, "a definition");
    }
}

static void write_fields(cw_component_text *c)
{
    cw_parser *p = c->p;
    while (p->ok && !cw_at_close(p) && !cw_at_end(p))
        write_field(c);
}

bool cw_component_text_write(cw_component_text *c, cw_bytes *out)
{
    cw_parser *p = c->p;
    const cw_token *id = cw_take_id(p);
    cwrun_str annotated;
    cw_take_name_annotation(p, &annotated);
    write_component(c, out, id, annotated);
    return p->ok;
}
