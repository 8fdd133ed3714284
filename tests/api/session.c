/* tests/api/session.c: session FILE.wasm: calls one after the other on one instance, as lines of standard input say:
 *
 *   env NAME VALUE            variables of the guest's environment
 *   function NAME             an import of the world that takes values and returns nothing
 *   kvdb shared|own           demo:kv-store/kvdb: all connections see the same keys, or each its own
 *   calc                      docs:adder/add@0.1.0
 *   start                     instantiates
 *   call FUNC(ARGS)           WAVE, with $NAME for handles that were saved
 *   save NAME… call FUNC(…)   keeps the resulting handle (or list of them)
 *   drop NAME
 *   run                       wasi:cli/run
 *
 * Each call answers with lines `host [JSON]`, the calls that the guest made, and then `result WAVE`, `none`, `saved`,
 * `trap REASON` or `exit N`. Sessions in JSON are brought into this form by sessions.sh. */
#include <cwrun.h>
#include <stdlib.h>

enum { MAX_SAVED = 64, MAX_KEYS = 4096, MAX_NAME = 256, MAX_ARGS = 32 };

struct entry {
    char *key, *value;
    size_t key_size, value_size;
};

struct map {
    struct entry entries[MAX_KEYS];
    size_t n;
};

struct connection {
    int number;
    struct map *map;
};

struct saved {
    char name[MAX_NAME];
    cwrun_handle handle;
};

static struct {
    cwrun_engine *engine;
    cwrun_store *store;
    cwrun_linker *linker;
    cwrun_wasi *wasi;
    cwrun_instance *instance;
    bool shared;
    struct map all;
    int n_connections;
    struct saved saved[MAX_SAVED];
    size_t n_saved;
    bool quiet; /* too many calls to be shown one by one */
    int n_host_calls;
} session;

/* ---- what the host is asked ---- */

static void print_json(cwrun_str s)
{
    putchar('"');
    for (size_t i = 0; i < s.size; i++) {
        unsigned char c = (unsigned char)s.data[i];
        if (c == '"' || c == '\\')
            printf("\\%c", c);
        else if (c < 0x20)
            printf("\\u%04x", c);
        else
            putchar(c);
    }
    putchar('"');
}

static void log_call(const char *name, int number, const cwrun_val *args, size_t n)
{
    printf("host [");
    print_json(cwrun_str_of(name));
    if (number)
        printf(", %d", number);
    for (size_t i = 0; i < n; i++) {
        printf(", ");
        print_json(args[i].of.string);
    }
    printf("]\n");
}

static cwrun_status on_function(cwrun_caller *caller, const cwrun_val *args, size_t n_args, cwrun_val *result,
                                void *user)
{
    (void)caller;
    (void)result;
    log_call(user, 0, args, n_args);
    return CWRUN_DONE;
}

/* ---- the key-value database ---- */

#define KVDB "demo:kv-store/kvdb"

static char *copy_of(cwrun_str s)
{
    char *copy = malloc(s.size + 1);
    memcpy(copy, s.data ? s.data : "", s.size);
    copy[s.size] = 0;
    return copy;
}

static struct entry *find(struct map *m, cwrun_str key)
{
    for (size_t i = 0; i < m->n; i++)
        if (m->entries[i].key_size == key.size && memcmp(m->entries[i].key, key.data ? key.data : "", key.size) == 0)
            return &m->entries[i];
    return NULL;
}

static void forget(struct map *m, struct entry *e)
{
    free(e->key);
    free(e->value);
    *e = m->entries[--m->n];
}

static void clear(struct map *m)
{
    while (m->n)
        forget(m, &m->entries[m->n - 1]);
}

static void connection_drop(void *object, void *user)
{
    struct connection *c = object;
    (void)user;
    log_call("[resource-drop]connection", c->number, NULL, 0);
    if (!session.shared) {
        clear(c->map);
        free(c->map);
    }
    free(c);
}

static cwrun_status connection_new(cwrun_caller *caller, const cwrun_val *args, size_t n_args, cwrun_val *result,
                                   void *user)
{
    struct connection *c = malloc(sizeof *c);
    (void)args;
    (void)n_args;
    (void)user;
    c->number = ++session.n_connections;
    c->map = session.shared ? &session.all : calloc(1, sizeof *c->map);
    log_call("[constructor]connection", c->number, NULL, 0);
    *result = cwrun_own(cwrun_resource_new(caller, KVDB, "connection", c));
    return CWRUN_DONE;
}

struct option_string {
    uint8_t is_some;
    cwrun_str some;
};

static cwrun_status method(cwrun_caller *caller, const cwrun_val *args, size_t n_args, cwrun_val *result, void *user)
{
    const char *name = user;
    struct connection *c = cwrun_handle_object(cwrun_caller_store(caller), args[0].of.handle);
    if (!c)
        return cwrun_caller_trap(caller, "no connection");
    log_call(name, c->number, args + 1, n_args - 1);
    if (strcmp(name, "[method]connection.clear") == 0) {
        clear(c->map);
        return CWRUN_DONE;
    }
    struct entry *e = find(c->map, args[1].of.string);
    if (strcmp(name, "[method]connection.set") == 0) {
        if (!e) {
            if (c->map->n == MAX_KEYS)
                return cwrun_caller_trap(caller, "full");
            e = &c->map->entries[c->map->n++];
            e->key = copy_of(args[1].of.string);
            e->key_size = args[1].of.string.size;
            e->value = NULL;
        }
        free(e->value);
        e->value = copy_of(args[2].of.string);
        e->value_size = args[2].of.string.size;
        return CWRUN_DONE;
    }
    struct option_string *value = cwrun_caller_alloc(caller, sizeof *value);
    value->is_some = e != NULL;
    if (e) {
        value->some.size = e->value_size;
        char *room = cwrun_caller_alloc(caller, e->value_size + 1);
        memcpy(room, e->value, e->value_size);
        value->some.data = room;
    }
    *result = cwrun_val_of(cwrun_functype_result(cwrun_caller_type(caller)), value, sizeof *value, NULL);
    if (e && strcmp(name, "[method]connection.remove") == 0)
        forget(c->map, e);
    return CWRUN_DONE;
}

static void define_kvdb(cwrun_error *err)
{
    static const char *const methods[] = { "[method]connection.get", "[method]connection.set",
                                           "[method]connection.remove", "[method]connection.clear" };
    cwrun_linker_resource(session.linker, KVDB, "connection", connection_drop, NULL, NULL, err);
    cwrun_linker_func(session.linker, KVDB, "[constructor]connection", "func() -> connection", connection_new, NULL,
                      NULL, err);
    for (size_t i = 0; i < sizeof methods / sizeof *methods; i++)
        cwrun_linker_func(session.linker, KVDB, methods[i], NULL, method, (void *)methods[i], NULL, err);
}

static cwrun_status add(cwrun_caller *caller, const cwrun_val *args, size_t n_args, cwrun_val *result, void *user)
{
    (void)caller;
    (void)n_args;
    (void)user;
    *result = cwrun_u32(args[0].of.u32 + args[1].of.u32);
    return CWRUN_DONE;
}

/* ---- arguments ---- */

static const struct saved *find_saved(const char *name, size_t size)
{
    for (size_t i = session.n_saved; i-- > 0;)
        if (strlen(session.saved[i].name) == size && memcmp(session.saved[i].name, name, size) == 0)
            return &session.saved[i];
    fprintf(stderr, "session: nothing was saved as %.*s\n", (int)size, name);
    exit(1);
}

/* Where the next part of a list of WAVE values ends: at a comma or a closing bracket of this level. */
static size_t part_end(cwrun_str s, size_t at)
{
    int depth = 0;
    bool quoted = false;
    for (; at < s.size; at++) {
        char c = s.data[at];
        if (quoted) {
            if (c == '\\')
                at++;
            else if (c == '"')
                quoted = false;
            continue;
        }
        if (c == '"')
            quoted = true;
        else if (c == '(' || c == '[' || c == '{')
            depth++;
        else if (c == ')' || c == ']' || c == '}')
            depth--;
        if (depth < 0 || (depth == 0 && c == ','))
            break;
    }
    return at;
}

static cwrun_str trim(cwrun_str s)
{
    while (s.size && *s.data == ' ')
        s.data++, s.size--;
    while (s.size && s.data[s.size - 1] == ' ')
        s.size--;
    return s;
}

static size_t split(cwrun_str s, cwrun_str *parts, size_t room)
{
    size_t n = 0;
    for (size_t at = 0; at < s.size && n < room; n++) {
        size_t end = part_end(s, at);
        parts[n] = trim((cwrun_str){ s.data + at, end - at });
        at = end + 1;
    }
    return n;
}

/* A value with $NAME for handles, part by part; parts without go through the WAVE parser. */
static bool build(cwrun_builder *b, const cwrun_type *type, cwrun_str text, cwrun_arena *arena, cwrun_error *err)
{
    uint8_t kind = cwrun_type_kind(type);
    cwrun_val v;
    if (text.size > 1 && text.data[0] == '$') {
        v = cwrun_own(find_saved(text.data + 1, text.size - 1)->handle);
        v.kind = kind;
        return cwrun_builder_val(b, &v);
    }
    if (kind == CWRUN_KIND_LIST && text.size >= 2 && memchr(text.data, '$', text.size)) {
        cwrun_str parts[MAX_ARGS];
        size_t n = split((cwrun_str){ text.data + 1, text.size - 2 }, parts, MAX_ARGS);
        bool ok = cwrun_builder_begin(b, n);
        for (size_t i = 0; ok && i < n; i++)
            ok = build(b, cwrun_type_elem(type), parts[i], arena, err);
        return ok && cwrun_builder_end(b);
    }
    if (kind == CWRUN_KIND_OPTION && text.size > 6 && memcmp(text.data, "some(", 5) == 0 &&
        memchr(text.data, '$', text.size))
        return cwrun_builder_case(b, 1) &&
               build(b, cwrun_type_elem(type), trim((cwrun_str){ text.data + 5, text.size - 6 }), arena, err);
    return cwrun_val_parse(type, text, arena, &v, err) && cwrun_builder_val(b, &v);
}

static bool parse_args(cwrun_func *f, cwrun_str text, cwrun_arena *arena, cwrun_val *args, size_t *n, cwrun_error *err)
{
    cwrun_str parts[MAX_ARGS];
    *n = split(text, parts, MAX_ARGS);
    for (size_t i = 0; i < *n; i++) {
        const cwrun_type *type = cwrun_func_param(f, (uint32_t)i);
        if (!type)
            return true; /* the call says what is wrong */
        cwrun_builder *b = cwrun_builder_new(arena, type, err);
        if (!b || !build(b, type, parts[i], arena, err))
            return false;
        args[i] = cwrun_builder_finish(b);
    }
    return true;
}

/* ---- calls ---- */

static void save(const char *names, cwrun_handle handle, size_t index)
{
    for (; index; index--)
        names += strcspn(names, " ") + 1;
    struct saved *s = &session.saved[session.n_saved++ % MAX_SAVED];
    snprintf(s->name, sizeof s->name, "%.*s", (int)strcspn(names, " "), names);
    s->handle = handle;
}

static void print_failure(cwrun_error *err)
{
    if (err->kind == CWRUN_ERROR_EXIT)
        printf("exit %d\n", err->exit_status);
    else
        printf("%s %s\n", err->kind == CWRUN_ERROR_TRAP ? "trap" : "error", err->message);
    cwrun_error_clear(err);
}

static void call(const char *text, const char *names)
{
    cwrun_error err = CWRUN_ERROR_INIT;
    char name[MAX_NAME];
    size_t open = strcspn(text, "("), size = strlen(text);
    cwrun_val args[MAX_ARGS], result;
    size_t n = 0;
    cwrun_arena *arena = cwrun_arena_new(NULL);
    snprintf(name, sizeof name, "%.*s", (int)open, text);
    cwrun_func *f = cwrun_instance_func(session.instance, name, &err);
    bool ok = f && parse_args(f, (cwrun_str){ text + open + 1, size - open - 2 }, arena, args, &n, &err) &&
              cwrun_func_call(f, args, n, &result, arena, &err);
    if (!ok) {
        print_failure(&err);
    } else if (names) {
        for (size_t i = 0; result.kind == CWRUN_KIND_LIST && i < cwrun_val_size(&result); i++)
            save(names, cwrun_val_at(&result, i).of.handle, i);
        if (result.kind != CWRUN_KIND_LIST)
            save(names, result.of.handle, 0);
        printf("saved\n");
    } else if (result.kind == 0) {
        printf("none\n");
    } else {
        printf("result ");
        cwrun_val_print(&result, cwrun_to_file, stdout);
        printf("\n");
    }
    cwrun_arena_drop(arena);
}

static void drop(const char *name)
{
    cwrun_error err = CWRUN_ERROR_INIT;
    if (cwrun_handle_drop(session.store, find_saved(name, strlen(name))->handle, &err))
        printf("none\n");
    else
        print_failure(&err);
}

static void run(void)
{
    cwrun_error err = CWRUN_ERROR_INIT;
    int32_t status;
    if (cwrun_wasi_run(session.instance, &status, &err))
        printf("exit %d\n", status);
    else
        print_failure(&err);
}

/* What stands behind a word and a space at the start of a line; NULL where it is another word. */
static char *after(char *line, const char *word)
{
    size_t n = strlen(word);
    if (strncmp(line, word, n) != 0 || (line[n] != ' ' && line[n] != 0))
        return NULL;
    return line + n + (line[n] == ' ');
}

static void start(const char *path, cwrun_error *err)
{
    cwrun_store_set_wasi(session.store, session.wasi, err);
    cwrun_component *component = cwrun_component_open(session.engine, path, err);
    session.instance = cwrun_instantiate(session.store, component, session.linker, err);
    cwrun_component_drop(component);
}

int main(int argc, char **argv)
{
    static char line[1 << 16];
    cwrun_error err = CWRUN_ERROR_INIT;
    char *names[MAX_ARGS];
    size_t n_names = 0;
    if (argc != 2) {
        fprintf(stderr, "usage: session FILE.wasm < LINES\n");
        return 2;
    }
    session.engine = cwrun_engine_new(NULL, &err);
    session.store = cwrun_store_new(session.engine, NULL, &err);
    session.linker = cwrun_linker_new(session.engine, &err);
    session.wasi = cwrun_wasi_new(&err);
    cwrun_wasi_arg(session.wasi, "session", &err);
    cwrun_wasi_inherit_stdio(session.wasi);
    cwrun_wasi_add(session.linker, &err);
    while (!cwrun_failed(&err) && fgets(line, sizeof line, stdin)) {
        char *rest;
        line[strcspn(line, "\n")] = 0;
        if ((rest = after(line, "env"))) {
            char *value = rest + strcspn(rest, " ");
            *value = 0;
            cwrun_wasi_env(session.wasi, rest, value + 1, &err);
        } else if ((rest = after(line, "arg"))) {
            cwrun_wasi_arg(session.wasi, rest, &err);
        } else if ((rest = after(line, "function")) && n_names < MAX_ARGS) {
            names[n_names] = copy_of(cwrun_str_of(rest));
            cwrun_linker_func(session.linker, NULL, rest, NULL, on_function, names[n_names++], NULL, &err);
        } else if ((rest = after(line, "kvdb"))) {
            session.shared = strcmp(rest, "shared") == 0;
            define_kvdb(&err);
        } else if (after(line, "calc")) {
            cwrun_linker_func(session.linker, "docs:adder/add@0.1.0", "add", "func(x: u32, y: u32) -> u32", add, NULL,
                              NULL, &err);
        } else if (after(line, "start")) {
            start(argv[1], &err);
        } else if ((rest = after(line, "call"))) {
            call(rest, NULL);
        } else if ((rest = after(line, "save"))) {
            char *text = strstr(rest, " call ");
            *text = 0;
            call(text + 6, rest);
        } else if ((rest = after(line, "drop"))) {
            drop(rest);
        } else if (after(line, "run")) {
            run();
        }
        fflush(stdout);
    }
    int status = cwrun_failed(&err);
    cwrun_error_report(&err, stderr);
    cwrun_store_drop(session.store);
    cwrun_linker_drop(session.linker);
    cwrun_engine_drop(session.engine);
    clear(&session.all);
    while (n_names)
        free(names[--n_names]);
    return status;
}
