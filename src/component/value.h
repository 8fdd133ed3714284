/* component/value.h: values in the host's layout, for code inside the library (the public side is cwrun/value.h). */
#ifndef CW_COMPONENT_VALUE_H
#define CW_COMPONENT_VALUE_H

#include "component/types.h"
#include "cwrun/value.h"

/* The value of `t` whose host-layout bytes are at `data`: scalars and strings are loaded (any alignment), the rest
 * points there. */
cwrun_val cw_val_load(const cwrun_type *t, const void *data);

/* The discriminant of a variant-like value, or the bits of flags, at its host-layout bytes. */
uint32_t cw_load_disc(const cwrun_type *t, const void *data);
void cw_store_disc(const cwrun_type *t, void *data, uint32_t value);

/* Whether a value can be looked at: its type, if there is one, is of its kind, and where bytes should be there is no
 * NULL. The parts of a value of the embedder's own making may be wrong all the same. */
bool cw_val_is_sound(const cwrun_val *v);

#endif
