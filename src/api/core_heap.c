/* api/core_heap.c: the guest's garbage-collected objects and exceptions, as the host makes, reads and throws them. */
#include "api/core.h"

#include "base/error.h"

/* A field, element or value. */
typedef struct place {
    uint8_t *at;
    cw_valtype type; /* packed ones are seen as i32 */
    uint32_t size;
    bool is_mutable;
} place;

static cwrun_ref fail(cwrun_store *s, const char *who, const char *what, cwrun_error *err)
{
    cw_fail(err, &s->alloc, CWRUN_ERROR_ARGUMENT, 0, "%s: %s", who, what);
    return 0;
}

static cw_valtype unpacked(cw_valtype t)
{
    return t == CW_I8 || t == CW_I16 ? CW_I32 : t;
}

static cw_object *object(cwrun_store *s, cwrun_ref ref)
{
    const cw_root *root = cw_root_get(s, ref);
    return root && cw_ref_is_object(root->word) ? cw_object_of(root->word) : NULL;
}

static const cw_subtype *type_of(const cwrun_store *s, const cw_object *o)
{
    return cw_types_get(s->exec.types, o->type);
}

/* ---- what a reference is ---- */

cwrun_core_type cwrun_ref_type(cwrun_store *store, cwrun_ref ref)
{
    const cw_root *root = cw_root_get(store, ref);
    if (!root)
        return 0;
    if (root->kind == CWRUN_CORE_EXNREF)
        return CW_REF(CW_HEAP_EXN);
    if (root->kind != CWRUN_CORE_ANYREF)
        return CW_REF(CW_HEAP_EXTERN);
    if (cw_ref_is_i31(root->word))
        return CW_REF(CW_HEAP_I31);
    const cw_object *o = object(store, ref);
    return o && o->kind <= CW_OBJECT_ARRAY ? CW_REF_TYPE(o->type) : CW_REF(CW_HEAP_ANY);
}

cwrun_ref cwrun_i31_new(cwrun_store *store, int32_t value, cwrun_error *err)
{
    if (!store || cwrun_failed(err))
        return cw_fail_null(err, __func__);
    cwrun_ref ref = cw_root_new(store, CWRUN_CORE_ANYREF, CW_REF_OF_I31(value));
    if (!ref)
        cw_fail_oom(err);
    return ref;
}

bool cwrun_i31_get(cwrun_store *store, cwrun_ref ref, int32_t *value)
{
    const cw_root *root = cw_root_get(store, ref);
    if (!root || !value || !cw_ref_is_i31(root->word))
        return false;
    uint32_t bits = (uint32_t)root->word >> 1;
    *value = (int32_t)(bits | (bits & 0x40000000u) << 1);
    return true;
}

/* ---- new objects ---- */

/* The type of a new object; NULL with err set. */
static const cw_subtype *new_type(cwrun_store *s, cwrun_core_type type, uint8_t kind, const char *who, cwrun_error *err)
{
    const cw_subtype *t = NULL;
    if ((type & CW_REF_TYPE_BIT) && cw_core_is_type(s->exec.types, type))
        t = cw_types_get(s->exec.types, type & CW_REF_ID_MASK);
    if (t && t->kind == kind)
        return t;
    fail(s, who, "this is no such defined type", err);
    return NULL;
}

static cwrun_ref rooted(cwrun_store *s, const void *o, cwrun_error *err)
{
    cwrun_ref ref = o ? cw_root_new(s, CWRUN_CORE_ANYREF, (uint64_t)(uintptr_t)o) : 0;
    if (!o)
        cw_gc_error(&s->exec, err);
    else if (!ref)
        cw_fail_oom(err);
    return ref;
}

/* Checks a value and writes it; NULL, or what is wrong. */
static const char *put(cwrun_store *s, const place *p, const cwrun_core_val *v)
{
    uint64_t slots[2] = { 0, 0 }, *to = slots;
    const char *wrong = cw_core_to_slots(s, p->type, v, &to);
    if (!wrong)
        memcpy(p->at, slots, p->size); /* the low bytes come first */
    return wrong;
}

static place field(const cw_subtype *t, cw_object *o, uint32_t i)
{
    const cw_fieldtype *f = &t->fields[i];
    return (place){ (uint8_t *)o + t->offsets[i], unpacked(f->type), cw_storage_size(f->type), f->is_mutable };
}

static place element(const cw_subtype *t, cw_object *o, uint32_t i)
{
    const cw_fieldtype *f = &t->fields[0];
    return (place){ cw_array_data((cw_array *)(void *)o) + (uint64_t)i * t->size, unpacked(f->type), t->size,
                    f->is_mutable };
}

/* A field's value before there is an object. */
typedef struct converted {
    uint64_t value[2];
    uint64_t ref; /* the same where it refers to the heap, else 0 */
} converted;

static bool convert(cwrun_store *store, const cw_subtype *t, const cwrun_core_val *fields, converted *out,
                    const char *who, cwrun_error *err)
{
    for (uint32_t i = 0; i < t->n_fields; i++) {
        const cw_valtype type = unpacked(t->fields[i].type);
        uint64_t *to = out[i].value;
        const char *wrong = cw_core_to_slots(store, type, &fields[i], &to);
        if (wrong) {
            cw_fail(err, &store->alloc, CWRUN_ERROR_ARGUMENT, 0, "%s: fields[%u] %s", who, i, wrong);
            return false;
        }
        out[i].ref = cw_is_managed(store->exec.types, type) ? out[i].value[0] : 0;
    }
    return true;
}

/* A structure of these values, the last of which is the descriptor. They stay alive while it is made, whatever
 * references the host's destructors drop then. */
static cw_object *make_struct(cwrun_store *store, const cw_subtype *t, converted *values)
{
    cw_gc_scope scope;
    cw_gc_scope_begin(&store->exec, &scope, &values->ref, t->n_fields + 1u, sizeof *values / sizeof(uint64_t));
    cw_object *o = cw_gc_new_struct(&store->exec, t);
    cw_gc_scope_end(&store->exec, &scope);
    if (!o)
        return NULL;
    memset(o + 1, 0, t->size - sizeof *o);
    if (t->descriptor_offset)
        *(uint64_t *)(void *)((uint8_t *)o + t->descriptor_offset) = values[t->n_fields].ref;
    for (uint32_t i = 0; i < t->n_fields; i++) {
        const place p = field(t, o, i);
        memcpy(p.at, values[i].value, p.size); /* the low bytes come first */
    }
    return o;
}

/* descriptor: 0 where it has none. */
static cwrun_ref new_struct(cwrun_store *store, cwrun_core_type type, cwrun_ref descriptor,
                            const cwrun_core_val *fields, size_t n, const char *who, cwrun_error *err)
{
    if (!cw_store_allocates(store, who, err))
        return 0;
    const cw_subtype *t = new_type(store, type, CW_COMP_STRUCT, who, err);
    cw_object *d = descriptor ? object(store, descriptor) : NULL;
    if (t && t->descriptor_offset && (!d || d->kind != CW_OBJECT_STRUCT || d->type != t->descriptor))
        return fail(store, who, "the type needs a descriptor of exactly the type that it names", err);
    if (t && !t->descriptor_offset && descriptor)
        return fail(store, who, "the type has no descriptor", err);
    if (!t || n != t->n_fields || (n && !fields))
        return t ? fail(store, who, "the number of fields is another", err) : 0;
    converted *values = cw_new_array(&store->alloc, n + 1, sizeof *values);
    if (!values)
        return cw_fail_oom(err);
    cwrun_ref ref = 0;
    values[n].ref = (uintptr_t)d;
    cw_store_entered(store);
    if (convert(store, t, fields, values, who, err))
        ref = rooted(store, make_struct(store, t, values), err);
    cw_free(&store->alloc, values, (n + 1) * sizeof *values);
    cw_store_left(store);
    return ref;
}

cwrun_ref cwrun_struct_new(cwrun_store *store, cwrun_core_type type, const cwrun_core_val *fields, size_t n,
                           cwrun_error *err)
{
    if (!store || cwrun_failed(err))
        return cw_fail_null(err, __func__);
    return new_struct(store, type, 0, fields, n, __func__, err);
}

cwrun_ref cwrun_struct_new_desc(cwrun_store *store, cwrun_core_type type, cwrun_ref descriptor,
                                const cwrun_core_val *fields, size_t n, cwrun_error *err)
{
    if (!store || cwrun_failed(err))
        return cw_fail_null(err, __func__);
    return new_struct(store, type, descriptor, fields, n, __func__, err);
}

cwrun_ref cwrun_struct_descriptor(cwrun_store *store, cwrun_ref ref, cwrun_error *err)
{
    if (!store || cwrun_failed(err))
        return cw_fail_null(err, __func__);
    const cw_object *o = object(store, ref);
    const uint32_t offset = o && o->kind == CW_OBJECT_STRUCT ? type_of(store, o)->descriptor_offset : 0;
    if (offset == 0)
        return fail(store, __func__, "it is no structure with a descriptor", err);
    const uint64_t word = *(const uint64_t *)(const void *)((const uint8_t *)o + offset);
    return rooted(store, cw_object_of(word), err);
}

cwrun_ref cwrun_array_new(cwrun_store *store, cwrun_core_type type, const cwrun_core_val *init, uint32_t length,
                          cwrun_error *err)
{
    static const char who[] = "cwrun_array_new";
    uint64_t slots[2], *to = slots;
    if (!store || cwrun_failed(err))
        return cw_fail_null(err, __func__);
    if (!cw_store_allocates(store, who, err))
        return 0;
    const cw_subtype *t = new_type(store, type, CW_COMP_ARRAY, who, err);
    if (!t || !init)
        return t ? fail(store, who, "init is NULL", err) : 0;
    const char *wrong = cw_core_to_slots(store, unpacked(t->fields[0].type), init, &to);
    if (wrong) {
        cw_fail(err, &store->alloc, CWRUN_ERROR_ARGUMENT, 0, "%s: init %s", who, wrong);
        return 0;
    }
    uint64_t alive = cw_is_managed(store->exec.types, unpacked(t->fields[0].type)) ? slots[0] : 0;
    cw_gc_scope scope;
    cw_store_entered(store);
    cw_gc_scope_begin(&store->exec, &scope, &alive, 1, 1);
    cw_array *a = cw_gc_new_array(&store->exec, t, length);
    cw_gc_scope_end(&store->exec, &scope);
    for (uint32_t i = 0; a && i < length; i++)
        memcpy(cw_array_data(a) + (uint64_t)i * t->size, slots, t->size);
    const cwrun_ref ref = rooted(store, a, err);
    cw_store_left(store);
    return ref;
}

/* ---- fields, elements, values ---- */

uint32_t cwrun_object_size(cwrun_store *store, cwrun_ref ref)
{
    cw_object *o = object(store, ref);
    if (!o || o->kind == CW_OBJECT_EXTERN)
        return 0;
    if (o->kind == CW_OBJECT_ARRAY)
        return ((const cw_array *)(const void *)o)->length;
    const cw_subtype *t = type_of(store, o);
    return o->kind == CW_OBJECT_STRUCT ? t->n_fields : t->n_params;
}

static bool find(cwrun_store *s, cwrun_ref ref, uint32_t i, place *p)
{
    if (i >= cwrun_object_size(s, ref))
        return false;
    cw_object *o = object(s, ref);
    const cw_subtype *t = type_of(s, o);
    if (o->kind == CW_OBJECT_STRUCT) {
        *p = field(t, o, i);
    } else if (o->kind == CW_OBJECT_ARRAY) {
        *p = element(t, o, i);
    } else {
        uint64_t *slot = cw_exception_slots((cw_exception *)(void *)o);
        for (uint32_t j = 0; j < i; j++)
            slot += cw_valtype_slots(t->params[j]);
        *p = (place){ (uint8_t *)slot, t->params[i], cw_valtype_slots(t->params[i]) * (uint32_t)sizeof *slot, false };
    }
    return true;
}

bool cwrun_object_get(cwrun_store *store, cwrun_ref ref, uint32_t i, cwrun_core_val *value, cwrun_error *err)
{
    uint64_t slots[2] = { 0, 0 };
    const uint64_t *from = slots;
    place p;
    if (!store || !value || cwrun_failed(err))
        return cw_fail_null(err, __func__);
    if (!find(store, ref, i, &p))
        return fail(store, "cwrun_object_get", "there is no such field, element or value", err);
    memcpy(slots, p.at, p.size);
    return cw_core_from_slots(store, p.type, &from, value) || cw_fail_oom(err);
}

bool cwrun_object_set(cwrun_store *store, cwrun_ref ref, uint32_t i, const cwrun_core_val *value, cwrun_error *err)
{
    place p;
    if (!store || !value || cwrun_failed(err))
        return cw_fail_null(err, __func__);
    if (!find(store, ref, i, &p) || !p.is_mutable)
        return fail(store, "cwrun_object_set", "there is no such field or element, or it is immutable", err);
    const char *wrong = put(store, &p, value);
    if (wrong)
        cw_fail(err, &store->alloc, CWRUN_ERROR_ARGUMENT, 0, "cwrun_object_set: the value %s", wrong);
    return !wrong;
}

/* ---- exceptions ---- */

cwrun_ref cwrun_store_exception(cwrun_store *store, cwrun_error *err)
{
    if (!store || !store->exec.thrown)
        return 0;
    cwrun_ref ref = cw_root_new(store, CWRUN_CORE_EXNREF, (uint64_t)(uintptr_t)store->exec.thrown);
    if (!ref)
        cw_fail_oom(err);
    return ref;
}

cwrun_tag *cwrun_exception_tag(cwrun_store *store, cwrun_ref exception)
{
    const cw_object *o = object(store, exception);
    return o && o->kind == CW_OBJECT_EXCEPTION ? (cwrun_tag *)(void *)((const cw_exception *)(const void *)o)->tag
                                               : NULL;
}

cwrun_status cwrun_caller_throw(cwrun_caller *caller, cwrun_tag *tag, const cwrun_core_val *values, size_t n)
{
    if (!caller)
        return CWRUN_TRAP;
    cw_tag *t = (cw_tag *)(void *)tag;
    if (!caller->core_args || !t || t->exec != &caller->store->exec ||
        n != cw_types_get(t->exec->types, t->type)->n_params || (n && !values))
        return cwrun_caller_trap(
            caller,
            "cwrun_caller_throw: the tag is of another store, the number of values is another, or a component calls");
    cwrun_core_val *copy = cw_arena_array(&caller->arena, n + 1, sizeof *copy);
    if (!copy)
        return cwrun_caller_trap(caller, "out of memory");
    if (n)
        memcpy(copy, values, n * sizeof *copy);
    caller->throw_values = copy;
    caller->throw_tag = t;
    caller->throw_ref = 0;
    return CWRUN_TRAP;
}

cwrun_status cwrun_caller_throw_ref(cwrun_caller *caller, cwrun_ref exception)
{
    if (!caller)
        return CWRUN_TRAP;
    if (!caller->core_args || !cwrun_exception_tag(caller->store, exception))
        return cwrun_caller_trap(caller, "cwrun_caller_throw_ref: this is no exception, or a component calls");
    caller->throw_tag = NULL;
    caller->throw_ref = exception;
    return CWRUN_TRAP;
}
