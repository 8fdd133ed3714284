// The work of the QuickJS benchmark: run(n) does everything n times and gives a checksum, a non-negative integer below
// 2^31. No dates, no random numbers of the engine, no floating-point printing: the same on every engine.
"use strict";
let seed = 12345;
function random(limit) {
    seed = (Math.imul(seed, 1103515245) + 12345) & 0x7fffffff;
    return (seed >>> 8) % limit;
}
function mix(hash, value) {
    return (Math.imul(hash ^ value, 16777619) ^ (hash >>> 13)) & 0x7fffffff;
}
function hashText(hash, text) {
    for (let i = 0; i < text.length; i++)
        hash = mix(hash, text.charCodeAt(i));
    return hash;
}

// objects, classes and closures: a queue of tasks passed between workers
class Task {
    constructor(id, cost) {
        this.id = id;
        this.cost = cost;
        this.log = [];
    }
    work(amount) {
        this.cost -= amount;
        return this.cost <= 0;
    }
}
class Urgent extends Task {
    work(amount) {
        this.log.push(amount);
        return super.work(amount * 2);
    }
}
function schedule() {
    const queue = [];
    let done = 0;
    for (let i = 0; i < 300; i++)
        queue.push(i % 3 ? new Task(i, random(50)) : new Urgent(i, random(100)));
    const workers = [1, 3, 5].map(speed => task => task.work(speed));
    for (let turn = 0; queue.length; turn++) {
        const task = queue.shift();
        if (workers[turn % 3](task))
            done = mix(done, task.id + task.log.length);
        else
            queue.push(task);
    }
    return done;
}

// strings, regular expressions, maps
function words() {
    const syllables = ["ba", "kel", "ti", "mor", "su", "an", "dri", "o"];
    const list = [];
    for (let i = 0; i < 600; i++) {
        let word = "";
        for (let k = random(3); k >= 0; k--)
            word += syllables[random(8)];
        list.push(word);
    }
    const text = list.join(" ") + ".";
    const counts = new Map();
    for (const [word] of text.matchAll(/\b[a-z]+\b/g))
        counts.set(word, (counts.get(word) || 0) + 1);
    const sorted = [...counts].sort((a, b) => b[1] - a[1] || (a[0] < b[0] ? -1 : 1));
    let hash = hashText(0, text.replace(/(ti|su)(?=o)/g, "<$1>").toUpperCase());
    for (const [word, count] of sorted)
        hash = mix(hashText(hash, word), count);
    return hash;
}

// integers and typed arrays
function sieve() {
    const marks = new Uint8Array(8000);
    let hash = 0;
    for (let i = 2; i < marks.length; i++) {
        if (marks[i])
            continue;
        hash = mix(hash, i);
        for (let k = i * i; k < marks.length; k += i)
            marks[k] = 1;
    }
    return hash;
}

// doubles
function bodies() {
    const all = [];
    for (let i = 0; i < 6; i++)
        all.push({ x: random(100), y: random(100), vx: 0, vy: 0, mass: 1 + random(5) });
    for (let step = 0; step < 150; step++) {
        for (const a of all) {
            for (const b of all) {
                if (a === b)
                    continue;
                const dx = b.x - a.x, dy = b.y - a.y, square = dx * dx + dy * dy + 1;
                const pull = b.mass / (square * Math.sqrt(square));
                a.vx += dx * pull * 0.01;
                a.vy += dy * pull * 0.01;
            }
        }
        for (const a of all) {
            a.x += a.vx;
            a.y += a.vy;
        }
    }
    return all.reduce((hash, a) => mix(hash, Math.floor(a.x * 1000) + Math.floor(a.y * 1000)), 0);
}

// JSON, recursion, exceptions
function trees() {
    const build = depth => depth ? { left: build(depth - 1), right: build(depth - 1), name: "n" + random(1000) } : null;
    const text = JSON.stringify(build(7));
    const tree = JSON.parse(text);
    const depth = t => {
        if (!t)
            return 0;
        if (t.name === "n13")
            throw new Error(t.name);
        return 1 + Math.max(depth(t.left), depth(t.right));
    };
    let found;
    try {
        found = depth(tree);
    } catch (error) {
        found = error.message.length;
    }
    return mix(hashText(0, text), found);
}

// generators, spread, big integers
function numbers() {
    function* fibonacci() {
        let [a, b] = [0n, 1n];
        for (;;) {
            yield a;
            [a, b] = [b, a + b];
        }
    }
    let hash = 0, count = 0;
    for (const value of fibonacci()) {
        hash = mix(hash, Number(value % 1000003n));
        if (++count === 200)
            return hash;
    }
}

function run(n) {
    let hash = 0;
    seed = 12345;
    for (let i = 0; i < n; i++)
        for (const part of [schedule, words, sieve, bodies, trees, numbers])
            hash = mix(hash, part());
    return hash;
}
