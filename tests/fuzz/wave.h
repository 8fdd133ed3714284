/* fuzz/wave.h: a value that prints as WAVE reads back as what prints the same. */
#ifndef FUZZ_WAVE_H
#define FUZZ_WAVE_H

#include "fuzz/round_trip.h"

/* Whether values of a type can be written down: not handles, streams, futures, nor types that contain them. */
static inline bool fuzz_wave_has_text(const cwrun_type *type, unsigned depth)
{
    const uint8_t kind = cwrun_type_kind(type);
    if (kind >= CWRUN_KIND_OWN || depth > 50)
        return false;
    if (cwrun_type_elem(type) && !fuzz_wave_has_text(cwrun_type_elem(type), depth + 1))
        return false;
    for (uint32_t i = 0; i < cwrun_type_n_fields(type); i++)
        if (cwrun_type_field(type, i) && !fuzz_wave_has_text(cwrun_type_field(type, i), depth + 1))
            return false;
    return true;
}

static inline void fuzz_wave_round_trip(const cwrun_type *type, const cwrun_val *value)
{
    cwrun_error err = CWRUN_ERROR_INIT;
    cwrun_arena *arena = cwrun_arena_new(NULL);
    cwrun_val again;
    fuzz_printed once = { .text = NULL }, twice = { .text = NULL };
    cwrun_val_print(value, fuzz_append, &once);
    if (fuzz_wave_has_text(type, 0) && !once.full) {
        if (!cwrun_val_parse(type, (cwrun_str){ once.text, once.size }, arena, &again, &err))
            fuzz_finding(err.message);
        cwrun_val_print(&again, fuzz_append, &twice);
        if (twice.size != once.size || memcmp(twice.text, once.text, once.size) != 0)
            fuzz_finding("a value printed and read prints otherwise");
    }
    free(once.text);
    free(twice.text);
    cwrun_error_clear(&err);
    cwrun_arena_drop(arena);
}

#endif
