#include "packet_receiver.h"

enum { BETWEEN_FRAMES, IN_FRAME, IN_TOO_LONG_FRAME };

void packet_receiver_init(packet_receiver_t *receiver, uint8_t *buffer, size_t capacity) {
  receiver->packet_bytes = 0;
  receiver->packets = 0;
  receiver->malformed = 0;
  receiver->too_long = 0;
  receiver->buffer = buffer;
  receiver->capacity = capacity;
  receiver->state = BETWEEN_FRAMES;
  receiver->block_left = 0;
  receiver->zero_pending = false;
}

static void append(packet_receiver_t *receiver, uint8_t byte) {
  if (receiver->packet_bytes == receiver->capacity) {
    receiver->state = IN_TOO_LONG_FRAME;
    return;
  }
  receiver->buffer[receiver->packet_bytes++] = byte;
}

static packet_receiver_result_t end_frame(packet_receiver_t *receiver) {
  uint8_t state = receiver->state;

  receiver->state = BETWEEN_FRAMES;
  if (state == BETWEEN_FRAMES) {
    return PACKET_RECEIVER_NONE;
  }
  if (state == IN_TOO_LONG_FRAME) {
    receiver->too_long++;
    return PACKET_RECEIVER_TOO_LONG;
  }
  if (receiver->block_left != 0) {
    receiver->malformed++;
    return PACKET_RECEIVER_MALFORMED;
  }
  receiver->packets++;
  return PACKET_RECEIVER_PACKET;
}

packet_receiver_result_t packet_receiver_push(packet_receiver_t *receiver, uint8_t byte) {
  if (byte == 0) {
    return end_frame(receiver);
  }
  if (receiver->state == BETWEEN_FRAMES) {
    receiver->state = IN_FRAME;
    receiver->packet_bytes = 0;
    receiver->block_left = 0;
    receiver->zero_pending = false;
  }
  if (receiver->state == IN_TOO_LONG_FRAME) {
    return PACKET_RECEIVER_NONE;
  }
  if (receiver->block_left > 0) {
    receiver->block_left--;
    append(receiver, byte);
    return PACKET_RECEIVER_NONE;
  }
  /* The zero that a block implies exists only if another block follows, so append it when that block's code arrives. */
  if (receiver->zero_pending) {
    append(receiver, 0);
  }
  receiver->block_left = (uint8_t)(byte - 1);
  receiver->zero_pending = byte != 0xFF;
  return PACKET_RECEIVER_NONE;
}
