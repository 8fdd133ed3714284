/* exec/translate_emit.c: the list of operations, and code out of it.
 *
 * The list is turned into code by taking, again and again, the longest sequence of operations that the trie of handlers
 * (ops.h) knows. Labels stand in the list and end a sequence, so that a branch never leads into the middle of one. */
#include "exec/code.h"
#include "exec/translate.h"

#include <string.h>

#include "base/error.h"

void cw_translate_oom(cw_translator *t)
{
    t->failed = true;
    cw_fail_oom(t->err);
}

uint32_t cw_emit_label_new(cw_translator *t)
{
    cw_label *label = CW_VEC_PUSH(&t->labels, t->a);
    if (!label) {
        cw_translate_oom(t);
        return 0;
    }
    *label = (cw_label){ CW_NO_POSITION, 0 };
    return t->labels.n - 1;
}

cw_ir *cw_emit_add(cw_translator *t, uint32_t op)
{
    if (t->n_ops++ >= t->max_ops && !t->failed) {
        t->failed = true;
        cw_fail(t->err, t->a, CWRUN_ERROR_LIMIT, CWRUN_LIMIT_INPUT,
                "a function grows beyond %u internal operations: too many branches and calls carry too many values",
                t->max_ops);
    }
    if (t->failed)
        t->ir.n = 0; /* the first place is there since the start */
    cw_ir *ir = CW_VEC_PUSH(&t->ir, t->a);
    if (!ir) {
        cw_translate_oom(t);
        t->ir.n = 1;
        ir = t->ir.items;
    }
    memset(ir, 0, sizeof *ir);
    ir->op = (uint16_t)op;
    ir->at = t->at;
    return ir;
}

cw_ir *cw_emit_add_before_last(cw_translator *t, uint32_t op)
{
    cw_ir *last = cw_emit_add(t, op);
    if (t->ir.n < 2)
        return last;
    const cw_ir added = *last;
    *last = last[-1];
    last[-1] = added;
    return last - 1;
}

void cw_emit_label(cw_translator *t, uint32_t label)
{
    cw_ir *ir = cw_emit_add(t, CW_IOP_NONE);
    ir->label = label;
}

static uint32_t key_of(const cw_ir *ir)
{
    return cw_op_key(ir->op, ir->kinds, ir->dst);
}

static unsigned field_size(const cw_ir *ir, unsigned o, char type)
{
    if (type >= '2' && type <= '8')
        return (unsigned)(type - '0');
    if (type == 'L')
        return 4;
    switch (ir->kinds >> (2 * o) & 3) {
    case CW_KIND_SLOT: return 2;
    case CW_KIND_CONST: return type == 'i' || type == 'f' ? 4 : 8;
    default: return 0;
    }
}

static void put_field(uint8_t *out, unsigned size, uint64_t value)
{
    if (size == 8) {
        memcpy(out, &value, 8);
    } else if (size == 4) {
        const uint32_t v = (uint32_t)value;
        memcpy(out, &v, 4);
    } else {
        const uint16_t v = (uint16_t)value;
        memcpy(out, &v, 2);
    }
}

/* The displacement from `origin`, the end of an instruction, to the label goes into the field, now or when the label's
 * place is known. */
static void put_displacement(cw_translator *t, uint32_t label, uint32_t field, uint32_t origin)
{
    cw_label *l = &t->labels.items[label];
    if (l->position != CW_NO_POSITION) {
        put_field(t->code.items + field, 4, (uint64_t)(int64_t)((int32_t)l->position - (int32_t)origin));
        return;
    }
    cw_fixup *fixup = CW_VEC_PUSH(&t->fixups, t->a);
    if (!fixup) {
        cw_translate_oom(t);
        return;
    }
    *fixup = (cw_fixup){ field, origin, l->fixup };
    l->fixup = t->fixups.n - 1;
}

static void place_label(cw_translator *t, uint32_t label)
{
    cw_label *l = &t->labels.items[label];
    l->position = t->code.n;
    if (t->find && t->find->listing)
        cw_disassemble_label(t, label);
    for (uint32_t f = l->fixup; f; f = t->fixups.items[f].next) {
        const cw_fixup *fixup = &t->fixups.items[f];
        put_field(t->code.items + fixup->field, 4, (uint64_t)(int64_t)((int32_t)l->position - (int32_t)fixup->origin));
    }
}

static bool reserve_code(cw_translator *t, size_t more)
{
    if (t->code.n > (1u << 30) || !CW_VEC_RESERVE(&t->code, t->a, more)) {
        cw_translate_oom(t);
        return false;
    }
    return true;
}

/* One instruction: the handler, then the fields of its n operations, the largest first, then in order of appearance (as
 * tools/gen_handlers.c lays them out). */
static void put_instruction(cw_translator *t, uint32_t handler, const cw_ir *ir, uint32_t n)
{
    unsigned n_of[9] = { 0 }; /* fields of 2, 4 and 8 bytes */
    for (uint32_t i = 0; i < n; i++) {
        const char *operands = cw_iops[ir[i].op].operands;
        for (unsigned o = 0; operands[o]; o++)
            n_of[field_size(&ir[i], o, operands[o])]++;
        n_of[2] += ir[i].dst & CW_DST_SLOT;
    }
    uint32_t at[9];
    const uint32_t start = t->code.n;
    at[8] = start + 8;
    at[4] = at[8] + 8 * n_of[8];
    at[2] = at[4] + 4 * n_of[4];
    const uint32_t used = at[2] + 2 * n_of[2], end = (used + 7) / 8 * 8;
    if (!reserve_code(t, end - start))
        return;
    uint8_t *code = t->code.items;
    t->code.n = end;
    put_field(code + start, 8, cw_handler_word(handler));
    memset(code + used, 0, end - used);
    for (uint32_t i = 0; i < n; i++) {
        const char *operands = cw_iops[ir[i].op].operands;
        for (unsigned o = 0; operands[o]; o++) {
            const unsigned size = field_size(&ir[i], o, operands[o]);
            if (size == 0)
                continue;
            if (operands[o] == 'L')
                put_displacement(t, ir[i].label, at[size], end);
            else
                put_field(code + at[size], size, ir[i].v[o]);
            at[size] += size;
        }
        if (ir[i].dst & CW_DST_SLOT) {
            put_field(code + at[2], 2, ir[i].slot);
            at[2] += 2;
        }
    }

    const cw_ir *last = &ir[n - 1];
    if (last->map) {
        cw_code_point *point = CW_VEC_PUSH(&t->points, t->a);
        if (!point) {
            cw_translate_oom(t);
            return;
        }
        *point = (cw_code_point){ end, last->map };
    }
    if (last->op == CW_IOP_BR_TABLE) {
        const uint32_t count = (uint32_t)last->v[1] + 1;
        const uint32_t bytes = (count * 4 + 7) / 8 * 8;
        if (!reserve_code(t, bytes))
            return;
        memset(t->code.items + end, 0, bytes);
        t->code.n += bytes;
        for (uint32_t i = 0; i < count; i++)
            put_displacement(t, t->table_labels.items[last->label + i], end + 4 * i, end);
    }

    if (t->find && t->find->listing)
        cw_disassemble_insn(t, start, ir, n);
    if (t->find && !t->find->at) {
        const uint64_t wanted = t->find->offset;
        if (t->find->is_return ? wanted == end : wanted / 8 * 8 == start) {
            const uint64_t sub = t->find->is_return ? n - 1 : wanted % 8;
            t->find->at = t->body->code + ir[sub < n ? sub : n - 1].at;
        }
    }
}

void cw_emit_flush(cw_translator *t)
{
    for (uint32_t i = 0; i < t->ir.n && !t->failed;) {
        if (t->ir.items[i].op == CW_IOP_NONE) {
            place_label(t, t->ir.items[i++].label);
            continue;
        }
        uint32_t node = 0, handler = 0, n = 0;
        for (uint32_t j = i; j < t->ir.n; j++) {
            node = cw_node_find(node, key_of(&t->ir.items[j]));
            if (!node)
                break;
            if (node < cw_n_handlers) {
                handler = node;
                n = j - i + 1;
            }
        }
        if (!handler) {
            cw_fail(t->err, t->a, CWRUN_ERROR_LIMIT, CWRUN_LIMIT_NONE,
                    "internal: no handler for %s, kinds 0x%x, destination %u", cw_iops[t->ir.items[i].op].name,
                    t->ir.items[i].kinds, t->ir.items[i].dst);
            t->failed = true;
            break;
        }
        put_instruction(t, handler, &t->ir.items[i], n);
        i += n;
    }
    t->ir.n = 0;
    t->table_labels.n = 0;
}
