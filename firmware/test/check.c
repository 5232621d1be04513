#include "check.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define SEED 20240917u

const char *test_name = "";
unsigned long checks;

void check(bool passed, const char *condition, const char *file, int line) {
  checks++;
  if (!passed) {
    fprintf(stderr, "%s:%d: %s: failed: %s\n", file, line, test_name, condition);
    exit(1);
  }
}

uint8_t *allocate(size_t bytes) {
  uint8_t *memory = malloc(bytes);
  if (bytes > 0 && memory == NULL) {
    abort();
  }
  return memory;
}

bool same(const uint8_t *a, size_t a_bytes, const uint8_t *b, size_t b_bytes) {
  return a_bytes == b_bytes && (a_bytes == 0 || memcmp(a, b, a_bytes) == 0);
}

uint32_t random_below(uint32_t limit) {
  static uint32_t state = SEED;
  state ^= state << 13;
  state ^= state >> 17;
  state ^= state << 5;
  return state % limit;
}
