/* text/component_types.c: types of components, of their imports and exports, and core types  [Explainer: Type
 * Definitions].
 *
 * A type written where an index belongs is defined before the definition that it stands in: while hoisting, as a
 * definition of its own; while writing, its index comes from the queue. */
#include "base/leb.h"
#include "base/str.h"
#include "text/component.h"

/* ---- value types ---- */

static uint8_t primitive(uint16_t word)
{
    switch (word) {
    case CW_WORD_BOOL: return 0x7f;
    case CW_WORD_S8: return 0x7e;
    case CW_WORD_U8: return 0x7d;
    case CW_WORD_S16: return 0x7c;
    case CW_WORD_U16: return 0x7b;
    case CW_WORD_S32: return 0x7a;
    case CW_WORD_U32: return 0x79;
    case CW_WORD_S64: return 0x78;
    case CW_WORD_U64: return 0x77;
    case CW_WORD_FLOAT32:
    case CW_WORD_F32: return 0x76;
    case CW_WORD_FLOAT64:
    case CW_WORD_F64: return 0x75;
    case CW_WORD_CHAR: return 0x74;
    case CW_WORD_STRING: return 0x73;
    case CW_WORD_ERROR_CONTEXT: return 0x64;
    default: return 0;
    }
}

static uint8_t at_primitive(const cw_parser *p)
{
    return p->at->kind == CW_TOKEN_ATOM ? primitive(p->at->word) : 0;
}

static bool at_valtype(const cw_parser *p)
{
    return at_primitive(p) || cw_at_index(p) || (cw_at_open(p) && !cw_at_form(p, CW_WORD_ERROR));
}

static void write_deftype(cw_component_text *c, cw_bytes *out, cwrun_str id);
static void skip(cw_component_text *c)
{
    cw_parser *p = c->p;
    if (p->ok)
        p->at = cw_token_close(p, p->at) + 1;
}

/* Defines a type that is written in place; `write` takes it from the cursor. */
static uint32_t define_inline(cw_component_text *c, void (*write)(cw_component_text *c, cw_bytes *out))
{
    cw_parser *p = c->p;
    if (++c->depth > CW_TEXT_DEPTH)
        cw_parse_fail(p, p->at, "nesting too deep");
    cw_text_twice t = cw_text_twice_begin(c);
    write(c, &c->nothing);
    cw_text_twice_turn(c, &t);
    cw_bytes entry;
    cw_bytes_init(&entry, &p->alloc);
    write(c, &entry);
    cw_text_keep_type(c, &entry);
    cw_text_emit(c, CW_PART_TYPE, &entry);
    cw_bytes_fini(&entry);
    cw_text_twice_end(c, &t);
    c->depth--;
    return cw_text_define(c, CW_TEXT_TYPE, NULL, (cwrun_str){ NULL, 0 });
}

static void write_inline_valtype(cw_component_text *c, cw_bytes *out)
{
    write_deftype(c, out, (cwrun_str){ NULL, 0 });
}

void cw_write_component_valtype(cw_component_text *c, cw_bytes *out)
{
    cw_parser *p = c->p;
    uint8_t byte = at_primitive(p);
    if (byte) {
        cw_take(p);
        cw_bytes_u8(out, byte);
    } else if (cw_at_index(p)) {
        cw_bytes_signed(out, cw_text_resolve(c, CW_TEXT_TYPE));
    } else if (cw_at_form(p, CW_WORD_TYPE)) {
        cw_bytes_signed(out, cw_take_ref(c, CW_TEXT_TYPE));
    } else if (!cw_at_open(p) || cw_at_form(p, CW_WORD_FUNC) || cw_at_form(p, CW_WORD_COMPONENT) ||
               cw_at_form(p, CW_WORD_INSTANCE) || cw_at_form(p, CW_WORD_RESOURCE)) {
        cw_parse_unexpected(p, "a value type");
    } else if (c->hoisting) {
        cw_text_queue(c, define_inline(c, write_inline_valtype));
    } else {
        skip(c);
        cw_bytes_signed(out, cw_text_queued(c));
    }
}

static void write_optional(cw_component_text *c, cw_bytes *out)
{
    bool there = at_valtype(c->p);
    cw_bytes_u8(out, there);
    if (there)
        cw_write_component_valtype(c, out);
}

/* ---- defined types ---- */

static void write_name(cw_component_text *c, cw_bytes *out)
{
    cwrun_str name = cw_take_name(c->p);
    cw_bytes_vec(out, name.data, name.size);
}

/* Writes a count before what `write` appends as often as it says. */
typedef bool (*write_one)(cw_component_text *c, cw_bytes *out);
static void write_vec(cw_component_text *c, cw_bytes *out, write_one write)
{
    cw_bytes items;
    cw_bytes_init(&items, &c->p->alloc);
    uint32_t n = 0;
    while (c->p->ok && write(c, &items))
        n++;
    cw_bytes_u32(out, n);
    cw_bytes_add(out, items.data, items.size);
    cw_bytes_fini(&items);
}

static bool write_field(cw_component_text *c, cw_bytes *out)
{
    if (!cw_take_form(c->p, CW_WORD_FIELD))
        return false;
    write_name(c, out);
    cw_write_component_valtype(c, out);
    cw_expect_close(c->p);
    return true;
}

static bool write_case(cw_component_text *c, cw_bytes *out)
{
    if (!cw_take_form(c->p, CW_WORD_CASE))
        return false;
    cw_take_id(c->p);
    write_name(c, out);
    write_optional(c, out);
    cw_bytes_u8(out, 0);
    cw_expect_close(c->p);
    return true;
}

static bool write_member(cw_component_text *c, cw_bytes *out)
{
    if (cw_at_close(c->p))
        return false;
    cw_write_component_valtype(c, out);
    return true;
}

static bool write_label(cw_component_text *c, cw_bytes *out)
{
    if (cw_at_close(c->p))
        return false;
    write_name(c, out);
    return true;
}

static bool write_param(cw_component_text *c, cw_bytes *out)
{
    if (!cw_take_form(c->p, CW_WORD_PARAM))
        return false;
    write_name(c, out);
    cw_write_component_valtype(c, out);
    cw_expect_close(c->p);
    return true;
}

void cw_write_results(cw_component_text *c, cw_bytes *out)
{
    bool there = cw_take_form(c->p, CW_WORD_RESULT);
    cw_bytes_u8(out, !there);
    if (there) {
        cw_write_component_valtype(c, out);
        cw_expect_close(c->p);
    } else {
        cw_bytes_u8(out, 0);
    }
}

static void write_functype(cw_component_text *c, cw_bytes *out)
{
    cw_bytes_u8(out, cw_take_word(c->p, CW_WORD_ASYNC) ? 0x43 : 0x40);
    write_vec(c, out, write_param);
    cw_write_results(c, out);
}

static void write_list(cw_component_text *c, cw_bytes *out)
{
    cw_bytes element;
    cw_bytes_init(&element, &c->p->alloc);
    cw_write_component_valtype(c, &element);
    bool fixed = cw_at_number(c->p);
    cw_bytes_u8(out, fixed ? 0x67 : 0x70);
    cw_bytes_add(out, element.data, element.size);
    if (fixed)
        cw_bytes_u32(out, cw_take_u32(c->p));
    cw_bytes_fini(&element);
}

static void write_result_type(cw_component_text *c, cw_bytes *out)
{
    cw_bytes_u8(out, 0x6a);
    write_optional(c, out);
    bool error = cw_take_form(c->p, CW_WORD_ERROR);
    cw_bytes_u8(out, error);
    if (error) {
        cw_write_component_valtype(c, out);
        cw_expect_close(c->p);
    }
}

static void write_resource(cw_component_text *c, cw_bytes *out)
{
    cw_parser *p = c->p;
    cw_bytes_u8(out, 0x3f);
    cw_expect_open(p, CW_WORD_REP);
    cw_write_valtype(&c->scope->core, out);
    cw_expect_close(p);
    bool dtor = cw_take_form(p, CW_WORD_DTOR);
    cw_bytes_u8(out, dtor);
    if (dtor) {
        cw_bytes_u32(out, cw_take_ref(c, CW_TEXT_CORE_FUNC));
        cw_expect_close(p);
    }
}

/* Behind "(component" or "(instance": declarations in a scope of their own, up to the closing parenthesis. */
static void write_scope_type(cw_component_text *c, cw_bytes *out, uint8_t kind, cwrun_str id)
{
    cw_parser *p = c->p;
    if (!cw_text_scope_push(c, kind, id))
        return;
    while (p->ok && !cw_at_close(p)) {
        const cw_token *open = p->at;
        if (cw_at_form(p, CW_WORD_CORE)) {
            p->at += 2;
            cw_define_core_type(c);
        } else if (cw_take_form(p, CW_WORD_TYPE)) {
            cw_define_type(c, false);
        } else if (cw_take_form(p, CW_WORD_ALIAS)) {
            cw_write_alias(c);
            cw_expect_close(p);
        } else if (kind == CW_SCOPE_COMPONENT_TYPE && cw_take_form(p, CW_WORD_IMPORT)) {
            cw_define_import(c);
        } else if (cw_take_form(p, CW_WORD_EXPORT)) {
            cw_define_export_decl(c);
        } else {
            p->at = open + cw_at_open(p);
            cw_parse_unexpected(p, "a declaration");
        }
    }
    cw_bytes_u8(out, kind == CW_SCOPE_COMPONENT_TYPE ? 0x41 : 0x42);
    cw_bytes_u32(out, c->scope->n);
    cw_bytes_add(out, c->scope->out.data, c->scope->out.size);
    cw_text_scope_pop(c);
}

/* A nested scope is defined by writing alone: nothing of it is hoisted out. */
static void write_nested(cw_component_text *c, cw_bytes *out, uint8_t kind, cwrun_str id)
{
    cw_parser *p = c->p;
    if (c->hoisting) {
        p->at = cw_token_close(p, p->at - 2);
        return;
    }
    write_scope_type(c, out, kind, id);
}

/* Everything that can stand behind "(type $id". */
static void write_deftype(cw_component_text *c, cw_bytes *out, cwrun_str id)
{
    cw_parser *p = c->p;
    uint8_t byte = at_primitive(p);
    if (byte) {
        cw_take(p);
        cw_bytes_u8(out, byte);
        return;
    }
    if (!cw_at_open(p)) {
        cw_parse_unexpected(p, "a type");
        return;
    }
    uint16_t word = p->at[1].kind == CW_TOKEN_ATOM ? p->at[1].word : 0;
    p->at += 2;
    switch (word) {
    case CW_WORD_RECORD: cw_bytes_u8(out, 0x72), write_vec(c, out, write_field); break;
    case CW_WORD_VARIANT: cw_bytes_u8(out, 0x71), write_vec(c, out, write_case); break;
    case CW_WORD_LIST: write_list(c, out); break;
    case CW_WORD_TUPLE: cw_bytes_u8(out, 0x6f), write_vec(c, out, write_member); break;
    case CW_WORD_FLAGS: cw_bytes_u8(out, 0x6e), write_vec(c, out, write_label); break;
    case CW_WORD_ENUM: cw_bytes_u8(out, 0x6d), write_vec(c, out, write_label); break;
    case CW_WORD_OPTION: cw_bytes_u8(out, 0x6b), cw_write_component_valtype(c, out); break;
    case CW_WORD_RESULT: write_result_type(c, out); break;
    case CW_WORD_OWN: cw_bytes_u8(out, 0x69), cw_bytes_u32(out, cw_take_ref(c, CW_TEXT_TYPE)); break;
    case CW_WORD_BORROW: cw_bytes_u8(out, 0x68), cw_bytes_u32(out, cw_take_ref(c, CW_TEXT_TYPE)); break;
    case CW_WORD_STREAM: cw_bytes_u8(out, 0x66), write_optional(c, out); break;
    case CW_WORD_FUTURE: cw_bytes_u8(out, 0x65), write_optional(c, out); break;
    case CW_WORD_MAP:
        cw_bytes_u8(out, 0x63);
        cw_write_component_valtype(c, out);
        cw_write_component_valtype(c, out);
        break;
    case CW_WORD_RESOURCE: write_resource(c, out); break;
    case CW_WORD_FUNC: write_functype(c, out); break;
    case CW_WORD_COMPONENT: write_nested(c, out, CW_SCOPE_COMPONENT_TYPE, id); break;
    case CW_WORD_INSTANCE: write_nested(c, out, CW_SCOPE_INSTANCE_TYPE, id); break;
    default:
        p->at--;
        cw_parse_unexpected(p, "a type");
        return;
    }
    cw_expect_close(p);
}

void cw_define_type(cw_component_text *c, bool exports)
{
    cw_parser *p = c->p;
    const cw_token *id = cw_take_id(p), *first = NULL;
    cwrun_str annotated, name = { NULL, 0 };
    cw_take_name_annotation(p, &annotated);
    if (exports)
        cw_skip_inline_exports(c, &first);
    if (id)
        name = cw_id_name(p, id);
    cw_text_twice t = cw_text_twice_begin(c);
    write_deftype(c, &c->nothing, name);
    cw_text_twice_turn(c, &t);
    cw_bytes entry;
    cw_bytes_init(&entry, &p->alloc);
    write_deftype(c, &entry, name);
    cw_text_keep_type(c, &entry);
    cw_text_emit(c, CW_PART_TYPE, &entry);
    cw_bytes_fini(&entry);
    cw_text_twice_end(c, &t);
    cw_expect_close(p);
    uint32_t index = cw_text_define(c, CW_TEXT_TYPE, id, annotated);
    if (first)
        cw_keep_inline_exports(c, first, CW_TEXT_TYPE, index);
}

/* ---- core types ---- */

/* What the core parser appended to its type section. */
static void emit_core_types(cw_component_text *c, cw_module_text *m, uint8_t kind)
{
    cw_bytes *types = &m->sections[CW_SECTION_TYPE], entry;
    if (!types->size)
        return;
    cw_bytes_init(&entry, &c->p->alloc);
    if (kind != CW_SCOPE_MODULE_TYPE && types->data && types->data[0] == 0x50)
        cw_bytes_u8(&entry, 0); /* 0x50 alone is a module type */
    cw_bytes_add(&entry, types->data, types->size);
    cw_text_emit(c, CW_PART_CORE_TYPE, &entry);
    cw_bytes_fini(&entry);
    types->size = 0;
}

/* "(type $id" of another scope has to be an alias of this one before the core parser sees it. */
static void import_core_type(cw_component_text *c)
{
    cw_parser *p = c->p;
    if (!cw_at_form(p, CW_WORD_TYPE) || p->at[2].kind != CW_TOKEN_ID)
        return;
    const cw_token *at = p->at;
    p->at += 2;
    cw_space *types = &c->scope->core.spaces[CW_SPACE_TYPE];
    cwrun_str name = cw_id_name(p, p->at);
    if (!cw_map_find(&types->names, name)) {
        uint32_t index = cw_text_resolve(c, CW_TEXT_CORE_TYPE);
        uint64_t *slot = p->ok ? cw_map_put(&types->names, &p->alloc, name, NULL) : NULL;
        if (slot)
            *slot = index;
        else if (p->ok)
            cw_parse_oom(p);
    }
    if (p->ok)
        p->at = at;
}

/* (import "m" "n" (func …)) and (export "n" (func …)) of module types. */
static void module_decl(cw_component_text *c, bool import)
{
    cw_parser *p = c->p;
    cw_module_text *m = &c->scope->core;
    cw_bytes entry;
    cw_bytes_init(&entry, &p->alloc);
    if (import)
        write_name(c, &entry);
    write_name(c, &entry);
    cw_take(p);
    uint8_t kind = p->at->kind == CW_TOKEN_ATOM ? cw_extern_kind_of(p->at->word) : CW_EXTERN_COUNT;
    if (kind == CW_EXTERN_COUNT)
        cw_parse_unexpected(p, "func, table, memory, global or tag");
    cw_take(p);
    cw_take_id(p); /* nothing refers to it, and types have no name section */
    cwrun_str unused;
    cw_take_name_annotation(p, &unused);
    import_core_type(c);
    cw_bytes_u8(&entry, kind);
    cw_write_externtype(m, &entry, kind);
    cw_expect_close(p);
    cw_expect_close(p);
    emit_core_types(c, m, CW_SCOPE_MODULE_TYPE);
    cw_text_emit(c, import ? CW_PART_IMPORT : CW_PART_EXPORT, &entry);
    cw_bytes_fini(&entry);
}

/* The cursor is at "(type" or "(rec" of a module type, or behind "(core" of a component. */
static void define_core_rec(cw_component_text *c)
{
    cw_parser *p = c->p;
    cw_module_text *m = &c->scope->core;
    cw_field_text field = { .word = p->at[1].word };
    cw_declare_types(m, &field);
    const cw_token *end = p->at;
    if (!p->ok)
        return;
    if (c->scope->kind == CW_SCOPE_COMPONENT)
        for (uint32_t i = 0; i < m->names[CW_SPACE_TYPE].n; i++) { /* the core parser noted them */
            cw_naming *n = CW_VEC_PUSH(&c->scope->names[CW_TEXT_CORE_TYPE], &p->alloc);
            if (n)
                *n = m->names[CW_SPACE_TYPE].items[i];
        }
    m->names[CW_SPACE_TYPE].n = 0;
    cw_write_types(m, &field);
    if (p->ok)
        p->at = end;
    emit_core_types(c, m, c->scope->kind);
}

/* Behind "(module": a module type. */
static void write_module_type(cw_component_text *c, cw_bytes *out, cwrun_str id)
{
    cw_parser *p = c->p;
    if (!cw_text_scope_push(c, CW_SCOPE_MODULE_TYPE, id))
        return;
    bool hoisting = c->hoisting;
    c->hoisting = false;
    c->scope->core.implies_anew = true;
    while (p->ok && !cw_at_close(p)) {
        if (cw_at_form(p, CW_WORD_TYPE) || cw_at_form(p, CW_WORD_REC)) {
            define_core_rec(c);
        } else if (cw_take_form(p, CW_WORD_ALIAS)) {
            cw_write_alias(c);
            cw_expect_close(p);
        } else if (cw_take_form(p, CW_WORD_IMPORT)) {
            module_decl(c, true);
        } else if (cw_take_form(p, CW_WORD_EXPORT)) {
            module_decl(c, false);
        } else {
            cw_parse_unexpected(p, "a declaration");
        }
    }
    c->hoisting = hoisting;
    cw_bytes_u8(out, 0x50);
    cw_bytes_u32(out, c->scope->n);
    cw_bytes_add(out, c->scope->out.data, c->scope->out.size);
    cw_text_scope_pop(c);
}

static uint32_t define_module_type(cw_component_text *c, const cw_token *id, cwrun_str annotated)
{
    cw_bytes entry;
    cw_bytes_init(&entry, &c->p->alloc);
    write_module_type(c, &entry, id ? cw_id_name(c->p, id) : (cwrun_str){ NULL, 0 });
    cw_text_emit(c, CW_PART_CORE_TYPE, &entry);
    cw_bytes_fini(&entry);
    return cw_text_define(c, CW_TEXT_CORE_TYPE, id, annotated);
}

void cw_define_core_type(cw_component_text *c)
{
    cw_parser *p = c->p;
    cw_module_text *m = &c->scope->core;
    if (cw_take_word(p, CW_WORD_REC)) {
        cw_field_text field = { .word = CW_WORD_REC };
        p->at -= 2; /* the core parser skips an opening and a word */
        cw_declare_types(m, &field);
        const cw_token *end = p->at;
        if (!p->ok)
            return;
        for (uint32_t i = 0; c->scope->kind == CW_SCOPE_COMPONENT && i < m->names[CW_SPACE_TYPE].n; i++) {
            cw_naming *n = CW_VEC_PUSH(&c->scope->names[CW_TEXT_CORE_TYPE], &p->alloc);
            if (n)
                *n = m->names[CW_SPACE_TYPE].items[i];
        }
        m->names[CW_SPACE_TYPE].n = 0;
        /* (core rec …): the group without its own word stands one token further */
        uint32_t n = m->types.n - field.index;
        cw_bytes *types = &m->sections[CW_SECTION_TYPE];
        cw_bytes_u8(types, 0x4e);
        cw_bytes_u32(types, n);
        p->at = field.at + 2;
        for (uint32_t i = 0; i < n && p->ok; i++) {
            p->at += 2;
            cw_take_id(p);
            cwrun_str unused;
            cw_take_name_annotation(p, &unused);
            cw_write_subtype(m, field.index + i, n == 1);
            cw_expect_close(p);
        }
        if (p->ok)
            p->at = end;
        emit_core_types(c, m, c->scope->kind);
        return;
    }
    cw_expect_word(p, CW_WORD_TYPE);
    const cw_token *id = cw_take_id(p);
    cwrun_str annotated;
    cw_take_name_annotation(p, &annotated);
    if (cw_take_form(p, CW_WORD_MODULE)) {
        define_module_type(c, id, annotated);
        cw_expect_close(p);
    } else {
        uint32_t index = cw_text_define(c, CW_TEXT_CORE_TYPE, id, annotated);
        if (p->ok)
            cw_write_subtype(m, index, true);
        emit_core_types(c, m, c->scope->kind);
    }
    cw_expect_close(p);
}

/* ---- type uses, imports and exports ---- */

static void write_inline_component(cw_component_text *c, cw_bytes *out)
{
    if (!c->hoisting)
        write_scope_type(c, out, CW_SCOPE_COMPONENT_TYPE, (cwrun_str){ NULL, 0 });
}

static void write_inline_instance(cw_component_text *c, cw_bytes *out)
{
    if (!c->hoisting)
        write_scope_type(c, out, CW_SCOPE_INSTANCE_TYPE, (cwrun_str){ NULL, 0 });
}

/* Inside "(func …": the cursor ends before the closing parenthesis, or before "(canon". */
uint32_t cw_take_component_typeuse(cw_component_text *c, uint8_t sort)
{
    cw_parser *p = c->p;
    if (cw_at_form(p, CW_WORD_TYPE) && cw_token_close(p, p->at) > p->at + 2 &&
        (sort == CW_TEXT_FUNC || p->at[3].kind == CW_TOKEN_CLOSE || p->at[3].kind == CW_TOKEN_STRING))
        return cw_take_ref(c, sort == CW_TEXT_CORE_MODULE ? CW_TEXT_CORE_TYPE : CW_TEXT_TYPE);
    if (cw_at_form(p, CW_WORD_CORE) && sort == CW_TEXT_CORE_MODULE)
        return cw_take_ref(c, CW_TEXT_CORE_TYPE);
    if (!c->hoisting) {
        while (p->ok && !cw_at_close(p) && !cw_at_form(p, CW_WORD_CANON)) {
            if (cw_at_open(p))
                skip(c);
            else
                cw_take(p);
        }
        return cw_text_queued(c);
    }
    uint32_t index;
    if (sort == CW_TEXT_CORE_MODULE) {
        cw_bytes entry;
        cw_bytes_init(&entry, &p->alloc);
        write_module_type(c, &entry, (cwrun_str){ NULL, 0 });
        cw_text_emit(c, CW_PART_CORE_TYPE, &entry);
        cw_bytes_fini(&entry);
        index = cw_text_define(c, CW_TEXT_CORE_TYPE, NULL, (cwrun_str){ NULL, 0 });
    } else {
        index = define_inline(c, sort == CW_TEXT_FUNC        ? write_functype
                                 : sort == CW_TEXT_COMPONENT ? write_inline_component
                                                             : write_inline_instance);
        /* what is left here the writing pass would skip */
        if (p->ok && !cw_at_close(p) && !cw_at_form(p, CW_WORD_CANON))
            cw_parse_unexpected(p, ")");
    }
    cw_text_queue(c, index);
    return index;
}

static void write_type_bound(cw_component_text *c, cw_bytes *out)
{
    cw_parser *p = c->p;
    if (!cw_at_open(p)) {
        cw_parse_unexpected(p, "(eq or (sub");
        return;
    }
    cw_take(p);
    if (cw_take_word(p, CW_WORD_EQ)) {
        cw_bytes_u8(out, 0);
        cw_bytes_u32(out, cw_take_ref(c, CW_TEXT_TYPE));
    } else {
        cw_expect_word(p, CW_WORD_SUB);
        cw_expect_word(p, CW_WORD_RESOURCE);
        cw_bytes_u8(out, 1);
    }
    cw_expect_close(p);
}

static void write_value_bound(cw_component_text *c, cw_bytes *out)
{
    if (cw_take_form(c->p, CW_WORD_EQ)) {
        cw_bytes_u8(out, 0);
        cw_bytes_u32(out, cw_take_ref(c, CW_TEXT_VALUE));
        cw_expect_close(c->p);
        return;
    }
    /* today's tools leave the bound's byte out; types 0 and 1 would be taken for one */
    const bool asked = cw_take_encoding(c->p) == 1;
    cw_bytes type;
    cw_bytes_init(&type, &c->p->alloc);
    cw_write_component_valtype(c, &type);
    if (asked || (type.size && type.data[0] < 2))
        cw_bytes_u8(out, 1);
    cw_bytes_add(out, type.data, type.size);
    cw_bytes_fini(&type);
}

uint8_t cw_write_extern_type(cw_component_text *c, cw_bytes *out, const cw_token **id, cwrun_str *annotated)
{
    cw_parser *p = c->p;
    if (!cw_at_open(p)) {
        cw_parse_unexpected(p, "the type of an import or export");
        return CW_TEXT_FUNC;
    }
    cw_take(p);
    const cw_token *at = p->at;
    uint8_t sort = cw_take_sort(p);
    if (p->ok && sort < CW_TEXT_FUNC && sort != CW_TEXT_CORE_MODULE)
        cw_parse_fail(p, at, "unexpected token: of core sorts only modules are imported and exported");
    if (!p->ok)
        return CW_TEXT_FUNC;
    if (id) {
        *id = cw_take_id(p);
        cw_take_name_annotation(p, annotated);
    }
    cw_write_sort(out, sort);
    if (sort == CW_TEXT_TYPE)
        write_type_bound(c, out);
    else if (sort == CW_TEXT_VALUE)
        write_value_bound(c, out);
    else
        cw_bytes_u32(out, cw_take_component_typeuse(c, sort));
    cw_expect_close(p);
    return sort;
}

/* Attributes of a name, each once: (implements "…") (version-suffix "…") (external-id "…"). The second was spelled
 * versionsuffix before. */
static uint32_t write_attributes(cw_component_text *c, cw_bytes *out)
{
    static const uint16_t words[] = { CW_WORD_IMPLEMENTS, CW_WORD_VERSION_SUFFIX, CW_WORD_EXTERNAL_ID };
    cw_parser *p = c->p;
    uint32_t n = 0, had = 0;
    for (uint8_t i = 0; i < 3 && p->ok; i++) {
        const cw_token *at = p->at;
        if (!cw_take_form(p, words[i]) &&
            !(words[i] == CW_WORD_VERSION_SUFFIX && cw_take_form(p, CW_WORD_VERSIONSUFFIX)))
            continue;
        if (had >> i & 1)
            cw_parse_fail(p, at, "unexpected token: a second %s of a name", cw_word_spelling(words[i]));
        had |= 1u << i;
        cw_bytes_u8(out, i);
        write_name(c, out);
        cw_expect_close(p);
        n++;
        i = UINT8_MAX; /* from the first again: they come in any order */
    }
    return n;
}

void cw_write_extern_name(cw_component_text *c, cw_bytes *out)
{
    cw_parser *p = c->p;
    bool interface = cw_take_form(p, CW_WORD_INTERFACE);
    cwrun_str name = cw_take_name(p);
    if (interface)
        cw_expect_close(p);
    uint32_t form = cw_take_encoding(p);
    cw_bytes attributes;
    cw_bytes_init(&attributes, &p->alloc);
    uint32_t n = write_attributes(c, &attributes);
    bool with_attributes = n || form == 2;
    cw_bytes_u8(out, with_attributes ? 2 : form == 1);
    cw_bytes_vec(out, name.data, name.size);
    if (with_attributes) {
        cw_bytes_u32(out, n);
        cw_bytes_add(out, attributes.data, attributes.size);
    }
    cw_bytes_fini(&attributes);
}

/* Behind "(import" or, in types, "(export": name and type; up to and with the closing parenthesis. */
static void define_external(cw_component_text *c, uint8_t part)
{
    cw_parser *p = c->p;
    const cw_token *id = NULL;
    cwrun_str annotated = { NULL, 0 };
    cw_bytes entry;
    cw_bytes_init(&entry, &p->alloc);
    cw_write_extern_name(c, &entry);
    cw_text_twice t = cw_text_twice_begin(c);
    cw_write_extern_type(c, &c->nothing, &id, &annotated);
    cw_text_twice_turn(c, &t);
    const size_t start = entry.size;
    uint8_t sort = cw_write_extern_type(c, &entry, &id, &annotated);
    if (sort == CW_TEXT_TYPE && p->ok && !entry.oom && entry.data[start + 1] == 0) { /* (eq index) */
        const uint8_t *index = &entry.data[start + 2];
        cw_text_keep_same_type(c, c->scope, cw_leb_u32_checked(&index));
    }
    cw_text_emit(c, part, &entry);
    cw_bytes_fini(&entry);
    cw_text_twice_end(c, &t);
    cw_expect_close(p);
    cw_text_define(c, sort, id, annotated);
}

void cw_define_import(cw_component_text *c)
{
    define_external(c, CW_PART_IMPORT);
}

void cw_define_export_decl(cw_component_text *c)
{
    define_external(c, CW_PART_EXPORT);
}
