#!/bin/sh
# guests_build.sh: builds testdata/guests/*.wasm from the sources beside them; needs clang and wasm-ld for wasm32, and wasm-tools.
set -eu
cd "$(dirname "$0")/../testdata/guests"
CC=${WASM_CC:-clang-19}
TOOLS=${WASM_TOOLS:-wasm-tools}
TMP=$(mktemp -d)
trap 'rm -rf "$TMP"' EXIT

FLAGS="--target=wasm32 -ffreestanding -nostdlib -O2 -mcpu=mvp -msign-ext -mbulk-memory -mmutable-globals -Wall -Wextra
       -Wl,--no-entry -Wl,-z,stack-size=16384 -Wl,--stack-first -Wl,--strip-debug"

# guest NAME SOURCE WORLD ENCODING [flags]: the names of functions are kept, for backtraces
guest() {
    name=$1 source=$2 world=$3 encoding=$4
    shift 4
    # shellcheck disable=SC2086
    "$CC" $FLAGS "$@" -o "$TMP/core.wasm" "$source"
    "$TOOLS" component embed --world "$world" --encoding "$encoding" wit "$TMP/core.wasm" -o "$TMP/embedded.wasm"
    "$TOOLS" component new "$TMP/embedded.wasm" -o "$name.wasm"
}

guest adder adder.c adder utf8
guest strings strings.c strings utf8
guest strings-utf16 strings.c strings utf16 -DENCODING=16
guest strings-latin1 strings.c strings compact-utf16 -DENCODING=1
guest records records.c records utf8
guest resources resources.c resources utf8
guest command command.c command utf8
guest kv kv.c demo:kv-store/kv-database utf8
for source in *.wat; do
    "$TOOLS" parse "$source" -o "${source%.wat}.wasm"
done
for file in *.wasm; do
    "$TOOLS" validate --features all "$file"
    [ "$(wc -c <"$file")" -lt 200000 ] || { echo "$file: too large" >&2; exit 1; }
done
chmod 644 ./*.wasm
