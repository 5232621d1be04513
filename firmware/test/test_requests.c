#include "requests.h"

#include <stdlib.h>
#include <string.h>

#include "check.h"

struct request_vector {
  const char *name;
  uint8_t id_bytes;
  bool from_host;
  const char *kind;
  const uint8_t *packet;
  size_t packet_bytes;
  uint16_t id;
  uint16_t request_id;
  uint8_t code;
};

#include "request_vectors.h"

#define COUNT(array) (sizeof(array) / sizeof(array)[0])

/* Ids of one end: 1 to this number, with the top bit for the device. */
static uint16_t ids_of(uint8_t id_bytes) {
  return id_bytes == 1 ? 127 : 32767;
}

static uint16_t device_id(uint8_t id_bytes, uint16_t number) {
  return (uint16_t)(ids_of(id_bytes) + 1 + number);
}

static bool is_kind(const struct request_vector *v, const char *kind) {
  return strcmp(v->kind, kind) == 0;
}

static uint8_t *copy_of(const struct request_vector *v) {
  uint8_t *copy = allocate(v->packet_bytes);
  if (v->packet_bytes > 0) {
    memcpy(copy, v->packet, v->packet_bytes);
  }
  return copy;
}

/* A packet of the host: its kind, its id, and the request that it ends. */
static void test_received(const struct request_vector *v) {
  static const struct {
    const char *name;
    requests_kind_t kind;
  } kinds[] = {
      {"tooShort", REQUESTS_TOO_SHORT}, {"plain", REQUESTS_PLAIN},           {"request", REQUESTS_REQUEST},
      {"reply", REQUESTS_REPLY},        {"errorReply", REQUESTS_ERROR_REPLY}, {"lateReply", REQUESTS_ERROR_REPLY},
  };
  uint8_t *packet = copy_of(v);
  requests_kind_t kind = requests_kind(packet, v->packet_bytes, v->id_bytes);
  size_t known = 0;
  while (!is_kind(v, kinds[known].name)) {
    CHECK(++known < COUNT(kinds));
  }
  CHECK(kind == kinds[known].kind);
  if (kind != REQUESTS_TOO_SHORT) {
    CHECK(requests_id(packet, v->id_bytes) == v->id);
  }
  if (kind == REQUESTS_REPLY || kind == REQUESTS_ERROR_REPLY) {
    uint16_t expected = is_kind(v, "reply") ? v->id : v->request_id;
    uint16_t waiting[2];
    uint8_t begun[2];
    requests_t requests;
    requests_init(&requests, v->id_bytes, (uint16_t)(expected - 1), waiting, 1);
    uint16_t id = requests_begin(&requests, begun);
    CHECK(expected == 0 || id == expected);
    CHECK(requests_end(&requests, packet, v->packet_bytes) == expected);
    CHECK(requests.late_replies == (expected == 0 ? 1 : 0));
    CHECK(requests_give_up(&requests, id) == (expected == 0));
    CHECK(kind != REQUESTS_ERROR_REPLY || expected == 0 || packet[v->packet_bytes - 1] == v->code);
  }
  free(packet);
}

/* A packet of the device: the functions that make it. */
static void test_sent(const struct request_vector *v) {
  uint8_t *packet = copy_of(v);
  if (is_kind(v, "errorReply")) {
    memset(packet, 0xAA, v->packet_bytes);
    requests_set_id(packet, v->id_bytes, v->request_id);
    CHECK(requests_error_reply(packet, v->id_bytes, v->code) == v->packet_bytes);
    CHECK(v->packet_bytes == REQUESTS_ERROR_REPLY_BYTES(v->id_bytes));
  } else if (is_kind(v, "request")) {
    uint16_t waiting[1];
    requests_t requests;
    memset(packet, 0xAA, v->id_bytes);
    requests_init(&requests, v->id_bytes, (uint16_t)(v->id - 1), waiting, 1);
    CHECK(requests_begin(&requests, packet) == v->id);
  } else if (is_kind(v, "plain") || is_kind(v, "reply")) {
    memset(packet, 0xAA, v->id_bytes);
    requests_set_id(packet, v->id_bytes, v->id);
  }
  CHECK(same(packet, v->packet_bytes, v->packet, v->packet_bytes));
  free(packet);
}

static size_t last_payload_bytes;
static uint16_t last_id;
static unsigned calls;

static size_t reverse(uint8_t *payload, size_t payload_bytes, uint16_t id) {
  calls++;
  last_payload_bytes = payload_bytes;
  last_id = id;
  for (size_t i = 0; i < payload_bytes / 2; i++) {
    uint8_t swapped = payload[i];
    payload[i] = payload[payload_bytes - 1 - i];
    payload[payload_bytes - 1 - i] = swapped;
  }
  return payload_bytes;
}

static size_t shorten(uint8_t *payload, size_t payload_bytes, uint16_t id) {
  (void)payload;
  (void)id;
  return payload_bytes - 1;
}

static size_t fail(uint8_t *payload, size_t payload_bytes, uint16_t id) {
  (void)id;
  memset(payload, 0x55, payload_bytes);
  return REQUESTS_FAILED;
}

static size_t reply_later(uint8_t *payload, size_t payload_bytes, uint16_t id) {
  (void)payload;
  (void)payload_bytes;
  last_id = id;
  return REQUESTS_NO_REPLY;
}

/* Dispatches a request in a buffer that has exactly the size that it needs, and compares what it becomes. */
static void check_dispatch(uint8_t id_bytes, const char *payload, const uint8_t *expected, size_t expected_bytes) {
  static const requests_command_t commands[] = {{'r', reverse}, {'s', shorten}, {'f', fail}, {'l', reply_later}, {'r', fail}};
  size_t packet_bytes = id_bytes + strlen(payload);
  size_t capacity = packet_bytes;
  if (capacity < REQUESTS_ERROR_REPLY_BYTES(id_bytes)) {
    capacity = REQUESTS_ERROR_REPLY_BYTES(id_bytes);
  }
  uint8_t *packet = allocate(capacity);
  /* What an earlier packet may have left after this one. */
  memset(packet, 'r', capacity);
  requests_set_id(packet, id_bytes, 0x12);
  memcpy(packet + id_bytes, payload, strlen(payload));
  size_t reply_bytes = requests_dispatch(commands, COUNT(commands), packet, packet_bytes, id_bytes);
  CHECK(same(packet, reply_bytes, expected, expected_bytes));
  free(packet);
}

static void test_dispatch(void) {
  test_name = "dispatching requests";
  static const uint8_t reversed[] = {0, 0x12, 'c', 'b', 'r'};
  static const uint8_t one_less[] = {0, 0x12, 's'};
  static const uint8_t empty[] = {0, 0x12};
  static const uint8_t failed_1[] = {0x80, 0x12, 1};
  static const uint8_t failed_2[] = {0x80, 0, 0, 0x12, 1};
  static const uint8_t unknown_1[] = {0x80, 0x12, 2};
  static const uint8_t unknown_2[] = {0x80, 0, 0, 0x12, 2};
  for (uint8_t id_bytes = 1; id_bytes <= 2; id_bytes++) {
    size_t skip = 2u - id_bytes;
    calls = 0;
    check_dispatch(id_bytes, "rbc", reversed + skip, sizeof reversed - skip);
    CHECK(calls == 1 && last_payload_bytes == 3 && last_id == 0x12);
    check_dispatch(id_bytes, "st", one_less + skip, sizeof one_less - skip);
    check_dispatch(id_bytes, "s", empty + skip, sizeof empty - skip);
    last_id = 0;
    check_dispatch(id_bytes, "later", NULL, 0);
    CHECK(last_id == 0x12);
    bool one = id_bytes == 1;
    size_t error_bytes = REQUESTS_ERROR_REPLY_BYTES(id_bytes);
    check_dispatch(id_bytes, "f", one ? failed_1 : failed_2, error_bytes);
    check_dispatch(id_bytes, "failed", one ? failed_1 : failed_2, error_bytes);
    check_dispatch(id_bytes, "x", one ? unknown_1 : unknown_2, error_bytes);
    check_dispatch(id_bytes, "", one ? unknown_1 : unknown_2, error_bytes);
    CHECK(calls == 1);
  }
}

/* Every id of the device is used once before any is used again, whatever the first one is. */
static void test_order_of_ids(uint8_t id_bytes) {
  test_name = "the order of ids";
  static const uint16_t seeds[] = {0, 1, 126, 127, 128, 129, 254, 255, 256, 32766, 32767, 32768, 40000, 65534, 65535};
  for (size_t i = 0; i < COUNT(seeds); i++) {
    uint16_t ids = ids_of(id_bytes);
    uint16_t waiting[1];
    uint8_t *packet = allocate(id_bytes);
    requests_t requests;
    requests_init(&requests, id_bytes, seeds[i], waiting, 1);
    uint16_t number = seeds[i] & ids;
    for (uint32_t count = 0; count < 2u * ids + 3; count++) {
      number = number == ids ? 1 : (uint16_t)(number + 1);
      uint16_t id = requests_begin(&requests, packet);
      CHECK(id == device_id(id_bytes, number));
      CHECK(requests_kind(packet, id_bytes, id_bytes) == REQUESTS_REPLY && requests_id(packet, id_bytes) == id);
      CHECK(requests_end(&requests, packet, id_bytes) == id);
    }
    CHECK(requests.late_replies == 0);
    free(packet);
  }
}

static void test_late_replies(uint8_t id_bytes) {
  test_name = "late replies";
  uint16_t *waiting = (uint16_t *)(void *)allocate(2 * sizeof *waiting);
  uint8_t first[2];
  uint8_t second[2];
  uint8_t third[2] = {0x77, 0x77};
  requests_t requests;
  requests_init(&requests, id_bytes, 4, waiting, 2);
  CHECK(requests_begin(&requests, first) == device_id(id_bytes, 5));
  CHECK(requests_begin(&requests, second) == device_id(id_bytes, 6));
  CHECK(requests_begin(&requests, third) == 0 && third[0] == 0x77);
  CHECK(!requests_give_up(&requests, 0) && !requests_give_up(&requests, device_id(id_bytes, 7)));

  /* Replies may come in any order. A second one is late. */
  CHECK(requests_end(&requests, second, id_bytes) == device_id(id_bytes, 6));
  CHECK(requests_end(&requests, second, id_bytes) == 0 && requests.late_replies == 1);
  /* No id was lost when all places were taken. */
  CHECK(requests_begin(&requests, third) == device_id(id_bytes, 7));
  CHECK(requests_give_up(&requests, device_id(id_bytes, 5)));
  CHECK(requests_end(&requests, first, id_bytes) == 0 && requests.late_replies == 2);
  CHECK(requests_end(&requests, third, id_bytes) == device_id(id_bytes, 7));
  CHECK(requests_end(&requests, third, id_bytes) == 0 && requests.late_replies == 3);
  /* An unused place is not a request. */
  uint8_t error_reply[REQUESTS_ERROR_REPLY_BYTES(2)] = {0};
  size_t error_bytes = requests_error_reply(error_reply, id_bytes, REQUESTS_NO_HANDLER);
  CHECK(!requests_give_up(&requests, 0));
  CHECK(requests_end(&requests, error_reply, error_bytes) == 0 && requests.late_replies == 4);
  free(waiting);
}

/* An id is not used again while its request waits: with one byte, 127 requests can wait, and a freed id is the only one. */
static void test_all_ids(void) {
  test_name = "all ids in use";
  enum { ALL = 127 };
  uint16_t *waiting = (uint16_t *)(void *)allocate(ALL * sizeof *waiting);
  uint8_t packet[1];
  bool used[256] = {false};
  requests_t requests;
  requests_init(&requests, 1, 99, waiting, ALL);
  for (int i = 0; i < ALL; i++) {
    uint16_t id = requests_begin(&requests, packet);
    CHECK(id > 0x80 && id <= 0xFF && !used[id]);
    used[id] = true;
  }
  CHECK(requests_begin(&requests, packet) == 0);
  for (int i = 0; i < 1000; i++) {
    uint16_t id = (uint16_t)(0x81 + random_below(ALL));
    packet[0] = (uint8_t)id;
    CHECK(requests_end(&requests, packet, 1) == id);
    CHECK(requests_begin(&requests, packet) == id);
    CHECK(requests_begin(&requests, packet) == 0);
  }
  free(waiting);
}

void test_requests(void) {
  for (size_t i = 0; i < COUNT(request_vectors); i++) {
    test_name = request_vectors[i].name;
    if (request_vectors[i].from_host) {
      test_received(&request_vectors[i]);
    } else {
      test_sent(&request_vectors[i]);
    }
  }
  test_dispatch();
  for (uint8_t id_bytes = 1; id_bytes <= 2; id_bytes++) {
    test_order_of_ids(id_bytes);
    test_late_replies(id_bytes);
  }
  test_all_ids();
}
