/* Counters as a resource that this guest exports. The host keeps a handle table; the representation is the address of
 * a counter. */
#include "guest.h"

#define INTERFACE "cwrun:guests/counters@0.1.0"
#define MAX_COUNTERS 1000

struct counter {
    uint32_t value;
    bool used;
};

static struct counter counters[MAX_COUNTERS];
static uint32_t n_live, n_dropped;

IMPORT("[export]" INTERFACE, "[resource-new]counter") uint32_t counter_new(struct counter *rep);
IMPORT("[export]" INTERFACE, "[resource-rep]counter") struct counter *counter_rep(uint32_t handle);
IMPORT("[export]" INTERFACE, "[resource-drop]counter") void counter_drop(uint32_t handle);

static uint32_t make(uint32_t start)
{
    for (struct counter *c = counters; c < counters + MAX_COUNTERS; c++) {
        if (c->used)
            continue;
        *c = (struct counter){start, true};
        n_live++;
        return counter_new(c);
    }
    __builtin_trap();
}

EXPORT(INTERFACE "#[dtor]counter") void counter_end(struct counter *c)
{
    c->used = false;
    n_live--;
    n_dropped++;
}

EXPORT(INTERFACE "#[constructor]counter") uint32_t counter_constructor(uint32_t start)
{
    return make(start);
}

EXPORT(INTERFACE "#[method]counter.add") uint32_t counter_add(struct counter *c, uint32_t n)
{
    return c->value += n;
}

EXPORT(INTERFACE "#[method]counter.value") uint32_t counter_value(const struct counter *c)
{
    return c->value;
}

EXPORT(INTERFACE "#[static]counter.merge") uint32_t counter_merge(uint32_t a, uint32_t b)
{
    uint32_t sum = counter_rep(a)->value + counter_rep(b)->value;
    counter_drop(a);
    counter_drop(b);
    return make(sum);
}

EXPORT(INTERFACE "#make") void *counter_make(uint32_t start, uint32_t limit)
{
    static struct {
        uint8_t is_err;
        union {
            uint32_t ok;
            struct list err;
        } of;
    } result;
    static char reason[] = "above the limit";
    result.is_err = start > limit;
    if (result.is_err)
        result.of.err = (struct list){reason, sizeof reason - 1};
    else
        result.of.ok = make(start);
    return &result;
}

EXPORT(INTERFACE "#total") uint32_t total(struct counter *const *all, uint32_t n)
{
    uint32_t sum = 0;
    for (uint32_t i = 0; i < n; i++)
        sum += all[i]->value;
    guest_reset();
    return sum;
}

EXPORT(INTERFACE "#pour") uint32_t pour(uint32_t source, struct counter *target)
{
    target->value += counter_rep(source)->value;
    return source;
}

EXPORT(INTERFACE "#live") uint32_t live(void)
{
    return n_live;
}

EXPORT(INTERFACE "#dropped") uint32_t dropped(void)
{
    return n_dropped;
}
