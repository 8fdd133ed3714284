/* api/core.h: what the files of cwrun/core.h share: public objects are the interpreter's, and values pass between the
 * host's form and slots. */
#ifndef CW_API_CORE_H
#define CW_API_CORE_H

#include "component/runtime.h"

/* The public pointers are these objects. */
static inline cw_func *cw_core_func(const cwrun_core_func *f)
{
    return (cw_func *)(uintptr_t)f;
}
static inline cwrun_core_func *cw_core_public(const cw_func *f)
{
    return (cwrun_core_func *)(uintptr_t)f;
}
static inline const cw_subtype *cw_core_type(const cwrun_core_functype *t)
{
    return (const cw_subtype *)(const void *)t;
}
static inline cwrun_store *cw_func_store(const cw_func *f)
{
    return f->in->exec->store;
}
static inline cw_extern_kind cw_core_kind(uint8_t item_kind)
{
    return item_kind >= CWRUN_ITEM_CORE_FUNC && item_kind <= CWRUN_ITEM_CORE_TAG
               ? (cw_extern_kind)(item_kind - CWRUN_ITEM_CORE_FUNC)
               : CW_EXTERN_COUNT;
}

/* CWRUN_CORE_… of a type. */
uint8_t cw_core_type_kind(const cw_types *types, cw_valtype t);
/* Whether a word may stand for a type, or a function type belongs to the registry: those of the host may be anything.
 */
bool cw_core_is_type(cw_types *types, cwrun_core_type t);
bool cw_core_is_functype(cw_types *types, const cwrun_core_functype *t);
void cw_core_externtype(const cw_types *types, const cw_externtype *from, cwrun_externtype *to);
/* False where they make no type of a memory or (elem) table. */
bool cw_core_limits(const cwrun_core_limits *from, bool is_table, cw_limits *to);

/* Puts what *slot holds into *v and goes past it; false: out of memory. */
bool cw_core_from_slots(cwrun_store *s, cw_valtype t, const uint64_t **slot, cwrun_core_val *v);
/* Puts a value of the host into *slot and goes past it. NULL, or why it is no value of type t: *slot is then as before.
 */
const char *cw_core_to_slots(cwrun_store *s, cw_valtype t, const cwrun_core_val *v, uint64_t **slot);

/* The internal form of what the host gives; kind CW_EXTERN_COUNT for nothing. */
cw_extern cw_core_extern(const cwrun_extern *e);
cwrun_extern cw_core_extern_public(const cw_extern *e);
/* The store it belongs to; NULL for nothing. */
cwrun_store *cw_core_extern_store(const cw_extern *e);

/* The function of a linker's definition for one importing instance; NULL: it does not fit, or out of memory (err). */
cw_func *cw_core_host_func(cwrun_core_instance *in, const cw_definition *d, cw_type_id type, cwrun_error *err);
/* A function that traps with the import's name. */
cw_func *cw_core_stub_func(cwrun_core_instance *in, const cw_import *import, cw_type_id type, cwrun_error *err);
/* Runs a function on a thread of its own; slots (NULL where there are none) hold the arguments, then the results. */
bool cw_core_run(cwrun_store *s, cw_func *f, uint64_t *slots, uint32_t n_results, cwrun_error *err);

/* An export by name and kind, or an argument error that shows near names. */
bool cw_core_find(cwrun_core_instance *in, const char *name, uint8_t kind, cw_extern *e, cwrun_error *err);

#endif
