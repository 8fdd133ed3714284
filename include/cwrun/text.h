/* cwrun/text.h: the text format: to binary, and scripts of the specification.
 *
 * Nothing here needs an engine. Errors in a text name file, line and column, and show the line. */
#ifndef CWRUN_TEXT_H
#define CWRUN_TEXT_H

#include "cwrun/base.h"

#ifdef __cplusplus
extern "C" {
#endif

/* Encodes a text: one (module …) or (component …), or a module's fields alone. The binary lies in `arena`; {NULL, 0}
 * and err set where the text is wrong or has nothing in it. file names it in errors (NULL: none). Nothing is
 * validated. */
CWRUN_API cwrun_str cwrun_text_encode(cwrun_str text, const char *file, cwrun_arena *arena, cwrun_error *err);

typedef struct cwrun_text_print_options {
    bool fold;                /* instructions as trees: "(i32.add (local.get 0) (i32.const 1))" */
    bool offsets;             /* each line begins with where in the file it comes from: "(;@1f   ;)" */
    bool skeleton;            /* bodies and contents of segments are "...": for reading, not for parsing */
    const cwrun_alloc *alloc; /* NULL: malloc */
} cwrun_text_print_options;

/* Prints a binary, module or component, as text from which cwrun_text_encode makes the same bytes again (where numbers
 * are as short as they can be: else the same as of a binary that was printed and encoded once). Nothing is validated.
 * False with err set where the binary cannot be decoded; what comes before the fault was written by then. False without
 * err: write said so. file names the binary in errors (NULL: none); options may be NULL. */
CWRUN_API bool cwrun_text_print(const void *binary, size_t size, const char *file,
                                const cwrun_text_print_options *options, cwrun_write_fn write, void *user,
                                cwrun_error *err);

/* Whether bytes look like text rather than a binary: they do not begin with the magic "\0asm". */
CWRUN_API bool cwrun_is_text(const void *bytes, size_t size);

/* Prints every byte of a binary with its offset and what it means, in the format of wasm-tools' dump; nothing is
 * validated. False with err set where the rest cannot be read, after what could. file names it in errors (NULL: none).
 */
CWRUN_API bool cwrun_dump(const void *bytes, size_t size, const char *file, cwrun_write_fn write, void *user,
                          cwrun_error *err);

/* Says of a custom section whether it goes. */
typedef bool (*cwrun_strip_fn)(void *user, cwrun_str name);
/* A binary without the custom sections that `removes` says, those of modules and components inside included. It lies in
 * `arena`; {NULL, 0} and err set where its sections cannot be read. */
CWRUN_API cwrun_str cwrun_strip(const void *bytes, size_t size, const char *file, cwrun_strip_fn removes, void *user,
                                cwrun_arena *arena, cwrun_error *err);

/* ---- scripts (.wast) ---- */

/* What became of a command. */
enum { CWRUN_WAST_PASSED, CWRUN_WAST_FAILED, CWRUN_WAST_SKIPPED /* it needs what is not supported yet */ };

typedef struct cwrun_wast_command {
    const char *file;
    uint32_t line;
    const char *directive; /* "assert_return" */
    uint8_t outcome;       /* CWRUN_WAST_… */
    const char *message;   /* of a failure or skip: why; never NULL */
} cwrun_wast_command;

typedef struct cwrun_wast_options {
    uint64_t features_on, features_off; /* as in cwrun_config */
    /* told of every command that did not pass, and of all where `all`; may be NULL */
    void (*report)(void *user, const cwrun_wast_command *command);
    void *user;
    bool all;
    bool round_trip;  /* every valid module and component is printed and parsed as well; other bytes are a failure */
    uint64_t timeout; /* nanoseconds that guests may run in one command, which fails then; 0: without end */
    bool gc_stress;   /* as in cwrun_limits */
} cwrun_wast_options;

typedef struct cwrun_wast_counts {
    uint32_t passed, failed, skipped, total;
    uint32_t message_agreement; /* refused modules whose error has the script's words */
} cwrun_wast_counts;

/* Runs a script; options may be NULL. False with err set only where the script itself cannot be read; what its commands
 * do is counted. Thread-safe. */
CWRUN_API bool cwrun_wast_run(cwrun_str script, const char *file, const cwrun_wast_options *options,
                              cwrun_wast_counts *counts, cwrun_error *err);

#ifdef __cplusplus
}
#endif
#endif
