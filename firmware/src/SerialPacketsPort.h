/**
 * The serial port of SerialPackets and AcknowledgedPackets: any Stream of Arduino. Sketches do not include this file.
 */
#ifndef SERIAL_PACKETS_PORT_H
#define SERIAL_PACKETS_PORT_H

#include <Arduino.h>

namespace serial_packets {

/* Whether a method is the availableForWrite that every Print has, which always returns 0. */
template <class Method>
struct IsOfPrint {
  static constexpr bool value = false;
};

template <class Result>
struct IsOfPrint<Result (Print::*)()> {
  static constexpr bool value = true;
};

template <class SomeStream>
constexpr bool lacksWriteRoom(decltype(&SomeStream::availableForWrite) *) {
  return IsOfPrint<decltype(&SomeStream::availableForWrite)>::value;
}

template <class SomeStream>
constexpr bool lacksWriteRoom(...) {
  return false;
}

/* A port. If its class cannot report how many bytes it accepts at once, as SoftwareSerial cannot, its write waits. */
class Port {
 public:
  template <class SomeStream>
  explicit Port(SomeStream &stream) : stream_(stream), writeWaits_(lacksWriteRoom<SomeStream>(nullptr)) {}

  int available() { return stream_.available(); }
  int read() { return stream_.read(); }
  /* How many bytes write accepts without waiting. If it always waits, 64. */
  int writeRoom() { return writeWaits_ ? 64 : stream_.availableForWrite(); }
  void write(uint8_t byte) { stream_.write(byte); }

 private:
  Stream &stream_;
  const bool writeWaits_;
};

/* The function that gets the packets. One that returns bool gets a packet again if it returned false. */
class PacketHandler {
 public:
  using Function = void (*)(const uint8_t *packet, size_t packetBytes);
  using Refusing = bool (*)(const uint8_t *packet, size_t packetBytes);

  void set(Function function) {
    function_ = function;
    refusing_ = nullptr;
  }
  void set(Refusing refusing) {
    function_ = nullptr;
    refusing_ = refusing;
  }
  bool isSet() const { return function_ != nullptr || refusing_ != nullptr; }

  /* Returns whether the function took the packet. */
  bool call(const uint8_t *packet, size_t packetBytes) const {
    if (refusing_ != nullptr) {
      return refusing_(packet, packetBytes);
    }
    if (function_ != nullptr) {
      function_(packet, packetBytes);
    }
    return true;
  }

 private:
  Function function_ = nullptr;
  Refusing refusing_ = nullptr;
};

}  // namespace serial_packets

#endif
