/* exec/code.h: translated code: where it lies and from which instruction it comes.
 *
 * The code of a function is one block: a header of 16 bytes, then the instructions, 8-aligned. cw_func_code.code points
 * to the first instruction, so that who reads that one word atomically has all of it. */
#ifndef CW_EXEC_CODE_H
#define CW_EXEC_CODE_H

#include <pthread.h>

#include "exec/exec.h"

typedef struct cw_code_header {
    uint32_t size; /* of the block, header included; 0: it is not on its own (stubs, natives) */
    uint32_t maps; /* where its cw_code_maps stand, in bytes from the first instruction; 0: no slot ever refers to the
                      heap */
    uint32_t handlers;    /* where its cw_try_table stands, in bytes from the first instruction; 0: it has none */
    uint32_t frame_slots; /* slots above sp that the function needs */
} cw_code_header;

/* Who handles the exceptions of some instructions. Regions are counted from 1. */
typedef struct cw_try_region {
    uint32_t next;   /* the region that is asked when none of its clauses takes the exception; 0: none */
    uint32_t clause; /* the first one, counted from 1; 0: none */
} cw_try_region;

/* Instructions that end behind `at`, an offset in the code, and not behind the next boundary's belong to `region`. */
typedef struct cw_try_boundary {
    uint32_t at, region;
} cw_try_boundary;

enum { CW_TAG_ANY = UINT32_MAX, CW_NO_SLOT = UINT16_MAX };

typedef struct cw_try_clause {
    uint32_t tag;    /* index in the instance, or CW_TAG_ANY */
    uint32_t target; /* where it goes on, an offset in the code */
    uint32_t next;   /* counted from 1; 0: none */
    uint16_t values; /* slot of the exception's values, or CW_NO_SLOT */
    uint16_t ref;    /* slot of the exception itself, or CW_NO_SLOT */
} cw_try_clause;

typedef struct cw_try_table {
    uint32_t n_boundaries, n_regions, n_clauses, reserved;
    cw_try_boundary boundaries[]; /* in order of their places; then the regions, then the clauses */
} cw_try_table;

static inline const cw_try_region *cw_try_regions(const cw_try_table *table)
{
    return (const cw_try_region *)(const void *)(table->boundaries + table->n_boundaries);
}

static inline const cw_try_clause *cw_try_clauses(const cw_try_table *table)
{
    return (const cw_try_clause *)(const void *)(cw_try_regions(table) + table->n_regions);
}

/* What a module's functions share; it stands before its records. */
typedef struct cw_code_state {
    cw_alloc alloc;
    cw_code_options options;
    pthread_mutex_t lock;
    CW_VEC(const uint8_t *) tabled; /* under the lock: code that has handlers or maps, by address */
} cw_code_state;

static inline cw_code_state *cw_code_state_of(const cw_module *m)
{
    return (cw_code_state *)(void *)m->codes - 1;
}

static inline const cw_code_header *cw_code_header_of(const uint8_t *code)
{
    return (const cw_code_header *)(const void *)(code - sizeof(cw_code_header));
}

/* Publishes the code of a function in a new block, or frees it where somebody was first. What stands then; NULL where
 * memory ran out. */
const uint8_t *cw_code_publish(cw_func_code *record, uint8_t *block);

/* The code in `m` that ip is in or behind a call of, if it has handlers; else NULL. Thread-safe. */
const uint8_t *cw_code_trying(cw_module *m, const uint8_t *ip);
/* Which slots of a frame hold references to the heap (exec/gc.h) where a function stands at a call or an allocation.
 * Locals of such types always do: they are null from the start. What of the operand stack does is a chain of nodes,
 * node 0 its end, which places share as far as their stacks are the same. Behind it: n_points cw_code_point by their
 * offset, n_nodes cw_code_node, n_locals uint16_t. */
typedef struct cw_code_maps {
    uint32_t n_points, n_nodes, n_locals, reserved;
} cw_code_maps;

typedef struct cw_code_point {
    uint32_t end; /* of the instruction, from the code's start */
    uint32_t node;
} cw_code_point;

typedef struct cw_code_node {
    uint32_t below, slot;
} cw_code_node;

static inline const cw_code_point *cw_code_map_points(const cw_code_maps *maps)
{
    return (const cw_code_point *)(const void *)(maps + 1);
}
static inline const cw_code_node *cw_code_map_nodes(const cw_code_maps *maps)
{
    return (const cw_code_node *)(const void *)(cw_code_map_points(maps) + maps->n_points);
}
static inline const uint16_t *cw_code_map_locals(const cw_code_maps *maps)
{
    return (const uint16_t *)(const void *)(cw_code_map_nodes(maps) + maps->n_nodes);
}

/* The maps of the function of m whose instruction ends at ip, and the node of that place; NULL where nothing refers. */
const cw_code_maps *cw_code_maps_find(cw_module *m, const uint8_t *ip, uint32_t *node);

/* The function of `m` whose code contains ip (a walk's: cw_walk_frame) and the instruction it comes from, as an offset
 * in the file that m was loaded from. Looking it up translates the function again: `budget` is how many bytes of code
 * the caller still grants for that. False where ip is not in m's code, the budget is used up or memory ran out. */
bool cw_code_locate(cw_module *m, const uint8_t *ip, bool is_return, uint64_t *budget, uint32_t *func,
                    uint64_t *offset);

#endif
