/**
 * The requests of SerialPackets with Ids, and of AcknowledgedRequests. Sketches do not include this file.
 */
#ifndef SERIAL_PACKETS_REQUESTS_H
#define SERIAL_PACKETS_REQUESTS_H

#include "requests.h"

namespace serial_packets {

/* Gets the reply to a request of the device. `errorCode` is 0, or the host's reason to refuse: there is no reply then. */
using ReplyHandler = void (*)(uint16_t id, uint8_t errorCode, const uint8_t *reply, size_t replyBytes);

/* The requests of the device that wait for a reply. */
template <uint8_t idBytes, uint8_t capacity>
class WaitingRequests {
 public:
  WaitingRequests() { requests_init(&requests_, idBytes, 0, waiting_, capacity); }

  void seed(uint16_t seed) { requests_init(&requests_, idBytes, seed, waiting_, capacity); }
  void onReply(ReplyHandler handler) { handler_ = handler; }
  uint16_t begin() {
    uint8_t id[2];
    return requests_begin(&requests_, id);
  }
  bool giveUp(uint16_t id) { return requests_give_up(&requests_, id); }
  uint32_t lateReplies() const { return requests_.late_replies; }

  void end(const uint8_t *packet, size_t packetBytes) {
    uint16_t id = requests_end(&requests_, packet, packetBytes);
    if (id == 0) {
      return;
    }
    if (handler_ == nullptr) {
      requests_.late_replies++;
      return;
    }
    if (requests_kind(packet, packetBytes, idBytes) == REQUESTS_ERROR_REPLY) {
      handler_(id, packet[packetBytes - 1], nullptr, 0);
    } else {
      handler_(id, 0, packet + idBytes, packetBytes - idBytes);
    }
  }

 private:
  requests_t requests_;
  uint16_t waiting_[capacity];
  ReplyHandler handler_ = nullptr;
};

/* A device that sends no requests: each reply is late. */
template <uint8_t idBytes>
class WaitingRequests<idBytes, 0> {
 public:
  void end(const uint8_t *, size_t) { lateReplies_++; }
  uint32_t lateReplies() const { return lateReplies_; }

 private:
  uint16_t lateReplies_ = 0;
};

/* The requests of both ends. */
template <uint8_t idBytes, uint8_t capacity>
struct Requests {
  const requests_command_t *commands = nullptr;
  uint8_t commandCount = 0;
  uint16_t tooShort = 0;
  WaitingRequests<idBytes, capacity> waiting;

  /* Replaces a request of the host by its reply. Returns the length of the reply, or 0 if there is none yet. */
  size_t handle(uint8_t *packet, size_t packetBytes, size_t longestReply) const {
    size_t replyBytes = requests_dispatch(commands, commandCount, packet, packetBytes, idBytes);
    return replyBytes > longestReply ? requests_error_reply(packet, idBytes, REQUESTS_HANDLER_FAILED) : replyBytes;
  }
};

/* Without ids. */
template <>
struct Requests<0, 0> {};

}  // namespace serial_packets

#endif
