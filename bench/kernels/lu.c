/* f64 and memory: the LU decomposition with pivoting of n matrices of 128 by 128. */
#include "kernel.h"

#define SIZE 128

static double m[SIZE][SIZE];

static NOINLINE double decompose(void)
{
    double determinant = 1;
    for (uint32_t k = 0; k < SIZE; k++) {
        uint32_t pivot = k;
        for (uint32_t i = k + 1; i < SIZE; i++)
            if (__builtin_fabs(m[i][k]) > __builtin_fabs(m[pivot][k]))
                pivot = i;
        for (uint32_t c = 0; pivot != k && c < SIZE; c++) {
            double held = m[k][c];
            m[k][c] = m[pivot][c];
            m[pivot][c] = held;
        }
        determinant *= m[k][k];
        for (uint32_t i = k + 1; i < SIZE; i++) {
            double factor = m[i][k] / m[k][k];
            m[i][k] = factor;
            for (uint32_t c = k + 1; c < SIZE; c++)
                m[i][c] -= factor * m[k][c];
        }
    }
    return determinant;
}

uint64_t kernel(uint32_t n)
{
    uint32_t seed = 17;
    uint64_t sum = 0;
    for (uint32_t round = 0; round < n; round++) {
        for (uint32_t i = 0; i < SIZE; i++)
            for (uint32_t k = 0; k < SIZE; k++)
                m[i][k] = (double)(int32_t)next_random(&seed) / 2147483648.0;
        sum = mix(sum, bits_of_double(decompose()) ^ bits_of_double(m[SIZE - 1][SIZE / 2]));
    }
    return sum;
}
