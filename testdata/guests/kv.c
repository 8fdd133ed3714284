/* A guest that keeps nothing itself: the host gives it connections to a key-value database, a resource, and a log. */
#include "guest.h"

#define KVDB "demo:kv-store/kvdb"
#define MAX_OPEN 1000

struct option_string {
    uint8_t is_some;
    struct list some;
};

IMPORT(KVDB, "[constructor]connection") uint32_t connection_new(void);
IMPORT(KVDB, "[resource-drop]connection") void connection_drop(uint32_t self);
IMPORT(KVDB, "[method]connection.get") void connection_get(uint32_t self, const void *key, uint32_t n, struct option_string *out);
IMPORT(KVDB, "[method]connection.set") void connection_set(uint32_t self, const void *key, uint32_t n, const void *value, uint32_t m);
IMPORT("$root", "log") void log_line(const void *text, uint32_t n);

/* "key: old becomes value" or "key: new, value" */
static void tell(struct list key, const struct option_string *old, struct list value)
{
    struct list parts[5] = { key, { ": ", 2 }, old->some, { " becomes ", 9 }, value };
    if (!old->is_some) {
        parts[2] = (struct list){ "new", 3 };
        parts[3] = (struct list){ ", ", 2 };
    }
    uint32_t size = 0, at = 0;
    for (int i = 0; i < 5; i++)
        size += parts[i].n;
    char *line = guest_alloc(1, size);
    for (int i = 0; i < 5; at += parts[i++].n)
        __builtin_memcpy(line + at, parts[i].items, parts[i].n);
    log_line(line, size);
}

EXPORT("replace-value")
struct option_string *replace_value(void *key, uint32_t key_size, void *value, uint32_t value_size)
{
    static struct option_string old;
    uint32_t db = connection_new();
    connection_get(db, key, key_size, &old);
    tell((struct list){ key, key_size }, &old, (struct list){ value, value_size });
    connection_set(db, key, key_size, value, value_size);
    connection_drop(db);
    return &old;
}

EXPORT("cabi_post_replace-value") void replace_value_end(void *result)
{
    (void)result;
    guest_reset();
}

EXPORT("open-many") uint32_t open_many(uint32_t n)
{
    static uint32_t open[MAX_OPEN];
    if (n > MAX_OPEN)
        __builtin_trap();
    for (uint32_t i = 0; i < n; i++)
        open[i] = connection_new();
    for (uint32_t i = n; i > 0; i--)
        connection_drop(open[i - 1]);
    return n;
}
