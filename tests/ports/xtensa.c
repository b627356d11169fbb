/* xtensa.c - start-up for the lx106 of the ESP8266 on QEMU's sim board, whose calls go through simcall. */
#include "port.h"
#include <string.h>

#define SYS_EXIT  1
#define SYS_WRITE 4

static int simcall(int number, int a, const void *b, int c)
{
    register int a2 __asm__("a2") = number;
    register int a3 __asm__("a3") = a;
    register const void *a4 __asm__("a4") = b;
    register int a5 __asm__("a5") = c;
    __asm__ volatile("simcall" : "+r"(a2), "+r"(a3) : "r"(a4), "r"(a5) : "memory");
    return a2;
}

void port_say(const char *text) { simcall(SYS_WRITE, 1, text, (int)strlen(text)); }

__attribute__((used)) static void run(void)
{
    extern char bss_start[], bss_end[];
    memset(bss_start, 0, (size_t)(bss_end - bss_start));
    simcall(SYS_EXIT, port_main(), NULL, 0);
    for (;;) { }
}

/* QEMU begins at the reset vector, whatever the file says. */
__asm__(".section .reset, \"ax\"\n  j boot\n"
        ".text\n  .literal_position\n  .align 4\n  .globl boot\nboot:\n  movi a1, stack_top\n  j run\n");

/* Arithmetic the compiler calls by name; on the chip it is in the ROM. */
uint64_t __muldi3(uint64_t a, uint64_t b);
uint64_t __muldi3(uint64_t a, uint64_t b)
{
    uint64_t sum = 0;
    for (; b != 0; b >>= 1, a += a) {
        if ((b & 1) != 0) sum += a;
    }
    return sum;
}

static uint64_t divide(uint64_t a, uint64_t b, int bits, uint64_t *rest)
{
    uint64_t quotient = 0;
    *rest = 0;
    while (bits-- > 0) {
        *rest = *rest << 1 | (a >> bits & 1);
        quotient <<= 1;
        if (*rest >= b) { *rest -= b;  quotient |= 1; }
    }
    return quotient;
}

uint64_t __udivdi3(uint64_t a, uint64_t b);
uint64_t __udivdi3(uint64_t a, uint64_t b) { uint64_t rest;  return divide(a, b, 64, &rest); }
uint64_t __umoddi3(uint64_t a, uint64_t b);
uint64_t __umoddi3(uint64_t a, uint64_t b) { uint64_t rest;  (void)divide(a, b, 64, &rest);  return rest; }
uint32_t __udivsi3(uint32_t a, uint32_t b);
uint32_t __udivsi3(uint32_t a, uint32_t b) { uint64_t rest;  return (uint32_t)divide(a, b, 32, &rest); }
uint32_t __umodsi3(uint32_t a, uint32_t b);
uint32_t __umodsi3(uint32_t a, uint32_t b)
{
    uint64_t rest;
    (void)divide(a, b, 32, &rest);
    return (uint32_t)rest;
}
