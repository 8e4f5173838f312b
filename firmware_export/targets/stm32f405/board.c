/* STM32F405: USART1 on PA9/PA10 and a counter of processor cycles, registers as in ST's reference
   manual RM0090 and ARM's Armv7-M architecture reference manual. Runs on the 16 MHz internal
   oscillator, the reset default. */
#include "board.h"

#define REGISTER(address) (*(volatile uint32_t *)(address))

#define RCC_AHB1ENR REGISTER(0x40023830U)
#define RCC_APB2ENR REGISTER(0x40023844U)
#define GPIOA_MODER REGISTER(0x40020000U)
#define GPIOA_AFRH REGISTER(0x40020024U)
#define USART1_SR REGISTER(0x40011000U)
#define USART1_DR REGISTER(0x40011004U)
#define USART1_BRR REGISTER(0x40011008U)
#define USART1_CR1 REGISTER(0x4001100CU)
#define SYST_CSR REGISTER(0xE000E010U)
#define SYST_RVR REGISTER(0xE000E014U)
#define SYST_CVR REGISTER(0xE000E018U)
#define NVIC_ISER1 REGISTER(0xE000E104U)
#define NVIC_ICPR1 REGISTER(0xE000E284U)
#define DEMCR REGISTER(0xE000EDFCU)
#define DWT_CTRL REGISTER(0xE0001000U)
#define DWT_CYCCNT REGISTER(0xE0001004U)

#define USART1_IRQ (1U << (37U - 32U))
#define DEMCR_TRCENA (1U << 24)
#define DWT_CYCCNTENA 1U
#define USART_RXNE (1U << 5)
#define USART_TXE (1U << 7)
#define SYST_LARGEST 0x00FFFFFFU
#define SYST_ENABLE_PROCESSOR_CLOCK 5U
#define SYST_COUNTFLAG (1U << 16)

#define CLOCK_HZ 16000000U
/* 16 MHz / 16 / 500000 = 2, exactly; 115200 would be too slow for a flight in real time. */
#define BAUD_500000 0x20U

extern uint32_t bss_end[];
extern uint32_t stack_lowest[];
extern uint32_t stack_top[];
#define STACK_PAINT 0xA5A5A5A5U

static uint32_t counter_overhead;
static uint32_t has_cycle_counter; /* QEMU's processor has none; there SysTick counts */

void board_init(void) {
  RCC_AHB1ENR |= 1U;                                          /* port A */
  RCC_APB2ENR |= 1U << 4;                                     /* USART1 */
  GPIOA_MODER = (GPIOA_MODER & ~(0xFU << 18)) | (0xAU << 18); /* PA9, PA10: alternate function */
  GPIOA_AFRH = (GPIOA_AFRH & ~(0xFFU << 4)) | (0x77U << 4);   /* number 7: USART1 */
  USART1_BRR = BAUD_500000;
  USART1_CR1 =
      (1U << 13) | (1U << 5) | (1U << 3) | (1U << 2); /* on, RXNE interrupt, send, receive */
  __asm__ volatile("cpsid i"); /* interrupts wake the processor and are never taken */
  NVIC_ISER1 = USART1_IRQ;
  DEMCR |= DEMCR_TRCENA;
  DWT_CTRL |= DWT_CYCCNTENA;
  has_cycle_counter = DWT_CTRL & DWT_CYCCNTENA;
  board_counter_start();
  counter_overhead = board_counter_read();
}

uint8_t board_read(void) {
  uint8_t byte;
  /* Asleep between bytes: an emulator's processor that asks all the time starves its own port. */
  while ((USART1_SR & USART_RXNE) == 0U) {
    __asm__ volatile("wfi");
  }
  byte = (uint8_t)USART1_DR;
  NVIC_ICPR1 = USART1_IRQ;
  return byte;
}

void board_write(uint8_t byte) {
  while ((USART1_SR & USART_TXE) == 0U) {
  }
  USART1_DR = byte;
}

void *board_spare_memory(uint32_t *bytes) {
  *bytes = (uint32_t)(stack_lowest - bss_end) * 4U;
  return bss_end;
}

uint32_t board_counter_hz(void) {
  return has_cycle_counter ? CLOCK_HZ : 0U;
}

void board_counter_start(void) {
  if (has_cycle_counter) {
    DWT_CYCCNT = 0U;
    return;
  }
  SYST_CSR = 0U;
  SYST_RVR = SYST_LARGEST;
  SYST_CVR = 0U;
  SYST_CSR = SYST_ENABLE_PROCESSOR_CLOCK;
  (void)SYST_CSR; /* reading clears the flag of the first load */
}

uint32_t board_counter_read(void) {
  const uint32_t now = has_cycle_counter ? DWT_CYCCNT : SYST_LARGEST - SYST_CVR;
  if (!has_cycle_counter) {
    const uint32_t status = SYST_CSR;
    SYST_CSR = 0U; /* a running timer would wake the emulator for nothing */
    if ((status & SYST_COUNTFLAG) != 0U) {
      return UINT32_MAX;
    }
  }
  return now - counter_overhead;
}

uint32_t board_stack_used(void) {
  const uint32_t *word = stack_lowest;
  while (word < stack_top && *word == STACK_PAINT) {
    ++word;
  }
  return (uint32_t)(stack_top - word) * 4U;
}
