/*
 * A stand-in for Arduino's core, just large enough to compile the library and its examples for the host and for ARM. A Serial is two
 * short lists of bytes, which the test fills and reads.
 */
#ifndef ARDUINO_H
#define ARDUINO_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#define INPUT 0
#define OUTPUT 1
#define LOW 0
#define HIGH 1
#define A0 14
#define LED_BUILTIN 13

unsigned long millis();
void pinMode(uint8_t pin, uint8_t mode);
void digitalWrite(uint8_t pin, uint8_t level);
int digitalRead(uint8_t pin);
int analogRead(uint8_t pin);

void setup();
void loop();

class Print {
 public:
  virtual size_t write(uint8_t byte) = 0;
  virtual int availableForWrite() { return 0; }

 protected:
  ~Print() = default;
};

class Stream : public Print {
 public:
  virtual int available() = 0;
  virtual int read() = 0;

 protected:
  ~Stream() = default;
};

/* As SoftwareSerial: it cannot report how much it accepts. */
class WaitingSerial : public Stream {
 public:
  uint8_t received[1000];
  int receivedBytes = 0;
  int readBytes = 0;
  uint8_t sent[1000];
  int sentBytes = 0;

  void begin(unsigned long) {}
  int available() override { return receivedBytes - readBytes; }
  int read() override { return available() == 0 ? -1 : received[readBytes++]; }
  size_t write(uint8_t byte) override {
    sent[sentBytes++] = byte;
    return 1;
  }
  using Print::availableForWrite;
};

class HardwareSerial : public WaitingSerial {
 public:
  int room = 1000;

  int availableForWrite() override { return room; }
  size_t write(uint8_t byte) override {
    room--;
    return WaitingSerial::write(byte);
  }
};

extern HardwareSerial Serial;

#endif
