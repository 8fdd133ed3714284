#!/bin/sh
# tests/fuzz/replay.sh: runs the corpora and what else the tree has through the fuzz targets; each target counts as one test.
BUILD=${BUILD:-build}
cd "$(dirname "$0")/../.." || exit 1
passed=0 failed=0

replay() { # replay TARGET PATH…
    target=$1
    shift
    if "$BUILD/tests/fuzz/fuzz_$target" "$@"; then
        passed=$((passed + 1))
    else
        echo "FAILED: fuzz_$target $*"
        failed=$((failed + 1))
    fi
}

replay binary testdata tests/fuzz/corpus
replay text testdata tests/wast tests/fuzz/corpus
replay run testdata/guests tests/fuzz/corpus/run
replay component testdata
replay wave tests/fuzz/corpus/wave
replay demangle tests/fuzz/corpus/demangle

echo "$passed passed, $failed failed"
[ "$failed" -eq 0 ]
