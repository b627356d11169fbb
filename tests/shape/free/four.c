/* four.c - memcpy, memset, memcmp and strlen, as a small device would write them. */
#include "string.h"

void *memcpy(void *to, const void *from, size_t n)
{
    unsigned char *t = (unsigned char *)to;
    const unsigned char *f = (const unsigned char *)from;
    while (n-- > 0) *t++ = *f++;
    return to;
}

void *memset(void *to, int byte, size_t n)
{
    unsigned char *t = (unsigned char *)to;
    while (n-- > 0) *t++ = (unsigned char)byte;
    return to;
}

int memcmp(const void *a, const void *b, size_t n)
{
    const unsigned char *x = (const unsigned char *)a, *y = (const unsigned char *)b;
    for (; n > 0; n--, x++, y++) {
        if (*x != *y) return *x < *y ? -1 : 1;
    }
    return 0;
}

size_t strlen(const char *s)
{
    size_t n = 0;
    while (s[n] != '\0') n++;
    return n;
}
