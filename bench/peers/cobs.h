/*
 * COBS in a plain C byte loop. The benchmarks compare the library with it, and the simulated devices use it. Frames are
 * without their delimiter.
 */
#ifndef BENCH_COBS_H
#define BENCH_COBS_H

#include <stddef.h>
#include <stdint.h>

/* Returns the maximum length of the frame of a packet of `bytes` bytes. */
static inline size_t cobs_max_encoded(size_t bytes) { return bytes == 0 ? 1 : bytes + (bytes + 253) / 254; }

/* Encodes a packet canonically. Returns the length of the frame, at most cobs_max_encoded(bytes). */
static inline size_t cobs_encode(const uint8_t *packet, size_t bytes, uint8_t *frame) {
  const uint8_t *end = packet + bytes;
  uint8_t *to = frame;
  for (;;) {
    uint8_t *code_at = to++;
    const uint8_t *start = packet;
    const uint8_t *block_end = end - packet > 254 ? packet + 254 : end;
    while (packet < block_end && *packet != 0) {
      *to++ = *packet++;
    }
    *code_at = (uint8_t)(packet - start + 1);
    if (packet == end) {
      return (size_t)(to - frame);
    }
    if (packet - start < 254) {
      packet++;
    }
  }
}

/* Decodes a frame. Returns the length of the packet, at most `bytes`, or -1 if the frame is malformed. */
static inline ptrdiff_t cobs_decode(const uint8_t *frame, size_t bytes, uint8_t *packet) {
  const uint8_t *end = frame + bytes;
  uint8_t *to = packet;
  while (frame < end) {
    uint8_t code = *frame++;
    if (code == 0 || code - 1 > end - frame) {
      return -1;
    }
    for (uint8_t left = code - 1; left > 0; left--) {
      if (*frame == 0) {
        return -1;
      }
      *to++ = *frame++;
    }
    if (code < 255 && frame < end) {
      *to++ = 0;
    }
  }
  return to - packet;
}

#endif
