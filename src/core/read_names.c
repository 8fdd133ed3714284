/* core/read_names.c: the name section, module and function names  [core 7.4.1].
 *
 * Names only serve people: what is malformed ends the reading and what was read before is kept. */
#include "base/utf.h"
#include "core/read.h"

enum { SUBSECTION_MODULE = 0, SUBSECTION_FUNCS = 1 };

/* Reads with the sticky reader `r` (its own copy, without an error) the function names; by ascending index as the
 * specification asks, so that they can be searched. */
static void read_func_names(cw_reader *r, cw_module *m)
{
    uint32_t n = cw_read_count(r, CW_MAX_FUNCS, "names");
    cw_func_name *names = r->ok ? CW_ARENA_ARRAY(r->arena, n, cw_func_name) : NULL;
    uint32_t n_names = 0;

    for (uint32_t i = 0; names && i < n; i++) {
        uint32_t index = cw_read_u32(r);
        cwrun_str name = cw_read_name(r);
        if (!r->ok || index >= m->n_funcs || (n_names && names[n_names - 1].index >= index))
            break;
        names[n_names++] = (cw_func_name){ index, name };
    }
    m->func_names = names;
    m->n_func_names = n_names;
}

void cw_read_names(const cw_reader *parent, cw_module *m, const uint8_t *bytes, size_t size)
{
    cw_reader r;
    cw_reader_init(&r, bytes, size, NULL, parent->arena, NULL);

    while (r.ok && r.at < r.end) {
        uint8_t id = cw_read_u8(&r);
        uint32_t length = cw_read_u32(&r);
        const uint8_t *content = cw_read_bytes(&r, length);
        if (!content)
            return;

        cw_reader sub;
        cw_reader_init(&sub, content, length, NULL, parent->arena, NULL);
        if (id == SUBSECTION_MODULE) {
            cwrun_str name = cw_read_name(&sub);
            if (sub.ok)
                m->name = name;
        } else if (id == SUBSECTION_FUNCS) {
            read_func_names(&sub, m);
        }
    }
}
