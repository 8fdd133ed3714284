/* exec/handler_list.h: the handlers' numbers and declarations, from what tools/gen_handlers.c lists. */
#ifndef CW_EXEC_HANDLER_LIST_H
#define CW_EXEC_HANDLER_LIST_H

#include "exec/dispatch.h"

#ifdef CW_DISPATCH_SWITCH

enum {
    CW_H_NONE,
#define HANDLER(name, part) CW_H_##name,
#include "handlers.def"
#undef HANDLER
};
#define PART(n) cw_handler cw_handlers_##n;
#include "handler_parts.def"
#undef PART

/* Runs until the run is left. */
void cw_switch_run(cw_registers *r);

#else

#define HANDLER(name, part) cw_handler cw_h_##name;
#include "handlers.def"
#undef HANDLER

#endif

#endif
