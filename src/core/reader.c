/* core/reader.c: the sticky reader of binaries  [core 5.2]; see reader.h. The words of faults are those of the
 * specification's scripts. */
#include "core/reader.h"

#include <stdio.h>

#include "base/error.h"
#include "base/utf.h"

void cw_reader_init(cw_reader *r, const uint8_t *bytes, size_t size, const char *file, cw_arena *arena,
                    cwrun_error *err)
{
    *r = (cw_reader){ .at = bytes,
                      .end = bytes + size,
                      .start = bytes,
                      .ok = !cwrun_failed(err),
                      .file = file,
                      .arena = arena,
                      .err = err };
}

/* ---- failing ---- */

/* "app.wasm:0x1f3: component 0 > module 2 > export 4", cut where it is too long. */
static void print_place(const cw_reader *r, const uint8_t *at, char *out, size_t size)
{
    int used =
        snprintf(out, size, "%.256s%s0x%zx", r->file ? r->file : "", r->file ? ":" : "", cw_reader_offset(r, at));
    for (uint32_t i = 0; i < r->depth && used >= 0 && (size_t)used < size; i++) {
        const cw_reader_step *step = &r->path[i];
        const char *joint = i ? " > " : ": ";
        if (step->index == UINT32_MAX)
            used += snprintf(out + used, size - (size_t)used, "%s%s", joint, step->what);
        else
            used += snprintf(out + used, size - (size_t)used, "%s%s %u", joint, step->what, step->index);
    }
}

static void fail(cw_reader *r, const uint8_t *at, uint8_t kind, uint8_t code, const char *format, va_list args)
{
    if (!r->ok)
        return;
    r->ok = false;
    if (!r->err || cwrun_failed(r->err))
        return;

    char place[1024];
    print_place(r, at ? at : r->at, place, sizeof place);
    cw_vfail(r->err, &r->arena->alloc, kind, code, format, args);
    if (r->err->kind == kind && r->err->code == code)
        cw_error_prefix(r->err, &r->arena->alloc, "%s", place);
}

void cw_reader_fail(cw_reader *r, const uint8_t *at, const char *format, ...)
{
    va_list args;
    va_start(args, format);
    fail(r, at, CWRUN_ERROR_INPUT, 0, format, args);
    va_end(args);
}

void cw_reader_limit(cw_reader *r, const uint8_t *at, const char *format, ...)
{
    va_list args;
    va_start(args, format);
    fail(r, at, CWRUN_ERROR_LIMIT, CWRUN_LIMIT_INPUT, format, args);
    va_end(args);
}

void cw_reader_oom(cw_reader *r)
{
    r->ok = false;
    cw_fail_oom(r->err);
}

bool cw_reader_recover(cw_reader *r)
{
    bool is_input = r->err && (r->err->kind == CWRUN_ERROR_INPUT ||
                               (r->err->kind == CWRUN_ERROR_LIMIT && r->err->code == CWRUN_LIMIT_INPUT));
    if (r->ok || !r->errors || !is_input)
        return false;
    r->errors->report(r->errors->user, r->err);
    r->errors->n++;
    cwrun_error_clear(r->err);
    r->ok = true;
    return true;
}

void cw_reader_invalid(cw_reader *r, const uint8_t *at, const char *format, ...)
{
    if (!r->ok)
        return;
    va_list args;
    va_start(args, format);
    fail(r, at, CWRUN_ERROR_INPUT, 0, format, args);
    va_end(args);
    cw_reader_recover(r);
}

/* ---- nesting ---- */

void cw_reader_push(cw_reader *r, const char *what, uint32_t index)
{
    if (r->depth == CW_READER_DEPTH) {
        cw_reader_limit(r, NULL, "nested deeper than %u levels", (unsigned)CW_READER_DEPTH);
        return;
    }
    if (r->ok)
        r->path[r->depth++] = (cw_reader_step){ what, index };
}

void cw_reader_pop(cw_reader *r)
{
    if (r->ok && r->depth)
        r->depth--;
}

const uint8_t *cw_reader_enter(cw_reader *r, size_t size, const char *what)
{
    const uint8_t *end = r->end;
    if (r->ok && size > cw_reader_left(r))
        cw_reader_fail(r, NULL,
                       "unexpected end of section or function, length out of bounds: %s of %zu bytes, %zu are left",
                       what, size, cw_reader_left(r));
    if (r->ok)
        r->end = r->at + size;
    return end;
}

void cw_reader_leave(cw_reader *r, const uint8_t *end, const char *what)
{
    if (r->ok && r->at != r->end)
        cw_reader_fail(r, NULL, "section size mismatch: unexpected content in the %s, %zu bytes are left", what,
                       cw_reader_left(r));
    r->end = end;
}

/* ---- numbers ---- */

uint8_t cw_read_u8(cw_reader *r)
{
    if (!r->ok)
        return 0;
    if (r->at == r->end) {
        cw_reader_fail(r, NULL, "unexpected end of section or function");
        return 0;
    }
    return *r->at++;
}

static void fail_leb(cw_reader *r, cw_leb_status status)
{
    static const char *const words[] = { [CW_LEB_OK] = "",
                                         [CW_LEB_END] = "unexpected end of section or function",
                                         [CW_LEB_LONG] = "integer representation too long",
                                         [CW_LEB_RANGE] = "integer too large" };
    cw_reader_fail(r, NULL, "%s", words[status]);
}

static uint64_t read_unsigned(cw_reader *r, unsigned bits)
{
    uint64_t value = 0;
    if (!r->ok)
        return 0;
    const uint8_t *at = r->at;
    cw_leb_status status = cw_leb_read_unsigned(&at, r->end, bits, &value);
    if (status != CW_LEB_OK) {
        fail_leb(r, status);
        return 0;
    }
    r->at = at;
    return value;
}

static int64_t read_signed(cw_reader *r, unsigned bits)
{
    int64_t value = 0;
    if (!r->ok)
        return 0;
    const uint8_t *at = r->at;
    cw_leb_status status = cw_leb_read_signed(&at, r->end, bits, &value);
    if (status != CW_LEB_OK) {
        fail_leb(r, status);
        return 0;
    }
    r->at = at;
    return value;
}

uint32_t cw_read_u32(cw_reader *r)
{
    if (r->ok && r->at < r->end && *r->at < 0x80)
        return *r->at++;
    return (uint32_t)read_unsigned(r, 32);
}

uint64_t cw_read_u64(cw_reader *r)
{
    return read_unsigned(r, 64);
}

int32_t cw_read_s32(cw_reader *r)
{
    return (int32_t)read_signed(r, 32);
}

int64_t cw_read_s33(cw_reader *r)
{
    return read_signed(r, 33);
}

int64_t cw_read_s64(cw_reader *r)
{
    return read_signed(r, 64);
}

uint32_t cw_read_fixed32(cw_reader *r)
{
    const uint8_t *b = cw_read_bytes(r, 4);
    return b ? (uint32_t)b[0] | (uint32_t)b[1] << 8 | (uint32_t)b[2] << 16 | (uint32_t)b[3] << 24 : 0;
}

uint64_t cw_read_fixed64(cw_reader *r)
{
    uint64_t low = cw_read_fixed32(r);
    return low | (uint64_t)cw_read_fixed32(r) << 32;
}

/* ---- bytes and counts ---- */

const uint8_t *cw_read_bytes(cw_reader *r, size_t n)
{
    if (!r->ok)
        return NULL;
    if (n > cw_reader_left(r)) {
        cw_reader_fail(r, NULL, "unexpected end of section or function: %zu bytes wanted, %zu are left", n,
                       cw_reader_left(r));
        return NULL;
    }
    const uint8_t *bytes = r->at;
    r->at += n;
    return bytes;
}

cwrun_str cw_read_name(cw_reader *r)
{
    const uint8_t *at = r->at;
    uint32_t size = cw_read_u32(r);
    if (r->ok && size > cw_reader_left(r))
        cw_reader_fail(r, at,
                       "unexpected end of section or function, length out of bounds: name of %u bytes, %zu are left",
                       size, cw_reader_left(r));
    const uint8_t *bytes = cw_read_bytes(r, size);
    size_t bad = 0;
    if (!bytes || cw_utf8_valid(bytes, size, &bad))
        return (cwrun_str){ (const char *)bytes, bytes ? size : 0 };
    cw_reader_fail(r, bytes + bad, "malformed UTF-8 encoding");
    return (cwrun_str){ NULL, 0 };
}

uint32_t cw_read_count(cw_reader *r, uint32_t most, const char *what)
{
    const uint8_t *at = r->at;
    uint32_t n = cw_read_u32(r);
    if (!r->ok)
        return 0;
    if (n > cw_reader_left(r)) {
        cw_reader_fail(r, at, "unexpected end of section or function, length out of bounds: %u %s in %zu bytes", n,
                       what, cw_reader_left(r));
        return 0;
    }
    if (n > most) {
        cw_reader_limit(r, at, "too many %s: %u, at most %u", what, n, most);
        return 0;
    }
    return n;
}
