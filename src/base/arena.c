/* base/arena.c: bump allocation, and the public cwrun_arena.
 *
 * Chunks arrive zeroed. `dirty` is the high-water mark in the newest chunk: what lies behind it was never written, so
 * that an allocation clears only what an earlier use left there, and a fresh chunk is not touched at all. */
#include "base/arena.h"

#include <stdarg.h>

enum { FIRST_CHUNK = 2048, LAST_CHUNK = 1 << 20, MAX_ALIGN = 16 };

struct cw_arena_chunk {
    cw_arena_chunk *older;
    size_t size; /* with this header */
};

/* What an allocation of no bytes points to. */
static const _Alignas(MAX_ALIGN) char nothing[MAX_ALIGN] = { 0 };

void cw_arena_init(cw_arena *arena, const cw_alloc *alloc)
{
    *arena = (cw_arena){ .alloc = alloc ? *alloc : cw_alloc_default, .limit = SIZE_MAX };
}

static void free_chunks(cw_arena *arena, const cw_arena_chunk *kept)
{
    for (cw_arena_chunk *c = arena->chunks, *older; c; c = older) {
        older = c->older;
        if (c != kept)
            cw_free(&arena->alloc, c, c->size);
    }
}

void cw_arena_fini(cw_arena *arena)
{
    free_chunks(arena, NULL);
    cw_arena_init(arena, &arena->alloc);
}

void cw_arena_reset(cw_arena *arena)
{
    arena->used = 0;
    arena->oom = arena->full = false;
    cw_arena_chunk *newest = arena->chunks, *kept = newest;
    if (!kept)
        return;
    for (cw_arena_chunk *c = kept->older; c; c = c->older)
        if (c->size > kept->size)
            kept = c;
    free_chunks(arena, kept);

    if (arena->at > arena->dirty)
        arena->dirty = arena->at;
    arena->chunks = kept;
    arena->at = (char *)(kept + 1);
    if (kept != newest)
        arena->end = arena->dirty = (char *)kept + kept->size;
    kept->older = NULL;
}

/* Puts a chunk in front that has room for `size` bytes at any alignment. */
static bool add_chunk(cw_arena *arena, size_t size)
{
    size_t extra = sizeof(cw_arena_chunk) + MAX_ALIGN;
    if (size > PTRDIFF_MAX - extra)
        return false;
    size_t newest = arena->chunks ? arena->chunks->size : 0;
    size_t want = newest < FIRST_CHUNK ? FIRST_CHUNK : newest < LAST_CHUNK / 2 ? newest * 2 : LAST_CHUNK;
    if (want < size + extra)
        want = size + extra;

    cw_arena_chunk *c = cw_new(&arena->alloc, want);
    if (!c)
        return false;
    c->older = arena->chunks;
    c->size = want;
    arena->chunks = c;
    arena->at = arena->dirty = (char *)(c + 1);
    arena->end = (char *)c + want;
    return true;
}

static size_t padding(const char *at, size_t align)
{
    return -(uintptr_t)at & (align - 1);
}

void *cw_arena_raw(cw_arena *arena, size_t size, size_t align)
{
    if (size == 0)
        return (void *)(uintptr_t)nothing;
    if (arena->oom)
        return NULL;

    size_t left = (size_t)(arena->end - arena->at), pad = padding(arena->at, align);
    bool full = size > arena->limit - arena->used;
    if (full || ((pad > left || size > left - pad) && !add_chunk(arena, size))) {
        arena->full |= full;
        arena->oom = true;
        return NULL;
    }
    arena->used += size;
    char *ptr = arena->at + padding(arena->at, align);
    arena->at = ptr + size;
    return ptr;
}

void *cw_arena_alloc(cw_arena *arena, size_t size, size_t align)
{
    char *ptr = cw_arena_raw(arena, size, align);
    if (ptr && size != 0 && ptr < arena->dirty)
        memset(ptr, 0, arena->at < arena->dirty ? size : (size_t)(arena->dirty - ptr));
    return ptr;
}

void *cw_arena_array(cw_arena *arena, size_t n, size_t size)
{
    if (size != 0 && n > SIZE_MAX / size) {
        arena->oom = true;
        return NULL;
    }
    size_t align = size & -size; /* no type is aligned to more than its size's lowest set bit */
    return cw_arena_alloc(arena, n * size, align == 0 || align > MAX_ALIGN ? MAX_ALIGN : align);
}

cwrun_str cw_arena_copy(cw_arena *arena, const void *data, size_t size)
{
    char *copy = size < SIZE_MAX ? cw_arena_raw(arena, size + 1, 1) : NULL;
    if (!copy) {
        arena->oom = true;
        return (cwrun_str){ NULL, 0 };
    }
    if (size != 0)
        memcpy(copy, data, size);
    copy[size] = '\0';
    return (cwrun_str){ copy, size };
}

cwrun_str cw_arena_printf(cw_arena *arena, const char *format, ...)
{
    va_list args, again;
    va_start(args, format);
    va_copy(again, args);
    cwrun_str text = { "", 0 };
    int size = vsnprintf(NULL, 0, format, args);
    char *copy = size < 0 ? NULL : cw_arena_raw(arena, (size_t)size + 1, 1);
    if (copy) {
        vsnprintf(copy, (size_t)size + 1, format, again);
        text = (cwrun_str){ copy, (size_t)size };
    } else {
        arena->oom = true;
    }
    va_end(again);
    va_end(args);
    return text;
}

/* ---- the public arena ---- */

cwrun_arena *cwrun_arena_new(const cwrun_alloc *alloc)
{
    cw_arena *arena = cw_new(alloc, sizeof *arena);
    if (arena)
        cw_arena_init(arena, alloc);
    return arena;
}

void *cwrun_arena_alloc(cwrun_arena *arena, size_t size)
{
    return arena ? cw_arena_alloc(arena, size, MAX_ALIGN) : NULL;
}

cwrun_str cwrun_arena_str(cwrun_arena *arena, const char *data, size_t size)
{
    return arena && (data || !size) ? cw_arena_copy(arena, data, size) : (cwrun_str){ NULL, 0 };
}

void cwrun_arena_reset(cwrun_arena *arena)
{
    if (arena)
        cw_arena_reset(arena);
}

void cwrun_arena_drop(cwrun_arena *arena)
{
    if (!arena)
        return;
    cw_alloc alloc = arena->alloc;
    cw_arena_fini(arena);
    cw_free(&alloc, arena, sizeof *arena);
}
