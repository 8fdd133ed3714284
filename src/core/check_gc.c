/* core/check_gc.c: structures, arrays, i31 and casts  [core 3.4.5 - 3.4.6]. */
#include "core/check.h"
#include "core/read.h"

/* ---- fields ---- */

static cw_valtype unpack(cw_valtype t)
{
    return t == CW_I8 || t == CW_I16 ? CW_I32 : t;
}

static bool is_defaultable(cw_valtype t)
{
    return !cw_is_ref(t) || cw_is_nullable(t);
}

/* The field of a get: packed fields need _s or _u, others must not have them. */
static void check_packing(cw_checker *c, const cw_fieldtype *f, bool with_sign)
{
    bool is_packed = f->type == CW_I8 || f->type == CW_I16;
    if (is_packed != with_sign)
        cw_check_fail(c, is_packed ? "type mismatch: the field is packed" : "type mismatch: the field is unpacked");
}

/* ---- structures ---- */

static void check_struct_new(cw_checker *c, bool is_default, bool with_descriptor)
{
    const cw_subtype *t = cw_check_type(c, CW_COMP_STRUCT, "structure");
    if (!t)
        return;
    if (with_descriptor != (t->descriptor != CW_NO_TYPE)) {
        cw_check_fail(c, with_descriptor ? "type without descriptor requires non-descriptor allocation"
                                         : "type with descriptor requires descriptor allocation");
        return;
    }
    if (with_descriptor)
        cw_check_pop(c, CW_REF_NULL_TYPE(t->descriptor) | CW_REF_EXACT_BIT);
    for (uint32_t i = t->n_fields; i-- > 0;) {
        if (!is_default)
            cw_check_pop(c, unpack(t->fields[i].type));
        else if (!is_defaultable(t->fields[i].type))
            cw_check_fail(c, "type mismatch: field %u has no default value: field type is not defaultable", i);
    }
    cw_check_push(c, CW_REF_TYPE(t->id) | cw_check_exact(c));
}

static void check_struct_field(cw_checker *c, cw_op op)
{
    const cw_subtype *t = cw_check_type(c, CW_COMP_STRUCT, "structure");
    uint32_t index = cw_check_index(c, t ? t->n_fields : 0, "field");
    if (!t || !c->r->ok)
        return;
    const cw_fieldtype *f = &t->fields[index];
    if (op == CW_OP_STRUCT_SET) {
        if (!f->is_mutable)
            cw_check_fail(c, "immutable field %u: field is immutable", index);
        cw_check_pop(c, unpack(f->type));
        cw_check_pop(c, CW_REF_NULL_TYPE(t->id));
        return;
    }
    check_packing(c, f, op != CW_OP_STRUCT_GET);
    cw_check_pop(c, CW_REF_NULL_TYPE(t->id));
    cw_check_push(c, unpack(f->type));
}

/* ---- arrays ---- */

static const cw_subtype *read_array_type(cw_checker *c, bool to_write)
{
    const cw_subtype *t = cw_check_type(c, CW_COMP_ARRAY, "array");
    if (t && to_write && !t->fields[0].is_mutable) {
        cw_check_fail(c, "immutable array: array is immutable");
        return NULL;
    }
    return t;
}

static void check_array_new(cw_checker *c, cw_op op)
{
    const cw_subtype *t = read_array_type(c, false);
    if (!t)
        return;
    cw_valtype element = unpack(t->fields[0].type);

    if (op == CW_OP_ARRAY_NEW_FIXED) {
        uint32_t n = cw_read_u32(c->r);
        /* below the floor of unreachable code every element is there */
        for (uint32_t i = 0; i < n && c->r->ok && (c->top > c->floor || !cw_check_frame_at(c, 0)->is_unreachable); i++)
            cw_check_pop(c, element);
    } else {
        cw_check_pop(c, CW_I32);
        if (op == CW_OP_ARRAY_NEW)
            cw_check_pop(c, element);
        else if (!is_defaultable(element))
            cw_check_fail(c, "type mismatch: the array has no default value: element type is not defaultable");
    }
    cw_check_push(c, CW_REF_TYPE(t->id) | cw_check_exact(c));
}

/* array.new_data, array.new_elem, array.init_data, array.init_elem */
static void check_array_segment(cw_checker *c, cw_op op)
{
    bool is_new = op == CW_OP_ARRAY_NEW_DATA || op == CW_OP_ARRAY_NEW_ELEM;
    const cw_subtype *t = read_array_type(c, !is_new);
    if (!t)
        return;
    cw_valtype element = t->fields[0].type;

    if (op == CW_OP_ARRAY_NEW_DATA || op == CW_OP_ARRAY_INIT_DATA) {
        cw_check_data(c);
        if (cw_is_ref(element))
            cw_check_fail(c, "type mismatch: array type is not numeric or vector");
    } else {
        const cw_elem_segment *e = cw_check_elem(c);
        if (e && !cw_valtype_matches(c->types, e->type, element)) {
            char have[CW_TYPE_TEXT], want[CW_TYPE_TEXT];
            cw_check_fail(c, "type mismatch: elements of type %s for an array of %s",
                          cw_check_type_text(c, e->type, have), cw_check_type_text(c, element, want));
        }
    }
    cw_check_pop(c, CW_I32);
    cw_check_pop(c, CW_I32);
    if (is_new) {
        cw_check_push(c, CW_REF_TYPE(t->id) | cw_check_exact(c));
        return;
    }
    cw_check_pop(c, CW_I32);
    cw_check_pop(c, CW_REF_NULL_TYPE(t->id));
}

static void check_array_element(cw_checker *c, cw_op op)
{
    const cw_subtype *t = read_array_type(c, op == CW_OP_ARRAY_SET);
    if (!t)
        return;
    if (op == CW_OP_ARRAY_SET) {
        cw_check_pop(c, unpack(t->fields[0].type));
        cw_check_pop(c, CW_I32);
        cw_check_pop(c, CW_REF_NULL_TYPE(t->id));
        return;
    }
    check_packing(c, &t->fields[0], op != CW_OP_ARRAY_GET);
    cw_check_pop(c, CW_I32);
    cw_check_pop(c, CW_REF_NULL_TYPE(t->id));
    cw_check_push(c, unpack(t->fields[0].type));
}

static void check_array_fill(cw_checker *c)
{
    const cw_subtype *t = read_array_type(c, true);
    if (!t)
        return;
    cw_check_pop(c, CW_I32);
    cw_check_pop(c, unpack(t->fields[0].type));
    cw_check_pop(c, CW_I32);
    cw_check_pop(c, CW_REF_NULL_TYPE(t->id));
}

static void check_array_copy(cw_checker *c)
{
    const cw_subtype *to = read_array_type(c, true), *from = read_array_type(c, false);
    if (!to || !from)
        return;
    cw_valtype a = from->fields[0].type, b = to->fields[0].type;
    if (a != b && !cw_valtype_matches(c->types, a, b))
        cw_check_fail(c, "array types do not match: type mismatch of elements");
    cw_check_pop(c, CW_I32);
    cw_check_pop(c, CW_I32);
    cw_check_pop(c, CW_REF_NULL_TYPE(from->id));
    cw_check_pop(c, CW_I32);
    cw_check_pop(c, CW_REF_NULL_TYPE(to->id));
}

/* ---- casts ---- */

/* ref.test and ref.cast take any reference of the target's hierarchy. */
static void check_cast(cw_checker *c, cw_op op)
{
    bool to_null = op == CW_OP_REF_TEST_NULL || op == CW_OP_REF_CAST_NULL;
    cw_valtype target = cw_read_heaptype(c->r, c->m, to_null);
    if (!c->r->ok)
        return;
    cw_check_pop(c, CW_REF_NULL(cw_heaptype_top(c->types, target)));
    cw_check_push(c, op == CW_OP_REF_TEST || op == CW_OP_REF_TEST_NULL ? CW_I32 : target);
}

/* The descriptor that a cast to `to` compares with; false where its type has none. */
static bool pop_descriptor(cw_checker *c, cw_valtype to)
{
    const cw_subtype *t = to & CW_REF_TYPE_BIT ? cw_types_get(c->types, to & CW_REF_ID_MASK) : NULL;
    if (!t || t->descriptor == CW_NO_TYPE) {
        char text[CW_TYPE_TEXT];
        cw_check_fail(c, "type %s does not have a descriptor", cw_check_type_text(c, to, text));
        return false;
    }
    cw_check_pop(c, CW_REF_NULL_TYPE(t->descriptor) | (to & CW_REF_EXACT_BIT));
    return c->r->ok;
}

static void check_cast_by_descriptor(cw_checker *c, bool to_null)
{
    cw_valtype target = cw_read_heaptype(c->r, c->m, to_null);
    if (!c->r->ok || !pop_descriptor(c, target))
        return;
    cw_check_pop(c, CW_REF_NULL(cw_heaptype_top(c->types, target)));
    cw_check_push(c, target);
}

/* The descriptor of an exact reference is exact. */
static void check_get_descriptor(cw_checker *c)
{
    uint32_t index = cw_check_index(c, c->m->n_types, "type");
    const cw_subtype *t = c->r->ok ? cw_types_get(c->types, c->m->type_ids[index]) : NULL;
    if (!t)
        return;
    if (t->descriptor == CW_NO_TYPE) {
        cw_check_fail(c, "type without descriptor: type %u", index);
        return;
    }
    cw_valtype exact = CW_REF_NULL_TYPE(t->id) | CW_REF_EXACT_BIT, have = c->top > c->floor ? c->top[-1] : CW_BOT;
    bool is_exact = cw_valtype_matches(c->types, have, exact);
    cw_check_pop(c, CW_REF_NULL_TYPE(t->id));
    cw_check_push(c, CW_REF_TYPE(t->descriptor) | (is_exact ? CW_REF_EXACT_BIT : 0));
}

static void check_br_on_cast(cw_checker *c, bool on_fail, bool by_descriptor)
{
    cw_reader *r = c->r;
    uint8_t flags = cw_read_u8(r);
    if (flags > 3)
        cw_check_fail(c, "malformed br_on_cast flags 0x%02x", flags);
    uint32_t label = cw_check_index(c, c->n_frames, "label");
    cw_valtype from = cw_read_heaptype(r, c->m, flags & 1), to = cw_read_heaptype(r, c->m, flags & 2);
    if (!r->ok || (by_descriptor && !pop_descriptor(c, to)))
        return;
    bool related = c->features & CW_FEATURE_CUSTOM_DESCRIPTORS
                       ? cw_heaptype_top(c->types, to) == cw_heaptype_top(c->types, from)
                       : cw_valtype_matches(c->types, to, from);
    if (!related) {
        char a[CW_TYPE_TEXT], b[CW_TYPE_TEXT];
        cw_check_fail(c, "type mismatch: cast of %s to %s, which is no sub type", cw_check_type_text(c, from, a),
                      cw_check_type_text(c, to, b));
        return;
    }

    cw_valtype rest = cw_is_nullable(to) ? from & ~CW_REF_NULL_BIT : from; /* what is left when the cast fails */
    cw_valtype sent = on_fail ? rest : to, kept = on_fail ? to : rest;
    uint32_t n;
    const cw_valtype *types = cw_check_label_types(cw_check_frame_at(c, label), &n);
    if (n == 0 || !cw_valtype_matches(c->types, sent, types[n - 1])) {
        cw_check_fail(c, "type mismatch: the label does not take the reference as its last value");
        return;
    }
    cw_check_pop(c, from);
    cw_check_pop_list(c, types, n - 1);
    cw_check_push_list(c, types, n - 1);
    cw_check_push(c, kept);
}

/* any.convert_extern and extern.convert_any keep nullability. */
static void check_convert(cw_checker *c, cw_heap from, cw_heap to)
{
    cw_valtype t = c->top > c->floor ? c->top[-1] : CW_BOT;
    cw_check_pop(c, CW_REF_NULL(from));
    cw_check_push(c, cw_is_ref(t) && cw_is_nullable(t) ? CW_REF_NULL(to) : CW_REF(to));
}

void cw_check_gc(cw_checker *c, cw_op op)
{
    switch (op) {
    case CW_OP_STRUCT_NEW:
    case CW_OP_STRUCT_NEW_DEFAULT: check_struct_new(c, op == CW_OP_STRUCT_NEW_DEFAULT, false); break;
    case CW_OP_STRUCT_GET:
    case CW_OP_STRUCT_GET_S:
    case CW_OP_STRUCT_GET_U:
    case CW_OP_STRUCT_SET: check_struct_field(c, op); break;
    case CW_OP_ARRAY_NEW:
    case CW_OP_ARRAY_NEW_DEFAULT:
    case CW_OP_ARRAY_NEW_FIXED: check_array_new(c, op); break;
    case CW_OP_ARRAY_NEW_DATA:
    case CW_OP_ARRAY_NEW_ELEM:
    case CW_OP_ARRAY_INIT_DATA:
    case CW_OP_ARRAY_INIT_ELEM: check_array_segment(c, op); break;
    case CW_OP_ARRAY_GET:
    case CW_OP_ARRAY_GET_S:
    case CW_OP_ARRAY_GET_U:
    case CW_OP_ARRAY_SET: check_array_element(c, op); break;
    case CW_OP_ARRAY_LEN:
        cw_check_pop(c, CW_REF_NULL(CW_HEAP_ARRAY));
        cw_check_push(c, CW_I32);
        break;
    case CW_OP_ARRAY_FILL: check_array_fill(c); break;
    case CW_OP_ARRAY_COPY: check_array_copy(c); break;
    case CW_OP_REF_EQ:
        cw_check_pop(c, CW_REF_NULL(CW_HEAP_EQ));
        cw_check_pop(c, CW_REF_NULL(CW_HEAP_EQ));
        cw_check_push(c, CW_I32);
        break;
    case CW_OP_REF_TEST:
    case CW_OP_REF_TEST_NULL:
    case CW_OP_REF_CAST:
    case CW_OP_REF_CAST_NULL: check_cast(c, op); break;
    case CW_OP_BR_ON_CAST:
    case CW_OP_BR_ON_CAST_FAIL: check_br_on_cast(c, op == CW_OP_BR_ON_CAST_FAIL, false); break;
    case CW_OP_STRUCT_NEW_DESC:
    case CW_OP_STRUCT_NEW_DEFAULT_DESC: check_struct_new(c, op == CW_OP_STRUCT_NEW_DEFAULT_DESC, true); break;
    case CW_OP_REF_GET_DESC: check_get_descriptor(c); break;
    case CW_OP_REF_CAST_DESC_EQ:
    case CW_OP_REF_CAST_DESC_EQ_NULL: check_cast_by_descriptor(c, op == CW_OP_REF_CAST_DESC_EQ_NULL); break;
    case CW_OP_BR_ON_CAST_DESC_EQ:
    case CW_OP_BR_ON_CAST_DESC_EQ_FAIL: check_br_on_cast(c, op == CW_OP_BR_ON_CAST_DESC_EQ_FAIL, true); break;
    case CW_OP_ANY_CONVERT_EXTERN: check_convert(c, CW_HEAP_EXTERN, CW_HEAP_ANY); break;
    case CW_OP_EXTERN_CONVERT_ANY: check_convert(c, CW_HEAP_ANY, CW_HEAP_EXTERN); break;
    case CW_OP_REF_I31:
        cw_check_pop(c, CW_I32);
        cw_check_push(c, CW_REF(CW_HEAP_I31));
        break;
    case CW_OP_I31_GET_S:
    case CW_OP_I31_GET_U:
        cw_check_pop(c, CW_REF_NULL(CW_HEAP_I31));
        cw_check_push(c, CW_I32);
        break;
    default: cw_check_fail(c, "illegal opcode: %s", cw_opcodes[op].name);
    }
}
