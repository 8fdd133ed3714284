#!/bin/sh
# tests/conformance.sh DIR: the specifications' scripts of DIR (folders core/3.0, component, …) on the built drivers. BUILD says where the build is.
#
# Until cwrun reads text itself, wasm-tools takes the scripts apart: $WASM_TOOLS, else the one in PATH, else one that cargo installs into a cache.
# Commands that need what is not executed yet are counted apart by the drivers ("unsupported"). Closing line: N passed, N failed.
cd "$(dirname "$0")/.." || exit 1
SPEC=${1:?usage: tests/conformance.sh DIR}
BUILD=${BUILD:-build}
cache=${XDG_CACHE_HOME:-$HOME/.cache}/cwrun
WASM_TOOLS=${WASM_TOOLS:-$(command -v wasm-tools || true)}
if [ -z "$WASM_TOOLS" ]; then
    WASM_TOOLS=$cache/bin/wasm-tools
    if [ ! -x "$WASM_TOOLS" ] && ! cargo install --quiet --locked --root "$cache" wasm-tools@1.244.0; then
        echo "no wasm-tools and no cargo to build it: the scripts were not run"
        echo "0 passed, 0 failed"
        exit 0
    fi
fi
export WASM_TOOLS
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
passed=0 failed=0

python3 tests/spec/run.py "$BUILD/tests/spec/spec_driver" "$work" "$SPEC/core/3.0" >"$work/log" 2>&1
grep -aE 'failed$|: (FAIL|fail)|of .* scripts' "$work/log" | grep -av ' 0 failed$' | tail -n 40
good=$(sed -n 's/.*: \([0-9]*\) commands passed, .*/\1/p' "$work/log" | tail -n 1)
bad=$(sed -n 's/.* commands passed, \([0-9]*\) failed.*/\1/p' "$work/log" | tail -n 1)
passed=$((passed + ${good:-0})) failed=$((failed + ${bad:-1}))

python3 tests/spec/components.py --known tests/spec/component_known.txt "$BUILD/tests/spec/component_driver" "$work" "$SPEC/component" \
    "$SPEC/wasm-tools-component/cli" >"$work/log" 2>&1
grep -aE ': FAIL: |unsupported$|^Traceback|Error' "$work/log" | grep -av ' 0 failed, 0 unsupported$' | tail -n 80
line=$(tail -n 1 "$work/log")
good=$(echo "$line" | sed -n 's/^\([0-9]*\) passed, .*/\1/p')
bad=$(echo "$line" | sed -n 's/^[0-9]* passed, \([0-9]*\) failed, .*/\1/p')
passed=$((passed + ${good:-0})) failed=$((failed + ${bad:-1}))

echo "$passed passed, $failed failed"
[ "$failed" -eq 0 ]
