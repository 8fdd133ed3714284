/* text/wast_values.c: constants and result patterns of scripts. A reference of the host's, (ref.extern 3) or (ref.host
 * 3), is the word CW_REF_OF_HOST(3): neither null nor an object. */
#include "text/wast.h"

typedef struct pattern {
    uint16_t word; /* its first word */
    uint64_t bits[2];
    uint8_t lane_bits; /* of a vector */
    uint16_t nan[16];  /* per lane (or [0]): 0, CW_WORD_NAN_CANONICAL or CW_WORD_NAN_ARITHMETIC */
    bool any;          /* a reference pattern that names no value */
    cw_valtype null;   /* of a null: the top of its hierarchy; CW_BOT: of any */
} pattern;

static uint64_t take_float(cw_wast *w, unsigned bits, uint16_t *nan)
{
    cw_parser *p = &w->p;
    if (cw_at_word(p, CW_WORD_NAN_CANONICAL) || cw_at_word(p, CW_WORD_NAN_ARITHMETIC)) {
        *nan = p->at->word;
        cw_take(p);
        return 0;
    }
    return bits == 32 ? cw_take_f32(p) : cw_take_f64(p);
}

static void take_vector(cw_wast *w, pattern *v)
{
    cw_parser *p = &w->p;
    uint16_t shape = p->at->kind == CW_TOKEN_ATOM ? p->at->word : 0;
    bool floats = shape == CW_WORD_F32X4 || shape == CW_WORD_F64X2;
    v->lane_bits = shape == CW_WORD_I8X16                             ? 8
                   : shape == CW_WORD_I16X8                           ? 16
                   : shape == CW_WORD_I32X4 || shape == CW_WORD_F32X4 ? 32
                   : shape == CW_WORD_I64X2 || shape == CW_WORD_F64X2 ? 64
                                                                      : 0;
    if (!v->lane_bits) {
        cw_parse_unexpected(p, "a shape such as i32x4");
        return;
    }
    cw_take(p);
    uint64_t mask = v->lane_bits == 64 ? UINT64_MAX : ((uint64_t)1 << v->lane_bits) - 1;
    for (unsigned i = 0, at = 0; at < 128; i++, at += v->lane_bits) {
        uint64_t lane =
            floats ? take_float(w, v->lane_bits, &v->nan[i]) : (uint64_t)cw_take_int(p, v->lane_bits, "lane");
        v->bits[at / 64] |= (lane & mask) << at % 64;
    }
}

/* Of an abstract heap type's word the top of its hierarchy; CW_BOT where it is none. */
static cw_valtype top_of(const cw_token *t)
{
    switch (t->kind == CW_TOKEN_ATOM ? t->word : 0) {
    case CW_WORD_FUNC:
    case CW_WORD_NOFUNC: return CW_REF(CW_HEAP_FUNC);
    case CW_WORD_EXTERN:
    case CW_WORD_NOEXTERN: return CW_REF(CW_HEAP_EXTERN);
    case CW_WORD_EXN:
    case CW_WORD_NOEXN: return CW_REF(CW_HEAP_EXN);
    case CW_WORD_ANY:
    case CW_WORD_EQ:
    case CW_WORD_I31:
    case CW_WORD_STRUCT:
    case CW_WORD_ARRAY:
    case CW_WORD_NONE: return CW_REF(CW_HEAP_ANY);
    default: return CW_BOT;
    }
}

/* The cursor is behind the opening parenthesis; up to and with the closing one. Not (either …). */
static void take_pattern(cw_wast *w, pattern *v)
{
    cw_parser *p = &w->p;
    *v = (pattern){ .word = p->at->kind == CW_TOKEN_ATOM ? p->at->word : 0, .null = CW_BOT };
    const cw_token *word = p->at;
    cw_take(p);
    switch (v->word) {
    case CW_OP_I32_CONST: v->bits[0] = (uint32_t)cw_take_int(p, 32, "i32"); break;
    case CW_OP_I64_CONST: v->bits[0] = (uint64_t)cw_take_int(p, 64, "i64"); break;
    case CW_OP_F32_CONST: v->bits[0] = take_float(w, 32, &v->nan[0]); break;
    case CW_OP_F64_CONST: v->bits[0] = take_float(w, 64, &v->nan[0]); break;
    case CW_OP_V128_CONST: take_vector(w, v); break;
    case CW_OP_REF_NULL:
        v->null = top_of(p->at);
        if (v->null != CW_BOT)
            cw_take(p);
        break;
    case CW_WORD_REF_EXTERN:
    case CW_WORD_REF_HOST:
        v->any = cw_at_close(p);
        if (!v->any)
            v->bits[0] = CW_REF_OF_HOST(cw_take_u32(p));
        break;
    case CW_OP_REF_FUNC:
    case CW_OP_REF_EQ:
    case CW_OP_REF_I31:
    case CW_WORD_REF_ANY:
    case CW_WORD_REF_STRUCT:
    case CW_WORD_REF_ARRAY:
    case CW_WORD_REF_EXN:
        v->any = cw_at_close(p);
        if (cw_at_index(p))
            cw_take(p);
        break;
    default:
        if (p->ok)
            p->at = word;
        cw_parse_unexpected(p, "a value");
        return;
    }
    cw_expect_close(p);
}

/* What a pattern of references wants: those of a hierarchy, and of a type in it. CW_BOT: any null. */
static cw_valtype wanted(const pattern *v)
{
    switch (v->word) {
    case CW_WORD_REF_EXTERN: return CW_REF(CW_HEAP_EXTERN);
    case CW_WORD_REF_HOST:
    case CW_WORD_REF_ANY: return CW_REF(CW_HEAP_ANY);
    case CW_OP_REF_EQ: return CW_REF(CW_HEAP_EQ);
    case CW_OP_REF_I31: return CW_REF(CW_HEAP_I31);
    case CW_WORD_REF_STRUCT: return CW_REF(CW_HEAP_STRUCT);
    case CW_WORD_REF_ARRAY: return CW_REF(CW_HEAP_ARRAY);
    case CW_OP_REF_FUNC: return CW_REF(CW_HEAP_FUNC);
    case CW_WORD_REF_EXN: return CW_REF(CW_HEAP_EXN);
    default: return v->null;
    }
}

static bool fits(const cw_types *types, const pattern *v, cw_valtype type)
{
    switch (v->word) {
    case CW_OP_I32_CONST: return type == CW_I32;
    case CW_OP_I64_CONST: return type == CW_I64;
    case CW_OP_F32_CONST: return type == CW_F32;
    case CW_OP_F64_CONST: return type == CW_F64;
    case CW_OP_V128_CONST: return type == CW_V128;
    default:
        return cw_is_ref(type) &&
               (wanted(v) == CW_BOT || cw_heaptype_top(types, type) == cw_heaptype_top(types, wanted(v)));
    }
}

bool cw_wast_take_arg(cw_wast *w, cw_valtype type, uint64_t *slots)
{
    pattern v;
    if (!cw_at_open(&w->p)) {
        cw_parse_unexpected(&w->p, "a value");
        return false;
    }
    cw_take(&w->p);
    take_pattern(w, &v);
    if (!w->p.ok || !fits(w->types, &v, type) || v.any || v.nan[0])
        return false;
    slots[0] = v.bits[0];
    if (type == CW_V128)
        slots[1] = v.bits[1];
    return true;
}

static bool is_nan(uint64_t bits, unsigned width, uint16_t kind)
{
    uint64_t quiet = width == 32 ? 0x7fc00000 : 0x7ff8000000000000;
    uint64_t magnitude = width == 32 ? bits & 0x7fffffff : bits & 0x7fffffffffffffff;
    return kind == CW_WORD_NAN_ARITHMETIC ? (magnitude & quiet) == quiet : magnitude == quiet;
}

static bool matches(const cw_types *types, const pattern *v, cw_valtype type, const uint64_t *have)
{
    if (!fits(types, v, type))
        return false;
    if (v->word == CW_OP_V128_CONST) {
        uint64_t mask = v->lane_bits == 64 ? UINT64_MAX : ((uint64_t)1 << v->lane_bits) - 1;
        for (unsigned i = 0, at = 0; at < 128; i++, at += v->lane_bits) {
            uint64_t lane = have[at / 64] >> at % 64 & mask, want = v->bits[at / 64] >> at % 64 & mask;
            if (v->nan[i] ? !is_nan(lane, v->lane_bits, v->nan[i]) : lane != want)
                return false;
        }
        return true;
    }
    if (v->nan[0])
        return is_nan(have[0], type == CW_F32 ? 32 : 64, v->nan[0]);
    if (v->word == CW_OP_REF_NULL)
        return have[0] == 0;
    if (cw_is_ref(type)) {
        if (!v->any && (v->word == CW_WORD_REF_EXTERN || v->word == CW_WORD_REF_HOST))
            return have[0] == v->bits[0];
        return cw_gc_matches(types, have[0], wanted(v)) && (v->word != CW_WORD_REF_HOST || cw_ref_is_host(have[0]));
    }
    return type == CW_I32 || type == CW_F32 ? (uint32_t)have[0] == (uint32_t)v->bits[0] : have[0] == v->bits[0];
}

bool cw_wast_take_result(cw_wast *w, cw_valtype type, const uint64_t *slots)
{
    cw_parser *p = &w->p;
    bool either = cw_take_form(p, CW_WORD_EITHER), good = false;
    do {
        pattern v;
        if (!cw_at_open(p)) {
            cw_parse_unexpected(p, "a result");
            return false;
        }
        cw_take(p);
        take_pattern(w, &v);
        good = good || (p->ok && matches(w->types, &v, type, slots));
    } while (either && p->ok && !cw_at_close(p));
    if (either)
        cw_expect_close(p);
    return good && p->ok;
}

static const char *describe(const cw_types *types, cw_valtype type, uint64_t ref)
{
    if (ref == 0)
        return "null";
    if (cw_heaptype_top(types, type) == CW_HEAP_FUNC)
        return "that is not null";
    if (!cw_ref_is_object(ref))
        return cw_ref_is_i31(ref) ? "that is an i31" : "that is the host's";
    static const char *const kinds[] = { "that is a structure", "that is an array", "that is an exception",
                                         "that is the host's" };
    return kinds[cw_object_of(ref)->kind];
}

void cw_wast_print(cw_wast *w, cw_valtype type, const uint64_t *slots, char *out, size_t size)
{
    char name[64];
    float f;
    double d;
    cw_valtype_print(w->types, type, name, sizeof name);
    uint32_t low = (uint32_t)slots[0];
    memcpy(&f, &low, sizeof f);
    memcpy(&d, &slots[0], sizeof d);
    if (type == CW_I32)
        snprintf(out, size, "i32 %d (0x%x)", (int)low, low);
    else if (type == CW_F32)
        snprintf(out, size, "f32 %.9g (0x%08x)", (double)f, low);
    else if (type == CW_F64)
        snprintf(out, size, "f64 %.17g (0x%016llx)", d, (unsigned long long)slots[0]);
    else if (type == CW_V128)
        snprintf(out, size, "v128 0x%016llx 0x%016llx", (unsigned long long)slots[0], (unsigned long long)slots[1]);
    else if (type == CW_I64)
        snprintf(out, size, "i64 %lld (0x%llx)", (long long)slots[0], (unsigned long long)slots[0]);
    else
        snprintf(out, size, "%s %s", name, describe(w->types, type, slots[0]));
}
