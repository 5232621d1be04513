/*
 * The functions of main.h, and main. The "interrupt" runs in a thread of its own, as long as the program that it
 * interrupts has taken the byte before.
 */
#include <pthread.h>
#include <semaphore.h>

#include "main.h"

UART_HandleTypeDef huart2;
static sem_t armed;

void HAL_UART_RxCpltCallback(UART_HandleTypeDef *uart);
void HAL_UART_ErrorCallback(UART_HandleTypeDef *uart);
void echo_run(void);

int HAL_UART_Receive_IT(UART_HandleTypeDef *uart, uint8_t *target, uint16_t count) {
  if (uart != &huart2 || count != 1) {
    abort();
  }
  uart->target = target;
  return sem_post(&armed);
}

int HAL_UART_Transmit(UART_HandleTypeDef *uart, uint8_t *bytes, uint16_t count, uint32_t timeout_ms) {
  if (uart != &huart2 || timeout_ms != HAL_MAX_DELAY) {
    abort();
  }
  stdout_bytes(bytes, count);
  return 0;
}

static void *interrupts(void *unused) {
  (void)unused;
  /* The reception stops once with an error, before the first byte. */
  sem_wait(&armed);
  HAL_UART_ErrorCallback(&huart2);
  while (sem_wait(&armed) == 0) {
    *huart2.target = stdin_byte();
    HAL_UART_RxCpltCallback(&huart2);
  }
  return NULL;
}

int main(void) {
  pthread_t thread;
  sem_init(&armed, 0, 0);
  pthread_create(&thread, NULL, interrupts, NULL);
  echo_run();
}
