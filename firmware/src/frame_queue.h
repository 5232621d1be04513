/**
 * A queue of outgoing frames. Packets go in whole; their wire bytes (frame and delimiter) come out in order, one at a
 * time, as fast as the serial line accepts them. With it, a device can receive while it sends.
 *
 * C99 without allocation, library calls or I/O; usable from C++.
 *
 * Interrupts: no two calls for the same queue may overlap, because frame_queue_add moves the bytes that frame_queue_take
 * reads. Either make all calls in the main loop, as firmware-echo does, or all in one interrupt. To add in the main loop
 * and take in an interrupt, disable that interrupt during each call in the main loop, frame_queue_is_empty included:
 *
 *     noInterrupts();
 *     bool added = frame_queue_add(&queue, packet, packet_bytes);
 *     interrupts();
 *
 * This delays the interrupt while the packet is encoded and the waiting bytes are moved, which takes longer than a byte
 * takes on a fast serial line. If the same line receives, limit the packets to a few bytes, or make all calls in the main
 * loop.
 */
#ifndef FRAME_QUEUE_H
#define FRAME_QUEUE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

/** A queue. Its fields are private. */
typedef struct {
  uint8_t *buffer;
  size_t capacity;
  size_t start;
  size_t end;
} frame_queue_t;

/**
 * Initializes an empty queue. It uses `buffer`, of `capacity` bytes, for as long as it exists. An empty queue of
 * COBS_MAX_FRAME_BYTES(packet_bytes) + 1 bytes always has room for a packet of `packet_bytes` bytes.
 */
void frame_queue_init(frame_queue_t *queue, uint8_t *buffer, size_t capacity);

/**
 * Appends the frame of `packet` and a delimiter. The packet is copied.
 *
 * Returns false, and adds nothing, if there is no room. Try again after taking some bytes.
 */
bool frame_queue_add(frame_queue_t *queue, const uint8_t *packet, size_t packet_bytes);

/**
 * Appends a delimiter alone. A device sends one when it starts: it ends any partial frame that the host has received from an
 * earlier run. Returns false, and adds nothing, if there is no room after the waiting bytes.
 */
bool frame_queue_add_delimiter(frame_queue_t *queue);

/** Returns whether the queue has no bytes to send. */
bool frame_queue_is_empty(const frame_queue_t *queue);

/** Removes the next byte to send, and returns it. The queue must not be empty. */
uint8_t frame_queue_take(frame_queue_t *queue);

#ifdef __cplusplus
}
#endif

#endif
