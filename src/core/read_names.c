/* core/read_names.c: the name section  [core 7.4.1]: names of the module and of what its index spaces hold.
 *
 * Names only serve people: what is malformed ends the reading and what was read before is kept. Names of locals are
 * many and hardly ever looked at: where they stand is kept, and who wants them reads them. */
#include "base/utf.h"
#include "core/read.h"

enum { SUBSECTION_MODULE = 0 };

/* How many there are of what a subsection names; 0: it is none of ours. */
static uint32_t space_size(const cw_module *m, uint8_t id)
{
    switch (id) {
    case CW_NAMES_FUNC: return m->n_funcs;
    case CW_NAMES_TYPE: return m->n_types;
    case CW_NAMES_TABLE: return m->n_tables;
    case CW_NAMES_MEMORY: return m->n_memories;
    case CW_NAMES_GLOBAL: return m->n_globals;
    case CW_NAMES_ELEM: return m->n_elems;
    case CW_NAMES_DATA: return m->n_data;
    case CW_NAMES_TAG: return m->n_tags;
    default: return 0;
    }
}

/* Reads with the sticky reader `r` (its own copy, without an error) names of things below `most`; by ascending index as
 * the specification asks, so that they can be searched. */
static cw_name_map read_map(cw_reader *r, uint32_t most)
{
    uint32_t n = cw_read_count(r, UINT32_MAX, "names");
    cw_name *names = r->ok ? CW_ARENA_ARRAY(r->arena, n, cw_name) : NULL;
    uint32_t n_names = 0;

    for (uint32_t i = 0; names && i < n; i++) {
        uint32_t index = cw_read_u32(r);
        cwrun_str name = cw_read_name(r);
        if (!r->ok || index >= most || (n_names && names[n_names - 1].index >= index))
            break;
        names[n_names++] = (cw_name){ index, name };
    }
    return (cw_name_map){ n_names, names };
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
        const uint32_t most = space_size(m, id);
        if (id == SUBSECTION_MODULE) {
            cwrun_str name = cw_read_name(&sub);
            if (sub.ok)
                m->name = name;
        } else if (id == CW_NAMES_LOCAL) {
            (void)cw_read_u32(&sub); /* of functions: their names fill the subsection */
            m->local_names = sub.at;
            m->local_names_end = sub.end;
        } else if (most) {
            m->names[id] = read_map(&sub, most);
        }
    }
}

cw_name_map cw_read_local_names(const cw_module *m, const uint8_t **at, uint32_t func, cw_arena *arena)
{
    cw_reader r;
    cw_name_map found = { 0, NULL };
    if (!*at)
        return found;
    cw_reader_init(&r, *at, (size_t)(m->local_names_end - *at), NULL, arena, NULL);
    while (r.ok && r.at < r.end) {
        const uint8_t *start = r.at;
        const uint32_t owner = cw_read_u32(&r);
        if (owner > func) {
            r.at = start;
            break;
        }
        if (owner == func) {
            found = read_map(&r, UINT32_MAX);
            break;
        }
        for (uint32_t n = cw_read_u32(&r); n && r.ok; n--) {
            (void)cw_read_u32(&r);
            (void)cw_read_name(&r);
        }
    }
    *at = r.ok ? r.at : m->local_names_end;
    return found;
}
