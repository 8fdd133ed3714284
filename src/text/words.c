/* text/words.c: spelling → word, by one hash table made from core/opcodes.def and words.def. */
#include "text/lexer.h"

enum { SLOTS = sizeof((cw_words *)0)->slots / sizeof *((cw_words *)0)->slots };

static const char *const spellings[CW_WORD_COUNT - CW_OP_COUNT] = {
#define WORD(id, spelling) [CW_WORD_##id - CW_OP_COUNT] = spelling,
#include "text/words.def"
#undef WORD
};

static uint32_t hash_of(const char *s, size_t n)
{
    uint32_t h = 2166136261u;
    for (size_t i = 0; i < n; i++)
        h = (h ^ (uint8_t)s[i]) * 16777619u;
    return h ^ h >> 15;
}

const char *cw_word_spelling(uint16_t word)
{
    return word < CW_OP_COUNT ? cw_opcodes[word].name : word < CW_WORD_COUNT ? spellings[word - CW_OP_COUNT] : "?";
}

uint16_t cw_words_find(const cw_words *words, const char *spelling, size_t size)
{
    uint32_t h = hash_of(spelling, size);
    for (uint32_t at = h % SLOTS;; at = (at + 1) % SLOTS) {
        if (!words->slots[at].word)
            return 0;
        if (words->slots[at].hash == h && words->slots[at].size == size &&
            memcmp(cw_word_spelling(words->slots[at].word), spelling, size) == 0)
            return words->slots[at].word;
    }
}

void cw_words_init(cw_words *words)
{
    memset(words, 0, sizeof *words);
    for (uint16_t word = 1; word < CW_WORD_COUNT; word++) {
        const char *s = cw_word_spelling(word);
        size_t size = strlen(s);
        if (cw_words_find(words, s, size)) /* select has two codes: the first is the word */
            continue;
        uint32_t h = hash_of(s, size), at = h % SLOTS;
        while (words->slots[at].word)
            at = (at + 1) % SLOTS;
        words->slots[at].hash = h;
        words->slots[at].size = (uint16_t)size;
        words->slots[at].word = word;
    }
}
