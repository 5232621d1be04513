/*
 * Echoes every packet that comes in over Serial: COBS frames, each ended by one zero byte. See README.md.
 */
#include "cobs.h"
#include "frame_queue.h"
#include "packet_receiver.h"

#ifdef __AVR__
#include <avr/interrupt.h>
#include <avr/sleep.h>
#endif

#ifndef BAUD_RATE
#define BAUD_RATE 115200
#endif

/* The largest packet that is echoed; a larger one is dropped whole. */
#ifndef MAX_PACKET_BYTES
#define MAX_PACKET_BYTES 512
#endif

/*
 * Nothing of an echo can be sent until its packet is whole; from then on as much goes out as comes in. So what waits
 * is one largest frame, and the 64 bytes at most that Serial has kept meanwhile. The rest is for the queue to move
 * its bytes less often.
 */
#define QUEUE_BYTES (COBS_MAX_FRAME_BYTES(MAX_PACKET_BYTES) + 1 + 64 + 64)

static uint8_t packet[MAX_PACKET_BYTES];
static uint8_t queue_bytes[QUEUE_BYTES];
static packet_receiver_t receiver;
static frame_queue_t queue;

/* A packet stands in `packet` and waits for room in the queue. */
static bool packet_waits = false;

void setup() {
  packet_receiver_init(&receiver, packet, sizeof packet);
  frame_queue_init(&queue, queue_bytes, sizeof queue_bytes);
#ifdef __AVR__
  set_sleep_mode(SLEEP_MODE_IDLE);
#endif
  Serial.begin(BAUD_RATE);
  /* Ends whatever the host has of an earlier run, so that it cannot swallow the first echo. */
  Serial.write((uint8_t)0);
}

void loop() {
  bool idle = true;

  if (!frame_queue_is_empty(&queue) && Serial.availableForWrite() > 0) {
    Serial.write(frame_queue_take(&queue));
    idle = false;
  }
  int received = packet_waits ? -1 : Serial.read();
  if (received >= 0) {
    packet_waits = packet_receiver_push(&receiver, (uint8_t)received) == PACKET_RECEIVER_PACKET;
    idle = false;
  }
  if (packet_waits && frame_queue_add(&queue, packet, receiver.packet_bytes)) {
    packet_waits = false;
  }
  if (!idle) {
    return;
  }
#ifdef __AVR__
  /*
   * What comes between a check and the sleep would be slept through. With interrupts off nothing can come, and the
   * instruction after sei() is carried out before any interrupt: so one that waits ends the sleep at once.
   */
  cli();
  if ((packet_waits || Serial.available() == 0) && (frame_queue_is_empty(&queue) || Serial.availableForWrite() == 0)) {
    sleep_enable();
    sei();
    sleep_cpu();
    sleep_disable();
  }
  sei();
#endif
}
