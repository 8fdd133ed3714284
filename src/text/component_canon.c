/* text/component_canon.c: canonical definitions: lift, lower and the built-ins of component/canon.def, and functions
 * that are written with their canonical definition or alias inside  [Explainer: Canonical Definitions]. */
#include "base/str.h"
#include "component/canon.h"
#include "text/component.h"

/* ---- options ---- */

/* (memory $m), (memory (core memory $m "x")), (memory $i "x") */
static uint32_t take_memory(cw_component_text *c)
{
    return cw_at_open(c->p) ? cw_take_ref(c, CW_TEXT_CORE_MEMORY) : cw_take_ref_inside(c, CW_TEXT_CORE_MEMORY);
}

static bool write_option(cw_component_text *c, cw_bytes *out)
{
    static const struct {
        uint16_t word;
        uint8_t code, sort;
    } forms[] = {
        { CW_WORD_MEMORY, 3, CW_TEXT_CORE_MEMORY },    { CW_WORD_REALLOC, 4, CW_TEXT_CORE_FUNC },
        { CW_WORD_POST_RETURN, 5, CW_TEXT_CORE_FUNC }, { CW_WORD_CALLBACK, 7, CW_TEXT_CORE_FUNC },
        { CW_WORD_CORE_TYPE, 8, CW_TEXT_CORE_TYPE },
    };
    static const uint16_t words[] = { CW_WORD_UTF8, CW_WORD_UTF16, CW_WORD_LATIN1_UTF16, 0, 0, 0, CW_WORD_ASYNC, 0, 0,
                                      CW_WORD_GC };
    cw_parser *p = c->p;
    for (uint8_t i = 0; i < sizeof words / sizeof *words; i++)
        if (words[i] && cw_take_word(p, words[i])) {
            cw_bytes_u8(out, i);
            return true;
        }
    for (unsigned i = 0; i < sizeof forms / sizeof *forms; i++)
        if (cw_take_form(p, forms[i].word)) {
            cw_bytes_u8(out, forms[i].code);
            cw_bytes_u32(out, forms[i].word == CW_WORD_MEMORY ? take_memory(c) : cw_take_ref(c, forms[i].sort));
            cw_expect_close(p);
            return true;
        }
    return false;
}

static void write_options(cw_component_text *c, cw_bytes *out)
{
    cw_bytes options;
    cw_bytes_init(&options, &c->p->alloc);
    uint32_t n = 0;
    while (c->p->ok && write_option(c, &options))
        n++;
    cw_bytes_u32(out, n);
    cw_bytes_add(out, options.data, options.size);
    cw_bytes_fini(&options);
}

/* ---- built-ins ---- */

static void write_flag(cw_component_text *c, cw_bytes *out, uint16_t word)
{
    cw_bytes_u8(out, cw_take_word(c->p, word));
}

static void write_immediates(cw_component_text *c, cw_bytes *out, uint8_t immediates)
{
    cw_parser *p = c->p;
    switch (immediates) {
    case CW_CANON_IMM_RESOURCE:
    case CW_CANON_IMM_STREAM:
    case CW_CANON_IMM_FUTURE: cw_bytes_u32(out, cw_take_ref(c, CW_TEXT_TYPE)); break;
    case CW_CANON_IMM_STREAM_OPTS:
    case CW_CANON_IMM_FUTURE_OPTS:
        cw_bytes_u32(out, cw_take_ref(c, CW_TEXT_TYPE));
        write_options(c, out);
        break;
    case CW_CANON_IMM_STREAM_ASYNC:
    case CW_CANON_IMM_FUTURE_ASYNC: cw_bytes_u32(out, cw_take_ref(c, CW_TEXT_TYPE)); /* fall through */
    case CW_CANON_IMM_ASYNC: write_flag(c, out, CW_WORD_ASYNC); break;
    case CW_CANON_IMM_RESULT_OPTS: cw_write_results(c, out); /* fall through */
    case CW_CANON_IMM_OPTS: write_options(c, out); break;
    case CW_CANON_IMM_CONTEXT:
        cw_write_valtype(&c->scope->core, out);
        cw_bytes_u32(out, cw_take_u32(p));
        break;
    case CW_CANON_IMM_CANCEL: write_flag(c, out, CW_WORD_CANCELLABLE); break;
    case CW_CANON_IMM_CANCEL_MEMORY:
        write_flag(c, out, CW_WORD_CANCELLABLE);
        cw_expect_open(p, CW_WORD_MEMORY);
        cw_bytes_u32(out, take_memory(c));
        cw_expect_close(p);
        break;
    default: break;
    }
    if (immediates == CW_CANON_IMM_FUNC || immediates == CW_CANON_IMM_FUNC_TABLE)
        cw_bytes_u32(out, cw_take_ref(c, CW_TEXT_CORE_TYPE));
    if (immediates == CW_CANON_IMM_FUNC_TABLE)
        cw_bytes_u32(out, cw_take_ref(c, CW_TEXT_CORE_TABLE));
}

/* A built-in or lower, behind "(canon", up to what follows its immediates. */
static void write_builtin(cw_component_text *c, cw_bytes *out)
{
    cw_parser *p = c->p;
    cwrun_str name = cw_token_text(p, p->at);
    for (unsigned i = 0; i < CW_CANON_COUNT && p->at->kind == CW_TOKEN_ATOM; i++) {
        if (!cw_str_eq_c(name, cw_canons[i].name) || cw_canons[i].imm == CW_CANON_IMM_LIFT)
            continue;
        cw_take(p);
        cw_bytes_u8(out, cw_canons[i].code);
        if (cw_canons[i].imm != CW_CANON_IMM_LOWER) {
            write_immediates(c, out, cw_canons[i].imm);
            return;
        }
        cw_bytes_u8(out, 0);
        cw_bytes_u32(out, cw_take_ref(c, CW_TEXT_FUNC));
        write_options(c, out);
        return;
    }
    cw_parse_unexpected(p, "lift, lower or a canonical built-in");
}

static void define_builtin(cw_component_text *c, cw_bytes *entry)
{
    cw_text_twice t = cw_text_twice_begin(c);
    write_builtin(c, &c->nothing);
    cw_text_twice_turn(c, &t);
    write_builtin(c, entry);
    cw_text_twice_end(c, &t);
}

/* ---- lift ---- */

/* The type's index is known; the cursor is behind `lift`. */
static void write_lift(cw_component_text *c, uint32_t type)
{
    cw_bytes entry;
    cw_bytes_init(&entry, &c->p->alloc);
    cw_bytes_u8(&entry, 0);
    cw_bytes_u8(&entry, 0);
    cw_bytes_u32(&entry, cw_take_ref(c, CW_TEXT_CORE_FUNC));
    write_options(c, &entry);
    cw_bytes_u32(&entry, type);
    cw_text_emit(c, CW_PART_CANON, &entry);
    cw_bytes_fini(&entry);
}

/* A type use, hoisted and resolved: what comes first of a lift, wherever it stands. */
static uint32_t take_func_type(cw_component_text *c)
{
    cw_text_twice t = cw_text_twice_begin(c);
    cw_take_component_typeuse(c, CW_TEXT_FUNC);
    cw_text_twice_turn(c, &t);
    uint32_t type = cw_take_component_typeuse(c, CW_TEXT_FUNC);
    cw_text_twice_end(c, &t);
    return type;
}

/* (canon lift (core func $f) opts (func $id type)) */
static void define_lift(cw_component_text *c)
{
    cw_parser *p = c->p;
    const cw_token *start = p->at;
    while (p->ok && !cw_at_close(p) && !cw_at_form(p, CW_WORD_FUNC))
        p->at = cw_at_open(p) ? cw_token_close(p, p->at) + 1 : p->at + 1;
    cw_expect_open(p, CW_WORD_FUNC);
    const cw_token *id = cw_take_id(p);
    cwrun_str annotated;
    cw_take_name_annotation(p, &annotated);
    uint32_t type = take_func_type(c);
    cw_expect_close(p);
    const cw_token *end = p->at;
    if (!p->ok)
        return;
    p->at = start;
    write_lift(c, type);
    if (!cw_at_form(p, CW_WORD_FUNC))
        cw_parse_unexpected(p, "(func");
    p->at = p->ok ? end : p->at;
    cw_text_define(c, CW_TEXT_FUNC, id, annotated);
}

void cw_define_canon(cw_component_text *c)
{
    cw_parser *p = c->p;
    if (cw_take_word(p, CW_WORD_LIFT)) {
        define_lift(c);
        return;
    }
    cw_bytes entry;
    cw_bytes_init(&entry, &p->alloc);
    define_builtin(c, &entry);
    cw_text_emit(c, CW_PART_CANON, &entry);
    cw_bytes_fini(&entry);
    cw_expect_open(p, CW_WORD_CORE);
    cw_expect_word(p, CW_WORD_FUNC);
    const cw_token *id = cw_take_id(p);
    cwrun_str annotated;
    cw_take_name_annotation(p, &annotated);
    cw_expect_close(p);
    cw_text_define(c, CW_TEXT_CORE_FUNC, id, annotated);
}

/* ---- functions ---- */

/* (alias export $i "name") and (alias core export $i "name") inside a function. */
static void define_inline_alias(cw_component_text *c, bool core, const cw_token *id, cwrun_str annotated)
{
    cw_parser *p = c->p;
    if (core)
        cw_expect_word(p, CW_WORD_CORE);
    cw_expect_word(p, CW_WORD_EXPORT);
    cw_bytes entry;
    cw_bytes_init(&entry, &p->alloc);
    cw_write_sort(&entry, core ? CW_TEXT_CORE_FUNC : CW_TEXT_FUNC);
    cw_bytes_u8(&entry, core);
    cw_bytes_u32(&entry, cw_text_resolve(c, core ? CW_TEXT_CORE_INSTANCE : CW_TEXT_INSTANCE));
    cwrun_str name = cw_take_name(p);
    cw_bytes_vec(&entry, name.data, name.size);
    cw_text_emit(c, CW_PART_ALIAS, &entry);
    cw_bytes_fini(&entry);
    cw_expect_close(p);
    cw_text_define(c, core ? CW_TEXT_CORE_FUNC : CW_TEXT_FUNC, id, annotated);
}

void cw_define_core_func(cw_component_text *c)
{
    cw_parser *p = c->p;
    const cw_token *id = cw_take_id(p);
    cwrun_str annotated;
    cw_take_name_annotation(p, &annotated);
    if (cw_take_form(p, CW_WORD_ALIAS)) {
        define_inline_alias(c, true, id, annotated);
    } else {
        cw_bytes entry;
        cw_bytes_init(&entry, &p->alloc);
        cw_expect_open(p, CW_WORD_CANON);
        define_builtin(c, &entry);
        cw_expect_close(p);
        cw_text_emit(c, CW_PART_CANON, &entry);
        cw_bytes_fini(&entry);
        cw_text_define(c, CW_TEXT_CORE_FUNC, id, annotated);
    }
    cw_expect_close(p);
}

void cw_define_func(cw_component_text *c)
{
    cw_parser *p = c->p;
    const cw_token *id = cw_take_id(p), *exports;
    cwrun_str annotated;
    cw_take_name_annotation(p, &annotated);
    cw_skip_inline_exports(c, &exports);
    uint32_t index = c->scope->spaces[CW_TEXT_FUNC].n;
    if (cw_take_form(p, CW_WORD_ALIAS)) {
        define_inline_alias(c, false, id, annotated);
    } else if (cw_at_inline_import(p)) {
        cw_bytes entry;
        cw_bytes_init(&entry, &p->alloc);
        p->at += 2;
        cw_write_extern_name(c, &entry);
        cw_expect_close(p);
        uint32_t type = take_func_type(c);
        cw_write_sort(&entry, CW_TEXT_FUNC);
        cw_bytes_u32(&entry, type);
        cw_text_emit(c, CW_PART_IMPORT, &entry);
        cw_bytes_fini(&entry);
        cw_text_define(c, CW_TEXT_FUNC, id, annotated);
    } else {
        uint32_t type = take_func_type(c);
        cw_expect_open(p, CW_WORD_CANON);
        cw_expect_word(p, CW_WORD_LIFT);
        write_lift(c, type);
        cw_expect_close(p);
        cw_text_define(c, CW_TEXT_FUNC, id, annotated);
    }
    cw_keep_inline_exports(c, exports, CW_TEXT_FUNC, index);
    cw_expect_close(p);
}
