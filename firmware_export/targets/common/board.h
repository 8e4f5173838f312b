/* What a microcontroller must offer to the policy server. */
#ifndef BOARD_H
#define BOARD_H

#include <stdint.h>

/* Serial line and counter. */
void board_init(void);

/* Wait for a byte. */
uint8_t board_read(void);

/* Send a byte. */
void board_write(uint8_t byte);

/* RAM that the program does not use, aligned to 4 bytes, and its size. */
void *board_spare_memory(uint32_t *bytes);

/* Start the counter of processor clock ticks. */
void board_counter_start(void);

/* Ticks since its start; UINT32_MAX if it ran over. */
uint32_t board_counter_read(void);

/* How often a second it ticks; 0 under an emulator, whose ticks are those of executed instructions
   at best. */
uint32_t board_counter_hz(void);

/* Most bytes the stack has ever held. */
uint32_t board_stack_used(void);

#endif
