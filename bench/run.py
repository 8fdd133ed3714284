#!/usr/bin/env python3
"""Runs the kernels of index.txt on cwrun and every peer that is found, in turn (A B C A B C …), and prints user
times, ratios cwrun/peer, a geometric mean per class and over all, and which of the required bounds are met. Further parts:
start-up of an empty module, speed of validation and of the text format, size of the command, calls through the C interface. See README.md.
Python 3, no packages."""

import argparse
import json
import math
import os
import random
import re
import shutil
import statistics
import subprocess
import sys
import tempfile
import time

HERE = os.path.dirname(os.path.abspath(__file__))
KERNELS = os.path.join(HERE, "kernels")

# ratio cwrun/peer that the geometric mean over all kernels may have at most, and each class
BOUND_ALL = {"wasm3": 0.60, "wasmi": 0.70}
BOUND_CLASS = {"bulk": 1.05, "simd": 0.60}
BOUND_CLASS_DEFAULT = 1.00
BOUND_START = 1.2
BOUND_VALIDATE = 1.0
BOUND_TEXT = 1.0  # speed of parsing and of printing, times wasm-tools'
BOUND_TEXT_MB_S = 50
BOUND_SIZE = 1500000

ALL = ["-W", "gc=y,function-references=y,exceptions=y"]
# name: (names of the program, words before the file, preview-1 build?, words after it); $N becomes n
PEERS = {
    "wasm3": (["wasm3"], [], True, []),
    "wasmi": (["wasmi", "wasmi_cli"], ["run", "--invoke", "run"], False, ["$N"]),
    "toywasm": (["toywasm"], ["--wasi"], True, []),
    "iwasm": (["iwasm"], [], True, []),
    "wasmtime": (["wasmtime"], ["run", *ALL, "--invoke", "run"], False, ["$N"]),
    "pulley": (["wasmtime"], ["run", "--target", "pulley64", *ALL, "--invoke", "run"], False, ["$N"]),
}
# classes of kernels that a peer has no instructions for
LACKS = {"wasm3": {"simd", "gc", "exceptions"}, "toywasm": {"simd", "gc", "exceptions"}, "wasmi": {"gc", "exceptions"},
         "iwasm": {"gc", "exceptions"}}


def empty_module():
    """(module (func (export "_start")) (func (export "run") (param i32) (result i64) i64.const 0))"""
    types = bytes([2, 0x60, 0, 0, 0x60, 1, 0x7F, 1, 0x7E])
    functions = bytes([2, 0, 1])
    exports = bytes([2, 6]) + b"_start" + bytes([0, 0, 3]) + b"run" + bytes([0, 1])
    code = bytes([2, 2, 0, 0x0B, 4, 0, 0x42, 0, 0x0B])
    sections = ((1, types), (3, functions), (7, exports), (10, code))
    return b"\0asm\1\0\0\0" + b"".join(bytes([i, len(body)]) + body for i, body in sections)


class Engine:
    """A program that runs kernels: its name, its path, and how its command line is made."""

    def __init__(self, name, path, before, preview1, after):
        self.name, self.path, self.before, self.preview1, self.after = name, path, before, preview1, after

    def command(self, kernel, n):
        if self.name == "cwrun" and kernel.linked:
            return [self.path, kernel.linked, "--invoke", "run(%d)" % n]
        file = kernel.preview1 if self.preview1 else kernel.plain
        return [self.path, *self.before, file, *(str(n) if word == "$N" else word for word in self.after)]


class Kernel:
    def __init__(self, name, group, n, folders):
        self.name, self.group, self.n = name, group, int(n)
        self.plain = self.preview1 = self.linked = None
        for folder in folders:
            for field, end in (("plain", ".wasm"), ("preview1", ".p1.wasm"), ("linked", ".linked.wasm")):
                path = os.path.join(folder, name + end)
                if getattr(self, field) is None and os.path.exists(path):
                    setattr(self, field, path)


def find_program(names):
    for name in names:
        for folder in os.environ.get("PEERS", "").split(os.pathsep):
            for path in (os.path.join(folder, name), os.path.join(folder, "bin", name)):
                if folder and os.access(path, os.X_OK) and os.path.isfile(path):
                    return path
        if shutil.which(name):
            return shutil.which(name)
    return None


def find_engines(cwrun, only):
    engines = []
    if cwrun and os.access(cwrun, os.X_OK):
        engines.append(Engine("cwrun", os.path.abspath(cwrun), [], False, ["--invoke", "run", "$N"]))
    else:
        print("cwrun: %s is not there; peers only" % cwrun)
    for name, (programs, before, preview1, after) in PEERS.items():
        path = find_program(programs)
        if path and (not only or name in only):
            engines.append(Engine(name, path, before, preview1, after))
        elif name in BOUND_ALL:
            print("%s: not found (set PEERS to the folder it is in)" % name)
    return engines


def measure(command, env=None):
    """Runs a command; gives its output, user seconds, user + system seconds, and wall seconds. None where it fails."""
    with tempfile.TemporaryFile() as out, tempfile.TemporaryFile() as err:
        begin = time.perf_counter()
        process = subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=out, stderr=err, env=env)
        _, status, usage = os.wait4(process.pid, 0)
        wall = time.perf_counter() - begin
        process.returncode = os.waitstatus_to_exitcode(status)
        out.seek(0)
        err.seek(0)
        if status:
            return None, err.read().decode("utf-8", "replace").strip() or "status %d" % process.returncode, 0, 0
        return out.read().decode("utf-8", "replace"), usage.ru_utime, usage.ru_utime + usage.ru_stime, wall


def checksum(text):
    numbers = re.findall(r"-?\d+", text)
    return int(numbers[-1]) % 2**64 if numbers else None


def geometric_mean(ratios):
    return math.exp(sum(map(math.log, ratios)) / len(ratios))


def run_kernel(kernel, engines, rounds, quick):
    """{engine's name: median of the user time in seconds}; engines that fail or disagree are reported and left out."""
    # Every engine has to do the same work, and wasm3 only knows the default n: quick means one round, not a smaller n.
    times = {engine.name: [] for engine in engines}
    sums, failed = {}, set()
    for _ in range(1 if quick else rounds):
        for engine in engines:
            if engine.name in failed or kernel.group in LACKS.get(engine.name, ()):
                continue
            output, user, _, _ = measure(engine.command(kernel, kernel.n))
            if output is None:
                failed.add(engine.name)
                print("%-14s %s fails: %s" % (kernel.name, engine.name, user.splitlines()[0][:100]))
                continue
            sums[engine.name] = checksum(output)
            times[engine.name].append(max(user, 1e-4))
    if len(set(sums.values())) > 1:
        print("%-14s checksums differ: %s" % (kernel.name, sums))
        votes = list(sums.values())
        right = max(set(votes), key=votes.count)
        failed.update(name for name, value in sums.items() if value != right)
        failed.update(["cwrun"] if sums.get("cwrun") != right else [])
    return {name: statistics.median(list_) for name, list_ in times.items() if list_ and name not in failed}


def verdict(value, bound, at_most=True):
    return "met" if (value <= bound if at_most else value >= bound) else "UNMET"


def bench_kernels(kernels, engines, options, report):
    peers = [engine.name for engine in engines if engine.name != "cwrun"]
    have_cwrun = any(engine.name == "cwrun" for engine in engines)
    print("\nUser seconds, median of %d rounds; in brackets cwrun/peer" % (1 if options.quick else options.rounds))
    print("%-14s%-18s%8s" % ("kernel", "class", "cwrun") + "".join("%17s" % name for name in peers))
    ratios, complete = {name: {} for name in peers}, have_cwrun
    for kernel in kernels:
        if not kernel.plain:
            print("%-14s%-18s not built" % (kernel.name, kernel.group))
            complete = False
            continue
        times = run_kernel(kernel, engines, options.rounds, options.quick)
        report["kernels"][kernel.name] = times
        complete = complete and "cwrun" in times
        row = "%-14s%-18s%8s" % (kernel.name, kernel.group, "%.3f" % times["cwrun"] if "cwrun" in times else "-")
        for name in peers:
            if name not in times:
                row += "%17s" % "-"
            elif "cwrun" not in times:
                row += "%10.3f %6s" % (times[name], "")
            else:
                ratio = times["cwrun"] / times[name]
                ratios[name].setdefault(kernel.group, []).append(ratio)
                row += "%9.3f (%5.2f)" % (times[name], ratio)
        print(row, flush=True)
    if not have_cwrun:
        return complete
    print("\nGeometric means of cwrun/peer")
    good = complete
    groups = list(dict.fromkeys(kernel.group for kernel in kernels))
    for group in groups:
        row = "%-22s" % group
        for name in peers:
            if group not in ratios[name]:
                row += "%24s" % "-"
                continue
            value, bound = geometric_mean(ratios[name][group]), BOUND_CLASS.get(group, BOUND_CLASS_DEFAULT)
            text = ""
            if name in BOUND_ALL:
                text = " <= %.2f %-5s" % (bound, verdict(value, bound))
                good = good and value <= bound
            row += "%8.3f%-16s" % (value, text)
            report["classes"].setdefault(group, {})[name] = value
        print(row)
    row = "%-22s" % "all kernels"
    for name in peers:
        flat = [ratio for group in ratios[name].values() for ratio in group]
        if not flat:
            row += "%24s" % "-"
            continue
        value, text = geometric_mean(flat), ""
        if name in BOUND_ALL:
            text = " <= %.2f %-5s" % (BOUND_ALL[name], verdict(value, BOUND_ALL[name]))
            good = good and value <= BOUND_ALL[name]
        row += "%8.3f%-16s" % (value, text)
        report["all"][name] = value
    print("%-22s" % "" + "".join("%-24s" % ("  " + name) for name in peers))
    print(row)
    if not complete or options.only:
        print("some kernels did not run; the means are over the others")
    return good


def bench_start(engines, options, report):
    """The whole process with an empty module: wall time, interleaved."""
    runs = 40 if options.quick else 400
    with tempfile.TemporaryDirectory() as folder:
        kernel = Kernel("empty", "start", 0, [])
        kernel.plain = kernel.preview1 = os.path.join(folder, "empty.wasm")
        with open(kernel.plain, "wb") as file:
            file.write(empty_module())
        times, order, shuffle = {}, list(engines), random.Random(1).shuffle
        for _ in range(runs):
            shuffle(order)  # a small process behind a large one finds the caches emptied
            for engine in order:
                # as wasm3 and toywasm: `_start` runs and nothing is printed
                command = [engine.path, kernel.plain] if engine.name == "cwrun" else engine.command(kernel, 0)
                output, message, _, wall = measure(command)
                if output is not None:
                    times.setdefault(engine.name, []).append(wall * 1000)
                elif engine.name not in times:
                    times[engine.name] = []
                    print("start: %s fails: %s" % (engine.name, message.splitlines()[0][:100]))
    medians = {name: statistics.median(list_) for name, list_ in times.items() if list_}
    report["start_ms"] = medians
    print("\nStart of an empty module, whole process, median of %d runs" % runs)
    for name, value in medians.items():
        print("  %-10s %7.2f ms" % (name, value))
    rivals = [medians[name] for name in ("wasm3", "toywasm") if name in medians]
    if "cwrun" not in medians or not rivals:
        return True
    ratio = medians["cwrun"] / max(rivals)
    print("  cwrun/peer %.2f <= %.1f %s" % (ratio, BOUND_START, verdict(ratio, BOUND_START)))
    return ratio <= BOUND_START


def bench_validate(cwrun, options, report):
    """`cwrun validate` against `wasm-tools validate` with one thread: user and system time, both read the file."""
    module = options.module
    tools = find_program(["wasm-tools"])
    if not module or not os.path.exists(module):
        print("\nValidation: no big module (make bench fetches one with npm, or --module FILE)")
        return True
    commands = {}
    if os.access(cwrun, os.X_OK):
        commands["cwrun"] = [cwrun, "validate", module]
    if tools:
        commands["wasm-tools"] = [tools, "validate", module]
    env = dict(os.environ, RAYON_NUM_THREADS="1")
    times, walls = {}, {}
    for _ in range(3 if options.quick else 15):
        for name, command in list(commands.items()):
            output, message, cpu, wall = measure(command, env)
            if output is None:
                print("\nvalidate: %s fails: %s" % (name, message.splitlines()[0][:100]))
                del commands[name]
                continue
            times.setdefault(name, []).append(cpu)
            walls.setdefault(name, []).append(wall)
    size = os.path.getsize(module) / 1e6
    print("\nValidation of %s, %.1f MB, one thread, user + system time" % (os.path.basename(module), size))
    medians = {name: max(statistics.median(list_), 1e-4) for name, list_ in times.items()}
    report["validate_s"] = medians
    for name, value in medians.items():
        wall = statistics.median(walls[name])
        print("  %-10s %7.3f s  %6.1f MB/s  (wall %.3f s)" % (name, value, size / value, wall))
    if len(medians) < 2:
        return True
    speed = medians["wasm-tools"] / medians["cwrun"]
    met = verdict(speed, BOUND_VALIDATE, False)
    print("  speed of wasm-tools times %.2f >= %.1f %s" % (speed, BOUND_VALIDATE, met))
    return speed >= BOUND_VALIDATE


def bench_text(cwrun, options, report):
    """A big module as text: parsed, flat and folded, and printed. User and system time, files on both sides."""
    module = os.path.join(options.built, "quickjs.wasm")
    tools = find_program(["wasm-tools"])
    if not tools or not os.path.exists(module) or not os.access(cwrun, os.X_OK):
        print("\nText: no wasm-tools, or no quickjs.wasm (make bench builds it)")
        return True
    good = True
    print("\nText of %s, user + system time" % os.path.basename(module))
    with tempfile.TemporaryDirectory() as folder:
        flat, folded, out = (os.path.join(folder, name) for name in ("flat.wat", "folded.wat", "out"))
        subprocess.run([tools, "print", "-o", flat, module], check=True)
        subprocess.run([cwrun, "print", "--fold", "-o", folded, module], check=True)
        for what, words, text in (("parse, flat", ["parse", "-o", out, flat], flat),
                                  ("parse, folded", ["parse", "-o", out, folded], folded),
                                  ("print", ["print", "-o", out, module], flat)):
            times = {cwrun: [], tools: []}
            for _ in range(3 if options.quick else 15):
                for program, list_ in times.items():
                    output, message, cpu, _ = measure([program, *words])
                    if output is None:
                        print("  %s %s fails: %s" % (program, what, message.splitlines()[0][:100]))
                        return False
                    list_.append(cpu)
            ours, theirs = (max(statistics.median(list_), 1e-4) for list_ in times.values())
            size = os.path.getsize(text) / 1e6
            met = size / ours >= BOUND_TEXT_MB_S and theirs / ours >= BOUND_TEXT
            report.setdefault("text", {})[what] = {"mb": size, "cwrun_s": ours, "wasm-tools_s": theirs}
            print("  %-13s %4.1f MB  %6.1f MB/s >= %d, speed of wasm-tools times %.2f >= %.1f %s"
                  % (what, size, size / ours, BOUND_TEXT_MB_S, theirs / ours, BOUND_TEXT, "met" if met else "UNMET"))
            good &= met
    return good


def bench_size(cwrun, report):
    if not os.access(cwrun, os.X_OK) or not shutil.which("strip"):
        return True
    with tempfile.TemporaryDirectory() as folder:
        stripped = os.path.join(folder, "cwrun")
        subprocess.run(["strip", "-o", stripped, cwrun], check=True)
        size = os.path.getsize(stripped)
    report["stripped_size"] = size
    print("\nStripped cwrun: %d bytes < %d %s" % (size, BOUND_SIZE, verdict(size, BOUND_SIZE - 1)))
    return size < BOUND_SIZE


def bench_calls(program, report):
    if not program or not os.access(program, os.X_OK):
        print("\nCalls through the C interface: the program is not built (make bench builds it)")
        return True
    guests = os.path.join(HERE, "..", "testdata", "guests")
    output, message, _, _ = measure([program, guests])
    if output is None:
        print("\nCalls through the C interface fail: %s" % message)
        return False
    print("\nCalls through the C interface")
    print(output)
    report["calls"] = output
    return "UNMET" not in output


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--cwrun", default=os.path.join(HERE, "..", "build", "cwrun"), help="the command to measure")
    parser.add_argument("--rounds", type=int, default=5, help="rounds of the kernels (default 5)")
    parser.add_argument("--only", action="append", default=[], help="only this kernel or class; repeatable")
    parser.add_argument("--peer", action="append", default=[], help="only this peer; repeatable")
    parser.add_argument("--quick", action="store_true", help="one round of everything")
    parser.add_argument("--parts", default="kernels,start,validate,text,size,calls", help="by commas (default all)")
    built = os.path.join(HERE, "..", "build", "bench")
    parser.add_argument("--built", default=built, help="folder of what make bench builds")
    parser.add_argument("--module", help="a module of more than 5 MB for validation")
    parser.add_argument("--json", help="write the numbers to this file too")
    parser.add_argument("--check", action="store_true", help="status 1 if a bound is not met")
    options = parser.parse_args()
    options.module = options.module or os.path.join(options.built, "esbuild.wasm")

    with open(os.path.join(KERNELS, "index.txt"), encoding="utf-8") as file:
        rows = [line.split() for line in file if line.strip() and not line.startswith("#")]
    folders = [os.path.join(KERNELS, "wasm"), options.built]
    kernels = [Kernel(*row, folders) for row in rows]
    if options.only:
        kernels = [kernel for kernel in kernels if kernel.name in options.only or kernel.group in options.only]
        if not kernels:
            sys.exit("no kernel or class has this name; they stand in bench/kernels/index.txt")
    cwrun = os.path.abspath(options.cwrun)
    engines = find_engines(cwrun, options.peer)
    parts = ["kernels"] if options.only else options.parts.split(",")
    report = {"kernels": {}, "classes": {}, "all": {}}
    good = True
    if "kernels" in parts:
        good &= bench_kernels(kernels, engines, options, report)
    if "start" in parts:
        good &= bench_start(engines, options, report)
    if "validate" in parts:
        good &= bench_validate(cwrun, options, report)
    if "text" in parts:
        good &= bench_text(cwrun, options, report)
    if "size" in parts:
        good &= bench_size(cwrun, report)
    if "calls" in parts:
        good &= bench_calls(os.path.join(options.built, "calls"), report)
    if options.json:
        with open(options.json, "w", encoding="utf-8") as file:
            json.dump(report, file, indent=1)
    return 1 if options.check and not good else 0


if __name__ == "__main__":
    sys.exit(main())
