/* Memory traffic, bytes: n generations of the game of life on a torus of 128 by 128 cells. */
#include "kernel.h"

#define SIZE 128

static uint8_t boards[2][SIZE][SIZE];

uint64_t kernel(uint32_t n)
{
    uint32_t seed = 41;
    for (uint32_t row = 0; row < SIZE; row++)
        for (uint32_t column = 0; column < SIZE; column++)
            boards[0][row][column] = next_random(&seed) % 3 == 0;
    for (uint32_t generation = 0; generation < n; generation++) {
        uint8_t(*from)[SIZE] = boards[generation & 1], (*to)[SIZE] = boards[~generation & 1];
        for (uint32_t row = 0; row < SIZE; row++) {
            const uint8_t *above = from[(row - 1) % SIZE], *here = from[row], *below = from[(row + 1) % SIZE];
            for (uint32_t column = 0; column < SIZE; column++) {
                uint32_t left = (column - 1) % SIZE, right = (column + 1) % SIZE;
                int around = above[left] + above[column] + above[right] + here[left] + here[right] + below[left] +
                             below[column] + below[right];
                to[row][column] = around == 3 || (around == 2 && here[column]);
            }
        }
    }
    uint64_t sum = 0;
    for (uint32_t row = 0; row < SIZE; row++)
        for (uint32_t column = 0; column < SIZE; column++)
            sum = sum * 3 + boards[n & 1][row][column];
    return sum;
}
