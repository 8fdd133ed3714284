/* text/spectest.c: the host module "spectest" that the specification's scripts import. */
#include "text/wast.h"

static cw_step print_nothing(cw_thread *t, cw_func *f, uint64_t *frame, uint32_t state)
{
    (void)t, (void)f, (void)frame, (void)state;
    return CW_STEP_RETURN;
}
static const cw_native printer = { print_nothing, NULL, "spectest" };

static cw_extern *item(cw_wast *w, const char *name, uint8_t kind)
{
    cw_spectest_item *i = &w->spectest[w->n_spectest++];
    i->name = name;
    i->item.kind = kind;
    return &i->item;
}

static void func(cw_wast *w, const char *name, uint32_t n, cw_valtype a, cw_valtype b)
{
    cw_valtype params[2] = { a, b };
    item(w, name, CW_EXTERN_FUNC)->of.func =
        cw_func_native_new(&w->exec, cw_types_func(w->types, params, n, NULL, 0), &printer, 0, NULL, NULL, NULL);
}

static void global(cw_wast *w, const char *name, cw_valtype type, uint64_t bits)
{
    uint64_t value[2] = { bits, 0 };
    item(w, name, CW_EXTERN_GLOBAL)->of.global = cw_global_new(&w->exec, (cw_globaltype){ type, false }, value, NULL);
}

static void memory(cw_wast *w, const char *name, cw_memtype type)
{
    item(w, name, CW_EXTERN_MEMORY)->of.memory = cw_memory_new(&w->exec, &type, NULL);
}

static void table(cw_wast *w, const char *name, bool is_64)
{
    cw_tabletype type = { { .min = 10, .max = 20, .has_max = true, .is_64 = is_64, .page_log2 = 16 }, CW_FUNCREF };
    item(w, name, CW_EXTERN_TABLE)->of.table = cw_table_new(&w->exec, &type, 0, NULL);
}

void cw_spectest_make(cw_wast *w)
{
    func(w, "print", 0, 0, 0);
    func(w, "print_i32", 1, CW_I32, 0);
    func(w, "print_i64", 1, CW_I64, 0);
    func(w, "print_f32", 1, CW_F32, 0);
    func(w, "print_f64", 1, CW_F64, 0);
    func(w, "print_i32_f32", 2, CW_I32, CW_F32);
    func(w, "print_f64_f64", 2, CW_F64, CW_F64);
    global(w, "global_i32", CW_I32, 666);
    global(w, "global_i64", CW_I64, 666);
    global(w, "global_f32", CW_F32, 0x4426a666); /* 666.6 */
    global(w, "global_f64", CW_F64, 0x4084d4cccccccccd);
    table(w, "table", false);
    table(w, "table64", true);
    memory(w, "memory", (cw_memtype){ .min = 1, .max = 2, .has_max = true, .page_log2 = 16 });
    memory(w, "shared_memory", (cw_memtype){ .min = 1, .max = 1, .has_max = true, .is_shared = true, .page_log2 = 16 });
    for (uint32_t i = 0; i < w->n_spectest; i++)
        if (!w->spectest[i].item.of.func) /* memory ran out: missing */
            w->spectest[i].item.kind = CW_EXTERN_COUNT;
}
