/**
 * Acknowledged delivery and requests with ids, for an Arduino sketch: `delivery: 'acknowledged'` and `requestIds: { bytes: 1 }` on
 * the host. Each request is carried out exactly once.
 *
 *     #include <AcknowledgedRequests.h>
 *
 *     AcknowledgedRequests<Ids<1>> packets(Serial);
 *
 * Ids, and the methods for requests, are those of SerialPackets.h; the rest is as in AcknowledgedPackets.h. The id counts as part of
 * the LINK_MAX_PACKET_BYTES bytes of a packet.
 */
#ifndef ACKNOWLEDGED_REQUESTS_H
#define ACKNOWLEDGED_REQUESTS_H

#include <string.h>

#include "AcknowledgedPackets.h"
#include "SerialPacketsOptions.h"
#include "SerialPacketsRequests.h"

/** AcknowledgedPackets with ids: `RequestIds` is Ids<1>, Ids<2>, or Ids<1, N> for a device that also sends requests. */
template <class RequestIds>
class AcknowledgedRequests : public AcknowledgedPackets {
  using Options = serial_packets::Options<RequestIds>;
  static constexpr uint8_t idBytes = Options::idBytes;
  static constexpr size_t maxPacketBytes = LINK_MAX_PACKET_BYTES - idBytes;
  static_assert(idBytes > 0, "AcknowledgedRequests: name Ids<1> or Ids<2>. Acknowledged delivery has a CRC-32 of its own.");
  static_assert(LINK_MAX_PACKET_BYTES >= 2 * idBytes + 1, "AcknowledgedRequests: LINK_MAX_PACKET_BYTES has no room for an error.");

 public:
  /** Uses `port` for as long as it exists. Call `port.begin(...)` in `setup`, before the first `update`. */
  template <class SomeStream>
  explicit AcknowledgedRequests(SomeStream &port) : AcknowledgedPackets(port, callbacks()) {}

  /** Sends a packet that is neither a request nor a reply. The rest is as with AcknowledgedPackets. */
  bool send(const uint8_t *packet, size_t packetBytes) { return reply(0, packet, packetBytes); }

  /**
   * Sends a packet at most once, without acknowledgement. It is copied. Returns false, and sends nothing, without a session, if the
   * last datagram waits, or if it is too long.
   */
  bool sendDatagram(const uint8_t *packet, size_t packetBytes) {
    if (packetBytes > maxPacketBytes || datagramWaits()) {
      return false;
    }
    requests_set_id(datagram_, idBytes, 0);
    memcpy(datagram_ + idBytes, packet, packetBytes);
    return AcknowledgedPackets::sendDatagram(datagram_, idBytes + packetBytes);
  }

  /** Handles requests by their first byte: see `requests_command_t` in requests.h. */
  template <uint8_t count>
  void onRequests(const requests_command_t (&commands)[count]) {
    requests_.commands = commands;
    requests_.commandCount = count;
  }

  /**
   * Replies to a request whose handler returned REQUESTS_NO_REPLY. Returns false as `send` does. If the host has begun another session
   * since the request, do not reply: see `onSession`.
   */
  bool reply(uint16_t id, const uint8_t *packet, size_t packetBytes) {
    if (packetBytes > maxPacketBytes) {
      return false;
    }
    uint8_t whole[LINK_MAX_PACKET_BYTES];
    requests_set_id(whole, idBytes, id);
    memcpy(whole + idBytes, packet, packetBytes);
    return AcknowledgedPackets::send(whole, idBytes + packetBytes);
  }

  /** Makes the request fail at the host with REPLY_ERROR. Returns false as `send` does. */
  bool replyError(uint16_t id, uint8_t errorCode = REQUESTS_HANDLER_FAILED) {
    uint8_t whole[2 * idBytes + 1];
    requests_set_id(whole, idBytes, id);
    return AcknowledgedPackets::send(whole, requests_error_reply(whole, idBytes, errorCode));
  }

  /**
   * Sends a request to the host. Returns its id, or 0 if there is no room, or if as many requests wait as Ids allows. A request
   * waits until its reply arrives, or until `giveUp`: after the host began another session, no reply comes. Needs Ids<1, N> or
   * Ids<2, N>.
   */
  uint16_t request(const uint8_t *packet, size_t packetBytes) {
    static_assert(Options::waitingRequests > 0, "AcknowledgedRequests: request needs Ids<1, N>: N requests may wait for replies.");
    uint16_t id = requests_.waiting.begin();
    if (id != 0 && !reply(id, packet, packetBytes)) {
      requests_.waiting.giveUp(id);
      return 0;
    }
    return id;
  }

  /** Sets the function that gets replies to `request`, as in SerialPackets. */
  void onReply(serial_packets::ReplyHandler handler) {
    static_assert(Options::waitingRequests > 0, "AcknowledgedRequests: onReply needs Ids<1, N>: N requests may wait for replies.");
    requests_.waiting.onReply(handler);
  }

  /** Stops waiting for a reply. Returns whether the request was waiting. */
  bool giveUp(uint16_t id) { return requests_.waiting.giveUp(id); }

  /** Sets where the ids of requests begin, as in SerialPackets. */
  void seedRequests(uint16_t seed) { requests_.waiting.seed(seed); }

  /** Packets dropped because they end within their id. It wraps after 2^16 - 1. */
  uint16_t tooShort() const { return requests_.tooShort; }
  /** Replies dropped because no request waits for them, or because there is no handler for them. */
  uint32_t lateReplies() const { return requests_.waiting.lateReplies(); }

 private:
  static const link_callbacks_t &callbacks() {
    static const link_callbacks_t callbacks = {takePacket, takeDatagram, beginSession, nullptr};
    return callbacks;
  }

  static AcknowledgedRequests &of(link_t *link) { return static_cast<AcknowledgedRequests &>(AcknowledgedPackets::of(link)); }

  static bool takePacket(link_t *link, const uint8_t *packet, size_t packetBytes) {
    AcknowledgedRequests &self = of(link);
    if (self.replyBytes_ == 0) {
      switch (requests_kind(packet, packetBytes, idBytes)) {
        case REQUESTS_PLAIN:
          return AcknowledgedPackets::takePacket(link, packet + idBytes, packetBytes - idBytes);
        case REQUESTS_REQUEST:
          memcpy(self.reply_, packet, packetBytes);
          self.replyBytes_ = self.requests_.handle(self.reply_, packetBytes, sizeof self.reply_);
          break;
        case REQUESTS_TOO_SHORT:
          self.requests_.tooShort++;
          break;
        default:
          self.requests_.waiting.end(packet, packetBytes);
      }
    }
    /* Without room for its reply, a request is offered again. It must not be carried out again. */
    if (self.replyBytes_ > 0 && !self.AcknowledgedPackets::send(self.reply_, self.replyBytes_)) {
      return false;
    }
    self.replyBytes_ = 0;
    return true;
  }

  static bool takeDatagram(link_t *link, const uint8_t *packet, size_t packetBytes) {
    return requests_kind(packet, packetBytes, idBytes) == REQUESTS_PLAIN &&
           AcknowledgedPackets::takeDatagram(link, packet + idBytes, packetBytes - idBytes);
  }

  static void beginSession(link_t *link, uint8_t lost) {
    of(link).replyBytes_ = 0;
    AcknowledgedPackets::beginSession(link, lost);
  }

  serial_packets::Requests<idBytes, Options::waitingRequests> requests_;
  /* Length of a reply that waits for room, or 0. */
  size_t replyBytes_ = 0;
  uint8_t reply_[LINK_MAX_PACKET_BYTES];
  uint8_t datagram_[LINK_MAX_PACKET_BYTES];
};

#endif
