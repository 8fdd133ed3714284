/* Memory traffic of mixed widths: a picture of 8-bit pixels, sums in 16 and 32 bits, a histogram, a transposition. */
#include "kernel.h"

#define SIZE 256

static uint8_t picture[SIZE][SIZE], turned[SIZE][SIZE];
static uint16_t rows[SIZE][SIZE];
static uint32_t histogram[256];

uint64_t kernel(uint32_t n)
{
    uint32_t seed = 51;
    for (int y = 0; y < SIZE; y++)
        for (int x = 0; x < SIZE; x++)
            picture[y][x] = (uint8_t)next_random(&seed);
    uint64_t sum = 0;
    for (uint32_t round = 0; round < n; round++) {
        for (int y = 0; y < SIZE; y++)
            for (int x = 1; x < SIZE - 1; x++)
                rows[y][x] = (uint16_t)(picture[y][x - 1] + 2 * picture[y][x] + picture[y][x + 1]);
        for (int y = 1; y < SIZE - 1; y++)
            for (int x = 1; x < SIZE - 1; x++)
                turned[x][y] = (uint8_t)((rows[y - 1][x] + 2 * rows[y][x] + rows[y + 1][x]) >> 4);
        for (int i = 0; i < 256; i++)
            histogram[i] = 0;
        for (int y = 0; y < SIZE; y++)
            for (int x = 0; x < SIZE; x++) {
                histogram[turned[y][x]]++;
                picture[y][x] = (uint8_t)(turned[y][x] * 5 + x);
            }
        for (int i = 0; i < 256; i++)
            sum = mix(sum, histogram[i]);
    }
    return sum;
}
