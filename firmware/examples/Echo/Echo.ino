// Sends each packet back. On the host, for example: sercom ping /dev/ttyACM0
#include <SerialPackets.h>

SerialPackets<64> packets(Serial);  // 64: largest packet in bytes

void setup() {
  Serial.begin(115200);
  // Returning false (no room to send yet) makes update() offer the packet again.
  packets.onPacket([](const uint8_t *packet, size_t packetBytes) { return packets.send(packet, packetBytes); });
}

void loop() {
  packets.update();
}
