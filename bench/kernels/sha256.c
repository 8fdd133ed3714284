/* Integer ALU, 32 bits: the compression function of SHA-256 [FIPS 180-4], chained over n blocks. The constants come
 * from a
 * generator instead of the standard's table, so the digest is not SHA-256; the work is. */
#include "kernel.h"

static inline uint32_t rotate(uint32_t x, int by)
{
    return x >> by | x << (32 - by);
}

static NOINLINE void compress(uint32_t *state, const uint32_t *block, const uint32_t *constants)
{
    uint32_t w[64];
    for (int i = 0; i < 16; i++)
        w[i] = block[i];
    for (int i = 16; i < 64; i++) {
        uint32_t s0 = rotate(w[i - 15], 7) ^ rotate(w[i - 15], 18) ^ w[i - 15] >> 3;
        uint32_t s1 = rotate(w[i - 2], 17) ^ rotate(w[i - 2], 19) ^ w[i - 2] >> 10;
        w[i] = w[i - 16] + s0 + w[i - 7] + s1;
    }
    uint32_t a = state[0], b = state[1], c = state[2], d = state[3];
    uint32_t e = state[4], f = state[5], g = state[6], h = state[7];
    for (int i = 0; i < 64; i++) {
        uint32_t t1 = h + (rotate(e, 6) ^ rotate(e, 11) ^ rotate(e, 25)) + ((e & f) ^ (~e & g)) + constants[i] + w[i];
        uint32_t t2 = (rotate(a, 2) ^ rotate(a, 13) ^ rotate(a, 22)) + ((a & b) ^ (a & c) ^ (b & c));
        h = g, g = f, f = e, e = d + t1;
        d = c, c = b, b = a, a = t1 + t2;
    }
    state[0] += a, state[1] += b, state[2] += c, state[3] += d;
    state[4] += e, state[5] += f, state[6] += g, state[7] += h;
}

uint64_t kernel(uint32_t n)
{
    static uint32_t constants[64], state[8], block[16];
    uint32_t seed = 42;
    for (int i = 0; i < 64; i++)
        constants[i] = next_random(&seed);
    for (int i = 0; i < 8; i++)
        state[i] = next_random(&seed);
    for (uint32_t i = 0; i < n; i++) {
        block[i & 15] ^= state[i & 7] + i;
        compress(state, block, constants);
    }
    uint64_t sum = 0;
    for (int i = 0; i < 8; i++)
        sum = mix(sum, state[i]);
    return sum;
}
