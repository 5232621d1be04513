#include "frame_queue.h"

#include "cobs.h"

void frame_queue_init(frame_queue_t *queue, uint8_t *buffer, size_t capacity) {
  queue->buffer = buffer;
  queue->capacity = capacity;
  queue->start = 0;
  queue->end = 0;
}

static void move_to_front(frame_queue_t *queue) {
  uint8_t *to = queue->buffer;

  while (queue->start < queue->end) {
    *to++ = queue->buffer[queue->start++];
  }
  queue->start = 0;
  queue->end = (size_t)(to - queue->buffer);
}

static bool encode_at_end(frame_queue_t *queue, const uint8_t *packet, size_t packet_bytes) {
  size_t room = queue->capacity - queue->end;
  size_t frame_bytes = room == 0 ? 0 : cobs_encode(packet, packet_bytes, queue->buffer + queue->end, room - 1);

  if (frame_bytes == 0) {
    return false;
  }
  queue->end += frame_bytes;
  queue->buffer[queue->end++] = 0;
  return true;
}

bool frame_queue_add(frame_queue_t *queue, const uint8_t *packet, size_t packet_bytes) {
  /* cobs_encode needs contiguous room, so move the waiting bytes to the front if there is too little behind them. */
  if (encode_at_end(queue, packet, packet_bytes)) {
    return true;
  }
  if (queue->start == 0) {
    return false;
  }
  move_to_front(queue);
  return encode_at_end(queue, packet, packet_bytes);
}

bool frame_queue_add_delimiter(frame_queue_t *queue) {
  if (queue->end == queue->capacity) {
    return false;
  }
  queue->buffer[queue->end++] = 0;
  return true;
}

bool frame_queue_is_empty(const frame_queue_t *queue) {
  return queue->start == queue->end;
}

uint8_t frame_queue_take(frame_queue_t *queue) {
  return queue->buffer[queue->start++];
}
