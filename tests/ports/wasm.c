/* wasm.c - the self-test as WebAssembly without any C library: what a browser or Node can load. */
#include "port.h"

__attribute__((import_module("env"), import_name("say"))) void say(const char *text, size_t len);

/* The barriers keep the compiler from making each of these a call of itself. */
void *memcpy(void *to, const void *from, size_t n)
{
    uint8_t *d = (uint8_t *)to;
    const uint8_t *s = (const uint8_t *)from;
    while (n-- > 0) { *d++ = *s++;  __asm__ volatile(""); }
    return to;
}

void *memset(void *to, int byte, size_t n)
{
    uint8_t *d = (uint8_t *)to;
    while (n-- > 0) { *d++ = (uint8_t)byte;  __asm__ volatile(""); }
    return to;
}

int memcmp(const void *a, const void *b, size_t n)
{
    const uint8_t *x = (const uint8_t *)a, *y = (const uint8_t *)b;
    for (; n > 0; n--, x++, y++) {
        if (*x != *y) return *x < *y ? -1 : 1;
    }
    return 0;
}

size_t strlen(const char *text)
{
    size_t n = 0;
    while (text[n] != '\0') { n++;  __asm__ volatile(""); }
    return n;
}

void port_say(const char *text) { say(text, strlen(text)); }

__attribute__((export_name("run"))) int run(void) { return port_main(); }
