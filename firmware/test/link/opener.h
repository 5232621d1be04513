/*
 * The host's end of acknowledged delivery, for tests of link.c: as simple as docs/wire.md allows, with nothing from src/.
 * Packets have absolute numbers. It resends each packet that the device does not hold after a fixed time.
 */
#ifndef OPENER_H
#define OPENER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum { OPENER_MAX_FRAME = 1200, OPENER_QUEUE = 64 };

/** Where the opener's frames and packets go. All return at once. */
typedef struct {
  /** Gets a frame with its delimiter. */
  void (*write)(void *context, const uint8_t *bytes, size_t count);
  /** Gets the next packet. Returns whether it was taken. */
  bool (*receive)(void *context, const uint8_t *packet, size_t packet_bytes);
  void (*receive_datagram)(void *context, const uint8_t *packet, size_t packet_bytes);
  /** The device has taken the oldest packet that was sent. */
  void (*acknowledged)(void *context);
  /** The session ended: the latest `lost` packets were not acknowledged. */
  void (*reset)(void *context, unsigned lost);
  void *context;
} opener_callbacks_t;

typedef struct {
  uint8_t bytes[OPENER_MAX_FRAME];
  size_t count;
  bool filled;
  bool sent;
  bool held;
  long sent_at;
} opener_packet_t;

typedef struct {
  const opener_callbacks_t *callbacks;
  uint32_t random;
  bool in_session;
  bool heard;
  bool poll_due;
  bool ack_due;
  uint8_t open_number[4];
  uint8_t counter[4];
  uint8_t window;
  uint8_t receive_window;
  uint8_t send_window;
  uint16_t receive_bytes;
  uint16_t send_bytes;
  uint32_t key;
  long opened_at;
  long heard_at;
  long polled_at;
  long resend_ms;
  uint64_t out_base;
  uint64_t out_end;
  uint64_t in_base;
  uint8_t next_datagram;
  /** First byte of the last datagram of the session, or 0. */
  uint8_t last_datagram;
  opener_packet_t out[OPENER_QUEUE];
  opener_packet_t in[OPENER_QUEUE];
  uint8_t frame[OPENER_MAX_FRAME];
  size_t frame_bytes;
  unsigned long sessions;
  unsigned long refused_frames;
  unsigned long repeated_datagrams;
} opener_t;

void opener_init(opener_t *opener, const opener_callbacks_t *callbacks, uint32_t seed, uint8_t window, long resend_ms);

/** Accepts a packet; false if OPENER_QUEUE packets wait. */
bool opener_send(opener_t *opener, const uint8_t *packet, size_t packet_bytes);
bool opener_send_datagram(opener_t *opener, const uint8_t *packet, size_t packet_bytes);
void opener_push(opener_t *opener, uint8_t byte, long now_ms);
/** Writes at most one frame. Call it when the line is free. */
void opener_poll(opener_t *opener, long now_ms);
/** Offers received packets to the callback. */
void opener_deliver(opener_t *opener);

/** CRC-32 with a start value, for the tests. */
uint32_t opener_crc(uint32_t start, const uint8_t *bytes, size_t count);
/** Writes body and CRC as a frame with its delimiter. Returns its length. */
size_t opener_frame(const uint8_t *body, size_t body_bytes, uint32_t start, uint8_t *frame);
/** Decodes a frame without its delimiter. Returns the length, or -1. */
long opener_decode(const uint8_t *frame, size_t frame_bytes, uint8_t *packet);

#endif
