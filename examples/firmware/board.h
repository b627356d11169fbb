/* board.h - what gate.c needs of its board. board.c brings it for Arm's MPS2 with a Cortex-M4, as QEMU
   has it. */
#ifndef BOARD_H
#define BOARD_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

void board_write(const char *text, size_t len);         /* the serial line */
bool board_read(char *c);                               /* waits; false when the line has gone */

/* Flash of two sectors. Erasing and writing one leaves the other alone; false: the chip says no. */
#define SECTOR 1024u
bool board_flash_read (unsigned sector, uint8_t out[SECTOR]);
bool board_flash_write(unsigned sector, const uint8_t *bytes, size_t len);

/* Random bytes from the chip's generator; false as long as it is not ready. */
bool board_random(void *out, size_t len);

/* The chip's hash engine: blocks of 64 bytes into the state (FIPS 180-4 6.2.2). */
void board_sha256(uint32_t state[8], const uint8_t *in, size_t blocks);

void board_power_off(void);
int  gate_main(void);                                   /* called by the start-up */

#endif
