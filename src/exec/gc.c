/* exec/gc.c: memory of the heap: cells, sweeping, large objects, limits.
 *
 * Small objects live in blocks of cells of one size. Nothing is swept at once: who needs a cell looks for the next run
 * of dead ones in the blocks of its class and takes cells off it until it is used up. An object lives if its mark is
 * the epoch, which every collection counts up; so what was not swept until the next one needs no attention. */
#include "exec/gc.h"

#include <string.h>

#include "base/error.h"
#include "exec/exec.h"
#include "exec/thread.h"

enum { BLOCK_SIZE = 32 << 10, LEAST_THRESHOLD = 1 << 20, LAST_EPOCH = 255, POISON = 0xdb };

struct cw_gc_block {
    cw_gc_block *next;
    uint32_t cell_size;
    uint32_t reserved;
};

struct cw_gc_large {
    cw_gc_large *next;
    uint64_t size; /* of all, this included */
};

_Static_assert(sizeof(cw_gc_block) == 16 && sizeof(cw_gc_large) == 16, "objects stay aligned to 16");
_Static_assert(sizeof(cw_object) == CW_OBJECT_HEADER && sizeof(cw_array) == 16, "as types.c lays objects out");

/* ---- size classes ---- */

uint32_t cw_gc_class_of(uint32_t size)
{
    if (size <= 256)
        return (size + CW_GC_GRANULE - 1) / CW_GC_GRANULE - 1;
    const uint32_t log2 = 31 - (uint32_t)__builtin_clz(size - 1); /* 8 for 257 … 512 */
    return 16 + (log2 - 8) * 4 + ((size - 1) >> (log2 - 2)) - 4;
}

uint32_t cw_gc_class_size(uint32_t c)
{
    return c < 16 ? (c + 1) * CW_GC_GRANULE : (64u << (c - 16) / 4) * (5 + (c - 16) % 4);
}

/* ---- blocks ---- */

static uint8_t *first_cell(cw_gc_block *b)
{
    return (uint8_t *)(b + 1);
}

static uint8_t *end_of(cw_gc_block *b)
{
    return first_cell(b) + (BLOCK_SIZE - sizeof *b) / b->cell_size * b->cell_size;
}

static bool is_alive(const cw_gc *gc, const uint8_t *cell)
{
    return ((const cw_object *)(const void *)cell)->mark == gc->epoch;
}

static void free_block(cw_exec *x, cw_gc_block *b)
{
    x->gc.bytes -= BLOCK_SIZE;
    cw_free(&x->alloc, b, BLOCK_SIZE);
}

/* Gives empty blocks back as long as more than `keep` bytes are held. */
static void free_empty(cw_exec *x, uint64_t keep)
{
    while (x->gc.empty && x->gc.bytes > keep) {
        cw_gc_block *b = x->gc.empty;
        x->gc.empty = b->next;
        free_block(x, b);
    }
}

/* The next run of dead cells of a class becomes its run; false where there is none. */
static bool next_run(cw_gc *gc, uint32_t c)
{
    cw_gc_class *class = &gc->classes[c];
    while (class->swept) {
        cw_gc_block *b = class->swept;
        const uint32_t size = b->cell_size;
        uint8_t *end = end_of(b), *at = class->cell;
        while (at < end && is_alive(gc, at))
            at += size;
        uint8_t *const start = at;
        while (at < end && !is_alive(gc, at))
            at += size;
        class->cell = at;
        if (at == end) {
            class->swept = b->next;
            class->cell = b->next ? first_cell(b->next) : NULL;
        }
        if (start < at) {
            gc->runs[c] = (cw_gc_run){ start, at };
            gc->used += (uint64_t)(at - start);
            return true;
        }
    }
    return false;
}

static bool is_empty(const cw_gc *gc, cw_gc_block *b)
{
    uint8_t *end = end_of(b);
    for (uint8_t *at = first_cell(b); at < end; at += b->cell_size)
        if (is_alive(gc, at))
            return false;
    return true;
}

/* Blocks without a living object that nobody has swept yet leave their classes, once for every collection. */
static void find_empty(cw_gc *gc)
{
    if (gc->has_census)
        return;
    gc->has_census = true;
    for (uint32_t c = 0; c < CW_GC_CLASSES; c++) {
        cw_gc_block *before = gc->classes[c].swept; /* partly swept: stays */
        while (before && before->next) {
            cw_gc_block *b = before->next;
            if (!is_empty(gc, b)) {
                before = b;
                continue;
            }
            before->next = b->next;
            b->next = gc->empty;
            gc->empty = b;
        }
    }
}

static bool may_grow(const cw_gc *gc, uint64_t size)
{
    return gc->bytes <= gc->max && size <= gc->max - gc->bytes;
}

/* A block for a class, all of it its run. */
static bool new_block(cw_exec *x, uint32_t c)
{
    cw_gc *gc = &x->gc;
    find_empty(gc);
    cw_gc_block *b = gc->empty;
    if (b) {
        gc->empty = b->next;
        memset(b, 0, BLOCK_SIZE);
    } else {
        gc->failure = CWRUN_LIMIT_GC_HEAP;
        if (!may_grow(gc, BLOCK_SIZE))
            return false;
        gc->failure = CWRUN_LIMIT_HOST_MEMORY;
        b = cw_new(&x->alloc, BLOCK_SIZE);
        if (!b)
            return false;
        gc->bytes += BLOCK_SIZE;
    }
    b->cell_size = cw_gc_class_size(c);
    b->next = gc->classes[c].blocks;
    gc->classes[c].blocks = b;
    gc->runs[c] = (cw_gc_run){ first_cell(b), end_of(b) };
    gc->used += (uint64_t)(end_of(b) - first_cell(b));
    return true;
}

/* ---- large objects ---- */

static uint8_t *new_large(cw_exec *x, uint64_t size)
{
    cw_gc *gc = &x->gc;
    size += sizeof(cw_gc_large);
    gc->failure = CWRUN_LIMIT_GC_HEAP;
    if (!may_grow(gc, size))
        return NULL;
    gc->failure = CWRUN_LIMIT_HOST_MEMORY;
    cw_gc_large *large = size <= SIZE_MAX ? cw_resize(&x->alloc, NULL, 0, (size_t)size) : NULL;
    if (!large)
        return NULL;
    *large = (cw_gc_large){ gc->large, size };
    gc->large = large;
    gc->bytes += size;
    gc->used += size;
    return (uint8_t *)(large + 1);
}

static void free_large(cw_exec *x, cw_gc_large *large)
{
    const uint64_t size = large->size;
    x->gc.bytes -= size;
    if (x->gc.stress)
        memset(large, POISON, (size_t)size);
    cw_free(&x->alloc, large, (size_t)size);
}

static void sweep_large(cw_exec *x)
{
    for (cw_gc_large **at = &x->gc.large; *at;) {
        cw_gc_large *large = *at;
        if (is_alive(&x->gc, (const uint8_t *)(large + 1))) {
            at = &large->next;
        } else {
            *at = large->next;
            free_large(x, large);
        }
    }
}

/* ---- collections ---- */

/* Before an epoch comes around again no object may be left that bears it. */
static void clear_marks(cw_gc *gc)
{
    for (uint32_t c = 0; c < CW_GC_CLASSES; c++)
        for (cw_gc_block *b = gc->classes[c].blocks; b; b = b->next)
            for (uint8_t *at = first_cell(b), *end = end_of(b); at < end; at += b->cell_size)
                ((cw_object *)(void *)at)->mark = 0;
    for (cw_gc_large *large = gc->large; large; large = large->next)
        ((cw_object *)(void *)(large + 1))->mark = 0;
}

/* Unlinks first, so that nothing is called twice. */
static void drop_externs(cw_gc *gc, bool all)
{
    cw_extern_object *gone = NULL;
    for (cw_extern_object **at = &gc->externs; *at;) {
        cw_extern_object *o = *at;
        if (!all && o->head.mark == gc->epoch) {
            at = &o->next;
            continue;
        }
        *at = o->next;
        o->next = gone;
        gone = o;
    }
    while (gone) {
        cw_extern_object *o = gone;
        gone = o->next;
        if (o->drop)
            o->drop(o->user);
    }
}

/* When the next collection comes. As much again as there was to look at: roots count too, or a large table would be
 * looked at for every few objects. After a peak most blocks are empty and go back; where they are not, but hardly
 * used, they must be looked through in every cycle, which has to be worth it. */
static void set_threshold(cw_exec *x)
{
    cw_gc *gc = &x->gc;
    gc->threshold = gc->live + gc->live + gc->n_roots * sizeof(uint64_t);
    if (gc->threshold < LEAST_THRESHOLD)
        gc->threshold = LEAST_THRESHOLD;
    if (gc->bytes / 3 <= gc->threshold / 2)
        return;
    find_empty(gc);
    free_empty(x, gc->threshold);
    if (gc->threshold < gc->live + gc->bytes / 4)
        gc->threshold = gc->live + gc->bytes / 4;
}

void cw_gc_collect(cw_exec *x)
{
    cw_gc *gc = &x->gc;
    if (gc->running || gc->bytes == 0)
        return;
    gc->running = true;
    gc->n_collections++;
    free_empty(x, 0);
    if (gc->epoch == LAST_EPOCH) {
        clear_marks(gc);
        gc->epoch = 0;
    }
    gc->epoch++;
    gc->live = gc->n_roots = gc->n_marked = 0;
    gc->is_broken_off = false;
    cw_gc_mark_all(x);
    if (x->code_options.fuel)
        x->fuel -= (int64_t)gc->n_marked; /* who has none left finds out at the next check */

    for (uint32_t c = 0; c < CW_GC_CLASSES; c++) {
        cw_gc_class *class = &gc->classes[c];
        gc->runs[c] = (cw_gc_run){ NULL, NULL };
        class->swept = gc->is_broken_off ? NULL : class->blocks;
        class->cell = class->swept ? first_cell(class->swept) : NULL;
    }
    gc->has_census = gc->is_broken_off;
    if (!gc->is_broken_off) {
        drop_externs(gc, false);
        sweep_large(x);
        gc->used = gc->live;
        set_threshold(x);
    }
    gc->running = false;
}

/* ---- allocation ---- */

static bool prepare(cw_gc *gc, cw_exec *x)
{
    if (gc->running) { /* a destructor makes objects */
        gc->failure = CWRUN_LIMIT_HOST_MEMORY;
        return false;
    }
    if (!gc->stack) { /* the first object: what marking needs is there from now on */
        gc->stack = cw_new_array(&x->alloc, CW_GC_STACK_DEPTH, sizeof(cw_object *));
        gc->known = gc->stack ? cw_new_array(&x->alloc, CW_GC_CACHE, sizeof *gc->known) : NULL;
        if (!gc->known) {
            cw_free(&x->alloc, gc->stack, CW_GC_STACK_DEPTH * sizeof(cw_object *));
            gc->stack = NULL;
            gc->failure = CWRUN_LIMIT_HOST_MEMORY;
            return false;
        }
    }
    return true;
}

/* Whether it is time for a collection before so many bytes are taken. Under stress it always is, as long as little
 * lives; but a list of a million nodes must come to its end, too. */
static bool is_time(const cw_gc *gc, uint64_t size)
{
    enum { LITTLE = 64 << 10, SHARE = 256 };
    const uint64_t there = gc->live + gc->n_roots * sizeof(uint64_t);
    if (gc->is_broken_off)
        return true;
    if (gc->stress)
        return there < LITTLE || gc->used + size - gc->live > there / SHARE;
    return gc->used >= gc->threshold || size > gc->threshold - gc->used;
}

/* Collects, if there are objects; false where that was interrupted. */
static bool collect(cw_exec *x)
{
    cw_gc_collect(x);
    x->gc.failure = CWRUN_LIMIT_TIMEOUT;
    return !x->gc.is_broken_off;
}

/* Collects because there is no room. False: so little was taken since the last collection, again and again, that the
 * guest would go on collecting for every few objects; the heap is full. */
static bool make_room(cw_exec *x)
{
    enum { PATIENCE = 16, LEAST_SHARE = 64, FULL_SHARE = 16 };
    cw_gc *gc = &x->gc;
    const uint64_t cost = gc->live + gc->n_roots * sizeof(uint64_t) + gc->bytes / 8;
    gc->n_in_vain = gc->used - gc->live < cost / LEAST_SHARE ? gc->n_in_vain + 1 : 0;
    if (!collect(x))
        return false;
    if (gc->n_in_vain < PATIENCE && gc->live <= gc->max - gc->max / FULL_SHARE)
        return true;
    gc->n_in_vain = 0;
    gc->failure = CWRUN_LIMIT_GC_HEAP;
    return false;
}

static uint8_t *take_large(cw_exec *x, uint64_t size)
{
    cw_gc *gc = &x->gc;
    if (!prepare(gc, x))
        return NULL;
    gc->too_large = size > gc->max ? size : 0;
    const bool is_new = is_time(gc, size) && !gc->too_large;
    if (is_new && !collect(x))
        return NULL;
    uint8_t *p = new_large(x, size);
    if (!p && !gc->too_large && (is_new || make_room(x))) {
        find_empty(gc);
        free_empty(x, 0);
        p = new_large(x, size);
    }
    return p;
}

uint8_t *cw_gc_take(cw_exec *x, uint32_t c)
{
    cw_gc *gc = &x->gc;
    const uint32_t size = cw_gc_class_size(c);
    if (gc->stress)
        return take_large(x, size);
    gc->too_large = 0;
    if (!prepare(gc, x))
        return NULL;
    const bool is_new = is_time(gc, 0);
    if (is_new && !collect(x))
        return NULL;
    if (!next_run(gc, c) && !new_block(x, c))
        if (is_new || !make_room(x) || (!next_run(gc, c) && !new_block(x, c)))
            return NULL;
    uint8_t *p = gc->runs[c].at;
    gc->runs[c].at += size;
    return p;
}

/* A cell or memory of its own. */
static void *take(cw_exec *x, uint64_t size, cw_type_id type, uint8_t kind)
{
    uint8_t *p;
    if (size > CW_GC_SMALL) {
        p = take_large(x, size);
    } else {
        const uint32_t c = cw_gc_class_of((uint32_t)size);
        cw_gc_run *run = &x->gc.runs[c];
        p = run->at;
        if (p != run->end)
            run->at += cw_gc_class_size(c);
        else
            p = cw_gc_take(x, c);
    }
    if (p)
        *(cw_object *)(void *)p = (cw_object){ type, kind, x->gc.epoch, 0 };
    return p;
}

cw_object *cw_gc_new_struct(cw_exec *x, const cw_subtype *type)
{
    return take(x, type->size, type->id, CW_OBJECT_STRUCT);
}

cw_array *cw_gc_new_array(cw_exec *x, const cw_subtype *type, uint32_t length)
{
    const uint64_t size = (uint64_t)length * type->size; /* 36 bits at the most */
    cw_array *a = take(x, sizeof *a + size, type->id, CW_OBJECT_ARRAY);
    if (a) {
        a->length = length;
        a->cursor = 0;
    }
    return a;
}

cw_exception *cw_gc_new_exception(cw_exec *x, cw_tag *tag)
{
    const uint64_t size = cw_types_get(x->types, tag->type)->param_slots * (uint64_t)sizeof(uint64_t);
    cw_exception *e = take(x, sizeof *e + size, tag->type, CW_OBJECT_EXCEPTION);
    if (e) {
        e->tag = tag;
        memset(cw_exception_slots(e), 0, (size_t)size);
    }
    return e;
}

cw_extern_object *cw_gc_new_extern(cw_exec *x, void *user, cw_extern_drop drop)
{
    cw_extern_object *o = take(x, sizeof *o, CW_NO_TYPE, CW_OBJECT_EXTERN);
    if (o) {
        o->user = user;
        o->drop = drop;
        o->next = x->gc.externs;
        x->gc.externs = o;
    }
    return o;
}

/* The limit that stood in the way, in words. */
static const char *limit_words(const cw_gc *gc, char room[160])
{
    const unsigned long long max = gc->max, size = gc->too_large;
    if (size)
        snprintf(room, 160,
                 "allocation size too large: an object of %llu bytes, where all may take %llu (--max-gc-heap)", size,
                 max);
    else
        snprintf(room, 160, "garbage-collected objects take more than %llu bytes (--max-gc-heap)", max);
    return room;
}

bool cw_gc_error(cw_exec *x, cwrun_error *err)
{
    char words[160];
    if (x->gc.failure == CWRUN_LIMIT_HOST_MEMORY)
        return cw_fail_oom(err);
    cw_fail(err, &x->alloc, CWRUN_ERROR_LIMIT, x->gc.failure, "%s",
            x->gc.failure == CWRUN_LIMIT_TIMEOUT ? CW_INTERRUPT_WORDS : limit_words(&x->gc, words));
    return false;
}

void cw_gc_trap(cw_exec *x, cw_thread *t)
{
    char words[160];
    if (x->gc.failure == CWRUN_LIMIT_HOST_MEMORY)
        cw_thread_limit(t, CWRUN_LIMIT_HOST_MEMORY, "out of memory");
    else if (x->gc.failure == CWRUN_LIMIT_TIMEOUT)
        cw_thread_trap(t, CW_TRAP_INTERRUPT, NULL);
    else if (x->gc.too_large)
        cw_thread_trap(t, CW_TRAP_ALLOCATION, "%s", limit_words(&x->gc, words));
    else
        cw_thread_limit(t, CWRUN_LIMIT_GC_HEAP, "%s", limit_words(&x->gc, words));
}

/* ---- types of references ---- */

bool cw_gc_is_subtype(const cw_types *types, uint64_t ref, cw_type_id type)
{
    const cw_object *o = cw_object_of(ref);
    return o->kind <= CW_OBJECT_ARRAY && cw_subtype_of(types, o->type, type);
}

bool cw_gc_matches(const cw_types *types, uint64_t ref, cw_valtype target)
{
    if (ref == 0)
        return cw_is_nullable(target);
    const uint32_t heap = target & CW_REF_ID_MASK;
    if (target & CW_REF_TYPE_BIT) {
        const bool is_exact = target & CW_REF_EXACT_BIT;
        if (cw_types_get(types, heap)->kind == CW_COMP_FUNC) {
            const cw_type_id type = ((const cw_func *)(uintptr_t)ref)->type;
            return type == heap || (!is_exact && cw_subtype_of(types, type, heap));
        }
        if (!cw_ref_is_object(ref))
            return false;
        const cw_object *o = cw_object_of(ref);
        return is_exact ? o->kind <= CW_OBJECT_ARRAY && o->type == heap : cw_gc_is_subtype(types, ref, heap);
    }
    switch (heap) {
    case CW_HEAP_FUNC:
    case CW_HEAP_EXTERN:
    case CW_HEAP_ANY:
    case CW_HEAP_EXN: return true;
    case CW_HEAP_I31: return cw_ref_is_i31(ref);
    case CW_HEAP_EQ: return cw_ref_is_i31(ref) || (cw_ref_is_object(ref) && cw_object_of(ref)->kind <= CW_OBJECT_ARRAY);
    case CW_HEAP_STRUCT: return cw_ref_is_object(ref) && cw_object_of(ref)->kind == CW_OBJECT_STRUCT;
    case CW_HEAP_ARRAY: return cw_ref_is_object(ref) && cw_object_of(ref)->kind == CW_OBJECT_ARRAY;
    default: /* bottoms have only null */ return false;
    }
}

bool cw_gc_has_descriptor(const cw_types *types, uint64_t ref, uint64_t descriptor)
{
    if (!cw_ref_is_object(ref) || cw_object_of(ref)->kind != CW_OBJECT_STRUCT)
        return false;
    const uint32_t offset = cw_types_get(types, cw_object_of(ref)->type)->descriptor_offset;
    return offset != 0 && *(const uint64_t *)(ref + offset) == descriptor;
}

/* ---- roots ---- */

void cw_gc_root_init(cw_exec *x, cw_gc_root *root, uint64_t ref)
{
    *root = (cw_gc_root){ ref, x->gc.roots, NULL };
    if (x->gc.roots)
        x->gc.roots->prev = root;
    x->gc.roots = root;
}

void cw_gc_root_fini(cw_exec *x, cw_gc_root *root)
{
    if (root->prev)
        root->prev->next = root->next;
    else
        x->gc.roots = root->next;
    if (root->next)
        root->next->prev = root->prev;
    *root = (cw_gc_root){ 0, NULL, NULL };
}

cw_gc_root *cw_gc_root_new(cw_exec *x, uint64_t ref)
{
    cw_gc_root *root = cw_new(&x->alloc, sizeof *root);
    if (root)
        cw_gc_root_init(x, root, ref);
    return root;
}

void cw_gc_root_free(cw_exec *x, cw_gc_root *root)
{
    if (!root)
        return;
    cw_gc_root_fini(x, root);
    cw_free(&x->alloc, root, sizeof *root);
}

void cw_gc_scope_begin(cw_exec *x, cw_gc_scope *scope, const uint64_t *words, uint32_t n, uint32_t stride)
{
    *scope = (cw_gc_scope){ words, n, stride, CW_NO_TYPE, x->gc.scopes };
    x->gc.scopes = scope;
}

void cw_gc_scope_begin_params(cw_exec *x, cw_gc_scope *scope, cw_type_id type, const uint64_t *params)
{
    *scope = (cw_gc_scope){ params, 0, 0, type, x->gc.scopes };
    x->gc.scopes = scope;
}

void cw_gc_scope_end(cw_exec *x, cw_gc_scope *scope)
{
    x->gc.scopes = scope->below;
}

/* ---- the heap as a whole ---- */

void cw_gc_init(cw_exec *x, uint64_t max, bool stress)
{
#ifdef CW_GC_STRESS
    stress = true;
#endif
    x->gc = (cw_gc){ .epoch = 1, .threshold = LEAST_THRESHOLD, .max = max, .stress = stress };
}

void cw_gc_fini(cw_exec *x)
{
    cw_gc *gc = &x->gc;
    gc->running = true; /* nothing that is called from here collects */
    drop_externs(gc, true);
    free_empty(x, 0);
    for (uint32_t c = 0; c < CW_GC_CLASSES; c++)
        while (gc->classes[c].blocks) {
            cw_gc_block *b = gc->classes[c].blocks;
            gc->classes[c].blocks = b->next;
            free_block(x, b);
        }
    while (gc->large) {
        cw_gc_large *large = gc->large;
        gc->large = large->next;
        free_large(x, large);
    }
    cw_free(&x->alloc, gc->stack, gc->stack ? CW_GC_STACK_DEPTH * sizeof(cw_object *) : 0);
    cw_free(&x->alloc, gc->known, gc->known ? CW_GC_CACHE * sizeof *gc->known : 0);
    *gc = (cw_gc){ .running = true };
}
