/* string.h - the four functions that a program without a C library brings itself. */
#ifndef SHAPE_STRING_H
#define SHAPE_STRING_H

#include <stddef.h>

void  *memcpy(void *to, const void *from, size_t n);
void  *memset(void *to, int byte, size_t n);
int    memcmp(const void *a, const void *b, size_t n);
size_t strlen(const char *s);

#endif
