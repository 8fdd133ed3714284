/* wasi/cli.c: wasi:cli: arguments, environment, exit, standard streams, terminals. */
#include "wasi/host.h"

/* ---- environment ---- */

/* (name, value) pairs are a list<tuple<string, string>> as they stand. */
_Static_assert(sizeof(cw_wasi_pair) == 2 * sizeof(cwrun_str), "a pair is a tuple<string, string>");

cwrun_status cw_wasi_cli_get_environment(cw_wasi_call *c)
{
    const cwrun_list list = { c->host->env.items, c->host->env.n };
    return cw_wasi_give(c, &list, sizeof list);
}

cwrun_status cw_wasi_cli_get_arguments(cw_wasi_call *c)
{
    const cwrun_list list = { c->host->args.items, c->host->args.n };
    return cw_wasi_give(c, &list, sizeof list);
}

cwrun_status cw_wasi_cli_initial_cwd(cw_wasi_call *c)
{
    if (!c->host->cwd.data)
        return cw_wasi_give_case(c, CW_WASI_NOTHING, NULL, 0);
    return cw_wasi_give_case(c, CW_WASI_SOME, &c->host->cwd, sizeof c->host->cwd);
}

/* ---- exit ---- */

/* The output goes out first: the call waits as long as the reader is slow. */
static cwrun_status leave(cw_wasi_call *c, int32_t status)
{
    cw_wasi_end *const ends[] = { &c->host->out, &c->host->err };
    for (size_t i = 0; i < 2; i++)
        if (!cw_wasi_drain(c->host, ends[i])) {
            const cwrun_wait wait = { ends[i]->fd, CWRUN_WAIT_WRITE };
            return cw_wasi_wait(c, &wait, 1, UINT64_MAX, c->row);
        }
    return cwrun_caller_exit(c->caller, status);
}

cwrun_status cw_wasi_cli_exit(cw_wasi_call *c)
{
    return leave(c, cwrun_val_case(&c->args[0]) == CW_WASI_OK ? 0 : 1);
}

cwrun_status cw_wasi_cli_exit_with_code(cw_wasi_call *c)
{
    return leave(c, c->args[0].of.u8);
}

/* ---- standard streams and terminals ---- */

static cwrun_status give_stream(cw_wasi_call *c, cw_wasi_kind kind, cw_wasi_end *end)
{
    cw_wasi_object *stream = cw_wasi_object_new(c->host, kind);
    if (stream)
        stream->of.stream.end = end;
    cwrun_handle handle = cw_wasi_handle(c, stream);
    *c->result = cwrun_own(handle);
    return handle ? CWRUN_DONE : CWRUN_TRAP;
}

cwrun_status cw_wasi_cli_get_stdin(cw_wasi_call *c)
{
    return give_stream(c, CW_WASI_INPUT, &c->host->in);
}

cwrun_status cw_wasi_cli_get_stdout(cw_wasi_call *c)
{
    return give_stream(c, CW_WASI_OUTPUT, &c->host->out);
}

cwrun_status cw_wasi_cli_get_stderr(cw_wasi_call *c)
{
    return give_stream(c, CW_WASI_OUTPUT, &c->host->err);
}

static cwrun_status give_terminal(cw_wasi_call *c, cw_wasi_kind kind, const cw_wasi_end *end)
{
    if (end->kind != CW_WASI_FD || end->fd_kind != CW_OS_FD_TERMINAL)
        return cw_wasi_give_case(c, CW_WASI_NOTHING, NULL, 0);
    cwrun_handle handle = cw_wasi_handle(c, cw_wasi_object_new(c->host, kind));
    return handle ? cw_wasi_give_case(c, CW_WASI_SOME, &handle, sizeof handle) : CWRUN_TRAP;
}

cwrun_status cw_wasi_cli_get_terminal_stdin(cw_wasi_call *c)
{
    return give_terminal(c, CW_WASI_TERMINAL_INPUT, &c->host->in);
}

cwrun_status cw_wasi_cli_get_terminal_stdout(cw_wasi_call *c)
{
    return give_terminal(c, CW_WASI_TERMINAL_OUTPUT, &c->host->out);
}

cwrun_status cw_wasi_cli_get_terminal_stderr(cw_wasi_call *c)
{
    return give_terminal(c, CW_WASI_TERMINAL_OUTPUT, &c->host->err);
}
