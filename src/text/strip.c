/* text/strip.c: `strip`: a binary without some of its custom sections, those of modules and components inside included.
 *
 * Other sections are copied as they are, but for the length before them, which gets its shortest form. */
#include "base/error.h"
#include "core/reader.h"
#include "cwrun/text.h"
#include "text/bytes.h"

enum { CUSTOM = 0, CORE_MODULE = 1, COMPONENT = 4 };

typedef struct stripper {
    cw_reader r;
    cwrun_strip_fn removes;
    void *user;
} stripper;

static void strip_body(stripper *s, cw_bytes *out);

/* A section's content, which the reader covers. */
static void strip_section(stripper *s, uint8_t id, bool is_nested, cw_bytes *out)
{
    cw_reader *r = &s->r;
    const uint8_t *content = r->at, *end = r->end;
    if (is_nested) {
        cw_bytes inner;
        cw_bytes_init(&inner, &out->alloc);
        cw_reader_push(r, id == COMPONENT ? "component" : "core module", UINT32_MAX);
        strip_body(s, &inner);
        cw_reader_pop(r);
        cw_bytes_u8(out, id);
        cw_bytes_vec(out, inner.data, inner.size);
        out->oom = out->oom || inner.oom;
        cw_bytes_fini(&inner);
        return;
    }
    cwrun_str name = { NULL, 0 };
    if (id == CUSTOM)
        name = cw_read_name(r);
    if (!r->ok)
        return;
    r->at = end;
    if (id == CUSTOM && s->removes(s->user, name))
        return;
    cw_bytes_u8(out, id);
    cw_bytes_vec(out, content, (size_t)(end - content));
}

/* A module or component, to the end of what the reader covers. */
static void strip_body(stripper *s, cw_bytes *out)
{
    cw_reader *r = &s->r;
    const uint8_t *preamble = cw_read_bytes(r, 8);
    if (preamble && memcmp(preamble, "\0asm", 4) != 0)
        cw_reader_fail(r, preamble, "magic header not detected");
    if (!r->ok)
        return;
    bool is_component = preamble[6] != 0;
    cw_bytes_add(out, preamble, 8);
    while (cw_reader_left(r)) {
        const uint8_t id = cw_read_u8(r), *end = cw_reader_enter(r, cw_read_u32(r), "section");
        if (r->ok)
            strip_section(s, id, is_component && (id == CORE_MODULE || id == COMPONENT), out);
        cw_reader_leave(r, end, "section");
    }
}

cwrun_str cwrun_strip(const void *bytes, size_t size, const char *file, cwrun_strip_fn removes, void *user,
                      cwrun_arena *arena, cwrun_error *err)
{
    cwrun_str none = { NULL, 0 }, stripped = none;
    if (!arena || !removes || (!bytes && size) || cwrun_failed(err)) {
        cw_fail_null(err, __func__);
        return none;
    }
    stripper s = { .removes = removes, .user = user };
    cw_bytes out;
    cw_bytes_init(&out, &arena->alloc);
    cw_reader_init(&s.r, bytes, size, file, arena, err);
    strip_body(&s, &out);
    if (s.r.ok && !out.oom)
        stripped = cw_arena_copy(arena, out.data, out.size);
    if (s.r.ok && !stripped.data)
        cw_fail_oom(err);
    cw_bytes_fini(&out);
    return stripped;
}
