/*
 * Tests the encoder and the receiver on the host, with the vectors in test/vectors/cobs.json of the repository. Every
 * buffer is allocated with its exact size, so that AddressSanitizer reports any access outside it.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "check.h"
#include "cobs.h"
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

static uint8_t *copy_of(const uint8_t *bytes, size_t length) {
  uint8_t *copy = allocate(length);
  if (length > 0) {
    memcpy(copy, bytes, length);
  }
  return copy;
}

/* Pushes a frame and its delimiter, and returns the delimiter's result. The bytes before it must have none. */
static packet_receiver_result_t push_frame(packet_receiver_t *receiver, const uint8_t *frame, size_t frame_bytes) {
  for (size_t i = 0; i < frame_bytes; i++) {
    CHECK(packet_receiver_push(receiver, frame[i]) == PACKET_RECEIVER_NONE);
  }
  return packet_receiver_push(receiver, 0);
}

/* Checks that the next frame is received, whatever came before it. */
static void check_next_packet(packet_receiver_t *receiver) {
  static const uint8_t frame[] = {2, 0x55};
  uint32_t packets = receiver->packets;
  CHECK(push_frame(receiver, frame, sizeof frame) == PACKET_RECEIVER_PACKET);
  CHECK(receiver->packet_bytes == 1 && receiver->buffer[0] == 0x55);
  CHECK(receiver->packets == packets + 1);
}

/*
 * Decodes a whole frame block by block, independently of the receiver, as a reference for it and for the encoder.
 * `packet` must have room for `frame_bytes` bytes. Its length is written to `packet_bytes`.
 */
static packet_receiver_result_t reference_decode(
    const uint8_t *frame, size_t frame_bytes, size_t limit, uint8_t *packet, size_t *packet_bytes) {
  size_t at = 0;
  size_t length = 0;
  bool truncated = false;
  while (at < frame_bytes) {
    size_t code = frame[at];
    size_t available = frame_bytes - at - 1;
    size_t data = code - 1 < available ? code - 1 : available;
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
    test_name = v->name;
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
  test_name = v->name;
  uint8_t *buffer;
  packet_receiver_t receiver;

  /* The buffer may be exactly as large as the packet, or larger. */
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
    test_name = malformed[i].name;
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
  test_name = "repeated delimiters";
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
  test_name = "a receiver without a buffer";
  static const uint8_t empty[] = {1};
  static const uint8_t one_zero[] = {1, 1};
  packet_receiver_t receiver;
  packet_receiver_init(&receiver, NULL, 0);
  CHECK(push_frame(&receiver, empty, sizeof empty) == PACKET_RECEIVER_PACKET);
  CHECK(push_frame(&receiver, one_zero, sizeof one_zero) == PACKET_RECEIVER_TOO_LONG);
  CHECK(push_frame(&receiver, empty, sizeof empty) == PACKET_RECEIVER_PACKET);
}

static void test_too_long_tail(void) {
  test_name = "the tail of an overlong frame";
  uint8_t *buffer = allocate(4);
  packet_receiver_t receiver;
  packet_receiver_init(&receiver, buffer, 4);
  /* Too long after six bytes. Decoded as new frames, the rest would be malformed or valid. */
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
  test_name = "random packets";
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
  test_name = "random bytes";
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

int main(void) {
  test_encode_vectors();
  test_receive_vectors();
  test_idle_line();
  test_no_buffer();
  test_too_long_tail();
  test_random_packets();
  test_random_bytes();
  test_frame_queue();
  test_crc();
  test_requests();
  test_byte_ring();
  printf("%zu + %zu + %zu vectors, %lu checks: all passed\n", COUNT(canonical), COUNT(decodeOnly),
         COUNT(malformed), checks);
  return 0;
}
