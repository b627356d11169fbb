/* avr.c - start-up for an ATmega under simavr: text to the serial port, the result as its last line, then
   sleep with interrupts off, which ends the simulation.                                          */
#include "port.h"
#include <avr/interrupt.h>
#include <avr/io.h>
#include <avr/sleep.h>

void port_say(const char *text)
{
    for (; *text != '\0'; text++) {
        while ((UCSR0A & (1 << UDRE0)) == 0) { }
        UDR0 = (uint8_t)*text;
    }
}

static void stop(void) __attribute__((noreturn));
static void stop(void)
{
    port_say("\n");                     /* simavr prints whole lines */
    cli();
    sleep_enable();
    for (;;) sleep_cpu();
}

/* What a trap of -fsanitize=undefined calls. */
void abort(void);
void abort(void)
{
    port_say("FAULT\n");
    stop();
}

int main(void)
{
    UCSR0B = 1 << TXEN0;
    port_say(port_main() == 0 ? "exit 0\n" : "exit 1\n");
    stop();
}
