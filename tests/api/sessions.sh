#!/bin/sh
# tests/api/sessions.sh FOLDER: runs the `session` cases of the guests in FOLDER (one folder a guest, with case.jsonl) that
# tests/guests.txt and the line below name, and commands whose imports the host is to give, through tests/api/session.
cd "$(dirname "$0")/../.." || exit 1
BUILD=${BUILD:-build} exec python3 - "$1" alltypes-c alltypes-rs cipher-fn-c cipher-fn-rs kv-c kv-rs calc-cmd-rs <<'PY'
import json, os, subprocess, sys

base, guests = sys.argv[1], sys.argv[2:]
program = os.path.join(os.environ["BUILD"], "tests/api/session")
passed = failed = 0


def lines_of(case):
    imports = case.get("imports", {})
    out = [f"env {k} {v}" for k, v in case.get("env", {}).items()]
    out += [f"arg {a}" for a in case.get("args", [])]
    out += [f"function {f}" for f in imports.get("functions", [])]
    if "kvdb" in imports:
        out.append("kvdb " + imports["kvdb"])
    if "docs:adder/add@0.1.0" in imports:
        out.append("calc")
    out.append("start")
    if case["kind"] == "command":
        return out + ["run"]
    for call in case["calls"]:
        if "drop" in call:
            out.append("drop " + call["drop"])
            continue
        names = call.get("save", [])
        names = [names] if isinstance(names, str) else names
        text = (call["interface"] + "#" if "interface" in call else "") + call["call"]
        out.append(("save " + " ".join(names) + " " if names else "") + "call " + text)
    return out


def check_session(case, out):
    got, host = [], []
    for line in out.split("\n"):
        word, _, rest = line.partition(" ")
        if word == "host":
            host.append(json.loads(rest))
        elif word:
            got.append(({"result": rest} if word == "result" else {"trap": rest} if word == "trap" else {word: rest}, host))
            host = []
    wants = case["expect"]["calls"]
    if len(got) != len(wants):
        return f"{len(got)} answers for {len(wants)} calls: {out[:300]}"
    for i, (want, (answer, calls)) in enumerate(zip(wants, got)):
        right = (want["trap"] in answer.get("trap", "") if "trap" in want else
                 answer.get("result") == want["result"] if want.get("result") is not None else
                 "none" in answer or "saved" in answer)
        asked = want.get("host_calls", [])
        if isinstance(asked, int):
            calls = len(calls)
        if not right or calls != asked:
            return f"call {i}: want {want}, got {answer} {calls}"[:600]
    return None


for guest in guests:
    for line in open(os.path.join(base, guest, "case.jsonl")):
        case = json.loads(line)
        if case["kind"] != "session" and not (case["kind"] == "command" and "imports" in case):
            continue
        r = subprocess.run([program, os.path.join(base, guest, case["component"])], input="\n".join(lines_of(case)) + "\n",
                           capture_output=True, text=True, timeout=120)
        if case["kind"] == "command":
            want = case["expect"]["stdout"] + f"exit {case['expect']['exit']}\n"
            wrong = None if r.stdout == want else f"want {want!r}, got {r.stdout!r} {r.stderr!r}"
        else:
            wrong = r.stderr[:600] if r.returncode else check_session(case, r.stdout)
        passed, failed = passed + (not wrong), failed + bool(wrong)
        if wrong:
            print("FAILED:", case["name"], wrong)
print(f"{passed} passed, {failed} failed")
sys.exit(failed != 0)
PY
