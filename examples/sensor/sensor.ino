/*
 * Sends the reading of the sensor at A0 fifty times a second, as a packet of two bytes, lowest first. While the button at
 * pin 2 is pressed, which connects it to ground, the LED is on.
 *
 * test/docs/testing-sensor.test.ts tests it on a simulated Uno. Build it with
 * make -C firmware-echo SKETCH=../examples/sensor/sensor.ino
 */
#include "cobs.h"

const uint8_t BUTTON = 2;
const unsigned long PERIOD_MS = 20;

static unsigned long sent_ms = 0;

static void send(uint16_t reading) {
  const uint8_t packet[] = {(uint8_t)(reading & 0xff), (uint8_t)(reading >> 8)};
  uint8_t frame[COBS_MAX_FRAME_BYTES(sizeof packet) + 1];
  size_t frame_bytes = cobs_encode(packet, sizeof packet, frame, sizeof frame);
  frame[frame_bytes] = 0;
  Serial.write(frame, frame_bytes + 1);
}

void setup() {
  pinMode(BUTTON, INPUT_PULLUP);
  pinMode(LED_BUILTIN, OUTPUT);
  Serial.begin(115200);
  Serial.write((uint8_t)0);
}

void loop() {
  digitalWrite(LED_BUILTIN, digitalRead(BUTTON) == LOW ? HIGH : LOW);
  if (millis() - sent_ms >= PERIOD_MS) {
    sent_ms += PERIOD_MS;
    send(analogRead(A0));
  }
}
