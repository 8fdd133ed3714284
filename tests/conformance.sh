#!/bin/sh
# tests/conformance.sh DIR: the specifications' scripts of DIR (folders core/3.0, component, wasm-tools-component) on the built command and
# driver. BUILD says where the build is.
#
# Core scripts are read by cwrun itself. Until it runs component scripts too, wasm-tools takes those apart: $WASM_TOOLS, else the one in PATH,
# else one that cargo installs into a cache; without it they are left out, aloud. Commands that need what is not executed yet are counted apart.
# Closing line: N passed, N failed.
cd "$(dirname "$0")/.." || exit 1
SPEC=${1:?usage: tests/conformance.sh DIR}
BUILD=${BUILD:-build}
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
passed=0 failed=0

# add N M: counts; what a runner did not print counts as one failure
add() {
    passed=$((passed + ${1:-0})) failed=$((failed + ${2:-1}))
}

"$BUILD/cwrun" wast -j 2 --list-failures "$SPEC/core/3.0" >"$work/log" 2>&1
grep -avE 'not supported yet|was skipped' "$work/log" | tail -n 40
line=$(tail -n 1 "$work/log")
echo "core: $line"
add "$(echo "$line" | sed -n 's/.*; \([0-9]*\) of [0-9]* commands passed.*/\1/p')" "$(echo "$line" | sed -n 's/.*commands passed, \([0-9]*\) failed.*/\1/p')"

cache=${XDG_CACHE_HOME:-$HOME/.cache}/cwrun
WASM_TOOLS=${WASM_TOOLS:-$(command -v wasm-tools || echo "$cache/bin/wasm-tools")}
export WASM_TOOLS
if [ -x "$WASM_TOOLS" ] || cargo install --quiet --locked --root "$cache" wasm-tools@1.244.0; then
    python3 tests/spec/components.py --known tests/spec/component_known.txt "$BUILD/tests/spec/component_driver" "$work" "$SPEC/component" \
        "$SPEC/wasm-tools-component/cli" >"$work/log" 2>&1
    grep -aE ': FAIL: |^Traceback|Error' "$work/log" | tail -n 40
    line=$(tail -n 1 "$work/log")
    echo "components: $line"
    add "$(echo "$line" | sed -n 's/^\([0-9]*\) passed, .*/\1/p')" "$(echo "$line" | sed -n 's/^[0-9]* passed, \([0-9]*\) failed, .*/\1/p')"
else
    echo "components: no wasm-tools, and no cargo to build it: not run"
fi

echo "$passed passed, $failed failed"
[ "$failed" -eq 0 ]
