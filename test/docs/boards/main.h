/* Stands in for the HAL of an STM32 project: a UART with one interrupt for each start of a reception. */
#include "stdin.h"

#define HAL_MAX_DELAY 0xffffffffu

typedef struct {
  uint8_t *target;
} UART_HandleTypeDef;

int HAL_UART_Receive_IT(UART_HandleTypeDef *uart, uint8_t *target, uint16_t count);
int HAL_UART_Transmit(UART_HandleTypeDef *uart, uint8_t *bytes, uint16_t count, uint32_t timeout_ms);
