/* port.h - what a machine must bring so that the self-test can run on it, and what it gets in return. */
#ifndef PORT_H
#define PORT_H

#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

/* Brought by the machine: text out, by whatever way there is. */
void port_say(const char *text);

/* Called by the machine's start-up: the whole program. 0 when all is well, to be handed to the host. */
int port_main(void);

#ifdef __cplusplus
}
#endif

/* Constants of the test that may live in flash alone, where that is another address space. */
#if defined(__AVR__)
#  include <avr/pgmspace.h>
#  define PORT_FLASH PROGMEM
#  define PORT_COPY(to, from, n) memcpy_P(to, from, n)
#else
#  define PORT_FLASH
#  define PORT_COPY(to, from, n) memcpy(to, from, n)
#endif

#endif
