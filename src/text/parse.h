/* text/parse.h: the cursor that all parsers of the text format share.
 *
 * Sticky: after a failure `ok` is false and the cursor stands at END for good, so that every loop ends; the first
 * failure wins and is in `err`. Positions are places in the token array. */
#ifndef CW_TEXT_PARSE_H
#define CW_TEXT_PARSE_H

#include "base/map.h"
#include "base/vec.h"
#include "text/bytes.h"
#include "text/lexer.h"

typedef struct cw_parser {
    const cw_source *source;
    const cw_token *at; /* the next token */
    cw_place failed;    /* where it failed last */
    bool ok;
    cw_arena *arena; /* decoded names and strings, and whatever the parser's owner puts there */
    cw_alloc alloc;  /* asks `from` and notes in `refused` what it did not get: who builds something need not look */
    cw_alloc from;
    bool refused; /* memory ran out: whatever was built may lack something, and a failure may come of that */
    cwrun_error *err;
} cw_parser;

/* p stays where it is: its allocator points to it. */
void cw_parser_init(cw_parser *p, const cw_source *source, cw_arena *arena, const cw_alloc *a, cwrun_error *err);

/* Fails at a token. */
void cw_parse_fail(cw_parser *p, const cw_token *at, const char *format, ...) CWRUN_PRINTF(3, 4);
void cw_parse_oom(cw_parser *p);
/* "unexpected token …" or, for a word that nobody knows, "unknown operator …"; says what was expected (may be NULL). */
void cw_parse_unexpected(cw_parser *p, const char *expected);

/* ---- looking ---- */

static inline bool cw_at_open(const cw_parser *p)
{
    return p->at->kind == CW_TOKEN_OPEN;
}
static inline bool cw_at_close(const cw_parser *p)
{
    return p->at->kind == CW_TOKEN_CLOSE;
}
static inline bool cw_at_end(const cw_parser *p)
{
    return p->at->kind == CW_TOKEN_END;
}
static inline bool cw_at_word(const cw_parser *p, uint16_t word)
{
    return p->at->word == word && p->at->kind == CW_TOKEN_ATOM;
}
/* "(word" stands next. */
static inline bool cw_at_form(const cw_parser *p, uint16_t word)
{
    return p->at->kind == CW_TOKEN_OPEN && p->at[1].kind == CW_TOKEN_ATOM && p->at[1].word == word;
}
static inline bool cw_at_annotation(const cw_parser *p, cw_annotation which)
{
    return p->at->kind == CW_TOKEN_ANNOTATION && p->at->word == (uint16_t)which;
}
/* An atom that begins like a number; not inf and nan. */
bool cw_at_number(const cw_parser *p);
/* $id or a number. */
bool cw_at_index(const cw_parser *p);
/* The closing token of the opening one at `open`. */
static inline const cw_token *cw_token_close(const cw_parser *p, const cw_token *open)
{
    return &p->source->tokens[open->size];
}

/* ---- taking ---- */

static inline void cw_take(cw_parser *p)
{
    if (p->at->kind != CW_TOKEN_END)
        p->at++;
}
static inline bool cw_take_word(cw_parser *p, uint16_t word)
{
    bool there = cw_at_word(p, word);
    p->at += there;
    return there;
}
/* Takes "(word" where it stands next. */
static inline bool cw_take_form(cw_parser *p, uint16_t word)
{
    bool there = cw_at_form(p, word);
    p->at += 2 * there;
    return there;
}
/* These fail where something else stands next. */
void cw_expect_open(cw_parser *p, uint16_t word);
void cw_expect_word(cw_parser *p, uint16_t word);
void cw_expect_close(cw_parser *p);

/* The bytes of a string literal, in the text or in the arena; empty after a failure. */
cwrun_str cw_take_string(cw_parser *p);
/* The same; fails where it is not UTF-8. */
cwrun_str cw_take_name(cw_parser *p);
/* A run of strings, appended. */
void cw_take_strings(cw_parser *p, cw_bytes *out);
/* The name of an identifier token, without $. */
cwrun_str cw_id_name(cw_parser *p, const cw_token *id);
/* Takes an identifier where one stands next, else NULL. */
static inline const cw_token *cw_take_id(cw_parser *p)
{
    return p->at->kind == CW_TOKEN_ID ? p->at++ : NULL;
}
static inline cwrun_str cw_token_text(const cw_parser *p, const cw_token *t)
{
    return (cwrun_str){ p->source->text + t->offset,
                        t->kind == CW_TOKEN_OPEN || t->kind == CW_TOKEN_ANNOTATION ? 1 : t->size };
}

/* Numbers; all fail with "… constant out of range" or as an unexpected token. */
uint32_t cw_take_u32(cw_parser *p);
uint64_t cw_take_u64(cw_parser *p);
/* An integer of `bits` bits, signed or unsigned notation alike; sign-extended. what: "i32" and the like. */
int64_t cw_take_int(cw_parser *p, unsigned bits, const char *what);
uint32_t cw_take_f32(cw_parser *p);
uint64_t cw_take_f64(cw_parser *p);
/* The number behind "offset=" or "align=" where such a word stands next. */
bool cw_take_equals(cw_parser *p, const char *key, uint64_t *value);

/* ---- index spaces ---- */

typedef struct cw_space {
    const char *what; /* "func": names things in messages */
    cw_map names;     /* name → index */
    uint32_t n;
} cw_space;

void cw_space_fini(cw_space *s, const cw_alloc *a);
/* Counts one more thing, named where id is not NULL ("duplicate func"); returns its index. */
uint32_t cw_space_add(cw_parser *p, cw_space *s, const cw_token *id);
/* Takes an index: a number as it stands, an identifier looked up ("unknown func"). */
uint32_t cw_take_index(cw_parser *p, const cw_space *s);

#endif
