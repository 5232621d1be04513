/**
 * Packets between an Arduino sketch and the npm packages serial-communicator and sercom.
 *
 *     #include <SerialPackets.h>
 *
 *     SerialPackets<64> packets(Serial);  // 64: largest packet in bytes
 *
 *     void setup() {
 *       Serial.begin(115200);
 *       packets.onPacket([](const uint8_t *packet, size_t packetBytes) { return packets.send(packet, packetBytes); });
 *     }
 *
 *     void loop() { packets.update(); }
 *
 * More options follow the size: SerialPackets<64, Crc16>, SerialPackets<64, Crc32, Ids<1>>. Options that are not named cost no
 * flash. AcknowledgedPackets.h has acknowledged delivery, and AcknowledgedRequests.h has it with ids.
 *
 * Needs C++11, and a core whose Print has availableForWrite(). Allocates nothing. Call all methods in the main loop, not in an
 * interrupt. A handler may call send, reply and request, but not update.
 */
#ifndef SERIAL_PACKETS_H
#define SERIAL_PACKETS_H

#include <Arduino.h>
#include <string.h>

#include "SerialPacketsOptions.h"
#include "SerialPacketsPort.h"
#include "SerialPacketsRequests.h"
#include "cobs.h"
#include "frame_queue.h"
#include "packet_receiver.h"

/** Packets of up to `maxPacketBytes` bytes over a port of Arduino: Serial, Serial1, a USB port, or SoftwareSerial. */
template <size_t maxPacketBytes, class... Features>
class SerialPackets {
  using Options = serial_packets::Options<Features...>;
  static constexpr uint8_t idBytes = Options::idBytes;
  static constexpr size_t extraBytes = idBytes + Options::checksumBytes;
  static constexpr size_t errorReplyBytes = 2 * idBytes + 1;
  /* The buffer also holds replies. */
  static constexpr size_t longestReply = idBytes + maxPacketBytes < errorReplyBytes ? errorReplyBytes : idBytes + maxPacketBytes;
  static constexpr size_t bufferBytes = longestReply + Options::checksumBytes;
  static constexpr size_t leastQueueBytes = COBS_MAX_FRAME_BYTES(bufferBytes) + 1;
  static constexpr size_t queueBytes = Options::queueBytes == 0 ? leastQueueBytes + 64 : Options::queueBytes;
  static_assert(maxPacketBytes > 0, "SerialPackets: the largest packet has at least 1 byte.");
  static_assert(queueBytes >= leastQueueBytes, "SerialPackets: SendQueue is too small for the largest packet.");

 public:
  /** Uses `port` for as long as it exists. Call `port.begin(...)` in `setup`, before the first `update`. */
  template <class SomeStream>
  explicit SerialPackets(SomeStream &port) : port_(port) {
    packet_receiver_init(&receiver_, buffer_, idBytes + maxPacketBytes + Options::checksumBytes);
    frame_queue_init(&queue_, queueBytes_, queueBytes);
    frame_queue_add_delimiter(&queue_);
  }

  SerialPackets(const SerialPackets &) = delete;
  SerialPackets &operator=(const SerialPackets &) = delete;

  /**
   * Sets the function that gets received packets: `void handler(const uint8_t *packet, size_t packetBytes)`. The packet is
   * valid until the function returns.
   *
   * If the function returns bool, false means "not now": it gets the same packet again at the next `update`, and nothing else
   * is received until it takes it. With ids, it gets only packets that are neither requests nor replies.
   */
  template <class Handler>
  void onPacket(Handler handler) {
    handler_.set(handler);
  }

  /** Sends a packet. Returns false, sends nothing and counts it in `refused` if there is no room, or if it is too long. */
  bool send(const uint8_t *packet, size_t packetBytes) { return enqueue(0, packet, packetBytes); }

  /** Receives and sends what the port allows now, at most 64 bytes each. Call it in `loop`. It waits only for a SoftwareSerial. */
  void update() {
    for (uint8_t turns = 64 / TURN_BYTES; turns > 0 && exchange(); turns--) {
    }
  }

  /**
   * Returns whether `update` would neither receive nor send: the sketch may sleep until an interrupt. Interrupts must be off from
   * this call to the sleep. A packet that the handler did not take waits for the next `update`.
   */
  bool isIdle() {
    return (step_ != RECEIVING || port_.available() == 0) && (frame_queue_is_empty(&queue_) || port_.writeRoom() == 0);
  }

  /** Handles requests by their first byte: see `requests_command_t` in requests.h. Needs Ids. */
  template <uint8_t count>
  void onRequests(const requests_command_t (&commands)[count]) {
    static_assert(idBytes > 0, "SerialPackets: onRequests needs Ids<1> or Ids<2>.");
    requests_.commands = commands;
    requests_.commandCount = count;
  }

  /** Replies to a request whose handler returned REQUESTS_NO_REPLY. Returns false as `send` does. Needs Ids. */
  bool reply(uint16_t id, const uint8_t *packet, size_t packetBytes) {
    static_assert(idBytes > 0, "SerialPackets: reply needs Ids<1> or Ids<2>.");
    return enqueue(id, packet, packetBytes);
  }

  /** Makes the request fail at the host with REPLY_ERROR. Returns false as `send` does. Needs Ids. */
  bool replyError(uint16_t id, uint8_t errorCode = REQUESTS_HANDLER_FAILED) {
    static_assert(idBytes > 0, "SerialPackets: replyError needs Ids<1> or Ids<2>.");
    uint8_t packet[bufferBytes];
    requests_set_id(packet, idBytes, id);
    return enqueueWhole(packet, requests_error_reply(packet, idBytes, errorCode));
  }

  /**
   * Sends a request to the host. Returns its id, or 0 if there is no room, or if as many requests wait as Ids allows. A request
   * waits until its reply arrives, or until `giveUp`. Needs Ids<1, N> or Ids<2, N>.
   */
  uint16_t request(const uint8_t *packet, size_t packetBytes) {
    static_assert(Options::waitingRequests > 0, "SerialPackets: request needs Ids<1, N>: N requests may wait for replies.");
    uint16_t id = requests_.waiting.begin();
    if (id != 0 && !enqueue(id, packet, packetBytes)) {
      requests_.waiting.giveUp(id);
      return 0;
    }
    return id;
  }

  /**
   * Sets the function that gets replies to `request`:
   * `void handler(uint16_t id, uint8_t errorCode, const uint8_t *reply, size_t replyBytes)`. `errorCode` is 0 for a reply, and
   * otherwise the reason why the host refused: 1 if its handler failed, 2 if it has none.
   */
  void onReply(serial_packets::ReplyHandler handler) {
    static_assert(Options::waitingRequests > 0, "SerialPackets: onReply needs Ids<1, N>: N requests may wait for replies.");
    requests_.waiting.onReply(handler);
  }

  /** Stops waiting for a reply, for example because it takes too long. Returns whether the request was waiting. */
  bool giveUp(uint16_t id) { return requests_.waiting.giveUp(id); }

  /**
   * Sets where the ids of requests begin. Call it in `setup`, with another number at each start, for example analogRead of an open
   * input: then a reply to a request from before a reset is not taken for that of a new one.
   */
  void seedRequests(uint16_t seed) { requests_.waiting.seed(seed); }

  /** Frames received whole. The checksum and the id are checked after that. This count and the next two wrap after 2^32 - 1. */
  uint32_t received() const { return receiver_.packets; }
  /** Frames dropped because they are not COBS. */
  uint32_t malformed() const { return receiver_.malformed; }
  /** Frames dropped because their packet is longer than `maxPacketBytes`. */
  uint32_t tooLong() const { return receiver_.too_long; }
  /** Packets dropped because their checksum is wrong. This count and the next ones wrap after 2^16 - 1. */
  uint16_t damaged() const { return damaged_; }
  /** Packets dropped because there is no handler for them. */
  uint16_t unhandled() const { return unhandled_; }
  /** Calls of `send`, `reply`, `replyError` and `request` that sent nothing. */
  uint16_t refused() const { return refused_; }
  /** Packets dropped because they end within their id. Needs Ids. */
  uint16_t tooShort() const { return requests_.tooShort; }
  /** Replies dropped because no request waits for them, or because there is no handler for them. Needs Ids. */
  uint32_t lateReplies() const { return requests_.waiting.lateReplies(); }

 private:
  /* What the buffer holds: a part of a frame, a packet that the handler has not taken, or a reply without room in the queue. */
  enum Step : uint8_t { RECEIVING, OFFERING, REPLYING };

  /* The most bytes that are sent, or received, before it is the turn of the other direction. */
  static constexpr uint8_t TURN_BYTES = 16;

  /*
   * Sends some bytes, and then receives some. Few enough that neither direction waits for long: Serial of an Uno has room for 63
   * bytes each way. Returns whether to continue: something was sent or received, and no packet waits.
   */
  bool exchange() {
    bool busy = write();
    if (!finish()) {
      return false;
    }
    for (uint8_t left = TURN_BYTES; left > 0; left--) {
      int byte = port_.read();
      if (byte < 0) {
        break;
      }
      busy = true;
      if (packet_receiver_push(&receiver_, static_cast<uint8_t>(byte)) == PACKET_RECEIVER_PACKET && !begin()) {
        return false;
      }
    }
    return busy;
  }

  bool write() {
    if (frame_queue_is_empty(&queue_)) {
      return false;
    }
    int room = port_.writeRoom();
    if (room > TURN_BYTES) {
      room = TURN_BYTES;
    }
    for (int left = room; left > 0 && !frame_queue_is_empty(&queue_); left--) {
      port_.write(frame_queue_take(&queue_));
    }
    return room > 0;
  }

  /* Begins to handle the packet in the buffer. Returns whether the buffer is free again. */
  bool begin() {
    size_t bytes = receiver_.packet_bytes;
    if (!Options::checkChecksum(buffer_, bytes)) {
      damaged_++;
      return true;
    }
    bytes_ = bytes - Options::checksumBytes;
    step_ = dispatch(requests_);
    return finish();
  }

  /* Without ids. */
  Step dispatch(serial_packets::Requests<0, 0> &) { return OFFERING; }

  template <uint8_t capacity>
  Step dispatch(serial_packets::Requests<idBytes, capacity> &requests) {
    switch (requests_kind(buffer_, bytes_, idBytes)) {
      case REQUESTS_PLAIN:
        return OFFERING;
      case REQUESTS_REQUEST:
        bytes_ = requests.handle(buffer_, bytes_, longestReply);
        if (bytes_ == 0) {
          return RECEIVING;
        }
        bytes_ = Options::appendChecksum(buffer_, bytes_);
        return REPLYING;
      case REQUESTS_TOO_SHORT:
        requests.tooShort++;
        return RECEIVING;
      default:
        requests.waiting.end(buffer_, bytes_);
        return RECEIVING;
    }
  }

  /* Continues with what the buffer holds. Returns whether it is free for the next packet. */
  bool finish() {
    if (step_ == REPLYING) {
      if (!frame_queue_add(&queue_, buffer_, bytes_)) {
        return false;
      }
    } else if (step_ == OFFERING) {
      if (!handler_.isSet()) {
        unhandled_++;
      } else if (!handler_.call(buffer_ + idBytes, bytes_ - idBytes)) {
        return false;
      }
    }
    step_ = RECEIVING;
    return true;
  }

  bool enqueue(uint16_t id, const uint8_t *packet, size_t packetBytes) {
    if (packetBytes > maxPacketBytes) {
      return refuse();
    }
    if (extraBytes == 0) {
      return frame_queue_add(&queue_, packet, packetBytes) || refuse();
    }
    uint8_t whole[extraBytes + maxPacketBytes];
    if (idBytes > 0) {
      requests_set_id(whole, idBytes, id);
    }
    memcpy(whole + idBytes, packet, packetBytes);
    return enqueueWhole(whole, idBytes + packetBytes);
  }

  /* `whole` has room for the checksum. */
  bool enqueueWhole(uint8_t *whole, size_t count) {
    return frame_queue_add(&queue_, whole, Options::appendChecksum(whole, count)) || refuse();
  }

  bool refuse() {
    refused_++;
    return false;
  }

  serial_packets::Port port_;
  serial_packets::PacketHandler handler_;
  packet_receiver_t receiver_;
  frame_queue_t queue_;
  serial_packets::Requests<idBytes, Options::waitingRequests> requests_;
  Step step_ = RECEIVING;
  uint16_t damaged_ = 0;
  uint16_t unhandled_ = 0;
  uint16_t refused_ = 0;
  /* Length of what the buffer holds in the steps OFFERING and REPLYING. */
  size_t bytes_ = 0;
  uint8_t buffer_[bufferBytes];
  uint8_t queueBytes_[queueBytes];
};

#endif
