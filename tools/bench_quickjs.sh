#!/bin/sh
# bench_quickjs.sh DIR: builds DIR/quickjs.wasm (no imports) and DIR/quickjs.p1.wasm: QuickJS out of the PyPI package quickjs, with
# bench/quickjs/main.c and script.js. EMSCRIPTEN is its name for a build without threads. Needs pip, clang and wasm-ld for wasm32, wasi-libc and libclang-rt-19-dev-wasm32.
set -eu
[ $# -eq 1 ] || { echo "usage: bench_quickjs.sh DIR" >&2; exit 2; }
HERE=$(cd "$(dirname "$0")/../bench" && pwd)
mkdir -p "$1/quickjs"
cd "$1/quickjs"
CC=${WASM_CC:-clang-19}
VERSION=1.19.4
N=$(awk '$1 == "quickjs" { print $3 }' "$HERE/kernels/index.txt")

if [ ! -d "quickjs-$VERSION" ]; then
    python3 -m pip download --quiet --no-deps --no-binary :all: -d . "quickjs==$VERSION"
    tar xzf "quickjs-$VERSION.tar.gz"
fi
{
    echo '/* made from script.js */'
    echo 'static const char script[] ='
    sed 's/\\/\\\\/g; s/"/\\"/g; s/.*/    "&\\n"/' "$HERE/quickjs/script.js"
    echo '    ;'
} >script.h

Q=quickjs-$VERSION/upstream-quickjs
FLAGS="--target=wasm32-wasi -O2 -w -DNDEBUG -DEMSCRIPTEN -DFE_DOWNWARD=0 -DFE_UPWARD=0 -DCONFIG_BIGNUM -DCONFIG_VERSION=\"$VERSION\" -I$Q -I.
       -mcpu=mvp -msign-ext -mbulk-memory -mnontrapping-fptoint -mmutable-globals"
objects=
for source in cutils libbf libregexp libunicode quickjs; do
    # shellcheck disable=SC2086
    "$CC" $FLAGS -c -o "$source.o" "$Q/$source.c"
    objects="$objects $source.o"
done
LINK="-nostartfiles -Wl,--no-entry -Wl,--strip-all -Wl,--export-memory -Wl,-z,stack-size=1048576 -Wl,--stack-first -lm"
# shellcheck disable=SC2086
{
    "$CC" $FLAGS -o ../quickjs.wasm "$HERE/quickjs/main.c" $objects $LINK
    "$CC" $FLAGS -DPREVIEW1 -DDEFAULT_N="$N" -o ../quickjs.p1.wasm "$HERE/quickjs/main.c" $objects $LINK
}
