/*
 * link.c, compiled for this machine, for the simulation: calls come in on stdin, and what they return or call goes out on
 * stdout. native-end.ts drives it.
 *
 * A call is: its letter, the time (2 bytes), a count or length (4 bytes), and that many bytes, except for S. Numbers are
 * least significant byte first. What comes back, each with its letter, a length (4 bytes), and that many bytes:
 *
 *   P, D   a packet or datagram for the application, which answers with one byte, 1 if it takes it
 *   B      a session has begun: the number of lost packets (1 byte)
 *   R      the call has returned: its result (1 byte), the state of the link, and the bytes to send
 */
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "link.h"

enum { MAX_BYTES = 1 << 16, STATE_BYTES = 15 };

static link_t link_memory;
static uint16_t start_number;
static uint8_t input[MAX_BYTES];
static uint8_t output[MAX_BYTES];
static size_t output_bytes;

static void read_all(uint8_t *bytes, size_t count) {
  while (count > 0) {
    ssize_t got = read(0, bytes, count);
    if (got <= 0) {
      exit(0);
    }
    bytes += got;
    count -= (size_t)got;
  }
}

static void flush(void) {
  for (size_t at = 0; at < output_bytes;) {
    ssize_t put = write(1, output + at, output_bytes - at);
    if (put <= 0) {
      exit(1);
    }
    at += (size_t)put;
  }
  output_bytes = 0;
}

static void report(char letter, const uint8_t *bytes, size_t count) {
  uint8_t *to = output + output_bytes;
  *to++ = (uint8_t)letter;
  for (int i = 0; i < 4; i++) {
    *to++ = (uint8_t)(count >> (8 * i));
  }
  memcpy(to, bytes, count);
  output_bytes += 5 + count;
}

static bool ask(char letter, const uint8_t *packet, size_t packet_bytes) {
  uint8_t answer;
  report(letter, packet, packet_bytes);
  flush();
  read_all(&answer, 1);
  return answer != 0;
}

static bool receive(link_t *link, const uint8_t *packet, size_t packet_bytes) {
  (void)link;
  return ask('P', packet, packet_bytes);
}

static bool receive_datagram(link_t *link, const uint8_t *packet, size_t packet_bytes) {
  (void)link;
  return ask('D', packet, packet_bytes);
}

static void session(link_t *link, uint8_t lost) {
  (void)link;
  report('B', &lost, 1);
}

static uint16_t start_counter(link_t *link) {
  (void)link;
  return start_number;
}

static const link_callbacks_t without_counter = {receive, receive_datagram, session, NULL};
static const link_callbacks_t with_counter = {receive, receive_datagram, session, start_counter};

/* Takes the next frame, as a serial port does that always has room. A delimiter may precede it. */
static size_t take_frame(uint8_t *bytes) {
  size_t count = 0;
  int16_t byte;
  while ((byte = link_take(&link_memory)) >= 0) {
    bytes[count++] = (uint8_t)byte;
    if (byte == 0 && count > 1) {
      break;
    }
  }
  return count;
}

/* What returns: its result, the state, and the frame in bytes + STATE_BYTES. */
static void report_return(uint8_t *bytes, bool result, uint16_t now_ms, size_t frame_bytes) {
  int32_t left = (int16_t)(link_memory.deadline - now_ms);
  uint16_t numbers[] = {
      (uint16_t)(link_memory.sent == 0 ? 0xFFFF : left > 0 ? left : 0),
      link_memory.resent,
      link_memory.duplicates,
      link_memory.damaged,
      link_memory.dropped,
  };
  bytes[0] = result;
  bytes[1] = link_memory.in_session;
  bytes[2] = link_memory.waiting;
  bytes[3] = link_memory.datagram != NULL;
  bytes[4] = 0;
  for (int i = 0; i < 5; i++) {
    bytes[5 + 2 * i] = (uint8_t)numbers[i];
    bytes[6 + 2 * i] = (uint8_t)(numbers[i] >> 8);
  }
  report('R', bytes, STATE_BYTES + frame_bytes);
  flush();
}

int main(void) {
  static uint8_t datagram[LINK_MAX_PACKET_BYTES];
  for (;;) {
    static uint8_t returned[STATE_BYTES + 2 * LINK_MAX_PACKET_BYTES + 100];
    uint8_t call[7];
    size_t frame_bytes = 0;
    bool result = true;
    read_all(call, sizeof call);
    uint16_t now_ms = (uint16_t)(call[1] | call[2] << 8);
    size_t count = (size_t)(call[3] | call[4] << 8 | call[5] << 16);
    if (call[0] != 'S') {
      read_all(input, count);
    }
    switch (call[0]) {
      case 'S':
        start_number = (uint16_t)count;
        memset(&link_memory, 0xA5, sizeof link_memory);
        link_init(&link_memory, count == 0 ? &without_counter : &with_counter);
        break;
      case 'P':
        link_memory.now = now_ms;
        for (size_t i = 0; i < count; i++) {
          link_push(&link_memory, input[i]);
        }
        break;
      case 'L':
        link_poll(&link_memory, now_ms);
        break;
      case 'T':
        link_memory.now = now_ms;
        frame_bytes = take_frame(returned + STATE_BYTES);
        break;
      case 'K':
        result = link_send(&link_memory, input, count);
        break;
      default:
        result = link_memory.datagram == NULL && count <= sizeof datagram;
        if (result) {
          memcpy(datagram, input, count);
          result = link_send_datagram(&link_memory, datagram, count);
        }
        break;
    }
    report_return(returned, result, now_ms, frame_bytes);
  }
}
