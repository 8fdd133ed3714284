/* component/items.c: the imports and exports of a component as the public cwrun_item shows them. */
#include "base/error.h"
#include "component/check_types.h"
#include "component/runtime.h"

static bool fill(cw_arena *a, cwrun_item *item, cwrun_str name, const cw_itype *type);

static cwrun_item *fill_list(cw_arena *a, const cw_item_list *list)
{
    cwrun_item *items = cw_arena_array(a, list->n, sizeof *items);
    for (uint32_t i = 0; items && i < list->n; i++)
        if (!fill(a, &items[i], list->items[i].name, list->items[i].type))
            return NULL;
    return items;
}

/* Recursion is bounded by the depth of types. */
static bool fill(cw_arena *a, cwrun_item *item, cwrun_str name, const cw_itype *type)
{
    item->name = name;
    switch (type->sort) {
    case CW_SORT_FUNC:
        item->kind = CWRUN_ITEM_FUNC;
        item->func = type->func;
        break;
    case CW_SORT_VALUE:
        item->kind = CWRUN_ITEM_VALUE;
        item->type = type->value;
        break;
    case CW_SORT_TYPE:
        item->kind = type->type->sort == CW_SORT_RESOURCE ? CWRUN_ITEM_RESOURCE : CWRUN_ITEM_TYPE;
        if (type->type->sort == CW_SORT_VALUE)
            item->type = type->type->value;
        break;
    case CW_SORT_INSTANCE:
        item->kind = CWRUN_ITEM_INSTANCE;
        item->n_items = type->exports.n;
        item->items = fill_list(a, &type->exports);
        return item->items || type->exports.n == 0;
    case CW_SORT_COMPONENT: item->kind = CWRUN_ITEM_COMPONENT; break;
    default: item->kind = CWRUN_ITEM_MODULE; break;
    }
    return true;
}

static const cwrun_item *all(cw_arena *a, const cw_component_extern *externs, uint32_t n)
{
    cwrun_item *items = cw_arena_array(a, n + 1u, sizeof *items);
    for (uint32_t i = 0; items && i < n; i++)
        if (!fill(a, &items[i], externs[i].name.text, externs[i].type))
            return NULL;
    return items;
}

bool cw_component_items(cwrun_component *c, cwrun_error *err)
{
    c->imports = all(&c->arena, c->root->imports, c->root->n_imports);
    c->exports = all(&c->arena, c->root->exports, c->root->n_exports);
    return (c->imports && c->exports) || cw_fail_oom(err);
}
