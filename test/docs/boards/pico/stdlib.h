/* Stands in for the Pico SDK. Of two calls, one has no byte yet. */
#include "../stdin.h"

#define PICO_ERROR_TIMEOUT (-1)

static inline void stdio_init_all(void) {}

static inline int getchar_timeout_us(uint32_t timeout_us) {
  static int calls = 0;
  (void)timeout_us;
  return calls++ % 2 == 0 ? PICO_ERROR_TIMEOUT : stdin_byte();
}

static inline int putchar_raw(int byte) { return putchar(byte); }

static inline void stdio_flush(void) { fflush(stdout); }
