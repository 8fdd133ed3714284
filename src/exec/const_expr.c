/* exec/const_expr.c: constant expressions  [core 3.3.10 "Constant Expressions"]. They were checked when the module was
 * loaded, so the evaluator is a plain stack machine over the bytes of the file. */
#include "exec/segments.h"

#include "base/error.h"
#include "base/leb.h"
#include "core/opcodes.h"

enum { FEW = 8 }; /* operands that need no allocation */

typedef struct operand {
    uint64_t value[2];
} operand;

/* What the expression leaves on the stack; false with the error set. */
static bool run(cw_instance *in, const uint8_t *at, operand *stack, cwrun_error *err)
{
    operand *top = stack; /* first free one */
    for (;;) {
        uint8_t code = *at++;
        switch (code) {
        case CW_CODE_I32_CONST:
            *top++ = (operand){{(uint32_t)cw_leb_s64_checked(&at)}};
            break;
        case CW_CODE_I64_CONST:
            *top++ = (operand){{(uint64_t)cw_leb_s64_checked(&at)}};
            break;
        case CW_CODE_F32_CONST: {
            uint32_t bits = at[0] | (uint32_t)at[1] << 8 | (uint32_t)at[2] << 16 | (uint32_t)at[3] << 24;
            *top++ = (operand){{bits}};
            at += 4;
            break;
        }
        case CW_CODE_F64_CONST:
        case CW_CODE_V128_CONST >> 16: {
            bool is_v128 = code != CW_CODE_F64_CONST;
            if (is_v128 && cw_leb_u32_checked(&at) != (CW_CODE_V128_CONST & 0xffff))
                goto unsupported;
            operand o = {{0}};
            for (unsigned i = 0; i < (is_v128 ? 16u : 8u); i++)
                o.value[i / 8] |= (uint64_t)*at++ << i % 8 * 8;
            *top++ = o;
            break;
        }
        case CW_CODE_GLOBAL_GET: {
            const cw_global *g = in->globals[cw_leb_u32_checked(&at)];
            *top++ = (operand){{g->value[0], g->value[1]}};
            break;
        }
        case CW_CODE_REF_NULL:
            cw_leb_s64_checked(&at);
            *top++ = (operand){{0}};
            break;
        case CW_CODE_REF_FUNC: {
            cw_func *f = cw_instance_func(in, cw_leb_u32_checked(&at));
            if (!f)
                return cw_fail_oom(err);
            *top++ = (operand){{(uintptr_t)f}};
            break;
        }
        case CW_CODE_I32_ADD:
            top--;
            top[-1].value[0] = (uint32_t)(top[-1].value[0] + top->value[0]);
            break;
        case CW_CODE_I32_SUB:
            top--;
            top[-1].value[0] = (uint32_t)(top[-1].value[0] - top->value[0]);
            break;
        case CW_CODE_I32_MUL:
            top--;
            top[-1].value[0] = (uint32_t)(top[-1].value[0] * top->value[0]);
            break;
        case CW_CODE_I64_ADD:
            top--;
            top[-1].value[0] += top->value[0];
            break;
        case CW_CODE_I64_SUB:
            top--;
            top[-1].value[0] -= top->value[0];
            break;
        case CW_CODE_I64_MUL:
            top--;
            top[-1].value[0] *= top->value[0];
            break;
        case CW_CODE_END:
            return true;
        default:
        unsupported:
            cw_fail(err, &in->exec->alloc, CWRUN_ERROR_LIMIT, CWRUN_LIMIT_UNSUPPORTED,
                    "not supported yet: an instruction of garbage collection in a constant expression");
            return false;
        }
    }
}

bool cw_const_eval(cw_instance *in, const cw_const_expr *expr, uint64_t value[2], cwrun_error *err)
{
    operand few[FEW], *stack = few;
    size_t most = expr->size / 2 + 1; /* every operand takes two bytes at least */
    if (most > FEW && !(stack = cw_new_array(&in->exec->alloc, most, sizeof *stack)))
        return cw_fail_oom(err);

    bool ok = run(in, expr->bytes, stack, err);
    if (ok) {
        value[0] = stack[0].value[0];
        value[1] = stack[0].value[1];
    }
    if (stack != few)
        cw_free(&in->exec->alloc, stack, most * sizeof *stack);
    return ok;
}
