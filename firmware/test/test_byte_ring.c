#include "byte_ring.h"

#include <stdlib.h>

#include "check.h"

static void test_capacity(uint16_t capacity) {
  uint8_t *memory = allocate(capacity);
  byte_ring_t ring;
  uint8_t put = 0;
  uint8_t taken = 0;
  uint16_t held = 0;
  uint8_t dropped = 0;
  byte_ring_init(&ring, memory, capacity);
  CHECK(byte_ring_take(&ring) == -1);
  for (int i = 0; i < 20000; i++) {
    if (random_below(i % 2000 < 1000 ? 3 : 2) == 0) {
      int16_t byte = byte_ring_take(&ring);
      CHECK(byte == (held == 0 ? -1 : taken));
      taken = (uint8_t)(taken + (held > 0));
      held = (uint16_t)(held - (held > 0));
    } else if (byte_ring_put(&ring, put)) {
      put++;
      held++;
      CHECK(held < capacity);
    } else {
      CHECK(held == capacity - 1);
      dropped++;
    }
  }
  CHECK(ring.dropped == dropped);
  free(memory);
}

void test_byte_ring(void) {
  test_name = "the order and capacity of the ring";
  test_capacity(2);
  test_capacity(3);
  test_capacity(255);
  test_capacity(256);
}
