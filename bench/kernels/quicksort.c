/* Sort: quicksort of 32-bit numbers with insertion sort of short runs, then heap sort of the same numbers. */
#include "kernel.h"

#define LENGTH 20000

static void quicksort(uint32_t *low, uint32_t *high)
{
    while (high - low > 12) {
        uint32_t pivot = low[(high - low) / 2], *i = low, *k = high - 1;
        for (;;) {
            while (*i < pivot)
                i++;
            while (pivot < *k)
                k--;
            if (i >= k)
                break;
            uint32_t held = *i;
            *i++ = *k;
            *k-- = held;
        }
        if (i - low < high - i) {
            quicksort(low, i);
            low = i;
        } else {
            quicksort(i, high);
            high = i;
        }
    }
    for (uint32_t *i = low + 1; i < high; i++) {
        uint32_t held = *i, *k = i;
        for (; k > low && k[-1] > held; k--)
            *k = k[-1];
        *k = held;
    }
}

static void sift(uint32_t *items, uint32_t at, uint32_t n)
{
    uint32_t held = items[at];
    for (uint32_t child; (child = 2 * at + 1) < n; at = child) {
        if (child + 1 < n && items[child + 1] > items[child])
            child++;
        if (items[child] <= held)
            break;
        items[at] = items[child];
    }
    items[at] = held;
}

static void heapsort(uint32_t *items, uint32_t n)
{
    for (uint32_t i = n / 2; i-- > 0;)
        sift(items, i, n);
    while (n-- > 1) {
        uint32_t held = items[0];
        items[0] = items[n];
        items[n] = held;
        sift(items, 0, n);
    }
}

uint64_t kernel(uint32_t n)
{
    static uint32_t items[LENGTH], same[LENGTH];
    uint32_t seed = 81;
    uint64_t sum = 0;
    for (uint32_t round = 0; round < n; round++) {
        for (uint32_t i = 0; i < LENGTH; i++)
            items[i] = same[i] = next_random(&seed);
        quicksort(items, items + LENGTH);
        heapsort(same, LENGTH);
        for (uint32_t i = 0; i < LENGTH; i += 97)
            sum = mix(sum, items[i] - same[i] + (uint64_t)items[i]);
    }
    return sum;
}
