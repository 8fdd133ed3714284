/* exec/disassemble.c: the internal code of a function as text, for work on the engine.
 *
 * It is the list of operations as translation turns it into code, told instruction by instruction: nothing has to be
 * decoded, and destinations of branches are labels. A handler's name is that of tools/gen_handlers.c. */
#include <inttypes.h>

#include "base/error.h"
#include "base/str.h"
#include "exec/translate.h"

static bool is_value(char operand)
{
    return operand != 'L' && !(operand >= '2' && operand <= '8');
}

/* "I32_ADD_sk_a__I32_LOAD_a_s" */
static void print_handler(cw_text *out, const cw_ir *ir, uint32_t n)
{
    for (uint32_t i = 0; i < n; i++) {
        const char *operands = cw_iops[ir[i].op].operands, *between = "_";
        cw_text_printf(out, "%s%s", i ? "__" : "", cw_iops[ir[i].op].name);
        for (unsigned o = 0; operands[o]; o++)
            if (is_value(operands[o])) {
                cw_text_printf(out, "%s%c", between, "-sak"[ir[i].kinds >> (2 * o) & 3]);
                between = "";
            }
        if (ir[i].dst)
            cw_text_printf(out, "_%c", "-sab"[ir[i].dst]);
    }
}

static void print_operand(cw_text *out, const cw_ir *ir, unsigned o, char type)
{
    if (type == 'L') {
        cw_text_printf(out, " L%" PRIu32, ir->label);
        return;
    }
    switch (is_value(type) ? ir->kinds >> (2 * o) & 3 : (unsigned)CW_KIND_NONE) {
    case CW_KIND_SLOT: cw_text_printf(out, " s%" PRIu64, ir->v[o]); break;
    case CW_KIND_ACC: cw_text_puts(out, " a"); break;
    case CW_KIND_CONST: cw_text_printf(out, " #0x%" PRIx64, ir->v[o]); break;
    default: cw_text_printf(out, " %" PRIu64, ir->v[o]);
    }
}

static void print_operands(cw_translator *t, cw_text *out, const cw_ir *ir)
{
    static const char *const to[] = { "", " -> s%u", " -> a", " -> a s%u" };
    const char *operands = cw_iops[ir->op].operands;
    for (unsigned o = 0; operands[o]; o++)
        print_operand(out, ir, o, operands[o]);
    if (ir->op == CW_IOP_BR_TABLE)
        for (uint32_t i = 0; i <= (uint32_t)ir->v[1]; i++)
            cw_text_printf(out, "%s L%" PRIu32, i ? "" : " ->", t->table_labels.items[ir->label + i]);
    if (ir->dst & CW_DST_SLOT)
        cw_text_printf(out, to[ir->dst], (unsigned)ir->slot);
    else
        cw_text_puts(out, to[ir->dst]);
}

void cw_disassemble_label(cw_translator *t, uint32_t label)
{
    cw_text_printf(t->find->listing, "L%" PRIu32 ":\n", label);
}

void cw_disassemble_insn(cw_translator *t, uint32_t at, const cw_ir *ir, uint32_t n)
{
    cw_text *out = t->find->listing;
    cw_text_printf(out, "%6" PRIx32 "  0x%-6zx ", at, (size_t)(t->body->code + ir->at - t->m->file_start));
    print_handler(out, ir, n);
    for (uint32_t i = 0; i < n; i++) {
        cw_text_puts(out, i ? " ;" : " ");
        print_operands(t, out, &ir[i]);
    }
    cw_text_puts(out, "\n");
}

bool cw_disassemble(cw_module *m, uint32_t func, const cw_alloc *a, cw_code_options options, cw_text *out,
                    cwrun_error *err)
{
    cw_translate_find find = { .offset = UINT64_MAX, .listing = out };
    uint8_t *block = cw_translate(m, func, a, options, &find, err);
    if (!block)
        return false;
    cw_free(a, block, ((const cw_code_header *)(const void *)block)->size);
    return !out->oom || cw_fail_oom(err);
}
