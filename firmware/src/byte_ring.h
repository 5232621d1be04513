/**
 * A ring of received bytes: an interrupt puts them in, the main loop takes them out. With it, a main loop that is busy for
 * longer than the receive buffer of its serial port lasts loses nothing.
 *
 * C99 without allocation, library calls or I/O; usable from C++.
 *
 * Interrupts: call byte_ring_put in one interrupt only, and byte_ring_take in the main loop only (or the other way round).
 * Nothing needs to be disabled, because each of them changes one index of one byte.
 */
#ifndef BYTE_RING_H
#define BYTE_RING_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

/** A ring. The first field is read-only, the others are private. */
typedef struct {
  /** Bytes dropped because the ring was full. It wraps to 0 after 255. */
  volatile uint8_t dropped;
  /* Private: */
  uint8_t *buffer;
  uint8_t last;
  volatile uint8_t start;
  volatile uint8_t end;
} byte_ring_t;

/** Initializes an empty ring. It uses `buffer`, of `capacity` bytes, 2 to 256, for as long as it exists, and holds one less. */
void byte_ring_init(byte_ring_t *ring, uint8_t *buffer, uint16_t capacity);

/** Puts a byte in. Returns false, and counts the byte in `dropped`, if there is no room. */
bool byte_ring_put(byte_ring_t *ring, uint8_t byte);

/** Removes the oldest byte, and returns it, or -1 if there is none. */
int16_t byte_ring_take(byte_ring_t *ring);

#ifdef __cplusplus
}
#endif

#endif
