/* cpuid.h - in front of the compiler's own: with FAKE_CPU=1..4 in the environment the processor has no leaf 1, no
   leaf 7, no SSE4.1, no SHA. So one machine shows what the header does on all of them (tests/coverage.py).   */
#include_next <cpuid.h>
#include <stdlib.h>

static inline int fake_cpu(void)
{
    const char *n = getenv("FAKE_CPU");
    return n != NULL ? atoi(n) : 0;
}

static inline int fake_cpu_leaf(unsigned leaf, unsigned *a, unsigned *b, unsigned *c, unsigned *d)
{
    int there = fake_cpu() == 1 ? 0 : __get_cpuid(leaf, a, b, c, d);
    if (fake_cpu() == 3) *c = 0;
    return there;
}

static inline int fake_cpu_leaf_count(unsigned leaf, unsigned sub, unsigned *a, unsigned *b, unsigned *c, unsigned *d)
{
    int there = fake_cpu() == 2 ? 0 : __get_cpuid_count(leaf, sub, a, b, c, d);
    if (fake_cpu() == 4) *b = 0;
    return there;
}

#define __get_cpuid       fake_cpu_leaf
#define __get_cpuid_count fake_cpu_leaf_count
