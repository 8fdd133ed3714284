/* exec/ops.c: the tables made from ops.def and, by tools/gen_handlers.c, of the handlers. */
#include "exec/ops.h"

#include "exec/handler_list.h"

#include "handler_trie.h"

const cw_iop_info cw_iops[CW_IOP_COUNT] = {
    { "none", "", 0 },
#define VALUE(id, result, operands, forms, dsts, before, expr) { #id, operands, result },
#define COMPARE(id, operands, forms, expr) { #id, operands, 'i' }, { "BR_" #id, operands "L", 0 },
#define EFFECT(id, operands, forms, body) { #id, operands, 0 },
#define JUMP(id, operands, forms, body) { #id, operands, 0 },
#include "exec/ops.def"
};

const uint32_t cw_n_handlers = N_HANDLERS;

uint32_t cw_node_find(uint32_t node, uint32_t key)
{
    key |= node << CW_KEY_BITS;
    uint32_t at = (uint32_t)((uint64_t)(key * 0x9e3779b1u) * TRIE_SIZE >> 32);
    while (trie_keys[at] != key) {
        if (!trie_keys[at])
            return 0;
        at = at + 1 < TRIE_SIZE ? at + 1 : 0;
    }
    return trie_nodes[at];
}

#ifdef CW_DISPATCH_SWITCH

uint64_t cw_handler_word(uint32_t handler)
{
    return handler;
}

static cw_handler *const parts[N_PARTS] = {
#define PART(n) cw_handlers_##n,
#include "handler_parts.def"
#undef PART
};

static const uint8_t part_of[] = {
    0,
#define HANDLER(name, part) part,
#include "handlers.def"
#undef HANDLER
};

void cw_switch_run(cw_registers *r)
{
    while (r->ip)
        parts[part_of[*(const uint64_t *)(const void *)r->ip]](r);
}

#elif defined(__ELF__) && defined(__GNUC__)

/* Distances from the table's start, since thousands of pointers would be relocated whenever the program starts; C has
 * no constant expression for them. */
extern const int32_t cw_handler_offsets[];
__asm__(".pushsection .rodata\n"
        ".balign 4\n"
        ".hidden cw_handler_offsets\n"
        "cw_handler_offsets:\n"
        ".long 0\n"
#define HANDLER(name, part) ".long cw_h_" #name " - cw_handler_offsets\n"
#include "handlers.def"
#undef HANDLER
        ".popsection\n");

uint64_t cw_handler_word(uint32_t handler)
{
    return (uintptr_t)cw_handler_offsets + (uint64_t)(int64_t)cw_handler_offsets[handler];
}

#else

static cw_handler *const handlers[] = {
    NULL,
#define HANDLER(name, part) cw_h_##name,
#include "handlers.def"
#undef HANDLER
};

uint64_t cw_handler_word(uint32_t handler)
{
    return (uintptr_t)handlers[handler];
}

#endif

#ifdef CW_HANDLER_NAMES

static const char *const names[] = {
    "",
#define HANDLER(name, part) #name,
#include "handlers.def"
#undef HANDLER
};

const char *cw_handler_name(uint32_t handler)
{
    return names[handler];
}

#else

const char *cw_handler_name(uint32_t handler)
{
    (void)handler;
    return "";
}

#endif
