/* Indirect calls through tables of methods, as object-oriented languages make them: six kinds of objects in mixed
 * order. */
#include "kernel.h"

#define OBJECTS 512

struct shape;

struct methods {
    int32_t (*area)(const struct shape *);
    void (*grow)(struct shape *, int32_t);
    int32_t (*kind)(void);
};

struct shape {
    const struct methods *methods;
    int32_t a, b, c;
};

static int32_t rect_area(const struct shape *s)
{
    return s->a * s->b;
}
static int32_t square_area(const struct shape *s)
{
    return s->a * s->a;
}
static int32_t triangle_area(const struct shape *s)
{
    return s->a * s->b >> 1;
}
static int32_t trapezoid_area(const struct shape *s)
{
    return (s->a + s->c) * s->b >> 1;
}
static int32_t circle_area(const struct shape *s)
{
    return s->a * s->a * 355 / 113;
}
static int32_t ring_area(const struct shape *s)
{
    return (s->a * s->a - s->b * s->b) * 355 / 113;
}
static void grow_one(struct shape *s, int32_t by)
{
    s->a = (s->a + by) & 0xfff;
}
static void grow_two(struct shape *s, int32_t by)
{
    s->a = (s->a + by) & 0xfff;
    s->b = (s->b + by) & 0xfff;
}
static void grow_all(struct shape *s, int32_t by)
{
    grow_two(s, by);
    s->c = (s->c ^ by) & 0xfff;
}
static int32_t kind_round(void)
{
    return 1;
}
static int32_t kind_straight(void)
{
    return 4;
}

static const struct methods kinds[] = {
    { rect_area, grow_two, kind_straight },     { square_area, grow_one, kind_straight },
    { triangle_area, grow_two, kind_straight }, { trapezoid_area, grow_all, kind_straight },
    { circle_area, grow_one, kind_round },      { ring_area, grow_two, kind_round },
};

uint64_t kernel(uint32_t n)
{
    static struct shape shapes[OBJECTS];
    uint32_t seed = 99;
    for (int i = 0; i < OBJECTS; i++) {
        uint32_t r = next_random(&seed);
        shapes[i] = (struct shape){ &kinds[r % 6], (int32_t)(r >> 4 & 255), (int32_t)(r >> 12 & 255),
                                    (int32_t)(r >> 20 & 255) };
    }
    uint64_t sum = 0;
    for (uint32_t round = 0; round < n; round++) {
        int32_t total = 0;
        for (int i = 0; i < OBJECTS; i++) {
            struct shape *s = &shapes[i];
            total += s->methods->area(s) * s->methods->kind();
            if ((i + round) % 3 == 0)
                s->methods->grow(s, (int32_t)(round & 15));
        }
        sum = mix(sum, (uint32_t)total);
    }
    return sum;
}
