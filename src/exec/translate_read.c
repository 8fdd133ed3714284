/* exec/translate_read.c: the immediates of instructions in a checked body  [core 5.4]. */
#include "base/leb.h"
#include "core/opcodes.h"
#include "exec/translate.h"

cw_valtype cw_translate_heaptype(const cw_translator *t, const uint8_t **at, bool is_nullable)
{
    static const uint8_t heaps[] = { /* by their code, from 0x69 on */
                                     CW_HEAP_EXN,  CW_HEAP_ARRAY,    CW_HEAP_STRUCT, CW_HEAP_I31,
                                     CW_HEAP_EQ,   CW_HEAP_ANY,      CW_HEAP_EXTERN, CW_HEAP_FUNC,
                                     CW_HEAP_NONE, CW_HEAP_NOEXTERN, CW_HEAP_NOFUNC, CW_HEAP_NOEXN
    };
    const uint32_t null = is_nullable ? CW_REF_NULL_BIT : 0;
    const int64_t code = cw_leb_s64_checked(at);
    if (code == CW_EXACT_CODE)
        return null | CW_REF_EXACT_BIT | CW_REF_TYPE(t->m->type_ids[cw_leb_u32_checked(at)]);
    return null | (code < 0 ? CW_REF(heaps[(code & 0x7f) - 0x69]) : CW_REF_TYPE(t->m->type_ids[code]));
}

/* The code after the op byte of a value type that is the result of a block. */
static cw_valtype short_valtype(uint8_t byte)
{
    switch (byte) {
    case 0x7f: return CW_I32;
    case 0x7e: return CW_I64;
    case 0x7d: return CW_F32;
    case 0x7c: return CW_F64;
    case 0x7b: return CW_V128;
    default:
        return byte == 0x70 || byte == 0x73 ? CW_FUNCREF
                                            : CW_REF_NULL(CW_HEAP_ANY); /* only whether it is of the heap matters */
    }
}

/* Single results of block types, to point to. */
static const cw_valtype single_types[] = {
    CW_I32, CW_I64, CW_F32, CW_F64, CW_V128, CW_FUNCREF, CW_REF_NULL(CW_HEAP_ANY)
};

/* A heap type; an exact one has an index behind its code. */
static void skip_heap(const uint8_t **at)
{
    if (cw_leb_s64_checked(at) == CW_EXACT_CODE)
        (void)cw_leb_u32_checked(at);
}

void cw_translate_block_type(cw_translator *t, const uint8_t **at, cw_block *b)
{
    const uint8_t byte = **at;
    if (byte == 0x40) {
        ++*at;
        return;
    }
    if (byte == 0x63 || byte == 0x64) { /* (ref null? ht) */
        ++*at;
        b->n_results = 1;
        b->results = &single_types[cw_is_managed(t->m->types, cw_translate_heaptype(t, at, true)) ? 6 : 5];
        return;
    }
    const int64_t index = cw_leb_s64_checked(at);
    if (index < 0) {
        const cw_valtype type = short_valtype(byte);
        b->n_results = 1;
        b->results = &single_types[type >= CW_I32 && type <= CW_V128 ? type - CW_I32 : type == CW_FUNCREF ? 5 : 6];
        return;
    }
    const cw_subtype *type = cw_types_get(t->m->types, t->m->type_ids[index]);
    b->n_params = type->n_params;
    b->params = type->params;
    b->n_results = type->n_results;
    b->results = type->results;
}

static void skip_memarg(const uint8_t **at)
{
    if (cw_leb_u32_checked(at) & 0x40)
        (void)cw_leb_u32_checked(at);
    (void)cw_leb_u64_checked(at);
}

void cw_translate_skip(const uint8_t **at, uint8_t imm)
{
    uint32_t n = 0;
    switch (imm) {
    case CW_IMM_NONE: return;
    case CW_IMM_BLOCK:
        if (**at == 0x63 || **at == 0x64)
            ++*at;
        skip_heap(at);
        return;
    case CW_IMM_BR_TABLE:
        for (n = cw_leb_u32_checked(at) + 1; n; n--)
            (void)cw_leb_u32_checked(at);
        return;
    case CW_IMM_SELECT:
        for (n = cw_leb_u32_checked(at); n; n--) {
            if (**at == 0x63 || **at == 0x64)
                ++*at;
            skip_heap(at);
        }
        return;
    case CW_IMM_TRY_TABLE:
        cw_translate_skip(at, CW_IMM_BLOCK);
        for (n = cw_leb_u32_checked(at); n; n--) {
            const uint8_t kind = *(*at)++;
            if (kind < 2)
                (void)cw_leb_u32_checked(at);
            (void)cw_leb_u32_checked(at);
        }
        return;
    case CW_IMM_MEMARG: skip_memarg(at); return;
    case CW_IMM_MEMARG_LANE:
        skip_memarg(at);
        ++*at;
        return;
    case CW_IMM_CALL_INDIRECT:
    case CW_IMM_TABLE_INIT:
    case CW_IMM_TABLE_COPY:
    case CW_IMM_MEMORY_INIT:
    case CW_IMM_MEMORY_COPY:
    case CW_IMM_TYPE_FIELD:
    case CW_IMM_TYPE_COUNT:
    case CW_IMM_TYPE_DATA:
    case CW_IMM_TYPE_ELEM:
    case CW_IMM_TYPE_TYPE:
        (void)cw_leb_u32_checked(at);
        (void)cw_leb_u32_checked(at);
        return;
    case CW_IMM_I32:
    case CW_IMM_I64: (void)cw_leb_s64_checked(at); return;
    case CW_IMM_HEAP: skip_heap(at); return;
    case CW_IMM_F32: *at += 4; return;
    case CW_IMM_F64: *at += 8; return;
    case CW_IMM_V128:
    case CW_IMM_SHUFFLE: *at += 16; return;
    case CW_IMM_LANE:
    case CW_IMM_FENCE: ++*at; return;
    case CW_IMM_BR_ON_CAST:
        ++*at;
        (void)cw_leb_u32_checked(at);
        skip_heap(at);
        skip_heap(at);
        return;
    default: /* one index */ (void)cw_leb_u32_checked(at); return;
    }
}
