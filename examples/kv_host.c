/* examples/kv_host.c: a host resource with methods and a destructor, and a host function, for the world
 *
 *   import kvdb: interface { resource connection { constructor(); get, set, remove, clear } }
 *   import log: func(msg: string);
 *   export replace-value: func(key: string, value: string) -> option<string>;
 *
 * kv_host kv.wasm KEY VALUE… stores the values one after the other under KEY. */
#include <cwrun.h>
#include <stdlib.h>

#define KVDB "demo:kv-store/kvdb"

/* ---- the database: a list of pairs that all connections share ---- */

struct pair {
    char *key, *value;
    struct pair *next;
};

struct database {
    struct pair *pairs;
    int n_open; /* connections */
};

struct connection {
    struct database *db;
};

static char *copy(cwrun_str s)
{
    char *text = malloc(s.size + 1);
    if (!text)
        exit(1);
    if (s.size)
        memcpy(text, s.data, s.size);
    text[s.size] = 0;
    return text;
}

static struct pair **find(struct database *db, cwrun_str key)
{
    struct pair **at = &db->pairs;
    while (*at && (strlen((*at)->key) != key.size || (key.size && memcmp((*at)->key, key.data, key.size) != 0)))
        at = &(*at)->next;
    return at;
}

static void unlink_pair(struct pair **at)
{
    struct pair *gone = *at;
    *at = gone->next;
    free(gone->key);
    free(gone->value);
    free(gone);
}

/* ---- the resource ---- */

/* option<string> as C sees it */
struct option_string {
    uint8_t is_some;
    cwrun_str some;
};

static cwrun_status connection_open(cwrun_caller *c, const cwrun_val *args, size_t n, cwrun_val *result, void *user)
{
    struct connection *self = malloc(sizeof *self);
    (void)args;
    (void)n;
    if (!self)
        return cwrun_caller_trap(c, "out of memory");
    self->db = user;
    self->db->n_open++;
    *result = cwrun_own(cwrun_resource_new(c, KVDB, "connection", self)); /* the guest owns it from now on */
    return CWRUN_DONE;
}

static void connection_close(void *object, void *user)
{
    struct connection *self = object;
    (void)user;
    self->db->n_open--;
    free(self);
}

/* The object behind a method's first parameter. */
static struct connection *self_of(cwrun_caller *c, const cwrun_val *args)
{
    return cwrun_handle_object(cwrun_caller_store(c), args[0].of.handle);
}

static cwrun_status connection_get(cwrun_caller *c, const cwrun_val *args, size_t n, cwrun_val *result, void *user)
{
    struct option_string *value = cwrun_caller_alloc(c, sizeof *value);
    struct pair *found = *find(self_of(c, args)->db, args[1].of.string);
    (void)n;
    (void)user;
    if (!value)
        return cwrun_caller_trap(c, "out of memory");
    value->is_some = found != NULL;
    if (found)
        value->some = cwrun_str_of(found->value); /* copied into the guest before anything else runs */
    *result = cwrun_val_of(cwrun_functype_result(cwrun_caller_type(c)), value, sizeof *value, NULL);
    return CWRUN_DONE;
}

static cwrun_status connection_set(cwrun_caller *c, const cwrun_val *args, size_t n, cwrun_val *result, void *user)
{
    struct pair **at = find(self_of(c, args)->db, args[1].of.string);
    (void)n;
    (void)result;
    (void)user;
    if (!*at) {
        *at = calloc(1, sizeof **at);
        if (!*at)
            return cwrun_caller_trap(c, "out of memory");
        (*at)->key = copy(args[1].of.string);
    }
    free((*at)->value);
    (*at)->value = copy(args[2].of.string);
    return CWRUN_DONE;
}

static cwrun_status connection_remove(cwrun_caller *c, const cwrun_val *args, size_t n, cwrun_val *result, void *user)
{
    struct pair **at = find(self_of(c, args)->db, args[1].of.string);
    cwrun_status status = connection_get(c, args, n, result, user);
    if (status == CWRUN_DONE && *at) {
        *result = cwrun_caller_keep(c, result); /* the text is about to go */
        unlink_pair(at);
    }
    return status;
}

static cwrun_status connection_clear(cwrun_caller *c, const cwrun_val *args, size_t n, cwrun_val *result, void *user)
{
    struct database *db = self_of(c, args)->db;
    (void)n;
    (void)result;
    (void)user;
    while (db->pairs)
        unlink_pair(&db->pairs);
    return CWRUN_DONE;
}

/* ---- the function ---- */

static cwrun_status log_line(cwrun_caller *c, const cwrun_val *args, size_t n, cwrun_val *result, void *user)
{
    (void)c;
    (void)n;
    (void)result;
    fprintf(user, "log: %.*s\n", (int)args[0].of.string.size, args[0].of.string.data);
    return CWRUN_DONE;
}

int main(int argc, char **argv)
{
    cwrun_error err = CWRUN_ERROR_INIT;
    struct database db = { NULL, 0 };
    if (argc < 4) {
        fprintf(stderr, "usage: kv_host kv.wasm KEY VALUE…\n");
        return 2;
    }
    cwrun_engine *engine = cwrun_engine_new(NULL, &err);
    cwrun_linker *linker = cwrun_linker_new(engine, &err);
    cwrun_wasi_add(linker, &err); /* guests of real toolchains import WASI too */
    cwrun_linker_resource(linker, KVDB, "connection", connection_close, NULL, NULL, &err);
    cwrun_linker_func(linker, KVDB, "[constructor]connection", "func() -> connection", connection_open, &db, NULL,
                      &err);
    cwrun_linker_func(linker, KVDB, "[method]connection.get",
                      "func(self: borrow<connection>, key: string) -> option<string>", connection_get, NULL, NULL,
                      &err);
    cwrun_linker_func(linker, KVDB, "[method]connection.set",
                      "func(self: borrow<connection>, key: string, value: string)", connection_set, NULL, NULL, &err);
    cwrun_linker_func(linker, KVDB, "[method]connection.remove",
                      "func(self: borrow<connection>, key: string) -> option<string>", connection_remove, NULL, NULL,
                      &err);
    cwrun_linker_func(linker, KVDB, "[method]connection.clear", "func(self: borrow<connection>)", connection_clear,
                      NULL, NULL, &err);
    cwrun_linker_func(linker, NULL, "log", "func(msg: string)", log_line, stdout, NULL, &err);

    cwrun_component *component = cwrun_component_open(engine, argv[1], &err);
    cwrun_store *store = cwrun_store_new(engine, NULL, &err);
    cwrun_instance *inst = cwrun_instantiate(store, component, linker, &err);
    cwrun_func *replace = cwrun_instance_func(inst, "replace-value", &err);
    for (int i = 3; i < argc && !cwrun_failed(&err); i++) {
        cwrun_val before, args[] = { cwrun_string(cwrun_str_of(argv[2])), cwrun_string(cwrun_str_of(argv[i])) };
        if (cwrun_func_call(replace, args, 2, &before, NULL, &err)) {
            printf("before: ");
            cwrun_val_print(&before, cwrun_to_file, stdout);
            printf("\n");
        }
    }
    printf("open connections: %d\n", db.n_open);
    int status = cwrun_failed(&err);
    cwrun_error_report(&err, stderr);
    cwrun_store_drop(store); /* runs destructors of what guests still hold */
    cwrun_component_drop(component);
    cwrun_linker_drop(linker);
    cwrun_engine_drop(engine);
    while (db.pairs)
        unlink_pair(&db.pairs);
    return status;
}
