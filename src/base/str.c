/* base/str.c: views of text, and the sticky builder of text. */
#include "base/str.h"

bool cw_str_eq(cwrun_str a, cwrun_str b)
{
    return a.size == b.size && (a.size == 0 || memcmp(a.data, b.data, a.size) == 0);
}

bool cw_str_eq_c(cwrun_str a, const char *b)
{
    return cw_str_eq(a, cwrun_str_of(b));
}

int cw_str_cmp(cwrun_str a, cwrun_str b)
{
    size_t common = a.size < b.size ? a.size : b.size;
    int order = common == 0 ? 0 : memcmp(a.data, b.data, common);
    return order != 0 ? order : (a.size > b.size) - (a.size < b.size);
}

bool cw_str_starts(cwrun_str s, cwrun_str prefix)
{
    return s.size >= prefix.size && cw_str_eq(cw_str_sub(s, 0, prefix.size), prefix);
}

bool cw_str_ends(cwrun_str s, cwrun_str suffix)
{
    return s.size >= suffix.size && cw_str_eq(cw_str_sub(s, s.size - suffix.size, s.size), suffix);
}

size_t cw_str_find(cwrun_str s, char c, size_t from)
{
    if (from >= s.size)
        return SIZE_MAX;
    const char *found = memchr(s.data + from, c, s.size - from);
    return found ? (size_t)(found - s.data) : SIZE_MAX;
}

cwrun_str cw_str_sub(cwrun_str s, size_t from, size_t to)
{
    if (to > s.size)
        to = s.size;
    if (from >= to)
        return (cwrun_str){ s.data, 0 };
    return (cwrun_str){ s.data + from, to - from };
}

enum { MAX_DISTANCE_TEXT = 128 }; /* longer names are not compared */

unsigned cw_str_distance(cwrun_str a, cwrun_str b, unsigned most)
{
    size_t gap = a.size > b.size ? a.size - b.size : b.size - a.size;
    if (gap > most)
        return most + 1;
    if (a.size > MAX_DISTANCE_TEXT || b.size > MAX_DISTANCE_TEXT)
        return cw_str_eq(a, b) ? 0 : most + 1;

    /* row[j] is the distance of the first i bytes of a to the first j of b */
    unsigned row[MAX_DISTANCE_TEXT + 1];
    for (unsigned j = 0; j <= b.size; j++)
        row[j] = j;
    for (unsigned i = 1; i <= a.size; i++) {
        unsigned diagonal = row[0], best = i;
        row[0] = i;
        for (unsigned j = 1; j <= b.size; j++) {
            unsigned change = diagonal + (a.data[i - 1] != b.data[j - 1]);
            unsigned add = row[j - 1] + 1, drop = row[j] + 1;
            diagonal = row[j];
            row[j] = change < add ? change : add;
            if (drop < row[j])
                row[j] = drop;
            if (row[j] < best)
                best = row[j];
        }
        if (best > most)
            return most + 1;
    }
    return row[b.size] > most ? most + 1 : row[b.size];
}

/* ---- text under construction ---- */

enum { MIN_TEXT = 64 };

void cw_text_init(cw_text *t, const cw_alloc *a)
{
    *t = (cw_text){ .alloc = a ? *a : cw_alloc_default };
}

void cw_text_fini(cw_text *t)
{
    cw_free(&t->alloc, t->data, t->cap);
    cw_text_init(t, &t->alloc);
}

/* Room for `more` bytes and a NUL. */
static bool reserve(cw_text *t, size_t more)
{
    if (t->oom)
        return false;
    if (t->cap - t->size > more)
        return true;
    size_t cap = t->cap < MIN_TEXT / 2 ? MIN_TEXT : t->cap > SIZE_MAX / 2 ? SIZE_MAX : t->cap * 2;
    if (more >= SIZE_MAX - t->size) {
        t->oom = true;
        return false;
    }
    if (cap < t->size + more + 1)
        cap = t->size + more + 1;
    char *data = cw_resize(&t->alloc, t->data, t->cap, cap);
    if (!data) {
        t->oom = true;
        return false;
    }
    t->data = data;
    t->cap = cap;
    return true;
}

void cw_text_add(cw_text *t, const char *data, size_t size)
{
    if (!reserve(t, size))
        return;
    if (size != 0)
        memcpy(t->data + t->size, data, size);
    t->size += size;
    t->data[t->size] = '\0';
}

void cw_text_puts(cw_text *t, const char *s)
{
    cw_text_add(t, s, strlen(s));
}

void cw_text_str(cw_text *t, cwrun_str s)
{
    cw_text_add(t, s.data, s.size);
}

void cw_text_vprintf(cw_text *t, const char *format, va_list args)
{
    va_list again;
    va_copy(again, args);
    size_t left = t->oom ? 0 : t->cap - t->size;
    int size = vsnprintf(left != 0 ? t->data + t->size : NULL, left, format, args);
    if (size < 0) {
        t->oom = true;
    } else if ((size_t)size < left) {
        t->size += (size_t)size;
    } else if (reserve(t, (size_t)size)) {
        vsnprintf(t->data + t->size, (size_t)size + 1, format, again);
        t->size += (size_t)size;
    }
    if (t->oom && t->data)
        t->data[t->size] = '\0';
    va_end(again);
}

void cw_text_printf(cw_text *t, const char *format, ...)
{
    va_list args;
    va_start(args, format);
    cw_text_vprintf(t, format, args);
    va_end(args);
}

bool cw_text_write(void *text, const char *data, size_t size)
{
    cw_text *t = text;
    cw_text_add(t, data, size);
    return !t->oom;
}
