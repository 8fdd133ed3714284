#!/usr/bin/env python3
"""Runs the core specification's scripts: run.py DRIVER WORK_FOLDER SCRIPT.wast|FOLDER ...

`wasm-tools json-from-wast` (or the program named by $WASM_TOOLS) takes the scripts apart; this makes one line per command
of its JSON, in the format that spec_driver.c describes, and runs the driver over all of them.
"""
import json, os, subprocess, sys
from urllib.parse import quote


def text(s):
    return "=" + quote(s, safe="")


def value(v):
    if "value" not in v:
        return v["type"]
    if v["type"] == "v128":
        return "v128:%s:%s" % (v["lane_type"], ",".join(v["value"]))
    return "%s:%s" % (v["type"], v["value"])


def expected(v):
    if v["type"] == "either":
        return "either:" + "|".join(value(x) for x in v["values"])
    return value(v)


def action(a):
    args = a.get("args", [])
    return [a["type"], text(a.get("module", "")), text(a["field"]), str(len(args))] + [value(v) for v in args]


def line(c):
    kind, head = c["type"], [c["type"], str(c["line"])]
    if kind in ("module", "module_definition"):
        return head + [text(c.get("name", "")), text(c.get("binary_filename", c["filename"]))]
    if kind == "module_instance":
        return head + [text(c.get("instance") or ""), text(c.get("module") or "")]
    if kind == "register":
        return head + [text(c.get("name", "")), text(c["as"])]
    if kind in ("assert_invalid", "assert_malformed", "assert_unlinkable", "assert_uninstantiable"):
        return head + [text(c.get("binary_filename", c["filename"])), text(c.get("text", ""))]
    if kind == "action":
        return head + action(c["action"])
    if kind == "assert_return":
        return head + action(c["action"]) + [str(len(c["expected"]))] + [expected(v) for v in c["expected"]]
    if kind in ("assert_trap", "assert_exhaustion", "assert_exception"):
        return head + action(c["action"]) + [text(c.get("text", ""))]
    if kind.endswith("_custom"):  # annotations, which only a text parser sees
        return head + [text("annotation.wat"), text("")]
    return ["unknown", str(c["line"]), text(kind)]


def scripts(paths):
    for path in paths:
        if os.path.isdir(path):
            for folder, _, files in sorted(os.walk(path)):
                yield from (os.path.join(folder, f) for f in sorted(files) if f.endswith(".wast"))
        else:
            yield path


def main():
    driver, work, paths = sys.argv[1], sys.argv[2], sys.argv[3:]
    tools = os.environ.get("WASM_TOOLS", "wasm-tools")
    ready = []
    for path in scripts(paths):
        name = os.path.basename(os.path.dirname(path)) + "-" + os.path.basename(path)[:-5]
        folder = os.path.join(work, name)
        made = os.path.join(folder, name + ".txt")
        if not os.path.exists(made):
            os.makedirs(folder, exist_ok=True)
            done = subprocess.run([tools, "json-from-wast", "--wasm-dir", folder, "-o", folder + "/s.json", path])
            if done.returncode != 0:
                print(path + ": not taken apart")
                continue
            with open(folder + "/s.json") as f, open(made, "w") as out:
                for c in json.load(f)["commands"]:
                    out.write(" ".join(line(c)) + "\n")
        ready.append(made)
    sys.exit(subprocess.run([driver] + ready).returncode)


main()
