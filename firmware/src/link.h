/**
 * The device's end of a connection with `delivery: 'acknowledged'`: each packet arrives exactly once and in order, or the
 * host reports an error. Bytes of the serial line go in and come out one at a time; docs/wire.md describes the frames.
 *
 * C99 without allocation, library calls or I/O; usable from C++. Needs crc32.c. It frames by itself, which is smaller than with
 * packet_receiver.c and cobs.c.
 *
 *     #include "link.h"
 *
 *     static link_t host;
 *
 *     // An echo. If link_send has no room, it returns false, and link_poll offers the packet again.
 *     static bool receive(link_t *link, const uint8_t *packet, size_t packet_bytes) {
 *       return link_send(link, packet, packet_bytes);
 *     }
 *
 *     static const link_callbacks_t callbacks = {receive, 0, 0, 0};
 *
 *     void setup() {
 *       link_init(&host, &callbacks);
 *       Serial.begin(115200);
 *     }
 *
 *     void loop() {
 *       while (Serial.available() > 0) link_push(&host, (uint8_t)Serial.read());
 *       link_poll(&host, (uint16_t)millis());
 *       int16_t byte;
 *       while (Serial.availableForWrite() > 0 && (byte = link_take(&host)) >= 0) Serial.write((uint8_t)byte);
 *     }
 *
 * Interrupts: no two calls for the same link may overlap, and callbacks run in link_push and link_poll. Make all calls in
 * the main loop. To receive while the main loop is busy, put the bytes in a byte_ring (byte_ring.h) in an interrupt, and
 * push them in the main loop. A packet and its 9 bytes must fit into the ring. Arduino's Serial has one for 63 bytes.
 */
#ifndef LINK_H
#define LINK_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

/*
 * Sizes. To change one, edit it here, or define it for the compiler in all files (-DLINK_RECEIVE_WINDOW=8). If two files
 * disagree, the program does not link.
 */

/** Packets that wait for the application of the device at most: 1 to 32. */
#ifndef LINK_RECEIVE_WINDOW
#define LINK_RECEIVE_WINDOW 4
#endif

/** Packets that wait for their acknowledgement at most: 1 to 32. */
#ifndef LINK_SEND_WINDOW
#define LINK_SEND_WINDOW 4
#endif

/** Largest packet in bytes, in both directions: 3 to 65,535. */
#ifndef LINK_MAX_PACKET_BYTES
#define LINK_MAX_PACKET_BYTES 64
#endif

/** Speed of the line, or its lowest, for the least time-out. */
#ifndef LINK_BAUD_RATE
#define LINK_BAUD_RATE 115200
#endif

/**
 * Delimiters that follow the last frame when there is nothing to send: 0 to 255. With 62, an FTDI adapter, which otherwise
 * keeps up to 62 bytes for the 16 ms of its latency timer, passes each acknowledgement on at once.
 */
#ifndef LINK_IDLE_DELIMITERS
#define LINK_IDLE_DELIMITERS 0
#endif

/** Least time-out: twice the time of a frame on the line, and 20 ms. */
#ifndef LINK_MIN_TIMEOUT_MS
#define LINK_MIN_TIMEOUT_MS (20ul + 20000ul * (LINK_MAX_PACKET_BYTES + 9ul) / LINK_BAUD_RATE)
#endif

#if LINK_RECEIVE_WINDOW < 1 || LINK_RECEIVE_WINDOW > 32 || LINK_SEND_WINDOW < 1 || LINK_SEND_WINDOW > 32
#error "LINK_RECEIVE_WINDOW and LINK_SEND_WINDOW must be 1 to 32."
#endif
#if LINK_MAX_PACKET_BYTES < 3 || LINK_MAX_PACKET_BYTES > 65535
#error "LINK_MAX_PACKET_BYTES must be 3 to 65535."
#endif

/** Version of the protocol. */
#define LINK_VERSION 1

/* The name of link_init contains the sizes, so that files that disagree about them do not link. */
#define LINK_NAME_OF(receive, send, bytes) link_init_##receive##_##send##_##bytes
#define LINK_NAME(receive, send, bytes) LINK_NAME_OF(receive, send, bytes)
#define link_init LINK_NAME(LINK_RECEIVE_WINDOW, LINK_SEND_WINDOW, LINK_MAX_PACKET_BYTES)

/* Longest header of a frame in each direction. */
#define LINK_OUT_HEADER_BYTES (2 + (LINK_RECEIVE_WINDOW + 7) / 8)
#define LINK_IN_HEADER_BYTES (2 + (LINK_SEND_WINDOW + 7) / 8)

/* Longest frame that is received, without COBS: its header, packet and CRC. An OPEN has 13 bytes. */
#define LINK_IN_FRAME_BYTES \
  (LINK_IN_HEADER_BYTES + LINK_MAX_PACKET_BYTES + 4 < 13 ? 13 : LINK_IN_HEADER_BYTES + LINK_MAX_PACKET_BYTES + 4)

/* Length of a packet or frame. */
#if LINK_MAX_PACKET_BYTES <= 240
typedef uint8_t link_size_t;
#elif LINK_MAX_PACKET_BYTES <= 65000
typedef uint16_t link_size_t;
#else
typedef uint32_t link_size_t;
#endif

/* A received packet, and one to send. Private. */
typedef struct {
  link_size_t bytes_and_one;
  uint8_t packet[LINK_MAX_PACKET_BYTES];
} link_in_t;

typedef struct {
  uint8_t state;
  uint8_t transmission;
  link_size_t bytes;
  uint8_t packet[LINK_MAX_PACKET_BYTES];
} link_out_t;

typedef struct link link_t;

/** What a link calls. A callback may call link_send and link_send_datagram, but not link_push, link_poll or link_take. */
typedef struct {
  /**
   * Gets the next packet, exactly once and in order. Returns whether it took the packet, which is then acknowledged. If
   * not, link_poll offers the packet again.
   */
  bool (*receive)(link_t *link, const uint8_t *packet, size_t packet_bytes);
  /** Gets a datagram, at most once. Returns whether it took it. May be null: datagrams are then dropped and counted. */
  bool (*receive_datagram)(link_t *link, const uint8_t *packet, size_t packet_bytes);
  /**
   * Reports that the host has begun a session. It has not acknowledged `lost` packets of the last session: the latest of
   * those that link_send accepted. They may have arrived, and are not sent again. May be null.
   */
  void (*session)(link_t *link, uint8_t lost);
  /**
   * Returns the number of this start, from EEPROM for example: 1 to 65,535, and never the same again. Needed only if the
   * line may deliver old bytes again, as a network bridge may. Called once, by link_init. May be null.
   */
  uint16_t (*start_counter)(link_t *link);
} link_callbacks_t;

/** A link. Its first fields are read-only, the others are private. Each count wraps to 0 after 2^16 - 1. */
struct link {
  /** Whether there is a session: the host knows this device since it started. */
  bool in_session;
  /** Packets that link_send accepted and the host has not acknowledged. */
  uint8_t waiting;
  /** The datagram that waits, or is being sent, or null. */
  const uint8_t *datagram;
  /** Packets sent again. */
  uint16_t resent;
  /** Packets and datagrams received again, and dropped. */
  uint16_t duplicates;
  /** Frames rejected because their CRC is wrong, because they belong to another session, or for their contents. */
  uint16_t damaged;
  /** Received packets dropped: datagrams that were not taken, and packets of a session that ended. */
  uint16_t dropped;
  /* Private. Short fields come first: AVR reaches those in the first 64 bytes directly. */
  uint8_t next_in;
  uint8_t next_out;
  uint8_t next_datagram;
  /* The first byte of the last datagram of the session, or 0. */
  uint8_t last_datagram;
  uint8_t sent;
  uint8_t send_window;
  uint8_t send_limit;
  uint8_t grown;
  uint8_t transmission;
  uint8_t timed;
  uint8_t proven;
  uint8_t stage;
  uint8_t block_left;
  uint8_t idle_left;
  uint8_t header_bytes;
  uint8_t due;
  uint8_t candidate_window;
  bool timing;
  bool progress;
  bool zero_pending;
  uint8_t in_block_left;
  link_size_t in_bytes;
  link_size_t position;
  link_size_t payload_bytes;
  link_size_t datagram_bytes;
  const uint8_t *payload;
  const link_callbacks_t *callbacks;
  uint16_t now;
  uint16_t deadline;
  uint16_t backed_off_ms;
  uint16_t timeout_ms;
  uint16_t round_trip;
  uint16_t deviation;
  uint32_t key;
  uint32_t candidate_key;
  uint8_t frame[LINK_OUT_HEADER_BYTES + 4];
  uint16_t timed_at;
  uint8_t status[14];
  uint8_t received_frame[LINK_IN_FRAME_BYTES];
  uint8_t in_head;
  uint8_t out_head;
  link_in_t in[LINK_RECEIVE_WINDOW];
  link_out_t out[LINK_SEND_WINDOW];
};

/** Initializes a link without a session. It uses `callbacks` for as long as it exists. */
void link_init(link_t *link, const link_callbacks_t *callbacks);

/** Gives the link the next byte from the serial line. */
void link_push(link_t *link, uint8_t byte);

/**
 * Offers received packets to the application, and checks the time-out. Call it at least every 30 seconds, and as often as
 * the application can take packets. `now_ms` are the low 16 bits of a clock in milliseconds.
 */
void link_poll(link_t *link, uint16_t now_ms);

/** Removes the next byte for the serial line, and returns it, or -1 if there is nothing to send now. */
int16_t link_take(link_t *link);

/**
 * Accepts a packet, and copies it. It is sent until the host acknowledges it, or begins another session. Packets accepted
 * before the first session wait for it.
 *
 * Returns false, and accepts nothing, if there is no room, or if the packet has more than LINK_MAX_PACKET_BYTES bytes.
 */
bool link_send(link_t *link, const uint8_t *packet, size_t packet_bytes);

/**
 * Sends a packet at most once, without acknowledgement: for measurements that are soon replaced by others. It
 * may overtake packets of link_send. The packet is not copied: leave it unchanged while `link->datagram` is
 * not null.
 * `packet` must not be null.
 *
 * Returns false, and sends nothing, without a session, if the last datagram waits, or if the packet has more than
 * LINK_MAX_PACKET_BYTES bytes.
 */
bool link_send_datagram(link_t *link, const uint8_t *packet, size_t packet_bytes);

#ifdef __cplusplus
}
#endif

#endif
