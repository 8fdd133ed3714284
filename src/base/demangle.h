/* base/demangle.h: names of functions of Rust and C++ as people write them, from their mangled symbols. */
#ifndef CW_BASE_DEMANGLE_H
#define CW_BASE_DEMANGLE_H

#include "cwrun/base.h"

enum {
    CW_DEMANGLE_ROOM = 4096 /* for any name that is worth showing; longer mangled names are not looked at */
};

/* Writes the name behind a mangled symbol to `out`, without a NUL, and returns its size. Rust's v0 ("_R…") comes with
 * the crates' disambiguators, its legacy symbols ("_ZN…E") with their hash, the way the crate rustc-demangle shows
 * both; C++ ("_Z…") as llvm-cxxfilt shows it, but with lambdas and unnamed types as GNU's c++filt has them and
 * parentheses only where they are needed. 0 where the text is no whole, well-formed symbol, or its name needs more than
 * `room` bytes; `out` may have been written to all the same. Neither time nor stack depends on what hostile symbols ask
 * for: bytes read, depth, nodes and output are bounded.
 *
 * Differences to the crate: faults behind back-references make no "{invalid syntax}" but 0; so do nesting deeper than
 * 256 and bytes that are no graphic ASCII; prefixes of other platforms ("R", "__R", "ZN", "__ZN") are no symbols in
 * WebAssembly; string and char constants show text beyond ASCII as \u{…}. Of C++, modules and constraints are not
 * understood. */
size_t cw_demangle(cwrun_str mangled, char *out, size_t room);

#endif
