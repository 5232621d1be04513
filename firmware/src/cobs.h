/**
 * COBS, Consistent Overhead Byte Stuffing (Cheshire & Baker, 1999), encodes a packet as a frame without zero bytes, so
 * that a zero byte can mark the end of each frame.
 *
 * C99 without allocation, library calls or I/O; usable from C++. cobs_encode keeps no state, so it can be called from
 * anywhere, in an interrupt too. packet_receiver.h decodes.
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

/** Maximum length of the frame of a packet of `packet_bytes` bytes, without the delimiter. */
#define COBS_MAX_FRAME_BYTES(packet_bytes) \
  ((packet_bytes) == 0 ? (size_t)1 : (size_t)(packet_bytes) + ((size_t)(packet_bytes) + 253u) / 254u)

/**
 * Writes the canonical frame of `packet` to `frame`, without a delimiter. An empty packet becomes `01`. 254 bytes
 * without a zero become `FF` and those bytes, without a trailing `01`.
 *
 * `packet` may be null if `packet_bytes` is 0. The two buffers must not overlap.
 *
 * Returns the length of the frame in bytes, or 0 if the frame is longer than `capacity`; the contents of `frame` are
 * then undefined. A `capacity` of COBS_MAX_FRAME_BYTES(packet_bytes) is always enough.
 */
size_t cobs_encode(const uint8_t *packet, size_t packet_bytes, uint8_t *frame, size_t capacity);

#ifdef __cplusplus
}
#endif

#endif
