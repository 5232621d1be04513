/**
 * Acknowledged delivery for an Arduino sketch: `delivery: 'acknowledged'` on the host. Packets of both ends arrive exactly once and
 * in order, or the host reports an error.
 *
 *     #include <AcknowledgedPackets.h>
 *
 *     AcknowledgedPackets packets(Serial);
 *
 *     void setup() {
 *       Serial.begin(115200);
 *       packets.onPacket([](const uint8_t *packet, size_t packetBytes) { return packets.send(packet, packetBytes); });
 *     }
 *
 *     void loop() { packets.update(); }
 *
 * The macros in link.h set the size of packets (64 bytes) and of windows (4 packets). A packet and its 9 bytes should fit into the
 * receive buffer of the port, unless `loop` always calls `update` before that buffer is full: README.md has the details.
 *
 * AcknowledgedRequests.h adds requests with ids. Needs C++11, and a core whose Print has availableForWrite(). Allocates nothing.
 * Call all methods in the main loop, not in an interrupt. A handler may call send and sendDatagram, but not update.
 */
#ifndef ACKNOWLEDGED_PACKETS_H
#define ACKNOWLEDGED_PACKETS_H

#include <Arduino.h>

#include "SerialPacketsPort.h"
#include "link.h"

/** Packets of up to LINK_MAX_PACKET_BYTES bytes, with acknowledged delivery, over a port of Arduino. */
class AcknowledgedPackets : private link_t {
 public:
  /** Uses `port` for as long as it exists. Call `port.begin(...)` in `setup`, before the first `update`. */
  template <class SomeStream>
  explicit AcknowledgedPackets(SomeStream &port) : port_(port) {
    static const link_callbacks_t callbacks = {takePacket, takeDatagram, beginSession, nullptr};
    link_init(this, &callbacks);
  }

  AcknowledgedPackets(const AcknowledgedPackets &) = delete;
  AcknowledgedPackets &operator=(const AcknowledgedPackets &) = delete;

  /**
   * Sets the function that gets received packets: `void handler(const uint8_t *packet, size_t packetBytes)`. The packet is
   * acknowledged when the function returns.
   *
   * If the function returns bool, false means "not now": the packet is not acknowledged, the function gets it again at the next
   * `update`, and the host waits. Until this is set, packets wait.
   */
  template <class Handler>
  void onPacket(Handler handler) {
    handler_.set(handler);
  }

  /** Sets the function that gets datagrams of the host, in the same form. They arrive at most once. */
  template <class Handler>
  void onDatagram(Handler handler) {
    datagramHandler_.set(handler);
  }

  /**
   * Sets the function that is called when the host begins a session, for example after its program was restarted. `lost` is the
   * number of packets that the last session left unacknowledged: they may have arrived, and are not sent again.
   */
  void onSession(void (*handler)(uint8_t lost)) { sessionHandler_ = handler; }

  /**
   * Sends a packet. Returns false, and sends nothing, if LINK_SEND_WINDOW packets wait, or if it is too long. Packets that are
   * sent before the first session wait for it.
   */
  bool send(const uint8_t *packet, size_t packetBytes) { return link_send(this, packet, packetBytes); }

  /**
   * Sends a packet at most once, without acknowledgement. `packet` is not copied: leave it unchanged while `datagramWaits`. Returns
   * false, and sends nothing, without a session, if the last datagram waits, or if it is too long.
   */
  bool sendDatagram(const uint8_t *packet, size_t packetBytes) { return link_send_datagram(this, packet, packetBytes); }

  /** Receives and sends what the port allows now. Call it in `loop`. It waits only for a SoftwareSerial. */
  void update() {
    for (int left = port_.available(); left > 0; left--) {
      link_push(this, static_cast<uint8_t>(port_.read()));
    }
    link_poll(this, static_cast<uint16_t>(millis()));
    for (int room = port_.writeRoom(); room > 0; room--) {
      int16_t byte = link_take(this);
      if (byte < 0) {
        break;
      }
      port_.write(static_cast<uint8_t>(byte));
    }
  }

  /** Whether there is a session: the host knows this device since it started. */
  bool inSession() const { return in_session; }
  /** Packets that the host has not acknowledged. */
  uint8_t waitingPackets() const { return waiting; }
  /** Whether the last datagram has not been sent yet. */
  bool datagramWaits() const { return datagram != nullptr; }
  /** Packets sent again. Each count wraps after 2^16 - 1. */
  uint16_t resentPackets() const { return resent; }
  /** Packets and datagrams received again, and dropped. */
  uint16_t duplicatePackets() const { return duplicates; }
  /** Frames dropped because their CRC is wrong, because they belong to another session, or for their contents. */
  uint16_t damagedFrames() const { return damaged; }
  /** Received packets dropped: datagrams that no handler took, and packets of a session that ended. */
  uint16_t droppedPackets() const { return dropped; }

 protected:
  /* For AcknowledgedRequests, which gets packets before the handlers do. */
  template <class SomeStream>
  AcknowledgedPackets(SomeStream &port, const link_callbacks_t &callbacks) : port_(port) {
    link_init(this, &callbacks);
  }

  static AcknowledgedPackets &of(link_t *link) { return *static_cast<AcknowledgedPackets *>(link); }

  static bool takePacket(link_t *link, const uint8_t *packet, size_t packetBytes) {
    const serial_packets::PacketHandler &handler = of(link).handler_;
    return handler.isSet() && handler.call(packet, packetBytes);
  }

  static bool takeDatagram(link_t *link, const uint8_t *packet, size_t packetBytes) {
    const serial_packets::PacketHandler &handler = of(link).datagramHandler_;
    return handler.isSet() && handler.call(packet, packetBytes);
  }

  static void beginSession(link_t *link, uint8_t lost) {
    if (of(link).sessionHandler_ != nullptr) {
      of(link).sessionHandler_(lost);
    }
  }

 private:
  serial_packets::Port port_;
  serial_packets::PacketHandler handler_;
  serial_packets::PacketHandler datagramHandler_;
  void (*sessionHandler_)(uint8_t lost) = nullptr;
};

#endif
