/* Gives back values of every kind of type. Structures here have the Canonical ABI's layout, which on wasm32 is that
 * of C. * Parameters arrive flat (a variant as its case and the joined payload), results leave by the address of a
 * structure. */
#include "guest.h"

#define NAME(function) "cwrun:guests/echo@0.1.0#" function
#define ECHO(function) EXPORT(NAME(function))

struct point {
    int32_t x, y;
};

struct option_text {
    uint8_t is_some;
    struct list some;
};

struct person {
    struct list name;
    uint8_t age;
    struct option_text email;
    struct point at;
    struct list tags;
};

enum shape_case { NOTHING, CIRCLE, POLYGON, LABEL, MARK, COUNT };

struct shape {
    uint8_t tag;
    union {
        double circle;
        struct list polygon, label;
        uint32_t mark;
        uint64_t count;
    } of;
};

struct result_u32_text {
    uint8_t is_err;
    union {
        uint32_t ok;
        struct list err;
    } of;
};

struct wide {
    uint8_t a;
    int8_t b;
    uint16_t c;
    int16_t d;
    uint32_t e;
    int32_t f;
    uint64_t g;
    int64_t h;
    float i;
    double j;
    uint8_t k;
    uint32_t l;
    struct {
        uint8_t first;
        uint64_t second;
    } m;
    struct {
        uint8_t is_some;
        uint16_t some;
    } n;
    struct result_u32_text o;
    uint8_t p;
};

_Static_assert(sizeof(struct person) == 40, "layout of person");
_Static_assert(sizeof(struct shape) == 16, "layout of shape");
_Static_assert(sizeof(struct wide) == 96, "layout of wide");

/* Every result lies here: the next call may overwrite it, since the host has read it by then. */
static union {
    struct list list;
    struct point point;
    struct person person;
    struct shape shape;
    struct result_u32_text result;
    struct wide wide;
    struct {
        uint8_t first;
        struct list second;
        double third;
    } tuple;
    struct {
        uint8_t is_some;
        uint32_t some;
    } option;
    struct {
        uint8_t is_some, inner_is_some, some;
    } option_option;
    struct {
        uint8_t is_some, some;
    } colour;
} out;

#define SCALAR(name, type)                                                                                             \
    ECHO("echo-" #name) type echo_##name(type v)                                                                       \
    {                                                                                                                  \
        return v;                                                                                                      \
    }
SCALAR(bool, uint32_t)
SCALAR(u8, uint32_t)
SCALAR(s8, int32_t)
SCALAR(u16, uint32_t)
SCALAR(s16, int32_t)
SCALAR(u32, uint32_t)
SCALAR(s32, int32_t)
SCALAR(u64, uint64_t)
SCALAR(s64, int64_t)
SCALAR(f32, float)
SCALAR(f64, double)
SCALAR(char, uint32_t)
SCALAR(colour, uint32_t)
SCALAR(permissions, uint32_t)

static void *list_out(void *items, uint32_t n)
{
    out.list = (struct list){items, n};
    return &out;
}

ECHO("echo-string") void *echo_string(void *items, uint32_t n)
{
    return list_out(items, n);
}

ECHO("echo-bytes") void *echo_bytes(void *items, uint32_t n)
{
    return list_out(items, n);
}

ECHO("echo-points") void *echo_points(void *items, uint32_t n)
{
    return list_out(items, n);
}

ECHO("echo-nested") void *echo_nested(void *items, uint32_t n)
{
    return list_out(items, n);
}

ECHO("echo-people") void *echo_people(void *items, uint32_t n)
{
    return list_out(items, n);
}

ECHO("echo-point") void *echo_point(int32_t x, int32_t y)
{
    out.point = (struct point){x, y};
    return &out;
}

ECHO("echo-person")
void *echo_person(void *name, uint32_t n_name, uint32_t age, uint32_t has_email, void *email, uint32_t n_email,
                  int32_t x, int32_t y, void *tags, uint32_t n_tags)
{
    out.person =
        (struct person){{name, n_name}, (uint8_t)age, {(uint8_t)has_email, {email, n_email}}, {x, y}, {tags, n_tags}};
    return &out;
}

/* The payloads of shape join to (i64, i32): f64, list, string, char and u64 share the first. */
static struct shape shape_of(uint32_t tag, int64_t first, uint32_t second)
{
    struct shape s = {.tag = (uint8_t)tag};
    switch (tag) {
    case CIRCLE:
        __builtin_memcpy(&s.of.circle, &first, sizeof first);
        break;
    case POLYGON:
    case LABEL:
        s.of.label = (struct list){(void *)(uint32_t)first, second};
        break;
    case MARK:
        s.of.mark = (uint32_t)first;
        break;
    case COUNT:
        s.of.count = (uint64_t)first;
        break;
    default:
        break;
    }
    return s;
}

ECHO("echo-shape") void *echo_shape(uint32_t tag, int64_t first, uint32_t second)
{
    out.shape = shape_of(tag, first, second);
    return &out;
}

ECHO("echo-tuple") void *echo_tuple(uint32_t first, void *second, uint32_t n_second, double third)
{
    out.tuple.first = (uint8_t)first;
    out.tuple.second = (struct list){second, n_second};
    out.tuple.third = third;
    return &out;
}

ECHO("echo-option") void *echo_option(uint32_t is_some, uint32_t some)
{
    out.option.is_some = (uint8_t)is_some;
    out.option.some = some;
    return &out;
}

ECHO("echo-option-option") void *echo_option_option(uint32_t is_some, uint32_t inner_is_some, uint32_t some)
{
    out.option_option.is_some = (uint8_t)is_some;
    out.option_option.inner_is_some = (uint8_t)inner_is_some;
    out.option_option.some = (uint8_t)some;
    return &out;
}

ECHO("echo-result") void *echo_result(uint32_t is_err, uint32_t first, uint32_t second)
{
    out.result.is_err = (uint8_t)is_err;
    if (is_err)
        out.result.of.err = (struct list){(void *)first, second};
    else
        out.result.of.ok = first;
    return &out;
}

ECHO("echo-result-unit") uint32_t echo_result_unit(uint32_t is_err)
{
    return is_err;
}

ECHO("echo-wide") void *echo_wide(const struct wide *v)
{
    out.wide = *v;
    return &out;
}

ECHO("sum-many") uint64_t sum_many(const uint32_t *v)
{
    uint64_t sum = 0;
    for (int i = 0; i < 17; i++)
        sum += v[i];
    return sum;
}

static struct list text(const char *s)
{
    uint32_t n = 0;
    while (s[n])
        n++;
    return (struct list){(void *)s, n};
}

ECHO("divide") void *divide(int32_t a, int32_t b)
{
    bool fails = !b || (b == -1 && a == INT32_MIN);
    out.result.is_err = fails;
    if (fails)
        out.result.of.err = text(b ? "overflow" : "division by zero");
    else
        out.result.of.ok = (uint32_t)(a / b);
    return &out;
}

ECHO("older")
void *older(void *name, uint32_t n_name, uint32_t age, uint32_t has_email, void *email, uint32_t n_email, int32_t x,
            int32_t y, void *tags, uint32_t n_tags, uint32_t years)
{
    uint32_t then = age + years < 255 ? age + years : 255;
    return echo_person(name, n_name, then, has_email, email, n_email, x, y, tags, n_tags);
}

ECHO("next-colour") void *next_colour(uint32_t colour)
{
    out.colour.is_some = colour < 2;
    out.colour.some = (uint8_t)(colour + 1);
    return &out;
}

ECHO("area") double area(uint32_t tag, int64_t first, uint32_t second)
{
    struct shape s = shape_of(tag, first, second);
    guest_reset();
    if (tag == CIRCLE)
        return 3.141592653589793 * s.of.circle * s.of.circle;
    if (tag != POLYGON)
        return 0;
    const struct point *p = s.of.polygon.items;
    double twice = 0;
    for (uint32_t i = 0, n = s.of.polygon.n; i < n; i++) {
        const struct point *a = &p[i], *b = &p[i + 1 < n ? i + 1 : 0];
        twice += (double)a->x * b->y - (double)b->x * a->y;
    }
    return __builtin_fabs(twice) / 2;
}

ECHO("sum") int64_t sum(const int64_t *items, uint32_t n)
{
    uint64_t total = 0;
    for (uint32_t i = 0; i < n; i++)
        total += (uint64_t)items[i];
    guest_reset();
    return (int64_t)total;
}

ECHO("none") void none(void)
{
}

#define POST(name, function)                                                                                           \
    EXPORT("cabi_post_" NAME(name)) void function##_done(void *unused)                                                 \
    {                                                                                                                  \
        (void)unused;                                                                                                  \
        guest_reset();                                                                                                 \
    }
POST("echo-string", echo_string)
POST("echo-bytes", echo_bytes)
POST("echo-points", echo_points)
POST("echo-nested", echo_nested)
POST("echo-people", echo_people)
POST("echo-person", echo_person)
POST("echo-shape", echo_shape)
POST("echo-tuple", echo_tuple)
POST("echo-result", echo_result)
POST("echo-wide", echo_wide)
POST("divide", divide)
POST("older", older)
