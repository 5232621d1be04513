/**
 * Requests and replies with ids: `requestIds: { bytes: 1 }` or `{ bytes: 2 }` in the library, `--request-ids` in sercom.
 * Each packet then begins with an id of 1 or 2 bytes, most significant byte first. The payload follows it. docs/wire.md
 * describes the ids.
 *
 * A reply repeats the id of its request. So a device that only answers needs none of this: it leaves the id where it is,
 * and sends the packet back with another payload. The functions here tell requests from other packets, report failures,
 * choose a handler by the first byte of the payload, and let the device ask the host.
 *
 * C99 without allocation, library calls or I/O; usable from C++. The functions without a requests_t keep no state, so they
 * can be called from anywhere, in an interrupt too. No two calls with the same requests_t may overlap.
 *
 *     #include "requests.h"
 *
 *     #define ID_BYTES 1
 *
 *     static size_t add(uint8_t *payload, size_t payload_bytes, uint16_t id) {
 *       (void)id;
 *       if (payload_bytes != 3) return REQUESTS_FAILED;
 *       payload[0] = (uint8_t)(payload[1] + payload[2]);
 *       return 1;
 *     }
 *
 *     static const requests_command_t commands[] = {{'+', add}};
 *
 *     void handle(uint8_t *packet, size_t packet_bytes) {
 *       if (requests_kind(packet, packet_bytes, ID_BYTES) == REQUESTS_REQUEST) {
 *         size_t reply_bytes = requests_dispatch(commands, 1, packet, packet_bytes, ID_BYTES);
 *         if (reply_bytes > 0) send(packet, reply_bytes);
 *       }
 *     }
 */
#ifndef REQUESTS_H
#define REQUESTS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

/** Kinds of received packets. */
typedef enum {
  /** It ends within its id. Drop it. */
  REQUESTS_TOO_SHORT,
  /** Neither a request nor a reply: its id is 0. */
  REQUESTS_PLAIN,
  /** A request of the host. */
  REQUESTS_REQUEST,
  /** A reply of the host to a request of this device. */
  REQUESTS_REPLY,
  /** The host reports that a request of this device failed. */
  REQUESTS_ERROR_REPLY
} requests_kind_t;

/** Codes of error replies: the handler failed, or the receiver has no handler for the request. */
#define REQUESTS_HANDLER_FAILED 1
#define REQUESTS_NO_HANDLER 2

/** Length of an error reply. */
#define REQUESTS_ERROR_REPLY_BYTES(id_bytes) (2u * (size_t)(id_bytes) + 1u)

/** Returns the kind of a received packet. `id_bytes` is 1 or 2, as in all functions here. */
requests_kind_t requests_kind(const uint8_t *packet, size_t packet_bytes, uint8_t id_bytes);

/** Returns the id of a packet that is not too short. */
uint16_t requests_id(const uint8_t *packet, uint8_t id_bytes);

/** Writes an id to the first bytes of a packet: 0 for a packet that is neither a request nor a reply. */
void requests_set_id(uint8_t *packet, uint8_t id_bytes, uint16_t id);

/**
 * Turns a packet that begins with the id of a request into the error reply to that request, with `code` as its last byte.
 * The buffer needs room for REQUESTS_ERROR_REPLY_BYTES(id_bytes) bytes. Returns that length.
 */
size_t requests_error_reply(uint8_t *packet, uint8_t id_bytes, uint8_t code);

/** What a handler returns in place of the length of its reply: it has failed, so the host gets an error reply. */
#define REQUESTS_FAILED ((size_t)-1)

/** What a handler returns if it replies later, or never. */
#define REQUESTS_NO_REPLY ((size_t)-2)

/**
 * A command of the host: the first byte of its payload, and the function that handles it.
 *
 * `handle` gets the payload, first byte included, and writes its reply in the same place. It returns the length of the
 * reply in bytes, REQUESTS_FAILED or REQUESTS_NO_REPLY. To reply later, keep `id`, and put it in front of the reply with
 * requests_set_id: in another buffer, since this one receives the next packet.
 */
typedef struct {
  uint8_t first_byte;
  size_t (*handle)(uint8_t *payload, size_t payload_bytes, uint16_t id);
} requests_command_t;

/**
 * Handles a request of the host by the first of the `count` commands that fits, and replaces the packet by the reply. If no
 * command fits, or the handler fails, the reply is an error reply. The buffer of the packet needs room for the longest
 * reply with its id, and for REQUESTS_ERROR_REPLY_BYTES(id_bytes) bytes.
 *
 * Returns the length of the reply with its id, or 0 if there is nothing to send.
 */
size_t requests_dispatch(const requests_command_t *commands, uint8_t count, uint8_t *packet, size_t packet_bytes,
                         uint8_t id_bytes);

/** The requests of this device that wait for a reply. The first field is read-only, the others are private. */
typedef struct {
  /** Replies that no request waited for: late, second, or not understood. It wraps to 0 after 2^32 - 1. */
  uint32_t late_replies;
  /* Private: */
  uint16_t *waiting;
  uint8_t capacity;
  uint8_t id_bytes;
  uint16_t last_id;
} requests_t;

/**
 * Initializes `requests`. At most `capacity` requests, 1 to 127, wait at a time: their ids are in `waiting` for as long as
 * `requests` exists.
 *
 * The ids of the device follow one another, and `seed` decides which is first. If it differs from start to start, for
 * example because it is read from an unconnected analog input, the reply to a request from before a reset is not taken for
 * that of a new request.
 */
void requests_init(requests_t *requests, uint8_t id_bytes, uint16_t seed, uint16_t *waiting, uint8_t capacity);

/**
 * Begins a request to the host: writes the next id to the first bytes of `packet`, and remembers it. Send the packet.
 *
 * Returns the id, or 0, and changes nothing, if `capacity` requests wait.
 */
uint16_t requests_begin(requests_t *requests, uint8_t *packet);

/**
 * Ends the request that a REQUESTS_REPLY or REQUESTS_ERROR_REPLY belongs to. Returns its id. The payload of a reply follows
 * its id. The code of an error reply is its last byte.
 *
 * Returns 0, and counts the reply in `late_replies`, if no request waits for it. Drop it.
 */
uint16_t requests_end(requests_t *requests, const uint8_t *packet, size_t packet_bytes);

/**
 * Gives up a request, for example because its reply takes too long, or because it could not be sent. Its reply then counts
 * as late. Returns whether the request was waiting.
 */
bool requests_give_up(requests_t *requests, uint16_t id);

#ifdef __cplusplus
}
#endif

#endif
