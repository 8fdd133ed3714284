#!/usr/bin/env python3
"""Compares the text side of cwrun with wasm-tools', for every module and component of scripts (.wast), texts (.wat) and binaries.

  PEERS=/folder/of/peers tests/text_peer.py PATH… [--cwrun build/cwrun] [-j 2]

Of each definition: both parse it or neither does, and to the same bytes; both call it valid or neither does; what cwrun prints,
flat, folded and with offsets, parses to the same bytes again, by cwrun and, flat, by wasm-tools; what wasm-tools prints parses to
the same bytes by both; a refused text has an error with line, column and caret. A line for each difference: what, where, details.
Some are meant (see docs/testing.md), so there is no status; the closing lines are counts. Python 3, no packages."""

import argparse
import collections
import concurrent.futures
import hashlib
import os
import re
import shutil
import subprocess

ROOT = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
TOKEN = re.compile(rb'''(?P<space>[ \t\r\n]+|;;[^\n]*)|(?P<block>\(;)|(?P<open>\((?:@(?:"(?:[^"\\]|\\.)*"|[^\s()";]*))?)|(?P<close>\))|'''
                   rb'''(?P<string>"(?:[^"\\]|\\.)*")|(?P<atom>[^\s()";]+|;)''', re.S)
ESCAPES = {b"t": b"\t", b"n": b"\n", b"r": b"\r", b'"': b'"', b"'": b"'", b"\\": b"\\"}
DEFINITIONS = (b"module", b"component")
DIRECTIVES = DEFINITIONS + (b"register", b"invoke", b"get", b"thread", b"wait")

Token = collections.namedtuple("Token", "kind text start end")
Definition = collections.namedtuple("Definition", "line form data expected")  # form: text, binary or quote


class Form:
    def __init__(self, start):
        self.start, self.end, self.items = start, None, []

    def head(self):
        return self.items[0].text if self.items and isinstance(self.items[0], Token) else None


def block_end(text, at):
    depth, at = 1, at + 2
    while depth and at < len(text):
        mark = text[at:at + 2]
        depth += (mark == b"(;") - (mark == b";)")
        at += 2 if mark in (b"(;", b";)") else 1
    return at


def read_forms(text):
    top, stack, at = [], [], 0
    while at < len(text):
        match = TOKEN.match(text, at)
        if not match:
            at += 1
            continue
        kind, at = match.lastgroup, match.end()
        if kind == "block":
            at = block_end(text, match.start())
        elif kind == "open":
            form = Form(match.start())
            (stack[-1].items if stack else top).append(form)
            stack.append(form)
        elif kind == "close" and stack:
            stack.pop().end = match.end()
        elif kind in ("string", "atom"):
            (stack[-1].items if stack else top).append(Token(kind, match.group(), match.start(), match.end()))
    return [form for form in top if isinstance(form, Form)]


def unescape(literal):
    def one(match):
        word = match.group(1)
        if word in ESCAPES:
            return ESCAPES[word]
        if word.startswith(b"u"):
            return chr(int(word[2:-1].replace(b"_", b""), 16)).encode("utf-8", "surrogatepass")
        return bytes([int(word, 16)])
    return re.sub(rb"\\(u\{[0-9a-fA-F_]+\}|[0-9a-fA-F]{2}|.)", one, literal[1:-1], flags=re.S)


def define(text, form, expected):
    """The definition that (module …) or (component …) is, None for (module instance …)."""
    line, rest, word = text.count(b"\n", 0, form.start) + 1, form.items[1:], None
    if rest and isinstance(rest[0], Token) and rest[0].text in (b"definition", b"instance"):
        word = rest.pop(0)
        if word.text == b"instance":
            return None
    if rest and isinstance(rest[0], Token) and rest[0].text.startswith(b"$"):
        rest.pop(0)
    spelling = rest[0].text if rest and isinstance(rest[0], Token) else None
    if spelling in (b"binary", b"quote"):
        strings = [unescape(item.text) for item in rest[1:] if isinstance(item, Token) and item.kind == "string"]
        if spelling == b"binary":
            return Definition(line, "binary", b"".join(strings), expected)
        inner = b" ".join(strings)
        return Definition(line, "quote", b"(component " + inner + b")" if form.head() == b"component" else inner, expected)
    if word:
        return Definition(line, "text", text[form.start:word.start] + text[word.end:form.end], expected)
    return Definition(line, "text", text[form.start:form.end], expected)


def split(path):
    with open(path, "rb") as file:
        text = file.read()
    if text[:4] == b"\0asm":
        return [Definition(1, "binary", text, "file")]
    forms = read_forms(text)
    heads = [form.head() or b"" for form in forms]
    if path.endswith(".wat") or not any(head in DIRECTIVES or head.startswith(b"assert_") for head in heads):
        return [Definition(1, "text", text, "file")]
    found = []

    def walk(form, expected):
        head = form.head() or b""
        if head in DEFINITIONS:
            found.append(define(text, form, expected))
        elif head == b"thread" or head.startswith(b"assert_"):
            refused = head[7:].decode() if re.match(rb"assert_(invalid|malformed)", head) else "valid"
            for item in form.items:
                if isinstance(item, Form):
                    walk(item, refused)
    for form in forms:
        walk(form, "valid")
    return [definition for definition in found if definition]


def brief(message):
    return message.decode("utf-8", "replace").strip().replace("\n", " | ")[:300]


class Comparison:
    def __init__(self, cwrun, tools):
        self.cwrun, self.tools = cwrun, tools

    def ours(self, command, data, *options):
        return self.run([self.cwrun, command, *options, "-"], data)

    def theirs(self, command, data, *options):
        out = ["-o", "/dev/stdout"] if command == "parse" else []
        return self.run([self.tools, command, *options, *out, "-"], data)

    @staticmethod
    def run(command, data):
        process = subprocess.run(command, input=data, capture_output=True, timeout=300, check=False)
        return process.returncode, process.stdout, process.stderr

    def check(self, definition):
        found, counts = [], collections.Counter()
        report = lambda what, details="": found.append((what, details))
        binary = self.check_parse(definition, report, counts)
        if binary is not None:
            valid = self.check_verdict(definition, binary, report, counts)
            self.check_print(binary, valid, report, counts)
        return found, counts

    def check_parse(self, definition, report, counts):
        if definition.form == "binary":
            counts["binaries"] += 1
            return definition.data
        counts["texts"] += 1
        status, binary, message = self.ours("parse", definition.data)
        their_status, their_binary, their_message = self.theirs("parse", definition.data)
        if status not in (0, 1):
            report("crash", "parse: status %d" % status)
        if (status == 0) != (their_status == 0):
            report("one parses", "cwrun: %s; wasm-tools: %s" % (brief(message) or "parses", brief(their_message) or "parses"))
        if status:
            counts["refused texts"] += 1
            if not re.search(rb":\d+:\d+", message) or b"^" not in message:
                report("no place", brief(message))
            if definition.expected == "valid":
                report("does not parse", brief(message))
            return None
        if their_status == 0:
            counts["same bytes from both" if binary == their_binary else "other bytes"] += 1
            if binary != their_binary:
                report("other bytes", "%d and %d" % (len(binary), len(their_binary)))
        return binary

    def check_verdict(self, definition, binary, report, counts):
        status, out, message = self.ours("validate", binary, "--features=all")
        their_status, _, their_message = self.theirs("validate", binary, "--features=all")
        if status not in (0, 1):
            report("crash", "validate: status %d" % status)
        if (status == 0) == (their_status == 0):
            counts["same verdict"] += 1
        else:
            report("one is valid", "(%s) cwrun: %s; wasm-tools: %s" % (definition.expected, brief(message or out), brief(their_message)))
        return status == 0

    def check_print(self, binary, valid, report, counts):
        once = None
        for options in ([], ["--fold"], ["-p"], ["--fold", "-p"]):
            status, text, message = self.ours("print", binary, *options)
            again = self.ours("parse", text) if status == 0 else (1, b"", message)
            if status not in (0, 1) or again[0] not in (0, 1):
                report("crash", "print %s: status %d, %d" % (options, status, again[0]))
            if again[0]:
                counts["invalid and not printed"] += not valid
                if valid:
                    report("print and parse fail", "%s %s" % (options, brief(again[2])))
                return
            if once is None:
                once = again[1]
                counts["same bytes printed and parsed" if once == binary else "other bytes printed and parsed"] += 1
                if once != binary and valid:
                    report("first round", "%d becomes %d" % (len(binary), len(once)))
                self.check_their_text(binary, once, text, valid, report, counts)
                text = self.ours("print", once)[1]
                again = self.ours("parse", text)
            if again[1] != once:
                report("second round", "%s: %d, not %d" % (options, len(again[1]), len(once)))

    def check_their_text(self, binary, once, text, valid, report, counts):
        their_status, their_binary, their_message = self.theirs("parse", text)
        if their_status == 0:
            counts["printed by cwrun, parsed by wasm-tools" + ("" if their_binary == once else ": other bytes")] += 1
        elif valid:
            report("wasm-tools does not parse what cwrun prints", brief(their_message))
        status, text, _ = self.theirs("print", binary)
        if status:
            return
        ours, theirs = self.ours("parse", text), self.theirs("parse", text)
        if ours[:2] == theirs[:2]:
            counts["printed by wasm-tools, parsed by both"] += 1
        else:
            report("print of wasm-tools", "cwrun: %s; wasm-tools: %s" % (brief(ours[2]) or "parses", brief(theirs[2]) or "parses"))


def files_of(paths):
    for path in paths:
        if not os.path.isdir(path):
            yield path
        for folder, _, names in os.walk(path):
            for name in sorted(names):
                if name.endswith((".wast", ".wat", ".wasm")):
                    yield os.path.join(folder, name)


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("paths", nargs="+")
    parser.add_argument("--cwrun", default=os.path.join(ROOT, "build", "cwrun"))
    parser.add_argument("-j", type=int, default=2, help="so many at once")
    options = parser.parse_args()
    folders = [place for folder in os.environ.get("PEERS", "").split(os.pathsep) for place in (folder, os.path.join(folder, "bin"))]
    tools = shutil.which("wasm-tools", path=os.pathsep.join(folders + [os.environ["PATH"]]))
    if not tools:
        parser.error("wasm-tools is not found (set PEERS to the folder it is in)")
    comparison, jobs, seen = Comparison(os.path.abspath(options.cwrun), tools), [], set()
    for path in files_of(options.paths):
        for definition in split(path):
            digest = hashlib.sha1(definition.form.encode() + definition.data).digest()
            if digest not in seen:
                jobs.append((path, definition))
            seen.add(digest)
    total, kinds = collections.Counter(definitions=len(jobs)), collections.Counter()
    with concurrent.futures.ThreadPoolExecutor(options.j) as pool:
        for (path, definition), (found, counts) in zip(jobs, pool.map(lambda job: comparison.check(job[1]), jobs)):
            total.update(counts)
            kinds.update(what for what, _ in found)
            for what, details in found:
                print("%s\t%s:%d\t%s, %s\t%s" % (what, path, definition.line, definition.form, definition.expected, details), flush=True)
    for counts in (total, kinds):
        for what, n in sorted(counts.items()):
            print("%6d  %s" % (n, what))


if __name__ == "__main__":
    main()
