/* The processor's cycle counter (DWT CYCCNT), for the log variable s2m.cycles. */
#ifndef S2M_CYCLES_H
#define S2M_CYCLES_H

#include <stdint.h>

void s2m_cycles_start(void);
uint32_t s2m_cycles_now(void);

#endif
