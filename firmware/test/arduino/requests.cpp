/* Tests AcknowledgedRequests on the host, over a line to the small host of the tests of link.c. */
#include <AcknowledgedRequests.h>

#include "check.h"

extern "C" {
#include "../link/opener.h"
}

namespace {

HardwareSerial port;
opener_t opener;
long now = 0;

/* What the host has received, and whether it takes more. */
uint8_t taken[20][64];
size_t takenBytes[20];
int takenCount = 0;
bool hostTakes = true;
uint8_t hostDatagram[64];
size_t hostDatagramBytes = 0;

uint8_t handled[64];
size_t handledBytes = 0;
bool willing = true;
int additions = 0;
int sessions = 0;
uint16_t repliedId = 0;
uint8_t repliedByte = 0;

void write(void *, const uint8_t *bytes, size_t count) {
  memcpy(port.received + port.receivedBytes, bytes, count);
  port.receivedBytes += static_cast<int>(count);
}

bool receive(void *, const uint8_t *packet, size_t packetBytes) {
  if (!hostTakes) return false;
  memcpy(taken[takenCount], packet, packetBytes);
  takenBytes[takenCount++] = packetBytes;
  return true;
}

void receiveDatagram(void *, const uint8_t *packet, size_t packetBytes) {
  memcpy(hostDatagram, packet, packetBytes);
  hostDatagramBytes = packetBytes;
}

void acknowledged(void *) {}
void reset(void *, unsigned) {}

const opener_callbacks_t callbacks = {write, receive, receiveDatagram, acknowledged, reset, nullptr};

template <class Packets>
void exchange(Packets &packets) {
  for (int round = 0; round < 40; round++) {
    port.receivedBytes = port.readBytes = 0;
    opener_poll(&opener, now++);
    packets.update();
    for (int i = 0; i < port.sentBytes; i++) opener_push(&opener, port.sent[i], now);
    port.sentBytes = 0;
    port.room = 1000;
    opener_deliver(&opener);
  }
}

/* Whether the host has received exactly this packet next. */
bool took(const uint8_t *packet, size_t packetBytes) {
  bool same = takenCount > 0 && takenBytes[0] == packetBytes && memcmp(taken[0], packet, packetBytes) == 0;
  memmove(taken[0], taken[1], sizeof taken - sizeof taken[0]);
  memmove(takenBytes, takenBytes + 1, sizeof takenBytes - sizeof takenBytes[0]);
  takenCount--;
  return same;
}

#define TOOK(...) \
  do { \
    const uint8_t bytes[] = {__VA_ARGS__}; \
    CHECK(took(bytes, sizeof bytes)); \
  } while (0)

#define HOST_SENDS(...) \
  do { \
    const uint8_t bytes[] = {__VA_ARGS__}; \
    CHECK(opener_send(&opener, bytes, sizeof bytes)); \
  } while (0)

size_t add(uint8_t *payload, size_t payloadBytes, uint16_t) {
  additions++;
  if (payloadBytes != 3) return REQUESTS_FAILED;
  payload[0] = static_cast<uint8_t>(payload[1] + payload[2]);
  return 1;
}
size_t tooMuch(uint8_t *, size_t, uint16_t) { return LINK_MAX_PACKET_BYTES; }

const requests_command_t commands[] = {{'+', add}, {'x', tooMuch}};

void keep(const uint8_t *packet, size_t packetBytes) {
  memcpy(handled, packet, packetBytes);
  handledBytes = packetBytes;
}

bool keepIfWilling(const uint8_t *packet, size_t packetBytes) {
  if (willing) keep(packet, packetBytes);
  return willing;
}

/* Fills the window of the device with packets of one byte, which the host does not take yet. */
template <class Packets>
void fillWindow(Packets &packets) {
  hostTakes = false;
  for (uint8_t byte = 0; byte < LINK_SEND_WINDOW; byte++) CHECK(packets.send(&byte, 1));
  CHECK(!packets.send(handled, 1));
  exchange(packets);
}

}  // namespace

void testAcknowledgedRequests() {
  AcknowledgedRequests<Ids<1, 1>> packets(port);
  packets.onRequests(commands);
  packets.onPacket(keepIfWilling);
  packets.onDatagram(keep);
  packets.onSession([](uint8_t) { sessions++; });
  opener_init(&opener, &callbacks, 1, 4, 20);

  HOST_SENDS(1, '+', 2, 3);
  HOST_SENDS(2, '+');
  HOST_SENDS(3, '?');
  HOST_SENDS(4, 'x');
  CHECK(opener_send(&opener, handled, 0));
  exchange(packets);
  TOOK(1, 5);
  TOOK(0x80, 2, 1);
  TOOK(0x80, 3, 2);
  TOOK(0x80, 4, 1);
  CHECK(sessions == 1 && packets.inSession() && packets.tooShort() == 1 && takenCount == 0);
  const uint8_t bytes[LINK_MAX_PACKET_BYTES] = {7, 8};
  CHECK(packets.reply(9, bytes, 2) && packets.replyError(10));
  exchange(packets);
  TOOK(9, 7, 8);
  TOOK(0x80, 10, 1);

  /* Packets that are neither requests nor replies. */
  willing = false;
  HOST_SENDS(0, 1, 2);
  exchange(packets);
  CHECK(handledBytes == 0);
  willing = true;
  exchange(packets);
  CHECK(handledBytes == 2 && handled[0] == 1 && handled[1] == 2);
  CHECK(!packets.send(bytes, LINK_MAX_PACKET_BYTES) && packets.send(bytes, LINK_MAX_PACKET_BYTES - 1));
  exchange(packets);
  CHECK(takenCount == 1 && takenBytes[0] == LINK_MAX_PACKET_BYTES && taken[0][0] == 0 && taken[0][1] == 7);
  takenCount = 0;

  /* Datagrams. */
  uint8_t measurement = 5;
  CHECK(!packets.sendDatagram(bytes, LINK_MAX_PACKET_BYTES));
  CHECK(packets.sendDatagram(&measurement, 1) && packets.datagramWaits());
  measurement = 6;
  CHECK(!packets.sendDatagram(&measurement, 1));
  exchange(packets);
  CHECK(hostDatagramBytes == 2 && hostDatagram[0] == 0 && hostDatagram[1] == 5);
  port.receivedBytes = port.readBytes = 0;
  const uint8_t datagram[] = {0, 9};
  const uint8_t odd[] = {1, 8};
  opener_send_datagram(&opener, datagram, 2);
  opener_send_datagram(&opener, odd, 2);
  packets.update();
  CHECK(handledBytes == 1 && handled[0] == 9 && packets.droppedPackets() == 1);

  /* Requests of the device. Without a handler, the reply is counted. */
  uint16_t id = packets.request(bytes, 1);
  CHECK(id == 0x81 && packets.request(bytes, 1) == 0);
  exchange(packets);
  TOOK(0x81, 7);
  HOST_SENDS(0x81, 3);
  exchange(packets);
  CHECK(packets.lateReplies() == 1 && !packets.giveUp(id));
  packets.onReply([](uint16_t replyId, uint8_t, const uint8_t *reply, size_t) {
    repliedId = replyId;
    repliedByte = reply[0];
  });
  id = packets.request(bytes, 1);
  HOST_SENDS(0x82, 4);
  exchange(packets);
  CHECK(id == 0x82 && repliedId == id && repliedByte == 4);
  TOOK(0x82, 7);

  /* A request whose reply has no room is not carried out again. */
  additions = 0;
  fillWindow(packets);
  HOST_SENDS(5, '+', 4, 5);
  exchange(packets);
  CHECK(additions == 1 && takenCount == 0);
  hostTakes = true;
  exchange(packets);
  for (uint8_t byte = 0; byte < LINK_SEND_WINDOW; byte++) TOOK(0, byte);
  TOOK(5, 9);
  CHECK(additions == 1 && takenCount == 0);

  /* Its reply does not survive the session. */
  fillWindow(packets);
  HOST_SENDS(6, '+', 4, 5);
  exchange(packets);
  CHECK(additions == 2);
  hostTakes = true;
  opener_init(&opener, &callbacks, 2, 4, 20);
  HOST_SENDS(7, '+', 1, 1);
  exchange(packets);
  CHECK(sessions == 2 && additions == 3);
  TOOK(7, 2);
  CHECK(takenCount == 0);
}
