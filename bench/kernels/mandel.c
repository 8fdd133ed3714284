/* f64 in locals: the Mandelbrot set on a grid of n by n points. */
#include "kernel.h"

uint64_t kernel(uint32_t n)
{
    uint64_t sum = 0;
    for (uint32_t row = 0; row < n; row++) {
        double ci = 2.0 * row / n - 1.0;
        for (uint32_t column = 0; column < n; column++) {
            double cr = 3.0 * column / n - 2.0, r = 0, i = 0;
            uint32_t steps = 0;
            for (; steps < 60; steps++) {
                double rr = r * r, ii = i * i;
                if (rr + ii > 4.0)
                    break;
                i = 2 * r * i + ci;
                r = rr - ii + cr;
            }
            sum += steps * (row ^ column);
        }
    }
    return sum;
}
