/* base/error.c: the one error type, its making and its printing.
 *
 * What an error owns is one block: a head with the allocator that frees it, the frames, the message, the frames' names.
 * The head also knows where in the message the reason starts, behind what was put in front of it, so that the line
 * "wasm trap: REASON" carries the reason alone. */
#include "base/error.h"
#include "base/str.h"
#include "base/traps.h"

typedef struct owned_block {
    cw_alloc alloc;
    size_t size;
    size_t reason; /* offset in the message */
} owned_block;

static const char out_of_memory[] = "out of memory";

/* ---- making ---- */

bool cw_fail_oom(cwrun_error *err)
{
    if (err && err->kind == CWRUN_ERROR_NONE) {
        *err = (cwrun_error)CWRUN_ERROR_INIT;
        err->kind = CWRUN_ERROR_LIMIT;
        err->code = CWRUN_LIMIT_HOST_MEMORY;
        err->message = out_of_memory;
    }
    return false;
}

bool cw_fail_null(cwrun_error *err, const char *who)
{
    cw_fail(err, NULL, CWRUN_ERROR_ARGUMENT, 0, "%s: what it needs is NULL", who);
    return false;
}

/* Size of a block, 0 where it wraps. */
static size_t block_size(size_t message_size, const cwrun_frame *frames, size_t n_frames)
{
    size_t size = sizeof(owned_block);
    if (n_frames > (SIZE_MAX - size) / sizeof *frames)
        return 0;
    size += n_frames * sizeof *frames;
    if (message_size >= SIZE_MAX - size)
        return 0;
    size += message_size + 1;
    for (size_t i = 0; i < n_frames; i++) {
        size_t names = strlen(frames[i].module) + 1 + strlen(frames[i].function) + 1;
        if (names > SIZE_MAX - size)
            return 0;
        size += names;
    }
    return size;
}

static const char *copy_name(char **at, const char *name)
{
    size_t size = strlen(name) + 1;
    char *copy = memcpy(*at, name, size);
    *at += size;
    return copy;
}

/* A new block with room for a message of that size, which it returns; the frames are copied. The error points there and
 * its old block, which the frames may lie in, is freed. NULL where memory ran out; then nothing has changed. */
static char *rebuild(cwrun_error *err, const cw_alloc *a, size_t message_size, size_t reason, const cwrun_frame *frames,
                     size_t n_frames)
{
    size_t size = block_size(message_size, frames, n_frames);
    owned_block *block = size != 0 ? cw_new(a, size) : NULL;
    if (!block)
        return NULL;
    block->alloc = a ? *a : cw_alloc_default;
    block->size = size;
    block->reason = reason;

    cwrun_frame *copies = (cwrun_frame *)(block + 1);
    char *message = (char *)(copies + n_frames), *at = message + message_size + 1;
    for (size_t i = 0; i < n_frames; i++) {
        copies[i] = frames[i];
        copies[i].module = copy_name(&at, frames[i].module);
        copies[i].function = copy_name(&at, frames[i].function);
    }
    err->frames = n_frames != 0 ? copies : NULL;
    err->n_frames = n_frames;
    err->owned = block;
    return message;
}

static void free_block(owned_block *block)
{
    if (block) {
        cw_alloc alloc = block->alloc;
        cw_free(&alloc, block, block->size);
    }
}

void cw_vfail(cwrun_error *err, const cw_alloc *a, uint8_t kind, uint8_t code, const char *format, va_list args)
{
    if (!err || err->kind != CWRUN_ERROR_NONE)
        return;
    va_list again;
    va_copy(again, args);
    int size = vsnprintf(NULL, 0, format, args);
    char *message = size < 0 ? NULL : rebuild(err, a, (size_t)size, 0, NULL, 0);
    if (message) {
        vsnprintf(message, (size_t)size + 1, format, again);
        err->kind = kind == CWRUN_ERROR_NONE ? CWRUN_ERROR_ARGUMENT : kind;
        err->code = code;
        err->message = message;
    } else {
        cw_fail_oom(err);
    }
    va_end(again);
}

void cw_fail(cwrun_error *err, const cw_alloc *a, uint8_t kind, uint8_t code, const char *format, ...)
{
    va_list args;
    va_start(args, format);
    cw_vfail(err, a, kind, code, format, args);
    va_end(args);
}

void cwrun_error_set(cwrun_error *err, uint8_t kind, uint8_t code, const char *format, ...)
{
    va_list args;
    va_start(args, format);
    cw_vfail(err, NULL, kind, code, format, args);
    va_end(args);
}

void cw_error_prefix(cwrun_error *err, const cw_alloc *a, const char *format, ...)
{
    owned_block *old = err ? err->owned : NULL;
    if (!old || err->kind == CWRUN_ERROR_NONE)
        return; /* out of memory stays as it is */
    va_list args, again;
    va_start(args, format);
    va_copy(again, args);
    const char *rest = err->message;
    size_t rest_size = strlen(rest);
    int size = vsnprintf(NULL, 0, format, args);
    char *message = NULL;
    if (size >= 0 && rest_size < SIZE_MAX / 2 - (size_t)size)
        message =
            rebuild(err, a, (size_t)size + 2 + rest_size, (size_t)size + 2 + old->reason, err->frames, err->n_frames);
    if (message) {
        vsnprintf(message, (size_t)size + 1, format, again);
        memcpy(message + size, ": ", 2);
        memcpy(message + size + 2, rest, rest_size + 1);
        err->message = message;
        free_block(old);
    }
    va_end(again);
    va_end(args);
}

void cw_error_frames(cwrun_error *err, const cw_alloc *a, const cwrun_frame *frames, size_t n)
{
    owned_block *old = err ? err->owned : NULL;
    if (!old || err->kind == CWRUN_ERROR_NONE)
        return;
    size_t size = strlen(err->message);
    char *message = rebuild(err, a, size, old->reason, frames, n);
    if (message) {
        err->message = memcpy(message, err->message, size + 1);
        free_block(old);
    }
}

void cwrun_error_clear(cwrun_error *err)
{
    if (!err)
        return;
    owned_block *block = err->owned;
    *err = (cwrun_error)CWRUN_ERROR_INIT;
    free_block(block);
}

const char *cwrun_trap_words(uint8_t code)
{
    static const char *const all_words[CW_TRAP_COUNT] = {
#define TRAP(id, words) words,
#include "base/traps.def"
#undef TRAP
    };
    return code < CW_TRAP_COUNT ? all_words[code] : "unknown trap";
}

/* ---- printing ---- */

bool cwrun_to_file(void *file, const char *data, size_t size)
{
    return size == 0 || (file && data && fwrite(data, 1, size, file) == size);
}

typedef struct printer {
    cwrun_write_fn write;
    void *user;
    bool ok;
} printer;

static void put(printer *p, const char *data, size_t size)
{
    p->ok = p->ok && (size == 0 || p->write(p->user, data, size));
}

/* The size of a control character at s, 0 where there is none. */
static size_t control_size(const uint8_t *s, size_t n, bool lines)
{
    if (lines && (s[0] == '\n' || s[0] == '\t'))
        return 0;
    if (s[0] < 0x20 || s[0] == 0x7f)
        return 1;
    return s[0] == 0xc2 && n > 1 && s[1] >= 0x80 && s[1] < 0xa0 ? 2 : 0; /* U+0080…U+009F */
}

/* Text with names out of a guest's file in it, which must not drive a terminal: control characters are spelled out. */
static void put_clean(printer *p, const char *data, size_t size, bool lines)
{
    const uint8_t *s = (const uint8_t *)data;
    size_t start = 0;
    for (size_t i = 0; i < size;) {
        size_t n = control_size(s + i, size - i, lines);
        if (n != 0) {
            char spelled[16];
            int length = snprintf(spelled, sizeof spelled, "\\u{%x}", s[i + n - 1]);
            put(p, data + start, i - start);
            put(p, spelled, (size_t)length);
            start = i + n;
        }
        i += n != 0 ? n : 1;
    }
    put(p, data + start, size - start);
}

static void print_frames(printer *p, const cwrun_error *err)
{
    if (err->n_frames == 0)
        return;
    put(p, "wasm backtrace:\n", 16);
    for (size_t i = 0; i < err->n_frames; i++) {
        const cwrun_frame *f = &err->frames[i];
        char text[64];
        int size = snprintf(text, sizeof text, "%5zu: 0x%llx - ", i, (unsigned long long)f->offset);
        put(p, text, (size_t)size);
        put_clean(p, f->module, strlen(f->module), false);
        put(p, "!", 1);
        put_clean(p, f->function, strlen(f->function), false);
        put(p, "\n", 1);
    }
}

bool cwrun_error_print(const cwrun_error *err, cwrun_write_fn write, void *user)
{
    if (!cwrun_failed(err))
        return true;
    printer p = { write, user, write != NULL };
    const owned_block *block = err->owned;
    const char *message = err->message ? err->message : "unknown error";
    size_t size = strlen(message);

    if (err->kind == CWRUN_ERROR_TRAP) {
        size_t reason = block ? block->reason : 0;
        if (reason >= 2)
            put_clean(&p, message, reason - 2, true); /* without the ": " between them */
        else
            put(&p, "the guest trapped", 17);
        put(&p, "\n", 1);
        print_frames(&p, err);
        put(&p, "wasm trap: ", 11);
        put_clean(&p, message + reason, size - reason, true);
        put(&p, "\n", 1);
    } else {
        put_clean(&p, message, size, true);
        put(&p, "\n", 1);
        print_frames(&p, err);
    }
    return p.ok;
}

void cwrun_error_report(cwrun_error *err, FILE *to)
{
    cwrun_error_print(err, cwrun_to_file, to);
    cwrun_error_clear(err);
}
