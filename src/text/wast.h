/* text/wast.h: the state of a running script; private to text/. Scripts are those of the core specification's reference
 * interpreter: its README says what each directive means. */
#ifndef CW_TEXT_WAST_H
#define CW_TEXT_WAST_H

#include "cwrun/component.h"
#include "cwrun/text.h"
#include "exec/exec.h"
#include "text/text.h"

typedef enum cw_verdict { CW_PASS, CW_FAIL, CW_SKIP } cw_verdict;

typedef struct cw_wast_name {
    cwrun_str name;
    cw_instance *in; /* NULL: a definition alone, or an instance that could not be made */
    cw_module *module;
    cw_instance *lender; /* an instance of the script around this thread, whose shared memories it may import */
} cw_wast_name;
typedef CW_VEC(cw_wast_name) cw_wast_names;

typedef struct cw_spectest_item {
    const char *name;
    cw_extern item;
} cw_spectest_item;
enum { CW_SPECTEST_ITEMS = 15 };

typedef struct cw_wast_components cw_wast_components; /* wast_component.c */

typedef struct cw_wast_thread cw_wast_thread; /* wast_thread.c */
typedef struct cw_wast_watch cw_wast_watch;   /* wast_watch.c */

typedef struct cw_wast {
    cw_words words;
    cw_parser p;
    cw_alloc alloc;
    cw_arena arena; /* names, binaries, modules */
    cw_types *types;
    cw_exec exec;
    cw_features features;
    const cwrun_wast_options *options;
    cwrun_wast_counts *counts;
    cw_wast_names instances, registered;
    cw_wast_name current;
    CW_VEC(cw_module *) modules;
    cw_spectest_item spectest[CW_SPECTEST_ITEMS];
    uint32_t n_spectest;
    bool lacking; /* the current instance lacks something that is not supported yet, or an action on it did not run */
    bool link_lacking;              /* the last linking met an instance that could not be made for that reason */
    cw_wast_thread *threads;        /* those that nobody has waited for yet */
    cw_wast_watch *watch;           /* NULL: commands may take as long as they like */
    cw_wast_components *components; /* NULL: the script has had none yet */
    bool component_current;         /* actions without a name are on a component */
    bool for_validators;            /* written for a tool that does not execute: components may lack what they import */
    uint32_t line_offset, line;     /* where the last told command stands: lines are counted once */
    char note[512];                 /* why the command did not pass */
} cw_wast;

/* ---- wast.c ---- */

/* Whether an error's message has the script's words. */
bool cw_wast_has_words(const char *have, cwrun_str want);

/* Why the command does not pass. */
void cw_wast_note(cw_wast *w, const char *format, ...) CWRUN_PRINTF(2, 3);
/* The latest of that name; NULL where there is none. */
cw_wast_name *cw_wast_find(const cw_wast_names *names, cwrun_str name);
/* Makes the store, runs commands up to a closing parenthesis or the end, and ends the store. False with err set where
 * the script cannot be read further. */
bool cw_wast_run_commands(cw_wast *w, cwrun_error *err);

/* ---- wast_thread.c ---- */

/* Commands: the cursor is behind the directive's word. */
cw_verdict cw_wast_do_thread(cw_wast *w);
cw_verdict cw_wast_do_wait(cw_wast *w);
/* Waits for those that are left. */
void cw_wast_threads_fini(cw_wast *w);
/* A shared memory of another store's instance, by its export's name; out->kind is left alone where there is none. */
void cw_wast_borrow(cw_wast *w, cw_instance *lender, cwrun_str name, cw_extern *out);

/* ---- wast_watch.c ---- */

/* Sets w->watch where the options ask for one; w->exec is there. False with err set where that cannot be done. */
bool cw_wast_watch_init(cw_wast *w, cwrun_error *err);
void cw_wast_watch_fini(cw_wast *w);
/* A store whose guests are interrupted, too, until the end. */
void cw_wast_watch_store(cw_wast *w, cwrun_store *store, cwrun_error *err);
/* Around every command; between them its guests are interrupted when its time is over. */
void cw_wast_watch_begin(cw_wast *w);
void cw_wast_watch_end(cw_wast *w);

/* ---- wast_features.c ---- */

/* What the script's leading comments say about how to run it. */
void cw_wast_read_comments(cw_wast *w, cwrun_str script);

/* ---- wast_component.c ---- */

void cw_wast_components_fini(cw_wast *w);
/* Takes what stands behind "(component", up to its closing parenthesis: NULL with err set where it is refused. */
cwrun_component *cw_wast_take_component(cw_wast *w, cwrun_error *err);
/* Whether "(invoke …" at `open` calls a component's function. */
bool cw_wast_acts_on_component(const cw_wast *w, const cw_token *open);
/* Commands: the cursor is behind the directive's word; of an action, at its parenthesis; of an instance, at its $id. */
cw_verdict cw_wast_do_component(cw_wast *w);
cw_verdict cw_wast_register_instance(cw_wast *w, cwrun_str name);
cw_verdict cw_wast_component_action(cw_wast *w);
cw_verdict cw_wast_component_return(cw_wast *w);
cw_verdict cw_wast_component_trap(cw_wast *w);
cw_verdict cw_wast_component_unlinkable(cw_wast *w);

/* ---- wast_host.c ---- */

/* What components of scripts may import from the host. */
typedef struct cw_wast_host {
    uint32_t drops, last_drop; /* of resource1 */
} cw_wast_host;

/* A linker that gives it; NULL with err set where memory ran out. */
cwrun_linker *cw_wast_host_linker(cw_wast *w, cwrun_engine *engine, cw_wast_host *host, cwrun_error *err);

/* ---- wast_literals.c ---- */

/* Takes a component value as one of a type. False where it is none: err says why, or the parser failed. */
bool cw_wast_take_literal(cw_wast *w, const cwrun_type *type, cwrun_arena *arena, cwrun_val *out, cwrun_error *err);

/* ---- spectest.c ---- */

/* Makes the objects of the module "spectest" in w->exec. */
void cw_spectest_make(cw_wast *w);

/* ---- wast_values.c ---- */

/* Takes a constant "(i32.const 1)" for a parameter of a type; slots gets its value (v128: two). False where it is none
 * of that type (the parser may have failed too). */
bool cw_wast_take_arg(cw_wast *w, cw_valtype type, uint64_t *slots);
/* Takes a result pattern and says whether the value matches it. */
bool cw_wast_take_result(cw_wast *w, cw_valtype type, const uint64_t *slots);
/* "i32 5 (0x5)": for messages. */
void cw_wast_print(cw_wast *w, cw_valtype type, const uint64_t *slots, char *out, size_t size);

#endif
