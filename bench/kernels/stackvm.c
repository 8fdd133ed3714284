/* br_table dispatch: a small stack machine in a switch, which counts primes by trial division. */
#include "kernel.h"

enum { PUSH, LOAD, STORE, ADD, SUB, MUL, REM, LESS, EQUAL, NOT, JUMP, JUMP_IF, DUP, DROP, HALT };

static int32_t code[128];

/* for (x = 2; x < limit; x++) if (no d with d * d <= x divides x) sum += x; locals: 0 limit, 1 x, 2 d, 3 sum */
static void assemble(void)
{
    uint32_t at = 0;
#define EMIT(x) code[at++] = (x)
    EMIT(PUSH), EMIT(2), EMIT(STORE), EMIT(1);
    uint32_t outer = at;
    EMIT(LOAD), EMIT(1), EMIT(LOAD), EMIT(0), EMIT(LESS), EMIT(NOT), EMIT(JUMP_IF);
    uint32_t to_end = at++;
    EMIT(PUSH), EMIT(2), EMIT(STORE), EMIT(2);
    uint32_t inner = at;
    EMIT(LOAD), EMIT(1), EMIT(LOAD), EMIT(2), EMIT(DUP), EMIT(MUL), EMIT(LESS), EMIT(JUMP_IF);
    uint32_t to_prime = at++;
    EMIT(LOAD), EMIT(1), EMIT(LOAD), EMIT(2), EMIT(REM), EMIT(NOT), EMIT(JUMP_IF);
    uint32_t to_next = at++;
    EMIT(LOAD), EMIT(2), EMIT(PUSH), EMIT(1), EMIT(ADD), EMIT(STORE), EMIT(2), EMIT(JUMP), EMIT((int32_t)inner);
    code[to_prime] = (int32_t)at;
    EMIT(LOAD), EMIT(3), EMIT(LOAD), EMIT(1), EMIT(ADD), EMIT(STORE), EMIT(3);
    code[to_next] = (int32_t)at;
    EMIT(LOAD), EMIT(1), EMIT(PUSH), EMIT(1), EMIT(ADD), EMIT(STORE), EMIT(1), EMIT(JUMP), EMIT((int32_t)outer);
    code[to_end] = (int32_t)at;
    EMIT(HALT);
#undef EMIT
}

static NOINLINE int32_t execute(const int32_t *ip, int32_t limit)
{
    int32_t stack[16], locals[4] = { limit, 0, 0, 0 }, *sp = stack;
    for (;;) {
        switch (*ip++) {
        case PUSH: *sp++ = *ip++; break;
        case LOAD: *sp++ = locals[*ip++ & 3]; break;
        case STORE: locals[*ip++ & 3] = *--sp; break;
        case ADD:
            sp--;
            sp[-1] += *sp;
            break;
        case SUB:
            sp--;
            sp[-1] -= *sp;
            break;
        case MUL:
            sp--;
            sp[-1] *= *sp;
            break;
        case REM:
            sp--;
            sp[-1] %= *sp;
            break;
        case LESS:
            sp--;
            sp[-1] = sp[-1] < *sp;
            break;
        case EQUAL:
            sp--;
            sp[-1] = sp[-1] == *sp;
            break;
        case NOT: sp[-1] = !sp[-1]; break;
        case JUMP: ip = code + *ip; break;
        case JUMP_IF:
            if (*--sp)
                ip = code + *ip;
            else
                ip++;
            break;
        case DUP:
            *sp = sp[-1];
            sp++;
            break;
        case DROP: sp--; break;
        case HALT: return locals[3];
        default: return -1;
        }
    }
}

uint64_t kernel(uint32_t n)
{
    assemble();
    return (uint32_t)execute(code, (int32_t)n);
}
