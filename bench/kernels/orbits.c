/* f64: five bodies under gravity, structures in memory, a square root and a division per pair. */
#include "kernel.h"

#define BODIES 5

struct body {
    double x, y, z, vx, vy, vz, mass;
};

static struct body bodies[BODIES];

static NOINLINE void advance(double dt)
{
    for (int i = 0; i < BODIES; i++) {
        struct body *a = &bodies[i];
        for (int k = i + 1; k < BODIES; k++) {
            struct body *b = &bodies[k];
            double dx = a->x - b->x, dy = a->y - b->y, dz = a->z - b->z;
            double square = dx * dx + dy * dy + dz * dz + 0.01;
            double pull = dt / (square * __builtin_sqrt(square));
            a->vx -= dx * b->mass * pull, a->vy -= dy * b->mass * pull, a->vz -= dz * b->mass * pull;
            b->vx += dx * a->mass * pull, b->vy += dy * a->mass * pull, b->vz += dz * a->mass * pull;
        }
    }
    for (int i = 0; i < BODIES; i++) {
        struct body *a = &bodies[i];
        a->x += a->vx * dt, a->y += a->vy * dt, a->z += a->vz * dt;
    }
}

uint64_t kernel(uint32_t n)
{
    uint32_t seed = 11;
    for (int i = 0; i < BODIES; i++) {
        double *fields = &bodies[i].x;
        for (int k = 0; k < 7; k++)
            fields[k] = (double)(next_random(&seed) & 0xffff) / 65536.0 * (k < 3 ? 10 : 1);
    }
    for (uint32_t i = 0; i < n; i++)
        advance(0.001);
    uint64_t sum = 0;
    for (int i = 0; i < BODIES; i++)
        sum = mix(sum, bits_of_double(bodies[i].x + bodies[i].vy));
    return sum;
}
