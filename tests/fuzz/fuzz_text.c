/* fuzz/fuzz_text.c: any text is encoded or refused with a place; what is encoded is decoded and checked, and never
 * found malformed; what is valid prints, flat and folded, and parses to the same bytes; what is not gives the same
 * bytes once it parses again. */
#include "fuzz/round_trip.h"

/* Prints and parses; the result is the arena's. */
static cwrun_str round_trip(cwrun_str binary, const cwrun_text_print_options *options, cwrun_arena *arena)
{
    cwrun_error err = CWRUN_ERROR_INIT;
    fuzz_printed text = { .text = NULL };
    cwrun_str again = { NULL, 0 };
    if (!cwrun_text_print(binary.data, binary.size, "fuzz.wasm", options, fuzz_append, &text, &err)) {
        if (err.kind != CWRUN_ERROR_LIMIT && !text.full)
            fuzz_finding("what is valid does not print");
    } else if (!(again = cwrun_text_encode((cwrun_str){ text.text, text.size }, "printed.wat", arena, &err)).data)
        fuzz_finding("what was printed does not parse");
    cwrun_error_clear(&err);
    free(text.text);
    return again;
}

static bool same(cwrun_str a, cwrun_str b)
{
    return a.size == b.size && memcmp(a.data, b.data, a.size) == 0;
}

/* Whether the text may give the binary some of its bytes itself, as strings: they may hold numbers that are longer than
 * needed, which the first round makes shorter. */
static bool spells_bytes(cwrun_str text)
{
    static const char *const words[] = { "binary", "quote", "@custom", "@\"custom" };
    for (size_t i = 0; i < text.size; i++)
        for (unsigned k = 0; k < sizeof words / sizeof *words; k++)
            if (text.size - i >= strlen(words[k]) && memcmp(text.data + i, words[k], strlen(words[k])) == 0)
                return true;
    return false;
}

static void check_round_trips(cwrun_str text, cwrun_str binary, cwrun_arena *arena)
{
    const cwrun_str once = round_trip(binary, &(cwrun_text_print_options){ .fold = false }, arena);
    if (once.data && !same(once, binary) && !spells_bytes(text))
        fuzz_finding("printing and parsing give other bytes");
    for (unsigned way = 0; once.data && way < 4; way++) {
        const cwrun_text_print_options options = { .fold = way & 1, .offsets = way & 2 };
        if (!same(round_trip(once, &options, arena), once))
            fuzz_finding("printing and parsing twice give other bytes");
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    cwrun_error err = CWRUN_ERROR_INIT;
    cwrun_arena *arena = cwrun_arena_new(NULL);
    const cwrun_str text = { (const char *)data, size };
    const cwrun_str binary = cwrun_text_encode(text, "fuzz.wat", arena, &err);
    if (cwrun_failed(&err) != !binary.data || (cwrun_failed(&err) && !strstr(err.message, "fuzz.wat:")))
        fuzz_finding("an error without a place, or with a result");
    cwrun_error_clear(&err);
    if (binary.data) {
        cwrun_engine *engine = fuzz_engine();
        cwrun_component *component = NULL;
        cwrun_module *module = NULL;
        if (binary.size >= 8 && binary.data[6] == 1)
            component = cwrun_component_load(engine, binary.data, binary.size, NULL, &err);
        else
            module = cwrun_module_load(engine, binary.data, binary.size, NULL, &err);
        if (component || module)
            check_round_trips(text, binary, arena);
        else
            fuzz_round_trip(binary, false);
        cwrun_component_drop(component);
        cwrun_module_drop(module);
        cwrun_engine_drop(engine);
        cwrun_error_clear(&err);
    }
    cwrun_arena_drop(arena);
    return 0;
}

FUZZ_MAIN
