/*
 * Tests the portable C of firmware-echo on the host, with the vectors of test/vectors/cobs.json.
 *
 * Every buffer is allocated to its exact size, so that AddressSanitizer sees any access beyond it.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cobs.h"
#include "frame_queue.h"
#include "packet_receiver.h"

struct vector {
  const char *name;
  const uint8_t *packet;
  size_t packet_bytes;
  const uint8_t *frame;
  size_t frame_bytes;
};

#include "vectors.h"

#define COUNT(array) (sizeof(array) / sizeof(array)[0])
#define SEED 20240917u

static const char *context = "";
static unsigned long checks;

#define CHECK(condition)                                                              \
  do {                                                                                \
    checks++;                                                                         \
    if (!(condition)) {                                                               \
      fprintf(stderr, "%s:%d: %s: not so: %s\n", __FILE__, __LINE__, context, #condition); \
      exit(1);                                                                        \
    }                                                                                 \
  } while (0)

static uint8_t *allocate(size_t bytes) {
  uint8_t *memory = malloc(bytes);
  if (bytes > 0 && memory == NULL) {
    abort();
  }
  return memory;
}

static uint8_t *copy_of(const uint8_t *bytes, size_t length) {
  uint8_t *copy = allocate(length);
  if (length > 0) {
    memcpy(copy, bytes, length);
  }
  return copy;
}

static bool same(const uint8_t *a, size_t a_bytes, const uint8_t *b, size_t b_bytes) {
  return a_bytes == b_bytes && (a_bytes == 0 || memcmp(a, b, a_bytes) == 0);
}

static uint32_t random_state = SEED;

static uint32_t random_below(uint32_t limit) {
  random_state ^= random_state << 13;
  random_state ^= random_state >> 17;
  random_state ^= random_state << 5;
  return random_state % limit;
}

/* Pushes a frame and its delimiter; only the delimiter may have a result. */
static packet_receiver_result_t push_frame(packet_receiver_t *receiver, const uint8_t *frame, size_t frame_bytes) {
  for (size_t i = 0; i < frame_bytes; i++) {
    CHECK(packet_receiver_push(receiver, frame[i]) == PACKET_RECEIVER_NONE);
  }
  return packet_receiver_push(receiver, 0);
}

/* Whatever was before, the next frame is received. */
static void check_next_packet(packet_receiver_t *receiver) {
  static const uint8_t frame[] = {2, 0x55};
  uint32_t packets = receiver->packets;
  CHECK(push_frame(receiver, frame, sizeof frame) == PACKET_RECEIVER_PACKET);
  CHECK(receiver->packet_bytes == 1 && receiver->buffer[0] == 0x55);
  CHECK(receiver->packets == packets + 1);
}

/*
 * Decodes a whole frame, block by block: another way than the receiver's, to judge it and the encoder by.
 * `packet` has room for `frame_bytes` bytes; its length goes to `packet_bytes`.
 */
static packet_receiver_result_t reference_decode(
    const uint8_t *frame, size_t frame_bytes, size_t limit, uint8_t *packet, size_t *packet_bytes) {
  size_t at = 0;
  size_t length = 0;
  bool truncated = false;
  while (at < frame_bytes) {
    size_t code = frame[at];
    size_t there = frame_bytes - at - 1;
    size_t data = code - 1 < there ? code - 1 : there;
    truncated = data < code - 1;
    memcpy(packet + length, frame + at + 1, data);
    length += data;
    at += 1 + data;
    if (code != 0xFF && at < frame_bytes) {
      packet[length++] = 0;
    }
  }
  *packet_bytes = length;
  return length > limit ? PACKET_RECEIVER_TOO_LONG : truncated ? PACKET_RECEIVER_MALFORMED : PACKET_RECEIVER_PACKET;
}

static void test_encode_vectors(void) {
  for (size_t i = 0; i < COUNT(canonical); i++) {
    const struct vector *v = &canonical[i];
    context = v->name;
    uint8_t *packet = copy_of(v->packet, v->packet_bytes);
    uint8_t *frame = allocate(v->frame_bytes);
    CHECK(v->frame_bytes <= COBS_MAX_FRAME_BYTES(v->packet_bytes));
    size_t written = cobs_encode(packet, v->packet_bytes, frame, v->frame_bytes);
    CHECK(same(frame, written, v->frame, v->frame_bytes));
    free(frame);
    for (size_t capacity = 0; capacity < v->frame_bytes; capacity++) {
      frame = allocate(capacity);
      CHECK(cobs_encode(packet, v->packet_bytes, frame, capacity) == 0);
      free(frame);
    }
    free(packet);
  }
}

static void test_receive(const struct vector *v) {
  context = v->name;
  uint8_t *buffer;
  packet_receiver_t receiver;

  /* A buffer of exactly the packet's size will do, and one with room to spare. */
  for (size_t spare = 0; spare <= 1; spare++) {
    buffer = allocate(v->packet_bytes + spare);
    packet_receiver_init(&receiver, buffer, v->packet_bytes + spare);
    CHECK(push_frame(&receiver, v->frame, v->frame_bytes) == PACKET_RECEIVER_PACKET);
    CHECK(same(buffer, receiver.packet_bytes, v->packet, v->packet_bytes));
    CHECK(receiver.packets == 1 && receiver.malformed == 0 && receiver.too_long == 0);
    if (receiver.capacity > 0) {
      check_next_packet(&receiver);
    }
    free(buffer);
  }

  if (v->packet_bytes > 1) {
    buffer = allocate(v->packet_bytes - 1);
    packet_receiver_init(&receiver, buffer, v->packet_bytes - 1);
    CHECK(push_frame(&receiver, v->frame, v->frame_bytes) == PACKET_RECEIVER_TOO_LONG);
    CHECK(receiver.packets == 0 && receiver.malformed == 0 && receiver.too_long == 1);
    check_next_packet(&receiver);
    free(buffer);
  }
}

static void test_receive_vectors(void) {
  for (size_t i = 0; i < COUNT(canonical); i++) {
    test_receive(&canonical[i]);
  }
  for (size_t i = 0; i < COUNT(decodeOnly); i++) {
    test_receive(&decodeOnly[i]);
  }
  for (size_t i = 0; i < COUNT(malformed); i++) {
    context = malformed[i].name;
    uint8_t *buffer = allocate(malformed[i].frame_bytes);
    packet_receiver_t receiver;
    packet_receiver_init(&receiver, buffer, malformed[i].frame_bytes);
    CHECK(push_frame(&receiver, malformed[i].frame, malformed[i].frame_bytes) == PACKET_RECEIVER_MALFORMED);
    CHECK(receiver.packets == 0 && receiver.malformed == 1 && receiver.too_long == 0);
    check_next_packet(&receiver);
    free(buffer);
  }
}

static void test_idle_line(void) {
  context = "delimiters in a row";
  static const uint8_t empty[] = {1};
  uint8_t *buffer = allocate(1);
  packet_receiver_t receiver;
  packet_receiver_init(&receiver, buffer, 1);
  for (int i = 0; i < 1000; i++) {
    CHECK(packet_receiver_push(&receiver, 0) == PACKET_RECEIVER_NONE);
  }
  CHECK(receiver.packets == 0 && receiver.malformed == 0 && receiver.too_long == 0);
  CHECK(push_frame(&receiver, empty, sizeof empty) == PACKET_RECEIVER_PACKET);
  CHECK(receiver.packet_bytes == 0 && receiver.packets == 1);
  CHECK(packet_receiver_push(&receiver, 0) == PACKET_RECEIVER_NONE);
  check_next_packet(&receiver);
  free(buffer);
}

static void test_no_buffer(void) {
  context = "a receiver of empty packets";
  static const uint8_t empty[] = {1};
  static const uint8_t one_zero[] = {1, 1};
  packet_receiver_t receiver;
  packet_receiver_init(&receiver, NULL, 0);
  CHECK(push_frame(&receiver, empty, sizeof empty) == PACKET_RECEIVER_PACKET);
  CHECK(push_frame(&receiver, one_zero, sizeof one_zero) == PACKET_RECEIVER_TOO_LONG);
  CHECK(push_frame(&receiver, empty, sizeof empty) == PACKET_RECEIVER_PACKET);
}

static void test_too_long_tail(void) {
  context = "the tail of a too long frame";
  uint8_t *buffer = allocate(4);
  packet_receiver_t receiver;
  packet_receiver_init(&receiver, buffer, 4);
  /* Too long after six bytes; what follows would, taken for new frames, be malformed or good ones. */
  uint8_t frame[] = {6, 1, 2, 3, 4, 5, 2, 7, 1, 1, 0xFF, 9};
  for (size_t bytes = 6; bytes <= sizeof frame; bytes++) {
    CHECK(push_frame(&receiver, frame, bytes) == PACKET_RECEIVER_TOO_LONG);
    CHECK(packet_receiver_push(&receiver, 0) == PACKET_RECEIVER_NONE);
  }
  CHECK(receiver.packets == 0 && receiver.malformed == 0 && receiver.too_long == 7);
  check_next_packet(&receiver);
  for (long i = 0; i < 200000; i++) {
    CHECK(packet_receiver_push(&receiver, (uint8_t)(1 + random_below(255))) == PACKET_RECEIVER_NONE);
  }
  CHECK(packet_receiver_push(&receiver, 0) == PACKET_RECEIVER_TOO_LONG);
  CHECK(receiver.too_long == 8);
  check_next_packet(&receiver);
  free(buffer);
}

static void test_random_packets(void) {
  context = "random packets";
  for (int round = 0; round < 3000; round++) {
    size_t packet_bytes = random_below(round % 2 ? 12 : 800);
    uint32_t zero_in = 1 + random_below(400);
    uint8_t *packet = allocate(packet_bytes);
    for (size_t i = 0; i < packet_bytes; i++) {
      packet[i] = random_below(zero_in) == 0 ? 0 : (uint8_t)random_below(256);
    }
    uint8_t *frame = allocate(COBS_MAX_FRAME_BYTES(packet_bytes));
    size_t frame_bytes = cobs_encode(packet, packet_bytes, frame, COBS_MAX_FRAME_BYTES(packet_bytes));
    CHECK(frame_bytes > 0 && memchr(frame, 0, frame_bytes) == NULL);
    CHECK(frame_bytes > 1 || packet_bytes == 0);

    uint8_t *decoded = allocate(frame_bytes);
    size_t decoded_bytes;
    CHECK(reference_decode(frame, frame_bytes, packet_bytes, decoded, &decoded_bytes) == PACKET_RECEIVER_PACKET);
    CHECK(same(decoded, decoded_bytes, packet, packet_bytes));

    uint8_t *buffer = allocate(packet_bytes);
    packet_receiver_t receiver;
    packet_receiver_init(&receiver, buffer, packet_bytes);
    CHECK(push_frame(&receiver, frame, frame_bytes) == PACKET_RECEIVER_PACKET);
    CHECK(same(buffer, receiver.packet_bytes, packet, packet_bytes));
    free(buffer);
    free(decoded);
    free(frame);
    free(packet);
  }
}

static void test_random_bytes(void) {
  context = "random bytes";
  uint32_t expected[4] = {0};
  size_t limit = 40;
  uint8_t *buffer = allocate(limit);
  packet_receiver_t receiver;
  packet_receiver_init(&receiver, buffer, limit);
  for (int round = 0; round < 20000; round++) {
    uint8_t frame[100];
    uint8_t packet[100];
    size_t packet_bytes;
    size_t frame_bytes = 1 + random_below(sizeof frame);
    uint32_t largest = 1 + random_below(round % 2 ? 255 : 8);
    for (size_t i = 0; i < frame_bytes; i++) {
      frame[i] = (uint8_t)(1 + random_below(largest));
    }
    packet_receiver_result_t result = reference_decode(frame, frame_bytes, limit, packet, &packet_bytes);
    expected[result]++;
    CHECK(push_frame(&receiver, frame, frame_bytes) == result);
    CHECK(result != PACKET_RECEIVER_PACKET || same(buffer, receiver.packet_bytes, packet, packet_bytes));
  }
  CHECK(receiver.packets == expected[PACKET_RECEIVER_PACKET] && receiver.packets > 1000);
  CHECK(receiver.malformed == expected[PACKET_RECEIVER_MALFORMED] && receiver.malformed > 1000);
  CHECK(receiver.too_long == expected[PACKET_RECEIVER_TOO_LONG] && receiver.too_long > 1000);
  free(buffer);
}

static void test_queue_order(void) {
  context = "the queue keeps its order and its bounds";
  enum { CAPACITY = 31, LARGEST = 20 };
  uint8_t *memory = allocate(CAPACITY);
  frame_queue_t queue;
  uint8_t *buffer = allocate(LARGEST);
  packet_receiver_t receiver;
  uint8_t added = 0;
  uint8_t taken = 0;
  unsigned long refused = 0;
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
        refused++;
      }
    }
    if (!frame_queue_is_empty(&queue) &&
        packet_receiver_push(&receiver, frame_queue_take(&queue)) == PACKET_RECEIVER_PACKET) {
      CHECK(buffer[0] == taken);
      taken++;
    }
  }
  CHECK(refused > 0 && receiver.packets > 1000 && receiver.malformed == 0 && receiver.too_long == 0);
  CHECK((uint8_t)(added - taken) < CAPACITY);
  free(buffer);
  free(memory);
}

/* What the sketch relies on: while a byte goes out for each that comes in, one largest frame is all that waits. */
static void test_queue_at_line_rate(void) {
  context = "an echo at line rate";
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

int main(void) {
  printf("seed %u\n", SEED);
  test_encode_vectors();
  test_receive_vectors();
  test_idle_line();
  test_no_buffer();
  test_too_long_tail();
  test_random_packets();
  test_random_bytes();
  test_queue_order();
  test_queue_at_line_rate();
  printf("%zu + %zu + %zu vectors, %lu checks: all as they should be\n", COUNT(canonical), COUNT(decodeOnly),
         COUNT(malformed), checks);
  return 0;
}
