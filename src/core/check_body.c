/* core/check_body.c: the pass over a function body, and the two stacks  [core 3.3, appendix "Validation Algorithm"].
 *
 * One switch over the ids of instructions is made from opcodes.def: an instruction with a signature is its case, folded
 * from the signature's text by the compiler. "own" rules of the commonest (locals) stand here as well, the others are
 * reached through cw_check_control, which hands on what is not control. While the loop runs, the reader's place is in a
 * register; it is written back before anything reads through the reader. */
#include <stdio.h>

#include "core/check.h"
#include "core/read.h"

void cw_checker_init(cw_checker *c, cw_module *m, const cw_module_config *config)
{
    *c = (cw_checker){ .m = m, .types = config->types, .features = config->features, .alloc = config->alloc };
}

void cw_checker_fini(cw_checker *c)
{
    cw_free(c->alloc, c->stack, c->stack_cap * sizeof *c->stack);
    cw_free(c->alloc, c->frames, c->frames_cap * sizeof *c->frames);
    cw_free(c->alloc, c->locals, c->locals_cap * sizeof *c->locals);
    cw_free(c->alloc, c->marks, c->marks_cap * sizeof *c->marks);
    cw_free(c->alloc, c->inits, c->inits_cap * sizeof *c->inits);
    cw_free(c->alloc, c->run_ends, c->run_ends_cap * sizeof *c->run_ends);
}

/* ---- failing ---- */

static cw_op op_at(const uint8_t *at, const uint8_t *end)
{
    if (at >= end)
        return CW_OP_NONE;
    uint8_t byte = *at++;
    uint64_t n;
    if (byte < 0xfb || byte > 0xfe)
        return cw_op_of_byte(byte);
    return cw_leb_read_unsigned(&at, end, 32, &n) == CW_LEB_OK ? cw_op_of_prefixed(byte, (uint32_t)n) : CW_OP_NONE;
}

/* Mnemonic of the instruction that is being checked. */
static const char *op_name(const cw_checker *c)
{
    return cw_opcodes[op_at(c->at, c->r->end)].name;
}

void cw_check_fail(cw_checker *c, const char *format, ...)
{
    char message[400];
    va_list args;
    va_start(args, format);
    vsnprintf(message, sizeof message, format, args);
    va_end(args);
    cw_reader_fail(c->r, c->at, "%s", message);
}

void cw_check_oom(cw_checker *c)
{
    cw_reader_oom(c->r);
}

const char *cw_check_type_text(const cw_checker *c, cw_valtype t, char out[CW_TYPE_TEXT])
{
    if (cw_is_ref(t) && (t & CW_REF_TYPE_BIT)) {
        cw_type_id id = t & CW_REF_ID_MASK;
        for (uint32_t i = 0; i < c->m->n_types; i++) {
            if (c->m->type_ids[i] == id) {
                snprintf(out, CW_TYPE_TEXT, t & CW_REF_EXACT_BIT ? "(ref %s(exact %u))" : "(ref %s%u)",
                         cw_is_nullable(t) ? "null " : "", i);
                return out;
            }
        }
    }
    cw_valtype_print(c->types, t, out, CW_TYPE_TEXT);
    return out;
}

/* ---- scratch ---- */

/* Room for `n` elements in a scratch array; what is new is zero. */
static bool grow(cw_checker *c, void *array, uint32_t *cap, uint32_t n, size_t size)
{
    void **items = array;
    if (n <= *cap)
        return true;
    uint32_t more = *cap * 2u < n ? n : *cap * 2u;
    char *moved = cw_resize(c->alloc, *items, *cap * size, more * size);
    if (!moved) {
        cw_check_oom(c);
        return false;
    }
    memset(moved + *cap * size, 0, (more - *cap) * size);
    *items = moved;
    *cap = more;
    return true;
}

/* ---- operands ---- */

/* Raises `high`, or fails. */
bool cw_check_push_slow(cw_checker *c, cw_valtype t)
{
    (void)t;
    size_t n = (size_t)(c->top - c->stack), floor = (size_t)(c->floor - c->stack);
    if (!c->r->ok)
        return false;
    if (n == c->stack_cap) {
        if (n > CW_MAX_FRAME) {
            cw_reader_limit(c->r, c->at, "more than %u operands on the stack", (unsigned)CW_MAX_FRAME);
            return false;
        }
        size_t cap = n ? n * 2 : 512;
        cw_valtype *moved = cw_resize(c->alloc, c->stack, n * sizeof *moved, cap * sizeof *moved);
        if (!moved) {
            cw_check_oom(c);
            return false;
        }
        c->stack = moved;
        c->stack_cap = cap;
    }
    c->top = c->stack + n;
    c->floor = c->stack + floor;
    c->high = c->top + 1;
    return true;
}

void cw_check_pop_slow(cw_checker *c, cw_valtype t)
{
    char want[CW_TYPE_TEXT], have[CW_TYPE_TEXT];
    if (c->top == c->floor) {
        if (!cw_check_frame_at(c, 0)->is_unreachable)
            cw_check_fail(c, "type mismatch: %s expects %s, but the stack is empty", op_name(c),
                          cw_check_type_text(c, t, want));
        return;
    }
    cw_valtype found = *--c->top;
    if (found == CW_V128)
        c->wide--;
    if (!cw_valtype_matches(c->types, found, t))
        cw_check_fail(c, "type mismatch: %s expects %s, found %s", op_name(c), cw_check_type_text(c, t, want),
                      cw_check_type_text(c, found, have));
}

cw_valtype cw_check_pop_any(cw_checker *c)
{
    if (c->top == c->floor) {
        if (!cw_check_frame_at(c, 0)->is_unreachable)
            cw_check_fail(c, "type mismatch: %s expects a value, but the stack is empty", op_name(c));
        return CW_BOT;
    }
    cw_valtype found = *--c->top;
    if (found == CW_V128)
        c->wide--;
    return found;
}

cw_valtype cw_check_pop_ref(cw_checker *c)
{
    char have[CW_TYPE_TEXT];
    cw_valtype found = cw_check_pop_any(c);
    if (found != CW_BOT && !cw_is_ref(found))
        cw_check_fail(c, "type mismatch: %s expects a reference, found %s", op_name(c),
                      cw_check_type_text(c, found, have));
    return found;
}

void cw_check_pop_list(cw_checker *c, const cw_valtype *types, uint32_t n)
{
    while (n > 0 && c->r->ok)
        cw_check_pop(c, types[--n]);
}

void cw_check_push_list(cw_checker *c, const cw_valtype *types, uint32_t n)
{
    for (uint32_t i = 0; i < n; i++)
        cw_check_push(c, types[i]);
}

void cw_check_peek_list(cw_checker *c, const cw_valtype *types, uint32_t n)
{
    char want[CW_TYPE_TEXT], have[CW_TYPE_TEXT];
    size_t there = (size_t)(c->top - c->floor);
    for (uint32_t i = 1; i <= n && c->r->ok; i++) {
        cw_valtype t = types[n - i];
        if (i > there) {
            if (!cw_check_frame_at(c, 0)->is_unreachable)
                cw_check_fail(c, "type mismatch: %s expects %s, but the stack is empty", op_name(c),
                              cw_check_type_text(c, t, want));
            return;
        }
        cw_valtype found = *(c->top - i);
        if (found != t && !cw_valtype_matches(c->types, found, t))
            cw_check_fail(c, "type mismatch: %s expects %s, found %s", op_name(c), cw_check_type_text(c, t, want),
                          cw_check_type_text(c, found, have));
    }
}

/* ---- frames ---- */

bool cw_check_push_frame(cw_checker *c, cw_op op, const cw_check_frame *type)
{
    if (c->n_frames == c->frames_cap && !grow(c, &c->frames, &c->frames_cap, c->n_frames + 64, sizeof *c->frames))
        return false;

    cw_check_frame *f = &c->frames[c->n_frames++];
    *f = *type;
    f->op = (uint8_t)op;
    f->is_unreachable = false;
    f->height = (uint32_t)(c->top - c->stack);
    f->n_inits = c->n_inits;
    f->wide = c->wide;
    c->floor = c->top;
    if (c->n_frames > c->max_frames)
        c->max_frames = c->n_frames;
    return true;
}

void cw_check_unreachable(cw_checker *c)
{
    cw_check_frame *f = cw_check_frame_at(c, 0);
    f->is_unreachable = true;
    c->top = c->floor;
    c->wide = f->wide;
}

/* ---- locals ---- */

cw_valtype cw_check_local_type(const cw_checker *c, uint32_t index)
{
    if (index < c->n_flat)
        return c->locals[index];
    uint32_t low = 0, high = c->body->n_local_runs;
    while (low < high) {
        uint32_t middle = low + (high - low) / 2;
        if (c->run_ends[middle] <= index)
            low = middle + 1;
        else
            high = middle;
    }
    return c->body->locals[low].type;
}

/* The local is read where it may not have been written: it must be zeroed, which counts as written from here on. */
static void read_unset_local(cw_checker *c, uint32_t index, cw_valtype t)
{
    if (cw_is_ref(t) && !cw_is_nullable(t)) {
        cw_check_fail(c, "uninitialized local %u", index);
        return;
    }
    uint32_t bit = index - c->n_params;
    if (c->zero_locals) {
        c->zero_locals[bit / 32] |= 1u << bit % 32;
        c->body->zero_locals = c->zero_locals;
    }
    c->marks[index] = c->mark;
}

static inline void set_local(cw_checker *c, uint32_t index)
{
    if (c->marks[index] != c->mark) {
        c->marks[index] = c->mark;
        c->inits[c->n_inits++] = index; /* no local stands there twice, and there is room for all */
    }
}

static const uint32_t all_locals[(CW_MAX_LOCALS + 31) / 32] = { [0 ...(CW_MAX_LOCALS + 31) / 32 - 1] = UINT32_MAX };

/* The bits of the locals that must be zeroed. They take no more memory than the body itself: where a body declares more
 * locals than it could mention, all of them are zeroed. */
static void prepare_zero_locals(cw_checker *c, cw_func_body *body, size_t size)
{
    uint32_t n_words = (body->n_locals + 31) / 32;
    c->zero_locals = NULL;
    if (n_words == 0)
        return;
    if ((size_t)n_words * 4 > size + 64) {
        body->zero_locals = all_locals;
        return;
    }
    uint32_t *bits = CW_ARENA_ARRAY(c->r->arena, n_words, uint32_t);
    if (!bits) {
        cw_check_oom(c);
        return;
    }
    c->zero_locals = bits;

    uint32_t at = 0;
    for (uint32_t i = 0; i < body->n_local_runs; i++) {
        const cw_local_run *run = &body->locals[i];
        if (cw_is_ref(run->type)) {
            for (uint32_t j = at; j < at + run->n; j++)
                bits[j / 32] |= 1u << j % 32;
            if (run->n)
                body->zero_locals = bits;
        }
        at += run->n;
    }
}

static bool prepare_locals(cw_checker *c, const cw_subtype *type, cw_func_body *body, size_t size)
{
    uint32_t n_flat = body->n_locals;
    if (n_flat > size)
        n_flat = (uint32_t)size;
    c->n_params = type->n_params;
    c->n_locals = type->n_params + body->n_locals;
    c->n_flat = type->n_params + n_flat;
    if (!grow(c, &c->locals, &c->locals_cap, c->n_flat, sizeof *c->locals) ||
        !grow(c, &c->marks, &c->marks_cap, c->n_locals, sizeof *c->marks) ||
        !grow(c, &c->inits, &c->inits_cap, c->n_locals, sizeof *c->inits) ||
        !grow(c, &c->run_ends, &c->run_ends_cap, body->n_local_runs, sizeof *c->run_ends))
        return false;

    c->mark++;
    c->n_inits = 0;
    for (uint32_t i = 0; i < type->n_params; i++) {
        c->locals[i] = type->params[i];
        c->marks[i] = c->mark;
    }
    uint32_t at = type->n_params;
    for (uint32_t i = 0; i < body->n_local_runs; i++) {
        const cw_local_run *run = &body->locals[i];
        for (uint32_t j = at; j < at + run->n && j < c->n_flat; j++)
            c->locals[j] = run->type;
        at += run->n;
        c->run_ends[i] = at;
    }
    prepare_zero_locals(c, body, size);
    return c->r->ok;
}

/* ---- immediates of instructions with a signature ---- */

/* alignment, memory and offset; gives the address type. */
static cw_valtype read_memarg(cw_checker *c, uint32_t natural, bool exact)
{
    cw_reader *r = c->r;
    const uint8_t *at = r->at;
    uint32_t align = cw_read_u32(r), index = 0;
    if (align >= 0x80)
        cw_reader_fail(r, at, "malformed memop flags 0x%x", align);
    if (align & 0x40) {
        cw_need_feature(r, at, c->features, CW_FEATURE_MULTI_MEMORY);
        index = cw_read_u32(r);
        align &= 0x3f;
    }
    uint64_t offset = cw_read_u64(r);
    if (!r->ok)
        return CW_I32;

    if (index >= c->m->n_memories) {
        cw_check_fail(c, "unknown memory %u", index);
        return CW_I32;
    }
    bool is_64 = c->m->memories[index].is_64;
    if (align > natural)
        cw_check_fail(c, "alignment must not be larger than natural: 2^%u, at most 2^%u for %s", align, natural,
                      op_name(c));
    else if (exact && align != natural)
        cw_check_fail(c, "alignment must be natural: 2^%u, not 2^%u for %s", natural, align, op_name(c));
    else if (!is_64 && offset > UINT32_MAX)
        cw_check_fail(c, "offset out of range: %llu", (unsigned long long)offset);
    return is_64 ? CW_I64 : CW_I32;
}

static cw_valtype read_memory(cw_checker *c)
{
    const cw_memtype *memory = cw_check_memory(c);
    return memory && memory->is_64 ? CW_I64 : CW_I32;
}

static void read_lane(cw_checker *c, uint32_t lane_log2)
{
    uint8_t lane = cw_read_u8(c->r);
    if (lane >= 16u >> lane_log2)
        cw_check_fail(c, "invalid lane index %u: %s has %u lanes", lane, op_name(c), 16u >> lane_log2);
}

static void read_shuffle(cw_checker *c)
{
    const uint8_t *lanes = cw_read_bytes(c->r, 16);
    for (unsigned i = 0; lanes && i < 16; i++)
        if (lanes[i] >= 32)
            cw_check_fail(c, "invalid lane index %u: i8x16.shuffle has 32", lanes[i]);
}

/* ---- the pass ---- */

#define ALWAYS_INLINE inline __attribute__((always_inline))

static ALWAYS_INLINE cw_valtype type_of_letter(char letter, cw_valtype address)
{
    return letter == 'i'   ? CW_I32
           : letter == 'l' ? CW_I64
           : letter == 'f' ? CW_F32
           : letter == 'd' ? CW_F64
           : letter == 'v' ? CW_V128
                           : address;
}

/* Pops and pushes by a signature of up to four operands and two results;
 * all is folded but for what remains to be done. */
static ALWAYS_INLINE void apply(cw_checker *c, const char *sig, cw_valtype address)
{
    const unsigned n = sig[0] == ':' ? 0 : sig[1] == ':' ? 1 : sig[2] == ':' ? 2 : sig[3] == ':' ? 3 : 4;
    if (n > 3)
        cw_check_pop(c, type_of_letter(sig[3], address));
    if (n > 2)
        cw_check_pop(c, type_of_letter(sig[2], address));
    if (n > 1)
        cw_check_pop(c, type_of_letter(sig[1], address));
    if (n > 0)
        cw_check_pop(c, type_of_letter(sig[0], address));
    if (sig[n + 1] != '\0') {
        cw_check_push(c, type_of_letter(sig[n + 1], address));
        if (sig[n + 2] != '\0')
            cw_check_push(c, type_of_letter(sig[n + 2], address));
    }
}

/* Moves past a number of up to four bytes, which needs no further check;
 * false where it is longer or the end is near. */
static ALWAYS_INLINE bool skip_leb(const uint8_t **at, const uint8_t *end)
{
    const uint8_t *p = *at;
    if (end - p < 4)
        return false;
    unsigned n = p[0] < 0x80 ? 1 : p[1] < 0x80 ? 2 : p[2] < 0x80 ? 3 : p[3] < 0x80 ? 4 : 0;
    *at = p + n;
    return n != 0;
}

/* Does something through the reader. */
#define THROUGH_READER(action) (r->at = p, (action), p = r->at)

#define READ_NONE(align, feature)
#define READ_I32(align, feature) \
    if (!skip_leb(&p, end)) \
        THROUGH_READER(cw_read_s32(r));
#define READ_I64(align, feature) \
    if (!skip_leb(&p, end)) \
        THROUGH_READER(cw_read_s64(r));
#define READ_F32(align, feature) THROUGH_READER(cw_read_bytes(r, 4));
#define READ_F64(align, feature) THROUGH_READER(cw_read_bytes(r, 8));
#define READ_V128(align, feature) THROUGH_READER(cw_read_bytes(r, 16));
#define READ_LANE(align, feature) THROUGH_READER(read_lane(c, align));
#define READ_SHUFFLE(align, feature) THROUGH_READER(read_shuffle(c));
#define READ_MEMARG(align, feature) \
    if (end - p >= 2 && p[0] <= (align) && address0 != CW_BOT && (feature) != (unsigned)CW_FEATURE_THREADS && \
        (p++, skip_leb(&p, end) || (p--, false))) { \
        address = address0; \
    } else { \
        THROUGH_READER(address = read_memarg(c, align, (feature) == (unsigned)CW_FEATURE_THREADS)); \
    }
#define READ_MEMARG_LANE(align, feature) \
    READ_MEMARG(align, feature) \
    READ_LANE(align, feature)
#define READ_MEMORY(align, feature) THROUGH_READER(address = read_memory(c));
#define READ_MEMORY_INIT(align, feature) THROUGH_READER((cw_check_data(c), address = read_memory(c)));
#define READ_DATA(align, feature) THROUGH_READER(cw_check_data(c));
#define READ_ELEM(align, feature) THROUGH_READER(cw_check_elem(c));
#define READ_FENCE(align, feature) THROUGH_READER(cw_read_u8(r) ? cw_check_fail(c, "zero byte expected") : (void)0);
/* Those that only instructions with rules of their own have. */
#define READ_BLOCK(align, feature)
#define READ_LABEL(align, feature)
#define READ_BR_TABLE(align, feature)
#define READ_FUNC(align, feature)
#define READ_CALL_INDIRECT(align, feature)
#define READ_TYPE(align, feature)
#define READ_SELECT(align, feature)
#define READ_TRY_TABLE(align, feature)
#define READ_TAG(align, feature)
#define READ_LOCAL(align, feature)
#define READ_GLOBAL(align, feature)
#define READ_TABLE(align, feature)
#define READ_TABLE_INIT(align, feature)
#define READ_TABLE_COPY(align, feature)
#define READ_MEMORY_COPY(align, feature)
#define READ_HEAP(align, feature)
#define READ_TYPE_FIELD(align, feature)
#define READ_TYPE_COUNT(align, feature)
#define READ_TYPE_DATA(align, feature)
#define READ_TYPE_ELEM(align, feature)
#define READ_TYPE_TYPE(align, feature)
#define READ_BR_ON_CAST(align, feature)

/* The instructions up to the end of the function; gives their number. */
static uint32_t check_insns(cw_checker *c)
{
    cw_reader *r = c->r;
    const uint8_t *p = r->at, *const end = r->end;
    const cw_features features = c->features;
    const cw_valtype address0 = c->m->n_memories == 0 ? CW_BOT : c->m->memories[0].is_64 ? CW_I64 : CW_I32;
    cw_valtype address = CW_I32;
    const uint32_t n_near = c->n_flat < 0x80 ? c->n_flat : 0x80; /* locals of one-byte index */
    uint32_t n_insns = 0;

    while (r->ok) {
        c->at = p;
        if (p == end) {
            cw_check_fail(c, "unexpected end of section or function: END opcode expected");
            break;
        }
        n_insns++;
        /* every third instruction is a local.get: not one for the branch predictor to find in the switch */
        if (*p == CW_CODE_LOCAL_GET && end - p > 1 && p[1] < n_near && c->marks[p[1]] == c->mark) {
            cw_check_push(c, c->locals[p[1]]);
            p += 2;
            continue;
        }
        uint32_t id = cw_op_ids[*p++];

    dispatch:
        switch (id) {
#define OP(id, code, name, imm, sig, align, feature) \
    case CW_OP_##id: \
        if (CW_FEATURE_##feature & ~features) \
            goto disabled; \
        if ((sig)[0] == '?') \
            goto own; \
        READ_##imm(align, (unsigned)CW_FEATURE_##feature) apply(c, sig, address); \
        break;
#include "core/opcodes.def"
#undef OP
        default:
            r->at = p;
            if (p[-1] >= 0xfb && p[-1] <= 0xfe) {
                uint8_t prefix = p[-1];
                uint32_t n = cw_read_u32(r);
                p = r->at;
                id = r->ok ? (uint32_t)cw_op_of_prefixed(prefix, n) : CW_OP_NONE;
                if (id != CW_OP_NONE)
                    goto dispatch;
                cw_check_fail(c, "illegal opcode %02x %02x", prefix, n);
            } else {
                cw_check_fail(c, "illegal opcode %02x", p[-1]);
            }
        }
        continue;

    own:
        switch (id) {
        case CW_OP_LOCAL_GET:
        case CW_OP_LOCAL_SET:
        case CW_OP_LOCAL_TEE: {
            uint32_t index = 0;
            if (p < end && *p < 0x80)
                index = *p++;
            else
                THROUGH_READER(index = cw_read_u32(r));
            if (!r->ok)
                break;
            if (index >= c->n_locals) {
                cw_check_fail(c, "unknown local %u: there are %u", index, c->n_locals);
                break;
            }
            cw_valtype t = index < c->n_flat ? c->locals[index] : cw_check_local_type(c, index);
            if (id == CW_OP_LOCAL_GET) {
                if (c->marks[index] != c->mark)
                    read_unset_local(c, index, t);
                cw_check_push(c, t);
            } else {
                cw_check_pop(c, t);
                set_local(c, index);
                if (id == CW_OP_LOCAL_TEE)
                    cw_check_push(c, t);
            }
            break;
        }
        default:
            THROUGH_READER(cw_check_control(c, (cw_op)id));
            if (c->n_frames == 0)
                return n_insns;
        }
        continue;

    disabled:
        cw_need_feature(r, c->at, features, cw_opcodes[id].feature);
    }
    return n_insns;
}

void cw_check_body(cw_checker *c, cw_reader *r, const cw_subtype *type, cw_func_body *body)
{
    if (!r->ok)
        return;
    c->r = r;
    c->at = r->at;
    c->body = body;
    body->code = r->at;

    c->top = c->floor = c->high = c->stack;
    c->n_frames = c->max_frames = 0;
    c->wide = c->max_wide = 0;
    cw_check_frame function = { .n_results = type->n_results, .results = type->results };
    if (!prepare_locals(c, type, body, cw_reader_left(r)) || !cw_check_push_frame(c, CW_OP_NONE, &function))
        return;

    body->n_insns = check_insns(c);
    if (r->ok && r->at != r->end)
        cw_reader_fail(r, NULL, "section size mismatch: %zu bytes after the end of the function", cw_reader_left(r));
    if (!r->ok)
        return;

    body->end = r->at;
    body->max_labels = c->max_frames;
    body->max_stack_values = (uint32_t)(c->high - c->stack);
    body->max_stack_slots = body->max_stack_values + c->max_wide; /* an upper bound where there are vectors */
}
