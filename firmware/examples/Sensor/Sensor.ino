// Sends the value of the analog input A0 ten times a second: 'a', high byte, low byte. A packet of two bytes from the host, high byte
// first, sets another interval in milliseconds. Each packet has a CRC-16: sercom monitor /dev/ttyACM0 --checksum crc16
#include <SerialPackets.h>

SerialPackets<8, Crc16> packets(Serial);

static unsigned long intervalMs = 100;
static unsigned long lastMs = 0;

static void setInterval(const uint8_t *packet, size_t packetBytes) {
  if (packetBytes == 2) {
    intervalMs = static_cast<unsigned long>(packet[0]) << 8 | packet[1];
  }
}

void setup() {
  Serial.begin(115200);
  packets.onPacket(setInterval);
}

void loop() {
  packets.update();
  if (millis() - lastMs >= intervalMs) {
    lastMs = millis();
    const int value = analogRead(A0);
    const uint8_t packet[] = {'a', static_cast<uint8_t>(value >> 8), static_cast<uint8_t>(value)};
    packets.send(packet, sizeof packet);  // false if there is no room: this value is then left out, and refused() counts it
  }
}
