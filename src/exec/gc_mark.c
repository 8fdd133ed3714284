/* exec/gc_mark.c: which objects are alive: from frames, globals, tables, segments and the host's roots on.
 *
 * Marking needs no memory that it might not get: a stack of fixed depth holds objects whose fields are still to be
 * looked at; where it is full, an object and all below it are marked by reversing pointers, which takes a counter in
 * every object and nothing else (Deutsch, Schorr and Waite). */
#include "exec/code.h"
#include "exec/control.h"
#include "exec/exec.h"
#include "exec/interp_cold.h"

enum { FRAME_COST = 4 }; /* a frame counts as so many roots: what it costs to find its map */

uint64_t cw_gc_size_of(cw_exec *x, const cw_object *o)
{
    uint64_t size = sizeof(cw_extern_object);
    const cw_subtype *type = o->kind == CW_OBJECT_EXTERN ? NULL : cw_types_get(x->types, o->type);
    if (o->kind == CW_OBJECT_STRUCT)
        size = type->size;
    else if (o->kind == CW_OBJECT_ARRAY)
        size = sizeof(cw_array) + (uint64_t)((const cw_array *)(const void *)o)->length * type->size;
    else if (o->kind == CW_OBJECT_EXCEPTION)
        size = sizeof(cw_exception) + type->param_slots * (uint64_t)sizeof(uint64_t);
    return size <= CW_GC_SMALL && !x->gc.stress ? cw_gc_class_size(cw_gc_class_of((uint32_t)size))
                                                : size + CW_GC_GRANULE;
}

/* ---- objects ---- */

/* Where the i-th reference to the heap is inside the object; NULL: it has no more. */
static uint64_t *child(const cw_exec *x, cw_object *o, uint32_t i)
{
    if (o->kind == CW_OBJECT_EXTERN)
        return NULL;
    const cw_subtype *type = cw_types_get(x->types, o->type);
    if (o->kind == CW_OBJECT_STRUCT)
        return i < type->n_refs ? (uint64_t *)(void *)((uint8_t *)o + type->refs[i]) : NULL;
    if (o->kind == CW_OBJECT_ARRAY) {
        cw_array *a = (cw_array *)(void *)o;
        return type->n_refs && i < a->length ? (uint64_t *)(void *)cw_array_data(a) + i : NULL;
    }
    uint64_t *slot = cw_exception_slots((cw_exception *)(void *)o);
    for (uint32_t p = 0; p < type->n_params; slot += cw_valtype_slots(type->params[p++]))
        if (cw_is_managed(x->types, type->params[p]) && i-- == 0)
            return slot;
    return NULL;
}

/* True where the object was not marked yet; it is then. */
static bool mark_first(cw_exec *x, cw_object *o)
{
    enum { OFTEN = 1 << 14 };
    cw_gc *gc = &x->gc;
    if (o->mark == gc->epoch)
        return false;
    o->mark = gc->epoch;
    gc->live += cw_gc_size_of(x, o);
    if (++gc->n_marked % OFTEN == 0 && cw_exec_work(x, 0) == CW_TRAP_INTERRUPT)
        gc->is_broken_off = true;
    return true;
}

static uint32_t *wide_cursor(cw_object *o)
{
    return &((cw_array *)(void *)o)->cursor;
}

static uint32_t get_cursor(cw_object *o)
{
    return o->kind == CW_OBJECT_ARRAY ? *wide_cursor(o) : o->cursor;
}

static void set_cursor(cw_object *o, uint32_t i)
{
    if (o->kind == CW_OBJECT_ARRAY)
        *wide_cursor(o) = i;
    else
        o->cursor = (uint16_t)i; /* structures have 10,000 fields at the most, functions 1,000 parameters */
}

/* Marks what o, which is marked, leads to. The way back to o stands in the fields it went through; an object's cursor
 * is the number of the field it is in. Where marking is broken off it is still gone back. */
static void mark_reversing(cw_exec *x, cw_object *o)
{
    cw_object *above = NULL;
    set_cursor(o, 0);
    for (;;) {
        const uint32_t i = get_cursor(o);
        uint64_t *field = x->gc.is_broken_off ? NULL : child(x, o, i);
        if (field) {
            cw_object *next = cw_object_of(*field);
            if (!cw_ref_is_object(*field) || !mark_first(x, next)) {
                set_cursor(o, i + 1);
                continue;
            }
            *field = (uintptr_t)above;
            above = o;
            o = next;
            set_cursor(o, 0);
            continue;
        }
        if (!above)
            return;
        cw_object *const done = o;
        o = above;
        field = child(x, o, get_cursor(o));
        above = cw_object_of(*field);
        *field = (uintptr_t)done;
        set_cursor(o, get_cursor(o) + 1);
    }
}

static inline void mark(cw_exec *x, uint64_t ref)
{
    cw_gc *gc = &x->gc;
    if (!cw_ref_is_object(ref))
        return;
    cw_object *o = cw_object_of(ref);
    if (!mark_first(x, o) || o->kind == CW_OBJECT_EXTERN)
        return;
    if (gc->n_stack < CW_GC_STACK_DEPTH)
        gc->stack[gc->n_stack++] = o;
    else
        mark_reversing(x, o);
}

static void mark_fields(cw_exec *x, cw_object *o)
{
    enum { AHEAD = 16 };
    const cw_subtype *type = cw_types_get(x->types, o->type);
    if (o->kind == CW_OBJECT_STRUCT) {
        for (uint32_t i = 0; i < type->n_refs; i++)
            mark(x, *(const uint64_t *)(const void *)((const uint8_t *)o + type->refs[i]));
    } else if (o->kind == CW_OBJECT_ARRAY) {
        cw_array *a = (cw_array *)(void *)o;
        const uint64_t *data = (const uint64_t *)(const void *)cw_array_data(a);
        for (uint32_t i = 0; type->n_refs && i < a->length; i++) {
            if (i + AHEAD < a->length)
                __builtin_prefetch((const void *)(uintptr_t)data[i + AHEAD]);
            mark(x, data[i]);
        }
    } else {
        const uint64_t *slot = cw_exception_slots((cw_exception *)(void *)o);
        for (uint32_t i = 0; i < type->n_params; slot += cw_valtype_slots(type->params[i++]))
            if (cw_is_managed(x->types, type->params[i]))
                mark(x, *slot);
    }
}

void cw_gc_mark_root(cw_exec *x, uint64_t ref)
{
    x->gc.n_roots++;
    mark(x, ref);
    while (x->gc.n_stack && !x->gc.is_broken_off)
        mark_fields(x, x->gc.stack[--x->gc.n_stack]);
}

/* ---- frames ---- */

static void mark_params(cw_exec *x, cw_type_id id, const uint64_t *slot)
{
    const cw_subtype *type = cw_types_get(x->types, id);
    for (uint32_t i = 0; i < type->n_params; slot += cw_valtype_slots(type->params[i++]))
        if (cw_is_managed(x->types, type->params[i]))
            cw_gc_mark_root(x, *slot);
}

/* What the map says of a place, from the cache where it is there. */
static const cw_gc_known *find_map(cw_exec *x, cw_module *m, const uint8_t *ip)
{
    cw_gc_known *known = &x->gc.known[((uintptr_t)ip >> 3) * 0x9e3779b1u >> 7 & (CW_GC_CACHE - 1)];
    if (known->ip != ip) {
        known->maps = cw_code_maps_find(m, ip, &known->node);
        known->ip = ip;
    }
    return known;
}

static void mark_frame(cw_exec *x, const cw_walk_frame *f)
{
    x->gc.n_roots += FRAME_COST;
    const cw_gc_known *known = find_map(x, f->in->module, f->ip);
    const cw_code_maps *maps = known->maps;
    if (!maps)
        return;
    const uint16_t *locals = cw_code_map_locals(maps);
    for (uint32_t i = 0; i < maps->n_locals; i++)
        cw_gc_mark_root(x, f->frame[locals[i]]);
    const cw_code_node *nodes = cw_code_map_nodes(maps);
    for (uint32_t n = known->node; n; n = nodes[n].below)
        cw_gc_mark_root(x, f->frame[nodes[n].slot]);
}

static void mark_thread(cw_exec *x, cw_thread *t)
{
    cw_walk walk;
    cw_walk_frame f;
    if (t->ip == CW_STUB_IP(enter)) /* about to start: the arguments are there, the function is in acc */
        mark_params(x, ((const cw_func *)(uintptr_t)t->acc)->type, t->sp);
    cw_walk_init(&walk, t);
    while (cw_walk_next(&walk, &f)) {
        if (f.kind == CW_WALK_GUEST)
            mark_frame(x, &f);
        else if (f.kind == CW_WALK_NATIVE)
            mark_params(x, f.func->type, f.frame);
    }
}

/* ---- everything ---- */

static void mark_instance(cw_exec *x, const cw_instance *in)
{
    const cw_module *m = in->module;
    x->gc.n_roots += 1 + m->n_elems;
    for (uint32_t i = 0; i < m->n_elems; i++) {
        const uint64_t *values = in->passive_elems[i];
        if (!values || in->dropped_elems[i] || !cw_is_managed(x->types, m->elems[i].type))
            continue;
        for (uint32_t j = 0; j < m->elems[i].n; j++)
            cw_gc_mark_root(x, values[j]);
    }
}

void cw_gc_mark_all(cw_exec *x)
{
    for (cw_thread *t = x->threads; t; t = t->next)
        if (t->busy && t->csp != t->control)
            mark_thread(x, t);
    for (const cw_global *g = x->ref_globals; g; g = g->next_ref)
        cw_gc_mark_root(x, g->value[0]);
    for (const cw_table *t = x->tables; t; t = t->next) {
        const uint64_t n = cw_is_managed(x->types, t->type.elem) ? t->size : 0;
        for (uint64_t i = 0; i < n; i++)
            cw_gc_mark_root(x, t->elems[i]);
    }
    for (const cw_instance *in = x->instances; in; in = in->next)
        mark_instance(x, in);
    for (const cw_gc_root *root = x->gc.roots; root; root = root->next)
        cw_gc_mark_root(x, root->ref);
    for (const cw_gc_scope *s = x->gc.scopes; s; s = s->below) {
        if (s->type != CW_NO_TYPE)
            mark_params(x, s->type, s->words);
        for (uint32_t i = 0; i < s->n; i++)
            cw_gc_mark_root(x, s->words[(size_t)i * s->stride]);
    }
    cw_gc_mark_root(x, (uintptr_t)x->thrown);
    if (x->gc.trace)
        x->gc.trace(x);
    x->gc.n_stack = 0;
}
