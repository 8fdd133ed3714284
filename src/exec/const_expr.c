/* exec/const_expr.c: constant expressions  [core 3.3.10 "Constant Expressions"]. They were checked when the module was
 * loaded, so the evaluator is a plain stack machine over the bytes of the file. */
#include "exec/segments.h"

#include "base/error.h"
#include "base/leb.h"
#include "core/opcodes.h"

enum { FEW = 8 };    /* operands that need no allocation */
enum { SHORT = 64 }; /* bytes of expressions that are not metered */

typedef struct operand {
    uint64_t value[2];
    uint64_t ref; /* the same where it refers to the heap, else 0 */
} operand;

typedef struct evaluation {
    cw_instance *in;
    const uint8_t *at;
    operand *stack, *top; /* top: the first free one */
    cwrun_error *err;
} evaluation;

static void push(evaluation *v, uint64_t value, bool is_managed)
{
    *v->top++ = (operand){ { value }, is_managed ? value : 0 };
}

static const cw_subtype *read_type(evaluation *v)
{
    return cw_types_get(v->in->exec->types, v->in->module->type_ids[cw_leb_u32_checked(&v->at)]);
}

/* ---- objects ---- */

/* An object of the type, metered, while all operands stay alive; NULL with the error set. */
static void *new_object(evaluation *v, const cw_subtype *type, uint32_t length)
{
    cw_exec *x = v->in->exec;
    if (!cw_exec_worked(x, type->kind == CW_COMP_ARRAY ? (uint64_t)length * type->size : type->size, v->err))
        return NULL;
    cw_gc_scope scope;
    cw_gc_scope_begin(x, &scope, &v->stack[0].ref, (uint32_t)(v->top - v->stack), sizeof(operand) / sizeof(uint64_t));
    void *o =
        type->kind == CW_COMP_ARRAY ? (void *)cw_gc_new_array(x, type, length) : (void *)cw_gc_new_struct(x, type);
    cw_gc_scope_end(x, &scope);
    if (!o)
        cw_gc_error(x, v->err);
    return o;
}

static bool new_struct(evaluation *v, bool is_default)
{
    const cw_subtype *type = read_type(v);
    const bool has_descriptor = type->descriptor_offset != 0;
    if (has_descriptor && v->top[-1].ref == 0) {
        cw_fail(v->err, &v->in->exec->alloc, CWRUN_ERROR_TRAP, CW_TRAP_NULL_DESCRIPTOR, "%s",
                cwrun_trap_words(CW_TRAP_NULL_DESCRIPTOR));
        return false;
    }
    cw_object *o = new_object(v, type, 0);
    if (!o)
        return false;
    memset(o + 1, 0, type->size - sizeof *o);
    if (has_descriptor)
        *(uint64_t *)(void *)((uint8_t *)o + type->descriptor_offset) = (--v->top)->ref;
    if (!is_default) {
        v->top -= type->n_fields;
        for (uint32_t i = 0; i < type->n_fields; i++)
            memcpy((uint8_t *)o + type->offsets[i], v->top[i].value, cw_storage_size(type->fields[i].type));
    }
    push(v, (uintptr_t)o, true);
    return true;
}

/* So many bytes, more than none, of elements of that value. */
static void repeat(uint8_t *to, const uint64_t *value, uint32_t element, uint64_t size)
{
    memcpy(to, value, element);
    for (uint64_t done = element; done < size; done *= 2)
        memcpy(to + done, to, (size_t)(done < size - done ? done : size - done));
}

/* n elements: all of them operands (fixed), the one operand below the length, or zero. */
static bool new_array(evaluation *v, uint32_t code)
{
    const cw_subtype *type = read_type(v);
    const bool is_fixed = code == CW_CODE_ARRAY_NEW_FIXED;
    const uint32_t n = is_fixed ? cw_leb_u32_checked(&v->at) : (uint32_t)(--v->top)->value[0];
    cw_array *a = new_object(v, type, n);
    if (!a)
        return false;
    uint8_t *to = cw_array_data(a);
    if (code == CW_CODE_ARRAY_NEW_DEFAULT) {
        memset(to, 0, (size_t)n * type->size);
    } else if (is_fixed) {
        v->top -= n;
        for (uint32_t i = 0; i < n; i++, to += type->size)
            memcpy(to, v->top[i].value, type->size);
    } else {
        v->top--;
        if (n != 0)
            repeat(to, v->top->value, type->size, (uint64_t)n * type->size);
    }
    push(v, (uintptr_t)a, true);
    return true;
}

static bool run_gc(evaluation *v)
{
    const uint32_t code = 0xfb0000u | cw_leb_u32_checked(&v->at);
    switch (code) {
    case CW_CODE_STRUCT_NEW:
    case CW_CODE_STRUCT_NEW_DESC: return new_struct(v, false);
    case CW_CODE_STRUCT_NEW_DEFAULT:
    case CW_CODE_STRUCT_NEW_DEFAULT_DESC: return new_struct(v, true);
    case CW_CODE_ARRAY_NEW:
    case CW_CODE_ARRAY_NEW_DEFAULT:
    case CW_CODE_ARRAY_NEW_FIXED: return new_array(v, code);
    case CW_CODE_REF_I31:
        v->top--;
        push(v, CW_REF_OF_I31(v->top->value[0]), true);
        return true;
    default: /* conversions between any and extern */ return true;
    }
}

/* ---- the rest ---- */

/* What the expression leaves on the stack; false with the error set. */
static bool run(evaluation *v)
{
    const cw_types *types = v->in->exec->types;
    for (;;) {
        const uint8_t code = *v->at++;
        switch (code) {
        case CW_CODE_I32_CONST: push(v, (uint32_t)cw_leb_s64_checked(&v->at), false); break;
        case CW_CODE_I64_CONST: push(v, (uint64_t)cw_leb_s64_checked(&v->at), false); break;
        case CW_CODE_F32_CONST: {
            const uint8_t *at = v->at;
            push(v, at[0] | (uint32_t)at[1] << 8 | (uint32_t)at[2] << 16 | (uint32_t)at[3] << 24, false);
            v->at += 4;
            break;
        }
        case CW_CODE_F64_CONST:
        case CW_CODE_V128_CONST >> 16: {
            const bool is_v128 = code != CW_CODE_F64_CONST;
            if (is_v128)
                cw_leb_u32_checked(&v->at); /* the one of its prefix that is constant */
            operand o = { { 0 }, 0 };
            for (unsigned i = 0; i < (is_v128 ? 16u : 8u); i++)
                o.value[i / 8] |= (uint64_t)*v->at++ << i % 8 * 8;
            *v->top++ = o;
            break;
        }
        case CW_CODE_GLOBAL_GET: {
            const cw_global *g = v->in->globals[cw_leb_u32_checked(&v->at)];
            push(v, g->value[0], cw_is_managed(types, g->type.type));
            v->top[-1].value[1] = g->value[1];
            break;
        }
        case CW_CODE_REF_NULL:
            if (cw_leb_s64_checked(&v->at) == CW_EXACT_CODE)
                cw_leb_u32_checked(&v->at);
            push(v, 0, false);
            break;
        case CW_CODE_REF_FUNC: {
            cw_func *f = cw_instance_func(v->in, cw_leb_u32_checked(&v->at));
            if (!f)
                return cw_exec_oom(v->in->exec, v->err);
            push(v, (uintptr_t)f, false);
            break;
        }
#define BINARY(code, T, operator) \
    case code: \
        v->top--; \
        v->top[-1].value[0] = (T)(v->top[-1].value[0] operator v->top->value[0]); \
        break;
            BINARY(CW_CODE_I32_ADD, uint32_t, +)
            BINARY(CW_CODE_I32_SUB, uint32_t, -)
            BINARY(CW_CODE_I32_MUL, uint32_t, *)
            BINARY(CW_CODE_I64_ADD, uint64_t, +)
            BINARY(CW_CODE_I64_SUB, uint64_t, -)
            BINARY(CW_CODE_I64_MUL, uint64_t, *)
        case CW_CODE_END: return true;
        default: /* nothing else with this prefix is constant */
            if (!run_gc(v))
                return false;
        }
    }
}

bool cw_const_eval(cw_instance *in, const cw_const_expr *expr, uint64_t value[2], cwrun_error *err)
{
    operand few[FEW], *stack = few;
    size_t most = expr->size / 2 + 1; /* every operand takes two bytes at least */
    if (expr->size > SHORT && !cw_exec_worked(in->exec, most * CW_BYTES_PER_FUEL, err))
        return false;
    if (most > FEW && !(stack = cw_new_array(&in->exec->alloc, most, sizeof *stack)))
        return cw_fail_oom(err);

    evaluation v = { in, expr->bytes, stack, stack, err };
    bool ok = run(&v);
    if (ok) {
        value[0] = stack[0].value[0];
        value[1] = stack[0].value[1];
    }
    if (stack != few)
        cw_free(&in->exec->alloc, stack, most * sizeof *stack);
    return ok;
}
