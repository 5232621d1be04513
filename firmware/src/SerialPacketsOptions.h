/**
 * What may follow the packet size in SerialPackets<64, ...>, in any order: Crc16 or Crc32, Ids, SendQueue. SerialPackets.h
 * includes this file.
 */
#ifndef SERIAL_PACKETS_OPTIONS_H
#define SERIAL_PACKETS_OPTIONS_H

#include "crc16.h"
#include "crc32.h"
#include "requests.h"

namespace serial_packets {

struct DefaultOptions {
  static constexpr size_t checksumBytes = 0;
  static constexpr uint8_t idBytes = 0;
  static constexpr uint8_t waitingRequests = 0;
  static constexpr size_t queueBytes = 0;
  static size_t appendChecksum(uint8_t *, size_t packetBytes) { return packetBytes; }
  static bool checkChecksum(const uint8_t *, size_t) { return true; }
};

/* Each option adds itself to the options after it. */
template <class... Features>
struct Options : DefaultOptions {};

template <class First, class... Rest>
struct Options<First, Rest...> : First::template AddedTo<Options<Rest...>> {};

}  // namespace serial_packets

/** A CRC-16 after each packet: `checksum: 'crc16'` on the host. */
struct Crc16 {
  template <class Others>
  struct AddedTo : Others {
    static_assert(Others::checksumBytes == 0, "SerialPackets: choose Crc16 or Crc32, and name it once.");
    static constexpr size_t checksumBytes = CRC16_BYTES;
    static size_t appendChecksum(uint8_t *packet, size_t packetBytes) { return crc16_append(packet, packetBytes); }
    static bool checkChecksum(const uint8_t *packet, size_t count) { return crc16_check(packet, count); }
  };
};

/** A CRC-32 after each packet: `checksum: 'crc32'` on the host. */
struct Crc32 {
  template <class Others>
  struct AddedTo : Others {
    static_assert(Others::checksumBytes == 0, "SerialPackets: choose Crc16 or Crc32, and name it once.");
    static constexpr size_t checksumBytes = CRC32_BYTES;
    static size_t appendChecksum(uint8_t *packet, size_t packetBytes) { return crc32_append(packet, packetBytes); }
    static bool checkChecksum(const uint8_t *packet, size_t count) { return crc32_check(packet, count); }
  };
};

/**
 * An id of 1 or 2 bytes before each packet: `requestIds: { bytes: 1 }` on the host. The device replies to requests. With
 * `requests`, 1 to 127, it also sends requests to the host; that many may wait for their replies at a time.
 */
template <uint8_t bytes, uint8_t requests = 0>
struct Ids {
  static_assert(bytes == 1 || bytes == 2, "SerialPackets: Ids<1> or Ids<2>.");
  static_assert(requests <= 127, "SerialPackets: at most 127 requests may wait.");

  template <class Others>
  struct AddedTo : Others {
    static_assert(Others::idBytes == 0, "SerialPackets: name Ids once.");
    static constexpr uint8_t idBytes = bytes;
    static constexpr uint8_t waitingRequests = requests;
  };
};

/** Size of the queue of bytes to send. By default, it holds the largest packet and 64 bytes more. */
template <size_t bytes>
struct SendQueue {
  template <class Others>
  struct AddedTo : Others {
    static_assert(Others::queueBytes == 0, "SerialPackets: name SendQueue once.");
    static constexpr size_t queueBytes = bytes;
  };
};

#endif
