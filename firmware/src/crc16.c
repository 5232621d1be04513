#include "crc16.h"

uint16_t crc16_compute(const uint8_t *bytes, size_t count) {
  uint16_t crc = 0xFFFF;

  for (size_t i = 0; i < count; i++) {
    /* Divides all 8 bits by the polynomial 1021 at once: its few terms make the quotient easy to compute. */
    uint8_t quotient = (uint8_t)((crc >> 8) ^ bytes[i]);
    quotient ^= (uint8_t)(quotient >> 4);
    crc = (uint16_t)((uint32_t)crc << 8 ^ (uint32_t)quotient << 12 ^ (uint32_t)quotient << 5 ^ quotient);
  }
  return crc;
}

size_t crc16_append(uint8_t *packet, size_t packet_bytes) {
  uint16_t crc = crc16_compute(packet, packet_bytes);

  packet[packet_bytes] = (uint8_t)(crc >> 8);
  packet[packet_bytes + 1] = (uint8_t)crc;
  return packet_bytes + CRC16_BYTES;
}

bool crc16_check(const uint8_t *bytes, size_t count) {
  if (count < CRC16_BYTES) {
    return false;
  }
  uint16_t crc = crc16_compute(bytes, count - CRC16_BYTES);
  return bytes[count - 2] == (uint8_t)(crc >> 8) && bytes[count - 1] == (uint8_t)crc;
}
