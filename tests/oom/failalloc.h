/* oom/failalloc.h: an allocator for tests, all in this header.
 *
 *     cw_failalloc f = { .fail_at = n };          // the n-th request from 0 on fails; SIZE_MAX: none
 *     cw_alloc a = cw_failalloc_hook(&f);
 *     scenario(&a);
 *     assert(f.live_blocks == 0);                 // n was past the last request if !f.failed
 *
 * Wrong old sizes, foreign pointers and writes past the end abort with a message. Every resize moves; new memory is
 * filled with 0xcd, freed memory with 0xdd, so that nobody lives on zeros or stale pointers by luck. */
#ifndef CW_OOM_FAILALLOC_H
#define CW_OOM_FAILALLOC_H

#include "base/alloc.h"

#include <stdlib.h>

typedef struct cw_failalloc {
    size_t n_calls;  /* requests so far: allocations and resizes */
    size_t fail_at;  /* this one fails */
    bool fail_after; /* and so does every one behind it */
    bool failed;     /* some request failed */
    size_t live_bytes, live_blocks;
    size_t most_bytes; /* live_bytes at their highest */
} cw_failalloc;

typedef struct cw_failalloc_head {
    _Alignas(16) uint64_t mark;
    size_t size;
} cw_failalloc_head;

enum { CW_FAILALLOC_TAIL = 8 };
static const uint64_t cw_failalloc_mark = 0xa110ca7edb10c5u;
static const uint8_t cw_failalloc_tail[CW_FAILALLOC_TAIL] = { 0xfe, 0xed, 0xfa, 0xce, 0xfe, 0xed, 0xfa, 0xce };

static inline void cw_failalloc_misuse(const char *what, size_t told, size_t known)
{
    fprintf(stderr, "failalloc: %s (given %zu, known %zu)\n", what, told, known);
    abort();
}

static inline void cw_failalloc_check(const void *ptr, size_t old_size)
{
    const cw_failalloc_head *head = (const cw_failalloc_head *)ptr - 1;
    if (head->mark != cw_failalloc_mark)
        cw_failalloc_misuse("not a live block", old_size, 0);
    if (head->size != old_size)
        cw_failalloc_misuse("wrong old size", old_size, head->size);
    if (memcmp((const char *)ptr + old_size, cw_failalloc_tail, CW_FAILALLOC_TAIL) != 0)
        cw_failalloc_misuse("written past the end", old_size, head->size);
}

static inline void cw_failalloc_free(cw_failalloc *f, void *ptr, size_t old_size)
{
    cw_failalloc_head *head = (cw_failalloc_head *)ptr - 1;
    f->live_bytes -= old_size;
    f->live_blocks--;
    memset(head, 0xdd, sizeof *head + old_size + CW_FAILALLOC_TAIL);
    free(head);
}

static inline void *cw_failalloc_fn(void *user, void *ptr, size_t old_size, size_t new_size)
{
    cw_failalloc *f = user;
    if (!ptr && old_size != 0)
        cw_failalloc_misuse("old size without a block", old_size, 0);
    if (ptr)
        cw_failalloc_check(ptr, old_size);
    if (new_size == 0) {
        if (ptr)
            cw_failalloc_free(f, ptr, old_size);
        return NULL;
    }

    size_t call = f->n_calls++;
    if (call == f->fail_at || (f->fail_after && call > f->fail_at)) {
        f->failed = true;
        return NULL;
    }
    if (new_size > SIZE_MAX - sizeof(cw_failalloc_head) - CW_FAILALLOC_TAIL)
        return NULL;
    cw_failalloc_head *head = malloc(sizeof *head + new_size + CW_FAILALLOC_TAIL);
    if (!head)
        return NULL;
    head->mark = cw_failalloc_mark;
    head->size = new_size;
    char *fresh = (char *)(head + 1);
    memset(fresh, 0xcd, new_size);
    memcpy(fresh + new_size, cw_failalloc_tail, CW_FAILALLOC_TAIL);
    f->live_bytes += new_size;
    f->live_blocks++;
    if (f->live_bytes > f->most_bytes)
        f->most_bytes = f->live_bytes;
    if (ptr) {
        memcpy(fresh, ptr, old_size < new_size ? old_size : new_size);
        cw_failalloc_free(f, ptr, old_size);
    }
    return fresh;
}

static inline cw_alloc cw_failalloc_hook(cw_failalloc *f)
{
    return (cw_alloc){ cw_failalloc_fn, f };
}

#endif
