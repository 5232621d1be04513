/* Stands in for the UART driver of ESP-IDF, and calls app_main. */
#include "../stdin.h"

typedef int esp_err_t;
typedef int uart_port_t;
typedef struct {
  int baud_rate, data_bits, parity, stop_bits, flow_ctrl;
} uart_config_t;

enum { UART_NUM_1 = 1, UART_PIN_NO_CHANGE = -1 };
enum { UART_DATA_8_BITS = 3, UART_PARITY_DISABLE = 0, UART_STOP_BITS_1 = 1, UART_HW_FLOWCTRL_DISABLE = 0 };

#define pdMS_TO_TICKS(ms) ((uint32_t)(ms))
#define ESP_ERROR_CHECK(call) \
  do {                        \
    if ((call) != 0) {        \
      abort();                \
    }                         \
  } while (0)

/* 1: the driver is installed, 2: it is configured. */
static int uart_state = 0;

static inline esp_err_t uart_driver_install(uart_port_t port, int in, int out, int queue, void *handle, int flags) {
  uart_state = 1;
  return port != UART_NUM_1 || in <= 128 || out != 0 || queue != 0 || handle != NULL || flags != 0;
}

static inline esp_err_t uart_param_config(uart_port_t port, const uart_config_t *config) {
  uart_state = 2;
  return port != UART_NUM_1 || config->baud_rate != 115200 || config->data_bits != UART_DATA_8_BITS;
}

static inline esp_err_t uart_set_pin(uart_port_t port, int tx, int rx, int rts, int cts) {
  return port != UART_NUM_1 || tx == rx || rts != UART_PIN_NO_CHANGE || cts != UART_PIN_NO_CHANGE;
}

static inline int uart_read_bytes(uart_port_t port, void *target, uint32_t count, uint32_t ticks) {
  if (port != UART_NUM_1 || uart_state != 2 || count != 1 || ticks == 0) {
    abort();
  }
  *(uint8_t *)target = stdin_byte();
  return 1;
}

static inline int uart_write_bytes(uart_port_t port, const void *bytes, size_t count) {
  if (port != UART_NUM_1 || uart_state != 2) {
    abort();
  }
  stdout_bytes((const uint8_t *)bytes, count);
  return (int)count;
}

void app_main(void);

int main(void) { app_main(); }
