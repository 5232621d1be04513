/**
 * CRC-16/CCITT-FALSE: the checksum that the library appends to each packet with `checksum: 'crc16'`, and sercom with
 * `--checksum crc16`. Two bytes, most significant byte first.
 *
 * C99 without allocation, tables, library calls or I/O; usable from C++. The functions keep no state, so they can be
 * called from anywhere, in an interrupt too.
 */
#ifndef CRC16_H
#define CRC16_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

/** Size of the checksum. */
#define CRC16_BYTES 2

/** Returns the checksum of `count` bytes. `bytes` may be null if `count` is 0. */
uint16_t crc16_compute(const uint8_t *bytes, size_t count);

/**
 * Writes the checksum of a packet after its last byte, where it needs room for CRC16_BYTES more bytes. Returns the length of both.
 * Encode them as one frame.
 */
size_t crc16_append(uint8_t *packet, size_t packet_bytes);

/**
 * Returns whether a received packet of `count` bytes ends with its checksum. Without it, the packet has
 * `count - CRC16_BYTES` bytes. The buffer of a packet receiver needs room for both.
 */
bool crc16_check(const uint8_t *bytes, size_t count);

#ifdef __cplusplus
}
#endif

#endif
