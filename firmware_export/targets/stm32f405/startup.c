/* Reset: paint the stack, enable the floating-point unit, initialise memory, run the server. */
#include "board.h"
#include "server.h"

#include <stdint.h>

#define CPACR (*(volatile uint32_t *)0xE000ED88U)
#define STACK_PAINT 0xA5A5A5A5U

extern uint32_t data_load[];
extern uint32_t data_start[];
extern uint32_t data_end[];
extern uint32_t bss_start[];
extern uint32_t bss_end[];
extern uint32_t stack_lowest[];
extern uint32_t stack_top[];

void reset_handler(void);

static void fault_handler(void) {
  for (;;) {
  }
}

/* Armv7-M vector table: initial stack pointer, reset, and the system exceptions; no interrupt is
 * used. */
typedef union {
  void (*handler)(void);
  void *stack;
} vector_t;

extern const vector_t vectors[16];
__attribute__((section(".vectors"), used))
const vector_t vectors[16] = {{.stack = stack_top},
                              {.handler = reset_handler},
                              {.handler = fault_handler},
                              {.handler = fault_handler},
                              {.handler = fault_handler},
                              {.handler = fault_handler},
                              {.handler = fault_handler},
                              {.handler = 0},
                              {.handler = 0},
                              {.handler = 0},
                              {.handler = 0},
                              {.handler = fault_handler},
                              {.handler = fault_handler},
                              {.handler = 0},
                              {.handler = fault_handler},
                              {.handler = fault_handler}};

void reset_handler(void) {
  uint32_t *const here = (uint32_t *)__builtin_frame_address(0);
  /* Volatile, so that the compiler does not call memset, whose frame would lie in what is painted
     and whose code is longer than both loops. */
  for (volatile uint32_t *word = stack_lowest; word < here - 16; ++word) {
    *word = STACK_PAINT;
  }
  CPACR |= 0xFU << 20; /* full access to coprocessors 10 and 11, the floating-point unit */
  __asm__ volatile("dsb\n\tisb");
  for (uint32_t *to = data_start, *from = data_load; to < data_end; ++to, ++from) {
    *to = *from;
  }
  for (volatile uint32_t *to = bss_start; to < bss_end; ++to) {
    *to = 0U;
  }
  board_init();
  server_run();
}
