/* wasi/clocks.c: wasi:clocks. The time zone is always UTC: what zone the host is in is nobody's business. */
#include "os/os.h"
#include "wasi/host.h"

enum { NANOSECONDS = 1000000000 };

/* ---- monotonic-clock ---- */

uint64_t cw_wasi_monotonic(const cwrun_wasi *host)
{
    return host->monotonic.now ? host->monotonic.now(host->monotonic.user) : cwrun_monotonic_now();
}

cwrun_status cw_wasi_monotonic_now(cw_wasi_call *c)
{
    *c->result = cwrun_u64(cw_wasi_monotonic(c->host));
    return CWRUN_DONE;
}

cwrun_status cw_wasi_monotonic_resolution(cw_wasi_call *c)
{
    const cwrun_wasi_clock *clock = &c->host->monotonic;
    *c->result = cwrun_u64(clock->resolution ? clock->resolution(clock->user) : cw_os_monotonic_resolution());
    return CWRUN_DONE;
}

static uint64_t add_capped(uint64_t a, uint64_t b)
{
    return a > UINT64_MAX - b ? UINT64_MAX : a + b;
}

static cwrun_status subscribe(cw_wasi_call *c, uint64_t now, uint64_t when)
{
    cw_wasi_object *pollable = cw_wasi_object_new(c->host, CW_WASI_POLLABLE);
    if (pollable) {
        pollable->of.pollable.when = when;
        pollable->of.pollable.deadline = add_capped(cwrun_monotonic_now(), when > now ? when - now : 0);
    }
    cwrun_handle handle = cw_wasi_handle(c, pollable);
    *c->result = cwrun_own(handle);
    return handle ? CWRUN_DONE : CWRUN_TRAP;
}

cwrun_status cw_wasi_monotonic_subscribe_instant(cw_wasi_call *c)
{
    return subscribe(c, cw_wasi_monotonic(c->host), c->args[0].of.u64);
}

cwrun_status cw_wasi_monotonic_subscribe_duration(cw_wasi_call *c)
{
    uint64_t now = cw_wasi_monotonic(c->host);
    return subscribe(c, now, add_capped(now, c->args[0].of.u64));
}

/* ---- wall-clock ---- */

static cwrun_status give_datetime(cw_wasi_call *c, uint64_t t)
{
    const struct {
        uint64_t seconds;
        uint32_t nanoseconds;
    } datetime = { t / NANOSECONDS, (uint32_t)(t % NANOSECONDS) };
    return cw_wasi_give(c, &datetime, sizeof datetime);
}

cwrun_status cw_wasi_wall_now(cw_wasi_call *c)
{
    const cwrun_wasi_clock *clock = &c->host->wall;
    return give_datetime(c, clock->now ? clock->now(clock->user) : cw_os_wall_clock());
}

cwrun_status cw_wasi_wall_resolution(cw_wasi_call *c)
{
    const cwrun_wasi_clock *clock = &c->host->wall;
    return give_datetime(c, clock->resolution ? clock->resolution(clock->user) : cw_os_wall_clock_resolution());
}

/* ---- timezone ---- */

cwrun_status cw_wasi_timezone_display(cw_wasi_call *c)
{
    const struct {
        int32_t utc_offset;
        cwrun_str name;
        uint8_t in_daylight_saving_time;
    } display = { 0, { "UTC", 3 }, 0 };
    return cw_wasi_give(c, &display, sizeof display);
}

cwrun_status cw_wasi_timezone_utc_offset(cw_wasi_call *c)
{
    *c->result = cwrun_s32(0);
    return CWRUN_DONE;
}
