/**
 * Frames on their way out: packets go in whole, their wire bytes (frame and delimiter) come out one at a time, in
 * order, as fast as the line takes them. So a device can go on receiving while it sends.
 *
 * C99 without allocation, library calls or I/O; usable from C++.
 */
#ifndef FRAME_QUEUE_H
#define FRAME_QUEUE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

/** A queue. Its fields are its own. */
typedef struct {
  uint8_t *buffer;
  size_t capacity;
  size_t start;
  size_t end;
} frame_queue_t;

/**
 * Makes `queue` ready and empty. `buffer` stays the queue's; `capacity` is its size in bytes. A packet is always
 * accepted by an empty queue of COBS_MAX_FRAME_BYTES(packet_bytes) + 1 bytes.
 */
void frame_queue_init(frame_queue_t *queue, uint8_t *buffer, size_t capacity);

/**
 * Appends the frame of `packet` and a delimiter. The packet is copied.
 *
 * Returns false, and adds nothing, while there is no room for them: try again when bytes have been taken.
 */
bool frame_queue_add(frame_queue_t *queue, const uint8_t *packet, size_t packet_bytes);

/** Whether there is nothing to take. */
bool frame_queue_is_empty(const frame_queue_t *queue);

/** Takes the next byte for the line. The queue must not be empty. */
uint8_t frame_queue_take(frame_queue_t *queue);

#ifdef __cplusplus
}
#endif

#endif
