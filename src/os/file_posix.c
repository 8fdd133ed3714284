/* os/file_posix.c: reading a file by open(2) and read(2). */
#include "os/file.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/error.h"

enum { FIRST_ROOM = 1 << 16 };

/* Appends what the descriptor gives; false with errno set (0: out of memory). */
static bool read_all(int fd, const cw_alloc *a, uint8_t **bytes, size_t *size, size_t *room)
{
    while (*size <= CW_MAX_FILE) {
        if (*size == *room) {
            size_t more = *room > SIZE_MAX / 2 ? 0 : *room * 2;
            uint8_t *grown = more ? cw_resize(a, *bytes, *room, more) : NULL;
            errno = 0;
            if (!grown)
                return false;
            *bytes = grown;
            *room = more;
        }
        ssize_t n = read(fd, *bytes + *size, *room - *size);
        if (n == 0)
            return true;
        if (n < 0 && errno != EINTR)
            return false;
        if (n > 0)
            *size += (size_t)n;
    }
    errno = EFBIG;
    return false;
}

bool cw_os_read_file(const cw_alloc *a, const char *path, uint8_t **bytes, size_t *size, size_t *room, cwrun_error *err)
{
    if (cwrun_failed(err))
        return false;
    int fd = path ? open(path, O_RDONLY | O_CLOEXEC) : -1;
    if (fd < 0) {
        cw_fail(err, a, CWRUN_ERROR_INPUT, 0, "%s: %s", path ? path : "(no path)", strerror(path ? errno : EINVAL));
        return false;
    }
    struct stat st;
    *size = 0;
    bool known = fstat(fd, &st) == 0 && st.st_size > 0, big = known && st.st_size > CW_MAX_FILE;
    *room = known && !big ? (size_t)st.st_size + 1 : FIRST_ROOM;
    *bytes = cw_resize(a, NULL, 0, *room);
    errno = big && *bytes ? EFBIG : 0;
    bool ok = *bytes && !big && read_all(fd, a, bytes, size, room);
    int why = errno;
    close(fd);
    if (ok)
        return true;
    cw_free(a, *bytes, *room);
    if (why == 0)
        cw_fail_oom(err);
    else
        cw_fail(err, a, CWRUN_ERROR_INPUT, 0, "%s: %s", path, strerror(why));
    return false;
}
