/* cpuid.h - in front of the compiler's own: with FAKE_CPU=1..4 in the environment the processor has no leaf 1
   (so no SSE), no leaf 7 (so no SHA), no AVX, no AVX2. So one machine shows what the header does on all of
   them (tests/coverage.py). */
#include_next <cpuid.h>
#include <stdlib.h>

static inline int fake_cpuid(unsigned leaf, unsigned sub, unsigned *a, unsigned *b, unsigned *c, unsigned *d)
{
    const char *text = getenv("FAKE_CPU");
    int lack = text != NULL ? atoi(text) : 0;
    int there = (lack == 1 && leaf == 1) || (lack == 2 && leaf == 7) ? 0
              : __get_cpuid_count(leaf, sub, a, b, c, d);
    if (lack == 3 && leaf == 1) *c &= ~(1u << 28);
    if (lack == 4 && leaf == 7) *b &= ~(1u << 5);
    return there;
}

#define __get_cpuid_count fake_cpuid
