/* oom/test_oom_wasm_h.c: out of memory in a program written for wasm.h, which has no allocator hook: the linker puts
 * functions of this file in the place of malloc and its family (-Wl,--wrap). What fails gives NULL or a trap. */
#include <stdlib.h>
#include <string.h>
#include <wasm.h>

#include <setjmp.h>
#include <stdarg.h>
#include <cmocka.h>

void *__real_malloc(size_t size);
void *__real_calloc(size_t n, size_t size);
void *__real_realloc(void *p, size_t size);
void __real_free(void *p);
void *__wrap_malloc(size_t size);
void *__wrap_calloc(size_t n, size_t size);
void *__wrap_realloc(void *p, size_t size);
void __wrap_free(void *p);

static size_t n_calls, fail_at = SIZE_MAX;
static bool fail_after, failed;
static long n_live, n_objects; /* blocks; objects of the host whose finalizer has not run */

static bool fails(void)
{
    size_t call = n_calls++;
    bool now = call == fail_at || (fail_after && call > fail_at);
    failed = failed || now;
    return now;
}

static void *counted(void *p)
{
    n_live += p != NULL;
    return p;
}

void *__wrap_malloc(size_t size)
{
    return fails() ? NULL : counted(__real_malloc(size));
}

void *__wrap_calloc(size_t n, size_t size)
{
    return fails() ? NULL : counted(__real_calloc(n, size));
}

void *__wrap_realloc(void *p, size_t size)
{
    if (fails())
        return NULL;
    void *more = __real_realloc(p, size);
    n_live += !p && more;
    return more;
}

void __wrap_free(void *p)
{
    n_live -= p != NULL;
    __real_free(p);
}

/* ---- the program ---- */

/* (module (import "" "f" (func (param externref) (result externref))) (memory (export "m") 1)
 *   (table (export "t") 1 externref) (func (export "go") (param externref) (result externref) local.get 0 call 0)
 *   (func (export "no") unreachable)) */
static const unsigned char binary[] = { 0,    'a', 's',  'm',  1,    0,    0,    0, 1,    9,    2, 0x60, 1,
                                        0x6f, 1,   0x6f, 0x60, 0,    0,    2,    6, 1,    0,    1, 'f',  0,
                                        0,    3,   3,    2,    0,    1,    4,    4, 1,    0x6f, 0, 1,    5,
                                        3,    1,   0,    1,    7,    0x13, 4,    1, 'm',  2,    0, 1,    't',
                                        1,    0,   2,    'g',  'o',  0,    1,    2, 'n',  'o',  0, 2,    10,
                                        0x0c, 2,   6,    0,    0x20, 0,    0x10, 0, 0x0b, 3,    0, 0,    0x0b };

static void object_gone(void *data)
{
    (void)data;
    n_objects--;
}

static wasm_trap_t *pass(void *env, const wasm_val_vec_t *args, wasm_val_vec_t *results)
{
    wasm_val_copy(&results->data[0], &args->data[0]);
    if (results->data[0].of.ref)
        return NULL;
    wasm_message_t message;
    wasm_name_new_from_string_nt(&message, "no copy");
    wasm_trap_t *trap = wasm_trap_new(env, &message);
    wasm_name_delete(&message);
    assert_non_null(trap);
    return trap;
}

static bool reflect(const wasm_module_t *module)
{
    wasm_importtype_vec_t imports, copy;
    wasm_exporttype_vec_t exports;
    wasm_module_imports(module, &imports);
    wasm_module_exports(module, &exports);
    wasm_importtype_vec_copy(&copy, &imports);
    bool ok = copy.size == 1 && exports.size == 4 && copy.data[0];
    for (size_t i = 0; i < exports.size; i++)
        ok = exports.data[i] && ok;
    if (ok) {
        const wasm_functype_t *f = wasm_externtype_as_functype_const(wasm_importtype_type(copy.data[0]));
        ok = wasm_functype_params(f)->size == 1 && wasm_exporttype_name(exports.data[2])->size == 2;
    }
    wasm_importtype_vec_delete(&imports);
    wasm_importtype_vec_delete(&copy);
    wasm_exporttype_vec_delete(&exports);
    return ok;
}

/* Takes the trap; whether there was none. */
static bool is_well(wasm_trap_t *trap)
{
    if (!trap)
        return true;
    wasm_message_t message;
    wasm_frame_vec_t trace;
    wasm_trap_message(trap, &message);
    wasm_trap_trace(trap, &trace);
    wasm_trap_t *copy = wasm_trap_copy(trap);
    wasm_trap_delete(trap);
    wasm_trap_delete(copy);
    wasm_frame_vec_delete(&trace);
    wasm_name_delete(&message);
    return false;
}

static bool use(wasm_store_t *store, wasm_extern_vec_t *exports)
{
    if (exports->size != 4 || !exports->data[1] || !exports->data[2] || !exports->data[3])
        return false;
    wasm_foreign_t *object = wasm_foreign_new(store);
    if (!object)
        return false;
    n_objects++;
    wasm_foreign_set_host_info_with_finalizer(object, store, object_gone);
    wasm_val_t arg = WASM_REF_VAL(wasm_foreign_as_ref(object)), result = WASM_INIT_VAL;
    wasm_val_vec_t args = { 1, &arg }, results = { 1, &result }, none = WASM_EMPTY_VEC;
    bool ok = is_well(wasm_func_call(wasm_extern_as_func(exports->data[2]), &args, &results));
    ok = ok && result.of.ref && wasm_ref_same(result.of.ref, arg.of.ref);
    wasm_val_delete(&result);
    wasm_table_t *table = wasm_extern_as_table(exports->data[1]);
    ok = wasm_table_set(table, 0, arg.of.ref) && wasm_table_grow(table, 3, arg.of.ref) && ok;
    wasm_ref_t *got = wasm_table_get(table, 3);
    ok = ok && got && wasm_ref_same(got, arg.of.ref);
    wasm_ref_delete(got);
    wasm_foreign_delete(object);
    wasm_extern_set_host_info_with_finalizer(exports->data[2], store, NULL);
    ok = ok && wasm_extern_get_host_info(exports->data[2]) == store;
    wasm_trap_t *trap = wasm_func_call(wasm_extern_as_func(exports->data[3]), &none, &none);
    assert_non_null(trap); /* never mistaken for success */
    is_well(trap);
    return ok;
}

static bool instantiate(wasm_store_t *store, wasm_module_t *module)
{
    wasm_functype_t *type = wasm_functype_new_1_1(wasm_valtype_new_externref(), wasm_valtype_new_externref());
    wasm_func_t *f = type ? wasm_func_new_with_env(store, type, pass, store, NULL) : NULL;
    if (type)
        wasm_functype_delete(type);
    if (!f)
        return false;
    wasm_extern_t *given[] = { wasm_func_as_extern(f) };
    wasm_extern_vec_t imports = WASM_ARRAY_VEC(given), exports;
    wasm_trap_t *trap = NULL;
    wasm_instance_t *in = wasm_instance_new(store, module, &imports, &trap);
    assert_true(!in == !!trap);
    bool ok = is_well(trap) && in;
    wasm_func_delete(f);
    if (!ok)
        return false;
    wasm_instance_exports(in, &exports);
    wasm_instance_delete(in);
    ok = use(store, &exports);
    wasm_extern_vec_delete(&exports);
    return ok;
}

static bool program(void)
{
    wasm_engine_t *engine = wasm_engine_new();
    wasm_store_t *store = wasm_store_new(engine);
    wasm_byte_vec_t bytes;
    wasm_byte_vec_new(&bytes, sizeof binary, (const char *)binary);
    wasm_module_t *module = wasm_module_new(store, &bytes);
    wasm_byte_vec_delete(&bytes);
    bool ok = module && reflect(module) && instantiate(store, module);
    wasm_module_delete(module);
    wasm_store_delete(store);
    wasm_engine_delete(engine);
    return ok;
}

static void a_program_for_wasm_h_survives_without_memory(void **state)
{
    enum { MOST = 10000 };
    (void)state;
    for (int after = 0; after < 2; after++) {
        size_t n = 0;
        for (bool done = false; !done; n++) {
            const long live = n_live;
            n_calls = 0;
            failed = false;
            fail_at = n;
            fail_after = after;
            const bool ok = program();
            done = !failed;
            fail_at = SIZE_MAX;
            fail_after = false;
            if (n_live != live || n_objects != 0)
                fail_msg("allocation %zu failing leaves %ld blocks, %ld objects", n, n_live - live, n_objects);
            assert_true(ok || !done);
            assert_true(n < MOST);
        }
        assert_true(n > 30);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_program_for_wasm_h_survives_without_memory),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
