#!/bin/sh
# check_tailcalls.sh OBJECT...: fails where a handler calls the next one instead of jumping to it (an indirect call; gcc
# before 15 makes tail calls only where it can). Builds with switches have no such handlers.
set -eu
if nm "$1" | grep -q ' T cw_handlers_0$'; then
    echo "check-tailcalls: a build with switches"
    exit 0
fi
calls=$(objdump -d --no-show-raw-insn "$@" | awk '
    /^[0-9a-f]+ <.*>:$/ { name = $2 }
    /[ \t](call[a-z]* +\*|blr[a-z]* )/ { print name " " $0 }')
if [ -n "$calls" ]; then
    echo "check-tailcalls: handlers that call:" >&2
    echo "$calls" | head -20 >&2
    exit 1
fi
echo "check-tailcalls: no handler calls another"
