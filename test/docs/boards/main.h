/* Stands in for the HAL of an STM32 project: a UART with one interrupt for each start of a reception. */
#include "stdin.h"

#define HAL_MAX_DELAY 0xffffffffu

typedef enum { HAL_OK, HAL_BUSY } HAL_StatusTypeDef;
typedef enum { HAL_UART_STATE_READY, HAL_UART_STATE_BUSY_RX } HAL_UART_StateTypeDef;

typedef struct {
  volatile HAL_UART_StateTypeDef RxState;
  uint8_t *target;
} UART_HandleTypeDef;

HAL_StatusTypeDef HAL_UART_Receive_IT(UART_HandleTypeDef *uart, uint8_t *target, uint16_t count);
HAL_StatusTypeDef HAL_UART_Transmit(UART_HandleTypeDef *uart, uint8_t *bytes, uint16_t count, uint32_t timeout_ms);
