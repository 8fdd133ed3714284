/* The memory allocator (free lists by size class over one block) and the string functions of the linked program. */
#include "parts.h"

struct block {
    struct block *next;
};

static _Alignas(16) char space[192 * 1024];
static uint32_t top;
static struct block *unused[16];
uint32_t heap_used;

void *heap_take(uint32_t size)
{
    uint32_t class = (size + 15) / 16;
    heap_used += size;
    struct block *b = unused[class & 15];
    if (b) {
        unused[class & 15] = b->next;
        return b;
    }
    uint32_t at = top;
    if (at + class * 16 > sizeof space)
        __builtin_trap();
    top += class * 16;
    return space + at;
}

void heap_give(void *block, uint32_t size)
{
    uint32_t class = (size + 15) / 16;
    heap_used -= size;
    struct block *b = block;
    b->next = unused[class & 15];
    unused[class & 15] = b;
}

uint32_t text_length(const char *s)
{
    uint32_t n = 0;
    while (s[n])
        n++;
    return n;
}

int text_same(const char *a, const char *b)
{
    while (*a && *a == *b)
        a++, b++;
    return *a == *b;
}

char *text_copy(const char *s)
{
    uint32_t size = text_length(s) + 1;
    char *copy = heap_take(size);
    for (uint32_t i = 0; i < size; i++)
        copy[i] = s[i];
    return copy;
}
