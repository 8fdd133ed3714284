/* exec/translate_gc.c: structures, arrays, i31 and casts  [core 4.6.5 - 4.6.6], and the maps behind the code.
 *
 * Small structures are made in the frame of the code: a cell is taken, then every field is set from where its value is.
 * Everything that may collect has all references in slots, and the map of them in its operation (cw_ir.map). */
#include <string.h>

#include "base/leb.h"
#include "core/opcodes.h"
#include "exec/translate.h"

enum { INLINE_FIELDS = 8 };

static const cw_subtype *read_type(cw_translator *t, const uint8_t **at)
{
    return cw_types_get(t->m->types, t->m->type_ids[cw_leb_u32_checked(at)]);
}

/* Which of the operations for I8 I16 I32 I64 F32 F64 V128, which stand in this order, is for a field. */
enum { I8, I16, I32, I64, F32, F64, V128, KINDS };
static unsigned storage_of(cw_valtype type)
{
    static const uint8_t kinds[] = {
        [CW_I8] = I8, [CW_I16] = I16, [CW_I32] = I32, [CW_I64] = I64, [CW_F32] = F32, [CW_F64] = F64, [CW_V128] = V128
    };
    return cw_is_ref(type) ? I64 : kinds[type];
}

#define STORAGES(op) { op##_I8, op##_I16, op##_I32, op##_I64, op##_F32, op##_F64, op##_V128 }
#define LOADS(op) { op##_I8_U, op##_I16_U, op##_I32, op##_I64, op##_F32, op##_F64, op##_V128, op##_I8_S, op##_I16_S }
static const uint16_t struct_gets[] = LOADS(CW_IOP_STRUCT_GET), array_gets[] = LOADS(CW_IOP_ARRAY_GET);
static const uint16_t struct_sets[] = STORAGES(CW_IOP_STRUCT_SET), array_sets[] = STORAGES(CW_IOP_ARRAY_SET);
static const uint16_t struct_inits[] = { CW_IOP_STRUCT_INIT_I8,  CW_IOP_STRUCT_INIT_I16, CW_IOP_STRUCT_INIT_I32,
                                         CW_IOP_STRUCT_INIT_I64, CW_IOP_STRUCT_INIT_I32, CW_IOP_STRUCT_INIT_I64,
                                         CW_IOP_STRUCT_INIT_V128 };

static void emit_get(cw_translator *t, const uint16_t *ops, cw_valtype type, bool is_signed, uint64_t raw)
{
    const unsigned s = storage_of(type);
    cw_stack_op(t, ops[is_signed ? KINDS + s : s], cw_is_ref(type) ? cw_entry_type(t, type) : 0, &raw);
}

/* ---- what may collect ---- */

/* n operands in their homes, the result, a reference, in the first one's. */
static void emit_cold(cw_translator *t, uint32_t op, uint32_t n, bool has_result, uint32_t x, uint32_t y)
{
    cw_stack_bind_all(t);
    for (uint32_t i = t->n - n; i < t->n; i++)
        cw_stack_settle(t, i);
    const uint64_t raw[3] = { cw_stack_home(t, t->n - n), x, y };
    const uint32_t map = cw_stack_map(t);
    cw_stack_drop_to(t, t->n - n);
    cw_stack_op(t, op, 0, raw)->map = map;
    if (has_result) {
        cw_stack_push_slot(t, 'r');
        for (int c = 0; c < CW_CLASSES; c++)
            if (t->alias[c].slot == raw[0])
                t->alias[c].slot = CW_NO_ALIAS;
    }
}

static void emit_alloc(cw_translator *t, uint32_t op, const cw_subtype *type)
{
    const uint32_t c = cw_gc_class_of(type->size);
    cw_ir *ir = cw_emit_add(t, op);
    ir->dst = CW_DST_ACC;
    ir->map = cw_stack_map(t);
    ir->v[0] = type->id;
    ir->v[1] = c;
    ir->v[2] = cw_gc_class_size(c);
}

/* The entry's value goes into the new structure, which is in the accumulator. */
static void emit_init(cw_translator *t, const cw_entry *e, uint32_t op, uint32_t offset)
{
    cw_ir *ir = cw_emit_add(t, op);
    ir->dst = CW_DST_ACC;
    ir->kinds = (uint8_t)(CW_KIND_ACC | (e->kind == CW_ENTRY_CONST ? CW_KIND_CONST : CW_KIND_SLOT) << 2);
    ir->v[1] = e->kind == CW_ENTRY_CONST ? e->value : e->kind == CW_ENTRY_LOCAL ? t->locals[e->index].slot : e->home;
    ir->v[2] = offset;
}

/* The descriptor, where the type has one, is the topmost operand and must not be null; how many operands that is. */
static uint32_t check_descriptor(cw_translator *t, const cw_subtype *type)
{
    if (!type->descriptor_offset)
        return 0;
    cw_stack_check_null(t, CW_TRAP_NULL_DESCRIPTOR);
    return 1;
}

static void emit_struct_new(cw_translator *t, const cw_subtype *type)
{
    const uint32_t n_fields = type->n_fields, n = n_fields + check_descriptor(t, type), first = t->n - n;
    if (n > INLINE_FIELDS || n == 0) {
        emit_cold(t, CW_IOP_STRUCT_NEW, n, true, type->id, 0);
        return;
    }
    cw_stack_bind_all(t);
    emit_alloc(t, CW_IOP_STRUCT_ALLOC, type);
    for (uint32_t i = 0; i < n_fields; i++)
        emit_init(t, &t->stack[first + i], struct_inits[storage_of(type->fields[i].type)], type->offsets[i]);
    if (n > n_fields)
        emit_init(t, cw_stack_top(t, 0), CW_IOP_STRUCT_INIT_I64, type->descriptor_offset);
    cw_stack_drop_to(t, first);
    cw_stack_push_pending(t, 'r');
}

static void emit_struct_new_default(cw_translator *t, const cw_subtype *type)
{
    const uint32_t n = check_descriptor(t, type);
    if (type->size > CW_GC_SMALL) {
        emit_cold(t, CW_IOP_STRUCT_NEW_DEFAULT, n, true, type->id, 0);
        return;
    }
    cw_stack_bind_all(t);
    emit_alloc(t, CW_IOP_STRUCT_ALLOC_ZERO, type);
    if (n)
        emit_init(t, cw_stack_top(t, 0), CW_IOP_STRUCT_INIT_I64, type->descriptor_offset);
    cw_stack_drop_to(t, t->n - n);
    cw_stack_push_pending(t, 'r');
}

/* ---- casts ---- */

/* The operation for tests of a type among those for any and for structures and arrays, and what it wants to know.
 * Final types have no sub types: exact or not is the same for them. */
static bool is_object_type(const cw_translator *t, cw_valtype target, uint64_t raw[2])
{
    raw[0] = target;
    raw[1] = 0;
    if (!(target & CW_REF_TYPE_BIT))
        return false;
    const cw_subtype *type = cw_types_get(t->m->types, target & CW_REF_ID_MASK);
    if (type->kind == CW_COMP_FUNC || ((target & CW_REF_EXACT_BIT) && !type->is_final))
        return false;
    raw[0] = target & CW_REF_ID_MASK;
    raw[1] = cw_is_nullable(target);
    return true;
}

static void emit_cast(cw_translator *t, cw_valtype target)
{
    uint64_t raw[2];
    const bool is_object = is_object_type(t, target, raw);
    if (cw_stack_top(t, 0)->kind == CW_ENTRY_CONST)
        cw_stack_settle(t, t->n - 1);
    const cw_entry *e = cw_stack_top(t, 0);
    if (e->kind == CW_ENTRY_PENDING) {
        cw_stack_op(t, is_object ? CW_IOP_CAST_TYPE : CW_IOP_CAST_REF, e->type, raw);
        return;
    }
    cw_ir *ir = cw_emit_add(t, is_object ? CW_IOP_CHECK_TYPE : CW_IOP_CHECK_REF);
    ir->kinds = CW_KIND_SLOT;
    ir->v[0] = e->kind == CW_ENTRY_LOCAL ? t->locals[e->index].slot : e->home;
    ir->v[1] = raw[0];
    ir->v[2] = raw[1];
}

static void emit_br_on_cast(cw_translator *t, const uint8_t **at, bool on_fail)
{
    const uint8_t flags = *(*at)++;
    cw_block *b = cw_block_at(t, cw_leb_u32_checked(at));
    (void)cw_translate_heaptype(t, at, false);
    uint64_t raw[2];
    const bool is_object = is_object_type(t, cw_translate_heaptype(t, at, flags & 2), raw);
    const uint32_t is = is_object ? CW_IOP_BR_REF_IS_TYPE : CW_IOP_BR_REF_IS;
    const uint32_t is_not = is_object ? CW_IOP_BR_REF_IS_NOT_TYPE : CW_IOP_BR_REF_IS_NOT;
    cw_block_branch_on_ref(t, b, on_fail ? is_not : is, on_fail ? is : is_not, raw);
}

/* ---- casts by descriptor ---- */

/* The descriptor leaves the stack; it stays where it is, in the slot. */
static uint32_t pop_descriptor(cw_translator *t)
{
    cw_stack_check_null(t, CW_TRAP_NULL_DESCRIPTOR);
    const cw_entry *e = cw_stack_top(t, 0);
    const uint32_t slot = e->kind == CW_ENTRY_LOCAL ? t->locals[e->index].slot : e->home;
    cw_stack_pop(t);
    return slot;
}

static void emit_cast_by_descriptor(cw_translator *t, bool to_null)
{
    const uint32_t slot = pop_descriptor(t);
    cw_stack_bind_all(t);
    if (cw_stack_top(t, 0)->kind == CW_ENTRY_CONST)
        cw_stack_settle(t, t->n - 1);
    const cw_entry *e = cw_stack_top(t, 0);
    cw_ir *ir = cw_emit_add(t, CW_IOP_CHECK_DESC);
    ir->kinds = CW_KIND_SLOT;
    ir->v[0] = e->kind == CW_ENTRY_LOCAL ? t->locals[e->index].slot : e->home;
    ir->v[1] = slot;
    ir->v[2] = to_null;
}

static void emit_br_on_cast_by_descriptor(cw_translator *t, const uint8_t **at, bool on_fail)
{
    const bool to_null = *(*at)++ & 2;
    cw_block *b = cw_block_at(t, cw_leb_u32_checked(at));
    (void)cw_translate_heaptype(t, at, false);
    (void)cw_translate_heaptype(t, at, false);
    const uint64_t raw[2] = { pop_descriptor(t), to_null };
    const uint32_t has = CW_IOP_BR_REF_HAS_DESC, has_not = CW_IOP_BR_REF_HAS_NOT_DESC;
    cw_block_branch_on_ref(t, b, on_fail ? has_not : has, on_fail ? has : has_not, raw);
}

/* ---- instructions ---- */

static void translate_array_new(cw_translator *t, uint32_t op, const uint8_t **at)
{
    const uint32_t id = read_type(t, at)->id;
    uint32_t n;
    switch (op) {
    case CW_OP_ARRAY_NEW: emit_cold(t, CW_IOP_ARRAY_NEW, 2, true, id, 0); return;
    case CW_OP_ARRAY_NEW_DEFAULT: emit_cold(t, CW_IOP_ARRAY_NEW_DEFAULT, 1, true, id, 0); return;
    case CW_OP_ARRAY_NEW_FIXED:
        n = cw_leb_u32_checked(at);
        emit_cold(t, CW_IOP_ARRAY_NEW_FIXED, n, true, id, n);
        return;
    case CW_OP_ARRAY_NEW_DATA: emit_cold(t, CW_IOP_ARRAY_NEW_DATA, 2, true, id, cw_leb_u32_checked(at)); return;
    default: emit_cold(t, CW_IOP_ARRAY_NEW_ELEM, 2, true, id, cw_leb_u32_checked(at));
    }
}

/* Those that change many elements. */
static void translate_array_bulk(cw_translator *t, uint32_t op, const uint8_t **at)
{
    const uint32_t id = read_type(t, at)->id;
    switch (op) {
    case CW_OP_ARRAY_FILL: emit_cold(t, CW_IOP_ARRAY_FILL, 4, false, id, 0); return;
    case CW_OP_ARRAY_COPY:
        (void)cw_leb_u32_checked(at);
        emit_cold(t, CW_IOP_ARRAY_COPY, 5, false, id, 0);
        return;
    default:
        emit_cold(t, op == CW_OP_ARRAY_INIT_DATA ? CW_IOP_ARRAY_INIT_DATA : CW_IOP_ARRAY_INIT_ELEM, 4, false, id,
                  cw_leb_u32_checked(at));
    }
}

static void translate_struct_field(cw_translator *t, uint32_t op, const uint8_t **at)
{
    const cw_subtype *type = read_type(t, at);
    const uint32_t i = cw_leb_u32_checked(at);
    const uint64_t offset = type->offsets[i];
    if (op == CW_OP_STRUCT_SET)
        cw_stack_op(t, struct_sets[storage_of(type->fields[i].type)], 0, &offset);
    else
        emit_get(t, struct_gets, type->fields[i].type, op == CW_OP_STRUCT_GET_S, offset);
}

bool cw_translate_gc(cw_translator *t, uint32_t op, const uint8_t **at)
{
    uint64_t raw[2];
    switch (op) {
    case CW_OP_STRUCT_NEW:
    case CW_OP_STRUCT_NEW_DESC: emit_struct_new(t, read_type(t, at)); return true;
    case CW_OP_STRUCT_NEW_DEFAULT:
    case CW_OP_STRUCT_NEW_DEFAULT_DESC: emit_struct_new_default(t, read_type(t, at)); return true;
    case CW_OP_STRUCT_GET:
    case CW_OP_STRUCT_GET_S:
    case CW_OP_STRUCT_GET_U:
    case CW_OP_STRUCT_SET: translate_struct_field(t, op, at); return true;
    case CW_OP_ARRAY_NEW:
    case CW_OP_ARRAY_NEW_DEFAULT:
    case CW_OP_ARRAY_NEW_FIXED:
    case CW_OP_ARRAY_NEW_DATA:
    case CW_OP_ARRAY_NEW_ELEM: translate_array_new(t, op, at); return true;
    case CW_OP_ARRAY_GET:
    case CW_OP_ARRAY_GET_S:
    case CW_OP_ARRAY_GET_U:
        emit_get(t, array_gets, read_type(t, at)->fields[0].type, op == CW_OP_ARRAY_GET_S, 0);
        return true;
    case CW_OP_ARRAY_SET:
        cw_stack_op(t, array_sets[storage_of(read_type(t, at)->fields[0].type)], 0, NULL);
        return true;
    case CW_OP_ARRAY_LEN: cw_stack_op(t, CW_IOP_ARRAY_LEN, 0, NULL); return true;
    case CW_OP_ARRAY_FILL:
    case CW_OP_ARRAY_COPY:
    case CW_OP_ARRAY_INIT_DATA:
    case CW_OP_ARRAY_INIT_ELEM: translate_array_bulk(t, op, at); return true;
    case CW_OP_REF_TEST:
    case CW_OP_REF_TEST_NULL: {
        const bool is_object = is_object_type(t, cw_translate_heaptype(t, at, op == CW_OP_REF_TEST_NULL), raw);
        cw_stack_op(t, is_object ? CW_IOP_REF_IS_TYPE : CW_IOP_REF_IS, 0, raw);
        return true;
    }
    case CW_OP_REF_CAST:
    case CW_OP_REF_CAST_NULL: emit_cast(t, cw_translate_heaptype(t, at, op == CW_OP_REF_CAST_NULL)); return true;
    case CW_OP_BR_ON_CAST:
    case CW_OP_BR_ON_CAST_FAIL: emit_br_on_cast(t, at, op == CW_OP_BR_ON_CAST_FAIL); return true;
    case CW_OP_REF_GET_DESC:
        raw[0] = read_type(t, at)->descriptor_offset;
        cw_stack_op(t, CW_IOP_REF_GET_DESC, 'r', raw);
        return true;
    case CW_OP_REF_CAST_DESC_EQ:
    case CW_OP_REF_CAST_DESC_EQ_NULL:
        (void)cw_translate_heaptype(t, at, false);
        emit_cast_by_descriptor(t, op == CW_OP_REF_CAST_DESC_EQ_NULL);
        return true;
    case CW_OP_BR_ON_CAST_DESC_EQ:
    case CW_OP_BR_ON_CAST_DESC_EQ_FAIL:
        emit_br_on_cast_by_descriptor(t, at, op == CW_OP_BR_ON_CAST_DESC_EQ_FAIL);
        return true;
    case CW_OP_ANY_CONVERT_EXTERN:
    case CW_OP_EXTERN_CONVERT_ANY: return true; /* the same word */
    case CW_OP_REF_I31: cw_stack_op(t, CW_IOP_REF_I31, 'r', NULL); return true;
    case CW_OP_I31_GET_S:
    case CW_OP_I31_GET_U:
        cw_stack_op(t, op == CW_OP_I31_GET_S ? CW_IOP_I31_GET_S : CW_IOP_I31_GET_U, 0, NULL);
        return true;
    default: return false;
    }
}

/* ---- maps ---- */

static uint32_t n_ref_locals(const cw_translator *t)
{
    uint32_t n = 0;
    for (uint32_t i = 0; i < t->n_locals; i++)
        n += t->locals[i].type == 'r';
    return n;
}

uint32_t cw_translate_maps_size(const cw_translator *t)
{
    const uint32_t n_locals = n_ref_locals(t);
    if (!n_locals && !t->points.n)
        return 0;
    return (uint32_t)(sizeof(cw_code_maps) + t->points.n * sizeof(cw_code_point) + t->nodes.n * sizeof(cw_code_node) +
                      n_locals * sizeof(uint16_t));
}

void cw_translate_maps_write(const cw_translator *t, void *out)
{
    cw_code_maps *maps = out;
    *maps = (cw_code_maps){ t->points.n, t->nodes.n, n_ref_locals(t), 0 };
    if (t->points.n)
        memcpy((void *)(uintptr_t)cw_code_map_points(maps), t->points.items, t->points.n * sizeof *t->points.items);
    if (t->nodes.n)
        memcpy((void *)(uintptr_t)cw_code_map_nodes(maps), t->nodes.items, t->nodes.n * sizeof *t->nodes.items);
    uint16_t *locals = (uint16_t *)(uintptr_t)cw_code_map_locals(maps);
    for (uint32_t i = 0; i < t->n_locals; i++)
        if (t->locals[i].type == 'r')
            *locals++ = t->locals[i].slot;
}
