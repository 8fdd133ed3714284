/* Strings: cuts a text into words, counts them in a hash table, compares and copies byte by byte, searches a needle.
 * */
#include "kernel.h"

#define SLOTS 1024
#define TEXT 8192

static char text[TEXT], pool[TEXT];
static uint32_t n_pool;

static struct {
    const char *word;
    uint32_t length, hash, count;
} slots[SLOTS];

static NOINLINE uint32_t length_of(const char *s)
{
    uint32_t n = 0;
    while (s[n])
        n++;
    return n;
}

static NOINLINE int same(const char *a, const char *b, uint32_t n)
{
    for (uint32_t i = 0; i < n; i++)
        if (a[i] != b[i])
            return 0;
    return 1;
}

static NOINLINE const char *search(const char *s, const char *needle)
{
    for (; *s; s++) {
        uint32_t i = 0;
        while (needle[i] && s[i] == needle[i])
            i++;
        if (!needle[i])
            return s;
    }
    return NULL;
}

static NOINLINE void enter(const char *word, uint32_t n)
{
    uint32_t hash = 2166136261u;
    for (uint32_t i = 0; i < n; i++)
        hash = (hash ^ (uint8_t)word[i]) * 16777619u;
    uint32_t at = hash % SLOTS;
    while (slots[at].word && !(slots[at].hash == hash && slots[at].length == n && same(slots[at].word, word, n)))
        at = (at + 1) % SLOTS;
    if (!slots[at].word) {
        char *copy = pool + n_pool;
        for (uint32_t i = 0; i < n; i++)
            pool[n_pool++] = word[i] >= 'a' && word[i] <= 'z' ? word[i] : '?';
        slots[at].word = copy;
        slots[at].length = n;
        slots[at].hash = hash;
    }
    slots[at].count++;
}

uint64_t kernel(uint32_t n)
{
    static const char *const syllables[] = { "ba", "kel", "ti", "mor", "su", "an", "dri", "o" };
    uint32_t seed = 101, used = 0;
    while (used < TEXT - 16) {
        for (uint32_t k = 1 + next_random(&seed) % 3; k; k--)
            for (const char *s = syllables[next_random(&seed) & 7]; *s; s++)
                text[used++] = *s;
        text[used++] = ' ';
    }
    uint64_t sum = 0;
    for (uint32_t round = 0; round < n; round++) {
        n_pool = 0;
        for (uint32_t i = 0; i < SLOTS; i++)
            slots[i].word = NULL, slots[i].count = 0;
        for (const char *p = text; *p;) {
            const char *end = p;
            while (*end && *end != ' ')
                end++;
            enter(p, (uint32_t)(end - p));
            p = *end ? end + 1 : end;
        }
        for (uint32_t i = 0; i < SLOTS; i += 7)
            sum = mix(sum, slots[i].count * 31 + slots[i].length);
        const char *found = search(text, "titidrio");
        sum = mix(sum, (found ? (uint32_t)(found - text) : 0) + length_of(text));
        char *changed = &text[round * 2 % (TEXT - 32)];
        *changed = *changed == ' ' ? ' ' : 'e';
    }
    return sum;
}
