/**
 * Receives packets from a serial line: bytes go in one at a time, whole packets come out.
 *
 * C99 without allocation, library calls or I/O; usable from C++. Frames are decoded byte by byte into a buffer that the
 * caller provides, so the buffer only needs to be as large as the largest packet. Each frame has exactly one result. A
 * rejected frame is dropped whole, up to its delimiter, and counted.
 *
 *     #include "packet_receiver.h"
 *
 *     static uint8_t packet[64];
 *     static packet_receiver_t receiver;
 *
 *     void setup() {
 *       packet_receiver_init(&receiver, packet, sizeof packet);
 *       Serial.begin(115200);
 *     }
 *
 *     void loop() {
 *       int received = Serial.read();
 *       if (received >= 0 && packet_receiver_push(&receiver, (uint8_t)received) == PACKET_RECEIVER_PACKET) {
 *         handle(packet, receiver.packet_bytes);
 *       }
 *     }
 */
#ifndef PACKET_RECEIVER_H
#define PACKET_RECEIVER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

/** Result of pushing one byte. */
typedef enum {
  /** No result yet: the frame is incomplete, or the line is idle (repeated delimiters are not packets). */
  PACKET_RECEIVER_NONE,
  /** The byte ended a valid frame: the packet is in the buffer. */
  PACKET_RECEIVER_PACKET,
  /** The byte ended a frame in the middle of a block. */
  PACKET_RECEIVER_MALFORMED,
  /** The byte ended a frame whose packet does not fit in the buffer. */
  PACKET_RECEIVER_TOO_LONG
} packet_receiver_result_t;

/** A receiver. The first four fields are read-only, the others are private. */
typedef struct {
  /** Length of the packet in the buffer, from PACKET_RECEIVER_PACKET to the next push. */
  size_t packet_bytes;
  /** Packets received. Like the next two counts, it wraps to 0 after 2^32 - 1. */
  uint32_t packets;
  /** Frames rejected as malformed. */
  uint32_t malformed;
  /** Frames rejected as too long. */
  uint32_t too_long;
  /* Private: */
  uint8_t *buffer;
  size_t capacity;
  uint8_t state;
  uint8_t block_left;
  bool zero_pending;
} packet_receiver_t;

/**
 * Initializes `receiver` at the start of a frame, with all counts at 0.
 *
 * It writes packets to `buffer` for as long as it exists. `capacity` is the size of the buffer, and so the length of the
 * largest packet, in bytes. With 0, it receives only empty packets.
 */
void packet_receiver_init(packet_receiver_t *receiver, uint8_t *buffer, size_t capacity);

/**
 * Pushes the next byte from the serial line, and returns the result.
 *
 * After PACKET_RECEIVER_PACKET, the packet is `buffer[0]` to `buffer[packet_bytes - 1]` (`packet_bytes` may be 0) until
 * the next call. A redundant `01` after a full last block, which some encoders write, is accepted and does not count
 * toward the limit.
 *
 * Call this function from the main loop or from an interrupt, not from both. If an interrupt calls it, handle or copy the
 * packet in that interrupt, and disable the interrupt while the main loop reads a field.
 */
packet_receiver_result_t packet_receiver_push(packet_receiver_t *receiver, uint8_t byte);

#ifdef __cplusplus
}
#endif

#endif
