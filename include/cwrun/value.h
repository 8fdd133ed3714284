/* cwrun/value.h: component values as C sees them, and as text.
 *
 * The one idea: the host is one more memory. The bytes of a WIT value in C are its Canonical ABI layout with native
 * pointers: a record is a struct, a variant a tag and a union, list and string {pointer, length}, option and result are
 * variants (tag uint8_t is_some / is_err), an enum uint8_t/16/32 by number of labels, flags an unsigned integer, a
 * handle a uint32_t, a map a list of {key, value}. A cwrun_val is a type with a scalar in itself or a pointer to such
 * bytes. */
#ifndef CWRUN_VALUE_H
#define CWRUN_VALUE_H

#include "cwrun/type.h"

#ifdef __cplusplus
extern "C" {
#endif

typedef uint32_t cwrun_handle; /* own, borrow: 0 is none; stale ones are found out by generation bits */

/* A value. Scalars stand in `of`; strings as a view; everything else is `of.data`, pointing to cwrun_type_size(type)
 * bytes. It owns nothing: what it points to lives in an arena or in the host's own memory. */
typedef struct cwrun_val {
    uint8_t kind;           /* CWRUN_KIND_…; 0: no value (a function without result) */
    const cwrun_type *type; /* NULL is allowed for scalars and strings */
    union {
        bool boolean;
        int8_t s8;
        uint8_t u8;
        int16_t s16;
        uint16_t u16;
        int32_t s32;
        uint32_t u32;
        int64_t s64;
        uint64_t u64;
        float f32;
        double f64;
        uint32_t ch; /* a Unicode scalar value */
        cwrun_str string;
        cwrun_handle handle; /* own, borrow */
        const void *data;    /* list, record, tuple, variant, enum, option, result, flags, map */
    } of;
} cwrun_val;

#define CWRUN_VAL_MAKER(name, KIND, ctype, member) \
    static inline cwrun_val cwrun_##name(ctype value) \
    { \
        cwrun_val v; \
        memset(&v, 0, sizeof v); \
        v.kind = KIND; \
        v.of.member = value; \
        return v; \
    }
CWRUN_VAL_MAKER(bool, CWRUN_KIND_BOOL, bool, boolean)
CWRUN_VAL_MAKER(s8, CWRUN_KIND_S8, int8_t, s8)
CWRUN_VAL_MAKER(u8, CWRUN_KIND_U8, uint8_t, u8)
CWRUN_VAL_MAKER(s16, CWRUN_KIND_S16, int16_t, s16)
CWRUN_VAL_MAKER(u16, CWRUN_KIND_U16, uint16_t, u16)
CWRUN_VAL_MAKER(s32, CWRUN_KIND_S32, int32_t, s32)
CWRUN_VAL_MAKER(u32, CWRUN_KIND_U32, uint32_t, u32)
CWRUN_VAL_MAKER(s64, CWRUN_KIND_S64, int64_t, s64)
CWRUN_VAL_MAKER(u64, CWRUN_KIND_U64, uint64_t, u64)
CWRUN_VAL_MAKER(f32, CWRUN_KIND_F32, float, f32)
CWRUN_VAL_MAKER(f64, CWRUN_KIND_F64, double, f64)
CWRUN_VAL_MAKER(char, CWRUN_KIND_CHAR, uint32_t, ch)
CWRUN_VAL_MAKER(string, CWRUN_KIND_STRING, cwrun_str, string)
CWRUN_VAL_MAKER(own, CWRUN_KIND_OWN, cwrun_handle, handle)
CWRUN_VAL_MAKER(borrow, CWRUN_KIND_BORROW, cwrun_handle, handle)

/* Wraps the C bytes of a value of any type; a size that is not the type's is an argument error (and gives kind 0). */
CWRUN_API cwrun_val cwrun_val_of(const cwrun_type *type, const void *data, size_t size, cwrun_error *err);

/* Where the bytes of a value are, scalars included: cwrun_type_size bytes. */
CWRUN_API const void *cwrun_val_data(const cwrun_val *v);

/* ---- walking ---- wrong kinds and places give a value of kind 0 / NULL / 0. */

/* Field of a record or tuple; element of a list or fixed-length list; entry of a map (a tuple). */
CWRUN_API size_t cwrun_val_size(const cwrun_val *v); /* number of those */
CWRUN_API cwrun_val cwrun_val_at(const cwrun_val *v, size_t i);
CWRUN_API cwrun_val cwrun_val_field(const cwrun_val *v, const char *name);
/* Case of a variant, enum, option (0 none, 1 some) or result (0 ok, 1 error); UINT32_MAX where v is none of these. */
CWRUN_API uint32_t cwrun_val_case(const cwrun_val *v);
/* The payload of that case; kind 0 where it has none. */
CWRUN_API cwrun_val cwrun_val_payload(const cwrun_val *v);
/* Bits of flags, label 0 lowest. */
CWRUN_API uint32_t cwrun_val_flags(const cwrun_val *v);

/* ---- building values of types known at run time ---- */

/* A cursor: each call fills the next place, in the order of the type; errors stick and name their path. Opened
 * composites must be closed: list (n elements follow), record/tuple (all fields follow), variant cases (payload follows
 * where there is one). */
typedef struct cwrun_builder cwrun_builder;
CWRUN_API cwrun_builder *cwrun_builder_new(cwrun_arena *arena, const cwrun_type *type, cwrun_error *err);
CWRUN_API bool cwrun_builder_begin(cwrun_builder *b,
                                   size_t n); /* list or map: n elements; record, tuple, fixed list: n is ignored */
CWRUN_API bool cwrun_builder_case(cwrun_builder *b,
                                  uint32_t index); /* variant, option, result, enum; closes itself after the payload */
CWRUN_API bool cwrun_builder_val(cwrun_builder *b, const cwrun_val *v); /* a whole value at the next place */
CWRUN_API bool cwrun_builder_flags(cwrun_builder *b, uint32_t bits);
CWRUN_API bool cwrun_builder_end(cwrun_builder *b); /* closes what begin opened */
/* The finished value; kind 0 where something is missing or wrong (err of _new is then set). */
CWRUN_API cwrun_val cwrun_builder_finish(cwrun_builder *b);

/* ---- text: WAVE ---- */

/* Reads WAVE text as a value of `type` into the arena. Errors are of kind INPUT with column and a caret under the
 * place. */
CWRUN_API bool cwrun_val_parse(const cwrun_type *type, cwrun_str text, cwrun_arena *arena, cwrun_val *out,
                               cwrun_error *err);
/* A call in WAVE, "name(1, [2])": finds the name (which may be "ns:pkg/iface@1.0.0#func") and where its "(" stands.
 * false where there is no call. */
CWRUN_API bool cwrun_call_split(cwrun_str text, cwrun_str *name, size_t *paren);
/* Reads the arguments "(…)" that start at `at` of the text, which must end behind them, as the parameters of a function
 * into args[n_params]; trailing options may be left out. Errors show the whole text with a caret and the expected
 * signature. */
CWRUN_API bool cwrun_args_parse(const cwrun_functype *type, cwrun_str text, size_t at, cwrun_arena *arena,
                                cwrun_val *args, cwrun_error *err);
/* Prints as WAVE on one line, numbers as wasmtime prints them. */
CWRUN_API bool cwrun_val_print(const cwrun_val *v, cwrun_write_fn write, void *user);
/* Deep copy into an arena; kind 0 where memory ran out. */
CWRUN_API cwrun_val cwrun_val_copy(const cwrun_val *v, cwrun_arena *arena);

#ifdef __cplusplus
}
#endif
#endif
