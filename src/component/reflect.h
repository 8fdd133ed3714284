/* component/reflect.h: the public view of what core modules import and export (of components: items.c). */
#ifndef CW_COMPONENT_REFLECT_H
#define CW_COMPONENT_REFLECT_H

#include "component/check_types.h"

/* What cwrun_item.core points to: items of core modules. */
typedef struct cw_core_reflect {
    cw_externtype type;
    const cw_types *types;
} cw_core_reflect;

/* Arrays of m->n_imports and m->n_exports items; NULL where memory ran out. */
const cwrun_item *cw_reflect_module_imports(cw_arena *a, const cw_module *m);
const cwrun_item *cw_reflect_module_exports(cw_arena *a, const cw_module *m);

#endif
