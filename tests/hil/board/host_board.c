/* The policy server on this computer: standard input is the serial line, standard output the
 * answers. */
#include "board.h"
#include "server.h"

#include <stdio.h>
#include <stdlib.h>

#define SPARE_BYTES 2048U

uint8_t board_read(void) {
  const int byte = getchar();
  if (byte == EOF) {
    exit(0);
  }
  return (uint8_t)byte;
}

void board_write(uint8_t byte) {
  (void)putchar(byte);
}

void *board_spare_memory(uint32_t *bytes) {
  *bytes = SPARE_BYTES;
  return malloc(SPARE_BYTES); /* not static: on the heap the sanitizer watches all around it */
}

void board_init(void) {
}

void board_counter_start(void) {
}

uint32_t board_counter_read(void) {
  return 0U;
}

uint32_t board_counter_hz(void) {
  return 0U;
}

uint32_t board_stack_used(void) {
  return 0U;
}

int main(void) {
  server_run();
}
