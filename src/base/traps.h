/* base/traps.h: the numbers of the traps, made from traps.def. Their words: cwrun_trap_words. */
#ifndef CW_BASE_TRAPS_H
#define CW_BASE_TRAPS_H

enum {
#define TRAP(id, words) CW_TRAP_##id,
#include "base/traps.def"
#undef TRAP
    CW_TRAP_COUNT
};

#endif
