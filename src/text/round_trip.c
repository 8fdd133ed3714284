/* text/round_trip.c: whether what is printed parses to the same bytes: `cwrun wast --round-trip` asks it of every valid
 * binary of the scripts. Numbers that are longer than they have to be are not kept: so the binary of the first round is
 * what counts. */
#include "base/error.h"
#include "base/str.h"
#include "text/text.h"

#include "cwrun/text.h"

/* Prints and parses; appended to out. */
static bool round_trip(const cw_words *words, const cw_bytes *binary, bool fold, cw_bytes *out, cwrun_error *err)
{
    cw_text text;
    cw_text_init(&text, &binary->alloc);
    cwrun_text_print_options options = { .fold = fold, .alloc = &binary->alloc };
    bool ok = cwrun_text_print(binary->data, binary->size, NULL, &options, cw_text_write, &text, err);
    if (text.oom)
        ok = cw_fail_oom(err);
    ok = ok && cw_text_encode(words, (cwrun_str){ text.data, text.size }, "printed text", &binary->alloc, out, err);
    cw_text_fini(&text);
    return ok;
}

bool cw_text_check_round_trip(const cw_words *words, const cw_bytes *binary, cwrun_error *err)
{
    cw_bytes once, twice;
    cw_bytes_init(&once, &binary->alloc);
    cw_bytes_init(&twice, &binary->alloc);
    bool ok = round_trip(words, binary, false, &once, err) && round_trip(words, &once, true, &twice, err);
    if (ok && (once.size != twice.size || memcmp(once.data, twice.data, once.size) != 0)) {
        cw_fail(err, &binary->alloc, CWRUN_ERROR_INPUT, 0, "printing and parsing give other bytes: %zu, not %zu",
                twice.size, once.size);
        ok = false;
    }
    cw_bytes_fini(&once);
    cw_bytes_fini(&twice);
    return ok;
}
