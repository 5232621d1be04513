/* The serial line of a stand-in board: bytes come from stdin and go to stdout. The program ends with its input. */
#ifndef STDIN_H
#define STDIN_H

#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

/* Waits for a byte. */
static inline uint8_t stdin_byte(void) {
  int byte = getchar();
  if (byte == EOF) {
    exit(EXIT_SUCCESS);
  }
  return (uint8_t)byte;
}

static inline void stdout_bytes(const uint8_t *bytes, size_t count) {
  fwrite(bytes, 1, count, stdout);
  fflush(stdout);
}

#endif
