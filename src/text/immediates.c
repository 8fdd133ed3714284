/* text/immediates.c: instructions' codes and immediates, by the kinds of core/opcodes.h  [core 6.5]. */
#include "base/str.h"
#include "text/module.h"

uint32_t cw_take_label(cw_module_text *m)
{
    cw_parser *p = m->p;
    if (p->at->kind != CW_TOKEN_ID) {
        if (cw_at_number(p))
            return cw_take_u32(p);
        cw_parse_unexpected(p, "a label");
        return 0;
    }
    cwrun_str name = cw_id_name(p, p->at);
    const uint64_t *innermost = cw_map_find(&m->innermost, name);
    if (innermost && *innermost != 0) {
        cw_take(p);
        return m->labels.n - (uint32_t)*innermost;
    }
    cw_parse_fail(p, p->at, "unknown label $%.*s", (int)name.size, name.data);
    return 0;
}

static uint32_t take(cw_module_text *m, unsigned space)
{
    return cw_take_index(m->p, &m->spaces[space]);
}

static uint32_t take_or_0(cw_module_text *m, unsigned space)
{
    return cw_at_index(m->p) ? take(m, space) : 0;
}

/* A second index stands next, so that the one before it is of a table or memory. */
static bool second_index(const cw_parser *p)
{
    if (!cw_at_index(p))
        return false;
    cw_parser next = *p;
    next.at++;
    return cw_at_index(&next);
}

/* The lane of a load or store may be the only number: a memory stands before it where an offset, alignment or number
 * follows the first. */
static bool memory_before_lane(const cw_parser *p)
{
    if (p->at->kind == CW_TOKEN_ID)
        return true;
    if (!cw_at_number(p) || p->at[1].kind != CW_TOKEN_ATOM)
        return false;
    cw_parser next = *p;
    next.at++;
    cwrun_str s = cw_token_text(p, next.at);
    return cw_at_number(&next) || cw_str_starts(s, CW_STR("offset=")) || cw_str_starts(s, CW_STR("align="));
}

enum { HAS_MEMORY = 0x40 }; /* among the flags: which memory, where that is not 0 or the text asks */

static void write_memarg(cw_module_text *m, cw_bytes *out, uint16_t op, bool lane)
{
    cw_parser *p = m->p;
    bool named = lane ? memory_before_lane(p) : cw_at_index(p);
    uint32_t memory = named ? take(m, CW_EXTERN_MEMORY) : 0, log = cw_opcodes[op].align;
    uint64_t offset = 0, align;
    const uint32_t written = cw_take_encoding(p) & HAS_MEMORY;
    cw_take_equals(p, "offset=", &offset);
    const cw_token *at = p->at;
    if (cw_take_equals(p, "align=", &align)) {
        if (align == 0 || (align & (align - 1)) != 0) {
            cw_parse_fail(p, at, "alignment must be a power of two");
            return;
        }
        log = (uint32_t)__builtin_ctzll(align);
    }
    cw_bytes_u32(out, log | (memory ? HAS_MEMORY : written));
    if (memory || written)
        cw_bytes_u32(out, memory);
    cw_bytes_unsigned(out, offset);
}

static uint8_t take_lane(cw_parser *p)
{
    const cw_token *at = p->at;
    if (!cw_at_number(p)) {
        cw_parse_unexpected(p, "a lane");
        return 0;
    }
    uint64_t lane = cw_take_u64(p);
    if (lane > 255 && p->ok)
        cw_parse_fail(p, at, "i8 constant out of range");
    return (uint8_t)lane;
}

static void write_v128(cw_module_text *m, cw_bytes *out)
{
    cw_parser *p = m->p;
    uint16_t shape = p->at->kind == CW_TOKEN_ATOM ? p->at->word : 0;
    unsigned bits = shape == CW_WORD_I8X16                             ? 8
                    : shape == CW_WORD_I16X8                           ? 16
                    : shape == CW_WORD_I32X4 || shape == CW_WORD_F32X4 ? 32
                    : shape == CW_WORD_I64X2 || shape == CW_WORD_F64X2 ? 64
                                                                       : 0;
    if (!bits) {
        cw_parse_unexpected(p, "a shape such as i32x4");
        return;
    }
    cw_take(p);
    for (unsigned i = 0; i < 128 / bits && p->ok; i++) {
        if (cw_at_close(p) || cw_at_open(p)) {
            cw_parse_fail(p, p->at, "wrong number of lane literals");
            return;
        }
        const char *const names[] = { "i8", "i16", "", "i32", "", "", "", "i64" };
        uint64_t lane = shape == CW_WORD_F32X4   ? cw_take_f32(p)
                        : shape == CW_WORD_F64X2 ? cw_take_f64(p)
                                                 : (uint64_t)cw_take_int(p, bits, names[bits / 8 - 1]);
        cw_bytes_little(out, lane, bits / 8);
    }
    if (p->ok && p->at->kind == CW_TOKEN_ATOM && !p->at->word && cw_at_number(p))
        cw_parse_fail(p, p->at, "wrong number of lane literals");
}

static void write_shuffle(cw_module_text *m, cw_bytes *out)
{
    cw_parser *p = m->p;
    for (unsigned i = 0; i < 16 && p->ok; i++) {
        if (!cw_at_number(p) && (cw_at_close(p) || cw_at_open(p)))
            cw_parse_fail(p, p->at, "invalid lane length: i8x16.shuffle takes 16 lanes");
        else
            cw_bytes_u8(out, take_lane(p));
    }
    if (p->ok && cw_at_number(p))
        cw_parse_fail(p, p->at, "invalid lane length: i8x16.shuffle takes 16 lanes");
}

void cw_write_catches(cw_module_text *m, cw_bytes *out)
{
    cw_parser *p = m->p;
    cw_bytes clauses;
    cw_bytes_init(&clauses, &p->alloc);
    uint32_t n = 0;
    for (; cw_at_open(p) && p->at[1].kind == CW_TOKEN_ATOM; n++) {
        uint16_t word = p->at[1].word;
        uint8_t kind = word == CW_OP_CATCH             ? 0
                       : word == CW_WORD_CATCH_REF     ? 1
                       : word == CW_OP_CATCH_ALL       ? 2
                       : word == CW_WORD_CATCH_ALL_REF ? 3
                                                       : 4;
        if (kind == 4)
            break;
        p->at += 2;
        cw_bytes_u8(&clauses, kind);
        if (kind < 2)
            cw_bytes_u32(&clauses, take(m, CW_EXTERN_TAG));
        cw_bytes_u32(&clauses, cw_take_label(m));
        cw_expect_close(p);
    }
    cw_bytes_u32(out, n);
    cw_bytes_add(out, clauses.data, clauses.size);
    cw_bytes_fini(&clauses);
}

static void write_br_table(cw_module_text *m, cw_bytes *out)
{
    m->scratch.size = 0;
    uint32_t n = 0, last = cw_take_label(m);
    for (; cw_at_index(m->p); n++) {
        cw_bytes_u32(&m->scratch, last);
        last = cw_take_label(m);
    }
    cw_bytes_u32(out, n);
    cw_bytes_add(out, m->scratch.data, m->scratch.size);
    cw_bytes_u32(out, last);
}

static void write_br_on_cast(cw_module_text *m, cw_bytes *out)
{
    uint32_t label = cw_take_label(m);
    bool from_null, to_null;
    m->scratch.size = 0;
    cw_write_reftype_heap(m, &m->scratch, &from_null);
    cw_write_reftype_heap(m, &m->scratch, &to_null);
    cw_bytes_u8(out, (uint8_t)(from_null | to_null << 1));
    cw_bytes_u32(out, label);
    cw_bytes_add(out, m->scratch.data, m->scratch.size);
}

/* Instructions of one word and several codes: select, ref.test, ref.cast. */
static bool write_by_type(cw_module_text *m, cw_bytes *out, uint16_t op)
{
    if (op == CW_OP_SELECT) {
        bool typed = cw_take_signature(m, false);
        if (m->n_params)
            cw_parse_fail(m->p, m->p->at, "unexpected token: select has no parameters");
        cw_bytes_u8(out, typed ? CW_CODE_SELECT + 1 : CW_CODE_SELECT);
        if (typed) {
            cw_bytes_u32(out, m->n_results);
            cw_bytes_add(out, m->results.data, m->results.size);
        }
        return true;
    }
    if (op != CW_OP_REF_TEST && op != CW_OP_REF_CAST && op != CW_OP_REF_CAST_DESC_EQ)
        return false;
    bool nullable;
    m->scratch.size = 0;
    cw_write_reftype_heap(m, &m->scratch, &nullable);
    cw_bytes_code(out, cw_opcodes[op].code + nullable);
    cw_bytes_add(out, m->scratch.data, m->scratch.size);
    return true;
}

static void write_field_index(cw_module_text *m, cw_bytes *out)
{
    uint32_t type = take(m, CW_SPACE_TYPE);
    static const cw_space none = { .what = "field" };
    cw_bytes_u32(out, type);
    cw_bytes_u32(out, cw_take_index(m->p, type < m->types.n ? &m->types.items[type].fields : &none));
}

/* [table or memory] segment: in the binary the segment comes first. */
static void write_init(cw_module_text *m, cw_bytes *out, unsigned of, unsigned segment)
{
    uint32_t target = second_index(m->p) ? take(m, of) : 0;
    cw_bytes_u32(out, take(m, segment));
    cw_bytes_u32(out, target);
}

static void write_copy(cw_module_text *m, cw_bytes *out, unsigned space)
{
    bool named = cw_at_index(m->p);
    cw_bytes_u32(out, named ? take(m, space) : 0);
    cw_bytes_u32(out, named ? take(m, space) : 0);
}

void cw_write_instruction(cw_module_text *m, cw_bytes *out, uint16_t op)
{
    cw_parser *p = m->p;
    const cw_opcode *o = &cw_opcodes[op];
    if (write_by_type(m, out, op))
        return;
    cw_bytes_code(out, o->code);
    switch ((cw_imm)o->imm) {
    case CW_IMM_NONE: break;
    case CW_IMM_LABEL: cw_bytes_u32(out, cw_take_label(m)); break;
    case CW_IMM_BR_TABLE: write_br_table(m, out); break;
    case CW_IMM_FUNC: cw_bytes_u32(out, take(m, CW_EXTERN_FUNC)); break;
    case CW_IMM_CALL_INDIRECT: {
        uint32_t table = take_or_0(m, CW_EXTERN_TABLE);
        cw_bytes_u32(out, cw_take_typeuse(m, false));
        cw_bytes_u32(out, table);
        break;
    }
    case CW_IMM_TYPE: cw_bytes_u32(out, take(m, CW_SPACE_TYPE)); break;
    case CW_IMM_TAG: cw_bytes_u32(out, take(m, CW_EXTERN_TAG)); break;
    case CW_IMM_LOCAL: cw_bytes_u32(out, cw_take_index(p, &m->locals)); break;
    case CW_IMM_GLOBAL: cw_bytes_u32(out, take(m, CW_EXTERN_GLOBAL)); break;
    case CW_IMM_TABLE: cw_bytes_u32(out, take_or_0(m, CW_EXTERN_TABLE)); break;
    case CW_IMM_TABLE_INIT: write_init(m, out, CW_EXTERN_TABLE, CW_SPACE_ELEM); break;
    case CW_IMM_TABLE_COPY: write_copy(m, out, CW_EXTERN_TABLE); break;
    case CW_IMM_ELEM: cw_bytes_u32(out, take(m, CW_SPACE_ELEM)); break;
    case CW_IMM_MEMARG: write_memarg(m, out, op, false); break;
    case CW_IMM_MEMARG_LANE:
        write_memarg(m, out, op, true);
        cw_bytes_u8(out, take_lane(p));
        break;
    case CW_IMM_MEMORY: cw_bytes_u32(out, take_or_0(m, CW_EXTERN_MEMORY)); break;
    case CW_IMM_MEMORY_INIT:
        write_init(m, out, CW_EXTERN_MEMORY, CW_SPACE_DATA);
        m->needs_data_count |= m->in_function;
        break;
    case CW_IMM_MEMORY_COPY: write_copy(m, out, CW_EXTERN_MEMORY); break;
    case CW_IMM_DATA:
        cw_bytes_u32(out, take(m, CW_SPACE_DATA));
        m->needs_data_count |= m->in_function;
        break;
    case CW_IMM_I32: cw_bytes_signed(out, cw_take_int(p, 32, "i32")); break;
    case CW_IMM_I64: cw_bytes_signed(out, cw_take_int(p, 64, "i64")); break;
    case CW_IMM_F32: cw_bytes_little(out, cw_take_f32(p), 4); break;
    case CW_IMM_F64: cw_bytes_little(out, cw_take_f64(p), 8); break;
    case CW_IMM_V128: write_v128(m, out); break;
    case CW_IMM_SHUFFLE: write_shuffle(m, out); break;
    case CW_IMM_LANE: cw_bytes_u8(out, take_lane(p)); break;
    case CW_IMM_HEAP: cw_write_heaptype(m, out); break;
    case CW_IMM_TYPE_FIELD: write_field_index(m, out); break;
    case CW_IMM_TYPE_COUNT:
        cw_bytes_u32(out, take(m, CW_SPACE_TYPE));
        cw_bytes_u32(out, cw_take_u32(p));
        break;
    case CW_IMM_TYPE_DATA:
        cw_bytes_u32(out, take(m, CW_SPACE_TYPE));
        cw_bytes_u32(out, take(m, CW_SPACE_DATA));
        m->needs_data_count |= m->in_function;
        break;
    case CW_IMM_TYPE_ELEM:
        cw_bytes_u32(out, take(m, CW_SPACE_TYPE));
        cw_bytes_u32(out, take(m, CW_SPACE_ELEM));
        break;
    case CW_IMM_TYPE_TYPE:
        cw_bytes_u32(out, take(m, CW_SPACE_TYPE));
        cw_bytes_u32(out, take(m, CW_SPACE_TYPE));
        break;
    case CW_IMM_BR_ON_CAST: write_br_on_cast(m, out); break;
    case CW_IMM_FENCE: cw_bytes_u8(out, 0); break;
    case CW_IMM_BLOCK: /* body.c writes them */
    case CW_IMM_TRY_TABLE:
    case CW_IMM_SELECT:
    case CW_IMM_COUNT: break;
    }
}
