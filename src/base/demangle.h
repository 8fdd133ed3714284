/* base/demangle.h: names of Rust functions as people write them, from their mangled symbols. */
#ifndef CW_BASE_DEMANGLE_H
#define CW_BASE_DEMANGLE_H

#include "cwrun/base.h"

enum {
    CW_DEMANGLE_ROOM = 4096 /* for any name that is worth showing; longer mangled names are not looked at */
};

/* Writes the name behind a mangled Rust symbol to `out`, without a NUL, and returns its size: v0 ("_R…") with the
 * crates' disambiguators, legacy ("_ZN…E") with its hash, the way the crate rustc-demangle shows both. 0 where the text
 * is no whole, well-formed Rust symbol, or its name needs more than `room` bytes; `out` may have been written to all
 * the same. Neither time nor stack depends on what hostile symbols ask for: bytes read, depth and output are bounded.
 *
 * The differences to the crate: faults behind back-references make no "{invalid syntax}" but 0; so do nesting deeper
 * than 256 and bytes that are no graphic ASCII; prefixes of other platforms ("R", "__R", "ZN", "__ZN") are no symbols
 * in WebAssembly; string and char constants show text beyond ASCII as \u{…}. */
size_t cw_demangle(cwrun_str mangled, char *out, size_t room);

#endif
