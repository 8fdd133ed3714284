#!/usr/bin/env python3
"""tests/cli/run.py [NAME…]: the command's golden tests. BUILD says where the build is, BLESS=1 rewrites the goldens.

A case is one file NAME.test: lines `;; RUN: words`, run by the shell in the root of the tree with `cwrun` as the built command (`;; STDIN: text`
gives it input); the golden NAME.out holds exit status, standard output and standard error. Where a line of the golden is `…`, any
lines may stand. Closing line: N passed, N failed."""
import os
import re
import subprocess
import sys

HERE = os.path.dirname(os.path.abspath(__file__))
ROOT = os.path.dirname(os.path.dirname(HERE))
BUILD = os.path.join(ROOT, os.environ.get("BUILD", "build"))


def run(path):
    """What a case prints, as the text of its golden."""
    text = open(path, encoding="utf-8").read()
    stdin = "\n".join(re.findall(r"^;; STDIN: ?(.*)$", text, re.M))
    env = {"PATH": f"{BUILD}:{os.environ['PATH']}", "HOME": "/nonexistent", "LC_ALL": "C.UTF-8", "NO_COLOR": "1"}
    env.update({k: v for k, v in os.environ.items() if "SAN_OPTIONS" in k})
    out = []
    for words in re.findall(r"^;; RUN: (.*)$", text, re.M):
        r = subprocess.run(["bash", "-c", words], cwd=ROOT, env=env, input=stdin.encode(), capture_output=True, timeout=60)
        out.append(f"$ {words}\nexit: {r.returncode}\n--- stdout\n{r.stdout.decode(errors='replace')}--- stderr\n{r.stderr.decode(errors='replace')}")
    return "".join(out)


def same(want, got):
    pattern = "".join("(?:.*\n)*" if line == "…\n" else re.escape(line).replace("…", ".*") for line in want.splitlines(keepends=True))
    return re.fullmatch(pattern, got) is not None


def main():
    names = sys.argv[1:] or sorted(f[:-5] for f in os.listdir(HERE) if f.endswith(".test"))
    passed = failed = 0
    for name in names:
        golden = os.path.join(HERE, name + ".out")
        got = run(os.path.join(HERE, name + ".test"))
        if os.environ.get("BLESS"):
            open(golden, "w", encoding="utf-8").write(got)
        want = open(golden, encoding="utf-8").read() if os.path.exists(golden) else ""
        if same(want, got):
            passed += 1
        else:
            failed += 1
            print(f"FAILED: {name}\n--- wanted\n{want}--- got\n{got}")
    print(f"{passed} passed, {failed} failed")
    return failed != 0


sys.exit(main())
