/* semihost.h - a chip's way out under QEMU: the debugger's calls of Arm, and the same ones of RISC-V.
   semihost_call is one instruction sequence that the emulator recognises.                       */
#ifndef SEMIHOST_H
#define SEMIHOST_H

#include <stdint.h>

#define SYS_WRITE0        0x04
#define SYS_EXIT_EXTENDED 0x20          /* unlike SYS_EXIT it takes a number along */
#define ADP_STOPPED_APPLICATION_EXIT 0x20026u

static inline intptr_t semihost_call(intptr_t operation, const void *argument)
{
#if defined(__riscv)
    register intptr_t result __asm__("a0") = operation;
    register const void *block __asm__("a1") = argument;
    __asm__ volatile(".option push\n\t.option norvc\n\t.balign 16\n\t"         /* one page, no short forms */
                     "slli zero, zero, 0x1f\n\tebreak\n\tsrai zero, zero, 7\n\t.option pop"
                     : "+r"(result) : "r"(block) : "memory");
#else
    register intptr_t result __asm__("r0") = operation;
    register const void *block __asm__("r1") = argument;
    __asm__ volatile("bkpt 0xab" : "+r"(result) : "r"(block) : "memory");
#endif
    return result;
}

static inline void semihost_exit(uint32_t code)
{
    uintptr_t block[2];
    block[0] = ADP_STOPPED_APPLICATION_EXIT;
    block[1] = code;
    semihost_call(SYS_EXIT_EXTENDED, block);
    for (;;) { }
}

#endif
