/* cwrun/wasi.h: what the built-in WASI host grants. Nothing is granted by default; standard streams are inherited only
 * by the command, never by the library, unless asked for. */
#ifndef CWRUN_WASI_H
#define CWRUN_WASI_H

#include "cwrun/component.h"

#ifdef __cplusplus
extern "C" {
#endif

/* A program of a clock or of random bytes, in place of the system's. */
typedef struct cwrun_wasi_clock {
    uint64_t (*now)(void *user);        /* nanoseconds (wall: since 1970) */
    uint64_t (*resolution)(void *user); /* nanoseconds */
    void *user;
} cwrun_wasi_clock;

typedef struct cwrun_wasi_random {
    bool (*fill)(void *user, uint8_t *out, size_t size);
    void *user;
} cwrun_wasi_random;

/* Takes guest output; false says the reader is gone. */
typedef bool (*cwrun_wasi_sink)(void *user, const uint8_t *bytes, size_t size);

typedef struct cwrun_wasi cwrun_wasi; /* a configuration, used by one store */

CWRUN_API cwrun_wasi *cwrun_wasi_new(cwrun_error *err);
/* The same with an allocator of one's own (NULL: malloc). */
CWRUN_API cwrun_wasi *cwrun_wasi_new_with(const cwrun_alloc *alloc, cwrun_error *err);
/* For a configuration that was not handed to a store. */
CWRUN_API void cwrun_wasi_drop(cwrun_wasi *wasi);
CWRUN_API bool cwrun_wasi_arg(cwrun_wasi *wasi, const char *arg, cwrun_error *err); /* argv[0] first */
CWRUN_API bool cwrun_wasi_env(cwrun_wasi *wasi, const char *name, const char *value, cwrun_error *err);
CWRUN_API bool cwrun_wasi_cwd(cwrun_wasi *wasi, const char *guest_path, cwrun_error *err); /* initial-cwd */
/* Standard streams: nothing to read and output thrown away, unless one of these says otherwise (the last call for a
 * stream counts). Descriptors stay the embedder's: they are never closed nor made non-blocking, and must stay open as
 * long as the store. A guest's output is not buffered, save for what a slow reader did not take yet (a page of each of
 * the stream's handles, 68 KiB of all together at the most): that goes out with the next operation, when the guest
 * exits, in cwrun_wasi_flush and cwrun_wasi_run; dropping the store tries once. */
CWRUN_API void cwrun_wasi_inherit_stdio(cwrun_wasi *wasi); /* 0, 1 and 2 */
CWRUN_API void cwrun_wasi_stdin_fd(cwrun_wasi *wasi, int fd);
CWRUN_API void cwrun_wasi_stdout_fd(cwrun_wasi *wasi, int fd);
CWRUN_API void cwrun_wasi_stderr_fd(cwrun_wasi *wasi, int fd);
CWRUN_API bool cwrun_wasi_stdin_bytes(cwrun_wasi *wasi, const void *bytes, size_t size, cwrun_error *err); /* copied */
CWRUN_API void cwrun_wasi_stdout_to(cwrun_wasi *wasi, cwrun_wasi_sink sink, void *user);
CWRUN_API void cwrun_wasi_stderr_to(cwrun_wasi *wasi, cwrun_wasi_sink sink, void *user);
CWRUN_API void cwrun_wasi_set_wall_clock(cwrun_wasi *wasi, cwrun_wasi_clock clock);
CWRUN_API void cwrun_wasi_set_monotonic_clock(cwrun_wasi *wasi, cwrun_wasi_clock clock);
CWRUN_API void cwrun_wasi_set_random(cwrun_wasi *wasi, cwrun_wasi_random random);
/* Hands the configuration to a store, which then owns it; where that fails it is dropped. */
CWRUN_API bool cwrun_store_set_wasi(cwrun_store *store, cwrun_wasi *wasi, cwrun_error *err);

/* Defines every WASI interface this library implements (all 0.2.x) in a linker. */
CWRUN_API bool cwrun_wasi_add(cwrun_linker *linker, cwrun_error *err);

/* Sends what a slow reader of a standard stream has not taken yet, waiting for it. */
CWRUN_API void cwrun_wasi_flush(cwrun_store *store);

/* Runs wasi:cli/run of an instance: *status gets 0 or 1, or the guest's own exit status. false: it failed otherwise
 * (err). Flushes at the end, unless time was up. */
CWRUN_API bool cwrun_wasi_run(cwrun_instance *instance, int32_t *status, cwrun_error *err);

#ifdef __cplusplus
}
#endif
#endif
