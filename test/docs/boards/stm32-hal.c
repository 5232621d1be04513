/*
 * The functions of main.h, and main. The interrupt is a signal, which interrupts the program on its own thread, as on the
 * chip. Another thread waits for the bytes.
 */
#include <pthread.h>
#include <semaphore.h>
#include <signal.h>
#include <unistd.h>

#include "main.h"

UART_HandleTypeDef huart2;
static sem_t armed, handled;
static pthread_t program;
static volatile sig_atomic_t has_failed = 0, is_transmitting = 0;

void HAL_UART_RxCpltCallback(UART_HandleTypeDef *uart);
void HAL_UART_ErrorCallback(UART_HandleTypeDef *uart);
void echo_run(void);

HAL_StatusTypeDef HAL_UART_Receive_IT(UART_HandleTypeDef *uart, uint8_t *target, uint16_t count) {
  if (uart != &huart2 || count != 1) {
    abort();
  }
  /* Older versions of the HAL have one lock for both directions. */
  if (is_transmitting || uart->RxState != HAL_UART_STATE_READY) {
    return HAL_BUSY;
  }
  uart->target = target;
  uart->RxState = HAL_UART_STATE_BUSY_RX;
  sem_post(&armed);
  return HAL_OK;
}

HAL_StatusTypeDef HAL_UART_Transmit(UART_HandleTypeDef *uart, uint8_t *bytes, uint16_t count, uint32_t timeout_ms) {
  if (uart != &huart2 || timeout_ms != HAL_MAX_DELAY) {
    abort();
  }
  is_transmitting = 1;
  stdout_bytes(bytes, count);
  /* Time in which a byte arrives. */
  usleep(2000);
  is_transmitting = 0;
  return HAL_OK;
}

static void handle_interrupt(int signal) {
  (void)signal;
  huart2.RxState = HAL_UART_STATE_READY;
  if (has_failed) {
    HAL_UART_RxCpltCallback(&huart2);
  } else {
    /* The first reception stops with an error. */
    has_failed = 1;
    HAL_UART_ErrorCallback(&huart2);
  }
  sem_post(&handled);
}

static void interrupt_program(void) {
  pthread_kill(program, SIGUSR1);
  sem_wait(&handled);
}

static void *receive(void *unused) {
  (void)unused;
  sem_wait(&armed);
  interrupt_program();
  while (sem_wait(&armed) == 0) {
    *huart2.target = stdin_byte();
    interrupt_program();
  }
  return NULL;
}

int main(void) {
  pthread_t receiver;
  program = pthread_self();
  sem_init(&armed, 0, 0);
  sem_init(&handled, 0, 0);
  signal(SIGUSR1, handle_interrupt);
  pthread_create(&receiver, NULL, receive, NULL);
  echo_run();
}
