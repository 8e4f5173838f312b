/* STM32F405: USART1 on PA9/PA10 and SysTick, registers as in ST's reference manual RM0090 and ARM's
   Armv7-M architecture reference manual. Runs on the 16 MHz internal oscillator, the reset default.
 */
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

#define USART_RXNE (1U << 5)
#define USART_TXE (1U << 7)
#define SYST_LARGEST 0x00FFFFFFU
#define SYST_ENABLE_PROCESSOR_CLOCK 5U
#define SYST_COUNTFLAG (1U << 16)

/* 16 MHz / 16 / 115200 = 8 11/16. */
#define BAUD_115200 0x8BU

extern uint32_t stack_lowest[];
extern uint32_t stack_top[];
#define STACK_PAINT 0xA5A5A5A5U

static uint32_t counter_overhead;

void board_init(void) {
  RCC_AHB1ENR |= 1U;                                          /* port A */
  RCC_APB2ENR |= 1U << 4;                                     /* USART1 */
  GPIOA_MODER = (GPIOA_MODER & ~(0xFU << 18)) | (0xAU << 18); /* PA9, PA10: alternate function */
  GPIOA_AFRH = (GPIOA_AFRH & ~(0xFFU << 4)) | (0x77U << 4);   /* number 7: USART1 */
  USART1_BRR = BAUD_115200;
  USART1_CR1 = (1U << 13) | (1U << 3) | (1U << 2); /* enable, transmit, receive */
  board_counter_start();
  counter_overhead = board_counter_read();
}

uint8_t board_read(void) {
  while ((USART1_SR & USART_RXNE) == 0U) {
  }
  return (uint8_t)USART1_DR;
}

void board_write(uint8_t byte) {
  while ((USART1_SR & USART_TXE) == 0U) {
  }
  USART1_DR = byte;
}

void board_counter_start(void) {
  SYST_CSR = 0U;
  SYST_RVR = SYST_LARGEST;
  SYST_CVR = 0U;
  SYST_CSR = SYST_ENABLE_PROCESSOR_CLOCK;
  (void)SYST_CSR; /* reading clears the flag of the first load */
}

uint32_t board_counter_read(void) {
  const uint32_t now = SYST_CVR;
  if ((SYST_CSR & SYST_COUNTFLAG) != 0U) {
    return UINT32_MAX;
  }
  return (SYST_LARGEST - now) - counter_overhead;
}

uint32_t board_stack_used(void) {
  const uint32_t *word = stack_lowest;
  while (word < stack_top && *word == STACK_PAINT) {
    ++word;
  }
  return (uint32_t)(stack_top - word) * 4U;
}
