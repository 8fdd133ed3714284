#!/bin/sh
# tools/lint.sh: who may include whom, symbol prefixes, no writable globals, format. BUILD says where the build is.
cd "$(dirname "$0")/.." || exit 1
BUILD=${BUILD:-build}
bad=0

# Layers a folder may include ("cwrun" is the public headers).
allowed() {
    case $1 in
    base) echo "base cwrun" ;;
    os) echo "base os cwrun" ;;
    core) echo "base core cwrun" ;;
    exec) echo "base os core exec cwrun" ;;
    component) echo "base os core exec component cwrun" ;;
    text) echo "base os core exec component text cwrun" ;;
    wit) echo "base core component wit cwrun" ;;
    bindgen) echo "base core component wit bindgen cwrun" ;;
    wasi) echo "base os wasi cwrun" ;;
    api) echo "base os core exec component wit wasi api cwrun" ;;
    http) echo "http cwrun" ;;
    cli) echo "cli cwrun" ;;
    wasm_h) echo "wasm_h cwrun" ;;
    esac
}
for file in src/*/*.[ch] src/*/*.def; do
    [ -e "$file" ] || continue
    layer=${file#src/} layer=${layer%%/*}
    for include in $(sed -n 's/^ *# *include "\([^"]*\)".*/\1/p' "$file"); do
        to=${include%%/*}
        case $include in cwrun.h | wasm.h) to=cwrun ;; esac
        [ "$to" = "$include" ] && to=$layer
        case " $(allowed "$layer") " in
        *" $to "*) ;;
        *) echo "$file: includes $include: $layer may include only: $(allowed "$layer")"; bad=1 ;;
        esac
    done
done

# Every global symbol of the library is cwrun_… or cw_….
nm -g --defined-only "$BUILD/libcwrun.a" 2>/dev/null | awk 'NF == 3 && $3 !~ /^(cwrun_|cw_)/ { print "global symbol without prefix: " $3; bad = 1 } END { exit bad }' || bad=1

nm -g --defined-only "$BUILD/libcwrun_wasm.a" 2>/dev/null | awk 'NF == 3 && $3 !~ /^(wasm_|cw_wasm_)/ { print "global symbol without prefix: " $3; bad = 1 } END { exit bad }' || bad=1

# No writable global: nothing in .data or .bss (relocated constants are in .data.rel.ro).
objdump -t "$BUILD/libcwrun.a" "$BUILD/libcwrun_wasm.a" 2>/dev/null | awk '$0 ~ / O / && ($0 ~ / \.data\t/ || $0 ~ / \.data\.[^r]/ || $0 ~ / \.data\.rel\.local/ || $0 ~ / \.t?bss/) && $0 !~ /\.data\.rel\.ro/ { print "writable global: " $NF; bad = 1 } END { exit bad }' || bad=1

# Files past 1,200 lines want splitting.
for file in src/*/*.[ch]; do
    n=$(wc -l <"$file")
    [ "$n" -gt 1200 ] && echo "$file: $n lines, more than 1,200" && bad=1
done

# Lines of C end at column 120 (tables in .def files may be wider), and are as clang-format leaves them where that is there.
sources=$(find src include examples tests tools bench -name '*.[ch]')
# shellcheck disable=SC2086
LC_ALL=C.UTF-8 grep -nP '^.{121,}' $sources && echo "lines past column 120" && bad=1
if command -v clang-format-19 >/dev/null; then
    # shellcheck disable=SC2086
    clang-format-19 --dry-run --Werror $sources || bad=1
fi
[ $bad -eq 0 ] && echo "lint: clean"
exit $bad
