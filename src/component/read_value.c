/* component/read_value.c: value definitions and the start function  [Binary.md: Value Definitions, Start Definitions].
 *
 * Values are decoded to check them; nothing is kept but where they stand, since they are not executed yet. */
#include "component/read.h"

static void check_val(cw_loader *l, const cwrun_type *t);

static int64_t read_signed_within(cw_loader *l, unsigned bits)
{
    const uint8_t *at = l->r->at;
    int64_t v = bits == 64 ? cw_read_s64(l->r) : cw_read_s32(l->r);
    if (l->r->ok && bits < 32 && (v < -(INT64_C(1) << (bits - 1)) || v >= INT64_C(1) << (bits - 1)))
        cw_reader_fail(l->r, at, "integer is too large for s%u", bits);
    return v;
}

static void read_case_index(cw_loader *l, const cwrun_type *t)
{
    const uint8_t *at = l->r->at;
    uint32_t index = cw_read_u32(l->r);
    if (l->r->ok && index >= t->n_fields)
        cw_reader_fail(l->r, at, "invalid variant discriminant %u: there are %u cases", index, t->n_fields);
    if (l->r->ok && t->fields[index].type)
        check_val(l, t->fields[index].type);
}

static void read_tagged(cw_loader *l, const cwrun_type *t)
{
    const uint8_t *at = l->r->at;
    uint8_t tag = cw_read_u8(l->r);
    if (l->r->ok && tag > 1)
        cw_reader_fail(l->r, at, "invalid discriminant 0x%02x of an option or result", tag);
    if (l->r->ok && t->fields[tag].type)
        check_val(l, t->fields[tag].type);
}

static void read_float(cw_loader *l, unsigned bits)
{
    const uint8_t *at = l->r->at;
    uint64_t v = bits == 32 ? cw_read_fixed32(l->r) : cw_read_fixed64(l->r);
    uint64_t exponent = bits == 32 ? 0x7f800000u : UINT64_C(0x7ff0000000000000);
    uint64_t canonical = bits == 32 ? 0x7fc00000u : UINT64_C(0x7ff8000000000000);
    uint64_t magnitude = bits == 32 ? v & 0x7fffffffu : v & INT64_MAX;
    if (l->r->ok && magnitude > exponent && v != canonical)
        cw_reader_fail(l->r, at, "a nan must be the canonical nan");
}

static void read_char(cw_loader *l)
{
    static const uint8_t sizes[16] = { 1, 1, 1, 1, 1, 1, 1, 1, 0, 0, 0, 0, 2, 2, 3, 4 };
    cw_reader *r = l->r;
    const uint8_t *at = r->at;
    size_t n = cw_reader_left(r) ? sizes[*at >> 4] : 1;
    const uint8_t *bytes = cw_read_bytes(r, n ? n : 1);
    if (bytes && (n == 0 || !cw_utf8_valid(bytes, n, NULL)))
        cw_reader_fail(r, at, "malformed UTF-8 encoding");
}

static void read_flags_value(cw_loader *l, const cwrun_type *t)
{
    const uint8_t *at = l->r->at;
    uint32_t n = (t->n_fields + 7) / 8;
    const uint8_t *bytes = cw_read_bytes(l->r, n);
    if (bytes && t->n_fields % 8 && bytes[n - 1] >> (t->n_fields % 8))
        cw_reader_fail(l->r, at, "undefined flag bits are set");
}

static void check_val(cw_loader *l, const cwrun_type *t)
{
    cw_reader *r = l->r;
    const uint8_t *at = r->at;
    uint32_t n;
    if (!r->ok)
        return;
    switch (t->kind) {
    case CWRUN_KIND_BOOL:
        if (cw_read_u8(r) > 1)
            cw_reader_fail(r, at, "invalid boolean 0x%02x", *at);
        break;
    case CWRUN_KIND_U8:
    case CWRUN_KIND_S8: cw_read_u8(r); break;
    case CWRUN_KIND_S16: read_signed_within(l, 16); break;
    case CWRUN_KIND_S32: read_signed_within(l, 32); break;
    case CWRUN_KIND_S64: read_signed_within(l, 64); break;
    case CWRUN_KIND_U16:
        if (cw_read_u32(r) > UINT16_MAX)
            cw_reader_fail(r, at, "integer is too large for u16");
        break;
    case CWRUN_KIND_U32: cw_read_u32(r); break;
    case CWRUN_KIND_U64: cw_read_u64(r); break;
    case CWRUN_KIND_F32: read_float(l, 32); break;
    case CWRUN_KIND_F64: read_float(l, 64); break;
    case CWRUN_KIND_CHAR: read_char(l); break;
    case CWRUN_KIND_STRING: cw_read_name(r); break;
    case CWRUN_KIND_RECORD:
    case CWRUN_KIND_TUPLE:
        for (uint32_t i = 0; i < t->n_fields && r->ok; i++)
            check_val(l, t->fields[i].type);
        break;
    case CWRUN_KIND_VARIANT:
    case CWRUN_KIND_ENUM: read_case_index(l, t); break;
    case CWRUN_KIND_OPTION:
    case CWRUN_KIND_RESULT: read_tagged(l, t); break;
    case CWRUN_KIND_FLAGS: read_flags_value(l, t); break;
    case CWRUN_KIND_LIST:
    case CWRUN_KIND_MAP:
    case CWRUN_KIND_FIXED_LIST: /* every value takes a byte at least, so that the input bounds this */
        n = t->kind == CWRUN_KIND_FIXED_LIST ? t->length : cw_read_count(r, UINT32_MAX, "elements");
        for (uint32_t i = 0; i < n && r->ok; i++)
            check_val(l, t->elem);
        break;
    default: cw_reader_fail(r, at, "there are no value definitions of type %s", cwrun_kind_name(t->kind));
    }
}

void cw_read_value(cw_loader *l)
{
    const uint8_t *at = l->r->at;
    const cwrun_type *t = cw_read_component_valtype(l);
    uint32_t size = cw_read_u32(l->r);
    const uint8_t *end = cw_reader_enter(l->r, size, "value");
    if (t)
        check_val(l, t);
    cw_reader_leave(l->r, end, "value");
    if (!l->r->ok)
        return;
    cw_add_def(l, CW_DEF_VALUE, CW_SORT_VALUE, at);
    CW_SCOPE_ADD(l, &l->scope->values, ((cw_value_entry){ t, false }));
    l->scope->component->needs_values = true;
}

/* ---- start ---- */

static void check_start_arg(cw_loader *l, const uint8_t *at, const cw_functype *f, uint32_t i, uint32_t value_index)
{
    const cw_value_entry *v = cw_value_at(l, at, value_index);
    if (!v)
        return;
    cw_matcher m;
    cw_matcher_init(&m, l->alloc, l->config->types, NULL);
    m.budget = l->walk_budget;
    bool ok = cw_match_value(&m, v->type, f->params[i].type);
    l->walk_budget = m.budget;
    if (!ok && !cw_report_limits(l, at, m.oom, m.too_much))
        cw_reader_fail(l->r, at, "type mismatch for component start function argument %u", i);
    cw_matcher_fini(&m);
}

void cw_read_component_start(cw_loader *l)
{
    cw_reader *r = l->r;
    cw_scope *s = l->scope;
    const uint8_t *at = r->at;
    uint32_t index = cw_read_u32(r);
    const cw_functype *f = cw_func_at(l, at, index);
    if (f && s->has_start)
        cw_reader_fail(r, at, "component cannot have more than one start function");
    s->has_start = true;

    const uint8_t *args_at = r->at;
    uint32_t n = cw_read_count(r, CW_MAX_PARAMS, "start function arguments");
    uint32_t *args = CW_READ_ARRAY(r, n, uint32_t);
    for (uint32_t i = 0; i < n && r->ok; i++)
        args[i] = cw_read_u32(r);
    if (r->ok && n != f->n_params)
        cw_reader_fail(r, args_at, "component start function requires %u arguments but was given %u", f->n_params, n);
    for (uint32_t i = 0; i < n && r->ok; i++)
        check_start_arg(l, args_at, f, i, args[i]);

    const uint8_t *results_at = r->at;
    uint32_t n_results = cw_read_u32(r);
    if (r->ok && n_results > CW_MAX_PARAMS)
        cw_reader_fail(r, results_at, "start function results size is out of bounds");
    else if (r->ok && n_results != (f->result ? 1u : 0u))
        cw_reader_fail(r, results_at, "component start function has a result count of %u but the function type has %u",
                       n_results, f->result ? 1u : 0u);
    if (!r->ok)
        return;

    s->component->needs_values = true;
    cw_def *def = cw_add_def(l, CW_DEF_START, CW_SORT_VALUE, at);
    def->of.start.func = index;
    def->of.start.n_args = n;
    def->of.start.args = args;
    def->of.start.n_results = n_results;
    if (f->result)
        CW_SCOPE_ADD(l, &s->values, ((cw_value_entry){ f->result, false }));
}
