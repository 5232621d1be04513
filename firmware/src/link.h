/**
 * The device's end of a connection with `delivery: 'acknowledged'`: each packet arrives exactly once and in order, or the
 * host reports an error. Bytes of the serial line go in and come out one at a time; docs/wire.md describes the frames.
 *
 * C99 without allocation, library calls or I/O; usable from C++. Needs crc32.c and packet_receiver.c. All memory comes
 * from the caller: LINK_MEMORY_BYTES() computes how much.
 *
 *     #include "link.h"
 *
 *     static uint8_t memory[LINK_MEMORY_BYTES(4, 64, 4, 64)];
 *     static link_t link;
 *
 *     static bool receive(void *context, const uint8_t *packet, size_t packet_bytes) {
 *       (void)context;
 *       return link_send(&link, packet, packet_bytes);  // an echo; false: try again later
 *     }
 *
 *     static const link_config_t config = {memory, 64, 64, 4, 4, LINK_MIN_TIMEOUT_MS(115200, 64), 0, 0, receive, 0, 0, 0};
 *
 *     void setup() {
 *       link_init(&link, &config);
 *       Serial.begin(115200);
 *     }
 *
 *     void loop() {
 *       while (Serial.available() > 0) link_push(&link, (uint8_t)Serial.read());
 *       link_poll(&link, (uint16_t)millis());
 *       while (Serial.availableForWrite() > 0) {
 *         int16_t byte = link_take(&link);
 *         if (byte < 0) break;
 *         Serial.write((uint8_t)byte);
 *       }
 *     }
 *
 * Interrupts: no two calls for the same link may overlap, and callbacks run in link_push and link_poll. Make all calls in
 * the main loop. To receive in an interrupt, while the main loop is busy, put the bytes in a byte_ring (byte_ring.h), and
 * push them in the main loop.
 */
#ifndef LINK_H
#define LINK_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "packet_receiver.h"

#ifdef __cplusplus
extern "C" {
#endif

/** Version of the protocol. */
#define LINK_VERSION 1

/** Limit of both windows. */
#define LINK_MAX_WINDOW 32

/** What a numbered packet adds to its bytes on the line: header, CRC-32, COBS and delimiter, with windows of at most 8. */
#define LINK_OVERHEAD_BYTES 9

/** Bytes of memory for windows of `receive_window` and `send_window` packets, 1 to 32 each, of the given sizes. */
#define LINK_MEMORY_BYTES(receive_window, receive_bytes, send_window, send_bytes)                   \
  ((size_t)(receive_window) * ((size_t)(receive_bytes) + sizeof(link_slot_t)) +                     \
   (size_t)(send_window) * ((size_t)(send_bytes) + sizeof(link_slot_t)) + LINK_FRAME_BYTES(receive_bytes))

/** Bytes for a received frame with a packet of `receive_bytes` bytes: at least those of an OPEN. Used by LINK_MEMORY_BYTES. */
#define LINK_FRAME_BYTES(receive_bytes) ((receive_bytes) < 3 ? (size_t)13 : (size_t)(receive_bytes) + 10u)

/** Least time-out for a line of `baud_rate` and packets of `packet_bytes` bytes: twice the time of a frame, and 20 ms. */
#define LINK_MIN_TIMEOUT_MS(baud_rate, packet_bytes) \
  ((uint16_t)(20u + 20000ul * ((unsigned long)(packet_bytes) + LINK_OVERHEAD_BYTES) / (unsigned long)(baud_rate)))

/** What precedes each packet in the memory. Private. */
typedef struct {
  uint8_t state;
  uint8_t first;
  uint8_t last;
  uint8_t bytes_high;
  uint8_t bytes_low;
} link_slot_t;

/** Settings and callbacks of a link. A callback may call link_send and link_send_datagram, but not link_push, link_poll or link_take. */
typedef struct {
  /** LINK_MEMORY_BYTES() bytes, used by the link for as long as it exists. */
  uint8_t *memory;
  /** Largest packet that the device receives. */
  uint16_t receive_bytes;
  /** Largest packet that the device sends. */
  uint16_t send_bytes;
  /** Packets that wait for the application of the device at most, 1 to 32. */
  uint8_t receive_window;
  /** Packets that wait for their acknowledgement at most, 1 to 32. */
  uint8_t send_window;
  /** Least time-out: see LINK_MIN_TIMEOUT_MS(). */
  uint16_t min_timeout_ms;
  /**
   * Delimiters that follow the last frame when there is nothing to send: 0, or 62 for an FTDI adapter, which otherwise
   * keeps up to 62 bytes for the 16 ms of its latency timer.
   */
  uint8_t idle_delimiters;
  /** Passed to each callback. */
  void *context;
  /**
   * Gets the next packet, exactly once and in order. Returns whether it took the packet, which is then acknowledged. If
   * not, link_poll offers the packet again.
   */
  bool (*receive)(void *context, const uint8_t *packet, size_t packet_bytes);
  /** Gets a datagram, at most once. Returns whether it took it. May be null: datagrams are then dropped and counted. */
  bool (*receive_datagram)(void *context, const uint8_t *packet, size_t packet_bytes);
  /**
   * Reports that the host has begun a session. It has not acknowledged `lost` packets of the last session: the latest of
   * those that link_send accepted. They may have arrived, and are not sent again. May be null.
   */
  void (*session)(void *context, uint8_t lost);
  /**
   * Returns a number that differs at each start, from EEPROM for example. Needed only if the line may deliver old bytes
   * again, as a network bridge may. Called once, by link_init. May be null: 0.
   */
  uint32_t (*start_counter)(void *context);
} link_config_t;

/** One direction. Private. */
typedef struct {
  uint8_t *memory;
  uint16_t slot_bytes;
  uint8_t slots;
  uint8_t window;
  uint8_t head;
  uint8_t base;
} link_window_t;

/** A link. Its first fields are read-only, the others are private. Each count wraps to 0 after 2^16 - 1. */
typedef struct {
  /** Whether there is a session: the host knows this device since it started. */
  bool in_session;
  /** Packets that link_send accepted and the host has not acknowledged. */
  uint8_t waiting;
  /** Packets that the host has acknowledged: its application has taken them. */
  uint16_t acknowledged;
  /** Packets that the application of this device has taken. */
  uint16_t received;
  /** Packets sent again. */
  uint16_t resent;
  /** Packets received again, and dropped. */
  uint16_t duplicates;
  /** Frames rejected because their CRC is wrong, or because they belong to another session. */
  uint16_t damaged;
  /** Received packets dropped: datagrams that were not taken, and packets of a session that ended. */
  uint16_t dropped;
  /* Private: */
  uint16_t now;
  uint16_t deadline;
  uint16_t timeout_ms;
  uint16_t round_trip;
  uint16_t deviation;
  uint16_t timed_at;
  uint16_t position;
  uint16_t payload_bytes;
  const uint8_t *payload;
  const uint8_t *datagram;
  uint16_t datagram_bytes;
  const link_config_t *config;
  uint8_t *received_frame;
  uint32_t key;
  uint32_t candidate_key;
  uint8_t candidate_window;
  uint8_t sent;
  uint8_t send_limit;
  uint8_t grown;
  uint8_t backoff;
  uint8_t transmission;
  uint8_t timed;
  uint8_t stage;
  uint8_t block_left;
  uint8_t idle_left;
  uint8_t header_bytes;
  uint8_t due;
  bool timing;
  bool data_next;
  link_window_t in;
  link_window_t out;
  packet_receiver_t receiver;
  uint8_t session_number[8];
  uint8_t frame[20];
} link_t;

/** Initializes a link without a session. It uses `config` for as long as it exists. */
void link_init(link_t *link, const link_config_t *config);

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
 * Returns false, and accepts nothing, if `send_window` packets wait, or if the packet has more than `send_bytes` bytes.
 */
bool link_send(link_t *link, const uint8_t *packet, size_t packet_bytes);

/**
 * Sends a packet at most once, without number and acknowledgement: for measurements that are soon replaced by others. It
 * may overtake packets of link_send. The packet is not copied: leave it unchanged until link_datagram_waits returns false.
 * `packet` must not be null.
 *
 * Returns false, and sends nothing, without a session, if the last datagram waits, or if it has more than `send_bytes` bytes.
 */
bool link_send_datagram(link_t *link, const uint8_t *packet, size_t packet_bytes);

/** Returns whether the last datagram still waits to be sent, or is being sent. */
bool link_datagram_waits(const link_t *link);

#ifdef __cplusplus
}
#endif

#endif
