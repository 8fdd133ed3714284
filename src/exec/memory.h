/* exec/memory.h: bulk operations on memories, for the interpreter's cold handlers  [core 4.6.6]. Addresses and counts
 * are full 64-bit values (32-bit ones zero-extended); every function checks all bounds before it writes. False: the
 * trap MEMORY_BOUNDS. */
#ifndef CW_EXEC_MEMORY_H
#define CW_EXEC_MEMORY_H

#include "exec/exec.h"

bool cw_memory_copy(cw_memory *to, uint64_t d, const cw_memory *from, uint64_t s, uint64_t n);
bool cw_memory_fill(cw_memory *m, uint64_t d, uint8_t value, uint64_t n);
bool cw_memory_init(cw_instance *in, uint32_t memory, uint32_t segment, uint64_t d, uint64_t s, uint64_t n);
void cw_data_drop(cw_instance *in, uint32_t segment);
/* Pages now, in the unit of the memory's type. */
uint64_t cw_memory_pages(const cw_memory *m);

/* Makes `size` bytes of an address space of `reserved` usable, and some ahead where there is room. */
bool cw_memory_commit(uint8_t *base, uint64_t *committed, uint64_t size, uint64_t reserved);

/* Lets the instance's {mem0, mem0_size} follow the memory, from now on. False: out of memory. */
bool cw_memory_follow(cw_memory *m, cw_instance *in);
/* Frees what the memory holds; the struct is its maker's. */
void cw_memory_fini(cw_memory *m);

#endif
