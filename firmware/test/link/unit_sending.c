/* Exact frames of link.c: sending, and its times. */
#include "../check.h"
#include "unit.h"

static void test_fast_resending(void) {
  start_in_session("fast resending");
  for (uint8_t i = 0; i < 4; i++) {
    send(i);
    expect_in_session(FRAME(i, 0, 0, i));
  }
  CHECK(!link_send(&device, FRAME(9)));
  expect_nothing();
  /* The second was sent later than the first, so the first is lost. */
  give_in_session(FRAME(0x40, 0, 2));
  expect_in_session(FRAME(0, 0, 0, 0));
  expect_nothing();
  /* Nothing new: not sent again. The third was sent before the first was sent again: nothing follows. */
  give_in_session(FRAME(0x40, 0, 2));
  give_in_session(FRAME(0x40, 0, 6));
  expect_nothing();
  CHECK(device.resent == 1);
  /* The first arrived after the fourth was sent, so the fourth is lost too. */
  give_in_session(FRAME(0x40, 3, 0));
  send(4);
  expect_in_session(FRAME(3, 0, 0, 3));
  expect_in_session(FRAME(4, 0, 0, 4));
  give_in_session(FRAME(0x40, 5, 0));
  CHECK(device.waiting == 0 && device.resent == 2);
  link_poll(&device, 60000);
  expect_nothing();
}

static void test_timeouts(void) {
  uint16_t now = 65000;
  start_in_session("time-outs");
  for (uint8_t i = 0; i < 4; i++) {
    send(i);
    expect_in_session(FRAME(i, 0, 0, i));
  }
  link_poll(&device, now = (uint16_t)(now + 999));
  expect_nothing();
  link_poll(&device, ++now);
  expect_in_session(FRAME(0, 0, 0, 0));
  expect_nothing();
  /* Its acknowledgement shows that all others are lost; the window is now 2, and grows after as many acknowledgements. */
  give_in_session(FRAME(0x40, 1, 0));
  expect_in_session(FRAME(1, 0, 0, 1));
  expect_in_session(FRAME(2, 0, 0, 2));
  expect_nothing();
  give_in_session(FRAME(0x40, 2, 0));
  expect_in_session(FRAME(3, 0, 0, 3));
  expect_nothing();
  give_in_session(FRAME(0x40, 4, 0));
  for (uint8_t i = 4; i < 8; i++) {
    send(i);
  }
  expect_in_session(FRAME(4, 0, 0, 4));
  expect_in_session(FRAME(5, 0, 0, 5));
  expect_in_session(FRAME(6, 0, 0, 6));
  /* A measured round trip shortens the time-out, which doubles up to a second. */
  link_poll(&device, now = (uint16_t)(now + 19));
  give_in_session(FRAME(0x40, 8, 0));
  CHECK(device.waiting == 4 && device.damaged == 1);
  give_in_session(FRAME(0x40, 7, 0));
  expect_in_session(FRAME(7, 0, 0, 7));
  for (unsigned timeout_ms = 60; timeout_ms < 2000; timeout_ms *= 2) {
    link_poll(&device, now = (uint16_t)(now + timeout_ms - 1));
    expect_nothing();
    link_poll(&device, ++now);
    expect_in_session(FRAME(7, 0, 0, 7));
  }
  /* What the host holds is not sent again, but asked for. */
  give_in_session(FRAME(0x40, 7, 1));
  link_poll(&device, now = (uint16_t)(now + 60));
  expect_in_session(FRAME(0x40, 0x80, 0));
  expect_nothing();
  give_in_session(FRAME(0x40, 8, 0));
  link_poll(&device, (uint16_t)(now + 2000));
  expect_nothing();
}

/* Karn: the acknowledgement of a packet that was sent twice is no measure. */
static void test_measuring(void) {
  start_in_session("measuring round trips");
  send(0);
  expect_in_session(FRAME(0, 0, 0, 0));
  link_poll(&device, (uint16_t)(65000 + 1000));
  expect_in_session(FRAME(0, 0, 0, 0));
  link_poll(&device, (uint16_t)(65000 + 1001));
  give_in_session(FRAME(0x40, 1, 0));
  send(1);
  expect_in_session(FRAME(1, 0, 0, 1));
  link_poll(&device, (uint16_t)(65000 + 2000));
  expect_nothing();
  link_poll(&device, (uint16_t)(65000 + 2001));
  expect_in_session(FRAME(1, 0, 0, 1));
}

static void test_datagrams(void) {
  static const uint8_t measured[] = {5, 0};
  start_in_session("datagrams");
  send(0);
  send(1);
  CHECK(link_send_datagram(&device, measured, 2) && device.datagram == measured);
  CHECK(!link_send_datagram(&device, measured, 2));
  expect_in_session(FRAME(0x80, 0, 0, 5, 0));
  CHECK(device.datagram == NULL && link_send_datagram(&device, measured, 2));
  /* They take turns with packets, and are not sent again. */
  expect_in_session(FRAME(0, 0, 0, 0));
  expect_in_session(FRAME(0x81, 0, 0, 5, 0));
  expect_in_session(FRAME(1, 0, 0, 1));
  give_in_session(FRAME(0x40, 2, 0));
  link_poll(&device, 3000);
  expect_nothing();
  /* 0 follows 63. */
  for (int number = 2; number <= 64; number++) {
    CHECK(link_send_datagram(&device, measured, 2));
    expect_in_session(FRAME((uint8_t)(0x80 | number % 64), 0, 0, 5, 0));
  }
}

/* The slot of a packet is used again only when the frame with it has been sent. */
static void test_slot_in_use(void) {
  start_in_session("a slot in use");
  for (uint8_t i = 0; i < 4; i++) {
    send(i);
    expect_in_session(FRAME(i, 0, 0, i));
  }
  link_poll(&device, (uint16_t)(65000 + 1000));
  CHECK(link_take(&device) > 0);
  give_in_session(FRAME(0x40, 4, 0));
  CHECK(device.waiting == 0 && !link_send(&device, FRAME(9)));
  while (link_take(&device) > 0) {
  }
  CHECK(link_send(&device, FRAME(9)));
}

void test_link_sending(void) {
  test_fast_resending();
  test_timeouts();
  test_measuring();
  test_datagrams();
  test_slot_in_use();
}
