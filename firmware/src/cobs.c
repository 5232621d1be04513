#include "cobs.h"

size_t cobs_encode(const uint8_t *packet, size_t packet_bytes, uint8_t *frame, size_t capacity) {
  size_t code_at = 0;
  size_t length = 1;
  uint8_t code = 1;

  if (capacity == 0) {
    return 0;
  }
  for (size_t i = 0; i < packet_bytes; i++) {
    if (packet[i] != 0) {
      if (length == capacity) {
        return 0;
      }
      frame[length++] = packet[i];
      code++;
      /* A full block implies no zero, so nothing follows one that ends the packet. */
      if (code != 0xFF || i + 1 == packet_bytes) {
        continue;
      }
    }
    frame[code_at] = code;
    if (length == capacity) {
      return 0;
    }
    code_at = length++;
    code = 1;
  }
  frame[code_at] = code;
  return length;
}
