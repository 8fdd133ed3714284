/* exec/control.h: what lies on a thread's control stack, and how to walk it.
 *
 * Every record is a cw_control {ip, sp}; csp is the first free one. "To return" means: pop a record, go on at its ip
 * with its sp. What has more to say than that has an ip that points to a stub, a word of internal code in interp.c, and
 * keeps the rest in a second record below. Bottom of the stack first:
 *
 *   guest call           {return ip, caller's sp}
 *   call into another    {return ip, caller's sp} {cross stub, the caller's cw_instance *}
 *     instance             (a tail call pushes the second one only, and only where the top one does not already restore
 *                          an instance: chains of tail calls do not grow the stack)
 *   native frame         {state, its cw_func *} {native stub, its frame}   while it runs, calls or is suspended; the
 *                          state is the one it will run with next
 *   start of a run       {entry stub, frame of the started function}       returning to it ends the run: DONE
 *
 * Room: cw_exec.limit bounds the value stack, and no record is pushed without a check of it: every call's frame starts
 * at least one slot above its caller's, every native frame has at least one slot, and the frame of a run starts at
 * least one slot above everything that lives. So two records for every slot up to the limit, and CW_CONTROL_SLACK more,
 * do. */
#ifndef CW_EXEC_CONTROL_H
#define CW_EXEC_CONTROL_H

#include "exec/exec.h"

enum {
    CW_CONTROL_SLACK = 16, /* records behind two for every slot */
    CW_STACK_SLACK = 16    /* slots between the limit and the true end of the value stack */
};

typedef enum cw_walk_kind {
    CW_WALK_GUEST, /* a WebAssembly frame */
    CW_WALK_NATIVE,
    CW_WALK_ENTRY /* start of a run; what follows belongs to the run it is nested in */
} cw_walk_kind;

/* One step of a walk. */
typedef struct cw_walk_frame {
    uint8_t kind;      /* cw_walk_kind */
    bool is_return;    /* GUEST: ip is behind the call it waits for; else at the instruction that trapped */
    const uint8_t *ip; /* GUEST: for cw_code_locate, with the sub-operation in the low 3 bits where it trapped */
    cw_instance *in;   /* GUEST: its instance */
    cw_func *func;     /* NATIVE */
    uint64_t *frame;   /* the frame, for ENTRY the started function's; GUEST: sp */
    uint32_t state;    /* NATIVE: as unwind wants it */
} cw_walk_frame;

typedef struct cw_walk {
    const uint8_t *ip; /* where the top frame stands; NULL once it was given out, or where there is none */
    uint64_t *sp;      /* its frame */
    cw_instance *in;
    cw_control *csp, *bottom; /* csp: what is left once the frame that was given out last returns */
} cw_walk;

/* Walks the frames of a thread that is not running or has just trapped, innermost first. */
void cw_walk_init(cw_walk *w, const cw_thread *t);
/* False: the stack's end. */
bool cw_walk_next(cw_walk *w, cw_walk_frame *frame);

#endif
