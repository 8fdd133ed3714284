/* os/file.h: reading a file as a whole. */
#ifndef CW_OS_FILE_H
#define CW_OS_FILE_H

#include "base/alloc.h"

enum { CW_MAX_FILE = 1 << 30 };

/* Reads a file of CW_MAX_FILE bytes at the most into memory of the allocator: *bytes has *size bytes, and was asked for
 * with *room (> 0) bytes. False with an error that names the path. */
bool cw_os_read_file(const cw_alloc *a, const char *path, uint8_t **bytes, size_t *size, size_t *room,
                     cwrun_error *err);

#endif
