/* text/print_names.c: names of the name section as identifiers, and the producers section  [core appendix: custom
 * sections].
 *
 * An identifier is the name where it can be one: not empty, and the first of its index space. Else it is made up of the
 * kind and the index, and an annotation says the name. */
#include "text/print.h"

#include "base/str.h"
#include "base/utf.h"

/* ---- identifiers ---- */

static bool is_id_char(uint8_t c)
{
    if ((c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9'))
        return true;
    return c > 0x20 && c < 0x7f && strchr("!#$%&'*+-./:<=>?@\\^_`|~", c) != NULL;
}

cwrun_str cw_print_token(cw_printer *p, cw_arena *arena, cwrun_str name)
{
    size_t plain = 0;
    while (plain < name.size && is_id_char((uint8_t)name.data[plain]))
        plain++;
    if (plain < name.size || !name.size) { /* through the buffer, behind what is in it */
        if (!name.size)
            return (cwrun_str){ "", 0 };
        size_t start = p->out.size;
        CW_PUT(p, "$");
        cw_put_name(p, name);
        cwrun_str token =
            p->out.oom ? (cwrun_str){ "", 0 } : cw_arena_copy(arena, p->out.data + start, p->out.size - start);
        p->out.size = p->out.oom ? p->out.size : start;
        return token.data ? token : (cwrun_str){ "", 0 };
    }
    char *token = cw_arena_raw(arena, name.size + 1, 1);
    if (!token)
        return (cwrun_str){ "", 0 };
    token[0] = '$';
    memcpy(token + 1, name.data, name.size);
    return (cwrun_str){ token, name.size + 1 };
}

/* "#func3<name>", with a number before it where that is a name, too. */
static cwrun_str made_up(cw_arena *arena, const cw_map *taken, const char *what, const cw_print_naming *n)
{
    char number[11] = "";
    for (uint32_t i = 1;; i++) {
        cwrun_str made = n->name.size ? cw_arena_printf(arena, "#%s%s%u<%.*s>", number, what, n->index,
                                                        n->name.size > 1000 ? 0 : (int)n->name.size, n->name.data)
                                      : cw_arena_printf(arena, "#%s%s%u", number, what, n->index);
        if (!made.size || !cw_map_find(taken, made))
            return made;
        snprintf(number, sizeof number, "%u", i);
    }
}

void cw_print_make_ids(cw_printer *p, cw_arena *arena, cw_print_ids *ids, const cw_print_namings *names,
                       const char *what)
{
    *ids = (cw_print_ids){ 0 };
    if (!names->n)
        return;
    uint32_t n = names->items[names->n - 1].index + 1;
    cw_print_id *items = cw_arena_array(arena, n, sizeof *items);
    cw_map taken = { 0 };
    bool ok = items != NULL;
    for (uint32_t i = 0; i < names->n && ok; i++) {
        const cw_print_naming *naming = &names->items[i];
        cw_print_id *id = &items[naming->index];
        bool is_new = true;
        cwrun_str name = naming->name;
        if (!name.size || !(ok = cw_map_put(&taken, &p->alloc, name, &is_new) != NULL) || !is_new) {
            name = ok ? made_up(arena, &taken, what, naming) : name;
            ok = ok && cw_map_put(&taken, &p->alloc, name, NULL) != NULL;
            id->name = naming->name.data ? naming->name : (cwrun_str){ "", 0 };
        }
        id->token = cw_print_token(p, arena, name);
        id->plain = name;
    }
    cw_map_fini(&taken, &p->alloc);
    if (ok)
        *ids = (cw_print_ids){ items, n };
    else
        cw_reader_oom(p->r);
}

bool cw_print_read_names(cw_printer *p, cw_reader *r, uint32_t most, cw_print_namings *names)
{
    uint32_t n = cw_read_u32(r);
    names->n = 0;
    bool regular = r->ok && n > 0;
    for (uint32_t i = 0; i < n && r->ok; i++) {
        cw_print_naming naming = { cw_read_u32(r), { NULL, 0 } };
        naming.name = cw_read_name(r);
        if (!r->ok)
            break;
        if (naming.index >= most || (names->n && naming.index <= names->items[names->n - 1].index)) {
            regular = false;
            continue;
        }
        cw_print_naming *slot = CW_VEC_PUSH(names, &p->alloc);
        if (!slot) {
            cw_reader_oom(p->r);
            return false;
        }
        *slot = naming;
    }
    return regular && r->ok;
}

/* ---- the name section ---- */

/* How many there are; those that can be read are counted in *n. */
static uint32_t skip_names(cw_reader *r, uint32_t *n)
{
    uint32_t count = cw_read_u32(r);
    for (uint32_t i = 0; i < count && r->ok; i++) {
        cw_read_u32(r);
        cw_read_name(r);
        *n += r->ok;
    }
    return count;
}

static bool scan_indirect(cw_printer *p, cw_reader *r, cw_print_indirects *all)
{
    uint32_t n = cw_read_u32(r);
    bool regular = n > 0;
    for (uint32_t i = 0; i < n && r->ok; i++) {
        cw_print_indirect entry = { cw_read_u32(r), { r->at, NULL } };
        regular = skip_names(r, &p->m->n_named) > 0 && regular; /* of no names: parsing would not write it */
        entry.names.end = r->at;
        if (!r->ok || (all->n && entry.owner <= all->items[all->n - 1].owner)) {
            regular = false;
            continue;
        }
        cw_print_indirect *slot = CW_VEC_PUSH(all, &p->alloc);
        if (!slot) {
            cw_reader_oom(p->r);
            return false;
        }
        *slot = entry;
    }
    return regular && r->ok;
}

static bool scan_space(cw_printer *p, cw_reader *r, unsigned space, const char *what)
{
    cw_print_namings names = { 0 };
    bool regular = cw_print_read_names(p, r, p->m->n[space], &names);
    cw_print_make_ids(p, p->arena, &p->m->ids[space], &names, what);
    p->m->n_named += names.n;
    CW_VEC_FINI(&names, &p->alloc);
    return regular;
}

static bool scan_subsection(cw_printer *p, cw_reader *r, uint8_t id)
{
    cw_print_module *m = p->m;
    switch (id) {
    case 0:
        m->name = cw_read_name(r);
        m->name = r->ok ? m->name : (cwrun_str){ NULL, 0 };
        m->n_named += r->ok;
        return r->ok;
    case 1: return scan_space(p, r, CW_EXTERN_FUNC, "func");
    case 2: return scan_indirect(p, r, &m->locals);
    case 3: return scan_indirect(p, r, &m->labels);
    case 4: return scan_space(p, r, CW_SPACE_TYPE, "type");
    case 5: return scan_space(p, r, CW_EXTERN_TABLE, "table");
    case 6: return scan_space(p, r, CW_EXTERN_MEMORY, "memory");
    case 7: return scan_space(p, r, CW_EXTERN_GLOBAL, "global");
    case 8: return scan_space(p, r, CW_SPACE_ELEM, "elem");
    case 9: return scan_space(p, r, CW_SPACE_DATA, "data");
    case 10: return scan_indirect(p, r, &m->fields);
    case 11: return scan_space(p, r, CW_EXTERN_TAG, "tag");
    case 12: return scan_indirect(p, r, &m->params);
    case 13: return scan_indirect(p, r, &m->tag_params);
    default: return false;
    }
}

static void make_field_ids(cw_printer *p);

void cw_print_scan_names(cw_printer *p, cw_reader *r)
{
    bool regular = r->at < r->end;
    int last = -1;
    cw_print_scan scan = cw_print_scan_begin(r);
    while (cw_print_scan_next(&scan)) {
        if (scan.id <= last) { /* a second one says nothing */
            regular = false;
        } else {
            regular = scan_subsection(p, r, scan.id) && r->at == r->end && regular;
            last = scan.id;
        }
    }
    p->m->names_regular = regular && !scan.is_broken;
    make_field_ids(p);
}

/* ---- what belongs to functions and types ---- */

static const cw_print_indirect *find_owner(const cw_print_indirects *all, uint32_t owner)
{
    uint32_t low = 0, high = all->n;
    while (low < high) {
        uint32_t middle = low + (high - low) / 2;
        if (all->items[middle].owner < owner)
            low = middle + 1;
        else
            high = middle;
    }
    return low < all->n && all->items[low].owner == owner ? &all->items[low] : NULL;
}

void cw_print_indirect_ids(cw_printer *p, cw_arena *arena, const cw_print_indirects *all, uint32_t owner, uint32_t most,
                           const char *what, cw_print_ids *ids)
{
    *ids = (cw_print_ids){ 0 };
    const cw_print_indirect *found = find_owner(all, owner);
    if (!found || !p->r->ok)
        return;
    cw_print_part before = cw_print_enter(p, found->names);
    cw_print_namings names = { 0 };
    cw_print_read_names(p, p->r, most, &names);
    cw_print_make_ids(p, arena, ids, &names, what);
    p->m->n_used += names.n;
    CW_VEC_FINI(&names, &p->alloc);
    cw_print_leave(p, before);
}

/* Reads the next label that has a name. */
static void advance_label(cw_printer *p)
{
    uint32_t before = p->next_label;
    p->next_label = UINT32_MAX;
    if (!p->r->ok || p->label_names.names.at >= p->label_names.names.end)
        return;
    cw_print_part outer = cw_print_enter(p, p->label_names.names);
    uint32_t index = cw_read_u32(p->r);
    cwrun_str name = cw_read_name(p->r);
    p->label_names.names.at = p->r->at;
    cw_print_leave(p, outer);
    if (before == UINT32_MAX || index > before) {
        p->next_label = index;
        p->next_label_name = name;
    }
}

/* Fields are named in instructions, too: of all types at once. */
static void make_field_ids(cw_printer *p)
{
    cw_print_module *m = p->m;
    m->field_ids = m->fields.n ? cw_arena_array(p->arena, m->types.n, sizeof *m->field_ids) : NULL;
    if (!m->field_ids)
        return;
    m->n_field_ids = m->types.n;
    for (uint32_t i = 0; i < m->fields.n && m->fields.items[i].owner < m->types.n; i++) {
        uint32_t type = m->fields.items[i].owner;
        if (m->types.items[type].form == CW_PRINT_STRUCT)
            cw_print_indirect_ids(p, p->arena, &m->fields, type, m->types.items[type].n_params, "field",
                                  &m->field_ids[type]);
    }
}

void cw_print_begin_labels(cw_printer *p, uint32_t func)
{
    p->n_labels = 0;
    p->next_label = UINT32_MAX;
    p->label_names = (cw_print_indirect){ 0 };
    const cw_print_indirect *found = p->m ? find_owner(&p->m->labels, func) : NULL;
    if (!found)
        return;
    p->label_names = *found;
    cw_print_part outer = cw_print_enter(p, p->label_names.names);
    cw_read_u32(p->r);
    p->label_names.names.at = p->r->at;
    cw_print_leave(p, outer);
    advance_label(p);
}

cwrun_str cw_print_next_label(cw_printer *p)
{
    cwrun_str none = { NULL, 0 };
    if (p->n_labels++ != p->next_label)
        return none;
    cwrun_str name = p->next_label_name;
    advance_label(p);
    p->m->n_used++;
    if (!name.size)
        return cw_arena_printf(&p->scratch, "$#label%u (@name \"\")", p->n_labels - 1);
    return cw_print_token(p, &p->scratch, name);
}

/* ---- producers ---- */

static const char *const producer_fields[] = { "language", "sdk", "processed-by" };

static int producer_field(cwrun_str name)
{
    for (int i = 0; i < 3; i++)
        if (cw_str_eq_c(name, producer_fields[i]))
            return i;
    return -1;
}

static bool producers_regular(cw_printer *p, cw_print_part part)
{
    cw_reader *r = p->r;
    if (!r->ok)
        return false;
    cwrun_error *err = r->err;
    cw_print_part before = cw_print_enter(p, part);
    r->err = NULL;
    uint32_t n = cw_read_u32(r);
    bool regular = n <= 3;
    int last = -1;
    for (uint32_t i = 0; i < n && regular; i++) {
        int field = producer_field(cw_read_name(r));
        uint32_t values = cw_read_u32(r);
        regular = r->ok && field > last && values;
        last = field;
        for (uint32_t k = 0; k < 2 * (uint64_t)values && regular; k++) {
            cw_read_name(r);
            regular = r->ok;
        }
    }
    regular = regular && r->ok && r->at == r->end;
    r->ok = true;
    r->err = err;
    cw_print_leave(p, before);
    return regular;
}

bool cw_print_producers(cw_printer *p, cw_print_part part)
{
    cw_reader *r = p->r;
    if (!producers_regular(p, part))
        return false;
    cw_print_part before = cw_print_enter(p, part);
    cw_put_line(p, NULL);
    CW_PUT(p, "(@producers");
    p->indent++;
    uint32_t n = cw_read_u32(r);
    for (uint32_t i = 0; i < n; i++) {
        cwrun_str field = cw_read_name(r);
        uint32_t values = cw_read_u32(r);
        for (uint32_t k = 0; k < values; k++) {
            cw_put_line(p, NULL);
            CW_PUT(p, "(");
            cw_put(p, field.data, field.size);
            CW_PUT(p, " ");
            cw_put_name(p, cw_read_name(r));
            CW_PUT(p, " ");
            cw_put_name(p, cw_read_name(r));
            CW_PUT(p, ")");
        }
    }
    p->indent--;
    cw_put_line(p, NULL);
    CW_PUT(p, ")");
    cw_print_leave(p, before);
    return true;
}
