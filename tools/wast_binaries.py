#!/usr/bin/env python3
"""Checks the verdicts of the validator on the binaries of specification scripts: wast_binaries.py CHECKER SCRIPT|FOLDER ...

CHECKER is the program made from tools/check_modules.c. `wasm-tools json-from-wast` (or the program in $WASM_TOOLS) takes
scripts apart. Every `module` must load, every binary of assert_invalid and assert_malformed must be refused; where the
message lacks the script's words, that is counted (and shown with -v) but is no failure.
"""
import json, os, subprocess, sys, tempfile

LOADS = {"module", "module_definition", "assert_unlinkable", "assert_uninstantiable", "assert_trap_module"}
REFUSED = {"assert_invalid", "assert_malformed"}


def scripts(paths):
    for path in paths:
        if os.path.isdir(path):
            for folder, _, files in sorted(os.walk(path)):
                yield from (os.path.join(folder, f) for f in sorted(files) if f.endswith(".wast"))
        else:
            yield path


def main():
    args = [a for a in sys.argv[1:] if a != "-v"]
    checker, verbose = args[0], "-v" in sys.argv
    tools = os.environ.get("WASM_TOOLS", "wasm-tools")
    files = loads = refusals = wrong = words = text_only = 0
    for script in scripts(args[1:]):
        files += 1
        with tempfile.TemporaryDirectory() as folder:
            out = os.path.join(folder, "out.json")
            made = subprocess.run([tools, "json-from-wast", script, "-o", out, "--wasm-dir", folder], capture_output=True, text=True)
            if made.returncode:
                print("%s: cannot be taken apart: %s" % (script, made.stderr.strip()))
                wrong += 1
                continue
            cases = []
            for c in json.load(open(out))["commands"]:
                name = c.get("binary_filename", c.get("filename", ""))
                if c["type"] not in LOADS | REFUSED:
                    continue
                if not name.endswith(".wasm"):
                    text_only += 1
                    continue
                cases.append((c, name))
            names = "\n".join(os.path.join(folder, name) for _, name in cases)
            lines = subprocess.run([checker, "-"], input=names, capture_output=True, text=True).stdout.splitlines()
            for i, (c, name) in enumerate(cases):
                said = lines[i].split(": ", 1)[1] if i < len(lines) else "the checker crashed"
                ok, where = said == "ok", "%s:%d: %s" % (script, c["line"], c["type"])
                if c["type"] in LOADS:
                    loads += 1
                    if not ok:
                        wrong += 1
                        print("%s: must load: %s" % (where, said))
                else:
                    refusals += 1
                    if ok or "crashed" in said:
                        wrong += 1
                        print('%s: must be refused: "%s"%s' % (where, c.get("text"), said))
                    elif c.get("text", "") not in said:
                        words += 1
                        if verbose:
                            print('%s: "%s": %s' % (where, c["text"], said))
    print("%d scripts: %d modules load, %d are refused (%d without the script's words), %d wrong; %d cases of text only"
          % (files, loads, refusals, words, wrong, text_only))
    sys.exit(wrong != 0)


main()
