/**
 * Receives packets from a serial line: bytes go in one at a time, whole packets come out.
 *
 * C99 without allocation, library calls or I/O; usable from C++. A frame is decoded as its bytes come, into a buffer
 * of the caller's, so the buffer need only be as large as the largest packet. Every frame ends in one result; a frame
 * that is rejected is rejected whole, up to the delimiter that ends it, and counted.
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

/** What a byte has brought about. */
typedef enum {
  /** Nothing yet: the frame goes on, or the line is idle (delimiters in a row are no packets). */
  PACKET_RECEIVER_NONE,
  /** The byte was the delimiter of a good frame: the packet stands in the buffer. */
  PACKET_RECEIVER_PACKET,
  /** The byte was the delimiter of a frame that ended inside a block. */
  PACKET_RECEIVER_MALFORMED,
  /** The byte was the delimiter of a frame whose packet does not fit the buffer. */
  PACKET_RECEIVER_TOO_LONG
} packet_receiver_result_t;

/** A receiver. Its fields are for reading only; those below the line are its own. */
typedef struct {
  /** Length of the packet in the buffer, after PACKET_RECEIVER_PACKET and until the next push. */
  size_t packet_bytes;
  /** Packets received. This count and the next two begin again at 0 after 2^32 - 1. */
  uint32_t packets;
  /** Frames rejected as malformed. */
  uint32_t malformed;
  /** Frames rejected as too long. */
  uint32_t too_long;
  /* ---- */
  uint8_t *buffer;
  size_t capacity;
  uint8_t state;
  uint8_t block_left;
  bool zero_owed;
} packet_receiver_t;

/**
 * Makes `receiver` ready for the first byte of a frame, its counts 0.
 *
 * `buffer` takes the packets and stays the receiver's. `capacity` is its size and the length of the largest packet,
 * in bytes; with 0, only empty packets are received.
 */
void packet_receiver_init(packet_receiver_t *receiver, uint8_t *buffer, size_t capacity);

/**
 * Takes the next byte from the line and tells what it has brought about.
 *
 * After PACKET_RECEIVER_PACKET the packet is `buffer[0]` to `buffer[packet_bytes - 1]` (`packet_bytes` may be 0), and
 * stays there until the next call. The redundant `01` that some encoders write after a full last block is accepted,
 * and does not count towards the limit. Call it from the main loop or from an interrupt, not from both.
 */
packet_receiver_result_t packet_receiver_push(packet_receiver_t *receiver, uint8_t byte);

#ifdef __cplusplus
}
#endif

#endif
