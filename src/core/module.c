/* core/module.c: looking things up in a module, and matching of imports  [core 3.3, 4.5.3]. */
#include "core/module.h"

#include <stdio.h>

#include "base/str.h"
#include "core/read.h"

/* ---- names ---- */

cwrun_str cw_name_find(const cw_name_map *map, uint32_t index)
{
    uint32_t low = 0, high = map->n;
    while (low < high) {
        uint32_t middle = low + (high - low) / 2;
        if (map->items[middle].index < index)
            low = middle + 1;
        else
            high = middle;
    }
    return low < map->n && map->items[low].index == index ? map->items[low].name : (cwrun_str){ NULL, 0 };
}

cwrun_str cw_module_name(const cw_module *m, cw_named_space what, uint32_t index)
{
    return cw_name_find(&m->names[what], index);
}

cwrun_str cw_module_func_name(const cw_module *m, uint32_t index, char out[24])
{
    const cwrun_str name = cw_module_name(m, CW_NAMES_FUNC, index);
    if (name.size)
        return name;

    for (uint32_t i = 0; i < m->n_exports; i++)
        if (m->exports[i].kind == CW_EXTERN_FUNC && m->exports[i].index == index)
            return m->exports[i].name;

    int n = snprintf(out, 24, "func[%u]", index);
    return (cwrun_str){ out, n > 0 ? (size_t)n : 0 };
}

/* ---- exports by name ---- */

static bool is_before(const cw_module *m, uint32_t a, uint32_t b)
{
    int order = cw_str_cmp(m->exports[a].name, m->exports[b].name);
    return order < 0 || (order == 0 && a < b);
}

/* Moves the element at `root` down a heap of n. */
static void sift_down(const cw_module *m, uint32_t root, uint32_t n)
{
    uint32_t *a = m->exports_by_name, moving = a[root];
    for (uint32_t child; (child = 2 * root + 1) < n; root = child) {
        if (child + 1 < n && is_before(m, a[child], a[child + 1]))
            child++;
        if (!is_before(m, moving, a[child]))
            break;
        a[root] = a[child];
    }
    a[root] = moving;
}

void cw_module_sort_exports(cw_module *m)
{
    uint32_t *a = m->exports_by_name, n = m->n_exports;
    for (uint32_t i = 0; i < n; i++)
        a[i] = i;
    for (uint32_t i = n / 2; i-- > 0;)
        sift_down(m, i, n);
    for (uint32_t last = n; last-- > 1;) {
        uint32_t first = a[0];
        a[0] = a[last];
        a[last] = first;
        sift_down(m, 0, last);
    }
}

const cw_export *cw_module_find_export(const cw_module *m, cwrun_str name)
{
    uint32_t low = 0, high = m->n_exports;
    while (low < high) {
        uint32_t middle = low + (high - low) / 2;
        const cw_export *e = &m->exports[m->exports_by_name[middle]];
        int order = cw_str_cmp(e->name, name);
        if (order == 0)
            return e;
        if (order < 0)
            low = middle + 1;
        else
            high = middle;
    }
    return NULL;
}

/* ---- types of imports and exports ---- */

cw_externtype cw_module_externtype(const cw_module *m, uint8_t kind, uint32_t index)
{
    cw_externtype t = { .kind = kind, .func = CW_NO_TYPE };
    switch ((cw_extern_kind)kind) {
    case CW_EXTERN_FUNC:
        t.func = m->func_types[index];
        t.is_exact = m->func_flags[index] & CW_FUNC_EXACT;
        break;
    case CW_EXTERN_TABLE: t.table = m->tables[index]; break;
    case CW_EXTERN_MEMORY: t.memory = m->memories[index]; break;
    case CW_EXTERN_GLOBAL: t.global = m->globals[index]; break;
    case CW_EXTERN_TAG: t.func = m->tags[index]; break;
    case CW_EXTERN_COUNT: break;
    }
    return t;
}

static bool limits_match(const cw_limits *have, const cw_limits *want)
{
    if (have->is_64 != want->is_64 || have->is_shared != want->is_shared)
        return false;
    return have->min >= want->min && (!want->has_max || (have->has_max && have->max <= want->max));
}

bool cw_externtype_matches(const cw_types *types, const cw_externtype *have, const cw_externtype *want)
{
    if (have->kind != want->kind)
        return false;

    cw_valtype h, w;
    switch ((cw_extern_kind)have->kind) {
    case CW_EXTERN_FUNC:
        return want->is_exact ? have->func == want->func : cw_subtype_of(types, have->func, want->func);
    case CW_EXTERN_TAG: return have->func == want->func;
    case CW_EXTERN_TABLE:
        return have->table.elem == want->table.elem && limits_match(&have->table.limits, &want->table.limits);
    case CW_EXTERN_MEMORY:
        return have->memory.page_log2 == want->memory.page_log2 && limits_match(&have->memory, &want->memory);
    case CW_EXTERN_GLOBAL:
        h = have->global.type;
        w = want->global.type;
        if (have->global.is_mutable != want->global.is_mutable)
            return false;
        return h == w || (!have->global.is_mutable && cw_valtype_matches(types, h, w));
    case CW_EXTERN_COUNT: break;
    }
    return false;
}
