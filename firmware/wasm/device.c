/*
 * The device of MockDevice: link.c, and what JavaScript needs to drive it. One instance of the module is one device.
 *
 * Bytes pass through the four buffers. JavaScript finds them by their exported addresses.
 */
#include "crc32.h"
#include "link.h"

#define EXPORT __attribute__((visibility("default")))
#define IMPORT(name) __attribute__((import_module("device"), import_name(name)))

#define CHUNK_BYTES 4096

/* From link.c and docs/wire.md: where a link keeps what its STATUS reports, and an OPEN. */
#define STATUS_DUE 4
#define RECEIVE_SIZE_AT 10
#define SEND_SIZE_AT 12
#define HOST_SIZE_AT 7
#define OPEN_BYTES 13

IMPORT("receive") bool device_receive(const uint8_t *packet, size_t packet_bytes);
IMPORT("receiveDatagram") bool device_receive_datagram(const uint8_t *packet, size_t packet_bytes);
IMPORT("session") void device_session(uint32_t lost);
IMPORT("startCounter") uint32_t device_start_counter(void);

static link_t link;
static link_callbacks_t callbacks;
static bool fits_host;

/** What JavaScript has for `push`. */
EXPORT uint8_t input[CHUNK_BYTES];
/** What `take` has for JavaScript. */
EXPORT uint8_t output[CHUNK_BYTES];
/** What JavaScript has for `send`. */
EXPORT uint8_t packet[LINK_MAX_PACKET_BYTES];
/** What JavaScript has for `sendDatagram`. It must not change before `datagramWaits` returns false. */
EXPORT uint8_t datagram[LINK_MAX_PACKET_BYTES];

static bool receive(link_t *from, const uint8_t *bytes, size_t count) {
  (void)from;
  return device_receive(bytes, count);
}

static bool receive_datagram(link_t *from, const uint8_t *bytes, size_t count) {
  (void)from;
  return device_receive_datagram(bytes, count);
}

static void session(link_t *from, uint8_t lost) {
  (void)from;
  device_session(lost);
}

static uint16_t start_counter(link_t *from) {
  (void)from;
  return (uint16_t)device_start_counter();
}

static uint32_t size_at(const uint8_t *at) {
  return (uint32_t)at[0] << 8 | at[1];
}

static void set_size(uint8_t *at, uint32_t size) {
  at[0] = (uint8_t)(size >> 8);
  at[1] = (uint8_t)size;
}

/**
 * Starts the device, also again. `max_packet_bytes` is at most LINK_MAX_PACKET_BYTES. With `fits`, a host that accepts less
 * gets no longer packets.
 */
EXPORT void start(uint32_t max_packet_bytes, bool fits, bool has_start_counter) {
  callbacks = (link_callbacks_t){receive, receive_datagram, session, has_start_counter ? start_counter : 0};
  fits_host = fits;
  link_init(&link, &callbacks);
  set_size(link.status + RECEIVE_SIZE_AT, max_packet_bytes);
  set_size(link.status + SEND_SIZE_AT, max_packet_bytes);
}

/* An OPEN has arrived: its STATUS promises no longer packets than the host accepts. */
static void fit_host(void) {
  uint32_t host_size = size_at(link.received_frame + HOST_SIZE_AT);

  set_size(link.status + SEND_SIZE_AT, size_at(link.status + RECEIVE_SIZE_AT));
  if (host_size < size_at(link.status + SEND_SIZE_AT)) {
    set_size(link.status + SEND_SIZE_AT, host_size);
  }
}

/* Has link.c reject a frame that is too long for the size in STATUS, which may be smaller than that of the image. */
static void limit_frame(void) {
  uint32_t frame_bytes = LINK_IN_HEADER_BYTES + size_at(link.status + RECEIVE_SIZE_AT) + CRC32_BYTES;

  if (link.in_bytes > frame_bytes && link.in_bytes > OPEN_BYTES) {
    link.in_bytes = LINK_IN_FRAME_BYTES + 1;
  }
}

EXPORT void push(uint32_t count, uint32_t now_ms) {
  link.now = (uint16_t)now_ms;
  for (uint32_t i = 0; i < count; i++) {
    uint8_t due = link.due & STATUS_DUE;
    link.due ^= due;
    if (input[i] == 0) {
      limit_frame();
    }
    link_push(&link, input[i]);
    if ((link.due & STATUS_DUE) == 0) {
      link.due |= due;
    } else if (fits_host) {
      fit_host();
    }
  }
}

EXPORT void poll(uint32_t now_ms) {
  link_poll(&link, (uint16_t)now_ms);
}

/** Returns the number of bytes in `output`, at most `limit`. */
EXPORT uint32_t take(uint32_t limit) {
  uint32_t count = 0;
  int16_t byte;

  while (count < limit && (byte = link_take(&link)) >= 0) {
    output[count++] = (uint8_t)byte;
  }
  return count;
}

EXPORT bool send(uint32_t count) {
  return link_send(&link, packet, count);
}

EXPORT bool send_datagram(uint32_t count) {
  return link_send_datagram(&link, datagram, count);
}

/** Returns in how many milliseconds `poll` has to check the time-out, or -1 if there is none. */
EXPORT int32_t timeout_in(uint32_t now_ms) {
  int32_t left = (int16_t)(link.deadline - (uint16_t)now_ms);

  return link.sent == 0 ? -1 : left > 0 ? left : 0;
}

/** The largest packet that the device may send in its session. Call it when that begins. */
EXPORT uint32_t send_size(void) {
  return size_at(link.status + SEND_SIZE_AT);
}

EXPORT bool in_session(void) {
  return link.in_session;
}

EXPORT uint32_t waiting(void) {
  return link.waiting;
}

EXPORT bool datagram_waits(void) {
  return link.datagram != 0;
}

EXPORT uint32_t resent(void) {
  return link.resent;
}

EXPORT uint32_t duplicates(void) {
  return link.duplicates;
}

EXPORT uint32_t damaged(void) {
  return link.damaged;
}

EXPORT uint32_t dropped(void) {
  return link.dropped;
}
