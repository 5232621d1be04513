#include "requests.h"

/* In the first byte of an id: set in those of the device, and alone in that of error replies. */
#define TOP_BIT 0x80

requests_kind_t requests_kind(const uint8_t *packet, size_t packet_bytes, uint8_t id_bytes) {
  if (packet_bytes < id_bytes) {
    return REQUESTS_TOO_SHORT;
  }
  uint8_t rest = packet[0] & (uint8_t)~TOP_BIT;
  if (id_bytes == 2) {
    rest |= packet[1];
  }
  if ((packet[0] & TOP_BIT) == 0) {
    return rest == 0 ? REQUESTS_PLAIN : REQUESTS_REQUEST;
  }
  return rest == 0 ? REQUESTS_ERROR_REPLY : REQUESTS_REPLY;
}

uint16_t requests_id(const uint8_t *packet, uint8_t id_bytes) {
  uint16_t id = packet[0];

  if (id_bytes == 2) {
    id = (uint16_t)(id << 8 | packet[1]);
  }
  return id;
}

void requests_set_id(uint8_t *packet, uint8_t id_bytes, uint16_t id) {
  if (id_bytes == 2) {
    *packet++ = (uint8_t)(id >> 8);
  }
  *packet = (uint8_t)id;
}

size_t requests_error_reply(uint8_t *packet, uint8_t id_bytes, uint8_t code) {
  uint8_t *after_id = packet + id_bytes;

  after_id[0] = packet[0];
  packet[0] = TOP_BIT;
  if (id_bytes == 2) {
    after_id[1] = packet[1];
    packet[1] = 0;
  }
  after_id[id_bytes] = code;
  return REQUESTS_ERROR_REPLY_BYTES(id_bytes);
}

size_t requests_dispatch(const requests_command_t *commands, uint8_t count, uint8_t *packet, size_t packet_bytes,
                         uint8_t id_bytes) {
  uint8_t *payload = packet + id_bytes;
  size_t payload_bytes = packet_bytes - id_bytes;

  if (payload_bytes == 0) {
    count = 0;
  }
  for (; count > 0; commands++, count--) {
    if (commands->first_byte == *payload) {
      size_t reply_bytes = commands->handle(payload, payload_bytes, requests_id(packet, id_bytes));
      if (reply_bytes == REQUESTS_FAILED) {
        return requests_error_reply(packet, id_bytes, REQUESTS_HANDLER_FAILED);
      }
      return reply_bytes == REQUESTS_NO_REPLY ? 0 : id_bytes + reply_bytes;
    }
  }
  return requests_error_reply(packet, id_bytes, REQUESTS_NO_HANDLER);
}

void requests_init(requests_t *requests, uint8_t id_bytes, uint16_t seed, uint16_t *waiting, uint8_t capacity) {
  requests->late_replies = 0;
  requests->waiting = waiting;
  requests->capacity = capacity;
  requests->id_bytes = id_bytes;
  requests->last_id = seed;
  while (capacity > 0) {
    waiting[--capacity] = 0;
  }
}

/* Returns where an id is kept, or null. Unused places hold 0. */
static uint16_t *find(const requests_t *requests, uint16_t id) {
  for (uint8_t i = 0; i < requests->capacity; i++) {
    if (requests->waiting[i] == id) {
      return &requests->waiting[i];
    }
  }
  return NULL;
}

uint16_t requests_begin(requests_t *requests, uint8_t *packet) {
  uint8_t id_bytes = requests->id_bytes;
  uint16_t *place = find(requests, 0);
  uint16_t id;

  if (place == NULL) {
    return 0;
  }
  do {
    requests_set_id(packet, id_bytes, ++requests->last_id);
    packet[0] |= TOP_BIT;
    id = requests_id(packet, id_bytes);
  } while (requests_kind(packet, id_bytes, id_bytes) == REQUESTS_ERROR_REPLY || find(requests, id) != NULL);
  *place = id;
  return id;
}

uint16_t requests_end(requests_t *requests, const uint8_t *packet, size_t packet_bytes) {
  uint8_t id_bytes = requests->id_bytes;

  /* The id of an error reply of another length stays that of error replies, which no request has. */
  if (packet_bytes == REQUESTS_ERROR_REPLY_BYTES(id_bytes) &&
      requests_kind(packet, packet_bytes, id_bytes) == REQUESTS_ERROR_REPLY) {
    packet += id_bytes;
  }
  uint16_t id = requests_id(packet, id_bytes);
  if (!requests_give_up(requests, id)) {
    requests->late_replies++;
    return 0;
  }
  return id;
}

bool requests_give_up(requests_t *requests, uint16_t id) {
  uint16_t *place = find(requests, id);

  if (id == 0 || place == NULL) {
    return false;
  }
  *place = 0;
  return true;
}
