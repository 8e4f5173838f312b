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

/* Start the counter of processor clock ticks. */
void board_counter_start(void);

/* Ticks since its start; UINT32_MAX if it ran over. */
uint32_t board_counter_read(void);

/* Most bytes the stack has ever held. */
uint32_t board_stack_used(void);

#endif
