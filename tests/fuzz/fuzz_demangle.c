/* fuzz/fuzz_demangle.c: any text is demangled or refused within its room, and gives the same name or none in less. */
#include "base/demangle.h"
#include "fuzz/replay.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    const cwrun_str mangled = { (const char *)data, size };
    char *out = malloc(CW_DEMANGLE_ROOM);
    const size_t n = cw_demangle(mangled, out, CW_DEMANGLE_ROOM);
    if (n > CW_DEMANGLE_ROOM)
        fuzz_finding("a name that is longer than its room");
    char *exact = malloc(n ? n : 1); /* of its size, so that a sanitizer sees writes past the end */
    const size_t m =
        n ? cw_demangle(mangled, exact, n) : 0; /* separators that are taken back may need room for a while */
    if (m && (m != n || memcmp(exact, out, n) != 0))
        fuzz_finding("a name differs in a room of its size");
    if (n > 1 && cw_demangle(mangled, exact, n / 2) > n / 2)
        fuzz_finding("a name does not fit its room");
    free(exact);
    free(out);
    return 0;
}

FUZZ_MAIN
