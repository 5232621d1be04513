/* The stand-in of Arduino's core: a clock that stands still, pins without a level, and a main that calls loop once. */
#include <Arduino.h>

HardwareSerial Serial;

unsigned long millis() { return 0; }
void pinMode(uint8_t, uint8_t) {}
void digitalWrite(uint8_t, uint8_t) {}
int digitalRead(uint8_t) { return LOW; }
int analogRead(uint8_t) { return 0; }

int main() {
  setup();
  loop();
  return 0;
}
