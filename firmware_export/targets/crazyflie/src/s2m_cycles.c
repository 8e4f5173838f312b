/* Registers as in ARM's Armv7-M architecture reference manual, C1.6.5 and C1.8. */
#include "s2m_cycles.h"

#define REGISTER(address) (*(volatile uint32_t *)(address))
#define DEMCR REGISTER(0xE000EDFCU)
#define DWT_CTRL REGISTER(0xE0001000U)
#define DWT_CYCCNT REGISTER(0xE0001004U)

#define DEMCR_TRCENA (1U << 24)
#define DWT_CTRL_CYCCNTENA 1U

void s2m_cycles_start(void) {
  DEMCR |= DEMCR_TRCENA;
  DWT_CTRL |= DWT_CTRL_CYCCNTENA;
}

uint32_t s2m_cycles_now(void) {
  return DWT_CYCCNT;
}
