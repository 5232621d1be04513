// Sends each packet back, exactly once and in order, also over a line that loses or damages bytes. On the host:
// delivery: 'acknowledged', or sercom ping /dev/ttyACM0 --delivery acknowledged --size 54
#include <AcknowledgedPackets.h>

AcknowledgedPackets packets(Serial);  // up to 64 bytes: see link.h

void setup() {
  Serial.begin(115200);
  // Returning false (no room to send yet) makes update() offer the packet again. The host waits for its acknowledgement.
  packets.onPacket([](const uint8_t *packet, size_t packetBytes) { return packets.send(packet, packetBytes); });
}

void loop() {
  packets.update();
}
