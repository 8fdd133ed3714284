/* exec/native.c: native functions: a function instance, its module-level record and its internal code, all in one. */
#include "base/error.h"
#include "exec/interp.h"

typedef struct native_block {
    cw_func func;
    cw_func_code record;
    cw_native_code code;
} native_block;

cw_func *cw_func_native_new(cw_exec *x, cw_type_id type, const cw_native *native, uint32_t frame_slots, void *user,
                            void *user2, cwrun_error *err)
{
    if (cwrun_failed(err))
        return NULL;
    const cw_subtype *t = cw_types_get(x->types, type);
    uint32_t least = t->param_slots > t->result_slots ? t->param_slots : t->result_slots;
    if (frame_slots < least)
        frame_slots = least;
    if (frame_slots == 0)
        frame_slots = 1;

    native_block *b = CW_ARENA_NEW(&x->arena, native_block);
    if (!b) {
        cw_exec_oom(x, err);
        return NULL;
    }
    b->func = (cw_func){
        .code = &b->record,
        .in = x->native_instance,
        .type = type,
        .native = native,
        .user = user,
        .user2 = user2,
    };
    b->record = (cw_func_code){ .frame_slots = frame_slots, .index = UINT32_MAX, .type = type };
    b->record.code = cw_native_code_init(&b->code, &b->func, frame_slots);
    return &b->func;
}
