/* wasi/config.c: filling in a WASI configuration (include/cwrun/wasi.h). Texts are copied with a NUL behind them. */
#include "base/error.h"
#include "base/str.h"
#include "base/utf.h"
#include "wasi/host.h"

/* A copy of a text that must be UTF-8; false after setting err. */
static bool copy_text(cwrun_wasi *wasi, const char *what, const char *text, cwrun_str *out, cwrun_error *err)
{
    if (cwrun_failed(err))
        return false;
    if (!wasi || !text) {
        cw_fail(err, NULL, CWRUN_ERROR_ARGUMENT, 0, "%s: %s is NULL", what, wasi ? "the text" : "the configuration");
        return false;
    }
    size_t size = strlen(text);
    if (!cw_utf8_valid((const uint8_t *)text, size, NULL)) {
        cw_fail(err, &wasi->alloc, CWRUN_ERROR_ARGUMENT, 0, "%s: not UTF-8", what);
        return false;
    }
    char *copy = cw_new(&wasi->alloc, size + 1);
    if (!copy)
        return cw_fail_oom(err);
    memcpy(copy, text, size);
    *out = (cwrun_str){ copy, size };
    return true;
}

static void free_text(cwrun_wasi *wasi, cwrun_str text)
{
    cw_free(&wasi->alloc, (char *)text.data, text.size + 1);
}

bool cwrun_wasi_arg(cwrun_wasi *wasi, const char *arg, cwrun_error *err)
{
    cwrun_str copy;
    if (!copy_text(wasi, "a guest's argument", arg, &copy, err))
        return false;
    cwrun_str *slot = CW_VEC_PUSH(&wasi->args, &wasi->alloc);
    if (!slot) {
        free_text(wasi, copy);
        return cw_fail_oom(err);
    }
    *slot = copy;
    return true;
}

bool cwrun_wasi_env(cwrun_wasi *wasi, const char *name, const char *value, cwrun_error *err)
{
    cw_wasi_pair pair;
    if (!copy_text(wasi, "the name of an environment variable", name, &pair.name, err))
        return false;
    if (!copy_text(wasi, "the value of an environment variable", value, &pair.value, err)) {
        free_text(wasi, pair.name);
        return false;
    }
    for (uint32_t i = 0; i < wasi->env.n; i++) {
        cw_wasi_pair *old = &wasi->env.items[i];
        if (cw_str_eq(old->name, pair.name)) {
            free_text(wasi, old->name);
            free_text(wasi, old->value);
            *old = pair;
            return true;
        }
    }
    cw_wasi_pair *slot = CW_VEC_PUSH(&wasi->env, &wasi->alloc);
    if (!slot) {
        free_text(wasi, pair.name);
        free_text(wasi, pair.value);
        return cw_fail_oom(err);
    }
    *slot = pair;
    return true;
}

bool cwrun_wasi_cwd(cwrun_wasi *wasi, const char *guest_path, cwrun_error *err)
{
    cwrun_str copy;
    if (!copy_text(wasi, "the guest's working directory", guest_path, &copy, err))
        return false;
    if (wasi->cwd.data)
        free_text(wasi, wasi->cwd);
    wasi->cwd = copy;
    return true;
}

/* ---- standard streams ---- */

/* Forgets where an end led to, sending what it still holds there. */
static void reset_end(cwrun_wasi *wasi, cw_wasi_end *end)
{
    cw_wasi_drain(wasi, end);
    cw_free(&wasi->alloc, end->bytes, end->size);
    CW_VEC_FINI(&end->held, &wasi->alloc);
    memset(end, 0, sizeof *end);
}

static void to_descriptor(cwrun_wasi *wasi, cw_wasi_end *end, int fd)
{
    reset_end(wasi, end);
    end->fd = fd;
    end->fd_kind = (uint8_t)cw_os_fd_look(fd);
    end->kind = end->fd_kind == CW_OS_FD_CLOSED ? CW_WASI_NONE : CW_WASI_FD; /* nobody there: as without a descriptor */
}

static void to_sink(cwrun_wasi *wasi, cw_wasi_end *end, cwrun_wasi_sink sink, void *user)
{
    reset_end(wasi, end);
    end->kind = sink ? CW_WASI_SINK : CW_WASI_NONE;
    end->sink = sink;
    end->user = user;
}

void cwrun_wasi_stdin_fd(cwrun_wasi *wasi, int fd)
{
    if (wasi)
        to_descriptor(wasi, &wasi->in, fd);
}

void cwrun_wasi_stdout_fd(cwrun_wasi *wasi, int fd)
{
    if (wasi)
        to_descriptor(wasi, &wasi->out, fd);
}

void cwrun_wasi_stderr_fd(cwrun_wasi *wasi, int fd)
{
    if (wasi)
        to_descriptor(wasi, &wasi->err, fd);
}

void cwrun_wasi_inherit_stdio(cwrun_wasi *wasi)
{
    cwrun_wasi_stdin_fd(wasi, 0);
    cwrun_wasi_stdout_fd(wasi, 1);
    cwrun_wasi_stderr_fd(wasi, 2);
}

bool cwrun_wasi_stdin_bytes(cwrun_wasi *wasi, const void *bytes, size_t size, cwrun_error *err)
{
    if (cwrun_failed(err))
        return false;
    if (!wasi || (!bytes && size > 0)) {
        cw_fail(err, NULL, CWRUN_ERROR_ARGUMENT, 0, "cwrun_wasi_stdin_bytes: %s is NULL",
                wasi ? "bytes" : "the configuration");
        return false;
    }
    uint8_t *copy = cw_new(&wasi->alloc, size);
    if (!copy && size > 0)
        return cw_fail_oom(err);
    reset_end(wasi, &wasi->in);
    if (size > 0)
        memcpy(copy, bytes, size);
    wasi->in.kind = CW_WASI_BYTES;
    wasi->in.bytes = copy;
    wasi->in.size = size;
    return true;
}

void cwrun_wasi_stdout_to(cwrun_wasi *wasi, cwrun_wasi_sink sink, void *user)
{
    if (wasi)
        to_sink(wasi, &wasi->out, sink, user);
}

void cwrun_wasi_stderr_to(cwrun_wasi *wasi, cwrun_wasi_sink sink, void *user)
{
    if (wasi)
        to_sink(wasi, &wasi->err, sink, user);
}

/* ---- clocks and random bytes ---- */

void cwrun_wasi_set_wall_clock(cwrun_wasi *wasi, cwrun_wasi_clock clock)
{
    if (wasi)
        wasi->wall = clock;
}

void cwrun_wasi_set_monotonic_clock(cwrun_wasi *wasi, cwrun_wasi_clock clock)
{
    if (wasi)
        wasi->monotonic = clock;
}

void cwrun_wasi_set_random(cwrun_wasi *wasi, cwrun_wasi_random random)
{
    if (wasi)
        wasi->random = random;
}
