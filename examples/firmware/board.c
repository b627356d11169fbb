/* board.c - MPS2 with a Cortex-M4 (AN386) under QEMU: start-up, serial line, and flash in a file of the
   host. */
#include "board.h"
#include <string.h>

/* ---- start-up ---------------------------------------------------------------------------------- */

extern uint32_t data_image[], data_start[], data_end[], bss_start[], bss_end[], stack_top[];

static void leave(uint32_t status);

static void fault(void) { leave(99); }

void reset(void);
void reset(void)
{
    uint32_t *to, *from = data_image;
    for (to = data_start; to < data_end; ) *to++ = *from++;
    for (to = bss_start; to < bss_end; ) *to++ = 0;
    leave((uint32_t)gate_main());
}

typedef void (*vector)(void);
__attribute__((section(".vectors"), used))
static const struct { uint32_t *stack;  vector handlers[15]; } vectors = {
    stack_top, {reset, fault, fault, fault, fault, fault, 0, 0, 0, 0, fault, fault, 0, fault, fault}
};

/* ---- the serial line: CMSDK APB UART 0 ----------------------------------------------------------- */

typedef struct uart { volatile uint32_t data, state, control, interrupt, divider; } uart;
#define UART0      ((uart *)0x40004000u)
#define TX_FULL    1u
#define RX_FULL    2u
#define TX_AND_RX  3u
#define END_OF_LINE_INPUT '\004'        /* Ctrl-D: the script has ended */

static void uart_on(void)
{
    UART0->divider = 16;
    UART0->control = TX_AND_RX;
}

void board_write(const char *text, size_t len)
{
    uart_on();
    for (; len > 0; len--, text++) {
        while ((UART0->state & TX_FULL) != 0) { }
        UART0->data = (uint8_t)*text;
    }
}

bool board_read(char *c)
{
    uart_on();
    while ((UART0->state & RX_FULL) == 0) { }
    *c = (char)UART0->data;
    return *c != END_OF_LINE_INPUT;
}

/* ---- flash: files of the host, through semihosting --------------------------------------------- */

enum { SYS_OPEN = 0x01, SYS_CLOSE = 0x02, SYS_WRITE = 0x05, SYS_READ = 0x06, SYS_EXIT_EXTENDED = 0x20 };
enum { OPEN_RB = 1, OPEN_WB = 5 };

static int host(int operation, const void *arguments)
{
    register int r0 __asm__("r0") = operation;
    register const void *r1 __asm__("r1") = arguments;
    __asm__ volatile("bkpt 0xab" : "+r"(r0) : "r"(r1) : "memory");
    return r0;
}

static void leave(uint32_t status)
{
    uint32_t arguments[2];
    arguments[0] = 0x20026;             /* ADP_Stopped_ApplicationExit */
    arguments[1] = status;
    host(SYS_EXIT_EXTENDED, arguments);
    for (;;) { }
}

static int flash_open(unsigned sector, int mode)
{
    static char name[] = "gate.flash0";
    uintptr_t arguments[3];
    name[10] = (char)('0' + sector);
    arguments[0] = (uintptr_t)name;
    arguments[1] = (uintptr_t)mode;
    arguments[2] = sizeof name - 1;
    return host(SYS_OPEN, arguments);
}

/* Reads or writes len bytes; gives how many were not done, as the host does. */
static size_t flash_move(unsigned sector, int mode, int operation, uintptr_t bytes, size_t len)
{
    uintptr_t arguments[3];
    int file = flash_open(sector, mode), left;
    if (file < 0) return len;
    arguments[0] = (uintptr_t)file;
    arguments[1] = bytes;
    arguments[2] = len;
    left = host(operation, arguments);
    host(SYS_CLOSE, arguments);
    return left < 0 ? len : (size_t)left;
}

bool board_flash_read(unsigned sector, uint8_t out[SECTOR])
{
    memset(out, 0xFF, SECTOR);          /* what erased flash reads as */
    return flash_move(sector, OPEN_RB, SYS_READ, (uintptr_t)out, SECTOR) < SECTOR;
}

bool board_flash_write(unsigned sector, const uint8_t *bytes, size_t len)
{
    return flash_move(sector, OPEN_WB, SYS_WRITE, (uintptr_t)bytes, len) == 0;
}

/* ---- what QEMU's board does not have ------------------------------------------------------------------ */

/* !! No random numbers at all, only other ones after each start: so that the dialogue can be compared. On
   a chip: its generator, and false until it says that it is ready. STM32: RNG->SR, then RNG->DR. nRF52:
   EVENTS_VALRDY, then VALUE. */
bool board_random(void *out, size_t len)
{
    static uint8_t starts[SECTOR], n;
    if (n == 0) {
        (void)board_flash_read(2, starts);
        starts[0]++;
        if (!board_flash_write(2, starts, 1)) return false;
        n = (uint8_t)(starts[0] << 5);
    }
    memset(out, ++n, len);
    return true;
}

void board_power_off(void) { leave(0); }
