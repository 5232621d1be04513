#include <stdlib.h>
#include <string.h>

#include "check.h"
#include "crc16.h"
#include "crc32.h"

struct checksum_vector {
  const char *name;
  const uint8_t *packet;
  size_t packet_bytes;
  const uint8_t *crc16;
  const uint8_t *crc32;
};

#include "checksums.h"

#define COUNT(array) (sizeof(array) / sizeof(array)[0])

typedef size_t append_function(uint8_t *packet, size_t packet_bytes);
typedef bool check_function(const uint8_t *bytes, size_t count);

/* Appends a checksum, compares it, and checks that every flipped bit and every missing byte is noticed. */
static void test_checksum(const struct checksum_vector *v, const uint8_t *expected, size_t bytes,
                          append_function *append, check_function *passes) {
  size_t count = v->packet_bytes + bytes;
  uint8_t *packet = allocate(count);
  memcpy(packet, v->packet, v->packet_bytes);
  CHECK(append(packet, v->packet_bytes) == count);
  CHECK(memcmp(packet, v->packet, v->packet_bytes) == 0);
  CHECK(memcmp(packet + v->packet_bytes, expected, bytes) == 0);
  CHECK(passes(packet, count));
  for (size_t bit = 0; bit < 8 * count; bit++) {
    packet[bit / 8] ^= (uint8_t)(1u << bit % 8);
    CHECK(!passes(packet, count));
    packet[bit / 8] ^= (uint8_t)(1u << bit % 8);
  }
  for (size_t shorter = 0; shorter < bytes; shorter++) {
    uint8_t *fragment = allocate(shorter);
    memcpy(fragment, packet, shorter);
    CHECK(!passes(fragment, shorter));
    free(fragment);
  }
  free(packet);
}

void test_crc(void) {
  CHECK(crc16_compute((const uint8_t *)"123456789", 9) == 0x29B1);
  CHECK(crc32_compute((const uint8_t *)"123456789", 9) == 0xCBF43926);
  CHECK(crc16_compute(NULL, 0) == 0xFFFF && crc32_compute(NULL, 0) == 0);
  for (size_t i = 0; i < COUNT(checksums); i++) {
    const struct checksum_vector *v = &checksums[i];
    test_name = v->name;
    test_checksum(v, v->crc16, CRC16_BYTES, crc16_append, crc16_check);
    test_checksum(v, v->crc32, CRC32_BYTES, crc32_append, crc32_check);
  }
}
