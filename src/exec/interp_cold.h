/* exec/interp_cold.h: what handlers leave to ordinary functions, and the stubs that returns go through. */
#ifndef CW_EXEC_INTERP_COLD_H
#define CW_EXEC_INTERP_COLD_H

#include "exec/dispatch.h"

/* Internal code of one instruction without fields; see control.h. `header` stands for a function's (code.h). */
typedef struct cw_stub {
    uint64_t header[2];
    cw_handler_ref op;
} cw_stub;

typedef struct cw_stubs {
    cw_stub enter, done, cross, give_back, native_again, translate;
} cw_stubs;

extern const cw_stubs cw_stub_code;

#define CW_STUB_IP(name) ((const uint8_t *)&cw_stub_code.name.op)
#define CW_STUB_DONE CW_STUB_IP(done)
#define CW_STUB_CROSS CW_STUB_IP(cross)
#define CW_STUB_NATIVE_AGAIN CW_STUB_IP(native_again)

/* Stores how a run was left. */
void cw_interp_left(cw_thread *t, cw_run_status how, const uint8_t *ip, uint64_t *sp, cw_control *csp, cw_instance *in);
/* Runs the native whose pair of records is below csp. RETURN and CALL (its state stored) are for the handler to follow,
 * as is THROW, after which the thread stands where the exception is handled; else the thread is ready to be left. */
cw_step cw_interp_native(cw_thread *t, cw_control *csp);
/* The code of a function, translated where it was not yet; NULL with the thread's failure set. */
const uint8_t *cw_interp_translate(cw_thread *t, cw_func_code *record);

/* Throws a new exception with its values from `slot` on, or one that there is; ip is behind the instruction. True: the
 * thread stands where it is handled; false: nobody does, which is recorded. */
bool cw_cold_throw(cw_instance *in, const uint8_t *ip, uint64_t *sp, cw_control *csp, uint32_t slot, uint32_t tag);
bool cw_cold_throw_ref(cw_instance *in, const uint8_t *ip, uint64_t *sp, cw_control *csp, uint64_t ref);

/* Bulk and table instructions: operands in slots at `at`, a result in the first. CW_COLD_OK, else the trap in the low
 * byte (CW_TRAP_NONE: recorded already). */
enum { CW_COLD_OK = 0, CW_COLD_TRAP = 0x100 };
/* at: address, expected value, timeout; n is the size of the value. */
uint32_t cw_cold_atomic_wait(cw_instance *in, uint64_t *at, uint32_t memory, uint64_t offset, uint32_t n);
uint32_t cw_cold_atomic_notify(cw_instance *in, uint64_t *at, uint32_t memory, uint64_t offset);
uint64_t cw_cold_memory_grow(cw_instance *in, uint32_t memory, uint64_t pages);
uint32_t cw_cold_memory_copy(cw_instance *in, const uint64_t *at, uint32_t to, uint32_t from);
uint32_t cw_cold_memory_fill(cw_instance *in, const uint64_t *at, uint32_t memory);
uint32_t cw_cold_memory_init(cw_instance *in, const uint64_t *at, uint32_t segment, uint32_t memory);
uint32_t cw_cold_table_get(cw_instance *in, uint64_t *at, uint32_t table);
uint32_t cw_cold_table_set(cw_instance *in, const uint64_t *at, uint32_t table);
uint32_t cw_cold_table_grow(cw_instance *in, uint64_t *at, uint32_t table);
uint32_t cw_cold_table_fill(cw_instance *in, const uint64_t *at, uint32_t table);
uint32_t cw_cold_table_copy(cw_instance *in, const uint64_t *at, uint32_t to, uint32_t from);
uint32_t cw_cold_table_init(cw_instance *in, const uint64_t *at, uint32_t segment, uint32_t table);
/* What allocates (gc_cold.c) stores first where the thread stands, ip behind the instruction; at: the first slot of its
 * operands in the frame sp. NULL: the failure is recorded. */
uint8_t *cw_cold_take(cw_instance *in, const uint8_t *ip, uint64_t *sp, cw_control *csp, uint32_t class);
#define CW_COLD_ALLOC(name, ...) \
    uint32_t cw_cold_##name(cw_instance *in, const uint8_t *ip, uint64_t *sp, cw_control *csp, uint32_t slot, \
                            cw_type_id id __VA_ARGS__)
CW_COLD_ALLOC(struct_new, );
CW_COLD_ALLOC(struct_new_default, );
CW_COLD_ALLOC(array_new, );
CW_COLD_ALLOC(array_new_default, );
CW_COLD_ALLOC(array_new_fixed, , uint32_t n);
CW_COLD_ALLOC(array_new_data, , uint32_t segment);
CW_COLD_ALLOC(array_new_elem, , uint32_t segment);
uint32_t cw_cold_array_fill(cw_instance *in, const uint64_t *at, cw_type_id id);
uint32_t cw_cold_array_copy(cw_instance *in, const uint64_t *at, cw_type_id id);
uint32_t cw_cold_array_init_data(cw_instance *in, const uint64_t *at, cw_type_id id, uint32_t segment);
uint32_t cw_cold_array_init_elem(cw_instance *in, const uint64_t *at, cw_type_id id, uint32_t segment);
uint32_t cw_cold_ref_func(cw_instance *in, uint64_t *at, uint32_t func);

#endif
