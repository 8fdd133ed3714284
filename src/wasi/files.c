/* wasi/files.c: wasi:filesystem with nothing in it, and wasi:io/error, whose errors have file-system codes.
 *
 * The list of preopens is empty, so no guest can hold a descriptor; the methods are there to be imported, and answer
 * bad-descriptor. */
#include <errno.h>

#include "wasi/host.h"

/* ---- errors ---- */

static const int error_codes[] = {
#define WASI_ERROR(code, name) code,
#include "wasi/errors.def"
#undef WASI_ERROR
};

enum { N_ERROR_CODES = sizeof error_codes / sizeof error_codes[0] };

static uint8_t find_code(int code)
{
    uint8_t i = 0;
    while (i < N_ERROR_CODES && error_codes[i] != code)
        i++;
    return i;
}

uint8_t cw_wasi_error_code(int code)
{
    uint8_t i = find_code(code == ENOSYS ? ENOTSUP : code);
    return i < N_ERROR_CODES ? i : find_code(EIO);
}

cwrun_status cw_wasi_error_to_debug_string(cw_wasi_call *c)
{
    enum { SIZE = 128 };
    cw_wasi_object *error = cw_wasi_arg(c, 0, CW_WASI_ERROR);
    if (!error)
        return CWRUN_TRAP;
    char *text = cwrun_caller_alloc(c->caller, SIZE);
    if (!text)
        return cw_wasi_out_of_memory(c);
    cw_os_error_text(error->of.error, text, SIZE);
    *c->result = cwrun_string(cwrun_str_of(text));
    return CWRUN_DONE;
}

cwrun_status cw_wasi_file_error_code(cw_wasi_call *c)
{
    cw_wasi_object *error = cw_wasi_arg(c, 0, CW_WASI_ERROR);
    if (!error)
        return CWRUN_TRAP;
    uint8_t code = cw_wasi_error_code(error->of.error);
    return cw_wasi_give_case(c, CW_WASI_SOME, &code, sizeof code);
}

/* ---- files ---- */

cwrun_status cw_wasi_file_bad_descriptor(cw_wasi_call *c)
{
    uint8_t code = cw_wasi_error_code(EBADF);
    return cw_wasi_give_case(c, CW_WASI_ERR, &code, sizeof code);
}

cwrun_status cw_wasi_file_is_same_object(cw_wasi_call *c)
{
    *c->result = cwrun_bool(false);
    return CWRUN_DONE;
}

cwrun_status cw_wasi_file_get_directories(cw_wasi_call *c)
{
    const cwrun_list none = { NULL, 0 };
    return cw_wasi_give(c, &none, sizeof none);
}
