#!/bin/sh
# tests/conformance.sh DIR: the specifications' scripts of DIR (core/3.0, core/proposals, core/legacy-exceptions, component, wasm-tools-component) on the built command.
# BUILD says where the build is.
#
# Scripts are run by `cwrun wast`; single files, with what becomes of them in the column "expected" of DIR/index.tsv, by `cwrun parse` and
# `cwrun validate`; those of the folder dump by `cwrun dump`. tests/spec/known.txt lists what is known to fail. Commands that need what is not executed yet are counted apart.
# Closing line: N passed, N failed.
cd "$(dirname "$0")/.." || exit 1
SPEC=${1:?usage: tests/conformance.sh DIR}
BUILD=${BUILD:-build}
KNOWN=tests/spec/known.txt
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
passed=0 failed=0

# add N M: counts; what a runner did not print counts as one failure
add() {
    passed=$((passed + ${1:-0})) failed=$((failed + ${2:-1}))
}

# scripts NAME OPTIONS…: runs cwrun wast, shows what failed and its closing line; all valid binaries are printed and parsed, too
scripts() {
    what=$1
    shift
    "$BUILD/cwrun" wast -j 2 --round-trip --known "$KNOWN" --list-failures "$@" >"$work/log" 2>&1
    grep -avE 'not supported yet|was skipped' "$work/log" | tail -n 40
    line=$(tail -n 1 "$work/log")
    echo "$what: $line"
    add "$(echo "$line" | sed -n 's/.*; \([0-9]*\) of [0-9]* commands passed.*/\1/p')" "$(echo "$line" | sed -n 's/.*commands passed, \([0-9]*\) failed.*/\1/p')"
}

# complete NAME OPTIONS…: how many scripts do all they say
complete() {
    what=$1
    shift
    "$BUILD/cwrun" wast --json "$@" 2>/dev/null |
        awk -F'[:,}]' -v what="$what" '{ for (i = 1; i < NF; i++) { if ($i == "\"passed\"") p = $(i + 1); if ($i == "\"total\"") t = $(i + 1) }
                                         n++; good += p == t } END { print what ": " good " of " n " scripts execute completely" }'
}

# single EXPECTED PATH: a text, alone, must be valid, invalid, or no text at all
single() {
    "$BUILD/cwrun" parse -o "$work/binary" "$SPEC/$2" >"$work/log" 2>&1 && parsed=y || parsed=n
    "$BUILD/cwrun" validate "$SPEC/$2" >>"$work/log" 2>&1 && valid=y || valid=n
    case $1-$parsed$valid in
    valid-yy | invalid-yn | parse-fail-nn) good=y ;;
    *) good=n ;;
    esac
    known=$(awk -v path="$2" '!/^#/ && length($1) <= length(path) && substr(path, length(path) - length($1) + 1) == $1 { print "y" }' "$KNOWN")
    case $good$known in
    y) add 1 0 ;;
    ny) singles_known=$((singles_known + 1)) ;;
    *)
        echo "$2: expected: $1; parsed: $parsed, valid: $valid; known failure: ${known:-n}"
        head -n 3 "$work/log"
        add 0 1
        ;;
    esac
}

scripts core "$SPEC/core/3.0"
scripts "core, collecting at every allocation" -W gc-stress "$SPEC/core/3.0"
# the scripts of threads are of a time of one memory and one table
scripts threads -W threads,multi-memory=n,reference-types=n "$SPEC/core/proposals/threads"
scripts wide-arithmetic -W wide-arithmetic "$SPEC/core/proposals/wide-arithmetic"
scripts custom-page-sizes -W custom-page-sizes "$SPEC/core/proposals/custom-page-sizes"
scripts custom-descriptors -W custom-descriptors,gc-stress "$SPEC/core/proposals/custom-descriptors"
scripts legacy-exceptions -W legacy-exceptions "$SPEC/core/legacy-exceptions"
scripts components -W threads "$SPEC/component" "$SPEC/wasm-tools-component/cli"
complete component -W threads "$SPEC/component"
complete wasm-tools-component/cli -W threads "$SPEC/wasm-tools-component/cli"

awk -F'\t' '$7 == "valid" || $7 == "invalid" || $7 == "parse-fail" { print $7, $1 }' "$SPEC/index.tsv" >"$work/singles"
before=$passed singles_known=0
while read -r expected path; do
    single "$expected" "$path"
done <"$work/singles"
echo "single files: $((passed - before)) of $(wc -l <"$work/singles") as expected, $singles_known known failures"

# dump FILE: the golden is FILE.stdout, which ends without white space
dump() {
    "$BUILD/cwrun" dump "$1" | sed '$ s/ *$//' >"$work/log" 2>&1
    sed '$ s/ *$//' "$1.stdout" | cmp -s - "$work/log" && add 1 0 && return
    echo "$1: its dump is another one"
    add 0 1
}

before=$passed
for file in "$SPEC"/wasm-tools-component/dump/*.wat; do
    dump "$file"
done
echo "dumps: $((passed - before)) as expected"

echo "$passed passed, $failed failed"
[ "$failed" -eq 0 ]
