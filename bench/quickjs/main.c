/* QuickJS as a benchmark kernel: evaluates script.js (SCRIPT, made by tools/bench_quickjs.sh) and calls its function
 * run. Export * and output are those of kernels/start.c. Without -DPREVIEW1 the preview-1 functions that the C
 * library would import are * defined here, so that the module imports nothing: no time passes, nothing can be read,
 * what is written is lost. */
#include <stdint.h>
#include <string.h>
#include "quickjs.h"
#include "script.h"

extern void __wasm_call_ctors(void);

__attribute__((export_name("run"))) uint64_t run(uint32_t n)
{
    static int started;
    if (!started++)
        __wasm_call_ctors();
    JSRuntime *runtime = JS_NewRuntime();
    JS_SetMaxStackSize(runtime, 0);
    JSContext *context = JS_NewContext(runtime);
    JSValue loaded = JS_Eval(context, script, strlen(script), "script.js", JS_EVAL_TYPE_GLOBAL);
    JSValue global = JS_GetGlobalObject(context);
    JSValue function = JS_GetPropertyStr(context, global, "run"), argument = JS_NewUint32(context, n);
    JSValue result = JS_Call(context, function, JS_UNDEFINED, 1, &argument);
    int64_t sum = -1;
    if (JS_IsException(result) || JS_ToInt64(context, &sum, result) || sum < 0)
        __builtin_trap();
    JS_FreeValue(context, result);
    JS_FreeValue(context, function);
    JS_FreeValue(context, global);
    JS_FreeValue(context, loaded);
    JS_FreeContext(context);
    JS_FreeRuntime(runtime);
    return (uint64_t)sum;
}

#ifdef PREVIEW1
#include <stdio.h>

__attribute__((export_name("_start"))) void start(void)
{
    printf("%llu\n", (unsigned long long)run(DEFAULT_N));
    fflush(stdout);
}
#else
#define WASI(name) __imported_wasi_snapshot_preview1_##name
enum { SUCCESS = 0, BADF = 8, NOSYS = 52 };

int32_t WASI(clock_time_get)(int32_t clock, int64_t precision, int32_t *time)
{
    (void)clock, (void)precision;
    time[0] = time[1] = 0;
    return SUCCESS;
}

int32_t WASI(fd_write)(int32_t fd, int32_t iov, int32_t n, int32_t *written)
{
    (void)fd, (void)iov, (void)n;
    *written = 0;
    return SUCCESS;
}

int32_t WASI(fd_close)(int32_t fd)
{
    (void)fd;
    return BADF;
}

int32_t WASI(fd_seek)(int32_t fd, int64_t offset, int32_t whence, int32_t at)
{
    (void)fd, (void)offset, (void)whence, (void)at;
    return BADF;
}

int32_t WASI(fd_fdstat_get)(int32_t fd, int32_t status)
{
    (void)fd, (void)status;
    return BADF;
}

_Noreturn void WASI(proc_exit)(int32_t status)
{
    (void)status;
    __builtin_trap();
}
#endif
