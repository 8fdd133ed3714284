/* text/print_hints.c: branch hints as annotations of the instructions that they are of  [core appendix: code metadata].
 *
 * Annotations make the section again only if it is as parsing writes it and each hint meets an `if` or `br_if`: the
 * functions that have hints are printed once in vain to see that. */
#include "base/leb.h"
#include "text/print.h"

static bool read_u32(cw_print_part *part, uint32_t *value)
{
    uint64_t wide = 0;
    const bool ok = cw_leb_read_unsigned(&part->at, part->end, 32, &wide) == CW_LEB_OK;
    *value = (uint32_t)wide;
    return ok;
}

/* The hints of the next function of a section; false where they are not as parsing writes them. */
static bool read_hints(cw_printer *p, cw_print_part *part, uint32_t *func)
{
    uint32_t n, offset, size, value;
    p->hints.n = 0;
    if (!read_u32(part, func) || !read_u32(part, &n) || !n)
        return false;
    for (uint32_t i = 0; i < n; i++) {
        if (!read_u32(part, &offset) || !read_u32(part, &size) || size != 1 || !read_u32(part, &value) || value > 1 ||
            (i && offset <= p->hints.items[i - 1].offset))
            return false;
        cw_print_branch_hint *hint = CW_VEC_PUSH(&p->hints, &p->alloc);
        if (!hint) {
            cw_reader_oom(p->r);
            return false;
        }
        *hint = (cw_print_branch_hint){ offset, value == 1 };
    }
    return true;
}

/* Whether a function has an instruction for each of p->hints. */
static bool meets_hints(cw_printer *p, uint32_t func, cw_print_part body)
{
    cw_reader *r = p->r;
    cw_print_module *m = p->m;
    const cw_print_part before = cw_print_enter(p, body);
    const cwrun_text_print_options options = p->options;
    cwrun_error *err = r->err, own = CWRUN_ERROR_INIT;
    const size_t size = p->out.size;
    const uint32_t n_used = m->n_used, type = m->func_types.items[func];
    r->err = &own; /* what is wrong with it is told when it is printed */
    p->options = (cwrun_text_print_options){ .fold = false };
    p->captured++;
    p->in_vain = true;
    p->n_hints_met = 0;
    m->type = type < m->types.n && m->types.items[type].form == CW_PRINT_FUNC ? &m->types.items[type] : NULL;
    cw_print_function(p, func);
    const bool met = r->ok && p->n_hints_met == p->hints.n;
    r->ok = true;
    p->in_vain = false;
    p->captured--;
    p->out.size = size;
    p->options = options;
    m->n_used = n_used;
    r->err = err;
    if (own.kind == CWRUN_ERROR_LIMIT && own.code == CWRUN_LIMIT_HOST_MEMORY)
        cw_reader_oom(r);
    cwrun_error_clear(&own);
    cw_print_leave(p, before);
    cw_print_reset_scratch(p);
    return met;
}

void cw_print_scan_hints(cw_printer *p, cw_print_part section, cw_print_part code)
{
    cw_print_module *m = p->m;
    uint32_t n, n_bodies, size, func = 0, next = m->n_imported_funcs;
    cw_print_part all = section;
    bool good = !p->options.skeleton && read_u32(&section, &n) && n && read_u32(&code, &n_bodies) &&
                n_bodies == m->func_types.n - m->n_imported_funcs;
    cw_print_part first = section;
    for (uint32_t i = 0; good && p->r->ok && i < n; i++) {
        good = read_hints(p, &section, &func) && func >= next && func < m->func_types.n;
        cw_print_part body = code;
        for (; good && next <= func; next++) {
            good = read_u32(&code, &size) && size <= (size_t)(code.end - code.at);
            body = (cw_print_part){ code.at, code.at + (good ? size : 0) };
            code.at = body.end;
        }
        good = good && meets_hints(p, func, body);
    }
    p->hints.n = 0;
    if (good && section.at == section.end) {
        m->hint_section = all;
        m->hints_left = first;
    }
}

void cw_print_begin_hints(cw_printer *p, uint32_t func)
{
    cw_print_module *m = p->m;
    cw_print_part peek = m->hints_left;
    uint32_t next;
    p->body = p->r->at;
    if (p->in_vain)
        return; /* they are there */
    p->hints.n = 0;
    if (m->hint_section.at && read_u32(&peek, &next) && next == func)
        read_hints(p, &m->hints_left, &next);
}

void cw_print_hint_of(cw_printer *p, const uint8_t *at)
{
    const uint32_t offset = (uint32_t)(at - p->body);
    uint32_t low = 0, high = p->hints.n;
    while (low < high) {
        const uint32_t middle = low + (high - low) / 2;
        if (p->hints.items[middle].offset < offset)
            low = middle + 1;
        else
            high = middle;
    }
    if (low == p->hints.n || p->hints.items[low].offset != offset)
        return;
    p->n_hints_met++;
    cw_put_line(p, at);
    CW_PUT(p, "(@metadata.code.branch_hint \"\\0");
    cw_put_u64(p, p->hints.items[low].taken);
    CW_PUT(p, "\")");
}
