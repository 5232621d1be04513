#include "byte_ring.h"

void byte_ring_init(byte_ring_t *ring, uint8_t *buffer, uint16_t capacity) {
  ring->dropped = 0;
  ring->buffer = buffer;
  ring->last = (uint8_t)(capacity - 1);
  ring->start = 0;
  ring->end = 0;
}

static uint8_t after(const byte_ring_t *ring, uint8_t index) {
  return index == ring->last ? 0 : (uint8_t)(index + 1);
}

bool byte_ring_put(byte_ring_t *ring, uint8_t byte) {
  uint8_t end = ring->end;
  uint8_t next = after(ring, end);

  if (next == ring->start) {
    ring->dropped = (uint8_t)(ring->dropped + 1);
    return false;
  }
  ring->buffer[end] = byte;
  ring->end = next;
  return true;
}

int16_t byte_ring_take(byte_ring_t *ring) {
  uint8_t start = ring->start;

  if (start == ring->end) {
    return -1;
  }
  uint8_t byte = ring->buffer[start];
  ring->start = after(ring, start);
  return byte;
}
