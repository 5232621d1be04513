#include "crc32.h"

uint32_t crc32_update(uint32_t crc, const uint8_t *bytes, size_t count) {
  for (size_t i = 0; i < count; i++) {
    crc ^= bytes[i];
    for (uint8_t bit = 0; bit < 8; bit++) {
      crc = (crc & 1) != 0 ? (crc >> 1) ^ 0xEDB88320 : crc >> 1;
    }
  }
  return crc;
}

uint32_t crc32_compute(const uint8_t *bytes, size_t count) {
  return ~crc32_update(0xFFFFFFFF, bytes, count);
}

size_t crc32_append(uint8_t *packet, size_t packet_bytes) {
  uint32_t crc = crc32_compute(packet, packet_bytes);

  for (uint8_t i = 0; i < CRC32_BYTES; i++) {
    packet[packet_bytes + i] = (uint8_t)crc;
    crc >>= 8;
  }
  return packet_bytes + CRC32_BYTES;
}

bool crc32_check(const uint8_t *bytes, size_t count) {
  if (count < CRC32_BYTES) {
    return false;
  }
  uint32_t crc = crc32_compute(bytes, count - CRC32_BYTES);
  for (uint8_t i = 0; i < CRC32_BYTES; i++) {
    if (bytes[count - CRC32_BYTES + i] != (uint8_t)crc) {
      return false;
    }
    crc >>= 8;
  }
  return true;
}
