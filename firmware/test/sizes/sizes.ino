/* Sends each packet back, with the options that OPTION chooses. sizes.mjs compiles it, and measures what each option adds. */
#define SERIAL_ALONE 0
#define PLAIN 1
#define WITH_CRC16 2
#define WITH_CRC32 3
#define WITH_IDS 4
#define WITH_REQUESTS 5
#define ACKNOWLEDGED 6
#define ACKNOWLEDGED_REQUESTS 7

#if OPTION == SERIAL_ALONE

void setup() {
  Serial.begin(115200);
}

void loop() {
  if (Serial.available() > 0 && Serial.availableForWrite() > 0) Serial.write(static_cast<uint8_t>(Serial.read()));
}

#else

#if OPTION == ACKNOWLEDGED
#include <AcknowledgedPackets.h>
AcknowledgedPackets packets(Serial);
#elif OPTION == ACKNOWLEDGED_REQUESTS
#include <AcknowledgedRequests.h>
AcknowledgedRequests<Ids<1>> packets(Serial);
#else
#include <SerialPackets.h>
#if OPTION == PLAIN
SerialPackets<64> packets(Serial);
#elif OPTION == WITH_CRC16
SerialPackets<64, Crc16> packets(Serial);
#elif OPTION == WITH_CRC32
SerialPackets<64, Crc32> packets(Serial);
#elif OPTION == WITH_IDS
SerialPackets<64, Ids<1>> packets(Serial);
#elif OPTION == WITH_REQUESTS
SerialPackets<64, Ids<1, 1>> packets(Serial);
#endif
#endif

#if OPTION == WITH_IDS || OPTION == WITH_REQUESTS || OPTION == ACKNOWLEDGED_REQUESTS
static size_t echo(uint8_t *, size_t payloadBytes, uint16_t) { return payloadBytes; }
static const requests_command_t commands[] = {{'e', echo}};
#endif

void setup() {
  Serial.begin(115200);
  packets.onPacket([](const uint8_t *packet, size_t packetBytes) { return packets.send(packet, packetBytes); });
#if OPTION == WITH_IDS || OPTION == WITH_REQUESTS || OPTION == ACKNOWLEDGED_REQUESTS
  packets.onRequests(commands);
#endif
#if OPTION == WITH_REQUESTS
  packets.onReply([](uint16_t, uint8_t, const uint8_t *reply, size_t replyBytes) { packets.request(reply, replyBytes); });
#endif
}

void loop() {
  packets.update();
}

#endif
