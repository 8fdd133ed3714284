/* component/builder.c: the cursor that builds values of types known at run time.
 *
 * A stack of open composites; each remembers where its next part goes. Whatever is put at the next place moves the
 * cursor on, closing variants behind their payload. Errors stick and name the path. */
#include <string.h>

#include "base/error.h"
#include "base/vec.h"
#include "component/runtime.h"
#include "component/value.h"

typedef struct open_value {
    const cwrun_type *type;
    char *data;   /* list, map: the elements; else the composite */
    size_t n, at; /* parts, and the one that comes next */
} open_value;

enum { MAX_OPEN = 128 };

struct cwrun_builder {
    cw_arena *arena;
    cwrun_error *err;
    const cwrun_type *root;
    char *data;
    bool ok, done;
    uint32_t depth;
    open_value open[MAX_OPEN];
};

cwrun_builder *cwrun_builder_new(cwrun_arena *arena, const cwrun_type *type, cwrun_error *err)
{
    if (cwrun_failed(err))
        return NULL;
    if (!arena || !type) {
        cw_fail(err, NULL, CWRUN_ERROR_ARGUMENT, 0, "cwrun_builder_new: %s is NULL", arena ? "type" : "arena");
        return NULL;
    }
    cwrun_builder *b = CW_ARENA_NEW(arena, cwrun_builder);
    char *data = cw_arena_alloc(arena, type->size[CW_P8], 16);
    if (!b || !data) {
        cw_fail_oom(err);
        return NULL;
    }
    b->arena = arena;
    b->err = err;
    b->root = type;
    b->data = data;
    b->ok = true;
    return b;
}

/* The path to the next place, "[3].name": for messages. */
static void print_path(const cwrun_builder *b, char *out, size_t size)
{
    size_t used = 0;
    out[0] = 0;
    for (uint32_t i = 0; i < b->depth && used + 1 < size; i++) {
        const open_value *o = &b->open[i];
        int n;
        if (o->type->kind == CWRUN_KIND_RECORD && o->at < o->n)
            n = snprintf(out + used, size - used, ".%.*s", (int)o->type->fields[o->at].name.size,
                         o->type->fields[o->at].name.data);
        else
            n = snprintf(out + used, size - used, "[%zu]", o->at);
        used += n > 0 ? (size_t)n : 0;
    }
}

static bool fail(cwrun_builder *b, const char *what)
{
    char path[256];
    if (b->ok) {
        print_path(b, path, sizeof path);
        cw_fail(b->err, NULL, CWRUN_ERROR_ARGUMENT, 0, "value%s: %s", path, what);
    }
    b->ok = false;
    return false;
}

static bool fail_oom(cwrun_builder *b)
{
    b->ok = false;
    return cw_fail_oom(b->err);
}

/* Type and bytes of the next place. */
static const cwrun_type *next_place(cwrun_builder *b, char **data)
{
    if (!b || !b->ok)
        return NULL;
    if (b->done) {
        fail(b, "the value is complete already");
        return NULL;
    }
    if (b->depth == 0) {
        *data = b->data;
        return b->root;
    }
    open_value *o = &b->open[b->depth - 1];
    if (o->at >= o->n) {
        fail(b, "too many parts");
        return NULL;
    }
    switch (o->type->kind) {
    case CWRUN_KIND_RECORD:
    case CWRUN_KIND_TUPLE: *data = o->data + o->type->fields[o->at].offset[CW_P8]; return o->type->fields[o->at].type;
    case CWRUN_KIND_LIST:
    case CWRUN_KIND_MAP:
    case CWRUN_KIND_FIXED_LIST: *data = o->data + o->at * o->type->elem->size[CW_P8]; return o->type->elem;
    default: /* the payload of a variant-like value */
        *data = o->data + o->type->payload_offset[CW_P8];
        return o->type->fields[cw_load_disc(o->type, o->data)].type;
    }
}

static bool is_case_kind(uint8_t kind)
{
    return kind == CWRUN_KIND_VARIANT || kind == CWRUN_KIND_OPTION || kind == CWRUN_KIND_RESULT;
}

/* A part is complete: the cursor moves on, and variants whose payload it was are complete too. */
static void advance(cwrun_builder *b)
{
    for (;;) {
        if (b->depth == 0) {
            b->done = true;
            return;
        }
        open_value *o = &b->open[b->depth - 1];
        o->at++;
        if (!is_case_kind(o->type->kind))
            return;
        b->depth--;
    }
}

static bool push(cwrun_builder *b, const cwrun_type *t, char *data, size_t n)
{
    if (b->depth == MAX_OPEN)
        return fail(b, "nested too deeply");
    b->open[b->depth++] = (open_value){ t, data, n, 0 };
    return true;
}

bool cwrun_builder_begin(cwrun_builder *b, size_t n)
{
    char *data;
    const cwrun_type *t = next_place(b, &data);
    if (!t)
        return false;
    switch (t->kind) {
    case CWRUN_KIND_RECORD:
    case CWRUN_KIND_TUPLE: return push(b, t, data, t->n_fields);
    case CWRUN_KIND_FIXED_LIST: return push(b, t, data, t->length);
    case CWRUN_KIND_LIST:
    case CWRUN_KIND_MAP: {
        cwrun_list list = { cw_arena_array(b->arena, n, t->elem->size[CW_P8]), n };
        if (!list.data)
            return fail_oom(b);
        memcpy(data, &list, sizeof list);
        return push(b, t, (char *)list.data, n);
    }
    default: return fail(b, "not a record, tuple, list or map");
    }
}

bool cwrun_builder_case(cwrun_builder *b, uint32_t index)
{
    char *data;
    const cwrun_type *t = next_place(b, &data);
    if (!t)
        return false;
    if (!is_case_kind(t->kind) && t->kind != CWRUN_KIND_ENUM)
        return fail(b, "not a variant, enum, option or result");
    if (index >= t->n_fields)
        return fail(b, "no such case");
    cw_store_disc(t, data, index);
    if (t->kind == CWRUN_KIND_ENUM || !t->fields[index].type) {
        advance(b);
        return true;
    }
    return push(b, t, data, 1);
}

bool cwrun_builder_val(cwrun_builder *b, const cwrun_val *v)
{
    char *data;
    const cwrun_type *t = next_place(b, &data);
    if (!t)
        return false;
    if (!v || cw_val_store(t, v, data))
        return fail(b, "a value of another type");
    advance(b);
    return true;
}

bool cwrun_builder_flags(cwrun_builder *b, uint32_t bits)
{
    char *data;
    const cwrun_type *t = next_place(b, &data);
    if (!t)
        return false;
    if (t->kind != CWRUN_KIND_FLAGS)
        return fail(b, "not flags");
    if (t->n_fields < 32 && bits >> t->n_fields)
        return fail(b, "bits beyond the last flag");
    cw_store_disc(t, data, bits);
    advance(b);
    return true;
}

bool cwrun_builder_end(cwrun_builder *b)
{
    if (!b || !b->ok)
        return false;
    if (b->depth == 0)
        return fail(b, "nothing is open");
    open_value *o = &b->open[b->depth - 1];
    if (o->at < o->n || is_case_kind(o->type->kind))
        return fail(b, "a part is missing");
    b->depth--;
    advance(b);
    return true;
}

cwrun_val cwrun_builder_finish(cwrun_builder *b)
{
    if (b && b->ok && !b->done)
        fail(b, "a part is missing");
    return b && b->ok ? cw_val_load(b->root, b->data) : cw_val_load(NULL, NULL);
}
