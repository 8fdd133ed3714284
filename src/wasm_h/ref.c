/* wasm_h/ref.c: handles and records, foreign objects, frames and traps. */
#include "wasm_h/handle.h"

/* ---- records ---- */

record *cw_wasm_record(void)
{
    record *r = calloc(1, sizeof *r);
    if (r)
        r->n_refs = r->n_handles = 1;
    return r;
}

static void release_object(uint8_t kind, void *object);

static void unref_record(record *r)
{
    if (--r->n_refs != 0)
        return;
    if (r->finalizer)
        r->finalizer(r->data);
    if (r->object)
        release_object(r->kind, r->object);
    free((char *)(uintptr_t)r->message);
    free(r->frames);
    free(r);
}

static void unhandle_record(wasm_store_t *s, record *r)
{
    if (--r->n_handles == 0 && r->ref) {
        cwrun_ref_drop(s->store, r->ref);
        r->ref = 0;
    }
    unref_record(r);
}

/* The guest's externref is gone, or its store. */
static void externref_gone(void *object)
{
    unref_record(object);
}

/* ---- one more and one fewer use of what a handle means ---- */

static void keep_object(uint8_t kind, void *object)
{
    if (kind == KIND_MODULE) {
        cwrun_module_share(object);
    } else if (kind >= KIND_TRAP) {
        ((record *)object)->n_refs++;
        ((record *)object)->n_handles++;
    }
}

/* Of a record in a record: there is no ref of the guest's behind it. */
static void release_object(uint8_t kind, void *object)
{
    if (kind == KIND_MODULE) {
        cwrun_module_drop(object);
    } else if (kind >= KIND_TRAP) {
        ((record *)object)->n_handles--;
        unref_record(object);
    }
}

wasm_ref_t *cw_wasm_handle(wasm_store_t *store, uint8_t kind, void *object)
{
    wasm_ref_t *ref = object ? malloc(sizeof *ref) : NULL;
    if (ref) {
        *ref = (wasm_ref_t){ kind, store, object };
        store->n_refs++;
    } else if (object) {
        if (kind >= KIND_TRAP)
            unhandle_record(store, object);
        else
            release_object(kind, object);
    }
    return ref;
}

void wasm_ref_delete(wasm_ref_t *ref)
{
    if (!ref)
        return;
    if (ref == &ref->store->no_memory_trap.ref) {
        cw_wasm_store_release(ref->store);
        return;
    }
    if (ref->kind >= KIND_TRAP)
        unhandle_record(ref->store, ref->object);
    else
        release_object(ref->kind, ref->object);
    cw_wasm_store_release(ref->store);
    free(ref);
}

wasm_ref_t *wasm_ref_copy(const wasm_ref_t *ref)
{
    if (!ref)
        return NULL;
    keep_object(ref->kind, ref->object);
    return cw_wasm_handle(ref->store, ref->kind, ref->object);
}

bool wasm_ref_same(const wasm_ref_t *a, const wasm_ref_t *b)
{
    if (!a || !b || a->store != b->store || a->kind != b->kind)
        return a == b;
    if (a->object == b->object)
        return true;
    return a->kind == KIND_GUEST &&
           cwrun_ref_same(a->store->store, ((record *)a->object)->ref, ((record *)b->object)->ref);
}

/* Everything about handles, for one of their names; IS(kind) says which kinds it may mean. */
#define REF_BASE(name) \
    void wasm_##name##_delete(wasm_##name##_t *h) \
    { \
        wasm_ref_delete((wasm_ref_t *)h); \
    } \
    wasm_##name##_t *wasm_##name##_copy(const wasm_##name##_t *h) \
    { \
        return (wasm_##name##_t *)wasm_ref_copy((const wasm_ref_t *)h); \
    } \
    bool wasm_##name##_same(const wasm_##name##_t *a, const wasm_##name##_t *b) \
    { \
        return wasm_ref_same((const wasm_ref_t *)a, (const wasm_ref_t *)b); \
    } \
    void *wasm_##name##_get_host_info(const wasm_##name##_t *h) \
    { \
        return wasm_ref_get_host_info((const wasm_ref_t *)h); \
    } \
    void wasm_##name##_set_host_info(wasm_##name##_t *h, void *data) \
    { \
        wasm_ref_set_host_info((wasm_ref_t *)h, data); \
    } \
    void wasm_##name##_set_host_info_with_finalizer(wasm_##name##_t *h, void *data, void (*finalizer)(void *)) \
    { \
        wasm_ref_set_host_info_with_finalizer((wasm_ref_t *)h, data, finalizer); \
    }
#define CASTS(name, other, IS) \
    wasm_##other##_t *wasm_##name##_as_##other(wasm_##name##_t *h) \
    { \
        return (wasm_##other##_t *)h; \
    } \
    const wasm_##other##_t *wasm_##name##_as_##other##_const(const wasm_##name##_t *h) \
    { \
        return (const wasm_##other##_t *)h; \
    } \
    wasm_##name##_t *wasm_##other##_as_##name(wasm_##other##_t *h) \
    { \
        return h && IS(((wasm_ref_t *)h)->kind) ? (wasm_##name##_t *)h : NULL; \
    } \
    const wasm_##name##_t *wasm_##other##_as_##name##_const(const wasm_##other##_t *h) \
    { \
        return h && IS(((const wasm_ref_t *)h)->kind) ? (const wasm_##name##_t *)h : NULL; \
    }
#define REF(name, IS) \
    REF_BASE(name) \
    CASTS(name, ref, IS)

#define IS_FUNC(k) ((k) == KIND_FUNC)
#define IS_GLOBAL(k) ((k) == KIND_GLOBAL)
#define IS_TABLE(k) ((k) == KIND_TABLE)
#define IS_MEMORY(k) ((k) == KIND_MEMORY)
#define IS_EXTERN(k) ((k) <= KIND_TAG)
#define IS_INSTANCE(k) ((k) == KIND_INSTANCE)
#define IS_MODULE(k) ((k) == KIND_MODULE)
#define IS_TRAP(k) ((k) == KIND_TRAP)
#define IS_FOREIGN(k) ((k) == KIND_FOREIGN)
REF(func, IS_FUNC)
REF(global, IS_GLOBAL)
REF(table, IS_TABLE)
REF(memory, IS_MEMORY)
REF(extern, IS_EXTERN)
REF(instance, IS_INSTANCE)
REF(module, IS_MODULE)
REF(trap, IS_TRAP)
REF(foreign, IS_FOREIGN)
CASTS(func, extern, IS_FUNC)
CASTS(global, extern, IS_GLOBAL)
CASTS(table, extern, IS_TABLE)
CASTS(memory, extern, IS_MEMORY)

/* ---- foreign objects, and references of the guest ---- */

wasm_foreign_t *wasm_foreign_new(wasm_store_t *store)
{
    record *r = store && store->store ? cw_wasm_record() : NULL;
    if (!r)
        return NULL;
    r->kind = KIND_FOREIGN;
    r->ref_type = CWRUN_CORE_EXTERNREF;
    return (wasm_foreign_t *)cw_wasm_handle(store, KIND_FOREIGN, r);
}

wasm_ref_t *cw_wasm_from_ref(wasm_store_t *store, uint8_t type, cwrun_ref ref)
{
    record *r = type == CWRUN_CORE_EXTERNREF ? cwrun_externref_object(store->store, ref) : NULL;
    if (r && r->kind != KIND_FOREIGN) {
        keep_object(r->kind, r->object);
        return cw_wasm_handle(store, r->kind, r->object);
    }
    if (r) {
        keep_object(KIND_FOREIGN, r);
        if (!r->ref)
            r->ref = cwrun_ref_keep(store->store, ref, NULL);
        return cw_wasm_handle(store, KIND_FOREIGN, r);
    }
    if (!ref || !(r = cw_wasm_record()))
        return NULL;
    r->ref_type = type;
    r->ref = cwrun_ref_keep(store->store, ref, NULL);
    if (!r->ref) {
        unref_record(r);
        return NULL;
    }
    return cw_wasm_handle(store, KIND_GUEST, r);
}

/* A new externref for a record, which it counts. */
static cwrun_ref wrap(wasm_store_t *s, record *r)
{
    cwrun_ref ref = cwrun_externref_new(s->store, r, externref_gone, NULL);
    if (ref)
        r->n_refs++;
    return ref;
}

/* The externref that stands for what a handle means. */
static cwrun_ref to_externref(wasm_store_t *s, const wasm_ref_t *h)
{
    record *r = h->object;
    if (h->kind == KIND_GUEST)
        return r->ref_type == CWRUN_CORE_EXTERNREF ? r->ref : 0;
    if (h->kind == KIND_FOREIGN) {
        if (!r->ref) {
            cwrun_ref fresh = wrap(s, r);
            r->ref = cwrun_ref_keep(s->store, fresh, NULL);
            cwrun_ref_drop(s->store, fresh);
        }
        return r->ref;
    }
    if (!(r = cw_wasm_record()))
        return 0;
    r->kind = h->kind;
    r->object = h->object;
    keep_object(h->kind, h->object);
    cwrun_ref ref = wrap(s, r);
    r->n_handles--;
    unref_record(r); /* the externref has it now */
    return ref;
}

/* ---- values ---- */

bool cw_wasm_to_core(wasm_store_t *store, cwrun_core_type type, const wasm_val_t *v, cwrun_core_val *out)
{
    uint8_t kind = cwrun_core_type_kind(store->engine, type);
    memset(out, 0, sizeof *out);
    out->type = kind;
    switch (kind) {
    case CWRUN_CORE_I32: out->of.i32 = v->of.i32; return v->kind == WASM_I32;
    case CWRUN_CORE_I64: out->of.i64 = v->of.i64; return v->kind == WASM_I64;
    case CWRUN_CORE_F32: out->of.f32 = v->of.f32; return v->kind == WASM_F32;
    case CWRUN_CORE_F64: out->of.f64 = v->of.f64; return v->kind == WASM_F64;
    case CWRUN_CORE_V128: return false;
    default: break;
    }
    const wasm_ref_t *h = v->of.ref;
    if (!wasm_valkind_is_ref(v->kind))
        return false;
    if (!h)
        return cwrun_core_type_is_nullable(type);
    if (h->store != store)
        return false;
    if (kind == CWRUN_CORE_FUNCREF) {
        out->of.func = h->object;
        return h->kind == KIND_FUNC;
    }
    if (kind == CWRUN_CORE_EXTERNREF)
        out->of.ref = to_externref(store, h);
    else if (h->kind == KIND_GUEST && ((record *)h->object)->ref_type == kind)
        out->of.ref = ((record *)h->object)->ref;
    return out->of.ref != 0;
}

void cw_wasm_end_core(wasm_store_t *store, const wasm_val_t *v, const cwrun_core_val *core)
{
    if (core->type == CWRUN_CORE_EXTERNREF && v->of.ref && v->of.ref->kind != KIND_FOREIGN &&
        v->of.ref->kind != KIND_GUEST)
        cwrun_ref_drop(store->store, core->of.ref);
}

bool cw_wasm_from_core(wasm_store_t *store, const cwrun_core_val *v, wasm_val_t *out)
{
    memset(out, 0, sizeof *out);
    out->kind = cw_wasm_kind(v->type);
    switch (v->type) {
    case CWRUN_CORE_I32: out->of.i32 = v->of.i32; return true;
    case CWRUN_CORE_I64: out->of.i64 = v->of.i64; return true;
    case CWRUN_CORE_F32: out->of.f32 = v->of.f32; return true;
    case CWRUN_CORE_F64: out->of.f64 = v->of.f64; return true;
    case CWRUN_CORE_V128: return false;
    case CWRUN_CORE_FUNCREF:
        out->of.ref = cw_wasm_handle(store, KIND_FUNC, v->of.func);
        return out->of.ref || !v->of.func;
    default: out->of.ref = cw_wasm_from_ref(store, v->type, v->of.ref); return out->of.ref || !v->of.ref;
    }
}

void wasm_val_delete(wasm_val_t *v)
{
    if (v && wasm_valkind_is_ref(v->kind)) {
        wasm_ref_delete(v->of.ref);
        v->of.ref = NULL;
    }
}

void wasm_val_copy(wasm_val_t *out, const wasm_val_t *v)
{
    *out = *v;
    if (wasm_valkind_is_ref(v->kind))
        out->of.ref = wasm_ref_copy(v->of.ref);
}

/* ---- frames ---- */

wasm_frame_t *wasm_frame_copy(const wasm_frame_t *frame)
{
    wasm_frame_t *f = frame ? malloc(sizeof *f) : NULL;
    if (f)
        *f = *frame;
    return f;
}

void wasm_frame_delete(wasm_frame_t *frame)
{
    free(frame);
}

wasm_instance_t *wasm_frame_instance(const wasm_frame_t *frame)
{
    (void)frame;
    return NULL;
}

uint32_t wasm_frame_func_index(const wasm_frame_t *frame)
{
    return frame->func;
}

size_t wasm_frame_func_offset(const wasm_frame_t *frame)
{
    return frame->func_offset;
}

size_t wasm_frame_module_offset(const wasm_frame_t *frame)
{
    return frame->module_offset;
}

/* ---- traps ---- */

wasm_trap_t *cw_wasm_no_memory(wasm_store_t *s)
{
    s->n_refs++;
    return &s->no_memory_trap;
}

/* A trap with a message of `size` bytes, to which a NUL is added where there is none. */
static wasm_trap_t *new_trap(wasm_store_t *s, const char *message, size_t size)
{
    record *r = cw_wasm_record();
    if (!r)
        return cw_wasm_no_memory(s);
    r->size = size + (size == 0 || message[size - 1] != 0);
    char *copy = calloc(r->size, 1);
    r->message = copy;
    if (!copy) {
        unref_record(r);
        return cw_wasm_no_memory(s);
    }
    if (size)
        memcpy(copy, message, size);
    wasm_ref_t *trap = cw_wasm_handle(s, KIND_TRAP, r);
    return trap ? (wasm_trap_t *)trap : cw_wasm_no_memory(s);
}

wasm_trap_t *wasm_trap_new(wasm_store_t *store, const wasm_message_t *message)
{
    return store ? new_trap(store, message ? message->data : "", message ? message->size : 0) : NULL;
}

static void add_frames(record *r, const cwrun_error *err)
{
    const bool once = r->n_frames == 0 && err->n_frames != 0;
    wasm_frame_t *frames = once ? calloc(err->n_frames, sizeof *frames) : NULL;
    if (!frames)
        return;
    for (size_t i = 0; i < err->n_frames; i++) {
        const cwrun_frame *f = &err->frames[i];
        frames[i] = (wasm_frame_t){ f->func_index, (size_t)f->func_offset, (size_t)f->offset };
    }
    r->frames = frames;
    r->n_frames = err->n_frames;
}

wasm_trap_t *cw_wasm_trap(wasm_store_t *store, cwrun_error *err)
{
    wasm_trap_t *trap = store->trap;
    store->trap = NULL;
    if (trap && err->kind != CWRUN_ERROR_TRAP) {
        wasm_trap_delete(trap); /* it did not get so far */
        trap = NULL;
    }
    if (!trap) {
        const char *message = err->message ? err->message : "the call is impossible";
        trap = new_trap(store, message, strlen(message));
    }
    if (trap != &store->no_memory_trap)
        add_frames(trap->ref.object, err);
    cwrun_error_clear(err);
    return trap;
}

void wasm_trap_message(const wasm_trap_t *trap, wasm_message_t *out)
{
    const record *r = trap->ref.object;
    wasm_name_new(out, r->size, r->message);
}

wasm_frame_t *wasm_trap_origin(const wasm_trap_t *trap)
{
    const record *r = trap->ref.object;
    return r->n_frames ? wasm_frame_copy(&r->frames[0]) : NULL;
}

void wasm_trap_trace(const wasm_trap_t *trap, wasm_frame_vec_t *out)
{
    const record *r = trap->ref.object;
    wasm_frame_vec_new_uninitialized(out, r->n_frames);
    for (size_t i = 0; i < out->size; i++)
        out->data[i] = wasm_frame_copy(&r->frames[i]);
}
