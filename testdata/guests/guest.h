/* What the C guests share: the shapes of strings and lists in memory, and an allocator that only goes forward. A
 * guest resets it * in its post-return functions, when the host has copied the result out. There is no libc and no
 * generated code: each guest * writes out the core signatures that the Canonical ABI gives its WIT functions. */
#ifndef GUEST_H
#define GUEST_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define EXPORT(name) __attribute__((export_name(name)))
#define IMPORT(module, name) __attribute__((import_module(module), import_name(name)))

struct list {
    void *items;
    uint32_t n;
};

extern char __heap_base;
static uintptr_t guest_top;

static void *guest_alloc(size_t align, size_t size)
{
    if (!guest_top)
        guest_top = (uintptr_t)&__heap_base;
    uintptr_t at = (guest_top + align - 1) & -(uintptr_t)align, end = at + size;
    if (end < at)
        __builtin_trap();
    size_t have = __builtin_wasm_memory_size(0) << 16;
    if (end > have && __builtin_wasm_memory_grow(0, (end - have + 0xffff) >> 16) == (size_t)-1)
        __builtin_trap();
    guest_top = end;
    return (void *)at;
}

static inline void guest_reset(void)
{
    guest_top = (uintptr_t)&__heap_base;
}

EXPORT("cabi_realloc") void *cabi_realloc(void *old, size_t old_size, size_t align, size_t size)
{
    if (old && size <= old_size)
        return old;
    void *fresh = size ? guest_alloc(align, size) : (void *)align;
    if (old_size)
        __builtin_memcpy(fresh, old, old_size);
    return fresh;
}

#endif
