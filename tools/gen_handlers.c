/* tools/gen_handlers.c: makes the interpreter's handlers out of src/exec/ops.def and src/exec/fuse.def; run by make.
 *
 * usage: gen_handlers DIR N: writes DIR/handlers_0.c … handlers_(N-1).c, DIR/handlers.def (HANDLER(name, part) in order
 * of their numbers, from 1), DIR/handler_parts.def (PART(n)) and DIR/handler_trie.h (see src/exec/ops.h). A handler is
 * a sequence of one or more operations, each with the kinds of its operands and its destination. */
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { MAX_SEQUENCE = 4, MAX_OPERANDS = 5, MAX_NODES = 1 << 14, KEY_BITS = 18, TABLE = 1 << 15 };
enum { IS_VALUE, IS_EFFECT, IS_JUMP };

typedef struct operation {
    const char *name;
    int kind;
    char result;
    const char *operands, *forms, *dsts, *before, *body;
} operation;

static const operation operations[] = {
    { "NONE", IS_EFFECT, 0, "", "", "", "", "" },
#define VALUE(id, result, operands, forms, dsts, before, expr) \
    { #id, IS_VALUE, result, operands, forms, dsts, before, expr },
#define COMPARE(id, operands, forms, expr) \
    { #id, IS_VALUE, 'i', operands, forms, "s a", "", expr }, \
        { "BR_" #id, IS_JUMP, 0, operands "L", forms, "", "", expr },
#define EFFECT(id, operands, forms, body) { #id, IS_EFFECT, 0, operands, forms, "", "", body },
#define JUMP(id, operands, forms, body) { #id, IS_JUMP, 0, operands, forms, "", "", body },
#include "../src/exec/ops.def"
};
enum { N_OPERATIONS = sizeof operations / sizeof operations[0] };

typedef struct fuse_set {
    const char *name, *members;
} fuse_set;
static const fuse_set sets[] = {
#define SET(name, members) { #name, members },
#define FUSE(sequence)
#include "../src/exec/fuse.def"
};
static const char *const rules[] = {
#define SET(name, members)
#define FUSE(sequence) sequence,
#include "../src/exec/fuse.def"
};

/* One operation with its kinds: a letter for every value operand, '\0' or a letter for the result. */
typedef struct part {
    const operation *op;
    char kinds[MAX_OPERANDS + 1];
    char dst;
} part;

typedef struct node {
    int parent, n;
    part sequence[MAX_SEQUENCE];
    uint32_t key;
    int is_handler, number;
} node;

static node nodes[MAX_NODES];
static int n_nodes = 1;
static int table[TABLE];

static void fail(const char *format, ...)
{
    va_list args;
    va_start(args, format);
    fputs("gen_handlers: ", stderr);
    vfprintf(stderr, format, args);
    fputc('\n', stderr);
    exit(1);
}

static const operation *find_operation(const char *name, size_t size)
{
    for (int i = 0; i < N_OPERATIONS; i++)
        if (strlen(operations[i].name) == size && !memcmp(operations[i].name, name, size))
            return &operations[i];
    fail("no operation %.*s", (int)size, name);
    return NULL;
}

static int is_value(char operand)
{
    return strchr("ilfdv", operand) != NULL;
}

static char class_of(char type)
{
    return type == 'l' ? 'i' : type;
}

static uint32_t key_of(const part *p)
{
    uint32_t kinds = 0;
    int v = 0;
    for (int i = 0; p->op->operands[i]; i++)
        if (is_value(p->op->operands[i])) {
            const char k = p->kinds[v++];
            kinds |= (k == 's' ? 1u : k == 'a' ? 2u : 3u) << (2 * i);
        }
    const uint32_t dst = p->dst == 's' ? 1u : p->dst == 'a' ? 2u : p->dst == 'b' ? 3u : 0u;
    return (uint32_t)(p->op - operations) << 8 | kinds << 2 | dst;
}

static uint32_t hash(uint32_t x)
{
    x *= 0x9e3779b1u;
    return x >> 17;
}

/* The node below `parent` for one more part, made where it is not there. */
static int child(int parent, const part *p)
{
    const uint32_t key = key_of(p);
    uint32_t at = hash((uint32_t)parent << KEY_BITS | key);
    for (; table[at]; at = (at + 1) % TABLE)
        if (nodes[table[at]].parent == parent && nodes[table[at]].key == key)
            return table[at];
    if (n_nodes == MAX_NODES)
        fail("more than %d nodes", MAX_NODES);
    node *n = &nodes[n_nodes];
    n->parent = parent;
    n->key = key;
    n->n = nodes[parent].n + 1;
    if (n->n > MAX_SEQUENCE)
        fail("a sequence is too long");
    memcpy(n->sequence, nodes[parent].sequence, sizeof n->sequence);
    n->sequence[n->n - 1] = *p;
    table[at] = n_nodes;
    return n_nodes++;
}

/* Word number i of a text of words between separators; its length, 0 where there is none. */
static size_t word(const char *text, const char *separators, int i, const char **start)
{
    for (;;) {
        text += strspn(text, separators);
        const size_t size = strcspn(text, separators);
        if (!size)
            return 0;
        *start = text;
        if (i-- == 0)
            return size;
        text += size;
    }
}

static void simple_handlers(void)
{
    for (int o = 1; o < N_OPERATIONS; o++) {
        const operation *op = &operations[o];
        const char *form, *dst;
        size_t size;
        for (int f = 0; (size = word(op->forms, " ", f, &form)); f++)
            for (int d = 0; op->kind != IS_VALUE ? d == 0 : word(op->dsts, " ", d, &dst) != 0; d++) {
                part p = { op, "", op->kind == IS_VALUE ? *dst : '\0' };
                if (*form != '-')
                    memcpy(p.kinds, form, size);
                nodes[child(0, &p)].is_handler = 1;
            }
    }
}

/* "op or $set : forms : dsts" for every step. Sequences whose kinds do not exist on their own are left out. */
static void fused_handlers(const char *rule, int parent)
{
    rule += strspn(rule, " |");
    if (!*rule) {
        nodes[parent].is_handler = 1;
        return;
    }
    const char *end = rule + strcspn(rule, "|");
    char step[1024];
    const char *names, *forms, *dsts = "";
    if ((size_t)(end - rule) >= sizeof step)
        fail("a rule is too long: %s", rule);
    memcpy(step, rule, (size_t)(end - rule));
    step[end - rule] = '\0';
    size_t size = word(step, ":", 0, &names);
    const size_t forms_size = word(step, ":", 1, &forms), dsts_size = word(step, ":", 2, &dsts);
    char form_text[256], dst_text[64], name_text[512];
    snprintf(form_text, sizeof form_text, "%.*s", forms_size ? (int)forms_size : 1, forms_size ? forms : "-");
    snprintf(dst_text, sizeof dst_text, "%.*s", (int)dsts_size, dsts);
    snprintf(name_text, sizeof name_text, "%.*s", (int)size, names);
    char *name = name_text + strspn(name_text, " ");
    const char *members = name;
    if (*name == '$') {
        members = NULL;
        name[strcspn(name, " ")] = '\0';
        for (size_t i = 0; i < sizeof sets / sizeof sets[0]; i++)
            if (!strcmp(sets[i].name, name + 1))
                members = sets[i].members;
        if (!members)
            fail("no set %s", name);
    }
    const char *member, *form, *dst;
    for (int m = 0; (size = word(members, " ", m, &member)); m++) {
        /* a member of a set may bring its own forms, "NAME/ss,sk", for steps that say "*" */
        const size_t name_size = strcspn(member, "/ ");
        const operation *op = find_operation(member, name_size);
        char own[64];
        snprintf(own, sizeof own, "%.*s", name_size < size ? (int)(size - name_size - 1) : 0, member + name_size + 1);
        const char *form_list = form_text[strspn(form_text, " ")] == '*' ? own : form_text;
        for (int f = 0; (size = word(form_list, " ,", f, &form)); f++)
            for (int d = 0; op->kind != IS_VALUE ? d == 0 : word(dst_text, " ,", d, &dst) != 0; d++) {
                part p = { op, "", op->kind == IS_VALUE ? *dst : '\0' };
                if (*form != '-')
                    memcpy(p.kinds, form, size);
                int known = 0;
                const uint32_t key = key_of(&p);
                for (uint32_t at = hash(key); table[at]; at = (at + 1) % TABLE)
                    known |= nodes[table[at]].parent == 0 && nodes[table[at]].key == key;
                if (known)
                    fused_handlers(end, child(parent, &p));
            }
    }
}

static const char *type_name(char type)
{
    return type == 'i'   ? "uint32_t"
           : type == 'l' ? "uint64_t"
           : type == 'f' ? "float"
           : type == 'd' ? "double"
                         : "cw_v128";
}

static const char *accumulator(char type)
{
    return type == 'i' ? "(uint32_t)acc" : type == 'l' ? "acc" : type == 'f' ? "fa" : type == 'd' ? "da" : "va";
}

/* Text with @ replaced: the way from the instruction's end, where ip is, to its start plus the operation's number. */
static void put_text(FILE *out, const char *text, int sub, unsigned size)
{
    for (; *text; text++)
        if (*text == '@')
            fprintf(out, "%d", sub - (int)size);
        else
            fputc(*text, out);
}

static void put_name(FILE *out, const node *n)
{
    for (int i = 0; i < n->n; i++) {
        const part *p = &n->sequence[i];
        fprintf(out, "%s%s%s%s", i ? "__" : "", p->op->name, *p->kinds ? "_" : "", p->kinds);
        if (p->dst)
            fprintf(out, "_%c", p->dst);
    }
}

/* Fields stand in order of their size, the largest first, then in order of appearance; see cw_emit. */
static unsigned layout(const node *n, unsigned offsets[MAX_SEQUENCE][MAX_OPERANDS + 1])
{
    unsigned at = 8;
    for (unsigned size = 8; size >= 2; size /= 2)
        for (int i = 0; i < n->n; i++) {
            const part *p = &n->sequence[i];
            int v = 0, o = 0;
            for (; p->op->operands[o]; o++) {
                const char t = p->op->operands[o];
                unsigned s;
                if (is_value(t)) {
                    const char k = p->kinds[v++];
                    s = k == 's' ? 2 : k == 'a' ? 0 : t == 'i' || t == 'f' ? 4 : 8;
                } else {
                    s = t == 'L' ? 4 : (unsigned)(t - '0');
                }
                if (s == size) {
                    offsets[i][o] = at;
                    at += size;
                }
            }
            if (size == 2 && (p->dst == 's' || p->dst == 'b')) {
                offsets[i][MAX_OPERANDS] = at;
                at += 2;
            }
        }
    return (at + 7) / 8 * 8;
}

static int reads_accumulator(const part *p, char class)
{
    int v = 0;
    for (int o = 0; p->op->operands[o]; o++)
        if (is_value(p->op->operands[o]) && p->kinds[v++] == 'a' && class_of(p->op->operands[o]) == class)
            return 1;
    return 0;
}

static int writes_accumulator(const part *p, char class)
{
    return (p->dst == 'a' || p->dst == 'b') && class_of(p->op->result) == class;
}

static int is_branch(const operation *op)
{
    return op->kind == IS_JUMP && !strncmp(op->name, "BR_", 3) && strchr(op->operands, 'L');
}

/* True where the next instruction may follow. */
static int goes_on(const node *n)
{
    const operation *last = n->sequence[n->n - 1].op;
    return last->kind != IS_JUMP || is_branch(last);
}

static void put_handler(FILE *out, const node *n)
{
    unsigned offsets[MAX_SEQUENCE][MAX_OPERANDS + 1] = { { 0 } };
    const unsigned size = layout(n, offsets);
    int linked[MAX_SEQUENCE] = { 0 }, dead[MAX_SEQUENCE] = { 0 };
    for (int i = 0; i < n->n; i++) {
        const part *p = &n->sequence[i];
        for (int j = i + 1; p->op->kind == IS_VALUE && p->dst != 's' && j < n->n; j++) {
            if (reads_accumulator(&n->sequence[j], class_of(p->op->result)))
                linked[i] = 1, dead[i] |= p->dst == 'a';
            if (writes_accumulator(&n->sequence[j], class_of(p->op->result))) {
                dead[i] |= 2;
                break;
            }
        }
    }
    fputs("H(", out);
    put_name(out, n);
    fprintf(out, ")\n{\n    %s(%u)\n", goes_on(n) ? "ADVANCE_EARLY" : "ADVANCE", size);
    for (int i = 0; i < n->n; i++)
        if (linked[i])
            fprintf(out, "    %s r%d;\n", type_name(n->sequence[i].op->result), i);
    for (int i = 0; i < n->n; i++) {
        const part *p = &n->sequence[i];
        fputs("    {\n", out);
        int v = 0;
        for (int o = 0; p->op->operands[o]; o++) {
            const char t = p->op->operands[o];
            const int at = (int)offsets[i][o] - (int)size;
            if (!is_value(t)) {
                const char *raw = t == '8' ? "uint64_t" : t == '2' ? "uint16_t" : "uint32_t";
                fprintf(out, "        const %s %c = U%d(%d);\n", raw, "xyzvw"[o], t == 'L' ? 32 : (t - '0') * 8, at);
                continue;
            }
            fprintf(out, "        const %s %c = ", type_name(t), "xyzvw"[o]);
            const char k = p->kinds[v++];
            const char *access = t == 'i' ? "32" : t == 'l' ? "64" : t == 'f' ? "F32" : t == 'd' ? "F64" : "V128";
            if (k == 's') {
                fprintf(out, "S%s(%d);\n", access, at);
            } else if (k == 'k') {
                fprintf(out, "%s%s(%d);\n", t == 'i' || t == 'l' ? "U" : "", access, at);
            } else {
                int from = -1;
                for (int j = 0; j < i; j++)
                    if (writes_accumulator(&n->sequence[j], class_of(t)))
                        from = j;
                if (from >= 0)
                    fprintf(out, "%sr%d;\n", t == 'i' ? "(uint32_t)" : "", from);
                else
                    fprintf(out, "%s;\n", accumulator(t));
            }
        }
        if (*p->op->before) {
            fputs("        ", out);
            put_text(out, p->op->before, i, size);
            fputc('\n', out);
        }
        if (p->op->kind == IS_VALUE) {
            if (linked[i])
                fprintf(out, "        r%d = (%s)(", i, type_name(p->op->result));
            else
                fprintf(out, "        const %s r = (%s)(", type_name(p->op->result), type_name(p->op->result));
            put_text(out, p->op->body, i, size);
            fputs(");\n", out);
            char r[8];
            snprintf(r, sizeof r, linked[i] ? "r%d" : "r", i);
            const char t = p->op->result;
            if (p->dst != 'a') {
                const char *slot = t == 'f'   ? "SF32(%d) = %s;\n"
                                   : t == 'd' ? "SF64(%d) = %s;\n"
                                   : t == 'v' ? "SV128(%d) = %s;\n"
                                              : "S64(%d) = %s;\n";
                fputs("        ", out);
                fprintf(out, slot, (int)offsets[i][MAX_OPERANDS] - (int)size, r);
            }
            if (p->dst != 's' && !dead[i])
                fprintf(out, "        %s = %s;\n", t == 'i' ? "acc" : accumulator(t), r);
        } else if (is_branch(p->op)) {
            fputs("        BRANCH(", out);
            put_text(out, p->op->body, i, size);
            fprintf(out, ", %c)\n", "xyzvw"[strlen(p->op->operands) - 1]);
        } else {
            fputs("        ", out);
            put_text(out, p->op->body, i, size);
            fputc('\n', out);
        }
        fputs("    }\n", out);
        if (i == n->n - 1 && p->op->kind != IS_JUMP)
            fputs("    DISPATCH_EARLY();\n", out);
    }
    fputs("}\n", out);
}

static FILE *create(const char *dir, const char *name, int i)
{
    char path[4096], file[64];
    snprintf(file, sizeof file, name, i);
    snprintf(path, sizeof path, "%s/%s", dir, file);
    FILE *f = fopen(path, "w");
    if (!f)
        fail("cannot write %s", path);
    fprintf(f, "/* %s: made by tools/gen_handlers.c from src/exec/ops.def and src/exec/fuse.def. */\n", file);
    return f;
}

int main(int argc, char **argv)
{
    if (argc != 4)
        fail("usage: gen_handlers DIR N fused|unfused");
    const int n_parts = atoi(argv[2]);
    simple_handlers();
    for (size_t i = 0; i < sizeof rules / sizeof rules[0] && strcmp(argv[3], "unfused") != 0; i++)
        fused_handlers(rules[i], 0);

    int n_handlers = 1, next = 0;
    for (int i = 1; i < n_nodes; i++)
        if (nodes[i].is_handler)
            nodes[i].number = n_handlers++;
    next = n_handlers;
    for (int i = 1; i < n_nodes; i++)
        if (!nodes[i].is_handler)
            nodes[i].number = next++;

    FILE *list = create(argv[1], "handlers.def", 0);
    for (int k = 0, i = 1; k < n_parts; k++) {
        FILE *f = create(argv[1], "handlers_%d.c", k);
        const int last = (int)((long)(n_handlers - 1) * (k + 1) / n_parts);
        fputs("#include \"exec/handlers.h\"\n#include \"exec/handler_list.h\"\n\n", f);
        fprintf(f, "HANDLERS_BEGIN(cw_handlers_%d)\n", k);
        for (; i < n_nodes; i++) {
            if (!nodes[i].is_handler)
                continue;
            if (nodes[i].number > last)
                break;
            put_handler(f, &nodes[i]);
            fputs("HANDLER(", list);
            put_name(list, &nodes[i]);
            fprintf(list, ", %d)\n", k);
        }
        fputs("HANDLERS_END\n", f);
        fclose(f);
    }
    fclose(list);

    FILE *part_list = create(argv[1], "handler_parts.def", 0);
    for (int k = 0; k < n_parts; k++)
        fprintf(part_list, "PART(%d)\n", k);
    fclose(part_list);

    FILE *trie = create(argv[1], "handler_trie.h", 0);
    const uint32_t size = (uint32_t)n_nodes * 4 / 3;
    uint32_t(*slots)[2] = calloc(size, sizeof *slots);
    if (!slots)
        fail("out of memory");
    for (int i = 1; i < n_nodes; i++) {
        const uint32_t key = (uint32_t)nodes[nodes[i].parent].number << KEY_BITS | nodes[i].key;
        uint32_t at = (uint32_t)((uint64_t)(key * 0x9e3779b1u) * size >> 32);
        while (slots[at][0])
            at = at + 1 < size ? at + 1 : 0;
        slots[at][0] = key;
        slots[at][1] = (uint32_t)nodes[i].number;
    }
    fprintf(trie, "enum { TRIE_SIZE = %u, N_HANDLERS = %d, N_PARTS = %d };\n", size, n_handlers, n_parts);
    fputs("static const uint32_t trie_keys[TRIE_SIZE] = {\n", trie);
    for (uint32_t i = 0; i < size; i++)
        fprintf(trie, "%u,%s", slots[i][0], i % 10 == 9 ? "\n" : " ");
    fputs("};\nstatic const uint16_t trie_nodes[TRIE_SIZE] = {\n", trie);
    for (uint32_t i = 0; i < size; i++)
        fprintf(trie, "%u,%s", slots[i][1], i % 20 == 19 ? "\n" : " ");
    fputs("};\n", trie);
    fclose(trie);
    free(slots);
    fprintf(stderr, "gen_handlers: %d handlers, %d nodes\n", n_handlers - 1, n_nodes - 1);
    return 0;
}
