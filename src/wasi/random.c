/* wasi/random.c: wasi:random. The insecure interfaces give the same bytes as the secure one: there is no reason to be
 * worse. */
#include "wasi/host.h"

enum { MOST_BYTES = 64 << 20 };

static bool fill(cw_wasi_call *c, void *out, size_t size)
{
    const cwrun_wasi_random *random = &c->host->random;
    bool ok = random->fill ? random->fill(random->user, out, size) : cw_os_random(out, size);
    if (!ok)
        cwrun_caller_trap(c->caller, "%s#%s: there are no random bytes", c->row->interface, c->row->name);
    return ok;
}

cwrun_status cw_wasi_random_bytes(cw_wasi_call *c)
{
    uint64_t size = c->args[0].of.u64;
    if (size > MOST_BYTES)
        return cwrun_caller_trap(c->caller, "%s#%s: more than %d bytes at once", c->row->interface, c->row->name,
                                 MOST_BYTES);
    cwrun_list bytes = { NULL, (size_t)size };
    if (size > 0) {
        void *data = cwrun_caller_alloc(c->caller, (size_t)size);
        if (!data)
            return cw_wasi_out_of_memory(c);
        if (!fill(c, data, (size_t)size))
            return CWRUN_TRAP;
        bytes.data = data;
    }
    return cw_wasi_give(c, &bytes, sizeof bytes);
}

cwrun_status cw_wasi_random_u64(cw_wasi_call *c)
{
    uint64_t value;
    if (!fill(c, &value, sizeof value))
        return CWRUN_TRAP;
    *c->result = cwrun_u64(value);
    return CWRUN_DONE;
}

cwrun_status cw_wasi_random_seed(cw_wasi_call *c)
{
    uint64_t seed[2];
    return fill(c, seed, sizeof seed) ? cw_wasi_give(c, seed, sizeof seed) : CWRUN_TRAP;
}
