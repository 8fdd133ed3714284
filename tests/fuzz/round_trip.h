/* fuzz/round_trip.h: what prints parses, and from the second time on gives the same bytes, whichever way it is
 * printed. */
#ifndef FUZZ_ROUND_TRIP_H
#define FUZZ_ROUND_TRIP_H

#include "fuzz/replay.h"

enum { FUZZ_TEXT_MAX = 1 << 22 };

typedef struct fuzz_printed {
    char *text;
    size_t size, room;
    bool full;
} fuzz_printed;

static inline bool fuzz_append(void *user, const char *data, size_t size)
{
    fuzz_printed *p = user;
    if (size > FUZZ_TEXT_MAX - p->size) {
        p->full = true;
        return false;
    }
    if (p->size + size > p->room) {
        p->room = 2 * (p->size + size);
        p->text = realloc(p->text, p->room);
        if (!p->text)
            abort();
    }
    memcpy(p->text + p->size, data, size);
    p->size += size;
    return true;
}

/* {NULL, 0} where the one or the other fails; *excused: its text was too long to go on with, or of something that says
 * that it is not supported yet. */
static inline cwrun_str fuzz_print_and_parse(cwrun_str binary, bool fold, cwrun_arena *arena, bool *excused)
{
    cwrun_error err = CWRUN_ERROR_INIT;
    const cwrun_text_print_options options = { .fold = fold };
    fuzz_printed p = { .text = NULL };
    cwrun_str again = { NULL, 0 };
    const bool ok = cwrun_text_print(binary.data, binary.size, NULL, &options, fuzz_append, &p, &err);
    if (!ok && !p.full && !cwrun_failed(&err))
        fuzz_finding("printing ended without an error");
    if (ok)
        again = cwrun_text_encode((cwrun_str){ p.text, p.size }, "printed", arena, &err);
    if (ok && !again.data && getenv("FUZZ_SHOW"))
        fprintf(stderr, "%.*s\n%s\n", (int)p.size, p.text, err.message);
    *excused |= p.full || (err.kind == CWRUN_ERROR_LIMIT && err.code == CWRUN_LIMIT_UNSUPPORTED);
    cwrun_error_clear(&err);
    free(p.text);
    return again;
}

/* A valid binary has to print and parse; of others, what does has to go on doing so. */
static inline void fuzz_round_trip(cwrun_str binary, bool valid)
{
    cwrun_arena *arena = cwrun_arena_new(NULL);
    bool excused = false;
    const cwrun_str once = fuzz_print_and_parse(binary, binary.size & 1, arena, &excused);
    if (!once.data && !excused && valid)
        fuzz_finding("what is valid does not print and parse");
    if (once.data) {
        const cwrun_str twice = fuzz_print_and_parse(once, !(binary.size & 1), arena, &excused);
        if (!excused && (!twice.data || twice.size != once.size || memcmp(twice.data, once.data, once.size) != 0))
            fuzz_finding("printed and parsed twice, the bytes differ");
    }
    cwrun_arena_drop(arena);
}

#endif
