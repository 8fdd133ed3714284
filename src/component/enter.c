/* component/enter.c: whether a component instance may be entered  [CanonicalABI: may_enter_from, enter_from, leave_to].
 *
 * A call enters the callee and those of its ancestors that the caller does not share. Beyond the text, a call between
 * an instance and its own ancestor or itself traps, as the specification's scripts have it for now. A trap leaves what
 * was entered closed for ever: poisoned. */
#include "component/runtime.h"

static bool is_within(const cwrun_instance *in, const cwrun_instance *ancestor)
{
    for (; in; in = in->parent)
        if (in == ancestor)
            return true;
    return false;
}

/* The first instance that both are within; NULL for the host. What is below it on the callee's side is entered. */
static const cwrun_instance *common(const cwrun_instance *in, const cwrun_instance *caller)
{
    const cwrun_instance *i = caller ? in : NULL;
    while (i && !is_within(caller, i))
        i = i->parent;
    return i;
}

uint8_t cw_may_enter_from(const cwrun_instance *in, const cwrun_instance *caller)
{
    const cwrun_instance *stop = common(in, caller);
    if (stop == in || (stop && stop == caller))
        return CW_TRAP_CANNOT_ENTER;
    for (const cwrun_instance *i = in; i != stop; i = i->parent)
        if (!i->may_enter)
            return i->poisoned ? CW_TRAP_POISONED : CW_TRAP_CANNOT_ENTER;
    return CW_TRAP_NONE;
}

void cw_enter_from(cwrun_instance *in, const cwrun_instance *caller)
{
    const cwrun_instance *stop = common(in, caller);
    for (cwrun_instance *i = in; i != stop; i = i->parent)
        i->may_enter = false;
}

void cw_leave_to(cwrun_instance *in, const cwrun_instance *caller)
{
    const cwrun_instance *stop = common(in, caller);
    for (cwrun_instance *i = in; i != stop; i = i->parent)
        i->may_enter = true;
}

void cw_poison(cwrun_instance *in, const cwrun_instance *caller)
{
    const cwrun_instance *stop = common(in, caller);
    for (cwrun_instance *i = in; i != stop; i = i->parent) {
        i->may_enter = false;
        i->poisoned = true;
    }
}
