/* unit/test_plan.c: values between hosts and guests: every kind, every encoding, every fault, and random ones. Guests
 * are simulated: a memory that moves at every realloc, a bump allocator, and a log of the calls. */
#include "component/plan_impl.h"
#include "component/value.h"
#include "base/str.h"
#include "base/utf.h"
#include "../oom/failalloc.h"

#include <setjmp.h>
#include <stdarg.h>
#include <cmocka.h>

/* ---- a simulated guest, and a run ---- */

typedef struct guest {
    cw_memory memory;
    uint64_t next;  /* where realloc goes on */
    char log[4096]; /* "old,old_size,align,size " of every call; old as 0 or * */
    size_t log_size;
    bool fixed; /* realloc answers `answer` */
    uint64_t answer;
    bool stay;                       /* the memory does not move */
    void (*meddle)(struct guest *g); /* called by realloc */
} guest;

typedef struct world {
    cw_arena arena; /* types, plans and host values */
    cw_copy copy;
    guest *to; /* the destination's guest */
    uint64_t polled;
    uint64_t poll_limit;
    uint32_t handles_moved;
    uint32_t bad_handle;
} world;

static void guest_init(guest *g, uint64_t size)
{
    memset(g, 0, sizeof *g);
    g->memory.base = size ? calloc(1, size) : NULL;
    g->memory.size = size;
    g->next = 64;
}

static void guest_fini(guest *g)
{
    free(g->memory.base);
}

/* Moves the memory, so that nobody can live on an old pointer. */
static void guest_move(guest *g, uint64_t size)
{
    if (g->stay || size == 0)
        return;
    uint8_t *moved = calloc(1, size);
    memcpy(moved, g->memory.base, g->memory.size);
    free(g->memory.base);
    g->memory.base = moved;
    g->memory.size = size;
}

static bool on_realloc(cw_copy *c, uint64_t old, uint64_t old_size, uint32_t align, uint64_t size, uint64_t *address)
{
    guest *g = ((world *)c->user)->to;
    assert_ptr_equal(c->dst, &g->memory);
    if (g->log_size + 64 < sizeof g->log)
        g->log_size += (size_t)snprintf(g->log + g->log_size, sizeof g->log - g->log_size, "%s,%llu,%u,%llu ",
                                        old ? "*" : "0", (unsigned long long)old_size, align, (unsigned long long)size);
    if (g->meddle)
        g->meddle(g);
    if (g->fixed) {
        *address = g->answer;
        return true;
    }
    if (old && size <= old_size) {
        guest_move(g, g->memory.size);
        *address = old;
        return true;
    }
    uint64_t at = (g->next + align - 1) / align * align;
    g->next = at + size;
    guest_move(g, g->next > g->memory.size ? g->next + 64 : g->memory.size);
    if (old)
        memcpy(g->memory.base + at, g->memory.base + old, old_size);
    *address = at;
    return true;
}

static bool on_handle(cw_copy *c, const cwrun_type *src, const cwrun_type *dst, uint32_t in, uint32_t *out)
{
    ((world *)c->user)->handles_moved++;
    assert_int_equal(src->kind, dst->kind);
    *out = in + 100 + dst->resource;
    return true;
}

static bool on_check_handle(cw_copy *c, const cwrun_type *type, uint32_t handle, const char **why)
{
    (void)type;
    *why = "a stale handle";
    return handle != ((world *)c->user)->bad_handle;
}

static bool on_poll(cw_copy *c, uint64_t bytes)
{
    world *w = c->user;
    w->polled += bytes;
    return !w->poll_limit || w->polled < w->poll_limit;
}

static const cw_copy_ops ops = { on_realloc, on_handle, on_check_handle, on_poll };

static void world_init(world *w)
{
    memset(w, 0, sizeof *w);
    cw_arena_init(&w->arena, NULL);
    w->bad_handle = UINT32_MAX;
}

static void world_fini(world *w)
{
    cw_arena_fini(&w->arena);
}

static void start(world *w, guest *from, guest *to)
{
    memset(&w->copy, 0, sizeof w->copy);
    w->copy.ops = &ops;
    w->copy.user = w;
    w->copy.src = from ? &from->memory : NULL;
    w->copy.dst = to ? &to->memory : NULL;
    w->copy.arena = w->copy.scratch = &w->arena;
    w->copy.budget = UINT64_MAX;
    w->to = to;
    if (to) {
        to->log_size = 0;
        to->log[0] = 0;
    }
}

static cw_plan_side mem32(uint8_t place, uint8_t encoding)
{
    return (cw_plan_side){ CW_SIDE_MEM32, place, encoding };
}

static cw_plan_side mem64(uint8_t place, uint8_t encoding)
{
    return (cw_plan_side){ CW_SIDE_MEM64, place, encoding };
}

static const cw_plan *compile(world *w, const cwrun_type *st, const cwrun_type *dt, cw_plan_side src, cw_plan_side dst,
                              uint32_t flags)
{
    const cw_plan *p = cw_plan_compile(&w->arena, st, dt, src, dst, flags);
    assert_non_null(p);
    return p;
}

/* Compiles and runs. */
static bool move(world *w, const cwrun_type *t, cw_plan_side src, guest *from, const void *in, cw_plan_side dst,
                 guest *to, void *out)
{
    const cw_plan *p = compile(w, t, t, src, dst, 0);
    start(w, from, to);
    cwrun_str why = { NULL, 0 };
    if (src.kind == CW_SIDE_HOST && !cw_plan_check(p, &w->copy, in, "v", &why)) {
        print_error("%.*s\n", (int)why.size, why.data);
        fail();
    }
    return cw_plan_run(p, &w->copy, in, out);
}

static void assert_trap(const world *w, bool ran, uint8_t trap)
{
    assert_false(ran);
    assert_int_equal(w->copy.fail_kind, CWRUN_ERROR_TRAP);
    assert_string_equal(cwrun_trap_words(w->copy.fail_code), cwrun_trap_words(trap));
}

static const cwrun_type *prim(uint8_t kind)
{
    return cw_type_primitive(kind);
}

static const cwrun_type *tuple(world *w, uint32_t n, ...)
{
    const cwrun_type *elems[64];
    va_list args;
    va_start(args, n);
    for (uint32_t i = 0; i < n; i++)
        elems[i] = va_arg(args, const cwrun_type *);
    va_end(args);
    bool big = false;
    return cw_type_new_tuple(&w->arena, elems, n, &big);
}

/* A variant (or record) of {name, type} pairs up to a NULL name. */
static const cwrun_type *named(world *w, int is_record, ...)
{
    cw_field fields[32];
    uint32_t n = 0;
    va_list args;
    va_start(args, is_record);
    for (const char *name; (name = va_arg(args, const char *)) != NULL; n++)
        fields[n] = (cw_field){ .name = cwrun_str_of(name), .type = va_arg(args, const cwrun_type *) };
    va_end(args);
    bool big = false;
    const cwrun_type *t =
        is_record ? cw_type_new_record(&w->arena, fields, n, &big) : cw_type_new_variant(&w->arena, fields, n, &big);
    assert_non_null(t);
    return t;
}

/* ---- numbers ---- */

typedef struct numbers {
    bool b;
    int8_t s8;
    uint8_t u8;
    int16_t s16;
    uint16_t u16;
    int32_t s32;
    uint32_t u32;
    int64_t s64;
    float f32;
    double f64;
    uint32_t ch;
} numbers;

static const cwrun_type *numbers_type(world *w)
{
    return tuple(w, 11, prim(CWRUN_KIND_BOOL), prim(CWRUN_KIND_S8), prim(CWRUN_KIND_U8), prim(CWRUN_KIND_S16),
                 prim(CWRUN_KIND_U16), prim(CWRUN_KIND_S32), prim(CWRUN_KIND_U32), prim(CWRUN_KIND_S64),
                 prim(CWRUN_KIND_F32), prim(CWRUN_KIND_F64), prim(CWRUN_KIND_CHAR));
}

static void numbers_become_slots_that_are_extended_as_the_abi_says(void **state)
{
    (void)state;
    world w;
    world_init(&w);
    const cwrun_type *t = numbers_type(&w);
    numbers in = { true, -1, 255, -2, 65535, -3, 4000000000u, -4, 1.5f, 2.5, 0x10ffff }, back;
    memset(&back, 0, sizeof back);
    *(uint8_t *)&in.b = 7; /* any non-zero byte is true */
    uint64_t slots[11];
    memset(slots, 0xee, sizeof slots);
    assert_true(move(&w, t, CW_PLAN_HOST, NULL, &in, mem32(CW_PLACE_FLAT, CW_UTF8), NULL, slots));
    const uint64_t want[] = { 1,           0xffffffff,   255,        0xfffffffe,         65535,   0xfffffffd,
                              4000000000u, (uint64_t)-4, 0x3fc00000, 0x4004000000000000, 0x10ffff };
    assert_memory_equal(slots, want, sizeof want);
    assert_true(move(&w, t, mem32(CW_PLACE_FLAT, CW_UTF8), NULL, slots, CW_PLAN_HOST, NULL, &back));
    assert_true(back.b && back.s8 == -1 && back.u8 == 255 && back.s16 == -2 && back.u16 == 65535 && back.s32 == -3);
    assert_true(back.u32 == 4000000000u && back.s64 == -4 && back.f32 == 1.5f && back.f64 == 2.5 &&
                back.ch == 0x10ffff);
    world_fini(&w);
}

static void numbers_of_a_guest_are_cut_to_their_width_before_another_sees_them(void **state)
{
    (void)state;
    world w;
    world_init(&w);
    const cwrun_type *t = numbers_type(&w);
    uint64_t in[] = { 0x100, 0x1ff80, 0xfffff01, 0xabcd8000, 0xffff0001, 0x80000000, 7, 8, 9, 10, 0xd7ff }, out[11];
    const uint64_t want[] = { 1, 0xffffff80, 1, 0xffff8000, 1, 0x80000000, 7, 8, 9, 10, 0xd7ff };
    assert_true(move(&w, t, mem32(CW_PLACE_FLAT, CW_UTF8), NULL, in, mem64(CW_PLACE_FLAT, CW_UTF16), NULL, out));
    assert_memory_equal(out, want, sizeof want);
    for (unsigned i = 0; i < 3; i++) {
        in[10] = (const uint32_t[]){ 0xd800, 0xdfff, 0x110000 }[i];
        assert_trap(&w, move(&w, t, mem32(CW_PLACE_FLAT, CW_UTF8), NULL, in, mem64(CW_PLACE_FLAT, CW_UTF16), NULL, out),
                    CW_TRAP_INVALID_CHAR);
    }
    world_fini(&w);
}

static void undefined_flags_are_cleared(void **state)
{
    (void)state;
    world w;
    world_init(&w);
    cwrun_str labels[32];
    for (unsigned i = 0; i < 32; i++)
        labels[i] = cw_arena_printf(&w.arena, "f%u", i);
    const cwrun_type *f9 = cw_type_new_flags(&w.arena, labels, 9), *f32 = cw_type_new_flags(&w.arena, labels, 32);
    uint64_t in = 0xfffffffff, out = 5;
    assert_true(move(&w, f9, mem32(CW_PLACE_FLAT, CW_UTF8), NULL, &in, mem32(CW_PLACE_FLAT, CW_UTF8), NULL, &out));
    assert_int_equal(out, 0x1ff);
    assert_true(move(&w, f32, mem32(CW_PLACE_FLAT, CW_UTF8), NULL, &in, mem32(CW_PLACE_FLAT, CW_UTF8), NULL, &out));
    assert_true(out == 0xffffffff);
    uint16_t host = 0xffff;
    assert_true(move(&w, f9, CW_PLAN_HOST, NULL, &host, mem32(CW_PLACE_FLAT, CW_UTF8), NULL, &out));
    assert_int_equal(out, 0x1ff);
    world_fini(&w);
}

/* ---- variants ---- */

static void payloads_share_joined_slots_and_unused_ones_become_zero(void **state)
{
    (void)state;
    world w;
    world_init(&w);
    const cwrun_type *pair = tuple(&w, 2, prim(CWRUN_KIND_F32), prim(CWRUN_KIND_F64));
    const cwrun_type *mix = named(&w, false, "f", prim(CWRUN_KIND_F32), "l", prim(CWRUN_KIND_U64), "n", NULL, "p", pair,
                                  "b", prim(CWRUN_KIND_U8), NULL);
    cw_plan_side flat = mem32(CW_PLACE_FLAT, CW_UTF8);
    assert_int_equal(mix->n_flat, 3);
    static const struct {
        uint64_t in[3], out[3];
    } cases[] = {
        { { 0, 0xffffffff40490fdb, 5 }, { 0, 0x40490fdb, 0 } },
        { { 1, 0xfedcba9876543210, 5 }, { 1, 0xfedcba9876543210, 0 } },
        { { 2, 1, 5 }, { 2, 0, 0 } },
        { { 3, 0x1111111140490fdb, 0x4004000000000000 }, { 3, 0x40490fdb, 0x4004000000000000 } },
        { { 4, 0xff02, 1 }, { 4, 2, 0 } },
    };
    for (unsigned i = 0; i < 5; i++) {
        uint64_t out[3] = { 9, 9, 9 };
        assert_true(move(&w, mix, flat, NULL, cases[i].in, flat, NULL, out));
        assert_memory_equal(out, cases[i].out, sizeof out);
        /* through the host and back */
        uint64_t host[4] = { 0 };
        assert_int_equal(mix->size[CW_P8], 24);
        assert_true(move(&w, mix, flat, NULL, cases[i].in, CW_PLAN_HOST, NULL, host));
        memset(out, 9, sizeof out);
        assert_true(move(&w, mix, CW_PLAN_HOST, NULL, host, flat, NULL, out));
        assert_memory_equal(out, cases[i].out, sizeof out);
    }
    uint64_t bad[3] = { 5, 0, 0 }, out[3];
    assert_trap(&w, move(&w, mix, flat, NULL, bad, flat, NULL, out), CW_TRAP_INVALID_DISCRIMINANT);
    world_fini(&w);
}

static void fields_and_cases_find_each_other_by_name(void **state)
{
    (void)state;
    world w;
    world_init(&w);
    const cwrun_type *v1 = named(&w, false, "a", prim(CWRUN_KIND_U8), "b", NULL, "c", prim(CWRUN_KIND_U32), NULL);
    const cwrun_type *v2 = named(&w, false, "c", prim(CWRUN_KIND_U32), "a", prim(CWRUN_KIND_U8), "b", NULL, NULL);
    const cwrun_type *r1 = named(&w, true, "x", prim(CWRUN_KIND_U32), "y", prim(CWRUN_KIND_U32), "v", v1, NULL);
    const cwrun_type *r2 = named(&w, true, "v", v2, "y", prim(CWRUN_KIND_U32), "x", prim(CWRUN_KIND_U32), NULL);
    cw_plan_side flat = mem32(CW_PLACE_FLAT, CW_UTF8);
    uint64_t in[4] = { 1, 2, 2, 77 }, out[4];
    const uint64_t want[4] = { 0, 77, 2, 1 };
    const cw_plan *p = compile(&w, r1, r2, flat, flat, 0);
    start(&w, NULL, NULL);
    assert_true(cw_plan_run(p, &w.copy, in, out));
    assert_memory_equal(out, want, sizeof want);

    const cwrun_str e1[] = { CW_STR("red"), CW_STR("blue") }, e2[] = { CW_STR("blue"), CW_STR("red") };
    p = compile(&w, cw_type_new_enum(&w.arena, e1, 2), cw_type_new_enum(&w.arena, e2, 2), flat, flat, 0);
    assert_true(cw_plan_run(p, &w.copy, in, out));
    assert_int_equal(out[0], 0);

    assert_null(cw_plan_compile(&w.arena, r1, v1, flat, flat, 0));
    assert_null(cw_plan_compile(&w.arena, r1, named(&w, true, "x", prim(CWRUN_KIND_U32), NULL), flat, flat, 0));
    assert_false(w.arena.oom);
    world_fini(&w);
}

/* ---- strings ---- */

typedef struct sample {
    const char *utf8;
    const char *utf16; /* little-endian units */
    size_t n_units;
    const char *latin1; /* NULL: it has none */
} sample;

/* "", "abc", "höla", "hö☃🍰" */
static const sample samples[] = {
    { "", "", 0, "" },
    { "abc", "a\0b\0c\0", 3, "abc" },
    { "h\xc3\xb6la", "h\0\xf6\0l\0a\0", 4, "h\xf6la" },
    { "h\xc3\xb6\xe2\x98\x83\xf0\x9f\x8d\xb0", "h\0\xf6\0\x03\x26\x3c\xd8\x70\xdf", 5, NULL },
};

/* Puts a sample into the guest's memory at 16 and its words into slots; form: 0 utf8, 1 utf16, 2 latin1, 3 tagged
 * utf16. */
static void put_sample(guest *g, const sample *s, unsigned form, uint64_t words[2])
{
    bool wide = form & 1;
    size_t size = form == 0 ? strlen(s->utf8) : wide ? 2 * s->n_units : s->n_units;
    memcpy(g->memory.base + 16, form == 0 ? s->utf8 : wide ? s->utf16 : s->latin1, size);
    words[0] = 16;
    words[1] = wide ? s->n_units : size;
    if (form == 3)
        words[1] |= 0x80000000;
}

static const uint8_t form_encoding[] = { CW_UTF8, CW_UTF16, CW_LATIN1_UTF16, CW_LATIN1_UTF16 };

/* The realloc calls of the specification, computed from lengths alone. */
static void expected_log(const sample *s, unsigned form, uint8_t to, char *log, size_t size)
{
    size_t u8 = strlen(s->utf8), u16 = 2 * s->n_units, units = form == 0 ? u8 : s->n_units, at = 0;
#define CALL(old, old_size, align, new_size) \
    (at += (size_t)snprintf(log + at, size - at, "%s,%zu,%d,%zu ", (old) ? "*" : "0", (size_t)(old_size), (align), \
                            (size_t)(new_size)))
    log[0] = 0;
    if (to == CW_UTF8 && form == 0) {
        CALL(0, 0, 1, u8);
    } else if (to == CW_UTF8) {
        size_t worst = units * (form == 2 ? 2 : 3);
        CALL(0, 0, 1, units);
        if (u8 > units) {
            CALL(1, units, 1, worst);
            if (worst > u8)
                CALL(1, worst, 1, u8);
        }
    } else if (to == CW_UTF16) {
        CALL(0, 0, 2, form == 0 ? 2 * u8 : u16);
        if (form == 0 && u16 < 2 * u8)
            CALL(1, 2 * u8, 2, u16);
    } else if (form == 2) {
        CALL(0, 0, 2, units);
    } else if (form == 3) {
        CALL(0, 0, 2, u16);
        if (s->latin1)
            CALL(1, u16, 1, s->n_units);
    } else {
        CALL(0, 0, 2, units);
        if (!s->latin1) {
            CALL(1, units, 2, 2 * units);
            if (2 * units > u16)
                CALL(1, 2 * units, 2, u16);
        } else if (s->n_units < units) {
            CALL(1, units, 2, s->n_units);
        }
    }
#undef CALL
}

static void assert_string_at(const guest *g, const uint64_t words[2], const sample *s, uint8_t encoding, uint64_t tag)
{
    const uint8_t *at = g->memory.base + words[0];
    if (encoding == CW_UTF8) {
        assert_int_equal(words[1], strlen(s->utf8));
        assert_memory_equal(at, s->utf8, words[1]);
    } else if (encoding == CW_UTF16 || !s->latin1) {
        assert_true(words[1] == (encoding == CW_UTF16 ? s->n_units : (s->n_units | tag)));
        assert_memory_equal(at, s->utf16, 2 * s->n_units);
    } else {
        assert_int_equal(words[1], s->n_units);
        assert_memory_equal(at, s->latin1, s->n_units);
    }
}

static void strings_are_transcoded_between_all_encodings_with_the_specified_reallocs(void **state)
{
    (void)state;
    for (unsigned i = 0; i < sizeof samples / sizeof *samples; i++)
        for (unsigned form = 0; form < 4; form++)
            for (uint8_t to = CW_UTF8; to <= CW_LATIN1_UTF16; to++) {
                const sample *s = &samples[i];
                if (form == 2 && !s->latin1)
                    continue;
                world w;
                guest a, b;
                world_init(&w);
                guest_init(&a, 256);
                guest_init(&b, 64);
                uint64_t in[2], out[2];
                char log[256];
                put_sample(&a, s, form, in);
                expected_log(s, form, to, log, sizeof log);
                assert_true(move(&w, prim(CWRUN_KIND_STRING), mem32(CW_PLACE_FLAT, form_encoding[form]), &a, in,
                                 mem32(CW_PLACE_FLAT, to), &b, out));
                assert_string_equal(b.log, log);
                assert_string_at(&b, out, s, to, 0x80000000);

                /* and with 64-bit pointers, in memory */
                uint64_t at = 8;
                assert_true(move(&w, prim(CWRUN_KIND_STRING), mem32(CW_PLACE_FLAT, form_encoding[form]), &a, in,
                                 mem64(CW_PLACE_MEMORY, to), &b, &at));
                memcpy(out, b.memory.base + 8, sizeof out);
                assert_string_at(&b, out, s, to, (uint64_t)1 << 63);
                guest_fini(&a);
                guest_fini(&b);
                world_fini(&w);
            }
}

static void strings_go_to_the_host_and_back_in_every_encoding(void **state)
{
    (void)state;
    for (unsigned i = 0; i < sizeof samples / sizeof *samples; i++)
        for (unsigned form = 0; form < 4; form++) {
            const sample *s = &samples[i];
            if (form == 2 && !s->latin1)
                continue;
            world w;
            guest a, b;
            world_init(&w);
            guest_init(&a, 256);
            guest_init(&b, 64);
            uint64_t in[2], out[2];
            cwrun_str host;
            put_sample(&a, s, form, in);
            assert_true(move(&w, prim(CWRUN_KIND_STRING), mem32(CW_PLACE_FLAT, form_encoding[form]), &a, in,
                             CW_PLAN_HOST, NULL, &host));
            assert_int_equal(host.size, strlen(s->utf8));
            assert_string_equal(host.data, s->utf8);
            assert_true(move(&w, prim(CWRUN_KIND_STRING), CW_PLAN_HOST, NULL, &host,
                             mem32(CW_PLACE_FLAT, form_encoding[form]), &b, out));
            assert_string_at(&b, out, s, form_encoding[form], 0x80000000);
            guest_fini(&a);
            guest_fini(&b);
            world_fini(&w);
        }
}

static void faults_of_strings_trap(void **state)
{
    (void)state;
    world w;
    guest a, b;
    world_init(&w);
    guest_init(&a, 65536);
    guest_init(&b, 64);
    const cwrun_type *t = prim(CWRUN_KIND_STRING);
    static const struct {
        uint64_t ptr, size;
        const char *bytes;
        uint8_t encoding, host_trap, guest_trap;
    } faults[] = {
        { 0xdeadbeef, 0, "", CW_UTF8, CW_TRAP_STRING_BOUNDS, CW_TRAP_STRING_CONTENT },
        { 65535, 2, "", CW_UTF8, CW_TRAP_STRING_BOUNDS, CW_TRAP_STRING_CONTENT },
        { 0x80000000, 1, "", CW_UTF8, CW_TRAP_STRING_BOUNDS, CW_TRAP_STRING_CONTENT },
        { 65534, 2, "", CW_UTF16, CW_TRAP_STRING_BOUNDS, CW_TRAP_STRING_CONTENT },
        { 1, 0, "", CW_UTF16, CW_TRAP_UNALIGNED_POINTER, CW_TRAP_UNALIGNED_POINTER },
        { 1, 0, "", CW_LATIN1_UTF16, CW_TRAP_UNALIGNED_POINTER, CW_TRAP_UNALIGNED_POINTER },
        { 1, 0x80000000, "", CW_LATIN1_UTF16, CW_TRAP_UNALIGNED_POINTER, CW_TRAP_UNALIGNED_POINTER },
        { 0, 1 << 28, "", CW_UTF8, CW_TRAP_STRING_SIZE, CW_TRAP_STRING_SIZE },
        { 0, 1 << 27, "", CW_UTF16, CW_TRAP_STRING_SIZE, CW_TRAP_STRING_SIZE },
        { 16, 1, "\xff", CW_UTF8, CW_TRAP_INVALID_UTF8, CW_TRAP_INVALID_UTF8 },
        { 16, 1, "\xc3", CW_UTF8, CW_TRAP_INCOMPLETE_UTF8, CW_TRAP_INCOMPLETE_UTF8 },
        { 16, 2, "a\xe0", CW_UTF8, CW_TRAP_INCOMPLETE_UTF8, CW_TRAP_INCOMPLETE_UTF8 },
        { 16, 3, "\xf0\x9f\x8d", CW_UTF8, CW_TRAP_INCOMPLETE_UTF8, CW_TRAP_INCOMPLETE_UTF8 },
        { 16, 2, "\xf0\x8f", CW_UTF8, CW_TRAP_INVALID_UTF8, CW_TRAP_INVALID_UTF8 },
        { 16, 3, "\xed\xa0\x80", CW_UTF8, CW_TRAP_INVALID_UTF8, CW_TRAP_INVALID_UTF8 },
        { 16, 1, "\x00\xd8", CW_UTF16, CW_TRAP_INVALID_UTF16, CW_TRAP_INVALID_UTF16 },
        { 16, 0x80000001, "\x00\xdc", CW_LATIN1_UTF16, CW_TRAP_INVALID_UTF16, CW_TRAP_INVALID_UTF16 },
    };
    for (unsigned i = 0; i < sizeof faults / sizeof *faults; i++) {
        uint64_t in[2] = { faults[i].ptr, faults[i].size }, out[2];
        memcpy(a.memory.base + 16, faults[i].bytes, 4 < strlen(faults[i].bytes) ? 4 : strlen(faults[i].bytes) + 1);
        if (faults[i].bytes[0] == 0)
            memcpy(a.memory.base + 16, faults[i].bytes, i >= 15 ? 2 : 0);
        assert_trap(&w, move(&w, t, mem32(CW_PLACE_FLAT, faults[i].encoding), &a, in, CW_PLAN_HOST, NULL, out),
                    faults[i].host_trap);
        assert_trap(
            &w, move(&w, t, mem32(CW_PLACE_FLAT, faults[i].encoding), &a, in, mem32(CW_PLACE_FLAT, CW_UTF8), &b, out),
            faults[i].guest_trap);
        assert_string_equal(b.log, ""); /* before anything happened */
    }
    /* pointers at the end are fine, and wrapped 64-bit ones are not */
    uint64_t in[2] = { 65536, 0 }, out[2];
    assert_true(move(&w, t, mem32(CW_PLACE_FLAT, CW_UTF8), &a, in, CW_PLAN_HOST, NULL, out));
    in[0] = UINT64_MAX;
    in[1] = 2;
    assert_trap(&w, move(&w, t, mem64(CW_PLACE_FLAT, CW_UTF8), &a, in, CW_PLAN_HOST, NULL, out), CW_TRAP_STRING_BOUNDS);
    /* what realloc answers */
    b.fixed = true;
    in[0] = 16;
    in[1] = 1;
    a.memory.base[16] = 'a';
    static const struct {
        uint64_t answer;
        uint8_t encoding, host_trap, guest_trap;
    } answers[] = {
        { UINT64_MAX, CW_UTF8, CW_TRAP_REALLOC_BOUNDS, CW_TRAP_STRING_CONTENT },
        { 64, CW_UTF8, CW_TRAP_REALLOC_BOUNDS, CW_TRAP_STRING_CONTENT },
        { 1, CW_UTF16, CW_TRAP_REALLOC_ALIGN, CW_TRAP_UNALIGNED_POINTER },
        { 1, CW_LATIN1_UTF16, CW_TRAP_REALLOC_ALIGN, CW_TRAP_UNALIGNED_POINTER },
        { 64, CW_LATIN1_UTF16, CW_TRAP_REALLOC_BOUNDS, CW_TRAP_STRING_CONTENT },
    };
    for (unsigned i = 0; i < sizeof answers / sizeof *answers; i++) {
        b.answer = answers[i].answer;
        cwrun_str host = { "a", 1 };
        assert_trap(
            &w, move(&w, t, mem32(CW_PLACE_FLAT, CW_UTF8), &a, in, mem32(CW_PLACE_FLAT, answers[i].encoding), &b, out),
            answers[i].guest_trap);
        assert_trap(&w, move(&w, t, CW_PLAN_HOST, NULL, &host, mem32(CW_PLACE_FLAT, answers[i].encoding), &b, out),
                    answers[i].host_trap);
    }
    guest_fini(&a);
    guest_fini(&b);
    world_fini(&w);
}

/* ---- lists ---- */

static void lists_are_copied_in_one_piece_or_by_elements(void **state)
{
    (void)state;
    world w;
    guest a;
    world_init(&w);
    guest_init(&a, 64);
    const cwrun_type *u32s = cw_type_new_list(&w.arena, prim(CWRUN_KIND_U32)),
                     *lists = cw_type_new_list(&w.arena, u32s);
    uint32_t x[] = { 1, 2, 3 }, y[] = { 4 };
    cwrun_list inner[] = { { x, 3 }, { y, 1 }, { NULL, 0 } }, host = { inner, 3 }, back;
    uint64_t out[2];
    assert_true(move(&w, lists, CW_PLAN_HOST, NULL, &host, mem32(CW_PLACE_FLAT, CW_UTF8), &a, out));
    assert_string_equal(a.log, "0,0,4,24 0,0,4,12 0,0,4,4 0,0,4,0 ");
    assert_int_equal(out[1], 3);
    uint32_t words[6];
    memcpy(words, a.memory.base + out[0], sizeof words);
    assert_true(words[1] == 3 && words[3] == 1 && words[5] == 0);
    assert_memory_equal(a.memory.base + words[0], x, sizeof x);
    assert_true(move(&w, lists, mem32(CW_PLACE_FLAT, CW_UTF8), &a, out, CW_PLAN_HOST, NULL, &back));
    const cwrun_list *l = back.data;
    assert_true(back.size == 3 && l[0].size == 3 && l[1].size == 1 && l[2].size == 0 && l[2].data);
    assert_memory_equal(l[0].data, x, sizeof x);
    assert_int_equal(((const uint32_t *)l[1].data)[0], 4);

    /* a memory without a byte holds an empty list */
    guest none;
    guest_init(&none, 0);
    none.fixed = true;
    host.size = 0;
    assert_true(move(&w, lists, CW_PLAN_HOST, NULL, &host, mem32(CW_PLACE_FLAT, CW_UTF8), &none, out));
    assert_true(move(&w, lists, mem32(CW_PLACE_FLAT, CW_UTF8), &none, out, CW_PLAN_HOST, NULL, &back));
    assert_int_equal(back.size, 0);
    guest_fini(&none);
    guest_fini(&a);
    world_fini(&w);
}

static void faults_of_lists_trap(void **state)
{
    (void)state;
    world w;
    guest a, b;
    world_init(&w);
    guest_init(&a, 65536);
    guest_init(&b, 64);
    const cwrun_type *u32s = cw_type_new_list(&w.arena, prim(CWRUN_KIND_U32)),
                     *bools = cw_type_new_list(&w.arena, prim(CWRUN_KIND_BOOL));
    static const struct {
        uint64_t ptr, n;
        bool is_bool;
        uint8_t host_trap, guest_trap;
    } faults[] = {
        { 65536, 1, false, CW_TRAP_LIST_BOUNDS, CW_TRAP_LIST_CONTENT },
        { 65532, 2, false, CW_TRAP_LIST_BOUNDS, CW_TRAP_LIST_CONTENT },
        { 65540, 0, false, CW_TRAP_LIST_BOUNDS, CW_TRAP_LIST_CONTENT },
        { 2, 0, false, CW_TRAP_UNALIGNED_POINTER, CW_TRAP_UNALIGNED_POINTER },
        { 0, 1 << 26, false, CW_TRAP_LIST_SIZE, CW_TRAP_LIST_SIZE },
        { 0, UINT32_MAX, false, CW_TRAP_LIST_SIZE, CW_TRAP_LIST_SIZE },
        { 1, 65536, true, CW_TRAP_LIST_BOUNDS, CW_TRAP_LIST_CONTENT },
    };
    uint64_t out[2];
    for (unsigned i = 0; i < sizeof faults / sizeof *faults; i++) {
        uint64_t in[2] = { faults[i].ptr, faults[i].n };
        const cwrun_type *t = faults[i].is_bool ? bools : u32s;
        assert_trap(&w, move(&w, t, mem32(CW_PLACE_FLAT, CW_UTF8), &a, in, CW_PLAN_HOST, NULL, out),
                    faults[i].host_trap);
        assert_trap(&w, move(&w, t, mem32(CW_PLACE_FLAT, CW_UTF8), &a, in, mem32(CW_PLACE_FLAT, CW_UTF8), &b, out),
                    faults[i].guest_trap);
        assert_string_equal(b.log, "");
    }
    b.fixed = true;
    for (unsigned i = 0; i < 4; i++) {
        uint64_t in[2] = { 0, i & 1 };
        uint32_t x = 1;
        cwrun_list host = { &x, i & 1 };
        b.answer = i & 2 ? 0xfffffffc : 2;
        assert_trap(&w, move(&w, u32s, mem32(CW_PLACE_FLAT, CW_UTF8), &a, in, mem32(CW_PLACE_FLAT, CW_UTF8), &b, out),
                    i & 2 ? CW_TRAP_LIST_CONTENT : CW_TRAP_UNALIGNED_POINTER);
        assert_trap(&w, move(&w, u32s, CW_PLAN_HOST, NULL, &host, mem32(CW_PLACE_FLAT, CW_UTF8), &b, out),
                    i & 2 ? CW_TRAP_REALLOC_BOUNDS : CW_TRAP_REALLOC_ALIGN);
    }
    guest_fini(&a);
    guest_fini(&b);
    world_fini(&w);
}

/* ---- places ---- */

static void values_in_memory_are_found_by_a_checked_pointer(void **state)
{
    (void)state;
    world w;
    guest a, b;
    world_init(&w);
    guest_init(&a, 256);
    guest_init(&b, 32);
    b.next = 8;
    const cwrun_type *t = tuple(&w, 2, prim(CWRUN_KIND_U8), prim(CWRUN_KIND_U32));
    uint64_t at = 16, to = 0;
    a.memory.base[16] = 5;
    a.memory.base[17] = 0xaa; /* padding stays where it is */
    a.memory.base[20] = 6;
    assert_true(move(&w, t, mem32(CW_PLACE_MEMORY, CW_UTF8), &a, &at, mem32(CW_PLACE_ALLOC, CW_UTF8), &b, &to));
    assert_string_equal(b.log, "0,0,4,8 ");
    assert_int_equal(to, 8);
    assert_memory_equal(b.memory.base + 8, "\x05\0\0\0\x06\0\0\0", 8);
    static const uint64_t wrong[] = { 17, 252 };
    for (unsigned i = 0; i < 2; i++) {
        at = wrong[i];
        assert_trap(&w, move(&w, t, mem32(CW_PLACE_MEMORY, CW_UTF8), &a, &at, mem32(CW_PLACE_ALLOC, CW_UTF8), &b, &to),
                    i == 0 ? CW_TRAP_UNALIGNED_POINTER : CW_TRAP_POINTER_BOUNDS);
        assert_string_equal(b.log, "");
        uint64_t from = 16;
        assert_trap(&w,
                    move(&w, t, mem32(CW_PLACE_MEMORY, CW_UTF8), &a, &from, mem32(CW_PLACE_MEMORY, CW_UTF8), &a, &at),
                    i == 0 ? CW_TRAP_UNALIGNED_POINTER : CW_TRAP_POINTER_BOUNDS);
    }
    b.fixed = true;
    b.answer = 1;
    at = 16;
    assert_trap(&w, move(&w, t, mem32(CW_PLACE_MEMORY, CW_UTF8), &a, &at, mem32(CW_PLACE_ALLOC, CW_UTF8), &b, &to),
                CW_TRAP_UNALIGNED_POINTER);
    guest_fini(&a);
    guest_fini(&b);
    world_fini(&w);
}

static void rewrite_source(guest *g)
{
    memset(g->memory.base, 0xff, 64);
}

static void calls_inside_one_instance_read_everything_before_realloc_runs(void **state)
{
    (void)state;
    world w;
    guest a;
    world_init(&w);
    guest_init(&a, 256);
    a.meddle = rewrite_source;
    const cwrun_type *t = cw_type_new_list(
        &w.arena, tuple(&w, 2, prim(CWRUN_KIND_STRING), cw_type_new_handle(&w.arena, CWRUN_KIND_OWN, 3)));
    const uint32_t bytes[] = { 8, 2, 32, 3, 7, 40, 1, 8 };
    memcpy(a.memory.base, bytes, sizeof bytes);
    memcpy(a.memory.base + 32, "abc", 3);
    a.memory.base[40] = 'd';
    const cw_plan *p =
        compile(&w, t, t, mem32(CW_PLACE_MEMORY, CW_UTF8), mem32(CW_PLACE_ALLOC, CW_UTF16), CW_PLAN_SAME_INSTANCE);
    assert_true(p->has_handles && p->may_realloc && p->needs_scratch && !p->needs_check);
    start(&w, &a, &a);
    uint64_t from = 0, to;
    assert_true(cw_plan_run(p, &w.copy, &from, &to));
    assert_string_equal(a.log, "0,0,4,8 0,0,4,24 0,0,2,6 0,0,2,2 ");
    uint32_t got[6], list[2];
    memcpy(list, a.memory.base + to, sizeof list);
    assert_int_equal(list[1], 2);
    memcpy(got, a.memory.base + list[0], sizeof got);
    assert_memory_equal(a.memory.base + got[0], "a\0b\0c\0", 6);
    assert_memory_equal(a.memory.base + got[3], "d\0", 2);
    assert_true(got[1] == 3 && got[2] == 110 && got[4] == 1 && got[5] == 111);

    p = compile(&w, t, t, mem32(CW_PLACE_MEMORY, CW_UTF8), mem32(CW_PLACE_ALLOC, CW_UTF16), 0);
    assert_trap(&w, cw_plan_run(p, &w.copy, &from, &to), CW_TRAP_UNSUPPORTED); /* without the flag it is refused */
    guest_fini(&a);
    world_fini(&w);
}

static void results_inside_one_memory_may_overlap(void **state)
{
    (void)state;
    world w;
    guest a;
    world_init(&w);
    guest_init(&a, 64);
    const cwrun_type *t = tuple(&w, 3, prim(CWRUN_KIND_BOOL), prim(CWRUN_KIND_U32), prim(CWRUN_KIND_U32));
    memcpy(a.memory.base + 8, "\1\0\0\0\2\0\0\0\3\0\0\0", 12);
    uint64_t from = 8, to = 12;
    cw_plan_side place = mem32(CW_PLACE_MEMORY, CW_UTF8);
    const cw_plan *p = compile(&w, t, t, place, place, CW_PLAN_SAME_INSTANCE);
    assert_false(p->may_realloc);
    start(&w, &a, &a);
    assert_true(cw_plan_run(p, &w.copy, &from, &to));
    assert_memory_equal(a.memory.base + 12, "\1\0\0\0\2\0\0\0\3\0\0\0", 12);

    /* what comes in slots needs no buffer to go to memory */
    uint64_t slots[3] = { 1, 2, 3 };
    p = compile(&w, t, t, mem32(CW_PLACE_FLAT, CW_UTF8), mem32(CW_PLACE_ALLOC, CW_UTF8), CW_PLAN_SAME_INSTANCE);
    assert_false(p->needs_scratch);
    assert_true(cw_plan_run(p, &w.copy, slots, &to));
    assert_memory_equal(a.memory.base + to, "\1\0\0\0\2\0\0\0\3\0\0\0", 12);
    guest_fini(&a);
    world_fini(&w);
}

static void host_values_inside_the_destination_are_set_aside(void **state)
{
    (void)state;
    world w;
    guest a;
    world_init(&w);
    guest_init(&a, 256);
    a.meddle = rewrite_source;
    const cwrun_type *t = cw_type_new_list(&w.arena, prim(CWRUN_KIND_STRING));
    memcpy(a.memory.base + 32, "abcd", 4);
    cwrun_str strings[] = { { (char *)a.memory.base + 32, 3 }, { (char *)a.memory.base + 35, 1 } };
    cwrun_list host = { strings, 2 };
    uint64_t out[2];
    assert_true(move(&w, t, CW_PLAN_HOST, NULL, &host, mem32(CW_PLACE_FLAT, CW_UTF8), &a, out));
    uint32_t got[4];
    memcpy(got, a.memory.base + out[0], sizeof got);
    assert_memory_equal(a.memory.base + got[0], "abc", 3);
    assert_memory_equal(a.memory.base + got[2], "d", 1);
    guest_fini(&a);
    world_fini(&w);
}

static void views_point_into_the_guest_where_the_bytes_are_the_same(void **state)
{
    (void)state;
    world w;
    guest a;
    world_init(&w);
    guest_init(&a, 256);
    const cwrun_type *u32s = cw_type_new_list(&w.arena, prim(CWRUN_KIND_U32)),
                     *bools = cw_type_new_list(&w.arena, prim(CWRUN_KIND_BOOL));
    const cwrun_type *t = tuple(&w, 3, prim(CWRUN_KIND_STRING), u32s, bools);
    memcpy(a.memory.base + 16, "abc", 3);
    a.memory.base[32] = 9;
    uint64_t in[6] = { 16, 3, 32, 1, 32, 1 };
    struct {
        cwrun_str s;
        cwrun_list l, b;
    } host = { { NULL, 0 }, { NULL, 0 }, { NULL, 0 } };
    const cw_plan *p = compile(&w, t, t, mem32(CW_PLACE_FLAT, CW_UTF8), CW_PLAN_HOST, CW_PLAN_VIEWS);
    start(&w, &a, NULL);
    assert_true(cw_plan_run(p, &w.copy, in, &host));
    assert_ptr_equal(host.s.data, a.memory.base + 16);
    assert_ptr_equal(host.l.data, a.memory.base + 32);
    assert_int_equal(*(const uint8_t *)host.b.data, 1); /* made 0 or 1, so it is a copy */
    assert_true(host.s.size == 3 && host.l.size == 1 && host.b.size == 1);
    guest_fini(&a);
    world_fini(&w);
}

/* ---- the host's own faults ---- */

static void refused(world *w, const cwrun_type *t, const void *value, const char *words)
{
    guest g;
    guest_init(&g, 64);
    const cw_plan *p =
        compile(w, t, t, CW_PLAN_HOST, mem32(t->n_flat <= 16 ? CW_PLACE_FLAT : CW_PLACE_ALLOC, CW_UTF8), 0);
    start(w, NULL, &g);
    cwrun_str why = { NULL, 0 };
    bool ok = cw_plan_check(p, &w->copy, value, "args", &why);
    if (words) {
        assert_false(ok);
        assert_int_equal(w->copy.fail_kind, 0);
        assert_string_equal(why.data, words);
    } else {
        assert_true(ok);
    }
    guest_fini(&g);
}

static void wrong_values_of_the_host_are_named_by_their_path(void **state)
{
    (void)state;
    world w;
    world_init(&w);
    const cwrun_type *user = named(&w, true, "name", prim(CWRUN_KIND_STRING), "age", prim(CWRUN_KIND_U32), NULL);
    const cwrun_type *users = tuple(&w, 1, cw_type_new_list(&w.arena, user));
    struct {
        cwrun_str name;
        uint32_t age;
    } bodies[4] = { { { "ann", 3 }, 1 }, { { NULL, 0 }, 2 }, { { "", 0 }, 3 }, { { "a\xff", 2 }, 4 } };
    cwrun_list list = { bodies, 4 };
    refused(&w, users, &list, "args[0][3].name: not UTF-8 (at byte 1)");
    bodies[3].name.data = NULL;
    refused(&w, users, &list, "args[0][3].name: NULL with a length of 2");
    bodies[3].name = (cwrun_str){ "x", (size_t)1 << 28 };
    refused(&w, users, &list, "args[0][3].name: 268435456 elements of 1 bytes are more than a call can carry");
    list = (cwrun_list){ NULL, 1 };
    refused(&w, users, &list, "args[0]: NULL with a length of 1");
    list = (cwrun_list){ bodies, SIZE_MAX };
    refused(&w, users, &list, "args[0]: 18446744073709551615 elements of 24 bytes are more than a call can carry");

    bool big = false;
    const cwrun_type *opt = cw_type_new_option(&w.arena, prim(CWRUN_KIND_CHAR), &big);
    const cwrun_type *res = tuple(&w, 1, cw_type_new_result(&w.arena, opt, NULL, &big));
    struct {
        uint8_t is_err, is_some;
        uint32_t ch;
    } r = { 0, 1, 0xd800 };
    assert_int_equal(res->size[CW_P8], 12);
    uint32_t raw[3] = { 0, 1, r.ch };
    refused(&w, res, raw, "args[0].ok.some: 0xd800 is not a Unicode scalar value");
    raw[1] = 2;
    refused(&w, res, raw, "args[0].ok: 2 is not one of 2 cases");
    raw[0] = 1;
    refused(&w, res, raw, NULL); /* what is not used is not looked at */
    world_fini(&w);
}

static void handles_are_collected_and_may_not_be_given_twice(void **state)
{
    (void)state;
    world w;
    world_init(&w);
    const cwrun_type *own = cw_type_new_handle(&w.arena, CWRUN_KIND_OWN, 0),
                     *borrow = cw_type_new_handle(&w.arena, CWRUN_KIND_BORROW, 0);
    const cwrun_type *t = tuple(&w, 3, cw_type_new_list(&w.arena, own), cw_type_new_list(&w.arena, borrow), own);
    uint32_t owns[] = { 5, 3 }, borrows[] = { 4, 4 };
    struct {
        cwrun_list owns, borrows;
        uint32_t own;
    } v = { { owns, 2 }, { borrows, 2 }, 9 };
    refused(&w, t, &v, NULL);
    assert_int_equal(w.copy.n_handles, 5);
    assert_true(w.copy.handles[0].handle == 3 && w.copy.handles[4].handle == 9);
    v.own = 5;
    refused(&w, t, &v, "args[2]: handle 5 is given away and used again in the same value");
    v.own = 4;
    refused(&w, t, &v, "args[1][1]: handle 4 is given away and used again in the same value");
    v.own = 9;
    w.bad_handle = 3;
    refused(&w, t, &v, "args[0][1]: a stale handle");
    w.bad_handle = UINT32_MAX;

    guest g;
    guest_init(&g, 64);
    uint64_t out[5];
    assert_true(move(&w, t, CW_PLAN_HOST, NULL, &v, mem32(CW_PLACE_FLAT, CW_UTF8), &g, out));
    assert_int_equal(out[4], 109);
    assert_int_equal(w.handles_moved, 5);
    guest_fini(&g);
    world_fini(&w);
}

static void drop_it(void *user, const cwrun_type *type, uint32_t *handle)
{
    *(uint32_t *)user += *handle;
    assert_int_equal(type->kind, CWRUN_KIND_OWN);
    *handle = 0;
}

static void every_handle_of_a_value_can_be_visited(void **state)
{
    (void)state;
    world w;
    world_init(&w);
    bool big = false;
    const cwrun_type *own = cw_type_new_handle(&w.arena, CWRUN_KIND_OWN, 0);
    const cwrun_type *t =
        tuple(&w, 3, cw_type_new_list(&w.arena, own), cw_type_new_option(&w.arena, own, &big), prim(CWRUN_KIND_U32));
    uint32_t owns[] = { 1, 2 }, sum = 0;
    struct {
        cwrun_list owns;
        uint32_t is_some, some, u;
    } v = { { owns, 2 }, 1, 4, 8 };
    cw_value_handles(t, &v, drop_it, &sum);
    assert_int_equal(sum, 7);
    assert_true(owns[0] == 0 && owns[1] == 0 && v.some == 0 && v.u == 8);
    world_fini(&w);
}

/* ---- limits ---- */

static void work_is_polled_and_bytes_are_budgeted(void **state)
{
    (void)state;
    world w;
    guest a, b;
    world_init(&w);
    guest_init(&a, 1 << 20);
    guest_init(&b, 1 << 21);
    b.stay = b.fixed = true;
    const cwrun_type *t = cw_type_new_list(&w.arena, prim(CWRUN_KIND_STRING));
    for (uint32_t i = 0; i < 1000; i++) { /* a thousand strings that are all the same 512 KiB */
        uint32_t words[2] = { 8000, 512 << 10 };
        memcpy(a.memory.base + 8 * i, words, sizeof words);
    }
    uint64_t in[2] = { 0, 1000 }, out[2];
    const cw_plan *p = compile(&w, t, t, mem32(CW_PLACE_FLAT, CW_UTF8), mem32(CW_PLACE_FLAT, CW_UTF8), 0);
    start(&w, &a, &b);
    w.poll_limit = 4 << 20;
    assert_false(cw_plan_run(p, &w.copy, in, out));
    assert_int_equal(w.copy.fail_kind, 0); /* poll has said why */
    assert_true(w.polled >= 4 << 20 && w.polled < 8 << 20);

    for (unsigned to_host = 0; to_host < 2; to_host++) {
        start(&w, &a, &b);
        w.poll_limit = 0;
        w.copy.budget = 3 << 20;
        if (to_host)
            p = compile(&w, t, t, mem32(CW_PLACE_FLAT, CW_UTF8), CW_PLAN_HOST, CW_PLAN_VIEWS);
        assert_false(cw_plan_run(p, &w.copy, in, out));
        assert_int_equal(w.copy.fail_kind, CWRUN_ERROR_LIMIT);
        assert_int_equal(w.copy.fail_code, CWRUN_LIMIT_CALL_BYTES);
    }
    guest_fini(&a);
    guest_fini(&b);
    world_fini(&w);
}

/* Long texts are checked in portions, which must not end inside a character: three bytes each, or a pair. */
static void long_texts_are_metered_while_they_are_checked(void **state)
{
    (void)state;
    enum { SIZE = 6 << 20, AT = 8, MARGIN = 64 };
    for (unsigned form = 0; form < 2; form++) {
        world w;
        guest a;
        world_init(&w);
        guest_init(&a, SIZE + MARGIN);
        const uint8_t encoding = form ? CW_UTF16 : CW_UTF8;
        const cwrun_type *t = prim(CWRUN_KIND_STRING);
        const cw_plan *p = compile(&w, t, t, mem32(CW_PLACE_FLAT, encoding), CW_PLAN_HOST, 0);
        uint8_t *text = a.memory.base + AT;
        for (uint32_t shift = 0; shift < 4; shift += 2 - (form == 0)) {
            memset(text, form ? 0 : 'x', SIZE);
            for (uint32_t i = shift; i + 4 <= SIZE; i += form ? 4 : 3)
                memcpy(text + i, form ? "\x3d\xd8\x00\xde" : "\xe2\x82\xac", form ? 4 : 3);
            const uint64_t in[2] = { AT, form ? SIZE / 2 - shift % 4 / 2 : SIZE - (SIZE - shift) % 3 };
            cwrun_list out;
            start(&w, &a, NULL);
            w.polled = w.poll_limit = 0;
            assert_true(cw_plan_run(p, &w.copy, in, &out));
            assert_true(w.polled >= SIZE - (1 << 16) && w.polled < 3 * SIZE);

            start(&w, &a, NULL);
            w.polled = 0;
            w.poll_limit = 2 << 20;
            memset(text + SIZE - MARGIN, 0xff, MARGIN); /* never reached */
            assert_false(cw_plan_run(p, &w.copy, in, &out));
            assert_int_equal(w.copy.fail_kind, 0);
            assert_true(w.polled < 4 << 20);
            if (form == 0) {
                w.poll_limit = 0;
                memset(text + (1 << 20) - 2, 0xbf, 8); /* no lead byte where the portion would end */
                start(&w, &a, NULL);
                assert_trap(&w, cw_plan_run(p, &w.copy, in, &out), CW_TRAP_INVALID_UTF8);
            }
        }
        guest_fini(&a);
        world_fini(&w);
    }
}

static void large_types_are_compiled_once(void **state)
{
    (void)state;
    world w;
    world_init(&w);
    const cwrun_type *t = tuple(&w, 2, prim(CWRUN_KIND_BOOL), prim(CWRUN_KIND_STRING));
    for (unsigned i = 0; i < 14; i++) /* 16384 of them */
        t = tuple(&w, 2, t, t);
    const cw_plan *p = compile(&w, t, t, mem32(CW_PLACE_MEMORY, CW_UTF8), CW_PLAN_HOST, 0);
    assert_true(p->n_steps < 300);
    guest a;
    guest_init(&a, t->size[CW_P4]);
    for (uint32_t at = 0; at < t->size[CW_P4]; at += 12)
        a.memory.base[at] = 3;
    start(&w, &a, NULL);
    uint64_t from = 0;
    uint8_t *out = cw_arena_alloc(&w.arena, t->size[CW_P8], 16);
    assert_true(cw_plan_run(p, &w.copy, &from, out));
    for (uint32_t at = 0; at < t->size[CW_P8]; at += 24)
        assert_int_equal(out[at], 1);
    guest_fini(&a);
    world_fini(&w);
}

/* ---- random types and values ---- */

typedef struct dice {
    uint64_t state;
} dice;

static uint32_t roll(dice *d, uint32_t n)
{
    d->state = d->state * 6364136223846793005u + 1442695040888963407u;
    return (uint32_t)(d->state >> 33) % n;
}

static const cwrun_type *random_type(world *w, dice *d, unsigned depth)
{
    bool big = false;
    const cwrun_type *parts[5];
    cw_field fields[5];
    cwrun_str labels[20];
    uint32_t n = 1 + roll(d, 4), kind = roll(d, depth == 0 ? 15 : 26);
    if (kind < 13)
        return prim((uint8_t)(CWRUN_KIND_BOOL + kind));
    for (uint32_t i = 0; i < 20; i++)
        labels[i] = cw_arena_printf(&w->arena, "l%u", i);
    if (kind == 13)
        return cw_type_new_flags(&w->arena, labels, 1 + roll(d, 20));
    if (kind == 14)
        return cw_type_new_enum(&w->arena, labels, 1 + roll(d, 20));
    for (uint32_t i = 0; i < n; i++) {
        parts[i] = random_type(w, d, depth - 1);
        fields[i] = (cw_field){ .name = labels[i], .type = parts[i] };
    }
    switch (kind) {
    case 15:
    case 16: return cw_type_new_list(&w->arena, parts[0]);
    case 17: return cw_type_new_fixed_list(&w->arena, parts[0], 1 + roll(d, 4), &big);
    case 18: return cw_type_new_map(&w->arena, prim(CWRUN_KIND_STRING), parts[0], &big);
    case 19: return cw_type_new_record(&w->arena, fields, n, &big);
    case 20: return cw_type_new_tuple(&w->arena, parts, n, &big);
    case 21: return cw_type_new_option(&w->arena, parts[0], &big);
    case 22: return cw_type_new_result(&w->arena, parts[0], n > 1 ? parts[1] : NULL, &big);
    default:
        if (roll(d, 2))
            fields[roll(d, n)].type = NULL;
        return cw_type_new_variant(&w->arena, fields, n, &big);
    }
}

static void random_value(world *w, dice *d, const cwrun_type *t, uint8_t *at)
{
    static const char *const pieces[] = { "", "a", "plain ascii text", "\xc3\xb6", "\xe2\x98\x83", "\xf0\x9f\x8d\xb0" };
    cwrun_list list;
    uint32_t v;
    switch (t->kind) {
    case CWRUN_KIND_BOOL: *at = (uint8_t)roll(d, 2); break;
    case CWRUN_KIND_CHAR:
        v = roll(d, 2) ? roll(d, 0xd800) : 0xe000 + roll(d, 0x110000 - 0xe000);
        memcpy(at, &v, sizeof v);
        break;
    case CWRUN_KIND_STRING: {
        cwrun_str s = { NULL, 0 };
        for (uint32_t n = roll(d, 4), most = 4 + roll(d, 3); n > 0; n--)
            s = cw_arena_printf(&w->arena, "%s%s", s.data ? s.data : "", pieces[roll(d, most)]);
        memcpy(at, &s, sizeof s);
        break;
    }
    case CWRUN_KIND_LIST:
    case CWRUN_KIND_MAP: {
        list.size = roll(d, 4);
        uint8_t *elems = cw_arena_array(&w->arena, list.size, t->elem->size[CW_P8]);
        for (size_t i = 0; i < list.size; i++)
            random_value(w, d, t->elem, elems + i * t->elem->size[CW_P8]);
        list.data = list.size ? elems : NULL;
        memcpy(at, &list, sizeof list);
        break;
    }
    case CWRUN_KIND_FIXED_LIST:
        for (uint32_t i = 0; i < t->length; i++)
            random_value(w, d, t->elem, at + i * t->elem->size[CW_P8]);
        break;
    case CWRUN_KIND_RECORD:
    case CWRUN_KIND_TUPLE:
        for (uint32_t i = 0; i < t->n_fields; i++)
            random_value(w, d, t->fields[i].type, at + t->fields[i].offset[CW_P8]);
        break;
    case CWRUN_KIND_FLAGS: cw_store_disc(t, at, roll(d, 1u << t->n_fields)); break;
    case CWRUN_KIND_VARIANT:
    case CWRUN_KIND_ENUM:
    case CWRUN_KIND_OPTION:
    case CWRUN_KIND_RESULT:
        v = roll(d, t->n_fields);
        cw_store_disc(t, at, v);
        if (t->fields[v].type)
            random_value(w, d, t->fields[v].type, at + t->payload_offset[CW_P8]);
        break;
    default:
        for (uint32_t i = 0; i < t->size[CW_P8]; i++)
            at[i] = (uint8_t)roll(d, 256);
    }
}

static void assert_same_value(const cwrun_type *t, const uint8_t *a, const uint8_t *b)
{
    cwrun_list x, y;
    uint32_t v;
    switch (t->kind) {
    case CWRUN_KIND_STRING:
    case CWRUN_KIND_LIST:
    case CWRUN_KIND_MAP:
        memcpy(&x, a, sizeof x);
        memcpy(&y, b, sizeof y);
        assert_int_equal(x.size, y.size);
        if (t->kind == CWRUN_KIND_STRING) {
            if (x.size)
                assert_memory_equal(x.data, y.data, x.size);
            assert_int_equal(((const char *)y.data)[y.size], 0);
            break;
        }
        for (size_t i = 0, size = t->elem->size[CW_P8]; i < x.size; i++)
            assert_same_value(t->elem, (const uint8_t *)x.data + i * size, (const uint8_t *)y.data + i * size);
        break;
    case CWRUN_KIND_FIXED_LIST:
        for (size_t i = 0, size = t->elem->size[CW_P8]; i < t->length; i++)
            assert_same_value(t->elem, a + i * size, b + i * size);
        break;
    case CWRUN_KIND_RECORD:
    case CWRUN_KIND_TUPLE:
        for (uint32_t i = 0; i < t->n_fields; i++)
            assert_same_value(t->fields[i].type, a + t->fields[i].offset[CW_P8], b + t->fields[i].offset[CW_P8]);
        break;
    case CWRUN_KIND_VARIANT:
    case CWRUN_KIND_OPTION:
    case CWRUN_KIND_RESULT:
        v = cw_load_disc(t, a);
        assert_int_equal(v, cw_load_disc(t, b));
        if (t->fields[v].type)
            assert_same_value(t->fields[v].type, a + t->payload_offset[CW_P8], b + t->payload_offset[CW_P8]);
        break;
    default: assert_memory_equal(a, b, t->size[CW_P8]);
    }
}

/* The side of a guest for a value of type t: flat where that is possible and chosen. */
static cw_plan_side random_side(dice *d, const cwrun_type *t, uint8_t kind, bool is_target)
{
    cw_plan_side side = { kind, CW_PLACE_FLAT, (uint8_t)roll(d, 3) };
    if (t->n_flat > 16 || roll(d, 2))
        side.place = (uint8_t)(is_target ? CW_PLACE_ALLOC : CW_PLACE_MEMORY);
    return side;
}

static void random_values_come_back_through_two_guests(void **state)
{
    (void)state;
    dice d = { 4711 };
    for (unsigned round = 0; round < 1500; round++) {
        world w;
        guest a, b;
        world_init(&w);
        guest_init(&a, 64);
        guest_init(&b, 64);
        const cwrun_type *t = random_type(&w, &d, 3);
        uint8_t *in = cw_arena_alloc(&w.arena, t->size[CW_P8], 16), *out = cw_arena_alloc(&w.arena, t->size[CW_P8], 16);
        random_value(&w, &d, t, in);

        bool swap = roll(&d, 2);
        cw_plan_side one = random_side(&d, t, swap ? CW_SIDE_MEM64 : CW_SIDE_MEM32, true);
        cw_plan_side two = random_side(&d, t, swap ? CW_SIDE_MEM32 : CW_SIDE_MEM64, true);
        uint64_t slots1[16], slots2[16];
        assert_true(move(&w, t, CW_PLAN_HOST, NULL, in, one, &a, slots1));
        one.place = one.place == CW_PLACE_ALLOC ? CW_PLACE_MEMORY : one.place;
        assert_true(move(&w, t, one, &a, slots1, two, &b, slots2));
        two.place = two.place == CW_PLACE_ALLOC ? CW_PLACE_MEMORY : two.place;
        assert_true(move(&w, t, two, &b, slots2, CW_PLAN_HOST, NULL, out));
        assert_same_value(t, in, out);

        /* and inside one instance, through a buffer */
        cw_plan_side again = random_side(&d, t, two.kind, true);
        const cw_plan *p = compile(&w, t, t, two, again, CW_PLAN_SAME_INSTANCE);
        start(&w, &b, &b);
        assert_true(cw_plan_run(p, &w.copy, slots2, slots1));
        again.place = again.place == CW_PLACE_ALLOC ? CW_PLACE_MEMORY : again.place;
        out = cw_arena_alloc(&w.arena, t->size[CW_P8], 16);
        assert_true(move(&w, t, again, &b, slots1, CW_PLAN_HOST, NULL, out));
        assert_same_value(t, in, out);
        guest_fini(&a);
        guest_fini(&b);
        world_fini(&w);
    }
}

static void random_bytes_of_a_guest_trap_or_make_a_value(void **state)
{
    (void)state;
    dice d = { 815 };
    for (unsigned round = 0; round < 1500; round++) {
        world w;
        guest a, b;
        world_init(&w);
        guest_init(&a, 512);
        guest_init(&b, 64);
        const cwrun_type *t = random_type(&w, &d, 3);
        for (unsigned i = 0; i < 512; i++)
            a.memory.base[i] = (uint8_t)(roll(&d, 2) ? 0 : roll(&d, 4) ? roll(&d, 4) : roll(&d, 256));
        uint64_t slots[16], to[16];
        for (unsigned i = 0; i < 16; i++)
            slots[i] = roll(&d, 8) ? roll(&d, 64) & ~7u : roll(&d, 1u << 31);
        cw_plan_side from = random_side(&d, t, (uint8_t)roll(&d, 2), false);
        uint8_t *out = cw_arena_alloc(&w.arena, t->size[CW_P8], 16);
        cwrun_str why;
        if (move(&w, t, from, &a, slots, CW_PLAN_HOST, NULL, out)) {
            const cw_plan *p = compile(&w, t, t, CW_PLAN_HOST, random_side(&d, t, (uint8_t)roll(&d, 2), true), 0);
            start(&w, NULL, &b);
            assert_true(cw_plan_check(p, &w.copy, out, "v", &why)); /* what was lifted is a proper value */
            assert_true(cw_plan_run(p, &w.copy, out, to));
        } else {
            assert_int_equal(w.copy.fail_kind, CWRUN_ERROR_TRAP);
        }
        guest_fini(&a);
        guest_fini(&b);
        world_fini(&w);
    }
}

static void running_out_of_memory_is_an_error(void **state)
{
    (void)state;
    dice d = { 99 };
    world types;
    world_init(&types);
    const cwrun_type *parts[16];
    for (unsigned i = 0; i < 16; i++)
        parts[i] = random_type(&types, &d, 3);
    const cwrun_type *t =
        cw_type_new_list(&types.arena, tuple(&types, 4, tuple(&types, 4, parts[0], parts[1], parts[2], parts[3]),
                                             tuple(&types, 4, parts[4], parts[5], parts[6], parts[7]),
                                             tuple(&types, 4, parts[8], parts[9], parts[10], parts[11]),
                                             tuple(&types, 4, parts[12], parts[13], parts[14], parts[15])));
    uint8_t *in = cw_arena_alloc(&types.arena, t->size[CW_P8], 16);
    random_value(&types, &d, t, in);
    for (size_t n = 0;; n++) {
        cw_failalloc f = { .fail_at = n };
        cw_alloc hook = cw_failalloc_hook(&f);
        world w;
        guest a;
        world_init(&w);
        guest_init(&a, 64);
        cw_arena_init(&w.arena, &hook);
        uint8_t place = t->n_flat > 16 ? CW_PLACE_ALLOC : CW_PLACE_FLAT;
        const cw_plan *to = cw_plan_compile(&w.arena, t, t, CW_PLAN_HOST, mem32(place, CW_UTF8), 0);
        place = place == CW_PLACE_ALLOC ? CW_PLACE_MEMORY : CW_PLACE_FLAT;
        const cw_plan *from = cw_plan_compile(&w.arena, t, t, mem32(place, CW_UTF8), CW_PLAN_HOST, 0);
        uint64_t slots[16];
        cwrun_str why;
        if (to && from) {
            start(&w, NULL, &a);
            assert_true(cw_plan_check(to, &w.copy, in, "v", &why));
            assert_true(cw_plan_run(to, &w.copy, in, slots));
            start(&w, &a, NULL);
            uint8_t *out = cw_arena_alloc(&w.arena, t->size[CW_P8], 16);
            if (out && !cw_plan_run(from, &w.copy, slots, out)) {
                assert_int_equal(w.copy.fail_kind, CWRUN_ERROR_LIMIT);
                assert_int_equal(w.copy.fail_code, CWRUN_LIMIT_HOST_MEMORY);
            }
        } else {
            assert_true(w.arena.oom);
        }
        guest_fini(&a);
        cw_arena_fini(&w.arena);
        assert_int_equal(f.live_blocks, 0);
        if (!f.failed)
            break;
    }
    world_fini(&types);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(numbers_become_slots_that_are_extended_as_the_abi_says),
        cmocka_unit_test(numbers_of_a_guest_are_cut_to_their_width_before_another_sees_them),
        cmocka_unit_test(undefined_flags_are_cleared),
        cmocka_unit_test(payloads_share_joined_slots_and_unused_ones_become_zero),
        cmocka_unit_test(fields_and_cases_find_each_other_by_name),
        cmocka_unit_test(strings_are_transcoded_between_all_encodings_with_the_specified_reallocs),
        cmocka_unit_test(strings_go_to_the_host_and_back_in_every_encoding),
        cmocka_unit_test(faults_of_strings_trap),
        cmocka_unit_test(lists_are_copied_in_one_piece_or_by_elements),
        cmocka_unit_test(faults_of_lists_trap),
        cmocka_unit_test(values_in_memory_are_found_by_a_checked_pointer),
        cmocka_unit_test(calls_inside_one_instance_read_everything_before_realloc_runs),
        cmocka_unit_test(results_inside_one_memory_may_overlap),
        cmocka_unit_test(host_values_inside_the_destination_are_set_aside),
        cmocka_unit_test(views_point_into_the_guest_where_the_bytes_are_the_same),
        cmocka_unit_test(wrong_values_of_the_host_are_named_by_their_path),
        cmocka_unit_test(handles_are_collected_and_may_not_be_given_twice),
        cmocka_unit_test(every_handle_of_a_value_can_be_visited),
        cmocka_unit_test(work_is_polled_and_bytes_are_budgeted),
        cmocka_unit_test(long_texts_are_metered_while_they_are_checked),
        cmocka_unit_test(large_types_are_compiled_once),
        cmocka_unit_test(random_values_come_back_through_two_guests),
        cmocka_unit_test(random_bytes_of_a_guest_trap_or_make_a_value),
        cmocka_unit_test(running_out_of_memory_is_an_error),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
