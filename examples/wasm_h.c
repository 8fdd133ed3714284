/* wasm_h.c: a core module through the engine-neutral wasm.h, as a program for any engine would be written.
 *
 *     cc wasm_h.c $(pkg-config --cflags --libs cwrun_wasm) && ./a.out FILE.wasm
 *
 * Lists what the module exports, and calls every function that takes two i32 and gives one with 40 and 2. Imports of
 * functions are given one that says its argument count and traps. */
#include <stdio.h>
#include <stdlib.h>
#include <wasm.h>

static bool read_file(const char *path, wasm_byte_vec_t *out)
{
    FILE *file = fopen(path, "rb");
    long size = -1;
    if (file && fseek(file, 0, SEEK_END) == 0)
        size = ftell(file);
    wasm_byte_vec_new_uninitialized(out, size > 0 ? (size_t)size : 0);
    bool ok = size > 0 && fseek(file, 0, SEEK_SET) == 0 && fread(out->data, 1, out->size, file) == out->size;
    if (file)
        fclose(file);
    return ok;
}

static wasm_trap_t *refuse(void *store, const wasm_val_vec_t *args, wasm_val_vec_t *results)
{
    char words[64];
    wasm_message_t message;
    (void)results;
    snprintf(words, sizeof words, "an import was called with %zu arguments", args->size);
    wasm_name_new_from_string_nt(&message, words);
    wasm_trap_t *trap = wasm_trap_new(store, &message);
    wasm_name_delete(&message);
    return trap;
}

/* One function for every import; NULL where one is no function. */
static void make_imports(wasm_store_t *store, const wasm_module_t *module, wasm_extern_vec_t *out)
{
    wasm_importtype_vec_t types;
    wasm_module_imports(module, &types);
    wasm_extern_vec_new_uninitialized(out, types.size);
    for (size_t i = 0; i < out->size; i++) {
        const wasm_functype_t *type = wasm_externtype_as_functype_const(wasm_importtype_type(types.data[i]));
        if (type)
            out->data[i] = wasm_func_as_extern(wasm_func_new_with_env(store, type, refuse, store, NULL));
    }
    wasm_importtype_vec_delete(&types);
}

static void show_trap(const char *what, wasm_trap_t *trap)
{
    wasm_message_t message;
    wasm_trap_message(trap, &message);
    wasm_frame_t *origin = wasm_trap_origin(trap);
    printf("%s: %s", what, message.data);
    if (origin)
        printf(" in function %u", wasm_frame_func_index(origin));
    putchar('\n');
    if (origin)
        wasm_frame_delete(origin);
    wasm_name_delete(&message);
    wasm_trap_delete(trap);
}

static bool is_binary_operator(const wasm_func_t *func)
{
    wasm_functype_t *type = wasm_func_type(func);
    const wasm_valtype_vec_t *params = wasm_functype_params(type), *results = wasm_functype_results(type);
    bool is = params->size == 2 && results->size == 1 && wasm_valtype_kind(params->data[0]) == WASM_I32 &&
              wasm_valtype_kind(params->data[1]) == WASM_I32 && wasm_valtype_kind(results->data[0]) == WASM_I32;
    wasm_functype_delete(type);
    return is;
}

static void use_export(const wasm_name_t *name, wasm_extern_t *item)
{
    static const char *const kinds[] = { "function", "global", "table", "memory", "tag" };
    wasm_val_t numbers[] = { WASM_I32_VAL(40), WASM_I32_VAL(2) }, number[] = { WASM_INIT_VAL };
    wasm_val_vec_t args = WASM_ARRAY_VEC(numbers), results = WASM_ARRAY_VEC(number);
    const wasm_func_t *func = wasm_extern_as_func(item);
    printf("%.*s: a %s\n", (int)name->size, name->data, kinds[wasm_extern_kind(item)]);
    if (!func || !is_binary_operator(func))
        return;
    wasm_trap_t *trap = wasm_func_call(func, &args, &results);
    if (trap)
        show_trap("    (40, 2) traps", trap);
    else
        printf("    (40, 2) -> %d\n", number[0].of.i32);
}

int main(int argc, char **argv)
{
    wasm_engine_t *engine = wasm_engine_new();
    wasm_store_t *store = wasm_store_new(engine);
    wasm_byte_vec_t binary;
    wasm_module_t *module = argc == 2 && read_file(argv[1], &binary) ? wasm_module_new(store, &binary) : NULL;
    if (!module) {
        fprintf(stderr, "usage: wasm_h FILE.wasm (a core module)\n");
        return EXIT_FAILURE;
    }
    wasm_byte_vec_delete(&binary);

    wasm_extern_vec_t imports;
    wasm_trap_t *trap;
    make_imports(store, module, &imports);
    wasm_instance_t *instance = wasm_instance_new(store, module, &imports, &trap);
    if (instance) {
        wasm_exporttype_vec_t types;
        wasm_extern_vec_t exports;
        wasm_module_exports(module, &types);
        wasm_instance_exports(instance, &exports);
        for (size_t i = 0; i < exports.size; i++)
            use_export(wasm_exporttype_name(types.data[i]), exports.data[i]);
        wasm_exporttype_vec_delete(&types);
        wasm_extern_vec_delete(&exports);
    } else {
        show_trap("not instantiated", trap);
    }
    int status = instance ? EXIT_SUCCESS : EXIT_FAILURE;
    wasm_instance_delete(instance);
    wasm_extern_vec_delete(&imports);
    wasm_module_delete(module);
    wasm_store_delete(store);
    wasm_engine_delete(engine);
    return status;
}
