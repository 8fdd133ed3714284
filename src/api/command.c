/* api/command.c: running a command: wasi:cli/run of an instance, whatever its version, and what its end means. */
#include <stdio.h>

#include "base/error.h"
#include "component/runtime.h"
#include "cwrun/wasi.h"

/* Later minors of 0.2 that a guest may have been made for; the newest known one is 12. */
enum { MOST_PATCHES = 64 };

static cwrun_func *find_run(cwrun_instance *instance)
{
    for (unsigned patch = 0; patch < MOST_PATCHES; patch++) {
        char name[48];
        snprintf(name, sizeof name, "wasi:cli/run@0.2.%u#run", patch);
        cwrun_func *run = cwrun_instance_func(instance, name, NULL);
        if (run)
            return run;
    }
    return NULL;
}

bool cwrun_wasi_run(cwrun_instance *instance, int32_t *status, cwrun_error *err)
{
    if (cwrun_failed(err))
        return false;
    cwrun_func *run = instance ? find_run(instance) : NULL;
    if (!run) {
        cw_fail(err, NULL, CWRUN_ERROR_ARGUMENT, 0,
                instance ? "the component exports no wasi:cli/run@0.2.x: it is no command"
                         : "cwrun_wasi_run: the instance is NULL");
        return false;
    }

    cwrun_store *s = instance->store;
    cwrun_error own = CWRUN_ERROR_INIT;
    cwrun_val result;
    int32_t code = 0;
    cw_store_entered(s); /* a sink or a host function may drop the store meanwhile */
    bool ok = cwrun_func_call(run, NULL, 0, &result, NULL, &own);
    if (ok)
        code = cwrun_val_case(&result) == 0 ? 0 : 1;
    cw_store_settle(s);
    if (own.kind != CWRUN_ERROR_LIMIT || own.code != CWRUN_LIMIT_TIMEOUT)
        cwrun_wasi_flush(s);
    cw_store_left(s);

    if (own.kind == CWRUN_ERROR_EXIT) {
        code = own.exit_status;
        cwrun_error_clear(&own);
        ok = true;
    } else if (!ok && err) {
        *err = own;
    } else {
        cwrun_error_clear(&own);
    }
    if (ok && status)
        *status = code;
    return ok;
}
