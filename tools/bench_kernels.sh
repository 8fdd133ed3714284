#!/bin/sh
# bench_kernels.sh: builds bench/kernels/wasm/ from bench/kernels/index.txt; needs clang and wasm-ld for wasm32, and wasm-tools for
# the linked programs and for text. A kernel is NAME.c, or NAME.wat, or a folder NAME whose files are linked as one module, and as
# a component of one module per file (NAME.linked.wasm). NAME.wasm exports `run` and imports nothing, NAME.p1.wasm is a preview-1
# command (not of text).
set -eu
cd "$(dirname "$0")/../bench/kernels"
CC=${WASM_CC:-clang-19}
LD=${WASM_LD:-wasm-ld-19}
TOOLS=${WASM_TOOLS:-wasm-tools}
TMP=$(mktemp -d)
trap 'rm -rf "$TMP"' EXIT
mkdir -p wasm

# The features that all peers have; with -O2 as people build.
FLAGS="--target=wasm32 -ffreestanding -O2 -nostdlib -mcpu=mvp -msign-ext -mbulk-memory -mnontrapping-fptoint -mmutable-globals
       -Wall -Wextra -I."
LINK="-Wl,--no-entry -Wl,--strip-all -Wl,--export-memory -Wl,-z,stack-size=262144 -Wl,--stack-first"

grep -v '^#' index.txt | while read -r name class n; do
    [ "$class" = interpreter ] && continue # bench_quickjs.sh
    if [ -f "$name.wat" ]; then
        "$TOOLS" parse "$name.wat" -o "wasm/$name.wasm"
        continue
    fi
    features=
    [ "$class" = simd ] && features=-msimd128
    if [ -d "$name" ]; then sources=$(echo "$name"/*.c); else sources=$name.c; fi
    # shellcheck disable=SC2086
    {
        "$CC" $FLAGS $features $LINK -o "wasm/$name.wasm" $sources start.c
        "$CC" $FLAGS $features $LINK -DPREVIEW1 -DDEFAULT_N="$n" -o "wasm/$name.p1.wasm" $sources start.c
    }
    [ -d "$name" ] || continue
    parts=
    for source in $sources; do
        part=$(basename "$source" .c)
        objects=$TMP/$part.o
        # shellcheck disable=SC2086
        "$CC" $FLAGS -fPIC -fvisibility=default -c -o "$TMP/$part.o" "$source"
        if [ "$part" = app ]; then
            # shellcheck disable=SC2086
            "$CC" $FLAGS -fPIC -c -o "$TMP/start.o" start.c
            objects="$objects $TMP/start.o"
        fi
        # shellcheck disable=SC2086
        "$LD" --experimental-pic -shared --no-entry --strip-debug --unresolved-symbols=import-dynamic \
            -o "$TMP/lib$part.so" $objects
        if [ "$part" = app ]; then
            "$TOOLS" component embed linked.wit "$TMP/lib$part.so" -o "$TMP/linked-app.so"
            mv "$TMP/linked-app.so" "$TMP/lib$part.so"
        fi
        parts="$parts $TMP/lib$part.so"
    done
    # shellcheck disable=SC2086
    "$TOOLS" component link $parts -o "wasm/$name.linked.wasm"
done
chmod 644 wasm/*.wasm
