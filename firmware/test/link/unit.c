/* Exact frames of link.c: sessions and receiving. */
#include <string.h>

#include "../check.h"
#include "link.h"
#include "opener.h"
#include "unit.h"

link_t device;
static uint32_t key;
static unsigned taken, datagrams_taken, sessions;
static uint8_t last_lost;
static uint8_t last_packet[LINK_MAX_PACKET_BYTES];
static size_t last_packet_bytes;
static bool busy;

static bool receive(link_t *link, const uint8_t *packet, size_t packet_bytes) {
  CHECK(link == &device);
  if (busy) {
    return false;
  }
  taken++;
  last_packet_bytes = packet_bytes;
  memcpy(last_packet, packet, packet_bytes);
  return true;
}

static bool receive_datagram(link_t *link, const uint8_t *packet, size_t packet_bytes) {
  (void)packet;
  CHECK(link == &device && packet_bytes == 2);
  datagrams_taken++;
  return !busy;
}

static void session(link_t *link, uint8_t lost) {
  CHECK(link == &device);
  sessions++;
  last_lost = lost;
}

static uint16_t start_counter(link_t *link) {
  (void)link;
  return 0x1FF;
}

static const link_callbacks_t callbacks = {receive, receive_datagram, session, NULL};
static const link_callbacks_t counting = {receive, NULL, NULL, start_counter};

static void give(const uint8_t *body, size_t body_bytes, uint32_t start) {
  uint8_t frame[OPENER_MAX_FRAME];
  size_t count = opener_frame(body, body_bytes, start, frame);
  for (size_t i = 0; i < count; i++) {
    link_push(&device, frame[i]);
  }
}

void give_in_session(const uint8_t *body, size_t body_bytes) {
  give(body, body_bytes, key);
}

/* Takes one frame, without its CRC, which must fit `start`. Returns its length; 0 for a delimiter alone, -1 for nothing. */
static long next_body(uint8_t *body, uint32_t start) {
  uint8_t frame[OPENER_MAX_FRAME];
  size_t count = 0;
  for (;;) {
    int16_t byte = link_take(&device);
    if (byte < 0) {
      CHECK(count == 0);
      return -1;
    }
    if (byte == 0) {
      break;
    }
    frame[count++] = (uint8_t)byte;
  }
  if (count == 0) {
    return 0;
  }
  long length = opener_decode(frame, count, body) - 4;
  CHECK(length > 0);
  uint32_t crc = opener_crc(start, body, (size_t)length);
  for (int i = 0; i < 4; i++) {
    CHECK(body[length + i] == (uint8_t)(crc >> (8 * i)));
  }
  return length;
}

static void expect(const uint8_t *expected, size_t count, uint32_t start) {
  uint8_t body[OPENER_MAX_FRAME];
  long length = next_body(body, start);
  CHECK(length >= 0 && same(body, (size_t)length, expected, count));
}

void expect_in_session(const uint8_t *expected, size_t count) {
  expect(expected, count, key);
}

static void expect_handshake(const uint8_t *expected, size_t count) {
  uint8_t body[OPENER_MAX_FRAME];
  CHECK(next_body(body, 0xFFFFFFFF) == 0);
  expect(expected, count, 0xFFFFFFFF);
}

void expect_nothing(void) {
  CHECK(link_take(&device) == -1);
}

static void start(const char *name, const link_callbacks_t *with) {
  test_name = name;
  busy = false;
  taken = datagrams_taken = sessions = 0;
  link_init(&device, with);
  link_poll(&device, 65000);
}

/* Begins a session with a window of 4. */
static void open_session(uint8_t last_byte_of_h) {
  const uint8_t number[8] = {1, 2, 3, last_byte_of_h};
  give(FRAME(0xC1, 1, 1, 2, 3, last_byte_of_h, 4, 0, 64), 0xFFFFFFFF);
  expect_handshake(FRAME(0xC2, 1, 1, 2, 3, last_byte_of_h, 0, 0, 0, 0, 4, 4, 0, 64, 0, 64));
  key = opener_crc(0xFFFFFFFF, number, sizeof number);
  give_in_session(FRAME(0x40, 0x80, 0));
  CHECK(device.in_session);
  expect_in_session(FRAME(0x40, 0, 0));
  expect_nothing();
}

void start_in_session(const char *name) {
  start(name, &callbacks);
  expect_handshake(FRAME(0xC3, 1, 0, 0, 0, 0));
  expect_nothing();
  open_session(4);
  CHECK(sessions == 1 && last_lost == 0);
}

void send(uint8_t byte) {
  CHECK(link_send(&device, &byte, 1));
}

static void test_handshake(void) {
  start("the handshake", &callbacks);
  CHECK(link_send(&device, FRAME(7)));
  CHECK(!link_send_datagram(&device, FRAME(7)));
  expect_handshake(FRAME(0xC3, 1, 0, 0, 0, 0));
  expect_nothing();
  /* A frame without a session, each answered once; not one that is damaged by its length, nor a handshake frame. */
  give(FRAME(0x40, 0, 0), 77);
  expect_handshake(FRAME(0xC3, 1, 0, 0, 0, 0));
  give(FRAME(0x40, 0), 77);
  give(FRAME(0xC1, 1, 1, 2, 3, 4, 4, 0, 64), 77);
  give(FRAME(0xC2, 1, 1, 2, 3, 4, 4, 0, 64), 0xFFFFFFFF);
  give(FRAME(0xC1, 1, 1, 2, 3, 4, 4, 0, 64, 0), 0xFFFFFFFF);
  expect_nothing();
  CHECK(device.damaged == 5);
  /* Another version: an answer, but no session. */
  give(FRAME(0xC1, 2, 9, 9, 9, 9), 0xFFFFFFFF);
  link_take(&device);
  while (link_take(&device) != 0) {
  }
  give(FRAME(0xC1, 2, 9, 9, 9, 9, 4, 0, 64, 1, 2, 3), 0xFFFFFFFF);
  expect_handshake(FRAME(0xC2, 1, 9, 9, 9, 9, 0, 0, 0, 0, 4, 4, 0, 64, 0, 64));
  give(FRAME(0x40, 0, 0), opener_crc(0xFFFFFFFF, FRAME(9, 9, 9, 9, 0, 0, 0, 0)));
  CHECK(!device.in_session);
  expect_handshake(FRAME(0xC3, 1, 0, 0, 0, 0));
  /* A smaller window of the host. With a candidate, a damaged frame is not answered. The first valid frame confirms. */
  give(FRAME(0xC1, 1, 9, 9, 9, 8, 2, 0, 64), 0xFFFFFFFF);
  expect_handshake(FRAME(0xC2, 1, 9, 9, 9, 8, 0, 0, 0, 0, 4, 2, 0, 64, 0, 64));
  give(FRAME(0x40, 0, 0), 77);
  expect_nothing();
  CHECK(!device.in_session && sessions == 0);
  key = opener_crc(0xFFFFFFFF, FRAME(9, 9, 9, 8, 0, 0, 0, 0));
  give_in_session(FRAME(0x40, 0, 0));
  CHECK(device.in_session && sessions == 1 && last_lost == 0 && device.waiting == 1);
  send(8);
  send(9);
  expect_in_session(FRAME(0, 0, 0, 7));
  expect_in_session(FRAME(1, 0, 0, 8));
  expect_nothing();
  give_in_session(FRAME(0x40, 1, 0));
  expect_in_session(FRAME(2, 0, 0, 9));
  /* An old OPEN is answered, but the session goes on; the next session ends it, and reports what is lost. */
  open_session(4);
  CHECK(sessions == 2 && last_lost == 2 && device.waiting == 0);
}

static void test_counter(void) {
  start("the start counter", &counting);
  expect_handshake(FRAME(0xC3, 1, 1, 0xFF, 0, 0));
  give(FRAME(0xC1, 1, 1, 2, 3, 4, 4, 0, 64), 0xFFFFFFFF);
  expect_handshake(FRAME(0xC2, 1, 1, 2, 3, 4, 1, 0xFF, 0, 1, 4, 4, 0, 64, 0, 64));
  give(FRAME(0xC1, 1, 1, 2, 3, 4, 4, 0, 64), 0xFFFFFFFF);
  expect_handshake(FRAME(0xC2, 1, 1, 2, 3, 4, 1, 0xFF, 0, 1, 4, 4, 0, 64, 0, 64));
  /* With a counter, also a candidate does not keep NO_SESSION back. */
  give(FRAME(0x40, 0, 0), 77);
  expect_handshake(FRAME(0xC3, 1, 1, 0xFF, 0, 1));
  give(FRAME(0xC1, 1, 1, 2, 3, 5, 4, 0, 64), 0xFFFFFFFF);
  expect_handshake(FRAME(0xC2, 1, 1, 2, 3, 5, 1, 0xFF, 0, 2, 4, 4, 0, 64, 0, 64));
  give(FRAME(0x80, 0, 0, 1, 2), opener_crc(0xFFFFFFFF, FRAME(1, 2, 3, 5, 1, 0xFF, 0, 2)));
  CHECK(device.in_session && device.dropped == 1);
}

static void test_receiving(void) {
  start_in_session("receiving");
  busy = true;
  give_in_session(FRAME(1, 0, 0, 'b', 0));
  link_poll(&device, 65000);
  expect_in_session(FRAME(0x40, 0, 2));
  give_in_session(FRAME(0, 0, 0, 'a'));
  give_in_session(FRAME(4, 0, 0, 'e'));
  give_in_session(FRAME(63, 0, 0, 'z'));
  link_poll(&device, 65000);
  expect_in_session(FRAME(0x40, 0, 3));
  CHECK(device.duplicates == 2 && taken == 0);
  busy = false;
  link_poll(&device, 65000);
  CHECK(taken == 2 && same(last_packet, last_packet_bytes, FRAME('b', 0)));
  expect_in_session(FRAME(0x40, 2, 0));
  give_in_session(FRAME(1, 0, 0, 'b', 0));
  link_poll(&device, 65000);
  expect_in_session(FRAME(0x40, 2, 0));
  CHECK(taken == 2 && device.duplicates == 3);
  give_in_session(FRAME(2, 0, 0));
  link_poll(&device, 65000);
  CHECK(taken == 3 && last_packet_bytes == 0);
  /* The header of a packet is an acknowledgement too. */
  send(1);
  expect_in_session(FRAME(0, 3, 0, 1));
  expect_nothing();
  /* Datagrams; one with the number of the last one is that one. Busy drops them. */
  give_in_session(FRAME(0x80, 1, 0, 1, 2));
  give_in_session(FRAME(0x80, 1, 0, 1, 2));
  CHECK(datagrams_taken == 1 && device.duplicates == 4);
  give_in_session(FRAME(0xBF, 1, 0, 1, 2));
  CHECK(datagrams_taken == 2 && device.dropped == 0);
  busy = true;
  give_in_session(FRAME(0x80, 1, 0, 1, 2));
  give_in_session(FRAME(0x80, 1, 0, 1, 2));
  CHECK(datagrams_taken == 3 && device.dropped == 1 && device.duplicates == 5);
  expect_nothing();
  /* An acknowledgement of what was not sent is ignored. A packet of the old session is dropped by the next. */
  uint16_t damaged = device.damaged;
  give_in_session(FRAME(3, 2, 0, 1));
  CHECK(device.damaged == damaged + 1 && device.waiting == 0);
  expect_in_session(FRAME(0x40, 3, 1));
  open_session(5);
  CHECK(device.dropped == 2 && taken == 3);
  /* Another session has other datagrams. */
  busy = false;
  give_in_session(FRAME(0x80, 0, 0, 1, 2));
  CHECK(datagrams_taken == 4);
}

static void test_frames(void) {
  uint8_t body[3 + LINK_MAX_PACKET_BYTES + 2] = {0};
  start_in_session("lengths of frames");
  give_in_session(body, 3 + LINK_MAX_PACKET_BYTES);
  link_poll(&device, 0);
  CHECK(taken == 1 && last_packet_bytes == LINK_MAX_PACKET_BYTES);
  body[0] = 1;
  give_in_session(body, sizeof body);
  link_poll(&device, 0);
  CHECK(taken == 1 && device.damaged == 1);
  /* A full block, with the redundant 01 that some encoders add. */
  for (int i = 0; i < 254; i++) {
    link_push(&device, i == 0 ? 0xFF : 1);
  }
  link_push(&device, 0);
  for (int i = 0; i < 300; i++) {
    link_push(&device, 1);
  }
  link_push(&device, 0);
  link_push(&device, 0);
  CHECK(device.damaged == 3);
  CHECK(!link_send(&device, body, LINK_MAX_PACKET_BYTES + 1));
  CHECK(!link_send_datagram(&device, body, LINK_MAX_PACKET_BYTES + 1));
  CHECK(link_send(&device, body, LINK_MAX_PACKET_BYTES));
}

void test_link(void) {
  test_handshake();
  test_counter();
  test_receiving();
  test_frames();
  test_link_sending();
}

void test_link_idle(void) {
  start("idle delimiters", &callbacks);
  for (int i = 0; i < 3; i++) {
    expect_handshake(FRAME(0xC3, 1, 0, 0, 0, 0));
    for (int left = LINK_IDLE_DELIMITERS; left > 0; left--) {
      CHECK(link_take(&device) == 0);
    }
    expect_nothing();
    give(FRAME(0x40, 0, 0), 77);
  }
  /* A frame does not wait for them. */
  expect_handshake(FRAME(0xC3, 1, 0, 0, 0, 0));
  CHECK(link_take(&device) == 0);
  give(FRAME(0x40, 0, 0), 77);
  expect_handshake(FRAME(0xC3, 1, 0, 0, 0, 0));
}

void test_link_wide(void) {
  start("windows of 32", &callbacks);
  expect_handshake(FRAME(0xC3, 1, 0, 0, 0, 0));
  give(FRAME(0xC1, 1, 1, 2, 3, 4, 17, 0, 64), 0xFFFFFFFF);
  expect_handshake(FRAME(0xC2, 1, 1, 2, 3, 4, 0, 0, 0, 0, 32, 17, 0, 64, 0, 64));
  key = opener_crc(0xFFFFFFFF, FRAME(1, 2, 3, 4, 0, 0, 0, 0));
  /* A window of 17 needs three bytes in the frames of the host; that of the device is 32. */
  give_in_session(FRAME(31, 0, 0, 0, 0, 'z'));
  give_in_session(FRAME(32, 0, 0, 0, 0, 'z'));
  give_in_session(FRAME(9, 0, 0, 0, 0, 'j'));
  expect_in_session(FRAME(0x40, 0, 0, 2, 0, 0x80));
  CHECK(device.duplicates == 1);
  for (uint8_t i = 0; i < 20; i++) {
    send(i);
  }
  for (uint8_t i = 0; i < 17; i++) {
    expect_in_session(FRAME(i, 0, 0, 2, 0, 0x80, i));
  }
  expect_nothing();
  give_in_session(FRAME(0x40, 0, 0, 1, 0));
  for (uint8_t i = 0; i < 8; i++) {
    expect_in_session(FRAME(i, 0, 0, 2, 0, 0x80, i));
  }
  expect_nothing();
  give_in_session(FRAME(0x40, 17, 0, 0, 0));
  expect_in_session(FRAME(17, 0, 0, 2, 0, 0x80, 17));
}
