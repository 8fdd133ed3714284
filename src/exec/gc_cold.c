/* exec/gc_cold.c: instructions of the heap that are functions: new arrays and large structures, many elements at once
 * [core 4.6.5]. Bounds are checked before anything is allocated or written. */
#include "exec/code.h"
#include "exec/interp.h"
#include "exec/interp_cold.h"
#include "exec/segments.h"

enum { FAILED = CW_COLD_TRAP | CW_TRAP_NONE };

/* The thread stands behind the instruction, so that its frames can be walked. */
static cw_thread *stand(cw_instance *in, const uint8_t *ip, uint64_t *sp, cw_control *csp)
{
    cw_thread *t = in->exec->current;
    cw_interp_left(t, CW_RUN_TRAPPED, ip, sp, csp, in);
    return t;
}

uint8_t *cw_cold_take(cw_instance *in, const uint8_t *ip, uint64_t *sp, cw_control *csp, uint32_t class)
{
    cw_thread *t = stand(in, ip, sp, csp);
    uint8_t *cell = cw_gc_take(in->exec, class);
    if (!cell)
        cw_gc_trap(in->exec, t);
    return cell;
}

/* ---- values ---- */

static void store(uint8_t *to, cw_valtype type, const uint64_t *slot)
{
    memcpy(to, slot, cw_storage_size(type)); /* the low bytes come first */
}

/* Meters work on so many bytes: CW_COLD_OK or the trap. */
static uint32_t work(cw_instance *in, uint64_t bytes)
{
    const uint8_t trap = cw_exec_work(in->exec, bytes);
    return trap == CW_TRAP_NONE ? CW_COLD_OK : CW_COLD_TRAP | trap;
}

/* How many bytes of those that are left go between two looks at the meter. */
static uint64_t step(uint64_t left)
{
    return left < CW_WORK_STEP ? left : CW_WORK_STEP;
}

/* So many bytes of elements of that value; NULL: zero. */
static void repeat(uint8_t *to, const cw_subtype *type, const uint64_t *slot, uint64_t size)
{
    if (!slot || type->size == 1) {
        memset(to, slot ? (uint8_t)*slot : 0, (size_t)size);
        return;
    }
    store(to, type->fields[0].type, slot);
    for (uint64_t done = type->size; done < size; done *= 2)
        memcpy(to + done, to, (size_t)(done < size - done ? done : size - done));
}

/* n elements of that value, metered; CW_WORK_STEP bytes are whole elements. */
static uint32_t fill(cw_instance *in, uint8_t *to, const cw_subtype *type, const uint64_t *slot, uint32_t n)
{
    const uint64_t size = (uint64_t)n * type->size;
    uint32_t answer = CW_COLD_OK;
    for (uint64_t done = 0, some; done < size && answer == CW_COLD_OK; done += some) {
        some = step(size - done);
        answer = work(in, some);
        repeat(to + done, type, slot, some);
    }
    return answer;
}

/* Bytes that may overlap, metered. */
static uint32_t move(cw_instance *in, uint8_t *to, const uint8_t *from, uint64_t size)
{
    uint32_t answer = CW_COLD_OK;
    for (uint64_t done = 0, some; done < size && answer == CW_COLD_OK; done += some) {
        some = step(size - done);
        const uint64_t i = (uintptr_t)to <= (uintptr_t)from ? done : size - done - some;
        answer = work(in, some);
        memmove(to + i, from + i, (size_t)some);
    }
    return answer;
}

/* The new object is the result, unless the work on it trapped. */
static uint32_t give(uint64_t *slot, const void *o, uint32_t answer)
{
    if (answer == CW_COLD_OK)
        *slot = (uintptr_t)o;
    return answer;
}

static uint8_t *element(const cw_array *a, const cw_subtype *type, uint32_t i)
{
    return cw_array_data((cw_array *)(uintptr_t)a) + (uint64_t)i * type->size;
}

static bool is_inside(const cw_array *a, uint32_t i, uint32_t n)
{
    return n <= a->length && i <= a->length - n;
}

static cw_array *array_of(uint64_t ref)
{
    return (cw_array *)(uintptr_t)ref;
}

/* ---- structures ---- */

/* A structure in the slot; NULL with the failure recorded. */
static cw_object *new_struct(cw_instance *in, cw_thread *t, const cw_subtype *type)
{
    cw_object *o = cw_gc_new_struct(in->exec, type);
    if (!o)
        cw_gc_trap(in->exec, t);
    return o;
}

CW_COLD_ALLOC(struct_new, )
{
    const cw_subtype *type = cw_types_get(in->exec->types, id);
    cw_object *o = new_struct(in, stand(in, ip, sp, csp), type);
    if (!o)
        return FAILED;
    const uint64_t *from = sp + slot;
    for (uint32_t i = 0; i < type->n_fields; i++) {
        store((uint8_t *)o + type->offsets[i], type->fields[i].type, from);
        from += cw_valtype_slots(type->fields[i].type);
    }
    if (type->descriptor_offset)
        *(uint64_t *)(void *)((uint8_t *)o + type->descriptor_offset) = *from;
    sp[slot] = (uintptr_t)o;
    return CW_COLD_OK;
}

CW_COLD_ALLOC(struct_new_default, )
{
    const cw_subtype *type = cw_types_get(in->exec->types, id);
    cw_object *o = new_struct(in, stand(in, ip, sp, csp), type);
    if (!o)
        return FAILED;
    memset(o + 1, 0, type->size - sizeof *o); /* 160,000 bytes at the most */
    if (type->descriptor_offset)
        *(uint64_t *)(void *)((uint8_t *)o + type->descriptor_offset) = sp[slot];
    sp[slot] = (uintptr_t)o;
    return work(in, type->size); /* no operands paid for them */
}

/* ---- new arrays ---- */

static cw_array *new_array(cw_instance *in, cw_thread *t, const cw_subtype *type, uint32_t length)
{
    cw_array *a = cw_gc_new_array(in->exec, type, length);
    if (!a)
        cw_gc_trap(in->exec, t);
    return a;
}

CW_COLD_ALLOC(array_new, )
{
    const cw_subtype *type = cw_types_get(in->exec->types, id);
    const uint32_t length = (uint32_t)sp[slot + cw_valtype_slots(type->fields[0].type)];
    cw_array *a = new_array(in, stand(in, ip, sp, csp), type, length);
    if (!a)
        return FAILED;
    return give(sp + slot, a, fill(in, cw_array_data(a), type, sp + slot, length));
}

CW_COLD_ALLOC(array_new_default, )
{
    const cw_subtype *type = cw_types_get(in->exec->types, id);
    const uint32_t length = (uint32_t)sp[slot];
    cw_array *a = new_array(in, stand(in, ip, sp, csp), type, length);
    if (!a)
        return FAILED;
    return give(sp + slot, a, fill(in, cw_array_data(a), type, NULL, length));
}

CW_COLD_ALLOC(array_new_fixed, , uint32_t n)
{
    const cw_subtype *type = cw_types_get(in->exec->types, id);
    const uint32_t slots = cw_valtype_slots(type->fields[0].type);
    cw_array *a = new_array(in, stand(in, ip, sp, csp), type, n);
    if (!a)
        return FAILED;
    for (uint32_t i = 0; i < n; i++)
        store(element(a, type, i), type->fields[0].type, sp + slot + (size_t)i * slots);
    sp[slot] = (uintptr_t)a;
    return CW_COLD_OK;
}

/* n elements' bytes of a data segment from s on; NULL where they are not there. */
static const uint8_t *data_at(const cw_instance *in, uint32_t segment, uint32_t s, uint64_t size)
{
    const cw_data_segment *data = &in->module->data[segment];
    const uint64_t there = in->dropped_data[segment] ? 0 : data->size;
    return size > there || s > there - size ? NULL : size ? data->bytes + s : (const uint8_t *)"";
}

CW_COLD_ALLOC(array_new_data, , uint32_t segment)
{
    const cw_subtype *type = cw_types_get(in->exec->types, id);
    const uint32_t n = (uint32_t)sp[slot + 1];
    const uint64_t size = (uint64_t)n * type->size;
    const uint8_t *bytes = data_at(in, segment, (uint32_t)sp[slot], size);
    if (!bytes)
        return CW_COLD_TRAP | CW_TRAP_MEMORY_BOUNDS;
    cw_array *a = new_array(in, stand(in, ip, sp, csp), type, n);
    if (!a)
        return FAILED;
    return give(sp + slot, a, move(in, cw_array_data(a), bytes, size));
}

CW_COLD_ALLOC(array_new_elem, , uint32_t segment)
{
    const cw_subtype *type = cw_types_get(in->exec->types, id);
    const uint32_t s = (uint32_t)sp[slot], n = (uint32_t)sp[slot + 1];
    if (!cw_elem_has(in, segment, s, n))
        return CW_COLD_TRAP | CW_TRAP_TABLE_ACCESS;
    const uint32_t answer = work(in, (uint64_t)n * sizeof(uint64_t));
    if (answer != CW_COLD_OK)
        return answer;
    cw_array *a = new_array(in, stand(in, ip, sp, csp), type, n);
    if (!a)
        return FAILED;
    if (!cw_elem_read(in, segment, s, n, (uint64_t *)(void *)cw_array_data(a)))
        return CW_COLD_TRAP | CW_TRAP_LIMIT;
    sp[slot] = (uintptr_t)a;
    return CW_COLD_OK;
}

/* ---- many elements ---- */

uint32_t cw_cold_array_fill(cw_instance *in, const uint64_t *at, cw_type_id id)
{
    const cw_subtype *type = cw_types_get(in->exec->types, id);
    const uint32_t i = (uint32_t)at[1], n = (uint32_t)at[2 + cw_valtype_slots(type->fields[0].type)];
    cw_array *a = array_of(at[0]);
    if (!a)
        return CW_COLD_TRAP | CW_TRAP_NULL_ARRAY;
    if (!is_inside(a, i, n))
        return CW_COLD_TRAP | CW_TRAP_ARRAY_BOUNDS;
    return fill(in, element(a, type, i), type, at + 2, n);
}

uint32_t cw_cold_array_copy(cw_instance *in, const uint64_t *at, cw_type_id id)
{
    const cw_subtype *type = cw_types_get(in->exec->types, id);
    const uint32_t d = (uint32_t)at[1], s = (uint32_t)at[3], n = (uint32_t)at[4];
    cw_array *to = array_of(at[0]), *from = array_of(at[2]);
    if (!to || !from)
        return CW_COLD_TRAP | CW_TRAP_NULL_ARRAY;
    if (!is_inside(to, d, n) || !is_inside(from, s, n))
        return CW_COLD_TRAP | CW_TRAP_ARRAY_BOUNDS;
    return move(in, element(to, type, d), element(from, type, s), (uint64_t)n * type->size);
}

uint32_t cw_cold_array_init_data(cw_instance *in, const uint64_t *at, cw_type_id id, uint32_t segment)
{
    const cw_subtype *type = cw_types_get(in->exec->types, id);
    const uint32_t d = (uint32_t)at[1], n = (uint32_t)at[3];
    cw_array *a = array_of(at[0]);
    if (!a)
        return CW_COLD_TRAP | CW_TRAP_NULL_ARRAY;
    if (!is_inside(a, d, n))
        return CW_COLD_TRAP | CW_TRAP_ARRAY_BOUNDS;
    const uint8_t *bytes = data_at(in, segment, (uint32_t)at[2], (uint64_t)n * type->size);
    if (!bytes)
        return CW_COLD_TRAP | CW_TRAP_MEMORY_BOUNDS;
    return move(in, element(a, type, d), bytes, (uint64_t)n * type->size);
}

uint32_t cw_cold_array_init_elem(cw_instance *in, const uint64_t *at, cw_type_id id, uint32_t segment)
{
    const cw_subtype *type = cw_types_get(in->exec->types, id);
    const uint32_t d = (uint32_t)at[1], n = (uint32_t)at[3];
    cw_array *a = array_of(at[0]);
    if (!a)
        return CW_COLD_TRAP | CW_TRAP_NULL_ARRAY;
    if (!is_inside(a, d, n))
        return CW_COLD_TRAP | CW_TRAP_ARRAY_BOUNDS;
    if (!cw_elem_has(in, segment, (uint32_t)at[2], n))
        return CW_COLD_TRAP | CW_TRAP_TABLE_ACCESS;
    const uint32_t answer = work(in, (uint64_t)n * sizeof(uint64_t));
    if (answer != CW_COLD_OK)
        return answer;
    if (!cw_elem_read(in, segment, (uint32_t)at[2], n, (uint64_t *)(void *)element(a, type, d)))
        return CW_COLD_TRAP | CW_TRAP_LIMIT;
    return CW_COLD_OK;
}
