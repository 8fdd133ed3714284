#!/bin/sh
# tests/run.sh: runs every built test and closes with "N passed, N failed". BUILD says where the build is.
#
# A cmocka program counts its own tests; each command-line case, example and check script counts as one.
BUILD=${BUILD:-build}
CC=${CC:-cc}
cd "$(dirname "$0")/.." || exit 1
passed=0 failed=0
log=$BUILD/tests.log
: >"$log"

count() { # count N M: adds passed and failed
    passed=$((passed + $1)) failed=$((failed + $2))
}

for t in "$BUILD"/tests/unit/test_* "$BUILD"/tests/api/test_* "$BUILD"/tests/oom/test_* "$BUILD"/tests/wasi/test_* "$BUILD"/tests/fuzz/test_*; do
    case $t in *.d) continue ;; esac
    [ -x "$t" ] || continue
    CWRUN="$BUILD/cwrun" timeout 300 "$t" >"$log.one" 2>&1
    status=$?
    cat "$log.one" >>"$log"
    good=$(sed -n 's/.*\[  PASSED  \] \([0-9]*\) test.*/\1/p' "$log.one" | awk '{n += $1} END {print n + 0}')
    bad=$(grep -c '^\[  FAILED  \] [a-z_]*[0-9a-z_]*$' "$log.one")
    [ "$status" -ne 0 ] && [ "$bad" -eq 0 ] && bad=1
    if [ "$bad" -ne 0 ]; then
        echo "FAILED: $t (exit $status)"
        grep -E '^\[  (ERROR|FAILED)|: error|Sanitizer|runtime error|LeakSanit|^ *#[0-9]' "$log.one" | head -40
    fi
    [ "$good" -eq 0 ] && [ "$bad" -eq 0 ] && echo "FAILED: $t ran no test" && bad=1
    count "$good" "$bad"
done

for script in tests/fuzz/replay.sh tests/cli/run.py tests/examples.sh tests/headers.sh tests/install.sh; do
    [ -x "$script" ] || continue
    BUILD=$BUILD CC=$CC "$script" >"$log.one" 2>&1
    cat "$log.one" >>"$log"
    line=$(tail -n 1 "$log.one")
    good=$(echo "$line" | sed -n 's/^\([0-9]*\) passed, \([0-9]*\) failed$/\1/p')
    bad=$(echo "$line" | sed -n 's/^\([0-9]*\) passed, \([0-9]*\) failed$/\2/p')
    [ -z "$good" ] && good=0 bad=1
    [ "$bad" -ne 0 ] && cat "$log.one"
    count "$good" "$bad"
done

echo "$passed passed, $failed failed"
[ "$failed" -eq 0 ] && [ "$passed" -gt 0 ]
