#!/usr/bin/env python3
"""Makes modules with wasm-smith (`wasm-tools smith`), runs them with fuzz_run --wast of one build or several, and gives the script
to a peer: whatever cwrun did (validity, results, traps, exceptions, final globals and memories) is what the peer must do too.

  tests/fuzz/differential.py --seeds 0-9999 --peer wasmtime [--runner build/tests/fuzz/fuzz_run --runner build-asan/tests/fuzz/fuzz_run]

--source branches takes modules of branches.py in the place of wasm-smith's.

Peers: wasmtime (everything), wasmi (no GC, no exceptions); wasm-tools and the peer are looked for in $PEERS and PATH. Modules that
disagree are kept in --keep. Closing line: N agreed, N differ. Python 3, no packages."""

import argparse
import concurrent.futures
import os
import random
import re
import shutil
import subprocess
import sys
import tempfile

import branches

LIMITS = ["--max-memory32-bytes", "1048576", "--max-memory64-bytes", "1048576", "--max-table-elements", "1000",
          "--max-imports", "0", "--export-everything", "true", "--canonicalize-nans", "true", "--ensure-termination", "--fuel", "500",
          "--min-types", "3", "--min-funcs", "3", "--min-memories", "1", "--min-tables", "1", "--memory-max-size-required", "true",
          "--table-max-size-required", "true", "--max-memories", "3", "--max-tables", "3"]
# what cwrun does not execute; threads only where asked for, as a wait may last
LEFT_OUT = ["custom-descriptors", "compact-imports", "shared-everything-threads", "acquire-release-atomics",
            "multibyte-array-access"]
ASKED_FOR = ["relaxed-simd", "wide-arithmetic", "custom-page-sizes", "memory64", "tail-call", "gc", "exceptions", "simd", "extended-const"]
# Multiplications with addition are rounded once or twice, as an engine likes: selections of lanes take their place, which have the
# same type and as many bytes.
MADD, SELECT = re.compile(rb"\xfd[\x85-\x88]\x02"), b"\xfd\x89\x02"
PEERS = {
    "wasmtime": (["wast", "-W", "all-proposals=y,relaxed-simd-deterministic=y"], []),
    "wasmi": (["wast"], ["gc", "exceptions"]),
}


def find(name):
    for folder in os.environ.get("PEERS", "").split(os.pathsep):
        for path in (os.path.join(folder, name), os.path.join(folder, "bin", name)):
            if folder and os.access(path, os.X_OK) and os.path.isfile(path):
                return path
    return shutil.which(name) or sys.exit("%s: not found (set PEERS to the folder it is in)" % name)


def smith(tools, seed, on, without, path):
    """False where wasm-smith makes nothing of the seed."""
    source = random.Random(seed)
    data = source.randbytes(source.choice((600, 2000, 6000, 20000)))
    switches = {name: "false" for name in ["threads"] + LEFT_OUT}
    switches.update({name: "true" for name in ASKED_FOR + on})
    switches.update({name: "false" for name in without})
    words = [word for name, value in switches.items() for word in ("--%s-enabled" % name, value)]
    done = subprocess.run([tools, "smith", *LIMITS, *words, "-o", path], input=data, capture_output=True, check=False)
    if done.returncode:
        return False
    with open(path, "rb") as file:
        module = file.read()
    with open(path, "wb") as file:
        file.write(MADD.sub(SELECT, module))
    return True


def words(text):
    return re.sub(r"\s+", " ", text).strip()[:300]


def one(options, seed, folder):
    """What became of a seed: (agreed: True, False or None where nothing was made, why)."""
    module, script = (os.path.join(folder, "%d.%s" % (seed, end)) for end in ("wasm", "wast"))
    arguments, without = PEERS[options.peer]
    if options.source == "branches":
        subprocess.run([options.tools, "parse", "-", "-o", module], input=branches.module(seed).encode(), check=True)
    elif not smith(options.tools, seed, options.on, without + options.off, module):
        return None, "no module"
    outputs = []
    for runner in options.runner:
        try:
            done = subprocess.run([runner, "--wast", module], capture_output=True, timeout=60, check=False)
        except subprocess.TimeoutExpired:
            return False, "%s does not end" % runner
        if done.returncode:
            return False, "%s: %s" % (runner, words(done.stderr.decode("utf-8", "replace")))
        outputs.append(done.stdout)
    if len(set(outputs)) > 1:
        return False, "builds differ"
    with open(script, "wb") as file:
        file.write(outputs[0])
    if b"(assert_invalid" in outputs[0]:
        return False, "refused: " + words(outputs[0].split(b";;")[-1].decode())
    if options.peer_path and b"(module" in outputs[0]:
        try:
            done = subprocess.run([options.peer_path, *arguments, script], capture_output=True, timeout=60, check=False)
        except subprocess.TimeoutExpired:
            return False, "%s does not end" % options.peer
        if done.returncode:
            return False, words((done.stderr or done.stdout).decode("utf-8", "replace"))
    os.unlink(module)
    os.unlink(script)
    return True, ""


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--seeds", default="0-99", help="first-last")
    parser.add_argument("--source", choices=["smith", "branches"], default="smith")
    parser.add_argument("--peer", choices=list(PEERS), default="wasmtime")
    parser.add_argument("--no-peer", action="store_true", help="only compare the runners")
    parser.add_argument("--runner", action="append", help="a fuzz_run; repeatable")
    parser.add_argument("--on", action="append", default=[], help="a proposal more, as wasm-smith spells it: threads; repeatable")
    parser.add_argument("--off", action="append", default=[], help="a proposal less; repeatable")
    parser.add_argument("--keep", help="folder for what disagrees (default: a temporary one)")
    parser.add_argument("-j", type=int, default=2)
    options = parser.parse_args()
    options.runner = options.runner or ["build/tests/fuzz/fuzz_run"]
    options.tools = find("wasm-tools")
    options.peer_path = None if options.no_peer else find(options.peer)
    folder = options.keep or tempfile.mkdtemp()
    os.makedirs(folder, exist_ok=True)
    first, last = map(int, options.seeds.split("-"))
    agreed = differ = nothing = 0
    with concurrent.futures.ThreadPoolExecutor(options.j) as pool:
        seeds = range(first, last + 1)
        for seed, (verdict, why) in zip(seeds, pool.map(lambda seed: one(options, seed, folder), seeds)):
            agreed += verdict is True
            differ += verdict is False
            nothing += verdict is None
            if verdict is False:
                print("seed %d: %s" % (seed, why), flush=True)
    if differ:
        print("what differs is in %s" % folder)
    if nothing:
        print("%d seeds made no module" % nothing)
    print("%d agreed, %d differ" % (agreed, differ))
    return 1 if differ else 0


if __name__ == "__main__":
    sys.exit(main())
