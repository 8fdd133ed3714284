/* Pointer chasing: a ring of 4096 nodes linked in random order, whose links are rewired while it is walked. */
#include "kernel.h"

#define NODES 4096

struct node {
    struct node *next, *other;
    uint32_t value, visits;
};

static struct node nodes[NODES];

uint64_t kernel(uint32_t n)
{
    static uint32_t order[NODES];
    uint32_t seed = 61;
    for (uint32_t i = 0; i < NODES; i++)
        order[i] = i;
    for (uint32_t i = NODES - 1; i > 0; i--) {
        uint32_t k = next_random(&seed) % (i + 1), held = order[i];
        order[i] = order[k];
        order[k] = held;
    }
    for (uint32_t i = 0; i < NODES; i++) {
        struct node *node = &nodes[order[i]];
        node->next = &nodes[order[(i + 1) % NODES]];
        node->other = &nodes[next_random(&seed) % NODES];
        node->value = next_random(&seed);
        node->visits = 0;
    }
    struct node *at = &nodes[0];
    uint32_t sum = 0;
    for (uint32_t round = 0; round < n; round++) {
        for (uint32_t i = 0; i < 1000; i++) {
            sum += at->value ^ at->other->value;
            at = at->next;
        }
        at->visits++;
        struct node *held = at->other;
        at->other = at->other->next;
        if (held->visits < 100)
            at = held;
    }
    return sum;
}
