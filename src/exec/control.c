/* exec/control.c: walking a thread's control stack. */
#include "exec/control.h"

#include "exec/interp_cold.h"

void cw_walk_init(cw_walk *w, const cw_thread *t)
{
    const uint8_t *stubs = (const uint8_t *)&cw_stub_code;
    const bool in_stub = t->ip >= stubs && t->ip < stubs + sizeof cw_stub_code;
    *w = (cw_walk){ in_stub ? NULL : t->ip, t->sp, t->in, t->csp, t->control };
}

bool cw_walk_next(cw_walk *w, cw_walk_frame *frame)
{
    *frame = (cw_walk_frame){ .kind = CW_WALK_GUEST, .in = w->in, .ip = w->ip, .frame = w->sp };
    if (w->ip) {
        w->ip = NULL;
        return true;
    }
    while (w->csp > w->bottom) {
        const cw_control *record = --w->csp;
        if (record->ip == CW_STUB_CROSS) {
            w->in = (cw_instance *)(void *)record->sp;
            continue;
        }
        if (record->ip == CW_STUB_DONE) {
            *frame = (cw_walk_frame){ .kind = CW_WALK_ENTRY, .frame = record->sp };
            return true;
        }
        if (record->ip == CW_STUB_NATIVE_AGAIN) {
            const cw_control *below = --w->csp;
            cw_func *f = (cw_func *)(void *)below->sp;
            w->in = f->in;
            *frame = (cw_walk_frame){
                .kind = CW_WALK_NATIVE, .func = f, .frame = record->sp, .state = (uint32_t)(uintptr_t)below->ip
            };
            return true;
        }
        *frame = (cw_walk_frame){
            .kind = CW_WALK_GUEST, .is_return = true, .in = w->in, .ip = record->ip, .frame = record->sp
        };
        return true;
    }
    return false;
}
