/* cortex_m.c - start-up for any Cortex-M under QEMU: vectors, memory, and out through semihosting. */
#include "port.h"
#include "semihost.h"

#define FAULT 99                        /* the exit status of a program that hit a trap */

extern uint32_t data_image[], data_start[], data_end[], bss_start[], bss_end[], stack_top[];

void port_say(const char *text) { semihost_call(SYS_WRITE0, text); }

static void fault(void)
{
    port_say("FAULT\n");
    semihost_exit(FAULT);
}

void reset(void);
void reset(void)                 /* the processor has set the stack pointer from the first vector */
{
    uint32_t *to, *from = data_image;
    for (to = data_start; to < data_end; ) *to++ = *from++;
    for (to = bss_start; to < bss_end; ) *to++ = 0;
    semihost_exit((uint32_t)port_main());
}

/* What -fsanitize-undefined-trap-on-error executes; without it a fault, too. */
void abort(void);
void abort(void) { for (;;) fault(); }

typedef void (*vector)(void);
__attribute__((section(".vectors"), used))
static const struct { uint32_t *stack;  vector handlers[15]; } vectors = {
    stack_top, {reset, fault, fault, fault, fault, fault, 0, 0, 0, 0, fault, fault, 0, fault, fault}
};
