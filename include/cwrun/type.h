/* cwrun/type.h: reflection of component-level types.
 *
 * A cwrun_type belongs to its component (or to the library, for primitives): it lives as long as that and is never
 * freed. */
#ifndef CWRUN_TYPE_H
#define CWRUN_TYPE_H

#include "cwrun/base.h"

#ifdef __cplusplus
extern "C" {
#endif

typedef struct cwrun_type cwrun_type;

enum { /* kinds of value types */
       CWRUN_KIND_BOOL = 1,
       CWRUN_KIND_S8,
       CWRUN_KIND_U8,
       CWRUN_KIND_S16,
       CWRUN_KIND_U16,
       CWRUN_KIND_S32,
       CWRUN_KIND_U32,
       CWRUN_KIND_S64,
       CWRUN_KIND_U64,
       CWRUN_KIND_F32,
       CWRUN_KIND_F64,
       CWRUN_KIND_CHAR,
       CWRUN_KIND_STRING,
       CWRUN_KIND_LIST,
       CWRUN_KIND_FIXED_LIST,
       CWRUN_KIND_MAP,
       CWRUN_KIND_RECORD,
       CWRUN_KIND_TUPLE,
       CWRUN_KIND_VARIANT,
       CWRUN_KIND_ENUM,
       CWRUN_KIND_OPTION,
       CWRUN_KIND_RESULT,
       CWRUN_KIND_FLAGS,
       CWRUN_KIND_OWN,
       CWRUN_KIND_BORROW,
       CWRUN_KIND_STREAM,
       CWRUN_KIND_FUTURE,
       CWRUN_KIND_ERROR_CONTEXT
};

CWRUN_API uint8_t cwrun_type_kind(const cwrun_type *type);
/* "u32", "list", "record" …: the word WIT uses for a kind. */
CWRUN_API const char *cwrun_kind_name(uint8_t kind);
/* The name it is exported or imported under; empty where it has none. */
CWRUN_API cwrun_str cwrun_type_name(const cwrun_type *type);
/* Fields of a record or tuple, cases of a variant, labels of an enum or flags; 2 for option (none, some) and result
 * (ok, error). */
CWRUN_API uint32_t cwrun_type_n_fields(const cwrun_type *type);
CWRUN_API cwrun_str cwrun_type_field_name(const cwrun_type *type, uint32_t i);
/* NULL where a case has no payload, or i is out of range. */
CWRUN_API const cwrun_type *cwrun_type_field(const cwrun_type *type, uint32_t i);
/* Element type of a list, fixed-length list, map (a tuple), option (its payload), stream or future; NULL otherwise. */
CWRUN_API const cwrun_type *cwrun_type_elem(const cwrun_type *type);
/* Length of a fixed-length list, else 0. */
CWRUN_API uint32_t cwrun_type_length(const cwrun_type *type);
/* Size and alignment of its layout in C (see cwrun/value.h). */
CWRUN_API size_t cwrun_type_size(const cwrun_type *type);
CWRUN_API size_t cwrun_type_align(const cwrun_type *type);
/* Prints as WIT: "list<tuple<string, u32>>"; named types by name, unless `expand` asks for the outermost one's
 * definition. */
CWRUN_API bool cwrun_type_print(const cwrun_type *type, bool expand, cwrun_write_fn write, void *user);

/* The constant type of a primitive kind (bool … string); NULL otherwise. */
CWRUN_API const cwrun_type *cwrun_type_primitive(uint8_t kind);

/* ---- what a component imports and exports ---- */

typedef struct cwrun_functype cwrun_functype;

CWRUN_API uint32_t cwrun_functype_n_params(const cwrun_functype *type);
CWRUN_API cwrun_str cwrun_functype_param_name(const cwrun_functype *type, uint32_t i);
CWRUN_API const cwrun_type *cwrun_functype_param(const cwrun_functype *type, uint32_t i);
/* NULL: no result. */
CWRUN_API const cwrun_type *cwrun_functype_result(const cwrun_functype *type);
CWRUN_API bool cwrun_functype_is_async(const cwrun_functype *type);
/* "func(a: s32, b: s32) -> s32" */
CWRUN_API bool cwrun_functype_print(const cwrun_functype *type, cwrun_write_fn write, void *user);

enum { /* kinds of imports and exports, of components and of core modules */
       CWRUN_ITEM_FUNC = 1,
       CWRUN_ITEM_INSTANCE,
       CWRUN_ITEM_COMPONENT,
       CWRUN_ITEM_TYPE, /* a value type */
       CWRUN_ITEM_RESOURCE,
       CWRUN_ITEM_VALUE,
       CWRUN_ITEM_MODULE,
       CWRUN_ITEM_CORE_FUNC,
       CWRUN_ITEM_CORE_TABLE,
       CWRUN_ITEM_CORE_MEMORY,
       CWRUN_ITEM_CORE_GLOBAL,
       CWRUN_ITEM_CORE_TAG
};

/* One import or export. Nested items of an instance are reached by cwrun_item_nested. */
typedef struct cwrun_item {
    uint8_t kind;
    cwrun_str name;             /* "add", "wasi:cli/run@0.2.0"; core imports: "module" in `module`, the field here */
    cwrun_str module;           /* core imports only */
    const cwrun_functype *func; /* FUNC */
    const cwrun_type *type;     /* TYPE, VALUE */
    uint32_t n_items;           /* INSTANCE: what it contains */
    const struct cwrun_item *items;
    const void *core; /* CORE_…: private; printed by cwrun_item_print */
} cwrun_item;

/* One line (or an indented block, for instances) of WIT-like text. */
CWRUN_API bool cwrun_item_print(const cwrun_item *item, unsigned indent, cwrun_write_fn write, void *user);

#ifdef __cplusplus
}
#endif
#endif
