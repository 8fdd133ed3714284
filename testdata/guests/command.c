/* A command: what it does is its first argument (behind the program's name).
 *   echo WORD...   the words, separated by spaces        env    the environment, a line each
 *   cat            standard input to standard output     args   all arguments, a line each
 *   fail           ends with result err                  exit   calls wasi:cli/exit with err
 *   trap           executes unreachable                  (none) prints "hello" */
#include "guest.h"

struct pair {
    struct list name, value;
};

struct stream_result { /* result<_, stream-error>, and result<list<u8>, stream-error> */
    uint32_t is_err;
    uint32_t first, second;
};

IMPORT("wasi:cli/environment@0.2.0", "get-arguments") void get_arguments(struct list *result);
IMPORT("wasi:cli/environment@0.2.0", "get-environment") void get_environment(struct list *result);
IMPORT("wasi:cli/stdin@0.2.0", "get-stdin") uint32_t get_stdin(void);
IMPORT("wasi:cli/stdout@0.2.0", "get-stdout") uint32_t get_stdout(void);
IMPORT("wasi:cli/stderr@0.2.0", "get-stderr") uint32_t get_stderr(void);
IMPORT("wasi:cli/exit@0.2.0", "exit") void cli_exit(uint32_t is_err);
IMPORT("wasi:io/streams@0.2.0", "[method]input-stream.blocking-read")
void blocking_read(uint32_t stream, uint64_t size, struct stream_result *result);
IMPORT("wasi:io/streams@0.2.0", "[method]output-stream.blocking-write-and-flush")
void blocking_write(uint32_t stream, const void *bytes, uint32_t size, struct stream_result *result);
IMPORT("wasi:io/streams@0.2.0", "[resource-drop]input-stream") void input_drop(uint32_t stream);
IMPORT("wasi:io/streams@0.2.0", "[resource-drop]output-stream") void output_drop(uint32_t stream);
IMPORT("wasi:io/error@0.2.0", "[resource-drop]error") void error_drop(uint32_t error);

static uint32_t output;
static bool failed;

/* At most 4096 bytes go in one blocking-write-and-flush. */
static void write_bytes(struct list s)
{
    const char *at = s.items;
    for (uint32_t left = s.n; left && !failed;) {
        uint32_t size = left < 4096 ? left : 4096;
        struct stream_result r;
        blocking_write(output, at, size, &r);
        failed = r.is_err & 1;
        if (failed && !(r.first & 1))
            error_drop(r.second);
        at += size;
        left -= size;
    }
}

static void write_text(const char *s)
{
    uint32_t n = 0;
    while (s[n])
        n++;
    write_bytes((struct list){(void *)s, n});
}

static bool is(struct list s, const char *word)
{
    uint32_t i = 0;
    for (; i < s.n && word[i] && ((const char *)s.items)[i] == word[i]; i++)
        ;
    return i == s.n && !word[i];
}

static void echo(const struct list *words, uint32_t n, const char *between)
{
    for (uint32_t i = 0; i < n; i++) {
        if (i)
            write_text(between);
        write_bytes(words[i]);
    }
    if (n)
        write_text("\n");
}

static void environment(void)
{
    struct list all;
    get_environment(&all);
    const struct pair *pairs = all.items;
    for (uint32_t i = 0; i < all.n; i++) {
        write_bytes(pairs[i].name);
        write_text("=");
        write_bytes(pairs[i].value);
        write_text("\n");
    }
}

static void cat(void)
{
    uint32_t input = get_stdin();
    for (;;) {
        struct stream_result r;
        guest_reset();
        blocking_read(input, 65536, &r);
        if (r.is_err & 1) {
            if (!(r.first & 0xff)) {
                failed = true;
                error_drop(r.second);
            }
            break;
        }
        write_bytes((struct list){(void *)r.first, r.second});
    }
    input_drop(input);
}

EXPORT("wasi:cli/run@0.2.0#run") uint32_t run(void)
{
    struct list arguments;
    get_arguments(&arguments);
    const struct list *words = arguments.items;
    uint32_t n = arguments.n;
    struct list verb = n > 1 ? words[1] : (struct list){"", 0};
    failed = is(verb, "fail");
    output = get_stdout();

    if (is(verb, "echo"))
        echo(words + 2, n - 2, " ");
    else if (is(verb, "args"))
        echo(words, n, "\n");
    else if (is(verb, "env"))
        environment();
    else if (is(verb, "cat"))
        cat();
    else if (is(verb, "trap"))
        __builtin_trap();
    else if (is(verb, "exit"))
        cli_exit(1);
    else if (is(verb, ""))
        write_text("hello\n");
    else if (!failed) {
        output_drop(output);
        output = get_stderr();
        write_text("unknown word\n");
        failed = true;
    }
    output_drop(output);
    return failed;
}
