/*
 * Echoes each packet that arrives on Serial. Packets travel as COBS frames, each ended by a zero byte. See README.md.
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

/* Maximum packet size in bytes. A larger packet is dropped whole. */
#ifndef MAX_PACKET_BYTES
#define MAX_PACKET_BYTES 512
#endif

/*
 * An echo can be sent only when its packet is complete. From then on, bytes leave as fast as they arrive. So the queue
 * must hold the largest frame, and the up to 64 bytes that Serial buffered in that time. The other 64 bytes let the queue
 * move its contents less often.
 */
#define QUEUE_BYTES (COBS_MAX_FRAME_BYTES(MAX_PACKET_BYTES) + 1 + 64 + 64)

static uint8_t packet[MAX_PACKET_BYTES];
static uint8_t queue_bytes[QUEUE_BYTES];
static packet_receiver_t receiver;
static frame_queue_t queue;

/* Whether `packet` holds a packet that waits for room in the queue. */
static bool packet_waiting = false;

void setup() {
  packet_receiver_init(&receiver, packet, sizeof packet);
  frame_queue_init(&queue, queue_bytes, sizeof queue_bytes);
#ifdef __AVR__
  set_sleep_mode(SLEEP_MODE_IDLE);
#endif
  Serial.begin(BAUD_RATE);
  /* End any partial frame that the host has from an earlier run, so that it cannot swallow the first echo. */
  Serial.write((uint8_t)0);
}

void loop() {
  bool idle = true;

  if (!frame_queue_is_empty(&queue) && Serial.availableForWrite() > 0) {
    Serial.write(frame_queue_take(&queue));
    idle = false;
  }
  int received = packet_waiting ? -1 : Serial.read();
  if (received >= 0) {
    packet_waiting = packet_receiver_push(&receiver, (uint8_t)received) == PACKET_RECEIVER_PACKET;
    idle = false;
  }
  if (packet_waiting && frame_queue_add(&queue, packet, receiver.packet_bytes)) {
    packet_waiting = false;
  }
  if (!idle) {
    return;
  }
#ifdef __AVR__
  /*
   * A byte that arrives between the check and the sleep must not be missed. Interrupts are off during the check, and the
   * instruction after sei() runs before any pending interrupt, which then ends the sleep at once.
   */
  cli();
  if ((packet_waiting || Serial.available() == 0) && (frame_queue_is_empty(&queue) || Serial.availableForWrite() == 0)) {
    sleep_enable();
    sei();
    sleep_cpu();
    sleep_disable();
  }
  sei();
#endif
}
