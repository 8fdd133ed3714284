/* api/core_value.c: core values between the host's form and the interpreter's slots. */
#include "api/core.h"

bool cw_core_from_slots(cwrun_store *s, cw_valtype t, const uint64_t **slot, cwrun_core_val *v)
{
    const uint64_t *from = *slot;
    memset(v, 0, sizeof *v);
    v->type = cw_core_type_kind(s->exec.types, t);
    *slot += cw_valtype_slots(t);
    switch (v->type) {
    case CWRUN_CORE_I32:
    case CWRUN_CORE_F32: {
        uint32_t low = (uint32_t)from[0];
        memcpy(&v->of, &low, sizeof low);
        return true;
    }
    case CWRUN_CORE_I64:
    case CWRUN_CORE_F64: memcpy(&v->of, from, sizeof *from); return true;
    case CWRUN_CORE_V128: memcpy(v->of.v128, from, sizeof v->of.v128); return true;
    case CWRUN_CORE_FUNCREF: v->of.func = (cwrun_core_func *)(uintptr_t)from[0]; return true;
    default:
        if (from[0] != 0)
            v->of.ref = cw_root_new(s, v->type, from[0]);
        return from[0] == 0 || v->of.ref != 0;
    }
}

static const char *reference(cwrun_store *s, cw_valtype t, const cwrun_core_val *v, uint64_t *slot)
{
    if (v->type == CWRUN_CORE_FUNCREF ? !v->of.func : !v->of.ref) {
        if (!cw_is_nullable(t))
            return "is null";
        *slot = 0;
        return NULL;
    }
    if (v->type == CWRUN_CORE_FUNCREF) {
        cw_func *f = cw_core_func(v->of.func);
        if (cw_func_store(f) != s)
            return "belongs to another store";
        if (t != CW_FUNCREF && !cw_valtype_matches(s->exec.types, CW_REF_TYPE(f->type) | CW_REF_EXACT_BIT, t))
            return "is a function of another type";
        *slot = (uint64_t)(uintptr_t)f;
        return NULL;
    }
    const cw_root *root = cw_root_get(s, v->of.ref);
    if (!root)
        return "is a reference that has ended, or of another store";
    if (root->kind != v->type || !cw_gc_matches(s->exec.types, root->word, t))
        return "is a reference of another type";
    *slot = root->word;
    return NULL;
}

const char *cw_core_to_slots(cwrun_store *s, cw_valtype t, const cwrun_core_val *v, uint64_t **slot)
{
    uint32_t low;
    uint64_t *to = *slot;
    uint8_t want = cw_core_type_kind(s->exec.types, t);
    const char *wrong = NULL;
    if (v->type != want)
        return "is of another type";
    switch (want) {
    case CWRUN_CORE_I32:
    case CWRUN_CORE_F32:
        memcpy(&low, &v->of, sizeof low);
        to[0] = low;
        break;
    case CWRUN_CORE_I64:
    case CWRUN_CORE_F64: memcpy(to, &v->of, sizeof *to); break;
    case CWRUN_CORE_V128: memcpy(to, v->of.v128, sizeof v->of.v128); break;
    default: wrong = reference(s, t, v, to);
    }
    if (!wrong)
        *slot += cw_valtype_slots(t);
    return wrong;
}
