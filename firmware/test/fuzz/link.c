/*
 * A libFuzzer target: the input decides which bytes, frames with a right CRC, times, packets and calls link.c gets. Besides
 * what the sanitizers find, each frame that it sends must be well formed.
 */
#include "../../src/link.h"

#include <stdlib.h>
#include <string.h>

#include "../link/opener.h"

int LLVMFuzzerTestOneInput(const uint8_t *input, size_t input_bytes);

static bool busy;
static unsigned datagrams;

static void require(bool condition) {
  if (!condition) {
    abort();
  }
}

static bool receive(link_t *link, const uint8_t *packet, size_t packet_bytes) {
  require(packet_bytes <= LINK_MAX_PACKET_BYTES);
  /* Like an echo: whatever the packet holds must be readable. */
  return !busy && (link_send(link, packet, packet_bytes) || packet_bytes % 2 == 0);
}

static bool receive_datagram(link_t *link, const uint8_t *packet, size_t packet_bytes) {
  datagrams++;
  return receive(link, packet, packet_bytes);
}

static void session(link_t *link, uint8_t lost) {
  require(link->in_session && lost <= LINK_SEND_WINDOW);
}

static uint16_t start_counter(link_t *link) {
  (void)link;
  return 0xFFFF;
}

static const link_callbacks_t without_counter = {receive, receive_datagram, session, NULL};
static const link_callbacks_t with_counter = {receive, NULL, NULL, start_counter};

/* Takes up to `count` bytes, and checks the frames that end among them. */
static void take(link_t *link, uint8_t *frame, size_t *frame_bytes, unsigned count) {
  static uint8_t status[sizeof link->status];
  static bool changed;
  uint8_t body[OPENER_MAX_FRAME + 1];
  for (; count > 0; count--) {
    /* An OPEN that arrives while STATUS or NO_SESSION is being sent spoils that frame, and its CRC shows it. */
    if (link->stage == 0) {
      memcpy(status, link->status, sizeof status);
      changed = false;
    }
    changed = changed || memcmp(status, link->status, sizeof status) != 0;
    int16_t byte = link_take(link);
    require(byte >= -1 && byte <= 255);
    if (byte < 0) {
      require(*frame_bytes == 0);
      return;
    }
    if (byte > 0) {
      frame[(*frame_bytes)++] = (uint8_t)byte;
      require(*frame_bytes < LINK_MAX_PACKET_BYTES + 20);
      continue;
    }
    if (*frame_bytes > 0 && !changed) {
      long length = opener_decode(frame, *frame_bytes, body);
      require(length >= 7 || body[0] >= 0xC0);
      require(length <= LINK_MAX_PACKET_BYTES + 10 || body[0] == 0xC2);
    }
    *frame_bytes = 0;
  }
}

/* Gives the link a frame with this key, so that the input need not find a CRC. */
static void give(link_t *link, const uint8_t *body, size_t body_bytes, uint32_t key, int copies) {
  uint8_t frame[2 * OPENER_MAX_FRAME];
  size_t frame_bytes = opener_frame(body, body_bytes, key, frame);
  unsigned datagrams_before = datagrams;
  for (; copies > 0; copies--) {
    for (size_t i = 0; i < frame_bytes; i++) {
      link_push(link, frame[i]);
    }
  }
  /* A line that repeats a frame delivers no datagram twice. */
  require(datagrams - datagrams_before <= 1);
}

/* An OPEN, and the first frame in its session. */
static void begin_session(link_t *link, uint8_t number) {
  const uint8_t open[] = {0xC1, 1, 0, 0, 0, number, (uint8_t)(1 + number % LINK_SEND_WINDOW), 0xFF, 0xFF};
  const uint8_t poll[2 + 4] = {0x40, 0x80};
  link_push(link, 0);
  give(link, open, sizeof open, 0xFFFFFFFF, 1);
  give(link, poll, 2 + (LINK_SEND_WINDOW + 7) / 8, link->candidate_key, 1);
  require(link->in_session);
}

int LLVMFuzzerTestOneInput(const uint8_t *input, size_t input_bytes) {
  const uint8_t *end = input + input_bytes;
  link_t *link = malloc(sizeof *link);
  uint8_t out[OPENER_MAX_FRAME];
  size_t out_bytes = 0;
  static uint8_t datagram[LINK_MAX_PACKET_BYTES];
  uint16_t now = 0;
  require(link != NULL);
  busy = false;
  link_init(link, input_bytes % 2 == 0 ? &without_counter : &with_counter);
  /* Few inputs find both frames by themselves. */
  if (input_bytes % 8 >= 2) {
    begin_session(link, (uint8_t)input_bytes);
  }
  while (end - input >= 2) {
    uint8_t call = *input++;
    size_t count = *input++;
    if (call % 8 < 4 && count > (size_t)(end - input)) {
      count = (size_t)(end - input);
    }
    switch (call % 8) {
      case 0:
        for (size_t i = 0; i < count; i++) {
          link_push(link, input[i]);
        }
        input += count;
        break;
      case 1:
        if (call >= 128) {
          begin_session(link, (uint8_t)count);
          break;
        }
        give(link, input, count, 0xFFFFFFFF, 1);
        input += count;
        break;
      case 2:
        give(link, input, count, link->key, call < 128 ? 1 : 2);
        input += count;
        break;
      case 3:
        give(link, input, count, link->candidate_key, call < 128 ? 1 : 2);
        input += count;
        break;
      case 4:
        now = (uint16_t)(now + count * 16);
        busy = call >= 128;
        link_poll(link, now);
        break;
      case 5:
        take(link, out, &out_bytes, (unsigned)count);
        break;
      case 6:
        (void)link_send(link, datagram, count);
        break;
      default:
        (void)link_send_datagram(link, datagram, count);
        break;
    }
    require(link->waiting <= LINK_SEND_WINDOW && link->sent <= link->waiting);
    require(link->send_limit <= link->send_window && link->send_window <= LINK_SEND_WINDOW);
  }
  free(link);
  return 0;
}
