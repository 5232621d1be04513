/**
 * CRC-32/ISO-HDLC (zip, Ethernet): the checksum that the library appends to each packet with `checksum: 'crc32'`, and sercom with
 * `--checksum crc32`. Four bytes, least significant byte first.
 *
 * C99 without allocation, tables, library calls or I/O; usable from C++. The functions keep no state, so they can be
 * called from anywhere, in an interrupt too.
 */
#ifndef CRC32_H
#define CRC32_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

/** Size of the checksum. */
#define CRC32_BYTES 4

/**
 * Continues a checksum over `count` more bytes, and returns its new state. Start with 0xFFFFFFFF, or with the start value
 * that both ends agreed on; the checksum is the complement of the last state.
 */
uint32_t crc32_update(uint32_t crc, const uint8_t *bytes, size_t count);

/** Returns the checksum of `count` bytes. `bytes` may be null if `count` is 0. */
uint32_t crc32_compute(const uint8_t *bytes, size_t count);

/**
 * Writes the checksum of a packet after its last byte, where it needs room for CRC32_BYTES more bytes. Returns the length of both.
 * Encode them as one frame.
 */
size_t crc32_append(uint8_t *packet, size_t packet_bytes);

/**
 * Returns whether a received packet of `count` bytes ends with its checksum. Without it, the packet has
 * `count - CRC32_BYTES` bytes. The buffer of a packet receiver needs room for both.
 */
bool crc32_check(const uint8_t *bytes, size_t count);

#ifdef __cplusplus
}
#endif

#endif
