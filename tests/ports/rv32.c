/* rv32.c - start-up for RISC-V on QEMU's virt board. A trap ends the program with status 99. */
#include "port.h"
#include "semihost.h"

void port_say(const char *text) { semihost_call(SYS_WRITE0, text); }

__attribute__((used, noreturn)) static void leave(uint32_t code)
{
    semihost_exit(code);
    for (;;) { }
}

__attribute__((used, noreturn)) static void run(void)
{
    extern uint32_t bss_start[], bss_end[];
    uint32_t *to;
    for (to = bss_start; to < bss_end; ) *to++ = 0;
    leave((uint32_t)port_main());
}

__asm__(".section .boot, \"ax\"\n"
        ".globl _start\n_start:\n"
        "  .option push\n  .option norelax\n  la gp, __global_pointer$\n  .option pop\n"
        "  la sp, stack_top\n  la t0, 1f\n"
        "  .option push\n  .option arch, +zicsr\n  csrw mtvec, t0\n  .option pop\n"
        "  j run\n"
        "  .balign 4\n1: li a0, 99\n  j leave\n"
        "  .text\n");
