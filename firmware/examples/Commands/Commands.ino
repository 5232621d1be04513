// Carries out commands of the host, and replies to each. The first byte of a request is the command:
//   '+' a b     replies with a + b
//   'l' 0 or 1  switches the LED off or on
//   'a'         replies with the value of the analog input A0, high byte first
//   'w'         replies half a second later, while other commands are carried out
// Requests that are not understood fail at the host with REPLY_ERROR. On the host: requestIds: { bytes: 1 }, checksum: 'crc16'.
#include <SerialPackets.h>

SerialPackets<16, Crc16, Ids<1>> packets(Serial);

static uint16_t waitId = 0;  // 0: no request waits
static unsigned long waitSinceMs;

// A handler gets the request, writes its reply in the same place, and returns the length of the reply.
static size_t add(uint8_t *payload, size_t payloadBytes, uint16_t) {
  if (payloadBytes != 3) return REQUESTS_FAILED;
  payload[0] = static_cast<uint8_t>(payload[1] + payload[2]);
  return 1;
}

static size_t switchLed(uint8_t *payload, size_t payloadBytes, uint16_t) {
  if (payloadBytes != 2 || payload[1] > 1) return REQUESTS_FAILED;
  digitalWrite(LED_BUILTIN, payload[1]);
  return 0;
}

static size_t readInput(uint8_t *payload, size_t payloadBytes, uint16_t) {
  if (payloadBytes != 1) return REQUESTS_FAILED;
  const int value = analogRead(A0);
  payload[0] = static_cast<uint8_t>(value >> 8);
  payload[1] = static_cast<uint8_t>(value);
  return 2;
}

static size_t waitHalfASecond(uint8_t *, size_t payloadBytes, uint16_t id) {
  if (payloadBytes != 1 || waitId != 0) return REQUESTS_FAILED;
  waitId = id;
  waitSinceMs = millis();
  return REQUESTS_NO_REPLY;
}

static const requests_command_t commands[] = {{'+', add}, {'l', switchLed}, {'a', readInput}, {'w', waitHalfASecond}};

void setup() {
  pinMode(LED_BUILTIN, OUTPUT);
  Serial.begin(115200);
  packets.onRequests(commands);
}

void loop() {
  packets.update();
  if (waitId != 0 && millis() - waitSinceMs >= 500) {
    const uint8_t done[] = {'w'};
    if (packets.reply(waitId, done, sizeof done)) waitId = 0;
  }
}
