/* Pointer chasing: a treap with insertion by rotation, search and removal of the smallest. */
#include "kernel.h"

#define NODES 16384

struct tree {
    struct tree *left, *right;
    uint32_t key, priority;
};

static struct tree pool[NODES], *unused;

static struct tree *insert(struct tree *t, struct tree *fresh)
{
    if (!t)
        return fresh;
    if (fresh->key < t->key) {
        struct tree *l = t->left = insert(t->left, fresh);
        if (l->priority > t->priority) {
            t->left = l->right;
            l->right = t;
            return l;
        }
    } else {
        struct tree *r = t->right = insert(t->right, fresh);
        if (r->priority > t->priority) {
            t->right = r->left;
            r->left = t;
            return r;
        }
    }
    return t;
}

static struct tree *take_smallest(struct tree *t, uint32_t *key)
{
    struct tree **link = &t, *at;
    while ((*link)->left)
        link = &(*link)->left;
    at = *link;
    *link = at->right;
    *key = at->key;
    at->left = unused;
    unused = at;
    return t;
}

uint64_t kernel(uint32_t n)
{
    uint32_t seed = 71, used = 0;
    uint64_t sum = 0;
    struct tree *root = NULL;
    unused = NULL;
    for (uint32_t i = 0; i < n; i++) {
        struct tree *fresh = unused;
        if (fresh)
            unused = fresh->left;
        else
            fresh = &pool[used++];
        *fresh = (struct tree){ NULL, NULL, next_random(&seed), next_random(&seed) * 2654435769u };
        root = insert(root, fresh);
        for (int probe = 0; probe < 4; probe++) {
            uint32_t key = next_random(&seed), depth = 0;
            for (const struct tree *t = root; t; t = key < t->key ? t->left : t->right)
                depth++;
            sum += depth;
        }
        if (used == NODES && !unused) {
            uint32_t key;
            root = take_smallest(root, &key);
            sum = mix(sum, key);
        }
    }
    return sum;
}
