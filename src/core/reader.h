/* core/reader.h: the sticky reader of binaries, for modules and components.
 *
 * After a failure `ok` is false, every read yields 0 and nothing moves, so that loops look at r->ok once per turn. The
 * error names the file offset and the path of nesting: "app.wasm:0x1f3: component 0 > module 2 > export 4: …". */
#ifndef CW_CORE_READER_H
#define CW_CORE_READER_H

#include "base/arena.h"
#include "base/leb.h"

enum { CW_READER_DEPTH = 128 }; /* deepest nesting of what */

/* One step of the path: a kind of thing and which one ("export", 4). index UINT32_MAX prints the word alone. */
typedef struct cw_reader_step {
    const char *what;
    uint32_t index;
} cw_reader_step;

/* Where errors go when not only the first one is asked for: see cw_reader_recover. */
typedef struct cw_reader_errors {
    void (*report)(void *user, const cwrun_error *err);
    void *user;
    uint32_t n;
} cw_reader_errors;

typedef struct cw_reader {
    const uint8_t *at, *end; /* what is left */
    const uint8_t *start;    /* of the whole file: offsets count from here */
    bool ok;
    const char *file;         /* name in messages; NULL prints none */
    cw_arena *arena;          /* where what is read goes */
    cwrun_error *err;         /* may be NULL */
    cw_reader_errors *errors; /* NULL: the first error is the only one */
    uint32_t depth;
    cw_reader_step path[CW_READER_DEPTH];
} cw_reader;

void cw_reader_init(cw_reader *r, const uint8_t *bytes, size_t size, const char *file, cw_arena *arena,
                    cwrun_error *err);

/* Fails at a place (NULL: where the reader is); the first failure wins. Kind is CWRUN_ERROR_INPUT; cw_reader_limit
 * gives CWRUN_ERROR_LIMIT / CWRUN_LIMIT_INPUT. Both set ok to false. */
void cw_reader_fail(cw_reader *r, const uint8_t *at, const char *format, ...) CWRUN_PRINTF(3, 4);
void cw_reader_limit(cw_reader *r, const uint8_t *at, const char *format, ...) CWRUN_PRINTF(3, 4);
void cw_reader_oom(cw_reader *r);

/* The same as cw_reader_fail of what is well-formed, but not valid: where all errors are asked for, reading goes on. */
void cw_reader_invalid(cw_reader *r, const uint8_t *at, const char *format, ...) CWRUN_PRINTF(3, 4);

/* Called by who knows where reading can go on after a failure: where all errors are asked for and it is one of the
 * input, it is reported and forgotten, and the answer is true. */
bool cw_reader_recover(cw_reader *r);

/* Nesting: push before a thing, pop after; deeper than CW_READER_DEPTH is a limit error. */
void cw_reader_push(cw_reader *r, const char *what, uint32_t index);
void cw_reader_pop(cw_reader *r);

static inline size_t cw_reader_offset(const cw_reader *r, const uint8_t *at)
{
    return (size_t)(at - r->start);
}
static inline size_t cw_reader_left(const cw_reader *r)
{
    return r->ok ? (size_t)(r->end - r->at) : 0;
}

uint8_t cw_read_u8(cw_reader *r);
uint32_t cw_read_u32(cw_reader *r); /* LEB128 */
uint64_t cw_read_u64(cw_reader *r);
int32_t cw_read_s32(cw_reader *r);
int64_t cw_read_s33(cw_reader *r);
int64_t cw_read_s64(cw_reader *r);
uint32_t cw_read_fixed32(cw_reader *r); /* 4 bytes, little-endian */
uint64_t cw_read_fixed64(cw_reader *r);
/* `n` bytes in place; NULL after a failure. */
const uint8_t *cw_read_bytes(cw_reader *r, size_t n);
/* vec(byte) that is UTF-8, in place (not copied: the file's bytes outlive what is read). */
cwrun_str cw_read_name(cw_reader *r);
/* A count of things that take at least one byte each; bounded by the bytes left and by `most`. */
uint32_t cw_read_count(cw_reader *r, uint32_t most, const char *what);

/* Narrows the reader to the next `size` bytes: a section, a body, what is nested; fewer than that are an error. The
 * answer is for cw_reader_leave, which widens it again, and to which bytes that nobody read are an error. */
const uint8_t *cw_reader_enter(cw_reader *r, size_t size, const char *what);
void cw_reader_leave(cw_reader *r, const uint8_t *end, const char *what);

#endif
