"""Modules whose functions are all branches, blocks with parameters and several results: what wasm-smith makes rarely. The values
that go along are mostly locals and parameters, which branches, calls and returns overwrite. For differential.py --source branches."""

import random

NUMBERS = ["i32", "i64", "f32", "f64", "v128"]
TYPES = NUMBERS + ["anyref"]
# operands and result; none can make a NaN, whose bits engines choose
PLAIN = [("i32.add", "i32 i32", "i32"), ("i32.sub", "i32 i32", "i32"), ("i32.rotl", "i32 i32", "i32"), ("i32.eqz", "i32", "i32"),
         ("i32.lt_s", "i32 i32", "i32"), ("i32.clz", "i32", "i32"), ("i64.add", "i64 i64", "i64"), ("i64.mul", "i64 i64", "i64"),
         ("i64.xor", "i64 i64", "i64"), ("i64.eq", "i64 i64", "i32"), ("i64.extend_i32_s", "i32", "i64"), ("i32.wrap_i64", "i64", "i32"),
         ("i32.div_u", "i32 i32", "i32"), ("f32.convert_i32_s", "i32", "f32"), ("f64.convert_i64_u", "i64", "f64"),
         ("f64.promote_f32", "f32", "f64"), ("f64.neg", "f64", "f64"), ("f32.neg", "f32", "f32"), ("f64.lt", "f64 f64", "i32"),
         ("f32.copysign", "f32 f32", "f32"), ("f64.max", "f64 f64", "f64"), ("i64.reinterpret_f64", "f64", "i64"),
         ("i32.reinterpret_f32", "f32", "i32"), ("i64x2.splat", "i64", "v128"), ("i32x4.splat", "i32", "v128"),
         ("i32x4.add", "v128 v128", "v128"), ("v128.xor", "v128 v128", "v128"), ("i64x2.extract_lane 1", "v128", "i64"),
         ("i32x4.extract_lane 2", "v128", "i32"), ("v128.any_true", "v128", "i32"), ("i32x4.replace_lane 3", "v128 i32", "v128"),
         ("ref.i31", "i32", "anyref"), ("ref.is_null", "anyref", "i32"), ("ref.test (ref i31)", "anyref", "i32"),
         ("ref.cast (ref null i31) i31.get_s", "anyref", "i32"), ("i32.load offset=8", "i32", "i32"),
         ("i64.load", "i32", "i64"), ("v128.load", "i32", "v128")]
STORES = [("i32.store", "i32 i32"), ("i64.store offset=16", "i32 i64"), ("f64.store", "i32 f64"), ("v128.store", "i32 v128")]


def spelled(word, types):
    return " (%s %s)" % (word, " ".join(types)) if types else ""


class Function:
    """One function's text; its code is flat, its stack is known at every place."""

    def __init__(self, source, types, index, signatures, tags):
        self.source, self.types, self.signatures, self.tags = source, types, signatures, tags
        self.index = index
        self.params, self.results = signatures[index]
        self.locals = self.params + self.some(self.types, 4)
        self.code, self.left = [], source.choice((10, 30, 80))
        self.labels = []  # the innermost last: the types that go along

    def some(self, what, most):
        return [self.source.choice(what) for _ in range(self.source.randint(0, most))]

    def emit(self, *words):
        self.code.extend(words)

    def push(self, kind, stack):
        """A value of that type: a local, where there is one, or a constant."""
        known = [i for i, t in enumerate(self.locals) if t == kind]
        if known and self.source.random() < 0.8:
            self.emit("local.get %d" % self.source.choice(known))
        elif kind == "anyref":
            self.emit(self.source.choice(("ref.null any", "i32.const %d ref.i31" % self.source.randrange(100))))
        elif kind == "v128":
            self.emit("v128.const i64x2 %d %d" % (self.source.getrandbits(64), self.source.randrange(9)))
        else:
            self.emit("%s.const %d" % (kind, self.source.choice((0, 1, 2, 3, 7, 100, 65535, -1))))
        stack.append(kind)

    def want(self, types, stack):
        """Sees to it that these are on top, with what is there already where it fits."""
        have = len(types)
        while have and (have > len(stack) or stack[len(stack) - have:] != types[:have] or self.source.random() < 0.3):
            have -= 1
        for kind in types[have:]:
            self.push(kind, stack)

    def apply(self, word, operands, results, stack):
        self.want(operands, stack)
        self.emit(word)
        del stack[len(stack) - len(operands):]
        stack.extend(results)

    def label(self):
        """One to branch to, and its types."""
        depth = self.source.randrange(len(self.labels))
        return depth, self.labels[-1 - depth]

    def block(self, stack):
        word = self.source.choice(("block", "block", "loop", "if", "try_table"))
        n = self.source.randint(0, min(3, len(stack))) if word != "if" else 0
        if word == "if":
            self.want(["i32"], stack)
            stack.pop()
            n = self.source.randint(0, min(2, len(stack)))
        params, results = stack[len(stack) - n:], self.results if self.source.random() < 0.5 else self.some(self.types, 3)
        catches = ""
        if word == "try_table":
            for tag, types in enumerate(self.tags):
                fitting = [i for i in range(len(self.labels)) if self.labels[-1 - i] == types]
                if fitting:  # the try_table itself is no label of its clauses
                    catches += " (catch %d %d)" % (tag, self.source.choice(fitting))
        self.emit(word + spelled("param", params) + spelled("result", results) + catches)
        if word == "loop":  # never more than the module's fuel
            self.emit("global.get 0 i32.const 1 i32.sub global.set 0 global.get 0 i32.const 0 i32.lt_s if unreachable end")
        self.labels.append(params if word == "loop" else results)
        self.body(list(params), results)
        if word == "if" and (params != results or self.source.random() < 0.7):
            self.emit("else")
            self.body(list(params), results)
        self.labels.pop()
        self.emit("end")
        del stack[len(stack) - n:]
        stack.extend(results)

    def branch(self, stack):
        """True where nothing goes on behind it."""
        way = self.source.random()
        depth, types = self.label()
        if way < 0.35:
            self.want(types + ["i32"], stack)
            self.emit("br_if %d" % depth)
            stack.pop()
        elif way < 0.45 and types:
            on = self.source.choice(("null", "non_null", "cast", "cast_fail"))
            if on == "null" or types[-1] != "anyref":
                self.want(types + ["anyref"], stack)
                self.emit("br_on_null %d drop" % depth)
                stack.pop()
            elif on == "non_null":
                self.want(types, stack)
                self.emit("br_on_non_null %d" % depth)
                stack.pop()
            else:
                self.want(types, stack)
                self.emit("br_on_%s %d anyref (ref null i31)" % (on, depth))
        elif way < 0.75:
            same = [i for i in range(len(self.labels)) if self.labels[-1 - i] == types]
            self.want(types + ["i32"], stack)
            self.emit("br_table " + " ".join(str(self.source.choice(same)) for _ in range(self.source.randint(1, 5))))
            return True
        elif way < 0.85:
            self.want(self.results, stack)
            self.emit("return")
            return True
        elif way < 0.92 and self.tags:
            tag = self.source.randrange(len(self.tags))
            self.want(self.tags[tag], stack)
            self.emit("throw %d" % tag)
            return True
        else:
            self.want(types, stack)
            self.emit("br %d" % depth)
            return True
        return False

    def call(self, stack):
        """Only functions before this one, so that it ends."""
        callee = self.source.randrange(self.index)
        params, results = self.signatures[callee]
        if results == self.results and self.source.random() < 0.5:
            self.want(params, stack)
            self.emit("return_call %d" % callee)
            return True
        self.apply("call %d" % callee, params, results, stack)
        return False

    def step(self, stack):
        way = self.source.random()
        if way < 0.2:
            self.push(self.source.choice(self.types), stack)
        elif way < 0.45:
            word, operands, result = self.source.choice(PLAIN)
            self.apply(word, operands.split(), [result], stack)
        elif way < 0.5:
            word, operands = self.source.choice(STORES)
            self.apply(word, operands.split(), [], stack)
        elif way < 0.62 and self.locals:
            i = self.source.randrange(len(self.locals))
            tee = self.source.random() < 0.4
            self.apply("local.%s %d" % ("tee" if tee else "set", i), [self.locals[i]], [self.locals[i]] if tee else [], stack)
        elif way < 0.66:
            kind = self.source.choice(NUMBERS)
            self.apply("select", [kind, kind, "i32"], [kind], stack)
        elif way < 0.7 and stack:
            self.emit("drop")
            stack.pop()
        elif way < 0.76 and self.index:
            return self.call(stack)
        elif way < 0.88 and len(self.labels) < 8:
            self.block(stack)
        else:
            return self.branch(stack)
        return False

    def body(self, stack, results):
        """Code from a stack to these results, which nothing may lie below."""
        for _ in range(self.source.randint(0, 12)):
            self.left -= 1
            if self.left < 0:
                break
            if self.step(stack):
                return
        while stack != results[:len(stack)]:
            self.emit("drop")
            stack.pop()
        for kind in results[len(stack):]:
            self.push(kind, stack)

    def text(self):
        self.labels = [self.results]
        self.body([], self.results)
        extra = self.locals[len(self.params):]
        return " (func%s%s%s\n  %s)" % (spelled("param", self.params), spelled("result", self.results), spelled("local", extra),
                                       "\n  ".join(self.code))

    def exported(self):
        """With new fuel; several times, for several arguments."""
        inner = " ".join("local.get %d" % i for i in range(len(self.params)))
        return "\n".join(" (func (export \"f%d-%d\")%s%s i32.const 300 global.set 0 %s call %d)" % (
            self.index, i, spelled("param", self.params), spelled("result", self.results), inner, self.index) for i in range(4))


def module(seed):
    source = random.Random(seed)
    types = [source.choice(TYPES) for _ in range(source.randint(1, 3))]  # few, so that there are labels of the same types
    pick = lambda most: [source.choice(types) for _ in range(source.randint(0, most))]
    signatures = [(pick(5), pick(4)) for _ in range(source.randint(2, 8))]
    tags = [pick(2) for _ in range(source.randint(0, 2))]
    functions = [Function(source, types, i, signatures, tags) for i in range(len(signatures))]
    parts = [" (tag%s)" % spelled("param", types) for types in tags] + [f.text() for f in functions] + [f.exported() for f in functions]
    return "(module\n (memory (export \"m\") 1 1) (global (mut i32) (i32.const 0))\n%s)" % "\n".join(parts)
