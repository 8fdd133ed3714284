/* exec/dispatch.h: how handlers are made out of their bodies: as functions that end in a tail call of the next one, or
 * as the cases of switches (CW_DISPATCH_SWITCH: other compilers, other machines, sanitizers, unoptimized builds). */
#ifndef CW_EXEC_DISPATCH_H
#define CW_EXEC_DISPATCH_H

#include "exec/exec.h"

#if defined(__has_feature)
#if __has_feature(address_sanitizer) || __has_feature(memory_sanitizer) || __has_feature(thread_sanitizer)
#define CW_SANITIZED
#endif
#endif
#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
#define CW_SANITIZED
#endif

#ifndef CW_DISPATCH_SWITCH
#if defined(CW_SANITIZED) || !(defined(__x86_64__) || defined(__aarch64__))
#define CW_DISPATCH_SWITCH
#elif defined(__clang__) || (defined(__GNUC__) && __GNUC__ >= 15)
#define CW_MUSTTAIL __attribute__((musttail))
#elif defined(__GNUC__) && defined(__OPTIMIZE__)
#define CW_MUSTTAIL /* -foptimize-sibling-calls does it; `make check-tailcalls` sees that it did */
#else
#define CW_DISPATCH_SWITCH
#endif
#endif

typedef uint64_t cw_v128 __attribute__((vector_size(16), may_alias));

/* What is hot is an argument and so stays in a register: where in the code, frame, memory 0, control stack,
 * accumulators for integers, f32, f64 and v128, instance. */
#define CW_PARAMS \
    const uint8_t *ip, uint64_t *sp, uint8_t *mem, cw_control *csp, uint64_t acc, cw_instance *in, float fa, \
        double da, cw_v128 va
#define CW_ARGS ip, sp, mem, csp, acc, in, fa, da, va

#ifdef CW_DISPATCH_SWITCH

typedef struct cw_registers {
    const uint8_t *ip; /* NULL: the run was left */
    uint64_t *sp;
    uint8_t *mem;
    cw_control *csp;
    uint64_t acc;
    cw_instance *in;
    float fa;
    double da;
    cw_v128 va;
} cw_registers;

/* Runs handlers as long as they are of its part, and stores the registers. */
typedef void cw_handler(cw_registers *registers);
typedef uint64_t cw_handler_ref; /* what the first word of an instruction is */

/* clang-format off */
#define HANDLERS_BEGIN(name) \
    void name(cw_registers *registers) \
    { \
        const uint8_t *ip = registers->ip; \
        uint64_t *sp = registers->sp; \
        uint8_t *mem = registers->mem; \
        cw_control *csp = registers->csp; \
        uint64_t acc = registers->acc; \
        cw_instance *in = registers->in; \
        float fa = registers->fa; \
        double da = registers->da; \
        cw_v128 va = registers->va; \
        for (;;) { \
        next: \
            switch (*(const uint64_t *)(const void *)ip) {
#define HANDLERS_END \
            default: \
                goto out; \
            } \
        } \
    trap: __attribute__((unused)); \
        cw_cold_trap(CW_ARGS); \
    left: __attribute__((unused)); \
        ip = NULL; \
    out: \
        *registers = (cw_registers){ CW_ARGS }; \
    }
/* clang-format on */
#define H(name) case CW_H_##name:
#define DISPATCH() goto next
#define TRAP(sub, code) \
    { \
        ip += (sub); \
        acc = (code); \
        goto trap; \
    }
#define LEAVE() goto left;

#else

typedef void cw_handler(CW_PARAMS);
typedef cw_handler *cw_handler_ref;

#define HANDLERS_BEGIN(name)
#define HANDLERS_END
#define H(name) void cw_h_##name(CW_PARAMS)
#define DISPATCH() CW_MUSTTAIL return (**(cw_handler *const *)(const void *)ip)(CW_ARGS)
#define TRAP(sub, code) \
    { \
        ip += (sub); \
        acc = (code); \
        CW_MUSTTAIL return cw_cold_trap(CW_ARGS); \
    }
#define LEAVE() \
    { \
        (void)ip, (void)mem, (void)acc, (void)fa, (void)da, (void)va; \
        return; \
    }

#endif

/* Stores where the run stands and the trap `acc` (0: it is recorded already), with its sub-operation in the low bits of
 * ip; then the run is left. */
void cw_cold_trap(CW_PARAMS);

#endif
