/* component/value.c: values as C sees them  [CanonicalABI: Loading, Storing, with the host as the memory].
 *
 * A value is its host-layout bytes; walking is address arithmetic over cwrun_type's layouts and allocates nothing. */
#include "component/value.h"

#include <string.h>

#include "base/error.h"
#include "base/str.h"

uint32_t cw_load_disc(const cwrun_type *t, const void *data)
{
    uint32_t value = 0;
    memcpy(&value, data, t->disc_size); /* little-endian hosts: asserted in types.c */
    return value;
}

void cw_store_disc(const cwrun_type *t, void *data, uint32_t value)
{
    memcpy(data, &value, t->disc_size);
}

/* Kinds that stand in cwrun_val.of itself. */
static bool is_inline(uint8_t kind)
{
    return (kind >= CWRUN_KIND_BOOL && kind <= CWRUN_KIND_STRING) || kind == CWRUN_KIND_OWN ||
           kind == CWRUN_KIND_BORROW;
}

cwrun_val cw_val_load(const cwrun_type *t, const void *data)
{
    cwrun_val v;
    memset(&v, 0, sizeof v);
    if (!t)
        return v;
    v.kind = t->kind;
    v.type = t;
    if (!is_inline(t->kind))
        v.of.data = data;
    else if (t->kind == CWRUN_KIND_BOOL)
        v.of.boolean = *(const uint8_t *)data != 0;
    else
        memcpy(&v.of, data, t->size[CW_P8]);
    return v;
}

bool cw_val_is_sound(const cwrun_val *v)
{
    if (!v || v->kind == 0 || (v->type && v->type->kind != v->kind))
        return false;
    if (v->kind == CWRUN_KIND_STRING)
        return v->of.string.data || v->of.string.size == 0;
    return is_inline(v->kind) || (v->type && v->of.data);
}

static const cwrun_type *type_of(const cwrun_val *v)
{
    return v->type ? v->type : cw_type_primitive(v->kind);
}

cwrun_val cwrun_val_of(const cwrun_type *type, const void *data, size_t size, cwrun_error *err)
{
    if (cwrun_failed(err))
        return cw_val_load(NULL, NULL);
    if (!type || !data) {
        cw_fail(err, NULL, CWRUN_ERROR_ARGUMENT, 0, "cwrun_val_of: %s is NULL", type ? "data" : "type");
        return cw_val_load(NULL, NULL);
    }
    if (size != type->size[CW_P8]) {
        cw_fail(err, NULL, CWRUN_ERROR_ARGUMENT, 0, "cwrun_val_of: a %s takes %u bytes, %zu were given",
                cwrun_kind_name(type->kind), (unsigned)type->size[CW_P8], size);
        return cw_val_load(NULL, NULL);
    }
    return cw_val_load(type, data);
}

const void *cwrun_val_data(const cwrun_val *v)
{
    if (!v || !v->kind)
        return NULL;
    return is_inline(v->kind) ? (const void *)&v->of : v->of.data;
}

/* ---- walking ---- */

/* The elements of a list-like value: their type, number and first byte. */
static bool elements(const cwrun_val *v, const cwrun_type **elem, size_t *n, const char **first)
{
    if (!cw_val_is_sound(v))
        return false;
    const cwrun_type *t = v->type;
    cwrun_list list;
    switch (v->kind) {
    case CWRUN_KIND_LIST:
    case CWRUN_KIND_MAP:
        memcpy(&list, v->of.data, sizeof list);
        *first = list.data;
        *n = list.data ? list.size : 0;
        break;
    case CWRUN_KIND_FIXED_LIST:
        *first = v->of.data;
        *n = t->length;
        break;
    default: return false;
    }
    *elem = t->elem;
    return true;
}

size_t cwrun_val_size(const cwrun_val *v)
{
    const cwrun_type *elem;
    const char *first;
    size_t n;
    if (elements(v, &elem, &n, &first))
        return n;
    if (cw_val_is_sound(v) && (v->kind == CWRUN_KIND_RECORD || v->kind == CWRUN_KIND_TUPLE))
        return v->type->n_fields;
    return 0;
}

cwrun_val cwrun_val_at(const cwrun_val *v, size_t i)
{
    const cwrun_type *elem;
    const char *first;
    size_t n;
    if (elements(v, &elem, &n, &first))
        return i < n ? cw_val_load(elem, first + i * elem->size[CW_P8]) : cw_val_load(NULL, NULL);
    if (i >= cwrun_val_size(v))
        return cw_val_load(NULL, NULL);
    const cw_field *f = &v->type->fields[i];
    return cw_val_load(f->type, (const char *)v->of.data + f->offset[CW_P8]);
}

cwrun_val cwrun_val_field(const cwrun_val *v, const char *name)
{
    if (cw_val_is_sound(v) && name && v->kind == CWRUN_KIND_RECORD)
        for (uint32_t i = 0; i < v->type->n_fields; i++)
            if (cw_str_eq_c(v->type->fields[i].name, name))
                return cwrun_val_at(v, i);
    return cw_val_load(NULL, NULL);
}

uint32_t cwrun_val_case(const cwrun_val *v)
{
    if (!cw_val_is_sound(v))
        return UINT32_MAX;
    switch (v->kind) {
    case CWRUN_KIND_VARIANT:
    case CWRUN_KIND_ENUM:
    case CWRUN_KIND_OPTION:
    case CWRUN_KIND_RESULT: return cw_load_disc(v->type, v->of.data);
    default: return UINT32_MAX;
    }
}

cwrun_val cwrun_val_payload(const cwrun_val *v)
{
    uint32_t i = cwrun_val_case(v);
    if (i == UINT32_MAX || v->kind == CWRUN_KIND_ENUM || i >= v->type->n_fields)
        return cw_val_load(NULL, NULL);
    return cw_val_load(v->type->fields[i].type, (const char *)v->of.data + v->type->payload_offset[CW_P8]);
}

uint32_t cwrun_val_flags(const cwrun_val *v)
{
    return cw_val_is_sound(v) && v->kind == CWRUN_KIND_FLAGS ? cw_load_disc(v->type, v->of.data) : 0;
}

/* ---- copying ---- */

static bool copy_into(const cwrun_type *t, const char *from, char *to, cw_arena *arena);

/* Copies what the fields of a record or tuple point to; their own bytes are there already. */
static bool copy_fields(const cwrun_type *t, const char *from, char *to, cw_arena *arena)
{
    for (uint32_t i = 0; i < t->n_fields; i++) {
        uint32_t at = t->fields[i].offset[CW_P8];
        if (!copy_into(t->fields[i].type, from + at, to + at, arena))
            return false;
    }
    return true;
}

static bool copy_elements(const cwrun_type *elem, size_t n, const char *from, char *to, cw_arena *arena)
{
    size_t size = elem->size[CW_P8];
    for (size_t i = 0; i < n && elem->has_pointers; i++)
        if (!copy_into(elem, from + i * size, to + i * size, arena))
            return false;
    return true;
}

/* Makes `to`, which has the bytes of `from` already, point to copies of its own. */
static bool copy_into(const cwrun_type *t, const char *from, char *to, cw_arena *arena)
{
    if (!t || !t->has_pointers)
        return true;
    cwrun_list list;
    cwrun_str s;
    const cwrun_type *payload;
    switch (t->kind) {
    case CWRUN_KIND_STRING:
        memcpy(&s, from, sizeof s);
        if (s.size && !s.data)
            return false;
        s = cw_arena_copy(arena, s.data, s.size);
        memcpy(to, &s, sizeof s);
        return s.data != NULL;
    case CWRUN_KIND_LIST:
    case CWRUN_KIND_MAP:
        memcpy(&list, from, sizeof list);
        if (list.size && !list.data)
            return false;
        if (list.size) {
            size_t bytes = list.size * t->elem->size[CW_P8];
            char *copy = cw_arena_array(arena, list.size, t->elem->size[CW_P8]);
            if (!copy)
                return false;
            memcpy(copy, list.data, bytes);
            if (!copy_elements(t->elem, list.size, list.data, copy, arena))
                return false;
            list.data = copy;
        }
        memcpy(to, &list, sizeof list);
        return true;
    case CWRUN_KIND_FIXED_LIST: return copy_elements(t->elem, t->length, from, to, arena);
    case CWRUN_KIND_RECORD:
    case CWRUN_KIND_TUPLE: return copy_fields(t, from, to, arena);
    default: { /* variant, option, result */
        uint32_t i = cw_load_disc(t, from);
        payload = i < t->n_fields ? t->fields[i].type : NULL;
        return copy_into(payload, from + t->payload_offset[CW_P8], to + t->payload_offset[CW_P8], arena);
    }
    }
}

cwrun_val cwrun_val_copy(const cwrun_val *v, cwrun_arena *arena)
{
    const cwrun_type *t = cw_val_is_sound(v) ? type_of(v) : NULL;
    const void *data = cwrun_val_data(v);
    if (t == NULL && v && !v->type && arena && (v->kind == CWRUN_KIND_OWN || v->kind == CWRUN_KIND_BORROW))
        return *v; /* a bare handle */
    if (!t || !data || !arena)
        return cw_val_load(NULL, NULL);
    char *copy = cw_arena_alloc(arena, t->size[CW_P8], 16);
    if (!copy)
        return cw_val_load(NULL, NULL);
    memcpy(copy, data, t->size[CW_P8]);
    return copy_into(t, data, copy, arena) ? cw_val_load(t, copy) : cw_val_load(NULL, NULL);
}
