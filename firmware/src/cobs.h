/**
 * COBS, Consistent Overhead Byte Stuffing (Cheshire & Baker, 1999): turns a packet of any bytes into a frame
 * without zeros, so that a zero can stand between frames as their delimiter.
 *
 * C99 without allocation, library calls or I/O; usable from C++. Decoding is done by packet_receiver.h.
 *
 *     uint8_t wire[COBS_MAX_FRAME_BYTES(32) + 1];
 *     size_t bytes = cobs_encode(packet, packet_bytes, wire, sizeof wire - 1);
 *     wire[bytes++] = 0;
 *     Serial.write(wire, bytes);
 */
#ifndef COBS_H
#define COBS_H

#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

/** The most bytes that the frame of a packet of `packet_bytes` bytes can take, without the delimiter. */
#define COBS_MAX_FRAME_BYTES(packet_bytes) \
  ((packet_bytes) == 0 ? (size_t)1 : (size_t)(packet_bytes) + ((size_t)(packet_bytes) + 253u) / 254u)

/**
 * Writes the canonical frame of `packet` to `frame`, without a delimiter: an empty packet is `01`, and 254 bytes
 * without a zero are `FF` and those bytes, with no `01` after them.
 *
 * `packet` may be null when `packet_bytes` is 0. The two buffers must not overlap.
 *
 * Returns the length of the frame in bytes. Returns 0, which no frame has, when it takes more than `capacity` bytes;
 * `frame` then holds nothing of use. A `capacity` of COBS_MAX_FRAME_BYTES(packet_bytes) is always enough.
 */
size_t cobs_encode(const uint8_t *packet, size_t packet_bytes, uint8_t *frame, size_t capacity);

#ifdef __cplusplus
}
#endif

#endif
