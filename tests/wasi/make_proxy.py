#!/usr/bin/env python3
"""make_proxy.py: writes proxy.wat, a component that imports every interface of wit/ and exports a function for every one of
theirs (but for descriptors), which calls it: so tests call WASI as a guest does. Needs wasm-tools; run at the root of the
project:  tests/wasi/make_proxy.py && wasm-tools parse tests/wasi/proxy.wat -o tests/wasi/proxy.wasm

The imports are wasm-tools' reading of wit/, the functions come from src/wasi/wasi.def.
"""
import os, re, shutil, subprocess, tempfile

HEAD = ";; wasi/proxy.wat: a guest that hands WASI through, made by make_proxy.py.\n"
SCALAR = {"bool": "i32", "u8": "i32", "u32": "i32", "s32": "i32", "u64": "i64", "instant": "i64", "duration": "i64"}
NAMED = {"stream-error", "datetime", "timezone-display", "error-code"}


def imports():
    with tempfile.TemporaryDirectory() as tmp:
        shutil.copytree("wit/cli", tmp + "/w")
        for package in ("io", "clocks", "random", "filesystem"):
            shutil.copytree("wit/" + package, f"{tmp}/w/deps/{package}")
        run = lambda *a: subprocess.run(["wasm-tools", *a], check=True, capture_output=True, text=True).stdout
        run("component", "embed", "--all-features", "--dummy", "--world", "command", tmp + "/w", "-o", tmp + "/core.wasm")
        run("component", "new", tmp + "/core.wasm", "-o", tmp + "/c.wasm")
        return run("print", tmp + "/c.wasm").split("  (core module")[0]


def rows():
    source = ('#define WASI_INTERFACE(id, name) I id name\n#define WASI_RESOURCE(i, name) R i name\n'
              '#define WASI_FUNC(i, name, type, fn) F i name ; type\n#include "src/wasi/wasi.def"\n')
    text = subprocess.run(["cc", "-E", "-P", "-I.", "-x", "c", "-"], input=source, check=True, capture_output=True, text=True).stdout
    interface, resources, funcs = {}, {}, []
    for line in text.splitlines():
        kind, i, rest = (line + "  ").split(" ", 2)
        words = [re.sub(r'"\s*"', "", w).strip().strip('"') for w in rest.split(";")]
        if kind == "I":
            interface[i] = words[0]
        elif kind == "R":
            resources[words[0]] = interface[i]
        elif kind == "F" and "descriptor." not in words[0] and "directory-entry-stream." not in words[0]:
            funcs.append((interface[i], *words))
    return resources, funcs


class Types:
    """WIT text to component types; resources and named types become aliases."""

    def __init__(self, resources):
        self.resources, self.out, self.names, self.n = resources, [], {}, 0
        for name, interface in resources.items():
            self.alias(name, interface)
        for name, interface in (("stream-error", "wasi:io/streams"), ("datetime", "wasi:clocks/wall-clock"),
                                ("timezone-display", "wasi:clocks/timezone"), ("error-code", "wasi:filesystem/types")):
            self.alias(name, interface)

    def alias(self, name, interface):
        self.out.append(f'  (alias export ${interface}@0.2.12 "{name}" (type $the-{name}))')

    def of(self, text):
        text = text.strip()
        m = re.fullmatch(r"(\w+)<(.*)>", text)
        if text in ("instant", "duration"):
            return "u64"
        if not m and (text in SCALAR or text == "string"):
            return text
        if text in NAMED:
            return "$the-" + text
        if not m:
            return self.define("(result)" if text == "result" else f"(own $the-{text})")
        inner, depth, parts = m[2], 0, [""]
        for c in inner:
            depth += (c == "<") - (c == ">")
            if c == "," and depth == 0:
                parts.append("")
            else:
                parts[-1] += c
        if m[1] == "borrow":
            return self.define(f"(borrow $the-{inner})")
        parts = [None if p.strip() == "_" else self.of(p) for p in parts]
        if m[1] == "result":
            return self.define("(result" + (f" {parts[0]}" if parts[0] else "") + (f" (error {parts[1]})" if len(parts) > 1 else "") + ")")
        return self.define(f"({m[1]} {' '.join(parts)})")

    def define(self, text):
        if text not in self.names:
            self.names[text] = f"$t{self.n}"
            self.out.append(f"  (type $t{self.n} {text})")
            self.n += 1
        return self.names[text]


def flat(text):
    if text in SCALAR:
        return [SCALAR[text]]
    if text == "datetime":
        return ["i64", "i32"]
    return ["i32", "i32"] if text == "string" or text.startswith("list<") else ["i32"]


def main():
    resources, funcs = rows()
    types = Types(resources)
    imported, bodies, lowers, lifts, given = [], [], [], [], []
    for r in resources:
        imported.append(f'    (import "" "drop-{r}" (func $drop-{r} (param i32)))')
        lowers.append(f"  (core func $drop-{r} (canon resource.drop $the-{r}))")
        given.append(f'    (export "drop-{r}" (func $drop-{r}))')
    for i, (interface, name, sig) in enumerate(funcs):
        m = re.fullmatch(r"func\((.*)\)(?: -> (.*))?", sig)
        params = [p.split(":", 1) for p in re.findall(r"[\w-]+: [^,<]+(?:<[^(]*?>+)?(?=, [\w-]+:|$)", m[1])]
        params = [(n, t.strip()) for n, t in params]
        result = m[2]
        scalar = result is not None and (result in SCALAR or result in resources)
        core = [c for _, t in params for c in flat(t)]
        code, at = [f"local.get {k}" for k in range(len(core))], 0
        for _, t in params:
            b = re.search(r"borrow<(.*?)>", t)
            if b and t.startswith("list"):
                code.append(f"local.get {at} local.get {at + 1} call $drop-all-{b[1]}")
            elif b:
                code.append(f"local.get {at} call $drop-{b[1]}")
            at += len(flat(t))
        area = "(i32.const 1024)" if result and not scalar else ""
        code.insert(len(core), f"{area} call $i{i}")
        p = f" (param {' '.join(core)})" if core else ""
        ret = f" (param i32)" if area else f" (result {flat(result)[0]})" if scalar else ""
        imported.append(f'    (import "" "{i}" (func $i{i}{p}{ret}))')
        back = " (result i32)" if area else ret
        bodies.append(f'    (func (export "{i}"){p}{back}\n      ' + "\n      ".join(code) + ("\n      i32.const 1024" if area else "") + ")")
        options = '(memory $memory) (realloc $realloc)'
        lowers.append(f'  (core func $i{i} (canon lower (func ${interface}@0.2.12 "{name}") {options}))')
        given.append(f'    (export "{i}" (func $i{i}))')
        of = lambda t: types.of(t)
        sig = "(func" + "".join(f' (param "{n}" {of(t)})' for n, t in params) + (f" (result {of(result)})" if result else "") + ")"
        public = interface.split("/")[1] + "-" + name.split(".")[-1]
        if name.startswith("["):
            public = name[len("[method]"):].replace(".", "-")
        lifts.append(f'  (func $f{i} {sig[6:-1] if len(sig) > 6 else ""} (canon lift (core func $m "{i}") {options}))\n'
                     f'  (export "{public}" (func $f{i}))')
    lines = [HEAD + imports().rstrip(), *types.out, """  (core module $base
    (memory (export "memory") 64)
    (global $top (mut i32) (i32.const 4096))
    (func (export "realloc") (param i32 i32 i32 i32) (result i32)
      (local $at i32)
      (local.set $at (i32.and (i32.add (global.get $top) (i32.const 7)) (i32.const -8)))
      (global.set $top (i32.add (local.get $at) (local.get 3)))
      local.get $at))
  (core instance $base (instantiate $base))
  (alias core export $base "memory" (core memory $memory))
  (alias core export $base "realloc" (core func $realloc))""", *lowers,
             "  (core module $main", '    (import "base" "memory" (memory 64))', *imported, """    (func $drop-all-pollable (param $at i32) (param $n i32)
      (loop $next
        (if (local.get $n)
          (then
            (call $drop-pollable (i32.load (local.get $at)))
            (local.set $at (i32.add (local.get $at) (i32.const 4)))
            (local.set $n (i32.sub (local.get $n) (i32.const 1)))
            (br $next)))))""", *bodies, "  )",
             '  (core instance $m (instantiate $main (with "base" (instance $base)) (with "" (instance', *given, "  ))))", *lifts, ")\n"]
    open("tests/wasi/proxy.wat", "w").write("\n".join(lines))


os.chdir(os.path.join(os.path.dirname(os.path.abspath(__file__)), "../.."))
main()
