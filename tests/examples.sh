#!/bin/sh
# tests/examples.sh: runs the examples on the guests of the tree and compares what they print. BUILD says where they are.
cd "$(dirname "$0")/.." || exit 1
BIN=${BUILD:-build}/examples
G=testdata/guests
passed=0 failed=0

# expect NAME COMMAND…: standard input is the output that is wanted (a prefix of it, where it ends in "…")
expect() {
    name=$1 want=$(cat)
    shift
    got=$(timeout 60 "$@" 2>&1) || got="$got
exit $?"
    case $want in
    *…) prefix=${want%…}; case $got in "$prefix"*) got=$want ;; esac ;;
    esac
    if [ "$got" = "$want" ]; then
        passed=$((passed + 1))
    else
        failed=$((failed + 1))
        printf 'FAILED: %s\n--- wanted\n%s\n--- got\n%s\n' "$name" "$want" "$got"
    fi
}

expect add "$BIN/add" $G/adder.wasm 40 2 <<'X'
42
X
expect "add of a missing file" "$BIN/add" $G/none.wasm <<'X'
testdata/guests/none.wasm: No such file or directory
exit 1
X
expect reflect "$BIN/reflect" $G/adder.wasm <<'X'
add: func(a: s32, b: s32) -> s32
    takes s32 (s32 of 4 bytes)
    takes s32 (s32 of 4 bytes)
    gives s32 (s32 of 4 bytes)
    (1, 2) -> 3
X
expect "reflect of records" "$BIN/reflect" $G/records.wasm <<'X'
cwrun:guests/echo@0.1.0#echo-bool: func(v: bool) -> bool
    takes bool (bool of 1 bytes)
    gives bool (bool of 1 bytes)
    (false) -> false
…
X
expect kv_host "$BIN/kv_host" $G/kv.wasm answer 41 42 <<'X'
log: answer: new, 41
before: none
log: answer: 41 becomes 42
before: some("41")
open connections: 0
X
expect plugin "$BIN/plugin" $G/plugin.wasm $G/logger.wasm <<'X'
run 1 (mine): Hello
run 1 answers 10
run 2 (mine): Plugins
run 2 answers 14
run 3 says: line of text
entering it again: cannot enter component instance
1002 runs, 2000 lines, 2000 times refused
X
expect core_host "$BIN/core_host" <<'X'
4 bytes, sum 446
the counter goes at 4
X
expect wasm_h "$BIN/wasm_h" $G/core.wasm <<'X'
memory: a memory
answer: a global
add: a function
    (40, 2) -> 42
swap: a function
half: a function
fac: a function
nothing: a function
X
dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT
cat >"$dir/traps.wat" <<'X'
(module (import "host" "help" (func $help (param i64)))
  (func (export "ask") (param i32 i32) (result i32) (call $help (i64.const 1)) (i32.const 0))
  (func (export "divide") (param i32 i32) (result i32) (i32.div_s (local.get 0) (i32.const 0))))
X
"${BUILD:-build}/cwrun" parse "$dir/traps.wat" -o "$dir/traps.wasm"
expect "wasm_h and traps" "$BIN/wasm_h" "$dir/traps.wasm" <<'X'
ask: a function
    (40, 2) traps: an import was called with 1 arguments in function 1
divide: a function
    (40, 2) traps: integer divide by zero in function 2
X
echo "$passed passed, $failed failed"
[ "$failed" -eq 0 ]
