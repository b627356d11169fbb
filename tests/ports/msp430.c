/* msp430.c - what mspdebug's simulator and clang lack: memory functions, shifts, a console byte, vectors. */
#include "port.h"

#define CONSOLE (*(volatile uint8_t *)0x00ff)

void port_say(const char *text) { while (*text != '\0') CONSOLE = (uint8_t)*text++; }

__attribute__((noinline, used)) void stopped(void) { for (;;) __asm__ volatile(""); }

__attribute__((used)) void run(void)
{
    port_say(port_main() == 0 ? "exit 0\n" : "exit 1\n");
    stopped();
}

__asm__(".section .boot,\"ax\",@progbits\n"
        ".globl _start\n_start:\n"
        "  mov #stack_top, r1\n  call #run\n"
        ".section .vectors,\"ax\",@progbits\n  .word _start\n"
        ".text\n"
        /* 32 bits in r12 (low) and r13, right or left by r14 */
        ".globl __mspabi_srll\n__mspabi_srll:\n  tst r14\n  jz 2f\n"
        "1: clrc\n  rrc r13\n  rrc r12\n  dec r14\n  jnz 1b\n2: ret\n"
        ".globl __mspabi_slll\n__mspabi_slll:\n  tst r14\n  jz 2f\n"
        "1: rla r12\n  rlc r13\n  dec r14\n  jnz 1b\n2: ret\n");

/* Arithmetic that the compiler calls by name. __mspabi_mpyll takes its first number in r8..r11, unlike any C
   function; everything else is as a C function would have it. */
uint16_t __mspabi_mpyi(uint16_t a, uint16_t b)
{
    uint16_t sum = 0;
    for (; b != 0; b >>= 1, a = (uint16_t)(a + a)) {
        if ((b & 1) != 0) sum = (uint16_t)(sum + a);
    }
    return sum;
}

uint32_t __mspabi_mpyl(uint32_t a, uint32_t b)
{
    uint32_t sum = 0;
    for (; b != 0; b >>= 1, a += a) {
        if ((b & 1) != 0) sum += a;
    }
    return sum;
}

__attribute__((used)) uint64_t multiply64(uint64_t a, uint64_t b)
{
    uint64_t sum = 0;
    uint8_t bit;
    for (bit = 0; bit < 64; bit++, a += a) {
        if (((uint8_t)b & 1) != 0) sum += a;
        b >>= 1;
    }
    return sum;
}

__asm__(".globl __mspabi_mpyll\n__mspabi_mpyll:\n"
        "  push r15\n  push r14\n  push r13\n  push r12\n"
        "  mov r8, r12\n  mov r9, r13\n  mov r10, r14\n  mov r11, r15\n"
        "  call #multiply64\n  add #8, r1\n  ret\n");

static uint16_t divide(uint16_t a, uint16_t b, uint16_t *rest)
{
    uint16_t quotient = 0;
    uint8_t bit;
    *rest = 0;
    for (bit = 0; bit < 16; bit++) {
        *rest = (uint16_t)(*rest << 1 | a >> 15);
        a = (uint16_t)(a << 1);
        quotient = (uint16_t)(quotient << 1);
        if (*rest >= b) { *rest = (uint16_t)(*rest - b);  quotient |= 1; }
    }
    return quotient;
}

uint16_t __mspabi_divu(uint16_t a, uint16_t b) { uint16_t rest;  return divide(a, b, &rest); }
uint16_t __mspabi_remu(uint16_t a, uint16_t b) { uint16_t rest;  (void)divide(a, b, &rest);  return rest; }

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
