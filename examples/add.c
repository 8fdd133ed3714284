/* examples/add.c: the smallest embedding: loads a component and calls its `add`.   add adder.wasm 1 2 */
#include <cwrun.h>
#include <stdlib.h>

int main(int argc, char **argv)
{
    cwrun_error err = CWRUN_ERROR_INIT;
    cwrun_engine *engine = cwrun_engine_new(NULL, &err);
    cwrun_component *adder = cwrun_component_open(engine, argc > 1 ? argv[1] : "adder.wasm", &err);
    cwrun_store *store = cwrun_store_new(engine, NULL, &err);
    cwrun_instance *inst = cwrun_instantiate(store, adder, NULL, &err); /* WASI is there, nothing is granted */
    int a = argc > 2 ? atoi(argv[2]) : 1, b = argc > 3 ? atoi(argv[3]) : 2;
    cwrun_func *add = cwrun_instance_func(inst, "add", &err);
    bool is_signed = cwrun_type_kind(cwrun_func_param(add, 0)) == CWRUN_KIND_S32;
    cwrun_val sum, args[] = { is_signed ? cwrun_s32(a) : cwrun_u32((uint32_t)a),
                              is_signed ? cwrun_s32(b) : cwrun_u32((uint32_t)b) };
    if (cwrun_func_call(add, args, 2, &sum, NULL, &err))
        printf("%d\n", sum.of.s32);
    int status = cwrun_failed(&err);
    cwrun_error_report(&err, stderr); /* nothing where there is none */
    cwrun_store_drop(store);
    cwrun_component_drop(adder);
    cwrun_engine_drop(engine);
    return status;
}
