#!/usr/bin/env python3
"""Runs the component model's scripts: components.py DRIVER WORK_FOLDER [-v] [--known FILE] SCRIPT.wast|FOLDER ...

`wasm-tools json-from-wast` (or the program named by $WASM_TOOLS) takes the scripts apart; this makes one line per command
of its JSON, in the format that component_driver.c describes, runs the driver over each script and counts.

Unsupported is what needs something that is not executed yet (async, values, values as references, threads), and assertions
about text alone. FILE lists known failures, one a line: script (folder/name.wast), line, reason; one that passes is a failure.
-v lists what is unsupported and what is refused in other words than the script's. Closing line: N passed, N failed, N unsupported.
"""
import json, os, re, struct, subprocess, sys
from urllib.parse import quote

RUN_SECONDS = 120
SIMD, GC, EXCEPTIONS, FUNCTION_REFERENCES, REFERENCE_TYPES = 1 << 0, 1 << 2, 1 << 3, 1 << 7, 1 << 8
THREADS, CUSTOM_PAGE_SIZES, NESTED_NAMES = 1 << 15, 1 << 17, 1 << 25
RESERVED = {"none", "some", "ok", "err", "true", "false", "inf", "nan"}


def text(s):
    return "=" + quote(s, safe="")


def name(s):
    return "%" + s if s in RESERVED else s


def quoted(s, mark):
    """Everything but plain ASCII letters as a number."""
    return mark + "".join(c if c.isascii() and c.isalnum() else "\\u{%x}" % ord(c) for c in s) + mark


def number(kind, bits):
    """Floats come as their bits."""
    if not bits.lstrip("-").isdigit():
        return "nan"
    wide = kind == "f64"
    value = struct.unpack("<d" if wide else "<f", struct.pack("<Q" if wide else "<I", int(bits)))[0]
    return repr(value)


def wave(v):
    """A value of the JSON as WAVE."""
    kind, x = v["type"], v.get("value")
    if kind == "bool":
        return "true" if x else "false"
    if kind in ("f32", "f64"):
        return number(kind, x)
    if kind in ("char", "string"):
        return quoted(x, "'" if kind == "char" else '"')
    if kind in ("list", "tuple"):
        return ("[%s]" if kind == "list" else "(%s)") % ", ".join(wave(e) for e in x)
    if kind == "record":
        return "{%s}" % (", ".join(n + ": " + wave(e) for n, e in x) or ":")
    if kind == "variant":
        return name(x["case"]) + ("(%s)" % wave(x["payload"]) if x.get("payload") else "")
    if kind == "enum":
        return name(x)
    if kind == "flags":
        return "{%s}" % ", ".join(x)
    if kind == "option":
        return "some(%s)" % wave(x) if x else "none"
    if kind == "result":
        case, payload = next(iter(x.items()))
        return case.lower() + ("(%s)" % wave(payload) if payload else "")
    return str(x)


def action(a):
    return [text(a.get("module", "")), text(a["field"]), text("(%s)" % ", ".join(wave(v) for v in a.get("args", [])))]


def words(c, top):
    """The driver's words for a command; None for an assertion about text alone."""
    kind, at = c["type"], str(c["line"])
    if c.get("module_type") == "text" and not c.get("binary_filename"):
        return None
    if kind in ("module", "module_definition"):
        kind = "definition" if kind == "module_definition" else top
        return [kind, at, text(c.get("name", "")), text(c.get("binary_filename", c["filename"]))]
    if kind == "module_instance":
        return ["instance", at, text(c.get("instance") or ""), text(c.get("module") or "")]
    if kind == "register":
        return [kind, at, text(c.get("name", "")), text(c["as"])]
    if kind in ("assert_invalid", "assert_malformed", "assert_unlinkable", "assert_uninstantiable"):
        return [kind[7:], at, text(c.get("binary_filename", c["filename"])), text(c.get("text", ""))]
    if kind == "action":
        return ["invoke", at] + action(c["action"])
    if kind == "assert_return":
        return ["return", at] + action(c["action"]) + [text(" ".join(wave(v) for v in c["expected"]))]
    if kind == "assert_trap":
        return ["trap", at] + action(c["action"]) + [text(c["text"])]
    return [kind, at, "=", "="]


def features(script):
    """What to switch on and off: options of wasm-tools in the comments of its own scripts say so."""
    options = re.findall(r"[\w-]+", " ".join(re.findall(r"RUN:.*|^;;.*-f.*", script, re.M)))
    on = {"cm-nested-names": NESTED_NAMES, "custom-page-sizes": CUSTOM_PAGE_SIZES}
    off = {"-simd": SIMD, "-gc": GC, "-exceptions": EXCEPTIONS, "-reference-types": REFERENCE_TYPES | FUNCTION_REFERENCES}
    return THREADS | sum(on.get(o, 0) for o in set(options)), sum(off.get(o, 0) for o in set(options))


def scripts(paths):
    for path in paths:
        if os.path.isdir(path):
            for folder, _, files in sorted(os.walk(path)):
                yield from (os.path.join(folder, f) for f in sorted(files) if f.endswith(".wast"))
        else:
            yield path


def take_apart(path, folder):
    """The commands of a script. Words that later versions of the text format have dropped are tried without."""
    tools = os.environ.get("WASM_TOOLS", "wasm-tools")
    with open(path, encoding="utf-8") as f:
        script = f.read()
    os.makedirs(folder, exist_ok=True)
    copy, made = os.path.join(folder, "s.wast"), os.path.join(folder, "s.json")
    for attempt in (script, script.replace(" cancellable", "")):
        with open(copy, "w", encoding="utf-8") as f:
            f.write(attempt)
        done = subprocess.run([tools, "json-from-wast", "--wasm-dir", folder, "-o", made, copy], stderr=subprocess.PIPE)
        if done.returncode == 0:
            with open(made) as f:
                return script, json.load(f)["commands"]
    return script, None


def run(driver, path, folder):
    """Per command: (verdict, line, kind, whether the words agree, note); verdict X: the driver did not finish."""
    script, commands = take_apart(path, folder)
    if commands is None:
        return [("X", "0", "script", "-", "not taken apart")]
    lines = [(c, words(c, "check" if "RUN:" in script else "component")) for c in commands]
    made = os.path.join(folder, "s.txt")
    with open(made, "w") as f:
        f.write("features 0 %d %d\n" % features(script))
        f.writelines(" ".join(w) + "\n" for _, w in lines if w)
    results = [("U", str(c["line"]), c["type"], "-", "text alone") for c, w in lines if not w]
    try:
        done = subprocess.run([driver, made], stdout=subprocess.PIPE, stderr=subprocess.PIPE, timeout=RUN_SECONDS)
        out, end = done.stdout, "the driver ended with %d: %s" % (done.returncode, done.stderr.decode(errors="replace")[-2000:])
        ended = done.returncode == 0
    except subprocess.TimeoutExpired as late:
        out, end, ended = late.stdout or b"", "no end within %d s" % RUN_SECONDS, False
    results += [tuple((line.split(" ", 4) + [""])[:5]) for line in out.decode(errors="replace").splitlines()]
    if not ended or len(results) != len(lines):
        results.append(("X", "0", "script", "-", end))
    return results


def read_known(path):
    known = {}
    with open(path) as f:
        for line in f:
            if line.strip() and not line.startswith("#"):
                script, at, reason = line.split(None, 2)
                known[script, at] = reason.strip()
    return known


def main():
    args = sys.argv[1:]
    verbose = "-v" in args
    known = {}
    if verbose:
        args.remove("-v")
    if "--known" in args:
        at = args.index("--known")
        known = read_known(args[at + 1])
        del args[at : at + 2]
    driver, work, paths = args[0], args[1], args[2:]
    passed = failed = unsupported = refused = agreed = 0
    for path in scripts(paths):
        short = "/".join(path.split(os.sep)[-2:])
        results = run(driver, path, os.path.join(work, short.replace("/", "-")[:-5]))
        counts = {"P": 0, "F": 0, "U": 0, "X": 0}
        for verdict, line, kind, same, note in sorted(results, key=lambda r: int(r[1])):
            reason = known.get((short, line))
            if reason and verdict == "P":
                verdict, note = "F", "passes, but is listed as a known failure: " + reason
            elif reason and verdict == "F":
                verdict, note = "U", "known failure: " + reason
            counts[verdict] += 1
            refused += verdict == "P" and same != "-"
            agreed += verdict == "P" and same == "y"
            if verdict in "FX" or (verbose and (verdict == "U" or same == "n")):
                shown = {"F": "FAIL", "X": "FAIL", "U": "unsupported"}.get(verdict, "other words")
                print("%s:%s: %s: %s: %s" % (short, line, shown, kind, note))
        print("%s: %d passed, %d failed, %d unsupported" % (short, counts["P"], counts["F"] + counts["X"], counts["U"]))
        passed, failed = passed + counts["P"], failed + counts["F"] + counts["X"]
        unsupported += counts["U"]
    print("%d of %d refusals have the script's words" % (agreed, refused))
    print("%d passed, %d failed, %d unsupported" % (passed, failed, unsupported))
    sys.exit(failed != 0)


main()
