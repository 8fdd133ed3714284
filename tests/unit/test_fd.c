/* unit/test_fd.c: descriptors are used without blocking and without signals. */
#include "os/fd.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include <setjmp.h>
#include <stdarg.h>
#include <cmocka.h>

static void kinds_are_told_apart(void **state)
{
    (void)state;
    int p[2], s[2];
    assert_int_equal(pipe(p), 0);
    assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM, 0, s), 0);
    char name[] = "/tmp/test_fd_XXXXXX";
    int file = mkstemp(name);
    assert_true(file >= 0);
    unlink(name);
    assert_int_equal(cw_os_fd_look(p[0]), CW_OS_FD_PIPE);
    assert_int_equal(cw_os_fd_look(s[0]), CW_OS_FD_SOCKET);
    assert_int_equal(cw_os_fd_look(file), CW_OS_FD_FILE);
    close(p[0]), close(p[1]), close(s[0]), close(s[1]), close(file);
    assert_int_equal(cw_os_fd_look(p[0]), CW_OS_FD_CLOSED);
    assert_int_equal(cw_os_fd_look(-1), CW_OS_FD_CLOSED);
}

/* Fills what there is room for, finds it full, empties it, finds the end. */
static void fill_and_empty(int in, int out, cw_os_fd_kind kind)
{
    static char data[1 << 20];
    char buffer[5000];
    assert_int_equal(cw_os_fd_read(in, kind, buffer, sizeof buffer), -EAGAIN);
    int64_t sent = cw_os_fd_write(out, kind, data, sizeof data);
    assert_true(sent >= 4096 && sent < (int64_t)sizeof data);
    assert_int_equal(cw_os_fd_write(out, kind, data, 1000000), -EAGAIN);
    cw_os_fd_query query = { out, CW_OS_POLL_OUT, 0 };
    assert_int_equal(cw_os_fd_poll(&query, 1), 0);

    int64_t n, got = 0;
    while ((n = cw_os_fd_read(in, kind, buffer, sizeof buffer)) > 0)
        got += n;
    assert_int_equal(n, -EAGAIN);
    assert_int_equal(got, sent);
    assert_int_equal(cw_os_fd_poll(&query, 1), 1);
    close(out);
    assert_int_equal(cw_os_fd_read(in, kind, buffer, sizeof buffer), 0);
    close(in);
}

static void a_full_pipe_does_not_block(void **state)
{
    (void)state;
    int p[2];
    assert_int_equal(pipe(p), 0);
    fill_and_empty(p[0], p[1], CW_OS_FD_PIPE);
}

static void a_full_socket_does_not_block(void **state)
{
    (void)state;
    int s[2];
    assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM, 0, s), 0);
    fill_and_empty(s[0], s[1], CW_OS_FD_SOCKET);
}

static void a_reader_that_is_gone_is_an_error_and_no_signal(void **state)
{
    (void)state;
    int p[2], s[2];
    assert_int_equal(pipe(p), 0);
    close(p[0]);
    assert_int_equal(cw_os_fd_write(p[1], CW_OS_FD_PIPE, "x", 1), -EPIPE);
    assert_int_equal(cw_os_fd_write(p[1], CW_OS_FD_PIPE, "x", 1), -EPIPE);
    close(p[1]);
    assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM, 0, s), 0);
    close(s[0]);
    assert_int_equal(cw_os_fd_write(s[1], CW_OS_FD_SOCKET, "x", 1), -EPIPE);
    close(s[1]);
}

static void a_closed_descriptor_is_ready_and_fails(void **state)
{
    (void)state;
    int p[2];
    assert_int_equal(pipe(p), 0);
    close(p[0]), close(p[1]);
    cw_os_fd_query query = { p[0], CW_OS_POLL_IN, 0 };
    assert_int_equal(cw_os_fd_poll(&query, 1), 1);
    char c;
    assert_int_equal(cw_os_fd_read(p[0], CW_OS_FD_PIPE, &c, 1), -EBADF);
}

static void a_full_disk_is_told(void **state)
{
    (void)state;
    int fd = open("/dev/full", O_WRONLY);
    if (fd < 0)
        skip();
    assert_int_equal(cw_os_fd_write(fd, cw_os_fd_look(fd), "x", 1), -ENOSPC);
    close(fd);
    char text[64];
    cw_os_error_text(ENOSPC, text, sizeof text);
    assert_string_equal(text, strerror(ENOSPC));
}

static void random_bytes_differ(void **state)
{
    (void)state;
    uint8_t a[32] = { 0 }, b[32] = { 0 };
    assert_true(cw_os_random(a, sizeof a) && cw_os_random(b, sizeof b));
    assert_memory_not_equal(a, b, sizeof a);
    assert_true(cw_os_wall_clock() > UINT64_C(1600000000) * 1000000000);
    assert_true(cw_os_wall_clock_resolution() > 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(kinds_are_told_apart),
        cmocka_unit_test(a_full_pipe_does_not_block),
        cmocka_unit_test(a_full_socket_does_not_block),
        cmocka_unit_test(a_reader_that_is_gone_is_an_error_and_no_signal),
        cmocka_unit_test(a_closed_descriptor_is_ready_and_fails),
        cmocka_unit_test(a_full_disk_is_told),
        cmocka_unit_test(random_bytes_differ),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
