/* core/features.h: the switches of validation, made from features.def, and how people name them. */
#ifndef CW_CORE_FEATURES_H
#define CW_CORE_FEATURES_H

#include "cwrun/base.h"

typedef uint64_t cw_features; /* a set of CW_FEATURE_… */

enum {
    CW_FEATURE_NONE = 0,
#define FEATURE(id, bit, name, since) CW_FEATURE_##id = 1 << (bit),
#define FIXED(name, on)
#include "core/features.def"
#undef FEATURE
    CW_FEATURE_MVP = 0 /* an instruction that was always there */
};

/* What a row's `since` belongs to, by age. */
enum { CW_SINCE_MVP, CW_SINCE_WASM1, CW_SINCE_WASM2, CW_SINCE_WASM3, CW_SINCE_COMPONENT, CW_SINCE_PROPOSAL };

/* All features up to an age. */
enum {
#define FEATURE(id, bit, name, since) | (CW_SINCE_##since <= CW_SINCE_MVP ? 1 << (bit) : 0)
    CW_FEATURES_MVP = 0
#include "core/features.def"
#undef FEATURE
    ,
#define FEATURE(id, bit, name, since) | (CW_SINCE_##since <= CW_SINCE_WASM1 ? 1 << (bit) : 0)
    CW_FEATURES_WASM1 = 0
#include "core/features.def"
#undef FEATURE
    ,
#define FEATURE(id, bit, name, since) | (CW_SINCE_##since <= CW_SINCE_WASM2 ? 1 << (bit) : 0)
    CW_FEATURES_WASM2 = 0
#include "core/features.def"
#undef FEATURE
    ,
#define FEATURE(id, bit, name, since) | (CW_SINCE_##since <= CW_SINCE_WASM3 ? 1 << (bit) : 0)
    CW_FEATURES_WASM3 = 0
#include "core/features.def"
#undef FEATURE
    ,
#define FEATURE(id, bit, name, since) | (CW_SINCE_##since <= CW_SINCE_COMPONENT ? 1 << (bit) : 0)
    CW_FEATURES_3_0 = 0 /* WebAssembly 3.0 and the component model: the default */
#include "core/features.def"
#undef FEATURE
    ,
#define FEATURE(id, bit, name, since) | 1 << (bit)
    CW_FEATURES_ALL = 0
#include "core/features.def"
#undef FEATURE
#undef FIXED
};

/* What toolchains may count on everywhere, of a time between 1.0 and 2.0: "lime1". */
enum {
    CW_FEATURES_LIME1 = CW_FEATURES_WASM1 | CW_FEATURE_SATURATING | CW_FEATURE_SIGN_EXTENSION | CW_FEATURE_MULTI_VALUE |
                        CW_FEATURE_EXTENDED_CONST | CW_FEATURE_BULK_MEMORY_OPT
};

/* The features of a name, which may be that of a set ("wasm2", "all"); 0 where it is none that can be switched. */
cw_features cw_features_find(cwrun_str name);
/* The name of the lowest feature of a set, which is not empty. */
const char *cw_features_name(cw_features features);
/* Applies a list as wasm-tools reads it, "mvp,simd,-floats": a name adds, -name takes away, a specification's name
 * starts anew. False with err set where a name is unknown or cannot be switched that way. */
bool cw_features_parse(const char *list, cw_features *features, cwrun_error *err);

#endif
