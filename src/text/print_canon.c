/* text/print_canon.c: canonical definitions as text, by the table of component/canon.def  [Binary.md: Canonical
 * Definitions]. */
#include "component/canon.h"
#include "text/print_component.h"

static void print_option(cw_printer *p)
{
    static const struct {
        const char *words;
        uint8_t sort; /* of the index that follows, or CW_TEXT_SORTS */
    } options[] = {
        { " string-encoding=utf8", CW_TEXT_SORTS },
        { " string-encoding=utf16", CW_TEXT_SORTS },
        { " string-encoding=latin1+utf16", CW_TEXT_SORTS },
        { " (memory ", CW_TEXT_CORE_MEMORY },
        { " (realloc ", CW_TEXT_CORE_FUNC },
        { " (post-return ", CW_TEXT_CORE_FUNC },
        { " async", CW_TEXT_SORTS },
        { " (callback ", CW_TEXT_CORE_FUNC },
        { " (core-type ", CW_TEXT_CORE_TYPE },
        { " gc", CW_TEXT_SORTS },
    };
    cw_reader *r = p->r;
    const uint8_t *at = r->at;
    uint8_t code = cw_read_u8(r);
    if (r->ok && code >= sizeof options / sizeof *options) {
        cw_reader_fail(r, at, "invalid leading byte 0x%02x for a canonical option", code);
        return;
    }
    cw_put_text(p, options[code].words);
    if (options[code].sort == CW_TEXT_SORTS)
        return;
    cw_print_thing(p, options[code].sort, cw_read_u32(r));
    CW_PUT(p, ")");
}

static void print_options(cw_printer *p)
{
    uint32_t n = cw_read_count(p->r, UINT32_MAX, "canonical options");
    for (uint32_t i = 0; i < n && p->r->ok; i++)
        print_option(p);
}

static void print_flag(cw_printer *p, const char *word)
{
    const uint8_t *at = p->r->at;
    uint8_t flag = cw_read_u8(p->r);
    if (p->r->ok && flag > 1)
        cw_reader_fail(p->r, at, "invalid leading byte 0x%02x for a flag", flag);
    if (flag)
        cw_put_text(p, word);
}

static void print_index(cw_printer *p, uint8_t sort)
{
    CW_PUT(p, " ");
    cw_print_thing(p, sort, cw_read_u32(p->r));
}

static void print_immediates(cw_printer *p, uint8_t immediates)
{
    cw_reader *r = p->r;
    switch ((cw_canon_imm)immediates) {
    case CW_CANON_IMM_RESOURCE:
    case CW_CANON_IMM_STREAM:
    case CW_CANON_IMM_FUTURE: print_index(p, CW_TEXT_TYPE); break;
    case CW_CANON_IMM_STREAM_OPTS:
    case CW_CANON_IMM_FUTURE_OPTS:
        print_index(p, CW_TEXT_TYPE);
        print_options(p);
        break;
    case CW_CANON_IMM_STREAM_ASYNC:
    case CW_CANON_IMM_FUTURE_ASYNC:
        print_index(p, CW_TEXT_TYPE);
        print_flag(p, " async");
        break;
    case CW_CANON_IMM_ASYNC: print_flag(p, " async"); break;
    case CW_CANON_IMM_RESULT_OPTS:
        cw_print_results(p);
        print_options(p);
        break;
    case CW_CANON_IMM_OPTS: print_options(p); break;
    case CW_CANON_IMM_CONTEXT:
        CW_PUT(p, " ");
        cw_print_valtype(p);
        CW_PUT(p, " ");
        cw_put_u64(p, cw_read_u32(r));
        break;
    case CW_CANON_IMM_CANCEL: print_flag(p, " cancellable"); break;
    case CW_CANON_IMM_CANCEL_MEMORY:
        print_flag(p, " cancellable");
        CW_PUT(p, " (memory ");
        cw_print_thing(p, CW_TEXT_CORE_MEMORY, cw_read_u32(r));
        CW_PUT(p, ")");
        break;
    case CW_CANON_IMM_FUNC: print_index(p, CW_TEXT_CORE_TYPE); break;
    case CW_CANON_IMM_FUNC_TABLE:
        print_index(p, CW_TEXT_CORE_TYPE);
        print_index(p, CW_TEXT_CORE_TABLE);
        break;
    case CW_CANON_IMM_NONE:
    case CW_CANON_IMM_LIFT:
    case CW_CANON_IMM_LOWER: break;
    }
}

static void read_zero(cw_printer *p)
{
    const uint8_t *at = p->r->at;
    uint8_t byte = cw_read_u8(p->r);
    if (p->r->ok && byte)
        cw_reader_fail(p->r, at, "invalid leading byte 0x%02x for a canonical function", byte);
}

/* The type stands last in the binary and first in the text: it is put in between. */
static void print_lift(cw_printer *p)
{
    CW_PUT(p, "(func");
    cw_print_define(p, CW_TEXT_FUNC);
    read_zero(p);
    size_t start = p->out.size;
    p->captured++;
    CW_PUT(p, " (canon lift ");
    cw_print_item(p, CW_TEXT_CORE_FUNC, cw_read_u32(p->r));
    print_options(p);
    CW_PUT(p, "))");
    size_t middle = p->out.size;
    CW_PUT(p, " (type ");
    cw_print_thing(p, CW_TEXT_TYPE, cw_read_u32(p->r));
    CW_PUT(p, ")");
    p->captured--;
    cw_put_swap(p, start, middle);
}

void cw_print_canon(cw_printer *p)
{
    cw_reader *r = p->r;
    const uint8_t *at = r->at;
    cw_put_line(p, at);
    uint8_t code = cw_read_u8(r);
    const cw_canon id = cw_canon_of_code(code);
    if (!r->ok || id == CW_CANON_COUNT) {
        cw_reader_fail(r, at, "invalid leading byte 0x%02x for a canonical function", code);
        return;
    }
    if (cw_canons[id].imm == CW_CANON_IMM_LIFT) {
        print_lift(p);
        return;
    }
    CW_PUT(p, "(core func");
    cw_print_define(p, CW_TEXT_CORE_FUNC);
    CW_PUT(p, " (canon ");
    cw_put_text(p, cw_canons[id].name);
    if (cw_canons[id].imm == CW_CANON_IMM_LOWER) {
        read_zero(p);
        CW_PUT(p, " ");
        cw_print_item(p, CW_TEXT_FUNC, cw_read_u32(r));
        print_options(p);
    } else {
        print_immediates(p, cw_canons[id].imm);
    }
    CW_PUT(p, "))");
}
