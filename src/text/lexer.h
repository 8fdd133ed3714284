/* text/lexer.h: the text format as an array of tokens  [core 6.3].
 *
 * The one idea: a text is cut up once, before parsing, so that parsers look as far ahead as they like and jump over
 * whole forms: an opening parenthesis knows its closing one. Words are looked up here, once; what is no error of
 * characters is left to the parsers. Annotations that nobody reads vanish. */
#ifndef CW_TEXT_LEXER_H
#define CW_TEXT_LEXER_H

#include <stdarg.h>
#include "base/arena.h"
#include "core/opcodes.h"

/* Words: ids of instructions (cw_op), then those of words.def. 0 is no word. */
enum {
    CW_WORDS_START_ = CW_OP_COUNT - 1,
#define WORD(id, spelling) CW_WORD_##id,
#include "text/words.def"
#undef WORD
    CW_WORD_COUNT
};

/* Spelling → word. One table serves any number of texts. */
typedef struct cw_words {
    struct {
        uint32_t hash;
        uint16_t size, word; /* word 0: free */
    } slots[2048];
} cw_words;
void cw_words_init(cw_words *words);
uint16_t cw_words_find(const cw_words *words, const char *spelling, size_t size);
const char *cw_word_spelling(uint16_t word);

typedef enum cw_token_kind {
    CW_TOKEN_END,
    CW_TOKEN_OPEN,
    CW_TOKEN_CLOSE,
    CW_TOKEN_ANNOTATION, /* "(@name" of an annotation that some parser reads; word is a cw_annotation */
    CW_TOKEN_ID,         /* $name or $"name"; word is 1 for the second */
    CW_TOKEN_STRING,     /* word is 1 where it has escapes */
    CW_TOKEN_CHAR,       /* 'x', '\n', '\u{e9}': decodes as a string does */
    CW_TOKEN_ATOM,       /* a run of identifier characters: word, number, or nothing known */
    CW_TOKEN_RESERVED    /* anything else that is one token */
} cw_token_kind;

typedef enum cw_annotation {
    CW_ANNOTATION_NONE,
    CW_ANNOTATION_CUSTOM,
    CW_ANNOTATION_NAME,
    CW_ANNOTATION_BRANCH_HINT,
    CW_ANNOTATION_PRODUCERS,
    CW_ANNOTATION_DYLINK,
    /* ours: what makes the same bytes of a text that was printed */
    CW_ANNOTATION_NAMES,      /* where the name section stands, if not at the end */
    CW_ANNOTATION_DATA_COUNT, /* there is a data count section even if nothing needs it */
    CW_ANNOTATION_OWN_NAME,   /* a nested module's or component's name for itself; without string: none */
    CW_ANNOTATION_SECTION,    /* a new section of a component begins, though it is like the one before */
    CW_ANNOTATION_EMPTY,      /* a section of nothing */
    CW_ANNOTATION_RUN,        /* a run of locals ends here; with a type: and a run of none of it follows */
    CW_ANNOTATION_FORM,       /* of several encodings that mean the same the one of this first byte */
    CW_ANNOTATION_COUNT
} cw_annotation;
/* "custom" and so on. */
const char *cw_annotation_spelling(uint16_t annotation);

typedef struct cw_token {
    uint32_t offset; /* in the text */
    uint32_t size;   /* in bytes, quotes included; OPEN and ANNOTATION: the place of the closing token instead */
    uint16_t kind;   /* cw_token_kind */
    uint16_t word;
} cw_token;

/* A text and its tokens; the last one is END. */
typedef struct cw_source {
    const char *file; /* for messages; NULL: none */
    const char *text;
    size_t size;
    cw_token *tokens;
    uint32_t n_tokens, cap_tokens;
    cw_alloc alloc;
} cw_source;

/* Cuts text (not copied) into tokens. False with err (INPUT, or LIMIT where memory ran out) set where it cannot be. */
bool cw_source_init(cw_source *s, const cw_words *words, cwrun_str text, const char *file, const cw_alloc *a,
                    cwrun_error *err);
void cw_source_fini(cw_source *s);

/* An offset as line and column, both from 1; columns count characters. */
typedef struct cw_place {
    size_t offset;
    uint32_t line, column;
} cw_place;
/* Sets an error of kind INPUT: "file:line:column: message", the line, and a caret. last (may be NULL) is the place of
 * the error before, zeroes at first, and becomes this one's: who goes on behind errors counts every line once. */
void cw_source_fail(const cw_source *s, cw_place *last, size_t offset, cwrun_error *err, const char *format, ...)
    CWRUN_PRINTF(5, 6);
void cw_source_vfail(const cw_source *s, cw_place *last, size_t offset, cwrun_error *err, const char *format,
                     va_list args) CWRUN_PRINTF(5, 0);

/* Decodes the string or identifier literal whose opening quote is at text[0], which the lexer took: the bytes go to
 * `out` (room for size bytes); returns their number. */
size_t cw_string_decode(const char *text, size_t size, char *out);

#endif
