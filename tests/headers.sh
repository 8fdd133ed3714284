#!/bin/sh
# tests/headers.sh: the public headers compile alone and together, as C11 and as C++17, without a warning.
cd "$(dirname "$0")/.." || exit 1
passed=0 failed=0
for header in include/cwrun.h include/wasm.h include/cwrun/*.h; do
    for how in "${CC:-cc} -std=c11 -x c" "g++ -std=c++17 -x c++"; do
        case $how in g++*) command -v g++ >/dev/null || continue ;; esac
        if echo "#include \"${header#include/}\"" | $how -Wall -Wextra -Wpedantic -Werror -Iinclude -fsyntax-only -; then
            passed=$((passed + 1))
        else
            failed=$((failed + 1))
            echo "FAILED: $how $header"
        fi
    done
done
echo "$passed passed, $failed failed"
[ "$failed" -eq 0 ]
