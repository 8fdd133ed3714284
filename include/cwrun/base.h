/* cwrun/base.h: strings, the allocator hook and errors, which every other header uses.
 *
 * Nothing here needs an engine. An error is owned by its caller and passed down a straight run of calls: the first
 * failure wins, later calls that are given an error already set do nothing and fail, and one check at the end sees it.
 */
#ifndef CWRUN_BASE_H
#define CWRUN_BASE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#ifdef __cplusplus
extern "C" {
#endif

#if defined(__GNUC__)
#define CWRUN_API __attribute__((visibility("default")))
#define CWRUN_PRINTF(fmt, args) __attribute__((format(printf, fmt, args)))
#else
#define CWRUN_API
#define CWRUN_PRINTF(fmt, args)
#endif

#define CWRUN_VERSION_MAJOR 0
#define CWRUN_VERSION_MINOR 1
#define CWRUN_VERSION_PATCH 0
#define CWRUN_VERSION "0.1.0"

/* ---- strings ---- */

/* A view of text: `size` bytes at `data`, UTF-8 wherever WIT says string. Not necessarily NUL-terminated; strings in
 * arenas have a NUL behind them all the same. Its layout is that of a WIT string on a 64-bit host. */
typedef struct cwrun_str {
    const char *data;
    size_t size;
} cwrun_str;

static inline cwrun_str cwrun_str_of(const char *text)
{
    cwrun_str s;
    s.data = text;
    s.size = text ? strlen(text) : 0;
    return s;
}

/* A view of a list: `size` elements at `data`. Its layout is that of a WIT list on a 64-bit host. */
typedef struct cwrun_list {
    const void *data;
    size_t size;
} cwrun_list;

/* ---- memory ---- */

/* The one allocator hook. new_size 0 frees (returns NULL), ptr NULL allocates, else resizes; old_size is always the
 * size that was asked for. NULL for new_size > 0 is "out of memory", which every caller handles. Must be thread-safe
 * where the engine is shared between threads. Memory is aligned as malloc's. */
typedef void *(*cwrun_alloc_fn)(void *user, void *ptr, size_t old_size, size_t new_size);

typedef struct cwrun_alloc {
    cwrun_alloc_fn fn; /* NULL: realloc and free */
    void *user;
} cwrun_alloc;

/* ---- text out ---- */

/* Takes a piece of text; false stops the printing. */
typedef bool (*cwrun_write_fn)(void *user, const char *data, size_t size);

/* A cwrun_write_fn for a FILE * given as user. */
CWRUN_API bool cwrun_to_file(void *file, const char *data, size_t size);

/* ---- errors ---- */

/* What kind of failure; the families never mix. */
enum {
    CWRUN_ERROR_NONE = 0,
    CWRUN_ERROR_ARGUMENT, /* misuse by the host: a wrong type, value, handle or object; nothing happened */
    CWRUN_ERROR_INPUT,    /* malformed or invalid binary or text */
    CWRUN_ERROR_LINK,     /* imports that are missing or do not fit, all of them at once */
    CWRUN_ERROR_TRAP,     /* the guest trapped: code is a cwrun_trap */
    CWRUN_ERROR_LIMIT,    /* out of memory, fuel, time, handles …: code is a cwrun_limit */
    CWRUN_ERROR_EXIT,     /* the guest ended itself: exit_status */
    CWRUN_ERROR_EXCEPTION /* a core exception left a core export */
};

/* Which limit (code of CWRUN_ERROR_LIMIT). */
enum {
    CWRUN_LIMIT_NONE = 0,
    CWRUN_LIMIT_HOST_MEMORY, /* the allocator hook returned NULL */
    CWRUN_LIMIT_FUEL,
    CWRUN_LIMIT_TIMEOUT, /* interrupted or past its deadline */
    CWRUN_LIMIT_GUEST_MEMORY,
    CWRUN_LIMIT_TABLE,
    CWRUN_LIMIT_INSTANCES,
    CWRUN_LIMIT_HANDLES,
    CWRUN_LIMIT_CALL_BYTES,  /* bytes one call may copy to the host */
    CWRUN_LIMIT_INPUT,       /* an implementation limit on a module or component */
    CWRUN_LIMIT_UNSUPPORTED, /* a feature that is not executed yet */
    CWRUN_LIMIT_GC_HEAP      /* garbage-collected objects */
};

/* One frame of a guest's backtrace, innermost first. The names live as long as the error. */
typedef struct cwrun_frame {
    uint64_t offset;      /* of the instruction, in the file that was loaded */
    const char *module;   /* name section, else "module N" style name; never NULL */
    const char *function; /* name section (Rust names demangled), export name or "func[N]"; never NULL */
    uint64_t func_offset; /* of the instruction, from the function's first one */
    uint32_t func_index;  /* in its module; UINT32_MAX for a function of the host */
} cwrun_frame;

/* An error, owned by the caller; zero is "no error". Everything behind the pointers is freed by cwrun_error_clear. */
typedef struct cwrun_error {
    uint8_t kind; /* CWRUN_ERROR_… */
    uint8_t code; /* trap or limit code, else 0 */
    uint16_t reserved;
    int32_t exit_status; /* of CWRUN_ERROR_EXIT */
    const char *message; /* one or more lines without a trailing newline; never NULL once set */
    const cwrun_frame *frames;
    size_t n_frames;
    void *owned; /* private: what cwrun_error_clear frees; NULL for out of memory */
} cwrun_error;

#define CWRUN_ERROR_INIT { 0, 0, 0, 0, NULL, NULL, 0, NULL }

/* True where the error is set. */
static inline bool cwrun_failed(const cwrun_error *err)
{
    return err && err->kind != CWRUN_ERROR_NONE;
}

/* Sets an error of the caller's own making (printf-style); nothing where it is set already or err is NULL. */
CWRUN_API void cwrun_error_set(cwrun_error *err, uint8_t kind, uint8_t code, const char *format, ...)
    CWRUN_PRINTF(4, 5);

/* Prints the error with its frames and clears it; prints nothing where there is none. */
CWRUN_API void cwrun_error_report(cwrun_error *err, FILE *to);

/* The text cwrun_error_report prints, through `write`; does not clear. */
CWRUN_API bool cwrun_error_print(const cwrun_error *err, cwrun_write_fn write, void *user);

/* Frees what the error owns and resets it to "no error". */
CWRUN_API void cwrun_error_clear(cwrun_error *err);

/* The words of a trap code, e.g. "wasm `unreachable` instruction executed". */
CWRUN_API const char *cwrun_trap_words(uint8_t code);

/* ---- arenas ---- */

/* A bump allocator for results and built values: everything in it is freed at once. */
typedef struct cwrun_arena cwrun_arena;

/* A new arena on the given allocator (NULL: malloc). NULL where memory ran out. */
CWRUN_API cwrun_arena *cwrun_arena_new(const cwrun_alloc *alloc);
/* `size` zeroed bytes aligned to 16, or NULL where memory ran out. */
CWRUN_API void *cwrun_arena_alloc(cwrun_arena *arena, size_t size);
/* Copies text into the arena with a NUL behind it; {NULL, 0} where memory ran out. */
CWRUN_API cwrun_str cwrun_arena_str(cwrun_arena *arena, const char *data, size_t size);
/* Frees every byte but keeps a chunk for the next use. */
CWRUN_API void cwrun_arena_reset(cwrun_arena *arena);
CWRUN_API void cwrun_arena_drop(cwrun_arena *arena);

#ifdef __cplusplus
}
#endif
#endif
