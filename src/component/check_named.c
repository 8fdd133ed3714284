/* component/check_named.c: records, variants, enums, flags and resources in what is imported or exported must have an
 * externally visible name  [Explainer: External Visibility of Types].
 *
 * A type is named when the very type index that an import or export introduced is used; so names belong to nodes, not
 * to structures, and a set of nodes per scope holds them. */
#include "component/read.h"

static bool has_name(const cw_scope *s, const void *node, uint8_t side)
{
    const uint64_t *marks = cw_ptrmap_find(&s->named, cw_ptr_key(node));
    return marks && (*marks & side);
}

static bool spend(cw_loader *l)
{
    if (l->walk_budget == 0) {
        cw_report_limits(l, l->r->at, false, true);
        return false;
    }
    l->walk_budget--;
    return true;
}

static bool is_named(cw_loader *l, const cwrun_type *t, uint8_t side);

static bool parts_named(cw_loader *l, const cwrun_type *t, uint8_t side)
{
    for (uint32_t i = 0; i < t->n_fields; i++)
        if (t->fields[i].type && !is_named(l, t->fields[i].type, side))
            return false;
    return !t->elem || is_named(l, t->elem, side);
}

static bool is_named(cw_loader *l, const cwrun_type *t, uint8_t side)
{
    if (!spend(l))
        return false;
    switch (t->kind) {
    case CWRUN_KIND_RECORD:
    case CWRUN_KIND_VARIANT:
    case CWRUN_KIND_ENUM:
    case CWRUN_KIND_FLAGS: return has_name(l->scope, t, side);
    case CWRUN_KIND_OWN:
    case CWRUN_KIND_BORROW: return has_name(l->scope, t->resource_type, side);
    default: return parts_named(l, t, side);
    }
}

static bool func_named(cw_loader *l, const cw_functype *f, uint8_t side)
{
    return parts_named(l, f->param_tuple, side) && (!f->result || is_named(l, f->result, side));
}

/* What a type that is itself being named refers to. */
static bool described_named(cw_loader *l, const cw_itype *t, uint8_t side)
{
    if (!spend(l))
        return false;
    switch (t->sort) {
    case CW_SORT_FUNC: return func_named(l, t->func, side);
    case CW_SORT_VALUE:
        if (t->value->kind == CWRUN_KIND_OWN || t->value->kind == CWRUN_KIND_BORROW)
            return is_named(l, t->value, side);
        return parts_named(l, t->value, side);
    case CW_SORT_INSTANCE:
        for (uint32_t i = 0; i < t->exports.n; i++) {
            const cw_itype *item = t->exports.items[i].type;
            if (!described_named(l, item->sort == CW_SORT_TYPE ? item->type : item, side))
                return false;
        }
        return true;
    default: return true; /* resources are named by this; components and modules are closed */
    }
}

static bool name_thing(cw_loader *l, const cw_itype *t, uint8_t side)
{
    if (!spend(l))
        return false;
    switch (t->sort) {
    case CW_SORT_FUNC: return func_named(l, t->func, side);
    case CW_SORT_VALUE: return is_named(l, t->value, side);
    case CW_SORT_INSTANCE:
        for (uint32_t i = 0; i < t->exports.n; i++)
            if (!name_thing(l, t->exports.items[i].type, side))
                return false;
        return true;
    case CW_SORT_TYPE: {
        if (!described_named(l, t->type, side))
            return false;
        const void *node = t->type->sort == CW_SORT_VALUE ? (const void *)t->type->value : t->type;
        uint64_t *marks = cw_ptrmap_put(&l->scope->named, l->alloc, cw_ptr_key(node));
        if (marks)
            *marks |= side == CW_NAMED_IMPORT ? CW_NAMED_IMPORT | CW_NAMED_EXPORT : CW_NAMED_EXPORT;
        else
            cw_reader_oom(l->r);
        return true;
    }
    default: return true;
    }
}

void cw_check_named(cw_loader *l, const uint8_t *at, const cw_itype *type, bool is_import)
{
    if (!l->r->ok || l->scope->kind == CW_SCOPE_INSTANCE_TYPE)
        return;
    if (!name_thing(l, type, is_import ? CW_NAMED_IMPORT : CW_NAMED_EXPORT) && l->r->ok)
        cw_reader_fail(l->r, at, "%s not valid to be used as %s: it refers to a type that has no external name here",
                       cw_sort_name(type->sort), is_import ? "import" : "export");
}
