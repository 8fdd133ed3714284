/* exec/handlers.h: the words in which ops.def describes operations; included by the generated handlers only.
 *
 * A handler must not have locals whose address is taken (gcc would not make the tail call), and calls functions only
 * where that is rare: a call saves everything that is hot. */
#ifndef CW_EXEC_HANDLERS_H
#define CW_EXEC_HANDLERS_H

#include <string.h>

#include "exec/code.h"
#include "exec/dispatch.h"
#include "exec/interp_cold.h"
#include "exec/memory.h"
#include "exec/numeric.h"
#include "exec/segments.h"
#include "exec/vector.h"

#define LIKELY(c) __builtin_expect(!!(c), 1)
#define UNLIKELY(c) __builtin_expect(!!(c), 0)

/* ---- fields of the instruction, and slots ---- */
#define U16(o) (*(const uint16_t *)(const void *)(ip + (o)))
#define U32(o) (*(const uint32_t *)(const void *)(ip + (o)))
#define U64(o) (*(const uint64_t *)(const void *)(ip + (o)))
#define F32(o) (*(const cw_alias_f32 *)(const void *)(ip + (o)))
#define F64(o) (*(const cw_alias_f64 *)(const void *)(ip + (o)))
#define S32(o) ((uint32_t)sp[U16(o)])
#define S64(o) (sp[U16(o)])
#define AS_F32(p) (*(cw_alias_f32 *)(void *)(p))
#define AS_F64(p) (*(cw_alias_f64 *)(void *)(p))
#define SF32(o) AS_F32(sp + U16(o))
#define SF64(o) AS_F64(sp + U16(o))
#define AS_V128(p) (*(cw_v128_slot *)(void *)(p))
#define SV128(o) AS_V128(sp + U16(o))

/* The first thing in a handler: ip moves on, and where the next instruction may follow, its handler is fetched, long
 * before the jump to it. Compilers are not to know where ip comes from, or gcc keeps the old one as well, in a register
 * that others have to leave. */
#ifdef CW_DISPATCH_SWITCH
#define ADVANCE(size) ip += (size);
#define ADVANCE_EARLY(size) ADVANCE(size)
#define DISPATCH_EARLY() DISPATCH()
#else
#define ADVANCE(size) \
    ip += (size); \
    __asm__("" : "+r"(ip));
#define ADVANCE_EARLY(size) \
    cw_handler *const next = *(cw_handler *const *)(const void *)(ip + (size)); \
    ADVANCE(size)
#define DISPATCH_EARLY() CW_MUSTTAIL return next(CW_ARGS)
#endif

/* ---- going on: displacements count from the end of the instruction, where ip is ---- */
#define GO(displacement) \
    { \
        ip += (int32_t)(displacement); \
        DISPATCH(); \
    }
#define BRANCH(condition, displacement) \
    { \
        if (condition) \
            GO(displacement) \
        DISPATCH_EARLY(); \
    }
/* n + 1 displacements stand behind the instruction, the default last */
#define GO_TABLE(index, n) \
    { \
        const uint32_t at = (index) < (n) ? (index) : (n); \
        GO(((const int32_t *)(const void *)ip)[at]) \
    }
#define TRAP_IF(condition, sub, code) \
    if (UNLIKELY(condition)) \
    TRAP(sub, code)
/* a cold function's trap code, 0 where all is well */
#define COLD(call, sub) \
    { \
        const uint32_t code = (call); \
        TRAP_IF(code != CW_COLD_OK, sub, code & 0xff) \
    }

/* ---- memory ---- */
typedef uint8_t cw_un_uint8_t;
typedef int8_t cw_un_int8_t;
typedef uint16_t __attribute__((aligned(1), may_alias)) cw_un_uint16_t;
typedef int16_t __attribute__((aligned(1), may_alias)) cw_un_int16_t;
typedef uint32_t __attribute__((aligned(1), may_alias)) cw_un_uint32_t;
typedef int32_t __attribute__((aligned(1), may_alias)) cw_un_int32_t;
typedef uint64_t __attribute__((aligned(1), may_alias)) cw_un_uint64_t;
typedef float __attribute__((aligned(1), may_alias)) cw_un_float;
typedef double __attribute__((aligned(1), may_alias)) cw_un_double;
typedef cw_v128_bytes cw_un_v128;

/* Another OS thread may change it: growth of a shared memory. It is one aligned word and only grows, and every machine
 * reads that in one piece; as an atomic load gcc would take a register more for it, in the hottest handlers of all. */
#ifdef __SANITIZE_THREAD__
#define MEM0_SIZE() __atomic_load_n(&in->mem0_size, __ATOMIC_RELAXED)
#else
#define MEM0_SIZE() in->mem0_size
#endif
#define AT(address, offset, n, sub) \
    const uint64_t ea = (uint64_t)(address) + (offset); \
    TRAP_IF(ea + (n) > MEM0_SIZE(), sub, CW_TRAP_MEMORY_BOUNDS) \
    uint8_t *const at = mem + ea;
#define AT_ANY(address, memory, offset, n, sub) \
    const cw_memory *const m = in->memories[memory]; \
    const uint64_t ea = (address) + (offset); \
    const uint64_t size = __atomic_load_n(&m->size, __ATOMIC_RELAXED); \
    TRAP_IF(ea < (offset) || size < (n) || ea > size - (n), sub, CW_TRAP_MEMORY_BOUNDS) \
    uint8_t *const at = m->base + ea;
#define LOAD(T) (*(const cw_un_##T *)(const void *)at)
#define STORE(T, v) *(cw_un_##T *)(void *)at = (T)(v)
#define LOAD_LOW() ((cw_v128){ LOAD(uint64_t), 0 })
#define STORE_V128(v) *(cw_v128_bytes *)(void *)at = (v)

/* ---- atomics: sequentially consistent all of them, naturally aligned or a trap ---- */
#define AT_ATOMIC(address, memory, offset, n, sub) \
    const cw_memory *const m = in->memories[memory]; \
    const uint64_t ea = (address) + (offset); \
    TRAP_IF((ea & ((n) - 1)) != 0, sub, CW_TRAP_UNALIGNED_ATOMIC) \
    const uint64_t size = __atomic_load_n(&m->size, __ATOMIC_RELAXED); \
    TRAP_IF(ea < (offset) || size < (n) || ea > size - (n), sub, CW_TRAP_MEMORY_BOUNDS) \
    uint8_t *const at = m->base + ea;
#define ATOMIC_LOAD(T) __atomic_load_n((const T *)(const void *)at, __ATOMIC_SEQ_CST)
#define ATOMIC_STORE(T, v) __atomic_store_n((T *)(void *)at, (T)(v), __ATOMIC_SEQ_CST)
#define ATOMIC_RMW(function, T, v) __atomic_##function((T *)(void *)at, (T)(v), __ATOMIC_SEQ_CST)
/* (this one takes the expected value, not its address) */
#define ATOMIC_CMPXCHG(T, expected, v) __sync_val_compare_and_swap((T *)(void *)at, (T)(expected), (T)(v))
#ifdef __SANITIZE_THREAD__
#define ATOMIC_FENCE() /* the sanitizer knows no fences */
#else
#define ATOMIC_FENCE() __atomic_thread_fence(__ATOMIC_SEQ_CST);
#endif

/* ---- integers of 128 bits, low half first ---- */
typedef unsigned __int128 cw_u128;
typedef __int128 cw_i128;
#define WIDE_AT(p) ((cw_u128)(p)[1] << 64 | (p)[0])
#define WIDE(p, value) \
    { \
        const cw_u128 wide = (value); \
        (p)[0] = (uint64_t)wide; \
        (p)[1] = (uint64_t)(wide >> 64); \
    }

/* ---- the heap ---- */
#define FIELD(ref, offset, sub) \
    TRAP_IF((ref) == 0, sub, CW_TRAP_NULL_STRUCT) \
    OBJECT_FIELD(ref, offset)
#define OBJECT_FIELD(ref, offset) uint8_t *const at = (uint8_t *)(uintptr_t)(ref) + (offset);
#define ELEMENT(ref, index, size, sub) \
    TRAP_IF((ref) == 0, sub, CW_TRAP_NULL_ARRAY) \
    TRAP_IF((index) >= ((const cw_array *)(uintptr_t)(ref))->length, sub, CW_TRAP_ARRAY_BOUNDS) \
    uint8_t *const at = (uint8_t *)(uintptr_t)(ref) + sizeof(cw_array) + (uint64_t)(index) * (size);
/* The commonest first: the very type, which is all there is of final ones. */
#define IS_TYPE(ref, id, with_null) \
    ((ref) == 0 ? (with_null) != 0 \
                : ((ref) & 3) == 0 && (((const cw_object *)(uintptr_t)(ref))->type == (id) || \
                                       cw_gc_is_subtype(in->exec->types, ref, id)))
#define HAS_DESC(ref, descriptor, with_null) \
    ((ref) == 0 ? (with_null) != 0 : cw_gc_has_descriptor(in->exec->types, ref, descriptor))
#define ALLOCATE(type_id, class, size, sub) \
    cw_gc_run *const run = &in->exec->gc.runs[class]; \
    uint8_t *cell = run->at; \
    if (UNLIKELY(cell == run->end)) { \
        cell = cw_cold_take(in, ip, sp, csp, class); \
        TRAP_IF(!cell, sub, CW_TRAP_NONE) \
    } else { \
        run->at = cell + (size); \
    } \
    *(cw_object *)(void *)cell = (cw_object){ type_id, CW_OBJECT_STRUCT, in->exec->gc.epoch, 0 };

/* ---- integers and conversions ---- */
#define DIV_CHECK(sub) TRAP_IF(y == 0, sub, CW_TRAP_DIVIDE_BY_ZERO)
#define DIV_S_CHECK(bits, sub) \
    DIV_CHECK(sub) TRAP_IF((int##bits##_t)y == -1 && (int##bits##_t)x == INT##bits##_MIN, sub, CW_TRAP_INTEGER_OVERFLOW)
#define DIV_S(bits) (uint##bits##_t)((int##bits##_t)x / (int##bits##_t)y)
#define REM_S(bits) (int##bits##_t) y == -1 ? 0 : (uint##bits##_t)((int##bits##_t)x % (int##bits##_t)y)
#define TRUNC_CHECK(sub, above, below) \
    TRAP_IF(!((above) && (below)), sub, x != x ? CW_TRAP_BAD_CONVERSION : CW_TRAP_INTEGER_OVERFLOW)
#if defined(__SSE2__)
#include <emmintrin.h>
#define SQRT32(x) _mm_cvtss_f32(_mm_sqrt_ss(_mm_set_ss(x)))
#define SQRT64(x) sqrt64(x)
static inline double sqrt64(double x)
{
    const __m128d v = _mm_set_sd(x);
    return _mm_cvtsd_f64(_mm_sqrt_sd(v, v));
}
#else
#define SQRT32(x) __builtin_sqrtf(x)
#define SQRT64(x) __builtin_sqrt(x)
#endif

/* ---- metering ---- */
#define LIMIT() __atomic_load_n(&in->exec->limit, __ATOMIC_RELAXED)
#define POLL_CHECK(sub) TRAP_IF(LIMIT() == NULL, sub, CW_TRAP_STACK)
#define FUEL_CHECK(cost, sub) TRAP_IF((in->exec->fuel -= (cost)) < 0, sub, CW_TRAP_FUEL)

/* ---- calls ---- */
#define CODE_OF(record) __atomic_load_n(&(record)->code, __ATOMIC_ACQUIRE)
#define TOP_OF(frame, code) ((frame) + cw_code_header_of(code)->frame_slots)
#define CHECK_ROOM(frame, code, sub) TRAP_IF(TOP_OF(frame, code) > LIMIT(), sub, CW_TRAP_STACK)
#define PUSH(return_ip, return_sp) \
    { \
        csp->ip = (return_ip); \
        csp->sp = (return_sp); \
        csp++; \
    }
#define RETURN() \
    { \
        csp--; \
        ip = csp->ip; \
        sp = csp->sp; \
        DISPATCH(); \
    }
/* Goes on at the start of a function's code; its record is in acc, for the translation stub. */
#define START(record, frame, target) \
    { \
        acc = (uintptr_t)(record); \
        sp = (frame); \
        ip = (target); \
        DISPATCH(); \
    }
/* Writes the record of the call, which has room in any case, makes the callee's frame ours and goes to `code`; back
 * where the stack is exhausted. (In this order few registers are needed.) */
#define PUSH_CALL(base, code, sub) \
    csp->ip = ip; \
    csp->sp = sp; \
    ip = (code); \
    sp += (base); \
    if (UNLIKELY(TOP_OF(sp, ip) > LIMIT())) { \
        ip = csp->ip; \
        sp = csp->sp; \
        TRAP(sub, CW_TRAP_STACK) \
    } \
    csp++;
/* a function of the same instance */
#define CALL_CODE(address, base, sub) \
    { \
        acc = (address); \
        PUSH_CALL(base, CODE_OF((cw_func_code *)(uintptr_t)acc), sub) \
        DISPATCH(); \
    }
/* any function */
#define CALL_FUNC(function, base, sub) \
    { \
        cw_func *const callee = (function); \
        acc = (uintptr_t)callee->code; \
        PUSH_CALL(base, CODE_OF(callee->code), sub) \
        if (callee->in != in) { \
            PUSH(CW_STUB_CROSS, (uint64_t *)(void *)in) \
            in = callee->in; \
            mem = in->mem0; \
        } \
        DISPATCH(); \
    }
/* f = the function in a table, of the type or a subtype */
#define FIND_INDIRECT(index, type_id, table_index, sub) \
    const cw_table *const table = in->tables[table_index]; \
    TRAP_IF((index) >= table->size, sub, CW_TRAP_TABLE_BOUNDS) \
    cw_func *const f = (cw_func *)(uintptr_t)table->elems[index]; \
    TRAP_IF(!f, sub, CW_TRAP_INDIRECT_NULL) \
    TRAP_IF(f->type != (type_id) && !cw_subtype_of(in->exec->types, f->type, type_id), sub, CW_TRAP_INDIRECT_TYPE)
/* Tail calls move n slots of arguments from `from` to the frame's start. */
#define MOVE_ARGUMENTS(from, n) \
    for (uint32_t i = 0; i < (n); i++) \
        sp[i] = sp[(from) + i];
#define TAIL_CALL_CODE(address, from, n, sub) \
    { \
        cw_func_code *const record = (cw_func_code *)(uintptr_t)(address); \
        const uint8_t *const target = CODE_OF(record); \
        CHECK_ROOM(sp, target, sub) \
        MOVE_ARGUMENTS(from, n) \
        START(record, sp, target) \
    }
#define TAIL_CALL_FUNC(function, from, n, sub) \
    { \
        cw_func *const callee = (function); \
        cw_func_code *const record = callee->code; \
        const uint8_t *const target = CODE_OF(record); \
        CHECK_ROOM(sp, target, sub) \
        MOVE_ARGUMENTS(from, n) \
        if (callee->in != in) { \
            const uint8_t *const below = csp[-1].ip; \
            if (below != CW_STUB_CROSS && below != CW_STUB_NATIVE_AGAIN && below != CW_STUB_DONE) \
                PUSH(CW_STUB_CROSS, (uint64_t *)(void *)in) \
            in = callee->in; \
            mem = in->mem0; \
        } \
        START(record, sp, target) \
    }

/* ---- stubs ---- */
#define ENTER_FUNC(function, sub) \
    { \
        cw_func_code *const record = (function)->code; \
        const uint8_t *const target = CODE_OF(record); \
        CHECK_ROOM(sp, target, sub) \
        START(record, sp, target) \
    }
#define CROSS_BACK() \
    { \
        in = (cw_instance *)(void *)sp; \
        mem = in->mem0; \
        RETURN() \
    }
#define LEAVE_DONE() \
    { \
        cw_interp_left(in->exec->current, CW_RUN_DONE, NULL, sp, csp, in); \
        LEAVE() \
    }
/* Goes on where an exception is handled: the thread stands there. */
#define CAUGHT() \
    { \
        const cw_thread *const there = in->exec->current; \
        ip = there->ip; \
        sp = there->sp; \
        csp = there->csp; \
        in = there->in; \
        mem = in->mem0; \
        DISPATCH(); \
    }
#define THROW(call, sub) { TRAP_IF(!(call), sub, CW_TRAP_NONE) CAUGHT() }
/* A native's pair of records is there as long as its frame; cw_interp_native runs it and says where to go on. */
#define NATIVE_BEGIN(address, sub) \
    { PUSH(NULL, (uint64_t *)(uintptr_t)(address)) PUSH(CW_STUB_NATIVE_AGAIN, sp) NATIVE_STEP(sub) }
#define NATIVE_AGAIN(sub) \
    { \
        csp++; \
        NATIVE_STEP(sub) \
    }
#define NATIVE_STEP(sub) \
    { \
        cw_thread *const thread = in->exec->current; \
        switch (cw_interp_native(thread, csp)) { \
        case CW_STEP_RETURN: \
            csp -= 2; \
            acc = sp[0]; \
            fa = AS_F32(sp); \
            da = AS_F64(sp); \
            RETURN() \
        case CW_STEP_CALL: { \
            cw_func *const callee = thread->call_func; \
            uint64_t *const frame = thread->call_args; \
            cw_func_code *const record = callee->code; \
            const uint8_t *const target = CODE_OF(record); \
            CHECK_ROOM(frame, target, sub) \
            in = callee->in; \
            mem = in->mem0; \
            START(record, frame, target) \
        } \
        case CW_STEP_THROW: CAUGHT() \
        default: /* suspended or trapped: the thread knows */ LEAVE() \
        } \
    }
#define TRANSLATE(sub) \
    { \
        const uint8_t *const target = cw_interp_translate(in->exec->current, (cw_func_code *)(uintptr_t)acc); \
        TRAP_IF(!target, sub, CW_TRAP_NONE) \
        CHECK_ROOM(sp, target, sub) \
        ip = target; \
        DISPATCH(); \
    }

#endif
