/* core/check_insn.c: parametric instructions, globals, tables, memories and references that are more than a signature
 * [core 3.4.3 - 3.4.9]. */
#include "core/check.h"
#include "core/read.h"

/* ---- indices ---- */

uint32_t cw_check_index(cw_checker *c, uint32_t n, const char *what)
{
    uint32_t index = cw_read_u32(c->r);
    if (c->r->ok && index >= n) {
        cw_check_fail(c, "unknown %s %u: there are %u", what, index, n);
        return 0;
    }
    return index;
}

cw_memtype *cw_check_memory(cw_checker *c)
{
    uint32_t index = cw_check_index(c, c->m->n_memories, "memory");
    return c->r->ok ? &c->m->memories[index] : NULL;
}

const cw_tabletype *cw_check_table(cw_checker *c)
{
    uint32_t index = cw_check_index(c, c->m->n_tables, "table");
    return c->r->ok ? &c->m->tables[index] : NULL;
}

uint32_t cw_check_data(cw_checker *c)
{
    if (!c->m->has_data_count)
        cw_check_fail(c, "data count section required");
    return cw_check_index(c, c->m->n_data, "data segment");
}

const cw_elem_segment *cw_check_elem(cw_checker *c)
{
    uint32_t index = cw_check_index(c, c->m->n_elems, "elem segment");
    return c->r->ok ? &c->m->elems[index] : NULL;
}

const cw_subtype *cw_check_type(cw_checker *c, int kind, const char *what)
{
    uint32_t index = cw_check_index(c, c->m->n_types, "type");
    if (!c->r->ok)
        return NULL;
    const cw_subtype *type = cw_types_get(c->types, c->m->type_ids[index]);
    if (kind >= 0 && type->kind != kind) {
        cw_check_fail(c, "type mismatch: type %u is no %s type", index, what);
        return NULL;
    }
    return type;
}

/* ---- parametric ---- */

static void check_select(cw_checker *c)
{
    char text[CW_TYPE_TEXT], other[CW_TYPE_TEXT];
    cw_check_pop(c, CW_I32);
    cw_valtype a = cw_check_pop_any(c), b = cw_check_pop_any(c);
    if (cw_is_ref(a) || cw_is_ref(b))
        cw_check_fail(c, "type mismatch: select of references needs their type, found %s",
                      cw_check_type_text(c, cw_is_ref(a) ? a : b, text));
    else if (a != b && a != CW_BOT && b != CW_BOT)
        cw_check_fail(c, "type mismatch: select of %s and %s", cw_check_type_text(c, b, text),
                      cw_check_type_text(c, a, other));
    cw_check_push(c, a == CW_BOT ? b : a);
}

static void check_select_typed(cw_checker *c)
{
    uint32_t n = cw_read_u32(c->r);
    if (n != 1)
        cw_check_fail(c, "invalid result arity: select of %u types", n);
    cw_valtype t = cw_read_valtype(c->r, c->m);
    cw_check_pop(c, CW_I32);
    cw_check_pop(c, t);
    cw_check_pop(c, t);
    cw_check_push(c, t);
}

/* ---- globals ---- */

static void check_global(cw_checker *c, cw_op op)
{
    uint32_t index = cw_check_index(c, c->m->n_globals, "global");
    if (!c->r->ok)
        return;
    const cw_globaltype *g = &c->m->globals[index];
    if (op == CW_OP_GLOBAL_GET) {
        cw_check_push(c, g->type);
        return;
    }
    if (!g->is_mutable)
        cw_check_fail(c, "immutable global %u: global is immutable", index);
    cw_check_pop(c, g->type);
}

/* ---- tables and memories ---- */

static cw_valtype address_of(const cw_limits *limits)
{
    return limits->is_64 ? CW_I64 : CW_I32;
}

static cw_valtype smaller_address(const cw_limits *a, const cw_limits *b)
{
    return a->is_64 && b->is_64 ? CW_I64 : CW_I32;
}

static void check_table_insn(cw_checker *c, cw_op op)
{
    const cw_tabletype *t = cw_check_table(c);
    if (!t)
        return;
    cw_valtype address = address_of(&t->limits);
    switch (op) {
    case CW_OP_TABLE_GET:
        cw_check_pop(c, address);
        cw_check_push(c, t->elem);
        break;
    case CW_OP_TABLE_SET:
        cw_check_pop(c, t->elem);
        cw_check_pop(c, address);
        break;
    case CW_OP_TABLE_SIZE: cw_check_push(c, address); break;
    case CW_OP_TABLE_GROW:
        cw_check_pop(c, address);
        cw_check_pop(c, t->elem);
        cw_check_push(c, address);
        break;
    default: /* table.fill */
        cw_check_pop(c, address);
        cw_check_pop(c, t->elem);
        cw_check_pop(c, address);
    }
}

static void fail_elem_type(cw_checker *c, cw_valtype have, cw_valtype want)
{
    char a[CW_TYPE_TEXT], b[CW_TYPE_TEXT];
    cw_check_fail(c, "type mismatch: elements of type %s for %s", cw_check_type_text(c, have, a),
                  cw_check_type_text(c, want, b));
}

static void check_table_init(cw_checker *c)
{
    const cw_elem_segment *e = cw_check_elem(c);
    const cw_tabletype *t = cw_check_table(c);
    if (!e || !t)
        return;
    if (!cw_valtype_matches(c->types, e->type, t->elem))
        fail_elem_type(c, e->type, t->elem);
    cw_check_pop(c, CW_I32);
    cw_check_pop(c, CW_I32);
    cw_check_pop(c, address_of(&t->limits));
}

static void check_table_copy(cw_checker *c)
{
    const cw_tabletype *to = cw_check_table(c), *from = cw_check_table(c);
    if (!to || !from)
        return;
    if (!cw_valtype_matches(c->types, from->elem, to->elem))
        fail_elem_type(c, from->elem, to->elem);
    cw_check_pop(c, smaller_address(&to->limits, &from->limits));
    cw_check_pop(c, address_of(&from->limits));
    cw_check_pop(c, address_of(&to->limits));
}

static void check_memory_copy(cw_checker *c)
{
    const cw_memtype *to = cw_check_memory(c), *from = cw_check_memory(c);
    if (!to || !from)
        return;
    cw_check_pop(c, smaller_address(to, from));
    cw_check_pop(c, address_of(from));
    cw_check_pop(c, address_of(to));
}

/* ---- references ---- */

void cw_check_ref_func(cw_checker *c, bool in_const)
{
    uint32_t index = cw_check_index(c, c->m->n_funcs, "function");
    if (!c->r->ok)
        return;
    if (in_const)
        c->m->func_flags[index] |= CW_FUNC_REFERENCED;
    else if (!(c->m->func_flags[index] & CW_FUNC_REFERENCED))
        cw_check_fail(c, "undeclared function reference %u", index);
    bool exact = index >= c->m->n_imported_funcs || (c->m->func_flags[index] & CW_FUNC_EXACT);
    cw_check_push(c, CW_REF_TYPE(c->m->func_types[index]) | (exact ? cw_check_exact(c) : 0));
}

static void check_ref_as_non_null(cw_checker *c)
{
    cw_valtype t = cw_check_pop_ref(c);
    cw_check_push(c, t == CW_BOT ? CW_REF(CW_HEAP_BOT) : t & ~CW_REF_NULL_BIT);
}

void cw_check_insn(cw_checker *c, cw_op op)
{
    switch (op) {
    case CW_OP_DROP: cw_check_pop_any(c); break;
    case CW_OP_SELECT: check_select(c); break;
    case CW_OP_SELECT_T: check_select_typed(c); break;
    case CW_OP_GLOBAL_GET:
    case CW_OP_GLOBAL_SET: check_global(c, op); break;
    case CW_OP_TABLE_GET:
    case CW_OP_TABLE_SET:
    case CW_OP_TABLE_GROW:
    case CW_OP_TABLE_SIZE:
    case CW_OP_TABLE_FILL: check_table_insn(c, op); break;
    case CW_OP_TABLE_INIT: check_table_init(c); break;
    case CW_OP_TABLE_COPY: check_table_copy(c); break;
    case CW_OP_MEMORY_COPY: check_memory_copy(c); break;
    case CW_OP_REF_NULL: cw_check_push(c, cw_read_heaptype(c->r, c->m, true)); break;
    case CW_OP_REF_IS_NULL:
        cw_check_pop_ref(c);
        cw_check_push(c, CW_I32);
        break;
    case CW_OP_REF_FUNC: cw_check_ref_func(c, false); break;
    case CW_OP_REF_AS_NON_NULL: check_ref_as_non_null(c); break;
    default: cw_check_gc(c, op);
    }
}
