/* text/dylink.c: the annotation of shared libraries, (@dylink.0 …), and its custom section  [tool-conventions:
 * DynamicLinking.md]. Forms about symbols that follow each other make one subsection. */
#include "text/module.h"

#include "base/str.h"

enum { MEM_INFO = 1, NEEDED, EXPORT_INFO, IMPORT_INFO, RUNTIME_PATH, SUBSECTIONS_END };

typedef struct subsection {
    uint8_t id; /* 0: none is open */
    uint32_t n;
    cw_bytes body;
} subsection;

static void begin(subsection *s, uint8_t id)
{
    s->id = id;
    s->n = 0;
    s->body.size = 0;
}

/* Writes what is open: id, size, and the count where it is a list. */
static void end(subsection *s, cw_bytes *out)
{
    if (!s->id)
        return;
    cw_bytes whole;
    cw_bytes_init(&whole, &s->body.alloc);
    if (s->id != MEM_INFO)
        cw_bytes_u32(&whole, s->n);
    cw_bytes_add(&whole, s->body.data, s->body.size);
    cw_bytes_u8(out, s->id);
    cw_bytes_vec(out, whole.data, whole.size);
    cw_bytes_fini(&whole);
    s->id = 0;
}

/* (memory size align)? (table size align)? */
static void take_mem_info(cw_parser *p, cw_bytes *out)
{
    static const uint16_t words[] = { CW_WORD_MEMORY, CW_WORD_TABLE };
    for (unsigned i = 0; i < 2; i++) {
        bool there = cw_take_form(p, words[i]);
        for (unsigned k = 0; k < 2; k++)
            cw_bytes_u32(out, there ? cw_take_u32(p) : 0);
        if (there)
            cw_expect_close(p);
    }
}

static uint32_t take_flags(cw_parser *p)
{
    static const struct {
        const char *name;
        uint32_t bit;
    } names[] = {
        { "binding-weak", 1 << 0 }, { "binding-local", 1 << 1 }, { "visibility-hidden", 1 << 2 },
        { "undefined", 1 << 4 },    { "exported", 1 << 5 },      { "explicit-name", 1 << 6 },
        { "no-strip", 1 << 7 },     { "tls", 1 << 8 },           { "absolute", 1 << 9 },
    };
    uint32_t flags = 0;
    while (p->ok && !cw_at_close(p)) {
        size_t i = 0, n = sizeof names / sizeof *names;
        while (i < n && !cw_str_eq_c(cw_token_text(p, p->at), names[i].name))
            i++;
        if (i < n) {
            flags |= names[i].bit;
            cw_take(p);
        } else {
            flags |= cw_take_u32(p);
        }
    }
    return flags;
}

static void take_names(cw_parser *p, cw_bytes *out, uint32_t n)
{
    for (uint32_t i = 0; i < n; i++) {
        cwrun_str name = cw_take_name(p);
        cw_bytes_vec(out, name.data, name.size);
    }
}

void cw_write_dylink(cw_parser *p, cw_bytes *out)
{
    static const uint16_t words[] = {
        [MEM_INFO] = CW_WORD_MEM_INFO,         [NEEDED] = CW_WORD_NEEDED,
        [EXPORT_INFO] = CW_WORD_EXPORT_INFO,   [IMPORT_INFO] = CW_WORD_IMPORT_INFO,
        [RUNTIME_PATH] = CW_WORD_RUNTIME_PATH,
    };
    subsection s = { 0 };
    cw_bytes_init(&s.body, &p->alloc);
    cw_take(p);
    while (p->ok && !cw_at_close(p)) {
        uint8_t id = MEM_INFO;
        while (id < SUBSECTIONS_END && !cw_take_form(p, words[id]))
            id++;
        if (id == SUBSECTIONS_END) {
            cw_parse_unexpected(p, "(mem-info, (needed, (export-info, (import-info or (runtime-path");
            break;
        }
        if (s.id != id || !(id == EXPORT_INFO || id == IMPORT_INFO)) {
            end(&s, out);
            begin(&s, id);
        }
        if (id == MEM_INFO) {
            take_mem_info(p, &s.body);
        } else if (id == NEEDED || id == RUNTIME_PATH) {
            for (; p->ok && !cw_at_close(p); s.n++)
                take_names(p, &s.body, 1);
        } else {
            take_names(p, &s.body, id == IMPORT_INFO ? 2 : 1);
            cw_bytes_u32(&s.body, take_flags(p));
            s.n++;
        }
        cw_expect_close(p);
    }
    cw_expect_close(p);
    end(&s, out);
    cw_bytes_fini(&s.body);
}
