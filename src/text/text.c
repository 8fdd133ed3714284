/* text/text.c: from text to binary: whole files, and the three forms of a definition: text, binary, quote. */
#include <stdio.h>

#include "text/component.h"

#include "base/error.h"
#include "cwrun/text.h"

cw_form cw_module_form(const cw_parser *p, const cw_token **id)
{
    cw_parser next = *p;
    *id = cw_take_id(&next);
    return cw_at_word(&next, CW_WORD_BINARY)  ? CW_FORM_BINARY
           : cw_at_word(&next, CW_WORD_QUOTE) ? CW_FORM_QUOTE
                                              : CW_FORM_TEXT;
}

/* What is written is whole only where no memory was lacking. */
static bool finish(cw_parser *p, const cw_bytes *out)
{
    if (p->refused || p->arena->oom || out->oom)
        cw_parse_oom(p);
    return p->ok;
}

/* The strings of a component are its fields; those of a module may also be a whole one. Their faults have places of
 * their own. */
static bool encode(const cw_words *words, cwrun_str text, const char *file, const cw_alloc *a, bool quoted,
                   cw_bytes *out, cwrun_error *err);

static bool encode_quote(cw_parser *p, const cw_words *words, bool component, cw_bytes *out)
{
    char name[200];
    cw_bytes text;
    cw_bytes_init(&text, &p->alloc);
    snprintf(name, sizeof name, "%.160s%squoted text", p->source->file ? p->source->file : "",
             p->source->file ? ": " : "");
    if (component)
        cw_bytes_add(&text, "(component ", 11);
    while (p->at->kind == CW_TOKEN_STRING) { /* strings of a quotation are lines, so to say */
        cwrun_str piece = cw_take_string(p);
        cw_bytes_add(&text, piece.data, piece.size);
        cw_bytes_u8(&text, ' ');
    }
    if (p->at->kind != CW_TOKEN_CLOSE)
        cw_parse_unexpected(p, "a string");
    if (component)
        cw_bytes_u8(&text, ')');
    if (finish(p, &text) &&
        !encode(words, (cwrun_str){ (const char *)text.data, text.size }, name, &p->from, true, out, p->err)) {
        p->ok = false;
        p->at = &p->source->tokens[p->source->n_tokens - 1];
    }
    cw_bytes_fini(&text);
    return p->ok;
}

/* The forms of a definition that are strings; the cursor is behind "(module" or "(component". */
static bool encode_strings(cw_parser *p, const cw_words *words, cw_form form, bool component, cw_bytes *out)
{
    cw_take_id(p);
    cw_take(p);
    if (form == CW_FORM_QUOTE)
        return encode_quote(p, words, component, out);
    cw_take_strings(p, out);
    if (!cw_at_close(p))
        cw_parse_unexpected(p, "a string");
    return finish(p, out);
}

bool cw_encode_module(cw_parser *p, const cw_words *words, cw_bytes *out)
{
    const cw_token *id;
    cw_form form = cw_module_form(p, &id);
    if (form != CW_FORM_TEXT)
        return encode_strings(p, words, form, false, out);
    cw_module_text m;
    cw_module_text_init(&m, p);
    bool ok = cw_module_text_write(&m, out);
    if (ok && !cw_at_close(p) && !cw_at_end(p))
        cw_parse_unexpected(p, "a module field");
    cw_module_text_fini(&m);
    return finish(p, out);
}

bool cw_encode_component(cw_parser *p, const cw_words *words, cw_bytes *out)
{
    const cw_token *id;
    cw_form form = cw_module_form(p, &id);
    if (form != CW_FORM_TEXT)
        return encode_strings(p, words, form, true, out);
    cw_component_text c;
    cw_component_text_init(&c, p, words);
    cw_component_text_write(&c, out);
    cw_component_text_fini(&c);
    return finish(p, out);
}

/* A file with nothing in it is taken for a mistake; a quotation may be a module without fields. */
static bool encode(const cw_words *words, cwrun_str text, const char *file, const cw_alloc *a, bool quoted,
                   cw_bytes *out, cwrun_error *err)
{
    cw_source source;
    if (!cw_source_init(&source, words, text, file, a, err))
        return false;
    cw_arena arena;
    cw_arena_init(&arena, a);
    cw_parser p;
    cw_parser_init(&p, &source, &arena, a, err);
    bool component = cw_take_form(&p, CW_WORD_COMPONENT), whole = component || cw_take_form(&p, CW_WORD_MODULE);
    if (cw_at_end(&p) && !whole && !quoted)
        cw_parse_fail(&p, p.at, "unexpected token: the text is empty, expected a module or component");
    else if (component)
        cw_encode_component(&p, words, out);
    else
        cw_encode_module(&p, words, out);
    if (whole)
        cw_expect_close(&p);
    if (p.ok && !cw_at_end(&p))
        cw_parse_unexpected(&p, NULL);
    cw_arena_fini(&arena);
    cw_source_fini(&source);
    return p.ok;
}

bool cw_text_encode(const cw_words *words, cwrun_str text, const char *file, const cw_alloc *a, cw_bytes *out,
                    cwrun_error *err)
{
    return encode(words, text, file, a, false, out, err);
}

/* ---- public ---- */

cwrun_str cwrun_text_encode(cwrun_str text, const char *file, cwrun_arena *arena, cwrun_error *err)
{
    cwrun_str none = { NULL, 0 };
    if (!arena || (!text.data && text.size) || cwrun_failed(err)) {
        cw_fail_null(err, __func__);
        return none;
    }
    cw_words *words = cw_new(&arena->alloc, sizeof *words);
    if (!words) {
        cw_fail_oom(err);
        return none;
    }
    cw_words_init(words);
    cw_bytes out;
    cw_bytes_init(&out, &arena->alloc);
    cwrun_str binary = none;
    if (cw_text_encode(words, text, file, &arena->alloc, &out, err)) {
        binary = cw_arena_copy(arena, out.data, out.size);
        if (!binary.data)
            cw_fail_oom(err);
    }
    cw_bytes_fini(&out);
    cw_free(&arena->alloc, words, sizeof *words);
    return binary;
}

bool cwrun_is_text(const void *bytes, size_t size)
{
    return !bytes || size < 4 || memcmp(bytes, "\0asm", 4) != 0;
}
