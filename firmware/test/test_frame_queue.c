#include "frame_queue.h"

#include <stdlib.h>
#include <string.h>

#include "check.h"
#include "cobs.h"
#include "packet_receiver.h"

static void test_order(void) {
  test_name = "the order and capacity of the queue";
  enum { CAPACITY = 31, LARGEST = 20 };
  uint8_t *memory = allocate(CAPACITY);
  frame_queue_t queue;
  uint8_t *buffer = allocate(LARGEST);
  packet_receiver_t receiver;
  uint8_t added = 0;
  uint8_t taken = 0;
  unsigned long rejected = 0;
  frame_queue_init(&queue, memory, CAPACITY);
  packet_receiver_init(&receiver, buffer, LARGEST);
  for (long i = 0; i < 100000; i++) {
    if (random_below(5) == 0) {
      uint8_t packet[LARGEST];
      size_t packet_bytes = 1 + random_below(LARGEST);
      memset(packet, 0, sizeof packet);
      packet[0] = added;
      bool was_empty = frame_queue_is_empty(&queue);
      if (frame_queue_add(&queue, packet, packet_bytes)) {
        added++;
      } else {
        CHECK(!was_empty);
        rejected++;
      }
    }
    if (!frame_queue_is_empty(&queue) &&
        packet_receiver_push(&receiver, frame_queue_take(&queue)) == PACKET_RECEIVER_PACKET) {
      CHECK(buffer[0] == taken);
      taken++;
    }
  }
  CHECK(rejected > 0 && receiver.packets > 1000 && receiver.malformed == 0 && receiver.too_long == 0);
  CHECK((uint8_t)(added - taken) < CAPACITY);
  free(buffer);
  free(memory);
}

/* The sketch relies on this: while one byte leaves for each that arrives, no more than the largest frame waits. */
static void test_at_line_rate(void) {
  test_name = "an echo at line rate";
  enum { LARGEST = 512 };
  size_t capacity = COBS_MAX_FRAME_BYTES(LARGEST) + 1;
  for (size_t small = 0; small <= 300; small++) {
    uint8_t *memory = allocate(capacity);
    frame_queue_t queue;
    uint8_t packet[LARGEST];
    uint8_t wire[COBS_MAX_FRAME_BYTES(LARGEST) + 1];
    frame_queue_init(&queue, memory, capacity);
    memset(packet, 0x33, sizeof packet);
    CHECK(frame_queue_add(&queue, packet, sizeof packet));
    for (int i = 0; i < 50; i++) {
      size_t wire_bytes = cobs_encode(packet, small, wire, sizeof wire) + 1;
      for (size_t out = 0; out < wire_bytes && !frame_queue_is_empty(&queue); out++) {
        frame_queue_take(&queue);
      }
      CHECK(frame_queue_add(&queue, packet, small));
    }
    free(memory);
  }
}

static void test_delimiter(void) {
  test_name = "a delimiter alone";
  uint8_t *memory = allocate(3);
  frame_queue_t queue;
  frame_queue_init(&queue, memory, 3);
  CHECK(frame_queue_add_delimiter(&queue));
  CHECK(frame_queue_add(&queue, NULL, 0));
  CHECK(!frame_queue_add_delimiter(&queue));
  CHECK(frame_queue_take(&queue) == 0 && frame_queue_take(&queue) == 1 && frame_queue_take(&queue) == 0);
  CHECK(frame_queue_is_empty(&queue));
  free(memory);
}

void test_frame_queue(void) {
  test_delimiter();
  test_order();
  test_at_line_rate();
}
