/* Tests the wrapper on the host, over the two ports of the stand-in Arduino.h. */
#include <AcknowledgedPackets.h>
#include <SerialPackets.h>

#include "check.h"

/* In requests.cpp. */
void testAcknowledgedRequests();

/* Gives a port the wire bytes of a packet. */
static void arrive(WaitingSerial &port, const uint8_t *bytes, size_t count) {
  port.receivedBytes += static_cast<int>(cobs_encode(bytes, count, port.received + port.receivedBytes, 500));
  port.received[port.receivedBytes++] = 0;
}

#define ARRIVE(port, ...) \
  do { \
    const uint8_t bytes[] = {__VA_ARGS__}; \
    arrive(port, bytes, sizeof bytes); \
  } while (0)

/* Whether the port has sent exactly these bytes since the last call. */
static bool sent(WaitingSerial &port, const uint8_t *bytes, int count) {
  bool same = port.sentBytes == count && memcmp(port.sent, bytes, static_cast<size_t>(count)) == 0;
  port.sentBytes = 0;
  return same;
}

#define SENT(port, ...) \
  do { \
    const uint8_t bytes[] = {__VA_ARGS__}; \
    CHECK(sent(port, bytes, sizeof bytes)); \
  } while (0)

static uint8_t handled[64];
static size_t handledBytes;
static int calls = 0;
static bool willing = true;

static void keep(const uint8_t *packet, size_t packetBytes) {
  calls++;
  handledBytes = packetBytes;
  memcpy(handled, packet, packetBytes);
}

static bool keepIfWilling(const uint8_t *packet, size_t packetBytes) {
  keep(packet, packetBytes);
  return willing;
}

static void testPlain() {
  HardwareSerial port;
  SerialPackets<4> packets(port);
  CHECK(!packets.isIdle());
  packets.update();
  SENT(port, 0);
  CHECK(packets.isIdle());
  ARRIVE(port, 1, 2);
  packets.update();
  CHECK(packets.received() == 1 && packets.unhandled() == 1);

  packets.onPacket(keep);
  ARRIVE(port, 1, 0, 3, 4);
  ARRIVE(port, 1, 2, 3, 4, 5);
  port.received[port.receivedBytes++] = 9;
  port.received[port.receivedBytes++] = 0;
  packets.update();
  CHECK(calls == 1 && handledBytes == 4 && handled[1] == 0 && handled[3] == 4);
  CHECK(packets.tooLong() == 1 && packets.malformed() == 1);

  const uint8_t packet[] = {1, 2, 3, 4, 5};
  CHECK(!packets.send(packet, 5) && packets.refused() == 1);
  CHECK(packets.send(packet, 2));
  port.room = 3;
  packets.update();
  SENT(port, 3, 1, 2);
  CHECK(packets.isIdle());
  port.room = 100;
  CHECK(!packets.isIdle());
  packets.update();
  SENT(port, 0);
  port.room = 0;
  int accepted = 0;
  while (packets.send(packet, 4)) accepted++;
  CHECK(accepted == 11 && packets.refused() == 2);
}

static void testRefusingHandler() {
  WaitingSerial port;
  SerialPackets<4> packets(port);
  packets.onPacket(keepIfWilling);
  willing = false;
  calls = 0;
  ARRIVE(port, 1);
  ARRIVE(port, 2);
  packets.update();
  packets.update();
  CHECK(calls == 2 && handled[0] == 1 && packets.received() == 1 && packets.isIdle());
  willing = true;
  packets.update();
  CHECK(calls == 4 && handled[0] == 2 && packets.received() == 2);
  SENT(port, 0);
}

template <class Checksum>
static void testChecksum() {
  HardwareSerial port;
  SerialPackets<4, Checksum> packets(port);
  const uint8_t packet[] = {1, 0, 3, 4};
  packets.onPacket(keep);
  CHECK(packets.send(packet, 4));
  packets.update();
  memcpy(port.received, port.sent, static_cast<size_t>(port.sentBytes));
  port.receivedBytes = port.sentBytes;
  calls = 0;
  packets.update();
  CHECK(calls == 1 && handledBytes == 4 && memcmp(handled, packet, 4) == 0);
  ARRIVE(port, 1);
  ARRIVE(port, 1, 0, 3, 4, 5, 6);
  packets.update();
  CHECK(calls == 1 && packets.damaged() == 2);
}

static uint16_t keptId;

static size_t add(uint8_t *payload, size_t payloadBytes, uint16_t) {
  if (payloadBytes != 3) return REQUESTS_FAILED;
  payload[0] = static_cast<uint8_t>(payload[1] + payload[2]);
  return 1;
}
static size_t later(uint8_t *, size_t, uint16_t id) {
  keptId = id;
  return REQUESTS_NO_REPLY;
}
static size_t tooMuch(uint8_t *, size_t, uint16_t) { return 5; }

static const requests_command_t commands[] = {{'+', add}, {'w', later}, {'x', tooMuch}};

static uint16_t repliedId;
static uint8_t repliedCode;
static size_t repliedBytes;

static void testIds() {
  HardwareSerial port;
  SerialPackets<4, Ids<1, 1>> packets(port);
  packets.onRequests(commands);
  packets.onPacket(keep);
  packets.update();
  SENT(port, 0);
  ARRIVE(port, 1, '+', 2, 3);
  ARRIVE(port, 2, '+');
  ARRIVE(port, 3, '?');
  ARRIVE(port, 4, 'x');
  ARRIVE(port, 5);
  packets.update();
  SENT(port, 3, 1, 5, 0, 4, 0x80, 2, 1, 0, 4, 0x80, 3, 2, 0, 4, 0x80, 4, 1, 0, 4, 0x80, 5, 2, 0);

  ARRIVE(port, 6, 'w');
  packets.update();
  CHECK(keptId == 6 && port.sentBytes == 0);
  const uint8_t answer[] = {7, 8};
  CHECK(packets.reply(keptId, answer, 2) && packets.replyError(9));
  packets.update();
  SENT(port, 4, 6, 7, 8, 0, 4, 0x80, 9, 1, 0);

  calls = 0;
  ARRIVE(port, 0, 1, 2, 3, 4);
  port.received[port.receivedBytes++] = 1;
  port.received[port.receivedBytes++] = 0;
  packets.update();
  CHECK(calls == 1 && handledBytes == 4 && handled[0] == 1 && packets.tooShort() == 1);
  CHECK(packets.send(answer, 2));
  packets.update();
  SENT(port, 1, 3, 7, 8, 0);

  packets.onReply([](uint16_t id, uint8_t code, const uint8_t *, size_t bytes) {
    repliedId = id;
    repliedCode = code;
    repliedBytes = bytes;
  });
  uint16_t id = packets.request(answer, 1);
  CHECK(id == 0x81 && packets.request(answer, 1) == 0);
  packets.update();
  SENT(port, 3, 0x81, 7, 0);
  ARRIVE(port, 0x81, 1, 2);
  packets.update();
  CHECK(repliedId == id && repliedCode == 0 && repliedBytes == 2);
  id = packets.request(answer, 1);
  ARRIVE(port, 0x80, 0x82, 2);
  packets.update();
  CHECK(id == 0x82 && repliedId == id && repliedCode == 2 && repliedBytes == 0);
  id = packets.request(answer, 1);
  CHECK(packets.giveUp(id) && !packets.giveUp(id));
  ARRIVE(port, 0x83, 1);
  packets.update();
  CHECK(packets.lateReplies() == 1 && repliedId == 0x82);
  packets.onReply(nullptr);
  CHECK(packets.request(answer, 1) == 0x84);
  ARRIVE(port, 0x84, 1);
  packets.update();
  CHECK(packets.lateReplies() == 2);

  /* A reply without room waits, and nothing is received until it has room. */
  port.sentBytes = 0;
  port.room = 0;
  while (packets.send(answer, 2)) {
  }
  ARRIVE(port, 10, '+', 2, 3);
  ARRIVE(port, 11, '+', 4, 5);
  packets.update();
  CHECK(port.available() > 0);
  port.room = 1000;
  packets.update();
  packets.update();
  const uint8_t replies[] = {3, 10, 5, 0, 3, 11, 9, 0};
  CHECK(memcmp(port.sent + port.sentBytes - 8, replies, 8) == 0);
}

/* Two bytes of id: an error reply is longer than the largest packet with its id. */
static void testLongIds() {
  HardwareSerial port;
  SerialPackets<1, Crc32, Ids<2>> packets(port);
  CHECK(packets.replyError(1));
  packets.update();
  CHECK(port.sentBytes == 1 + 1 + 2 * 2 + 1 + CRC32_BYTES + 1);
  ARRIVE(port, 0x80, 1, 1);
  packets.update();
  CHECK(packets.damaged() == 1 && packets.lateReplies() == 0);
}

static void testAcknowledged() {
  HardwareSerial port;
  AcknowledgedPackets packets(port);
  packets.onPacket(keepIfWilling);
  packets.onDatagram(keep);
  packets.onSession([](uint8_t) {});
  const uint8_t packet[] = {1};
  CHECK(packets.send(packet, 1) && packets.waitingPackets() == 1 && !packets.inSession());
  CHECK(!packets.sendDatagram(packet, 1) && !packets.datagramWaits());
  ARRIVE(port, 1, 2, 3);
  packets.update();
  CHECK(packets.damagedFrames() == 1 && packets.droppedPackets() == 0);
  CHECK(packets.resentPackets() == 0 && packets.duplicatePackets() == 0);
}

void setup() {
  testPlain();
  testRefusingHandler();
  testChecksum<Crc16>();
  testChecksum<Crc32>();
  testIds();
  testLongIds();
  testAcknowledged();
  testAcknowledgedRequests();
  puts("The wrapper passed.");
}

void loop() {}
